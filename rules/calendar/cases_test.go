package calendar_test

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules/calendar"
)

func TestClocks(t *testing.T) {
	for at, line := range cases(t, "clocks.txt") {
		f := fields(t, at, line, "|", 5)
		zone := loadZone(t, f[1])
		got, steps := run(t, f[0], zone, moment(t, f[2], zone), pauses(t, f[3], zone))
		if got != f[4] {
			t.Errorf("%s: want %s, got %s", at, f[4], got)
		}
		if len(steps) < 2 {
			t.Errorf("%s: %d steps explain nothing", at, len(steps))
		}
		for _, s := range steps {
			if _, err := calendar.ParseDate(s.Date); err != nil || s.What == "" || s.Why == "" {
				t.Errorf("%s: a step without date, what or why: %+v", at, s)
			}
		}
	}
}

// TestExplained holds every word that people are shown. A block names a line of clocks.txt, then its steps.
func TestExplained(t *testing.T) {
	var got, want strings.Builder
	for at, line := range cases(t, "explained.txt") {
		fmt.Fprintln(&want, line)
		if !strings.HasPrefix(line, "explain ") {
			continue
		}
		fmt.Fprintln(&got, line)
		f := fields(t, at, strings.TrimPrefix(line, "explain "), "|", 4)
		zone := loadZone(t, f[1])
		_, steps := run(t, f[0], zone, moment(t, f[2], zone), pauses(t, f[3], zone))
		for _, s := range steps {
			fmt.Fprintf(&got, "%s | %s | %s\n", s.Date, s.What, s.Why)
		}
	}
	if got.String() != want.String() {
		t.Errorf("want:\n%s\ngot:\n%s", want.String(), got.String())
	}
}

func TestHolidays(t *testing.T) {
	c := calendar.New()
	for at, line := range cases(t, "holidays.txt") {
		f := fields(t, at, line, "->", 2)
		d, err := calendar.ParseDate(f[0])
		if err != nil {
			t.Fatal(at, err)
		}
		got, is := c.Holiday(d)
		switch {
		case is == c.BusinessDay(d) && is:
			t.Errorf("%s: both a holiday and a business day", at)
		case c.BusinessDay(d):
			got = "business day"
		case !is:
			got = d.Weekday().String()
		}
		if got != f[1] {
			t.Errorf("%s: want %s, got %s", at, f[1], got)
		}
	}
}

func TestBusinessDaysBefore(t *testing.T) {
	for at, line := range cases(t, "before.txt") {
		f := fields(t, at, line, "|", 4)
		zone := loadZone(t, f[0])
		got := shown(calendar.New().BusinessDaysBefore(moment(t, f[1], zone), number(t, f[2]), zone), zone)
		if got != f[3] {
			t.Errorf("%s: want %s, got %s", at, f[3], got)
		}
	}
}

func TestWall(t *testing.T) {
	for at, line := range cases(t, "wall.txt") {
		f := fields(t, at, line, "->", 2)
		asked := fields(t, at, f[0], "|", 2)
		w := moment(t, asked[1]+" UTC", time.UTC)
		got := calendar.At(calendar.On(w, time.UTC), w.Hour(), w.Minute(), loadZone(t, asked[0]))
		if got.Location() != time.UTC || got.Format(minuteForm) != f[1] {
			t.Errorf("%s: want %s, got %s", at, f[1], got)
		}
	}
}

func TestQuiet(t *testing.T) {
	for at, line := range cases(t, "quiet.txt") {
		f := fields(t, at, line, "->", 2)
		given := fields(t, at, f[0], "|", 4)
		zone := loadZone(t, given[0])
		got := calendar.Quiet(moment(t, given[1], zone), moment(t, given[2], zone), moment(t, given[3], zone), zone)
		if got.In(zone).Format(minuteForm) != f[1] {
			t.Errorf("%s: want %s, got %s", at, f[1], got.In(zone))
		}
	}
}

