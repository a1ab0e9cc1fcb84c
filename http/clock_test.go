package http_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/assets"
	front "careconnect/http"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// lasting is a lasting instance that serves, with its clock and real time in the
// test's hands.
type lasting struct {
	*testing.T
	store         *store.Store
	service       *front.Service
	config        store.Config
	wall, elapsed atomic.Int64 // in nanoseconds; the first since 1970
}

func newLasting(t *testing.T) *lasting {
	t.Helper()
	l := &lasting{T: t}
	l.wall.Store(friday.UnixNano())
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.config = store.Config{
		Dir: dir, TZData: "test",
		Now:     func() time.Time { return time.Unix(0, l.wall.Load()) },
		Elapsed: func() time.Duration { return time.Duration(l.elapsed.Load()) },
	}
	var err error
	l.store, err = store.Create(l.config, store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(friday.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	l.serve()
	t.Cleanup(func() { _ = l.service.Close() })
	return l
}

func (l *lasting) serve() {
	l.Helper()
	var err error
	l.service, err = front.NewService(front.ServiceConfig{
		Store: l.store, Bundle: assets.New(), Now: l.config.Now, Elapsed: l.config.Elapsed, Base: "https://care.example.test", Secure: true,
	})
	if err != nil {
		l.Fatal(err)
	}
}

// restart stops the service and starts it again, some time later.
func (l *lasting) restart(later time.Duration) {
	l.Helper()
	if err := l.service.Close(); err != nil {
		l.Fatal(err)
	}
	l.wall.Add(int64(later))
	var err error
	if l.store, err = store.Open(l.config); err != nil {
		l.Fatal(err)
	}
	l.serve()
}

// signedIn opens an account of a role, and gives the cookie of its session.
func (l *lasting) signedIn(role care.Role) (cookie string, id care.ChartID) {
	l.Helper()
	return l.session(l.does(act.OpenAccount{Role: role, FullName: "Desk", Email: string(role) + "@example.test"}))
}

// session is one of whoever has a chart.
func (l *lasting) session(chart string) (cookie string, id care.ChartID) {
	l.Helper()
	secret := auth.Secret()
	l.does(act.GivePass{Chart: care.ChartID(chart), Pass: care.Pass{Hash: auth.Hash(secret), Type: care.PassSession, Expires: l.store.Passing().Add(30 * time.Minute)}})
	return "__Host-careconnect=" + secret, care.ChartID(chart)
}

func (l *lasting) does(a act.Act) string {
	l.Helper()
	out, err := l.store.Do(l.Context(), care.System, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		l.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

// ready waits until /readyz says something, or no longer does.
func (l *lasting) ready(says string, still bool) {
	l.Helper()
	body := ""
	for range 1000 {
		w := asked(l.service, "GET", "/readyz", "")
		if body = w.Body.String(); w.Code == http.StatusOK && strings.Contains(body, says) == still {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	l.Fatalf("/readyz says %q: %t was wanted of %q", body, still, says)
}

// A clock that leaps is told in /readyz and on the operator's page, where a
// person confirms it; one that is behind is told, and so is catching up.
func TestAClockThatIsDoubtfulIsTold(t *testing.T) {
	l := newLasting(t)
	operator, _ := l.signedIn(care.RoleOperator)
	desk, _ := l.signedIn(care.RoleCareTeam)
	page := func() string {
		return asked(l.service, "GET", "/desk", "", "Cookie", operator, "Accept", "text/html").Body.String()
	}
	if strings.Contains(page(), "Is this clock right?") {
		t.Error("the clock is doubted before it leaps")
	}
	l.wall.Add(int64(30 * time.Hour))
	l.ready("warning: clock jump from 2026-", true)
	if p := page(); !strings.Contains(p, "Is this clock right?") || !strings.Contains(p, `action="/desk/clock"`) {
		t.Error("the operator is not asked")
	}
	post := func(cookie string) int {
		return asked(l.service, "POST", "/desk/clock", url.Values{}.Encode(), "Cookie", cookie, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html", "Sec-Fetch-Site", "same-origin").Code
	}
	if got := post(desk); got != http.StatusForbidden {
		t.Errorf("the care team confirms it: %d", got)
	}
	l.ready("warning: clock jump", true)
	if got := post(operator); got != http.StatusSeeOther {
		t.Errorf("the operator confirms it: %d", got)
	}
	l.ready("warning: clock jump", false)

	l.signedIn(care.RoleBilling) // whoever looked at a page is noted within a second, or not yet: this is, now
	l.wall.Add(-int64(2 * time.Hour))
	l.ready("warning: the clock is 2h0m0s behind", true)
	l.restart(26 * time.Hour)
	l.ready("caught up after 24h0m0s", true) // since the last commit, which was before the clock went back
	l.ready("warning: the clock", false)
}
