package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

func TestProviderAnswersFromTheInboxAndSeesTheTimeLeft(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	path := "/pro/r/" + string(ref.ID)

	inbox := d.page(me, "/pro")
	due, _ := chart.Deadline(ref.Respond)
	wants(t, inbox, chart.Client.Name, "Answer by ", "22 h 0 m", "Why this date?", "Evenings are best for me.", `action="`+path+`/accept"`, "Shown once you accept")
	if chicago := due.Due.In(rules.Zone("America/Chicago")).Format("Mon 2 Jan 2006, 15:04 MST"); !strings.Contains(inbox, chicago) {
		t.Errorf("the inbox does not name the instant with its zone")
	}

	after := d.done(me, path+"/accept", nil)
	wants(t, after, "Answered", "You accepted.", "First call by ")
	if strings.Contains(after, "DEMO0010") {
		t.Error("the member number is not masked")
	}
	wants(t, after, "••••")
	if now := d.chart(chart.ID); status(now, ref.ID) != care.Accepted {
		t.Errorf("the referral is %s", status(now, ref.ID))
	}
	if strings.Contains(d.page(me, "/pro"), `action="`+path+`/accept"`) {
		t.Error("an accepted request still stands among those to answer")
	}
	wants(t, d.page(me, "/pro/clients"), chart.Client.Name)
}

func TestProviderProposesTimesOfTheirOwnClock(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	path := "/pro/r/" + string(ref.ID) + "/propose"

	status, body, _ := d.submit(me, path, url.Values{})
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("no time at all: %d", status)
	}
	wants(t, body, "Nothing was changed", "times: give 1 to 10 starts")
	d.done(me, path, url.Values{"time-1": {"2026-11-23T09:30"}, "time-2": {"2026-11-24T16:00"}})
	r, _ := d.chart(chart.ID).Referral(ref.ID)
	if len(r.Offered) != 2 || !r.Offered[0].Equal(time.Date(2026, 11, 23, 15, 30, 0, 0, time.UTC)) {
		t.Errorf("offered %v", r.Offered)
	}
}

func TestProviderTakesAClientAlongTheWholeRoad(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	path := "/pro/r/" + string(ref.ID)

	page := d.page(me, path)
	start := between(t, page, `name="start" value="`, `"`)
	d.done(me, path+"/book", url.Values{"start": {start}})
	if got := status(d.chart(chart.ID), ref.ID); got != care.ConsultBooked {
		t.Fatalf("after booking one of their times: %s", got)
	}
	if strings.Contains(d.page(me, path), "It was held") {
		t.Error("an outcome is asked for before the call")
	}
	d.wait(51 * time.Hour)
	page = d.page(me, path)
	call := between(t, page, `name="appointment" value="`, `"`)
	d.done(me, path+"/outcome", url.Values{"appointment": {call}, "result": {"attended"}})
	wants(t, d.page(me, "/pro"), "Book the first session")

	page = d.page(me, path+"?minutes=110")
	wants(t, page, "inside the promise", "Book 110 minutes", "First session by ")
	_, form, _ := strings.Cut(page, `id="session"`)
	start = between(t, form, `name="start" value="`, `"`)
	page = d.done(me, path+"/session", url.Values{"minutes": {"110"}, "start": {start}})
	wants(t, page, "Session, 110 minutes", "PHQ-9, before the first session", "GAD-7, before the first session", "Not started")
	begins, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	d.wait(begins.Sub(d.clock.Now()) + time.Hour)
	page = d.page(me, path)
	wants(t, page, "They attended", "Client did not come", "I did not come")
	session := between(t, page, `name="appointment" value="`, `"`)
	wants(t, d.done(me, path+"/outcome", url.Values{"appointment": {session}, "result": {"attended"}}), "Promise kept", "In care")
}

