package web

import (
	"net/http"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
)

// goodbyeForm asks once more, and says what leaving the whole programme ends.
func (p *Pages) goodbyeForm(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.myChart(r, "leaving")
	if err != nil {
		return err
	}
	words := p.Store.Words()
	return p.show(w, r, http.StatusOK, "confirm", chart.Client.Zone, assets.Page{Title: "Leave", Data: assets.Confirm{
		Title: words.Render("Leave {programme}?"), Text: "That is fine at any time. No reason is asked, and nothing counts against you.",
		Items: []string{
			"Every request, booked time and search of ours for you ends at once. Providers are told that it has ended, and never why.",
			"The forms that would still come do not come any more, and nothing reminds you.",
			words.Render("If you share anything with {payer}, that ends too."),
			"What was stays kept as it is, and you can read it here. To have it forgotten, erase everything instead.",
			"You come back by asking a provider, whenever you want to. The promised days are then counted anew, from that day.",
		},
		Post: "/me/leave", Yes: "Leave", Danger: true, No: assets.Link{Href: "/me", Text: "Stay"},
	}})
}

func (p *Pages) goodbye(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.LeaveProgramme{Client: auth.Actor(r).Chart}); err != nil {
		return err
	}
	return done(w, r, "/me", "goodbye")
}

// haveLeft is all that a client sees who has left: that nothing is open, and the
// way back.
func haveLeft(m *mine) *nextStep {
	left := m.chart.Client.LeftAt
	if left.IsZero() {
		return nil
	}
	return &nextStep{
		Lead: m.p.Store.Words().Render("You have left {programme}. Nothing is open, and nothing is asked of you."), Title: "You can come back whenever you like",
		Text: "You left on " + m.words(left) + ". Ask a provider or book a first call, and you are back; the promise of a first session then begins anew.",
		Actions: []assets.Action{
			{Text: "Find a therapist", Href: "/find", Icon: "search", Style: "large"},
			{Text: "Erase everything instead", Href: "/me/erase", Style: "ghost"},
		},
	}
}
