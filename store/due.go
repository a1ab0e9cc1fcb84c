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

// hourly is the unsealed part of an index by hour: what stands in the hours that
// have come and were read. Each is read when all before it is done, the first due
// first, so a start costs the same however much has fallen due meanwhile. Later
// hours stay in the file until their time.
type hourly struct {
	name care.SetName

	reading sync.Mutex // held by who reads an hour
	mu      sync.Mutex
	entries map[string]care.Member
	through time.Time // all hours before this instant are in memory
	low     time.Time // no entry in memory is earlier, and none that is not
	opened  care.Set  // the hour that is being read
	since   []move    // into and out of it, since that began

	// Of a throwaway store that is new nothing stands in a later hour but what came
	// since: it is kept here, and no hour is ever read. Nil of any other.
	later map[care.Set]map[string]care.Member
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

// start says from which hour on there may be something; from zero means that the
// store is new. Whether later hours are kept in memory too is said by keeps.
func (h *hourly) start(from, now time.Time, keeps bool) {
	if from.IsZero() {
		from = now
		if keeps {
			h.later = map[care.Set]map[string]care.Member{}
		}
	}
	h.through = hourOf(from)
	h.low = h.through
}

// readHour reads one more hour into memory, unless that begins after an instant;
// then it gives false. Commits go on meanwhile: what they do to the hour is done
// again to what was read, whether the view showed it or not.
func (s *Store) readHour(h *hourly, until time.Time) (more bool, err error) {
	h.reading.Lock()
	defer h.reading.Unlock()
	h.mu.Lock()
	more = !h.through.After(until)
	if more && h.later != nil {
		h.come()
		h.mu.Unlock()
		return true, nil
	}
	if more {
		h.opened = h.set(h.through)
	}
	h.mu.Unlock()
	if !more {
		return false, nil
	}
	var found []care.Member
	err = s.view(func(r engine.Reader) error {
		return s.eachMember(r, h.opened, func(m care.Member) { found = append(found, m) })
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	moves := h.since
	h.opened, h.since = care.Set{}, nil
	if err != nil {
		return false, err
	}
	h.through = h.through.Add(time.Hour)
	for _, m := range found {
		h.entries[m.Ref] = m
	}
	for _, m := range moves {
		h.move(m)
	}
	h.lowest()
	return true, nil
}

// come takes one more hour from those that were kept.
func (h *hourly) come() {
	hour := h.set(h.through)
	for ref, m := range h.later[hour] {
		h.entries[ref] = m
	}
	delete(h.later, hour)
	h.through = h.through.Add(time.Hour)
	h.lowest()
}

// change follows a committed step. What lies in an hour not yet read is read when
// that hour comes.
func (h *hourly) change(m move) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.place.Set == h.opened {
		h.since = append(h.since, m)
		return
	}
	h.move(m)
}

func (h *hourly) move(m move) {
	switch {
	case !m.joined:
		if had, ok := h.entries[m.place.Entry]; ok && h.set(had.At) == m.place.Set {
			delete(h.entries, m.place.Entry)
		}
		delete(h.later[m.place.Set], m.place.Entry)
	case m.place.Member.At.Before(h.through):
		h.entries[m.place.Entry] = m.place.Member
		if m.place.Member.At.Before(h.low) {
			h.low = m.place.Member.At
		}
	case h.later != nil:
		if h.later[m.place.Set] == nil {
			h.later[m.place.Set] = map[string]care.Member{}
		}
		h.later[m.place.Set][m.place.Entry] = m.place.Member
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

// charts are those of the entries before an instant, more than most of them only in
// part; false if not all hours until then are in memory.
func (h *hourly) charts(before time.Time, most int) (found []care.ChartID, read bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.low.Before(before) {
		return nil, true
	}
	if h.through.Before(before) {
		return nil, false
	}
	for _, m := range h.entries {
		if m.At.Before(before) {
			if found = append(found, m.Chart); len(found) > most {
				return nil, false
			}
		}
	}
	if len(found) == 0 {
		h.lowest()
	}
	return found, true
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

// first are the entries that an instant has reached, in their order: all of them,
// or those of the first hours if there are many.
func (s *Store) first(h *hourly, now time.Time) ([]care.Member, error) {
	for {
		found := h.upTo(now)
		if len(found) >= maxBatch {
			return found, nil
		}
		if more, err := s.readHour(h, now); err != nil || !more {
			return found, err
		}
	}
}

// Fired is something that the platform did by itself.
type Fired struct {
	At      time.Time `json:"at"`      // its true instant
	Kind    string    `json:"kind"`    // the deadline's code
	Subject string    `json:"subject"` // the deadline's id
	Effect  string    `json:"effect"`
}

// Sweep brings about everything that has fallen due, in order, each effect at
// its own instant. It may be called at any time, twice as well, and ends between
// two commits when its context does.
func (s *Store) Sweep(ctx context.Context) ([]Fired, error) {
	var fired []Fired
	for {
		if err := ctx.Err(); err != nil {
			return fired, err // the rest is as due at the next start
		}
		now := s.now()
		if s.held() {
			return fired, nil
		}
		due, err := s.first(s.due, now)
		if err != nil || len(due) == 0 {
			return fired, err
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
		if _, err := s.readHour(h, through); err != nil {
			return low, false, err
		}
	}
}

// ToSend are messages whose time to be sent has come, in order: all of them, or
// the first if there are many.
func (s *Store) ToSend() ([]care.Member, error) {
	if s.held() {
		return nil, nil
	}
	return s.first(s.outbox, s.now())
}
