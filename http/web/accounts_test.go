package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

const phrase = "seven quiet lanterns by the mere"

// sets chooses a password on the page of one's details.
func (b *browser) sets(password string) {
	b.t.Helper()
	b.postTo("/me/password", nil).answers(200).shows("Choose a password")
	b.postTo(b.at, url.Values{"password": {password}}).answers(200).shows("Your password is set", "you can make the two one")
}

// TestR14TwoBrowsersTwoRequestsOneAccount: somebody asks in one browser and, weeks of
// their own later, in another one; they say that both are theirs, and one account has
// both requests, by whichever browser they come from then on.
func TestR14TwoBrowsersTwoRequestsOneAccount(t *testing.T) {
	h := newHouse(t)
	asks, books := h.provider(false), h.provider(true)
	one, two := h.browser(), h.browser()
	one.get("/p/" + string(asks) + "/book?employer=LANTERN").answers(200)
	one.postTo("/p/"+string(asks)+"/book", one.newcomer(url.Values{"note": {"Evenings suit me."}})).answers(200).shows("My care")
	first := one.chart()
	one.sets(phrase)

	h.until(h.clock.Now().Add(2 * time.Hour))
	two.get("/p/" + string(books) + "/book?employer=LANTERN").answers(200)
	two.postTo("/p/"+string(books)+"/book", two.newcomer(url.Values{"start": {two.value("start")}})).answers(200).shows("Your consultation is booked")
	second := two.chart()
	if first.ID == second.ID {
		t.Fatal("two browsers share an account: this test shows nothing")
	}
	two.get("/me/details").answers(200)
	two.get(two.link("/me/join")).answers(200).shows("Have you been here before?", "Nothing becomes due sooner or later").lacks("wren.talverone")

	wrong := two.postTo("/me/join", url.Values{"email": {"wren.talverone@example.test"}, "password": {"not the password at all"}}).answers(422).shows("is not right")
	known := strings.ReplaceAll(wrong.body, "wren.talverone@example.test", "")
	two.postTo("/me/join", url.Values{"email": {"nobody@example.test"}, "password": {phrase}}).answers(422).shows("is not right")
	if unknown := strings.ReplaceAll(two.body, "nobody@example.test", ""); unknown != known {
		t.Error("an address that nobody has answers otherwise than a wrong password")
	}
	state := "NY"
	h.do(care.Actor{Role: care.RoleClient, Chart: second.ID}, act.UpdateMe{Client: second.ID, State: &state})
	say := url.Values{"email": {"Wren.Talverone@example.test"}, "password": {phrase}}
	two.postTo("/me/join", say).answers(422).shows("Nothing was changed", "Both accounts say the same state", "Mend it under Your details")
	state = "IL"
	h.do(care.Actor{Role: care.RoleClient, Chart: second.ID}, act.UpdateMe{Client: second.ID, State: &state})

	two.postTo("/me/join", say).answers(200).shows("Your accounts are one", "Confirmed by the calendar")
	chart := two.chart()
	if chart.ID != first.ID || len(chart.Referrals) != 2 {
		t.Fatalf("signed in to %s with %d requests, want %s with 2", chart.ID, len(chart.Referrals), first.ID)
	}
	if _, err := h.store.Chart(context.Background(), care.System, second.ID, "test"); err == nil {
		t.Error("the other account is there still")
	}
	two.get("/me/privacy").answers(200).shows("made one of two accounts", "opened your chart with a first request")
	proven := false
	for _, e := range mustSee(t, h, first.ID) {
		if e.Did == "request_new" && e.Made == string(second.Referrals[0].ID) {
			two.keeps("/me/privacy/lines/"+e.Place, "")
			proven = true
		}
	}
	if !proven {
		t.Error("what was done in the other account is not in the list any more")
	}
	one.get("/me").answers(200)
	if strings.HasPrefix(one.at, "/me") {
		t.Error("the other browser is signed in still")
	}
	one.postTo("/sign-in", say).answers(200)
	if one.chart().ID != first.ID {
		t.Error("the address and the password open another account")
	}
	one.get("/me").shows("My care", "Confirmed by the calendar")
}

// TestR14CareInBothAccountsOnThePage: nothing is joined and nothing lost; the person
// reads why, and what to do now: both go on, each by its own way in.
func TestR14CareInBothAccountsOnThePage(t *testing.T) {
	h := newHouse(t)
	asks, books := h.provider(false), h.provider(true)
	one, two := h.browser(), h.browser()
	one.get("/p/" + string(asks) + "/book?employer=LANTERN").answers(200)
	one.postTo("/p/"+string(asks)+"/book", one.newcomer(nil)).answers(200)
	first := one.chart()
	one.sets(phrase)
	call := h.clock.Now().Truncate(time.Hour).Add(26 * time.Hour)
	h.do(care.Actor{Role: care.RoleProvider, Chart: asks}, act.Propose{Referral: first.Referrals[0].ID, Times: []time.Time{call}})
	h.do(care.Actor{Role: care.RoleClient, Chart: first.ID}, act.Book{Referral: first.Referrals[0].ID, Start: call})

	two.get("/p/" + string(books) + "/book?employer=LANTERN").answers(200)
	two.postTo("/p/"+string(books)+"/book", two.newcomer(url.Values{"start": {two.value("start")}})).answers(200)
	second := two.chart()
	if other := second.Appointments[0].Start; other.After(call) {
		call = other
	}
	h.until(call.Add(time.Minute)) // both calls have begun

	before := one.chart()
	say := url.Values{"email": {"wren.talverone@example.test"}, "password": {phrase}}
	two.postTo("/me/join", say).answers(422).shows(
		"Nothing was changed", "Care has begun in both, so neither can go into the other",
		"sign in to each with its own address and password", "let their passwords differ", "write to the care team (see Help)",
		`href="/help"`, "Keep both")
	if n := strings.Count(two.body, "This does not hold"); n != 1 {
		t.Errorf("%d reasons are given", n)
	}
	two.get(two.link("/me/details")).answers(200)
	one.get("/me").answers(200).shows("My care")
	if after := one.chart(); after.ID != before.ID || len(after.Referrals) != 1 || len(after.Appointments) != 1 {
		t.Error("the other account has changed")
	}
	if after := two.chart(); after.ID != second.ID || len(after.Referrals) != 1 || len(after.Appointments) != 1 {
		t.Error("this account has changed")
	}
}

// mustSee is the list of who did and read what about somebody.
func mustSee(t *testing.T, h *house, id care.ChartID) []store.Seen {
	t.Helper()
	seen, err := h.store.Seen(context.Background(), care.System, id, 1000, "test")
	if err != nil {
		t.Fatal(err)
	}
	return seen
}
