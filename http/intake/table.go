package intake

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"careconnect/rules/registry"
)

// scan reads a table from its header to its end and answers with the sum of the
// text. begin is told the header and gives what is done with each row and the line
// on which it begins.
func (f *File) scan(pass Pass, begin func(names []string, rows *csv.Reader) (func(line int, record []string) error, error)) ([]byte, error) {
	text, err := f.text(pass)
	if err != nil {
		return nil, f.named(err)
	}
	g := newGuard(text)
	rows := csv.NewReader(bufio.NewReaderSize(g, 64<<10))
	rows.ReuseRecord = true
	names, err := rows.Read()
	if errors.Is(err, io.EOF) {
		err = &Fault{Line: 1, Column: 1, Says: "there is no header", Do: expected}
	}
	if err != nil {
		return nil, f.named(rowFault(err))
	}
	each, err := begin(names, rows)
	if err != nil {
		return nil, f.named(err)
	}
	width := len(names)
	for {
		record, err := rows.Read()
		if errors.Is(err, io.EOF) {
			if f.Progress != nil {
				f.Progress(pass, f.size, f.size)
			}
			return g.sum.Sum(nil), nil
		}
		if errors.Is(err, csv.ErrFieldCount) {
			err = widthFault(rows, len(record), width)
		}
		if err != nil {
			return nil, f.named(rowFault(err))
		}
		line, _ := rows.FieldPos(0)
		if err := each(line, record); err != nil {
			return nil, f.named(err)
		}
	}
}

// providers reads the registry's table, row by row.
func (f *File) providers(pass Pass, each func(line int, row *registry.Row) error) ([]byte, error) {
	return f.scan(pass, func(names []string, rows *csv.Reader) (func(int, []string) error, error) {
		columns, err := layout(names, rows)
		return func(line int, record []string) error {
			var row registry.Row
			for _, c := range columns {
				*c.field(&row) = record[c.at]
			}
			return each(line, &row)
		}, err
	})
}

// place says in which column of this file a field of the row stands.
type place struct {
	at    int
	field func(*registry.Row) *string
}

// layout finds the columns by their names. Others are fine, in any order; one
// that is required and missing, or that stands twice, is a fault.
func layout(names []string, rows *csv.Reader) ([]place, error) {
	at := make(map[string]int, len(names))
	twice := map[string]int{}
	for i, name := range names {
		key := headerKey(name)
		if _, again := at[key]; again {
			twice[key] = i
			continue
		}
		at[key] = i
	}
	var places []place
	for _, c := range registry.Columns() {
		found := false
		for _, header := range c.Headers {
			key := headerKey(header)
			if i, again := twice[key]; again {
				line, column := rows.FieldPos(i)
				return nil, &Fault{Line: line, Column: column, Says: fmt.Sprintf("the column %q stands twice in the header", header), Do: "leave one of them out"}
			}
			if i, ok := at[key]; ok && !found {
				places, found = append(places, place{i, c.Field}), true
			}
		}
		if c.Required && !found {
			return nil, missing(c.Headers[0], names, rows)
		}
	}
	return places, whole(at, names, rows)
}

// whole sees to it that a taxonomy's licence is not lost with its column.
func whole(at map[string]int, names []string, rows *csv.Reader) error {
	for n := 1; n <= registry.Slots; n++ {
		if _, ok := at[headerKey(fmt.Sprintf("Healthcare Provider Taxonomy Code_%d", n))]; !ok {
			continue
		}
		for _, part := range []string{"Provider License Number_%d", "Provider License Number State Code_%d"} {
			if header := fmt.Sprintf(part, n); !has(at, header) {
				return missing(header, names, rows)
			}
		}
	}
	return nil
}

func has(at map[string]int, header string) bool {
	_, ok := at[headerKey(header)]
	return ok
}

func headerKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// missing points to where the header ends, which is where a column would be
// added.
func missing(header string, names []string, rows *csv.Reader) *Fault {
	line, column := rows.FieldPos(len(names) - 1)
	fault := &Fault{Line: line, Column: column, Says: fmt.Sprintf("the header, which ends with this column, has none named %q", header), Do: expected}
	for _, other := range []struct{ separator, called string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}} {
		if len(names) == 1 && strings.Contains(names[0], other.separator) {
			fault.Says += " and seems parted by " + other.called
			fault.Do = "save it parted by commas"
		}
	}
	return fault
}

// widthFault points to the first field too many, or to the last there is.
func widthFault(rows *csv.Reader, got, want int) *Fault {
	line, column := rows.FieldPos(min(want, got-1))
	return &Fault{Line: line, Column: column, Says: fmt.Sprintf("the row has %d fields where the header has %d", got, want), Do: mend}
}
