package seal

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// SlotType is how a slot is opened.
type SlotType string

// keyfile slots open with 32 random bytes, which need no stretching.
const keyfile SlotType = "keyfile"

// methods are the ways from a secret to the key that wraps the root key. A new
// way is a row here; slots of types that are not here stay in the header
// untouched and are not tried.
var methods = map[SlotType]func(s slot, material []byte) (Key, error){
	keyfile: func(s slot, material []byte) (Key, error) {
		if len(material) != len(Key{}) {
			return Key{}, fmt.Errorf("key has %d bytes, not %d", len(material), len(Key{}))
		}
		k := Key(material)
		defer k.wipe()
		return k.derive("slot keyfile", s.Salt), nil
	},
}

// Secret is what opens a slot: read from a key file, for one. It prints as
// nothing.
type Secret struct {
	kind     SlotType
	material []byte
}

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secret(hidden)") }

// MarshalText refuses, so that no secret gets into JSON by accident.
func (Secret) MarshalText() ([]byte, error) { return nil, errors.New("a secret is not written down") }

// Wipe overwrites the secret; call it once the vault is open.
func (s Secret) Wipe() { clear(s.material) }

// slot is one way to the root key, as it stands in the header. Cost is for
// secrets that people choose, which are stretched; it is bounded when read, so
// that a tampered header cannot use up memory or time.
type slot struct {
	ID        int      `json:"id"`
	Type      SlotType `json:"type"`
	State     string   `json:"state"` // "current", or "previous" while a secret is being exchanged
	Created   string   `json:"created"`
	Salt      []byte   `json:"salt"`
	Cost      *cost    `json:"cost,omitempty"`
	Algorithm string   `json:"algorithm"`
	Wrapped   []byte   `json:"wrapped"` // envelope of the root key
	Check     []byte   `json:"check"`   // tells the right secret before anything is opened
}

// cost is what stretching one secret takes.
type cost struct {
	KDF     string `json:"kdf"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"` // KiB
	Threads uint8  `json:"threads"`
}

// What a header may ask for.
const (
	maxSlots   = 8
	maxTime    = 16
	maxMemory  = 1 << 20
	maxThreads = 16
	saltSize   = 16
	checkSize  = 16
)

// valid refuses slots that no program of this format wrote.
func (s slot) valid() error {
	switch {
	case s.ID < 1 || s.Type == "" || (s.State != "current" && s.State != "previous"):
		return fmt.Errorf("slot %d has no id, type or state", s.ID)
	case len(s.Salt) != saltSize || len(s.Check) != checkSize || len(s.Wrapped) > 1<<10:
		return fmt.Errorf("slot %d has parts of the wrong length", s.ID)
	case s.Cost == nil:
		return nil
	case s.Cost.Time < 1 || s.Cost.Time > maxTime || s.Cost.Memory > maxMemory || s.Cost.Threads < 1 || s.Cost.Threads > maxThreads:
		return fmt.Errorf("slot %d asks for more time or memory than any secret needs", s.ID)
	}
	return nil
}

// fill wraps the root key for the secret.
func (s *slot) fill(h *header, secret Secret, root Key, rand io.Reader) error {
	s.Salt = make([]byte, saltSize)
	if _, err := io.ReadFull(rand, s.Salt); err != nil {
		return fmt.Errorf("draw random salt: %w", err)
	}
	wrap, check, err := s.keys(secret)
	if err != nil {
		return err
	}
	defer wrap.wipe()
	sealer, err := newSealer(&wrap, XChaCha20Poly1305, 0, h.FileID, forSlot, rand)
	if err != nil {
		return err
	}
	s.Algorithm, s.Check = XChaCha20Poly1305.String(), check
	s.Wrapped, err = sealer.seal(nil, s.place(h), root[:])
	return err
}

// open returns the root key, or false if the secret is not this slot's. An
// error says that the secret is right and the slot is broken.
func (s *slot) open(h *header, secret Secret) (Key, bool, error) {
	if s.Type != secret.kind {
		return Key{}, false, nil
	}
	wrap, check, err := s.keys(secret)
	if err != nil {
		return Key{}, false, err
	}
	defer wrap.wipe()
	if subtle.ConstantTimeCompare(check, s.Check) != 1 {
		return Key{}, false, nil
	}
	sealer, err := newSealer(&wrap, XChaCha20Poly1305, 0, h.FileID, forSlot, nil)
	if err != nil {
		return Key{}, false, err
	}
	b, err := sealer.open(s.place(h), s.Wrapped)
	if err != nil || len(b) != len(Key{}) {
		return Key{}, false, fmt.Errorf("slot %d: the secret is right, its root key is not: %w", s.ID, ErrNotAuthentic)
	}
	defer clear(b)
	return Key(b), true, nil
}

// keys are the two that a secret gives for this slot: one wraps, one is shown.
func (s *slot) keys(secret Secret) (wrap Key, check []byte, err error) {
	derive, ok := methods[secret.kind]
	if !ok {
		return Key{}, nil, fmt.Errorf("secret of type %q cannot be used", secret.kind)
	}
	kek, err := derive(*s, secret.material)
	if err != nil {
		return Key{}, nil, err
	}
	defer kek.wipe()
	shown := kek.derive("slot check", s.Salt)
	return kek.derive("slot wrap", s.Salt), shown[:checkSize], nil
}

// place binds a wrapped root key to its slot and to the kind of instance.
func (s *slot) place(h *header) AD {
	return AD{Bucket: string(h.Kind) + "/" + string(s.Type), Key: binary.BigEndian.AppendUint32(nil, uint32(s.ID))}
}

// summary lists the slots by type and id.
func summary(slots []slot) string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = fmt.Sprintf("%s %d", s.Type, s.ID)
	}
	return strings.Join(names, ", ")
}
