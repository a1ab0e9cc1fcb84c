package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

func has(t *testing.T, v map[string]any, fields ...string) {
	t.Helper()
	for _, f := range fields {
		if _, ok := v[f]; !ok {
			t.Errorf("%q is missing", f)
		}
	}
}

func owes(t *testing.T, referral map[string]any, code string) map[string]any {
	t.Helper()
	for _, d := range referral["deadlines"].([]any) {
		if d := d.(map[string]any); d["code"] == code {
			return d
		}
	}
	t.Fatalf("no deadline %s", code)
	return nil
}

// A client finds a provider, asks, is answered, seen and screened, all through
// the calls of the contract.
func TestTheRoadOverHTTP(t *testing.T) {
	w := newWorld(t)
	dora, emil := string(w.ids["dora"]), string(w.ids["emil"])

	me := w.ask("ana", "GET", "/api/v1/me", "").want(200)
	if me["role"] != "client" || me["birth_date"] != "1990-05-10" || me["benefit"].(map[string]any)["state"] != "yes" {
		t.Errorf("who I am: %v", me)
	}

	found := w.ask("ana", "GET", "/api/v1/providers?state=IL&specialty=anxiety&promise=true&facets=true", "").want(200)
	has(t, found, "total", "items", "facets")
	list := items(t, found)
	if len(list) != 2 || found["total"] != 2.0 {
		t.Fatalf("found %d of %v", len(list), found["total"])
	}
	has(t, list[0], "id", "name", "degree", "states", "specialties", "languages", "modalities", "next_consultation", "first_session_by")
	if !strings.HasSuffix(list[0]["next_consultation"].(string), "-06:00") {
		t.Errorf("an instant without the reader's offset: %v", list[0]["next_consultation"])
	}
	if n := w.ask("ana", "GET", "/api/v1/providers?plan=Harbor+Legacy+PPO", "").want(200); n["total"] != 0.0 {
		t.Errorf("with a plan that cannot be processed %v are found", n["total"])
	}
	page := w.ask("", "GET", "/api/v1/providers?state=IL&limit=1", "").want(200)
	rest := w.ask("", "GET", "/api/v1/providers?state=IL&limit=1&cursor="+page["next"].(string), "").want(200)
	if items(t, page)[0]["id"] == items(t, rest)[0]["id"] || rest["next"] != nil {
		t.Error("the second page repeats the first, or says that there is a third")
	}
	// R16: who looks for somebody says where, or has said it; nobody else has to.
	w.ask("", "GET", "/api/v1/providers?specialty=anxiety", "").problem(422, "state")
	if n := w.ask("ana", "GET", "/api/v1/providers", "").want(200); n["total"] != 2.0 {
		t.Errorf("in a client's own state %v are found", n["total"])
	}
	w.ask("care_team", "GET", "/api/v1/providers", "").want(200)
	open := items(t, w.ask("", "GET", "/api/v1/providers/"+dora+"/openings?kind=consultation", "").want(200))
	has(t, open[0], "start", "end", "meets_promise")

	// asked, proposed, booked
	asked := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+emil+`","note":"Evenings suit me.","preferred_times":["2026-11-24T15:00:00Z"]}`).want(201)
	has(t, asked, "id", "episode_id", "status", "whose_turn", "deadlines", "sought_at", "preferred_times", "offered_times", "self_scheduled")
	if asked["status"] != "submitted" || asked["whose_turn"] != "provider" || owes(t, asked, "respond")["due"] != "2026-11-21T16:00:00-06:00" {
		t.Errorf("asked: %v", asked)
	}
	id := asked["id"].(string)
	why := w.ask("ana", "GET", "/api/v1/deadlines/"+owes(t, asked, "promise")["id"].(string)+"/explain", "").want(200)
	has(t, why, "code", "says", "starts", "due", "zone", "steps", "policy_version", "tzdata")
	if len(why["steps"].([]any)) == 0 {
		t.Error("an explanation without steps")
	}
	if inbox := items(t, w.ask("emil", "GET", "/api/v1/referrals?status=submitted", "").want(200)); len(inbox) != 1 || inbox[0]["id"] != id {
		t.Errorf("the inbox has %d", len(inbox))
	}
	w.ask("emil", "POST", "/api/v1/referrals/"+id+"/book", `{"start":"2026-11-25T15:00:00Z"}`).problem(409, "time_not_listed")
	w.ask("emil", "POST", "/api/v1/referrals/"+id+"/propose", `{"times":["2026-11-23T16:00:00Z"]}`).want(200)
	booked := w.ask("ana", "POST", "/api/v1/referrals/"+id+"/book", `{"start":"2026-11-23T16:00:00Z"}`).want(200)
	if booked["status"] != "consult_booked" || booked["appointment_id"] == nil || booked["whose_turn"] != "nobody" {
		t.Errorf("booked: %v", booked)
	}

	// an opening taken by one is gone for the other, who is told the next
	start := open[0]["start"].(string)
	w.ask("ben", "POST", "/api/v1/referrals", `{"provider_id":"`+dora+`","start":"`+start+`"}`).want(201)
	gone := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+dora+`","start":"`+start+`"}`)
	gone.problem(409, "opening_taken")
	if next := gone.want(409)["next"].([]any); len(next) == 0 || !strings.HasSuffix(next[0].(string), "-06:00") {
		t.Errorf("next openings: %v", next)
	}

	// seen, session, screened
	consultation := booked["appointment_id"].(string)
	w.ask("emil", "POST", "/api/v1/appointments/"+consultation+"/outcome", `{"result":"attended"}`).problem(409, "not_yet")
	w.clock.Set(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	if held := w.ask("emil", "POST", "/api/v1/appointments/"+consultation+"/outcome", `{"result":"attended"}`).want(200); held["status"] != "attended" || held["kind"] != "consultation" {
		t.Errorf("held: %v", held)
	}
	session := w.ask("emil", "POST", "/api/v1/appointments", `{"referral_id":"`+id+`","kind":"session","start":"2026-11-25T16:00:00Z","minutes":50}`).want(201)
	if session["minutes"] != 50.0 || session["covered"] != "unverified" {
		t.Errorf("session: %v", session)
	}
	for _, who := range []string{"ana", "emil"} {
		if mine := items(t, w.ask(who, "GET", "/api/v1/appointments", "").want(200)); len(mine) != 2 {
			t.Errorf("%s has %d appointments", who, len(mine))
		}
	}
	forms := items(t, w.ask("ana", "GET", "/api/v1/screenings", "").want(200))
	if len(forms) != 2 {
		t.Fatalf("%d screenings", len(forms))
	}
	has(t, forms[0], "id", "instrument", "purpose", "status", "due")
	var phq string
	for _, f := range forms {
		if f["instrument"] == "phq-9" {
			phq = f["id"].(string)
		}
	}
	part := w.ask("ana", "PUT", "/api/v1/screenings/"+phq+"/answers", `{"answers":{"44250-9":2}}`).want(200)
	if part["status"] != "started" || part["total"] != nil {
		t.Errorf("partly answered: %v", part["status"])
	}
	w.ask("ana", "POST", "/api/v1/screenings/"+phq+"/submit", "").problem(422, "answers_missing")
	w.ask("ana", "PUT", "/api/v1/screenings/"+phq+"/answers", `{"answers":{"44255-8":2,"44259-0":2,"44254-1":2,"44251-7":2,"44258-2":2,"44252-5":2,"44253-3":2,"44260-8":2}}`).want(200)
	done := w.ask("ana", "POST", "/api/v1/screenings/"+phq+"/submit", "").want(200)
	if done["total"] != 18.0 || done["elevated"] != true || done["status"] != "completed" {
		t.Errorf("submitted: %v %v %v", done["status"], done["total"], done["elevated"])
	}
	// R51: nobody but the client writes an answer, and they correct it by taking the form again.
	w.ask("emil", "PUT", "/api/v1/screenings/"+phq+"/answers", `{"answers":{"44250-9":0}}`).want(403)
	for _, who := range []string{"emil", "ana"} {
		w.ask(who, "PUT", "/api/v1/screenings/"+phq, `{"answers":{"44250-9":0}}`).want(405)
	}
	again := w.ask("ana", "POST", "/api/v1/screenings/"+phq+"/retake", "").want(201)
	if again["version"] != 2.0 || again["status"] != "assigned" {
		t.Errorf("taken again: %v %v", again["version"], again["status"])
	}
	if kept := w.ask("ana", "GET", "/api/v1/screenings/"+phq, "").want(200); kept["total"] != 18.0 || kept["version"] != 1.0 {
		t.Errorf("the first version has %v", kept["total"])
	}
	w.ask("ana", "POST", "/api/v1/screenings/"+again["id"].(string)+"/decline", "").want(200)
	w.ask("emil", "GET", "/api/v1/screenings", "").problem(422, "invalid_input")
	if seen := items(t, w.ask("emil", "GET", "/api/v1/screenings?client="+string(w.ids["ana"]), "").want(200)); len(seen) != 3 {
		t.Errorf("the provider sees %d screenings", len(seen))
	}
	w.ask("dora", "GET", "/api/v1/screenings?client="+string(w.ids["ana"]), "").problem(404, "not_found")

	// item 9 was above zero
	alerts := items(t, w.ask("clinical", "GET", "/api/v1/alerts", "").want(200))
	if len(alerts) != 1 {
		t.Fatalf("%d alerts", len(alerts))
	}
	alert := alerts[0]["id"].(string)
	w.ask("dora", "POST", "/api/v1/alerts/"+alert+"/acknowledge", `{"action":"contacted"}`).problem(404, "not_found")
	w.ask("emil", "POST", "/api/v1/alerts/"+alert+"/acknowledge", `{"action":"contacted"}`).want(200)
	w.ask("clinical", "POST", "/api/v1/alerts/"+alert+"/acknowledge", `{"action":"contacted"}`).problem(409, "already_acknowledged")

	// who looked
	log := items(t, w.ask("ana", "GET", "/api/v1/access-log", "").want(200))
	if len(log) == 0 || log[0]["role"] == nil || log[0]["what"] == nil || log[0]["name"] != nil {
		t.Errorf("access log: %d entries", len(log))
	}
	line := "/api/v1/access-log/" + log[0]["line"].(string) + "/receipt"
	w.proven(w.ask("ana", "GET", line, ""))
	w.ask("ben", "GET", line, "").problem(404, "not_found")
	w.ask("ana", "GET", "/api/v1/access-log/0.0/receipt", "").problem(404, "not_found")
}

