// Package enginetest is the one suite that every engine must pass. It says what
// the store above relies on: order, isolation, all or nothing, and that what
// was committed is there when the store is opened again.
package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"careconnect/store/internal/engine"
)

// Open opens one place where a store is kept: it makes the store when called
// for the first time, and opens the same one again after it was closed.
type Open func(t *testing.T) engine.Engine

// Crash ends an engine as a power cut does, and opens what that leaves.
type Crash func(t *testing.T, e engine.Engine) engine.Engine

// Run runs the suite. Each call of place gives a new place, and the way in which
// its engine crashes.
func Run(t *testing.T, place func(t *testing.T) (Open, Crash)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, e engine.Engine)
	}{
		{"get what was put", getPut},
		{"keys are in the order of their bytes", order},
		{"scan keeps to its prefix and starts where told", scanFrom},
		{"scan stops when told, and passes on other errors", scanStop},
		{"buckets are apart", bucketsApart},
		{"a failed update leaves nothing", rollback},
		{"a panic in an update leaves nothing and no lock", panics},
		{"an update reads what it wrote", ownWrites},
		{"a view does not change while others write", isolation},
		{"scans under writes see one state", scanUnderWrites},
		{"updates run one after the other", oneWriter},
		{"large values", largeValues},
		{"what cannot be written is refused", refusals},
		{"size is told", size},
		{"a copy is of the state that is read", copies},
	} {
		t.Run(c.name, func(t *testing.T) {
			open, _ := place(t)
			e := open(t)
			defer closed(t, e)
			c.test(t, e)
		})
	}
	t.Run("what was committed is there when opened again", func(t *testing.T) {
		open, _ := place(t)
		reopen(t, open)
	})
	t.Run("what was committed is there after a crash", func(t *testing.T) {
		open, crash := place(t)
		crashes(t, open(t), crash)
	})
}

// Dir is a new directory that only its owner may enter, as a store's must be.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func getPut(t *testing.T, e engine.Engine) {
	view(t, e, func(r engine.Reader) {
		if v := r.Get(engine.Charts, nil); v != nil {
			t.Errorf("in an empty bucket no key is %q, want nil", v)
		}
	})
	put(t, e, "a", "1")
	put(t, e, "empty", "")
	put(t, e, "gone", "2")
	put(t, e, "a", "3")
	update(t, e, func(w engine.Writer) error {
		if err := w.Delete(engine.Charts, []byte("never there")); err != nil {
			return err
		}
		return w.Delete(engine.Charts, []byte("gone"))
	})
	view(t, e, func(r engine.Reader) {
		if v := r.Get(engine.Charts, []byte("a")); string(v) != "3" {
			t.Errorf("a is %q, want 3", v)
		}
		if v := r.Get(engine.Charts, []byte("empty")); v == nil || len(v) != 0 {
			t.Errorf("an empty value came back as %#v, want empty and not nil", v)
		}
		for _, k := range []string{"gone", "never there", "aa", ""} {
			if v := r.Get(engine.Charts, []byte(k)); v != nil {
				t.Errorf("%q is %q, want nil", k, v)
			}
		}
	})
}

func order(t *testing.T, e engine.Engine) {
	want := [][]byte{{0}, {0, 0}, {0, 1}, {1}, {0x7f, 0xff}, {0x80}, {0xff}, {0xff, 0}, {0xff, 0xff}}
	update(t, e, func(w engine.Writer) error {
		for i := range want {
			k := want[(i*4+3)%len(want)] // in another order
			if err := w.Put(engine.Charts, k, k); err != nil {
				return err
			}
		}
		return nil
	})
	if got := keys(t, e, nil, nil); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("got keys %x, want %x", got, want)
	}
}

