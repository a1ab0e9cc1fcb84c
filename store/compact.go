package store

import (
	"context"
	"errors"
	"fmt"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// Compacted says what a compaction did.
type Compacted struct {
	Before int64 `json:"before"` // bytes of the file
	After  int64 `json:"after"`
}

// Compact moves the store into a new file that holds what there is and nothing
// that was removed, and puts that in the place of the old one. Readers go on;
// writers wait for the last step only. Killed at any instant it leaves the one
// file or the other, whole; what is left of the other is removed at the next
// start. Progress is told bytes. The error wraps ErrBusy if all keys are being
// changed or the file is being compacted; unless it wraps ErrUnknown, everything
// is as it was.
func (s *Store) Compact(ctx context.Context, progress Progress) (Compacted, error) {
	if !s.moving.TryLock() {
		return Compacted{}, fmt.Errorf("%w: wait until the keys are changed or the file is compacted", ErrBusy)
	}
	defer s.moving.Unlock()
	return s.compact(ctx, progress)
}

func (s *Store) compact(ctx context.Context, progress Progress) (done Compacted, err error) {
	c, ok := s.engine.(engine.Compacter)
	if !ok {
		return done, errors.New("this engine keeps no file that could be compacted")
	}
	if err := s.Failed(); err != nil {
		return done, err
	}
	if done.Before, err = s.Size(); err != nil {
		return done, err
	}
	err = c.Compact(func(at, total int64) error {
		progress.tell(at, total)
		select {
		case <-s.closed:
			return ErrClosed
		default:
			return ctx.Err()
		}
	})
	if errors.Is(err, ErrUnknown) { // which file there is shows at the next start
		_ = s.work(nil, func(*commit) error { return err })
	}
	if err != nil {
		return done, fmt.Errorf("compact: %w", err)
	}
	if done.After, err = s.Size(); err != nil {
		return done, err
	}
	return done, s.work([]Entry{{
		At: s.now(), Role: care.RoleSystem, Did: "compact", Outcome: "yes",
		Effect: fmt.Sprintf("%d to %d bytes", done.Before, done.After),
	}}, nil)
}
