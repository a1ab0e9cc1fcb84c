package act_test

import (
	"fmt"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// What was evaluated under one version of the terms keeps it, whatever the
// cut-offs become.
func TestR52AnEvaluationKeepsItsVersion(t *testing.T) {
	for _, c := range []struct{ phq, gad, followUps int }{{0, 0, 0}, {1, 1, 0}, {2, 0, 1}, {0, 2, 1}} {
		w := open(t)
		p, me := w.joins(1, false), w.enters(1)
		start := time.Date(2026, 10, 8, 15, 0, 0, 0, time.UTC)
		ap := w.session(p, w.held(me, p), start)
		for _, s := range w.chart(me).Screenings {
			w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: answers(s.Instrument, map[string]int{"phq-9": c.phq, "gad-7": c.gad}[s.Instrument])})
			w.do(client(me), act.Submit{Screening: s.ID})
		}
		terms := rules.DefaultTerms(w.now)
		terms.ElevatedPHQ9, terms.ElevatedGAD7 = 1, 1
		version := w.do(careTeam, act.AdoptTerms{Terms: terms, Why: "as a test"})
		w.until(start)
		w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
		if got := w.episode(me).FollowUp != ""; got != (c.followUps > 0) {
			t.Errorf("PHQ-9 item %d, GAD-7 item %d: follow-up %v", c.phq, c.gad, got)
		}
		for _, s := range w.chart(me).Screenings {
			if s.Terms == version || s.Terms == "" {
				t.Errorf("an evaluation from before says version %q", s.Terms)
			}
		}
	}
}

// With other zone data what is open is computed anew, and says with which; what is
// settled stays.
func TestOtherZoneDataIsComputedAnew(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	d := w.deadline(me, "respond", string(r))
	old := d
	old.TZData, old.Due = "2020a", d.Due.Add(-time.Hour)
	k := rules.Clock{Terms: []care.Terms{rules.DefaultTerms(begin.Add(-time.Hour))}, TZData: "2026b"}
	now := k.Reckon(old, "")
	if !now.Due.Equal(d.Due) || now.TZData != "2026b" {
		t.Errorf("due %v with %s, want %v", now.Due, now.TZData, d.Due)
	}
	if settled := rules.Settle(old, care.Met, w.now); !k.Reckon(settled, "").Due.Equal(old.Due) {
		t.Error("a settled deadline has moved")
	}
	if out := w.do(care.System, act.Recompute{Chart: me, Deadline: d.ID}); out != string(d.ID) {
		t.Errorf("recomputed %q", out)
	}
	if got := w.refused(provider(p), act.Recompute{Chart: me, Deadline: d.ID}); got != "forbidden" {
		t.Errorf("a provider recomputes: %s", got)
	}
}

// What was booked for ten on the wall stays at ten where the rules of the zone have
// changed since, and both sides are told; where they have not, nothing is said.
func TestATimeStaysOnTheWallWhenItsZoneChanges(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, true), w.enters(1)
	r := w.books(me, p, at(8, 10, 0))
	ap := w.appointment(me, w.referral(me, r).Meeting)
	is(t, "zone", ap.Zone, "America/Chicago")
	is(t, "ahead", ap.Ahead, -5*3600)
	mails := len(w.chart(me).Messages)
	w.do(care.System, act.KeepWall{Appointment: ap.ID})
	is(t, "the zone is as it was", len(w.chart(me).Messages), mails)

	chart, n := w.chart(me), 0
	ap.Ahead = -6 * 3600 // booked while the zone was to be an hour further behind by then
	chart.Add(ap)
	programme, clock := w.store.Programme()
	plan := act.KeepWall{Appointment: ap.ID}.Decide(act.Known{Charts: map[care.ChartID]*care.Chart{me: chart}, Located: map[string]care.ChartID{string(ap.ID): me}}, act.Env{
		Now: w.now, Actor: care.System, Programme: *programme.Programme, Terms: programme.Terms[0], Clock: clock, Words: w.store.Words(),
		ID: func(prefix string) string { n++; return fmt.Sprintf("%s_%d", prefix, n) },
	})
	told, moved := map[care.ChartID]time.Time{}, care.Appointment{}
	for _, c := range plan.Changes {
		switch put, _ := c.(care.Put); r := put.Record.(type) {
		case care.Message:
			told[r.To] = r.When
		case care.Appointment:
			moved = r
		}
	}
	want := at(8, 9, 0) // nine by the rules of now: ten by those of then
	if !moved.Start.Equal(want) || moved.Sequence != 1 || !told[me].Equal(want) || !told[p].Equal(want) {
		t.Errorf("it begins %v, number %d, told %v", moved.Start, moved.Sequence, told)
	}
}

