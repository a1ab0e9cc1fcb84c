package act_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// keeps is a provider who takes nobody new and keeps a waiting list.
func (w *world) keeps(n int, self bool) care.ChartID {
	w.Helper()
	p := w.joins(n, self)
	w.waitlist(p, true)
	return p
}

func (w *world) waitlist(p care.ChartID, only bool) {
	w.Helper()
	w.do(provider(p), act.SetCaseload{Provider: p, WaitlistOnly: &only})
}

func (w *world) waits(c, p care.ChartID) care.WaitID {
	w.Helper()
	return care.WaitID(w.do(client(c), act.JoinWaitlist{Client: c, Provider: p}))
}

func (w *world) wait(c care.ChartID, id care.WaitID) care.Wait {
	w.Helper()
	got, ok := w.chart(c).Wait(id)
	if !ok {
		w.Fatalf("no place %s", id)
	}
	return got
}

// row is a provider's list, as they see it.
func (w *world) inRow(p care.ChartID) []care.Member {
	w.Helper()
	members, err := w.store.Find(context.Background(), provider(p), care.Waitlist(p))
	if err != nil {
		w.Fatalf("%v", err)
	}
	return act.InRow(members)
}

// TestR23AClientWaitsAndIsInvited: a place in the row seeks no care; the provider
// invites whoever has waited longest, who can ask although nobody else can.
func TestR23AClientWaitsAndIsInvited(t *testing.T) {
	w := open(t)
	p, elsewhere := w.keeps(1, true), w.joins(2, true)
	var people []care.ChartID
	var places []care.WaitID
	for n := range 3 {
		people = append(people, w.enters(n))
		places = append(places, w.waits(people[n], p)) // all in one second
	}
	w.now = w.now.Add(time.Minute)
	is(t, "listed", w.listed(p, "IL"), false)
	is(t, "an episode", len(w.chart(people[0]).Episodes), 0)
	is(t, "twice", w.refused(client(people[0]), act.JoinWaitlist{Client: people[0], Provider: p}), "waitlist.once")
	is(t, "asked all the same", w.refused(client(people[0]), act.Request{Client: people[0], Provider: p}), "provider_not_available")
	w.asks(people[0], elsewhere) // somebody else, and the place stays
	row := w.inRow(p)
	is(t, "in the row", len(row), 3)
	for i, m := range row {
		is(t, fmt.Sprint("place ", i), care.WaitID(m.Ref), places[i])
		is(t, "where they are", m.Code, "IL")
	}
	is(t, "for somebody else", w.refused(provider(elsewhere), act.InviteWaiting{Provider: elsewhere, Wait: places[0]}), "not_found")
	is(t, "a client", w.refused(client(people[0]), act.InviteWaiting{Provider: p}), "forbidden")

	is(t, "invited", w.do(provider(p), act.InviteWaiting{Provider: p}), string(places[0]))
	is(t, "told", w.told(people[0], "place_offered", "")[string(people[0])], 1)
	got := w.wait(people[0], places[0])
	is(t, "until", got.Until, w.now.AddDate(0, 0, 3))
	is(t, "again", w.refused(provider(p), act.InviteWaiting{Provider: p, Wait: places[0]}), "invited")
	is(t, "staying", w.refused(client(people[0]), act.StayOnWaitlist{Wait: places[0]}), "invited")
	is(t, "the next", w.do(provider(p), act.InviteWaiting{Provider: p}), string(places[1]))
	is(t, "another", w.refused(client(people[2]), act.Request{Client: people[2], Provider: p}), "provider_not_available")

	// One asks, one books, and neither waits any more.
	asked := w.asks(people[0], p)
	got = w.wait(people[0], places[0])
	is(t, "taken", got.Status, care.WaitTaken)
	is(t, "by the request", got.Asked, asked)
	is(t, "the request", w.referral(people[0], asked).Status, care.Submitted)
	start := monday(0).Add(28 * time.Hour)
	w.do(client(people[1]), act.Hold{Client: people[1], Provider: p, Start: start})
	w.do(client(people[1]), act.Request{Client: people[1], Provider: p, Start: start})
	is(t, "booked", w.wait(people[1], places[1]).Status, care.WaitTaken)
	is(t, "in the row", len(w.inRow(p)), 1)
	is(t, "beside a request", w.refused(client(people[0]), act.JoinWaitlist{Client: people[0], Provider: p}), "waitlist.asked")

	// The last one lets the days of the invitation go by.
	w.do(provider(p), act.InviteWaiting{Provider: p})
	last := w.wait(people[2], places[2])
	w.until(last.Until)
	is(t, "in the last second", w.wait(people[2], places[2]).Status, care.WaitInvited)
	is(t, "reminded", w.told(people[2], "place_offered", "")[string(people[2])], 2)
	w.until(last.Until.Add(time.Second))
	is(t, "unused", w.wait(people[2], places[2]).Status, care.WaitUnused)
	is(t, "told that it is over", w.told(people[2], "place_over", "")[string(people[2])], 1)
	is(t, "the provider told", w.told(people[2], "place_free", "")[string(p)], 1)
	is(t, "too late", w.refused(client(people[2]), act.Request{Client: people[2], Provider: p}), "provider_not_available")
	is(t, "nobody is left", w.refused(provider(p), act.InviteWaiting{Provider: p}), "nobody_waits")
	w.waits(people[2], p) // and can join again
}

