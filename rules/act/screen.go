package act

import (
	"maps"
	"slices"
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
	if !ok {
		return
	}
	if e.First != "" {
		d.noLongerBefore(e)
		return
	}
	first, booked := d.nextSession(func(ap care.Appointment) bool { return ap.Episode == id })
	owed := false
	for _, dl := range d.chart.Deadlines {
		switch {
		case dl.Code != "baseline":
		case booked && dl.Subject == string(first.ID) && dl.Due.Equal(first.Start):
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
	d.askAgain(id, first)
	if !given {
		r, _ := d.chart.Referral(first.Referral)
		d.assign(r, care.Baseline, first.Start, care.Screening{})
	}
	if d.unanswered(id, care.Baseline) {
		d.start(care.Deadline{Code: "baseline", Subject: string(first.ID), Due: first.Start, Zone: d.chart.Client.Zone})
		d.tellForms(string(first.ID), first.Start)
	}
}

// justNow is how long nobody is told the same of their forms again.
const justNow = time.Hour

// tellForms tells the client of forms that are to be filled in before a session, unless
// they were told so a moment ago: by the reminder, or when the session was booked.
func (d *draft) tellForms(session string, start time.Time) {
	just := func(m care.Message) bool {
		since := d.env.Now.Sub(m.At)
		return m.Template == "forms" && m.Subject == session && m.To == d.chart.ID && m.When.Equal(start) && since >= 0 && since < justNow
	}
	if !slices.ContainsFunc(d.chart.Messages, just) && !slices.ContainsFunc(d.told, just) {
		d.tellClient("forms", session, "/me", start)
	}
}

// noLongerBefore stops the clock of forms that were owed before another session
// than the one that turned out to be the first.
func (d *draft) noLongerBefore(e care.Episode) {
	for _, dl := range d.chart.Deadlines {
		if ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject)); dl.Code == "baseline" && ok && ap.Episode == e.ID && ap.ID != e.First {
			d.settle(dl.ID, care.Stopped)
		}
	}
}

// moveForms has the unanswered forms of an episode wait for a session, or rest
// until there is one. It says whether there are any forms, answered or not.
func (d *draft) moveForms(id care.EpisodeID, first care.Appointment, booked bool) (given bool) {
	for _, s := range d.chart.Screenings {
		if s.Episode != id || s.Purpose != care.Baseline || s.Replaces != "" {
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

// askAgain asks anew where the answers are older than the two weeks that the
// questions are about will be when the first session begins. What was answered
// before is kept as an earlier version.
func (d *draft) askAgain(id care.EpisodeID, first care.Appointment) {
	oldest := first.Start.AddDate(0, 0, -d.env.Terms.BaselineDays)
	for _, s := range slices.Clone(d.chart.Screenings) {
		if s.Episode != id || s.Purpose != care.Baseline || s.Status != care.ScreeningCompleted || !s.SubmittedAt.Before(oldest) {
			continue
		}
		again := d.version(s, first.Start)
		again.Referral = first.Referral
		s.Status = care.ScreeningSuperseded
		d.put(s)
		d.put(again)
	}
}

// version is the next go at a screening.
func (d *draft) version(s care.Screening, due time.Time) care.Screening {
	return care.Screening{
		ID: care.ScreeningID(d.env.ID("sc")), Client: s.Client, Episode: s.Episode, Referral: s.Referral, Instrument: s.Instrument,
		Purpose: s.Purpose, Status: care.ScreeningAssigned, AssignedAt: d.env.Now, Due: due, Opens: s.Opens, Closes: s.Closes,
		Version: max(s.Version, 1) + 1,
	}
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
		if purpose == care.FollowUp && d.followedUp(r.Episode, in.ID) {
			continue
		}
		s := like
		s.ID, s.Client, s.Episode, s.Referral = care.ScreeningID(d.env.ID("sc")), d.chart.ID, r.Episode, r.ID
		s.Instrument, s.Purpose, s.Status = in.ID, purpose, care.ScreeningAssigned
		s.AssignedAt, s.Due = d.env.Now, due
		d.put(s)
	}
}

// followedUp says whether an instrument was answered inside the follow-up's window.
func (d *draft) followedUp(e care.EpisodeID, instrument string) bool {
	for _, s := range d.chart.Screenings {
		if s.Episode == e && s.Purpose == care.FollowUp && s.Instrument == instrument && s.Status == care.ScreeningCompleted && !s.OutOfWindow {
			return true
		}
	}
	return false
}

// unanswered says whether a form is owed; one that the client opened anew to
// correct their answers is not.
func (d *draft) unanswered(e care.EpisodeID, purpose care.Purpose) bool {
	for _, s := range d.chart.Screenings {
		if s.Episode == e && s.Purpose == purpose && s.Status.Open() && s.Replaces == "" {
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
	if old, ok := d.chart.Screening(s.Replaces); ok {
		old.Status = care.ScreeningSuperseded
		d.put(old)
	}
	if !d.unanswered(s.Episode, s.Purpose) {
		d.screened(s, care.Met)
	}
	if s.Purpose == care.Baseline {
		d.followUp(s.Episode)
	}
	d.Made = string(s.ID)
	return d.plan()
}

// Retake opens a form once more for a client who wants to correct what they
// answered. The earlier version is kept, and stands until the new one is handed
// in. Nobody else ever changes an answer.
type Retake struct{ Screening care.ScreeningID }

// mostVersions bounds how often one form is taken.
const mostVersions = 9

func (Retake) Name() string               { return "retake_screening" }
func (a Retake) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Screening)}} }
func (a Retake) About(k Known) care.About { return aboutScreening(k, a.Screening) }

