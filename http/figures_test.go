package http_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"careconnect/rules/care"
)

// R2: the call that the contract names gives the care team the measures, and the
// payer partner and an employer what was released of a quarter that is over, and
// nobody else anything.
func TestR2FiguresLeaveOnlyAsTheyWereReleased(t *testing.T) {
	s := newSite(t)
	ask := func(role care.Role, quarter string) (int, map[string]any) {
		t.Helper()
		bearer := ""
		if token := s.token(role); token != "" {
			bearer = "Bearer " + token
		}
		w := s.ask("GET", "/api/v1/reports/programme?period="+quarter, "", "Authorization", bearer, "Accept", "application/json")
		var v map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		return w.Code, v
	}
	move := func(to string) {
		t.Helper()
		if w := s.ask("POST", "/qa/clock", `{"to":"`+to+`"}`, "Content-Type", "application/json"); w.Code != http.StatusOK {
			t.Fatalf("the clock answers %d", w.Code)
		}
	}
	move("2026-11-24T12:00:00Z")
	status, open := ask(care.RoleCareTeam, "2026-Q4")
	if status != http.StatusOK || open["final"] != false || open["as_of"] != "2026-11-24" {
		t.Fatalf("%d %v", status, open)
	}
	first := open["programmes"].([]any)[0].(map[string]any)
	if first["sought"].(float64) < 1 || len(first["speeds"].([]any)) != 3 || len(first["shares"].([]any)) != 2 || len(first["changes"].([]any)) != 2 {
		t.Errorf("%v", first)
	}
	for role, want := range map[care.Role]int{
		care.RolePayer: 404, care.RoleEmployer: 404, care.RoleClient: 403, care.RoleProvider: 403, care.RoleClinical: 403, care.RoleBilling: 403, care.RoleOperator: 403, care.RoleAnonymous: 401,
	} {
		if status, _ := ask(role, "2026-Q4"); status != want {
			t.Errorf("%s is answered %d, want %d", role, status, want)
		}
	}
	move("2027-01-02T12:00:00Z")
	_, open = ask(care.RoleCareTeam, "2026-Q4")
	if open["final"] != true || open["as_of"] != "2027-01-01" || !strings.HasPrefix(open["taken_at"].(string), "2027-01-01T08:00:00") {
		t.Errorf("the night after the quarter did not end it: %v %v %v", open["final"], open["as_of"], open["taken_at"])
	}
	for _, role := range []care.Role{care.RolePayer, care.RoleEmployer} {
		status, told := ask(role, "2026-Q4")
		if status != http.StatusOK || told["programmes"] != nil || told["taken_at"] != nil || len(told["released"].([]any)) != 1 {
			t.Errorf("%s is told %d %v", role, status, told)
		}
	}
	if status, _ := ask(care.RoleCareTeam, "2025-Q1"); status != 404 {
		t.Errorf("a quarter that nobody knows of: %d", status)
	}
	for _, wrong := range []string{"", "2026", "2026-Q5", "2026-q4", "Q4-2026", "2026-Q4-and-more"} {
		if status, told := ask(care.RoleCareTeam, wrong); status != 422 || told["detail"] != "Please mend: query.period: give a quarter, such as 2026-Q4." {
			t.Errorf("%q for a quarter: %d %v", wrong, status, told["detail"])
		}
	}
}
