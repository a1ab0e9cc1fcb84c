package act

import (
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AddCoverage gives plan details. An earlier coverage is kept with its dates
// and replaced; the care team verifies the new one.
type AddCoverage struct {
	Client   care.ChartID
	Type     care.CoverageType
	Payer    string
	Plan     string
	MemberID string
	Group    string
	State    string
}

func (AddCoverage) Name() string             { return "add_coverage" }
func (a AddCoverage) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a AddCoverage) About(Known) care.About { return care.About{Client: a.Client} }

// Decide starts the eligibility clock.
func (a AddCoverage) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	if a.State == "" {
		a.State = client.State
	}
	var wrong problems
	wrong.need(a.Type == care.HealthPlan || a.Type == care.EAP, "kind: say health_plan or eap; the programme itself is neither")
	wrong.need(strings.TrimSpace(a.Payer) != "" && len(a.Payer) <= 80, "payer: name the insurer, as on the card")
	wrong.need(strings.TrimSpace(a.Plan) != "" && len(a.Plan) <= 80, "plan: name the plan, as on the card")
	wrong.need(strings.TrimSpace(a.MemberID) != "" && len(a.MemberID) <= 40, "member_id: give the number on the card")
	wrong.need(len(a.Group) <= 40, "group: at most 40 letters")
	wrong.need(States[a.State], "state: give the two letters of the state, such as NY")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	for _, c := range d.chart.Coverages {
		if c.Status != care.Replaced {
			c.Status = care.Replaced
			d.settle(c.Verify, care.Stopped)
			d.put(c)
		}
	}
	c := care.Coverage{
		ID: care.CoverageID(env.ID("cv")), Client: a.Client, Type: a.Type, Payer: strings.TrimSpace(a.Payer), Plan: strings.TrimSpace(a.Plan),
		MemberID: strings.TrimSpace(a.MemberID), Group: strings.TrimSpace(a.Group), State: a.State,
		SubmittedAt: env.Now, Status: care.CoveragePending,
	}
	c.Verify = d.start(care.Deadline{Code: "eligibility", Subject: string(c.ID), Zone: client.Zone})
	d.put(c)
	d.recheckSessions()
	d.Made = string(c.ID)
	return d.plan()
}

// VerifyCoverage is the care team's finding on a plan.
type VerifyCoverage struct {
	Coverage       care.CoverageID
	Result         care.CoverageStatus
	Note           string
	CopayCents     *int
	CoinsurancePct *int
}

// verdict is what follows from a finding: what each side is told, and whether
// the promise can run.
type verdict struct {
	client, provider string
	pauses           bool
	resumes          bool
}

// verdicts is the table of findings. Where a plan cannot be processed both
// sides are told, each in their own words.
var verdicts = map[care.CoverageStatus]verdict{
	care.Eligible:         {client: "coverage_eligible", provider: "coverage_eligible_provider", resumes: true},
	care.Ineligible:       {client: "coverage_ineligible", provider: "coverage_ineligible_provider"},
	care.NonParticipating: {client: "coverage_non_participating_client", provider: "coverage_non_participating_provider", pauses: true},
	care.NeedsInfo:        {client: "coverage_needs_info"},
}

// CoverageNotices names the mail texts by which a finding is told: to the client,
// and to each provider with an open referral (empty: they are not told).
func CoverageNotices(result care.CoverageStatus) (client, provider string) {
	v := verdicts[result]
	return v.client, v.provider
}

func (VerifyCoverage) Name() string        { return "verify_coverage" }
func (a VerifyCoverage) Needs(Known) Needs { return Needs{Locate: []string{string(a.Coverage)}} }
func (a VerifyCoverage) About(k Known) care.About {
	if chart := k.Of(string(a.Coverage)); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

// Decide tells the client and each provider with an open referral exactly once.
func (a VerifyCoverage) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Coverage))
	if chart == nil {
		return missing()
	}
	c, ok := chart.Coverage(a.Coverage)
	if !ok {
		return missing()
	}
	v, known := verdicts[a.Result]
	var wrong problems
	wrong.need(known, "result: say eligible, ineligible, non_participating or needs_info")
	wrong.need(len(a.Note) <= 500, "note: at most 500 letters")
	wrong.need(a.CopayCents == nil || *a.CopayCents >= 0 && *a.CopayCents <= 1_000_00, "copay_cents: from 0 to 100000")
	wrong.need(a.CoinsurancePct == nil || *a.CoinsurancePct >= 0 && *a.CoinsurancePct <= 100, "coinsurance_pct: from 0 to 100")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	if c.Status == care.Replaced {
		return fault(care.Conflict, "coverage_replaced", "The client has given other plan details since. Verify those instead.")
	}
	if c.Status == a.Result {
		return fault(care.Conflict, "already_verified", "This plan already has that result; nobody is told twice.")
	}
	d := begin(env, chart)
	c.Status, c.VerifiedAt, c.VerifiedBy, c.Note = a.Result, env.Now, env.Actor.Chart, a.Note
	c.CopayCents, c.CoinsurancePct = a.CopayCents, a.CoinsurancePct
	d.put(c)
	d.settle(c.Verify, care.Met)
	d.promisePause(v)
	d.recheckSessions()
	d.tellClient(v.client, string(c.ID), "/coverage", time.Time{})
	if v.provider != "" {
		told := map[care.ChartID]bool{}
		for _, r := range d.chart.Referrals {
			if r.Status.Open() && !told[r.Provider] {
				told[r.Provider] = true
				d.tellProvider(r.Provider, v.provider, string(c.ID), "/pro/r/"+string(r.ID), time.Time{}, "")
			}
		}
	}
	d.Made = string(c.ID)
	return d.plan()
}

// promisePause stops the promise while a plan cannot be processed, and lets it
// run again once one can. The pause is part of the explanation.
func (d *draft) promisePause(v verdict) {
	e, ok := d.chart.OpenEpisode()
	if !ok {
		return
	}
	promise, ok := d.chart.Deadline(e.Promise)
	switch {
	case !ok:
	case v.pauses && promise.State == care.Running:
		d.put(d.env.Clock.Pause(promise, d.env.Now, "coverage", string(d.env.Actor.Role)))
	case v.resumes && promise.State == care.Waiting:
		d.put(d.env.Clock.Resume(promise, d.env.Now))
	}
}

// recheckSessions says again, for each booked session, whether it is covered.
func (d *draft) recheckSessions() {
	for _, ap := range d.chart.Appointments {
		if ap.Type == care.Session && ap.Status == care.Booked {
			if word := covered(d.chart, d.env); word != ap.Covered {
				ap.Covered = word
				d.put(ap)
			}
		}
	}
}

// EarlyHint says whether a plan is on the published list of those that cannot
// be processed, before anyone has looked at it.
func EarlyHint(env Env, payer, plan, state string) bool {
	return rules.Unprocessable(env.Plans, payer, plan, state)
}
