package act_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Edges of the requirements that a second reader found not to be as they were
// claimed.

// TestR27AFirstSessionThatComesLateIsLookedAtBefore: the days of the monthly look
// were over while nobody was in care; the look before the first session is made
// all the same.
func TestR27AFirstSessionThatComesLateIsLookedAtBefore(t *testing.T) {
	for _, c := range []struct {
		name string
		in   time.Duration // from the booking to the session
		look time.Time     // when the plan waits for a look
	}{
		{"in three days", 72 * time.Hour, time.Date(2026, 11, 18, 6, 0, 1, 0, time.UTC)},
		{"on the same day", 3 * time.Hour, time.Date(2026, 11, 16, 19, 0, 1, 0, time.UTC)},
	} {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		id := w.insured(me, plan(me, "Lakefront HMO"))
		w.until(time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC)) // six weeks on, a Monday
		is(t, c.name+": nobody in care, nothing to look at", w.coverage(me, id).Waits(), false)
		r := w.held(me, p)
		w.session(p, r, w.now.Add(c.in))
		w.until(c.look)
		is(t, c.name+": the plan waits for a look", w.coverage(me, id).Waits(), true)
		w.verifies(id, care.Eligible)
		w.until(w.now.Add(c.in + time.Hour))
		is(t, c.name+": once", w.coverage(me, id).Waits(), false)
	}
}

// TestR30CancellingFreeOfChargeIsNotLate: a plan failed the client; their provider
// reads no late cancellation of it.
func TestR30CancellingFreeOfChargeIsNotLate(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.held(me, p)
	id := care.CoverageID(w.do(client(me), plan(me, "Lakefront HMO")))
	ap := w.session(p, r, w.now.Add(20*time.Hour))
	w.verifies(id, care.NonParticipating)
	w.do(client(me), act.ChooseWay{Coverage: id, Way: care.WayCancel})
	got := w.appointment(me, ap)
	is(t, "the session", got.Status, care.CancelledClient)
	is(t, "late", got.LateCancel, false)
}

// TestR50TheAlertOfAHandedOverClient goes to whoever treats them now, also where
// the form was given because of a session with the former provider.
func TestR50TheAlertOfAHandedOverClient(t *testing.T) {
	w := open(t)
	me, p, _ := w.seen(care.Attended)
	q := w.joins(2, false)
	r := w.chart(me).Referrals[0].ID
	w.do(provider(p), act.HandOver{Referral: r, To: q})
	next := care.ReferralID(w.do(client(me), act.AnswerHandOver{Referral: r, Yes: true}))
	w.do(provider(q), act.Accept{Referral: next})
	w.session(q, next, dayAfter(5))
	w.until(dayAfter(28))
	for _, s := range w.chart(me).Screenings {
		if s.Purpose == care.FollowUp && s.Instrument == "phq-9" {
			given := answers(s.Instrument, 0)
			for item := range given {
				given[item] = 1
			}
			w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: given})
		}
	}
	alerts := w.chart(me).Alerts
	if len(alerts) != 1 {
		t.Fatalf("%d alerts", len(alerts))
	}
	is(t, "its provider", alerts[0].Provider, q)
	is(t, "is told", w.told(me, "safety", string(alerts[0].ID))[string(q)], 1)
	is(t, "the former one", w.told(me, "safety", string(alerts[0].ID))[string(p)], 0)
	w.do(provider(q), act.Acknowledge{Alert: alerts[0].ID, Action: "contacted"})
}

// TestR24AHandOverIsAskedOnce, and each provider is told what became of it.
func TestR24AHandOverIsAskedOnce(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, true), w.joins(2, true), w.enters(1)
	r := w.held(me, p)
	w.do(provider(p), act.HandOver{Referral: r, To: q})
	w.until(w.now.Add(time.Minute))
	is(t, "the same again", w.refused(provider(p), act.HandOver{Referral: r, To: q}), "already_proposed")
	is(t, "the client is asked", w.told(me, "hand_over", string(r))[string(me)], 1)
	w.do(client(me), act.AnswerHandOver{Referral: r, Yes: true})
	is(t, "the former provider reads that it was taken up", w.told(me, "hand_over_yes", string(r))[string(p)], 1)
	is(t, "and not that somebody settled elsewhere", w.told(me, "superseded", string(r))[string(p)], 0)
}

