package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// What goes with an appointment from its booking to its end, in one place: the
// two sides' reminders, the question what became of it, the way to join, and the
// notices for their calendars.

// clocksOf are the deadlines that run about an appointment while it stands. The
// forms before a session are not among them: they are the episode's.
var clocksOf = map[string]bool{"visit_client": true, "visit_provider": true, "link": true, "no_word": true}

// book puts a new appointment into the chart and tells both sides.
func (d *draft) book(ap care.Appointment, p care.Provider, template string) {
	ap.Zone, ap.Ahead = p.Hours.Zone, calendar.Ahead(ap.Start, rules.Zone(p.Hours.Zone))
	d.put(ap)
	d.remind(ap, p.Hours.Zone)
	d.tellBoth(template, ap, p.Hours.Zone)
	if ap.Virtual && ap.Link == "" {
		d.tellProvider(ap.Provider, "link_missing", string(ap.ID), pageOf(care.RoleProvider, ap), ap.Start, p.Hours.Zone)
	}
}

// remind starts the clocks of an appointment as it stands now, and ends those of
// the time that it had before.
func (d *draft) remind(ap care.Appointment, theirs string) {
	d.quiet(ap, care.Stopped)
	mine := d.chart.Client.Zone
	d.start(care.Deadline{Code: "visit_client", Subject: string(ap.ID), Due: ap.Start, Zone: mine})
	d.start(care.Deadline{Code: "visit_provider", Subject: string(ap.ID), Due: ap.Start, Zone: mine, Reader: theirs})
	if ap.Type == care.Consultation {
		d.start(care.Deadline{Code: "no_word", Subject: string(ap.ID), Starts: ap.Start, Zone: mine})
	}
	if ap.Virtual && ap.Link == "" {
		d.start(care.Deadline{Code: "link", Subject: string(ap.ID), Due: ap.Start, Zone: mine, Reader: theirs})
	}
}

// quiet ends everything that would still be said about an appointment by itself.
func (d *draft) quiet(ap care.Appointment, state care.DeadlineState) {
	for _, dl := range d.chart.Deadlines {
		if dl.Subject == string(ap.ID) && clocksOf[dl.Code] {
			d.settle(dl.ID, state)
		}
	}
}

// move gives an appointment another time, and remembers whose doing that was.
func (d *draft) move(ap *care.Appointment, start time.Time, theirs string) {
	length := ap.End.Sub(ap.Start)
	ap.Moves = append(ap.Moves[:len(ap.Moves):len(ap.Moves)], care.Move{From: ap.Start, At: d.env.Now, By: d.env.Actor.Role})
	ap.Start, ap.End, ap.Sequence = start, start.Add(length), ap.Sequence+1
	ap.Zone, ap.Ahead = theirs, calendar.Ahead(start, rules.Zone(theirs))
	d.put(*ap)
	d.judge(ap.Episode)
	d.remind(*ap, theirs)
	d.tellBoth("moved", *ap, theirs)
}

// callOff ends an appointment before it began. Nothing is said about it any more
// but that it is off.
func (d *draft) callOff(ap *care.Appointment, status care.AppointmentStatus, theirs string) {
	ap.Status, ap.OutcomeAt, ap.Sequence = status, d.env.Now, ap.Sequence+1
	ap.LateCancel = status == care.CancelledClient && !d.free && d.env.Now.After(ap.Start.Add(-time.Duration(d.env.Terms.LateCancelHours)*time.Hour))
	d.put(*ap)
	d.judge(ap.Episode)
	d.quiet(*ap, care.Stopped)
	d.untask(string(ap.ID))
	d.tellBoth("cancelled", *ap, theirs)
	d.recheckSessions()
}

// callOffAll ends every appointment of a referral that has not begun. A session that
// has begun waits for its outcome all the same, since somebody has to bill it. A call
// that has begun is to lead to nothing any more.
func (d *draft) callOffAll(r care.ReferralID, status care.AppointmentStatus, theirs string) {
	for _, ap := range d.chart.Appointments {
		if ap.Referral != r || ap.Status != care.Booked {
			continue
		}
		ap, _ = d.chart.Appointment(ap.ID) // as those called off before it have left it
		switch {
		case ap.Start.After(d.env.Now):
			d.callOff(&ap, status, theirs)
		case ap.Type == care.Session:
			d.overlook(ap)
		default:
			ap.Status, ap.OutcomeAt = care.Void, d.env.Now
			d.put(ap)
			d.overlook(ap)
		}
	}
}

// overlook ends what would still be said by itself about an appointment that has
// begun.
func (d *draft) overlook(ap care.Appointment) {
	d.quiet(ap, care.Stopped)
	d.endTasks("link_missing", string(ap.ID))
	d.endTasks("no_word", string(ap.ID))
}

// tellBoth writes to both sides about an appointment, with a notice for their
// calendars.
func (d *draft) tellBoth(template string, ap care.Appointment, theirs string) {
	event := EventOf(ap)
	about := care.Message{Template: template, Subject: string(ap.ID), When: ap.Start, Event: &event}
	client, provider := about, about
	client.To, client.Link, client.Zone = ap.Client, pageOf(care.RoleClient, ap), d.chart.Client.Zone
	provider.To, provider.Link, provider.Zone = ap.Provider, pageOf(care.RoleProvider, ap), theirs
	d.tell(client)
	d.tell(provider)
}

// KeepWall keeps an appointment at the time on the wall that was agreed on, where
// the rules of its zone have changed since: what was booked for ten stays at ten, and
// both sides are told of the instant that this is now.
type KeepWall struct{ Appointment care.AppointmentID }

