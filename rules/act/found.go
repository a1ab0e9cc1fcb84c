package act

import (
	"slices"
	"strings"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Found makes the programme's chart in a new instance.
type Found struct {
	Programme care.Programme
	Terms     care.Terms
}

// SetAddresses says where people write to: the privacy desk, the care team, and
// the clinicians on call. Those left empty stay as they are.
type SetAddresses struct{ Privacy, Care, OnCall string }

func (SetAddresses) Name() string           { return "set_addresses" }
func (SetAddresses) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (SetAddresses) About(Known) care.About { return care.About{} }

// Decide changes nothing when the addresses are those already.
func (a SetAddresses) Decide(k Known, env Env) Plan {
	p := env.Programme
	var wrong problems
	for _, desk := range []struct {
		name, given string
		kept        *string
	}{{"privacy", a.Privacy, &p.PrivacyEmail}, {"care", a.Care, &p.CareEmail}, {"on_call", a.OnCall, &p.OnCallEmail}} {
		if desk.given != "" {
			wrong.need(mailAddress(desk.given), desk.name+": give an address such as desk@example.org")
			*desk.kept = strings.TrimSpace(desk.given)
		}
	}
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	plan := Plan{Decision: rules.Allowed(), Made: string(care.ProgrammeChart)}
	if p.PrivacyEmail != env.Programme.PrivacyEmail || p.CareEmail != env.Programme.CareEmail || p.OnCallEmail != env.Programme.OnCallEmail {
		plan.Changes = []care.Change{care.Put{Chart: care.ProgrammeChart, Record: p}}
	}
	return plan
}

// ConfirmCrisis says, by an operator, that the crisis text is right for where the
// instance is used; with a text, that this is it from now on. Only then does a
// lasting instance take requests.
type ConfirmCrisis struct{ Text string }

func (ConfirmCrisis) Name() string           { return "confirm_crisis" }
func (ConfirmCrisis) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (ConfirmCrisis) About(Known) care.About { return care.About{} }

// Decide opens the programme with it.
func (a ConfirmCrisis) Decide(_ Known, env Env) Plan {
	p := env.Programme
	if text := strings.TrimSpace(a.Text); text != "" {
		p.Crisis = text
	}
	if len(p.Crisis) < 20 || len(p.Crisis) > 500 {
		return fault(care.Invalid, "invalid_input", "text: say in 20 to 500 letters where somebody in danger turns, at any hour.")
	}
	p.CrisisAt, p.CrisisBy, p.Enabled = env.Now, env.Actor.Chart, true
	return Plan{Decision: rules.Allowed(), Made: string(care.ProgrammeChart), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: p}}}
}

// AddEmployer registers an employer that offers the programme.
type AddEmployer struct{ Employer care.Employer }

// UpdateEmployer changes an employer's entry; its code stays, for it stands on
// links that are out. A last day sets when no new care begins: care that has
// begun is untouched, and nobody at the employer is told of anyone.
type UpdateEmployer struct {
	Employer     care.EmployerID
	Name_        string
	Industry     string
	Starts, Ends calendar.Date
	Holidays     []calendar.Holiday
	Audience     string
}

// ListPlan puts a plan on the published list of those that cannot be processed,
// from a day on.
type ListPlan struct{ Plan care.UnprocessablePlan }

// DelistPlan sets the last day of an entry on the published list. The entry
// stays, with its dates.
type DelistPlan struct {
	Key  string
	Ends calendar.Date
}

// FinishTask says that somebody of the care team has dealt with a task. The
// incident of a broken promise ends only with its cause.
type FinishTask struct {
	Task  care.TaskID
	Cause string
}

// Industries are the sorts of employers that the programme counts.
var Industries = map[string]bool{"technology": true, "pharmaceutical": true, "energy": true, "healthcare": true, "other": true}

func (Found) Name() string                    { return "found" }
func (Found) Needs(Known) Needs               { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (Found) About(Known) care.About          { return care.About{} }
func (AddEmployer) Name() string              { return "add_employer" }
func (AddEmployer) Needs(Known) Needs         { return Needs{} }
func (AddEmployer) About(Known) care.About    { return care.About{} }
func (ListPlan) Name() string                 { return "list_plan" }
func (ListPlan) Needs(Known) Needs            { return Needs{} }
func (ListPlan) About(Known) care.About       { return care.About{} }
func (UpdateEmployer) Name() string           { return "update_employer" }
func (UpdateEmployer) Needs(Known) Needs      { return Needs{} }
func (UpdateEmployer) About(Known) care.About { return care.About{} }
func (DelistPlan) Name() string               { return "delist_plan" }
func (DelistPlan) Needs(Known) Needs          { return Needs{} }
func (DelistPlan) About(Known) care.About     { return care.About{} }
func (FinishTask) Name() string               { return "finish_task" }
func (a FinishTask) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Task)}} }
func (a FinishTask) About(k Known) care.About {
	if chart := k.Of(string(a.Task)); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

// Decide founds a programme once.
func (a Found) Decide(k Known, _ Env) Plan {
	if k.Chart(care.ProgrammeChart) != nil {
		return fault(care.Conflict, "already_founded", "This instance has its programme already.")
	}
	return Plan{Decision: rules.Allowed(), Made: string(care.ProgrammeChart), Changes: []care.Change{
		care.New{Chart: care.ProgrammeChart, Of: care.OfProgramme},
		care.Put{Chart: care.ProgrammeChart, Record: a.Programme},
		care.Put{Chart: care.ProgrammeChart, Record: a.Terms},
	}}
}

// Decide keeps the codes of employers apart.
func (a AddEmployer) Decide(_ Known, env Env) Plan {
	e := a.Employer
	wrong := wrongEmployer(e)
	wrong.need(strings.TrimSpace(e.Code) != "" && len(e.Code) <= 40, "code: give the code that its people enter, at most 40 letters")
	wrong.need(!strings.ContainsAny(strings.TrimSpace(e.Code), " /?&#%\\"), "code: without blanks and / ? & # %, for it stands in a link")
	wrong.need(employerOf(e.Code, env.Employers) == nil, "code: another employer has this code")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	if e.ID == "" {
		e.ID = care.EmployerID(env.ID("em"))
	}
	e.Salt = env.ID("sa")
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: e}}}
}

