package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

const phrase = "seven quiet lanterns by the mere"

// world is a door to a real store, with both clocks in the test's hands.
type world struct {
	*testing.T
	*Auth
	store   *store.Store
	now     time.Time
	elapsed time.Duration
}

func newWorld(t *testing.T, secure bool) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	w.store, err = store.Create(store.Config{Dir: dir, Now: func() time.Time { return w.now }, Elapsed: func() time.Duration { return w.elapsed }, TZData: "test"},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(w.now.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Auth = New(w.store, func() time.Time { return w.now }, func() time.Duration { return w.elapsed }, secure)
	return w
}

// account opens one, with a set-up link, and gives the link's secret.
func (w *world) account(role care.Role, email string) (care.ChartID, string) {
	w.Helper()
	secret, pass := w.Invite()
	out, err := w.store.Do(context.Background(), care.System, act.OpenAccount{Role: role, FullName: "Wren Umberdale", Email: email, Pass: &pass})
	if err != nil || out.Decision.Outcome != rules.Yes {
		w.Fatalf("open account: %v %v", err, out.Decision.Reasons())
	}
	return care.ChartID(out.Made), secret
}

// ready is an account whose password is set.
func (w *world) ready(role care.Role, email string) care.ChartID {
	w.Helper()
	id, secret := w.account(role, email)
	if err := w.SetPassword(context.Background(), secret, phrase); err != nil {
		w.Fatal(err)
	}
	return id
}

// comes sends a request through the door and says who came, and what the answer
// carries.
func (w *world) comes(set func(*http.Request)) (Who, *http.Response) {
	w.Helper()
	var who Who
	h := w.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = Of(r.Context()) }))
	r := httptest.NewRequest(http.MethodGet, "/home", nil)
	set(r)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return who, rec.Result()
}

func cookie(c *http.Cookie) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
}

func bearing(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

func (w *world) signIn(email, password string) (*http.Cookie, error) {
	w.Helper()
	rec := httptest.NewRecorder()
	if err := w.SignIn(rec, httptest.NewRequest(http.MethodPost, "/sign-in", nil), email, password); err != nil {
		return nil, err
	}
	return rec.Result().Cookies()[0], nil
}

func (w *world) mustSignIn(email string) *http.Cookie {
	w.Helper()
	c, err := w.signIn(email, phrase)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// A session lives as long as it is used: half an hour for staff, two weeks for
// the others. The browser is told so, too.
func TestSessionEndsWhenIdleAndLivesWhenUsed(t *testing.T) {
	w := newWorld(t, true)
	w.ready(care.RoleCareTeam, "desk@example.test")
	c := w.mustSignIn("desk@example.test")
	if c.MaxAge != 30*60 {
		t.Errorf("the browser keeps it for %d s", c.MaxAge)
	}
	for range 12 { // two hours of work, a click every ten minutes
		w.now = w.now.Add(10 * time.Minute)
		who, answer := w.comes(cookie(c))
		if who.Actor.Role != care.RoleCareTeam {
			t.Fatalf("signed out while at work, as %q", who.Actor.Role)
		}
		again := answer.Cookies()
		if len(again) != 1 || again[0].Value != c.Value || again[0].MaxAge != 30*60 || !again[0].HttpOnly {
			t.Fatal("the browser is not told that the session goes on")
		}
	}
	w.now = w.now.Add(time.Minute)
	if _, answer := w.comes(cookie(c)); len(answer.Cookies()) != 0 {
		t.Error("every request moves the session's end")
	}
	w.now = w.now.Add(29 * time.Minute)
	who, answer := w.comes(cookie(c))
	if who.Actor.Chart != "" || !who.Stale || len(answer.Cookies()) != 0 {
		t.Errorf("half an hour idle, and still %q", who.Actor.Role)
	}
}

func TestPeopleStaySignedInForTwoWeeks(t *testing.T) {
	if got := idle(care.RoleClient); got != 14*24*time.Hour {
		t.Errorf("a client's: %v", got)
	}
	if got := idle(care.RoleProvider); got != 14*24*time.Hour {
		t.Errorf("a provider's: %v", got)
	}
	for _, role := range []care.Role{care.RoleCareTeam, care.RoleClinical, care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator} {
		if got := idle(role); got != 30*time.Minute {
			t.Errorf("%s: %v", role, got)
		}
	}
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{true, false} {
		w := newWorld(t, secure)
		w.ready(care.RoleOperator, "op@example.test")
		c := w.mustSignIn("op@example.test")
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != secure || strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("secure %t: %s", secure, c.Name)
		}
		if len(c.Value) < 43 {
			t.Errorf("a secret of %d letters", len(c.Value))
		}
		body, err := json.Marshal(w.chart(w.mustWho(c)))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{c.Value, phrase} {
			if strings.Contains(string(body), secret) {
				t.Error("a secret stands in the chart")
			}
		}
		if !strings.Contains(string(body), Hash(c.Value)) || !strings.Contains(string(body), "$argon2id$v=19$m=65536,t=3,p=1$") {
			t.Error("its hash does not")
		}
	}
}

func (w *world) mustWho(c *http.Cookie) care.ChartID {
	w.Helper()
	who, _ := w.comes(cookie(c))
	if who.Actor.Chart == "" {
		w.Fatal("the cookie opens nothing")
	}
	return who.Actor.Chart
}

func (w *world) chart(id care.ChartID) *care.Chart {
	w.Helper()
	c, err := w.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func TestSignOutEndsThisSessionAndNoOther(t *testing.T) {
	w := newWorld(t, true)
	w.ready(care.RoleClinical, "clinical@example.test")
	here, there := w.mustSignIn("clinical@example.test"), w.mustSignIn("clinical@example.test")
	if here.Value == there.Value {
		t.Fatal("two sessions share a secret")
	}
	rec := httptest.NewRecorder()
	h := w.Middleware(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.SignOut(rw, r); err != nil {
			t.Error(err)
		}
	}))
	r := httptest.NewRequest(http.MethodPost, "/sign-out", nil)
	cookie(here)(r)
	h.ServeHTTP(rec, r)
	if gone := rec.Result().Cookies(); len(gone) != 1 || gone[0].MaxAge != -1 || gone[0].Name != here.Name || gone[0].Value != "" {
		t.Error("the browser keeps its cookie")
	}
	if who, _ := w.comes(cookie(here)); who.Actor.Chart != "" {
		t.Error("the session goes on")
	}
	w.mustWho(there)
}

