package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careconnect/rules/care"
)

// anchored is a peopled world that tells an anchor, closed and opened again so
// that the anchor has seen it.
func anchored(t testing.TB, clients int) *world {
	t.Helper()
	w, _ := peopled(t, clients)
	w.config.Anchor = filepath.Join(t.TempDir(), "head")
	w.reopen()
	return w
}

func (w *world) anchorText() string {
	w.Helper()
	text, err := os.ReadFile(w.config.Anchor)
	must(w.TB, err)
	return string(text)
}

// copyOf is the file of the closed store, and putBack puts it in its place.
func (w *world) copyOf() []byte {
	w.Helper()
	must(w.TB, w.Close())
	whole, err := os.ReadFile(w.file(DataFile))
	must(w.TB, err)
	w.opened()
	return whole
}

func (w *world) putBack(whole []byte) {
	w.Helper()
	must(w.TB, w.Close())
	must(w.TB, os.WriteFile(w.file(DataFile), whole, 0o600))
}

func (w *world) opened() {
	w.Helper()
	s, err := Open(w.config)
	must(w.TB, err)
	w.Store = s
}

func TestAStoreTellsItsAnchorAtStartAndStop(t *testing.T) {
	w := anchored(t, 2)
	w.client(50)
	must(t, w.Close())
	found := saidIn(w.anchorText(), newSigner(w.vault))
	if len(found) < 2 {
		t.Fatalf("%d checkpoints, want one of the start and one of the stop", len(found))
	}
	last := found[len(found)-1]
	if last.err != nil || last.Sequence != w.state.Sequence || last.Size != w.state.Leaves || last.Root != w.state.Root {
		t.Errorf("the last checkpoint is %+v, the store ended at %d with %d entries", last, w.state.Sequence, w.state.Leaves)
	}
	w.opened()
	if again := saidIn(w.anchorText(), newSigner(w.vault)); len(again) != len(found) {
		t.Errorf("nothing happened, and there are %d checkpoints instead of %d", len(again), len(found))
	}
}

// An older copy of the whole file is a whole store: only the anchor tells.
func TestAnOlderFileIsRefusedByItsAnchor(t *testing.T) {
	w := anchored(t, 2)
	old := w.copyOf()
	w.client(50)
	saw := w.state.Sequence
	w.putBack(old)
	_, err := Open(w.config)
	if !errors.Is(err, ErrRolledBack) || !strings.Contains(err.Error(), "--accept-rollback") {
		t.Fatalf("an older file opens with %v", err)
	}
	unanchored := w.config
	unanchored.Anchor = ""
	s, err := Open(unanchored)
	must(t, err) // this is what the anchor is for
	must(t, s.Close())

	before := s.state.Ordinal
	w.config.AcceptRollback = true
	w.opened()
	if w.state.Ordinal <= before {
		t.Error("ids that were given out by what is lost can be given out again")
	}
	if got := w.lastEntry(); got.Did != "accept rollback" || !strings.HasPrefix(got.Effect, "seq ") {
		t.Errorf("the trail says %+v of it", got)
	}
	w.config.AcceptRollback = false
	w.reopen() // once is enough
	report, err := w.VerifyTrail(t.Context(), w.anchorText(), nil)
	must(t, err)
	must(t, report.Err())
	given := 0
	for _, a := range report.Against {
		if a.Says == givenUp && a.Sequence <= saw {
			given++
		}
	}
	if given == 0 {
		t.Errorf("nothing was given up: %+v", report.Against)
	}
}

// An anchor that was emptied or taken away is missed: else who puts an older copy
// in the file's place had only to take the anchor away as well.
func TestAnAnchorThatIsGoneIsMissed(t *testing.T) {
	w := anchored(t, 2)
	w.client(49) // the first commit that knows of the anchor
	old := w.copyOf()
	w.client(50)
	for name, take := range map[string]func() error{
		"emptied": func() error { return os.WriteFile(w.config.Anchor, nil, 0o600) },
		"gone":    func() error { return os.Remove(w.config.Anchor) },
	} {
		w.putBack(old)
		must(t, take())
		_, err := Open(w.config)
		if !errors.Is(err, ErrAnchor) || !strings.Contains(err.Error(), "--accept-rollback") {
			t.Errorf("%s: the store opens with %v", name, err)
		}
		other := w.config
		other.Anchor = ""
		w.Store, err = Open(other) // who has none asks none
		must(t, err)
	}
	w.putBack(old)
	w.config.AcceptRollback = true
	w.opened()
	if got := w.lastEntry(); got.Did != "accept rollback" {
		t.Errorf("the trail says %+v of it", got)
	}
	w.config.AcceptRollback = false
	w.reopen() // once is enough
}

