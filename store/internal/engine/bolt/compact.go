package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.etcd.io/bbolt"

	"careconnect/store/internal/engine"
)

// bbolt gives no room back to the disk, and what was removed stands in its freed
// pages until they are written over. So the store moves house now and then: all
// there is goes into a new file beside the old one while readers and writers go
// on in that, what they change meanwhile is noted and carried over at the end,
// while writers wait, and then the new file takes the old one's name. Readers
// that began in the old file end there.

// compacting ends the name of the new file until it is whole.
const compacting = ".compacting"

// maxBehind is how many changed keys the last step may have to carry over: so
// long do writers wait. With more of them they are carried over beside the
// writers first.
const maxBehind = 4096

// mostRounds bounds how often that is tried, for writers that are faster.
const mostRounds = 8

// copyAtOnce is how many bytes go into one transaction of the new file.
const copyAtOnce = 8 << 20

// Compact moves the store into a new file without the room and the remains of
// what was removed. Readers go on; writers wait for the last step only.
func (s *Store) Compact(progress func(done, total int64) error) error {
	if err := s.Walk(progress); err != nil { // bbolt must not stumble upon damage on the way
		return err
	}
	log := &changed{keys: map[changedKey]bool{}}
	if err := s.followWith(log); err != nil {
		return err
	}
	defer s.unfollow(log)
	next, err := s.fresh()
	if err != nil {
		return err
	}
	if err = s.fill(next, log, progress); err == nil {
		err = s.move(next, log)
	}
	if s.body.Load() != next {
		_ = next.db.Close()
		_ = os.Remove(s.path + compacting)
	}
	return err
}

// followWith begins to note what is written. Of two compactions the second is
// refused.
func (s *Store) followWith(log *changed) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	switch {
	case s.body.Load().db.IsReadOnly():
		return fmt.Errorf("%s: %w: it was opened for reading", s.path, engine.ErrReadOnly)
	case s.spoiled.Load():
		return fmt.Errorf("%s: %w", s.path, engine.ErrOutcomeUnknown)
	case s.changed != nil:
		return fmt.Errorf("%s: %w: it is being compacted already", s.path, engine.ErrLocked)
	}
	s.changed = log
	return nil
}

func (s *Store) unfollow(log *changed) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.changed == log {
		s.changed = nil
	}
}

// fresh makes the new file, locked by us from its first moment on and with
// nothing in it but the buckets. It is synced as a whole before it is used.
func (s *Store) fresh() (*body, error) {
	draft := s.path + compacting
	if err := os.Remove(draft); err != nil && !os.IsNotExist(err) {
		return nil, classify(draft, err)
	}
	file, err := os.OpenFile(draft, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, classify(draft, err)
	}
	err = lock(file, draft, Options{})
	var made *Store
	if err == nil {
		made, err = mapped(file, draft, Options{NoSync: true})
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(draft)
		return nil, err
	}
	made.held.remove() // the note is about the path of the store
	b := made.body.Load()
	b.db.NoGrowSync = true // it is synced as a whole, once
	if err := b.db.Update(makeBuckets); err != nil {
		_ = b.db.Close()
		_ = os.Remove(draft)
		return nil, classify(draft, err)
	}
	return b, nil
}

// fill copies all there is, beside readers and writers, and then what they
// changed meanwhile, until little is left to do; and makes that durable.
func (s *Store) fill(next *body, log *changed, progress func(done, total int64) error) error {
	err := s.view(func(t transaction) error {
		c := &copying{to: next.db, total: t.tx.Size(), progress: progress}
		defer c.abandon()
		for _, b := range engine.Buckets {
			if err := t.Scan(b, nil, nil, func(k, v []byte) error { return c.put(b, k, v) }); err != nil {
				return err
			}
		}
		return c.end()
	})
	for range mostRounds {
		if err != nil || log.size() <= maxBehind {
			break
		}
		keys := s.settled(log)
		err = s.view(func(t transaction) error { return carry(t, next.db, keys) })
	}
	if err != nil {
		return err
	}
	return next.db.Sync()
}

