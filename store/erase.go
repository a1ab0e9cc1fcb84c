package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// A person is forgotten in two steps. The act removes their chart with all that
// it stands in and its key, so that from that commit on nobody reads it. What is
// left by then is only what an old page of the file, an old key and the trail
// still tell; that goes by night, for all who were erased since the night before
// together, because it costs a walk over all keys and a copy of the file.

// erase removes a chart from every list, with its records and its key.
func (c *commit) erase(id care.ChartID) error {
	chart, err := c.chart(id)
	if err != nil || chart == nil {
		return errors.Join(err, fmt.Errorf("no chart %s to erase", id))
	}
	for _, r := range chart.Records() {
		if err := c.w.Delete(engine.Charts, c.recordName(id, r.Kind(), r.Key())); err != nil {
			return err
		}
		if err := c.restand(stands(id, r), nil); err != nil {
			return err
		}
	}
	name := c.chartName(id)
	epoch, _ := seal.EpochOf(c.w.Get(engine.Keys, name))
	c.state.Forget = max(c.state.Forget, epoch)
	c.charts.drop(id)
	delete(c.touched, id)
	clear(c.sets) // what the chart's key had sealed cannot be read any more
	c.erased = append(c.erased, id)
	return errors.Join(c.w.Delete(engine.Charts, c.headName(id)), c.w.Delete(engine.Keys, name))
}

// ofThoseHere leaves out of an entry for the trail who was erased before it is
// written: what they did or had read a moment ago included.
func (c *commit) ofThoseHere(e Entry) Entry {
	gone := func(id care.ChartID) bool {
		return person(id) && (slices.Contains(c.erased, id) || !c.keys.has(id) && c.w.Get(engine.Keys, c.chartName(id)) == nil)
	}
	if slices.ContainsFunc(e.About, gone) {
		e.About = slices.DeleteFunc(slices.Clone(e.About), gone)
	}
	if gone(e.Who) {
		e.Who = ""
	}
	return e
}

// Forget makes unreadable what is left of all who were erased by now. Their
// entries in the trail lose what they say, and keep the hashes that the proofs
// need; every chart key is wrapped under a new epoch, and those under which
// theirs was wrapped leave the keyring; the file is moved into a new one. Only
// then each of them gets a certificate, which names the copies that hold them
// until they go, beside those that restores and repairs have put aside. What has a
// chart of its own and is kept for a time only goes the same way. Cut short at any instant,
// it does the rest when it is called again. It also lets go of what was kept of
// others until now. Copies is asked, last of all, for the backups there are; nil if
// none are made. Progress is told keys, then bytes.
func (s *Store) Forget(ctx context.Context, copies func() ([]Copy, error), progress Progress) ([]Certificate, error) {
	if !s.moving.TryLock() {
		return nil, fmt.Errorf("%w: wait until the keys are changed or the file is compacted", ErrBusy)
	}
	defer s.moving.Unlock()
	if err := s.letGo(ctx); err != nil {
		return nil, err
	}
	waiting, err := s.erasures(care.ErasureWaiting)
	if err != nil {
		return nil, err
	}
	if kept, err := s.kept(); err != nil || len(waiting) == 0 && s.vault.Epochs()[0] > kept.Forget {
		return nil, err
	}
	if err := s.rememberErased(); err != nil {
		return nil, err
	}
	for _, e := range waiting {
		if err := s.forgetLines(ctx, e.Person); err != nil {
			return nil, err
		}
	}
	if err := s.forgetAnswers(ctx, waiting); err != nil {
		return nil, err
	}
	if err := s.forgetEpochs(ctx, progress); err != nil {
		return nil, err
	}
	if _, err := s.compact(ctx, progress); err != nil {
		return nil, err
	}
	if err := s.dropDirectory(); err != nil {
		return nil, fmt.Errorf("the directory that is kept for a start may still show when somebody had a visit: %w", err)
	}
	if err := s.renewCopy(); err != nil {
		return nil, fmt.Errorf("the copy of the header still has the old keys: %w", err)
	}
	return s.certify(ctx, waiting, copies)
}

// erasures are those in a state, the first ones first.
func (s *Store) erasures(state care.ErasureState) ([]care.Erasure, error) {
	var all []care.Erasure
	err := s.view(func(r engine.Reader) error {
		members, err := s.loadSet(r, care.Erasures(state))
		for _, m := range members {
			var chart *care.Chart
			if chart, err = s.readChart(r, m.Chart); err != nil || chart == nil || chart.Erasure == nil {
				break
			}
			all = append(all, *chart.Erasure)
		}
		return err
	})
	order.By(all, func(a, b care.Erasure) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return all, err
}

// atOnceForgotten is how much of the trail is rewritten in one commit.
const atOnceForgotten = 128

// forgetLines takes out of the trail what its entries tell of somebody, and
// their list of them.
func (s *Store) forgetLines(ctx context.Context, id care.ChartID) error {
	for left := true; left; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var broken error
		err := s.work(nil, func(c *commit) error {
			var some []care.Member
			if some, broken = c.someSeen(id); broken != nil {
				return nil
			}
			left = len(some) > 0
			var blocks map[uint64][]kept
			if blocks, broken = c.blanked(some, id); broken != nil {
				return nil
			}
			return c.rewrite(blocks, some, id)
		})
		if err := cmp.Or(broken, err); err != nil {
			return err
		}
	}
	return nil
}

