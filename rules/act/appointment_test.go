package act_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/access"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// at is a time of a day in October 2026 in Chicago, where the world begins on
// Monday the 5th at noon.
func at(d, hour, min int) time.Time {
	return time.Date(2026, 10, d, hour, min, 0, 0, rules.Zone("America/Chicago")).UTC()
}

// books has a client book an opening of a provider's at once.
func (w *world) books(c, p care.ChartID, start time.Time) care.ReferralID {
	w.Helper()
	return care.ReferralID(w.do(client(c), act.Request{Client: c, Provider: p, Start: start}))
}

func (w *world) appointment(c care.ChartID, id care.AppointmentID) care.Appointment {
	w.Helper()
	ap, ok := w.chart(c).Appointment(id)
	if !ok {
		w.Fatalf("no appointment %s", id)
	}
	return ap
}

func (w *world) consult(c care.ChartID, r care.ReferralID) care.Deadline {
	w.Helper()
	return w.deadline(c, "consult", string(r))
}

// why are the steps of a deadline's explanation.
func (w *world) why(d care.Deadline) []string {
	_, clock := w.store.Programme()
	var steps []string
	for _, s := range clock.Explain(d, w.store.Words()).Steps {
		steps = append(steps, s.What+": "+s.Why)
	}
	return steps
}

// TestR36TheProviderCancels: the days for the first call go on from where they
// began, and nobody gains time by cancelling.
func TestR36TheProviderCancels(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.books(c, p, at(9, 10, 0))
	before := w.consult(c, r)
	if before.State != care.Met {
		t.Fatalf("a call that the client booked leaves its days %s", before.State)
	}
	w.until(at(9, 8, 0)) // day 4
	w.do(provider(p), act.Cancel{Appointment: w.referral(c, r).Meeting})
	after := w.consult(c, r)
	if after.State != care.Running || !after.Due.Equal(before.Due) || !after.Starts.Equal(before.Starts) {
		t.Errorf("the days are %s and due %v, were due %v", after.State, after.Due, before.Due)
	}
	if got := w.referral(c, r); got.Status != care.Accepted || got.Meeting != "" {
		t.Errorf("the request is %s", got.Status)
	}
	w.do(client(c), act.Book{Referral: r, Start: at(9, 10, 0)}) // free again at once
	if got := w.consult(c, r); got.State != care.Met {
		t.Errorf("booked again, the days are %s", got.State)
	}
}

// TestR36TheClientCancels: the days wait until the client chooses again.
func TestR36TheClientCancels(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.books(c, p, at(7, 10, 0))
	w.until(at(6, 12, 0))
	w.do(client(c), act.Cancel{Appointment: w.referral(c, r).Meeting})
	if got := w.consult(c, r); got.State != care.Waiting || got.Pauses[0].Reason != "waiting_on_client" {
		t.Fatalf("the days are %s", got.State)
	}
	w.until(at(7, 12, 0))
	w.do(client(c), act.OtherTimes{Referral: r}) // the provider's turn runs them
	if got := w.consult(c, r); got.State != care.Running || !got.Due.Equal(at(11, 12, 0)) {
		t.Errorf("the days are %s, due %v", got.State, got.Due)
	}
	if turn := rules.WhoseTurn(w.referral(c, r), w.chart(c)); turn != rules.TurnProvider {
		t.Errorf("it is the turn of %s", turn)
	}
}

// TestR19ALateCancellationIsToldToTheProvider, and an early one is not.
func TestR19ALateCancellationIsToldToTheProvider(t *testing.T) {
	for _, c := range []struct {
		when time.Time
		late bool
	}{{at(6, 10, 0), false}, {at(6, 10, 0).Add(time.Second), true}} {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		r := w.books(me, p, at(7, 10, 0))
		id := w.referral(me, r).Meeting
		w.until(c.when)
		w.do(client(me), act.Cancel{Appointment: id})
		if got := w.appointment(me, id); got.LateCancel != c.late || got.Status != care.CancelledClient {
			t.Errorf("cancelled at %v: %s, late %v", c.when, got.Status, got.LateCancel)
		}
	}
}

