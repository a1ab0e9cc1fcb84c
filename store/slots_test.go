package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// keyed is a production store of its own, with what opens it.
type keyed struct {
	*testing.T
	config Config
	words  []string
}

func newKeyed(t *testing.T) *keyed {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700))
	now := time.Date(2031, 3, 4, 12, 0, 0, 0, time.UTC)
	began := time.Now()
	k := &keyed{T: t, config: Config{Dir: dir, Now: func() time.Time { return now }, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test"}}
	k.config.Recovery = func(words []string) { k.words = words }
	s, err := Create(k.config, Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(now)})
	must(t, err)
	must(t, s.Close())
	return k
}

func (k *keyed) file(name string) string { return filepath.Join(k.config.Dir, name) }

// write makes a private file beside the store.
func (k *keyed) write(name, text string) string {
	must(k.T, os.WriteFile(k.file(name), []byte(text), 0o600))
	return k.file(name)
}

// with opens the store with keys, and closes it.
func (k *keyed) with(keys Keys, do func(s *Store)) {
	k.Helper()
	c := k.config
	c.Keys = keys
	s, err := Open(c)
	if err != nil {
		k.Fatal(err)
	}
	if do != nil {
		do(s)
	}
	must(k.T, s.Close())
}

func (k *keyed) refuses(keys Keys, want error) error {
	k.Helper()
	c := k.config
	c.Keys = keys
	s, err := Open(c)
	if err == nil {
		must(k.T, s.Close())
	}
	if !errors.Is(err, want) {
		k.Errorf("got %v, want %v", err, want)
	}
	return err
}

func (k *keyed) slots() string {
	k.Helper()
	slots, err := Slots(k.config)
	must(k.T, err)
	return names(slots)
}

// trail gives the last entry of the trail and how many blocks there are.
func (k *keyed) trail(s *Store) (last Entry, blocks uint64) {
	k.Helper()
	must(k.T, s.view(func(r engine.Reader) error {
		block, err := s.trailBlock(r, s.state.Sequence)
		if err != nil {
			return err
		}
		last, err = block[len(block)-1].open()
		return err
	}))
	return last, s.state.Sequence
}

