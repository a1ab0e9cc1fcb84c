package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// ErrLasting is the refusal to do to a lasting store what only a throwaway one,
// whose people are fictional, is for.
var ErrLasting = errors.New("this is a lasting store, and it is done to throwaway ones only")

// exported is one line of an export.
type exported struct {
	Chart  care.ChartID `json:"chart"`
	Kind   care.Kind    `json:"kind"`
	Record care.Record  `json:"record"`
}

// Export writes everything a throwaway store holds in plain text, one record a
// line, the charts in the order of their ids. Two stores that lived through the
// same write the same bytes. It gives the number of the commit that it is of. A
// lasting store refuses with ErrLasting, and its trail tells that it was asked:
// nobody may read everybody.
func (s *Store) Export(ctx context.Context, w io.Writer, progress Progress) (sequence uint64, err error) {
	if s.Kind() != Throwaway {
		return 0, errors.Join(ErrLasting, s.work([]Entry{{
			At: s.now(), Role: care.RoleOperator, Did: "export", Outcome: string(care.Forbidden),
		}}, nil))
	}
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	err = s.view(func(r engine.Reader) error {
		var kept state
		if err := kept.read(r, s.vault); err != nil {
			return err
		}
		sequence = kept.Sequence
		ids, err := s.chartIDs(ctx, r)
		if err != nil {
			return err
		}
		for i, id := range ids {
			chart, err := s.loadChart(r, id)
			if err != nil {
				return err
			}
			for _, record := range chart.Records() {
				if err := lines.Encode(exported{id, record.Kind(), record}); err != nil {
					return fmt.Errorf("export %s of chart %s: %w", record.Kind(), id, err)
				}
			}
			progress.tell(int64(i+1), int64(len(ids)))
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return sequence, errors.Join(err, out.Flush())
}

// chartIDs are the ids of all charts, by what their heads say, in order.
func (s *Store) chartIDs(ctx context.Context, r engine.Reader) ([]care.ChartID, error) {
	var ids []care.ChartID
	err := r.Scan(engine.Keys, nil, nil, func(prefix, wrapped []byte) error {
		key, err := s.vault.UnwrapChartKey(wrapped, prefix)
		if err != nil {
			return fmt.Errorf("the key of a chart: %w: %w", ErrDamaged, err)
		}
		h, err := headIn(r, key, prefix)
		if err != nil {
			return err
		}
		ids = append(ids, h.ID)
		return ctx.Err()
	})
	slices.Sort(ids)
	return ids, err
}

// headIn finds the head among the records of a chart whose id is not known yet:
// it alone is written without a codec before it.
func headIn(r engine.Reader, key *seal.ChartKey, prefix []byte) (h head, err error) {
	err = r.Scan(engine.Charts, prefix, nil, func(name, sealed []byte) error {
		plain, err := key.Open(chartAD(name, prefix), sealed)
		if err != nil {
			return fmt.Errorf("a record of a chart: %w: %w", ErrDamaged, err)
		}
		if len(plain) == 0 || plain[0] != '{' {
			return nil
		}
		return errors.Join(json.Unmarshal(plain, &h), engine.ErrStop)
	})
	if err == nil && h.ID == "" {
		err = fmt.Errorf("the head of a chart is missing: %w", ErrDamaged)
	}
	return h, err
}
