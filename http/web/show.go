package web

import (
	"fmt"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// What the pages show of deadlines. The dates and the words are the rules';
// here they only get their shape.

// soon is when a deadline begins to look urgent.
const soon = 4 * time.Hour

// deadline is a deadline as a badge.
func deadline(d care.Deadline, says string, zone *time.Location, now time.Time) assets.Deadline {
	shown := assets.Deadline{Due: moment(d.Due, zone), Says: says}
	left := d.Due.Sub(now)
	switch {
	case d.State == care.Met || d.State == care.Stopped:
		shown.State, shown.Says = "done", map[care.DeadlineState]string{care.Met: "In time", care.Stopped: "No longer owed"}[d.State]
	case d.State == care.Waiting:
		shown.State, shown.Says = "done", "Waits"
	case d.State == care.Missed || left < 0:
		shown.State, shown.Left = "late", span(-left)
	case left < soon:
		shown.State, shown.Left = "soon", span(left)
	default:
		shown.State, shown.Left = "ok", span(left)
	}
	return shown
}

// limit is until when something is owed, as people say it: what is due in the
// last second of a day is due by the end of that day.
func limit(t time.Time, zone *time.Location) string {
	if t.In(zone).Format("15:04:05") == "23:59:59" {
		return "the end of " + dayOf(t, zone.String())
	}
	return moment(t, zone).Text
}

// span is a length of time in its two largest units.
func span(d time.Duration) string {
	minutes := int(d.Round(time.Minute).Minutes())
	days, hours := minutes/(24*60), minutes/60%24
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d m", hours, minutes%60)
	}
	return fmt.Sprintf("%d m", minutes)
}

// explain is why a date is that date, from the very steps that computed it.
func (p *Pages) explain(d care.Deadline) *assets.Explain {
	_, clock := p.Store.Programme()
	e := clock.Explain(d, p.Store.Words())
	shown := &assets.Explain{
		Title: "Why this date?", Says: e.Says,
		Foot: fmt.Sprintf("Policy %s, zone %s, zone data %s", e.PolicyVersion, e.Zone, e.TZData),
	}
	for _, s := range e.Steps {
		if on, err := calendar.ParseDate(s.Date); err == nil && strings.Contains(s.What, on.Words()) {
			s.Date = "" // the sentence says it, in words
		}
		shown.Steps = append(shown.Steps, assets.Because{Date: s.Date, What: s.What, Why: s.Why})
	}
	return shown
}

// zoneOf is the zone that a chart's person reads times in.
func zoneOf(c *care.Chart) string {
	switch {
	case c == nil:
		return ""
	case c.Client != nil:
		return c.Client.Zone
	case c.Provider != nil:
		return c.Provider.Hours.Zone
	}
	return ""
}

// location is a zone by its name.
func location(name string) *time.Location { return rules.Zone(or(name, defaultZone)) }
