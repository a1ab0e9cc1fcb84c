package store

import (
	"sync"
	"sync/atomic"
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
}

// Checked says what the passes over the store have found so far.
func (s *Store) Checked() Checked {
	return Checked{int(s.checking.percent.Load()), s.checking.last.Load()}
}
