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
	if !ok {
		return
	}
	promise, ok := d.chart.Deadline(e.Promise)
	if !ok {
		return
	}
	result := rules.PromiseOf(e, promise, d.chart.Appointments, d.env.Now).Judge().Result
	if state := ends[result]; result == "" {
		d.reopen(promise)
	} else if promise.State != state {
		promise.State, promise.SettleAt, promise.Next = state, d.env.Now, time.Time{}
		d.put(promise)
	}
	if e.Result == result {
		return
	}
	e.Result = result
	d.put(e)
	if result != "" {
		d.untask(string(e.ID))
	}
	if result == care.Broken {
		d.task("promise_broken", string(e.ID))
	}
}

// reopen has a promise run again that had a result, where a correction took it
// away.
func (d *draft) reopen(promise care.Deadline) {
	if promise.State != care.Running && promise.State != care.Waiting {
		d.put(d.env.Clock.Reopen(promise))
	}
}
