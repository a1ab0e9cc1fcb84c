package act_test

import (
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Asking for a link tells nothing of who has an account, and neither fills a
// mailbox nor a chart, however often a stranger asks.
func TestSendLink(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.now = w.now.Add(time.Hour)
	ask := func(email string) {
		t.Helper()
		out, err := w.store.Do(t.Context(), care.Anonymous, act.SendLink{Email: email})
		if err != nil || out.Made != "" || len(out.Counts) != 0 || len(out.Decision.Findings) != 0 {
			t.Fatalf("the answer for %s tells something: %+v, %v", email, out, err)
		}
	}
	links := func() int { return w.told(me, "invite", "")[string(me)] }
	ask("nobody@example.test")
	ask("")
	if links() != 1 {
		t.Fatalf("%d links before anybody asked", links())
	}
	ask(" Person1@Example.test ")
	ask("person1@example.test") // a moment later
	if links() != 2 {
		t.Errorf("%d links after asking twice in a moment", links())
	}
	for range 3 * 24 * 12 { // every five minutes for three days
		w.now = w.now.Add(5 * time.Minute)
		ask("person1@example.test")
	}
	if got := links(); got < 8 || got > 1+1+4*5 {
		t.Errorf("%d links in three days, want at most five in any day", got)
	}
	w.now = w.now.Add(30 * 24 * time.Hour)
	ask("person1@example.test")
	if got := len(w.chart(me).Passes); got != 1 {
		t.Errorf("%d passes are kept, and all but one have run out", got)
	}
}

// Many accounts under one address get few links at a time.
func TestSendLinkIsBoundedByAddress(t *testing.T) {
	w := open(t)
	var all []care.ChartID
	for range 6 {
		all = append(all, w.enters(1)) // the same address each time
	}
	w.now = w.now.Add(time.Hour)
	w.do(care.Anonymous, act.SendLink{Email: "person1@example.test"})
	sent := 0
	for _, id := range all {
		sent += w.told(id, "invite", "")[string(id)]
	}
	if sent != 3+3 {
		t.Errorf("%d links, want 3 by entering and 3 by asking", sent)
	}
}

// A link lets somebody in, so that it is kept nowhere once its message is gone,
// delivered or not.
func TestLinkIsForgottenOnceItsMessageIsDone(t *testing.T) {
	for _, end := range []func(w *world, m care.Message) act.Act{
		func(_ *world, m care.Message) act.Act { return act.Delivered{Chart: m.Chart, Message: m.ID} },
		func(_ *world, m care.Message) act.Act {
			return act.Undelivered{Chart: m.Chart, Message: m.ID, Final: true}
		},
	} {
		w := open(t)
		me := w.enters(1)
		m := w.chart(me).Messages[0]
		if !strings.HasPrefix(m.Link, "/set-up/") {
			t.Fatal("the message carries no link")
		}
		w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute})
		w.do(care.System, end(w, m))
		if got, _ := w.chart(me).Message(m.ID); got.Link != "" {
			t.Errorf("the link of a message that is %s is kept", got.State)
		}
	}
}

// Whoever enters again and again under somebody's address fills no mailbox with
// links, and does not crowd out the account whose owner has set a password.
func TestEnteringUnderSomebodysAddressSendsFewLinks(t *testing.T) {
	w := open(t)
	enter := act.Enter{FullName: "Sol Umberdale", Email: "sol@people.example.test", State: "IL", Zone: "America/Chicago", Source: "direct"}
	var ids []care.ChartID
	for range 12 {
		ids = append(ids, care.ChartID(w.do(care.Anonymous, enter)))
	}
	mails := 0
	for _, id := range ids {
		mails += len(w.chart(id).Messages)
	}
	if mails != 3 {
		t.Errorf("%d links were mailed, want 3", mails)
	}
}