// TestANewStoreHasWordsAndACopyOfItsHeader opens it with each.
func TestANewStoreHasWordsAndACopyOfItsHeader(t *testing.T) {
	k := newKeyed(t)
	if len(k.words) != 24 || k.slots() != "keyfile 1, recovery 2" {
		t.Fatalf("%d words, slots %s", len(k.words), k.slots())
	}
	if info, err := os.Stat(k.file(HeaderFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	must(t, os.Rename(k.file(KeyFile), k.file("moved")))
	err := k.refuses(Keys{}, ErrSecret)
	if err != nil && !strings.Contains(err.Error(), "keyfile 1, recovery 2") {
		t.Errorf("without a secret it says %v", err)
	}
	k.with(Keys{Recovery: strings.NewReader(strings.Join(k.words, " "))}, func(s *Store) {
		if s.vault.Used() != 2 {
			t.Errorf("opened slot %d", s.vault.Used())
		}
	})
	k.with(Keys{KeyFile: k.file("moved")}, nil)
	for name := range map[string]bool{DataFile: true, HeaderFile: true} {
		body, err := os.ReadFile(k.file(name))
		must(t, err)
		if strings.Contains(string(body), strings.Join(k.words[:2], " ")) {
			t.Errorf("%s holds the words", name)
		}
	}
}

// TestSecretsAreTriedInTheirOrder: what is named goes first and alone, then the
// key file, then a person is asked.
func TestSecretsAreTriedInTheirOrder(t *testing.T) {
	k := newKeyed(t)
	secret := k.write("secret", rand.Text()+rand.Text())
	pass := k.write("pass", "a passphrase of some length\n")
	k.with(Keys{}, func(s *Store) {
		for _, f := range []Fresh{{Type: SecretSlot, File: secret}, {Type: PassphraseSlot, File: pass}} {
			_, err := s.AddSlot(f)
			must(t, err)
		}
	})
	asked := 0
	ask := func(string) ([]byte, error) { asked++; return []byte("a passphrase of some length"), nil }
	used := func(keys Keys, want int) {
		t.Helper()
		k.with(keys, func(s *Store) {
			if s.vault.Used() != want {
				t.Errorf("opened slot %d, want %d", s.vault.Used(), want)
			}
		})
	}
	used(Keys{Ask: ask}, 1)
	used(Keys{SecretFile: secret, Ask: ask}, 3)
	used(Keys{Secret: []byte(must1(os.ReadFile(secret))), Ask: ask}, 3)
	used(Keys{Passphrase: pass}, 4)
	if asked != 0 {
		t.Error("a person was asked while there was a key file or something was named")
	}
	k.refuses(Keys{SecretFile: pass}, ErrSecret) // too short; the key file is not tried in its place
	must(t, os.Remove(k.file(KeyFile)))
	used(Keys{Ask: ask}, 4)
	k.refuses(Keys{Ask: func(string) ([]byte, error) { return nil, errors.New("hung up") }}, ErrSecret)
	k.refuses(Keys{Ask: func(string) ([]byte, error) { return []byte("another passphrase"), nil }}, ErrWrongKey)
}

func must1(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestAKeyFileIsReplacedAndDropped goes the way an operator goes, and looks at
// the trail and the copy of the header on it.
func TestAKeyFileIsReplacedAndDropped(t *testing.T) {
	k := newKeyed(t)
	copied := must1(os.ReadFile(k.file(HeaderFile)))
	k.with(Keys{}, func(s *Store) {
		records, digest := s.state.Records, s.state.Digest
		made, err := s.ReplaceSlot(Fresh{Type: KeyFileSlot})
		must(t, err)
		if made.ID != 3 || made.State != "current" {
			t.Errorf("made %v", made)
		}
		if last, _ := k.trail(s); last.Did != "replace key slot" || last.Effect != "keyfile 3" || last.Outcome != "yes" {
			t.Errorf("the trail says %+v", last)
		}
		if s.state.Records <= records || s.state.Digest == digest {
			t.Error("the trail's block is not counted")
		}
		if err := s.DropSlot(1); !errors.Is(err, ErrSlot) {
			t.Errorf("dropped the slot in use: %v", err)
		}
	})
	if now := must1(os.ReadFile(k.file(HeaderFile))); string(now) == string(copied) {
		t.Error("the copy of the header is the old one")
	}
	k.with(Keys{KeyFile: k.file(KeyFile + ".previous")}, func(s *Store) {
		if s.vault.Used() != 1 {
			t.Errorf("the key before opened slot %d", s.vault.Used())
		}
		if _, err := s.ReplaceSlot(Fresh{Type: KeyFileSlot}); !errors.Is(err, ErrSlot) {
			t.Errorf("replaced twice: %v", err)
		}
		if _, err := s.AddSlot(Fresh{Type: KeyFileSlot, File: k.file("second.key")}); !errors.Is(err, ErrSlot) {
			t.Errorf("added a second current one: %v", err)
		}
	})
	if _, err := os.Lstat(k.file("second.key")); err == nil {
		t.Error("a refused slot left its key file behind")
	}
	if _, err := os.Lstat(k.file(KeyFile + ".new")); err == nil {
		t.Error("a new key waits that no slot knows")
	}
	k.with(Keys{}, func(s *Store) { must(t, s.DropSlot(1)) })
	k.refuses(Keys{KeyFile: k.file(KeyFile + ".previous")}, ErrWrongKey)
	k.with(Keys{}, nil)
	if k.slots() != "recovery 2, keyfile 3" {
		t.Errorf("left are %s", k.slots())
	}
}

func TestRecoveryWordsAreReplaced(t *testing.T) {
	k := newKeyed(t)
	before, after := k.words, []string(nil)
	k.with(Keys{}, func(s *Store) {
		_, err := s.ReplaceSlot(Fresh{Type: RecoverySlot, Tell: func(w []string) { after = w }})
		must(t, err)
	})
	for id, words := range map[int][]string{2: before, 3: after} {
		c := k.config
		c.Keys.Recovery = strings.NewReader(strings.Join(words, "\n"))
		if got, err := CheckSecret(c); err != nil || got.ID != id {
			t.Errorf("slot %d: %v, %v", id, got, err)
		}
	}
	k.with(Keys{Recovery: strings.NewReader(strings.Join(after, "\n"))}, func(s *Store) {
		must(t, s.DropSlot(2))
		must(t, s.DropSlot(1))
		if err := s.DropSlot(3); !errors.Is(err, ErrSlot) {
			t.Errorf("dropped the last: %v", err)
		}
		for _, f := range []Fresh{{Type: "card"}, {Type: SecretSlot}, {Type: PassphraseSlot}} {
			if _, err := s.AddSlot(f); err == nil {
				t.Errorf("made a slot of %v", f.Type)
			}
		}
		typed := []string{"fifteen letters or more", "fifteen letters or mor"}
		ask := func(string) ([]byte, error) { w := typed[0]; typed = typed[1:]; return []byte(w), nil }
		if _, err := s.AddSlot(Fresh{Type: PassphraseSlot, Ask: ask}); !errors.Is(err, ErrSecret) {
			t.Errorf("two passphrases that differ: %v", err)
		}
	})
}

// TestADeniedOpeningIsOneLineOfTheNextGoodStart refuses three and then opens.
func TestADeniedOpeningIsOneLineOfTheNextGoodStart(t *testing.T) {
	k := newKeyed(t)
	wrong := k.write("wrong", rand.Text()+rand.Text())
	for range 2 {
		k.refuses(Keys{SecretFile: wrong}, ErrWrongKey)
	}
	k.refuses(Keys{Passphrase: wrong}, ErrWrongKey)
	note := string(must1(os.ReadFile(k.file(DeniedFile))))
	const at = "2031-03-04T12:00:00Z "
	if want := at + "secret\n" + at + "secret\n" + at + "passphrase\n"; note != want {
		t.Errorf("noted %q, want %q", note, want)
	}
	if info, err := os.Stat(k.file(DeniedFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the note: %v, %v", info.Mode(), err)
	}
	var sequence uint64
	k.with(Keys{}, func(s *Store) {
		var last Entry
		last, sequence = k.trail(s)
		if last.Did != "open denied" || last.Effect != "3" || last.Outcome != "no" || last.Who != "" || len(last.About) > 0 {
			t.Errorf("the trail says %+v", last)
		}
	})
	if _, err := os.Lstat(k.file(DeniedFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the note is still there: %v", err)
	}
	k.with(Keys{}, func(s *Store) {
		if s.state.Sequence != sequence {
			t.Error("it was told again")
		}
	})
}

func TestTheNoteOfDeniedOpeningsIsBounded(t *testing.T) {
	k := newKeyed(t)
	wrong := k.write("wrong", rand.Text()+rand.Text())
	k.write(DeniedFile, strings.Repeat(strings.Repeat("x", 63)+"\n", deniedMax/64))
	k.refuses(Keys{SecretFile: wrong}, ErrWrongKey)
	if info, err := os.Stat(k.file(DeniedFile)); err != nil || info.Size() != deniedMax {
		t.Errorf("it grew: %v, %v", info.Size(), err)
	}
	k.with(Keys{}, func(s *Store) {
		if last, _ := k.trail(s); last.Effect != "at least 1024" {
			t.Errorf("the trail says %+v", last)
		}
	})
	must(t, os.Symlink(k.file(KeyFile), k.file(DeniedFile)))
	if err := k.refuses(Keys{SecretFile: wrong}, ErrWrongKey); err != nil && !strings.Contains(err.Error(), "could not be noted") {
		t.Errorf("a link in its place: %v", err)
	}
}

// harm flips a bit in the header, its mirror, or both.
func (k *keyed) harm(which ...[]byte) {
	k.Helper()
	file, err := bolt.Open(k.file(DataFile), bolt.Options{})
	must(k.T, err)
	must(k.T, file.Update(func(w engine.Writer) error {
		for _, key := range which {
			if err := w.Put(engine.Header, key, flipped(w.Get(engine.Header, key), 40)); err != nil {
				return err
			}
		}
		return nil
	}))
	must(k.T, file.Close())
}

// TestADamagedHeaderIsOpenedWithItsCopyAndRepaired covers one and both records.
func TestADamagedHeaderIsOpenedWithItsCopyAndRepaired(t *testing.T) {
	k := newKeyed(t)
	withCopy := k.config
	withCopy.Header = k.file(HeaderFile)
	if _, err := Open(withCopy); err == nil || !strings.Contains(err.Error(), "leave out --header") {
		t.Errorf("a copy in the place of a whole header: %v", err)
	}
	if from, err := RepairHeader(withCopy); err != nil || from != "" {
		t.Errorf("repaired what is whole from %q, %v", from, err)
	}
	for want, which := range map[string][][]byte{
		"the header record": {mirrorKey}, "the mirror record": {headerKey}, "the copy": {headerKey, mirrorKey},
	} {
		k.harm(which...)
		err := k.refuses(Keys{}, ErrHeader)
		for _, says := range []string{"header damaged at byte 40", "restore header from", "*.hdr"} {
			if want == "the copy" && says == "header damaged at byte 40" {
				says = "header damaged" // with both alike there is nothing to compare with
			}
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: it does not say %q: %v", want, says, err)
			}
		}
		s, err := Open(withCopy)
		must(t, err)
		must(t, s.Close())
		if want == "the copy" {
			if _, err := RepairHeader(k.config); !errors.Is(err, ErrHeader) {
				t.Errorf("repaired without a copy: %v", err)
			}
		}
		from, err := RepairHeader(withCopy)
		if err != nil || from != want {
			t.Errorf("repaired from %q, %v; want %q", from, err, want)
		}
		k.with(Keys{}, func(s *Store) {
			if last, _ := k.trail(s); last.Did != "repair header" || last.Effect != "from "+want {
				t.Errorf("the trail says %+v", last)
			}
		})
	}
	other := newKeyed(t)
	k.harm(headerKey, mirrorKey)
	foreign := k.config
	foreign.Header, foreign.Keys.KeyFile = other.file(HeaderFile), other.file(KeyFile)
	if _, err := RepairHeader(foreign); !errors.Is(err, ErrDamaged) {
		t.Errorf("the header of another store was put in: %v", err)
	}
	k.write("cut.hdr", string(must1(os.ReadFile(k.file(HeaderFile)))[:300]))
	cut := k.config
	cut.Header = k.file("cut.hdr")
	if _, err := RepairHeader(cut); !errors.Is(err, ErrHeader) {
		t.Errorf("half a header was put in: %v", err)
	}
	if from, err := RepairHeader(withCopy); err != nil || from != "the copy" {
		t.Errorf("after all that: %q, %v", from, err)
	}
}

// TestAStoreIsMadeWithoutAKeyFile by what is named.
func TestAStoreIsMadeWithoutAKeyFile(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700))
	now := time.Date(2031, 3, 4, 12, 0, 0, 0, time.UTC)
	secret := filepath.Join(t.TempDir(), "mounted")
	must(t, os.WriteFile(secret, []byte(rand.Text()+rand.Text()), 0o444))
	c := Config{Dir: dir, Now: func() time.Time { return now }, Elapsed: func() time.Duration { return 0 }, Keys: Keys{SecretFile: secret}}
	s, err := Create(c, Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(now)})
	must(t, err)
	must(t, s.Close())
	if _, err := os.Lstat(filepath.Join(dir, KeyFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key file was made: %v", err)
	}
	slots, err := Slots(c)
	if err != nil || fmt.Sprint(names(slots)) != "secret 1" {
		t.Errorf("slots %s, %v", names(slots), err)
	}
	s, err = Open(c)
	must(t, err)
	must(t, s.Close())
}
