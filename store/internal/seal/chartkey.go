package seal

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// MaxSeals is how many records one AES chart key may seal. Random 96-bit nonces
// may then repeat with a chance of 2^-41 over the whole life of the key.
const MaxSeals = 1 << 28

// ChartKey seals the records of one chart. Its methods may be called from
// several goroutines.
type ChartKey struct {
	key     Key
	alg     Algorithm
	birth   uint32 // the epoch the key was made in; rewrapping does not change it
	turn    uint32 // how often its records were sealed anew because the one before was worn
	records *sealer
	sets    func() *sealer
	sealed  atomic.Uint64
}

// Seal appends the sealed record to dst. The nonce is random. It fails with
// ErrKeySpent once an AES key has sealed MaxSeals records; the nonces of a wide
// key are long enough that it need not stop.
func (k *ChartKey) Seal(dst []byte, ad AD, plain []byte) ([]byte, error) {
	if k.sealed.Add(1) > MaxSeals {
		k.sealed.Store(MaxSeals)
		if k.alg == AES256GCM {
			return nil, ErrKeySpent
		}
	}
	return k.records.seal(dst, ad, plain)
}

// Worn says that the key is near MaxSeals: the chart's records should be sealed
// anew under the Next one, while there is room for what is under way.
func (k *ChartKey) Worn() bool { return k.alg == AES256GCM && k.sealed.Load() > MaxSeals-wornBefore }

const wornBefore = 1 << 16

// Next is the key that follows a worn one. Its lists open as before; its records
// are sealed under another key, which has sealed none yet.
func (k *ChartKey) Next() (*ChartKey, error) {
	records, err := k.sealer(k.turn + 1)
	return &ChartKey{key: k.key, alg: k.alg, birth: k.birth, turn: k.turn + 1, records: records, sets: k.sets}, err
}

// sealer seals records in a turn of the key.
func (k *ChartKey) sealer(turn uint32) (*sealer, error) {
	sub := k.key.expand(recordsIn(turn))
	defer sub.wipe()
	return newSealer(&sub, k.alg, k.birth, k.records.file, forRecord, k.records.rand)
}

func recordsIn(turn uint32) string {
	if turn == 0 {
		return "records"
	}
	return fmt.Sprintf("records %d", turn)
}

// Open returns the record's content, in bytes of its own. It fails with
// ErrNotAuthentic if this is not what was sealed for that place.
func (k *ChartKey) Open(ad AD, sealed []byte) ([]byte, error) { return k.OpenTo(nil, ad, sealed) }

// OpenTo is Open into the room of dst, if that is enough: for scans, which look
// at a record and go on. The content is valid until dst is used again. Who reads
// what was there a moment before or after the key took its turn holds the
// other's neighbour: that opens too.
func (k *ChartKey) OpenTo(dst []byte, ad AD, sealed []byte) ([]byte, error) {
	plain, err := k.records.openTo(dst, ad, sealed)
	if err == nil || k.alg != AES256GCM {
		return plain, err
	}
	for _, turn := range []uint32{k.turn + 1, k.turn - 1} {
		if turn == ^uint32(0) {
			continue
		}
		if near, made := k.sealer(turn); made == nil {
			if plain, opened := near.openTo(nil, ad, sealed); opened == nil {
				return plain, nil
			}
		}
	}
	return nil, err
}

// SealSet appends a sealed entry of a set to dst. Its key is another than the
// records', its nonces are long enough that they need not be counted.
func (k *ChartKey) SealSet(dst []byte, ad AD, plain []byte) ([]byte, error) {
	return k.sets().seal(dst, ad, plain)
}

// OpenSet returns what SealSet sealed, or ErrNotAuthentic.
func (k *ChartKey) OpenSet(ad AD, sealed []byte) ([]byte, error) { return k.sets().open(ad, sealed) }

// OpenSetTo is OpenSet into the room of dst, if that is enough, as with OpenTo.
func (k *ChartKey) OpenSetTo(dst []byte, ad AD, sealed []byte) ([]byte, error) {
	return k.sets().openTo(dst, ad, sealed)
}

// Sealed is how many records the key has sealed, as far as it knows: the count
// it was wrapped with or told of, and those since.
func (k *ChartKey) Sealed() uint64 { return k.sealed.Load() }

