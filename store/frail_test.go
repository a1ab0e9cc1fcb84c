package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/frail"
)

// ops is how many acts a run over the frail engine has.
func ops() int {
	switch {
	case os.Getenv("CARECONNECT_TORTURE") != "":
		return 2000
	case testing.Short() || raced:
		return 40
	}
	return 200
}

// bedded is a store on the disk of another engine than the one that it was made by.
type bedded struct {
	*world
	disk frail.Disk
	real atomic.Int64 // elapsed time: it passes when the test says so
}

// onFrail is a new disk with the world's store, which is closed.
func (w *world) onFrail(from engine.Engine) *bedded {
	w.Helper()
	b := &bedded{}
	must(w.TB, from.View(b.disk.Put))
	config := w.config
	config.Elapsed = func() time.Duration { return time.Duration(b.real.Load()) }
	b.world = &world{TB: w.TB, config: config, clock: w.clock}
	return b
}

// open opens the store that is on the disk.
func (b *bedded) open(kept bool, prepare func(*frail.Engine)) *frail.Engine {
	b.Helper()
	if b.Store != nil {
		b.stop()
	}
	b.disk.Crash(kept)
	e := frail.Open(&b.disk)
	e.Wait = func() { time.Sleep(time.Millisecond) }
	s, err := open(b.config, e)
	must(b.TB, err)
	b.Store = s
	if prepare != nil {
		prepare(e)
	}
	return e
}

// script is a run of acts that is the same each time it is made.
type script struct {
	chance    *rand.Rand
	n         int
	providers []care.ChartID
	clients   []care.ChartID
	asked     []asking
}

func newScript(providers []care.ChartID) *script {
	return &script{chance: rand.New(rand.NewPCG(3, 5)), providers: providers}
}

// next is the next act, and what is to be kept of its answer.
func (s *script) next() (Order, func(made string)) {
	s.n++
	provider := s.providers[s.n%len(s.providers)]
	once := &Once{Key: fmt.Sprint("key ", s.n), Route: "test"}
	switch roll := s.chance.IntN(6); {
	case roll == 0 || len(s.clients) < 3:
		return Order{Actor: care.Anonymous, Act: entering(s.n), Once: once}, func(made string) { s.clients = append(s.clients, care.ChartID(made)) }
	case roll == 1 && len(s.asked) > 0:
		a := s.asked[s.chance.IntN(len(s.asked))]
		return Order{Actor: ofProvider(a.provider), Act: act.Accept{Referral: a.made}, Once: once}, func(string) {}
	case roll == 2 && len(s.asked) > 0:
		a := s.asked[s.chance.IntN(len(s.asked))]
		return Order{Actor: ofProvider(a.provider), Act: act.Decline{Referral: a.made, Reason: "full"}, Once: once}, func(string) {}
	case roll == 3:
		client := s.clients[s.chance.IntN(len(s.clients))]
		return Order{Actor: ofClient(client), Act: covering(client), Once: once}, func(string) {}
	case roll == 4:
		client := s.clients[s.chance.IntN(len(s.clients))]
		return Order{Actor: ofClient(client), Act: act.SetSharing{Client: client, Sharing: s.chance.IntN(2) == 0, Scopes: []string{"identity"}, TextVersion: act.ConsentTextVersion}, Once: once}, func(string) {}
	}
	client := s.clients[s.chance.IntN(len(s.clients))]
	return Order{Actor: ofClient(client), Act: act.Request{Client: client, Provider: provider}, Once: once}, func(made string) {
		s.asked = append(s.asked, asking{care.ReferralID(made), provider, client})
	}
}

// settled says what an answer is, as far as it must be the same after a repeat.
func settled(out Outcome, err error) string {
	var fault *care.Fault
	if errors.As(err, &fault) {
		return fault.Code
	}
	return fmt.Sprint(out.Decision.Outcome, out.Made)
}

// everything is all charts of a store, as they would be shown.
func (w *world) everything() []byte {
	w.Helper()
	var all bytes.Buffer
	must(w.TB, w.view(func(r engine.Reader) error {
		ids, err := w.people(r)
		for _, id := range append(ids, care.ProgrammeChart) {
			if err != nil {
				return err
			}
			var chart *care.Chart
			if chart, err = w.readChart(r, id); err == nil {
				err = json.NewEncoder(&all).Encode(chart)
			}
		}
		return err
	}))
	return all.Bytes()
}

