// Package act holds the verbs of the programme, one file each. An act says what
// it needs, whom it concerns, and decides: given charts and an instant, it
// answers with a plan of changes, or with the reasons why not. Deciding is pure
// and may be run again. Nothing else in the program changes a chart.
package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Act is something that somebody wants done.
type Act interface {
	// Name is the verb, as the table of access knows it.
	Name() string
	// Needs are the charts, sets and matches to read before deciding. It is
	// asked again, with what is known by then, until it asks for nothing new.
	Needs(Known) Needs
	// About says whom the act concerns; access is decided from it.
	About(Known) care.About
	// Decide gives the plan. It sees what Needs asked for and nothing else.
	Decide(Known, Env) Plan
}

// Needs are things to read, all of them bounded.
type Needs struct {
	Charts []care.ChartID
	Locate []string // ids of records: the charts they are in are read too
	Sets   []care.Set
	Match  *Match
}

// Match asks the directory for listed providers who have an opening for a
// consultation and one for a session before an instant.
type Match struct {
	State    string
	Concerns []string
	Language string
	By       time.Time
	Not      []care.ChartID
	Most     int
}

// Known is what has been read so far.
type Known struct {
	Charts  map[care.ChartID]*care.Chart // nil for one that does not exist
	Located map[string]care.ChartID      // empty for an id that is nowhere
	Sets    map[care.Set][]care.Member
	Matched []care.ChartID
	Asked   bool // the match was asked for
}

// Chart gives a chart that was asked for; nil if it does not exist.
func (k Known) Chart(id care.ChartID) *care.Chart { return k.Charts[id] }

// Of gives the chart that a record is in; nil if it is nowhere.
func (k Known) Of(record string) *care.Chart { return k.Charts[k.Located[record]] }

// Env is what surrounds a decision.
type Env struct {
	Now       time.Time // whole seconds, UTC
	Actor     care.Actor
	Programme care.Programme
	Terms     care.Terms
	Clock     rules.Clock
	Words     rules.Words
	Employers []care.Employer
	Plans     []care.UnprocessablePlan
	Kept      bool        // mail is only kept, as in a throwaway instance: what is told counts as handed over
	Spare     *care.Spare // lends the act's drafts room, until it is decided and done; nil: they have their own
	// ID gives the next identifier of the act's own stream, behind a prefix.
	ID func(prefix string) string
}

// Today is the civil date in a zone.
func (e Env) Today(zone string) calendar.Date { return calendar.On(e.Now, rules.Zone(zone)) }

// Plan is the answer to an act. Anything but a yes changes nothing.
type Plan struct {
	Decision rules.Decision
	Fault    *care.Fault // a state that has moved on, an id that is nowhere, unreadable input
	Changes  []care.Change
	Made     string         // the id of what the act is about, for the answer
	Effect   string         // what a fallen deadline brought about; of an answer about sharing: the hash of what was said
	Counts   map[string]int // of an act over many things: how many of which
	// At is when the plan's effects bear their date; zero: Env.Now.
	At time.Time
	// Kept are the messages that count as handed over with this act.
	Kept []care.Message
}

// fault is the plan of an act that cannot be decided.
func fault(kind care.FaultKind, code, says string) Plan {
	return Plan{Fault: &care.Fault{Kind: kind, Code: code, Says: says}}
}

func missing() Plan { return Plan{Fault: care.Missing()} }

func refused(d rules.Decision) Plan { return Plan{Decision: d} }

// draft is a plan in the making: a working copy of one client's chart and the
// changes so far, so that later steps see earlier ones.
type draft struct {
	Plan
	env   Env
	chart *care.Chart
	free  bool           // what is cancelled is nobody's doing, so none of it is late
	told  []care.Message // so far: these do not stand in the chart, whose list of them is long
}

func begin(env Env, chart *care.Chart) *draft {
	return &draft{Plan: Plan{Decision: rules.Allowed()}, env: env, chart: chart.Draft(env.Spare)}
}

// at dates the rest of the plan, for effects that bear an earlier date.
func (d *draft) at(t time.Time) *draft {
	d.env.Now, d.At = t, t
	return d
}

func (d *draft) put(r care.Record) {
	d.chart.Add(r)
	d.Changes = append(d.Changes, care.Put{Chart: d.chart.ID, Record: r})
}

func (d *draft) drop(r care.Record) {
	d.chart.Remove(r)
	d.Changes = append(d.Changes, care.Drop{Chart: d.chart.ID, Record: r})
}

// also takes over what was made of another chart: its changes, and what was told in
// it.
func (d *draft) also(other *draft) {
	d.Changes = append(d.Changes, other.Changes...)
	d.Kept = append(d.Kept, other.Kept...)
}

