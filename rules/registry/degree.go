package registry

import (
	"slices"
	"strings"
	"unicode"
)

// The classes of degree that a credential can stand for.
const (
	PhD     = "phd"     // doctorate in psychology
	NP      = "np"      // nurse practitioner
	Masters = "masters" // masters level
	PsyD    = "psyd"    // a question: taken in, unlisted until the care team decides once for the instance
	Other   = "other"   // refused: the programme's text does not name it
)

// DegreeOf answers with the degree that a credential text stands for, however
// it is dotted, spaced or joined ("L.C.S.W.", "Ph. D.", "LMFT/LPC"). Of several
// credentials any eligible one qualifies, then the question, then the refused.
// Only where the text names no credential known here do the taxonomy codes
// speak, and they too must be ones that tell a degree. Where nothing tells one
// the answer is Other.
func DegreeOf(text string, taxonomies []string) string {
	found := namedIn(text)
	if len(found) == 0 {
		for _, code := range taxonomies {
			if t, ok := TaxonomyOf(code); ok && t.Degree != "" {
				found = append(found, t.Degree)
			}
		}
	}
	for _, degree := range precedence {
		if slices.Contains(found, degree) {
			return degree
		}
	}
	return Other
}

// precedence says which of a person's degrees is recorded.
var precedence = []string{PhD, NP, Masters, PsyD, Other}

// credentials names the abbreviations that tell a degree by themselves. MA, MS,
// MEd, MSN and DNP are left out on purpose: a physician or a nurse of another
// kind may hold them too, so the taxonomy speaks instead.
var credentials = []struct{ degree, abbreviations string }{
	{PhD, "PHD"},
	{NP, "NP APNP APRN ARNP CRNP DNPNP FNP FNPBC FNPC NPC PMHNP PMHNPBC PMHCNP PNP"},
	{Masters, "LCSW LCSWA LCSWC LCSWR LICSW LISW LISWS LISWCP LMSW LSCSW LCMFT LMFT LMFTA MFT IMFT " +
		"LMHC LMHCA LPC LPCA LPCC LPCCS LPCMH LCPC LCMHC LCMHCA LCPCC LIMHP LMHP LMHPC LIPC MSW MSSW MSSA"},
	{PsyD, "PSYD"},
	{Other, "MD DO MBBS MBCHB PA PAC RN BSN LPN LVN CNA CRNA CNM EDD DDS DMD DC DPM DPT OD OT OTR PT PHARMD RPH " +
		"AUD SLP CCCSLP BA BS BSW LBSW LSW AA AS RBT BCBA BCABA CADC LADC LCADC ND LAC RD"},
}

var degreeByAbbreviation = func() map[string]string {
	m := map[string]string{}
	for _, c := range credentials {
		for _, a := range strings.Fields(c.abbreviations) {
			m[a] = c.degree
		}
	}
	return m
}()

// longestRun is how many pieces one abbreviation can be broken into by dots
// and spaces: "P.M.H.N.P. B.C." has seven.
const longestRun = 7

// namedIn cuts a text at everything that is no letter, and joins neighbouring
// pieces again as long as they make an abbreviation, the longest first: so
// "L.M.F.T., Ph. D." is LMFT and PHD.
func namedIn(text string) []string {
	pieces := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return !unicode.IsLetter(r) })
	var found []string
	for at := 0; at < len(pieces); {
		step := 1
		for n := min(longestRun, len(pieces)-at); n > 0; n-- {
			if degree, ok := degreeByAbbreviation[strings.Join(pieces[at:at+n], "")]; ok {
				found, step = append(found, degree), n
				break
			}
		}
		at += step
	}
	return found
}
