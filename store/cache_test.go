package store

import (
	"context"
	"testing"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// What the committer keeps in memory begins empty at each start; deciding must
// not depend on what happens to be in it.
func TestFirstActAfterAStartKnowsTheProgramme(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	w.reopen()
	w.ask(client, provider)
}

// More charts are written than the committer keeps, many of them in one act.
func TestMoreChartsThanTheCacheHolds(t *testing.T) {
	w := seeded(t)
	provider, client := w.provider(1), w.client(1)
	const chunk = 700
	for first := 10; first < 10+maxCharts+2*chunk; first += chunk {
		var rows act.Import
		for n := first; n < first+chunk; n++ {
			rows.Rows = append(rows.Rows, candidate(n).Rows...)
		}
		w.do(care.System, rows)
	}
	w.ask(client, provider)
	found, err := w.Find(context.Background(), care.System, care.Set{Name: care.SetProviders})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < maxCharts+chunk {
		t.Errorf("%d providers are there, more than %d went in", len(found), maxCharts+chunk)
	}
	w.mustBeWhole()
}

// Who left, and comes back after a start, still has their booked times.
func TestDirectoryKnowsBookedTimesOfWhoComesBack(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	free, _ := w.Directory().Openings(provider, care.Consultation, begin, begin, begin.AddDate(0, 0, 7), 1)
	w.do(ofClient(client), act.Request{Client: client, Provider: provider, Start: free[0].Start})
	w.do(ofProvider(provider), act.Leave{Provider: provider})
	w.reopen()
	yes := true
	w.do(ofProvider(provider), act.Join{Provider: provider, Attest: rules.DutyCodes(), Virtual: &yes})
	again, _ := w.Directory().Openings(provider, care.Consultation, begin, begin, begin.AddDate(0, 0, 7), 1)
	if len(again) == 0 || again[0] == free[0] {
		t.Errorf("a booked time is shown as an opening")
	}
}
