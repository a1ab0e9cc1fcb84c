package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// Each of these is a row of the table of failures: what was done to a closed
// store, the class of the error at opening it, and what the message says.
var refusals = []struct {
	name string
	harm func(t *testing.T, w *world)
	want error
	says []string
}{
	{"another store's key file", func(t *testing.T, w *world) {
		must(t, os.Remove(w.file(KeyFile)))
		must(t, seal.NewKeyFile(w.file(KeyFile)))
	}, ErrWrongKey, []string{"no key slot opens with this secret", "keyfile 1"}},
	{"no key file", func(t *testing.T, w *world) {
		must(t, os.Remove(w.file(KeyFile)))
	}, seal.ErrSecretFile, []string{KeyFile}},
	{"a key file that others may read", func(t *testing.T, w *world) {
		must(t, os.Chmod(w.file(KeyFile), 0o644))
	}, seal.ErrSecretFile, []string{"0644", "chmod 600"}},
	{"no store", func(t *testing.T, w *world) {
		must(t, os.Remove(w.file(DataFile)))
	}, ErrNoStore, []string{DataFile, "init"}},
	{"a store that others may read", func(t *testing.T, w *world) {
		must(t, os.Chmod(w.file(DataFile), 0o644))
	}, ErrPermission, []string{"0644", "chmod 600"}},
	{"a directory that others may enter", func(t *testing.T, w *world) {
		must(t, os.Chmod(w.config.Dir, 0o755))
		t.Cleanup(func() { must(t, os.Chmod(w.config.Dir, 0o700)) })
	}, ErrPermission, []string{"0755", "chmod 700"}},
	{"a file of no bytes", func(t *testing.T, w *world) {
		must(t, os.Truncate(w.file(DataFile), 0))
	}, ErrDamaged, []string{"0 bytes", "needs at least"}},
	{"a file cut short", func(t *testing.T, w *world) {
		must(t, os.Truncate(w.file(DataFile), 6*int64(os.Getpagesize())))
	}, ErrDamaged, []string{"bytes", "needs"}},
	{"a file cut to one page", func(t *testing.T, w *world) {
		must(t, os.Truncate(w.file(DataFile), int64(os.Getpagesize())))
	}, ErrDamaged, []string{"bytes", "needs"}},
	{"a flipped bit in the first meta page", func(t *testing.T, w *world) {
		w.flip(30)
	}, ErrDamaged, []string{"meta page 0", "not falling back"}},
	{"a flipped bit in the second meta page", func(t *testing.T, w *world) {
		w.flip(int64(os.Getpagesize()) + 60)
	}, ErrDamaged, []string{"meta page 1", "not falling back"}},
	{"a flipped bit in the header", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			return e.Put(engine.Header, headerKey, flipped(e.Get(engine.Header, headerKey), 40))
		})
	}, ErrHeader, []string{"header damaged at byte 40", "mirror"}},
	{"a flipped bit in header and mirror", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			b := flipped(e.Get(engine.Header, headerKey), 40)
			return errors.Join(e.Put(engine.Header, headerKey, b), e.Put(engine.Header, mirrorKey, b))
		})
	}, ErrHeader, []string{"header damaged", "restore"}},
	{"a newer format", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			b := newer(e.Get(engine.Header, headerKey))
			return errors.Join(e.Put(engine.Header, headerKey, b), e.Put(engine.Header, mirrorKey, b))
		})
	}, ErrNewerFormat, []string{"format 2", "up to 1"}},
	{"no state record", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error { return e.Delete(engine.State, stateKey) })
	}, ErrDamaged, []string{"own record is missing"}},
	{"a flipped bit in the state record", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			return e.Put(engine.State, stateKey, flipped(e.Get(engine.State, stateKey), 80))
		})
	}, ErrDamaged, []string{"own record"}},
	{"a flipped bit in the programme's chart", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			name := w.recordName(care.ProgrammeChart, care.KindProgramme, string(care.ProgrammeChart))
			return e.Put(engine.Charts, name, flipped(e.Get(engine.Charts, name), 80))
		})
	}, ErrDamaged, []string{"record", "chart programme"}},
	{"another record in the place of one", func(t *testing.T, w *world) {
		w.rewrite(func(e engine.Writer) error {
			one := w.recordName(care.ProgrammeChart, care.KindProgramme, string(care.ProgrammeChart))
			two := w.recordName(care.ProgrammeChart, care.KindTerms, "2026-11")
			return e.Put(engine.Charts, one, bytes.Clone(e.Get(engine.Charts, two)))
		})
	}, ErrDamaged, []string{"record", "chart programme"}},
}

