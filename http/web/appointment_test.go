package web_test

import (
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Without script: a client holds a time, books it, moves it, and cancels it by the
// page that the mails lead to. Looking at a page changes nothing.
func TestR19AClientMovesAndCancelsByTheLinkInTheMail(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	id := h.provider(true)
	b.get("/p/" + string(id) + "/book?state=IL&employer=LANTERN").answers(200).shows("Hold this time")
	start := b.value("start")
	b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"start": {start}})).answers(200).shows("Your consultation is booked", "Move or cancel")
	ap := b.chart().Appointments[0]
	page := "/me/appt/" + string(ap.ID)
	b.get(page).answers(200).shows("Move it", "Cancel it", "For my calendar")
	b.file(page+"/calendar").answers(200).shows("BEGIN:VCALENDAR", "METHOD:REQUEST", "SEQUENCE:0", "SUMMARY:Appointment").lacks("onsultation")
	b.get(page + "/move").answers(200).shows("Both sides are told")
	to := ""
	for _, v := range b.values("start") {
		if v != start {
			to = v
			break
		}
	}
	b.postTo(page+"/move", nil).answers(422).shows("Choose a time.")
	b.postTo(page+"/move", url.Values{"start": {to}}).answers(200).shows("Moved", "Moved by the client")
	b.file(page + "/calendar").shows("SEQUENCE:1")
	b.get(page+"/cancel").answers(200).shows("the time is free again", "Keep it")
	if got := b.chart().Appointments[0]; got.Status != care.Booked || got.Sequence != 1 {
		t.Fatalf("looking at the page has made it %s, %d", got.Status, got.Sequence)
	}
	b.postTo(page+"/cancel", nil).answers(200).shows("Cancelled", "Choose a time")
	b.file(page+"/calendar").shows("METHOD:CANCEL", "SEQUENCE:2", "STATUS:CANCELLED")
	b.get(page).answers(200).shows("Cancelled by the client").lacks("Move it")

	// None of the times fits: then it is the provider's turn.
	r := b.chart().Referrals[0]
	b.get("/me/r/" + string(r.ID) + "/time").answers(200).shows("None of these fits")
	b.postTo("/me/r/"+string(r.ID)+"/other-times", url.Values{"wish": {"2026-12-01T10:00", ""}}).answers(200).shows("Asked for other times", "’s turn")
	if got := b.chart().Referrals[0]; got.AskedAt.IsZero() || len(got.Preferred) != 1 {
		t.Errorf("asked at %v for %v", got.AskedAt, got.Preferred)
	}
	stranger := h.browser()
	for _, path := range []string{page, page + "/move", page + "/cancel"} {
		stranger.get(path).shows("Sign in")
	}
}

// TestR18TheBookingPageHoldsATime for somebody who is signed in, and shows for how
// long, without script too.
func TestR18TheBookingPageHoldsATime(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	asked := h.provider(false)
	b.get("/p/" + string(asked) + "/book?state=IL&employer=LANTERN")
	b.postTo("/p/"+string(asked)+"/book", b.newcomer(nil)).answers(200)
	path := "/p/" + string(h.provider(true))
	b.get(path + "/book").answers(200).shows("Hold this time for me")
	start := b.value("start")
	form := b.carried()
	form.Set("start", start)
	b.postTo(path+"/hold", form).answers(200).shows("Held for you for", "held for you", start+`" checked`)
	if holds := b.chart().Holds; len(holds) != 1 || holds[0].Until.Sub(h.clock.Now()) != 10*time.Minute {
		t.Fatalf("held: %v", holds)
	}
	form = b.carried()
	form.Set("start", start)
	b.postTo(path+"/book", form).answers(200).shows("Your consultation is booked")
	if len(b.chart().Holds) != 0 {
		t.Error("the hold outlived the booking")
	}
}