// TestR23AnInvitationNeedsRoom: those who are invited count with those who are
// seen, and whom a provider has invited can ask whatever the number says then.
func TestR23AnInvitationNeedsRoom(t *testing.T) {
	w := open(t)
	p, first, second, third := w.joins(1, false), w.enters(1), w.enters(2), w.enters(3)
	two, only := 2, true
	w.do(provider(p), act.Accept{Referral: w.asks(third, p)})
	w.do(provider(p), act.SetCaseload{Provider: p, Caseload: &two, WaitlistOnly: &only})
	w.waits(first, p)
	w.waits(second, p)
	w.do(provider(p), act.InviteWaiting{Provider: p})
	is(t, "one more", w.refused(provider(p), act.InviteWaiting{Provider: p}), "caseload_reached")
	one := 1
	w.do(provider(p), act.SetCaseload{Provider: p, Caseload: &one})
	is(t, "the invited", w.told(first, "place_offered", "")[string(first)]+w.told(second, "place_offered", "")[string(second)], 1)
	for _, c := range []care.ChartID{first, second} {
		want := "provider_not_available"
		if wt, _ := w.chart(c).WaitsFor(p); wt.Status == care.WaitInvited {
			want = "done"
		}
		is(t, "asks", w.refused(client(c), act.Request{Client: c, Provider: p}), want)
	}
}

// TestR23HowManyLists: three at most, and a place that was left makes room for
// another. Only who keeps a list and takes part can be waited for.
func TestR23HowManyLists(t *testing.T) {
	w := open(t)
	c := w.enters(1)
	var places []care.WaitID
	for n := range 3 {
		places = append(places, w.waits(c, w.keeps(n, false)))
	}
	fourth := w.keeps(4, false)
	is(t, "a fourth", w.refused(client(c), act.JoinWaitlist{Client: c, Provider: fourth}), "waitlist.most")
	is(t, "somebody else's", w.refused(client(w.enters(2)), act.LeaveWaitlist{Wait: places[0]}), "not_found")
	w.do(client(c), act.LeaveWaitlist{Wait: places[0]})
	is(t, "twice", w.refused(client(c), act.LeaveWaitlist{Wait: places[0]}), "not_waiting")
	is(t, "staying after it", w.refused(client(c), act.StayOnWaitlist{Wait: places[0]}), "not_waiting")
	w.waits(c, fourth)
	w.do(client(c), act.LeaveWaitlist{Wait: places[1]})
	takes := w.joins(5, false)
	is(t, "who has time", w.refused(client(c), act.JoinWaitlist{Client: c, Provider: takes}), "waitlist.kept")
	w.waitlist(takes, true)
	w.do(provider(takes), act.Pause{Provider: takes})
	is(t, "who pauses", w.refused(client(c), act.JoinWaitlist{Client: c, Provider: takes}), "provider.opt_in")
}

