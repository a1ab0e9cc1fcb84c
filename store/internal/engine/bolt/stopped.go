package bolt

import (
	"bytes"
	"crypto/sha256"
	"io"

	"careconnect/store/internal/engine"
)

// A store that was closed says so behind its last page, where nothing in use
// stands and nothing is looked for: with the number of its last commit and a
// hash over the pages from which bbolt begins, its root and its free list. The
// next opening takes the mark away before it serves. So whoever finds the mark
// knows that nobody wrote since the pages were known to be sound, that what is
// free is free, and that a start which met damage and died of it left no mark. A
// mark that is lost, cut off, or not that of these pages costs a walk, no more.
const markText = "careconnect: closed at commit\n\x00\x00"

// marks are the buckets whose sequence numbers once held such a mark. No store is
// given one any more; where they stand they must be the same.
var marks = [2]engine.Bucket{engine.Header, engine.State}

// proven is what the mark of a clean stop proves.
type proven struct {
	high        uint64
	free, first bits // pages that are free; those from which bbolt begins
	text        []byte
}

// mark is what stands behind the last page of a store that was closed at a
// commit. Its text is empty if root or free list are not sound.
func mark(file io.ReaderAt, m meta) (proven, error) {
	sum := sha256.New()
	w := &walker{file: hashed{file, sum}, meta: m, used: newBits(m.high), free: newBits(m.high)}
	_, err := w.buckets()
	if err == nil {
		err = w.freeList()
	}
	if err != nil || len(w.found) > 0 {
		return proven{}, err
	}
	return proven{m.high, w.free, w.used, sum.Sum(order.AppendUint64([]byte(markText), m.txid))}, nil
}

// hashed takes what is read into a hash.
type hashed struct {
	io.ReaderAt
	sum io.Writer
}

func (h hashed) ReadAt(p []byte, at int64) (int, error) {
	n, err := h.ReaderAt.ReadAt(p, at)
	_, _ = h.sum.Write(p[:n])
	return n, err
}

// stoppedClean says whether the newest commit is the one at which the store was
// closed, and what is proven then.
func stoppedClean(file io.ReaderAt, m meta) (proven, bool) {
	there := make([]byte, len(markText)+8+sha256.Size)
	if n, _ := file.ReadAt(there, int64(m.high)*int64(m.pageSize)); n < len(there) || !bytes.HasPrefix(there, []byte(markText)) {
		return proven{}, false
	}
	p, err := mark(file, m)
	return p, err == nil && bytes.Equal(p.text, there)
}

// markStopped writes the mark of a clean stop. It is not synced: what it speaks of
// is, and a mark that the disk never got costs a walk.
func (s *Store) markStopped() {
	b := s.body.Load()
	if b.db.IsReadOnly() || s.spoiled.Load() || s.harmed.Load() || s.unmoved() != nil {
		return
	}
	m, err := checkMeta(b.disk, s.path)
	if err != nil {
		return
	}
	if p, err := mark(b.disk, m); err == nil && p.text != nil {
		page := make([]byte, m.pageSize)
		copy(page, p.text)
		_, _ = b.disk.WriteAt(page, int64(m.high)*int64(m.pageSize))
	}
}

// begun takes the mark of a clean stop away.
func begun(file io.WriterAt, m meta) error {
	_, err := file.WriteAt(make([]byte, len(markText)), int64(m.high)*int64(m.pageSize))
	return err
}
