package web

import (
	"time"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// road is the way of a referral, from the request to the follow-up, as far as
// the reader sees it.
func (p *Pages) road(chart *care.Chart, ref care.Referral, zone *time.Location, now time.Time) []assets.Event {
	events := []assets.Event{
		{State: "done", Icon: "send", Title: "Asked", When: moment(ref.SubmittedAt, zone)},
		p.answerEvent(chart, ref, zone, now),
	}
	e, _ := chart.Episode(ref.Episode)
	over := !ref.Status.Open() && !stillAnswerable(ref)
	if over {
		return append(events, assets.Event{State: "stopped", Title: sentence(act.Status(ref.Status)), When: moment(ref.ClosedAt, zone)})
	}
	events = append(events, p.consultEvent(chart, ref, zone, now), screeningEvent(chart, ref, care.Baseline, "Check-in forms"))
	events = append(events, p.firstEvent(chart, ref, e, zone, now))
	if follow := screeningEvent(chart, ref, care.FollowUp, "Follow-up"); follow.State != "todo" {
		events = append(events, follow)
	}
	return events
}

func (p *Pages) answerEvent(chart *care.Chart, ref care.Referral, zone *time.Location, now time.Time) assets.Event {
	d, known := chart.Deadline(ref.Respond)
	event := assets.Event{Title: "Answer", State: "todo"}
	switch {
	case ref.SelfBooked:
		event.State, event.Text, event.When = "done", "The client booked an open time, so none was needed.", moment(ref.AnsweredAt, zone)
	case !ref.AnsweredAt.IsZero():
		event.State, event.When = "done", moment(ref.AnsweredAt, zone)
		if known && ref.AnsweredAt.After(d.Due) {
			event.Text = "After the time to answer had run out."
		}
	case ref.Status == care.Submitted && known:
		shown := deadline(d, by("By ", d, zone), zone, now)
		event.State, event.Deadline, event.Explain = "now", &shown, p.explain(d)
	case ref.Status == care.Expired:
		event.State, event.Text, event.When = "late", "No answer in time. The client was offered others.", moment(ref.ExpiredAt, zone)
	default:
		event.State = "stopped"
	}
	return event
}

func (p *Pages) consultEvent(chart *care.Chart, ref care.Referral, zone *time.Location, now time.Time) assets.Event {
	event := assets.Event{Title: "Consultation", State: "todo", Icon: "video"}
	if ap, ok := chart.Appointment(ref.Meeting); ok {
		event.When = moment(ap.Start, zone)
		event.State = map[bool]string{true: "done", false: "now"}[ap.Status == care.Attended]
		return event
	}
	d, known := chart.Deadline(ref.Consult)
	switch {
	case ref.Status == care.Accepted || ref.Status == care.Proposed:
		event.State, event.Text = "now", "Waiting for the client to choose a time."
	case ref.Treated():
		event.State, event.Text = "done", "Not needed: a session was booked at once."
		return event
	}
	if known && d.State != care.Stopped {
		shown := deadline(d, by("By ", d, zone), zone, now)
		event.Deadline, event.Explain = &shown, p.explain(d)
	}
	return event
}

// screeningEvent sums up the forms of one purpose.
func screeningEvent(chart *care.Chart, ref care.Referral, purpose care.Purpose, title string) assets.Event {
	given, doneCount, closed := 0, 0, 0
	for _, s := range chart.Screenings {
		if s.Episode != ref.Episode || s.Purpose != purpose {
			continue
		}
		given++
		switch {
		case s.Status == care.ScreeningCompleted:
			doneCount++
		case !s.Status.Open():
			closed++
		}
	}
	event := assets.Event{Title: title, State: "todo", Icon: "clipboard-list", Text: "Given by itself once the first session is booked."}
	switch {
	case given == 0:
	case doneCount == given:
		event.State, event.Text = "done", "Both done."
	case doneCount+closed == given:
		event.State, event.Text = "stopped", "Not done. Care is never held up by a form."
	default:
		event.State, event.Text = "now", "With the client. Care is never held up by a form."
	}
	return event
}

func (p *Pages) firstEvent(chart *care.Chart, ref care.Referral, e care.Episode, zone *time.Location, now time.Time) assets.Event {
	event := assets.Event{Title: "First session", State: "todo", Icon: "calendar-check"}
	if e.First != "" {
		event.State, event.When = "done", moment(e.FirstAt, zone)
	} else {
		for _, ap := range byStart(chart.Appointments) {
			if ap.Referral == ref.ID && ap.Type == care.Session && ap.Status == care.Booked {
				event.State, event.When = "now", moment(ap.Start, zone)
				break
			}
		}
		if ref.Status == care.ConsultHeld {
			event.State = "now"
		}
	}
	if d, ok := chart.Deadline(e.Promise); ok {
		in := location(d.Zone)
		shown := deadline(d, by("Promised by ", d, in), in, now)
		if d.State == care.Met {
			shown.Says = "Promise kept"
		}
		event.Deadline, event.Explain = &shown, p.explain(d)
	}
	return event
}
