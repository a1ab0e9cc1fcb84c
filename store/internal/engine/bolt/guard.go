package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"

	"go.etcd.io/bbolt"

	"careconnect/store/internal/engine"
)

// guard stands between bbolt and pages that nobody has walked yet. After a clean
// stop the walk follows beside the first answers; until it has ended bbolt follows
// no page that was not looked at as the walk would look at it. Readers are led
// down the tree around the map. Before a writer touches a key, the way down to it
// is looked at, and on each level the page on either side: more than that bbolt
// does not read when it moves records between pages. What is found unsound ends
// the transaction with an error that wraps engine.ErrDamaged, and leaves the file
// without the mark of a clean stop.
type guard struct {
	high    uint64 // pages when the store was opened
	free    bits   // of them, by the free list, which was proven
	mu      sync.Mutex
	touched bits // a writer came by since, and something else may stand there now
}

func newGuard(of proven) *guard { return &guard{high: of.high, free: of.free, touched: of.first} }

// stale says that a page which is surely as it was when the store was opened
// refers to one that was free then.
func (g *guard) stale(parent, id uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	settled := parent != 0 && parent < g.high && !g.free.has(parent) && !g.touched.has(parent)
	return settled && g.free.has(id)
}

func (g *guard) touch(n node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := n.id; id <= n.id+uint64(n.overflow) && id < g.high; id++ {
		g.touched.set(id)
	}
}

// check looks at pages of the state that one transaction began in.
type check struct {
	guard *guard
	t     transaction
	walker
	pages map[uint64]node
}

func (g *guard) of(t transaction) *check {
	size := int64(t.body.db.Info().PageSize)
	return &check{guard: g, t: t, pages: map[uint64]node{}, walker: walker{
		file: t.body.disk, most: 1, meta: meta{pageSize: uint32(size), high: uint64(t.tx.Size() / size)},
	}}
}

// node is a page of a tree that was looked at.
type node struct {
	head
	p []byte
}

// mostPages bounds the pages that one transaction keeps.
const mostPages = 1024

// unsound ends a transaction: a Get has no error to give.
type unsound struct{ error }

// place is where a page hangs in its tree.
type place struct {
	id, parent    uint64
	first, before []byte // the key that it must begin with, and that which all its keys must be less than
}

// at is the page of a place, looked at.
func (c *check) at(at place) node {
	if known, is := c.pages[at.id]; is {
		return known
	}
	var err error
	if c.guard.stale(at.parent, at.id) {
		err = c.damage("page %d is referred to by page %d, and is free", at.id, at.parent)
	}
	var n node
	if err == nil {
		c.rooms = nil // what was read before is kept
		n.head, n.p, err = c.walker.node(at.id, at.first, at.before, c.record)
	}
	if len(c.found) > 0 {
		c.t.store.harmed.Store(true)
		err = damages(c.t.store.path, c.found)
	}
	if err != nil {
		panic(unsound{err})
	}
	if c.t.inside != nil {
		c.guard.touch(n)
	}
	if len(c.pages) >= mostPages {
		clear(c.pages)
	}
	c.pages[at.id] = n
	return n
}

// child is the place of a branch's child.
func (n node) child(at place, i int) place {
	_, first, id := branchAt(n.p, i)
	next := at.before
	if i+1 < int(n.count) {
		_, next, _ = branchAt(n.p, i+1)
	}
	return place{id, at.id, first, next}
}

// under is the number of the child under which a key is: the last that does not
// begin behind it.
func (n node) under(key []byte) int {
	return max(0, sort.Search(int(n.count), func(i int) bool {
		_, first, _ := branchAt(n.p, i)
		return bytes.Compare(first, key) > 0
	})-1)
}

// leafAt is an element of a leaf.
func (n node) leafAt(i int) (key, value []byte) {
	base := headSize + i*elementSize
	e := n.p[base:]
	from := base + int(order.Uint32(e[4:]))
	mid := from + int(order.Uint32(e[8:]))
	end := mid + int(order.Uint32(e[12:]))
	return n.p[from:mid:mid], n.p[mid:end:end]
}

// from is the first element of a leaf that is not before a key.
func (n node) from(key []byte) int {
	return sort.Search(int(n.count), func(i int) bool {
		k, _ := n.leafAt(i)
		return bytes.Compare(k, key) >= 0
	})
}

// get gives the value of a key in a tree.
func (c *check) get(root uint64, key []byte) (value []byte) {
	_ = c.scan(place{id: root}, 0, key, key, func(k, v []byte) error {
		if len(k) == len(key) {
			value = v
		}
		return errPast
	})
	return value
}

