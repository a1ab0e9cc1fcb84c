package act_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// The requirements on plans, R25 to R30 and R73, each as its example says.

func plan(c care.ChartID, name string) act.AddCoverage {
	return act.AddCoverage{Client: c, Type: care.HealthPlan, Payer: "Optum", Plan: name, MemberID: "TEST0001", Group: "G-1"}
}

func eap(c care.ChartID, authorised int) act.AddCoverage {
	return act.AddCoverage{Client: c, Type: care.EAP, Payer: "Optum", Plan: "Lakefront EAP", Authorization: "AUTH-1", Authorised: authorised}
}

func (w *world) insured(c care.ChartID, a act.AddCoverage) care.CoverageID {
	w.Helper()
	id := care.CoverageID(w.do(client(c), a))
	w.verifies(id, care.Eligible)
	return id
}

func (w *world) verifies(id care.CoverageID, result care.CoverageStatus) {
	w.Helper()
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: result})
}

func (w *world) coverage(c care.ChartID, id care.CoverageID) care.Coverage {
	w.Helper()
	v, ok := w.chart(c).Coverage(id)
	if !ok {
		w.Fatalf("no coverage %s", id)
	}
	return v
}

// attends books a session and has it attended.
func (w *world) attends(p care.ChartID, r care.ReferralID, c care.ChartID, start time.Time, minutes int, service string) care.Appointment {
	w.Helper()
	id := care.AppointmentID(w.do(provider(p), act.BookSession{Referral: r, Start: start, Minutes: minutes, Service: service}))
	w.until(start.Add(time.Duration(minutes) * time.Minute))
	w.do(provider(p), act.Outcome{Appointment: id, Result: care.Attended})
	return w.appointment(c, id)
}

func (w *world) charge(c care.ChartID, ap care.AppointmentID) care.Charge {
	w.Helper()
	for _, ch := range w.chart(c).Charges {
		if ch.Appointment == ap {
			return ch
		}
	}
	w.Fatalf("no charge for %s", ap)
	return care.Charge{}
}

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestR25ABookingWithABenefitAndNoPlanIsUnverified(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	ap := w.session(p, r, w.now.Add(24*time.Hour))
	is(t, "covered", w.appointment(c, ap).Covered, "unverified")
	w.until(w.now.Add(25 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	ch := w.charge(c, ap)
	is(t, "charge", ch.State, care.ChargeHeld)
	d := rules.MayClaim.Decide(rules.ClaimFacts{Charge: ch}, nil)
	is(t, "a claim may go out", d.Outcome, rules.Unknown)

	// A plan given since that is found to have held on that day pays for it.
	id := care.CoverageID(w.do(client(c), plan(c, "Lakefront HMO")))
	is(t, "charge while nobody has looked", w.charge(c, ap).State, care.ChargeHeld)
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, From: day(2026, 1, 1)})
	is(t, "charge", w.charge(c, ap).State, care.ChargeReady)
}

func TestR25TheProgrammeIsNoCoverage(t *testing.T) {
	w := open(t)
	c := w.enters(1)
	for _, a := range []act.AddCoverage{plan(c, "Care Connect"), plan(c, "careconnect"), {Client: c, Type: "programme", Payer: "Optum", Plan: "Any", MemberID: "TEST0001"}} {
		if f := w.fault(client(c), a); f == nil || f.Kind != care.Invalid {
			t.Errorf("%s %s: %v", a.Type, a.Plan, f)
		}
	}
}

// TestR27AChangedGroupNumber: back to pending, both parties notified, the old
// result kept with its dates.
func TestR27AChangedGroupNumber(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	old := w.insured(c, plan(c, "Lakefront HMO"))
	before := w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	is(t, "before", before.Covered, "covered")
	ahead := w.session(p, r, w.now.Add(48*time.Hour))

	changed := plan(c, "Lakefront HMO")
	changed.Group = "G-2"
	next := care.CoverageID(w.do(client(c), changed))
	is(t, "status", w.coverage(c, next).Status, care.CoveragePending)
	kept := w.coverage(c, old)
	is(t, "old status", kept.Status, care.Replaced)
	is(t, "old result", kept.Found, care.Eligible)
	is(t, "old dates", kept.VerifiedAt.IsZero() || !kept.ReplacedAt.Equal(w.now), false)
	is(t, "client told", w.told(c, "coverage_changed", string(next))[string(c)], 1)
	is(t, "provider told", w.told(c, "coverage_changed_provider", string(next))[string(p)], 1)

	is(t, "visit before", w.appointment(c, before.ID).Coverage, old)
	is(t, "visit before", w.appointment(c, before.ID).Covered, "covered")
	is(t, "visit after", w.appointment(c, ahead).Covered, "hold")
	is(t, "charge before", w.charge(c, before.ID).State, care.ChargeReady)
	w.verifies(next, care.Eligible)
	is(t, "visit after", w.appointment(c, ahead).Covered, "covered")
	is(t, "visit after", w.appointment(c, ahead).Coverage, next)
	is(t, "visit before", w.appointment(c, before.ID).Coverage, old)
}

