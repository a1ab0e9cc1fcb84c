package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"careconnect/rules/care"
)

var rewrite = flag.Bool("rewrite", false, "write the old file of the present format: only when there is a new one, before the row is appended")

// oldFile is the name, without its end, of the file that a program of a format
// wrote.
func oldFile(format int) string { return filepath.Join("testdata", fmt.Sprint("format-", format)) }

// unpacked puts an old file, with its key, into a folder of its own.
func unpacked(t testing.TB, format int) *harmed {
	t.Helper()
	packed, err := os.Open(oldFile(format) + ".db.gz")
	must(t, err)
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	must(t, err)
	body, err := io.ReadAll(plain)
	must(t, err)
	key, err := os.ReadFile(oldFile(format) + ".key")
	must(t, err)
	dir := private(t)
	must(t, os.WriteFile(filepath.Join(dir, KeyFile), key, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, DataFile), body, 0o600))
	return &harmed{config: setting(dir, &hands{at: begin.AddDate(0, 0, 30)}), path: filepath.Join(dir, DataFile), whole: body}
}

// TestRewriteTheOldFile writes one, when told to.
func TestRewriteTheOldFile(t *testing.T) {
	if !*rewrite {
		t.Skip("only with -rewrite")
	}
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	w.wellKnown(1, provider)
	w.ask(w.client(2), provider)
	_, err := w.Compact(t.Context(), nil)
	must(t, err)
	must(t, w.Close())
	body, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(t, err)
	_, err = z.Write(body)
	must(t, errors.Join(err, z.Close()))
	name := oldFile(len(migrations))
	must(t, os.WriteFile(name+".db.gz", packed.Bytes(), 0o644))
	key, err := os.ReadFile(w.file(KeyFile))
	must(t, err)
	must(t, os.WriteFile(name+".key", key, 0o600))
	places := slices.Sorted(maps.Keys(recordsIn(t, w.config)))
	must(t, os.WriteFile(name+".txt", []byte(strings.Join(places, "\n")+"\n"), 0o644))
}

// TestOldFilesCanStillBeRead opens a file of each format that there was. If it
// fails, files that are in use can no longer be read: append a migration instead.
func TestOldFilesCanStillBeRead(t *testing.T) {
	for format := range len(migrations) + 1 {
		h := unpacked(t, format)
		want, err := os.ReadFile(oldFile(format) + ".txt")
		must(t, err)
		got := slices.Sorted(maps.Keys(recordsIn(t, h.config)))
		if strings.Join(got, "\n")+"\n" != string(want) {
			t.Errorf("format %d: there are other records than there were", format)
		}
		report, err := Inspect(context.Background(), h.config, nil)
		if err := errors.Join(err, report.Err()); err != nil {
			t.Errorf("format %d: %v", format, err)
		}
		kept, err := filepath.Glob(h.path + ".before-v*")
		must(t, err)
		if (len(kept) == 1) != (format < len(migrations)) {
			t.Errorf("format %d: kept are %v", format, kept)
		}
	}
}

// tried are migrations of a test, on top of those there are: one that gives each
// client another source, and one in many steps that changes nothing.
func tried(steps *int, failAt int) []migration {
	return append(slices.Clone(migrations),
		migration{"clients have another source", rewriting(func(kind care.Kind, body []byte) ([]byte, error) {
			if kind != care.KindClient {
				return nil, nil
			}
			var client map[string]any
			if err := json.Unmarshal(body, &client); err != nil {
				return nil, err
			}
			client["source"] = "migrated"
			return json.Marshal(client)
		})},
		migration{"in five steps", func(c *commit, from []byte) ([]byte, error) {
			n := len(from)
			if n == failAt {
				return nil, errors.New("the power fails")
			}
			if *steps++; n == 4 {
				return nil, nil
			}
			return append(bytes.Clone(from), 'x'), nil
		}},
	)
}