// TestR18SomebodyNewHoldsATimeOnThePage by their browser alone: what they have filled in
// stays, nobody else gets the time, and their request takes it.
func TestR18SomebodyNewHoldsATimeOnThePage(t *testing.T) {
	h := newHouse(t)
	b, other := h.browser(), h.browser()
	p := h.provider(true)
	path := "/p/" + string(p)
	b.get(path + "/book?state=IL&employer=LANTERN").answers(200).shows("Hold this time for me")
	start := b.value("start")
	b.postTo(path+"/hold", b.newcomer(nil)).answers(422).shows("Choose a time.")
	b.postTo(path+"/hold", b.newcomer(url.Values{"start": {start}})).answers(200).shows("Held for you for", "held for you", start+`" checked`, `value="Wren Talverone"`)
	holds := h.of(p).Holds
	if len(holds) != 1 || holds[0].Client != "" || holds[0].Until.Sub(h.clock.Now()) != 10*time.Minute {
		t.Fatalf("held: %+v", holds)
	}
	at, _ := url.Parse(b.url)
	for _, c := range b.http.Jar.Cookies(at) {
		if strings.Contains(string(holds[0].Holder), c.Value) {
			t.Error("the browser's secret is kept as it is")
		}
	}
	b.get(path+"/book?state=IL&employer=LANTERN").answers(200).shows("Held for you for", start+`" checked`)
	other.get(path+"/book?state=IL&employer=LANTERN").answers(200).lacks("Held for you", `value="`+start+`"`)
	other.postTo(path+"/book", other.newcomer(url.Values{"start": {start}, "email": {"other@example.test"}})).answers(409).shows("no longer free")
	later := b.values("start")
	b.postTo(path+"/hold", b.newcomer(url.Values{"start": {later[len(later)-1]}})).answers(200).shows("Held for you for")
	if holds := h.of(p).Holds; len(holds) != 1 || holds[0].Start.UTC().Format(time.RFC3339) != later[len(later)-1] {
		t.Fatalf("held after another choice: %+v", holds)
	}
	b.postTo(path+"/book", b.newcomer(url.Values{"start": {later[len(later)-1]}})).answers(200).shows("Your consultation is booked")
	if len(h.of(p).Holds) != 0 {
		t.Error("the hold outlived the booking")
	}
	if cookies := b.http.Jar.Cookies(at); len(cookies) != 1 {
		t.Errorf("%d cookies after the booking", len(cookies))
	}
	h.do(care.System, act.Pause{Provider: p})
	other.postTo(path+"/hold", other.newcomer(url.Values{"start": {start}})).answers(404)
}

// TestR18OneNetworkHoldsFewTimesOnThePage: whoever comes from where many were held keeps
// what they have filled in, is told what to do, and books.
func TestR18OneNetworkHoldsFewTimesOnThePage(t *testing.T) {
	h := newHouse(t)
	path := "/p/" + string(h.provider(true))
	b := h.browser()
	b.by = "203.0.113.9"
	b.get(path + "/book?state=IL&employer=LANTERN").answers(200)
	starts := b.values("start")
	taken := h.browser()
	taken.by = "203.0.113.77"
	taken.postTo(path+"/hold", b.newcomer(url.Values{"start": {starts[0]}})).answers(200)
	for range 20 { // what is refused in any case counts for nothing
		b.postTo(path+"/hold", b.newcomer(url.Values{"start": {starts[0]}})).answers(409)
	}
	for n := range 10 {
		b.postTo(path+"/hold", b.newcomer(url.Values{"start": {starts[1+n%2]}})).answers(200).shows("Held for you for")
	}
	next := h.browser()
	next.by = b.by
	form := b.newcomer(url.Values{"start": {starts[3]}, "email": {"next@example.test"}})
	next.postTo(path+"/hold", form).answers(429).shows("This one is still free: fill in the form and book it", starts[3]+`" checked`, `value="Wren Talverone"`).lacks("Held for you")
	if wait, err := strconv.Atoi(next.after); err != nil || wait < 3000 || wait > 3600 {
		t.Errorf("Retry-After %q", next.after)
	}
	next.postTo(path+"/book", form).answers(200).shows("Your consultation is booked")
	known := h.browser() // who is known is not counted with them
	known.by = b.by
	asked := "/p/" + string(h.provider(false)) + "/book"
	known.get(asked + "?state=IL&employer=LANTERN")
	known.postTo(asked, known.newcomer(url.Values{"email": {"known@example.test"}})).answers(200)
	known.get(path + "/book").answers(200)
	form = known.carried()
	form.Set("start", starts[4])
	known.postTo(path+"/hold", form).answers(200).shows("Held for you for")
}

