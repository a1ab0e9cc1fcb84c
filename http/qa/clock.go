// Package qa is what a throwaway instance has and a lasting one never: a clock
// that can be moved, people to sign in as, and mail that is caught. The kind of
// instance is sealed into its store, so none of this can be reached in a lasting
// one.
package qa

import (
	"context"
	"sync"
	"time"

	"careconnect/http/figures"
	"careconnect/http/notify"
	"careconnect/rules/calendar"
	"careconnect/store"
)

// Clock is the virtual clock of a throwaway instance. It stands still, or ticks
// from where it was set.
type Clock struct {
	elapsed func() time.Duration
	ticks   bool

	mu   sync.Mutex
	base time.Time
	mark time.Duration

	night calendar.Date // the last whose figures were taken
}

// NewClock starts a clock at an instant. Elapsed is real time.
func NewClock(start time.Time, elapsed func() time.Duration, ticks bool) *Clock {
	return &Clock{elapsed: elapsed, ticks: ticks, base: start, mark: elapsed()}
}

// Now is the clock's instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ticks {
		return c.base
	}
	return c.base.Add(c.elapsed() - c.mark)
}

// Set moves the clock forward to an instant; it never goes back.
func (c *Clock) Set(t time.Time) {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(now) {
		c.base, c.mark = t.In(c.base.Location()), c.elapsed()
	}
}

// Tick lets the clock run by itself from where it stands.
func (c *Clock) Tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticks, c.mark = true, c.elapsed()
}

// Ticks says whether the clock runs by itself.
func (c *Clock) Ticks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ticks
}

// Memory is the garbage collector's percentage for an instance whose clock is
// moved by months: it may hold four times what it needs, and is a quarter faster
// for it.
const Memory = 400

// horizon is how far ahead "next" looks for something due.
const horizon = 400 * 24 * time.Hour

// Advance moves the clock from due time to due time up to an instant, sweeping
// and sending at each, so that every effect and every mail bears its own date. The
// figures of a quarter are taken in the night after it, those of the last night at
// the end: each night's take the place of the one before.
func Advance(ctx context.Context, s *store.Store, post *notify.Post, clock *Clock, to time.Time) ([]store.Fired, error) {
	fired, err := advance(ctx, s, post, clock, to)
	if err != nil {
		return fired, err
	}
	return fired, clock.takeFigures(ctx, s)
}

// advance leaves the figures of the last night for later.
func advance(ctx context.Context, s *store.Store, post *notify.Post, clock *Clock, to time.Time) ([]store.Fired, error) {
	var fired []store.Fired
	for {
		f, err := s.Sweep(ctx)
		fired = append(fired, f...)
		if err != nil {
			return fired, err
		}
		if _, err := post.Deliver(ctx); err != nil {
			return fired, err
		}
		next, ok, err := s.NextDue(to)
		if err != nil {
			return fired, err
		}
		ends := !ok || next.After(to)
		if ends {
			next = to
		}
		for _, turn := range figures.Turns(clock.Now(), next) {
			clock.Set(turn)
			if err := clock.takeFigures(ctx, s); err != nil {
				return fired, err
			}
		}
		clock.Set(next)
		if ends {
			return fired, nil
		}
	}
}

// takeFigures takes the figures of a night that has come.
func (c *Clock) takeFigures(ctx context.Context, s *store.Store) error {
	night := figures.Night(c.Now())
	if !c.night.Before(night) {
		return nil
	}
	c.night = night
	return figures.Take(ctx, s)
}

// Next is the next instant at which something happens by itself.
func Next(s *store.Store, clock *Clock) (time.Time, bool, error) {
	return s.NextDue(clock.Now().Add(horizon))
}
