package act_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// monday is 10:00 in Chicago, n weeks after the world begins.
func monday(n int) time.Time { return time.Date(2026, 10, 5+7*n, 15, 0, 0, 0, time.UTC) }

// What an outcome makes of the referral and the episode.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		of      care.AppointmentType
		result  care.AppointmentStatus
		want    care.ReferralStatus
		promise care.PromiseResult
		anchor  bool
		tasks   int
		told    int
	}{
		{care.Consultation, care.Attended, care.ConsultHeld, "", false, 0, 0},
		{care.Consultation, care.NoShowClient, care.Accepted, "", false, 0, 1},
		{care.Consultation, care.NoShowProvider, care.Accepted, "", false, 1, 1},
		{care.Session, care.Attended, care.InCare, care.Kept, true, 0, 0},
		{care.Session, care.NoShowClient, care.ConsultHeld, "", false, 0, 1},
		{care.Session, care.NoShowProvider, care.ConsultHeld, "", false, 1, 1},
	} {
		t.Run(string(c.of)+" "+string(c.result), func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, false), w.enters(1)
			var r care.ReferralID
			var ap care.AppointmentID
			start := w.now.Add(26 * time.Hour)
			if c.of == care.Consultation {
				r = w.asks(me, p, start)
				w.do(provider(p), act.Book{Referral: r, Start: start})
				ap = w.referral(me, r).Meeting
			} else {
				r = w.held(me, p)
				ap = w.session(p, r, start)
			}
			w.until(start.Add(-time.Second))
			if got := w.refused(provider(p), act.Outcome{Appointment: ap, Result: c.result}); got != "not_yet" {
				t.Errorf("before its start: %s", got)
			}
			w.until(start)
			for _, no := range []care.AppointmentStatus{care.Booked, care.CancelledClient, "", "held"} {
				if got := w.refused(provider(p), act.Outcome{Appointment: ap, Result: no}); got != "invalid_input" {
					t.Errorf("result %q: %s", no, got)
				}
			}
			w.do(provider(p), act.Outcome{Appointment: ap, Result: c.result})
			if got := w.refused(provider(p), act.Outcome{Appointment: ap, Result: c.result}); got != "already_settled" {
				t.Errorf("twice: %s", got)
			}
			e := w.episode(me)
			if got := w.referral(me, r); got.Status != c.want || c.want == care.Accepted && got.Meeting != "" {
				t.Errorf("referral %s, meeting %q", got.Status, got.Meeting)
			}
			if e.Result != c.promise || (e.First == ap) != c.anchor {
				t.Errorf("promise %q, first session %q", e.Result, e.First)
			}
			if got := w.tasks(me, "provider_no_show"); got != c.tasks {
				t.Errorf("%d tasks", got)
			}
			if got := w.told(me, "no_show", string(ap)); got[string(me)] != c.told || len(got) != c.told {
				t.Errorf("told %v", got)
			}
		})
	}
}

// The promise is about when the session was, not about when somebody said so.
func TestOutcomeThatIsSaidLateKeepsThePromiseAllTheSame(t *testing.T) {
	for _, c := range []struct {
		name  string
		start time.Time
		want  care.PromiseResult
		state care.DeadlineState
	}{
		{"on the last day", time.Date(2026, 10, 13, 15, 0, 0, 0, time.UTC), care.Kept, care.Met}, // the 12th is a holiday
		{"the day after", time.Date(2026, 10, 14, 15, 0, 0, 0, time.UTC), care.Broken, care.Missed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, false), w.enters(1)
			ap := w.session(p, w.held(me, p), c.start)
			w.until(time.Date(2026, 10, 16, 15, 0, 0, 0, time.UTC))
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
			e := w.episode(me)
			if d := w.deadline(me, "promise", string(e.ID)); e.Result != c.want || d.State != c.state {
				t.Errorf("the promise is %q and its deadline %s", e.Result, d.State)
			}
			open := 0
			for _, task := range w.chart(me).Tasks {
				if task.Code == "promise_broken" && task.DoneAt.IsZero() {
					open++
				}
			}
			if want := map[care.PromiseResult]int{care.Kept: 0, care.Broken: 1}[c.want]; open != want {
				t.Errorf("%d open tasks about a broken promise, want %d", open, want)
			}
		})
	}
}