// TestR23APlaceEndsByItself: after 90 days, with a word a week before; who says
// that they still wait keeps their place in the row.
func TestR23APlaceEndsByItself(t *testing.T) {
	w := open(t)
	p, stays, forgets := w.keeps(1, false), w.enters(1), w.enters(2)
	kept := w.waits(stays, p)
	w.now = w.now.Add(time.Minute)
	let := w.waits(forgets, p)
	ends := w.deadline(stays, "waitlist", string(kept)).Due
	w.until(ends.AddDate(0, 0, -6))
	for _, c := range []care.ChartID{stays, forgets} {
		is(t, "asked whether they still wait", w.told(c, "list_ends", "")[string(c)], 1)
	}
	since := w.wait(stays, kept).JoinedAt
	w.do(client(stays), act.StayOnWaitlist{Wait: kept})
	w.until(ends.AddDate(0, 0, 1))
	is(t, "who said nothing", w.wait(forgets, let).Status, care.WaitLapsed)
	is(t, "is told", w.told(forgets, "list_over", "")[string(forgets)], 1)
	row := w.inRow(p)
	is(t, "who said so", len(row) == 1 && care.WaitID(row[0].Ref) == kept && row[0].At.Equal(since), true)
	again := w.deadline(stays, "waitlist", string(kept)).Due
	w.until(again.Add(time.Second))
	is(t, "in the end", w.wait(stays, kept).Status, care.WaitLapsed)
	is(t, "asked again", w.told(stays, "list_ends", "")[string(stays)], 2)
}

// TestR23TheListEnds: when the provider takes new clients again, leaves, is
// suspended, stops virtual care or loses a credential, each who waits is told, in
// order, and the care team has nothing to do.
func TestR23TheListEnds(t *testing.T) {
	for _, c := range []struct {
		how      string
		ends     func(w *world, p care.ChartID)
		status   care.WaitStatus
		template string
	}{
		{"takes clients again", func(w *world, p care.ChartID) { w.waitlist(p, false) }, care.WaitOpen, "list_open"},
		{"ends the list, and is full", func(w *world, p care.ChartID) {
			one, no := 1, false
			w.do(provider(p), act.SetCaseload{Provider: p, Caseload: &one, WaitlistOnly: &no})
		}, care.WaitClosed, "list_closed"},
		{"leaves", func(w *world, p care.ChartID) { w.do(provider(p), act.Leave{Provider: p}) }, care.WaitClosed, "list_closed"},
		{"is suspended", func(w *world, p care.ChartID) {
			w.do(careTeam, act.Suspend{Provider: p, Reason: "Licence under review."})
		}, care.WaitClosed, "list_closed"},
		{"stops virtual care", func(w *world, p care.ChartID) { w.do(provider(p), act.SetVirtual{Provider: p}) }, care.WaitClosed, "list_closed"},
		{"loses the credential", func(w *world, p care.ChartID) { w.do(careTeam, act.Credential{Provider: p}) }, care.WaitClosed, "list_closed"},
		{"has it run out", func(w *world, p care.ChartID) {
			w.do(careTeam, act.Credential{Provider: p, Credentials: []care.Credential{{State: "IL", From: day(2026, 1, 1), Until: day(2026, 10, 6)}}})
			w.until(time.Date(2026, 10, 7, 5, 0, 0, 0, time.UTC)) // midnight in Chicago
		}, care.WaitClosed, "list_closed"},
	} {
		t.Run(c.how, func(t *testing.T) {
			w := open(t)
			p := w.joins(1, false)
			w.do(provider(p), act.Accept{Referral: w.asks(w.enters(9), p)})
			w.waitlist(p, true)
			var people []care.ChartID
			for n := range 3 {
				people = append(people, w.enters(n))
				w.waits(people[n], p)
				w.now = w.now.Add(time.Second)
			}
			w.do(provider(p), act.InviteWaiting{Provider: p}) // who is invited is told like the others
			c.ends(w, p)
			before := w.now
			w.until(w.now.Add(10 * time.Second))
			var told []time.Time
			for _, who := range people {
				chart := w.chart(who)
				is(t, "status", chart.Waits[0].Status, c.status)
				is(t, "told", w.told(who, c.template, "")[string(who)], 1)
				for _, m := range chart.Messages {
					if m.Template == c.template {
						told = append(told, m.At)
						is(t, "link", m.Link, "/me")
					}
				}
				is(t, "tasks", len(chart.Tasks), 0)
			}
			if !slices.IsSortedFunc(told, time.Time.Compare) || told[0].Equal(told[1]) || told[2].Sub(before) > 3*time.Second {
				t.Errorf("told at %v", told)
			}
			is(t, "in the row", len(w.find(care.Waitlist(p))), 0)
			is(t, "tasks about the provider", len(w.chart(p).Tasks), 0)
		})
	}
}