// TestR19NothingComesAfterAWithdrawal: on day 3, however far it has come, the client
// takes the request back. Its clocks end, the promise is taken back with it, times are
// free again, and in 60 days nobody hears of it or has anything to do about it.
func TestR19NothingComesAfterAWithdrawal(t *testing.T) {
	accepted := func(w *world, c, p care.ChartID) care.ReferralID {
		r := w.asks(c, p)
		w.do(provider(p), act.Accept{Referral: r})
		return r
	}
	for how, reaches := range map[string]func(w *world, c, p care.ChartID) care.ReferralID{
		"asked":    func(w *world, c, p care.ChartID) care.ReferralID { w.until(at(8, 9, 0)); return w.asks(c, p) },
		"ran out":  func(w *world, c, p care.ChartID) care.ReferralID { w.until(at(7, 11, 0)); return w.asks(c, p) },
		"accepted": accepted,
		"times proposed": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.asks(c, p)
			w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
			return r
		},
		"other times": func(w *world, c, p care.ChartID) care.ReferralID {
			r := accepted(w, c, p)
			w.do(client(c), act.OtherTimes{Referral: r})
			return r
		},
		"booked": func(w *world, c, p care.ChartID) care.ReferralID { return w.books(c, p, at(9, 10, 0)) },
		"met":    func(w *world, c, p care.ChartID) care.ReferralID { return w.held(c, p) },
		"a call that nobody has spoken of": func(w *world, c, p care.ChartID) care.ReferralID {
			w.until(at(7, 12, 0))
			return w.books(c, p, at(8, 11, 45))
		},
		"session booked": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.held(c, p)
			w.session(p, r, at(9, 10, 0))
			return r
		},
		"a plan that cannot be processed": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.held(c, p)
			w.session(p, r, at(9, 10, 0))
			id := care.CoverageID(w.do(client(c), plan(c, "Harbor Legacy PPO")))
			w.until(at(8, 9, 0))
			w.verifies(id, care.NonParticipating)
			return r
		},
		"a provider who left and says nothing": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.held(c, p)
			w.do(provider(p), act.Leave{Provider: p})
			return r
		},
		"in another state": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.held(c, p)
			away := "CA"
			w.do(client(c), act.UpdateMe{Client: c, State: &away})
			return r
		},
		"proposed to another": func(w *world, c, p care.ChartID) care.ReferralID {
			r := w.held(c, p)
			w.do(provider(p), act.HandOver{Referral: r, To: w.joins(2, true)})
			return r
		},
	} {
		t.Run(how, func(t *testing.T) {
			w := open(t)
			p, c := w.joins(1, true), w.enters(1)
			r := reaches(w, c, p)
			w.until(at(8, 12, 0))
			w.do(client(c), act.Withdraw{Referral: r})
			is(t, "the request", w.referral(c, r).Status, care.Withdrawn)
			e := w.chart(c).Episodes[0]
			is(t, "the promise", e.Result, care.PromiseDropped)
			is(t, "why care is sought no more", e.ClosedFor, "withdrawn")
			free, _ := w.store.Directory().Openings(p, care.Consultation, w.now, at(9, 10, 0), at(9, 10, 15), 1)
			if w.provider(p).Standing == care.Active {
				is(t, "free again", len(free) == 1 && free[0].Start.Equal(at(9, 10, 0)), true)
			}
			messages := len(w.chart(c).Messages)
			w.until(w.now.AddDate(0, 0, 60))
			chart := w.chart(c)
			for _, m := range chart.Messages {
				if m.At.After(at(8, 12, 0)) {
					t.Errorf("%s went to %s%s at %v", m.Template, m.To[:min(2, len(m.To))], m.ToRole, m.At)
				}
			}
			is(t, "messages", len(chart.Messages), messages)
			for _, task := range chart.Tasks {
				if task.DoneAt.IsZero() {
					t.Errorf("the care team still has %s about %s", task.Code, task.Subject[:2])
				}
			}
			for _, d := range chart.Deadlines {
				if d.State == care.Running || d.State == care.Waiting {
					t.Errorf("%s still runs", d.Code)
				}
			}
		})
	}
}

// TestR19ASessionThatHasBegunIsNotTakenBack: until it begins the client can take it
// back with the request. From then on it waits for word of what became of it, so that
// it can be billed, and that brings nobody back.
func TestR19ASessionThatHasBegunIsNotTakenBack(t *testing.T) {
	for how, a := range map[string]struct {
		by   func(c, p care.ChartID) care.Actor
		act  func(w *world, c care.ChartID, r care.ReferralID) act.Act
		then care.ReferralStatus
	}{
		"withdrawn": {func(c, _ care.ChartID) care.Actor { return client(c) }, func(_ *world, _ care.ChartID, r care.ReferralID) act.Act { return act.Withdraw{Referral: r} }, care.Withdrawn},
		"no fit":    {func(_, p care.ChartID) care.Actor { return provider(p) }, func(_ *world, _ care.ChartID, r care.ReferralID) act.Act { return act.NotAFit{Referral: r} }, care.NotAFit},
		"free of charge": {func(c, _ care.ChartID) care.Actor { return client(c) }, func(w *world, c care.ChartID, _ care.ReferralID) act.Act {
			return act.ChooseWay{Coverage: w.chart(c).Coverages[0].ID, Way: care.WayCancel}
		}, care.Withdrawn},
	} {
		t.Run(how, func(t *testing.T) {
			w := open(t)
			p, c := w.joins(1, true), w.enters(1)
			r := w.held(c, p)
			id := care.CoverageID(w.do(client(c), plan(c, "Harbor Legacy PPO")))
			w.verifies(id, care.NonParticipating)
			begun, ahead := w.session(p, r, at(7, 10, 0)), w.session(p, r, at(9, 10, 0))
			w.until(at(7, 10, 30))
			w.do(a.by(c, p), a.act(w, c, r))
			is(t, "the one that has begun", w.appointment(c, begun).Status, care.Booked)
			is(t, "the one ahead", w.appointment(c, ahead).Status == care.CancelledClient || w.appointment(c, ahead).Status == care.Void, true)
			closed := w.referral(c, r)
			is(t, "the request", closed.Status, a.then)
			is(t, "theirs to bill", closed.Treated(), true)
			w.do(provider(p), act.Outcome{Appointment: begun, Result: care.Attended})
			is(t, "afterwards", w.referral(c, r).Status, a.then)
			is(t, "the promise", w.chart(c).Episodes[0].Result, care.Kept)
			w.charge(c, begun)
		})
	}
}

