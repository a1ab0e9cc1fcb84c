package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
	"careconnect/store/directory"
)

// booking is the form by which a client books a first call or asks for one.
type booking struct {
	Title, Lead   string
	Path, Profile string
	BackText      string // of the way back; empty: to the profile
	Problems      []assets.Problem
	Slots         *assets.Slots    // to book one
	Preferred     *assets.Slots    // to tick several
	Wants         []assets.Options // whom the care team is to look for
	Further       []assets.Link
	TheirZone     string
	You           []assets.Field // for those who are not signed in
	Home          []assets.Field
	Note          assets.Field
	Fields        []assets.Hidden
	Yes           string
	Cost, Crisis  string
	Promise       string
	Explain       *assets.Explain
	Signed        string
	Hold          string // where a time is held
	Look          bool   // the care team can look whether they are employed where they say
}

// asked is what somebody filled in.
type asked struct {
	arrival
	form     url.Values
	problems []assets.Problem
	chart    *care.Chart
	holder   string // hash of the secret by which the browser holds a time, where it has just got it
	look     bool   // all that stands in their way is that nobody has looked where they are employed
}

// along are the parts of a visit that the form carries on; the employer's code too
// where the form does not ask for it.
func (a asked) along(names ...string) []assets.Hidden {
	if a.chart != nil {
		names = append(names, "employer")
	}
	return a.hidden(names...)
}

func (a asked) get(name string) string { return a.form.Get(name) }

func (p *Pages) bookForm(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "book")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: r.Form, chart: chart}
	if again, ok := p.earlier(chart, r.Form.Get("again")); ok && !r.Form.Has("note") {
		a.form.Set("note", again.Note)
	}
	return p.bookPage(w, r, http.StatusOK, a)
}

// beforehand says to a client what would stand in the way of asking a provider, as
// far as is known before they ask, so that nobody fills in a form in vain; and
// whether the care team can look.
func (p *Pages) beforehand(chart *care.Chart, c directory.Card) (*assets.Notice, bool) {
	facts, known := p.Store.Directory().Facts(c.ID, chart.Client.State, p.Now())
	programme, _ := p.Store.Programme()
	d := act.MayAsk(chart, facts, programme, p.Now())
	if !known || d.Outcome == rules.Yes {
		return nil, false
	}
	n := &assets.Notice{Kind: "warn", Title: "As things stand, " + c.Name + " cannot be asked"}
	for _, reason := range d.Reasons() {
		n.Items = append(n.Items, inTheWay(reason))
	}
	return n, rules.WaitsForALook(d)
}

// earlier is a request of the client's that fell through: what they wrote then is
// kept, so that asking again is one tap.
func (p *Pages) earlier(chart *care.Chart, id string) (care.Referral, bool) {
	if chart == nil || id == "" {
		return care.Referral{}, false
	}
	return chart.Referral(care.ReferralID(id))
}

