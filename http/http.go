// Package http serves people and systems. It puts the one route table together
// from the pages, the API and, in a throwaway instance, the QA calls, and lays
// the same coat over all of them: a request's id, who asks, limits, headers.
// Inside this folder net/http is imported plainly; main imports only ours.
package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/access"
	"careconnect/rules/care"
)

// Config is what a server serves.
type Config struct {
	Auth   *auth.Auth
	Routes []reply.Route // pages, API and, in a throwaway instance, QA
	// Ready says what stands in the way of serving; empty when nothing does.
	Ready func() []string
	// Degraded says what cannot be done for now though the service serves; empty
	// or nil: everything can.
	Degraded func() []string
	// Known says what else is known of a service that is ready; nil: nothing.
	Known func() []string
	// Denied is told whom a route turned away, and what it does; nil: nobody is.
	Denied func(ctx context.Context, actor care.Actor, does string)
	// Page answers a person with the page of a problem; nil: everybody gets the
	// document.
	Page func(http.ResponseWriter, *http.Request, *reply.Problem)
	// Secure says that people reach the service over TLS.
	Secure bool
}

// New checks the route table and makes the handler of the whole service.
func New(c Config) (http.Handler, error) {
	routes := append(health(c), c.Routes...)
	if err := check(routes); err != nil {
		return nil, err
	}
	m, room := mux.NewRouter(), newRoom()
	m.StrictSlash(false)
	for _, r := range routes {
		most := cmp.Or(r.Most, maxBody)
		r.Handler = c.roomed(room, most, r)
		m.Handle(r.Path, c.bounded(most, c.guard(r))).Methods(methods(r.Method)...)
	}
	m.NotFoundHandler = http.HandlerFunc(c.nothing)
	m.MethodNotAllowedHandler = c.methodNotAllowed(m, routes)
	return coat(c, m), nil
}

func methods(m string) []string {
	if m == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{m}
}

// check refuses a table with a route that does nothing known, or one that
// changes something on a GET.
func check(routes []reply.Route) error {
	acts := access.Acts()
	seen := map[string]bool{}
	var wrong []error
	for _, r := range routes {
		name := r.Method + " " + r.Path
		_, reads := strings.CutPrefix(r.Does, "read ")
		switch {
		case seen[name]:
			wrong = append(wrong, fmt.Errorf("%s: stands twice in the route table", name))
		case !reads && !slices.Contains(acts, r.Does) && !besides[r.Does]:
			wrong = append(wrong, fmt.Errorf("%s: %q is neither an act nor a view", name, r.Does))
		case !reads && r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/qa/"):
			wrong = append(wrong, fmt.Errorf("%s: a GET must not change anything", name))
		}
		seen[name] = true
	}
	return errors.Join(wrong...)
}

// besides are what routes do that is no act of the programme: signing in and
// out stand on the acts about passes, and the QA calls move the clock.
var besides = map[string]bool{"sign_in": true, "sign_out": true, "redeem": true, "qa": true}

// kept are what may be kept outside a page, where nobody's session goes with it: a
// file by anybody, the photo of a provider by the browser that asked for it.
var kept = map[string]bool{"read file": true, "read photo": true}

// guard turns away a role that has no right to a route at all.
func (c Config) guard(route reply.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := auth.Of(r.Context())
		if !route.For(who.Actor.Role) && c.Denied != nil {
			c.Denied(r.Context(), who.Actor, route.Does)
		}
		switch {
		case route.For(who.Actor.Role):
			if kept[route.Does] {
				w.Header().Del("Set-Cookie")
			}
			route.Handler.ServeHTTP(w, r)
		case who.Actor.Chart == "" && wantsPage(r):
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		case who.Actor.Chart == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="careconnect"`)
			reply.Write(w, reply.Bad(r.Context(), http.StatusUnauthorized, "sign_in", "Sign in first: send an Authorization header with a Bearer token."))
		default:
			c.problem(w, r, reply.Bad(r.Context(), http.StatusForbidden, "forbidden", "This is not something that your role can do."))
		}
	})
}

func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// problem tells a person with a page, and a program with a document.
func (c Config) problem(w http.ResponseWriter, r *http.Request, p *reply.Problem) {
	if c.Page != nil && wantsPage(r) {
		c.Page(w, r, p)
		return
	}
	reply.Write(w, p)
}

func (c Config) nothing(w http.ResponseWriter, r *http.Request) {
	c.problem(w, r, reply.Bad(r.Context(), http.StatusNotFound, "not_found", "There is nothing here that you can see. Check the address, or go back to your start page."))
}

// methodNotAllowed names the methods that the path does take.
func (c Config) methodNotAllowed(m *mux.Router, routes []reply.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, route := range routes {
			probe := r.Clone(r.Context())
			probe.Method = route.Method
			var match mux.RouteMatch
			if !slices.Contains(allowed, route.Method) && m.Match(probe, &match) && match.MatchErr == nil {
				allowed = append(allowed, methods(route.Method)...)
			}
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		c.problem(w, r, reply.Bad(r.Context(), http.StatusMethodNotAllowed, "method_not_allowed", "This address takes "+strings.Join(allowed, ", ")+" only."))
	})
}

// health are the two questions of whoever runs the process.
func health(c Config) []reply.Route {
	return []reply.Route{
		{Method: http.MethodGet, Path: "/livez", Does: "read health", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "ok")
		})},
		{Method: http.MethodGet, Path: "/readyz", Does: "read health", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if not := c.Ready(); len(not) > 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintln(w, strings.Join(not, "\n"))
				return
			}
			if less := c.less(); len(less) > 0 {
				fmt.Fprintln(w, "degraded\n"+strings.Join(less, "\n"))
			} else {
				fmt.Fprintln(w, "ok")
			}
			if c.Known != nil {
				for _, line := range c.Known() {
					fmt.Fprintln(w, line)
				}
			}
		})},
	}
}

// less is what cannot be done for now.
func (c Config) less() []string {
	if c.Degraded == nil {
		return nil
	}
	return c.Degraded()
}

// Serve answers on a listener until the context ends; then it lets running
// requests finish for a while.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          quiet(),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}
