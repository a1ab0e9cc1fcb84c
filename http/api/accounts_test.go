package api_test

import (
	"context"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// TestR14TwoAccountsBecomeOneOverHTTP: who asked as somebody new, twice, opens the first
// account by its password and has both requests in it, with a token of that one; what
// opened either before opens nothing. An address that nobody has answers as a wrong
// password does.
func TestR14TwoAccountsBecomeOneOverHTTP(t *testing.T) {
	w := newWorld(t)
	asks := func(who, provider string) care.ChartID {
		t.Helper()
		in := w.ask("", "POST", "/api/v1/referrals/new", `{"new":{"name":"Wren Talverone","email":"wren@example.test","birth_date":"1990-05-31","state":"IL","zone":"America/Chicago"},"came":{"employer_code":"LANTERN"},"provider_id":"`+string(w.ids[provider])+`"}`).want(201)
		w.tokens[who], w.ids[who] = in["token"].(string), care.ChartID(in["client_id"].(string))
		return w.ids[who]
	}
	first, second := asks("wren", "dora"), asks("wren again", "emil")
	const phrase = "seven quiet lanterns by the mere"
	secret, pass := w.auth.Invite()
	w.do(care.System, act.GivePass{Chart: first, Pass: pass})
	if err := w.auth.SetPassword(context.Background(), secret, phrase); err != nil {
		t.Fatal(err)
	}
	join := func(who, email, password string) answered {
		t.Helper()
		return w.ask(who, "POST", "/api/v1/me/join", `{"email":"`+email+`","password":"`+password+`"}`)
	}
	wrong := join("wren again", "wren@example.test", "not the password at all").problem(422, "wrong_password")
	if unknown := join("wren again", "nobody@example.test", phrase).problem(422, "wrong_password"); unknown != wrong {
		t.Error("an address that nobody has answers otherwise than a wrong password")
	}
	join("", "wren@example.test", phrase).problem(401, "sign_in")
	join("dora", "wren@example.test", phrase).problem(403, "forbidden")
	join("ana", "wren@example.test", phrase).problem(422, "joined.birth")
	join("wren", "wren@example.test", phrase).problem(409, "same_account")

	one := join("wren again", "wren@example.test", phrase).want(200)
	stays := care.ChartID(one["client_id"].(string))
	if stays != first && stays != second || one["email"] != "wren@example.test" {
		t.Fatalf("%s stays, with the address of the two %t", stays, one["email"] == "wren@example.test")
	}
	for _, who := range []string{"wren", "wren again"} {
		w.ask(who, "GET", "/api/v1/me", "").want(401)
	}
	w.tokens["one"] = one["token"].(string)
	if me := w.ask("one", "GET", "/api/v1/me", "").want(200); me["id"] != string(stays) {
		t.Error("the token opens another record")
	}
	if items := w.ask("one", "GET", "/api/v1/referrals", "").want(200)["items"].([]any); len(items) != 2 {
		t.Errorf("%d requests", len(items))
	}
	for _, who := range []string{"dora", "emil"} {
		if items := w.ask(who, "GET", "/api/v1/referrals", "").want(200)["items"].([]any); len(items) != 1 {
			t.Errorf("%s sees %d requests", who, len(items))
		}
	}
}