// Decide finds the version that is open already, where there is one.
func (a Retake) Decide(k Known, env Env) Plan {
	chart := k.Of(string(a.Screening))
	if chart == nil {
		return missing()
	}
	s, ok := chart.Screening(a.Screening)
	if !ok {
		return missing()
	}
	over := !s.Closes.IsZero() && env.Now.After(s.Closes) || s.OutOfWindow
	switch {
	case s.Status != care.ScreeningCompleted:
		return fault(care.Conflict, "not_handed_in", "Only a form that was handed in, and that no later one replaces, can be taken again.")
	case over:
		return fault(care.Conflict, "screening_closed", "The time for this form is over, so its answers stay as they are.")
	case s.Version >= mostVersions:
		return fault(care.Conflict, "taken_too_often", "This form has been taken many times. Please talk with your provider about it.")
	}
	d := begin(env, chart)
	for _, other := range chart.Screenings {
		if other.Replaces == s.ID && other.Status.Open() {
			d.Made = string(other.ID)
			return d.plan()
		}
	}
	again := d.version(s, s.Due)
	again.Replaces = s.ID
	d.put(again)
	d.Made = string(again.ID)
	return d.plan()
}

// DeclineScreening is the client's word that they would rather not answer. It is
// kept, nobody reminds them any more, and their care goes on as it would.
type DeclineScreening struct{ Screening care.ScreeningID }

func (DeclineScreening) Name() string               { return "decline_screening" }
func (a DeclineScreening) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Screening)}} }
func (a DeclineScreening) About(k Known) care.About { return aboutScreening(k, a.Screening) }

// Decide ends the reminders once nothing of the same purpose is owed any more.
func (a DeclineScreening) Decide(k Known, env Env) Plan {
	d, s, plan, ok := openScreening(k, env, a.Screening)
	if !ok {
		return plan
	}
	s.Status, s.DeclinedAt = care.ScreeningDeclined, env.Now
	d.put(s)
	if !d.unanswered(s.Episode, s.Purpose) {
		d.screened(s, care.Stopped)
	}
	d.Made = string(s.ID)
	return d.plan()
}

// screened ends the clock of a purpose once none of its instruments is owed.
func (d *draft) screened(s care.Screening, state care.DeadlineState) {
	code := map[care.Purpose]string{care.Baseline: "baseline", care.FollowUp: "follow_up"}[s.Purpose]
	for _, dl := range d.chart.Deadlines {
		if dl.Code == code && (dl.Code == "baseline" || dl.Subject == string(s.Episode)) {
			d.settle(dl.ID, state)
		}
	}
}

// followUp starts the follow-up window of an episode, once both are known: the
// first attended session, which is its anchor, and an elevated baseline.
func (d *draft) followUp(id care.EpisodeID) {
	missed := false
	defer func() { d.gap(id, missed) }()
	e, ok := d.chart.Episode(id)
	if !ok || e.First == "" || e.FollowUp != "" || !e.ClosedAt.IsZero() || d.refusedFollowUp(id) {
		return
	}
	elevated, known := d.elevated(e)
	if !elevated {
		return
	}
	window := d.followUpWindow(e)
	if d.env.Now.After(window.Due) {
		// Where the client answered late it is nobody's fault; else it is ours.
		if missed = !known.After(window.Due); missed {
			d.task("follow_up_missed", string(e.First))
		}
		return
	}
	e.FollowUp = d.start(care.Deadline{Code: "follow_up", Subject: string(id), Starts: e.FirstAt, Zone: e.Zone})
	d.put(e)
	d.catchUp(e.FollowUp)
}

// refusedFollowUp says whether the client has said no to the follow-up.
func (d *draft) refusedFollowUp(id care.EpisodeID) bool {
	for _, s := range d.chart.Screenings {
		if s.Episode == id && s.Purpose == care.FollowUp && s.Status == care.ScreeningDeclined {
			return true
		}
	}
	return false
}

// catchUp opens a follow-up window that was already open when it became known.
// Instead of the reminders whose time had passed by then one goes out at once.
func (d *draft) catchUp(id care.DeadlineID) {
	dl, _ := d.chart.Deadline(id)
	passed := false
	for !dl.Next.IsZero() && dl.Next.Before(d.env.Now) {
		effect, _, after := d.env.Clock.Fall(dl)
		if effect == rules.Opened {
			followUpOpens(d, after, Known{})
		} else {
			passed = true
		}
		dl = after
	}
	d.put(dl)
	switch open := d.unanswered(care.EpisodeID(dl.Subject), care.FollowUp); {
	case open && passed:
		followUpReminder(d, dl, Known{})
	case !open && !dl.Opens.After(d.env.Now):
		d.settle(dl.ID, care.Met) // answered before, and rightly so
	}
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
// zero: once for a screening, whatever the total, submitted or not. The provider is
// whoever treats the client now, also where another one did when the form was given.
func (d *draft) alert(s care.Screening) {
	for _, a := range d.chart.Alerts {
		if a.Screening == s.ID {
			return
		}
	}
	alert := care.Alert{ID: care.AlertID(d.env.ID("al")), Client: d.chart.ID, Screening: s.ID, RaisedAt: d.env.Now}
	for _, r := range d.chart.Referrals {
		if r.Status.Clinical() && (r.ID == s.Referral || alert.Provider == "" && r.Episode == s.Episode) {
			alert.Provider = r.Provider // of the session that the form goes with, else who treats them now
		}
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
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "safety_repeat" && dl.Subject == string(alert.ID) {
			d.settle(dl.ID, care.Met)
		}
	}
	d.untask(string(alert.ID))
	d.Made = string(alert.ID)
	return d.plan()
}
