// Package api is Care Connect for programs. There is one table of operations,
// each with its method, path, the act it does or the view it gives, and who may
// come; the routes and the OpenAPI document both follow from it. A handler
// reads its input, makes the act, does it and replies; what may be done and
// seen is decided elsewhere. What is sent is read strictly: a field that nobody
// knows is refused, and so is a value outside the limits that the document
// states.
package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// Config is what the API stands on.
type Config struct {
	Store *store.Store
	Now   func() time.Time
	// SetUpPath is the path of the page that uses a set-up link up; the secret
	// follows it. Empty: /set-up/.
	SetUpPath string
	// Secret draws the secrets of set-up links; nil: by chance.
	Secret func() string
	// Other is the other account of whoever is signed in that an address and a password
	// open; nil: none can be opened here.
	Other func(ctx context.Context, email, password string) (care.Account, error)
	// MayHold counts a time that is to be held for somebody new, and says how to take the
	// count back; nil: nobody counts.
	MayHold func(ctx context.Context) (back func(), err error)
}

// API answers programs.
type API struct {
	store  *store.Store
	now    func() time.Time
	setUp  string
	secret func() string
	other  func(ctx context.Context, email, password string) (care.Account, error)
	may    func(ctx context.Context) (back func(), err error) // hold a time
	huma   huma.API
	routes []reply.Route

	unpacking sync.Mutex // of a photo

	once     sync.Once
	document []byte
	failed   error
}

// New makes the API of a store. It does not touch the store before the first
// call, so that the document can be made without one.
func New(c Config) *API {
	settings()
	a := &API{store: c.Store, now: c.Now, setUp: cmp.Or(c.SetUpPath, "/set-up/"), secret: c.Secret, other: c.Other, may: c.MayHold}
	if a.other == nil {
		a.other = func(context.Context, string, string) (care.Account, error) { return care.Account{}, act.NotProven() }
	}
	if a.may == nil {
		a.may = func(context.Context) (func(), error) { return func() {}, nil }
	}
	if a.secret == nil {
		a.secret = auth.Secret
	}
	a.huma = huma.NewAPI(config(), adapter{a})
	for _, o := range table {
		if o.serve.register == nil {
			panic("api: " + o.id() + " has parameters of its own: serve it by find")
		}
		o.serve.register(a, o.describe(), o.serve)
		last := &a.routes[len(a.routes)-1]
		last.Does, last.Roles = o.Does, o.Roles
	}
	for _, schema := range a.huma.OpenAPI().Components.Schemas.Map() {
		for _, property := range schema.Properties {
			property.Examples = nil // the schema says it; an example would have to be kept true
		}
	}
	a.routes = append(a.routes, reply.Route{
		Method: http.MethodGet, Path: "/api/openapi.json", Does: "read openapi", Handler: http.HandlerFunc(a.describe),
	})
	return a
}

// Routes are the API's lines of the route table.
func (a *API) Routes() []reply.Route { return a.routes }

// OpenAPI is the document that describes every operation: indented JSON, the
// same bytes each time, with a newline at its end.
func (a *API) OpenAPI() ([]byte, error) {
	a.once.Do(func() {
		raw, err := a.huma.OpenAPI().MarshalJSON()
		if err != nil {
			a.failed = fmt.Errorf("describe the API: %w", err)
			return
		}
		var out bytes.Buffer
		if err := json.Indent(&out, raw, "", "  "); err != nil {
			a.failed = fmt.Errorf("indent the API's description: %w", err)
			return
		}
		out.WriteByte('\n')
		a.document = out.Bytes()
	})
	return a.document, a.failed
}

func (a *API) describe(w http.ResponseWriter, r *http.Request) {
	document, err := a.OpenAPI()
	if err != nil {
		reply.Write(w, reply.ProblemOf(r.Context(), err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(document) // the caller has gone; there is nobody to tell
}
