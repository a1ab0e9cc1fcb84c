package rules

import (
	"math"

	"careconnect/rules/care"
)

// CellFacts are what is known of one number that would leave the programme.
type CellFacts struct {
	Closed bool // its quarter is over
	People int  // the fewest people on whom anything rests that could be told from it
	Least  int  // the terms'
}

// MayRelease says whether a number may leave. Whether it is a count, a share or a
// median makes no difference.
var MayRelease = Policy[CellFacts]{
	Heading: "What is shared, and with whom?",
	Rules: []Rule[CellFacts]{
		{"reports.min_cell", "Employers and {payer} see counts of a finished quarter, and no count of fewer than {report_min_cell} people.", func(f CellFacts) Truth {
			return Is(f.Closed && f.People >= f.Least)
		}},
	},
}

// Release gives what may leave of the measures of a group. A number is held back
// where few people stand behind it, and a share also where few stand on one of its
// two sides, since the one follows from the other. How many people a median or a
// share rests on is not told: two such counts could be taken from each other.
func Release(m care.Measures, employer care.EmployerID, closed bool, terms care.Terms) care.Released {
	may := func(n, people int) *int {
		if MayRelease.Outcome(CellFacts{closed, people, terms.ReportMinCell}) != Yes {
			return nil
		}
		return &n
	}
	r := care.Released{Programme: m.Programme, Employer: employer, People: may(5*int(math.Round(float64(m.People)/5)), m.People)}
	for _, s := range m.Speeds {
		r.Hours = append(r.Hours, care.Told{Code: s.Code, N: may(int(math.Round(float64(s.Median)/3600)), s.People)})
	}
	percent := func(s care.Share) {
		told := care.Told{Code: s.Code}
		if s.Of > 0 {
			told.N = may(int(math.Round(100*float64(s.Is)/float64(s.Of))), min(s.People, s.Others))
		}
		r.Percent = append(r.Percent, told)
	}
	for _, s := range m.Shares {
		percent(s)
	}
	for _, c := range m.Changes {
		percent(c.Response)
		percent(c.Remission)
	}
	return r
}
