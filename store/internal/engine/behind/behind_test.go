package behind

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/engine/enginetest"
)

// What was committed a moment before a crash is not promised; what is below is.
func TestTheSuite(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) (enginetest.Open, enginetest.Crash) {
		path := filepath.Join(enginetest.Dir(t), "care.db")
		return func(t *testing.T) engine.Engine {
				s, err := bolt.Open(path, bolt.Options{})
				if errors.Is(err, engine.ErrNoStore) {
					s, err = bolt.Create(path, bolt.Options{NoSync: true}, nil)
				}
				must(t, err)
				return Over(s)
			}, func(t *testing.T, e engine.Engine) engine.Engine {
				t.Helper()
				copied := filepath.Join(enginetest.Dir(t), "care.db")
				s := e.(*Store)
				must(t, s.settle())
				must(t, s.below.View(func(r engine.Reader) error { return copyTo(copied, r) }))
				again, err := bolt.Open(copied, bolt.Options{})
				must(t, err)
				return Over(again)
			}
	})
}

// shelf is an engine that keeps what it was given after each update, so that any
// of these can be looked at as what a crash left.
type shelf struct {
	engine.Engine
	mu    sync.Mutex
	left  []map[string]string
	fails error
	hold  chan struct{} // an update waits for it, unless it is nil
}

func (s *shelf) Update(fn func(engine.Writer) error) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	if err := s.Engine.Update(fn); err != nil {
		return err
	}
	return s.Engine.View(func(r engine.Reader) error {
		s.left = append(s.left, all(r))
		return nil
	})
}

func all(r engine.Reader) map[string]string {
	found := map[string]string{}
	for _, b := range engine.Buckets {
		_ = r.Scan(b, nil, nil, func(k, v []byte) error {
			found[string(b)+"/"+string(k)] = string(v)
			return nil
		})
	}
	return found
}

func onShelf(t testing.TB) *shelf {
	t.Helper()
	s, err := bolt.Create(filepath.Join(enginetest.Dir(t), "care.db"), bolt.Options{NoSync: true}, nil)
	must(t, err)
	return &shelf{Engine: s}
}

// Whatever is put, removed, read and scanned, in memory, below or on the way, is
// what one map would say; and each state that a crash could leave is one that was
// committed.
func TestItIsOneStore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		below := onShelf(t)
		s := Over(below)
		is := map[string]string{}
		was := []map[string]string{{}}
		keys := rapid.Custom(func(r *rapid.T) []byte { // some alike in their first sixteen bytes, some shorter
			return bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 'a', 0xff}).Draw(r, "letter")}, rapid.IntRange(1, 19).Draw(r, "length"))
		})
		bucket := rapid.SampledFrom([]engine.Bucket{engine.Charts, engine.Sets})
		no := errors.New("no")
		r.Repeat(map[string]func(*rapid.T){
			"update": func(r *rapid.T) {
				then := maps.Clone(is)
				fails := rapid.IntRange(0, 5).Draw(r, "fails") == 0
				err := s.Update(func(w engine.Writer) error {
					for range rapid.IntRange(0, 6).Draw(r, "writes") {
						b, key := bucket.Draw(r, "bucket"), keys.Draw(r, "key")
						name := string(b) + "/" + string(key)
						if rapid.Bool().Draw(r, "put") {
							value := rapid.SampledFrom([]string{"", "1", "22"}).Draw(r, "value")
							must(t, w.Put(b, key, []byte(value)))
							then[name] = value
						} else {
							must(t, w.Delete(b, key))
							delete(then, name)
						}
						if got := w.Get(b, key); (got != nil) != has(then, name) || string(got) != then[name] {
							r.Fatalf("within the update %q is %q, want %q", name, got, then[name])
						}
					}
					if got := all(w); !maps.Equal(got, then) {
						r.Fatalf("within the update: %q, want %q", got, then)
					}
					if fails {
						return no
					}
					return nil
				})
				if fails != errors.Is(err, no) {
					r.Fatal(err)
				}
				if !fails {
					is = maps.Clone(then)
					was = append(was, then)
				}
			},
			"view": func(r *rapid.T) {
				prefix, from := keys.Draw(r, "prefix"), keys.Draw(r, "from")
				prefix, from = prefix[:rapid.IntRange(0, len(prefix)).Draw(r, "of it")], from[:rapid.IntRange(0, len(from)).Draw(r, "of from")]
				least := rapid.IntRange(0, 4).Draw(r, "stops after")
				b := bucket.Draw(r, "bucket")
				var want, got []string
				for _, name := range slices.Sorted(maps.Keys(is)) {
					key, in := bytes.CutPrefix([]byte(name), []byte(string(b)+"/"))
					if in && bytes.HasPrefix(key, prefix) && bytes.Compare(key, slices.Concat(prefix, from)) >= 0 && len(want) <= least {
						want = append(want, name+"="+is[name])
					}
				}
				must(t, s.View(func(v engine.Reader) error {
					return v.Scan(b, prefix, from, func(k, v []byte) error {
						got = append(got, fmt.Sprintf("%s/%s=%s", b, k, v))
						if len(got) > least {
							return engine.ErrStop
						}
						return nil
					})
				}))
				if !slices.Equal(got, want) {
					r.Fatalf("scan of %q from %q: %q, want %q", prefix, from, got, want)
				}
				must(t, s.View(func(v engine.Reader) error {
					for name, value := range is {
						b, key, _ := bytes.Cut([]byte(name), []byte("/"))
						if got := v.Get(engine.Bucket(b), key); got == nil || string(got) != value {
							r.Fatalf("%q is %q, want %q", name, got, value)
						}
					}
					return nil
				}))
			},
			"a view that others write beside": func(r *rapid.T) {
				now := maps.Clone(is)
				must(t, s.View(func(v engine.Reader) error {
					must(t, s.Update(func(w engine.Writer) error { return w.Put(engine.Charts, []byte("beside"), []byte("1")) }))
					is["charts/beside"] = "1"
					was = append(was, maps.Clone(is))
					must(t, s.settle())
					if got := all(v); !maps.Equal(got, now) {
						r.Fatalf("it changed: %q, was %q", got, now)
					}
					return nil
				}))
			},
			"settle": func(r *rapid.T) { must(t, s.settle()) },
			"whole": func(r *rapid.T) {
				must(t, engine.ViewWhole(s, func(v engine.Reader) error {
					if _, copies := v.(engine.Copier); !copies || !maps.Equal(all(v), is) {
						r.Fatalf("below is not what was committed")
					}
					return nil
				}))
			},
		})
		must(t, s.Close())
		at := 0
		for _, left := range below.left {
			for at < len(was) && !maps.Equal(was[at], left) {
				at++
			}
			if at == len(was) {
				r.Fatalf("a crash could leave what never was: %q", left)
			}
		}
		if n := len(below.left); n > 0 && !maps.Equal(below.left[n-1], is) {
			r.Fatalf("closed with %q, want %q", below.left[n-1], is)
		}
	})
}

