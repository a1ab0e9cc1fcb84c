package web_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"careconnect/http/qa"
	"careconnect/rules/care"
)

// stranger is somebody who has not signed in.
var stranger qa.User

func photoOfACard(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 320, 200))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 4)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a form with a photo, as a browser without script does.
func (d *demo) upload(as qa.User, path string, form url.Values, photo []byte) (int, string, string) {
	d.t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for name, values := range form {
		if err := parts.WriteField(name, values[0]); err != nil {
			d.t.Fatal(err)
		}
	}
	if photo != nil {
		part, err := parts.CreateFormFile("photo", "../../IMG_1.html")
		if err == nil {
			_, err = part.Write(photo)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		d.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, d.url+path, &body)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", parts.FormDataContentType())
	return d.send(as, req)
}

// linkSent asks for details on the client's page and gives the address of the
// link that was mailed.
func (d *demo) linkSent(team qa.User, client care.ChartID) string {
	d.t.Helper()
	since := d.clock.Now()
	wants(d.t, d.done(team, "/ops/client/"+string(client)+"/details", nil), "A link is on its way", "A link is out, and works until ")
	d.wait(0)
	for _, m := range d.caught.Mails(d.chart(client).Client.Email, since) {
		if _, after, ok := strings.Cut(m.Text, "http://localhost:1/details/"); ok {
			return "/details/" + strings.Fields(after)[0]
		}
	}
	d.t.Fatal("no link was mailed")
	return ""
}

var aPlan = url.Values{"kind": {"health_plan"}, "payer": {"Optum"}, "plan": {"Choice Plus"}, "member_id": {"W987654321"}}

// R28: the link shows nothing of the client, takes the details and a photo once,
// and answers 410 from then on; the photo is seen by those who verify, as a picture
// and nothing else, and each look is told to the client.
func TestR28DetailsByALinkOnThePages(t *testing.T) {
	d := newDemo(t)
	team, me := d.one(care.RoleCareTeam, 0), d.one(care.RoleClient, 0)
	before := d.chart(me.ID)
	link := d.linkSent(team, me.ID)

	for range 3 { // a mail program looks before a person does
		form := d.page(stranger, link)
		wants(t, form, `enctype="multipart/form-data"`, `type="file"`, "JPEG or PNG")
		for what, word := range map[string]string{"name": before.Client.Name, "address": before.Client.Email, "id": string(me.ID)} {
			if strings.Contains(form, word) {
				t.Errorf("the page of the link shows the client's %s", what)
			}
		}
	}
	bad := url.Values{"kind": {"health_plan"}, "payer": {"Optum"}, "plan": {"Choice Plus"}}
	status, body, _ := d.upload(stranger, link, bad, photoOfACard(t))
	if status != http.StatusUnprocessableEntity {
		t.Errorf("without a number: %d", status)
	}
	wants(t, body, "Give the number on the card.")
	for what, photo := range map[string][]byte{"a page": []byte("<script>alert(1)</script>"), "too much": append(photoOfACard(t), make([]byte, 7<<20)...)} {
		status, body, _ = d.upload(stranger, link, aPlan, photo)
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s for a photo: %d", what, status)
		}
		wants(t, body, "Choose a photo ", "W987654321")
	}
	if status, _, _ = d.upload(stranger, link, aPlan, make([]byte, 9<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("nine megabytes: %d", status)
	}
	status, _, to := d.upload(stranger, link, aPlan, photoOfACard(t))
	if status != http.StatusSeeOther {
		t.Fatalf("the details are not taken: %d", status)
	}
	wants(t, d.page(stranger, to), "The care team has what you sent")
	received := []string{"We have the details of your plan", "What comes next", "within 1 business day", "ask for a new link"}
	for range 2 { // whoever clicks again is told, and not turned away
		page := d.page(stranger, link)
		wants(t, page, received...)
		if strings.Contains(page, before.Client.Name) || strings.Contains(page, "W987654321") || strings.Contains(page, string(me.ID)) {
			t.Error("a link that was used shows whose it was, or what was sent")
		}
	}
	plans := len(d.chart(me.ID).Coverages)
	if status, body, _ = d.upload(stranger, link, aPlan, nil); status != http.StatusGone || len(d.chart(me.ID).Coverages) != plans {
		t.Errorf("sent twice: %d", status)
	}
	wants(t, body, received...)
	d.wait(time.Minute)
	replaced := d.linkSent(team, me.ID)
	if page := d.page(stranger, replaced); !strings.Contains(page, `type="file"`) {
		t.Error("a new link takes nothing")
	}
	for _, again := range []func() (int, string){
		func() (int, string) { return d.get(stranger, link) },
		func() (int, string) { status, body, _ := d.upload(stranger, link, aPlan, nil); return status, body },
		func() (int, string) { return d.get(stranger, "/details/nobody-ever-had-this") },
	} {
		status, body := again()
		if status != http.StatusGone {
			t.Errorf("a link that takes nothing any more: %d", status)
		}
		wants(t, body, "Ask for a new link")
	}

	c, _ := d.chart(me.ID).CurrentCoverage()
	at := "/ops/coverage/" + string(c.ID)
	wants(t, d.page(team, at), "Look at the photo of the card", "Choice Plus")
	wants(t, d.page(team, at+"/card"), `src="`+at+`/card/photo"`, "W987654321")
	looks := strings.Count(d.page(me, "/me/privacy"), "card photo")
	picture := d.photo(team, at+"/card/photo")
	if m, err := jpeg.Decode(bytes.NewReader(picture)); err != nil || m.Bounds().Dx() != 320 {
		t.Errorf("what is served is no picture: %v", err)
	}
	if got := strings.Count(d.page(me, "/me/privacy"), "card photo"); got != looks+1 {
		t.Errorf("the client reads of %d looks, want one more than %d", got, looks)
	}
	for _, role := range []care.Role{care.RoleClient, care.RoleProvider, care.RoleClinical, care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator} {
		if status, body := d.get(d.one(role, 0), at+"/card/photo"); status != http.StatusForbidden || strings.Contains(body, string(picture[:20])) {
			t.Errorf("%s asks for the photo: %d", role, status)
		}
	}
	wants(t, d.page(me, "/coverage"), "Photo of the card", "Kept sealed")

	d.done(team, at, url.Values{"result": {"eligible"}, "send": {"yes"}})
	for _, path := range []string{at + "/card", at + "/card/photo"} {
		if status, _ := d.get(team, path); status != http.StatusNotFound {
			t.Errorf("after the finding %s answers %d", path, status)
		}
	}
	wants(t, d.page(me, "/coverage"), "it is removed on ")
	d.wait(8 * 24 * time.Hour)
	if c, _ := d.chart(me.ID).Coverage(c.ID); c.Card != nil {
		t.Error("the photo is still there")
	}
}

// photo fetches a picture, and holds how it is served.
func (d *demo) photo(as qa.User, path string) []byte {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+as.Token)
	res, err := d.client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatalf("the photo answers %d, %v", res.StatusCode, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
	} {
		if got := res.Header.Get(name); got != want {
			d.t.Errorf("the photo is served with %s %q", name, got)
		}
	}
	return body
}

