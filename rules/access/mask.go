package access

import (
	"strings"

	"careconnect/rules/care"
)

// mask gives a record in the form for those who may know of it, but not see it
// as it stands; false when in that form there is none.
func mask(v *viewer, record any) (any, bool) {
	switch r := record.(type) {
	case care.Coverage:
		r.MemberID = tail(r.MemberID)
		return r, true
	case care.Consent:
		// Only what holds now is told: yes or no, without the way there.
		last, _ := v.chart.Sharing()
		r.Sharing = r.Sharing && r.WithdrawnAt.IsZero()
		return r, r.ID == last.ID
	}
	return record, false
}

// tail shows the last two signs of an identifier, and not how long it is. One
// so short that two would tell most of it shows none.
func tail(id string) string {
	const dots, shown, least = "••••", 2, 5
	signs := []rune(strings.TrimSpace(id))
	switch {
	case len(signs) == 0:
		return ""
	case len(signs) < least:
		return dots
	}
	return dots + string(signs[len(signs)-shown:])
}

// forget takes out of a record the ids of what its viewer must not know exists:
// from a provider, referrals to somebody else.
func forget[T any](v *viewer, record T) T {
	if v.actor.Role != provider {
		return record
	}
	if s, ok := any(&record).(*care.Screening); ok && !v.by[s.Referral].addressed {
		s.Referral = ""
	}
	return record
}
