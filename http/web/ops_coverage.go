package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// The plans that wait to be verified, and the care team's finding on one.

func (p *Pages) plansToVerify(w http.ResponseWriter, r *http.Request) error {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Set{Name: care.SetQueue, Of: "coverage"})
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "plans to verify")
	if err != nil {
		return err
	}
	now, zone := p.Now(), location("")
	type waiting struct {
		due  time.Time
		card assets.Waiting
	}
	var list []waiting
	for _, chart := range charts {
		for _, c := range chart.Coverages {
			if c.Waits() {
				d, _ := chart.Deadline(c.Verify)
				list = append(list, waiting{d.Due, p.planCard(chart, c, zone, now, true)})
			}
		}
	}
	order.By(list, func(a, b waiting) int { return a.due.Compare(b.due) })
	cards := make([]assets.Waiting, len(list))
	for i, l := range list {
		cards[i] = l.card
	}
	return p.show(w, r, http.StatusOK, "ops/plans", "", assets.Page{Title: "Plans to verify", Data: cards})
}

// planCard shows a plan with its numbers masked; verifies says whether the
// reader is one who can look at the whole of it.
func (p *Pages) planCard(chart *care.Chart, c care.Coverage, zone *time.Location, now time.Time, verifies bool) assets.Waiting {
	badge := planBadges[c.Status]
	card := assets.Waiting{
		Title: nameIn(chart), Line: "Given " + moment(c.SubmittedAt, zone).Text,
		Facts: []assets.Fact{
			{Term: planTypes[c.Type], Text: c.Payer + " " + c.Plan, Note: stateName(c.State), Badge: &badge},
			{Term: "Member number", Text: tail(c.MemberID)},
		},
	}
	if verifies && act.MayFind(chart, c) {
		card.Href = "/ops/coverage/" + string(c.ID)
	}
	if c.Status == care.Replaced {
		return card
	}
	if c.Replaces != "" {
		card.Facts = append(card.Facts, assets.Fact{Term: "Takes the place of", Text: "an earlier plan, kept with its dates"})
	}
	if !c.CheckAt.IsZero() {
		card.Facts = append(card.Facts, assets.Fact{Term: "To be looked at again", Text: "since " + moment(c.CheckAt, zone).Text})
	}
	if d, ok := chart.Deadline(c.Verify); ok && c.Waits() {
		shown := deadline(d, by("Verify by ", d, zone), zone, now)
		card.Deadline, card.Explain = &shown, p.explain(d)
		if verifies {
			card.Actions = []assets.Action{{Text: "Verify", Href: card.Href, Icon: "badge-check"}}
		}
	}
	if p.onTheList(c) {
		card.Note = "This plan stands on the published list of those that our systems cannot process."
	}
	return card
}

// tail shows the last two signs of a number.
func tail(number string) string {
	signs := []rune(number)
	if len(signs) < 5 {
		return "••••"
	}
	return "••••" + string(signs[len(signs)-2:])
}

func (p *Pages) onTheList(c care.Coverage) bool {
	programme, _ := p.Store.Programme()
	return rules.Unprocessable(rules.ListedAt(programme.Plans, p.Now()), c.Payer, c.Plan, c.State)
}

// result is what the care team can find of a plan.
type result struct {
	status     care.CoverageStatus
	text, note string
}

// results are all of them.
var results = []result{
	{care.Eligible, "Eligible", "Sessions are covered, together with the benefit."},
	{care.Ineligible, "Not eligible", "The client can give another plan."},
	{care.NonParticipating, "Our systems cannot process it", "Client and provider are both told. The consultation stands, sessions are on hold, and the promise is paused."},
	{care.NeedsInfo, "A detail is missing", "The client alone is asked for it."},
}

// told is a message that a finding sends.
type told struct {
	To, Subject string
	Text        []string
}

func (p *Pages) verification(w http.ResponseWriter, r *http.Request) error {
	return p.showVerification(w, r, http.StatusOK, nil)
}

func (p *Pages) coverage(r *http.Request) (*care.Chart, care.Coverage, error) {
	id := mux.Vars(r)["id"]
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, "coverage")
	if err != nil {
		return nil, care.Coverage{}, err
	}
	c, ok := chart.Coverage(care.CoverageID(id))
	if !ok || chart.Client == nil {
		return nil, c, care.Missing()
	}
	return chart, c, nil
}

