package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/jpeg"
	"strings"
	"testing"
)

func photoJSON(t *testing.T, photo []byte) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"photo": photo})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// R13 over HTTP: a photo is put, seen by its provider, published, found by its
// address, replaced and removed, by the provider and by the care team.
func TestR13APhotoOverHTTP(t *testing.T) {
	w := newWorld(t)
	m := image.NewGray(image.Rect(0, 0, 1500, 1100))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	if b.Len() < 200<<10 {
		t.Fatalf("a photo of %d bytes does not try the bound of a body", b.Len())
	}
	sent, at := photoJSON(t, b.Bytes()), "/api/v1/providers/"+string(w.ids["dora"])+"/photo"

	w.ask("dora", "GET", "/api/v1/profile/photo", "").problem(404, "no_photo")
	w.ask("", "GET", at, "").problem(404, "no_photo")
	for says, photo := range map[string][]byte{"JPEG or PNG": []byte("GIF89a........................"), "at least 320": jpegOf(t, 319, 900), "damaged": b.Bytes()[:b.Len()/2]} {
		if told := w.ask("dora", "POST", "/api/v1/profile/photo", photoJSON(t, photo)).problem(422, "invalid_input"); !strings.Contains(told, says) {
			t.Errorf("%q, not %q", told, says)
		}
	}
	w.ask("dora", "POST", "/api/v1/profile/photo", `{"photo":"`+strings.Repeat("A", 9<<20)+`"}`).problem(413, "too_large")
	w.ask("ana", "POST", "/api/v1/profile/photo", sent).want(403)
	w.ask("care_team", "POST", "/api/v1/profile/photo", sent).want(403)

	put := w.ask("dora", "POST", "/api/v1/profile/photo", sent, "Idempotency-Key", "one").want(200)
	if put["photo_in_draft"] != true || put["photo"] != nil {
		t.Errorf("kept with the draft: %v", put["photo_in_draft"])
	}
	w.ask("dora", "POST", "/api/v1/profile/photo", sent, "Idempotency-Key", "one").want(200)
	own := w.ask("dora", "GET", "/api/v1/profile/photo", "").want(200)
	for size, side := range map[string]int{"large": 320, "small": 112} {
		raw, err := base64.StdEncoding.DecodeString(own[size].(string))
		if err != nil {
			t.Fatal(err)
		}
		if told, err := jpeg.DecodeConfig(bytes.NewReader(raw)); err != nil || told.Width != side || told.Height != side {
			t.Errorf("%s: %d by %d: %v", size, told.Width, told.Height, err)
		}
	}
	w.ask("ana", "GET", at, "").problem(404, "no_photo")
	w.ask("dora", "POST", "/api/v1/profile/publish", `{"accurate":true}`).want(200)
	shown := w.ask("", "GET", at, "").want(200)
	if shown["large"] != own["large"] || shown["small"] != own["small"] || !strings.HasPrefix(shown["address"].(string), "/p/"+string(w.ids["dora"])+"/photo/ph_") {
		t.Errorf("what is published is another photo, or has no address")
	}
	found := items(t, w.ask("ana", "GET", "/api/v1/providers?q=dora", "").want(200))
	if len(found) != 1 || found[0]["photo"] != shown["address"] {
		t.Errorf("the directory tells another address")
	}
	if profile := w.ask("dora", "GET", "/api/v1/profile", "").want(200); profile["photo"] != shown["address"] || profile["photo_in_draft"] != nil {
		t.Errorf("the profile tells another address")
	}

	w.ask("dora", "POST", "/api/v1/profile/photo", photoJSON(t, jpegOf(t, 400, 400))).want(200)
	w.ask("dora", "POST", "/api/v1/profile/photo/remove", `{"draft_only":true}`).want(200)
	w.ask("dora", "POST", "/api/v1/profile/photo/remove", `{"draft_only":true}`).problem(409, "no_photo")
	w.ask("ana", "GET", at, "").want(200)

	w.ask("dora", "POST", at+"/remove", `{"reason":"mine"}`).want(403)
	w.ask("care_team", "POST", at+"/remove", `{}`).want(422)
	w.ask("care_team", "POST", at+"/remove", `{"reason":"It shows a logo."}`).want(200)
	w.ask("care_team", "POST", at+"/remove", `{"reason":"It shows a logo."}`).problem(409, "no_photo")
	w.ask("ana", "GET", at, "").problem(404, "no_photo")
	if told, _ := w.ask("dora", "GET", "/api/v1/profile", "").want(200)["photo_taken_down"].(map[string]any); told["why"] != "It shows a logo." {
		t.Errorf("the provider is told %v", told)
	}

	w.ask("dora", "POST", "/api/v1/profile/photo", sent).want(200)
	w.ask("dora", "POST", "/api/v1/profile/publish", `{"accurate":true}`).want(200)
	w.ask("dora", "POST", "/api/v1/participation/pause", "").want(200)
	w.ask("ana", "GET", at, "").want(404)
	w.ask("dora", "POST", "/api/v1/participation/resume", "").want(200)
	w.ask("ana", "GET", at, "").want(200)
	w.ask("dora", "POST", "/api/v1/profile/photo/remove", `{}`).want(200)
	w.ask("ana", "GET", at, "").problem(404, "no_photo")
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
