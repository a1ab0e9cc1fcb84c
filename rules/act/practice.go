package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// SetHours is the provider's week, and how openings are cut from it.
type SetHours struct {
	Provider     care.ChartID
	Hours        calendar.Hours
	SelfSchedule *bool
	Link         *string
}

func (SetHours) Name() string             { return "set_hours" }
func (a SetHours) About(Known) care.About { return care.About{Provider: a.Provider} }

// Needs of who moves to another zone include whom they see.
func (a SetHours) Needs(k Known) Needs {
	if p, ok := ofProvider(k, a.Provider); ok && p.Hours.Zone != a.Hours.Zone {
		return needsAwaited(a.Provider)
	}
	return Needs{Charts: []care.ChartID{a.Provider}}
}

// Decide leaves what is booked where it is. On which of a credential's days that is
// goes by the provider's zone.
func (a SetHours) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if problems := a.Hours.Valid(); problems != nil {
		return fault(care.Invalid, "invalid_input", "Please mend: "+problems.Error()+".")
	}
	if a.Link != nil && *a.Link != "" && !strings.HasPrefix(*a.Link, "https://") {
		return fault(care.Invalid, "invalid_input", "link: give an address that begins with https://, or leave it empty.")
	}
	moved := p.Hours.Zone != a.Hours.Zone
	p.Hours = a.Hours
	set(&p.SelfSchedule, a.SelfSchedule)
	set(&p.Link, a.Link)
	d := begin(env, chartOf(k, p))
	d.put(p)
	if moved {
		d.credentialClocks(p)
		d.errands("credential_gap", seen(k, p.ID))
	}
	d.Made = string(p.ID)
	return d.plan()
}

// SetCaseload is how many clients a provider sees at a time, and whether they
// take anybody new, or names on a waiting list only. Fields left nil stay.
type SetCaseload struct {
	Provider     care.ChartID
	Caseload     *int // 0: as many as come
	WaitlistOnly *bool
}

func (SetCaseload) Name() string             { return "set_caseload" }
func (a SetCaseload) About(Known) care.About { return care.About{Provider: a.Provider} }
func (a SetCaseload) Needs(Known) Needs {
	return Needs{Charts: []care.ChartID{a.Provider}, Sets: []care.Set{care.Waitlist(a.Provider), panel(a.Provider)}}
}

// Decide lets nobody go: it is about who comes. With the waiting list, whoever
// waits is told; who is still full after it only ends the list.
func (a SetCaseload) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if a.Caseload != nil && (*a.Caseload < 0 || *a.Caseload > 1000) {
		return fault(care.Invalid, "invalid_input", "caseload: give a number from 1 to 1,000, or 0 for no limit.")
	}
	kept := p.WaitlistOnly
	set(&p.Caseload, a.Caseload)
	set(&p.WaitlistOnly, a.WaitlistOnly)
	d := begin(env, chartOf(k, p))
	d.put(p)
	if kept && !p.WaitlistOnly {
		code := "waitlist_open"
		if facts := providerFacts(k, p, "", env); !facts.Roomy() || p.Standing != care.Active {
			code = "waitlist_closed"
		}
		d.endWaiting(code, k.Sets[care.Waitlist(p.ID)])
	}
	d.Made = string(p.ID)
	return d.plan()
}

// SetProfile publishes what a provider tells of themselves in the directory.
type SetProfile struct {
	Provider    care.ChartID
	Pronouns    string
	About_      string
	Specialties []string
	Languages   []string
	Modalities  []string
	Identities  []string
}

// DraftProfile keeps public words that are still being written: only their
// writer sees them.
type DraftProfile struct {
	Provider care.ChartID
	Words    care.Profile
}

// PublishProfile puts the draft in place of what everybody reads. Accurate is the
// provider's word that it is true.
type PublishProfile struct {
	Provider care.ChartID
	Accurate bool
}

