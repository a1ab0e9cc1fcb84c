package bolt

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

func TestOpenNeverMakesAStore(t *testing.T) {
	dir := enginetest.Dir(t)
	for _, path := range []string{filepath.Join(dir, "care.db"), filepath.Join(dir, "nowhere", "care.db")} {
		_, err := Open(path, Options{})
		says(t, err, engine.ErrNoStore, "init")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("opening made %v, %v", left, err)
	}
}

func TestOpenWantsAPrivatePlace(t *testing.T) {
	path := newFile(t)
	for _, c := range []struct {
		what string
		mode os.FileMode
		line string
	}{
		{path, 0o640, "chmod 600 " + path},
		{path, 0o604, "chmod 600 " + path},
		{filepath.Dir(path), 0o750, "chmod 700 " + filepath.Dir(path)},
	} {
		before, err := os.Stat(c.what)
		must(t, err)
		must(t, os.Chmod(c.what, c.mode))
		_, err = Open(path, Options{})
		says(t, err, engine.ErrPermission, c.line)
		must(t, os.Chmod(c.what, before.Mode().Perm()))
	}
	wide := filepath.Join(enginetest.Dir(t), "wide")
	must(t, os.Mkdir(wide, 0o755))
	_, err := Create(filepath.Join(wide, "care.db"), Options{}, nil)
	says(t, err, engine.ErrPermission, "chmod 700 "+wide)
	_, err = Open(filepath.Dir(path), Options{})
	if err == nil {
		t.Error("a directory was opened as a store")
	}
}

func TestALockedStoreNamesItsHolder(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	for _, o := range []Options{{Timeout: time.Millisecond}, {Timeout: time.Millisecond, ReadOnly: true}} {
		_, err = Open(path, o)
		var locked engine.Locked
		if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Since.IsZero() {
			t.Errorf("got %v, want in use by process %d since a time", err, os.Getpid())
		}
	}
	must(t, os.Remove(path+".holder"))
	_, err = Open(path, Options{Timeout: time.Millisecond})
	says(t, err, engine.ErrLocked, "in use by")
	must(t, s.Close())

	s, err = Open(path, Options{})
	must(t, err)
	must(t, s.Close())
	if _, err := os.Stat(path + ".holder"); !errors.Is(err, os.ErrNotExist) {
		t.Error("a clean close left the holder's note")
	}
}

func TestALockThatIsLetGoInTimeIsWaitedFor(t *testing.T) {
	path := newFile(t)
	s, err := Open(path, Options{})
	must(t, err)
	opened := make(chan error)
	go func() {
		again, err := Open(path, Options{Timeout: 30 * time.Second})
		if err == nil {
			err = again.Close()
		}
		opened <- err
	}()
	must(t, s.Close())
	must(t, <-opened)
}

func TestDamageIsNamedAndNothingFallsBack(t *testing.T) {
	page := os.Getpagesize()
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		say    string
	}{
		{"0 bytes", func(b []byte) []byte { return nil }, "file has 0 bytes, a store needs"},
		{"cut within the metas", func(b []byte) []byte { return b[:page+100] }, "file has"},
		{"cut to the metas", func(b []byte) []byte { return b[:4*page] }, "its last commit needs"},
		{"newest meta flipped", func(b []byte) []byte { return flipped(b, newest(b)*page+40) }, "not falling back"},
		{"older meta flipped", func(b []byte) []byte { return flipped(b, (1-newest(b))*page+40) }, "not falling back"},
		{"both flipped", func(b []byte) []byte { return flipped(flipped(b, 40), page+40) }, "neither meta page is valid"},
		{"rolled back to the older", func(b []byte) []byte {
			n := newest(b)
			binary.NativeEndian.PutUint64(b[n*page+64:], binary.NativeEndian.Uint64(b[n*page+64:])-2)
			resum(b[n*page:])
			return b[:]
		}, ""}, // consecutive again: only the store's own digest can tell
		{"one commit missing", func(b []byte) []byte {
			n := newest(b)
			binary.NativeEndian.PutUint64(b[n*page+64:], binary.NativeEndian.Uint64(b[n*page+64:])+2)
			resum(b[n*page:])
			return b
		}, "not consecutive; the last commit may be missing; not falling back"},
		{"another program's file", func(b []byte) []byte { return []byte(strings.Repeat("care ", 4*page)) }, "neither meta page is valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newFile(t)
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, c.damage(b), 0o600))
			s, err := Open(path, Options{})
			if c.say == "" {
				must(t, err)
				must(t, s.Close())
				return
			}
			says(t, err, engine.ErrDamaged, c.say)
			if _, err := Open(path, Options{ReadOnly: true}); !errors.Is(err, engine.ErrDamaged) {
				t.Errorf("read only: got %v, want ErrDamaged", err)
			}
			left, err := Open(path, Options{Timeout: time.Millisecond})
			if errors.Is(err, engine.ErrLocked) || left != nil {
				t.Errorf("the refused file is still locked: %v", err)
			}
		})
	}
}

