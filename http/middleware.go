package http

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"careconnect/http/reply"
	"careconnect/store"
)

// maxBody bounds what a request may carry where its route says nothing else.
const maxBody = 1 << 20

// coat lays over every route what all of them need, outermost first.
func coat(c Config, inner http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.Write(w, reply.Bad(r.Context(), http.StatusForbidden, "cross_origin", "This request came from another site, so it was not done. Open the page here and try again."))
	}))
	h := cross.Handler(c.Auth.Middleware(inner))
	return numbered(caught(headers(c.Secure, h)))
}

// numbered gives each request an id, for logs, problems and the trail.
func numbered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [10]byte
		_, _ = rand.Read(b[:]) // never fails: the runtime ends the process instead
		id := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(store.WithRequest(reply.WithRequestID(r.Context(), id), id)))
	})
}

// caught turns a panic into an answer that tells nothing of its inside.
func caught(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			// The value may hold what somebody sent: only where it happened is told.
			slog.ErrorContext(r.Context(), "request panicked", "request", reply.RequestID(r.Context()), "stack", string(debug.Stack()))
			reply.Write(w, reply.Bad(r.Context(), http.StatusInternalServerError, "internal", "Something went wrong on our side. Give the request id to whoever runs this service."))
		}()
		next.ServeHTTP(w, r)
	})
}

// policy is what a page may load: its own files and nothing else, no inline
// script or style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func headers(secure bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// bounded refuses a body that says it is too large, and cuts off one that does
// not say.
func (c Config) bounded(most int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > most {
			c.problem(w, r, reply.Bad(r.Context(), http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("This is too much at once: send at most %d MB.", most>>20)))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// quiet drops what net/http would log of clients that go away; it may quote
// what they sent.
func quiet() *log.Logger { return log.New(discard{}, "", 0) }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
