package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// lived is a closed store with buckets of several levels, of one page, within
// another page and without anything, and with values of many pages.
func lived(t testing.TB) string {
	t.Helper()
	path := filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{NoSync: true}, nil)
	must(t, err)
	chance := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		must(t, s.Update(func(w engine.Writer) error {
			for range 300 {
				key := fmt.Appendf(nil, "%04d", chance.IntN(5000))
				value := bytes.Repeat([]byte{byte(chance.IntN(256))}, chance.IntN(600))
				if chance.IntN(200) == 0 {
					value = bytes.Repeat(value, 40)
				}
				if err := w.Put(engine.Charts, key, value); err != nil {
					return err
				}
				if err := w.Put(engine.Keys, key[:2], value[:min(len(value), 20)]); err != nil {
					return err
				}
				if chance.IntN(4) == 0 {
					if err := w.Delete(engine.Charts, fmt.Appendf(nil, "%04d", chance.IntN(5000))); err != nil {
						return err
					}
				}
			}
			return w.Put(engine.State, []byte("state"), []byte("small"))
		}))
	}
	must(t, s.Close())
	return path
}

// asked is what a reader gives, by every way of asking.
func asked(t testing.TB, r engine.Reader) string {
	var all bytes.Buffer
	for _, b := range append(engine.Buckets, "none") {
		for _, ask := range []struct{ prefix, from string }{{"", ""}, {"12", ""}, {"12", "5"}, {"", "4999"}, {"9", "9"}, {"x", ""}, {"0", "\x00"}} {
			n := 0
			must(t, r.Scan(b, []byte(ask.prefix), []byte(ask.from), func(k, v []byte) error {
				fmt.Fprintf(&all, "%s %q=%x\n", b, k, v)
				if n++; ask.prefix == "12" && n == 3 {
					return engine.ErrStop
				}
				return nil
			}))
		}
		for n := range 5200 {
			for _, key := range [][]byte{fmt.Appendf(nil, "%04d", n), fmt.Appendf(nil, "%03d\x00", n)} {
				if v := r.Get(b, key); v != nil {
					fmt.Fprintf(&all, "%s %q: %x %d\n", b, key, v, r.(engine.Pager).Page(b, key))
				}
			}
		}
	}
	fmt.Fprintf(&all, "%q", r.Get(engine.State, []byte("state")))
	return all.String()
}

func TestStillReadsWhatBboltReads(t *testing.T) {
	path := lived(t)
	s, err := Open(path, Options{ReadOnly: true})
	must(t, err)
	var want string
	must(t, s.View(func(r engine.Reader) error { want = asked(t, r); return nil }))
	must(t, s.Close())
	if len(want) < 100_000 {
		t.Fatalf("only %d bytes to compare", len(want))
	}
	within := filepath.Join(enginetest.Dir(t), "wrapped")
	body, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(within, append(append([]byte("something before"), body...), "and after"...), 0o600))
	for name, open := range map[string]func() (*Still, error){
		"closed":          func() (*Still, error) { return OpenStill(path, Options{}) },
		"within another":  func() (*Still, error) { return OpenWithin(within, 16, int64(len(body)), Options{}) },
		"read by several": func() (*Still, error) { return OpenStill(path, Options{}) },
	} {
		still, err := open()
		must(t, err)
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				must(t, still.View(func(r engine.Reader) error {
					if got := asked(t, r); got != want {
						t.Errorf("%s: it reads otherwise than bbolt does", name)
					}
					return nil
				}))
			})
		}
		wait.Wait()
		if err := still.Update(func(engine.Writer) error { return nil }); !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("%s: a write gives %v", name, err)
		}
		must(t, still.Close())
	}
}

// What opening refuses, opening to look refuses in the same words.
func TestStillRefusesWhatOpenRefuses(t *testing.T) {
	whole, err := os.ReadFile(lived(t))
	must(t, err)
	path := filepath.Join(enginetest.Dir(t), "care.db")
	chance := rand.New(rand.NewPCG(5, 5))
	refused := 0
	for n := range 300 {
		body := bytes.Clone(whole)
		switch {
		case n < 40:
			body = body[:chance.IntN(len(body))]
		case n < 100:
			body[chance.IntN(3*os.Getpagesize())] ^= 1 << chance.IntN(8)
		default: // in the front of a page
			body[chance.IntN(len(body)/os.Getpagesize())*os.Getpagesize()+chance.IntN(60)] ^= 1 << chance.IntN(8)
		}
		must(t, os.WriteFile(path, body, 0o600))
		s, want := Open(path, Options{ReadOnly: true})
		if want == nil {
			want = errors.Join(s.Walk(nil), s.Close())
		}
		still, got := OpenStill(path, Options{})
		if got == nil {
			must(t, still.Close())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v\nbut opened: %v", got, want)
		}
		if got != nil {
			refused++
		}
	}
	if refused < 100 {
		t.Errorf("only %d refused", refused)
	}
	must(t, os.Chmod(path, 0o644))
	_, want := Open(path, Options{ReadOnly: true})
	if _, got := OpenStill(path, Options{}); fmt.Sprint(got) != fmt.Sprint(want) || got == nil {
		t.Errorf("%v\nbut opened: %v", got, want)
	}
}

// A page that the disk does not give any more is named, also by one of several
// who read, and ends nothing but what wanted it.
func TestStillNamesAFaultWithinItsMap(t *testing.T) {
	for name, open := range map[string]func(path string) (*Still, error){
		"closed":         func(path string) (*Still, error) { return OpenStill(path, Options{}) },
		"within another": func(path string) (*Still, error) { return OpenWithin(path, 0, size(t, path), Options{}) },
	} {
		path := lived(t)
		still, err := open(path)
		must(t, err)
		must(t, os.Truncate(path, 3*int64(os.Getpagesize())))
		reads := func(r engine.Reader) error {
			return r.Scan(engine.Charts, nil, nil, func(_, v []byte) error { _ = bytes.Count(v, []byte{0}); return nil })
		}
		apart := make(chan error, 1)
		err = still.View(func(r engine.Reader) error {
			go func() { apart <- engine.Guarded(r, func() error { return reads(r) }) }()
			return reads(r)
		})
		for _, err := range []error{err, <-apart} {
			if !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), "page ") || !strings.Contains(err.Error(), "cannot be read") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		must(t, still.Close())
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}
