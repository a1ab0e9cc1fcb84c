package rules_test

import (
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

var clock = rules.Clock{Terms: []care.Terms{terms}, Calendar: calendar.New(), TZData: "test"}

const onTheWall = "Mon 2006-01-02 15:04:05 MST"

func TestDueCases(t *testing.T) {
	run(t, "clocks.txt", "due", func(c row) string {
		d := deadline(t, c["clock"], c)
		explained(t, d)
		return d.Due.In(rules.Zone(d.Zone)).Format(onTheWall)
	})
}

func TestWindowCases(t *testing.T) {
	run(t, "clocks.txt", "window", func(c row) string {
		d := deadline(t, "follow_up", c)
		explained(t, d)
		zone := rules.Zone(d.Zone)
		return d.Opens.In(zone).Format(onTheWall) + " " + d.Due.In(zone).Format(onTheWall)
	})
}

func TestSkippedDaysAreExplained(t *testing.T) {
	run(t, "clocks.txt", "skipped", func(c row) string {
		var days []string
		for _, s := range clock.Explain(deadline(t, "promise", c), words).Steps {
			if strings.HasSuffix(s.What, "is skipped") {
				days = append(days, s.Date+" "+s.Why)
			}
		}
		return strings.Join(days, ", ")
	})
}

func TestReminderCases(t *testing.T) {
	run(t, "reminders.txt", "happens", func(c row) string {
		d := deadline(t, c["clock"], c)
		reader := rules.Zone(c["reader"])
		var happened []string
		for last := d.Starts; !d.Next.IsZero(); {
			fires := d.Next
			effect, at, after := clock.Fall(d)
			if at.Before(last) || at.After(fires) {
				t.Errorf("%s is dated %s, after %s, fired %s", effect, at, last, fires)
			}
			happened = append(happened, effect+" "+at.In(reader).Format("Mon 01-02 15:04"))
			last, d = at, after
		}
		return strings.Join(happened, ", ")
	})
}

// TestTheLastSecondIsInTime: an answer at exactly the due instant is good, and
// what happens at the end fires one second later, dated by the end.
func TestTheLastSecondIsInTime(t *testing.T) {
	d := deadline(t, "respond", row{"zone": "America/Chicago", "starts": "2026-11-20T16:00"})
	for d.Step < len(rules.DutyOf("respond").On)-1 {
		_, _, d = clock.Fall(d)
	}
	effect, at, _ := clock.Fall(d)
	if effect != rules.Closed || !at.Equal(d.Due) || d.Next.Sub(d.Due) != time.Second {
		t.Errorf("%s at %s, fired %s, due %s", effect, at, d.Next, d.Due)
	}
}

func TestAPausedClockBringsNothingAbout(t *testing.T) {
	d := deadline(t, "promise", row{"zone": "America/Chicago", "starts": "2026-12-07T10:00"})
	paused := clock.Pause(d, d.Starts.Add(24*time.Hour), "coverage", "ch_staff")
	if effect, _, after := clock.Fall(paused); effect != "" || !after.Next.IsZero() || paused.State != care.Waiting {
		t.Errorf("while paused: effect %q, state %s", effect, paused.State)
	}
	if again := clock.Pause(paused, d.Starts.Add(25*time.Hour), "coverage", "ch_staff"); len(again.Pauses) != 1 {
		t.Errorf("a paused clock was paused again: %d pauses", len(again.Pauses))
	}
	resumed := clock.Resume(paused, d.Starts.Add(77*time.Hour))
	if len(paused.Pauses) != 1 || !paused.Pauses[0].To.IsZero() {
		t.Error("resuming changed the deadline that it was given")
	}
	if resumed.State != care.Running || !resumed.Due.Equal(d.Due.AddDate(0, 0, 1)) || resumed.Next.IsZero() {
		t.Errorf("resumed: state %s, due %s, next %s", resumed.State, resumed.Due, resumed.Next)
	}
	if same := clock.Resume(d, d.Starts.Add(time.Hour)); !same.Due.Equal(d.Due) || len(same.Pauses) != 0 {
		t.Error("a clock that runs was resumed")
	}
}

func TestASettledClockStays(t *testing.T) {
	d := deadline(t, "respond", row{"zone": "America/Chicago", "starts": "2026-11-20T16:00"})
	met := rules.Settle(d, care.Met, d.Starts.Add(time.Hour))
	if effect, _, _ := clock.Fall(met); effect != "" || met.State != care.Met {
		t.Errorf("a met clock brought about %q", effect)
	}
	if late := rules.Settle(met, care.Missed, d.Due); late.State != care.Met || !late.SettleAt.Equal(met.SettleAt) {
		t.Errorf("a met clock became %s", late.State)
	}
	if p := clock.Pause(met, d.Due, "coverage", "ch_staff"); p.State != care.Met {
		t.Errorf("a met clock was paused: %s", p.State)
	}
}

// TestTheTermsOfTheStartHold: terms that come later change neither what runs nor
// how it is explained.
func TestTheTermsOfTheStartHold(t *testing.T) {
	december := instant(t, "2026-12-01T00:00", time.UTC)
	slower := rules.DefaultTerms(december)
	slower.Version, slower.RespondHours = "2026-12", 48
	k := rules.Clock{Terms: []care.Terms{slower, terms}, TZData: "test"}
	for _, c := range []struct {
		starts  time.Time
		version string
		hours   int
	}{
		{december.Add(-time.Second), "2026-11", 24},
		{december, "2026-12", 48},
	} {
		d := k.Start(care.Deadline{Code: "respond", Starts: c.starts, Zone: "America/Chicago"})
		e := k.Explain(d, words)
		if d.Terms != c.version || e.PolicyVersion != c.version || d.Due.Sub(d.Starts) != time.Duration(c.hours)*time.Hour || !e.Due.Equal(d.Due) {
			t.Errorf("started %s: terms %s, explained by %s, due after %s", c.starts, d.Terms, e.PolicyVersion, d.Due.Sub(d.Starts))
		}
	}
}

// TestTheInstancesOwnHolidays lengthen a promise, and are named.
func TestTheInstancesOwnHolidays(t *testing.T) {
	k := clock
	k.Calendar = calendar.New(calendar.Holiday{Date: calendar.Date{Year: 2026, Month: time.November, Day: 27}, Name: "Day after Thanksgiving"})
	d := k.Start(care.Deadline{Code: "promise", Starts: instant(t, "2026-11-20T16:00", rules.Zone("America/Chicago")), Zone: "America/Chicago"})
	if got := d.Due.In(rules.Zone(d.Zone)).Format(onTheWall); got != "Tue 2026-12-01 23:59:59 CST" {
		t.Errorf("due %s", got)
	}
}

func TestEachDutyIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range rules.Duties {
		if d.Code == "" || d.Clause == "" || d.Says == "" || d.Owes == "" || d.Window == nil || len(d.On) == 0 || seen[d.Code] {
			t.Errorf("duty %q: a cell is empty, or its code stands twice", d.Code)
		}
		if last := d.On[len(d.On)-1]; last.Name != rules.Closed {
			t.Errorf("duty %s ends with %q, so nobody learns that it was missed", d.Code, last.Name)
		}
		seen[d.Code] = true
	}
}

