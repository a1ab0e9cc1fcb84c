package act_test

import (
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// seen takes a client with an elevated baseline to a first session that is over,
// and says what became of it.
func (w *world) seen(result care.AppointmentStatus) (me, p care.ChartID, ap care.AppointmentID) {
	w.Helper()
	p, me = w.joins(1, false), w.enters(1)
	start := time.Date(2026, 10, 8, 15, 0, 0, 0, time.UTC)
	ap = w.session(p, w.held(me, p), start)
	w.fills(me, 2)
	w.until(start)
	if result != "" {
		w.do(provider(p), act.Outcome{Appointment: ap, Result: result})
	}
	return me, p, ap
}

// dayAfter is ten in Chicago, n days after the first session of seen.
func dayAfter(n int) time.Time { return time.Date(2026, 10, 8+n, 15, 0, 0, 0, time.UTC) }

// forms are the follow-ups of a client by how they stand.
func (w *world) forms(me care.ChartID) map[care.ScreeningStatus]int {
	w.Helper()
	stand := map[care.ScreeningStatus]int{}
	for _, s := range w.chart(me).Screenings {
		if s.Purpose == care.FollowUp {
			stand[s.Status]++
		}
	}
	return stand
}

func correct(ap care.AppointmentID, result care.AppointmentStatus) act.Correct {
	return act.Correct{Appointment: ap, Result: result, Reason: "taken for another client"}
}

// The first session is corrected to a no-show after the follow-up was sent: what
// nobody answered is cancelled, what was answered is kept outside the window.
func TestR54CorrectedToNoShowAfterTheFollowUpWasSent(t *testing.T) {
	w := open(t)
	me, p, ap := w.seen(care.Attended)
	w.until(dayAfter(29))
	chart := w.chart(me)
	for _, s := range chart.Screenings {
		if s.Purpose == care.FollowUp && s.Instrument == "phq-9" {
			w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: answers("phq-9", 1)})
			w.do(client(me), act.Submit{Screening: s.ID})
		}
	}
	if got := w.refused(provider(p), act.Correct{Appointment: ap, Result: care.NoShowClient}); got != "invalid_input" {
		t.Errorf("without a reason: %s", got)
	}
	w.do(provider(p), correct(ap, care.NoShowClient))
	if got := w.forms(me); got[care.ScreeningCancelled] != 1 || got[care.ScreeningCompleted] != 1 || len(got) != 2 {
		t.Errorf("the follow-ups stand %v", got)
	}
	for _, s := range w.chart(me).Screenings {
		if s.Purpose == care.FollowUp && s.Status == care.ScreeningCompleted && (!s.OutOfWindow || s.Total == nil) {
			t.Error("the answered one is not kept outside the window")
		}
	}
	e := w.episode(me)
	if e.First != "" || e.FollowUp != "" || e.Result != care.KeptOffered {
		t.Errorf("first session %q, follow-up %q, promise %q", e.First, e.FollowUp, e.Result)
	}
	sent := w.told(me, "follow_up", "")[string(me)]
	w.until(dayAfter(60))
	if now := w.told(me, "follow_up", "")[string(me)]; now != sent {
		t.Errorf("%d reminders went out after the correction", now-sent)
	}
	got, _ := w.chart(me).Appointment(ap)
	if len(got.Corrections) != 1 || got.Corrections[0].Was != care.Attended || got.Corrections[0].By != p || got.Corrections[0].Reason == "" {
		t.Errorf("corrections %+v", got.Corrections)
	}
}

