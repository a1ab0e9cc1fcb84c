package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/http/qa"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// TestR27SharingIsAskedAgainOnThePage: another insurer's plan ends the yes, and the
// pages put the question once more, with nothing ticked.
func TestR27SharingIsAskedAgainOnThePage(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleClient, 4)
	d.done(me, "/sharing", url.Values{"sharing": {"yes"}, "scope": {"identity"}, "text_version": {act.ConsentTextVersion}})
	d.wait(0)
	since := d.clock.Now()
	d.done(me, "/coverage", url.Values{"kind": {"health_plan"}, "payer": {"Corvane Mutual"}, "plan": {"Prairie PPO"}, "member_id": {"TEST0001"}, "state": {"IL"}})
	wants(t, d.page(me, "/me"), "Nothing is shared", "Decide about sharing")
	asked := d.page(me, "/sharing")
	wants(t, asked, "Your earlier yes has ended, and nothing is shared", "We ask once more")
	if strings.Contains(asked, " checked") {
		t.Error("something is ticked beforehand")
	}
	d.wait(0)
	said := 0
	for _, m := range d.caught.Mails(d.chart(me.ID).Account.Email, since) {
		if m.Subject == "A question for you once more" {
			said++
		}
	}
	if said != 1 {
		t.Errorf("told %d times", said)
	}
	d.done(me, "/sharing", url.Values{"sharing": {"no"}, "text_version": {act.ConsentTextVersion}})
	if strings.Contains(d.page(me, "/sharing"), "We ask once more") {
		t.Error("an answer does not end the question")
	}
}

// TestR38OwnHolidaysOnTheBoard: a promise is at risk two of its own business days
// before its end, by the holidays of the version that it was made under.
func TestR38OwnHolidaysOnTheBoard(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	terms := rules.DefaultTerms(d.clock.Now())
	terms.Holidays = []calendar.Holiday{{Date: calendar.Date{Year: 2026, Month: 11, Day: 27}, Name: "The office moves"}}
	d.do(care.Actor{Role: care.RoleCareTeam, Chart: team.ID}, act.AdoptTerms{Terms: terms, Why: "as a test"})
	me, p := d.one(care.RoleClient, 0), d.one(care.RoleProvider, 1)
	ref := care.ReferralID(d.do(care.Actor{Role: care.RoleClient, Chart: me.ID}, act.Request{Client: me.ID, Provider: p.ID}))
	d.do(care.Actor{Role: care.RoleProvider, Chart: p.ID}, act.Accept{Referral: ref})
	e, _ := d.chart(me.ID).OpenEpisode()
	promise, _ := d.chart(me.ID).Deadline(e.Promise) // ends on Tuesday 1 December; 30, 25 and 24 November are business days before it
	if got := promise.Due.In(time.FixedZone("", -6*3600)).Format(time.DateOnly); got != "2026-12-01" {
		t.Fatalf("the promise ends on %s", got)
	}
	tile := func() string {
		board := d.page(team, "/ops")
		risk := between(t, board, "At risk", "Waiting on client")
		return risk
	}
	d.wait(time.Date(2026, 11, 25, 5, 59, 0, 0, time.UTC).Sub(d.clock.Now()))
	if strings.Contains(tile(), me.Name) {
		t.Error("at risk three business days before the end")
	}
	d.wait(12 * time.Hour)
	if !strings.Contains(tile(), me.Name) {
		t.Error("not at risk two business days before the end")
	}
}

// TestR38APausedPromiseIsTriedAndMovedToo: the trial of new terms shows it, and
// adopting them moves it.
func TestR38APausedPromiseIsTriedAndMovedToo(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	chart, _ := d.asked(d.one(care.RoleProvider, 1).ID)
	c, _ := chart.CurrentCoverage()
	d.do(care.Actor{Role: care.RoleCareTeam, Chart: team.ID}, act.VerifyCoverage{Coverage: c.ID, Result: care.NonParticipating})
	e, _ := chart.OpenEpisode()
	was, _ := d.chart(chart.ID).Deadline(e.Promise)
	if was.State != care.Waiting {
		t.Fatalf("the promise is %s", was.State)
	}
	form := formOf(rules.DefaultTerms(d.clock.Now()), url.Values{"promise_business_days": {"9"}})
	_, page, _ := d.submit(team, "/ops/policy/try", form)
	wants(t, page, string(was.ID))
	form.Set("open", "lengthen")
	d.done(team, "/ops/policy", form)
	if now, _ := d.chart(chart.ID).Deadline(e.Promise); !now.Due.After(was.Due) || now.State != care.Waiting || now.Terms == was.Terms {
		t.Errorf("it is %s, due %v, was %v", now.State, now.Due, was.Due)
	}
}

