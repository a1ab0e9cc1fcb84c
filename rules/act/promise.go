package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// ends is how the deadline of a promise stands once the promise has a result.
var ends = map[care.PromiseResult]care.DeadlineState{
	care.Kept:           care.Met,
	care.KeptOffered:    care.Stopped,
	care.PromiseDropped: care.Stopped,
	care.NotApplicable:  care.Stopped,
	care.Broken:         care.Missed,
}

// judge says again what became of an episode's promise, from all that stands in
// the chart by now. Whatever changes a session or ends an episode calls it, and
// so does the last second of the promise: there is no other way to a result.
func (d *draft) judge(id care.EpisodeID) {
	e, ok := d.chart.Episode(id)
	if !ok || e.ClosedFor == rules.Joined && e.Result != "" {
		return
	}
	promise, ok := d.chart.Deadline(e.Promise)
	if !ok {
		return
	}
	result := rules.PromiseOf(e, promise, d.chart.Appointments, d.env.Now).Judge().Result
	if e.Result != result {
		e.Result = result
		d.put(e)
	}
	if result == "" {
		d.climb(d.reopen(promise))
		return
	}
	if promise.State != ends[result] {
		promise.State, promise.SettleAt, promise.Next = ends[result], d.env.Now, time.Time{}
		d.put(promise)
	}
	d.rung(string(e.ID), map[bool]string{true: rules.BrokenTask}[result == care.Broken])
}

// climb puts an open promise on its rung of the ladder, unless a session in time
// is booked: then there is nothing to look after.
func (d *draft) climb(promise care.Deadline) {
	rung := rules.Rung(promise)
	if _, booked := d.inTime(promise); booked {
		rung = ""
	}
	d.rung(promise.Subject, rung)
}

// rung is the one task that stands about an episode's promise; the rungs below
// and above it end. A broken promise that somebody has given a cause for is not
// opened again.
func (d *draft) rung(episode, code string) {
	for _, t := range d.chart.Tasks {
		switch {
		case t.Subject != episode:
		case t.Code == code && (t.DoneAt.IsZero() || t.Cause != ""):
			code = "" // it stands already, or has been dealt with
		case t.DoneAt.IsZero():
			t.DoneAt = d.env.Now
			d.put(t)
		}
	}
	if code != "" {
		d.task(code, episode)
	}
}

// reopen has a promise run again that had a result, where a correction took it
// away.
func (d *draft) reopen(promise care.Deadline) care.Deadline {
	if promise.State != care.Running && promise.State != care.Waiting {
		promise = d.env.Clock.Reopen(promise)
		d.put(promise)
	}
	return promise
}
