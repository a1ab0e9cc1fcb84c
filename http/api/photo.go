package api

import (
	"context"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// maxPhoto bounds a call that carries a photo: one as large as is taken, as JSON
// writes it.
const maxPhoto = picture.Most/3*4 + maxBody

type putPhoto struct {
	Keyed
	Body struct {
		Photo []byte `json:"photo" doc:"JPEG or PNG, at most 6 MB and at least 320 points on each side. The square in its middle is kept, made small, and nothing else of the file"`
	}
}

// putPhoto unpacks one photo at a time, which bounds the memory that it takes.
func (a *API) putPhoto(ctx context.Context, in *putPhoto) (profile, error) {
	a.unpacking.Lock()
	face, err := picture.FaceOf(in.Body.Photo)
	a.unpacking.Unlock()
	if err != nil {
		return profile{}, &care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: "photo: " + err.Error() + "."}
	}
	if _, err := a.do(ctx, in.Keyed, act.PutPhoto{Provider: actor(ctx).Chart, Face: face}); err != nil {
		return profile{}, err
	}
	return a.profile(ctx, nil)
}

type removePhoto struct {
	Keyed
	Body struct {
		DraftOnly bool `json:"draft_only,omitempty" doc:"true: keep the one that is published"`
	}
}

func (a *API) removePhoto(ctx context.Context, in *removePhoto) (profile, error) {
	if _, err := a.do(ctx, in.Keyed, act.RemovePhoto{Provider: actor(ctx).Chart, DraftOnly: in.Body.DraftOnly}); err != nil {
		return profile{}, err
	}
	return a.profile(ctx, nil)
}

type takePhotoDown struct {
	ByID
	Keyed
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"The provider reads it"`
	}
}

// noPhoto is a provider who shows none any more.
type noPhoto struct {
	Provider care.ChartID `json:"provider"`
	Photo    *string      `json:"photo" doc:"null: there is none any more"`
}

func (a *API) takePhotoDown(ctx context.Context, in *takePhotoDown) (noPhoto, error) {
	_, err := a.do(ctx, in.Keyed, act.TakePhotoDown{Provider: care.ChartID(in.ID), Why: in.Body.Reason})
	return noPhoto{Provider: care.ChartID(in.ID)}, err
}

// face is a photo as it is kept.
type face struct {
	Type    string `json:"type" enum:"image/jpeg"`
	Address string `json:"address,omitempty" doc:"Where a browser gets the picture itself; another photo has another address"`
	Large   []byte `json:"large" doc:"320 points on each side"`
	Small   []byte `json:"small" doc:"112 points on each side"`
}

// providerPhoto gives what anyone may see of a listed provider. It is read as
// nobody: who looked is kept no more than for the rest of the profile.
func (a *API) providerPhoto(ctx context.Context, in *ByID) (face, error) {
	c, ok := a.store.Directory().Provider(care.ChartID(in.ID), a.now())
	if !ok {
		c, ok = a.store.Directory().Keeper(care.ChartID(in.ID), a.now())
	}
	if !ok {
		return face{}, care.Missing()
	}
	shown, err := a.face(ctx, care.Anonymous, c.Photo)
	shown.Address = photoAddress(c.ID, c.Photo)
	return shown, err
}

// ownPhoto is the provider's own, as it is in the draft.
func (a *API) ownPhoto(ctx context.Context, _ *struct{}) (face, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), actor(ctx).Chart, "profile")
	if err != nil {
		return face{}, err
	}
	if chart.Provider == nil {
		return face{}, care.Missing()
	}
	return a.face(ctx, actor(ctx), chart.Provider.Drafted().Photo)
}

func (a *API) face(ctx context.Context, as care.Actor, photo care.ChartID) (face, error) {
	if photo == "" {
		return face{}, &care.Fault{Kind: care.NotFound, Code: "no_photo", Says: "There is no photo here."}
	}
	chart, err := a.store.Chart(ctx, as, photo, "photo")
	if err != nil {
		return face{}, err
	}
	return face{Type: picture.JPEG, Large: chart.Face(false), Small: chart.Face(true)}, nil
}

// photoAddress is where the large square of a published photo is; empty: there is
// none.
func photoAddress(provider, photo care.ChartID) string {
	if photo == "" {
		return ""
	}
	return "/p/" + string(provider) + "/photo/" + string(photo) + "/large"
}

// takenDown tells a provider why the care team has removed their photo.
type takenDown struct {
	Why string     `json:"why"`
	At  *time.Time `json:"at"`
}
