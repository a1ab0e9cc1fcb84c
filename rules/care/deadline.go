package care

import (
	"cmp"
	"time"

	"careconnect/rules/calendar"
)

// Deadline is something owed by an instant. It is data, not a timer: what it
// was computed from stands beside it, so that it can be explained and computed
// again, and Next says when the sweep has something to do about it.
type Deadline struct {
	ID        DeadlineID       `json:"id"`
	Chart     ChartID          `json:"chart"`   // the chart it stands in
	Code      string           `json:"code"`    // a row of the table of duties
	Subject   string           `json:"subject"` // the referral, episode, coverage, alert or appointment
	Starts    time.Time        `json:"starts"`
	Opens     time.Time        `json:"opens,omitzero"`
	Due       time.Time        `json:"due"` // the last good second
	Zone      string           `json:"zone"`
	Reader    string           `json:"reader,omitempty"` // zone of whoever is reminded
	Pauses    []calendar.Pause `json:"pauses,omitempty"`
	State     DeadlineState    `json:"state"`
	SettleAt  time.Time        `json:"settled_at,omitzero"` // when it was met, missed or stopped
	Step      int              `json:"step"`                // effects already brought about
	Next      time.Time        `json:"next,omitzero"`       // when the next effect falls due; zero: none
	Programme string           `json:"programme,omitempty"` // whose terms it is computed with; empty: the first's
	Terms     string           `json:"terms"`               // version of the terms it was computed with
	TZData    string           `json:"tzdata"`
	// Offered says that what was owed was offered in time, and the client chose
	// later: it counts as met.
	Offered bool `json:"offered,omitempty"`
	// NotBefore is the end that was once said, where terms have changed since: it
	// never ends sooner.
	NotBefore time.Time `json:"not_before,omitzero"`
}

// DeadlineState is where a deadline stands.
type DeadlineState string

// The states of a deadline.
const (
	Running DeadlineState = "running"
	Waiting DeadlineState = "paused"
	Met     DeadlineState = "met"
	Missed  DeadlineState = "missed"
	Stopped DeadlineState = "stopped" // no longer owed, without blame
)

// Kind, Key and Stands make a Deadline a Record.
func (Deadline) Kind() Kind    { return KindDeadline }
func (d Deadline) Key() string { return string(d.ID) }
func (d Deadline) Stands() []Place {
	in := DueIn(d.Next)
	switch {
	case d.State != Running && d.State != Waiting:
		return nil
	case d.State == Waiting || d.Next.IsZero():
		in = Resting
	}
	return []Place{{
		Set: in, Entry: string(d.ID),
		Member: Member{Chart: d.Chart, Ref: string(d.ID), Code: d.Code, At: d.Next, Until: d.Due},
	}}
}

// Task is something that a person of the care team is to look at.
type Task struct {
	ID       TaskID    `json:"id"`
	Client   ChartID   `json:"client,omitempty"`
	Provider ChartID   `json:"provider,omitempty"` // of a task in a provider's chart
	Code     string    `json:"code"`               // a row of the table of tasks
	Subject  string    `json:"subject"`
	OpenedAt time.Time `json:"opened_at"`
	DoneAt   time.Time `json:"done_at,omitzero"`
	DoneBy   ChartID   `json:"done_by,omitempty"`
	Cause    string    `json:"cause,omitempty"` // of a broken promise: a row of the table of causes
}

// Kind, Key and Stands make a Task a Record.
func (Task) Kind() Kind    { return KindTask }
func (t Task) Key() string { return string(t.ID) }
func (t Task) Stands() []Place {
	if !t.DoneAt.IsZero() {
		return nil
	}
	return []Place{{
		Set: Set{Name: SetQueue, Of: "task"}, Entry: string(t.ID),
		Member: Member{Chart: cmp.Or(t.Client, t.Provider), Ref: string(t.ID), Code: t.Code, At: t.OpenedAt},
	}}
}
