package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/http/api"
	"careconnect/rules/care"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// person is who acts in each role here.
var person = map[care.Role]string{care.RoleClient: "ana", care.RoleProvider: "dora"}

// Every route turns away strangers with 401, and roles without any right with
// 403, before it looks at anything else; those who may come never meet either
// of the two, nor an error of ours, whatever they send.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	w := newWorld(t)
	for _, route := range w.api.Routes() {
		path := strings.ReplaceAll(route.Path, "{id}", "rf_aaaaaaaaaaaaaaaaaaaaaaaaaa")
		stranger := w.ask("", route.Method, path, "")
		if len(route.Roles) == 0 {
			if stranger.status == 401 || stranger.status == 403 || stranger.status >= 500 {
				t.Errorf("%s: %d for anyone", stranger.call, stranger.status)
			}
			continue
		}
		stranger.problem(401, "sign_in")
		for _, role := range care.Roles {
			who := string(role)
			if named, ok := person[role]; ok {
				who = named
			}
			got := w.ask(who, route.Method, path, "")
			switch {
			case !route.For(role) && got.status != 403:
				t.Errorf("%s: %d for one who may not come", got.call, got.status)
			case route.For(role) && (got.status == 401 || got.status == 403 || got.status >= 500):
				t.Errorf("%s: %d for one who may come: %s", got.call, got.status, got.code())
			}
		}
	}
}

// What is not theirs answers byte for byte as what does not exist, but for the
// request's id, and so does an id that nobody could have.
func TestHiddenAndMissingAnswerAlike(t *testing.T) {
	w := newWorld(t)
	asked := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	hidden, deadline := asked["id"].(string), owes(t, asked, "respond")["id"].(string)
	for _, c := range []struct{ who, method, path, body string }{
		{"ben", "GET", "/api/v1/referrals/ID", ""},
		{"dora", "GET", "/api/v1/referrals/ID", ""},
		{"ben", "POST", "/api/v1/referrals/ID/withdraw", ""},
		{"dora", "POST", "/api/v1/referrals/ID/accept", ""},
		{"dora", "POST", "/api/v1/referrals/ID/propose", `{"times":["2026-11-24T15:00:00Z"]}`},
		{"dora", "POST", "/api/v1/appointments", `{"referral_id":"ID","kind":"session","start":"2026-11-24T15:00:00Z","minutes":50}`},
	} {
		var first []byte
		for _, id := range []string{hidden, "rf_aaaaaaaaaaaaaaaaaaaaaaaaaa", "nonsense", "x'%22"} {
			got := w.ask(c.who, c.method, strings.ReplaceAll(c.path, "ID", id), strings.ReplaceAll(c.body, "ID", id))
			got.problem(404, "not_found")
			body := withoutRequest(t, got.raw)
			if first == nil {
				first = body
			}
			if !bytes.Equal(first, body) {
				t.Errorf("%s: %s differs from what is hidden", got.call, id)
			}
		}
	}
	w.ask("ben", "GET", "/api/v1/deadlines/"+deadline+"/explain", "").problem(404, "not_found")
	w.ask("emil", "GET", "/api/v1/deadlines/"+deadline+"/explain", "").want(200)
	w.ask("", "GET", "/api/v1/providers/"+string(w.ids["candidate"])+"/openings?kind=session", "").problem(404, "not_found")
}

func withoutRequest(t *testing.T, raw []byte) []byte {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	delete(p, "request_id")
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The same key with the same request is done once and answers as of now; with
// another body it is refused; on another record it is another request.
func TestR17TheSameKeyIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	body := `{"provider_id":"` + string(w.ids["emil"]) + `"}`
	first := w.ask("ana", "POST", "/api/v1/referrals", body, "Idempotency-Key", "k1").want(201)
	id := first["id"].(string)
	w.ask("emil", "POST", "/api/v1/referrals/"+id+"/accept", "", "Idempotency-Key", "k1").want(200)
	again := w.ask("ana", "POST", "/api/v1/referrals", body, "Idempotency-Key", "k1").want(201)
	if again["id"] != id || again["status"] != "accepted" {
		t.Errorf("replayed: %v %v", again["id"] == id, again["status"])
	}
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["dora"])+`"}`, "Idempotency-Key", "k1").problem(422, "key_reused")
	if all := items(t, w.ask("ana", "GET", "/api/v1/referrals", "").want(200)); len(all) != 1 {
		t.Errorf("%d referrals", len(all))
	}

	other := w.ask("ben", "POST", "/api/v1/referrals", body, "Idempotency-Key", "k1").want(201)["id"].(string)
	if got := w.ask("emil", "POST", "/api/v1/referrals/"+other+"/accept", "", "Idempotency-Key", "k1").want(200); got["id"] != other {
		t.Error("a key used for one record answered for another")
	}

	invite := "/api/v1/providers/" + string(w.ids["candidate"]) + "/invite"
	link := w.ask("care_team", "POST", invite, `{"email":"new@example.test"}`, "Idempotency-Key", "k2").want(200)
	if again := w.ask("care_team", "POST", invite, `{"email":"new@example.test"}`, "Idempotency-Key", "k2").want(200); link["link"] == nil || again["link"] != nil || again["id"] != link["id"] {
		t.Error("a set-up link is shown once")
	}
	account := `{"role":"clinical","name":"Someone Umbrage","email":"someone@example.test"}`
	w.ask("operator", "POST", "/api/v1/accounts", account, "Idempotency-Key", "k3").want(201)
	w.ask("care_team", "POST", "/api/v1/employers", `{"name":"Quarrymere Robotics","code":"QUARRY","industry":"technology","starts":"2026-01-01"}`).want(201)
}

