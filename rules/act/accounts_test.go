package act_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// opens gives an account a password, as it is kept, by a link that is used up.
func (w *world) opens(c care.ChartID) {
	w.Helper()
	hash := act.HashOf("link of " + string(c))
	w.do(care.System, act.GivePass{Chart: c, Pass: care.Pass{Hash: hash, Type: care.PassInvite, Expires: w.now.Add(time.Hour)}})
	w.do(care.System, act.Redeem{Chart: c, Hash: hash, Password: "kept:" + string(c)})
}

// joining is what somebody who is signed in to the one account and has opened the
// other says.
func joining(mine, other care.ChartID) act.JoinAccounts {
	return act.JoinAccounts{Mine: mine, Other: other, Proof: "kept:" + string(other)}
}

// twoAccounts are those of one person who came back: the first a while ago.
func (w *world) twoAccounts() (first, second care.ChartID) {
	w.Helper()
	first = w.enters(1)
	w.opens(first)
	w.until(w.now.Add(time.Hour))
	second = w.enters(1)
	w.opens(second)
	return first, second
}

// baseline counts the forms before a first session by where they stand.
func (w *world) baseline(c care.ChartID) map[care.ScreeningStatus]int {
	w.Helper()
	stand := map[care.ScreeningStatus]int{}
	for _, s := range w.chart(c).Screenings {
		if s.Purpose == care.Baseline {
			stand[s.Status]++
		}
	}
	return stand
}

func (w *world) isGone(c care.ChartID) bool {
	_, err := w.store.Chart(context.Background(), care.System, c, "test")
	return err != nil
}

// whole says that everything in a chart is its own, and can be found by its id.
func (w *world) whole(t *testing.T, c care.ChartID) {
	t.Helper()
	chart := w.chart(c)
	for _, r := range chart.Records() {
		owner := c
		switch r := r.(type) {
		case care.Episode:
			owner = r.Client
		case care.Referral:
			owner = r.Client
			_, ok := chart.Episode(r.Episode)
			is(t, "a referral's episode is here", ok, true)
		case care.Appointment:
			owner = r.Client
			of, _ := chart.Referral(r.Referral)
			is(t, "an appointment's episode", r.Episode, of.Episode)
		case care.Coverage:
			owner = r.Client
		case care.Screening:
			owner = r.Client
		case care.Wait:
			owner = r.Client
		case care.Deadline:
			owner = r.Chart
		case care.Task:
			owner = r.Client
		case care.Message:
			owner = r.Chart
		case care.Pass:
			owner = r.Chart
		}
		is(t, "whose a "+string(r.Kind())+" is", owner, c)
		if _, consent := r.(care.Consent); consent || r.Kind() == care.KindEpisode || r.Kind() == care.KindReferral || r.Kind() == care.KindAppointment || r.Kind() == care.KindDeadline {
			found, err := w.store.Locate(context.Background(), care.System, r.Key(), "test")
			is(t, "a "+string(r.Kind())+" is found", err == nil && found.ID == c, true)
		}
	}
	open := 0
	for _, e := range chart.Episodes {
		if e.ClosedAt.IsZero() && e.First == "" {
			open++
		}
	}
	is(t, "open episodes", open < 2, true)
	if report, err := w.store.Verify(t.Context(), nil); err != nil || len(report.Damages) > 0 {
		t.Errorf("the store is not whole: %v, %v", err, report.Damages)
	}
}