// someSeen are some of the entries about a person, by their place in the trail.
func (c *commit) someSeen(id care.ChartID) (some []care.Member, err error) {
	set := care.Set{Name: care.SetSeen, Of: string(id)}
	key, err := c.setKey(c.w, set)
	if err != nil || key == nil {
		return nil, err
	}
	err = c.w.Scan(engine.Sets, c.setName(set), nil, func(k, v []byte) error {
		plain, err := key.OpenSet(setAD(k), v)
		if err != nil {
			return fmt.Errorf("entry %x of a %s list: %w: %w", k[16:], set.Name, ErrDamaged, err)
		}
		var m care.Member
		if err := json.Unmarshal(plain, &m); err != nil {
			return fmt.Errorf("entry of a %s list: %w", set.Name, err)
		}
		if some = append(some, m); len(some) == atOnceForgotten {
			return engine.ErrStop
		}
		return nil
	})
	return some, err
}

// blanked are the blocks of the trail that some places are in, without what they
// tell of a person there.
func (c *commit) blanked(places []care.Member, id care.ChartID) (map[uint64][]kept, error) {
	blocks := map[uint64][]kept{}
	for _, m := range places {
		seq, i, err := placeInTrail(m.Ref)
		if err != nil {
			return nil, err
		}
		if blocks[seq] == nil {
			if blocks[seq], err = c.trailBlock(c.w, seq); err != nil {
				return nil, err
			}
		}
		if i >= len(blocks[seq]) {
			return nil, fmt.Errorf("trail block %d is short: %w", seq, ErrDamaged)
		}
		if blocks[seq][i], err = blocks[seq][i].without(id); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// without is a line of the trail that tells nothing of a person any more. If
// others are named in it, they keep what it says of them.
func (k kept) without(id care.ChartID) (kept, error) {
	leaf := k.leaf()
	blank := kept{Leaf: &leaf, N: k.N}
	if k.Entry == nil {
		return blank, nil
	}
	e, err := k.open()
	if err != nil {
		return k, fmt.Errorf("trail entry: %w", err)
	}
	e.About = slices.DeleteFunc(e.About, func(other care.ChartID) bool { return other == id })
	if !slices.ContainsFunc(e.About, person) {
		return blank, nil
	}
	if e.Who == id {
		e.Who = ""
	}
	e.Made = ""
	blank.Entry, err = json.Marshal(e)
	return blank, err
}

// rewrite puts blocks back and removes the places from a person's list.
func (c *commit) rewrite(blocks map[uint64][]kept, places []care.Member, id care.ChartID) error {
	for seq, block := range blocks {
		key := binary.BigEndian.AppendUint64(nil, seq)
		if err := c.putBlock(key, block, false); err != nil {
			return err
		}
	}
	for _, m := range places {
		if err := c.w.Delete(engine.Sets, c.entryName(care.Set{Name: care.SetSeen, Of: string(id)}, m.Ref)); err != nil {
			return err
		}
	}
	return nil
}

// forgetAnswers removes the kept answers to those who were erased, and such as
// no request can ask for any more.
func (s *Store) forgetAnswers(ctx context.Context, gone []care.Erasure) error {
	var names [][]byte
	err := s.view(func(r engine.Reader) error {
		key, err := s.setKey(r, care.Set{})
		if err != nil || key == nil {
			return err
		}
		return r.Scan(engine.Replies, nil, nil, func(k, v []byte) error {
			plain, err := key.OpenSet(replyAD(k), v)
			if err != nil {
				return fmt.Errorf("reply: %w: %w", ErrDamaged, err)
			}
			var kept reply
			if err := json.Unmarshal(plain, &kept); err != nil {
				return fmt.Errorf("reply: %w", err)
			}
			if s.now().Sub(kept.At) >= replyLife || slices.ContainsFunc(gone, func(e care.Erasure) bool { return e.Person == kept.Of }) {
				names = append(names, slices.Clone(k))
			}
			return ctx.Err()
		})
	})
	for some := range slices.Chunk(names, atOnceForgotten) {
		if err != nil {
			break
		}
		err = s.work(nil, func(c *commit) error {
			for _, name := range some {
				if err := c.w.Delete(engine.Replies, name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// forgetEpochs changes all keys until no epoch is left under which the key of
// somebody who was erased was wrapped. A walk that had begun before may not be
// enough: it is brought to its end, and then made again.
func (s *Store) forgetEpochs(ctx context.Context, progress Progress) error {
	for {
		kept, err := s.kept()
		if err != nil {
			return err
		}
		if kept.Rekey == nil && s.vault.Epochs()[0] > kept.Forget {
			break
		}
		if _, err := s.rekey(ctx, progress); err != nil {
			return err
		}
	}
	s.keys.drop() // a reader may have put a key back that was dropped
	return nil
}

// letGo removes what was kept of those who were erased long ago.
func (s *Store) letGo(ctx context.Context) error {
	certified, err := s.erasures(care.ErasureCertified)
	for _, e := range certified {
		if err != nil {
			break
		}
		if !s.now().Before(e.Until) && len(e.Visits)+len(e.Answers) > 0 {
			_, err = s.Do(ctx, care.System, act.LetGo{Erasure: e.ID})
		}
	}
	return err
}
