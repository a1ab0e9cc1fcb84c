package act_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// R13: a photo is put into the draft, published with it, replaced, and removed at
// once; whatever else of the profile is written in between stays.
func TestR13APhotoGoesTheWayOfTheProfile(t *testing.T) {
	w := newWorld(t, t.TempDir())
	defer w.close()
	p := w.joins(1, true)
	w.do(care.System, act.InviteProvider{Provider: p, Email: "one@example.test", Pass: &care.Pass{Hash: "one", Type: care.PassInvite, Expires: w.now.Add(time.Hour)}})
	me, team := provider(p), care.Actor{Role: care.RoleCareTeam, Chart: "ac_desk"}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 320, 320))); err != nil {
		t.Fatal(err)
	}
	face, err := picture.FaceOf(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	put := func() care.ChartID {
		w.do(me, act.PutPhoto{Provider: p, Face: face})
		return w.chart(p).Provider.Drafted().Photo
	}
	holds := func(what string, published, draft care.ChartID) {
		t.Helper()
		is := *w.chart(p).Provider
		if is.Photo != published || is.Drafted().Photo != draft {
			t.Errorf("%s: published %v, in the draft %v", what, is.Photo != "", is.Drafted().Photo != "")
		}
	}
	gone := func(what string, photo care.ChartID) {
		t.Helper()
		if _, err := w.store.Chart(t.Context(), care.System, photo, "test"); err == nil {
			t.Errorf("%s: the photo is still there", what)
		}
	}
	publish := act.PublishProfile{Provider: p, Accurate: true}

	if code := w.refused(me, act.PutPhoto{Provider: p, Face: picture.Face{Large: b.Bytes(), Small: b.Bytes()}}); code != "invalid_input" {
		t.Errorf("what was not made small: %s", code)
	}
	for _, a := range []act.Act{act.RemovePhoto{Provider: p}, act.RemovePhoto{Provider: p, DraftOnly: true}} {
		if code := w.refused(me, a); code != "no_photo" {
			t.Errorf("%+v without a photo: %s", a, code)
		}
	}
	if code := w.refused(team, act.TakePhotoDown{Provider: p, Why: "x"}); code != "no_photo" {
		t.Errorf("the care team, without a photo: %s", code)
	}

	tried := put()
	if code := w.refused(team, act.TakePhotoDown{Provider: p, Why: "x"}); code != "no_photo" {
		t.Errorf("the care team takes down what only the provider sees: %s", code)
	}
	first := put()
	gone("a draft that another took the place of", tried)
	w.do(me, act.DraftProfile{Provider: p, Words: care.Profile{About: "A calm first call.", Photo: "ph_somebody_elses"}})
	holds("with words beside it", "", first)
	w.do(me, publish)
	holds("published", first, first)
	if is := w.chart(p).Provider; is.About != "A calm first call." || is.Draft != nil {
		t.Error("the words beside the photo are not published")
	}

	second := put()
	holds("a second in the draft", first, second)
	w.do(me, act.RemovePhoto{Provider: p, DraftOnly: true})
	gone("the second, let go", second)
	holds("the first stays", first, first)
	second = put()
	w.do(me, publish)
	gone("the first, replaced", first)
	holds("replaced", second, second)

	third := put()
	w.do(team, act.TakePhotoDown{Provider: p, Why: "It shows somebody else."})
	gone("taken down", second)
	holds("the draft stays", "", third)
	if n := w.told(p, "photo_taken_down", string(p)); len(n) != 1 {
		t.Errorf("the provider is told %v", n)
	}
	w.do(me, publish)
	holds("another published", third, third)
	if w.chart(p).Provider.TakenDown != nil {
		t.Error("the reason stays though another photo is published")
	}
	w.do(me, act.Leave{Provider: p})
	holds("after leaving it is kept, as the words are", third, third)
	if _, listed := w.store.Directory().Provider(p, w.now); listed {
		t.Error("who has left is shown")
	}
	fourth := put()
	w.do(me, act.RemovePhoto{Provider: p})
	gone("removed", third)
	gone("removed with the draft", fourth)
	holds("removed", "", "")
}
