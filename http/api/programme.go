package api

import (
	"context"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// plan is one that the systems cannot process.
type plan struct {
	Payer string        `json:"payer"`
	Plan  string        `json:"plan"`
	State string        `json:"state,omitempty" doc:"Left out: in every state"`
	From  calendar.Date `json:"from,omitzero" doc:"The first day; left out: from the beginning"`
	Ends  calendar.Date `json:"ends,omitzero" doc:"The last day; left out: no end is set"`
}

func showPlan(p care.UnprocessablePlan) plan { return plan(p) }

// planList is the published list as it stands on a day.
type planList struct {
	AsOf    calendar.Date `json:"as_of"`
	Version string        `json:"version" doc:"The day of the last change to the list up to as_of; first: none so far"`
	Items   []plan        `json:"items"`
}

type findPlans struct {
	AsOf calendar.Date `query:"as_of" doc:"A day; left out: today"`
}

func (a *API) plans(_ context.Context, in *findPlans) (planList, error) {
	programme, _ := a.store.Programme()
	if in.AsOf.IsZero() {
		in.AsOf = calendar.On(a.now(), rules.Zone(rules.HomeZone))
	}
	return planList{
		AsOf: in.AsOf, Version: rules.ListVersion(programme.Plans, in.AsOf),
		Items: each(rules.ListedOn(programme.Plans, in.AsOf), showPlan),
	}, nil
}

// employer offers the programme as a benefit.
type employer struct {
	ID       care.EmployerID `json:"id"`
	Name     string          `json:"name"`
	Code     string          `json:"code"`
	Industry string          `json:"industry"`
	Starts   calendar.Date   `json:"starts"`
	Ends     calendar.Date   `json:"ends,omitzero"`
	Holidays []calendar.Date `json:"holidays,omitempty"`
	Audience string          `json:"audience,omitempty"`
}

func showEmployer(e care.Employer) employer {
	return employer{
		ID: e.ID, Name: e.Name, Code: e.Code, Industry: e.Industry, Starts: e.Starts, Ends: e.Ends, Audience: e.Audience,
		Holidays: each(e.Holidays, func(h calendar.Holiday) calendar.Date { return h.Date }),
	}
}

type postEmployer struct {
	Keyed
	Body struct {
		Name     string        `json:"name" minLength:"1" maxLength:"200"`
		Code     string        `json:"code" minLength:"1" maxLength:"40" doc:"What its people enter"`
		Industry string        `json:"industry" enum:"technology,pharmaceutical,energy,healthcare,other"`
		Starts   calendar.Date `json:"starts"`
		Ends     calendar.Date `json:"ends,omitzero" doc:"The last day; left out: without end"`
		Through  string        `json:"programme,omitempty" maxLength:"40" doc:"Code of the programme that it offers; left out: the first"`
	}
}

func (a *API) addEmployer(ctx context.Context, in *postEmployer) (employer, error) {
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.AddEmployer{Employer: care.Employer{Name: b.Name, Code: b.Code, Industry: b.Industry, Starts: b.Starts, Ends: b.Ends, Programme: b.Through}})
	if err != nil {
		return employer{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ProgrammeChart, "employer")
	if err != nil {
		return employer{}, err
	}
	for _, e := range chart.Employers {
		if string(e.ID) == out.Made {
			return showEmployer(e), nil
		}
	}
	return employer{}, care.Missing()
}
