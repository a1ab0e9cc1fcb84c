package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// record enters a session that took place outside the portal. It stands in the
// records as recorded late, with the provider's reason, and keeps no promise: a
// promise is kept where everybody can see it.
func (a BookSession) record(chart *care.Chart, r care.Referral, p care.Provider, env Env) Plan {
	start := a.Start.UTC().Truncate(time.Second)
	end := start.Add(time.Duration(a.Minutes) * time.Minute)
	var wrong problems
	wrong.need(env.Actor.Role != care.RoleClient, "reason: only the provider records a session afterwards")
	wrong.need(len(a.Late) <= 300, "reason: say in at most 300 letters why it was not booked here; the client can read it")
	wrong.need(a.Minutes >= 5 && a.Minutes <= 480, "minutes: from 5 to 480")
	wrong.need(!end.After(env.Now) && start.After(env.Now.AddDate(-1, 0, 0)), "start: a session that is recorded afterwards is over, and no older than a year; book one that is to come without a reason")
	_, service := rules.ServiceOf(a.Service)
	wrong.need(service, "service: one of the kinds of session, or leave it out for an individual one")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	for _, other := range chart.Appointments {
		if other.Provider == p.ID && stands(other.Status) && start.Before(other.End) && other.Start.Before(end) {
			return fault(care.Conflict, "already_recorded", "Another appointment with this client stands at that time. Say what became of that one instead.")
		}
	}
	d := begin(env, chart)
	d.chosen(r)
	d.settle(r.Consult, care.Stopped)
	ap := care.Appointment{
		ID: care.AppointmentID(env.ID("ap")), Referral: r.ID, Episode: r.Episode, Client: r.Client, Provider: r.Provider,
		Type: care.Session, Start: start, End: end, Virtual: true, Status: care.Attended, BookedBy: env.Actor.Role,
		BookedAt: env.Now, OutcomeAt: env.Now, Programme: care.ProgrammeChart, Recorded: a.Late, Service: a.Service, FeeCents: p.FeeCents,
	}
	d.chart.Add(ap)
	sessionAttended(d, &ap, &r)
	d.put(ap)
	d.put(r)
	if r.Status.Open() {
		d.supersedeOthers(r)
	}
	d.recheckSessions()
	d.judge(r.Episode)
	d.baseline(r.Episode)
	d.tellClient("recorded", string(ap.ID), pageOf(care.RoleClient, ap), time.Time{})
	d.Made = string(ap.ID)
	return d.plan()
}
