package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Fall is what the platform does by itself when the next instant of a deadline
// has come: a reminder, an opening, an end. It finds nothing to do when the
// deadline has been settled since, so that it may be asked for twice.
type Fall struct {
	Chart    care.ChartID
	Deadline care.DeadlineID
}

func (Fall) Name() string             { return "fall" }
func (a Fall) About(Known) care.About { return care.About{Client: a.Chart} }

func (a Fall) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Chart}}
	chart := k.Chart(a.Chart)
	if chart == nil {
		return n
	}
	dl, ok := chart.Deadline(a.Deadline)
	if !ok {
		return n
	}
	if Errand(dl) {
		n.Locate = []string{dl.Subject}
		if client := k.Of(dl.Subject); client != nil {
			if r, ok := client.Referral(care.ReferralID(dl.Subject)); ok {
				n.Match = rescueMatch(client, r)
			}
		}
	}
	if dl.Code == "choice" {
		if r, ok := chart.Referral(care.ReferralID(dl.Subject)); ok {
			n.Charts = append(n.Charts, r.Provider)
		}
	}
	if dl.Code == "credential_end" {
		n.Sets = []care.Set{inbox(a.Chart), panel(a.Chart), care.Waitlist(a.Chart)}
	}
	if clocksOf[dl.Code] {
		if ap, ok := chart.Appointment(care.AppointmentID(dl.Subject)); ok {
			n.Charts = append(n.Charts, ap.Provider)
			if r, ok := chart.Referral(ap.Referral); ok && dl.Code == "no_word" {
				n.Match = rescueMatch(chart, r)
			}
		}
	}
	if dl.Code == "respond" {
		if r, ok := chart.Referral(care.ReferralID(dl.Subject)); ok {
			n.Charts = append(n.Charts, r.Provider)
			n.Sets = append(n.Sets, askedLately(r.Provider, dl.Due)...)
			n.Match = rescueMatch(chart, r)
		}
	}
	return n
}

// Errand says whether a provider's deadline is about one of their clients: its
// subject is the referral, or the place on the waiting list, and what falls works on the client's chart.
func Errand(dl care.Deadline) bool {
	switch dl.Code {
	case "provider_left", "virtual_off", "credential_gap", "waitlist_open", "waitlist_closed":
		return true
	}
	return false
}

// Decide brings about the one effect that is next, at its own instant.
func (a Fall) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Chart)
	if chart == nil {
		return missing()
	}
	dl, ok := chart.Deadline(a.Deadline)
	if !ok || dl.State != care.Running || dl.Next.IsZero() || dl.Next.After(env.Now) {
		return Plan{Decision: rules.Allowed()}
	}
	effect, at, after := env.Clock.Fall(dl)
	env.Terms = rules.TermsAt(env.Clock.Terms, at) // what falls late goes by those of its day
	d := begin(env, chart).at(at)
	d.put(after)
	d.Effect = effect
	if falls, ok := effects[dl.Code+" "+effect]; ok {
		falls(d, after, k)
	}
	d.Made = string(dl.ID)
	return d.plan()
}

// effects is what happens at each instant of each duty. The names are those of
// the table of duties.
var effects = map[string]func(*draft, care.Deadline, Known){
	"respond nudge":         nudge,
	"respond closes":        unanswered,
	"late_answer closes":    tooLate,
	"consult consult_nudge": consultNudge,
	"consult closes":        consultMissed,
	"promise watch":         promiseMoves,
	"promise call":          promiseMoves,
	"promise closes":        promiseEnds,
	"baseline forms":        forms,
	"baseline closes":       formsNotDone,
	"follow_up opens":       followUpOpens,
	"follow_up follow_up":   followUpReminder,
	"follow_up closes":      followUpCloses,
	"eligibility closes":    eligibilityLate,
	"safety_ack closes":     safetyOverdue,
	"safety_repeat closes":  safetyAgain,
	"support closes":        supportLate,
	"provider_left closes":  errand(passOn("provider_left")),
	"virtual_off closes":    errand(passOn("virtual_off")),
	"choice closes":         unchosen,
	"credential_end closes": credentialEnds,
	"credential_gap closes": errand(uncovered),

	"waitlist list_ends":       listReminder,
	"waitlist closes":          waitOver(care.WaitLapsed, "list_over"),
	"invitation place_offered": placeReminder,
	"invitation closes":        waitOver(care.WaitUnused, "place_over"),
	"waitlist_open closes":     listEnds(care.WaitOpen, "list_open", keepsAgain),
	"waitlist_closed closes":   listEnds(care.WaitClosed, "list_closed", seesAgain),

	"attest attest": askAttest,
	"attest closes": notAttested,

	"credential_notice closes":     credentialNotice,
	"credential_last closes":       credentialNotice,
	"choose waits":                 silent,
	"choose choose":                chooseNudge,
	"choose closes":                noResponse,
	"visit_client visit":           visitSoon(care.RoleClient),
	"visit_provider visit":         visitSoon(care.RoleProvider),
	"visit_client closes":          begun,
	"visit_provider closes":        begun,
	"link link_missing":            linkMissing,
	"link link_desk":               linkDesk,
	"link closes":                  unlinked,
	"no_word closes":               noWord,
	"hold closes":                  holdEnds,
	"coverage_check closes":        checkDue,
	"coverage_ends closes":         coverageOver,
	"coverage_choice choice_nudge": choiceNudge,
	"coverage_choice closes":       choiceMissed,
	"details closes":               detailsOver,
	"card closes":                  cardOver,
}

