package api

import (
	"context"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// match is a client's asking the care team to find somebody; its id is that of
// the episode.
type match struct {
	ID         care.EpisodeID `json:"id"`
	Client     care.ChartID   `json:"client_id"`
	State      string         `json:"state"`
	AskedAt    time.Time      `json:"asked_at"`
	SoughtAt   time.Time      `json:"sought_at" doc:"The promise counts from here"`
	Concerns   []string       `json:"concerns"`
	Language   string         `json:"language,omitempty"`
	Gender     string         `json:"gender,omitempty"`
	Times      []string       `json:"times,omitempty"`
	Note       string         `json:"note,omitempty"`
	Proposed   []provider     `json:"proposed" doc:"Whom the care team proposed"`
	Candidates []provider     `json:"candidates,omitempty" doc:"For the care team: who is listed there, in time for the promise"`
	Open       bool           `json:"open" doc:"false: the client has asked somebody, or taken the question back"`
	Deadline   *deadline      `json:"deadline,omitempty"`
}

func (a *API) showMatch(ctx context.Context, chart *care.Chart, e care.Episode, zone *time.Location) match {
	cards := func(ids []care.ChartID) []provider {
		shown := []provider{}
		for _, id := range ids {
			if c, ok := a.store.Directory().Provider(id, a.now()); ok {
				shown = append(shown, showProvider(c, zone))
			}
		}
		return shown
	}
	m := e.Match
	shown := match{
		ID: e.ID, Client: chart.ID, State: e.State, AskedAt: m.AskedAt.In(zone), SoughtAt: e.SoughtAt.In(zone), Concerns: plain(m.Concerns),
		Language: m.Language, Gender: m.Gender, Times: m.Times, Note: m.Note, Proposed: cards(m.Proposed), Open: m.Open(),
	}
	if d, ok := chart.Deadline(e.Promise); ok {
		owed := showDeadline(d, zone)
		shown.Deadline = &owed
	}
	if actor(ctx).Role == care.RoleCareTeam && m.Open() {
		shown.Candidates = cards(a.store.Directory().Match(act.Candidates(chart, e), a.now()))
	}
	return shown
}

// matches are a client's own, or those that wait for the care team.
func (a *API) matches(ctx context.Context, _ *struct{}) (listed[match], error) {
	who := actor(ctx)
	ids := []care.ChartID{who.Chart}
	if who.Role == care.RoleCareTeam {
		var err error
		if ids, err = a.queued(ctx, "task"); err != nil {
			return listed[match]{}, err
		}
	}
	charts, err := a.store.Charts(ctx, who, ids, "matches")
	if err != nil {
		return listed[match]{}, err
	}
	found, zone := listed[match]{Items: []match{}}, a.zones(ctx)
	for _, chart := range charts {
		for _, e := range chart.Episodes {
			if e.Match != nil && (e.Match.Open() || who.Role == care.RoleClient) {
				found.Items = append(found.Items, a.showMatch(ctx, chart, e, zone(chart)))
			}
		}
	}
	order.By(found.Items, func(x, y match) int { return x.AskedAt.Compare(y.AskedAt) })
	return found, nil
}

type postMatch struct {
	Keyed
	Body *struct {
		Note     string   `json:"note,omitempty" maxLength:"2000" doc:"The care team reads it"`
		Concerns []string `json:"concerns,omitempty" maxItems:"10" doc:"Left out: those of my record"`
		Language string   `json:"language,omitempty" maxLength:"40"`
		Gender   string   `json:"gender,omitempty" maxLength:"40" doc:"Of the provider"`
		Times    []string `json:"times,omitempty" maxItems:"2" enum:"evening,weekend"`
		Came     *came    `json:"came,omitempty" doc:"How I came this time; it counts where this begins a new episode"`
	}
}

func (a *API) askMatch(ctx context.Context, in *postMatch) (match, error) {
	ask := act.AskMatch{Client: actor(ctx).Chart}
	if b := in.Body; b != nil {
		ask.Note, ask.Concerns, ask.Language, ask.Gender, ask.Times = b.Note, b.Concerns, b.Language, b.Gender, b.Times
		ask.Came = a.came(b.Came)
	}
	return a.onMatch(ctx, in.Keyed, ask)
}

type postProposal struct {
	ByID
	Keyed
	Body struct {
		Providers []care.ChartID `json:"providers" minItems:"1" maxItems:"3"`
	}
}

func (a *API) proposeMatch(ctx context.Context, in *postProposal) (match, error) {
	return a.onMatch(ctx, in.Keyed, act.ProposeMatch{Episode: care.EpisodeID(in.ID), Providers: in.Body.Providers})
}

func (a *API) withdrawMatch(ctx context.Context, in *one) (match, error) {
	return a.onMatch(ctx, in.Keyed, act.WithdrawMatch{Episode: care.EpisodeID(in.ID)})
}

func (a *API) onMatch(ctx context.Context, key Keyed, do act.Act) (match, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return match{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "match")
	if err != nil {
		return match{}, err
	}
	e, ok := chart.Episode(care.EpisodeID(out.Made))
	if !ok || e.Match == nil {
		return match{}, care.Missing()
	}
	return a.showMatch(ctx, chart, e, a.zone(ctx, chart)), nil
}