// TestASessionThatWasNoneLeavesTheOffer: a request ends while its first session has
// begun, by the provider or since the provider leaves, and the client is offered others.
// Whether the session turns out to be a no-show or is said to have been and then is
// corrected: while care has not begun, it is theirs to choose among those, or the care
// team's to find some.
func TestASessionThatWasNoneLeavesTheOffer(t *testing.T) {
	for how, ends := range map[string]func(w *world, p care.ChartID, r care.ReferralID){
		"no fit": func(w *world, p care.ChartID, r care.ReferralID) { w.do(provider(p), act.NotAFit{Referral: r}) },
		"handed on": func(w *world, p care.ChartID, r care.ReferralID) {
			w.do(provider(p), act.Leave{Provider: p})
			w.do(provider(p), act.Choose{Referral: r, HandOn: true})
		},
	} {
		for _, others := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s, %d others", how, others), func(t *testing.T) {
				w := open(t)
				p, c := w.joins(1, true), w.enters(1)
				who := rules.TurnCareTeam
				if others > 0 {
					w.joins(2, true)
					who = rules.TurnClient
				}
				r := w.held(c, p)
				begun := w.session(p, r, at(7, 10, 0))
				w.until(at(7, 10, 5))
				turn := func() string {
					chart := w.chart(c)
					closed, _ := chart.Referral(r)
					return rules.WhoseTurn(closed, chart)
				}
				ends(w, p, r)
				is(t, "while nobody has said what became of it", turn(), who)
				w.do(provider(p), act.Outcome{Appointment: begun, Result: care.NoShowClient})
				is(t, "after a no-show", turn(), who)
				w.do(provider(p), act.Correct{Appointment: begun, Result: care.Attended, Reason: "It was another client who did not come."})
				is(t, "after it was held", turn(), rules.TurnNobody)
				w.do(provider(p), act.Correct{Appointment: begun, Result: care.NoShowClient, Reason: "It was this client after all."})
				is(t, "after it was not", turn(), who)
				w.do(provider(p), act.BookSession{Referral: r, Start: at(7, 8, 0), Minutes: 50, Late: "It took place by telephone."})
				is(t, "after another that was held", turn(), rules.TurnNobody)
			})
		}
	}
}

// TestASessionSaidToBeNoneStaysTheirs: a session was said to be a no-show, and then the
// request ended. Where it was held after all, the visit and its charge are the provider's
// to read and to correct, as where it ends first and that is said afterwards.
func TestASessionSaidToBeNoneStaysTheirs(t *testing.T) {
	for _, first := range []string{"no-show", "ended"} {
		t.Run(first+" first", func(t *testing.T) {
			w := open(t)
			p, c := w.joins(1, true), w.enters(1)
			r := w.held(c, p)
			ap := w.session(p, r, at(7, 10, 0))
			w.until(at(7, 10, 30))
			none, ends := act.Outcome{Appointment: ap, Result: care.NoShowClient}, act.Withdraw{Referral: r}
			if first == "ended" {
				w.do(client(c), ends)
				w.do(provider(p), none)
			} else {
				w.do(provider(p), none)
				w.do(client(c), ends)
			}
			theirs := func() *care.Chart {
				view, ok := access.See(provider(p), w.chart(c))
				is(t, "they see the request", ok, true)
				return view
			}
			_, sees := theirs().Appointment(ap)
			is(t, "they see the visit", sees, true)
			w.do(provider(p), act.Correct{Appointment: ap, Result: care.Attended, Reason: "They came late."})
			is(t, "the request", w.referral(c, r).Status, care.Withdrawn)
			is(t, "charges that they see", len(theirs().Charges), 1)
			is(t, "forms that they see", len(theirs().Screenings), 0)
		})
	}
}

// TestCareThatEndedAndHadNotBegunLeavesAnOffer: a provider discharges a client, and their
// only session is corrected to a no-show then. No care was begun, so it is as where the
// provider says that the two do not fit: the client chooses among others, or the care team
// finds some. Who sought no more by then has stopped seeking that day.
func TestCareThatEndedAndHadNotBegunLeavesAnOffer(t *testing.T) {
	for _, others := range []int{0, 1} {
		t.Run(fmt.Sprintf("discharged, %d others", others), func(t *testing.T) {
			w := open(t)
			p, c := w.joins(1, true), w.enters(1)
			who := rules.TurnCareTeam
			if others > 0 {
				w.joins(2, true)
				who = rules.TurnClient
			}
			r := w.held(c, p)
			ap := w.session(p, r, at(7, 10, 0))
			w.until(at(7, 11, 0))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
			w.do(provider(p), act.Discharge{Referral: r})
			turn := func() string { return rules.WhoseTurn(w.referral(c, r), w.chart(c)) }
			is(t, "after it was held", turn(), rules.TurnNobody)
			for range 2 {
				w.do(provider(p), act.Correct{Appointment: ap, Result: care.NoShowProvider, Reason: "They waited for me in vain."})
				is(t, "after it was not", turn(), who)
				is(t, "the care team looks", w.looks(c, "manual_match"), 1-others)
				w.do(provider(p), act.Correct{Appointment: ap, Result: care.Attended, Reason: "It was another client who waited."})
				is(t, "after it was", turn(), rules.TurnNobody)
			}
		})
	}
	t.Run("handed over, and withdrawn", func(t *testing.T) {
		w := open(t)
		p, q, c := w.joins(1, true), w.joins(2, true), w.enters(1)
		r := w.held(c, p)
		ap := w.session(p, r, at(7, 10, 0))
		w.until(at(7, 11, 0))
		w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
		w.do(provider(p), act.HandOver{Referral: r, To: q})
		next := care.ReferralID(w.do(client(c), act.AnswerHandOver{Referral: r, Yes: true}))
		w.until(at(8, 11, 0))
		w.do(client(c), act.Withdraw{Referral: next})
		stopped := w.now
		is(t, "in care until then", w.episode(c).ClosedAt.IsZero(), true)
		w.until(at(30, 11, 0))
		w.do(provider(p), act.Correct{Appointment: ap, Result: care.NoShowProvider, Reason: "They waited for me in vain."})
		e := w.episode(c)
		is(t, "closed", e.ClosedAt.Equal(stopped), true)
		is(t, "why", e.ClosedFor, "withdrawn")
		is(t, "the promise", e.Result, care.PromiseDropped)
	})
}

