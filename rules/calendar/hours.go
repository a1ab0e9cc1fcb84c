package calendar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Hours is when a provider takes appointments: a week that repeats, on the wall clock of the provider's zone,
// and the exceptions to it. An Extra date has exactly the spans it names, none included, whatever else is said;
// otherwise nothing opens while the provider is away, nor on holidays if they are kept. Notice is how long
// before its start an appointment must be taken, buffer how long stays free around each one. On a date that has as
// many appointments as there may be, nothing more opens.
type Hours struct {
	Zone             string          `json:"zone"`
	Week             [7][]Span       `json:"week"` // by time.Weekday, Sunday first
	Away             []DateSpan      `json:"away,omitempty"`
	Extra            map[Date][]Span `json:"extra,omitempty"`
	ClosedOnHolidays bool            `json:"closed_on_holidays"`
	BufferMinutes    int             `json:"buffer_minutes"`
	NoticeMinutes    int             `json:"notice_minutes"`
	ConsultMinutes   int             `json:"consult_minutes"`
	SessionMinutes   int             `json:"session_minutes"`
	MostPerDay       int             `json:"most_per_day,omitempty"` // appointments that begin on one date; 0: no such number
}

// Span is a part of a day in minutes on the wall clock, from 0 up to 1440, the end not included.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// DateSpan is a run of dates, both ends included.
type DateSpan struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Covers says whether the date lies in the run.
func (s DateSpan) Covers(d Date) bool { return !d.Before(s.From) && !s.To.Before(d) }

const minutesPerDay = 24 * 60

// Valid returns nil, or an error that joins every problem with the hours: an unknown zone, spans that leave the
// day, overlap or are out of order, dates the wrong way round, lengths outside 5 to 480 minutes.
func (h Hours) Valid() error {
	_, err := Zone(h.Zone)
	problems := []error{err}
	for day, spans := range h.Week {
		problems = append(problems, validSpans(time.Weekday(day).String(), spans)...)
	}
	for _, day := range slices.SortedFunc(maps.Keys(h.Extra), compareDates) {
		problems = append(problems, validSpans(day.String(), h.Extra[day])...)
	}
	for _, away := range h.Away {
		if away.From.IsZero() || away.To.Before(away.From) {
			problems = append(problems, fmt.Errorf("away from %q to %q: give a first day and a last day that is not before it", away.From, away.To))
		}
	}
	for _, m := range []struct {
		name        string
		value       int
		least, most int
	}{
		{"buffer", h.BufferMinutes, 0, minutesPerDay},
		{"notice", h.NoticeMinutes, 0, 60 * minutesPerDay},
		{"consultation length", h.ConsultMinutes, 5, 480},
		{"session length", h.SessionMinutes, 5, 480},
	} {
		if m.value < m.least || m.value > m.most {
			problems = append(problems, fmt.Errorf("%s is %d minutes: give %d to %d", m.name, m.value, m.least, m.most))
		}
	}
	if h.MostPerDay < 0 || h.MostPerDay > 100 {
		problems = append(problems, fmt.Errorf("at most %d appointments a day: give 1 to 100, or 0 for no such number", h.MostPerDay))
	}
	return errors.Join(problems...)
}

func validSpans(day string, spans []Span) (problems []error) {
	free := 0
	for _, s := range spans {
		switch {
		case s.From < 0 || s.To > minutesPerDay || s.From >= s.To:
			problems = append(problems, fmt.Errorf("%s from minute %d to %d: a span ends after it starts, within 0 to 1440", day, s.From, s.To))
		case s.From < free:
			problems = append(problems, fmt.Errorf("%s from minute %d: a span starts when the one before has ended, at minute %d or later", day, s.From, free))
		}
		free = max(free, s.To)
	}
	return problems
}

func compareDates(a, b Date) int { return b.Until(a) }

// spans returns the parts of the date that are open.
func (c Calendar) spans(h *Hours, d Date) []Span {
	if spans, set := h.Extra[d]; set {
		return spans
	}
	for _, away := range h.Away {
		if away.Covers(d) {
			return nil
		}
	}
	spans := h.Week[d.Weekday()]
	if len(spans) == 0 || !h.ClosedOnHolidays {
		return spans
	}
	if _, is := c.Holiday(d); is {
		return nil
	}
	return spans
}
