package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"testing"
)

func TestASignerIsTheStoresOwnForOnePurpose(t *testing.T) {
	v, header, secret := newStoreKeys(t)
	other, _, _ := newStoreKeys(t)
	said := []byte("what is signed")
	signature := ed25519.Sign(v.Signer("trail"), said)
	newEpochIn(t, v)
	again, err := Open(header, header, secret)
	must(t, err)
	for name, c := range map[string]struct {
		by   ed25519.PrivateKey
		good bool
	}{
		"the same vault, an epoch later": {v.Signer("trail"), true},
		"the store opened again":         {again.Signer("trail"), true},
		"another purpose":                {v.Signer("erased"), false},
		"another store":                  {other.Signer("trail"), false},
	} {
		public := c.by.Public().(ed25519.PublicKey)
		if ed25519.Verify(public, said, signature) != c.good {
			t.Errorf("%s: the signature holds: %t, want %t", name, !c.good, c.good)
		}
	}
}

// TestSignersStayAsTheyAre: what was signed and given out must be checked for
// years, so the same root gives the same key for ever.
func TestSignersStayAsTheyAre(t *testing.T) {
	secret := Secret{kind: KeyFileSlot, material: bytes.Repeat([]byte{7}, 32)}
	v, _, err := Create(Throwaway, secret, noon, &repeatable{})
	must(t, err)
	golden(t, "format-1.signer", []byte(hex.EncodeToString(v.Signer("trail").Public().(ed25519.PublicKey))+"\n"))
}
