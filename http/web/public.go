package web

import (
	"net/http"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// publicRoutes are the pages anybody may open.
func (p *Pages) publicRoutes() []reply.Route {
	line := func(method, path, does string, h handler) reply.Route {
		return reply.Route{Method: method, Path: path, Does: does, Handler: p.page(h)}
	}
	return []reply.Route{
		line(http.MethodGet, "/", "read start page", p.start),
		line(http.MethodGet, "/enter", "read entrance", p.enter),
		line(http.MethodGet, "/e/{code}", "read entrance", p.employerLink),
		line(http.MethodGet, "/find", "read directory", p.find),
		line(http.MethodGet, "/p/{id}", "read profile", p.seeProfile),
		line(http.MethodGet, "/p/{id}/photo/{photo}/{size}", "read photo", p.seePhoto),
		line(http.MethodGet, "/p/{id}/book", "read booking form", p.bookForm),
		line(http.MethodPost, "/p/{id}/book", "request", p.book),
		line(http.MethodGet, "/match", "read match form", p.matchForm),
		line(http.MethodPost, "/match", "ask_match", p.askMatch),
		line(http.MethodPost, "/look", "ask_employment", p.askLook),
		line(http.MethodGet, "/plans", "read plans", p.plans),
		line(http.MethodGet, "/handbook", "read handbook", p.handbook),
		line(http.MethodGet, "/handbook/{page}", "read handbook", p.handbookPage),
		line(http.MethodGet, "/help", "read help", p.help),
		line(http.MethodGet, "/erased/{id}", "read certificate", p.erased),
		line(http.MethodGet, "/erased/{id}/certificate", "read certificate", p.certificate),
		line(http.MethodGet, "/sign-in", "read sign-in form", p.signInForm),
		line(http.MethodPost, "/sign-in", "sign_in", p.signIn),
		line(http.MethodGet, "/sign-in/link", "read sign-in form", p.linkForm),
		line(http.MethodPost, "/sign-in/link", "send_link", p.sendLink),
		line(http.MethodPost, "/sign-out", "sign_out", p.signOut),
		line(http.MethodGet, "/details/{secret}", "read details form", p.linkedForm),
		{Method: http.MethodPost, Path: "/details/{secret}", Does: "give_details", Most: withPhoto, Opens: p.takesDetails, Handler: p.page(p.linkedDetails)},
		line(http.MethodGet, "/set-up/{secret}", "read set-up form", p.setUpForm),
		line(http.MethodPost, "/set-up/{secret}", "redeem", p.setUp),
	}
}

// start is the first page: what this is, and the ways in.
func (p *Pages) start(w http.ResponseWriter, r *http.Request) error {
	if role := auth.Actor(r).Role; role != care.RoleAnonymous && p.Throwaway == nil {
		return done(w, r, homeOf(role), "")
	}
	words, where := p.Store.Words(), whereabouts(arrival{})
	data := welcome{
		Where:   &where,
		Title:   "Someone to talk to, this week",
		Lines:   welcomeLines(words),
		Actions: []assets.Action{{Text: "Sign in", Href: "/sign-in", Style: "ghost"}},
	}
	if p.Throwaway != nil {
		data.Throwaway = &assets.Notice{
			Title: "This is a throwaway instance",
			Text:  "Nobody here is real, and nothing leaves this machine. Walk in as somebody, or go through the front door with a code such as LANTERN.",
			Actions: []assets.Action{
				{Text: "See all the people", Href: "/qa", Icon: "users", Style: "outline"},
				{Text: "Arrive from the portal", Href: "/enter?employer=LANTERN&src=portal", Icon: "arrow-right", Style: "outline"},
			},
		}
		for _, person := range p.Throwaway.People() {
			if person.Role == care.RoleClient && auth.Actor(r).Role == care.RoleAnonymous {
				start := assets.Action{Text: "Start as a client", Href: person.Login, Icon: "play"}
				data.Throwaway.Actions = append([]assets.Action{start}, data.Throwaway.Actions...)
				break
			}
		}
	}
	return p.show(w, r, http.StatusOK, "welcome", "", assets.Page{Data: data})
}

// welcome is the start page and the entrance from the portal.
type welcome struct {
	Title     string
	Lines     []assets.Fact
	Where     *assets.Whereabouts // asked on the way to the directory
	Actions   []assets.Action
	Throwaway *assets.Notice
	Promise   string
	Note      *assets.Notice
}

func welcomeLines(words rules.Words) []assets.Fact {
	return []assets.Fact{
		{Term: "Quick", Text: words.Render("A short first call to see whether you fit, and a first session within {promise_business_days} business days.")},
		{Term: "Yours", Text: words.Render("As many sessions as you and your therapist find right, with a clinician of {network}, by video.")},
		{Term: "Private", Text: "Your employer pays for the door being open. They will never see that you were here."},
	}
}

// enter is where people arrive from the portal. It records nothing: what came
// along is carried on in the address until something is submitted.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return reply.Bad(r.Context(), http.StatusBadRequest, "unreadable", "This address could not be read. Go to the start page and begin there.")
	}
	if token := r.Form.Get("t"); token != "" {
		return p.useHandoff(w, r, token)
	}
	return p.entrance(w, r, arrivalOf(r))
}

