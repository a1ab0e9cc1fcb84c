package care

import (
	"slices"
	"time"
)

// Wait is a client on the list of a provider who takes nobody new. It begins no
// promise and no clock of one: it is a place in a row, and stands in the client's
// chart.
type Wait struct {
	ID       WaitID     `json:"id"`
	Client   ChartID    `json:"client"`
	Provider ChartID    `json:"provider"`
	State    string     `json:"state"` // where the client is
	JoinedAt time.Time  `json:"joined_at"`
	Number   uint64     `json:"number"` // of those who joined in one second: the place among them
	Status   WaitStatus `json:"status"`
	Clock    DeadlineID `json:"clock"`             // of the entry, then of the invitation
	Until    time.Time  `json:"until,omitzero"`    // of an invitation: the last second in which it counts
	Asked    ReferralID `json:"asked,omitempty"`   // the request with which the waiting ended
	EndedAt  time.Time  `json:"ended_at,omitzero"` // zero while it stands
}

// WaitStatus is where an entry of a waiting list stands.
type WaitStatus string

// The statuses of an entry. From WaitTaken on it has ended.
const (
	WaitStands  WaitStatus = "waiting"
	WaitInvited WaitStatus = "invited" // the provider makes an exception for this client, for some days
	WaitTaken   WaitStatus = "taken"   // the client has asked the provider
	WaitLeft    WaitStatus = "left"    // the client does not wait any more
	WaitLapsed  WaitStatus = "lapsed"  // its days were over
	WaitUnused  WaitStatus = "unused"  // the days of the invitation were over
	WaitOpen    WaitStatus = "open"    // the provider takes new clients again
	WaitClosed  WaitStatus = "closed"  // the provider takes no part any more, or not where the client is
)

// Stands says whether an entry has not ended.
func (s WaitStatus) Stands() bool { return s == WaitStands || s == WaitInvited }

// Invites says whether an entry lets its client ask although the provider takes
// nobody else.
func (w Wait) Invites(at time.Time) bool { return w.Status == WaitInvited && !at.After(w.Until) }

// Kind, Key and Stands make a Wait a Record.
func (Wait) Kind() Kind    { return KindWait }
func (w Wait) Key() string { return string(w.ID) }
func (w Wait) Stands() []Place {
	if !w.Status.Stands() {
		return nil
	}
	return []Place{{
		Set: Waitlist(w.Provider), Entry: string(w.ID),
		Member: Member{Chart: w.Client, Ref: string(w.ID), Code: w.State, At: w.JoinedAt, Until: w.Until, Seq: w.Number},
	}}
}

// Knows says whether a client has ever asked a provider or waited for them.
func (c *Chart) Knows(provider ChartID) bool {
	return slices.ContainsFunc(c.Referrals, func(r Referral) bool { return r.Provider == provider }) ||
		slices.ContainsFunc(c.Waits, func(w Wait) bool { return w.Provider == provider })
}

// WaitsFor is a client's entry on the list of a provider, while it stands.
func (c *Chart) WaitsFor(provider ChartID) (Wait, bool) {
	for _, w := range c.Waits {
		if w.Provider == provider && w.Status.Stands() {
			return w, true
		}
	}
	return Wait{}, false
}
