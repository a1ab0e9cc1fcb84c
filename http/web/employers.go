package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/intake"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// The registry of employers for the care team, what was found of a client's word,
// and what an employer can tell its people.

func (p *Pages) employerRoutes() []reply.Route {
	routes := append(
		p.open([]care.Role{care.RoleCareTeam}, []way{
			{http.MethodGet, "/ops/employers", "read employers", p.employers},
			{http.MethodPost, "/ops/employers", "add_employer", p.addEmployer},
			{http.MethodGet, "/ops/employers/{id}", "read employers", p.employer},
			{http.MethodPost, "/ops/employers/{id}", "update_employer", p.updateEmployer},
			{http.MethodPost, "/ops/employers/{id}/roster", "import_roster", p.takeRoster},
			{http.MethodPost, "/ops/client/{id}/employment", "check_employment", p.checkEmployment},
		}),
		p.open([]care.Role{care.RoleEmployer}, []way{
			{http.MethodGet, "/employer", "read desk", p.tellPeople},
			{http.MethodGet, "/employer/poster", "read desk", p.poster},
		})...,
	)
	for i := range routes {
		if routes[i].Does == "import_roster" {
			routes[i].Most = intake.MostRoster
		}
	}
	return routes
}

// takeRoster takes in a roster of hashes for the care team. What is no roster is
// refused whole, and nothing of it is repeated or kept.
func (p *Pages) takeRoster(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseMultipartForm(intake.MostRoster); err != nil {
		return unread("The file could not be read. Go back and send it again.")
	}
	body, head, err := r.FormFile("roster")
	if err != nil {
		return unread("Choose the file that hash-roster has made. Go back and send it again.")
	}
	defer body.Close()
	counts, err := intake.Providers(body, head.Size, "The file").Roster(r.Context(), p.Store, intake.Taking{As: auth.Actor(r), For: care.EmployerID(mux.Vars(r)["id"]), Shrunk: r.PostFormValue("shrunk") == "yes"})
	if err == nil {
		n := assets.Notice{Kind: "ok", Title: "The roster is in force", Text: counts.String() + "."}
		return p.showEmployer(w, r, http.StatusOK, nil, &n)
	}
	var fault *intake.Fault
	var shrunk *intake.Shrunk
	if !errors.As(err, &fault) && !errors.As(err, &shrunk) {
		return err
	}
	n := assets.Notice{Kind: "danger", Title: "Nothing was taken in", Text: sentence(err.Error()) + "."}
	return p.showEmployer(w, r, http.StatusUnprocessableEntity, nil, &n)
}

func (p *Pages) employers(w http.ResponseWriter, r *http.Request) error {
	return p.showEmployers(w, r, http.StatusOK, nil)
}

func (p *Pages) showEmployers(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ProgrammeChart, "employers")
	if err != nil {
		return err
	}
	var cards []assets.Waiting
	for _, e := range chart.Employers {
		cards = append(cards, assets.Waiting{Href: "/ops/employers/" + string(e.ID), Title: e.Name, Line: label(e.Industry) + ", " + p.takesPart(e), Facts: []assets.Fact{{Term: "Code", Text: e.Code}, rosterFact(e)}})
	}
	return p.show(w, r, status, "ops/employers", "", assets.Page{Title: "Employers", Data: map[string]any{
		"Cards": cards, "Fields": employerFields(r.PostForm, care.Employer{}, problems), "Problems": problems,
	}})
}

// takesPart says from when until when, and whether that is today.
func (p *Pages) takesPart(e care.Employer) string {
	today := calendar.On(p.Now(), location(""))
	switch {
	case today.Before(e.Starts):
		return "takes part from " + e.Starts.String() + " on"
	case !e.Offers(today):
		return "took part until " + e.Ends.String()
	case e.Ends.IsZero():
		return "takes part since " + e.Starts.String()
	}
	return "takes part until " + e.Ends.String()
}

func rosterFact(e care.Employer) assets.Fact {
	if e.Roster == "" {
		return assets.Fact{Term: "Roster", Text: "None", Note: "A client’s word opens the door, and you look whether it holds."}
	}
	return assets.Fact{Term: "Roster", Text: tally(e.RosterSize, "hash", "hashes"), Note: "Since " + moment(e.RosterAt, location("")).Text + ". No name is kept."}
}

