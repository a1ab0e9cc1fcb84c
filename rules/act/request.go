package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Request asks a provider for a consultation, or books one of their openings
// when Start is given. The first of an episode starts the promise. When New is
// given the person has no chart yet, and gets one only if the request is made.
type Request struct {
	Client    care.ChartID
	New       *Enter
	Provider  care.ChartID
	Start     time.Time
	Note      string
	Preferred []time.Time
	Came      Arrival // how the client came this time
	Holder    string  // hash of the secret by which their browser held a time; empty: it held none
}

// bookAhead is how many days of openings are looked at around a wish, to offer
// others when it is gone.
const bookAhead = 14

func (a Request) Name() string {
	if a.Client == "" {
		return "request_new"
	}
	return "request"
}

func (a Request) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Provider}}
	if p, ok := ofProvider(k, a.Provider); ok {
		if p.Caseload > 0 {
			n.Sets = append(n.Sets, panel(p.ID))
		}
		n.Match = a.insteadOf(k, p)
	}
	if a.Client != "" {
		n.Charts = append(n.Charts, a.Client)
	}
	n.add(seeker(k, a.Client, a.New))
	n.add(holdsOf(k, a.Holder))
	if !a.Start.IsZero() {
		n.Sets = append(n.Sets, busyDays(a.Provider, a.Start, bookAhead)...)
	}
	return n
}

func (a Request) About(Known) care.About {
	return care.About{Client: a.Client, Provider: a.Provider}
}

// Decide tests every rule of matching before anything is made.
func (a Request) Decide(k Known, env Env) Plan {
	if !a.Start.IsZero() {
		a.Start = a.Start.UTC().Truncate(time.Second)
	}
	provider := k.Chart(a.Provider)
	if provider == nil || provider.Provider == nil {
		return missing()
	}
	chart, opened, f := a.chart(k, env)
	if f != nil {
		return Plan{Fault: f}
	}
	preferred, f := a.wishes(env)
	if f != nil {
		return Plan{Fault: f}
	}
	d := begin(env, chart)
	d.Changes = opened
	episode, had := Seeking(d.chart, env.Clock.Terms, env.Now)
	if !had {
		d.lookAgain(a.Came, k)
	}
	decision := mayRequest(k, d.chart, *provider.Provider, env)
	if rules.HasMovedOn(decision) {
		return gone(k, mayWait(d.chart, providerFacts(k, *provider.Provider, d.chart.Client.State, env), env))
	}
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	if !a.Start.IsZero() {
		if plan, ok := bookable(*provider.Provider, d.chart, a.Start, k, env); !ok {
			return plan
		}
	}
	if !had {
		episode = d.seekCare(a.Came)
	}
	episode = d.matched(episode)
	d.helped(episode.ID)
	r := care.Referral{
		ID: care.ReferralID(env.ID("rf")), Episode: episode.ID, Client: chart.ID, Provider: a.Provider,
		Status: care.Submitted, SubmittedAt: env.Now, Note: a.Note, Concerns: chart.Client.Concerns, Preferred: preferred,
	}
	r.Respond = d.start(care.Deadline{Code: "respond", Subject: string(r.ID), Zone: episode.Zone, Reader: provider.Provider.Hours.Zone})
	r.Consult = d.start(care.Deadline{Code: "consult", Subject: string(r.ID), Zone: episode.Zone, Reader: provider.Provider.Hours.Zone})
	d.put(r)
	d.asks(r)
	d.letGoOf(a.Holder, k)
	if a.Start.IsZero() {
		d.askProvider(r, *provider.Provider)
	} else {
		r.SelfBooked, r.AnsweredAt = true, env.Now
		d.settle(r.Respond, care.Met) // answered by the calendar
		d.meet(r, *provider.Provider, a.Start)
	}
	d.Decision, d.Made = decision, string(r.ID)
	return d.plan()
}

// insteadOf are others to offer when the provider has left the list while the
// client was on the booking page; nil while they are on it.
func (a Request) insteadOf(k Known, p care.Provider) *Match {
	if p.Standing == care.Active && p.Virtual != nil && *p.Virtual && !p.WaitlistOnly && p.Caseload == 0 {
		return nil
	}
	m := &Match{Not: []care.ChartID{a.Provider}, Most: 3, By: farAhead}
	if chart := k.Chart(a.Client); chart != nil && chart.Client != nil {
		m.State, m.Concerns, m.Language = chart.Client.State, chart.Client.Concerns, chart.Client.Language
	} else if a.New != nil {
		m.State, m.Concerns, m.Language = a.New.State, a.New.Concerns, a.New.Language
	} else {
		return nil
	}
	return m
}

