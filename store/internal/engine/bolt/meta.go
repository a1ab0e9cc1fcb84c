package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"careconnect/store/internal/engine"
)

// meta is what a bbolt file says about itself on each of its first two pages.
// A commit writes one of them, in turns, as its very last act.
type meta struct {
	pageSize uint32
	root     uint64 // page of the root bucket
	freelist uint64 // page of the free list
	high     uint64 // high-water mark: the first page that was never used
	txid     uint64 // number of the commit
}

// The layout of a meta page, as bbolt 1.x writes it in the machine's own byte
// order: a page header of 16 bytes, then 64 bytes of meta, then zeros.
const (
	metaAt    = 16
	sumAt     = metaAt + 56
	metaEnd   = sumAt + 8
	magic     = 0xED0CDAED
	version   = 2
	metaFlag  = 0x04
	minPage   = 1 << 10
	maxPage   = 64 << 10
	firstHigh = 4 // two metas, a free list, a root
)

// checkMeta refuses a file whose two meta pages are not both whole and one
// commit apart, and returns the newest. bbolt would go back to the older of them
// without a word, and the last acknowledged commit would be gone.
func checkMeta(file *os.File, path string) (meta, error) {
	info, err := file.Stat()
	if err != nil {
		return meta{}, classify(path, err)
	}
	return newestMeta(file, info.Size(), path)
}

// newestMeta is checkMeta of what is read by a reader.
func newestMeta(file io.ReaderAt, size int64, path string) (meta, error) {
	damaged := func(format string, args ...any) (meta, error) {
		return meta{}, engine.Damaged{Path: path, What: fmt.Sprintf(format, args...)}
	}
	page, errs := findMetas(file, size)
	switch {
	case errors.Is(errs[0], errShort) || errors.Is(errs[1], errShort):
		return damaged("file has %d bytes, a store needs at least %d", size, firstHigh*os.Getpagesize())
	case errors.Is(errs[0], errUnreadable) || errors.Is(errs[1], errUnreadable):
		return meta{}, fmt.Errorf("%s: %w", path, errors.Join(errs[0], errs[1]))
	case errs[0] != nil && errs[1] != nil:
		return damaged("neither meta page is valid (0: %v; 1: %v)", errs[0], errs[1])
	case errs[0] != nil || errs[1] != nil:
		which, why := 0, errs[0]
		if why == nil {
			which, why = 1, errs[1]
		}
		return damaged("meta page %d: %v; the last commit may be missing; not falling back: careconnect repair --accept-previous-commit shows first what would be lost", which, why)
	case page[0].pageSize != page[1].pageSize:
		return damaged("meta pages name two page sizes, %d and %d", page[0].pageSize, page[1].pageSize)
	}
	newest, older := page[0], page[1]
	if older.txid > newest.txid {
		newest, older = older, newest
	}
	if newest.txid-older.txid != 1 {
		return damaged("meta pages are commits %d and %d, not consecutive; the last commit may be missing; not falling back: careconnect repair --accept-previous-commit shows first what would be lost", older.txid, newest.txid)
	}
	if need := int64(newest.high) * int64(newest.pageSize); need > size {
		return damaged("file has %d bytes, its last commit needs %d", size, need)
	}
	return newest, nil
}

var (
	errUnreadable = errors.New("cannot be read")
	errShort      = errors.New("file ends before it")
)

// findMetas reads both meta pages. The page size stands on the first; if that
// one is broken, the second is looked for at each size there may be.
func findMetas(file io.ReaderAt, size int64) (m [2]meta, errs [2]error) {
	m[0], errs[0] = readMeta(file, 0, 0, size)
	if errs[0] == nil {
		m[1], errs[1] = readMeta(file, 1, int64(m[0].pageSize), size)
		return m, errs
	}
	for at := int64(minPage); at <= maxPage; at *= 2 {
		if m[1], errs[1] = readMeta(file, 1, at, size); errs[1] == nil && int64(m[1].pageSize) == at {
			return m, errs
		}
	}
	m[1], errs[1] = readMeta(file, 1, int64(os.Getpagesize()), size)
	return m, errs
}

// readMeta reads the meta page with this number at this place of the file.
func readMeta(file io.ReaderAt, number uint64, at, size int64) (meta, error) {
	head := make([]byte, metaEnd)
	if at+metaEnd > size {
		return meta{}, errShort
	}
	if _, err := file.ReadAt(head, at); err != nil {
		return meta{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	m, err := decodeMeta(head, number)
	if err != nil {
		return meta{}, err
	}
	rest := make([]byte, int64(m.pageSize)-metaEnd)
	if at+int64(m.pageSize) > size {
		return meta{}, errShort
	}
	if _, err := file.ReadAt(rest, at+metaEnd); err != nil {
		return meta{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	for i, b := range rest {
		if b != 0 {
			return meta{}, fmt.Errorf("byte %d of the file is not zero", at+metaEnd+int64(i))
		}
	}
	return m, nil
}

// decodeMeta checks the 80 bytes that a meta page begins with.
func decodeMeta(p []byte, number uint64) (meta, error) {
	order := binary.NativeEndian
	hash := fnv.New64a()
	_, _ = hash.Write(p[metaAt:sumAt])
	m := meta{
		pageSize: order.Uint32(p[metaAt+8:]),
		root:     order.Uint64(p[metaAt+16:]),
		freelist: order.Uint64(p[metaAt+32:]),
		high:     order.Uint64(p[metaAt+40:]),
		txid:     order.Uint64(p[metaAt+48:]),
	}
	switch {
	case order.Uint32(p[metaAt:]) != magic:
		return m, errors.New("has not the mark of a store")
	case order.Uint32(p[metaAt+4:]) != version:
		return m, fmt.Errorf("has version %d, this program reads %d", order.Uint32(p[metaAt+4:]), version)
	case order.Uint64(p[sumAt:]) != hash.Sum64():
		return m, errors.New("fails its checksum")
	case order.Uint64(p[0:]) != number || order.Uint16(p[8:]) != metaFlag || order.Uint16(p[10:]) != 0 || order.Uint32(p[12:]) != 0:
		return m, errors.New("has a damaged page header")
	case m.txid%2 != number:
		return m, fmt.Errorf("holds commit %d, which belongs on the other", m.txid)
	case m.pageSize < minPage || m.pageSize > maxPage || m.pageSize&(m.pageSize-1) != 0:
		return m, fmt.Errorf("names a page size of %d", m.pageSize)
	case m.high < firstHigh || m.root < 2 || m.root >= m.high || m.freelist < 2 || m.freelist >= m.high:
		return m, fmt.Errorf("names pages that cannot be: root %d, free list %d, of %d", m.root, m.freelist, m.high)
	case m.high > 1<<48/uint64(m.pageSize):
		return m, fmt.Errorf("names %d pages, more than a file can have", m.high)
	}
	return m, nil
}
