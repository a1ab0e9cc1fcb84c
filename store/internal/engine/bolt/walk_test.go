package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// walked walks a file as it lies on the disk.
func walked(t testing.TB, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	m, err := checkMeta(file, path)
	must(t, err)
	found, err := walk(file, m, nil)
	must(t, err)
	return found
}

// busy makes one commit of random puts and deletes, now and then a long value,
// now and then one that is given up.
func busy(t testing.TB, s engine.Engine, chance *rand.Rand, keys int) {
	t.Helper()
	up := errors.New("given up")
	err := s.Update(func(w engine.Writer) error {
		for range 1 + chance.IntN(60) {
			b := engine.Buckets[2+chance.IntN(len(engine.Buckets)-2)]
			key := binary.BigEndian.AppendUint64(nil, uint64(chance.IntN(keys))*0x9E3779B97F4A7C15)
			if chance.IntN(5) < 2 {
				must(t, w.Delete(b, key))
				continue
			}
			size := 300 * (1 + chance.IntN(3))
			if chance.IntN(200) == 0 {
				size = 40_000
			}
			must(t, w.Put(b, key, bytes.Repeat([]byte{byte(size)}, size)))
		}
		if chance.IntN(10) == 0 {
			return up
		}
		return nil
	})
	if err != nil && !errors.Is(err, up) {
		t.Fatal(err)
	}
}

// What bbolt writes passes the walk, after each of many commits and at the end
// of a run that empties most of what it filled.
func TestTheWalkPassesWhatWasWritten(t *testing.T) {
	path := filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{NoSync: true}, nil)
	must(t, err)
	defer s.Close()
	chance := rand.New(rand.NewPCG(3, 5))
	for n := range 900 {
		busy(t, s, chance, []int{8000, 40, 800}[n/300])
		if n%5 != 0 {
			continue
		}
		if found := walked(t, path); len(found) > 0 {
			t.Fatalf("after commit %d: %v", n, found)
		}
	}
	for _, b := range engine.Buckets {
		must(t, s.Update(func(w engine.Writer) error {
			var keys [][]byte
			must(t, w.Scan(b, nil, nil, func(k, _ []byte) error { keys = append(keys, bytes.Clone(k)); return nil }))
			for _, k := range keys {
				must(t, w.Delete(b, k))
			}
			return nil
		}))
		if found := walked(t, path); len(found) > 0 {
			t.Fatalf("after bucket %s was emptied: %v", b, found)
		}
	}
}

// harms are what can be wrong with a page, and what the walk says then.
func TestTheWalkNamesPageAndPlace(t *testing.T) {
	path := filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{NoSync: true}, nil)
	must(t, err)
	must(t, s.Update(func(w engine.Writer) error {
		for n := range 400 {
			must(t, w.Put(engine.Charts, fmt.Appendf(nil, "%04d", n), make([]byte, 200)))
		}
		return nil
	}))
	var leaf, root uint64
	must(t, s.View(func(r engine.Reader) error {
		leaf = r.(engine.Pager).Page(engine.Charts, []byte("0200"))
		return nil
	}))
	must(t, s.Close())
	whole, err := os.ReadFile(path)
	must(t, err)
	file, err := os.Open(path)
	must(t, err)
	m, err := checkMeta(file, path)
	must(t, err)
	must(t, file.Close())
	size := uint64(m.pageSize)
	for id := uint64(2); id < m.high; id++ {
		if h := headOf(whole[id*size:]); h.flags == branchFlag && id != m.root {
			root = id
		}
	}
	put16 := func(p []byte, at int, v uint16) { order.PutUint16(p[at:], v) }
	for _, row := range []struct {
		name string
		page uint64
		harm func(p []byte)
		says string
	}{
		{"another id", leaf, func(p []byte) { order.PutUint64(p, leaf+1) }, fmt.Sprintf("page %d says that it is page %d", leaf, leaf+1)},
		{"another type", leaf, func(p []byte) { put16(p, 8, freeFlag) }, fmt.Sprintf("page %d is a free list", leaf)},
		{"no such type", leaf, func(p []byte) { put16(p, 8, 0x42) }, "0x42"},
		{"too many elements", leaf, func(p []byte) { put16(p, 10, 5000) }, "5000 elements do not fit"},
		{"one element fewer", leaf, func(p []byte) { put16(p, 10, order.Uint16(p[10:])-1) }, fmt.Sprintf("page %d (leaf): element 0 begins", leaf)},
		{"no element", leaf, func(p []byte) { put16(p, 10, 0) }, "is empty"},
		{"an overflow", leaf, func(p []byte) { order.PutUint32(p[12:], 1) }, "page"},
		{"an endless overflow", leaf, func(p []byte) { order.PutUint32(p[12:], 1<<31) }, "goes on for"},
		{"a place out of the page", leaf, func(p []byte) { order.PutUint32(p[headSize+elementSize+4:], 1<<20) }, "element 1 begins"},
		{"an endless key", leaf, func(p []byte) { order.PutUint32(p[headSize+8:], 1<<31) }, "element 0 ends"},
		{"an endless value", leaf, func(p []byte) { order.PutUint32(p[headSize+12:], 1<<31) }, "element 0 ends"},
		{"flags of an element", leaf, func(p []byte) { order.PutUint32(p[headSize+2*elementSize:], 1) }, "key 2 has flags"},
		{"a key out of order", leaf, func(p []byte) {
			h := p[headSize+3*elementSize:]
			p[headSize+3*elementSize+int(order.Uint32(h[4:]))+3] = '0'
			p[headSize+3*elementSize+int(order.Uint32(h[4:]))+1] = '0'
		}, fmt.Sprintf("page %d (leaf): key 3 out of order", leaf)},
		{"a byte where nothing stands", leaf, func(p []byte) { p[size-1] = 1 }, "byte 4095 is not zero"},
		{"a child that is its parent", root, func(p []byte) { order.PutUint64(p[headSize+8:], root) }, "referred to twice"},
		{"a child twice", root, func(p []byte) { copy(p[headSize+8:headSize+16], p[headSize+24:headSize+32]) }, "key 0 is not the one"},
		{"a child that is nowhere", root, func(p []byte) { order.PutUint64(p[headSize+8:], m.high) }, "is referred to, there are"},
		{"a child that is a meta page", root, func(p []byte) { order.PutUint64(p[headSize+8:], 1) }, "page 1 is referred to"},
		{"a free page that is used", m.freelist, func(p []byte) { order.PutUint64(p[headSize:], 2); put16(p, 10, 1) }, "free list"},
		{"a page lost", m.freelist, func(p []byte) {
			n := int(order.Uint16(p[10:]))
			put16(p, 10, uint16(n-1))
			order.PutUint64(p[headSize+8*(n-1):], 0)
		}, "is neither in use nor free"},
	} {
		t.Run(row.name, func(t *testing.T) {
			harmed := bytes.Clone(whole)
			row.harm(harmed[row.page*size : (row.page+1)*size])
			found, err := walk(bytes.NewReader(harmed), m, nil)
			must(t, err)
			if len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), row.says) {
				t.Errorf("found %q, want %q among it", found, row.says)
			}
			must(t, os.WriteFile(path, harmed, 0o600))
			if _, err := Open(path, Options{}); !errors.Is(err, engine.ErrDamaged) {
				t.Errorf("opening got %v, want ErrDamaged", err)
			}
		})
	}
}