func (p *Pages) bookPage(w http.ResponseWriter, r *http.Request, status int, a asked) error {
	c, ok := p.shown(mux.Vars(r)["id"])
	if !ok {
		return care.Missing()
	}
	if _, invited := p.invitation(a.chart, c.ID); c.Waitlist && !invited {
		return done(w, r, a.to("/p/"+string(c.ID)), "")
	}
	zone := a.zone()
	from := p.Now()
	if after, err := time.Parse(time.RFC3339, a.get("after")); err == nil && after.After(from) {
		from = after
	}
	slots, _ := p.Store.Directory().Openings(c.ID, care.Consultation, p.Now(), from, from.AddDate(0, 0, searched), 0)
	g := grid{zone: zone, now: p.Now(), all: a.get("all") != "", due: p.callDue(zone), chosen: slices.Concat(a.form["start"], a.form["preferred"])}
	days, more := g.days(slots)
	due := p.promiseFor(a.chart, zone)
	words := p.Store.Words()
	path := "/p/" + string(c.ID)
	data := booking{
		Path: path + "/book", Profile: a.to(path), Problems: a.problems, Look: a.look, TheirZone: otherZone(p, c.Name, c.Zone, zone),
		Note: assets.Field{
			Name: "note", Label: "Anything " + c.Name + " should know?", Type: "textarea", Value: a.get("note"), Optional: true, Rows: 3,
			Hint: "Only they and our clinical team can read this.", Problem: problemAt(a.problems, "note"),
		},
		Fields: append(a.along("src", "proof", "language", "specialty"), assets.Hidden{Name: "once", Value: or(a.get("once"), auth.Secret())}),
		Cost:   rules.CostOfVisit(&care.Chart{}, care.Appointment{Type: care.Consultation}, words).Says,
		Crisis: words["crisis"], Promise: dayOf(due, zone),
	}
	_, clock := p.Store.Programme()
	if a.chart == nil {
		data.Explain = p.explain(clock.Start(care.Deadline{Code: "promise", Starts: p.Now(), Zone: zone}))
		data.You, data.Home = p.newcomerFields(a)
	} else {
		data.Signed = a.chart.Client.Name
		data.Cost = rules.CostOfVisit(a.chart, care.Appointment{Type: care.Consultation, Start: p.Now()}, words).Says
		if e, ok := p.seeking(a.chart); ok {
			if d, ok := a.chart.Deadline(e.Promise); ok {
				data.Explain = p.explain(d)
			}
		} else {
			data.Explain = p.explain(clock.Start(care.Deadline{Code: "promise", Starts: p.Now(), Zone: zone}))
		}
	}
	p.times(&data, c, slots, days, zone)
	held, err := p.holds(r, a)
	if err != nil {
		return err
	}
	data.held(held, c.ID, location(zone), p.Now())
	q := a.query()
	if again := a.get("again"); again != "" {
		q.Set("again", again)
	}
	data.Further = g.further(path+"/book", q, from, more)
	var warn *assets.Notice
	if a.chart != nil {
		if warn = elsewhere(a.chart.Client, c.Name, c.States); warn == nil && status == http.StatusOK {
			warn, data.Look = p.beforehand(a.chart, c)
		}
	}
	return p.show(w, r, status, "book", zone, assets.Page{Title: data.Title, Notice: warn, Data: data})
}

// times fills in whether the client books a time or lists some.
func (p *Pages) times(data *booking, c directory.Card, slots []calendar.Slot, days []assets.SlotDay, zone string) {
	if c.SelfSchedule && len(slots) > 0 {
		data.Title, data.Yes = "Book a first call with "+c.Name, "Book this time"
		data.Lead = "Choose a time. It is yours at once."
		data.Slots = &assets.Slots{Name: "start", Legend: "Open times for a call of " + counted(c.ConsultMinutes, "minute"), Zone: p.allTimes(zone), Days: days}
		return
	}
	data.Title, data.Yes = "Ask "+c.Name+" for a first call", "Send the request"
	data.Lead = p.Store.Words().Render("They answer within {respond_hours} hours, nights and weekends included.")
	if len(slots) > 0 {
		data.Preferred = &assets.Slots{Name: "preferred", Legend: "Times that would suit you", Zone: p.allTimes(zone), Days: days}
	}
}

// employeeField asks for what an employer's roster knows somebody by.
var employeeField = assets.Field{Name: "employee", Label: "Your e-mail or number at work", Max: 254, Optional: true, Hint: "Looked up once, and then forgotten. We never write to it."}

// newcomerFields are all that somebody fills in who comes for the first time.
func (p *Pages) newcomerFields(a asked) (you, home []assets.Field) {
	field := func(f assets.Field) assets.Field {
		f.Value, f.Problem = or(f.Value, a.get(f.Name)), problemAt(a.problems, f.Name)
		return f
	}
	you = []assets.Field{
		field(assets.Field{Name: "name", Label: "The name you go by", Autocomplete: "name", Max: 200}),
		field(assets.Field{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "email", Max: 254, Hint: "We only ever write that there is something to see."}),
		field(assets.Field{Name: "birth_date", Label: "Date of birth", Type: "date", Autocomplete: "bday"}),
		field(assets.Field{Name: "employer", Label: "Your employer’s code", Value: a.Employer, Max: 40, Hint: "From the portal. Your employer is never asked about you."}),
	}
	programme, _ := p.Store.Programme()
	if e := act.EmployerOf(a.get("employer"), programme); e != nil && e.Roster != "" && a.Proof == "" {
		you = append(you, field(employeeField))
	}
	home = []assets.Field{
		field(assets.Field{Name: "state", Label: "The state you are in", Type: "select", Choices: stateChoices(a.State, "Choose a state")}),
		field(assets.Field{Name: "zone", Label: "Your time zone", Type: "select", Choices: zoneChoices(a.zone())}),
	}
	return you, home
}

