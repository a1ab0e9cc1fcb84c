package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Book fixes the time of a referral's consultation. The client may take any
// opening or any time that was offered to them; the provider only a time that
// the client had listed.
type Book struct {
	Referral care.ReferralID
	Start    time.Time
}

func (Book) Name() string               { return "book" }
func (a Book) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a Book) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if _, r, ok := referral(k, a.Referral); ok {
		n.Sets = busyDays(r.Provider, a.Start, bookAhead)
	}
	return n
}

// Decide checks and books in one go, so that two people never get one time.
func (a Book) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	late := r.Status == care.Expired && r.ClosedAt.IsZero() && !movedOn(chart, r)
	if !r.Status.Undecided() && !late {
		return moved(r)
	}
	provider := k.Chart(r.Provider)
	if provider == nil || provider.Provider == nil {
		return missing()
	}
	p := *provider.Provider
	start := a.Start.UTC().Truncate(time.Second)
	end := start.Add(time.Duration(p.Hours.ConsultMinutes) * time.Minute)
	if !start.After(env.Now) {
		return fault(care.Invalid, "start_passed", "Choose a time that is still to come.")
	}
	if !toCome(start, env.Now) {
		return fault(care.Invalid, "invalid_input", "start: choose a time within a year.")
	}
	if env.Actor.Role == care.RoleProvider && !slices.ContainsFunc(r.Preferred, start.Equal) {
		return fault(care.Conflict, "time_not_listed", "You can book only a time that the client listed. Propose this one instead; the client then chooses.")
	}
	unanswered := r.Status == care.Submitted || late
	if unanswered && p.Standing.Gone() {
		return fault(care.Conflict, "left_the_programme", "The provider takes part no more, so this request goes to other providers. You find them under My care within the minute.")
	}
	if unanswered && env.Actor.Role != care.RoleProvider && !p.SelfSchedule {
		return fault(care.Conflict, "not_answered", "The provider has not answered, and does not open the calendar for booking before. You hear from us as soon as they do, and can ask others meanwhile.")
	}
	// Both sides have named the time: the client by listing it, the provider by
	// answering or by booking it.
	agreed := slices.ContainsFunc(r.Offered, start.Equal) ||
		slices.ContainsFunc(r.Preferred, start.Equal) && (!unanswered || env.Actor.Role == care.RoleProvider)
	busy := busyTimes(p.ID, start, "", k, env.Now)
	next := openings(p, p.Hours.ConsultMinutes, k, env, start)
	open := slices.ContainsFunc(next, func(s calendar.Slot) bool { return s.Start.Equal(start) })
	if clashes(start, end, busy) || !agreed && !open {
		return Plan{Fault: taken(next)}
	}
	d := begin(env, chart)
	d.answered(&r)
	d.meet(r, p, start)
	d.Made = string(r.ID)
	return d.plan()
}

func taken(next []calendar.Slot) *care.Fault {
	f := &care.Fault{Kind: care.Conflict, Code: "opening_taken", Says: "This time is not free. Choose one of the next openings."}
	for _, s := range next[:min(5, len(next))] {
		f.Next = append(f.Next, s.Start)
	}
	return f
}

// BookSession books a session of any length. The first one of an episode brings
// the baseline screenings by itself. Late is why one that is over is entered only
// now; empty, the session is to come.
type BookSession struct {
	Referral care.ReferralID
	Start    time.Time
	Minutes  int
	Service  string // a row of the table of services; empty: individual
	Late     string
}

func (BookSession) Name() string               { return "book_session" }
func (a BookSession) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a BookSession) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if chart, r, ok := referral(k, a.Referral); ok {
		n.Sets = busyDays(r.Provider, a.Start, bookAhead)
		if promise, open := openPromise(chart, r.Episode); open && a.Start.After(promise.Due) {
			n.Sets = append(n.Sets, busyDays(r.Provider, lastDays(promise), bookAhead)...)
		}
	}
	return n
}

// Decide lets the provider choose any free time and the client any opening.
func (a BookSession) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if !r.Status.Clinical() && (a.Late == "" || r.Status != care.Ended && !r.Begun) {
		return moved(r)
	}
	provider := k.Chart(r.Provider)
	if provider == nil || provider.Provider == nil {
		return missing()
	}
	p := *provider.Provider
	if a.Late != "" {
		return a.record(chart, r, p, env)
	}
	start := a.Start.UTC().Truncate(time.Second)
	var wrong problems
	wrong.need(start.After(env.Now) && start.Before(env.Now.AddDate(2, 0, 0)), "start: choose a time that is still to come, within two years; one that is over is recorded with a reason")
	wrong.need(a.Minutes >= 5 && a.Minutes <= 480, "minutes: from 5 to 480")
	_, service := rules.ServiceOf(a.Service)
	wrong.need(service, "service: one of the kinds of session, or leave it out for an individual one")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	end := start.Add(time.Duration(a.Minutes) * time.Minute)
	next := openings(p, a.Minutes, k, env, start)
	open := slices.ContainsFunc(next, func(s calendar.Slot) bool { return s.Start.Equal(start) })
	if clashes(start, end, busyTimes(p.ID, start, "", k, env.Now)) || env.Actor.Role == care.RoleClient && !open {
		return Plan{Fault: taken(next)}
	}
	d := begin(env, chart)
	d.chosen(r)
	if consult, owed := d.chart.Deadline(r.Consult); owed && (env.Actor.Role != care.RoleProvider || !start.After(consult.Due)) {
		d.settle(r.Consult, care.Met) // it stands for the first call
	}
	ap := care.Appointment{
		ID: care.AppointmentID(env.ID("ap")), Referral: r.ID, Episode: r.Episode, Client: r.Client, Provider: r.Provider,
		Type: care.Session, Start: start, End: end, Virtual: true, Link: p.Link, Status: care.Booked,
		BookedBy: env.Actor.Role, BookedAt: env.Now, Programme: care.ProgrammeChart, Service: a.Service, FeeCents: p.FeeCents,
		AtRisk: atRisk(p, chart.Client.State, start), PassedOver: passesOver(chart, r, p, a.Minutes, start, k, env),
	}
	if r.Status != care.InCare {
		r.Status = care.SessionBooked
		d.put(r)
	}
	d.supersedeOthers(r)
	d.book(ap, p, "session_booked")
	d.recheckSessions()
	d.judge(r.Episode)
	d.baseline(r.Episode)
	d.Made = string(ap.ID)
	return d.plan()
}

// passesOver says whether a client who takes this time leaves one inside the
// window of their promise, which the provider's calendar had open.
func passesOver(chart *care.Chart, r care.Referral, p care.Provider, minutes int, start time.Time, k Known, env Env) bool {
	promise, open := openPromise(chart, r.Episode)
	if !open || env.Actor.Role != care.RoleClient || !start.After(promise.Due) {
		return false
	}
	busy := busyTimes(p.ID, lastDays(promise), "", k, env.Now)
	return len(env.Clock.Open.Openings(p.Hours, minutes, busy, env.Now, lastDays(promise), promise.Due, 1)) > 0
}

// openPromise is the promise of an episode while it runs.
func openPromise(chart *care.Chart, id care.EpisodeID) (care.Deadline, bool) {
	e, _ := chart.Episode(id)
	promise, ok := chart.Deadline(e.Promise)
	return promise, ok && promise.State == care.Running
}

// lastDays begin the stretch before the end of a promise in which openings are
// looked for.
func lastDays(promise care.Deadline) time.Time {
	return promise.Due.UTC().Truncate(24*time.Hour).AddDate(0, 0, 2-bookAhead)
}
