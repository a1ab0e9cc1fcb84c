package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// inOrder is a seeded world whose store writes each commit before it decides the
// next, as a lasting one does.
func inOrder(t testing.TB) *world {
	t.Helper()
	w := seeded(t)
	w.config.together = true
	w.reopen()
	return w
}

// crowd has many people do things at the same instants, each several things that bear
// on one another, and gives the clients.
func (w *world) crowd(chance *rand.Rand, rounds int) []care.ChartID {
	w.Helper()
	providers := []care.ChartID{w.provider(11), w.provider(12), w.provider(13)}
	cap := 2
	w.do(ofProvider(providers[2]), act.SetCaseload{Provider: providers[2], Caseload: &cap})
	var clients []care.ChartID
	for n := range 6 {
		clients = append(clients, w.client(1000+n))
	}
	for range rounds {
		w.clock.set(w.now().Add(time.Duration(chance.IntN(20)) * time.Hour))
		now := w.now()
		var orders []Order
		add := func(actor care.Actor, a act.Act) { orders = append(orders, Order{Actor: actor, Act: a}) }
		for _, client := range clients {
			provider := providers[chance.IntN(len(providers))]
			free, _ := w.Directory().Openings(provider, care.Consultation, now, now, now.AddDate(0, 0, 10), 3)
			chart := w.chart(client)
			switch n := chance.IntN(6); {
			case n == 0 && len(free) > 0: // some of these want the same time
				add(ofClient(client), act.Request{Client: client, Provider: provider, Start: free[0].Start})
			case n <= 2:
				add(ofClient(client), act.Request{Client: client, Provider: provider})
				add(ofClient(client), act.SetSharing{Client: client, TextVersion: act.ConsentTextVersion})
			case n == 3:
				add(ofClient(client), act.JoinWaitlist{Client: client, Provider: provider})
			}
			for _, r := range chart.Referrals {
				switch n := chance.IntN(5); {
				case n == 0:
					add(ofProvider(r.Provider), act.Accept{Referral: r.ID})
				case n == 1:
					add(ofProvider(r.Provider), act.Decline{Referral: r.ID})
				case n == 2 && len(free) > 0:
					add(ofClient(client), act.Book{Referral: r.ID, Start: free[len(free)-1].Start})
				}
			}
			for _, s := range chart.Screenings {
				if s.Status.Open() && chance.IntN(2) == 0 {
					add(ofClient(client), act.Submit{Screening: s.ID})
				}
			}
		}
		for _, a := range w.OrderAll(w.Context(), orders) {
			var f *care.Fault
			if a.Err != nil && !asFault(a.Err, &f) {
				w.Fatal(a.Err)
			}
		}
		if chance.IntN(3) == 0 {
			w.sweep()
		}
	}
	w.clock.set(w.now().AddDate(0, 1, 0))
	w.sweep()
	return clients
}

// said is the whole trail, an entry a line, without the numbers of commits.
func (w *world) said() (lines []string) {
	w.Helper()
	must(w.TB, w.view(func(r engine.Reader) error {
		var blocks []uint64
		err := r.Scan(engine.Trail, nil, nil, func(k, _ []byte) error {
			blocks = append(blocks, binaryKey(k))
			return nil
		})
		for _, seq := range blocks {
			block, failed := w.trailBlock(r, seq)
			err = errors.Join(err, failed)
			for _, line := range block {
				e, failed := line.open()
				body, _ := json.Marshal(e)
				lines, err = append(lines, string(body)), errors.Join(err, failed)
			}
		}
		return err
	}))
	return lines
}

// wronglyKept is a list that the committer keeps otherwise than it is written; nil: none.
func (w *world) wronglyKept() (wrong *care.Set) {
	w.Helper()
	inOrder := func(members []care.Member) []byte {
		members = slices.Clone(members)
		sortMembers(members, func(care.Member) int64 { return 0 })
		body, _ := json.Marshal(members)
		return body
	}
	must(w.TB, w.work(nil, func(c *commit) error {
		for set, kept := range c.sets {
			read, err := c.loadSet(c.w, set)
			if err != nil || len(kept)+len(read) > 0 && !bytes.Equal(inOrder(kept), inOrder(read)) {
				wrong = &set
				return err
			}
		}
		return nil
	}))
	return wrong
}

