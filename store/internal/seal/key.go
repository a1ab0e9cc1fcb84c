package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Key is 32 bytes nobody may see. It prints as nothing.
type Key [32]byte

// Format writes a placeholder, whatever the verb, so that no key gets into a
// log by way of a struct that holds one.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key(hidden)") }

// MarshalText refuses, so that no key gets into JSON by accident.
func (Key) MarshalText() ([]byte, error) { return nil, errors.New("a key is not written down") }

// derive makes the key for one purpose from another key.
func (k *Key) derive(purpose string, salt []byte) Key {
	var out Key
	b, err := hkdf.Key(sha256.New, k[:], salt, "careconnect 1 "+purpose, len(out))
	if err != nil {
		panic("seal: HKDF of 32 bytes cannot fail: " + err.Error())
	}
	copy(out[:], b)
	clear(b)
	return out
}

// expand makes the key for one purpose from a key that is random as it is, so
// that half the work of derive will do. Charts are read by the thousand.
func (k *Key) expand(purpose string) Key {
	var out Key
	b, err := hkdf.Expand(sha256.New, k[:], "careconnect 1 "+purpose, len(out))
	if err != nil {
		panic("seal: HKDF of 32 bytes cannot fail: " + err.Error())
	}
	copy(out[:], b)
	clear(b)
	return out
}

// wipe overwrites the key with zeros.
func (k *Key) wipe() { clear(k[:]) }

// newKey draws a key from the source.
func newKey(rand io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(rand, k[:]); err != nil {
		return Key{}, fmt.Errorf("draw random key: %w", err)
	}
	return k, nil
}
