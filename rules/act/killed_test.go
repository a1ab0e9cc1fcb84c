package act_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// lifeDir names the folder of a life, and lifeOf its client, to the process that lives
// it.
const (
	lifeDir = "CARECONNECT_TEST_LIFE"
	lifeOf  = "CARECONNECT_TEST_LIFE_OF"
)

// TestWhateverHappensAcrossKills lives the same lives on a store that lasts, in a
// process that is killed at any instant and leaves the file as it lies: all that was
// answered is there, nothing is half there, and what must hold holds.
func TestWhateverHappensAcrossKills(t *testing.T) {
	if dir := os.Getenv(lifeDir); dir != "" {
		liveUntilKilled(t, dir)
		return
	}
	lives, kills := 6/min(slower, 3), 5
	if os.Getenv("CARECONNECT_TORTURE") != "" {
		lives, kills = 500, 20
	}
	root := inMemory(t)
	chance := rand.New(rand.NewPCG(20261127, uint64(os.Getpid())))
	t.Logf("process %d is the seed", os.Getpid())
	answered, exact := 0, 0
	for n := range lives {
		dir := filepath.Join(root, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		me := bornIn(t, dir)
		for range kills {
			told := livedUntilKilled(t, dir, me, chance.Uint64(), chance.IntN(30), time.Duration(chance.IntN(3000))*time.Microsecond)
			answered += told.Acts
			if foundIn(t, dir, me, told) {
				exact++
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d answers over %d kills, after %d of them nothing more than what was answered", answered, lives*kills, exact)
	if answered < 3*lives*kills || exact == 0 {
		t.Error("the processes are killed too early to prove anything")
	}
}

// told is what a life says of itself after each answer.
type told struct {
	Acts     int                     // answered since this process began
	Versions map[care.ChartID]uint64 // of its charts
	Records  map[string]string       // what each record of theirs says, as a digest
}

// tells sums up the charts of a life.
func (l *life) tells(acts int) told {
	l.Helper()
	says := told{Acts: acts, Versions: map[care.ChartID]uint64{}, Records: map[string]string{}}
	for _, id := range append(slices.Clone(l.providers), l.me) {
		chart := l.chart(id)
		says.Versions[id] = chart.Version
		for _, r := range chart.Records() {
			body, err := json.Marshal(r)
			if err != nil {
				l.Fatalf("%s of %s: %v", r.Kind(), id, err)
			}
			sum := sha256.Sum256(body)
			says.Records[fmt.Sprint(id, " ", r.Kind(), " ", r.Key())] = hex.EncodeToString(sum[:8])
		}
	}
	return says
}

// hands is a clock that a test sets; as much real time passes as it goes forward. Who
// reads the clock and then the time that passed reads both as of one setting.
type hands struct {
	mu         sync.Mutex
	at         time.Time
	passed, as time.Duration // as far as it was set, and as of the last reading
	began      time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.as = h.passed
	return h.at
}

func (h *hands) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed += max(0, at.Sub(h.at))
	h.at = at
}

func (h *hands) elapsed() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.began) + h.as
}

// lasting is a store that lasts, in a folder of its own.
func lasting(dir string) (store.Config, *hands) {
	clock := &hands{at: begin, began: time.Now()}
	return store.Config{Dir: filepath.Join(dir, "store"), Now: clock.now, Elapsed: clock.elapsed, TZData: "test"}, clock
}

// bornIn founds a programme with two providers and one client.
func bornIn(t *testing.T, dir string) care.ChartID {
	t.Helper()
	config, _ := lasting(dir)
	if err := os.Mkdir(config.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(config, store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(begin.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{fails: t, store: s, config: config, now: begin}
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: day(2026, 1, 1)}})
	w.joins(1, true)
	w.joins(2, false)
	defer w.close()
	return w.enters(1)
}

// livedIn opens the store of a life as it lies. Its clock goes on where it stopped.
func livedIn(f fails, dir string, me care.ChartID) (*life, *hands) {
	f.Helper()
	config, clock := lasting(dir)
	s, err := store.Open(config)
	if err != nil {
		f.Fatalf("open: %v", err)
	}
	l := &life{world: &world{fails: f, store: s, config: config, now: s.Now()}, me: me}
	clock.set(l.now)
	for _, m := range l.find(care.Set{Name: care.SetProviders}) {
		l.providers = append(l.providers, m.Chart)
	}
	slices.SortFunc(l.providers, func(a, b care.ChartID) int {
		return strings.Compare(l.chart(a).Provider.NPI, l.chart(b).Provider.NPI)
	})
	return l, clock
}

// ends is the process of a life, which ends where something does not hold.
type ends struct{}

func (ends) Helper() {}
func (ends) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "the life: "+format+"\n", args...)
	os.Exit(1)
}

