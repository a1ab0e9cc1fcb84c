package api

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// hours are a provider's week and how openings are cut from it. Times are those
// of the wall clock in the zone.
type hours struct {
	Zone             string     `json:"zone" maxLength:"64" doc:"IANA time zone, such as America/Chicago"`
	Week             week       `json:"week"`
	Overrides        []override `json:"overrides,omitempty" maxItems:"400" doc:"Days with hours of their own; no spans: closed"`
	Away             []away     `json:"away,omitempty" maxItems:"100"`
	ClosedOnHolidays bool       `json:"closed_on_holidays,omitempty" doc:"Left out: open"`
	BufferMinutes    int        `json:"buffer_minutes,omitempty" minimum:"0" maximum:"1440" doc:"Free around each appointment"`
	NoticeMinutes    int        `json:"notice_minutes,omitempty" minimum:"0" maximum:"86400" doc:"Minimum notice of a booking"`
	ConsultMinutes   int        `json:"consult_minutes,omitempty" minimum:"5" maximum:"480" default:"15"`
	SessionMinutes   int        `json:"session_minutes,omitempty" minimum:"5" maximum:"480" default:"50"`
	MostPerDay       int        `json:"most_per_day,omitempty" minimum:"0" maximum:"100" doc:"Appointments that begin on one date; left out: no such number"`
	SelfSchedule     *bool      `json:"self_schedule,omitempty" doc:"Clients may book an opening without asking; left out: as it is"`
	Link             *string    `json:"link,omitempty" maxLength:"500" doc:"Where visits are joined, https only; left out: as it is"`
}

// week has the spans of each day that is not closed.
type week struct {
	Monday    []span `json:"monday,omitempty" maxItems:"24"`
	Tuesday   []span `json:"tuesday,omitempty" maxItems:"24"`
	Wednesday []span `json:"wednesday,omitempty" maxItems:"24"`
	Thursday  []span `json:"thursday,omitempty" maxItems:"24"`
	Friday    []span `json:"friday,omitempty" maxItems:"24"`
	Saturday  []span `json:"saturday,omitempty" maxItems:"24"`
	Sunday    []span `json:"sunday,omitempty" maxItems:"24"`
}

// days are the week's days by time.Weekday.
func (w *week) days() [7]*[]span {
	return [7]*[]span{&w.Sunday, &w.Monday, &w.Tuesday, &w.Wednesday, &w.Thursday, &w.Friday, &w.Saturday}
}

type span struct {
	From minute `json:"from"`
	To   minute `json:"to"`
}

type override struct {
	Date  calendar.Date `json:"date"`
	Spans []span        `json:"spans" maxItems:"24"`
}

type away struct {
	From calendar.Date `json:"from"`
	To   calendar.Date `json:"to"`
}

// minute is a time of day, written 09:30; 24:00 is the end of the day.
type minute int

const minutePattern = `^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$`

var minuteForm = regexp.MustCompile(minutePattern)

// Schema says how a time of day is written.
func (minute) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: minutePattern, PatternDescription: "a time of day such as 09:30", Description: "A time of day, 00:00 to 24:00"}
}

// MarshalText writes 09:30.
func (m minute) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", m/60, m%60), nil }

// UnmarshalText reads what MarshalText writes.
func (m *minute) UnmarshalText(text []byte) error {
	if !minuteForm.Match(text) {
		return fmt.Errorf("write a time of day as 09:30")
	}
	var h, min int
	if _, err := fmt.Sscanf(string(text), "%02d:%02d", &h, &min); err != nil {
		return fmt.Errorf("write a time of day as 09:30")
	}
	*m = minute(h*60 + min)
	return nil
}

func (a *API) hours(ctx context.Context, _ *struct{}) (hours, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), actor(ctx).Chart, "hours")
	if err != nil {
		return hours{}, err
	}
	return showHours(*chart.Provider), nil
}

type putHours struct {
	Keyed
	Matched
	Body hours
}

func (a *API) putHours(ctx context.Context, in *putHours) (hours, error) {
	own := actor(ctx).Chart
	set := act.SetHours{Provider: own, Hours: in.Body.read(), SelfSchedule: in.Body.SelfSchedule, Link: in.Body.Link}
	now := func(k act.Known) string {
		if chart := k.Chart(own); chart != nil && chart.Provider != nil {
			return tag(showHours(*chart.Provider))
		}
		return ""
	}
	if _, err := a.do(ctx, in.Keyed, ifMatch(in.Matched, set, now)); err != nil {
		return hours{}, err
	}
	return a.hours(ctx, nil)
}

func showHours(p care.Provider) hours {
	h := p.Hours
	shown := hours{
		Zone: h.Zone, ClosedOnHolidays: h.ClosedOnHolidays, BufferMinutes: h.BufferMinutes, NoticeMinutes: h.NoticeMinutes,
		ConsultMinutes: h.ConsultMinutes, SessionMinutes: h.SessionMinutes, MostPerDay: h.MostPerDay, SelfSchedule: &p.SelfSchedule, Link: &p.Link,
		Away: each(h.Away, func(d calendar.DateSpan) away { return away(d) }),
	}
	for day, spans := range shown.Week.days() {
		*spans = each(h.Week[time.Weekday(day)], showSpan)
	}
	for date, spans := range h.Extra {
		shown.Overrides = append(shown.Overrides, override{date, each(spans, showSpan)})
	}
	order.By(shown.Overrides, func(x, y override) int { return strings.Compare(x.Date.String(), y.Date.String()) })
	return shown
}

func (h hours) read() calendar.Hours {
	set := calendar.Hours{
		Zone: h.Zone, ClosedOnHolidays: h.ClosedOnHolidays, BufferMinutes: h.BufferMinutes, NoticeMinutes: h.NoticeMinutes,
		ConsultMinutes: h.ConsultMinutes, SessionMinutes: h.SessionMinutes, MostPerDay: h.MostPerDay,
		Away: each(h.Away, func(d away) calendar.DateSpan { return calendar.DateSpan(d) }),
	}
	for day, spans := range h.Week.days() {
		set.Week[day] = each(*spans, readSpan)
	}
	for _, o := range h.Overrides {
		if set.Extra == nil {
			set.Extra = map[calendar.Date][]calendar.Span{}
		}
		set.Extra[o.Date] = each(o.Spans, readSpan)
	}
	return set
}

func showSpan(s calendar.Span) span { return span{minute(s.From), minute(s.To)} }
func readSpan(s span) calendar.Span { return calendar.Span{From: int(s.From), To: int(s.To)} }
