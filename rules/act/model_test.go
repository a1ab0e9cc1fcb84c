package act_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// Sequences for each of rapid's hundred runs: 2,000 in all, and fewer where the
// race detector makes each of them ten times slower.
const sequencesPerRun = 20 / slower

// TestWhateverHappens lets a client, two providers and the care team do anything
// in any order, with any time in between, across restarts and kills, and holds
// what must hold all along.
func TestWhateverHappens(t *testing.T) {
	lives(t, sequencesPerRun, anyhow)
}

// TestR95WhateverHappensToTheMail has mails to the client taken, refused, late and
// brought back while a first call is arranged.
func TestR95WhateverHappensToTheMail(t *testing.T) {
	lives(t, max(1, sequencesPerRun/5), func(l *life) {
		l.whiles = []time.Duration{time.Minute, time.Hour, 5 * time.Hour, 23 * time.Hour}
		l.deeds = []string{"ask", "accept", "propose", "book agreed", "cancel", "other times", "nobody came", "post", "post", "post", "post", "post", "post", "post"}
		l.do(provider(l.providers[1]), act.Accept{Referral: l.asks(l.me, l.providers[1])})
	})
}

// TestWhateverHappensAround has what surrounds a life change while it goes on: where the
// client lives and works, when and where providers practise and what they ask, what becomes
// of claims, days on which everything is closed; and people ask to be forgotten.
func TestWhateverHappensAround(t *testing.T) {
	lives(t, max(1, sequencesPerRun/5), func(l *life) {
		l.deeds = slices.Concat(around, around, onTheWay)
		p := l.providers[1]
		r := l.held(l.me, p)
		l.insured(l.me, act.AddCoverage{Client: l.me, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST0001"})
		for n := range rapid.IntRange(0, 3).Draw(l.t, "sessions") {
			start := calendar.At(calendar.On(l.now, rules.Zone("America/Chicago")).AddDays(1+n), 10, 0, rules.Zone("America/Chicago"))
			ap := care.AppointmentID(l.do(provider(p), act.BookSession{Referral: r, Start: start, Minutes: 50}))
			if rapid.IntRange(0, 2).Draw(l.t, "still to come") > 0 {
				l.until(start)
				l.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
			}
		}
	})
}

// lives lets a client live so many times in each of rapid's runs, once it has begun.
func lives(t *testing.T, sequences int, begins func(*life)) {
	root := inMemory(t)
	if os.Getenv("CARECONNECT_TORTURE") == "" && flag.Lookup("rapid.seed").Value.String() == "0" {
		// The same lives each time: a change that breaks none is not stopped by what
		// chance finds that day. The long campaign takes others each time.
		if err := flag.Set("rapid.seed", "7"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range sequences {
			dir, err := os.MkdirTemp(root, "")
			if err != nil {
				t.Fatal(err)
			}
			l := newLife(t, dir)
			begins(l)
			for range rapid.IntRange(5, 25).Draw(t, "length") {
				l.step()
			}
			l.sweep()
			l.holds()
			l.close()
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// inMemory is a folder that no disk slows down, where the machine has one.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "careconnect-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// life is one client between two providers.
type life struct {
	*world
	t         *rapid.T
	me        care.ChartID
	providers []care.ChartID
	deeds     []string
	whiles    []time.Duration
}

func newLife(t *rapid.T, dir string) *life {
	w := newWorld(t, dir)
	return &life{world: w, t: t, providers: []care.ChartID{w.joins(1, true), w.joins(2, false)}, me: w.enters(1), deeds: deeds, whiles: long}
}

// anyhow begins a life somewhere on its way.
func anyhow(l *life) {
	w, t := l.world, l.t
	if rapid.Bool().Draw(t, "on the way") { // half of them have met a provider, and some have sessions ahead
		r := w.held(l.me, l.providers[1])
		for range rapid.IntRange(0, 2).Draw(t, "sessions") {
			l.refused(provider(l.providers[1]), act.BookSession{Referral: r, Start: l.opening(), Minutes: 50})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "waiting") == 0 { // a fourth of them wait for one
		w.waitlist(l.providers[0], true)
		w.waits(l.me, l.providers[0])
		if rapid.Bool().Draw(t, "invited") {
			w.do(provider(l.providers[0]), act.InviteWaiting{Provider: l.providers[0]})
		}
	}
}

// step lets time pass and somebody do something, which may be refused.
func (l *life) step() {
	l.now = l.now.Add(l.wait())
	switch rapid.IntRange(0, 19).Draw(l.t, "what befalls the process") {
	case 0:
		l.restart(false)
	case 1:
		l.restart(true)
	case 2: // somebody puts the clock back a little, and the store does not follow
		l.now = l.now.Add(-4 * time.Minute)
	}
	if rapid.IntRange(0, 3).Draw(l.t, "swept") > 0 {
		l.sweep()
		l.holds()
	}
	actor, a := l.deed()
	if a == nil {
		return
	}
	l.refused(actor, a)
	if rapid.IntRange(0, 3).Draw(l.t, "swept after") > 0 {
		l.sweep()
		l.holds()
	}
}

// wait is a while, or until a second before, at or after something is due.
func (l *life) wait() time.Duration {
	var next []time.Duration
	for _, d := range l.chart(l.me).Deadlines {
		for _, at := range []time.Time{d.Due, d.Next} {
			if d.State == care.Running && at.After(l.now.Add(time.Second)) {
				next = append(next, at.Sub(l.now))
			}
		}
	}
	for _, ap := range l.chart(l.me).Appointments {
		if ap.Status == care.Booked && ap.Start.After(l.now.Add(time.Second)) {
			next = append(next, ap.Start.Sub(l.now))
		}
	}
	if len(next) > 0 && rapid.Bool().Draw(l.t, "to something due") {
		return rapid.SampledFrom(next).Draw(l.t, "until") + time.Duration(rapid.IntRange(-1, 1).Draw(l.t, "off by"))*time.Second
	}
	return rapid.SampledFrom(l.whiles).Draw(l.t, "wait")
}

// opening is some working hour in the days to come, to the quarter.
func (l *life) opening() time.Time {
	day := l.now.UTC().Truncate(24*time.Hour).AddDate(0, 0, rapid.IntRange(0, 9).Draw(l.t, "day"))
	return day.Add(time.Duration(14*60+15*rapid.IntRange(-2, 34).Draw(l.t, "quarter")) * time.Minute)
}

// long are the times that may pass in between.
var long = []time.Duration{time.Second, time.Minute, time.Hour, 5 * time.Hour, 23 * time.Hour, 50 * time.Hour, 8 * 24 * time.Hour, 33 * 24 * time.Hour}

// deed is something that somebody tries.
func (l *life) deed() (care.Actor, act.Act) {
	return l.deedOf(rapid.SampledFrom(l.deeds).Draw(l.t, "deed"))
}

// deeds are what somebody may try.
var deeds = []string{
	"ask", "ask", "ask listing", "book at once", "accept", "accept", "decline", "propose", "book", "book", "book agreed", "withdraw",
	"session", "session", "session", "outcome", "outcome", "outcome", "save", "fill", "fill", "plan", "plan", "eap", "first", "way", "verify", "verify", "verify", "acknowledge",
	"leave", "join", "pause", "resume", "share", "finish",
	"reschedule", "reschedule", "cancel", "cancel", "other times", "other times", "hold", "hold", "record late", "hand over", "hand over", "answer over", "answer over", "not a fit", "nobody came",
	"waitlist", "waitlist", "join list", "join list", "leave list", "stay on list", "invite", "invite", "move",
	"ask match", "propose match", "withdraw match", "caseload", "virtual", "choose", "discharge", "suspend", "reinstate",
	"correct", "correct", "refuse form", "retake", "goodbye", "come back", "come back",
}

// around are what may change beside the way to care and in it.
var around = []string{
	"credential", "hours", "fee", "zone", "employer", "employed", "left work", "name employer", "share no more", "closed day", "programme",
	"export", "export", "settle", "settle", "correct charge", "correct charge", "write off", "ask details", "give details", "ask erasure", "refuse erasure", "erase",
}

// onTheWay are the deeds of those who have met.
var onTheWay = []string{
	"session", "session", "session", "outcome", "outcome", "outcome", "outcome", "correct", "correct", "correct", "record late", "reschedule", "cancel",
	"plan", "eap", "verify", "verify", "verify", "first", "way", "share", "move", "fill", "virtual", "leave", "join", "choose", "suspend", "reinstate",
	"not a fit", "withdraw", "hand over", "answer over", "discharge", "goodbye", "ask", "ask", "accept", "book agreed", "come back", "finish",
}

// deedOf is one of a sort.
func (l *life) deedOf(deed string) (care.Actor, act.Act) {
	chart := l.chart(l.me)
	p := rapid.SampledFrom(l.providers).Draw(l.t, "provider")
	var r care.Referral
	if len(chart.Referrals) > 0 {
		r = rapid.SampledFrom(chart.Referrals).Draw(l.t, "referral")
	}
	who := rapid.SampledFrom([]care.Actor{client(l.me), provider(r.Provider)}).Draw(l.t, "who")
	switch deed {
	case "ask":
		return client(l.me), act.Request{Client: l.me, Provider: p}
	case "ask listing":
		return client(l.me), act.Request{Client: l.me, Provider: p, Preferred: []time.Time{l.opening()}}
	case "book at once":
		return client(l.me), act.Request{Client: l.me, Provider: p, Start: l.opening()}
	case "accept":
		return provider(r.Provider), act.Accept{Referral: r.ID}
	case "decline":
		return provider(r.Provider), act.Decline{Referral: r.ID}
	case "propose":
		return provider(r.Provider), act.Propose{Referral: r.ID, Times: []time.Time{l.opening()}}
	case "book":
		return who, act.Book{Referral: r.ID, Start: l.opening()}
	case "book agreed":
		if agreed := slices.Concat(r.Preferred, r.Offered); len(agreed) > 0 {
			return who, act.Book{Referral: r.ID, Start: agreed[0]}
		}
	case "withdraw":
		return client(l.me), act.Withdraw{Referral: r.ID}
	case "session":
		return who, act.BookSession{Referral: r.ID, Start: l.opening(), Minutes: 50}
	case "outcome":
		begun := slices.DeleteFunc(slices.Clone(chart.Appointments), func(ap care.Appointment) bool { return ap.Start.After(l.now) })
		if len(begun) > 0 {
			ap := rapid.SampledFrom(begun).Draw(l.t, "appointment")
			return provider(ap.Provider), act.Outcome{Appointment: ap.ID, Result: rapid.SampledFrom([]care.AppointmentStatus{care.Attended, care.Attended, care.NoShowClient, care.NoShowProvider}).Draw(l.t, "result")}
		}
	case "reschedule":
		if ap, ok := l.someBooked(chart); ok {
			return l.oneSide(ap), act.Reschedule{Appointment: ap.ID, Start: l.opening()}
		}
	case "cancel":
		if ap, ok := l.someBooked(chart); ok {
			return l.oneSide(ap), act.Cancel{Appointment: ap.ID}
		}
	case "record late":
		back := time.Duration(rapid.IntRange(1, 100).Draw(l.t, "hours ago")) * time.Hour
		return provider(r.Provider), act.BookSession{Referral: r.ID, Start: l.now.Add(-back), Minutes: 50, Late: "It took place by telephone."}
	case "hand over":
		return provider(r.Provider), act.HandOver{Referral: r.ID, To: p}
	case "answer over":
		return client(l.me), act.AnswerHandOver{Referral: r.ID, Yes: rapid.Bool().Draw(l.t, "yes")}
	case "not a fit":
		return who, act.NotAFit{Referral: r.ID}
	case "nobody came":
		if ap, ok := l.someBooked(chart); ok {
			return client(l.me), act.Outcome{Appointment: ap.ID, Result: care.NoShowProvider}
		}
	case "hold":
		if rapid.Bool().Draw(l.t, "somebody new") {
			return care.Anonymous, act.Hold{Holder: fmt.Sprintf("%064x", rapid.IntRange(1, 5).Draw(l.t, "browser")), State: "IL", Provider: p, Start: l.opening()}
		}
		return client(l.me), act.Hold{Client: l.me, Provider: p, Start: l.opening()}
	case "other times":
		a := act.OtherTimes{Referral: r.ID, Later: rapid.Bool().Draw(l.t, "later")}
		if rapid.Bool().Draw(l.t, "listing") {
			a.Preferred = []time.Time{l.opening()}
		}
		return client(l.me), a
	case "save":
		if len(chart.Screenings) > 0 {
			s := rapid.SampledFrom(chart.Screenings).Draw(l.t, "form")
			in, _ := instrument.Get(s.Instrument)
			return client(l.me), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{rapid.SampledFrom(in.Items).Draw(l.t, "item").Code: rapid.IntRange(0, 3).Draw(l.t, "value")}}
		}
	case "fill":
		if len(chart.Screenings) > 0 {
			s := rapid.SampledFrom(chart.Screenings).Draw(l.t, "form")
			l.refused(client(l.me), act.SaveAnswers{Screening: s.ID, Answers: answers(s.Instrument, rapid.IntRange(0, 3).Draw(l.t, "value"))})
			return client(l.me), act.Submit{Screening: s.ID}
		}
	case "correct":
		if len(chart.Appointments) > 0 {
			ap := rapid.SampledFrom(chart.Appointments).Draw(l.t, "appointment")
			return provider(ap.Provider), act.Correct{Appointment: ap.ID, Reason: "told wrongly", Result: rapid.SampledFrom([]care.AppointmentStatus{care.Attended, care.NoShowClient, care.NoShowProvider}).Draw(l.t, "rather")}
		}
	case "refuse form", "retake":
		if len(chart.Screenings) > 0 {
			s := rapid.SampledFrom(chart.Screenings).Draw(l.t, "form")
			if rapid.Bool().Draw(l.t, "refuse") {
				return client(l.me), act.DeclineScreening{Screening: s.ID}
			}
			return client(l.me), act.Retake{Screening: s.ID}
		}
	case "plan":
		return client(l.me), act.AddCoverage{Client: l.me, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST0001", Group: rapid.SampledFrom([]string{"G-1", "G-2"}).Draw(l.t, "group")}
	case "eap":
		return client(l.me), act.AddCoverage{Client: l.me, Type: care.EAP, Payer: "Optum", Plan: "Lakefront EAP", Authorization: "AUTH1", Authorised: rapid.IntRange(0, 2).Draw(l.t, "authorised")}
	case "first":
		if len(chart.Coverages) > 0 {
			return client(l.me), act.ChooseCoverage{Coverage: rapid.SampledFrom(chart.Coverages).Draw(l.t, "plan").ID}
		}
	case "way":
		if len(chart.Coverages) > 0 {
			return client(l.me), act.ChooseWay{
				Coverage: rapid.SampledFrom(chart.Coverages).Draw(l.t, "plan").ID,
				Way:      rapid.SampledFrom([]care.Way{care.WaySelfPay, care.WayOther, care.WayProvider, care.WayCancel}).Draw(l.t, "way"),
			}
		}
	case "verify":
		if len(chart.Coverages) > 0 {
			c := rapid.SampledFrom(chart.Coverages).Draw(l.t, "plan")
			v := act.VerifyCoverage{Coverage: c.ID, Result: rapid.SampledFrom([]care.CoverageStatus{care.Eligible, care.Eligible, care.Ineligible, care.NonParticipating, care.NeedsInfo}).Draw(l.t, "finding")}
			if rapid.IntRange(0, 2).Draw(l.t, "ends") == 0 {
				v.Ends = calendar.On(l.now.AddDate(0, 0, rapid.IntRange(-40, 40).Draw(l.t, "last day")), rules.Zone("America/Chicago"))
			}
			return careTeam, v
		}
	case "acknowledge":
		if len(chart.Alerts) > 0 {
			return provider(chart.Alerts[0].Provider), act.Acknowledge{Alert: chart.Alerts[0].ID, Action: "contacted"}
		}
	case "leave":
		return provider(p), act.Leave{Provider: p}
	case "join":
		return provider(p), act.Join{Provider: p, Attest: rules.DutyCodes()}
	case "pause":
		return provider(p), act.Pause{Provider: p}
	case "resume":
		return provider(p), act.Resume{Provider: p}
	case "ask match":
		return client(l.me), act.AskMatch{Client: l.me}
	case "propose match":
		if len(chart.Episodes) > 0 {
			return careTeam, act.ProposeMatch{Episode: chart.Episodes[len(chart.Episodes)-1].ID, Providers: []care.ChartID{p}}
		}
	case "withdraw match":
		if len(chart.Episodes) > 0 {
			return client(l.me), act.WithdrawMatch{Episode: chart.Episodes[len(chart.Episodes)-1].ID}
		}
	case "caseload":
		most := rapid.IntRange(0, 2).Draw(l.t, "caseload")
		return provider(p), act.SetCaseload{Provider: p, Caseload: &most}
	case "waitlist":
		only := rapid.Bool().Draw(l.t, "names only")
		return provider(p), act.SetCaseload{Provider: p, WaitlistOnly: &only}
	case "join list":
		return client(l.me), act.JoinWaitlist{Client: l.me, Provider: p}
	case "leave list", "stay on list":
		if len(chart.Waits) > 0 {
			wt := rapid.SampledFrom(chart.Waits).Draw(l.t, "place")
			if rapid.Bool().Draw(l.t, "stay") {
				return client(l.me), act.StayOnWaitlist{Wait: wt.ID}
			}
			return client(l.me), act.LeaveWaitlist{Wait: wt.ID}
		}
	case "invite":
		return provider(p), act.InviteWaiting{Provider: p}
	case "move":
		state := rapid.SampledFrom([]string{"IL", "IL", "NY"}).Draw(l.t, "state")
		return client(l.me), act.UpdateMe{Client: l.me, State: &state}
	case "virtual":
		return provider(p), act.SetVirtual{Provider: p, Virtual: rapid.Bool().Draw(l.t, "virtual")}
	case "choose":
		return provider(r.Provider), act.Choose{Referral: r.ID, HandOn: rapid.Bool().Draw(l.t, "hand on")}
	case "discharge":
		return provider(r.Provider), act.Discharge{Referral: r.ID}
	case "suspend":
		return careTeam, act.Suspend{Provider: p, Reason: "Licence under review."}
	case "reinstate":
		return careTeam, act.Reinstate{Provider: p}
	case "post":
		return care.System, l.post(chart)
	case "goodbye":
		return client(l.me), act.LeaveProgramme{Client: l.me}
	case "come back":
		l.comesBack()
	case "share":
		return client(l.me), act.SetSharing{Client: l.me, Sharing: true, Scopes: []string{"identity"}, TextVersion: act.ConsentTextVersion}
	case "finish":
		if len(chart.Tasks) > 0 {
			return careTeam, act.FinishTask{Task: rapid.SampledFrom(chart.Tasks).Draw(l.t, "task").ID}
		}
	default:
		return l.deedAround(deed, chart, p)
	}
	return care.Actor{}, nil
}

// deedAround is one of what changes around a life.
func (l *life) deedAround(deed string, chart *care.Chart, p care.ChartID) (care.Actor, act.Act) {
	w, t := l.world, l.t
	switch deed {
	case "credential":
		days := func(name string) calendar.Date {
			return calendar.On(w.now.AddDate(0, 0, rapid.IntRange(-3, 12).Draw(t, name)), rules.Zone("America/Chicago"))
		}
		var credentials []care.Credential
		for _, state := range []string{"IL", "NY"} {
			c := care.Credential{State: state, From: day(2026, 1, 1)}
			switch rapid.SampledFrom([]string{"holds", "holds", "ends", "begins", "none"}).Draw(t, "in "+state) {
			case "none":
				continue
			case "ends":
				c.Until = days("last day")
			case "begins":
				c.From = days("first day")
			}
			credentials = append(credentials, c)
		}
		return careTeam, act.Credential{Provider: p, Credentials: credentials}
	case "hours":
		hours := week(rapid.SampledFrom([]string{"America/Chicago", "America/New_York", "America/Los_Angeles", "Asia/Tokyo"}).Draw(t, "zone"))
		hours.ClosedOnHolidays = rapid.Bool().Draw(t, "closed on holidays")
		a := act.SetHours{Provider: p, Hours: hours}
		if rapid.Bool().Draw(t, "way to join") {
			link := rapid.SampledFrom([]string{"", "https://video.example.test/room"}).Draw(t, "link")
			a.Link = &link
		}
		return provider(p), a
	case "fee":
		return provider(p), act.SetFee{Provider: p, FeeCents: int64(rapid.IntRange(0, 200).Draw(t, "fee")) * 100}
	case "zone":
		zone := rapid.SampledFrom([]string{"America/Chicago", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu"}).Draw(t, "zone")
		return client(l.me), act.UpdateMe{Client: l.me, Zone: &zone}
	case "employer":
		return client(l.me), act.ClaimBenefit{
			Client: l.me, Code: rapid.SampledFrom([]string{"LANTERN", "LANTERN", "UNKNOWN"}).Draw(t, "code"),
			Evidence: rapid.SampledFrom([]care.Evidence{care.ByPortal, care.ByWord}).Draw(t, "evidence"),
		}
	case "employed":
		return careTeam, act.CheckEmployment{Client: l.me, Employed: rapid.Bool().Draw(t, "employed")}
	case "left work":
		return client(l.me), act.EndEmployment{Client: l.me}
	case "name employer":
		return client(l.me), act.NameEmployer{Client: l.me, Yes: rapid.Bool().Draw(t, "named")}
	case "share no more":
		return client(l.me), act.SetSharing{Client: l.me, TextVersion: act.ConsentTextVersion}
	case "closed day":
		terms := rules.DefaultTerms(w.now)
		closed := calendar.On(w.now.AddDate(0, 0, rapid.IntRange(0, 12).Draw(t, "closed")), rules.Zone("America/Chicago"))
		terms.Holidays = []calendar.Holiday{{Date: closed, Name: "The office moves"}}
		return careTeam, act.AdoptTerms{Terms: terms, Why: "as a test"}
	case "programme":
		return careTeam, act.EnableProgramme{Enabled: rapid.IntRange(0, 3).Draw(t, "closed for new requests") > 0}
	case "ask details":
		return careTeam, act.AskDetails{Client: l.me}
	case "give details":
		for _, pass := range chart.Passes {
			if pass.Type == care.PassDetails {
				return care.Anonymous, act.GiveDetails{Hash: pass.Hash, Details: act.AddCoverage{Type: care.HealthPlan, Payer: "Optum", Plan: "Choice Plus", MemberID: "TEST0002"}}
			}
		}
	case "ask erasure":
		return careTeam, act.AskErasure{Client: l.me}
	case "refuse erasure", "erase":
		return l.erased(deed)
	default:
		return l.deedOfBilling(deed, chart)
	}
	return care.Actor{}, nil
}

// erased is one of how it ends that somebody is to be forgotten. Who is begins anew.
func (l *life) erased(deed string) (care.Actor, act.Act) {
	asked := l.find(care.Erasures(care.ErasureAsked))
	other := care.Actor{Role: care.RoleCareTeam, Chart: "ac_second"}
	switch {
	case deed == "refuse erasure" && len(asked) > 0:
		return other, act.RefuseErasure{Erasure: asked[0].Chart}
	case deed == "refuse erasure" || rapid.IntRange(0, 3).Draw(l.t, "erased after all") > 0:
		return care.Actor{}, nil
	}
	actor, a := client(l.me), act.Act(act.Erase{Client: l.me})
	if len(asked) > 0 {
		actor, a = other, act.ConfirmErasure{Erasure: asked[0].Chart}
	}
	if l.refused(actor, a) == "done" {
		l.me = l.enters(1)
	}
	return care.Actor{}, nil
}

// deedOfBilling is one of what becomes of the charge of a session.
func (l *life) deedOfBilling(deed string, chart *care.Chart) (care.Actor, act.Act) {
	if deed == "export" {
		return care.System, act.ExportClaims{}
	}
	if len(chart.Charges) == 0 {
		return care.Actor{}, nil
	}
	c := rapid.SampledFrom(chart.Charges).Draw(l.t, "charge")
	switch deed {
	case "settle":
		return care.System, act.SettleClaim{Charge: c.ID, Result: rapid.SampledFrom([]care.ChargeState{care.ChargeAccepted, care.ChargeRejected}).Draw(l.t, "answer"), Why: "Not on file."}
	case "correct charge":
		fee := int64(rapid.IntRange(0, 200).Draw(l.t, "fee")) * 100
		return care.System, act.CorrectCharge{Charge: c.ID, FeeCents: &fee, Why: "told wrongly"}
	case "write off":
		return care.System, act.WriteOff{Charge: c.ID, Why: "Nobody pays for it."}
	}
	l.Fatalf("nobody does %q", deed)
	return care.Actor{}, nil
}

// comesBack has the client begin anew in another browser, do this and that there, and
// say then that both accounts are theirs. Where that is refused they leave the new one.
func (l *life) comesBack() {
	l.Helper()
	first := l.me
	if l.chart(first).Account.Password == "" {
		l.opens(first)
	}
	l.me = l.enters(1)
	l.opens(l.me)
	for range rapid.IntRange(1, 8).Draw(l.t, "deeds in the other browser") {
		l.now = l.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour, 5 * time.Hour, 23 * time.Hour}).Draw(l.t, "meanwhile"))
		if chart := l.chart(l.me); !slices.ContainsFunc(chart.Referrals, care.Referral.Waits) {
			p := rapid.SampledFrom(l.providers).Draw(l.t, "asked anew")
			l.refused(client(l.me), act.Request{Client: l.me, Provider: p})
			continue
		}
		if actor, a := l.deedOf(rapid.SampledFrom(others).Draw(l.t, "deed")); a != nil {
			l.refused(actor, a)
		}
	}
	second := l.me
	proof := func(c care.ChartID) string { return l.chart(c).Account.Password }
	say := act.JoinAccounts{Mine: first, Other: second, Proof: proof(second)}
	if rapid.Bool().Draw(l.t, "in the new browser") {
		say = act.JoinAccounts{Mine: second, Other: first, Proof: proof(first)}
	}
	out, err := l.store.Do(context.Background(), client(say.Mine), say)
	if err == nil && out.Decision.Outcome == rules.Yes {
		l.me = care.ChartID(out.Made)
		return
	}
	l.refused(client(second), act.LeaveProgramme{Client: second})
	l.me = first
}

// others are the deeds of the first steps, in another browser.
var others = []string{
	"ask", "ask listing", "book at once", "accept", "accept", "accept", "propose", "book", "book agreed", "session", "session", "session",
	"save", "plan", "plan", "eap", "verify", "verify", "share", "join list", "ask match", "hold", "decline",
}

// words are what a client is told of times that are theirs to choose.
var words = []string{"accepted", "proposed", "cancelled", "no_show"}

// post is what becomes next of a mail to the client: it is sent, taken or refused,
// and may come back.
func (l *life) post(chart *care.Chart) act.Act {
	to := slices.DeleteFunc(slices.Clone(chart.Messages), func(m care.Message) bool { return m.To != l.me || !slices.Contains(words, m.Template) })
	if len(to) == 0 {
		return act.Delivered{Chart: l.me}
	}
	m := rapid.SampledFrom(to[max(0, len(to)-3):]).Draw(l.t, "mail")
	switch {
	case m.State == care.Ready || m.State == care.Retry:
		return act.Lease{Chart: l.me, Message: m.ID, For: time.Minute, Tagged: true}
	case m.State == care.Sending && rapid.Bool().Draw(l.t, "taken"):
		return act.Delivered{Chart: l.me, Message: m.ID}
	case m.State == care.Sending:
		return act.Undelivered{Chart: l.me, Message: m.ID, Final: rapid.Bool().Draw(l.t, "for good")}
	}
	return act.Bounced{Chart: l.me, Message: m.ID, Try: m.Attempts, Moved: rapid.Bool().Draw(l.t, "moved")}
}

func (l *life) someBooked(chart *care.Chart) (care.Appointment, bool) {
	standing := slices.DeleteFunc(slices.Clone(chart.Appointments), func(ap care.Appointment) bool { return ap.Status != care.Booked })
	if len(standing) == 0 {
		return care.Appointment{}, false
	}
	return rapid.SampledFrom(standing).Draw(l.t, "booked"), true
}

func (l *life) oneSide(ap care.Appointment) care.Actor {
	return rapid.SampledFrom([]care.Actor{client(ap.Client), provider(ap.Provider)}).Draw(l.t, "side")
}

// holds is what must be so whenever everything that is due has happened.
func (l *life) holds() {
	l.Helper()
	chart := l.chart(l.me)
	for _, d := range chart.Deadlines {
		if d.State == care.Running && !d.Next.IsZero() && !d.Next.After(l.now) {
			l.Fatalf("%s was to do something at %v, and it is %v", d.Code, d.Next, l.now)
		}
	}
	l.listedAsTheRulesSay()
	l.answersInTime(chart)
	l.goesOn(chart)
	l.nothingTwice(chart)
	l.firstAttended(chart)
	l.formsBeforeSessions(chart)
	l.appointmentsAreTold(chart)
	l.waitsOnlyForTheClient(chart)
	l.holdsEnd(chart)
	l.waitsEnd(chart)
	l.paidByAPlan(chart)
	l.marked(chart)
}

// marked: what is booked ahead is at risk where its provider has no credential where
// the client is, and nothing else is; who comes back leaves no task behind.
func (l *life) marked(chart *care.Chart) {
	l.Helper()
	elsewhere := func(p care.ChartID, at time.Time) bool {
		provider := l.chart(p).Provider
		return !slices.Contains(provider.States(calendar.On(at, rules.Zone(provider.Hours.Zone))), chart.Client.State)
	}
	for _, ap := range chart.Appointments {
		if ap.Status == care.Booked && ap.Start.After(l.now) && ap.AtRisk != elsewhere(ap.Provider, ap.Start) {
			l.Fatalf("%s is at risk %t, and the client is in %s", ap.ID, ap.AtRisk, chart.Client.State)
		}
	}
	for _, r := range chart.Referrals {
		if r.Status.Open() && !elsewhere(r.Provider, l.now) && slices.ContainsFunc(chart.Tasks, func(t care.Task) bool {
			return t.Code == "client_elsewhere" && t.Subject == string(r.ID) && t.DoneAt.IsZero()
		}) {
			l.Fatalf("the care team is to look at %s, and its provider sees the client", r.ID)
		}
	}
}

// holdsEnd: a client holds one time at most, and none that has run out. Of what is held
// for people whom nobody knows a browser holds one, a provider gives few, and each has a
// clock that runs.
func (l *life) holdsEnd(chart *care.Chart) {
	l.Helper()
	if len(chart.Holds) > 1 {
		l.Fatalf("%d times are held at once", len(chart.Holds))
	}
	for _, h := range chart.Holds {
		if !l.now.Before(h.Until) {
			l.Fatalf("%s was to end at %v, and it is %v", h.ID, h.Until, l.now)
		}
	}
	by := map[string]int{}
	for _, p := range l.providers {
		here := 0
		for _, h := range l.chart(p).Holds {
			if d, ok := l.chart(p).Deadline(h.Clock); !ok || d.State != care.Running || d.Subject != string(h.ID) || !d.Due.Equal(h.Until) {
				l.Fatalf("%s has the clock %+v", h.ID, d)
			}
			if by[h.Holder]++; by[h.Holder] > 1 {
				l.Fatalf("one browser holds %d times", by[h.Holder])
			}
			if l.now.Before(h.Until) {
				here++
			}
		}
		if here > act.HeldOfOne {
			l.Fatalf("%d times of %s are held for people whom nobody knows", here, p)
		}
	}
}

// waitsEnd: nobody waits for a provider who has left, takes new clients or was
// asked; each place has one clock that runs, and none when it has ended; a
// provider's list is those who wait, and somebody is always whose turn it is.
func (l *life) waitsEnd(chart *care.Chart) {
	l.Helper()
	row := map[care.ChartID]int{}
	for _, wt := range chart.Waits {
		running := 0
		for _, d := range chart.Deadlines {
			if d.Subject == string(wt.ID) && d.State == care.Running {
				running++
			}
		}
		p := l.chart(wt.Provider).Provider
		switch {
		case rules.TurnOf(wt) == "":
			l.Fatalf("%s is nobody's turn to say", wt.ID)
		case wt.Status.Stands() != (running == 1) || running > 1 || wt.Status.Stands() != wt.EndedAt.IsZero():
			l.Fatalf("%s is %s with %d clocks, ended %v", wt.ID, wt.Status, running, wt.EndedAt)
		case !wt.Status.Stands():
			continue
		case p.Standing.Gone() || !*p.Virtual || !p.WaitlistOnly:
			l.Fatalf("%s is %s with one who is %s, virtual %t, names only %t", wt.ID, wt.Status, p.Standing, *p.Virtual, p.WaitlistOnly)
		case wt.Status == care.WaitInvited && !wt.Invites(l.now):
			l.Fatalf("%s is invited until %v, and it is %v", wt.ID, wt.Until, l.now)
		case slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool { return r.Provider == wt.Provider && r.Status.Open() }):
			l.Fatalf("%s waits for one whom the client has asked", wt.ID)
		}
		row[wt.Provider]++
	}
	for _, p := range l.providers {
		if got := len(l.find(care.Waitlist(p))); got != row[p] || got > 1 {
			l.Fatalf("%d stand in the row of %s, and %d wait", got, p, row[p])
		}
	}
}

// appointmentsAreTold: each side is reminded of what is to come and of nothing
// else; the notices of one appointment count up by one, from nought, to each side
// alike; and no provider is in two places at once.
func (l *life) appointmentsAreTold(chart *care.Chart) {
	l.Helper()
	for _, d := range chart.Deadlines {
		if d.State != care.Running || d.Code != "visit_client" && d.Code != "visit_provider" && d.Code != "no_word" && d.Code != "link" {
			continue
		}
		ap, _ := chart.Appointment(care.AppointmentID(d.Subject))
		if ap.Status != care.Booked || d.Code == "no_word" && !d.Starts.Equal(ap.Start) || d.Code != "no_word" && !d.Due.Equal(ap.Start) {
			l.Fatalf("%s of an appointment that is %s at %v is due %v", d.Code, ap.Status, ap.Start, d.Due)
		}
	}
	told := map[care.AppointmentID]map[care.ChartID][]int{}
	for _, m := range chart.Messages {
		if m.Event != nil {
			id := m.Event.Appointment
			if told[id] == nil {
				told[id] = map[care.ChartID][]int{}
			}
			told[id][m.To] = append(told[id][m.To], m.Event.Sequence)
		}
	}
	for _, ap := range chart.Appointments {
		if ap.Recorded != "" {
			continue // nobody's calendar ever had it
		}
		for _, side := range []care.ChartID{ap.Client, ap.Provider} {
			seen := told[ap.ID][side]
			slices.Sort(seen)
			if len(seen) != ap.Sequence+1 || seen[0] != 0 || seen[len(seen)-1] != ap.Sequence {
				l.Fatalf("%s of %s is at %d, and %s was told %v", ap.ID, ap.Status, ap.Sequence, side, seen)
			}
		}
		for _, other := range chart.Appointments {
			if ap.ID < other.ID && ap.Provider == other.Provider && ap.Status == care.Booked && other.Status == care.Booked && ap.Start.Before(other.End) && other.Start.Before(ap.End) {
				l.Fatalf("%s and %s are booked at once", ap.ID, other.ID)
			}
		}
	}
}

// waitsOnlyForTheClient: the days of a first call wait only while it is the
// client's to choose, and somebody counts how long.
func (l *life) waitsOnlyForTheClient(chart *care.Chart) {
	l.Helper()
	for _, r := range chart.Referrals {
		consult, _ := chart.Deadline(r.Consult)
		choosing := rules.WhoseTurn(r, chart) == rules.TurnClient && r.Status.Undecided()
		if consult.State == care.Waiting && !choosing {
			l.Fatalf("%s is %s, turn of %s, and its days wait", r.ID, r.Status, rules.WhoseTurn(r, chart))
		}
		if consult.State == care.Running && !consult.Due.Equal(l.clock().Start(consult).Due) {
			l.Fatalf("%s is due %v, and computed anew %v", r.ID, consult.Due, l.clock().Start(consult).Due)
		}
		choice := slices.IndexFunc(chart.Deadlines, func(d care.Deadline) bool {
			return d.Code == "choose" && d.Subject == string(r.ID) && d.State == care.Running
		})
		counted := choice >= 0
		if counted && consult.State == care.Waiting {
			l.restsOnAWord(chart, r, consult.Pauses[len(consult.Pauses)-1].From, chart.Deadlines[choice].Starts)
		}
		if choosing != counted && !l.lost(chart) { // whom no mail reaches the care team looks after
			l.Fatalf("%s is %s: the client chooses %v, and their silence is counted %v", r.ID, r.Status, choosing, counted)
		}
	}
}

// restsOnAWord: what waits since they are silent waits because of something that is
// not known to have gone astray.
func (l *life) restsOnAWord(chart *care.Chart, r care.Referral, since, choosing time.Time) {
	l.Helper()
	var last care.Message
	for _, m := range chart.Messages {
		ap, _ := chart.Appointment(care.AppointmentID(m.Subject))
		if m.To == l.me && slices.Contains(words, m.Template) && (m.Subject == string(r.ID) || ap.Referral == r.ID) && !m.At.After(since) && !m.At.Before(last.At) {
			last = m
		}
	}
	if since.After(choosing) && last.State == care.Dead {
		l.Fatalf("the days of %s wait since %v for a client who was told by %s, which did not arrive", r.ID, since, last.ID)
	}
}

// lost says whether something that the client was to be told did not arrive, or not
// at once.
func (l *life) lost(chart *care.Chart) bool {
	return slices.ContainsFunc(chart.Messages, func(m care.Message) bool {
		return m.To == l.me && slices.Contains(words, m.Template) && (m.State == care.Dead || m.State == care.Sending || m.State == care.Retry || m.Attempts > 1)
	})
}

func (l *life) clock() rules.Clock {
	_, clock := l.store.Programme()
	return clock
}

// listedAsTheRulesSay: a search finds exactly whom the rules list, counted anew.
func (l *life) listedAsTheRulesSay() {
	l.Helper()
	programme, clock := l.store.Programme()
	for _, p := range l.providers {
		members, err := l.store.Find(context.Background(), care.System, care.Panel(p))
		if err != nil {
			l.Fatalf("panel of %s: %v", p, err)
		}
		record := *l.chart(p).Provider
		facts := rules.ProviderFacts{
			Provider: record, State: "IL", Today: calendar.On(l.now, rules.Zone(record.Hours.Zone)), Terms: rules.TermsAt(programme.Terms, l.now), Versions: clock.Terms, Panel: len(members),
		}
		if says := rules.ProviderIsListed.Decide(facts, nil).Outcome == rules.Yes; l.listed(p, "IL") != says {
			l.Fatalf("%s, %d of %d clients: the rules list them %t", record.Standing, len(members), record.Caseload, says)
		}
	}
}

// paidByAPlan: no session is called covered without a coverage that was found
// eligible for its day; each attended one has one charge, which is ready only if
// it is covered; an EAP pays for no more sessions than it authorises; and a
// promise stands still because of a plan only while there is one to wait for.
func (l *life) paidByAPlan(chart *care.Chart) {
	l.Helper()
	charged, zone := map[care.AppointmentID]care.Charge{}, rules.Zone(chart.Client.Zone)
	for _, c := range chart.Charges {
		if _, twice := charged[c.Appointment]; twice {
			l.Fatalf("%s is charged twice", c.Appointment)
		}
		charged[c.Appointment] = c
	}
	on := map[care.CoverageID]int{}
	for _, ap := range chart.Appointments {
		c, charge := charged[ap.ID]
		if ap.Type != care.Session || ap.Status != care.Attended && ap.Status != care.Booked {
			continue
		}
		on[ap.Coverage]++
		plan, _ := chart.Coverage(ap.Coverage)
		if found := plan.On(calendar.On(ap.Start, zone)); ap.Covered == "covered" && found != care.Eligible {
			l.Fatalf("%s is called covered, and its plan is %q", ap.ID, found)
		}
		if ap.Status != care.Attended {
			continue
		}
		if !charge || (c.Covered != ap.Covered || c.Coverage != ap.Coverage) && c.State != care.ChargeWrittenOff && !(c.State.Out() && c.Rebill) {
			l.Fatalf("%s is %s on %s, its charge %s on %s", ap.ID, ap.Covered, ap.Coverage, c.Covered, c.Coverage)
		}
		if over := c.State.Out() || c.State == care.ChargeWrittenOff; !over && c.State.ToExport() != (c.Covered == "covered" || c.Covered == "ordinary") {
			l.Fatalf("%s is %s, and its charge is %s", ap.ID, ap.Covered, c.State)
		}
	}
	for _, c := range chart.Charges {
		ap, ok := chart.Appointment(c.Appointment)
		if !ok || (ap.Status == care.Attended) == (c.State == care.ChargeVoid) && c.State != care.ChargeWrittenOff && !(c.State.Out() && c.Rebill) {
			l.Fatalf("%s is %s, and its charge is %s", ap.ID, ap.Status, c.State)
		}
		if c.State.Out() && c.Batch == "" || c.State == care.ChargeReady && c.Batch != "" {
			l.Fatalf("the charge of %s is %s in claim file %q", ap.ID, c.State, c.Batch)
		}
	}
	for _, c := range chart.Coverages {
		if c.Type == care.EAP && c.Authorised > 0 && on[c.ID] > c.Authorised {
			l.Fatalf("%s authorises %d sessions and pays for %d", c.ID, c.Authorised, on[c.ID])
		}
		if c.Status == care.Replaced && c.Found == "" {
			l.Fatalf("%s was replaced, and what had been found is lost", c.ID)
		}
	}
	for _, e := range chart.Episodes {
		promise, _ := chart.Deadline(e.Promise)
		waits := promise.State == care.Waiting && promise.Pauses[len(promise.Pauses)-1].Reason == "coverage"
		eligible := func(c care.Coverage) bool {
			return c.Status != care.Replaced && c.On(calendar.On(l.now, zone)) == care.Eligible
		}
		if waits && (len(chart.Coverages) == 0 || slices.ContainsFunc(chart.Coverages, eligible)) {
			l.Fatalf("%s waits for a plan, and there is none to wait for", e.ID)
		}
	}
}

// answersInTime: a request runs out at 24 hours exactly when nobody had answered
// it and nobody had ended it by then.
func (l *life) answersInTime(chart *care.Chart) {
	l.Helper()
	for _, r := range chart.Referrals {
		due := r.SubmittedAt.Add(24 * time.Hour)
		answered := !r.AnsweredAt.IsZero() && !r.AnsweredAt.After(due)
		ended := !r.ClosedAt.IsZero() && !r.ClosedAt.After(due)
		switch {
		case !r.ExpiredAt.IsZero() && (answered || ended && r.Status != care.Rerouted || !r.ExpiredAt.Equal(due)):
			l.Fatalf("%s ran out at %v, due %v, answered %v, ended %v", r.ID, r.ExpiredAt, due, r.AnsweredAt, r.ClosedAt)
		case r.ExpiredAt.IsZero() && l.now.After(due) && !answered && !ended:
			l.Fatalf("%s is %s, was due %v and did not run out", r.ID, r.Status, due)
		}
		for _, d := range chart.Deadlines {
			if d.Subject == string(r.ID) && d.State == care.Running && !r.ClosedAt.IsZero() {
				l.Fatalf("%s is %s, and its %s still runs", r.ID, r.Status, d.Code)
			}
		}
	}
}

// goesOn: while somebody seeks care it is somebody's turn, or a time is booked;
// and no referral stands where it has no name.
func (l *life) goesOn(chart *care.Chart) {
	l.Helper()
	booked := func(of func(care.Appointment) bool) bool {
		return slices.ContainsFunc(chart.Appointments, func(ap care.Appointment) bool { return ap.Status == care.Booked && of(ap) })
	}
	for _, r := range chart.Referrals {
		turn := rules.WhoseTurn(r, chart)
		if act.Status(r.Status) == "" || !slices.Contains([]string{rules.TurnClient, rules.TurnProvider, rules.TurnCareTeam, rules.TurnNobody}, turn) {
			l.Fatalf("%s is %q, turn of %q", r.ID, r.Status, turn)
		}
		if unsaid := booked(func(ap care.Appointment) bool { return ap.Referral == r.ID }); r.Unsaid != (unsaid && !r.Status.Open()) || r.Unsaid && len(l.find(care.Unsaid(r.Provider))) == 0 {
			l.Fatalf("%s is %s, and a session of it waits for word: %t; it is said so: %t", r.ID, r.Status, unsaid, r.Unsaid)
		}
		if r.Status.Open() && !r.ClosedAt.IsZero() {
			l.Fatalf("%s is %s, and was closed at %v", r.ID, r.Status, r.ClosedAt)
		}
		if r.Status == care.ConsultHeld && booked(func(ap care.Appointment) bool { return ap.Referral == r.ID && ap.Type == care.Session }) {
			l.Fatalf("%s waits for a session, and one is booked", r.ID)
		}
		if r.Status.Open() && r.Status != care.InCare && turn == rules.TurnNobody && !booked(func(ap care.Appointment) bool { return ap.Referral == r.ID }) {
			l.Fatalf("%s is %s, nobody's turn, and nothing is booked", r.ID, r.Status)
		}
	}
	for _, e := range chart.Episodes {
		if !e.ClosedAt.IsZero() || e.First != "" {
			continue
		}
		turn := slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool { return r.Episode == e.ID && rules.WhoseTurn(r, chart) != rules.TurnNobody })
		if !turn && !e.Match.Open() && !booked(func(ap care.Appointment) bool { return ap.Episode == e.ID }) {
			l.Fatalf("%s is open, nobody's turn, and nothing is booked", e.ID)
		}
		if promise, ok := chart.Deadline(e.Promise); e.Result == "" && (!ok || promise.State != care.Running && promise.State != care.Waiting) {
			l.Fatalf("%s has no result, and its promise is %s", e.ID, promise.State)
		}
	}
	if open := slices.DeleteFunc(slices.Clone(chart.Episodes), func(e care.Episode) bool { return !e.ClosedAt.IsZero() || e.First != "" }); len(open) > 1 {
		l.Fatalf("%d episodes are open at once", len(open))
	}
}

// nothingTwice: nobody is told the same of the same at the same instant twice,
// and no task or alert stands twice.
func (l *life) nothingTwice(chart *care.Chart) {
	l.Helper()
	type word struct {
		template, subject, reader string
		at                        int64
	}
	told := map[word]bool{}
	for _, m := range chart.Messages {
		if m.Subject == "" {
			continue
		}
		w := word{m.Template, m.Subject, string(m.To) + string(m.ToRole), m.At.Unix()}
		if told[w] {
			l.Fatalf("%s was told %s of %s twice at %v", w.reader, w.template, w.subject, m.At)
		}
		told[w] = true
		for _, had := range chart.Messages {
			if reminders[m.Template] && had.ID != m.ID && had.Template == m.Template && had.Subject == m.Subject && had.To == m.To && had.ToRole == m.ToRole && had.When.Equal(m.When) && m.Event == nil &&
				!had.At.After(m.At) && m.At.Sub(had.At) < 10*time.Minute {
				l.Fatalf("%s was told %s of %s at %v and again at %v", w.reader, w.template, w.subject, had.At, m.At)
			}
			if m.Template == "visit" && announced[had.Template] && had.Subject == m.Subject && had.To == m.To && had.When.Equal(m.When) && !had.At.After(m.At) && m.At.Sub(had.At) < time.Hour {
				l.Fatalf("%s was told %s of %s at %v and reminded of it at %v", w.reader, had.Template, w.subject, had.At, m.At)
			}
		}
	}
	tasks := map[[2]string]bool{}
	for _, task := range chart.Tasks {
		key := [2]string{task.Code, task.Subject}
		if task.DoneAt.IsZero() && tasks[key] {
			l.Fatalf("task %s of %s stands twice", task.Code, task.Subject)
		}
		tasks[key] = tasks[key] || task.DoneAt.IsZero()
	}
	alerts := map[care.ScreeningID]bool{}
	for _, a := range chart.Alerts {
		if alerts[a.Screening] {
			l.Fatalf("form %s alerts twice", a.Screening)
		}
		alerts[a.Screening] = true
	}
}

// reminders are what is said again by itself, and never twice at once.
var reminders = map[string]bool{"nudge": true, "consult_nudge": true, "visit": true, "forms": true, "follow_up": true, "choose": true, "link_missing": true, "coverage_choice": true, "attest_again": true}

// announced is how an appointment, or another time of it, is told.
var announced = map[string]bool{"consult_booked": true, "session_booked": true, "moved": true}

// firstAttended: the anchor of an episode is its first attended session, whatever
// was corrected; what became of the promise is what the table says of the chart;
// and no follow-up is owed but from the anchor.
func (l *life) firstAttended(chart *care.Chart) {
	l.Helper()
	for _, e := range chart.Episodes {
		var first care.Appointment
		for _, ap := range chart.Appointments {
			if ap.Episode == e.ID && ap.Type == care.Session && ap.Status == care.Attended && (first.ID == "" || ap.Start.Before(first.Start)) {
				first = ap
			}
		}
		if e.First != first.ID || !e.FirstAt.Equal(first.Start) {
			l.Fatalf("%s has %q as its first session, and %q was the first that took place", e.ID, e.First, first.ID)
		}
		if promise, ok := chart.Deadline(e.Promise); ok {
			at := l.now // or later, where somebody has put the clock back since
			if settled := promise.SettleAt.Add(time.Second); settled.After(at) {
				at = settled
			}
			if e.ClosedFor == rules.Joined {
				continue // what had become of it by then stays
			}
			if want := rules.PromiseOf(e, promise, chart.Appointments, at).Judge().Result; e.Result != want && !(want == care.Broken && e.Result == "") {
				l.Fatalf("%s says %q of its promise, and its sessions say %q", e.ID, e.Result, want)
			}
		}
		for _, d := range chart.Deadlines {
			if d.Code == "follow_up" && d.Subject == string(e.ID) && d.State == care.Running && (d.ID != e.FollowUp || !d.Starts.Equal(e.FirstAt)) {
				l.Fatalf("a follow-up of %s runs from %v, and its first session was %v", e.ID, d.Starts, e.FirstAt)
			}
		}
	}
}

// formsBeforeSessions: forms are owed before one session at most, which is booked
// and the first, or begins this very second; and each episode has two of each
// purpose at most.
func (l *life) formsBeforeSessions(chart *care.Chart) {
	l.Helper()
	running := 0
	for _, d := range chart.Deadlines {
		if d.Code != "baseline" || d.State != care.Running {
			continue
		}
		running++
		ap, _ := chart.Appointment(care.AppointmentID(d.Subject))
		said := ap.Status == care.Attended || ap.Status == care.NoShowClient || ap.Status == care.NoShowProvider
		putBack := said && ap.Start.After(l.now) // the clock, since it began
		if ap.Status != care.Booked && !ap.Start.Equal(l.now) && !putBack {
			l.Fatalf("forms are owed before a session that is %q", ap.Status)
		}
		if !d.Due.Equal(ap.Start) {
			l.Fatalf("forms are owed by %v before a session at %v", d.Due, ap.Start)
		}
		for _, other := range chart.Appointments {
			if other.Episode == ap.Episode && other.Type == care.Session && other.Status == care.Booked && other.Start.Before(ap.Start) {
				l.Fatalf("forms are owed before %v, and a session stands at %v", ap.Start, other.Start)
			}
		}
	}
	if running > 1 {
		l.Fatalf("forms are owed before %d sessions", running)
	}
	type set struct {
		episode care.EpisodeID
		purpose care.Purpose
	}
	forms := map[set]int{}
	for _, s := range chart.Screenings {
		if !s.Status.Open() && s.Status != care.ScreeningCompleted || s.Replaces != "" || s.OutOfWindow {
			continue // earlier versions and what was taken back are kept beside
		}
		if forms[set{s.Episode, s.Purpose}]++; forms[set{s.Episode, s.Purpose}] > len(instrument.All()) {
			l.Fatalf("the forms of %s were given twice", s.Episode)
		}
	}
}
