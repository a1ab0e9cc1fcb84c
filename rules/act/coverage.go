package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// AddCoverage gives plan details. An earlier coverage of the same type is kept
// with its dates and with what was found of it; the care team verifies the new
// one. A health plan and an EAP stand beside each other.
type AddCoverage struct {
	Client        care.ChartID
	Type          care.CoverageType
	Payer         string
	Plan          string
	MemberID      string
	Group         string
	State         string
	Authorization string // of an EAP
	Authorised    int    // of an EAP: sessions; 0: not told
	Photo         []byte // of the card; nil: none
}

func (AddCoverage) Name() string             { return "add_coverage" }
func (a AddCoverage) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a AddCoverage) About(Known) care.About { return care.About{Client: a.Client} }

// mostSessions bounds what an EAP can be said to authorise.
const mostSessions = 100

// Decide starts the eligibility clock.
func (a AddCoverage) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	if f := d.insure(a, client); f != nil {
		return Plan{Fault: f}
	}
	return d.plan()
}

// insure puts a new coverage into a client's chart, or says what is wrong with
// it.
func (d *draft) insure(a AddCoverage, client care.Client) *care.Fault {
	if a.State == "" {
		a.State = client.State
	}
	eap := a.Type == care.EAP
	var wrong problems
	wrong.need(a.Type == care.HealthPlan || eap, "kind: say health_plan or eap; the programme itself is neither")
	wrong.need(strings.TrimSpace(a.Payer) != "" && len(a.Payer) <= 80, "payer: name the insurer, as on the card")
	wrong.need(strings.TrimSpace(a.Plan) != "" && len(a.Plan) <= 80, "plan: name the plan, as on the card")
	wrong.need(care.Alike(a.Payer) != care.Alike(d.env.Programme.Name) && care.Alike(a.Plan) != care.Alike(d.env.Programme.Name), "plan: name the plan that pays; the programme itself is none")
	wrong.need((strings.TrimSpace(a.MemberID) != "" || eap && strings.TrimSpace(a.Authorization) != "") && len(a.MemberID) <= 40, "member_id: give the number on the card")
	wrong.need(len(a.Group) <= 40, "group: at most 40 letters")
	wrong.need(States[a.State], "state: give the two letters of the state, such as NY")
	wrong.need(eap || a.Authorization == "" && a.Authorised == 0, "authorization: only an EAP has one")
	wrong.need(len(a.Authorization) <= 40, "authorization: at most 40 letters")
	wrong.need(a.Authorised >= 0 && a.Authorised <= mostSessions, "authorised: from 1 to 100 sessions, or leave it out")
	if f := wrong.fault(); f != nil {
		return f
	}
	c := care.Coverage{
		ID: care.CoverageID(d.env.ID("cv")), Client: client.ID, Type: a.Type, Payer: strings.TrimSpace(a.Payer), Plan: strings.TrimSpace(a.Plan),
		MemberID: strings.TrimSpace(a.MemberID), Group: strings.TrimSpace(a.Group), State: a.State,
		Authorization: strings.TrimSpace(a.Authorization), Authorised: a.Authorised,
		SubmittedAt: d.env.Now, Status: care.CoveragePending,
	}
	if len(a.Photo) > 0 {
		if says := d.photograph(&c, a.Photo); says != "" {
			return problems{"photo: " + says}.fault()
		}
	}
	for _, had := range d.chart.Coverages {
		if alikeDetails(had, c) && (had.Status == care.CoveragePending || had.Status == care.Eligible) && c.Card == nil {
			return &care.Fault{Kind: care.Conflict, Code: "same_details", Says: "These are the details that we have already, and nothing else is needed. Change what is different, or leave them as they are."}
		}
	}
	for _, earlier := range d.chart.Coverages {
		d.wayChosen(earlier, care.WayOther)
		if earlier.Type == c.Type && earlier.Status != care.Replaced {
			d.replace(earlier)
			c.Replaces = earlier.ID
			if care.Alike(earlier.Payer) != care.Alike(c.Payer) {
				d.askSharingAgain()
			}
		}
	}
	c.Verify = d.start(care.Deadline{Code: "eligibility", Subject: string(c.ID), Zone: client.Zone})
	d.put(c)
	d.promiseWaits()
	if c.Replaces != "" {
		d.tellOfChange(c, changed.client, changed.provider)
	}
	d.recheckSessions()
	d.Made = string(c.ID)
	return nil
}

