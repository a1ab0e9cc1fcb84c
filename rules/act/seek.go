package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Seeking is the episode in which a client seeks care at an instant; false if what
// they ask then begins another. One in which nothing has been open for as many days
// as a silent client is given, and whose promise is over, is behind them: who asks
// again after that is promised anew.
func Seeking(chart *care.Chart, versions []care.Terms, at time.Time) (care.Episode, bool) {
	e, open := chart.OpenEpisode()
	if !open || !idle(chart, e) {
		return e, open
	}
	promise, _ := chart.Deadline(e.Promise)
	days := rules.TermsFor(versions, e.Programme, at).NoResponseDays
	if promise.State == care.Running || promise.State == care.Waiting || at.Before(lastOpen(chart, e).AddDate(0, 0, days)) {
		return e, true
	}
	return care.Episode{}, false
}

// idle says whether nothing can come of an episode any more by itself.
func idle(chart *care.Chart, e care.Episode) bool {
	for _, r := range chart.Referrals {
		if r.Episode == e.ID && r.Waits() {
			return false
		}
	}
	return !e.Match.Open()
}

// lastOpen is when the last thing in an idle episode was over.
func lastOpen(chart *care.Chart, e care.Episode) time.Time {
	last := e.SoughtAt
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, r := range chart.Referrals {
		if r.Episode == e.ID {
			later(r.ClosedAt)
		}
	}
	if e.Match != nil {
		later(e.Match.ClosedAt)
	}
	return last
}

// leaveBehind closes an episode that is behind a client who seeks care anew. What
// became of its promise stays as it was.
func (d *draft) leaveBehind() {
	e, open := d.chart.OpenEpisode()
	if !open {
		return
	}
	e.ClosedAt, e.ClosedFor = d.env.Now, "sought_again"
	d.put(e)
	d.helped(e.ID)
	d.judge(e.ID)
}
