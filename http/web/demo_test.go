package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"careconnect/assets"
	carehttp "careconnect/http"
	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/qa"
	"careconnect/http/web"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// demo is a throwaway instance with its people, served on this machine.
type demo struct {
	t      *testing.T
	store  *store.Store
	clock  *qa.Clock
	post   *notify.Post
	caught *notify.Caught
	users  []qa.User
	url    string
	client *http.Client
}

// demoBegins is a Friday afternoon in Chicago.
var demoBegins = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

func newDemo(t *testing.T) *demo {
	t.Helper()
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began) }
	start := demoBegins.Add(-qa.Before)
	d := &demo{t: t, clock: qa.NewClock(start, elapsed, false), caught: &notify.Caught{}}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	seed := uint64(7)
	var err error
	d.store, err = store.Create(store.Config{Dir: dir, Now: d.clock.Now, Elapsed: elapsed, TZData: "test", Seed: &seed},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(start.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.store.Close(); err != nil {
			t.Error(err)
		}
	})
	if d.post, err = notify.New(d.store, d.caught, assets.FS(), "http://localhost:1"); err != nil {
		t.Fatal(err)
	}
	if d.users, err = qa.Seed(context.Background(), d.store, d.post, d.clock, seed, demoBegins, qa.Scenarios[0]); err != nil {
		t.Fatal(err)
	}
	door := auth.New(d.store, d.clock.Now, elapsed, false)
	pages, err := web.New(web.Config{Store: d.store, Auth: door, Bundle: assets.New(), Now: d.clock.Now, Throwaway: &web.Throwaway{
		People: d.people, Next: func() time.Time { return time.Time{} },
		Mails: func(context.Context) []notify.Mail { return d.caught.Mails("", time.Time{}) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := carehttp.New(carehttp.Config{Auth: door, Routes: pages.Routes(), Ready: func() []string { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	d.url = server.URL
	d.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return d
}

func (d *demo) people() []web.Person {
	list := make([]web.Person, len(d.users))
	for i, u := range d.users {
		list[i] = web.Person{Role: u.Role, Name: u.Name, Login: "/qa/as/" + string(u.ID), About: u.About}
	}
	return list
}

// one is the nth person of a role.
func (d *demo) one(role care.Role, n int) qa.User {
	d.t.Helper()
	for _, u := range d.users {
		if u.Role == role {
			if n == 0 {
				return u
			}
			n--
		}
	}
	d.t.Fatalf("the demo has no such %s", role)
	return qa.User{}
}

func (d *demo) get(as qa.User, path string) (int, string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	status, body, _ := d.send(as, req)
	return status, body
}

// page is a page that must open.
func (d *demo) page(as qa.User, path string) string {
	d.t.Helper()
	status, body := d.get(as, path)
	if status != http.StatusOK {
		d.t.Fatalf("GET %s as %s: %d, %s", path, as.Role, status, excerpt(body))
	}
	return body
}

// submit sends a form, and gives the status, the page and where it leads.
func (d *demo) submit(as qa.User, path string, form url.Values) (status int, body, to string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return d.send(as, req)
}

// done sends a form that must be taken, and follows it to the next page.
func (d *demo) done(as qa.User, path string, form url.Values) string {
	d.t.Helper()
	status, body, to := d.submit(as, path, form)
	if status != http.StatusSeeOther {
		d.t.Fatalf("POST %s as %s: %d, %s", path, as.Role, status, excerpt(body))
	}
	return d.page(as, to)
}

func (d *demo) send(as qa.User, req *http.Request) (int, string, string) {
	d.t.Helper()
	req.Header.Set("Accept", "text/html")
	if as.Token != "" {
		req.Header.Set("Authorization", "Bearer "+as.Token)
	}
	res, err := d.client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header.Get("Location")
}

// wait lets time pass, with all that falls due in it.
func (d *demo) wait(for_ time.Duration) {
	d.t.Helper()
	if _, err := qa.Advance(context.Background(), d.store, d.post, d.clock, d.clock.Now().Add(for_)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *demo) chart(id care.ChartID) *care.Chart {
	d.t.Helper()
	chart, err := d.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		d.t.Fatal(err)
	}
	return chart
}

// do does an act straight in the store, for what a test begins with.
func (d *demo) do(actor care.Actor, a act.Act) string {
	d.t.Helper()
	out, err := d.store.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		d.t.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

// asked is a client of the demo with an open request to a provider.
func (d *demo) asked(provider care.ChartID) (*care.Chart, care.Referral) {
	d.t.Helper()
	for _, u := range d.users {
		if u.Role != care.RoleClient {
			continue
		}
		chart := d.chart(u.ID)
		for _, r := range chart.Referrals {
			if r.Provider == provider && r.Status == care.Submitted {
				return chart, r
			}
		}
	}
	d.t.Fatal("nobody has asked this provider")
	return nil, care.Referral{}
}

func wants(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

// excerpt is the part of a page that tells what went wrong.
func excerpt(body string) string {
	if _, main, ok := strings.Cut(body, `<main`); ok {
		body = main
	}
	return body[:min(len(body), 900)]
}