// TestR19MovedAfterTheWindowByTheClient counts as offered in time; moved by the
// provider it is owed still.
func TestR19MovedAfterTheWindowByTheClient(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.books(c, p, at(8, 10, 0))
	id := w.referral(c, r).Meeting
	w.do(client(c), act.Reschedule{Appointment: id, Start: at(12, 10, 0)})
	if got := w.consult(c, r); got.State != care.Met || !got.Offered {
		t.Errorf("the days are %s, offered %v", got.State, got.Offered)
	}
	if got := w.appointment(c, id).Moves; len(got) != 1 || got[0].By != care.RoleClient || !got[0].From.Equal(at(8, 10, 0)) {
		t.Errorf("moved %v", got)
	}
	other := w.enters(2)
	q := w.joins(2, false)
	asked := w.asks(other, q, at(8, 11, 0), at(13, 11, 0))
	w.do(provider(q), act.Book{Referral: asked, Start: at(8, 11, 0)})
	ap := w.referral(other, asked).Meeting
	if code := w.refused(provider(q), act.Reschedule{Appointment: ap, Start: at(9, 11, 0)}); code != "time_not_listed" {
		t.Errorf("a provider moved a first call to a time of their own: %s", code)
	}
	w.do(provider(q), act.Reschedule{Appointment: ap, Start: at(13, 11, 0)})
	if got := w.consult(other, asked); got.State != care.Running {
		t.Errorf("moved out of the window by the provider, the days are %s", got.State)
	}
	w.until(at(10, 12, 1))
	if got := w.consult(other, asked); got.State != care.Missed {
		t.Errorf("and in the end %s", got.State)
	}
}

// TestR35SilenceWaitsAndEnds: three proposals and no word: the days wait from a
// day after the first of them, and after two weeks the request is closed.
func TestR35SilenceWaitsAndEnds(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, false), w.enters(1)
	r := w.asks(c, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(7, 10, 0)}})
	w.until(at(6, 12, 0))
	if got := w.consult(c, r); got.State != care.Waiting || !got.Pauses[0].From.Equal(at(6, 12, 0)) {
		t.Fatalf("after a day of silence the days are %s", got.State)
	}
	for d := 7; d < 9; d++ {
		w.until(at(d, 12, 0))
		w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(d+2, 10, 0)}})
	}
	if got := w.consult(c, r); got.State != care.Waiting || len(got.Pauses) != 1 {
		t.Errorf("proposing again ended the client's silence: %s", got.State)
	}
	w.until(at(19, 12, 0))
	if got := w.referral(c, r); got.Status != care.Proposed {
		t.Fatalf("at the last second it is %s", got.Status)
	}
	w.until(at(19, 12, 1))
	if got := w.referral(c, r); got.Status != care.NoResponse || !got.ClosedAt.Equal(at(19, 12, 0)) {
		t.Errorf("after two weeks it is %s, closed %v", got.Status, got.ClosedAt)
	}
	if e := w.episode(c); e.ClosedFor != "no_response" {
		t.Errorf("the episode was closed for %q", e.ClosedFor)
	}
}

// TestR35ALaterDateIsKeptByTheOffer: the client wants a later date than one that
// was offered in time.
func TestR35ALaterDateIsKeptByTheOffer(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, false), w.enters(1)
	r := w.asks(c, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(7, 10, 0)}})
	w.do(client(c), act.OtherTimes{Referral: r, Preferred: []time.Time{at(20, 10, 0)}})
	if got := w.consult(c, r); got.State != care.Met || !got.Offered {
		t.Errorf("the days are %s, offered %v", got.State, got.Offered)
	}
	w.until(at(13, 12, 0))
	w.do(provider(p), act.Book{Referral: r, Start: at(20, 10, 0)})
	if got := w.consult(c, r); got.State != care.Met {
		t.Errorf("booked for later, the days are %s", got.State)
	}
}

// TestR96TwoRoundsOfProposals: the explanation lists both pauses, and the
// provider's turn between them counts.
func TestR96TwoRoundsOfProposals(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, false), w.enters(1)
	r := w.asks(c, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
	w.until(at(6, 18, 0)) // silent since noon of the day before: waits from noon on, six hours
	w.do(client(c), act.OtherTimes{Referral: r})
	w.until(at(7, 12, 0)) // the provider's turn
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 11, 0)}})
	w.until(at(8, 15, 0)) // waits from noon on, three hours
	w.do(client(c), act.OtherTimes{Referral: r})
	got := w.consult(c, r)
	if got.State != care.Running || len(got.Pauses) != 2 || !got.Due.Equal(at(10, 21, 0)) {
		t.Fatalf("the days are %s, %d pauses, due %v", got.State, len(got.Pauses), got.Due)
	}
	pauses := slices.DeleteFunc(w.why(got), func(s string) bool { return len(s) < 6 || s[:6] != "Paused" })
	if len(pauses) != 2 {
		t.Errorf("explained as %v", w.why(got))
	}
}

