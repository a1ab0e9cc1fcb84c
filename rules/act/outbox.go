package act

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Lease takes a message out of the outbox for sending, until the lease ends. If
// the sender dies in between, the message is taken again: it is sent at least
// once, always under the same id.
type Lease struct {
	Chart   care.ChartID
	Message care.MessageID
	For     time.Duration
	Tagged  bool // its envelope will say which it is
}

// Delivered says that a message was handed over.
type Delivered struct {
	Chart   care.ChartID
	Message care.MessageID
}

// Hand leases a message and says that it was handed over, in one: for a sender
// that keeps mail in a throwaway instance and cannot fail once it has said that
// it takes it.
type Hand struct {
	Chart   care.ChartID
	Message care.MessageID
}

// Undelivered says that handing over failed, or that what was handed over did
// not arrive. It is tried again, later each time; after many tries a person of
// the care team is told.
type Undelivered struct {
	Chart   care.ChartID
	Message care.MessageID
	Final   bool // the other side refused for good
}

// maxAttempts is how often a message is tried: at a cap of six hours between
// tries this is about two days.
const maxAttempts = 16

func (Lease) Name() string                   { return "lease" }
func (a Lease) Needs(Known) Needs            { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Lease) About(Known) care.About       { return care.About{Account: a.Chart} }
func (Delivered) Name() string               { return "delivered" }
func (a Delivered) Needs(Known) Needs        { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Delivered) About(Known) care.About   { return care.About{Account: a.Chart} }
func (Hand) Name() string                    { return "hand" }
func (a Hand) Needs(Known) Needs             { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Hand) About(Known) care.About        { return care.About{Account: a.Chart} }
func (Undelivered) Name() string             { return "undelivered" }
func (a Undelivered) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Undelivered) About(Known) care.About { return care.About{Account: a.Chart} }

// Decide leases what is due and not leased to anyone.
func (a Lease) Decide(k Known, env Env) Plan {
	m, ok := message(k, a.Chart, a.Message)
	if !ok || !due(m, env.Now) {
		return fault(care.Conflict, "not_due", "This message is not due, or somebody is sending it.")
	}
	m.State, m.Next, m.Tagged = care.Sending, env.Now.Add(a.For), a.Tagged
	m.Attempts++
	return Plan{Decision: rules.Allowed(), Made: string(m.ID), Changes: []care.Change{care.Put{Chart: a.Chart, Record: m}}}
}

// due says whether a message waits to be sent now.
func due(m care.Message, now time.Time) bool {
	return m.State != care.Sent && m.State != care.Dead && !m.Next.After(now)
}

// Decide ends the message's way, unless its bounce came first.
func (a Delivered) Decide(k Known, env Env) Plan {
	m, ok := message(k, a.Chart, a.Message)
	if !ok || m.State != care.Sending {
		return Plan{Decision: rules.Allowed()}
	}
	return sent(a.Chart, m, env)
}

// Decide leases and ends in one.
func (a Hand) Decide(k Known, env Env) Plan {
	m, ok := message(k, a.Chart, a.Message)
	if !ok || !due(m, env.Now) {
		return fault(care.Conflict, "not_due", "This message is not due, or somebody is sending it.")
	}
	m.Attempts++
	return sent(a.Chart, m, env)
}

func sent(chart care.ChartID, m care.Message, env Env) Plan {
	m.State, m.SentAt, m.Next = care.Sent, env.Now, time.Time{}
	m.Link = keep(m)
	return Plan{Decision: rules.Allowed(), Made: string(m.ID), Changes: []care.Change{care.Put{Chart: chart, Record: m}}}
}

// wait is how long a message rests after a number of tries: 30 seconds, doubled
// each time up to 6 hours, and a little more, by which messages that failed
// together do not all come back together. The little follows from the message.
func wait(m care.Message) time.Duration {
	rest := min(30*time.Second<<(m.Attempts-1), 6*time.Hour)
	spread := fnv.New32a()
	fmt.Fprintf(spread, "%s %d", m.ID, m.Attempts)
	return rest + (rest / 8 * time.Duration(spread.Sum32()%1000) / 1000).Truncate(time.Second)
}

// Decide rests longer after each try, and says in the end that it cannot be done:
// to the care team, once for somebody whom nothing reaches.
func (a Undelivered) Decide(k Known, env Env) Plan {
	m, ok := message(k, a.Chart, a.Message)
	if !ok || m.State != care.Sending && !(m.State == care.Sent && a.Final) {
		return Plan{Decision: rules.Allowed()}
	}
	if !a.Final && m.Attempts < maxAttempts {
		m.State, m.Next = care.Retry, env.Now.Add(wait(m))
		return Plan{Decision: rules.Allowed(), Changes: []care.Change{care.Put{Chart: a.Chart, Record: m}}}
	}
	d := begin(env, k.Chart(a.Chart))
	d.lost(m)
	return d.plan()
}

// lost ends the way of a message that does not arrive: what was told by it was not,
// and the care team looks for another way.
func (d *draft) lost(m care.Message) {
	m.State, m.SentAt, m.Next, m.Link = care.Dead, time.Time{}, time.Time{}, keep(m)
	d.put(m)
	d.unheard(m)
	if m.Template != "task" && (d.chart.Client != nil || d.chart.Provider != nil) {
		d.task("mail_undelivered", cmp.Or(string(m.To), string(m.ToRole)))
	}
}

// letsIn are the messages whose link is a secret.
var letsIn = map[string]bool{"invite": true, "details": true}

// keep is what stays of a message's link once it is done with: one that lets
// somebody in has no business in a chart.
func keep(m care.Message) string {
	if letsIn[m.Template] {
		return ""
	}
	return m.Link
}

func message(k Known, id care.ChartID, m care.MessageID) (care.Message, bool) {
	chart := k.Chart(id)
	if chart == nil {
		return care.Message{}, false
	}
	return chart.Message(m)
}
