package act

import (
	"slices"
	"time"

	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// PutPhoto keeps a photo of a provider with the draft of their profile: only they
// see it until the draft is published. What they sent is made small before.
type PutPhoto struct {
	Provider care.ChartID
	Face     picture.Face
}

// RemovePhoto is the provider's wish not to be shown; it takes effect at once, in
// the draft and in what is published. With DraftOnly only a photo that is not
// published yet goes.
type RemovePhoto struct {
	Provider  care.ChartID
	DraftOnly bool
}

// TakePhotoDown removes a provider's photo by the care team's word. The provider
// is told why.
type TakePhotoDown struct {
	Provider care.ChartID
	Why      string
}

func (PutPhoto) Name() string                  { return "put_photo" }
func (a PutPhoto) Needs(k Known) Needs         { return needsPhotos(k, a.Provider) }
func (a PutPhoto) About(Known) care.About      { return care.About{Provider: a.Provider} }
func (RemovePhoto) Name() string               { return "remove_photo" }
func (a RemovePhoto) Needs(k Known) Needs      { return needsPhotos(k, a.Provider) }
func (a RemovePhoto) About(Known) care.About   { return care.About{Provider: a.Provider} }
func (TakePhotoDown) Name() string             { return "take_photo_down" }
func (a TakePhotoDown) Needs(k Known) Needs    { return needsPhotos(k, a.Provider) }
func (a TakePhotoDown) About(Known) care.About { return care.About{Provider: a.Provider} }

// needsPhotos are a provider's chart, and those of the photos that they have.
func needsPhotos(k Known, provider care.ChartID) Needs {
	n := Needs{Charts: []care.ChartID{provider}}
	if p, ok := ofProvider(k, provider); ok {
		n.Charts = append(n.Charts, photos(p)...)
	}
	return n
}

// photos are the one that is published and the one in the draft.
func photos(p care.Provider) (all []care.ChartID) {
	for _, id := range []care.ChartID{p.Photo, p.Drafted().Photo} {
		if id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// Decide lets a photo that was not published yet go for the new one.
func (a PutPhoto) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if !a.Face.Sound() {
		return fault(care.Invalid, "invalid_input", "photo: choose a photo as JPEG or PNG.")
	}
	d := begin(env, chartOf(k, p))
	words := p.Drafted()
	d.discard(k, p, words.Photo)
	photo := care.Photo{Chart: care.ChartID(env.ID("ph")), Provider: p.ID, At: env.Now}
	words.Photo = photo.Chart
	p.Draft = &words
	d.Changes = append(d.Changes, care.New{Chart: photo.Chart, Of: care.OfPhoto}, care.Put{Chart: photo.Chart, Record: photo})
	for n, square := range [][]byte{a.Face.Large, a.Face.Small} {
		d.Changes = append(d.Changes, care.Put{Chart: photo.Chart, Record: care.Piece{Chart: photo.Chart, N: n, Data: square}})
	}
	d.put(p)
	d.Made = string(p.ID) // the trail keeps no id of what may go
	return d.plan()
}

// Decide erases the photos, their keys with them.
func (a RemovePhoto) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	switch {
	case !ok:
		return missing()
	case len(photos(p)) == 0:
		return fault(care.Conflict, "no_photo", "There is no photo to remove.")
	case a.DraftOnly && p.Drafted().Photo == p.Photo:
		return fault(care.Conflict, "no_photo", "There is no photo that is not published yet. To be shown without one, remove the one that is published.")
	}
	d := begin(env, chartOf(k, p))
	if a.DraftOnly {
		d.discard(k, p, p.Draft.Photo)
		words := *p.Draft
		words.Photo = p.Photo
		p.Draft = &words
	} else {
		d.unseen(k, &p, photos(p)...)
	}
	d.put(p)
	d.Made = string(p.ID)
	return d.plan()
}

// Decide keeps the reason where the provider reads it, until they publish another
// photo. One that only the provider sees is nobody else's business.
func (a TakePhotoDown) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	switch {
	case !ok:
		return missing()
	case p.Photo == "":
		return fault(care.Conflict, "no_photo", "This provider shows no photo.")
	case a.Why == "" || len(a.Why) > 500:
		return fault(care.Invalid, "invalid_input", "reason: say why, in at most 500 letters; the provider reads it.")
	}
	d := begin(env, chartOf(k, p))
	d.unseen(k, &p, p.Photo)
	p.TakenDown = &care.TakenDown{Why: a.Why, At: env.Now}
	d.put(p)
	if d.chart.Account != nil {
		d.tellProvider(p.ID, "photo_taken_down", string(p.ID), "/pro/profile", time.Time{}, p.Hours.Zone)
	}
	d.Made = string(p.ID)
	return d.plan()
}

// show publishes what is in the draft, with its photo in place of the one before.
func (d *draft) show(k Known, p *care.Provider) {
	words := p.Drafted()
	if words.Photo != p.Photo {
		d.erasePhoto(k, p.Photo)
		if chart := k.Chart(words.Photo); chart != nil && chart.Photo != nil {
			published := *chart.Photo
			published.Published = true
			d.Changes = append(d.Changes, care.Put{Chart: chart.ID, Record: published})
			p.TakenDown = nil
		} else {
			words.Photo = "" // the store may have lost it
		}
	}
	p.Say(words)
	p.Draft, p.AccurateAt = nil, d.env.Now
}

// discard erases a photo that is in the draft only.
func (d *draft) discard(k Known, p care.Provider, photo care.ChartID) {
	if photo != p.Photo {
		d.erasePhoto(k, photo)
	}
}

// unseen erases photos of a provider and takes them out of the profile.
func (d *draft) unseen(k Known, p *care.Provider, which ...care.ChartID) {
	for _, id := range which {
		d.erasePhoto(k, id)
	}
	if p.Draft != nil && slices.Contains(which, p.Draft.Photo) {
		words := *p.Draft
		words.Photo = ""
		p.Draft = &words
	}
	if slices.Contains(which, p.Photo) {
		p.Photo = ""
	}
}

// erasePhoto leaves alone what is not there.
func (d *draft) erasePhoto(k Known, photo care.ChartID) {
	if k.Chart(photo) != nil {
		d.Changes = append(d.Changes, care.Erase{Chart: photo})
	}
}
