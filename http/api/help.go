package api

import (
	"context"
	"fmt"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// helpful is a page of help and what its readers said of it.
type helpful struct {
	Page string `json:"page"`
	Yes  int    `json:"yes"`
	All  int    `json:"all"`
	Says string `json:"says" doc:"As the page says it"`
}

func (a *API) helpPages(ctx context.Context, _ *struct{}) (listed[helpful], error) {
	found := listed[helpful]{Items: []helpful{}}
	for _, page := range rules.HelpPages {
		found.Items = append(found.Items, a.votesOn(ctx, page))
	}
	return found, nil
}

func (a *API) votesOn(ctx context.Context, page string) helpful {
	h := helpful{Page: page}
	if chart, err := a.store.Chart(ctx, care.System, care.HelpChart, "help"); err == nil { // else nobody has voted yet
		for _, v := range chart.Votes {
			if v.Page == page {
				h.Yes, h.All = v.Yes, v.All
			}
		}
	}
	h.Says = fmt.Sprintf("%d out of %d found this helpful", h.Yes, h.All)
	return h
}

type postVote struct {
	ByID
	Keyed
	Body struct {
		Helpful bool `json:"helpful"`
	}
}

// voteHelp counts a vote once: of whoever is signed in one per page, of anybody
// else one per Idempotency-Key. What keeps them apart is a hash for a day, and no
// name.
func (a *API) voteHelp(ctx context.Context, in *postVote) (helpful, error) {
	key := in.Key
	if actor(ctx).Role != care.RoleAnonymous {
		key = "one vote"
	}
	if key == "" {
		return helpful{}, reply.Bad(ctx, 422, "key_missing", "Draw an Idempotency-Key for your session, so that it votes once.")
	}
	c, _ := ctx.Value(callKey{}).(call)
	out, err := a.store.Order(ctx, store.Order{
		Actor: actor(ctx), Act: act.VoteHelp{Page: in.ID, Yes: in.Body.Helpful}, Request: reply.RequestID(ctx),
		Once: &store.Once{Key: key, Route: c.route},
	})
	if err := reply.Decided(ctx, out, err); err != nil {
		return helpful{}, err
	}
	return a.votesOn(ctx, in.ID), nil
}
