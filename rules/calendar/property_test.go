package calendar_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"careconnect/rules/calendar"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
	"pgregory.net/rapid"
)

var zones = []string{
	"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
	"America/Anchorage", "America/Adak", "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam",
	"Australia/Lord_Howe", "Africa/Cairo",
}

var own = calendar.New(
	calendar.Holiday{Date: calendar.Date{Year: 2026, Month: time.November, Day: 27}, Name: "Day after Thanksgiving"},
	calendar.Holiday{Date: calendar.Date{Year: 2027, Month: time.December, Day: 24}, Name: "Christmas Eve"},
)

func TestHolidaysAgreeWithAnotherLibrary(t *testing.T) {
	for d := (calendar.Date{Year: 2021, Month: time.June, Day: 1}); d.Year < 2060; d = d.AddDays(1) {
		noon := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC)
		want := ""
		for _, h := range us.Holidays {
			want = cmp.Or(want, observedOn(h, noon))
		}
		if got, _ := calendar.New().Holiday(d); got != want {
			t.Errorf("%s: %q here, %q there", d, got, want)
		}
	}
}

// observedOn asks the other library about the year after too, which it does not do by itself.
func observedOn(h *cal.Holiday, on time.Time) string {
	for _, year := range []int{on.Year(), on.Year() + 1} {
		actual, observed := h.Calc(year)
		switch on.Format(time.DateOnly) {
		case actual.Format(time.DateOnly):
			return h.Name
		case observed.Format(time.DateOnly):
			return h.Name + " (observed)"
		}
	}
	return ""
}

func TestBusinessDaysCountWhatLiesBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, start, n := anyZone(t), anyInstant(t, "start"), rapid.IntRange(1, 15).Draw(t, "n")
		due, steps := own.BusinessDaysAfter(start, n, zone, nil)
		if got := businessDays(calendar.On(start, zone).AddDays(1), calendar.On(due, zone)); got != n {
			t.Fatalf("%d business days from %s to %s, not %d", got, start, due, n)
		}
		if !own.BusinessDay(calendar.On(due, zone)) {
			t.Fatal("due on a day that is no business day")
		}
		if next := calendar.On(due.Add(time.Second), zone); next != calendar.On(due, zone).AddDays(1) {
			t.Fatal("not the last second of the day")
		}
		if whole := calendar.On(start, zone).Until(calendar.On(due, zone)); len(steps) < whole+2 {
			t.Fatalf("%d steps leave out some of %d days", len(steps), whole)
		}
		if later, _ := own.BusinessDaysAfter(start, n+1, zone, nil); !later.After(due) {
			t.Fatal("one more business day is not later")
		}
		if moved, _ := own.BusinessDaysAfter(start.Add(anyDuration(t, 10*24*time.Hour)), n, zone, nil); moved.Before(due) {
			t.Fatal("a later start is due earlier")
		}
		back := own.BusinessDaysBefore(due, n-1, zone)
		if got := businessDays(calendar.On(back, zone), calendar.On(due, zone)); got != n {
			t.Fatalf("back from %s to %s are %d business days, not %d", due, back, got, n)
		}
	})
}

func TestPausesOnlyLengthen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, start := anyZone(t), anyInstant(t, "start")
		var paused []calendar.Pause
		for range rapid.IntRange(0, 4).Draw(t, "pauses") {
			from := start.Add(anyDuration(t, 12*24*time.Hour) - 48*time.Hour)
			paused = append(paused, calendar.Pause{From: from, To: from.Add(anyDuration(t, 6*24*time.Hour)), Reason: "coverage"})
		}
		plain, _ := own.BusinessDaysAfter(start, 5, zone, nil)
		due, _ := own.BusinessDaysAfter(start, 5, zone, paused)
		gained := 0
		for d := calendar.On(start, zone).AddDays(1); !calendar.On(due, zone).Before(d); d = d.AddDays(1) {
			if own.BusinessDay(d) && stoodAllDay(paused, d, zone) {
				gained++
			}
		}
		if got := businessDays(calendar.On(start, zone).AddDays(1), calendar.On(due, zone)); got != 5+gained || due.Before(plain) {
			t.Fatalf("%d business days with %d wholly inside pauses", got, gained)
		}

		short, _ := calendar.DaysAfter(start, 5, zone, nil)
		long, _ := calendar.DaysAfter(start, 5, zone, paused)
		if long.Before(short) {
			t.Fatal("pauses made five days shorter")
		}
		reversed := slices.Clone(paused)
		slices.Reverse(reversed)
		if again, _ := calendar.DaysAfter(start, 5, zone, append(reversed, paused...)); !again.Equal(long) {
			t.Fatal("the order of pauses, or telling them twice, changes the due time")
		}
	})
}

// stoodAllDay looks at every quarter of an hour of the day, which is coarser than the code and independent of it;
// the pauses drawn begin and end on quarters.
func stoodAllDay(paused []calendar.Pause, d calendar.Date, zone *time.Location) bool {
	for at := calendar.At(d, 0, 0, zone); at.Before(calendar.At(d.AddDays(1), 0, 0, zone)); at = at.Add(15 * time.Minute) {
		if !slices.ContainsFunc(paused, func(p calendar.Pause) bool { return !at.Before(p.From) && at.Before(p.To) }) {
			return false
		}
	}
	return true
}

