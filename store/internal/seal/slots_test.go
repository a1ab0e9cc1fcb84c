package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// secrets makes a new secret of each type.
var secrets = map[SlotType]func(t testing.TB) Secret{
	KeyFileSlot: newSecret,
	SecretSlot: func(t testing.TB) Secret {
		s, err := NewSecret([]byte(rand.Text() + rand.Text() + "\n"))
		must(t, err)
		return s
	},
	PassphraseSlot: func(testing.TB) Secret { return NewPassphrase([]byte("some words " + rand.Text() + "\n")) },
	RecoverySlot: func(t testing.TB) Secret {
		_, words, err := NewRecovery(rand.Reader)
		must(t, err)
		s, err := ReadRecovery(strings.NewReader(strings.Join(words, " ")))
		must(t, err)
		return s
	},
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stored writes the vault's header and opens it with a secret.
func stored(t testing.TB, v *Vault, secret Secret) (*Vault, error) {
	t.Helper()
	header, err := v.Header()
	must(t, err)
	return Open(header, header, secret)
}

func TestEachTypeOfSlotOpensWhatItsSecretMade(t *testing.T) {
	if len(secrets) != len(methods) {
		t.Fatalf("%d types have a secret here, there are %d", len(secrets), len(methods))
	}
	for kind, secret := range secrets {
		t.Run(string(kind), func(t *testing.T) {
			mine, other := secret(t), secret(t)
			v, header, err := Create(Production, mine, noon, rand.Reader)
			must(t, err)
			again, err := Open(header, header, mine)
			must(t, err)
			if again.Name("x") != v.Name("x") || again.Used() != 1 {
				t.Errorf("it opened another root, or slot %d", again.Used())
			}
			want := fmt.Sprintf("no key slot opens with this secret (slots: %s 1)", kind)
			if _, err := Open(header, header, other); !errors.Is(err, ErrWrongKey) || err.Error() != want {
				t.Errorf("another secret of its type: %v", err)
			}
			for not, secret := range secrets {
				if not == kind {
					continue
				}
				if _, err := Open(header, header, secret(t)); !errors.Is(err, ErrWrongKey) {
					t.Errorf("a %s: %v", not, err)
				}
			}
			if bytes.Contains(header, mine.material) {
				t.Error("the secret stands in the header")
			}
			mine.Wipe()
			if len(bytes.Trim(mine.material, "\x00")) > 0 {
				t.Error("a wiped secret is still there")
			}
		})
	}
}

// TestTheSameBytesAsAnotherTypeOpenNothing: a slot is bound to its way.
func TestTheSameBytesAsAnotherTypeOpenNothing(t *testing.T) {
	same := bytes.Repeat([]byte("k"), 32)
	seen := map[Key]SlotType{}
	for kind, m := range methods {
		key, err := m.derive(slot{ID: 1, Salt: make([]byte, saltSize), Cost: m.cost}, same)
		must(t, err)
		if was, had := seen[key]; had {
			t.Errorf("%s and %s make the same key of the same bytes", kind, was)
		}
		seen[key] = kind
	}
}

// TestASecretIsSwappedWithoutDowntime goes the whole way for each type: the old
// one opens until it is dropped, and is dropped only under the new one.
func TestASecretIsSwappedWithoutDowntime(t *testing.T) {
	for kind, secret := range secrets {
		t.Run(string(kind), func(t *testing.T) {
			before, after := secret(t), secret(t)
			v, _, err := Create(Production, before, noon, rand.Reader)
			must(t, err)
			if id, err := v.ReplaceSlot(after, noon.Add(time.Hour)); err != nil || id != 2 {
				t.Fatalf("replaced by slot %d, %v", id, err)
			}
			want := []Slot{
				{1, kind, "previous", "2031-03-04T12:00:00Z"},
				{2, kind, "current", "2031-03-04T13:00:00Z"},
			}
			for id, s := range map[int]Secret{1: before, 2: after} {
				opened, err := stored(t, v, s)
				must(t, err)
				if opened.Used() != id || !slices.Equal(opened.Slots(), want) {
					t.Errorf("opened slot %d of %v", opened.Used(), opened.Slots())
				}
				if err := opened.DropSlot(id); !errors.Is(err, ErrSlot) {
					t.Errorf("dropped slot %d, which was just used: %v", id, err)
				}
			}
			if _, err := v.ReplaceSlot(secret(t), noon); !errors.Is(err, ErrSlot) {
				t.Errorf("replaced again while the previous one stands: %v", err)
			}
			if _, err := v.AddSlot(secret(t), noon); !errors.Is(err, ErrSlot) {
				t.Errorf("added a second current one: %v", err)
			}
			opened, err := stored(t, v, after)
			must(t, err)
			must(t, opened.DropSlot(1))
			if _, err := stored(t, opened, before); !errors.Is(err, ErrWrongKey) {
				t.Errorf("the dropped one still opens: %v", err)
			}
			opened, err = stored(t, opened, after)
			must(t, err)
			if err := opened.DropSlot(2); !errors.Is(err, ErrSlot) || !strings.Contains(err.Error(), "last") {
				t.Errorf("dropped the last: %v", err)
			}
			if err := opened.DropSlot(9); !errors.Is(err, ErrSlot) {
				t.Errorf("dropped what is not there: %v", err)
			}
		})
	}
}

// TestThereIsRoomForEight fills the header with a current and a previous secret
// of each type: each opens, and there is no ninth.
func TestThereIsRoomForEight(t *testing.T) {
	first := newSecret(t)
	v, _, err := Create(Production, first, noon, rand.Reader)
	must(t, err)
	all := map[int]Secret{1: first}
	for kind, secret := range secrets {
		if kind != KeyFileSlot {
			s := secret(t)
			id, err := v.AddSlot(s, noon)
			must(t, err)
			all[id] = s
		}
		s := secret(t)
		id, err := v.ReplaceSlot(s, noon)
		must(t, err)
		all[id] = s
	}
	if len(all) != maxSlots {
		t.Fatalf("%d slots, want %d", len(all), maxSlots)
	}
	for id, s := range all {
		opened, err := stored(t, v, s)
		must(t, err)
		if opened.Used() != id {
			t.Errorf("secret %d opened slot %d", id, opened.Used())
		}
	}
	if _, err := v.addSlot(v.header.Slots, newSecret(t), noon); !errors.Is(err, ErrSlot) {
		t.Errorf("a ninth: %v", err)
	}
	must(t, v.DropSlot(4))
	must(t, v.DropSlot(8))
	if v.Summary() != summary(v.header.Slots) || len(v.Slots()) != 6 {
		t.Errorf("left are %s", v.Summary())
	}
}

// TestATamperedCostIsRefusedAtOnce forges headers that would take all memory, or
// hours, or next to nothing.
func TestATamperedCostIsRefusedAtOnce(t *testing.T) {
	secret := NewPassphrase([]byte("a passphrase of some length"))
	_, header, err := Create(Production, secret, noon, rand.Reader)
	must(t, err)
	for name, c := range map[string]cost{
		"memory":           {argon2id, 3, 4 << 20, 4},
		"just over":        {argon2id, 3, maxMemory + 1, 4},
		"most memory":      {argon2id, 3, 1<<32 - 1, 4},
		"time":             {argon2id, 17, 64 << 10, 4},
		"most time":        {argon2id, 1<<32 - 1, 64 << 10, 4},
		"threads":          {argon2id, 3, 64 << 10, 17},
		"no threads":       {argon2id, 3, 64 << 10, 0},
		"no time":          {argon2id, 0, 64 << 10, 4},
		"too little":       {argon2id, 3, minMemory - 1, 4},
		"another function": {"scrypt", 3, 64 << 10, 4},
	} {
		bad := forged(t, header, func(h *body) { h.Slots[0].Cost = &c })
		quick(t, name, func() error { _, err := Open(bad, bad, secret); return err })
		quick(t, name, func() error { _, err := stretched(slot{Cost: &c}, nil); return err })
	}
	none := forged(t, header, func(h *body) { h.Slots[0].Cost = nil })
	quick(t, "none", func() error { _, err := Open(none, none, secret); return err })
	cheaper := forged(t, header, func(h *body) { h.Slots[0].Cost.Memory = minMemory })
	if _, err := Open(cheaper, cheaper, secret); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a cost within bounds that is not the slot's: %v", err)
	}
}

