package operator

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"careconnect/http/auth"
	"careconnect/http/terminal"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

func (d Desk) admin() *cobra.Command {
	var dir string
	var w invitation
	admin := &cobra.Command{Use: "admin", Short: "Look after the operator's account and the clock: invite, confirm-clock"}
	c := &cobra.Command{
		Use: "invite", Short: "Print a new set-up link for the operator", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &w) },
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&w.URL, "url", "", "how people reach the service (default: as the running service has it, else http://localhost:8080)")
	admin.AddCommand(c, d.confirmClock())
	return admin
}

type invitation struct{ URL string }

func (w *invitation) do(ctx context.Context, at *place) error {
	operators, err := at.store.Find(ctx, care.System, care.Staff(care.RoleOperator))
	if err != nil {
		return err
	}
	if len(operators) == 0 {
		return errors.New("there is no operator yet: the first careconnect serve makes one and prints its link")
	}
	secret, pass := auth.New(at.store, at.store.Passing, nil, false).SetUp()
	if _, err := at.store.Do(ctx, care.System, act.GivePass{Chart: operators[0].Chart, Pass: pass}); err != nil {
		return err
	}
	terminal.Box(at.out, "Open this within 30 minutes, while the service runs:", cmp.Or(w.URL, at.base, "http://localhost:8080")+"/set-up/"+secret)
	return nil
}
