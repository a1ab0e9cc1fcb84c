package http_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"careconnect/assets"
	front "careconnect/http"
	"careconnect/http/api"
	"careconnect/http/auth"
	"careconnect/http/qa"
	"careconnect/http/reply"
	"careconnect/http/web"
	"careconnect/rules"
	"careconnect/rules/access"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

var friday = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// site is a whole service in this process.
type site struct {
	*testing.T
	handler http.Handler
	users   []qa.User
}

// newSite makes a demo whose clock stands, with its people.
func newSite(t *testing.T) *site {
	t.Helper()
	began := time.Now()
	d, line, err := front.NewDemo(t.Context(), front.DemoConfig{
		Begin: friday, Base: "http://localhost:1", Still: true, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test",
	}, 7, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &site{t, d, line.Users}
}

// token is that of the first person of a role; empty for strangers.
func (s *site) token(role care.Role) string {
	s.Helper()
	for _, u := range s.users {
		if u.Role == role {
			return u.Token
		}
	}
	if role != care.RoleAnonymous {
		s.Fatalf("nobody is a %s", role)
	}
	return ""
}

// ask sends one request; headers come in pairs.
func (s *site) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	return asked(s.handler, method, path, body, headers...)
}

func asked(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problem reads a problem document.
func problem(t *testing.T, w *httptest.ResponseRecorder) reply.Problem {
	t.Helper()
	var p struct {
		reply.Problem
		Reasons json.RawMessage `json:"reasons"` // truths are written, and never read
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d as %q is no problem document: %v", w.Code, w.Header().Get("Content-Type"), err)
	}
	return p.Problem
}

// table is every route of a throwaway service.
func table(t *testing.T) []reply.Route {
	t.Helper()
	pages, err := web.New(web.Config{Bundle: assets.New(), Throwaway: &web.Throwaway{}})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(pages.Routes(), api.New(api.Config{}).Routes(), qa.New(qa.Config{}).Routes())
	for _, path := range []string{"/livez", "/readyz"} {
		all = append(all, reply.Route{Method: http.MethodGet, Path: path, Does: "read health"})
	}
	return all
}

var places = regexp.MustCompile(`\{[^}]*\}`)

// dressed holds an answer to what every answer has.
func dressed(t *testing.T, call string, w *httptest.ResponseRecorder) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s is %q", call, name, got)
		}
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: content policy %q", call, csp)
	}
	if cache := w.Header().Get("Cache-Control"); cache != "no-store" && !strings.Contains(call, "/static/") {
		t.Errorf("%s: Cache-Control %q", call, cache)
	}
	if len(w.Header().Get("X-Request-Id")) != 16 {
		t.Errorf("%s: no request id", call)
	}
	if w.Header().Get("Content-Type") == "application/problem+json" {
		if p := problem(t, w); p.Request != w.Header().Get("X-Request-Id") || p.Status != w.Code || p.Code == "" || p.Detail == "" {
			t.Errorf("%s: the problem is not whole", call)
		}
	}
}