// A late answer stands for as long as the terms say, while the client has not
// moved on.
func TestLateAnswer(t *testing.T) {
	end := begin.Add(24 * time.Hour)
	for _, c := range []struct {
		name  string
		at    time.Time
		moved func(*world, care.ChartID, care.ChartID)
		want  string
	}{
		{"in time, to the second", end, nil, "done"},
		{"a second late", end.Add(time.Second), nil, "done"},
		{"a day late, to the second", end.Add(24 * time.Hour), nil, "done"},
		{"a day and a second late", end.Add(24*time.Hour + time.Second), nil, "referral_moved_on"},
		{"asked another before", end.Add(2 * time.Hour), func(w *world, me, other care.ChartID) { w.asks(me, other) }, "client_moved_on"},
		{"asked another, who said no", end.Add(2 * time.Hour), func(w *world, me, other care.ChartID) {
			w.do(provider(other), act.Decline{Referral: w.asks(me, other)})
		}, "done"},
		{"asked another and withdrew", end.Add(2 * time.Hour), func(w *world, me, other care.ChartID) {
			w.do(client(me), act.Withdraw{Referral: w.asks(me, other)})
		}, "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			p, other, me := w.joins(1, false), w.joins(2, false), w.enters(1)
			r := w.asks(me, p)
			if c.moved != nil {
				w.until(end.Add(time.Hour))
				c.moved(w, me, other)
			}
			w.now = c.at // nothing has swept: the act sees the world as it should be
			got := w.refused(provider(p), act.Accept{Referral: r})
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			w.until(end.Add(72 * time.Hour))
			if state := w.deadline(me, "respond", string(r)).State; (state == care.Met) != !c.at.After(end) {
				t.Errorf("the answer clock is %s", state)
			}
		})
	}
}

// A provider books only what the client listed.
func TestProviderBooksOnlyAListedTime(t *testing.T) {
	w := open(t)
	listed := begin.Add(50 * time.Hour)
	p, stranger, me := w.joins(1, true), w.joins(2, true), w.enters(1)
	r := w.asks(me, p, listed)
	for _, start := range []time.Time{listed.Add(time.Minute), listed.Add(-time.Hour), begin.Add(2 * time.Hour)} {
		if got := w.refused(provider(p), act.Book{Referral: r, Start: start}); got != "time_not_listed" {
			t.Errorf("%v: %s", start, got)
		}
	}
	if got := w.refused(provider(stranger), act.Book{Referral: r, Start: listed}); got != "not_found" {
		t.Errorf("another provider: %s", got)
	}
	w.do(provider(p), act.Book{Referral: r, Start: listed})
	if got := w.referral(me, r); got.Status != care.ConsultBooked || got.AnsweredAt.IsZero() {
		t.Errorf("the referral is %s", got.Status)
	}
	if d := w.deadline(me, "respond", string(r)); d.State != care.Met {
		t.Errorf("the answer clock is %s", d.State)
	}
	if got := w.told(me, "consult_booked", ""); got[string(me)] != 1 || got[string(p)] != 1 {
		t.Errorf("told %v", got)
	}
}