func TestOpeningRefusesByName(t *testing.T) {
	for _, row := range refusals {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, Production, nil)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			row.harm(t, w)
			s, err := Open(w.config)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want an error that wraps %q", err, row.want)
			}
			for _, word := range row.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

// A store that another process has open is refused soon, by the process's id.
func TestOpeningSaysWhoHoldsTheStore(t *testing.T) {
	w := newWorld(t, Production, nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cmd, lines := child(t, "hold", w.config.Dir)
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if !lines.Scan() {
		t.Fatal("the other process has not opened the store")
	}
	began := time.Now()
	_, err := Open(w.config)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("waited %v", took)
	}
	var held engine.Locked
	if !errors.Is(err, ErrLocked) || !errors.As(err, &held) || held.PID != cmd.Process.Pid {
		t.Errorf("got %v, want that process %d holds it", err, cmd.Process.Pid)
	}
	if !strings.Contains(fmt.Sprint(err), fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("%v does not say %d", err, cmd.Process.Pid)
	}
}

// A bit that flips in somebody's record is named when the record is read, and
// what is not concerned goes on being read.
func TestR81FlippedRecordIsNamed(t *testing.T) {
	w := newWorld(t, Production, nil)
	harmed, other := w.client(1), w.client(2)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := w.recordName(harmed, care.KindClient, string(harmed))
	var sealed []byte
	w.rewrite(func(e engine.Writer) error {
		sealed = bytes.Clone(e.Get(engine.Charts, name))
		return nil
	})
	body, err := os.ReadFile(w.file(DataFile))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(body, sealed)
	if at < 0 {
		t.Fatal("the record is not in the file")
	}
	for from := at; from >= 0; { // older pages may hold it too
		w.flip(int64(from + 60))
		if next := bytes.Index(body[from+1:], sealed); next >= 0 {
			from += 1 + next
		} else {
			from = -1
		}
	}
	if w.Store, err = Open(w.config); err != nil {
		t.Fatal(err)
	}
	_, err = w.Chart(t.Context(), care.System, harmed, "test")
	if !errors.Is(err, ErrDamaged) || !strings.Contains(fmt.Sprint(err), string(harmed)) {
		t.Errorf("got %v, want damage that names the chart", err)
	}
	if w.chart(other).Client == nil {
		t.Error("the other chart has no client")
	}
	if err := w.whole(); err == nil {
		t.Error("the full pass found nothing")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) file(name string) string { return filepath.Join(w.config.Dir, name) }

// flip turns one bit of the file over.
func (w *world) flip(at int64) {
	w.Helper()
	f, err := os.OpenFile(w.file(DataFile), os.O_RDWR, 0)
	must(w.TB, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	must(w.TB, err)
	b[0] ^= 4
	_, err = f.WriteAt(b[:], at)
	must(w.TB, err)
}

// rewrite changes the closed file below the seals.
func (w *world) rewrite(fn func(engine.Writer) error) {
	w.Helper()
	file, err := bolt.Open(w.file(DataFile), bolt.Options{})
	must(w.TB, err)
	must(w.TB, errors.Join(file.Update(fn), file.Close()))
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 4
	return b
}

// newer is a header whose format is one higher, with a right sum.
func newer(b []byte) []byte {
	b = bytes.Clone(b)
	at := bytes.Index(b, []byte{0, 1})
	binary.BigEndian.PutUint16(b[at:], 2)
	sum := sha256.Sum256(b[:len(b)-sha256.Size])
	return append(b[:len(b)-sha256.Size], sum[:]...)
}
