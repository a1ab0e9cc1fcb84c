// Package web serves the pages: one file per screen, forms to acts, charts to
// templates. A page decides nothing: it shows what the rules said. Each action
// works as a plain form post, without script.
package web

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// Config is what the pages stand on.
type Config struct {
	Store  *store.Store
	Auth   *auth.Auth
	Bundle *assets.Bundle
	Now    func() time.Time
	// Throwaway is what a throwaway instance shows besides; nil in a lasting one.
	Throwaway *Throwaway
}

// Throwaway is the bar on each page of a throwaway instance, and its people.
type Throwaway struct {
	Ticks  bool
	People func() []Person
	Mails  func(context.Context) []notify.Mail
	Next   func() time.Time // when something is due next; zero: nothing
}

// Person is somebody to sign in as with one click.
type Person struct {
	Role  care.Role
	Name  string
	Login string // path that signs in
	About string
}

// Pages are the pages of one store.
type Pages struct {
	Config
	templates map[string]*template.Template
	unpacking sync.Mutex // of a photo
}

// static is where files are served, under names that carry a hash of their content.
const static = "/static/"

// New parses the pages.
func New(c Config) (*Pages, error) {
	p := &Pages{Config: c}
	var err error
	p.templates, err = c.Bundle.Pages(static, template.FuncMap{})
	return p, err
}

// Routes are the lines of the route table that are pages.
func (p *Pages) Routes() []reply.Route {
	routes := []reply.Route{{Method: http.MethodGet, Path: static + "{file:.+}", Does: "read file", Handler: http.HandlerFunc(p.file)}}
	for _, area := range [][]reply.Route{p.commonRoutes(), p.publicRoutes(), p.clientRoutes(), p.providerRoutes(),
		p.appointmentRoutes(care.RoleClient, "/me"), p.appointmentRoutes(care.RoleProvider, "/pro"), p.otherwiseRoutes(), p.handOverRoutes(), p.careTeamRoutes(), p.deskRoutes(), p.employerRoutes(), p.helpRoutes(), p.billingRoutes(), p.waitlistRoutes()} {
		routes = append(routes, area...)
	}
	return routes
}

// file serves an embedded file. Its name changes with its content, so it may be
// kept for ever.
func (p *Pages) file(w http.ResponseWriter, r *http.Request) {
	body, zipped, kind, ok := p.Bundle.File(strings.TrimPrefix(r.URL.Path, static))
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = zipped
	}
	_, _ = w.Write(body) // the reader has gone; there is nobody to tell
}

// handler is a page's own work: it answers, or says what went wrong.
type handler func(w http.ResponseWriter, r *http.Request) error

// page makes an http.Handler of it: an error becomes a page of its own.
func (p *Pages) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// show answers with a page. What every page has is filled in here; zone is the
// reader's (empty: the programme's default).
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name, zone string, page assets.Page) error {
	programme, _ := p.Store.Programme()
	words := programme.Programme
	who := auth.Of(r.Context())
	at := rules.Zone(or(zone, defaultZone))
	now := p.Now()
	abbrev, _ := now.In(at).Zone()
	page.Lang, page.Product = "en", words.Name
	page.Programme = "with " + words.Payer + " and " + words.Network
	page.Home, page.Help = homeOf(who.Actor.Role), "/help"
	page.Clock = assets.Clock{Place: place(or(zone, defaultZone)), Abbrev: abbrev, Now: today(now, at), Ticks: p.Throwaway == nil || p.Throwaway.Ticks}
	page.Nav = append(nav(who.Actor.Role, r.URL.Path), page.Nav...)
	page.Crisis = &assets.Crisis{Text: words.Crisis, Lines: []assets.Link{
		{Href: "tel:988", Text: "Call 988"}, {Href: "sms:988", Text: "Text 988"}, {Href: "tel:911", Text: "Call 911"},
	}}
	page.Foot = []assets.Link{{Href: "/handbook", Text: "Handbook"}, {Href: "/plans", Text: "Plans we cannot process"}, {Href: "/help", Text: "Help"}}
	if who.Actor.Chart == "" {
		page.SignIn = "/sign-in"
	} else {
		page.Actor = &assets.Actor{Name: or(who.Name, roleWords[who.Actor.Role]), Role: roleWords[who.Actor.Role], Account: homeOf(who.Actor.Role), SignOut: "/sign-out"}
	}
	if p.Throwaway != nil {
		page.Bar = &assets.Bar{
			Name: "Throwaway instance", Now: moment(now, at), Next: moment(p.Throwaway.Next(), at).Text,
			Action: "/qa/move", Back: r.URL.RequestURI(), People: "/qa", Mail: "/qa/inbox",
		}
	}
	if page.Notice == nil {
		page.Notice = notice(r)
	}
	return p.render(w, status, name, page)
}

