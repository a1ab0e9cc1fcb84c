package api_test

import (
	"testing"
)

// New terms over HTTP: what they would move, by ids only, and then the new
// version; what is open stays where it is unless it is given the longer time.
func TestTermsOverHTTP(t *testing.T) {
	w := newWorld(t)
	made := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	due := owes(t, made, "respond")["due"]
	tried := w.ask("care_team", "POST", "/api/v1/terms/try", `{"numbers":{"respond_hours":48}}`).want(200)
	found := false
	for _, item := range tried["items"].([]any) {
		row := item.(map[string]any)
		found = found || row["id"] == owes(t, made, "respond")["id"] && row["due"] != row["would_be_due"] && row["sooner"] == false
		for field := range row {
			if field == "client" || field == "client_id" || field == "name" {
				t.Errorf("a trial tells %s", field)
			}
		}
	}
	if !found {
		t.Errorf("what would move: %v", tried["items"])
	}
	w.ask("care_team", "POST", "/api/v1/terms/try", `{"numbers":{"no_such_term":1}}`).problem(422, "invalid_input")
	w.ask("care_team", "POST", "/api/v1/terms", `{"numbers":{"minimum_age":12},"why":"younger people"}`).problem(422, "invalid_input")
	kept := w.ask("care_team", "POST", "/api/v1/terms", `{"numbers":{"respond_hours":48},"why":"slow weeks","open":"keep"}`).want(201)
	if kept["moved"] != 0.0 {
		t.Errorf("kept, and %v moved", kept["moved"])
	}
	// R3: whoever said yes to the duty as it was is asked again; nobody else is.
	if kept["asked"] != 2.0 {
		t.Errorf("%v providers are asked to say yes again, want dora and emil", kept["asked"])
	}
	if now := w.ask("ana", "GET", "/api/v1/referrals/"+made["id"].(string), "").want(200); owes(t, now, "respond")["due"] != due {
		t.Error("what was open has moved")
	}
	moved := w.ask("care_team", "POST", "/api/v1/terms", `{"numbers":{"respond_hours":72},"why":"slower weeks","open":"lengthen"}`).want(201)
	if moved["moved"].(float64) < 1 || owes(t, w.ask("ana", "GET", "/api/v1/referrals/"+made["id"].(string), "").want(200), "respond")["due"] == due {
		t.Errorf("lengthened, and %v moved", moved["moved"])
	}
	if versions := items(t, w.ask("care_team", "GET", "/api/v1/terms", "").want(200)); len(versions) != 3 {
		t.Errorf("%d versions", len(versions))
	}
	w.ask("emil", "GET", "/api/v1/terms", "").want(403)
}
