package web_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/qa"
	"careconnect/http/web"
	"careconnect/rules/care"
)

// R9: a link that the portal signed opens once, within its minutes; used again,
// too late or tampered with it leads to a friendly page and an entry in the trail.
// No log has it.
func TestR9LinksFromThePortal(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	d := newDemo(t)
	payer, stranger := d.one(care.RolePayer, 0), qa.User{}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	page := d.done(payer, "/payer/links", url.Values{"public": {base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))}})
	id := between(t, page, "<h3>", "</h3>")
	link := func(n string, expires time.Duration, change func(*auth.Handoff)) string {
		h := auth.Handoff{Key: id, Programme: "care-connect", Employer: "LANTERN", Expires: d.clock.Now().Add(expires).Unix(), Nonce: n}
		if change != nil {
			change(&h)
		}
		return h.Sign(key)
	}
	good := link("n1", 10*time.Minute, nil)
	wants(t, d.tried(payer, good), "This link would open")

	code, body, to := d.submitted(stranger, "GET", "/enter?t="+url.QueryEscape(good))
	if code != http.StatusSeeOther || strings.Contains(to, good) || !strings.Contains(to, "employer=LANTERN") || !strings.Contains(to, "src=portal") {
		t.Fatalf("%d, leads to %q: %s", code, to, body)
	}
	wants(t, d.page(stranger, to), "Good that you are here", "Find a therapist")
	seen := entries(d)
	tampered := []byte(good)
	tampered[10] ^= 1
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	for _, c := range []struct {
		name, token string
		code        int
	}{
		{"used again", good, http.StatusGone},
		{"used again for another employer", link("n1", 10*time.Minute, func(h *auth.Handoff) { h.Employer = "QUARRY" }), http.StatusGone},
		{"too late", link("n2", -5*time.Minute-time.Second, nil), http.StatusGone},
		{"living too long", link("n3", 20*time.Minute+time.Second, nil), http.StatusGone},
		{"tampered with", string(tampered), http.StatusBadRequest},
		{"cut short", good[:40], http.StatusBadRequest},
		{"for another programme", link("n4", time.Minute, func(h *auth.Handoff) { h.Programme = "other" }), http.StatusBadRequest},
		{"by another key", auth.Handoff{Key: id, Programme: "care-connect", Expires: d.clock.Now().Unix(), Nonce: "n5"}.Sign(other), http.StatusBadRequest},
		{"of a key that is not known", link("n6", time.Minute, func(h *auth.Handoff) { h.Key = "hk_none" }), http.StatusBadRequest},
	} {
		code, body, _ := d.submitted(stranger, "GET", "/enter?t="+url.QueryEscape(c.token))
		if code != c.code {
			t.Errorf("%s: %d", c.name, code)
		}
		wants(t, body, "You can go on without it", "Go on without the link", "988")
		if strings.Contains(body, c.token) {
			t.Errorf("%s: the page has the link", c.name)
		}
		if seen++; entries(d) != seen {
			t.Errorf("%s: no entry in the trail", c.name)
		}
	}
	for _, still := range []string{link("n7", -5*time.Minute, nil), link("n8", 20*time.Minute, nil)} { // clocks five minutes apart
		if code, _, _ := d.submitted(stranger, "GET", "/enter?t="+url.QueryEscape(still)); code != http.StatusSeeOther {
			t.Errorf("within the skew: %d", code)
		}
	}
	d.done(payer, "/payer/links/"+id+"/retire", nil)
	if code, _, _ := d.submitted(stranger, "GET", "/enter?t="+url.QueryEscape(link("n9", time.Minute, nil))); code != http.StatusBadRequest {
		t.Errorf("signed with a retired key: %d", code)
	}
	if text := log.String(); strings.Contains(text, good) || strings.Contains(text, "?t=") {
		t.Error("a log has the link")
	}
	if status, _ := d.get(d.one(care.RoleCareTeam, 0), "/payer/links"); status != http.StatusForbidden {
		t.Errorf("the care team opens the payer's keys: %d", status)
	}
}

func (d *demo) tried(as qa.User, token string) string {
	d.t.Helper()
	_, body, _ := d.submit(as, "/payer/links/try", url.Values{"token": {token}})
	return body
}

func (d *demo) submitted(as qa.User, method, path string) (int, string, string) {
	d.t.Helper()
	r, err := http.NewRequest(method, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.send(as, r)
}

// entries counts the whole trail.
func entries(d *demo) int64 {
	d.t.Helper()
	report, err := d.store.VerifyTrail(context.Background(), "", func(int64, int64) {})
	if err != nil {
		d.t.Fatal(err)
	}
	return report.Size
}

// R15: the crisis text stands on every page that a client or a stranger can open,
// on those that say what went wrong, and on the form that asks a provider.
func TestR15CrisisTextOnEveryPageOfAClient(t *testing.T) {
	d := newDemo(t)
	pages, err := web.New(web.Config{Bundle: assets.New()})
	if err != nil {
		t.Fatal(err)
	}
	client, provider, seen := d.one(care.RoleClient, 4), d.one(care.RoleProvider, 0), 0
	paths := []string{"/p/" + string(provider.ID), "/p/" + string(provider.ID) + "/book", "/p/pr_none", "/nowhere", "/me/forms/sc_none", "/ops", "/enter?t=x"}
	for _, r := range pages.Routes() {
		if r.Method == http.MethodGet && !strings.Contains(r.Path, "{") && (r.For(care.RoleAnonymous) || r.For(care.RoleClient)) {
			paths = append(paths, r.Path)
		}
	}
	for _, path := range paths {
		for _, who := range []qa.User{{}, client} {
			status, body := d.get(who, path)
			if !strings.Contains(body, "<html") { // led on to another page
				continue
			}
			if seen++; !strings.Contains(body, "988") || !strings.Contains(body, "not for emergencies") {
				t.Errorf("GET %s as %q, %d: no crisis text", path, who.Role, status)
			}
		}
	}
	if seen < 25 {
		t.Errorf("only %d pages were looked at", seen)
	}
}
