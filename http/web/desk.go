package web

import (
	"fmt"
	"net/http"
	"slices"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
	"careconnect/store/directory"
)

// deskRoutes are the start pages of those who see no client, and the people of a
// throwaway instance.
func (p *Pages) deskRoutes() []reply.Route {
	routes := slices.Concat(
		p.open([]care.Role{care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator}, []way{
			{http.MethodGet, "/desk", "read desk", p.desk},
		}),
		p.open([]care.Role{care.RolePayer}, []way{
			{http.MethodGet, "/payer/links", "read handoff keys", p.handoffKeys},
			{http.MethodPost, "/payer/links", "add_handoff_key", p.addHandoffKey},
			{http.MethodPost, "/payer/links/try", "read handoff keys", p.tryHandoff},
			{http.MethodPost, "/payer/links/{id}/retire", "retire_handoff_key", p.retireHandoffKey},
		}),
		p.open([]care.Role{care.RoleOperator}, []way{
			{http.MethodGet, "/desk/accounts", "read account form", p.accountForm},
			{http.MethodPost, "/desk/accounts", "open_account", p.openAccount},
			{http.MethodGet, "/desk/crisis", "read crisis text", p.crisisForm},
			{http.MethodPost, "/desk/crisis", "confirm_crisis", p.confirmCrisis},
			{http.MethodPost, "/desk/clock", "confirm_clock", p.confirmClock},
		}),
	)
	if p.Throwaway != nil {
		routes = append(routes, p.open(nil, []way{{http.MethodGet, "/qa", "read people", p.people}})...)
	}
	return routes
}

// deskWords say to each role what is theirs here, and what is not.
var deskWords = map[care.Role]struct {
	lead      string
	sees, not []string
}{
	care.RoleBilling: {
		lead: "Visits are arranged here and billed to the plan that the care team has verified.",
		sees: []string{"Under Billing: what is ready, held, rejected or out, and the claim files.", "Of a client: name, birth date, plan, and that sessions took place."},
		not:  []string{"What anybody wrote, answered or was screened for."},
	},
	care.RolePayer: {
		lead: "You are the partner whose plans cover sessions.",
		sees: []string{"This page, the handbook, and the published list of plans that cannot be processed."},
		not: []string{
			"Anything of a client who has not said yes to sharing: not a name, not that they are here.",
			"What a client shares goes out on a way of its own, and never on a page.",
		},
	},
	care.RoleEmployer: {
		lead: "You offer this as a benefit. Your people come here by themselves, and you never learn who.",
		sees: []string{"This page, the handbook, and the link and the words by which to tell your people about it."},
		not: []string{
			"Any person: not a name, not a number of visits, not that somebody was here.",
			"There is no search for people, and no page of anybody, that your sign-in could open.",
		},
	},
	care.RoleOperator: {
		lead: "You keep the service running. What it keeps is sealed, for you too.",
		sees: []string{"How the service is doing, without any person.", "Accounts of staff: you open them here."},
		not:  []string{"Any client: not a name, not a count of one.", "What is in the store: it is sealed under a key that this page never shows."},
	},
}

func (p *Pages) desk(w http.ResponseWriter, r *http.Request) error {
	who := auth.Of(r.Context())
	words := deskWords[who.Actor.Role]
	data := map[string]any{"Role": roleWords[who.Actor.Role], "Name": who.Name, "Lead": words.lead, "Sees": words.sees, "Not": words.not}
	if who.Actor.Role == care.RoleOperator {
		facts, err := p.health()
		if err != nil {
			return err
		}
		data["Health"], data["Leap"] = facts, p.leap()
	}
	return p.show(w, r, http.StatusOK, "desk/start", "", assets.Page{Title: roleWords[who.Actor.Role], Data: data})
}

