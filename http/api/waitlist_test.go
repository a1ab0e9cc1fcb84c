package api_test

import (
	"strings"
	"testing"
	"time"
)

// TestR23WaitingListOverHTTP: from the first name on the list to the request of
// whom the provider invites.
func TestR23WaitingListOverHTTP(t *testing.T) {
	w := newWorld(t)
	emil := string(w.ids["emil"])
	w.ask("ana", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`).problem(422, "waitlist.kept")
	w.ask("emil", "PUT", "/api/v1/participation/caseload", `{"waitlist_only":true}`).want(200)

	// Who keeps a list is in no search, unless that is asked for.
	for path, want := range map[string]int{"/api/v1/providers?state=IL": 1, "/api/v1/providers?state=IL&waitlist=true&facets=true": 1, "/api/v1/providers?state=NY&waitlist=true": 0} {
		got := w.ask("", "GET", path, "").want(200)
		found := got["items"].([]any)
		if len(found) != want {
			t.Fatalf("%s finds %d", path, len(found))
		}
		if keeps := want == 1 && found[0].(map[string]any)["waitlist"] == true; keeps != strings.Contains(path, "IL&waitlist") {
			t.Errorf("%s: %v", path, found[0])
		}
		if facets, asked := got["facets"].(map[string]any); asked && facets["state"].(map[string]any)["IL"] != 1.0 {
			t.Errorf("facets of lists: %v", facets["state"])
		}
	}

	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+emil+`"}`).problem(409, "provider_not_available")
	if refused := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+emil+`"}`).want(409); refused["waitlist"] != true {
		t.Errorf("the refusal does not offer the list: %v", refused)
	}
	first := w.ask("ana", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`, "Idempotency-Key", "once").want(201)
	again := w.ask("ana", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`, "Idempotency-Key", "once").want(201)
	if first["id"] != again["id"] || first["status"] != "waiting" || first["whose_turn"] != "nobody" || first["ends_at"] == nil {
		t.Errorf("the same key: %v and %v", first, again)
	}
	w.clock.Set(begin.Add(time.Minute))
	second := w.ask("ben", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`).want(201)
	w.ask("ana", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`).problem(422, "waitlist.once")
	w.ask("ben", "POST", "/api/v1/waitlist/"+first["id"].(string)+"/leave", "").problem(404, "not_found")
	w.ask("dora", "POST", "/api/v1/waitlist/"+first["id"].(string)+"/invite", "").problem(404, "not_found")
	w.ask("ana", "POST", "/api/v1/waitlist/invite", "").problem(403, "forbidden")
	if len(items(t, w.ask("ana", "GET", "/api/v1/referrals", "").want(200))) != 0 {
		t.Error("joining a list has asked somebody")
	}

	// The provider sees since when and where, and nothing of whom.
	row := w.ask("emil", "GET", "/api/v1/waitlist", "")
	list := items(t, row.want(200))
	if len(list) != 2 || list[0]["id"] != first["id"] || list[0]["number"] != 1.0 || list[1]["number"] != 2.0 || list[0]["state"] != "IL" {
		t.Errorf("the row: %v", list)
	}
	for _, who := range []string{"Quillmark", "ana", string(w.ids["ana"]), "anxiety"} {
		if strings.Contains(string(row.raw), who) {
			t.Error("the row tells who waits")
		}
	}
	w.ask("emil", "POST", "/api/v1/waitlist/"+second["id"].(string)+"/invite", "").want(200) // out of the row
	if got := w.ask("emil", "POST", "/api/v1/waitlist/invite", "").want(200); got["id"] != first["id"] || got["status"] != "invited" || got["invited_until"] == nil || got["whose_turn"] != "client" {
		t.Errorf("the next: %v", got)
	}
	w.ask("emil", "POST", "/api/v1/waitlist/invite", "").problem(409, "nobody_waits")
	w.ask("ana", "GET", "/api/v1/providers/"+emil+"/openings?kind=consultation", "").want(200)
	w.ask("", "GET", "/api/v1/providers/"+emil+"/openings?kind=consultation", "").problem(404, "not_found")
	listing := "/api/v1/providers/" + emil + "/listing?client="
	if got := w.ask("care_team", "GET", listing+string(w.ids["ana"]), "").want(200); got["outcome"] != "yes" {
		t.Errorf("may the invited ask: %v", got)
	}
	asked := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+emil+`"}`).want(201)
	mine := items(t, w.ask("ana", "GET", "/api/v1/waitlist", "").want(200))
	if mine[0]["status"] != "taken" || mine[0]["referral_id"] != asked["id"] {
		t.Errorf("after asking: %v", mine[0])
	}
	theirs := items(t, w.ask("care_team", "GET", "/api/v1/waitlist?client="+string(w.ids["ana"]), "").want(200))
	if len(theirs) != 1 || theirs[0]["status"] != "taken" || theirs[0]["provider_id"] != emil {
		t.Errorf("for the care team: %v", theirs)
	}
	w.ask("care_team", "GET", "/api/v1/waitlist", "").problem(404, "not_found")

	w.ask("ben", "POST", "/api/v1/waitlist/"+second["id"].(string)+"/stay", "").problem(409, "invited")
	if got := w.ask("ben", "POST", "/api/v1/waitlist/"+second["id"].(string)+"/leave", "").want(200); got["status"] != "left" || got["ended_at"] == nil {
		t.Errorf("left: %v", got)
	}
	if got := w.ask("care_team", "GET", listing+string(w.ids["ben"]), "").want(200); got["outcome"] != "no" {
		t.Errorf("may one ask who is not invited any more: %v", got)
	}
	w.ask("ben", "POST", "/api/v1/waitlist", `{"provider_id":"`+emil+`"}`).want(201)
	w.ask("ben", "POST", "/api/v1/waitlist/"+items(t, w.ask("ben", "GET", "/api/v1/waitlist", "").want(200))[0]["id"].(string)+"/stay", "").want(200)
	if own := w.ask("emil", "GET", "/api/v1/participation", "").want(200); own["waitlist_only"] != true {
		t.Errorf("participation: %v", own)
	}
}