// inOneChart are the deeds that leave the client the chart that they have.
var inOneChart = slices.DeleteFunc(slices.Clone(deeds), func(deed string) bool { return deed == "come back" })

// liveUntilKilled is the process that is killed: it tells after each answer.
func liveUntilKilled(t *testing.T, dir string) {
	time.AfterFunc(30*time.Second, func() { os.Exit(3) }) // nobody killed us
	rapid.Check(t, func(t *rapid.T) {
		l, clock := livedIn(ends{}, dir, care.ChartID(os.Getenv(lifeOf)))
		l.t, l.whiles, l.deeds = t, long, inOneChart
		out := json.NewEncoder(os.Stdout)
		for acts := 0; ; acts++ {
			if err := out.Encode(l.tells(acts)); err != nil {
				l.Fatalf("tell: %v", err)
			}
			l.now = l.now.Add(l.wait())
			clock.set(l.now)
			if rapid.IntRange(0, 3).Draw(t, "swept") > 0 {
				l.sweep()
				l.holds()
			}
			if actor, a := l.deed(); a != nil {
				l.refused(actor, a)
			}
		}
	})
}

// livedUntilKilled has a life go on in another process, kills that a moment after so
// many answers, and gives its last word.
func livedUntilKilled(t *testing.T, dir string, me care.ChartID, seed uint64, answers int, after time.Duration) (last told) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWhateverHappensAcrossKills$", "-rapid.checks=1", "-rapid.nofailfile", fmt.Sprintf("-rapid.seed=%d", seed|1))
	cmd.Env = append(os.Environ(), lifeDir+"="+dir, lifeOf+"="+string(me))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	var timer *time.Timer
	for lines.Scan() {
		var says told
		if err := json.Unmarshal(lines.Bytes(), &says); err != nil {
			break // the line that the kill cut short
		}
		last = says
		if says.Acts >= answers && timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if status, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || status.Exited() {
		t.Fatalf("the life with seed %d ended by itself", seed|1)
	}
	return last
}

// foundIn opens what the kill left and holds it against the last word of the life;
// true if it is that and no more.
func foundIn(t *testing.T, dir string, me care.ChartID, last told) (exact bool) {
	t.Helper()
	l, _ := livedIn(t, dir, me)
	now := l.tells(0)
	exact = true
	for id, version := range last.Versions {
		if now.Versions[id] < version {
			t.Errorf("%s is as of its %dth change, and the %dth was answered", id, now.Versions[id], version)
		}
		exact = exact && now.Versions[id] == version
	}
	for r, says := range last.Records {
		found, there := now.Records[r]
		switch {
		case !there && (exact || !passing[strings.Fields(r)[1]]):
			t.Errorf("%s was answered and is not there", r)
		case there && exact && found != says:
			t.Errorf("%s says something else than was answered", r)
		}
	}
	l.sweep()
	l.holds()
	for what, err := range map[string]error{"records": l.verified(), "trail": l.trailed()} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	l.close()
	if t.Failed() {
		t.FailNow()
	}
	return exact
}

// passing are the kinds that a chart does not keep.
var passing = map[string]bool{"hold": true, "pass": true, "message": true}

func (w *world) verified() error {
	report, err := w.store.Verify(context.Background(), nil)
	return errors.Join(err, report.Err())
}

func (w *world) trailed() error {
	report, err := w.store.VerifyTrail(context.Background(), "", nil)
	if err == nil && (len(report.Damages) > 0 || report.Difference != 0) {
		err = fmt.Errorf("%d damages, %d entries too many", len(report.Damages), report.Difference)
	}
	return err
}
