package act_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// elsewhere is a plan of an insurer that is not the payer partner.
func elsewhere(c care.ChartID) act.AddCoverage {
	a := plan(c, "Prairie PPO")
	a.Payer = "Corvane Mutual"
	return a
}

func (w *world) shares(c care.ChartID) {
	w.Helper()
	w.do(client(c), act.SetSharing{Client: c, Sharing: true, Scopes: []string{"identity"}, TextVersion: act.ConsentTextVersion})
}

// TestR27ConsentIsAskedAgainWhenThePayerChanges: the yes was given to the insurer
// of that day. Nothing more goes out until the client has said it again.
func TestR27ConsentIsAskedAgainWhenThePayerChanges(t *testing.T) {
	w := open(t)
	c := w.enters(1)
	w.insured(c, plan(c, "Lakefront HMO"))
	w.shares(c)
	w.now = w.now.Add(time.Hour)

	w.do(client(c), plan(c, "Lakefront PPO"))
	last, _ := w.chart(c).Sharing()
	is(t, "sharing under another plan of the same insurer", last.Active(w.now), true)

	w.do(client(c), elsewhere(c))
	last, _ = w.chart(c).Sharing()
	is(t, "sharing", last.Active(w.now), false)
	is(t, "ended", last.Ended, care.EndedByPayer)
	is(t, "ended at", last.WithdrawnAt.Equal(w.now), true)
	is(t, "asked again", last.AskAgain(), true)
	is(t, "told", w.told(c, "sharing_again", string(last.ID))[string(c)], 1)

	w.now = w.now.Add(time.Hour)
	w.shares(c)
	again, _ := w.chart(c).Sharing()
	is(t, "the new yes is a new line", again.ID != last.ID && again.Active(w.now), true)
	is(t, "asked again", again.AskAgain(), false)

	// A no stays a no: nobody is asked a second time for it.
	w.now = w.now.Add(time.Hour)
	w.do(client(c), act.SetSharing{Client: c, TextVersion: act.ConsentTextVersion})
	w.do(client(c), plan(c, "Lakefront HMO"))
	no, _ := w.chart(c).Sharing()
	is(t, "asked again after a no", no.AskAgain(), false)
	is(t, "told after a no", w.told(c, "sharing_again", string(no.ID))[string(c)], 0)
}

// TestR27TheBadgeEndsForNewEpisodes: care that has begun keeps the programme's
// name, and so does what it owes; care that is sought under another insurer's plan
// goes without it, on the plan's ordinary terms.
func TestR27TheBadgeEndsForNewEpisodes(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	w.insured(c, plan(c, "Lakefront HMO"))
	first := w.session(p, r, w.now.Add(24*time.Hour))
	w.fills(c, 2)
	w.until(w.now.Add(25 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: first, Result: care.Attended})

	w.insured(c, elsewhere(c))
	is(t, "badge of the care that has begun", rules.Badge(w.episode(c), rules.DefaultProgramme()), "Care Connect")
	later := w.attends(p, r, c, w.now.Add(24*time.Hour), 50, "")
	is(t, "covered", later.Covered, "ordinary")
	is(t, "charge", w.charge(c, later.ID).State, care.ChargeReady)
	w.until(w.appointment(c, first).Start.AddDate(0, 0, 28).Add(12 * time.Hour))
	is(t, "R56: forms of the follow-up", w.told(c, "follow_up", "")[string(c)] > 0, true)

	other := w.joins(2, true)
	w.asks(c, other)
	sought, _ := w.chart(c).OpenEpisode()
	is(t, "badge of the new episode", rules.Badge(sought, rules.DefaultProgramme()), "")

	// Back under the payer partner's plan, the next one bears the name again.
	w.insured(c, plan(c, "Lakefront HMO"))
	for _, ref := range w.chart(c).Referrals {
		if ref.Provider == other {
			w.do(client(c), act.Withdraw{Referral: ref.ID})
		}
	}
	w.asks(c, other)
	sought, _ = w.chart(c).OpenEpisode()
	is(t, "badge", rules.Badge(sought, rules.DefaultProgramme()), "Care Connect")
}
