package web

import (
	"net/http"
	"slices"
	"strings"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// The published list of plans that cannot be processed: everybody reads it as of
// any day; the care team sees who is affected before a plan is published on it.

// planListRoutes are the care team's.
func (p *Pages) planListRoutes() []way {
	return []way{
		{http.MethodGet, "/ops/plans", "read plans", p.planDesk},
		{http.MethodPost, "/ops/plans/try", "read affected", p.tryPlan},
		{http.MethodPost, "/ops/plans", "list_plan", p.publishPlan},
		{http.MethodPost, "/ops/plans/end", "delist_plan", p.endPlan},
	}
}

// plans is the list as it stands on a day: today, or any that is asked for.
func (p *Pages) plans(w http.ResponseWriter, r *http.Request) error {
	programme, _ := p.Store.Programme()
	day := calendar.On(p.Now(), rules.Zone(rules.HomeZone))
	field := assets.Field{Name: "as_of", Label: "As of another day", Type: "date", Value: r.URL.Query().Get("as_of")}
	status := http.StatusOK
	if field.Value != "" {
		asked, err := calendar.ParseDate(field.Value)
		if err != nil {
			status, field.Problem = http.StatusUnprocessableEntity, "Give a day, such as 2026-12-01."
		} else {
			day = asked
		}
	}
	table := assets.Table{Caption: "Plans and where they cannot be processed", Head: []string{"Plan", "Insurer", "State"}, Empty: "Every plan can be processed on that day"}
	for _, plan := range inOrderOfName(rules.ListedOn(programme.Plans, day)) {
		table.Rows = append(table.Rows, []string{plan.Plan, plan.Payer, inState(plan)})
	}
	return p.show(w, r, status, "plans", "", assets.Page{Title: "Plans we cannot process", Data: map[string]any{
		"Table": table, "CareEmail": p.Store.Words()["care_email"], "Own": mayHaveCare(r), "AsOf": field,
		"Day": day.Words(), "Version": rules.ListVersion(programme.Plans, day),
	}})
}

func inOrderOfName(plans []care.UnprocessablePlan) []care.UnprocessablePlan {
	plans = slices.Clone(plans)
	order.By(plans, func(a, b care.UnprocessablePlan) int { return strings.Compare(a.Key(), b.Key()) })
	return plans
}

// inState is the geography of an entry.
func inState(plan care.UnprocessablePlan) string {
	if plan.State == "" {
		return "every state"
	}
	return stateName(plan.State)
}

// planEntry is one entry in front of the care team.
type planEntry struct {
	Title, Line string
	End         *assets.Field // until when it is to stand; nil: that is over
	Fields      []assets.Hidden
}

func (p *Pages) planDesk(w http.ResponseWriter, r *http.Request) error {
	return p.planDeskPage(w, r, http.StatusOK, nil)
}

func (p *Pages) planDeskPage(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	programme, _ := p.Store.Programme()
	today := calendar.On(p.Now(), rules.Zone(rules.HomeZone))
	var entries []planEntry
	for _, plan := range inOrderOfName(programme.Plans) {
		e := planEntry{Title: plan.Payer + " " + plan.Plan + ", " + inState(plan), Line: stretch(plan)}
		if plan.Ends.IsZero() || !plan.Ends.Before(today) {
			e.End = &assets.Field{Name: "ends", Label: "Last day on the list", Type: "date"}
			e.Fields = []assets.Hidden{{Name: "key", Value: plan.Key()}}
		}
		entries = append(entries, e)
	}
	versions := assets.Table{Caption: "Versions", Head: []string{"Version", "Came on", "Went off"}}
	for _, v := range rules.ListVersions(programme.Plans) {
		versions.Rows = append(versions.Rows, []string{v.Version, names(v.On), names(v.Off)})
	}
	f := r.PostForm
	field := func(name, label, hint string, optional bool) assets.Field {
		return assets.Field{Name: name, Label: label, Value: f.Get(name), Hint: hint, Optional: optional, Max: 80}
	}
	from, ends := field("from", "In force from", "Not before today; left empty, from today on.", true), field("ends", "Last day", "Left empty: no end is set.", true)
	from.Type, ends.Type = "date", "date"
	return p.show(w, r, status, "ops/planlist", "", assets.Page{Title: "Published list", Notice: n, Data: map[string]any{
		"Entries": entries, "Versions": versions, "Now": rules.ListVersion(programme.Plans, today),
		"Fields": []assets.Field{
			field("payer", "Insurer", "", false), field("plan", "Name of the plan", "As on the card; letter case and blanks do not count.", false),
			{Name: "state", Label: "State", Type: "select", Choices: stateChoices(f.Get("state"), "Every state"), Optional: true}, from, ends,
		},
	}})
}

// stretch says from when to when an entry stands.
func stretch(plan care.UnprocessablePlan) string {
	says := "From the beginning"
	if !plan.From.IsZero() {
		says = "From " + plan.From.Words()
	}
	if !plan.Ends.IsZero() {
		return says + " to " + plan.Ends.Words()
	}
	return says + ", no end set"
}

func names(plans []care.UnprocessablePlan) string {
	var all []string
	for _, plan := range plans {
		all = append(all, plan.Plan+" ("+inState(plan)+")")
	}
	return or(strings.Join(all, ", "), "–")
}

// entryOf reads the entry that a form asks for.
func (p *Pages) entryOf(r *http.Request) (care.UnprocessablePlan, []string) {
	f := r.PostForm
	entry := care.UnprocessablePlan{Payer: strings.TrimSpace(f.Get("payer")), Plan: strings.TrimSpace(f.Get("plan")), State: f.Get("state")}
	var wrong []string
	for _, d := range []struct {
		name, label string
		to          *calendar.Date
	}{{"from", "In force from", &entry.From}, {"ends", "Last day", &entry.Ends}} {
		if given := f.Get(d.name); given != "" {
			var err error
			if *d.to, err = calendar.ParseDate(given); err != nil {
				wrong = append(wrong, d.label+": give a day, as 2026-12-01.")
			}
		}
	}
	if entry.From.IsZero() {
		entry.From = calendar.On(p.Now(), rules.Zone(rules.HomeZone))
	}
	if entry.Payer == "" || entry.Plan == "" {
		wrong = append(wrong, "Name the insurer and the plan.")
	}
	return entry, wrong
}

// tryPlan shows who is on a plan before it is published, and changes nothing.
func (p *Pages) tryPlan(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	entry, wrong := p.entryOf(r)
	if len(wrong) > 0 {
		return p.planDeskPage(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was published", Items: wrong})
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.OnPlan(entry.Payer, entry.Plan))
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(m care.Member) bool { return entry.State != "" && m.Code != entry.State })
	charts, err := p.chartsOf(r, members, "affected by a plan")
	if err != nil {
		return err
	}
	table := assets.Table{Caption: "Clients with this plan", Head: []string{"Client", "State of the plan", "Found", "Care"}, Empty: "Nobody has given this plan"}
	for _, chart := range charts {
		for _, c := range chart.Coverages {
			if !slices.ContainsFunc(members, func(m care.Member) bool { return m.Ref == string(c.ID) }) {
				continue
			}
			in := "seeks care"
			if anyClinical(chart) {
				in = "with a provider"
			}
			table.Rows = append(table.Rows, []string{nameIn(chart), stateName(c.State), coverageWords[c.Status].Text, in})
			table.Links = append(table.Links, assets.Link{Href: "/ops/coverage/" + string(c.ID), Text: "Look at the plan"})
		}
	}
	var fields []assets.Hidden
	for _, name := range []string{"payer", "plan", "state", "from", "ends"} {
		fields = append(fields, assets.Hidden{Name: name, Value: form.Get(name)})
	}
	return p.show(w, r, http.StatusOK, "ops/planlist_try", "", assets.Page{Title: "Who is affected", Data: map[string]any{
		"Title": entry.Payer + " " + entry.Plan, "Where": inState(entry), "Span": stretch(entry), "Table": table, "More": len(members) > len(table.Rows), "Total": len(members), "Fields": fields,
	}})
}

func (p *Pages) publishPlan(w http.ResponseWriter, r *http.Request) error {
	if _, err := posted(r); err != nil {
		return err
	}
	entry, wrong := p.entryOf(r)
	if len(wrong) > 0 {
		return p.planDeskPage(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was published", Items: wrong})
	}
	return p.onPlanList(w, r, act.ListPlan{Plan: entry}, "listed")
}

func (p *Pages) endPlan(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	day, err := calendar.ParseDate(form.Get("ends"))
	if err != nil {
		return p.planDeskPage(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Text: "Give the last day on the list, as 2026-12-31."})
	}
	return p.onPlanList(w, r, act.DelistPlan{Key: form.Get("key"), Ends: day}, "saved")
}

func (p *Pages) onPlanList(w http.ResponseWriter, r *http.Request, a act.Act, said string) error {
	_, err := p.deed(r, a)
	if n, status, mendable := refused(r, err, location("")); err != nil && mendable {
		return p.planDeskPage(w, r, status, n)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/ops/plans", said)
}
