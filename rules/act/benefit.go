package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// MayAsk says whether a client may ask a provider now, by everything that a
// request is decided from. It explains; the request itself decides again.
func MayAsk(chart *care.Chart, provider rules.ProviderFacts, programme *care.Chart, at time.Time) rules.Decision {
	env := envAt(programme, at)
	return rules.MayRequest.Decide(requestFacts(chart, provider, env), env.Words)
}

// envAt is what surrounds a decision that is only explained.
func envAt(programme *care.Chart, at time.Time) Env {
	terms := rules.TermsAt(programme.Terms, at)
	return Env{Now: at, Programme: *programme.Programme, Terms: terms, Employers: programme.Employers, Words: rules.WordsFor(*programme.Programme, terms)}
}

// Benefit says what the employer's code of a client is worth at an instant, by
// the employers and terms of the programme's chart. It is asked anew each time,
// for employers come and go.
func Benefit(c care.Client, programme *care.Chart, at time.Time) rules.Decision {
	env := envAt(programme, at)
	return rules.ClientMayTakePart.Decide(clientFacts(c, env), env.Words)
}
