package store

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// unkept plans a record that no codec takes: a year of five digits.
type unkept struct{ client care.ChartID }

func (unkept) Name() string               { return "fall" }
func (unkept) Needs(act.Known) act.Needs  { return act.Needs{} }
func (unkept) About(act.Known) care.About { return care.About{} }
func (u unkept) Decide(_ act.Known, _ act.Env) act.Plan {
	return act.Plan{Decision: rules.Allowed(), Changes: []care.Change{
		care.Put{Chart: u.client, Record: care.Task{ID: "tk_0", OpenedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
		care.Put{Chart: u.client, Record: care.Task{ID: "tk_1", OpenedAt: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}}
}

// A record that cannot be encoded fails its own act, leaves no mark, and stops
// nobody else.
func TestRecordThatCannotBeEncodedFailsItsActAlone(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	client := w.client(1)
	if _, err := w.Do(t.Context(), care.System, unkept{client}); err == nil {
		t.Fatal("the act was answered as done")
	}
	if err := w.Store.Failed(); err != nil {
		t.Fatalf("the store stopped: %v", err)
	}
	if n := len(w.chart(client).Tasks); n != 0 {
		t.Errorf("%d tasks were written", n)
	}
	w.client(2)
}
