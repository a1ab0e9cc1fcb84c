package seal

import (
	"fmt"
	"slices"
	"time"
)

// The keyring changes in steps, so that at every instant what stands in the file
// opens with the header that stands in it. A new epoch is added and the header
// stored before anything is wrapped under it; an old one is retired, and the
// header stored, when nothing is wrapped under it any more; and it is forgotten
// when nobody reads any more what was there before.

// AddEpoch puts a new key on the keyring and gives its id. Chart keys are wrapped
// under it once UseEpoch is called, which is for after the Header that has it is
// stored.
func (v *Vault) AddEpoch(now time.Time) (uint32, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.epochs) >= maxEpochs {
		return 0, fmt.Errorf("keyring is full: it has %d epochs", len(v.epochs))
	}
	id := uint32(1)
	if n := len(v.epochs); n > 0 {
		id = v.epochs[n-1].id + 1
	}
	key, err := newKey(v.rand)
	if err != nil {
		return 0, err
	}
	defer key.wipe()
	e, err := v.newEpoch(id, XChaCha20Poly1305, key, now.UTC())
	if err != nil {
		return 0, err
	}
	v.epochs = append(slices.Clip(v.epochs), e)
	return id, nil
}

// UseEpoch makes the newest epoch the current one.
func (v *Vault) UseEpoch() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.wraps = v.epochs[len(v.epochs)-1]
}

// RetireEpochs takes all epochs before the current one off the keyring: the next
// Header has them no more. They still open keys until ForgetEpochs is called,
// which is for after that header is stored and for when nobody reads what was
// there before. It gives their ids.
func (v *Vault) RetireEpochs() []uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ids []uint32
	for len(v.epochs) > 0 && v.epochs[0] != v.wraps {
		ids = append(ids, v.epochs[0].id)
		v.retired, v.epochs = append(v.retired, v.epochs[0]), v.epochs[1:]
	}
	return ids
}

// ForgetEpochs wipes the keys of the retired epochs.
func (v *Vault) ForgetEpochs() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range v.retired {
		e.key.wipe()
		e.wrap = nil
	}
	v.retired = nil
}

// Epoch is the id of the current epoch.
func (v *Vault) Epoch() uint32 { return v.current().id }

// Epochs are the ids of those on the keyring, the oldest first.
func (v *Vault) Epochs() []uint32 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ids := make([]uint32, len(v.epochs))
	for i, e := range v.epochs {
		ids[i] = e.id
	}
	return ids
}

// Rewrap wraps a chart's key again under the current epoch. It gives nil if it is
// under that one already.
func (v *Vault) Rewrap(wrapped, chartName []byte) ([]byte, error) {
	now := v.current()
	if id, ok := EpochOf(wrapped); ok && id == now.id {
		return nil, nil
	}
	b, err := v.unwrap(wrapped, chartName)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	return now.wrapKey(b, chartName)
}

// wrapKey seals what stands in a wrapped chart key.
func (e *epoch) wrapKey(b, chartName []byte) ([]byte, error) {
	wrapped, err := e.wrap.seal(nil, AD{Chart: chartName}, b)
	if err != nil {
		return nil, fmt.Errorf("wrap chart key: %w", err)
	}
	e.sealed.Add(1)
	return wrapped, nil
}

// unwrap opens a wrapped chart key with the epoch that it names.
func (v *Vault) unwrap(wrapped, chartName []byte) ([]byte, error) {
	id, ok := EpochOf(wrapped)
	wrap := v.opener(id)
	if !ok || wrap == nil {
		return nil, fmt.Errorf("unwrap chart key: %w", ErrNotAuthentic)
	}
	b, err := wrap.open(AD{Chart: chartName}, wrapped)
	if err == nil && len(b) != wrappedSize && len(b) != wrappedSize+turnSize {
		clear(b)
		err = ErrNotAuthentic
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap chart key: %w", err)
	}
	return b, nil
}

func (v *Vault) current() *epoch {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.wraps
}

// opener is what opens keys wrapped under an epoch; nil if it is forgotten.
func (v *Vault) opener(id uint32) *sealer {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, list := range [2][]*epoch{v.epochs, v.retired} {
		for _, e := range list {
			if e.id == id {
				return e.wrap
			}
		}
	}
	return nil
}
