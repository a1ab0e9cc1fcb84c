package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Credential records the payer partner's credentialing of a provider.
type Credential struct {
	Provider    care.ChartID
	Credentials []care.Credential
}

func (Credential) Name() string             { return "credential" }
func (a Credential) About(Known) care.About { return care.About{Provider: a.Provider} }
func (a Credential) Needs(Known) Needs      { return needsAwaited(a.Provider) }

// Decide replaces what was known of the credentialing. A provider who waited for
// nothing else takes part from then on. What is open is looked at once more.
func (a Credential) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	var wrong problems
	for _, c := range a.Credentials {
		wrong.need(States[c.State], "state: give the two letters of each state, such as NY")
		wrong.need(c.From != calendar.Date{}, "from: give the day from which each credential holds")
		wrong.need(c.Until == calendar.Date{} || !c.Until.Before(c.From), "until: the last day does not lie before the first")
	}
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	d := begin(env, chartOf(k, p))
	same := slices.Equal(p.Credentials, a.Credentials)
	p.Credentials = a.Credentials
	if p.Standing == care.PendingReview && !p.Review && rules.MayJoin.Decide(providerFacts(k, p, "", env), env.Words).Outcome == rules.Yes {
		d.admit(&p)
	}
	d.put(p)
	d.credentialClocks(p)
	if !same {
		d.errands("credential_gap", seen(k, p.ID))
	}
	d.endWaiting("waitlist_closed", outside(k.Sets[care.Waitlist(p.ID)], p, env.Today(p.Hours.Zone)))
	d.Made = string(p.ID)
	return d.plan()
}

// credentialClocks starts the clocks of each credential that has an end, in the
// zone in which the provider's days end, and stops those of before.
func (d *draft) credentialClocks(p care.Provider) {
	codes := []string{"credential_notice", "credential_last", "credential_end"}
	for _, dl := range d.chart.Deadlines {
		if slices.Contains(codes, dl.Code) {
			d.settle(dl.ID, care.Stopped)
		}
	}
	zone := rules.Zone(p.Hours.Zone)
	for _, c := range p.Credentials {
		ends := calendar.At(c.Until.AddDays(1), 0, 0, zone).Add(-time.Second)
		if c.Until.IsZero() || !ends.After(d.env.Now) {
			continue
		}
		for _, code := range codes {
			d.start(care.Deadline{Code: code, Subject: c.State, Due: ends, Zone: p.Hours.Zone})
		}
	}
}

func credentialNotice(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	if d.chart.Provider == nil || d.chart.Provider.Standing == care.OptedOut || d.chart.Provider.Standing == care.NotJoined {
		return
	}
	if d.chart.Account != nil {
		d.tellProvider(d.chart.ID, "credential_notice", dl.Subject, "/pro/participation", dl.Due, d.zone())
	}
	d.tellDesk(care.RoleCareTeam, "credential_notice", dl.Subject, "/ops/providers/"+string(d.chart.ID), dl.Due)
}

// credentialEnds sends the care team to whatever is still open, one errand for
// each: which of them are in the state is written in their charts.
func credentialEnds(d *draft, dl care.Deadline, k Known) {
	d.settle(dl.ID, care.Met)
	d.errands("credential_gap", seen(k, d.chart.ID))
	if p := d.chart.Provider; p != nil {
		tomorrow := calendar.On(dl.Due.Add(time.Second), rules.Zone(p.Hours.Zone))
		d.endWaiting("waitlist_closed", outside(k.Sets[care.Waitlist(p.ID)], *p, tomorrow))
	}
}

// uncovered is the end, or the coming back, of a credential for one client.
func uncovered(d *draft, r care.Referral, p care.Provider, _ Known) {
	d.mark(r, p, "credential_ended")
}

// mark marks what a client has booked with a provider for days on which that one has
// no credential where the client is, and has the care team look. Where they have one,
// the marks go.
func (d *draft) mark(r care.Referral, p care.Provider, code string) {
	if !r.Waits() {
		return
	}
	state := d.chart.Client.State
	for _, ap := range d.chart.Appointments {
		if risk := atRisk(p, state, ap.Start); ap.Referral == r.ID && ap.Status == care.Booked && ap.Start.After(d.env.Now) && ap.AtRisk != risk {
			ap.AtRisk = risk
			d.put(ap)
		}
	}
	if atRisk(p, state, d.env.Now) {
		d.task(code, string(r.ID))
		return
	}
	d.endTasks("credential_ended", string(r.ID))
	d.endTasks("client_elsewhere", string(r.ID))
}

// seen are all who wait for a provider's answer, or are theirs.
func seen(k Known, provider care.ChartID) []care.Member {
	return slices.Concat(k.Sets[inbox(provider)], k.Sets[panel(provider)])
}

// atRisk says whether a provider has no credential in a state on the day of an
// instant, counted where the provider is.
func atRisk(p care.Provider, state string, at time.Time) bool {
	return !slices.Contains(p.States(calendar.On(at, rules.Zone(p.Hours.Zone))), state)
}

// SetDegrees records the degrees that a provider holds.
type SetDegrees struct {
	Provider care.ChartID
	Degrees  []string
}

// degrees are those that can be recorded. Which of them qualify is in the terms.
var degrees = []string{"masters", "phd", "np", "psyd", "md", "other"}

func (SetDegrees) Name() string             { return "set_degrees" }
func (a SetDegrees) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a SetDegrees) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide refuses a provider without any degree that the programme knows of.
func (a SetDegrees) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	var wrong problems
	wrong.need(len(a.Degrees) > 0 && len(a.Degrees) <= len(degrees), "degrees: give at least one")
	for _, g := range a.Degrees {
		wrong.need(slices.Contains(degrees, g), "degrees: each is one of "+strings.Join(degrees, ", "))
	}
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	p.Degree, p.Degrees = a.Degrees[0], a.Degrees[1:]
	facts := providerFacts(k, p, "", env)
	if rules.ProviderDegree.Outcome(facts) == rules.No {
		return refused(rules.ProviderDegree.Decide(facts, env.Words))
	}
	return changeProvider(p)
}
