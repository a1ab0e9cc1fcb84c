package web

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// billingRoutes are the pages of the billing desk, and the money pages of
// providers and clients.
func (p *Pages) billingRoutes() []reply.Route {
	return slices.Concat(
		p.open([]care.Role{care.RoleBilling}, []way{
			{http.MethodGet, "/billing", "read charges", p.billing},
			{http.MethodPost, "/billing/export", "export_claims", p.exportClaims},
			{http.MethodGet, "/billing/claims/{id}", "read claim file", p.claimFile},
			{http.MethodGet, "/billing/c/{id}", "read charge", p.charge},
			{http.MethodPost, "/billing/c/{id}/settle", "settle_claim", p.settleClaim},
			{http.MethodPost, "/billing/c/{id}/correct", "correct_charge", p.correctCharge},
			{http.MethodPost, "/billing/c/{id}/write-off", "write_off", p.writeOff},
		}),
		p.open([]care.Role{care.RoleProvider}, []way{
			{http.MethodGet, "/pro/billing", "read charges", p.ownCharges},
			{http.MethodGet, "/pro/billing.csv", "read charges", p.ownChargesFile},
			{http.MethodPost, "/pro/fee", "set_fee", p.setFee},
		}),
		p.open([]care.Role{care.RoleClient}, []way{
			{http.MethodGet, "/me/statement", "read statement", p.statement},
		}),
	)
}

// found is a charge with the chart that it stands in.
type foundCharge struct {
	care.Charge
	chart *care.Chart
}