// deadline starts a clock as a case says, pauses included.
func deadline(t *testing.T, code string, c row) care.Deadline {
	t.Helper()
	zone := rules.Zone(c["zone"])
	d := clock.Start(care.Deadline{
		Code: code, Starts: instant(t, c["starts"], zone), Due: instant(t, c["due"], zone), Zone: c["zone"], Reader: c["reader"],
	})
	if c["paused"] == "" {
		return d
	}
	reason, span, _ := strings.Cut(c["paused"], ":")
	from, to, _ := strings.Cut(span, "..")
	return clock.Resume(clock.Pause(d, instant(t, from, zone), reason, "ch_staff"), instant(t, to, zone))
}

// explained holds an explanation to the deadline that it explains.
func explained(t *testing.T, d care.Deadline) {
	t.Helper()
	e := clock.Explain(d, words)
	if !e.Due.Equal(d.Due) || !e.Starts.Equal(d.Starts) || e.PolicyVersion != terms.Version || e.TZData != "test" {
		t.Errorf("it explains another deadline: %+v", e)
	}
	if len(e.Steps) == 0 || strings.Contains(e.Says, "{") || (e.Opens != nil) != !d.Opens.IsZero() {
		t.Errorf("the explanation has a hole: %+v", e)
	}
	for _, s := range e.Steps {
		if s.What == "" || s.Why == "" {
			t.Errorf("a step says nothing: %+v", s)
		}
	}
}
