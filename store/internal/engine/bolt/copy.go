package bolt

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Length is the size of the file that Copy writes.
func (t transaction) Length() int64 { return t.tx.Size() }

// Copy writes the state that the transaction reads as a file of its own, with
// two meta pages one commit apart. It reads the file that is held, whatever the
// path names by now.
func (t transaction) Copy(w io.Writer) error {
	placed := &placing{w: w, page: t.body.db.Info().PageSize, odd: t.tx.ID()%2 == 1}
	n, err := t.tx.WriteTo(placed)
	if err == nil && n != t.tx.Size() {
		err = fmt.Errorf("%d bytes were copied of %d", n, t.tx.Size())
	}
	if err != nil {
		return fmt.Errorf("%s: copy: %w", t.store.path, err)
	}
	return nil
}

// placing puts the two meta pages where a commit would have: bbolt copies the
// newer one to the front always, and a file of which that is the wrong place is
// refused when it is opened.
type placing struct {
	w     io.Writer
	page  int
	odd   bool // the commit's meta page is the second
	metas []byte
}

func (p *placing) Write(b []byte) (int, error) {
	if len(p.metas) == 2*p.page {
		return p.w.Write(b)
	}
	n := min(len(b), 2*p.page-len(p.metas))
	if p.metas = append(p.metas, b[:n]...); len(p.metas) < 2*p.page {
		return n, nil
	}
	first, second := p.metas[:p.page], p.metas[p.page:]
	if p.odd {
		first, second = second, first
	}
	for id, page := range [][]byte{first, second} {
		binary.NativeEndian.PutUint64(page, uint64(id)) // in no checksum
		if _, err := p.w.Write(page); err != nil {
			return 0, err
		}
	}
	if n == len(b) {
		return n, nil
	}
	more, err := p.w.Write(b[n:])
	return n + more, err
}