// TestR37NobodyCameAndNotAFitOnThePages: each says first what it leads to.
func TestR37NobodyCameAndNotAFitOnThePages(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	id := h.provider(true)
	b.get("/p/" + string(id) + "/book?state=IL&employer=LANTERN")
	b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"start": {b.value("start")}})).answers(200)
	ap := b.chart().Appointments[0]
	page := "/me/appt/" + string(ap.ID)
	h.until(ap.Start.Add(14 * time.Minute))
	b.get(page).answers(200).lacks("Nobody came")
	h.until(ap.Start.Add(15 * time.Minute))
	b.get(page).answers(200).shows("Nobody came", "Others who can see you in time")
	b.get(page + "/nobody").answers(200).shows("The care team is told at once")
	b.postTo(page+"/nobody", nil).answers(200).shows("The care team has been told", "Choose a time")
	r := b.chart().Referrals[0]
	b.get("/me/r/" + string(r.ID) + "/time").answers(200)
	b.postTo("/me/r/"+string(r.ID)+"/time", url.Values{"start": {b.value("start")}}).answers(200)
	next := b.chart().Referrals[0].Meeting
	at, _ := b.chart().Appointment(next)
	h.until(at.Start.Add(time.Minute))
	h.do(care.Actor{Role: care.RoleProvider, Chart: id}, act.Outcome{Appointment: next, Result: care.Attended})
	b.get("/me").answers(200)
	b.get(b.link(`/me/r/[^"]*/fit`)).answers(200).shows("offered others", "The promise does not move")
	b.postTo("/me/r/"+string(r.ID)+"/fit", nil).answers(200).shows("kindly", "was not the right one")
	if got := b.chart().Referrals[0]; got.Status != care.NotAFit || strings.Contains(b.body, "We do not fit") {
		t.Errorf("the request is %s", got.Status)
	}
}

// values are all values that a name has on the page.
func (b *browser) values(name string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`name="`+name+`" value="([^"]*)"`).FindAllStringSubmatch(b.body, -1) {
		all = append(all, m[1])
	}
	return all
}

// file is what a path answers that is no page.
func (b *browser) file(path string) *browser {
	b.t.Helper()
	answer, err := b.http.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.body, b.code = path, string(body), answer.StatusCode
	return b
}

// TestR24TheClientDecidesWhoTakesOver on the pages of both sides.
func TestR24TheClientDecidesWhoTakesOver(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	id, to := h.provider(true), h.provider(false)
	b.get("/p/" + string(id) + "/book?state=IL&employer=LANTERN")
	b.postTo("/p/"+string(id)+"/book", b.newcomer(url.Values{"start": {b.value("start")}})).answers(200)
	r := b.chart().Referrals[0]
	h.until(b.chart().Appointments[0].Start)
	h.do(care.Actor{Role: care.RoleProvider, Chart: id}, act.Outcome{Appointment: r.Meeting, Result: care.Attended})
	b.get("/me/r/" + string(r.ID) + "/hand-over").answers(404)
	h.do(care.Actor{Role: care.RoleProvider, Chart: id}, act.HandOver{Referral: r.ID, To: to})
	b.get("/me").answers(200).shows("Somebody else could take over", "Stay with")
	b.get("/me/r/"+string(r.ID)+"/hand-over").answers(200).shows("Nothing moves before you say yes", "are not passed on")
	if n := len(b.chart().Referrals); n != 1 {
		t.Fatalf("looking at it made %d requests", n)
	}
	b.postTo("/me/r/"+string(r.ID)+"/hand-over", url.Values{"answer": {"yes"}}).answers(200).shows("It is as you said", "Earlier requests")
	if n := len(b.chart().Referrals); n != 2 {
		t.Errorf("a yes left %d requests", n)
	}
}