// health is how the service is doing, without any person.
func (p *Pages) health() ([]assets.Fact, error) {
	size, err := p.Store.Size()
	if err != nil {
		return nil, err
	}
	page, err := p.Store.Directory().Search(directory.Query{Limit: 1}, p.Now())
	if err != nil {
		return nil, err
	}
	programme, clock := p.Store.Programme()
	writing := assets.Fact{Term: "Writing", Text: "In order", Badge: &assets.Badge{Text: "Ready", Kind: "success", Icon: "check"}}
	if p.Store.Failed() != nil {
		writing = assets.Fact{Term: "Writing", Text: "Stopped: the last commit failed", Note: "Restart the service; it checks its store as it starts.", Badge: &assets.Badge{Text: "Stopped", Kind: "danger", Icon: "circle-alert"}}
	}
	kind := map[store.Kind]string{store.Production: "Lasting", store.Throwaway: "Throwaway: nobody in it is real"}[p.Store.Kind()]
	return []assets.Fact{
		{Term: "Kind of instance", Text: kind, Note: "Sealed into the store when it was made; it cannot be changed."},
		writing,
		crisisFact(*programme.Programme),
		{Term: "Size of the store", Text: megabytes(size)},
		{Term: "Providers listed today", Text: fmt.Sprint(page.Total)},
		{Term: "Zone data", Text: or(clock.TZData, "Not known"), Note: "Each deadline keeps the version that it was computed with."},
		{Term: "Time here", Text: moment(p.Now().Truncate(1e9), location("")).Text},
	}, nil
}

// leap is what the operator is asked when the clock went forward by more than a
// day at once; nil otherwise.
func (p *Pages) leap() *assets.Notice {
	c := p.Store.Clock()
	if !c.Leapt {
		return nil
	}
	zone := location("")
	return &assets.Notice{
		Kind: "warn", Title: "Is this clock right?",
		Text: fmt.Sprintf("It went forward at once and says %s; by real time it would be %s. Until a second reading agrees, or you say so, nothing expires and no mail leaves.",
			moment(c.To, zone).Text, moment(c.From, zone).Text),
		Actions: []assets.Action{{Text: "The clock is right", Post: "/desk/clock"}},
	}
}

// confirmClock takes the operator's word for the clock.
func (p *Pages) confirmClock(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.ConfirmClock{}); err != nil {
		return err
	}
	return done(w, r, "/desk", "clock")
}

func megabytes(size int64) string { return fmt.Sprintf("%.1f MB", float64(size)/1e6) }

// staffChoices are those whose accounts an operator opens.
var staffChoices = []care.Role{care.RoleCareTeam, care.RoleClinical, care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator}

func (p *Pages) accountForm(w http.ResponseWriter, r *http.Request) error {
	return p.showAccountForm(w, r, http.StatusOK, nil, "")
}

func (p *Pages) showAccountForm(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice, link string) error {
	role := assets.Field{Name: "role", Label: "Role", Type: "select", Hint: "It decides what they see, and cannot be changed later."}
	for _, s := range staffChoices {
		role.Choices = append(role.Choices, assets.Choice{Value: string(s), Text: roleWords[s], Checked: r.PostFormValue("role") == string(s)})
	}
	employer := assets.Field{Name: "employer", Label: "Employer, for an employer’s account", Type: "select", Optional: true, Choices: []assets.Choice{{Text: "None"}}}
	programme, _ := p.Store.Programme()
	for _, e := range programme.Employers {
		employer.Choices = append(employer.Choices, assets.Choice{Value: string(e.ID), Text: e.Name, Checked: r.PostFormValue("employer") == string(e.ID)})
	}
	data := map[string]any{"Link": link, "Fields": []assets.Field{
		role,
		{Name: "name", Label: "Name to show", Value: r.PostFormValue("name"), Max: 200},
		{Name: "email", Label: "E-mail", Type: "email", Value: r.PostFormValue("email"), Hint: "They sign in with it."},
		employer,
	}}
	return p.show(w, r, status, "desk/account", "", assets.Page{Title: "Open an account", Notice: n, Data: data})
}

// openAccount opens an account, and shows the link that opens it for its person.
// The link is in this one answer and nowhere else.
func (p *Pages) openAccount(w http.ResponseWriter, r *http.Request) error {
	secret, pass := p.Auth.Invite()
	open := act.OpenAccount{
		Role: care.Role(r.PostFormValue("role")), FullName: r.PostFormValue("name"), Email: r.PostFormValue("email"),
		Employer: care.EmployerID(r.PostFormValue("employer")), Pass: &pass,
	}
	if open.Role != care.RoleEmployer {
		open.Employer = ""
	}
	_, err := p.deed(r, open)
	if err == nil {
		return p.showAccountForm(w, r, http.StatusOK, &assets.Notice{Kind: "ok", Title: "The account is ready"}, setUpLink(r, secret))
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showAccountForm(w, r, status, n, "")
	}
	return err
}

// setUpLink is the address that a set-up link stands at, as the reader's own
// browser names this site.
func setUpLink(r *http.Request, secret string) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/set-up/" + secret
}
