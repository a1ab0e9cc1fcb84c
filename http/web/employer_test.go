package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// TestR11AnEmployersLinkLeavesNothing: one link for all its people; who opens it
// and looks around makes no record, and nothing that the employer sees changes.
func TestR11AnEmployersLinkLeavesNothing(t *testing.T) {
	h := newHouse(t)
	boss := h.role(care.RoleEmployer)
	page := boss.get("/desk").answers(200).body
	before := h.commits()
	b := h.browser()
	b.get("/e/lantern").answers(200).shows("Good that you are here", "never see that you were here")
	b.get(b.link(`/find\?[^"]*`) + "&state=IL").answers(200)
	b.get("/p/"+string(h.provider(true))+"/book?employer=LANTERN&src=employer_link").answers(200).shows(`value="LANTERN"`, `value="employer_link"`)
	if got := h.commits(); got != before {
		t.Errorf("%d commits, %d before", got, before)
	}
	if boss.get("/desk").answers(200).body != page {
		t.Error("the employer's page has changed")
	}
	for _, path := range []string{"/api/v1/visits?employer=LANTERN", "/api/v1/clients?employer=LANTERN", "/ops", "/ops/employers", "/me"} {
		resp, err := boss.http.Get(boss.url + path)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode < 400 {
			t.Errorf("%s answers %d to an employer", path, resp.StatusCode)
		}
	}
}

// TestR72OutsideItsDatesALinkExplains and lets nobody in.
func TestR72OutsideItsDatesALinkExplains(t *testing.T) {
	h := newHouse(t)
	in := func(days int) calendar.Date { return calendar.On(begin.AddDate(0, 0, days), time.UTC) }
	for _, e := range []care.Employer{{Code: "SOON", Starts: in(5)}, {Code: "OVER", Starts: in(-50), Ends: in(-2)}} {
		e.Name, e.Industry = e.Code+" Works", "other"
		h.do(care.System, act.AddEmployer{Employer: e})
	}
	b := h.browser()
	for path, says := range map[string]string{"/e/SOON": "Not open yet", "/e/OVER": "Not open any more", "/enter?employer=over&src=portal": "Not open any more"} {
		b.get(path).answers(200).shows(says, "care team", "Nothing was kept", "988")
		if strings.Contains(b.body, "/find?employer") {
			t.Errorf("%s leads on", path)
		}
	}
	b.get("/e/NOBODYS").answers(404).shows("We do not know this link")
	id := h.provider(false)
	b.get("/p/" + string(id) + "/book?employer=OVER&src=employer_link").answers(200)
	b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"employer": {"OVER"}})).answers(422).shows("A client is employed, today")
}

// TestR70WhatALinkProves: a signed one that the employer's code is good, an address
// that anybody can write nothing.
func TestR70WhatALinkProves(t *testing.T) {
	h := newHouse(t)
	id := h.provider(false)
	proof := h.store.Vouch("handoff lantern", h.clock.Now().Add(time.Hour))
	for n, c := range []struct {
		employer, proof string
		want            care.Evidence
	}{{"LANTERN", proof, care.ByPortal}, {"LANTERN", "", care.ByWord}, {"LANTERN", proof + "x", care.ByWord}, {"QUARRY", proof, care.ByWord}} {
		b := h.browser()
		b.get("/p/" + string(id) + "/book?" + url.Values{"employer": {c.employer}, "src": {"portal"}, "proof": {c.proof}, "state": {"IL"}}.Encode()).answers(200)
		b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"employer": {c.employer}, "email": {fmt.Sprintf("wren%d@example.test", n)}})).answers(200)
		if got := b.chart().Client.Benefit.Evidence; got != c.want {
			t.Errorf("%d: evidence %q, want %q", n, got, c.want)
		}
	}
	h.until(h.clock.Now().Add(2 * time.Hour))
	if h.store.Vouched("handoff lantern", proof) {
		t.Error("the word outlives its time")
	}
}

// role is a browser of somebody with a role.
func (h *house) role(role care.Role) *browser {
	h.t.Helper()
	for _, u := range h.users {
		if u.Role == role {
			return h.signedIn(u.ID)
		}
	}
	h.t.Fatalf("nobody is %s", role)
	return nil
}

// commits counts what was ever written.
func (h *house) commits() uint64 {
	h.t.Helper()
	n, err := h.store.Sequence()
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}
