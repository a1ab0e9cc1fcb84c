package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"careconnect/http/settings"
	"careconnect/store"
)

// What opens a store, and the commands that change that: rekey slot, repair.

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
	text, err := io.ReadAll(io.LimitReader(file, 8<<10)) // longer is refused where the words are read
	if err != nil {
		return nil, fmt.Errorf("%w: recovery words: %w", store.ErrSecret, err)
	}
	return strings.NewReader(string(text)), nil
}

// withKeys gives these flags to every command that opens a store: those with a
// data folder. Init makes one, and has its own.
func withKeys(c *cobra.Command) {
	flags := c.Flags()
	if c.PersistentFlags().Lookup("data") != nil {
		flags = c.PersistentFlags()
	}
	if flags.Lookup("data") != nil && c.Name() != "init" {
		for _, f := range keyFlags {
			flags.String(f.name, "", f.says)
		}
		if flags.Lookup("header") == nil {
			flags.String("header", "", "copy of the header (care.hdr), for a file whose own is damaged")
		}
	}
	for _, sub := range c.Commands() {
		withKeys(sub)
	}
}

// keyed is the configuration of a store that a command opens, by its flags and
// the settings.
func (p *program) keyed(c *cobra.Command, dir string) (store.Config, error) {
	set, warnings, err := settings.Read("", c.Flags())
	if err != nil {
		return store.Config{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	for _, w := range warnings {
		slog.Warn(w)
	}
	return p.opensWith(c, dir, set.Key)
}

// opensWith is the same with settings that have been read. A flag is before a
// setting, and that before the key file.
func (p *program) opensWith(c *cobra.Command, dir string, key settings.Key) (store.Config, error) {
	config := p.config(dir)
	config.Keys.Ask = p.asker()
	var named []string
	for _, f := range keyFlags {
		if value := flagOf(c, f.name); value != "" {
			named = append(named, "--"+f.name)
			if err := f.set(&config.Keys, value); err != nil {
				return config, err
			}
		}
	}
	if len(named) > 1 {
		return config, fmt.Errorf("%w: %s: one secret opens the store; keep one", errUsage, strings.Join(named, " and "))
	}
	if len(named) == 0 {
		config.Keys.Secret, config.Keys.SecretFile = []byte(key.Secret), key.SecretFile
	}
	config.Header = flagOf(c, "header")
	return config, nil
}

// flagOf is the value of a flag, empty where the command has none of the name.
func flagOf(c *cobra.Command, name string) string {
	if f := c.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// asker asks at the terminal for what nobody shall see; nil without a terminal.
func (p *program) asker() func(string) ([]byte, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return nil
	}
	return func(prompt string) ([]byte, error) {
		before, err := term.GetState(in)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(p.ctx, func() { // told to stop: leave the terminal as it was
			_ = term.Restore(in, before)
			os.Exit(1)
		})
		defer stop()
		fmt.Fprint(p.err, prompt)
		defer fmt.Fprintln(p.err)
		return term.ReadPassword(in)
	}
}

// sayMade tells what init made, and prints the recovery words: once and never
// again.
func (p *program) sayMade(config store.Config, words []string) {
	file := func(name string) string { return filepath.Join(config.Dir, name) }
	k := config.Keys
	if len(k.Secret) == 0 && k.SecretFile == "" && k.Passphrase == "" {
		fmt.Fprintf(p.out, "Made %s and %s, and %s, a copy of its header.\n\nWithout %s or the words below nothing in %s can ever be read again: keep a copy\nof both on another machine or in a safe.\n",
			file(store.DataFile), file(store.KeyFile), file(store.HeaderFile), store.KeyFile, store.DataFile)
	} else {
		fmt.Fprintf(p.out, "Made %s, and %s, a copy of its header.\n\nWithout the secret that was given or the words below nothing in %s can ever be\nread again: keep a copy of both in another place.\n",
			file(store.DataFile), file(store.HeaderFile), store.DataFile)
	}
	p.printWords(words)
	fmt.Fprintf(p.out, "Start the service with\n\n  careconnect serve --data %s\n", config.Dir)
}

func (p *program) printWords(words []string) {
	fmt.Fprint(p.out, "\nThe recovery words open the store when every other secret is lost. They are shown\nonly now: write them on paper, and keep that apart from the store.\n\n")
	for i, w := range words {
		fmt.Fprintf(p.out, "  %2d  %s\n", i+1, w)
	}
	fmt.Fprintln(p.out)
}

// confirmWords asks for two of the words, which proves that they were written
// down; three times, since anybody may mistype.
func (p *program) confirmWords(words []string, dir string) error {
	in := bufio.NewReader(os.Stdin)
	for range 3 {
		right := true
		for _, i := range twoOf(len(words)) {
			fmt.Fprintf(p.err, "Type word %d: ", i+1)
			line, err := in.ReadString('\n')
			if err != nil {
				return fmt.Errorf("the recovery words were not confirmed: %w", err)
			}
			right = strings.EqualFold(strings.TrimSpace(line), words[i]) && right
		}
		if right {
			fmt.Fprintln(p.err, "The words are confirmed.")
			return nil
		}
		fmt.Fprintln(p.err, "That is not what was printed; look at your paper.")
	}
	return fmt.Errorf("the recovery words were not confirmed; the store is made, and prints new ones with: careconnect rekey slot replace recovery --data %s", dir)
}

// twoOf draws two different places of n.
func twoOf(n int) []int {
	draw := func(n int) int {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			panic(err) // the system's source of random bytes never fails
		}
		return int(i.Int64())
	}
	first, second := draw(n), draw(n-1)
	if second >= first {
		second++
	}
	return []int{first, second}
}

// rekey slot: what opens the store, changed while the service is stopped.

func (p *program) rekey() *cobra.Command {
	var dir string
	c := &cobra.Command{Use: "rekey", Short: "Change what opens the store: slot"}
	c.PersistentFlags().StringVar(&dir, "data", ".", "folder of care.db and care.key")
	c.AddCommand(p.rekeySlot(&dir))
	return c
}

func (p *program) rekeySlot(dir *string) *cobra.Command {
	var check string
	c := &cobra.Command{
		Use: "slot", Short: "List, add, replace or drop what opens the store (while the service is stopped)",
		Long: "List, add, replace or drop what opens the store, while the service is stopped.\n\nA store has one to eight slots, each opened by one secret: keyfile, secret (the content of a file that a\ncontainer or a service manager gives), passphrase, or recovery (24 words). Of each type there is a current\none, and after replace a previous one, which opens the store until it is dropped.",
		RunE: func(c *cobra.Command, _ []string) error {
			if check == "" {
				return c.Help()
			}
			return p.checkWords(c, *dir, check)
		},
	}
	c.Flags().StringVar(&check, "check", "", "recovery: read the 24 words from standard input and say whether they open the store")
	c.AddCommand(
		p.newSlot("add", "Let one more secret open the store", dir, (*store.Store).AddSlot),
		p.newSlot("replace", "Exchange a secret; the one before opens the store until it is dropped", dir, (*store.Store).ReplaceSlot),
		p.dropSlot(dir), p.listSlots(dir))
	return c
}

func (p *program) checkWords(c *cobra.Command, dir, check string) error {
	if check != string(store.RecoverySlot) {
		return fmt.Errorf("%w: --check: say recovery; another secret is checked by opening the store with it", errUsage)
	}
	config, err := p.keyed(c, dir)
	if err != nil {
		return err
	}
	if config.Keys.Ask != nil {
		fmt.Fprintln(p.err, "Type the 24 words, then Ctrl-D on a line of its own:")
	}
	config.Keys = store.Keys{Recovery: os.Stdin}
	slot, err := store.CheckSecret(config)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "These words open the store: slot %d (%s, %s).\n", slot.ID, slot.Type, slot.State)
	return nil
}