// start begins a deadline of the table of duties.
func (d *draft) start(deadline care.Deadline) care.DeadlineID {
	deadline.ID = care.DeadlineID(d.env.ID("dl"))
	deadline.Chart = d.chart.ID
	if deadline.Starts.IsZero() {
		deadline.Starts = d.env.Now
	}
	deadline.Programme = d.programmeOf(deadline.Subject)
	deadline = d.env.Clock.Start(deadline)
	d.put(deadline)
	return deadline.ID
}

// programmeOf is the code of the programme that something of a client's belongs
// to: that of its episode, else of the open one, else of their employer.
func (d *draft) programmeOf(subject string) string {
	if d.chart.Client == nil {
		return ""
	}
	id := care.EpisodeID(subject)
	if r, ok := d.chart.Referral(care.ReferralID(subject)); ok {
		id = r.Episode
	} else if ap, ok := d.chart.Appointment(care.AppointmentID(subject)); ok {
		id = ap.Episode
	}
	if e, ok := d.chart.Episode(id); ok {
		return e.Programme
	}
	return programmeFor(d.chart, d.env)
}

// programmeFor is the programme through which a client asks: that of the open
// episode, else of their employer.
func programmeFor(chart *care.Chart, env Env) string {
	if e, ok := chart.OpenEpisode(); ok {
		return e.Programme
	}
	if e := employerOf(chart.Client.Benefit.Code, env.Employers); e != nil {
		return e.Programme
	}
	return ""
}

// settle ends a deadline, if it still runs.
func (d *draft) settle(id care.DeadlineID, state care.DeadlineState) {
	dl, ok := d.chart.Deadline(id)
	if !ok || dl.State != care.Running && dl.State != care.Waiting {
		return
	}
	if dl.Code == "consult" {
		dl = d.env.Clock.Resume(dl, d.env.Now) // its pause, if it is in one, ends with it
	}
	d.put(rules.Settle(dl, state, d.env.Now))
}

// tell puts a message into the outbox. Who has been told the same of the same in
// this very second is not told again.
func (d *draft) tell(m care.Message) {
	same := func(had care.Message) bool {
		return had.At.Equal(d.env.Now) && had.Subject == m.Subject && had.Template == m.Template && had.To == m.To && had.ToRole == m.ToRole
	}
	if m.Subject != "" && (slices.ContainsFunc(d.chart.Messages, same) || slices.ContainsFunc(d.told, same)) {
		return
	}
	m.ID, m.Chart = care.MessageID(d.env.ID("ms")), d.chart.ID
	m.At = d.env.Now
	if d.env.Kept {
		m.SentAt, m.Attempts, m.State = d.env.Now, 1, care.Sent
		d.Kept = append(d.Kept, m)
		m.Link = keep(m)
	} else {
		m.Next, m.State = d.env.Now, care.Ready
	}
	d.told = append(d.told, m)
	d.Changes = append(d.Changes, care.Put{Chart: d.chart.ID, Record: m})
}

// tellClient, tellProvider and tellDesk say something to the three sides.
func (d *draft) tellClient(template, subject, link string, when time.Time) {
	d.tell(care.Message{To: d.chart.ID, Template: template, Subject: subject, Link: link, When: when, Zone: d.chart.Client.Zone})
}

func (d *draft) tellProvider(provider care.ChartID, template, subject, link string, when time.Time, zone string) {
	d.tell(care.Message{To: provider, Template: template, Subject: subject, Link: link, When: when, Zone: zone})
}

func (d *draft) tellDesk(role care.Role, template, subject, link string, when time.Time) {
	d.tell(care.Message{ToRole: role, Template: template, Subject: subject, Link: link, When: when, Zone: d.zone()})
}

// zone is that of the chart's person.
func (d *draft) zone() string {
	if d.chart.Client != nil {
		return d.chart.Client.Zone
	}
	if d.chart.Provider != nil {
		return d.chart.Provider.Hours.Zone
	}
	return ""
}

// task gives the care team something to look at, once per subject and code.
func (d *draft) task(code, subject string) {
	for _, t := range d.chart.Tasks {
		if t.Code == code && t.Subject == subject && t.DoneAt.IsZero() {
			return
		}
	}
	t := care.Task{ID: care.TaskID(d.env.ID("tk")), Client: d.chart.ID, Code: code, Subject: subject, OpenedAt: d.env.Now}
	if d.chart.Provider != nil {
		t.Client, t.Provider = "", d.chart.ID
	}
	d.put(t)
	d.tellDesk(care.RoleCareTeam, "task", string(t.ID), "/ops", time.Time{})
}

// untask ends the tasks about a subject that have become pointless by
// themselves.
func (d *draft) untask(subject string) {
	for _, t := range d.chart.Tasks {
		if t.Subject == subject && t.DoneAt.IsZero() {
			t.DoneAt = d.env.Now
			d.put(t)
		}
	}
}

func (d *draft) plan() Plan { return d.Plan }