// TestR27AChangeBeforeTheFirstSession lets the promise stand still only while the
// care team looks.
func TestR27AChangeBeforeTheFirstSession(t *testing.T) {
	for _, result := range []care.CoverageStatus{care.Eligible, care.Ineligible, care.NeedsInfo} {
		w := open(t)
		p, c := w.joins(1, true), w.enters(1)
		w.insured(c, plan(c, "Lakefront HMO"))
		w.asks(c, p)
		state := func() care.DeadlineState { return w.deadline(c, "promise", string(w.episode(c).ID)).State }
		is(t, "at first", state(), care.Running)
		next := care.CoverageID(w.do(client(c), plan(c, "Harbor Select")))
		is(t, "changed", state(), care.Waiting)
		w.until(w.now.Add(2 * time.Hour))
		w.verifies(next, result)
		is(t, string(result), state(), care.Running)
		w.close()
	}
}

// TestR27LookedAtAgain: before the first session, then every 30 days in care.
func TestR27LookedAtAgain(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	id := w.insured(c, plan(c, "Lakefront HMO"))
	r := w.held(c, p)
	first := w.now.Add(72 * time.Hour) // Thursday
	w.session(p, r, first)
	before := time.Date(2026, 10, 7, 5, 0, 0, 0, time.UTC) // the business day before, from its first minute
	is(t, "before the first session", w.deadline(c, "coverage_check", string(id)).Due.IsZero(), false)
	w.until(before.Add(-time.Second))
	is(t, "not yet", w.coverage(c, id).Waits(), false)
	w.until(before.Add(2 * time.Second))
	is(t, "waits", w.coverage(c, id).Waits(), true)
	is(t, "still eligible", w.coverage(c, id).Status, care.Eligible)
	mails := len(w.chart(c).Messages)
	w.verifies(id, care.Eligible)
	is(t, "looked at", w.coverage(c, id).Waits(), false)
	is(t, "nobody is told that all is as it was", len(w.chart(c).Messages), mails)
	if f := w.fault(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible}); f == nil || f.Code != "already_verified" {
		t.Errorf("a second look that nobody asked for: %v", f)
	}
	w.until(first.Add(time.Hour))
	w.until(w.now.AddDate(0, 0, 30))
	is(t, "after 30 days", w.coverage(c, id).Waits(), true)
	w.until(w.now.AddDate(0, 0, 5))
	is(t, "and late after a business day", w.tasks(c, "eligibility_late"), 1)
}

// TestR27RetroactiveTermination: charges that went out are marked for another
// look, those that did not go out are held, and the provider is told that the
// coverage changed, never why.
func TestR27RetroactiveTermination(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	id := w.insured(c, plan(c, "Lakefront HMO"))
	out := w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	w.exports(1)
	in := w.attends(p, r, c, w.now.Add(48*time.Hour), 50, "")
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, Ends: day(2026, 10, 1), Note: "ended with a change of jobs"})
	is(t, "status", w.coverage(c, id).Status, care.CoverageExpired)
	is(t, "went out", w.charge(c, out.ID).Rebill, true)
	is(t, "went out", w.charge(c, out.ID).State, care.ChargeExported)
	is(t, "still here", w.charge(c, in.ID).State, care.ChargeHeld)
	is(t, "provider told", w.told(c, "coverage_changed_provider", string(id))[string(p)], 1)
	seen, err := w.store.Chart(t.Context(), provider(p), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range seen.Coverages {
		is(t, "what the provider reads of it", v.Note, "")
	}
	w.exports(0)
}

