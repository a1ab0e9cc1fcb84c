package act

import (
	"cmp"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// Erase is a client's wish to be forgotten. Their chart, and every list that it
// stands in, is gone with the act; by night the store forgets the key, and only
// then a certificate says so.
type Erase struct{ Client care.ChartID }

func (Erase) Name() string             { return "erase" }
func (a Erase) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a Erase) About(Known) care.About { return care.About{Client: a.Client} }

// Decide frees what was booked and tells the other side no more than that. It
// waits while somebody is looking after a safety alert: that must not vanish
// under their hands.
func (a Erase) Decide(k Known, env Env) Plan {
	chart, f := erasable(k, a.Client)
	if f != nil {
		return Plan{Fault: f}
	}
	return forget(chart, env, care.Erasure{ID: care.ChartID(env.ID("er")), By: env.Actor.Role, At: env.Now}, waitingFor(chart))
}

// AskErasure is one person of the care team asking, on a client's word, that they
// be forgotten. Nothing happens before a second person agrees; the client is
// told.
type AskErasure struct{ Client care.ChartID }

func (AskErasure) Name() string             { return "ask_erasure" }
func (a AskErasure) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a AskErasure) About(Known) care.About { return care.About{Client: a.Client} }

// Decide opens the erasure's chart, for the second person to find.
func (a AskErasure) Decide(k Known, env Env) Plan {
	chart, f := erasable(k, a.Client)
	if f != nil {
		return Plan{Fault: f}
	}
	e := care.Erasure{ID: care.ChartID(env.ID("er")), State: care.ErasureAsked, Person: a.Client, AskedBy: env.Actor.Chart, AskedAt: env.Now}
	d := begin(env, chart)
	d.tellClient("erasure_asked", string(e.ID), "/me/privacy", env.Now)
	d.tellDesk(care.RoleCareTeam, "task", string(e.ID), "/ops/erasures", time.Time{})
	d.Changes = append(d.Changes, care.New{Chart: e.ID, Of: care.OfErasure}, care.Put{Chart: e.ID, Record: e})
	d.Made = string(e.ID)
	return d.plan()
}

// ConfirmErasure is the second person's yes, RefuseErasure their no.
type (
	ConfirmErasure struct{ Erasure care.ChartID }
	RefuseErasure  struct{ Erasure care.ChartID }
)

func (ConfirmErasure) Name() string               { return "confirm_erasure" }
func (a ConfirmErasure) Needs(k Known) Needs      { return needsErasure(k, a.Erasure) }
func (a ConfirmErasure) About(k Known) care.About { return aboutErasure(k, a.Erasure) }
func (RefuseErasure) Name() string                { return "refuse_erasure" }
func (a RefuseErasure) Needs(k Known) Needs       { return needsErasure(k, a.Erasure) }
func (a RefuseErasure) About(k Known) care.About  { return aboutErasure(k, a.Erasure) }

// Decide takes no yes from the person who asked.
func (a ConfirmErasure) Decide(k Known, env Env) Plan {
	e, f := askedFor(k, a.Erasure)
	if f != nil {
		return Plan{Fault: f}
	}
	if e.AskedBy == env.Actor.Chart {
		return fault(care.Conflict, "second_person", "You asked for this yourself. Somebody else of the care team has to agree.")
	}
	chart, f := erasable(k, e.Person)
	if f != nil {
		return Plan{Fault: f}
	}
	e.By, e.At = env.Actor.Role, env.Now
	return forget(chart, env, e, waitingFor(chart))
}

// Decide leaves everything as it is, and no word of whom it was about.
func (a RefuseErasure) Decide(k Known, _ Env) Plan {
	e, f := askedFor(k, a.Erasure)
	if f != nil {
		return Plan{Fault: f}
	}
	e.State, e.Person = care.ErasureRefused, ""
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: e.ID, Record: e}}}
}

