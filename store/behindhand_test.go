package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// slow is an engine that is told when its commits may be made, and when they fail.
type slow struct {
	engine.Engine
	turns chan error // each commit takes one: nil, or why it fails
}

func (e *slow) Update(fn func(engine.Writer) error) error {
	if err := <-e.turns; err != nil {
		return err
	}
	return e.Engine.Update(fn)
}

// onSlow lets the next commits of a throwaway store wait until they are told.
func (w *world) onSlow() *slow {
	w.Helper()
	if !w.decidesAhead() {
		w.Skip("one core: nothing is decided ahead")
	}
	w.finished()
	w.shown.filling.Wait()
	e := &slow{w.Store.engine, make(chan error)}
	w.Store.engine = e
	w.Cleanup(func() { close(e.turns) })
	return e
}

// What is decided while an earlier commit is still written is never of an earlier
// instant, also if somebody sets the clock back meanwhile.
func TestWhatIsDecidedAheadIsNotOfAnEarlierInstant(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	one, other := w.provider(1), w.provider(2)
	w.onSlow()
	w.clock.set(begin.Add(time.Hour))
	first, err := w.Do(w.Context(), ofProvider(one), act.Pause{Provider: one})
	must(t, err)
	w.clock.set(begin)
	if now := w.Now(); now.Before(first.At) {
		t.Errorf("now is %v, and somebody has been told that it was %v", now, first.At)
	}
	then, err := w.Do(w.Context(), ofProvider(other), act.Pause{Provider: other})
	must(t, err)
	if then.At.Before(first.At) {
		t.Errorf("one paused at %v, and another one after that at %v", first.At, then.At)
	}
}

// Once a commit could not be written, nobody is told yes any more: not those either
// who were in the line by then.
func TestNobodyIsAnsweredAfterAFailure(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	provider := w.provider(1)
	told := make(chan error, 1)
	w.onBrittle(told)
	busy, goOn := make(chan struct{}), make(chan struct{})
	first := true
	w.Store.config.Record = func(Committed) {
		if first {
			first = false
			close(busy)
			<-goOn
		}
	}
	e := w.onSlow()
	answers := make(chan error, 4)
	ask := func(a act.Act) {
		_, err := w.Do(w.Context(), ofProvider(provider), a)
		answers <- err
	}
	go ask(act.Pause{Provider: provider})
	<-busy
	e.turns <- errDisk
	for w.Store.Failed() == nil {
		runtime.Gosched()
	}
	jobs := make([]*job, 3)
	for i := range jobs { // as if they had come a moment before
		jobs[i] = &job{order: Order{Actor: care.Anonymous, Act: entering(10 + i)}, answered: make(chan struct{})}
		w.queue <- jobs[i : i+1]
	}
	close(goOn)
	if err := <-told; !errors.Is(err, ErrUnknown) || !errors.Is(err, errDisk) {
		t.Errorf("the process is told %v", err)
	}
	for _, j := range jobs {
		if a := w.wait(j); !errors.Is(a.Err, ErrUnknown) {
			t.Errorf("after the failure somebody is told %+v", a)
		}
	}
}

// How many cores there are may change while a store is open: what they are when it
// begins holds.
func TestCoresMayComeAndGo(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, cores := range [][2]int{{1, 2}, {2, 1}} {
		runtime.GOMAXPROCS(cores[0])
		w := newWorld(t, Throwaway, nil)
		provider := w.provider(1)
		runtime.GOMAXPROCS(cores[1])
		for n := range 20 {
			w.ask(w.client(n), provider)
		}
		w.mustBeWhole()
		must(t, w.Close())
	}
}