// TestAnOldStoreIsBroughtUp: a copy first, then each migration, cut short once
// and gone on with, and the trail tells it.
func TestAnOldStoreIsBroughtUp(t *testing.T) {
	format := len(migrations)
	h := unpacked(t, format)
	before := recordsIn(t, unpacked(t, format).config)
	steps := 0
	var told []Upgrade
	h.config.Upgraded = func(u Upgrade) { told = append(told, u) }
	h.config.migrations = tried(&steps, 3)
	if _, err := Inspect(context.Background(), h.config, nil); !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), fmt.Sprintf("format %d, this program works with %d", format, format+2)) {
		t.Errorf("who only looks is told %v", err)
	}
	looking := h.config
	looking.ReadOnly = true
	if _, err := Open(looking); !errors.Is(err, ErrOlder) {
		t.Errorf("opened for reading: %v", err)
	}
	if _, err := Open(h.config); err == nil || !strings.Contains(err.Error(), "the power fails") || steps != 3 {
		t.Fatalf("it was not cut short: %v after %d steps", err, steps)
	}
	kept := h.path + fmt.Sprintf(".before-v%d", format+2)
	copied, err := os.Stat(kept)
	if err != nil || copied.Mode().Perm() != 0o600 || len(told) != 1 || told[0] != (Upgrade{From: format, To: format + 2, Snapshot: kept}) {
		t.Fatalf("told %+v, kept %v, %v", told, copied, err)
	}
	h.config.migrations = tried(&steps, -1)
	after := recordsIn(t, h.config)
	if steps != 5 {
		t.Errorf("cut short after 3 of 5 steps, it did %d in all", steps)
	}
	if last := told[len(told)-1]; !last.Ended || last.From != format || last.To != format+2 {
		t.Errorf("told %+v", told)
	}
	if others, err := filepath.Glob(h.path + ".before-v*"); err != nil || len(others) != 1 {
		t.Errorf("kept are %v, %v", others, err)
	}
	changed := 0
	for place, record := range after {
		if record == before[place] {
			continue
		}
		if changed++; !strings.Contains(place, " client ") || !strings.Contains(record, `"migrated"`) {
			t.Errorf("%s is other than it was", place)
		}
	}
	if changed != 2 || len(after) != len(before) {
		t.Errorf("%d records were changed, there are %d of %d", changed, len(after), len(before))
	}
	report, err := Inspect(context.Background(), h.config, nil)
	must(t, errors.Join(err, report.Err()))
	s, err := Open(h.config)
	must(t, err)
	if last := (&world{TB: t, Store: s}).lastOf("migrate"); last.Effect != fmt.Sprintf("format %d: in five steps", format+2) {
		t.Errorf("the trail says %+v", last)
	}
	must(t, s.Close())

	// And back: the program of before refuses the store and takes the copy.
	h.config.migrations = nil
	for name, err := range map[string]error{
		"open":    errOf(Open(h.config)),
		"verify":  errOf(Inspect(context.Background(), h.config, nil)),
		"salvage": errOf(Salvage(context.Background(), h.config, private(t), nil)),
	} {
		if !errors.Is(err, ErrNewerFormat) || !strings.Contains(err.Error(), fmt.Sprintf("format %d, this program reads up to %d", format+2, format)) {
			t.Errorf("%s: a newer store is told %v", name, err)
		}
	}
	must(t, os.Rename(kept, h.path))
	if !maps.Equal(before, recordsIn(t, h.config)) {
		t.Error("the copy is not the store as it was")
	}
}

func errOf[T any](_ T, err error) error { return err }

// TestABackupOfAnOlderFormatIsRestored by the program of a newer one, and a newer
// one is refused.
func TestABackupOfAnOlderFormatIsRestored(t *testing.T) {
	w, _ := peopled(t, 2)
	to := filepath.Join(t.TempDir(), "backups")
	old, err := w.Backup(t.Context(), to, nil)
	must(t, err)
	must(t, w.Close())
	steps := 0
	config := w.emptyWithKey()
	config.migrations = tried(&steps, -1)
	if _, err := Restore(t.Context(), config, old.Path, false, nil); err != nil {
		t.Fatal(err)
	}
	if steps != 5 {
		t.Errorf("%d steps were made", steps)
	}
	s, err := Open(config)
	must(t, err)
	if s.state.Format != len(migrations)+2 {
		t.Errorf("the restored store has format %d", s.state.Format)
	}
	fresh, err := s.Backup(t.Context(), to, nil)
	must(t, errors.Join(err, s.Close()))
	if _, err := Restore(t.Context(), w.emptyWithKey(), fresh.Path, false, nil); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("a newer backup: %v", err)
	}
}
