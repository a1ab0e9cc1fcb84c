package bolt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"careconnect/store/internal/engine"
)

// walk reads every page that a commit reaches, and its free list, without
// trusting any of them, and returns what is not as bbolt writes it. bbolt maps
// its file and follows what it reads there: a length or a page number that is
// wrong ends the process or hangs it. What has passed the walk it reads safely.
//
// It also says what bbolt would forgive: each byte of a page in use either
// means something that is checked or is zero. What stands in free pages and
// behind the last page is never read and not looked at. The pages of the commit
// before are not walked either: a commit that was cut short has rightly written
// over some of them.
func walk(file io.ReaderAt, m meta, progress func(done, total int64) error) ([]string, error) {
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high), progress: progress}
	w.used.set(0)
	w.used.set(1)
	err := w.all()
	if errors.Is(err, errEnough) {
		err = nil
	}
	return w.found, err
}

// The limits of a walk.
const (
	mostFound = 100       // damages that are listed
	mostDeep  = 64        // levels of a tree; 2^64 records would need fewer
	mostRun   = 256 << 20 // bytes of one page with its overflow
)

var errEnough = errors.New("enough damages found")

// The sorts of page, by the flag in their header.
const (
	branchFlag = 0x01
	leafFlag   = 0x02
	freeFlag   = 0x10

	headSize    = 16 // of a page: id(8) flags(2) count(2) overflow(4)
	elementSize = 16 // of one element, in a leaf as in a branch
	bucketSize  = 16 // of a bucket's own value: root(8) sequence(8)
)

var flagNames = map[uint16]string{branchFlag: "branch", leafFlag: "leaf", metaFlag: "meta", freeFlag: "free list"}

type walker struct {
	file       io.ReaderAt
	meta       meta
	used, free bits
	done       int64 // pages read
	found      []string
	most       int // damages that are listed; 0 means mostFound
	progress   func(done, total int64) error

	level int      // of the page that is being read
	rooms [][]byte // for a page of each level; its content is valid until the next one there
}

// all walks the buckets, then the free list, then looks for pages that are in
// neither.
func (w *walker) all() error {
	err := w.trees()
	if err == nil {
		err = w.freeList()
	}
	if err != nil {
		return err
	}
	return w.lost()
}

func (w *walker) trees() error {
	buckets, err := w.buckets()
	if err != nil {
		return err
	}
	for _, name := range engine.Buckets {
		b, ok := buckets[string(name)]
		switch {
		case !ok:
			err = w.damage("bucket %s is missing", name)
		case b.root != 0:
			err = w.tree(b.root, nil, nil, 0, w.record)
		}
		if err != nil {
			return err
		}
		delete(buckets, string(name))
	}
	for name := range buckets {
		if err := w.damage("page %d: there is a bucket %q, which no store has", w.meta.root, name); err != nil {
			return err
		}
	}
	return nil
}

// damage notes one damage.
func (w *walker) damage(format string, args ...any) error {
	w.found = append(w.found, fmt.Sprintf(format, args...))
	if len(w.found) >= cmp.Or(w.most, mostFound) {
		return errEnough
	}
	return nil
}

// bucket is the value that a bucket's name has in the root: where it begins.
type bucket struct{ root, sequence uint64 }

