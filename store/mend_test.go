package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cutShort is a store as a killed process left it, some commits after its start.
func cutShort(t *testing.T) *harmed {
	t.Helper()
	w := newWorld(t, Production, nil)
	for n := range 3 {
		w.client(n)
	}
	whole, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	h := &harmed{config: w.config, path: w.file(DataFile), whole: whole}
	return h.copied(t)
}

// metaAt is the place of the meta page that holds the newest commit, and of the
// other.
func metaAt(whole []byte) (newest, older int) {
	page := os.Getpagesize()
	if binary.NativeEndian.Uint64(whole[64:]) < binary.NativeEndian.Uint64(whole[page+64:]) {
		return page, 0
	}
	return 0, page
}

// resummed is a meta page with another value in one of its fields and a sum that
// fits.
func resummed(whole []byte, at, field int, value uint64) {
	binary.NativeEndian.PutUint64(whole[at+field:], value)
	sum := fnv.New64a()
	_, _ = sum.Write(whole[at+16 : at+72])
	binary.NativeEndian.PutUint64(whole[at+72:], sum.Sum64())
}

// TestATornFileIsMended harms the meta pages in several ways. What can be proven
// is kept, what cannot is told before anything is changed, and the file that was
// there stays.
func TestATornFileIsMended(t *testing.T) {
	before := cutShort(t)
	newest, older := metaAt(before.whole)
	report, err := Inspect(context.Background(), before.config, nil)
	must(t, errors.Join(err, report.Err()))
	last := report.Sequence
	page := os.Getpagesize()
	rootOf := func(b []byte) int { return int(binary.NativeEndian.Uint64(b[newest+32:])) * page }
	for _, row := range []struct {
		name  string
		harm  func(b []byte)
		whole bool // nothing is lost
		kept  uint64
		says  string
	}{
		{"a bit of the newest one's sum", func(b []byte) { b[newest+75] ^= 4 }, true, last, "checksum"},
		{"its mark", func(b []byte) { b[newest+17] ^= 4 }, true, last, "not the mark"},
		{"behind it", func(b []byte) { b[newest+900] ^= 4 }, true, last, "is not zero"},
		{"its root names another page", func(b []byte) { resummed(b, newest, 32, 1<<40) }, false, last - 1, "cannot be"},
		{"it and the root below it", func(b []byte) { b[newest+75] ^= 4; b[rootOf(b)+20] ^= 255 }, false, last - 1, "checksum"},
		{"all of it", func(b []byte) { clear(b[newest : newest+page]) }, false, last - 1, "not the mark"},
		{"the older one", func(b []byte) { b[older+75] ^= 4 }, false, last, "checksum"},
		{"a commit is missing", func(b []byte) { resummed(b, newest, 64, binary.NativeEndian.Uint64(b[newest+64:])+2) }, false, last, "not consecutive"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := before.copied(t)
			harmedBytes := bytes.Clone(h.whole)
			row.harm(harmedBytes)
			must(t, os.WriteFile(h.path, harmedBytes, 0o600))
			if _, err := Open(h.config); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("opening says %v", err)
			}
			refusal := errors.New("rather not")
			asked := false
			_, torn, err := Mend(context.Background(), h.config, func(Mended) error { asked = true; return refusal }, nil)
			if !torn || asked == row.whole || asked && !errors.Is(err, refusal) {
				t.Fatalf("torn %v, asked %v, %v", torn, asked, err)
			}
			if asked {
				still, err := os.ReadFile(h.path)
				must(t, err)
				if !bytes.Equal(still, harmedBytes) {
					t.Fatal("refused, it changed the file")
				}
				onlyFiles(t, h.config.Dir, DataFile, KeyFile)
				var told Mended
				told, _, err = Mend(context.Background(), h.config, func(m Mended) error { told = m; return nil }, nil)
				must(t, err)
				if told.Kept.Sequence != row.kept || told.Before == "" || told.Whole {
					t.Errorf("it tells %+v, want commit %d", told, row.kept)
				}
			}
			after, err := Inspect(context.Background(), h.config, nil)
			must(t, errors.Join(err, after.Err()))
			if after.Sequence != row.kept+1 || after.Leaves == 0 {
				t.Errorf("the store is at commit %d, want one after %d", after.Sequence, row.kept)
			}
			kept, err := filepath.Glob(filepath.Join(h.config.Dir, DataFile+".before-repair-*"))
			must(t, err)
			if len(kept) != 1 {
				t.Fatalf("kept are %v", kept)
			}
			if body, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(body, harmedBytes) {
				t.Errorf("the torn file did not stay as it was, %v", err)
			}
			s, err := Open(h.config)
			must(t, err)
			last := (&world{TB: t, Store: s}).lastOf("repair commit")
			if wants := fmt.Sprintf("seq %d", row.kept); last.Outcome != "yes" || !strings.HasPrefix(last.Effect, wants) || strings.HasSuffix(last.Effect, "is lost") == row.whole {
				t.Errorf("the trail says %+v", last)
			}
			must(t, s.Close())
		})
	}
}

// TestWhatIsNotTornIsNotMended: whole, cut, damaged below, locked, or opened with
// a wrong key.
func TestWhatIsNotTornIsNotMended(t *testing.T) {
	never := func(Mended) error { t.Error("it asked"); return nil }
	before := cutShort(t)
	if _, torn, err := Mend(context.Background(), before.config, never, nil); torn || err != nil {
		t.Errorf("a whole one: torn %v, %v", torn, err)
	}
	newest, older := metaAt(before.whole)
	cut := before.copied(t)
	must(t, os.Truncate(cut.path, int64(3*os.Getpagesize())))
	if _, _, err := Mend(context.Background(), cut.config, never, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("cut: %v", err)
	}
	deep := before.copied(t)
	body := bytes.Clone(deep.whole)
	body[newest+75] ^= 4
	for _, at := range []int{newest, older} {
		body[int(binary.NativeEndian.Uint64(body[at+32:]))*os.Getpagesize()+20] ^= 255
	}
	must(t, os.WriteFile(deep.path, body, 0o600))
	if _, _, err := Mend(context.Background(), deep.config, never, nil); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "go back to a backup") {
		t.Errorf("damaged below both: %v", err)
	}
	torn := before.copied(t)
	body = bytes.Clone(torn.whole)
	body[newest+75] ^= 4
	must(t, os.WriteFile(torn.path, body, 0o600))
	other := cutShort(t)
	key, err := os.ReadFile(filepath.Join(other.config.Dir, KeyFile))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(torn.config.Dir, KeyFile), key, 0o600))
	if _, _, err := Mend(context.Background(), torn.config, never, nil); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a wrong key: %v", err)
	}
}