// Withdrawing the last thing that is open ends the episode; its promise is
// neither kept nor broken, and no clock of it goes on.
func TestWithdrawClosesAnIdleEpisode(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, false), w.joins(2, false), w.enters(1)
	first, second := w.asks(me, p), w.asks(me, q)
	w.do(client(me), act.Withdraw{Referral: first})
	if e := w.episode(me); !e.ClosedAt.IsZero() {
		t.Fatal("the episode ended while a request was open")
	}
	w.do(client(me), act.Withdraw{Referral: second})
	e := w.episode(me)
	if e.ClosedAt.IsZero() || e.Result != care.PromiseDropped {
		t.Errorf("the episode is %q, closed %v", e.Result, e.ClosedAt)
	}
	for _, d := range w.chart(me).Deadlines {
		if d.State == care.Running || d.State == care.Waiting {
			t.Errorf("%s goes on", d.Code)
		}
	}
	w.asks(me, p) // somebody who comes back begins anew
	if again := w.episode(me); again.ID == e.ID || again.SoughtAt.Before(e.ClosedAt) {
		t.Error("the second request went on with the first episode")
	}
	if got := w.refused(client(me), act.Withdraw{Referral: first}); got != "referral_moved_on" {
		t.Errorf("withdrawing twice: %s", got)
	}
}

// A request whose time is over stays on record as what it was.
func TestRequestThatIsOverCannotBeWithdrawn(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.until(begin.Add(49 * time.Hour))
	if got := w.refused(client(me), act.Withdraw{Referral: r}); got != "referral_moved_on" {
		t.Errorf("got %s", got)
	}
	if got := w.referral(me, r).Status; got != care.Expired {
		t.Errorf("the request is %s", got)
	}
}

// The forms come before the first session that is booked, whichever was booked
// first; they move with it, and answers stay.
func TestBaselineStandsBeforeTheFirstSession(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	due := func(want care.AppointmentID, at time.Time) {
		t.Helper()
		chart, running := w.chart(me), 0
		for _, d := range chart.Deadlines {
			if d.Code == "baseline" && d.State == care.Running {
				running++
				if d.Subject != string(want) || !d.Due.Equal(at) {
					t.Errorf("the forms are owed before %s at %v, want %s at %v", d.Subject, d.Due, want, at)
				}
			}
		}
		if running != 1 || len(chart.Screenings) != 2 {
			t.Errorf("%d clocks run, %d forms", running, len(chart.Screenings))
		}
		for _, s := range chart.Screenings {
			if !s.Due.Equal(at) {
				t.Errorf("%s is due %v, want %v", s.Instrument, s.Due, at)
			}
		}
	}
	second := w.session(p, r, monday(2))
	due(second, monday(2))
	w.session(p, r, monday(3)) // a later one changes nothing
	due(second, monday(2))
	first := w.session(p, r, monday(1))
	due(first, monday(1))

	// Nobody came to the first: the second is the first now, and nothing is to be
	// arranged.
	w.until(monday(1))
	w.do(provider(p), act.Outcome{Appointment: first, Result: care.NoShowClient})
	due(second, monday(2))
	if got := w.referral(me, r).Status; got != care.SessionBooked {
		t.Errorf("the referral is %s, and two sessions stand", got)
	}
	w.fills(me, 0)
	w.until(monday(2))
	w.do(provider(p), act.Outcome{Appointment: second, Result: care.Attended})
	if got := w.told(me, "forms_not_done", ""); len(got) != 0 {
		t.Errorf("told that forms are missing: %v", got)
	}
}

// Withdrawing from one provider cancels what is booked there, and the reminders
// of it, also when the client goes on with another.
func TestWithdrawEndsTheRemindersOfWhatItCancels(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, false), w.joins(2, true), w.enters(1)
	r := w.held(me, p)
	ap := w.session(p, r, monday(1))
	w.do(client(me), act.Request{Client: me, Provider: q, Start: monday(0).Add(28 * time.Hour)})
	w.do(client(me), act.Withdraw{Referral: r})
	if got, _ := w.chart(me).Appointment(ap); got.Status != care.CancelledClient {
		t.Errorf("the session is %s", got.Status)
	}
	for _, d := range w.chart(me).Deadlines {
		if d.Code == "baseline" && d.State == care.Running {
			t.Error("the forms are still owed before a session that was cancelled")
		}
	}
	if e := w.episode(me); !e.ClosedAt.IsZero() {
		t.Error("the episode ended while a consultation stands")
	}
}

