package calendar_test

import (
	"testing"
	"time"

	"careconnect/rules/calendar"
)

// everywhere are twelve zones that change their clocks in as many ways: both hemispheres, half an hour in Lord
// Howe, three quarters off the hour in Chatham, the same instant all over Europe, midnight itself in Havana and
// Santiago, and one that gave it up.
var everywhere = []string{
	"America/New_York", "America/Chicago", "America/Los_Angeles", "America/Adak", "America/Havana", "America/Santiago",
	"Europe/Berlin", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Chatham", "America/Sao_Paulo",
}

// changesOf are the clock changes of a zone from 2020 to 2037.
func changesOf(zone *time.Location) []time.Time {
	var changes []time.Time
	for at := time.Date(2020, 1, 1, 0, 0, 0, 0, zone); ; {
		_, change := at.ZoneBounds()
		if change.IsZero() || change.Year() > 2037 {
			return changes
		}
		changes = append(changes, change.UTC())
		at = change.In(zone)
	}
}

// eachChange calls for every change of every zone, and holds that there were enough of them.
func eachChange(t *testing.T, check func(t *testing.T, zone *time.Location, change time.Time)) {
	t.Helper()
	changes := 0
	for _, name := range everywhere {
		zone, err := calendar.Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range changesOf(zone) {
			changes++
			check(t, zone, change)
		}
	}
	if changes < 11*2*17 {
		t.Errorf("only %d clock changes tried", changes)
	}
}

// TestR18NoOpeningIsLostOrDoubledWhenClocksChange: a provider who is open at all hours offers, on the days around
// every change, each reading of the wall that exists once, and none that does not exist; the wall of each opening
// is one of the grid.
func TestR18NoOpeningIsLostOrDoubledWhenClocksChange(t *testing.T) {
	h := calendar.Hours{ConsultMinutes: 15, SessionMinutes: 50}
	for day := range h.Week {
		h.Week[day] = []calendar.Span{{From: 0, To: 24 * 60}}
	}
	eachChange(t, func(t *testing.T, zone *time.Location, change time.Time) {
		h.Zone = zone.String()
		day := calendar.On(change, zone)
		from, to := calendar.At(day.AddDays(-1), 0, 0, zone), calendar.At(day.AddDays(2), 0, 0, zone)
		offered := map[string]int{}
		for _, s := range calendar.New().Openings(h, 15, nil, from.AddDate(0, 0, -1), from, to, 0) {
			offered[s.Start.In(zone).Format("2006-01-02 15:04")]++
			if s.End.Sub(s.Start) != 15*time.Minute {
				t.Fatalf("%s: an opening of %s", s.Start.In(zone), s.End.Sub(s.Start))
			}
		}
		exists := map[string]bool{} // as somebody would write them down who watches the wall
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if local := at.In(zone); local.Minute()%15 == 0 {
				exists[local.Format("2006-01-02 15:04")] = true
			}
		}
		for wall, times := range offered {
			if !exists[wall] || times != 1 {
				t.Fatalf("%s in %s is offered %d times, and exists: %t", wall, zone, times, exists[wall])
			}
		}
		if len(offered) != len(exists) {
			t.Fatalf("%s in %s: %d readings of the wall, %d of them offered", day, zone, len(exists), len(offered))
		}
	})
}

// TestR53NineInTheMorningIsNineOnceADay: around every change, nine o'clock comes once on each date, whatever the
// length of the day; and a window of days begins and ends with its dates.
func TestR53NineInTheMorningIsNineOnceADay(t *testing.T) {
	eachChange(t, func(t *testing.T, zone *time.Location, change time.Time) {
		day := calendar.On(change, zone)
		var last time.Time
		for d := day.AddDays(-2); !day.AddDays(2).Before(d); d = d.AddDays(1) {
			nine := calendar.At(d, 9, 0, zone)
			if local := nine.In(zone); calendar.On(nine, zone) != d || local.Hour() != 9 || local.Minute() != 0 || !nine.After(last) {
				t.Fatalf("nine on %s in %s is %s", d, zone, local)
			}
			last = nine
		}
		first := calendar.At(day.AddDays(-28), 12, 0, zone) // the change lies on the day that the window opens
		opens, closes, _ := calendar.WindowAfter(first, 28, 42, zone)
		if calendar.On(opens, zone) != day || calendar.On(opens.Add(-time.Second), zone) != day.AddDays(-1) ||
			calendar.On(closes, zone) != day.AddDays(14) || calendar.On(closes.Add(time.Second), zone) != day.AddDays(15) {
			t.Fatalf("a window that opens on %s in %s goes from %s to %s", day, zone, opens.In(zone), closes.In(zone))
		}
		sought := calendar.At(day.AddDays(-1), 12, 0, zone)
		if due, _ := calendar.DaysAfter(sought, 5, zone, nil); due.In(zone).Format("15:04") != "12:00" {
			t.Fatalf("five days over the change of %s in %s end at %s", day, zone, due.In(zone))
		}
	})
}
