package act_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// listed says whether a search in a state finds a provider now.
func (w *world) listed(p care.ChartID, state string) bool {
	w.Helper()
	page, err := w.store.Directory().Search(directory.Query{State: state, Limit: 100}, w.now)
	if err != nil {
		w.Fatalf("search: %v", err)
	}
	for _, c := range page.Items {
		if c.ID == p {
			return true
		}
	}
	return false
}

func (w *world) provider(p care.ChartID) care.Provider {
	w.Helper()
	return *w.chart(p).Provider
}

// candidate has hours and nothing else.
func (w *world) candidate(n int, degree string) care.ChartID {
	w.Helper()
	r := row(n, "1")
	r.Provider.Degree = degree
	id := care.ChartID(w.do(care.System, act.Import{Rows: []act.Row{r}}))
	w.do(care.System, act.SetHours{Provider: id, Hours: week("America/Chicago")})
	return id
}

func illinois(until time.Time) act.Credential {
	c := care.Credential{State: "IL", From: day(2026, 1, 1)}
	if !until.IsZero() {
		c.Until = day(until.Year(), until.Month(), until.Day())
	}
	return act.Credential{Credentials: []care.Credential{c}}
}

func (w *world) credentialed(p care.ChartID, until time.Time) {
	w.Helper()
	a := illinois(until)
	a.Provider = p
	w.do(careTeam, a)
}

// R3: five of six attestations are not enough, and the missing one is named.
func TestR3FiveOfSixAreNotListedAndTheMissingOneIsNamed(t *testing.T) {
	w := open(t)
	yes := true
	for i, duty := range rules.DutyCodes() {
		p := w.candidate(i, "phd")
		w.credentialed(p, time.Time{})
		five := append(append([]string{}, rules.DutyCodes()[:i]...), rules.DutyCodes()[i+1:]...)
		if got := w.refused(provider(p), act.Join{Provider: p, Attest: five, Virtual: &yes}); got != duty {
			t.Errorf("without %s: %s", duty, got)
		}
		if w.listed(p, "IL") {
			t.Errorf("without %s: listed", duty)
		}
	}
}

// R3: the care team opts somebody in on their behalf; nothing holds before the
// provider's own yes.
func TestR3OptedInOnBehalfWaitsForTheProvidersYes(t *testing.T) {
	w := open(t)
	yes := true
	p := w.candidate(1, "phd")
	w.credentialed(p, time.Time{})
	w.do(careTeam, act.OptIn{Provider: p})
	if got := w.provider(p); got.Standing != care.PendingReview || got.AskedBy != careTeam.Chart || w.listed(p, "IL") {
		t.Errorf("asked: %s, by %q, listed %t", got.Standing, got.AskedBy, w.listed(p, "IL"))
	}
	if got := w.refused(careTeam, act.Admit{Provider: p}); got != "duty.virtual" {
		t.Errorf("admitted without the provider's yes: %s", got)
	}
	w.do(provider(p), act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes})
	if got := w.provider(p); got.Standing != care.Active || got.AskedBy != "" || !w.listed(p, "IL") {
		t.Errorf("after the yes: %s", got.Standing)
	}
}

// R3: other numbers in a duty ask for a new yes; the earlier one counts for the
// days of grace, and no longer.
func TestR3AChangedDutyIsAttestedAgainWithinTheGrace(t *testing.T) {
	w := open(t)
	kept, lapsed := w.joins(1, false), w.joins(2, false)
	terms := rules.DefaultTerms(w.now.Add(time.Hour))
	terms.Version, terms.RespondHours = "slower", 36
	w.do(careTeam, act.SetTerms{Terms: terms})
	if got := w.refused(provider(kept), act.Join{Provider: kept, Attest: rules.DutyCodes()}); got != "already_active" {
		t.Errorf("a yes before there is anything to say yes to: %s", got)
	}
	w.until(begin.AddDate(0, 0, 10))
	w.do(provider(kept), act.Join{Provider: kept, Attest: []string{"duty.respond"}})
	if got := len(w.provider(kept).Attested); got != 6 {
		t.Errorf("%d yeses after saying one again", got)
	}
	w.until(begin.AddDate(0, 0, 30)) // the last day of grace
	if !w.listed(kept, "IL") || !w.listed(lapsed, "IL") {
		t.Error("not listed within the grace")
	}
	w.until(begin.AddDate(0, 0, 31))
	facts, _ := w.store.Directory().Facts(lapsed, "IL", w.now)
	reasons := rules.ProviderIsListed.Decide(facts, nil).Reasons()
	if !w.listed(kept, "IL") || w.listed(lapsed, "IL") || len(reasons) != 1 || reasons[0].Code != "provider.attest_again" {
		t.Errorf("after the grace: listed %t and %t, because %v", w.listed(kept, "IL"), w.listed(lapsed, "IL"), reasons)
	}
	w.do(provider(lapsed), act.Join{Provider: lapsed, Attest: rules.DutyCodes()})
	if !w.listed(lapsed, "IL") {
		t.Error("the new yes does not count")
	}
}