// employerFields are what is told of an employer; a code is told once.
func employerFields(form url.Values, e care.Employer, problems []assets.Problem) []assets.Field {
	if !form.Has("name") {
		days := make([]string, len(e.Holidays))
		for i, h := range e.Holidays {
			days[i] = h.Date.String()
		}
		form = url.Values{"name": {e.Name}, "industry": {e.Industry}, "starts": {dateOf(e.Starts)}, "ends": {dateOf(e.Ends)}, "audience": {e.Audience}, "holidays": {strings.Join(days, " ")}}
	}
	industry := assets.Field{Name: "industry", Label: "Industry", Type: "select"}
	for _, name := range []string{"technology", "pharmaceutical", "energy", "healthcare", "other"} {
		industry.Choices = append(industry.Choices, assets.Choice{Value: name, Text: label(name), Checked: form.Get("industry") == name})
	}
	fields := []assets.Field{
		{Name: "name", Label: "Name", Max: 200}, industry,
		{Name: "starts", Label: "First day", Type: "date"},
		{Name: "ends", Label: "Last day", Type: "date", Optional: true, Hint: "No new care begins after it. Care that has begun is untouched, and nobody there is told of anyone."},
		{Name: "holidays", Label: "Days on which it is closed", Optional: true, Max: 600, Hint: "As 2026-12-24 2026-12-31. The promise counts the programme’s own business days."},
		{Name: "audience", Label: "Who reads its report", Optional: true, Max: 200},
	}
	if e.ID == "" {
		code := assets.Field{Name: "code", Label: "Code", Max: 40, Hint: "It stands in the link for all of its people, and stays."}
		fields = append([]assets.Field{code}, fields...)
	}
	for i := range fields {
		if fields[i].Type != "select" {
			fields[i].Value = form.Get(fields[i].Name)
		}
		fields[i].Problem = problemAt(problems, fields[i].Name)
	}
	return fields
}

// employerIn reads what was told of an employer.
func employerIn(form url.Values) (care.Employer, []assets.Problem) {
	e := care.Employer{Code: strings.TrimSpace(form.Get("code")), Name: strings.TrimSpace(form.Get("name")), Industry: form.Get("industry"), Audience: strings.TrimSpace(form.Get("audience"))}
	var problems []assets.Problem
	for name, day := range map[string]*calendar.Date{"starts": &e.Starts, "ends": &e.Ends} {
		var err error
		if *day, err = dayOrNone(form.Get(name)); err != nil {
			problems = append(problems, assets.Problem{Field: name, Text: "Give a date, as 2026-12-01."})
		}
	}
	for _, text := range strings.Fields(form.Get("holidays")) {
		day, err := calendar.ParseDate(text)
		if err != nil {
			return e, append(problems, assets.Problem{Field: "holidays", Text: "Give dates, as 2026-12-24 2026-12-31."})
		}
		e.Holidays = append(e.Holidays, calendar.Holiday{Date: day})
	}
	return e, problems
}

func (p *Pages) addEmployer(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	e, problems := employerIn(form)
	if len(problems) > 0 {
		return p.showEmployers(w, r, http.StatusUnprocessableEntity, problems)
	}
	out, err := p.deed(r, act.AddEmployer{Employer: e})
	if err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.showEmployers(w, r, status, problems) })
	}
	return done(w, r, "/ops/employers/"+out.Made, "saved")
}

func (p *Pages) employer(w http.ResponseWriter, r *http.Request) error {
	return p.showEmployer(w, r, http.StatusOK, nil, nil)
}

func (p *Pages) showEmployer(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem, n *assets.Notice) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ProgrammeChart, "employers")
	if err != nil {
		return err
	}
	for _, e := range chart.Employers {
		if string(e.ID) != mux.Vars(r)["id"] {
			continue
		}
		facts := []assets.Fact{
			{Term: "Industry", Text: label(e.Industry)}, {Term: "Takes part", Text: sentence(p.takesPart(e))},
			{Term: "Link for all of its people", Text: linkOf(r, e), Note: "There is none for a single person, and nobody counts who opens it."}, rosterFact(e),
		}
		return p.show(w, r, status, "ops/employer", "", assets.Page{Title: e.Name, Notice: n, Data: map[string]any{
			"Name": e.Name, "Path": "/ops/employers/" + string(e.ID), "Facts": facts, "Fields": employerFields(r.PostForm, e, problems), "Problems": problems,
			"Command": fmt.Sprintf("careconnect hash-roster LIST.csv --employer %s --salt %s --out roster.csv", e.Code, e.Salt), "Salted": e.Salt != "",
		}})
	}
	return care.Missing()
}

