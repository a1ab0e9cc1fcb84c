package store

import (
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// A clock that leaps forward makes nothing expire until a second reading, a
// minute later, agrees with it.
func TestClockForwardWaitsForASecondReading(t *testing.T) {
	w, ids := peopled(t, 1)
	r := w.openReferral(ids[0])
	if fired := w.sweep(); len(fired) > 0 {
		t.Fatalf("before anything is due: %v", fired)
	}
	before := w.now()
	w.clock.turn(26 * time.Hour)
	if fired := w.sweep(); len(fired) > 0 || !w.Clock().Leapt {
		t.Fatalf("right after the leap: fired %v, clock %+v", fired, w.Clock())
	}
	w.clock.pass(59 * time.Second)
	if fired := w.sweep(); len(fired) > 0 {
		t.Fatalf("59 s after the leap: %v", fired)
	}
	if due, err := w.ToSend(); err != nil || len(due) > 0 {
		t.Errorf("meanwhile there is something to send: %v %v", due, err)
	}
	if got := w.now(); got.Sub(before) < 59*time.Second || got.Sub(before) > time.Minute {
		t.Errorf("time goes on by %v, want that of real time", got.Sub(before))
	}
	w.do(ofClient(ids[0]), act.UpdateMe{Client: ids[0]}) // an act makes nothing expire either
	if got := w.referral(ids[0], r); got.Status == care.Expired {
		t.Error("an act made the request expire")
	}
	w.clock.pass(time.Second)
	if fired := w.sweep(); len(fired) == 0 || w.Clock().Leapt || w.referral(ids[0], r).Status != care.Expired {
		t.Errorf("once a second reading agrees: fired %v, clock %+v", fired, w.Clock())
	}
	w.Flush()
	w.mustSay("clock leap", "held: ", "taken: ")
}

// A leap that was a mistake goes by, and nothing has come of it.
func TestClockThatGoesBackAfterALeap(t *testing.T) {
	w, ids := peopled(t, 1)
	r := w.openReferral(ids[0])
	w.sweep()
	for range 5 { // it jumps about: no reading agrees with another
		w.clock.turn(26 * time.Hour)
		w.clock.pass(2 * time.Minute)
		if fired := w.sweep(); len(fired) > 0 || !w.Clock().Leapt {
			t.Fatalf("fired %v, clock %+v", fired, w.Clock())
		}
	}
	w.clock.turn(-5 * 26 * time.Hour)
	w.sweep()
	if c := w.Clock(); c.Leapt || c.Behind > 0 || w.referral(ids[0], r).Status == care.Expired {
		t.Errorf("back again: %+v, the request is %s", c, w.referral(ids[0], r).Status)
	}
	w.Flush()
	w.mustSay("clock leap", "held: ", "gone back: ")
}

// While a doubtful clock lets nothing fall, a provider who has left answers nobody
// all the same.
func TestAProviderWhoLeftAnswersNobodyThoughTheClockIsHeld(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	id := w.ask(client, provider)
	w.clock.turn(26 * time.Hour)
	w.do(ofProvider(provider), act.Leave{Provider: provider})
	_, err := w.Do(t.Context(), ofProvider(provider), act.Accept{Referral: id})
	wantFault(t, err, care.Conflict, "left_the_programme")
	if r := w.referral(client, id); r.Status != care.Submitted {
		t.Errorf("it is %s", r.Status)
	}
	w.do(care.System, act.ConfirmClock{})
	if r := w.referral(client, id); r.Status != care.Submitted {
		t.Errorf("reading made it %s", r.Status)
	}
	w.sweep()
	if r := w.referral(client, id); r.Status != care.Rerouted {
		t.Errorf("it is %s", r.Status)
	}
}

func TestAPersonConfirmsTheClock(t *testing.T) {
	w, ids := peopled(t, 1)
	r := w.openReferral(ids[0])
	operator := care.Actor{Role: care.RoleOperator, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleOperator, FullName: "Operator", Email: "operator@example.test"}))}
	w.clock.turn(26 * time.Hour)
	w.sweep()
	if _, err := w.Do(t.Context(), ofClient(ids[0]), act.ConfirmClock{}); err == nil || !w.Clock().Leapt {
		t.Errorf("a client confirms it: %v", err)
	}
	w.do(operator, act.ConfirmClock{})
	if w.sweep(); w.Clock().Leapt || w.referral(ids[0], r).Status != care.Expired {
		t.Errorf("confirmed: %+v, the request is %s", w.Clock(), w.referral(ids[0], r).Status)
	}
	w.mustSay("confirm_clock", "")
}

