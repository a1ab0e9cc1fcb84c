package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// What holds of a store whose pages were walked holds of one whose pages were not
// walked yet, all through its life.
func TestTheSuiteBeforeTheWalk(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) (enginetest.Open, enginetest.Crash) {
		path := filepath.Join(enginetest.Dir(t), "care.db")
		return func(t *testing.T) engine.Engine {
			s, err := Open(path, Options{soon: true})
			if errors.Is(err, engine.ErrNoStore) {
				s, err = Create(path, Options{soon: true}, nil)
			}
			must(t, err)
			if !s.Unread() {
				t.Fatal("the pages were walked")
			}
			return s
		}, crashed
	})
}

// tall is a closed store whose trees have several levels, as a file without the
// room that it grew by.
func tall(t testing.TB, commits int) (path string, image []byte) {
	t.Helper()
	path = filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{NoSync: true}, nil)
	must(t, err)
	chance := rand.New(rand.NewPCG(3, 5))
	for range commits {
		must(t, s.Update(func(w engine.Writer) error {
			for range 12 {
				key := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(chance.IntN(300))*0x9E3779B97F4A7C15), 50)
				must(t, w.Put(engine.Sets, key, bytes.Repeat([]byte{7}, 40)))
				must(t, w.Delete(engine.Sets, bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(chance.IntN(300))*0x9E3779B97F4A7C15), 50)))
				must(t, w.Put(engine.Charts, key[:8], bytes.Repeat([]byte{9}, 60*(1+chance.IntN(2)))))
			}
			return w.Put(engine.State, []byte("state"), bytes.Repeat([]byte{1}, 900))
		}))
	}
	must(t, s.Update(func(w engine.Writer) error {
		return w.Put(engine.Replies, []byte("long"), bytes.Repeat([]byte{3}, 9_000))
	}))
	must(t, s.Close())
	must(t, os.Truncate(path, trimmed(t, path)+int64(os.Getpagesize())))
	image, err = os.ReadFile(path)
	must(t, err)
	return path, image
}

// Reading and writing before the walk does what it does after it.
func TestBeforeTheWalkAllIsThere(t *testing.T) {
	path, image := tall(t, 100)
	run := func(o Options) []byte {
		must(t, os.WriteFile(path, image, 0o600))
		s, err := Open(path, o)
		must(t, err)
		if s.Unread() != o.soon {
			t.Fatalf("unread %t, wanted %t", s.Unread(), o.soon)
		}
		var seen bytes.Buffer
		chance := rand.New(rand.NewPCG(11, 13))
		look := func(r engine.Reader) {
			for _, b := range engine.Buckets {
				for range 5 {
					prefix := []byte{byte(chance.IntN(256))}[:chance.IntN(2)]
					from := binary.BigEndian.AppendUint64(nil, chance.Uint64())[:chance.IntN(3)]
					n := chance.IntN(400)
					must(t, r.Scan(b, prefix, from, func(k, v []byte) error {
						fmt.Fprintf(&seen, "%s %x %x\n", b, k, v[:min(4, len(v))])
						if n--; n < 0 {
							return engine.ErrStop
						}
						return nil
					}))
				}
			}
		}
		for n := range 40 {
			must(t, s.View(func(r engine.Reader) error { look(r); return nil }))
			had := seen.Len()
			err := s.Update(func(w engine.Writer) error {
				seen.Truncate(had) // it may be run again, for want of room
				chance = rand.New(rand.NewPCG(17, uint64(n)))
				for range 1 + chance.IntN(60) {
					key := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(chance.IntN(300))*0x9E3779B97F4A7C15), 50)
					fmt.Fprintf(&seen, "%x\n", w.Get(engine.Sets, key))
					must(t, w.Delete(engine.Sets, key))
					must(t, w.Delete(engine.Charts, key[:8]))
					if chance.IntN(3) == 0 {
						must(t, w.Put(engine.Trail, key[:8], bytes.Repeat([]byte{5}, chance.IntN(9000))))
					}
				}
				look(w)
				return nil
			})
			must(t, err)
			if n%8 == 7 {
				must(t, s.Close())
				s, err = Open(path, o)
				must(t, err)
			}
		}
		must(t, s.Walk(nil))
		must(t, s.View(func(r engine.Reader) error { look(r); return nil }))
		must(t, s.Close())
		if found := walked(t, path); len(found) > 0 {
			t.Errorf("found %q", found)
		}
		return seen.Bytes()
	}
	if before, after := run(Options{NoSync: true, soon: true}), run(Options{NoSync: true}); !bytes.Equal(before, after) {
		t.Error("before the walk a store reads otherwise than after it")
	}
}