// quick fails unless a function refuses within 100 ms and 4 MiB: the best of
// three runs, since a machine may be busy.
func quick(t *testing.T, name string, refuse func() error) {
	t.Helper()
	best, least := time.Hour, uint64(1<<62)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		if refuse() == nil {
			t.Errorf("%s: taken", name)
		}
		best = min(best, time.Since(began))
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if best > 100*time.Millisecond || least > 4<<20 {
		t.Errorf("%s: refused after %v and %d bytes", name, best, least)
	}
}

func TestSecretsThatMakeNoSlot(t *testing.T) {
	if _, err := NewSecret([]byte(strings.Repeat("x", 31) + "\r\n")); !errors.Is(err, ErrSecretFile) || !strings.Contains(err.Error(), "31 bytes") || !strings.Contains(err.Error(), "/dev/urandom") {
		t.Errorf("a secret of 31 bytes: %v", err)
	}
	if _, err := NewSecret([]byte(strings.Repeat("x", 32) + "\n")); err != nil {
		t.Errorf("a secret of 32 bytes: %v", err)
	}
	for typed, fits := range map[string]bool{"": false, "fourteen chars": false, "fifteen letters": true, "ÄÖÜäöüÄÖÜäöüßß": false} {
		if _, _, err := Create(Production, NewPassphrase([]byte(typed)), noon, rand.Reader); (err == nil) != fits {
			t.Errorf("a passphrase of %d bytes: %v", len(typed), err)
		}
	}
	v, _, _ := newStoreKeys(t)
	if _, err := v.AddSlot(Secret{}, noon); err == nil {
		t.Error("a slot was made of nothing")
	}
	if len(v.Slots()) != 1 {
		t.Errorf("what was refused left %v", v.Slots())
	}
}