// A throwaway store has told of what a full disk does not take: it stops by name,
// whatever comes next.
func TestAThrowawayStoreOnAFullDiskStops(t *testing.T) {
	for _, way := range []struct {
		name     string
		together bool
		next     func(*world, care.ChartID) error
	}{
		{"an act that is decided ahead", false, (*world).resumes},
		{"an act that is not", true, (*world).resumes},
		{"a step of the store's own", false, (*world).looksAtItself},
		{"a step of the store's own, where nothing is decided ahead", true, (*world).looksAtItself},
	} {
		t.Run(way.name, func(t *testing.T) {
			w := newWorld(t, Throwaway, nil)
			provider := w.provider(1)
			w.config.together = way.together
			told := make(chan error, 1)
			w.onBrittle(told).fails.Store(failsFull)
			w.do(ofProvider(provider), act.Pause{Provider: provider})
			if _, err := w.Size(); !errors.Is(err, ErrFull) {
				t.Fatalf("got %v, want %v", err, ErrFull)
			}
			if err := way.next(w, provider); !errors.Is(err, ErrUnknown) {
				t.Errorf("got %v, want %v", err, ErrUnknown)
			}
			if err := <-told; !errors.Is(err, ErrUnknown) || !errors.Is(err, ErrFull) {
				t.Errorf("the process is told %v", err)
			}
		})
	}
}

// resumes has a provider go on, and gives what the store says of itself then.
func (w *world) resumes(provider care.ChartID) error {
	_, err := w.Do(w.Context(), ofProvider(provider), act.Resume{Provider: provider})
	w.finished()
	return errors.Join(err, w.Store.Failed())
}

func (w *world) looksAtItself(care.ChartID) error {
	return w.work(nil, func(*commit) error { return nil })
}

// Whoever was erased is left out of the trail from then on, also while somebody still
// reads what was there before and has found their key in it.
func TestALateReaderBringsNobodyBack(t *testing.T) {
	for _, kind := range []Kind{Production, Throwaway} {
		w := newWorld(t, kind, nil)
		client := w.client(1)
		w.reopen() // no key is in memory
		must(t, w.view(func(r engine.Reader) error {
			w.do(ofClient(client), act.Erase{Client: client})
			_, err := w.keys.get(r, client)
			return err
		}))
		w.Denied(w.Context(), ofClient(client), "a page")
		w.Flush()
		w.finished()
		if e := w.lastEntry(); e.Did != "a page" || e.Who != "" {
			t.Errorf("%v: the trail says that %q was done by %q", kind, e.Did, e.Who)
		}
		w.mustBeWhole()
	}
}

// Who was erased is remembered only while somebody reads what was there before: not for
// as long as the process lives, and not for those who begin to read later.
func TestWhoWasErasedIsForgottenByTheKeys(t *testing.T) {
	for _, kind := range []Kind{Production, Throwaway} {
		w := newWorld(t, kind, nil)
		first, second, third := w.client(1), w.client(2), w.client(3)
		remembered := func() int {
			w.finished()
			w.keys.mu.Lock()
			defer w.keys.mu.Unlock()
			return len(w.keys.gone)
		}
		erase := func(id care.ChartID) { w.do(ofClient(id), act.Erase{Client: id}) }
		reads := func() (end func()) {
			begun, ended, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
			go func() {
				defer close(over)
				must(w.TB, w.view(func(engine.Reader) error {
					close(begun)
					<-ended
					return nil
				}))
			}()
			<-begun
			return func() { close(ended); <-over }
		}
		erase(first)
		if n := remembered(); n != 0 {
			t.Errorf("%v: nobody reads, and %d are remembered", kind, n)
		}
		early := reads()
		erase(second)
		late := reads()
		if n := remembered(); n != 1 {
			t.Errorf("%v: somebody reads what was before, and %d are remembered", kind, n)
		}
		erase(third)
		early()
		if n := remembered(); n != 1 { // the late one began when the second was gone, and the third was there
			t.Errorf("%v: once the early reader is done %d are remembered", kind, n)
		}
		late()
		if n := remembered(); n != 0 {
			t.Errorf("%v: once all are done %d are remembered", kind, n)
		}
		w.mustBeWhole()
	}
}

// What is to be done once all who read now are done is done then, however many begin
// meanwhile, and at once where nobody reads.
func TestReadingKnowsWhoReads(t *testing.T) {
	var r reading
	var done []string
	then := func(what string) { r.after(func() { done = append(done, what) }) }
	then("nobody")
	a := r.begin()
	then("a")
	b := r.begin()
	then("a and b")
	c := r.begin()
	b.Done()
	if !slices.Equal(done, []string{"nobody"}) {
		t.Errorf("while the first reads: %v", done)
	}
	a.Done()
	if !slices.Equal(done, []string{"nobody", "a", "a and b"}) {
		t.Errorf("while the last reads: %v", done)
	}
	then("c")
	c.Done()
	then("nobody again")
	if !slices.Equal(done, []string{"nobody", "a", "a and b", "c", "nobody again"}) {
		t.Errorf("in the end: %v", done)
	}
	d := r.begin()
	waits := make(chan struct{})
	for range 2 { // several may wait for the same
		go func() { r.ended(); waits <- struct{}{} }()
	}
	select {
	case <-waits:
		t.Error("it did not wait")
	default:
	}
	d.Done()
	<-waits
	<-waits
}