// buckets walks the root, whose every element is a bucket. A small bucket stands
// in its own value.
func (w *walker) buckets() (map[string]bucket, error) {
	found := map[string]bucket{}
	err := w.tree(w.meta.root, nil, nil, 0, func(at uint64, i int, flags uint32, key, value []byte) error {
		if flags != 1 || len(value) < bucketSize {
			return w.damage("page %d (leaf): element %d is no bucket", at, i)
		}
		b := bucket{order.Uint64(value), order.Uint64(value[8:])}
		found[string(key)] = b
		switch {
		case b.root == 0:
			return w.inline(at, string(key), value[bucketSize:])
		case len(value) != bucketSize:
			return w.damage("page %d (leaf): bucket %q has %d bytes too many", at, key, len(value)-bucketSize)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if stopped, running := found[string(marks[0])], found[string(marks[1])]; stopped.sequence != running.sequence {
		err = w.damage("page %d (leaf): the two marks of a clean stop, as they once were, differ", w.meta.root)
	}
	for name, b := range found {
		if err == nil && b.sequence != 0 && !slices.Contains(marks[:], engine.Bucket(name)) {
			err = w.damage("page %d (leaf): bucket %q has a sequence, which no store gives", w.meta.root, name)
		}
	}
	return found, err
}

// inline checks a bucket that stands in its own value: a leaf without a number.
func (w *walker) inline(at uint64, name string, p []byte) error {
	if len(p) < headSize {
		return w.damage("page %d (leaf): bucket %q is cut short", at, name)
	}
	h := headOf(p)
	if h.id != 0 || h.flags != leafFlag || h.overflow != 0 {
		return w.damage("page %d (leaf): bucket %q within has a damaged page header", at, name)
	}
	_, err := w.elements(at, h, p, nil, nil, w.record)
	return err
}

// record checks an element of a bucket, which is a record and no bucket.
func (w *walker) record(at uint64, i int, flags uint32, _, _ []byte) error {
	if flags != 0 {
		return w.damage("page %d (leaf): key %d has flags %#x, a record has none", at, i, flags)
	}
	return nil
}

// head is what a page says about itself.
type head struct {
	id           uint64
	flags, count uint16
	overflow     uint32
}

var order = binary.NativeEndian

func headOf(p []byte) head {
	return head{order.Uint64(p), order.Uint16(p[8:]), order.Uint16(p[10:]), order.Uint32(p[12:])}
}

// page reads a page with its overflow and marks it used. It returns nil if it
// cannot be what its reference says. The bytes are valid until the next page of the
// same level is read.
func (w *walker) page(id uint64, flags ...uint16) (head, []byte, error) {
	if id < 2 || id >= w.meta.high {
		return head{}, nil, w.damage("page %d is referred to, there are %d", id, w.meta.high)
	}
	size := int64(w.meta.pageSize)
	for len(w.rooms) <= w.level {
		w.rooms = append(w.rooms, make([]byte, size))
	}
	p := w.rooms[w.level][:size]
	if _, err := w.file.ReadAt(p, int64(id)*size); err != nil {
		return head{}, nil, fmt.Errorf("read page %d: %w", id, err)
	}
	h := headOf(p)
	switch {
	case h.id != id:
		return h, nil, w.damage("page %d says that it is page %d", id, h.id)
	case !slices.Contains(flags, h.flags):
		return h, nil, w.damage("page %d is a %s (%#x) where a %s belongs", id, flagNames[h.flags], h.flags, flagNames[flags[len(flags)-1]])
	case uint64(h.overflow) >= w.meta.high-id || int64(h.overflow) >= mostRun/size:
		return h, nil, w.damage("page %d (%s): goes on for %d pages, there are %d", id, flagNames[h.flags], h.overflow, w.meta.high)
	}
	for n := id; n <= id+uint64(h.overflow); n++ {
		if w.used.has(n) {
			return h, nil, w.damage("page %d (%s): page %d is referred to twice", id, flagNames[h.flags], n)
		}
	}
	for n := id; n <= id+uint64(h.overflow); n++ {
		w.used.set(n)
	}
	if h.overflow > 0 {
		p = slices.Grow(p, int(int64(h.overflow)*size))[:(int64(h.overflow)+1)*size]
		w.rooms[w.level] = p
		if _, err := w.file.ReadAt(p[size:], int64(id+1)*size); err != nil {
			return h, nil, fmt.Errorf("read page %d: %w", id, err)
		}
	}
	w.done += 1 + int64(h.overflow)
	if w.progress != nil && w.done%256 < 1+int64(h.overflow) {
		return h, p, w.progress(w.done, int64(w.meta.high))
	}
	return h, p, nil
}

// each is told of every element of the leaves: its page, its place in it, and
// what stands there.
type each func(page uint64, i int, flags uint32, key, value []byte) error

// tree walks a page and all below it. first is the key that the page must begin
// with, nil for a root; before is the key that all its keys must be less than,
// nil if there is none.
func (w *walker) tree(id uint64, first, before []byte, depth int, fn each) error {
	if depth >= mostDeep {
		return w.damage("page %d: lies %d levels deep", id, depth)
	}
	w.level++
	defer func() { w.level-- }()
	h, p, err := w.node(id, first, before, fn)
	if err != nil || p == nil || h.flags == leafFlag {
		return err
	}
	for i := range int(h.count) {
		_, key, child := branchAt(p, i)
		next := before
		if i+1 < int(h.count) {
			_, next, _ = branchAt(p, i+1)
		}
		if err := w.tree(child, key, next, depth+1, fn); err != nil {
			return err
		}
	}
	return nil
}

// node reads one page of a tree and checks it. It returns nil if the page is not
// what it should be, or if some of it is not and nothing can be told of the rest.
func (w *walker) node(id uint64, first, before []byte, fn each) (head, []byte, error) {
	h, p, err := w.page(id, branchFlag, leafFlag)
	if err != nil || p == nil {
		return h, nil, err
	}
	if h.count == 0 && (h.flags == branchFlag || first != nil) {
		return h, nil, w.damage("page %d (%s): is empty", id, flagNames[h.flags])
	}
	size := uint64(w.meta.pageSize)
	end, err := w.elements(id, h, p, first, before, fn)
	if err != nil || end < 0 {
		return h, nil, err
	}
	if need := max(1, (uint64(end)+size-1)/size); need != uint64(h.overflow)+1 {
		return h, nil, w.damage("page %d (%s): goes on for %d pages, its content for %d", id, flagNames[h.flags], h.overflow, need-1)
	}
	return h, p, w.zeros(id, h, p, end)
}

// branchAt is an element of a branch whose offsets were checked.
func branchAt(p []byte, i int) (pos int, key []byte, child uint64) {
	e := p[headSize+i*elementSize:]
	pos = headSize + i*elementSize + int(order.Uint32(e))
	return pos, p[pos : pos+int(order.Uint32(e[4:]))], order.Uint64(e[8:])
}

// elements checks that a page's elements lie one after the other and within it,
// and that their keys ascend. It returns where they end, or -1 if that cannot be
// told.
func (w *walker) elements(id uint64, h head, p, first, before []byte, fn each) (int, error) {
	name := flagNames[h.flags]
	at := headSize + int(h.count)*elementSize
	if at > len(p) {
		return -1, w.damage("page %d (%s): %d elements do not fit into it", id, name, h.count)
	}
	var last []byte
	for i := range int(h.count) {
		base := headSize + i*elementSize
		e := p[base : base+elementSize]
		var flags, pos, keySize, valueSize uint32
		if h.flags == leafFlag {
			flags, pos, keySize, valueSize = order.Uint32(e), order.Uint32(e[4:]), order.Uint32(e[8:]), order.Uint32(e[12:])
		} else {
			pos, keySize = order.Uint32(e), order.Uint32(e[4:])
		}
		end := uint64(at) + uint64(keySize) + uint64(valueSize)
		switch {
		case uint64(base)+uint64(pos) != uint64(at):
			return -1, w.damage("page %d (%s): element %d begins at byte %d, the one before ends at %d", id, name, i, uint64(base)+uint64(pos), at)
		case end > uint64(len(p)):
			return -1, w.damage("page %d (%s): element %d ends at byte %d of %d", id, name, i, end, len(p))
		case keySize == 0:
			return -1, w.damage("page %d (%s): key %d is empty", id, name, i)
		}
		key := p[at : at+int(keySize)]
		var err error
		switch {
		case i == 0 && first != nil && !bytes.Equal(key, first):
			err = w.damage("page %d (%s): key 0 is not the one that the page above has for it", id, name)
		case last != nil && bytes.Compare(last, key) >= 0, before != nil && bytes.Compare(key, before) >= 0:
			err = w.damage("page %d (%s): key %d out of order", id, name, i)
		}
		if err == nil && h.flags == leafFlag {
			err = fn(id, i, flags, key, p[at+int(keySize):int(end)])
		}
		if err != nil {
			return -1, err
		}
		last, at = key, int(end)
	}
	if h.id == 0 && at != len(p) {
		return -1, w.damage("page %d (%s): a bucket within has %d bytes too many", id, name, len(p)-at)
	}
	return at, nil
}

// zeros checks the rest of a page, in which nothing stands.
func (w *walker) zeros(id uint64, h head, p []byte, from int) error {
	rest := p[from:]
	if len(rest) == 0 || rest[0] == 0 && bytes.Equal(rest[:len(rest)-1], rest[1:]) {
		return nil
	}
	for i, b := range rest {
		if b != 0 {
			return w.damage("page %d (%s): byte %d is not zero, and nothing stands there", id, flagNames[h.flags], from+i)
		}
	}
	return nil
}

// freeList reads which pages are free: in order, none of them in use.
func (w *walker) freeList() error {
	h, p, err := w.page(w.meta.freelist, freeFlag)
	if err != nil || p == nil {
		return err
	}
	at, count := headSize, uint64(h.count)
	if count == 0xFFFF { // then the first number is the count
		count, at = order.Uint64(p[at:]), at+8
	}
	if count > uint64(len(p)-at)/8 {
		return w.damage("page %d (free list): %d pages do not fit into it", h.id, count)
	}
	last := uint64(1)
	for range count {
		id := order.Uint64(p[at:])
		at += 8
		switch {
		case id <= last || id >= w.meta.high:
			return w.damage("page %d (free list): page %d out of order, of %d", h.id, id, w.meta.high)
		case w.used.has(id):
			err = w.damage("page %d (free list): page %d is in use", h.id, id)
		}
		if err != nil {
			return err
		}
		w.free.set(id)
		last = id
	}
	return w.zeros(h.id, h, p, at)
}

// lost looks for pages that are neither in use nor free. Where something else
// was found they follow from it and are not listed.
func (w *walker) lost() error {
	if len(w.found) > 0 {
		return nil
	}
	for id := range w.meta.high {
		if !w.used.has(id) && !w.free.has(id) {
			if err := w.damage("page %d is neither in use nor free", id); err != nil {
				return err
			}
		}
	}
	return nil
}

// bits is one bit for each page; nil keeps none.
type bits []uint64

func newBits(n uint64) bits { return make(bits, (n+63)/64) }

func (b bits) set(n uint64) {
	if b != nil {
		b[n/64] |= 1 << (n % 64)
	}
}

func (b bits) has(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0 }
