package api

import (
	"context"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
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
	Status         care.CoverageStatus `json:"status" enum:"pending,eligible,ineligible,non_participating,needs_info,replaced"`
	Listed         bool                `json:"unprocessable" doc:"It stands on the published list of plans that cannot be processed"`
	SubmittedAt    time.Time           `json:"submitted_at"`
	VerifiedAt     *time.Time          `json:"verified_at,omitempty"`
	Note           string              `json:"note,omitempty"`
	CopayCents     *int                `json:"copay_cents,omitempty"`
	CoinsurancePct *int                `json:"coinsurance_pct,omitempty"`
	Deadline       *deadline           `json:"deadline,omitempty" doc:"Until when it is verified"`
}

func (a *API) showCoverage(chart *care.Chart, c care.Coverage, zone *time.Location) coverage {
	programme, _ := a.store.Programme()
	shown := coverage{
		ID: c.ID, Client: c.Client, Kind: c.Type, Payer: c.Payer, Plan: c.Plan, MemberID: c.MemberID, Group: c.Group, State: c.State,
		Status: c.Status, Listed: rules.Unprocessable(programme.Plans, c.Payer, c.Plan, c.State), SubmittedAt: c.SubmittedAt.In(zone),
		VerifiedAt: in(zone, c.VerifiedAt), Note: c.Note, CopayCents: c.CopayCents, CoinsurancePct: c.CoinsurancePct,
	}
	if d, ok := chart.Deadline(c.Verify); ok {
		owed := showDeadline(d, zone)
		shown.Deadline = &owed
	}
	return shown
}

type postCoverage struct {
	Keyed
	Body struct {
		Kind     care.CoverageType `json:"kind" enum:"health_plan,eap"`
		Payer    string            `json:"payer" minLength:"1" maxLength:"80"`
		Plan     string            `json:"plan" minLength:"1" maxLength:"80"`
		MemberID string            `json:"member_id" minLength:"1" maxLength:"40"`
		Group    string            `json:"group,omitempty" maxLength:"40"`
		State    string            `json:"state,omitempty" maxLength:"2" doc:"Two letters; left out: where you are"`
	}
}

func (a *API) addCoverage(ctx context.Context, in *postCoverage) (coverage, error) {
	b := in.Body
	return a.onCoverage(ctx, in.Keyed, act.AddCoverage{
		Client: actor(ctx).Chart, Type: b.Kind, Payer: b.Payer, Plan: b.Plan, MemberID: b.MemberID, Group: b.Group, State: b.State,
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
	}
}

func (a *API) verifyCoverage(ctx context.Context, in *postVerify) (coverage, error) {
	b := in.Body
	return a.onCoverage(ctx, in.Keyed, act.VerifyCoverage{
		Coverage: care.CoverageID(in.ID), Result: b.Result, Note: b.Note, CopayCents: b.CopayCents, CoinsurancePct: b.CoinsurancePct,
	})
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
	Status care.CoverageStatus `query:"status" enum:"pending,eligible,ineligible,non_participating,needs_info,replaced"`
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
		in.Status = care.CoveragePending
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
			if in.Status == "" || c.Status == in.Status {
				found.Items = append(found.Items, a.showCoverage(chart, c, zone(chart)))
			}
		}
	}
	slices.SortStableFunc(found.Items, func(x, y coverage) int { return x.SubmittedAt.Compare(y.SubmittedAt) })
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
