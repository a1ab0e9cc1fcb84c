package bolt

import (
	"errors"
	"fmt"
	"os"

	"careconnect/store/internal/engine"
)

// Broken is a damaged file that is read page by page, without trusting any of
// them, for what still stands on those in use. It is never mapped and never
// written. Whether something that is found is what was put there its reader must
// be able to tell: here nothing can.
type Broken struct {
	file   *os.File
	meta   meta
	in     func(page uint64) bool // it is in use
	Harmed []string               // what is wrong with meta pages and free list
}

// OpenBroken opens a file to be read so. Without one whole meta page nothing
// tells what is in use and what was removed: then the error wraps ErrDamaged.
func OpenBroken(path string) (*Broken, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	file, err := locked(path, Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	b, err := broken(file, path)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return b, nil
}

func broken(file *os.File, path string) (*Broken, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, classify(path, err)
	}
	b := &Broken{file: file}
	page, errs := findMetas(file, info.Size())
	var metas []meta
	for i, m := range page {
		if errs[i] != nil {
			b.Harmed = append(b.Harmed, fmt.Sprintf("meta page %d: %v", i, errs[i]))
			continue
		}
		if newer, ok := outline(file, m, info.Size()); ok && errs[1-i] != nil && newer.txid == m.txid+1 {
			metas = append(metas, newer)
		}
		metas = append(metas, m)
	}
	if len(metas) == 2 && metas[1].txid > metas[0].txid {
		metas[0], metas[1] = metas[1], metas[0]
	}
	for _, m := range metas {
		in, listed := inUse(file, m)
		b.meta, b.in = m, in
		if !listed {
			b.Harmed = append(b.Harmed, fmt.Sprintf("the free list of commit %d cannot be read", m.txid))
		}
		if b.in != nil {
			return b, nil
		}
	}
	if len(metas) == 0 {
		return nil, engine.Damaged{Path: path, What: "neither meta page is whole, so nothing tells what is in use and what was removed"}
	}
	b.meta = metas[0]
	w := &walker{file: file, meta: b.meta, used: newBits(b.meta.high), free: newBits(b.meta.high), most: int(b.meta.high)}
	_ = w.all() // it ends where nothing more can be read
	b.in = w.used.has
	return b, nil
}

// inUse is told by the free list which pages are in use, or else by the trees if
// nothing else is wrong: an older commit knows less of it. It is nil if neither
// can be read. What was cut off is in use and missing.
func inUse(file *os.File, m meta) (in func(uint64) bool, listed bool) {
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high)}
	if err := w.freeList(); err == nil && len(w.found) == 0 {
		return func(id uint64) bool { return !w.free.has(id) }, true
	}
	w = &walker{file: file, meta: m, used: newBits(m.high)}
	if err := w.trees(); err == nil && len(w.found) == 0 {
		return w.used.has, false
	}
	return nil, false
}

// Each is told of every record on the pages in use, in no order that means
// anything: its page, its name and what it holds, which are valid until fn
// returns. Lost is told of each page in use that is neither a leaf nor what else
// there should be.
func (b *Broken) Each(fn func(page uint64, key, value []byte) error, lost func(page uint64, what string), progress func(done, total int64) error) error {
	w := &walker{file: b.file, meta: b.meta, used: newBits(b.meta.high), free: newBits(b.meta.high), most: 1 << 30}
	for id := uint64(2); id < b.meta.high; {
		next := id + 1
		if b.in(id) && !w.used.has(id) {
			found := len(w.found)
			h, p, err := w.page(id, branchFlag, leafFlag, freeFlag)
			switch {
			case err != nil:
				lost(id, "this page cannot be read")
			case p == nil:
				lost(id, w.found[found])
			case h.flags == leafFlag:
				if err := records(id, h, p, fn, lost); err != nil {
					return err
				}
				fallthrough
			default:
				next = id + 1 + uint64(h.overflow)
			}
		}
		if id = next; id%256 == 0 {
			if err := progress(int64(id), int64(b.meta.high)); err != nil {
				return err
			}
		}
	}
	return nil
}

// records tells of each element of a leaf for itself, whatever is wrong with the
// others, and of those in a bucket within it.
func records(id uint64, h head, p []byte, fn func(page uint64, key, value []byte) error, lost func(uint64, string)) error {
	for i := range int(h.count) {
		base := headSize + i*elementSize
		if base+elementSize > len(p) {
			lost(id, fmt.Sprintf("%d elements do not fit into this page", h.count))
			return nil
		}
		e := p[base:]
		flags, pos, keySize, valueSize := order.Uint32(e), uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:])), uint64(order.Uint32(e[12:]))
		from, end := uint64(base)+pos, uint64(base)+pos+keySize+valueSize
		if end > uint64(len(p)) || keySize == 0 {
			lost(id, fmt.Sprintf("element %d of this page lies outside it", i))
			continue
		}
		key, value := p[from:from+keySize], p[from+keySize:end]
		var err error
		switch {
		case flags == 0:
			err = fn(id, key, value)
		case len(value) >= bucketSize+headSize && order.Uint64(value) == 0: // a bucket within
			within := value[bucketSize:]
			err = records(id, headOf(within), within, fn, lost)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close lets the file go.
func (b *Broken) Close() error { return b.file.Close() }