func (p *Pages) updateEmployer(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	e, problems := employerIn(form)
	if len(problems) > 0 {
		return p.showEmployer(w, r, http.StatusUnprocessableEntity, problems, nil)
	}
	id := mux.Vars(r)["id"]
	_, err = p.deed(r, act.UpdateEmployer{Employer: care.EmployerID(id), Name_: e.Name, Industry: e.Industry, Starts: e.Starts, Ends: e.Ends, Holidays: e.Holidays, Audience: e.Audience})
	if err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.showEmployer(w, r, status, problems, nil) })
	}
	return done(w, r, "/ops/employers/"+id, "saved")
}

// checkEmployment takes what the care team found of a client's word.
func (p *Pages) checkEmployment(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	if said := form.Get("employed"); said != "yes" && said != "no" {
		return unread("Say whether they are employed there. Go back and choose one of the two.")
	}
	if _, err := p.deed(r, act.CheckEmployment{Client: care.ChartID(id), Employed: form.Get("employed") == "yes"}); err != nil {
		return err
	}
	return done(w, r, "/ops/client/"+id, "employment")
}

// evidenceWords say what a benefit rests on.
var evidenceWords = map[care.Evidence]string{
	care.ByPortal: "A signed link of the portal brought the code", care.ByRoster: "The employer’s roster", care.ByWord: "The client’s word",
}

// employmentFact says what is known of a client's employment.
func employmentFact(b care.Benefit) assets.Fact {
	fact := assets.Fact{Term: "Employed there", Text: or(evidenceWords[b.Evidence], "Not said"), Badge: &assets.Badge{Text: "Not looked at", Kind: "warning", Icon: "circle-help"}, Note: "No session counts as covered before somebody has looked."}
	if found := b.Found(); found != nil {
		fact.Badge, fact.Note = &assets.Badge{Text: "Yes", Kind: "success", Icon: "check"}, ""
		if !*found {
			fact.Badge, fact.Note = &assets.Badge{Text: "Not any more", Kind: "quiet", Icon: "x"}, "What is open goes on as ordinary insurance care; no new care begins through the programme."
		}
	}
	if !b.FoundAt.IsZero() {
		fact.Text += ", " + moment(b.FoundAt, location("")).Text
	}
	return fact
}

// linkOf is the one link for all people of an employer.
func linkOf(r *http.Request, e care.Employer) string {
	scheme := "https://"
	if host, _, _ := strings.Cut(r.Host, ":"); host == "localhost" || host == "127.0.0.1" {
		scheme = "http://"
	}
	return scheme + r.Host + "/e/" + url.PathEscape(e.Code)
}

// own is the employer whose account is signed in.
func (p *Pages) ownEmployer(r *http.Request) (care.Employer, error) {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), auth.Actor(r).Chart, "desk")
	if err != nil {
		return care.Employer{}, err
	}
	programme, _ := p.Store.Programme()
	for _, e := range programme.Employers {
		if chart.Account != nil && e.ID == chart.Account.Employer {
			return e, nil
		}
	}
	return care.Employer{}, care.Missing()
}

// tellPeople gives an employer neutral words and the link. It is made from the
// employer's own entry and from nothing else.
func (p *Pages) tellPeople(w http.ResponseWriter, r *http.Request) error {
	e, err := p.ownEmployer(r)
	if err != nil {
		return err
	}
	words := p.Store.Words()
	text := words.Render("Someone to talk to, this week. Through {programme} you can talk to a clinician of {network}, by video, and have a first session within {promise_business_days} business days. Your plan’s copay or coinsurance applies. We never learn who uses it: ") + linkOf(r, e)
	return p.show(w, r, http.StatusOK, "desk/tell", "", assets.Page{Title: "Tell your people", Data: map[string]any{
		"Name": e.Name, "Link": linkOf(r, e), "Text": text, "Takes": sentence(p.takesPart(e)),
	}})
}

// poster is one sheet of paper to hang up.
func (p *Pages) poster(w http.ResponseWriter, r *http.Request) error {
	e, err := p.ownEmployer(r)
	if err != nil {
		return err
	}
	words := p.Store.Words()
	return p.show(w, r, http.StatusOK, "desk/poster", "", assets.Page{Title: "Poster", Data: map[string]any{"Link": linkOf(r, e), "Lines": welcomeLines(words), "Crisis": words["crisis"], "Square": squareOf(linkOf(r, e))}})
}
