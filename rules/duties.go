package rules

import (
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Duty is one row of the table of what is owed: its sentence in the handbook,
// who owes it, how its window is computed, and what happens on the way. From
// it come deadlines, reminders, countdowns, explanations and escalation.
type Duty struct {
	Code   string // of the deadline: respond, consult, ...
	Clause string // of the handbook
	Says   string
	Owes   care.Role
	Window func(care.Deadline, care.Terms, calendar.Calendar) Window
	On     []Effect
}

// Window is when a duty opens (zero: at once), its last good second, and the
// steps by which both were found.
type Window struct {
	Opens, Due time.Time
	Steps      []calendar.Step
}

// Effect is something that the platform does by itself about a running
// deadline. When gives its instant; a time before the duty began, or a reminder
// at or after its end, does not happen.
type Effect struct {
	Name string
	When func(care.Deadline, calendar.Calendar) time.Time
}

// The names of effects that are not reminders.
const (
	Opened = "opens"
	Closed = "closes"
	Waits  = "waits"
)

// Duties is the table. The order is the order of the road.
var Duties = []Duty{
	{"respond", "duty.respond", "A provider answers a consultation request within {respond_hours} hours; nights, weekends and holidays count.", care.RoleProvider, respondWindow, []Effect{
		{"nudge", remindAfter(4 * time.Hour)}, {"nudge", remindAfter(16 * time.Hour)}, {"nudge", remindAfter(22 * time.Hour)}, {Closed, afterDue},
	}},
	{"consult", "duty.consult", "A provider schedules a first consultation call with a new client within {consult_days} days, unless the client has booked one already.", care.RoleProvider, consultWindow, []Effect{
		{"consult_nudge", remindBefore(24 * time.Hour)}, {Closed, afterDue},
	}},
	{"promise", "promise.first_session", "A new client who seeks care has the first virtual session no later than {promise_business_days} business days on.", care.RoleCareTeam, promiseWindow, []Effect{
		{"watch", businessDaysBefore(2)}, {"call", businessDaysBefore(1)}, {Closed, afterDue},
	}},
	{"baseline", "duty.baseline", "{programme} gives each client the PHQ-9 and the GAD-7 before the first scheduled session, by itself.", care.RoleClient, untilDue, []Effect{
		{"forms", remindBefore(48 * time.Hour)}, {"forms", remindBefore(24 * time.Hour)}, {"forms", remindBefore(2 * time.Hour)}, {Closed, afterDue},
	}},
	{"follow_up", "duty.follow_up", "{programme} gives a client whose first PHQ-9 or GAD-7 was elevated a follow-up from day {follow_up_opens_day} to day {follow_up_closes_day} after the first attended session, by itself.", care.RoleClient, followUpWindow, []Effect{
		{Opened, atOpening}, {"follow_up", onDay(0)}, {"follow_up", onDay(3)}, {"follow_up", onDay(7)}, {"follow_up", onDay(11)}, {"follow_up", onDay(13)}, {Closed, afterDue},
	}},
	{"eligibility", "coverage.verify", "Once a client's plan details arrive, the care team verifies eligibility within {eligibility_target} business day.", care.RoleCareTeam, eligibilityWindow, []Effect{
		{Closed, afterDue},
	}},
	{"coverage_check", "coverage.check", "A plan that was found eligible is looked at again before the first session and every {coverage_check_days} days in care.", care.RoleSystem, untilDue, []Effect{
		{Closed, afterDue},
	}},
	{"coverage_ends", "coverage.dates", "A plan counts from its first day to its last; what was found of it is kept with its dates.", care.RoleSystem, untilDue, []Effect{
		{Closed, afterDue},
	}},
	{"coverage_choice", "coverage.choice", "Where a plan cannot be processed after all, the client has {coverage_choice_days} business days to say how to go on: pay for sessions themselves, give another plan, see another provider, or cancel free of charge.", care.RoleClient, coverageChoiceWindow, []Effect{
		{"choice_nudge", businessDaysBefore(1)}, {Closed, afterDue},
	}},
	{"details", "coverage.details", "Where details of a plan are missing, the care team sends the client a link that takes them once, without signing in, for {details_days} days.", care.RoleClient, detailsWindow, []Effect{
		{Closed, atDue},
	}},
	{"card", "coverage.photo", "The photo of a card is seen by the care team alone and only while it verifies the plan, and is removed {card_days} days later.", care.RoleSystem, cardWindow, []Effect{
		{Closed, atDue},
	}},
	{"safety_ack", "safety.acknowledge", "When PHQ-9 item 9 is answered above zero, the provider and the clinical desk are told at once, and one of them acknowledges it within {safety_ack_minutes} minutes.", care.RoleProvider, safetyWindow, []Effect{
		{Closed, afterDue},
	}},
	{"support", "help.answer", "The care team gives a question its first answer within {support_days} business days.", care.RoleCareTeam, supportWindow, []Effect{
		{Closed, afterDue},
	}},
	{"safety_repeat", "safety.repeat", "An alert that nobody has acknowledged by then is sent to the clinicians on call again every {safety_repeat_minutes} minutes.", care.RoleClinical, repeatWindow, []Effect{
		{Closed, afterDue},
	}},
	{"late_answer", "duty.respond.late", "A late answer counts for {late_answer_hours} more hours, while the client has not moved on.", care.RoleProvider, lateWindow, []Effect{
		{Closed, afterDue},
	}},
	{"choose", "duty.consult.silence", "A client who says nothing to what was offered has the days of the first call wait after {silence_hours} hours, and the request closed after {no_response_days} days, without blame.", care.RoleClient, silenceWindow, []Effect{
		{Waits, atOpening}, {"choose", morningAfterOpening}, {Closed, afterDue},
	}},
	{"visit_client", "appointment.remind", "Both sides are reminded a day and an hour before an appointment, with the way to join, to move and to cancel it.", care.RoleClient, untilDue, []Effect{
		{"visit", remindBefore(24 * time.Hour)}, {"visit", remindBefore(time.Hour)}, {Closed, afterDue},
	}},
	{"visit_provider", "appointment.remind", "Both sides are reminded a day and an hour before an appointment, with the way to join, to move and to cancel it.", care.RoleProvider, untilDue, []Effect{
		{"visit", remindBefore(24 * time.Hour)}, {"visit", remindBefore(time.Hour)}, {Closed, afterDue},
	}},
	{"link", "appointment.link", "A virtual appointment without a way to join warns the provider when it is booked and a day before, and the care team two hours before.", care.RoleProvider, untilDue, []Effect{
		{"link_missing", remindBefore(24 * time.Hour)}, {"link_desk", before(2 * time.Hour)}, {Closed, afterDue},
	}},
	{"no_word", "appointment.no_word", "Where nobody has said {no_word_minutes} minutes after its start what became of a first call, the client can take another time or another provider at once, and the care team is told.", care.RoleProvider, noWordWindow, []Effect{
		{Closed, atDue},
	}},
	{"hold", "access.hold", "A free time that a client is about to book is held for them for {hold_minutes} minutes.", care.RoleSystem, holdWindow, []Effect{
		{Closed, atDue},
	}},
	{"waitlist", "waitlist.ends", "A place on a waiting list ends by itself after {waitlist_days} days, unless the client says before that they still wait.", care.RoleClient, waitlistWindow, []Effect{
		{"list_ends", remindBefore(7 * 24 * time.Hour)}, {Closed, afterDue},
	}},
	{"invitation", "waitlist.invited", "Whom a provider invites from their waiting list can ask or book them for {invitation_days} days, although they take nobody else.", care.RoleClient, invitationWindow, []Effect{
		{"place_offered", remindBefore(24 * time.Hour)}, {Closed, afterDue},
	}},
	{"waitlist_open", "waitlist.open", "When a provider takes new clients again, who waits for them is told, in the order in which they joined, and the list ends.", care.RoleSystem, untilDue, []Effect{
		{Closed, atStart},
	}},
	{"waitlist_closed", "waitlist.closed", "When a provider leaves, is suspended, no longer offers virtual care, or is no longer credentialed where a client is, who waits for them is told that the list has ended.", care.RoleSystem, untilDue, []Effect{
		{Closed, atStart},
	}},
	{"provider_left", "provider.opt_out.clients", "When a provider leaves, clients who were waiting for an answer are offered other providers within the minute.", care.RoleSystem, untilDue, []Effect{
		{Closed, atStart},
	}},
	{"virtual_off", "provider.virtual_off", "When a provider no longer offers virtual care, clients who were waiting for an answer are offered other providers within the minute.", care.RoleSystem, untilDue, []Effect{
		{Closed, atStart},
	}},
	{"choice", "provider.opt_out.choice", "A provider who leaves, or no longer offers virtual care, says within {choice_hours} hours for each client who waits for a first session whether they see them through or hand them on.", care.RoleProvider, choiceWindow, []Effect{
		{Closed, afterDue},
	}},
	{"attest", "provider.attest_again", "When a duty changes, a provider says yes to it again within {reattest_days} days; until then the earlier yes counts.", care.RoleProvider, attestWindow, []Effect{
		{"attest", morningAfterStart}, {"attest", remindBefore(7 * 24 * time.Hour)}, {Closed, afterDue},
	}},
	{"credential_notice", "provider.credential_notice", "{credential_notice_days} days before a credential ends, the provider and the care team are told.", care.RoleSystem, noticeWindow, []Effect{
		{Closed, atOpening},
	}},
	{"credential_last", "provider.credential_last", "{credential_last_days} days before a credential ends, they are told once more.", care.RoleSystem, lastWindow, []Effect{
		{Closed, atOpening},
	}},
	{"credential_end", "provider.credential_end", "When a credential ends, the care team looks at each request that is still open in that state, and sessions booked for later days are marked as at risk.", care.RoleSystem, untilDue, []Effect{
		{Closed, afterDue},
	}},
	{"credential_gap", "provider.credential_end", "When a credential ends, the care team looks at each request that is still open in that state, and sessions booked for later days are marked as at risk.", care.RoleSystem, untilDue, []Effect{
		{Closed, atStart},
	}},
}

// DutyOf finds the row with a code. A code without a row is a fault of the
// program, so the zero row is returned and a test holds that none is asked for.
func DutyOf(code string) Duty {
	for _, d := range Duties {
		if d.Code == code {
			return d
		}
	}
	return Duty{}
}

// Clock is what computing deadlines needs to know of the instance.
type Clock struct {
	Terms    []care.Terms
	Calendar calendar.Calendar // the instance's own
	Open     calendar.Calendar // by which appointments are made: OpenDays
	TZData   string            // version of the zone data in use
}

// Start makes a running deadline out of its code, subject, start and zone: the
// window from the terms in force at its start, the first effect as what is next.
func (k Clock) Start(d care.Deadline) care.Deadline {
	d.State, d.TZData = care.Running, k.TZData
	if d.Reader == "" {
		d.Reader = d.Zone
	}
	d.Terms = TermsFor(k.Terms, d.Programme, d.Starts).Version
	return k.compute(d)
}

// Pause stops a deadline from a given instant, for a reason that the
// explanation will give. Only a running one can be paused, and only for one of
// the two reasons that the programme knows, by somebody who is named.
func (k Clock) Pause(d care.Deadline, at time.Time, reason, actor string) care.Deadline {
	if d.State != care.Running || !calendar.PauseReason(reason) || actor == "" {
		return d
	}
	d.Pauses = append(d.Pauses[:len(d.Pauses):len(d.Pauses)], calendar.Pause{From: at, Reason: reason, Actor: actor})
	d.State, d.Next = care.Waiting, time.Time{}
	return d
}

// Resume ends the last pause and computes the deadline again.
func (k Clock) Resume(d care.Deadline, at time.Time) care.Deadline {
	if d.State != care.Waiting {
		return d
	}
	pauses := append([]calendar.Pause(nil), d.Pauses...)
	pauses[len(pauses)-1].To = at
	d.Pauses, d.State = pauses, care.Running
	return k.compute(d)
}

// Restart lets a deadline that had ended run again from its original start, so
// that nobody gains time by undoing what met it. A reminder whose time is over
// stays unsent.
func (k Clock) Restart(d care.Deadline, at time.Time) care.Deadline {
	if d.State == care.Running || d.State == care.Waiting {
		return d
	}
	d.State, d.SettleAt, d.Offered = care.Running, time.Time{}, false
	return k.runOn(d, at)
}

// Unpause takes the pause back that a deadline is in, so that it has never been. A
// reminder whose time is over stays unsent.
func (k Clock) Unpause(d care.Deadline, at time.Time) care.Deadline {
	if d.State != care.Waiting {
		return d
	}
	last := len(d.Pauses) - 1
	d.Pauses, d.State = d.Pauses[:last:last], care.Running
	return k.runOn(d, at)
}

// runOn computes a deadline that runs again, and passes over the reminders whose
// time is over by then.
func (k Clock) runOn(d care.Deadline, at time.Time) care.Deadline {
	d = k.compute(d)
	for effects := DutyOf(d.Code).On; !d.Next.IsZero() && d.Next.Before(at) && effects[d.Step].Name != Closed; {
		d.Step++
		d = k.next(d)
	}
	return d
}

// Settle ends a deadline: met, missed or stopped at an instant.
func Settle(d care.Deadline, state care.DeadlineState, at time.Time) care.Deadline {
	if d.State == care.Running || d.State == care.Waiting {
		d.State, d.SettleAt, d.Next = state, at, time.Time{}
	}
	return d
}

// Reopen has a settled deadline run again, or wait again where its last pause
// has not ended. What it brought about before is not brought about twice.
func (k Clock) Reopen(d care.Deadline) care.Deadline {
	d.State, d.SettleAt = care.Running, time.Time{}
	if n := len(d.Pauses); n > 0 && d.Pauses[n-1].To.IsZero() {
		d.State, d.Next = care.Waiting, time.Time{}
		return d
	}
	return k.compute(d)
}

// Fall gives the effect that is next on a running deadline, its true instant,
// and the deadline as it is once that effect has happened.
func (k Clock) Fall(d care.Deadline) (effect string, at time.Time, after care.Deadline) {
	effects := DutyOf(d.Code).On
	if d.State != care.Running || d.Next.IsZero() || d.Step >= len(effects) {
		return "", time.Time{}, d
	}
	effect, at = effects[d.Step].Name, FallsAt(d)
	d.Step++
	return effect, at, k.next(d)
}

// FallsAt is the instant that the next effect of a running deadline bears, zero
// if none is left. That of an end is the end itself, although it falls a second
// later, when nobody can keep it any more.
func FallsAt(d care.Deadline) time.Time {
	duty := DutyOf(d.Code)
	if d.State != care.Running || d.Next.IsZero() || d.Step >= len(duty.On) {
		return time.Time{}
	}
	if duty.On[d.Step].Name == Closed && duty.Owes != care.RoleSystem {
		return d.Due
	}
	return d.Next
}

// Explanation tells how a deadline came about, from the steps that computed it.
type Explanation struct {
	Code          string          `json:"code"`
	Says          string          `json:"says"`
	Starts        time.Time       `json:"starts"`
	Opens         *time.Time      `json:"opens,omitempty"`
	Due           time.Time       `json:"due"`
	State         string          `json:"state"`
	Zone          string          `json:"zone"`
	Steps         []calendar.Step `json:"steps"`
	PolicyVersion string          `json:"policy_version"`
	TZData        string          `json:"tzdata"`
}

// Explain computes a deadline again, with the terms that it was made under.
func (k Clock) Explain(d care.Deadline, words Words) Explanation {
	duty := DutyOf(d.Code)
	if terms, ok := TermsOf(k.Terms, d.Terms); ok {
		words = words.under(terms)
	}
	w := k.window(d)
	zone := Zone(d.Zone)
	e := Explanation{
		Code: d.Code, Says: words.Render(duty.Says), Starts: d.Starts.In(zone), Due: w.Due.In(zone), State: string(d.State),
		Zone: d.Zone, Steps: w.Steps, PolicyVersion: d.Terms, TZData: d.TZData,
	}
	if !w.Opens.IsZero() {
		opens := w.Opens.In(zone)
		e.Opens = &opens
	}
	return e
}

// Zone loads a time zone by its IANA name; a name that is not known reads as
// UTC. Names are checked where they enter.
func Zone(name string) *time.Location {
	z, err := calendar.Zone(name)
	if err != nil {
		return time.UTC
	}
	return z
}

func (k Clock) compute(d care.Deadline) care.Deadline {
	w := k.window(d)
	d.Opens, d.Due = w.Opens, w.Due
	return k.next(d)
}

// next finds the first effect from Step on that still has a place: a reminder
// whose time lies outside the window is passed over, and of reminders that fall
// together only the last is sent.
func (k Clock) next(d care.Deadline) care.Deadline {
	effects := DutyOf(d.Code).On
	days := k.DaysOf(d)
	for ; d.Step < len(effects); d.Step++ {
		at := effects[d.Step].When(d, days)
		if at.IsZero() || together(d, at, days) {
			continue
		}
		d.Next = at
		return d
	}
	d.Next = time.Time{}
	return d
}

// together says whether the effect after this one says the same within the hour, as
// where one of two reminders was moved out of the night.
func together(d care.Deadline, at time.Time, days calendar.Calendar) bool {
	effects := DutyOf(d.Code).On
	if d.Step+1 == len(effects) || effects[d.Step+1].Name != effects[d.Step].Name {
		return false
	}
	next := effects[d.Step+1].When(d, days)
	return !next.Before(at) && next.Sub(at) < time.Hour
}

// The windows.

func respondWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.HoursAfter(d.Starts, t.RespondHours, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func lateWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.HoursAfter(d.Starts, t.LateAnswerHours, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func consultWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.DaysAfter(d.Starts, t.ConsultDays, Zone(d.Zone), d.Pauses)
	return Window{Due: due, Steps: steps}
}

func promiseWindow(d care.Deadline, t care.Terms, c calendar.Calendar) Window {
	due, steps := c.BusinessDaysAfter(d.Starts, t.PromiseBusinessDays, Zone(d.Zone), d.Pauses)
	return Window{Due: due, Steps: steps}
}

func eligibilityWindow(d care.Deadline, t care.Terms, c calendar.Calendar) Window {
	due, steps := c.BusinessDaysAfter(d.Starts, t.EligibilityDays, Zone(d.Zone), d.Pauses)
	return Window{Due: due, Steps: steps}
}

func coverageChoiceWindow(d care.Deadline, t care.Terms, c calendar.Calendar) Window {
	due, steps := c.BusinessDaysAfter(d.Starts, t.CoverageChoiceDays, Zone(d.Zone), d.Pauses)
	return Window{Due: due, Steps: steps}
}

func detailsWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.DaysAfter(d.Starts, t.DetailsDays, Zone(d.Zone), nil)
	return Window{Due: due, Steps: steps}
}

func cardWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.DaysAfter(d.Starts, t.CardDays, Zone(d.Zone), nil)
	return Window{Due: due, Steps: steps}
}

func followUpWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	opens, due, steps := calendar.WindowAfter(d.Starts, t.FollowUpOpensDay, t.FollowUpClosesDay, Zone(d.Zone))
	return Window{Opens: opens, Due: due, Steps: steps}
}

func safetyWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.MinutesAfter(d.Starts, t.SafetyAckMinutes, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func choiceWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.HoursAfter(d.Starts, t.ChoiceHours, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func attestWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	_, due, steps := calendar.WindowAfter(d.Starts, 0, t.ReattestDays, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func noticeWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	return daysBefore(d, t.CredentialNoticeDays)
}

func lastWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	return daysBefore(d, t.CredentialLastDays)
}

// daysBefore is a window that ends with what is due and opens at nine in the
// morning some days before, or at its start where that is later.
func daysBefore(d care.Deadline, days int) Window {
	zone := Zone(d.Zone)
	opens := calendar.At(calendar.On(d.Due, zone).AddDays(-days), 9, 0, zone)
	if opens.Before(d.Starts) {
		opens = d.Starts
	}
	return Window{Opens: opens, Due: d.Due, Steps: []calendar.Step{calendar.Until(d.Due, zone)}}
}

func supportWindow(d care.Deadline, t care.Terms, c calendar.Calendar) Window {
	due, steps := c.BusinessDaysAfter(d.Starts, t.SupportDays, Zone(d.Zone), d.Pauses)
	return Window{Due: due, Steps: steps}
}

func repeatWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.MinutesAfter(d.Starts, t.SafetyRepeatMinutes, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

// silenceWindow opens when silence begins to count, and ends when it has said
// enough.
func silenceWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	zone := Zone(d.Zone)
	opens, counted := calendar.HoursAfter(d.Starts, t.SilenceHours, zone)
	due, steps := calendar.DaysAfter(d.Starts, t.NoResponseDays, zone, nil)
	return Window{Opens: opens, Due: due, Steps: append(counted, steps...)}
}

func noWordWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.MinutesAfter(d.Starts, t.NoWordMinutes, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func holdWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.MinutesAfter(d.Starts, t.HoldMinutes, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

// waitlistWindow ends with a day of the client's.
func waitlistWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	_, due, steps := calendar.WindowAfter(d.Starts, 0, t.WaitlistDays, Zone(d.Zone))
	return Window{Due: due, Steps: steps}
}

func invitationWindow(d care.Deadline, t care.Terms, _ calendar.Calendar) Window {
	due, steps := calendar.DaysAfter(d.Starts, t.InvitationDays, Zone(d.Zone), nil)
	return Window{Due: due, Steps: steps}
}

// untilDue is the window of what is owed by an instant that something else set,
// such as the start of a session.
func untilDue(d care.Deadline, _ care.Terms, _ calendar.Calendar) Window {
	return Window{Due: d.Due, Steps: []calendar.Step{calendar.Until(d.Due, Zone(d.Zone))}}
}

// The instants of effects.

// afterDue is the first second that is too late.
func afterDue(d care.Deadline, _ calendar.Calendar) time.Time { return d.Due.Add(time.Second) }

// atDue is for what ends at an instant and not after a last good second.
func atDue(d care.Deadline, _ calendar.Calendar) time.Time { return d.Due }

// before is for what is no reminder: it comes when it must, by day and by night,
// and at once where its time had passed at the beginning.
func before(left time.Duration) func(care.Deadline, calendar.Calendar) time.Time {
	return func(d care.Deadline, _ calendar.Calendar) time.Time {
		if at := d.Due.Add(-left); at.After(d.Starts) {
			return at
		}
		return d.Starts
	}
}

// morningAfterOpening reminds when a duty opens, or when the night is over.
func morningAfterOpening(d care.Deadline, _ calendar.Calendar) time.Time {
	return calendar.Quiet(d.Opens, d.Opens, d.Due, Zone(d.Reader))
}

// morningAfterStart reminds when a duty begins, or when the night is over.
func morningAfterStart(d care.Deadline, _ calendar.Calendar) time.Time {
	return calendar.Quiet(d.Starts, d.Starts, d.Due, Zone(d.Reader))
}

func atOpening(d care.Deadline, _ calendar.Calendar) time.Time { return d.Opens }

func atStart(d care.Deadline, _ calendar.Calendar) time.Time { return d.Starts }

func remindAfter(wait time.Duration) func(care.Deadline, calendar.Calendar) time.Time {
	return func(d care.Deadline, _ calendar.Calendar) time.Time { return reminder(d, d.Starts.Add(wait)) }
}

func remindBefore(left time.Duration) func(care.Deadline, calendar.Calendar) time.Time {
	return func(d care.Deadline, _ calendar.Calendar) time.Time { return reminder(d, d.Due.Add(-left)) }
}

// toldJustNow is how long after its beginning a duty needs no reminder: whoever owes
// it was told then. One that the night would move there comes in the morning.
const toldJustNow = time.Hour

func reminder(d care.Deadline, at time.Time) time.Time {
	if at.Before(d.Starts) || !at.Before(d.Due) {
		return time.Time{}
	}
	if at = calendar.Quiet(at, d.Starts.Add(toldJustNow), d.Due, Zone(d.Reader)); at.Sub(d.Starts) < toldJustNow {
		return time.Time{}
	}
	return at
}

func businessDaysBefore(n int) func(care.Deadline, calendar.Calendar) time.Time {
	return func(d care.Deadline, c calendar.Calendar) time.Time {
		at := c.BusinessDaysBefore(d.Due, n, Zone(d.Zone))
		if !at.After(d.Starts) {
			return time.Time{}
		}
		return at
	}
}

// onDay is 09:00 of the reader on the n-th day after the opening.
func onDay(n int) func(care.Deadline, calendar.Calendar) time.Time {
	return func(d care.Deadline, _ calendar.Calendar) time.Time {
		zone := Zone(d.Zone)
		at := calendar.At(calendar.On(d.Opens, zone).AddDays(n), 9, 0, zone)
		if at.After(d.Due) {
			return time.Time{}
		}
		return at
	}
}