// employerLink is the one link of an employer, for all of its people. Like the
// entrance it records nothing, and nobody counts who comes.
func (p *Pages) employerLink(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return reply.Bad(r.Context(), http.StatusBadRequest, "unreadable", "This address could not be read. Go to the start page and begin there.")
	}
	v := arrivalOf(r)
	v.Employer, v.Source, v.Proof = mux.Vars(r)["code"], care.FromEmployer, ""
	return p.entrance(w, r, v)
}

// entrance lets somebody in, or explains why their employer's link does not.
func (p *Pages) entrance(w http.ResponseWriter, r *http.Request, v arrival) error {
	programme, _ := p.Store.Programme()
	today := calendar.On(p.Now(), rules.Zone(rules.HomeZone))
	e := act.EmployerOf(v.Employer, programme)
	switch {
	case e == nil && v.Source == care.FromEmployer:
		return p.closed(w, r, http.StatusNotFound, "We do not know this link", "It may be cut short. Your employer can give you the whole of it.")
	case e != nil && today.Before(e.Starts):
		return p.closed(w, r, http.StatusOK, "Not open yet", "Your employer offers this from "+dateOf(e.Starts)+" on. Come back then: the link stays the same.")
	case e != nil && !e.Offers(today):
		return p.closed(w, r, http.StatusOK, "Not open any more", "Your employer offered this until "+dateOf(e.Ends)+". Care that has begun goes on; sign in to see yours.")
	}
	where := whereabouts(v)
	return p.show(w, r, http.StatusOK, "welcome", "", assets.Page{Title: "Welcome", Data: welcome{
		Title: "Good that you are here", Where: &where,
		Lines: welcomeLines(p.Store.Words()),
		Note: &assets.Notice{
			Title: "What it costs",
			Text:  "The first call costs nothing. For sessions your plan’s copay or coinsurance applies, as anywhere; an EAP usually has none.",
		},
	}})
}

// closed explains why a link does not let anybody in today, and where to turn.
func (p *Pages) closed(w http.ResponseWriter, r *http.Request, status int, title, text string) error {
	return p.show(w, r, status, "welcome", "", assets.Page{Title: title, Data: welcome{
		Title: title,
		Note:  &assets.Notice{Title: "What you can do", Text: text + " Nothing was kept of your visit, and your employer is told nothing."},
		Actions: []assets.Action{
			{Text: "Write to the care team", Href: "/help", Icon: "message-circle", Style: "large"}, {Text: "Sign in", Href: "/sign-in", Style: "ghost"}, {Text: "How it all works", Href: "/handbook", Style: "ghost"},
		},
	}})
}

// help says whom to turn to.
func (p *Pages) help(w http.ResponseWriter, r *http.Request) error {
	words := p.Store.Words()
	return p.show(w, r, http.StatusOK, "help", "", assets.Page{Title: "Help", Data: map[string]any{
		"CareEmail": words["care_email"], "PrivacyEmail": words["privacy_email"], "Pages": handbookLinks(words),
		"Crisis": p.crisis(), "Words": words, "Own": mayHaveCare(r), "Help": p.helpLinks(p.helpChart(r.Context())),
	}})
}

// mayHaveCare says whether whoever asks can have pages of their own care: a
// client, or somebody who has yet to sign in.
func mayHaveCare(r *http.Request) bool {
	role := auth.Actor(r).Role
	return role == care.RoleClient || role == care.RoleAnonymous
}

// crisis is the help of the footer, to be put first on a page.
func (p *Pages) crisis() assets.Crisis {
	return assets.Crisis{Text: p.Store.Words()["crisis"], Lines: []assets.Link{
		{Href: "tel:988", Text: "Call 988"}, {Href: "sms:988", Text: "Text 988", Icon: "message-circle"}, {Href: "tel:911", Text: "Call 911"},
	}}
}
