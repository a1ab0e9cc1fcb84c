package api

import (
	"context"
	"time"

	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// handoffKey is a key that links from the payer partner's portal are signed with.
type handoffKey struct {
	ID        string     `json:"id" doc:"The k of a link"`
	Public    string     `json:"public" doc:"Ed25519, in base64"`
	Made      time.Time  `json:"made"`
	RetiredAt *time.Time `json:"retired_at,omitempty" doc:"No link opens with it any more"`
}

func showHandoffKey(k care.HandoffKey) handoffKey {
	return handoffKey{ID: k.ID, Public: k.Public, Made: k.Made, RetiredAt: in(time.UTC, k.Retired)}
}

func (a *API) handoffKeys(ctx context.Context, _ *struct{}) (listed[handoffKey], error) {
	chart, err := a.store.Chart(ctx, actor(ctx), care.ProgrammeChart, "handoff keys")
	if err != nil {
		return listed[handoffKey]{}, err
	}
	return listed[handoffKey]{Items: each(chart.HandoffKeys, showHandoffKey)}, nil
}

type postHandoffKey struct {
	Keyed
	Body struct {
		Public string `json:"public" minLength:"44" maxLength:"44" doc:"The 32 bytes of an Ed25519 public key, in base64; the private half stays with you"`
	}
}

func (a *API) addHandoffKey(ctx context.Context, in *postHandoffKey) (handoffKey, error) {
	return a.onHandoffKey(ctx, in.Keyed, act.AddHandoffKey{Public: in.Body.Public})
}

func (a *API) retireHandoffKey(ctx context.Context, in *one) (handoffKey, error) {
	return a.onHandoffKey(ctx, in.Keyed, act.RetireHandoffKey{ID: in.ID})
}

func (a *API) onHandoffKey(ctx context.Context, key Keyed, do act.Act) (handoffKey, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return handoffKey{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ProgrammeChart, "handoff keys")
	if err != nil {
		return handoffKey{}, err
	}
	k, ok := chart.HandoffKey(out.Made)
	if !ok {
		return handoffKey{}, care.Missing()
	}
	return showHandoffKey(k), nil
}

type tryHandoff struct {
	Body struct {
		Token string `json:"token" maxLength:"1100" doc:"The t of a link"`
	}
}

// tried says what would become of a link; it is not used up by that.
type tried struct {
	Opens bool   `json:"opens"`
	Why   string `json:"why,omitempty" enum:"handoff_forged,handoff_expired,handoff_long" doc:"Why it would be refused"`
}

func (a *API) tryHandoff(_ context.Context, in *tryHandoff) (tried, error) {
	if _, err := auth.TryHandoff(a.store, in.Body.Token, a.now()); err != nil {
		return tried{Why: err.Error()}, nil
	}
	return tried{Opens: true}, nil
}