func TestLinkWorksOnceEndsOtherSessionsAndRunsOut(t *testing.T) {
	w := newWorld(t, true)
	id := w.ready(care.RoleBilling, "billing@example.test")
	old := w.mustSignIn("billing@example.test")
	token, second := Secret(), ""
	w.give(id, care.Pass{Hash: Hash(token), Type: care.PassToken})
	var link string
	for _, into := range []*string{&link, &second} {
		secret, pass := w.Invite()
		w.give(id, pass)
		*into = secret
	}
	redeem := func(secret, password string) (*http.Cookie, error) {
		rec := httptest.NewRecorder()
		err := w.Redeem(rec, httptest.NewRequest(http.MethodPost, "/set-up/x", nil), secret, password)
		if err != nil {
			return nil, err
		}
		return rec.Result().Cookies()[0], nil
	}
	if _, err := redeem(link, "short"); err == nil {
		t.Fatal("a weak password was taken")
	}
	fresh, err := redeem(link, "another phrase of the same person")
	if err != nil {
		t.Fatal(err) // a weak password does not use the link up
	}
	w.mustWho(fresh)
	if who, _ := w.comes(cookie(old)); who.Actor.Chart != "" {
		t.Error("a session from before goes on")
	}
	for name, secret := range map[string]string{"the same link": link, "another link from before": second, "nothing": "", "a session": fresh.Value, "a token": token} {
		if _, err := redeem(secret, phrase); code(err) != "link_used" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if who, _ := w.comes(bearing(token)); who.Actor.Chart != id {
		t.Error("the token ended with the sessions")
	}
	if _, err := w.signIn("billing@example.test", phrase); code(err) != "wrong_password" {
		t.Errorf("the old password: %v", err)
	}
	for _, kind := range []struct {
		make func() (string, care.Pass)
		life time.Duration
	}{{w.Invite, 7 * 24 * time.Hour}, {w.SetUp, 30 * time.Minute}} {
		secret, pass := kind.make()
		w.give(id, pass)
		w.now = w.now.Add(kind.life - time.Second)
		if _, ok := w.Invited(secret); !ok {
			t.Errorf("a link of %v runs out early", kind.life)
		}
		w.now = w.now.Add(time.Second)
		if _, ok := w.Invited(secret); ok {
			t.Errorf("a link of %v does not run out", kind.life)
		}
		if _, err := redeem(secret, phrase); code(err) != "link_used" {
			t.Errorf("a link that ran out: %v", err)
		}
	}
}

func (w *world) give(id care.ChartID, pass care.Pass) {
	w.Helper()
	if _, err := w.store.Do(context.Background(), care.System, act.GivePass{Chart: id, Pass: pass}); err != nil {
		w.Fatal(err)
	}
}

// code is that of a fault; empty for nil.
func code(err error) string {
	if err == nil {
		return ""
	}
	if f, ok := err.(*care.Fault); ok {
		return f.Code
	}
	return err.Error()
}

// Two browsers open one link at once: one password is set.
func TestLinkOpensOneOfTwoBrowsers(t *testing.T) {
	w := newWorld(t, true)
	_, link := w.account(care.RoleBilling, "billing@example.test")
	var wait sync.WaitGroup
	codes := make([]string, 2)
	for i := range codes {
		wait.Go(func() {
			codes[i] = code(w.Redeem(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/set-up/x", nil), link, phrase))
		})
	}
	wait.Wait()
	if codes[0]+codes[1] != "link_used" {
		t.Errorf("got %q", codes)
	}
}

// Each secret opens its own door only.
func TestSecretsAreNotMixed(t *testing.T) {
	w := newWorld(t, true)
	id := w.ready(care.RolePayer, "payer@example.test")
	session := w.mustSignIn("payer@example.test")
	token := Secret()
	w.give(id, care.Pass{Hash: Hash(token), Type: care.PassToken})
	invite, pass := w.Invite()
	w.give(id, pass)
	as := func(value string) func(*http.Request) { return cookie(&http.Cookie{Name: session.Name, Value: value}) }
	for _, c := range []struct {
		name   string
		set    func(*http.Request)
		status int
		in     bool
	}{
		{"session as cookie", as(session.Value), 200, true},
		{"token as bearer", bearing(token), 200, true},
		{"nothing", func(*http.Request) {}, 200, false},
		{"token as cookie", as(token), 200, false},
		{"session as bearer", bearing(session.Value), 401, false},
		{"invite as cookie", as(invite), 200, false},
		{"invite as bearer", bearing(invite), 401, false},
		{"a hash as bearer", bearing(Hash(token)), 401, false},
		{"rubbish as cookie", as("x"), 200, false},
		{"rubbish as bearer", bearing("x"), 401, false},
		{"cookie of the plain name", cookie(&http.Cookie{Name: "careconnect", Value: session.Value}), 200, false},
		{"bad token beside a good cookie", func(r *http.Request) { as(session.Value)(r); bearing("x")(r) }, 401, false},
	} {
		who, answer := w.comes(c.set)
		if (who.Actor.Chart != "") != c.in || answer.StatusCode != c.status {
			t.Errorf("%s: %d as %q", c.name, answer.StatusCode, who.Actor.Role)
		}
		if c.status == 401 && answer.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: 401 without a challenge", c.name)
		}
	}
}

// A stranger learns nothing from being refused: the same words for every
// address, and the same number of computations, so that the time is the same.
func TestRefusalsAreAlike(t *testing.T) {
	w := newWorld(t, true)
	w.ready(care.RoleOperator, "op@example.test")
	w.account(care.RoleOperator, "invited@example.test") // no password yet
	w.ready(care.RoleBilling, "twice@example.test")
	w.ready(care.RoleClinical, "twice@example.test")
	w.ready(care.RolePayer, "thrice@example.test")
	w.ready(care.RoleClinical, "thrice@example.test")
	w.ready(care.RoleBilling, "thrice@example.test")
	// The slots are handed out by the test, which counts them.
	slots, computed := make(chan struct{}), 0
	w.limits.slots = slots
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range slots {
			computed++
			slots <- struct{}{}
		}
	}()
	words := ""
	for _, c := range []struct{ email, password string }{
		{"op@example.test", "not the password at all"},
		{"op@example.test", ""},
		{"op@example.test", strings.Repeat("x", 1<<16)},
		{"nobody@example.test", phrase},
		{"invited@example.test", phrase},
		{"invited@example.test", ""},
		{"twice@example.test", "not the password at all"},
		{"thrice@example.test", "not the password at all"},
		{"", ""},
	} {
		before := computed
		_, err := w.signIn(c.email, c.password)
		if code(err) != "wrong_password" {
			t.Fatalf("%s: %v", c.email, err)
		}
		if words == "" {
			words = err.Error()
		}
		if err.Error() != words {
			t.Errorf("%s: other words", c.email)
		}
		if n := computed - before; n != accountsTried {
			t.Errorf("%s: %d computations, want %d", c.email, n, accountsTried)
		}
	}
	before := computed
	w.mustSignIn(" OP@example.test ")
	if n := computed - before; n != accountsTried {
		t.Errorf("the right password: %d computations", n)
	}
	close(slots)
	<-done
}

// TestR14AnotherAccountIsOpenedAsBySigningIn: to a client who is signed in, an address
// that nobody has answers as a wrong password does, with as many computations; an
// account that is not a client's is not known; and tries are counted with those of
// signing in, whatever comes of them.
func TestR14AnotherAccountIsOpenedAsBySigningIn(t *testing.T) {
	w := newWorld(t, true)
	enters := func(email string) care.ChartID {
		t.Helper()
		secret, pass := w.Invite()
		out, err := w.store.Do(context.Background(), care.Anonymous, act.Enter{FullName: "Wren Umberdale", Email: email, State: "IL", Zone: "America/Chicago", Pass: &pass})
		if err != nil || out.Decision.Outcome != rules.Yes {
			t.Fatalf("enter: %v", err)
		}
		if err := w.SetPassword(context.Background(), secret, phrase); err != nil {
			t.Fatal(err)
		}
		return care.ChartID(out.Made)
	}
	mine, other := enters("wren@example.test"), enters("wren@example.test")
	elsewhere := enters("umberdale@example.test")
	w.ready(care.RoleBilling, "billing@example.test")
	ctx := context.WithValue(context.Background(), whoKey{}, Who{Actor: care.Actor{Role: care.RoleClient, Chart: mine}})
	slots, computed := make(chan struct{}), 0
	w.limits.slots = slots
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range slots {
			computed++
			slots <- struct{}{}
		}
	}()
	words := ""
	for _, c := range []struct{ email, password string }{
		{"wren@example.test", "not the password at all"},
		{"umberdale@example.test", "not the password at all"},
		{"nobody@example.test", phrase},
		{"billing@example.test", phrase},
		{"", ""},
	} {
		before := computed
		_, err := w.Other(ctx, c.email, c.password)
		if code(err) != "wrong_password" {
			t.Fatalf("%s: %v", c.email, err)
		}
		if words == "" {
			words = err.Error()
		}
		if err.Error() != words {
			t.Errorf("%s: other words", c.email)
		}
		if n := computed - before; n != accountsTried {
			t.Errorf("%s: %d computations, want %d", c.email, n, accountsTried)
		}
	}
	for email, want := range map[string]care.ChartID{"Wren@example.test": other, "umberdale@example.test": elsewhere} {
		if got, err := w.Other(ctx, email, phrase); err != nil || got.Chart != want {
			t.Errorf("%s opens %q and not the other account: %v", email, got.Chart, err)
		}
	}
	for range 8 { // with the two above these are ten
		_, _ = w.Other(ctx, "wren@example.test", phrase)
	}
	if _, err := w.Other(ctx, "wren@example.test", phrase); code(err) != "too_many_tries" {
		t.Errorf("the eleventh: %v", err)
	}
	if _, err := w.signIn("wren@example.test", phrase); code(err) != "too_many_tries" {
		t.Errorf("signing in after them: %v", err)
	}
	close(slots)
	<-done
}

