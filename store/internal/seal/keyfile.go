package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The text of a key file: comment lines, then label, key and check on one line.
const (
	keyFileLabel   = "careconnect-key-1"
	keyFileComment = "# Care Connect key file. With this and the store, every record can be read;\n" +
		"# without it, none. Keep a copy in another place than the store.\n"
	keyFileMax = 4 << 10
)

// NewKeyFile makes a file with a new random key, mode 0600, and makes it
// durable. It never overwrites a file.
func NewKeyFile(path string) error {
	key, err := newKey(rand.Reader)
	if err != nil {
		return err
	}
	defer key.wipe()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: %w: a file is already there and is left as it is; choose another path", path, ErrSecretFile)
	}
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	text := formatKey(key)
	_, err = file.Write(text)
	clear(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(path) // half a key file is worse than none
		return fmt.Errorf("write key file: %w", err)
	}
	return nil
}

// ReadKeyFile reads the secret from a key file. It refuses a file that others
// than its owner may read or write, and one that is not of the right shape;
// the error wraps ErrSecretFile and says what to do.
func ReadKeyFile(path string) (Secret, error) {
	refuse := func(format string, args ...any) (Secret, error) {
		return Secret{}, fmt.Errorf("%s: %w: %s", path, ErrSecretFile, fmt.Sprintf(format, args...))
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
	case !info.Mode().IsRegular():
		return refuse("it is not a plain file")
	case info.Mode().Perm()&0o077 != 0:
		return refuse("mode %04o lets others read it; run: chmod 600 %s", info.Mode().Perm(), path)
	case info.Size() > keyFileMax:
		return refuse("it has %d bytes, a key file is shorter than %d", info.Size(), keyFileMax)
	}
	text, err := io.ReadAll(io.LimitReader(file, keyFileMax))
	if err != nil {
		return refuse("%v", err)
	}
	defer clear(text)
	key, err := parseKey(text)
	if err != nil {
		return refuse("%v; restore it from your copy", err)
	}
	return Secret{kind: KeyFileSlot, material: key[:]}, nil
}

// formatKey writes a key as the text of a key file.
func formatKey(key Key) []byte {
	return fmt.Appendf(nil, "%s%s %s %s\n", keyFileComment, keyFileLabel,
		base64.RawURLEncoding.EncodeToString(key[:]), keyCheck(key))
}

// parseKey reads the text of a key file. Its errors never quote the text.
func parseKey(text []byte) (Key, error) {
	var fields [][]byte // within the text, so that whoever wipes that leaves no copy
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			fields = append(fields, bytes.Fields(line)...)
		}
	}
	if len(fields) != 3 || string(fields[0]) != keyFileLabel {
		return Key{}, fmt.Errorf("it is not a key file: no single line that begins with %s", keyFileLabel)
	}
	b := make([]byte, base64.RawURLEncoding.DecodedLen(len(fields[1])))
	defer clear(b)
	n, err := base64.RawURLEncoding.Strict().Decode(b, fields[1])
	if err != nil || n != len(Key{}) {
		return Key{}, errors.New("its key is cut short or mistyped")
	}
	key := Key(b)
	if keyCheck(key) != string(fields[2]) {
		return Key{}, errors.New("its key does not match its check; a character is wrong")
	}
	return key, nil
}

// keyCheck tells a mistyped key from a right one. It says nothing of the key
// to anyone who does not hold it already.
func keyCheck(key Key) string {
	sum := sha256.Sum256(append([]byte(keyFileLabel), key[:]...))
	return hex.EncodeToString(sum[:4])
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
