package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Letting the care team look for somebody: the client's question, the match desk,
// and what the client chooses from.

func (p *Pages) matchForm(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "match")
	if err != nil {
		return err
	}
	return p.matchPage(w, r, http.StatusOK, asked{arrival: v, form: r.Form, chart: chart})
}

func (p *Pages) matchPage(w http.ResponseWriter, r *http.Request, status int, a asked) error {
	words, zone := p.Store.Words(), a.zone()
	wide, _ := p.Store.Directory().Search(searchIn(a.State), p.Now())
	concerns, language := a.form["specialty"], a.Language
	if a.chart != nil && len(concerns) == 0 {
		concerns = a.chart.Client.Concerns
	}
	one := func(name, legend, any, chosen string) assets.Options {
		o := assets.Options{Name: name, Legend: legend, Chips: true, Optional: true, Choices: []assets.Choice{{Text: any, Checked: chosen == ""}}}
		o.Choices = append(o.Choices, checked(valuesOf(wide.Facets[name]), []string{chosen})...)
		return o
	}
	week := assets.Options{Name: "time", Legend: "When", Many: true, Chips: true, Optional: true}
	for _, part := range parts {
		week.Choices = append(week.Choices, assets.Choice{Value: part.value, Text: part.text, Checked: slices.Contains(a.form["time"], part.value)})
	}
	data := booking{
		Title: "Let the care team match you", Lead: "Tell us what matters to you. We propose up to three who can see you in time, and you choose.",
		Path: "/match", Profile: a.to("/find"), BackText: "Back to the directory", Problems: a.problems, Look: a.look, Yes: "Ask the care team",
		Wants: []assets.Options{
			{Name: "specialty", Legend: "What it is about", Many: true, Chips: true, Optional: true, Choices: checked(valuesOf(wide.Facets["specialty"]), concerns)},
			one("language", "Language", "Any language", language), one("gender", "Gender of the therapist", "Any gender", a.get("gender")), week,
		},
		Note: assets.Field{
			Name: "note", Label: "Anything else that we should know?", Type: "textarea", Value: a.get("note"), Optional: true, Rows: 3,
			Hint: "The care team reads this, to find somebody for you.", Problem: problemAt(a.problems, "note"),
		},
		Fields: append(a.along("src", "proof"), assets.Hidden{Name: "once", Value: or(a.get("once"), auth.Secret())}),
		Cost:   "Being matched costs nothing, and neither does the first call. For the sessions after it your plan’s copay or coinsurance applies.",
		Crisis: words["crisis"], Promise: dayOf(p.promiseFor(a.chart, zone), zone),
	}
	var n *assets.Notice
	if a.chart == nil {
		data.You, data.Home = p.newcomerFields(a)
	} else {
		data.Signed = a.chart.Client.Name
		if e, ok := a.chart.OpenEpisode(); ok && e.Match.Open() && status == http.StatusOK {
			n = &assets.Notice{Kind: "info", Title: "The care team is looking already", Text: "You find what they propose under My care.", Actions: []assets.Action{{Text: "My care", Href: "/me", Style: "outline"}}}
		}
	}
	return p.show(w, r, status, "book", zone, assets.Page{Title: data.Title, Notice: n, Data: data})
}

func (p *Pages) askMatch(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "match")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: r.PostForm, chart: chart}
	ask := act.AskMatch{Note: a.get("note"), Concerns: v.Concerns, Language: v.Language, Gender: a.get("gender"), Times: a.form["time"], Came: p.came(v)}
	secret := ""
	if chart != nil {
		ask.Client = chart.ID
	} else {
		a.missingOf()
		enter, pass := p.newcomer(&a)
		secret, ask.New = pass, enter
	}
	if len(a.problems) > 0 {
		return p.matchPage(w, r, http.StatusUnprocessableEntity, a)
	}
	out, err := p.deedOnce(r, ask, a.get("once"))
	if err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			a.problems, a.look = problems, unlooked(r, err)
			return p.matchPage(w, r, status, a)
		})
	}
	return p.letIn(w, r, chart, out, secret, "match_asked")
}