// TestR44AClosedRequestStaysInTheInboxUntilItsSessionIsSaid: a request ends while its first
// session has begun. Nobody is their client any more, and what became of the session is
// still theirs to say, where they look for what is theirs to do.
func TestR44AClosedRequestStaysInTheInboxUntilItsSessionIsSaid(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	_, ref := d.asked(me.ID)
	path := "/pro/r/" + string(ref.ID)
	d.done(me, path+"/book", url.Values{"start": {between(t, d.page(me, path), `name="start" value="`, `"`)}})
	d.wait(51 * time.Hour)
	call := between(t, d.page(me, path), `name="appointment" value="`, `"`)
	d.done(me, path+"/outcome", url.Values{"appointment": {call}, "result": {"attended"}})
	_, form, _ := strings.Cut(d.page(me, path), `id="session"`)
	start := between(t, form, `name="start" value="`, `"`)
	d.done(me, path+"/session", url.Values{"minutes": {"50"}, "start": {start}})
	begins, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	d.wait(begins.Sub(d.clock.Now()) + 10*time.Minute)
	d.done(me, path+"/fit", nil)
	if page := d.page(me, "/pro/clients"); strings.Contains(page, path) {
		t.Error("they are among the clients still")
	}
	page := d.page(me, "/pro")
	wants(t, page, path+"#visits", "Say how it went")
	_, card, _ := strings.Cut(page, path+"#visits")
	if strings.Contains(card, "First session by") {
		t.Error("a clock runs for who is with them no more")
	}
	session := between(t, d.page(me, path), `name="appointment" value="`, `"`)
	d.done(me, path+"/outcome", url.Values{"appointment": {session}, "result": {"no_show_client"}})
	if page := d.page(me, "/pro"); strings.Contains(page, path) {
		t.Error("the inbox asks for what has been said")
	}
}

func TestProviderReadsScreeningsOfTheirOwnClient(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 0)
	client := d.one(care.RoleClient, 4)
	page := d.page(me, "/pro/r/"+string(d.chart(client.ID).Referrals[0].ID))
	wants(t, page, "<strong>16</strong> of 27", "Moderately severe", "Answer by answer", "Little interest or pleasure in doing things", "More than half the days", "A screening is no diagnosis")
}

func TestProviderNeverSeesAnothersReferral(t *testing.T) {
	d := newDemo(t)
	chart, ref := d.asked(d.one(care.RoleProvider, 1).ID)
	other := d.one(care.RoleProvider, 2)
	_, unknown := d.get(other, "/pro/r/rf_0")
	for _, path := range []string{"", "/propose", "/decline"} {
		got, body := d.get(other, "/pro/r/"+string(ref.ID)+path)
		if got != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, got)
		}
		if strings.Contains(body, chart.Client.Name) {
			t.Errorf("GET %s names the client", path)
		}
		if path == "" && strip(body, string(ref.ID)) != strip(unknown, "rf_0") {
			t.Error("another's referral answers otherwise than one that does not exist")
		}
	}
	for path, form := range map[string]url.Values{"/accept": nil, "/decline": nil, "/propose": {"time-1": {"2026-11-23T09:30"}}, "/book": {"start": {"2026-11-23T15:30:00Z"}}, "/session": {"minutes": {"50"}, "start": {"2026-11-23T15:30:00Z"}}} {
		if got, _, _ := d.submit(other, "/pro/r/"+string(ref.ID)+path, form); got != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, got)
		}
	}
	if now := status(d.chart(chart.ID), ref.ID); now != care.Submitted {
		t.Errorf("the referral is %s", now)
	}
}

func TestLeavingSaysWhatHappensToWhomAndDoesIt(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	page := d.page(me, "/pro/leave")
	wants(t, page, "Leave the programme?", chart.Client.Name+" waits for your answer", "Leave now", "Stay")
	wants(t, d.done(me, "/pro/leave", nil), "You have left the programme", "Has left")
	if _, listed := d.store.Directory().Provider(me.ID, d.clock.Now()); listed {
		t.Error("the provider is still listed")
	}
	d.wait(time.Minute)
	now, _ := d.chart(chart.ID).Referral(ref.ID)
	if now.Status != care.Rerouted || len(now.Alternatives) == 0 {
		t.Errorf("the referral is %s with %d alternatives", now.Status, len(now.Alternatives))
	}

	status, body, _ := d.submit(me, "/pro/join", url.Values{"duty": rules.DutyCodes()[:5], "virtual": {"yes"}})
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("five duties of six: %d", status)
	}
	wants(t, body, "Nothing was changed", "follow-up from day 28")
	wants(t, d.done(me, "/pro/join", url.Values{"duty": rules.DutyCodes(), "virtual": {"yes"}}), "You take part")
	wants(t, d.done(me, "/pro/pause", nil), "You have paused")
	wants(t, d.done(me, "/pro/resume", nil), "Welcome back")
}