// closes adopts a version of the terms with one holiday of its own.
func (w *world) closes(on calendar.Date, from time.Time) string {
	w.Helper()
	t := rules.DefaultTerms(from)
	t.Holidays = []calendar.Holiday{{Date: on, Name: "The office moves"}}
	return w.do(careTeam, act.AdoptTerms{Terms: t, Why: "as a test"})
}

// TestR38OwnHolidaysReachOpeningsAtOnce: no time is offered or booked on a holiday
// of the version that will be in force on that day, from its adoption on; and what
// a version does not say when its day comes is open again.
func TestR38OwnHolidaysReachOpeningsAtOnce(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	hours := week("America/Chicago")
	hours.ClosedOnHolidays = true
	w.do(provider(p), act.SetHours{Provider: p, Hours: hours})
	closed, before := day(2026, 10, 14), day(2026, 10, 9)
	at := func(d calendar.Date) time.Time { return calendar.At(d, 10, 0, rules.Zone("America/Chicago")) }
	offered := func(d calendar.Date, kind care.AppointmentType) int {
		slots, listed := w.store.Directory().Openings(p, kind, w.now, at(d).Add(-10*time.Hour), at(d).Add(14*time.Hour), 0)
		is(t, "listed", listed, true)
		return len(slots)
	}
	is(t, "offered before", offered(closed, care.Consultation) > 0, true)
	w.closes(closed, w.now.AddDate(0, 0, 3)) // adopted on Monday, in force on Thursday
	for _, kind := range []care.AppointmentType{care.Consultation, care.Session} {
		is(t, "offered on the holiday", offered(closed, kind), 0)
		is(t, "offered on another day", offered(before, kind) > 0, true)
	}
	is(t, "booked on the holiday", w.refused(client(c), act.Request{Client: c, Provider: p, Start: at(closed)}), "opening_taken")
	r := w.held(c, p)
	is(t, "a session on it", w.refused(client(c), act.BookSession{Referral: r, Start: at(closed), Minutes: 50}), "opening_taken")

	// A later version that no longer names it opens the day again.
	w.now = w.now.AddDate(0, 0, 1)
	none := rules.DefaultTerms(w.now.AddDate(0, 0, 4))
	none.Holidays = []calendar.Holiday{}
	w.do(careTeam, act.AdoptTerms{Terms: none, Why: "as a test"})
	is(t, "offered again", offered(closed, care.Consultation) > 0, true)
}

// TestR38TheDirectoryPromisesByTheTermsInForce: what a card says of the promise is
// what the promise will be.
func TestR38TheDirectoryPromisesByTheTermsInForce(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, false), w.enters(1)
	w.closes(day(2026, 10, 7), w.now)
	query := directory.Query{State: "IL", Zone: "America/Chicago", Limit: 10}
	found, err := w.store.Directory().Search(query, w.now)
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("%d found, %v", len(found.Items), err)
	}
	w.asks(c, p)
	e := w.episode(c)
	promise, _ := w.chart(c).Deadline(e.Promise)
	is(t, "due", promise.Due.In(rules.Zone(e.Zone)).Format(time.DateOnly), "2026-10-14") // 6, 8, 9, not Columbus Day, 13, 14
	is(t, "what the directory says", found.PromiseDue.Equal(promise.Due), true)
}