// What is sent is read strictly, what is wrong is named, and what was sent is
// not repeated.
func TestReadsStrictly(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ who, method, path, body, names string }{
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x","colour":"SECRET"}`, "colour"},
		{"ana", "POST", "/api/v1/referrals", `{"Provider_ID":"pr_x"}`, "provider_id"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":7}`, "provider_id"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x","start":"SECRET"}`, "start"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x","provider_id":"pr_y"}`, "provider_id"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x"} {}`, "after"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":`, "JSON"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x","provider\u005fid":"pr_y"}`, "twice"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x","note":"a \"{,\\","came":{"source":"portal","source":"portal"}}`, "twice"},
		{"ana", "POST", "/api/v1/referrals", `{"provider_id":"pr_x"`, "end"},
		{"ana", "POST", "/api/v1/referrals", ``, "body"},
		{"ana", "POST", "/api/v1/referrals", `[]`, "object"},
		{"ana", "PUT", "/api/v1/consent", `{"sharing":"SECRET","text_version":"1"}`, "sharing"},
		{"ana", "PUT", "/api/v1/consent", `{"sharing":true,"scopes":["SECRET"],"text_version":"1"}`, "identity, referral, attendance"},
		{"ana", "POST", "/api/v1/coverages", `{"kind":"SECRET","payer":"a","plan":"b","member_id":"c"}`, "health_plan, eap"},
		{"ana", "PUT", "/api/v1/me", `{"birth_date":"SECRET"}`, "birth_date"},
		{"ana", "PUT", "/api/v1/me", `{"birth_date":"2026-02-30"}`, "birth_date"},
		{"ana", "PUT", "/api/v1/screenings/sc_x/answers", `{"answers":{"44250-9":"SECRET"}}`, "44250-9"},
		{"emil", "PUT", "/api/v1/hours", `{"zone":"America/Chicago","week":{},"session_minutes":50.0}`, "body: session_minutes"},
		{"emil", "POST", "/api/v1/referrals/rf_x/accept", `{"why":"SECRET"}`, "why"},
		{"emil", "POST", "/api/v1/referrals/rf_x/propose", `{"times":[]}`, "times"},
		{"ana", "GET", "/api/v1/providers?limit=1000", ``, "limit"},
		{"ana", "GET", "/api/v1/providers?limit=SECRET", ``, "limit"},
		{"ana", "GET", "/api/v1/providers?cursor=SECRET", ``, "page"},
		{"ana", "GET", "/api/v1/referrals?cursor=SECRET", ``, "cursor"},
		{"ana", "GET", "/api/v1/referrals?status=SECRET", ``, "submitted"},
		{"ana", "GET", "/api/v1/providers?colour=blue", ``, "colour"},
		{"", "GET", "/api/v1/providers/pr_x/openings", ``, "kind"},
		{"", "GET", "/api/v1/providers/pr_x/openings?kind=session&from=SECRET", ``, "from"},
		{"emil", "GET", "/api/v1/appointments?from=2026-11-01T00:00:00Z&to=2027-11-01T00:00:00Z", ``, "to"},
	} {
		got := w.ask(c.who, c.method, c.path, c.body)
		if got.status != 422 || !strings.Contains(got.code(), c.names) {
			t.Errorf("%s %s: %d, want 422 naming %q; %s", got.call, c.body, got.status, c.names, got.code())
		}
		if strings.Contains(string(got.raw), "SECRET") {
			t.Errorf("%s: the answer repeats what was sent", got.call)
		}
	}
	w.ask("ana", "POST", "/api/v1/referrals", `a=b`, "Content-Type", "application/x-www-form-urlencoded").problem(415, "not_json")
	w.ask("ana", "POST", "/api/v1/referrals", `{"note":"`+strings.Repeat("x", 200<<10)+`"}`).problem(413, "too_large")
	w.ask("ana", "PUT", "/api/v1/me", `{"contact":{"email":"other@example.test"}}`).problem(422, "email_fixed")
}

// A client's own words can be changed only as long as they are what was read.
// deadlined is an answer on a connection that keeps until when it is read from.
type deadlined struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (d *deadlined) SetReadDeadline(at time.Time) error {
	d.until = at
	return nil
}

// What takes long, such as a password in a queue of them, is not broken off because a
// body that was read to its end a while ago might have been slow to come.
func TestNothingIsBrokenOffWhileItIsDone(t *testing.T) {
	w := newWorld(t)
	for _, route := range w.api.Routes() {
		if route.Method != http.MethodPost || route.Path != "/api/v1/enter" {
			continue
		}
		answer := &deadlined{httptest.NewRecorder(), time.Unix(1, 0)}
		route.Handler.ServeHTTP(answer, httptest.NewRequest(route.Method, route.Path, strings.NewReader(`{"token":"x"}`)))
		if answer.Code != http.StatusBadRequest || !answer.until.IsZero() {
			t.Errorf("answered %d, and the connection is given up at %v", answer.Code, answer.until)
		}
		return
	}
	t.Fatal("there is no such route: this test shows nothing")
}

func TestIfMatch(t *testing.T) {
	w := newWorld(t)
	read := w.ask("ana", "GET", "/api/v1/me", "")
	read.want(200)
	etag := read.header.Get("ETag")
	if !strings.HasPrefix(etag, `W/"`) {
		t.Fatalf("tag %q", etag)
	}
	w.ask("ana", "PUT", "/api/v1/me", `{"contact":{"email":"ana@example.test","phone":"555-0100"}}`).want(200)
	etag = w.ask("ana", "GET", "/api/v1/me", "").header.Get("ETag")
	if changed := w.ask("ana", "PUT", "/api/v1/me", `{"state":"NY","zone":"America/New_York","birth_date":"1991-01-02","contact":{}}`, "If-Match", etag).want(200); changed["zone"] != "America/New_York" || changed["birth_date"] != "1991-01-02" {
		t.Error("the change is not there")
	}
	w.ask("ana", "PUT", "/api/v1/me", `{"state":"CA"}`, "If-Match", etag).problem(412, "changed_meanwhile")
	if now := w.ask("ana", "GET", "/api/v1/me", "").want(200); now["state"] != "NY" || now["contact"].(map[string]any)["phone"] != "555-0100" {
		t.Error("a stale change was done, or what was left out did not stay")
	}
}