func TestOpenings(t *testing.T) {
	var name string
	var h calendar.Hours
	var zone *time.Location
	var now time.Time
	var busy, found []calendar.Slot
	for at, line := range cases(t, "openings.txt") {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		f := strings.Fields(rest)
		switch word {
		case "case":
			name, h, busy, found = rest, calendar.Hours{ConsultMinutes: 15, SessionMinutes: 50}, nil, nil
		case "zone":
			h.Zone, zone = rest, loadZone(t, rest)
		case "week":
			h.Week[weekday(t, f[0])] = spans(t, f[1:])
		case "away":
			h.Away = append(h.Away, calendar.DateSpan{From: date(t, f[0]), To: date(t, f[1])})
		case "extra":
			if h.Extra == nil {
				h.Extra = map[calendar.Date][]calendar.Span{}
			}
			h.Extra[date(t, f[0])] = spans(t, f[1:])
		case "closed":
			h.ClosedOnHolidays = true
		case "buffer":
			h.BufferMinutes = number(t, rest)
		case "notice":
			h.NoticeMinutes = number(t, rest)
		case "now":
			now = moment(t, rest, zone)
		case "busy":
			start := moment(t, strings.Join(f[:3], " "), zone)
			busy = append(busy, calendar.Slot{Start: start, End: start.Add(time.Duration(number(t, f[4])) * time.Minute)})
		case "ask":
			limit := 0
			if len(f) > 10 {
				limit = number(t, f[11])
			}
			if err := h.Valid(); err != nil {
				t.Fatal(at, err)
			}
			from, to := moment(t, strings.Join(f[3:6], " "), zone), moment(t, strings.Join(f[7:10], " "), zone)
			found = calendar.New().Openings(h, number(t, f[0]), busy, now, from, to, limit)
			for _, s := range found {
				if s.End.Sub(s.Start) != time.Duration(number(t, f[0]))*time.Minute || s.Start.Location() != time.UTC {
					t.Errorf("%s %s: an opening of another length, or not in UTC", at, name)
				}
			}
		case "offer":
			if got := offered(found, zone); got != rest {
				t.Errorf("%s %s:\nwant %s\ngot  %s", at, name, rest, got)
			}
		default:
			t.Fatalf("%s: unknown word %q", at, word)
		}
	}
}

// offered writes openings as the case files do: the date only where it changes.
func offered(found []calendar.Slot, zone *time.Location) string {
	var parts []string
	var last calendar.Date
	for _, s := range found {
		form := "15:04 MST"
		if d := calendar.On(s.Start, zone); d != last {
			form, last = minuteForm, d
		}
		parts = append(parts, s.Start.In(zone).Format(form))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// run reads "business 5" and the like, and lets that clock run.
func run(t *testing.T, clock string, zone *time.Location, start time.Time, paused []calendar.Pause) (string, []calendar.Step) {
	t.Helper()
	f := strings.Fields(clock)
	n := number(t, f[1])
	switch f[0] {
	case "hours":
		due, steps := calendar.HoursAfter(start, n, zone)
		return shown(due, zone), steps
	case "minutes":
		due, steps := calendar.MinutesAfter(start, n, zone)
		return shown(due, zone), steps
	case "days":
		due, steps := calendar.DaysAfter(start, n, zone, paused)
		return shown(due, zone), steps
	case "business":
		due, steps := calendar.New().BusinessDaysAfter(start, n, zone, paused)
		return shown(due, zone), steps
	case "window":
		open, closes, steps := calendar.WindowAfter(start, n, number(t, f[2]), zone)
		return shown(open, zone) + " to " + shown(closes, zone), steps
	}
	t.Fatalf("no clock %q", clock)
	return "", nil
}

const (
	minuteForm = "2006-01-02 15:04 MST"
	secondForm = "2006-01-02 15:04:05 MST"
)

func shown(at time.Time, zone *time.Location) string { return at.In(zone).Format(secondForm) }

func moment(t *testing.T, s string, zone *time.Location) time.Time {
	t.Helper()
	for _, form := range []string{minuteForm, secondForm} {
		if at, err := time.ParseInLocation(form, s, zone); err == nil {
			if back := at.In(zone).Format(form); back != s {
				t.Fatalf("%s reads back as %s: wrong letters for the zone", s, back)
			}
			return at
		}
	}
	t.Fatalf("%q is no moment", s)
	return time.Time{}
}

func pauses(t *testing.T, s string, zone *time.Location) (paused []calendar.Pause) {
	t.Helper()
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(s, ";") {
		reason, times, _ := strings.Cut(strings.TrimSpace(part), " ")
		from, to, _ := strings.Cut(times, " to ")
		p := calendar.Pause{From: moment(t, from, zone), Reason: reason, Actor: "staff-1"}
		if to != "now" {
			p.To = moment(t, to, zone)
		}
		paused = append(paused, p)
	}
	return paused
}

func loadZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := calendar.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func date(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func weekday(t *testing.T, name string) time.Weekday {
	t.Helper()
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == name {
			return d
		}
	}
	t.Fatalf("no weekday %q", name)
	return 0
}

func spans(t *testing.T, words []string) (open []calendar.Span) {
	t.Helper()
	for _, w := range words {
		var h1, m1, h2, m2 int
		if _, err := fmt.Sscanf(w, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); err != nil {
			t.Fatalf("%q: %v", w, err)
		}
		open = append(open, calendar.Span{From: h1*60 + m1, To: h2*60 + m2})
	}
	return open
}

func fields(t *testing.T, at, line, between string, n int) []string {
	t.Helper()
	parts := strings.Split(line, between)
	if len(parts) != n {
		t.Fatalf("%s: %d parts, want %d", at, len(parts), n)
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// cases reads the lines of a file that are neither empty nor a comment, each with where it stands.
func cases(t *testing.T, name string) func(yield func(at, line string) bool) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return func(yield func(at, line string) bool) {
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(fmt.Sprintf("%s:%d", name, n), line) {
				return
			}
		}
	}
}
