package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// The provider's answers. Each of them stops the answer clock, and each may
// come late, for as long as the terms say, while the client has not moved on.

// Accept says yes to a client.
type Accept struct{ Referral care.ReferralID }

// Decline says no. The reason is the provider's own: no one else but the care
// team reads it, and no ranking knows of it.
type Decline struct {
	Referral care.ReferralID
	Reason   string
}

// Propose offers times for the consultation.
type Propose struct {
	Referral care.ReferralID
	Times    []time.Time
}

func (Accept) Name() string                { return "accept" }
func (Decline) Name() string               { return "decline" }
func (Propose) Name() string               { return "propose" }
func (a Accept) Needs(k Known) Needs       { return needsReferral(k, a.Referral) }
func (a Accept) About(k Known) care.About  { return aboutReferral(k, a.Referral) }
func (a Decline) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a Propose) Needs(k Known) Needs      { return needsReferral(k, a.Referral) }
func (a Propose) About(k Known) care.About { return aboutReferral(k, a.Referral) }

// Needs of a decline include others who could still keep the promise.
func (a Decline) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if _, r, ok := referral(k, a.Referral); ok {
		n.Match = rescueMatch(k.Of(string(a.Referral)), r)
	}
	return n
}

// Decide opens the calendar to the client: they choose one of the openings.
func (a Accept) Decide(k Known, env Env) Plan {
	d, r, plan, ok := answerable(k, env, a.Referral)
	if !ok {
		return plan
	}
	if r.Status == care.Accepted && choosing(r) {
		return alreadyAnswered()
	}
	r.Status = care.Accepted
	d.answered(&r)
	d.offer(&r)
	d.put(r)
	d.tellClient("accepted", string(r.ID), "/me", time.Time{})
	d.Made = string(r.ID)
	return d.plan()
}

// Decide closes this referral without blame and offers others.
func (a Decline) Decide(k Known, env Env) Plan {
	d, r, plan, ok := answerable(k, env, a.Referral)
	if !ok {
		return plan
	}
	if len(a.Reason) > 500 {
		return fault(care.Invalid, "invalid_input", "reason: at most 500 letters; it may also stay empty.")
	}
	r.Reason = a.Reason
	d.answered(&r)
	d.end(&r, care.Declined)
	d.rescue(r, k, "declined")
	d.Made = string(r.ID)
	return d.plan()
}

// Decide offers the times to the client.
func (a Propose) Decide(k Known, env Env) Plan {
	d, r, plan, ok := answerable(k, env, a.Referral)
	if !ok {
		return plan
	}
	times, ok := futureStarts(a.Times, env.Now, 10)
	if !ok {
		return fault(care.Invalid, "invalid_input", "times: give 1 to 10 starts that are still to come and within a year.")
	}
	if r.Status == care.Proposed && choosing(r) && slices.EqualFunc(times, r.Offered, time.Time.Equal) {
		return alreadyAnswered()
	}
	r.Status, r.Offered, r.OfferedAt = care.Proposed, times, env.Now
	d.answered(&r)
	d.offer(&r)
	d.put(r)
	d.tellClient("proposed", string(r.ID), "/me", time.Time{})
	d.Made = string(r.ID)
	return d.plan()
}

// noLonger is the fault of answering a request after one has left, or was suspended.
func noLonger(s care.Participation) Plan {
	if s == care.Suspended {
		return fault(care.Conflict, "suspended", "The care team has suspended your participation, so this request goes to other providers. Write to them; only they can end it.")
	}
	return fault(care.Conflict, "left_the_programme", "You have left the programme, so this request goes to other providers. Join again to answer new ones.")
}

// alreadyAnswered is the fault of giving an answer that stands already.
func alreadyAnswered() Plan {
	return fault(care.Conflict, "already_answered", "The client has this answer already, and it is their turn. You can propose other times, or book one that they listed.")
}

// answerable begins the draft of an answer, if the referral still waits for one
// and the provider still takes part.
func answerable(k Known, env Env, id care.ReferralID) (*draft, care.Referral, Plan, bool) {
	chart, r, ok := referral(k, id)
	if !ok {
		return nil, r, missing(), false
	}
	late := r.Status == care.Expired && r.ClosedAt.IsZero()
	proposedAgain := r.Status == care.Proposed || r.Status == care.Accepted
	if r.Status != care.Submitted && !late && !proposedAgain {
		return nil, r, moved(r), false
	}
	// Who has left answers nobody new. Whom they had said yes to they may see through.
	if p, ok := ofProvider(k, r.Provider); !ok || p.Standing.Gone() && !proposedAgain && env.Actor.Role == care.RoleProvider {
		return nil, r, noLonger(p.Standing), false
	}
	if late && movedOn(chart, r) {
		return nil, r, fault(care.Conflict, "client_moved_on", "The client has chosen someone else in the meantime; nothing is left to answer."), false
	}
	return begin(env, chart), r, Plan{}, true
}

// movedOn says whether the client asked or booked anybody after a referral had
// expired.
func movedOn(chart *care.Chart, expired care.Referral) bool {
	for _, r := range chart.Referrals {
		if r.Episode == expired.Episode && r.ID != expired.ID && r.Status.Open() && r.SubmittedAt.After(expired.ExpiredAt) {
			return true
		}
		if r.Episode == expired.Episode && r.Status.Open() && !r.Status.Undecided() {
			return true
		}
	}
	return false
}

