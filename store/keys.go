package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// Keys say what opens a store, or what its first slot is made of. Where one is
// named it is used and no other, the first of this list; where none is, the key
// file beside the store is, and where there is none, a person is asked.
type Keys struct {
	Secret     []byte    // the content of a secret file that came another way; wiped when used
	SecretFile string    // path of what a container or a service manager gives
	KeyFile    string    // path of a key file elsewhere
	Passphrase string    // path of a file that holds the passphrase
	Recovery   io.Reader // the recovery words

	// Ask asks a person for a passphrase, unseen; nil where there is nobody.
	Ask func(prompt string) ([]byte, error)
}

// Slot is one way to open a store, as everyone may see it.
type Slot = seal.Slot

// SlotType is how a slot is opened.
type SlotType = seal.SlotType

// The types of slot.
const (
	KeyFileSlot    = seal.KeyFileSlot
	SecretSlot     = seal.SecretSlot
	PassphraseSlot = seal.PassphraseSlot
	RecoverySlot   = seal.RecoverySlot
)

// What can go wrong with secrets and slots, beside ErrWrongKey.
var (
	ErrSecret = seal.ErrSecretFile // a secret cannot be used, or there is none
	ErrSlot   = seal.ErrSlot       // the slots cannot be changed in this way
)

// named reads the secret that is named, if one is.
func (k Keys) named() (secret seal.Secret, is bool, err error) {
	switch {
	case len(k.Secret) > 0:
		secret, err = seal.NewSecret(k.Secret)
	case k.SecretFile != "":
		secret, err = seal.ReadSecretFile(k.SecretFile)
	case k.KeyFile != "":
		secret, err = seal.ReadKeyFile(k.KeyFile)
	case k.Passphrase != "":
		secret, err = seal.ReadPassphraseFile(k.Passphrase)
	case k.Recovery != nil:
		secret, err = seal.ReadRecovery(k.Recovery)
	default:
		return seal.Secret{}, false, nil
	}
	return secret, true, err
}

// none says that no secret is named.
func (k Keys) none() bool {
	return len(k.Secret) == 0 && k.SecretFile == "" && k.KeyFile == "" && k.Passphrase == "" && k.Recovery == nil
}

// secret finds what opens a store with these slots.
func (c Config) secret(slots []Slot) (seal.Secret, error) {
	if secret, is, err := c.Keys.named(); is {
		return secret, err
	}
	beside := filepath.Join(c.Dir, KeyFile)
	_, missing := os.Lstat(beside)
	if errors.Is(missing, os.ErrNotExist) {
		asks := slices.ContainsFunc(slots, func(s Slot) bool { return s.Type == PassphraseSlot })
		if asks && c.Keys.Ask != nil {
			typed, err := c.Keys.Ask("Passphrase: ")
			if err != nil {
				return seal.Secret{}, fmt.Errorf("passphrase: %w: %w", ErrSecret, err)
			}
			return seal.NewPassphrase(typed), nil
		}
		return seal.Secret{}, fmt.Errorf("%s: %w: there is no such file; put your copy there, or name a secret of one of the slots (%s)", beside, ErrSecret, names(slots))
	}
	return seal.ReadKeyFile(beside)
}

// unlock opens the keys of a file. The header is looked at first, so that
// damage is told from a wrong key. A secret that opens nothing is noted.
func unlock(config Config, file engine.Engine) (*seal.Vault, error) {
	header, mirror, err := config.headers(file)
	if err != nil {
		return nil, err
	}
	slots, err := seal.Inspect(header, mirror)
	if err != nil {
		return nil, err
	}
	secret, err := config.secret(slots)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	vault, err := seal.Open(header, mirror, secret)
	if errors.Is(err, ErrWrongKey) {
		return nil, config.deny(err, secret.Type())
	}
	return vault, err
}

// headers are those of the file, or the copy that stands in for damaged ones.
func (c Config) headers(file engine.Engine) (header, mirror []byte, err error) {
	if c.header != nil {
		return c.header, c.header, nil
	}
	if header, mirror, err = readHeaders(file); err != nil || c.Header == "" {
		return header, mirror, err
	}
	if _, err := seal.Inspect(header, mirror); !errors.Is(err, ErrHeader) {
		return nil, nil, cmp.Or(err, errors.New("the header in the file is whole, and may be newer than a copy: leave out --header"))
	}
	copied, err := readCopy(c.Header)
	return copied, copied, err
}

func readHeaders(file engine.Engine) (header, mirror []byte, err error) {
	err = file.View(func(r engine.Reader) error {
		header = bytes.Clone(r.Get(engine.Header, headerKey))
		mirror = bytes.Clone(r.Get(engine.Header, mirrorKey))
		return nil
	})
	return header, mirror, err
}