// book asks or books, and for somebody new opens their chart and signs them in,
// all in one act.
func (p *Pages) book(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "book")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: r.PostForm, chart: chart}
	request := act.Request{Provider: care.ChartID(mux.Vars(r)["id"]), Note: a.get("note"), Preferred: times(a.form["preferred"]), Came: p.came(v), Holder: p.Auth.Holds(r)}
	if starts := times(a.form["start"]); len(starts) > 0 {
		request.Start = starts[0]
	}
	a.missing(p, request.Provider)
	var secret string
	if chart != nil {
		request.Client = chart.ID
	} else {
		enter, pass := p.newcomer(&a)
		secret, request.New = pass, enter
	}
	if len(a.problems) > 0 {
		return p.bookPage(w, r, http.StatusUnprocessableEntity, a)
	}
	out, err := p.deedOnce(r, request, a.get("once"))
	if err != nil && tooYoung(r, err) {
		return p.young(w, r)
	}
	if err != nil {
		if problem := problemOf(r, err); problem.Code == "provider_not_available" {
			return p.others(w, r, v, problem)
		}
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			a.problems, a.look = problems, unlooked(r, err)
			return p.bookPage(w, r, status, a)
		})
	}
	p.Auth.LetGo(w, r)
	return p.letIn(w, r, chart, out, secret, map[bool]string{true: "requested", false: "booked"}[request.Start.IsZero()])
}

// letIn signs in who came for the first time, and goes on to their page. Whoever
// sent the same form twice is let in all the same.
func (p *Pages) letIn(w http.ResponseWriter, r *http.Request, chart *care.Chart, out store.Outcome, secret, said string) error {
	switch {
	case chart == nil && out.Replayed:
		made, err := p.Store.Locate(r.Context(), care.System, out.Made, "entering")
		if err != nil {
			return err
		}
		if err := p.Auth.Session(w, r, *made.Account); err != nil {
			return err
		}
	case chart == nil:
		p.Auth.SetCookie(w, secret, care.RoleClient)
	}
	return done(w, r, "/me", said)
}

// unlooked says whether it is only that nobody has looked where they are employed
// that stands in somebody's way.
func unlooked(r *http.Request, err error) bool {
	reasons := problemOf(r, err).Reasons
	return len(reasons) == 1 && reasons[0].Code == "client.employed" && reasons[0].Truth == rules.Unknown
}

// askLook has the care team look whether somebody is employed where they say: it
// opens the chart of who is new, and asks for nothing else.
func (p *Pages) askLook(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "look")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: r.PostForm, chart: chart}
	if chart != nil {
		if _, err := p.deed(r, act.ClaimBenefit{Client: chart.ID, Code: chart.Client.Benefit.Code}); err != nil {
			return err
		}
		return done(w, r, "/me", "look_asked")
	}
	a.missingOf()
	enter, secret := p.newcomer(&a)
	var out store.Outcome
	if len(a.problems) == 0 {
		out, err = p.deedOnce(r, act.AskEmployment{New: enter}, a.get("once"))
	}
	if err == nil && len(a.problems) == 0 {
		return p.letIn(w, r, nil, out, secret, "look_asked")
	}
	if err != nil && tooYoung(r, err) {
		return p.young(w, r)
	}
	status := http.StatusUnprocessableEntity
	if err != nil {
		problems, ok := mend(problemOf(r, err))
		if !ok {
			return err
		}
		a.problems, status = problems, problemOf(r, err).Status
	}
	return p.matchPage(w, r, status, a)
}

