package operator

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"careconnect/store"
)

// verify makes a full pass over all records.
func (d Desk) verify() *cobra.Command {
	var dir string
	var w verification
	c := &cobra.Command{
		Use: "verify", Short: "Open every record and prove that none is missing",
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &w) },
	}
	c.PersistentFlags().StringVar(&dir, "data", ".", "folder of care.db and care.key")
	c.PersistentFlags().BoolVar(&w.JSON, "json", false, "print the report as JSON")
	c.AddCommand(d.verifyTrail(&dir, &w.JSON), d.verifyReceipt(&w.JSON))
	return c
}

type verification struct{ JSON bool }

func (w *verification) do(ctx context.Context, at *place) error {
	report, err := at.store.Verify(ctx, at.progress("verify"))
	if err != nil {
		return err
	}
	return w.tell(at, report)
}

// alone makes the pass over a store that nobody has open, and does not begin to
// serve it: what is damaged can be looked at too.
func (w *verification) alone(ctx context.Context, at *place, config store.Config) error {
	report, err := store.Inspect(ctx, config, at.progress("verify"))
	if err != nil {
		return err
	}
	return w.tell(at, report)
}

func (w *verification) tell(at *place, report store.Report) error {
	if w.JSON {
		return errors.Join(at.json(report), report.Err())
	}
	for _, harm := range report.Damages {
		at.printf("%s\n", harm)
	}
	if report.Err() == nil {
		at.printf("%d records of %d charts verified as of commit %d; the trail has %d entries\n", report.Found, report.Charts, report.Sequence, report.Leaves)
	}
	return report.Err()
}
