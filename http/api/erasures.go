package api

import (
	"context"
	"encoding/json"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// erasure is where somebody's erasure stands. Its id is the number of the
// certificate, with which anyone who was given it can fetch that.
type erasure struct {
	ID          care.ChartID    `json:"id"`
	Status      string          `json:"status" enum:"asked,waiting,certified,refused" doc:"asked: a second person has to agree; waiting: gone from every read, the certificate follows by night"`
	Certificate json.RawMessage `json:"certificate,omitempty" doc:"Signed: what became unreadable, what is kept and until when, which backups still hold it"`
}

type postErasure struct {
	Keyed
	Body struct {
		Confirm string `json:"confirm" enum:"erase" doc:"The word itself: this cannot be undone"`
	}
}

func (a *API) erase(ctx context.Context, in *postErasure) (erasure, error) {
	out, err := a.do(ctx, in.Keyed, act.Erase{Client: actor(ctx).Chart})
	return erasure{ID: care.ChartID(out.Made), Status: string(care.ErasureWaiting)}, err
}

func (a *API) erasure(_ context.Context, in *ByID) (erasure, error) {
	body, is, err := a.store.Certificate(care.ChartID(in.ID))
	if err == nil && !is {
		err = care.Missing()
	}
	shown := erasure{ID: care.ChartID(in.ID), Status: string(care.ErasureWaiting)}
	if body != "" {
		shown.Status, shown.Certificate = string(care.ErasureCertified), json.RawMessage(body)
	}
	return shown, err
}

func (a *API) askErasure(ctx context.Context, in *one) (erasure, error) {
	out, err := a.do(ctx, in.Keyed, act.AskErasure{Client: care.ChartID(in.ID)})
	return erasure{ID: care.ChartID(out.Made), Status: string(care.ErasureAsked)}, err
}

func (a *API) confirmErasure(ctx context.Context, in *one) (erasure, error) {
	out, err := a.do(ctx, in.Keyed, act.ConfirmErasure{Erasure: care.ChartID(in.ID)})
	return erasure{ID: care.ChartID(out.Made), Status: string(care.ErasureWaiting)}, err
}

func (a *API) refuseErasure(ctx context.Context, in *one) (erasure, error) {
	out, err := a.do(ctx, in.Keyed, act.RefuseErasure{Erasure: care.ChartID(in.ID)})
	return erasure{ID: care.ChartID(out.Made), Status: string(care.ErasureRefused)}, err
}