// TestR38WhatWaitsIsComputedAnewToo: a deadline that is paused, and one that is
// over and waits for word, have no next instant and move all the same.
func TestR38WhatWaitsIsComputedAnewToo(t *testing.T) {
	w := open(t)
	p := w.joins(1, false)

	paused := w.enters(1)
	w.asks(paused, p)
	failing := care.CoverageID(w.do(client(paused), plan(paused, "Harbor Legacy PPO")))
	w.verifies(failing, care.NonParticipating)

	over := w.enters(2)
	r := w.held(over, p)
	promise := func(c care.ChartID) care.Deadline {
		d, _ := w.chart(c).Deadline(w.episode(c).Promise)
		return d
	}
	ap := w.session(p, r, promise(over).Due.Add(-9*time.Hour))
	w.until(promise(over).Due.Add(time.Hour)) // nobody has said what became of it
	waits := map[string]bool{}
	for _, m := range w.find(care.Resting) {
		waits[m.Ref] = true
	}
	is(t, "both stand where they are found", waits[string(promise(paused).ID)] && waits[string(promise(over).ID)], true)
	is(t, "the one that is paused", promise(paused).State, care.Waiting)
	is(t, "the one that is over", promise(over).Next.IsZero() && promise(over).State == care.Running, true)

	version := w.closes(day(2026, 10, 9), w.now)
	wasPaused, wasOver := promise(paused), promise(over)
	for _, c := range []care.ChartID{paused, over} {
		w.do(careTeam, act.Recompute{Chart: c, Deadline: promise(c).ID, Version: version})
	}
	is(t, "paused, still paused", promise(paused).State, care.Waiting)
	is(t, "paused, its end", promise(paused).Due.Sub(wasPaused.Due) >= 24*time.Hour, true)
	is(t, "over, its end", promise(over).Due.Sub(wasOver.Due), 24*time.Hour)
	is(t, "over, it ends once more", promise(over).Next.Equal(promise(over).Due.Add(time.Second)), true)
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
	is(t, "open, for a day is left", w.episode(over).Result, "")
	w.until(promise(over).Due.Add(time.Hour))
	is(t, "result", w.episode(over).Result, care.Broken)
	is(t, "nothing waits that is settled", len(w.find(care.Resting)), 1)
}

// lengthens adopts terms that give one thing more time, and gives it to a deadline
// that runs already.
func (w *world) lengthens(c care.ChartID, code string, longer func(*care.Terms)) {
	w.Helper()
	t := rules.DefaultTerms(w.now)
	longer(&t)
	version := w.do(careTeam, act.AdoptTerms{Terms: t, Why: "as a test", Lengthen: true})
	for _, d := range w.chart(c).Deadlines {
		if d.Code == code && d.State == care.Running {
			w.do(careTeam, act.Recompute{Chart: c, Deadline: d.ID, Version: version})
		}
	}
}

// A time that is held stays held for as long as its clock says, and is free from
// then on.
func TestAHeldTimeGetsTheLongerTimeToo(t *testing.T) {
	w := open(t)
	p, me, other := w.joins(1, true), w.enters(1), w.enters(2)
	held := w.now
	w.do(client(me), act.Hold{Client: me, Provider: p, Start: at(6, 10, 0)})
	w.lengthens(me, "hold", func(t *care.Terms) { t.HoldMinutes += 20 })
	is(t, "held until", w.chart(me).Holds[0].Until, held.Add(30*time.Minute))
	w.now = held.Add(30*time.Minute - time.Second)
	is(t, "in the last second", w.refused(client(other), act.Request{Client: other, Provider: p, Start: at(6, 10, 0)}), "opening_taken")
	w.now = held.Add(30 * time.Minute)
	w.books(other, p, at(6, 10, 0))
	w.sweep()
	is(t, "holds", len(w.chart(me).Holds), 0)
}

// A link that takes the details of a plan works for as long as its clock says.
func TestALinkForDetailsGetsTheLongerTimeToo(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	secret, sent := w.linked(me), w.now
	w.lengthens(me, "details", func(t *care.Terms) { t.DetailsDays += 7 })
	w.until(sent.Add(10 * 24 * time.Hour))
	is(t, "on the tenth day", w.refused(care.Anonymous, details(secret, nil)), "done")
}

// What falls late bears its own date, and so do the terms that it goes by: new ones
// that came into force since change nothing about it.
func TestWhatFallsLateGoesByTheTermsOfItsDay(t *testing.T) {
	calls := func(swept bool) int {
		w := open(t)
		p, me := w.joins(1, true), w.enters(1)
		w.session(p, w.held(me, p), w.now.Add(72*time.Hour))
		for _, s := range w.chart(me).Screenings {
			if s.Instrument == "phq-9" {
				w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 1}})
			}
		}
		terms := rules.DefaultTerms(w.now.Add(24 * time.Hour))
		terms.SafetyRepeats = 1
		w.do(careTeam, act.AdoptTerms{Terms: terms, Why: "as a test"})
		for range 30 {
			w.now = w.now.Add(time.Hour)
			if swept {
				w.sweep()
			}
		}
		w.sweep()
		return w.told(me, "safety_overdue", "")[string(care.RoleClinical)]
	}
	want := calls(true)
	if want < 3 {
		t.Fatalf("%d calls under the old terms", want)
	}
	is(t, "calls, after a night without a sweep", calls(false), want)
}
