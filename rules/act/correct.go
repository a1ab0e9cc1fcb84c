package act

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// Correct says that what was said to have become of an appointment was wrong, and
// why. Everything that followed from it follows anew: where the referral stands,
// which session is the first, the follow-up that hangs on it, and what became of
// the promise.
type Correct struct {
	Appointment care.AppointmentID
	Result      care.AppointmentStatus // attended, no_show_client, no_show_provider
	Reason      string
}

// mostCorrections bounds how often one appointment is told anew.
const mostCorrections = 10

func (Correct) Name() string               { return "correct" }
func (a Correct) About(k Known) care.About { return aboutAppointment(k, a.Appointment) }

// Needs of a session that was none include others to go on with, where care has ended.
func (a Correct) Needs(k Known) Needs {
	n := Needs{Locate: []string{string(a.Appointment)}}
	chart := k.Of(string(a.Appointment))
	if chart == nil || a.Result == care.Attended {
		return n
	}
	ap, _ := chart.Appointment(a.Appointment)
	if last := lastOf(chart, ap.Episode); last.Status == care.Ended {
		n.Match = rescueMatch(chart, last)
	}
	return n
}

// Decide keeps what was said before, by whom, and why it was wrong.
func (a Correct) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Appointment))
	if chart == nil {
		return missing()
	}
	ap, ok := chart.Appointment(a.Appointment)
	if !ok {
		return missing()
	}
	_, known := outcomes[outcome{ap.Type, a.Result}]
	_, said := outcomes[outcome{ap.Type, ap.Status}]
	reason := strings.TrimSpace(a.Reason)
	var wrong problems
	wrong.need(known, "result: say attended, no_show_client or no_show_provider")
	wrong.need(reason != "" && len(reason) <= 300, "reason: say in at most 300 letters why it is corrected; the client can read it")
	switch f := wrong.fault(); {
	case f != nil:
		return Plan{Fault: f}
	case !said:
		return fault(care.Conflict, "no_outcome", "Nobody has said yet what became of this appointment, or it was cancelled. There is nothing to correct.")
	case ap.Status == a.Result:
		return fault(care.Conflict, "already_settled", "That is what stands already.")
	case len(ap.Corrections) >= mostCorrections:
		return fault(care.Conflict, "corrected_too_often", fmt.Sprintf("This appointment has been corrected %d times. Write to the care team.", mostCorrections))
	}
	d := begin(env, chart)
	ap.Corrections = append(ap.Corrections[:len(ap.Corrections):len(ap.Corrections)], care.Correction{
		Was: ap.Status, At: env.Now, By: env.Actor.Chart, As: env.Actor.Role, Reason: reason,
	})
	ap.Status = a.Result
	if ap.Type == care.Session {
		ap = cover(d.chart, d.env, ap)
	}
	d.put(ap)
	d.rebill(ap)
	d.untask(string(ap.ID))
	if ap.Status == care.NoShowProvider {
		d.task("provider_no_show", string(ap.ID))
	}
	d.restand(ap)
	d.anchor(ap.Episode)
	d.goOnWithout(ap.Episode, k)
	d.baseline(ap.Episode)
	d.judge(ap.Episode)
	d.Made = string(ap.ID)
	return d.plan()
}

// goOnWithout looks after an episode that has lost its only session, while nobody
// expects anything of anybody in it any more. A provider who ended care had not begun
// it, so others are offered; a client who wanted no other by then has stopped seeking
// with that.
func (d *draft) goOnWithout(id care.EpisodeID, k Known) {
	e, ok := d.chart.Episode(id)
	last := lastOf(d.chart, id)
	goesOn := func(r care.Referral) bool {
		return r.Episode == id && (r.Waits() || rules.WhoseTurn(r, d.chart) != rules.TurnNobody)
	}
	switch {
	case !ok || last.ID == "" || e.First != "" || !e.ClosedAt.IsZero() || e.Match.Open() || slices.ContainsFunc(d.chart.Referrals, goesOn):
		return
	case last.Status == care.Ended:
		last.Status = care.NotAFit
		d.rescue(last, k, "not_a_fit")
		return
	}
	e.ClosedAt, e.ClosedFor = last.ClosedAt, stopped[last.Status]
	d.put(e)
	d.helped(id)
}

// stopped is why an episode is closed whose last referral ended like this.
var stopped = map[care.ReferralStatus]string{care.Withdrawn: "withdrawn", care.NoResponse: "no_response"}

// lastOf is the referral with which its provider, or the client, ended an episode last.
func lastOf(chart *care.Chart, id care.EpisodeID) (last care.Referral) {
	for _, r := range chart.Referrals {
		if r.Episode == id && (r.Status == care.Ended || stopped[r.Status] != "") && !r.ClosedAt.Before(last.ClosedAt) {
			last = r
		}
	}
	return last
}

