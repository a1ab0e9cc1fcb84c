package rules

import (
	"slices"
	"strings"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// ProviderFacts are what is known when a provider wants to take part, or a
// client wants to see who does.
type ProviderFacts struct {
	Provider care.Provider
	State    string // where the client is, two letters; empty: any state will do
	Today    calendar.Date
	Terms    care.Terms
}

const providers = "Who takes part as a provider?"

// ProviderMayTakePart says who takes part as a provider in the state of the
// facts: by licence and credential, by degree, and by a yes to each duty.
var ProviderMayTakePart = Policy[ProviderFacts]{
	Heading: providers,
	Rules:   append([]Rule[ProviderFacts]{credentialed, eligibleDegree}, duties()...),
}

// ProviderIsListed says who stands in the directory: whoever may take part and
// has opted in. A provider is listed if and only if all of it is true.
var ProviderIsListed = Policy[ProviderFacts]{
	Heading: providers,
	Rules:   append(slices.Clone(ProviderMayTakePart.Rules), optedIn),
}

// MayJoin says who may become active: it asks what ProviderMayTakePart asks,
// with any one state being enough, and its reasons name each duty without a yes.
var MayJoin = Policy[ProviderFacts]{
	Heading: providers,
	Rules: lift(ProviderMayTakePart.Rules, func(f ProviderFacts) ProviderFacts {
		f.State = ""
		return f
	}),
}

// MayLeave says who may leave the programme: whoever is in it. There is no
// second condition, and none may be added.
var MayLeave = Policy[ProviderFacts]{
	Heading: "Leaving",
	Rules: []Rule[ProviderFacts]{
		{"provider.opt_out", "A provider who takes part may leave at any time; there is no minimum stay and no notice to give.", func(f ProviderFacts) Truth {
			return Is(f.Provider.Standing == care.Active || f.Provider.Standing == care.Paused)
		}},
	},
}

var credentialed = Rule[ProviderFacts]{
	"provider.credentialed", "A provider takes part only where they hold a licence, and only while {payer} credentials them there.", func(f ProviderFacts) Truth {
		if len(f.Provider.Credentials) == 0 {
			return Unknown
		}
		states := f.Provider.States(f.Today)
		return Is(slices.Contains(states, f.State) || f.State == "" && len(states) > 0)
	},
}

var eligibleDegree = Rule[ProviderFacts]{
	"provider.degree", "A provider holds one of these degrees: {degrees}.", func(f ProviderFacts) Truth {
		switch {
		case f.Provider.Degree == "":
			return Unknown
		case slices.Contains(f.Terms.Degrees, f.Provider.Degree):
			return Yes
		case f.Provider.Degree == psyD:
			return Verified(f.Terms.PsyD)
		}
		return No
	},
}

var optedIn = Rule[ProviderFacts]{
	"provider.opt_in", "A provider opts in, says yes to each of the six duties, and stands in the directory from then on until they pause or leave.", func(f ProviderFacts) Truth {
		return Is(f.Provider.Standing == care.Active)
	},
}

// attestable are the six duties that a provider says yes to, in their order in
// the handbook. Also is what must be true besides the yes.
var attestable = []struct {
	code string
	says string
	also func(care.Provider) Truth
}{
	{"duty.virtual", "A provider offers virtual care.", func(p care.Provider) Truth { return Verified(p.Virtual) }},
	{"duty.portal", "A provider arranges and bills every {programme} visit in the portal.", nothingMore},
	{"duty.respond", DutyOf("respond").Says, nothingMore},
	{"duty.consult", DutyOf("consult").Says, nothingMore},
	{"duty.baseline", DutyOf("baseline").Says, nothingMore},
	{"duty.follow_up", DutyOf("follow_up").Says, nothingMore},
}

func nothingMore(care.Provider) Truth { return Yes }

// DutyCodes are the clauses of the six duties, in their order.
func DutyCodes() []string {
	var codes []string
	for _, d := range attestable {
		codes = append(codes, d.code)
	}
	return codes
}

// duties are the rules that each of the six has a yes. A yes that is missing is
// a no: opting in is an act, and nobody has done it.
func duties() []Rule[ProviderFacts] {
	var rules []Rule[ProviderFacts]
	for _, d := range attestable {
		rules = append(rules, Rule[ProviderFacts]{d.code, d.says, func(f ProviderFacts) Truth {
			return worse(Is(attested(f.Provider, d.code)), d.also(f.Provider))
		}})
	}
	return rules
}

func attested(p care.Provider, duty string) bool {
	return slices.ContainsFunc(p.Attested, func(a care.Attestation) bool { return a.Duty == duty })
}

const psyD = "psyd"

// degreeNames are the degrees as people say them.
var degreeNames = map[string]string{
	"masters": "master's level",
	"phd":     "psychology doctorate (PhD)",
	"np":      "nurse practitioner (NP)",
	psyD:      "doctor of psychology (PsyD)",
}

// degreesInWords lists the degrees that the terms accept, in their order. One
// that has no name here is shown as it is written.
func degreesInWords(t care.Terms) string {
	degrees := slices.Clone(t.Degrees)
	if Verified(t.PsyD) == Yes && !slices.Contains(degrees, psyD) {
		degrees = append(degrees, psyD)
	}
	for i, d := range degrees {
		if name, known := degreeNames[d]; known {
			degrees[i] = name
		}
	}
	return strings.Join(degrees, ", ")
}
