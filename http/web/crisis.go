package web

import (
	"net/http"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// The crisis text, which an operator confirms before the programme opens.

func crisisFact(p care.Programme) assets.Fact {
	if p.CrisisAt.IsZero() {
		note := "Read it, and confirm it or write your own."
		if !p.Enabled {
			note = "No request is taken before. " + note
		}
		return assets.Fact{Term: "Crisis text", Text: "Not confirmed", Note: note, Badge: &assets.Badge{Text: "To do", Kind: "warning", Icon: "circle-alert"}}
	}
	return assets.Fact{Term: "Crisis text", Text: "Confirmed " + moment(p.CrisisAt, location("")).Text}
}

func (p *Pages) crisisForm(w http.ResponseWriter, r *http.Request) error {
	return p.showCrisisForm(w, r, http.StatusOK, nil)
}

func (p *Pages) showCrisisForm(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	programme, _ := p.Store.Programme()
	text := or(r.PostFormValue("text"), programme.Programme.Crisis)
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Crisis text", Notice: n, Data: assets.Confirm{
		Title: "Is this where somebody in danger should turn?",
		Text:  "It stands on every page and in the mails about safety. Whether its numbers are right where your clients live, only you can say.",
		Items: []string{"Call the numbers, or have somebody call them.", "Once you confirm it, the programme takes requests."},
		Post:  "/desk/crisis", Yes: "This is right", No: assets.Link{Href: "/desk", Text: "Not now"},
		Ask: []assets.Field{{Name: "text", Label: "Crisis text", Type: "textarea", Rows: 4, Max: 500, Value: text}},
	}})
}

func (p *Pages) confirmCrisis(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.ConfirmCrisis{Text: r.PostFormValue("text")})
	if err == nil {
		return done(w, r, "/desk", "crisis_confirmed")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showCrisisForm(w, r, status, n)
	}
	return err
}