// TestR93RemindersFollowTheAppointment: a day and an hour before, to both sides;
// moving moves them, cancelling removes them.
func TestR93RemindersFollowTheAppointment(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, id care.AppointmentID, me, p care.ChartID)
		want   []time.Time
	}{
		"as booked": {nil, []time.Time{at(7, 15, 0), at(8, 14, 0)}},
		"moved": {func(w *world, id care.AppointmentID, me, _ care.ChartID) {
			w.do(client(me), act.Reschedule{Appointment: id, Start: at(9, 11, 0)})
		}, []time.Time{at(8, 11, 0), at(9, 10, 0)}},
		"cancelled": {func(w *world, id care.AppointmentID, _, p care.ChartID) {
			w.do(provider(p), act.Cancel{Appointment: id})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, true), w.enters(1)
			id := w.referral(me, w.books(me, p, at(8, 15, 0))).Meeting
			if c.change != nil {
				c.change(w, id, me, p)
			}
			w.until(at(20, 12, 0))
			got := map[care.ChartID][]time.Time{}
			for _, m := range w.chart(me).Messages {
				if m.Template == "visit" {
					got[m.To] = append(got[m.To], m.At)
				}
			}
			for _, side := range []care.ChartID{me, p} {
				slices.SortFunc(got[side], time.Time.Compare)
				if !slices.EqualFunc(got[side], c.want, time.Time.Equal) {
					t.Errorf("%s was reminded at %v, want %v", side, got[side], c.want)
				}
			}
		})
	}
}

// TestR93NightsAreTheReaders: a reminder that would come at night comes the
// evening before.
func TestR93NightsAreTheReaders(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	w.session(p, r, at(9, 6, 30))
	w.until(at(10, 12, 0))
	var got []time.Time
	for _, m := range w.chart(me).Messages {
		if m.Template == "visit" && m.To == me && m.When.Equal(at(9, 6, 30)) {
			got = append(got, m.At)
		}
	}
	slices.SortFunc(got, time.Time.Compare)
	if want := []time.Time{at(7, 21, 0), at(8, 21, 0)}; !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("reminded at %v, want %v", got, want)
	}
}

// TestR93NobodyIsRemindedOfWhatTheyWereJustTold: not within an hour of the notice that an
// appointment was booked, or moved, also where the night moves the reminder there. One
// that would come in that evening comes in the morning.
func TestR93NobodyIsRemindedOfWhatTheyWereJustTold(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		told, start time.Time
		want        []time.Time
	}{
		"a second before the evening":   {at(7, 21, 0).Add(-second), at(8, 23, 0), []time.Time{at(8, 7, 0), at(8, 21, 0)}},
		"an hour before it, but little": {at(7, 20, 0).Add(second), at(8, 22, 30), []time.Time{at(8, 7, 0), at(8, 21, 0)}},
		"an hour before it":             {at(7, 20, 0), at(8, 22, 30), []time.Time{at(7, 21, 0), at(8, 21, 0)}},
		"a moment before the morning":   {at(8, 6, 15), at(8, 7, 45), nil},
		"well before the morning":       {at(8, 5, 50), at(8, 7, 45), []time.Time{at(8, 7, 0)}},
		"two hours ahead, but little":   {at(8, 13, 0).Add(second), at(8, 15, 0), nil},
		"two hours ahead":               {at(8, 13, 0), at(8, 15, 0), []time.Time{at(8, 14, 0)}},
		"a day and a little ahead":      {at(7, 14, 0), at(8, 14, 59), []time.Time{at(8, 13, 59)}},
		"a day and an hour ahead":       {at(7, 14, 0), at(8, 15, 0), []time.Time{at(7, 15, 0), at(8, 14, 0)}},
	} {
		for _, how := range []string{"booked", "moved"} {
			w := open(t)
			p, me := w.joins(1, true), w.enters(1)
			r := w.held(me, p)
			var id care.AppointmentID
			if how == "moved" {
				id = w.session(p, r, at(14, 10, 0))
			}
			w.until(c.told)
			if how == "booked" {
				w.session(p, r, c.start)
			} else {
				w.do(provider(p), act.Reschedule{Appointment: id, Start: c.start})
			}
			w.until(at(9, 12, 0))
			got := map[care.ChartID][]time.Time{}
			for _, m := range w.chart(me).Messages {
				if m.Template == "visit" && m.When.Equal(c.start) {
					got[m.To] = append(got[m.To], m.At)
				}
			}
			for who, side := range map[string]care.ChartID{"the client": me, "the provider": p} {
				slices.SortFunc(got[side], time.Time.Compare)
				if !slices.EqualFunc(got[side], c.want, time.Time.Equal) {
					t.Errorf("%s, %s: %s was reminded at %v, want %v", name, how, who, got[side], c.want)
				}
			}
		}
	}
}

