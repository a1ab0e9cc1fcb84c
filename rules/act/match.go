package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AskMatch asks the care team to find somebody. It seeks care as a request does:
// the first of an episode starts the promise. When New is given the person has no
// chart yet, and gets one only if the care team is asked.
type AskMatch struct {
	Client   care.ChartID
	New      *Enter
	Note     string
	Concerns []string // none: those of the client's own record
	Language string
	Gender   string
	Times    []string // evening, weekend
	Came     Arrival  // how the client came this time
}

// ProposeMatch answers with up to three listed providers, for the client to
// choose from.
type ProposeMatch struct {
	Episode   care.EpisodeID
	Providers []care.ChartID
}

// WithdrawMatch takes the question back.
type WithdrawMatch struct{ Episode care.EpisodeID }

// mostProposed is how many providers are proposed at most.
const mostProposed = 3

func (a AskMatch) Name() string {
	if a.Client == "" {
		return "ask_match_new"
	}
	return "ask_match"
}
func (a AskMatch) About(Known) care.About { return care.About{Client: a.Client} }
func (a AskMatch) Needs(k Known) Needs {
	n := seeker(k, a.Client, a.New)
	if a.Client != "" {
		n.Charts = append(n.Charts, a.Client)
	}
	return n
}
func (ProposeMatch) Name() string               { return "propose_match" }
func (a ProposeMatch) About(k Known) care.About { return aboutEpisode(k, a.Episode) }
func (a ProposeMatch) Needs(Known) Needs {
	return Needs{Locate: []string{string(a.Episode)}, Charts: a.Providers[:min(len(a.Providers), mostProposed)]}
}
func (WithdrawMatch) Name() string               { return "withdraw_match" }
func (a WithdrawMatch) About(k Known) care.About { return aboutEpisode(k, a.Episode) }
func (a WithdrawMatch) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Episode)}} }

func aboutEpisode(k Known, id care.EpisodeID) care.About {
	if chart := k.Of(string(id)); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

// Decide asks of the client what a request asks, and nothing of any provider.
func (a AskMatch) Decide(k Known, env Env) Plan {
	chart, opened, f := Request{Client: a.Client, New: a.New}.chart(k, env)
	if f != nil {
		return Plan{Fault: f}
	}
	var wrong problems
	wrong.need(len(a.Note) <= 2000, "note: at most 2,000 letters")
	wrong.need(listOK(a.Concerns, 10) && listOK(a.Times, 2), "concerns: at most 10, each at most 60 letters")
	wrong.need(len(a.Language) <= 40 && len(a.Gender) <= 40, "language, gender: at most 40 letters each")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	d := begin(env, chart)
	d.Changes = opened
	episode, had := Seeking(d.chart, env.Clock.Terms, env.Now)
	if !had {
		d.lookAgain(a.Came, k)
	}
	decision := rules.MayAskMatch.Decide(rules.RequestFacts{Client: clientFacts(*d.chart.Client, env), Enabled: env.Programme.Takes(programmeFor(d.chart, env))}, env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	if had && episode.Match.Open() {
		return fault(care.Conflict, "already_asked", "The care team is looking for somebody already. You find what they propose under My care.")
	}
	if !had {
		episode = d.seekCare(a.Came)
	}
	wants := care.Matching{AskedAt: env.Now, Note: a.Note, Concerns: a.Concerns, Language: a.Language, Gender: a.Gender, Times: a.Times}
	if len(wants.Concerns) == 0 {
		wants.Concerns = chart.Client.Concerns
	}
	if wants.Language == "" {
		wants.Language = chart.Client.Language
	}
	episode.Match = &wants
	d.put(episode)
	d.helped(episode.ID)
	d.task("match_wanted", string(episode.ID))
	d.Decision, d.Made = decision, string(episode.ID)
	return d.plan()
}

// Decide proposes only who is listed where the client is; to ask one of them is
// the client's own step.
func (a ProposeMatch) Decide(k Known, env Env) Plan {
	chart, e, ok := matching(k, a.Episode)
	if !ok {
		return missing()
	}
	if !e.Match.Open() {
		return fault(care.Conflict, "no_match_asked", "The client has chosen somebody in the meantime, or does not want to be matched any more.")
	}
	if len(a.Providers) == 0 || len(a.Providers) > mostProposed {
		return fault(care.Invalid, "invalid_input", "providers: propose one to three.")
	}
	for _, id := range a.Providers {
		p, known := ofProvider(k, id)
		if !known {
			return fault(care.Invalid, "invalid_input", "providers: one of them is not known. Choose among the candidates.")
		}
		if d := rules.ProviderIsListed.Decide(providerFacts(k, p, e.State, env), env.Words); d.Outcome != rules.Yes {
			return refused(d)
		}
	}
	d := begin(env, chart)
	match := *e.Match
	match.Proposed, match.ProposedAt, match.ProposedBy = slices.Clone(a.Providers), env.Now, env.Actor.Chart
	e.Match = &match
	d.put(e)
	d.endTasks("match_wanted", string(e.ID))
	d.tellClient("match_proposed", string(e.ID), "/me", time.Time{})
	d.Made = string(e.ID)
	return d.plan()
}

// Decide ends the episode too when nothing else is open in it.
func (a WithdrawMatch) Decide(k Known, env Env) Plan {
	chart, e, ok := matching(k, a.Episode)
	if !ok {
		return missing()
	}
	if !e.Match.Open() {
		return fault(care.Conflict, "no_match_asked", "The care team is not looking for anybody for you. You can ask them to, or look yourself.")
	}
	d := begin(env, chart)
	d.matched(e)
	d.closeIfIdle(e.ID, "withdrawn")
	d.Made = string(e.ID)
	return d.plan()
}

// matched ends the search for somebody, if one is on.
func (d *draft) matched(e care.Episode) care.Episode {
	if !e.Match.Open() {
		return e
	}
	match := *e.Match
	match.ClosedAt = d.env.Now
	e.Match = &match
	d.put(e)
	d.endTasks("match_wanted", string(e.ID))
	return e
}

// helped ends what the care team would still do to find somebody in an episode,
// once the client has asked anybody or seeks no more.
func (d *draft) helped(id care.EpisodeID) {
	for _, r := range d.chart.Referrals {
		if r.Episode == id {
			d.endTasks("manual_match", string(r.ID))
		}
	}
}

// endTasks ends the tasks of one sort about a subject.
func (d *draft) endTasks(code, subject string) {
	for _, t := range d.chart.Tasks {
		if t.Code == code && t.Subject == subject && t.DoneAt.IsZero() {
			t.DoneAt = d.env.Now
			d.put(t)
		}
	}
}

func matching(k Known, id care.EpisodeID) (*care.Chart, care.Episode, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Episode{}, false
	}
	e, ok := chart.Episode(id)
	return chart, e, ok && e.Match != nil
}

// Candidates is the question to the directory for a client who asked to be
// matched: listed where they are, in time for the promise, nobody they asked.
func Candidates(chart *care.Chart, e care.Episode) Match {
	promise, _ := chart.Deadline(e.Promise)
	m := Match{State: e.State, Concerns: e.Match.Concerns, Language: e.Match.Language, By: promise.Due, Most: 12}
	for _, r := range chart.Referrals {
		if r.Episode == e.ID && !slices.Contains(m.Not, r.Provider) {
			m.Not = append(m.Not, r.Provider)
		}
	}
	m.Language = strings.TrimSpace(m.Language)
	return m
}