// chargesOf reads the charges of a list, the earliest session first.
func (p *Pages) chargesOf(r *http.Request, set care.Set, why string) ([]foundCharge, error) {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), set)
	if err != nil {
		return nil, err
	}
	var found []foundCharge
	for part := range slices.Chunk(members, mostOnAPage) {
		charts, err := p.chartsOf(r, part, why)
		if err != nil {
			return nil, err
		}
		for _, m := range part {
			for _, chart := range charts {
				if c, ok := chart.Charge(care.ChargeID(m.Ref)); ok {
					found = append(found, foundCharge{c, chart})
				}
			}
		}
	}
	order.By(found, func(a, b foundCharge) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// queues are what waits for the billing desk.
var queues = []struct{ state, title, note string }{
	{"ready", "Ready", "They go out with the next claim file."},
	{"held", "Held", "The plan of the day is not settled, or a code is missing. No claim goes out."},
	{"rejected", "Rejected", "Correct them, and they go out again; or write them off."},
	{"rebill", "Look at again", "The coverage was found otherwise after the claim went out."},
	{"exported", "Out", "They wait for the plan's answer."},
}

type billingQueue struct {
	Title, Note string
	Cards       []assets.Waiting
	More        string
}

// mostCards bounds what a queue shows at once.
const mostCards = 25

func (p *Pages) billing(w http.ResponseWriter, r *http.Request) error {
	var shown []billingQueue
	ready := 0
	for _, q := range queues {
		charges, err := p.chargesOf(r, care.ChargesThat(q.state), "charges")
		if err != nil {
			return err
		}
		if q.state == "ready" {
			ready = len(charges)
		}
		queue := billingQueue{Title: fmt.Sprintf("%s (%d)", q.title, len(charges)), Note: q.note}
		for _, c := range charges[:min(len(charges), mostCards)] {
			queue.Cards = append(queue.Cards, assets.Waiting{Href: "/billing/c/" + string(c.ID), Title: nameIn(c.chart), Line: c.On.Words() + ", " + strconv.Itoa(c.Minutes) + " minutes", Facts: chargeFacts(c.Charge)})
		}
		if len(charges) > mostCards {
			queue.More = fmt.Sprintf("and %d more", len(charges)-mostCards)
		}
		shown = append(shown, queue)
	}
	now := p.Now()
	batches, err := p.Store.Find(r.Context(), auth.Actor(r), care.BatchesIn(care.Month(now)), care.BatchesIn(care.Month(now.AddDate(0, -1, 0))))
	if err != nil {
		return err
	}
	var files []assets.Link
	for _, m := range batches {
		files = append(files, assets.Link{Href: "/billing/claims/" + string(m.Chart), Text: "Claim file of " + moment(m.At, location("")).Text, Icon: "download"})
	}
	return p.show(w, r, http.StatusOK, "billing/desk", "", assets.Page{Title: "Billing", Wide: true, Data: map[string]any{"Queues": shown, "Files": files, "Ready": ready}})
}

// chargeFacts are what is known of a charge.
func chargeFacts(c care.Charge) []assets.Fact {
	service, _ := rules.ServiceOf(c.Service)
	facts := []assets.Fact{
		{Term: "Service", Text: sentence(service.Says), Note: "Code " + or(c.Code, "is missing")},
		{Term: "Coverage that day", Text: coveredWords[c.Covered]},
		{Term: "Fee", Text: "Not told"},
		{Term: "Client’s part", Text: "Not known; the insurer decides"},
	}
	if c.FeeCents > 0 {
		facts[2].Text = rules.Dollars(c.FeeCents)
	}
	if c.PartCents != nil {
		facts[3].Text = rules.Dollars(*c.PartCents)
		facts[3].Note = "an estimate; the insurer decides"
	}
	if c.Why != "" {
		facts = append(facts, assets.Fact{Term: "Said", Text: c.Why})
	}
	return facts
}

// chargeWords are the states of a charge, as people read them.
var chargeWords = map[care.ChargeState]string{
	care.ChargeHeld: "held", care.ChargeReady: "ready", care.ChargeExported: "sent to the plan", care.ChargeAccepted: "accepted by the plan",
	care.ChargeRejected: "rejected by the plan", care.ChargeCorrected: "corrected, goes out again", care.ChargeWrittenOff: "written off",
	care.ChargeSelfPay: "paid by the client", care.ChargeVoid: "taken back",
}

func (p *Pages) exportClaims(w http.ResponseWriter, r *http.Request) error {
	out, err := p.deed(r, act.ExportClaims{})
	switch {
	case err != nil:
		return err
	case out.Counts["rows"] == 0:
		return done(w, r, "/billing", "nothing_ready")
	}
	return done(w, r, "/billing", "exported")
}

// claimHead are the columns of a claim file. The first says on each line what the
// file is for, so that no line can be taken for one of another file.
var claimHead = []string{
	"purpose", "claim_file", "charge", "programme", "client", "birth_date", "coverage_type", "payer", "plan", "plan_state", "member_id", "group", "authorization",
	"provider", "provider_npi", "service_date", "minutes", "service", "code", "modifier", "place_of_service", "fee", "client_part_estimate",
}

// claimFile is what goes to the clearing house: for payment, and for nothing
// else. It can be fetched again; what it holds went out once.
func (p *Pages) claimFile(w http.ResponseWriter, r *http.Request) error {
	id := care.ChartID(mux.Vars(r)["id"])
	if _, err := p.Store.Chart(r.Context(), auth.Actor(r), id, "claim file"); err != nil {
		return err
	}
	charges, err := p.chargesOf(r, care.InBatch(id), "claim file")
	if err != nil {
		return err
	}
	providers := map[care.ChartID]*care.Provider{}
	var rows [][]string
	for _, c := range charges {
		if providers[c.Provider] == nil {
			chart, err := p.Store.Chart(r.Context(), care.System, c.Provider, "claim file")
			if err != nil {
				return err
			}
			providers[c.Provider] = chart.Provider
		}
		rows = append(rows, p.claimRow(c, *providers[c.Provider]))
	}
	return sheet(w, "claims-for-payment-"+string(id)+".csv", claimHead, rows)
}

func (p *Pages) claimRow(c foundCharge, provider care.Provider) []string {
	plan, _ := c.chart.Coverage(c.Coverage)
	born := ""
	if !c.chart.Client.BirthDate.IsZero() {
		born = c.chart.Client.BirthDate.String()
	}
	part := ""
	if c.PartCents != nil {
		part = strings.TrimPrefix(rules.Dollars(*c.PartCents), "$")
	}
	return []string{
		"payment_claim", string(c.Batch), string(c.ID), p.Store.Words()["programme"], c.chart.Client.Name, born, string(plan.Type), plan.Payer, plan.Plan, plan.State, plan.MemberID, plan.Group, plan.Authorization,
		provider.Name, provider.NPI, c.On.String(), strconv.Itoa(c.Minutes), c.Service, c.Code, rules.ClaimModifier, rules.ClaimPlace, strings.TrimPrefix(rules.Dollars(c.FeeCents), "$"), part,
	}
}

// sheet answers with a table as a file. A cell that a spreadsheet would take for
// a formula, and that is no number, is made text.
func sheet(w http.ResponseWriter, name string, head []string, rows [][]string) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := csv.NewWriter(w)
	_ = out.Write(head)
	for _, row := range rows {
		for i, cell := range row {
			_, number := strconv.ParseFloat(cell, 64)
			if cell != "" && number != nil && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		_ = out.Write(row)
	}
	out.Flush()
	return nil // the reader may have gone; there is nobody to tell
}

func (p *Pages) charge(w http.ResponseWriter, r *http.Request) error {
	return p.showCharge(w, r, http.StatusOK, nil)
}

func (p *Pages) showCharge(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	id := care.ChargeID(mux.Vars(r)["id"])
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), string(id), "charge")
	if err != nil {
		return err
	}
	c, ok := chart.Charge(id)
	if !ok {
		return care.Missing()
	}
	facts := append([]assets.Fact{{Term: "Session", Text: c.On.Words(), Note: strconv.Itoa(c.Minutes) + " minutes"}, {Term: "Stands", Text: sentence(chargeWords[c.State])}}, chargeFacts(c)...)
	if plan, ok := chart.Coverage(c.Coverage); ok {
		badge := planBadges[plan.On(c.On)]
		facts = append(facts, assets.Fact{Term: "Plan that day", Text: planTypes[plan.Type] + ", " + plan.Payer + " " + plan.Plan, Note: "Member " + plan.MemberID, Badge: &badge})
	}
	services := []assets.Choice{}
	for _, s := range rules.Services {
		services = append(services, assets.Choice{Value: s.Name, Text: sentence(s.Says), Checked: s.Name == c.Service})
	}
	over := c.State == care.ChargeWrittenOff || c.State == care.ChargeVoid
	path := "/billing/c/" + string(c.ID)
	why := assets.Field{Name: "why", Label: "Why", Max: 500}
	data := map[string]any{
		"Name": nameIn(chart), "Facts": facts, "Path": path, "Settles": c.State == care.ChargeExported, "Corrects": !over && (c.Rebill || c.State != care.ChargeExported && c.State != care.ChargeAccepted), "Ends": !over,
		"Answer": assets.Options{Name: "result", Legend: "What did the plan answer?", Choices: []assets.Choice{{Value: "accepted", Text: "Accepted"}, {Value: "rejected", Text: "Rejected"}}},
		"Why":    why, "Said": assets.Field{Name: "why", Label: "Why, for a rejection", Max: 500, Optional: true},
		"Fields": []assets.Field{
			{Name: "service", Label: "Kind of session", Type: "select", Choices: services},
			{Name: "minutes", Label: "Minutes", Inputmode: "numeric", Value: strconv.Itoa(c.Minutes)},
			{Name: "code", Label: "Billing code", Value: c.Code, Max: 5, Optional: true, Hint: "Left empty: by kind and minutes."},
			{Name: "fee", Label: "Fee in dollars", Value: strings.TrimPrefix(rules.Dollars(c.FeeCents), "$"), Inputmode: "decimal"},
			why,
		},
	}
	return p.show(w, r, status, "billing/charge", "", assets.Page{Title: "A charge", Notice: n, Data: data})
}