func has(m map[string]string, key string) bool {
	_, is := m[key]
	return is
}

// Once the engine below has refused, nothing more is taken.
func TestItStopsWhenTheEngineBelowRefuses(t *testing.T) {
	below := onShelf(t)
	below.fails = errors.New("the disk is gone")
	s := Over(below)
	must(t, s.Update(put("a")))
	for _, err := range []error{s.settle(), s.Update(put("b")), s.Whole(func(engine.Reader) error { return nil }), s.End()} {
		if !errors.Is(err, engine.ErrOutcomeUnknown) || !errors.Is(err, below.fails) {
			t.Errorf("got %v", err)
		}
	}
	if err := s.Close(); !errors.Is(err, below.fails) {
		t.Errorf("close: %v", err)
	}
}

// Who commits faster than the engine below writes waits for it.
func TestNotTooMuchWaits(t *testing.T) {
	below := onShelf(t)
	below.hold = make(chan struct{}, 1)
	s := Over(below)
	filled := make(chan error)
	go func() {
		for n := range 2 * most {
			if err := s.Update(put(fmt.Sprint(n))); err != nil {
				filled <- err
				return
			}
		}
		filled <- nil
	}()
	var err error
	for n := 0; n >= 0; {
		select {
		case below.hold <- struct{}{}:
			s.mu.Lock()
			n = s.waiting()
			s.mu.Unlock()
			if n > most+1 {
				t.Errorf("%d keys wait", n)
			}
		case err = <-filled:
			n = -1
		}
	}
	close(below.hold)
	must(t, errors.Join(err, s.Close()))
	if n := len(below.left); n == 0 || len(below.left[n-1]) != 2*most {
		t.Error("not everything came below")
	}
}

// Who reads keeps what they see apart from what comes after; however many do, a
// reader looks into few places.
func TestReadersDoNotPileItUp(t *testing.T) {
	s := Over(onShelf(t))
	var reading sync.WaitGroup
	end := make(chan struct{})
	for n := range 20 * many {
		seen := make(chan struct{})
		reading.Go(func() {
			must(t, s.View(func(r engine.Reader) error {
				close(seen)
				<-end
				if n > 0 && r.Get(engine.Charts, fmt.Append(nil, n-1)) == nil || r.Get(engine.Charts, fmt.Append(nil, n)) != nil {
					t.Errorf("view %d does not see what was there", n)
				}
				return nil
			}))
		})
		<-seen
		must(t, s.Update(put(fmt.Sprint(n))))
		s.mu.Lock()
		for len(s.layers) > 2*many {
			s.moved.Wait()
		}
		s.mu.Unlock()
	}
	close(end)
	reading.Wait()
	must(t, s.Close())
}

// After its end it writes at once: what stops a process has its last words kept.
func TestAfterItsEndItWritesAtOnce(t *testing.T) {
	below := onShelf(t)
	s := Over(below)
	must(t, s.Update(put("a")))
	must(t, s.End())
	must(t, s.Update(put("b")))
	if n := len(below.left); n != 2 || len(below.left[1]) != 2 {
		t.Errorf("below has %v", below.left)
	}
	must(t, s.Close())
}

func put(key string) func(engine.Writer) error {
	return func(w engine.Writer) error { return w.Put(engine.Charts, []byte(key), []byte("1")) }
}

func copyTo(path string, r engine.Reader) error {
	var body bytes.Buffer
	if err := r.(engine.Copier).Copy(&body); err != nil {
		return err
	}
	return os.WriteFile(path, body.Bytes(), 0o600)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
