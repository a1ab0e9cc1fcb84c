package web_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// TestR45BillingFromTheSessionToTheClaim: an attended session is ready once its
// plan is eligible, goes out once, and a second export has no rows; the provider
// reads the month, the client a statement in neutral words.
func TestR45BillingFromTheSessionToTheClaim(t *testing.T) {
	d := newDemo(t)
	team, bill := d.one(care.RoleCareTeam, 0), d.one(care.RoleBilling, 0)
	me := d.one(care.RoleClient, 4) // in care
	chart := d.chart(me.ID)
	var session care.Appointment
	for _, ap := range chart.Appointments {
		if ap.Type == care.Session && ap.Status == care.Attended {
			session = ap
		}
	}
	plan, _ := chart.CurrentCoverage()
	if len(chart.Charges) != 1 || chart.Charges[0].State != care.ChargeHeld {
		t.Fatalf("before the plan is verified: %v", chart.Charges)
	}
	wants(t, d.done(bill, "/billing/export", nil), "Nothing was ready")
	d.do(care.Actor{Role: care.RoleCareTeam, Chart: team.ID}, act.VerifyCoverage{Coverage: plan.ID, Result: care.Eligible})
	page := d.page(bill, "/billing")
	wants(t, page, "Ready (1)", chart.Client.Name)
	wants(t, d.done(bill, "/billing/export", nil), "The claim file is made", "Ready (0)", "Out (1)")
	wants(t, d.done(bill, "/billing/export", nil), "Nothing was ready")

	file := between(t, d.page(bill, "/billing"), `href="/billing/claims/`, `"`)
	rows, err := csv.NewReader(strings.NewReader(d.page(bill, "/billing/claims/"+file))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	claim := map[string]string{}
	for i, column := range rows[0] {
		claim[column] = rows[1][i]
	}
	for column, want := range map[string]string{
		"purpose": "payment_claim", "client": chart.Client.Name, "member_id": plan.MemberID, "code": "90834", "minutes": "50", "modifier": "95", "place_of_service": "10",
	} {
		if claim[column] != want {
			t.Errorf("%s is %q, want %q", column, claim[column], want)
		}
	}
	id := string(d.chart(me.ID).Charges[0].ID)
	wants(t, d.done(bill, "/billing/c/"+id+"/settle", url.Values{"result": {"rejected"}, "why": {"no such member"}}), "Rejected by the plan")
	wants(t, d.done(bill, "/billing/c/"+id+"/correct", url.Values{"service": {"individual"}, "minutes": {"50"}, "fee": {"150"}, "why": {"number mended"}}), "Corrected, goes out again")
	wants(t, d.done(bill, "/billing/export", nil), "The claim file is made")
	wants(t, d.done(bill, "/billing/c/"+id+"/settle", url.Values{"result": {"accepted"}}), "Accepted by the plan")

	provider := d.one(care.RoleProvider, 0) // who gave it
	month := session.Start.UTC().Format("2006-01")
	wants(t, d.page(provider, "/pro/billing?month="+month), chart.Client.Name, "accepted by the plan", "$150.00")
	wants(t, d.page(provider, "/pro/billing.csv?month="+month), "client_part_estimate", "90834")
	statement := d.page(me, "/me/statement")
	wants(t, statement, "Appointment", "An estimate: your insurer decides")
	main := between(t, statement, "<main", "</main>")
	for _, word := range []string{"session", "therap", "90834", "mental"} {
		if strings.Contains(strings.ToLower(main), word) {
			t.Errorf("the statement says %q", word)
		}
	}
	for _, role := range []care.Role{care.RoleCareTeam, care.RoleClinical, care.RolePayer, care.RoleEmployer, care.RoleOperator, care.RoleProvider, care.RoleClient} {
		for _, path := range []string{"/billing", "/billing/claims/" + file, "/billing/c/" + id} {
			if status, _ := d.get(d.one(role, 0), path); status == http.StatusOK {
				t.Errorf("%s opens %s", role, path)
			}
		}
	}
}
