package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// Quarter is three months of the programme's own calendar.
type Quarter struct{ Year, N int }

// QuarterOf is the quarter that an instant lies in.
func QuarterOf(at time.Time) Quarter {
	on := calendar.On(at, Zone(HomeZone))
	return Quarter{on.Year, (int(on.Month)-1)/3 + 1}
}

// ParseQuarter reads 2026-Q4; false for anything else.
func ParseQuarter(s string) (Quarter, bool) {
	var q Quarter
	if n, err := fmt.Sscanf(s, "%4d-Q%1d", &q.Year, &q.N); err != nil || n != 2 {
		return q, false
	}
	return q, q.N >= 1 && q.N <= 4 && q.String() == s
}

// String writes 2026-Q4.
func (q Quarter) String() string { return fmt.Sprintf("%04d-Q%d", q.Year, q.N) }

// From is the quarter's first instant, To the first one after it.
func (q Quarter) From() time.Time {
	return calendar.At(calendar.Date{Year: q.Year, Month: time.Month(3*q.N - 2), Day: 1}, 0, 0, Zone(HomeZone)).UTC()
}
func (q Quarter) To() time.Time { return q.Next().From() }

// Next is the quarter after it.
func (q Quarter) Next() Quarter {
	if q.N == 4 {
		return Quarter{q.Year + 1, 1}
	}
	return Quarter{q.Year, q.N + 1}
}

// measuredMonths is how long before a quarter care may have been sought for what
// comes of it to be counted in the quarter.
const measuredMonths = 12

// MeasuredMonths are the UTC months in which care was sought whose episodes can
// have something to count in a quarter.
func MeasuredMonths(q Quarter) []string {
	var months []string
	first, last := q.From().AddDate(0, -measuredMonths, 0), q.To()
	for at := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC); at.Before(last); at = at.AddDate(0, 1, 0) {
		months = append(months, care.Month(at))
	}
	return months
}

// took is one stretch of time that is measured; it counts where it ends.
type took struct{ from, to time.Time }

// SpeedRow is one way to measure how fast it goes.
type SpeedRow struct {
	Code, Says string
	of         func(chart *care.Chart, e care.Episode, each func(took))
}

// Speeds is the table of them. A first call that a client booked by themselves was
// answered by a calendar, so it says nothing of how fast providers answer. A visit
// that was recorded late was not arranged here, and counts nowhere.
var Speeds = []SpeedRow{
	{"response", "From a request to its answer", func(chart *care.Chart, e care.Episode, each func(took)) {
		for i := range chart.Referrals {
			if r := &chart.Referrals[i]; r.Episode == e.ID && !r.SelfBooked {
				each(took{r.SubmittedAt, r.AnsweredAt})
			}
		}
	}},
	{"consult_booked", "From seeking care to a first call booked", func(chart *care.Chart, e care.Episode, each func(took)) {
		var first time.Time
		for i := range chart.Appointments {
			if ap := &chart.Appointments[i]; ap.Episode == e.ID && ap.Recorded == "" && (first.IsZero() || ap.BookedAt.Before(first)) {
				first = ap.BookedAt
			}
		}
		each(took{e.SoughtAt, first})
	}},
	{"first_session", "From seeking care to the first attended session", func(chart *care.Chart, e care.Episode, each func(took)) {
		if first, ok := chart.Appointment(e.First); ok && first.Recorded == "" {
			each(took{e.SoughtAt, e.FirstAt})
		}
	}},
}

// ended is one thing that came out one way or the other, and when.
type ended struct {
	at time.Time
	is bool
}

// ShareRow is one way to measure how often it goes well.
type ShareRow struct {
	Code, Says string
	of         func(*care.Chart, care.Episode, Clock) (ended, bool)
}

// Shares is the table of them. A promise that was taken back, or of which the
// programme says nothing, is neither kept nor broken.
var Shares = []ShareRow{
	{"promise_kept", "Promises that were kept", func(chart *care.Chart, e care.Episode, _ Clock) (ended, bool) {
		d, ok := chart.Deadline(e.Promise)
		at := d.SettleAt
		if at.IsZero() {
			at = d.Due
		}
		kept := e.Result == care.Kept || e.Result == care.KeptOffered
		return ended{at, kept}, ok && (kept || e.Result == care.Broken)
	}},
	{"follow_up_done", "Follow-ups that were answered", func(chart *care.Chart, e care.Episode, clock Clock) (ended, bool) {
		if e.Gap == care.GapMissedByPlatform && e.First != "" {
			owed := clock.Start(care.Deadline{Code: "follow_up", Starts: e.FirstAt, Zone: e.Zone, Programme: e.Programme})
			return ended{owed.Due, false}, true
		}
		d, ok := chart.Deadline(e.FollowUp)
		return ended{d.SettleAt, d.State == care.Met}, ok && (d.State == care.Met || d.State == care.Missed)
	}},
}

// Measuring gathers what the episodes of one group of people come to within a
// span of time.
type Measuring struct {
	clock   Clock
	in      care.Span
	people  map[care.ChartID]bool
	sought  int
	speeds  map[string]*tally
	shares  map[string]*split
	changes map[string]*moved
}

// tally gathers numbers, and whose they are.
type tally struct {
	values []float64
	people map[care.ChartID]bool
}

// split gathers what came out one way or the other, and whose it is.
type split struct {
	is, of         int
	people, others map[care.ChartID]bool
}

type moved struct {
	by                  tally
	response, remission split
}