// TestR14TwoRequestsOfOnePersonBecomeOneAccount: what was asked in two browsers stands
// in the older account, under the same ids and with the same clocks; what was promised
// first counts; and the other account is gone.
func TestR14TwoRequestsOfOnePersonBecomeOneAccount(t *testing.T) {
	for _, signedInTo := range []string{"the younger", "the older"} {
		t.Run(signedInTo, func(t *testing.T) {
			w := open(t)
			p, q := w.joins(1, true), w.joins(2, false)
			first, second := w.twoAccounts()
			a := w.asks(first, p)
			w.until(w.now.Add(5 * time.Hour))
			b := w.asks(second, q, w.now.Add(50*time.Hour))
			w.waitlist(p, true)
			earlier, later := w.episode(first), w.episode(second)
			promise, due := w.deadline(first, "promise", string(earlier.ID)), w.deadline(second, "respond", string(b)).Due
			session := care.Pass{Hash: act.HashOf("a new session"), Type: care.PassSession, Expires: w.now.Add(time.Hour)}
			say := joining(second, first)
			if signedInTo == "the older" {
				say = joining(first, second)
			}
			say.Pass = &session
			is(t, "the one that stays", care.ChartID(w.do(client(say.Mine), say)), first)
			is(t, "the younger is gone", w.isGone(second), true)
			w.whole(t, first)

			chart := w.chart(first)
			is(t, "requests", len(chart.Referrals), 2)
			is(t, "episode of the second", w.referral(first, b).Episode, earlier.ID)
			is(t, "the promise", w.deadline(first, "promise", string(earlier.ID)).Due, promise.Due)
			is(t, "it runs", w.deadline(first, "promise", string(earlier.ID)).State, care.Running)
			closed, _ := chart.Episode(later.ID)
			is(t, "the other", closed.Result, care.NotApplicable)
			is(t, "why", closed.ClosedFor, rules.Joined)
			is(t, "what the provider owes", w.deadline(first, "respond", string(b)).Due, due)
			is(t, "told", w.told(first, "taken_together", "")[string(p)]+w.told(first, "taken_together", "")[string(q)], 0)
			is(t, "told the client", w.told(first, "accounts_joined", "")[string(first)], 1)
			is(t, "former", slices.Equal(chart.Client.Former, []care.ChartID{second}), true)
			is(t, "ways in", len(chart.Passes), 1)
			_, opened := chart.Pass(session.Hash)
			is(t, "this browser's", opened, true)
			is(t, "whose inbox", len(w.find(care.Set{Name: care.SetInbox, Of: string(q), Serves: q})), 1)

			// And on as if nothing had been: both sides act on what was asked.
			w.do(provider(q), act.Accept{Referral: b})
			w.do(client(first), act.Withdraw{Referral: a})
			w.do(client(first), act.Book{Referral: b, Start: w.now.Add(20 * time.Hour)})
			is(t, "status", w.referral(first, b).Status, care.ConsultBooked)
			w.until(w.now.AddDate(0, 0, 40))
			w.whole(t, first)
		})
	}
}

// TestR14ABookedCallGoesOver: the time stays taken, the same calendar entry stands for
// it, and it is reminded of once.
func TestR14ABookedCallGoesOver(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, true)
	first, second := w.twoAccounts()
	w.asks(first, p)
	start := w.now.Add(50 * time.Hour)
	b := care.ReferralID(w.do(client(second), act.Request{Client: second, Provider: q, Start: start}))
	w.do(client(second), act.Hold{Client: second, Provider: p, Start: start})
	call := w.referral(second, b).Meeting
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	is(t, "booked", w.appointment(first, call).Status, care.Booked)
	is(t, "holds", len(w.chart(first).Holds), 0)
	for _, dl := range w.chart(first).Deadlines {
		is(t, "a clock of a hold", dl.Code == "hold", false)
	}
	busy := w.find(care.Busy(q, start.Format(time.DateOnly)))
	is(t, "busy", len(busy) == 1 && busy[0].Chart == first, true)
	is(t, "held", len(w.find(care.Busy(p, start.Format(time.DateOnly)))), 0)
	w.until(start)
	is(t, "reminded", w.told(first, "visit", string(call))[string(first)], 2)
	w.do(provider(q), act.Outcome{Appointment: call, Result: care.Attended})
	w.session(q, b, w.now.Add(24*time.Hour))
	is(t, "forms", w.baseline(first)[care.ScreeningAssigned], 2)
}