// TestR97NoWayToJoin: three warnings without a link, and none once it is set.
func TestR97NoWayToJoin(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	id := w.referral(me, w.books(me, p, at(8, 15, 0))).Meeting
	w.until(at(8, 14, 59))
	if told := w.told(me, "link_missing", string(id)); told[string(p)] != 2 || w.tasks(me, "link_missing") != 1 {
		t.Errorf("the provider was warned %d times, the care team %d times", told[string(p)], w.tasks(me, "link_missing"))
	}

	other := w.enters(2)
	second := w.referral(other, w.books(other, p, at(14, 15, 0))).Meeting
	link := "https://video.example.test/room"
	w.do(provider(p), act.SetHours{Provider: p, Hours: week("America/Chicago"), Link: &link})
	w.until(at(14, 14, 59))
	if told := w.told(other, "link_missing", string(second)); told[string(p)] != 1 || w.tasks(other, "link_missing") != 0 {
		t.Errorf("with a link, the provider was warned %d times after the booking, the care team %d times", told[string(p)]-1, w.tasks(other, "link_missing"))
	}
	if got := w.appointment(other, second).Link; got != link {
		t.Errorf("the appointment is joined at %q", got)
	}
	third := w.enters(3)
	id = w.referral(third, w.books(third, p, at(20, 15, 0))).Meeting
	w.until(at(20, 14, 59))
	if told := w.told(third, "link_missing", ""); len(told) != 0 {
		t.Errorf("%s has a link, and warned %v", id, told)
	}
}

// TestR37NobodySaysThatTheCallTookPlace: a quarter of an hour after its start the
// client can go on, and a person asks. The promise does not move.
func TestR37NobodySaysThatTheCallTookPlace(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	w.joins(2, true) // somebody to go on with
	r := w.books(me, p, at(6, 10, 0))
	id := w.referral(me, r).Meeting
	promise := w.deadline(me, "promise", string(w.episode(me).ID))
	w.until(at(6, 10, 14))
	if n := w.tasks(me, "no_word"); n != 0 {
		t.Fatalf("asked too early: %d", n)
	}
	w.until(at(6, 10, 15))
	if w.tasks(me, "no_word") != 1 || w.told(me, "no_word", string(id))[string(me)] != 1 || len(w.referral(me, r).Alternatives) != 1 {
		t.Errorf("tasks %d, told %v, others %d", w.tasks(me, "no_word"), w.told(me, "no_word", string(id)), len(w.referral(me, r).Alternatives))
	}
	if code := w.refused(client(me), act.Outcome{Appointment: id, Result: care.Attended}); code == "done" {
		t.Error("the client said that the provider had held the call")
	}
	w.do(client(me), act.Outcome{Appointment: id, Result: care.NoShowProvider})
	if w.tasks(me, "provider_no_show") != 1 || w.referral(me, r).Status != care.Accepted {
		t.Errorf("the care team has %d alerts, and the request is %s", w.tasks(me, "provider_no_show"), w.referral(me, r).Status)
	}
	if got := w.deadline(me, "promise", string(w.episode(me).ID)); !got.Due.Equal(promise.Due) || got.State != care.Running {
		t.Errorf("the promise is %s, due %v", got.State, got.Due)
	}
	w.do(client(me), act.Book{Referral: r, Start: at(7, 10, 0)})
}

// TestR18AHeldTimeIsNobodyElses: for ten minutes, and then everybody's.
func TestR18AHeldTimeIsNobodyElses(t *testing.T) {
	w := open(t)
	p, me, other := w.joins(1, true), w.enters(1), w.enters(2)
	w.do(client(me), act.Hold{Client: me, Provider: p, Start: at(6, 10, 0)})
	if code := w.refused(client(other), act.Request{Client: other, Provider: p, Start: at(6, 10, 0)}); code != "opening_taken" {
		t.Fatalf("another client got %q", code)
	}
	if code := w.refused(client(other), act.Hold{Client: other, Provider: p, Start: at(6, 10, 0)}); code != "opening_taken" {
		t.Errorf("another client held it too: %q", code)
	}
	w.now = w.now.Add(10*time.Minute - time.Second)
	if code := w.refused(client(other), act.Request{Client: other, Provider: p, Start: at(6, 10, 0)}); code != "opening_taken" {
		t.Errorf("in the last second another client got %q", code)
	}
	w.now = w.now.Add(time.Second) // no sweep has come by
	w.books(other, p, at(6, 10, 0))
	w.sweep()
	if n := len(w.chart(me).Holds); n != 0 {
		t.Errorf("%d holds are left", n)
	}
	w.do(client(me), act.Hold{Client: me, Provider: p, Start: at(6, 11, 0)})
	w.do(client(me), act.Hold{Client: me, Provider: p, Start: at(6, 12, 0)}) // lets the first go
	third := w.enters(3)
	w.books(third, p, at(6, 11, 0))
	w.books(me, p, at(6, 12, 0)) // what is held is booked by whoever holds it
	if chart := w.chart(me); len(chart.Holds) != 0 {
		t.Errorf("%d holds are left", len(chart.Holds))
	}
	clocks := 0
	for _, d := range w.chart(me).Deadlines {
		if d.Code == "hold" {
			clocks++
		}
	}
	if clocks != 1 {
		t.Errorf("three holds left %d clocks", clocks)
	}
}

