package api

import (
	"context"
	"time"

	"careconnect/rules/act"
)

type putCrisis struct {
	Keyed
	Body struct {
		Text string `json:"text,omitempty" maxLength:"500" doc:"Left out: the one that stands is right"`
	}
}

// crisis is where somebody in danger turns, and since when an operator stands
// by it.
type crisis struct {
	Text        string     `json:"text"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
}

func (a *API) confirmCrisis(ctx context.Context, put *putCrisis) (crisis, error) {
	if _, err := a.do(ctx, put.Keyed, act.ConfirmCrisis{Text: put.Body.Text}); err != nil {
		return crisis{}, err
	}
	programme, _ := a.store.Programme()
	p := programme.Programme
	return crisis{Text: p.Crisis, ConfirmedAt: in(a.zone(ctx, nil), p.CrisisAt)}, nil
}
