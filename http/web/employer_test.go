package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/http/auth"
	"careconnect/http/qa"
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
	b.whereabouts("IL").answers(200)
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

// TestR72TheCareTeamKeepsTheRegistry on its pages.
func TestR72TheCareTeamKeepsTheRegistry(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	wants(t, d.page(team, "/ops/employers"), "Lanternworks Power", "Register an employer", "takes part since")
	form := url.Values{"code": {"FERN"}, "name": {"Fernreach Biologics"}, "industry": {"farming"}, "starts": {"2026-12-01"}, "holidays": {"2026-12-24 2026-12-31"}}
	if code, body, _ := d.submit(team, "/ops/employers", form); code != 422 || !strings.Contains(body, "Fernreach") {
		t.Errorf("an unknown industry: %d", code)
	}
	form.Set("industry", "pharmaceutical")
	page := d.done(team, "/ops/employers", form)
	wants(t, page, "Takes part from 2026-12-01 on", "/e/FERN", "careconnect hash-roster LIST.csv --employer FERN --salt sa_", "2026-12-24 2026-12-31")
	path := between(t, page, `<form class="form card" method="post" action="`, `"`)
	form.Set("ends", "2026-11-30")
	if code, body, _ := d.submit(team, path, form); code != 422 || !strings.Contains(body, "ot before the first day") {
		t.Errorf("ends before it begins: %d", code)
	}
	form.Set("ends", "2027-06-30")
	form.Set("audience", "Benefits desk")
	wants(t, d.done(team, path, form), "Benefits desk", "2027-06-30")
	if code, _ := d.get(d.one(care.RoleProvider, 0), "/ops/employers"); code != 403 {
		t.Errorf("a provider opens the registry: %d", code)
	}
}

// TestR70SomebodyNewWhoIsNotFoundHasTheCareTeamLook, from the form that turned them
// away, and goes on once somebody has looked.
func TestR70SomebodyNewWhoIsNotFoundHasTheCareTeamLook(t *testing.T) {
	h := newHouse(t)
	programme, _ := h.store.Programme()
	e := act.EmployerOf("LANTERN", programme)
	h.do(care.System, act.ImportRoster{Employer: e.ID, File: "a", Keys: []string{care.RosterKey(e.Salt, "W-77001")}})
	h.do(care.System, act.FinishRoster{Employer: e.ID, File: "a", Pages: 1, Size: 1})
	path := "/p/" + string(h.provider(false)) + "/book"
	b := h.browser()
	b.get(path + "?employer=LANTERN&src=employer_link&state=IL").answers(200)
	b.postTo(path, b.newcomer(nil)).answers(422).shows(`formaction="/look"`)
	b.postTo("/look", b.newcomer(url.Values{"birth_date": {"2015-01-01"}})).answers(422)
	b.postTo("/look", b.newcomer(url.Values{"employer": {""}})).answers(422).shows("Give your employer’s code")
	b.postTo("/look", b.newcomer(url.Values{"once": {"looked"}})).answers(200).shows("The care team looks where you are employed", "Your employer is not asked")
	twice := h.browser()
	twice.get(path + "?employer=LANTERN&src=employer_link&state=IL").answers(200)
	twice.postTo("/look", twice.newcomer(url.Values{"once": {"looked"}})).answers(200).shows("The care team looks where you are employed")
	if twice.chart().ID != b.chart().ID {
		t.Error("the same form, sent twice, opened two charts")
	}
	b.postTo(path, url.Values{}).answers(422).shows(`formaction="/look"`)
	b.postTo("/look", url.Values{}).answers(200).shows("The care team looks")
	me := b.chart()
	h.do(care.Actor{Role: care.RoleCareTeam, Chart: "ac_desk"}, act.CheckEmployment{Client: me.ID, Employed: true})
	b.get("/me").answers(200).shows("Find a therapist")
	b.postTo(path, url.Values{}).answers(200)
}

// TestR11AnEmployerTellsItsPeople with one link, and reads nothing of anybody.
func TestR11AnEmployerTellsItsPeople(t *testing.T) {
	d := newDemo(t)
	boss := d.one(care.RoleEmployer, 0)
	page := d.page(boss, "/employer")
	wants(t, page, "/e/LANTERN", "the same for all of your people", "A poster to print")
	poster := d.page(boss, "/employer/poster")
	wants(t, poster, "/e/LANTERN", "Someone to talk to", "988", `<path d="M4 4h1v1h-1z`)
	for _, u := range d.users {
		if u.Role == care.RoleClient && (strings.Contains(page, u.Name) || strings.Contains(poster, u.Name)) {
			t.Error("an employer reads a name")
		}
	}
}

