package operator

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"careconnect/rules/care"
)

func (d Desk) explain() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "explain ID", Short: "Explain a deadline by its id, step by step", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return d.give(c, dir, &explanation{Deadline: care.DeadlineID(args[0])})
		},
	}
	dataFlag(c, &dir)
	return c
}

type explanation struct{ Deadline care.DeadlineID }

func (w *explanation) do(ctx context.Context, at *place) error {
	chart, err := at.store.Locate(ctx, care.System, string(w.Deadline), "explain")
	if err != nil {
		return err
	}
	d, ok := chart.Deadline(w.Deadline)
	if !ok {
		return errors.New("this id is not a deadline's; those begin with dl_")
	}
	_, clock := at.store.Programme()
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(clock.Explain(d, at.store.Words()))
}
