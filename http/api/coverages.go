package api

import (
	"context"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// coverage is a health plan or an EAP of a client, and what was found of it.
type coverage struct {
	ID             care.CoverageID     `json:"id"`
	Client         care.ChartID        `json:"client_id"`
	Kind           care.CoverageType   `json:"kind" enum:"health_plan,eap"`
	Payer          string              `json:"payer"`
	Plan           string              `json:"plan"`
	MemberID       string              `json:"member_id"`
	Group          string              `json:"group,omitempty"`
	State          string              `json:"state"`
	Status         care.CoverageStatus `json:"status" enum:"pending,eligible,ineligible,non_participating,needs_info,expired,replaced"`
	Listed         bool                `json:"unprocessable" doc:"It stands on the published list of plans that cannot be processed"`
	SubmittedAt    time.Time           `json:"submitted_at"`
	VerifiedAt     *time.Time          `json:"verified_at,omitempty"`
	Note           string              `json:"note,omitempty"`
	CopayCents     *int                `json:"copay_cents,omitempty"`
	CoinsurancePct *int                `json:"coinsurance_pct,omitempty"`
	Deductible     *int64              `json:"deductible_cents,omitempty" doc:"What is left of it, as found"`
	Authorization  string              `json:"authorization,omitempty" doc:"Of an EAP"`
	Authorised     int                 `json:"sessions_authorised,omitempty" doc:"Of an EAP"`
	Used           int                 `json:"sessions_used,omitempty" doc:"Of an EAP: sessions that took place on it. The programme itself counts none"`
	From           calendar.Date       `json:"from,omitzero" doc:"The first day it holds, as found"`
	Ends           calendar.Date       `json:"ends,omitzero" doc:"The last day"`
	Replaces       care.CoverageID     `json:"replaces,omitempty" doc:"The one whose place it took"`
	ReplacedAt     *time.Time          `json:"replaced_at,omitempty"`
	Found          care.CoverageStatus `json:"found,omitempty" enum:"pending,eligible,ineligible,non_participating,needs_info" doc:"What had been found of it when it was replaced or ran out"`
	PaysFirst      bool                `json:"pays_first" doc:"It pays for a session that is booked now"`
	CheckSince     *time.Time          `json:"check_since,omitempty" doc:"Since when it waits to be looked at again"`
	NextCheck      *time.Time          `json:"next_check,omitempty"`
	Choice         *deadline           `json:"choice,omitempty" doc:"Until when the client says how to go on without it"`
	Way            care.Way            `json:"way,omitempty" enum:"self_pay,other_coverage,other_provider,cancel" doc:"How the client goes on"`
	Photo          *photo              `json:"photo,omitempty" doc:"Of the card, while there is one"`
	Cost           string              `json:"cost" doc:"What a session costs the client, as far as anyone but the insurer can say"`
	Deadline       *deadline           `json:"deadline,omitempty" doc:"Until when it is verified"`
}

func (a *API) showCoverage(chart *care.Chart, c care.Coverage, zone *time.Location) coverage {
	programme, _ := a.store.Programme()
	shown := coverage{
		ID: c.ID, Client: c.Client, Kind: c.Type, Payer: c.Payer, Plan: c.Plan, MemberID: c.MemberID, Group: c.Group, State: c.State,
		Status: c.Status, Listed: rules.Unprocessable(rules.ListedAt(programme.Plans, a.now()), c.Payer, c.Plan, c.State), SubmittedAt: c.SubmittedAt.In(zone),
		VerifiedAt: in(zone, c.VerifiedAt), Note: c.Note, CopayCents: c.CopayCents, CoinsurancePct: c.CoinsurancePct,
	}
	if d, ok := chart.Deadline(c.Verify); ok {
		owed := showDeadline(d, zone)
		shown.Deadline = &owed
	}
	if d, ok := chart.Deadline(c.Choice); ok {
		owed := showDeadline(d, zone)
		shown.Choice = &owed
	}
	if d, ok := chart.Deadline(c.Check); ok && d.State == care.Running {
		shown.NextCheck = in(zone, d.Due)
	}
	shown.Deductible, shown.Authorization, shown.Authorised, shown.From, shown.Ends = c.DeductibleCents, c.Authorization, c.Authorised, c.From, c.Ends
	shown.Replaces, shown.ReplacedAt, shown.Found, shown.CheckSince, shown.Way = c.Replaces, in(zone, c.ReplacedAt), c.Found, in(zone, c.CheckAt), c.Way
	if c.Card != nil {
		shown.Photo = &photo{Open: c.Card.Open}
		if d, ok := chart.Deadline(c.Card.Removal); ok {
			shown.Photo.Removed = in(zone, d.Due)
		}
	}
	if c.Type == care.EAP {
		shown.Used, _ = rules.Used(chart, c.ID, care.Appointment{})
	}
	if chart.Client != nil {
		first, ok := rules.Paying(chart, care.Appointment{Start: a.now()})
		shown.PaysFirst = ok && first.ID == c.ID
	}
	shown.Cost = rules.CostOf(&c, 0, a.store.Words()).Says
	return shown
}

type postCoverage struct {
	Keyed
	Body struct {
		Kind     care.CoverageType `json:"kind" enum:"health_plan,eap"`
		Payer    string            `json:"payer" minLength:"1" maxLength:"80"`
		Plan     string            `json:"plan" minLength:"1" maxLength:"80"`
		MemberID string            `json:"member_id,omitempty" maxLength:"40" doc:"An EAP may have an authorization instead"`
		Group    string            `json:"group,omitempty" maxLength:"40"`
		State    string            `json:"state,omitempty" maxLength:"2" doc:"Two letters; left out: where you are"`

		Authorization string `json:"authorization,omitempty" maxLength:"40" doc:"Of an EAP"`
		Authorised    int    `json:"sessions_authorised,omitempty" minimum:"0" maximum:"100" doc:"Of an EAP"`
	}
}

func (a *API) addCoverage(ctx context.Context, in *postCoverage) (coverage, error) {
	b := in.Body
	return a.onCoverage(ctx, in.Keyed, act.AddCoverage{
		Client: actor(ctx).Chart, Type: b.Kind, Payer: b.Payer, Plan: b.Plan, MemberID: b.MemberID, Group: b.Group, State: b.State,
		Authorization: b.Authorization, Authorised: b.Authorised,
	})
}

type postVerify struct {
	ByID
	Keyed
	Body struct {
		Result         care.CoverageStatus `json:"result" enum:"eligible,ineligible,non_participating,needs_info"`
		Note           string              `json:"note,omitempty" maxLength:"500"`
		CopayCents     *int                `json:"copay_cents,omitempty" minimum:"0" maximum:"100000"`
		CoinsurancePct *int                `json:"coinsurance_pct,omitempty" minimum:"0" maximum:"100"`
		Deductible     *int64              `json:"deductible_cents,omitempty" minimum:"0" maximum:"10000000" doc:"What is left of it"`
		Authorised     int                 `json:"sessions_authorised,omitempty" minimum:"0" maximum:"100" doc:"Of an EAP; left out: as it was given"`
		From           calendar.Date       `json:"from,omitzero" doc:"The first day it holds"`
		Ends           calendar.Date       `json:"ends,omitzero" doc:"The last day; one that is over says that the plan had ended by then"`
	}
}

func (a *API) verifyCoverage(ctx context.Context, in *postVerify) (coverage, error) {
	b := in.Body
	return a.onCoverage(ctx, in.Keyed, act.VerifyCoverage{
		Coverage: care.CoverageID(in.ID), Result: b.Result, Note: b.Note, CopayCents: b.CopayCents, CoinsurancePct: b.CoinsurancePct,
		DeductibleCents: b.Deductible, Authorised: b.Authorised, From: b.From, Ends: b.Ends,
	})
}

func (a *API) chooseCoverage(ctx context.Context, in *one) (coverage, error) {
	return a.onCoverage(ctx, in.Keyed, act.ChooseCoverage{Coverage: care.CoverageID(in.ID)})
}

type postWay struct {
	ByID
	Keyed
	Body struct {
		Way care.Way `json:"way" enum:"self_pay,other_coverage,other_provider,cancel"`
	}
}

func (a *API) chooseWay(ctx context.Context, in *postWay) (coverage, error) {
	return a.onCoverage(ctx, in.Keyed, act.ChooseWay{Coverage: care.CoverageID(in.ID), Way: in.Body.Way})
}

func (a *API) onCoverage(ctx context.Context, key Keyed, do act.Act) (coverage, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return coverage{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "coverage")
	if err != nil {
		return coverage{}, err
	}
	c, ok := chart.Coverage(care.CoverageID(out.Made))
	if !ok {
		return coverage{}, care.Missing()
	}
	return a.showCoverage(chart, c, a.zone(ctx, chart)), nil
}

type findCoverages struct {
	Status care.CoverageStatus `query:"status" enum:"pending,eligible,ineligible,non_participating,needs_info,expired,replaced"`
	Client care.ChartID        `query:"client" maxLength:"64" doc:"For the care team: all of one client; left out: the queue of those to verify"`
}

// mostQueued bounds how many matters of a queue are read at a time.
const mostQueued = 200

func (a *API) coverages(ctx context.Context, in *findCoverages) (listed[coverage], error) {
	who, ids := actor(ctx), []care.ChartID{in.Client}
	switch {
	case who.Role == care.RoleClient:
		ids[0] = who.Chart
	case in.Client == "":
		var err error
		if ids, err = a.queued(ctx, "coverage"); err != nil {
			return listed[coverage]{}, err
		}
	}
	charts, err := a.store.Charts(ctx, who, ids, "coverages")
	if err != nil {
		return listed[coverage]{}, err
	}
	if in.Client != "" && len(charts) == 0 {
		return listed[coverage]{}, care.Missing()
	}
	found, zone := listed[coverage]{Items: []coverage{}}, a.zones(ctx)
	for _, chart := range charts {
		for _, c := range chart.Coverages {
			queue := who.Role != care.RoleClient && in.Client == ""
			if queue && c.Waits() || !queue && in.Status == "" || !queue && c.Status == in.Status {
				found.Items = append(found.Items, a.showCoverage(chart, c, zone(chart)))
			}
		}
	}
	order.By(found.Items, func(x, y coverage) int { return x.SubmittedAt.Compare(y.SubmittedAt) })
	return found, nil
}

// queued are the clients with a matter in a queue of the care team's, the
// longest waiting first.
func (a *API) queued(ctx context.Context, queue string) ([]care.ChartID, error) {
	members, err := a.store.Find(ctx, actor(ctx), care.Set{Name: care.SetQueue, Of: queue})
	return chartsOf(members), err
}

func chartsOf(members []care.Member) []care.ChartID {
	var ids []care.ChartID
	for _, m := range members {
		if m.Chart != "" && !slices.Contains(ids, m.Chart) && len(ids) < mostQueued {
			ids = append(ids, m.Chart)
		}
	}
	return ids
}
