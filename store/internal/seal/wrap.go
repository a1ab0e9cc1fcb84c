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

// Former gives the keys as a header has them that this store once had: whole,
// of the same file id, and authentic under its root key. A backup holds such a
// one, with epochs that may have left the keyring since. The error is a
// HeaderDamaged, a NewerFormat or a WrongKey.
func (v *Vault) Former(b, mirror []byte) (*Vault, error) {
	h, err := decodeBoth(b, mirror)
	if err != nil {
		return nil, err
	}
	if h.FileID != v.file {
		return nil, WrongKey{Slots: summary(h.Slots)}
	}
	former := newVault(*h, v.root, v.rand)
	former.used = v.used
	return former.withKeyring(b)
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
