package bolt

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// states is how many crash states there are, at least.
func states() int {
	switch {
	case os.Getenv("CARECONNECT_TORTURE") != "":
		return 1_000_000
	case testing.Short() || raced:
		return 3_000
	}
	return 15_000
}

// Whatever a crash lets through of what was not synced, the file holds exactly
// the last commit or the one that was being made, and passes every check. The
// order of writes and syncs is that of bbolt's commit: data, sync, meta, sync;
// that it does sync there is what TestFaultAtEachWriteAndSync relies on.
func TestCrashStates(t *testing.T) {
	const commits = 60
	each := states()/commits + 1
	chance := rand.New(rand.NewPCG(31, 37))
	seen, opened, before, after := 0, 0, 0, 0
	path := filepath.Join(enginetest.Dir(t), "care.db")
	for n, c := range record(t, commits) {
		c := &c
		check := func(image []byte, may ...[32]byte) {
			seen++
			got, err := contents(image)
			switch {
			case err != nil:
				t.Fatalf("commit %d, state %d: %v", n, seen, err)
			case got == may[0]:
				before++
			case len(may) > 1 && got == may[1]:
				after++
			default:
				t.Fatalf("commit %d, state %d: neither the commit before nor this one", n, seen)
			}
			if seen%50 == 0 { // and bbolt reads it too
				opened++
				must(t, os.WriteFile(path, image, 0o600))
				s, err := Open(path, Options{ReadOnly: true})
				must(t, err)
				must(t, s.View(func(r engine.Reader) error {
					for _, b := range engine.Buckets {
						must(t, r.Scan(b, nil, nil, func(_, _ []byte) error { return nil }))
					}
					return nil
				}))
				must(t, s.Close())
			}
		}
		check(c.image, c.before)
		subsets(len(c.data), each-3, chance, func(through func(int) bool) {
			check(c.crashed(true, c.data, through), c.before)
		})
		synced := *c
		synced.image = c.crashed(true, c.data, func(int) bool { return true })
		for _, written := range []bool{false, true} {
			check(synced.crashed(true, c.meta, func(int) bool { return written }), c.before, c.after)
		}
	}
	t.Logf("%d crash states of %d commits, %d of them opened: %d hold the commit before, %d the new one, 0 are bad", seen, commits, opened, before, after)
	if seen < states() || before == 0 || after < commits/2 {
		t.Errorf("%d states, %d and %d: too few to prove anything", seen, before, after)
	}
}

// The same with syncs that do nothing, so that the meta page may reach the disk
// before its data: if that did no harm the test above would prove nothing.
func TestCrashStatesWithoutSyncsAreBad(t *testing.T) {
	chance := rand.New(rand.NewPCG(41, 43))
	seen, refused, wrong := 0, 0, 0
	for _, c := range record(t, 20) {
		all := append(append([]sector(nil), c.meta...), c.data...)
		subsets(len(all), 50, chance, func(through func(int) bool) {
			seen++
			got, err := contents(c.crashed(true, all, through))
			switch {
			case err != nil:
				refused++
			case got != c.before && got != c.after:
				wrong++
			}
		})
	}
	t.Logf("%d states without syncs: %d refused by the checks, %d hold something else", seen, refused, wrong)
	if refused+wrong < seen/10 || refused == 0 {
		t.Error("syncs that do nothing are not noticed")
	}
}