// TestR23WhoWaitsElsewhereStays: a credential that ends takes those with it who are
// in its state.
func TestR23WhoWaitsElsewhereStays(t *testing.T) {
	w := open(t)
	p, here, moved := w.keeps(1, false), w.enters(1), w.enters(2)
	w.waits(here, p)
	place := w.waits(moved, p)
	ny := "NY"
	w.do(client(moved), act.UpdateMe{Client: moved, State: &ny})
	is(t, "where they are now", w.wait(moved, place).State, "NY")
	is(t, "the next is who can be seen", w.do(provider(p), act.InviteWaiting{Provider: p}) != string(place), true)
	is(t, "whom they cannot see", w.refused(provider(p), act.InviteWaiting{Provider: p, Wait: place}), "provider.credentialed")
	w.do(careTeam, act.Credential{Provider: p, Credentials: []care.Credential{{State: "IL", From: day(2026, 1, 1)}}})
	w.until(w.now.Add(time.Minute))
	is(t, "outside", w.wait(moved, place).Status, care.WaitClosed)
	is(t, "in the row", len(w.inRow(p)), 1)
}

// TestR23ALicenceThatTheRegistryDropsEndsPlaces: who waits where the provider is no
// longer licensed is told, and nobody else; a row that says something else ends no
// place.
func TestR23ALicenceThatTheRegistryDropsEndsPlaces(t *testing.T) {
	w := open(t)
	p := w.keeps(1, false)
	both := row(1, "2")
	both.Provider.Licences = []care.Licence{{State: "IL"}, {State: "NY"}}
	w.do(care.System, act.Import{Rows: []act.Row{both}})
	from := day(2026, 1, 1)
	w.do(careTeam, act.Credential{Provider: p, Credentials: []care.Credential{{State: "IL", From: from}, {State: "NY", From: from}}})
	stays, elsewhere, loses := w.enters(1), w.enters(2), w.enters(3)
	kept, outside, lost := w.waits(stays, p), w.waits(elsewhere, p), w.waits(loses, p)
	for c, state := range map[care.ChartID]string{elsewhere: "CA", loses: "NY"} {
		w.do(client(c), act.UpdateMe{Client: c, State: &state})
	}
	named := both
	named.Digest, named.Provider.Name = "3", "Velmorin Tashquil Ormsby"
	w.do(care.System, act.Import{Rows: []act.Row{named}})
	w.until(w.now.Add(time.Minute))
	is(t, "in the row", len(w.inRow(p)), 3)
	w.do(care.System, act.Import{Rows: []act.Row{row(1, "4")}})
	w.until(w.now.Add(time.Minute))
	is(t, "who is where a licence was dropped", w.wait(loses, lost).Status, care.WaitClosed)
	is(t, "is told", w.told(loses, "list_closed", "")[string(loses)], 1)
	is(t, "where the licence is", w.wait(stays, kept).Status, care.WaitStands)
	is(t, "where there was none before", w.wait(elsewhere, outside).Status, care.WaitStands)
}

// TestR23AChangeOfMindInOneMinute: a provider who keeps the list again before
// anybody was told keeps it as it was.
func TestR23AChangeOfMindInOneMinute(t *testing.T) {
	w := open(t)
	p, c := w.keeps(1, false), w.enters(1)
	place := w.waits(c, p)
	w.now = w.now.Add(time.Second)
	for _, other := range []care.ChartID{w.enters(2), w.enters(3)} {
		w.waits(other, p)
		w.now = w.now.Add(time.Second)
	}
	w.waitlist(p, false)
	w.sweep() // the first is told in the same second
	w.waitlist(p, true)
	w.until(w.now.Add(time.Minute))
	is(t, "the first", w.wait(c, place).Status, care.WaitOpen)
	is(t, "the others", len(w.inRow(p)), 2)
}