func (d *draft) answered(r *care.Referral) {
	if r.AnsweredAt.IsZero() {
		r.AnsweredAt = d.env.Now
	}
	d.settle(r.Respond, care.Met)
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "late_answer" && dl.Subject == string(r.ID) {
			d.settle(dl.ID, care.Met)
		}
	}
}

// rescue closes a referral that fell through and offers others who can still
// keep the promise; where there is nobody, a person of the care team helps.
func (d *draft) rescue(r care.Referral, k Known, template string) {
	r.Alternatives = k.Matched
	d.put(r)
	d.tellClient(template, string(r.ID), "/me", time.Time{})
	if len(r.Alternatives) == 0 {
		d.task("manual_match", string(r.ID))
	}
}

// rescueMatch asks for up to three others who can see the client in time.
func rescueMatch(chart *care.Chart, r care.Referral) *Match {
	e, _ := chart.Episode(r.Episode)
	promise, _ := chart.Deadline(e.Promise)
	not := []care.ChartID{}
	for _, other := range chart.Referrals {
		if other.Episode == r.Episode {
			not = append(not, other.Provider)
		}
	}
	return &Match{State: e.State, Concerns: r.Concerns, Language: chart.Client.Language, By: promise.Due, Not: not, Most: 3}
}

// Withdraw is the client's change of mind about one request, before a
// consultation is booked. It is nobody's fault and counts as none.
type Withdraw struct{ Referral care.ReferralID }

func (Withdraw) Name() string               { return "withdraw" }
func (a Withdraw) Needs(k Known) Needs      { return needsReferral(k, a.Referral) }
func (a Withdraw) About(k Known) care.About { return aboutReferral(k, a.Referral) }

// Decide ends the episode too when nothing else is open in it.
func (a Withdraw) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	over := !r.Status.Open() && (r.Status != care.Expired || !r.ClosedAt.IsZero())
	switch {
	case r.Status == care.InCare:
		return fault(care.Conflict, "in_care", "You are in their care, so there is no request to withdraw any more. Cancel what is booked and tell them; they end the care. Or leave the programme as a whole, under Privacy.")
	case over:
		return moved(r)
	}
	p, _ := ofProvider(k, r.Provider)
	d := begin(env, chart)
	d.endEarly(&r, care.Withdrawn, care.CancelledClient, p)
	d.put(r)
	d.judge(r.Episode)
	d.baseline(r.Episode)
	d.tellProvider(r.Provider, "withdrawn", string(r.ID), "/pro", time.Time{}, "")
	d.closeIfIdle(r.Episode, "withdrawn")
	d.Made = string(r.ID)
	return d.plan()
}

// closeIfIdle ends an episode that nobody works on any more because the client
// withdrew or stayed silent: its promise is neither kept nor broken.
func (d *draft) closeIfIdle(id care.EpisodeID, why string) {
	e, ok := d.chart.Episode(id)
	if !ok || e.First != "" || !e.ClosedAt.IsZero() || e.Match.Open() {
		return
	}
	for _, r := range d.chart.Referrals {
		if r.Episode == id && (r.Status.Open() || r.Status == care.Expired && r.ClosedAt.IsZero()) {
			return
		}
	}
	e.ClosedAt, e.ClosedFor = d.env.Now, why
	d.put(e)
	d.helped(e.ID)
	d.judge(e.ID)
}

// The way to a referral by its id.

func needsReferral(k Known, id care.ReferralID) Needs {
	n := Needs{Locate: []string{string(id)}}
	if chart := k.Of(string(id)); chart != nil {
		if r, ok := chart.Referral(id); ok {
			n.Charts = []care.ChartID{r.Provider}
		}
	}
	return n
}

func aboutReferral(k Known, id care.ReferralID) care.About {
	_, r, ok := referral(k, id)
	if !ok {
		return care.About{}
	}
	return care.About{Client: r.Client, Provider: r.Provider}
}

func referral(k Known, id care.ReferralID) (*care.Chart, care.Referral, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Referral{}, false
	}
	r, ok := chart.Referral(id)
	return chart, r, ok
}

// moved is the fault of acting on a referral that is not where one thinks.
func moved(r care.Referral) Plan {
	return fault(care.Conflict, "referral_moved_on", "This request is now "+words[r.Status]+", so this can no longer be done. Look at it again and choose what fits.")
}

// words name the statuses of a referral to people.
var words = map[care.ReferralStatus]string{
	care.Submitted: "waiting for an answer", care.Accepted: "accepted", care.Proposed: "waiting for the client to choose a time",
	care.ConsultBooked: "booked for a consultation", care.ConsultHeld: "past its consultation", care.SessionBooked: "booked for a session",
	care.InCare: "in care", care.Declined: "declined", care.Expired: "past its time to answer", care.Withdrawn: "withdrawn",
	care.Superseded: "withdrawn, since the client chose another", care.Rerouted: "with other providers", care.NotAFit: "closed as not a fit",
	care.Ended:      "ended, and so is care",
	care.NoResponse: "closed, since no time was chosen", care.HandedOver: "with another provider",
}

// Status gives the words for a referral's status.
func Status(s care.ReferralStatus) string { return words[s] }

var _ = rules.Yes
