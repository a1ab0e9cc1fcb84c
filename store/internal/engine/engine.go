// Package engine is the floor the sealed store stands on: ordered bytes in a
// few buckets, read and written in transactions, and nothing more. An engine
// is never trusted. It sees names that look random and values that are sealed,
// so it can neither read a record nor forge one; what it can do is lose, damage
// or roll back bytes, and the store above finds that out by its digests. The
// interface is kept this small so that a second engine, over a network for
// one, needs nothing from the rest of the house.
package engine

import (
	"errors"
	"io"
)

// Engine is one store of ordered bytes. Its methods may be called from several
// goroutines; updates run one after the other, views beside them.
type Engine interface {
	// View runs fn against one unchanging state, the last committed one. It
	// returns what fn returns. Inside fn no Update of the same engine may be
	// waited for: an engine may have to wait for its readers to finish.
	View(fn func(Reader) error) error

	// Update runs fn and commits what it wrote, all or nothing. If fn fails,
	// nothing is written and its error is returned as it is. An error that
	// wraps ErrOutcomeUnknown says that the commit had begun: it may or may
	// not be there, and the caller must stop. fn may be run again by engines
	// that retry, so it must have no effect outside the transaction.
	Update(fn func(Writer) error) error

	// Size is the number of bytes the store takes up where it is kept.
	Size() (int64, error)

	// Close waits for open transactions and lets the store go.
	Close() error
}

// Walker is an engine whose file can be looked through before or beside its use,
// so that damage in its own structure is named and not stumbled upon.
type Walker interface {
	// Walk looks through what has not been looked through since the store was
	// opened. progress is told how far it is and may end it with an error. The
	// error wraps ErrDamaged for each damage.
	Walk(progress func(done, total int64) error) error

	// Unread says that there is something to look through.
	Unread() bool
}

// Compacter is an engine whose file never shrinks by itself, and keeps in it
// what was removed until the room is used again.
type Compacter interface {
	// Compact writes what there is now, and nothing that was removed before it
	// began, into a new place and takes that for the store. Readers go on;
	// writers wait only for the last step. Killed at any instant it leaves the
	// old place or the new one, whole. An error that wraps ErrOutcomeUnknown
	// says that the exchange had begun; any other, also one of progress, that
	// everything is as it was.
	Compact(progress func(done, total int64) error) error
}

// Pager is a Reader that can say where in the file a key stands.
type Pager interface {
	// Page is the number of the key's page; 0 if that cannot be told.
	Page(b Bucket, key []byte) uint64
}

// Still says whether nobody writes what is read: then several goroutines may read
// with it at once, for as long as they like.
func Still(r Reader) bool {
	_, is := r.(interface{ NobodyWrites() })
	return is
}

// Guarded runs what a goroutine of its own reads: what it finds that the disk does
// not give any more is an error, as within View, and does not end the process.
func Guarded(r Reader, fn func() error) error {
	if guards, is := r.(interface{ Guarded(func() error) error }); is {
		return guards.Guarded(fn)
	}
	return fn()
}

// Copier is a Reader that can write out the whole state it reads, as a store
// that can be opened.
type Copier interface {
	// Length is how many bytes Copy will write.
	Length() int64

	// Copy writes the state to w, beside other readers and writers. What is
	// removed meanwhile stays in the engine until Copy ends, so w should be
	// fast. It may lose the kind of an error of w in its own.
	Copy(w io.Writer) error
}

// Wholer is an engine that has more than its file in View, and can bring about
// that a reader sees the file alone.
type Wholer interface {
	Whole(fn func(Reader) error) error
}

// ViewWhole runs fn against a state that a Copier can copy, where an engine has
// one.
func ViewWhole(e Engine, fn func(Reader) error) error {
	if w, is := e.(Wholer); is {
		return w.Whole(fn)
	}
	return e.View(fn)
}

// Reserve is the room, in bytes, that an engine holds back for what must be
// written even when there is none left.
const Reserve int64 = 1 << 20

// Keeper is an engine that can hold room back.
type Keeper interface {
	// HoldBack makes the reserve, or makes it whole again. The error wraps
	// ErrNoRoom while there is not room for it and for more updates beside it.
	HoldBack() error

	// Spend lets updates have the reserve, down to so many bytes of it.
	Spend(down int64) error
}

// Reader reads within one transaction.
type Reader interface {
	// Get returns the value of a key, or nil if there is none. An empty value
	// is not nil. The bytes belong to the engine: they are valid until the
	// transaction ends and must not be changed.
	Get(b Bucket, key []byte) []byte

	// Scan calls fn for each key that begins with prefix, in the order of the
	// keys' bytes, starting at the first key that is not before prefix+from.
	// To go on after key k, pass the bytes of k after the prefix and a zero
	// byte. fn stops the scan with ErrStop, which Scan does not pass on, or
	// with any other error, which it does. The bytes given to fn are valid
	// until the transaction ends. fn must not write to the bucket it scans.
	Scan(b Bucket, prefix, from []byte, fn func(k, v []byte) error) error
}

// Writer reads and writes within one transaction, and reads what it wrote.
type Writer interface {
	Reader

	// Put sets the value of a key, which must not be empty. The value must not
	// be changed until the transaction ends.
	Put(b Bucket, key, value []byte) error

	// Delete removes a key. To remove what is not there is no error.
	Delete(b Bucket, key []byte) error
}

// ErrStop ends a Scan early and without an error.
var ErrStop = errors.New("stop scanning")