// onCharge does an act about a charge, and shows the charge again.
func (p *Pages) onCharge(w http.ResponseWriter, r *http.Request, a act.Act) error {
	if _, err := p.deed(r, a); err != nil {
		if n, status, mendable := refused(r, err, location("")); mendable {
			return p.showCharge(w, r, status, n)
		}
		return err
	}
	return done(w, r, "/billing/c/"+mux.Vars(r)["id"], "saved")
}

func (p *Pages) settleClaim(w http.ResponseWriter, r *http.Request) error {
	return p.onCharge(w, r, act.SettleClaim{Charge: care.ChargeID(mux.Vars(r)["id"]), Result: care.ChargeState(r.PostFormValue("result")), Why: strings.TrimSpace(r.PostFormValue("why"))})
}

func (p *Pages) correctCharge(w http.ResponseWriter, r *http.Request) error {
	mend := act.CorrectCharge{Charge: care.ChargeID(mux.Vars(r)["id"]), Why: strings.TrimSpace(r.PostFormValue("why"))}
	service, code := r.PostFormValue("service"), strings.ToUpper(strings.TrimSpace(r.PostFormValue("code")))
	mend.Service = &service
	if code != "" {
		mend.Code = &code
	}
	minutes, err := wholeNumber(r.PostFormValue("minutes"))
	fee, wrong := cents64(r.PostFormValue("fee"))
	if err != nil || wrong != nil {
		return p.showCharge(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Text: "Give the minutes as a whole number, and the fee in dollars, such as 150."})
	}
	mend.Minutes, mend.FeeCents = &minutes, fee
	return p.onCharge(w, r, mend)
}

func (p *Pages) writeOff(w http.ResponseWriter, r *http.Request) error {
	return p.onCharge(w, r, act.WriteOff{Charge: care.ChargeID(mux.Vars(r)["id"]), Why: strings.TrimSpace(r.PostFormValue("why"))})
}

// A provider's own month.

func (p *Pages) month(r *http.Request) string {
	month := r.FormValue("month")
	if _, err := time.Parse("2006-01", month); err != nil {
		return care.Month(p.Now())
	}
	return month
}