// R4: degrees are data; of two any one is enough; an MD is refused; a PsyD waits
// for the care team, which decides for everyone.
func TestR4Degrees(t *testing.T) {
	w := open(t)
	yes := true
	joins := func(n int, degree string) (care.ChartID, string) {
		p := w.candidate(n, degree)
		w.credentialed(p, time.Time{})
		return p, w.refused(provider(p), act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes})
	}
	md, got := joins(1, "md")
	if got != "provider.degree" || w.listed(md, "IL") {
		t.Errorf("an MD: %s", got)
	}
	w.do(careTeam, act.SetDegrees{Provider: md, Degrees: []string{"md", "phd"}})
	w.do(provider(md), act.Join{Provider: md, Attest: rules.DutyCodes(), Virtual: &yes})
	if !w.listed(md, "IL") {
		t.Error("a PhD beside the MD is not enough")
	}
	if got := w.refused(careTeam, act.SetDegrees{Provider: md, Degrees: []string{"md"}}); got != "provider.degree" {
		t.Errorf("recorded as an MD only: %s", got)
	}
	psyd, got := joins(2, "psyd")
	if got != "done" || w.provider(psyd).Standing != care.PendingReview || w.listed(psyd, "IL") {
		t.Errorf("a PsyD before the decision: %s, %s", got, w.provider(psyd).Standing)
	}
	if got := w.refused(careTeam, act.Admit{Provider: psyd}); got != "provider.degree" {
		t.Errorf("admitted before the decision: %s", got)
	}
	w.do(careTeam, act.DecidePsyD{Take: true})
	w.now = w.now.Add(time.Second)
	w.do(careTeam, act.Admit{Provider: psyd})
	if !w.listed(psyd, "IL") {
		t.Error("a PsyD after the decision is not listed")
	}
	if got := w.refused(careTeam, act.DecidePsyD{Take: true}); got != "already_decided" {
		t.Errorf("decided twice: %s", got)
	}
}

// R5: the end of a credential is told 30 and 7 days before; at midnight where the
// provider is they drop out of the search; what is open is flagged, and a session
// after the end is at risk.
func TestR5TheEndOfACredential(t *testing.T) {
	w := open(t)
	p, me, elsewhere := w.joins(1, false), w.enters(1), w.enters(2)
	w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Thornfield Asquare", Email: "desk@example.test"})
	ends := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	w.credentialed(p, ends)
	midnight := time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC) // of Chicago
	w.until(time.Date(2026, 10, 31, 14, 0, 0, 0, time.UTC).Add(-time.Second))
	if got := w.told(p, "credential_notice", ""); len(got) != 0 {
		t.Errorf("told before the 30th day: %v", got)
	}
	w.until(time.Date(2026, 10, 31, 14, 0, 0, 0, time.UTC))
	if got := w.told(p, "credential_notice", "IL"); got[string(care.RoleCareTeam)] != 1 {
		t.Errorf("30 days before: told %v", got)
	}
	w.until(time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC))
	if got := w.told(p, "credential_notice", "IL"); got[string(care.RoleCareTeam)] != 2 {
		t.Errorf("7 days before: told %v", got)
	}
	r := w.held(me, p)
	before, after := w.session(p, r, time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)), w.session(p, r, time.Date(2026, 12, 1, 16, 0, 0, 0, time.UTC))
	w.until(midnight.Add(-time.Second))
	if !w.listed(p, "IL") {
		t.Error("dropped out on the last good day")
	}
	asked := w.asks(elsewhere, p)
	w.until(midnight)
	if w.listed(p, "IL") {
		t.Error("listed after the end")
	}
	w.sweep()
	if w.tasks(me, "credential_ended") != 1 || w.tasks(elsewhere, "credential_ended") != 1 {
		t.Errorf("%d and %d tasks", w.tasks(me, "credential_ended"), w.tasks(elsewhere, "credential_ended"))
	}
	for id, want := range map[care.AppointmentID]bool{before: false, after: true} {
		if ap, _ := w.chart(me).Appointment(id); ap.AtRisk != want {
			t.Errorf("the session of %v is at risk: %t", ap.Start, ap.AtRisk)
		}
	}
	again := w.session(p, r, time.Date(2026, 12, 4, 16, 0, 0, 0, time.UTC))
	if ap, _ := w.chart(me).Appointment(again); !ap.AtRisk {
		t.Error("a session booked after the end is not marked")
	}
	w.do(provider(p), act.Accept{Referral: asked}) // what was received can still be answered
	if got := w.refused(client(w.enters(3)), act.Request{Client: w.enters(3), Provider: p}); got == "done" {
		t.Error("a new request reached a provider without a credential")
	}
}