// TestR14OneProviderAskedTwice: the request that has come further stands, else the
// earlier one, with its clock; the provider hears that the two are one.
func TestR14OneProviderAskedTwice(t *testing.T) {
	for _, row := range []struct {
		name     string
		accepted bool // the later one
		stands   int
	}{{"equally far", false, 0}, {"the later one was accepted", true, 1}} {
		t.Run(row.name, func(t *testing.T) {
			w := open(t)
			p := w.joins(1, false)
			first, second := w.twoAccounts()
			listed := w.now.Add(60 * time.Hour)
			asked := []care.ReferralID{w.asks(first, p), ""}
			due := w.deadline(first, "respond", string(asked[0])).Due
			w.until(w.now.Add(time.Hour))
			asked[1] = w.asks(second, p, listed)
			if row.accepted {
				w.do(provider(p), act.Accept{Referral: asked[1]})
			}
			w.do(client(second), joining(second, first))
			w.whole(t, first)
			stands, fell := w.referral(first, asked[row.stands]), w.referral(first, asked[1-row.stands])
			is(t, "stands", stands.Status.Open(), true)
			is(t, "fell together", fell.Status, care.Superseded)
			is(t, "times that were listed", len(stands.Preferred), 1)
			is(t, "told", w.told(first, "taken_together", string(fell.ID))[string(p)], 1)
			inbox := w.find(care.Set{Name: care.SetInbox, Of: string(p), Serves: p})
			if !row.accepted {
				is(t, "inbox", len(inbox) == 1 && inbox[0].Ref == string(asked[0]), true)
				is(t, "due", w.deadline(first, "respond", string(asked[0])).Due, due)
			}
			w.until(w.now.AddDate(0, 0, 3))
			is(t, "tasks of one that fell", w.referral(first, fell.ID).Status, care.Superseded)
		})
	}
}

// TestR14WhereCareHasBegunStays: the younger account stays where somebody is in care
// there; the older one's request goes over and is a new search for care.
func TestR14WhereCareHasBegunStays(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, false)
	first, second := w.twoAccounts()
	r := w.held(second, p)
	ap := w.session(p, r, w.now.Add(24*time.Hour))
	w.fills(second, 3)
	w.until(w.now.Add(25 * time.Hour))
	w.do(provider(p), act.Outcome{Appointment: ap, Result: care.Attended})
	b := w.asks(first, q)
	promised := w.deadline(first, "promise", string(w.episode(first).ID)).Due
	is(t, "the one that stays", care.ChartID(w.do(client(first), joining(first, second))), second)
	w.whole(t, second)
	is(t, "in care", w.referral(second, r).Status, care.InCare)
	e, open := w.chart(second).OpenEpisode()
	is(t, "a search of its own", open && e.ID == w.referral(second, b).Episode, true)
	is(t, "its promise", w.deadline(second, "promise", string(e.ID)).Due, promised)
	is(t, "the follow-up", w.deadline(second, "follow_up", string(w.referral(second, r).Episode)).State, care.Running)
	is(t, "answers", w.baseline(second)[care.ScreeningCompleted], 2)
}

// TestR14FormsAreGivenOnce: where a first session is booked in both, the forms that were
// answered stand, and those that nobody had answered are not asked again.
func TestR14FormsAreGivenOnce(t *testing.T) {
	for _, answered := range []bool{true, false} {
		w := open(t)
		p, q := w.joins(1, true), w.joins(2, true)
		first, second := w.twoAccounts()
		r := w.asks(first, p)
		w.do(provider(p), act.Accept{Referral: r})
		w.session(p, r, w.now.Add(72*time.Hour))
		if answered {
			w.fills(first, 1)
		}
		s := w.asks(second, q)
		w.do(provider(q), act.Accept{Referral: s})
		sooner := w.session(q, s, w.now.Add(48*time.Hour))
		w.do(client(second), joining(second, first))
		w.whole(t, first)
		given := w.baseline(first)
		is(t, "forms that stand", given[care.ScreeningAssigned]+given[care.ScreeningCompleted], 2)
		is(t, "taken back", given[care.ScreeningCancelled], 2)
		if !answered {
			is(t, "owed before the first of the two", w.deadline(first, "baseline", string(sooner)).State, care.Running)
		}
	}
}

