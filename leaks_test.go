package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
	"careconnect/store/planted"
)

// postbox is a mail server that keeps what it is sent.
type postbox struct {
	mu    sync.Mutex
	mails []string
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (*postbox) Mail(string, *smtp.MailOptions) error          { return nil }
func (*postbox) Rcpt(string, *smtp.RcptOptions) error          { return nil }
func (*postbox) Reset()                                        {}
func (*postbox) Logout() error                                 { return nil }

func (p *postbox) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, string(body))
	return err
}

func (p *postbox) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mails
}

// A service that is told ten thousand words, by people who are known and by
// strangers, in fields, addresses, headers, tokens and bodies that cannot be read,
// says none of them: not in its log, at its most talkative, not on its standard
// output, not in a mail's subject or text, and not to who asks for its health.
func TestNothingThatIsToldIsLoggedOrMailed(t *testing.T) {
	i := founded(t)
	words := planted.New(11)
	secret := words.Next() + words.Next()
	client := tells(t, i.dir, words, secret)

	box := &postbox{}
	mta := smtp.NewServer(box)
	mta.AllowInsecureAuth, mta.Domain = true, "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = mta.Serve(l) }()
	defer mta.Close()
	settings := fmt.Sprintf("log:\n  level: debug\nmail:\n  host: 127.0.0.1\n  port: %d\n  plain: true\n  from: care@careconnect.example\n", l.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(i.file("careconnect.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	serving, base := startServe(t, i.dir)
	statuses := map[int]int{}
	for len(words.All) < 10_000 {
		for _, r := range requests(t, base, words, secret, client) {
			answer, err := nethttp.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			statuses[answer.StatusCode]++
		}
	}
	health := ""
	for _, path := range []string{"/readyz", "/livez", "/metrics"} {
		_, body := get(t, base+path, "")
		health += string(body)
	}
	for enough := time.Now().Add(20 * time.Second); len(box.all()) == 0 && time.Now().Before(enough); time.Sleep(50 * time.Millisecond) {
	}
	stop(t, serving)

	forms := planted.FormsOf(words.All)
	for _, said := range []struct{ where, text string }{
		{"the log", serving.err.text()}, {"standard output", serving.out.text()}, {"what is said of its health", health},
	} {
		if found := forms.Find([]byte(said.text)); len(found) > 0 {
			t.Errorf("%s shows %d of the words, the first as %s", said.where, len(found), found[0])
		}
	}
	for _, mail := range box.all() {
		var rest []string // an address is in To and nowhere else
		for line := range strings.Lines(mail) {
			if !strings.HasPrefix(line, "To: ") {
				rest = append(rest, line)
			}
		}
		if found := forms.Find([]byte(strings.Join(rest, ""))); len(found) > 0 {
			t.Errorf("a mail shows %d of the words, the first as %s", len(found), found[0])
		}
	}
	t.Logf("%d words; answers by status: %v; %d mails; %d bytes of log", len(words.All), statuses, len(box.all()), len(serving.err.text()))
	if len(box.all()) == 0 || statuses[200] == 0 || statuses[422] == 0 || statuses[401] == 0 || statuses[404] == 0 {
		t.Error("too little was tried to prove anything")
	}
	if found := forms.Find([]byte("a line with " + words.All[5000] + " in it")); len(found) == 0 {
		t.Error("the search finds nothing")
	}
}

// tells makes a client whose every field is a word, and lets them in by a token.
func tells(t *testing.T, dir string, words *planted.Words, secret string) care.ChartID {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	do := func(actor care.Actor, a act.Act) string {
		t.Helper()
		out, err := s.Do(t.Context(), actor, a)
		if err != nil {
			t.Fatal(err)
		}
		return out.Made
	}
	id := care.ChartID(do(care.Anonymous, act.Enter{
		FullName: words.Next(), Email: words.Next() + "@example.test", Phone: words.Next(), State: "IL", Zone: "America/Chicago", Source: "direct",
		Concerns: []string{words.Next()}, Language: words.Next(),
	}))
	hash := sha256.Sum256([]byte(secret))
	do(care.System, act.GivePass{Chart: id, Pass: care.Pass{Hash: hex.EncodeToString(hash[:]), Type: care.PassToken}})
	return id
}

// requests are what people send, right and wrong, all of it in words.
func requests(t *testing.T, base string, w *planted.Words, secret string, client care.ChartID) []*nethttp.Request {
	t.Helper()
	var all []*nethttp.Request
	send := func(method, path, token string, body any) {
		t.Helper()
		var text []byte
		kind := "application/json"
		switch body := body.(type) {
		case nil:
		case string:
			text = []byte(body)
		case url.Values:
			text, kind = []byte(body.Encode()), "application/x-www-form-urlencoded"
		default:
			var err error
			if text, err = json.Marshal(body); err != nil {
				t.Fatal(err)
			}
		}
		r, err := nethttp.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		r.Header.Set("User-Agent", w.Next())
		r.Header.Set("Referer", "https://"+w.Next()+".example.test/"+w.Next())
		r.Header.Set("X-Forwarded-For", w.Next())
		if method != nethttp.MethodGet {
			r.Header.Set("Idempotency-Key", w.Next())
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		all = append(all, r)
	}
	type m = map[string]any
	send("GET", "/api/v1/me", secret, nil)
	send("PUT", "/api/v1/me", secret, m{"state": "IL", "zone": "America/Chicago", "contact": m{"email": w.Next() + "@example.test", "phone": w.Next()}})
	send("PUT", "/api/v1/me", secret, m{"state": w.Next(), "zone": w.Next(), w.Next(): w.Next()})
	send("POST", "/api/v1/coverages", secret, m{"kind": "health_plan", "payer": w.Next(), "plan": w.Next(), "member_id": w.Next(), "group": w.Next(), "state": "IL"})
	send("POST", "/api/v1/coverages", secret, m{"kind": w.Next(), "payer": w.Text(3), "plan": 7})
	send("POST", "/api/v1/referrals", secret, m{"provider_id": w.Next(), "note": w.Text(20)})
	send("POST", "/api/v1/matches", secret, m{"note": w.Text(10)})
	send("POST", "/api/v1/benefit", secret, m{"employer_code": w.Next(), "evidence": w.Next()})
	send("PUT", "/api/v1/consent", secret, m{"sharing": true, "scopes": []string{w.Next()}, "text_version": w.Next()})
	send("PUT", "/api/v1/consent", secret, m{"sharing": false, "text_version": act.ConsentTextVersion})
	send("PUT", "/api/v1/screenings/"+w.Next()+"/answers", secret, m{"answers": m{w.Next(): 2}})
	send("POST", "/api/v1/coverages", secret, `{"payer": "`+w.Text(3))
	send("GET", "/api/v1/me", w.Next(), nil)
	send("GET", "/api/v1/referrals/"+w.Next(), secret, nil)
	send("GET", "/api/v1/referrals?status="+w.Next()+"&cursor="+w.Next(), secret, nil)
	send("GET", "/api/v1/providers?q="+w.Next()+"+"+w.Next()+"&specialty="+w.Next()+"&cursor="+w.Next(), "", nil)
	send("GET", "/find?q="+w.Next()+"&employer="+w.Next()+"&specialty="+w.Next(), "", nil)
	send("GET", "/"+w.Next()+"/"+w.Next()+"?"+w.Next()+"="+w.Next(), "", nil)
	send("GET", "/set-up/"+w.Next(), "", nil)
	send("POST", "/sign-in/link", "", url.Values{"email": {w.Next() + "@example.test"}})
	send("DELETE", "/api/v1/me?"+w.Next(), secret, w.Next())
	if len(w.All) < 400 { // each costs a tenth of a second, and says the same
		send("POST", "/sign-in", "", url.Values{"email": {w.Next() + "@example.test"}, "password": {w.Next()}, "next": {"/" + w.Next()}})
		send("POST", "/sign-in", "", url.Values{w.Next(): {w.Next()}})
	}
	return all
}
