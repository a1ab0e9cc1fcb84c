package operator

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"careconnect/http/settings"
	"careconnect/http/terminal"
	"careconnect/store"
)

// keyFlags are the flags that say what opens a store, in the order in which one
// is taken. A secret itself is never given on the command line.
var keyFlags = []struct {
	name, says string
	set        func(k *store.Keys, value string) error
}{
	{"secret-file", "open the store with the content of this file (setting key.secret_file)", func(k *store.Keys, v string) error {
		k.SecretFile = v
		return nil
	}},
	{"key-file", "open it with this key file (default: care.key in the data folder)", func(k *store.Keys, v string) error {
		k.KeyFile = v
		return nil
	}},
	{"passphrase-file", "open it with the passphrase in this file", func(k *store.Keys, v string) error {
		k.Passphrase = v
		return nil
	}},
	{"recovery-file", "open it with the recovery words in this file, - for standard input", func(k *store.Keys, v string) error {
		words, err := wordsFrom(v)
		k.Recovery = words
		return err
	}},
}

// wordsFrom reads the words of a file now, so that it need not be kept open.
func wordsFrom(path string) (io.Reader, error) {
	if path == "-" {
		return os.Stdin, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: recovery words: %w", store.ErrSecret, err)
	}
	defer file.Close()
	text, err := readWords(file)
	return strings.NewReader(text), err
}

// readWords reads no more than there can be; longer is refused where the words
// are understood.
func readWords(from io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(from, 8<<10))
	if err != nil {
		return "", fmt.Errorf("%w: recovery words: %w", store.ErrSecret, err)
	}
	return string(text), nil
}

// keyless are the commands with a data folder that open no store: init makes one,
// and has its own flags for that.
var keyless = []string{"init", "show"}

// WithKeys gives these flags to every command that opens a store: those with a
// data folder.
func WithKeys(c *cobra.Command) {
	flags := c.Flags()
	if c.PersistentFlags().Lookup("data") != nil {
		flags = c.PersistentFlags()
	}
	if flags.Lookup("data") != nil && !slices.Contains(keyless, c.Name()) {
		for _, f := range keyFlags {
			flags.String(f.name, "", f.says)
		}
		if flags.Lookup("header") == nil {
			flags.String("header", "", "copy of the header (care.hdr), for a file whose own is damaged")
		}
	}
	for _, sub := range c.Commands() {
		WithKeys(sub)
	}
}

// Keyed is the configuration of a store that a command opens, by its flags and
// the settings.
func (d Desk) Keyed(c *cobra.Command, dir string) (store.Config, error) {
	set, warnings, err := settings.Read("", c.Flags())
	if err != nil {
		return store.Config{}, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	for _, w := range warnings {
		slog.Warn(w)
	}
	config, err := d.OpensWith(c, dir, set.Key)
	config.Anchor = set.Anchor.File
	return config, err
}

// OpensWith is the same with settings that have been read. A flag is before a
// setting, and that before the key file.
func (d Desk) OpensWith(c *cobra.Command, dir string, key settings.Key) (store.Config, error) {
	config := d.Config(dir)
	keys, named, err := flagged(c)
	if err != nil {
		return config, err
	}
	if config.Keys = keys; !named {
		config.Keys.Secret, config.Keys.SecretFile = []byte(key.Secret), key.SecretFile
	}
	config.Keys.Ask = terminal.Asker(d.Context, d.Err)
	config.Header = flagOf(c, "header")
	return config, nil
}

// flagged is the secret that the flags name, if one does.
func flagged(c *cobra.Command) (keys store.Keys, is bool, err error) {
	var named []string
	for _, f := range keyFlags {
		if value := flagOf(c, f.name); value != "" {
			named = append(named, "--"+f.name)
			if err := f.set(&keys, value); err != nil {
				return keys, true, err
			}
		}
	}
	if len(named) > 1 {
		return keys, true, fmt.Errorf("%w: %s: one secret opens the store; keep one", ErrUsage, strings.Join(named, " and "))
	}
	return keys, len(named) == 1, nil
}

// flagOf is the value of a flag, empty where the command has none of the name.
func flagOf(c *cobra.Command, name string) string {
	if f := c.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// absolute is a path as another process finds it too.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}