func scanFrom(t *testing.T, e engine.Engine) {
	for _, k := range []string{"a", "b", "b1", "b2", "b2x", "b\xff", "c", "\xff", "\xff\xff"} {
		put(t, e, k, "v")
	}
	for _, c := range []struct {
		prefix, from string
		want         []string
	}{
		{"b", "", []string{"b", "b1", "b2", "b2x", "b\xff"}},
		{"b", "1", []string{"b1", "b2", "b2x", "b\xff"}},
		{"b", "2\x00", []string{"b2x", "b\xff"}},
		{"b", "\xff\x00", nil},
		{"b2", "", []string{"b2", "b2x"}},
		{"", "c", []string{"c", "\xff", "\xff\xff"}},
		{"\xff", "", []string{"\xff", "\xff\xff"}},
		{"d", "", nil},
	} {
		var got []string
		for _, k := range keys(t, e, []byte(c.prefix), []byte(c.from)) {
			got = append(got, string(k))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("scan %q from %q: got %q, want %q", c.prefix, c.from, got, c.want)
		}
	}
}

func scanStop(t *testing.T, e engine.Engine) {
	put(t, e, "a", "1")
	put(t, e, "b", "2")
	other := errors.New("something else")
	view(t, e, func(r engine.Reader) {
		for _, c := range []struct{ give, want error }{
			{engine.ErrStop, nil},
			{fmt.Errorf("enough: %w", engine.ErrStop), nil},
			{other, other},
		} {
			n := 0
			err := r.Scan(engine.Charts, nil, nil, func(_, _ []byte) error { n++; return c.give })
			if !errors.Is(err, c.want) || n != 1 {
				t.Errorf("fn gave %v: scan gave %v after %d keys, want %v after 1", c.give, err, n, c.want)
			}
		}
	})
}

func bucketsApart(t *testing.T, e engine.Engine) {
	update(t, e, func(w engine.Writer) error {
		for _, b := range engine.Buckets {
			if err := w.Put(b, []byte("k"), []byte(b)); err != nil {
				return err
			}
		}
		return w.Delete(engine.Replies, []byte("k"))
	})
	view(t, e, func(r engine.Reader) {
		for _, b := range engine.Buckets {
			want := string(b)
			if b == engine.Replies {
				want = ""
			}
			if v := r.Get(b, []byte("k")); string(v) != want {
				t.Errorf("bucket %s holds %q, want %q", b, v, want)
			}
		}
	})
}

func rollback(t *testing.T, e engine.Engine) {
	put(t, e, "a", "before")
	fail := errors.New("no")
	err := e.Update(func(w engine.Writer) error {
		if err := w.Put(engine.Charts, []byte("a"), []byte("after")); err != nil {
			return err
		}
		if err := w.Put(engine.Charts, []byte("b"), []byte("new")); err != nil {
			return err
		}
		return fail
	})
	if !errors.Is(err, fail) {
		t.Errorf("update gave %v, want the function's own error", err)
	}
	if errors.Is(err, engine.ErrOutcomeUnknown) {
		t.Error("an update that never began to commit has a known outcome")
	}
	holds(t, e, "a", "before")
	holds(t, e, "b", "")
}

func panics(t *testing.T, e engine.Engine) {
	func() {
		defer func() { _ = recover() }()
		_ = e.Update(func(w engine.Writer) error {
			_ = w.Put(engine.Charts, []byte("a"), []byte("half"))
			panic("in the middle")
		})
		t.Error("the panic was swallowed")
	}()
	holds(t, e, "a", "")
	put(t, e, "a", "whole") // would wait for ever if the lock had stayed behind
	holds(t, e, "a", "whole")
}

func ownWrites(t *testing.T, e engine.Engine) {
	put(t, e, "b", "old")
	update(t, e, func(w engine.Writer) error {
		for _, k := range []string{"c", "a"} {
			if err := w.Put(engine.Charts, []byte(k), []byte("new")); err != nil {
				return err
			}
		}
		if err := w.Delete(engine.Charts, []byte("b")); err != nil {
			return err
		}
		var got []string
		err := w.Scan(engine.Charts, nil, nil, func(k, _ []byte) error { got = append(got, string(k)); return nil })
		if want := []string{"a", "c"}; !slices.Equal(got, want) {
			t.Errorf("inside the update the keys are %q, want %q", got, want)
		}
		if v := w.Get(engine.Charts, []byte("b")); v != nil {
			t.Errorf("inside the update the deleted key is %q", v)
		}
		return err
	})
}