// The follow-up hangs on the first attended session, also when the elevated
// answers come after it.
func TestFollowUpAnchorWhenTheBaselineComesLate(t *testing.T) {
	chicago := time.FixedZone("CST", -6*60*60)
	attended := time.Date(2026, 10, 12, 15, 0, 0, 0, time.UTC)
	opens, closes := time.Date(2026, 11, 9, 0, 0, 0, 0, chicago), time.Date(2026, 11, 23, 23, 59, 59, 0, chicago)
	for _, c := range []struct {
		name      string
		filled    time.Time
		value     int
		starts    bool
		reminders int
		open      int // forms, at once
	}{
		{"before the session", attended.Add(-time.Hour), 2, true, 5, 0},
		{"the day after", attended.AddDate(0, 0, 1), 2, true, 5, 0},
		{"within the window", time.Date(2026, 11, 13, 18, 0, 0, 0, time.UTC), 2, true, 4, 2}, // one at once, and those to come
		{"after the window", time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC), 2, false, 0, 0},
		{"not elevated", attended.AddDate(0, 0, 1), 1, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, false), w.enters(1)
			ap := w.session(p, w.held(me, p), attended)
			if c.filled.Before(attended) {
				w.until(c.filled)
				w.fills(me, c.value)
			}
			w.until(attended)
			w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
			if !c.filled.Before(attended) {
				w.until(c.filled)
				w.fills(me, c.value)
			}
			w.sweep()
			e := w.episode(me)
			if (e.FollowUp != "") != c.starts {
				t.Fatalf("follow-up %q", e.FollowUp)
			}
			forms := 0
			for _, s := range w.chart(me).Screenings {
				if s.Purpose == care.FollowUp && s.Status.Open() {
					forms++
				}
			}
			if forms != c.open {
				t.Errorf("%d forms are open at once, want %d", forms, c.open)
			}
			w.until(closes.Add(30 * 24 * time.Hour))
			if got := w.told(me, "follow_up", "")[string(me)]; got != c.reminders {
				t.Errorf("%d reminders, want %d", got, c.reminders)
			}
			if !c.starts {
				return
			}
			d := w.deadline(me, "follow_up", string(e.ID))
			if !d.Opens.Equal(opens) || !d.Due.Equal(closes) || d.State != care.Missed {
				t.Errorf("opens %v, closes %v, %s", d.Opens, d.Due, d.State)
			}
		})
	}
}

// An answer above zero alerts once for a form, however often it is saved.
func TestAlertOncePerScreening(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	w.session(p, w.held(me, p), monday(1))
	var phq care.ScreeningID
	for _, s := range w.chart(me).Screenings {
		if s.Instrument == "phq-9" {
			phq = s.ID
		}
	}
	for _, value := range []int{0, 1, 3, 0, 2} {
		w.do(client(me), act.SaveAnswers{Screening: phq, Answers: map[string]int{"44260-8": value}})
	}
	alerts := w.chart(me).Alerts
	if len(alerts) != 1 || alerts[0].Provider != p {
		t.Fatalf("%d alerts", len(alerts))
	}
	if got := w.told(me, "safety", ""); got[string(p)] != 1 || got[string(care.RoleClinical)] != 1 {
		t.Errorf("told %v", got)
	}
	if got := w.refused(provider(p), act.Acknowledge{Alert: alerts[0].ID, Action: "forgotten"}); got != "invalid_input" {
		t.Errorf("an unknown action: %s", got)
	}
	w.do(provider(p), act.Acknowledge{Alert: alerts[0].ID, Action: "contacted"})
	if got := w.refused(provider(p), act.Acknowledge{Alert: alerts[0].ID, Action: "contacted"}); got != "already_acknowledged" {
		t.Errorf("twice: %s", got)
	}
	w.until(begin.AddDate(0, 0, 5))
	if got := w.told(me, "safety_overdue", ""); len(got) != 0 {
		t.Errorf("the on-call list was told of what was acknowledged: %v", got)
	}
}