// However many records are made and never looked for, the lists that the committer
// keeps are bounded.
func TestKeptListsAreBounded(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	must(t, w.work(nil, func(c *commit) error {
		for n := range maxSets + 100 {
			ref := fmt.Sprint("re_", n)
			c.moved(move{place: care.Place{Set: locating(ref), Entry: ref}, joined: true})
		}
		if len(c.sets) > maxSets {
			t.Errorf("%d lists are kept, at most %d should be", len(c.sets), maxSets)
		}
		clear(c.sets)
		c.moves = nil
		return nil
	}))
}

// People act, read, are erased and change photos, the clock goes to and fro, deadlines
// fall, and the store is checked, copied, compacted and gets new keys: all at once,
// until it is closed at some instant. Whoever was answered finds what they did, and
// what is left is whole and of one piece with what was in memory.
func TestABusyThrowawayStoreStaysWhole(t *testing.T) {
	rounds := 2
	if raced {
		rounds = 1
	}
	for round := range rounds {
		w := newWorld(t, Throwaway, nil)
		w.config.Fatal = func(err error) { t.Error(err) }
		w.reopen()
		w.busy(rand.New(rand.NewPCG(7, uint64(round))), 40)
		w.finished()
		w.sameAsTheRecords()
		w.mustBeWhole()
		w.reconciled()
		due, outbox := w.standsIn(w.due), w.standsIn(w.outbox)
		w.reopen()
		w.mustBeWhole()
		w.mustVerify()
		w.sameAsTheRecords()
		if again := w.standsIn(w.due); !slices.Equal(due, again) {
			t.Errorf("due in memory %v, in the file %v", only(due, again), only(again, due))
		}
		if again := w.standsIn(w.outbox); !slices.Equal(outbox, again) {
			t.Errorf("to be sent in memory %v, in the file %v", only(outbox, again), only(again, outbox))
		}
		must(t, w.Close())
	}
}

// standsIn is what an index by hour has for the next three months.
func (w *world) standsIn(h *hourly) (all []string) {
	w.Helper()
	for until := w.now().AddDate(0, 3, 0); ; {
		more, err := w.readHour(h, until)
		must(w.TB, err)
		if !more {
			break
		}
	}
	for _, m := range h.upTo(w.now().AddDate(0, 3, 0)) {
		all = append(all, fmt.Sprint(m.Ref, " ", m.At))
	}
	return all
}

