package qa

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
	todo   []task
	clients,
	providers []care.ChartID
	fired []store.Fired
}

// task is something a person does at an instant.
type task struct {
	at time.Time
	do func()
}

func (y *year) at(t time.Time, do func()) {
	i, _ := slices.BinarySearchFunc(y.todo, t, func(x task, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1
	})
	y.todo = slices.Insert(y.todo, i, task{t, do})
}

func (y *year) run(end time.Time) {
	for len(y.todo) > 0 && y.todo[0].at.Before(end) {
		next := y.todo[0]
		y.todo = y.todo[1:]
		y.until(next.at)
		next.do()
	}
	y.until(end)
}

func (y *year) until(t time.Time) {
	fired, err := Advance(context.Background(), y.store, y.post, y.clock, t)
	if err != nil {
		y.t.Fatal(err)
	}
	y.fired = append(y.fired, fired...)
}

// do does an act; a refusal is part of life, an error is not.
func (y *year) do(role care.Role, id care.ChartID, a act.Act) (string, bool) {
	out, err := y.store.Do(context.Background(), care.Actor{Role: role, Chart: id}, a)
	if err != nil {
		var f *care.Fault
		if ok := asFault(err, &f); !ok || f.Kind == care.NotFound || f.Kind == care.Forbidden || f.Kind == care.Invalid {
			y.t.Fatalf("%s: %v", a.Name(), err)
		}
		return "", false
	}
	return out.Made, out.Decision.Outcome == rules.Yes
}

func asFault(err error, into **care.Fault) bool {
	f, ok := err.(*care.Fault)
	*into = f
	return ok
}

func (y *year) chart(id care.ChartID) *care.Chart {
	c, err := y.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		y.t.Fatal(err)
	}
	return c
}

func (y *year) now() time.Time { return y.clock.Now().UTC() }

func (y *year) hours(least, most int) time.Duration {
	return time.Duration(least)*time.Hour + time.Duration(y.random.IntN((most-least)*60))*time.Minute
}

// arrives is a client's whole year.
func (y *year) arrives(n int) {
	id, ok := y.do(care.RoleAnonymous, "", act.Enter{
		FullName: fmt.Sprintf("Client Number%d", n), Email: fmt.Sprintf("c%d@people.example.test", n), BirthDate: calendar.Date{Year: 1970 + n%30, Month: 3, Day: 1 + n%28},
		State: "IL", Zone: "America/Chicago", Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal",
	})
	if !ok {
		y.t.Fatal("a client could not enter")
	}
	client := care.ChartID(id)
	y.clients = append(y.clients, client)
	y.asks(client, 0)
	y.at(y.now().Add(y.hours(1, 30)), func() {
		cv, _ := y.do(care.RoleClient, client, act.AddCoverage{Client: client, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: fmt.Sprintf("M%06d", n)})
		y.at(y.now().Add(y.hours(1, 40)), func() {
			y.do(care.RoleCareTeam, "ac_test", act.VerifyCoverage{Coverage: care.CoverageID(cv), Result: care.Eligible})
		})
	})
}

