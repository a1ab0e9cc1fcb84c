package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"

	"careconnect/store/internal/engine"
)

// Still is a store that nobody writes, read without bbolt: one that is closed, or
// one within another file, as in a backup. Its pages are all walked before the
// first is read, so what they refer to is there; then they are read where they lie
// in the map, by as many goroutines as like to. It implements engine.Engine, and
// refuses to write.
type Still struct {
	path  string
	file  *os.File
	size  int64
	from  int64  // where in the file it begins
	data  []byte // the whole file, mapped
	meta  meta
	roots map[engine.Bucket]stillRoot
}

// stillRoot is where a bucket begins: at a page, or within another's.
type stillRoot struct {
	page   uint64
	inline []byte
}

var (
	_ engine.Engine = (*Still)(nil)
	_ engine.Pager  = stillReader{}
)

// OpenStill opens a closed store as Open does for reading, with the same checks and
// the same errors, and walks all of it first. Others may read meanwhile, nobody may
// write.
func OpenStill(path string, o Options) (*Still, error) {
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		return nil, classify(path, err)
	}
	if err := private(path); err != nil {
		return nil, err
	}
	o.ReadOnly = true
	file, err := locked(path, o)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(classify(path, err), file.Close())
	}
	return still(path, file, 0, info.Size(), o)
}

// OpenWithin opens the store of so many bytes that begins at a place of a file. The
// file is locked against nobody: it must be the caller's.
func OpenWithin(path string, from, size int64, o Options) (*Still, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, classify(path, err)
	}
	return still(path, file, from, size, o)
}

// still takes over the file.
func still(path string, file *os.File, from, size int64, o Options) (*Still, error) {
	s := &Still{path: path, file: file, from: from, size: size}
	if err := s.Guarded(func() error { return s.open(o) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Still) open(o Options) error {
	within := io.NewSectionReader(s.file, s.from, s.size)
	newest, err := newestMeta(within, s.size, s.path)
	if err != nil {
		return err
	}
	s.meta = newest
	if s.data, err = syscall.Mmap(int(s.file.Fd()), 0, int(s.from+s.size), syscall.PROT_READ, syscall.MAP_SHARED); err != nil {
		return fmt.Errorf("%s: map: %w", s.path, err)
	}
	go readAhead(s.data)
	found, err := walk(within, newest, o.Progress)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", s.path, err)
	case len(found) > 0:
		return damages(s.path, found)
	}
	s.roots = map[engine.Bucket]stillRoot{}
	return s.scan(s.page(s.meta.root), nil, func(k, v []byte) error {
		s.roots[engine.Bucket(k)] = stillRoot{order.Uint64(v), v[bucketSize:]}
		return nil
	})
}

// View runs fn against what there is.
func (s *Still) View(fn func(engine.Reader) error) error {
	return s.Guarded(func() error { return fn(stillReader{s}) })
}

// Guarded makes an error of a page that the disk does not give, which the system
// tells by a fault at an address within the map. Another's panic goes on.
func (s *Still) Guarded(fn func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		cause := recover()
		if cause == nil {
			return
		}
		at, within := faultWithin(cause, uintptr(unsafe.Pointer(unsafe.SliceData(s.data))), uintptr(len(s.data)))
		if !within {
			panic(cause)
		}
		err = engine.Damaged{Path: s.path, What: fmt.Sprintf("page %d cannot be read", (int64(at)-s.from)/int64(s.meta.pageSize))}
	}()
	return fn()
}

// Update refuses.
func (s *Still) Update(func(engine.Writer) error) error {
	return fmt.Errorf("%s: %w: it was opened for reading", s.path, engine.ErrReadOnly)
}

// Size is the size of the store in bytes.
func (s *Still) Size() (int64, error) { return s.size, nil }

// Close lets the file and its lock go. Nothing that was read is valid any more.
func (s *Still) Close() error {
	var err error
	if s.data != nil {
		err = syscall.Munmap(s.data)
		s.data = nil
	}
	return errors.Join(err, s.file.Close())
}

