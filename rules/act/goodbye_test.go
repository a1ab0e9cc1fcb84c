package act_test

import (
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// TestR56AClientLeavesTheProgramme: every request, booked and held time and form
// ends, providers are told without a reason, sharing ends, and nothing comes any
// more; care can be sought again.
func TestR56AClientLeavesTheProgramme(t *testing.T) {
	w := open(t)
	treats, asked, other := w.joins(1, true), w.joins(2, true), w.joins(3, true)
	c := w.enters(1)
	r := w.held(c, treats)
	eligible := w.insured(c, plan(c, "Lakefront HMO"))
	w.shares(c)
	first := w.session(treats, r, w.now.Add(24*time.Hour))
	w.fills(c, 3) // elevated: a follow-up is owed
	w.until(w.now.Add(25 * time.Hour))
	w.do(provider(treats), act.Outcome{Appointment: first, Result: care.Attended})
	ahead := w.session(treats, r, w.now.Add(72*time.Hour))
	begun := w.session(treats, r, w.now.Add(time.Hour))
	second := w.asks(c, asked) // another episode, with a promise of its own
	w.do(client(c), act.Hold{Client: c, Provider: other, Start: time.Date(2026, 10, 9, 15, 0, 0, 0, time.UTC)})
	w.do(client(c), eap(c, 3))
	w.do(careTeam, act.AskDetails{Client: c})
	w.now = w.now.Add(90 * time.Minute) // the second session is over, and nobody has said so

	w.do(client(c), act.LeaveProgramme{Client: c})
	is(t, "in care", w.referral(c, r).Status, care.Ended)
	is(t, "asked", w.referral(c, second).Status, care.Withdrawn)
	is(t, "ahead", w.appointment(c, ahead).Status, care.CancelledClient)
	is(t, "over, without word", w.appointment(c, begun).Status, care.Booked)
	is(t, "holds", len(w.chart(c).Holds), 0)
	for _, p := range []care.ChartID{treats, asked} {
		is(t, "provider told", w.told(c, "client_left", "")[string(p)], 1)
	}
	is(t, "others told", w.told(c, "client_left", "")[string(other)], 0)
	is(t, "client told", w.told(c, "goodbye", "")[string(c)], 1)
	is(t, "inbox", len(w.find(care.Set{Name: care.SetInbox, Of: string(asked), Serves: asked})), 0)
	last, _ := w.chart(c).Sharing()
	is(t, "sharing", last.Active(w.now), false)
	is(t, "why sharing ended", last.Ended, care.EndedByLeave)
	is(t, "asked about sharing again", last.AskAgain(), false)
	is(t, "plan that nobody used", w.chart(c).Coverages[0].Waits() || w.chart(c).Coverages[1].Waits(), false)
	is(t, "plan that was used", w.coverage(c, eligible).Status, care.Eligible)
	for _, e := range w.chart(c).Episodes {
		is(t, "episode", e.ClosedFor != "" && !e.ClosedAt.IsZero(), true)
		want := care.PromiseDropped
		if e.First != "" {
			want = care.Kept
		}
		is(t, "promise", e.Result, want)
	}
	for _, task := range w.chart(c).Tasks {
		is(t, "a task that is left, "+task.Code, task.DoneAt.IsZero(), false)
	}
	for _, pass := range w.chart(c).Passes {
		is(t, "a link for details", pass.Type == care.PassDetails, false)
	}
	is(t, "again", w.refused(client(c), act.LeaveProgramme{Client: c}), "already_left")

	// A session that was had is billed all the same, and brings nobody back.
	w.do(provider(treats), act.Outcome{Appointment: begun, Result: care.Attended})
	is(t, "billed", w.charge(c, begun).State, care.ChargeReady)
	is(t, "in care", w.referral(c, r).Status, care.Ended)
	is(t, "a further session", w.refused(provider(treats), act.BookSession{Referral: r, Start: w.now.Add(48 * time.Hour), Minutes: 50}), "referral_moved_on")

	// Nothing more comes: no reminder, no follow-up, no task.
	messages, tasks := len(w.chart(c).Messages), len(w.chart(c).Tasks)
	w.until(w.now.AddDate(0, 0, 60))
	is(t, "messages since", len(w.chart(c).Messages), messages)
	is(t, "tasks since", len(w.chart(c).Tasks), tasks)
	for _, d := range w.chart(c).Deadlines {
		if d.State == care.Running || d.State == care.Waiting {
			t.Errorf("%s still runs", d.Code)
		}
	}

	// And back: a new episode, with its own promise and forms.
	w.asks(c, other)
	is(t, "left", w.chart(c).Client.LeftAt.IsZero(), true)
	e, open := w.chart(c).OpenEpisode()
	is(t, "seeks care", open && e.SoughtAt.Equal(w.now), true)
}

// TestR56LeavingLeavesASafetyAlertOpen: somebody still reads it.
func TestR56LeavingLeavesASafetyAlertOpen(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	w.session(p, w.held(c, p), w.now.Add(24*time.Hour))
	for _, s := range w.chart(c).Screenings {
		if s.Instrument == "phq-9" {
			w.do(client(c), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 1}})
		}
	}
	w.do(client(c), act.LeaveProgramme{Client: c})
	alert := w.chart(c).Alerts[0]
	is(t, "its clock", w.deadline(c, "safety_ack", string(alert.ID)).State, care.Running)
	w.until(w.now.Add(2 * time.Hour))
	is(t, "called", w.told(c, "safety_overdue", "")[string(care.RoleClinical)] > 0, true)
}