func (c *check) deep(root uint64) unsound {
	return unsound{engine.Damaged{Path: c.t.store.path, What: fmt.Sprintf("page %d: below it lie more than %d levels", root, mostDeep)}}
}

// scan gives the records below a place from a key on, for as long as they begin
// with a prefix; its error ends it.
func (c *check) scan(at place, depth int, start, prefix []byte, fn func(k, v []byte) error) error {
	if depth >= mostDeep {
		panic(c.deep(at.id))
	}
	n := c.at(at)
	if n.flags != leafFlag {
		for i := n.under(start); i < int(n.count); i++ {
			if err := c.scan(n.child(at, i), depth+1, start, prefix, fn); err != nil {
				return err
			}
		}
		return nil
	}
	for i := n.from(start); i < int(n.count); i++ {
		k, v := n.leafAt(i)
		if !bytes.HasPrefix(k, prefix) {
			return errPast
		}
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return nil
}

// errPast: what follows does not begin with the prefix.
var errPast = errors.New("past the prefix")

// around looks at the way down to a key, and at the page on either side on each
// level. It gives the last key of the leaf: up to there bbolt goes on within it.
func (c *check) around(bucket *bbolt.Bucket, key []byte) (last []byte) {
	root := uint64(bucket.Root())
	if root == 0 {
		return nil // it stands in the root page, which was proven
	}
	var left, right *place
	at := place{id: root}
	for range mostDeep {
		n := c.at(at)
		l, r := c.side(left), c.side(right)
		if n.flags == leafFlag {
			if n.count > 0 {
				last, _ = n.leafAt(int(n.count) - 1)
			}
			return last
		}
		i := n.under(key)
		left, right = edge(left, l, false), edge(right, r, true)
		if i > 0 {
			next := n.child(at, i-1)
			left = &next
		}
		if i+1 < int(n.count) {
			next := n.child(at, i+1)
			right = &next
		}
		at = n.child(at, i)
	}
	panic(c.deep(root))
}

// side looks at a neighbour, if there is one.
func (c *check) side(at *place) node {
	if at == nil {
		return node{}
	}
	return c.at(*at)
}

// edge is the child of a neighbour that is next to the way down.
func edge(at *place, n node, first bool) *place {
	if at == nil || n.flags != branchFlag {
		return nil
	}
	i := int(n.count) - 1
	if first {
		i = 0
	}
	next := n.child(*at, i)
	return &next
}

// fault makes an error of what ended a transaction that reads: a page that is not
// sound, or one that the disk did not give, which the system tells by a fault at
// an address within the map. Another's panic goes on.
func (s *Store) fault(b *body, before bool, err *error) {
	debug.SetPanicOnFault(before)
	if cause := recover(); cause != nil {
		if *err = s.cause(b, cause); *err == nil {
			panic(cause)
		}
	}
}

// cause is the error behind a panic; nil if it is none of ours.
func (s *Store) cause(b *body, cause any) error {
	if found, is := cause.(unsound); is {
		return found.error
	}
	info := b.db.Info()
	at, within := faultWithin(cause, info.Data, 1<<48)
	if !within {
		return nil
	}
	s.harmed.Store(true)
	return engine.Damaged{Path: s.path, What: fmt.Sprintf("page %d cannot be read", at/uintptr(max(info.PageSize, 1)))}
}

// faultWithin tells a fault at an address within a map from other panics, and how
// far from the map's beginning it is.
func faultWithin(cause any, from, size uintptr) (at uintptr, within bool) {
	fault, is := cause.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !is || fault.Addr() < from || fault.Addr()-from >= size {
		return 0, false
	}
	return fault.Addr() - from, true
}

// panicked is fault for a transaction that writes. What bbolt itself stumbles
// upon is damage too; if it had begun to commit, the outcome is unknown.
func (s *Store) panicked(t transaction, before bool, committed *bool, err *error) {
	debug.SetPanicOnFault(before)
	cause := recover()
	if cause == nil {
		return
	}
	*err = s.cause(t.body, cause)
	if *err == nil && *t.inside {
		s.harmed.Store(true)
		*err = engine.Damaged{Path: s.path, What: fmt.Sprint("page unknown: ", cause)}
	}
	if *err == nil {
		panic(cause)
	}
	if *committed {
		s.spoiled.Store(true)
		*err = fmt.Errorf("commit: %w: %w", engine.ErrOutcomeUnknown, *err)
		defer func() { _ = recover() }()
		_ = t.tx.Rollback() // lets the lock go, for who closes the store
	}
}
