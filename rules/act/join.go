package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Join opts a provider in: all six duties attested, each in its present words.
// Whoever takes part already says yes again with it, once a duty has changed.
type Join struct {
	Provider care.ChartID
	Attest   []string // codes of the duties
	Virtual  *bool
}

func (Join) Name() string             { return "join" }
func (a Join) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Join) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide names everything that is still missing. Coming back needs a fresh
// attestation, for the earlier one ended with leaving. Where only the care team
// has something to find out, the yes waits with them.
func (a Join) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	return a.decide(k, p, env)
}

func (a Join) decide(k Known, p care.Provider, env Env) Plan {
	again := outdated(p, env)
	switch {
	case p.Standing == care.Active && !again:
		return fault(care.Conflict, "already_active", "You already take part.")
	case p.Standing == care.Suspended:
		return fault(care.Conflict, "suspended", "The care team has suspended your participation. Write to them; only they can end it.")
	case p.Standing == care.OptedOut && len(a.Attest) == 0:
		return fault(care.Conflict, "attest_afresh", "You left, and your earlier yes ended with it. Say yes to each of the six duties again.")
	}
	p.Attested = a.attested(p, env)
	if a.Virtual != nil {
		p.Virtual = a.Virtual
	}
	if problems := p.Hours.Valid(); problems != nil {
		return fault(care.Invalid, "hours_missing", "Give your weekly hours and time zone first: "+problems.Error()+".")
	}
	decision := rules.MayJoin.Decide(providerFacts(k, p, "", env), env.Words)
	waits := rules.WantsCareTeam(decision)
	if decision.Outcome != rules.Yes && !waits {
		return refused(decision)
	}
	waits = waits || p.Review // whom the care team had suspended it looks at again
	d := begin(env, chartOf(k, p))
	p.AskedBy, p.LeftAt = "", time.Time{}
	switch {
	case waits:
		if p.Standing != care.PendingReview {
			p.Become(care.PendingReview, env.Now, env.Actor, "")
		}
		d.task("join_review", string(p.ID))
		decision.Outcome = rules.Yes // it is kept; the findings tell what is waited for
	case p.Standing != care.Active:
		p.Become(care.Active, env.Now, env.Actor, "")
		p.JoinedAt = env.Now
	}
	d.put(p)
	if !outdated(p, env) {
		d.attested(care.Met)
	}
	d.Decision, d.Made = decision, string(p.ID)
	return d.plan()
}

// attested are the yeses that stand after this one: whoever takes part keeps
// those that still hold, everybody else begins anew.
func (a Join) attested(p care.Provider, env Env) []care.Attestation {
	var given []care.Attestation
	for _, duty := range rules.DutyCodes() {
		i := slices.IndexFunc(p.Attested, func(had care.Attestation) bool { return had.Duty == duty })
		switch {
		case slices.Contains(a.Attest, duty):
			given = append(given, care.Attestation{Duty: duty, Version: env.Terms.Version, At: env.Now})
		case p.Standing == care.Active && i >= 0:
			given = append(given, p.Attested[i])
		}
	}
	return given
}

// outdated says whether a provider is asked for a yes again.
func outdated(p care.Provider, env Env) bool {
	facts := providerFacts(Known{}, p, "", env)
	return slices.ContainsFunc(p.Attested, func(a care.Attestation) bool {
		_, asked := rules.Outdated(facts, a)
		return asked
	})
}

// OptIn is the care team's opting a provider in on their behalf. It asks for the
// provider's own yes, and does nothing else.
type OptIn struct{ Provider care.ChartID }

// Admit ends the review of a provider who has said yes.
type Admit struct{ Provider care.ChartID }

// Suspend takes a provider off the list by the care team's word, Reinstate puts
// them back. What they had not answered goes to others.
type (
	Suspend struct {
		Provider care.ChartID
		Reason   string
	}
	Reinstate struct{ Provider care.ChartID }
)

func (OptIn) Name() string                 { return "opt_in" }
func (a OptIn) Needs(Known) Needs          { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a OptIn) About(Known) care.About     { return care.About{Provider: a.Provider} }
func (Admit) Name() string                 { return "admit" }
func (a Admit) Needs(Known) Needs          { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Admit) About(Known) care.About     { return care.About{Provider: a.Provider} }
func (Suspend) Name() string               { return "suspend" }
func (a Suspend) About(Known) care.About   { return care.About{Provider: a.Provider} }
func (Reinstate) Name() string             { return "reinstate" }
func (a Reinstate) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Reinstate) About(Known) care.About { return care.About{Provider: a.Provider} }

// Needs of a suspension include who waits for an answer.
func (a Suspend) Needs(Known) Needs {
	return Needs{Charts: []care.ChartID{a.Provider}, Sets: []care.Set{inbox(a.Provider), care.Waitlist(a.Provider)}}
}