func readCopy(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("header copy: %w", err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("header copy: %w", err)
	}
	if _, err := seal.Inspect(b, b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// Slots lists the ways to open a store, without a secret: that nobody changed
// them shows only when it is opened.
func Slots(config Config) ([]Slot, error) {
	file, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	header, mirror, err := config.headers(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return seal.Inspect(header, mirror)
}

// CheckSecret says which slot the secret of the configuration opens. It opens
// nothing else and changes nothing; a secret that fits no slot is noted.
func CheckSecret(config Config) (Slot, error) {
	file, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{})
	if err != nil {
		return Slot{}, err
	}
	vault, err := unlock(config, file)
	if err := errors.Join(err, file.Close()); err != nil {
		return Slot{}, err
	}
	return slot(vault, vault.Used()), nil
}

// CheckSecret says which slot a secret opens, of a store that is open already. A
// secret that fits no slot is noted, as at a start.
func (s *Store) CheckSecret(keys Keys) (Slot, error) {
	config := s.config
	config.Keys, config.Header, config.header = keys, "", nil
	vault, err := unlock(config, s.engine)
	if err != nil {
		return Slot{}, err
	}
	return slot(vault, vault.Used()), nil
}

func slot(vault *seal.Vault, id int) Slot {
	slots := vault.Slots()
	return slots[slices.IndexFunc(slots, func(s Slot) bool { return s.ID == id })]
}

// names lists slots by type and id, as the answer to a wrong key does.
func names(slots []Slot) string {
	each := make([]string, len(slots))
	for i, s := range slots {
		each[i] = fmt.Sprintf("%s %d", s.Type, s.ID)
	}
	return strings.Join(each, ", ")
}

// putHeader writes a header and its mirror. They are in neither count nor
// digest: they have a sum and a mac of their own.
func putHeader(w engine.Writer, header []byte) error {
	return errors.Join(w.Put(engine.Header, headerKey, header), w.Put(engine.Header, mirrorKey, header))
}

// copyHeader writes the copy beside the file, whole or not at all.
func (c Config) copyHeader(header []byte) error {
	path := filepath.Join(c.Dir, HeaderFile)
	err := writeWhole(path, header)
	if err != nil {
		return fmt.Errorf("write %s: %w: %w", path, ErrPermission, err)
	}
	return nil
}

func writeWhole(path string, body []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(body)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// RepairHeader puts a damaged header back and says from where: from its other
// record if that is whole, which is never older, and else from the copy that
// Config.Header names. It wants the secret, and sees that the header belongs to
// this store.
func RepairHeader(config Config) (from string, err error) {
	file, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{})
	if err != nil {
		return "", err
	}
	config.header, from, err = wholeHeader(config, file)
	if err != nil || from == "" {
		return "", errors.Join(err, file.Close())
	}
	s, err := open(config, file)
	if err != nil {
		return "", errors.Join(fmt.Errorf("with the header from %s: %w", from, err), file.Close())
	}
	return from, errors.Join(s.storeHeader("repair header", "from "+from), s.Close())
}

// wholeHeader finds a header to put back; from is empty if there is no need.
func wholeHeader(config Config, file engine.Engine) (header []byte, from string, err error) {
	header, mirror, err := readHeaders(file)
	if err != nil {
		return nil, "", err
	}
	_, err = seal.Inspect(header, mirror)
	var damage seal.HeaderDamaged
	switch {
	case !errors.As(err, &damage):
		return nil, "", err
	case damage.Good == "header":
		return header, "the header record", nil
	case damage.Good == "mirror":
		return mirror, "the mirror record", nil
	case config.Header == "":
		return nil, "", err
	}
	header, err = readCopy(config.Header)
	return header, "the copy", err
}

// newVault makes the keys of a new store, with recovery words if anybody is
// there to be told.
func newVault(config Config, kind Kind, secret seal.Secret) (vault *seal.Vault, header []byte, words []string, err error) {
	vault, header, err = seal.Create(kind, secret, config.Now().UTC(), rand.Reader)
	if err != nil || config.Recovery == nil {
		return vault, header, nil, err
	}
	recovery, words, err := seal.NewRecovery(rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	defer recovery.Wipe()
	if _, err := vault.AddSlot(recovery, config.Now()); err != nil {
		return nil, nil, nil, err
	}
	header, err = vault.Header()
	return vault, header, words, err
}

// Slots lists the ways to open the store.
func (s *Store) Slots() []Slot { return s.vault.Slots() }