// A provider's leaving touches who waits, and nobody else.
func TestLeaving(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, false), w.joins(2, false)
	waits, accepted, expired, held := w.enters(1), w.enters(2), w.enters(3), w.enters(4)
	e := w.asks(expired, p)
	w.until(begin.Add(25 * time.Hour))
	r, a, h := w.asks(waits, p), w.asks(accepted, p), w.held(held, p)
	w.do(provider(p), act.Accept{Referral: a})
	w.do(provider(p), act.Leave{Provider: p})
	w.sweep()
	for _, c := range []struct {
		client   care.ChartID
		referral care.ReferralID
		want     care.ReferralStatus
		told     int
	}{
		{waits, r, care.Rerouted, 1}, {expired, e, care.Rerouted, 1}, {accepted, a, care.Accepted, 0}, {held, h, care.ConsultHeld, 0},
	} {
		got := w.referral(c.client, c.referral)
		if got.Status != c.want || w.told(c.client, "provider_left", string(c.referral))[string(c.client)] != c.told {
			t.Errorf("%s: %s, want %s", c.referral, got.Status, c.want)
		}
		if c.told == 1 && (len(got.Alternatives) != 1 || got.Alternatives[0] != q) {
			t.Errorf("%s: alternatives %v", c.referral, got.Alternatives)
		}
	}
	if got := w.refused(provider(p), act.Leave{Provider: p}); got != "not_active" {
		t.Errorf("leaving twice: %s", got)
	}
	if got := w.refused(client(waits), act.Request{Client: waits, Provider: p}); got == "done" {
		t.Error("a provider who left can be asked")
	}
}

// A request that ran out in the second in which its provider left ran out first:
// the end of its day was a second before.
func TestProviderWhoLeavesInTheSecondAfterTheAnswerWasDue(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	due := w.deadline(me, "respond", string(r)).Due
	w.now = due.Add(time.Second) // nobody has swept
	w.do(provider(p), act.Leave{Provider: p})
	w.sweep()
	if got := w.referral(me, r); !got.ExpiredAt.Equal(due) || got.Status != care.Rerouted {
		t.Errorf("%s, ran out at %v, was due %v", got.Status, got.ExpiredAt, due)
	}
	if got := w.deadline(me, "respond", string(r)); got.State != care.Missed {
		t.Errorf("the answer's deadline is %s", got.State)
	}
}

// A yes that is sent twice in one second is one yes: the client is told once.
func TestAnAnswerThatIsSentTwiceIsToldOnce(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Accept{Referral: r})
	w.refused(provider(p), act.Accept{Referral: r})
	if got := w.told(me, "accepted", string(r)); got[string(me)] != 1 {
		t.Errorf("told %d times", got[string(me)])
	}
}

// The process is killed an hour before an answer is due and comes back an hour
// after: one breach, dated when it was, and one rescue.
func TestR32TheAnswerIsMissedWhenItWasDueThoughNobodyWatched(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	other := w.joins(2, false)
	r := w.asks(me, p)
	due := w.deadline(me, "respond", string(r)).Due
	w.until(due.Add(-time.Hour))
	w.restart(true)
	w.now = due.Add(time.Hour)
	w.restart(true)
	w.sweep()
	w.sweep()
	if got := w.deadline(me, "respond", string(r)); got.State != care.Missed || !got.SettleAt.Equal(due) {
		t.Errorf("%s at %v, was due %v", got.State, got.SettleAt, due)
	}
	got := w.referral(me, r)
	if got.Status != care.Expired || !got.ExpiredAt.Equal(due) || len(got.Alternatives) != 1 || got.Alternatives[0] != other {
		t.Errorf("%s at %v, offered %v", got.Status, got.ExpiredAt, got.Alternatives)
	}
	if told := w.told(me, "expired", string(r)); told[string(me)] != 1 {
		t.Errorf("told %v", told)
	}
	for _, m := range w.chart(me).Messages {
		if m.Template == "expired" && !m.At.Equal(due) {
			t.Errorf("told as of %v", m.At)
		}
	}
}