func nudge(d *draft, dl care.Deadline, _ Known) {
	if r, ok := d.chart.Referral(care.ReferralID(dl.Subject)); ok {
		d.tellProvider(r.Provider, "nudge", dl.Subject, "/pro/r/"+dl.Subject, dl.Due, dl.Reader)
	}
}

// unanswered is the breach of the answer clock: the request expires, others are
// offered, and a late answer stays possible for a while.
func unanswered(d *draft, dl care.Deadline, k Known) {
	d.settle(dl.ID, care.Missed)
	r, ok := d.chart.Referral(care.ReferralID(dl.Subject))
	if !ok || r.Status != care.Submitted {
		return
	}
	r.Status, r.ExpiredAt = care.Expired, d.env.Now
	d.start(care.Deadline{Code: "late_answer", Subject: dl.Subject, Zone: dl.Zone, Reader: dl.Reader})
	d.rescue(r, k, "expired")
	d.task("answer_missed", dl.Subject)
	d.review(r, k)
}

// tooLate ends the time for a late answer.
func tooLate(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Stopped)
	r, ok := d.chart.Referral(care.ReferralID(dl.Subject))
	if !ok || r.Status != care.Expired {
		return
	}
	r.ClosedAt = d.env.Now
	d.settle(r.Consult, care.Stopped)
	d.put(r)
}

func consultNudge(d *draft, dl care.Deadline, _ Known) {
	r, ok := d.chart.Referral(care.ReferralID(dl.Subject))
	if ok && r.Status.Undecided() {
		d.tellProvider(r.Provider, "consult_nudge", dl.Subject, "/pro/r/"+dl.Subject, dl.Due, dl.Reader)
	}
}

func consultMissed(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	if r, ok := d.chart.Referral(care.ReferralID(dl.Subject)); ok && r.Status.Undecided() {
		d.tellClient("consult_missed", dl.Subject, "/me", time.Time{})
		d.task("consult_missed", dl.Subject)
	}
}

// promiseMoves has a person look at a promise before it breaks, unless a session
// in time is booked.
func promiseMoves(d *draft, dl care.Deadline, _ Known) { d.climb(dl) }

// inTime is a booked session that would keep a promise.
func (d *draft) inTime(promise care.Deadline) (care.Appointment, bool) {
	for _, ap := range d.chart.Appointments {
		if string(ap.Episode) == promise.Subject && ap.Type == care.Session && ap.Status == care.Booked && ap.Virtual && ap.Recorded == "" && !ap.Start.After(promise.Due) {
			return ap, true
		}
	}
	return care.Appointment{}, false
}

// promiseEnds judges the promise. Where a session that began in time still waits
// for somebody to say what became of it, a person asks.
func promiseEnds(d *draft, dl care.Deadline, _ Known) {
	if ap, booked := d.inTime(dl); booked {
		d.task("outcome_missing", string(ap.ID))
		return
	}
	d.judge(care.EpisodeID(dl.Subject))
}

func forms(d *draft, dl care.Deadline, _ Known) {
	d.tellForms(dl.Subject, dl.Due)
}

// formsNotDone tells the provider; care is never held up by a form.
func formsNotDone(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	if ap, ok := d.chart.Appointment(care.AppointmentID(dl.Subject)); ok {
		d.tellProvider(ap.Provider, "forms_not_done", string(ap.ID), "/pro/r/"+string(ap.Referral), time.Time{}, "")
	}
}

// followUpOpens gives both instruments again, at the client's midnight.
func followUpOpens(d *draft, dl care.Deadline, _ Known) {
	e, ok := d.chart.Episode(care.EpisodeID(dl.Subject))
	if !ok {
		return
	}
	first, _ := d.chart.Appointment(e.First)
	r, _ := d.chart.Referral(first.Referral)
	d.assign(r, care.FollowUp, dl.Due, care.Screening{Opens: dl.Opens, Closes: dl.Due})
}

func followUpReminder(d *draft, dl care.Deadline, _ Known) {
	d.tellClient("follow_up", dl.Subject, "/me", dl.Due)
}

func followUpCloses(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	for _, s := range d.chart.Screenings {
		if s.Episode == care.EpisodeID(dl.Subject) && s.Purpose == care.FollowUp && s.Status.Open() {
			s.Status = care.ScreeningExpired
			d.put(s)
		}
	}
}

func eligibilityLate(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	d.task("eligibility_late", dl.Subject)
}

// safetyOverdue calls the on-call list; the alert itself stays open.
func safetyOverdue(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	d.callOnCall(dl)
	d.task("safety_overdue", dl.Subject)
}

// safetyAgain calls the on-call list once more, until somebody has acknowledged
// the alert or the terms' number of calls is reached: the task stands all along.
func safetyAgain(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Missed)
	calls := 0
	for _, other := range d.chart.Deadlines {
		if other.Code == "safety_repeat" && other.Subject == dl.Subject {
			calls++
		}
	}
	if alert, ok := d.chart.Alert(care.AlertID(dl.Subject)); ok && alert.AckedAt.IsZero() && calls < d.env.Terms.SafetyRepeats {
		d.callOnCall(dl)
	}
}

func (d *draft) callOnCall(dl care.Deadline) {
	d.tell(care.Message{ToRole: care.RoleClinical, Template: "safety_overdue", Subject: dl.Subject, Link: "/ops/alerts", Zone: dl.Zone})
	d.start(care.Deadline{Code: "safety_repeat", Subject: dl.Subject, Zone: dl.Zone})
}
