package act

import (
	"slices"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Once a provider has answered it is the client's to choose. While they say
// nothing the days of the first call wait, and in the end the request is closed.

const waitingOnClient = "waiting_on_client"

// offer makes it the client's turn to choose. An offer made while the client is
// silent already does not begin the silence anew.
func (d *draft) offer(r *care.Referral) {
	r.AskedAt = time.Time{}
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "choose" && dl.Subject == string(r.ID) && dl.State == care.Running {
			return
		}
	}
	d.start(care.Deadline{Code: "choose", Subject: string(r.ID), Zone: d.chart.Client.Zone})
}

// chosen ends the silence: the client has acted, so the days count again.
func (d *draft) chosen(r care.Referral) {
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "choose" && dl.Subject == string(r.ID) {
			d.settle(dl.ID, care.Met)
		}
	}
	if dl, ok := d.chart.Deadline(r.Consult); ok && dl.State == care.Waiting {
		d.put(d.env.Clock.Resume(dl, d.env.Now))
	}
}

// wait has the days of the first call wait for the client.
func (d *draft) wait(r care.Referral) {
	if dl, ok := d.chart.Deadline(r.Consult); ok && dl.State == care.Running && !d.env.Now.After(dl.Due) {
		d.put(d.env.Clock.Pause(dl, d.env.Now, waitingOnClient, string(care.RoleClient)))
	}
}

// undone takes a first call back that will not be: the days run on from where
// they began, and wait where it was the client who let it go. A call that the
// client had taken outside the window and then let go owes nobody anything.
func (d *draft) undone(r *care.Referral, by care.Role) {
	d.offer(r)
	dl, ok := d.chart.Deadline(r.Consult)
	if !ok || dl.State != care.Met || dl.Offered || by == care.RoleClient && d.env.Now.After(dl.Due) {
		return
	}
	d.put(d.env.Clock.Restart(dl, d.env.Now))
	if by == care.RoleClient {
		d.wait(*r)
	}
}

// choosing says whether a referral waits for the client to choose.
func choosing(r care.Referral) bool {
	return (r.Status == care.Accepted || r.Status == care.Proposed) && r.AskedAt.IsZero()
}

// OtherTimes is the client's answer that none of the offered times fits. They may
// list some that would; Later says that they want the call later than it was
// promised.
type OtherTimes struct {
	Referral  care.ReferralID
	Preferred []time.Time
	Later     bool
}

func (OtherTimes) Name() string               { return "other_times" }
func (a OtherTimes) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a OtherTimes) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if chart, r, ok := referral(k, a.Referral); ok && r.Status == care.Accepted {
		if dl, owed := chart.Deadline(r.Consult); owed {
			n.Sets = busyDays(r.Provider, dl.Due.AddDate(0, 0, -bookAhead), bookAhead)
		}
	}
	return n
}

// Decide makes it the provider's turn again.
func (a OtherTimes) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if !choosing(r) {
		return moved(r)
	}
	listed, ok := futureStarts(a.Preferred, env.Now, 10)
	if len(a.Preferred) > 0 && !ok {
		return fault(care.Invalid, "invalid_input", "preferred times: at most 10, all still to come and within a year.")
	}
	d := begin(env, chart)
	d.chosen(r)
	if dl, owed := d.chart.Deadline(r.Consult); owed && dl.State == care.Running && a.later(dl, listed) && offeredBy(dl.Due, r, k, env) {
		dl.Offered = true
		d.put(dl)
		d.settle(dl.ID, care.Met)
	}
	if len(listed) > 0 {
		r.Preferred = listed
	}
	r.AskedAt = env.Now
	d.put(r)
	d.tellProvider(r.Provider, "other_times", string(r.ID), "/pro/r/"+string(r.ID), time.Time{}, "")
	d.Made = string(r.ID)
	return d.plan()
}

// later says whether the client wants the call after it is due.
func (a OtherTimes) later(owed care.Deadline, listed []time.Time) bool {
	return a.Later || len(listed) > 0 && listed[0].After(owed.Due)
}

// offeredBy says whether a time until an instant was the client's to take: one
// that the provider named, or, where they opened their calendar, an opening.
func offeredBy(due time.Time, r care.Referral, k Known, env Env) bool {
	in := func(t time.Time) bool { return !t.After(due) }
	if slices.ContainsFunc(r.Offered, in) {
		return true
	}
	p, ok := ofProvider(k, r.Provider)
	if !ok || r.Status != care.Accepted {
		return false
	}
	around := due.AddDate(0, 0, -bookAhead)
	return slices.ContainsFunc(openings(p, p.Hours.ConsultMinutes, k, env, around), func(s calendar.Slot) bool { return in(s.Start) })
}

// silent has the days wait once the client has said nothing for so long.
func silent(d *draft, dl care.Deadline, _ Known) {
	if r, ok := d.chart.Referral(care.ReferralID(dl.Subject)); ok && choosing(r) && d.heard(r) {
		d.wait(r)
	}
}