func TestHoursAreReadAsTheyAreShown(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	before := d.chart(me.ID).Provider.Hours
	form := url.Values{
		"zone": {"America/Denver"}, "consult": {"20"}, "session": {"110"}, "buffer": {"15"}, "notice": {"60"}, "most": {"0"}, "also": {"self"}, "link": {"https://video.example.test/room"},
		"from-1-0": {"09:00"}, "to-1-0": {"12:00"}, "from-1-1": {"18:00"}, "to-1-1": {"00:00"}, "from-6-0": {"10:00"}, "to-6-0": {"11:00"},
	}
	page := d.done(me, "/pro/hours", form)
	wants(t, page, "Saved", `name="from-1-1" value="18:00"`, `name="to-1-1" value="00:00"`, `name="session" type="number" value="110"`)
	h := d.chart(me.ID).Provider.Hours
	if len(h.Week[time.Monday]) != 2 || h.Week[time.Monday][1].To != 24*60 || len(h.Week[time.Tuesday]) != 0 || h.Zone != "America/Denver" {
		t.Errorf("the hours are %+v, before %+v", h, before)
	}
	form.Set("to-1-0", "")
	form.Set("session", "4")
	status, body, _ := d.submit(me, "/pro/hours", form)
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("half a span: %d", status)
	}
	wants(t, body, "Monday: give both a beginning and an end")
	form.Set("to-1-0", "12:00")
	form.Set("session", "50")
	form.Set("most", "4")
	for name, value := range map[string]string{
		"day-0": "2026-12-24", "day-1": "2026-12-01", "day-from-1": "18:00", "day-to-1": "20:00", "day-2": "2026-12-01", "day-from-2": "07:00", "day-to-2": "09:00",
		"away-0": "2026-12-28", "away-until-0": "2026-12-31", "away-1": "2027-01-04",
	} {
		form.Set(name, value)
	}
	wants(t, d.done(me, "/pro/hours", form), "Saved", `name="day-0" value="2026-12-01"`, `name="day-from-0" value="07:00"`, `name="away-until-1" value="2027-01-04"`)
	h = d.chart(me.ID).Provider.Hours
	first := calendar.Date{Year: 2026, Month: 12, Day: 1}
	if h.MostPerDay != 4 || len(h.Extra) != 2 || len(h.Extra[first]) != 2 || h.Extra[first][0].From != 7*60 || len(h.Away) != 2 {
		t.Errorf("days that are different: %+v, out %+v, at most %d", h.Extra, h.Away, h.MostPerDay)
	}
	form.Set("day-to-1", "")
	if status, body, _ := d.submit(me, "/pro/hours", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, "2026-12-01: give a day") {
		t.Errorf("half a day: %d", status)
	}
}

// R13: what is written is a draft that only its writer sees, until it is published
// with the word that it is true.
func TestR13ProfileIsPreviewedBeforeItIsPublished(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	page := d.done(me, "/pro/profile", url.Values{"about": {"A calm first call."}, "specialties": {"grief, sleep, grief"}, "identities": {"veterans"}})
	wants(t, page, "Not published yet", "A calm first call.", "grief, sleep", "Veterans")
	everybody := func() string { return d.page(d.one(care.RoleClient, 0), "/p/"+string(me.ID)) }
	if strings.Contains(everybody(), "A calm first call.") {
		t.Error("a draft is read by a client")
	}
	status, body, _ := d.submit(me, "/pro/profile/publish", url.Values{})
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("published without the word that it is true: %d", status)
	}
	wants(t, body, "say that what you publish is true")
	d.done(me, "/pro/profile/publish", url.Values{"accurate": {"yes"}})
	wants(t, everybody(), "A calm first call.")
	if p := d.chart(me.ID).Provider; p.Draft != nil || p.AccurateAt.IsZero() {
		t.Error("the draft is kept, or the word is not")
	}
}