// Measure begins to gather. What counts is what came to its end within the span.
func Measure(clock Clock, in care.Span) *Measuring {
	return &Measuring{clock: clock, in: in, people: map[care.ChartID]bool{}, speeds: map[string]*tally{}, shares: map[string]*split{}, changes: map[string]*moved{}}
}

func (m *Measuring) counts(at time.Time) bool {
	return !at.IsZero() && !at.Before(m.in.From) && at.Before(m.in.To)
}

// Add takes one episode of a chart.
func (m *Measuring) Add(chart *care.Chart, e care.Episode) { MeasureInto(chart, e, m) }

// MeasureInto takes one episode of a chart into several measurings of one span.
func MeasureInto(chart *care.Chart, e care.Episode, into ...*Measuring) {
	first := into[0]
	if first.counts(e.SoughtAt) {
		for _, m := range into {
			m.sought++
			m.people[chart.ID] = true
		}
	}
	for _, row := range Speeds {
		row.of(chart, e, func(t took) {
			if first.counts(t.to) {
				for _, m := range into {
					at(m.speeds, row.Code).add(chart.ID, t.to.Sub(t.from).Seconds())
				}
			}
		})
	}
	for _, row := range Shares {
		if end, ok := row.of(chart, e, first.clock); ok && first.counts(end.at) {
			for _, m := range into {
				at(m.shares, row.Code).add(chart.ID, end.is)
			}
		}
	}
	for i := range chart.Screenings {
		s := &chart.Screenings[i]
		if s.Episode != e.ID || s.Purpose != care.FollowUp || s.Status != care.ScreeningCompleted || s.OutOfWindow || s.Total == nil || !first.counts(s.SubmittedAt) {
			continue
		}
		before, ok := BaselineOf(*s, chart.Screenings)
		if !ok {
			continue
		}
		in, _ := instrument.Get(s.Instrument)
		change := in.Change(*before.Total, *s.Total)
		for _, m := range into {
			to := at(m.changes, s.Instrument)
			to.by.add(chart.ID, float64(change.Difference))
			if before.Elevated != nil && *before.Elevated {
				to.response.add(chart.ID, change.Response)
				to.remission.add(chart.ID, change.Remission)
			}
		}
	}
}

// BaselineOf is the screening that a follow-up is compared with: the one of the
// same instrument from before the first session, in its last version.
func BaselineOf(followUp care.Screening, all []care.Screening) (care.Screening, bool) {
	var before care.Screening
	for _, s := range all {
		if s.Purpose == care.Baseline && s.Episode == followUp.Episode && s.Instrument == followUp.Instrument && s.Status == care.ScreeningCompleted && s.Total != nil &&
			(before.ID == "" || s.SubmittedAt.After(before.SubmittedAt)) {
			before = s
		}
	}
	return before, before.ID != ""
}

// Measures are what has been gathered, each row of the tables in its order.
func (m *Measuring) Measures(programme string) care.Measures {
	all := care.Measures{Programme: programme, Sought: m.sought, People: len(m.people)}
	for _, row := range Speeds {
		t := at(m.speeds, row.Code)
		median, p90 := t.quantiles()
		all.Speeds = append(all.Speeds, care.Spread{Code: row.Code, N: len(t.values), People: len(t.people), Median: int64(median), P90: int64(p90)})
	}
	for _, row := range Shares {
		all.Shares = append(all.Shares, at(m.shares, row.Code).share(row.Code))
	}
	for _, in := range instrument.All() {
		c := at(m.changes, in.ID)
		median, _ := c.by.quantiles()
		all.Changes = append(all.Changes, care.Moved{
			Instrument: in.ID, N: len(c.by.values), People: len(c.by.people), Median: median,
			Response: c.response.share("response_" + in.ID), Remission: c.remission.share("remission_" + in.ID),
		})
	}
	return all
}

// at is a place of a map, made where there is none yet.
func at[T any](places map[string]*T, code string) *T {
	if places[code] == nil {
		places[code] = new(T)
	}
	return places[code]
}

func (t *tally) add(who care.ChartID, value float64) {
	t.values = append(t.values, value)
	mark(&t.people, who)
}

func (s *split) add(who care.ChartID, is bool) {
	s.of++
	if is {
		s.is++
		mark(&s.people, who)
	} else {
		mark(&s.others, who)
	}
}

func (s *split) share(code string) care.Share {
	return care.Share{Code: code, Is: s.is, Of: s.of, People: len(s.people), Others: len(s.others)}
}

func mark(people *map[care.ChartID]bool, who care.ChartID) {
	if *people == nil {
		*people = map[care.ChartID]bool{}
	}
	(*people)[who] = true
}

// quantiles are the median, halfway between the two in the middle where there are
// two, and the least value that nine in ten do not pass.
func (t *tally) quantiles() (median, p90 float64) {
	n := len(t.values)
	if n == 0 {
		return 0, 0
	}
	slices.Sort(t.values)
	return (t.values[(n-1)/2] + t.values[n/2]) / 2, t.values[int(math.Ceil(0.9*float64(n)))-1]
}

// MeasureSays is a measure in words.
func MeasureSays(code string) string {
	for _, row := range Speeds {
		if row.Code == code {
			return row.Says
		}
	}
	for _, row := range Shares {
		if row.Code == code {
			return row.Says
		}
	}
	what, id, _ := strings.Cut(code, "_")
	in, _ := instrument.Get(id)
	return in.Title + map[string]string{
		"response":  fmt.Sprintf(" at least %d%% lower than an elevated baseline (response)", in.Figures.ResponsePercent),
		"remission": fmt.Sprintf(" below %d after an elevated baseline (remission)", in.Figures.RemissionBelow),
	}[what]
}