// TestR17OnlyASupersededRequestIsCalledSo: who was left because the client chose a
// time with another reads that; where the client said nothing, or the two did not
// suit each other, nobody has settled elsewhere.
func TestR17OnlyASupersededRequestIsCalledSo(t *testing.T) {
	w := open(t)
	p, q, me, silent := w.joins(1, true), w.joins(2, true), w.enters(1), w.enters(2)
	first := w.asks(me, q)
	r := w.held(me, p)
	is(t, "another was chosen", w.told(me, "superseded", string(first))[string(q)], 1)
	w.do(client(me), act.NotAFit{Referral: r})
	is(t, "not a fit", w.told(me, "superseded", string(r))[string(p)], 0)
	is(t, "closed", w.told(me, "closed", string(r))[string(p)], 1)
	s := w.asks(silent, p)
	w.do(provider(p), act.Accept{Referral: s})
	w.until(w.now.AddDate(0, 0, 15))
	is(t, "no word", w.referral(silent, s).Status, care.NoResponse)
	is(t, "nobody settled", w.told(silent, "superseded", string(s))[string(p)], 0)
	is(t, "it closed", w.told(silent, "closed", string(s))[string(p)], 1)
}

// TestR95SilenceCountsOnlyOfWhoWasTold: while the word that times are open has not
// arrived it is nobody's silence: the days do not wait for the client, and the
// request is not closed for want of an answer.
func TestR95SilenceCountsOnlyOfWhoWasTold(t *testing.T) {
	for _, final := range []bool{true, false} {
		w := open(t)
		p, me := w.joins(1, false), w.enters(1)
		r := w.asks(me, p)
		w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
		for _, m := range w.chart(me).Messages {
			if m.Template == "proposed" {
				w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute})
				w.do(care.System, act.Undelivered{Chart: me, Message: m.ID, Final: final})
			}
		}
		w.until(at(7, 12, 0))
		is(t, "the days", w.consult(me, r).State, care.Running)
		w.until(at(21, 12, 0))
		is(t, "the request", w.referral(me, r).Status, care.Proposed)
		is(t, "a person looks", w.tasks(me, "consult_missed"), 1)
	}
}

// TestR95ACallThatWasCalledOffInVain: nor is it the client's silence where they do
// not know that their call will not be.
func TestR95ACallThatWasCalledOffInVain(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		r := w.books(me, p, at(9, 10, 0))
		w.do(provider(p), act.Cancel{Appointment: w.referral(me, r).Meeting})
		for _, m := range w.chart(me).Messages {
			if m.Template == "cancelled" && m.To == me && !arrives {
				w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute})
				w.do(care.System, act.Undelivered{Chart: me, Message: m.ID, Final: true})
			}
		}
		w.until(at(7, 12, 0))
		is(t, "the days", w.consult(me, r).State, map[bool]care.DeadlineState{true: care.Waiting, false: care.Running}[arrives])
	}
}

// TestR6WhoIsReinstatedIsTold as they were told that they were taken off the list.
func TestR6WhoIsReinstatedIsTold(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	w.do(careTeam, act.InviteProvider{Provider: p, Email: "velmorin@example.test"})
	w.do(careTeam, act.Suspend{Provider: p, Reason: "a question about a licence"})
	is(t, "suspended", w.told(p, "suspended", string(p))[string(p)], 1)
	w.do(careTeam, act.Reinstate{Provider: p})
	is(t, "back", w.told(p, "admitted", string(p))[string(p)], 1)
}

// TestR33AClientWhoHasMovedOnNeedsNobody: the care team is not kept looking for
// somebody for a client who has asked another provider, or who has stopped.
func TestR33AClientWhoHasMovedOnNeedsNobody(t *testing.T) {
	open := func(w *world, c care.ChartID) (n int) {
		for _, task := range w.chart(c).Tasks {
			if task.Code == "manual_match" && task.DoneAt.IsZero() {
				n++
			}
		}
		return n
	}
	w := newWorld(t, t.TempDir())
	defer w.close()
	p, me, gone := w.joins(1, false), w.enters(1), w.enters(2)
	for _, c := range []care.ChartID{me, gone} {
		w.do(provider(p), act.Decline{Referral: w.asks(c, p)})
		is(t, "the care team looks", open(w, c), 1)
	}
	q := w.joins(2, true)
	w.asks(me, q)
	is(t, "asked another", open(w, me), 0)
	w.do(client(gone), act.LeaveProgramme{Client: gone})
	is(t, "left", open(w, gone), 0)
}

