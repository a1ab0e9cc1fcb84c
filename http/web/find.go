package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store/directory"
)

// found is the directory's page.
type found struct {
	Lead      string
	Where     *assets.Whereabouts // asked before anybody is shown; nil: it is known
	Filters   assets.Filters
	Says      string
	Then      string                // what a place among them means
	Lists     []assets.ProviderCard // of few or none: who keeps a waiting list
	AllLists  string                // where all of those stand
	Providers []assets.ProviderCard
	Pager     *assets.Pager
	Empty     *assets.Empty
	Chips     []assets.Action
	CareEmail string
	Match     string // where the care team is asked to look
}

// narrowings are the ways to narrow the directory by one choice.
var narrowings = []struct {
	name, title, any string
	of               func(*directory.Query) *string
}{
	{"language", "Language", "Any language", func(q *directory.Query) *string { return &q.Language }},
	{"modality", "Approach", "Any approach", func(q *directory.Query) *string { return &q.Modality }},
	{"gender", "Gender of the therapist", "Any gender", func(q *directory.Query) *string { return &q.Gender }},
	{"identity", "Knows well", "Anybody", func(q *directory.Query) *string { return &q.Identity }},
	{"degree", "Training", "Any training", func(q *directory.Query) *string { return &q.Degree }},
}

// parts are the parts of the week that one can ask for.
var parts = []struct{ value, text, without string }{
	{"evening", "In the evening", "Also without evenings"}, {"weekend", "At the weekend", "Also without weekends"},
}

// perPage is how many providers a page of the directory shows.
const perPage = 12

// find is the directory.
func (p *Pages) find(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "find")
	if err != nil {
		return err
	}
	q := p.queryOf(r, v, chart)
	if q.State == "" && chooses(auth.Actor(r).Role) {
		return p.askWhere(w, r, v)
	}
	now := p.Now()
	page, err := p.Store.Directory().Search(q, now)
	if err != nil {
		return err
	}
	data := found{
		Lead:  p.findLead(),
		Match: v.to("/match"), Filters: p.filters(r, q, v, page), CareEmail: p.Store.Words()["care_email"],
		Says: counted(page.Total, "therapist") + where(v.State),
		Then: "Whoever asks today is promised a first session by the end of " + dayOf(page.PromiseDue, v.zone()) + ".",
	}
	if q.Waitlist {
		data.Says += " with a waiting list"
		data.Then = "They take nobody new at present. A place on a list promises nothing, and no clock begins."
	}
	if q.Promise {
		data.Says += " who can keep the promise"
	}
	for _, card := range page.Items {
		shown := p.card(card, v, page.PromiseDue)
		if chooses(auth.Actor(r).Role) && !card.Waitlist {
			shown.Actions = append([]assets.Action{firstCall(card, v)}, shown.Actions...)
		}
		data.Providers = append(data.Providers, shown)
	}
	data.Pager = pages(r, page, len(page.Items))
	if page.Total <= fewFound && !q.Waitlist {
		p.keepers(&data, r, q, v)
	}
	if page.Total == 0 {
		data.Empty = &assets.Empty{Icon: "search", Title: "Nobody fits all of this", Text: "Let go of one wish, and see who is there:"}
		if data.Chips = p.relax(r, q); len(data.Chips) == 0 {
			data.Empty = &assets.Empty{Icon: "search", Title: "Nobody here sees people" + where(q.State) + " at present", Text: "A licence counts in its own state only, so we show nobody from elsewhere. The care team looks for somebody with you:"}
		}
	}
	return p.show(w, r, http.StatusOK, "find", v.zone(), assets.Page{Title: "Find a therapist", Data: data})
}

func (p *Pages) findLead() string {
	return p.Store.Words().Render("Everyone here takes part in {programme} and has said yes to its promise. The order changes from day to day.")
}

// chooses says whether a role looks for somebody to see. They read only of those who
// may see them where they are; everybody else may look everywhere.
func chooses(role care.Role) bool { return role == care.RoleAnonymous || role == care.RoleClient }