// proven checks an answer as a receipt, without the store.
func (w *world) proven(a answered) store.Receipt {
	w.t.Helper()
	a.want(200)
	receipt, err := store.ReadReceipt(a.raw)
	if err == nil {
		_, _, err = receipt.Check(w.store.TrailKey())
	}
	if err != nil {
		w.t.Errorf("%s: %v", a.call, err)
	}
	return receipt
}

// Coverage is given by the client, queued and verified by the care team, and
// stands on the board until then.
func TestCoverageBoardAndConsent(t *testing.T) {
	w := newWorld(t)
	given := w.ask("ana", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Harbor Legacy PPO","member_id":"TEST-77","state":"IL"}`).want(201)
	if given["status"] != "pending" || given["unprocessable"] != true {
		t.Errorf("given: %v", given["status"])
	}
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	b := w.ask("care_team", "GET", "/api/v1/board", "").want(200)
	states := map[string]bool{}
	for _, tile := range b["tiles"].([]any) {
		tile := tile.(map[string]any)
		states[tile["state"].(string)] = true
		has(t, tile, "whose_turn", "deadline", "explain", "client_id")
	}
	if !states["coverage_pending"] || !states["submitted"] {
		t.Errorf("the board shows %v", states)
	}
	w.ask("clinical", "GET", "/api/v1/board", "").want(200)
	if queue := items(t, w.ask("care_team", "GET", "/api/v1/coverages?status=pending", "").want(200)); len(queue) != 1 {
		t.Errorf("%d in the queue", len(queue))
	}
	if all := items(t, w.ask("care_team", "GET", "/api/v1/referrals", "").want(200)); len(all) != 1 {
		t.Errorf("the care team lists %d referrals", len(all))
	}
	verify := "/api/v1/coverages/" + given["id"].(string) + "/verify"
	if v := w.ask("care_team", "POST", verify, `{"result":"non_participating","note":"Not on our systems."}`).want(200); v["status"] != "non_participating" {
		t.Errorf("verified: %v", v["status"])
	}
	w.ask("care_team", "POST", verify, `{"result":"non_participating"}`).problem(409, "already_verified")
	list := items(t, w.ask("ana", "GET", "/api/v1/referrals", "").want(200))
	if owes(t, list[0], "promise")["state"] != "paused" {
		t.Error("the promise runs on while the plan cannot be processed")
	}

	none := w.ask("ana", "GET", "/api/v1/consent", "").want(200)
	if none["sharing"] != false || none["since"] != nil || none["receipt"] != nil || len(none["scopes"].([]any)) != 0 {
		t.Errorf("never asked: %v", none)
	}
	yes := w.ask("ana", "PUT", "/api/v1/consent", `{"sharing":true,"scopes":["identity"],"text_version":"`+none["text_version"].(string)+`"}`).want(200)
	if yes["sharing"] != true || yes["receipt"] == nil || yes["since"] != "2026-11-20T16:00:00-06:00" {
		t.Errorf("yes: %v", yes)
	}
	receipt := w.proven(w.ask("ana", "GET", "/api/v1/consent/"+yes["receipt"].(string)+"/receipt", ""))
	if !strings.Contains(receipt.Statement, "answer 1 of ") || !strings.Contains(receipt.Statement, "scopes: identity\n") {
		t.Errorf("the receipt of a yes says %q", receipt.Statement)
	}
	w.ask("ana", "GET", "/api/v1/consent/cn_00000000000000000000000000/receipt", "").problem(404, "not_found")
	w.clock.Set(begin.Add(time.Minute))
	if no := w.ask("ana", "PUT", "/api/v1/consent", `{"sharing":false,"text_version":"`+none["text_version"].(string)+`"}`).want(200); no["sharing"] != false || no["receipt"] == yes["receipt"] {
		t.Errorf("taken back: %v", no["sharing"])
	}
	// R27: another insurer's plan ends a yes and asks once more.
	w.clock.Set(begin.Add(2 * time.Minute))
	w.ask("ana", "PUT", "/api/v1/consent", `{"sharing":true,"scopes":["identity"],"text_version":"`+none["text_version"].(string)+`"}`).want(200)
	w.ask("ana", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Corvane Mutual","plan":"Prairie PPO","member_id":"TEST-78","state":"IL"}`).want(201)
	if again := w.ask("ana", "GET", "/api/v1/consent", "").want(200); again["sharing"] != false || again["asked_again"] != true {
		t.Errorf("after another insurer: %v, asked again %v", again["sharing"], again["asked_again"])
	}
}

// A provider sets hours, joins with what is missing told, pauses and leaves.
func TestProviderTakesPart(t *testing.T) {
	w := newWorld(t)
	candidate := string(w.ids["candidate"])
	refused := w.ask("candidate", "POST", "/api/v1/participation", `{"join":true,"attest":["duty.portal"]}`).want(422)
	if reasons := refused["reasons"].([]any); len(reasons) < 5 {
		t.Errorf("%d reasons", len(reasons))
	}
	w.ask("care_team", "POST", "/api/v1/providers/"+candidate+"/credentials", `{"credentials":[{"state":"IL","from":"2026-01-01"}]}`).want(200)
	all := `["duty.virtual","duty.portal","duty.respond","duty.consult","duty.baseline","duty.follow_up"]`
	joined := w.ask("candidate", "POST", "/api/v1/participation", `{"join":true,"virtual":true,"attest":`+all+`}`).want(200)
	if joined["participation"] != "active" || len(joined["attested"].([]any)) != 6 || len(joined["missing"].([]any)) != 0 {
		t.Errorf("joined: %v", joined["participation"])
	}
	for _, step := range []struct{ call, standing string }{{"pause", "paused"}, {"resume", "active"}, {"leave", "opted_out"}} {
		if p := w.ask("candidate", "POST", "/api/v1/participation/"+step.call, "").want(200); p["participation"] != step.standing {
			t.Errorf("%s: %v", step.call, p["participation"])
		}
	}

	read := w.ask("dora", "GET", "/api/v1/hours", "")
	hours := read.want(200)
	if monday := hours["week"].(map[string]any)["monday"].([]any)[0].(map[string]any); monday["from"] != "09:00" || monday["to"] != "17:00" {
		t.Errorf("monday: %v", monday)
	}
	back := w.ask("dora", "PUT", "/api/v1/hours", string(read.raw), "If-Match", read.header.Get("ETag"))
	back.want(200)
	if string(back.raw) != string(read.raw) || back.header.Get("ETag") != read.header.Get("ETag") {
		t.Error("what was read, sent back, is something else")
	}
	change := `{"zone":"America/Denver","week":{"monday":[{"from":"10:00","to":"24:00"}]},"overrides":[{"date":"2026-12-01","spans":[]}],"away":[{"from":"2026-12-24","to":"2026-12-31"}],"consult_minutes":20}`
	if set := w.ask("dora", "PUT", "/api/v1/hours", change, "If-Match", read.header.Get("ETag")).want(200); set["consult_minutes"] != 20.0 || set["session_minutes"] != 50.0 {
		t.Errorf("consultations of %v and sessions of %v minutes, want 20 as sent and 50, which was left out", set["consult_minutes"], set["session_minutes"])
	}
	asked := w.ask("ben", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["dora"])+`"}`).want(201)
	if seen := w.ask("dora", "GET", "/api/v1/referrals/"+asked["id"].(string), "").want(200); seen["submitted_at"] != "2026-11-20T15:00:00-07:00" {
		t.Errorf("a provider in Denver reads %v", seen["submitted_at"])
	}
	w.ask("dora", "PUT", "/api/v1/hours", change, "If-Match", read.header.Get("ETag")).problem(412, "changed_meanwhile")
	w.ask("dora", "PUT", "/api/v1/hours", `{"zone":"America/Denver","week":{"monday":[{"from":"25:00","to":"26:00"}]}}`).problem(422, "invalid_input")
}

// R1: a second programme is hosted by a call; R3, R4, R6, R23: what a provider is
// told of taking part.
func TestR1R3R4R6OverHTTP(t *testing.T) {
	w := newWorld(t)
	hosted := items(t, w.ask("care_team", "POST", "/api/v1/programmes", `{"code":"x","name":"Programme X","respond_hours":48}`).want(201))
	if len(hosted) != 2 || hosted[0]["respond_hours"] != 24.0 || hosted[1]["respond_hours"] != 48.0 {
		t.Errorf("hosted: %v", hosted)
	}
	w.ask("care_team", "POST", "/api/v1/programmes", `{"code":"x","name":"Programme X"}`).problem(422, "invalid_input")
	if closed := items(t, w.ask("care_team", "POST", "/api/v1/programmes/enable", `{"code":"care-connect","enabled":false}`).want(200)); closed[0]["enabled"] != false {
		t.Errorf("closed: %v", closed[0])
	}
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).problem(422, "access.open")
	w.ask("care_team", "POST", "/api/v1/programmes/enable", `{"code":"care-connect","enabled":true}`).want(200)

	candidate := "/api/v1/providers/" + string(w.ids["candidate"])
	all := `["duty.virtual","duty.portal","duty.respond","duty.consult","duty.baseline","duty.follow_up"]`
	waits := w.ask("candidate", "POST", "/api/v1/participation", `{"join":true,"virtual":true,"attest":`+all+`}`).want(200)
	if missing := waits["missing"].([]any); waits["participation"] != "pending_review" || len(missing) != 1 || missing[0].(map[string]any)["code"] != "provider.credentialed" {
		t.Errorf("without a credential: %v, missing %v", waits["participation"], missing)
	}
	joined := w.ask("care_team", "POST", candidate+"/credentials", `{"credentials":[{"state":"IL","from":"2026-01-01","until":"2027-01-31"}]}`).want(200)
	if joined["participation"] != "active" || len(joined["history"].([]any)) != 2 {
		t.Errorf("credentialed: %v, %v", joined["participation"], joined["history"])
	}
	if got := w.ask("care_team", "GET", candidate+"/listing?client="+string(w.ids["ana"]), "").want(200); got["outcome"] != "yes" {
		t.Errorf("may ana ask: %v", got)
	}
	w.ask("care_team", "PUT", candidate+"/degrees", `{"degrees":["md"]}`).problem(422, "degree_not_eligible")
	w.ask("candidate", "PUT", "/api/v1/participation/caseload", `{"waitlist_only":true}`).want(200)
	if own := items(t, w.ask("candidate", "GET", "/api/v1/participation/listing", "").want(200)); own[0]["outcome"] != "no" {
		t.Errorf("with a waiting list: %v", own)
	}
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["candidate"])+`"}`).problem(409, "provider_not_available")
	w.ask("candidate", "POST", "/api/v1/participation/leave", "").want(200)
	w.ask("candidate", "POST", "/api/v1/participation", `{"join":true,"attest":[]}`).problem(409, "attest_afresh")

	matched := w.ask("ana", "POST", "/api/v1/matches", `{"note":"Somebody calm."}`).want(201)
	desk := items(t, w.ask("care_team", "GET", "/api/v1/matches", "").want(200))
	if len(desk) != 1 || len(desk[0]["candidates"].([]any)) == 0 {
		t.Fatalf("the match desk shows %v", desk)
	}
	first := desk[0]["candidates"].([]any)[0].(map[string]any)["id"].(string)
	if got := w.ask("care_team", "POST", "/api/v1/matches/"+matched["id"].(string)+"/propose", `{"providers":["`+first+`"]}`).want(200); len(got["proposed"].([]any)) != 1 {
		t.Errorf("proposed: %v", got["proposed"])
	}
	w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+first+`"}`).want(201)
	if got := items(t, w.ask("ana", "GET", "/api/v1/matches", "").want(200)); got[0]["open"] != false {
		t.Error("the match is still open after the client asked")
	}
}

