package rules_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// sought is when each of the episodes of these tests begins: a Monday at noon in
// Chicago.
var sought = time.Date(2026, 10, 5, 17, 0, 0, 0, time.UTC)

var q4 = rules.Quarter{Year: 2026, N: 4}

func clockOf() rules.Clock {
	return rules.Clock{Terms: []care.Terms{rules.DefaultTerms(sought.AddDate(-1, 0, 0))}, Calendar: calendar.New()}
}

// story is one client's seeking care, by how many hours after it began each thing
// happened; 0: it did not.
type story struct {
	answered, booked, attended time.Duration
	result                     care.PromiseResult
	baseline, followUp         int // PHQ-9 totals; -1: none
	owed                       care.DeadlineState
}

func (s story) chart(n int) *care.Chart {
	id := care.ChartID(fmt.Sprintf("cl_%02d", n))
	e := care.Episode{ID: "ep_1", Client: id, SoughtAt: sought, Zone: "America/Chicago", Result: s.result, Promise: "dl_promise"}
	r := care.Referral{ID: "rf_1", Episode: e.ID, Client: id, SubmittedAt: sought}
	c := &care.Chart{ID: id, Of: care.OfClient}
	if s.answered > 0 {
		r.AnsweredAt = sought.Add(s.answered)
	}
	c.Add(r)
	if s.booked > 0 {
		c.Add(care.Appointment{ID: "ap_1", Episode: e.ID, Type: care.Consultation, BookedAt: sought.Add(s.booked)})
		c.Add(care.Appointment{ID: "ap_2", Episode: e.ID, Type: care.Consultation, BookedAt: sought.Add(s.booked + time.Hour)}) // moved later
	}
	if s.attended > 0 {
		e.First, e.FirstAt = "ap_3", sought.Add(s.attended)
		c.Add(care.Appointment{ID: "ap_3", Episode: e.ID, Type: care.Session, Start: e.FirstAt, BookedAt: sought.Add(s.booked + 2*time.Hour), Status: care.Attended})
	}
	c.Add(care.Deadline{ID: "dl_promise", Code: "promise", Subject: string(e.ID), Due: sought.AddDate(0, 0, 7)})
	if s.owed != "" {
		e.FollowUp = "dl_follow"
		c.Add(care.Deadline{ID: "dl_follow", Code: "follow_up", Subject: string(e.ID), State: s.owed, SettleAt: sought.AddDate(0, 0, 40)})
	}
	elevated := s.baseline >= 10
	for id, total := range map[care.ScreeningID]int{"sc_1": s.baseline, "sc_2": s.followUp} {
		if total >= 0 {
			sc := care.Screening{ID: id, Episode: e.ID, Instrument: "phq-9", Purpose: care.Baseline, Status: care.ScreeningCompleted, Total: &total, Elevated: &elevated, SubmittedAt: sought.AddDate(0, 0, 1)}
			if id == "sc_2" {
				sc.Purpose, sc.SubmittedAt = care.FollowUp, sought.AddDate(0, 0, 40)
			}
			c.Add(sc)
		}
	}
	c.Add(e)
	return c
}

func measured(t *testing.T, in rules.Quarter, stories []story) care.Measures {
	t.Helper()
	m := rules.Measure(clockOf(), care.Span{From: in.From(), To: in.To()})
	for i, s := range stories {
		chart := s.chart(i)
		m.Add(chart, chart.Episodes[0])
	}
	return m.Measures("")
}

// hour makes the examples read as hours.
const hour = time.Hour

// twelve are twelve people whose times are known.
var twelve = []story{
	{answered: 1 * hour, booked: 3 * hour, attended: 24 * hour, result: care.Kept, baseline: 18, followUp: 8, owed: care.Met},
	{answered: 2 * hour, booked: 6 * hour, attended: 26 * hour, result: care.Kept, baseline: 20, followUp: 4, owed: care.Met},
	{answered: 3 * hour, booked: 9 * hour, attended: 48 * hour, result: care.Kept, baseline: 12, followUp: 11, owed: care.Met},
	{answered: 4 * hour, booked: 12 * hour, attended: 50 * hour, result: care.Kept, baseline: 10, followUp: 5, owed: care.Met},
	{answered: 5 * hour, booked: 15 * hour, attended: 72 * hour, result: care.Kept, baseline: 14, followUp: -1, owed: care.Missed},
	{answered: 6 * hour, booked: 18 * hour, attended: 74 * hour, result: care.Kept, baseline: 3, followUp: -1},
	{answered: 7 * hour, booked: 21 * hour, attended: 96 * hour, result: care.KeptOffered, baseline: 4, followUp: 6, owed: care.Met},
	{answered: 8 * hour, booked: 24 * hour, attended: 98 * hour, result: care.Kept, baseline: -1, followUp: -1},
	{answered: 9 * hour, booked: 27 * hour, attended: 120 * hour, result: care.Broken, baseline: 11, followUp: -1, owed: care.Stopped},
	{answered: 10 * hour, booked: 30 * hour, result: care.Broken, baseline: -1, followUp: -1},
	{answered: 40 * hour, result: care.PromiseDropped, baseline: -1, followUp: -1},
	{result: care.NotApplicable, baseline: -1, followUp: -1},
}

