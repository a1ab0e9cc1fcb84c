package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// epoch is one key of the keyring, under which chart keys are wrapped. It is
// changed to forget people: what was wrapped only under an epoch that has left
// the keyring can never be opened again.
type epoch struct {
	id      uint32
	alg     Algorithm
	key     Key
	created time.Time
	sealed  atomic.Uint64 // chart keys wrapped, as of the last header written
	wrap    *sealer
}

// The keyring is written as
//
//	version(1) count(2), then for each epoch, in the order of their ids,
//	id(4) algorithm(1) created, milliseconds since 1970(8) sealed(8) key(32)
const (
	keyringVersion = 1
	keyringFront   = 3
	epochSize      = 4 + 1 + 8 + 8 + 32
	maxEpochs      = 1024
)

// newEpoch makes an epoch's cipher ready.
func (v *Vault) newEpoch(id uint32, alg Algorithm, key Key, created time.Time) (*epoch, error) {
	wrap, err := newSealer(&key, alg, id, v.file, forChartKey, v.rand)
	if err != nil {
		return nil, err
	}
	return &epoch{id: id, alg: alg, key: key, created: created, wrap: wrap}, nil
}

// appendKeyring writes the epochs.
func appendKeyring(dst []byte, epochs []*epoch) []byte {
	dst = append(dst, keyringVersion)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(epochs)))
	for _, e := range epochs {
		dst = binary.BigEndian.AppendUint32(dst, e.id)
		dst = append(dst, byte(e.alg))
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.created.UnixMilli()))
		dst = binary.BigEndian.AppendUint64(dst, e.sealed.Load())
		dst = append(dst, e.key[:]...)
	}
	return dst
}

// parseKeyring reads the epochs. There is at least one, and their ids grow.
func (v *Vault) parseKeyring(b []byte) ([]*epoch, error) {
	if len(b) < keyringFront || b[0] != keyringVersion {
		return nil, errors.New("keyring has an unknown shape")
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if b = b[keyringFront:]; n < 1 || n > maxEpochs || len(b) != n*epochSize {
		return nil, fmt.Errorf("keyring of %d bytes cannot hold %d epochs", len(b), n)
	}
	epochs := make([]*epoch, 0, n)
	for last := uint32(0); len(b) > 0; b = b[epochSize:] {
		id := binary.BigEndian.Uint32(b)
		if id <= last {
			return nil, fmt.Errorf("epoch %d follows epoch %d", id, last)
		}
		created := time.UnixMilli(int64(binary.BigEndian.Uint64(b[5:]))).UTC()
		e, err := v.newEpoch(id, Algorithm(b[4]), Key(b[21:epochSize]), created)
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", id, err)
		}
		e.sealed.Store(binary.BigEndian.Uint64(b[13:]))
		epochs, last = append(epochs, e), id
	}
	return epochs, nil
}
