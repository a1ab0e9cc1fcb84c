package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

func TestCareTeamVerifiesAPlanThatCannotBeProcessed(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	provider := d.one(care.RoleProvider, 1)
	chart, _ := d.asked(provider.ID)
	c, _ := chart.CurrentCoverage()
	path := "/ops/coverage/" + string(c.ID)

	queue := d.page(team, "/ops/coverage")
	wants(t, queue, chart.Client.Name, "Harbor Legacy PPO", "published list", "Verify by ", "••••")
	if strings.Contains(queue, c.MemberID) {
		t.Error("the queue shows a whole member number")
	}
	wants(t, d.page(team, path), c.MemberID, "On the published list", "Our systems cannot process it")

	form := url.Values{"result": {"non_participating"}, "note": {"on the list"}, "copay": {"25.5"}}
	got, preview, _ := d.submit(team, path, form)
	if got != http.StatusOK {
		t.Fatalf("preview: %d", got)
	}
	wants(t, preview, "Your plan needs another way", "A plan cannot be processed", "Two messages go out", chart.Client.Name+" (client)", provider.Name+" (provider)")
	if now, _ := d.chart(chart.ID).CurrentCoverage(); now.Status != care.CoveragePending {
		t.Error("the preview has changed the plan")
	}
	form.Set("send", "yes")
	since := d.clock.Now()
	wants(t, d.done(team, path, form), "Verified")
	d.wait(0)
	for to, subject := range map[string]string{chart.Client.Email: "Your plan needs another way", d.chart(provider.ID).Account.Email: "A plan cannot be processed"} {
		mails := d.caught.Mails(to, since)
		if len(mails) != 1 || mails[0].Subject != subject {
			t.Errorf("%d mails to one side, wanted one that says %q", len(mails), subject)
		}
	}
	now, _ := d.chart(chart.ID).CurrentCoverage()
	if now.Status != care.NonParticipating || now.CopayCents == nil || *now.CopayCents != 2550 {
		t.Errorf("the plan is %s", now.Status)
	}
	form.Set("copay", "much")
	got, body, _ := d.submit(team, path, form)
	if got != http.StatusUnprocessableEntity {
		t.Errorf("a copay that is no number: %d", got)
	}
	wants(t, body, "copay: give dollars")
	form.Set("copay", "")
	if got, body, _ = d.submit(team, path, form); got != http.StatusConflict {
		t.Errorf("the same finding twice: %d", got)
	}
	wants(t, body, "nobody is told twice")
}

func TestBoardShowsWhoseTurnItIsAndTasksEnd(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	chart, _ := d.asked(d.one(care.RoleProvider, 1).ID)
	board := d.page(team, "/ops")
	wants(t, board, "Needs us now", "Due today", "At risk", "Waiting on client", "Broken", chart.Client.Name, "Why this date?")
	d.wait(25 * time.Hour) // nobody answers
	board = d.page(team, "/ops")
	wants(t, board, "A provider did not answer in time", "Our turn", "Client’s turn")
	task := between(t, board, `action="/ops/tasks/`, `"`)
	if strings.Contains(d.done(team, "/ops/tasks/"+task, nil), "/ops/tasks/"+task) {
		t.Error("a task that is done still stands on the board")
	}
	page := d.page(team, "/ops/client/"+string(chart.ID))
	wants(t, page, "Clocks that run", "No answer in time", "Each look is kept")
	if strings.Contains(page, "Evenings are best for me.") || strings.Contains(page, "sleep") {
		t.Error("the care team reads what the client wrote to the provider")
	}
	if got, _ := d.get(team, "/ops/client/cl_0"); got != http.StatusNotFound {
		t.Errorf("an unknown client: %d", got)
	}
}

func TestCareTeamSeesThatAFormIsDoneAndNotWhatItSays(t *testing.T) {
	d := newDemo(t)
	client := d.one(care.RoleClient, 4)
	path := "/ops/client/" + string(client.ID)
	page := d.page(d.one(care.RoleCareTeam, 0), path)
	wants(t, page, "PHQ-9, before the first session", "Done")
	if strings.Contains(page, "16 of 27") || strings.Contains(page, "Moderately severe") {
		t.Error("the care team sees a score")
	}
	wants(t, d.page(d.one(care.RoleClinical, 0), path), "16 of 27")
}

