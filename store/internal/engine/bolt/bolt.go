// Package bolt keeps a store in one bbolt file. bbolt forgives where a store of
// records must not: it makes a missing file anew, takes an empty one for a new
// one, falls back to the last commit but one when a meta page is broken, and
// goes on writing to a file that was deleted. This package looks at the file
// before bbolt does, under the same lock, and refuses all of that by name.
package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"careconnect/store/internal/engine"
)

// Options say how a file is opened. The zero value is right for production.
type Options struct {
	// Timeout is how long to wait for another process to let the file go; 0
	// means one second.
	Timeout time.Duration

	// ReadOnly opens the file for reading, on a disk that takes no writes for
	// one. Several processes may read at once, none beside a writer.
	ReadOnly bool

	// NoSync leaves out the syncs of each commit. It is for throwaway stores
	// only: after a power cut the file may be lost.
	NoSync bool

	// Progress is told, while the pages are walked before the file is mapped,
	// how many of them are done. An error ends the opening.
	Progress func(done, total int64) error

	soon bool // serve before the walk, however short it is: for tests
}

// Store is one open store. It is in one bbolt file at a time: Compact puts
// another in its place. It implements engine.Engine.
type Store struct {
	path string
	held *holder // our note of who holds the file; nil when reading only

	body    atomic.Pointer[body]
	left    sync.WaitGroup // bodies that wait for their last reader
	writing sync.Mutex     // held by who commits, or exchanges the body
	changed *changed       // what was written since a compaction began; nil if none runs

	spoiled atomic.Bool           // a commit failed: what is in the file is not known
	harmed  atomic.Bool           // something in the file is not sound
	guard   atomic.Pointer[guard] // the pages are still to be walked, see Walk; nil: they were
}

// body is one file with what maps it.
type body struct {
	use  sync.RWMutex // shared by its readers; taken alone once it was exchanged and they are gone
	db   *bbolt.DB
	disk *os.File    // the file that bbolt maps, for reading around the map
	file fs.FileInfo // the same as it was opened, to be compared with what the path names
	room room
}

var (
	_ engine.Engine    = (*Store)(nil)
	_ engine.Walker    = (*Store)(nil)
	_ engine.Compacter = (*Store)(nil)
	_ engine.Keeper    = (*Store)(nil)
	_ engine.Pager     = transaction{}
	_ engine.Copier    = transaction{}
)

// View runs fn against the last committed state.
func (s *Store) View(fn func(engine.Reader) error) error {
	return s.view(func(t transaction) error { return fn(t) })
}

// view reads in the body that the store is in.
func (s *Store) view(fn func(transaction) error) (err error) {
	b := s.body.Load()
	for !b.use.TryRLock() { // it was exchanged a moment ago
		b = s.body.Load()
	}
	defer b.use.RUnlock()
	defer s.fault(b, debug.SetPanicOnFault(true), &err)
	return b.db.View(func(tx *bbolt.Tx) error { return fn(s.transaction(tx, b, nil)) })
}

func (s *Store) transaction(tx *bbolt.Tx, b *body, inside *bool) transaction {
	t := transaction{tx: tx, store: s, body: b, seeks: map[engine.Bucket]*bbolt.Cursor{}, inside: inside}
	if g := s.guard.Load(); g != nil {
		t.check = g.of(t)
	}
	return t
}

// Update runs fn and commits. Before the commit and again before it is
// acknowledged, the path must still name the file that is being written;
// if it does not, the error wraps engine.ErrReplaced. An error that arises
// once the commit has begun wraps engine.ErrOutcomeUnknown. A commit writes only
// where the disk has given blocks already: one that needs more than there are is
// undone before it writes, and run again once it has them.
func (s *Store) Update(fn func(engine.Writer) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	had := int64(-1)
	for more := int64(0); ; more *= 2 {
		err := s.update(fn)
		if !errors.Is(err, bolterrors.ErrMaxSizeReached) {
			return err
		}
		if had < 0 {
			had = s.body.Load().room.end
			more = growth(had)
		}
		if _, err := s.grow(more); err != nil {
			return errors.Join(err, s.giveBack(had))
		}
	}
}

func (s *Store) update(fn func(engine.Writer) error) (err error) {
	b := s.body.Load()
	tx, err := b.db.Begin(true)
	if err != nil {
		return classify(s.path, err)
	}
	t := s.transaction(tx, b, new(bool))
	committed := false
	defer s.panicked(t, debug.SetPanicOnFault(true), &committed, &err)
	defer func() {
		if !committed {
			_ = tx.Rollback() // also when fn panics: the lock must not stay behind
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if err := s.unmoved(); err != nil {
		return err
	}
	b.db.MaxSize, err = s.backed(b, tx.Size()) // read by Commit only, and we are its only caller
	if err != nil {
		return err
	}
	committed, *t.inside = true, true // whatever Commit returns, it has ended the transaction
	err = tx.Commit()
	switch {
	case errors.Is(err, bolterrors.ErrMaxSizeReached): // bbolt allots every page before it writes the first
		return err
	case err != nil:
		s.spoiled.Store(true)
		return fmt.Errorf("%s: commit: %w: %w", s.path, engine.ErrOutcomeUnknown, err)
	}
	if err := s.unmoved(); err != nil {
		return fmt.Errorf("%w: %w", engine.ErrOutcomeUnknown, err)
	}
	return nil
}

// unmoved compares the file we hold with what stands at its path.
func (s *Store) unmoved() error {
	now, err := os.Stat(s.path)
	if err != nil || !os.SameFile(s.body.Load().file, now) {
		return fmt.Errorf("%s: %w; nothing more is written, restart once the file is back", s.path, engine.ErrReplaced)
	}
	return nil
}

// Size is the size of the file in bytes.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, classify(s.path, err)
	}
	return info.Size(), nil
}