// move is the last step. Nobody writes: what changed last is carried over, and
// the new file takes the name of the old one.
func (s *Store) move(next *body, log *changed) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.spoiled.Load() {
		return fmt.Errorf("%s: %w", s.path, engine.ErrOutcomeUnknown)
	}
	if err := s.unmoved(); err != nil {
		return err
	}
	old := s.body.Load()
	err := old.db.View(func(tx *bbolt.Tx) error { return carry(s.transaction(tx, old, nil), next.db, log.take()) })
	if err == nil {
		err = next.db.Sync()
	}
	if err != nil {
		return err
	}
	next.db.NoSync, next.db.AllocSize = old.db.NoSync, 0 // from now on it is made longer as in room.go
	if err := os.Rename(s.path+compacting, s.path); err != nil {
		return classify(s.path, err)
	}
	if err := syncDir(filepath.Dir(s.path)); err != nil { // which of the two is there after a power cut is not known
		s.spoiled.Store(true)
		return fmt.Errorf("%s: exchange the file: %w: %w", s.path, engine.ErrOutcomeUnknown, err)
	}
	s.body.Store(next)
	s.left.Go(func() { // its last reader gives the room back
		old.use.Lock()
		_ = old.db.Close()
	})
	return nil
}

// copying puts records into a new file, in their order and some at a time.
type copying struct {
	to          *bbolt.DB
	tx          *bbolt.Tx
	held        int // bytes in this transaction
	done, total int64
	progress    func(done, total int64) error
}

func (c *copying) put(b engine.Bucket, k, v []byte) error {
	if c.tx == nil {
		var err error
		if c.tx, err = c.to.Begin(true); err != nil {
			return err
		}
	}
	bucket := c.tx.Bucket([]byte(b))
	bucket.FillPercent = 0.9 // in their order they fill their pages
	if err := bucket.Put(k, v); err != nil {
		return err
	}
	c.held += len(k) + len(v)
	c.done += int64(len(k) + len(v))
	if c.held < copyAtOnce {
		return nil
	}
	return c.commit()
}

func (c *copying) commit() error {
	tx := c.tx
	c.tx, c.held = nil, 0
	c.to.AllocSize = int(growth(tx.Size()))
	if err := tx.Commit(); err != nil {
		return err
	}
	if c.progress == nil {
		return nil
	}
	return c.progress(min(c.done, c.total), c.total)
}

// end writes what is left, and says that all of it is there.
func (c *copying) end() error {
	if c.tx == nil {
		return nil
	}
	c.done = c.total
	return c.commit()
}

// abandon ends what was begun and not written.
func (c *copying) abandon() {
	if c.tx != nil {
		_ = c.tx.Rollback()
	}
}

// settled takes the keys noted so far. No transaction is under way meanwhile, so
// whoever begins to read after it sees what became of each of them.
func (s *Store) settled(log *changed) map[changedKey]bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	return log.take()
}

// carry brings some keys in another file to what they are in a transaction.
func carry(from transaction, to *bbolt.DB, keys map[changedKey]bool) error {
	if len(keys) == 0 {
		return nil
	}
	return to.Update(func(tx *bbolt.Tx) error {
		for key := range keys {
			bucket, k := tx.Bucket([]byte(key.bucket)), []byte(key.key)
			var err error
			if v := from.Get(key.bucket, k); v != nil {
				err = bucket.Put(k, v)
			} else {
				err = bucket.Delete(k)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// changed are the keys that were written since a compaction began. One that was
// not committed after all does no harm: what is carried over is what is there.
type changed struct {
	mu   sync.Mutex
	keys map[changedKey]bool
}

type changedKey struct {
	bucket engine.Bucket
	key    string
}

// note is called by the one who writes.
func (c *changed) note(b engine.Bucket, key []byte) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[changedKey{b, string(key)}] = true
}

func (c *changed) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.keys)
}

func (c *changed) take() map[changedKey]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.keys
	c.keys = map[changedKey]bool{}
	return taken
}

// removeDraft removes what a compaction that was cut short has left. Who holds
// the store alone may do so.
func removeDraft(path string, o Options) error {
	if o.ReadOnly {
		return nil
	}
	if err := os.Remove(path + compacting); err != nil && !os.IsNotExist(err) {
		return classify(path+compacting, err)
	}
	return nil
}