func isolation(t *testing.T, e engine.Engine) {
	put(t, e, "a", "old")
	put(t, e, "z", "old")
	reading, written, done := make(chan bool), make(chan error), make(chan bool)
	go func() {
		defer close(done)
		view(t, e, func(r engine.Reader) {
			reading <- true
			if err := <-written; err != nil {
				t.Error(err)
			}
			for _, k := range []string{"a", "z"} {
				if v := r.Get(engine.Charts, []byte(k)); string(v) != "old" {
					t.Errorf("%s became %q under a view", k, v)
				}
			}
			if v := r.Get(engine.Charts, []byte("b")); v != nil {
				t.Errorf("b came to be under a view")
			}
		})
	}()
	<-reading
	written <- e.Update(func(w engine.Writer) error {
		return errors.Join(
			w.Put(engine.Charts, []byte("a"), []byte("new")),
			w.Put(engine.Charts, []byte("b"), []byte("new")),
			w.Delete(engine.Charts, []byte("z")))
	})
	<-done
	holds(t, e, "a", "new")
	holds(t, e, "z", "")
}

// scanUnderWrites moves one thing from key to key: every scan must see exactly
// one, wherever it is.
func scanUnderWrites(t *testing.T, e engine.Engine) {
	put(t, e, "thing 0", "x")
	var writer sync.WaitGroup
	begun, enough := make(chan struct{}), make(chan struct{})
	writer.Go(func() {
		for i := 0; ; i++ { // for as long as anybody scans
			err := e.Update(func(w engine.Writer) error {
				return errors.Join(
					w.Delete(engine.Charts, fmt.Appendf(nil, "thing %d", i*37%101)),
					w.Put(engine.Charts, fmt.Appendf(nil, "thing %d", (i+1)*37%101), []byte("x")))
			})
			if i == 0 {
				close(begun)
			}
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-enough:
				return
			default:
			}
		}
	})
	defer writer.Wait()
	defer close(enough)
	<-begun
	for range 200 {
		if n := len(keys(t, e, []byte("thing "), nil)); n != 1 {
			t.Fatalf("a scan saw %d things, want 1", n)
		}
	}
}

