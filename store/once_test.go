package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

func enteringOnce(n int, key string) Order {
	return Order{Actor: care.Anonymous, Act: entering(n), Once: &Once{Key: key, Route: "POST /enter", Body: [32]byte{byte(n)}}}
}

func TestSameKeyGivesTheSameAnswer(t *testing.T) {
	w := newWorld(t, Production, nil)
	first, err := w.Order(t.Context(), enteringOnce(1, "a"))
	if err != nil || first.Replayed {
		t.Fatal(first, err)
	}
	w.reopen()
	again, err := w.Order(t.Context(), enteringOnce(1, "a"))
	if err != nil || !again.Replayed || again.Made != first.Made || !again.At.Equal(first.At) || again.Decision.Outcome != rules.Yes {
		t.Errorf("got %+v, %v; want the answer that made %s", again, err, first.Made)
	}
	_, err = w.Order(t.Context(), enteringOnce(2, "a"))
	wantFault(t, err, care.Invalid, "key_reused")
	for _, o := range []Order{
		{Actor: care.System, Act: entering(1), Once: enteringOnce(1, "a").Once},
		{Actor: care.Anonymous, Act: entering(1), Once: &Once{Key: "a", Route: "POST /elsewhere", Body: [32]byte{1}}},
		enteringOnce(1, "b"),
	} {
		if out, err := w.Order(t.Context(), o); err != nil || out.Replayed || out.Made == first.Made {
			t.Errorf("another actor, route or key: got %+v, %v; want an act of its own", out, err)
		}
	}
	w.mustBeWhole()
}

// A key counts for 24 hours to the second, over midnight as well.
func TestKeyIsForgottenAfterADay(t *testing.T) {
	for _, start := range []time.Time{begin, begin.Truncate(24*time.Hour).AddDate(0, 0, 1), begin.Truncate(24*time.Hour).AddDate(0, 0, 1).Add(-time.Second)} {
		w := newWorld(t, Production, nil)
		w.clock.set(start)
		first, err := w.Order(t.Context(), enteringOnce(1, "a"))
		if err != nil {
			t.Fatal(err)
		}
		w.clock.set(start.Add(24*time.Hour - time.Second))
		if out, err := w.Order(t.Context(), enteringOnce(1, "a")); err != nil || !out.Replayed || out.Made != first.Made {
			t.Errorf("after 23:59:59 got %+v, %v; want the first answer", out, err)
		}
		w.clock.set(start.Add(24 * time.Hour))
		for n, want := range []bool{false, true} { // kept anew, with another body
			if out, err := w.Order(t.Context(), enteringOnce(2, "a")); err != nil || out.Replayed != want || out.Made == first.Made {
				t.Errorf("after 24 hours, try %d: got %+v, %v", n, out, err)
			}
		}
		w.mustBeWhole()
	}
}

// A no is not kept: the same key can be tried again when things have changed.
func TestRefusedRequestMayBeTriedAgainUnderItsKey(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	w.do(ofProvider(provider), act.Pause{Provider: provider})
	o := Order{Actor: ofClient(client), Act: act.Request{Client: client, Provider: provider}, Once: &Once{Key: "a", Route: "POST /requests"}}
	_, err := w.Order(t.Context(), o)
	wantFault(t, err, care.Conflict, "provider_not_available")
	w.do(ofProvider(provider), act.Resume{Provider: provider})
	if out, err := w.Order(t.Context(), o); err != nil || out.Decision.Outcome != rules.Yes || out.Replayed {
		t.Errorf("got %+v, %v", out, err)
	}
}

// Many send the same request at once: it is done once.
func TestSameKeyAtOnceIsOneAct(t *testing.T) {
	w := newWorld(t, Production, nil)
	var mu sync.Mutex
	made, fresh := map[string]bool{}, 0
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			out, err := w.Order(t.Context(), enteringOnce(1, "a"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			made[out.Made] = true
			if !out.Replayed {
				fresh++
			}
		})
	}
	wait.Wait()
	if len(made) != 1 || fresh != 1 {
		t.Errorf("%d clients made by %d acts, want one by one", len(made), fresh)
	}
	w.mustBeWhole()
}

// Yesterday's replies leave as new ones come.
func TestOldRepliesLeave(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	for day := range 6 {
		w.clock.set(begin.AddDate(0, 0, day))
		for n := range 10 {
			if _, err := w.Order(t.Context(), enteringOnce(n, "a"+string(rune('a'+n))+string(rune('a'+day)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := w.engine.View(func(r engine.Reader) error {
		if n := w.count(r, engine.Replies); n > 30 {
			t.Errorf("%d replies are kept, more than those of three days", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A hundred want one opening: one gets it, the others the next ones.
func TestOneOpeningHasOneTaker(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	const takers = 100
	clients := make([]care.ChartID, takers)
	for n := range clients {
		clients[n] = w.client(n)
	}
	free, _ := w.Directory().Openings(provider, care.Consultation, begin, begin, begin.AddDate(0, 0, 7), 1)
	if len(free) == 0 {
		t.Fatal("no opening to take")
	}
	var mu sync.Mutex
	yes := 0
	var wait sync.WaitGroup
	for _, client := range clients {
		wait.Go(func() {
			out, err := w.Do(t.Context(), ofClient(client), act.Request{Client: client, Provider: provider, Start: free[0].Start})
			mu.Lock()
			defer mu.Unlock()
			var f *care.Fault
			switch {
			case err == nil && out.Decision.Outcome == rules.Yes:
				yes++
			case !errors.As(err, &f) || f.Code != "opening_taken":
				t.Errorf("got %v, %v", out.Decision, err)
			case len(f.Next) == 0 || f.Next[0].Equal(free[0].Start):
				t.Errorf("offered %v instead of %s", f.Next, free[0].Start)
			}
		})
	}
	wait.Wait()
	if yes != 1 {
		t.Errorf("%d took the opening", yes)
	}
	booked := 0
	for _, client := range clients {
		chart := w.chart(client)
		booked += len(chart.Appointments)
		if len(chart.Appointments) == 0 && (chart.Version != 1 || len(chart.Referrals)+len(chart.Episodes)+len(chart.Deadlines) > 0) {
			t.Errorf("a refused booking left its mark on chart %s, version %d", chart.ID, chart.Version)
		}
	}
	if booked != 1 {
		t.Errorf("%d appointments were made", booked)
	}
	if next, _ := w.Directory().Openings(provider, care.Consultation, begin, begin, begin.AddDate(0, 0, 7), 1); len(next) == 0 || next[0] == free[0] {
		t.Errorf("the directory still shows the opening that was taken")
	}
	w.mustBeWhole()
}