// askWhere asks a visitor for their state before the directory shows anybody.
func (p *Pages) askWhere(w http.ResponseWriter, r *http.Request, v arrival) error {
	ask := whereabouts(v)
	if r.Form.Has("state") {
		ask.State.Problem = "Choose the state you are in."
	}
	ask.Fields = nil
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		if name != "state" && name != "cursor" { // the wishes stay
			for _, value := range r.Form[name] {
				ask.Fields = append(ask.Fields, assets.Hidden{Name: name, Value: value})
			}
		}
	}
	return p.show(w, r, http.StatusOK, "find", v.zone(), assets.Page{Title: "Find a therapist", Data: found{Lead: p.findLead(), Where: &ask, Match: v.to("/match"), CareEmail: p.Store.Words()["care_email"]}})
}

// whereabouts asks where somebody is, on the way to the directory.
func whereabouts(v arrival) assets.Whereabouts {
	return assets.Whereabouts{
		Action: "/find", Yes: "Find a therapist", Fields: v.hidden("zone", "employer", "src", "proof", "language", "specialty"),
		State: assets.Field{
			Name: "state", Label: "Which state are you in?", Type: "select", Choices: stateChoices(v.State, "Choose a state"),
			Hint: "Where you will be for your sessions. A licence counts in its own state only.",
		},
	}
}

// fewFound is how many are so few that who keeps a waiting list is shown besides.
const fewFound = 3

// keepers shows some of those who fit and keep a waiting list, apart from who has
// time.
func (p *Pages) keepers(data *found, r *http.Request, q directory.Query, v arrival) {
	q.Waitlist, q.Promise, q.Facets, q.Limit, q.Cursor = true, false, false, fewFound, ""
	page, err := p.Store.Directory().Search(q, p.Now())
	if err != nil {
		return // it was said of the search itself
	}
	for _, card := range page.Items {
		data.Lists = append(data.Lists, p.card(card, v, page.PromiseDue))
	}
	if page.Total > len(page.Items) {
		form := maps.Clone(r.Form)
		form.Del("cursor")
		form.Del("promise")
		form.Set("waitlist", "1")
		data.AllLists = address("/find", form)
	}
}

func (p *Pages) queryOf(r *http.Request, v arrival, chart *care.Chart) directory.Query {
	q := directory.Query{
		State: v.State, Specialties: v.Concerns, Text: r.Form.Get("q"), Promise: r.Form.Get("promise") != "", Waitlist: r.Form.Get("waitlist") != "",
		Zone: v.zone(), Facets: true, Limit: perPage, Cursor: r.Form.Get("cursor"),
	}
	for _, n := range narrowings {
		*n.of(&q) = r.Form.Get(n.name)
	}
	for _, t := range parts {
		if slices.Contains(r.Form["time"], t.value) {
			q.Times = append(q.Times, t.value)
		}
	}
	if chart != nil {
		if e, ok := p.seeking(chart); ok {
			q.SoughtAt, q.Zone = e.SoughtAt, e.Zone
		}
	}
	return q
}

// searchIn asks for everybody in a state, for the values that there are.
func searchIn(state string) directory.Query {
	return directory.Query{State: state, Facets: true, Limit: 1}
}

func valuesOf(counts map[string]int) []string { return slices.Sorted(maps.Keys(counts)) }