// The document in the repository is the one that the table makes; with -update
// it is written anew.
func TestOpenAPI(t *testing.T) {
	document, err := api.New(api.Config{}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, document) {
		t.Error("openapi.json is stale: run go test ./http/api -update")
	}
	again, err := api.New(api.Config{}).OpenAPI()
	if err != nil || !bytes.Equal(document, again) {
		t.Errorf("the document differs when it is made again: %v", err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Security             []any
			Responses            map[string]any
		}
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	operations, ids := 0, map[string]bool{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			operations++
			if o.Summary == "" || ids[o.OperationID] || len(o.Responses) == 0 {
				t.Errorf("%s %s: no summary, no answers, or an id that is taken", method, path)
			}
			ids[o.OperationID] = true
		}
	}
	if routes := len(api.New(api.Config{}).Routes()); operations != routes-1 {
		t.Errorf("%d operations, %d routes with the document's own", operations, routes)
	}
	if bytes.Contains(document, []byte(`"example`)) || bytes.Contains(document, []byte("$schema")) {
		t.Error("the document has examples or names a $schema")
	}
	resolves(t, document)
}

// resolves checks that every reference leads somewhere, and that every name that
// is required is described.
func resolves(t *testing.T, document []byte) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			if properties, ok := v["properties"].(map[string]any); ok {
				required, _ := v["required"].([]any)
				for _, name := range required {
					if properties[name.(string)] == nil {
						t.Errorf("%v is required, and not described", name)
					}
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc)
}

// Anyone gets the document, and it is the same one.
func TestServesTheDocument(t *testing.T) {
	w := newWorld(t)
	got := w.ask("", http.MethodGet, "/api/openapi.json", "")
	want, err := w.api.OpenAPI()
	if err != nil || !bytes.Equal(got.raw, want) || got.status != 200 {
		t.Errorf("%d, %v", got.status, err)
	}
}

// Whoever sees a status of a referral can ask for those with it.
func TestEachStatusOfAReferralCanBeAskedFor(t *testing.T) {
	body, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Enum []string }
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(body, &spec); err != nil {
		t.Fatal(err)
	}
	shown := spec.Components.Schemas["Referral"].Properties["status"].Enum
	for _, p := range spec.Paths["/api/v1/referrals"]["get"].Parameters {
		if p.Name == "status" && (len(shown) == 0 || !slices.Equal(p.Schema.Enum, shown)) {
			t.Errorf("a referral is %v, and can be asked for by %v", shown, p.Schema.Enum)
		}
	}
}