// Every route, asked by everybody, with addresses and bodies that mean nothing:
// who may not come is told so, and nothing that is sent is an error of ours.
func TestEveryRouteForEveryone(t *testing.T) {
	s := newSite(t)
	answers := []int{200, 201, 204, 303, 400, 401, 403, 404, 409, 410, 412, 415, 422}
	ids := []string{"x", "rf_aaaaaaaaaaaaaaaaaaaaaaaaaa", string(s.users[0].ID), "..%2f..%2fx", "%00%ff%22%3c", strings.Repeat("y", 3000)}
	bodies := []struct{ kind, body string }{
		{"application/json", ""}, {"application/json", "{}"}, {"application/json", `{"a":[1e999,"\u0000"]`}, {"application/x-www-form-urlencoded", "start=x&start=9999-12-31T23%3A59%3A59Z&%ZZ"},
		{"multipart/form-data", "x"},
	}
	for _, route := range table(t) {
		if route.Path == "/sign-in" && route.Method == http.MethodPost {
			continue // costs a second each, and is tested by itself
		}
		for _, role := range append([]care.Role{care.RoleAnonymous}, care.Roles[:]...) {
			bearer := ""
			if token := s.token(role); token != "" {
				bearer = "Bearer " + token
			}
			for i, id := range ids {
				path := places.ReplaceAllString(route.Path, id)
				query := []string{"", "?state=ZZ&after=x&cursor=x&limit=-1&page=x&month=x&said=%3cb%3e", "?to=%00&since=x&kind=x&from=9999-12-31T23:59:59Z&all=1"}[i%3]
				b := bodies[i%len(bodies)]
				if route.Method == http.MethodGet {
					b.body = ""
				}
				for _, accept := range []string{"text/html", "application/json"} {
					call := string(role) + " " + route.Method + " " + path + query
					w := s.ask(route.Method, path+query, b.body, "Authorization", bearer, "Content-Type", b.kind, "Accept", accept)
					dressed(t, call, w)
					switch {
					case w.Code == 301 && strings.Contains(id, "..") && !strings.Contains(w.Header().Get("Location"), ".."): // to the address made clean
					case !slices.Contains(answers, w.Code):
						t.Errorf("%.120s: %d", call, w.Code)
					case route.For(role):
						if w.Code == 401 || w.Code == 403 {
							t.Errorf("%.120s: %d for one who may come", call, w.Code)
						}
					case role == care.RoleAnonymous && accept == "text/html" && !strings.HasPrefix(path, "/api/"):
						if w.Code != 303 || w.Header().Get("Location") != "/sign-in" {
							t.Errorf("%.120s: %d instead of the way in", call, w.Code)
						}
					case role == care.RoleAnonymous && w.Code != 401, role != care.RoleAnonymous && w.Code != 403:
						t.Errorf("%.120s: %d for one who may not come", call, w.Code)
					}
				}
				if !strings.Contains(route.Path, "{") && i == 2 {
					break // one address: three bodies are enough
				}
			}
		}
	}
}

