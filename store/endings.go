package store

import (
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// laterWrites is what a commit that is decided ahead is to write beside its moves. The
// acts of one commit often change the same record, and move it on before anybody could
// look: of each only where it ends is written.
type laterWrites struct {
	opened  []care.New
	records []toWrite
}

// recordID says which record is meant.
type recordID struct {
	chart care.ChartID
	kind  care.Kind
	key   string
}

// toWrite is a record as it is to stand; without a plain text it is removed.
type toWrite struct {
	recordID
	plain []byte
	fresh bool // there is none to replace
}

func (s *laterWrites) says() bool { return len(s.opened)+len(s.records) > 0 }

// writeRecord writes a record, or keeps it for later.
func (c *commit) writeRecord(r toWrite) error {
	if c.ahead {
		c.script.records = append(c.script.records, r)
		return nil
	}
	return c.setRecord(r)
}

func (c *commit) setRecord(r toWrite) error {
	name := c.recordName(r.chart, r.kind, r.key)
	if r.plain == nil {
		return c.w.Delete(engine.Charts, name)
	}
	return c.sealRecord(r.chart, name, r.plain, r.fresh)
}

// perform writes what was kept for later.
func (c *commit) perform() error {
	for _, opened := range c.script.opened {
		if err := c.makeKey(opened); err != nil {
			return err
		}
	}
	for _, r := range lastRecords(c.script.records) {
		if err := c.setRecord(r); err != nil {
			return err
		}
	}
	for _, m := range lastMoves(c.moves) {
		if err := c.writeMove(m); err != nil {
			return err
		}
	}
	return nil
}

func lastRecords(all []toWrite) []toWrite {
	return lastOf(all, func(r toWrite) recordID { return r.recordID }, func(first, last toWrite) (toWrite, bool) {
		last.fresh = first.fresh
		return last, last.plain != nil || !first.fresh
	})
}

func lastMoves(all []move) []move {
	return lastOf(all, func(m move) entryID { return entryID{m.place.Set, m.place.Entry} }, func(first, last move) (move, bool) {
		last.fresh = first.joined && first.fresh
		return last, last.joined || !last.fresh
	})
}

// entryID says which place in a set is meant.
type entryID struct {
	set   care.Set
	entry string
}

// lastOf leaves of all that happened to one thing what it comes to, in the order in
// which the things were first touched: comes is told the first and the last, and whether
// there is anything left to do.
func lastOf[T any, ID comparable](all []T, id func(T) ID, comes func(first, last T) (T, bool)) []T {
	type span struct{ first, last int }
	at := make(map[ID]int, len(all))
	spans := make([]span, 0, len(all))
	for i, one := range all {
		if n, had := at[id(one)]; had {
			spans[n].last = i
		} else {
			at[id(one)] = len(spans)
			spans = append(spans, span{i, i})
		}
	}
	left := make([]T, 0, len(spans))
	for _, s := range spans {
		if s.first == s.last {
			left = append(left, all[s.first])
		} else if one, still := comes(all[s.first], all[s.last]); still {
			left = append(left, one)
		}
	}
	return left
}