// TestAPassphraseIsTheSameOnEveryKeyboard composes one letter in two ways.
func TestAPassphraseIsTheSameOnEveryKeyboard(t *testing.T) {
	composed, apart := []byte("caf\u00e9 of fifteen letters\r\n"), []byte("cafe\u0301 of fifteen letters")
	a, b := NewPassphrase(composed), NewPassphrase(apart)
	if !bytes.Equal(a.material, b.material) {
		t.Error("they differ")
	}
	if len(bytes.Trim(composed, "\x00")) > 0 {
		t.Error("what was typed is still there")
	}
}

func TestSecretFilesAreReadWholeOrRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, os.Chmod(path, mode))
		return path
	}
	long := strings.Repeat("s", 40)
	if s, err := ReadSecretFile(file("mounted", long+"\n", 0o444)); err != nil || string(s.material) != long {
		t.Errorf("a mounted secret: %v", err)
	}
	if s, err := ReadPassphraseFile(file("mine", "fifteen letters\n", 0o600)); err != nil || string(s.material) != "fifteen letters" {
		t.Errorf("a passphrase: %v", err)
	}
	for name, c := range map[string]struct {
		read func(string) (Secret, error)
		path string
		say  string
	}{
		"short":     {ReadSecretFile, file("short", "short", 0o600), "5 bytes"},
		"too long":  {ReadSecretFile, file("long", strings.Repeat("s", secretFileMax+1), 0o600), "longer than"},
		"a folder":  {ReadSecretFile, dir, "folder"},
		"missing":   {ReadSecretFile, filepath.Join(dir, "none"), "no such file"},
		"open wide": {ReadPassphraseFile, file("wide", "fifteen letters", 0o644), "chmod 600"},
	} {
		_, err := c.read(c.path)
		if !errors.Is(err, ErrSecretFile) || !strings.Contains(err.Error(), c.say) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryBitOfAHeaderWithAllSlotsCounts flips each in both copies at once: it
// is damage and no wrong key, and nothing is stretched to find that out.
func TestEveryBitOfAHeaderWithAllSlotsCounts(t *testing.T) {
	header, err := os.ReadFile("testdata/format-1-slots.header")
	must(t, err)
	for i := range len(header) * 8 {
		bad := bytes.Clone(header)
		bad[i/8] ^= 1 << (i % 8)
		for _, s := range goldenSecrets {
			if _, err := Open(bad, bad, s); !errors.Is(err, ErrHeaderDamaged) {
				t.Fatalf("%s, bit %d flipped: %v", s.Type(), i, err)
			}
		}
	}
}
