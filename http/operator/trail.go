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
		at.printf("size %d\nroot %s\nkey %s\n\n%s", report.Size, report.Root, report.Key, report.Checkpoint)
	}
	return report.Err()
}