func (p *Pages) ownCharges(w http.ResponseWriter, r *http.Request) error {
	return p.showOwnCharges(w, r, http.StatusOK, nil)
}

func (p *Pages) showOwnCharges(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	me, err := p.Store.Chart(r.Context(), auth.Actor(r), auth.Actor(r).Chart, "charges")
	if err != nil || me.Provider == nil {
		return cmp.Or(err, error(care.Missing()))
	}
	month := p.month(r)
	charges, err := p.chargesOf(r, care.ChargesIn(me.ID, month), "charges")
	if err != nil {
		return err
	}
	table := assets.Table{Caption: "Sessions of " + month, Head: []string{"Client", "Day", "Minutes", "Code", "Coverage", "Fee", "Client’s part", "Stands"}, Empty: "No session of this month has been attended yet"}
	table.Rows = append(table.Rows, p.monthRows(charges)...)
	first, _ := time.Parse("2006-01", month)
	at := func(months int) string { return "/pro/billing?month=" + care.Month(first.AddDate(0, months, 0)) }
	fee := ""
	if me.Provider.FeeCents > 0 {
		fee = strings.TrimPrefix(rules.Dollars(me.Provider.FeeCents), "$")
	}
	return p.show(w, r, status, "pro/billing", me.Provider.Hours.Zone, assets.Page{Title: "Billing", Notice: n, Wide: true, Data: map[string]any{
		"Table": table, "File": "/pro/billing.csv?month=" + month, "Pager": assets.Pager{Back: at(-1), Next: at(1), Says: month},
		"Fee": assets.Field{Name: "fee", Label: "What you ask for a session, in dollars", Inputmode: "decimal", Optional: true, Value: fee, Hint: "It is told to clients who pay themselves, and a coinsurance is estimated from it. Sessions that are booked keep theirs."},
	}})
}

func (p *Pages) monthRows(charges []foundCharge) [][]string {
	var rows [][]string
	for _, c := range charges {
		part, state := "", chargeWords[c.State]
		if c.PartCents != nil {
			part = rules.Dollars(*c.PartCents)
		}
		if c.Rebill {
			state = "coverage changed"
		}
		rows = append(rows, []string{nameIn(c.chart), c.On.String(), strconv.Itoa(c.Minutes), c.Code, coveredWords[c.Covered], rules.Dollars(c.FeeCents), part, state})
	}
	return rows
}

func (p *Pages) ownChargesFile(w http.ResponseWriter, r *http.Request) error {
	month := p.month(r)
	charges, err := p.chargesOf(r, care.ChargesIn(auth.Actor(r).Chart, month), "charges")
	if err != nil {
		return err
	}
	return sheet(w, "sessions-"+month+".csv", []string{"client", "day", "minutes", "code", "coverage", "fee", "client_part_estimate", "stands"}, p.monthRows(charges))
}

func (p *Pages) setFee(w http.ResponseWriter, r *http.Request) error {
	fee, err := cents64(r.PostFormValue("fee"))
	if err != nil {
		return p.showOwnCharges(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Text: "Give the fee in dollars, such as 150 or 150.50."})
	}
	set := act.SetFee{Provider: auth.Actor(r).Chart}
	if fee != nil {
		set.FeeCents = *fee
	}
	if _, err := p.deed(r, set); err != nil {
		if n, status, mendable := refused(r, err, location("")); mendable {
			return p.showOwnCharges(w, r, status, n)
		}
		return err
	}
	return done(w, r, "/pro/billing", "saved")
}

// statement is what a client was charged, in neutral words: it says appointment,
// and nothing of what it was for.
func (p *Pages) statement(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.myChart(r, "statement")
	if err != nil {
		return err
	}
	table := assets.Table{Caption: "Your appointments", Head: []string{"Day", "What", "Minutes", "Your part", "Stands"}, Empty: "No appointment has been charged yet"}
	charges := slices.Clone(chart.Charges)
	order.By(charges, func(a, b care.Charge) int { return b.Start.Compare(a.Start) })
	for _, c := range charges {
		if c.State == care.ChargeVoid {
			continue
		}
		part := "as your plan says"
		if c.PartCents != nil {
			part = "about " + rules.Dollars(*c.PartCents)
		}
		if c.State == care.ChargeWrittenOff {
			part = rules.Dollars(0)
		}
		table.Rows = append(table.Rows, []string{c.On.Words(), "Appointment", strconv.Itoa(c.Minutes), part, chargeWords[c.State]})
	}
	return p.show(w, r, http.StatusOK, "statement", chart.Client.Zone, assets.Page{Title: "Statement", Data: table})
}
