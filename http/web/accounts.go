package web

import (
	"net/http"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// joinForm is the page by which a client makes one of two accounts. It is the same for
// everybody: whether there is another account it does not say, for mailboxes are
// shared, and so are browsers.
func (p *Pages) joinForm(w http.ResponseWriter, r *http.Request) error {
	return p.joinPage(w, r, http.StatusOK, "", nil)
}

func (p *Pages) joinPage(w http.ResponseWriter, r *http.Request, status int, email string, n *assets.Notice) error {
	chart, err := p.myChart(r, "joining")
	if err != nil {
		return err
	}
	words := p.Store.Words()
	return p.show(w, r, status, "confirm", chart.Client.Zone, assets.Page{Title: "Two accounts", Notice: n, Data: assets.Confirm{
		Title: "Have you been here before?",
		Text:  "Who comes back in another browser begins a second account. If both are yours, you can join them: give the address and the password of the other.",
		Items: []string{
			"The account in which care has begun stays. If it has begun in neither, the older one does. You sign in with its address and password.",
			"Requests, booked times, your plan and everything until then go over into it. Nothing becomes due sooner or later. The other account is gone.",
			"Where you asked one provider twice, they hear that the two requests are one, and no more. Whoever you asked sees what they would had you asked them here.",
			words.Render("With {payer} you share only what you had allowed in both. Of two plans of a kind the later one counts."),
			"Every other browser that was signed in is signed out. This cannot be undone.",
			"No password there yet, or forgotten? Choose one here first, under Your details. Then open the link that was mailed for the other account, choose its password, and come to this page from there: what you give is the address and the password of this one.",
		},
		Post: "/me/join", Yes: "Join the two accounts", No: assets.Link{Href: "/me/details", Text: "Keep both"},
		Ask: []assets.Field{
			{Name: "email", Label: "E-mail of the other account", Type: "email", Value: email, Autocomplete: "off", Max: 254},
			{Name: "password", Label: "Its password", Type: "password", Autocomplete: "off", Max: 200},
		},
	}})
}

// joinAccounts lets this browser into the one account that the two have become.
func (p *Pages) joinAccounts(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	if err := p.makeOne(w, r, form.Get("email"), form.Get("password")); err != nil {
		problems, mendable := mend(problemOf(r, err))
		if !mendable {
			return err
		}
		n := &assets.Notice{Kind: "warn", Title: "Nothing was changed"}
		for _, problem := range problems {
			n.Items = append(n.Items, problem.Text)
		}
		return p.joinPage(w, r, problemOf(r, err).Status, form.Get("email"), n)
	}
	return done(w, r, "/me", "accounts_joined")
}

func (p *Pages) makeOne(w http.ResponseWriter, r *http.Request, email, password string) error {
	other, err := p.Auth.Other(r.Context(), email, password)
	if err != nil {
		return err
	}
	secret, pass := p.Auth.NewSession(care.RoleClient)
	if _, err := p.deed(r, act.JoinAccounts{Mine: auth.Actor(r).Chart, Other: other.Chart, Proof: other.Password, Pass: &pass}); err != nil {
		return err
	}
	p.Auth.SetCookie(w, secret, care.RoleClient)
	return nil
}
