// Package registry says who a provider is according to the public registry of
// provider identifiers (NPPES). The registry gives each clinician and each
// organisation one number, the NPI, and prints one row for it: a name, the
// credentials as the person typed them, up to fifteen taxonomy codes, and a
// licence beside each code. A row says nothing of credentialing by the payer,
// of virtual care, or of the six duties, so a good row makes a candidate and
// no more. Judge walks one table of reasons, in the order in which a person
// would ask, and answers with the candidate or with the first reason why the
// row is not one.
//
// The package only knows; it opens no file and keeps no state.
package registry

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Judge reads one row and answers with the candidate it describes, or with the
// first reason, in the order of Reasons, why it describes none. seen says
// whether an earlier row bore the same valid NPI, whatever became of that row:
// the first row of an NPI wins, so that an organisation's number is not taken
// over by a person further down. It may be nil where there are no earlier
// rows. An empty Reason means that the candidate stands; with any other the
// candidate is empty.
func Judge(r Row, seen func(npi string) bool) (Candidate, Reason) {
	c := candidate(r)
	for _, t := range reasons {
		if t.holds(r, c, seen) {
			return Candidate{}, t.reason
		}
	}
	return c, ""
}

// Candidate is a person whom the registry knows with an eligible or an
// undecided degree and at least one licence. It is public data as the registry
// prints it: names keep their case, accents and apostrophes.
type Candidate struct {
	NPI            string    `json:"npi"`
	First          string    `json:"first"`
	Middle         string    `json:"middle,omitempty"`
	Last           string    `json:"last"`
	Suffix         string    `json:"suffix,omitempty"`
	CredentialText string    `json:"credential_text,omitempty"`
	Degree         string    `json:"degree"`                // masters, phd, np or psyd
	Taxonomies     []string  `json:"taxonomies"`            // each code once, the primary first
	Licences       []Licence `json:"licences"`              // at least one, each once
	Gender         string    `json:"gender,omitempty"`      // F, M, X, or empty where not said
	City           string    `json:"city,omitempty"`        // of the practice
	State          string    `json:"state,omitempty"`       // of the practice, two letters
	LastUpdate     string    `json:"last_update,omitempty"` // YYYY-MM-DD, or empty where not a date
}

// Licence is one state's licence as the registry prints it. It carries no end
// date: whether it is in force is for credentialing to find out.
type Licence struct {
	State    string `json:"state"`
	Number   string `json:"number"`
	Taxonomy string `json:"taxonomy"`
}

// Reason is the code under which a row is skipped; empty means it was not.
type Reason string

// The reasons to skip a row, in the order in which they are asked.
const (
	Organisation Reason = "organisation" // the NPI is that of an organisation
	Deactivated  Reason = "deactivated"  // the NPI was withdrawn and not given back
	BadNPI       Reason = "bad_npi"      // the number is not an NPI, or its check digit is wrong
	Duplicate    Reason = "duplicate"    // an earlier row bore the same NPI
	NoDegree     Reason = "degree"       // no eligible degree, and none that is a question
	NoLicence    Reason = "no_licence"   // no licence number with its state
)

var reasons = []struct {
	reason Reason
	holds  func(r Row, c Candidate, seen func(string) bool) bool
}{
	{Organisation, func(r Row, _ Candidate, _ func(string) bool) bool { return clean(r.EntityType) == "2" }},
	{Deactivated, func(r Row, _ Candidate, _ func(string) bool) bool { return deactivated(r) }},
	{BadNPI, func(_ Row, c Candidate, _ func(string) bool) bool { return !ValidNPI(c.NPI) }},
	{Duplicate, func(_ Row, c Candidate, seen func(string) bool) bool { return seen != nil && seen(c.NPI) }},
	{NoDegree, func(_ Row, c Candidate, _ func(string) bool) bool { return c.Degree == Other }},
	{NoLicence, func(_ Row, c Candidate, _ func(string) bool) bool { return len(c.Licences) == 0 }},
}

// Reasons lists every reason in the order in which Judge asks them.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons))
	for _, t := range reasons {
		all = append(all, t.reason)
	}
	return all
}

// deactivated holds while the registry has withdrawn the number: a
// reactivation counts only from the day of the deactivation on, and a date
// that cannot be read gives nothing back.
func deactivated(r Row) bool {
	if clean(r.DeactivationDate) == "" {
		return false
	}
	off, on := isoDate(r.DeactivationDate), isoDate(r.ReactivationDate)
	return off == "" || on < off
}

func candidate(r Row) Candidate {
	taxonomies := taxonomiesOf(r)
	return Candidate{
		NPI: clean(r.NPI), First: clean(r.First), Middle: clean(r.Middle), Last: clean(r.Last), Suffix: clean(r.Suffix),
		CredentialText: clean(r.CredentialText),
		Degree:         DegreeOf(r.CredentialText, taxonomies),
		Taxonomies:     taxonomies,
		Licences:       licencesOf(r),
		Gender:         oneOf(clean(r.Gender), "F", "M", "X"),
		City:           clean(r.City), State: strings.ToUpper(clean(r.State)),
		LastUpdate: isoDate(r.LastUpdate),
	}
}

func taxonomiesOf(r Row) []string {
	var codes []string
	for _, primary := range []bool{true, false} {
		for _, s := range r.Slots {
			code := strings.ToUpper(clean(s.Taxonomy))
			if code != "" && (clean(s.Primary) == "Y") == primary && !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// licencesOf takes each number that stands beside a state. A "number" without
// any digit is a word such as PENDING, and no licence.
func licencesOf(r Row) []Licence {
	var licences []Licence
	for _, s := range r.Slots {
		l := Licence{State: strings.ToUpper(clean(s.State)), Number: clean(s.Number), Taxonomy: strings.ToUpper(clean(s.Taxonomy))}
		if KnownState(l.State) && strings.ContainsAny(l.Number, "0123456789") && !slices.Contains(licences, l) {
			licences = append(licences, l)
		}
	}
	return licences
}

// clean removes what is no part of a value: space around it and control
// characters inside. It copies, so that a candidate does not hold on to the
// whole line of the file it was cut from.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return strings.Clone(strings.TrimSpace(s))
}

func oneOf(s string, allowed ...string) string {
	if slices.Contains(allowed, s) {
		return s
	}
	return ""
}

// isoDate turns the registry's MM/DD/YYYY into YYYY-MM-DD, which sorts by age,
// or into nothing where it is not a date.
func isoDate(s string) string {
	t, err := time.Parse("01/02/2006", clean(s))
	if err != nil {
		return ""
	}
	return t.Format(time.DateOnly)
}