// TestR23WhoLeavesDoesNotWait: leaving the programme ends every place, and being
// forgotten leaves nothing of it.
func TestR23WhoLeavesDoesNotWait(t *testing.T) {
	w := open(t)
	p, leaves, erased := w.keeps(1, false), w.enters(1), w.enters(2)
	place := w.waits(leaves, p)
	w.waits(erased, p)
	w.do(provider(p), act.InviteWaiting{Provider: p, Wait: place})
	w.do(client(leaves), act.LeaveProgramme{Client: leaves})
	is(t, "left", w.wait(leaves, place).Status, care.WaitLeft)
	w.waitlist(p, false) // an errand about somebody who is forgotten before it is run
	w.do(client(erased), act.Erase{Client: erased})
	is(t, "in the row", len(w.find(care.Waitlist(p))), 0)
	w.until(w.now.Add(time.Hour))
	for _, m := range w.chart(p).Messages {
		if strings.HasPrefix(m.Template, "list_") || m.Template == "freed" {
			t.Errorf("the provider was told %s of one who only waited", m.Template)
		}
	}
	w.waitlist(p, true)
	w.waits(leaves, p) // comes back with it
	is(t, "back", w.chart(leaves).Client.LeftAt.IsZero(), true)
}

// TestR23TheProviderSeesNoName: of one who waits a provider reads since when and
// where, and the chart is not there for them, before and after the invitation.
func TestR23TheProviderSeesNoName(t *testing.T) {
	w := open(t)
	p, c := w.keeps(1, false), w.enters(1)
	w.waits(c, p)
	w.do(provider(p), act.InviteWaiting{Provider: p})
	if chart, err := w.store.Chart(context.Background(), provider(p), c, "test"); err == nil {
		t.Errorf("the provider reads the chart %s", chart.ID)
	}
	if _, err := w.store.Find(context.Background(), provider(w.joins(2, false)), care.Waitlist(p)); err == nil {
		t.Error("another provider pages over the list")
	}
	if told := fmt.Sprintf("%+v", w.inRow(p)); strings.Contains(told, "Quellburn") || strings.Contains(told, "person1") || strings.Contains(told, "anxiety") {
		t.Error("the list tells more than since when and where")
	}
	w.asks(c, p)
	if _, err := w.store.Chart(context.Background(), provider(p), c, "test"); err != nil {
		t.Errorf("asked, and not there: %v", err)
	}
}

// TestR23ALongerInvitation: new terms that give an invitation more days give them
// to the place too, and until then the client can ask.
func TestR23ALongerInvitation(t *testing.T) {
	w := open(t)
	p, c := w.keeps(1, false), w.enters(1)
	place := w.waits(c, p)
	w.do(provider(p), act.InviteWaiting{Provider: p})
	clock := w.wait(c, place).Clock
	w.now = w.now.Add(time.Hour)
	longer := rules.DefaultTerms(w.now)
	longer.Version, longer.InvitationDays = "longer", 5
	w.do(careTeam, act.SetTerms{Terms: longer})
	w.do(care.System, act.Recompute{Chart: c, Deadline: clock, Version: "longer"})
	got, row := w.wait(c, place), w.inRow(p)
	is(t, "until", got.Until, w.deadline(c, "invitation", string(place)).Due)
	is(t, "longer", got.Until, w.now.Add(-time.Hour).AddDate(0, 0, 5))
	is(t, "in the row", row[0].Until, got.Until)
	w.until(got.Until)
	w.asks(c, p)
}

