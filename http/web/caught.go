package web

import (
	"net/http"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/care"
)

// The pages that lead from one place to another, and those of a throwaway
// instance's caught mail.

// commonRoutes are the ways home, and the caught mail of a throwaway instance.
func (p *Pages) commonRoutes() []reply.Route {
	routes := []reply.Route{{Method: http.MethodGet, Path: "/home", Does: "read home", Handler: http.HandlerFunc(home)}}
	if p.Throwaway != nil {
		routes = append(routes, reply.Route{Method: http.MethodGet, Path: "/qa/inbox", Does: "read caught mail", Handler: p.page(p.caught)})
	}
	return routes
}

// home leads to the start page of whoever asks.
func home(w http.ResponseWriter, r *http.Request) {
	role := auth.Actor(r).Role
	if role == care.RoleAnonymous {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, homeOf(role), http.StatusSeeOther)
}

// letter is a caught mail as its page shows it.
type letter struct {
	ID, To, Subject, Text string
	At                    assets.Moment
}

// caught shows the mail that would have been sent, newest first.
func (p *Pages) caught(w http.ResponseWriter, r *http.Request) error {
	mails := p.Throwaway.Mails(r.Context())
	zone := location("")
	letters := make([]letter, 0, len(mails))
	for i := len(mails) - 1; i >= 0 && len(letters) < 200; i-- {
		m := mails[i]
		letters = append(letters, letter{ID: m.ID, To: m.To, Subject: m.Subject, Text: m.Text, At: moment(m.At.Truncate(time.Minute), zone)})
	}
	return p.show(w, r, http.StatusOK, "caught", "", assets.Page{Title: "Caught mail", Data: letters})
}