// Count tells the key how many records it had sealed when the chart was last
// written, so that the count outlives the process without wrapping the key
// again. It never makes the count smaller, nor greater than MaxSeals.
func (k *ChartKey) Count(n uint64) {
	n = min(n, MaxSeals)
	for old := k.sealed.Load(); n > old; old = k.sealed.Load() {
		if k.sealed.CompareAndSwap(old, n) {
			return
		}
	}
}

// Epoch is the epoch the key was made in, which stands in its envelopes.
func (k *ChartKey) Epoch() uint32 { return k.birth }

// NewChartKey makes a random key for one chart, of the current epoch. Its
// records are sealed with AES-256-GCM where the processor has AES, else with
// XChaCha20-Poly1305.
func (v *Vault) NewChartKey() (*ChartKey, error) {
	if hasAES() {
		return v.newChartKey(AES256GCM)
	}
	return v.newChartKey(XChaCha20Poly1305)
}

// NewWideChartKey makes a key for a chart that the whole programme writes to,
// whose records are too many to count on random 96-bit nonces.
func (v *Vault) NewWideChartKey() (*ChartKey, error) { return v.newChartKey(XChaCha20Poly1305) }

func (v *Vault) newChartKey(alg Algorithm) (*ChartKey, error) {
	key, err := newKey(v.rand)
	if err != nil {
		return nil, err
	}
	return v.chartKey(key, alg, v.Epoch(), 0)
}

// chartKey makes the ciphers of a chart key ready.
func (v *Vault) chartKey(key Key, alg Algorithm, birth, turn uint32) (*ChartKey, error) {
	sub := key.expand(recordsIn(turn))
	defer sub.wipe()
	records, err := newSealer(&sub, alg, birth, v.file, forRecord, v.rand)
	if err != nil {
		return nil, err
	}
	k := &ChartKey{key: key, alg: alg, birth: birth, turn: turn, records: records}
	k.sets = sync.OnceValue(func() *sealer {
		sub := k.key.expand("sets")
		defer sub.wipe()
		return v.mustSealer(&sub, birth, forSet)
	})
	return k, nil
}

// A wrapped chart key contains
//
//	algorithm(1) birth epoch(4) count of seals(8) key(32) turn(4)
//
// without the turn while that is the first, as it nearly always is.
const (
	wrappedSize = 1 + 4 + 8 + 32
	turnSize    = 4
)

// WrapChartKey seals the chart's key under the current epoch, for the chart of
// that name and no other.
func (v *Vault) WrapChartKey(k *ChartKey, chartName []byte) ([]byte, error) {
	e := v.current()
	b := make([]byte, wrappedSize, wrappedSize+turnSize)
	defer func() { clear(b) }()
	b[0] = byte(k.alg)
	binary.BigEndian.PutUint32(b[1:], k.birth)
	binary.BigEndian.PutUint64(b[5:], k.Sealed())
	copy(b[13:], k.key[:])
	if k.turn > 0 {
		b = binary.BigEndian.AppendUint32(b, k.turn)
	}
	return e.wrapKey(b, chartName)
}

// UnwrapChartKey opens a wrapped chart key, whichever epoch of the keyring it
// was wrapped under. It fails with ErrNotAuthentic for another chart's key and
// for one whose epoch is no longer on the keyring.
func (v *Vault) UnwrapChartKey(wrapped, chartName []byte) (*ChartKey, error) {
	b, err := v.unwrap(wrapped, chartName)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	turn := uint32(0)
	if len(b) > wrappedSize {
		turn = binary.BigEndian.Uint32(b[wrappedSize:])
	}
	k, err := v.chartKey(Key(b[13:wrappedSize]), Algorithm(b[0]), binary.BigEndian.Uint32(b[1:]), turn)
	if err != nil {
		return nil, fmt.Errorf("unwrap chart key: %w", err)
	}
	k.Count(binary.BigEndian.Uint64(b[5:]))
	return k, nil
}

// CheckChartKey says what UnwrapChartKey would of a wrapped key, and makes nothing
// ready.
func (v *Vault) CheckChartKey(wrapped, chartName []byte) error {
	b, err := v.unwrap(wrapped, chartName)
	if err != nil {
		return err
	}
	defer clear(b)
	if _, ok := algorithms[Algorithm(b[0])]; !ok {
		_, err := v.chartKey(Key(b[13:wrappedSize]), Algorithm(b[0]), 0, 0)
		return fmt.Errorf("unwrap chart key: %w", err)
	}
	return nil
}

// hasAES reports whether the processor does AES-GCM by itself.
func hasAES() bool {
	return cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL ||
		cpu.S390X.HasAESGCM
}