// page is a page with its overflow.
func (s *Still) page(id uint64) []byte {
	size := uint64(s.meta.pageSize)
	p := s.data[uint64(s.from)+id*size:]
	return p[:(uint64(order.Uint32(p[12:]))+1)*size]
}

func (s *Still) root(b engine.Bucket) []byte {
	switch root, ok := s.roots[b]; {
	case !ok:
		return nil
	case root.page != 0:
		return s.page(root.page)
	default:
		return root.inline
	}
}

// keyAt is the key of an element of a leaf or a branch.
func keyAt(p []byte, leaf bool, i int) []byte {
	e := p[headSize+i*elementSize:]
	if leaf {
		e = e[4:]
	}
	pos := headSize + i*elementSize + int(order.Uint32(e))
	return p[pos : pos+int(order.Uint32(e[4:]))]
}

// valueAt is the value of an element of a leaf.
func valueAt(p []byte, i int) []byte {
	e := p[headSize+i*elementSize:]
	pos := headSize + i*elementSize + int(order.Uint32(e[4:])) + int(order.Uint32(e[8:]))
	return p[pos : pos+int(order.Uint32(e[12:])) : pos+int(order.Uint32(e[12:]))]
}

// notBefore is the first element of a page whose key is not before another.
func notBefore(p []byte, leaf bool, key []byte) int {
	low, high := 0, int(order.Uint16(p[10:]))
	for low < high {
		if i := (low + high) / 2; bytes.Compare(keyAt(p, leaf, i), key) < 0 {
			low = i + 1
		} else {
			high = i
		}
	}
	return low
}

// childAt is the child of a branch in which a key stands if it stands anywhere.
func childAt(p []byte, key []byte) int {
	i := notBefore(p, false, key)
	if i > 0 && (i == int(headOf(p).count) || !bytes.Equal(keyAt(p, false, i), key)) {
		i--
	}
	return i
}

// scan calls fn for each element below a page from a key on.
func (s *Still) scan(p, from []byte, fn func(k, v []byte) error) error {
	h := headOf(p)
	if h.flags == leafFlag {
		for i := notBefore(p, true, from); i < int(h.count); i++ {
			if err := fn(keyAt(p, true, i), valueAt(p, i)); err != nil {
				return err
			}
		}
		return nil
	}
	for i := childAt(p, from); i < int(h.count); i++ {
		_, _, child := branchAt(p, i)
		if err := s.scan(s.page(child), from, fn); err != nil {
			return err
		}
		from = nil
	}
	return nil
}

// stillReader reads a still store.
type stillReader struct{ *Still }

func (s stillReader) Get(b engine.Bucket, key []byte) []byte {
	p := s.root(b)
	if p == nil {
		return nil
	}
	for headOf(p).flags == branchFlag {
		_, _, child := branchAt(p, childAt(p, key))
		p = s.page(child)
	}
	if i := notBefore(p, true, key); i < int(headOf(p).count) && bytes.Equal(keyAt(p, true, i), key) {
		return valueAt(p, i)
	}
	return nil
}

func (s stillReader) Scan(b engine.Bucket, prefix, from []byte, fn func(k, v []byte) error) error {
	p := s.root(b)
	if p == nil {
		return nil
	}
	err := s.scan(p, append(append(make([]byte, 0, 64), prefix...), from...), func(k, v []byte) error {
		if !bytes.HasPrefix(k, prefix) {
			return engine.ErrStop
		}
		return fn(k, v)
	})
	if errors.Is(err, engine.ErrStop) {
		return nil
	}
	return err
}

// NobodyWrites says so.
func (s stillReader) NobodyWrites() {}

// Page is the number of the page on which a key stands.
func (s stillReader) Page(b engine.Bucket, key []byte) uint64 {
	return pageOf(io.NewSectionReader(s.file, s.from, s.size), s.meta, b, key)
}