func (p *Pages) showVerification(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, c, err := p.coverage(r)
	if err != nil {
		return err
	}
	now, zone := p.Now(), location("")
	badge := planBadges[c.Status]
	facts := []assets.Fact{
		{Term: "Client", Text: nameIn(chart), Note: stateOf(chart)},
		{Term: "Born", Text: chart.Client.BirthDate.Words()},
		{Term: "Plan", Text: planTypes[c.Type] + ", " + c.Payer + " " + c.Plan, Badge: &badge},
		{Term: "State of the plan", Text: stateName(c.State)},
		{Term: "Member number", Text: c.MemberID},
		{Term: "Group", Text: or(c.Group, "Not given")},
		{Term: "Given", Text: moment(c.SubmittedAt, zone).Text},
	}
	if chart.Client.BirthDate.IsZero() {
		facts[1].Text = "Not given"
	}
	if !c.VerifiedAt.IsZero() {
		facts = append(facts, assets.Fact{Term: "Last looked at", Text: moment(c.VerifiedAt, zone).Text, Note: c.Note})
	}
	facts = append(facts, p.planFacts(chart, c, zone)...)
	for _, earlier := range chart.Coverages {
		if earlier.ID != c.ID {
			b := planBadges[earlier.Status]
			facts = append(facts, assets.Fact{Term: "Another plan", Text: planTypes[earlier.Type] + ", " + earlier.Payer + " " + earlier.Plan, Badge: &b, Note: historyOf(earlier, zone)})
		}
	}
	choices := assets.Options{Name: "result", Legend: "What did you find?"}
	for _, f := range results {
		if f.status != c.Status || c.Waits() || c.Status == care.Eligible {
			choices.Choices = append(choices.Choices, assets.Choice{Value: string(f.status), Text: f.text, Note: f.note, Checked: r.PostFormValue("result") == string(f.status)})
		}
	}
	data := map[string]any{
		"Name": nameIn(chart), "Client": "/ops/client/" + string(chart.ID), "Facts": facts, "Results": choices, "Post": "/ops/coverage/" + string(c.ID), "Replaced": !act.MayFind(chart, c),
		"Money": []assets.Field{
			{Name: "copay", Label: "Copay in dollars", Optional: true, Inputmode: "decimal", Value: r.PostFormValue("copay"), Hint: "Such as 25 or 25.50."},
			{Name: "coinsurance", Label: "Coinsurance in percent", Optional: true, Inputmode: "numeric", Value: r.PostFormValue("coinsurance")},
			{Name: "deductible", Label: "Deductible left, in dollars", Optional: true, Inputmode: "decimal", Value: r.PostFormValue("deductible")},
			{Name: "authorised", Label: "Sessions authorised", Optional: true, Inputmode: "numeric", Value: r.PostFormValue("authorised"), Hint: "For an EAP only."},
			{Name: "from", Label: "First day", Type: "date", Optional: true, Value: or(r.PostFormValue("from"), dateOf(c.From)), Hint: "From when the plan holds."},
			{Name: "ends", Label: "Last day", Type: "date", Optional: true, Value: or(r.PostFormValue("ends"), dateOf(c.Ends)), Hint: "A day that is over says that it had ended by then; sessions after it are looked at again."},
		},
		"Note": assets.Field{Name: "note", Label: "What shows it", Type: "textarea", Rows: 3, Optional: true, Max: 500, Value: r.PostFormValue("note"), Hint: "For the care team and billing; the client can read it too."},
	}
	if d, ok := chart.Deadline(c.Verify); ok {
		shown := deadline(d, by("Verify by ", d, zone), zone, now)
		data["Due"], data["Explain"] = &shown, p.explain(d)
	}
	data["Ask"] = askLink(chart)
	if c.Card != nil && c.Card.Open {
		data["Card"] = "/ops/coverage/" + string(c.ID) + "/card"
	}
	if p.onTheList(c) {
		data["Hint"] = &assets.Notice{Kind: "warn", Title: "On the published list", Text: "This plan stands on the list of those that our systems cannot process in " + stateName(c.State) + ".", Actions: []assets.Action{{Text: "See the list", Href: "/plans", Style: "outline"}}}
	}
	return p.show(w, r, status, "ops/verify", "", assets.Page{Title: "Verify a plan", Notice: n, Data: data})
}

// verify shows what will be sent, and then, with the word to send, does it.
func (p *Pages) verify(w http.ResponseWriter, r *http.Request) error {
	chart, c, err := p.coverage(r)
	if err != nil {
		return err
	}
	finding := act.VerifyCoverage{Coverage: c.ID, Result: care.CoverageStatus(r.PostFormValue("result")), Note: strings.TrimSpace(r.PostFormValue("note"))}
	var wrong []string
	if finding.CopayCents, err = cents(r.PostFormValue("copay")); err != nil {
		wrong = append(wrong, err.Error())
	}
	if finding.CoinsurancePct, err = percent(r.PostFormValue("coinsurance")); err != nil {
		wrong = append(wrong, err.Error())
	}
	if finding.DeductibleCents, err = cents64(r.PostFormValue("deductible")); err != nil {
		wrong = append(wrong, "deductible: give dollars, such as 500.")
	}
	if finding.Authorised, err = wholeNumber(r.PostFormValue("authorised")); err != nil {
		wrong = append(wrong, "sessions authorised: give a whole number.")
	}
	if finding.From, err = dayOrNone(r.PostFormValue("from")); err != nil {
		wrong = append(wrong, "first day: give a date.")
	}
	if finding.Ends, err = dayOrNone(r.PostFormValue("ends")); err != nil {
		wrong = append(wrong, "last day: give a date.")
	}
	found := slices.IndexFunc(results, func(f result) bool { return f.status == finding.Result })
	if found < 0 {
		wrong = append(wrong, "result: say what you found.")
	}
	if len(wrong) > 0 {
		return p.showVerification(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Items: wrong})
	}
	if r.PostFormValue("send") == "" {
		return p.preview(w, r, chart, c, finding, results[found].text)
	}
	if _, err = p.deed(r, finding); err == nil {
		return done(w, r, "/ops/coverage", "verified")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showVerification(w, r, status, n)
	}
	return err
}