// Random harm, far more than a bit, never makes the walk panic or go on for ever.
func TestTheWalkSurvivesAnything(t *testing.T) {
	path := newFile(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	m, err := checkMeta(file, path)
	must(t, err)
	chance := rand.New(rand.NewPCG(7, 11))
	whole = whole[:int(m.high)*int(m.pageSize)]
	for range 20_000 {
		harmed := bytes.Clone(whole)
		for range 1 + chance.IntN(8) {
			at := 2*int(m.pageSize) + chance.IntN(int(m.high-2)*int(m.pageSize)-8)
			if chance.IntN(2) == 0 { // where the headers and elements are
				at = at/int(m.pageSize)*int(m.pageSize) + chance.IntN(256)
			}
			order.PutUint64(harmed[at:], chance.Uint64()>>chance.IntN(64))
		}
		if _, err := walk(bytes.NewReader(harmed), m, nil); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
}

func TestACleanStopIsKnownByTheFileAlone(t *testing.T) {
	path := newFile(t)
	stopped := func() bool {
		t.Helper()
		file, err := os.Open(path)
		must(t, err)
		defer file.Close()
		m, err := checkMeta(file, path)
		must(t, err)
		_, clean := stoppedClean(file, m)
		return clean
	}
	if !stopped() {
		t.Error("a closed store does not say so")
	}
	before, err := os.ReadFile(path)
	must(t, err)
	s, err := Open(path, Options{})
	must(t, err)
	must(t, s.Close())
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("opening and closing alone wrote something")
	}
	s, err = Open(path, Options{})
	must(t, err)
	must(t, s.Update(func(w engine.Writer) error { return w.Put(engine.Charts, []byte("k"), []byte("v")) }))
	if stopped() {
		t.Error("after a commit the old mark still holds")
	}
	must(t, s.Close())
	if !stopped() {
		t.Error("closed again, and not marked")
	}
}

// A walk that was put off runs beside writers, and names what is damaged then.
func TestTheWalkRunsBesideWriters(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	defer s.Close()
	chance := rand.New(rand.NewPCG(13, 17))
	for range 50 {
		busy(t, s, chance, 500)
	}
	s.guard.Store(newGuard(proven{}))
	calls := 0
	must(t, s.Walk(func(_, _ int64) error {
		calls++
		for range 3 {
			busy(t, s, chance, 500)
		}
		return nil
	}))
	must(t, s.Walk(func(_, _ int64) error { t.Error("walked twice"); return nil }))
	s.guard.Store(newGuard(proven{}))
	var leaf uint64
	must(t, s.View(func(r engine.Reader) error {
		return r.Scan(engine.Charts, nil, nil, func(k, _ []byte) error {
			leaf = r.(engine.Pager).Page(engine.Charts, k)
			return engine.ErrStop
		})
	}))
	if leaf == 0 {
		t.Fatal("no page for a key that is there")
	}
	_, err = s.body.Load().disk.WriteAt([]byte{1}, int64(leaf)*int64(os.Getpagesize()))
	must(t, err)
	if err := s.Walk(nil); !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("page %d", leaf)) {
		t.Errorf("got %v, want page %d named", err, leaf)
	}
	t.Logf("progress was told %d times", calls)
}
