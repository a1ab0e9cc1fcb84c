package calendar

import (
	"fmt"
	"time"
)

// HoursAfter is K1: the instant so many hours after the start, as time passes. Nights, weekends, holidays and
// clock changes do not pause it. The zone serves only to say so in words.
func HoursAfter(start time.Time, hours int, zone *time.Location) (time.Time, []Step) {
	start = whole(start)
	due := start.Add(time.Duration(hours) * time.Hour)
	a := account{zone: zone}
	a.add(start, "The clock starts on "+Words(start, zone),
		"the count is "+count(hours, "hour")+" as they pass; nights, weekends and holidays do not stop it")
	a.addChanges(start, due, "the hours keep running, so only the time shown on the clock shifts")
	return due, a.steps(result("Due on ", due, zone, count(hours, "hour")+" after the start"))
}

// DaysAfter is K2: the same time on the wall so many calendar days after the start, moved on by the time on the
// wall that lay inside ended pauses. A pause that begins after the clock is due changes nothing.
func DaysAfter(start time.Time, days int, zone *time.Location, pauses []Pause) (time.Time, []Step) {
	start = whole(start)
	wall := onWall(start, zone) + int64(days)*secondsPerDay
	due := atWall(wall, zone)
	var paused int64
	for _, p := range joined(pauses, start) {
		if p.from > due.Unix() {
			break
		}
		// A pause inside the repeated hour of autumn may read as negative on the wall; it never shortens.
		stood := max(0, onWall(time.Unix(p.to, 0), zone)-onWall(time.Unix(p.from, 0), zone))
		paused, wall = paused+stood, wall+stood
		due = atWall(wall, zone)
	}
	a := account{zone: zone}
	a.add(start, "The clock starts on "+Words(start, zone),
		"the count is "+count(days, "calendar day")+"; weekends and holidays are part of it")
	a.addChanges(start, due, "days are counted by the clock on the wall, so the time of day stays the same")
	a.addPauses(pauses, start, due)
	return due, a.steps(result("Due on ", due, zone, daysWhy(days, paused, wall, due, zone)))
}

func daysWhy(days int, paused, wall int64, due time.Time, zone *time.Location) string {
	why := count(days, "calendar day") + " after the start, at the same time of day"
	if paused > 0 {
		why = count(days, "calendar day") + " after the start, and " + amount(time.Duration(paused)*time.Second) + " for the pauses"
	}
	if onWall(due, zone) != wall {
		why += fmt.Sprintf("; %s does not exist on that day, so the first moment after it counts",
			time.Unix(wall, 0).UTC().Format("15:04"))
	}
	return why
}

// BusinessDaysAfter is K3: the last second, 23:59:59 in the zone, of the nth business day after the date of the
// start, which is itself not counted. A business day that lies wholly inside ended pauses is not counted either.
func (c Calendar) BusinessDaysAfter(start time.Time, n int, zone *time.Location, pauses []Pause) (time.Time, []Step) {
	start = whole(start)
	day := On(start, zone)
	a := account{zone: zone}
	a.add(start, "The clock starts on "+Words(start, zone),
		"the count is "+count(n, "business day")+"; the day of the start is not part of it")
	stood := joined(pauses, start)
	for counted := 0; counted < n; {
		day = day.AddDays(1)
		begins := dayStart(day, zone)
		why := c.closed(day)
		if why == "" && covered(stood, begins.Unix(), dayStart(day.AddDays(1), zone).Unix()) {
			why = "the clock was paused for the whole of this day"
		}
		if why != "" {
			a.add(begins, day.Words()+" is skipped", why)
			continue
		}
		counted++
		a.add(begins, fmt.Sprintf("%s is business day %d", day.Words(), counted), "a weekday that is not a holiday")
	}
	due := dayEnd(day, zone)
	a.addChanges(start, due, "whole days are counted, so this changes nothing")
	a.addPauses(pauses, start, due)
	return due, a.steps(result("Due on ", due, zone, fmt.Sprintf("the end of business day %d", n)))
}

// covered says whether one of the spans holds all of the time.
func covered(spans []span, from, to int64) bool {
	for _, s := range spans {
		if s.from <= from && to <= s.to {
			return true
		}
	}
	return false
}

// BusinessDaysBefore returns 00:00, in the zone, of the nth business day before the date on which something is
// due: 2 gives the day from which the care team watches a promise, 1 the day on which it calls.
func (c Calendar) BusinessDaysBefore(due time.Time, n int, zone *time.Location) time.Time {
	day := On(due, zone)
	for n > 0 {
		day = day.AddDays(-1)
		if c.BusinessDay(day) {
			n--
		}
	}
	return dayStart(day, zone)
}

// WindowAfter is K4: a window that opens at 00:00 of one day after the anchor's date and closes at 23:59:59 of
// another, both in the zone. It never pauses.
func WindowAfter(anchor time.Time, opens, closes int, zone *time.Location) (open, close time.Time, steps []Step) {
	anchor = whole(anchor)
	day := On(anchor, zone)
	open, close = dayStart(day.AddDays(opens), zone), dayEnd(day.AddDays(closes), zone)
	a := account{zone: zone}
	a.add(anchor, "The window is counted from "+Words(anchor, zone),
		"the count is calendar days; weekends and holidays are part of it, and nothing pauses it")
	a.addChanges(anchor, close, "whole days are counted, so this changes nothing")
	a.add(open, "Opens on "+Words(open, zone), fmt.Sprintf("the start of day %d", opens))
	return open, close, a.steps(result("Closes on ", close, zone, fmt.Sprintf("the end of day %d", closes)))
}

func result(what string, at time.Time, zone *time.Location, why string) Step {
	return Step{On(at, zone).String(), what + Words(at, zone), why}
}
