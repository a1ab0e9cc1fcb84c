package qa

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"careconnect/http/notify"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// year lives a year of a number of clients: they arrive through the year, ask,
// are answered or not, hold calls and sessions, fill in forms or do not.
type year struct {
	t      testing.TB
	store  *store.Store
	clock  *Clock
	post   *notify.Post
	random *rand.Rand
	todo   todo
	clients,
	providers []care.ChartID
	fired []store.Fired
	acts  int
}

// task is something a person does at an instant: what they do, if anything, and
// how they go on.
type task struct {
	at   time.Time
	n    int // in the order in which they were thought of
	by   care.Actor
	act  func() act.Act // nil: nothing
	then func(made string, yes bool)
}

// todo is what is to be done, the earliest first.
type todo []task

func (h todo) Len() int { return len(h) }
func (h todo) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), cmp.Compare(h[i].n, h[j].n)) < 0
}
func (h todo) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *todo) Push(x any)   { *h = append(*h, x.(task)) }
func (h *todo) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// people keep to quarters of an hour.
const quarter = 15 * time.Minute

// does has somebody do something at the first quarter of an hour from an instant
// on, and go on with what came of it.
func (y *year) does(t time.Time, by care.Actor, what act.Act, then func(made string, yes bool)) {
	y.will(t, by, func() act.Act { return what }, then)
}

func (y *year) will(t time.Time, by care.Actor, what func() act.Act, then func(made string, yes bool)) {
	if early := t.Truncate(quarter); early.Before(t) {
		t = early.Add(quarter)
	}
	y.acts++
	heap.Push(&y.todo, task{t, y.acts, by, what, then})
}

// later has something go on at an instant, without an act.
func (y *year) later(t time.Time, then func()) {
	y.will(t, care.Actor{}, nil, func(string, bool) { then() })
}

// run lives until an end. What is done at one instant is done in one go.
func (y *year) run(end time.Time) {
	for len(y.todo) > 0 && y.todo[0].at.Before(end) {
		now := y.todo[0].at
		y.until(now)
		for len(y.todo) > 0 && y.todo[0].at.Equal(now) {
			y.together(now)
		}
	}
	y.until(end)
	if err := y.clock.takeFigures(context.Background(), y.store); err != nil {
		y.t.Fatal(err)
	}
}

func (y *year) together(now time.Time) {
	var tasks, ordered []task
	var orders []store.Order
	for len(y.todo) > 0 && y.todo[0].at.Equal(now) {
		tasks = append(tasks, heap.Pop(&y.todo).(task))
	}
	for _, t := range tasks {
		if t.act == nil {
			t.then("", true)
			continue
		}
		ordered = append(ordered, t)
		orders = append(orders, store.Order{Actor: t.by, Act: t.act()})
	}
	for i, a := range y.store.OrderAll(context.Background(), orders) {
		var f *care.Fault
		if a.Err != nil && (!errors.As(a.Err, &f) || f.Kind == care.NotFound || f.Kind == care.Forbidden || f.Kind == care.Invalid) {
			y.t.Fatalf("%s: %v", orders[i].Act.Name(), a.Err) // a refusal is part of life, an error is not
		}
		if ordered[i].then != nil {
			ordered[i].then(a.Made, a.Err == nil && a.Decision.Outcome == rules.Yes)
		}
	}
}

func (y *year) until(t time.Time) {
	fired, err := advance(context.Background(), y.store, y.post, y.clock, t)
	if err != nil {
		y.t.Fatal(err)
	}
	y.fired = append(y.fired, fired...)
}

func (y *year) chart(id care.ChartID) *care.Chart {
	c, err := y.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		y.t.Fatal(err)
	}
	return c
}

func (y *year) now() time.Time { return y.clock.Now().UTC() }

func (y *year) in(least, most int) time.Time {
	return y.now().Add(time.Duration(least)*time.Hour + time.Duration(y.random.IntN((most-least)*60))*time.Minute)
}

func ofClient(id care.ChartID) care.Actor   { return care.Actor{Role: care.RoleClient, Chart: id} }
func ofProvider(id care.ChartID) care.Actor { return care.Actor{Role: care.RoleProvider, Chart: id} }

// arrives is a client's whole year.
func (y *year) arrives(at time.Time, n int) {
	enter := act.Enter{
		FullName: fmt.Sprintf("Client Number%d", n), Email: fmt.Sprintf("c%d@people.example.test", n), BirthDate: calendar.Date{Year: 1970 + n%30, Month: 3, Day: 1 + n%28},
		State: "IL", Zone: "America/Chicago", Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}
	y.does(at, care.Anonymous, enter, func(id string, yes bool) {
		if !yes {
			y.t.Fatal("a client could not enter")
		}
		client := care.ChartID(id)
		y.clients = append(y.clients, client)
		y.asks(y.now(), client, 0)
		plan := act.AddCoverage{Client: client, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: fmt.Sprintf("M%06d", n)}
		y.does(y.in(1, 30), ofClient(client), plan, func(cv string, _ bool) {
			y.does(y.in(1, 40), care.Actor{Role: care.RoleCareTeam, Chart: "ac_test"}, act.VerifyCoverage{Coverage: care.CoverageID(cv), Result: care.Eligible}, nil)
		})
	})
}

