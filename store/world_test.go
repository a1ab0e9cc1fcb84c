package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// begin is the instant at which the tests' worlds begin: a Monday at noon in
// Chicago, with no holiday near.
var begin = time.Date(2026, 10, 5, 17, 0, 0, 0, time.UTC)

// hands is a clock that a test sets.
type hands struct {
	mu     sync.Mutex
	at     time.Time
	passed time.Duration // as much real time as it went forward
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// set puts the clock to an instant, an earlier one as well. Real time passes as
// far as it goes forward.
func (h *hands) set(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed += max(0, t.Sub(h.at))
	h.at = t
}

// turn sets the clock and no time passes.
func (h *hands) turn(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(by)
}

// elapsed is real time, with what the clock went forward.
func (h *hands) elapsed(since time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(since) + h.passed
}

// world is a store with its clock, its directory on disk, and the acts of a
// small programme in short words.
type world struct {
	testing.TB
	*Store
	config Config
	clock  *hands
	did    func(act string) // told of each act that was done; nil: nobody is
}

// private makes a directory that only its owner may enter.
func private(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// setting is a store's surroundings, with the clock in the test's hands.
func setting(dir string, clock *hands) Config {
	began := time.Now()
	return Config{Dir: dir, Now: clock.now, Elapsed: func() time.Duration { return clock.elapsed(began) }, TZData: "test", Thorough: true}
}

func founding(at time.Time) act.Found {
	return act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(at.Add(-time.Hour))}
}

// newWorld founds a programme with one employer. It is closed with the test.
func newWorld(t testing.TB, kind Kind, seed *uint64) *world {
	t.Helper()
	return newWorldIn(t, private(t), kind, seed)
}

// newWorldIn does that in a folder.
func newWorldIn(t testing.TB, dir string, kind Kind, seed *uint64) *world {
	t.Helper()
	clock := &hands{at: begin}
	config := setting(dir, clock)
	config.Seed = seed
	s, err := Create(config, kind, founding(begin))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, Store: s, config: config, clock: clock}
	t.Cleanup(func() { _ = w.Close() })
	w.do(care.System, act.AddEmployer{Employer: care.Employer{
		Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1},
	}})
	return w
}

func seeded(t testing.TB) *world {
	t.Helper()
	seed := uint64(7)
	return newWorld(t, Throwaway, &seed)
}

// reopen closes the store and opens it again.
func (w *world) reopen() {
	w.Helper()
	if err := w.Close(); err != nil {
		w.Fatal(err)
	}
	s, err := Open(w.config)
	if err != nil {
		w.Fatal(err)
	}
	w.Store = s
}

// do does an act that must succeed, and gives what it made.
func (w *world) do(actor care.Actor, a act.Act) string {
	w.Helper()
	out, err := w.Do(context.Background(), actor, a)
	if err != nil {
		w.Fatalf("%s: %v", a.Name(), err)
	}
	if out.Decision.Outcome != rules.Yes {
		w.Fatalf("%s: %v", a.Name(), out.Decision.Reasons())
	}
	if w.did != nil {
		w.did(a.Name())
	}
	return out.Made
}

func (w *world) sweep() []Fired {
	w.Helper()
	fired, err := w.Sweep(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return fired
}

func (w *world) chart(id care.ChartID) *care.Chart {
	w.Helper()
	c, err := w.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func ofClient(id care.ChartID) care.Actor   { return care.Actor{Role: care.RoleClient, Chart: id} }
func ofProvider(id care.ChartID) care.Actor { return care.Actor{Role: care.RoleProvider, Chart: id} }

// week is a working week in Chicago.
func week() calendar.Hours {
	h := calendar.Hours{Zone: "America/Chicago", ConsultMinutes: 15, SessionMinutes: 50, NoticeMinutes: 60}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	return h
}

// provider brings one into the programme, open for booking.
func (w *world) provider(n int) care.ChartID {
	w.Helper()
	yes := true
	id := care.ChartID(w.do(care.System, candidate(n)))
	w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
	w.do(care.System, act.SetHours{Provider: id, Hours: week(), SelfSchedule: &yes})
	w.do(care.System, act.SetProfile{Provider: id, Specialties: []string{"anxiety"}, Languages: []string{"en"}})
	w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &yes})
	return id
}

func candidate(n int) act.Import {
	return act.Import{Rows: []act.Row{{Digest: fmt.Sprint(n), Provider: care.Provider{
		NPI: fmt.Sprintf("2%09d", n), Name: fmt.Sprintf("Velmorin Tashquil %d", n), Degree: "phd", Licences: []care.Licence{{State: "IL"}},
	}}}}
}

func entering(n int) act.Enter {
	return act.Enter{
		FullName: fmt.Sprintf("Ostrava Quellburn %d", n), Email: fmt.Sprintf("person%d@example.test", n),
		BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10}, State: "IL", Zone: "America/Chicago",
		Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}
}

func (w *world) client(n int) care.ChartID {
	w.Helper()
	return care.ChartID(w.do(care.Anonymous, entering(n)))
}

// ask has a client request a consultation.
func (w *world) ask(client, provider care.ChartID) care.ReferralID {
	w.Helper()
	return care.ReferralID(w.do(ofClient(client), act.Request{Client: client, Provider: provider}))
}

func (w *world) referral(client care.ChartID, id care.ReferralID) care.Referral {
	w.Helper()
	r, ok := w.chart(client).Referral(id)
	if !ok {
		w.Fatalf("no referral %s", id)
	}
	return r
}

// wantFault checks the kind of a fault and its code.
func wantFault(t testing.TB, err error, kind care.FaultKind, code string) *care.Fault {
	t.Helper()
	var f *care.Fault
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a fault %s", err, code)
	}
	if f.Kind != kind || f.Code != code {
		t.Fatalf("got fault %s %s, want %s %s", f.Kind, f.Code, kind, code)
	}
	return f
}
