package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/seal"
)

// Fresh says where the secret of a new slot comes from.
type Fresh struct {
	Type SlotType
	File string                              // a key file is made there; a secret or a passphrase is read from there
	Ask  func(prompt string) ([]byte, error) // asks a person for a passphrase that no file holds; nil where there is nobody
	Tell func(words []string)                // is told recovery words
}

// AddSlot lets one more secret open the store. The change, its line in the
// trail and both copies of the header are one commit; the copy beside the file
// follows. Words, if any, are told once that is durable.
func (s *Store) AddSlot(f Fresh) (Slot, error) {
	return s.newSlot(f, "add key slot", s.vault.AddSlot)
}

// ReplaceSlot makes a secret the current one of its type; the one before opens
// the store until it is dropped. A new key file takes the place of the one
// beside the store, which stays as care.key.previous.
func (s *Store) ReplaceSlot(f Fresh) (Slot, error) {
	return s.newSlot(f, "replace key slot", s.vault.ReplaceSlot)
}

// DropSlot takes a slot away: never the last one, and never the one that the
// store was opened with.
func (s *Store) DropSlot(id int) error {
	s.heading.Lock()
	defer s.heading.Unlock()
	if err := s.vault.DropSlot(id); err != nil {
		return err
	}
	return s.storeHeader("drop key slot", fmt.Sprint("slot ", id))
}

// DropSlotAs is DropSlot of a store that has been open for a while: what shows that
// there is another way in is this secret, or else what would open the store now.
func (s *Store) DropSlotAs(id int, keys Keys) error {
	if keys.none() {
		keys.SecretFile, keys.KeyFile, keys.Passphrase = s.config.Keys.SecretFile, s.config.Keys.KeyFile, s.config.Keys.Passphrase
	}
	used, err := s.CheckSecret(keys)
	if err != nil {
		return err
	}
	s.vault.Use(used.ID)
	return s.DropSlot(id)
}

func (s *Store) newSlot(f Fresh, did string, put func(seal.Secret, time.Time) (int, error)) (Slot, error) {
	draft, err := s.draft(f, did)
	if err != nil {
		return Slot{}, err
	}
	secret, words, err := draft.secret()
	if err != nil {
		return Slot{}, errors.Join(err, draft.discard())
	}
	defer secret.Wipe()
	s.heading.Lock()
	defer s.heading.Unlock()
	id, err := put(secret, s.now())
	if err != nil {
		return Slot{}, errors.Join(err, draft.discard())
	}
	made := slot(s.vault, id)
	// From here on a failure leaves the draft where it is: the commit may stand.
	if err := s.storeHeader(did, fmt.Sprintf("%s %d", made.Type, id)); err != nil {
		return Slot{}, err
	}
	if words != nil && f.Tell != nil {
		f.Tell(words)
	}
	return made, draft.settle()
}

// storeHeader commits the header as the vault has it now, twice and with a line
// in the trail, and then copies it beside the file. Further steps are taken in
// the same commit. Who changes what stands in a header holds heading until this
// has returned, so that a header is never followed by one that was made before.
func (s *Store) storeHeader(did, effect string, further ...func(c *commit)) error {
	header, err := s.vault.Header()
	if err != nil {
		return err
	}
	err = s.work([]Entry{{At: s.now(), Role: care.RoleSystem, Did: did, Effect: effect, Outcome: "yes"}}, func(c *commit) error {
		for _, step := range further {
			step(c)
		}
		return putHeader(c.w.Writer, header)
	})
	if err != nil {
		return err
	}
	if err := s.config.copyHeader(header); err != nil {
		return fmt.Errorf("the change is in the store, but not in its copy: %w", err)
	}
	return nil
}

// work does a step of the store's own work on itself, in a commit that it may
// share, with what the trail is to say of it.
func (s *Store) work(entries []Entry, step func(c *commit) error) error {
	for i := range entries {
		entries[i].note = true
	}
	j := &job{entries: entries, step: step, answered: make(chan struct{})}
	s.submit(j)
	return s.wait(j).Err
}

