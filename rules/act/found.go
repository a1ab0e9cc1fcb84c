package act

import (
	"strings"

	"careconnect/rules"
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

// ListPlan puts a plan on the published list of those that cannot be processed.
type ListPlan struct{ Plan care.UnprocessablePlan }

// FinishTask says that somebody of the care team has dealt with a task. The
// incident of a broken promise ends only with its cause.
type FinishTask struct {
	Task  care.TaskID
	Cause string
}

// Industries are the sorts of employers that the programme counts.
var Industries = map[string]bool{"technology": true, "pharmaceutical": true, "energy": true, "healthcare": true, "other": true}

func (Found) Name() string                 { return "found" }
func (Found) Needs(Known) Needs            { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (Found) About(Known) care.About       { return care.About{} }
func (AddEmployer) Name() string           { return "add_employer" }
func (AddEmployer) Needs(Known) Needs      { return Needs{} }
func (AddEmployer) About(Known) care.About { return care.About{} }
func (ListPlan) Name() string              { return "list_plan" }
func (ListPlan) Needs(Known) Needs         { return Needs{} }
func (ListPlan) About(Known) care.About    { return care.About{} }
func (FinishTask) Name() string            { return "finish_task" }
func (a FinishTask) Needs(Known) Needs     { return Needs{Locate: []string{string(a.Task)}} }
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
	var wrong problems
	wrong.need(strings.TrimSpace(e.Name) != "", "name: name the employer")
	wrong.need(strings.TrimSpace(e.Code) != "" && len(e.Code) <= 40, "code: give the code that its people enter, at most 40 letters")
	wrong.need(employerOf(e.Code, env.Employers) == nil, "code: another employer has this code")
	wrong.need(Industries[e.Industry], "industry: one of technology, pharmaceutical, energy, healthcare, other")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	if e.ID == "" {
		e.ID = care.EmployerID(env.ID("em"))
	}
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: e}}}
}

// Decide publishes the plan.
func (a ListPlan) Decide(_ Known, _ Env) Plan {
	if strings.TrimSpace(a.Plan.Payer) == "" || strings.TrimSpace(a.Plan.Plan) == "" {
		return fault(care.Invalid, "invalid_input", "Name the payer and the plan.")
	}
	return Plan{Decision: rules.Allowed(), Made: a.Plan.Key(), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: a.Plan}}}
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
	d := begin(env, chart)
	t.DoneAt, t.DoneBy, t.Cause = env.Now, env.Actor.Chart, a.Cause
	d.put(t)
	d.Made = string(t.ID)
	return d.plan()
}
