package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// LeaveProgramme is a client's goodbye to the whole programme: every request,
// booked time, held time and form ends in one commit, sharing too. Each provider
// is told that it has ended, and never why. The client comes back by seeking care
// again; what was is kept until then, or until they have it erased.
type LeaveProgramme struct{ Client care.ChartID }

func (LeaveProgramme) Name() string             { return "leave_programme" }
func (a LeaveProgramme) About(Known) care.About { return care.About{Client: a.Client} }
func (a LeaveProgramme) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Client}}
	if chart := k.Chart(a.Client); chart != nil {
		for _, r := range chart.Referrals {
			if r.Waits() {
				n.Charts = append(n.Charts, r.Provider)
			}
		}
	}
	return n
}

// Decide leaves nothing behind that anybody would wait for. What has taken place
// stays as it was, and so does a safety alert that nobody has read.
func (a LeaveProgramme) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	if !client.LeftAt.IsZero() {
		return fault(care.Conflict, "already_left", "You have left already. You come back by asking a provider, or the care team, whenever you want to.")
	}
	d.letGo()
	d.unwaitAll(care.WaitLeft)
	for _, r := range d.chart.Referrals {
		if r.Waits() {
			d.goodbye(r, k)
		}
	}
	for _, e := range d.chart.Episodes {
		d.seekNoMore(e)
	}
	for _, c := range d.chart.Coverages {
		d.unwatch(c)
	}
	d.endDetails(care.Stopped)
	d.endTasks(employmentTask, string(client.ID))
	d.endConsents(care.EndedByLeave)
	client.LeftAt = env.Now
	d.put(client)
	d.tellClient("goodbye", string(client.ID), "/me", time.Time{})
	d.Made = string(client.ID)
	return d.plan()
}

// goodbye ends one referral. A session that has begun waits for its outcome all
// the same, since somebody has to bill it.
func (d *draft) goodbye(r care.Referral, k Known) {
	p, _ := ofProvider(k, r.Provider)
	if r.Status == care.InCare {
		d.callOffAll(r.ID, care.CancelledClient, p.Hours.Zone)
		d.end(&r, care.Ended)
	} else {
		d.endEarly(&r, care.Withdrawn, care.CancelledClient, p)
	}
	d.put(r)
	d.tellProvider(r.Provider, "client_left", string(r.ID), "/pro", time.Time{}, "")
}

// seekNoMore closes an episode: nothing is asked of the client in it any more.
func (d *draft) seekNoMore(e care.Episode) {
	e = d.matched(e)
	if e.ClosedAt.IsZero() {
		e.ClosedAt, e.ClosedFor = d.env.Now, rules.LeftProgramme
		d.put(e)
	}
	d.settle(e.FollowUp, care.Stopped)
	d.helped(e.ID)
	d.baseline(e.ID)
	for _, s := range d.chart.Screenings {
		if s.Episode == e.ID && s.Status.Open() {
			s.Status = care.ScreeningSuspended
			d.put(s)
		}
	}
	d.judge(e.ID)
}

// unwatch lets a coverage be: nobody looks at it again, unless a session that was
// had on it is still to be billed.
func (d *draft) unwatch(c care.Coverage) {
	for _, id := range []care.DeadlineID{c.Check, c.Choice, c.Ended} {
		d.settle(id, care.Stopped)
	}
	d.untask(string(c.ID))
	had := slices.ContainsFunc(d.chart.Appointments, func(ap care.Appointment) bool {
		return ap.Coverage == c.ID && (ap.Status == care.Attended || ap.Status == care.Booked)
	})
	if c.Verifying() && !had {
		d.replace(c)
	}
}

// comeBack ends a client's absence: they seek care again.
func (d *draft) comeBack() {
	if c := *d.chart.Client; !c.LeftAt.IsZero() {
		c.LeftAt = time.Time{}
		d.put(c)
	}
}
