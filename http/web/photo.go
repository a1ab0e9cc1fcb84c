package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// The photo that a provider shows of themselves. Its address holds its id, which
// is another one for each photo, and nothing of who looks.

// forLong lets a browser keep a photo that anybody may see: under its address there
// is never another one, and no page names the address once the photo is removed.
const forLong = "private, max-age=31536000, immutable"

// faceOf is where the photo of a provider is shown; empty: there is none.
func faceOf(below string, photo care.ChartID, size string) string {
	if photo == "" {
		return ""
	}
	return below + "/photo/" + string(photo) + "/" + size
}

// seePhoto shows a photo to whoever may see the profile that it stands in. Who
// looked is kept no more than for the profile, so it is read as nobody.
func (p *Pages) seePhoto(w http.ResponseWriter, r *http.Request) error {
	c, ok := p.shown(mux.Vars(r)["id"])
	if !ok || c.Photo == "" || string(c.Photo) != mux.Vars(r)["photo"] {
		return care.Missing()
	}
	return p.sendPhoto(w, r, care.Anonymous, c.Photo, forLong)
}

// ownPhoto shows a provider their own, published or not.
func (p *Pages) ownPhoto(w http.ResponseWriter, r *http.Request) error {
	return p.sendPhoto(w, r, auth.Actor(r), care.ChartID(mux.Vars(r)["photo"]), "no-store")
}

// anyPhoto shows the care team the photo of a provider whether they are listed or
// not.
func (p *Pages) anyPhoto(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(mux.Vars(r)["id"]), "provider")
	if err != nil {
		return err
	}
	if chart.Provider == nil || string(chart.Provider.Photo) != mux.Vars(r)["photo"] {
		return care.Missing()
	}
	return p.sendPhoto(w, r, auth.Actor(r), chart.Provider.Photo, "no-store")
}

// sendPhoto answers with one of the two squares, as nothing that a browser would
// run.
func (p *Pages) sendPhoto(w http.ResponseWriter, r *http.Request, as care.Actor, photo care.ChartID, keep string) error {
	size := mux.Vars(r)["size"]
	if !strings.HasPrefix(string(photo), "ph_") || size != "large" && size != "small" {
		return care.Missing()
	}
	chart, err := p.Store.Chart(r.Context(), as, photo, "photo")
	if err != nil {
		return err
	}
	face := chart.Face(size == "small")
	if face == nil {
		return care.Missing()
	}
	h := w.Header()
	h.Set("Content-Type", picture.JPEG)
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", keep)
	h.Set("ETag", `"`+string(photo)+"-"+size+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(face))
	return nil
}

// putPhoto makes a photo small and keeps it with the draft. One is unpacked at a
// time, which bounds the memory that it takes.
func (p *Pages) putPhoto(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "profile")
	if err != nil {
		return err
	}
	photo, err := sentPhoto(r)
	if err != nil {
		return err
	}
	p.unpacking.Lock()
	face, err := picture.FaceOf(photo)
	p.unpacking.Unlock()
	if err != nil {
		says := err.Error()
		return p.showProfile(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "The photo was not taken", Text: strings.ToUpper(says[:1]) + says[1:] + "."}, me)
	}
	_, err = p.deed(r, act.PutPhoto{Provider: me.ID, Face: face})
	if err == nil {
		return done(w, r, "/pro/profile", "photo_kept")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showProfile(w, r, status, n, me)
	}
	return err
}

// sentPhoto is the photo of a form; empty, if none was chosen. It stays in memory: a
// file of its own on the disk would lie there unsealed.
func sentPhoto(r *http.Request) ([]byte, error) {
	unreadable := reply.Bad(r.Context(), http.StatusBadRequest, "unreadable", "The form could not be read. Go back and send it again.")
	if err := r.ParseMultipartForm(withPhoto); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, unreadable
	}
	if r.MultipartForm == nil || len(r.MultipartForm.File["photo"]) == 0 {
		return nil, nil
	}
	file, err := r.MultipartForm.File["photo"][0].Open()
	if err != nil {
		return nil, unreadable
	}
	defer file.Close()
	photo, err := io.ReadAll(file)
	if err != nil {
		return nil, unreadable
	}
	return photo, nil
}

func (p *Pages) removePhoto(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "profile")
	if err != nil {
		return err
	}
	_, err = p.deed(r, act.RemovePhoto{Provider: me.ID, DraftOnly: r.PostFormValue("which") == "draft"})
	if err == nil {
		return done(w, r, "/pro/profile", "photo_removed")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showProfile(w, r, status, n, me)
	}
	return err
}

// takePhotoDown is the care team's.
func (p *Pages) takePhotoDown(w http.ResponseWriter, r *http.Request) error {
	return p.onProvider(w, r, act.TakePhotoDown{Provider: care.ChartID(mux.Vars(r)["id"]), Why: strings.TrimSpace(r.PostFormValue("photo_reason"))}, "photo_taken_down")
}

// photoForm is what a provider can do about their photo.
func photoForm(me care.Provider) map[string]any {
	form := map[string]any{"Field": assets.Field{Name: "photo", Label: "Photo of you", Type: "file", Optional: true,
		Hint: "JPEG or PNG, at most 6 MB and at least 320 points on each side. The square in its middle is kept, made small; where and when it was taken is left out."}}
	remove := func(text, which string) assets.Action {
		return assets.Action{Text: text, Post: "/pro/profile/photo/remove", Icon: "x", Style: "outline small", Fields: []assets.Hidden{{Name: "which", Value: which}}}
	}
	var actions []assets.Action
	drafted := me.Drafted().Photo
	if drafted != "" && drafted != me.Photo && me.Photo != "" {
		actions = append(actions, remove("Keep the photo from before", "draft"))
	}
	if drafted != "" || me.Photo != "" {
		actions = append(actions, remove("Remove my photo at once", "all"))
	}
	form["Actions"] = actions
	if t := me.TakenDown; t != nil {
		form["Notice"] = &assets.Notice{Kind: "warn", Title: "The care team has removed your photo", Text: "They say why: " + t.Why}
	}
	return form
}
