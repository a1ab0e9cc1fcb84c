// Package reply turns what the house says into HTTP: the one map from a fault
// to a status, and the problem document of RFC 9457. Everything under http
// shares it; it knows no page and no route.
package reply

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/store"
)

// Problem is an error as a document (application/problem+json). It tells the
// caller what was wrong and what to do, and nothing of anybody.
type Problem struct {
	Type     string          `json:"type" doc:"A URI reference that names the sort of problem" example:"/problems/opening_taken"`
	Title    string          `json:"title" doc:"The sort of problem in a few words"`
	Status   int             `json:"status" doc:"The HTTP status" example:"409"`
	Detail   string          `json:"detail" doc:"What was wrong and what to do"`
	Code     string          `json:"code" doc:"A stable name of the problem" example:"opening_taken"`
	Reasons  []rules.Finding `json:"reasons,omitempty" doc:"Where a decision said no: every reason"`
	Next     []time.Time     `json:"next,omitempty" doc:"Openings to take instead"`
	Others   []care.ChartID  `json:"alternatives,omitempty" doc:"Providers to choose instead"`
	Waitlist bool            `json:"waitlist,omitempty" doc:"The provider takes nobody new, and keeps a waiting list that can be joined"`
	Request  string          `json:"request_id,omitempty" doc:"Give this to the operator when you ask for help"`
	Wait     time.Duration   `json:"-"` // how long to wait, where that is known
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem document, whatever was asked for.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// statuses is the one map from kinds of fault to HTTP.
var statuses = map[care.FaultKind]int{
	care.NotFound:  http.StatusNotFound,
	care.Forbidden: http.StatusForbidden,
	care.Conflict:  http.StatusConflict,
	care.Gone:      http.StatusGone,
	care.Invalid:   http.StatusUnprocessableEntity,
	care.Stale:     http.StatusPreconditionFailed,
}

// ProblemOf tells any error as a problem. What the caller cannot act upon is
// logged under the request's id and told without a word about its inside.
func ProblemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var f *care.Fault
	if errors.As(err, &f) {
		return problem(ctx, statuses[f.Kind], f.Code, f.Says, func(p *Problem) { p.Next, p.Others, p.Waitlist = f.Next, f.Others, f.Waitlist })
	}
	switch { // nobody is at fault, and each request would say the same
	case errors.Is(err, store.ErrFull):
		return problem(ctx, http.StatusInsufficientStorage, "disk_full", "There is no room left on our disk, so nothing was saved or changed. What you can look at without being recorded goes on, and you can still end sharing and sign out. Try again in a minute.")
	case errors.Is(err, store.ErrReadOnly):
		return problem(ctx, http.StatusServiceUnavailable, "read_only", "For the moment this service only shows what is public; nothing can be saved, and nobody's data can be opened, since that could not be recorded. Try again later.")
	}
	slog.ErrorContext(ctx, "request failed", "request", RequestID(ctx), "error", err)
	if errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrClosed) {
		return problem(ctx, http.StatusServiceUnavailable, "outcome_unknown", "It is not known whether this was saved. Try again in a minute with the same Idempotency-Key; it will not be done twice.")
	}
	return problem(ctx, http.StatusInternalServerError, "internal", "Something went wrong on our side, and nothing was changed. Try again; if it stays, give the request id to whoever runs this service.")
}

// Refused tells a decision that is not a yes, with every reason.
func Refused(ctx context.Context, d rules.Decision) *Problem {
	reasons := d.Reasons()
	code, detail := "not_allowed", "This cannot be done."
	if len(reasons) > 0 {
		code = codeOf(reasons)
		detail = "This cannot be done, because this does not hold or is not yet known: " + reasons[0].Says
		if len(reasons) > 1 {
			detail = "This cannot be done; see every reason below."
		}
	}
	return problem(ctx, http.StatusUnprocessableEntity, code, detail, func(p *Problem) { p.Reasons = reasons })
}

// told are the reasons that are told as a problem of their own name.
var told = map[string]string{"provider.degree": "degree_not_eligible"}

// codeOf names the problem: by a reason that has a name for it, else by the first.
func codeOf(reasons []rules.Finding) string {
	for _, r := range reasons {
		if name, has := told[r.Code]; has && r.Truth == rules.No {
			return name
		}
	}
	return reasons[0].Code
}

// Bad is a problem with a status of its own.
func Bad(ctx context.Context, status int, code, says string) *Problem {
	return problem(ctx, status, code, says)
}

func problem(ctx context.Context, status int, code, says string, more ...func(*Problem)) *Problem {
	p := &Problem{Type: "/problems/" + code, Title: http.StatusText(status), Status: status, Detail: says, Code: code, Request: RequestID(ctx)}
	for _, m := range more {
		m(p)
	}
	return p
}

// RetryAfter is how many seconds to wait before trying again; empty where that
// would not help.
func (p *Problem) RetryAfter() string {
	if p.Wait > 0 {
		return strconv.Itoa(int(p.Wait / time.Second))
	}
	return map[int]string{http.StatusServiceUnavailable: "30", http.StatusInsufficientStorage: "30"}[p.Status]
}

// Write answers with a problem document.
func Write(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	if after := p.RetryAfter(); after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone; there is nobody to tell
}

// Decided is the error of an outcome: nil for a yes, else the problem.
func Decided(ctx context.Context, out store.Outcome, err error) error {
	if err != nil {
		return ProblemOf(ctx, err)
	}
	if out.Decision.Outcome != rules.Yes {
		return Refused(ctx, out.Decision)
	}
	return nil
}

type requestKey struct{}

// WithRequestID keeps a request's id in its context.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID is the id of the request, for logs, problems and the trail.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
