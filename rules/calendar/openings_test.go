package calendar_test

import (
	"slices"
	"testing"
	"time"

	"careconnect/rules/calendar"

	"pgregory.net/rapid"
)

// TestOpeningsAreExactlyWhatASlowSearchFinds compares them with a search that walks through every minute, around
// clock changes as often as not.
func TestOpeningsAreExactlyWhatASlowSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, h := anyZone(t), anyHours(t)
		h.Zone = zone.String()
		if err := h.Valid(); err != nil {
			t.Fatal(err)
		}
		from := anyInstant(t, "from")
		if _, change := from.In(zone).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "at a change") {
			from = change.UTC().Add(-anyDuration(t, 36*time.Hour))
		}
		to := from.Add(anyDuration(t, 60*time.Hour))
		now := from.Add(anyDuration(t, 48*time.Hour) - 24*time.Hour)
		for d := calendar.On(from, zone); rapid.IntRange(0, 3).Draw(t, "exception") == 0; d = d.AddDays(1) {
			if rapid.Bool().Draw(t, "away") {
				h.Away = append(h.Away, calendar.DateSpan{From: d, To: d})
				continue
			}
			h.Extra = map[calendar.Date][]calendar.Span{d: anySpans(t)}
		}
		var busy []calendar.Slot
		for range rapid.IntRange(0, 6).Draw(t, "busy") {
			start := from.Add(anyDuration(t, 60*time.Hour) - 6*time.Hour)
			busy = append(busy, calendar.Slot{Start: start, End: start.Add(anyDuration(t, 8*time.Hour))})
		}
		minutes := rapid.SampledFrom([]int{5, 15, 20, 50, 60, 110, 480}).Draw(t, "minutes")
		given := slices.Clone(busy)
		got := own.Openings(h, minutes, busy, now, from, to, 0)
		if !slices.Equal(given, busy) {
			t.Fatal("what was busy has been moved about")
		}
		want := slowly(h, zone, minutes, busy, now, from, to)
		if !slices.Equal(got, want) {
			t.Fatalf("want %v\ngot  %v", want, got)
		}
		if limit := rapid.IntRange(1, 10).Draw(t, "limit"); !slices.Equal(own.Openings(h, minutes, busy, now, from, to, limit), want[:min(limit, len(want))]) {
			t.Fatal("a limit cuts short, and does nothing else")
		}
	})
}

// slowly tries every minute from from to to, against the words of the promise one after the other.
func slowly(h calendar.Hours, zone *time.Location, minutes int, busy []calendar.Slot, now, from, to time.Time) []calendar.Slot {
	grid, length := 30, time.Duration(minutes)*time.Minute
	if minutes <= 15 {
		grid = 15
	}
	open := openSpans(h, zone, from, to)
	buffer, notice := time.Duration(h.BufferMinutes)*time.Minute, time.Duration(h.NoticeMinutes)*time.Minute
	var found []calendar.Slot
	for start := from; start.Before(to); start = start.Add(time.Minute) {
		local, d := start.In(zone), calendar.On(start, zone)
		minute, end := local.Hour()*60+local.Minute(), start.Add(length)
		onGrid := slices.ContainsFunc(openOn(h, d), func(s calendar.Span) bool {
			return s.From <= minute && minute < s.To && (minute-s.From)%grid == 0
		})
		first := calendar.At(d, local.Hour(), local.Minute(), zone).Equal(start)
		inside := slices.ContainsFunc(open, func(s calendar.Slot) bool { return !start.Before(s.Start) && !end.After(s.End) })
		taken := slices.ContainsFunc(busy, func(b calendar.Slot) bool {
			return b.Start.Before(end.Add(buffer)) && b.End.Add(buffer).After(start)
		})
		full := h.MostPerDay > 0 && beginOn(busy, d, zone) >= h.MostPerDay
		if !full && onGrid && first && inside && !taken && !start.Before(now.Add(notice)) {
			found = append(found, calendar.Slot{Start: start, End: end})
		}
	}
	return found
}

func beginOn(busy []calendar.Slot, d calendar.Date, zone *time.Location) int {
	n := 0
	for _, b := range busy {
		if calendar.On(b.Start, zone) == d {
			n++
		}
	}
	return n
}

