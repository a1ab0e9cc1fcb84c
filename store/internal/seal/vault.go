package seal

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"time"
)

// Vault holds the keys of one open store. Its methods may be called from
// several goroutines.
type Vault struct {
	file   fileID
	root   Key
	rand   io.Reader
	header header
	used   int // the id of the slot that was opened

	state, trail *sealer
	digest       *prf
	names        labelled
	blind        labelled

	mu      sync.RWMutex
	epochs  []*epoch // the keyring, in the order of their ids
	wraps   *epoch   // the one under which chart keys are wrapped: the last, or the one before it
	retired []*epoch // off the keyring; they open keys until ForgetEpochs
}

// Create makes the keys of a new store with one slot, opened by the secret,
// and the store's header. The source of random bytes is the vault's from then
// on; it must be crypto/rand.Reader outside tests, and safe for use by several
// goroutines.
func Create(kind Kind, secret Secret, now time.Time, random io.Reader) (*Vault, []byte, error) {
	h := header{Kind: kind, Created: stamp(now)}
	if _, err := io.ReadFull(random, h.FileID[:]); err != nil {
		return nil, nil, fmt.Errorf("draw file id: %w", err)
	}
	root, err := newKey(random)
	if err != nil {
		return nil, nil, err
	}
	defer root.wipe()
	first := slot{ID: 1, Type: secret.kind, State: current, Created: stamp(now)}
	if err := first.fill(&h, secret, root, random); err != nil {
		return nil, nil, fmt.Errorf("make slot 1: %w", err)
	}
	h.Slots = []slot{first}
	if err := h.valid(); err != nil {
		return nil, nil, fmt.Errorf("make header: %w", err)
	}
	v := newVault(h, root, random)
	v.used = first.ID
	if _, err := v.AddEpoch(now); err != nil {
		return nil, nil, err
	}
	v.UseEpoch()
	b, err := v.Header()
	return v, b, err
}

// Open opens a store's keys with a secret. Header and mirror must be the same:
// to open a copy that was saved alone, pass it twice. The errors wrap
// ErrHeaderDamaged, ErrNewerFormat or ErrWrongKey.
func Open(b, mirror []byte, secret Secret) (*Vault, error) {
	h, err := decodeBoth(b, mirror)
	if err != nil {
		return nil, err
	}
	root, used, err := h.unlock(secret)
	if err != nil {
		return nil, err
	}
	defer root.wipe()
	v := newVault(*h, root, rand.Reader)
	v.used = used
	return v.withKeyring(b)
}

// withKeyring takes the epochs from the header that the vault was made of, which
// must be authentic.
func (v *Vault) withKeyring(b []byte) (*Vault, error) {
	if err := authentic(b, v.headerMAC()); err != nil {
		return nil, err
	}
	ring, err := v.keyringSealer().open(keyringPlace(), v.header.Keyring)
	if err != nil {
		return nil, HeaderDamaged{At: -1, What: "its keyring fails authentication"}
	}
	defer clear(ring)
	if v.epochs, err = v.parseKeyring(ring); err != nil {
		return nil, HeaderDamaged{At: -1, What: err.Error()}
	}
	v.UseEpoch()
	return v, nil
}

// unlock tries the secret on each slot, and says which one it opened.
func (h *header) unlock(secret Secret) (root Key, slot int, err error) {
	for i := range h.Slots {
		root, ok, err := h.Slots[i].open(h, secret)
		switch {
		case err != nil:
			return Key{}, 0, HeaderDamaged{At: -1, What: err.Error()}
		case ok:
			return root, h.Slots[i].ID, nil
		}
	}
	return Key{}, 0, WrongKey{Slots: summary(h.Slots)}
}

// newVault makes ready what follows from the root key.
func newVault(h header, root Key, random io.Reader) *Vault {
	v := &Vault{file: h.FileID, root: root, rand: random, header: h}
	v.names = labelled{purpose: "name ", of: v}
	v.blind = labelled{purpose: "blind ", of: v}
	v.digest = newPRF(v.key("digest"))
	state, trail := v.key("state"), v.key("trail")
	defer state.wipe()
	defer trail.wipe()
	v.state = v.mustSealer(&state, 0, forState)
	v.trail = v.mustSealer(&trail, 0, forTrail)
	return v
}

