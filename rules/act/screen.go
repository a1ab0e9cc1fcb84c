package act

import (
	"maps"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// baseline gives both instruments before the first session that is booked in an
// episode, or moves them to the one that is the first now. Answers that were
// given stay. Where no session is booked any more, nothing is owed before one.
func (d *draft) baseline(id care.EpisodeID) {
	e, ok := d.chart.Episode(id)
	if !ok || e.First != "" {
		return
	}
	first, booked := d.nextSession(func(ap care.Appointment) bool { return ap.Episode == id })
	owed := false
	for _, dl := range d.chart.Deadlines {
		switch {
		case dl.Code != "baseline":
		case booked && dl.Subject == string(first.ID):
			owed = owed || dl.State != care.Stopped
		default:
			d.settle(dl.ID, care.Stopped)
		}
	}
	if owed {
		return
	}
	given := d.moveForms(id, first, booked)
	if !booked {
		return
	}
	if !given {
		r, _ := d.chart.Referral(first.Referral)
		d.assign(r, care.Baseline, first.Start, care.Screening{})
	}
	if d.unanswered(id, care.Baseline) {
		d.start(care.Deadline{Code: "baseline", Subject: string(first.ID), Due: first.Start, Zone: d.chart.Client.Zone})
		d.tellClient("forms", string(first.ID), "/me", first.Start)
	}
}

// moveForms has the unanswered forms of an episode wait for a session, or rest
// until there is one. It says whether there are any forms, answered or not.
func (d *draft) moveForms(id care.EpisodeID, first care.Appointment, booked bool) (given bool) {
	for _, s := range d.chart.Screenings {
		if s.Episode != id || s.Purpose != care.Baseline {
			continue
		}
		given = true
		switch {
		case !booked && s.Status.Open():
			s.Status = care.ScreeningSuspended
		case booked && s.Status == care.ScreeningSuspended:
			s.Status, s.Due, s.Referral = care.ScreeningAssigned, first.Start, first.Referral
		case booked && s.Status.Open():
			s.Due, s.Referral = first.Start, first.Referral
		default:
			continue
		}
		d.put(s)
	}
	return given
}

// nextSession is the earliest session of some that is booked.
func (d *draft) nextSession(of func(care.Appointment) bool) (first care.Appointment, booked bool) {
	for _, ap := range d.chart.Appointments {
		if ap.Type == care.Session && ap.Status == care.Booked && of(ap) && (!booked || ap.Start.Before(first.Start)) {
			first, booked = ap, true
		}
	}
	return first, booked
}

// assign gives every instrument for one purpose.
func (d *draft) assign(r care.Referral, purpose care.Purpose, due time.Time, like care.Screening) {
	for _, in := range instrument.All() {
		s := like
		s.ID, s.Client, s.Episode, s.Referral = care.ScreeningID(d.env.ID("sc")), d.chart.ID, r.Episode, r.ID
		s.Instrument, s.Purpose, s.Status = in.ID, purpose, care.ScreeningAssigned
		s.AssignedAt, s.Due = d.env.Now, due
		d.put(s)
	}
}

func (d *draft) unanswered(e care.EpisodeID, purpose care.Purpose) bool {
	for _, s := range d.chart.Screenings {
		if s.Episode == e && s.Purpose == purpose && s.Status.Open() {
			return true
		}
	}
	return false
}

// SaveAnswers keeps some answers of a screening; more may follow. An answer
// above zero to the safety item raises an alert in this very commit.
type SaveAnswers struct {
	Screening care.ScreeningID
	Answers   map[string]int
}

func (SaveAnswers) Name() string               { return "save_answers" }
func (a SaveAnswers) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Screening)}} }
func (a SaveAnswers) About(k Known) care.About { return aboutScreening(k, a.Screening) }

// Decide keeps the answers as the client gave them.
func (a SaveAnswers) Decide(k Known, env Env) Plan {
	d, s, plan, ok := openScreening(k, env, a.Screening)
	if !ok {
		return plan
	}
	in, _ := instrument.Get(s.Instrument)
	if wrong := in.Check(a.Answers); len(wrong) > 0 {
		says := make([]string, len(wrong))
		for i, w := range wrong {
			says[i] = w.Error()
		}
		return fault(care.Invalid, "invalid_input", "Please mend: "+strings.Join(says, "; ")+".")
	}
	answers := maps.Clone(s.Answers)
	if answers == nil {
		answers = map[string]int{}
	}
	maps.Copy(answers, a.Answers)
	s.Answers, s.Status = answers, care.ScreeningStarted
	d.put(s)
	if value, answered := in.Safety(s.Answers); answered && value > 0 {
		d.alert(s)
	}
	d.Made = string(s.ID)
	return d.plan()
}

// Submit scores a screening for good. An elevated baseline brings a follow-up.
type Submit struct{ Screening care.ScreeningID }

func (Submit) Name() string               { return "submit_screening" }
func (a Submit) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Screening)}} }
func (a Submit) About(k Known) care.About { return aboutScreening(k, a.Screening) }

// Decide evaluates once, with the cut-off in force, and keeps its version.
func (a Submit) Decide(k Known, env Env) Plan {
	d, s, plan, ok := openScreening(k, env, a.Screening)
	if !ok {
		return plan
	}
	in, _ := instrument.Get(s.Instrument)
	score, complete := in.Score(s.Answers)
	if !complete {
		return fault(care.Invalid, "answers_missing", "Please answer every question first. Still open: "+strings.Join(in.Missing(s.Answers), ", ")+".")
	}
	cut := map[string]int{"phq-9": env.Terms.ElevatedPHQ9, "gad-7": env.Terms.ElevatedGAD7}[in.ID]
	elevated := score.Total >= cut
	s.Status, s.SubmittedAt, s.Total, s.Band = care.ScreeningCompleted, env.Now, &score.Total, score.Band.Code
	s.Elevated, s.Terms = &elevated, env.Terms.Version
	s.Late = env.Now.After(s.Due)
	d.put(s)
	if !d.unanswered(s.Episode, s.Purpose) {
		d.screened(s)
	}
	if s.Purpose == care.Baseline {
		d.followUp(s.Episode)
	}
	d.Made = string(s.ID)
	return d.plan()
}