// TestR37NotAFit: either side says so once they have met; others are offered, and
// the promise runs on.
func TestR37NotAFit(t *testing.T) {
	for name, side := range map[string]func(c, p care.ChartID) care.Actor{
		"by the client":   func(c, _ care.ChartID) care.Actor { return client(c) },
		"by the provider": func(_, p care.ChartID) care.Actor { return provider(p) },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, true), w.enters(1)
			second := w.joins(2, true)
			r := w.books(me, p, at(6, 10, 0))
			if code := w.refused(side(me, p), act.NotAFit{Referral: r}); code != "not_yet" {
				t.Fatalf("before they have met: %s", code)
			}
			w.until(at(6, 10, 0))
			w.do(provider(p), act.Outcome{Appointment: w.referral(me, r).Meeting, Result: care.Attended})
			w.session(p, r, at(8, 10, 0))
			promise := w.deadline(me, "promise", string(w.episode(me).ID))
			w.do(side(me, p), act.NotAFit{Referral: r})
			got := w.referral(me, r)
			if got.Status != care.NotAFit || !slices.Equal(got.Alternatives, []care.ChartID{second}) || w.told(me, "not_a_fit", "")[string(me)] != 1 {
				t.Errorf("the request is %s, others %v", got.Status, got.Alternatives)
			}
			if now := w.deadline(me, "promise", string(w.episode(me).ID)); now.State != care.Running || !now.Due.Equal(promise.Due) {
				t.Errorf("the promise is %s, due %v", now.State, now.Due)
			}
			for _, ap := range w.chart(me).Appointments {
				if ap.Status == care.Booked {
					t.Error("a session stands, and they do not fit")
				}
			}
			w.books(me, second, at(8, 10, 0))
		})
	}
}

// TestR43RecordedLate: a session elsewhere is entered with a reason, stands in the
// records, and says nothing of the promise.
func TestR43RecordedLate(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.held(me, p)
	w.until(at(7, 18, 0))
	for code, a := range map[string]act.BookSession{
		"invalid_input":  {Referral: r, Start: at(7, 10, 0), Minutes: 50},
		"invalid_input ": {Referral: r, Start: at(8, 10, 0), Minutes: 50, Late: "The portal was out of reach."},
	} {
		if got := w.refused(provider(p), a); got != strings.TrimSpace(code) {
			t.Errorf("%+v: %s", a, got)
		}
	}
	late := act.BookSession{Referral: r, Start: at(7, 10, 0), Minutes: 50, Late: "The portal was out of reach."}
	if got := w.refused(client(me), late); got != "invalid_input" {
		t.Errorf("by the client: %s", got)
	}
	id := care.AppointmentID(w.do(provider(p), late))
	if got := w.refused(provider(p), late); got != "already_recorded" {
		t.Errorf("twice: %s", got)
	}
	ap := w.appointment(me, id)
	if ap.Status != care.Attended || ap.Recorded == "" || w.told(me, "recorded", string(id))[string(me)] != 1 {
		t.Errorf("it is %s, recorded %q", ap.Status, ap.Recorded)
	}
	if e := w.episode(me); e.Result == care.Kept || e.Result == care.KeptOffered || e.Result == care.Broken {
		t.Errorf("it made the promise %s", e.Result)
	}
	w.until(at(20, 18, 0))
	if e := w.episode(me); e.Result == care.Kept || e.Result == care.KeptOffered || e.Result == care.Broken {
		t.Errorf("in the end it made the promise %s", e.Result)
	}
}

// TestR24HandedOverByTheClientsYes: before it the new provider sees nothing; after
// it the request and the forms, and the former provider nothing of what follows.
func TestR24HandedOverByTheClientsYes(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, true), w.joins(2, true), w.enters(1)
	r := w.held(me, p)
	w.session(p, r, at(8, 10, 0))
	w.fills(me, 2)
	forms := func(actor care.Actor) int {
		chart, err := w.store.Chart(context.Background(), actor, me, "test")
		if err != nil {
			return -1
		}
		n := 0
		for _, s := range chart.Screenings {
			n += len(s.Answers)
		}
		return n
	}
	promise := w.deadline(me, "promise", string(w.episode(me).ID))
	w.do(provider(p), act.HandOver{Referral: r, To: q})
	if forms(provider(q)) != -1 || forms(provider(p)) == 0 {
		t.Errorf("before the yes the new provider sees %d, the former %d", forms(provider(q)), forms(provider(p)))
	}
	w.do(client(me), act.AnswerHandOver{Referral: r})
	if got := w.referral(me, r); got.Status != care.SessionBooked || got.HandTo != "" {
		t.Errorf("after a no it is %s", got.Status)
	}
	w.do(careTeam, act.HandOver{Referral: r, To: q})
	next := care.ReferralID(w.do(client(me), act.AnswerHandOver{Referral: r, Yes: true}))
	if got := w.referral(me, next); got.Provider != q || got.Status != care.Submitted || got.From != r || got.Episode != w.episode(me).ID {
		t.Errorf("the new request is %+v", got)
	}
	if got := w.deadline(me, "promise", string(w.episode(me).ID)); got.State != care.Running || !got.Due.Equal(promise.Due) {
		t.Errorf("the promise is %s, due %v", got.State, got.Due)
	}
	if forms(provider(q)) <= 0 || forms(provider(p)) > 0 {
		t.Errorf("after the yes the new provider sees %d, the former %d", forms(provider(q)), forms(provider(p)))
	}
	w.do(provider(q), act.Accept{Referral: next})
	w.do(client(me), act.Book{Referral: next, Start: at(7, 10, 0)})
	former, err := w.store.Chart(context.Background(), provider(p), me, "test")
	if err == nil {
		for _, ap := range former.Appointments {
			if ap.Provider == q {
				t.Error("the former provider sees what comes after")
			}
		}
	}
}

