package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"careconnect/rules/care"
)

type requestKey struct{}

// WithRequest gives what is done and read in a context the id of its request, by
// which the trail names it.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

func requestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Denied notes that somebody was turned away before anything was read: an entry
// for somebody known, and one for each minute for all strangers together.
func (s *Store) Denied(ctx context.Context, actor care.Actor, did string) {
	if actor.Role == care.RoleAnonymous {
		s.denials.add(s, s.now())
		return
	}
	s.later.add(Entry{At: s.now(), Role: actor.Role, Who: actor.Chart, Did: did, Outcome: string(care.Forbidden), Request: requestOf(ctx)})
}

// denials counts how often strangers were turned away in a minute, so that nobody
// fills the trail by knocking.
type denials struct {
	mu     sync.Mutex
	minute time.Time
	n      int
}

func (d *denials) add(s *Store, now time.Time) {
	d.over(s, now)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.minute, d.n = now.Truncate(time.Minute), d.n+1
}

// over puts the count of a minute that is over among what is to be written; at no
// instant it is over in any case.
func (d *denials) over(s *Store, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n > 0 && !d.minute.Equal(now.Truncate(time.Minute)) {
		s.later.add(Entry{At: d.minute, Role: care.RoleAnonymous, Did: "denied", Effect: fmt.Sprint(d.n), Outcome: "no", note: true})
		d.n = 0
	}
}
