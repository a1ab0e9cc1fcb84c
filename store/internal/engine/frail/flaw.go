package frail

import "time"

// flaw is one way in which an engine may be broken. The suite for engines is held
// to find each: the zero value has none, and only this package's tests set one.
type flaw struct {
	emptyIsNone   bool // an empty value is taken for none
	keepsFirst    bool // a value that is there is not replaced
	keepsDeleted  bool // nothing is removed
	backwards     bool // keys come in another order
	ignoresFrom   bool // a scan begins at the prefix, wherever it is told to
	startsAfter   bool // a scan leaves out the key that it begins at
	ignoresPrefix bool // a scan goes on behind its prefix
	passesStop    bool // the end of a scan is told as an error
	swallows      bool // the error of a scan is not told
	oneBucket     bool // all buckets are one
	keepsFailed   bool // what a failed update wrote stays
	keepsLock     bool // an update that panics keeps the lock
	leaks         bool // what is written is seen before it is committed
	blind         bool // an update does not read what it wrote
	live          bool // a view changes while others write
	torn          bool // a scan does
	unlocked      bool // two updates run at once
	cuts          bool // large values are cut
	takesAll      bool // what cannot be written is accepted
	noSize        bool // the size is not told
	noSync        bool // a commit is acknowledged before it is synced
	forgets       bool // nothing is there when it is opened again
}

// yield lets others go on, where a flaw would show.
func (e *Engine) yield() { time.Sleep(10 * time.Microsecond) }
