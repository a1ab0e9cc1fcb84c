package operator

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// rekeyData wraps every chart's key anew.
func (d Desk) rekeyData(dir *string) *cobra.Command {
	var w freshKeys
	c := &cobra.Command{
		Use: "data", Short: "Wrap every chart's key under a new one, and let the old ones go", Args: cobra.NoArgs,
		Long: "Wrap every chart's key under a new one, and let the old ones go.\n\nReaders and writers go on meanwhile. Interrupted or killed, it goes on where it was when it is given again.\nBackups that were made before stay as they are, and open with the secret of their time.",
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, *dir, &w) },
	}
	c.Flags().BoolVar(&w.JSON, "json", false, "say what was done as JSON")
	return c
}

type freshKeys struct{ JSON bool }

func (w *freshKeys) do(ctx context.Context, at *place) error {
	done, err := at.store.RekeyData(ctx, at.progress("rekey"))
	if err != nil {
		return err
	}
	if w.JSON {
		return at.json(done)
	}
	at.printf("%d chart keys are wrapped under epoch %d; %d older epochs are gone.\n", done.Keys, done.Epoch, len(done.Dropped))
	return nil
}

// compact moves the store into a new file.
func (d Desk) compact() *cobra.Command {
	var dir string
	var w compaction
	c := &cobra.Command{
		Use: "compact", Short: "Move the store into a new file without what was removed from it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &w) },
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&w.JSON, "json", false, "say what was done as JSON")
	return c
}

type compaction struct{ JSON bool }

func (w *compaction) do(ctx context.Context, at *place) error {
	done, err := at.store.Compact(ctx, at.progress("compact"))
	if err != nil {
		return err
	}
	if w.JSON {
		return at.json(done)
	}
	at.printf("The file had %d bytes and has %d; nothing that was removed is left in it.\n", done.Before, done.After)
	return nil
}

// export writes what a throwaway store holds.
func (d Desk) export() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "export", Short: "Write all that a throwaway store holds in plain text, one record a line", Args: cobra.NoArgs,
		Long: "Write all that a throwaway store holds in plain text, one record a line: the same bytes after the same\nlife. Of a lasting store nothing is written, and the trail tells that it was asked for: the operator sees\nno client's data. A demo's folder stands in the line that demo --json prints.",
		RunE: func(c *cobra.Command, _ []string) error { return d.give(c, dir, &plainText{}) },
	}
	dataFlag(c, &dir)
	return c
}

type plainText struct{}

func (w *plainText) do(ctx context.Context, at *place) error {
	if _, err := at.store.Export(ctx, at.out, nil); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