// heard says whether the client can know that times are open to them. While the
// last word of it is known not to have arrived, saying nothing is no silence.
func (d *draft) heard(r care.Referral) bool {
	last := d.lastWord(r, d.env.Now)
	return last.State != care.Dead && last.State != care.Retry && (last.State != care.Sending || last.Attempts < 2)
}

// lastWord is what the client was told last, up to an instant, of times that are
// open to them.
func (d *draft) lastWord(r care.Referral, until time.Time) (last care.Message) {
	for _, m := range d.chart.Messages {
		ap, _ := d.chart.Appointment(care.AppointmentID(m.Subject))
		if m.To == d.chart.ID && opens[m.Template] && (m.Subject == string(r.ID) || ap.Referral == r.ID) && !m.At.Before(last.At) && !m.At.After(until) {
			last = m
		}
	}
	return last
}

// unheard takes a silence back once the word that it rested on has turned out not
// to have arrived: the days of the first call have never waited for it. That the
// client let a call go themselves is no silence; the choice began with it.
func (d *draft) unheard(m care.Message) {
	for _, choice := range d.chart.Deadlines {
		r, ok := d.chart.Referral(care.ReferralID(choice.Subject))
		if choice.Code != "choose" || choice.State != care.Running || !ok {
			continue
		}
		dl, ok := d.chart.Deadline(r.Consult)
		if !ok || dl.State != care.Waiting {
			continue
		}
		if since := dl.Pauses[len(dl.Pauses)-1].From; since.After(choice.Starts) && d.lastWord(r, since).ID == m.ID {
			d.put(d.env.Clock.Unpause(dl, d.env.Now))
		}
	}
}

// opens are the words by which a client learns that a time is theirs to choose: a
// yes, times, or that the call they had will not be.
var opens = map[string]bool{"accepted": true, "proposed": true, "cancelled": true, "no_show": true}

// chooseNudge has the days wait, too, where the client came to know only now.
func chooseNudge(d *draft, dl care.Deadline, k Known) {
	silent(d, dl, k)
	if r, ok := d.chart.Referral(care.ReferralID(dl.Subject)); ok && choosing(r) {
		d.tellClient("choose", dl.Subject, "/me/r/"+dl.Subject+"/time", dl.Due)
	}
}

// noResponse closes a request to which the client has said nothing.
func noResponse(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	r, ok := d.chart.Referral(care.ReferralID(dl.Subject))
	if !ok || !choosing(r) || !d.heard(r) {
		return // the care team looks after whom no mail reaches
	}
	d.end(&r, care.NoResponse)
	d.put(r)
	d.tellClient("no_response", string(r.ID), "/me", time.Time{})
	d.tellProvider(r.Provider, "closed", string(r.ID), "/pro", time.Time{}, "")
	d.closeIfIdle(r.Episode, "no_response")
}

// end closes a referral: nothing is owed on it any more, and nobody has anything to
// do about it or to choose because of it.
func (d *draft) end(r *care.Referral, status care.ReferralStatus) {
	r.Status, r.ClosedAt, r.HandTo, r.Begun, r.Unsaid = status, d.env.Now, "", d.begun(r.ID), d.unsaid(r.ID)
	for _, dl := range d.chart.Deadlines {
		if dl.Subject == string(r.ID) {
			d.settle(dl.ID, care.Stopped)
		}
	}
	d.untask(string(r.ID))
	d.unchooseWay(r.ID)
}

// endEarly closes a referral before care began, and calls off what is booked of it.
// A session that has begun by then is left to be told of.
func (d *draft) endEarly(r *care.Referral, status care.ReferralStatus, calledOff care.AppointmentStatus, p care.Provider) {
	d.callOffAll(r.ID, calledOff, p.Hours.Zone)
	d.end(r, status)
}

// unsaid says whether a session of a referral has begun of which nobody has said what
// became of it.
func (d *draft) unsaid(r care.ReferralID) bool {
	return slices.ContainsFunc(d.chart.Appointments, func(ap care.Appointment) bool {
		return ap.Referral == r && ap.Type == care.Session && ap.Status == care.Booked && !ap.Start.After(d.env.Now)
	})
}

// begun says whether a session of a referral has begun, whatever was said of it: what
// was said can be corrected.
func (d *draft) begun(r care.ReferralID) bool {
	return slices.ContainsFunc(d.chart.Appointments, func(ap care.Appointment) bool {
		_, settled := outcomes[outcome{ap.Type, ap.Status}]
		return ap.Referral == r && ap.Type == care.Session && (settled || ap.Status == care.Booked && !ap.Start.After(d.env.Now))
	})
}

// heldAfterAll ends the days of a first call of which it was said that it had not
// been, and that was: it counts as it would have.
func (d *draft) heldAfterAll(r care.Referral, ap care.Appointment) {
	d.chosen(r)
	dl, ok := d.chart.Deadline(r.Consult)
	inTime := !ap.Start.After(dl.Due) || ap.BookedBy == care.RoleClient
	if ok && inTime && dl.State != care.Met && dl.State != care.Stopped {
		d.put(d.env.Clock.Restart(dl, d.env.Now))
		d.settle(dl.ID, care.Met)
	}
}
