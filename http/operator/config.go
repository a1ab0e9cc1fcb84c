package operator

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"careconnect/http/settings"
)

// config show tells the settings in force, and who said them.
func (d Desk) config() *cobra.Command {
	var file string
	var redacted, sources, asJSON bool
	group := &cobra.Command{Use: "config", Short: "Look at the settings: show"}
	c := &cobra.Command{
		Use: "show", Short: "Show the settings in force; of a secret, that it is set", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !redacted {
				return fmt.Errorf("%w: --redacted: secrets are never shown", ErrUsage)
			}
			shown, err := settings.Show(file, c.Flags())
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUsage, err)
			}
			if asJSON {
				return d.here().json(shown)
			}
			table := tabwriter.NewWriter(d.Out, 0, 0, 2, ' ', 0)
			for _, s := range shown {
				fmt.Fprint(table, s.Name, "\t", s.Value)
				if sources {
					fmt.Fprint(table, "\t", s.Source)
				}
				fmt.Fprintln(table)
			}
			return table.Flush()
		},
	}
	c.Flags().String("data", ".", "folder of care.db and care.key")
	c.Flags().String("listen", "127.0.0.1:8080", "address and port")
	c.Flags().String("url", "", "how people reach the service, as https://care.example.org")
	c.Flags().StringVar(&file, "config", "", "settings file (default: careconnect.yaml in the data folder)")
	c.Flags().BoolVar(&redacted, "redacted", true, "say of a secret only that it is set; it is never otherwise")
	c.Flags().BoolVar(&sources, "sources", false, "say of each who set it: default, file, environment or flag")
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	group.AddCommand(c)
	return group
}