// FileID tells this store from every other.
func (v *Vault) FileID() [16]byte { return v.file }

// Kind is what the instance is for.
func (v *Vault) Kind() Kind { return v.header.Kind }

// Header writes the header anew, to be stored twice, as header and as mirror.
// It changes when an epoch or a slot does, and with each call: the keyring is
// sealed afresh.
func (v *Vault) Header() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	ring := appendKeyring(nil, v.epochs)
	defer clear(ring)
	sealed, err := v.keyringSealer().seal(nil, keyringPlace(), ring)
	if err != nil {
		return nil, fmt.Errorf("seal keyring: %w", err)
	}
	v.header.Keyring = sealed
	return v.header.encode(v.headerMAC())
}

// SealState appends the sealed state record to dst. Its key, like the trail's,
// follows from the root and not from an epoch, so that forgetting a person
// does not mean to seal the whole trail again; neither may hold what must be
// forgotten.
func (v *Vault) SealState(dst []byte, ad AD, plain []byte) ([]byte, error) {
	return v.state.seal(dst, ad, plain)
}

// OpenState returns what SealState sealed, or ErrNotAuthentic.
func (v *Vault) OpenState(ad AD, sealed []byte) ([]byte, error) { return v.state.open(ad, sealed) }

// SealTrail appends a sealed block of audit entries to dst.
func (v *Vault) SealTrail(dst []byte, ad AD, plain []byte) ([]byte, error) {
	return v.trail.seal(dst, ad, plain)
}

// OpenTrail returns what SealTrail sealed, or ErrNotAuthentic.
func (v *Vault) OpenTrail(ad AD, sealed []byte) ([]byte, error) { return v.trail.open(ad, sealed) }

// Name is the name a record or set has in the engine. It says nothing of the
// parts to anyone without the root key. Labels are the program's own words,
// few and fixed: each has a key that is kept.
func (v *Vault) Name(label string, parts ...string) [16]byte {
	sum := v.names.get(label).strings(parts...)
	return [16]byte(sum[:16])
}

// Blind is the blind index of a field's value: equal values are found by it,
// and nothing else. Fields are the program's own words, few and fixed.
func (v *Vault) Blind(field, value string) [16]byte {
	sum := v.blind.get(field).strings(value)
	return [16]byte(sum[:16])
}

// Digest is a record's part in the Sum of all records.
func (v *Vault) Digest(bucket string, key, value []byte) Sum {
	return v.digest.record(bucket, key, value)
}

// labelled keeps one function for each label.
type labelled struct {
	purpose string
	of      *Vault
	known   sync.Map // label -> *prf
}

func (l *labelled) get(label string) *prf {
	if p, ok := l.known.Load(label); ok {
		return p.(*prf)
	}
	p, _ := l.known.LoadOrStore(label, newPRF(l.of.key(l.purpose+label)))
	return p.(*prf)
}

// key derives the key for one purpose from root and file.
func (v *Vault) key(purpose string) Key { return v.root.derive(purpose, v.file[:]) }

func (v *Vault) headerMAC() *prf { return newPRF(v.key("header mac")) }

func (v *Vault) keyringSealer() *sealer {
	key := v.key("keyring")
	defer key.wipe()
	return v.mustSealer(&key, 0, forKeyring)
}

func keyringPlace() AD { return AD{Bucket: "header"} }

// mustSealer makes a sealer of long nonces, which fails for no key of ours.
func (v *Vault) mustSealer(key *Key, epoch uint32, use purpose) *sealer {
	s, err := newSealer(key, XChaCha20Poly1305, epoch, v.file, use, v.rand)
	if err != nil {
		panic("seal: a key of 32 bytes always fits: " + err.Error())
	}
	return s
}

// stamp writes a time as it stands in the header.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