// TestR18ASessionInsteadOfACall: a provider who begins with a full session owes no
// call any more, if the session lies in the days of the call or the client chose it.
func TestR18ASessionInsteadOfACall(t *testing.T) {
	w := open(t)
	p, me, other := w.joins(1, true), w.enters(1), w.enters(2)
	r := w.asks(me, p)
	w.do(provider(p), act.Accept{Referral: r})
	w.session(p, r, at(8, 10, 0))
	is(t, "in time", w.consult(me, r).State, care.Met)
	is(t, "forms", len(w.chart(me).Screenings), 2)
	late := w.asks(other, p)
	w.do(provider(p), act.Accept{Referral: late})
	w.session(p, late, at(14, 10, 0))
	is(t, "too late", w.consult(other, late).State, care.Running)
	w.until(at(12, 12, 0))
	is(t, "missed", w.consult(other, late).State, care.Missed)
}

// TestR8WhoSeesAClientThroughCanStillAnswer: a provider who left and sees a client
// through can name other times for them, and let them go: neither side is stuck.
func TestR8WhoSeesAClientThroughCanStillAnswer(t *testing.T) {
	w := open(t)
	p, me, other := w.joins(1, false), w.enters(1), w.enters(2)
	r, s := w.asks(me, p), w.asks(other, p)
	for _, asked := range []care.ReferralID{r, s} {
		w.do(provider(p), act.Accept{Referral: asked})
	}
	w.do(provider(p), act.Leave{Provider: p})
	w.sweep()
	for _, asked := range []care.ReferralID{r, s} {
		w.do(provider(p), act.Choose{Referral: asked})
	}
	w.do(client(me), act.OtherTimes{Referral: r})
	w.do(client(other), act.OtherTimes{Referral: s})
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(8, 10, 0)}})
	w.do(client(me), act.Book{Referral: r, Start: at(8, 10, 0)})
	w.do(provider(p), act.Decline{Referral: s})
	is(t, "let go", w.referral(other, s).Status, care.Declined)
}

// TestAnAnswerThatStandsIsNotGivenTwice: the client reads each answer once.
func TestAnAnswerThatStandsIsNotGivenTwice(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(8, 10, 0)}})
	w.until(w.now.Add(time.Minute))
	is(t, "the same times", w.refused(provider(p), act.Propose{Referral: r, Times: []time.Time{at(8, 10, 0)}}), "already_answered")
	w.do(provider(p), act.Accept{Referral: r})
	w.until(w.now.Add(time.Minute))
	is(t, "yes again", w.refused(provider(p), act.Accept{Referral: r}), "already_answered")
	is(t, "told", w.told(me, "accepted", string(r))[string(me)]+w.told(me, "proposed", string(r))[string(me)], 2)
	w.do(client(me), act.OtherTimes{Referral: r})
	w.do(provider(p), act.Accept{Referral: r}) // the calendar has others by now
	w.do(client(me), act.OtherTimes{Referral: r})
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(8, 10, 0)}})
}

// TestR27TheSameDetailsAreNoChange: nothing goes back to be looked at, nobody is
// told, and no promise waits because a form was sent twice.
func TestR27TheSameDetailsAreNoChange(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	w.asks(me, p)
	id := w.insured(me, plan(me, "Lakefront HMO"))
	same := plan(me, " lakefront  HMO ")
	is(t, "the same", w.refused(client(me), same), "same_details")
	is(t, "still eligible", w.coverage(me, id).Status, care.Eligible)
	is(t, "told", w.told(me, "coverage_changed", "")[string(me)], 0)
	w.verifies(id, care.NeedsInfo)
	w.do(client(me), same) // what was missing may stand on the card's photo, or in a word to the care team
}

// TestR6SuspensionIsNotLeftBehind: who was suspended and leaves comes back only by
// the care team's word.
func TestR6SuspensionIsNotLeftBehind(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	w.do(careTeam, act.Suspend{Provider: p, Reason: "a question about a licence"})
	w.do(provider(p), act.Leave{Provider: p})
	w.do(provider(p), act.Join{Provider: p, Attest: rules.DutyCodes()})
	is(t, "by themselves", w.provider(p).Standing, care.PendingReview)
	is(t, "listed", w.listed(p, "IL"), false)
	is(t, "the care team is asked", w.tasks(p, "join_review"), 1)
	w.do(careTeam, act.Credential{Provider: p, Credentials: []care.Credential{{State: "IL", From: day(2026, 1, 1)}}})
	is(t, "a credential is no word", w.provider(p).Standing, care.PendingReview)
	w.do(careTeam, act.Admit{Provider: p})
	is(t, "admitted", w.provider(p).Standing, care.Active)
	w.do(provider(p), act.Leave{Provider: p})
	w.do(provider(p), act.Join{Provider: p, Attest: rules.DutyCodes()})
	is(t, "the next time as anybody", w.provider(p).Standing, care.Active)
}

