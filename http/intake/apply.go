package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/registry"
	"careconnect/store"
)

// chunk is how many candidates one act takes in.
const chunk = 256

// Apply takes a file in. The whole of it is checked before anything is changed;
// a run that was cut short goes on where it stopped. Taking the same file in
// again finds everything unchanged. When the context ends it stops, after a chunk.
func Apply(ctx context.Context, f *File, s *store.Store) (Counts, error) {
	f.content = interrupted{ctx, f.content}
	counts, err := apply(ctx, f, s)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // and not that the file cannot be read
	}
	return counts, err
}

// interrupted is content that reads no more once a context has ended.
type interrupted struct {
	ctx context.Context
	io.ReaderAt
}

func (i interrupted) ReadAt(p []byte, off int64) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.ReaderAt.ReadAt(p, off)
}

func apply(ctx context.Context, f *File, s *store.Store) (Counts, error) {
	if err := f.Check(); err != nil {
		return Counts{}, err
	}
	before, err := begun(ctx, s, f.Sum())
	if err != nil {
		return Counts{}, err
	}
	f.Resume(before.Done)
	done := before.Done
	known := map[string]int{act.ImportedNow: before.Counts[act.ImportedNow], act.ImportedOld: before.Counts[act.ImportedOld]}
	counts, err := f.Each(chunk, func(candidates []registry.Candidate) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		done += len(candidates)
		a := act.Import{File: f.Sum(), Done: done, Rows: make([]act.Row, len(candidates))}
		for i, c := range candidates {
			row, err := rowOf(c)
			if err != nil {
				return err
			}
			a.Rows[i] = row
		}
		out, err := s.Do(ctx, care.System, a)
		for what, n := range out.Counts {
			known[what] += n
		}
		return err
	})
	if err != nil {
		return Counts{}, err
	}
	if _, err := s.Do(ctx, care.System, act.FinishImport{File: f.Sum()}); err != nil {
		return Counts{}, err
	}
	return counts.Known(known[act.ImportedNow], known[act.ImportedOld]), nil
}

// begun is how far an earlier run came with the same file.
func begun(ctx context.Context, s *store.Store, sum string) (care.Intake, error) {
	programme, err := s.Chart(ctx, care.System, care.ProgrammeChart, "import")
	if err != nil {
		return care.Intake{}, err
	}
	note, _ := programme.Intake(sum)
	return note, nil
}

// genders are the registry's letters in the directory's words.
var genders = map[string]string{"F": "woman", "M": "man", "X": "nonbinary"}

// rowOf is a candidate as a provider, with a digest of all that the registry said.
func rowOf(c registry.Candidate) (act.Row, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return act.Row{}, fmt.Errorf("digest of a row: %w", err)
	}
	sum := sha256.Sum256(body)
	p := care.Provider{NPI: c.NPI, Name: strings.Join(strings.Fields(strings.Join([]string{c.First, c.Middle, c.Last, c.Suffix}, " ")), " "), Degree: c.Degree, Gender: genders[c.Gender]}
	for _, l := range c.Licences {
		p.Licences = append(p.Licences, care.Licence{State: l.State, Number: l.Number})
	}
	return act.Row{Digest: hex.EncodeToString(sum[:]), Provider: p}, nil
}