// busy has so many clients come and do what they do, of three at once, and all else
// done meanwhile.
func (w *world) busy(chance *rand.Rand, clients int) {
	w.Helper()
	providers := []care.ChartID{w.provider(1), w.provider(2), w.provider(3)}
	most := 3
	w.do(ofProvider(providers[2]), act.SetCaseload{Provider: providers[2], Caseload: &most})
	ctx, cancel := context.WithCancel(context.Background())
	var people, others sync.WaitGroup
	often := func(of *sync.WaitGroup, most int, fn func(chance *rand.Rand, n int)) {
		own := rand.New(rand.NewPCG(chance.Uint64(), 1))
		of.Go(func() {
			for n := 0; n < most && ctx.Err() == nil && !w.TB.Failed(); n++ {
				fn(own, n)
			}
		})
	}
	always := func(fn func(chance *rand.Rand, n int)) { often(&others, 1<<30, fn) }
	try := func(o Order) (string, bool) { // the rules may say no
		out, err := w.Order(context.Background(), o)
		var f *care.Fault
		if err != nil && !asFault(err, &f) {
			w.Errorf("%s: %v", o.Act.Name(), err)
		}
		return out.Made, err == nil
	}
	for person := range 3 {
		often(&people, clients, func(chance *rand.Rand, n int) {
			provider := providers[chance.IntN(len(providers))]
			enter := Order{Actor: care.Anonymous, Act: entering(1000*person + n)}
			if chance.IntN(4) == 0 {
				enter.Once = &Once{Key: fmt.Sprint(person, n), Route: "enter"}
			}
			made, _ := try(enter)
			client := care.ChartID(made)
			ref, asked := try(Order{Actor: ofClient(client), Act: act.Request{Client: client, Provider: provider}})
			if !asked {
				return
			}
			if chart, err := w.Locate(context.Background(), care.System, ref, "test"); err != nil || chart.ID != client {
				w.Errorf("request %s is found nowhere: %v", ref, err)
			}
			switch chance.IntN(5) {
			case 0:
				try(Order{Actor: ofProvider(provider), Act: act.Decline{Referral: care.ReferralID(ref)}})
			case 1, 2:
				try(Order{Actor: ofProvider(provider), Act: act.Accept{Referral: care.ReferralID(ref)}})
				now := w.now()
				if free, _ := w.Directory().Openings(provider, care.Session, now, now.AddDate(0, 0, 3), now.AddDate(0, 0, 14), 1); len(free) > 0 {
					try(Order{Actor: ofProvider(provider), Act: act.BookSession{Referral: care.ReferralID(ref), Start: free[0].Start, Minutes: 50}})
				}
			case 3:
				if _, erased := try(Order{Actor: ofClient(client), Act: act.Erase{Client: client}}); !erased {
					break
				}
				w.Denied(context.Background(), ofClient(client), "a page")
				if charts, err := w.Charts(context.Background(), care.System, []care.ChartID{client}, "test"); err != nil || len(charts) > 0 {
					w.Errorf("%s was erased, and is found: %v", client, err)
				}
			}
		})
	}
	always(func(chance *rand.Rand, n int) {
		me := ofProvider(providers[0])
		if n%2 == 0 {
			try(Order{Actor: me, Act: act.PutPhoto{Provider: providers[0], Face: aFace(w.TB, color.RGBA{uint8(n), 10, 10, 255})}})
			try(Order{Actor: me, Act: act.PublishProfile{Provider: providers[0], Accurate: true}})
		} else {
			try(Order{Actor: me, Act: act.RemovePhoto{Provider: providers[0]}})
		}
	})
	always(func(chance *rand.Rand, n int) {
		w.clock.turn(time.Duration(chance.IntN(7)-2) * time.Hour)
		_, err := w.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			w.Error(err)
		}
		_, err = w.ToSend()
		_, _, later := w.NextDue(w.now().Add(time.Hour))
		if err := errors.Join(err, later); err != nil {
			w.Error(err)
		}
	})
	always(func(*rand.Rand, int) { w.keys.drop() }) // as when there are too many
	folder := private(w.TB)
	var last uint64
	always(func(chance *rand.Rand, n int) {
		var err error
		switch chance.IntN(8) {
		case 0:
			_, err = w.Backup(context.Background(), folder, nil)
		case 1:
			var report Report
			if report, err = w.Verify(context.Background(), nil); err == nil {
				err = report.Err()
			}
		case 2:
			err = w.KeepDirectory()
		case 3:
			_, err = w.RekeyData(context.Background(), nil)
		case 4:
			_, err = w.Compact(context.Background(), nil)
		case 5:
			_, err = w.Forget(context.Background(), nil, nil)
		case 6:
			_, err = w.Export(context.Background(), io.Discard, nil)
		case 7:
			var now uint64
			if now, err = w.Sequence(); now < last {
				w.Errorf("commit %d after %d", now, last)
			}
			last = now
			w.Flush()
		}
		if err != nil {
			w.Errorf("upkeep: %v", err)
		}
	})
	people.Wait()
	cancel()
	others.Wait()
}

