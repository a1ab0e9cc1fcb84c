package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	front "careconnect/http"
	"careconnect/http/api"
	"careconnect/http/auth"
	"careconnect/http/qa"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// begin is a Friday afternoon in Chicago.
var begin = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// world is a service with people in it, behind a real listener.
type world struct {
	t      *testing.T
	url    string
	store  *store.Store
	clock  *qa.Clock
	api    *api.API
	auth   *auth.Auth
	tokens map[string]string
	ids    map[string]care.ChartID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, tokens: map[string]string{}, ids: map[string]care.ChartID{}}
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began) }
	w.clock = qa.NewClock(begin, elapsed, false)
	dir, seed := t.TempDir(), uint64(7)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(store.Config{Dir: dir, Now: w.clock.Now, Elapsed: elapsed, TZData: "test", Seed: &seed},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(begin.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	w.store = s
	w.auth = auth.New(s, w.clock.Now, elapsed, false)
	w.api = api.New(api.Config{Store: s, Now: w.clock.Now, Other: w.auth.Other, MayHold: w.auth.MayHold})
	h, err := front.New(front.Config{Auth: w.auth, Routes: w.api.Routes(), Ready: func() []string { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.people()
	return w
}

func (w *world) do(actor care.Actor, a act.Act) string {
	w.t.Helper()
	out, err := w.store.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		w.t.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

func (w *world) pass(who string) *care.Pass {
	w.tokens[who] = auth.Secret()
	return &care.Pass{Hash: auth.Hash(w.tokens[who]), Type: care.PassToken}
}

func (w *world) people() {
	started := calendar.Date{Year: 2026, Month: 1, Day: 1}
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: started}})
	w.do(care.System, act.ListPlan{Plan: care.UnprocessablePlan{Payer: "Optum", Plan: "Harbor Legacy PPO"}})
	for _, who := range []string{"ana", "ben"} {
		w.ids[who] = care.ChartID(w.do(care.Anonymous, act.Enter{
			FullName: who + " Quillmark", Email: who + "@example.test", BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10}, State: "IL", Zone: "America/Chicago",
			Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal", Pass: w.pass(who),
		}))
	}
	for i, who := range []string{"dora", "emil", "candidate"} {
		self, virtual := who == "dora", true
		id := care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{{Digest: "test", Provider: care.Provider{
			NPI: "2" + strings.Repeat("0", 7) + string(rune('1'+i)) + "0", Name: who + " Vexworth", Degree: "phd", Licences: []care.Licence{{State: "IL"}},
		}}}}))
		w.ids[who] = id
		w.do(care.System, act.InviteProvider{Provider: id, Email: who + "@example.test", Pass: w.pass(who)})
		h := calendar.Hours{Zone: "America/Chicago", BufferMinutes: 10, NoticeMinutes: 60, ConsultMinutes: 15, SessionMinutes: 50}
		for day := time.Monday; day <= time.Friday; day++ {
			h.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
		}
		w.do(care.System, act.SetHours{Provider: id, Hours: h, SelfSchedule: &self})
		if who == "candidate" {
			continue
		}
		w.do(care.System, act.SetProfile{Provider: id, Specialties: []string{"anxiety"}, Languages: []string{"en"}, Modalities: []string{"cbt"}})
		w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: started}}})
		w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &virtual})
	}
	for _, role := range []care.Role{care.RoleCareTeam, care.RoleClinical, care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator} {
		open := act.OpenAccount{Role: role, FullName: string(role) + " Umbrage", Email: string(role) + "@example.test", Pass: w.pass(string(role))}
		if role == care.RoleEmployer {
			open.Employer = "em_any"
		}
		w.ids[string(role)] = care.ChartID(w.do(care.System, open))
	}
}

// answered is what came back.
type answered struct {
	t      *testing.T
	call   string
	status int
	header http.Header
	raw    []byte
}

// ask sends a request as somebody; headers come in pairs.
func (w *world) ask(who, method, path, body string, headers ...string) answered {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+w.tokens[who])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end already
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answered{w.t, who + " " + method + " " + path, resp.StatusCode, resp.Header, raw}
	a.wellFormed()
	return a
}

// wellFormed holds for every answer: a problem where it is one, and never a link
// to a schema.
func (a answered) wellFormed() {
	a.t.Helper()
	if bytes.Contains(a.raw, []byte(`"$schema"`)) {
		a.t.Errorf("%s: the answer echoes a $schema", a.call)
	}
	if a.status < 400 {
		return
	}
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	if err := json.Unmarshal(a.raw, &p); err != nil || p.Type == "" || p.Title == "" || p.Detail == "" || p.Code == "" || p.Status != a.status {
		a.t.Errorf("%s: %d is no whole problem", a.call, a.status)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("%s: a problem as %q", a.call, ct)
	}
}

// want fails unless the status is this one, and gives the answer's object.
func (a answered) want(status int) map[string]any {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d; %s", a.call, a.status, status, a.code())
	}
	var v map[string]any
	if err := json.Unmarshal(a.raw, &v); err != nil {
		a.t.Fatalf("%s: not an object: %v", a.call, err)
	}
	return v
}

// problem fails unless the answer is a problem with this status and code.
func (a answered) problem(status int, code string) string {
	a.t.Helper()
	p := a.want(status)
	if p["code"] != code {
		a.t.Fatalf("%s: code %v, want %s: %v", a.call, p["code"], code, p["detail"])
	}
	return p["detail"].(string)
}

func (a answered) code() string {
	var p struct{ Code, Detail string }
	if json.Unmarshal(a.raw, &p) != nil {
		return ""
	}
	return p.Code + ": " + p.Detail
}

func items(t *testing.T, v map[string]any) []map[string]any {
	t.Helper()
	list, ok := v["items"].([]any)
	if !ok {
		t.Fatalf("no list of items, but %T", v["items"])
	}
	shown := make([]map[string]any, len(list))
	for i := range list {
		shown[i] = list[i].(map[string]any)
	}
	return shown
}