// Each update of a run fails in each way, the power is cut, and whoever had no
// answer tries again under the same key. What came of the run is what comes of
// one in which nothing fails: nothing acknowledged is lost, nothing is done twice,
// and no failure is told as a success.
func TestFaultAtEachUpdateOfAnotherEngine(t *testing.T) {
	w := newWorld(t, Production, nil)
	w.do(care.System, act.SetAddresses{Privacy: "privacy@example.test"})
	providers := w.many(3)
	from := w.engine
	calm := w.onFrail(from)
	calm.open(false, nil)
	var answers []string
	var wrote []bool
	run := newScript(providers)
	for range ops() {
		order, keep := run.next()
		before := calm.state.Sequence
		out, err := calm.Order(t.Context(), order)
		wrote = append(wrote, calm.state.Sequence > before)
		if err == nil && out.Decision.Outcome == rules.Yes {
			keep(out.Made)
		}
		answers = append(answers, settled(out, err))
	}
	want := calm.everything()
	calm.stop()

	for _, row := range []struct {
		name  string
		fault frail.Fault
		kept  bool // what was not synced
		fails error
	}{
		{"it cannot begin", frail.Refused, false, ErrUnknown},
		{"there is no room", frail.NoRoom, false, ErrFull},
		{"nothing of it is there", frail.Lost, false, ErrUnknown},
		{"all of it is there", frail.Kept, false, ErrUnknown},
		{"its sync fails and it is lost", frail.Unsynced, false, ErrUnknown},
		{"its sync fails and it is there", frail.Unsynced, true, ErrUnknown},
		{"it is run again", frail.Again, false, nil},
		{"it is late", frail.Late, false, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := w.onFrail(from)
			b.TB = t
			met := false
			harm := func(e *frail.Engine) {
				first := e.Updates() + 1
				e.Fault = func(n int) frail.Fault {
					if n == first {
						met = true
						return row.fault
					}
					return frail.Sound
				}
			}
			script := newScript(providers)
			faults := 0
			e := b.open(row.kept, nil)
			for i := range ops() {
				order, keep := script.next()
				met = false
				harm(e)
				b.real.Add(int64(roomAgain))
				out, err := b.Order(t.Context(), order)
				fails := row.fails
				if !wrote[i] && row.fault != frail.Refused || row.fault == frail.NoRoom && act.ClaimOf(order.Act) > act.NoClaim {
					fails = nil
				}
				switch {
				case !met:
					t.Fatalf("op %d: no fault was met", i)
				case fails != nil && !errors.Is(err, fails) || fails == nil && (errors.Is(err, ErrUnknown) || errors.Is(err, ErrFull)):
					t.Fatalf("op %d (%s): got %v, want %v", i, order.Act.Name(), err, fails)
				case errors.Is(fails, ErrUnknown):
					e = b.open(row.kept, nil)
				case errors.Is(fails, ErrFull):
					b.real.Add(int64(roomAgain))
				}
				if fails != nil { // whoever had no answer tries again
					faults++
					out, err = b.Order(t.Context(), order)
				}
				if got := settled(out, err); got != answers[i] {
					t.Fatalf("op %d (%s): %s after the fault, %s without one", i, order.Act.Name(), got, answers[i])
				}
				if err == nil && out.Decision.Outcome == rules.Yes {
					keep(out.Made)
				}
				if i%20 == 19 {
					b.mustBeWhole()
				}
			}
			b.open(row.kept, nil)
			b.mustBeWhole()
			if got := b.everything(); !bytes.Equal(got, want) {
				t.Errorf("the charts are not those of a run without faults (%d bytes, %d)", len(got), len(want))
			}
			b.stop()
			t.Logf("%d commits failed", faults)
		})
	}
}

// Each single put and delete of some acts fails once.
func TestFaultAtEachWriteOfAnotherEngine(t *testing.T) {
	w := newWorld(t, Production, nil)
	w.do(care.System, act.SetAddresses{Privacy: "privacy@example.test"})
	providers := w.many(3)
	b := w.onFrail(w.engine)
	script := newScript(providers)
	faults := 0
	for i := range ops() / 10 {
		order, keep := script.next()
		for at := 1; ; at++ {
			met := false
			b.open(false, func(e *frail.Engine) {
				before := e.Writes()
				e.Write = func(n int) error {
					if n == before+at {
						met = true
						return frail.ErrDisk
					}
					return nil
				}
			})
			out, err := b.Order(t.Context(), order)
			if !met { // it has no more writes than that
				if err == nil && out.Decision.Outcome == rules.Yes {
					keep(out.Made)
				}
				break
			}
			faults++
			if !errors.Is(err, ErrUnknown) || b.Store.Failed() == nil {
				t.Fatalf("op %d, write %d: %v", i, at, err)
			}
		}
		b.mustBeWhole()
	}
	t.Logf("%d writes failed", faults)
	if faults < 5*ops()/10 {
		t.Error("too few to prove anything")
	}
	b.stop()
}
