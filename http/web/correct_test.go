package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/http/qa"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// inCare is a client of the demo who has been to a session, and that session.
func (d *demo) inCare() (*care.Chart, care.Appointment) {
	d.t.Helper()
	for _, u := range d.users {
		if u.Role != care.RoleClient {
			continue
		}
		chart := d.chart(u.ID)
		for _, e := range chart.Episodes {
			if ap, ok := chart.Appointment(e.First); ok {
				return chart, ap
			}
		}
	}
	d.t.Fatal("nobody is in care")
	return nil, care.Appointment{}
}

// as is the person of a chart.
func (d *demo) as(id care.ChartID) qa.User {
	d.t.Helper()
	for _, u := range d.users {
		if u.ID == id {
			return u
		}
	}
	d.t.Fatalf("nobody signs in as %s", id)
	return qa.User{}
}

// other is a provider of the demo who is not the one given.
func (d *demo) other(than care.ChartID) care.ChartID {
	d.t.Helper()
	for _, u := range d.users {
		if u.Role == care.RoleProvider && u.ID != than {
			return u.ID
		}
	}
	d.t.Fatal("there is no other provider")
	return ""
}

func TestR54AProviderCorrectsAnOutcomeOnThePage(t *testing.T) {
	d := newDemo(t)
	chart, ap := d.inCare()
	me, team := d.as(ap.Provider), d.one(care.RoleCareTeam, 0)
	path := "/pro/appointments/" + string(ap.ID) + "/correct"
	wants(t, d.page(me, "/pro/r/"+string(ap.Referral)), "This is wrong", path)
	wants(t, d.page(me, path), "It says: Held", "Why", "found anew")
	got, page, _ := d.submit(me, path, url.Values{"result": {"no_show_client"}, "reason": {" "}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", got)
	}
	wants(t, page, "reason: say in at most 300 letters")
	wants(t, d.done(me, path, url.Values{"result": {"no_show_client"}, "reason": {"the wrong day was marked"}}), "Corrected", "Said before", "the wrong day was marked", "by the provider")
	if now, _ := d.chart(chart.ID).Appointment(ap.ID); now.Status != care.NoShowClient {
		t.Errorf("it is %s", now.Status)
	}
	back := "/ops/appointments/" + string(ap.ID) + "/correct"
	wants(t, d.page(team, "/ops/client/"+string(chart.ID)), back)
	d.done(team, back, url.Values{"result": {"attended"}, "reason": {"the client says that they were there"}})
	if now, _ := d.chart(chart.ID).Appointment(ap.ID); now.Status != care.Attended || len(now.Corrections) != 2 {
		t.Errorf("it is %s after %d corrections", now.Status, len(now.Corrections))
	}
	if got, _ := d.get(d.as(d.other(ap.Provider)), path); got != http.StatusNotFound {
		t.Errorf("another provider opens it: %d", got)
	}
	if got, _ := d.get(d.as(chart.ID), path); got != http.StatusForbidden {
		t.Errorf("the client opens it: %d", got)
	}
}

// 18 before and 8 after: ten less, at least half lower, not below five.
// TestR51AClientKeepsTheirAnswers as a file of their own; nobody else gets it.
func TestR51AClientKeepsTheirAnswers(t *testing.T) {
	d := newDemo(t)
	chart, ap := d.inCare()
	for _, s := range chart.Screenings {
		if s.SubmittedAt.IsZero() {
			continue
		}
		path := "/me/forms/" + string(s.ID)
		wants(t, d.page(d.as(chart.ID), path), path+"/answers.csv")
		file := d.page(d.as(chart.ID), path+"/answers.csv")
		wants(t, file, "question,answer", "in all", fmt.Sprintf("%d of ", *s.Total), "Handed in")
		for _, who := range []qa.User{d.as(ap.Provider), d.one(care.RoleCareTeam, 0), d.one(care.RoleClient, 0)} {
			if status, _ := d.get(who, path+"/answers.csv"); status == 200 {
				t.Errorf("a %s reads it", who.Role)
			}
		}
		return
	}
	t.Fatal("nothing was handed in")
}

func TestR57ChangeIsShownInCarefulWords(t *testing.T) {
	d := newDemo(t)
	chart, ap := d.inCare()
	client := care.Actor{Role: care.RoleClient, Chart: chart.ID}
	for _, s := range chart.Screenings {
		if s.Instrument == "phq-9" && s.Purpose == care.Baseline {
			again := d.do(client, act.Retake{Screening: s.ID})
			d.fill(client, care.ScreeningID(again), "phq-9", 18)
		}
	}
	d.wait(ap.Start.AddDate(0, 0, 29).Sub(d.clock.Now()))
	for _, s := range d.chart(chart.ID).Screenings {
		if s.Purpose == care.FollowUp && s.Instrument == "phq-9" {
			d.fill(client, s.ID, "phq-9", 8)
			page := d.page(d.as(chart.ID), "/me/forms/"+string(s.ID))
			wants(t, page, "−10", "At least 50% lower (response)", "Below 5 now (remission)", "no diagnosis", "18 of 27", "8 of 27", `<rect class="bar-of" x="0" y="7" width="8" height="2"/>`)
			if facts := between(t, page, "At least 50% lower (response)", "</dl>"); !strings.Contains(facts, "Yes") || !strings.Contains(facts, "No") || strings.Index(facts, "Yes") > strings.Index(facts, "No") {
				t.Errorf("response and remission read %q", facts)
			}
		}
	}
	wants(t, d.page(d.as(ap.Provider), "/pro/r/"+string(ap.Referral)), "−10", "PHQ-9, before and after")
	if page := d.page(d.one(care.RoleCareTeam, 0), "/ops/client/"+string(chart.ID)); strings.Contains(page, "−10") {
		t.Error("the care team sees the change")
	}
}

func TestR47AClientLeavesAFormOut(t *testing.T) {
	d := newDemo(t)
	chart, ap := d.inCare()
	d.wait(ap.Start.AddDate(0, 0, 29).Sub(d.clock.Now()))
	me := d.as(chart.ID)
	for _, s := range d.chart(chart.ID).Screenings {
		if s.Purpose != care.FollowUp {
			continue
		}
		path := "/me/forms/" + string(s.ID)
		wants(t, d.page(me, path), path+"/decline", "I would rather not answer this form")
		wants(t, d.page(me, path+"/decline"), "Your session takes place all the same")
		wants(t, d.done(me, path+"/decline", nil), "Left out")
		if got, body := d.get(me, path); got != http.StatusConflict || !strings.Contains(body, "nobody asks again") {
			t.Errorf("afterwards: %d", got)
		}
	}
	wants(t, d.page(d.as(ap.Provider), "/pro/r/"+string(ap.Referral)), "Left out by the client")
}

func TestR55TheReportOfGaps(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	wants(t, d.page(team, "/ops/gaps"), "Nothing is missing")
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	provider := care.Actor{Role: care.RoleProvider, Chart: me.ID}
	d.do(provider, act.Accept{Referral: ref.ID})
	session := d.do(provider, act.BookSession{Referral: ref.ID, Start: d.clock.Now().Add(30 * time.Hour), Minutes: 50})
	d.wait(31 * time.Hour)
	d.do(provider, act.Outcome{Appointment: care.AppointmentID(session), Result: care.Attended})
	wants(t, d.page(team, "/ops/gaps"), chart.Client.Name, "No form was handed in")
}

// fill answers a form so that it comes to a total, and hands it in.
func (d *demo) fill(client care.Actor, id care.ScreeningID, name string, total int) {
	d.t.Helper()
	in, _ := instrument.Get(name)
	answers := map[string]int{}
	for _, item := range in.Items {
		if item.Scored && item.Code != in.SafetyItem {
			answers[item.Code] = min(3, total)
			total -= answers[item.Code]
		}
	}
	if in.SafetyItem != "" {
		answers[in.SafetyItem] = 0
	}
	d.do(client, act.SaveAnswers{Screening: id, Answers: answers})
	d.do(client, act.Submit{Screening: id})
}
