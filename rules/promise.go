package rules

import (
	"slices"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// PromiseFacts are what decides what became of a promise. They are read from the
// chart each time (PromiseOf), so that a correction of what happened corrects
// the result too.
type PromiseFacts struct {
	Kept      bool      // a virtual session that began in time took place
	Unsaid    bool      // one stands in time, and nobody has said yet what became of it
	Ended     string    // why seeking care ended before the window did; empty: it did not
	Elsewhere bool      // care was begun outside the portal, and said so before the window ended
	Over      bool      // the window has ended, and nothing makes it wait
	LetGo     care.Role // who let the last time inside the window go; empty: there never was one
}

// PromiseRow is one thing that can become of a promise, its sentence in the
// handbook, and when that is so.
type PromiseRow struct {
	Code   string
	Says   string
	Result care.PromiseResult
	When   func(PromiseFacts) bool
}

// PromiseResults is the table. The first row that fits says what became of the
// promise; where the row of an open promise fits first, nothing has yet.
var PromiseResults = []PromiseRow{
	{"promise.kept", "The promise is kept by a virtual session that began in time and took place.", care.Kept, func(f PromiseFacts) bool {
		return f.Kept
	}},
	{"promise.withdrawn", "A client who stops seeking care before the promise ends takes it back, and that is nobody's fault.", care.PromiseDropped, func(f PromiseFacts) bool {
		return withdrawals[f.Ended]
	}},
	{"promise.not_applicable", "Where seeking care ended for another reason, or care began outside the portal, the promise says nothing.", care.NotApplicable, func(f PromiseFacts) bool {
		return f.Ended != "" || f.Elsewhere
	}},
	{"promise.open", "Until its last second the promise is open, and after it while a session in time still waits for word of what became of it.", "", func(f PromiseFacts) bool {
		return !f.Over || f.Unsaid
	}},
	{"promise.offered", "Where a session in time was offered and the client chose a later one, moved it, cancelled it or did not come, the promise counts as kept.", care.KeptOffered, func(f PromiseFacts) bool {
		return f.LetGo == care.RoleClient
	}},
	{"promise.broken", "In every other case the promise is broken, and the care team says why.", care.Broken, func(PromiseFacts) bool {
		return true
	}},
}

// withdrawals are the reasons for which an episode is closed that are the
// client's own: they stopped, or stayed away.
var withdrawals = map[string]bool{"withdrawn": true, "no_response": true, LeftProgramme: true}

// LeftProgramme is why an episode was closed whose client left the programme.
const LeftProgramme = "left"

// Judge finds the row that fits.
func (f PromiseFacts) Judge() PromiseRow {
	return PromiseResults[slices.IndexFunc(PromiseResults, func(r PromiseRow) bool { return r.When(f) })]
}

// PromiseSays is the sentence of a result, filled with the words of the terms.
func PromiseSays(result care.PromiseResult, words Words) string {
	for _, r := range PromiseResults {
		if r.Result == result {
			return words.Render(r.Says)
		}
	}
	return ""
}

// PromiseOf reads the facts of an episode's promise from its deadline and its
// appointments, as they stand at an instant.
func PromiseOf(e care.Episode, promise care.Deadline, appointments []care.Appointment, now time.Time) PromiseFacts {
	in := func(t time.Time) bool { return inTime(promise, t) }
	f := PromiseFacts{
		// A deadline that runs with nothing more to do has closed in this instant.
		Over: promise.State != care.Waiting && (now.After(promise.Due) || promise.State == care.Running && promise.Next.IsZero()),
	}
	if !e.ClosedAt.IsZero() && in(e.ClosedAt) {
		f.Ended = e.ClosedFor
	}
	var lost []loss
	for _, ap := range appointments {
		if ap.Episode != e.ID || ap.Type != care.Session {
			continue
		}
		if ap.Recorded != "" {
			f.Elsewhere = f.Elsewhere || ap.Status == care.Attended && in(ap.BookedAt)
			continue
		}
		if !ap.Virtual {
			continue
		}
		f.Kept = f.Kept || ap.Status == care.Attended && in(ap.Start)
		f.Unsaid = f.Unsaid || ap.Status == care.Booked && in(ap.Start)
		lost = append(lost, losses(ap, in)...)
	}
	if len(lost) > 0 {
		f.LetGo = slices.MaxFunc(lost, func(a, b loss) int { return a.at.Compare(b.at) }).by
	}
	return f
}

// inTime says whether an instant lies inside the window of a promise. A promise
// that waits cannot be missed, so what lies in a pause is in time.
func inTime(promise care.Deadline, t time.Time) bool {
	if !t.After(promise.Due) {
		return true
	}
	return slices.ContainsFunc(promise.Pauses, func(p calendar.Pause) bool {
		return !p.From.After(promise.Due) && !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
	})
}

// loss is a time inside the window that was let go: when, and by whom.
type loss struct {
	at time.Time
	by care.Role
}

// losses are the times inside the window that a session once had, and the ones
// that were passed over for it.
func losses(ap care.Appointment, in func(time.Time) bool) (lost []loss) {
	if ap.PassedOver {
		lost = append(lost, loss{ap.BookedAt, care.RoleClient})
	}
	for _, m := range ap.Moves {
		if in(m.From) {
			lost = append(lost, loss{m.At, m.By})
		}
	}
	if in(ap.Start) {
		switch ap.Status {
		case care.CancelledClient:
			lost = append(lost, loss{ap.OutcomeAt, care.RoleClient})
		case care.CancelledProvider:
			lost = append(lost, loss{ap.OutcomeAt, care.RoleProvider})
		case care.NoShowClient:
			lost = append(lost, loss{ap.Start, care.RoleClient})
		case care.NoShowProvider:
			lost = append(lost, loss{ap.Start, care.RoleProvider})
		}
	}
	return lost
}

// The rungs of the ladder that a promise climbs, each a task of the care team: it
// is watched, then somebody calls, and once it is broken somebody says why.
const (
	WatchTask  = "promise_watch"
	CallTask   = "promise_call"
	BrokenTask = "promise_broken"
)

// Rung is where a promise stands on the ladder while it is open: the effects of
// its row in the table of duties that have come so far say so.
func Rung(promise care.Deadline) string {
	switch {
	case promise.Step >= 2:
		return CallTask
	case promise.Step == 1:
		return WatchTask
	}
	return ""
}

// Cause is why a promise was broken, as the care team says it.
type Cause struct{ Code, Says string }

// Causes are all that can be said. Without one of them the incident of a broken
// promise stays open.
var Causes = []Cause{
	{"no_provider", "Nobody in the client’s state had time"},
	{"slow_answer", "A provider answered too late, or not at all"},
	{"provider_moved", "The provider moved or cancelled the session"},
	{"provider_no_show", "The provider did not come"},
	{"client_unreached", "The client could not be reached"},
	{"plan_delay", "Word on the plan came too late"},
	{"platform", "Something of ours went wrong"},
	{"other", "None of these"},
}

// CauseKnown says whether a code is in the table of causes.
func CauseKnown(code string) bool {
	return slices.ContainsFunc(Causes, func(c Cause) bool { return c.Code == code })
}