// R2: twelve episodes with known times give exactly these medians.
func TestR2TwelveEpisodes(t *testing.T) {
	m := measured(t, q4, twelve)
	if m.Sought != 12 || m.People != 12 {
		t.Errorf("%d episodes of %d people", m.Sought, m.People)
	}
	for i, want := range []care.Spread{
		{Code: "response", N: 11, People: 11, Median: 6 * 3600, P90: 10 * 3600},             // the sixth of eleven; the tenth
		{Code: "consult_booked", N: 10, People: 10, Median: 16*3600 + 1800, P90: 27 * 3600}, // between 15 and 18 hours; the ninth
		{Code: "first_session", N: 9, People: 9, Median: 72 * 3600, P90: 120 * 3600},        // the fifth of nine; the ninth
	} {
		if got := m.Speeds[i]; got != want {
			t.Errorf("%s: %+v, want %+v", want.Code, got, want)
		}
	}
	for i, want := range []care.Share{
		{Code: "promise_kept", Is: 8, Of: 10, People: 8, Others: 2},
		{Code: "follow_up_done", Is: 5, Of: 6, People: 5, Others: 1},
	} {
		if got := m.Shares[i]; got != want {
			t.Errorf("%s: %+v, want %+v", want.Code, got, want)
		}
	}
	// −10, −16, −1, −5 and +2; of four whose baseline was elevated three fell by half,
	// and one is below five.
	want := care.Moved{Instrument: "phq-9", N: 5, People: 5, Median: -5,
		Response: care.Share{Code: "response_phq-9", Is: 3, Of: 4, People: 3, Others: 1}, Remission: care.Share{Code: "remission_phq-9", Is: 1, Of: 4, People: 1, Others: 3}}
	if got := m.Changes[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if empty := m.Changes[1]; empty.N != 0 || empty.Median != 0 {
		t.Errorf("nobody answered the GAD-7: %+v", empty)
	}
}

// R2: what is measured counts in the quarter in which it came to its end, and a
// self-booked call or a visit that was recorded late says nothing.
func TestR2WhatCountsWhere(t *testing.T) {
	if m := measured(t, q4.Next(), twelve); m.Sought != 0 || m.Speeds[0].N != 0 || m.Shares[0].Of != 0 || m.Changes[0].N != 0 {
		t.Errorf("the next quarter counts what is not its own: %+v", m)
	}
	c := twelve[0].chart(1)
	r := c.Referrals[0]
	r.SelfBooked = true
	c.Add(r)
	ap, _ := c.Appointment("ap_3")
	ap.Recorded = "we met elsewhere"
	c.Add(ap)
	e := c.Episodes[0]
	late := e
	late.SoughtAt = q4.To().Add(-time.Second)
	other := e
	other.ID, other.SoughtAt = "ep_2", q4.To()
	m := rules.Measure(clockOf(), care.Span{From: q4.From(), To: q4.To()})
	m.Add(c, e)
	m.Add(c, late)
	m.Add(c, other)
	if got := m.Measures(""); got.Sought != 2 || got.People != 1 || got.Speeds[0].N != 0 || got.Speeds[2].N != 0 {
		t.Errorf("%+v", got)
	}
	missed := twelve[9].chart(1)
	e = missed.Episodes[0]
	e.First, e.FirstAt, e.Gap = "ap_3", sought, care.GapMissedByPlatform
	m = rules.Measure(clockOf(), care.Span{From: q4.From(), To: q4.To()})
	m.Add(missed, e)
	if got := m.Measures("").Shares[1]; got.Is != 0 || got.Of != 1 {
		t.Errorf("a follow-up that the platform missed: %+v", got)
	}
}

// R2: quarters follow each other without a gap, in the programme's own zone.
func TestR2Quarters(t *testing.T) {
	if from := q4.From(); !from.Equal(time.Date(2026, 10, 1, 5, 0, 0, 0, time.UTC)) { // midnight in Chicago, in summer time
		t.Errorf("the quarter begins at %v", from)
	}
	for q, n := (rules.Quarter{Year: 2020, N: 1}), 0; n < 72; q, n = q.Next(), n+1 {
		again, ok := rules.ParseQuarter(q.String())
		if !ok || again != q || rules.QuarterOf(q.From()) != q || rules.QuarterOf(q.To().Add(-time.Second)) != q || rules.QuarterOf(q.To()) != q.Next() {
			t.Errorf("%s: %v %v", q, again, ok)
		}
	}
	for _, wrong := range []string{"", "2026", "2026-Q5", "2026-Q0", "2026-Q4x", "26-Q4", "2026-q4", "2026-Q44"} {
		if q, ok := rules.ParseQuarter(wrong); ok {
			t.Errorf("%q is read as %s", wrong, q)
		}
	}
	if months := rules.MeasuredMonths(q4); len(months) != 16 || months[0] != "2025-10" || months[15] != "2027-01" {
		t.Errorf("%v", months)
	}
}

// R2: what may leave is held back under the terms' number of people, on either side
// of a share too, and before its quarter is over; 0 to 10 look alike.
func TestR2WhatMayLeave(t *testing.T) {
	terms := rules.DefaultTerms(sought)
	of := func(n, kept int) care.Measures {
		stories := make([]story, n)
		for i := range stories {
			stories[i] = story{answered: time.Duration(i+1) * hour, result: care.Broken, baseline: -1, followUp: -1}
			if i < kept {
				stories[i].result = care.Kept
			}
		}
		return measured(t, q4, stories)
	}
	show := func(r care.Released) string {
		n := func(p *int) string {
			if p == nil {
				return "-"
			}
			return fmt.Sprint(*p)
		}
		return n(r.People) + " " + n(r.Hours[0].N) + " " + n(r.Percent[0].N)
	}
	for _, c := range []struct {
		n, kept int
		closed  bool
		want    string
	}{
		{0, 0, true, "- - -"}, {1, 1, true, "- - -"}, {10, 10, true, "- - -"},
		{11, 11, true, "10 6 -"},  // nobody on the other side would tell on everybody
		{12, 9, true, "10 7 -"},   // 12 = 9 + 3: both are held back
		{21, 11, true, "20 11 -"}, // ten on the other side
		{22, 11, true, "20 12 50"},
		{22, 11, false, "- - -"},
		{40, 27, true, "40 21 68"},
	} {
		if got := show(rules.Release(of(c.n, c.kept), "", c.closed, terms)); got != c.want {
			t.Errorf("%d people, %d kept, closed %v: %s, want %s", c.n, c.kept, c.closed, got, c.want)
		}
	}
	if a, b := show(rules.Release(of(0, 0), "", true, terms)), show(rules.Release(of(10, 3), "", true, terms)); a != b {
		t.Errorf("nobody looks like %s, ten people like %s", a, b)
	}
}

// R2: no number that leaves rests on fewer people than the terms say, however often
// the same person seeks care.
func TestR2NothingLeavesOfFewPeople(t *testing.T) {
	terms := rules.DefaultTerms(sought)
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(1, 30).Draw(t, "people")
		m := rules.Measure(clockOf(), care.Span{From: q4.From(), To: q4.To()})
		kept, answered := map[int]bool{}, map[int]bool{}
		broken := map[int]bool{}
		for range rapid.IntRange(0, 60).Draw(t, "episodes") {
			n := rapid.IntRange(1, people).Draw(t, "who")
			s := story{answered: hour, result: care.Kept, baseline: -1, followUp: -1}
			if rapid.Bool().Draw(t, "broken") {
				s.result = care.Broken
				broken[n] = true
			} else {
				kept[n] = true
			}
			answered[n] = true
			chart := s.chart(n)
			m.Add(chart, chart.Episodes[0])
		}
		r := rules.Release(m.Measures(""), "", true, terms)
		if (r.People != nil || r.Hours[0].N != nil) && len(answered) < terms.ReportMinCell {
			t.Errorf("a number rests on %d people", len(answered))
		}
		if r.Percent[0].N != nil && min(len(kept), len(broken)) < terms.ReportMinCell {
			t.Errorf("a share rests on %d and %d people", len(kept), len(broken))
		}
	})
}
