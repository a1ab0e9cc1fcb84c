package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Times that can be booked, as a page offers them: a few days at once, each time
// with its zone.

// shownDays is how many days with open times stand on a page, and searched how
// far ahead they are looked for.
const (
	shownDays = 4
	searched  = 60
)

// openings are a provider's open times from an instant on. They are those of the
// directory; for one who is paused and was asked before, they are worked out
// from the hours, since accepting went before pausing.
func (p *Pages) openings(ctx context.Context, who care.Provider, kind care.AppointmentType, from time.Time) ([]calendar.Slot, error) {
	now := p.Now()
	if from.Before(now) {
		from = now
	}
	to := from.AddDate(0, 0, searched)
	if slots, listed := p.Store.Directory().Openings(who.ID, kind, now, from, to, 0); listed {
		return slots, nil
	}
	var sets []care.Set
	for day := from.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1); day.Before(to); day = day.AddDate(0, 0, 1) {
		sets = append(sets, care.Busy(who.ID, day.Format(time.DateOnly)))
	}
	members, err := p.Store.Find(ctx, care.System, sets...)
	if err != nil {
		return nil, err
	}
	var busy []calendar.Slot
	for _, m := range members {
		busy = append(busy, calendar.Slot{Start: m.At, End: m.Until})
	}
	minutes := who.Hours.ConsultMinutes
	if kind == care.Session {
		minutes = who.Hours.SessionMinutes
	}
	_, clock := p.Store.Programme()
	return clock.Open.Openings(who.Hours, minutes, busy, now, from, to, 1000), nil
}

// grid is how open times are shown: in which zone, until when they keep a
// promise (zero: there is none), and which are chosen already.
type grid struct {
	zone   string
	due    time.Time
	marked bool // days inside the promise say so; those after it always do
	all    bool // every time of a day, however many
	chosen []string
	now    time.Time
}

// days puts slots into their days. The second value is where the days that did
// not fit begin; zero: there are none.
func (g grid) days(slots []calendar.Slot) ([]assets.SlotDay, time.Time) {
	zone := rules.Zone(g.zone)
	today := calendar.On(g.now, zone)
	var days []assets.SlotDay
	var last calendar.Date
	for _, s := range slots {
		date := calendar.On(s.Start, zone)
		if date != last {
			if len(days) == shownDays {
				return g.thin(days), calendar.At(date, 0, 0, zone)
			}
			last = date
			days = append(days, assets.SlotDay{Text: s.Start.In(zone).Format("Mon 2 Jan"), Note: g.note(s, date, today)})
		}
		day := &days[len(days)-1]
		day.Slots = append(day.Slots, g.slot(s.Start))
	}
	return g.thin(days), time.Time{}
}

func (g grid) note(s calendar.Slot, date, today calendar.Date) string {
	var notes []string
	switch today.Until(date) {
	case 0:
		notes = append(notes, "today")
	case 1:
		notes = append(notes, "tomorrow")
	}
	if !g.due.IsZero() {
		if s.Start.After(g.due) {
			notes = append(notes, "later than promised")
		} else if g.marked {
			notes = append(notes, "inside the promise")
		}
	}
	return strings.Join(notes, ", ")
}

func (g grid) slot(start time.Time) assets.Slot {
	slot := assets.Slot{Value: start.UTC().Format(time.RFC3339), Text: clockOf(start, g.zone)}
	for _, c := range g.chosen {
		slot.Checked = slot.Checked || c == slot.Value
	}
	return slot
}

// most is how many times a day shows at first; a day with more shows those on
// the full hour, and a link leads to every time.
const most = 8

func (g grid) thin(days []assets.SlotDay) []assets.SlotDay {
	for i, d := range days {
		if g.all || len(d.Slots) <= most {
			continue
		}
		var kept []assets.Slot
		for _, s := range d.Slots {
			if s.Checked || strings.Contains(s.Text, ":00 ") {
				kept = append(kept, s)
			}
		}
		if len(kept) > 0 {
			days[i].Slots = kept
		}
	}
	return days
}

