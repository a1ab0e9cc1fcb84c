package reply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/store"
)

// Every sort of error has its status, and what is our own fault is told without
// a word about its inside.
func TestProblemOf(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	ctx := reply.WithRequestID(context.Background(), "req1")
	next := []time.Time{time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)}
	ready := reply.Bad(ctx, 418, "teapot", "Ask for coffee elsewhere.")
	for _, c := range []struct {
		err    error
		status int
		code   string
		logged bool
	}{
		{care.Missing(), 404, "not_found", false},
		{&care.Fault{Kind: care.Forbidden, Code: "forbidden", Says: "No."}, 403, "forbidden", false},
		{&care.Fault{Kind: care.Conflict, Code: "opening_taken", Says: "Gone.", Next: next}, 409, "opening_taken", false},
		{&care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: "Mend."}, 422, "invalid_input", false},
		{&care.Fault{Kind: care.Stale, Code: "changed_meanwhile", Says: "Again."}, 412, "changed_meanwhile", false},
		{fmt.Errorf("around: %w", care.Missing()), 404, "not_found", false},
		{ready, 418, "teapot", false},
		{fmt.Errorf("around: %w", ready), 418, "teapot", false},
		{store.ErrClosed, 503, "outcome_unknown", true},
		{fmt.Errorf("disk SECRET: %w", store.ErrUnknown), 503, "outcome_unknown", true},
		{fmt.Errorf("care.db: %w: SECRET", store.ErrFull), 507, "disk_full", false},
		{fmt.Errorf("care.db: %w: SECRET", store.ErrReadOnly), 503, "read_only", false},
		{errors.New("SECRET"), 500, "internal", true},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		reply.Write(w, reply.ProblemOf(ctx, c.err))
		var p reply.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || p.Status != c.status || p.Code != c.code || p.Type != "/problems/"+c.code || p.Detail == "" || p.Request != "req1" {
			t.Errorf("%v: %d %s", c.err, w.Code, p.Code)
		}
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("%s: the inside is told", c.code)
		}
		if (log.Len() > 0) != c.logged || c.logged && !strings.Contains(log.String(), "req1") {
			t.Errorf("%s: logged %t", c.code, log.Len() > 0)
		}
		if (w.Header().Get("Retry-After") != "") != (c.status == 503 || c.status == 507) {
			t.Errorf("%s: Retry-After %q", c.code, w.Header().Get("Retry-After"))
		}
		if !slices.EqualFunc(p.Next, map[bool][]time.Time{true: next}[c.code == "opening_taken"], time.Time.Equal) {
			t.Errorf("%s: next %v", c.code, p.Next)
		}
	}
}

// A decision that is not a yes tells every reason, what is unknown as well.
func TestDecided(t *testing.T) {
	policy := rules.Policy[int]{Heading: "x", Rules: []rules.Rule[int]{
		{Code: "first", Says: "It is the first.", Holds: func(n int) rules.Truth { return rules.Is(n > 0) }},
		{Code: "second", Says: "It is known.", Holds: func(n int) rules.Truth {
			if n > 1 {
				return rules.Yes
			}
			return rules.Unknown
		}},
	}}
	for n, want := range [][]string{{"first", "second"}, {"second"}, nil} {
		err := reply.Decided(context.Background(), store.Outcome{Decision: policy.Decide(n, nil)}, nil)
		if want == nil {
			if err != nil {
				t.Errorf("a yes is told as %v", err)
			}
			continue
		}
		var p *reply.Problem
		if !errors.As(err, &p) || p.Status != 422 || p.Code != want[0] {
			t.Fatalf("%d: %v", n, err)
		}
		var got []string
		for _, r := range p.Reasons {
			got = append(got, r.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: reasons %v, want %v", n, got, want)
		}
	}
	if err := reply.Decided(context.Background(), store.Outcome{}, care.Missing()); err == nil {
		t.Error("an error is told as a yes")
	}
}

func TestRouteFor(t *testing.T) {
	open, closed := reply.Route{}, reply.Route{Roles: []care.Role{care.RoleClient, care.RoleProvider}}
	for _, role := range append([]care.Role{care.RoleAnonymous, care.RoleSystem}, care.Roles[:]...) {
		if !open.For(role) {
			t.Errorf("%q may not come where anyone may", role)
		}
		if want := role == care.RoleClient || role == care.RoleProvider; closed.For(role) != want {
			t.Errorf("%q: %t", role, !want)
		}
	}
}