// looking is what stands on a client's page while the care team looks, and once
// it has proposed somebody.
func (m *mine) looking() *rescued {
	match, path := m.open.Match, "/me/match/"+string(m.open.ID)+"/withdraw"
	stop := assets.Action{Text: "Stop looking for me", Post: path, Style: "ghost"}
	out := &rescued{Notice: assets.Notice{Kind: "info", Title: "The care team is looking for somebody", Text: "You hear from us as soon as we have. You can look yourself meanwhile.", Actions: []assets.Action{
		{Text: "Find a therapist", Href: "/find?promise=1", Icon: "search", Style: "outline"}, stop,
	}}}
	promise, _ := m.chart.Deadline(m.open.Promise)
	v := arrival{State: m.open.State, Zone: m.chart.Client.Zone}
	for _, id := range match.Proposed {
		c, listed := m.p.Store.Directory().Provider(id, m.now)
		if !listed {
			continue
		}
		card := m.p.card(c, v, promise.Due)
		text := "Ask " + c.Name
		if c.SelfSchedule {
			text = "Book a call"
		}
		card.Actions = []assets.Action{{Text: text, Href: "/p/" + string(id) + "/book", Icon: "arrow-right"}}
		out.Cards = append(out.Cards, card)
	}
	if len(out.Cards) > 0 {
		out.Notice.Title, out.Notice.Text = "The care team has found somebody for you", "Choose one of them, or look yourself. Nobody has been told anything about you."
	}
	return out
}

func (p *Pages) withdrawMatch(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.WithdrawMatch{Episode: care.EpisodeID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/me", "match_over")
}

// matchDesk shows the care team what a client looks for, and who is listed for
// them in time.
func (p *Pages) matchDesk(w http.ResponseWriter, r *http.Request) error {
	return p.showMatch(w, r, http.StatusOK, nil)
}

func (p *Pages) showMatch(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, e, err := p.matchOf(r)
	if err != nil {
		return err
	}
	zone, now := location(e.Zone), p.Now()
	promise, _ := chart.Deadline(e.Promise)
	shown := deadline(promise, by("First session by ", promise, zone), zone, now)
	match := e.Match
	facts := []assets.Fact{
		{Term: "Is in", Text: stateOf(chart)}, {Term: "Asked", Text: moment(match.AskedAt, zone).Text}, {Term: "What it is about", Text: or(listed(match.Concerns), "Not said")},
		{Term: "Language", Text: or(label(match.Language), "Any")}, {Term: "Gender of the therapist", Text: or(label(match.Gender), "Any")}, {Term: "When", Text: or(listed(match.Times), "Any time")},
	}
	data := map[string]any{"ID": string(e.ID), "Name": nameIn(chart), "Client": "/ops/client/" + string(chart.ID), "Facts": facts, "Note": match.Note, "Deadline": &shown, "Open": match.Open()}
	var cards []assets.ProviderCard
	var ids []string
	v := arrival{State: e.State, Zone: e.Zone, Concerns: match.Concerns}
	for _, id := range p.Store.Directory().Match(act.Candidates(chart, e), now) {
		if c, ok := p.Store.Directory().Provider(id, now); ok {
			card := p.card(c, v, promise.Due)
			card.Actions = nil
			cards, ids = append(cards, card), append(ids, string(id))
		}
	}
	options := assets.Options{Name: "provider", Legend: "Propose up to three", Many: true}
	for i, c := range cards {
		id := care.ChartID(ids[i])
		options.Choices = append(options.Choices, assets.Choice{Value: string(id), Text: c.Name, Note: strings.TrimSpace(c.Line + " · " + strings.Join(c.Tags, ", ") + ". " + c.First), Checked: slices.Contains(match.Proposed, id)})
	}
	data["Options"] = options
	if len(match.Proposed) > 0 {
		data["Proposed"] = moment(match.ProposedAt, zone)
	}
	return p.show(w, r, status, "ops/match", "", assets.Page{Title: "Match", Notice: n, Data: data})
}

func (p *Pages) matchOf(r *http.Request) (*care.Chart, care.Episode, error) {
	id := mux.Vars(r)["id"]
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, "match")
	if err != nil {
		return nil, care.Episode{}, err
	}
	e, ok := chart.Episode(care.EpisodeID(id))
	if !ok || e.Match == nil {
		return nil, e, care.Missing()
	}
	return chart, e, nil
}

func (p *Pages) proposeMatch(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unread("The form could not be read. Go back and send it again.")
	}
	a := act.ProposeMatch{Episode: care.EpisodeID(mux.Vars(r)["id"])}
	for _, id := range r.PostForm["provider"] {
		a.Providers = append(a.Providers, care.ChartID(id))
	}
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/ops/match/"+string(a.Episode), "proposed")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showMatch(w, r, status, n)
	}
	return err
}
