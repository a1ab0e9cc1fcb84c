package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// prf is a keyed pseudo-random function, HMAC-SHA256, kept ready for use by
// several goroutines.
type prf struct{ free sync.Pool }

// running is one computation: the keyed hash and the bytes it is fed from.
type running struct {
	mac hash.Hash
	buf []byte
	sum [sha256.Size]byte
}

func newPRF(key Key) *prf {
	return &prf{sync.Pool{New: func() any {
		return &running{mac: hmac.New(sha256.New, key[:]), buf: make([]byte, 0, 256)}
	}}}
}

// strings is the value for a list of strings.
func (p *prf) strings(parts ...string) [sha256.Size]byte {
	r := p.free.Get().(*running)
	for _, s := range parts {
		r.buf = append(binary.BigEndian.AppendUint32(r.buf, uint32(len(s))), s...)
	}
	return p.finish(r)
}

// record is the value for a record in its place. The value comes last, so it
// is hashed where it stands.
func (p *prf) record(bucket string, key, value []byte) [sha256.Size]byte {
	r := p.free.Get().(*running)
	r.buf = append(binary.BigEndian.AppendUint32(r.buf, uint32(len(bucket))), bucket...)
	r.buf = append(binary.BigEndian.AppendUint32(r.buf, uint32(len(key))), key...)
	r.mac.Write(r.buf)
	r.buf = r.buf[:0]
	r.mac.Write(value)
	return p.finish(r)
}

func (p *prf) finish(r *running) [sha256.Size]byte {
	r.mac.Write(r.buf)
	out := [sha256.Size]byte(r.mac.Sum(r.sum[:0]))
	clear(r.buf)
	r.mac.Reset()
	r.buf = r.buf[:0]
	clear(r.sum[:])
	p.free.Put(r)
	return out
}