// alikeDetails says whether two coverages are the same by their details; letter
// case and blanks do not count.
func alikeDetails(a, b care.Coverage) bool {
	same := a.Type == b.Type && a.State == b.State && a.Authorised == b.Authorised
	for _, pair := range [][2]string{{a.Payer, b.Payer}, {a.Plan, b.Plan}, {a.MemberID, b.MemberID}, {a.Group, b.Group}, {a.Authorization, b.Authorization}} {
		same = same && care.Alike(pair[0]) == care.Alike(pair[1])
	}
	return same
}

// replace keeps a coverage as it was found and lets another take its place.
func (d *draft) replace(c care.Coverage) {
	if c, ok := d.chart.Coverage(c.ID); ok {
		if c.Status != care.CoverageExpired {
			c.Found = c.Status
		}
		c.Status, c.ReplacedAt, c.CheckAt = care.Replaced, d.env.Now, time.Time{}
		for _, id := range []care.DeadlineID{c.Verify, c.Check, c.Ended} {
			d.settle(id, care.Stopped)
		}
		d.shut(&c)
		d.put(c)
		d.untask(string(c.ID))
	}
}

// tellOfChange tells the client and each provider with an open referral, each
// once and each in their own words (empty: they are not told).
func (d *draft) tellOfChange(c care.Coverage, client, provider string) {
	if client != "" {
		d.tellClient(client, string(c.ID), "/coverage", time.Time{})
	}
	if provider == "" {
		return
	}
	told := map[care.ChartID]bool{}
	for _, r := range d.chart.Referrals {
		if r.Status.Open() && !told[r.Provider] {
			told[r.Provider] = true
			d.tellProvider(r.Provider, provider, string(c.ID), "/pro/r/"+string(r.ID), time.Time{}, "")
		}
	}
}

// ChooseCoverage says which of several coverages pays first from now on.
type ChooseCoverage struct{ Coverage care.CoverageID }

func (ChooseCoverage) Name() string               { return "choose_coverage" }
func (a ChooseCoverage) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Coverage)}} }
func (a ChooseCoverage) About(k Known) care.About { return aboutCoverage(k, a.Coverage) }

// Decide leaves sessions that took place as they were.
func (a ChooseCoverage) Decide(k Known, env Env) Plan {
	chart, c, ok := coverageOf(k, a.Coverage)
	if !ok {
		return missing()
	}
	if c.Status == care.Replaced || c.Status == care.CoverageExpired {
		return fault(care.Conflict, "coverage_over", "This plan is not in force any more. Choose one that is, or give another.")
	}
	d := begin(env, chart)
	c.ChosenAt = env.Now
	d.put(c)
	d.recheckSessions()
	d.Made = string(c.ID)
	return d.plan()
}

// ChooseWay says how the client goes on when a plan that sessions were booked on
// turns out not to be processable.
type ChooseWay struct {
	Coverage care.CoverageID
	Way      care.Way
}

func (ChooseWay) Name() string               { return "choose_way" }
func (a ChooseWay) About(k Known) care.About { return aboutCoverage(k, a.Coverage) }

// Needs are the client's chart, and those of the providers whose times would be
// given back.
func (a ChooseWay) Needs(k Known) Needs {
	n := Needs{Locate: []string{string(a.Coverage)}}
	if chart := k.Of(string(a.Coverage)); chart != nil && a.Way == care.WayCancel {
		for _, r := range chart.Referrals {
			if r.Status.Open() {
				n.Charts = append(n.Charts, r.Provider)
			}
		}
	}
	return n
}

// ways is what each choice leads to. Another plan is given on its own form.
var ways = map[care.Way]func(*draft, care.Coverage, Known){
	care.WaySelfPay:  (*draft).paysSelf,
	care.WayOther:    func(*draft, care.Coverage, Known) {},
	care.WayProvider: func(d *draft, c care.Coverage, _ Known) { d.task("other_provider", string(c.ID)) },
	care.WayCancel:   (*draft).cancelAll,
}

