package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// hourly is the unsealed part of an index by hour: everything in the hours that
// have come. Later hours stay in the file until their time.
type hourly struct {
	name care.SetName

	mu      sync.Mutex
	entries map[string]care.Member
	through time.Time // all hours before this instant are in memory
	low     time.Time // no entry in memory is earlier
}

func newHourly(name care.SetName) *hourly {
	return &hourly{name: name, entries: map[string]care.Member{}}
}

func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

func (h *hourly) set(hour time.Time) care.Set {
	if h.name == care.SetDue {
		return care.DueIn(hour)
	}
	return care.OutboxIn(hour)
}

// start reads the hours from one instant to another into memory. From zero means
// that the store is new.
func (h *hourly) start(s *Store, r engine.Reader, from, to time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.through = hourOf(from)
	if from.IsZero() {
		h.through = hourOf(to)
	}
	return h.load(s, r, to)
}

// load reads the hours up to an instant. The lock is held since before the
// reader's view began: a commit that the view does not show finds the hour
// loaded when it tells us, one that it shows is in it.
func (h *hourly) load(s *Store, r engine.Reader, to time.Time) error {
	for !h.through.After(to) {
		err := s.eachMember(r, h.set(h.through), func(m care.Member) { h.entries[m.Ref] = m })
		if err != nil {
			return err
		}
		h.through = h.through.Add(time.Hour)
	}
	h.lowest()
	return nil
}

// change follows a committed step. What lies in an hour not yet loaded is read
// when that hour comes.
func (h *hourly) change(m move) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !m.joined:
		if had, ok := h.entries[m.place.Entry]; ok && h.set(had.At) == m.place.Set {
			delete(h.entries, m.place.Entry)
		}
	case m.place.Member.At.Before(h.through):
		h.entries[m.place.Entry] = m.place.Member
		if m.place.Member.At.Before(h.low) {
			h.low = m.place.Member.At
		}
	}
}

// from is the hour before which nothing is left, once some moves are committed.
func (h *hourly) from(moves []move) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	low := h.low
	for _, m := range moves {
		if m.joined && m.place.Set.Name == h.name && m.place.Member.At.Before(low) {
			low = m.place.Member.At
		}
	}
	return hourOf(low)
}

// lowest finds the earliest entry again.
func (h *hourly) lowest() {
	h.low = h.through
	for _, m := range h.entries {
		if m.At.Before(h.low) {
			h.low = m.At
		}
	}
}

// upTo are the entries at or before an instant, in their order.
func (h *hourly) upTo(now time.Time) []care.Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.low.After(now) {
		return nil
	}
	var due []care.Member
	for _, m := range h.entries {
		if !m.At.After(now) {
			due = append(due, m)
		}
	}
	if len(due) == 0 {
		h.lowest()
	}
	slices.SortFunc(due, func(a, b care.Member) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Ref, b.Ref))
	})
	return due
}

// forget drops an entry that no deadline stands behind.
func (h *hourly) forget(ref string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.entries, ref)
}

func (h *hourly) has(m care.Member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	had, ok := h.entries[m.Ref]
	return ok && had.At.Equal(m.At)
}

// ensure loads the hours up to an instant.
func (s *Store) ensure(h *hourly, to time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.through.After(to) {
		return nil
	}
	return s.view(func(r engine.Reader) error { return h.load(s, r, to) })
}

// Fired is something that the platform did by itself.
type Fired struct {
	At      time.Time `json:"at"`      // its true instant
	Kind    string    `json:"kind"`    // the deadline's code
	Subject string    `json:"subject"` // the deadline's id
	Effect  string    `json:"effect"`
}

// Sweep brings about everything that has fallen due, in order, each effect at
// its own instant. It may be called at any time, twice as well.
func (s *Store) Sweep(ctx context.Context) ([]Fired, error) {
	var fired []Fired
	for {
		now := s.now()
		if s.held() {
			return fired, nil
		}
		if err := s.ensure(s.due, now); err != nil {
			return fired, err
		}
		due := s.due.upTo(now)
		if len(due) == 0 {
			return fired, nil
		}
		together := due[:1]
		for len(together) < len(due) && len(together) < maxBatch && due[len(together)].At.Equal(due[0].At) {
			together = due[:len(together)+1]
		}
		orders := make([]Order, len(together))
		for i, m := range together {
			orders[i] = Order{Actor: care.System, Act: act.Fall{Chart: m.Chart, Deadline: care.DeadlineID(m.Ref)}}
		}
		for i, a := range s.OrderAll(ctx, orders) {
			var fault *care.Fault
			if a.Err != nil && !errors.As(a.Err, &fault) {
				return fired, a.Err
			}
			if fault == nil && a.Effect == "" && a.At.Before(together[i].At) {
				return fired, nil // the clock went back in between: it is not due after all
			}
			if a.Effect == "" && s.due.has(together[i]) { // no deadline stands behind it; two effects of one may fall together
				s.due.forget(together[i].Ref)
			}
			if a.Effect != "" {
				fired = append(fired, Fired{At: a.At, Kind: together[i].Code, Subject: together[i].Ref, Effect: a.Effect})
			}
		}
	}
}

// NextDue is the next instant at which something falls due or is to be sent,
// not after a limit; false if there is none.
func (s *Store) NextDue(limit time.Time) (time.Time, bool, error) {
	var next time.Time
	for _, h := range []*hourly{s.due, s.outbox} {
		at, ok, err := s.nextIn(h, limit)
		if err != nil {
			return next, false, err
		}
		if ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, !next.IsZero(), nil
}

func (s *Store) nextIn(h *hourly, limit time.Time) (time.Time, bool, error) {
	for {
		h.mu.Lock()
		h.lowest()
		low, through := h.low, h.through
		h.mu.Unlock()
		if low.Before(through) {
			return low, !low.After(limit), nil
		}
		if through.After(limit) {
			return low, false, nil
		}
		if err := s.ensure(h, through); err != nil {
			return low, false, err
		}
	}
}

// ToSend are the messages whose time to be sent has come, in order.
func (s *Store) ToSend() ([]care.Member, error) {
	now := s.now()
	if s.held() {
		return nil, nil
	}
	if err := s.ensure(s.outbox, now); err != nil {
		return nil, err
	}
	return s.outbox.upTo(now), nil
}