func oneWriter(t *testing.T, e engine.Engine) {
	const writers, each = 8, 20
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				err := e.Update(func(w engine.Writer) error {
					n := len(w.Get(engine.State, []byte("n")))
					return w.Put(engine.State, []byte("n"), bytes.Repeat([]byte("I"), n+1))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	view(t, e, func(r engine.Reader) {
		if n := len(r.Get(engine.State, []byte("n"))); n != writers*each {
			t.Errorf("counted %d, want %d", n, writers*each)
		}
	})
}

func largeValues(t *testing.T, e engine.Engine) {
	sizes := []int{1, 255, 4095, 4096, 4097, 65536, 3 << 20}
	update(t, e, func(w engine.Writer) error {
		for _, n := range sizes {
			if err := w.Put(engine.Charts, fmt.Appendf(nil, "%d", n), pattern(n)); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, e, func(r engine.Reader) {
		for _, n := range sizes {
			if v := r.Get(engine.Charts, fmt.Appendf(nil, "%d", n)); !bytes.Equal(v, pattern(n)) {
				t.Errorf("a value of %d bytes came back as another of %d", n, len(v))
			}
		}
	})
}

func refusals(t *testing.T, e engine.Engine) {
	for _, c := range []struct {
		what string
		fn   func(w engine.Writer) error
	}{
		{"an empty key", func(w engine.Writer) error { return w.Put(engine.Charts, nil, []byte("v")) }},
		{"a bucket there is not", func(w engine.Writer) error { return w.Put("elsewhere", []byte("k"), []byte("v")) }},
		{"deleting in a bucket there is not", func(w engine.Writer) error { return w.Delete("elsewhere", []byte("k")) }},
	} {
		if err := e.Update(c.fn); err == nil {
			t.Errorf("%s was accepted", c.what)
		}
	}
}

func size(t *testing.T, e engine.Engine) {
	put(t, e, "a", string(pattern(100_000)))
	if n, err := e.Size(); err != nil || n < 100_000 {
		t.Errorf("size is %d, %v; want at least 100000", n, err)
	}
}

func reopen(t *testing.T, open Open) {
	e := open(t)
	for i := range 50 {
		put(t, e, fmt.Sprintf("k%02d", i), fmt.Sprintf("v%d", i))
	}
	update(t, e, func(w engine.Writer) error { return w.Delete(engine.Charts, []byte("k07")) })
	closed(t, e)

	e = open(t)
	defer closed(t, e)
	if n := len(keys(t, e, nil, nil)); n != 49 {
		t.Errorf("opened again with %d keys, want 49", n)
	}
	holds(t, e, "k07", "")
	holds(t, e, "k49", "v49")
}

// crashes has an engine crash once between two updates and once within one.
func crashes(t *testing.T, e engine.Engine, crash Crash) {
	for i := range 20 {
		put(t, e, fmt.Sprintf("k%02d", i), "old")
	}
	e = crash(t, e)
	if n := len(keys(t, e, nil, nil)); n != 20 {
		t.Errorf("after a crash there are %d keys, want 20", n)
	}
	put(t, e, "k00", "new")
	var left engine.Engine
	err := e.Update(func(w engine.Writer) error {
		for i := range 20 {
			if err := w.Put(engine.Charts, fmt.Appendf(nil, "k%02d", i), []byte("half")); err != nil {
				return err
			}
		}
		left = crash(t, e)
		return errors.New("it has crashed")
	})
	if err == nil {
		t.Error("an update that never ended gave no error")
	}
	closed(t, e)
	defer closed(t, left)
	holds(t, left, "k00", "new")
	holds(t, left, "k19", "old")
	put(t, left, "k19", "new") // and it goes on
	holds(t, left, "k19", "new")
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

func put(t *testing.T, e engine.Engine, key, value string) {
	t.Helper()
	update(t, e, func(w engine.Writer) error { return w.Put(engine.Charts, []byte(key), []byte(value)) })
}

// holds checks a value of Charts; an empty want means that the key is not there.
func holds(t *testing.T, e engine.Engine, key, want string) {
	t.Helper()
	view(t, e, func(r engine.Reader) {
		v := r.Get(engine.Charts, []byte(key))
		if string(v) != want || (want == "") != (v == nil) {
			t.Errorf("%s is %q, want %q", key, v, want)
		}
	})
}

func keys(t *testing.T, e engine.Engine, prefix, from []byte) (all [][]byte) {
	t.Helper()
	view(t, e, func(r engine.Reader) {
		err := r.Scan(engine.Charts, prefix, from, func(k, _ []byte) error {
			all = append(all, bytes.Clone(k))
			return nil
		})
		if err != nil {
			t.Errorf("scan: %v", err)
		}
	})
	return all
}

func update(t *testing.T, e engine.Engine, fn func(engine.Writer) error) {
	t.Helper()
	if err := e.Update(fn); err != nil {
		t.Errorf("update: %v", err)
	}
}

func view(t *testing.T, e engine.Engine, fn func(engine.Reader)) {
	t.Helper()
	if err := e.View(func(r engine.Reader) error { fn(r); return nil }); err != nil {
		t.Errorf("view: %v", err)
	}
}

func closed(t *testing.T, e engine.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// copies holds an engine that can be copied to this: two copies of one state are
// the same, whatever is written between them, and as long as was said.
func copies(t *testing.T, e engine.Engine) {
	put(t, e, "a", "1")
	err := engine.ViewWhole(e, func(r engine.Reader) error {
		c, ok := r.(engine.Copier)
		if !ok {
			return nil // it keeps no file that could be copied
		}
		var first, second bytes.Buffer
		if err := c.Copy(&first); err != nil {
			t.Fatal(err)
		}
		wrote := make(chan error)
		go func() {
			wrote <- e.Update(func(w engine.Writer) error {
				return w.Put(engine.Charts, []byte("a"), make([]byte, 1<<20))
			})
		}()
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		if err := c.Copy(&second); err != nil {
			t.Fatal(err)
		}
		if int64(first.Len()) != c.Length() || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("copies have %d and %d bytes, %d were announced", first.Len(), second.Len(), c.Length())
		}
		no := errors.New("no")
		if err := c.Copy(refusing{no}); err == nil {
			t.Error("a copy that could not be written gave no error")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// refusing takes no bytes.
type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }
