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
func (a Credential) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Credential) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide replaces what was known of the credentialing.
func (a Credential) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	var wrong problems
	for _, c := range a.Credentials {
		wrong.need(States[c.State], "state: give the two letters of each state, such as NY")
		wrong.need(c.From != calendar.Date{}, "from: give the day from which each credential holds")
	}
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	p.Credentials = a.Credentials
	return changeProvider(p)
}

// Join opts a provider in: all six duties attested, each in its present words.
type Join struct {
	Provider care.ChartID
	Attest   []string // codes of the duties
	Virtual  *bool
}

func (Join) Name() string             { return "join" }
func (a Join) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a Join) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide names everything that is still missing. Coming back needs a fresh
// attestation, for the earlier one ended with leaving.
func (a Join) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	return a.decide(p, env)
}

func (a Join) decide(p care.Provider, env Env) Plan {
	if p.Standing == care.Active {
		return fault(care.Conflict, "already_active", "You already take part.")
	}
	p.Attested = nil
	for _, duty := range rules.DutyCodes() {
		if slices.Contains(a.Attest, duty) {
			p.Attested = append(p.Attested, care.Attestation{Duty: duty, Version: env.Terms.Version, At: env.Now})
		}
	}
	if a.Virtual != nil {
		p.Virtual = a.Virtual
	}
	p.Standing = care.Active
	if problems := p.Hours.Valid(); problems != nil {
		return fault(care.Invalid, "hours_missing", "Give your weekly hours and time zone first: "+problems.Error()+".")
	}
	decision := rules.MayJoin.Decide(providerFacts(p, "", env), env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	p.JoinedAt, p.LeftAt = env.Now, time.Time{}
	plan := changeProvider(p)
	plan.Decision = decision
	return plan
}

// SetHours is the provider's week, and how openings are cut from it.
type SetHours struct {
	Provider     care.ChartID
	Hours        calendar.Hours
	SelfSchedule *bool
	Link         *string
}

func (SetHours) Name() string             { return "set_hours" }
func (a SetHours) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a SetHours) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide leaves what is booked where it is.
func (a SetHours) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if problems := a.Hours.Valid(); problems != nil {
		return fault(care.Invalid, "invalid_input", "Please mend: "+problems.Error()+".")
	}
	if a.Link != nil && *a.Link != "" && !strings.HasPrefix(*a.Link, "https://") {
		return fault(care.Invalid, "invalid_input", "link: give an address that begins with https://, or leave it empty.")
	}
	p.Hours = a.Hours
	set(&p.SelfSchedule, a.SelfSchedule)
	set(&p.Link, a.Link)
	return changeProvider(p)
}

// SetProfile is what a provider tells of themselves in the directory.
type SetProfile struct {
	Provider    care.ChartID
	Pronouns    string
	About_      string
	Specialties []string
	Languages   []string
	Modalities  []string
}

func (SetProfile) Name() string             { return "set_profile" }
func (a SetProfile) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a SetProfile) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide changes the public words only.
func (a SetProfile) Decide(k Known, _ Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	var wrong problems
	wrong.need(len(a.About_) <= 3000, "about: at most 3,000 letters")
	wrong.need(len(a.Pronouns) <= 40, "pronouns: at most 40 letters")
	wrong.need(listOK(a.Specialties, 20) && listOK(a.Languages, 20) && listOK(a.Modalities, 20), "specialties, languages, modalities: at most 20 each, none longer than 60 letters")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	p.Pronouns, p.About, p.Specialties, p.Languages, p.Modalities = a.Pronouns, a.About_, a.Specialties, a.Languages, a.Modalities
	return changeProvider(p)
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
func (a Pause) Decide(k Known, _ Env) Plan {
	return stand(k, a.Provider, care.Active, care.Paused, "Only somebody who takes part can pause.")
}

// Decide resumes one who paused.
func (a Resume) Decide(k Known, _ Env) Plan {
	return stand(k, a.Provider, care.Paused, care.Active, "You have not paused, so there is nothing to resume.")
}

func stand(k Known, id care.ChartID, from, to care.Participation, otherwise string) Plan {
	p, ok := ofProvider(k, id)
	if !ok {
		return missing()
	}
	if p.Standing != from {
		return fault(care.Conflict, "not_"+string(from), otherwise)
	}
	p.Standing = to
	return changeProvider(p)
}

// Leave opts a provider out: at once, for no reason given, without a minimum
// stay. Each client who waits for an answer becomes an errand of its own, which
// the sweep runs within the minute; clients in care stay.
type Leave struct{ Provider care.ChartID }

func (Leave) Name() string             { return "leave" }
func (a Leave) About(Known) care.About { return care.About{Provider: a.Provider} }
func (a Leave) Needs(Known) Needs {
	return Needs{Charts: []care.ChartID{a.Provider}, Sets: []care.Set{inbox(a.Provider)}}
}

// Decide takes the provider off the list in this commit.
func (a Leave) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if p.Standing != care.Active && p.Standing != care.Paused {
		return fault(care.Conflict, "not_active", "You do not take part, so there is nothing to leave.")
	}
	p.Standing, p.LeftAt = care.OptedOut, env.Now
	plan := changeProvider(p)
	waiting := slices.Clone(k.Sets[inbox(a.Provider)])
	slices.SortFunc(waiting, func(x, y care.Member) int { return strings.Compare(x.Ref, y.Ref) })
	for _, m := range waiting {
		errand := env.Clock.Start(care.Deadline{
			ID: care.DeadlineID(env.ID("dl")), Chart: p.ID, Code: "provider_left", Subject: m.Ref,
			Starts: env.Now, Due: env.Now, Zone: p.Hours.Zone,
		})
		plan.Changes = append(plan.Changes, care.Put{Chart: p.ID, Record: errand})
	}
	return plan
}

func inbox(provider care.ChartID) care.Set {
	return care.Set{Name: care.SetInbox, Of: string(provider), Serves: provider}
}

func ofProvider(k Known, id care.ChartID) (care.Provider, bool) {
	chart := k.Chart(id)
	if chart == nil || chart.Provider == nil {
		return care.Provider{}, false
	}
	return *chart.Provider, true
}

func changeProvider(p care.Provider) Plan {
	return Plan{Decision: rules.Allowed(), Made: string(p.ID), Changes: []care.Change{care.Put{Chart: p.ID, Record: p}}}
}
