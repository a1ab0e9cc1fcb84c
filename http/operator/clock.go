package operator

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// confirmClock is the word of a person who has looked at another clock.
func (d Desk) confirmClock() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "confirm-clock", Short: "Say that the clock is right after it went forward by more than a day", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &clockWord{}) },
	}
	dataFlag(c, &dir)
	return c
}

type clockWord struct{}

func (*clockWord) do(ctx context.Context, at *place) error {
	was := at.store.Clock()
	if !was.Leapt {
		at.printf("The clock has not gone forward by more than a day since the start; nothing is held back.\n")
		return nil
	}
	if _, err := at.store.Do(ctx, care.System, act.ConfirmClock{}); err != nil {
		return err
	}
	at.printf("Confirmed: it is %s now. What fell due is caught up with.\n", at.store.Now().Format(time.RFC3339))
	return nil
}
