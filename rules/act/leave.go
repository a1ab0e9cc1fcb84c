package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Leave opts a provider out: at once, for no reason given, without a minimum
// stay. Each client who waits for an answer, or for a first session, becomes an
// errand of its own, which the sweep runs within the minute; clients in care stay.
type Leave struct{ Provider care.ChartID }

// SetVirtual says whether a provider offers virtual care. Whoever stops is off
// the list in the same commit, and their clients are looked after as in leaving.
type SetVirtual struct {
	Provider care.ChartID
	Virtual  bool
}

func (Leave) Name() string                  { return "leave" }
func (a Leave) About(Known) care.About      { return care.About{Provider: a.Provider} }
func (a Leave) Needs(Known) Needs           { return needsAwaited(a.Provider) }
func (SetVirtual) Name() string             { return "set_virtual" }
func (a SetVirtual) About(Known) care.About { return care.About{Provider: a.Provider} }
func (a SetVirtual) Needs(Known) Needs      { return needsAwaited(a.Provider) }

// Decide takes the provider off the list in this commit.
func (a Leave) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if decision := rules.MayLeave.Decide(providerFacts(k, p, "", env), env.Words); decision.Outcome != rules.Yes {
		return fault(care.Conflict, "not_active", "You do not take part, so there is nothing to leave.")
	}
	d := begin(env, chartOf(k, p))
	p.Review = p.Review || p.Standing == care.Suspended
	p.Become(care.OptedOut, env.Now, env.Actor, "")
	p.LeftAt, p.AskedBy = env.Now, ""
	d.put(p)
	d.untask(string(p.ID))
	d.attested(care.Stopped)
	d.errands("provider_left", awaited(k, p.ID))
	d.endWaiting("waitlist_closed", k.Sets[care.Waitlist(p.ID)])
	if d.chart.Account != nil {
		d.tellProvider(p.ID, "left_summary", string(p.ID), "/pro/participation", time.Time{}, p.Hours.Zone)
	}
	d.Made = string(p.ID)
	return d.plan()
}

// Decide leaves clients in care as they are, and booked times what they are.
func (a SetVirtual) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	did := p.Virtual != nil && *p.Virtual
	p.Virtual = &a.Virtual
	d := begin(env, chartOf(k, p))
	d.put(p)
	if did && !a.Virtual && (p.Standing == care.Active || p.Standing == care.Paused) {
		d.errands("virtual_off", awaited(k, p.ID))
		d.endWaiting("waitlist_closed", k.Sets[care.Waitlist(p.ID)])
	}
	d.Made = string(p.ID)
	return d.plan()
}

func needsAwaited(provider care.ChartID) Needs {
	return Needs{Charts: []care.ChartID{provider}, Sets: ClientsOf(provider)}
}

// ClientsOf are the sets of everybody who waits for a provider or is seen by them.
func ClientsOf(provider care.ChartID) []care.Set {
	return []care.Set{inbox(provider), panel(provider), care.Waitlist(provider)}
}

// awaited are those who wait for something from a provider: an answer, a first
// call, a first session.
func awaited(k Known, provider care.ChartID) []care.Member {
	wait := slices.Clone(k.Sets[inbox(provider)])
	for _, m := range k.Sets[panel(provider)] {
		if m.Code != string(care.InCare) {
			wait = append(wait, m)
		}
	}
	return wait
}

// errands sets a due act for each referral, to be run by the next sweep.
func (d *draft) errands(code string, referrals []care.Member) {
	referrals = slices.Clone(referrals)
	slices.SortFunc(referrals, func(x, y care.Member) int { return strings.Compare(x.Ref, y.Ref) })
	for _, m := range referrals {
		d.start(care.Deadline{Code: code, Subject: m.Ref, Due: d.env.Now, Zone: d.zone()})
	}
}

func inbox(provider care.ChartID) care.Set {
	return care.Set{Name: care.SetInbox, Of: string(provider), Serves: provider}
}

func panel(provider care.ChartID) care.Set { return care.Panel(provider) }

