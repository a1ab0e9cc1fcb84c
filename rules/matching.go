package rules

import (
	"slices"
	"strings"
)

// RequestFacts are what is known when a client asks a provider for a
// consultation, or books one.
type RequestFacts struct {
	Client   ClientFacts
	Provider ProviderFacts // its state is the client's, whatever stands in it
	Open     int           // open requests in the episode
	Already  bool          // one of them is to the same provider
	Enabled  bool          // the programme takes new requests
}

const matching = "How does matching work?"

// MayRequest says whether a client may ask a provider: everything about the
// client, everything about the provider in the client's state, and room for one
// more request.
var MayRequest = Policy[RequestFacts]{
	Heading: matching,
	Rules: join(
		[]Rule[RequestFacts]{
			{"access.open", "New requests are taken while {programme} is open for them.", func(f RequestFacts) Truth { return Is(f.Enabled) }},
		},
		lift(ClientMayTakePart.Rules, func(f RequestFacts) ClientFacts { return f.Client }),
		[]Rule[RequestFacts]{
			{"client.state", "A client tells us in which state they are, because a licence counts in its own state only.", func(f RequestFacts) Truth {
				if f.Client.Client.State == "" {
					return Unknown
				}
				return Yes
			}},
		},
		lift(ProviderIsListed.Rules, func(f RequestFacts) ProviderFacts {
			f.Provider.State = f.Client.Client.State
			return f.Provider
		}),
		[]Rule[RequestFacts]{
			{"access.requests", "A client has at most {open_requests_max} open requests at a time.", func(f RequestFacts) Truth {
				return Is(f.Open < f.Client.Terms.OpenRequestsMax)
			}},
			{"access.once", "A client has only one open request to the same provider.", func(f RequestFacts) Truth { return Is(!f.Already) }},
		},
	),
}

// MayAskMatch says whether a client may ask the care team to find somebody: what
// a request asks of the client, and nothing of any provider.
var MayAskMatch = Policy[RequestFacts]{
	Heading: matching,
	Rules: slices.DeleteFunc(slices.Clone(MayRequest.Rules), func(r Rule[RequestFacts]) bool {
		return strings.HasPrefix(r.Code, "provider.") || strings.HasPrefix(r.Code, "duty.") || r.Code == "access.requests" || r.Code == "access.once"
	}),
}

// WaitsForALook says whether all that stands in somebody's way is that the care
// team has not looked yet whether they are employed where they say.
func WaitsForALook(d Decision) bool {
	reasons := d.Reasons()
	return d.Outcome == Unknown && len(reasons) == 1 && reasons[0].Code == "client.employed"
}

const waitlists = "What is a waiting list?"

// WaitFacts are what is known when a client wants to wait for a provider.
type WaitFacts struct {
	RequestFacts
	Lists int  // on which the client stands
	On    bool // the provider's is one of them
}

// MayWait says whether a client may join the waiting list of a provider: what a
// request asks of both, but that the provider takes nobody new, and that the care team
// may still have to look where the client is employed.
var MayWait = Policy[WaitFacts]{
	Heading: waitlists,
	Rules: join(
		lift(slices.DeleteFunc(slices.Clone(MayAskMatch.Rules), func(r Rule[RequestFacts]) bool { return r.Code == "client.employed" }), func(f WaitFacts) RequestFacts { return f.RequestFacts }),
		[]Rule[WaitFacts]{
			{"waitlist.employed", "A client can wait while the care team still looks whether they are employed where they say; to ask, they have to be found.", func(f WaitFacts) Truth {
				if truth := employed(f.Client); truth != Unknown || !f.Client.CodeGiven {
					return truth
				}
				return Yes
			}},
		},
		lift(ProviderKeepsList.Rules, func(f WaitFacts) ProviderFacts {
			f.Provider.State = f.Client.Client.State
			return f.Provider
		}),
		[]Rule[WaitFacts]{
			{"waitlist.most", "A client stands on at most {waitlist_max} waiting lists at a time.", func(f WaitFacts) Truth { return Is(f.On || f.Lists < f.Client.Terms.WaitlistMax) }},
			{"waitlist.once", "A client stands on a provider's waiting list once.", func(f WaitFacts) Truth { return Is(!f.On) }},
			{"waitlist.asked", "Who has an open request to a provider does not wait for them besides.", func(f WaitFacts) Truth { return Is(!f.Already) }},
		},
	),
}

// BookFacts are what is known when a client takes a time from a provider's
// calendar.
type BookFacts struct {
	Provider     ProviderFacts
	Opening      bool // the time is one of the provider's openings, or one agreed on
	SelfSchedule bool // the provider lets clients book, or has agreed to this time
	Future       bool // the time has not begun
}

// MayBookOpening says whether a client may take that time without asking.
var MayBookOpening = Policy[BookFacts]{
	Heading: matching,
	Rules: join(
		lift(ProviderIsListed.Rules, func(f BookFacts) ProviderFacts { return f.Provider }),
		[]Rule[BookFacts]{
			{"access.choice", "A client asks a provider for a consultation, or books one of the provider's open times.", func(f BookFacts) Truth { return Is(f.Opening) }},
			{"access.self_schedule", "A client books an open time only where the provider allows it.", func(f BookFacts) Truth { return Is(f.SelfSchedule) }},
			{"access.future", "Only a time that has not begun can be booked.", func(f BookFacts) Truth { return Is(f.Future) }},
		},
	),
}

// lift makes rules about a part of the facts into rules about the whole.
func lift[Part, Whole any](rules []Rule[Part], part func(Whole) Part) []Rule[Whole] {
	var lifted []Rule[Whole]
	for _, r := range rules {
		lifted = append(lifted, Rule[Whole]{r.Code, r.Says, func(f Whole) Truth { return r.Holds(part(f)) }})
	}
	return lifted
}

func join[Facts any](lists ...[]Rule[Facts]) []Rule[Facts] {
	var all []Rule[Facts]
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
