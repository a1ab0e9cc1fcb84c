package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/rules/care"
)

// harmed is a closed store on the disk, with what it was before it was harmed.
type harmed struct {
	config Config
	path   string
	whole  []byte
	report Report
}

// closedStore is a small but real store, closed and found whole.
func closedStore(t testing.TB, clients int) *harmed {
	t.Helper()
	w, _ := peopled(t, clients)
	w.client(clients + 1) // the last commit changes nothing that was there before it
	must(t, w.Close())
	whole, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	page := os.Getpagesize()
	used := len(bytes.TrimRight(whole, "\x00"))
	whole = whole[:(used+page-1)/page*page] // without the room that the file has grown by
	if mark := len(whole) - page; bytes.HasPrefix(whole[mark:], []byte("careconnect: closed")) {
		whole = whole[:mark] // nor what stands there of the stop
	}
	must(t, os.WriteFile(w.file(DataFile), whole, 0o600))
	report := w.inspected()
	must(t, report.Err())
	return &harmed{w.config, w.file(DataFile), whole, report}
}

// copied is the same store in a folder of its own.
func (h *harmed) copied(t testing.TB) *harmed {
	t.Helper()
	dir := private(t)
	key, err := os.ReadFile(filepath.Join(h.config.Dir, KeyFile))
	must(t, err)
	n := *h
	n.config.Dir, n.path = dir, filepath.Join(dir, DataFile)
	must(t, os.WriteFile(filepath.Join(dir, KeyFile), key, 0o600))
	must(t, os.WriteFile(n.path, h.whole, 0o600))
	return &n
}

// verdict is what opening and a full pass say of the file as it lies there; nil
// if it is whole.
func (h *harmed) verdict() error {
	report, err := Inspect(context.Background(), h.config, nil)
	return cmp.Or(err, report.Err())
}

// flips is how many bits are turned over.
func flips(all int) int {
	switch {
	case os.Getenv("CARECONNECT_TORTURE") != "":
		return all
	case testing.Short():
		return 1024
	case raced:
		return 4096
	}
	return 65_536
}

