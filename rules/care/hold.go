package care

import "time"

// Hold keeps a provider's opening free for one client while they fill in a form.
// It takes the time as a booking does, until it ends by itself. For somebody new it
// names no client and stands in the provider's chart: all that is known is that the
// browser which sends the secret behind the hash is the one.
type Hold struct {
	ID       HoldID     `json:"id"`
	Client   ChartID    `json:"client,omitempty"`
	Holder   string     `json:"holder,omitempty"` // hash of the browser's secret
	Provider ChartID    `json:"provider"`
	Start    time.Time  `json:"start"`
	End      time.Time  `json:"end"`
	Until    time.Time  `json:"until"` // from here on the time is free again
	Clock    DeadlineID `json:"clock"`
}

// Kind, Key and Stands make a Hold a Record.
func (Hold) Kind() Kind    { return KindHold }
func (h Hold) Key() string { return string(h.ID) }
func (h Hold) Stands() []Place {
	var places []Place
	in := h.Client
	if h.Holder != "" {
		in = h.Provider
		for _, set := range []Set{Held, HeldBy(h.Holder)} {
			places = append(places, Place{Set: set, Entry: string(h.ID), Member: Member{Chart: in, Ref: string(h.ID), At: h.Start, Until: h.End, Expires: h.Until}})
		}
	}
	for _, day := range Days(h.Start, h.End) {
		places = append(places, Place{
			Set: Busy(h.Provider, day), Entry: string(h.ID),
			Member: Member{Chart: in, Ref: string(h.ID), Code: "hold", At: h.Start, Until: h.End, Expires: h.Until},
		}, Place{
			Set: BookedOn(day), Entry: string(h.ID),
			Member: Member{Chart: in, Ref: string(h.ID), Code: string(h.Provider), At: h.Start, Until: h.End, Expires: h.Until},
		})
	}
	return places
}
