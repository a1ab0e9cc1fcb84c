package care

import "time"

// FaultKind says what a caller can do about a fault.
type FaultKind string

// The kinds of fault; http has the one table from kind to status.
const (
	NotFound  FaultKind = "not_found" // there is none, or it may not be seen: the same answer
	Forbidden FaultKind = "forbidden" // the role has no right to this at all
	Conflict  FaultKind = "conflict"  // the state has moved on
	Invalid   FaultKind = "invalid"   // what was sent cannot be read as meant
	Gone      FaultKind = "gone"      // it was there once, and its time is over
	Stale     FaultKind = "stale"     // the caller's copy is older than the record
)

// Fault is an error that the caller can act upon. Says tells what was wrong and
// what to do, in words that may be shown to anyone.
type Fault struct {
	Kind FaultKind
	Code string
	Says string
	// Next are openings to take instead, when one was gone.
	Next []time.Time
	// Others are providers to choose instead, when one has left the list.
	Others []ChartID
	// Waitlist says that the provider takes names on a waiting list instead.
	Waitlist bool
}

// Error gives the sentence.
func (f *Fault) Error() string { return f.Says }

// Missing is the one answer for what does not exist and for what may not be seen.
func Missing() *Fault {
	return &Fault{Kind: NotFound, Code: "not_found", Says: "There is nothing here that you can see. Check the link, or go back to your start page."}
}
