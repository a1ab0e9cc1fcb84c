package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

func (d Desk) backup() *cobra.Command {
	var dir string
	var w backup
	c := &cobra.Command{
		Use: "backup", Short: "Make a backup and prove it by opening it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if w.To == "" {
				return fmt.Errorf("%w: --to: name the folder to make it in; see careconnect backup --help", ErrUsage)
			}
			var err error
			if w.To, err = absolute(w.To); err != nil {
				return err
			}
			return d.give(c, dir, &w)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&w.To, "to", "", "folder to make it in, mode 0700; made if it is not there")
	c.Flags().BoolVar(&w.JSON, "json", false, "say what was made as JSON")
	return c
}

// backup goes on without whoever asked for it: a line that is cut at night should
// not cost the backup. Interrupted it leaves nothing.
type backup struct {
	To   string
	JSON bool
}

func (w *backup) do(ctx context.Context, at *place) error {
	made, err := at.store.Backup(ctx, w.To, at.progress("backup"))
	if err != nil {
		return err
	}
	if w.JSON {
		return at.json(made)
	}
	at.printf("%s\n%d bytes as of commit %d, opened again: %d records are whole\n", made.Path, made.Size, made.Sequence, made.Records)
	return nil
}

// restore exchanges the file, so nobody may have it open.
func (d Desk) restore() *cobra.Command {
	var dir string
	var accept, asJSON bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put the store of a backup into the data folder (while the service is stopped)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, err := d.Keyed(c, dir)
			if err != nil {
				return err
			}
			say := terminal.Progress(d.Err, d.Elapsed)
			done, err := store.Restore(c.Context(), config, args[0], accept, func(done, total int64) { say("restore", done, total) })
			if errors.Is(err, store.ErrLocked) {
				return fmt.Errorf("%w; a store is exchanged only while nobody uses it", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return d.here().json(done)
			}
			fmt.Fprintf(d.Out, "Restored commit %d, backed up at %s: %d records are whole.\n", done.Sequence, done.At.Format(time.RFC3339), done.Records)
			if done.Kept != "" {
				fmt.Fprintf(d.Out, "The store that was there is %s.\n", done.Kept)
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "data", ".", "folder of care.key, and of care.db if there is one")
	c.Flags().BoolVar(&accept, "accept-rollback", false, "give up commits that the store in the folder has and the backup has not")
	c.Flags().BoolVar(&asJSON, "json", false, "say what was done as JSON")
	return c
}
