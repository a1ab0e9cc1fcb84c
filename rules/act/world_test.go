package act_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
	"careconnect/store"
)

// begin is a Monday at noon in Chicago, with no holiday near.
var begin = time.Date(2026, 10, 5, 17, 0, 0, 0, time.UTC)

// fails is what a world reports to: a test, or one run of a property.
type fails interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a real throwaway store with a clock in the test's hands, and the acts
// of a small programme in short words.
type world struct {
	fails
	store  *store.Store
	config store.Config
	now    time.Time
}

// newWorld founds a programme with one employer, in an empty folder.
func newWorld(t fails, dir string) *world {
	t.Helper()
	return founded(t, dir, rules.DefaultProgramme())
}

func founded(t fails, dir string, programme care.Programme) *world {
	t.Helper()
	w := &world{fails: t, now: begin}
	dir = filepath.Join(dir, "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatalf("%v", err)
	}
	began, seed := time.Now(), uint64(7)
	w.config = store.Config{
		Dir: dir, Now: func() time.Time { return w.now }, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test", Seed: &seed, Thorough: true,
	}
	var err error
	w.store, err = store.Create(w.config, store.Throwaway, act.Found{Programme: programme, Terms: rules.DefaultTerms(begin.Add(-time.Hour))})
	if err != nil {
		t.Fatalf("%v", err)
	}
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: day(2026, 1, 1)}})
	return w
}

// open is a world that is closed with its test.
func open(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, t.TempDir())
	t.Cleanup(w.close)
	return w
}

// restart opens the store anew: after it was closed, or as it lay on the disk when
// the process was killed.
func (w *world) restart(killed bool) {
	w.Helper()
	old := w.store
	if killed {
		w.config.Dir = w.left()
	} else if err := old.Close(); err != nil {
		w.Fatalf("close: %v", err)
	}
	var err error
	if w.store, err = store.Open(w.config); err != nil {
		w.Fatalf("open again: %v", err)
	}
	if killed {
		if err := old.Close(); err != nil {
			w.Fatalf("close what was left: %v", err)
		}
	}
}

// left is what a killed process leaves: a copy of its folder as it is now, made
// while nobody writes. A throwaway store writes a little later than it answers, and
// loses that with its process; whoever asks how large the file is has it written.
func (w *world) left() string {
	w.Helper()
	if _, err := w.store.Size(); err != nil {
		w.Fatalf("write what waits: %v", err)
	}
	dir := w.config.Dir + "+"
	if err := os.Mkdir(dir, 0o700); err != nil {
		w.Fatalf("%v", err)
	}
	for _, name := range []string{store.DataFile, store.KeyFile} {
		body, err := os.ReadFile(filepath.Join(w.config.Dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), body, 0o600)
		}
		if err != nil {
			w.Fatalf("copy %s: %v", name, err)
		}
	}
	return dir
}

func (w *world) close() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Fatalf("close: %v", err)
	}
}

func day(year int, month time.Month, d int) calendar.Date {
	return calendar.Date{Year: year, Month: month, Day: d}
}

func client(id care.ChartID) care.Actor   { return care.Actor{Role: care.RoleClient, Chart: id} }
func provider(id care.ChartID) care.Actor { return care.Actor{Role: care.RoleProvider, Chart: id} }

var careTeam = care.Actor{Role: care.RoleCareTeam, Chart: "ac_desk"}

// do does an act that must succeed, and gives what it made.
func (w *world) do(actor care.Actor, a act.Act) string {
	w.Helper()
	out, err := w.store.Do(context.Background(), actor, a)
	if err != nil {
		w.Fatalf("%s: %v", a.Name(), err)
	}
	if out.Decision.Outcome != rules.Yes {
		w.Fatalf("%s: %v", a.Name(), out.Decision.Reasons())
	}
	return out.Made
}

// refused does an act that must not succeed, and gives the code of why not.
func (w *world) refused(actor care.Actor, a act.Act) string {
	w.Helper()
	out, err := w.store.Do(context.Background(), actor, a)
	var f *care.Fault
	switch {
	case errors.As(err, &f):
		return f.Code
	case err != nil:
		w.Fatalf("%s: %v", a.Name(), err)
	case out.Decision.Outcome == rules.Yes:
		return "done"
	}
	return out.Decision.Reasons()[0].Code
}

// until lets time pass; what fell due on the way bears its own instant.
func (w *world) until(t time.Time) {
	w.Helper()
	w.now = t
	w.sweep()
}

func (w *world) sweep() []store.Fired {
	w.Helper()
	fired, err := w.store.Sweep(context.Background())
	if err != nil {
		w.Fatalf("sweep: %v", err)
	}
	return fired
}

func (w *world) chart(id care.ChartID) *care.Chart {
	w.Helper()
	c, err := w.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		w.Fatalf("chart %s: %v", id, err)
	}
	return c
}

// find reads a list.
func (w *world) find(set care.Set) []care.Member {
	w.Helper()
	members, err := w.store.Find(context.Background(), care.System, set)
	if err != nil {
		w.Fatalf("find %s: %v", set.Name, err)
	}
	return members
}

