package operator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

// repair puts back what a start refuses to do without: a header, or a meta page. A
// service runs only on a whole file, so there is nothing to repair beside one.
func (d Desk) repair() *cobra.Command {
	var dir string
	var previous, yes bool
	c := &cobra.Command{
		Use: "repair", Short: "Put a damaged header back, or go back to the last whole commit (while the service is stopped)", Args: cobra.NoArgs,
		Long: "Put a damaged header back from its copy (--header), or go back to the last commit that is whole\n(--accept-previous-commit), which shows first what is kept and what is lost, and asks.\n\nA service starts on a whole file only, so beside one there is nothing to repair.",
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := d.Keyed(c, dir)
			switch {
			case err != nil:
				return err
			case previous && config.Header != "":
				return fmt.Errorf("%w: --header and --accept-previous-commit mend different things; give one", ErrUsage)
			case previous:
				err = d.mend(c.Context(), config, yes)
			case config.Header == "":
				return fmt.Errorf("%w: say what to repair: --header %s, or --accept-previous-commit", ErrUsage, filepath.Join(dir, store.HeaderFile))
			default:
				err = d.repairHeader(config)
			}
			if errors.Is(err, store.ErrLocked) {
				return fmt.Errorf("%w; a service starts on a whole file only, so beside one there is nothing to repair", err)
			}
			return err
		},
	}
	dataFlag(c, &dir)
	c.Flags().String("header", "", "copy of the header: care.hdr")
	c.Flags().BoolVar(&previous, "accept-previous-commit", false, "go back to the last commit that is whole")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask; what was shown is accepted")
	return c
}

func (d Desk) repairHeader(config store.Config) error {
	from, err := store.RepairHeader(config)
	switch {
	case err != nil:
		return err
	case from == "":
		fmt.Fprintln(d.Out, "The header is whole; nothing was changed.")
	default:
		fmt.Fprintf(d.Out, "The header is put back from %s.\n", from)
	}
	return nil
}

// errKept: nobody accepted what would be lost.
var errKept = errors.New("nothing was changed")

func (d Desk) mend(ctx context.Context, config store.Config, yes bool) error {
	say := terminal.Progress(d.Err, d.Elapsed)
	done, torn, err := store.Mend(ctx, config, func(m store.Mended) error { return d.accepted(m, yes) }, func(done, total int64) { say("repair", done, total) })
	switch {
	case err != nil:
		return err
	case !torn:
		fmt.Fprintln(d.Out, "Both meta pages are whole; nothing was changed.")
		return nil
	case done.Whole:
		fmt.Fprintf(d.Out, "Found: %s\nOnly that page was damaged: nothing is lost.\n", done.What)
	}
	fmt.Fprintf(d.Out, "The store is at commit %d, of %s, and the trail tells it. %d records are whole.\nThe file that was there is %s.\n",
		done.Kept.Sequence, instant(done.Kept.High), done.Records, done.Before)
	return nil
}

// accepted shows what would be kept and what lost, and asks.
func (d Desk) accepted(m store.Mended, yes bool) error {
	fmt.Fprintf(d.Out, "Found: %s\nKept:  commit %d, of %s, with %d records\n", m.What, m.Kept.Sequence, instant(m.Kept.High), m.Records)
	if m.Lost != nil {
		fmt.Fprintf(d.Out, "Lost:  commit %d, of %s\n", m.Lost.Sequence, instant(m.Lost.High))
	} else {
		fmt.Fprintf(d.Out, "Lost:  what was committed after that, if anything was; the file was last written at %s\n", instant(m.Written))
	}
	if yes {
		return nil
	}
	agreed, there := terminal.Confirms(d.Err, "Go back to that commit? Type yes: ")
	switch {
	case !there:
		return fmt.Errorf("%w: %w: nobody is there to be asked; if that is what you want, say --yes", ErrUsage, errKept)
	case !agreed:
		return errKept
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