// TestR27ADayTooLate: coverage that ended the day before the session.
func TestR27ADayTooLate(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	id := care.CoverageID(w.do(client(c), plan(c, "Lakefront HMO")))
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, From: day(2026, 1, 1), Ends: day(2026, 10, 8)})
	last := w.session(p, r, time.Date(2026, 10, 8, 20, 0, 0, 0, time.UTC))
	late := w.session(p, r, time.Date(2026, 10, 9, 20, 0, 0, 0, time.UTC))
	is(t, "on the last day", w.appointment(c, last).Covered, "covered")
	is(t, "the day after", w.appointment(c, late).Covered, "hold")
	w.until(time.Date(2026, 10, 9, 4, 59, 59, 0, time.UTC))
	is(t, "in the last second", w.coverage(c, id).Status, care.Eligible)
	w.until(time.Date(2026, 10, 9, 5, 0, 0, 0, time.UTC))
	is(t, "run out", w.coverage(c, id).Status, care.CoverageExpired)
	is(t, "client told", w.told(c, "coverage_over", string(id))[string(c)], 1)
	is(t, "on the last day still", w.appointment(c, last).Covered, "covered")
}

// TestR29TwoNoticesHoweverOftenItIsSent: client and provider, once each.
func TestR29TwoNoticesHoweverOftenItIsSent(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	w.asks(c, p)
	id := care.CoverageID(w.do(client(c), plan(c, "Harbor Legacy PPO")))
	before := len(w.chart(c).Messages)
	for range 3 {
		w.refused(careTeam, act.VerifyCoverage{Coverage: id, Result: care.NonParticipating})
	}
	is(t, "notices", len(w.chart(c).Messages)-before, 2)
	is(t, "client", w.told(c, "coverage_non_participating_client", "")[string(c)], 1)
	is(t, "provider", w.told(c, "coverage_non_participating_provider", "")[string(p)], 1)
}

// TestR30FoundAfterBookingBeforeTheFirstSession: two notices, hold, no claim, the
// promise stands still and goes on with a new eligible plan.
func TestR30FoundAfterBookingBeforeTheFirstSession(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	id := care.CoverageID(w.do(client(c), plan(c, "Harbor Legacy PPO")))
	r := w.asks(c, p)
	w.do(provider(p), act.Accept{Referral: r})
	call := w.now.Add(26 * time.Hour)
	w.do(client(c), act.Book{Referral: r, Start: call})
	ahead := w.session(p, r, w.now.Add(96*time.Hour))
	w.verifies(id, care.NonParticipating)
	is(t, "notices", len(w.told(c, "coverage_non_participating_client", ""))+len(w.told(c, "coverage_non_participating_provider", "")), 2)
	is(t, "the session", w.appointment(c, ahead).Covered, "hold")
	is(t, "the call stands", w.appointment(c, w.referral(c, r).Meeting).Status, care.Booked)
	promise := w.deadline(c, "promise", string(w.episode(c).ID))
	is(t, "promise", promise.State, care.Waiting)
	is(t, "reason", promise.Pauses[0].Reason, "coverage")
	choice := w.deadline(c, "coverage_choice", string(id))
	is(t, "two business days", choice.Due.Equal(time.Date(2026, 10, 8, 4, 59, 59, 0, time.UTC)), true)

	w.until(choice.Due.Add(time.Second))
	is(t, "asked once more", w.told(c, "coverage_choice", string(id))[string(c)], 1)
	is(t, "then a person asks", w.tasks(c, "coverage_choice_missed"), 1)
	is(t, "nothing is cancelled by itself", w.appointment(c, ahead).Status, care.Booked)
	w.exports(0)

	next := care.CoverageID(w.do(client(c), plan(c, "Lakefront HMO")))
	is(t, "while nobody has looked", w.deadline(c, "promise", string(w.episode(c).ID)).State, care.Waiting)
	w.verifies(next, care.Eligible)
	is(t, "promise", w.deadline(c, "promise", string(w.episode(c).ID)).State, care.Running)
	is(t, "way", w.coverage(c, id).Way, care.WayOther)
	is(t, "the session", w.appointment(c, ahead).Covered, "covered")
}

