// Package rules says what the programme says. A policy is a heading of the
// handbook with its sentences; each sentence has a test beside it that gives
// yes, no, or not yet known. Everything here is pure: facts and an instant go
// in, a decision with all its reasons comes out. There is no clock, no store
// and no context in it, and there must not be.
package rules

import "encoding/json"

// Truth has three values, because what nobody has checked yet is neither
// permission nor refusal.
type Truth int8

// The three truths. Unknown is the zero value: silence is not a yes.
const (
	Unknown Truth = iota
	Yes
	No
)

// Is turns a checked fact into a Truth.
func Is(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Verified turns a fact that may not have been checked into a Truth.
func Verified(b *bool) Truth {
	if b == nil {
		return Unknown
	}
	return Is(*b)
}

// String gives yes, no or unknown.
func (t Truth) String() string { return [...]string{"unknown", "yes", "no"}[t] }

// MarshalJSON writes a Truth as its word.
func (t Truth) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// Rule is one binding sentence of the handbook and the test of it. Says is a
// template as it stands in the handbook; its {words} come from the terms.
type Rule[Facts any] struct {
	Code  string
	Says  string
	Holds func(Facts) Truth
}

// Policy is a heading of the handbook with its rules. All of them are tested,
// none stops the others, so that a decision gives every reason.
type Policy[Facts any] struct {
	Heading string
	Rules   []Rule[Facts]
}

// Finding is what one rule said of the facts.
type Finding struct {
	Code  string `json:"code"`
	Says  string `json:"says"`
	Truth Truth  `json:"truth"`
}

// Decision is the outcome of a policy with everything it found. One no makes it
// no; else one unknown makes it unknown.
type Decision struct {
	Outcome  Truth     `json:"outcome"`
	Findings []Finding `json:"findings,omitempty"`
}

// Decide tests the facts against every rule.
func (p Policy[Facts]) Decide(facts Facts, words Words) Decision {
	d := Decision{Outcome: Yes, Findings: make([]Finding, 0, len(p.Rules))}
	for _, r := range p.Rules {
		d.add(Finding{Code: r.Code, Says: words.Render(r.Says), Truth: r.Holds(facts)})
	}
	return d
}

// Outcome is that of Decide, where nobody asks for the reasons.
func (p Policy[Facts]) Outcome(facts Facts) Truth {
	outcome := Yes
	for _, r := range p.Rules {
		outcome = worse(outcome, r.Holds(facts))
	}
	return outcome
}

// Allowed is the decision where there is nothing to object.
func Allowed() Decision { return Decision{Outcome: Yes} }

// All joins decisions into one that needs each of them.
func All(decisions ...Decision) Decision {
	joined := Decision{Outcome: Yes}
	for _, d := range decisions {
		for _, f := range d.Findings {
			joined.add(f)
		}
		joined.Outcome = worse(joined.Outcome, d.Outcome)
	}
	return joined
}

// Reasons are the findings that stand in the way: each no and each unknown.
func (d Decision) Reasons() []Finding {
	reasons := []Finding{}
	for _, f := range d.Findings {
		if f.Truth != Yes {
			reasons = append(reasons, f)
		}
	}
	return reasons
}

func (d *Decision) add(f Finding) {
	d.Findings = append(d.Findings, f)
	d.Outcome = worse(d.Outcome, f.Truth)
}

// better is the truth of "either": one yes is enough.
func better(a, b Truth) Truth {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return No
}

func worse(a, b Truth) Truth {
	switch {
	case a == No || b == No:
		return No
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Yes
}
