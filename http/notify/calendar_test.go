package notify_test

import (
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

func (w *world) do(actor care.Actor, a act.Act) string {
	w.t.Helper()
	out, err := w.store.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		w.t.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

// TestR44CalendarFilesAsAMailServerGetsThem: an appointment that is moved three
// times and cancelled, read by another's parser: one UID, sequences that count
// up, the right times, and a title that says nothing.
func TestR44CalendarFilesAsAMailServerGetsThem(t *testing.T) {
	w := newWorld(t)
	yes, code := true, "LANTERN"
	start := calendar.Date{Year: 2026, Month: 1, Day: 1}
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: code, Industry: "energy", Starts: start}})
	w.do(care.System, act.ClaimBenefit{Client: w.client, Code: code, Evidence: "portal"})
	p := care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{{Digest: "test", Provider: care.Provider{
		NPI: "2000000010", Name: "Dora Vexworth", Degree: "phd", Licences: []care.Licence{{State: "IL"}},
	}}}}))
	hours := calendar.Hours{Zone: "America/New_York", ConsultMinutes: 15, SessionMinutes: 50}
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	w.do(care.System, act.InviteProvider{Provider: p, Email: "dora@people.example.test"})
	link := "https://video.example.test/dora"
	w.do(care.System, act.SetHours{Provider: p, Hours: hours, SelfSchedule: &yes, Link: &link})
	w.do(care.System, act.SetProfile{Provider: p, Languages: []string{"en"}})
	w.do(care.System, act.Credential{Provider: p, Credentials: []care.Credential{{State: "IL", From: start}}})
	w.do(care.System, act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes})
	client := care.Actor{Role: care.RoleClient, Chart: w.client}

	// Across the change of the clocks: 10:00 in New York is 15:00 UTC on one day and 14:00 on another.
	ny, _ := time.LoadLocation("America/New_York")
	times := []time.Time{
		time.Date(2026, 11, 23, 10, 0, 0, 0, ny), time.Date(2026, 11, 24, 10, 0, 0, 0, ny), time.Date(2027, 3, 12, 10, 0, 0, 0, ny), time.Date(2027, 3, 15, 10, 0, 0, 0, ny),
	}
	w.do(client, act.Request{Client: w.client, Provider: p, Start: times[0]})
	id := w.chart().Appointments[0].ID
	for _, to := range times[1:] {
		w.now = w.now.Add(time.Minute)
		w.do(client, act.Reschedule{Appointment: id, Start: to})
	}
	w.now = w.now.Add(time.Minute)
	w.do(client, act.Cancel{Appointment: id})
	for range 5 {
		if _, err := w.post.Deliver(context.Background()); err != nil {
			t.Fatal(err)
		}
	}

	got := map[string][]string{}
	for _, mail := range w.server.got() {
		for _, file := range calendarsIn(t, mail) {
			c, err := ics.ParseCalendar(strings.NewReader(file))
			if err != nil {
				t.Fatalf("another's parser cannot read it: %v\n%s", err, file)
			}
			if len(c.Events()) != 1 {
				t.Fatalf("%d events in one file", len(c.Events()))
			}
			e := c.Events()[0]
			if regexp.MustCompile(`(?i)therap|session|consult|care|clinic|lantern|vexworth|umberdale`).MatchString(e.GetProperty(ics.ComponentPropertySummary).Value + c.CalendarProperties[0].Value) {
				t.Errorf("it tells what it is:\n%s", file)
			}
			starts, err1 := e.GetStartAt()
			ends, err2 := e.GetEndAt()
			if err1 != nil || err2 != nil || ends.Sub(starts) != 15*time.Minute {
				t.Errorf("from %v to %v: %v %v", starts, ends, err1, err2)
			}
			to := regexp.MustCompile(`(?m)^To: <([^>]+)>`).FindStringSubmatch(mail)[1]
			got[to] = append(got[to], fmt.Sprintf("%s %s %s %s", e.GetProperty(ics.ComponentPropertyUniqueId).Value,
				e.GetProperty(ics.ComponentPropertySequence).Value, method(c), starts.UTC().Format(time.RFC3339)))
		}
	}
	uid := string(id) + "@appointments.invalid"
	want := []string{
		uid + " 0 REQUEST 2026-11-23T15:00:00Z", uid + " 1 REQUEST 2026-11-24T15:00:00Z",
		uid + " 2 REQUEST 2027-03-12T15:00:00Z", uid + " 3 REQUEST 2027-03-15T14:00:00Z", uid + " 4 CANCEL 2027-03-15T14:00:00Z",
	}
	for _, to := range []string{"wren@people.example.test", "dora@people.example.test"} {
		if strings.Join(got[to], "\n") != strings.Join(want, "\n") {
			t.Errorf("%s got\n%s\nwant\n%s", to, strings.Join(got[to], "\n"), strings.Join(want, "\n"))
		}
	}
}

func method(c *ics.Calendar) string {
	for _, p := range c.CalendarProperties {
		if p.IANAToken == string(ics.PropertyMethod) {
			return p.Value
		}
	}
	return ""
}

// calendarsIn are the calendar parts of a mail, decoded.
func calendarsIn(t *testing.T, mail string) []string {
	t.Helper()
	var files []string
	for _, part := range strings.Split(mail, "\r\n--") {
		head, body, ok := strings.Cut(part, "\r\n\r\n")
		if !ok || !strings.Contains(head, "text/calendar") || !strings.Contains(head, "quoted-printable") {
			continue
		}
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(text))
	}
	return files
}
