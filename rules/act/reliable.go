package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// askedLately are the sets of what a provider was asked in the month of an
// instant and the two before it: the days of a review lie within.
func askedLately(provider care.ChartID, at time.Time) []care.Set {
	first := time.Date(at.UTC().Year(), at.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	return []care.Set{care.Asked(provider, first.AddDate(0, -2, 0)), care.Asked(provider, first.AddDate(0, -1, 0)), care.Asked(provider, first)}
}

// review has the care team look at a provider to whom several requests in a row
// of days ran out, this one included: once in that many days. It asks, and
// changes nothing about the provider.
func (d *draft) review(r care.Referral, k Known) {
	chart := k.Chart(r.Provider)
	if chart == nil || chart.Provider == nil {
		return
	}
	since := d.env.Now.AddDate(0, 0, -d.env.Terms.ReviewDays)
	missed := 1
	for _, set := range askedLately(r.Provider, d.env.Now) {
		for _, m := range k.Sets[set] {
			if m.Code == care.RanOut && m.Ref != string(r.ID) && m.Until.After(since) {
				missed++
			}
		}
	}
	for _, t := range chart.Tasks {
		if t.Code == "on_time_review" && (t.DoneAt.IsZero() || t.OpenedAt.After(since)) {
			return
		}
	}
	if missed < d.env.Terms.ReviewMisses {
		return
	}
	provider := begin(d.env, chart)
	provider.task("on_time_review", string(chart.ID))
	d.also(provider)
}

// OnTime counts, of what a provider was asked in a stretch of days, how much was
// answered in time, and how much is decided at all. It is shown to the provider
// and ranks nobody.
func OnTime(asked []care.Member, programme *care.Chart, from, now time.Time) (inTime, decided int) {
	for _, m := range asked {
		if m.At.Before(from) || m.Until.IsZero() {
			continue
		}
		decided++
		due := m.At.Add(time.Duration(rules.TermsAt(programme.Terms, m.At).RespondHours) * time.Hour)
		if m.Code != care.RanOut && !m.Until.After(due) {
			inTime++
		}
	}
	return inTime, decided
}
