package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/http/qa"
	"careconnect/rules"
	"careconnect/rules/care"
)

// All nine things that people ask have a page for everybody; the care team's edit
// is the next version, with its author.
func TestR75EachQuestionHasAPageThatCanBeEdited(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	if len(rules.HelpPages) != 9 {
		t.Fatalf("%d pages", len(rules.HelpPages))
	}
	for _, page := range rules.HelpPages {
		for _, who := range []qa.User{{}, d.one(care.RoleClient, 0), d.one(care.RoleProvider, 0)} {
			if body := d.page(who, "/help/"+page); strings.Contains(body, "{") && strings.Contains(body, "{programme}") {
				t.Errorf("%s shows a word that was not filled in", page)
			}
		}
	}
	wants(t, d.page(qa.User{}, "/help"), "/help/eap", "/help/ask")
	got, page, _ := d.submit(team, "/ops/help/eap", url.Values{"text": {"No title"}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("without a title: %d", got)
	}
	wants(t, page, "begin with its title")
	wants(t, d.done(team, "/ops/help/eap", url.Values{"text": {"# Is {programme} an EAP?\n\nIt is *not*."}}), "Is Care Connect an EAP?", "<em>not</em>")
	chart := d.chart(care.HelpChart)
	if len(chart.Articles) != 1 || chart.Articles[0].Version != 2 || chart.Articles[0].Author != team.ID || chart.Articles[0].At.IsZero() {
		t.Errorf("versions %+v", chart.Articles)
	}
	wants(t, d.page(team, "/ops/help/eap"), "Version ", string(team.ID))
	if got, _ := d.get(qa.User{}, "/help/nothing"); got != http.StatusNotFound {
		t.Errorf("a page that there is not: %d", got)
	}
	if got, _ := d.get(d.one(care.RoleProvider, 0), "/ops/help/eap"); got != http.StatusForbidden {
		t.Errorf("a provider edits: %d", got)
	}
}

// One yes is 1 out of 1; the second vote of a session does not count; whose it was
// stands nowhere.
func TestR76VotesCountOncePerSession(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleClient, 0)
	wants(t, d.page(me, "/help/clients"), "Was this page helpful?", "0 out of 0 found this helpful")
	vote := func(cookie string) string {
		req, err := http.NewRequest(http.MethodPost, d.url+"/help/clients", strings.NewReader("helpful=yes"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Authorization", "Bearer "+me.Token)
		if cookie != "" {
			req.Header.Set("Cookie", cookie)
		}
		res, err := d.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("vote: %d", res.StatusCode)
		}
		for _, c := range res.Cookies() {
			return c.Name + "=" + c.Value
		}
		return cookie
	}
	cookie := vote("")
	wants(t, d.page(qa.User{}, "/help/clients"), "1 out of 1 found this helpful")
	vote(cookie)
	wants(t, d.page(qa.User{}, "/help/clients"), "1 out of 1 found this helpful")
	if strings.Contains(cookie, string(me.ID)) || len(d.chart(care.HelpChart).Votes) != 1 {
		t.Error("a vote says whose it was, or stands twice")
	}
	d.done(qa.User{}, "/help/clients", url.Values{"helpful": {"no"}})
	wants(t, d.page(qa.User{}, "/help/clients"), "1 out of 2 found this helpful")
}

// Somebody without an account asks: a number, one more in the inbox, a mail; and
// the answer goes to them.
func TestR77AnybodyCanAsk(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	wants(t, d.page(team, "/ops/help"), "No question waits")
	got, page, _ := d.submit(qa.User{}, "/help/ask", url.Values{"category": {"plan"}, "email": {"nowhere"}, "text": {"Hm"}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("a question that is none: %d", got)
	}
	wants(t, page, "Give an address such as")
	since := d.clock.Now()
	form := url.Values{"category": {"plan"}, "email": {"wendeline@people.example.test"}, "text": {"Is Lakefront HMO among the plans?"}}
	got, page, _ = d.submit(qa.User{}, "/help/ask", form)
	if got != http.StatusOK {
		t.Fatalf("ask: %d", got)
	}
	ticket := "Q-" + between(t, page, "Its number is Q-", ".")
	d.wait(0)
	mails := d.caught.Mails("wendeline@people.example.test", since)
	if len(mails) != 1 || !strings.Contains(mails[0].Text, ticket) || strings.Contains(mails[0].Text, "Lakefront") {
		t.Fatalf("%d mails", len(mails))
	}
	desk := d.page(team, "/ops/help")
	wants(t, desk, ticket, "A plan or a cost", "Answer by ")
	path := "/ops/questions/" + between(t, desk, `href="/ops/questions/`, `"`)
	wants(t, d.page(team, path), "Is Lakefront HMO among the plans?")
	d.wait(time.Hour)
	since = d.clock.Now()
	d.done(team, path, url.Values{"answer": {"It is, in every state."}})
	d.wait(0)
	if mails = d.caught.Mails("wendeline@people.example.test", since); len(mails) != 1 || !strings.Contains(mails[0].Text, "It is, in every state.") {
		t.Errorf("%d answers", len(mails))
	}
	wants(t, d.page(team, "/ops/help"), "No question waits")
	if got, _, _ := d.submit(team, path, url.Values{"answer": {"Once more."}}); got != http.StatusConflict {
		t.Errorf("answered twice: %d", got)
	}
	if got, _ := d.get(d.one(care.RoleClinical, 0), path); got != http.StatusForbidden {
		t.Errorf("the clinical desk reads questions: %d", got)
	}
}
