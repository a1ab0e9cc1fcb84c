package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"math/rand/v2"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// reconciled holds the entries of the trail against what was counted apart.
func (w *world) reconciled() TrailReport {
	w.Helper()
	w.Flush()
	report, err := w.VerifyTrail(w.Context(), "", nil)
	must(w.TB, err)
	if err := report.Err(); err != nil {
		w.Error(err)
	}
	return report
}

// Many at once act, read, read their own, and are denied: each of it is one
// entry under its request, and nothing else is.
func TestR86EntriesAreRequestsUnderLoad(t *testing.T) {
	w, ids := peopled(t, 8)
	desk := w.desk()
	operator := care.Actor{Role: care.RoleOperator, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleOperator, FullName: "Operator", Email: "operator@example.test"}))}
	kinds := []struct {
		name string
		does func(n int, request string) error
	}{
		{"an act", func(n int, request string) error {
			_, err := w.Do(WithRequest(t.Context(), request), ofClient(ids[n%8]), act.UpdateMe{Client: ids[n%8], Phone: &[]string{fmt.Sprintf("555-01%02d", n)}[0]})
			return err
		}},
		{"an act that is denied", func(n int, request string) error {
			if _, err := w.Do(WithRequest(t.Context(), request), ofClient(ids[n%8]), act.ConfirmClock{}); err == nil {
				return errors.New("it was done")
			}
			return nil
		}},
		{"a read of another's", func(n int, request string) error {
			_, err := w.Charts(WithRequest(t.Context(), request), desk, []care.ChartID{ids[n%8], ids[(n+1)%8]}, "board")
			return err
		}},
		{"a read of one's own", func(n int, request string) error {
			_, err := w.Chart(WithRequest(t.Context(), request), ofClient(ids[n%8]), ids[n%8], "me")
			return err
		}},
		{"a read that is denied", func(n int, request string) error {
			if _, err := w.Chart(WithRequest(t.Context(), request), operator, ids[n%8], "client"); err == nil {
				return errors.New("it was read")
			}
			return nil
		}},
		{"a read of the trail", func(n int, request string) error {
			_, err := w.Seen(WithRequest(t.Context(), request), ofClient(ids[n%8]), ids[n%8], 5, "access log")
			return err
		}},
	}
	before := w.reconciled()
	const each = 40
	var wait sync.WaitGroup
	for i, k := range kinds {
		for n := range each {
			wait.Go(func() {
				if err := k.does(n, fmt.Sprintf("request-%d-%d", i, n)); err != nil {
					t.Errorf("%s: %v", k.name, err)
				}
			})
		}
	}
	wait.Wait()
	after := w.reconciled()
	told := map[string]int{}
	for _, e := range w.entries("") {
		if strings.HasPrefix(e.Request, "request-") {
			told[e.Request]++
		}
	}
	for i, k := range kinds {
		for n := range each {
			if got := told[fmt.Sprintf("request-%d-%d", i, n)]; got != 1 {
				t.Fatalf("%s has %d entries, want one", k.name, got)
			}
		}
	}
	if got := after.Requests - before.Requests; got != uint64(len(kinds)*each) {
		t.Errorf("%d requests were counted, there were %d", got, len(kinds)*each)
	}
	w.mustBeWhole()
}

// Killed at any instant, a store holds as many entries as it counted acts and
// reads.
func TestR86EntriesAreRequestsAfterKills(t *testing.T) {
	w := newWorld(t, Production, nil)
	for n := range 4 {
		w.provider(n)
	}
	must(t, w.Close())
	chance := rand.New(rand.NewPCG(20261126, 19))
	acks := 0
	for range 12 {
		acks += len(killed(t, w.config.Dir, time.Duration(chance.IntN(60_000))*time.Microsecond))
		w.opened()
		w.clock.set(w.now())
		if report := w.reconciled(); report.Requests < uint64(acks) {
			t.Errorf("%d acts were acknowledged, %d counted", acks, report.Requests)
		}
		must(t, w.Close())
	}
	if acks < 50 {
		t.Errorf("%d acknowledged acts prove little", acks)
	}
}

// An entry more or fewer than was counted is told: this could fail.
func TestReconciliationCanFail(t *testing.T) {
	w, _ := peopled(t, 1)
	must(t, w.engine.Update(func(to engine.Writer) error {
		st := w.state.clone()
		st.Apart.Requests++
		return st.write(to, w.vault)
	}))
	report, err := w.VerifyTrail(t.Context(), "", nil)
	must(t, err)
	if err := report.Err(); !errors.Is(err, ErrDamaged) || report.Difference != -1 {
		t.Errorf("%v, %+v", err, report)
	}
}

// Strangers who are turned away make one entry a minute, however often they
// knock; somebody known makes one each time.
func TestStrangersDenialsAreCountedByTheMinute(t *testing.T) {
	w, ids := peopled(t, 1)
	knock := func(times int) {
		for range times {
			if _, err := w.Do(t.Context(), care.Anonymous, act.UpdateMe{Client: ids[0]}); err == nil {
				t.Fatal("a stranger changed a chart")
			}
			w.Denied(t.Context(), care.Anonymous, "read board")
		}
	}
	before := w.reconciled()
	knock(25)
	w.clock.pass(time.Minute)
	w.Flush()
	knock(5)
	w.Denied(t.Context(), ofClient(ids[0]), "read board")
	w.reopen() // the count of this minute is not lost
	var told []string
	for _, e := range w.entries("denied") {
		told = append(told, e.Effect)
		if e.Role != care.RoleAnonymous || !e.At.Equal(e.At.Truncate(time.Minute)) || len(e.About) > 0 {
			t.Errorf("%+v", e)
		}
	}
	if strings.Join(told, " ") != "50 10" {
		t.Errorf("the minutes say %v", told)
	}
	if after := w.reconciled(); after.Size != before.Size+3 || after.Notes != before.Notes+2 {
		t.Errorf("%d entries more, of which %d notes", after.Size-before.Size, after.Notes-before.Notes)
	}
}
