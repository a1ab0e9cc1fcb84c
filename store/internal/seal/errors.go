package seal

import (
	"errors"
	"fmt"
)

var (
	// ErrNotAuthentic: an envelope is not what was sealed for this place, or
	// the key is not the one it was sealed under. Which of the two cannot be told.
	ErrNotAuthentic = errors.New("record fails authentication")

	// ErrKeySpent: a chart key has sealed as often as it may. The chart needs
	// a new key before anything more is written to it.
	ErrKeySpent = errors.New("chart key has sealed 2^28 records and must be replaced")

	// ErrHeaderDamaged: the header is not what was written. The error is a HeaderDamaged.
	ErrHeaderDamaged = errors.New("header damaged")

	// ErrWrongKey: the secret opens none of the slots. The error is a WrongKey.
	ErrWrongKey = errors.New("wrong key")

	// ErrNewerFormat: a newer program wrote the header. The error is a NewerFormat.
	ErrNewerFormat = errors.New("store has a newer format")

	// ErrSecretFile: a secret cannot be used; the error says why and what to do.
	ErrSecretFile = errors.New("secret cannot be used")

	// ErrSlot: the slots cannot be changed in this way; the error says why.
	ErrSlot = errors.New("slots stay as they are")
)

// HeaderDamaged says where the header is broken and what may mend it.
type HeaderDamaged struct {
	At   int    // first byte that is wrong, as far as it can be told; -1 if it cannot
	What string // what is wrong
	Good string // "header" or "mirror" when that copy is whole, else empty
}

// Error says where the header is broken and from what to restore it.
func (e HeaderDamaged) Error() string {
	where, from := "header damaged", "its *.hdr copy: careconnect repair --header FILE"
	if e.At >= 0 {
		where = fmt.Sprintf("header damaged at byte %d", e.At)
	}
	if e.Good != "" {
		from = "its " + e.Good + " record, which is whole, or from " + from
	}
	return fmt.Sprintf("%s: %s; restore header from %s", where, e.What, from)
}

// Unwrap returns ErrHeaderDamaged.
func (e HeaderDamaged) Unwrap() error { return ErrHeaderDamaged }

// WrongKey says which slots the header has, and that the secret fits none.
type WrongKey struct {
	Slots string // each slot's type and id: "keyfile 1, passphrase 2"
}

// Error lists the slots, so that the right secret can be looked for.
func (e WrongKey) Error() string {
	return "no key slot opens with this secret (slots: " + e.Slots + ")"
}

// Unwrap returns ErrWrongKey.
func (e WrongKey) Unwrap() error { return ErrWrongKey }

// NewerFormat names both formats.
type NewerFormat struct {
	File    int // the format of the file
	Program int // the newest format this program reads
}

// Error names both formats.
func (e NewerFormat) Error() string {
	return fmt.Sprintf("store has format %d, this program reads up to %d; use the program that wrote it", e.File, e.Program)
}

// Unwrap returns ErrNewerFormat.
func (e NewerFormat) Unwrap() error { return ErrNewerFormat }