// asks a provider; nearly all answer in time, some decline, a few never answer,
// and then the client takes one of the others who are offered.
func (y *year) asks(client care.ChartID, again int) {
	provider := y.providers[y.random.IntN(len(y.providers))]
	ref, ok := y.do(care.RoleClient, client, act.Request{Client: client, Provider: provider, Note: "Hello."})
	if !ok {
		return
	}
	referral := care.ReferralID(ref)
	answer := y.hours(1, 23)
	switch y.random.IntN(10) {
	case 0: // never answers
		if again < 3 {
			y.at(y.now().Add(30*time.Hour), func() { y.asks(client, again+1) })
		}
	case 1:
		y.at(y.now().Add(answer), func() {
			y.do(care.RoleProvider, provider, act.Decline{Referral: referral})
			if again < 3 {
				y.asks(client, again+1)
			}
		})
	default:
		y.at(y.now().Add(answer), func() {
			y.do(care.RoleProvider, provider, act.Accept{Referral: referral})
			y.calls(client, provider, referral)
		})
	}
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
	if _, ok := y.do(care.RoleClient, client, act.Book{Referral: referral, Start: start}); !ok {
		return
	}
	y.at(start.Add(20*time.Minute), func() {
		y.attend(client, provider, care.Consultation, care.Attended)
		y.sees(client, provider, referral, 0)
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
	if _, ok := y.do(care.RoleProvider, provider, act.BookSession{Referral: referral, Start: start, Minutes: 50}); !ok {
		return
	}
	if y.random.IntN(5) > 0 {
		y.fill(client, y.random.IntN(4))
	}
	result := care.Attended
	if y.random.IntN(12) == 0 {
		result = care.NoShowClient
	}
	y.at(start.Add(time.Hour), func() {
		y.attend(client, provider, care.Session, result)
		if y.random.IntN(3) > 0 {
			y.fill(client, y.random.IntN(3))
		}
		if n < 11 {
			y.sees(client, provider, referral, n+1)
		}
	})
}

func (y *year) attend(client, provider care.ChartID, of care.AppointmentType, result care.AppointmentStatus) {
	for _, ap := range y.chart(client).Appointments {
		if ap.Type == of && ap.Status == care.Booked && !ap.Start.After(y.now()) {
			y.do(care.RoleProvider, provider, act.Outcome{Appointment: ap.ID, Result: result})
		}
	}
}

func (y *year) fill(client care.ChartID, value int) {
	for _, s := range y.chart(client).Screenings {
		if s.Status.Open() {
			y.do(care.RoleClient, client, act.SaveAnswers{Screening: s.ID, Answers: filled(s.Instrument, value)})
			y.do(care.RoleClient, client, act.Submit{Screening: s.ID})
		}
	}
}

// live runs a year and gives the mails and everything held, as text.
func live(t testing.TB, clients int) (*year, []notify.Mail, []byte) {
	begin := time.Date(2026, 9, 1, 14, 0, 0, 0, time.UTC)
	s, clock, post, caught := open(t, begin.Add(-Before))
	if _, err := Seed(context.Background(), s, post, clock, 7, begin, Scenarios[0]); err != nil {
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
		y.at(begin.Add(time.Duration(n)*300*24*time.Hour/time.Duration(clients)), func() { y.arrives(n) })
	}
	y.run(begin.AddDate(1, 0, 0))
	var all []byte
	for _, id := range y.clients {
		body, err := json.Marshal(y.chart(id))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, body...)
	}
	return y, caught.Mails("", time.Time{}), all
}

// The same seed gives the same year: every record and every mail.
func TestTheSameSeedGivesTheSameYear(t *testing.T) {
	_, mails, first := live(t, 25)
	_, again, second := live(t, 25)
	if !bytes.Equal(first, second) || !slices.Equal(mails, again) {
		t.Error("the same seed gave another year")
	}
}

// A year of 200 clients: nothing is missed, nothing happens twice, and nobody is
// told at a wrong hour.
func TestAYearOfTwoHundredClients(t *testing.T) {
	began := time.Now()
	y, mails, _ := live(t, 200)
	t.Logf("a year of 200 clients took %v: %d mails, %d effects", time.Since(began), len(mails), len(y.fired))
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
	if kept < 100 {
		t.Errorf("only %d promises of 200 were kept", kept)
	}
}

// checkFollowUp: a follow-up is there exactly when a session was attended and a
// first score was elevated; it opened on day 28 at midnight and mailed at 09:00.
func checkFollowUp(t *testing.T, c *care.Chart, e care.Episode, zone *time.Location) {
	t.Helper()
	elevated := false
	for _, s := range c.Screenings {
		elevated = elevated || s.Episode == e.ID && s.Purpose == care.Baseline && s.Elevated != nil && *s.Elevated
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