// week is nine to five from Monday to Friday.
func week(zone string) calendar.Hours {
	h := calendar.Hours{Zone: zone, ConsultMinutes: 15, SessionMinutes: 50, NoticeMinutes: 60}
	for d := time.Monday; d <= time.Friday; d++ {
		h.Week[d] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	return h
}

// joins brings a provider in; with self, clients book openings without asking.
func (w *world) joins(n int, self bool) care.ChartID {
	w.Helper()
	yes := true
	id := care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{row(n, "1")}}))
	w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: day(2026, 1, 1)}}})
	w.do(care.System, act.SetHours{Provider: id, Hours: week("America/Chicago"), SelfSchedule: &self})
	w.do(care.System, act.SetProfile{Provider: id, Specialties: []string{"anxiety"}, Languages: []string{"en"}})
	w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &yes})
	return id
}

func row(n int, digest string) act.Row {
	return act.Row{Digest: digest, Provider: care.Provider{
		NPI: fmt.Sprintf("2%09d", n), Name: fmt.Sprintf("Velmorin Tashquil %d", n), Degree: "phd", Licences: []care.Licence{{State: "IL"}},
	}}
}

func entering(n int) act.Enter {
	return act.Enter{
		FullName: fmt.Sprintf("Ostrava Quellburn %d", n), Email: fmt.Sprintf("person%d@example.test", n), BirthDate: day(1990, 5, 10),
		State: "IL", Zone: "America/Chicago", Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}
}

func (w *world) enters(n int) care.ChartID {
	w.Helper()
	return care.ChartID(w.do(care.Anonymous, entering(n)))
}

// asks has a client ask a provider, with times that they list.
func (w *world) asks(c, p care.ChartID, listed ...time.Time) care.ReferralID {
	w.Helper()
	return care.ReferralID(w.do(client(c), act.Request{Client: c, Provider: p, Preferred: listed}))
}

// held takes a client as far as a consultation that was held.
func (w *world) held(c, p care.ChartID) care.ReferralID {
	w.Helper()
	r := w.asks(c, p)
	w.do(provider(p), act.Accept{Referral: r})
	start := w.now.Add(2 * time.Hour)
	w.do(client(c), act.Book{Referral: r, Start: start})
	w.until(start)
	w.do(provider(p), act.Outcome{Appointment: w.referral(c, r).Meeting, Result: care.Attended})
	return r
}

func (w *world) session(p care.ChartID, r care.ReferralID, start time.Time) care.AppointmentID {
	w.Helper()
	return care.AppointmentID(w.do(provider(p), act.BookSession{Referral: r, Start: start, Minutes: 50}))
}

func (w *world) referral(c care.ChartID, id care.ReferralID) care.Referral {
	w.Helper()
	r, ok := w.chart(c).Referral(id)
	if !ok {
		w.Fatalf("no referral %s", id)
	}
	return r
}

func (w *world) episode(c care.ChartID) care.Episode {
	w.Helper()
	chart := w.chart(c)
	if len(chart.Episodes) == 0 {
		w.Fatalf("no episode")
	}
	return chart.Episodes[len(chart.Episodes)-1]
}

// deadline is the one with a code and a subject.
func (w *world) deadline(c care.ChartID, code, subject string) care.Deadline {
	w.Helper()
	for _, d := range w.chart(c).Deadlines {
		if d.Code == code && d.Subject == subject {
			return d
		}
	}
	w.Fatalf("no deadline %s of %s", code, subject)
	return care.Deadline{}
}

// told counts the messages with a template about a subject (empty: any) in a
// chart, by who reads them.
func (w *world) told(c care.ChartID, template, subject string) map[string]int {
	w.Helper()
	readers := map[string]int{}
	for _, m := range w.chart(c).Messages {
		if m.Template == template && (subject == "" || m.Subject == subject) {
			readers[string(m.To)+string(m.ToRole)]++
		}
	}
	return readers
}

func (w *world) tasks(c care.ChartID, code string) int {
	w.Helper()
	n := 0
	for _, t := range w.chart(c).Tasks {
		if t.Code == code {
			n++
		}
	}
	return n
}

// looks counts the tasks of a code that are still to be done.
func (w *world) looks(c care.ChartID, code string) int {
	w.Helper()
	n := 0
	for _, t := range w.chart(c).Tasks {
		if t.Code == code && t.DoneAt.IsZero() {
			n++
		}
	}
	return n
}

// answers gives every item of an instrument one value, the safety item none.
func answers(id string, value int) map[string]int {
	in, _ := instrument.Get(id)
	given := map[string]int{}
	for _, item := range in.Items {
		if item.Scored {
			given[item.Code] = value
		}
	}
	delete(given, in.SafetyItem)
	if in.SafetyItem != "" {
		given[in.SafetyItem] = 0
	}
	return given
}

// fills answers and submits everything that is open.
func (w *world) fills(c care.ChartID, value int) {
	w.Helper()
	for _, s := range w.chart(c).Screenings {
		if s.Status.Open() {
			w.do(client(c), act.SaveAnswers{Screening: s.ID, Answers: answers(s.Instrument, value)})
			w.do(client(c), act.Submit{Screening: s.ID})
		}
	}
}
