package store

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Whatever happens to a few records and places within one commit, what is written in
// the end comes to the same as all of it in its order, and finds what it expects there.
func TestOnlyWhereItEndsIsWritten(t *testing.T) {
	type thing struct {
		key   string
		value int
		put   bool
		fresh bool
	}
	play := func(t *rapid.T, there map[string]int, all []thing) {
		for _, one := range all {
			_, had := there[one.key]
			switch {
			case one.put && one.fresh == had:
				t.Fatalf("%s is written, fresh %t, and is there %t", one.key, one.fresh, had)
			case one.put:
				there[one.key] = one.value
			case !had:
				t.Fatalf("%s is removed, and is not there", one.key)
			default:
				delete(there, one.key)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		before, after, short := map[string]int{}, map[string]int{}, map[string]int{}
		for n := range 3 {
			if rapid.Bool().Draw(t, "there") {
				key := fmt.Sprint(n)
				before[key], after[key], short[key] = -1, -1, -1
			}
		}
		var all []thing
		for n := range rapid.IntRange(0, 12).Draw(t, "steps") {
			one := thing{key: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "thing")), value: n}
			_, had := after[one.key]
			one.put = !had || rapid.Bool().Draw(t, "put")
			one.fresh = one.put && !had
			all = append(all, one)
			play(t, after, all[n:])
		}
		var records []thing
		for _, r := range lastRecords(toWriteOf(all, func(one thing) toWrite {
			w := toWrite{recordID: recordID{key: one.key}, fresh: one.fresh}
			if one.put {
				w.plain = fmt.Append(nil, one.value)
			}
			return w
		})) {
			one := thing{key: r.key, put: r.plain != nil, fresh: r.fresh}
			_, _ = fmt.Sscan(string(r.plain), &one.value)
			records = append(records, one)
		}
		play(t, short, records)
		if fmt.Sprint(short) != fmt.Sprint(after) {
			t.Fatalf("records: %v, want %v", short, after)
		}
		var places []thing
		for _, m := range lastMoves(toWriteOf(all, func(one thing) move {
			m := move{joined: one.put, fresh: one.fresh}
			m.place.Entry, m.place.Member.Seq = one.key, uint64(one.value)
			return m
		})) {
			places = append(places, thing{m.place.Entry, int(m.place.Member.Seq), m.joined, m.joined && m.fresh})
		}
		for key := range before {
			before[key] = int(uint64(before[key]))
		}
		play(t, before, places)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("places: %v, want %v", before, after)
		}
	})
}

func toWriteOf[A, B any](all []A, fn func(A) B) (out []B) {
	for _, one := range all {
		out = append(out, fn(one))
	}
	return out
}