// TestR56FollowUpSurvivesTheEmployer: the employer stops offering the programme on
// day 20; the follow-up goes out on day 28 all the same.
func TestR56FollowUpSurvivesTheEmployer(t *testing.T) {
	w := open(t)
	me, p, _ := w.seen(care.Attended)
	w.until(dayAfter(20))
	employers := w.chart(care.ProgrammeChart).Employers
	w.do(careTeam, act.UpdateEmployer{Employer: employers[0].ID, Name_: employers[0].Name, Industry: employers[0].Industry, Starts: employers[0].Starts, Ends: calendar.On(w.now, time.UTC)})
	w.until(dayAfter(28))
	is(t, "forms on day 28", w.forms(me)[care.ScreeningAssigned], 2)
	is(t, "told", w.told(me, "follow_up", "")[string(me)], 1)
	is(t, "new care", w.refused(client(me), act.Request{Client: me, Provider: w.joins(2, true)}), "client.employed")
	w.session(p, w.chart(me).Referrals[0].ID, w.now.Add(24*time.Hour)) // and care goes on
	is(t, "the promise of then", w.episode(me).Result != care.Broken, true)
}

// TestR49DischargeWaitsForTheProvidersWord: nobody loses sight of an alert that
// they have not read.
func TestR49DischargeWaitsForTheProvidersWord(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	r := w.held(c, p)
	ap := w.session(p, r, w.now.Add(24*time.Hour))
	for _, s := range w.chart(c).Screenings {
		if s.Instrument == "phq-9" {
			w.do(client(c), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 1}})
		}
	}
	w.until(w.now.Add(25 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	is(t, "before the alert is read", w.refused(provider(p), act.Discharge{Referral: r}), "alert_unread")
	w.do(provider(p), act.Acknowledge{Alert: w.chart(c).Alerts[0].ID, Action: "contacted"})
	w.do(provider(p), act.Discharge{Referral: r})

	// R43: what took place elsewhere before can still be recorded, and brings nobody back.
	late := w.do(provider(p), act.BookSession{Referral: r, Start: w.now.Add(-5 * time.Hour), Minutes: 50, Late: "It took place by telephone."})
	is(t, "recorded", w.appointment(c, care.AppointmentID(late)).Status, care.Attended)
	is(t, "status", w.referral(c, r).Status, care.Ended)
}
