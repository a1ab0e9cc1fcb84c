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
	Versions []care.Terms // all that were ever in force: an earlier yes was to one of them
	Panel    int          // clients whom the provider has taken on and not let go
	Invited  bool         // the client who asks was invited from the provider's waiting list
}

const providers = "Who takes part as a provider?"

// ProviderMayTakePart says who takes part as a provider in the state of the
// facts: by licence and credential, by degree, and by a yes to each duty.
var ProviderMayTakePart = Policy[ProviderFacts]{
	Heading: providers,
	Rules:   append([]Rule[ProviderFacts]{credentialed, eligibleDegree, yesToToday}, duties()...),
}

// ProviderDegree says whose degree qualifies.
var ProviderDegree = Policy[ProviderFacts]{Heading: providers, Rules: []Rule[ProviderFacts]{eligibleDegree}}

// ProviderIsListed says who stands in the directory: whoever may take part and
// has opted in and takes new clients. A provider is listed if and only if all of
// it is true.
var ProviderIsListed = Policy[ProviderFacts]{
	Heading: providers,
	Rules:   append(slices.Clone(ProviderMayTakePart.Rules), optedIn, accepting),
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
			return Is(slices.Contains(inside, f.Provider.Standing))
		}},
	},
}

// inside are the states from which a provider can leave.
var inside = []care.Participation{care.PendingReview, care.Active, care.Paused, care.Suspended}

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
		degrees := f.Provider.AllDegrees()
		if len(degrees) == 0 {
			return Unknown
		}
		best := No
		for _, d := range degrees {
			best = better(best, degreeTruth(d, f.Terms))
		}
		return best
	},
}

// degreeTruth says whether one degree qualifies; of several any one is enough.
func degreeTruth(degree string, t care.Terms) Truth {
	if degree == psyD {
		return Verified(t.PsyD)
	}
	return Is(slices.Contains(t.Degrees, degree))
}

// yesToToday holds while each yes was to the duty as it is today, and for some
// days after it changed.
var yesToToday = Rule[ProviderFacts]{
	"provider.attest_again", "When a duty changes, a provider says yes to it again within {reattest_days} days; until then the earlier yes counts.", func(f ProviderFacts) Truth {
		for _, a := range f.Provider.Attested {
			if until, asked := Outdated(f, a); asked && until.Before(f.Today) {
				return No
			}
		}
		return Yes
	},
}

// accepting holds while the provider takes new clients, by their own word, and for
// whom they make an exception.
var accepting = Rule[ProviderFacts]{
	"provider.accepting", "A provider stands in the directory while they take new clients: below the number that they set themselves, and not only onto a waiting list; whom they invite from that list can ask them all the same.", func(f ProviderFacts) Truth {
		return Is(f.Invited || !f.Provider.WaitlistOnly && f.Roomy())
	},
}

// Roomy says whether there is room below the number of clients that a provider
// has set themselves.
func (f ProviderFacts) Roomy() bool { return f.Provider.Caseload == 0 || f.Panel < f.Provider.Caseload }

var keepsList = Rule[ProviderFacts]{
	"waitlist.kept", "A provider who takes nobody new can keep a waiting list: who could ask them otherwise can put their name on it.", func(f ProviderFacts) Truth {
		return Is(f.Provider.WaitlistOnly)
	},
}

// ProviderKeepsList says whose waiting list a client in the state of the facts can
// join: whoever would be listed, did they take new clients.
var ProviderKeepsList = Policy[ProviderFacts]{
	Heading: waitlists,
	Rules:   append(slices.Clone(ProviderMayTakePart.Rules), optedIn, keepsList),
}

// Outdated says whether a yes was to a duty that has changed since, and through
// which day it still counts.
func Outdated(f ProviderFacts, a care.Attestation) (until calendar.Date, asked bool) {
	if a.Version == f.Terms.Version || len(f.Versions) < 2 {
		return calendar.Date{}, false
	}
	given, known := TermsOf(f.Versions, a.Version)
	if !known || sameDuty(a.Duty, given, f.Terms) {
		return calendar.Date{}, false
	}
	changed := f.Terms.Effective
	for _, t := range f.Versions {
		if t.Effective.After(a.At) && t.Effective.Before(changed) && !sameDuty(a.Duty, given, t) {
			changed = t.Effective
		}
	}
	return calendar.On(changed, Zone(f.Provider.Hours.Zone)).AddDays(f.Terms.ReattestDays), true
}

// MustAttest says whether somebody who takes part is asked for a yes again by a
// version of the terms.
func MustAttest(p care.Provider, versions []care.Terms, to care.Terms) bool {
	if p.Standing != care.Active && p.Standing != care.Paused {
		return false
	}
	return slices.ContainsFunc(p.Attested, func(a care.Attestation) bool {
		_, asked := Outdated(ProviderFacts{Provider: p, Terms: to, Versions: versions}, a)
		return asked
	})
}

// numbersIn are the numbers that each duty's sentence names; the others name none.
var numbersIn = map[string]func(care.Terms) [2]int{
	"duty.respond":   func(t care.Terms) [2]int { return [2]int{t.RespondHours} },
	"duty.consult":   func(t care.Terms) [2]int { return [2]int{t.ConsultDays} },
	"duty.follow_up": func(t care.Terms) [2]int { return [2]int{t.FollowUpOpensDay, t.FollowUpClosesDay} },
}

func sameDuty(duty string, a, b care.Terms) bool {
	numbers, has := numbersIn[duty]
	return a.Wording == b.Wording && (!has || numbers(a) == numbers(b))
}

// WantsCareTeam says whether all that stands in the way of joining is for the
// care team to find out: then the provider has done their part.
func WantsCareTeam(d Decision) bool {
	for _, f := range d.Reasons() {
		if f.Truth != Unknown || f.Code != credentialed.Code && f.Code != eligibleDegree.Code {
			return false
		}
	}
	return d.Outcome == Unknown
}

// HasMovedOn says whether all that stands in the way is that the provider takes
// nobody new at present: it was otherwise when whoever asks looked.
func HasMovedOn(d Decision) bool {
	for _, f := range d.Reasons() {
		if f.Code != optedIn.Code && f.Code != accepting.Code && f.Code != virtualDuty {
			return false
		}
	}
	return d.Outcome != Yes
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
	{virtualDuty, "A provider offers virtual care.", func(p care.Provider) Truth { return Verified(p.Virtual) }},
	{"duty.portal", "A provider arranges and bills every {programme} visit in the portal.", nothingMore},
	{"duty.respond", DutyOf("respond").Says, nothingMore},
	{"duty.consult", DutyOf("consult").Says, nothingMore},
	{"duty.baseline", DutyOf("baseline").Says, nothingMore},
	{"duty.follow_up", DutyOf("follow_up").Says, nothingMore},
}

const virtualDuty = "duty.virtual"

func nothingMore(care.Provider) Truth { return Yes }

// StatesOf are the states of which anything is known about a provider: a licence
// or a credential.
func StatesOf(p care.Provider) []string {
	var states []string
	for _, l := range p.Licences {
		states = append(states, l.State)
	}
	for _, c := range p.Credentials {
		states = append(states, c.State)
	}
	slices.Sort(states)
	return slices.Compact(states)
}

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

// DutySays is the sentence of one of the six.
func DutySays(code string, words Words) string {
	for _, d := range attestable {
		if d.code == code {
			return words.Render(d.says)
		}
	}
	return ""
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
