package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Secret is what opens a slot: read from a key file, for one. It prints as
// nothing.
type Secret struct {
	kind     SlotType
	material []byte
}

// What a secret must have to make a slot.
const (
	secretFileMin = 32 // bytes; it is not stretched, so it must be random
	secretFileMax = 64 << 10
	passphraseMin = 15 // characters, as for a password that stands alone
	passphraseMax = 4 << 10
)

// Type is the type of the slots that the secret may open.
func (s Secret) Type() SlotType { return s.kind }

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secret(hidden)") }

// MarshalText refuses, so that no secret gets into JSON by accident.
func (Secret) MarshalText() ([]byte, error) { return nil, errors.New("a secret is not written down") }

// Wipe overwrites the secret; call it once the vault is open.
func (s Secret) Wipe() { clear(s.material) }

// ReadSecretFile reads the secret that a container or a service manager gives
// as a file. Line ends at its end do not count. Its mode is not looked at:
// those who give such files mount them where no one else looks, often with a
// mode that anyone could read. The error wraps ErrSecretFile.
func ReadSecretFile(path string) (Secret, error) {
	content, err := readFile(path, secretFileMax, false)
	if err != nil {
		return Secret{}, err
	}
	s, err := NewSecret(content)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// NewSecret takes the content of a secret file, which is wiped with the secret.
// The error wraps ErrSecretFile.
func NewSecret(content []byte) (Secret, error) {
	trimmed := bytes.TrimRight(content, "\r\n")
	if len(trimmed) < secretFileMin {
		clear(content)
		return Secret{}, fmt.Errorf("%w: it has %d bytes and needs %d random ones or more; make one with: head -c 48 /dev/urandom | base64",
			ErrSecretFile, len(trimmed), secretFileMin)
	}
	return Secret{kind: SecretSlot, material: trimmed}, nil
}

// ReadPassphraseFile reads a passphrase from a file that only its owner may
// read, or from a pipe. The error wraps ErrSecretFile.
func ReadPassphraseFile(path string) (Secret, error) {
	content, err := readFile(path, passphraseMax, true)
	if err != nil {
		return Secret{}, err
	}
	return NewPassphrase(content), nil
}

// NewPassphrase takes a passphrase as it was typed, and wipes that. The same
// letters give the same secret however a keyboard composes them.
func NewPassphrase(typed []byte) Secret {
	defer clear(typed)
	return Secret{kind: PassphraseSlot, material: norm.NFC.Append(make([]byte, 0, 3*len(typed)), bytes.TrimRight(typed, "\r\n")...)}
}

// longEnough refuses a passphrase that can be guessed.
func longEnough(material []byte) error {
	if n := utf8.RuneCount(material); n < passphraseMin {
		return fmt.Errorf("%w: the passphrase has %d characters; take %d or more, some words for instance", ErrSecretFile, n, passphraseMin)
	}
	return nil
}

// readFile reads a short file whole, or refuses it.
func readFile(path string, most int64, private bool) ([]byte, error) {
	refuse := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("%s: %w: %s", path, ErrSecretFile, fmt.Sprintf(format, args...))
	}
	file, err := os.Open(path)
	if err != nil {
		return refuse("%v", errors.Unwrap(err))
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return refuse("%v", errors.Unwrap(err))
	case info.IsDir():
		return refuse("it is a folder")
	case private && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0:
		return refuse("mode %04o lets others read it; run: chmod 600 %s", info.Mode().Perm(), path)
	}
	content := make([]byte, most+1) // of its full size from the start: growing would leave copies behind
	n, err := io.ReadFull(file, content)
	switch {
	case err == nil:
		clear(content)
		return refuse("it is longer than %d bytes", most)
	case !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		clear(content)
		return refuse("%v", err)
	}
	return content[:n], nil
}
