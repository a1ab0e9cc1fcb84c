package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// coveragePage is a client's plans: how they stand, what pays first, and the form
// to give one.
type coveragePage struct {
	Plans    []planShown
	Kept     []assets.Fact
	Heading  string
	Problems []assets.Problem
	Kind     assets.Options
	Hint     *assets.Notice
	Plan     []assets.Field
	Card     []assets.Field
	Photo    assets.Field
	EAP      []assets.Field
	Fields   []assets.Hidden
	Yes      string
	Compare  []assets.Fact
	Name     string
	Cost     string
}

// planShown is one plan in force.
type planShown struct {
	ID       string
	Title    string
	Says     *assets.Notice
	Facts    []assets.Fact
	Deadline *assets.Deadline
	Explain  *assets.Explain
	Actions  []assets.Action
	Choose   *wayForm
}

// wayForm asks how to go on without a plan that cannot be processed.
type wayForm struct {
	Post     string
	Ways     assets.Options
	Deadline *assets.Deadline
	Explain  *assets.Explain
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
	p.standing(&page, chart)
	page.ask(form, problems, words, chart.Client.State)
	if hint != nil {
		page.Fields, page.Yes = []assets.Hidden{{Name: "all_the_same", Value: "yes"}}, "Send it all the same"
	}
	return p.show(w, r, status, "coverage", chart.Client.Zone, assets.Page{Title: "Coverage", Data: page})
}

// ask puts the fields of a plan on the page, as they were filled in.
func (page *coveragePage) ask(form url.Values, problems []assets.Problem, words rules.Words, state string) {
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
		field(assets.Field{Name: "member_id", Label: "Member number", Max: 40, Optional: true, Hint: "As on your card; an EAP may have a code instead."}),
		field(assets.Field{Name: "group", Label: "Group number", Max: 40, Optional: true}),
		{Name: "state", Label: "State of the plan", Type: "select", Choices: stateChoices(or(form.Get("state"), state), "Choose a state"), Problem: problemAt(problems, "state")},
	}
	page.Photo = assets.Field{Name: "photo", Label: "Photo of your card", Type: "file", Optional: true, Problem: problemAt(problems, "photo"),
		Hint: words.Render("JPEG or PNG, at most 6 MB; choose it again if this page comes back. Only the care team sees it, and only while it checks the plan; it is removed {card_days} days later.")}
	page.EAP = []assets.Field{
		field(assets.Field{Name: "authorization", Label: "Authorization code", Max: 40, Optional: true}),
		field(assets.Field{Name: "authorised", Label: "Sessions authorised", Inputmode: "numeric", Optional: true, Hint: "If you know how many."}),
	}
}

// standing is how the plans that were given stand: those in force, the one that
// pays first being the first, then what was before them.
func (p *Pages) standing(page *coveragePage, chart *care.Chart) {
	zone := location(chart.Client.Zone)
	now := p.Now()
	inForce := chart.CoveragesAt(now, calendar.On(now, zone))
	first, pays := rules.Paying(chart, care.Appointment{Start: now})
	for _, c := range inForce {
		shown := p.planShown(chart, c, zone)
		switch {
		case len(inForce) < 2 || c.Status == care.CoverageExpired:
		case pays && c.ID == first.ID:
			shown.Facts = append(shown.Facts, assets.Fact{Term: "Order", Text: "Pays first"})
		default:
			shown.Facts = append(shown.Facts, assets.Fact{Term: "Order", Text: "Pays after the other"})
			shown.Actions = append(shown.Actions, assets.Action{Text: "Let this one pay first", Post: "/coverage/" + string(c.ID) + "/first", Style: "outline small"})
		}
		page.Plans = append(page.Plans, shown)
		page.Heading = "Give another plan"
	}
	for _, c := range chart.Coverages {
		if c.Status == care.Replaced {
			page.Kept = append(page.Kept, assets.Fact{Term: c.Payer + " " + c.Plan, Text: sentence(coverageTypes[c.Type]), Note: historyOf(c, zone)})
		}
	}
}

func (p *Pages) planShown(chart *care.Chart, c care.Coverage, zone *time.Location) planShown {
	shown := planShown{ID: string(c.ID), Title: c.Payer + " " + c.Plan, Facts: []assets.Fact{
		{Term: "Plan", Text: sentence(coverageTypes[c.Type]), Badge: coverageBadge(c.Status), Note: stateName(c.State)},
		{Term: "Sent", Text: moment(c.SubmittedAt, zone).Text},
		{Term: "Your share", Text: rules.CostOf(&c, 0, p.Store.Words()).Says},
	}}
	shown.Facts = append(shown.Facts, p.planFacts(chart, c, zone)...)
	if c.Note != "" {
		shown.Facts = append(shown.Facts, assets.Fact{Term: "From the care team", Text: c.Note})
	}
	if d, ok := chart.Deadline(c.Verify); ok && c.Waits() {
		due := deadline(d, "", zone, p.Now())
		shown.Deadline, shown.Explain = &due, p.explain(d)
		shown.Facts = append(shown.Facts, assets.Fact{Term: "Checked by", Text: sentence(limit(d.Due, zone))})
	}
	if n, ok := coverageSays[c.Status]; ok {
		shown.Says = &n
	}
	if c.Status == care.NonParticipating {
		shown.Choose = p.wayForm(chart, c, zone)
	}
	return shown
}

