package rules

import "careconnect/rules/care"

// The four whose turn it can be.
const (
	TurnClient   = string(care.RoleClient)
	TurnProvider = string(care.RoleProvider)
	TurnCareTeam = string(care.RoleCareTeam)
	TurnNobody   = "nobody"
)

// WhoseTurn says who has to do something next about a referral: client,
// provider, care_team or nobody. It is derived from the chart each time and
// kept nowhere. A chart cut down for a viewer gives the answer as far as that
// viewer can know it.
func WhoseTurn(r care.Referral, chart *care.Chart) string {
	turn, waits := turns[r.Status]
	if !waits {
		return TurnNobody
	}
	return turn(r, chart)
}

// turns is the table, a row for each status in which somebody may have to act.
var turns = map[care.ReferralStatus]func(care.Referral, *care.Chart) string{
	care.Submitted:     always(TurnProvider), // answers
	care.Accepted:      chooses,              // a time of the calendar
	care.Proposed:      chooses,              // one of the times
	care.ConsultBooked: always(TurnNobody),   // the call is to come
	care.ConsultHeld:   always(TurnProvider), // arranges the first session
	care.SessionBooked: formsToFill,
	care.InCare:        formsToFill,
	care.Declined:      fellThrough,
	care.Expired:       fellThrough,
	care.Rerouted:      fellThrough,
	care.NotAFit:       fellThrough,
}

func always(who string) func(care.Referral, *care.Chart) string {
	return func(care.Referral, *care.Chart) string { return who }
}

// chooses is the client's turn while times are open to them, and the provider's
// once the client has asked for others.
func chooses(r care.Referral, _ *care.Chart) string {
	if !r.AskedAt.IsZero() {
		return TurnProvider
	}
	return TurnClient
}

// formsToFill is the client's turn while a screening of the episode is open.
func formsToFill(r care.Referral, chart *care.Chart) string {
	for _, s := range chart.Screenings {
		if s.Episode == r.Episode && s.Status.Open() {
			return TurnClient
		}
	}
	return TurnNobody
}

// fellThrough is the client's turn to choose among the alternatives, the care
// team's to find some where there are none, and nobody's once the client has
// gone on with somebody else or stopped seeking.
func fellThrough(r care.Referral, chart *care.Chart) string {
	for _, other := range chart.Referrals {
		if other.Episode == r.Episode && other.ID != r.ID && other.Status.Open() {
			return TurnNobody
		}
	}
	if e, ok := chart.Episode(r.Episode); ok && (!e.ClosedAt.IsZero() || e.First != "") {
		return TurnNobody
	}
	if len(r.Alternatives) > 0 {
		return TurnClient
	}
	return TurnCareTeam
}

// TurnOf says who has to do something next about an entry of a waiting list: the
// client, while they are invited; nobody else owes anything.
func TurnOf(w care.Wait) string {
	if w.Status == care.WaitInvited {
		return TurnClient
	}
	return TurnNobody
}
