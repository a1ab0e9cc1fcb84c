package act

import (
	"slices"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Cancel calls an appointment off before it begins. Either side may, at any time
// until then, for no reason given. The time is free again at once.
type Cancel struct{ Appointment care.AppointmentID }

func (Cancel) Name() string               { return "cancel" }
func (a Cancel) Needs(k Known) Needs      { return needsAppointment(k, a.Appointment) }
func (a Cancel) About(k Known) care.About { return aboutAppointment(k, a.Appointment) }

// cancelled is whose doing a cancellation was.
var cancelled = map[care.Role]care.AppointmentStatus{care.RoleProvider: care.CancelledProvider, care.RoleClient: care.CancelledClient}

// Decide takes the referral a step back, so that another time can be chosen.
func (a Cancel) Decide(k Known, env Env) Plan {
	chart, ap, ok := appointment(k, a.Appointment)
	if !ok {
		return missing()
	}
	if plan, ok := changeable(ap, env.Now); !ok {
		return plan
	}
	p, _ := ofProvider(k, ap.Provider)
	status, ok := cancelled[env.Actor.Role]
	if !ok {
		status = care.CancelledClient
	}
	d := begin(env, chart)
	d.callOff(&ap, status, p.Hours.Zone)
	r, _ := d.chart.Referral(ap.Referral)
	d.again(&ap, &r)
	d.put(r)
	if ap.Type == care.Session {
		d.baseline(ap.Episode)
	}
	d.Made = string(ap.ID)
	return d.plan()
}

// Reschedule gives an appointment another time before it begins. The client may
// take any opening. The provider may move a session to any free time of theirs,
// and a first call only to a time that the client listed: nobody is called at an
// hour that they never named.
type Reschedule struct {
	Appointment care.AppointmentID
	Start       time.Time
}

func (Reschedule) Name() string               { return "reschedule" }
func (a Reschedule) About(k Known) care.About { return aboutAppointment(k, a.Appointment) }
func (a Reschedule) Needs(k Known) Needs {
	n := needsAppointment(k, a.Appointment)
	if _, ap, ok := appointment(k, a.Appointment); ok {
		n.Sets = busyDays(ap.Provider, a.Start, bookAhead)
	}
	return n
}

// Decide checks and moves in one go, as a booking does.
func (a Reschedule) Decide(k Known, env Env) Plan {
	chart, ap, ok := appointment(k, a.Appointment)
	if !ok {
		return missing()
	}
	if plan, ok := changeable(ap, env.Now); !ok {
		return plan
	}
	p, ok := ofProvider(k, ap.Provider)
	if !ok {
		return missing()
	}
	start := a.Start.UTC().Truncate(time.Second)
	switch {
	case !toCome(start, env.Now):
		return fault(care.Invalid, "invalid_input", "start: choose a time that is still to come, within a year.")
	case start.Equal(ap.Start):
		return fault(care.Conflict, "same_time", "The appointment begins at that time already.")
	}
	d := begin(env, chart)
	r, _ := d.chart.Referral(ap.Referral)
	asProvider := env.Actor.Role == care.RoleProvider
	listed := ap.Type == care.Consultation && slices.ContainsFunc(r.Preferred, start.Equal)
	if asProvider && ap.Type == care.Consultation && !listed {
		return fault(care.Conflict, "time_not_listed", "You can move a first call only to a time that the client listed. Cancel it and propose others; the client then chooses.")
	}
	length := ap.End.Sub(ap.Start)
	busy := busyTimes(p.ID, start, string(ap.ID), k, env.Now)
	next := openingsBetween(p, int(length/time.Minute), busy, env, start)
	open := slices.ContainsFunc(next, func(s calendar.Slot) bool { return s.Start.Equal(start) })
	agreed := asProvider || listed || ap.Type == care.Consultation && slices.ContainsFunc(r.Offered, start.Equal)
	if clashes(start, start.Add(length), busy) || !agreed && !open {
		return Plan{Fault: taken(next)}
	}
	ap.AtRisk = atRisk(p, chart.Client.State, start)
	d.move(&ap, start, p.Hours.Zone)
	if ap.Type == care.Session {
		d.baseline(ap.Episode)
		d.recheckSessions()
	} else {
		d.callMoved(r, ap)
	}
	d.Made = string(ap.ID)
	return d.plan()
}

// callMoved judges the days of the first call again once it has another time: a
// provider who moved it out of the window owes it still, a client who did so was
// offered one in time.
func (d *draft) callMoved(r care.Referral, ap care.Appointment) {
	dl, ok := d.chart.Deadline(r.Consult)
	if !ok || dl.State == care.Stopped || dl.State == care.Missed {
		return
	}
	late := ap.Start.After(dl.Due)
	switch {
	case late && d.env.Actor.Role == care.RoleProvider:
		d.put(d.env.Clock.Restart(dl, d.env.Now))
	case late && !dl.Offered && !ap.Moves[len(ap.Moves)-1].From.After(dl.Due):
		dl.Offered = true
		d.put(dl)
	case !late:
		d.settle(dl.ID, care.Met)
	}
}