// TestR23TheListEndsBeforeWhatComesAfter: where nobody swept, a list that ended
// with its provider's leaving has ended then, and nothing of it comes later.
func TestR23TheListEndsBeforeWhatComesAfter(t *testing.T) {
	w := open(t)
	p, c := w.keeps(1, false), w.enters(1)
	place := w.waits(c, p)
	w.do(provider(p), act.Leave{Provider: p})
	left := w.now
	w.now = w.deadline(c, "waitlist", string(place)).Due.Add(time.Hour)
	is(t, "gone", w.refused(client(c), act.LeaveWaitlist{Wait: place}), "not_waiting")
	got := w.wait(c, place)
	is(t, "closed", got.Status, care.WaitClosed)
	is(t, "when", got.EndedAt, left)
	is(t, "asked whether they still wait", w.told(c, "list_ends", "")[string(c)], 0)
	w.sweep()
	is(t, "told once", w.told(c, "list_closed", "")[string(c)], 1)
	is(t, "told that the days were over", w.told(c, "list_over", "")[string(c)], 0)
}

// TestR23WhoIsHandedOverWaitsNoMore: a request that comes by a hand-over ends the
// waiting for whoever takes over, before word of the list's end is there.
func TestR23WhoIsHandedOverWaitsNoMore(t *testing.T) {
	w := open(t)
	from, to, c := w.joins(1, false), w.keeps(2, false), w.enters(1)
	r := w.held(c, from)
	w.waits(w.enters(2), to)
	place := w.waits(c, to)
	w.now = w.now.Add(time.Minute)
	w.waitlist(to, false) // who stands second is told a second later
	w.do(careTeam, act.HandOver{Referral: r, To: to})
	next := w.do(client(c), act.AnswerHandOver{Referral: r, Yes: true})
	got := w.wait(c, place)
	is(t, "taken", got.Status, care.WaitTaken)
	is(t, "by the request", string(got.Asked), next)
	w.until(w.now.Add(time.Minute))
	is(t, "told of the list", w.told(c, "list_open", "")[string(c)], 0)
}

// TestR23WhoIsStillLookedAtWaits: a place promises nothing, so nobody is kept from it
// while the care team looks where they are employed; asking needs them to be found.
func TestR23WhoIsStillLookedAtWaits(t *testing.T) {
	w := open(t)
	p := w.keeps(1, true)
	unmet := func(n int) *act.Enter {
		e := entering(n)
		e.Source, e.Evidence, e.Key = "", care.ByWord, act.RosterKey("LANTERN", "mistyped", w.chart(care.ProgrammeChart))
		return &e
	}
	w.rosters("first", "E-2002")
	chart, err := w.store.Locate(w.ctx(), care.System, w.do(care.Anonymous, act.JoinWaitlist{New: unmet(1), Provider: p}), "test")
	if err != nil {
		t.Fatal(err)
	}
	me, place := chart.ID, chart.Waits[0].ID
	is(t, "the care team looks", w.tasks(me, "employment"), 1)
	is(t, "no promise runs", len(w.chart(me).Episodes), 0)

	asked := w.word(2) // has a chart, and gave their word
	w.waits(asked, p)
	is(t, "the care team looks", w.tasks(asked, "employment"), 1)
	w.waits(asked, w.keeps(3, true))
	is(t, "once", w.tasks(asked, "employment"), 1)

	w.do(provider(p), act.InviteWaiting{Provider: p, Wait: place})
	is(t, "asks before anybody has looked", w.refused(client(me), act.Request{Client: me, Provider: p}), "client.employed")
	w.do(careTeam, act.CheckEmployment{Client: me, Employed: true})
	is(t, "they are told", w.told(me, "benefit_found", string(me))[string(me)], 1)
	w.asks(me, p)
	is(t, "taken", w.wait(me, place).Status, care.WaitTaken)

	w.do(careTeam, act.CheckEmployment{Client: asked, Employed: false})
	is(t, "another list", w.refused(client(asked), act.JoinWaitlist{Client: asked, Provider: w.keeps(4, true)}), "waitlist.employed")
	is(t, "the places stay", len(w.inRow(p)), 1)
	nowhere := unmet(3)
	nowhere.Code = "NOBODY"
	is(t, "no such employer", w.refused(care.Anonymous, act.JoinWaitlist{New: nowhere, Provider: p}), "waitlist.employed")
}
