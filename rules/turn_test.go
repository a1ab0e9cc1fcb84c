package rules_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Whose turn it is follows from the status, the open forms, and what became of
// the episode.
func TestWhoseTurn(t *testing.T) {
	const episode = care.EpisodeID("ep_1")
	closed := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	form := []care.Screening{{ID: "sc_1", Episode: episode, Status: care.ScreeningStarted}}
	done := []care.Screening{{ID: "sc_1", Episode: episode, Status: care.ScreeningCompleted}}
	foreign := []care.Screening{{ID: "sc_1", Episode: "ep_2", Status: care.ScreeningAssigned}}
	other := []care.Referral{{ID: "rf_2", Episode: episode, Status: care.Submitted}}
	open := []care.Episode{{ID: episode}}
	for _, c := range []struct {
		name         string
		status       care.ReferralStatus
		alternatives []care.ChartID
		chart        care.Chart
		want         string
	}{
		{"waits for the answer", care.Submitted, nil, care.Chart{}, "provider"},
		{"accepted: the client chooses", care.Accepted, nil, care.Chart{}, "client"},
		{"times proposed: the client chooses", care.Proposed, nil, care.Chart{}, "client"},
		{"the client asked for other times", care.Proposed, nil, care.Chart{}, "provider"},
		{"the call is to come", care.ConsultBooked, nil, care.Chart{}, "nobody"},
		{"the session is to be arranged", care.ConsultHeld, nil, care.Chart{}, "provider"},
		{"forms are open", care.SessionBooked, nil, care.Chart{Screenings: form}, "client"},
		{"forms are done", care.SessionBooked, nil, care.Chart{Screenings: done}, "nobody"},
		{"forms of an earlier episode", care.SessionBooked, nil, care.Chart{Screenings: foreign}, "nobody"},
		{"follow-up is open", care.InCare, nil, care.Chart{Screenings: form}, "client"},
		{"in care", care.InCare, nil, care.Chart{}, "nobody"},
		{"declined, others offered", care.Declined, []care.ChartID{"pr_1"}, care.Chart{Episodes: open}, "client"},
		{"declined, nobody to offer", care.Declined, nil, care.Chart{Episodes: open}, "care_team"},
		{"expired, others offered", care.Expired, []care.ChartID{"pr_1"}, care.Chart{Episodes: open}, "client"},
		{"expired, the client asked another", care.Expired, []care.ChartID{"pr_1"}, care.Chart{Episodes: open, Referrals: other}, "nobody"},
		{"declined, the client stopped seeking", care.Declined, []care.ChartID{"pr_1"}, care.Chart{Episodes: []care.Episode{{ID: episode, ClosedAt: closed}}}, "nobody"},
		{"provider left, nobody to offer", care.Rerouted, nil, care.Chart{Episodes: open}, "care_team"},
		{"withdrawn", care.Withdrawn, nil, care.Chart{Episodes: open}, "nobody"},
		{"superseded", care.Superseded, nil, care.Chart{Episodes: open}, "nobody"},
		{"not a fit, others offered", care.NotAFit, []care.ChartID{"pr_1"}, care.Chart{Episodes: open}, "client"},
		{"not a fit, nobody to offer", care.NotAFit, nil, care.Chart{Episodes: open}, "care_team"},
		{"closed after the client's silence", care.NoResponse, nil, care.Chart{Episodes: open}, "nobody"},
		{"handed over", care.HandedOver, nil, care.Chart{Episodes: open}, "nobody"},
	} {
		r := care.Referral{ID: "rf_1", Episode: episode, Status: c.status, Alternatives: c.alternatives}
		if c.name == "the client asked for other times" {
			r.AskedAt = closed
		}
		if got := rules.WhoseTurn(r, &c.chart); got != c.want {
			t.Errorf("%s: %s's turn, want %s's", c.name, got, c.want)
		}
	}
}
