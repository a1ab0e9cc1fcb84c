package frail

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/enginetest"
)

// suite runs the suite for engines over this one, with a flaw or without.
func suite(t *testing.T, f flaw) {
	enginetest.Run(t, func(*testing.T) (enginetest.Open, enginetest.Crash) {
		disk := &Disk{}
		open := func(*testing.T) engine.Engine {
			e := Open(disk)
			e.flaw = f
			return e
		}
		return open, func(t *testing.T, _ engine.Engine) engine.Engine {
			disk.Crash(false)
			return open(t)
		}
	})
}

func TestTheSuite(t *testing.T) { suite(t, flaw{}) }

// The suite also holds where each transaction is run twice.
func TestTheSuiteWithEachUpdateRunAgain(t *testing.T) {
	enginetest.Run(t, func(*testing.T) (enginetest.Open, enginetest.Crash) {
		disk := &Disk{}
		open := func(*testing.T) engine.Engine {
			e := Open(disk)
			e.Fault = func(int) Fault { return Again }
			return e
		}
		return open, func(t *testing.T, _ engine.Engine) engine.Engine {
			disk.Crash(true)
			return open(t)
		}
	})
}

// flaws are engines that are broken in one way each, and the property of the
// suite that must find it.
var flaws = []struct {
	flaw  flaw
	found string
}{
	{flaw{emptyIsNone: true}, "get what was put"},
	{flaw{keepsFirst: true}, "get what was put"},
	{flaw{keepsDeleted: true}, "get what was put"},
	{flaw{backwards: true}, "keys are in the order of their bytes"},
	{flaw{ignoresFrom: true}, "scan keeps to its prefix and starts where told"},
	{flaw{startsAfter: true}, "scan keeps to its prefix and starts where told"},
	{flaw{ignoresPrefix: true}, "scan keeps to its prefix and starts where told"},
	{flaw{passesStop: true}, "scan stops when told, and passes on other errors"},
	{flaw{swallows: true}, "scan stops when told, and passes on other errors"},
	{flaw{oneBucket: true}, "buckets are apart"},
	{flaw{keepsFailed: true}, "a failed update leaves nothing"},
	{flaw{leaks: true}, "a failed update leaves nothing"},
	{flaw{leaks: true}, "a panic in an update leaves nothing and no lock"},
	{flaw{keepsLock: true}, "a panic in an update leaves nothing and no lock"},
	{flaw{blind: true}, "an update reads what it wrote"},
	{flaw{live: true}, "a view does not change while others write"},
	{flaw{live: true}, "a copy is of the state that is read"},
	{flaw{torn: true}, "scans under writes see one state"},
	{flaw{unlocked: true}, "updates run one after the other"},
	{flaw{cuts: true}, "large values"},
	{flaw{takesAll: true}, "what cannot be written is refused"},
	{flaw{noSize: true}, "size is told"},
	{flaw{forgets: true}, "what was committed is there when opened again"},
	{flaw{noSync: true}, "what was committed is there after a crash"},
}

// mutant names the row of flaws that a child of this test is to run.
const mutant = "CARECONNECT_TEST_MUTANT"

// The suite finds each flaw, by the property that is about it. Each is tried in a
// process of its own, since some never end.
func TestTheSuiteFindsEachFlaw(t *testing.T) {
	if row := os.Getenv(mutant); row != "" {
		suite(t, flaws[row[0]-'a'].flaw)
		return
	}
	covered := map[string]bool{}
	for i, row := range flaws {
		covered[row.found] = true
		pattern := "^TestTheSuiteFindsEachFlaw$/^" + strings.ReplaceAll(row.found, " ", "_") + "$"
		cmd := exec.Command(os.Args[0], "-test.run="+pattern, "-test.timeout=5s")
		cmd.Env = append(os.Environ(), mutant+"="+string(rune('a'+i)))
		out, err := cmd.CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); !failed || strings.Contains(string(out), "no tests to run") {
			t.Errorf("%+v is not found by %q: %v %s", row.flaw, row.found, err, out)
		}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheSuite$", "-test.v")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if _, name, is := strings.Cut(strings.TrimSpace(line), "--- PASS: TestTheSuite/"); is {
			name, _, _ = strings.Cut(name, " (")
			if !covered[strings.ReplaceAll(name, "_", " ")] {
				t.Errorf("no flaw shows that the suite holds %q", name)
			}
		}
	}
}
