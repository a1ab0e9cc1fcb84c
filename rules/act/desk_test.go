package act_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Who is told of a finding about a plan, and what it does to the promise: each
// side once, providers with an open request only.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		result             care.CoverageStatus
		client, provider   string
		promise            care.DeadlineState
		resumedBy, stillBy care.CoverageStatus
	}{
		{care.Eligible, "coverage_eligible", "coverage_eligible_provider", care.Running, "", ""},
		{care.Ineligible, "coverage_ineligible", "coverage_ineligible_provider", care.Running, "", ""},
		{care.NonParticipating, "coverage_non_participating_client", "coverage_non_participating_provider", care.Waiting, care.Eligible, care.Ineligible},
		{care.NeedsInfo, "coverage_needs_info", "", care.Running, "", ""},
	} {
		t.Run(string(c.result), func(t *testing.T) {
			w := open(t)
			p, q, gone, me := w.joins(1, false), w.joins(2, false), w.joins(3, false), w.enters(1)
			w.asks(me, p)
			w.asks(me, q)
			w.do(client(me), act.Withdraw{Referral: w.asks(me, gone)})
			cv := care.CoverageID(w.do(client(me), act.AddCoverage{Client: me, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST0001"}))
			w.do(careTeam, act.VerifyCoverage{Coverage: cv, Result: c.result})
			if got := w.refused(careTeam, act.VerifyCoverage{Coverage: cv, Result: c.result}); got != "already_verified" {
				t.Errorf("twice: %s", got)
			}
			if got := w.told(me, c.client, string(cv)); !maps.Equal(got, map[string]int{string(me): 1}) {
				t.Errorf("the client's word went to %v", got)
			}
			if c.provider != "" {
				if got := w.told(me, c.provider, string(cv)); !maps.Equal(got, map[string]int{string(p): 1, string(q): 1}) {
					t.Errorf("the providers' word went to %v", got)
				}
			}
			n := 0
			for _, m := range w.chart(me).Messages {
				if m.Subject == string(cv) {
					n++
				}
			}
			if want := map[bool]int{true: 1, false: 3}[c.provider == ""]; n != want {
				t.Errorf("%d messages about the plan, want %d", n, want)
			}
			promise := func() care.Deadline { return w.deadline(me, "promise", string(w.episode(me).ID)) }
			before := promise()
			if before.State != c.promise {
				t.Errorf("the promise is %s, want %s", before.State, c.promise)
			}
			if d := w.deadline(me, "eligibility", string(cv)); d.State != care.Met {
				t.Errorf("the care team's clock is %s", d.State)
			}
			if c.resumedBy == "" {
				return
			}
			w.now = w.now.AddDate(0, 0, 2)
			w.do(careTeam, act.VerifyCoverage{Coverage: cv, Result: c.stillBy})
			if got := promise().State; got != care.Waiting {
				t.Errorf("after %s the promise is %s", c.stillBy, got)
			}
			w.do(careTeam, act.VerifyCoverage{Coverage: cv, Result: c.resumedBy})
			if got := promise(); got.State != care.Running || !got.Due.After(before.Due) || got.Next.IsZero() {
				t.Errorf("after %s the promise is %s, due %v", c.resumedBy, got.State, got.Due)
			}
		})
	}
	w := open(t)
	me := w.enters(1)
	add := act.AddCoverage{Client: me, Type: care.EAP, Payer: "Optum", Plan: "Lakefront EAP", MemberID: "TEST0001"}
	old := care.CoverageID(w.do(client(me), add))
	add.MemberID = "TEST0002"
	w.do(client(me), add)
	if got := w.refused(careTeam, act.VerifyCoverage{Coverage: old, Result: care.Eligible}); got != "coverage_replaced" {
		t.Errorf("a plan that was replaced: %s", got)
	}
	if d := w.deadline(me, "eligibility", string(old)); d.State != care.Stopped {
		t.Errorf("its clock is %s", d.State)
	}
}

// Each answer about sharing is a record of its own, counted from one; only the
// last can be in force.
func TestConsentIsNumbered(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	yes := act.SetSharing{Client: me, Sharing: true, Scopes: []string{"screening", "identity", "identity"}, TextVersion: act.ConsentTextVersion}
	no := act.SetSharing{Client: me, TextVersion: act.ConsentTextVersion}
	for _, a := range []act.SetSharing{yes, yes, no, no, yes} {
		w.now = w.now.Add(time.Minute)
		w.do(client(me), a)
	}
	all := w.chart(me).Consents
	slices.SortFunc(all, func(a, b care.Consent) int { return a.Number - b.Number })
	for i, c := range all {
		if c.Number != i+1 || c.Active(w.now) != (i == 4) || c.Sharing != (i != 2 && i != 3) {
			t.Errorf("answer %d: number %d, sharing %t, in force %t", i+1, c.Number, c.Sharing, c.Active(w.now))
		}
		if want := map[bool][]string{true: {"identity", "screening"}}[c.Sharing]; !slices.Equal(c.Scopes, want) {
			t.Errorf("answer %d: scopes %v", i+1, c.Scopes)
		}
	}
	if got := w.told(me, "consent_receipt", "")[string(me)]; got != len(all) {
		t.Errorf("%d receipts of %d answers", got, len(all))
	}
	for _, wrong := range []act.SetSharing{
		{Client: me, Sharing: true, TextVersion: act.ConsentTextVersion},
		{Client: me, Sharing: true, Scopes: []string{"everything"}, TextVersion: act.ConsentTextVersion},
		{Client: me, Sharing: true, Scopes: []string{"identity"}, TextVersion: "1999"},
	} {
		if got := w.refused(client(me), wrong); got != "invalid_input" {
			t.Errorf("%+v: %s", wrong, got)
		}
	}
	for _, actor := range []care.Actor{care.System, careTeam, {Role: care.RolePayer, Chart: "ac_payer"}, {Role: care.RoleOperator, Chart: "ac_op"}} {
		if got := w.refused(actor, yes); got == "done" {
			t.Errorf("%s said yes for the client", actor.Role)
		}
	}
}

// A row is new, has changed or has not; what the provider said of themselves
// stays whatever the registry says.
func TestImportTellsWhatChanged(t *testing.T) {
	w := open(t)
	take := func(rows ...act.Row) map[string]int {
		t.Helper()
		out, err := w.store.Do(t.Context(), care.System, act.Import{Rows: rows})
		if err != nil {
			t.Fatal(err)
		}
		return out.Counts
	}
	p := w.joins(1, true) // taken in with digest 1
	for _, c := range []struct {
		rows []act.Row
		want map[string]int
	}{
		{[]act.Row{row(1, "1")}, map[string]int{act.ImportedOld: 1}},
		{[]act.Row{row(1, "1"), row(2, "1")}, map[string]int{act.ImportedOld: 1, act.ImportedNew: 1}},
		{[]act.Row{row(1, "2"), row(2, "1"), row(3, "1")}, map[string]int{act.ImportedNow: 1, act.ImportedOld: 1, act.ImportedNew: 1}},
		{[]act.Row{row(1, "2"), row(2, "1"), row(3, "1")}, map[string]int{act.ImportedOld: 3}},
		{nil, map[string]int{}},
	} {
		if got := take(c.rows...); !maps.Equal(got, c.want) {
			t.Errorf("counts %v, want %v", got, c.want)
		}
	}
	changed := row(1, "3")
	changed.Provider.Name, changed.Provider.Licences = "Velmorin Tashquil Ormsby", []care.Licence{{State: "IL"}, {State: "NY"}}
	changed.Provider.About, changed.Provider.SelfSchedule = "not theirs", false
	before := *w.chart(p).Provider
	take(changed)
	after := *w.chart(p).Provider
	if after.Name != changed.Provider.Name || len(after.Licences) != 2 {
		t.Error("what the registry knows was not taken over")
	}
	if after.About != before.About || !after.SelfSchedule || after.Standing != care.Active || len(after.Attested) != len(before.Attested) || len(after.Credentials) != 1 {
		t.Error("what the provider said was changed by a registry")
	}
}
