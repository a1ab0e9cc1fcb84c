package api

import (
	"context"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// plan is one that the systems cannot process.
type plan struct {
	Payer string `json:"payer"`
	Plan  string `json:"plan"`
	State string `json:"state,omitempty" doc:"Left out: in every state"`
}

func (a *API) plans(context.Context, *struct{}) (listed[plan], error) {
	programme, _ := a.store.Programme()
	return listed[plan]{Items: each(programme.Plans, func(p care.UnprocessablePlan) plan { return plan(p) })}, nil
}

// employer offers the programme as a benefit.
type employer struct {
	ID       care.EmployerID `json:"id"`
	Name     string          `json:"name"`
	Code     string          `json:"code"`
	Industry string          `json:"industry"`
	Starts   calendar.Date   `json:"starts"`
	Ends     calendar.Date   `json:"ends,omitzero"`
}

type postEmployer struct {
	Keyed
	Body struct {
		Name     string        `json:"name" minLength:"1" maxLength:"200"`
		Code     string        `json:"code" minLength:"1" maxLength:"40" doc:"What its people enter"`
		Industry string        `json:"industry" enum:"technology,pharmaceutical,energy,healthcare,other"`
		Starts   calendar.Date `json:"starts"`
		Ends     calendar.Date `json:"ends,omitzero" doc:"The last day; left out: without end"`
	}
}

func (a *API) addEmployer(ctx context.Context, in *postEmployer) (employer, error) {
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.AddEmployer{Employer: care.Employer{Name: b.Name, Code: b.Code, Industry: b.Industry, Starts: b.Starts, Ends: b.Ends}})
	if err != nil {
		return employer{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ProgrammeChart, "employer")
	if err != nil {
		return employer{}, err
	}
	for _, e := range chart.Employers {
		if string(e.ID) == out.Made {
			return employer(e), nil
		}
	}
	return employer{}, care.Missing()
}
