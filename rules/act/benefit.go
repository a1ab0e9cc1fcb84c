package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// MayAsk says whether a client may ask a provider now, by everything that a
// request is decided from. It explains; the request itself decides again.
func MayAsk(chart *care.Chart, provider rules.ProviderFacts, programme *care.Chart, at time.Time) rules.Decision {
	terms := rules.TermsAt(programme.Terms, at)
	env := Env{Now: at, Programme: *programme.Programme, Terms: terms, Employers: programme.Employers}
	episode, _ := chart.OpenEpisode()
	return rules.MayRequest.Decide(rules.RequestFacts{
		Client: clientFacts(*chart.Client, env), Provider: provider,
		Open: openRequests(chart, episode.ID), Already: asked(chart, provider.Provider.ID), Enabled: env.Programme.Takes(programmeFor(chart, env)),
	}, rules.WordsFor(env.Programme, terms))
}

// Benefit says what the employer's code of a client is worth at an instant, by
// the employers and terms of the programme's chart. It is asked anew each time,
// for employers come and go.
func Benefit(c care.Client, programme *care.Chart, at time.Time) rules.Decision {
	terms := rules.TermsAt(programme.Terms, at)
	env := Env{Now: at, Programme: *programme.Programme, Terms: terms, Employers: programme.Employers}
	return rules.ClientMayTakePart.Decide(clientFacts(c, env), rules.WordsFor(env.Programme, terms))
}
