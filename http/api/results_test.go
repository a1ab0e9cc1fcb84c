package api_test

import (
	"fmt"
	"strings"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Answers and scores are the client's and their provider's. The clinical desk
// sees the score, the care team only that a form is done; another provider sees
// nothing that exists, and the payer, the employer, billing and the operator may
// not even ask.
func TestR49WhoSeesResults(t *testing.T) {
	w := newWorld(t)
	id := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)["id"].(string)
	w.ask("emil", "POST", "/api/v1/referrals/"+id+"/accept", "").want(200)
	w.ask("emil", "POST", "/api/v1/appointments", `{"referral_id":"`+id+`","kind":"session","start":"2026-11-25T16:00:00Z","minutes":50}`).want(201)
	var form string
	for _, f := range items(t, w.ask("ana", "GET", "/api/v1/screenings", "").want(200)) {
		if f["instrument"] == "phq-9" {
			form = f["id"].(string)
		}
	}
	given := `{"answers":{"44250-9":2,"44255-8":2,"44259-0":2,"44254-1":2,"44251-7":2,"44258-2":2,"44252-5":2,"44253-3":2,"44260-8":0,"69722-7":1}}`
	w.ask("ana", "PUT", "/api/v1/screenings/"+form+"/answers", given).want(200)
	w.ask("ana", "POST", "/api/v1/screenings/"+form+"/submit", "").want(200)
	for _, c := range []struct {
		who           string
		status        int
		total, answer bool
	}{
		{"ana", 200, true, true},
		{"emil", 200, true, true},
		{"clinical", 200, true, false},
		{"care_team", 200, false, false},
		{"ben", 404, false, false},
		{"dora", 404, false, false},
		{"billing", 403, false, false},
		{"payer", 403, false, false},
		{"employer", 403, false, false},
		{"operator", 403, false, false},
	} {
		got := w.ask(c.who, "GET", "/api/v1/screenings/"+form, "").want(c.status)
		if (got["total"] != nil) != c.total || (got["answers"] != nil) != c.answer {
			t.Errorf("%s: total %v, answers %v", c.who, got["total"] != nil, got["answers"] != nil)
		}
		if c.status == 200 && got["status"] != "completed" {
			t.Errorf("%s is not told that it is done", c.who)
		}
		if text := fmt.Sprint(got); !c.total && strings.Contains(text, "moderately") {
			t.Errorf("%s is told the band", c.who)
		}
	}
}

// R49, R45: once care has ended the former provider reads no result and no plan,
// and keeps what they did themselves: the visit and its charge.
func TestR49AfterDischargeReadingEnds(t *testing.T) {
	w := newWorld(t)
	id := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)["id"].(string)
	w.ask("ana", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Lakefront HMO","member_id":"TEST-1"}`).want(201)
	w.ask("emil", "POST", "/api/v1/referrals/"+id+"/accept", "").want(200)
	visit := w.ask("emil", "POST", "/api/v1/appointments", `{"referral_id":"`+id+`","kind":"session","start":"2026-11-25T16:00:00Z","minutes":50}`).want(201)["id"].(string)
	form := items(t, w.ask("ana", "GET", "/api/v1/screenings", "").want(200))[0]["id"].(string)
	w.clock.Set(begin.AddDate(0, 0, 6))
	w.ask("emil", "POST", "/api/v1/appointments/"+visit+"/outcome", `{"result":"attended"}`).want(200)
	w.ask("emil", "GET", "/api/v1/screenings/"+form, "").want(200)
	w.do(care.Actor{Role: care.RoleProvider, Chart: w.ids["emil"]}, act.Discharge{Referral: care.ReferralID(id)})
	w.ask("emil", "GET", "/api/v1/screenings/"+form, "").want(404)
	w.ask("ana", "GET", "/api/v1/screenings/"+form, "").want(200)
	if own := items(t, w.ask("emil", "GET", "/api/v1/appointments", "").want(200)); len(own) != 1 || own[0]["id"] != visit || own[0]["status"] != "attended" {
		t.Errorf("their own visits: %v", own)
	}
	charges := items(t, w.ask("emil", "GET", "/api/v1/charges?month=2026-11", "").want(200))
	if len(charges) != 1 || charges[0]["appointment_id"] != visit {
		t.Errorf("their own charges: %d", len(charges))
	}
	w.ask("emil", "POST", "/api/v1/appointments", `{"referral_id":"`+id+`","kind":"session","start":"2026-12-02T16:00:00Z","minutes":50}`).problem(409, "referral_moved_on")
}

// R56: a client leaves the whole programme over HTTP.
func TestR56AClientLeavesOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	if left := w.ask("ana", "POST", "/api/v1/me/leave", "").want(200); left["left_at"] == nil {
		t.Error("it is not said since when")
	}
	if list := items(t, w.ask("ana", "GET", "/api/v1/referrals", "").want(200)); list[0]["status"] != "withdrawn_by_client" {
		t.Errorf("the request is %v", list[0]["status"])
	}
	w.ask("ana", "POST", "/api/v1/me/leave", "").problem(409, "already_left")
	w.ask("emil", "POST", "/api/v1/me/leave", "").want(403)
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	if back := w.ask("ana", "GET", "/api/v1/me", "").want(200); back["left_at"] != nil {
		t.Error("who came back is said to have left")
	}
}