// TestR33ALateAnswerIsOverOnceTheClientHasATime: the request leaves the inbox then,
// and does not stand there to be answered in vain.
func TestR33ALateAnswerIsOverOnceTheClientHasATime(t *testing.T) {
	inbox := func(w *world, p care.ChartID) int {
		return len(w.find(care.Set{Name: care.SetInbox, Of: string(p), Serves: p}))
	}
	w := open(t)
	p, q, me := w.joins(1, false), w.joins(2, true), w.enters(1)
	r := w.asks(me, p)
	w.until(w.now.Add(25 * time.Hour))
	is(t, "before", inbox(w, p), 1)
	w.books(me, q, at(7, 10, 0))
	is(t, "after", inbox(w, p), 0)
	is(t, "answered in vain", w.refused(provider(p), act.Accept{Referral: r}), "referral_moved_on")
	for _, d := range w.chart(me).Deadlines {
		if d.Subject == string(r) && d.State == care.Running {
			t.Errorf("%s still runs", d.Code)
		}
	}
	is(t, "still said to have run out", w.referral(me, r).Status, care.Expired)
}

// TestARefusalNamesAWayOn, and never a reason that is not the one.
func TestARefusalNamesAWayOn(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, false), w.joins(2, false), w.enters(1)
	r := w.asks(me, p)
	says := func(actor care.Actor, a act.Act, code, words string) {
		t.Helper()
		f := w.fault(actor, a)
		if f == nil || f.Code != code || !strings.Contains(f.Says, words) {
			t.Errorf("%s: %v, want %s with %q", a.Name(), f, code, words)
		}
	}
	says(client(me), act.Book{Referral: r, Start: at(7, 10, 0)}, "not_answered", "ask others meanwhile")
	says(careTeam, act.HandOver{Referral: r, To: p}, "already_theirs", "somebody else")
	s := w.held(w.enters(2), q)
	ap := w.session(q, s, w.now.Add(time.Hour))
	w.until(w.now.Add(2 * time.Hour))
	w.do(provider(q), act.Outcome{Appointment: ap, Result: care.Attended})
	other := w.find(care.Panel(q))[0].Chart
	says(client(other), act.Withdraw{Referral: s}, "in_care", "leave the programme")
	says(provider(q), act.Outcome{Appointment: ap, Result: care.Attended}, "already_settled", "corrected")
	says(client(other), act.Cancel{Appointment: ap}, "already_settled", "Book another")
}

// TestR39WhoComesBackLaterBeginsAnew: an episode in which nobody has had anything to
// do for two weeks, and whose promise is over, is behind the client. Before that what
// they ask goes on in it, and the promise does not begin again.
func TestR39WhoComesBackLaterBeginsAnew(t *testing.T) {
	for _, c := range []struct {
		after    int // days
		episodes int
	}{{13, 1}, {14, 2}} {
		w := open(t)
		p, q, me := w.joins(1, false), w.joins(2, true), w.enters(1)
		w.do(provider(p), act.Decline{Referral: w.asks(me, p)})
		first := w.episode(me)
		w.until(w.now.AddDate(0, 0, c.after))
		is(t, "the first promise", w.chart(me).Episodes[0].Result, care.Broken)
		r := w.books(me, q, w.now.Add(24*time.Hour).Truncate(time.Hour))
		chart := w.chart(me)
		is(t, "episodes", len(chart.Episodes), c.episodes)
		old, _ := chart.Episode(first.ID)
		is(t, "what became of the first promise", old.Result, care.Broken)
		if c.episodes == 1 {
			is(t, "in the same", w.referral(me, r).Episode, first.ID)
			continue
		}
		now := w.seeking(me)
		is(t, "in another", w.referral(me, r).Episode, now.ID)
		is(t, "the first is closed", old.ClosedFor, "sought_again")
		is(t, "sought", now.SoughtAt, w.now)
		is(t, "promised anew", w.deadline(me, "promise", string(now.ID)).State, care.Running)
		is(t, "somebody still says why the first was broken", w.tasks(me, "promise_broken"), 1)
	}
}

