package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"careconnect/store"
)

// longDown is how long a store has to have been closed for its catching up to be
// told.
const longDown = 5 * time.Minute

// clock is what was last told of the clock, so that a change of it is told once.
type clock struct {
	mu     sync.Mutex
	swept  bool // once since the start
	last   store.Clock
	caught string // what the first sweep had to catch up with
}

// caughtUp tells what the first sweep after downtime brought about.
func (c *clock) caughtUp(ctx context.Context, s *store.Store, effects int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.swept || s.Clock().Leapt {
		return
	}
	c.swept = true
	if down := s.Down().Truncate(time.Second); down >= longDown {
		c.caught = fmt.Sprintf("caught up after %s without a commit: %d effects", down, effects)
		slog.InfoContext(ctx, "caught up after downtime", "down", down.String(), "effects", effects)
	}
}

// look tells it when the clock becomes doubtful, and when it no longer is.
func (c *clock) look(ctx context.Context, now store.Clock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.last
	c.last = now
	switch {
	case now.Leapt && !was.Leapt:
		slog.WarnContext(ctx, "the clock leapt: nothing expires or is sent until a second reading agrees, or careconnect admin confirm-clock", "from", now.From, "to", now.To)
	case was.Leapt && !now.Leapt:
		slog.InfoContext(ctx, "the clock is trusted again")
	}
	switch {
	case now.Behind > 0 && was.Behind == 0:
		slog.WarnContext(ctx, "the clock is behind the highest instant seen, by which deadlines go meanwhile", "behind", now.Behind.String())
	case was.Behind > 0 && now.Behind == 0:
		slog.InfoContext(ctx, "the clock has caught up with the highest instant seen")
	}
}

// Timely says what is known of the clock, for people.
func (j *Jobs) Timely() []string {
	j.clock.mu.Lock()
	caught := j.clock.caught
	j.clock.mu.Unlock()
	var says []string
	if caught != "" {
		says = append(says, caught)
	}
	c := j.store.Clock()
	if c.Leapt {
		says = append(says, fmt.Sprintf("warning: clock jump from %s to %s: nothing expires or is sent until it is confirmed", c.From.Format(time.RFC3339), c.To.Format(time.RFC3339)))
	}
	if c.Behind > 0 {
		says = append(says, fmt.Sprintf("warning: the clock is %s behind the highest instant seen; deadlines go by that", c.Behind))
	}
	return says
}
