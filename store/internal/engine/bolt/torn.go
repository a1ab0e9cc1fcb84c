package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"time"

	"careconnect/store/internal/engine"
)

// Torn is a file whose two meta pages are not both whole and one commit apart, so
// that opening refuses it. It is held locked and never written: what may be made
// of it is made in copies.
type Torn struct {
	What    string    // what is wrong with its meta pages
	Written time.Time // when the file was last written
	Newer   bool      // the newest it may be of is what a broken page says, one after the whole one
	file    *os.File
	metas   []meta // that it may be taken by, the newest commit first
}

// OpenTorn opens such a file; nil if its meta pages are whole. Where nothing can
// be made of them the error is that of opening, which wraps engine.ErrDamaged.
func OpenTorn(path string) (*Torn, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	file, err := locked(path, Options{})
	if err != nil {
		return nil, err
	}
	t, err := tear(file, path)
	if t == nil {
		err = errors.Join(err, file.Close())
	}
	return t, err
}

func tear(file *os.File, path string) (*Torn, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, classify(path, err)
	}
	_, wrong := newestMeta(file, info.Size(), path)
	if wrong == nil {
		return nil, nil
	}
	var damage engine.Damaged
	if !errors.As(wrong, &damage) {
		return nil, wrong
	}
	t := &Torn{What: damage.What, Written: info.ModTime(), file: file}
	page, errs := findMetas(file, info.Size())
	for i, m := range page {
		if errs[i] != nil {
			continue
		}
		if broken, ok := outline(file, m, info.Size()); ok && errs[1-i] != nil && broken.txid == m.txid+1 {
			t.metas, t.Newer = append(t.metas, broken), true
		}
		if int64(m.high)*int64(m.pageSize) <= info.Size() {
			t.metas = append(t.metas, m)
		}
	}
	if len(t.metas) == 2 && t.metas[1].txid > t.metas[0].txid { // both whole, but not one commit apart
		t.metas[0], t.metas[1] = t.metas[1], t.metas[0]
	}
	if len(t.metas) == 0 || errs[0] == nil && errs[1] == nil && page[0].pageSize != page[1].pageSize {
		return nil, wrong
	}
	return t, nil
}

// outline is what the broken meta page beside a whole one says, if that can be: a
// bit elsewhere on it may be all that is wrong.
func outline(file io.ReaderAt, whole meta, size int64) (meta, bool) {
	number := 1 - whole.txid%2
	head := make([]byte, metaEnd)
	if _, err := file.ReadAt(head, int64(number)*int64(whole.pageSize)); err != nil {
		return meta{}, false
	}
	m := whole
	at := binary.NativeEndian
	m.root, m.freelist = at.Uint64(head[metaAt+16:]), at.Uint64(head[metaAt+32:])
	m.high, m.txid = at.Uint64(head[metaAt+40:]), at.Uint64(head[metaAt+48:])
	again := make([]byte, m.pageSize)
	m.encode(again, number)
	_, err := decodeMeta(again[:metaEnd], number)
	return m, err == nil && int64(m.high)*int64(m.pageSize) <= size
}

// encode writes a meta page as bbolt does.
func (m meta) encode(page []byte, number uint64) {
	at := binary.NativeEndian
	clear(page)
	at.PutUint64(page[0:], number)
	at.PutUint16(page[8:], metaFlag)
	at.PutUint32(page[metaAt:], magic)
	at.PutUint32(page[metaAt+4:], version)
	at.PutUint32(page[metaAt+8:], m.pageSize)
	at.PutUint64(page[metaAt+16:], m.root)
	at.PutUint64(page[metaAt+32:], m.freelist)
	at.PutUint64(page[metaAt+40:], m.high)
	at.PutUint64(page[metaAt+48:], m.txid)
	hash := fnv.New64a()
	_, _ = hash.Write(page[metaAt:sumAt])
	at.PutUint64(page[sumAt:], hash.Sum64())
}

// Commits is how many commits the file may be taken to be of.
func (t *Torn) Commits() int { return len(t.metas) }

// Copy makes at path a file that is of one of them, the newest being 0, with whole
// meta pages. That all below them is whole shows when it is opened.
func (t *Torn) Copy(path string, of int) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return classify(path, err)
	}
	info, err := t.file.Stat()
	if err == nil {
		_, err = io.Copy(to, io.NewSectionReader(t.file, 0, info.Size()))
	}
	m := t.metas[of]
	page := make([]byte, m.pageSize)
	for range 2 { // and once more as the commit before: the same state
		if err == nil {
			m.encode(page, m.txid%2)
			_, err = to.WriteAt(page, int64(m.txid%2)*int64(m.pageSize))
		}
		m.txid--
	}
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Close lets the file go.
func (t *Torn) Close() error { return t.file.Close() }
