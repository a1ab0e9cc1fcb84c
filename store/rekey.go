package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// Rekeyed says what a change of all chart keys' wraps did.
type Rekeyed struct {
	Epoch   uint32   `json:"epoch"`             // the one under which all are wrapped now
	Dropped []uint32 `json:"dropped"`           // those that left the keyring
	Keys    uint64   `json:"keys"`              // that were looked at, over all its runs
	Resumed bool     `json:"resumed,omitempty"` // an earlier run had been cut short
}

// rekeying is the place of the walk over all chart keys. It stands in the state
// record, so each step is there together with what it did, or neither is.
type rekeying struct {
	Epoch uint32 `json:"epoch"`
	At    []byte `json:"at,omitempty"` // the name up to which all are done
	Done  uint64 `json:"done"`
	Total uint64 `json:"total"` // there were so many when it began
}

// How many keys are wrapped in one step: so many when nobody waits to write, and
// so few when somebody does.
const (
	rekeyIdle  = 1024
	rekeyAside = 128
)

// RekeyData puts a new epoch on the keyring and wraps every chart key under it,
// beside readers and writers, whom it lets go first. The old epochs leave the
// keyring when nothing is wrapped under them any more: what only they could open,
// in old copies of the file, opens with none of its present secrets. Records are
// not touched. Cut short at any instant, by the context or by the end of the
// process, it goes on where it was when it is called again; progress is told
// keys, and never goes back. The error wraps ErrBusy if it runs already.
func (s *Store) RekeyData(ctx context.Context, progress Progress) (Rekeyed, error) {
	if !s.moving.TryLock() {
		return Rekeyed{}, fmt.Errorf("%w: wait until the keys are changed or the file is compacted", ErrBusy)
	}
	defer s.moving.Unlock()
	return s.rekey(ctx, progress)
}

// Rekeying says how many of how many chart keys are wrapped anew; false if that
// is neither under way nor cut short.
func (s *Store) Rekeying() (done, total uint64, is bool, err error) {
	kept, err := s.kept()
	if err != nil || kept.Rekey == nil {
		return 0, 0, false, err
	}
	return kept.Rekey.Done, kept.Rekey.Total, true, nil
}

// kept is the state record as it is committed.
func (s *Store) kept() (state, error) {
	var kept state
	err := s.view(func(r engine.Reader) error { return kept.read(r, s.vault) })
	return kept, err
}

func (s *Store) rekey(ctx context.Context, progress Progress) (Rekeyed, error) {
	now, resumed, err := s.beginRekey()
	if err != nil {
		return Rekeyed{}, err
	}
	for ended := false; !ended; {
		progress.tell(int64(now.Done), int64(max(now.Total, now.Done)))
		if err := ctx.Err(); err != nil {
			return Rekeyed{}, err
		}
		began := s.config.Elapsed()
		if now, ended, err = s.rekeyStep(); err != nil {
			return Rekeyed{}, err
		}
		if len(s.queue) > 0 {
			time.Sleep(s.config.Elapsed() - began) // writers first: at most every other moment is ours
		}
	}
	progress.tell(int64(now.Done), int64(now.Done))
	done := Rekeyed{Epoch: now.Epoch, Keys: now.Done, Resumed: resumed}
	done.Dropped, err = s.endRekey(now)
	return done, err
}

// beginRekey finds the walk that was cut short, or begins one. Nothing is wrapped
// under the new epoch before both records of the header, and the copy beside the
// file, have it.
func (s *Store) beginRekey() (now rekeying, resumed bool, err error) {
	s.heading.Lock()
	defer s.heading.Unlock()
	kept, err := s.kept()
	if err != nil {
		return now, false, err
	}
	if resumed = kept.Rekey != nil; resumed {
		now = *kept.Rekey
		if err := s.renewCopy(); err != nil {
			return now, true, err
		}
	} else {
		if now.Total, err = s.countKeys(func(uint32) bool { return true }); err != nil {
			return now, false, err
		}
		if now.Epoch, err = s.vault.AddEpoch(s.now()); err != nil {
			return now, false, err
		}
		begun := now
		err := s.storeHeader("rekey data", fmt.Sprintf("epoch %d begun", now.Epoch), func(c *commit) { c.state.Rekey = &begun })
		if err != nil {
			return now, false, err
		}
	}
	s.vault.UseEpoch()
	return now, resumed, nil
}