// Whether the next acts are decided while the last are still written makes no
// difference to anything: to no record, to no line of the trail, to no answer.
func TestDecidingAheadChangesNothing(t *testing.T) {
	lived := 0
	rapid.Check(t, func(r *rapid.T) {
		if lived++; raced && lived > 20 {
			return // the campaigns live them all
		}
		steps, seed := drawSteps(r), rapid.Uint64().Draw(r, "seed")
		ahead, after := seeded(t), inOrder(t)
		if !ahead.decidesAhead() || after.decidesAhead() {
			t.Skip("one core: nothing is decided ahead")
		}
		one, two := live(ahead, steps, func(int) bool { return false }), live(after, steps, func(int) bool { return false })
		one, two = append(one, ahead.crowd(rand.New(rand.NewPCG(seed, 1)), 6)...), append(two, after.crowd(rand.New(rand.NewPCG(seed, 1)), 6)...)
		if !slices.Equal(one, two) {
			r.Fatalf("clients %v, then %v", one, two)
		}
		if a, b := ahead.exported(one), after.exported(two); a != b {
			r.Fatalf("the records differ: %s", difference(a, b))
		}
		if a, b := ahead.said(), after.said(); !slices.Equal(a, b) {
			r.Fatalf("the trail says\n%s\nand\n%s", only(a, b), only(b, a))
		}
		for _, w := range []*world{ahead, after} {
			if err := w.whole(); err != nil {
				r.Fatal(err)
			}
			if _, wrong := w.happenedOnce(); len(wrong) > 0 {
				r.Fatal(wrong)
			}
			if set := w.wronglyKept(); set != nil {
				r.Fatalf("what the committer keeps of %v is not what the store has", set)
			}
			must(t, w.Close())
		}
	})
}

// Who has been answered finds what they did wherever they look, however many others
// are answered meanwhile.
func TestWhatWasAnsweredIsFoundAtOnce(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	provider := w.provider(1)
	var people sync.WaitGroup
	for n := range 8 {
		people.Go(func() {
			for i := range 12 {
				client := w.client(100*n + i)
				out, err := w.Do(w.Context(), ofClient(client), act.Request{Client: client, Provider: provider})
				if err != nil {
					t.Error(err)
					return
				}
				found, err := w.Find(w.Context(), care.System, act.ClientsOf(provider)[0])
				if err != nil || !slices.ContainsFunc(found, func(m care.Member) bool { return m.Ref == out.Made }) {
					t.Errorf("request %s is not in the inbox of its provider: %v", out.Made, err)
				}
				if charts, err := w.Find(w.Context(), care.System, locating(out.Made)); err != nil || len(charts) != 1 || charts[0].Chart != client {
					t.Errorf("request %s is found in %v, %v", out.Made, charts, err)
				}
				if _, err := w.Do(w.Context(), ofProvider(provider), act.Decline{Referral: care.ReferralID(out.Made)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	people.Wait()
	w.mustBeWhole()
}

// What was decided ahead and cannot be written ends the store: nobody is told
// anything more, and the process is told to end.
func TestWhatCannotBeWrittenBehindStopsTheStore(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	provider := w.provider(1)
	told := make(chan error, 2)
	b := w.onBrittle(told)
	if !w.decidesAhead() {
		t.Skip("one core: nothing is decided ahead")
	}
	b.fails.Store(failsBefore)
	var refused error
	for n := 0; refused == nil && n < 1000; n++ {
		_, refused = w.Do(context.Background(), ofProvider(provider), act.Pause{Provider: provider})
		if refused == nil {
			_, refused = w.Do(context.Background(), ofProvider(provider), act.Resume{Provider: provider})
		}
	}
	if !errors.Is(refused, ErrUnknown) && !errors.Is(refused, ErrClosed) {
		t.Errorf("got %v, want %v", refused, ErrUnknown)
	}
	if err := <-told; !errors.Is(err, ErrUnknown) || !errors.Is(err, errDisk) {
		t.Errorf("the process is told %v", err)
	}
	if _, err := w.Chart(context.Background(), care.System, provider, "test"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a reader gets %v, want %v", err, ErrUnknown)
	}
	if err := w.Store.Failed(); !errors.Is(err, errDisk) {
		t.Errorf("it says %v", err)
	}
}

// However large the commits are that are decided ahead, the line holds no more of them
// than a few large ones; one that is larger than that by itself goes in alone.
func TestTheLineHoldsNoMoreThanAFewLargeCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a ahead
		a.begin(state{})
		const each, all = mostWaiting / 5, 40
		sizes := []int{2 * mostWaiting}
		for range all {
			sizes = append(sizes, each)
		}
		go func() {
			for _, size := range sizes {
				a.put(&commit{script: laterWrites{records: make([]toWrite, size)}})
			}
			close(a.line)
		}()
		synctest.Wait()
		if n := len(a.line); n != 1 {
			t.Fatalf("%d commits wait, the first of which is too large for another", n)
		}
		came := 0
		for c := range a.line {
			came++
			a.wrote(c, nil)
			synctest.Wait()
			if n := len(a.line); n > mostWaiting/each || n == 0 && came < len(sizes) {
				t.Fatalf("after %d commits %d wait, each of %d of at most %d", came, n, each, mostWaiting)
			}
		}
		if came != len(sizes) || a.waiting != 0 || a.landed() != nil {
			t.Errorf("%d of %d commits came, and %d changes wait", came, len(sizes), a.waiting)
		}
	})
}
