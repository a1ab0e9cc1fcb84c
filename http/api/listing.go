package api

import (
	"context"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// listing says why a provider is, or is not, in the directory: every rule, with
// what it found.
type listing struct {
	Provider care.ChartID    `json:"provider_id"`
	State    string          `json:"state,omitempty" doc:"Left out: in any state"`
	Client   care.ChartID    `json:"client_id,omitempty" doc:"Given: may this client ask this provider?"`
	Outcome  rules.Truth     `json:"outcome" enum:"yes,no,unknown"`
	Findings []rules.Finding `json:"findings"`
}

// ownListing goes through the states that anything is known of.
func (a *API) ownListing(ctx context.Context, _ *struct{}) (listed[listing], error) {
	own := actor(ctx).Chart
	facts, known := a.store.Directory().Facts(own, "", a.now())
	if !known {
		return listed[listing]{}, care.Missing()
	}
	states := rules.StatesOf(facts.Provider)
	if len(states) == 0 {
		states = []string{""}
	}
	return listed[listing]{Items: each(states, func(state string) listing {
		facts.State = state
		return listing{Provider: own, State: state}.of(rules.ProviderIsListed.Decide(facts, a.store.Words()))
	})}, nil
}

type getListing struct {
	ByID
	State  string       `query:"state" maxLength:"2" doc:"Two letters; left out: any"`
	Client care.ChartID `query:"client" maxLength:"64" doc:"Whether this client may ask the provider, where the client is"`
}

func (a *API) listing(ctx context.Context, in *getListing) (listing, error) {
	facts, known := a.store.Directory().Facts(care.ChartID(in.ID), in.State, a.now())
	if !known {
		return listing{}, care.Missing()
	}
	shown := listing{Provider: care.ChartID(in.ID), State: in.State, Client: in.Client}
	if in.Client == "" {
		return shown.of(rules.ProviderIsListed.Decide(facts, a.store.Words())), nil
	}
	chart, err := a.store.Chart(ctx, actor(ctx), in.Client, "listing")
	if err != nil {
		return listing{}, err
	}
	if chart.Client == nil {
		return listing{}, care.Missing()
	}
	programme, _ := a.store.Programme()
	shown.State = chart.Client.State
	return shown.of(act.MayAsk(chart, facts, programme, a.now())), nil
}

func (l listing) of(d rules.Decision) listing {
	l.Outcome, l.Findings = d.Outcome, d.Findings
	return l
}

// onTime is how much of what a provider was asked was answered in time. Nobody is
// ranked by it.
type onTime struct {
	Days    int    `json:"days" doc:"Of the last so many days"`
	InTime  int    `json:"in_time"`
	Decided int    `json:"decided" doc:"Requests that were answered, or ran out"`
	Says    string `json:"says" doc:"What is owed, in the handbook's words"`
}

// onTimeDays are the days that are counted.
const onTimeDays = 60

func (a *API) onTime(ctx context.Context, _ *struct{}) (onTime, error) {
	who, now := actor(ctx), a.now()
	var sets []care.Set
	for month := 0; month < 3; month++ {
		sets = append(sets, care.Asked(who.Chart, time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -month, 0)))
	}
	asked, err := a.store.Find(ctx, who, sets...)
	if err != nil {
		return onTime{}, err
	}
	programme, _ := a.store.Programme()
	shown := onTime{Days: onTimeDays, Says: rules.DutySays("duty.respond", a.store.Words())}
	shown.InTime, shown.Decided = act.OnTime(asked, programme, now.AddDate(0, 0, -onTimeDays), now)
	return shown, nil
}