// farAhead is later than any opening that the directory looks for.
var farAhead = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// gone tells that a provider takes nobody new any more, and who does; and whether
// the client can wait for them.
func gone(k Known, wait rules.Decision) Plan {
	plan := fault(care.Conflict, "provider_not_available", "This provider has just stopped taking new clients. Nothing was sent. Choose one of the others.")
	if wait.Outcome == rules.Yes {
		plan = fault(care.Conflict, "provider_not_available", "This provider takes nobody new at present and keeps a waiting list. Nothing was sent. Join the list, which promises nothing, or choose one of the others.")
		plan.Fault.Waitlist = true
	}
	plan.Fault.Others = k.Matched
	return plan
}

// mayRequest says whether a client may ask a provider.
func mayRequest(k Known, chart *care.Chart, p care.Provider, env Env) rules.Decision {
	return rules.MayRequest.Decide(requestFacts(chart, providerFacts(k, p, chart.Client.State, env), env), env.Words)
}

// requestFacts are what a client's asking of a provider is decided from.
func requestFacts(chart *care.Chart, p rules.ProviderFacts, env Env) rules.RequestFacts {
	episode, _ := chart.OpenEpisode()
	p.Invited = invited(chart, p.Provider.ID, env.Now)
	return rules.RequestFacts{
		Client: clientFacts(*chart.Client, env), Provider: p,
		Open: openRequests(chart, episode.ID), Already: asked(chart, p.Provider.ID), Enabled: env.Programme.Takes(programmeFor(chart, env)),
	}
}

func invited(chart *care.Chart, provider care.ChartID, at time.Time) bool {
	w, waits := chart.WaitsFor(provider)
	return waits && w.Invites(at)
}

func (a Request) chart(k Known, env Env) (*care.Chart, []care.Change, *care.Fault) {
	if a.New != nil {
		return a.New.open(k, env)
	}
	chart := k.Chart(a.Client)
	if chart == nil || chart.Client == nil {
		return nil, nil, care.Missing()
	}
	return chart, nil, nil
}

func (a Request) wishes(env Env) ([]time.Time, *care.Fault) {
	var wrong problems
	wrong.need(len(a.Note) <= 2000, "note: at most 2,000 letters")
	wrong.need(a.Start.IsZero() || toCome(a.Start, env.Now), "start: choose a time that is still to come, within a year")
	preferred, ok := futureStarts(a.Preferred, env.Now, 10)
	wrong.need(len(a.Preferred) == 0 || ok, "preferred times: at most 10, all still to come and within a year")
	return preferred, wrong.fault()
}

// seekCare opens an episode: the promise starts now, in the client's zone. It
// bears how the client came this time; the first, how they entered.
func (d *draft) seekCare(came Arrival) care.Episode {
	d.comeBack()
	d.leaveBehind()
	c := d.chart.Client
	e := care.Episode{
		ID: care.EpisodeID(d.env.ID("ep")), Client: d.chart.ID, SoughtAt: d.env.Now, EnteredAt: c.EnteredAt,
		Zone: c.Zone, State: c.State, Source: came.source(d.chart), Employer: c.Benefit.Employer, Programme: programmeFor(d.chart, d.env),
	}
	if len(d.chart.Episodes) > 0 {
		e.EnteredAt = d.env.Now // they came again
	}
	if c.Benefit.Named {
		e.EmployerName = nameOf(c.Benefit.Employer, d.env.Employers)
	}
	if v, given := d.chart.CurrentCoverage(); given {
		e.Ordinary = !rules.OfPayer(v, d.env.Programme.Payer)
	}
	e.Promise = d.start(care.Deadline{Code: "promise", Subject: string(e.ID), Zone: e.Zone})
	d.put(e)
	d.benefitServes(e)
	return e
}

func (d *draft) askProvider(r care.Referral, p care.Provider) {
	due, _ := d.chart.Deadline(r.Respond)
	d.tellProvider(r.Provider, "request_new", string(r.ID), "/pro/r/"+string(r.ID), due.Due, p.Hours.Zone)
	d.tellClient("request_received", string(r.ID), "/me", due.Due)
}

// meet books the consultation of a referral: the call is scheduled, so the
// provider owes no more times, and the client's other requests fall away.
func (d *draft) meet(r care.Referral, p care.Provider, start time.Time) {
	appointment := care.Appointment{
		ID: care.AppointmentID(d.env.ID("ap")), Referral: r.ID, Episode: r.Episode, Client: r.Client, Provider: r.Provider,
		AtRisk: atRisk(p, d.chart.Client.State, start),
		Type:   care.Consultation, Start: start, End: start.Add(time.Duration(p.Hours.ConsultMinutes) * time.Minute),
		Virtual: true, Link: p.Link, Status: care.Booked, BookedBy: d.env.Actor.Role, BookedAt: d.env.Now, Programme: care.ProgrammeChart,
	}
	d.chosen(r)
	consult, _ := d.chart.Deadline(r.Consult)
	if d.env.Actor.Role != care.RoleProvider || !start.After(consult.Due) {
		d.settle(r.Consult, care.Met)
	}
	d.letGo()
	r.Status, r.Meeting, r.AskedAt = care.ConsultBooked, appointment.ID, time.Time{}
	d.put(r)
	d.supersedeOthers(r)
	d.book(appointment, p, "consult_booked")
}