// openSpans are the stretches of time that are open, spans that touch on the wall as one.
func openSpans(h calendar.Hours, zone *time.Location, from, to time.Time) (open []calendar.Slot) {
	touches := false
	for d := calendar.On(from, zone).AddDays(-1); !calendar.On(to, zone).AddDays(2).Before(d); d = d.AddDays(1) {
		last := 0
		for _, s := range openOn(h, d) {
			start, end := calendar.At(d, 0, s.From, zone), calendar.At(d, 0, s.To, zone)
			if touches && s.From == last {
				open[len(open)-1].End = end
			} else {
				open = append(open, calendar.Slot{Start: start, End: end})
			}
			touches, last = true, s.To
		}
		touches = last == 24*60
	}
	return open
}

func openOn(h calendar.Hours, d calendar.Date) []calendar.Span {
	if spans, set := h.Extra[d]; set {
		return spans
	}
	if slices.ContainsFunc(h.Away, func(s calendar.DateSpan) bool { return s.Covers(d) }) {
		return nil
	}
	if _, is := own.Holiday(d); is && h.ClosedOnHolidays {
		return nil
	}
	return h.Week[d.Weekday()]
}

func anyHours(t *rapid.T) (h calendar.Hours) {
	for i := range h.Week {
		h.Week[i] = anySpans(t)
	}
	h.ClosedOnHolidays = rapid.Bool().Draw(t, "closed")
	h.BufferMinutes = rapid.SampledFrom([]int{0, 0, 5, 10, 60}).Draw(t, "buffer")
	h.NoticeMinutes = rapid.SampledFrom([]int{0, 0, 60, 1440}).Draw(t, "notice")
	h.ConsultMinutes, h.SessionMinutes = 15, 50
	h.MostPerDay = rapid.SampledFrom([]int{0, 0, 1, 2, 4}).Draw(t, "most")
	return h
}

func anySpans(t *rapid.T) (open []calendar.Span) {
	if rapid.IntRange(0, 4).Draw(t, "all day") == 0 {
		return []calendar.Span{{From: 0, To: 24 * 60}}
	}
	at := 0
	for range rapid.IntRange(0, 4).Draw(t, "spans") {
		from := at + rapid.SampledFrom([]int{0, 30, 45, 60, 190}).Draw(t, "gap")
		to := from + rapid.SampledFrom([]int{10, 50, 60, 120, 400}).Draw(t, "length")
		if to > 24*60 {
			break
		}
		open, at = append(open, calendar.Span{From: from, To: to}), to
	}
	return open
}

func TestHoursNameEveryProblem(t *testing.T) {
	h := calendar.Hours{
		Zone:           "America/Nowhere",
		Away:           []calendar.DateSpan{{From: calendar.Date{Year: 2026, Month: 5, Day: 2}, To: calendar.Date{Year: 2026, Month: 5, Day: 1}}},
		Extra:          map[calendar.Date][]calendar.Span{{Year: 2026, Month: 5, Day: 3}: {{From: 60, To: 60}}},
		BufferMinutes:  -1,
		NoticeMinutes:  -1,
		SessionMinutes: 481,
		MostPerDay:     101,
	}
	h.Week[time.Monday] = []calendar.Span{{From: 540, To: 720}, {From: 700, To: 800}, {From: 1400, To: 1441}}
	err, many := h.Valid().(interface{ Unwrap() []error })
	if !many || len(err.Unwrap()) != 10 {
		t.Errorf("want ten problems, got %v", h.Valid())
	}
	if found := calendar.New().Openings(h, 30, nil, time.Unix(0, 0), time.Unix(0, 0), time.Unix(1e6, 0), 1); found != nil {
		t.Error("an unknown zone has openings")
	}
}

func BenchmarkOpeningsOfAWeek(b *testing.B) {
	h := calendar.Hours{Zone: "America/Chicago", BufferMinutes: 10, NoticeMinutes: 120, ClosedOnHolidays: true}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []calendar.Span{{From: 540, To: 720}, {From: 780, To: 1020}}
	}
	from := time.Date(2026, 12, 7, 6, 0, 0, 0, time.UTC)
	var busy []calendar.Slot
	for day := range 5 {
		for _, hour := range []int{15, 17, 21} {
			start := from.AddDate(0, 0, day).Add(time.Duration(hour-6) * time.Hour)
			busy = append(busy, calendar.Slot{Start: start, End: start.Add(50 * time.Minute)})
		}
	}
	to, c := from.AddDate(0, 0, 7), calendar.New()
	b.ReportAllocs()
	for b.Loop() {
		if len(c.Openings(h, 50, busy, from, from, to, 0)) == 0 {
			b.Fatal("no openings")
		}
	}
}
