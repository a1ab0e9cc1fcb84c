package figures_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/http/figures"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// world is a real store with its clock in the test's hands.
type world struct {
	*testing.T
	*store.Store
	config   store.Config
	clock    atomic.Pointer[time.Time] // a store looks at it from several sides
	provider care.ChartID
	employer care.EmployerID
}

// monday is a Monday at nine in Chicago.
var monday = time.Date(2026, 10, 5, 14, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t}
	w.clock.Store(&monday)
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	began, seed := time.Now(), uint64(7)
	w.config = store.Config{Dir: dir, Now: w.now, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test", Seed: &seed}
	var err error
	if w.Store, err = store.Create(w.config, store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(monday.Add(-time.Hour))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	w.employer = care.EmployerID(w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1}}}))
	yes := true
	hours := calendar.Hours{Zone: "America/Chicago", ConsultMinutes: 15, SessionMinutes: 50, NoticeMinutes: 60}
	for d := range hours.Week {
		hours.Week[d] = []calendar.Span{{From: 0, To: 24 * 60}}
	}
	w.provider = care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{{Digest: "1", Provider: care.Provider{NPI: "2000000001", Name: "Velmorin Tashquil", Degree: "phd", Licences: []care.Licence{{State: "IL"}}}}}}))
	w.do(care.System, act.Credential{Provider: w.provider, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
	w.do(care.System, act.SetHours{Provider: w.provider, Hours: hours})
	w.do(care.System, act.SetProfile{Provider: w.provider, Specialties: []string{"anxiety"}, Languages: []string{"en"}})
	w.do(care.System, act.Join{Provider: w.provider, Attest: rules.DutyCodes(), Virtual: &yes})
	return w
}

func (w *world) now() time.Time { return *w.clock.Load() }

func (w *world) do(actor care.Actor, a act.Act) string {
	w.Helper()
	out, err := w.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		w.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

func (w *world) until(at time.Time) {
	w.Helper()
	w.clock.Store(&at)
	if _, err := w.Sweep(context.Background()); err != nil {
		w.Fatal(err)
	}
}

func (w *world) take() {
	w.Helper()
	if err := figures.Take(context.Background(), w.Store); err != nil {
		w.Fatal(err)
	}
}

func (w *world) kept() []care.Figures {
	w.Helper()
	chart, err := w.Chart(context.Background(), care.System, care.FiguresChart, "test")
	if errors.As(err, new(*care.Fault)) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return chart.Figures
}

// seeks has a client ask, be answered and book after so many hours, and have a
// first session on the second day, n hours into it.
func (w *world) seeks(n int, answered, booked time.Duration) care.ChartID {
	w.Helper()
	begun := w.now()
	id := care.ChartID(w.do(care.Anonymous, act.Enter{
		FullName: fmt.Sprintf("Ostrava Quellburn %d", n), Email: fmt.Sprintf("person%d@example.test", n), BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10},
		State: "IL", Zone: "America/Chicago", Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}))
	me, them := care.Actor{Role: care.RoleClient, Chart: id}, care.Actor{Role: care.RoleProvider, Chart: w.provider}
	r := care.ReferralID(w.do(me, act.Request{Client: id, Provider: w.provider}))
	w.until(begun.Add(answered))
	w.do(them, act.Accept{Referral: r})
	w.until(begun.Add(booked))
	w.do(me, act.Book{Referral: r, Start: w.now().Add(2 * time.Hour)})
	w.until(w.now().Add(2 * time.Hour))
	chart, err := w.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		w.Fatal(err)
	}
	ref, _ := chart.Referral(r)
	w.do(them, act.Outcome{Appointment: ref.Meeting, Result: care.Attended})
	start := w.now().Add(time.Duration(n) * time.Hour)
	ap := care.AppointmentID(w.do(them, act.BookSession{Referral: r, Start: start, Minutes: 50}))
	w.until(start.Add(time.Hour))
	w.do(them, act.Outcome{Appointment: ap, Result: care.Attended})
	return id
}

