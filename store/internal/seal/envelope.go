package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// An envelope is
//
//	version(1) algorithm(1) epoch(4) nonce(12 or 24) ciphertext tag(16)
//
// and what is inside the ciphertext is
//
//	length(4) content zeros
//
// filled up to a whole number of steps, so that a length shows only as a
// number of steps. Numbers are big-endian. The associated data is written by
// AD.append: everything outside the ciphertext, and the place it belongs to.
const (
	envelopeVersion = 1
	frontSize       = 6
	lengthSize      = 4
	tagSize         = 16
	step            = 256

	// MaxPlain is the longest content one envelope takes, in bytes.
	MaxPlain = 64 << 20
)

// AD is the place a record belongs to. An envelope opens only with the place
// that it was sealed with, so a record cannot be moved or exchanged.
type AD struct {
	Bucket  string // the engine's bucket
	Key     []byte // the key in that bucket
	Version uint8  // the version of the record's codec
	Chart   []byte // the chart's name; empty where there is none
}

// purpose keeps apart what is sealed for different ends.
type purpose byte

const (
	forRecord purpose = iota + 1
	forSet
	forState
	forTrail
	forChartKey
	forSlot
	forKeyring
)

// step is what lengths are rounded up to. A wrapped key always has the same
// length and needs no padding.
func (p purpose) step() int {
	if p == forChartKey || p == forSlot {
		return 1
	}
	return 256
}

// append writes the associated data: each part has a fixed size or is led by
// its length, so that no two places give the same bytes.
func (ad AD) append(dst []byte, file [16]byte, p purpose, front []byte) []byte {
	dst = append(dst, "careconnect 1"...)
	dst = append(dst, byte(p))
	dst = append(dst, file[:]...)
	dst = append(dst, front...)
	dst = append(dst, ad.Version)
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(ad.Bucket))), ad.Bucket...)
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(ad.Key))), ad.Key...)
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(ad.Chart))), ad.Chart...)
}

// Algorithm is how an envelope is sealed. The numbers stand in the file.
type Algorithm uint8

// The algorithms there are.
const (
	AES256GCM         Algorithm = 1
	XChaCha20Poly1305 Algorithm = 2
)

// algorithms says how each is made.
var algorithms = map[Algorithm]struct {
	name string
	make func(key []byte) (cipher.AEAD, error)
}{
	AES256GCM: {"aes-256-gcm", func(key []byte) (cipher.AEAD, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	}},
	XChaCha20Poly1305: {"xchacha20-poly1305", chacha20poly1305.NewX},
}

// String is the algorithm's usual name.
func (a Algorithm) String() string {
	if known, ok := algorithms[a]; ok {
		return known.name
	}
	return fmt.Sprintf("algorithm %d", uint8(a))
}

// sealer seals and opens envelopes of one purpose under one key.
type sealer struct {
	aead  cipher.AEAD
	alg   Algorithm
	epoch uint32
	file  [16]byte
	use   purpose
	rand  io.Reader
}

func newSealer(key *Key, alg Algorithm, epoch uint32, file [16]byte, use purpose, rand io.Reader) (*sealer, error) {
	known, ok := algorithms[alg]
	if !ok {
		return nil, fmt.Errorf("%w: %v is not known", ErrNotAuthentic, alg)
	}
	aead, err := known.make(key[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher %v: %w", alg, err)
	}
	return &sealer{aead, alg, epoch, file, use, rand}, nil
}

// scratch holds the buffers in which associated data is put together.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}

// seal appends the envelope of plain to dst.
func (s *sealer) seal(dst []byte, ad AD, plain []byte) ([]byte, error) {
	if len(plain) > MaxPlain {
		return nil, fmt.Errorf("record of %d bytes is longer than %d", len(plain), MaxPlain)
	}
	start := len(dst)
	body := start + frontSize + s.aead.NonceSize()
	step := s.use.step()
	padded := (lengthSize + len(plain) + step - 1) / step * step
	dst = slices.Grow(dst, body-start+padded+tagSize)
	dst = append(dst, envelopeVersion, byte(s.alg))
	dst = binary.BigEndian.AppendUint32(dst, s.epoch)
	front := dst[start : start+frontSize]
	dst = dst[:body]
	nonce := dst[start+frontSize : body]
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("draw random nonce: %w", err)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(plain)))
	dst = append(dst, plain...)
	end := len(dst)
	dst = dst[:body+padded]
	clear(dst[end:])
	data := scratch.Get().(*[]byte)
	*data = ad.append((*data)[:0], s.file, s.use, front)
	dst = s.aead.Seal(dst[:body], nonce, dst[body:], *data)
	scratch.Put(data)
	return dst, nil
}

// open returns the content of an envelope in bytes of its own.
func (s *sealer) open(ad AD, sealed []byte) ([]byte, error) { return s.openTo(nil, ad, sealed) }

// openTo returns the content of an envelope, in the room of dst if it is enough.
func (s *sealer) openTo(dst []byte, ad AD, sealed []byte) ([]byte, error) {
	body := frontSize + s.aead.NonceSize()
	inside, step := len(sealed)-body-tagSize, s.use.step()
	if inside < max(step, lengthSize) || inside%step != 0 {
		return nil, ErrNotAuthentic
	}
	front, nonce := sealed[:frontSize], sealed[frontSize:body]
	if front[0] != envelopeVersion || Algorithm(front[1]) != s.alg || binary.BigEndian.Uint32(front[2:]) != s.epoch {
		return nil, ErrNotAuthentic
	}
	data := scratch.Get().(*[]byte)
	*data = ad.append((*data)[:0], s.file, s.use, front)
	plain, err := s.aead.Open(dst[:0], nonce, sealed[body:], *data)
	scratch.Put(data)
	if err != nil {
		return nil, ErrNotAuthentic
	}
	n := int(binary.BigEndian.Uint32(plain))
	if n > len(plain)-lengthSize || len(plain)-lengthSize-n >= step {
		return nil, ErrNotAuthentic
	}
	return plain[lengthSize : lengthSize+n : lengthSize+n], nil
}

// EpochOf reads the epoch from an envelope's front without opening it. It
// reports false if this is no envelope. The answer is not authentic until the
// envelope is opened.
func EpochOf(sealed []byte) (uint32, bool) {
	if len(sealed) < frontSize || sealed[0] != envelopeVersion {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[2:]), true
}
