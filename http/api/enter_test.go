package api_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// R9 over HTTP: a link of the portal lets in once, within its minutes, and says
// why not; what it brings goes along with the first question of somebody new, or
// with one's own next one, and stands there as what the portal said.
func TestR9ALinkOfThePortalOverHTTP(t *testing.T) {
	w := newWorld(t)
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	id := w.ask("payer", "POST", "/api/v1/handoff-keys", `{"public":"`+base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))+`"}`).want(201)["id"].(string)
	token := func(n string, life time.Duration, employer string) string {
		body, err := json.Marshal(map[string]string{"token": auth.Handoff{Key: id, Programme: "care-connect", Employer: employer, Expires: w.clock.Now().Add(life).Unix(), Nonce: n}.Sign(key)})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for _, c := range []struct {
		name, token string
		status      int
		code        string
	}{
		{"too late", token("n1", -6*time.Minute, "LANTERN"), 410, "handoff_expired"},
		{"living too long", token("n2", 21*time.Minute, "LANTERN"), 410, "handoff_long"},
		{"cut short", token("n3", time.Minute, "LANTERN")[:40] + `"}`, 400, "handoff_forged"},
		{"not one at all", `{"token":"x"}`, 400, "handoff_forged"},
	} {
		if says := w.ask("", "POST", "/api/v1/enter", c.token).problem(c.status, c.code); says == "" {
			t.Errorf("%s: it does not say how to go on", c.name)
		}
	}
	good := token("n4", 10*time.Minute, "LANTERN")
	w.ask("payer", "POST", "/api/v1/handoff-keys/try", good).want(200)
	in := w.ask("", "POST", "/api/v1/enter", good).want(200)
	if in["source"] != "portal" || in["employer_code"] != "LANTERN" || in["offered"] != true || in["proof"] == "" {
		t.Errorf("the link brings %v from %v", in["employer_code"], in["source"])
	}
	w.ask("", "POST", "/api/v1/enter", good).problem(410, "handoff_used")
	w.ask("", "POST", "/api/v1/enter", token("n4", 9*time.Minute, "QUARRY")).problem(410, "handoff_used")
	if other := w.ask("ana", "POST", "/api/v1/enter", token("n5", 10*time.Minute, "NOBODY")).want(200); other["offered"] != nil && other["offered"] != false || other["says"] == "" {
		t.Error("an employer that is not known is told as one that offers the programme")
	}

	asks := func(email, birth, came string) string {
		return `{"new":{"name":"Wren Talverone","email":"` + email + `","birth_date":"` + birth + `","state":"IL","zone":"America/Chicago","concerns":["anxiety"]},"came":` + came + `,"provider_id":"` + string(w.ids["emil"]) + `"}`
	}
	came := `{"source":"portal","employer_code":"LANTERN","proof":"` + in["proof"].(string) + `"}`
	w.ask("", "POST", "/api/v1/referrals/new", asks("young@example.test", "2012-05-31", came)).problem(422, "client.adult")
	w.ask("", "POST", "/api/v1/referrals/new", asks("wren@example.test", "31 May", came)).problem(422, "invalid_input")
	w.ask("", "POST", "/api/v1/referrals/new", asks("wren@example.test", "1990-05-31", `{"source":"elsewhere"}`)).problem(422, "invalid_input")
	for _, who := range []string{"ana", "emil", "care_team"} {
		w.ask(who, "POST", "/api/v1/referrals/new", asks("wren@example.test", "1990-05-31", came)).problem(409, "signed_in")
	}
	w.ask("", "POST", "/api/v1/referrals/new", asks("wren@example.test", "1990-05-31", came), "Idempotency-Key", "1").problem(422, "key_short")
	let := w.ask("", "POST", "/api/v1/referrals/new", asks("wren@example.test", "1990-05-31", came), "Idempotency-Key", "wren-5f0c1e7a94d24b6e").want(201)
	again := w.ask("", "POST", "/api/v1/referrals/new", asks("wren@example.test", "1990-05-31", came), "Idempotency-Key", "wren-5f0c1e7a94d24b6e").want(201)
	if again["id"] != let["id"] || again["client_id"] != let["client_id"] || again["token"] == let["token"] {
		t.Error("the same request, sent twice, opens two records, or lets in once only")
	}
	evidence := func(who string) any {
		t.Helper()
		b, _ := w.ask(who, "GET", "/api/v1/me", "").want(200)["benefit"].(map[string]any)
		return b["evidence"]
	}
	for who, answer := range map[string]map[string]any{"wren": let, "wren once more": again} {
		w.tokens[who] = answer["token"].(string)
		asked := w.ask(who, "GET", "/api/v1/referrals/"+let["id"].(string), "").want(200)
		has(t, asked, "status")
		owes(t, asked, "respond")
		if got := evidence(who); got != "portal" {
			t.Errorf("%s: where they are employed rests on %v", who, got)
		}
	}
	if len(items(t, w.ask("emil", "GET", "/api/v1/referrals", "").want(200))) != 1 {
		t.Error("the provider does not have one request")
	}

	// A code without our word, or with a word for another one, is a word to be looked at.
	for who, with := range map[string]string{
		"ivo": `{"source":"portal","employer_code":"LANTERN"}`, "mira": `{"source":"portal","employer_code":"LANTERN","proof":"zzzzzz.AAAAAAAAAAAAAAAAAAAAAA"}`,
	} {
		let := w.ask("", "POST", "/api/v1/matches/new", `{"new":{"name":"Ivo Marrowgate","email":"`+who+`@example.test","birth_date":"1988-02-29","state":"IL","zone":"America/Chicago"},"came":`+with+`,"note":"Evenings, please."}`).want(201)
		w.tokens[who] = let["token"].(string)
		if got := evidence(who); got == "portal" {
			t.Errorf("%s: a code without proof rests on the portal", who)
		}
		if len(items(t, w.ask(who, "GET", "/api/v1/matches", "").want(200))) != 1 {
			t.Errorf("%s: what was asked is not there", who)
		}
	}
	if w.ask("ivo", "POST", "/api/v1/benefit", `{"employer_code":"LANTERN","proof":"`+in["proof"].(string)+`"}`).want(200); evidence("ivo") != "portal" {
		t.Error("a code that the portal brought is taken for a word")
	}
	w.ask("ben", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`","came":`+came+`}`).want(201)
}