// rekeyStep wraps the next keys, and notes in the same commit that they are done.
func (s *Store) rekeyStep() (now rekeying, ended bool, err error) {
	most := rekeyIdle
	if len(s.queue) > 0 {
		most = rekeyAside
	}
	var broken error // nothing of the step is written, and the others in its commit go on
	err = s.work(nil, func(c *commit) error {
		var next []sealed
		if next, ended, err = c.keysAfter(c.state.Rekey.At, most); err != nil {
			return err
		}
		if next, broken = c.rewrapped(next); broken != nil {
			return nil
		}
		now = *c.state.Rekey
		for _, key := range next {
			now.At, now.Done = key.name, now.Done+1
			if key.value == nil {
				continue // of a chart that is newer than the epoch
			}
			if err := c.w.Put(engine.Keys, key.name, key.value); err != nil {
				return err
			}
		}
		c.state.Rekey, c.w.wrote = &now, true
		return nil
	})
	return now, ended, cmp.Or(broken, err)
}

// keysAfter are at most so many chart keys after a name, and whether they are the
// last.
func (c *commit) keysAfter(at []byte, most int) (next []sealed, last bool, err error) {
	var from []byte
	if at != nil {
		from = append(bytes.Clone(at), 0)
	}
	last = true
	err = c.w.Scan(engine.Keys, nil, from, func(k, v []byte) error {
		if len(next) == most {
			last = false
			return engine.ErrStop
		}
		next = append(next, sealed{bytes.Clone(k), v})
		return nil
	})
	return next, last, err
}

// rewrapped are keys as they are to be: without a value, if they are already.
func (c *commit) rewrapped(keys []sealed) ([]sealed, error) {
	for i, key := range keys {
		var err error
		if keys[i].value, err = c.vault.Rewrap(key.value, key.name); err != nil {
			return nil, fmt.Errorf("key %x: %w: %w", key.name, ErrDamaged, err)
		}
	}
	return keys, nil
}

// endRekey lets the old epochs go, once nothing is wrapped under them.
func (s *Store) endRekey(now rekeying) (dropped []uint32, err error) {
	s.heading.Lock()
	defer s.heading.Unlock()
	left, err := s.countKeys(func(epoch uint32) bool { return epoch != now.Epoch })
	if err == nil && left > 0 {
		err = errors.Join(
			fmt.Errorf("%d chart keys are still under an older epoch, so no epoch was dropped; run it again", left),
			s.work(nil, func(c *commit) error { // from the first key on
				c.state.Rekey = &rekeying{Epoch: now.Epoch, Done: now.Done, Total: now.Done + left}
				c.w.wrote = true
				return nil
			}))
	}
	if err != nil {
		return nil, err
	}
	dropped = s.vault.RetireEpochs()
	err = s.storeHeader("rekey data", fmt.Sprintf("epoch %d done", now.Epoch), func(c *commit) { c.state.Rekey = nil })
	if err != nil {
		return nil, err
	}
	s.reading.ended() // who began before the last step still reads keys under the old epochs
	s.vault.ForgetEpochs()
	return dropped, nil
}

// countKeys counts the chart keys that are wrapped under some epochs.
func (s *Store) countKeys(of func(epoch uint32) bool) (n uint64, err error) {
	err = s.view(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(_, v []byte) error {
			if epoch, ok := seal.EpochOf(v); !ok || of(epoch) {
				n++
			}
			return nil
		})
	})
	return n, err
}
