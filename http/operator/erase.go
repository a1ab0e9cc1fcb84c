package operator

import (
	"context"

	"github.com/spf13/cobra"

	"careconnect/http/jobs"
	"careconnect/http/settings"
	"careconnect/store"
)

// erase does now what the service does by night. Who is erased is not the
// operator's to say: they are, or two of the care team are, see their pages.
func (d Desk) erase() *cobra.Command {
	var dir string
	var w erasing
	c := &cobra.Command{
		Use: "erase", Short: "Make unreadable now, not at night, what is left of those who were erased", Args: cobra.NoArgs,
		Long: "Make unreadable now, not at night, what is left of those who were erased, and have their certificates issued.\n\nWho is erased is said by themselves on their page, or by two of the care team. Interrupted or killed, it does\nthe rest when it is given again.",
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &w) },
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&w.JSON, "json", false, "print the certificates as JSON")
	return c
}

type erasing struct{ JSON bool }

func (w *erasing) do(ctx context.Context, at *place) error {
	issued, err := at.store.Forget(ctx, at.copies, at.progress("erase"))
	if err != nil {
		return err
	}
	if w.JSON {
		return at.json(append([]store.Certificate{}, issued...))
	}
	for _, c := range issued {
		at.printf("certificate %s: %d records cannot be read any more; %d copies hold them until they go\n", c.ID, c.Unreadable.Records, len(c.Backups))
	}
	if len(issued) == 0 {
		at.printf("Nobody was erased whose certificate is not issued.\n")
	}
	return nil
}

// copiesFor are the backups that the settings of a command name, and until when.
func copiesFor(c *cobra.Command, s *store.Store) ([]store.Copy, error) {
	set, _, err := settings.Read("", c.Flags())
	if err != nil {
		return nil, err
	}
	return jobs.Backups{Dir: set.Backup.Dir, Keep: store.Keep{Hourly: set.Backup.Hourly, Daily: set.Backup.Daily}}.Copies(s)
}
