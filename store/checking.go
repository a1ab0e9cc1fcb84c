package store

import (
	"sync"
	"sync/atomic"

	"careconnect/store/internal/engine"
)

// checking is what a store knows of its full passes.
type checking struct {
	turn    sync.Mutex           // one pass at a time
	pass    atomic.Pointer[pass] // the one that must be told of commits
	percent atomic.Int64         // how far it is, from 1 to 100; 0 if there is none
	last    atomic.Pointer[Report]
}

// Checked is what is known of a store's wholeness.
type Checked struct {
	Percent int     // of a pass that runs now, from 1 to 100; 0 if none does
	Last    *Report // of the last pass that ended; nil if none did since the start
	Unread  bool    // the start was not held up by a look at every page, since the stop before it was clean: that goes on now
}

// Checked says what the passes over the store have found so far.
func (s *Store) Checked() Checked {
	walker, walks := s.engine.(engine.Walker)
	return Checked{int(s.checking.percent.Load()), s.checking.last.Load(), walks && walker.Unread()}
}
