package seal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAKeyFileIsPrivateAndNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v; want 0600", info.Mode(), err)
	}
	if err := NewKeyFile(path); !errors.Is(err, ErrSecretFile) {
		t.Errorf("a second key file at the same path gave %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("the key file was changed")
	}
	if err := NewKeyFile(filepath.Join(t.TempDir(), "nowhere", "key")); err == nil {
		t.Error("made a key file in a directory there is not")
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(good)), "\n")
	line := lines[len(lines)-1]
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		say  string
	}{
		"readable by a group":   {string(good), 0o640, "chmod 600 " + path},
		"readable by all":       {string(good), 0o604, "chmod 600 " + path},
		"empty":                 {"", 0o600, "not a key file"},
		"comment only":          {keyFileComment, 0o600, "not a key file"},
		"two keys":              {line + "\n" + line + "\n", 0o600, "not a key file"},
		"another label":         {strings.Replace(line, "key-1", "key-2", 1), 0o600, "not a key file"},
		"cut":                   {line[:40], 0o600, "not a key file"},
		"key cut":               {keyFileLabel + " AAAA " + "00000000", 0o600, "cut short or mistyped"},
		"key of strange digits": {keyFileLabel + " " + strings.Repeat("%", 43) + " 00000000", 0o600, "cut short or mistyped"},
		"check of another":      {keyFileLabel + " " + strings.Repeat("A", 43) + " 00000000", 0o600, "does not match its check"},
		"too long":              {string(good) + strings.Repeat("#\n", keyFileMax), 0o600, "shorter than"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadKeyFile(path)
		if !errors.Is(err, ErrSecretFile) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v, want one that says %q", name, err, c.say)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{path + ".gone", filepath.Dir(path)} {
		if _, err := ReadKeyFile(other); !errors.Is(err, ErrSecretFile) {
			t.Errorf("%s: got %v, want ErrSecretFile", other, err)
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	secret := newSecret(t)
	key := Key(secret.material)
	holder := struct {
		K Key
		P *Key
		S Secret
	}{key, &key, secret}
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, v := range []any{key, &key, secret, &secret, holder} {
			fmt.Fprintf(&all, verb+" ", v)
		}
	}
	for _, form := range []string{"%x", "%X", "%d", "%q"} {
		for _, b := range [][]byte{key[:], key[:8]} {
			if shown := strings.Trim(fmt.Sprintf(form, b), "[]"); strings.Contains(all.String(), shown) {
				t.Errorf("a key was printed like %s", form)
			}
		}
	}
	if b, err := json.Marshal(key); err == nil {
		t.Errorf("a key became %d bytes of JSON", len(b))
	}
	if b, err := json.Marshal(secret); err == nil {
		t.Errorf("a secret became %d bytes of JSON", len(b))
	}
	secret.Wipe()
	if Key(secret.material) != (Key{}) {
		t.Error("a wiped secret is still there")
	}
}

func FuzzKeyFile(f *testing.F) {
	f.Add(formatKey(Key{1, 2, 3}))
	f.Add([]byte(keyFileLabel))
	f.Add([]byte("# only a comment"))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := parseKey(text)
		if err != nil {
			return
		}
		if again, err := parseKey(formatKey(key)); err != nil || again != key {
			t.Errorf("a key that was read does not come back: %v", err)
		}
	})
}
