package web_test

import (
	"net/url"
	"strings"
	"testing"

	"careconnect/rules/act"
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
