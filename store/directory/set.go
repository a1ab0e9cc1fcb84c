package directory

import (
	"math/bits"
	"slices"
)

// set is a set of rows. A small one is a sorted list; from the size on at which a bitmap takes less room it is a
// bitmap.
type set struct {
	list []int32
	bits bitmap
}

// bitmap has a bit for each row; rows past its end are not in it.
type bitmap []uint64

// leastDense is the size below which a set stays a list, however few rows there are.
const leastDense = 128

func (s *set) add(i int32) {
	if s.bits != nil {
		s.bits.add(i)
		return
	}
	at, in := slices.BinarySearch(s.list, i)
	if in {
		return
	}
	s.list = slices.Insert(s.list, at, i)
	s.settle()
}

// settle makes a bitmap of a list that has become long for it.
func (s *set) settle() {
	if len(s.list) == 0 {
		return
	}
	if last := s.list[len(s.list)-1]; len(s.list) > leastDense && len(s.list) > int(last)/32 {
		for _, i := range s.list {
			s.bits.add(i)
		}
		s.list = nil
	}
}

func (s *set) remove(i int32) {
	if s.bits != nil {
		s.bits.remove(i)
	} else if at, in := slices.BinarySearch(s.list, i); in {
		s.list = slices.Delete(s.list, at, at+1)
	}
}

// joinTo adds the set's rows to a bitmap that has room for all of them.
func (s *set) joinTo(b bitmap) {
	for i, w := range s.bits {
		b[i] |= w
	}
	for _, i := range s.list {
		b[i>>6] |= 1 << (i & 63)
	}
}

// keepIn takes from a bitmap all that the set does not hold. No set holds nothing.
func (s *set) keepIn(b bitmap) {
	switch {
	case s == nil:
		clear(b)
	case s.bits != nil:
		b.keep(s.bits)
	default:
		next := 0
		for rest := s.list; len(rest) > 0; {
			word, mask := int(rest[0]>>6), uint64(0)
			for len(rest) > 0 && int(rest[0]>>6) == word {
				mask |= 1 << (rest[0] & 63)
				rest = rest[1:]
			}
			clear(b[next:word])
			b[word] &= mask
			next = word + 1
		}
		clear(b[next:])
	}
}

// countIn is how many rows of the set a bitmap holds.
func (s *set) countIn(b bitmap) int {
	n := 0
	for i, w := range s.bits[:min(len(s.bits), len(b))] {
		n += bits.OnesCount64(w & b[i])
	}
	for _, i := range s.list {
		n += int(b[i>>6] >> (i & 63) & 1)
	}
	return n
}

func (b *bitmap) add(i int32) {
	if need := int(i>>6) + 1; need > len(*b) {
		*b = append(*b, make(bitmap, need-len(*b))...)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}

func (b bitmap) remove(i int32) {
	if int(i>>6) < len(b) {
		b[i>>6] &^= 1 << (i & 63)
	}
}

func (b bitmap) has(i int32) bool { return int(i>>6) < len(b) && b[i>>6]>>(i&63)&1 == 1 }

func (b bitmap) keep(other bitmap) {
	n := min(len(b), len(other))
	for i := range b[:n] {
		b[i] &= other[i]
	}
	clear(b[n:])
}

func (b bitmap) without(other bitmap) {
	for i := range b[:min(len(b), len(other))] {
		b[i] &^= other[i]
	}
}

func (b bitmap) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// rows goes through the rows of a bitmap, in order.
func (b bitmap) rows(yield func(int32) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !yield(int32(i<<6 + bits.TrailingZeros64(w))) {
				return
			}
		}
	}
}

// blank lends an empty bitmap with room for all rows, until it is given back.
func (x *Index) blank() *bitmap {
	b := x.scratch.Get().(*bitmap)
	need := (len(x.rows) + 63) / 64
	*b = slices.Grow((*b)[:0], need)[:need]
	clear(*b)
	return b
}