// TestR70TheCareTeamSaysWhatItFound of a client's word, and TestR10 what a provider
// reads of it.
func TestR70TheCareTeamSaysWhatItFound(t *testing.T) {
	d := newDemo(t)
	team, provider := d.one(care.RoleCareTeam, 0), d.one(care.RoleProvider, 1)
	token := auth.Secret()
	made := d.do(care.Anonymous, act.Request{Provider: provider.ID, New: &act.Enter{
		FullName: "Wren Talverone", Email: "wren.talverone@example.test", BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 31}, State: "IL", Zone: "America/Chicago",
		Source: care.FromEmployer, Code: "LANTERN", Evidence: care.ByWord,
		Pass: &care.Pass{Hash: auth.Hash(token), Type: care.PassToken},
	}})
	chart, err := d.store.Locate(t.Context(), care.System, made, "test")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, d.page(team, "/ops"), "A client’s word on where they work", "Say what was found")
	path := "/ops/client/" + string(chart.ID)
	wants(t, d.page(team, path), "Not looked at", "From: Employer link", "Goes under: Care Connect", "Lanternworks Power")
	request := "/pro/r/" + made
	if page := d.page(provider, request); !strings.Contains(page, "Care Connect</span>") || strings.Contains(page, "Lanternworks") || strings.Contains(page, "LANTERN") {
		t.Error("R10: a provider reads the programme's name, and not the employer's")
	}
	me := qa.User{Role: care.RoleClient, ID: chart.ID, Token: token}
	wants(t, d.page(me, "/me/details"), "not where you work", "I do not work there any more", "The client’s word")
	d.done(me, "/me/employer/name", url.Values{"shown": {"yes"}})
	wants(t, d.page(provider, request), "Employed at Lanternworks Power")
	d.done(me, "/me/employer/name", url.Values{"shown": {"no"}})
	if strings.Contains(d.page(provider, request), "Lanternworks") {
		t.Error("R10: the name stays when the client takes it back")
	}
	if code, _, _ := d.submit(team, path+"/employment", nil); code != 422 {
		t.Errorf("nothing said: %d", code)
	}
	wants(t, d.done(team, path+"/employment", url.Values{"employed": {"no"}}), "Not any more", "Goes under: ordinary insurance care")
	wants(t, d.page(provider, request), "ordinary terms")
	if strings.Contains(d.page(team, "/ops"), "A client’s word on where they work") {
		t.Error("the task is still on the board")
	}
	wants(t, d.done(team, path+"/employment", url.Values{"employed": {"yes"}}), "Goes under: Care Connect")
	wants(t, d.done(me, "/me/employer/end", nil), "Your employer is told nothing", "Not any more")
}

// TestR71TheCareTeamTakesARosterIn on the employer's page; a list with addresses in
// it is refused, and none of them is repeated.
func TestR71TheCareTeamTakesARosterIn(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	programme, _ := d.store.Programme()
	e := *act.EmployerOf("LANTERN", programme)
	path := "/ops/employers/" + string(e.ID)
	give := func(text, shrunk string) (int, string) {
		t.Helper()
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		file, err := w.CreateFormFile("roster", "roster.csv")
		if err == nil {
			_, err = file.Write([]byte(text))
		}
		if err := errors.Join(err, w.WriteField("shrunk", shrunk), w.Close()); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPost, d.url+path+"/roster", &form)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", w.FormDataContentType())
		code, body, _ := d.send(team, req)
		return code, body
	}
	roster := func(n int) string {
		text := "employer,salt_check,key\n"
		for i := range n {
			text += "LANTERN," + care.RosterCheck(e.Salt) + "," + care.RosterKey(e.Salt, fmt.Sprint("E-", i)) + "\n"
		}
		return text
	}
	for _, c := range []struct {
		text, shrunk, says string
		code               int
	}{
		{"email\nana.vireo@lanternworks.test\n", "", "hash-roster", 422},
		{roster(600), "", "600 rows: 600 imported", 200},
		{roster(2), "", "less than half as long", 422},
		{roster(2), "yes", "2 rows: 0 imported, 0 updated, 2 unchanged, 598 removed", 200},
	} {
		code, body := give(c.text, c.shrunk)
		if code != c.code || strings.Contains(body, "ana.vireo") {
			t.Errorf("%s: %d", c.says, code)
		}
		wants(t, body, c.says, "Lanternworks Power")
	}
	wants(t, d.page(team, path), "Two hashes")
	for _, other := range programme.Employers {
		if other.ID != e.ID {
			path = "/ops/employers/" + string(other.ID)
			break
		}
	}
	if code, body := give(roster(3), ""); code != 422 || !strings.Contains(body, "roster of another employer") {
		t.Errorf("a roster on the page of another employer: %d", code)
	}
	if code, _, _ := d.submit(team, path+"/roster", nil); code != 422 {
		t.Errorf("no file: %d", code)
	}
}

// TestR70SomebodyNewIsLookedUp in the employer's roster by what they type, which goes
// no further than the form.
func TestR70SomebodyNewIsLookedUp(t *testing.T) {
	h := newHouse(t)
	programme, _ := h.store.Programme()
	e := act.EmployerOf("LANTERN", programme)
	h.do(care.System, act.ImportRoster{Employer: e.ID, File: "a", Keys: []string{care.RosterKey(e.Salt, "W-77001"), care.RosterKey(e.Salt, "wren.talverone@example.test")}})
	h.do(care.System, act.FinishRoster{Employer: e.ID, File: "a", Pages: 1, Size: 2})
	path := "/p/" + string(h.provider(false)) + "/book"
	for _, c := range []struct {
		name string
		form url.Values
		want int
	}{
		{"neither", url.Values{"email": {"else@example.test"}}, 422},
		{"mistyped", url.Values{"email": {"else@example.test"}, "employee": {"W-77002"}}, 422},
		{"a number", url.Values{"email": {"else@example.test"}, "employee": {" w-77001"}}, 200},
		{"the address itself", nil, 200},
	} {
		b := h.browser()
		b.get(path + "?employer=LANTERN&src=employer_link&state=IL").answers(200).shows("Your e-mail or number at work")
		b.postTo(path, b.newcomer(c.form)).answers(c.want)
		if c.want != 200 {
			b.shows("your e-mail or number at work. If you have none at hand, or are not found by it, have the care team look", `formaction="/look"`)
			continue
		}
		chart := b.chart()
		if chart.Client.Benefit.Evidence != care.ByRoster {
			t.Errorf("%s: evidence %q", c.name, chart.Client.Benefit.Evidence)
		}
		if text, err := json.Marshal(chart); err != nil || strings.Contains(strings.ToLower(string(text)), "w-77001") {
			t.Errorf("%s: the number is kept, or %v", c.name, err)
		}
	}
}
