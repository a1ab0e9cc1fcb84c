package web

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// door is the page by which people come in, or set their password.
type door struct {
	Title, Lead string
	Action      string
	Problems    []assets.Problem
	Fields      []assets.Field
	Yes         string
	More        assets.Link // another way in
	Foot        string
}

func (p *Pages) signInForm(w http.ResponseWriter, r *http.Request) error {
	return p.signInPage(w, r, http.StatusOK, "", nil)
}

func (p *Pages) signInPage(w http.ResponseWriter, r *http.Request, status int, email string, problems []assets.Problem) error {
	words := p.Store.Words()
	return p.show(w, r, status, "door", "", assets.Page{Title: "Sign in", Data: door{
		Title: "Sign in", Lead: "With the e-mail address and password of your account.", Action: "/sign-in", Problems: problems,
		Fields: []assets.Field{
			{Name: "email", Label: "E-mail", Type: "email", Value: email, Autocomplete: "username", Max: 254},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Max: 200},
		},
		Yes:  "Sign in",
		Foot: "To look for a therapist you need no account. Anything else: write to " + words["care_email"] + ".",
		More: assets.Link{Href: "/sign-in/link", Text: "No password yet, or forgotten it?"},
	}})
}

// linkForm asks where to send a link that sets a password.
func (p *Pages) linkForm(w http.ResponseWriter, r *http.Request) error {
	return p.linkPage(w, r, http.StatusOK, nil)
}

func (p *Pages) linkPage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	return p.show(w, r, status, "door", "", assets.Page{Title: "A link to set your password", Data: door{
		Title: "A link to set your password", Lead: "We mail it to the address of your account. It works once, for seven days.",
		Action: "/sign-in/link", Problems: problems, Yes: "Send me a link",
		Fields: []assets.Field{{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Max: 254}},
		Foot:   "This page says the same whether there is an account or not, so that nobody can find out who has one.",
	}})
}

func (p *Pages) sendLink(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	if strings.TrimSpace(form.Get("email")) == "" {
		return p.linkPage(w, r, http.StatusUnprocessableEntity, []assets.Problem{{Field: "email", Text: "Give the e-mail address of your account."}})
	}
	if _, err := p.Store.Do(r.Context(), care.Anonymous, act.SendLink{Email: form.Get("email")}); err != nil {
		return err
	}
	return done(w, r, "/sign-in", "link_sent")
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	if err := p.Auth.SignIn(w, r, form.Get("email"), form.Get("password")); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			return p.signInPage(w, r, status, form.Get("email"), problems)
		})
	}
	return done(w, r, "/home", "")
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.Auth.SignOut(w, r); err != nil {
		return err
	}
	return done(w, r, "/", "signed_out")
}

func (p *Pages) setUpForm(w http.ResponseWriter, r *http.Request) error {
	secret := mux.Vars(r)["secret"]
	if _, ok := p.Auth.Invited(secret); !ok {
		return &care.Fault{Kind: care.NotFound, Code: "link_used", Says: "This link has been used or has run out. Ask whoever sent it for a new one."}
	}
	return p.setUpPage(w, r, http.StatusOK, nil)
}

// setUpPage posts back to where it is, so that the secret stands in the address
// that the person already has and nowhere else.
func (p *Pages) setUpPage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	return p.show(w, r, status, "door", "", assets.Page{Title: "Choose a password", Data: door{
		Title: "Choose a password", Lead: "This link works once. Afterwards you sign in with your e-mail address and this password.",
		Problems: problems, Yes: "Set the password and sign in",
		Fields: []assets.Field{{
			Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Max: 200,
			Hint: "A few words that belong together only for you are easy to keep and hard to guess.",
		}},
		Foot: "Setting a password signs out every other browser that was signed in as you.",
	}})
}

func (p *Pages) setUp(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	account, _ := p.Auth.Invited(mux.Vars(r)["secret"])
	if err := p.Auth.Redeem(w, r, mux.Vars(r)["secret"], form.Get("password")); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.setUpPage(w, r, status, problems) })
	}
	if account.Role == care.RoleClient {
		return done(w, r, "/me", "password_set")
	}
	return done(w, r, "/home", "")
}

// again shows a form anew with what was wrong with it; an error that the person
// cannot mend there is given on.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, err error, form func(status int, problems []assets.Problem) error) error {
	problem := problemOf(r, err)
	problems, ok := mend(problem)
	if !ok {
		return problem
	}
	if after := problem.RetryAfter(); after != "" {
		w.Header().Set("Retry-After", after)
	}
	return form(problem.Status, problems)
}
