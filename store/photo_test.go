package store

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"slices"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// aFace is a photo in one colour, made small.
func aFace(t testing.TB, c color.RGBA) picture.Face {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 400, 400))
	for i := range m.Pix {
		m.Pix[i] = [4]byte{c.R, c.G, c.B, c.A}[i%4]
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	face, err := picture.FaceOf(b.Bytes())
	must(t, err)
	return face
}

// R13: a photo that another has taken the place of is out of the store, and after
// the night no key there is opens anything of it; what is published stays, also in
// a backup and after a restore. The provider's own chart never holds a picture.
func TestR13APhotoThatIsReplacedIsGoneFromTheStore(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	me := ofProvider(provider)
	put := func(c color.RGBA) care.ChartID {
		w.do(me, act.PutPhoto{Provider: provider, Face: aFace(t, c)})
		w.do(me, act.PublishProfile{Provider: provider, Accurate: true})
		return w.chart(provider).Provider.Photo
	}
	first := put(color.RGBA{200, 10, 10, 255})
	w.Flush()
	gone := known{client: first, records: w.chart(first).Records()}
	if len(gone.records) != 3 {
		t.Fatalf("the chart of a photo has %d records", len(gone.records))
	}
	if found := w.thief(w.vault, gone, w.everyFile()...); found["the chart's key"] == 0 || found["a record"] < 3 {
		t.Fatalf("while it is there the search finds %v: it would find nothing anywhere", found)
	}
	second := put(color.RGBA{10, 200, 10, 255})
	p := *w.chart(provider).Provider
	if p.Photo != second || second == first || p.Draft != nil {
		t.Fatalf("the second photo is not the one that is published")
	}
	if there, err := w.here(first); err != nil || there {
		t.Fatalf("the first photo is still in the store: %v", err)
	}
	if _, err := w.Forget(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it is, and opened again
		if found := w.thief(w.vault, gone, w.everyFile()...); len(found) > 0 {
			t.Errorf("after the night these open: %v", found)
		}
		if !slices.Equal(w.chart(second).Face(false), aFace(t, color.RGBA{10, 200, 10, 255}).Large) || len(w.chart(provider).Pieces) > 0 {
			t.Error("what is published is not the second photo, or it stands in the provider's chart")
		}
		if card, listed := w.Directory().Provider(provider, w.now()); !listed || card.Photo != second {
			t.Error("the directory does not know the second photo")
		}
		w.mustBeWhole()
		w.mustVerify()
		w.reopen()
	}

	made, err := w.Backup(t.Context(), filepath.Join(private(t), "backups"), nil)
	must(t, err)
	w.do(me, act.RemovePhoto{Provider: provider})
	if there, err := w.here(second); err != nil || there || w.chart(provider).Provider.Photo != "" {
		t.Fatalf("the photo is still in the store: %v", err)
	}
	must(t, w.Close())
	_, err = Restore(t.Context(), w.config, made.Path, true, nil)
	must(t, err)
	w.Store, err = Open(w.config)
	must(t, err)
	if w.chart(provider).Provider.Photo != second || w.chart(second).Face(true) == nil {
		t.Error("the backup does not hold the photo")
	}
	w.mustBeWhole()
	w.mustVerify()

	must(t, w.Close())
	done, config, err := (&harmed{config: w.config}).salvaged(t)
	must(t, errors.Join(err, done.Err()))
	w.Store, err = Open(config)
	must(t, err)
	if w.chart(provider).Provider.Photo != second || w.chart(second).Face(true) == nil {
		t.Error("what is salvaged does not hold the photo")
	}
}

// R13: anybody reads a photo that is published, and only its provider one that is
// not. Nobody is written down for looking at their own, nor for what is public.
func TestR13WhoReadsAPhoto(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, other := w.provider(1), w.provider(2)
	client := w.client(1)
	w.do(ofProvider(provider), act.PutPhoto{Provider: provider, Face: aFace(t, color.RGBA{200, 10, 10, 255})})
	id := w.chart(provider).Provider.Drafted().Photo
	reads := func(as care.Actor) bool {
		t.Helper()
		chart, err := w.Chart(t.Context(), as, id, "photo")
		return err == nil && chart.Face(false) != nil && chart.Face(true) != nil
	}
	everybody := []care.Actor{care.Anonymous, ofClient(client), ofProvider(other), team, {Role: care.RolePayer, Chart: "ac_payer"}, {Role: care.RoleEmployer, Chart: "ac_employer"}, {Role: care.RoleOperator, Chart: "ac_operator"}}
	for _, who := range everybody {
		if reads(who) {
			t.Errorf("%s reads a photo that is not published", who.Role)
		}
	}
	w.Flush()
	before := stateOf(t, w.Store).Sequence
	if !reads(ofProvider(provider)) {
		t.Error("a provider does not see the photo in their draft")
	}
	if stateOf(t, w.Store).Sequence != before {
		t.Error("a look at one's own photo waits for a commit")
	}
	w.do(ofProvider(provider), act.PublishProfile{Provider: provider, Accurate: true})
	for _, who := range everybody {
		if !reads(who) {
			t.Errorf("%s does not read a photo that is published", who.Role)
		}
	}
	if w.do(team, act.TakePhotoDown{Provider: provider, Why: "It shows somebody else."}); reads(care.Anonymous) || reads(ofProvider(provider)) {
		t.Error("a photo that was taken down is still read")
	}
	if p := w.chart(provider).Provider; p.TakenDown == nil || p.TakenDown.Why == "" {
		t.Error("the provider is not told why")
	}
}