// A provider sees why they are listed or not, says whom they take, and, having
// stopped, what becomes of each client.
func TestProviderSaysWhomTheyTakeAndWhatBecomesOfClients(t *testing.T) {
	d := newDemo(t)
	me, team := d.one(care.RoleProvider, 1), d.one(care.RoleCareTeam, 0)
	wants(t, d.page(me, "/pro/participation"), "Am I listed?", "Clients find you", "Answered in time", "Nobody is ranked by it")
	wants(t, d.done(me, "/pro/caseload", url.Values{"caseload": {"0"}, "waitlist": {"yes"}}), "Not listed", "not only onto a waiting list")
	wants(t, d.page(team, "/ops/providers/"+string(me.ID)+"?state=IL"), "Listed in Illinois? No.", "provider.accepting")
	client := d.one(care.RoleClient, 0)
	wants(t, d.page(team, "/ops/providers/"+string(me.ID)+"?client="+string(client.ID)), "ask? No.", "client.employed")
	wants(t, d.done(me, "/pro/caseload", url.Values{"caseload": {"12"}}), "Clients find you")

	chart, ref := d.asked(me.ID)
	d.do(care.Actor{Role: care.RoleProvider, Chart: me.ID}, act.Accept{Referral: ref.ID})
	wants(t, d.page(me, "/pro/virtual"), "Stop offering virtual care?", "hand them on")
	d.done(me, "/pro/virtual", url.Values{"virtual": {"no"}})
	d.wait(time.Minute)
	wants(t, d.page(me, "/pro/participation"), "You do not offer it", chart.Client.Name, "I see them through", "Say by ")
	wants(t, d.done(me, "/pro/r/"+string(ref.ID)+"/choose", url.Values{"choice": {"on"}}), "Handed on")
	if got := status(d.chart(chart.ID), ref.ID); got != care.Rerouted {
		t.Errorf("handed on, the referral is %s", got)
	}

	wants(t, d.done(team, "/ops/providers/"+string(me.ID)+"/suspend", url.Values{"reason": {"Licence under review."}}), "Suspended", "Licence under review.")
	wants(t, d.page(me, "/pro/participation"), "has suspended your participation", "Licence under review.")
	if status, _, _ := d.submit(team, "/ops/providers/"+string(me.ID)+"/reinstate", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("reinstated without virtual care: %d", status)
	}
	d.done(me, "/pro/virtual", url.Values{"virtual": {"yes"}})
	wants(t, d.done(team, "/ops/providers/"+string(me.ID)+"/reinstate", nil), "Takes part")
	wants(t, d.done(team, "/ops/providers/"+string(me.ID)+"/degrees", url.Values{"degree": {"np", "phd"}}), "Saved")
	wants(t, d.done(team, "/ops/psyd", url.Values{"take": {"yes"}}), "They are taken.")
}

func TestProviderAcknowledgesASafetyAlert(t *testing.T) {
	d := newDemo(t)
	me, clinical, team := d.one(care.RoleProvider, 1), d.one(care.RoleClinical, 0), d.one(care.RoleCareTeam, 0)
	chart, ref := d.asked(me.ID)
	them := care.Actor{Role: care.RoleProvider, Chart: me.ID}
	d.do(them, act.Accept{Referral: ref.ID})
	d.do(them, act.BookSession{Referral: ref.ID, Start: d.clock.Now().Add(72 * time.Hour), Minutes: 50})
	for _, s := range d.chart(chart.ID).Screenings {
		if s.Instrument == "phq-9" {
			d.do(care.Actor{Role: care.RoleClient, Chart: chart.ID}, act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 1}})
		}
	}
	page := d.page(me, "/pro")
	wants(t, page, "Safety alert: "+chart.Client.Name, "Acknowledge by ", "60 minutes after the start")
	wants(t, d.page(clinical, "/ops/alerts"), "Safety alert: "+chart.Client.Name)
	wants(t, d.page(team, "/ops"), "A safety alert is unread")
	if got, _ := d.get(team, "/ops/alerts"); got != http.StatusForbidden {
		t.Errorf("the care team opens the clinical list: %d", got)
	}
	alert := between(t, page, `action="/pro/alerts/`, `"`)
	if got, _, _ := d.submit(me, "/pro/alerts/"+alert, url.Values{"action": {"nothing"}}); got != http.StatusUnprocessableEntity {
		t.Errorf("an action that there is not: %d", got)
	}
	if got, _, _ := d.submit(d.one(care.RoleProvider, 2), "/pro/alerts/"+alert, url.Values{"action": {"other"}}); got != http.StatusNotFound {
		t.Errorf("another provider: %d", got)
	}
	page = d.done(me, "/pro/alerts/"+alert, url.Values{"action": {"contacted"}})
	if strings.Contains(page, "Safety alert: ") || strings.Contains(d.page(clinical, "/ops/alerts"), "Safety alert: ") {
		t.Error("an acknowledged alert still stands there")
	}
}