// TestR56AClientLeavesOnThePage: one page says what ends, the next that it has, and
// how to come back.
func TestR56AClientLeavesOnThePage(t *testing.T) {
	d := newDemo(t)
	p := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(p.ID)
	var me = d.one(care.RoleClient, 0)
	for _, u := range d.users {
		if u.ID == chart.ID {
			me = u
		}
	}
	wants(t, d.page(me, "/me/privacy"), "/me/leave")
	wants(t, d.page(me, "/me/leave"), "Leave Care Connect?", "never why", "erase everything instead", "Stay")
	after := d.done(me, "/me/leave", nil)
	wants(t, after, "You have left Care Connect. Nothing is open", "You can come back whenever you like", "/find")
	if strings.Contains(after, "The promise</h2>") || strings.Contains(after, "/withdraw") {
		t.Error("something is shown as open")
	}
	if strings.Contains(d.page(me, "/me/privacy"), "/me/leave") {
		t.Error("who has left can leave once more")
	}
	if got, body, _ := d.submit(me, "/me/leave", nil); got != 409 {
		t.Errorf("a second time: %d, %s", got, excerpt(body))
	}
	d.wait(0)
	if inbox := d.page(p, "/pro"); strings.Contains(inbox, string(ref.ID)) {
		t.Error("the request still stands in the inbox")
	}
	wants(t, d.done(me, "/p/"+string(p.ID)+"/book", url.Values{"once": {"again"}}), "Your request is on its way")
	if strings.Contains(d.page(me, "/me"), "You have left") {
		t.Error("who came back is still said to have left")
	}
}

// TestR17WhatStandsInTheWayIsSaidBeforeTheForm, and not only once it was filled in:
// a request that is open already, an employer that takes no part any more.
func TestR17WhatStandsInTheWayIsSaidBeforeTheForm(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, _ := d.asked(me.ID)
	wants(t, d.page(d.as(chart.ID), "/p/"+string(me.ID)+"/book"), "cannot be asked", "You find that request under My care")
	free := d.page(d.one(care.RoleClient, 0), "/p/"+string(me.ID)+"/book")
	if strings.Contains(free, "cannot be asked") {
		t.Error("somebody who may ask is told that they may not")
	}
	for _, user := range d.users {
		if strings.Contains(user.About, "does not take part any more") {
			wants(t, d.page(user, "/p/"+string(me.ID)+"/book"), "cannot be asked", "A client is employed, today")
			return
		}
	}
	t.Error("nobody's employer has left")
}

// TestR31ThePublishedListOnThePages: who is affected stands there before anything is
// published; it is published from a day on; everybody reads the list as of any day,
// with the version that was in force; an entry ends, and what was stays as it was.
func TestR31ThePublishedListOnThePages(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	me := d.insured("listed@example.test", &act.AddCoverage{Type: care.HealthPlan, Payer: "Optum", Plan: "Prairie Choice", MemberID: "TEST-1"}, true)
	c, _ := d.chart(me.ID).CurrentCoverage()
	form := url.Values{"payer": {"optum"}, "plan": {"PRAIRIE  choice"}, "state": {"IL"}, "from": {"2026-12-01"}}

	got, preview, _ := d.submit(team, "/ops/plans/try", form)
	if got != 200 {
		t.Fatalf("preview: %d, %s", got, excerpt(preview))
	}
	wants(t, preview, "Ostrava", "/ops/coverage/"+string(c.ID), "Nothing has been published", "From Tue 1 Dec 2026", "Leave the list as it is")
	if strings.Contains(d.page(me, "/plans?as_of=2026-12-01"), "PRAIRIE") {
		t.Error("a preview has published it")
	}
	elsewhere := url.Values{"payer": {"Optum"}, "plan": {"Prairie Choice"}, "state": {"NY"}}
	if _, other, _ := d.submit(team, "/ops/plans/try", elsewhere); strings.Contains(other, "Ostrava") {
		t.Error("somebody with the plan in another state is affected")
	}

	wants(t, d.done(team, "/ops/plans", form), "Published", "version first", "2026-12-01", "PRAIRIE  choice (Illinois)")
	before := d.page(qa.User{}, "/plans?as_of=2026-11-30")
	if strings.Contains(before, "PRAIRIE") || !strings.Contains(before, "version first") {
		t.Error("it stands on the list before its first day")
	}
	wants(t, d.page(qa.User{}, "/plans?as_of=2026-12-01"), "As of Tue 1 Dec 2026; version 2026-12-01", "PRAIRIE", "Illinois")
	if got, body := d.get(qa.User{}, "/plans?as_of=soon"); got != 422 {
		t.Errorf("a day that is none: %d, %s", got, excerpt(body))
	}

	// The early hint: whoever gives the plan once it is listed is told before it is sent.
	given := url.Values{"kind": {"health_plan"}, "payer": {"Optum"}, "plan": {"Prairie Choice"}, "member_id": {"TEST-2"}, "state": {"IL"}}
	d.wait(time.Date(2026, 12, 2, 15, 0, 0, 0, time.UTC).Sub(d.clock.Now()))
	_, hint, _ := d.submit(me, "/coverage", given)
	wants(t, hint, "This plan is on the list of those we cannot process", "Nothing has been sent yet")

	key := between(t, d.page(team, "/ops/plans"), `name="key" value="optum|PRAIRIE`, `"`)
	wants(t, d.done(team, "/ops/plans/end", url.Values{"key": {"optum|PRAIRIE" + key}, "ends": {"2026-12-31"}}), "2027-01-01", "to Thu 31 Dec 2026")
	wants(t, d.page(qa.User{}, "/plans?as_of=2026-12-15"), "PRAIRIE")
	if strings.Contains(d.page(qa.User{}, "/plans?as_of=2027-01-01"), "PRAIRIE") {
		t.Error("an entry that has ended still stands")
	}
	for name, bad := range map[string]url.Values{
		"no plan": {"payer": {"Optum"}}, "a day that is over": {"payer": {"Optum"}, "plan": {"Old"}, "from": {"2026-01-01"}}, "no day": {"payer": {"Optum"}, "plan": {"Old"}, "from": {"soon"}},
	} {
		if got, _, _ := d.submit(team, "/ops/plans", bad); got != 422 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got, _ := d.get(d.one(care.RoleBilling, 0), "/ops/plans"); got != 403 {
		t.Errorf("billing opens it: %d", got)
	}
}

// TestR5AClientElsewhereIsWarnedBeforeTheyBook: on the page of times, on the page by
// which somebody is asked, and on the appointment.
func TestR5AClientElsewhereIsWarnedBeforeTheyBook(t *testing.T) {
	d := newDemo(t)
	me := d.insured("elsewhere@example.test", nil, false)
	asked, other := d.listed(false), d.listed(true)
	as := care.Actor{Role: care.RoleProvider, Chart: asked}
	r := care.ReferralID(d.do(care.Actor{Role: care.RoleClient, Chart: me.ID}, act.Request{Client: me.ID, Provider: asked}))
	d.do(as, act.Accept{Referral: r})
	warning := "You are somewhere else than"
	pages := []string{"/me/r/" + string(r) + "/time", "/me/r/" + string(r) + "/session", "/p/" + string(other) + "/book"}
	for _, path := range pages {
		if strings.Contains(d.page(me, path), warning) {
			t.Errorf("%s warns somebody who is where they said", path)
		}
	}
	state := "AK"
	d.do(care.Actor{Role: care.RoleClient, Chart: me.ID}, act.UpdateMe{Client: me.ID, State: &state})
	for _, path := range pages {
		wants(t, d.page(me, path), warning, "Alaska", "may not be covered, and may not be allowed", "/me/details")
	}
	ap := d.do(as, act.BookSession{Referral: r, Start: time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC), Minutes: 50})
	wants(t, d.page(me, "/me/appt/"+ap), "This may not be covered, and may not be allowed")
}