// Decide keeps the choice; a client may change it for as long as the plan stands
// in the way.
func (a ChooseWay) Decide(k Known, env Env) Plan {
	chart, c, ok := coverageOf(k, a.Coverage)
	if !ok {
		return missing()
	}
	way, known := ways[a.Way]
	switch {
	case !known:
		return fault(care.Invalid, "invalid_input", "way: say self_pay, other_coverage, other_provider or cancel.")
	case c.Status != care.NonParticipating:
		return fault(care.Conflict, "nothing_to_choose", "This plan does not stand in the way, so there is nothing to choose.")
	case c.Way == a.Way:
		return fault(care.Conflict, "already_chosen", "You have chosen this already.")
	}
	d := begin(env, chart)
	d.wayChosen(c, a.Way)
	way(d, c, k)
	d.recheckSessions()
	d.Made = string(c.ID)
	return d.plan()
}

// wayChosen keeps how the client goes on without a coverage, if that was asked.
func (d *draft) wayChosen(c care.Coverage, way care.Way) {
	if c.Choice == "" || c.Way == way {
		return
	}
	c.Way = way
	d.settle(c.Choice, care.Met)
	d.untask(string(c.ID))
	d.put(c)
}

// paysSelf lets the promise go on: no plan is waited for any more. Where the
// provider has told no fee, a person says what a session costs.
func (d *draft) paysSelf(c care.Coverage, _ Known) {
	d.promiseWaits()
	for _, ap := range d.chart.Appointments {
		if ap.Type == care.Session && ap.Status == care.Booked && ap.FeeCents > 0 {
			return
		}
	}
	d.task("self_pay_quote", string(c.ID))
}

// cancelAll takes back every request and cancels every session to come, free of
// charge and without blame. Who is in care stays somebody's client.
func (d *draft) cancelAll(_ care.Coverage, k Known) {
	d.free = true
	for _, r := range d.chart.Referrals {
		if !r.Status.Open() {
			continue
		}
		p, _ := ofProvider(k, r.Provider)
		if r.Status == care.InCare {
			d.callOffAll(r.ID, care.CancelledClient, p.Hours.Zone)
		} else {
			d.endEarly(&r, care.Withdrawn, care.CancelledClient, p)
			d.put(r)
			d.tellProvider(r.Provider, "withdrawn", string(r.ID), "/pro", time.Time{}, "")
		}
		d.baseline(r.Episode)
		d.closeIfIdle(r.Episode, "withdrawn")
	}
}

// VerifyCoverage is the care team's finding on a plan. What is left out stays as
// it was found before.
type VerifyCoverage struct {
	Coverage        care.CoverageID
	Result          care.CoverageStatus
	Note            string
	CopayCents      *int
	CoinsurancePct  *int
	DeductibleCents *int64
	Authorised      int           // of an EAP
	From, Ends      calendar.Date // the first and the last day it holds
}

// verdict is what each side is told of a finding.
type verdict struct{ client, provider string }

// verdicts is the table of findings. Where a plan cannot be processed both
// sides are told, each in their own words.
var verdicts = map[care.CoverageStatus]verdict{
	care.Eligible:         {client: "coverage_eligible", provider: "coverage_eligible_provider"},
	care.Ineligible:       {client: "coverage_ineligible", provider: "coverage_ineligible_provider"},
	care.NonParticipating: {client: "coverage_non_participating_client", provider: "coverage_non_participating_provider"},
	care.NeedsInfo:        {client: "coverage_needs_info"},
}

// changed is what is said of a plan that was found to be otherwise for days that are
// over: never why.
var changed = verdict{"coverage_changed", "coverage_changed_provider"}

// CoverageNotices names the mail texts by which a finding on a plan is told: to the
// client, and to each provider with an open referral (empty: they are not told).
func CoverageNotices(c care.Coverage, result care.CoverageStatus) (client, provider string) {
	v := verdicts[result]
	if c.Status == care.Replaced {
		v = changed
	}
	return v.client, v.provider
}

// MayFind says whether a finding on a coverage still means something: one that
// another has replaced only where a session took place on it.
func MayFind(chart *care.Chart, c care.Coverage) bool {
	return c.Status != care.Replaced || slices.ContainsFunc(chart.Appointments, func(ap care.Appointment) bool {
		return ap.Coverage == c.ID && ap.Status == care.Attended
	})
}

func (VerifyCoverage) Name() string               { return "verify_coverage" }
func (a VerifyCoverage) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Coverage)}} }
func (a VerifyCoverage) About(k Known) care.About { return aboutCoverage(k, a.Coverage) }