func (KeepWall) Name() string               { return "keep_wall" }
func (a KeepWall) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Appointment)}} }
func (a KeepWall) About(k Known) care.About { return aboutAppointment(k, a.Appointment) }

// Decide finds nothing to do where the zone is as it was.
func (a KeepWall) Decide(k Known, env Env) Plan {
	chart, ap, ok := appointment(k, a.Appointment)
	if !ok {
		return missing()
	}
	d := begin(env, chart)
	d.Made = string(ap.ID)
	if ap.Zone == "" || ap.Status != care.Booked || !ap.Start.After(env.Now) {
		return d.plan()
	}
	start := calendar.Rewall(ap.Start, ap.Ahead, rules.Zone(ap.Zone))
	if start.Equal(ap.Start) || !start.After(env.Now) {
		return d.plan()
	}
	d.move(&ap, start, ap.Zone)
	if ap.Type == care.Session {
		d.baseline(ap.Episode)
		d.recheckSessions()
	}
	d.Effect = "moved"
	return d.plan()
}

// EventOf is an appointment as the calendars of its two sides know it.
func EventOf(ap care.Appointment) care.Event {
	return care.Event{Appointment: ap.ID, Sequence: ap.Sequence, Start: ap.Start, End: ap.End, Cancelled: !stands(ap.Status)}
}

// stands says whether an appointment is to take place, or has taken place.
func stands(s care.AppointmentStatus) bool { return s == care.Booked || s == care.Attended }

// pageOf is where one side joins, moves or cancels an appointment.
func pageOf(side care.Role, ap care.Appointment) string {
	if side == care.RoleProvider {
		return "/pro/appt/" + string(ap.ID)
	}
	return "/me/appt/" + string(ap.ID)
}

// appointment finds one by its id.
func appointment(k Known, id care.AppointmentID) (*care.Chart, care.Appointment, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Appointment{}, false
	}
	ap, ok := chart.Appointment(id)
	return chart, ap, ok
}

// needsAppointment asks for the chart that an appointment is in, and for its
// provider's.
func needsAppointment(k Known, id care.AppointmentID) Needs {
	n := Needs{Locate: []string{string(id)}}
	if _, ap, ok := appointment(k, id); ok {
		n.Charts = []care.ChartID{ap.Provider}
	}
	return n
}

// changeable says whether an appointment can still be moved or cancelled; the
// plan says why not.
func changeable(ap care.Appointment, now time.Time) (Plan, bool) {
	switch {
	case ap.Status != care.Booked:
		return fault(care.Conflict, "already_settled", "This appointment already has an outcome, or was cancelled. Book another one, or have the outcome corrected if it is wrong."), false
	case !now.Before(ap.Start):
		return fault(care.Conflict, "already_begun", "This appointment has begun, so it can no longer be moved or cancelled. Say what became of it instead."), false
	}
	return Plan{}, true
}

// visitSoon reminds one side, with a way to join that was set meanwhile.
func visitSoon(side care.Role) func(*draft, care.Deadline, Known) {
	return func(d *draft, dl care.Deadline, k Known) {
		ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject))
		if !ok || ap.Status != care.Booked {
			return
		}
		d.linked(&ap, k)
		to, zone := map[care.Role]care.ChartID{care.RoleClient: ap.Client, care.RoleProvider: ap.Provider}[side], dl.Reader
		d.tell(care.Message{To: to, Template: "visit", Subject: string(ap.ID), Link: pageOf(side, ap), When: ap.Start, Zone: zone})
	}
}

// linked gives an appointment the way to join that its provider has set since it
// was booked, and says whether it has one now.
func (d *draft) linked(ap *care.Appointment, k Known) bool {
	p, ok := ofProvider(k, ap.Provider)
	if ap.Link == "" && ok && p.Link != "" {
		d.join(ap, p.Link)
	}
	return ap.Link != ""
}

// join sets the way to join an appointment; nobody is warned about it any more.
func (d *draft) join(ap *care.Appointment, link string) {
	ap.Link = link
	d.put(*ap)
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "link" && dl.Subject == string(ap.ID) {
			d.settle(dl.ID, care.Met)
		}
	}
	d.untask(string(ap.ID))
}

func linkMissing(d *draft, dl care.Deadline, k Known) {
	if ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject)); ok && !d.linked(&ap, k) {
		d.tellProvider(ap.Provider, "link_missing", string(ap.ID), pageOf(care.RoleProvider, ap), ap.Start, dl.Reader)
	}
}

func linkDesk(d *draft, dl care.Deadline, k Known) {
	if ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject)); ok && !d.linked(&ap, k) {
		d.task("link_missing", string(ap.ID))
	}
}

// unlinked ends the warnings: the appointment has begun without a way to join.
func unlinked(d *draft, dl care.Deadline, _ Known) { d.settle(dl.ID, care.Missed) }

// begun ends what was only to be said before an appointment began.
func begun(d *draft, dl care.Deadline, _ Known) { d.settle(dl.ID, care.Met) }

// noWord offers the client another time or another provider when nobody has said
// that their first call took place, and has a person ask.
func noWord(d *draft, dl care.Deadline, k Known) {
	d.settle(dl.ID, care.Missed)
	ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject))
	if !ok || ap.Status != care.Booked {
		return
	}
	r, _ := d.chart.Referral(ap.Referral)
	r.Alternatives = k.Matched
	d.put(r)
	d.tellClient("no_word", string(ap.ID), pageOf(care.RoleClient, ap), time.Time{})
	d.task("no_word", string(ap.ID))
}