// Ten wrong tries lock an address for a quarter of an hour, known or not, and no
// other; the right password does not help until then.
func TestTenWrongTriesLockTheAddress(t *testing.T) {
	w := newWorld(t, true)
	w.ready(care.RoleOperator, "op@example.test")
	w.ready(care.RoleBilling, "other@example.test")
	for _, email := range []string{"op@example.test", "nobody@example.test"} {
		for try := range 9 {
			w.breakOff([]string{email, strings.ToUpper(email), " " + email}[try%3])
		}
		if _, err := w.signIn(email, "not the password at all"); code(err) != "wrong_password" {
			t.Fatalf("the tenth: %v", err)
		}
		if _, err := w.signIn(email, phrase); code(err) != "too_many_tries" {
			t.Errorf("the eleventh: %v", err)
		}
	}
	w.mustSignIn("other@example.test")
	w.elapsed += 15*time.Minute - time.Second
	if _, err := w.signIn("op@example.test", phrase); code(err) != "too_many_tries" {
		t.Errorf("a second early: %v", err)
	}
	w.elapsed += time.Second
	w.mustSignIn("op@example.test")
	for range 9 { // a good sign-in begins the count anew
		w.breakOff("op@example.test")
	}
	w.mustSignIn("op@example.test")
}

// Whoever has an account under somebody else's address does not begin the count of
// tries at the other's password anew by signing in to their own.
func TestAnotherAccountOfTheAddressForgivesNoTries(t *testing.T) {
	w := newWorld(t, true)
	w.ready(care.RoleOperator, "op@example.test")
	_, link := w.account(care.RoleBilling, "op@example.test")
	if err := w.SetPassword(context.Background(), link, "another phrase of somebody else"); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		w.breakOff("op@example.test")
	}
	if _, err := w.signIn("op@example.test", "another phrase of somebody else"); err != nil {
		t.Fatalf("a good sign-in counts as no try: %v", err)
	}
	if err := w.breakOff("op@example.test"); code(err) == "too_many_tries" {
		t.Error("the tenth try is refused")
	}
	if err := w.breakOff("op@example.test"); code(err) != "too_many_tries" {
		t.Errorf("the eleventh: %v", err)
	}
}

