package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"careconnect/http/notify"
)

// ErrLater says that a mail was not taken because of something that is not its
// fault: whoever gave it keeps it, and gives it again.
var ErrLater = errors.New("keep the mail and give it again")

// mail is what a mail server of the machine gives us.
func (d Desk) mail() *cobra.Command {
	var dir, to string
	group := &cobra.Command{Use: "mail", Short: "Take what a mail server brings: bounced"}
	c := &cobra.Command{
		Use: "bounced", Short: "Take a mail that came back, from standard input, as a mail server gives it",
		Long: "Take a mail that came back, from standard input, as a mail server gives it: the report that a message could not\nbe delivered. What was told by that message then counts as not told, and the care team gets a task. Older\nreports count in the words of qmail and Exim. Reports of anything else and automatic answers count for nothing.\n\nIt ends with 0 where the mail is dealt with, with 65 where it is no report, with 67 where it goes to no return\npath of this store, and with 75 where it is to be given again.",
		Args: func(_ *cobra.Command, args []string) error { // what a mail server gives may be an address, and is not repeated
			if len(args) > 0 {
				return errors.New("it takes no words but its flags; give the address with --to")
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			report, err := readReport(c.Context(), to)
			if err != nil {
				return err
			}
			if !report.Failed {
				fmt.Fprintln(d.Out, "This mail does not say that a message was given up: nothing was done.")
				return nil
			}
			err = d.give(c, dir, &returned{Tag: report.Tag})
			if err != nil && d.Exit(err) != d.Exit(notify.ErrNoAddressee) {
				return fmt.Errorf("%w: %v", ErrLater, err) // by no code of its own: a mail server would give it up
			}
			return err
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&to, "to", "", "the address that the mail came for (default: as its head says)")
	group.AddCommand(c)
	return group
}

// readReport reads standard input, which a mail server is to end soon.
func readReport(ctx context.Context, to string) (notify.Report, error) {
	ctx, end := context.WithTimeout(ctx, time.Minute)
	defer end()
	type reading struct {
		report notify.Report
		err    error
	}
	read := make(chan reading, 1)
	go func() {
		report, err := notify.ReadReport(os.Stdin, to)
		read <- reading{report, err}
	}()
	select {
	case r := <-read:
		if r.err != nil && !errors.Is(r.err, notify.ErrNoReport) && !errors.Is(r.err, notify.ErrNoAddressee) {
			r.err = fmt.Errorf("%w: %w", ErrLater, r.err)
		}
		return r.report, r.err
	case <-ctx.Done():
		return notify.Report{}, fmt.Errorf("%w: it has not ended", ErrLater)
	}
}

// returned takes the word that a message was given up.
type returned struct{ Tag string }

func (w *returned) do(ctx context.Context, at *place) error {
	message, err := notify.CameBack(ctx, at.store, w.Tag)
	switch {
	case err != nil:
		return err
	case message == "":
		at.printf("Nothing came of it: this is known already, or the message was sent again since, or is gone.\n")
	default:
		at.printf("Message %s did not arrive, and counts as not told.\n", message)
	}
	return nil
}
