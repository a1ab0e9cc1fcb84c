package act

import (
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Enter makes a client of somebody who came from the wellness portal. Looking
// around records nothing; a chart begins when the person submits something.
type Enter struct {
	FullName  string
	Email     string
	Phone     string
	BirthDate calendar.Date
	State     string
	Zone      string
	Concerns  []string
	Language  string
	Source    string
	Code      string // the employer's code
	Evidence  care.Evidence
	Key       string // what the employer's roster would know the person by
	EnteredAt time.Time
	Pass      *care.Pass // a session or token to sign the person in with
}

func (Enter) Name() string { return "enter" }
func (e Enter) Needs(k Known) Needs {
	n := lookUp(k, e.Code, e.Key)
	n.Sets = append(n.Sets, care.ByEmail(e.Email))
	return n
}
func (Enter) About(Known) care.About { return care.About{} }

// Decide opens the chart.
func (e Enter) Decide(k Known, env Env) Plan {
	chart, changes, fault := e.open(k, env)
	if fault != nil {
		return Plan{Fault: fault}
	}
	return Plan{Decision: rules.Allowed(), Changes: changes, Made: string(chart.ID)}
}

// open gives the new chart and the changes that make it.
func (e Enter) open(k Known, env Env) (*care.Chart, []care.Change, *care.Fault) {
	if f := e.check(); f != nil {
		return nil, nil, f
	}
	id := care.ChartID(env.ID("cl"))
	entered := e.EnteredAt.UTC().Truncate(time.Second)
	if entered.After(env.Now) || entered.Before(env.Now.AddDate(-1, 0, 0)) {
		entered = env.Now // not told, or not to be believed
	}
	client := care.Client{
		ID: id, Name: strings.TrimSpace(e.FullName), Email: strings.TrimSpace(e.Email), Phone: strings.TrimSpace(e.Phone),
		BirthDate: e.BirthDate, State: e.State, Zone: e.Zone, Concerns: e.Concerns, Language: e.Language,
		Source: e.Source, EnteredAt: entered,
	}
	if e.Code != "" {
		client.Benefit = benefit(e.Code, e.Evidence, e.Key, k, env)
	}
	account := care.Account{Chart: id, Role: care.RoleClient, Email: client.Email}
	chart := &care.Chart{ID: id, Of: care.OfClient}
	changes := []care.Change{care.New{Chart: id, Of: care.OfClient}}
	records := []care.Record{client, account}
	if e.Pass != nil {
		pass := *e.Pass
		pass.Chart, pass.Made, pass.Seen = id, env.Now, env.Now
		records = append(records, pass)
	}
	// An address that came in often already gets no more links by coming in again;
	// its owner asks for one at the sign-in page.
	if len(k.Sets[care.ByEmail(e.Email)]) < linksAtOnce {
		link := newLink(id, env)
		records = append(records, link.pass, link.message)
	}
	for _, r := range records {
		chart.Add(r)
		changes = append(changes, care.Put{Chart: id, Record: r})
	}
	return chart, changes, nil
}

func (e Enter) check() *care.Fault {
	var wrong problems
	wrong.need(strings.TrimSpace(e.FullName) != "" && len(e.FullName) <= 200, "name: give the name you go by")
	wrong.need(mailAddress(e.Email), "email: give an address such as you@example.org")
	wrong.need(States[e.State], "state: give the two letters of the state you are in, such as NY")
	wrong.need(zoneKnown(e.Zone), "zone: give a time zone such as America/Chicago")
	wrong.need(listOK(e.Concerns, 10), "concerns: at most 10, each at most 60 letters")
	wrong.need(e.BirthDate.Year == 0 || e.BirthDate.Year >= 1900, "birth_date: give the year with four digits")
	wrong.need(len(e.Code) <= 40 && len(e.Phone) <= 40 && len(e.Language) <= 40 && len(e.Key) <= 40, "employer code, phone and language: at most 40 letters each")
	return wrong.fault()
}

func employerOf(code string, employers []care.Employer) *care.Employer {
	for _, e := range employers {
		if strings.EqualFold(e.Code, strings.TrimSpace(code)) {
			return &e
		}
	}
	return nil
}

// clientFacts are what the rules need to know of a client today.
func clientFacts(c care.Client, env Env) rules.ClientFacts {
	e := employerOf(c.Benefit.Code, env.Employers)
	return rules.ClientFacts{
		Client: c, Employer: e, CodeGiven: c.Benefit.Code != "", Found: rules.Verified(c.Benefit.Found()), Rostered: e != nil && e.Roster != "",
		Today: env.Today(c.Zone), Terms: env.Terms,
	}
}

// UpdateMe changes what a client says of themselves. Fields left nil stay.
type UpdateMe struct {
	Client    care.ChartID
	FullName  *string
	Phone     *string
	BirthDate *calendar.Date
	State     *string
	Zone      *string
	Concerns  []string
	Language  *string
}

func (UpdateMe) Name() string             { return "update_me" }
func (a UpdateMe) About(Known) care.About { return care.About{Client: a.Client} }

// Needs of who moves to another state include whom they have asked.
func (a UpdateMe) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Client}}
	if chart := k.Chart(a.Client); chart != nil && a.State != nil {
		for _, r := range chart.Referrals {
			if r.Waits() {
				n.Charts = append(n.Charts, r.Provider)
			}
		}
	}
	return n
}

// Decide keeps open episodes in the zone they began in; only new ones take the
// new zone. Whoever moves to another state is looked at there.
func (a UpdateMe) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	from := client.State
	set(&client.Name, a.FullName)
	set(&client.Phone, a.Phone)
	set(&client.BirthDate, a.BirthDate)
	set(&client.State, a.State)
	set(&client.Zone, a.Zone)
	set(&client.Language, a.Language)
	if a.Concerns != nil {
		client.Concerns = a.Concerns
	}
	check := Enter{
		FullName: client.Name, Email: client.Email, Phone: client.Phone, BirthDate: client.BirthDate,
		State: client.State, Zone: client.Zone, Concerns: client.Concerns, Language: client.Language,
	}
	if f := check.check(); f != nil {
		return Plan{Fault: f}
	}
	d.put(client)
	if client.State != from {
		d.movesTo(client.State, k)
	}
	d.Made = string(client.ID)
	return d.plan()
}

// ofClient begins a draft on a client's chart.
func ofClient(k Known, env Env, id care.ChartID) (*draft, care.Client, bool) {
	chart := k.Chart(id)
	if chart == nil || chart.Client == nil {
		return nil, care.Client{}, false
	}
	return begin(env, chart), *chart.Client, true
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