// Decide tells the client and each provider with an open referral exactly once.
// A look that finds everything as it was tells nobody. Of a plan that another has
// replaced, what is learned since is kept where sessions were had on it.
func (a VerifyCoverage) Decide(k Known, env Env) Plan {
	chart, c, ok := coverageOf(k, a.Coverage)
	if !ok {
		return missing()
	}
	was, waits := c, c.Waits()
	a.found(&c)
	if f := a.check(was, c, waits, MayFind(chart, was)); f != nil {
		return Plan{Fault: f}
	}
	c.VerifiedAt, c.VerifiedBy, c.Note, c.CheckAt = env.Now, env.Actor.Chart, a.Note, time.Time{}
	d := begin(env, chart)
	usedUp := d.usedUp(was)
	if was.Status == care.Replaced {
		c.Status, c.Found = care.Replaced, c.Status
		d.put(c)
		d.recheckSessions()
		d.tellOfChange(c, changed.client, changed.provider)
		d.Made = string(c.ID)
		return d.plan()
	}
	d.settle(c.Verify, care.Met)
	d.untask(string(c.ID))
	today := env.Today(chart.Client.Zone)
	if !c.Ends.IsZero() && c.Ends.Before(today) {
		c.Found, c.Status = a.Result, care.CoverageExpired
	}
	d.ends(&c)
	d.mustChoose(&c)
	d.shut(&c)
	d.put(c)
	if was.Status != care.NonParticipating || c.Status == care.Eligible {
		d.promiseWaits() // else a plan that can be processed is still waited for
	}
	d.recheckSessions()
	switch v := verdicts[a.Result]; {
	case c.Status == care.CoverageExpired && was.Status != care.CoverageExpired:
		d.tellOfChange(c, changed.client, changed.provider)
	case c.Status != was.Status:
		d.tellOfChange(c, v.client, v.provider)
	case estimate(c) != estimate(was):
		d.tellOfChange(c, "estimate_changed", "")
	}
	if !usedUp && d.usedUp(c) {
		d.askForPlan(c)
	}
	d.Made = string(c.ID)
	return d.plan()
}

// found puts what was found into a coverage.
func (a VerifyCoverage) found(c *care.Coverage) {
	c.Status = a.Result
	for _, one := range []struct {
		told bool
		keep func()
	}{
		{a.CopayCents != nil, func() { c.CopayCents = a.CopayCents }},
		{a.CoinsurancePct != nil, func() { c.CoinsurancePct = a.CoinsurancePct }},
		{a.DeductibleCents != nil, func() { c.DeductibleCents = a.DeductibleCents }},
		{a.Authorised > 0, func() { c.Authorised = a.Authorised }},
		{!a.From.IsZero(), func() { c.From = a.From }},
		{!a.Ends.IsZero(), func() { c.Ends = a.Ends }},
	} {
		if one.told {
			one.keep()
		}
	}
}

// check says what is wrong with a finding on a coverage that was one way and is
// now another.
func (a VerifyCoverage) check(was, c care.Coverage, waits, may bool) *care.Fault {
	_, known := verdicts[a.Result]
	var wrong problems
	wrong.need(known, "result: say eligible, ineligible, non_participating or needs_info")
	wrong.need(len(a.Note) <= 500, "note: at most 500 letters")
	wrong.need(a.CopayCents == nil || *a.CopayCents >= 0 && *a.CopayCents <= 1_000_00, "copay_cents: from 0 to 100000")
	wrong.need(a.CoinsurancePct == nil || *a.CoinsurancePct >= 0 && *a.CoinsurancePct <= 100, "coinsurance_pct: from 0 to 100")
	wrong.need(a.DeductibleCents == nil || *a.DeductibleCents >= 0 && *a.DeductibleCents <= 100_000_00, "deductible_cents: from 0 to 10000000")
	wrong.need(a.Authorised >= 0 && a.Authorised <= mostSessions && (a.Authorised == 0 || c.Type == care.EAP), "authorised: from 1 to 100 sessions, for an EAP only")
	wrong.need(c.From.IsZero() || c.Ends.IsZero() || !c.Ends.Before(c.From), "ends: not before the first day")
	if f := wrong.fault(); f != nil {
		return f
	}
	asFound := was.Finding() == a.Result && was.From == c.From && was.Ends == c.Ends && was.Authorised == c.Authorised && estimate(was) == estimate(c)
	switch {
	case !may:
		return &care.Fault{Kind: care.Conflict, Code: "coverage_replaced", Says: "The client has given other plan details since. Verify those instead."}
	case asFound && !waits:
		return &care.Fault{Kind: care.Conflict, Code: "already_verified", Says: "This plan already has that result; nobody is told twice."}
	}
	return nil
}