// An answer in the very last second is in time.
func TestR32TheLastSecondIsInTime(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.now = w.deadline(me, "respond", string(r)).Due
	w.do(provider(p), act.Accept{Referral: r})
	if got := w.referral(me, r); got.Status != care.Accepted || !got.ExpiredAt.IsZero() {
		t.Errorf("%s, ran out at %v", got.Status, got.ExpiredAt)
	}
}

// Where nobody else could keep the promise, a person looks for somebody, in the
// same minute; where others could, they are offered, three at most.
func TestR33MissedAnswerIsRescued(t *testing.T) {
	for others, tasks := range map[int]int{0: 1, 5: 0} {
		w := open(t)
		p, me := w.joins(1, false), w.enters(1)
		for n := range others {
			w.joins(2+n, false)
		}
		r := w.asks(me, p)
		w.until(w.deadline(me, "respond", string(r)).Due.Add(time.Minute))
		got := w.referral(me, r)
		if w.tasks(me, "manual_match") != tasks || len(got.Alternatives) != min(others, 3) {
			t.Errorf("%d others: %d tasks, %d offered", others, w.tasks(me, "manual_match"), len(got.Alternatives))
		}
		if slices.Contains(got.Alternatives, p) {
			t.Error("the one who did not answer is offered again")
		}
		for _, task := range w.chart(me).Tasks {
			if task.Code == "manual_match" && task.OpenedAt.Sub(got.ExpiredAt) > time.Minute {
				t.Errorf("the task was opened %v after", task.OpenedAt.Sub(got.ExpiredAt))
			}
		}
	}
}

// Ten thousand days (fewer with the race detector), in lives of a hundred, in
// which the process is killed and restarted again and again: what happened and
// who was told is to the letter what it is in the same lives without a kill.
func TestR78KillsLoseNothingAndDoubleNothing(t *testing.T) {
	const days = 100
	root := inMemory(t)
	for n := range 100 / slower {
		lives := [2]string{}
		for i := range lives {
			dir, err := os.MkdirTemp(root, "")
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, dir)
			chance := rand.New(rand.NewPCG(7, uint64(n)))
			p, late, me := w.joins(1, false), w.joins(2, false), w.enters(1)
			w.asks(me, late) // who never answers
			r := w.asks(me, p)
			w.do(provider(p), act.Accept{Referral: r})
			session := false
			for d := range days {
				wait := time.Duration(1+chance.IntN(2*24*60)) * time.Minute
				w.now = w.now.Add(wait)
				if killed := chance.IntN(4) == 0; killed && i == 1 {
					w.restart(true)
				}
				if chance.IntN(3) > 0 {
					w.sweep()
				}
				if d > 3 && !session {
					w.refused(provider(p), act.BookSession{Referral: r, Start: w.now.Truncate(time.Hour).Add(50 * time.Hour), Minutes: 50})
					session = true
				}
				for _, ap := range w.chart(me).Appointments {
					if ap.Status == care.Booked && ap.Start.Before(w.now) {
						w.refused(provider(p), act.Outcome{Appointment: ap.ID, Result: care.Attended})
					}
				}
			}
			w.sweep()
			var all bytes.Buffer
			if _, err := w.store.Export(context.Background(), &all, nil); err != nil {
				t.Fatal(err)
			}
			lives[i] = all.String()
			w.close()
		}
		if lives[0] != lives[1] {
			t.Fatalf("life %d went another way when it was killed", n)
		}
	}
}