// flips is how many bits are turned over.
func flips(all int) int {
	switch {
	case os.Getenv("CARECONNECT_TORTURE") != "":
		return all
	case testing.Short():
		return 1024
	case raced:
		return 2048
	}
	return 65_536
}

// Single bits are turned over in a file that was closed, and it is served before
// its pages are walked: read from, written to, and walked at last. What the walk
// would find ends in an error that names a page, at the latest by the walk; nothing
// ends the process, and nothing hangs.
func TestFlipsBeforeTheWalk(t *testing.T) {
	path, whole := tall(t, 20)
	file, err := os.Open(path)
	must(t, err)
	m, err := checkMeta(file, path)
	must(t, err)
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high)}
	must(t, w.all())
	must(t, file.Close())
	page := int(m.pageSize)
	var used []int
	for id := range int(m.high) {
		if id < 2 || w.used.has(uint64(id)) {
			used = append(used, id*page*8)
		}
	}
	used = append(used, int(m.high)*page*8) // the mark of a clean stop itself
	all := len(used) * page * 8
	want := min(flips(all), all)
	var next, atOnce, reading, writing, walking, nowhere atomic.Int64
	began := time.Now()
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		path := filepath.Join(enginetest.Dir(t), "care.db")
		wait.Go(func() {
			for n := int(next.Add(1)) - 1; n < want && !t.Failed(); n = int(next.Add(1)) - 1 {
				spot := int(int64(n) * int64(all) / int64(want))
				bit := used[spot/(page*8)] + spot%(page*8)
				if want < all {
					bit = bit/8*8 + n%8
				}
				image := bytes.Clone(whole)
				image[bit/8] ^= 1 << (bit % 8)
				must(t, os.WriteFile(path, image, 0o600))
				fails := func(at *atomic.Int64, err error) bool {
					if err == nil {
						return false
					}
					at.Add(1)
					if !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), "page ") && !strings.Contains(err.Error(), "bytes") {
						t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
					}
					return true
				}
				s, err := Open(path, Options{NoSync: true, soon: true})
				if fails(&atOnce, err) {
					continue
				}
				if at := uint64(bit / 8 / page); !s.Unread() && at != m.root && at < m.high {
					t.Errorf("bit %d of byte %d: walked first, and nothing found", bit%8, bit/8)
				}
				found := fails(&reading, s.View(func(r engine.Reader) error {
					for _, b := range engine.Buckets {
						if err := r.Scan(b, nil, nil, func(k, v []byte) error { _ = r.Get(b, k); return nil }); err != nil {
							return err
						}
					}
					return nil
				}))
				chance := rand.New(rand.NewPCG(1, uint64(n)))
				found = fails(&writing, s.Update(func(w engine.Writer) error {
					for range 30 {
						key := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(chance.IntN(300))*0x9E3779B97F4A7C15), 50)
						must(t, errors.Join(w.Delete(engine.Sets, key), w.Delete(engine.Charts, key[:8]), w.Put(engine.Tree, key, key)))
					}
					return nil
				})) || found
				if !fails(&walking, s.Walk(nil)) && !found {
					nowhere.Add(1) // within a key or a value, where its seal and the digest tell
				}
				must(t, s.Close())
				if found {
					if _, err := Open(path, Options{NoSync: true, soon: true}); !errors.Is(err, engine.ErrDamaged) {
						t.Errorf("bit %d of byte %d: once found, the next start says %v", bit%8, bit/8, err)
					}
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d of the %d bits of %d pages in %v: %d found when it was opened, %d when it was read, %d when it was written, %d by the walk; %d within keys and values",
		want, all, len(used), time.Since(began).Round(time.Millisecond), atOnce.Load(), reading.Load(), writing.Load(), walking.Load(), nowhere.Load())
}

// A page that the disk does not give any more is named, by a reader and by a
// writer, and ends nothing but what wanted it.
func TestAFaultWithinTheMapIsNamed(t *testing.T) {
	path, _ := tall(t, 20)
	s, err := Open(path, Options{NoSync: true})
	must(t, err)
	defer s.Close()
	must(t, os.Truncate(path, 3*int64(os.Getpagesize())))
	read := s.View(func(r engine.Reader) error {
		return r.Scan(engine.Sets, nil, nil, func(_, v []byte) error { _ = bytes.Count(v, []byte{0}); return nil })
	})
	wrote := s.Update(func(w engine.Writer) error { return w.Delete(engine.Sets, []byte("k")) })
	for _, err := range []error{read, wrote} {
		if !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), "page ") || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("got %v", err)
		}
	}
	if !s.harmed.Load() {
		t.Error("it would be taken for closed cleanly")
	}
}
