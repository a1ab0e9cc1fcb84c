package act

import (
	"time"

	"careconnect/rules/care"
)

// NotAFit is what either side may say once they have met: the two do not suit
// each other, which is what a first call is for. The client is offered others at
// once, and the promise runs on.
type NotAFit struct{ Referral care.ReferralID }

func (NotAFit) Name() string               { return "not_a_fit" }
func (a NotAFit) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a NotAFit) Needs(k Known) Needs {
	n := needsReferral(k, a.Referral)
	if _, r, ok := referral(k, a.Referral); ok {
		n.Match = rescueMatch(k.Of(string(a.Referral)), r)
	}
	return n
}

// met are the statuses in which the two have met and care has not begun. A call
// whose time has come counts, whether or not anybody has said that it was held.
var met = map[care.ReferralStatus]bool{care.ConsultHeld: true, care.SessionBooked: true, care.ConsultBooked: true}

// Decide closes the referral without blame.
func (a NotAFit) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if !met[r.Status] {
		return moved(r)
	}
	if ap, booked := chart.Appointment(r.Meeting); r.Status == care.ConsultBooked && booked && env.Now.Before(ap.Start) {
		return fault(care.Conflict, "not_yet", "You have not met yet. Until the first call begins, cancel it, or withdraw the request.")
	}
	p, _ := ofProvider(k, r.Provider)
	d := begin(env, chart)
	d.endEarly(&r, care.NotAFit, care.Void, p)
	d.rescue(r, k, "not_a_fit")
	d.baseline(r.Episode)
	if env.Actor.Role != care.RoleProvider {
		d.tellProvider(r.Provider, "closed", string(r.ID), "/pro", time.Time{}, "")
	}
	d.Made = string(r.ID)
	return d.plan()
}