// TestR47MovingTheSessionMovesTheForms: what is due before it, when the mail says so,
// and when it is remembered.
func TestR47MovingTheSessionMovesTheForms(t *testing.T) {
	for _, by := range []care.Role{care.RoleClient, care.RoleProvider} {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		r := w.held(me, p)
		ap := w.session(p, r, at(8, 10, 0))
		who := map[care.Role]care.Actor{care.RoleClient: client(me), care.RoleProvider: provider(p)}[by]
		w.do(who, act.Reschedule{Appointment: ap, Start: at(9, 14, 0)})
		for _, s := range w.chart(me).Screenings {
			is(t, "a form", s.Due, at(9, 14, 0))
		}
		running := 0
		for _, d := range w.chart(me).Deadlines {
			if d.Code == "baseline" && d.State == care.Running {
				running++
				is(t, "the clock", d.Due, at(9, 14, 0))
			}
		}
		is(t, "clocks", running, 1)
		w.until(at(9, 13, 0))
		var told []time.Time
		for _, m := range w.chart(me).Messages {
			if m.Template == "forms" && m.When.Equal(at(9, 14, 0)) {
				told = append(told, m.At)
			}
		}
		if len(told) == 0 || !told[len(told)-1].Equal(at(9, 12, 0)) {
			t.Errorf("reminded at %v", told)
		}
	}
}

// TestR47FormsAreNotToldTwiceAtOnce: who books a session, books an earlier one and
// takes that back has been told of the forms of the first a moment ago. Another day they
// are told again.
func TestR47FormsAreNotToldTwiceAtOnce(t *testing.T) {
	for after, want := range map[time.Duration]int{2 * time.Minute: 1, 26 * time.Hour: 2} {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		r := w.held(me, p)
		first := w.session(p, r, at(16, 10, 0))
		sooner := w.session(p, r, at(14, 10, 0))
		w.until(w.now.Add(after))
		w.do(provider(p), act.Cancel{Appointment: sooner})
		is(t, fmt.Sprint("told after ", after), w.told(me, "forms", string(first))[string(me)], want)
		is(t, "the form", w.chart(me).Screenings[0].Due, at(16, 10, 0))
	}
}

// TestR37AProviderIsToldThatSomebodyWaited for them, by the client's word; the client
// is not told what they said themselves.
func TestR37AProviderIsToldThatSomebodyWaited(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	ap := w.referral(me, w.books(me, p, at(7, 10, 0))).Meeting
	w.until(at(7, 11, 0))
	w.do(client(me), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
	is(t, "the provider", w.told(me, "no_show_said", string(ap))[string(p)], 1)
	is(t, "the client", w.told(me, "no_show", string(ap))[string(me)], 0)
	is(t, "the care team", w.tasks(me, "provider_no_show"), 1)
	w.do(provider(p), act.Correct{Appointment: ap, Result: care.Attended, Reason: "We met by telephone."})
}

// TestR27AVisitOnDetailsThatWereWrong: a session was had while a plan was looked at,
// and then the client mended the number on it. The plan that is found to have held on
// that day pays for it: nobody will look at the other one any more.
func TestR27AVisitOnDetailsThatWereWrong(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.held(me, p)
	slip := care.CoverageID(w.do(client(me), plan(me, "Lakefront HMO")))
	ap := w.attends(p, r, me, w.now.Add(20*time.Hour), 50, "")
	is(t, "while it is looked at", ap.Covered, "unverified")
	mended := plan(me, "Lakefront HMO")
	mended.MemberID = "TEST0002"
	id := care.CoverageID(w.do(client(me), mended))
	is(t, "still that of its day", w.appointment(me, ap.ID).Coverage, slip)
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, From: day(2026, 1, 1)})
	is(t, "pays", w.appointment(me, ap.ID).Coverage, id)
	is(t, "covered", w.appointment(me, ap.ID).Covered, "covered")
	is(t, "the charge", w.charge(me, ap.ID).State, care.ChargeReady)
}

