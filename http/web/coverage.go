package web

import (
	"fmt"
	"net/http"
	"net/url"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// coveragePage is a client's plan: how it stands, and the form to give one.
type coveragePage struct {
	Now      []assets.Fact
	Says     *assets.Notice
	Deadline *assets.Deadline
	Explain  *assets.Explain
	Hint     *assets.Notice
	Heading  string
	Problems []assets.Problem
	Kind     assets.Options
	Plan     []assets.Field
	Card     []assets.Field
	Fields   []assets.Hidden
	Yes      string
	Compare  []assets.Fact
	Name     string
	Cost     string
}

func (p *Pages) myPlan(w http.ResponseWriter, r *http.Request) error {
	return p.coveragePage(w, r, http.StatusOK, nil, nil, nil)
}

func (p *Pages) coveragePage(w http.ResponseWriter, r *http.Request, status int, form url.Values, problems []assets.Problem, hint *assets.Notice) error {
	chart, err := p.myChart(r, "coverage")
	if err != nil {
		return err
	}
	words := p.Store.Words()
	page := coveragePage{Heading: "Give your plan", Problems: problems, Hint: hint, Yes: "Send to the care team", Compare: compare(words), Name: words["programme"]}
	page.Cost = "For sessions your plan’s copay or coinsurance applies; your insurer decides how much. An EAP usually asks for none, within its own number of sessions."
	if c, ok := chart.CurrentCoverage(); ok {
		page.Heading = "Give another plan"
		p.standing(&page, chart, c)
	}
	page.Kind = assets.Options{Name: "kind", Legend: "What pays for your sessions?", Problem: problemAt(problems, "kind"), Choices: []assets.Choice{
		{Value: string(care.HealthPlan), Text: "A health plan of " + words["payer"], Note: "Your usual copay or coinsurance applies.", Checked: form.Get("kind") == string(care.HealthPlan)},
		{Value: string(care.EAP), Text: "An EAP of " + words["payer"], Note: "A small number of sessions from your employer, usually without a copay.", Checked: form.Get("kind") == string(care.EAP)},
	}}
	field := func(f assets.Field) assets.Field {
		f.Value, f.Problem = or(form.Get(f.Name), f.Value), problemAt(problems, f.Name)
		return f
	}
	page.Plan = []assets.Field{
		field(assets.Field{Name: "payer", Label: "Insurer", Value: words["payer"], Max: 80}),
		field(assets.Field{Name: "plan", Label: "Name of the plan", Max: 80, Hint: "As on your card."}),
	}
	page.Card = []assets.Field{
		field(assets.Field{Name: "member_id", Label: "Member number", Max: 40}),
		field(assets.Field{Name: "group", Label: "Group number", Max: 40, Optional: true}),
		{Name: "state", Label: "State of the plan", Type: "select", Choices: stateChoices(or(form.Get("state"), chart.Client.State), "Choose a state"), Problem: problemAt(problems, "state")},
	}
	if hint != nil {
		page.Fields, page.Yes = []assets.Hidden{{Name: "all_the_same", Value: "yes"}}, "Send it all the same"
	}
	return p.show(w, r, status, "coverage", chart.Client.Zone, assets.Page{Title: "Coverage", Data: page})
}

// standing is how the plan that was given stands.
func (p *Pages) standing(page *coveragePage, chart *care.Chart, c care.Coverage) {
	zone := location(chart.Client.Zone)
	page.Now = []assets.Fact{
		{Term: "Plan", Text: c.Payer + " " + c.Plan, Badge: coverageBadge(c.Status), Note: coverageTypes[c.Type] + ", " + stateName(c.State)},
		{Term: "Sent", Text: moment(c.SubmittedAt, zone).Text},
		{Term: "Your share", Text: costOf(c)},
	}
	if c.Note != "" {
		page.Now = append(page.Now, assets.Fact{Term: "From the care team", Text: c.Note})
	}
	if d, ok := chart.Deadline(c.Verify); ok && c.Status == care.CoveragePending {
		shown := deadline(d, "", zone, p.Now())
		page.Deadline, page.Explain = &shown, p.explain(d)
		page.Now = append(page.Now, assets.Fact{Term: "Checked by", Text: sentence(limit(d.Due, zone))})
	}
	if n, ok := coverageSays[c.Status]; ok {
		page.Says = &n
	}
}

var coverageTypes = map[care.CoverageType]string{care.HealthPlan: "health plan", care.EAP: "EAP"}

// coverageBadge is the care team's finding as a word.
func coverageBadge(s care.CoverageStatus) *assets.Badge {
	b := coverageWords[s]
	return &b
}

var coverageWords = map[care.CoverageStatus]assets.Badge{
	care.CoveragePending: {Text: "being checked", Kind: "info", Icon: "hourglass"}, care.Eligible: {Text: "eligible", Kind: "success", Icon: "check"},
	care.Ineligible: {Text: "not eligible", Kind: "warning"}, care.NonParticipating: {Text: "cannot be processed", Kind: "warning"},
	care.NeedsInfo: {Text: "something is missing", Kind: "warning"},
}

// coverageSays is what a finding means for the client, and what they can do.
var coverageSays = map[care.CoverageStatus]assets.Notice{
	care.Ineligible: {Kind: "warn", Title: "This plan does not cover sessions here", Text: "Your first call stands, for it needs no plan. You can give another plan or an EAP below, or ask the care team."},
	care.NonParticipating: {Kind: "warn", Title: "Our systems cannot process this plan", Text: "Your first call stands, and the promise waits meanwhile. Choose how to go on:", Items: []string{
		"give another plan or an EAP below,", "ask the care team what a session would cost you without a plan,", "or withdraw; nothing counts against you.",
	}, Actions: []assets.Action{{Text: "See the list of such plans", Href: "/plans", Style: "outline"}}},
	care.NeedsInfo: {Kind: "warn", Title: "Something is missing", Text: "Look at your card once more and send the details again below."},
}

// costOf is a session's cost to the client, as far as is known. What a health
// plan leaves to pay is never called nothing: the insurer decides.
func costOf(c care.Coverage) string {
	switch {
	case c.Type == care.EAP:
		return "An EAP usually asks for no copay, within its own number of sessions."
	case c.CopayCents != nil:
		return fmt.Sprintf("Your plan’s copay applies: about $%d.%02d a session. An estimate; your insurer decides.", *c.CopayCents/100, *c.CopayCents%100)
	case c.CoinsurancePct != nil:
		return fmt.Sprintf("Your plan’s coinsurance applies: about %d %% of a session. An estimate; your insurer decides.", *c.CoinsurancePct)
	}
	return "Your plan’s copay or coinsurance applies. Your insurer decides how much."
}

// compare sets the programme beside an EAP.
func compare(words rules.Words) []assets.Fact {
	var facts []assets.Fact
	for _, row := range [][3]string{
		{"Comes through your employer", "yes", "yes"},
		{"How many sessions", "as many as you and your therapist find right", "three to ten, as a rule"},
		{"Which kinds of care", "no list", "a set list"},
		{"Your insurance", "pays its part", "is left out"},
		{"Your copay or coinsurance", "as your plan says", "none"},
	} {
		facts = append(facts, assets.Fact{Term: row[0], Text: words["programme"] + ": " + row[1], Note: "A typical EAP: " + row[2]})
	}
	return facts
}

func (p *Pages) addCoverage(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "coverage")
	if err != nil {
		return err
	}
	add := act.AddCoverage{
		Client: chart.ID, Type: care.CoverageType(form.Get("kind")), Payer: form.Get("payer"), Plan: form.Get("plan"),
		MemberID: form.Get("member_id"), Group: form.Get("group"), State: form.Get("state"),
	}
	programme, _ := p.Store.Programme()
	if form.Get("all_the_same") == "" && rules.Unprocessable(programme.Plans, add.Payer, add.Plan, or(add.State, chart.Client.State)) {
		return p.coveragePage(w, r, http.StatusOK, form, nil, &assets.Notice{
			Kind: "warn", Title: "This plan is on the list of those we cannot process",
			Text:    "Nothing has been sent yet. You can give another plan, or send this one all the same and let the care team look.",
			Actions: []assets.Action{{Text: "See the list", Href: "/plans", Style: "outline"}},
		})
	}
	if _, err := p.deed(r, add); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			return p.coveragePage(w, r, status, form, problems, nil)
		})
	}
	return done(w, r, "/me", "coverage")
}
