package store

import (
	"reflect"
	"strings"
	"testing"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

func (w *world) desk() care.Actor {
	w.Helper()
	return care.Actor{Role: care.RoleCareTeam, Chart: care.ChartID(w.do(care.System, act.OpenAccount{
		Role: care.RoleCareTeam, FullName: "Desk", Email: "desk@example.test",
	}))}
}

// committed are the leaves of the trail that are durable now.
func (w *world) committed() int64 {
	w.Helper()
	var kept state
	must(w.TB, w.engine.View(func(r engine.Reader) error { return kept.read(r, w.vault) }))
	return kept.Leaves
}

func TestReadOfAnothersDataIsInTheTrailBeforeItReturns(t *testing.T) {
	w := newWorld(t, Production, nil)
	client, desk := w.client(1), w.desk()
	before := w.committed()
	if _, err := w.Chart(t.Context(), desk, client, "board"); err != nil {
		t.Fatal(err)
	}
	if after := w.committed(); after != before+1 {
		t.Errorf("%d entries were durable when the data left, want one", after-before)
	}
	seen, err := w.Seen(t.Context(), care.System, client, 1, "test")
	if err != nil || len(seen) != 1 || seen[0].Did != "read board" || seen[0].Who != desk.Chart {
		t.Errorf("the client's list says %+v (%v)", seen, err)
	}
	w.mustBeWhole()
}

// One's own reads need not wait; they join whatever is written next, or the
// closing of the store.
func TestOwnReadJoinsALaterCommit(t *testing.T) {
	w := newWorld(t, Production, nil)
	one, two := w.client(1), w.client(2)
	before := w.committed()
	for _, client := range []care.ChartID{one, two} {
		if _, err := w.Chart(t.Context(), ofClient(client), client, "me"); err != nil {
			t.Fatal(err)
		}
	}
	if after := w.committed(); after != before {
		t.Errorf("%d entries were written at once", after-before)
	}
	w.client(3)
	if after := w.committed(); after != before+3 {
		t.Errorf("%d entries came with the next act, want its own and two", after-before)
	}
	if _, err := w.Chart(t.Context(), ofClient(one), one, "me"); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if after := w.committed(); after != before+4 {
		t.Errorf("%d entries after a flush, want 4", after-before)
	}
	if _, err := w.Chart(t.Context(), ofClient(one), one, "me"); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	if after := w.committed(); after != before+5 {
		t.Errorf("%d entries after closing, want 5", after-before)
	}
	w.mustBeWhole()
}

// What may not be seen answers exactly as what is nowhere: for charts, records,
// acts and lists.
func TestForbiddenAnswersAsMissing(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, one, two := w.provider(1), w.client(1), w.client(2)
	referral := w.ask(one, provider)
	const nobody, nothing = care.ChartID("cl_bcdfghjkmn0123456789bcdfgh"), "rf_bcdfghjkmn0123456789bcdfgh"
	_, there := w.Chart(t.Context(), ofClient(two), one, "me")
	_, nowhere := w.Chart(t.Context(), ofClient(two), nobody, "me")
	same(t, "a chart", there, nowhere)
	_, there = w.Locate(t.Context(), ofClient(two), string(referral), "me")
	_, nowhere = w.Locate(t.Context(), ofClient(two), nothing, "me")
	same(t, "a record", there, nowhere)
	_, there = w.Do(t.Context(), ofClient(two), act.Withdraw{Referral: referral})
	_, nowhere = w.Do(t.Context(), ofClient(two), act.Withdraw{Referral: nothing})
	same(t, "an act", there, nowhere)
	_, there = w.Find(t.Context(), ofProvider("pr_bcdfghjkmn0123456789bcdfgh"), care.Set{Name: care.SetInbox, Of: string(provider), Serves: provider})
	_, nowhere = w.Find(t.Context(), ofProvider("pr_bcdfghjkmn0123456789bcdfgh"), care.Set{Name: care.SetInbox, Of: "pr_0", Serves: "pr_0"})
	same(t, "a list", there, nowhere)
	if r := w.referral(one, referral); r.Status != care.Submitted {
		t.Errorf("the referral is %s after a stranger's attempt", r.Status)
	}
}

func same(t *testing.T, what string, there, nowhere error) {
	t.Helper()
	f := wantFault(t, there, care.NotFound, "not_found")
	g := wantFault(t, nowhere, care.NotFound, "not_found")
	if !reflect.DeepEqual(f, g) {
		t.Errorf("%s: one that is there answers %+v, one that is not %+v", what, f, g)
	}
}

// Charts are cut down to what somebody may see; what is left out of several is in
// the trail as a denial.
func TestChartsAreCutDownForTheReader(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, one, two := w.provider(1), w.client(1), w.client(2)
	w.ask(one, provider)
	w.do(ofClient(one), covering(one))
	charts, err := w.Charts(t.Context(), ofProvider(provider), []care.ChartID{one, two}, "inbox")
	if err != nil || len(charts) != 1 || charts[0].ID != one {
		t.Fatalf("got %d charts (%v), want the one that asked", len(charts), err)
	}
	whole := w.chart(one)
	if c := charts[0]; c.Account != nil || len(c.Passes) > 0 || len(c.Records()) >= len(whole.Records()) {
		t.Error("the provider got the whole chart")
	}
	w.Flush()
	for id, want := range map[care.ChartID]string{one: "yes", two: "not_found"} {
		seen, err := w.Seen(t.Context(), care.System, id, 100, "test")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range seen {
			if strings.HasPrefix(e.Did, "read ") && e.Outcome == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d readings that ended with %s in the list of %s, want 1", n, want, id)
		}
	}
	charts[0].Referrals[0].Note = "changed by the reader"
	again := w.chart(one)
	if again.Referrals[0].Note != "" {
		t.Error("what a reader changes shows for the next one")
	}
}

// A failed act leaves no mark: no record, no reply, no list entry, no id drawn.
func TestRefusedActLeavesNoMark(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	w.ask(client, provider)
	before := w.chart(client)
	var kept, later state
	must(t, w.engine.View(func(r engine.Reader) error { return kept.read(r, w.vault) }))
	o := Order{Actor: care.Anonymous, Act: act.Enter{FullName: "x"}, Once: &Once{Key: "a"}}
	if _, err := w.Order(t.Context(), o); err == nil {
		t.Fatal("entered")
	}
	out, err := w.Do(t.Context(), care.System, act.Request{Client: client, Provider: provider}) // asked already
	if err != nil || len(out.Decision.Reasons()) == 0 {
		t.Fatal(out, err)
	}
	must(t, w.engine.View(func(r engine.Reader) error { return later.read(r, w.vault) }))
	if later.Ordinal != kept.Ordinal {
		t.Errorf("%d ordinals were used up", later.Ordinal-kept.Ordinal)
	}
	if !reflect.DeepEqual(before, w.chart(client)) {
		t.Error("the chart changed")
	}
	// one line in the trail, its hashes, and the line in the client's list
	if later.Leaves != kept.Leaves+1 {
		t.Errorf("%d entries in the trail, want the denial", later.Leaves-kept.Leaves)
	}
	w.mustBeWhole()
}

// What everybody reads of the programme tells nothing of work that is under way: who
// goes on with it reads the chart.
func TestProgrammeKeepsNoStaleNotes(t *testing.T) {
	w := newWorld(t, Production, nil)
	file := "a-file-of-the-registry"
	imports := candidate(1)
	imports.File, imports.Done = file, 1
	w.do(care.System, imports)
	terms := rules.DefaultTerms(w.now())
	version := w.do(w.desk(), act.AdoptTerms{Terms: terms, Why: "as a test"})
	w.do(care.System, act.FinishImport{File: file})
	w.do(care.System, act.FinishImport{File: "terms " + version})
	if programme, _ := w.Programme(); len(programme.Intakes) != 0 {
		t.Errorf("%d notes are left of what is done", len(programme.Intakes))
	}
}
