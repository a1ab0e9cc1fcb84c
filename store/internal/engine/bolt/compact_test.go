package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/store/internal/engine"
)

// filled is a store with n records of a kilobyte.
func filled(t testing.TB, n int) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Create(filepath.Join(dir, "care.db"), Options{}, func(w engine.Writer) error {
		for i := range n {
			if err := w.Put(engine.Charts, recordKey(i), recordValue(i, 0)); err != nil {
				return err
			}
		}
		return w.Put(engine.State, []byte("n"), []byte("0"))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func recordKey(i int) []byte { return fmt.Appendf(nil, "%08x", uint32(i)*2654435761) }

func recordValue(i, version int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "record %6d.%3d, ", i, version), 60)
}

func bytesOf(t testing.TB, s *Store) []byte {
	t.Helper()
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Delete 90 in 100: the file shrinks, and nothing of them is left in it. (R85)
func TestR85CompactShrinksTheFileAndLeavesNoRemains(t *testing.T) {
	const n = 4000
	s := filled(t, n)
	err := s.Update(func(w engine.Writer) error {
		for i := range n * 9 / 10 {
			if err := w.Delete(engine.Charts, recordKey(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before := bytesOf(t, s)
	remains := [][]byte{recordValue(0, 0)[:20], recordValue(n*9/10-1, 0)[:20]}
	for _, gone := range remains {
		if !bytes.Contains(before, gone) {
			t.Fatal("bbolt wiped what was removed by itself: this test shows nothing")
		}
	}
	var last int64
	err = s.Compact(func(done, total int64) error {
		if done < last || done > total {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := bytesOf(t, s)
	if len(after) > len(before)/4 {
		t.Errorf("a tenth of it takes %d bytes of %d", len(after), len(before))
	}
	for _, gone := range remains {
		if bytes.Contains(after, gone) {
			t.Errorf("%q is still in the file", gone)
		}
	}
	mustHold(t, s, n*9/10, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, again, n*9/10, n)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustHold(t *testing.T, s *Store, from, to int) {
	t.Helper()
	err := s.View(func(r engine.Reader) error {
		for i := range to {
			if v := r.Get(engine.Charts, recordKey(i)); (v != nil) != (i >= from) {
				t.Errorf("record %d: there: %t", i, v != nil)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Readers and writers go on: a reader that began before goes on seeing what it
// saw, a write is in the new file whenever it came, and writes go through while
// the file is copied. (R85)
func TestR85CompactBesideReadersAndWriters(t *testing.T) {
	const n = 3000
	s := filled(t, n)
	var stop atomic.Bool
	var longest, commits atomic.Int64
	version := make([]int, n)
	var wait sync.WaitGroup
	wait.Go(func() {
		for round := 1; !stop.Load(); round++ {
			began := time.Now()
			err := s.Update(func(w engine.Writer) error {
				for range 8 {
					i := rand.IntN(n)
					if version[i]++; version[i]%5 == 0 {
						if err := w.Delete(engine.Charts, recordKey(i)); err != nil {
							return err
						}
					} else if err := w.Put(engine.Charts, recordKey(i), recordValue(i, version[i])); err != nil {
						return err
					}
				}
				return w.Put(engine.State, []byte("n"), fmt.Append(nil, round))
			})
			if err != nil {
				t.Error(err)
				return
			}
			commits.Add(1)
			longest.Store(max(longest.Load(), int64(time.Since(began))))
		}
	})
	held, let := make(chan bool), make(chan bool)
	wait.Go(func() {
		err := s.View(func(r engine.Reader) error {
			was := string(r.Get(engine.State, []byte("n")))
			close(held)
			<-let
			if now := string(r.Get(engine.State, []byte("n"))); now != was {
				t.Errorf("a reader saw commit %s become %s", was, now)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	within := int64(0) // commits while the file was being copied
	for range 5 {
		began := commits.Load()
		err := s.Compact(func(done, total int64) error {
			for done == total && commits.Load() < began+3 { // nothing holds the writer up here
				time.Sleep(time.Millisecond)
			}
			within = max(within, commits.Load()-began)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if within < 3 {
		t.Errorf("%d commits went through while the file was copied", within)
	}
	close(let)
	stop.Store(true)
	wait.Wait()
	t.Logf("the longest commit took %v", time.Duration(longest.Load()))
	for range 2 { // as it is, and opened again
		err := s.View(func(r engine.Reader) error {
			for i, v := range version {
				var want []byte
				if v%5 != 0 || v == 0 {
					want = recordValue(i, v)
				}
				if got := r.Get(engine.Charts, recordKey(i)); !bytes.Equal(got, want) {
					t.Errorf("record %d is %.20q, want %.20q", i, got, want)
				}
			}
			return nil
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(s.path, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.Close()
}

// The lock and the check of the file's identity follow into the new file.
func TestTheNewFileIsHeldLikeTheOld(t *testing.T) {
	s := filled(t, 100)
	if err := s.Compact(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.path, Options{Timeout: time.Millisecond}); !errors.Is(err, engine.ErrLocked) {
		t.Errorf("a second opening got %v, want ErrLocked", err)
	}
	if err := os.Rename(s.path, s.path+".away"); err != nil {
		t.Fatal(err)
	}
	err := s.Update(func(w engine.Writer) error { return w.Put(engine.State, []byte("n"), []byte("1")) })
	if !errors.Is(err, engine.ErrReplaced) {
		t.Errorf("a write to a file that was taken away got %v, want ErrReplaced", err)
	}
	if err := s.Compact(nil); !errors.Is(err, engine.ErrReplaced) {
		t.Errorf("compacting it got %v, want ErrReplaced", err)
	}
}

// Who waited for the lock of the old file gets the new one.
func TestWaitingForTheLockEndsInTheNewFile(t *testing.T) {
	s := filled(t, 100)
	got := make(chan *Store)
	go func() {
		other, err := Open(s.path, Options{Timeout: 10 * time.Second})
		if err != nil {
			t.Error(err)
		}
		got <- other
	}()
	time.Sleep(50 * time.Millisecond) // it has the old file open by now, or opens the new one
	if err := s.Compact(nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(func(w engine.Writer) error { return w.Put(engine.State, []byte("n"), []byte("new")) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := <-got
	if other == nil {
		return
	}
	err := other.View(func(r engine.Reader) error {
		if n := string(r.Get(engine.State, []byte("n"))); n != "new" {
			t.Errorf("it reads %q", n)
		}
		return nil
	})
	if err := errors.Join(err, other.Close()); err != nil {
		t.Error(err)
	}
}

// One that is ended halfway leaves everything as it was, and no second file.
func TestACompactionThatIsEndedChangesNothing(t *testing.T) {
	s := filled(t, 20_000) // more than one transaction of the new file
	enough := errors.New("enough")
	before := bytesOf(t, s)
	if err := s.Compact(func(int64, int64) error { return enough }); !errors.Is(err, enough) {
		t.Fatalf("got %v, want what progress returned", err)
	}
	if !bytes.Equal(before, bytesOf(t, s)) {
		t.Error("the file was changed")
	}
	if _, err := os.Stat(s.path + compacting); !os.IsNotExist(err) {
		t.Errorf("the draft is still there: %v", err)
	}
	if err := s.Compact(nil); err != nil {
		t.Errorf("the next one: %v", err)
	}
	mustHold(t, s, 0, 20_000)
}

// What a killed process left is removed at the next start, and never taken for
// the store.
func TestTheRestOfAKilledCompactionIsRemoved(t *testing.T) {
	s := filled(t, 100)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path+compacting, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := os.Stat(s.path + compacting); !os.IsNotExist(err) {
		t.Errorf("the draft is still there: %v", err)
	}
	mustHold(t, again, 0, 100)
}

func BenchmarkCompact(b *testing.B) {
	s := filled(b, 100_000)
	size, err := s.Size()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		if err := s.Compact(nil); err != nil {
			b.Fatal(err)
		}
	}
}
