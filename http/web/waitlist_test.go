package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"careconnect/http/qa"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// keeper has the nth provider who can sign in take names only.
func (h *house) keeper(n int) care.ChartID {
	h.t.Helper()
	for _, u := range h.users {
		if u.Role != care.RoleProvider {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		only := true
		h.do(care.Actor{Role: care.RoleProvider, Chart: u.ID}, act.SetCaseload{Provider: u.ID, WaitlistOnly: &only})
		return u.ID
	}
	h.t.Fatal("no such provider")
	return ""
}

// TestR23AWaitingListWithoutScript: somebody new meets the list, joins it, is
// invited, and asks; nothing on the way sounds like a promise, and the provider
// reads no name.
func TestR23AWaitingListWithoutScript(t *testing.T) {
	h := newHouse(t)
	p := h.keeper(0)
	path := "/p/" + string(p)
	name := h.name(p)
	b := h.browser()
	b.get("/find?state=IL&employer=LANTERN&waitlist=1").answers(200).shows(name, "with a waiting list", "promises nothing").lacks("is promised a first session")
	b.get("/find?state=IL&employer=LANTERN").answers(200).lacks(name)
	b.get("/find?state=IL&employer=LANTERN&q="+url.QueryEscape(strings.Fields(name)[len(strings.Fields(name))-1])).answers(200).shows("Keep a waiting list", name)
	b.get(path+"/book?state=IL&employer=LANTERN").answers(200).shows("takes nobody new at present", "Join the waiting list", "Who has time").lacks("Request a first call", "Next times")
	b.get(path+"/wait?state=IL&employer=LANTERN").answers(200).shows("promises nothing", "About you", "Let the care team match me", "not for emergencies")
	b.postTo(path+"/wait", url.Values{}).answers(422).shows("Give your date of birth")
	b.postTo(path+"/wait", b.newcomer(nil)).answers(200).shows("Your name is on the list", "On the waiting list since", "I still wait").lacks("The promise</h2>")
	if chart := b.chart(); len(chart.Episodes) != 0 || len(chart.Waits) != 1 {
		t.Fatalf("%d episodes and %d places", len(chart.Episodes), len(chart.Waits))
	}
	place := string(b.chart().Waits[0].ID)
	b.get(path).answers(200).shows("You are on "+name, "Leave the list").lacks("Join the waiting list")
	b.postTo(path+"/wait", url.Values{}).answers(422).shows("waiting list once")
	b.get("/me").postTo("/me/waiting/"+place+"/stay", nil).answers(200).shows("You still wait")

	pro := h.signedIn(p)
	pro.get("/pro/participation").answers(200).shows("Your waiting list", "1 person waits", "Illinois", "Invite the next").lacks("Wren", "Talverone")
	pro.postTo("/pro/waiting", nil).answers(200).shows("Invited until").lacks("Wren", "Talverone", "Invite the next")
	pro.postTo("/pro/waiting", nil).answers(409).shows("Nobody waits for you")

	b.get("/me").answers(200).shows("Somebody has room for you, for some days", "has room for you", "Ask or book by")
	b.get(path).answers(200).shows("has room for you", "/book")
	b.get(path + "/book").answers(200)
	form := b.carried()
	if start := b.value("start"); start != "" {
		form.Set("start", start)
	}
	b.postTo(path+"/book", form).answers(200).shows("My care").lacks("On the waiting list since")
	if w := b.chart().Waits[0]; w.Status != care.WaitTaken || w.Asked == "" {
		t.Errorf("the place is %s after asking", w.Status)
	}
	pro.get("/pro/participation").answers(200).shows("Nobody waits at present")
}

// TestR23WhatAClientReadsOfAList: refused for a list, left, ended: each says so,
// and what to do.
func TestR23WhatAClientReadsOfAList(t *testing.T) {
	h := newHouse(t)
	p := h.keeper(0)
	path := "/p/" + string(p)
	name := h.name(p)
	var me qa.User
	for _, u := range h.users {
		if chart := h.of(u.ID); u.Role == care.RoleClient && len(chart.Referrals) > 0 && chart.Client.State == "IL" {
			me = u
			break
		}
	}
	b := h.signedIn(me.ID)
	b.postTo(path+"/book", url.Values{}).answers(409).shows("Join the waiting list", path+"/wait")
	b.get(path + "/wait").answers(200).shows("You are signed in as").lacks("About you")
	b.postTo(path+"/wait", b.carried()).answers(200).shows("Your name is on the list")
	place := string(h.of(me.ID).Waits[0].ID)
	b.postTo("/me/waiting/"+place+"/leave", nil).answers(200).shows("You are off the list").lacks("On the waiting list since")
	b.postTo("/me/waiting/"+place+"/leave", nil).answers(409).shows("not on this list any more")
	b.get(path + "/wait")
	b.postTo(path+"/wait", b.carried()).answers(200)

	team := h.role(care.RoleCareTeam)
	team.get("/ops/client/"+string(me.ID)).answers(200).shows("Waiting lists", name, "Left the list", "Waits")
	no := false
	h.do(care.Actor{Role: care.RoleProvider, Chart: p}, act.SetCaseload{Provider: p, WaitlistOnly: &no})
	h.until(h.clock.Now().Add(60e9))
	b.get("/me").answers(200).shows("takes new clients again", "Ask "+name)
	b.get(path + "/wait").answers(200).lacks("Put my name on the list") // the profile, where one asks
	b.get("/me/privacy").answers(200).shows("put your name on a waiting list", "left a waiting list")
}

// TestR23WaitingWhileTheCareTeamLooks: whom their employer's list does not know puts
// their name on a waiting list all the same, and reads that somebody looks.
func TestR23WaitingWhileTheCareTeamLooks(t *testing.T) {
	h := newHouse(t)
	path := "/p/" + string(h.keeper(0))
	lantern := act.EmployerOf("LANTERN", h.of(care.ProgrammeChart))
	h.do(care.System, act.ImportRoster{Employer: lantern.ID, File: "first", Keys: []string{care.RosterKey(lantern.Salt, "E-2002")}})
	h.do(care.System, act.FinishRoster{Employer: lantern.ID, File: "first", Pages: 1, Size: 1})
	b := h.browser()
	b.get(path+"/wait?state=IL&employer=LANTERN").answers(200).shows("the care team looks while you wait", "Your e-mail or number at work").lacks("have the care team look")
	b.postTo(path+"/wait", b.newcomer(url.Values{"employer": {"NOBODY"}})).answers(422).shows("Check the code for a slip")
	b.postTo(path+"/wait", b.newcomer(url.Values{"employee": {"mistyped"}})).answers(200).shows("Your name is on the list", "The care team looks")
	if tasks := b.chart().Tasks; len(tasks) != 1 || tasks[0].Code != "employment" {
		t.Errorf("the care team has %v to look at", tasks)
	}
}

func (h *house) name(p care.ChartID) string { return h.of(p).Provider.Name }

func (h *house) of(id care.ChartID) *care.Chart {
	h.t.Helper()
	chart, err := h.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return chart
}