// TestR14ASafetyAlertStaysOpen: whoever is to read it still finds it.
func TestR14ASafetyAlertStaysOpen(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	first, second := w.twoAccounts()
	w.session(p, w.held(second, p), w.now.Add(24*time.Hour))
	for _, s := range w.chart(second).Screenings {
		if s.Instrument == "phq-9" {
			w.do(client(second), act.SaveAnswers{Screening: s.ID, Answers: map[string]int{"44260-8": 1}})
		}
	}
	w.do(client(first), joining(first, second))
	alert := w.chart(second).Alerts[0]
	is(t, "its clock", w.deadline(second, "safety_ack", string(alert.ID)).State, care.Running)
	w.do(provider(p), act.Acknowledge{Alert: alert.ID, Action: "contacted"})
}

// TestR14SharingNeverGrowsByJoining: a yes stands only where as much was allowed in
// both; a yes of the account that goes is kept, ended.
func TestR14SharingNeverGrowsByJoining(t *testing.T) {
	yes := func(scopes ...string) []string { return scopes }
	for _, row := range []struct {
		name          string
		first, second []string // nil: never asked; empty: no
		want          []string
		again         bool
	}{
		{"neither", nil, nil, nil, false},
		{"only the one that goes", nil, yes("identity"), nil, false},
		{"only the one that stays", yes("identity"), nil, nil, true},
		{"a no in the other", yes("identity"), yes(), nil, true},
		{"a no here", yes(), yes("identity"), nil, false},
		{"more than in the other", yes("identity", "referral"), yes("identity"), nil, true},
		{"no more than in the other", yes("identity"), yes("identity", "referral"), yes("identity"), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := open(t)
			first, second := w.twoAccounts()
			said := 0
			for c, scopes := range map[care.ChartID][]string{first: row.first, second: row.second} {
				if scopes != nil {
					w.do(client(c), act.SetSharing{Client: c, Sharing: len(scopes) > 0, Scopes: scopes, TextVersion: act.ConsentTextVersion})
					said++
				}
			}
			w.until(w.now.Add(time.Minute))
			w.do(client(second), joining(second, first))
			w.whole(t, first)
			chart := w.chart(first)
			c, _ := chart.Sharing()
			is(t, "shares", c.Active(w.now), row.want != nil)
			is(t, "asked again", c.AskAgain(), row.again)
			is(t, "answers kept", len(chart.Consents), said)
			active := 0
			for _, c := range chart.Consents {
				if c.Active(w.now) {
					active++
					is(t, "what", slices.Equal(c.Scopes, row.want), true)
				}
			}
			is(t, "in force", active <= 1, true)
			w.shares(first)
			c, _ = chart.Sharing()
			now, _ := w.chart(first).Sharing()
			is(t, "a new answer counts", now.Active(w.now) && now.Number > c.Number, true)
		})
	}
}

