package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/assets"
	serve "careconnect/http"
	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/qa"
	"careconnect/http/web"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
	"careconnect/store/directory"
)

// house is the whole service on a virtual clock, with the people of a demo.
type house struct {
	t     *testing.T
	store *store.Store
	clock *qa.Clock
	post  *notify.Post
	users []qa.User
	url   string
}

var begin = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC) // a Friday, 10:00 in Chicago

func newHouse(t *testing.T) *house {
	t.Helper()
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began) }
	clock := qa.NewClock(begin.Add(-qa.Before), elapsed, false)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	seed := uint64(7)
	s, err := store.Create(store.Config{Dir: dir, Now: clock.Now, Elapsed: elapsed, TZData: "test", Seed: &seed},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(begin.Add(-20 * 24 * time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	post, err := notify.New(s, &notify.Caught{}, assets.FS(), "http://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	users, err := qa.Seed(context.Background(), s, post, clock, 7, begin, qa.Scenarios[0])
	if err != nil {
		t.Fatal(err)
	}
	a := auth.New(s, clock.Now, elapsed, false)
	pages, err := web.New(web.Config{Store: s, Auth: a, Bundle: assets.New(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	h, err := serve.New(serve.Config{Auth: a, Routes: pages.Routes(), Ready: func() []string { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &house{t, s, clock, post, users, server.URL}
}

// until lets time pass.
func (h *house) until(at time.Time) {
	h.t.Helper()
	if _, err := qa.Advance(context.Background(), h.store, h.post, h.clock, at); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) do(actor care.Actor, a act.Act) store.Outcome {
	h.t.Helper()
	out, err := h.store.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		h.t.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out
}

// provider finds a listed one in Illinois, who lets clients book or who does not.
func (h *house) provider(self bool) care.ChartID {
	h.t.Helper()
	page, err := h.store.Directory().Search(directory.Query{State: "IL", Zone: "America/Chicago", Limit: 100}, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range page.Items {
		if c.SelfSchedule == self && c.MeetsPromise {
			return c.ID
		}
	}
	h.t.Fatal("nobody in the directory")
	return ""
}

// browser is somebody without script: it follows links and sends forms.
type browser struct {
	*house
	http *http.Client
	at   string // address of the page
	body string
	code int
	// by is from where a proxy says that it comes; empty: there is none.
	by    string
	after string // when to come again
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{house: h, http: &http.Client{Jar: jar}}
}

// signedIn is a browser of a client who is there already.
func (h *house) signedIn(id care.ChartID) *browser {
	b := h.browser()
	secret := auth.Secret()
	h.do(care.System, act.GivePass{Chart: id, Pass: care.Pass{Hash: auth.Hash(secret), Type: care.PassSession, Expires: h.clock.Now().Add(1000 * time.Hour)}})
	at, err := url.Parse(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "careconnect", Value: secret, Path: "/"}})
	return b
}

func (b *browser) send(r *http.Request) *browser {
	b.t.Helper()
	r.Header.Set("Accept", "text/html")
	if b.by != "" {
		r.Header.Set("X-Forwarded-For", b.by)
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.body, b.code = resp.Request.URL.RequestURI(), string(body), resp.StatusCode
	b.after = resp.Header.Get("Retry-After")
	b.sound(resp)
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(r)
}

func (b *browser) postTo(path string, form url.Values) *browser {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

var (
	inlined  = regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|\sstyle=|\son[a-z]+=|javascript:|ZgotmplZ|&lt;no value|<nil>|%!`)
	clocked  = regexp.MustCompile(`\b\d{1,2}:\d{2}(?::\d{2})?(.{0,5})`)
	abbrev   = regexp.MustCompile(`^ ([A-Z]{3,4}|UTC[+-]\d+)`)
	tagged   = regexp.MustCompile(`<[^>]*>`)
	required = regexp.MustCompile(`<(?:input|select|textarea)[^>]* name="([^"]+)"[^>]*\brequired`)
	hidden   = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// sound holds what is true of every page: crisis help, no inline style or
// script, and a zone behind each time of day.
func (b *browser) sound(resp *http.Response) {
	b.t.Helper()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		b.t.Errorf("%s: answered %q, not a page", b.at, resp.Header.Get("Content-Type"))
		return
	}
	if !strings.Contains(b.body, `href="tel:988"`) || !strings.Contains(b.body, `href="tel:911"`) {
		b.t.Errorf("%s: crisis help is missing", b.at)
	}
	if bad := inlined.FindString(b.body); bad != "" {
		b.t.Errorf("%s: %q breaks the content security policy, or is a template gone wrong", b.at, bad)
	}
	for _, m := range clocked.FindAllStringSubmatch(tagged.ReplaceAllString(b.body, ""), -1) {
		if !abbrev.MatchString(m[1]) {
			b.t.Errorf("%s: %q has no zone behind it", b.at, m[0])
		}
	}
}

// shows wants every text on the page, lacks none of them.
func (b *browser) shows(texts ...string) *browser {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.body, text) {
			b.t.Fatalf("%s (%d) does not show %q", b.at, b.code, text)
		}
	}
	return b
}

func (b *browser) lacks(texts ...string) *browser {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(b.body, text) {
			b.t.Errorf("%s shows %q", b.at, text)
		}
	}
	return b
}

// answers wants a status.
func (b *browser) answers(code int) *browser {
	b.t.Helper()
	if b.code != code {
		b.t.Fatalf("%s answered %d, want %d", b.at, b.code, code)
	}
	return b
}

// keeps takes a receipt and checks it as somebody would who has the public key.
func (b *browser) keeps(path, says string) {
	b.t.Helper()
	resp, err := b.http.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	receipt, err := store.ReadReceipt(body)
	if err == nil {
		_, _, err = receipt.Check(b.store.TrailKey())
	}
	if err != nil || !strings.Contains(receipt.Statement, says) || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		b.t.Errorf("%s: %v, it says %q", path, err, receipt.Statement)
	}
}

// link is the address behind the first link that matches.
func (b *browser) link(pattern string) string {
	b.t.Helper()
	m := regexp.MustCompile(`href="(` + pattern + `)"`).FindStringSubmatch(b.body)
	if m == nil {
		b.t.Fatalf("%s has no link %s", b.at, pattern)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

// value is that of the first input of a name.
func (b *browser) value(name string) string {
	b.t.Helper()
	m := regexp.MustCompile(` name="` + name + `" value="([^"]+)"`).FindStringSubmatch(b.body)
	if m == nil {
		b.t.Fatalf("%s offers no %s", b.at, name)
	}
	return strings.ReplaceAll(m[1], "&#43;", "+")
}

// carried are the hidden fields of the page.
func (b *browser) carried() url.Values {
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.body, -1) {
		form.Add(m[1], m[2])
	}
	return form
}

// needed are the names of fields that must be filled.
func (b *browser) needed() []string {
	var names []string
	for _, m := range required.FindAllStringSubmatch(b.body, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// newcomer fills the booking form of the page as somebody new would.
func (b *browser) newcomer(more url.Values) url.Values {
	form := b.carried()
	for name, value := range map[string]string{
		"name": "Wren Talverone", "email": "wren.talverone@example.test", "birth_date": "1990-05-31",
		"state": "IL", "zone": "America/Chicago", "employer": "LANTERN",
	} {
		form.Set(name, value)
	}
	for name, values := range more {
		form[name] = values
	}
	return form
}

// whereabouts says where somebody is, where a page asks for it before the directory.
func (b *browser) whereabouts(state string) *browser {
	b.t.Helper()
	b.shows("Which state are you in?", `action="/find"`)
	form := b.carried()
	form.Set("state", state)
	return b.get("/find?" + form.Encode())
}

func (b *browser) chart() *care.Chart {
	b.t.Helper()
	at, _ := url.Parse(b.url)
	for _, c := range b.http.Jar.Cookies(at) {
		account, _, ok, err := b.store.Bearer(auth.Hash(c.Value))
		if err != nil || !ok {
			continue
		}
		chart, err := b.store.Chart(context.Background(), care.System, account.Chart, "test")
		if err != nil {
			b.t.Fatal(err)
		}
		return chart
	}
	b.t.Fatal("nobody is signed in")
	return nil
}

// The whole road of a client, by plain forms: at most three screens and eight
// required fields to the booked call; then forms, session, plan and sharing.
func TestR14AClientGoesTheWholeRoadWithoutScript(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.get("/enter?employer=LANTERN&src=portal").answers(200).shows("never see that you were here", "copay")
	screens, fields := 0, []string{}
	seen := func() { screens++; fields = append(fields, b.needed()...) }

	b.whereabouts("IL").answers(200).shows("within the promise", "Illinois", "Book a first call")
	seen()
	id := h.provider(true)
	b.get("/p/" + string(id) + "?" + strings.SplitN(b.at, "?", 2)[1]).answers(200)
	seen()
	b.get(b.link(`/p/`+string(id)+`/book[^"]*`)).answers(200).shows("not for emergencies", "costs nothing", `value="LANTERN"`)
	seen()
	if screens > 3 || len(fields) > 8 {
		t.Errorf("%d screens and the required fields %v: at most 3 and 8", screens, fields)
	}
	start := b.value("start")
	form := b.newcomer(url.Values{"start": {start}, "note": {"Evenings suit me."}})
	b.postTo("/p/"+string(id)+"/book", form).answers(200).shows("My care", "Your consultation is booked", "Confirmed by the calendar", "Why this date?", "Give your plan")
	if !strings.HasPrefix(b.at, "/me") {
		t.Fatalf("booked, and now at %s", b.at)
	}
	chart := b.chart()
	if len(chart.Referrals) != 1 || chart.Client.Source != "portal" || chart.Client.Benefit.Code != "LANTERN" {
		t.Fatalf("%d referrals, source %q", len(chart.Referrals), chart.Client.Source)
	}
	again := h.browser()
	again.postTo("/p/"+string(id)+"/book", form).answers(200).shows("My care")
	if again.chart().ID != chart.ID {
		t.Error("the same form sent twice made two people")
	}
	referral := chart.Referrals[0]
	path := "/me/r/" + string(referral.ID)

	b.get("/coverage").answers(200).shows("three to ten", "copay or coinsurance").lacks("free")
	plan := url.Values{"kind": {"health_plan"}, "payer": {"Optum"}, "plan": {"Harbor Legacy PPO"}, "member_id": {"DEMO1"}, "state": {"IL"}}
	b.postTo("/coverage", plan).answers(200).shows("Nothing has been sent yet")
	plan.Set("plan", "Lakefront HMO")
	b.postTo("/coverage", plan).answers(200).shows("Your plan is with the care team")
	b.get("/coverage").shows("being checked", "Checked by").lacks("free")
	b.postTo("/coverage", url.Values{"kind": {"health_plan"}}).answers(422).shows("Name the plan", "Give the number on the card")

	provider := care.Actor{Role: care.RoleProvider, Chart: id}
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	h.until(at.Add(-5 * time.Minute))
	b.get("/me").shows("It is time", "Join by video")
	h.until(at.Add(20 * time.Minute))
	h.do(provider, act.Outcome{Appointment: chart.Appointments[0].ID, Result: care.Attended})
	b.get("/me").shows("Book your first session")
	b.get(path+"/session").answers(200).shows("inside the promise", "copay or coinsurance applies").lacks("free")
	session := b.value("start")
	b.postTo(path+"/session", url.Values{"start": {session}}).answers(200).shows("Your session is booked", "Fill in", "copay or coinsurance")
	b.postTo(path+"/session", url.Values{"start": {session}}).answers(409).shows("not free")

	for _, instrument := range []string{"phq-9", "gad-7"} {
		for _, s := range b.chart().Screenings {
			if s.Instrument == instrument {
				b.fill(s)
			}
		}
	}
	b.get("/me").shows("First session", "Two short forms")

	b.get("/sharing").answers(200).shows("Your care is the same either way", "privacy@careconnect.example").lacks(" checked")
	words := b.carried()
	b.postTo("/sharing", with(words, "sharing", "yes")).answers(422).shows("Choose at least one thing to share")
	b.postTo("/sharing", with(with(words, "sharing", "yes"), "scope", "attendance")).answers(200).shows("Your choice is kept", "that I had sessions")
	b.get("/me/privacy").shows("Stop sharing now", "Who looked", "You", "A therapist you asked", ">Receipt<")
	b.keeps(b.link(`/me/privacy/lines/[^"]+`), "")
	b.get("/me/privacy").keeps(b.link(`/me/privacy/answers/[^"]+`), "scopes: attendance")
	b.get("/me/privacy/lines/0.0").answers(404)
	b.postTo("/sharing", with(with(words, "sharing", "no"), "back", "privacy")).answers(200).shows("Nothing is shared")
	if c, _ := b.chart().Sharing(); c.Sharing {
		t.Error("still sharing after a no")
	}

	b.get("/me/details").answers(200).shows("employed, today")
	b.postTo("/me/employer", url.Values{"employer": {"NOBODY"}}).answers(200).shows("no</span>")
	b.postTo("/me/details", url.Values{"name": {""}, "birth_date": {"1990-05-31"}, "state": {"IL"}, "zone": {"America/Denver"}}).answers(422).shows("Give the name you go by")
	b.postTo("/me/details", url.Values{"name": {"Wren T."}, "birth_date": {"1990-05-31"}, "state": {"CO"}, "zone": {"America/Denver"}}).answers(200).shows("Saved", "MST")

	b.postTo("/me/password", nil).answers(200).shows("Choose a password")
	setUp := b.at
	b.postTo(setUp, url.Values{"password": {"short"}}).answers(422).shows("at least 15")
	b.postTo(setUp, url.Values{"password": {"seven quiet lanterns"}}).answers(200).shows("My care")
	b.postTo("/sign-out", nil).answers(200).shows("You are signed out")
	b.get("/me").shows("Sign in")
	b.postTo("/sign-in", url.Values{"email": {"wren.talverone@example.test"}, "password": {"wrong wrong wrong wrong"}}).answers(422).shows("not right")
	b.postTo("/sign-in", url.Values{"email": {"wren.talverone@example.test"}, "password": {"seven quiet lanterns"}}).answers(200).shows("My care")

	h.until(mustTime(t, session).Add(time.Hour))
	for _, ap := range b.chart().Appointments {
		if ap.Type == care.Session {
			h.do(provider, act.Outcome{Appointment: ap.ID, Result: care.Attended})
		}
	}
	b.get("/me").shows("The two forms once more", "Book another session")
	h.until(mustTime(t, session).Add(29 * 24 * time.Hour))
	b.get("/me").shows("Sign in") // two weeks without a visit
	b.postTo("/sign-in", url.Values{"email": {"wren.talverone@example.test"}, "password": {"seven quiet lanterns"}}).answers(200).shows("Fill in")
	for _, s := range b.chart().Screenings {
		if s.Purpose == care.FollowUp && s.Instrument == "gad-7" {
			b.fill(s)
			b.shows("Before your first session: ", "about where it was")
		}
	}
}

func with(form url.Values, name, value string) url.Values {
	copied := url.Values{}
	for k, v := range form {
		copied[k] = v
	}
	copied.Set(name, value)
	return copied
}

func mustTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// fill answers a form question by question, twos throughout and a one to the
// question on self-harm, and sends it.
func (b *browser) fill(s care.Screening) {
	b.t.Helper()
	path := "/me/forms/" + string(s.ID)
	b.get(path).answers(200).shows("Step <strong>1</strong>", "over the last 2 weeks"[5:], "LOINC", "Pfizer")
	b.postTo(path, with(b.carried(), "answer", "")).answers(422).shows("Choose one of the answers")
	for asked := 0; strings.Contains(b.body, `name="answer"`); asked++ {
		if asked > 12 {
			b.t.Fatal("the form does not end")
		}
		safety := b.carried().Get("item") == "44260-8"
		value := "2"
		if safety {
			value = "1"
		}
		b.postTo(path, with(b.carried(), "answer", value)).answers(200)
		if safety {
			life, question := strings.Index(b.body, `class="lifeline"`), strings.Index(b.body, `class="question"`)
			if life < 0 || question < life {
				b.t.Error("crisis help is not first after item 9 was answered above zero")
			}
		}
	}
	b.shows("before you send them")
	b.get(path+"?q=2").shows("Step <strong>2</strong>", " checked")
	b.postTo(path+"/send", nil).answers(200).shows("This is not a diagnosis", "LOINC")
	if s.Instrument == "phq-9" && strings.Index(b.body, `class="lifeline"`) > strings.Index(b.body, `class="card score"`) {
		b.t.Error("crisis help is not before the result")
	}
}

// The 18th birthday itself is enough; the day before is a kind page with where to
// turn. The house begins on 20 November 2026.
func TestR94AdultsOnly(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	path := "/p/" + string(h.provider(true)) + "/book"
	b.get(path + "?state=IL").answers(200)
	start := b.value("start")
	b.postTo(path, b.newcomer(url.Values{"start": {start}, "birth_date": {"2008-11-21"}})).answers(422).
		shows("This programme begins at 18", "988", "school counsellor", "Back to the form")
	if accounts, err := h.store.Accounts("wren.talverone@example.test"); err != nil || len(accounts) != 0 {
		t.Errorf("%d accounts were opened, %v", len(accounts), err)
	}
	b.get(path + "?state=IL").answers(200)
	b.postTo(path, b.newcomer(url.Values{"start": {start}, "birth_date": {"2008-11-20"}})).answers(200).shows("Your consultation is booked")
}

// A request by somebody new that cannot be made keeps everything they filled in,
// says every reason, and opens no chart.
func TestARefusedBookingKeepsWhatWasFilledIn(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	path := "/p/" + string(h.provider(true)) + "/book"
	b.get(path + "?state=IL").answers(200)
	start := b.value("start")
	b.postTo(path, b.newcomer(url.Values{"start": {start}, "employer": {"NOBODY"}, "birth_date": {"2015-01-01"}})).answers(422).
		shows("is employed, today", "at least 18", `value="Wren Talverone"`, start+`" checked`)
	b.postTo(path, b.newcomer(url.Values{"employer": {""}})).answers(422).shows("Choose a time.", "employer’s code. The wellness portal")
	b.postTo(path, b.newcomer(url.Values{"start": {start}, "email": {"nowhere"}, "state": {""}})).answers(422).shows("Give an address such as", "two letters of the state")
	if accounts, err := h.store.Accounts("wren.talverone@example.test"); err != nil || len(accounts) != 0 {
		t.Errorf("%d accounts were opened, %v", len(accounts), err)
	}
	other := h.browser()
	other.get(path + "?state=IL")
	other.postTo(path, other.newcomer(url.Values{"start": {start}, "name": {"Ossian Brell"}, "email": {"ossian.brell@example.test"}})).answers(200).shows("My care")
	b.get(path + "?state=IL")
	b.postTo(path, b.newcomer(url.Values{"start": {start}})).answers(409).shows("no longer free", `value="Wren Talverone"`, `name="start"`).lacks(`value="` + start + `"`)
}

// A request that is answered leads to a time; one that falls through leads to
// others who can still keep the promise, asked with one tap.
func TestARequestIsAnsweredOrRescued(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	id := h.provider(false)
	b.get("/p/" + string(id) + "/book?state=IL&employer=LANTERN").answers(200).shows("tick any")
	wish := b.value("preferred")
	b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"preferred": {wish}, "note": {"I like to walk."}})).answers(200).shows("Your request is on its way", "’s turn", "Answer by")
	first := b.chart().Referrals[0]
	provider := care.Actor{Role: care.RoleProvider, Chart: id}
	h.do(provider, act.Propose{Referral: first.ID, Times: []time.Time{h.clock.Now().Add(50 * time.Hour)}})
	b.get("/me").shows("proposed times", "Choose a time", "Your turn")
	b.get("/me/r/"+string(first.ID)+"/time").answers(200).shows("Proposed by", "Times you listed")
	b.postTo("/me/r/"+string(first.ID)+"/time", nil).answers(422).shows("Choose a time.")
	h.do(provider, act.Decline{Referral: first.ID, Reason: "a private reason"})
	b.get("/me").shows("cannot see you", "within the promise").lacks("a private reason")
	next := b.link(`/p/[^"]*/book\?again=[^"]*`)
	b.get(next).answers(200).shows("I like to walk.", "You are signed in as")
	if fields := b.needed(); len(fields) > 1 {
		t.Errorf("somebody who is signed in must fill in %v", fields)
	}
	form := b.carried()
	said := "Your request is on its way"
	if strings.Contains(b.body, `name="start"`) {
		form.Set("start", b.value("start"))
		said = "Your consultation is booked"
	}
	b.postTo(strings.SplitN(next, "?", 2)[0], form).answers(200).shows(said, "Earlier requests")
	var second care.Referral
	for _, r := range b.chart().Referrals {
		if r.ID != first.ID {
			second = r
		}
	}
	b.get("/me/r/"+string(second.ID)+"/withdraw").answers(200).shows("nothing counts against you", "the promise ends with it")
	b.postTo("/me/r/"+string(second.ID)+"/withdraw", nil).answers(200).shows("Withdrawn", "Find a therapist")
}

// What is not there, or is somebody else's, answers with one and the same page.
func TestWhatIsNotThereAnswersWithAPage(t *testing.T) {
	h := newHouse(t)
	var clients []qa.User
	for _, u := range h.users {
		if u.Role == care.RoleClient {
			clients = append(clients, u)
		}
	}
	waiting, err := h.store.Chart(context.Background(), care.System, clients[3].ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	cared, err := h.store.Chart(context.Background(), care.System, clients[4].ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	b := h.signedIn(clients[0].ID)
	for _, path := range []string{"/p/pr_nobody", "/p/pr_nobody/book", "/handbook/nothing", "/me/r/rf_nobody/time", "/me/forms/sc_nobody",
		"/me/r/" + string(waiting.Referrals[0].ID) + "/time", "/me/r/" + string(waiting.Referrals[0].ID) + "/withdraw", "/me/forms/" + string(cared.Screenings[0].ID), "/set-up/nothing"} {
		b.get(path).answers(404)
	}
	for _, path := range []string{"/me/r/" + string(waiting.Referrals[0].ID) + "/withdraw", "/me/forms/" + string(cared.Screenings[0].ID) + "/send", "/me/r/rf_nobody/withdraw"} {
		b.postTo(path, nil).answers(404)
	}
}

// R16: nobody is shown before it is known where the visitor is, and no wish that is let
// go of takes the state along: nobody picks somebody who may not treat them.
func TestR16TheDirectoryAsksWhereOneIsFirst(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	elsewhere := h.name(h.provider(false))
	b.get("/find?employer=LANTERN&specialty=anxiety&time=evening&cursor=x").answers(200).shows("licence counts in its own state only", "Let the care team match you").
		lacks("See profile", elsewhere, "Any state", "Choose the state you are in.")
	b.whereabouts("IL").answers(200).shows("in Illinois", `<option value="IL" selected>`).lacks("Any state", "Choose a state")
	for _, kept := range []string{"employer=LANTERN", "specialty=anxiety", "time=evening"} {
		if !strings.Contains(b.at, kept) {
			t.Errorf("the wish %s is lost: %s", kept, b.at)
		}
	}
	b.get("/find?state=&q=x").answers(200).shows("Choose the state you are in.").lacks("See profile")
	b.get("/find?state=IL&language=xx").shows("Nobody fits all of this", "Any language").lacks("Any state")
	b.get("/find?state=AK&language=xx").shows("Nobody here sees people in Alaska", "Let the care team match me").lacks("Any state", "Any language (", "See profile")

	for _, u := range h.users { // a client is where they said, and staff look everywhere
		if u.Role != care.RoleClient && u.Role != care.RoleCareTeam {
			continue
		}
		page := h.signedIn(u.ID).get("/find?state=").answers(200)
		if u.Role == care.RoleClient {
			page.shows(" in "+stateNames[h.of(u.ID).Client.State]).lacks("Any state", "Which state are you in?")
		} else {
			page.shows("Any state", "See profile").lacks("/book")
		}
	}
}

var stateNames = map[string]string{"IL": "Illinois", "NY": "New York", "CA": "California", "TX": "Texas"}

// Each open page is sound, also with a question that nobody fits.
func TestTheFrontIsOpenToEverybody(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	for _, path := range []string{"/", "/enter", "/find", "/find?state=HI", "/plans", "/handbook", "/help", "/sign-in"} {
		b.get(path).answers(200)
	}
	b.get("/plans").shows("Harbor Legacy PPO", "California")
	b.get("/find?state=IL&q=zzzz&promise=1").shows("Nobody fits all of this", "Without", "care@careconnect.example")
	b.get(b.link(`/find\?promise=1&amp;state=IL`)).lacks("Nobody fits")
	b.get("/find?state=IL").get(b.link(`/find\?cursor=[^"]*`)).answers(200).shows("Back")
	b.get("/find?state=IL&cursor=foreign").answers(422)
	b.get("/handbook")
	for _, page := range regexp.MustCompile(`href="(/handbook/[^"]+)"`).FindAllStringSubmatch(b.body, -1) {
		b.get(page[1]).answers(200).lacks("{#", "{programme}", "**", "waits=")
	}
	b.get("/handbook/coverage").shows(`id="client.coverage"`, "Optum")
}

// A set-up link's secret stands in no log.
func TestSecretsStandInNoLog(t *testing.T) {
	h := newHouse(t)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	secret := auth.Secret()
	b := h.browser()
	b.get("/set-up/" + secret).answers(404)
	b.postTo("/set-up/"+secret, url.Values{"password": {"seven quiet lanterns"}}).answers(409)
	if strings.Contains(log.String(), secret) {
		t.Error("the secret of a set-up link is in the log")
	}
	if strings.Contains(b.body, secret) {
		t.Error("the secret of a set-up link is on the page")
	}
}

// Crisis help stands on every page that a client can come to, and on those that
// say that something is not there or went wrong (see sound, which looks at each).
func TestR15CrisisHelpStandsOnEveryPage(t *testing.T) {
	h := newHouse(t)
	var cared qa.User
	for _, u := range h.users {
		if strings.Contains(u.About, "is in care") {
			cared = u
		}
	}
	b := h.signedIn(cared.ID)
	seen, todo := map[string]bool{}, []string{"/", "/me", "/find?state=IL", "/handbook", "/help", "/nowhere", "/me/forms/sc_nobody", "/p/pr_nobody", "/find?state=IL&cursor=foreign"}
	for len(todo) > 0 && len(seen) < 120 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		resp, err := b.http.Get(b.url + path)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if !page {
			continue // a file, such as a calendar's
		}
		b.get(path)
		for _, m := range regexp.MustCompile(`href="(/[^"#]*)"`).FindAllStringSubmatch(b.body, -1) {
			if to := strings.ReplaceAll(m[1], "&amp;", "&"); !strings.HasPrefix(to, "/static/") && !strings.HasPrefix(to, "/api/") {
				todo = append(todo, to)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d pages were found", len(seen))
	}
}
