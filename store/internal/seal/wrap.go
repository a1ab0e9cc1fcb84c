package seal

import (
	"crypto/hmac"
	"crypto/sha256"
)

// WrapMAC is the mac of what is wrapped around a backup: of its front and of
// the digest over all of it. Nobody without a secret of the store can make it.
func (v *Vault) WrapMAC(front, digest []byte) [sha256.Size]byte {
	return newPRF(v.key("backup wrap")).strings(string(front), string(digest))
}

// WrapAuthentic says whether a mac is that of a wrap of this store.
func (v *Vault) WrapAuthentic(front, digest, mac []byte) bool {
	want := v.WrapMAC(front, digest)
	return hmac.Equal(want[:], mac)
}

// Owns says whether a header with its mirror is one that this store once had:
// whole, of the same file id, and authentic under its root key. The error is a
// HeaderDamaged, a NewerFormat or a WrongKey.
func (v *Vault) Owns(b, mirror []byte) error {
	h, err := decodeBoth(b, mirror)
	if err != nil {
		return err
	}
	if h.FileID != v.file {
		return WrongKey{Slots: summary(h.Slots)}
	}
	return authentic(b, v.headerMAC())
}

// Identify reads the file id of a header without a secret. That nobody changed
// it shows only when the header is opened. The error is a HeaderDamaged or a
// NewerFormat.
func Identify(b, mirror []byte) ([16]byte, error) {
	h, err := decodeBoth(b, mirror)
	if err != nil {
		return [16]byte{}, err
	}
	return h.FileID, nil
}
