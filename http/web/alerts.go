package web

import (
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// alertCard is an unread safety alert, with the ways to acknowledge it.
type alertCard struct {
	Title, Text string
	Phone       string
	Email       string
	Raised      assets.Moment
	Deadline    assets.Deadline
	Explain     *assets.Explain
	Actions     []assets.Action
}

// acknowledgements are what can be said to have been done, each a button.
var acknowledgements = []struct{ action, text string }{
	{"contacted", "I have contacted them"},
	{"safety_plan", "We have a safety plan"},
	{"unable_to_reach", "I could not reach them"},
	{"other", "I have dealt with it otherwise"},
}

// alertCards are a chart's unread alerts, as far as the reader sees them.
func (p *Pages) alertCards(chart *care.Chart, zone *time.Location, now time.Time, post string) []alertCard {
	var cards []alertCard
	for _, a := range chart.Alerts {
		if !a.AckedAt.IsZero() {
			continue
		}
		card := alertCard{
			Title:  nameIn(chart),
			Text:   "PHQ-9 item 9, about thoughts of death or self-harm, was answered above zero. Reach out to them now; the crisis lines are on every page they see.",
			Raised: moment(a.RaisedAt, zone),
		}
		if chart.Client != nil {
			card.Phone, card.Email = chart.Client.Phone, chart.Client.Email
		}
		if d, ok := chart.Deadline(a.Ack); ok {
			card.Deadline, card.Explain = deadline(d, by("Acknowledge by ", d, zone), zone, now), p.explain(d)
		}
		for i, k := range acknowledgements {
			style := "outline"
			if i == 0 {
				style = ""
			}
			card.Actions = append(card.Actions, assets.Action{Text: k.text, Post: post + string(a.ID), Style: style, Fields: []assets.Hidden{{Name: "action", Value: k.action}}})
		}
		cards = append(cards, card)
	}
	return cards
}

// acknowledge takes what was done about an alert, and goes back to a list.
func (p *Pages) acknowledge(back string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := p.deed(r, act.Acknowledge{Alert: care.AlertID(mux.Vars(r)["id"]), Action: r.PostFormValue("action")}); err != nil {
			return err
		}
		return done(w, r, back, "acknowledged")
	}
}

// alerts is the clinical desk's list of unread safety alerts, oldest first.
func (p *Pages) alerts(w http.ResponseWriter, r *http.Request) error {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Set{Name: care.SetQueue, Of: "alert"})
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "alerts")
	if err != nil {
		return err
	}
	now, zone := p.Now(), location("")
	var cards []alertCard
	for _, chart := range charts {
		for _, card := range p.alertCards(chart, zone, now, "/ops/alerts/") {
			card.Actions = append(card.Actions, assets.Action{Text: "See the client", Href: "/ops/client/" + string(chart.ID), Style: "ghost"})
			cards = append(cards, card)
		}
	}
	return p.show(w, r, http.StatusOK, "ops/alerts", "", assets.Page{Title: "Safety alerts", Data: cards})
}