// TestR27APlanThatEndedBeforeItWasReplaced: that an earlier plan had ended is learned
// after the client has given the next. What went out on it is looked at again, and
// what the next one held for already is on that.
func TestR27APlanThatEndedBeforeItWasReplaced(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.held(me, p)
	old := w.insured(me, plan(me, "Lakefront HMO"))
	within := w.attends(p, r, me, w.now.Add(20*time.Hour), 50, "")
	out := w.attends(p, r, me, w.now.Add(48*time.Hour), 50, "")
	w.exports(2)
	after := w.attends(p, r, me, w.now.Add(48*time.Hour), 50, "")
	next := care.CoverageID(w.do(client(me), plan(me, "Harbor Select")))
	w.do(careTeam, act.VerifyCoverage{Coverage: next, Result: care.Eligible, From: day(2026, 10, 8)})
	is(t, "as the old one was found", w.appointment(me, after.ID).Coverage, old)
	ended := calendar.On(within.Start, rules.Zone("America/Chicago"))
	w.do(careTeam, act.VerifyCoverage{Coverage: old, Result: care.Eligible, Ends: ended, Note: "ended with a change of jobs"})
	is(t, "it is still replaced", w.coverage(me, old).Status, care.Replaced)
	is(t, "on its last day", w.charge(me, within.ID).Rebill, false)
	is(t, "went out", w.charge(me, out.ID).Rebill, true)
	is(t, "on the next one", w.appointment(me, after.ID).Coverage, next)
	is(t, "ready", w.charge(me, after.ID).State, care.ChargeReady)
	is(t, "provider told", w.told(me, "coverage_changed_provider", string(old))[string(p)], 1)
	is(t, "again", w.refused(careTeam, act.VerifyCoverage{Coverage: old, Result: care.Eligible, Ends: ended}), "already_verified")
	unused := care.CoverageID(w.do(client(me), plan(me, "Lakefront PPO")))
	w.do(client(me), plan(me, "Lakefront POS"))
	is(t, "one that paid for nothing", w.refused(careTeam, act.VerifyCoverage{Coverage: unused, Result: care.Eligible}), "coverage_replaced")
}

// TestR27NobodyIsAskedForAReplacedPlan: that it was late to be looked at is over with
// it.
func TestR27NobodyIsAskedForAReplacedPlan(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.do(client(me), plan(me, "Lakefront HMO"))
	w.until(w.now.AddDate(0, 0, 3))
	is(t, "late", w.looks(me, "eligibility_late"), 1)
	w.do(client(me), plan(me, "Lakefront PPO"))
	is(t, "replaced", w.looks(me, "eligibility_late"), 0)
}

// TestR27CareThatWasEnteredAfterwardsIsLookedAt: the days of the monthly look were
// over while nobody was in care, and care then began without a booking.
func TestR27CareThatWasEnteredAfterwardsIsLookedAt(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	id := w.insured(me, plan(me, "Lakefront HMO"))
	w.until(time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC)) // six weeks on
	r := w.held(me, p)
	w.do(provider(p), act.BookSession{Referral: r, Start: w.now.Add(-time.Hour), Minutes: 50, Late: "It took place by telephone."})
	w.until(w.now.Add(time.Second))
	is(t, "waits for a look", w.coverage(me, id).Waits(), true)
	w.verifies(id, care.Eligible)
	w.until(w.now.AddDate(0, 0, 31))
	is(t, "and again", w.coverage(me, id).Waits(), true)
}

// TestR26AnEAPThatIsFoundToBeUsedUp: how many sessions it authorises becomes known
// when they have been had; the client is asked for a health plan then, once.
func TestR26AnEAPThatIsFoundToBeUsedUp(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.held(me, p)
	id := w.insured(me, eap(me, 0))
	for range 3 {
		w.attends(p, r, me, w.now.Add(48*time.Hour), 50, "")
	}
	ahead := w.session(p, r, w.now.Add(48*time.Hour))
	asked := func() int { return w.told(me, "eap_used", string(id))[string(me)] }
	is(t, "while nobody knows", asked(), 0)
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, Authorised: 4})
	is(t, "one is left", asked(), 0)
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, Authorised: 2})
	is(t, "used up", asked(), 1)
	is(t, "the one ahead goes on", w.appointment(me, ahead).Status, care.Booked)
	is(t, "unverified", w.appointment(me, ahead).Covered, "unverified")
	w.do(careTeam, act.VerifyCoverage{Coverage: id, Result: care.Eligible, Authorised: 3})
	is(t, "asked once", asked(), 1)
}