// Decide asks the provider; nobody is listed by it.
func (a OptIn) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if p.Standing != care.NotJoined && p.Standing != care.OptedOut {
		return fault(care.Conflict, "already_asked", "This provider takes part, or has been asked already.")
	}
	d := begin(env, chartOf(k, p))
	p.Become(care.PendingReview, env.Now, env.Actor, "")
	p.AskedBy, p.Attested = env.Actor.Chart, nil
	d.put(p)
	if d.chart.Account != nil {
		d.tellProvider(p.ID, "opt_in", string(p.ID), "/pro/participation", time.Time{}, p.Hours.Zone)
	}
	d.Made = string(p.ID)
	return d.plan()
}

// Decide admits who has said yes, if the rules now say yes too.
func (a Admit) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if p.Standing != care.PendingReview {
		return fault(care.Conflict, "not_pending_review", "This provider does not wait for a review.")
	}
	decision := rules.MayJoin.Decide(providerFacts(k, p, "", env), env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision) // a yes that only the care team has given is none: the duties are missing
	}
	d := begin(env, chartOf(k, p))
	d.admit(&p)
	d.put(p)
	d.Decision, d.Made = decision, string(p.ID)
	return d.plan()
}

// admit lets a provider in whose review is over.
func (d *draft) admit(p *care.Provider) {
	p.Become(care.Active, d.env.Now, d.env.Actor, "")
	p.JoinedAt, p.Review = d.env.Now, false
	d.untask(string(p.ID))
	if d.chart.Account != nil {
		d.tellProvider(p.ID, "admitted", string(p.ID), "/pro/participation", time.Time{}, p.Hours.Zone)
	}
}

// Decide takes the provider off the list in this commit.
func (a Suspend) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	switch {
	case p.Standing != care.Active && p.Standing != care.Paused && p.Standing != care.PendingReview:
		return fault(care.Conflict, "not_active", "This provider does not take part, so there is nothing to suspend.")
	case a.Reason == "" || len(a.Reason) > 500:
		return fault(care.Invalid, "invalid_input", "reason: say why, in at most 500 letters; the provider reads it.")
	}
	d := begin(env, chartOf(k, p))
	p.Become(care.Suspended, env.Now, env.Actor, a.Reason)
	d.put(p)
	d.errands("provider_left", k.Sets[inbox(p.ID)])
	d.endWaiting("waitlist_closed", k.Sets[care.Waitlist(p.ID)])
	if d.chart.Account != nil {
		d.tellProvider(p.ID, "suspended", string(p.ID), "/pro/participation", time.Time{}, p.Hours.Zone)
	}
	d.Made = string(p.ID)
	return d.plan()
}

// Decide asks what joining asks.
func (a Reinstate) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if p.Standing != care.Suspended {
		return fault(care.Conflict, "not_suspended", "This provider is not suspended.")
	}
	decision := rules.MayJoin.Decide(providerFacts(k, p, "", env), env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	d := begin(env, chartOf(k, p))
	d.admit(&p)
	d.put(p)
	d.Decision, d.Made = decision, string(p.ID)
	return d.plan()
}

// Pause and Resume take a provider off the list for a while. What was asked
// before keeps its clocks.
type (
	Pause  struct{ Provider care.ChartID }
	Resume struct{ Provider care.ChartID }
)

func (Pause) Name() string              { return "pause" }
func (a Pause) Needs(Known) Needs       { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Pause) About(Known) care.About  { return care.About{Provider: a.Provider} }
func (Resume) Name() string             { return "resume" }
func (a Resume) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Resume) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide pauses one who takes part.
func (a Pause) Decide(k Known, env Env) Plan {
	return stand(k, env, a.Provider, care.Active, care.Paused, "Only somebody who takes part can pause.")
}

// Decide resumes one who paused.
func (a Resume) Decide(k Known, env Env) Plan {
	return stand(k, env, a.Provider, care.Paused, care.Active, "You have not paused, so there is nothing to resume.")
}

func stand(k Known, env Env, id care.ChartID, from, to care.Participation, otherwise string) Plan {
	p, ok := ofProvider(k, id)
	if !ok {
		return missing()
	}
	if p.Standing != from {
		return fault(care.Conflict, "not_"+string(from), otherwise)
	}
	p.Become(to, env.Now, env.Actor, "")
	return changeProvider(p)
}

func ofProvider(k Known, id care.ChartID) (care.Provider, bool) {
	chart := k.Chart(id)
	if chart == nil || chart.Provider == nil {
		return care.Provider{}, false
	}
	return *chart.Provider, true
}

func chartOf(k Known, p care.Provider) *care.Chart {
	if chart := k.Chart(p.ID); chart != nil {
		return chart
	}
	return &care.Chart{ID: p.ID, Of: care.OfProvider, Provider: &p}
}

func changeProvider(p care.Provider) Plan {
	return Plan{Decision: rules.Allowed(), Made: string(p.ID), Changes: []care.Change{care.Put{Chart: p.ID, Record: p}}}
}