// TestR14OnePlanOfAKindStands: the later one, as where both had been given in one
// account; of two alike what was found counts, and an EAP's sessions stay counted.
func TestR14OnePlanOfAKindStands(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	first, second := w.twoAccounts()
	w.asks(first, p)
	old := w.insured(first, plan(first, "Lakefront HMO"))
	w.do(client(first), eap(first, 3))
	w.until(w.now.Add(time.Hour))
	later := care.CoverageID(w.do(client(second), plan(second, "Lakefront PPO")))
	alike := w.insured(second, eap(second, 3))
	promise := w.deadline(first, "promise", string(w.episode(first).ID))
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	is(t, "the earlier", w.coverage(first, old).Status, care.Replaced)
	is(t, "the later", w.coverage(first, later).Status, care.CoveragePending)
	is(t, "its clock", w.deadline(first, "eligibility", string(later)).State, care.Running)
	is(t, "of two alike", w.coverage(first, alike).Status, care.Eligible)
	if now := w.deadline(first, "promise", string(w.episode(first).ID)); !reflect.DeepEqual(now, promise) {
		t.Errorf("the promise was due %v and %s, and is due %v and %s", promise.Due, promise.State, now.Due, now.State)
	}
}

// TestR14WhatTheEmployerIsCountsOnce: the employer who was named last stands, and what
// was found of one employer counts for more than a word. The name is read only if that
// was allowed in both.
func TestR14WhatTheEmployerIsCountsOnce(t *testing.T) {
	w := open(t)
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Harbor Forge", Code: "FORGE", Industry: "energy", Starts: day(2026, 1, 1)}})
	first, second := w.twoAccounts()
	w.do(careTeam, act.CheckEmployment{Client: first, Employed: false})
	w.until(w.now.Add(time.Hour))
	w.do(client(second), act.ClaimBenefit{Client: second, Code: "FORGE"})
	w.do(client(second), act.NameEmployer{Client: second, Yes: true})
	w.do(client(second), joining(second, first))
	b := w.chart(first).Client.Benefit
	is(t, "employer", b.Code, "FORGE")
	is(t, "named", b.Named, false)

	first, second = w.enters(2), w.enters(2)
	w.opens(first)
	w.opens(second)
	if first > second {
		first, second = second, first
	}
	w.until(w.now.Add(time.Hour))
	w.do(careTeam, act.CheckEmployment{Client: second, Employed: false})
	w.do(client(second), joining(second, first))
	is(t, "found to have left", *w.chart(first).Client.Benefit.Found(), false)
}

// TestR14WaitingListsGoOver: one place on each list, the earlier one, and none where
// the provider is asked.
func TestR14WaitingListsGoOver(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, true)
	first, second := w.twoAccounts()
	w.asks(first, q)
	w.waitlist(p, true)
	w.waitlist(q, true)
	a := w.waits(first, p)
	w.until(w.now.Add(time.Hour))
	b, c := w.waits(second, p), w.waits(second, q)
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	is(t, "the earlier", w.wait(first, a).Status, care.WaitStands)
	is(t, "the later", w.wait(first, b).Status, care.WaitLeft)
	is(t, "asked", w.wait(first, c).Status, care.WaitTaken)
	is(t, "row", len(w.find(care.Waitlist(p))), 1)
	is(t, "row of one who is asked", len(w.find(care.Waitlist(q))), 0)
}

// TestR14TheSearchOfTheCareTeamGoesOver: whom they look for is looked for still.
func TestR14TheSearchOfTheCareTeamGoesOver(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	first, second := w.twoAccounts()
	w.asks(first, p)
	w.do(client(second), act.AskMatch{Client: second, Note: "Evenings."})
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	e, _ := w.chart(first).OpenEpisode()
	is(t, "looked for", e.Match.Open() && e.Match.Note == "Evenings.", true)
	w.do(careTeam, act.ProposeMatch{Episode: e.ID, Providers: []care.ChartID{p}})
}

// TestR14MailThatWaitsIsSent: what was to be told when the two became one is told, and
// a set-up link of the one that goes is not.
func TestR14MailThatWaitsIsSent(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	first, second := w.twoAccounts()
	b := w.asks(second, p)
	w.do(client(second), joining(second, first))
	is(t, "the request's", w.told(first, "request_new", string(b))[string(p)], 1)
	is(t, "the client's", w.told(first, "request_received", string(b))[string(first)], 1)
	is(t, "links", w.told(first, "invite", "")[string(first)], 1) // its own
	due, err := w.store.ToSend()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range due {
		is(t, "waits in a chart that is there", m.Chart == second, false)
	}
}

