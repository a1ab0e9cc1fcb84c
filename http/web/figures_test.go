package web_test

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// R2: the care team reads the measures as they were found, on a page and in a file.
func TestR2FiguresOnThePage(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	provider := d.one(care.RoleProvider, 1)
	_, asked := d.asked(provider.ID)
	d.do(care.Actor{Role: care.RoleProvider, Chart: provider.ID}, act.Accept{Referral: asked.ID})
	d.wait(3 * 24 * time.Hour)
	chart := d.chart(care.FiguresChart)
	f := chart.Figures[len(chart.Figures)-1]
	m := f.Programmes[0]
	if m.Sought == 0 || m.Speeds[0].N == 0 {
		t.Fatalf("the demo has too little to measure: %+v", f)
	}
	wants(t, d.page(team, "/ops/figures"), "From a request to its answer", "Promises that were kept", "PHQ-9", f.Quarter, "not before the quarter is over", strconv.Itoa(m.Speeds[0].N))
	rows, err := csv.NewReader(strings.NewReader(d.page(team, "/ops/figures.csv?quarter="+f.Quarter))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, row := range rows {
		found[row[4]] = row
	}
	for _, s := range m.Speeds {
		if row := found[s.Code]; row == nil || row[5] != strconv.Itoa(s.N) || row[6] != strconv.FormatInt(s.Median, 10) || row[7] != strconv.FormatInt(s.P90, 10) {
			t.Errorf("%s: the file says %v", s.Code, row)
		}
	}
	for _, s := range m.Shares {
		if row := found[s.Code]; row == nil || row[5] != strconv.Itoa(s.Of) || row[8] != strconv.Itoa(s.Is) {
			t.Errorf("%s: the file says %v", s.Code, row)
		}
	}
	for _, role := range []care.Role{care.RoleClient, care.RoleProvider, care.RoleClinical, care.RolePayer, care.RoleEmployer, care.RoleOperator, care.RoleBilling} {
		for _, path := range []string{"/ops/figures", "/ops/figures.csv?quarter=" + f.Quarter} {
			if status, _ := d.get(d.one(role, 0), path); status != http.StatusForbidden {
				t.Errorf("%s: %s answers %d", role, path, status)
			}
		}
	}
	if status, _ := d.get(team, "/ops/figures?quarter=2020-Q1"); status != http.StatusNotFound {
		t.Errorf("a quarter that nobody knows of: %d", status)
	}
}
