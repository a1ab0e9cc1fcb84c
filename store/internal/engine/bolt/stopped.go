package bolt

import (
	"errors"
	"io"

	"go.etcd.io/bbolt"

	"careconnect/store/internal/engine"
)

// marks are the buckets whose sequence numbers, which nothing else uses, hold
// the number of the commit that closed the store. They are two so that a flipped
// bit in one of them shows. Every later commit has another number, so the mark
// is cleared by being out of date: nothing has to be written when work begins,
// and no second file can be lost or come from elsewhere.
var marks = [2]engine.Bucket{engine.Header, engine.State}

// markStopped writes the mark of a clean stop, in the last commit.
func (s *Store) markStopped() {
	db := s.body.Load().db
	if db.IsReadOnly() || s.spoiled.Load() || s.unmoved() != nil {
		return
	}
	_ = db.Update(func(tx *bbolt.Tx) error { // without the mark the next start walks first, no more
		for _, name := range marks {
			b := tx.Bucket([]byte(name))
			if b == nil || b.Sequence() == uint64(tx.ID())-1 {
				return errNoMark
			}
			if err := b.SetSequence(uint64(tx.ID())); err != nil {
				return err
			}
		}
		return nil
	})
}

// errNoMark: nothing was committed since the last mark, or there is no place for
// one.
var errNoMark = errors.New("no mark is needed")

// stoppedClean says whether the newest commit is the one that closed the store.
// It reads the root only.
func stoppedClean(file io.ReaderAt, m meta) bool {
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high)}
	buckets, err := w.buckets()
	return err == nil && len(w.found) == 0 && buckets[string(marks[0])].sequence == m.txid
}