// TestR30TheFourWays of going on.
func TestR30TheFourWays(t *testing.T) {
	for _, way := range []care.Way{care.WaySelfPay, care.WayOther, care.WayProvider, care.WayCancel} {
		w := open(t)
		p, c := w.joins(1, true), w.enters(1)
		w.do(provider(p), act.SetFee{Provider: p, FeeCents: 150_00})
		id := care.CoverageID(w.do(client(c), plan(c, "Harbor Legacy PPO")))
		r := w.held(c, p)
		ahead := w.session(p, r, w.now.Add(48*time.Hour))
		w.verifies(id, care.NonParticipating)
		w.do(client(c), act.ChooseWay{Coverage: id, Way: way})
		is(t, "choice", w.deadline(c, "coverage_choice", string(id)).State, care.Met)
		ap, promise := w.appointment(c, ahead), w.deadline(c, "promise", string(w.episode(c).ID))
		switch way {
		case care.WaySelfPay:
			is(t, "covered", ap.Covered, "self_pay")
			is(t, "promise", promise.State, care.Running)
			w.until(ap.End)
			w.do(provider(p), act.Outcome{Appointment: ahead, Result: care.Attended})
			ch := w.charge(c, ahead)
			is(t, "charge", ch.State, care.ChargeSelfPay)
			is(t, "part", *ch.PartCents, int64(150_00))
			w.exports(0)
		case care.WayProvider:
			is(t, "a person helps", w.tasks(c, "other_provider"), 1)
			is(t, "promise", promise.State, care.Waiting)
		case care.WayCancel:
			is(t, "the session", ap.Status, care.CancelledClient)
			is(t, "the request", w.referral(c, r).Status, care.Withdrawn)
			is(t, "promise", promise.State, care.Stopped)
		}
		w.close()
	}
}

// TestR26TheEAPRunsOutInCare: shown as used on the coverage, the seventh session
// asks for a health plan, and nothing is blocked.
func TestR26TheEAPRunsOutInCare(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	id := w.insured(c, eap(c, 6))
	for n := 1; n <= 7; n++ {
		ap := w.attends(p, r, c, w.now.Add(48*time.Hour), 50, "")
		used, _ := rules.Used(w.chart(c), id, care.Appointment{})
		is(t, "used", used, min(n, 6))
		is(t, "covered", ap.Covered, map[bool]string{true: "covered", false: "unverified"}[n <= 6])
		is(t, "asked for a plan", w.told(c, "eap_used", string(id))[string(c)], map[bool]int{true: 0, false: 1}[n < 6])
		if n <= 6 {
			is(t, "the client's part", *w.charge(c, ap.ID).PartCents, int64(0))
		}
	}
}

// TestR26ASessionEnteredAfterwards takes its place among those of an EAP, and the
// one that is booked for later loses it.
func TestR26ASessionEnteredAfterwards(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	id := w.insured(c, eap(c, 1))
	ahead := w.session(p, r, w.now.Add(48*time.Hour))
	is(t, "while it is the only one", w.appointment(c, ahead).Coverage, id)
	w.now = w.now.Add(2 * time.Hour)
	late := w.do(provider(p), act.BookSession{Referral: r, Start: w.now.Add(-50 * time.Minute), Minutes: 50, Late: "It took place by telephone."})
	is(t, "the one that took place", w.appointment(c, care.AppointmentID(late)).Coverage, id)
	is(t, "the one that is booked", w.appointment(c, ahead).Coverage, care.CoverageID(""))
}

// TestR26BothKinds: an order is shown, and the client picks.
func TestR26BothKinds(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	health := w.insured(c, plan(c, "Lakefront HMO"))
	w.until(w.now.Add(time.Minute))
	help := care.CoverageID(w.do(client(c), eap(c, 3)))
	ahead := w.session(p, r, w.now.Add(48*time.Hour))
	is(t, "while the EAP is looked at", w.appointment(c, ahead).Coverage, health)
	w.verifies(help, care.Eligible)
	is(t, "the one given last", w.appointment(c, ahead).Coverage, help)
	w.until(w.now.Add(time.Minute))
	w.do(client(c), act.ChooseCoverage{Coverage: health})
	is(t, "the one picked", w.appointment(c, ahead).Coverage, health)
	is(t, "covered", w.appointment(c, ahead).Covered, "covered")
}

// TestR20NoCountAndNoEnd: 60 sessions over three years, of every kind.
func TestR20NoCountAndNoEnd(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	w.insured(c, plan(c, "Lakefront HMO"))
	for n := range 60 {
		service := rules.Services[n%len(rules.Services)].Name
		ap := w.attends(p, r, c, w.now.AddDate(0, 0, 18), 50, service)
		is(t, "covered", ap.Covered, "covered")
		is(t, "service", w.charge(c, ap.ID).Service, service)
	}
	is(t, "in care", w.referral(c, r).Status, care.InCare)
	for _, code := range []string{"limit", "sessions", "too_many"} {
		is(t, "tasks", w.tasks(c, code), 0)
	}
}