// TestR70SomebodyNewHasTheCareTeamLookOverHTTP: whom the roster does not know asks in
// vain, says that they work there, and asks again once somebody has looked.
func TestR70SomebodyNewHasTheCareTeamLookOverHTTP(t *testing.T) {
	w := newWorld(t)
	programme, _ := w.store.Programme()
	e := act.EmployerOf("LANTERN", programme)
	for _, a := range []act.Act{act.ImportRoster{Employer: e.ID, File: "a", Keys: []string{care.RosterKey(e.Salt, "W-77001")}}, act.FinishRoster{Employer: e.ID, File: "a", Pages: 1, Size: 1}} {
		if _, err := w.store.Do(t.Context(), care.System, a); err != nil {
			t.Fatal(err)
		}
	}
	new := `"new":{"name":"Wren Talverone","email":"wren@example.test","birth_date":"1990-05-31","state":"IL","zone":"America/Chicago"},"came":{"employer_code":"LANTERN"}`
	asks := `{` + new + `,"provider_id":"` + string(w.ids["emil"]) + `"}`
	w.ask("", "POST", "/api/v1/referrals/new", asks).problem(422, "client.employed")
	in := w.ask("", "POST", "/api/v1/benefit/new", `{`+new+`}`, "Idempotency-Key", "wren-5f0c1e7a94d24b6e").want(201)
	again := w.ask("", "POST", "/api/v1/benefit/new", `{`+new+`}`, "Idempotency-Key", "wren-5f0c1e7a94d24b6e").want(201)
	if in["client_id"] != again["client_id"] {
		t.Error("sent twice, it opens two records")
	}
	id := in["client_id"].(string)
	w.tokens["wren"] = in["token"].(string)
	w.ask("wren", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).problem(422, "client.employed")
	w.ask("care_team", "POST", "/api/v1/clients/"+id+"/employment", `{"employed":true}`).want(200)
	w.ask("wren", "POST", "/api/v1/referrals", `{"provider_id":"`+string(w.ids["emil"])+`"}`).want(201)
}