// Up to a day and an hour it may be daylight saving, a zone or a new battery.
func TestClockForwardByADayIsTaken(t *testing.T) {
	w, ids := peopled(t, 1)
	r := w.openReferral(ids[0])
	w.sweep()
	w.clock.turn(25 * time.Hour)
	if fired := w.sweep(); len(fired) == 0 || w.Clock().Leapt || w.referral(ids[0], r).Status != care.Expired {
		t.Errorf("fired %v, clock %+v", fired, w.Clock())
	}
}

func TestClockBackIsToldAndDeadlinesGoByTheHighest(t *testing.T) {
	w, ids := peopled(t, 1)
	high := w.now()
	w.clock.turn(-5 * time.Minute)
	if c := w.Clock(); c.Behind != 0 {
		t.Errorf("five minutes back: %+v", c)
	}
	w.clock.turn(-time.Minute)
	if c := w.Clock(); c.Behind != 6*time.Minute || c.Leapt {
		t.Errorf("six minutes back: %+v", c)
	}
	if !w.now().Equal(high) {
		t.Errorf("it is %v, want the highest seen, %v", w.now(), high)
	}
	w.do(ofClient(ids[0]), act.UpdateMe{Client: ids[0]})
	w.reopen() // and so after a start
	if c := w.Clock(); c.Behind != 6*time.Minute {
		t.Errorf("after a start: %+v", c)
	}
}

// What lets somebody in runs out in its time, whatever the clock does.
func TestPassesRunOutByRealTime(t *testing.T) {
	w := newWorld(t, Production, nil)
	account := care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Desk", Email: "desk@example.test"}))
	gives := func(hash string) {
		w.do(care.System, act.GivePass{Chart: account, Pass: care.Pass{Hash: hash, Type: care.PassSession, Expires: w.Passing().Add(30 * time.Minute)}})
	}
	opens := func(hash string) bool {
		_, _, ok, err := w.Bearer(hash)
		must(t, err)
		return ok
	}
	gives("a")
	w.clock.turn(-48 * time.Hour)
	w.clock.pass(29 * time.Minute)
	if !opens("a") {
		t.Error("the clock went back, and it ran out before its time")
	}
	w.clock.pass(time.Minute)
	if opens("a") {
		t.Error("the clock went back, and it outlives its time")
	}
	w.reopen() // with a clock that is still behind
	gives("b")
	w.clock.pass(29 * time.Minute)
	if !opens("b") {
		t.Error("after a start with the clock behind it ran out before its time")
	}
	w.clock.pass(time.Minute)
	if opens("b") {
		t.Error("after a start with the clock behind it outlives its time")
	}
	w.clock.turn(48 * time.Hour)
	gives("c")
	w.clock.turn(26 * time.Hour)
	if !opens("c") {
		t.Error("a leap that nobody confirmed ends it")
	}
}

// After downtime, however long, a start catches up at once.
func TestARestartAfterDowntimeCatchesUp(t *testing.T) {
	w, ids := peopled(t, 1)
	r := w.openReferral(ids[0])
	must(t, w.Close())
	w.clock.set(w.clock.now().AddDate(0, 0, 9))
	w.opened()
	if fired := w.sweep(); len(fired) == 0 || w.referral(ids[0], r).Status != care.Expired || w.Clock().Leapt {
		t.Errorf("fired %v, clock %+v", fired, w.Clock())
	}
	if w.Down() < 8*24*time.Hour {
		t.Errorf("it says that it was down for %v", w.Down())
	}
}

func TestAThrowawayClockIsMovedAtWill(t *testing.T) {
	w := seeded(t)
	client, provider := w.client(1), w.provider(1)
	w.ask(client, provider)
	w.sweep()
	w.clock.turn(40 * 24 * time.Hour)
	if fired := w.sweep(); len(fired) == 0 {
		t.Error("nothing fell due")
	}
	w.clock.turn(-24 * time.Hour)
	if c := w.Clock(); c != (Clock{}) {
		t.Errorf("doubted: %+v", c)
	}
}

// openReferral is the client's one.
func (w *world) openReferral(client care.ChartID) care.ReferralID {
	w.Helper()
	return w.chart(client).Referrals[0].ID
}

// pass lets real time go by, and the clock with it.
func (h *hands) pass(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed += by
	h.at = h.at.Add(by)
}

// mustSay finds entries of the trail that did something, with these effects.
func (w *world) mustSay(did string, effects ...string) {
	w.Helper()
	found := w.entries(did)
	for _, effect := range effects {
		there := false
		for _, e := range found {
			there = there || strings.HasPrefix(e.Effect, effect)
		}
		if !there {
			w.Errorf("the trail says %v of %q, want %q", found, did, effect)
		}
	}
}
