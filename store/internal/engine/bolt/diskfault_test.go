package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// faults is how many commits of the script meet each of their faults.
func faults() int {
	switch {
	case os.Getenv("CARECONNECT_TORTURE") != "":
		return 2000
	case testing.Short() || raced:
		return 20
	}
	return 200
}

// fault is what the disk does to one write or sync of a commit.
type fault struct {
	write int   // the number of the write that fails, from 1; 0 if it is a sync
	torn  bool  // half of that write is done
	sync  int   // the number of the sync that fails: 1 after the data, 2 after the meta page
	err   error // what the write says
}

// inject makes a store's disk do that, once. It gives what tells whether it
// happened, and what ends it.
func inject(t testing.TB, s *Store, f fault) (met func() bool, mend func()) {
	t.Helper()
	_, pipe, err := os.Pipe() // cannot be synced
	must(t, err)
	file := field[*os.File](s.body.Load().db, "file")
	own := *file
	writes, hit := 0, false
	metas := int64(2 * os.Getpagesize())
	below(s.body.Load().db, func(next writing, p []byte, at int64) (int, error) {
		writes++
		*file = own
		switch {
		case f.write == writes:
			hit = true
			if f.torn {
				n, _ := next(p[:len(p)/2], at)
				return n, f.err
			}
			return 0, f.err
		case f.sync == 1 && at >= metas, f.sync == 2 && at < metas:
			*file, hit = pipe, true
		}
		return next(p, at)
	})
	return func() bool { return hit }, func() { *file = own; _ = pipe.Close() }
}

// Each write and each sync of a run of commits fails once, in each way. No commit
// that met a fault is acknowledged, what was acknowledged before is there, and
// the file holds that or the commit of unknown outcome and nothing between.
func TestFaultAtEachWriteAndSync(t *testing.T) {
	base := started(t, 40)
	image, err := os.ReadFile(base)
	must(t, err)
	path := filepath.Join(enginetest.Dir(t), "care.db")
	points, kept, lost := 0, 0, 0
	for n := range faults() {
		before, err := contents(image)
		must(t, err)
		// the commit without a fault, for what it would be and how many writes it is
		must(t, os.WriteFile(path, image, 0o600))
		s, err := Open(path, Options{})
		must(t, err)
		writes := 0
		below(s.body.Load().db, func(next writing, p []byte, at int64) (int, error) { writes++; return next(p, at) })
		must(t, script(t, 5000+n, s))
		clean, err := os.ReadFile(path)
		must(t, err)
		total := writes // before the mark of a clean stop, which is a commit too
		must(t, s.Close())
		after, err := contents(clean)
		must(t, err)

		plans := []fault{{sync: 1}, {sync: 2}}
		for w := 1; w <= total; w++ {
			plans = append(plans, fault{write: w, err: syscall.EIO}, fault{write: w, torn: true, err: syscall.ENOSPC})
		}
		for _, f := range plans {
			must(t, os.WriteFile(path, image, 0o600))
			s, err := Open(path, Options{})
			must(t, err)
			met, mend := inject(t, s, f)
			err = script(t, 5000+n, s)
			mend()
			if !met() {
				t.Fatalf("commit %d: the fault %+v was never met", n, f)
			}
			points++
			if !errors.Is(err, engine.ErrOutcomeUnknown) {
				t.Errorf("commit %d, %+v: got %v, want an unknown outcome", n, f, err)
			}
			must(t, s.Close())
			left, err := os.ReadFile(path)
			must(t, err)
			got, err := contents(left)
			switch {
			case err != nil:
				t.Errorf("commit %d, %+v: %v", n, f, err)
			case got == before:
				lost++
			case got == after:
				kept++
			default:
				t.Errorf("commit %d, %+v: the file holds neither the commit before nor this one", n, f)
			}
		}
		image = clean
	}
	t.Logf("%d faults: %d commits of unknown outcome are not in the file, %d are, none was acknowledged", points, lost, kept)
	if kept == 0 || lost == 0 {
		t.Error("one of the outcomes never came: the faults are not where they should be")
	}
}