// restand has a referral stand where its appointments now say. One that was
// closed, or has moved on to a time that is booked, stays where it is.
func (d *draft) restand(ap care.Appointment) {
	r, ok := d.chart.Referral(ap.Referral)
	if !ok {
		return
	}
	was := r
	if ap.Type == care.Consultation {
		switch {
		case ap.Status == care.Attended && (r.Status == care.Accepted || r.Status == care.Proposed):
			r.Status, r.Meeting, r.AskedAt = care.ConsultHeld, ap.ID, time.Time{}
			d.heldAfterAll(r, ap)
		case ap.Status != care.Attended && r.Status == care.ConsultHeld && r.Meeting == ap.ID:
			r.Status, r.Meeting = care.Accepted, ""
			d.undone(&r, letGo[ap.Status])
		}
	} else if r.Status == care.ConsultHeld || r.Status == care.SessionBooked || r.Status == care.InCare {
		r.Status = care.ConsultHeld
		for _, other := range d.chart.Appointments {
			switch {
			case other.Referral != r.ID || other.Type != care.Session:
			case other.Status == care.Attended:
				r.Status = care.InCare
			case other.Status == care.Booked && r.Status != care.InCare:
				r.Status = care.SessionBooked
			}
		}
	}
	if r.Status != was.Status {
		d.put(r)
	}
}

// anchor finds the first attended session of an episode. The follow-up hangs on
// it: where it has moved, or is none any more, what was sent before and not
// answered is taken back, and what was answered is kept.
func (d *draft) anchor(id care.EpisodeID) {
	e, ok := d.chart.Episode(id)
	if !ok {
		return
	}
	var first care.Appointment
	for _, ap := range d.chart.Appointments {
		if ap.Episode == id && ap.Type == care.Session && ap.Status == care.Attended && (first.ID == "" || ap.Start.Before(first.Start)) {
			first = ap
		}
	}
	if e.First != first.ID {
		d.settle(e.FollowUp, care.Stopped)
		e.First, e.FirstAt, e.FollowUp = first.ID, first.Start, ""
		d.giveWay(&e)
		d.put(e)
		d.takeBack(e)
	}
	d.followUp(id)
}

// giveWay ends an episode that lost its only session while the client seeks care
// in another one by now: a client is on one way at a time.
func (d *draft) giveWay(e *care.Episode) {
	if e.First != "" || !e.ClosedAt.IsZero() {
		return
	}
	for _, other := range d.chart.Episodes {
		if other.ID != e.ID && other.First == "" && other.ClosedAt.IsZero() {
			e.ClosedAt, e.ClosedFor = d.env.Now, "sought_again"
		}
	}
}

// takeBack cancels the follow-up forms of an episode that nobody has answered,
// and says of the answered ones whether they still lie in its window.
func (d *draft) takeBack(e care.Episode) {
	var window care.Deadline
	if e.First != "" {
		window = d.followUpWindow(e)
	}
	for _, s := range d.chart.Screenings {
		if s.Episode != e.ID || s.Purpose != care.FollowUp {
			continue
		}
		outside := e.First == "" || s.SubmittedAt.Before(window.Opens) || s.SubmittedAt.After(window.Due)
		switch {
		case s.Status.Open():
			s.Status = care.ScreeningCancelled
		case s.Status == care.ScreeningCompleted && s.OutOfWindow != outside:
			s.OutOfWindow = outside
		default:
			continue
		}
		d.put(s)
	}
}

// followUpWindow is when the follow-up of an episode is to be answered.
func (d *draft) followUpWindow(e care.Episode) care.Deadline {
	return d.env.Clock.Start(care.Deadline{Code: "follow_up", Subject: string(e.ID), Starts: e.FirstAt, Zone: e.Zone})
}

// gap says of an episode in care what is missing in its screenings, so that the
// care team sees it: a first session without a baseline, or a follow-up that the
// platform could not send in time.
func (d *draft) gap(id care.EpisodeID, missed bool) {
	e, ok := d.chart.Episode(id)
	if !ok {
		return
	}
	was := e.Gap
	switch {
	case e.First == "":
		e.Gap = ""
	case missed:
		e.Gap = care.GapMissedByPlatform
	case e.Gap == care.GapMissedByPlatform && e.FollowUp == "":
	case !d.answeredOnce(id):
		e.Gap = care.GapNoBaseline
	default:
		e.Gap = ""
	}
	if e.Gap != was {
		d.put(e)
	}
}

// answeredOnce says whether any baseline of an episode was ever handed in.
func (d *draft) answeredOnce(id care.EpisodeID) bool {
	for _, s := range d.chart.Screenings {
		if s.Episode == id && s.Purpose == care.Baseline && !s.SubmittedAt.IsZero() {
			return true
		}
	}
	return false
}

// elevated says whether an episode's initial screening was elevated, and when
// that was known. Of several versions of an instrument the last one from before
// the first session counts, else the first one after it.
func (d *draft) elevated(e care.Episode) (bool, time.Time) {
	var at time.Time
	for _, in := range instrument.All() {
		var initial care.Screening
		for _, s := range d.chart.Screenings {
			if s.Episode != e.ID || s.Purpose != care.Baseline || s.Instrument != in.ID || s.SubmittedAt.IsZero() {
				continue
			}
			before := !s.SubmittedAt.After(e.FirstAt)
			had := initial.ID != "" && !initial.SubmittedAt.After(e.FirstAt)
			if initial.ID == "" || before && (!had || s.SubmittedAt.After(initial.SubmittedAt)) || !before && !had && s.SubmittedAt.Before(initial.SubmittedAt) {
				initial = s
			}
		}
		if initial.Elevated != nil && *initial.Elevated && (at.IsZero() || initial.SubmittedAt.Before(at)) {
			at = initial.SubmittedAt
		}
	}
	return !at.IsZero(), at
}
