package operator

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

// salvage makes a new store of what is still authentic in a damaged one. A service
// runs only on a whole one, so this is never given to one.
func (d Desk) salvage() *cobra.Command {
	var dir, to string
	var asJSON bool
	c := &cobra.Command{
		Use: "salvage", Short: "Make a new store of what is still authentic in a damaged one, and list what is missing", Args: cobra.NoArgs,
		Long: "Make a new store of what is still authentic in a damaged one, and list what is missing, by ids.\n\nThe damaged store is read page by page and never written. The new one opens with the same secrets. Try a\nbackup first: it is whole, and this is not if anything is listed (exit 65).",
		RunE: func(c *cobra.Command, _ []string) error {
			if to == "" {
				return fmt.Errorf("%w: --to: name the folder for the new store; see careconnect salvage --help", ErrUsage)
			}
			config, err := d.Keyed(c, dir)
			if err != nil {
				return err
			}
			say := terminal.Progress(d.Err, d.Elapsed)
			done, err := store.Salvage(c.Context(), config, to, func(done, total int64) { say("salvage", done, total) })
			if err != nil {
				return held(err)
			}
			if asJSON {
				return errors.Join(d.here().json(done), done.Err())
			}
			for _, harm := range done.Missing {
				fmt.Fprintln(d.Out, harm)
			}
			fmt.Fprintf(d.Out, "%s holds %d records of %d charts, and %d entries of the trail; it is whole in itself.\nIt opens with the same secrets: put %s beside it.\n", done.Path, done.Records, done.Charts, done.Leaves, store.KeyFile)
			return done.Err()
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&to, "to", "", "folder for the new store, mode 0700; made if it is not there")
	c.Flags().BoolVar(&asJSON, "json", false, "say what was salvaged and what is missing as JSON")
	return c
}
