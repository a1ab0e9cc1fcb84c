package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"careconnect/store"
)

// verifyTrail proves what the trail says of itself, and that it goes on from what
// it said elsewhere.
func (d Desk) verifyTrail(dir *string, asJSON *bool) *cobra.Command {
	var against string
	c := &cobra.Command{
		Use: "trail", Short: "Compute the trail's tree again and hold it against saved checkpoints", Args: cobra.NoArgs,
		Long: "Compute the tree over all entries of the trail again, and prove that it goes on from every checkpoint that was\nsaved: in the anchor (setting anchor.file), or in another file with signed checkpoints, as of the log or the mails.",
		RunE: func(c *cobra.Command, _ []string) error {
			w := &trailCheck{JSON: *asJSON, Against: against != ""}
			if !w.Against {
				return d.give(c, *dir, w)
			}
			files, err := opened(against, "")
			if err != nil {
				return fmt.Errorf("%w: --against: %w", ErrUsage, err)
			}
			return errors.Join(d.give(c, *dir, w, files...), closed(files))
		},
	}
	c.Flags().StringVar(&against, "against", "", "file with signed checkpoints (default: the anchor), - for standard input")
	return c
}

// verifyReceipt checks a file that somebody kept. It opens no store.
func (d Desk) verifyReceipt(asJSON *bool) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use: "receipt FILE", Short: "Check a receipt, without the store (- for standard input)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			files, err := opened(args[0], "")
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUsage, err)
			}
			body, err := io.ReadAll(io.LimitReader(files[0], 1<<20))
			if err := errors.Join(err, closed(files)); err != nil {
				return err
			}
			receipt, err := store.ReadReceipt(body)
			if err != nil {
				return err
			}
			entry, of, err := receipt.Check(key)
			if err != nil {
				return err
			}
			at := d.here()
			if *asJSON {
				return at.json(map[string]any{"entry": entry, "number": receipt.Number, "statement": receipt.Statement, "size": of.Size, "seq": of.Sequence, "at": of.At, "key": receipt.Key})
			}
			tellReceipt(at, receipt, entry, of)
			if key == "" {
				at.printf("Whether this is the service's key the receipt itself cannot say: compare it, or give it with --key.\n")
			}
			return nil
		},
	}
	c.Flags().StringVar(&key, "key", "", "the trail's public key, as verify trail prints it")
	return c
}

func tellReceipt(at *place, receipt store.Receipt, entry store.Entry, of store.Checkpoint) {
	at.printf("The trail holds this as entry %d of %d, as of commit %d on %s:\n\n", receipt.Number, of.Size, of.Sequence, of.At.UTC().Format(time.RFC3339))
	for _, line := range []struct{ name, is string }{
		{"at", entry.At.Format(time.RFC3339)}, {"role", string(entry.Role)}, {"who", string(entry.Who)}, {"did", entry.Did},
		{"made", entry.Made}, {"effect", entry.Effect}, {"outcome", entry.Outcome}, {"request", entry.Request},
	} {
		if line.is != "" {
			at.printf("  %-8s %s\n", line.name, line.is)
		}
	}
	for _, id := range entry.About {
		at.printf("  %-8s %s\n", "about", id)
	}
	if receipt.Statement != "" {
		at.printf("\nWhat was said:\n\n%s", receipt.Statement)
	}
	at.printf("\nSigned with %s\n", receipt.Key)
}

// trailCheck is held against a file that came along, or else the anchor.
type trailCheck struct{ JSON, Against bool }

func (w *trailCheck) do(ctx context.Context, at *place) error {
	text, err := w.against(at, at.store.Anchored().Path)
	if err != nil {
		return err
	}
	report, err := at.store.VerifyTrail(ctx, text, at.progress("verify"))
	return w.tell(at, report, err)
}

// alone looks at a store that its anchor refuses, too.
func (w *trailCheck) alone(ctx context.Context, at *place, config store.Config) error {
	text, err := w.against(at, config.Anchor)
	if err != nil {
		return err
	}
	report, err := store.InspectTrail(ctx, config, text, at.progress("verify"))
	return w.tell(at, report, err)
}

// against reads what the trail is held against.
func (w *trailCheck) against(at *place, anchor string) (string, error) {
	switch {
	case w.Against && len(at.files) == 1:
		text, err := io.ReadAll(at.files[0])
		return string(text), err
	case w.Against || anchor == "":
		return "", nil
	}
	text, err := os.ReadFile(anchor)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return string(text), err
}

// tell prints what was found: each checkpoint on a line of its own.
func (w *trailCheck) tell(at *place, report store.TrailReport, err error) error {
	if err != nil {
		return err
	}
	if w.JSON {
		return errors.Join(at.json(report), report.Err())
	}
	for _, a := range report.Against {
		at.printf("commit %d, %d entries, %s: %s\n", a.Sequence, a.Size, a.At.UTC().Format(time.RFC3339), a.Says)
	}
	for _, harm := range report.Damages {
		at.printf("%s\n", harm)
	}
	if report.Err() == nil {
		at.printf("%d acts and reads, %d notes of the service and %d entries from before they were counted: difference %d\n", report.Requests, report.Notes, report.Before, report.Difference)
		at.printf("size %d\nroot %s\nkey %s\n\n%s", report.Size, report.Root, report.Key, report.Checkpoint)
	}
	return report.Err()
}