func status(chart *care.Chart, id care.ReferralID) care.ReferralStatus {
	r, _ := chart.Referral(id)
	return r.Status
}

// between is what stands between two texts of a page, the first time.
func between(t *testing.T, body, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, before)
	found, _, ended := strings.Cut(rest, after)
	if !ok || !ended {
		t.Fatalf("the page has no %q", before)
	}
	return found
}

func strip(body, id string) string { return strings.ReplaceAll(body, id, "") }

// R8: a client whose form is on its way while the provider leaves is told whom to
// choose instead, and nothing is sent.
func TestR8LeavingWhileAClientBooksOffersOthers(t *testing.T) {
	d := newDemo(t)
	me, client := d.one(care.RoleProvider, 1), d.one(care.RoleClient, 0)
	d.page(client, "/p/"+string(me.ID)+"/book")
	d.do(care.Actor{Role: care.RoleProvider, Chart: me.ID}, act.Leave{Provider: me.ID})
	status, body, _ := d.submit(client, "/p/"+string(me.ID)+"/book", url.Values{"note": {"Evenings."}})
	if status != http.StatusConflict || strings.Count(body, `href="/p/pr_`) == 0 {
		t.Errorf("%d, %d others", status, strings.Count(body, `href="/p/pr_`))
	}
	wants(t, body, "Choose someone else", "Nothing was sent", "See everybody")
	if got := len(d.chart(client.ID).Referrals); got != 0 {
		t.Errorf("%d requests were sent", got)
	}
}

// R16: where nobody fits, the page offers to let go of wishes, and to let the care
// team look; the client chooses among those whom it proposes.
func TestR16NobodyFitsAndTheCareTeamLooks(t *testing.T) {
	d := newDemo(t)
	client, team := d.one(care.RoleClient, 0), d.one(care.RoleCareTeam, 0)
	wants(t, d.page(client, "/find?state=IL&specialty=anxiety&language=xx&time=weekend"), "Nobody fits all of this", "Any language", "Let the care team match me", "/match?")
	wants(t, d.page(client, "/find?state=IL&language=xx&modality=yy"), "Nobody fits all of this", "Without any wish: ") // no one of the two is enough
	wants(t, d.page(client, "/match"), "Let the care team match you", "This form is not for emergencies", "You are signed in as")
	wants(t, d.done(client, "/match", url.Values{"specialty": {"anxiety"}, "note": {"Somebody calm."}}), "The care team is looking for somebody", "Stop looking for me")
	board := d.page(team, "/ops")
	wants(t, board, "Asks us to find somebody")
	id := between(t, board, `href="/ops/match/`, `"`)
	desk := d.page(team, "/ops/match/"+id)
	wants(t, desk, "Somebody calm.", "First session by ", "Propose up to three", "within the promise")
	chosen := between(t, desk, `name="provider" value="`, `"`)
	if status, body, _ := d.submit(team, "/ops/match/"+id, nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, "propose one to three") {
		t.Errorf("nobody proposed: %d", status)
	}
	wants(t, d.done(team, "/ops/match/"+id, url.Values{"provider": {chosen}}), "Proposed")
	wants(t, d.page(client, "/me"), "has found somebody for you", `href="/p/`+chosen+`/book"`)
}
