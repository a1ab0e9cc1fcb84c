package api_test

import (
	"encoding/json"
	"testing"

	"careconnect/store"
)

// A client erases themselves with one call; the certificate is anyone's who has
// its number.
func TestErasingOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.ask("ana", "POST", "/api/v1/erasures", `{"confirm":"please"}`).problem(422, "invalid_input")
	for _, who := range []string{"dora", "care_team", "operator"} {
		w.ask(who, "POST", "/api/v1/erasures", `{"confirm":"erase"}`).problem(403, "forbidden")
	}
	out := w.ask("ana", "POST", "/api/v1/erasures", `{"confirm":"erase"}`).want(201)
	if out["status"] != "waiting" {
		t.Errorf("erased: %v", out)
	}
	w.ask("ana", "GET", "/api/v1/me", "").problem(401, "bad_token")
	path := "/api/v1/erasures/" + out["id"].(string)
	if got := w.ask("", "GET", path, "").want(200); got["status"] != "waiting" || got["certificate"] != nil {
		t.Errorf("before the night: %v", got)
	}
	if _, err := w.store.Forget(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	got := w.ask("", "GET", path, "")
	if got.want(200)["status"] != "certified" {
		t.Errorf("after the night: %v", got)
	}
	var shown struct{ Certificate json.RawMessage }
	if err := json.Unmarshal(got.raw, &shown); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CheckCertificate(shown.Certificate, w.store.CertificateKey()); err != nil {
		t.Error(err)
	}
	w.ask("", "GET", "/api/v1/erasures/er_aaaaaaaaaaaaaaaaaaaaaaaaaa", "").problem(404, "not_found")
	w.ask("care_team", "POST", "/api/v1/clients/"+string(w.ids["ben"])+"/erasure", "").want(201)
}