// supersedeOthers withdraws the client's other undecided requests, without
// blame for anyone.
func (d *draft) supersedeOthers(chosen care.Referral) {
	for _, r := range d.chart.Referrals {
		if r.ID != chosen.ID && r.Episode == chosen.Episode && r.Status.Undecided() {
			d.end(&r, care.Superseded)
			d.put(r)
			d.tellProvider(r.Provider, "superseded", string(r.ID), "/pro", time.Time{}, "")
		}
		if r.ID != chosen.ID && r.Episode == chosen.Episode && r.Waits() && r.Status == care.Expired {
			d.end(&r, care.Expired) // nobody needs a late answer any more
			d.put(r)
		}
	}
}

// bookable says whether a consultation opening can be booked by a client now;
// if not, the plan tells why, with the next openings where one was gone.
func bookable(p care.Provider, client *care.Chart, start time.Time, k Known, env Env) (Plan, bool) {
	facts := providerFacts(k, p, client.Client.State, env)
	facts.Invited = invited(client, p.ID, env.Now)
	return open(p, facts, start, k, env)
}

// open is bookable, for whomever.
func open(p care.Provider, facts rules.ProviderFacts, start time.Time, k Known, env Env) (Plan, bool) {
	next := openings(p, p.Hours.ConsultMinutes, k, env, start)
	free := slices.ContainsFunc(next, func(s calendar.Slot) bool { return s.Start.Equal(start) })
	decision := rules.MayBookOpening.Decide(rules.BookFacts{
		Provider: facts, Opening: true, SelfSchedule: p.SelfSchedule, Future: start.After(env.Now),
	}, env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision), false
	}
	if !free {
		f := &care.Fault{Kind: care.Conflict, Code: "opening_taken", Says: "This time is no longer free. Choose one of the next openings."}
		for _, s := range next {
			f.Next = append(f.Next, s.Start)
		}
		f.Next = f.Next[:min(5, len(f.Next))]
		return Plan{Fault: f}, false
	}
	return Plan{}, true
}

// openings are a provider's free times from the day of a wish on.
func openings(p care.Provider, minutes int, k Known, env Env, around time.Time) []calendar.Slot {
	return openingsBetween(p, minutes, busyTimes(p.ID, around, "", k, env.Now), env, around)
}

// openingsBetween are the free times between the busy ones.
func openingsBetween(p care.Provider, minutes int, busy []calendar.Slot, env Env, around time.Time) []calendar.Slot {
	from := around.UTC().Truncate(24 * time.Hour)
	return env.Clock.Open.Openings(p.Hours, minutes, busy, env.Now, from, from.AddDate(0, 0, bookAhead), 1000)
}

func busyDays(provider care.ChartID, around time.Time, days int) []care.Set {
	day := around.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	var sets []care.Set
	for range days + 2 {
		sets = append(sets, care.Busy(provider, day.Format(time.DateOnly)))
		day = day.AddDate(0, 0, 1)
	}
	return sets
}

// busyTimes are what is taken of a provider's time in the days around a wish,
// but for one entry.
func busyTimes(provider care.ChartID, around time.Time, but string, k Known, now time.Time) []calendar.Slot {
	var busy []calendar.Slot
	for _, set := range busyDays(provider, around, bookAhead) {
		busy = append(busy, takes(k.Sets[set], but, k, now)...)
	}
	return busy
}

// clashes says whether a stretch of time overlaps something booked.
func clashes(from, to time.Time, busy []calendar.Slot) bool {
	return slices.ContainsFunc(busy, func(b calendar.Slot) bool { return from.Before(b.End) && b.Start.Before(to) })
}

func providerFacts(k Known, p care.Provider, state string, env Env) rules.ProviderFacts {
	return rules.ProviderFacts{
		Provider: p, State: state, Today: env.Today(p.Hours.Zone), Terms: env.Terms, Versions: env.Clock.Terms, Panel: len(k.Sets[panel(p.ID)]),
	}
}

func openRequests(chart *care.Chart, episode care.EpisodeID) int {
	n := 0
	for _, r := range chart.Referrals {
		if r.Episode == episode && r.Status.Undecided() {
			n++
		}
	}
	return n
}

func asked(chart *care.Chart, provider care.ChartID) bool {
	return slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool { return r.Provider == provider && r.Status.Open() })
}
