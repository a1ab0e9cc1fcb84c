package bolt

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"go.etcd.io/bbolt"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// These tests stand between bbolt and its file. bbolt writes through a function
// that it keeps in a field of its own, and syncs the file in another: both are
// reached here by their names, so a bbolt that renames them breaks these tests
// and nothing else.

type writing = func(p []byte, at int64) (int, error)

func field[T any](db *bbolt.DB, path ...string) *T {
	v := reflect.ValueOf(db).Elem()
	for _, name := range path {
		v = v.FieldByName(name)
	}
	return (*T)(unsafe.Pointer(v.UnsafeAddr()))
}

// below puts a function between bbolt and its file.
func below(db *bbolt.DB, fn func(next writing, p []byte, at int64) (int, error)) {
	write := field[writing](db, "ops", "writeAt")
	next := *write
	*write = func(p []byte, at int64) (int, error) { return fn(next, p, at) }
}

// contents is a hash over all that a file holds, once it has passed every check
// that comes before bbolt.
func contents(image []byte) ([32]byte, error) {
	file := bytes.NewReader(image)
	m, err := newestMeta(file, int64(len(image)), "image")
	if err != nil {
		return [32]byte{}, err
	}
	found, err := walk(file, m, nil)
	if err != nil {
		return [32]byte{}, err
	}
	if len(found) > 0 {
		return [32]byte{}, damages("image", found)
	}
	hash := sha256.New()
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high)}
	record := func(_ uint64, _ int, _ uint32, k, v []byte) error {
		fmt.Fprintf(hash, "%d %d ", len(k), len(v))
		hash.Write(k)
		hash.Write(v)
		return nil
	}
	err = w.tree(m.root, nil, nil, 0, func(_ uint64, _ int, _ uint32, k, v []byte) error {
		hash.Write(k)
		if root := order.Uint64(v); root != 0 {
			return w.tree(root, nil, nil, 0, record)
		}
		p := v[bucketSize:]
		_, err := w.elements(0, headOf(p), p, nil, nil, record)
		return err
	})
	return [32]byte(hash.Sum(nil)), err
}

// script makes one of a run of commits, the same each time it is called with the
// same number.
func script(t testing.TB, n int, s engine.Engine) error {
	t.Helper()
	chance := rand.New(rand.NewPCG(29, uint64(n)))
	return s.Update(func(w engine.Writer) error {
		for range 1 + chance.IntN(12) {
			b := engine.Buckets[2+chance.IntN(4)]
			key := fmt.Appendf(nil, "%08x", uint32(chance.IntN(150))*0x9E3779B9)
			if chance.IntN(4) == 0 {
				must(t, w.Delete(b, key))
				continue
			}
			must(t, w.Put(b, key, bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, 100*(1+chance.IntN(3)))))
		}
		return nil
	})
}

// started is a store after some commits of the script, closed, as a file.
func started(t testing.TB, commits int) (path string) {
	t.Helper()
	path = filepath.Join(enginetest.Dir(t), "care.db")
	s, err := Create(path, Options{NoSync: true}, nil)
	must(t, err)
	for n := range commits {
		must(t, script(t, n, s))
	}
	must(t, s.Close())
	must(t, os.Truncate(path, trimmed(t, path)))
	return path
}

// trimmed is the size up to which a file's last commit needs it.
func trimmed(t testing.TB, path string) int64 {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	m, err := checkMeta(file, path)
	must(t, err)
	return int64(m.high) * int64(m.pageSize)
}

// commitLog is what one commit asked of the disk, in the order: the size that it
// made the file, its data, a sync, the meta page, a sync.
type commitLog struct {
	before, after [32]byte // contents
	image         []byte   // the file before, all of it synced
	size          int64    // of the file once it has grown
	data, meta    []sector
}

// sector is the part of a write that a disk does at once or not at all.
type sector struct {
	at   int64
	body []byte
}

const sectorSize = 512

// record runs commits of the script and notes what each asks of the disk.
func record(t testing.TB, commits int) []commitLog {
	t.Helper()
	path := started(t, 40)
	s, err := Open(path, Options{NoSync: true})
	must(t, err)
	defer s.Close()
	var now *commitLog
	metas := int64(2 * os.Getpagesize())
	below(s.body.Load().db, func(next writing, p []byte, at int64) (int, error) {
		into := &now.data
		if at < metas {
			into = &now.meta
		} else if now.size == 0 {
			info, err := s.body.Load().disk.Stat()
			must(t, err)
			now.size = info.Size()
		}
		for i := 0; i < len(p); i += sectorSize {
			place := at + int64(i)
			body := bytes.Clone(p[i : i+sectorSize])
			if place+sectorSize <= int64(len(now.image)) && bytes.Equal(now.image[place:place+sectorSize], body) {
				continue // writing what is there already cannot go wrong
			}
			*into = append(*into, sector{place, body})
		}
		return next(p, at)
	})
	var log []commitLog
	for n := range commits {
		image, err := os.ReadFile(path)
		must(t, err)
		c := commitLog{image: image}
		c.before, err = contents(image)
		must(t, err)
		now = &c
		must(t, script(t, 1000+n, s))
		image, err = os.ReadFile(path)
		must(t, err)
		c.after, err = contents(image)
		must(t, err)
		log = append(log, c)
	}
	return log
}

// subsets calls fn with sets of sectors that a crash may have let through: none,
// all, each prefix, each alone, all but each, and some at random, as many as are
// wanted.
func subsets(n, want int, chance *rand.Rand, fn func(through func(i int) bool)) {
	fn(func(int) bool { return false })
	fn(func(int) bool { return true })
	done := 2
	for _, i := range chance.Perm(n)[:min(n, want/4)] {
		fn(func(j int) bool { return j < i })
		fn(func(j int) bool { return j == i })
		fn(func(j int) bool { return j != i })
		done += 3
	}
	for ; done < want; done++ {
		pick, share := make([]bool, n), chance.IntN(100)
		for i := range pick {
			pick[i] = chance.IntN(100) < share
		}
		fn(func(i int) bool { return pick[i] })
	}
}

// after is the file as a crash may leave it.
func (c *commitLog) crashed(grown bool, sectors []sector, through func(i int) bool) []byte {
	image := slices.Clone(c.image)
	if grown && c.size > int64(len(image)) {
		image = append(image, make([]byte, c.size-int64(len(image)))...)
	}
	for i, s := range sectors {
		if through(i) {
			copy(image[s.at:], s.body)
		}
	}
	return image
}
