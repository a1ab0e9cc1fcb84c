package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Candidates and participants, their credentials and their invitations.

// A page of providers, and how many charts one search looks through at most
// before it asks whether to go on.
const (
	providersOnAPage = 50
	mostLookedAt     = 3000
)

func (p *Pages) providers(w http.ResponseWriter, r *http.Request) error {
	wanted := strings.TrimSpace(r.FormValue("q"))
	found, next, err := p.findProviders(r, wanted, care.ChartID(r.FormValue("after")))
	if err != nil {
		return err
	}
	charts, err := p.Store.Charts(r.Context(), auth.Actor(r), found, "providers")
	if err != nil {
		return err
	}
	var cards []assets.Waiting
	for _, chart := range charts {
		if chart.Provider != nil {
			cards = append(cards, providerRow(*chart.Provider))
		}
	}
	data := map[string]any{
		"Cards": cards, "Wanted": wanted, "PsyD": p.psyD(),
	}
	if next != "" {
		data["Pager"] = &assets.Pager{Next: "/ops/providers?q=" + url.QueryEscape(wanted) + "&after=" + url.QueryEscape(string(next))}
	}
	return p.show(w, r, http.StatusOK, "ops/providers", "", assets.Page{Title: "Providers", Data: data})
}

// findProviders goes through all providers in the order of their ids, from after
// one on. To compare names is the system's part; what is shown is then read as
// whoever asks. Next is where to go on, empty at the end.
func (p *Pages) findProviders(r *http.Request, wanted string, after care.ChartID) (found []care.ChartID, next care.ChartID, err error) {
	if isNPI(wanted) {
		members, err := p.Store.Find(r.Context(), care.System, care.Set{Name: care.SetNPI, Of: wanted})
		for _, m := range members {
			found = append(found, m.Chart)
		}
		return found, "", err
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Set{Name: care.SetProviders})
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(members, func(a, b care.Member) int { return cmp.Compare(a.Chart, b.Chart) })
	first, exact := slices.BinarySearchFunc(members, after, func(m care.Member, id care.ChartID) int { return cmp.Compare(m.Chart, id) })
	if exact {
		first++
	}
	members = members[first:]
	for looked, m := range members {
		if len(found) == providersOnAPage || looked == mostLookedAt {
			return found, members[looked-1].Chart, nil
		}
		if wanted != "" {
			chart, err := p.Store.Chart(r.Context(), care.System, m.Chart, "providers")
			if err != nil {
				return nil, "", err
			}
			if chart.Provider == nil || !strings.Contains(strings.ToLower(chart.Provider.Name), strings.ToLower(wanted)) {
				continue
			}
		}
		found = append(found, m.Chart)
	}
	return found, "", nil
}

// psyD is what is decided about providers with a PsyD, and what can be.
func (p *Pages) psyD() map[string]any {
	programme, _ := p.Store.Programme()
	terms := rules.TermsAt(programme.Terms, p.Now())
	says := map[rules.Truth]string{rules.Unknown: "Not decided yet: they wait with you.", rules.Yes: "They are taken.", rules.No: "They are not taken."}[rules.Verified(terms.PsyD)]
	action := func(text, take string) assets.Action {
		return assets.Action{Text: text, Post: "/ops/psyd", Style: "outline small", Fields: []assets.Hidden{{Name: "take", Value: take}}}
	}
	var actions []assets.Action
	if rules.Verified(terms.PsyD) != rules.Yes {
		actions = append(actions, action("Take them", "yes"))
	}
	if rules.Verified(terms.PsyD) != rules.No {
		actions = append(actions, action("Do not take them", "no"))
	}
	return map[string]any{"Says": says, "Actions": actions}
}

func isNPI(s string) bool {
	return len(s) == 10 && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsDigit(c) })
}

func providerRow(pr care.Provider) assets.Waiting {
	badge := standingBadges[pr.Standing]
	states := []string{}
	for _, c := range pr.Credentials {
		states = append(states, stateName(c.State))
	}
	credentialed := "None entered yet"
	if len(states) > 0 {
		credentialed = strings.Join(states, ", ")
	}
	return assets.Waiting{
		Href: "/ops/providers/" + string(pr.ID), Title: pr.Name, Line: or(degreeWords[pr.Degree], pr.Degree) + " · NPI " + pr.NPI,
		Facts: []assets.Fact{{Term: "Credentialed in", Text: credentialed, Badge: &badge}},
	}
}

func (p *Pages) provider(w http.ResponseWriter, r *http.Request) error {
	return p.showProvider(w, r, http.StatusOK, nil, "")
}