// Corrected to attended on day 35: sent now, closed by the original anchor. On
// day 50: missed by the platform, and shown to the care team.
func TestR54CorrectedToAttendedLate(t *testing.T) {
	closes := time.Date(2026, 11, 20, 5, 59, 59, 0, time.UTC) // the end of day 42, after the clocks went back
	for _, c := range []struct {
		day   int
		forms int
		sent  int
		gap   string
	}{
		{35, 2, 1, ""},
		{50, 0, 0, care.GapMissedByPlatform},
	} {
		w := open(t)
		me, _, ap := w.seen(care.NoShowClient)
		w.until(dayAfter(c.day))
		if e := w.episode(me); e.Result != care.KeptOffered {
			t.Errorf("before the correction the promise is %q", e.Result)
		}
		w.do(careTeam, correct(ap, care.Attended))
		e := w.episode(me)
		if got := w.forms(me)[care.ScreeningAssigned]; got != c.forms || w.told(me, "follow_up", "")[string(me)] != c.sent || e.Gap != c.gap {
			t.Errorf("day %d: %d forms, %v sent, gap %q", c.day, got, w.told(me, "follow_up", ""), e.Gap)
		}
		if e.First != ap || e.Result != care.Kept || w.referral(me, first(w, me)).Status != care.InCare {
			t.Errorf("day %d: first session %q, promise %q", c.day, e.First, e.Result)
		}
		if c.forms > 0 {
			if d := w.deadline(me, "follow_up", string(e.ID)); !d.Due.Equal(closes) {
				t.Errorf("closes %v, want %v", d.Due, closes)
			}
			continue
		}
		if w.tasks(me, "follow_up_missed") != 1 {
			t.Error("nobody is told that the platform missed a follow-up")
		}
		queue := w.find(care.Set{Name: care.SetQueue, Of: "gap"})
		if len(queue) != 1 || queue[0].Code != c.gap {
			t.Errorf("the report of gaps has %v", queue)
		}
	}
}

func first(w *world, me care.ChartID) care.ReferralID { return w.chart(me).Referrals[0].ID }

// A no-show is no anchor: the follow-up hangs on the session that took place.
func TestR54AnchorIsTheFirstAttendedSession(t *testing.T) {
	w := open(t)
	me, p, _ := w.seen(care.NoShowClient)
	second := w.session(p, first(w, me), dayAfter(7))
	w.until(dayAfter(7))
	w.do(provider(p), act.Outcome{Appointment: second, Result: care.Attended})
	if d := w.deadline(me, "follow_up", string(w.episode(me).ID)); !d.Opens.Equal(time.Date(2026, 11, 12, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("opens %v", d.Opens)
	}
	for _, ap := range w.chart(me).Appointments {
		if ap.Type == care.Session && ap.Start.Equal(dayAfter(0)) && ap.Status != care.Attended {
			w.do(provider(p), correct(ap.ID, care.Attended))
		}
	}
	e := w.episode(me)
	d, _ := w.chart(me).Deadline(e.FollowUp)
	if !e.FirstAt.Equal(dayAfter(0)) || !d.Opens.Equal(time.Date(2026, 11, 5, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("first session %v, opens %v", e.FirstAt, d.Opens)
	}
}

// Answers that are two weeks old when the first session begins are kept; older
// ones are asked for again, and the earlier version is kept.
func TestR47AnswersAreKeptForTwoWeeks(t *testing.T) {
	for _, c := range []struct {
		name  string
		start time.Time
		again int
	}{
		{"the next week", time.Date(2026, 10, 19, 15, 0, 0, 0, time.UTC), 0},
		{"to the second", time.Time{}, 0},
		{"later", time.Date(2026, 10, 21, 15, 0, 0, 0, time.UTC), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			me, p, _ := w.seen(care.NoShowProvider)
			start := c.start
			if start.IsZero() {
				start = w.chart(me).Screenings[0].SubmittedAt.AddDate(0, 0, 14)
			}
			w.session(p, first(w, me), start)
			open, kept := 0, 0
			for _, s := range w.chart(me).Screenings {
				if s.Status.Open() && s.Version == 2 && s.Due.Equal(start) {
					open++
				}
				if s.Total != nil {
					kept++
				}
			}
			if open != c.again || kept != 2 {
				t.Errorf("%d are asked for again, want %d; %d are kept", open, c.again, kept)
			}
		})
	}
}

// A form that the client would rather not answer is recorded as declined, and
// nobody reminds them.
func TestR47DeclinedIsKeptWithoutNagging(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	start := w.now.Add(72 * time.Hour)
	ap := w.session(p, r, start)
	for _, s := range w.chart(me).Screenings {
		w.do(client(me), act.DeclineScreening{Screening: s.ID})
	}
	sent := w.told(me, "forms", "")[string(me)]
	w.until(start)
	if got := w.told(me, "forms", "")[string(me)]; got != sent {
		t.Errorf("%d reminders after the no", got-sent)
	}
	if got := w.told(me, "forms_not_done", ""); len(got) != 0 {
		t.Errorf("the provider is told that forms are not done: %v", got)
	}
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.NoShowProvider})
	w.session(p, r, start.AddDate(0, 0, 5))
	for _, s := range w.chart(me).Screenings {
		if s.Status != care.ScreeningDeclined {
			t.Errorf("after another booking a form is %s", s.Status)
		}
	}
}

