package act_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Item 9 of one with a total of one alerts at once. Nobody reads it: the on-call
// list is written to after 60 minutes, and again every hour, until somebody says
// what they did. Then nothing more goes out.
func TestR50AlertClimbsUntilSomebodyActs(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	w.session(p, w.held(me, p), w.now.Add(72*time.Hour))
	for _, s := range w.chart(me).Screenings {
		if s.Instrument == "phq-9" {
			given := answers("phq-9", 0)
			given["44260-8"] = 1
			w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: given})
			w.do(client(me), act.Submit{Screening: s.ID})
		}
	}
	alert := w.chart(me).Alerts[0]
	raised := w.now
	if got := w.told(me, "safety", string(alert.ID)); got[string(p)] != 1 || got[string(care.RoleClinical)] != 1 {
		t.Errorf("told at once: %v", got)
	}
	calls := func() int { return w.told(me, "safety_overdue", string(alert.ID))[string(care.RoleClinical)] }
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{time.Hour, 0}, {time.Hour + time.Second, 1}, {2 * time.Hour, 1}, {2*time.Hour + time.Second, 2}, {4*time.Hour + time.Second, 4}} {
		if w.until(raised.Add(c.after)); calls() != c.want {
			t.Errorf("after %v: %d calls, want %d", c.after, calls(), c.want)
		}
	}
	if w.tasks(me, "safety_overdue") != 1 {
		t.Error("the care team has no task, or more than one")
	}
	if got := w.refused(care.Actor{Role: care.RoleClinical, Chart: "ac_clinic"}, act.Acknowledge{Alert: alert.ID}); got != "invalid_input" {
		t.Errorf("acknowledged without saying what was done: %s", got)
	}
	w.do(care.Actor{Role: care.RoleClinical, Chart: "ac_clinic"}, act.Acknowledge{Alert: alert.ID, Action: "contacted"})
	before := calls()
	w.until(raised.Add(72 * time.Hour))
	if calls() != before {
		t.Errorf("%d calls after it was acknowledged", calls()-before)
	}
	if got, _ := w.chart(me).Alert(alert.ID); got.AckedBy != "ac_clinic" || got.Action != "contacted" {
		t.Errorf("acknowledged by %s, %s", got.AckedBy, got.Action)
	}
	for _, task := range w.chart(me).Tasks {
		if task.Code == "safety_overdue" && task.DoneAt.IsZero() {
			t.Error("the task about it still stands")
		}
	}
}

// Nobody acts at all: the calls end after as many as the terms say, the task does
// not.
func TestR50CallsEndAndTheTaskStands(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	w.session(p, w.held(me, p), w.now.Add(72*time.Hour))
	for _, s := range w.chart(me).Screenings {
		if s.Instrument == "phq-9" {
			w.do(client(me), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 3}})
		}
	}
	w.until(w.now.Add(14 * 24 * time.Hour))
	if got, want := w.told(me, "safety_overdue", "")[string(care.RoleClinical)], rules.DefaultTerms(begin).SafetyRepeats; got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
	if w.tasks(me, "safety_overdue") != 1 {
		t.Error("the task is gone")
	}
}