// showProvider shows a provider to the care team; link is a set-up link made a
// moment ago, which is shown this once.
func (p *Pages) showProvider(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice, link string) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(mux.Vars(r)["id"]), "provider")
	if err != nil {
		return err
	}
	if chart.Provider == nil {
		return care.Missing()
	}
	pr := *chart.Provider
	licences := []string{}
	for _, l := range pr.Licences {
		licences = append(licences, stateName(l.State))
	}
	badge := standingBadges[pr.Standing]
	facts := []assets.Fact{
		{Term: "Participation", Text: badge.Text, Badge: &badge}, {Term: "NPI", Text: pr.NPI},
		{Term: "Degree", Text: or(degreeWords[pr.Degree], pr.Degree)}, {Term: "Licences", Text: or(strings.Join(licences, ", "), "None known")},
		{Term: "E-mail", Text: or(pr.Email, "Not known yet")},
	}
	facts[0].Text = ""
	if !pr.JoinedAt.IsZero() {
		facts = append(facts, assets.Fact{Term: "Joined", Text: moment(pr.JoinedAt, location("")).Text})
	}
	if !pr.LeftAt.IsZero() {
		facts = append(facts, assets.Fact{Term: "Left", Text: moment(pr.LeftAt, location("")).Text})
	}
	data := map[string]any{
		"Name": pr.Name, "ID": string(pr.ID), "Facts": facts, "Lines": credentialLines(pr), "Link": link,
		"Email": assets.Field{Name: "email", Label: "E-mail", Type: "email", Value: or(r.PostFormValue("email"), pr.Email), Hint: "Where they get their messages; they sign in with it."},
	}
	data["Photo"] = faceOf("/ops/providers/"+string(pr.ID), pr.Photo, "large")
	data["PhotoWhy"] = assets.Field{Name: "photo_reason", Label: "Why it goes", Type: "textarea", Rows: 2, Max: 500, Hint: "The provider reads it."}
	data["Standing"], data["History"] = p.standingForms(pr), steps(pr)
	if data["Why"], data["WhyFacts"], err = p.whyFor(r, pr); err != nil {
		return err
	}
	data["WhyState"] = assets.Field{Name: "state", Label: "In which state", Type: "select", Choices: stateChoices(strings.ToUpper(r.FormValue("state")), "Any state"), Optional: true}
	data["WhyClient"] = assets.Field{Name: "client", Label: "For which client", Value: r.FormValue("client"), Hint: "The client’s id; it then counts where the client is.", Optional: true, Max: 64}
	return p.show(w, r, status, "ops/provider", "", assets.Page{Title: pr.Name, Notice: n, Data: data})
}

// spareLines is how many empty lines the form of credentials has below what is
// known.
const spareLines = 2

// credentialLine is one state of the form.
type credentialLine struct {
	Number      int
	States      []assets.Choice
	From, Until string
}

func credentialLines(pr care.Provider) []credentialLine {
	lines := make([]credentialLine, len(pr.Credentials)+spareLines)
	for i := range lines {
		var c care.Credential
		if i < len(pr.Credentials) {
			c = pr.Credentials[i]
		}
		lines[i] = credentialLine{Number: i, States: stateChoices(c.State, "None"), From: c.From.String(), Until: c.Until.String()}
	}
	return lines
}

// mostCredentials bounds the lines of the form: a state each, and some to spare.
const mostCredentials = 70

func (p *Pages) credential(w http.ResponseWriter, r *http.Request) error {
	a := act.Credential{Provider: care.ChartID(mux.Vars(r)["id"])}
	var wrong []string
	for i := range mostCredentials {
		state := r.PostFormValue(fmt.Sprintf("state-%d", i))
		if state == "" {
			continue
		}
		c := care.Credential{State: state}
		for _, d := range []struct {
			name string
			into *calendar.Date
		}{{"from", &c.From}, {"until", &c.Until}} {
			if err := d.into.UnmarshalText([]byte(r.PostFormValue(fmt.Sprintf("%s-%d", d.name, i)))); err != nil {
				wrong = append(wrong, stateName(state)+", "+d.name+": give a day such as 2026-11-20.")
			}
		}
		if !c.Until.IsZero() && c.Until.Before(c.From) {
			wrong = append(wrong, stateName(state)+": the last day lies before the first.")
		}
		a.Credentials = append(a.Credentials, c)
	}
	if len(wrong) > 0 {
		return p.showProvider(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Items: wrong}, "")
	}
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/ops/providers/"+string(a.Provider), "saved")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showProvider(w, r, status, n, "")
	}
	return err
}

// inviteProvider gives a provider an account, and shows the link that opens it.
// The link is in this one answer and nowhere else.
func (p *Pages) inviteProvider(w http.ResponseWriter, r *http.Request) error {
	secret, pass := p.Auth.Invite()
	_, err := p.deed(r, act.InviteProvider{Provider: care.ChartID(mux.Vars(r)["id"]), Email: r.PostFormValue("email"), Pass: &pass})
	if err == nil {
		return p.showProvider(w, r, http.StatusOK, &assets.Notice{Kind: "ok", Title: "The account is ready"}, setUpLink(r, secret))
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showProvider(w, r, status, n, "")
	}
	return err
}