// R5: a client who is elsewhere today is told of at the booking.
func TestR5AClientWhoIsElsewhereIsMarkedAtBooking(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	state := "CA"
	w.do(client(me), act.UpdateMe{Client: me, State: &state})
	id := w.session(p, r, monday(1))
	if ap, _ := w.chart(me).Appointment(id); !ap.AtRisk {
		t.Error("a session across a state's border is not marked")
	}
}

// R5: who moves to where their provider has no credential is marked, with all that is
// booked there, and the care team looks; who comes back is marked no longer.
func TestR5AClientWhoMovesIsMarkedUntilTheyComeBack(t *testing.T) {
	w := open(t)
	p, other, me := w.joins(1, false), w.joins(2, false), w.enters(1)
	r := w.held(me, p)
	past := w.session(p, r, monday(1))
	w.until(monday(1).Add(time.Hour)) // nobody has said what became of it
	ahead := []care.AppointmentID{w.session(p, r, monday(2)), w.session(p, r, monday(3))}
	w.do(client(me), act.Withdraw{Referral: w.asks(me, other)}) // what is over is nobody's to look at
	marked := func(want bool, when string) {
		t.Helper()
		for _, id := range ahead {
			is(t, when+", marked", w.appointment(me, id).AtRisk, want)
		}
		is(t, when+", what is past", w.appointment(me, past).AtRisk, false)
		is(t, when+", the care team looks", w.looks(me, "client_elsewhere"), map[bool]int{true: 1}[want])
	}
	moves := func(state string) { w.do(client(me), act.UpdateMe{Client: me, State: &state}) }
	marked(false, "at home")
	moves("CA")
	marked(true, "away")
	moves("NY")
	marked(true, "further away")
	zone := "America/New_York"
	w.do(client(me), act.UpdateMe{Client: me, Zone: &zone})
	marked(true, "in another zone")
	moves("IL")
	marked(false, "back")
}

// R5: on which day a session is goes by where the provider is. Who moves to another zone
// has what is booked looked at by the days there.
func TestR5AProviderWhoMovesIsLookedAtByTheDaysThere(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	start := monday(1)
	until := illinois(start)
	until.Provider = p
	w.do(careTeam, until)
	ap := w.session(p, r, start)
	for _, c := range []struct {
		zone string
		want bool
	}{{"America/Chicago", false}, {"Pacific/Kiritimati", true}, {"America/New_York", false}} {
		w.do(provider(p), act.SetHours{Provider: p, Hours: week(c.zone)})
		w.until(w.now.Add(time.Minute))
		is(t, "in "+c.zone+", marked", w.appointment(me, ap).AtRisk, c.want)
	}
}