func (p *Pages) render(w http.ResponseWriter, status int, name string, page assets.Page) error {
	t := p.templates[name]
	if t == nil {
		return errors.New("there is no page " + name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", page); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone; there is nobody to tell
	return nil
}

// fail answers with a page that says what was wrong and what to do.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.Problem(w, r, reply.ProblemOf(r.Context(), err))
}

// Problem answers with the page of a problem.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, problem *reply.Problem) {
	items := []string{}
	for _, reason := range problem.Reasons {
		items = append(items, reason.Says+" ("+map[rules.Truth]string{rules.No: "this does not hold", rules.Unknown: "not yet known"}[reason.Truth]+")")
	}
	title := or(wrongs[problem.Status], problem.Title)
	page := assets.Page{Title: title, Data: map[string]any{"Title": title, "Notice": assets.Notice{
		Kind: "warn", Text: problem.Detail, Items: items,
		Actions: []assets.Action{{Text: "Back to my start page", Href: homeOf(auth.Actor(r).Role), Icon: "arrow-left", Style: "outline"}},
	}}}
	if after := problem.RetryAfter(); after != "" {
		w.Header().Set("Retry-After", after)
	}
	if err := p.show(w, r, problem.Status, "problem", "", page); err != nil {
		slog.ErrorContext(r.Context(), "page failed", "request", reply.RequestID(r.Context()), "error", err)
		reply.Write(w, problem)
	}
}

// wrongs are the headings of what can go wrong, by status, in a reader's words.
var wrongs = map[int]string{
	http.StatusNotFound: "This page is not here", http.StatusForbidden: "This page is not yours to open", http.StatusMethodNotAllowed: "This page cannot be opened like that",
	http.StatusGone: "This is over", http.StatusConflict: "That did not work", http.StatusUnprocessableEntity: "That did not work", http.StatusTooManyRequests: "Too many at once",
	http.StatusInternalServerError: "Something went wrong on our side", http.StatusServiceUnavailable: "We are not sure that this was saved",
	http.StatusInsufficientStorage: "This could not be saved just now",
}

