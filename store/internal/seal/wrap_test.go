package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"
)

// A wrap is authentic in one store, for one front and one digest.
func TestAWrapIsOfOneStore(t *testing.T) {
	at := time.Date(2026, 10, 5, 17, 0, 0, 0, time.UTC)
	vaults, headers := [2]*Vault{}, [2][]byte{}
	for i := range vaults {
		secret, err := NewSecret(bytes.Repeat([]byte{'a' + byte(i)}, 40))
		if err != nil {
			t.Fatal(err)
		}
		if vaults[i], headers[i], err = Create(Production, secret, at, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	front, digest := []byte("front"), []byte("digest")
	mac := vaults[0].WrapMAC(front, digest)
	if !vaults[0].WrapAuthentic(front, digest, mac[:]) {
		t.Error("its own wrap is not authentic")
	}
	for name, is := range map[string]bool{
		"another store":  vaults[1].WrapAuthentic(front, digest, mac[:]),
		"another front":  vaults[0].WrapAuthentic([]byte("fronts"), digest, mac[:]),
		"another digest": vaults[0].WrapAuthentic(front, []byte("digesu"), mac[:]),
		"moved bytes":    vaults[0].WrapAuthentic([]byte("frontd"), []byte("igest"), mac[:]),
		"a shorter mac":  vaults[0].WrapAuthentic(front, digest, mac[:31]),
	} {
		if is {
			t.Errorf("%s: authentic", name)
		}
	}
	if former, err := vaults[0].Former(headers[0], headers[0]); err != nil || former.FileID() != vaults[0].FileID() {
		t.Error(err)
	}
	if _, err := vaults[0].Former(headers[1], headers[1]); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another's header: %v", err)
	}
	for i, h := range headers {
		if id, err := Identify(h, h); err != nil || id != vaults[i].FileID() {
			t.Errorf("header %d is identified as %x, %v", i, id, err)
		}
	}
	bad := bytes.Clone(headers[0])
	bad[40] ^= 1
	if _, err := Identify(bad, bad); !errors.Is(err, ErrHeaderDamaged) {
		t.Errorf("a damaged header: %v", err)
	}
}