// R2: twelve people with known times, who go the road by acts, give exactly these
// medians, the same whenever they are taken; by themselves nothing changes.
func TestR2TwelvePeopleByActs(t *testing.T) {
	w := newWorld(t)
	w.take()
	if got := w.kept(); len(got) != 0 {
		t.Fatalf("before anybody seeks care there are figures: %+v", got)
	}
	for n := 1; n <= 12; n++ {
		w.seeks(n, time.Duration(n)*time.Hour, time.Duration(2*n)*time.Hour)
		w.until(w.now().Add(time.Hour))
	}
	w.until(w.now().Add(48 * time.Hour))
	w.take()
	kept := w.kept()
	if len(kept) != 1 || kept[0].Quarter != "2026-Q4" || kept[0].Final || kept[0].AsOf != figures.Night(w.now()) {
		t.Fatalf("%d quarters are kept", len(kept))
	}
	m := kept[0].Programmes[0]
	hour := int64(3600)
	for i, want := range []care.Spread{
		{Code: "response", N: 12, People: 12, Median: 6*hour + hour/2, P90: 11 * hour},
		{Code: "consult_booked", N: 12, People: 12, Median: 13 * hour, P90: 22 * hour},
		{Code: "first_session", N: 12, People: 12, Median: 15*hour + 6*hour + hour/2, P90: 24*hour + 11*hour}, // 2n + 2 + n hours
	} {
		if m.Speeds[i] != want {
			t.Errorf("%+v, want %+v", m.Speeds[i], want)
		}
	}
	if want := (care.Share{Code: "promise_kept", Is: 12, Of: 12, People: 12}); m.Sought != 12 || m.Shares[0] != want {
		t.Errorf("%d sought care; %+v", m.Sought, m.Shares[0])
	}

	before := w.commits()
	w.take()
	w.until(w.now().Add(time.Minute))
	w.take()
	if got := w.commits(); got != before {
		t.Errorf("taken again in one night: %d commits more", got-before)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.Store, err = store.Open(w.config); err != nil {
		t.Fatal(err)
	}
	w.until(w.now().Add(24 * time.Hour))
	w.take()
	again := w.kept()
	if len(again) != 1 || again[0].AsOf != kept[0].AsOf.AddDays(1) || !reflect.DeepEqual(again[0].Programmes[0].Speeds, m.Speeds) {
		t.Errorf("the next night, after a start, the figures are others: %+v", again)
	}
}

func (w *world) commits() uint64 {
	w.Helper()
	n, err := w.Sequence()
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// R2: a quarter is ended in the night after it, though nobody watched; from then on
// it stands, and only then something of it leaves, to each reader their own.
func TestR2AQuarterIsEndedOnceAndThenLeaves(t *testing.T) {
	w := newWorld(t)
	var ids []care.ChartID
	for n := 1; n <= 12; n++ {
		ids = append(ids, w.seeks(n, time.Hour, 2*time.Hour))
	}
	account := func(role care.Role, employer care.EmployerID) care.Actor {
		id := w.do(care.System, act.OpenAccount{Role: role, FullName: "Somebody", Email: string(role) + "@example.test", Employer: employer})
		return care.Actor{Role: role, Chart: care.ChartID(id)}
	}
	payer, theirs, others := account(care.RolePayer, ""), account(care.RoleEmployer, w.employer), account(care.RoleEmployer, "em_other")
	w.until(w.now().Add(24 * time.Hour))
	w.take()
	for _, who := range []care.Actor{payer, theirs} {
		if _, err := figures.Released(t.Context(), w.Store, who, "2026-Q4"); !errors.As(err, new(*care.Fault)) {
			t.Errorf("%s has figures of a quarter that is not over: %v", who.Role, err)
		}
	}
	w.until(time.Date(2027, 5, 20, 12, 0, 0, 0, time.UTC)) // nobody watched for months
	w.take()
	kept := w.kept()
	var names []string
	for _, f := range kept {
		names = append(names, fmt.Sprint(f.Quarter, " ", f.Final))
	}
	if got := strings.Join(names, ", "); got != "2026-Q4 true, 2027-Q1 true, 2027-Q2 false" {
		t.Fatalf("kept are %s", got)
	}
	before := kept[0]
	w.do(care.Actor{Role: care.RoleClient, Chart: ids[0]}, act.Erase{Client: ids[0]})
	w.until(w.now().Add(48 * time.Hour))
	w.take()
	if got := w.kept()[0]; !reflect.DeepEqual(got, before) {
		t.Error("a quarter that was ended has changed")
	}
	for _, c := range []struct {
		who    care.Actor
		rows   int
		people int
	}{{payer, 1, 10}, {theirs, 1, 10}, {others, 1, -1}} {
		rows, err := figures.Released(t.Context(), w.Store, c.who, "2026-Q4")
		if err != nil || len(rows) != c.rows {
			t.Errorf("%s: %d rows, %v", c.who.Role, len(rows), err)
			continue
		}
		if c.people < 0 && rows[0].Tells() {
			t.Errorf("another employer is told something: %+v", rows[0])
		}
		if c.people > 0 && (rows[0].People == nil || *rows[0].People != c.people || rows[0].Hours[0].N == nil || *rows[0].Hours[0].N != 1 || rows[0].Percent[0].N != nil) {
			t.Errorf("%s: %+v", c.who.Role, rows[0])
		}
	}
	for _, who := range []care.Actor{payer, theirs, {Role: care.RoleOperator, Chart: "ac_x"}, {Role: care.RoleClient, Chart: ids[1]}, care.Anonymous} {
		if _, err := figures.Of(t.Context(), w.Store, who, "2026-Q4"); !errors.As(err, new(*care.Fault)) {
			t.Errorf("%s reads the measures: %v", who.Role, err)
		}
	}
}

// R2: nothing that stands in a chart stands in the figures, and nothing of a few
// people of an employer.
func TestR2FiguresAreNumbersAlone(t *testing.T) {
	w := newWorld(t)
	id := w.seeks(1, time.Hour, 2*time.Hour)
	w.until(w.now().Add(48 * time.Hour))
	w.take()
	text := fmt.Sprintf("%+v", w.kept())
	for _, word := range []string{string(id), "Quellburn", "person1", "ep_", "rf_", "ap_", "IL"} {
		if strings.Contains(text, word) {
			t.Errorf("the figures tell %q", word)
		}
	}
	for _, r := range w.kept()[0].Employers {
		if r.People != nil || r.Hours[0].N != nil {
			t.Errorf("of one person of an employer's is kept: %+v", r)
		}
	}
}

// R2: the nights follow the programme's own clock, through its changes too.
func TestR2Nights(t *testing.T) {
	day := func(m time.Month, d int) calendar.Date { return calendar.Date{Year: 2026, Month: m, Day: d} }
	for _, c := range []struct {
		at   time.Time
		want calendar.Date
	}{
		{time.Date(2026, 10, 5, 6, 59, 59, 0, time.UTC), day(10, 4)}, // 01:59:59 in Chicago
		{time.Date(2026, 10, 5, 7, 0, 0, 0, time.UTC), day(10, 5)},
		{time.Date(2026, 11, 1, 7, 59, 59, 0, time.UTC), day(10, 31)}, // an hour was there twice
		{time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), day(11, 1)},
		{time.Date(2026, 3, 8, 7, 59, 59, 0, time.UTC), day(3, 7)},
		{time.Date(2026, 3, 8, 8, 0, 0, 0, time.UTC), day(3, 8)}, // two o'clock was not there
	} {
		if got := figures.Night(c.at); got != c.want {
			t.Errorf("at %v it is the night of %v, want %v", c.at, got, c.want)
		}
	}
	if turns := figures.Turns(monday, monday.AddDate(1, 0, 0)); len(turns) != 4 || !turns[0].Equal(time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%v", turns)
	}
	if turns := figures.Turns(monday, monday.AddDate(0, 0, 1)); len(turns) != 0 {
		t.Errorf("%v", turns)
	}
	at := time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)
	if turns := figures.Turns(at.Add(-time.Second), at); len(turns) != 1 {
		t.Errorf("%v", turns)
	}
	if turns := figures.Turns(at, at.Add(time.Hour)); len(turns) != 0 {
		t.Errorf("%v", turns)
	}
}
