package operator

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

func (d Desk) explain() *cobra.Command {
	var dir, state string
	c := &cobra.Command{
		Use: "explain ID", Short: "Explain a deadline step by step, or why a provider is or is not listed", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if strings.HasPrefix(args[0], "pr_") {
				return d.give(c, dir, &listing{Provider: care.ChartID(args[0]), State: strings.ToUpper(state)})
			}
			return d.give(c, dir, &explanation{Deadline: care.DeadlineID(args[0])})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&state, "state", "", "of a provider: listed in this state? Two letters; left out: in any")
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
		return errors.New("this id is neither a deadline's, which begins with dl_, nor a provider's, which begins with pr_")
	}
	_, clock := at.store.Programme()
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(clock.Explain(d, at.store.Words()))
}

// listing says of a provider what every rule of the directory finds today. It
// knows no client: who may ask whom is told to the care team only.
type listing struct {
	Provider care.ChartID
	State    string
}

func (w *listing) do(_ context.Context, at *place) error {
	facts, known := at.store.Directory().Facts(w.Provider, w.State, at.store.Now())
	if !known {
		return care.Missing()
	}
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		Provider care.ChartID  `json:"provider_id"`
		State    string        `json:"state,omitempty"`
		Today    calendar.Date `json:"today"`
		rules.Decision
	}{w.Provider, w.State, facts.Today, rules.ProviderIsListed.Decide(facts, at.store.Words())})
}
