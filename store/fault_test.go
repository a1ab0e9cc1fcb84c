package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// brittle is an engine whose commits begin to fail when it is told so: before
// anything is written, or with everything written and an error nevertheless, as
// a disk does.
type brittle struct {
	engine.Engine
	fails atomic.Int32
	// began is called once, after the next view has begun.
	began atomic.Pointer[func()]
}

func (b *brittle) View(fn func(engine.Reader) error) error {
	return b.Engine.View(func(r engine.Reader) error {
		if began := b.began.Swap(nil); began != nil {
			(*began)()
		}
		return fn(r)
	})
}

const (
	sound int32 = iota
	failsBefore
	failsAfter
	failsFull // and says that there is no room
)

var errDisk = errors.New("the disk says no")

func (b *brittle) Update(fn func(engine.Writer) error) error {
	how := b.fails.Load()
	err := b.Engine.Update(func(w engine.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		switch how {
		case failsBefore:
			return errDisk
		case failsFull:
			return ErrFull
		}
		return nil
	})
	if err == nil && how == failsAfter || errors.Is(err, errDisk) {
		return fmt.Errorf("commit: %w: %w", engine.ErrOutcomeUnknown, errDisk)
	}
	return err
}

// onBrittle opens the world's store again on an engine that can fail. Each time
// that the process is told to end, told receives.
func (w *world) onBrittle(told chan error) *brittle {
	w.Helper()
	if err := w.Close(); err != nil {
		w.Fatal(err)
	}
	file, err := bolt.Open(filepath.Join(w.config.Dir, DataFile), bolt.Options{NoSync: true})
	if err != nil {
		w.Fatal(err)
	}
	b := &brittle{Engine: file}
	config := w.config
	config.Fatal = func(err error) { told <- err }
	if w.Store, err = open(config, b); err != nil {
		w.Fatal(err)
	}
	return b
}

func TestFailedCommitTellsEveryMemberAndStopsTheStore(t *testing.T) {
	for _, how := range []int32{failsBefore, failsAfter} {
		w := newWorld(t, Production, nil)
		provider := w.provider(1)
		helper := care.Actor{Role: care.RoleCareTeam, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Desk", Email: "desk@example.test"}))}
		client := w.client(1)
		told := make(chan error, 2)
		b := w.onBrittle(told)
		b.fails.Store(how)

		const members = 40
		var wait sync.WaitGroup
		for n := range members {
			wait.Go(func() {
				if _, err := w.Do(t.Context(), care.Anonymous, entering(100+n)); !errors.Is(err, ErrUnknown) {
					t.Errorf("got %v, want %v", err, ErrUnknown)
				}
			})
		}
		wait.Wait()
		b.fails.Store(sound)
		if _, err := w.Do(t.Context(), care.Anonymous, entering(999)); !errors.Is(err, ErrUnknown) {
			t.Errorf("after the failure an act got %v, want %v", err, ErrUnknown)
		}
		if got, err := w.Charts(t.Context(), helper, []care.ChartID{client}, "test"); !errors.Is(err, ErrUnknown) || len(got) > 0 {
			t.Errorf("after the failure somebody else's read got %d charts and %v", len(got), err)
		}
		if _, err := w.Chart(t.Context(), ofClient(client), client, "test"); !errors.Is(err, ErrUnknown) {
			t.Errorf("after the failure one's own read got %v, though its entry will never be kept", err)
		}
		if err := <-told; !errors.Is(err, ErrUnknown) {
			t.Errorf("told to end for %v, want an error that wraps %v", err, ErrUnknown)
		}
		if len(told) > 0 {
			t.Error("told to end twice")
		}
		if w.Store.Failed() == nil {
			t.Error("the store does not say that it failed")
		}
		w.reopen()
		w.mustBeWhole()
		w.ask(client, provider)
	}
}

// Somebody else's data leaves only once the reading of it is durable.
func TestReadOfAnothersDataFailsWithItsEntry(t *testing.T) {
	w := newWorld(t, Production, nil)
	helper := care.Actor{Role: care.RoleCareTeam, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Desk", Email: "desk@example.test"}))}
	client := w.client(1)
	b := w.onBrittle(make(chan error, 1))
	b.fails.Store(failsBefore)
	got, err := w.Charts(t.Context(), helper, []care.ChartID{client}, "test")
	if !errors.Is(err, ErrUnknown) || len(got) > 0 {
		t.Errorf("got %d charts and error %v, want none and %v", len(got), err, ErrUnknown)
	}
}

// Nobody who gave an order while the store closed is left waiting.
func TestClosingAnswersEverybody(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	for range 60 {
		s := w.Store
		var wait sync.WaitGroup
		for n := range 16 {
			wait.Go(func() {
				for {
					_, err := s.Do(context.Background(), care.Anonymous, act.Enter{})
					if errors.Is(err, ErrClosed) {
						return
					}
					var f *care.Fault
					if !errors.As(err, &f) {
						t.Errorf("writer %d got %v", n, err)
						return
					}
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wait.Wait() // until the test times out, if anybody is left waiting
		var err error
		if w.Store, err = Open(w.config); err != nil {
			t.Fatal(err)
		}
	}
}
