package store

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"careconnect/rules/act"
	"careconnect/store/internal/engine"
)

// roomAgain is how often a store looks whether there is room again.
const roomAgain = time.Second

// room is what a store knows of the room on its disk. What has a claim lower
// than spent is refused before anything begins.
type room struct {
	spent  atomic.Int32  // an act.Claim
	closed error         // why nothing is written at all; nil: only for want of room
	looked time.Duration // when the committer last looked for room
}

// Full says whether the disk is: then the store gives what it may without
// writing, and writes only what may use the reserve.
func (s *Store) Full() bool { return s.room.closed == nil && s.room.spent.Load() > int32(act.NoClaim) }

// ReadOnly says whether the store was opened to be read only.
func (s *Store) ReadOnly() bool { return s.room.closed != nil }

// refuses gives the error with which a claim is refused now; nil if it is not.
func (r *room) refuses(claim act.Claim) error {
	switch {
	case int32(claim) >= r.spent.Load():
		return nil
	case r.closed != nil:
		return r.closed
	}
	return ErrFull
}

// claim is how far a job may reach into the reserve: the reading of somebody's
// data, which must be told in the trail, to the half of it.
func (j *job) claim() act.Claim {
	switch {
	case j.step != nil:
		return act.NoClaim
	case j.entries != nil:
		return act.ToHalf
	}
	return act.ClaimOf(j.order.Act)
}

// admitted are the jobs of a batch that may be done now. The others get their
// answer.
func (s *Store) admitted(batch []*job) []*job {
	return slices.DeleteFunc(slices.Clone(batch), func(j *job) bool {
		err := s.room.refuses(j.claim())
		if err != nil {
			j.answer = Answer{Err: err}
		}
		return err != nil
	})
}

// commit does a batch in one transaction. Where there is no room for it, it is
// undone, the reserve is spent step by step, and what has a claim on that is done
// in its stead; at last each by itself, and what finds no room then is refused.
func (s *Store) commit(batch []*job) error {
	jobs := s.admitted(batch)
	if len(jobs) == 0 {
		return nil
	}
	if s.ahead.goes() {
		return s.commitAhead(jobs)
	}
	err := s.commitTogether(jobs)
	if !errors.Is(err, ErrFull) || errors.Is(err, ErrUnknown) {
		return err
	}
	spent, err := s.spend()
	switch {
	case err != nil:
		return err
	case spent:
		return s.commit(jobs)
	case len(jobs) == 1:
		jobs[0].answer = Answer{Err: ErrFull}
		return nil
	}
	for _, j := range jobs {
		if err := s.commit([]*job{j}); err != nil {
			return err
		}
	}
	return nil
}

// spend lets the next part of the reserve go; false if all of it has gone.
func (s *Store) spend() (bool, error) {
	keeper, keeps := s.engine.(engine.Keeper)
	s.room.looked = s.config.Elapsed()
	switch act.Claim(s.room.spent.Load()) {
	case act.NoClaim:
		s.room.spent.Store(int32(act.ToHalf))
		if keeps {
			return true, keeper.Spend(engine.Reserve / 2)
		}
		return true, nil
	case act.ToHalf:
		s.room.spent.Store(int32(act.ToAll))
		if keeps {
			return true, keeper.Spend(0)
		}
		return true, nil
	}
	return false, nil
}

// holdBack makes the reserve, and looks so whether there is room. A store that is
// only to be read has none to give.
func (s *Store) holdBack() error {
	if s.config.ReadOnly {
		s.room.closed = fmt.Errorf("the store was opened to be read: %w", ErrReadOnly)
		s.room.spent.Store(int32(act.NoneLeft))
		return nil
	}
	keeper, keeps := s.engine.(engine.Keeper)
	if !keeps || s.Kind() != Production {
		s.room.spent.Store(int32(act.NoClaim))
		return nil
	}
	err := keeper.HoldBack()
	switch {
	case err == nil:
		s.room.spent.Store(int32(act.NoClaim))
	case errors.Is(err, ErrFull):
		s.room.spent.CompareAndSwap(int32(act.NoClaim), int32(act.ToHalf))
		err = nil
	}
	return err
}

// lookForRoom makes the reserve whole again as soon as there is room.
func (s *Store) lookForRoom() error {
	if !s.Full() || s.config.Elapsed()-s.room.looked < roomAgain {
		return nil
	}
	s.room.looked = s.config.Elapsed()
	return s.holdBack()
}

// roomTimer fires when it is time to look for room again; nil while there is.
func (s *Store) roomTimer() <-chan time.Time {
	if !s.Full() {
		return nil
	}
	return time.After(roomAgain)
}

// undone forgets what a transaction that was undone has left in memory: the charts
// that it changed, and booked times.
func (c *commit) undone() {
	clear(c.sets)
	clear(c.tree)
	c.sums.forget()
	for id := range c.touched {
		c.charts.drop(id)
		c.Store.keys.forget(id)
	}
}
