package act_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// lastDay is ten in Chicago on the last day of a promise made when the world
// begins: the 12th is a holiday.
var lastDay = time.Date(2026, 10, 13, 15, 0, 0, 0, time.UTC)

// What acts make of the promise, through the one table.
func TestR41PromiseResultsOnTheRoad(t *testing.T) {
	for _, c := range []struct {
		name  string
		live  func(w *world, me, p care.ChartID, r care.ReferralID)
		want  care.PromiseResult
		state care.DeadlineState
	}{
		{"nothing is booked", func(*world, care.ChartID, care.ChartID, care.ReferralID) {}, care.Broken, care.Missed},
		{"the provider books too late", func(w *world, _, p care.ChartID, r care.ReferralID) {
			w.session(p, r, lastDay.AddDate(0, 0, 1))
		}, care.Broken, care.Missed},
		{"the client chooses a later time while earlier ones are open", func(w *world, me, _ care.ChartID, r care.ReferralID) {
			w.do(client(me), act.BookSession{Referral: r, Start: lastDay.AddDate(0, 0, 1), Minutes: 50})
		}, care.KeptOffered, care.Stopped},
		{"the client chooses a later time and none was open", func(w *world, me, p care.ChartID, r care.ReferralID) {
			hours := week("America/Chicago")
			hours.Away = []calendar.DateSpan{{From: day(2026, 10, 5), To: day(2026, 10, 13)}}
			w.do(provider(p), act.SetHours{Provider: p, Hours: hours})
			w.do(client(me), act.BookSession{Referral: r, Start: lastDay.AddDate(0, 0, 1), Minutes: 50})
		}, care.Broken, care.Missed},
		{"the client does not come, and nobody says so in time", func(w *world, _, p care.ChartID, r care.ReferralID) {
			ap := w.session(p, r, lastDay)
			w.until(lastDay.AddDate(0, 0, 2))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowClient})
		}, care.KeptOffered, care.Stopped},
		{"the client does not come, and is said so in time", func(w *world, _, p care.ChartID, r care.ReferralID) {
			ap := w.session(p, r, lastDay)
			w.until(lastDay.Add(time.Hour))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowClient})
		}, care.KeptOffered, care.Stopped},
		{"the provider does not come", func(w *world, _, p care.ChartID, r care.ReferralID) {
			ap := w.session(p, r, lastDay)
			w.until(lastDay.Add(time.Hour))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
		}, care.Broken, care.Missed},
		{"the provider does not come, and does in time", func(w *world, _, p care.ChartID, r care.ReferralID) {
			ap := w.session(p, r, lastDay.Add(-24*time.Hour))
			w.until(lastDay.Add(-23 * time.Hour))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
			ap = w.session(p, r, lastDay)
			w.until(lastDay)
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
		}, care.Kept, care.Met},
		{"the client stops seeking", func(w *world, me, _ care.ChartID, r care.ReferralID) {
			w.do(client(me), act.Withdraw{Referral: r})
		}, care.PromiseDropped, care.Stopped},
		{"the client stops seeking once it is broken", func(w *world, me, _ care.ChartID, r care.ReferralID) {
			w.until(lastDay.AddDate(0, 0, 1))
			w.do(client(me), act.Withdraw{Referral: r})
		}, care.Broken, care.Missed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, false), w.enters(1)
			c.live(w, me, p, w.held(me, p))
			w.until(lastDay.AddDate(0, 0, 3))
			e := w.episode(me)
			if d := w.deadline(me, "promise", string(e.ID)); e.Result != c.want || d.State != c.state {
				t.Errorf("the promise is %q and its deadline %s, want %q and %s", e.Result, d.State, c.want, c.state)
			}
		})
	}
}

// The tile moves from watch to call to incident at exact instants, and the
// incident does not end without a cause.
func TestR42EscalationLadder(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	stands := func() string {
		t.Helper()
		code, n := "", 0
		for _, task := range w.chart(me).Tasks {
			if task.DoneAt.IsZero() {
				code, n = task.Code, n+1
			}
		}
		if n > 1 {
			t.Errorf("%d tiles at once at %v", n, w.now)
		}
		return code
	}
	for _, c := range []struct {
		at   time.Time // the 12th is a holiday, so the 9th is one business day before the 13th
		want string
	}{
		{time.Date(2026, 10, 8, 4, 59, 59, 0, time.UTC), ""},
		{time.Date(2026, 10, 8, 5, 0, 0, 0, time.UTC), rules.WatchTask},
		{time.Date(2026, 10, 9, 4, 59, 59, 0, time.UTC), rules.WatchTask},
		{time.Date(2026, 10, 9, 5, 0, 0, 0, time.UTC), rules.CallTask},
	} {
		if w.until(c.at); stands() != c.want {
			t.Errorf("at %v it is %q, want %q", c.at, stands(), c.want)
		}
	}
	ap := w.session(p, r, lastDay)
	if stands() != "" {
		t.Errorf("a session in time is booked, and %q still stands", stands())
	}
	w.until(lastDay)
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
	for _, task := range w.chart(me).Tasks {
		if task.Code == "provider_no_show" {
			w.do(careTeam, act.FinishTask{Task: task.ID})
		}
	}
	if stands() != rules.CallTask {
		t.Errorf("the session fell away, and %q stands", stands())
	}
	end := time.Date(2026, 10, 14, 4, 59, 59, 0, time.UTC)
	if w.until(end); stands() != rules.CallTask {
		t.Errorf("in its last second it is %q", stands())
	}
	if w.until(end.Add(time.Second)); stands() != rules.BrokenTask {
		t.Errorf("a second later it is %q", stands())
	}
	var incident care.Task
	for _, task := range w.chart(me).Tasks {
		if task.Code == rules.BrokenTask {
			incident = task
		}
	}
	if !incident.OpenedAt.Equal(end) {
		t.Errorf("the incident bears %v", incident.OpenedAt)
	}
	for _, cause := range []string{"", "because"} {
		if got := w.refused(careTeam, act.FinishTask{Task: incident.ID, Cause: cause}); got != "cause_missing" {
			t.Errorf("cause %q: %s", cause, got)
		}
	}
	w.do(careTeam, act.FinishTask{Task: incident.ID, Cause: "provider_no_show"})
	if task, _ := w.chart(me).Task(incident.ID); task.Cause != "provider_no_show" || task.DoneBy != careTeam.Chart {
		t.Errorf("closed with %q by %s", task.Cause, task.DoneBy)
	}
	w.session(p, r, w.now.Add(30*time.Hour))
	if stands() != "" {
		t.Errorf("closed with its cause, and %q stands again", stands())
	}
}

// A declined request and the next one stand under the same promise.
func TestR39AnotherRequestDoesNotStartThePromiseAgain(t *testing.T) {
	w := open(t)
	p, other, me := w.joins(1, false), w.joins(2, false), w.enters(1)
	r := w.asks(me, p)
	before := w.deadline(me, "promise", string(w.episode(me).ID))
	w.until(begin.Add(30 * time.Hour))
	w.do(provider(p), act.Decline{Referral: r})
	w.asks(me, other)
	e := w.episode(me)
	if after := w.deadline(me, "promise", string(e.ID)); after.ID != before.ID || !after.Due.Equal(before.Due) || !e.SoughtAt.Equal(begin) {
		t.Errorf("due %v, then %v; sought at %v", before.Due, after.Due, e.SoughtAt)
	}
}
