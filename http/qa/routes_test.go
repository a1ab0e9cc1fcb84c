package qa_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	front "careconnect/http"
	"careconnect/http/qa"
	"careconnect/rules/care"
)

// friday is 16:00 in Chicago, where the demo's clock stands.
var friday = time.Date(2026, 11, 20, 16, 0, 0, 0, time.FixedZone("CST", -6*60*60))

// demo is a throwaway instance whose clock stands.
type demo struct {
	*testing.T
	*front.Demo
	line front.DemoLine
}

func newDemo(t *testing.T, seed uint64) *demo {
	t.Helper()
	began := time.Now()
	d, line, err := front.NewDemo(t.Context(), front.DemoConfig{
		Begin: friday, Base: "http://localhost:1", Still: true, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test",
	}, seed, "everyday")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &demo{t, d, line}
}

// ask calls as somebody and gives the status and what came back.
func (d *demo) ask(token, method, path, body string) (int, string) {
	d.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// get calls, must succeed, and reads the answer.
func get[T any](d *demo, token, method, path, body string) T {
	d.Helper()
	var v T
	status, text := d.ask(token, method, path, body)
	if status >= 300 {
		d.Fatalf("%s %s %s: %d", method, path, body, status)
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
	return v
}

func (d *demo) move(body string) qa.Moved {
	d.Helper()
	return get[qa.Moved](d, "", "POST", "/qa/clock", body)
}

func (d *demo) user(role care.Role, n int) qa.User {
	d.Helper()
	for _, u := range d.line.Users {
		if u.Role == role {
			if n == 0 {
				return u
			}
			n--
		}
	}
	d.Fatalf("no %s", role)
	return qa.User{}
}

// moments are of mails, effects and the clock alike.
func at(t *testing.T, s string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestClockMoves(t *testing.T) {
	d := newDemo(t, 7)
	for _, c := range []struct {
		body string
		want time.Time
	}{
		{`{"advance":"90m"}`, friday.Add(90 * time.Minute)},
		{`{"advance":"1d"}`, friday.Add(90*time.Minute + 24*time.Hour)},
		{`{"advance":"0.5d"}`, friday.Add(90*time.Minute + 36*time.Hour)},
		{`{"advance":"0s"}`, friday.Add(90*time.Minute + 36*time.Hour)},
		{`{"to":"2026-11-23T09:00:00-06:00"}`, time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)},
		{`{"to":"2026-11-23T15:00:00Z"}`, time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)},
		{`{"advance":"28d"}`, time.Date(2026, 12, 21, 15, 0, 0, 0, time.UTC)},
	} {
		moved := d.move(c.body)
		now := get[map[string]string](d, "", "GET", "/qa/clock", "")["now"]
		if got := at(t, moved.Now); !got.Equal(c.want) || now != moved.Now || moved.Fired == nil {
			t.Errorf("%s: %s, want %s", c.body, moved.Now, c.want)
		}
	}
	before := get[map[string]string](d, "", "GET", "/qa/clock", "")["now"]
	for _, body := range []string{
		``, `{}`, `[]`, `{"advance":"1h","next":true}`, `{"advance":"1h","to":"2027-01-01T00:00:00Z"}`, `{"next":false}`, `{"advance":""}`,
		`{"advance":"-1h"}`, `{"advance":"-1d"}`, `{"to":"2026-11-20T16:00:00-06:00"}`, `{"to":"tomorrow"}`, `{"advance":"soon"}`, `{"advance":"d"}`,
		`{"advance":"NaNd"}`, `{"advance":"Infd"}`, `{"advance":"-Infd"}`, `{"advance":"1e300d"}`, `{"advance":"4000d"}`, `{"to":"9999-12-31T23:59:59Z"}`, `{"forward":"1h"}`, `{"advance":1}`,
	} {
		if status, _ := d.ask("", "POST", "/qa/clock", body); status != 422 {
			t.Errorf("%s: %d", body, status)
		}
	}
	if now := get[map[string]string](d, "", "GET", "/qa/clock", "")["now"]; now != before {
		t.Errorf("a move that was refused moved the clock from %s to %s", before, now)
	}
}

// The clock stops at whatever is next, and what happened is listed in order.
func TestWhatHappenedIsListedInOrder(t *testing.T) {
	d := newDemo(t, 7)
	client, provider := d.user(care.RoleClient, 0), d.user(care.RoleProvider, 1)
	get[any](d, client.Token, "POST", "/api/v1/referrals", `{"provider_id":"`+string(provider.ID)+`"}`)
	last := friday
	var steps, leap []string
	name := func(kind, effect string, when time.Time) string {
		return kind + " " + effect + " " + when.UTC().Format(time.RFC3339)
	}
	end := friday.AddDate(0, 0, 14)
	for {
		moved := d.move(`{"next":true}`)
		now := at(t, moved.Now)
		if now.After(end) || now.Equal(last) {
			break
		}
		last = now
		for _, f := range moved.Fired {
			steps = append(steps, name(f.Kind, f.Effect, f.At))
		}
	}
	again := newDemo(t, 7)
	get[any](again, client.Token, "POST", "/api/v1/referrals", `{"provider_id":"`+string(provider.ID)+`"}`)
	moved := again.move(`{"to":"` + end.Format(time.RFC3339) + `"}`)
	for i, f := range moved.Fired {
		leap = append(leap, name(f.Kind, f.Effect, f.At))
		if i > 0 && f.At.Before(moved.Fired[i-1].At) {
			t.Errorf("%s is listed after what came later", leap[i])
		}
		if f.At.Before(friday) || f.At.After(end) || f.Subject == "" {
			t.Errorf("%s is not of this move", leap[i])
		}
	}
	if moved.More != 0 || len(leap) < 6 {
		t.Errorf("%d effects, %d more", len(leap), moved.More)
	}
	if !slices.Equal(steps[:min(len(steps), len(leap))], leap[:min(len(steps), len(leap))]) {
		t.Errorf("step by step happened\n%s\nand at once\n%s", strings.Join(steps, "\n"), strings.Join(leap, "\n"))
	}
	if !slices.Contains(leap, name("respond", "closes", friday.Add(24*time.Hour))) {
		t.Errorf("no breach at 24 h among\n%s", strings.Join(leap, "\n"))
	}
}

// While the mail server is down, mail waits; once it is up, all of it is there,
// each with its own date and once.
func TestMailFault(t *testing.T) {
	d := newDemo(t, 7)
	client, provider := d.user(care.RoleClient, 0), d.user(care.RoleProvider, 1)
	type mail struct{ ID, At, To, Subject, Text, HTML string }
	mails := func() []mail { return get[[]mail](d, "", "GET", "/qa/mail", "") }
	before := len(mails())
	get[any](d, "", "POST", "/qa/fault", `{"mail":"down"}`)
	get[any](d, client.Token, "POST", "/api/v1/referrals", `{"provider_id":"`+string(provider.ID)+`"}`)
	if got := len(mails()); got != before {
		t.Errorf("%d mails came while the server was down", got-before)
	}
	get[any](d, "", "POST", "/qa/fault", `{"mail":"up"}`)
	d.move(`{"advance":"1h"}`)
	all := mails()
	if len(all) < before+2 {
		t.Errorf("%d mails came once it was up", len(all)-before)
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.ID] || m.To == "" || m.Subject == "" || m.Text == "" || m.HTML == "" {
			t.Errorf("mail %s came twice, or is not whole", m.ID)
		}
		seen[m.ID] = true
	}
	for _, m := range all[before:] {
		if !at(t, m.At).Equal(friday) {
			t.Errorf("a mail of %s bears %s", friday, m.At)
		}
	}
	to := all[len(all)-1].To
	for _, m := range get[[]mail](d, "", "GET", "/qa/mail?to="+to+"&since=2026-11-20T22:00:00Z", "") {
		if m.To != to || at(t, m.At).Before(friday) {
			t.Error("the list is not narrowed")
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/qa/fault", `{}`}, {"POST", "/qa/fault", `{"mail":"sideways"}`}, {"POST", "/qa/fault", `{"disk":"full"}`}, {"GET", "/qa/mail?since=yesterday", ""},
	} {
		if status, _ := d.ask("", c.method, c.path, c.body); status != 422 {
			t.Errorf("%s %s: %d", c.path, c.body, status)
		}
	}
}

// replay makes the same calls and gives everything that came of them.
func (d *demo) replay() string {
	d.Helper()
	var all strings.Builder
	client, provider := d.user(care.RoleClient, 0), d.user(care.RoleProvider, 1)
	for _, c := range []struct{ token, method, path, body string }{
		{"", "GET", "/qa/mail", ""},
		{client.Token, "POST", "/api/v1/referrals", `{"provider_id":"` + string(provider.ID) + `"}`},
		{"", "POST", "/qa/clock", `{"advance":"3h"}`},
		{"", "POST", "/qa/clock", `{"advance":"2d"}`},
		{client.Token, "GET", "/api/v1/referrals", ""},
		{"", "GET", "/qa/mail", ""},
	} {
		status, text := d.ask(c.token, c.method, c.path, c.body)
		if status >= 300 {
			d.Fatalf("%s %s: %d", c.method, c.path, status)
		}
		all.WriteString(text)
	}
	return all.String()
}

// ids are what tells two instances apart.
func ids(users []qa.User) map[string]bool {
	all := map[string]bool{}
	for _, u := range users {
		all[string(u.ID)], all[u.Token] = true, true
	}
	return all
}

// The same seed and the same calls give the same ids and the same mail, byte for
// byte; another seed gives others. What was signed in before is not any more.
func TestReset(t *testing.T) {
	d := newDemo(t, 7)
	first, before := d.line, d.replay()
	reset := func(body string) front.DemoLine {
		t.Helper()
		d.line = get[front.DemoLine](d, "", "POST", "/qa/reset", body)
		return d.line
	}
	if line := reset(`{"seed":7,"scenario":"everyday"}`); !slices.Equal(line.Users, first.Users) || line.Now != first.Now || line.URL != first.URL || line.Seed != 7 {
		t.Error("the same seed gave another line")
	}
	if d.replay() != before {
		t.Error("the same seed and calls gave something else")
	}
	old := d.user(care.RoleClient, 0).Token
	other := reset(`{"seed":8}`)
	same := ids(first.Users)
	for id := range ids(other.Users) {
		if same[id] {
			t.Errorf("another seed gave the same %.6s...", id)
		}
	}
	if len(other.Users) != len(first.Users) || other.Seed != 8 {
		t.Errorf("%d people with seed %d", len(other.Users), other.Seed)
	}
	if status, _ := d.ask(old, "GET", "/api/v1/me", ""); status != 401 {
		t.Errorf("a token from before: %d", status)
	}
	if now := get[map[string]string](d, "", "GET", "/qa/clock", "")["now"]; !at(t, now).Equal(friday) {
		t.Errorf("the clock stands at %s", now)
	}
	kept := d.line.Users
	for _, body := range []string{``, `{"scenario":"nowhere"}`, `{"seed":-1}`, `{"sed":7}`, `{"seed":"7"}`} {
		if status, _ := d.ask("", "POST", "/qa/reset", body); status != 422 {
			t.Errorf("%s: %d", body, status)
		}
	}
	if status, _ := d.ask(kept[0].Token, "GET", "/api/v1/me", ""); status != 200 {
		t.Errorf("a reset that was refused took the instance away: %d", status)
	}
}

// Each person can be signed in as, by one address, and comes to their own pages.
func TestLoginURL(t *testing.T) {
	d := newDemo(t, 7)
	server := httptest.NewServer(d.Demo)
	defer server.Close()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, u := range d.line.Users {
		answer, err := stay.Get(server.URL + strings.TrimPrefix(u.LoginURL, d.line.URL))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != 303 || answer.Header.Get("Location") != "/home" || len(answer.Cookies()) != 1 {
			t.Fatalf("%s: %d to %s", u.Role, answer.StatusCode, answer.Header.Get("Location"))
		}
		r, err := http.NewRequest("GET", server.URL+"/api/v1/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(answer.Cookies()[0])
		me, err := stay.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var who struct{ ID, Role string }
		err = json.NewDecoder(me.Body).Decode(&who)
		_ = me.Body.Close()
		if err != nil || me.StatusCode != 200 || who.Role != string(u.Role) {
			t.Errorf("%s: %d as %q, %v", u.Role, me.StatusCode, who.Role, err)
		}
	}
	if status, _ := d.ask("", "GET", "/qa/as/cl_nobody", ""); status != 404 {
		t.Errorf("nobody: %d", status)
	}
}

// The form goes back to where it was, and never to another site.
func TestMoveGoesBackToThisSite(t *testing.T) {
	d := newDemo(t, 7)
	for back, want := range map[string]string{
		"/me?x=1": "/me?x=1", "": "/", "https://evil.example.test/": "/", "//evil.example.test/": "/", `/\evil.example.test`: "/%5Cevil.example.test",
		"javascript:alert(1)": "/", "/%2F/evil.example.test": "/", "me": "/", "\x00": "/",
	} {
		r := httptest.NewRequest("POST", "/qa/move", strings.NewReader("move=1h&back="+escape(back)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("back to %q: %d to %q", back, w.Code, w.Header().Get("Location"))
		}
	}
}

func escape(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "\x00", "%00", "+", "%2B").Replace(s)
}