func TestCareTeamFindsCredentialsAndInvitesAProvider(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	known := d.chart(d.one(care.RoleProvider, 2).ID).Provider
	path := "/ops/providers/" + string(known.ID)
	for _, wanted := range []string{known.NPI, strings.ToUpper(known.Name[:5])} {
		wants(t, d.page(team, "/ops/providers?q="+url.QueryEscape(wanted)), known.Name, path)
	}
	wants(t, d.page(team, "/ops/providers?q=nobody+of+that+name"), "Nobody found")
	if got, _ := d.get(team, "/ops/providers/"+string(d.one(care.RoleClient, 0).ID)); got != http.StatusNotFound {
		t.Errorf("a client's id: %d", got)
	}

	got, body, _ := d.submit(team, path+"/credentials", url.Values{"state-0": {"NY"}, "from-0": {"soon"}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", got)
	}
	wants(t, body, "New York, from: give a day")
	d.done(team, path+"/credentials", url.Values{"state-0": {"NY"}, "from-0": {"2026-01-01"}, "until-0": {"2026-11-21"}, "state-1": {""}})
	if now := d.chart(known.ID).Provider.Credentials; len(now) != 1 || now[0].Until.String() != "2026-11-21" {
		t.Errorf("the credentials are %v", now)
	}
	if _, listed := d.store.Directory().Provider(known.ID, d.clock.Now().Add(48*time.Hour)); listed {
		t.Error("listed after the last day of the credential")
	}

	got, body, _ = d.submit(team, path+"/invite", url.Values{"email": {"someone@people.example.test"}})
	if got != http.StatusOK {
		t.Fatalf("invite: %d", got)
	}
	link := between(t, body, `readonly value="`+d.url, `"`)
	if strings.Contains(d.page(team, path), link) {
		t.Error("the link is shown twice")
	}
	if got, _ = d.get(qaNobody, link); got != http.StatusOK {
		t.Errorf("the set-up link: %d", got)
	}
}

func TestALateAnswerStillCounts(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	d.wait(25 * time.Hour)
	wants(t, d.page(me, "/pro"), "A late answer counts until ", chart.Client.Name)
	wants(t, d.page(me, "/pro/r/"+string(ref.ID)), "Until they choose, you can still answer", "No answer in time")
	d.done(me, "/pro/r/"+string(ref.ID)+"/decline", url.Values{"reason": {"no room"}})
	d.wait(24 * time.Hour)
	if strings.Contains(d.page(me, "/pro"), chart.Client.Name) {
		t.Error("a declined request still stands in the inbox")
	}
}

func TestAnExpiredRequestLeavesTheInboxInTheEnd(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, _ := d.asked(me.ID)
	d.wait(50 * time.Hour)
	if strings.Contains(d.page(me, "/pro"), chart.Client.Name) {
		t.Error("a request that nobody can answer any more still stands in the inbox")
	}
	if strings.Contains(d.page(me, "/pro/leave"), chart.Client.Name) {
		t.Error("leaving speaks of somebody who has been offered others long ago")
	}
}

// The tile of a promise moves from watch to call to incident, says whether an
// opening is left, and ends only with a cause.
func TestR40R42BoardClimbsTheLadder(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	d.do(care.Actor{Role: care.RoleProvider, Chart: me.ID}, act.Accept{Referral: ref.ID})
	e, _ := chart.OpenEpisode()
	promise, _ := chart.Deadline(e.Promise)
	d.wait(promise.Next.Sub(d.clock.Now()))
	const alarm = "no opening is left before it ends"
	if board := d.page(team, "/ops"); strings.Contains(board, alarm) {
		t.Error("the provider has openings, and the board says there is none")
	} else {
		wants(t, board, "The promise ends in two business days: watch", "An opening is left before it ends")
	}
	hours := d.chart(me.ID).Provider.Hours
	busy := hours
	busy.Away = []calendar.DateSpan{{From: calendar.On(d.clock.Now(), time.UTC).AddDays(-1), To: calendar.On(promise.Due, time.UTC)}}
	d.do(care.Actor{Role: care.RoleProvider, Chart: me.ID}, act.SetHours{Provider: me.ID, Hours: busy})
	wants(t, d.page(team, "/ops"), alarm)
	d.do(care.Actor{Role: care.RoleProvider, Chart: me.ID}, act.SetHours{Provider: me.ID, Hours: hours})
	if strings.Contains(d.page(team, "/ops"), alarm) {
		t.Error("an opening was added, and the alarm still stands")
	}
	d.wait(promise.Due.Add(time.Second).Sub(d.clock.Now()))
	board := d.page(team, "/ops")
	wants(t, board, "The promise was broken: find out why", "Say why")
	if strings.Contains(board, "business day: call") || strings.Contains(board, "business days: watch") {
		t.Error("an earlier rung still stands")
	}
	path := "/ops/tasks/" + between(t, board, `href="/ops/tasks/`, `"`)
	wants(t, d.page(team, path), "Why was the promise broken?", "The provider did not come")
	got, page, _ := d.submit(team, path, url.Values{"cause": {""}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("without a cause: %d", got)
	}
	wants(t, page, "without a cause the incident stays open")
	if strings.Contains(d.done(team, path, url.Values{"cause": {"slow_answer"}}), path) {
		t.Error("a closed incident still stands on the board")
	}
	if got, _ := d.get(d.one(care.RoleClinical, 0), path); got != http.StatusForbidden {
		t.Errorf("the clinical desk opens an incident: %d", got)
	}
}
