package act

import (
	"slices"
	"strings"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AddProgramme hosts a second programme: a code, a name and terms of its own.
// Employers name it, and what their people ask runs by its clocks.
type AddProgramme struct {
	Code, Title string
	Terms       care.Terms
}

// EnableProgramme opens a programme for new requests, or closes it for them. What
// is open goes on. Code empty is the first.
type EnableProgramme struct {
	Code    string
	Enabled bool
}

func (AddProgramme) Name() string              { return "add_programme" }
func (AddProgramme) Needs(Known) Needs         { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (AddProgramme) About(Known) care.About    { return care.About{} }
func (EnableProgramme) Name() string           { return "enable_programme" }
func (EnableProgramme) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (EnableProgramme) About(Known) care.About { return care.About{} }

// Decide takes the terms as SetTerms does.
func (a AddProgramme) Decide(k Known, env Env) Plan {
	p := env.Programme
	code := strings.TrimSpace(a.Code)
	var wrong problems
	wrong.need(code != "" && len(code) <= 40 && strings.ToLower(code) == code && !strings.ContainsAny(code, " /?&#"), "code: give a short word in lower case, without blanks")
	wrong.need(code != rules.ProgrammeCode(p) && !slices.ContainsFunc(p.Others, func(b care.Branch) bool { return b.Code == code }), "code: there is a programme of this code already")
	wrong.need(strings.TrimSpace(a.Title) != "" && len(a.Title) <= 100, "name: name the programme")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	a.Terms.Programme = code
	plan := SetTerms{Terms: a.Terms}.Decide(k, env)
	if plan.Fault != nil {
		return plan
	}
	p.Others = append(slices.Clone(p.Others), care.Branch{Code: code, Name: strings.TrimSpace(a.Title), Enabled: true})
	plan.Made = code
	plan.Changes = append(plan.Changes, care.Put{Chart: care.ProgrammeChart, Record: p})
	return plan
}

// Decide touches nothing that is open.
func (a EnableProgramme) Decide(_ Known, env Env) Plan {
	p := env.Programme
	plan := Plan{Decision: rules.Allowed(), Made: a.Code}
	if a.Code == "" {
		p.Enabled = a.Enabled
	} else {
		i := slices.IndexFunc(p.Others, func(b care.Branch) bool { return b.Code == a.Code })
		if i < 0 {
			return missing()
		}
		p.Others = slices.Clone(p.Others)
		p.Others[i].Enabled = a.Enabled
	}
	plan.Changes = []care.Change{care.Put{Chart: care.ProgrammeChart, Record: p}}
	return plan
}
