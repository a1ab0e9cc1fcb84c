package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

func TestTheSuite(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) (enginetest.Open, enginetest.Crash) {
		path := filepath.Join(enginetest.Dir(t), "care.db")
		return func(t *testing.T) engine.Engine {
			s, err := Open(path, Options{})
			if errors.Is(err, engine.ErrNoStore) {
				s, err = Create(path, Options{}, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			return s
		}, crashed
	})
}

// crashed opens a copy of the file as it lies there. What a power cut leaves of
// what was not synced is tried in crash_test.go.
func crashed(t *testing.T, e engine.Engine) engine.Engine {
	t.Helper()
	body, err := os.ReadFile(e.(*Store).path)
	must(t, err)
	path := filepath.Join(enginetest.Dir(t), "care.db")
	must(t, os.WriteFile(path, body, 0o600))
	s, err := Open(path, Options{})
	must(t, err)
	return s
}

// newFile makes a store with a few commits, closes it, and returns its path.
func newFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"one", "two", "three"} {
		if err := s.Update(func(w engine.Writer) error { return w.Put(engine.Charts, []byte("k"), []byte(v)) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCreateWritesWhatComesFirst(t *testing.T) {
	path := filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{}, func(w engine.Writer) error {
		return w.Put(engine.Header, []byte("header"), []byte("first"))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(func(r engine.Reader) error {
		if got := r.Get(engine.Header, []byte("header")); string(got) != "first" {
			t.Errorf("header is %q", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file has mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the draft stayed behind")
	}
}

func TestCreateThatFailsLeavesNothing(t *testing.T) {
	dir := enginetest.Dir(t)
	no := errors.New("no")
	if _, err := Create(filepath.Join(dir, "care.db"), Options{}, func(engine.Writer) error { return no }); !errors.Is(err, no) {
		t.Errorf("got %v, want the function's own error", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path := newFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, Options{}, nil); !errors.Is(err, engine.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("the file that was there was changed")
	}
}

func TestAnUpdateUnderWhichTheFileWentAwayIsNotAcknowledged(t *testing.T) {
	for name, meddle := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"moved":   func(t *testing.T, path string) { must(t, os.Rename(path, path+".moved")) },
		"replaced": func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path+".copy", b, 0o600))
			must(t, os.Rename(path+".copy", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newFile(t)
			s, err := Open(path, Options{})
			must(t, err)
			defer s.Close()
			write := func(w engine.Writer) error { return w.Put(engine.Charts, []byte("k"), []byte("four")) }
			must(t, s.Update(write))
			meddle(t, path)
			err = s.Update(write)
			if !errors.Is(err, engine.ErrReplaced) || errors.Is(err, engine.ErrOutcomeUnknown) {
				t.Errorf("got %v, want ErrReplaced before anything was written", err)
			}
			err = s.Update(func(w engine.Writer) error { return write(w) })
			if !errors.Is(err, engine.ErrReplaced) {
				t.Errorf("a second update gave %v, want ErrReplaced again", err)
			}
		})
	}
}

func TestAnErrorWithinTheCommitIsOfUnknownOutcome(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	defer s.Close()
	below(s.body.Load().db, func(writing, []byte, int64) (int, error) { return 0, syscall.ENOSPC })
	err = s.Update(func(w engine.Writer) error {
		return w.Put(engine.Charts, []byte("k"), make([]byte, 1<<20))
	})
	if !errors.Is(err, engine.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
}

func TestAFileThatGoesAwayAfterTheCheckIsOfUnknownOutcome(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	defer s.Close()
	err = s.Update(func(w engine.Writer) error {
		w.(transaction).tx.OnCommit(func() { must(t, os.Remove(path)) })
		return w.Put(engine.Charts, []byte("k"), []byte("four"))
	})
	if !errors.Is(err, engine.ErrReplaced) || !errors.Is(err, engine.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrReplaced of unknown outcome", err)
	}
}

func TestReadersDoNotHoldUpGrowth(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	defer s.Close()
	must(t, s.View(func(r engine.Reader) error {
		wrote := make(chan error)
		go func() { // while this view is open, the file grows a hundredfold
			wrote <- s.Update(func(w engine.Writer) error {
				return w.Put(engine.Charts, []byte("large"), make([]byte, 8<<20))
			})
		}()
		if err := <-wrote; err != nil {
			return err
		}
		if got := r.Get(engine.Charts, []byte("k")); string(got) != "three" {
			t.Errorf("read %q, want three", got)
		}
		return nil
	}))
}

// A copy that was made while the store was written to opens, without a repair, as
// the state that was read, whichever meta page that stood on.
func TestACopyIsAStore(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	defer s.Close()
	write := func(v string) {
		must(t, s.Update(func(w engine.Writer) error { return w.Put(engine.Charts, []byte("k"), []byte(v)) }))
	}
	last := "three"
	for _, next := range []string{"four", "five"} {
		copied := filepath.Join(enginetest.Dir(t), "copy.db")
		file, err := os.OpenFile(copied, os.O_CREATE|os.O_WRONLY, 0o600)
		must(t, err)
		must(t, s.View(func(r engine.Reader) error {
			write(next)
			return r.(engine.Copier).Copy(file)
		}))
		must(t, file.Close())
		c, err := Open(copied, Options{})
		must(t, err)
		must(t, c.View(func(r engine.Reader) error {
			if got := r.Get(engine.Charts, []byte("k")); string(got) != last {
				t.Errorf("the copy has %q, want %s", got, last)
			}
			return nil
		}))
		must(t, c.Close())
		last = next
	}
	write("six") // the file is still ours
}

func TestReadOnlyReadsAndDoesNotWrite(t *testing.T) {
	path := newFile(t)
	must(t, os.Chmod(path, 0o400))
	a, err := Open(path, Options{ReadOnly: true})
	must(t, err)
	defer a.Close()
	b, err := Open(path, Options{ReadOnly: true}) // readers do not exclude each other
	must(t, err)
	defer b.Close()
	must(t, a.View(func(r engine.Reader) error {
		if got := r.Get(engine.Charts, []byte("k")); string(got) != "three" {
			t.Errorf("read %q, want three", got)
		}
		return nil
	}))
	if err := a.Update(func(engine.Writer) error { return nil }); !errors.Is(err, engine.ErrReadOnly) {
		t.Errorf("an update gave %v, want ErrReadOnly", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkUpdate commits 64 records of 800 bytes at once, without syncs.
func BenchmarkUpdate(b *testing.B) {
	s, err := Create(filepath.Join(enginetest.Dir(b), "care.db"), Options{NoSync: true}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	value := make([]byte, 800)
	for n := uint64(0); b.Loop(); {
		err := s.Update(func(w engine.Writer) error {
			for range 64 {
				n++
				key := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
				if err := w.Put(engine.Charts, key[:32], value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := Open(newFile(b), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		err := s.View(func(r engine.Reader) error {
			if r.Get(engine.Charts, []byte("k")) == nil {
				return errors.New("gone")
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
