package rules

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// CoverageFacts are what is known when somebody asks whether a session is
// covered.
type CoverageFacts struct {
	Coverage *care.Coverage // the one in force on the day; nil: no plan was given
	Benefit  Truth          // what ClientMayTakePart found of the employer
	Plans    []care.UnprocessablePlan
	Payer    string // the payer partner; empty: whichever pays
}

// SessionIsCovered says whether a session may be called covered: the benefit
// and an eligible plan, both. It never says whether a session may take place.
var SessionIsCovered = Policy[CoverageFacts]{
	Heading: "How is care covered?",
	Rules: []Rule[CoverageFacts]{
		{"client.coverage", "Sessions are covered only together with an eligible health plan or EAP of {payer}.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			if verdicts[f.Coverage.Status] == Yes && f.Payer != "" {
				return Is(OfPayer(*f.Coverage, f.Payer))
			}
			return verdicts[f.Coverage.Status]
		}},
		{"client.employed", "A client is employed, today, by an employer that offers {programme}.", func(f CoverageFacts) Truth {
			return f.Benefit
		}},
		{"coverage.not_insurance", "{programme} is neither an insurance plan nor an EAP, so it can never be entered as the plan that pays.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			return Is(f.Coverage.Type == care.HealthPlan || f.Coverage.Type == care.EAP)
		}},
		{"coverage.cannot_process", "A session is not covered on a plan that our systems cannot process; such plans and their states are published, and client and provider are both told.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			return Is(!Unprocessable(f.Plans, f.Coverage.Payer, f.Coverage.Plan, f.Coverage.State))
		}},
	},
}

// verdicts are what the care team's finding means for a session. What is not in
// the table has not been verified.
var verdicts = map[care.CoverageStatus]Truth{
	care.Eligible:         Yes,
	care.Ineligible:       No,
	care.CoverageExpired:  No,
	care.NonParticipating: No,
}

// OfPayer says whether a coverage is the payer partner's, as its card names it: a
// card may say more than the bare name.
func OfPayer(c care.Coverage, payer string) bool {
	return strings.Contains(care.Alike(c.Payer), care.Alike(payer))
}

// Badge is the name that an episode goes under; empty where it is care on the
// ordinary terms of another insurer's plan, or the employment has ended since.
func Badge(e care.Episode, p care.Programme) string {
	if e.Ordinary || !e.Left.IsZero() {
		return ""
	}
	for _, b := range p.Others {
		if b.Code == e.Programme {
			return b.Name
		}
	}
	return p.Name
}

// ListedOn are the entries of the published list that are in force on a day.
func ListedOn(plans []care.UnprocessablePlan, on calendar.Date) []care.UnprocessablePlan {
	var listed []care.UnprocessablePlan
	for _, p := range plans {
		if p.Holds(on) {
			listed = append(listed, p)
		}
	}
	return listed
}

// ListedAt are those in force at an instant, by the day where the programme is.
func ListedAt(plans []care.UnprocessablePlan, at time.Time) []care.UnprocessablePlan {
	return ListedOn(plans, calendar.On(at, Zone(HomeZone)))
}

// ListVersion names the published list as it stands on a day, by the day of its
// last change.
func ListVersion(plans []care.UnprocessablePlan, on calendar.Date) string {
	var last calendar.Date
	for _, p := range plans {
		off := p.Ends
		if !off.IsZero() {
			off = off.AddDays(1)
		}
		for _, change := range []calendar.Date{p.From, off} {
			if !on.Before(change) && last.Before(change) {
				last = change
			}
		}
	}
	if last.IsZero() {
		return "first"
	}
	return last.String()
}

// ListChange is one version of the published list: what came on it, and what went
// off.
type ListChange struct {
	Version string
	from    calendar.Date
	On, Off []care.UnprocessablePlan
}

// ListVersions are all versions of the published list, the last one first.
func ListVersions(plans []care.UnprocessablePlan) []ListChange {
	var all []ListChange
	at := func(day calendar.Date) *ListChange {
		name := "first"
		if !day.IsZero() {
			name = day.String()
		}
		i := slices.IndexFunc(all, func(c ListChange) bool { return c.Version == name })
		if i < 0 {
			all, i = append(all, ListChange{Version: name, from: day}), len(all)
		}
		return &all[i]
	}
	for _, p := range plans {
		on := at(p.From)
		on.On = append(on.On, p)
		if !p.Ends.IsZero() {
			off := at(p.Ends.AddDays(1))
			off.Off = append(off.Off, p)
		}
	}
	order.By(all, func(a, b ListChange) int { return a.from.Until(b.from) })
	return all
}

// Paying is the coverage that pays for a session: the first of those that reach
// it, an EAP passed over once the sessions that it authorises are used or booked
// before it. It is false when there is none.
func Paying(chart *care.Chart, session care.Appointment) (care.Coverage, bool) {
	day := calendar.On(session.Start, Zone(chart.Client.Zone))
	for _, c := range chart.CoveragesAt(session.Start, day) {
		used, ahead := Used(chart, c.ID, session)
		if c.Type != care.EAP || c.Authorised == 0 || used+ahead < c.Authorised {
			return c, true
		}
	}
	return care.Coverage{}, false
}

// Used counts the sessions of a coverage before another one: attended, and
// booked. Only a coverage has such a count; the programme has none.
func Used(chart *care.Chart, id care.CoverageID, before care.Appointment) (attended, booked int) {
	for _, ap := range chart.Appointments {
		switch {
		case ap.Type != care.Session || ap.Coverage != id || ap.ID == before.ID:
		case !before.Start.IsZero() && !ap.Start.Before(before.Start):
		case ap.Status == care.Attended:
			attended++
		case ap.Status == care.Booked:
			booked++
		}
	}
	return attended, booked
}

// Unprocessable says whether a payer's plan stands on the published list for a
// state. Letter case and blanks do not count; an entry without a state holds
// in every state.
func Unprocessable(plans []care.UnprocessablePlan, payer, plan, state string) bool {
	return slices.ContainsFunc(plans, func(p care.UnprocessablePlan) bool {
		return alike(p.Payer, payer) && alike(p.Plan, plan) && (alike(p.State, "") || alike(p.State, state))
	})
}

func alike(a, b string) bool { return a == b || care.Alike(a) == care.Alike(b) }