// TestR14APasswordOpensTheOneThatStays: its own, and where it never had one that of the
// other, with the address that it was opened with.
func TestR14APasswordOpensTheOneThatStays(t *testing.T) {
	w := open(t)
	first := w.enters(1)
	w.until(w.now.Add(time.Hour))
	second := entering(2)
	other := care.ChartID(w.do(care.Anonymous, second))
	w.opens(other)
	w.do(care.System, act.GivePass{Chart: first, Pass: care.Pass{Hash: act.HashOf("a program"), Type: care.PassToken}})
	w.do(client(first), joining(first, other))
	account := w.chart(first).Account
	is(t, "password", account.Password, "kept:"+string(other))
	is(t, "address", account.Email, second.Email)
	is(t, "address to write to", w.chart(first).Client.Email, second.Email)
	is(t, "a program that was let in before", len(w.chart(first).Passes), 0)
	is(t, "accounts of the address", len(w.find(care.ByEmail(second.Email))), 1)
	is(t, "accounts of the other", len(w.find(care.ByEmail(entering(1).Email))), 0)
}

// TestR14JoiningIsRefused: with the reason, and nothing changes. Nobody learns anything
// of an account that they have not opened.
func TestR14JoiningIsRefused(t *testing.T) {
	w := open(t)
	p, q, o := w.joins(1, true), w.joins(2, true), w.joins(3, true)
	first, second := w.twoAccounts()
	say := joining(second, first)
	refused := func(what string, actor care.Actor, a act.JoinAccounts, want string) {
		t.Helper()
		before := w.chart(first).Version
		is(t, what, w.refused(actor, a), want)
		is(t, what+": changed", w.chart(first).Version, before)
	}
	wrong := say
	wrong.Proof = "kept:another"
	refused("another password", client(second), wrong, "wrong_password")
	wrong.Proof = ""
	refused("none", client(second), wrong, "wrong_password")
	wrong.Other = "cl_nobody"
	refused("one that is not there", client(second), wrong, "wrong_password")
	refused("somebody else", client(first), say, "not_found")
	refused("a provider", provider(p), say, "forbidden")
	refused("the care team", careTeam, say, "forbidden")
	refused("the service", care.System, say, "forbidden")
	refused("the same", client(first), joining(first, first), "same_account")

	state := "NY"
	w.do(client(second), act.UpdateMe{Client: second, State: &state})
	refused("another state", client(second), say, "joined.state")
	state = "IL"
	born := day(1991, 1, 1)
	w.do(client(second), act.UpdateMe{Client: second, State: &state, BirthDate: &born})
	refused("another date of birth", client(second), say, "joined.birth")
	born = day(1990, 5, 10)
	w.do(client(second), act.UpdateMe{Client: second, BirthDate: &born})

	w.do(careTeam, act.AskErasure{Client: first})
	refused("to be erased", client(second), say, "joined.erasure")
	asked := w.find(care.Erasures(care.ErasureAsked))
	w.do(care.Actor{Role: care.RoleCareTeam, Chart: "ac_second"}, act.RefuseErasure{Erasure: asked[0].Chart})

	more := []care.ChartID{w.joins(4, true), w.joins(5, true)}
	var open []care.ReferralID
	for _, id := range []care.ChartID{p, q} {
		w.asks(first, id)
	}
	for _, id := range append(more, p) {
		open = append(open, w.asks(second, id))
	}
	refused("four requests", client(second), say, "joined.requests")
	w.do(client(second), act.Withdraw{Referral: open[0]})
	w.do(client(second), act.Withdraw{Referral: open[2]})
	held := w.asks(second, o)
	w.do(client(second), act.Withdraw{Referral: open[1]})
	w.do(provider(o), act.Accept{Referral: held})
	w.do(client(second), act.Book{Referral: held, Start: w.now.Add(2 * time.Hour)})
	also := care.ReferralID(w.do(client(first), act.Request{Client: first, Provider: o, Start: w.now.Add(3 * time.Hour)}))
	refused("a time with one provider in both", client(second), say, "joined.twice")
	w.until(w.now.Add(6 * time.Hour))
	for c, r := range map[care.ChartID]care.ReferralID{first: also, second: held} {
		w.do(provider(o), act.Outcome{Appointment: w.referral(c, r).Meeting, Result: care.Attended})
	}
	is(t, "care in both", w.refused(client(second), say), "joined.care")
}

