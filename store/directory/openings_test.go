package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC)
}

// TestNextOpenings follows one provider through a day: nine to five in New York is 14:00 to 22:00 UTC.
func TestNextOpenings(t *testing.T) {
	p := provider("p1")
	p.Hours.NoticeMinutes, p.Hours.BufferMinutes = 60, 10
	x := index(1, p)
	see := func(what string, now, consult, session time.Time) {
		t.Helper()
		card, _ := x.Provider("p1", now)
		if !card.NextConsultation.Equal(consult) || !card.FirstSession.Equal(session) {
			t.Errorf("%s: consultation %v, session %v; want %v, %v", what, card.NextConsultation, card.FirstSession, consult, session)
		}
	}
	see("at eleven", at(20, 16, 0), at(20, 17, 0), at(20, 17, 30))
	see("a second on", at(20, 16, 0).Add(time.Nanosecond), at(20, 17, 15), at(20, 18, 0))
	x.Busy("p1", "ap1", calendar.Slot{Start: at(20, 17, 0), End: at(20, 18, 0)})
	see("busy for an hour, and its buffer", at(20, 16, 0), at(20, 18, 15), at(20, 19, 0))
	x.Busy("p1", "ap1", calendar.Slot{Start: at(20, 17, 0), End: at(20, 18, 0)})
	x.Busy("p1", "ap1", calendar.Slot{Start: at(20, 17, 0), End: at(20, 17, 30)})
	see("the same entry, moved", at(20, 16, 0), at(20, 17, 45), at(20, 18, 30))
	x.Free("p1", "ap1")
	x.Free("p1", "never there")
	see("free again", at(20, 16, 0), at(20, 17, 0), at(20, 17, 30))
	see("Friday evening", at(20, 22, 0), at(23, 14, 0), at(23, 14, 30))
	p.Hours.SessionMinutes = 480
	x.Put(p)
	see("whole days only", at(20, 16, 0), at(20, 17, 0), at(23, 14, 0))
	p.Hours.Away = []calendar.DateSpan{{From: calendar.Date{Year: 2026, Month: 11, Day: 1}, To: calendar.Date{Year: 2027, Month: 6, Day: 1}}}
	x.Put(p)
	see("away for long", at(20, 16, 0), time.Time{}, time.Time{})
	p.Hours.ClosedOnHolidays, p.Hours.Away, p.Hours.SessionMinutes = true, nil, 50
	x.Put(p)
	x.Rules(calendar.New(calendar.Holiday{Date: calendar.Date{Year: 2026, Month: 11, Day: 20}, Name: "Founders' Day"}), terms())
	see("closed on a holiday of the instance", at(20, 16, 0), at(23, 14, 0), at(23, 14, 30))
}

// TestOpeningsAreNeverStale: however time goes on and bookings come and go, an index that has answered before
// says the same as one that is asked for the first time.
func TestOpeningsAreNeverStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := provider("p1")
		p.Hours.NoticeMinutes = rapid.SampledFrom([]int{0, 30, 2880}).Draw(t, "notice")
		p.Hours.BufferMinutes = rapid.SampledFrom([]int{0, 15}).Draw(t, "buffer")
		p.Hours.SessionMinutes = rapid.SampledFrom([]int{50, 480, 475}).Draw(t, "session")
		if rapid.Bool().Draw(t, "away") {
			p.Hours.Away = []calendar.DateSpan{{From: calendar.Date{Year: 2026, Month: 11, Day: 22}, To: calendar.Date{Year: 2027, Month: 2, Day: rapid.IntRange(15, 22).Draw(t, "back")}}}
		}
		x, booked, moment := index(1, p), map[string]calendar.Slot{}, now
		for range 30 {
			entry := fmt.Sprint("ap", rapid.IntRange(0, 5).Draw(t, "entry"))
			switch rapid.IntRange(0, 3).Draw(t, "do") {
			case 0:
				start := moment.Truncate(time.Hour).Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "in hours")) * time.Hour)
				booked[entry] = calendar.Slot{Start: start, End: start.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute)}
				x.Busy(p.ID, entry, booked[entry])
			case 1:
				delete(booked, entry)
				x.Free(p.ID, entry)
			default:
				moment = moment.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "seconds")) * time.Second)
			}
			fresh := index(1)
			for entry, s := range booked { // before the record
				fresh.Busy(p.ID, entry, s)
			}
			fresh.Put(p)
			got, _ := x.Provider(p.ID, moment)
			want, _ := fresh.Provider(p.ID, moment)
			if got.NextConsultation != want.NextConsultation || got.FirstSession != want.FirstSession || got.MeetsPromise != want.MeetsPromise {
				t.Fatalf("at %v: %v and %v, afresh %v and %v", moment, got.NextConsultation, got.FirstSession, want.NextConsultation, want.FirstSession)
			}
			consult, _ := fresh.Openings(p.ID, care.Consultation, moment, moment, moment.AddDate(0, 0, 90), 1)
			if len(consult) > 0 && !consult[0].Start.Equal(got.NextConsultation) {
				t.Fatalf("the first opening is %v, the card says %v", consult[0].Start, got.NextConsultation)
			}
		}
	})
}

