package behind

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"careconnect/rules/order"
	"careconnect/store/internal/engine"
)

// layer is what commits wrote and removed. Keys that begin alike lie together, so
// that one chart or one list is found without a look at the others.
type layer struct {
	groups map[place][]entry // each in the order of its keys
	keys   int
	pins   int // views that must not see it change
}

// near is how many bytes at the beginning of a key make its group; of a shorter key
// it is all but the last, so that numbers that follow each other lie together too.
const near = 16

// place names a group. It holds no pointer, so that a layer of many costs the garbage
// collector nothing.
type place struct {
	bucket uint8 // which of engine.Buckets
	n      uint8
	name   [near]byte
}

// entry is a key with its value; nil: it was removed.
type entry struct{ key, value []byte }

func newLayer() *layer { return &layer{groups: map[place][]entry{}} }

func placeOf(b engine.Bucket, key []byte) place {
	n := len(key)
	switch {
	case n > near:
		n = near
	case n < near && n > 0:
		n--
	}
	p := place{bucket: uint8(slices.Index(engine.Buckets, b)), n: uint8(n)}
	copy(p.name[:], key[:n])
	return p
}

func (p place) of() engine.Bucket { return engine.Buckets[p.bucket] }

// mayHold says whether keys that begin with a short prefix can be in the group.
func (p place) mayHold(prefix []byte) bool {
	n := min(int(p.n), len(prefix))
	return bytes.Equal(p.name[:n], prefix[:n])
}

func find(group []entry, key []byte) (int, bool) {
	return slices.BinarySearchFunc(group, key, func(e entry, key []byte) int { return bytes.Compare(e.key, key) })
}

func (l *layer) get(b engine.Bucket, key []byte) (entry, bool) {
	group := l.groups[placeOf(b, key)]
	if i, ok := find(group, key); ok {
		return group[i], true
	}
	return entry{}, false
}

func (l *layer) set(b engine.Bucket, e entry) { l.put(placeOf(b, e.key), e) }

func (l *layer) put(p place, e entry) {
	group := l.groups[p]
	i, had := find(group, e.key)
	if had {
		group[i] = e
		return
	}
	l.groups[p] = slices.Insert(group, i, e)
	l.keys++
}

// take lays another layer over this one. The other is of no use afterwards.
func (l *layer) take(other *layer) {
	for p, group := range other.groups {
		if l.groups[p] == nil {
			l.groups[p] = group
			l.keys += len(group)
			continue
		}
		for _, e := range group {
			l.put(p, e)
		}
	}
}

// writeTo writes layers in the order of their keys, of each key what is newest.
func writeTo(w engine.Writer, layers []*layer) error {
	var places []place
	for i, l := range layers {
		for p := range l.groups {
			if !slices.ContainsFunc(layers[:i], func(earlier *layer) bool { return earlier.groups[p] != nil }) {
				places = append(places, p)
			}
		}
	}
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(x.bucket, y.bucket), bytes.Compare(x.name[:], y.name[:]), cmp.Compare(x.n, y.n))
	})
	for _, p := range places {
		for _, e := range newest(layers, p) {
			var err error
			if e.value == nil {
				err = w.Delete(p.of(), e.key)
			} else {
				err = w.Put(p.of(), e.key, e.value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// newest are the entries of a group in all layers, in their order: of each key what
// the latest says.
func newest(layers []*layer, p place) []entry {
	var all []entry
	for _, l := range slices.Backward(layers) {
		group := l.groups[p]
		switch {
		case len(group) == 0:
		case all == nil:
			all = slices.Clip(group)
		default:
			all = append(all, group...)
			order.By(all, func(x, y entry) int { return bytes.Compare(x.key, y.key) })
			all = slices.CompactFunc(all, func(x, y entry) bool { return bytes.Equal(x.key, y.key) })
		}
	}
	return all
}

// found are the entries of a bucket whose keys begin with prefix and are not before
// prefix+from, in their order: of each key what the latest layer says.
func found(layers []*layer, b engine.Bucket, prefix, from []byte) []entry {
	var all []entry
	if len(prefix) >= near {
		all = newest(layers, placeOf(b, prefix))
	} else {
		bucket := placeOf(b, nil).bucket
		for _, l := range slices.Backward(layers) {
			for p, group := range l.groups {
				if p.bucket == bucket && p.mayHold(prefix) {
					all = append(all, group...)
				}
			}
		}
		order.By(all, func(x, y entry) int { return bytes.Compare(x.key, y.key) })
		all = slices.CompactFunc(all, func(x, y entry) bool { return bytes.Equal(x.key, y.key) })
	}
	if len(all) == 0 {
		return nil
	}
	start, _ := find(all, slices.Concat(prefix, from))
	end := start
	for end < len(all) && bytes.HasPrefix(all[end].key, prefix) {
		end++
	}
	return all[start:end]
}

// reader reads what is below, with layers over it.
type reader struct {
	engine.Reader
	layers []*layer
}

func (r reader) Get(b engine.Bucket, key []byte) []byte {
	for _, l := range slices.Backward(r.layers) {
		if e, ok := l.get(b, key); ok {
			return e.value
		}
	}
	return r.Reader.Get(b, key)
}

// Guarded has the engine below watch over what a goroutine of its own reads.
func (r reader) Guarded(fn func() error) error { return engine.Guarded(r.Reader, fn) }

func (r reader) Scan(b engine.Bucket, prefix, from []byte, fn func(k, v []byte) error) error {
	over := found(r.layers, b, prefix, from)
	stopped := false
	give := func(k, v []byte) error {
		if v == nil {
			return nil
		}
		err := fn(k, v)
		stopped = errors.Is(err, engine.ErrStop)
		return err
	}
	err := r.Reader.Scan(b, prefix, from, func(k, v []byte) error {
		for len(over) > 0 {
			switch c := bytes.Compare(over[0].key, k); {
			case c > 0:
				return give(k, v)
			case c == 0:
				e := over[0]
				over = over[1:]
				return give(e.key, e.value)
			}
			e := over[0]
			over = over[1:]
			if err := give(e.key, e.value); err != nil {
				return err
			}
		}
		return give(k, v)
	})
	for _, e := range over {
		if err != nil || stopped {
			break
		}
		err = give(e.key, e.value)
	}
	if stopped {
		return nil
	}
	return err
}

// writer writes to a layer of its own.
type writer struct {
	reader
	own *layer
}

func (w writer) Put(b engine.Bucket, key, value []byte) error {
	if len(key) == 0 {
		return fmt.Errorf("put in bucket %s: a key has at least one byte", b)
	}
	if value == nil {
		value = []byte{} // nil means absent to a reader
	}
	return w.set(b, entry{bytes.Clone(key), value})
}

func (w writer) Delete(b engine.Bucket, key []byte) error {
	return w.set(b, entry{bytes.Clone(key), nil})
}

func (w writer) set(b engine.Bucket, e entry) error {
	if !slices.Contains(engine.Buckets, b) {
		return fmt.Errorf("no bucket %q in the store", b)
	}
	w.own.set(b, e)
	return nil
}
