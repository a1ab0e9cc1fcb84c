package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"careconnect/http/intake"
	"careconnect/store"
)

func (d Desk) imports() *cobra.Command {
	var dir, report string
	var asJSON bool
	group := &cobra.Command{Use: "import", Short: "Take in a file: providers"}
	c := &cobra.Command{
		Use: "providers FILE", Short: "Take in providers from a registry file (.csv, .csv.gz, .zip, - for standard input)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w := &intakeOf{Name: nameOfFile(args[0]), JSON: asJSON, Report: report != ""}
			files, err := opened(args[0], report)
			if err != nil {
				return err
			}
			return errors.Join(d.give(c, dir, w, files...), closed(files))
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&report, "report", "", "write each skipped row and why to this file")
	c.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	group.AddCommand(c)
	return group
}

// opened are the registry file and, if one is wanted, the report, as whoever
// gives the command sees them: a service may see other folders. What can be read
// only once is spooled here, so that no service waits for it.
func opened(path, report string) ([]*os.File, error) {
	in, err := os.Stdin, error(nil)
	if path != "-" {
		if in, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("open the providers' file: %w", err)
		}
	}
	if info, err := in.Stat(); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		once := in
		if in, err = spooled(once); err != nil {
			return nil, fmt.Errorf("copy %s into a temporary file: %w", nameOfFile(path), err)
		}
		_ = once.Close()
	}
	if report == "" {
		return []*os.File{in}, nil
	}
	out, err := os.OpenFile(report, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("report: %w", err), in.Close())
	}
	return []*os.File{in, out}, nil
}

// spooled is a copy that only this user can read, and that has no name.
func spooled(from io.Reader) (*os.File, error) {
	t, err := os.CreateTemp("", "careconnect-import-*") // 0600
	if err != nil {
		return nil, err
	}
	err = os.Remove(t.Name())
	if err == nil {
		_, err = io.Copy(t, from)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// closed closes them; what has closed one before is fine.
func closed(files []*os.File) error {
	for _, f := range files {
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			return err
		}
	}
	return nil
}

// intakeOf takes a file in. It goes on without whoever gave it; interrupted it
// stops after a chunk, and the same command goes on there.
type intakeOf struct {
	Name         string // of the file, for messages
	Report, JSON bool
}

func (w *intakeOf) do(ctx context.Context, at *place) error {
	want := 1
	if w.Report {
		want = 2
	}
	if len(at.files) != want {
		return fmt.Errorf("%w: %d files came with the order, not %d", ErrUsage, len(at.files), want)
	}
	var report io.Writer
	if w.Report {
		report = at.files[1]
	}
	file, err := intake.From(at.files[0], w.Name)
	if err != nil {
		return err
	}
	counts, err := take(ctx, at.store, file, report, at.say)
	if err != nil {
		return err
	}
	if w.JSON {
		return at.json(counts)
	}
	at.printf("%s\n", counts)
	return nil
}

// TakeInAll imports files into a store that this process has open, and says what
// was in each.
func (d Desk) TakeInAll(ctx context.Context, s *store.Store, paths []string) error {
	for _, path := range paths {
		files, err := opened(path, "")
		if err != nil {
			return err
		}
		file, err := intake.From(files[0], nameOfFile(path))
		if err != nil {
			return err
		}
		counts, err := take(ctx, s, file, nil, d.here().say)
		if err != nil {
			return err
		}
		fmt.Fprintln(d.Err, counts)
	}
	return nil
}

// nameOfFile is how messages name a file.
func nameOfFile(path string) string {
	if path == "-" {
		return "standard input"
	}
	return filepath.Base(path)
}

// take imports a file: the whole of it is checked first, then it is applied in
// chunks that remember how far they came.
func take(ctx context.Context, s *store.Store, file *intake.File, report io.Writer, say func(stage string, done, total int64)) (counts intake.Counts, err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if report != nil {
		r := intake.NewReport(report)
		file.Skipped = r.Skip
		defer func() { err = errors.Join(err, r.Close()) }()
	}
	file.Progress = func(pass intake.Pass, read, total int64) { say(string(pass), read, total) }
	return intake.Apply(ctx, file, s)
}