// Single bits are turned over, spread over all pages that are in use: each is
// found and named, none ends the process, none makes it hang. Bits in pages that
// nothing reads are turned over as well: they do no harm, and the pass says so.
func TestFlipEachBit(t *testing.T) {
	origin := closedStore(t, 1)
	page := os.Getpagesize()
	inUse := map[int]bool{}
	probe := origin.copied(t)
	for at := 0; at < len(probe.whole); at += page { // a page is in use if it matters what it says it is
		must(t, os.WriteFile(probe.path, flippedBit(probe.whole, at*8), 0o600))
		if probe.verdict() != nil {
			inUse[at/page] = true
		}
	}
	var bitsInUse []int
	for n := range len(origin.whole) / page {
		if inUse[n] {
			bitsInUse = append(bitsInUse, n*page*8)
		}
	}
	all := len(bitsInUse) * page * 8
	want := min(flips(all), all)
	var next, silent atomic.Int64
	began := time.Now()
	var slowest atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		mine := origin.copied(t)
		wait.Go(func() {
			file, err := os.OpenFile(mine.path, os.O_RDWR, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer file.Close()
			for n := int(next.Add(1)) - 1; n < want; n = int(next.Add(1)) - 1 {
				spot := int(int64(n) * int64(all) / int64(want))
				bit := bitsInUse[spot/(page*8)] + spot%(page*8)
				if want < all {
					bit = bit/8*8 + n%8
				}
				_, err := file.WriteAt([]byte{mine.whole[bit/8] ^ 1<<(bit%8)}, int64(bit/8))
				if err != nil {
					t.Error(err)
					return
				}
				started := time.Now()
				says := mine.verdict()
				took := time.Since(started).Milliseconds()
				for old := slowest.Load(); took > old && !slowest.CompareAndSwap(old, took); old = slowest.Load() {
				}
				if says == nil {
					silent.Add(1)
					t.Errorf("bit %d of byte %d (page %d) goes unseen", bit%8, bit/8, bit/8/page)
				} else if !named(says) {
					t.Errorf("bit %d of byte %d: %v names nothing", bit%8, bit/8, says)
				}
				if _, err := file.WriteAt(mine.whole[bit/8:bit/8+1], int64(bit/8)); err != nil {
					t.Error(err)
					return
				}
				if silent.Load() > 20 {
					return
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d of %d pages in use, %d of their %d bits turned over in %v, %d unseen, the slowest took %d ms",
		len(inUse), len(origin.whole)/page, want, all, time.Since(began).Round(time.Millisecond), silent.Load(), slowest.Load())
	unread := origin.copied(t)
	for n := range len(origin.whole) / page {
		if inUse[n] {
			continue
		}
		must(t, os.WriteFile(unread.path, flippedBit(unread.whole, n*page*8+7777), 0o600))
		if err := unread.verdict(); err != nil {
			t.Errorf("page %d is not in use, and yet a bit in it makes the store %v", n, err)
		}
	}
}

// named says whether an error tells a place: a page, a bucket, a part of the file.
func named(err error) bool {
	for _, word := range []string{"page ", "bucket ", "header", "own record", "committed", "slot"} {
		if strings.Contains(err.Error(), word) {
			return true
		}
	}
	return false
}

func flippedBit(b []byte, bit int) []byte {
	b = bytes.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

// A file that was cut off anywhere is damage, never a smaller or a new store.
func TestFileCutAnywhere(t *testing.T) {
	h := closedStore(t, 3).copied(t)
	for at := 0; at < len(h.whole); at += 4096 {
		must(t, os.WriteFile(h.path, h.whole[:at], 0o600))
		err := h.verdict()
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("%d bytes", at)) {
			t.Errorf("cut to %d bytes: %v", at, err)
		}
	}
}

// One page put in the place of another is named, whichever two they are.
func TestPageCopiedOverAnother(t *testing.T) {
	h := closedStore(t, 2).copied(t)
	page := os.Getpagesize()
	pages := len(h.whole) / page
	unseen, seen := 0, 0
	for to := range pages {
		used := false
		for _, from := range []int{to + 1, to + 3, to + pages/2} {
			from %= pages
			body := bytes.Clone(h.whole)
			copy(body[to*page:(to+1)*page], h.whole[from*page:(from+1)*page])
			if bytes.Equal(body, h.whole) {
				continue
			}
			must(t, os.WriteFile(h.path, body, 0o600))
			if h.verdict() == nil {
				unseen++
			} else {
				seen++
				used = true
			}
		}
		if must(t, os.WriteFile(h.path, flippedBit(h.whole, to*page*8), 0o600)); !used && h.verdict() != nil {
			t.Errorf("page %d is in use, and another over it goes unseen", to)
		}
	}
	t.Logf("%d copies named, %d onto pages that nothing reads", seen, unseen)
	if seen == 0 {
		t.Error("no page is in use")
	}
}

// An older copy of the whole file is a whole store: from the inside it cannot be
// told from the newest. Its sequence can, by whoever kept a later one outside.
func TestOlderFileIsWholeAndHasALowerSequence(t *testing.T) {
	w, ids := peopled(t, 2)
	must(t, w.Close())
	older, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	before := w.inspected()
	s, err := Open(w.config)
	must(t, err)
	w.Store = s
	w.ask(ids[0], w.provider(2))
	must(t, w.Close())
	after := w.inspected()
	must(t, os.WriteFile(w.file(DataFile), older, 0o600))
	back := w.inspected()
	must(t, back.Err())
	if back.Sequence != before.Sequence || back.Root != before.Root || after.Sequence <= before.Sequence || after.Leaves <= before.Leaves {
		t.Errorf("sequences: %d before, %d after, %d with the older file back", before.Sequence, after.Sequence, back.Sequence)
	}
}

// A page of the commit before, put back alone, is named: it opens, and is not the
// one that was committed.
func TestPageRolledBack(t *testing.T) {
	w, ids := peopled(t, 2)
	must(t, w.Close())
	older, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	s, err := Open(w.config)
	must(t, err)
	w.Store = s
	w.ask(ids[0], w.provider(2))
	must(t, w.Close())
	newer, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	h := &harmed{config: w.config, path: w.file(DataFile), whole: newer}
	page := os.Getpagesize()
	named := 0
	for at := 0; at+page <= min(len(older), len(newer)); at += page {
		if bytes.Equal(older[at:at+page], newer[at:at+page]) {
			continue
		}
		body := bytes.Clone(newer)
		copy(body[at:at+page], older[at:at+page])
		must(t, os.WriteFile(h.path, body, 0o600))
		rolled := h.verdict() != nil
		must(t, os.WriteFile(h.path, flippedBit(newer, at*8), 0o600))
		if used := h.verdict() != nil; used && !rolled {
			t.Errorf("page %d is as it was one commit ago, and nobody sees it", at/page)
		}
		if rolled {
			named++
		}
	}
	t.Logf("%d pages put back and named", named)
	if named < 5 {
		t.Error("too few pages changed to prove anything")
	}
}

// A store that was closed is served before its pages are walked. Whatever bit was
// turned over meanwhile: it is refused, or who reads or writes what is unsound is
// told so, or the pass beside them finds it; the process goes on, and what it finds
// has a name. A start after damage was met walks first.
func TestFlipEachBitOfAStoreThatIsServedAtOnce(t *testing.T) {
	w, ids := peopled(t, 60)
	must(t, w.Close())
	whole, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	page := os.Getpagesize()
	origin := &harmed{config: w.config, path: w.file(DataFile), whole: whole}
	probe := origin.copied(t)
	var inUse []int
	for at := 0; at < len(whole); at += page {
		must(t, os.WriteFile(probe.path, flippedBit(whole, at*8), 0o600))
		if probe.verdict() != nil {
			inUse = append(inUse, at*8)
		}
	}
	if len(inUse)*page < 1<<20 {
		t.Fatalf("%d pages: so small a store is walked first", len(inUse))
	}
	all, want := len(inUse)*page*8, flips(1<<16)/256
	refused, met, passed := 0, 0, 0
	for n := range want {
		spot := int(int64(n) * int64(all) / int64(want))
		bit := inUse[spot/(page*8)] + spot%(page*8)/8*8 + n%8
		h := origin.copied(t)
		must(t, os.WriteFile(h.path, flippedBit(whole, bit), 0o600))
		h.config.Fatal = func(error) {}
		told := func(err error) bool {
			var f *care.Fault
			if err == nil || errors.As(err, &f) && f.Kind == care.NotFound { // what has another name now is not there: the pass says so
				return false
			}
			if !named(err) && !strings.Contains(err.Error(), "record") && !strings.Contains(err.Error(), "head of chart") || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrHeader) {
				t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
			}
			return true
		}
		s, err := Open(h.config)
		if told(err) {
			refused++
			continue
		}
		found := false
		for _, id := range ids {
			_, err := s.Chart(context.Background(), care.System, id, "test")
			found = told(err) || found
		}
		_, err = s.Do(context.Background(), care.Anonymous, entering(1000+n))
		found = told(err) || found
		if found {
			met++
		}
		if s.Failed() == nil {
			report, err := s.Verify(context.Background(), nil)
			must(t, err)
			if told(report.Err()) {
				passed++
			} else if !found {
				t.Errorf("bit %d of byte %d (page %d) goes unseen", bit%8, bit/8, bit/8/page)
			}
		}
		must(t, s.Close())
	}
	t.Logf("%d bits of %d pages: %d refused at the start, %d met by who read or wrote, %d found by the pass", want, len(inUse), refused, met, passed)
	if refused == 0 || met == 0 || passed == 0 {
		t.Error("one of the ways was never gone: this proves little")
	}
}

// What is known of its pages a store tells: they are to be walked after a clean
// stop, until they were; after another stop they were walked before.
func TestWhatIsKnownOfThePagesIsTold(t *testing.T) {
	w, _ := peopled(t, 60)
	w.reopen()
	if !w.Checked().Unread {
		t.Error("closed and opened again, its pages were walked first")
	}
	if report, err := w.Verify(t.Context(), nil); err != nil || report.Err() != nil {
		t.Error(err, report.Err())
	}
	if w.Checked().Unread {
		t.Error("walked, and not known")
	}
	killed := *w
	killed.config.Dir = private(t)
	for _, name := range []string{DataFile, KeyFile} {
		body, err := os.ReadFile(w.file(name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(killed.config.Dir, name), body, 0o600))
	}
	killed.started()
	defer killed.Close()
	if killed.Checked().Unread {
		t.Error("killed, and not walked before it was served again")
	}
}
