package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AskAttest asks a provider to say yes again, from the day on which a version of
// the terms changes a duty that they said yes to. It asks nobody twice for the same.
type AskAttest struct {
	Provider care.ChartID
	Version  string
}

func (AskAttest) Name() string             { return "ask_attest" }
func (a AskAttest) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a AskAttest) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide starts the days of grace; the first mail comes with them.
func (a AskAttest) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	terms, known := rules.TermsOf(env.Clock.Terms, a.Version)
	switch {
	case !ok:
		return missing()
	case !known:
		return fault(care.Invalid, "invalid_input", "version: there are no terms of this version.")
	}
	d := begin(env, chartOf(k, p))
	d.Made = string(p.ID)
	if !rules.MustAttest(p, env.Clock.Terms, terms) {
		return d.plan()
	}
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "attest" && dl.Terms == a.Version {
			return d.plan()
		}
	}
	d.attested(care.Stopped)
	starts := terms.Effective
	if starts.Before(env.Now) {
		starts = env.Now
	}
	d.start(care.Deadline{Code: "attest", Subject: string(p.ID), Starts: starts, Zone: p.Hours.Zone})
	return d.plan()
}

// attested ends the asking for a yes that runs already.
func (d *draft) attested(state care.DeadlineState) {
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "attest" && !dl.Starts.After(d.env.Now) || dl.Code == "attest" && state == care.Stopped {
			d.settle(dl.ID, state)
		}
	}
}

func askAttest(d *draft, dl care.Deadline, _ Known) {
	if p := d.chart.Provider; p != nil && d.chart.Account != nil {
		d.tellProvider(p.ID, "attest_again", dl.Subject, "/pro/participation", dl.Due, dl.Zone)
	}
}

// notAttested ends the grace. That they are off the list the rules say; they are
// told so once, and how to come back.
func notAttested(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	if p := d.chart.Provider; p != nil && d.chart.Account != nil {
		d.tellProvider(p.ID, "attest_over", dl.Subject, "/pro/participation", time.Time{}, dl.Zone)
	}
}
