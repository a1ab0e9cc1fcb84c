package engine

import (
	"errors"
	"fmt"
	"time"
)

// What can go wrong with a store as a whole. Each is a class of its own, with
// its own exit code above; the error that carries it says what to do.
var (
	// ErrNoStore: there is no store at this path, and opening never makes one.
	ErrNoStore = errors.New("no store here")

	// ErrExists: a store cannot be made where there is already a file.
	ErrExists = errors.New("a file is already there")

	// ErrLocked: another process holds the store. The error is a Locked.
	ErrLocked = errors.New("store is in use")

	// ErrDamaged: the file is not what the engine wrote. The error is a Damaged.
	ErrDamaged = errors.New("store is damaged")

	// ErrPermission: the file or its directory is too open, or closed to us.
	ErrPermission = errors.New("wrong permissions")

	// ErrReadOnly: the disk, or this opening of the store, takes no writes.
	ErrReadOnly = errors.New("read-only")

	// ErrReplaced: the file under the running store was removed or exchanged.
	ErrReplaced = errors.New("store file was replaced or removed while in use")

	// ErrNoRoom: there is no room for a commit, and none was begun. Once there is
	// room again the store goes on.
	ErrNoRoom = errors.New("no room left on the disk")

	// ErrOutcomeUnknown: a commit had begun when it failed. It may or may not
	// be in the file. The process must stop and look again when it starts.
	ErrOutcomeUnknown = errors.New("outcome of the commit is unknown")
)

// Locked says who holds a store, as far as that can be read.
type Locked struct {
	Path  string
	PID   int       // 0 if it cannot be read
	Since time.Time // zero if it cannot be read
}

// Error names the holder and its start, or says that they cannot be read.
func (e Locked) Error() string {
	switch {
	case e.PID == 0:
		return fmt.Sprintf("%s: in use by another process (its id cannot be read); stop it first", e.Path)
	case e.Since.IsZero():
		return fmt.Sprintf("%s: in use by process %d; stop it first", e.Path, e.PID)
	}
	return fmt.Sprintf("%s: in use by process %d since %s; stop it first", e.Path, e.PID, e.Since.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrLocked.
func (e Locked) Unwrap() error { return ErrLocked }

// Damaged names what in the file is not as the engine wrote it.
type Damaged struct {
	Path string
	What string
}

// Error says where the damage is and what it means.
func (e Damaged) Error() string { return e.Path + ": damaged: " + e.What }

// Unwrap returns ErrDamaged.
func (e Damaged) Unwrap() error { return ErrDamaged }
