package registry

import "strings"

// Taxonomy is one kind of clinician in the public code set of provider
// taxonomies (http://nucc.org/provider-taxonomy).
type Taxonomy struct {
	Code   string
	Label  string
	Class  string // masters, doctorate_psychology or nurse_practitioner
	Degree string // the degree it tells by itself; empty for psychologists, who may be PhD or PsyD
}

// TaxonomyOf finds an eligible taxonomy by its code, and answers false for a
// code that is not in the programme's list.
func TaxonomyOf(code string) (Taxonomy, bool) {
	for _, t := range taxonomies {
		if t.Code == code {
			return t, true
		}
	}
	return Taxonomy{}, false
}

var taxonomies = []Taxonomy{
	{"1041C0700X", "Social Worker, Clinical", "masters", Masters},
	{"106H00000X", "Marriage & Family Therapist", "masters", Masters},
	{"101YM0800X", "Counselor, Mental Health", "masters", Masters},
	{"101YP2500X", "Counselor, Professional", "masters", Masters},
	{"103TC0700X", "Psychologist, Clinical", "doctorate_psychology", ""},
	{"103T00000X", "Psychologist", "doctorate_psychology", ""},
	{"103TC1900X", "Psychologist, Counseling", "doctorate_psychology", ""},
	{"363LP0808X", "Nurse Practitioner, Psychiatric/Mental Health", "nurse_practitioner", NP},
	{"363L00000X", "Nurse Practitioner", "nurse_practitioner", NP},
}

// KnownState says whether a two-letter code is a state, the District of
// Columbia or a territory of the United States, all of which license
// clinicians. The registry prints ZZ for places abroad.
func KnownState(code string) bool {
	return len(code) == 2 && strings.Contains(states, " "+code+" ")
}

const states = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI "
