package care

import (
	"slices"
	"time"

	"careconnect/rules/calendar"
)

// FiguresChart is the chart of the programme's measures.
const FiguresChart ChartID = "figures"

// EpisodesIn is the set of the episodes in which care was sought in a UTC month.
func EpisodesIn(month string) Set { return Set{Name: SetEpisodes, Of: month} }

// Figures are what a quarter comes to, in numbers alone. They are taken by night,
// up to the midnight before, and for the last time in the first night after the
// quarter is over: from then on they stand.
type Figures struct {
	Quarter string        `json:"quarter"` // 2026-Q4
	AsOf    calendar.Date `json:"as_of"`   // the day at whose beginning they end
	TakenAt time.Time     `json:"taken_at"`
	Final   bool          `json:"final,omitempty"`
	// Programmes are the measures of each programme, Partner what of them may
	// leave for the payer partner, and Employers what may leave for an employer, where
	// anything may. Of an employer's people nothing else is kept.
	Programmes []Measures `json:"programmes"`
	Partner    []Released `json:"partner"`
	Employers  []Released `json:"employers"`
}

// Measures are those of one group of people.
type Measures struct {
	Programme string   `json:"programme,omitempty"` // its code; empty: the first
	Sought    int      `json:"sought"`              // episodes begun
	People    int      `json:"people"`              // who began them
	Speeds    []Spread `json:"speeds"`
	Shares    []Share  `json:"shares"`
	Changes   []Moved  `json:"changes"`
}

// Spread is how long something took, in seconds: half of the times are not longer
// than the median, nine in ten not longer than P90.
type Spread struct {
	Code   string `json:"code"` // a row of the table of speeds
	N      int    `json:"n"`
	People int    `json:"people"`
	Median int64  `json:"median"`
	P90    int64  `json:"p90"`
}

// Share is how many of some were so. People and Others are how many persons stand
// on either side.
type Share struct {
	Code   string `json:"code"` // a row of the table of shares
	Is     int    `json:"is"`
	Of     int    `json:"of"`
	People int    `json:"people"`
	Others int    `json:"others"`
}

// Moved is how totals of one instrument changed from the baseline to the
// follow-up. Response and remission are of those whose baseline was elevated.
type Moved struct {
	Instrument string  `json:"instrument"`
	N          int     `json:"n"`
	People     int     `json:"people"`
	Median     float64 `json:"median"` // difference; below 0 is better
	Response   Share   `json:"response"`
	Remission  Share   `json:"remission"`
}

// Released is what may leave of a group's measures: rounded, and only where so
// many people stand behind it that nobody can be made out. What is nil is held
// back, and nothing tells how little there was.
type Released struct {
	Programme string     `json:"programme,omitempty"`
	Employer  EmployerID `json:"employer,omitempty"`
	People    *int       `json:"people,omitempty"` // to the nearest five
	Hours     []Told     `json:"hours"`            // medians, to the hour
	Percent   []Told     `json:"percent"`
}

// Tells says whether any number is released.
func (r Released) Tells() bool {
	tells := func(t Told) bool { return t.N != nil }
	return r.People != nil || slices.ContainsFunc(r.Hours, tells) || slices.ContainsFunc(r.Percent, tells)
}

// Told is one released number by its code; nil is held back.
type Told struct {
	Code string `json:"code"`
	N    *int   `json:"n,omitempty"`
}

// Kind, Key and Stands make Figures a Record.
func (Figures) Kind() Kind      { return KindFigures }
func (f Figures) Key() string   { return f.Quarter }
func (Figures) Stands() []Place { return nil }