// asks a provider; nearly all answer in time, some decline, a few never answer,
// and then the client takes one of the others who are offered.
func (y *year) asks(at time.Time, client care.ChartID, again int) {
	provider := y.providers[y.random.IntN(len(y.providers))]
	y.does(at, ofClient(client), act.Request{Client: client, Provider: provider, Note: "Hello."}, func(ref string, yes bool) {
		if !yes {
			return
		}
		referral := care.ReferralID(ref)
		switch answer := y.in(1, 23); y.random.IntN(10) {
		case 0: // never answers
			if again < 3 {
				y.asks(y.now().Add(30*time.Hour), client, again+1)
			}
		case 1:
			y.does(answer, ofProvider(provider), act.Decline{Referral: referral}, func(string, bool) {
				if again < 3 {
					y.asks(y.now(), client, again+1)
				}
			})
		default:
			y.does(answer, ofProvider(provider), act.Accept{Referral: referral}, func(string, bool) { y.calls(client, provider, referral) })
		}
	})
}

func (y *year) opening(provider care.ChartID, kind care.AppointmentType, after time.Time) (time.Time, bool) {
	slots, _ := y.store.Directory().Openings(provider, kind, y.now(), after, after.AddDate(0, 0, 21), 6)
	if len(slots) == 0 {
		return time.Time{}, false
	}
	return slots[y.random.IntN(len(slots))].Start, true
}

func (y *year) calls(client, provider care.ChartID, referral care.ReferralID) {
	start, ok := y.opening(provider, care.Consultation, y.now())
	if !ok {
		return
	}
	y.does(y.now(), ofClient(client), act.Book{Referral: referral, Start: start}, func(_ string, yes bool) {
		if yes {
			y.ends(client, provider, start.Add(20*time.Minute), care.Attended, func() { y.sees(client, provider, referral, 0) })
		}
	})
}

// ends says what became of the appointment that began last.
func (y *year) ends(client, provider care.ChartID, at time.Time, result care.AppointmentStatus, then func()) {
	y.later(at, func() {
		for _, ap := range y.chart(client).Appointments {
			if ap.Status == care.Booked && !ap.Start.After(y.now()) {
				y.does(y.now(), ofProvider(provider), act.Outcome{Appointment: ap.ID, Result: result}, func(string, bool) { then() })
			}
		}
	})
}

// sees books one session after the other, fills in what is asked.
func (y *year) sees(client, provider care.ChartID, referral care.ReferralID, n int) {
	after := y.now()
	if n > 0 {
		after = after.AddDate(0, 0, 6)
	}
	start, ok := y.opening(provider, care.Session, after)
	if !ok {
		return
	}
	y.does(y.now(), ofProvider(provider), act.BookSession{Referral: referral, Start: start, Minutes: 50}, func(_ string, yes bool) {
		if !yes {
			return
		}
		if y.random.IntN(5) > 0 {
			y.fill(client, y.random.IntN(4))
		}
		result := care.Attended
		if y.random.IntN(12) == 0 {
			result = care.NoShowClient
		}
		y.ends(client, provider, start.Add(time.Hour), result, func() {
			if y.random.IntN(3) > 0 {
				y.fill(client, y.random.IntN(3))
			}
			if n < 11 {
				y.sees(client, provider, referral, n+1)
			}
		})
	})
}

func (y *year) fill(client care.ChartID, value int) {
	for _, s := range y.chart(client).Screenings {
		if s.Status.Open() {
			y.does(y.now(), ofClient(client), act.SaveAnswers{Screening: s.ID, Answers: filled(s.Instrument, value)}, func(string, bool) {
				y.does(y.now(), ofClient(client), act.Submit{Screening: s.ID}, nil)
			})
		}
	}
}

// network has so many more providers join in Illinois that the clients find one
// with a time in the same week.
func network(s *store.Store, more int) error {
	rows := make([]act.Row, more)
	for i := range rows {
		rows[i] = act.Row{Digest: "year", Provider: care.Provider{
			NPI: npi(50_000 + i), Name: fmt.Sprintf("Provider Number%d", i), Degree: "phd", Licences: []care.Licence{{State: "IL", Number: fmt.Sprintf("IL-%05d", i)}},
		}}
	}
	if _, err := s.Do(context.Background(), care.System, act.Import{Rows: rows}); err != nil {
		return err
	}
	if err := JoinCandidates(context.Background(), s, 7); err != nil {
		return err
	}
	for i, row := range rows {
		members, err := s.Find(context.Background(), care.System, care.Set{Name: care.SetNPI, Of: row.Provider.NPI})
		if err != nil {
			return err
		}
		if _, err := s.Do(context.Background(), care.System, act.InviteProvider{Provider: members[0].Chart, Email: fmt.Sprintf("p%d@people.example.test", i)}); err != nil {
			return err
		}
	}
	return nil
}