// TestPromise: Friday's promise of five business days, over Thanksgiving, is due at the end of Monday the 30th.
func TestPromise(t *testing.T) {
	back := func(id string, day int) care.Provider {
		p := provider(id)
		p.Hours.ClosedOnHolidays = true
		p.Hours.Away = []calendar.DateSpan{{From: calendar.Date{Year: 2026, Month: 11, Day: 1}, To: calendar.Date{Year: 2026, Month: 11, Day: 30}.AddDays(day - 31)}}
		return p
	}
	never := provider("never")
	never.Hours.SessionMinutes = 481 // longer than any of the days
	x := index(1, provider("soon"), back("last-day", 30), back("too-late", 31), never)
	page := search(t, x, directory.Query{State: "NY", Promise: true, Zone: "America/Chicago"}, now)
	if want := time.Date(2026, 12, 1, 5, 59, 59, 0, time.UTC); !page.PromiseDue.Equal(want) {
		t.Errorf("due %v, want %v", page.PromiseDue, want)
	}
	found := ids(page)
	slices.Sort(found)
	if !slices.Equal(found, []care.ChartID{"last-day", "soon"}) || page.Total != 2 || !page.Items[0].MeetsPromise {
		t.Errorf("in time: %v", found)
	}
	for _, c := range search(t, x, directory.Query{State: "NY", Zone: "America/Chicago"}, now).Items {
		if c.MeetsPromise != slices.Contains(found, c.ID) {
			t.Errorf("%s is marked %t", c.ID, c.MeetsPromise)
		}
	}
	earlier := directory.Query{State: "NY", Promise: true, Zone: "America/Chicago", SoughtAt: now.AddDate(0, 0, -3)}
	if page := search(t, x, earlier, now); page.Total != 1 || page.Items[0].ID != "soon" {
		t.Errorf("who sought care on Tuesday is shown %v before %v", ids(page), page.PromiseDue)
	}
}

func TestOpenings(t *testing.T) {
	p := provider("p1")
	paused := provider("p2")
	paused.Standing = care.Paused
	x := index(1, p, paused)
	x.Busy("p1", "ap1", calendar.Slot{Start: at(20, 18, 0), End: at(20, 19, 0)})
	slots, ok := x.Openings("p1", care.Session, now, at(20, 17, 0), at(20, 20, 0), 10)
	want := []time.Time{at(20, 17, 0), at(20, 19, 0), at(20, 19, 30)}
	var got []time.Time
	for _, s := range slots {
		got = append(got, s.Start)
	}
	if !ok || !slices.Equal(got, want) {
		t.Errorf("sessions at %v, want %v", got, want)
	}
	if slots, _ := x.Openings("p1", care.Consultation, now, now, now.AddDate(9, 0, 0), 0); len(slots) != 1000 {
		t.Errorf("%d openings without a limit", len(slots))
	}
	if slots, _ := x.Openings("p1", care.Consultation, now, now, now.AddDate(0, 0, 30), 3); len(slots) != 3 {
		t.Errorf("%d openings of 3", len(slots))
	}
	for id, kind := range map[care.ChartID]care.AppointmentType{"p2": care.Session, "p3": care.Session, "p1": "other"} {
		if _, ok := x.Openings(id, kind, now, now, now.AddDate(0, 0, 7), 5); ok {
			t.Errorf("%s %s has openings", id, kind)
		}
	}
}

func TestMatch(t *testing.T) {
	with := func(id, specialty, language string) care.Provider {
		p := provider(id)
		p.Specialties, p.Languages = []string{specialty}, []string{language}
		return p
	}
	late := with("late", "anxiety", "es")
	late.Hours.NoticeMinutes = 14 * 24 * 60
	away := with("paused", "anxiety", "es")
	away.Standing = care.Paused
	elsewhere := with("elsewhere", "anxiety", "es")
	elsewhere.Licences[0].State, elsewhere.Credentials[0].State = "CA", "CA"
	x := index(1, late, away, elsewhere, with("declined", "anxiety", "es"),
		with("neither", "grief", "en"), with("concern", "anxiety", "en"), with("language", "grief", "es"), with("both", "Anxiety", "ES"))
	m := act.Match{
		State: "NY", Concerns: []string{"sleep", "anxiety"}, Language: "es", By: now.AddDate(0, 0, 7),
		Not: []care.ChartID{"declined", "unknown"}, Most: 9,
	}
	if got, want := x.Match(m, now), []care.ChartID{"both", "language", "concern", "neither"}; !slices.Equal(got, want) {
		t.Errorf("matched %v, want %v", got, want)
	}
	m.Most = 2
	if got, want := x.Match(m, now), []care.ChartID{"both", "language"}; !slices.Equal(got, want) {
		t.Errorf("matched %v, want %v", got, want)
	}
	m.By = now.Add(time.Minute)
	if got := x.Match(m, now); len(got) != 0 {
		t.Errorf("%v have openings within a minute", got)
	}
	large := index(1, many(3000)...)
	m = act.Match{State: "TX", Concerns: []string{"sleep"}, Language: "fr", By: now.AddDate(0, 0, 10), Most: 400}
	got := large.Match(m, now)
	if again := large.Match(m, now); len(got) != 400 || !slices.Equal(got, again) {
		t.Errorf("%d matched, then %d", len(got), len(again))
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != len(got) {
		t.Error("somebody is matched twice")
	}
}
