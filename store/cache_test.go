package store

import (
	"context"
	"sync"
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

// Who is told that their act is done finds it in the next reading, and no reading
// after one finds less, whatever is kept for those who only look.
func TestReadersFollowTheCommits(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	client := w.client(1)
	ctx := context.Background()
	consents := func() int {
		chart, err := w.Chart(ctx, care.System, client, "test")
		if err != nil {
			t.Error(err)
			return 0
		}
		return len(chart.Consents)
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for least := 0; ; {
				got := consents()
				if got < least {
					t.Errorf("after %d answers a reader finds %d", least, got)
				}
				least = got
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for had := consents(); had < 50; had++ {
		w.do(ofClient(client), act.SetSharing{Client: client, TextVersion: act.ConsentTextVersion})
		if got := consents(); got != had+1 {
			t.Errorf("%d answers were given, and a reader finds %d", had+1, got)
		}
	}
	close(done)
	readers.Wait()
}
