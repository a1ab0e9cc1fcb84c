package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"careconnect/http/qa"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// aPerson is a photo as a phone makes it, with what it tells of where it was taken.
func aPerson(t *testing.T, shade uint8) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 900, 1200))
	for y := range 1200 {
		for x := range 900 {
			c := color.RGBA{shade, 0x90, 0x70, 0xFF}
			if dx, dy := x-450, y-450; dx*dx+dy*dy < 200*200 {
				c = color.RGBA{0xE0, 0xB0, 0x90, 0xFF}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	told := "Exif\x00\x00" + whereTaken
	return append(append([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, byte(len(told) + 2)}, told...), b.Bytes()[2:]...)
}

const whereTaken = "40.7128N-74.0060W"

var photoIn = regexp.MustCompile(`src="(/[a-z/_0-9]*/photo/ph_[0-9a-z]+/(?:large|small))"`)

// fetched gets a path and gives the whole answer, for those who look at its headers.
func (d *demo) fetched(as qa.User, path string, headers ...string) (*http.Response, string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	if as.Token != "" {
		req.Header.Set("Authorization", "Bearer "+as.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := d.client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		d.t.Fatal(err)
	}
	return res, body.String()
}

// R13: a provider puts a photo, sees how it would look, publishes it and replaces
// it; everybody who sees the profile sees it, made small and with nothing else of
// the file; it goes from the pages with the profile, and the care team can remove
// it with a reason that the provider reads.
func TestR13APhotoOnThePages(t *testing.T) {
	d := newDemo(t)
	me, team, client := d.one(care.RoleProvider, 1), d.one(care.RoleCareTeam, 0), d.one(care.RoleClient, 0)
	profile, name := "/p/"+string(me.ID), d.chart(me.ID).Provider.Name
	if page := d.page(stranger, profile); strings.Contains(page, "<img class=\"avatar\"") || !strings.Contains(page, `class="avatar" data-tint=`) {
		t.Error("without a photo there are no initials")
	}

	for what, c := range map[string]struct {
		photo []byte
		says  string
	}{
		"none":      {nil, "Choose a photo as JPEG or PNG."},
		"a page":    {[]byte("<script>alert(1)</script>"), "Choose a photo as JPEG or PNG."},
		"a HEIC":    {[]byte("\x00\x00\x00\x18ftypheic........"), "share it as JPEG"},
		"too small": {photoOfACard(t), "at least 320 points on each side"},
		"too much":  {append(aPerson(t, 1), make([]byte, 7<<20)...), "at most 6 MB"},
	} {
		status, body, _ := d.upload(me, "/pro/profile/photo", nil, c.photo)
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s for a photo: %d", what, status)
		}
		wants(t, body, c.says, "The photo was not taken")
	}
	for _, who := range []qa.User{stranger, client, team} {
		if status, _, _ := d.upload(who, "/pro/profile/photo", nil, aPerson(t, 1)); status == http.StatusSeeOther && who != stranger {
			t.Errorf("a %s puts a photo: %d", who.Role, status)
		}
	}

	put := func(shade uint8) string {
		t.Helper()
		status, _, to := d.upload(me, "/pro/profile/photo", nil, aPerson(t, shade))
		if status != http.StatusSeeOther {
			t.Fatalf("the photo is not taken: %d", status)
		}
		page := d.page(me, to)
		wants(t, page, "Not published yet", "Photo kept as a draft", `alt="Photo of `+name+`"`)
		found := photoIn.FindAllStringSubmatch(page, -1)
		if len(found) != 2 || !strings.HasSuffix(found[0][1], "/small") || !strings.HasSuffix(found[1][1], "/large") {
			t.Fatalf("the preview shows %d photos", len(found))
		}
		return found[1][1]
	}
	drafted := put(0x20)
	if strings.Contains(d.page(client, profile), "/photo/") {
		t.Error("a draft is seen by a client")
	}
	public := strings.Replace(drafted, "/pro/profile", profile, 1)
	for _, who := range []qa.User{stranger, client, team, d.one(care.RoleProvider, 0)} {
		if res, _ := d.fetched(who, public); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s asks for a draft: %d", who.Role, res.StatusCode)
		}
	}
	if res, _ := d.fetched(d.one(care.RoleProvider, 0), drafted); res.StatusCode != http.StatusNotFound {
		t.Errorf("another provider asks for a draft: %d", res.StatusCode)
	}
	if m, err := jpeg.Decode(bytes.NewReader(d.photo(me, drafted))); err != nil || m.Bounds().Dx() != 320 || m.Bounds().Dy() != 320 {
		t.Errorf("the preview is no square of 320: %v", err)
	}

	d.done(me, "/pro/profile/publish", url.Values{"accurate": {"yes"}})
	looks := strings.Count(d.page(client, "/me/privacy"), "photo")
	for _, who := range []qa.User{stranger, client, team} {
		page := d.page(who, profile)
		wants(t, page, `src="`+public+`"`, `alt="Photo of `+name+`"`)
		if who.ID != "" && strings.Contains(page, "/photo/"+string(who.ID)) {
			t.Error("the address tells who looks")
		}
		res, body := d.fetched(who, public)
		tag := res.Header.Get("ETag")
		for header, want := range map[string]string{
			"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, max-age=31536000, immutable",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Referrer-Policy": "no-referrer",
		} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("the photo is served with %s %q", header, got)
			}
		}
		if res.StatusCode != http.StatusOK || tag == "" || strings.Contains(body, whereTaken) || strings.Contains(body, "Exif") || len(body) > 40<<10 {
			t.Errorf("%d, tag %q, %d bytes; or something beside the picture is in it", res.StatusCode, tag, len(body))
		}
		if res, body := d.fetched(who, public, "If-None-Match", tag); res.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("asked again with its tag: %d, %d bytes", res.StatusCode, len(body))
		}
		if res, _ := d.fetched(who, strings.Replace(public, "/large", "/small", 1)); res.StatusCode != http.StatusOK || res.Header.Get("ETag") == tag {
			t.Errorf("the small one: %d, tag %q", res.StatusCode, res.Header.Get("ETag"))
		}
		for _, wrong := range []string{strings.Replace(public, "/large", "/huge", 1), profile + "/photo/" + string(me.ID) + "/large", strings.Replace(public, string(me.ID), string(d.one(care.RoleProvider, 0).ID), 1)} {
			if res, _ := d.fetched(who, wrong); res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", wrong[:20], res.StatusCode)
			}
		}
	}
	if strings.Count(d.page(client, "/me/privacy"), "photo") != looks {
		t.Error("it is written down who looked at a public photo")
	}
	wants(t, d.page(client, "/find?state=IL&q="+url.QueryEscape(name)), `src="`+strings.Replace(public, "/large", "/small", 1)+`"`)

	gone := func(address string) {
		t.Helper()
		for _, who := range []qa.User{stranger, client} {
			res, body := d.fetched(who, address)
			if res.StatusCode != http.StatusNotFound || res.Header.Get("Cache-Control") != "no-store" || strings.Contains(body, "JFIF") {
				t.Errorf("what was removed answers %d, and may be kept: %s", res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if page := d.page(who, profile); strings.Contains(page, address) {
				t.Error("the profile names a photo that was removed")
			}
		}
	}
	second := put(0xD0)
	if second == drafted {
		t.Fatal("another photo has the same address")
	}
	wants(t, d.page(me, "/pro/profile"), "Keep the photo from before")
	wants(t, d.page(client, profile), `src="`+public+`"`)
	d.done(me, "/pro/profile/publish", url.Values{"accurate": {"yes"}})
	replaced := public
	public = strings.Replace(second, "/pro/profile", profile, 1)
	wants(t, d.page(client, profile), `src="`+public+`"`)

	d.do(care.System, act.Pause{Provider: me.ID})
	for _, path := range []string{public, replaced, profile} {
		if res, _ := d.fetched(client, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("of somebody who is not listed %s answers %d", path[:8], res.StatusCode)
		}
	}
	ops := "/ops/providers/" + string(me.ID)
	page := d.page(team, ops)
	wants(t, page, `src="`+strings.Replace(public, profile, ops, 1)+`"`, "Remove the photo")
	d.photo(team, strings.Replace(public, profile, ops, 1))
	d.do(care.System, act.Resume{Provider: me.ID})

	for _, role := range []care.Role{care.RoleClient, care.RoleProvider, care.RoleClinical, care.RoleOperator} {
		if status, _, _ := d.submit(d.one(role, 0), ops+"/photo/remove", url.Values{"photo_reason": {"x"}}); status != http.StatusForbidden {
			t.Errorf("%s takes a photo down: %d", role, status)
		}
	}
	if status, body, _ := d.submit(team, ops+"/photo/remove", url.Values{}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "say why") {
		t.Errorf("without a reason: %d", status)
	}
	wants(t, d.done(team, ops+"/photo/remove", url.Values{"photo_reason": {"It shows a logo, not you."}}), "The provider is told why")
	wants(t, d.page(me, "/pro/profile"), "The care team has removed your photo", "It shows a logo, not you.")
	if page := d.page(client, profile); strings.Contains(page, "/photo/") {
		t.Error("a photo that was taken down is still shown")
	}
	gone(replaced)
	gone(public)

	public = strings.Replace(put(0x55), "/pro/profile", profile, 1)
	d.done(me, "/pro/profile/publish", url.Values{"accurate": {"yes"}})
	if page := d.page(me, "/pro/profile"); strings.Contains(page, "It shows a logo") {
		t.Error("the reason stays though another photo is published")
	}
	wants(t, d.done(me, "/pro/profile/photo/remove", url.Values{"which": {"all"}}), "The photo is gone")
	if page := d.page(client, profile); strings.Contains(page, "/photo/") || !strings.Contains(page, `class="avatar" data-tint=`) {
		t.Error("a photo that was removed is still shown")
	}
	gone(public)
}
