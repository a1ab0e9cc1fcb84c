package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"careconnect/http/intake"
	"careconnect/rules/care"
	"careconnect/store"
)

func (d Desk) imports() *cobra.Command {
	var dir, report string
	var asJSON, shrunk bool
	group := &cobra.Command{Use: "import", Short: "Take in a file: providers, employers, plans, roster"}
	add := func(what, says string, make func(of listOf) work) *cobra.Command {
		c := &cobra.Command{
			Use: what + " FILE", Short: says + " (.csv, .csv.gz, .zip, - for standard input)", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				files, err := opened(args[0], report)
				if err != nil {
					return err
				}
				return errors.Join(d.give(c, dir, make(listOf{nameOfFile(args[0]), asJSON}), files...), closed(files))
			},
		}
		dataFlag(c, &dir)
		c.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
		group.AddCommand(c)
		return c
	}
	c := add("providers", "Take in providers from a registry file", func(of listOf) work {
		return &intakeOf{Name: of.Name, JSON: of.JSON, Report: report != ""}
	})
	c.Flags().StringVar(&report, "report", "", "write each skipped row and why to this file")
	add("employers", "Take in employers from a table with code, name, industry, starts", func(of listOf) work { return &employersOf{of} })
	add("plans", "Take in plans that cannot be processed, from a table with payer, plan, state, from", func(of listOf) work { return &plansOf{of} })
	c = add("roster", "Take in an employer's roster of salted hashes, as hash-roster makes it", func(of listOf) work { return &rosterOf{of, shrunk} })
	c.Flags().BoolVar(&shrunk, "shrunk", false, "take it also if it is less than half as long as the one before")
	return group
}

// hashRoster is for the employer: it needs no store and no service.
func (d Desk) hashRoster() *cobra.Command {
	var employer, salt, to string
	c := &cobra.Command{
		Use: "hash-roster FILE", Short: "Make a roster of salted hashes from a list of work e-mails or numbers (.csv, - for standard input)", Args: cobra.ExactArgs(1),
		Long: "Make a roster of salted hashes, where the list is. It reads a table with a column email or employee_id, or both, and writes only hashes: no name, address or number leaves the house. The salt stands on the employer's page of the care team.",
		RunE: func(c *cobra.Command, args []string) error {
			if strings.TrimSpace(employer) == "" || strings.TrimSpace(salt) == "" {
				return fmt.Errorf("%w: say --employer CODE and --salt SALT, as the care team told you", ErrUsage)
			}
			files, err := opened(args[0], "")
			if err != nil {
				return err
			}
			var made bytes.Buffer // nothing is written of a list that cannot be read to its end
			done, err := hashed(files[0], nameOfFile(args[0]), &made, strings.TrimSpace(employer), strings.TrimSpace(salt))
			if err == nil && to != "" {
				err = os.WriteFile(to, made.Bytes(), 0o600)
			} else if err == nil {
				_, err = made.WriteTo(d.Out)
			}
			if err == nil {
				fmt.Fprintf(d.Err, "%d rows: %d hashes, %d rows without an e-mail or a number\n", done.Rows, done.Keys, done.Empty)
			}
			return errors.Join(err, closed(files))
		},
	}
	c.Flags().StringVar(&employer, "employer", "", "the employer's code")
	c.Flags().StringVar(&salt, "salt", "", "the employer's salt")
	c.Flags().StringVar(&to, "out", "", "write to this file instead of standard output")
	return c
}

func hashed(list *os.File, name string, to io.Writer, employer, salt string) (intake.Hashed, error) {
	file, err := intake.From(list, name)
	if err != nil {
		return intake.Hashed{}, err
	}
	done, err := file.Hash(to, employer, salt)
	return done, errors.Join(err, file.Close())
}

// listOf is a small file to be taken in.
type listOf struct {
	Name string // of the file, for messages
	JSON bool
}

type (
	employersOf struct{ listOf }
	plansOf     struct{ listOf }
	rosterOf    struct {
		listOf
		Shrunk bool
	}
)

func (w *employersOf) do(ctx context.Context, at *place) error {
	return w.take(ctx, at, (*intake.File).Employers)
}
func (w *plansOf) do(ctx context.Context, at *place) error {
	return w.take(ctx, at, (*intake.File).Plans)
}
func (w *rosterOf) do(ctx context.Context, at *place) error {
	return w.take(ctx, at, func(f *intake.File, ctx context.Context, s *store.Store) (intake.Counts, error) {
		return f.Roster(ctx, s, intake.Taking{As: care.System, Shrunk: w.Shrunk})
	})
}

// take takes the file in and prints the counts.
func (w listOf) take(ctx context.Context, at *place, in func(*intake.File, context.Context, *store.Store) (intake.Counts, error)) error {
	if len(at.files) != 1 {
		return fmt.Errorf("%w: %d files came with the order, not 1", ErrUsage, len(at.files))
	}
	file, err := intake.From(at.files[0], w.Name)
	if err != nil {
		return err
	}
	file.Progress = func(pass intake.Pass, read, total int64) { at.say(string(pass), read, total) }
	counts, err := in(file, ctx, at.store)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if w.JSON {
		return at.json(counts)
	}
	at.printf("%s\n", counts)
	return nil
}

// opened are the registry file and, if one is wanted, the report, as whoever
// gives the command sees them: a service may see other folders. What can be read
// only once is spooled here, so that no service waits for it.
func opened(path, report string) ([]*os.File, error) {
	in, err := os.Stdin, error(nil)
	if path != "-" {
		if in, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("open the file: %w", err)
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
