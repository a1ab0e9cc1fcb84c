package act

import (
	"time"

	"careconnect/rules/care"
)

// Outcome says what became of an appointment once its time has come. The first
// attended session keeps the promise and anchors the follow-up; a no-show does
// neither.
type Outcome struct {
	Appointment care.AppointmentID
	Result      care.AppointmentStatus // attended, no_show_client, no_show_provider
}

func (Outcome) Name() string               { return "outcome" }
func (a Outcome) Needs(k Known) Needs      { return Needs{Locate: []string{string(a.Appointment)}} }
func (a Outcome) About(k Known) care.About { return aboutAppointment(k, a.Appointment) }

// Decide refuses an outcome before the start: nobody attends the future.
func (a Outcome) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Appointment))
	if chart == nil {
		return missing()
	}
	ap, ok := chart.Appointment(a.Appointment)
	if !ok {
		return missing()
	}
	effect, known := outcomes[outcome{ap.Type, a.Result}]
	switch {
	case !known:
		return fault(care.Invalid, "invalid_input", "result: say attended, no_show_client or no_show_provider.")
	case ap.Status != care.Booked:
		return fault(care.Conflict, "already_settled", "This appointment already has an outcome, or was cancelled. Book another one, or have the outcome corrected if it is wrong.")
	case env.Now.Before(ap.Start):
		return fault(care.Conflict, "not_yet", "This appointment has not begun yet. Say what became of it once its time has come.")
	}
	if plan, ok := a.sayable(ap, env); !ok {
		return plan
	}
	d := begin(env, chart)
	ap.Status, ap.OutcomeAt = a.Result, env.Now
	d.chart.Add(ap) // what follows sees that it is settled
	d.untask(string(ap.ID))
	d.quiet(ap, care.Met)
	r, _ := d.chart.Referral(ap.Referral)
	effect(d, &ap, &r)
	r.Unsaid = !r.Status.Open() && d.unsaid(r.ID)
	d.put(ap)
	d.put(r)
	d.recheckSessions()
	d.judge(ap.Episode)
	d.Made = string(ap.ID)
	return d.plan()
}

// sayable says whether whoever asks can say this: a client only that the provider
// did not come, and only after waiting for them.
func (a Outcome) sayable(ap care.Appointment, env Env) (Plan, bool) {
	if env.Actor.Role != care.RoleClient {
		return Plan{}, true
	}
	waited := ap.Start.Add(time.Duration(env.Terms.NoWordMinutes) * time.Minute)
	switch {
	case a.Result != care.NoShowProvider:
		return fault(care.Invalid, "invalid_input", "result: you can say that the provider did not come. What else became of it, they say."), false
	case env.Now.Before(waited):
		return fault(care.Conflict, "not_yet", env.Words.Render("Please wait {no_word_minutes} minutes after the start before you go on without them.")), false
	}
	return Plan{}, true
}

type outcome struct {
	of     care.AppointmentType
	result care.AppointmentStatus
}

// outcomes is what each outcome does to the referral and the episode.
var outcomes = map[outcome]func(*draft, *care.Appointment, *care.Referral){
	{care.Consultation, care.Attended}:       consultationHeld,
	{care.Consultation, care.NoShowClient}:   missedByClient,
	{care.Consultation, care.NoShowProvider}: missedByProvider,
	{care.Session, care.Attended}:            sessionAttended,
	{care.Session, care.NoShowClient}:        missedByClient,
	{care.Session, care.NoShowProvider}:      missedByProvider,
}

func consultationHeld(_ *draft, _ *care.Appointment, r *care.Referral) {
	r.Alternatives = nil // what was offered while nobody had said so
	if r.Status == care.ConsultBooked {
		r.Status = care.ConsultHeld
	}
}

func sessionAttended(d *draft, ap *care.Appointment, r *care.Referral) {
	if r.Status.Open() { // what is said afterwards brings nobody back
		r.Status = care.InCare
	}
	d.unchoose(*r)
	*ap = cover(d.chart, d.env, *ap)
	d.chart.Add(*ap)
	d.bill(*ap)
	if c, ok := d.chart.Coverage(ap.Coverage); ok && d.usedUp(c) {
		d.askForPlan(c)
	}
	d.anchor(ap.Episode)
}

func missedByClient(d *draft, ap *care.Appointment, r *care.Referral) {
	d.again(ap, r)
	d.tellClient("no_show", string(ap.ID), "/me", time.Time{})
}

// missedByProvider tells the side that has not said it.
func missedByProvider(d *draft, ap *care.Appointment, r *care.Referral) {
	d.again(ap, r)
	if d.env.Actor.Role == care.RoleClient {
		d.tellProvider(ap.Provider, "no_show_said", string(ap.ID), pageOf(care.RoleProvider, *ap), ap.Start, "")
	} else {
		d.tellClient("no_show", string(ap.ID), "/me", time.Time{})
	}
	d.task("provider_no_show", string(ap.ID))
}

// letGo is whose doing it was that an appointment was not.
var letGo = map[care.AppointmentStatus]care.Role{
	care.CancelledClient: care.RoleClient, care.NoShowClient: care.RoleClient,
	care.CancelledProvider: care.RoleProvider, care.NoShowProvider: care.RoleProvider,
}

// again takes the referral a step back, so that a new time can be booked. Where
// another session is booked already, the forms wait for that one.
func (d *draft) again(ap *care.Appointment, r *care.Referral) {
	if ap.Type == care.Consultation && r.Status == care.ConsultBooked {
		r.Status, r.Meeting = care.Accepted, ""
		d.undone(r, letGo[ap.Status])
	}
	if ap.Type != care.Session {
		return
	}
	if _, another := d.nextSession(func(other care.Appointment) bool { return other.Referral == r.ID }); !another && r.Status == care.SessionBooked {
		r.Status = care.ConsultHeld
	}
	if _, another := d.nextSession(func(other care.Appointment) bool { return other.Episode == ap.Episode }); another {
		d.baseline(ap.Episode)
	}
}

func aboutAppointment(k Known, id care.AppointmentID) care.About {
	chart := k.Of(string(id))
	if chart == nil {
		return care.About{}
	}
	ap, ok := chart.Appointment(id)
	if !ok {
		return care.About{}
	}
	return care.About{Client: ap.Client, Provider: ap.Provider}
}
