package qa_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	front "careconnect/http"
	"careconnect/http/notify"
	"careconnect/http/qa"
	"careconnect/rules/care"
)

// lives has people of a demo do things in all the ways there are: through the
// API, on the pages, and by letting time pass.
func (d *demo) lives() {
	d.Helper()
	client, provider := d.user(care.RoleClient, 0), d.user(care.RoleProvider, 1)
	made := get[struct{ ID string }](d, client.Token, "POST", "/api/v1/referrals", `{"provider_id":"`+string(provider.ID)+`"}`)
	d.move(`{"advance":"5h"}`)
	d.ask(provider.Token, "POST", "/api/v1/referrals/"+made.ID+"/accept", `{}`)
	d.ask(provider.Token, "POST", "/api/v1/referrals/"+made.ID+"/accept", `{"nonsense":1}`) // refused, and refused again
	d.ask(client.Token, "POST", "/api/v1/coverages", `{"kind":"health_plan","payer":"Optum","plan":"Lakefront HMO","member_id":"TEST0001","state":"IL"}`)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, client.Login(), nil)) // a session with a cookie
	if w.Code != http.StatusSeeOther {
		d.Fatalf("sign in: %d", w.Code)
	}
	d.move(`{"advance":"9d"}`)
}

// capsule is the life so far as a file.
func (d *demo) capsule() []byte {
	d.Helper()
	status, body := d.ask("", "GET", "/qa/capsule", "")
	if status != http.StatusOK {
		d.Fatalf("capsule: %d", status)
	}
	return []byte(body)
}

func read(t *testing.T, file []byte) *qa.Capsule {
	t.Helper()
	c, err := qa.ReadCapsule(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (d *demo) mails() []notify.Mail {
	d.Helper()
	return get[[]notify.Mail](d, "", "GET", "/qa/mail", "")
}

// again is a demo that lives a capsule's life.
func again(t *testing.T, c *qa.Capsule) *demo {
	t.Helper()
	began := time.Now()
	d, line, err := front.NewDemo(t.Context(), front.DemoConfig{
		Base: "http://localhost:1", Still: true, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test", Replay: c,
	}, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &demo{t, d, line}
}

func sameMails(t *testing.T, one, two []notify.Mail) {
	t.Helper()
	if len(one) == 0 || len(one) != len(two) {
		t.Fatalf("%d mails, and %d", len(one), len(two))
	}
	for i := range one {
		if one[i] != two[i] {
			t.Errorf("mail %d, message %s and %s, differs", i, one[i].ID, two[i].ID)
		}
	}
}

// The same seed, clock and calls lead to the same export and the same mail.
func TestR90TheSameCallsLeadToTheSameState(t *testing.T) {
	one, two, other := newDemo(t, 7), newDemo(t, 7), newDemo(t, 8)
	one.lives()
	two.lives()
	other.lives()
	a, b, c := read(t, one.capsule()), read(t, two.capsule()), read(t, other.capsule())
	if a.Export != b.Export || a.Calls != b.Calls {
		t.Errorf("the same calls led to two states, by %d and %d acts", a.Calls, b.Calls)
	}
	if a.Export == c.Export {
		t.Error("another seed led to the same state")
	}
	sameMails(t, one.mails(), two.mails())
}

// A capsule leads to the state that it was saved in, and its life goes on from
// there as the first one does.
func TestR90ACapsuleLivesAgain(t *testing.T) {
	first := newDemo(t, 7)
	first.lives()
	file := first.capsule()
	if len(file) > 200_000 {
		t.Errorf("the capsule has %d bytes", len(file))
	}
	second := again(t, read(t, file))
	if second.line.Replayed == nil || !*second.line.Replayed {
		t.Fatal("the capsule led to another state")
	}
	if second.line.Now != get[struct{ Now string }](first, "", "GET", "/qa/clock", "").Now {
		t.Errorf("its clock stands at %s", second.line.Now)
	}
	sameMails(t, first.mails(), second.mails())
	first.move(`{"advance":"40d"}`)
	second.move(`{"advance":"40d"}`)
	if one, two := read(t, first.capsule()), read(t, second.capsule()); one.Export != two.Export || one.Calls <= read(t, file).Calls {
		t.Error("the two lives went apart")
	}
	sameMails(t, first.mails(), second.mails())
}

// What is no capsule, or half of one, is refused with a reason.
func TestCapsulesThatCannotBeReplayed(t *testing.T) {
	file := newDemo(t, 7).capsule()
	for name, broken := range map[string][]byte{
		"empty": nil, "no gzip": []byte("hello"), "cut": file[:len(file)/2], "no lines": {31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, err := qa.ReadCapsule(bytes.NewReader(broken)); !errors.Is(err, qa.ErrCapsule) || strings.Contains(err.Error(), "<nil>") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