// done sends the reader on after an act, with a word on what it led to.
func done(w http.ResponseWriter, r *http.Request, to, said string) error {
	if said != "" {
		to += separator(to) + "said=" + url.QueryEscape(said)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func separator(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

// notice is the word on the last act, if the address carries one.
func notice(r *http.Request) *assets.Notice {
	if n, ok := said(r.URL.Query().Get("said")); ok {
		return &n
	}
	return nil
}

// The reader's words for roles, places and instants.

const defaultZone = "America/Chicago"

var roleWords = map[care.Role]string{
	care.RoleClient: "Client", care.RoleProvider: "Provider", care.RoleCareTeam: "Care team", care.RoleClinical: "Clinical desk",
	care.RoleBilling: "Billing", care.RolePayer: "Payer partner", care.RoleEmployer: "Employer", care.RoleOperator: "Operator",
}

// homes are the start pages of the roles.
var homes = map[care.Role]string{
	care.RoleClient: "/me", care.RoleProvider: "/pro", care.RoleCareTeam: "/ops", care.RoleClinical: "/ops/alerts",
	care.RoleBilling: "/desk", care.RolePayer: "/desk", care.RoleEmployer: "/desk", care.RoleOperator: "/desk",
}

func homeOf(role care.Role) string { return or(homes[role], "/") }

// navs are the ways that each role has on each page.
var navs = map[care.Role][]assets.Link{
	care.RoleAnonymous: {{Href: "/find", Text: "Find a therapist", Icon: "search"}},
	care.RoleClient: {
		{Href: "/me", Text: "My care", Icon: "heart"}, {Href: "/find", Text: "Find a therapist", Icon: "search"},
		{Href: "/coverage", Text: "Coverage", Icon: "shield"}, {Href: "/me/privacy", Text: "Privacy", Icon: "lock"},
	},
	care.RoleProvider: {
		{Href: "/pro", Text: "Inbox", Icon: "inbox"}, {Href: "/pro/clients", Text: "Clients", Icon: "users"},
		{Href: "/pro/hours", Text: "Hours", Icon: "calendar"}, {Href: "/pro/profile", Text: "Profile", Icon: "user"}, {Href: "/pro/billing", Text: "Billing", Icon: "list-checks"}, {Href: "/pro/participation", Text: "Participation", Icon: "check"},
	},
	care.RoleBilling: {{Href: "/billing", Text: "Billing", Icon: "list-checks"}, {Href: "/desk", Text: "Start", Icon: "inbox"}},
	care.RoleCareTeam: {
		{Href: "/ops", Text: "Board", Icon: "inbox"}, {Href: "/ops/coverage", Text: "Plans to verify", Icon: "shield"},
		{Href: "/ops/plans", Text: "Published list", Icon: "list-checks"},
		{Href: "/ops/providers", Text: "Providers", Icon: "users"},
		{Href: "/ops/employers", Text: "Employers", Icon: "building-2"},
		{Href: "/ops/gaps", Text: "Gaps", Icon: "clipboard-list"}, {Href: "/ops/figures", Text: "Figures", Icon: "list-checks"},
		{Href: "/ops/policy", Text: "Policy", Icon: "sliders-horizontal"}, {Href: "/ops/help", Text: "Help", Icon: "message-circle"},
	},
	care.RoleEmployer: {{Href: "/desk", Text: "Start", Icon: "inbox"}, {Href: "/employer", Text: "Tell your people", Icon: "building-2"}},
	care.RoleOperator: {{Href: "/desk", Text: "Health", Icon: "heart"}, {Href: "/desk/accounts", Text: "Accounts", Icon: "users"}, {Href: "/desk/crisis", Text: "Crisis text", Icon: "life-buoy"}},
	care.RoleClinical: {{Href: "/ops/alerts", Text: "Safety alerts", Icon: "heart"}, {Href: "/ops", Text: "Board", Icon: "inbox"}},
}

func nav(role care.Role, path string) []assets.Link {
	links := append([]assets.Link(nil), navs[role]...)
	for i := range links {
		links[i].Current = links[i].Href == path
	}
	return links
}

// place is the town in a zone's name.
func place(zone string) string {
	parts := strings.Split(zone, "/")
	return strings.ReplaceAll(parts[len(parts)-1], "_", " ")
}

// moment is an instant as a page shows it: always with its zone.
func moment(t time.Time, zone *time.Location) assets.Moment {
	if t.IsZero() {
		return assets.Moment{}
	}
	return assets.Moment{Text: calendar.Words(t, zone), At: t.In(zone).Format(time.RFC3339)}
}

// today is the present minute as the masthead shows it, which needs no year.
func today(now time.Time, zone *time.Location) assets.Moment {
	shown := moment(now.Truncate(time.Minute), zone)
	shown.Text = strings.Replace(shown.Text, now.In(zone).Format(" 2006,"), ",", 1)
	return shown
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
