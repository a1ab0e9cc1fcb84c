package rules

import (
	"slices"
	"strings"

	"careconnect/rules/care"
)

// CoverageFacts are what is known when somebody asks whether a session is
// covered.
type CoverageFacts struct {
	Coverage *care.Coverage // the one in force on the day; nil: no plan was given
	Benefit  Truth          // what ClientMayTakePart found of the employer
	Plans    []care.UnprocessablePlan
}

// SessionIsCovered says whether a session may be called covered: the benefit
// and an eligible plan, both. It never says whether a session may take place.
var SessionIsCovered = Policy[CoverageFacts]{
	Heading: "How is care covered?",
	Rules: []Rule[CoverageFacts]{
		{"client.coverage", "Sessions are covered only together with an eligible health plan or EAP of {payer}.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			return verdicts[f.Coverage.Status]
		}},
		{"client.employed", "A client is employed, today, by an employer that offers {programme}.", func(f CoverageFacts) Truth {
			return f.Benefit
		}},
		{"coverage.not_insurance", "{programme} is neither an insurance plan nor an EAP, so it can never be entered as the plan that pays.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			return Is(f.Coverage.Type == care.HealthPlan || f.Coverage.Type == care.EAP)
		}},
		{"coverage.cannot_process", "A session is not covered on a plan that our systems cannot process; such plans and their states are published, and client and provider are both told.", func(f CoverageFacts) Truth {
			if f.Coverage == nil {
				return Unknown
			}
			return Is(!Unprocessable(f.Plans, f.Coverage.Payer, f.Coverage.Plan, f.Coverage.State))
		}},
	},
}

// verdicts are what the care team's finding means for a session. What is not in
// the table has not been verified.
var verdicts = map[care.CoverageStatus]Truth{
	care.Eligible:         Yes,
	care.Ineligible:       No,
	care.NonParticipating: No,
}

// Unprocessable says whether a payer's plan stands on the published list for a
// state. Letter case and blanks do not count; an entry without a state holds
// in every state.
func Unprocessable(plans []care.UnprocessablePlan, payer, plan, state string) bool {
	return slices.ContainsFunc(plans, func(p care.UnprocessablePlan) bool {
		return alike(p.Payer, payer) && alike(p.Plan, plan) && (alike(p.State, "") || alike(p.State, state))
	})
}

func alike(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), ""), strings.Join(strings.Fields(b), ""))
}
