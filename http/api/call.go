package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// maxBody bounds what a call may carry.
const maxBody = 128 << 10

// adapter makes a route of each operation, for the one router of the service.
type adapter struct{ api *API }

// Handle takes an operation in.
func (d adapter) Handle(op *huma.Operation, handle func(huma.Context)) {
	most := op.MaxBodyBytes - 1
	d.api.routes = append(d.api.routes, reply.Route{Method: op.Method, Path: op.Path, Most: beyond(most), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, p := receive(w, r, most)
		if p != nil {
			reply.Write(w, p)
			return
		}
		handle(humamux.NewContext(op, r.WithContext(context.WithValue(r.Context(), callKey{}, c)), w))
	})})
}

// beyond is what a route says of its bound: nothing, where it is the usual one.
func beyond(most int64) int64 {
	if most > maxBody {
		return most
	}
	return 0
}

// ServeHTTP is never asked: the service's own router leads to the operations.
func (d adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// call is what a request says of itself besides its input.
type call struct {
	route string   // method and path: a key used for another record is another call
	body  [32]byte // hash of what was sent
}

type callKey struct{}

// receive reads the body of a write once, so that its hash can be kept with the
// Idempotency-Key.
func receive(w http.ResponseWriter, r *http.Request, most int64) (call, *reply.Problem) {
	c := call{route: r.Method + " " + r.URL.Path}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return c, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return c, reply.Bad(r.Context(), http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The body is too large. Send at most %d KiB.", most>>10))
	case err != nil:
		return c, reply.Bad(r.Context(), http.StatusBadRequest, "cut_short", "The body ended before its time. Send it again, with the same Idempotency-Key.")
	}
	c.body = sha256.Sum256(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return c, nil
}

// ByID names the record that a call is about. An id that nobody could have
// answers as one that does not exist.
type ByID struct {
	ID string `path:"id" doc:"The record's id"`
}

// Keyed is what every write takes.
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Draw one at random per request: the same request with the same key is done once, and answers the same for 24 hours"`
}

// nothing is the body of a write that needs none.
type nothing struct{}

// one is a write about one record without anything to say.
type one struct {
	ByID
	Keyed
	Body *nothing
}

// bare is a write about oneself without anything to say.
type bare struct {
	Keyed
	Body *nothing
}

func actor(ctx context.Context) care.Actor { return auth.Of(ctx).Actor }

// do does an act as whoever called, once for an Idempotency-Key. Its error says
// why it was not done.
func (a *API) do(ctx context.Context, key Keyed, do act.Act) (store.Outcome, error) {
	order := store.Order{Actor: actor(ctx), Act: do, Request: reply.RequestID(ctx)}
	if key.Key != "" {
		c, _ := ctx.Value(callKey{}).(call)
		order.Once = &store.Once{Key: key.Key, Route: c.route, Body: c.body}
	}
	out, err := a.store.Order(ctx, order)
	return out, reply.Decided(ctx, out, err)
}

// tag is a weak tag of an answer: made from what is shown, so that it tells
// nothing of what is not.
func tag(shown any) string {
	body, err := json.Marshal(shown)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// told turns an error into its problem; instants in it are the reader's.
func (a *API) told(ctx context.Context, err error) error {
	p := reply.ProblemOf(ctx, err)
	zone := time.UTC
	if len(p.Next) > 0 {
		zone = a.zone(ctx, nil)
	}
	for i := range p.Next {
		p.Next[i] = p.Next[i].In(zone)
	}
	if after := p.RetryAfter(); after != "" {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {after}})
	}
	return p
}

// Matched is what a PUT may bring to be sure that it replaces what was read.
type Matched struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of what you have read: if it has changed since, nothing is done and the answer is 412"`
}

// unchanged is an act that is done only while what its caller had read still
// stands. It looks inside the commit, so nobody can come between.
type unchanged struct {
	act.Act
	tag string
	now func(act.Known) string // the tag of what stands now
}

// Decide looks first, and leaves the rest to the act.
func (u unchanged) Decide(k act.Known, env act.Env) act.Plan {
	if u.now(k) != u.tag {
		return act.Plan{Fault: &care.Fault{Kind: care.Stale, Code: "changed_meanwhile", Says: "This has changed since you read it. Read it again, then send your change."}}
	}
	return u.Act.Decide(k, env)
}

// ifMatch makes an act conditional where the caller asked for it.
func ifMatch(m Matched, do act.Act, now func(act.Known) string) act.Act {
	if m.IfMatch == "" || m.IfMatch == "*" {
		return do
	}
	return unchanged{Act: do, tag: m.IfMatch, now: now}
}
