package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Benefit says what the employer's code of a client is worth at an instant, by
// the employers and terms of the programme's chart. It is asked anew each time,
// for employers come and go.
func Benefit(c care.Client, programme *care.Chart, at time.Time) rules.Decision {
	terms := rules.TermsAt(programme.Terms, at)
	env := Env{Now: at, Programme: *programme.Programme, Terms: terms, Employers: programme.Employers}
	return rules.ClientMayTakePart.Decide(clientFacts(c, env), rules.WordsFor(env.Programme, terms))
}