// A table that lets something happen on a GET, or that nobody answers for, does
// not start; the real one has neither.
func TestRouteTableIsRefused(t *testing.T) {
	acts := access.Acts()
	for _, r := range table(t) {
		reads := strings.HasPrefix(r.Does, "read ")
		if r.Method == http.MethodGet && !reads && !strings.HasPrefix(r.Path, "/qa/") {
			t.Errorf("GET %s does %s", r.Path, r.Does)
		}
		if !reads && !slices.Contains(acts, r.Does) && !slices.Contains([]string{"sign_in", "sign_out", "redeem", "qa"}, r.Does) {
			t.Errorf("%s %s does %q, which nobody knows", r.Method, r.Path, r.Does)
		}
	}
	idle := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, routes := range map[string][]reply.Route{
		"an act on GET": {{Method: "GET", Path: "/x", Does: "accept", Handler: idle}},
		"nothing known": {{Method: "POST", Path: "/x", Does: "fly", Handler: idle}},
		"nothing":       {{Method: "POST", Path: "/x", Handler: idle}},
		"twice":         {{Method: "GET", Path: "/x", Does: "read x", Handler: idle}, {Method: "GET", Path: "/x", Does: "read x", Handler: idle}},
		"qa that is no": {{Method: "GET", Path: "/qax", Does: "qa", Handler: idle}},
	} {
		if _, err := front.New(front.Config{Routes: routes}); err == nil || !strings.Contains(err.Error(), "/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What changes something is not done for another site.
func TestCrossOrigin(t *testing.T) {
	s := newSite(t)
	bearer := "Bearer " + s.token(care.RoleClient)
	for _, c := range []struct {
		name, method, path string
		headers            []string
		refused            bool
	}{
		{"another site", "POST", "/sign-out", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"a sister site", "POST", "/sign-out", []string{"Sec-Fetch-Site", "same-site"}, true},
		{"another origin, old browser", "POST", "/sign-out", []string{"Origin", "https://evil.example.test"}, true},
		{"no origin at all, old browser", "POST", "/sign-out", []string{"Origin", "null"}, true},
		{"the API, too", "PUT", "/api/v1/consent", []string{"Sec-Fetch-Site", "cross-site", "Authorization", bearer}, true},
		{"the clock, too", "POST", "/qa/clock", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"this site", "POST", "/sign-out", []string{"Sec-Fetch-Site", "same-origin"}, false},
		{"this site, old browser", "POST", "/sign-out", []string{"Origin", "http://example.com"}, false},
		{"a program", "POST", "/sign-out", nil, false},
		{"a link from another site", "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Accept", "text/html"}, false},
	} {
		w := s.ask(c.method, c.path, "", c.headers...)
		if refused := w.Code == 403; refused != c.refused {
			t.Errorf("%s: %d", c.name, w.Code)
		}
		if w.Code == 403 && problem(t, w).Code != "cross_origin" {
			t.Errorf("%s: refused for something else", c.name)
		}
		dressed(t, c.name, w)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := newSite(t)
	client := "Bearer " + s.token(care.RoleClient)
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct{ path, kind, body, who string }{
		{"/sign-in", "application/x-www-form-urlencoded", "email=a&password=" + long, ""},
		{"/sign-in/link", "application/x-www-form-urlencoded", "email=" + long, ""},
		{"/api/v1/referrals", "application/json", `{"note":"` + long + `"}`, client},
		{"/qa/clock", "application/json", `{"advance":"` + long + `"}`, ""},
		{"/qa/reset", "application/json", `{"scenario":"` + long + `"}`, ""},
		{"/qa/move", "application/x-www-form-urlencoded", "move=1h&back=" + long, ""},
	} {
		w := s.ask("POST", c.path, c.body, "Content-Type", c.kind, "Authorization", c.who, "Accept", "application/json")
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", c.path, w.Code)
		}
		if w.Body.Len() > 64<<10 {
			t.Errorf("%s: the answer repeats what was sent", c.path)
		}
		dressed(t, c.path, w)
	}
}

// What is not there is told to a person by a page and to a program by a document.
func TestUnknownAddressesAndMethods(t *testing.T) {
	s := newSite(t)
	browser := []string{"Accept", "text/html,application/xhtml+xml"}
	for _, path := range []string{"/nowhere", "/sign-in/", "/api", "/handbook/../nowhere", "/qa/nowhere"} {
		if w := s.ask("GET", path, "", browser...); w.Code != 301 && (w.Code != 404 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")) {
			t.Errorf("%s to a person: %d as %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
	for _, path := range []string{"/nowhere", "/api/v1/nowhere", "/api/v2/me"} {
		for _, headers := range [][]string{nil, {"Accept", "application/json"}, {"Accept", "*/*"}} {
			if w := s.ask("GET", path, "", headers...); w.Code != 404 || problem(t, w).Code != "not_found" {
				t.Errorf("%s to a program: %d", path, w.Code)
			}
		}
	}
	if w := s.ask("GET", "/api/v1/nowhere", "", browser...); w.Code != 404 || problem(t, w).Code != "not_found" {
		t.Errorf("the API to a browser: %d", w.Code)
	}
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/sign-in", "GET, HEAD, POST"}, {"POST", "/livez", "GET, HEAD"}, {"GET", "/sign-out", "POST"}, {"PATCH", "/api/v1/me", "GET, HEAD, PUT"}, {"OPTIONS", "/qa/clock", "GET, HEAD, POST"},
	} {
		w := s.ask(c.method, c.path, "")
		if w.Code != 405 || w.Header().Get("Allow") != c.allow || problem(t, w).Code != "method_not_allowed" {
			t.Errorf("%s %s: %d, Allow %q, want %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.allow)
		}
		dressed(t, c.path, w)
		if w := s.ask(c.method, c.path, "", browser...); w.Code != 405 || w.Header().Get("Allow") != c.allow || strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") == strings.HasPrefix(c.path, "/api/") {
			t.Errorf("%s %s to a person: %d as %s", c.method, c.path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

// HEAD is a GET without its body, on the wire.
func TestHead(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	for _, path := range []string{"/", "/livez", "/handbook", "/api/openapi.json", "/nowhere"} {
		got, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		head, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(head.Body)
		_ = head.Body.Close()
		if err != nil || len(body) != 0 || head.StatusCode != got.StatusCode || head.Header.Get("Content-Type") != got.Header.Get("Content-Type") {
			t.Errorf("%s: %d and %d, %d bytes, %v", path, got.StatusCode, head.StatusCode, len(body), err)
		}
	}
}

// bare is a server of a few routes over a real store.
func bare(t *testing.T, ready func() []string, routes ...reply.Route) (http.Handler, *auth.Auth, *store.Store) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return friday }
	s, err := store.Create(store.Config{Dir: dir, Now: now, Elapsed: func() time.Duration { return 0 }, TZData: "test"},
		store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(friday.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := auth.New(s, now, func() time.Duration { return 0 }, true)
	h, err := front.New(front.Config{Auth: a, Routes: routes, Ready: ready, Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	return h, a, s
}

// A panic is told to nobody but by where it happened.
func TestPanicTellsNothing(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	h, _, _ := bare(t, func() []string { return nil }, reply.Route{Method: "GET", Path: "/x", Does: "read x", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(errors.New("SECRET of somebody"))
	})})
	w := asked(h, "GET", "/x?SECRET=SECRET", "", "Accept", "text/html")
	dressed(t, "a panic", w)
	if p := problem(t, w); w.Code != 500 || p.Code != "internal" {
		t.Errorf("%d %s", w.Code, p.Code)
	}
	if strings.Contains(w.Body.String()+log.String(), "SECRET") {
		t.Error("the panic's words are told")
	}
	if !strings.Contains(log.String(), w.Header().Get("X-Request-Id")) || !strings.Contains(log.String(), "http_test.go") {
		t.Error("the log does not say which request, or where")
	}
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("a secure site does not say so")
	}
}

func TestHealth(t *testing.T) {
	var not []string
	h, _, _ := bare(t, func() []string { return not })
	if w := asked(h, "GET", "/livez", ""); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("alive: %d", w.Code)
	}
	if w := asked(h, "GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
	not = []string{"sweep: late", "store: stopped"}
	if w := asked(h, "GET", "/readyz", ""); w.Code != 503 || w.Body.String() != "sweep: late\nstore: stopped\n" {
		t.Errorf("not ready: %d %q", w.Code, w.Body.String())
	}
	if w := asked(h, "GET", "/livez", ""); w.Code != 200 {
		t.Errorf("alive, not ready: %d", w.Code)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	if err := front.Healthy(t.Context(), server.URL+"/readyz"); err == nil || !strings.Contains(err.Error(), "sweep: late") {
		t.Errorf("asked from outside: %v", err)
	}
	not = nil
	if err := front.Healthy(t.Context(), server.URL+"/readyz"); err != nil {
		t.Error(err)
	}
}

// A lasting instance has nothing of a throwaway one, whoever asks.
func TestLastingInstanceHasNoQA(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began) }
	st, err := store.Create(store.Config{Dir: dir, Now: func() time.Time { return friday }, Elapsed: elapsed, TZData: "test"},
		store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(friday.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	service, err := front.NewService(front.ServiceConfig{Store: st, Bundle: assets.New(), Now: func() time.Time { return friday }, Elapsed: elapsed, Base: "https://care.example.test", Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	}()
	throwaway := 0
	for _, r := range table(t) {
		if !strings.HasPrefix(r.Path, "/qa") {
			continue
		}
		throwaway++
		for _, method := range []string{r.Method, "GET", "POST"} {
			if w := asked(service, method, places.ReplaceAllString(r.Path, "x"), "{}"); w.Code != 404 {
				t.Errorf("%s %s: %d", method, r.Path, w.Code)
			}
		}
	}
	if throwaway < 7 {
		t.Errorf("%d routes of a throwaway instance", throwaway)
	}
	w := asked(service, "GET", "/", "", "Accept", "text/html")
	if w.Code != 200 || strings.Contains(w.Body.String(), "/qa") || strings.Contains(w.Body.String(), "Throwaway") {
		t.Errorf("the start page: %d, or it shows a throwaway's bar", w.Code)
	}
}

// A photo that a browser may keep carries nobody's session, and is the same for
// everybody.
func TestR13APhotoCarriesNoSession(t *testing.T) {
	s := newSite(t)
	provider := "Bearer " + s.token(care.RoleProvider)
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 320, 320))); err != nil {
		t.Fatal(err)
	}
	w := s.ask("POST", "/api/v1/profile/photo", `{"photo":"`+base64.StdEncoding.EncodeToString(photo.Bytes())+`"}`, "Authorization", provider, "Content-Type", "application/json")
	if w.Code != 200 {
		t.Fatalf("the photo is not taken: %d", w.Code)
	}
	var told struct{ Photo string }
	w = s.ask("POST", "/api/v1/profile/publish", `{"accurate":true}`, "Authorization", provider, "Content-Type", "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || told.Photo == "" {
		t.Fatalf("publishing: %d, %v", w.Code, err)
	}
	session := s.ask("GET", "/qa/as/"+string(s.users[0].ID), "").Result().Cookies()[0]
	s.ask("POST", "/qa/clock", `{"advance":"10m"}`)
	w = s.ask("GET", told.Photo, "", "Cookie", session.Name+"="+session.Value)
	if w.Code != 200 || len(w.Result().Cookies()) != 0 || w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" {
		t.Errorf("%d, with %d cookies, %s", w.Code, len(w.Result().Cookies()), w.Header().Get("Cache-Control"))
	}
	other := s.ask("GET", told.Photo, "")
	if !bytes.Equal(other.Body.Bytes(), w.Body.Bytes()) || other.Header().Get("ETag") != w.Header().Get("ETag") {
		t.Error("a stranger gets another answer")
	}
}

// What anybody may keep carries nobody's session, also when the session's end
// moves with that very request.
func TestFilesCarryNoSession(t *testing.T) {
	s := newSite(t)
	signed := s.ask("GET", "/qa/as/"+string(s.users[0].ID), "")
	if signed.Code != 303 || len(signed.Result().Cookies()) != 1 {
		t.Fatalf("signing in: %d", signed.Code)
	}
	session := signed.Result().Cookies()[0]
	page := s.ask("GET", "/me", "", "Cookie", session.Name+"="+session.Value, "Accept", "text/html")
	if page.Code != 200 {
		t.Fatalf("not signed in: %d", page.Code)
	}
	file := regexp.MustCompile(`/static/[^"]+\.css`).FindString(page.Body.String())
	for range 2 {
		s.ask("POST", "/qa/clock", `{"advance":"10m"}`)
		w := s.ask("GET", file, "", "Cookie", session.Name+"="+session.Value)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "public") {
			t.Fatalf("%s: %d, %s", file, w.Code, w.Header().Get("Cache-Control"))
		}
		if len(w.Result().Cookies()) != 0 {
			t.Error("a file that may be kept for ever carries somebody's session")
		}
	}
	s.ask("POST", "/qa/clock", `{"advance":"10m"}`)
	if w := s.ask("GET", "/me", "", "Cookie", session.Name+"="+session.Value); len(w.Result().Cookies()) != 1 {
		t.Error("a page does not keep the session going")
	}
	out := s.ask("POST", "/sign-out", "", "Cookie", session.Name+"="+session.Value)
	if all := out.Result().Cookies(); len(all) == 0 || all[len(all)-1].MaxAge >= 0 {
		t.Error("signing out leaves the cookie")
	}
	if w := s.ask("GET", "/me", "", "Cookie", session.Name+"="+session.Value, "Accept", "text/html"); w.Code != 303 {
		t.Errorf("signed out, and /me says %d", w.Code)
	}
}

// Stopping lets a request that runs finish, and takes no new one.
func TestServeFinishesWhatRuns(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served, got := make(chan error, 1), make(chan string, 1)
	go func() { served <- front.Serve(ctx, l, h) }()
	go func() {
		answer, err := http.Get((&url.URL{Scheme: "http", Host: l.Addr().String()}).String())
		if err != nil {
			got <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- string(body)
	}()
	<-begun
	stop()
	for { // the listener is closed before the request is waited for
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("stopped while a request ran: %v", err)
	default:
	}
	close(finish)
	if body := <-got; body != "done" {
		t.Errorf("the request that ran got %q", body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// sending is somebody whose upload is under way: it has been begun to be read, and
// its end does not come before it is let go.
type sending struct {
	begun, end chan struct{}
	once       sync.Once
	answer     chan *httptest.ResponseRecorder
}

func (b *sending) Read([]byte) (int, error) {
	b.once.Do(func() { close(b.begun) })
	<-b.end
	return 0, io.ErrUnexpectedEOF
}

func (s *site) sends(token, path, as string, size int64) *sending {
	s.Helper()
	b := &sending{begun: make(chan struct{}), end: make(chan struct{}), answer: make(chan *httptest.ResponseRecorder, 1)}
	r := httptest.NewRequest("POST", path, b)
	r.ContentLength = size
	r.Header.Set("Content-Type", as)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	go func() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		b.answer <- w
	}()
	return b
}

// under waits until an upload is being read.
func (s *site) under(b *sending) *sending {
	s.Helper()
	select {
	case <-b.begun:
	case w := <-b.answer:
		s.Fatalf("not read: %d %s", w.Code, w.Body)
	}
	return b
}

// turned is an upload that found no room: nothing of it was read.
func (s *site) turned(why string, b *sending) {
	s.Helper()
	select {
	case <-b.begun:
		s.Errorf("%s: it is read all the same", why)
		close(b.end)
		<-b.answer
	case w := <-b.answer:
		if w.Code != 503 || problem(s.T, w).Code != "busy" || w.Header().Get("Retry-After") == "" {
			s.Errorf("%s: %d %s", why, w.Code, w.Body)
		}
	}
}

// What is sent is in memory while it is answered, so only so much is taken at one
// time: of each one upload, of all some 50 MB, of strangers 8 MB; and nobody takes the
// room of others, or of what is small.
func TestUploadsTakeNoMoreThanTheirRoom(t *testing.T) {
	s := newSite(t)
	var roster string
	var providers []string
	for _, u := range s.users {
		switch u.Role {
		case care.RoleProvider:
			providers = append(providers, u.Token)
		case care.RoleCareTeam:
			var listed struct{ Items []struct{ ID string } }
			w := s.ask("GET", "/api/v1/employers", "", "Authorization", "Bearer "+u.Token)
			if err := json.Unmarshal(w.Body.Bytes(), &listed); err != nil || len(listed.Items) == 0 {
				t.Fatalf("no employers: %d", w.Code)
			}
			roster = "/api/v1/employers/" + listed.Items[0].ID + "/roster"
		}
	}
	const photo, json8 = "/api/v1/profile/photo", 8 << 20
	var held []*sending
	held = append(held, s.under(s.sends(s.token(care.RoleCareTeam), roster, "text/csv", 32<<20)))
	held = append(held, s.under(s.sends(providers[0], photo, "application/json", json8)))
	s.turned("a second one at a time", s.sends(providers[0], photo, "application/json", json8))
	held = append(held, s.under(s.sends(providers[1], photo, "application/json", -1))) // as long as may be
	s.turned("where all the room is taken", s.sends(providers[2], photo, "application/json", json8))
	s.turned("where all the room is taken", s.sends(s.token(care.RoleClient), "/coverage", "multipart/form-data; boundary=x", json8))
	if w := s.ask("POST", photo, `{"photo":"AAAA"}`, "Authorization", "Bearer "+providers[2], "Content-Type", "application/json"); w.Code != 422 {
		t.Errorf("what is small waits for the large: %d", w.Code)
	}

	// A link that opens nothing takes no room, and nothing that came by it is read.
	for range 3 {
		if w := <-s.sends("", "/details/nothing", "multipart/form-data; boundary=x", json8).answer; w.Code == 503 {
			t.Errorf("a link that opens nothing: %d", w.Code)
		}
	}
	for range 8 {
		held = append(held, s.under(s.sends("", "/help/ask", "application/x-www-form-urlencoded", 1<<20)))
	}
	s.turned("more of strangers", s.sends("", "/help/ask", "application/x-www-form-urlencoded", 1<<20))
	held = append(held, s.under(s.sends(s.token(care.RoleClient), "/help/ask", "application/x-www-form-urlencoded", 1<<20)))

	for _, b := range held {
		close(b.end)
		if w := <-b.answer; w.Code < 400 || w.Code >= 500 {
			t.Errorf("what broke off answers %d", w.Code)
		}
	}
	again := s.under(s.sends(providers[0], photo, "application/json", json8)) // there is room again
	close(again.end)
	<-again.answer
}
