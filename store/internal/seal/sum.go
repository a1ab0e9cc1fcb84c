package seal

import (
	"encoding/binary"
	"math/bits"
)

// Sum is a digest of a set of records in which the order does not count: the
// sum of their digests, modulo 2^256. A record is added and taken out in the
// same small time however many there are. The zero Sum is that of no record.
type Sum [32]byte

// Add returns s with the records of t put in.
func (s Sum) Add(t Sum) Sum { return s.combine(t, bits.Add64) }

// Sub returns s with the records of t taken out.
func (s Sum) Sub(t Sum) Sum { return s.combine(t, bits.Sub64) }

func (s Sum) combine(t Sum, op func(x, y, carry uint64) (uint64, uint64)) Sum {
	var out Sum
	var word, carry uint64
	for i := 0; i < len(s); i += 8 {
		word, carry = op(binary.LittleEndian.Uint64(s[i:]), binary.LittleEndian.Uint64(t[i:]), carry)
		binary.LittleEndian.PutUint64(out[i:], word)
	}
	return out
}