func TestHoursElapseAndDaysKeepTheTimeOfDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, start, n := anyZone(t), anyInstant(t, "start"), rapid.IntRange(0, 60).Draw(t, "n")
		if due, _ := calendar.HoursAfter(start, n, zone); due.Sub(start) != time.Duration(n)*time.Hour {
			t.Fatal("hours are not elapsed hours")
		}
		due, _ := calendar.DaysAfter(start, n, zone, nil)
		local := start.In(zone)
		if want := calendar.At(calendar.On(start, zone).AddDays(n), local.Hour(), local.Minute(), zone); n > 0 && !due.Equal(want) {
			t.Fatalf("want %s, got %s", want, due)
		}
		open, closes, _ := calendar.WindowAfter(start, n, n+14, zone)
		first, last := calendar.On(start, zone).AddDays(n), calendar.On(start, zone).AddDays(n+14)
		if calendar.On(open, zone) != first || calendar.On(open.Add(-time.Second), zone) == first ||
			calendar.On(closes, zone) != last || calendar.On(closes.Add(time.Second), zone) == last {
			t.Fatal("the window does not hold exactly its days")
		}
	})
}

// TestWallAtEveryClockChange tries every minute around every change of twelve zones' clocks from 2020 to 2037.
func TestWallAtEveryClockChange(t *testing.T) {
	changes := 0
	for _, name := range zones {
		zone := loadZone(t, name)
		for at := time.Date(2020, 1, 1, 0, 0, 0, 0, zone); ; {
			_, change := at.ZoneBounds()
			if change.IsZero() || change.Year() > 2037 {
				break
			}
			changes++
			checkWall(t, zone, change)
			at = change.In(zone)
		}
	}
	if changes < 8*2*17 {
		t.Errorf("only %d clock changes tried", changes)
	}
}

// checkWall reads the wall at every minute of the ten hours around a change, and holds At to it for every reading
// in between: the first instant that shows it or, if the change leaves it out, the change itself.
func checkWall(t *testing.T, zone *time.Location, change time.Time) {
	t.Helper()
	shows := func(at time.Time) int64 {
		_, seconds := at.In(zone).Zone()
		return at.Unix() + int64(seconds)
	}
	const around = 300
	first := map[int64]time.Time{}
	for minute := -around; minute < around; minute++ {
		at := change.Add(time.Duration(minute) * time.Minute).UTC()
		if _, seen := first[shows(at)]; !seen {
			first[shows(at)] = at
		}
	}
	last := shows(change.Add((around - 1) * time.Minute))
	for wall := shows(change.Add(-around * time.Minute)); wall <= last; wall += 60 {
		want, shown := first[wall]
		if !shown {
			want = change.UTC()
		}
		asked := time.Unix(wall, 0).UTC()
		if got := calendar.At(calendar.On(asked, time.UTC), asked.Hour(), asked.Minute(), zone); !got.Equal(want) {
			t.Fatalf("%s in %s: want %s, got %s", asked.Format(time.DateTime), zone, want, got)
		}
	}
}

func TestQuietNeverWakesWithoutNeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, began := anyZone(t), anyInstant(t, "began")
		at := began.Add(anyDuration(t, 72*time.Hour))
		due := at.Add(anyDuration(t, 72*time.Hour))
		got := calendar.Quiet(at, began, due, zone)
		if got.Before(began) || got.After(at) && !got.Before(due) {
			t.Fatal("before it began, or moved to when it is too late")
		}
		if disturbs(got, zone) && (!got.Equal(at) || due.Sub(began) > 10*time.Hour && due.After(calendar.At(calendar.On(at, zone).AddDays(1), 7, 0, zone))) {
			t.Fatalf("%s wakes the reader without need", got.In(zone))
		}
		if !disturbs(at, zone) && !got.Equal(at) {
			t.Fatal("moved although nobody sleeps")
		}
	})
}

func disturbs(at time.Time, zone *time.Location) bool {
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	return minute > 21*60 || minute < 7*60
}

func anyZone(t *rapid.T) *time.Location {
	zone, err := calendar.Zone(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// anyInstant is on a quarter of an hour from 2020 to 2037.
func anyInstant(t *rapid.T, name string) time.Time {
	const quarter = 15 * 60
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return time.Unix(rapid.Int64Range(from/quarter, to/quarter).Draw(t, name)*quarter, 0).UTC()
}

func anyDuration(t *rapid.T, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(most/(15*time.Minute))).Draw(t, "quarters")) * 15 * time.Minute
}

// businessDays counts those from the first date to the last, both included.
func businessDays(first, last calendar.Date) (n int) {
	for d := first; !last.Before(d); d = d.AddDays(1) {
		if own.BusinessDay(d) {
			n++
		}
	}
	return n
}
