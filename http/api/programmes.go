package api

import (
	"context"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
)

// programmeShown is one of the programmes that the instance hosts.
type programmeShown struct {
	Code                string `json:"code" doc:"Employers name it; the first programme's is made from its name"`
	Name                string `json:"name"`
	Enabled             bool   `json:"enabled" doc:"Takes new requests; what is open goes on in any case"`
	PolicyVersion       string `json:"policy_version"`
	RespondHours        int    `json:"respond_hours"`
	ConsultDays         int    `json:"consult_days"`
	PromiseBusinessDays int    `json:"promise_business_days"`
}

func (a *API) programmes(_ context.Context, _ *struct{}) (listed[programmeShown], error) {
	chart, _ := a.store.Programme()
	p := *chart.Programme
	show := func(code, name, terms string, enabled bool) programmeShown {
		t := rules.TermsFor(chart.Terms, terms, a.now())
		return programmeShown{
			Code: code, Name: name, Enabled: enabled, PolicyVersion: t.Version,
			RespondHours: t.RespondHours, ConsultDays: t.ConsultDays, PromiseBusinessDays: t.PromiseBusinessDays,
		}
	}
	shown := []programmeShown{show(rules.ProgrammeCode(p), p.Name, "", p.Enabled)}
	for _, b := range p.Others {
		shown = append(shown, show(b.Code, b.Name, b.Code, b.Enabled))
	}
	return listed[programmeShown]{Items: shown}, nil
}

type postProgramme struct {
	Keyed
	Body struct {
		Code                string `json:"code" minLength:"1" maxLength:"40" doc:"A short word in lower case"`
		Name                string `json:"name" minLength:"1" maxLength:"100"`
		RespondHours        int    `json:"respond_hours,omitempty" minimum:"1" maximum:"720" doc:"Left out: as in the first programme today; so are the others"`
		ConsultDays         int    `json:"consult_days,omitempty" minimum:"1" maximum:"60"`
		PromiseBusinessDays int    `json:"promise_business_days,omitempty" minimum:"1" maximum:"60"`
	}
}

func (a *API) addProgramme(ctx context.Context, in *postProgramme) (listed[programmeShown], error) {
	b := in.Body
	chart, _ := a.store.Programme()
	t := rules.TermsAt(chart.Terms, a.now())
	t.Version, t.Effective = b.Code+" "+a.now().UTC().Format(time.DateOnly), a.now().UTC().Truncate(time.Second)
	for _, n := range []struct {
		into  *int
		value int
	}{{&t.RespondHours, b.RespondHours}, {&t.ConsultDays, b.ConsultDays}, {&t.PromiseBusinessDays, b.PromiseBusinessDays}} {
		if n.value > 0 {
			*n.into = n.value
		}
	}
	return a.onProgrammes(ctx, in.Keyed, act.AddProgramme{Code: b.Code, Title: b.Name, Terms: t})
}

type postEnable struct {
	Keyed
	Body struct {
		Code    string `json:"code" minLength:"1" maxLength:"40"`
		Enabled bool   `json:"enabled" doc:"false: no new requests; what is open goes on"`
	}
}

func (a *API) enableProgramme(ctx context.Context, in *postEnable) (listed[programmeShown], error) {
	chart, _ := a.store.Programme()
	code := in.Body.Code
	if code == rules.ProgrammeCode(*chart.Programme) {
		code = ""
	}
	return a.onProgrammes(ctx, in.Keyed, act.EnableProgramme{Code: code, Enabled: in.Body.Enabled})
}

func (a *API) onProgrammes(ctx context.Context, key Keyed, do act.Act) (listed[programmeShown], error) {
	if _, err := a.do(ctx, key, do); err != nil {
		return listed[programmeShown]{}, err
	}
	return a.programmes(ctx, nil)
}
