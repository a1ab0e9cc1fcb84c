package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
	"careconnect/store/smalldisk"
)

// A commit that finds no room has not begun: the file is as it was, the store goes
// on, first with what is held back and then with what has become free.
func TestACommitWithoutRoomDoesNotBegin(t *testing.T) {
	dir := smalldisk.New(t, smalldisk.Tmpfs, 6<<20)
	path := filepath.Join(dir, "care.db")
	s, err := Create(path, Options{}, nil)
	must(t, err)
	defer func() { _ = s.Close() }()
	must(t, s.HoldBack())
	write := func(key string, size int) error {
		return s.Update(func(w engine.Writer) error { return w.Put(engine.Charts, []byte(key), pattern(size)) })
	}
	must(t, write("first", 1000))
	has := func(key string, want bool) {
		t.Helper()
		must(t, s.View(func(r engine.Reader) error {
			if got := r.Get(engine.Charts, []byte(key)) != nil; got != want {
				t.Errorf("%s is there: %t, want %t", key, got, want)
			}
			return nil
		}))
	}
	refused := func(key string, size int) {
		t.Helper()
		if err := write(key, size); !errors.Is(err, engine.ErrNoRoom) || errors.Is(err, engine.ErrOutcomeUnknown) {
			t.Errorf("%s: got %v, want ErrNoRoom and a known outcome", key, err)
		}
		has(key, false)
	}
	refused("larger than the disk", 16<<20)
	has("first", true)
	full := filepath.Join(filepath.Dir(dir), "filling")
	for n := 1 << 20; n > 0; n /= 2 {
		f, err := os.OpenFile(full, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		must(t, err)
		for err == nil {
			_, err = f.Write(make([]byte, n))
		}
		must(t, f.Close())
	}
	stored := 0
	for err = nil; err == nil && stored < 1000; stored++ {
		err = write(fmt.Sprint("some ", stored), 20_000)
	}
	if !errors.Is(err, engine.ErrNoRoom) {
		t.Fatalf("after %d: %v", stored, err)
	}
	refused("before it is spent", 200_000)
	if err := s.HoldBack(); err != nil {
		t.Errorf("what is held back already: %v", err)
	}
	must(t, s.Spend(engine.Reserve/2))
	must(t, write("half of what is held back", 200_000))
	refused("more than half of it", 400_000)
	must(t, s.Spend(0))
	must(t, write("the other half", 200_000))
	refused("more than all of it", 800_000)
	if err := s.HoldBack(); !errors.Is(err, engine.ErrNoRoom) {
		t.Errorf("holding back what there is not: %v", err)
	}
	must(t, os.Remove(full))
	must(t, s.HoldBack())
	must(t, write("before it is spent", 800_000))
	must(t, s.Close())
	s, err = Open(path, Options{}) // which walks all of it
	must(t, err)
	for _, key := range []string{"first", "some 0", "half of what is held back", "the other half", "before it is spent"} {
		has(key, true)
	}
}

// Where the disk cannot be asked for blocks, zeros behind the end of a file have
// the same effect, and what stands before it stays.
func TestZerosAreWrittenBehindTheEnd(t *testing.T) {
	path := filepath.Join(enginetest.Dir(t), "file")
	must(t, os.WriteFile(path, pattern(10_000), 0o600))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	must(t, zeros(f, 4096, 200_000))
	body, err := os.ReadFile(path)
	must(t, err)
	if len(body) != 4096+200_000 || !bytes.Equal(body[:10_000], pattern(10_000)) || len(bytes.Trim(body[10_000:], "\x00")) > 0 {
		t.Errorf("%d bytes, or others than there should be", len(body))
	}
}

func pattern(n int) []byte { return bytes.Repeat([]byte("care"), n/4) }