// breakOff makes a try, and goes away before it is computed.
func (w *world) breakOff(email string) error {
	slots := w.limits.slots
	w.limits.slots = make(chan struct{}) // nobody gets one
	defer func() { w.limits.slots = slots }()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	return w.SignIn(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/sign-in", nil).WithContext(gone), email, phrase)
}

// Tries that are made at once count as those made one by one.
func TestTriesAtOnceAreCounted(t *testing.T) {
	w := newWorld(t, true)
	var wait sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for range 20 {
		wait.Go(func() {
			_, err := w.signIn("op@example.test", "not the password at all")
			mu.Lock()
			defer mu.Unlock()
			got[code(err)]++
		})
	}
	wait.Wait()
	if got["wrong_password"] != 10 || got["too_many_tries"] != 10 {
		t.Errorf("got %v, want 10 computed and 10 refused", got)
	}
}

// Whoever goes away while they wait has tried all the same.
func TestTryThatIsBrokenOffCounts(t *testing.T) {
	w := newWorld(t, true)
	for try := range 11 {
		err := w.breakOff("op@example.test")
		if (code(err) == "too_many_tries") != (try == 10) {
			t.Fatalf("try %d: %v", try+1, err)
		}
	}
}

// What a stranger sends as an address is not what is remembered.
func TestLongAddressesTakeNoRoom(t *testing.T) {
	l := newLimits(func() time.Duration { return 0 })
	l.take(strings.Repeat("x", 1<<20))
	for key := range l.tries {
		if len(key) > 64 {
			t.Errorf("%d bytes are kept of an address", len(key))
		}
	}
}

func TestNewPasswords(t *testing.T) {
	for _, c := range []struct {
		password string
		good     bool
	}{
		{"", false},
		{"Tr0ub4dor&3!xy", false}, // fourteen, of every kind
		{"fifteen letters", true}, // no capital, no digit
		{"äöüßäöüßäöüßäöü", false},
		{"zwölf große übungen", true},
		{strings.Repeat("lantern ", 32), true}, // 256
		{strings.Repeat("lantern ", 32) + "x", false},
		{"passwordpassword", false},
		{"Password Password 1", false},
		{"correct horse battery staple", false},
		{"123456789012345", false},
		{"               ", false},
		{"bbbbbbbbbbbbbbbbbbb", false},
		{"abcabcabcabcabcabc", false},
		{phrase, true},
	} {
		if says := CheckNew(c.password); (says == "") != c.good {
			t.Errorf("%d letters: %q", len([]rune(c.password)), says)
		}
	}
}

func TestEncodedPasswords(t *testing.T) {
	one, two := encodePassword(phrase, rand.Reader), encodePassword(phrase, rand.Reader)
	if one == two {
		t.Error("two people with one password share a hash")
	}
	if !samePassword(one, phrase) || samePassword(one, phrase+" ") || samePassword(one, "") {
		t.Error("the wrong ones are the same")
	}
	for _, broken := range []string{"", "$", "$argon2id$v=19$m=65536,t=3,p=1$$", "$argon2id$v=19$m=4294967295,t=3,p=1$AAAA$AAAA", "$argon2id$v=19$m=65536,t=0,p=1$AAAA$AAAA", "$argon2id$v=19$m=65536,t=3,p=0$AAAA$AAAA", "a$b$c$d$e$f"} {
		if samePassword(broken, "") || samePassword(broken, phrase) {
			t.Errorf("%q opens", broken)
		}
	}
}