// renewCopy makes the copy of the header beside the file the same as that in it:
// a process that was killed may have left an older one, which lacks a slot or
// holds an epoch that is to be forgotten.
func (s *Store) renewCopy() error {
	if s.Kind() != Production {
		return nil
	}
	header, mirror, err := readHeaders(s.engine)
	if err == nil {
		_, err = s.vault.Former(header, mirror) // a damaged one is not copied
	}
	if err != nil {
		return err
	}
	copied, err := os.ReadFile(filepath.Join(s.config.Dir, HeaderFile))
	if err == nil && bytes.Equal(copied, header) {
		return nil
	}
	return s.config.copyHeader(header)
}

// draft is a new secret on its way: a key file waits under another name until
// the store knows it.
type draft struct {
	from  Fresh
	at    string // where a new key file is made
	place string // the name that it takes then
}

// draft finds the place of a new key file. Nothing that is there is written
// over.
func (s *Store) draft(f Fresh, did string) (*draft, error) {
	d := &draft{from: f}
	if f.Type != KeyFileSlot {
		return d, nil
	}
	d.place = cmp.Or(f.File, filepath.Join(s.config.Dir, KeyFile))
	d.at = d.place
	_, err := os.Lstat(d.place)
	if err == nil && f.File == "" && did == "replace key slot" {
		d.at += ".new"
		for name, why := range map[string]string{
			d.at:                  "it is left from an exchange that was cut short; if it opens the store (--key-file), put it in the place of the other, else remove it",
			d.place + previousKey: "it is the key before this one; keep it elsewhere if copies of the store still need it",
		} {
			if _, err := os.Lstat(name); err == nil {
				return nil, fmt.Errorf("%s: %w: a file is already there: %s", name, ErrSlot, why)
			}
		}
	}
	return d, nil
}

// previousKey ends the name of the key file before the current one.
const previousKey = ".previous"

func (d *draft) secret() (secret seal.Secret, words []string, err error) {
	ask := d.from.Ask
	switch d.from.Type {
	case KeyFileSlot:
		if err := seal.NewKeyFile(d.at); err != nil {
			d.at = "" // what is there is another's
			return secret, nil, err
		}
		secret, err = seal.ReadKeyFile(d.at)
	case SecretSlot:
		if d.from.File == "" {
			return secret, nil, fmt.Errorf("%w: name the file of the new secret", ErrSecret)
		}
		secret, err = seal.ReadSecretFile(d.from.File)
	case PassphraseSlot:
		switch {
		case d.from.File != "":
			secret, err = seal.ReadPassphraseFile(d.from.File)
		case ask == nil:
			err = fmt.Errorf("%w: there is no terminal to ask for the new passphrase; name a file that holds it", ErrSecret)
		default:
			secret, err = askTwice(ask)
		}
	case RecoverySlot:
		return seal.NewRecovery(rand.Reader)
	default:
		err = fmt.Errorf("%w: there is no type %q; say keyfile, secret, passphrase or recovery", ErrSlot, d.from.Type)
	}
	return secret, nil, err
}

func askTwice(ask func(string) ([]byte, error)) (seal.Secret, error) {
	var typed [2][]byte
	for i, prompt := range []string{"New passphrase: ", "New passphrase once more: "} {
		var err error
		if typed[i], err = ask(prompt); err != nil {
			return seal.Secret{}, fmt.Errorf("passphrase: %w: %w", ErrSecret, err)
		}
	}
	defer clear(typed[1])
	if !bytes.Equal(typed[0], typed[1]) {
		clear(typed[0])
		return seal.Secret{}, fmt.Errorf("%w: the two passphrases are not the same", ErrSecret)
	}
	return seal.NewPassphrase(typed[0]), nil
}

// discard removes a key file that no slot knows.
func (d *draft) discard() error {
	if d.at == "" {
		return nil
	}
	return os.Remove(d.at)
}

// settle puts a new key file in its place and keeps the one before it. At each
// step the file in that place opens the store.
func (d *draft) settle() error {
	if d.at == d.place {
		return nil
	}
	err := os.Link(d.place, d.place+previousKey)
	if err == nil {
		err = os.Rename(d.at, d.place)
	}
	if err == nil {
		err = syncDir(filepath.Dir(d.place))
	}
	if err != nil {
		return fmt.Errorf("the new key opens the store, but lies at %s: move it to %s: %w", d.at, d.place, err)
	}
	return nil
}