// Close waits for open transactions, notes that this was a clean stop, and lets
// the file and its lock go.
func (s *Store) Close() error {
	s.writing.Lock() // for a compaction that is at its last step
	defer s.writing.Unlock()
	s.markStopped()
	s.held.remove() // while the lock is still ours, so that it cannot be another's note
	err := s.body.Load().db.Close()
	s.left.Wait()
	return err
}

// transaction is a bbolt transaction seen as the engine's interface.
type transaction struct {
	tx     *bbolt.Tx
	store  *Store
	body   *body
	seeks  map[engine.Bucket]*bbolt.Cursor // one for each bucket that was asked: bbolt's own Get makes one each time
	check  *check                          // before bbolt follows a page; nil: the pages were walked
	inside *bool                           // bbolt is at work in a transaction that writes
}

func (t transaction) Get(b engine.Bucket, key []byte) []byte {
	cursor := t.seeks[b]
	if cursor == nil {
		bucket := t.tx.Bucket([]byte(b))
		if bucket == nil {
			return nil
		}
		cursor = bucket.Cursor()
		t.seeks[b] = cursor
	}
	if t.check != nil {
		if root := uint64(cursor.Bucket().Root()); root != 0 && t.inside == nil {
			return t.check.get(root, key)
		}
		t.check.around(cursor.Bucket(), key)
	}
	t.bbolts(true)
	k, v := cursor.Seek(key)
	t.bbolts(false)
	if k == nil || !bytes.Equal(k, key) {
		return nil
	}
	if v == nil {
		v = []byte{} // there, and empty
	}
	return v
}

// bbolts says that bbolt is at work in a transaction that writes, or no longer:
// a panic in between is of its making.
func (t transaction) bbolts(is bool) {
	if t.inside != nil {
		*t.inside = is
	}
}

func (t transaction) Scan(b engine.Bucket, prefix, from []byte, fn func(k, v []byte) error) error {
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	start := prefix
	if len(from) > 0 {
		start = append(append(make([]byte, 0, len(prefix)+len(from)), prefix...), from...)
	}
	err := t.scan(bucket, start, prefix, fn)
	if errors.Is(err, engine.ErrStop) || errors.Is(err, errPast) {
		return nil
	}
	return err
}

func (t transaction) scan(bucket *bbolt.Bucket, start, prefix []byte, fn func(k, v []byte) error) error {
	if root := uint64(bucket.Root()); t.check != nil && root != 0 && t.inside == nil {
		return t.check.scan(place{id: root}, 0, start, prefix, fn)
	}
	var checked []byte // up to here
	if t.check != nil {
		checked = t.check.around(bucket, start)
	}
	cursor := bucket.Cursor()
	t.bbolts(true)
	k, v := cursor.Seek(start)
	for ; k != nil && bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		t.bbolts(false)
		if err := fn(k, v); err != nil {
			return err
		}
		if t.check != nil && bytes.Compare(k, checked) >= 0 {
			checked = t.check.around(bucket, k)
		}
		t.bbolts(true)
	}
	t.bbolts(false)
	return nil
}

func (t transaction) Put(b engine.Bucket, key, value []byte) error {
	bucket, err := t.bucket(b)
	if err != nil {
		return err
	}
	if value == nil {
		value = []byte{} // nil means absent to a reader
	}
	t.store.changed.note(b, key)
	if t.check != nil {
		t.check.around(bucket, key)
	}
	t.bbolts(true)
	err = bucket.Put(key, value)
	t.bbolts(false)
	if err != nil {
		return fmt.Errorf("put in bucket %s: %w", b, err)
	}
	return nil
}

func (t transaction) Delete(b engine.Bucket, key []byte) error {
	bucket, err := t.bucket(b)
	if err != nil {
		return err
	}
	t.store.changed.note(b, key)
	if t.check != nil {
		t.check.around(bucket, key)
	}
	t.bbolts(true)
	err = bucket.Delete(key)
	t.bbolts(false)
	if err != nil {
		return fmt.Errorf("delete in bucket %s: %w", b, err)
	}
	return nil
}

// bucket is the bucket to write to. Keys that only ever grow fill their pages;
// random ones leave the room that the next ones need.
func (t transaction) bucket(b engine.Bucket) (*bbolt.Bucket, error) {
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil, fmt.Errorf("no bucket %q in the store", b)
	}
	if b == engine.Trail || b == engine.Tree {
		bucket.FillPercent = 0.9
	}
	return bucket, nil
}

// Page is the number of the page on which a key stands, by a walk down its
// bucket's tree around the map; 0 if it cannot be told any more.
func (t transaction) Page(b engine.Bucket, key []byte) uint64 {
	m, err := t.meta()
	if err != nil {
		return 0
	}
	return pageOf(t.body.disk, m, b, key)
}