// preview shows both messages before they go.
func (p *Pages) preview(w http.ResponseWriter, r *http.Request, chart *care.Chart, c care.Coverage, finding act.VerifyCoverage, says string) error {
	client, provider := act.CoverageNotices(c, finding.Result)
	letter, err := p.letterText(client, nameIn(chart)+" (client)")
	if err != nil {
		return err
	}
	letters := []told{letter}
	asked := map[care.ChartID]bool{}
	for _, ref := range chart.Referrals {
		if provider == "" || !ref.Status.Open() || asked[ref.Provider] {
			continue
		}
		asked[ref.Provider] = true
		to := "A provider (with an open request)"
		if card, listed := p.Store.Directory().Provider(ref.Provider, p.Now()); listed {
			to = card.Name + " (provider)"
		}
		if letter, err = p.letterText(provider, to); err != nil {
			return err
		}
		letters = append(letters, letter)
	}
	data := map[string]any{
		"Name": nameIn(chart), "Finding": says, "Plan": c.Payer + " " + c.Plan, "Letters": letters, "Post": "/ops/coverage/" + string(c.ID),
		"Count": sentence(number(len(letters))),
		"Fields": []assets.Hidden{
			{Name: "result", Value: string(finding.Result)}, {Name: "note", Value: finding.Note},
			{Name: "copay", Value: r.PostFormValue("copay")}, {Name: "coinsurance", Value: r.PostFormValue("coinsurance")},
			{Name: "deductible", Value: r.PostFormValue("deductible")}, {Name: "authorised", Value: r.PostFormValue("authorised")},
			{Name: "from", Value: r.PostFormValue("from")}, {Name: "ends", Value: r.PostFormValue("ends")}, {Name: "send", Value: "yes"},
		},
		"Lonely": provider != "" && len(letters) == 1,
	}
	return p.show(w, r, http.StatusOK, "ops/preview", "", assets.Page{Title: "Before it is sent", Data: data})
}

// letterText is a mail text as its reader will get it.
func (p *Pages) letterText(name, to string) (told, error) {
	t, err := template.ParseFS(assets.FS(), "mail/"+name+".txt")
	if err != nil {
		return told{}, fmt.Errorf("mail text %s: %w", name, err)
	}
	programme, _ := p.Store.Programme()
	var b bytes.Buffer
	err = t.Execute(&b, map[string]string{"When": "", "Link": "(a link to their page)", "Programme": programme.Programme.Name, "Crisis": programme.Programme.Crisis})
	if err != nil {
		return told{}, fmt.Errorf("mail text %s: %w", name, err)
	}
	subject, body, _ := strings.Cut(b.String(), "\n")
	return told{To: to, Subject: strings.TrimSpace(strings.TrimPrefix(subject, "Subject:")), Text: strings.Split(strings.TrimSpace(body), "\n\n")}, nil
}

// cents reads dollars; nothing is nothing known.
func cents(s string) (*int, error) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "$")
	if s == "" {
		return nil, nil
	}
	dollars, part, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(dollars)
	small := 0
	if err == nil && part != "" {
		small, err = strconv.Atoi((part + "0")[:2])
	}
	if err != nil || len(part) > 2 || n < 0 || small < 0 {
		return nil, fmt.Errorf("copay: give dollars, such as 25 or 25.50")
	}
	n = n*100 + small
	return &n, nil
}

func cents64(s string) (*int64, error) {
	n, err := cents(s)
	if n == nil || err != nil {
		return nil, err
	}
	wide := int64(*n)
	return &wide, nil
}

// wholeNumber reads a number; nothing is zero.
func wholeNumber(s string) (int, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, nil
	}
	return strconv.Atoi(s)
}

// dayOrNone reads a date; nothing is no date.
func dayOrNone(s string) (calendar.Date, error) {
	if s = strings.TrimSpace(s); s == "" {
		return calendar.Date{}, nil
	}
	return calendar.ParseDate(s)
}

// dateOf is a date as a form takes it.
func dateOf(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func percent(s string) (*int, error) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%"))
	if s == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, fmt.Errorf("coinsurance: give a whole number of percent, such as 20")
	}
	return &n, nil
}
