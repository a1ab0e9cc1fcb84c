package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reckon"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// The policy: the numbers that the programme's text leaves open, in versions. A
// new one is tried on what is open before it is adopted.

// policyRoutes are the care team's pages about the terms.
func (p *Pages) policyRoutes() []way {
	return []way{
		{http.MethodGet, "/ops/policy", "read terms", p.policy},
		{http.MethodPost, "/ops/policy/try", "read what would move", p.tryTerms},
		{http.MethodPost, "/ops/policy", "adopt_terms", p.adoptTerms},
	}
}

// mostTried is how many open deadlines one page of a trial looks at.
const mostTried = 200

func (p *Pages) policy(w http.ResponseWriter, r *http.Request) error {
	return p.showPolicy(w, r, http.StatusOK, nil)
}

func (p *Pages) showPolicy(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	programme, clock := p.Store.Programme()
	now := p.Now()
	in := rules.TermsAt(clock.Terms, now)
	var fields []assets.Field
	for _, f := range rules.TermFields() {
		fields = append(fields, assets.Field{
			Name: f.Code, Label: sentence(f.Says), Type: "number", Inputmode: "numeric", Value: or(r.PostFormValue(f.Code), strconv.Itoa(f.Of(in))),
		})
	}
	var days []string
	for _, h := range holidaysOf(in, programme) {
		days = append(days, h.Date.String()+" "+h.Name)
	}
	versions := assets.Table{Caption: "Versions of the terms", Head: []string{"Version", "In force from", "Why"}}
	list := slices.Clone(clock.Terms)
	order.By(list, func(a, b care.Terms) int { return b.Effective.Compare(a.Effective) })
	for _, t := range list {
		name := t.Version
		if t.Version == in.Version {
			name += " (in force)"
		}
		versions.Rows = append(versions.Rows, []string{name, moment(t.Effective, location("")).Text, or(t.Why, "As the instance was made")})
	}
	return p.show(w, r, status, "ops/policy", "", assets.Page{Title: "Policy", Notice: n, Data: map[string]any{
		"Version": in.Version, "Fields": fields, "Versions": versions,
		"Effective": assets.Field{Name: "effective", Label: "In force from", Type: "date", Optional: true, Value: r.PostFormValue("effective"), Hint: "The start of that day in " + place(defaultZone) + "; left empty, from now on."},
		"Holidays":  assets.Field{Name: "holidays", Label: "Own holidays, besides the federal ones", Type: "textarea", Rows: 4, Optional: true, Value: or(r.PostFormValue("holidays"), strings.Join(days, "\n")), Hint: "One a line, such as: 2026-12-24 Office closed"},
		"Why":       assets.Field{Name: "why", Label: "Why they change", Max: 300, Value: r.PostFormValue("why"), Hint: "Everybody can read it."},
	}})
}

// holidaysOf are the instance's own under some terms.
func holidaysOf(t care.Terms, programme *care.Chart) []calendar.Holiday {
	if t.Holidays != nil || programme.Programme == nil {
		return t.Holidays
	}
	return programme.Programme.Holidays
}

// proposed reads the terms that a form asks for; what it leaves out stays.
func (p *Pages) proposed(r *http.Request) (care.Terms, []string) {
	_, clock := p.Store.Programme()
	t := rules.TermsAt(clock.Terms, p.Now())
	t.Version, t.Effective, t.Holidays = "proposed", p.Now().UTC().Truncate(time.Second), []calendar.Holiday{}
	var wrong []string
	for _, f := range rules.TermFields() {
		given := strings.TrimSpace(r.PostFormValue(f.Code))
		if n, err := strconv.Atoi(given); err == nil {
			f.Set(&t, n)
		} else if given != "" {
			wrong = append(wrong, f.Says+": give a whole number.")
		}
	}
	if given := r.PostFormValue("effective"); given != "" {
		day, err := calendar.ParseDate(given)
		if err != nil {
			wrong = append(wrong, "In force from: give a day, as 2026-12-01.")
		} else {
			t.Effective = calendar.At(day, 0, 0, location(""))
		}
	}
	for line := range strings.Lines(r.PostFormValue("holidays")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		when, name, _ := strings.Cut(line, " ")
		day, err := calendar.ParseDate(when)
		if err != nil || strings.TrimSpace(name) == "" {
			wrong = append(wrong, "Own holidays: write each as 2026-12-24 Office closed.")
			break
		}
		t.Holidays = append(t.Holidays, calendar.Holiday{Date: day, Name: strings.TrimSpace(name)})
	}
	for _, says := range rules.TermsProblems(t) {
		wrong = append(wrong, sentence(says)+".")
	}
	return t, wrong
}

// tryTerms shows which open deadlines would move, and who would be late.
func (p *Pages) tryTerms(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	t, wrong := p.proposed(r)
	if len(wrong) > 0 {
		return p.showPolicy(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Items: wrong})
	}
	now := p.Now()
	from, err := time.Parse(time.RFC3339, form.Get("from"))
	if err != nil {
		from = reckon.Begin(now)
	}
	page, err := reckon.Try(r.Context(), p.Store, auth.Actor(r), t, from, now, mostTried)
	if err != nil {
		return err
	}
	moves := assets.Table{Caption: "Open deadlines that would move", Head: []string{"Deadline", "What", "Ends now", "Would end", "Remarks"}, Empty: "Nothing that is open here would move"}
	late := 0
	for _, row := range page.Rows {
		remark := ""
		switch {
		case row.Late:
			late++
			remark = "newly late, so it stays"
		case row.Sooner:
			remark = "sooner, so it stays"
		}
		moves.Rows = append(moves.Rows, []string{string(row.Deadline), sentence(row.Code), moment(row.Was, location("")).Text, moment(row.Then, location("")).Text, remark})
	}
	var fields []assets.Hidden
	for name, values := range form {
		if name != "from" {
			fields = append(fields, assets.Hidden{Name: name, Value: values[0]})
		}
	}
	order.By(fields, func(a, b assets.Hidden) int { return strings.Compare(a.Name, b.Name) })
	more := ""
	if !page.Next.IsZero() {
		more = page.Next.Format(time.RFC3339)
	}
	return p.show(w, r, http.StatusOK, "ops/policy_try", "", assets.Page{Title: "What would move", Wide: true, Data: map[string]any{
		"Moves": moves, "Seen": page.Seen, "Late": late, "Fields": fields, "More": more, "From": moment(t.Effective, location("")).Text,
		"Open": assets.Options{Name: "open", Legend: "And what is open already?", Choices: []assets.Choice{
			{Value: "keep", Text: "Leave it as it is", Note: "It keeps the version that it began under.", Checked: true},
			{Value: "lengthen", Text: "Give it the longer time", Note: "Each is computed anew and says so. Nothing ends sooner than was said."},
		}},
	}})
}

func (p *Pages) adoptTerms(w http.ResponseWriter, r *http.Request) error {
	t, wrong := p.proposed(r)
	if len(wrong) > 0 {
		return p.showPolicy(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Items: wrong})
	}
	_, err := p.deed(r, act.AdoptTerms{Terms: t, Why: r.PostFormValue("why"), Lengthen: r.PostFormValue("open") == "lengthen"})
	if n, status, mendable := refused(r, err, location("")); err != nil && mendable {
		return p.showPolicy(w, r, status, n)
	}
	if err != nil {
		return err
	}
	if _, _, err := reckon.Follow(context.WithoutCancel(r.Context()), p.Store, auth.Actor(r)); err != nil {
		return err // the terms are adopted, and the rest is made good by itself
	}
	return done(w, r, "/ops/policy", "adopted")
}
