package seal

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"time"
)

// Slot is what everyone may see of a slot.
type Slot struct {
	ID      int      `json:"id"`
	Type    SlotType `json:"type"`
	State   string   `json:"state"` // current, or previous while a secret is being exchanged
	Created string   `json:"created"`
}

// The states of a slot.
const (
	current  = "current"
	previous = "previous"
)

// Inspect lists the slots of a header without a secret. Its error is that of a
// header that is damaged or too new; that nobody changed a whole one shows only
// when it is opened.
func Inspect(b, mirror []byte) ([]Slot, error) {
	h, err := decodeBoth(b, mirror)
	if err != nil {
		return nil, err
	}
	return h.list(), nil
}

// Slots lists the slots of an open vault.
func (v *Vault) Slots() []Slot {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.header.list()
}

// Summary names the slots by type and id, as messages do.
func (v *Vault) Summary() string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return summary(v.header.Slots)
}

// AddSlot lets one more secret open the store, and gives the slot's id. There is
// one current secret of each type. The change is in the file once Header is
// stored, like that of ReplaceSlot and DropSlot; their errors wrap ErrSlot or
// ErrSecretFile and say that nothing has changed.
func (v *Vault) AddSlot(secret Secret, now time.Time) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at := v.header.find(secret.kind, current); at >= 0 {
		return 0, fmt.Errorf("%w: slot %d is the current %s already; replace that", ErrSlot, v.header.Slots[at].ID, secret.kind)
	}
	return v.addSlot(v.header.Slots, secret, now)
}

// ReplaceSlot makes a secret the current one of its type. The one before it
// becomes the previous one, and opens the store until it is dropped.
func (v *Vault) ReplaceSlot(secret Secret, now time.Time) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at := v.header.find(secret.kind, previous); at >= 0 {
		return 0, fmt.Errorf("%w: slot %d still holds the previous %s; drop that first", ErrSlot, v.header.Slots[at].ID, secret.kind)
	}
	at := v.header.find(secret.kind, current)
	if at < 0 {
		return 0, fmt.Errorf("%w: there is no %s to replace; add one", ErrSlot, secret.kind)
	}
	slots := slices.Clone(v.header.Slots)
	slots[at].State = previous
	return v.addSlot(slots, secret, now)
}

// addSlot puts a slot for the secret after others, and proves that it opens.
func (v *Vault) addSlot(slots []slot, secret Secret, now time.Time) (int, error) {
	if len(slots) >= maxSlots {
		return 0, fmt.Errorf("%w: there are %d already; drop one first", ErrSlot, len(slots))
	}
	s := slot{Type: secret.kind, State: current, Created: stamp(now)}
	for _, other := range slots {
		s.ID = max(s.ID, other.ID)
	}
	s.ID++
	if err := s.fill(&v.header, secret, v.root, v.rand); err != nil {
		return 0, err
	}
	root, ok, err := s.open(&v.header, secret)
	defer root.wipe()
	if err != nil || !ok || subtle.ConstantTimeCompare(root[:], v.root[:]) != 1 {
		return 0, fmt.Errorf("%w: the new slot does not open with its own secret", ErrSlot)
	}
	v.header.Slots = append(slices.Clone(slots), s)
	return s.ID, nil
}

// DropSlot takes a slot away. It never takes the last one, nor the one that the
// vault was opened with: open it with another secret first, which proves that
// there is one.
func (v *Vault) DropSlot(id int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := slices.IndexFunc(v.header.Slots, func(s slot) bool { return s.ID == id })
	switch {
	case at < 0:
		return fmt.Errorf("%w: there is no slot %d (slots: %s)", ErrSlot, id, summary(v.header.Slots))
	case len(v.header.Slots) == 1:
		return fmt.Errorf("%w: slot %d is the last one; without it nothing could be read again", ErrSlot, id)
	case id == v.used:
		return fmt.Errorf("%w: slot %d is the one that has just been used; open the store with the secret of another, which proves that it works", ErrSlot, id)
	}
	v.header.Slots = slices.Delete(slices.Clone(v.header.Slots), at, at+1)
	return nil
}

// Used is the id of the slot that the vault was opened with.
func (v *Vault) Used() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.used
}

// Use notes that a secret has just been seen to open another slot: from now on
// that is the one that DropSlot keeps.
func (v *Vault) Use(slot int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.used = slot
}

func (h *header) list() []Slot {
	list := make([]Slot, len(h.Slots))
	for i, s := range h.Slots {
		list[i] = Slot{ID: s.ID, Type: s.Type, State: s.State, Created: s.Created}
	}
	return list
}

// find gives the place of a type's slot in a state, or -1.
func (h *header) find(t SlotType, state string) int {
	return slices.IndexFunc(h.Slots, func(s slot) bool { return s.Type == t && s.State == state })
}
