package act_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
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
