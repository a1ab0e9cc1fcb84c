package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// SlotType is how a slot is opened.
type SlotType string

// The types of slot.
const (
	KeyFileSlot    SlotType = "keyfile"    // 32 random bytes that we made: no stretching
	SecretSlot     SlotType = "secret"     // the content of a file that others give
	PassphraseSlot SlotType = "passphrase" // chosen by a person: stretched
	RecoverySlot   SlotType = "recovery"   // 32 random bytes written as words
)

// method is one way from a secret to the key that wraps the root key.
type method struct {
	derive func(s slot, material []byte) (Key, error)
	cost   *cost                       // of new slots; nil where nothing is stretched
	fit    func(material []byte) error // refuses what must not make a slot; nil takes all
}

// methods are the ways there are. A new way is a row here; slots of types that
// are not here stay in the header untouched and are not tried.
var methods = map[SlotType]method{
	KeyFileSlot:    {derive: fromKey("slot keyfile")},
	SecretSlot:     {derive: fromContent},
	PassphraseSlot: {derive: stretched, cost: &cost{KDF: argon2id, Time: 3, Memory: 64 << 10, Threads: 4}, fit: longEnough},
	RecoverySlot:   {derive: fromKey("slot recovery")},
}

// fromKey is the way from 32 random bytes.
func fromKey(purpose string) func(slot, []byte) (Key, error) {
	return func(s slot, material []byte) (Key, error) {
		if len(material) != len(Key{}) {
			return Key{}, fmt.Errorf("key has %d bytes, not %d", len(material), len(Key{}))
		}
		k := Key(material)
		defer k.wipe()
		return k.derive(purpose, s.Salt), nil
	}
}

// fromContent is the way from random bytes of any number.
func fromContent(s slot, material []byte) (Key, error) {
	b, err := hkdf.Key(sha256.New, material, s.Salt, "careconnect 1 slot secret", len(Key{}))
	if err != nil {
		return Key{}, fmt.Errorf("derive from secret: %w", err)
	}
	defer clear(b)
	return Key(b), nil
}

// stretched is the way from what a person chose: slow and in need of memory, so
// that guessing is too.
func stretched(s slot, material []byte) (Key, error) {
	if s.Cost == nil || s.Cost.KDF != argon2id {
		return Key{}, fmt.Errorf("slot %d does not say how its passphrase is stretched", s.ID)
	}
	if err := s.Cost.valid(); err != nil { // the header was checked; this is the last look before the memory is taken
		return Key{}, fmt.Errorf("slot %d %w", s.ID, err)
	}
	b := argon2.IDKey(material, s.Salt, s.Cost.Time, s.Cost.Memory, s.Cost.Threads, uint32(len(Key{})))
	defer clear(b)
	return Key(b), nil
}

// slot is one way to the root key, as it stands in the header. Cost is for
// secrets that people choose, which are stretched; it is bounded when read, so
// that a tampered header cannot use up memory or time.
type slot struct {
	ID        int      `json:"id"`
	Type      SlotType `json:"type"`
	State     string   `json:"state"` // current, or previous while a secret is being exchanged
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

const argon2id = "argon2id"

// What a header may ask for. Less memory than the least would let a tampered
// header make a passphrase cheap to guess for whoever watches it being opened.
const (
	maxSlots   = 8
	maxTime    = 16
	minMemory  = 8 << 10
	maxMemory  = 1 << 20
	maxThreads = 16
	saltSize   = 16
	checkSize  = 16
)

// valid refuses slots that no program of this format wrote.
func (s slot) valid() error {
	switch {
	case s.ID < 1 || s.Type == "" || (s.State != current && s.State != previous):
		return fmt.Errorf("slot %d has no id, type or state", s.ID)
	case len(s.Salt) != saltSize || len(s.Check) != checkSize || len(s.Wrapped) > 1<<10:
		return fmt.Errorf("slot %d has parts of the wrong length", s.ID)
	case s.Cost == nil:
		return nil
	}
	if err := s.Cost.valid(); err != nil {
		return fmt.Errorf("slot %d %w", s.ID, err)
	}
	return nil
}

// valid refuses a cost out of bounds, before any of it is spent.
func (c cost) valid() error {
	switch {
	case c.Time > maxTime || c.Memory > maxMemory || c.Threads > maxThreads:
		return errors.New("asks for more time or memory than any secret needs")
	case c.Time < 1 || c.Memory < minMemory || c.Threads < 1:
		return errors.New("asks for less time or memory than any secret needs")
	}
	return nil
}

// fill wraps the root key for the secret.
func (s *slot) fill(h *header, secret Secret, root Key, rand io.Reader) error {
	m, ok := methods[secret.kind]
	if !ok {
		return fmt.Errorf("secret of type %q cannot be used", secret.kind)
	}
	if m.fit != nil {
		if err := m.fit(secret.material); err != nil {
			return err
		}
	}
	if m.cost != nil {
		asked := *m.cost
		s.Cost = &asked
	}
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
	m, ok := methods[secret.kind]
	if !ok {
		return Key{}, nil, fmt.Errorf("secret of type %q cannot be used", secret.kind)
	}
	kek, err := m.derive(*s, secret.material)
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