// Booked less than two hours ahead: the forms go out at once.
func TestR47BookedAtTheLastMinute(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	w.session(p, r, w.now.Add(90*time.Minute))
	if got := w.told(me, "forms", "")[string(me)]; got != 1 {
		t.Errorf("%d messages at once", got)
	}
	if got := len(w.chart(me).Screenings); got != 2 {
		t.Errorf("%d forms", got)
	}
}

// A retake is version 2; version 1 is kept as it was.
func TestR51RetakeIsVersionTwo(t *testing.T) {
	w := open(t)
	me, p, _ := w.seen("")
	old := w.chart(me).Screenings[0]
	again := care.ScreeningID(w.do(client(me), act.Retake{Screening: old.ID}))
	if twice := care.ScreeningID(w.do(client(me), act.Retake{Screening: old.ID})); twice != again {
		t.Errorf("asked twice, it opened %s and %s", again, twice)
	}
	if now, _ := w.chart(me).Screening(old.ID); now.Status != care.ScreeningCompleted {
		t.Errorf("before the new one is handed in the old one is %s", now.Status)
	}
	w.do(client(me), act.SaveAnswers{Screening: again, Answers: answers(old.Instrument, 0)})
	w.do(client(me), act.Submit{Screening: again})
	one, _ := w.chart(me).Screening(old.ID)
	two, _ := w.chart(me).Screening(again)
	if one.Status != care.ScreeningSuperseded || *one.Total != *old.Total || len(one.Answers) != len(old.Answers) || two.Version != 2 || *two.Total != 0 {
		t.Errorf("version 1 is %s with %d, version %d has %d", one.Status, *one.Total, two.Version, *two.Total)
	}
	if got := w.refused(provider(p), act.SaveAnswers{Screening: again, Answers: answers(old.Instrument, 3)}); got != "not_found" && got != "forbidden" {
		t.Errorf("a provider writes answers: %s", got)
	}
}

// A baseline handed in five minutes after the start is late, and moves nothing;
// one that never comes stands in the report of gaps, and brings no follow-up.
func TestR55BaselineDoneLateOrNever(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	start := time.Date(2026, 10, 8, 15, 0, 0, 0, time.UTC)
	ap := w.session(p, w.held(me, p), start)
	w.until(start.Add(5 * time.Minute))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	if e := w.episode(me); e.Gap != care.GapNoBaseline || e.FollowUp != "" {
		t.Errorf("without a baseline: gap %q, follow-up %q", e.Gap, e.FollowUp)
	}
	w.fills(me, 2)
	e := w.episode(me)
	for _, s := range w.chart(me).Screenings {
		if !s.Late {
			t.Error("handed in after the start, and not late")
		}
	}
	d, _ := w.chart(me).Deadline(e.FollowUp)
	if e.Gap != "" || !d.Opens.Equal(time.Date(2026, 11, 5, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("gap %q, opens %v", e.Gap, d.Opens)
	}
}

// The follow-up goes out though the provider has left, and stops at the client's
// own no.
func TestR56FollowUpSurvivesTheProvider(t *testing.T) {
	w := open(t)
	me, p, _ := w.seen(care.Attended)
	w.until(dayAfter(20))
	w.do(provider(p), act.Leave{Provider: p})
	w.do(client(me), act.AddCoverage{Client: me, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST0001"})
	w.until(dayAfter(28))
	if got := w.forms(me)[care.ScreeningAssigned]; got != 2 {
		t.Fatalf("%d forms on day 28", got)
	}
	for _, s := range w.chart(me).Screenings {
		if s.Purpose == care.FollowUp {
			w.do(client(me), act.DeclineScreening{Screening: s.ID})
		}
	}
	sent := w.told(me, "follow_up", "")[string(me)]
	w.until(dayAfter(50))
	if now := w.told(me, "follow_up", "")[string(me)]; now != sent {
		t.Errorf("%d reminders after the no", now-sent)
	}
}