func wrongEmployer(e care.Employer) problems {
	var wrong problems
	wrong.need(strings.TrimSpace(e.Name) != "" && len(e.Name) <= 200, "name: name the employer")
	wrong.need(Industries[e.Industry], "industry: one of technology, pharmaceutical, energy, healthcare, other")
	wrong.need(e.Ends.IsZero() || !e.Ends.Before(e.Starts), "ends: not before the first day")
	wrong.need(len(e.Holidays) <= 50, "holidays: at most 50")
	wrong.need(len(e.Audience) <= 200, "audience: at most 200 letters")
	return wrong
}

// Decide changes the entry and nothing else.
func (a UpdateEmployer) Decide(_ Known, env Env) Plan {
	i := slices.IndexFunc(env.Employers, func(e care.Employer) bool { return e.ID == a.Employer })
	if i < 0 {
		return missing()
	}
	e := env.Employers[i]
	e.Name, e.Industry, e.Starts, e.Ends, e.Holidays, e.Audience = strings.TrimSpace(a.Name_), a.Industry, a.Starts, a.Ends, a.Holidays, strings.TrimSpace(a.Audience)
	if f := wrongEmployer(e).fault(); f != nil {
		return Plan{Fault: f}
	}
	if e.Salt == "" { // an entry of before there were rosters
		e.Salt = env.ID("sa")
	}
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: e}}}
}

// Decide publishes the plan. The same plan, state and day is one entry.
func (a ListPlan) Decide(_ Known, env Env) Plan {
	p := a.Plan
	p.Payer, p.Plan, p.State = strings.TrimSpace(p.Payer), strings.TrimSpace(p.Plan), strings.ToUpper(strings.TrimSpace(p.State))
	var wrong problems
	wrong.need(p.Payer != "" && len(p.Payer) <= 80, "payer: name the payer")
	wrong.need(p.Plan != "" && len(p.Plan) <= 80, "plan: name the plan")
	wrong.need(p.State == "" || States[p.State], "state: give two letters, or leave it empty for every state")
	wrong.need(p.Ends.IsZero() || !p.Ends.Before(p.From), "ends: not before the first day")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	today := calendar.On(env.Now, rules.Zone(rules.HomeZone))
	if !p.From.IsZero() && p.From.Before(today) {
		return fault(care.Invalid, "invalid_input", "Please mend: from: not before today, for what was published stays as it was.")
	}
	if rules.Unprocessable(rules.ListedOn(env.Plans, p.From), p.Payer, p.Plan, p.State) && !p.From.IsZero() {
		return fault(care.Conflict, "already_listed", "This plan stands on the list already on that day.")
	}
	return Plan{Decision: rules.Allowed(), Made: p.Key(), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: p}}}
}

// Decide does not change what was published of days that are over.
func (a DelistPlan) Decide(_ Known, env Env) Plan {
	i := slices.IndexFunc(env.Plans, func(p care.UnprocessablePlan) bool { return p.Key() == a.Key })
	if i < 0 {
		return missing()
	}
	p := env.Plans[i]
	today := calendar.On(env.Now, rules.Zone(rules.HomeZone))
	if a.Ends.Before(today) || a.Ends.Before(p.From) {
		return fault(care.Invalid, "invalid_input", "Please mend: ends: today or later, and not before its first day.")
	}
	if !p.Ends.IsZero() && p.Ends.Before(today) {
		return fault(care.Conflict, "already_over", "This entry is over already.")
	}
	p.Ends = a.Ends
	return Plan{Decision: rules.Allowed(), Made: p.Key(), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: p}}}
}

// Decide keeps who and when.
func (a FinishTask) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Task))
	if chart == nil {
		return missing()
	}
	t, ok := chart.Task(a.Task)
	if !ok {
		return missing()
	}
	if !t.DoneAt.IsZero() {
		return fault(care.Conflict, "already_done", "Somebody has dealt with this already.")
	}
	switch incident := t.Code == rules.BrokenTask; {
	case incident && !rules.CauseKnown(a.Cause):
		return fault(care.Invalid, "cause_missing", "cause: say why the promise was broken. Without a cause the incident stays open.")
	case !incident && a.Cause != "":
		return fault(care.Invalid, "invalid_input", "cause: only a broken promise has one; leave it out.")
	}
	if t.Code == employmentTask {
		return fault(care.Invalid, "finding_missing", "Say on the client's page whether they are employed there: that ends this.")
	}
	d := begin(env, chart)
	t.DoneAt, t.DoneBy, t.Cause = env.Now, env.Actor.Chart, a.Cause
	d.put(t)
	d.Made = string(t.ID)
	return d.plan()
}