// TestR21AnyLengthAcrossAChangeOfClocks: 110 minutes over the hour that comes
// twice, and 5 and 480.
func TestR21AnyLengthAcrossAChangeOfClocks(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	start := time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC) // 1:30 CDT; an hour later it is 1:30 CST
	ap := w.attends(p, r, c, start, 110, "")
	is(t, "end", ap.End.Equal(time.Date(2026, 11, 1, 8, 20, 0, 0, time.UTC)), true)
	is(t, "end there", ap.End.In(rules.Zone("America/Chicago")).Format("15:04 MST"), "02:20 CST")
	is(t, "minutes", w.charge(c, ap.ID).Minutes, 110)
	for _, minutes := range []int{5, 480} {
		is(t, "minutes", w.charge(c, w.attends(p, r, c, w.now.Add(72*time.Hour), minutes, "").ID).Minutes, minutes)
	}
	for _, minutes := range []int{4, 481} {
		if f := w.fault(provider(p), act.BookSession{Referral: r, Start: w.now.Add(time.Hour), Minutes: minutes}); f == nil || f.Kind != care.Invalid {
			t.Errorf("%d minutes: %v", minutes, f)
		}
	}
}

// TestR70TheEmployerEndsInCare: care goes on as ordinary care on the plan.
func TestR70TheEmployerEndsInCare(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	w.insured(c, plan(c, "Lakefront HMO"))
	ap := w.attends(p, r, c, w.now.Add(48*time.Hour), 50, "")
	is(t, "covered", ap.Covered, "covered")
	employers := w.chart(care.ProgrammeChart).Employers
	w.do(careTeam, act.UpdateEmployer{Employer: employers[0].ID, Name_: employers[0].Name, Industry: employers[0].Industry, Starts: employers[0].Starts, Ends: calendar.On(w.now, time.UTC)})
	later := w.attends(p, r, c, w.now.Add(72*time.Hour), 50, "")
	is(t, "covered", later.Covered, "ordinary")
	is(t, "charge", w.charge(c, later.ID).State, care.ChargeReady)
	is(t, "what was before", w.appointment(c, ap.ID).Covered, "covered")
}

// fault does an act that must be refused for a fault, and gives it.
func (w *world) fault(actor care.Actor, a act.Act) *care.Fault {
	w.Helper()
	_, err := w.store.Do(w.ctx(), actor, a)
	var f *care.Fault
	if err != nil && !errors.As(err, &f) {
		w.Fatalf("%s: %v", a.Name(), err)
	}
	return f
}

// TestR45ACorrectedOutcome takes the charge back, and gives it again.
func TestR45ACorrectedOutcome(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	w.insured(c, plan(c, "Lakefront HMO"))
	ap := w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	correct := func(result care.AppointmentStatus) {
		w.do(provider(p), act.Correct{Appointment: ap.ID, Result: result, Reason: "a slip"})
	}
	correct(care.NoShowClient)
	is(t, "charge", w.charge(c, ap.ID).State, care.ChargeVoid)
	w.exports(0)
	correct(care.Attended)
	is(t, "charge", w.charge(c, ap.ID).State, care.ChargeReady)
	w.exports(1)
	correct(care.NoShowClient)
	is(t, "what went out", w.charge(c, ap.ID).State, care.ChargeExported)
	is(t, "is looked at again", w.charge(c, ap.ID).Rebill, true)
}

func (w *world) ctx() context.Context { return context.Background() }

var billing = care.Actor{Role: care.RoleBilling, Chart: "ac_billing"}

// exports makes a claim file, and counts its rows.
func (w *world) exports(want int) care.ChartID {
	w.Helper()
	out, err := w.store.Do(w.ctx(), billing, act.ExportClaims{})
	if err != nil {
		w.Fatalf("export: %v", err)
	}
	if out.Counts["rows"] != want || (out.Made != "") != (want > 0) {
		w.Fatalf("%d rows went out in %q, want %d", out.Counts["rows"], out.Made, want)
	}
	return care.ChartID(out.Made)
}