// clockOf is the time of day with its zone: "16:00 CST".
func clockOf(t time.Time, zone string) string {
	_, clock, _ := strings.Cut(calendar.Words(t, rules.Zone(zone)), ", ")
	return clock
}

// dayOf is the day of an instant with its zone: "Mon 30 Nov 2026 (CST)".
func dayOf(t time.Time, zone string) string {
	abbrev, _ := t.In(rules.Zone(zone)).Zone()
	return calendar.On(t, rules.Zone(zone)).Words() + " (" + abbrev + ")"
}

// times reads starts from a form; what is no time is left out.
func times(values []string) []time.Time {
	var starts []time.Time
	for _, v := range values {
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			starts = append(starts, t.UTC())
		}
	}
	return starts
}

// named are providers by their ids, with what a client who was referred to them
// may know: their name, their hours and where to meet them.
func (p *Pages) named(ctx context.Context, ids []care.ChartID) (map[care.ChartID]care.Provider, error) {
	charts, err := p.Store.Charts(ctx, care.System, ids, "names")
	known := map[care.ChartID]care.Provider{}
	for _, c := range charts {
		if c.Provider != nil {
			known[c.ID] = care.Provider{
				ID: c.ID, Name: c.Provider.Name, Pronouns: c.Provider.Pronouns, Degree: c.Provider.Degree,
				Hours: c.Provider.Hours, Standing: c.Provider.Standing, SelfSchedule: c.Provider.SelfSchedule,
				Licences: c.Provider.Licences, Credentials: c.Provider.Credentials,
			}
		}
	}
	return known, err
}

// elsewhere warns a client who is in a state where a provider may not see them
// today, before they book; nil: they are not.
func elsewhere(client *care.Client, name string, states []string) *assets.Notice {
	if client == nil || slices.Contains(states, client.State) {
		return nil
	}
	return &assets.Notice{
		Kind: "warn", Title: "You are somewhere else than " + name + " may see people",
		Text:    "You told us that you are in " + stateName(client.State) + ", where " + name + " holds no licence and credential today. A session from there may not be covered, and may not be allowed. If you have moved or come back, say so first.",
		Actions: []assets.Action{{Text: "Say where you are", Href: "/me/details", Style: "outline"}, {Text: "See who can see you there", Href: "/find", Style: "ghost"}},
	}
}

// further are the ways from a page of times to later days, and to every time of
// the days shown. The query is the page's own.
func (g grid) further(path string, q url.Values, from, more time.Time) []assets.Link {
	var links []assets.Link
	if !g.all {
		every := maps.Clone(q)
		every.Set("all", "1")
		if from.After(g.now) {
			every.Set("after", from.UTC().Format(time.RFC3339))
		}
		links = append(links, assets.Link{Href: address(path, every), Text: "Every time of these days", Icon: "clock"})
	}
	if !more.IsZero() {
		later := maps.Clone(q)
		later.Set("after", more.UTC().Format(time.RFC3339))
		links = append(links, assets.Link{Href: address(path, later), Text: "Later days", Icon: "arrow-right"})
	}
	return links
}

// promiseFor is when a first session is due: as the open episode has it, or for
// somebody who asks now.
func (p *Pages) promiseFor(chart *care.Chart, zone string) time.Time {
	if chart != nil {
		if e, ok := p.seeking(chart); ok {
			if d, ok := chart.Deadline(e.Promise); ok {
				return d.Due
			}
		}
	}
	_, clock := p.Store.Programme()
	return clock.Start(care.Deadline{Code: "promise", Starts: p.Now(), Zone: zone}).Due
}

// seeking is the episode that what a client asks now belongs to.
func (p *Pages) seeking(chart *care.Chart) (care.Episode, bool) {
	programme, _ := p.Store.Programme()
	return act.Seeking(chart, programme.Terms, p.Now())
}

// callDue is until when a first call is to take place for somebody who asks now.
func (p *Pages) callDue(zone string) time.Time {
	_, clock := p.Store.Programme()
	return clock.Start(care.Deadline{Code: "consult", Starts: p.Now(), Zone: zone}).Due
}