// EraseAgain forgets somebody whom a restored backup has brought back. Nobody is
// told: they were, when it was done first.
type EraseAgain struct {
	Client  care.ChartID
	Erasure care.ChartID
	At      time.Time
}

func (EraseAgain) Name() string             { return "erase_again" }
func (a EraseAgain) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client, a.Erasure}} }
func (a EraseAgain) About(Known) care.About { return care.About{Client: a.Client} }

// Decide finds nothing to do where the chart is not there.
func (a EraseAgain) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Client)
	if chart == nil || chart.Of != care.OfClient {
		return Plan{Decision: rules.Allowed()}
	}
	e := care.Erasure{ID: a.Erasure, By: care.RoleSystem, At: a.At}
	if had := k.Chart(a.Erasure); had != nil && had.Erasure != nil {
		e = *had.Erasure
		e.By, e.At = cmp.Or(e.By, care.RoleSystem), a.At
	}
	return forget(chart, env, e, nil)
}

// Certify is the store's word that nothing of a forgotten person can be read any
// more. Whose chart it was leaves the erasure with it.
type Certify struct {
	Erasure     care.ChartID
	Certificate string
}

func (Certify) Name() string             { return "certify" }
func (a Certify) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Erasure}} }
func (a Certify) About(Known) care.About { return care.About{} }

// Decide keeps the certificate, which is found by its number.
func (a Certify) Decide(k Known, _ Env) Plan {
	chart := k.Chart(a.Erasure)
	if chart == nil || chart.Erasure == nil || chart.Erasure.State != care.ErasureWaiting {
		return missing()
	}
	e := *chart.Erasure
	e.State, e.Person, e.Certificate = care.ErasureCertified, "", a.Certificate
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: e.ID, Record: e}}}
}

// LetGo removes what was kept of an erasure, once no law wants it any more.
type LetGo struct{ Erasure care.ChartID }

func (LetGo) Name() string             { return "let_go" }
func (a LetGo) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Erasure}} }
func (a LetGo) About(Known) care.About { return care.About{} }

// Decide waits until the end of the time that the certificate names.
func (a LetGo) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Erasure)
	if chart == nil || chart.Erasure == nil || chart.Erasure.Until.IsZero() || env.Now.Before(chart.Erasure.Until) {
		return fault(care.Conflict, "retained", "This is kept until the time that the certificate names.")
	}
	e := *chart.Erasure
	e.Visits, e.Answers = nil, nil
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: e.ID, Record: e}}}
}

// forget is the plan that forgets a client: those whom it leaves with free time
// are told, what must be kept is taken over, and the chart goes.
func forget(chart *care.Chart, env Env, e care.Erasure, tell []care.ChartID) Plan {
	plan := Plan{Decision: rules.Allowed(), Made: string(e.ID)}
	for _, provider := range tell {
		plan.Changes = append(plan.Changes, care.Put{Chart: provider, Record: care.Message{
			ID: care.MessageID(env.ID("ms")), Chart: provider, To: provider, Template: "freed", Subject: string(provider),
			Link: "/pro", At: env.Now, Next: env.Now, State: care.Ready,
		}})
	}
	if e.State == "" {
		plan.Changes = append(plan.Changes, care.New{Chart: e.ID, Of: care.OfErasure})
	}
	e.State, e.Person, e.Records = care.ErasureWaiting, chart.ID, len(chart.Records())
	for _, card := range cards(chart) {
		e.Records += 1 + card.Pieces
		plan.Changes = append(plan.Changes, care.Erase{Chart: card.Chart})
	}
	if chart.Client != nil {
		for _, former := range chart.Client.Former {
			plan.Changes = append(plan.Changes, forgetFormer(former, env, e)...)
		}
	}
	e.Until = e.At.AddDate(env.Terms.RetainYears, 0, 0)
	e.Visits, e.Answers = keptVisits(chart), keptAnswers(chart, e.At)
	plan.Changes = append(plan.Changes, care.Put{Chart: e.ID, Record: e}, care.Erase{Chart: chart.ID})
	return plan
}

