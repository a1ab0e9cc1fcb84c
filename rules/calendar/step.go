package calendar

import (
	"fmt"
	"strings"
	"time"

	"careconnect/rules/order"
)

// Step is one step of an explanation, in plain words: what happened to the clock and why. Date is the civil
// date it concerns, as 2026-11-26. The steps of a clock are the only source of the explanations people are shown.
type Step struct {
	Date string `json:"date,omitempty"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// Words writes an instant for a reader in the zone: "Thu 26 Nov 2026, 16:00 CST". Seconds show only if there
// are any.
func Words(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	return local.Format("Mon 2 Jan 2006, ") + clock(local)
}

// clock writes the time of day with its zone: "16:00 CST". Zones without letters of their own show as UTC-03.
func clock(local time.Time) string {
	form := "15:04"
	if local.Second() != 0 {
		form = time.TimeOnly
	}
	zone, _ := local.Zone()
	if strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-") {
		zone = "UTC" + zone
	}
	return local.Format(form) + " " + zone
}

// account gathers the steps of one clock in whatever order they come to mind, and tells them in order of time.
type account struct {
	zone  *time.Location
	lines []line
}

type line struct {
	at   time.Time
	step Step
}

func (a *account) add(at time.Time, what, why string) {
	a.lines = append(a.lines, line{at, Step{On(at, a.zone).String(), what, why}})
}

// addChanges adds every change of the zone's clocks after start and until the end.
func (a *account) addChanges(start, end time.Time, why string) {
	for t := start.In(a.zone); ; {
		_, change := t.ZoneBounds()
		if change.IsZero() || change.After(end) {
			return
		}
		a.addChange(change, why)
		t = change.In(a.zone)
	}
}

func (a *account) addChange(change time.Time, why string) {
	oldName, oldOffset := change.Add(-time.Second).In(a.zone).Zone()
	_, newOffset := change.In(a.zone).Zone()
	shift := time.Duration(newOffset-oldOffset) * time.Second
	if shift == 0 {
		return // only the zone's name changed
	}
	way := "forward"
	if shift < 0 {
		way, shift = "back", -shift
	}
	old := change.In(time.FixedZone(oldName, oldOffset))
	a.add(change, fmt.Sprintf("Clocks go %s %s on %s, from %s to %s",
		way, amount(shift), On(change, a.zone).Words(), clock(old), clock(change.In(a.zone))), why)
}

// steps returns everything told so far in order of time, and then the results.
func (a *account) steps(results ...Step) []Step {
	order.By(a.lines, func(x, y line) int { return x.at.Compare(y.at) })
	told := make([]Step, 0, len(a.lines)+len(results))
	for _, l := range a.lines {
		told = append(told, l.step)
	}
	return append(told, results...)
}

// amount says how long something lasts: "53 hours", "1 hour 30 minutes".
func amount(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int(d / unit.size); n > 0 {
			parts = append(parts, count(n, unit.name))
			d -= time.Duration(n) * unit.size
		}
	}
	if len(parts) == 0 {
		return "no time"
	}
	return strings.Join(parts, " ")
}

// count writes a number with its noun: "1 day", "5 days".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