// planFacts are what is known of a plan's dates and, of an EAP, its sessions.
func (p *Pages) planFacts(chart *care.Chart, c care.Coverage, zone *time.Location) []assets.Fact {
	var facts []assets.Fact
	if c.Type == care.EAP && c.Authorised > 0 {
		used, ahead := rules.Used(chart, c.ID, care.Appointment{})
		f := assets.Fact{Term: "Sessions of the EAP", Text: fmt.Sprintf("EAP: %d of %d used", used, c.Authorised)}
		switch {
		case used+ahead >= c.Authorised:
			f.Note = "The next session asks for your health plan. Give it here; there is no need to pause."
		case ahead > 0:
			f.Note = tally(ahead, "more is booked", "more are booked")
		}
		facts = append(facts, f)
	}
	if !c.From.IsZero() || !c.Ends.IsZero() {
		facts = append(facts, assets.Fact{Term: "Holds", Text: sentence(strings.TrimSpace(fromTo(c)))})
	}
	if c.Card != nil {
		f := assets.Fact{Term: "Photo of the card", Text: "Kept sealed", Note: "Only the care team sees it, while it checks the plan."}
		if d, ok := chart.Deadline(c.Card.Removal); ok {
			f.Note = "Nobody sees it any more; it is removed on " + moment(d.Due, zone).Text + "."
		}
		facts = append(facts, f)
	}
	if c.Way != "" {
		facts = append(facts, assets.Fact{Term: "How you go on", Text: wayWords[c.Way].text})
	}
	return facts
}

func fromTo(c care.Coverage) string {
	says := ""
	if !c.From.IsZero() {
		says = "from " + c.From.Words()
	}
	if !c.Ends.IsZero() {
		says += " to " + c.Ends.Words()
	}
	return says
}

// historyOf says what had been found of a plan, and until when it stood.
func historyOf(c care.Coverage, zone *time.Location) string {
	says := "Given " + moment(c.SubmittedAt, zone).Text
	if words, ok := coverageWords[c.Found]; ok {
		says += "; it was found: " + words.Text
	}
	if !c.ReplacedAt.IsZero() {
		says += "; another took its place " + moment(c.ReplacedAt, zone).Text
	}
	return says + "."
}

// wayWords are the ways to go on without a plan.
var wayWords = map[care.Way]struct{ text, note string }{
	care.WaySelfPay:  {"I pay for sessions myself", ""},
	care.WayOther:    {"I have another plan or an EAP", "Give it below."},
	care.WayProvider: {"I would like another provider", "The care team helps; the directory is open to you too."},
	care.WayCancel:   {"I cancel what is booked", "Free of charge, and nothing counts against you."},
}

func (p *Pages) wayForm(chart *care.Chart, c care.Coverage, zone *time.Location) *wayForm {
	form := &wayForm{Post: "/coverage/" + string(c.ID) + "/way", Ways: assets.Options{Name: "way", Legend: "How would you like to go on?"}}
	for _, way := range []care.Way{care.WaySelfPay, care.WayOther, care.WayProvider, care.WayCancel} {
		words := wayWords[way]
		if way == care.WaySelfPay {
			words.note = p.quote(chart)
		}
		form.Ways.Choices = append(form.Ways.Choices, assets.Choice{Value: string(way), Text: words.text, Note: words.note, Checked: c.Way == way})
	}
	if d, ok := chart.Deadline(c.Choice); ok && d.State == care.Running {
		due := deadline(d, by("Choose by ", d, zone), zone, p.Now())
		form.Deadline, form.Explain = &due, p.explain(d)
	}
	return form
}

// quote is what sessions to come cost somebody who pays themselves.
func (p *Pages) quote(chart *care.Chart) string {
	for _, ap := range byStart(chart.Appointments) {
		if ap.Type == care.Session && ap.Status == care.Booked && ap.FeeCents > 0 {
			return rules.Dollars(ap.FeeCents) + " a session, as your therapist asks."
		}
	}
	return "The care team tells you what a session costs before you have one."
}

func (p *Pages) payFirst(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.ChooseCoverage{Coverage: care.CoverageID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/coverage", "saved")
}

func (p *Pages) chooseWay(w http.ResponseWriter, r *http.Request) error {
	way := care.Way(r.PostFormValue("way"))
	if _, err := p.deed(r, act.ChooseWay{Coverage: care.CoverageID(mux.Vars(r)["id"]), Way: way}); err != nil {
		return err
	}
	return done(w, r, "/coverage", "way")
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
	care.NeedsInfo: {Text: "something is missing", Kind: "warning"}, care.CoverageExpired: {Text: "has run out", Kind: "warning", Icon: "clock"},
}

// coverageSays is what a finding means for the client, and what they can do.
var coverageSays = map[care.CoverageStatus]assets.Notice{
	care.Ineligible: {Kind: "warn", Title: "This plan does not cover sessions here", Text: "Your first call stands, for it needs no plan. You can give another plan or an EAP below, or ask the care team."},
	care.NonParticipating: {Kind: "warn", Title: "Our systems cannot process this plan", Text: "This is rare, and not your mistake. Your first call stands, and the promise waits meanwhile. Say below how you would like to go on; nothing counts against you.",
		Actions: []assets.Action{{Text: "See the list of such plans", Href: "/plans", Style: "outline"}}},
	care.CoverageExpired: {Kind: "warn", Title: "This plan has run out", Text: "You can go on as before. Give the plan that holds now, so that we know who pays."},
	care.NeedsInfo:       {Kind: "warn", Title: "Something is missing", Text: "Look at your card once more and send the details again below."},
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
	add, form, problems, err := planGiven(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "coverage")
	if err != nil {
		return err
	}
	add.Client = chart.ID
	if problems != nil {
		return p.coveragePage(w, r, http.StatusUnprocessableEntity, form, problems, nil)
	}
	programme, _ := p.Store.Programme()
	if form.Get("all_the_same") == "" && rules.Unprocessable(rules.ListedAt(programme.Plans, p.Now()), add.Payer, add.Plan, or(add.State, chart.Client.State)) {
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