func (p *Pages) filters(r *http.Request, q directory.Query, v arrival, page directory.Page) assets.Filters {
	any := ""
	if !chooses(auth.Actor(r).Role) {
		any = "Any state"
	}
	wide, _ := p.Store.Directory().Search(directory.Query{State: q.State, Waitlist: q.Waitlist, Facets: true, Limit: 1}, p.Now())
	f := assets.Filters{
		Action: "/find", Target: "results", Clear: address("/find", v.bare().query()),
		Query:  &assets.Field{Name: "q", Label: "Name or word", Type: "search", Value: q.Text, Optional: true, Max: 80},
		Fields: v.hidden("employer", "src", "proof"),
		Groups: []assets.FilterGroup{
			{Title: "Where you are", Name: "state", One: true, Choices: stateChoices(v.State, any)},
			{Title: "Time zone", Name: "zone", One: true, Choices: zoneFilter(r.Form.Get("zone"), v)},
			{Title: "The promise", Name: "promise", Choices: []assets.Choice{{Value: "1", Text: "Can keep the promise", Checked: q.Promise}}},
			{Title: "Waiting lists", Name: "waitlist", Choices: []assets.Choice{{Value: "1", Text: "Who keeps one instead", Checked: q.Waitlist}}},
		},
	}
	specialties := assets.FilterGroup{Title: "What it is about", Name: "specialty"}
	for _, c := range checked(slices.Sorted(maps.Keys(wide.Facets["specialty"])), q.Specialties) {
		c.Note = fmt.Sprint(page.Facets["specialty"][c.Value])
		specialties.Choices = append(specialties.Choices, c)
	}
	week := assets.FilterGroup{Title: "When", Name: "time"}
	for _, t := range parts {
		week.Choices = append(week.Choices, assets.Choice{Value: t.value, Text: t.text, Note: fmt.Sprint(page.Facets["time"][t.value]), Checked: slices.Contains(q.Times, t.value)})
	}
	f.Groups = append(f.Groups, week, specialties)
	for _, n := range narrowings {
		chosen := *n.of(&q)
		values := slices.Sorted(maps.Keys(wide.Facets[n.name]))
		if chosen != "" && !slices.Contains(values, chosen) {
			values = append(values, chosen)
		}
		group := assets.FilterGroup{Title: n.title, Name: n.name, One: true, Choices: []assets.Choice{{Text: n.any, Checked: chosen == ""}}}
		group.Choices = append(group.Choices, checked(values, []string{chosen})...)
		f.Groups = append(f.Groups, group)
	}
	return f
}

// zoneFilter offers the state's own zone first.
func zoneFilter(chosen string, v arrival) []assets.Choice {
	guess := likelyZone("", v.State)
	choices := []assets.Choice{{Text: "As where you are: " + place(guess), Checked: chosen == ""}}
	return append(choices, zoneChoices(chosen)...)
}

// card is a provider in the directory.
func (p *Pages) card(c directory.Card, v arrival, due time.Time) assets.ProviderCard {
	zone := rules.Zone(v.zone())
	card := assets.ProviderCard{
		Href: v.to("/p/" + string(c.ID)), Name: c.Name, Initials: initials(c.Name), Tint: tint(string(c.ID)), Photo: faceOf("/p/"+string(c.ID), c.Photo, "small"),
		Line: line(c), Tags: tagsOf(c.Specialties, v.Concerns),
		Kept: !due.IsZero() && !c.FirstSession.IsZero() && !c.FirstSession.After(due),
	}
	card.Actions = []assets.Action{{Text: "See profile", Href: card.Href, Style: "outline"}}
	if c.Waitlist {
		card.Kept, card.First = false, "Takes nobody new at present, and keeps a waiting list"
		return card
	}
	if !c.NextConsultation.IsZero() {
		says := "First call possible "
		if c.SelfSchedule {
			says = "Book a first call yourself, from "
		}
		card.Consult = says + calendar.Words(c.NextConsultation, zone)
	}
	if !c.FirstSession.IsZero() {
		card.First = "First session from " + calendar.Words(c.FirstSession, zone)
		if card.Kept {
			card.First += ", within the promise"
		}
	}
	return card
}

// firstCall leads straight to the form.
func firstCall(c directory.Card, v arrival) assets.Action {
	a := assets.Action{Text: "Request a first call", Href: v.to("/p/" + string(c.ID) + "/book"), Icon: "send"}
	if c.SelfSchedule && !c.NextConsultation.IsZero() {
		a.Text, a.Icon = "Book a first call", "calendar-plus"
	}
	return a
}

