package api

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

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
	Through  string          `json:"programme,omitempty" doc:"Code of the programme that it offers; left out: the first"`
	Link     string          `json:"link" doc:"The one link for all of its people"`
	Salt     string          `json:"roster_salt" doc:"What the employer hashes its roster with, at home"`
	Roster   *rosterOf       `json:"roster,omitempty" doc:"Left out: there is none"`
}

// rosterOf is what is known of a roster besides its hashes.
type rosterOf struct {
	At   time.Time `json:"at"`
	Size int       `json:"size" doc:"How many people are on it"`
}

func showEmployer(e care.Employer) employer {
	shown := employer{
		ID: e.ID, Name: e.Name, Code: e.Code, Industry: e.Industry, Starts: e.Starts, Ends: e.Ends, Audience: e.Audience,
		Holidays: each(e.Holidays, func(h calendar.Holiday) calendar.Date { return h.Date }),
		Through:  e.Programme, Link: "/e/" + url.PathEscape(e.Code), Salt: e.Salt,
	}
	if e.Roster != "" {
		shown.Roster = &rosterOf{At: e.RosterAt, Size: e.RosterSize}
	}
	return shown
}

type postEmployer struct {
	Keyed
	Body struct {
		Name     string          `json:"name" minLength:"1" maxLength:"200"`
		Code     string          `json:"code" minLength:"1" maxLength:"40" doc:"What its people enter"`
		Industry string          `json:"industry" enum:"technology,pharmaceutical,energy,healthcare,other"`
		Starts   calendar.Date   `json:"starts"`
		Ends     calendar.Date   `json:"ends,omitzero" doc:"The last day; left out: without end"`
		Audience string          `json:"audience,omitempty" maxLength:"200" doc:"Who at the employer reads its report"`
		Holidays []calendar.Date `json:"holidays,omitempty" maxItems:"50" doc:"Days on which the employer itself is closed"`
		Through  string          `json:"programme,omitempty" maxLength:"40" doc:"Code of the programme that it offers; left out: the first"`
	}
}

func (a *API) addEmployer(ctx context.Context, in *postEmployer) (employer, error) {
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.AddEmployer{Employer: care.Employer{
		Name: b.Name, Code: b.Code, Industry: b.Industry, Starts: b.Starts, Ends: b.Ends, Programme: b.Through, Audience: b.Audience, Holidays: holidays(b.Holidays),
	}})
	if err != nil {
		return employer{}, err
	}
	return a.employer(ctx, out.Made)
}

type postPlan struct {
	Keyed
	Body plan
}

func (a *API) listPlan(ctx context.Context, in *postPlan) (plan, error) {
	b := in.Body
	if b.From.IsZero() {
		b.From = calendar.On(a.now(), rules.Zone(rules.HomeZone))
	}
	_, err := a.do(ctx, in.Keyed, act.ListPlan{Plan: care.UnprocessablePlan(b)})
	return b, err
}

type postDelist struct {
	Keyed
	Body struct {
		Payer string        `json:"payer" minLength:"1" maxLength:"80"`
		Plan  string        `json:"plan" minLength:"1" maxLength:"80"`
		State string        `json:"state,omitempty" maxLength:"2"`
		From  calendar.Date `json:"from,omitzero" doc:"As the entry has it"`
		Ends  calendar.Date `json:"ends" doc:"The last day on the list"`
	}
}

func (a *API) delistPlan(ctx context.Context, in *postDelist) (plan, error) {
	b := in.Body
	entry := care.UnprocessablePlan{Payer: b.Payer, Plan: b.Plan, State: b.State, From: b.From}
	_, err := a.do(ctx, in.Keyed, act.DelistPlan{Key: entry.Key(), Ends: b.Ends})
	entry.Ends = b.Ends
	return showPlan(entry), err
}

// affected is a client whose plan would be on the list.
type affected struct {
	Client   care.ChartID        `json:"client_id"`
	Coverage care.CoverageID     `json:"coverage_id"`
	Status   care.CoverageStatus `json:"status"`
	InCare   bool                `json:"in_care"`
}

type affectedList struct {
	Items []affected `json:"items"`
	Total int        `json:"total" doc:"All whose plan it is; items are at most 200 of them"`
}

type findAffected struct {
	Payer string `query:"payer" minLength:"1" maxLength:"80"`
	Plan  string `query:"plan" minLength:"1" maxLength:"80"`
	State string `query:"state" maxLength:"2" doc:"Left out: every state"`
}

// affectedBy are the clients with a plan, to be looked at before it is published
// as one that cannot be processed. It reads the plan's own list and nothing else.
func (a *API) affectedBy(ctx context.Context, in *findAffected) (affectedList, error) {
	members, err := a.store.Find(ctx, actor(ctx), care.OnPlan(in.Payer, in.Plan))
	if err != nil {
		return affectedList{}, err
	}
	members = slices.DeleteFunc(members, func(m care.Member) bool { return in.State != "" && !strings.EqualFold(in.State, m.Code) })
	charts, err := a.store.Charts(ctx, actor(ctx), chartsOf(members), "affected by a plan")
	if err != nil {
		return affectedList{}, err
	}
	refs := map[string]bool{}
	for _, m := range members {
		refs[m.Ref] = true
	}
	found := affectedList{Items: []affected{}, Total: len(members)}
	for _, chart := range charts {
		inCare := slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool { return r.Status.Clinical() })
		for _, c := range chart.Coverages {
			if refs[string(c.ID)] {
				found.Items = append(found.Items, affected{Client: chart.ID, Coverage: c.ID, Status: c.Status, InCare: inCare})
			}
		}
	}
	return found, nil
}

type postUpdateEmployer struct {
	ByID
	Keyed
	Body struct {
		Name     string          `json:"name" minLength:"1" maxLength:"200"`
		Industry string          `json:"industry" enum:"technology,pharmaceutical,energy,healthcare,other"`
		Starts   calendar.Date   `json:"starts"`
		Ends     calendar.Date   `json:"ends,omitzero" doc:"The last day on which care can begin; care that has begun is untouched"`
		Holidays []calendar.Date `json:"holidays,omitempty" maxItems:"50"`
		Audience string          `json:"audience,omitempty" maxLength:"200" doc:"Who at the employer reads its report"`
	}
}

func holidays(days []calendar.Date) []calendar.Holiday {
	return each(days, func(d calendar.Date) calendar.Holiday { return calendar.Holiday{Date: d} })
}

func (a *API) updateEmployer(ctx context.Context, in *postUpdateEmployer) (employer, error) {
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.UpdateEmployer{
		Employer: care.EmployerID(in.ID), Name_: b.Name, Industry: b.Industry, Starts: b.Starts, Ends: b.Ends, Audience: b.Audience,
		Holidays: holidays(b.Holidays),
	})
	if err != nil {
		return employer{}, err
	}
	return a.employer(ctx, out.Made)
}

func (a *API) employers(ctx context.Context, _ *struct{}) (listed[employer], error) {
	chart, err := a.store.Chart(ctx, actor(ctx), care.ProgrammeChart, "employers")
	if err != nil {
		return listed[employer]{}, err
	}
	return listed[employer]{Items: each(chart.Employers, showEmployer)}, nil
}

func (a *API) employer(ctx context.Context, id string) (employer, error) {
	all, err := a.employers(ctx, nil)
	if err != nil {
		return employer{}, err
	}
	for _, e := range all.Items {
		if string(e.ID) == id {
			return e, nil
		}
	}
	return employer{}, care.Missing()
}