// TestR14APromiseThatIsOverKeepsItsResult: where the promise of one account was broken,
// joining does not make it undone, and the one that runs goes on.
func TestR14APromiseThatIsOverKeepsItsResult(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, false)
	first := w.enters(1)
	w.opens(first)
	r := w.asks(first, p)
	w.do(provider(p), act.Accept{Referral: r})
	old := w.episode(first)
	w.do(client(first), act.OtherTimes{Referral: r, Preferred: []time.Time{w.now.AddDate(0, 0, 20)}})
	w.until(w.now.AddDate(0, 0, 10))
	is(t, "broken", w.episode(first).Result, care.Broken)
	second := w.enters(1)
	w.opens(second)
	b := w.asks(second, q)
	runs := w.deadline(second, "promise", string(w.episode(second).ID))
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	over, _ := w.chart(first).Episode(old.ID)
	is(t, "still broken", over.Result, care.Broken)
	is(t, "somebody says why", w.tasks(first, rules.BrokenTask), 1)
	e, _ := w.chart(first).OpenEpisode()
	is(t, "the one that runs", e.ID, w.referral(first, b).Episode)
	is(t, "both requests", w.referral(first, r).Episode, e.ID)
	now := w.deadline(first, "promise", string(e.ID))
	is(t, "its end", now.Due, runs.Due)
	is(t, "its state", now.State, care.Running)
}

// TestR14WhateverStandsInTwoAccounts lets one person do anything in two browsers, as far
// as it may be joined, says that both accounts are theirs, and holds of the one account
// what must hold of each, then and afterwards.
func TestR14WhateverStandsInTwoAccounts(t *testing.T) {
	root := inMemory(t)
	if os.Getenv("CARECONNECT_TORTURE") == "" && flag.Lookup("rapid.seed").Value.String() == "0" {
		if err := flag.Set("rapid.seed", "7"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		if err != nil {
			t.Fatal(err)
		}
		l := newLife(t, dir)
		w := l.world
		l.providers = append(l.providers, w.joins(3, true))
		accounts := []care.ChartID{l.me, w.enters(1)}
		for _, c := range accounts {
			w.opens(c)
		}
		answers := rapid.IntRange(0, 2).Draw(t, "in which of the two forms are answered")
		for range rapid.IntRange(4, 30).Draw(t, "deeds") {
			browser := rapid.IntRange(0, 1).Draw(t, "browser")
			l.me = accounts[browser]
			w.now = w.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour, 3 * time.Hour, 9 * time.Hour}).Draw(t, "meanwhile"))
			deed := rapid.SampledFrom(others).Draw(t, "deed")
			if deed == "save" && browser != answers {
				deed = "accept"
			}
			if actor, a := l.deedOf(deed); a != nil {
				w.refused(actor, a)
			}
		}
		w.sweep()
		safety := len(w.chart(accounts[0]).Alerts) + len(w.chart(accounts[1]).Alerts)
		due := map[care.DeadlineID]time.Time{}
		for _, c := range accounts {
			for _, dl := range w.chart(c).Deadlines {
				if dl.State == care.Running || dl.State == care.Waiting {
					due[dl.ID] = dl.Due
				}
			}
		}
		say := joining(accounts[0], accounts[1])
		if rapid.Bool().Draw(t, "in the other browser") {
			say = joining(accounts[1], accounts[0])
		}
		out, err := w.store.Do(context.Background(), client(say.Mine), say)
		if err == nil && out.Decision.Outcome == rules.Yes {
			l.me = care.ChartID(out.Made)
			for _, dl := range w.chart(l.me).Deadlines {
				was, had := due[dl.ID]
				if had && dl.State == care.Running && !dl.Due.Equal(was) {
					l.Fatalf("%s was due %v, and is due %v for having joined", dl.Code, was, dl.Due)
				}
			}
			if got := len(w.chart(l.me).Alerts); got != safety {
				l.Fatalf("%d alerts, and there were %d", got, safety)
			}
			l.holds()
			for range rapid.IntRange(0, 6).Draw(t, "steps") {
				l.step()
			}
			l.sweep()
			l.holds()
		}
		w.close()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	})
}