// TestR74EveryConfirmationSaysWhoDecidesTheCost over HTTP: asked, accepted, booked
// at once, proposal taken, session booked, moved, handed over.
func TestR74EveryConfirmationSaysWhoDecidesTheCost(t *testing.T) {
	w := newWorld(t)
	says := func(what string, v map[string]any, figure string) {
		t.Helper()
		cost, _ := v["cost"].(string)
		for _, phrase := range []string{"our plan’s copay or coinsurance applies", "estimate", "our insurer decides", figure} {
			if !strings.Contains(cost, phrase) {
				t.Errorf("%s: its cost does not say %q", what, phrase)
			}
		}
		if strings.Contains(cost, "free") || strings.Contains(cost, "$0.00") {
			t.Errorf("%s: its cost says that it is free", what)
		}
	}
	plan := w.ask("ana", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Lakefront HMO","member_id":"TEST-1"}`).want(201)["id"].(string)
	w.ask("care_team", "POST", "/api/v1/coverages/"+plan+"/verify", `{"result":"eligible","copay_cents":2500}`).want(200)
	asked := w.ask("ana", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
	says("asked", asked, "$25.00")
	path := "/api/v1/referrals/" + asked["id"].(string)
	w.ask("emil", "POST", path+"/accept", "").want(200)
	says("accepted", w.ask("ana", "GET", path, "").want(200), "$25.00")
	w.ask("emil", "POST", path+"/propose", `{"times":["2026-11-24T16:00:00Z"]}`).want(200)
	says("proposal taken", w.ask("ana", "POST", path+"/book", `{"start":"2026-11-24T16:00:00Z"}`).want(200), "$25.00")
	call := items(t, w.ask("ana", "GET", "/api/v1/appointments", "").want(200))[0]
	says("the call", call, "$25.00")
	says("moved", w.ask("ana", "POST", "/api/v1/appointments/"+call["id"].(string)+"/reschedule", `{"start":"2026-11-24T17:00:00Z"}`).want(200), "$25.00")
	w.clock.Set(begin.AddDate(0, 0, 5))
	w.ask("emil", "POST", "/api/v1/appointments/"+call["id"].(string)+"/outcome", `{"result":"attended"}`).want(200)
	session := w.ask("ana", "POST", "/api/v1/appointments", `{"referral_id":"`+asked["id"].(string)+`","kind":"session","start":"2026-11-30T16:00:00Z","minutes":50}`).want(201)
	says("session booked", session, "$25.00")
	says("session moved", w.ask("emil", "POST", "/api/v1/appointments/"+session["id"].(string)+"/reschedule", `{"start":"2026-11-30T18:00:00Z"}`).want(200), "$25.00")
	w.ask("emil", "POST", path+"/hand_over", `{"provider_id":"`+string(w.ids["dora"])+`"}`).want(200)
	says("handed over", w.ask("ana", "POST", path+"/hand_over/answer", `{"yes":true}`).want(200), "$25.00")

	says("booked at once, no plan known", w.ask("ben", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["dora"])+`","start":"2026-11-27T16:00:00Z"}`).want(201), "do not know your plan")
	eap := w.ask("ben", "POST", "/api/v1/coverages", `{"kind":"eap","payer":"Optum","plan":"Lakefront EAP","authorization":"AUTH-1","sessions_authorised":6}`).want(201)["id"].(string)
	w.ask("care_team", "POST", "/api/v1/coverages/"+eap+"/verify", `{"result":"eligible"}`).want(200)
	if cost := items(t, w.ask("ben", "GET", "/api/v1/appointments", "").want(200))[0]["cost"].(string); !strings.Contains(cost, "$0.00") {
		t.Error("an EAP does not show 0")
	}
}

// TestR31TheListAsOfADayOverHTTP: who is affected is asked for first; the list as of
// a day is the version that was in force on it.
func TestR31TheListAsOfADayOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.ask("ana", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Lakefront HMO","member_id":"TEST-1","state":"IL"}`).want(201)
	if affected := w.ask("care_team", "GET", "/api/v1/plans/affected?payer=Optum&plan=lakefront+hmo&state=IL", "").want(200); affected["total"] != 1.0 {
		t.Errorf("affected: %v", affected["total"])
	}
	w.ask("care_team", "POST", "/api/v1/plans/unprocessable", `{"payer":"Optum","plan":"Lakefront HMO","state":"IL","from":"2026-12-01"}`).want(201)
	for day, want := range map[string][2]any{"2026-11-30": {"first", 1}, "2026-12-01": {"2026-12-01", 2}, "2026-12-31": {"2026-12-01", 2}} {
		list := w.ask("", "GET", "/api/v1/plans/unprocessable?as_of="+day, "").want(200)
		if list["version"] != want[0] || len(items(t, list)) != want[1] || list["as_of"] != day {
			t.Errorf("as of %s: version %v, %d entries", day, list["version"], len(items(t, list)))
		}
	}
	w.clock.Set(begin.AddDate(0, 0, 12))
	if again := w.ask("ben", "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Lakefront HMO","member_id":"TEST-2","state":"IL"}`).want(201); again["unprocessable"] != true {
		t.Error("whoever gives a listed plan is not told at once")
	}
}

// TestR76VotesCountOncePerSessionOverHTTP: yes makes 1 out of 1; the same session's
// second vote does not count, whatever it says.
func TestR76VotesCountOncePerSessionOverHTTP(t *testing.T) {
	w := newWorld(t)
	says := func(want string) {
		t.Helper()
		for _, page := range items(t, w.ask("", "GET", "/api/v1/help", "").want(200)) {
			if page["page"] == "clients" && page["says"] != want {
				t.Errorf("it says %v, want %s", page["says"], want)
			}
		}
	}
	vote := "/api/v1/help/clients/vote"
	says("0 out of 0 found this helpful")
	w.ask("ana", "POST", vote, `{"helpful":true}`).want(200)
	says("1 out of 1 found this helpful")
	w.ask("ana", "POST", vote, `{"helpful":false}`, "Idempotency-Key", "another").want(200)
	says("1 out of 1 found this helpful")
	w.ask("", "POST", vote, `{"helpful":false}`).problem(422, "key_missing")
	w.ask("", "POST", vote, `{"helpful":false}`, "Idempotency-Key", "a session").want(200)
	w.ask("", "POST", vote, `{"helpful":true}`, "Idempotency-Key", "a session").want(200)
	says("1 out of 2 found this helpful")
	w.ask("ana", "POST", "/api/v1/help/nowhere/vote", `{"helpful":true}`).want(422)
	chart, err := w.store.Chart(t.Context(), care.System, care.HelpChart, "test")
	if err != nil || len(chart.Votes) != 1 || strings.Contains(fmt.Sprintf("%+v", chart.Votes), string(w.ids["ana"])) {
		t.Errorf("votes %+v, %v", len(chart.Votes), err)
	}
}

// TestR13NothingIsPublishedWithoutZoneAndState over HTTP: with the missing ones
// named, and the draft kept.
func TestR13NothingIsPublishedWithoutZoneAndState(t *testing.T) {
	w := newWorld(t)
	id := care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{{Digest: "bare", Provider: care.Provider{NPI: "2999999990", Name: "Bare Vexworth", Degree: "phd"}}}}))
	w.do(care.System, act.InviteProvider{Provider: id, Email: "bare@example.test", Pass: w.pass("bare")})
	w.ask("bare", "PUT", "/api/v1/profile", `{"about":"I see people in the evening."}`).want(200)
	says := w.ask("bare", "POST", "/api/v1/profile/publish", `{"accurate":true}`).problem(422, "not_publishable")
	if !strings.Contains(says, "time zone") || !strings.Contains(says, "state") {
		t.Errorf("it names neither: %s", says)
	}
	w.do(care.System, act.SetHours{Provider: id, Hours: calendar.Hours{Zone: "America/Chicago", ConsultMinutes: 15, SessionMinutes: 50}})
	if says := w.ask("bare", "POST", "/api/v1/profile/publish", `{"accurate":true}`).problem(422, "not_publishable"); strings.Contains(says, "time zone") || !strings.Contains(says, "state") {
		t.Errorf("with a zone and no state: %s", says)
	}
	w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
	w.ask("bare", "POST", "/api/v1/profile/publish", `{"accurate":false}`).problem(422, "not_publishable")
	w.ask("bare", "POST", "/api/v1/profile/publish", `{"accurate":true}`).want(200)
}
