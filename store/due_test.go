package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// While one reads the hour that has come, others put something into it that the
// reader's view does not show. It may not fall between.
func TestNothingFallsBetweenAtTheTurnOfTheHour(t *testing.T) {
	w := seeded(t)
	client := w.client(1)
	b := w.onBrittle(make(chan error, 1))
	w.clock.set(begin.Add(time.Hour))
	committed := make(chan struct{})
	meanwhile := func() {
		go func() {
			defer close(committed)
			cover := care.CoverageID(w.do(ofClient(client), covering(client)))
			w.do(care.System, act.VerifyCoverage{Coverage: cover, Result: care.Eligible})
		}()
		select {
		case <-committed:
		case <-time.After(100 * time.Millisecond): // or it waits for us, which is as good
		}
	}
	b.began.Store(&meanwhile)
	if _, err := w.ToSend(); err != nil {
		t.Fatal(err)
	}
	<-committed
	ready, err := w.ToSend()
	if err != nil {
		t.Fatal(err)
	}
	if messages := w.chart(client).Messages; len(messages) == 0 || len(messages) != len(ready) {
		t.Errorf("%d messages stand in the chart as ready, %d are to be sent", len(messages), len(ready))
	}
}

func covering(client care.ChartID) act.AddCoverage {
	return act.AddCoverage{Client: client, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "M100"}
}

// The clock goes back between the look at what is due and the commit: the
// deadline stays, and falls when its time has come again.
func TestClockGoingBackLosesNoDeadline(t *testing.T) {
	w := seeded(t)
	provider, client := w.provider(1), w.client(1)
	w.ask(client, provider)
	due := begin.Add(4 * time.Hour) // the first reminder
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wobbles := false
	w.config.Now = func() time.Time {
		at := w.clock.now()
		if wobbles {
			w.clock.set(at.Add(-time.Second))
		}
		return at
	}
	var err error
	if w.Store, err = Open(w.config); err != nil {
		t.Fatal(err)
	}
	w.clock.set(due)
	wobbles = true
	early := len(w.sweep())
	wobbles = false
	w.clock.set(due)
	if n := early + len(w.sweep()); n != 1 {
		t.Errorf("%d effects came about, want the one reminder", n)
	}
}

// The clock was put back since the last commit: nothing is dated before it, and
// what was due by then is due.
func TestTimeNeverGoesBackBehindTheLastCommit(t *testing.T) {
	w := seeded(t)
	provider, client := w.provider(1), w.client(1)
	w.ask(client, provider)
	later := begin.Add(5 * time.Hour)
	w.clock.set(later)
	w.client(2)
	w.clock.set(begin.Add(-48 * time.Hour))
	w.reopen()
	if fired := w.sweep(); len(fired) != 1 || !fired[0].At.Equal(begin.Add(4*time.Hour)) {
		t.Errorf("got %v, want the one reminder at its instant", fired)
	}
	if out, err := w.Do(t.Context(), care.Anonymous, entering(3)); err != nil || !out.At.Equal(later) {
		t.Errorf("dated %s (%v), want the highest instant seen, %s", out.At, err, later)
	}
	if fired := w.sweep(); len(fired) != 0 {
		t.Errorf("%d effects happened twice", len(fired))
	}
	w.mustBeWhole()
}

// A sweep of a store that has closed says so.
func TestSweepOfAClosedStoreSaysSo(t *testing.T) {
	w := seeded(t)
	provider, client := w.provider(1), w.client(1)
	w.ask(client, provider)
	w.clock.set(begin.Add(3 * time.Hour))
	w.sweep()
	w.clock.set(begin.Add(3*time.Hour + 59*time.Minute))
	if _, _, err := w.NextDue(begin.Add(5 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.clock.set(begin.Add(4*time.Hour + time.Minute))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Sweep(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}

// Somebody who stops the service need not wait until a long time away is caught up
// with: the sweep ends between two commits, and the next one does the rest.
func TestASweepEndsWhenTold(t *testing.T) {
	w := seeded(t)
	provider := w.provider(1)
	for n := range 6 {
		w.ask(w.client(n), provider)
		w.clock.set(w.clock.now().Add(time.Second)) // each is due in a second of its own
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	w.config.Record = func(Committed) {
		if n++; n == 2 {
			cancel()
		}
	}
	w.reopen()
	w.clock.set(begin.Add(5 * time.Hour))
	fired, err := w.Sweep(ctx)
	if !errors.Is(err, context.Canceled) || len(fired) != 2 {
		t.Errorf("told after 2 commits it brought about %d effects: %v", len(fired), err)
	}
	if rest := w.sweep(); len(rest) != 4 {
		t.Errorf("the next one brought about %d, want the other 4", len(rest))
	}
}