// TestR14ACardAndALinkForDetailsGoOver: the photo of a card is seen by who verifies the
// plan, and goes with the account; a link that was sent still takes the details.
func TestR14ACardAndALinkForDetailsGoOver(t *testing.T) {
	w := open(t)
	first, second := w.twoAccounts()
	secret := w.linked(second)
	given := eap(second, 2)
	given.Photo = photo(t)
	plan := care.CoverageID(w.do(client(second), given))
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	card := w.coverage(first, plan).Card
	is(t, "whose card", card.Client, first)
	kept, err := w.store.Chart(context.Background(), careTeam, card.Chart, "test")
	is(t, "seen by the care team", err == nil && len(kept.Picture()) == card.Size && kept.Card.Client == first, true)
	is(t, "the link runs out", w.deadline(first, "details", string(first)).State, care.Running)
	w.do(care.Anonymous, details(secret, nil))
	is(t, "plans", len(w.chart(first).Coverages), 2)
	w.do(client(first), act.Erase{Client: first})
	is(t, "the card is gone with the account", w.isGone(card.Chart), true)
}

// TestR14TwoSayItAtOnce: in both browsers at once, each naming the other. One is done, and
// the other finds that its account has become part of this one.
func TestR14TwoSayItAtOnce(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, false)
	first, second := w.twoAccounts()
	w.asks(first, p)
	w.asks(second, q)
	answers := w.store.OrderAll(context.Background(), []store.Order{
		{Actor: client(second), Act: joining(second, first)}, {Actor: client(first), Act: joining(first, second)},
	})
	is(t, "the one", answers[0].Err == nil && answers[0].Decision.Outcome == rules.Yes, true)
	var f *care.Fault
	is(t, "the other", errors.As(answers[1].Err, &f) && f.Code == "wrong_password", true)
	is(t, "requests", len(w.chart(first).Referrals), 2)
	w.whole(t, first)
}

// TestR14WhatWasOfferedInTimeStaysSo: the sessions by which it was are in the other search
// for care by then, and what had become of the promise is not worked out again.
func TestR14WhatWasOfferedInTimeStaysSo(t *testing.T) {
	w := open(t)
	p, q := w.joins(1, true), w.joins(2, false)
	first := w.enters(1)
	w.opens(first)
	ap := w.session(p, w.held(first, p), w.now.Add(24*time.Hour))
	w.do(client(first), act.Cancel{Appointment: ap})
	old := w.episode(first)
	w.until(w.now.AddDate(0, 0, 10))
	is(t, "offered", w.episode(first).Result, care.KeptOffered)
	second := w.enters(1)
	w.opens(second)
	w.asks(second, q)
	w.do(client(second), joining(second, first))
	w.whole(t, first)
	over, _ := w.chart(first).Episode(old.ID)
	is(t, "closed", over.ClosedFor, rules.Joined)
	is(t, "offered still", over.Result, care.KeptOffered)
}
