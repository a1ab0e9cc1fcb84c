package operator

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

// rekey changes what opens the store: its slots, or all keys below them.
func (d Desk) rekey() *cobra.Command {
	var dir string
	c := &cobra.Command{Use: "rekey", Short: "Change what opens the store: slot, data"}
	c.PersistentFlags().StringVar(&dir, "data", ".", "folder of care.db and care.key")
	c.AddCommand(d.rekeySlot(&dir), d.rekeyData(&dir))
	return c
}

func (d Desk) rekeySlot(dir *string) *cobra.Command {
	var check string
	c := &cobra.Command{
		Use: "slot", Short: "List, add, replace or drop what opens the store",
		Long: "List, add, replace or drop what opens the store.\n\nA store has one to eight slots, each opened by one secret: keyfile, secret (the content of a file that a\ncontainer or a service manager gives), passphrase, or recovery (24 words). Of each type there is a current\none, and after replace a previous one, which opens the store until it is dropped.",
		RunE: func(c *cobra.Command, _ []string) error {
			if check == "" {
				return c.Help()
			}
			return d.checkWords(c, *dir, check)
		},
	}
	c.Flags().StringVar(&check, "check", "", "recovery: read the 24 words from standard input and say whether they open the store")
	c.AddCommand(
		d.newSlot("add", "Let one more secret open the store", dir),
		d.newSlot("replace", "Exchange a secret; the one before opens the store until it is dropped", dir),
		d.dropSlot(dir), d.listSlots(dir))
	return c
}

func (d Desk) checkWords(c *cobra.Command, dir, check string) error {
	if check != string(store.RecoverySlot) {
		return fmt.Errorf("%w: --check: say recovery; another secret is checked by opening the store with it", ErrUsage)
	}
	if terminal.Asker(d.Context, d.Err) != nil {
		fmt.Fprintln(d.Err, "Type the 24 words, then Ctrl-D on a line of its own:")
	}
	words, err := readWords(os.Stdin)
	if err != nil {
		return err
	}
	return d.give(c, dir, &wordCheck{Words: words})
}

// wordCheck says which slot the recovery words open.
type wordCheck struct{ Words string }

func (w *wordCheck) keys() store.Keys { return store.Keys{Recovery: strings.NewReader(w.Words)} }

func (w *wordCheck) do(_ context.Context, at *place) error {
	slot, err := at.store.CheckSecret(w.keys())
	return w.tell(at, slot, err)
}

func (w *wordCheck) alone(_ context.Context, at *place, config store.Config) error {
	config.Keys = w.keys()
	slot, err := store.CheckSecret(config)
	return w.tell(at, slot, err)
}

func (w *wordCheck) tell(at *place, slot store.Slot, err error) error {
	if err == nil {
		at.printf("These words open the store: slot %d (%s, %s).\n", slot.ID, slot.Type, slot.State)
	}
	return err
}

func (d Desk) newSlot(name, short string, dir *string) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: name + " TYPE", Short: short, Args: cobra.ExactArgs(1),
		ValidArgs: []string{"keyfile", "secret", "passphrase", "recovery"},
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(c.ValidArgs, args[0]) {
				return fmt.Errorf("%w: there is no type %q; say %s", ErrUsage, args[0], strings.Join(c.ValidArgs, ", "))
			}
			path, err := absolute(from)
			if err != nil {
				return err
			}
			return d.give(c, *dir, &freshSlot{Type: store.SlotType(args[0]), Replace: name == "replace", File: path, Dir: *dir})
		},
	}
	c.Flags().StringVar(&from, "new", "", "file of the new secret or passphrase, or name of the new key file")
	return c
}

// freshSlot lets a new secret open the store. A passphrase is asked for, and
// recovery words are told, where the command was given.
type freshSlot struct {
	Type    store.SlotType
	Replace bool
	File    string
	Dir     string // as it was named, for what to do next
}

func (w *freshSlot) do(_ context.Context, at *place) error {
	change := at.store.AddSlot
	if w.Replace {
		change = at.store.ReplaceSlot
	}
	made, err := change(store.Fresh{Type: w.Type, File: w.File, Ask: at.ask, Tell: func(words []string) { terminal.PrintWords(at.out, words) }})
	if err != nil {
		return err
	}
	at.printf("Slot %d (%s) opens the store now.\n", made.ID, made.Type)
	for _, old := range at.store.Slots() {
		if old.Type == made.Type && old.ID != made.ID {
			at.printf("Slot %d (%s, previous) still does. Once the new one has been used, drop it with\n\n  careconnect rekey slot drop %d --data %s\n", old.ID, old.Type, old.ID, w.Dir)
		}
	}
	return nil
}

func (d Desk) dropSlot(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "drop ID", Short: "Take a slot away; never the last, nor the one that opened the store for this", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("%w: ID is a number; see careconnect rekey slot list", ErrUsage)
			}
			return d.give(c, *dir, &droppedSlot{ID: id})
		},
	}
}

type droppedSlot struct{ ID int }

func (w *droppedSlot) do(_ context.Context, at *place) error {
	if err := at.dropSlot(w.ID); err != nil {
		return err
	}
	at.printf("Slot %d is gone. Its secret still opens older copies of the file and of its header.\n", w.ID)
	return nil
}

// dropSlot takes a slot away on the proof that another secret opens the store:
// the one that opened it for this command, or that a service is shown.
func (p *place) dropSlot(id int) error {
	if p.serve {
		keys := p.keys
		keys.Ask = p.ask
		return p.store.DropSlotAs(id, keys)
	}
	return p.store.DropSlot(id)
}

func (d Desk) listSlots(dir *string) *cobra.Command {
	var w slotList
	c := &cobra.Command{
		Use: "list", Short: "List the slots; this needs no secret", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, *dir, &w) },
	}
	c.Flags().BoolVar(&w.JSON, "json", false, "print them as JSON")
	return c
}

type slotList struct{ JSON bool }

func (w *slotList) do(_ context.Context, at *place) error { return w.tell(at, at.store.Slots()) }

func (w *slotList) alone(_ context.Context, at *place, config store.Config) error {
	slots, err := store.Slots(config)
	if err != nil {
		return err
	}
	return w.tell(at, slots)
}

func (w *slotList) tell(at *place, slots []store.Slot) error {
	if w.JSON {
		return at.json(slots)
	}
	table := tabwriter.NewWriter(at.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTYPE\tSTATE\tCREATED")
	for _, s := range slots {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", s.ID, s.Type, s.State, s.Created)
	}
	return table.Flush()
}