// R28: on the eighth day the link is over, a newer link ends an older one, and no
// log tells a secret.
func TestR28ALinkIsOverOnThePages(t *testing.T) {
	var logged bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil))) })
	d := newDemo(t)
	team, me := d.one(care.RoleCareTeam, 0), d.one(care.RoleClient, 0)
	first := d.linkSent(team, me.ID)
	d.wait(time.Hour)
	second := d.linkSent(team, me.ID)
	if status, _ := d.get(stranger, first); status != http.StatusGone {
		t.Errorf("the first link, when there is a second: %d", status)
	}
	d.wait(7*24*time.Hour - time.Minute)
	if status, _ := d.get(stranger, second); status != http.StatusOK {
		t.Errorf("on the seventh day: %d", status)
	}
	d.wait(time.Minute)
	if status, _ := d.get(stranger, second); status != http.StatusGone {
		t.Errorf("opened on the eighth day: %d", status)
	}
	if status, _, _ := d.upload(stranger, second, aPlan, nil); status != http.StatusGone {
		t.Errorf("used on the eighth day: %d", status)
	}
	for _, link := range []string{first, second} {
		if strings.Contains(logged.String(), strings.TrimPrefix(link, "/details/")) {
			t.Error("a log tells the secret of a link")
		}
	}
}
