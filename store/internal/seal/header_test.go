package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestAWrongSecretIsToldWhichSlotsThereAre(t *testing.T) {
	_, header, _ := newStoreKeys(t)
	for name, secret := range map[string]Secret{"another key file": newSecret(t), "no secret": {}} {
		_, err := Open(header, header, secret)
		if !errors.Is(err, ErrWrongKey) || err.Error() != "no key slot opens with this secret (slots: keyfile 1)" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEveryBitAndEveryByteOfTheHeaderCounts(t *testing.T) {
	_, header, secret := newStoreKeys(t)
	refused := func(what string, b, mirror []byte, want HeaderDamaged) {
		t.Helper()
		_, err := Open(b, mirror, secret)
		var got HeaderDamaged
		if !errors.As(err, &got) || got.Good != want.Good || got.At != want.At || !strings.Contains(err.Error(), "*.hdr") {
			t.Errorf("%s: got %#v, want damage at %d, good: %q", what, err, want.At, want.Good)
		}
	}
	for i := range len(header) * 8 {
		bad := bytes.Clone(header)
		bad[i/8] ^= 1 << (i % 8)
		refused("header", bad, header, HeaderDamaged{At: i / 8, Good: "mirror"})
		refused("mirror", header, bad, HeaderDamaged{At: i / 8, Good: "header"})
		if _, err := Open(bad, bad, secret); !errors.Is(err, ErrHeaderDamaged) {
			t.Errorf("both with bit %d flipped: %v", i, err)
		}
	}
	for n := range len(header) {
		refused("cut header", header[:n], header, HeaderDamaged{At: n, Good: "mirror"})
		if _, err := Open(header[:n], header[:n], secret); !errors.Is(err, ErrHeaderDamaged) {
			t.Errorf("both cut to %d bytes: %v", n, err)
		}
	}
	longer := append(bytes.Clone(header), 0)
	refused("longer header", longer, header, HeaderDamaged{At: len(header), Good: "mirror"})
}

// forged is the header as someone without a secret could write it: changed,
// with a fresh plain sum.
func forged(t *testing.T, header []byte, change func(h *body)) []byte {
	t.Helper()
	h, err := decode(header)
	if err != nil {
		t.Fatal(err)
	}
	change(h)
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	tag := header[len(header)-headerTail : len(header)-sha256.Size]
	b := append([]byte(headerMark), 0, headerFormat, 0, 0, byte(len(body)>>8), byte(len(body)))
	return resummed(append(append(append(b, body...), tag...), make([]byte, sha256.Size)...))
}

type body = header

func resummed(b []byte) []byte {
	end := len(b) - sha256.Size
	sum := sha256.Sum256(b[:end])
	copy(b[end:], sum[:])
	return b
}

func TestNobodyWithoutASecretCanChangeTheHeader(t *testing.T) {
	_, header, secret := newStoreKeys(t)
	if _, err := Open(forged(t, header, func(*body) {}), header, secret); err != nil {
		t.Fatalf("written out unchanged: %v", err) // else the cases below would prove nothing
	}
	_, other, _ := newStoreKeys(t)
	foreign, err := decode(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(h *body){
		"kind":                   func(h *body) { h.Kind = Throwaway },
		"created":                func(h *body) { h.Created = "2031-03-04T12:00:01Z" },
		"file id":                func(h *body) { h.FileID[3] ^= 1 },
		"an unknown kind":        func(h *body) { h.Kind = "both" },
		"no slots":               func(h *body) { h.Slots = nil },
		"nine slots":             func(h *body) { h.Slots = make([]slot, 9) },
		"a slot twice":           func(h *body) { h.Slots = append(h.Slots, h.Slots[0]) },
		"a slot of another":      func(h *body) { s := foreign.Slots[0]; s.ID = 2; h.Slots = append(h.Slots, s) },
		"slot state":             func(h *body) { h.Slots[0].State = "previous" },
		"slot created":           func(h *body) { h.Slots[0].Created = "2030-01-01T00:00:00Z" },
		"slot wrap":              func(h *body) { h.Slots[0].Wrapped[40] ^= 1 },
		"a cost without bounds":  func(h *body) { h.Slots[0].Cost = &cost{"argon2id", 1 << 30, 1 << 31, 255} },
		"a cost":                 func(h *body) { h.Slots[0].Cost = &cost{"argon2id", 3, 64 << 10, 4} },
		"keyring":                func(h *body) { h.Keyring[40] ^= 1 },
		"the keyring of another": func(h *body) { h.Keyring = foreign.Keyring },
	} {
		bad := forged(t, header, change)
		if _, err := Open(bad, bad, secret); !errors.Is(err, ErrHeaderDamaged) {
			t.Errorf("%s: got %v, want ErrHeaderDamaged", name, err)
		}
	}
	for name, change := range map[string]func(h *body){ // these make the secret fit no slot
		"slot salt":  func(h *body) { h.Slots[0].Salt[0] ^= 1 },
		"slot check": func(h *body) { h.Slots[0].Check[0] ^= 1 },
		"slot type":  func(h *body) { h.Slots[0].Type = "passphrase" },
	} {
		bad := forged(t, header, change)
		if _, err := Open(bad, bad, secret); !errors.Is(err, ErrWrongKey) {
			t.Errorf("%s: got %v, want ErrWrongKey", name, err)
		}
	}
}

func TestTwoWholeHeadersThatDifferAreNotChosenBetween(t *testing.T) {
	v, before, secret := newStoreKeys(t)
	newEpochIn(t, v)
	after, err := v.Header()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(after, before, secret); !errors.Is(err, ErrHeaderDamaged) {
		t.Errorf("got %v, want ErrHeaderDamaged", err)
	}
	for epoch, b := range map[uint32][]byte{1: before, 2: after} {
		got, err := Open(b, b, secret)
		if err != nil || got.Epoch() != epoch {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
}

func TestANewerFormatIsRefusedWithBothNamed(t *testing.T) {
	_, header, secret := newStoreKeys(t)
	newer := bytes.Clone(header)
	newer[len(headerMark)+1] = 7
	resummed(newer)
	_, err := Open(newer, newer, secret)
	var got NewerFormat
	if !errors.As(err, &got) || got.File != 7 || got.Program != headerFormat || !errors.Is(err, ErrNewerFormat) {
		t.Errorf("got %v, want format 7 refused by %d", err, headerFormat)
	}
}

func TestTheKeyringCountsWhatItWrapped(t *testing.T) {
	v, _, secret := newStoreKeys(t)
	for range 3 {
		if _, err := v.WrapChartKey(newChart(t, v), somewhere.Chart); err != nil {
			t.Fatal(err)
		}
	}
	header, err := v.Header()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(header, header, secret)
	if err != nil {
		t.Fatal(err)
	}
	e := again.current()
	if e.sealed.Load() != 3 || !e.created.Equal(noon) || e.alg != XChaCha20Poly1305 {
		t.Errorf("epoch has sealed %d, created %v, %v", e.sealed.Load(), e.created, e.alg)
	}
}

func TestKeyringShapesThatCannotBe(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	good := appendKeyring(nil, v.epochs)
	if _, err := v.parseKeyring(good); err != nil {
		t.Fatal(err)
	}
	twice := appendKeyring(nil, []*epoch{v.epochs[0], v.epochs[0]})
	algorithm := bytes.Clone(good)
	algorithm[keyringFront+4] = 9
	version := bytes.Clone(good)
	version[0] = 2
	for name, b := range map[string][]byte{
		"nothing": nil, "no epochs": {keyringVersion, 0, 0}, "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0),
		"ids that do not grow": twice, "an unknown algorithm": algorithm, "an unknown version": version,
	} {
		if got, err := v.parseKeyring(b); err == nil {
			t.Errorf("%s was read as %d epochs", name, len(got))
		}
	}
}

func FuzzHeader(f *testing.F) {
	_, header, secret := newStoreKeys(f)
	f.Add(header, false)
	f.Add(header[:len(header)/2], true)
	f.Add([]byte(headerMark), true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, b []byte, resum bool) {
		if resum && len(b) > sha256.Size { // lets the fuzzer get past the sum
			b = resummed(bytes.Clone(b))
		}
		if bytes.Equal(b, header) {
			return
		}
		if _, err := Open(b, b, secret); err == nil {
			t.Errorf("opened a header of %d bytes that nobody made", len(b))
		}
	})
}