// errand is an effect in a provider's chart that is about one client: it works on
// that client's chart.
func errand(does func(client *draft, r care.Referral, p care.Provider, k Known)) func(*draft, care.Deadline, Known) {
	return func(d *draft, dl care.Deadline, k Known) {
		d.settle(dl.ID, care.Met)
		client := k.Of(dl.Subject)
		if client == nil || d.chart.Provider == nil {
			return
		}
		r, ok := client.Referral(care.ReferralID(dl.Subject))
		if !ok {
			return
		}
		other := begin(d.env, client)
		does(other, r, *d.chart.Provider, k)
		d.also(other)
	}
}

// passOn is what the end of a provider's taking part means for one client: who
// had no answer is offered others; for whom a first session is still to come the
// provider chooses; who is in care stays.
func passOn(template string) func(*draft, care.Referral, care.Provider, Known) {
	return func(d *draft, r care.Referral, p care.Provider, k Known) {
		switch {
		case r.Status == care.Submitted, r.Status == care.Expired && r.ClosedAt.IsZero():
			d.handOn(r, k, template)
		case r.Status.Open() && r.Status != care.InCare:
			e, _ := d.chart.Episode(r.Episode)
			d.start(care.Deadline{Code: "choice", Subject: string(r.ID), Zone: e.Zone, Reader: p.Hours.Zone})
		}
	}
}

// handOn ends a referral that its provider does not see through, and offers
// others who can still keep the promise. The client's place in time stays.
func (d *draft) handOn(r care.Referral, k Known, template string) {
	p, _ := ofProvider(k, r.Provider)
	d.endEarly(&r, care.Rerouted, care.CancelledProvider, p)
	d.rescue(r, k, template)
	d.baseline(r.Episode)
}

// Choose is the word of a provider who leaves, or no longer offers virtual care,
// about one client: they see them through, or hand them on.
type Choose struct {
	Referral care.ReferralID
	HandOn   bool
}

func (Choose) Name() string               { return "choose" }
func (a Choose) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a Choose) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if _, r, ok := referral(k, a.Referral); ok && a.HandOn {
		n.Match = rescueMatch(k.Of(string(a.Referral)), r)
	}
	return n
}

// Decide needs an open choice: nobody is handed on because it is convenient.
func (a Choose) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	choice, open := choiceOf(chart, r)
	if !open || !r.Status.Open() || r.Status == care.InCare {
		return fault(care.Conflict, "no_choice", "There is nothing to choose about this client: either you see them through, or somebody has chosen already.")
	}
	d := begin(env, chart)
	d.settle(choice.ID, care.Met)
	d.untask(string(r.ID))
	if a.HandOn {
		template := "virtual_off"
		if p, ok := ofProvider(k, r.Provider); ok && p.Standing.Gone() {
			template = "provider_left"
		}
		d.handOn(r, k, template)
	}
	d.Made = string(r.ID)
	return d.plan()
}

// choiceOf is the choice that a provider owes about a client, or owed and missed.
func choiceOf(chart *care.Chart, r care.Referral) (care.Deadline, bool) {
	for _, d := range chart.Deadlines {
		if d.Code == "choice" && d.Subject == string(r.ID) && (d.State == care.Running || d.State == care.Missed) {
			return d, true
		}
	}
	return care.Deadline{}, false
}

// unchoose ends a choice that has become pointless.
func (d *draft) unchoose(r care.Referral) {
	if choice, open := choiceOf(d.chart, r); open {
		d.settle(choice.ID, care.Stopped)
	}
}

// unchosen has a person of the care team ask, where the provider said nothing
// and the client still waits.
func unchosen(d *draft, dl care.Deadline, k Known) {
	r, ok := d.chart.Referral(care.ReferralID(dl.Subject))
	p, known := ofProvider(k, r.Provider)
	back := known && p.Standing == care.Active && p.Virtual != nil && *p.Virtual
	if !ok || !r.Status.Open() || r.Status == care.InCare || back {
		d.settle(dl.ID, care.Stopped)
		return
	}
	d.settle(dl.ID, care.Missed)
	d.task("choice_missing", dl.Subject)
}