// live runs a year and gives where its mail was caught.
func live(t testing.TB, clients int) (*year, *notify.Caught) {
	begin := time.Date(2026, 9, 1, 14, 0, 0, 0, time.UTC)
	s, clock, post, caught := open(t, begin.Add(-Before))
	if _, err := Seed(context.Background(), s, post, clock, 7, begin, Scenarios[0]); err != nil {
		t.Fatal(err)
	}
	if err := network(s, clients/25); err != nil {
		t.Fatal(err)
	}
	y := &year{t: t, store: s, clock: clock, post: post, random: rand.New(rand.NewPCG(7, 7))}
	members, err := s.Find(context.Background(), care.System, care.Set{Name: care.SetProviders})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(members, func(a, b care.Member) int { return bytes.Compare([]byte(a.Chart), []byte(b.Chart)) })
	for _, m := range members {
		if c := y.chart(m.Chart); slices.Contains(c.Provider.States(calendar.Date{Year: 2026, Month: 9, Day: 1}), "IL") {
			y.providers = append(y.providers, m.Chart)
		}
	}
	for n := range clients {
		y.arrives(begin.Add(time.Duration(n)*300*24*time.Hour/time.Duration(clients)), n)
	}
	y.run(begin.AddDate(1, 0, 0))
	return y, caught
}

// held is everything held of the clients, as text.
func (y *year) held() (all []byte) {
	for _, id := range y.clients {
		body, err := json.Marshal(y.chart(id))
		if err != nil {
			y.t.Fatal(err)
		}
		all = append(all, body...)
	}
	return all
}

// The same seed gives the same year: every record and every mail.
func TestTheSameSeedGivesTheSameYear(t *testing.T) {
	one, mails := live(t, 25)
	two, again := live(t, 25)
	if !bytes.Equal(one.held(), two.held()) || !slices.Equal(mails.Mails("", time.Time{}), again.Mails("", time.Time{})) {
		t.Error("the same seed gave another year")
	}
}

// A year of a thousand clients (fewer where the race detector watches): nothing is
// missed, nothing happens twice, and nobody is told at a wrong hour.
func TestAYearOfAThousandClients(t *testing.T) {
	const clients = 1000 / slower
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(Memory)) // as the demo has it
	began := time.Now()
	y, caught := live(t, clients)
	took := time.Since(began)
	mails := caught.Mails("", time.Time{})
	commits, err := y.store.Sequence()
	t.Logf("a year of %d clients took %v: %d acts of theirs, %d mails, %d effects, %d commits, %v", clients, took, y.acts, len(mails), len(y.fired), commits, err)
	chicago := rules.Zone("America/Chicago")
	once := map[string]bool{}
	for _, m := range mails {
		if once[m.ID] {
			t.Errorf("message %s was sent twice", m.ID)
		}
		once[m.ID] = true
	}
	kept := 0
	for _, id := range y.clients {
		c := y.chart(id)
		for _, d := range c.Deadlines {
			if d.State == care.Running && !d.Next.IsZero() && !d.Next.After(y.now()) {
				t.Errorf("deadline %s (%s) was missed by the sweep", d.ID, d.Code)
			}
		}
		for _, e := range c.Episodes {
			if e.Result == care.Kept || e.Result == care.KeptOffered {
				kept++
			}
			checkFollowUp(t, c, e, chicago)
		}
	}
	if kept < clients/2 {
		t.Errorf("only %d promises of %d were kept", kept, clients)
	}
}

// checkFollowUp: a follow-up is there exactly when a session was attended and a
// first score was elevated; it opened on day 28 at midnight and mailed at 09:00.
func checkFollowUp(t *testing.T, c *care.Chart, e care.Episode, zone *time.Location) {
	t.Helper()
	elevated := false
	for _, s := range c.Screenings {
		current := s.Episode == e.ID && s.Purpose == care.Baseline && s.Status == care.ScreeningCompleted
		elevated = elevated || current && s.Elevated != nil && *s.Elevated
	}
	if want := elevated && e.First != ""; (e.FollowUp != "") != want {
		t.Errorf("episode %s: follow-up %v, want %v", e.ID, e.FollowUp != "", want)
	}
	if e.FollowUp == "" {
		return
	}
	d, _ := c.Deadline(e.FollowUp)
	day := calendar.On(e.FirstAt, zone)
	if want := calendar.At(day.AddDays(28), 0, 0, zone); !d.Opens.Equal(want) {
		t.Errorf("episode %s: follow-up opens %v, want %v", e.ID, d.Opens, want)
	}
	for _, m := range c.Messages {
		if m.Template == "follow_up" {
			if local := m.At.In(zone); local.Hour() != 9 || local.Minute() != 0 {
				t.Errorf("message %s went at %02d:%02d", m.ID, local.Hour(), local.Minute())
			}
		}
	}
}