// screened ends the clock of a purpose once all its instruments are done.
func (d *draft) screened(s care.Screening) {
	code := map[care.Purpose]string{care.Baseline: "baseline", care.FollowUp: "follow_up"}[s.Purpose]
	for _, dl := range d.chart.Deadlines {
		if dl.Code == code && (dl.Code == "baseline" || dl.Subject == string(s.Episode)) {
			d.settle(dl.ID, care.Met)
		}
	}
}

// followUp starts the follow-up window of an episode, once both are known: the
// first attended session, which is its anchor, and an elevated baseline.
func (d *draft) followUp(id care.EpisodeID) {
	e, ok := d.chart.Episode(id)
	if !ok || e.First == "" || e.FollowUp != "" {
		return
	}
	for _, s := range d.chart.Screenings {
		if s.Episode == id && s.Purpose == care.Baseline && s.Elevated != nil && *s.Elevated {
			window := care.Deadline{Code: "follow_up", Subject: string(id), Starts: e.FirstAt, Zone: e.Zone}
			if d.env.Now.After(d.env.Clock.Start(window).Due) {
				return // known too late for a follow-up
			}
			e.FollowUp = d.start(window)
			d.catchUp(e.FollowUp)
			d.put(e)
			return
		}
	}
}

// catchUp opens a follow-up window that was already open when it became known,
// without the reminders whose time had passed by then.
func (d *draft) catchUp(id care.DeadlineID) {
	dl, _ := d.chart.Deadline(id)
	for !dl.Next.IsZero() && dl.Next.Before(d.env.Now) {
		effect, _, after := d.env.Clock.Fall(dl)
		if effect == rules.Opened {
			followUpOpens(d, after, Known{})
		}
		dl = after
	}
	d.put(dl)
}

func openScreening(k Known, env Env, id care.ScreeningID) (*draft, care.Screening, Plan, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Screening{}, missing(), false
	}
	s, ok := chart.Screening(id)
	if !ok {
		return nil, s, missing(), false
	}
	if !s.Status.Open() {
		return nil, s, fault(care.Conflict, "screening_closed", "This form is no longer open, so its answers stay as they are."), false
	}
	return begin(env, chart), s, Plan{}, true
}

func aboutScreening(k Known, id care.ScreeningID) care.About {
	chart := k.Of(string(id))
	if chart == nil {
		return care.About{}
	}
	return care.About{Client: chart.ID}
}

// alert tells the provider and the clinical desk that item 9 was answered above
// zero: once for a screening, whatever the total, submitted or not.
func (d *draft) alert(s care.Screening) {
	for _, a := range d.chart.Alerts {
		if a.Screening == s.ID {
			return
		}
	}
	alert := care.Alert{ID: care.AlertID(d.env.ID("al")), Client: d.chart.ID, Screening: s.ID, RaisedAt: d.env.Now}
	if r, ok := d.chart.Referral(s.Referral); ok && r.Status.Clinical() {
		alert.Provider = r.Provider
	}
	alert.Ack = d.start(care.Deadline{Code: "safety_ack", Subject: string(alert.ID), Zone: d.chart.Client.Zone})
	d.put(alert)
	ack, _ := d.chart.Deadline(alert.Ack)
	if alert.Provider != "" {
		d.tellProvider(alert.Provider, "safety", string(alert.ID), "/pro", ack.Due, "")
	}
	d.tellDesk(care.RoleClinical, "safety", string(alert.ID), "/ops/alerts", ack.Due)
}

// Acknowledge says that a clinician has read a safety alert, and what they did.
type Acknowledge struct {
	Alert  care.AlertID
	Action string // contacted, safety_plan, unable_to_reach, other
}

// Actions are what can be said to have been done about an alert.
var Actions = map[string]bool{"contacted": true, "safety_plan": true, "unable_to_reach": true, "other": true}

func (Acknowledge) Name() string        { return "acknowledge" }
func (a Acknowledge) Needs(Known) Needs { return Needs{Locate: []string{string(a.Alert)}} }
func (a Acknowledge) About(k Known) care.About {
	chart := k.Of(string(a.Alert))
	if chart == nil {
		return care.About{}
	}
	alert, _ := chart.Alert(a.Alert)
	return care.About{Client: chart.ID, Provider: alert.Provider}
}

// Decide keeps who and when; an alert is never closed by itself.
func (a Acknowledge) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Alert))
	if chart == nil {
		return missing()
	}
	alert, ok := chart.Alert(a.Alert)
	if !ok {
		return missing()
	}
	if !Actions[a.Action] {
		return fault(care.Invalid, "invalid_input", "action: say contacted, safety_plan, unable_to_reach or other.")
	}
	if !alert.AckedAt.IsZero() {
		return fault(care.Conflict, "already_acknowledged", "Somebody has acknowledged this alert already.")
	}
	d := begin(env, chart)
	alert.AckedAt, alert.AckedBy, alert.Action = env.Now, env.Actor.Chart, a.Action
	d.put(alert)
	d.settle(alert.Ack, care.Met)
	d.Made = string(alert.ID)
	return d.plan()
}