// forgetFormer forgets what is left of an account that became one with another: the
// trail tells of it, and an old backup may hold its chart.
func forgetFormer(former care.ChartID, env Env, of care.Erasure) []care.Change {
	e := care.Erasure{ID: care.ChartID(env.ID("er")), State: care.ErasureWaiting, Person: former, By: of.By, At: of.At, Until: of.At}
	return []care.Change{care.New{Chart: e.ID, Of: care.OfErasure}, care.Put{Chart: e.ID, Record: e}}
}

// waitingFor are the providers in whose lists the client stands.
func waitingFor(chart *care.Chart) []care.ChartID {
	var ids []care.ChartID
	for _, r := range chart.Referrals {
		if r.Status.Open() || r.Status == care.Expired && r.ClosedAt.IsZero() {
			ids = append(ids, r.Provider)
		}
	}
	for _, ap := range chart.Appointments {
		if ap.Status == care.Booked {
			ids = append(ids, ap.Provider)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// keptVisits are the sessions that took place.
func keptVisits(chart *care.Chart) []care.KeptVisit {
	var kept []care.KeptVisit
	for _, ap := range chart.Appointments {
		if ap.Type == care.Session && ap.Status == care.Attended {
			kept = append(kept, care.KeptVisit{Provider: ap.Provider, Type: ap.Type, Start: ap.Start, Minutes: int(ap.End.Sub(ap.Start).Minutes()), Covered: ap.Covered})
		}
	}
	order.By(kept, func(a, b care.KeptVisit) int { return a.Start.Compare(b.Start) })
	return kept
}

// keptAnswers are what the client said about sharing. A yes that was in force
// ends with the chart.
func keptAnswers(chart *care.Chart, at time.Time) []care.KeptAnswer {
	var kept []care.KeptAnswer
	for _, c := range chart.Consents {
		answer := care.KeptAnswer{Sharing: c.Sharing, Scopes: c.Scopes, Purpose: c.Purpose, TextVersion: c.TextVersion, At: c.At, Ended: c.WithdrawnAt}
		if c.Active(at) {
			answer.Ended = at
		}
		kept = append(kept, answer)
	}
	order.By(kept, func(a, b care.KeptAnswer) int { return a.At.Compare(b.At) })
	return kept
}

// erasable is a client's chart that may be forgotten now.
func erasable(k Known, id care.ChartID) (*care.Chart, *care.Fault) {
	chart := k.Chart(id)
	if chart == nil || chart.Of != care.OfClient {
		return nil, care.Missing()
	}
	if slices.ContainsFunc(chart.Alerts, func(a care.Alert) bool { return a.AckedAt.IsZero() }) {
		return nil, &care.Fault{Kind: care.Conflict, Code: "safety_open", Says: "Somebody is about to get in touch about an answer on safety. Once they have, this can be done; nothing was changed."}
	}
	return chart, nil
}

func needsErasure(k Known, id care.ChartID) Needs {
	n := Needs{Charts: []care.ChartID{id}}
	if chart := k.Chart(id); chart != nil && chart.Erasure != nil && chart.Erasure.Person != "" {
		n.Charts = append(n.Charts, chart.Erasure.Person)
	}
	return n
}

func aboutErasure(k Known, id care.ChartID) care.About {
	if chart := k.Chart(id); chart != nil && chart.Erasure != nil {
		return care.About{Client: chart.Erasure.Person}
	}
	return care.About{}
}

// askedFor is an erasure that waits for its second person.
func askedFor(k Known, id care.ChartID) (care.Erasure, *care.Fault) {
	chart := k.Chart(id)
	if chart == nil || chart.Erasure == nil {
		return care.Erasure{}, care.Missing()
	}
	if e := *chart.Erasure; e.State == care.ErasureAsked {
		return e, nil
	}
	return care.Erasure{}, &care.Fault{Kind: care.Conflict, Code: "erasure_moved_on", Says: "This has been decided already."}
}