// estimate is what the client's part is computed from.
func estimate(c care.Coverage) [3]int64 {
	known := [3]int64{-1, -1, -1}
	if c.CopayCents != nil {
		known[0] = int64(*c.CopayCents)
	}
	if c.CoinsurancePct != nil {
		known[1] = int64(*c.CoinsurancePct)
	}
	if c.DeductibleCents != nil {
		known[2] = *c.DeductibleCents
	}
	return known
}

// ends sets the instant at which a coverage runs out.
func (d *draft) ends(c *care.Coverage) {
	d.settle(c.Ended, care.Stopped)
	c.Ended = ""
	if c.Ends.IsZero() || c.Status == care.CoverageExpired {
		return
	}
	zone := d.chart.Client.Zone
	last := calendar.At(c.Ends.AddDays(1), 0, 0, rules.Zone(zone)).Add(-time.Second)
	c.Ended = d.start(care.Deadline{Code: "coverage_ends", Subject: string(c.ID), Due: last, Zone: zone})
}

// mustChoose asks the client how to go on when a plan cannot be processed and
// something is booked already.
func (d *draft) mustChoose(c *care.Coverage) {
	if c.Status != care.NonParticipating {
		d.settle(c.Choice, care.Stopped)
		c.Choice, c.Way = "", ""
		return
	}
	if d.decided("") && c.Choice == "" {
		c.Choice = d.start(care.Deadline{Code: "coverage_choice", Subject: string(c.ID), Zone: d.chart.Client.Zone})
	}
}

// decided says whether the client has decided on a provider, in a referral other
// than one.
func (d *draft) decided(but care.ReferralID) bool {
	return slices.ContainsFunc(d.chart.Referrals, func(r care.Referral) bool {
		return r.ID != but && r.Status.Open() && !r.Status.Undecided()
	})
}

// unchooseWay ends the question how to go on without a plan, once the last referral
// that it was asked for is over.
func (d *draft) unchooseWay(over care.ReferralID) {
	if d.decided(over) {
		return
	}
	for _, c := range d.chart.Coverages {
		d.settle(c.Choice, care.Stopped)
		d.endTasks("coverage_choice_missed", string(c.ID))
	}
}

// nextCheck sets when the plan that is found eligible is looked at again: on the
// business day before the first session, and after the days that the terms give,
// whichever comes first.
func (d *draft) nextCheck() {
	zone := d.chart.Client.Zone
	for _, c := range d.chart.Coverages {
		if c.Status != care.Eligible || !c.CheckAt.IsZero() {
			d.settle(c.Check, care.Stopped)
			continue
		}
		due := calendar.At(calendar.On(c.VerifiedAt, rules.Zone(zone)).AddDays(d.env.Terms.CoverageCheckDays), 9, 0, rules.Zone(zone))
		over := !due.After(d.env.Now) // while nobody was in care
		first, ahead := d.firstSession()
		var before time.Time
		if ahead {
			before = d.env.Clock.Open.BusinessDaysBefore(first.Start, 1, rules.Zone(zone))
		}
		switch {
		case before.After(c.VerifiedAt) && before.After(d.env.Now) && (over || before.Before(due)):
			due = before
		case over && (ahead || d.inCare()):
			due = d.env.Now
		}
		if set, ok := d.chart.Deadline(c.Check); ok && set.State == care.Running && set.Due.Equal(due) || due.Before(d.env.Now) {
			continue
		}
		d.settle(c.Check, care.Stopped)
		c.Check = d.start(care.Deadline{Code: "coverage_check", Subject: string(c.ID), Due: due, Zone: zone})
		d.put(c)
	}
}

// inCare says whether a provider sees the client by now.
func (d *draft) inCare() bool {
	return slices.ContainsFunc(d.chart.Referrals, func(r care.Referral) bool { return r.Status == care.InCare })
}

// firstSession is the booked one with which an episode would begin in earnest.
func (d *draft) firstSession() (care.Appointment, bool) {
	e, ok := d.chart.OpenEpisode()
	if !ok {
		return care.Appointment{}, false
	}
	return d.nextSession(func(ap care.Appointment) bool { return ap.Episode == e.ID })
}