// line is who somebody is, in one line.
func line(c directory.Card) string {
	parts := []string{label(c.Degree)}
	if c.Pronouns != "" {
		parts = append(parts, c.Pronouns)
	}
	names := make([]string, len(c.States))
	for i, s := range c.States {
		names[i] = stateName(s)
	}
	return strings.Join(append(parts, strings.Join(names, ", "), strings.Join(labelsOf(c.Languages), ", ")), " · ")
}

// tagsOf are a few of somebody's specialties, those looked for first.
func tagsOf(specialties, wanted []string) []string {
	sorted := slices.Clone(specialties)
	order.By(sorted, func(a, b string) int {
		return cmp.Compare(btoi(!slices.Contains(labelsOf(wanted), label(a))), btoi(!slices.Contains(labelsOf(wanted), label(b))))
	})
	return labelsOf(sorted[:min(5, len(sorted))])
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pages leads on, and back to the beginning; nil where all fits.
func pages(r *http.Request, page directory.Page, shown int) *assets.Pager {
	q := maps.Clone(r.Form)
	cursor := q.Get("cursor")
	if page.Next == "" && cursor == "" {
		return nil
	}
	pager := &assets.Pager{Says: fmt.Sprintf("%d of %d", shown, page.Total)}
	if cursor != "" {
		q.Del("cursor")
		pager.Back = address("/find", q)
	}
	if page.Next != "" {
		q.Set("cursor", page.Next)
		pager.Next = address("/find", q)
	}
	return pager
}

// relax offers to let go of one wish at a time, with how many fit then. Where
// somebody is no wish: it stays.
func (p *Pages) relax(r *http.Request, q directory.Query) []assets.Action {
	var chips []assets.Action
	offer := func(says, name, value string, without directory.Query) {
		without.Facets, without.Limit, without.Cursor = false, 1, ""
		page, err := p.Store.Directory().Search(without, p.Now())
		if err != nil || page.Total == 0 {
			return
		}
		form := url.Values{}
		for k, vs := range r.Form {
			for _, v := range vs {
				if k != "cursor" && (k != name || value != "" && v != value) {
					form.Add(k, v)
				}
			}
		}
		chips = append(chips, assets.Action{Text: fmt.Sprintf("%s (%d)", says, page.Total), Href: address("/find", form), Icon: "x", Style: "outline"})
	}
	if q.Text != "" {
		without := q
		without.Text = ""
		offer("Without “"+q.Text+"”", "q", "", without)
	}
	if q.Promise {
		without := q
		without.Promise = false
		offer("Also a little later than promised", "promise", "", without)
	}
	if q.Waitlist {
		without := q
		without.Waitlist = false
		offer("Who has time", "waitlist", "", without)
	}
	for _, s := range q.Specialties {
		without := q
		without.Specialties = slices.DeleteFunc(slices.Clone(q.Specialties), func(other string) bool { return other == s })
		offer("Without “"+label(s)+"”", "specialty", s, without)
	}
	for _, t := range parts {
		if slices.Contains(q.Times, t.value) {
			without := q
			without.Times = slices.DeleteFunc(slices.Clone(q.Times), func(other string) bool { return other == t.value })
			offer(t.without, "time", t.value, without)
		}
	}
	for _, n := range narrowings {
		without := q
		if chosen := n.of(&without); *chosen != "" {
			*chosen = ""
			offer(n.any, n.name, "", without)
		}
	}
	if len(chips) == 0 { // no one wish alone keeps everybody away
		all, err := p.Store.Directory().Search(searchIn(q.State), p.Now())
		if err == nil && all.Total > 0 {
			v := arrivalOf(r)
			v.State = q.State
			chips = append(chips, assets.Action{Text: fmt.Sprintf("Without any wish: %s%s", counted(all.Total, "therapist"), where(q.State)), Href: address("/find", v.bare().query()), Icon: "x", Style: "outline"})
		}
	}
	return chips
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func where(state string) string {
	if state == "" {
		return ""
	}
	return " in " + stateName(state)
}