// others shows whom to choose instead of a provider who has left the list while
// the form was being filled in.
func (p *Pages) others(w http.ResponseWriter, r *http.Request, v arrival, problem *reply.Problem) error {
	n := assets.Notice{Kind: "warn", Text: problem.Detail}
	if problem.Waitlist {
		n.Actions = append(n.Actions, assets.Action{Text: "Join the waiting list", Href: v.to("/p/" + mux.Vars(r)["id"] + "/wait"), Icon: "hourglass"})
	}
	for _, id := range problem.Others {
		if card, ok := p.Store.Directory().Provider(id, p.Now()); ok {
			n.Actions = append(n.Actions, assets.Action{Text: card.Name, Href: v.to("/p/" + string(id)), Icon: "user", Style: "outline"})
		}
	}
	n.Actions = append(n.Actions, assets.Action{Text: "See everybody", Href: v.to("/find"), Icon: "search", Style: "ghost"})
	title := "Choose someone else"
	return p.show(w, r, problem.Status, "problem", v.zone(), assets.Page{Title: title, Data: map[string]any{"Title": title, "Notice": n}})
}

// tooYoung says whether it is their age alone that stands in somebody's way.
func tooYoung(r *http.Request, err error) bool {
	reasons := problemOf(r, err).Reasons
	return len(reasons) == 1 && reasons[0].Code == "client.adult" && reasons[0].Truth == rules.No
}

// young is a kind page for somebody who is not old enough yet: where to turn.
func (p *Pages) young(w http.ResponseWriter, r *http.Request) error {
	words := p.Store.Words()
	return p.show(w, r, http.StatusUnprocessableEntity, "young", "", assets.Page{Title: "Where you can turn", Data: map[string]any{
		"Age": words["minimum_age"], "CareEmail": words["care_email"], "Crisis": p.crisis(), "Back": r.URL.Path,
	}})
}

// missing notes what the form lacks before anything is asked of the rules.
func (a *asked) missing(p *Pages, provider care.ChartID) {
	card, ok := p.shown(string(provider))
	if _, invited := p.invitation(a.chart, provider); ok && card.Waitlist && !invited {
		ok = false // the act says why not
	}
	if ok && card.SelfSchedule && len(a.form["start"]) == 0 {
		if slots, _ := p.Store.Directory().Openings(provider, care.Consultation, p.Now(), p.Now(), p.Now().AddDate(0, 0, searched), 1); len(slots) > 0 {
			a.problems = append(a.problems, assets.Problem{Field: "start", Text: "Choose a time."})
		}
	}
	if a.chart == nil {
		a.missingOf()
	}
}

// missingOf notes what is missing of somebody who comes for the first time.
func (a *asked) missingOf() {
	if _, err := calendar.ParseDate(a.get("birth_date")); err != nil {
		a.problems = append(a.problems, assets.Problem{Field: "birth_date", Text: "Give your date of birth, as 1990-05-31."})
	}
	if a.get("employer") == "" {
		a.problems = append(a.problems, assets.Problem{Field: "employer", Text: "Give your employer’s code. The wellness portal shows it; the care team helps if you have none."})
	}
}

func (p *Pages) newcomer(a *asked) (*act.Enter, string) {
	secret, pass := p.Auth.NewSession(care.RoleClient)
	born, _ := calendar.ParseDate(a.get("birth_date")) // missing has looked at it
	programme, _ := p.Store.Programme()
	return &act.Enter{
		FullName: a.get("name"), Email: a.get("email"), BirthDate: born, State: a.State, Zone: a.zone(),
		Concerns: a.Concerns, Language: or(a.Language, "en"), Source: or(a.Source, care.FromNowhere),
		Code: a.get("employer"), Evidence: p.came(a.arrival).Evidence, Pass: &pass,
		Key: act.RosterKey(a.get("employer"), or(a.get("employee"), a.get("email")), programme),
	}, secret
}
