package directory

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSetIsASet holds a set, small or dense, against a map.
func TestSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rows = 5000
		var s set
		in := map[int32]bool{}
		row := rapid.Int32Range(0, rows-1)
		for _, i := range rapid.SliceOfN(row, 0, 400).Draw(t, "added") {
			s.add(i)
			in[i] = true
		}
		for _, i := range rapid.SliceOfN(row, 0, 100).Draw(t, "removed") {
			s.remove(i)
			delete(in, i)
		}
		other, all := make(bitmap, (rows+63)/64), make(bitmap, (rows+63)/64)
		both := 0
		for _, i := range rapid.SliceOfNDistinct(row, 0, 200, rapid.ID).Draw(t, "other") {
			other.add(i)
			if in[i] {
				both++
			}
		}
		s.joinTo(all)
		if n := s.countIn(other); n != both || all.count() != len(in) {
			t.Fatalf("%d of %d in both, %d of %d in all", n, both, all.count(), len(in))
		}
		kept := slices.Clone(other)
		s.keepIn(kept)
		other.keep(all)
		if !slices.Equal(kept, other) || kept.count() != both {
			t.Fatalf("kept %d of %d", kept.count(), both)
		}
		for i := range all.rows {
			if !in[i] || !all.has(i) {
				t.Fatalf("%d is in", i)
			}
		}
	})
}