// TestR18SomebodyNewHoldsATime: a browser of which nothing is known holds one time as
// a client does, and the request that it sends takes that time.
func TestR18SomebodyNewHoldsATime(t *testing.T) {
	w := open(t)
	p, other := w.joins(1, true), w.enters(2)
	browser := func(n int) string { return fmt.Sprintf("%064x", n) }
	holds := func(n int, p care.ChartID, start time.Time) act.Hold {
		return act.Hold{Holder: browser(n), State: "IL", Provider: p, Start: start}
	}
	begun := w.now
	w.do(care.Anonymous, holds(1, p, at(6, 10, 0)))
	w.do(care.Anonymous, holds(1, p, at(6, 10, 0))) // once more: their own stands in nobody's way
	w.now = begun.Add(time.Second)
	w.do(care.Anonymous, holds(1, p, at(6, 10, 0)))
	until := w.now.Add(10 * time.Minute)
	if got := w.chart(p).Holds; len(got) != 1 || got[0].Client != "" || !got[0].Until.Equal(until) {
		t.Fatalf("held: %+v", got)
	}
	for who, code := range map[string]string{
		"a client":        w.refused(client(other), act.Request{Client: other, Provider: p, Start: at(6, 10, 0)}),
		"another browser": w.refused(care.Anonymous, holds(2, p, at(6, 10, 0))),
		"somebody new":    w.refused(care.Anonymous, act.Request{New: newPerson(3), Provider: p, Start: at(6, 10, 0)}),
		"whoever guesses": w.refused(care.Anonymous, act.Request{New: newPerson(3), Provider: p, Start: at(6, 10, 0), Holder: browser(9)}),
	} {
		is(t, who, code, "opening_taken")
	}
	w.now = until.Add(-time.Second)
	is(t, "in the last second", w.refused(client(other), act.Request{Client: other, Provider: p, Start: at(6, 10, 0)}), "opening_taken")
	w.now = until // no sweep has come by
	w.books(other, p, at(6, 10, 0))
	w.sweep()
	is(t, "holds that are left", len(w.chart(p).Holds), 0)

	w.do(care.Anonymous, holds(1, p, at(6, 11, 0)))
	w.do(care.Anonymous, holds(1, p, at(6, 12, 0))) // lets the first go
	third := w.enters(4)
	w.books(third, p, at(6, 11, 0))
	made := w.do(care.Anonymous, act.Request{New: newPerson(5), Provider: p, Start: at(6, 12, 0), Holder: browser(1)})
	chart, err := w.store.Locate(w.ctx(), care.System, made, "test")
	if err != nil || len(chart.Appointments) != 1 || !chart.Appointments[0].Start.Equal(at(6, 12, 0)) {
		t.Fatalf("what was held is not booked: %v", err)
	}
	is(t, "holds that are left", len(w.chart(p).Holds), 0)

	// With another provider the browser lets go here; asking without a time does too.
	q := w.joins(2, true)
	w.do(care.Anonymous, holds(1, p, at(7, 10, 0)))
	w.do(care.Anonymous, holds(1, q, at(7, 10, 0)))
	is(t, "with the first", len(w.chart(p).Holds), 0)
	is(t, "with the second", len(w.chart(q).Holds), 1)
	w.do(care.Anonymous, act.Request{New: newPerson(6), Provider: p, Holder: browser(1)})
	is(t, "with the second", len(w.chart(q).Holds), 0)
	clocks := 0
	for _, d := range w.chart(p).Deadlines {
		if d.Code == "hold" {
			clocks++
		}
	}
	is(t, "clocks of held times", clocks, 1)
}

// TestR18NobodyHoldsACalendar: of what is held for people whom nobody knows there is
// little at a time, and it is held only where it could be booked.
func TestR18NobodyHoldsACalendar(t *testing.T) {
	w := open(t)
	p, asked := w.joins(1, true), w.joins(2, false)
	hold := func(n int, p care.ChartID, state string, hour int) act.Hold {
		return act.Hold{Holder: fmt.Sprintf("%064x", n), State: state, Provider: p, Start: at(6, hour, 0)}
	}
	for n := range act.HeldOfOne {
		w.do(care.Anonymous, hold(n, p, "IL", 10+n))
	}
	is(t, "one more of the same provider", w.refused(care.Anonymous, hold(50, p, "IL", 14)), "held_enough")
	w.do(care.Anonymous, hold(0, p, "IL", 14)) // another in the place of their own
	me := w.enters(3)
	w.do(client(me), act.Hold{Client: me, Provider: p, Start: at(6, 15, 0)}) // who is known is not counted with them
	for n := act.HeldOfOne; n < act.HeldAtOnce; n += act.HeldOfOne {
		q := w.joins(10+n, true)
		for i := range min(act.HeldOfOne, act.HeldAtOnce-n) {
			w.do(care.Anonymous, hold(n+i, q, "IL", 10+i))
		}
	}
	last := w.joins(9, true)
	is(t, "one more of all", w.refused(care.Anonymous, hold(51, last, "IL", 10)), "held_enough")
	w.until(w.now.Add(10 * time.Minute))
	w.do(care.Anonymous, hold(51, last, "IL", 10))

	is(t, "elsewhere", w.refused(care.Anonymous, hold(60, p, "NY", 10)), "provider.credentialed")
	is(t, "of whom one asks", w.refused(care.Anonymous, hold(60, asked, "IL", 10)), "access.self_schedule")
	is(t, "by no browser", w.refused(care.Anonymous, act.Hold{Provider: p, Start: at(6, 10, 0)}), "invalid_input")
	is(t, "a client for another", w.refused(client(me), act.Hold{Holder: fmt.Sprintf("%064x", 1), Provider: p, Start: at(6, 10, 0)}), "forbidden")
}

func newPerson(n int) *act.Enter {
	e := entering(n)
	return &e
}