// However busy it is when it is closed, or when the file below takes no more: everybody
// gets an answer, what was answered before an orderly end is there after it, and a
// failure is told once.
func TestABusyThrowawayStoreEnds(t *testing.T) {
	for n := range 9 {
		fails := n%3 == 2
		w := newWorld(t, Throwaway, nil)
		provider := w.provider(1)
		told := make(chan error, 2)
		b := w.onBrittle(told)
		var mu sync.Mutex
		there := map[string]care.ChartID{}
		var people sync.WaitGroup
		for person := range 6 {
			people.Go(func() {
				for i := 0; ; i++ {
					o := Order{Actor: care.Anonymous, Act: entering(1000*person + i)}
					if i%5 == 4 {
						o.Once = &Once{Key: fmt.Sprint(person, i), Route: "enter"}
					}
					out, err := w.Order(context.Background(), o)
					made := care.ChartID(out.Made)
					if err == nil {
						var asked Outcome
						asked, err = w.Do(context.Background(), ofClient(made), act.Request{Client: made, Provider: provider})
						if err == nil {
							mu.Lock()
							there[asked.Made] = made
							mu.Unlock()
							if _, gone := w.Charts(context.Background(), care.System, []care.ChartID{made}, "test"); gone != nil {
								return // there is no file any more
							}
						}
					}
					if err != nil {
						if !errors.Is(err, ErrClosed) && !errors.Is(err, ErrUnknown) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		for done := 0; done < 10*n; runtime.Gosched() {
			mu.Lock()
			done = len(there)
			mu.Unlock()
		}
		if fails {
			b.fails.Store(failsBefore)
			if err := <-told; !errors.Is(err, errDisk) {
				t.Errorf("the process is told %v", err)
			}
		}
		err := w.Close()
		people.Wait() // until the test times out, if anybody is left waiting
		if len(told) > 0 {
			t.Errorf("the process is told once more: %v", <-told)
		}
		if fails {
			continue
		}
		must(t, err)
		if w.Store, err = Open(w.config); err != nil {
			t.Fatal(err)
		}
		for ref, client := range there {
			if chart, err := w.Locate(w.Context(), care.System, ref, "test"); err != nil || chart.ID != client {
				t.Errorf("request %s was answered, and is nowhere: %v", ref, err)
			}
		}
		w.mustBeWhole()
		must(t, w.Close())
	}
}

// Who tells the directory of the days that have come waits for nobody who waits for the
// directory.
func TestTheDirectoryLooksAheadBesideWhoAnswersFirst(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	w.config.together = true
	w.reopen()
	provider := w.provider(1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 80 {
			w.do(ofProvider(provider), act.Pause{Provider: provider})
			w.do(ofProvider(provider), act.Resume{Provider: provider})
		}
	}()
	for {
		select {
		case <-ended:
			return
		default:
			must(t, w.lookAhead()) // until the test times out, if they wait for each other
		}
	}
}

// lived is what a store shows from outside after some life: beside the records and the
// trail, what it kept of mail, what it recorded, what falls due and what the directory
// shows.
type lived struct {
	answers, said, due, outbox, kept, recorded []string
	shows                                      []byte
}

// mixed has batches of acts done of which some cannot be decided ahead, when some of
// the batch is decided by then: each comes after others that left mail, ids, denials and
// entries.
func (w *world) mixed(chance *rand.Rand, rounds int) (l lived) {
	w.Helper()
	var kept atomic.Bool
	w.KeepMail(kept.Load)
	w.Store.config.Record = func(c Committed) {
		l.recorded = append(l.recorded, fmt.Sprint(c.Sequence, c.At, c.Kept, len(c.Orders)))
	}
	providers := []care.ChartID{w.provider(1), w.provider(2)}
	most := 2
	w.do(ofProvider(providers[1]), act.SetCaseload{Provider: providers[1], Caseload: &most})
	var clients []care.ChartID
	asked := map[care.ChartID]care.ReferralID{}
	for n := range rounds {
		kept.Store(chance.IntN(4) > 0)
		var orders []Order
		add := func(actor care.Actor, a act.Act) { orders = append(orders, Order{Actor: actor, Act: a}) }
		for i := range 1 + chance.IntN(6) {
			provider := providers[chance.IntN(2)]
			if len(clients) == 0 || chance.IntN(3) == 0 {
				add(care.Anonymous, entering(100*n+i))
				continue
			}
			client := clients[chance.IntN(len(clients))]
			now := w.now()
			free, _ := w.Directory().Openings(provider, care.Consultation, now, now, now.AddDate(0, 0, 10), 3)
			switch chance.IntN(10) {
			case 0:
				add(care.Anonymous, act.Enter{}) // a stranger is denied
			case 1:
				add(ofClient(client), act.ConfirmClock{}) // somebody known is
			case 2:
				add(ofClient(client), act.Erase{Client: client})
			case 3:
				add(ofProvider(provider), act.PutPhoto{Provider: provider, Face: aFace(w.TB, color.RGBA{uint8(n), 10, 10, 255})})
			case 4:
				add(ofProvider(provider), act.RemovePhoto{Provider: provider})
			case 5:
				if len(free) > 0 {
					add(ofClient(client), act.Request{Client: client, Provider: provider, Start: free[0].Start})
				}
			case 6:
				add(ofClient(client), act.Request{Client: client, Provider: provider})
				orders[len(orders)-1].Once = &Once{Key: fmt.Sprint(chance.IntN(8)), Route: "requests"}
			case 7:
				add(ofProvider(provider), act.Accept{Referral: asked[client]})
			case 8:
				add(ofProvider(provider), act.Decline{Referral: asked[client]})
			case 9:
				add(ofClient(client), act.Request{Client: client, Provider: provider})
			}
			if chance.IntN(4) == 0 {
				w.Denied(w.Context(), ofClient(client), "a page") // joins what comes next
			}
		}
		for i, a := range w.OrderAll(w.Context(), orders) {
			var f *care.Fault
			if a.Err != nil && !asFault(a.Err, &f) {
				w.Fatal(a.Err)
			}
			l.answers = append(l.answers, fmt.Sprint(a.Decision.Outcome, a.Made, a.At, a.Replayed, a.Err))
			if orders[i].Act.Name() == (act.Enter{}).Name() && a.Err == nil {
				clients = append(clients, care.ChartID(a.Made))
			}
			if orders[i].Act.Name() == (act.Request{}).Name() && a.Err == nil {
				asked[orders[i].Actor.Chart] = care.ReferralID(a.Made)
			}
		}
		switch chance.IntN(4) {
		case 0:
			w.clock.turn(time.Duration(chance.IntN(40)-8) * time.Hour)
		case 1:
			w.sweep()
		}
	}
	w.Flush()
	for _, m := range w.Kept() {
		l.kept = append(l.kept, fmt.Sprint(m.ID, m.Template, m.Subject, m.At))
	}
	l.said, l.due, l.outbox, l.shows = w.said(), w.standsIn(w.due), w.standsIn(w.outbox), w.directory.Snapshot()
	return l
}

// A batch that is given up half-way because it cannot be decided ahead leaves nothing
// behind: all of it comes out as where nothing is decided ahead.
func TestABatchThatIsDecidedTwiceIsDoneOnce(t *testing.T) {
	for n := range 25 {
		seed, rounds := rand.Uint64(), 3+n%7
		ahead, after := seeded(t), inOrder(t)
		one, two := ahead.mixed(rand.New(rand.NewPCG(seed, 1)), rounds), after.mixed(rand.New(rand.NewPCG(seed, 1)), rounds)
		for _, part := range []struct {
			name string
			a, b []string
		}{
			{"answers", one.answers, two.answers}, {"the trail", one.said, two.said}, {"what falls due", one.due, two.due},
			{"what is to be sent", one.outbox, two.outbox}, {"mail that was kept", one.kept, two.kept}, {"what was recorded", one.recorded, two.recorded},
		} {
			if !slices.Equal(part.a, part.b) {
				t.Errorf("seed %d, %d rounds: %s: %q ahead, %q in order", seed, rounds, part.name, only(part.a, part.b), only(part.b, part.a))
			}
		}
		if !bytes.Equal(one.shows, two.shows) {
			t.Errorf("seed %d, %d rounds: the directory shows something else", seed, rounds)
		}
		if a, b := ahead.exported(nil), after.exported(nil); a != b {
			t.Errorf("seed %d, %d rounds: the records of providers differ: %s", seed, rounds, difference(a, b))
		}
		for _, w := range []*world{ahead, after} {
			if set := w.wronglyKept(); set != nil {
				t.Errorf("seed %d, %d rounds: what the committer keeps of %v is not what the store has", seed, rounds, set)
			}
			w.reconciled()
			w.sameAsTheRecords()
			w.mustBeWhole()
			must(t, w.Close())
		}
	}
}
