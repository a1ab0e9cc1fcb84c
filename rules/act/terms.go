package act

import (
	"strconv"
	"strings"

	"careconnect/rules"
	"careconnect/rules/care"
)

// SetTerms puts a new version of the terms in force, from now or from a later
// instant. What began under an earlier version keeps it.
type SetTerms struct{ Terms care.Terms }

// DecidePsyD is the care team's one decision about providers with a PsyD, for the
// whole instance.
type DecidePsyD struct{ Take bool }

func (SetTerms) Name() string             { return "set_terms" }
func (SetTerms) Needs(Known) Needs        { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (SetTerms) About(Known) care.About   { return care.About{} }
func (DecidePsyD) Name() string           { return "decide_psyd" }
func (DecidePsyD) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (DecidePsyD) About(Known) care.About { return care.About{} }

// Decide never changes a version that was once in force.
func (a SetTerms) Decide(k Known, env Env) Plan {
	t := a.Terms
	var wrong problems
	wrong.need(strings.TrimSpace(t.Version) != "" && len(t.Version) <= 40, "version: name the version, in at most 40 letters")
	_, taken := rules.TermsOf(env.Clock.Terms, t.Version)
	wrong.need(!taken, "version: there is one of this name already")
	wrong.need(!t.Effective.Before(env.Now), "effective: terms hold from now or from later on")
	wrong.need(len(t.Degrees) > 0, "degrees: name at least one")
	for _, n := range []struct {
		name  string
		value int
	}{
		{"respond_hours", t.RespondHours}, {"consult_days", t.ConsultDays}, {"promise_business_days", t.PromiseBusinessDays},
		{"follow_up_opens_day", t.FollowUpOpensDay}, {"eligibility_target", t.EligibilityDays}, {"open_requests_max", t.OpenRequestsMax},
		{"safety_ack_minutes", t.SafetyAckMinutes}, {"minimum_age", t.MinimumAge}, {"report_min_cell", t.ReportMinCell},
	} {
		wrong.need(n.value > 0, n.name+": give a number above zero")
	}
	wrong.need(t.FollowUpClosesDay > t.FollowUpOpensDay, "follow_up_closes_day: the window ends after it begins")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	return Plan{Decision: rules.Allowed(), Made: t.Version, Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: t}}}
}

// Decide makes it a version of its own, so that it bears a date.
func (a DecidePsyD) Decide(k Known, env Env) Plan {
	t := env.Terms
	if t.PsyD != nil && *t.PsyD == a.Take {
		return fault(care.Conflict, "already_decided", "This is decided already, and in the same way.")
	}
	base, _, _ := strings.Cut(t.Version, "+")
	t.Version, t.Effective, t.PsyD = base+"+"+strconv.Itoa(len(env.Clock.Terms)), env.Now, &a.Take
	return SetTerms{Terms: t}.Decide(k, env)
}