func (SetProfile) Name() string                 { return "set_profile" }
func (a SetProfile) Needs(Known) Needs          { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a SetProfile) About(Known) care.About     { return care.About{Provider: a.Provider} }
func (DraftProfile) Name() string               { return "draft_profile" }
func (a DraftProfile) Needs(Known) Needs        { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a DraftProfile) About(Known) care.About   { return care.About{Provider: a.Provider} }
func (PublishProfile) Name() string             { return "publish_profile" }
func (a PublishProfile) Needs(k Known) Needs    { return needsPhotos(k, a.Provider) }
func (a PublishProfile) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide changes the public words only.
func (a SetProfile) Decide(k Known, _ Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	words := care.Profile{
		Pronouns: a.Pronouns, About: a.About_, Specialties: a.Specialties, Languages: a.Languages, Modalities: a.Modalities, Identities: a.Identities, Photo: p.Photo,
	}
	if f := writable(words); f != nil {
		return Plan{Fault: f}
	}
	p.Say(words)
	return changeProvider(p)
}

// Decide leaves what is published as it is.
func (a DraftProfile) Decide(k Known, _ Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if f := writable(a.Words); f != nil {
		return Plan{Fault: f}
	}
	a.Words.Photo = p.Drafted().Photo // words are sent without it
	p.Draft = &a.Words
	return changeProvider(p)
}

// Decide wants to know where the provider is before anything of theirs is read.
func (a PublishProfile) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	var wrong problems
	wrong.need(zoneKnown(p.Hours.Zone), "time zone: set your hours first, with the time zone that they stand in")
	wrong.need(len(p.Licences) > 0 || len(p.Credentials) > 0, "state: no licence of yours is known yet; the care team enters it")
	wrong.need(a.Accurate, "accurate: say that what you publish is true and up to date")
	if f := wrong.fault(); f != nil {
		f.Code = "not_publishable"
		return Plan{Fault: f}
	}
	d := begin(env, chartOf(k, p))
	d.show(k, &p)
	d.put(p)
	d.Made = string(p.ID)
	return d.plan()
}

func writable(w care.Profile) *care.Fault {
	var wrong problems
	wrong.need(len(w.About) <= 3000, "about: at most 3,000 letters")
	wrong.need(len(w.Pronouns) <= 40, "pronouns: at most 40 letters")
	lists := [][]string{w.Specialties, w.Languages, w.Modalities, w.Identities}
	wrong.need(!slices.ContainsFunc(lists, func(l []string) bool { return !listOK(l, 20) }),
		"specialties, languages, modalities, identities: at most 20 each, none longer than 60 letters")
	return wrong.fault()
}

// Discharge ends a client's care with a provider. The follow-up that the
// programme owes still comes. The provider keeps what they did themselves, the
// visits and their charges, and reads nothing clinical any more.
type Discharge struct{ Referral care.ReferralID }

func (Discharge) Name() string               { return "discharge" }
func (a Discharge) Needs(k Known) Needs      { return needsReferral(k, a.Referral) }
func (a Discharge) About(k Known) care.About { return aboutReferral(k, a.Referral) }

// Decide leaves no session behind that nobody would hold.
func (a Discharge) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if r.Status != care.InCare {
		return moved(r)
	}
	if slices.ContainsFunc(chart.Appointments, func(ap care.Appointment) bool { return ap.Referral == r.ID && ap.Status == care.Booked }) {
		return fault(care.Conflict, "sessions_booked", "A session is still booked, or one that is past has no outcome yet. Settle it first; then care can end.")
	}
	if slices.ContainsFunc(chart.Alerts, func(a care.Alert) bool { return a.Provider == r.Provider && a.AckedAt.IsZero() }) {
		return fault(care.Conflict, "alert_unread", "A safety alert about this client still waits for your word. Read it first; then care can end.")
	}
	d := begin(env, chart)
	d.end(&r, care.Ended)
	d.put(r)
	d.tellClient("care_ended", string(r.ID), "/me", time.Time{})
	d.Made = string(r.ID)
	return d.plan()
}
