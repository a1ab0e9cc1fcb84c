package calendar

import (
	"cmp"
	"slices"
	"time"
)

// Slot is a time from its start up to its end, which it does not include.
type Slot struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Openings returns the times of the given length that the hours leave open and that start at from or later and
// before to, in order, at most limit of them (all, if limit is 0 or less). Starts lie on a grid from each span's
// own start: every 15 minutes for lengths up to 15 minutes, every 30 for longer ones. A slot may run on over
// midnight into a span that follows without a break. A start that a clock change leaves out is never offered,
// one that comes twice is offered once, the first time. Slots keep the notice after now, and the buffer to
// everything busy, which may be in any order. The hours must be Valid; an unknown zone has no openings.
func (c Calendar) Openings(h Hours, minutes int, busy []Slot, now, from, to time.Time, limit int) []Slot {
	zone, err := Zone(h.Zone)
	if err != nil || minutes <= 0 {
		return nil
	}
	s := search{
		length: int64(minutes) * 60,
		grid:   grid(minutes),
		buffer: int64(h.BufferMinutes) * 60,
		from:   max(second(from), second(now)+int64(h.NoticeMinutes)*60),
		to:     second(to),
		limit:  limit,
		busy:   inOrder(busy),
	}
	if s.from >= s.to {
		return nil
	}
	first, days := On(time.Unix(s.from, 0), zone), walk{calendar: c, hours: &h, zone: zone}
	for days.begin(first); days.today.starts < s.to && !s.full(); days.next() {
		if h.MostPerDay == 0 || taken(busy, days.today.starts, days.tomorrow.starts) < h.MostPerDay {
			s.offer(&days)
		}
	}
	return s.found
}

// taken is how many appointments begin from one instant up to another.
func taken(busy []Slot, from, to int64) int {
	n := 0
	for i := range busy {
		if start := busy[i].Start.Unix(); from <= start && start < to {
			n++
		}
	}
	return n
}

// grid is the distance in minutes between the starts that are offered.
func grid(minutes int) int {
	if minutes <= 15 {
		return 15
	}
	return 30
}

// second is the first whole second that is not before the instant.
func second(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

func inOrder(busy []Slot) []Slot {
	byStart := func(a, b Slot) int { return cmp.Compare(a.Start.Unix(), b.Start.Unix()) }
	if slices.IsSortedFunc(busy, byStart) {
		return busy
	}
	busy = slices.Clone(busy)
	slices.SortFunc(busy, byStart)
	return busy
}

// walk goes through the dates of the hours, one day and the day after it at a time.
type walk struct {
	calendar        Calendar
	hours           *Hours
	zone            *time.Location
	today, tomorrow day
}

// day is a date with its open spans and its first instant. A day of another length than 24 hours has a clock
// change in it, or is not yet known to have none, and its minutes must each be looked up.
type day struct {
	date   Date
	starts int64
	spans  []Span
	plain  bool
}

func (w *walk) begin(d Date) {
	w.tomorrow = w.read(d, dayStart(d, w.zone).Unix())
	w.next()
}

func (w *walk) next() {
	w.today = w.tomorrow
	date := w.today.date.AddDays(1)
	starts := dayStart(date, w.zone).Unix()
	w.today.plain = starts-w.today.starts == secondsPerDay
	w.tomorrow = w.read(date, starts)
}

func (w *walk) read(d Date, starts int64) day {
	return day{date: d, starts: starts, spans: w.calendar.spans(w.hours, d)}
}

// at returns the instant of a minute of the day, and whether the wall ever shows it.
func (d *day) at(minute int, zone *time.Location) (unix int64, exists bool) {
	if d.plain {
		return d.starts + int64(minute)*60, true
	}
	wall := d.date.midnight().Unix() + int64(minute)*60
	t := atWall(wall, zone)
	return t.Unix(), onWall(t, zone) == wall
}

// reach returns the instant until which it stays open without a break from the ith span of today.
func (w *walk) reach(i int) int64 {
	minute := follow(w.today.spans[i:], w.today.spans[i].From)
	until, _ := w.today.at(minute, w.zone)
	if minute < minutesPerDay {
		return until
	}
	if minute = follow(w.tomorrow.spans, 0); minute > 0 {
		until, _ = w.tomorrow.at(minute, w.zone)
	}
	return until
}

// follow returns the minute until which spans go on from the given one without a break.
func follow(spans []Span, minute int) int {
	for _, s := range spans {
		if s.From != minute {
			break
		}
		minute = s.To
	}
	return minute
}

// search holds what a slot must satisfy, in Unix seconds, and those found so far.
type search struct {
	length, buffer, from, to int64
	grid, limit              int
	busy                     []Slot
	found                    []Slot
}

func (s *search) full() bool { return s.limit > 0 && len(s.found) >= s.limit }

// offer adds the slots that start today.
func (s *search) offer(w *walk) {
	for i, span := range w.today.spans {
		until := w.reach(i)
		for minute := span.From; minute < span.To && !s.full(); minute += s.grid {
			start, exists := w.today.at(minute, w.zone)
			if start+s.length > until || start >= s.to {
				break
			}
			if exists && start >= s.from && s.free(start) {
				s.found = append(s.found, Slot{time.Unix(start, 0).UTC(), time.Unix(start+s.length, 0).UTC()})
			}
		}
	}
}

// free says whether nothing busy lies within the buffer around a slot. Starts only grow, so what ended before
// one of them is let go for good.
func (s *search) free(start int64) bool {
	for len(s.busy) > 0 && second(s.busy[0].End)+s.buffer <= start {
		s.busy = s.busy[1:]
	}
	for i := range s.busy {
		if s.busy[i].Start.Unix() >= start+s.length+s.buffer {
			return true
		}
		if second(s.busy[i].End)+s.buffer > start {
			return false
		}
	}
	return true
}
