package web

import (
	"time"

	"careconnect/assets"
	"careconnect/rules/care"
)

// nextStep is the one thing that a client can do next, or waits for.
type nextStep struct {
	Lead        string // of the page
	Title, Text string
	Deadline    *assets.Deadline
	Actions     []assets.Action
}

// nextSteps are tried in this order; the first that fits is shown, so that there
// is never more than one thing to do at a time.
var nextSteps = []func(*mine) *nextStep{haveLeft, joinNow, fillForms, chooseTime, bookNext, givePlan, shareAgain, awaitVisit, awaitAnswer, awaitLook, seek}

func (m *mine) next() *nextStep {
	for _, try := range nextSteps {
		if step := try(m); step != nil {
			return step
		}
	}
	return nil
}

// early is how long before its start a visit can be joined from the top of the page.
const early = 15 * time.Minute

func joinNow(m *mine) *nextStep {
	for _, ap := range m.chart.Appointments {
		if ap.Status == care.Booked && !m.now.Before(ap.Start.Add(-early)) && m.now.Before(ap.End) {
			r, _ := m.chart.Referral(ap.Referral)
			return &nextStep{
				Lead: "It is time.", Title: "Join " + m.name(r), Text: visitName(ap) + ", " + m.words(ap.Start) + ".", Actions: joinAction(ap, "large"),
			}
		}
	}
	return nil
}

func visitName(ap care.Appointment) string {
	if ap.Type == care.Session {
		return "Session"
	}
	return "First call"
}

func fillForms(m *mine) *nextStep {
	for _, s := range m.forms() {
		if !s.Status.Open() {
			continue
		}
		step := &nextStep{Lead: "One thing is waiting for you.", Title: "Fill in " + titleOf(s), Text: "A few questions about the last two weeks, one at a time. Your answers are saved as you go."}
		step.Actions = []assets.Action{{Text: map[bool]string{true: "Go on", false: "Begin"}[s.Status == care.ScreeningStarted], Href: "/me/forms/" + string(s.ID), Icon: "clipboard-list", Style: "large"}}
		return step
	}
	return nil
}

func chooseTime(m *mine) *nextStep {
	for _, r := range m.newest() {
		if r.Status != care.Accepted && r.Status != care.Proposed {
			continue
		}
		title := m.name(r) + " said yes"
		if r.Status == care.Proposed {
			title = m.name(r) + " proposed times"
		}
		step := &nextStep{
			Lead: "One thing is waiting for you.", Title: title, Text: "Choose a time for your first call. With that your other requests are withdrawn.",
			Actions: []assets.Action{{Text: "Choose a time", Href: "/me/r/" + string(r.ID) + "/time", Icon: "calendar-plus", Style: "large"}},
		}
		if d, ok := m.chart.Deadline(r.Consult); ok {
			step.Deadline = m.badge(d, "")
		}
		return step
	}
	return nil
}

func bookNext(m *mine) *nextStep {
	for _, r := range m.newest() {
		if _, booked := m.coming(r); booked || !m.callIsOver(r) {
			continue
		}
		step := &nextStep{
			Lead: "If you fit, go on.", Title: "Book your first session with " + m.name(r), Text: m.cost(care.Appointment{}),
			Actions: []assets.Action{{Text: "Book a session", Href: "/me/r/" + string(r.ID) + "/session", Icon: "calendar-plus", Style: "large"}},
		}
		if m.open != nil {
			if d, ok := m.chart.Deadline(m.open.Promise); ok {
				step.Deadline = m.badge(d, "")
			}
		}
		return step
	}
	return nil
}

func givePlan(m *mine) *nextStep {
	if _, given := m.chart.CurrentCoverage(); given || m.open == nil {
		return nil
	}
	for _, r := range m.newest() {
		if r.Status.Open() {
			return &nextStep{
				Lead: "While you wait, one thing helps.", Title: "Give your plan", Text: "The care team checks it before your first session. The first call needs none, so this can wait.",
				Actions: []assets.Action{{Text: "Give your plan", Href: "/coverage", Icon: "shield", Style: "large"}},
			}
		}
	}
	return nil
}

func shareAgain(m *mine) *nextStep {
	c, ok := m.chart.Sharing()
	if !ok || !c.AskAgain() {
		return nil
	}
	why := "Your insurer has changed, so your earlier yes has ended and nothing goes out."
	if c.Ended == care.EndedByJoin {
		why = "In your two accounts you had not allowed the same, so your earlier yes has ended and nothing goes out."
	}
	return &nextStep{
		Lead: "There is a question for you, whenever you like.", Title: "Answer about sharing once more", Text: why + " Your care is the same whichever way you answer.",
		Actions: []assets.Action{{Text: "Read and answer", Href: "/sharing", Icon: "lock", Style: "large"}},
	}
}

func awaitVisit(m *mine) *nextStep {
	var soonest *care.Appointment
	for _, ap := range m.chart.Appointments {
		if ap.Status == care.Booked && ap.End.After(m.now) && (soonest == nil || ap.Start.Before(soonest.Start)) {
			soonest = &ap
		}
	}
	if soonest == nil {
		return nil
	}
	r, _ := m.chart.Referral(soonest.Referral)
	return &nextStep{
		Lead: "You do not have to do anything now.", Title: visitName(*soonest) + " with " + m.name(r), Text: m.words(soonest.Start) + ", by video.",
		Actions: joinAction(*soonest, "outline"),
	}
}

func awaitAnswer(m *mine) *nextStep {
	for _, r := range m.newest() {
		if r.Status != care.Submitted {
			continue
		}
		step := &nextStep{Lead: "You do not have to do anything now.", Title: "Waiting for " + m.name(r), Text: "You hear from us either way, and can ask others meanwhile."}
		if d, ok := m.chart.Deadline(r.Respond); ok {
			step.Deadline = m.badge(d, "")
		}
		return step
	}
	return nil
}

// awaitLook is for who cannot begin before the care team has looked where they are
// employed.
func awaitLook(m *mine) *nextStep {
	if b := m.chart.Client.Benefit; b.Asked.IsZero() || b.Found() != nil || m.open != nil {
		return nil
	}
	return &nextStep{
		Lead: "You do not have to do anything now.", Title: "The care team looks where you are employed",
		Text:    "Your employer is not asked. You hear from us as soon as we have looked; then you can ask anybody here. If what you typed was a slip, mend it under your details.",
		Actions: []assets.Action{{Text: "Your details", Href: "/me/details", Icon: "user", Style: "outline"}},
	}
}

func seek(m *mine) *nextStep {
	if m.rescue() != nil {
		return nil
	}
	for _, r := range m.chart.Referrals {
		if r.Status.Open() {
			return nil
		}
	}
	return &nextStep{
		Lead: "Nothing is on its way.", Title: "Find a therapist", Text: m.p.Store.Words().Render("Ask up to {open_requests_max} at a time, or book a first call straight away."),
		Actions: []assets.Action{{Text: "Find a therapist", Href: "/find", Icon: "search", Style: "large"}},
	}
}
