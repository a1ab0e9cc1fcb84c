package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// good is a row that is imported; each case spoils it in one way or several.
func good() Row {
	r := Row{NPI: "2000000002", EntityType: "1", Last: "D'ÑANDÚVALE-ËRM", First: "ÉLOWEN", CredentialText: "L.C.S.W.",
		City: "Springfield", State: "ny", LastUpdate: "02/14/2025", Gender: "F"}
	r.Slots[0] = Slot{"103T00000X", "L000001", "NJ", "N"}
	r.Slots[1] = Slot{"1041C0700X", "L000002", "NY", "Y"}
	return r
}

func TestJudge(t *testing.T) {
	never := func(string) bool { return false }
	always := func(string) bool { return true }
	cases := []struct {
		name  string
		spoil func(*Row)
		seen  func(string) bool
		want  Reason
	}{
		{"a good row", func(*Row) {}, never, ""},
		{"no rows before", func(*Row) {}, nil, ""},
		{"organisation", func(r *Row) { r.EntityType = "2" }, never, Organisation},
		{"organisation before deactivated", func(r *Row) { r.EntityType, r.DeactivationDate = "2", "03/14/2023" }, never, Organisation},
		{"deactivated", func(r *Row) { r.EntityType, r.DeactivationDate = "", "03/14/2023" }, never, Deactivated},
		{"deactivated before bad npi", func(r *Row) { r.NPI, r.DeactivationDate = "1", "03/14/2023" }, never, Deactivated},
		{"reactivated later", func(r *Row) { r.DeactivationDate, r.ReactivationDate = "12/14/2022", "01/02/2023" }, never, ""},
		{"reactivated the same day", func(r *Row) { r.DeactivationDate, r.ReactivationDate = "12/14/2022", "12/14/2022" }, never, ""},
		{"reactivated, then deactivated again", func(r *Row) { r.DeactivationDate, r.ReactivationDate = "12/14/2022", "12/31/2021" }, never, Deactivated},
		{"unreadable deactivation", func(r *Row) { r.DeactivationDate, r.ReactivationDate = "soon", "12/31/2021" }, never, Deactivated},
		{"check digit", func(r *Row) { r.NPI = "2000000003" }, never, BadNPI},
		{"bad npi before duplicate", func(r *Row) { r.NPI = "2000000003" }, always, BadNPI},
		{"duplicate", func(*Row) {}, always, Duplicate},
		{"duplicate before degree", func(r *Row) { r.CredentialText = "MD" }, always, Duplicate},
		{"degree", func(r *Row) { r.CredentialText = "M.D." }, never, NoDegree},
		{"degree before licence", func(r *Row) { r.CredentialText, r.Slots = "MD", [Slots]Slot{} }, never, NoDegree},
		{"no licence", func(r *Row) { r.Slots[0].Number, r.Slots[1].Number = "", "" }, never, NoLicence},
		{"licence without a state", func(r *Row) { r.Slots[0].State, r.Slots[1].State = "", "ZZ" }, never, NoLicence},
		{"a word for a licence", func(r *Row) { r.Slots[0].Number, r.Slots[1].Number = "PENDING", "N/A" }, never, NoLicence},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := good()
			c.spoil(&r)
			got, reason := Judge(r, c.seen)
			if reason != c.want {
				t.Fatalf("reason %q, want %q", reason, c.want)
			}
			if reason != "" && !cmp.Equal(got, Candidate{}) {
				t.Error("a skipped row still gives a candidate")
			}
		})
	}
}

func TestCandidateKeepsWhatTheRegistryPrints(t *testing.T) {
	r := good()
	r.First = " ÉLOWEN\x07 "
	got, reason := Judge(r, nil)
	want := Candidate{NPI: "2000000002", First: "ÉLOWEN", Last: "D'ÑANDÚVALE-ËRM", CredentialText: "L.C.S.W.", Degree: Masters,
		Taxonomies: []string{"1041C0700X", "103T00000X"},
		Licences:   []Licence{{"NJ", "L000001", "103T00000X"}, {"NY", "L000002", "1041C0700X"}},
		Gender:     "F", City: "Springfield", State: "NY", LastUpdate: "2025-02-14"}
	if reason != "" {
		t.Fatalf("skipped: %s", reason)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDegreeOf(t *testing.T) {
	cases := []struct {
		text, taxonomy, want string
	}{
		{"LCSW", "", Masters},
		{"L.C.S.W.", "", Masters},
		{"l. c. s. w.", "", Masters},
		{"LCSW-R", "", Masters},
		{"M.A.LMFT", "", Masters},
		{"LPCC-S", "", Masters},
		{"P.h.D.", "", PhD},
		{"Ph. D.", "", PhD},
		{"Ph.D., LCSW", "", PhD},
		{"P.M.H.N.P. B.C.", "", NP},
		{"PMHNP-BC", "", NP},
		{"DNP, APRN, FNP-C", "", NP},
		{"PsyD", "", PsyD},
		{"P.s.y.D.", "", PsyD},
		{"Psy.D./LMFT", "", Masters},
		{"Psy.D., M.D.", "", PsyD},
		{"MD", "", Other},
		{"M.D.", "1041C0700X", Other},
		{"MD, LCSW", "", Masters},
		{"R.N.", "363LP0808X", Other},
		{"", "1041C0700X", Masters},
		{"M.S.", "106H00000X", Masters},
		{"M.S., M.D.", "106H00000X", Other},
		{"MSN", "363LP0808X", NP},
		{"", "103TC0700X", Other},
		{"", "2084P0800X", Other},
		{"", "", Other},
		{"??? 1234", "", Other},
	}
	for _, c := range cases {
		if got := DegreeOf(c.text, []string{c.taxonomy}); got != c.want {
			t.Errorf("DegreeOf(%q, %q) = %s, want %s", c.text, c.taxonomy, got, c.want)
		}
	}
}

func TestValidNPI(t *testing.T) {
	cases := map[string]bool{
		"1234567893": true, "1245319599": true, "1679576722": true, "2000000002": true,
		"1234567890": false, "1234567839": false, "123456789": false, "12345678930": false, "": false,
		"3000000001": false, "0000000006": false, "12345678X3": false, "１２３４": false, "-234567893": false,
	}
	for npi, want := range cases {
		if ValidNPI(npi) != want {
			t.Errorf("ValidNPI(%q) = %v", npi, !want)
		}
	}
}

// Exactly one of the ten last digits makes nine digits an NPI.
func TestCheckDigit(t *testing.T) {
	for _, nine := range []string{"200000000", "299999999", "123456789", "287654321"} {
		valid := 0
		for d := byte('0'); d <= '9'; d++ {
			if ValidNPI(nine + string(d)) {
				valid++
			}
		}
		if d, ok := CheckDigit(nine); valid != 1 || !ok || !ValidNPI(nine+string(d)) {
			t.Errorf("%s: %d valid endings", nine, valid)
		}
	}
	if _, ok := CheckDigit("12345678X"); ok {
		t.Error("a letter has a check digit")
	}
}

func TestColumnsNameEachFieldOnce(t *testing.T) {
	seen, fields, r := map[string]bool{}, map[*string]bool{}, Row{}
	for _, c := range Columns() {
		for _, h := range c.Headers {
			if seen[h] {
				t.Errorf("%q twice", h)
			}
			seen[h] = true
		}
		if fields[c.Field(&r)] {
			t.Errorf("%q shares its field", c.Headers[0])
		}
		fields[c.Field(&r)] = true
	}
	if len(fields) != 13+4*Slots {
		t.Errorf("%d fields", len(fields))
	}
}