// checkDue puts a plan back before the care team, while the client is in care or
// about to be. Until somebody has looked, everything stays as it was found.
func checkDue(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	c, ok := d.chart.Coverage(care.CoverageID(dl.Subject))
	inCare := slices.ContainsFunc(d.chart.Referrals, func(r care.Referral) bool { return r.Status.Clinical() })
	if !ok || c.Status != care.Eligible || !inCare {
		return
	}
	c.CheckAt = d.env.Now
	c.Verify = d.start(care.Deadline{Code: "eligibility", Subject: string(c.ID), Zone: dl.Zone})
	d.shut(&c)
	d.put(c)
}

// coverageOver is the end of a coverage's last day.
func coverageOver(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	c, ok := d.chart.Coverage(care.CoverageID(dl.Subject))
	if !ok || c.Status == care.Replaced || c.Status == care.CoverageExpired {
		return
	}
	c.Found, c.Status, c.CheckAt = c.Status, care.CoverageExpired, time.Time{}
	d.settle(c.Verify, care.Stopped)
	d.settle(c.Check, care.Stopped)
	d.endTasks("eligibility_late", string(c.ID))
	d.shut(&c)
	d.put(c)
	d.recheckSessions()
	d.tellOfChange(c, "coverage_over", "coverage_changed_provider")
}

func choiceNudge(d *draft, dl care.Deadline, _ Known) {
	d.tellClient("coverage_choice", dl.Subject, "/coverage", dl.Due)
}

// choiceMissed has a person ask the client; nothing is cancelled by itself.
func choiceMissed(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	d.task("coverage_choice_missed", dl.Subject)
}

// promiseWaits lets the promise of somebody who has not had a session stand still
// while a plan is in the way, and run again once none is. The pause is part of
// the explanation.
func (d *draft) promiseWaits() {
	e, ok := d.chart.OpenEpisode()
	if !ok {
		return
	}
	promise, paused := d.coveragePause()
	running, ok := d.chart.Deadline(e.Promise)
	switch inTheWay := d.planInTheWay(); {
	case paused && !inTheWay:
		d.put(d.env.Clock.Resume(promise, d.env.Now))
	case ok && inTheWay && running.State == care.Running && !d.env.Now.After(running.Due): // what is over waits for nothing
		d.put(d.env.Clock.Pause(running, d.env.Now, "coverage", string(d.env.Actor.Role)))
	}
}

// planInTheWay says whether a plan is waited for: a changed one that nobody has
// looked at, or, after one that cannot be processed, one that can, unless the
// client pays themselves.
func (d *draft) planInTheWay() bool {
	today, waits := d.env.Today(d.chart.Client.Zone), false
	for _, c := range d.chart.Coverages {
		switch {
		case c.Status == care.Replaced || c.Way == care.WaySelfPay:
		case c.On(today) == care.Eligible:
			return false
		case c.Status == care.NonParticipating || c.Status == care.CoveragePending && c.Replaces != "" || d.afterFailing(c):
			waits = true
		}
	}
	return waits
}

// afterFailing says whether a coverage took the place of one that could not be
// processed.
func (d *draft) afterFailing(c care.Coverage) bool {
	for c.Replaces != "" {
		earlier, ok := d.chart.Coverage(c.Replaces)
		if !ok {
			return false
		}
		if c = earlier; c.Found == care.NonParticipating {
			return true
		}
	}
	return false
}

// coveragePause is the promise, if it stands still because of a plan.
func (d *draft) coveragePause() (care.Deadline, bool) {
	e, ok := d.chart.OpenEpisode()
	if !ok {
		return care.Deadline{}, false
	}
	promise, ok := d.chart.Deadline(e.Promise)
	return promise, ok && promise.State == care.Waiting && promise.Pauses[len(promise.Pauses)-1].Reason == "coverage"
}

// EarlyHint says whether a plan is on the published list of those that cannot
// be processed, before anyone has looked at it.
func EarlyHint(env Env, payer, plan, state string) bool {
	return rules.Unprocessable(rules.ListedAt(env.Plans, env.Now), payer, plan, state)
}

func aboutCoverage(k Known, id care.CoverageID) care.About {
	if chart := k.Of(string(id)); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

func coverageOf(k Known, id care.CoverageID) (*care.Chart, care.Coverage, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Coverage{}, false
	}
	c, ok := chart.Coverage(id)
	return chart, c, ok
}