// A store that has as many commits as its anchor saw, and others, is no better.
func TestAStoreThatWentAnotherWayIsRefused(t *testing.T) {
	w := anchored(t, 2)
	old := w.copyOf()
	w.client(50)
	w.client(51)
	w.putBack(old)
	other := w.config
	other.Anchor = ""
	s, err := Open(other)
	must(t, err)
	for n := range 4 {
		if _, err := s.Do(context.Background(), care.Anonymous, entering(60+n)); err != nil {
			t.Fatal(err)
		}
	}
	must(t, s.Close())
	if _, err := Open(w.config); !errors.Is(err, ErrRolledBack) || !strings.Contains(err.Error(), "another way") {
		t.Errorf("got %v", err)
	}
}

func TestWhatAnAnchorMayBeLike(t *testing.T) {
	w := anchored(t, 1)
	w.client(50)
	must(t, w.Close())
	whole := w.anchorText()
	stranger, _ := peopled(t, 1)
	theirs, err := stranger.Checkpoint()
	must(t, err)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"emptied":                          {"", ErrAnchor},
		"as it is":                         {whole, nil},
		"cut while it was written":         {whole + "\ncareconnect/00\n17\nAbc", nil},
		"cut within a signature":           {whole + "\n" + strings.TrimSuffix(whole, "\n")[:len(whole)-30], nil},
		"with another's behind":            {whole + "\n" + theirs, nil},
		"of another store":                 {theirs, ErrAnchor},
		"altered":                          {strings.ReplaceAll(whole, "commit ", "commit 9"), ErrAnchor},
		"not a checkpoint in it":           {"hello\n\n— nobody AAAA\n", ErrAnchor},
		"with something else said between": {"notes of ours\n\n" + whole + "\n\nmore notes\n", nil},
	} {
		must(t, os.WriteFile(w.config.Anchor, []byte(c.text), 0o600))
		s, err := Open(w.config)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if err == nil {
			if got, _, _ := lastSaid(w.anchorText(), newSigner(s.vault)); got.Sequence != s.state.Sequence {
				t.Errorf("%s: the anchor's last is of commit %d, the store is at %d", name, got.Sequence, s.state.Sequence)
			}
			must(t, s.Close())
		}
	}
	w.config.Anchor = filepath.Join(t.TempDir(), "unmounted", "head")
	if _, err := Open(w.config); !errors.Is(err, ErrPermission) {
		t.Errorf("without the anchor's folder: %v", err)
	}
}

func TestAnAnchorThatCannotBeWrittenIsTold(t *testing.T) {
	w := anchored(t, 1)
	must(t, os.Remove(w.config.Anchor))
	must(t, os.Mkdir(w.config.Anchor, 0o700))
	w.client(50)
	if _, err := w.Anchor(); err == nil || w.Anchored().Failed == nil {
		t.Errorf("got %v, known is %+v", err, w.Anchored())
	}
	must(t, os.Remove(w.config.Anchor))
	if _, err := w.Anchor(); err != nil || w.Anchored().Failed != nil || w.Anchored().Seq != w.state.Sequence {
		t.Errorf("once it can be written: %v, known is %+v", err, w.Anchored())
	}
}

func TestACheckpointSaysWhatItSaid(t *testing.T) {
	w := anchored(t, 1)
	signed, err := w.Checkpoint()
	must(t, err)
	c, err := ReadCheckpoint(signed, w.TrailKey())
	must(t, err)
	if c.Size != w.state.Leaves || c.Root != w.state.Root || c.Sequence != w.state.Sequence || !c.At.Equal(w.now()) {
		t.Errorf("got %+v", c)
	}
	for _, line := range strings.Split(strings.TrimSpace(signed), "\n")[:5] {
		if _, err := ReadCheckpoint(strings.Replace(signed, line, line+"0", 1), w.TrailKey()); err == nil {
			t.Errorf("with %q changed it is still signed", line)
		}
	}
	w.reopen()
	if key := w.TrailKey(); !strings.HasPrefix(key, c.Origin+"+") {
		t.Errorf("the key %s is not of %s", key, c.Origin)
	}
	w.clock.set(w.clock.now().Add(time.Hour))
}
