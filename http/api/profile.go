package api

import (
	"context"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// words are what a provider tells of themselves in the directory.
type words struct {
	Pronouns    string   `json:"pronouns,omitempty" maxLength:"40"`
	About       string   `json:"about,omitempty" maxLength:"3000"`
	Specialties []string `json:"specialties,omitempty" maxItems:"20"`
	Languages   []string `json:"languages,omitempty" maxItems:"20"`
	Modalities  []string `json:"modalities,omitempty" maxItems:"20"`
	Identities  []string `json:"identities,omitempty" maxItems:"20" doc:"Communities that I know well"`
}

// profile is what everybody reads, and what is still being written.
type profile struct {
	Published  words      `json:"published"`
	Draft      *words     `json:"draft,omitempty" doc:"Only I see it"`
	AccurateAt *time.Time `json:"accurate_at,omitempty" doc:"When I last said that it is true"`
}

func (a *API) profile(ctx context.Context, _ *struct{}) (profile, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), actor(ctx).Chart, "profile")
	if err != nil {
		return profile{}, err
	}
	if chart.Provider == nil {
		return profile{}, care.Missing()
	}
	p := *chart.Provider
	shown := profile{Published: words(p.Profile()), AccurateAt: in(a.zone(ctx, chart), p.AccurateAt)}
	if p.Draft != nil {
		draft := words(*p.Draft)
		shown.Draft = &draft
	}
	return shown, nil
}

type putProfile struct {
	Keyed
	Body words
}

func (a *API) draftProfile(ctx context.Context, in *putProfile) (profile, error) {
	if _, err := a.do(ctx, in.Keyed, act.DraftProfile{Provider: actor(ctx).Chart, Words: care.Profile(in.Body)}); err != nil {
		return profile{}, err
	}
	return a.profile(ctx, nil)
}

type postPublish struct {
	Keyed
	Body struct {
		Accurate bool `json:"accurate" doc:"true: what I publish is true and up to date"`
	}
}

func (a *API) publishProfile(ctx context.Context, in *postPublish) (profile, error) {
	if _, err := a.do(ctx, in.Keyed, act.PublishProfile{Provider: actor(ctx).Chart, Accurate: in.Body.Accurate}); err != nil {
		return profile{}, err
	}
	return a.profile(ctx, nil)
}