// TestR24TheCareTeamProposesAHandOver from the client's page: nothing moves by it,
// neither provider is told, and the client decides.
func TestR24TheCareTeamProposesAHandOver(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	chart, ref := d.asked(d.one(care.RoleProvider, 1).ID)
	d.do(care.Actor{Role: care.RoleProvider, Chart: ref.Provider}, act.Accept{Referral: ref.ID})
	path := "/ops/r/" + string(ref.ID) + "/hand-over"
	wants(t, d.page(team, "/ops/client/"+string(chart.ID)), path, "Propose another provider")
	page := d.page(team, path)
	wants(t, page, "Propose another provider to "+chart.Client.Name+"?", "is asked, and decides", "Nothing moves before they say yes")
	if strings.Contains(page, `value="`+string(ref.Provider)+`"`) {
		t.Error("who has them now can take over from themselves")
	}
	to := between(t, page, `<option value="pr_`, `"`)
	d.wait(0)
	since := d.clock.Now()
	d.wait(time.Second)
	wants(t, d.done(team, path, url.Values{"to": {"pr_" + to}}), "The client is asked", "the client decides")
	d.wait(0)
	for _, m := range d.caught.Mails("", since.Add(time.Second)) {
		if m.To != d.chart(chart.ID).Account.Email {
			t.Errorf("somebody else is told %q", m.Subject)
		}
	}
	if now, _ := d.chart(chart.ID).Referral(ref.ID); string(now.HandTo) != "pr_"+to || now.Status != care.Accepted {
		t.Errorf("to %s, %s", now.HandTo, now.Status)
	}
	if got, body, _ := d.submit(team, path, url.Values{"to": {"pr_none"}}); got != 422 {
		t.Errorf("to nobody: %d, %s", got, excerpt(body))
	}
	me := qa.User{}
	for _, u := range d.users {
		if u.ID == chart.ID {
			me = u
		}
	}
	wants(t, d.page(me, "/me"), "Somebody else could take over")
	d.done(me, "/me/r/"+string(ref.ID)+"/hand-over", url.Values{"answer": {"yes"}})
	if got, _ := d.get(team, path); got != 409 {
		t.Errorf("a request that is over: %d", got)
	}
	if got, _ := d.get(d.one(care.RoleClinical, 0), path); got != 403 {
		t.Errorf("the clinical desk opens it: %d", got)
	}
}
