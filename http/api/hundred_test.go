package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// crowd is how many clients want one opening at the same instant.
const crowd = 100

// TestR18HundredClientsWantOneOpening over real connections: one gets it, and
// ninety-nine are told at once what else is free.
func TestR18HundredClientsWantOneOpening(t *testing.T) {
	w := newWorld(t)
	tokens, _ := w.crowd()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	defer client.CloseIdleConnections()
	for round := range 5 {
		start := w.opening(round)
		body := fmt.Sprintf(`{"provider_id":%q,"start":%q}`, w.ids["dora"], start.Format(time.RFC3339))
		var mu sync.Mutex
		winner, got := "", map[int]int{}
		w.together(func(i int) {
			r, err := http.NewRequest("POST", w.url+"/api/v1/referrals", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+tokens[i])
			r.Header.Set("Content-Type", "application/json")
			answer, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = answer.Body.Close() }()
			var said struct {
				ID, Code string
				Next     []time.Time
			}
			raw, err := io.ReadAll(answer.Body)
			if err != nil || json.Unmarshal(raw, &said) != nil {
				t.Errorf("unreadable answer %d", answer.StatusCode)
			}
			mu.Lock()
			defer mu.Unlock()
			got[answer.StatusCode]++
			switch {
			case answer.StatusCode == 201:
				winner = said.ID
			case said.Code != "opening_taken" || len(said.Next) == 0 || said.Next[0].Equal(start):
				t.Errorf("%d %s, next %v", answer.StatusCode, said.Code, said.Next)
			}
		})
		if got[201] != 1 || got[409] != crowd-1 {
			t.Fatalf("round %d: %v", round, got)
		}
		w.do(care.System, act.Withdraw{Referral: care.ReferralID(winner)})
	}
}

// TestR18HundredClientsAgainAndAgain is the same without the connections, so that
// it can be played two hundred times, and ten thousand times by make torture.
func TestR18HundredClientsAgainAndAgain(t *testing.T) {
	rounds := 200
	if os.Getenv("CARECONNECT_TORTURE") != "" {
		rounds = 10_000
	}
	w := newWorld(t)
	_, ids := w.crowd()
	start := w.opening(0)
	for round := range rounds {
		var mu sync.Mutex
		var won []string
		w.together(func(i int) {
			out, err := w.store.Do(context.Background(), care.Actor{Role: care.RoleClient, Chart: ids[i]}, act.Request{Client: ids[i], Provider: w.ids["dora"], Start: start})
			mu.Lock()
			defer mu.Unlock()
			var f *care.Fault
			switch {
			case err == nil && out.Decision.Outcome == rules.Yes:
				won = append(won, out.Made)
			case !errors.As(err, &f) || f.Code != "opening_taken" || len(f.Next) == 0 || f.Next[0].Equal(start):
				t.Errorf("round %d: %v %v", round, out.Decision, err)
			}
		})
		if len(won) != 1 {
			t.Fatalf("round %d: %d took one opening", round, len(won))
		}
		w.do(care.System, act.Withdraw{Referral: care.ReferralID(won[0])}) // free again at once
	}
}

// crowd lets a hundred clients in.
func (w *world) crowd() (tokens []string, ids []care.ChartID) {
	w.t.Helper()
	for i := range crowd {
		token := auth.Secret()
		ids = append(ids, care.ChartID(w.do(care.Anonymous, act.Enter{
			FullName: fmt.Sprintf("Quillmark %d", i), Email: fmt.Sprintf("crowd%d@example.test", i), BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10}, State: "IL", Zone: "America/Chicago",
			Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal", Pass: &care.Pass{Hash: auth.Hash(token), Type: care.PassToken},
		})))
		tokens = append(tokens, token)
	}
	return tokens, ids
}

// together runs something for each of the crowd, all let go at once.
func (w *world) together(does func(i int)) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(crowd)
	for i := range crowd {
		done.Go(func() {
			ready.Done()
			<-gate
			does(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

func (w *world) opening(n int) time.Time {
	w.t.Helper()
	free, _ := w.store.Directory().Openings(w.ids["dora"], care.Consultation, begin, begin, begin.AddDate(0, 0, 10), n+1)
	if len(free) <= n {
		w.t.Fatal("no opening to take")
	}
	return free[n].Start
}