func (p *program) newSlot(name, short string, dir *string, change func(*store.Store, store.Fresh) (store.Slot, error)) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: name + " TYPE", Short: short, Args: cobra.ExactArgs(1),
		ValidArgs: []string{"keyfile", "secret", "passphrase", "recovery"},
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(c.ValidArgs, args[0]) {
				return fmt.Errorf("%w: there is no type %q; say %s", errUsage, args[0], strings.Join(c.ValidArgs, ", "))
			}
			s, err := p.open(c, *dir)
			if err != nil {
				return err
			}
			defer s.Close()
			made, err := change(s, store.Fresh{Type: store.SlotType(args[0]), File: from, Ask: p.asker(), Tell: p.printWords})
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "Slot %d (%s) opens the store now.\n", made.ID, made.Type)
			for _, old := range s.Slots() {
				if old.Type == made.Type && old.ID != made.ID {
					fmt.Fprintf(p.out, "Slot %d (%s, previous) still does. Once the new one has been used, drop it with\n\n  careconnect rekey slot drop %d --data %s\n", old.ID, old.Type, old.ID, *dir)
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&from, "new", "", "file of the new secret or passphrase, or name of the new key file")
	return c
}

func (p *program) dropSlot(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "drop ID", Short: "Take a slot away; never the last, nor the one that opened the store for this", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("%w: ID is a number; see careconnect rekey slot list", errUsage)
			}
			s, err := p.open(c, *dir)
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.DropSlot(id); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "Slot %d is gone. Its secret still opens older copies of the file and of its header.\n", id)
			return nil
		},
	}
}

func (p *program) listSlots(dir *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the slots; this needs no secret", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config := p.config(*dir)
			config.Header = flagOf(c, "header")
			slots, err := store.Slots(config)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(p.out).Encode(slots)
			}
			table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "ID\tTYPE\tSTATE\tCREATED")
			for _, s := range slots {
				fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", s.ID, s.Type, s.State, s.Created)
			}
			return table.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return c
}

// repair puts a damaged header back.
func (p *program) repair() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "repair", Short: "Put a damaged header back from its copy (while the service is stopped)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := p.keyed(c, dir)
			if err != nil {
				return err
			}
			if config.Header == "" {
				return fmt.Errorf("%w: name the copy of the header: --header %s", errUsage, filepath.Join(dir, store.HeaderFile))
			}
			from, err := store.RepairHeader(config)
			switch {
			case err != nil:
				return err
			case from == "":
				fmt.Fprintln(p.out, "The header is whole; nothing was changed.")
			default:
				fmt.Fprintf(p.out, "The header is put back from %s.\n", from)
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "data", ".", "folder of care.db and care.key")
	c.Flags().String("header", "", "copy of the header: care.hdr")
	return c
}