// TestEveryBitOfTheMetaPagesCounts flips each bit of both meta pages.
func TestEveryBitOfTheMetaPagesCounts(t *testing.T) {
	path := newFile(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	_, err = checkMeta(file, path)
	must(t, err)
	for at := range int64(2 * os.Getpagesize()) {
		for bit := range 8 {
			_, err := file.WriteAt([]byte{whole[at] ^ 1<<bit}, at)
			must(t, err)
			if _, err := checkMeta(file, path); !errors.Is(err, engine.ErrDamaged) {
				t.Errorf("bit %d of byte %d: got %v", bit, at, err)
			}
		}
		_, err := file.WriteAt(whole[at:at+1], at)
		must(t, err)
	}
	_, err = checkMeta(file, path)
	must(t, err)
}

func TestErrorsOfTheSystemGetTheirClass(t *testing.T) {
	for from, want := range map[error]error{
		syscall.EROFS:  engine.ErrReadOnly,
		syscall.ENOSPC: engine.ErrNoRoom,
		syscall.EDQUOT: engine.ErrNoRoom,
		syscall.EACCES: engine.ErrPermission,
		syscall.EPERM:  engine.ErrPermission,
		syscall.ENOENT: engine.ErrNoStore,
		syscall.EEXIST: engine.ErrExists,
		syscall.EIO:    syscall.EIO,
	} {
		if err := classify("care.db", &os.PathError{Op: "open", Path: "care.db", Err: from}); !errors.Is(err, want) {
			t.Errorf("%v became %v, want %v", from, err, want)
		}
	}
}

func TestADamagedFreeListIsNamed(t *testing.T) {
	path := newFile(t)
	b, err := os.ReadFile(path)
	must(t, err)
	page := os.Getpagesize()
	at := int(binary.NativeEndian.Uint64(b[newest(b)*page+48:])) * page
	must(t, os.WriteFile(path, flipped(b, at+8), 0o600)) // the page's type
	_, err = Open(path, Options{})
	says(t, err, engine.ErrDamaged, "free list")
}

func FuzzMeta(f *testing.F) {
	b, err := os.ReadFile(newFile(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:metaEnd], uint64(0))
	f.Add(b[os.Getpagesize():os.Getpagesize()+metaEnd], uint64(1))
	f.Add(make([]byte, metaEnd), uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, number uint64) {
		if len(b) < metaEnd {
			return
		}
		m, err := decodeMeta(b, number)
		if err == nil && (m.root >= m.high || m.freelist >= m.high || m.txid%2 != number) {
			t.Errorf("accepted %+v", m)
		}
	})
}

// newest is the number of the meta page with the higher commit.
func newest(b []byte) int {
	page := os.Getpagesize()
	if binary.NativeEndian.Uint64(b[64:]) > binary.NativeEndian.Uint64(b[page+64:]) {
		return 0
	}
	return 1
}

func resum(page []byte) {
	h := fnv.New64a()
	h.Write(page[16:72])
	binary.NativeEndian.PutUint64(page[72:], h.Sum64())
}

func flipped(b []byte, at int) []byte {
	b[at] ^= 1
	return b
}

func says(t *testing.T, err, class error, words string) {
	t.Helper()
	if !errors.Is(err, class) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v; want %v that says %q", err, class, words)
	}
}