// R5: a credential that comes back takes the marks away again, and one that is taken
// away at once puts them.
func TestR5ACredentialThatIsChangedIsLookedAtAtOnce(t *testing.T) {
	for how, c := range map[string]struct{ gone, back act.Act }{
		"credential": {act.Credential{}, illinois(time.Time{})},
		"licence":    {nil, nil},
	} {
		w := open(t)
		p, me := w.joins(1, false), w.enters(1)
		r := w.held(me, p)
		ap := w.session(p, r, monday(1))
		seen := func(want bool, when string) {
			t.Helper()
			w.until(w.now.Add(time.Minute))
			is(t, how+" "+when+", marked", w.appointment(me, ap).AtRisk, want)
			is(t, how+" "+when+", the care team looks", w.looks(me, "credential_ended"), map[bool]int{true: 1}[want])
		}
		changes := func(a act.Act, licences ...care.Licence) {
			if credential, is := a.(act.Credential); is {
				credential.Provider = p
				w.do(careTeam, credential)
				return
			}
			other := row(1, fmt.Sprint(licences))
			other.Provider.Licences = licences
			w.do(care.System, act.Import{Rows: []act.Row{other}})
		}
		seen(false, "there")
		changes(c.gone, care.Licence{State: "NY"})
		seen(true, "gone")
		changes(c.back, care.Licence{State: "IL"})
		seen(false, "back")
	}
}

// R6: each change bears its date and who made it; coming back needs a fresh yes.
func TestR6EveryChangeBearsItsDateAndActor(t *testing.T) {
	w := open(t)
	yes := true
	p := w.candidate(1, "phd")
	join := act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes}
	type move struct {
		by   care.Actor
		a    act.Act
		to   care.Participation
		made care.Participation
	}
	suspended := act.Suspend{Provider: p, Reason: "Licence under review."}
	moves := []move{
		{provider(p), join, care.PendingReview, ""},
		{careTeam, act.Credential{Provider: p, Credentials: illinois(time.Time{}).Credentials}, care.Active, ""},
		{provider(p), act.Pause{Provider: p}, care.Paused, ""},
		{provider(p), act.Resume{Provider: p}, care.Active, ""},
		{careTeam, suspended, care.Suspended, ""},
		{careTeam, act.Reinstate{Provider: p}, care.Active, ""},
		{provider(p), act.Leave{Provider: p}, care.OptedOut, ""},
		{provider(p), join, care.Active, ""},
	}
	for i, m := range moves {
		w.now = w.now.Add(time.Hour)
		w.do(m.by, m.a)
		history := w.provider(p).History
		if len(history) != i+1 {
			t.Fatalf("%s: %d steps", m.a.Name(), len(history))
		}
		if last := history[i]; last.To != m.to || !last.At.Equal(w.now) || last.By != m.by.Chart || last.Role != m.by.Role {
			t.Errorf("%s: %+v", m.a.Name(), last)
		}
		if got := w.listed(p, "IL"); got != (m.to == care.Active) {
			t.Errorf("%s: listed %t", m.to, got)
		}
	}
	w.do(careTeam, suspended)
	if got := w.refused(provider(p), join); got != "suspended" {
		t.Errorf("joining while suspended: %s", got)
	}
	w.do(provider(p), act.Leave{Provider: p})
	for want, attest := range map[string][]string{"attest_afresh": nil, "duty.follow_up": rules.DutyCodes()[:5]} {
		if got := w.refused(provider(p), act.Join{Provider: p, Attest: attest}); got != want {
			t.Errorf("coming back with %d yeses: %s", len(attest), got)
		}
	}
	if got := w.refused(provider(p), act.Resume{Provider: p}); got != "not_paused" {
		t.Errorf("resuming after leaving: %s", got)
	}
	for range 60 {
		w.do(provider(p), join)
		w.do(provider(p), act.Leave{Provider: p})
	}
	if got := len(w.provider(p).History); got != 40 {
		t.Errorf("%d steps are kept", got)
	}
}

