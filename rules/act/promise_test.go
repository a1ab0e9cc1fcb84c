package act_test

import (
	"testing"
	"time"

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
