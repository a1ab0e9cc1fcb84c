package web

import (
	"net/http"
	"net/url"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// detailsPage is what a client says of themselves.
type detailsPage struct {
	Problems []assets.Problem
	You      []assets.Field
	Where    []assets.Field
	Findings []assets.Fact
	Employer []assets.Field
	Known    bool // the employer is one of those known here
	Named    bool // providers read its name
	Over     bool // the employment has ended
	Wrong    []assets.Problem
	Email    string // to sign in with
	Password bool
}

func (p *Pages) details(w http.ResponseWriter, r *http.Request) error {
	return p.detailsPage(w, r, http.StatusOK, nil, nil, nil)
}

func (p *Pages) detailsPage(w http.ResponseWriter, r *http.Request, status int, form url.Values, problems, wrong []assets.Problem) error {
	chart, err := p.myChart(r, "details")
	if err != nil {
		return err
	}
	c := chart.Client
	get := func(name, value string) string {
		if form.Has(name) {
			return form.Get(name)
		}
		return value
	}
	page := detailsPage{
		Problems: problems, Wrong: wrong,
		You: []assets.Field{
			{Name: "name", Label: "The name you go by", Value: get("name", c.Name), Autocomplete: "name", Max: 200, Problem: problemAt(problems, "name")},
			{Name: "phone", Label: "Phone", Type: "tel", Value: get("phone", c.Phone), Autocomplete: "tel", Max: 40, Optional: true, Problem: problemAt(problems, "phone")},
			{Name: "birth_date", Label: "Date of birth", Type: "date", Value: get("birth_date", c.BirthDate.String()), Autocomplete: "bday", Problem: problemAt(problems, "birth_date")},
		},
		Where: []assets.Field{
			{Name: "state", Label: "The state you are in", Type: "select", Choices: stateChoices(get("state", c.State), "Choose a state"), Problem: problemAt(problems, "state")},
			{Name: "zone", Label: "Your time zone", Type: "select", Choices: zoneChoices(get("zone", c.Zone)), Hint: "What is under way keeps the zone it began in.", Problem: problemAt(problems, "zone")},
		},
		Employer: []assets.Field{{Name: "employer", Label: "Your employer’s code", Value: get("employer", c.Benefit.Code), Max: 40, Hint: "Your employer is never asked about you and never told.", Problem: problemAt(wrong, "employer")}},
		Known:    c.Benefit.Employer != "", Named: c.Benefit.Named,
	}
	if chart.Account != nil {
		page.Email = chart.Account.Email
	}
	programme, _ := p.Store.Programme()
	if e := act.EmployerOf(c.Benefit.Code, programme); e != nil && e.Roster != "" {
		page.Employer = append(page.Employer, employeeField)
	}
	if found := c.Benefit.Found(); found != nil {
		page.Over = !*found
	}
	if page.Known {
		page.Findings = append(page.Findings, employmentFact(c.Benefit))
	}
	for _, f := range act.Benefit(*c, programme, p.Now()).Findings {
		b := truthBadges[f.Truth]
		page.Findings = append(page.Findings, assets.Fact{Term: f.Says, Badge: &b})
	}
	return p.show(w, r, status, "details", c.Zone, assets.Page{Title: "Your details", Data: page})
}

var truthBadges = map[rules.Truth]assets.Badge{
	rules.Yes: {Text: "yes", Kind: "success", Icon: "check"}, rules.No: {Text: "no", Kind: "warning", Icon: "x"}, rules.Unknown: {Text: "not yet known", Kind: "quiet", Icon: "circle-help"},
}

func (p *Pages) saveDetails(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "details")
	if err != nil {
		return err
	}
	born, err := calendar.ParseDate(form.Get("birth_date"))
	if err != nil {
		return p.detailsPage(w, r, http.StatusUnprocessableEntity, form, []assets.Problem{{Field: "birth_date", Text: "Give your date of birth, as 1990-05-31."}}, nil)
	}
	name, phone, state, zone := form.Get("name"), form.Get("phone"), form.Get("state"), form.Get("zone")
	if _, err := p.deed(r, act.UpdateMe{Client: chart.ID, FullName: &name, Phone: &phone, BirthDate: &born, State: &state, Zone: &zone}); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			return p.detailsPage(w, r, status, form, problems, nil)
		})
	}
	return done(w, r, "/me/details", "saved")
}

func (p *Pages) saveEmployer(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "details")
	if err != nil {
		return err
	}
	programme, _ := p.Store.Programme()
	if _, err := p.deed(r, act.ClaimBenefit{Client: chart.ID, Code: form.Get("employer"), Key: act.RosterKey(form.Get("employer"), form.Get("employee"), programme)}); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			for i := range problems {
				problems[i].Field = "employer"
			}
			return p.detailsPage(w, r, status, form, nil, problems)
		})
	}
	return done(w, r, "/me/details", "benefit")
}

// endEmployment takes a client's word that they do not work there any more.
func (p *Pages) endEmployment(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.EndEmployment{Client: auth.Actor(r).Chart}); err != nil {
		return err
	}
	return done(w, r, "/me/details", "left_employer")
}

// nameEmployer lets a client's providers read the employer's name, or not.
func (p *Pages) nameEmployer(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	if _, err := p.deed(r, act.NameEmployer{Client: auth.Actor(r).Chart, Yes: form.Get("shown") == "yes"}); err != nil {
		return err
	}
	return done(w, r, "/me/details", "saved")
}

// choosePassword makes a set-up link for whoever is signed in and leads there,
// so that they can sign in again from elsewhere.
func (p *Pages) choosePassword(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.myChart(r, "password")
	if err != nil {
		return err
	}
	secret, pass := p.Auth.SetUp()
	if _, err := p.Store.Do(r.Context(), care.System, act.GivePass{Chart: chart.ID, Pass: pass}); err != nil {
		return err
	}
	return done(w, r, "/set-up/"+secret, "")
}