// TestR18SomebodyNewHoldsATimeOverHTTP by a secret of the program's own; nobody else gets
// the time, and the first question of the same person takes it.
func TestR18SomebodyNewHoldsATimeOverHTTP(t *testing.T) {
	w := newWorld(t)
	dora := string(w.ids["dora"])
	open := items(t, w.ask("", "GET", "/api/v1/providers/"+dora+"/openings?kind=consultation", "").want(200))
	start := open[0]["start"].(string)
	holds := func(who, start string) string {
		return `{"holder":"` + who + `","provider_id":"` + dora + `","start":"` + start + `","state":"IL"}`
	}
	const mine, other = "4f1a7c9e0b3d5a6871c2e4f6a8b0d2c4", "9b8d7f6e5c4b3a291807f6e5d4c3b2a1"
	w.ask("", "POST", "/api/v1/holds/new", holds("short", start)).problem(422, "invalid_input")
	held := w.ask("", "POST", "/api/v1/holds/new", holds(mine, start)).want(201)
	has(t, held, "id", "provider_id", "start", "minutes", "end")
	if held["start"] != start {
		t.Errorf("held is %v and not %v", held["start"], start)
	}
	w.ask("", "POST", "/api/v1/holds/new", holds(other, start)).problem(409, "opening_taken")
	w.ask("ana", "POST", "/api/v1/holds/new", holds(other, open[1]["start"].(string))).problem(403, "forbidden")
	asks := func(holder string) string {
		return `{"new":{"name":"Wren Talverone","email":"wren@example.test","birth_date":"1990-05-31","state":"IL","zone":"America/Chicago"},"came":{"employer_code":"LANTERN"},"provider_id":"` + dora + `","start":"` + start + `"` + holder + `}`
	}
	w.ask("", "POST", "/api/v1/referrals/new", asks("")).problem(409, "opening_taken")
	w.ask("", "POST", "/api/v1/referrals/new", asks(`,"holder":"`+other+`"`)).problem(409, "opening_taken")
	w.ask("", "POST", "/api/v1/referrals/new", asks(`,"holder":"`+mine+`"`)).want(201)
	w.ask("", "POST", "/api/v1/holds/new", holds(mine, open[2]["start"].(string))).want(201)

	// From one network few times are held within an hour.
	by := []string{"X-Forwarded-For", "203.0.113.9"}
	for range 12 { // what is refused in any case counts for nothing
		w.ask("", "POST", "/api/v1/holds/new", holds(other, start), by...).problem(409, "opening_taken")
	}
	for n := range 10 {
		w.ask("", "POST", "/api/v1/holds/new", holds(other, open[6+4*(n%2)]["start"].(string)), by...).want(201)
	}
	many := w.ask("", "POST", "/api/v1/holds/new", holds(mine, open[14]["start"].(string)), by...)
	many.problem(429, "held_enough_here")
	if wait, err := strconv.Atoi(many.header.Get("Retry-After")); err != nil || wait < 3000 || wait > 3600 {
		t.Errorf("Retry-After %q", many.header.Get("Retry-After"))
	}
	w.ask("", "POST", "/api/v1/holds/new", holds(mine, open[14]["start"].(string)), "X-Forwarded-For", "203.0.113.10").want(201)
}
