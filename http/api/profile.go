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

func wordsOf(p care.Profile) words {
	return words{p.Pronouns, p.About, p.Specialties, p.Languages, p.Modalities, p.Identities}
}

// profile is what everybody reads, and what is still being written.
type profile struct {
	Published  words      `json:"published"`
	Photo      string     `json:"photo,omitempty" doc:"Address of the photo that is published; the page shows it while I am listed"`
	NewPhoto   bool       `json:"photo_in_draft,omitempty" doc:"The draft has another photo, or none: see /profile/photo"`
	TakenDown  *takenDown `json:"photo_taken_down,omitempty" doc:"The care team has removed the photo before"`
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
	shown := profile{Published: wordsOf(p.Profile()), AccurateAt: in(a.zone(ctx, chart), p.AccurateAt)}
	if p.Draft != nil {
		draft := wordsOf(*p.Draft)
		shown.Draft = &draft
	}
	shown.Photo, shown.NewPhoto = photoAddress(p.ID, p.Photo), p.Drafted().Photo != p.Photo
	if t := p.TakenDown; t != nil {
		shown.TakenDown = &takenDown{Why: t.Why, At: in(a.zone(ctx, chart), t.At)}
	}
	return shown, nil
}

type putProfile struct {
	Keyed
	Body words
}

func (a *API) draftProfile(ctx context.Context, in *putProfile) (profile, error) {
	if _, err := a.do(ctx, in.Keyed, act.DraftProfile{Provider: actor(ctx).Chart, Words: care.Profile{
		Pronouns: in.Body.Pronouns, About: in.Body.About, Specialties: in.Body.Specialties, Languages: in.Body.Languages, Modalities: in.Body.Modalities, Identities: in.Body.Identities,
	}}); err != nil {
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