// R7: virtual care ends with one waiting, one accepted and one in care: one
// rescue offer, one choice, and nothing at all for who is in care.
func TestR7VirtualCareEnds(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, false), w.joins(2, false)
	waits, accepted, cared := w.enters(1), w.enters(2), w.enters(3)
	ap := w.session(p, w.held(cared, p), monday(0).Add(24*time.Hour))
	w.until(monday(0).Add(24 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	a := w.asks(accepted, p)
	w.do(provider(p), act.Accept{Referral: a})
	r := w.asks(waits, p)
	w.until(w.now.Add(time.Minute)) // what is due by itself has happened
	untouched := w.chart(cared).Version
	w.do(provider(p), act.SetVirtual{Provider: p})
	if w.listed(p, "IL") {
		t.Error("still listed")
	}
	w.now = w.now.Add(time.Minute)
	w.sweep()
	if got := w.referral(waits, r); got.Status != care.Rerouted || len(got.Alternatives) != 1 || got.Alternatives[0] != q {
		t.Errorf("who waited: %s, offered %v", got.Status, got.Alternatives)
	}
	if got := w.told(waits, "virtual_off", string(r)); got[string(waits)] != 1 {
		t.Errorf("who waited was told %v", got)
	}
	if d := w.deadline(accepted, "choice", string(a)); d.State != care.Running || w.referral(accepted, a).Status != care.Accepted {
		t.Errorf("the choice is %s", d.State)
	}
	if got := w.chart(cared).Version; got != untouched {
		t.Errorf("the chart of who is in care changed %d times", got-untouched)
	}
	promise := w.deadline(waits, "promise", string(w.episode(waits).ID))
	if promise.State != care.Running || !promise.Starts.Equal(w.episode(waits).SoughtAt) {
		t.Error("the promise does not run on")
	}
}

// R8: leaving with two unanswered, one accepted and one in care.
func TestR8LeavingWithOpenReferrals(t *testing.T) {
	w := open(t)
	p, _, me := w.joins(1, true), w.joins(2, false), w.enters(9)
	first, second, accepted, cared := w.enters(1), w.enters(2), w.enters(3), w.enters(4)
	c := w.held(cared, p)
	ap := w.session(p, c, monday(0).Add(24*time.Hour))
	w.until(monday(0).Add(24 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	a := w.asks(accepted, p)
	w.do(provider(p), act.Accept{Referral: a})
	refs := map[care.ChartID]care.ReferralID{first: w.asks(first, p), second: w.asks(second, p)}
	sought := w.episode(first).SoughtAt
	w.do(provider(p), act.Leave{Provider: p})
	if w.listed(p, "IL") {
		t.Error("a search still finds who left")
	}
	out, err := w.store.Do(t.Context(), client(me), act.Request{Client: me, Provider: p, Start: monday(1)})
	f, is := err.(*care.Fault)
	if !is || f.Kind != care.Conflict || f.Code != "provider_not_available" || len(f.Others) != 1 {
		t.Errorf("booking at that moment: %v, %v", out, err)
	}
	w.now = w.now.Add(time.Minute)
	w.sweep()
	for who, r := range refs {
		if got := w.referral(who, r); got.Status != care.Rerouted || len(got.Alternatives) != 1 || !w.episode(who).SoughtAt.Equal(sought) {
			t.Errorf("%s: %s, offered %v", who, got.Status, got.Alternatives)
		}
	}
	if w.deadline(accepted, "choice", string(a)).State != care.Running || w.tasks(accepted, "choice_missing") != 0 {
		t.Error("no choice is open about who was accepted")
	}
	if got := w.referral(cared, c).Status; got != care.InCare {
		t.Errorf("who is in care is %s", got)
	}
	w.until(w.now.Add(24 * time.Hour))
	w.sweep()
	if got := w.tasks(accepted, "choice_missing"); got != 1 || w.referral(accepted, a).Status != care.Accepted {
		t.Errorf("%d tasks a day later, and the client is %s", got, w.referral(accepted, a).Status)
	}
	w.do(provider(p), act.Choose{Referral: a, HandOn: true}) // late, and still possible
	if got := w.referral(accepted, a); got.Status != care.Rerouted || len(got.Alternatives) != 1 {
		t.Errorf("handed on: %s, offered %v", got.Status, got.Alternatives)
	}
	if got := w.refused(provider(p), act.Choose{Referral: c, HandOn: true}); got != "no_choice" {
		t.Errorf("handing on who is in care: %s", got)
	}
}

// R8: seeing a client through is one word, and what is booked stands.
func TestR8SeeingAClientThrough(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.held(me, p)
	w.do(provider(p), act.Leave{Provider: p})
	w.sweep()
	w.do(provider(p), act.Choose{Referral: r})
	ap := w.session(p, r, monday(1))
	w.until(monday(1))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	if got := w.referral(me, r).Status; got != care.InCare || w.tasks(me, "choice_missing") != 0 || w.episode(me).Result != care.Broken && w.episode(me).Result != care.Kept {
		t.Errorf("%s", got)
	}
}

// R22: declining costs nothing, and nobody's place in the order.
func TestR22DecliningTwentyChangesNoOrder(t *testing.T) {
	w := open(t)
	var all []care.ChartID
	for n := range 6 {
		all = append(all, w.joins(n, false))
	}
	order := func() []care.ChartID {
		page, err := w.store.Directory().Search(directory.Query{State: "IL"}, w.now)
		if err != nil {
			t.Fatal(err)
		}
		var ids []care.ChartID
		for _, c := range page.Items {
			ids = append(ids, c.ID)
		}
		return ids
	}
	before := order()
	for n := range 20 {
		w.do(provider(all[3]), act.Decline{Referral: w.asks(w.enters(n), all[3]), Reason: "No room."})
	}
	after := order()
	for i := range before {
		if before[i] != after[i] {
			t.Fatalf("before %v, after %v", before, after)
		}
	}
}

// R23: the number that a provider sets is reached by accepting: they are off the
// list in that commit, and back with the next discharge. A pause keeps the clock
// of what was asked before.
func TestR23CaseloadAndPause(t *testing.T) {
	w := open(t)
	p := w.joins(1, false)
	five, none, yes := 5, 0, true
	w.do(provider(p), act.SetCaseload{Provider: p, Caseload: &five})
	me := w.enters(0)
	r := w.held(me, p)
	ap := w.session(p, r, monday(0).Add(24*time.Hour))
	w.until(monday(0).Add(24 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	for n := 1; n <= 4; n++ {
		if !w.listed(p, "IL") {
			t.Fatalf("off the list with %d clients of 5", n)
		}
		w.do(provider(p), act.Accept{Referral: w.asks(w.enters(n), p)})
	}
	if w.listed(p, "IL") {
		t.Error("listed with 5 clients of 5")
	}
	if got := w.refused(client(me), act.Discharge{Referral: r}); got != "forbidden" {
		t.Errorf("discharged by the client: %s", got)
	}
	w.do(provider(p), act.Discharge{Referral: r})
	if got := w.referral(me, r); got.Status != care.Ended || !w.listed(p, "IL") {
		t.Errorf("one let go: %s, listed %t", got.Status, w.listed(p, "IL"))
	}
	waits := w.enters(6)
	asked := w.asks(waits, p)
	w.do(provider(p), act.SetCaseload{Provider: p, Caseload: &none, WaitlistOnly: &yes})
	if w.listed(p, "IL") {
		t.Error("listed while taking people onto a waiting list only")
	}
	no := false
	w.do(provider(p), act.SetCaseload{Provider: p, WaitlistOnly: &no})
	w.do(provider(p), act.Pause{Provider: p})
	w.until(w.now.Add(24*time.Hour + time.Second))
	if got := w.referral(waits, asked).Status; got != care.Expired {
		t.Errorf("a request from before the pause is %s a day later", got)
	}
}

// R34: three requests that ran out within thirty days bring one review, and no
// other effect: listing and order stay as they were.
func TestR34ThreeMissesBringOneReviewAndNothingElse(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, false), w.joins(2, false)
	reviews := func(id care.ChartID) int { return w.tasks(id, "on_time_review") }
	miss := func(n int) {
		w.asks(w.enters(n), p)
		w.until(w.now.Add(24*time.Hour + time.Second))
	}
	miss(1)
	miss(2)
	w.do(provider(p), act.Accept{Referral: w.asks(w.enters(3), p)})
	if reviews(p) != 0 {
		t.Fatalf("%d reviews after two misses", reviews(p))
	}
	before, err := w.store.Directory().Search(directory.Query{State: "IL"}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.asks(w.enters(4), p)
	at := w.now
	w.until(at.Add(24*time.Hour + time.Second))
	after, err := w.store.Directory().Search(directory.Query{State: "IL"}, at)
	if err != nil {
		t.Fatal(err)
	}
	if reviews(p) != 1 || reviews(q) != 0 {
		t.Errorf("%d reviews after three misses", reviews(p))
	}
	if before.Total != 2 || after.Total != 2 || before.Items[0].ID != after.Items[0].ID {
		t.Errorf("listed %d, then %d; first %s, then %s", before.Total, after.Total, before.Items[0].ID, after.Items[0].ID)
	}
	miss(5)
	w.do(careTeam, act.FinishTask{Task: w.chart(p).Tasks[0].ID})
	miss(6)
	if reviews(p) != 1 {
		t.Errorf("%d reviews within thirty days", reviews(p))
	}
	w.until(begin.AddDate(0, 0, 60))
	miss(7)
	miss(8)
	if reviews(p) != 1 {
		t.Error("misses of two months ago count")
	}
	miss(9)
	if reviews(p) != 2 {
		t.Errorf("%d reviews two months on", reviews(p))
	}
	programme, _ := w.store.Programme()
	var all []care.Member
	for _, month := range []time.Month{10, 11, 12} {
		members, err := w.store.Find(t.Context(), provider(p), care.Asked(p, time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, members...)
	}
	if inTime, decided := act.OnTime(all, programme, begin, w.now); inTime != 1 || decided != 9 {
		t.Errorf("%d of %d in time", inTime, decided)
	}
}

// R16: a client whom nobody fits lets the care team look. The promise counts from
// then; up to three who can keep it are proposed; the client chooses.
func TestR16TheCareTeamMatches(t *testing.T) {
	w := open(t)
	p, q, me := w.joins(1, false), w.joins(2, true), w.enters(1)
	id := care.EpisodeID(w.do(client(me), act.AskMatch{Client: me, Note: "Somebody calm.", Times: []string{"evening"}}))
	e := w.episode(me)
	if e.ID != id || !e.SoughtAt.Equal(w.now) || w.deadline(me, "promise", string(id)).State != care.Running || w.tasks(me, "match_wanted") != 1 {
		t.Fatalf("asked: sought %v, %d tasks", e.SoughtAt, w.tasks(me, "match_wanted"))
	}
	if got := w.refused(client(me), act.AskMatch{Client: me}); got != "already_asked" {
		t.Errorf("asked twice: %s", got)
	}
	if m := act.Candidates(w.chart(me), e); len(w.store.Directory().Match(m, w.now)) != 2 {
		t.Error("the candidates are not the two who have time")
	}
	w.do(provider(q), act.Pause{Provider: q})
	for want, a := range map[string]act.ProposeMatch{
		"invalid_input": {Episode: id}, "provider.opt_in": {Episode: id, Providers: []care.ChartID{p, q}}, "not_found": {Episode: "ep_none", Providers: []care.ChartID{p}},
	} {
		if got := w.refused(careTeam, a); got != want {
			t.Errorf("proposed %v: %s, want %s", a.Providers, got, want)
		}
	}
	w.do(careTeam, act.ProposeMatch{Episode: id, Providers: []care.ChartID{p}})
	if got := w.told(me, "match_proposed", string(id)); got[string(me)] != 1 {
		t.Errorf("told %v", got)
	}
	for _, task := range w.chart(me).Tasks {
		if task.Code == "match_wanted" && task.DoneAt.IsZero() {
			t.Error("the task stays open")
		}
	}
	w.now = w.now.Add(time.Hour)
	w.asks(me, p)
	if e := w.episode(me); e.ID != id || e.Match.Open() || len(w.chart(me).Episodes) != 1 {
		t.Error("asking one of them is not the same seeking care")
	}
	if got := w.refused(careTeam, act.ProposeMatch{Episode: id, Providers: []care.ChartID{p}}); got != "no_match_asked" {
		t.Errorf("proposed after the client had chosen: %s", got)
	}
	other := w.enters(2)
	again := care.EpisodeID(w.do(client(other), act.AskMatch{Client: other}))
	w.do(client(other), act.WithdrawMatch{Episode: again})
	if e := w.episode(other); e.ClosedAt.IsZero() || e.Result != care.PromiseDropped {
		t.Errorf("taken back, the episode is %q", e.Result)
	}
	new := entering(3)
	made := care.EpisodeID(w.do(care.Anonymous, act.AskMatch{New: &new})) // somebody who has no chart yet
	if made == "" {
		t.Error("a newcomer cannot be matched")
	}
}

// R1: a second programme needs data only: its answers are due after 48 hours while
// the first keeps its 24. Closed, it takes nothing new, and what is open goes on.
func TestR1ASecondProgrammeNeedsDataOnly(t *testing.T) {
	w := open(t)
	terms := rules.DefaultTerms(w.now)
	terms.Version, terms.RespondHours = "x-1", 48
	w.do(careTeam, act.AddProgramme{Code: "x", Title: "Programme X", Terms: terms})
	w.do(careTeam, act.AddEmployer{Employer: care.Employer{Name: "Quarrymere Robotics", Code: "QUARRY", Industry: "technology", Starts: day(2026, 1, 1), Programme: "x"}})
	p, first := w.joins(1, false), w.enters(1)
	theirs := entering(2)
	theirs.Code = "QUARRY"
	second := care.ChartID(w.do(care.Anonymous, theirs))
	a, b := w.asks(first, p), w.asks(second, p)
	for _, c := range []struct {
		who   care.ChartID
		r     care.ReferralID
		hours time.Duration
	}{{first, a, 24}, {second, b, 48}} {
		if d := w.deadline(c.who, "respond", string(c.r)); d.Due.Sub(d.Starts) != c.hours*time.Hour {
			t.Errorf("%s is due after %s, want %d hours", c.r, d.Due.Sub(d.Starts), c.hours)
		}
	}
	w.do(careTeam, act.EnableProgramme{Code: "x"})
	third := entering(3)
	third.Code = "QUARRY"
	if got := w.refused(care.Anonymous, act.Request{New: &third, Provider: p}); got != "access.open" {
		t.Errorf("a new request to a closed programme: %s", got)
	}
	w.asks(w.enters(4), p) // the first is open
	w.until(begin.Add(47 * time.Hour))
	w.do(provider(p), act.Accept{Referral: b})
	if got := w.referral(second, b).Status; got != care.Accepted || w.deadline(second, "respond", string(b)).State != care.Met {
		t.Errorf("what was open in the closed programme is %s", got)
	}
	if got := w.referral(first, a).Status; got != care.Expired {
		t.Errorf("the first programme's request is %s after 47 hours", got)
	}
	_, clock := w.store.Programme()
	if e := clock.Explain(w.deadline(second, "respond", string(b)), w.store.Words()); e.PolicyVersion != "x-1" || !strings.Contains(e.Says, "48 hours") {
		t.Errorf("explained by %s: %s", e.PolicyVersion, e.Says)
	}
}

// TestR3ANewYesIsAskedForByMail: on the first morning of the changed duty and a week
// before the grace ends, until it is said; whoever lets it pass is told once.
func TestR3ANewYesIsAskedForByMail(t *testing.T) {
	w := open(t)
	says, lapses, leaves := w.joins(1, false), w.joins(2, false), w.joins(3, false)
	for i, p := range []care.ChartID{says, lapses, leaves} {
		w.do(careTeam, act.InviteProvider{Provider: p, Email: fmt.Sprintf("provider%d@example.test", i)})
	}
	terms := rules.DefaultTerms(begin.AddDate(0, 0, 3))
	terms.RespondHours = 36
	version := w.do(careTeam, act.AdoptTerms{Terms: terms, Why: "as a test"})
	same := rules.DefaultTerms(begin.AddDate(0, 0, 60))
	same.RespondHours, same.SupportDays = 36, 3
	none := w.do(careTeam, act.AdoptTerms{Terms: same, Why: "as a test"})
	for _, p := range []care.ChartID{says, lapses, leaves, lapses} { // and once more, which asks for nothing
		w.do(careTeam, act.AskAttest{Provider: p, Version: version})
	}
	asked := func(p care.ChartID) int { return w.told(p, "attest_again", "")[string(p)] }
	w.until(begin.AddDate(0, 0, 2))
	is(t, "asked before the change", asked(says), 0)
	w.until(begin.AddDate(0, 0, 4))
	is(t, "asked", asked(says), 1)
	d := w.deadline(lapses, "attest", string(lapses))
	is(t, "until", calendar.On(d.Due, rules.Zone(d.Zone)), day(2026, 11, 7)) // 30 days after 8 October, the last day that counts
	w.do(provider(says), act.Join{Provider: says, Attest: rules.DutyCodes()})
	w.do(provider(leaves), act.Leave{Provider: leaves})
	is(t, "said", w.deadline(says, "attest", string(says)).State, care.Met)
	is(t, "left", w.deadline(leaves, "attest", string(leaves)).State, care.Stopped)
	w.until(begin.AddDate(0, 0, 50))
	is(t, "asked who said yes", asked(says), 1)
	is(t, "asked who left", asked(leaves), 1)
	is(t, "asked who did not", asked(lapses), 2)
	is(t, "told that it is over", w.told(lapses, "attest_over", "")[string(lapses)], 1)
	is(t, "listed", w.listed(says, "IL") && !w.listed(lapses, "IL"), true)
	w.do(careTeam, act.AskAttest{Provider: says, Version: none})
	w.until(begin.AddDate(0, 0, 70))
	is(t, "asked over a change that is none of their duties", asked(says), 1)
}
