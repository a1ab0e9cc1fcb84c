package intake

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"careconnect/rules/registry"
)

// Report writes each skipped row as a line of CSV: the line on which it begins
// in the file, its NPI, and the reason. It holds no names.
type Report struct {
	rows *csv.Writer
}

// NewReport begins a report with its header. Close it before closing w.
func NewReport(w io.Writer) *Report {
	r := &Report{rows: csv.NewWriter(w)}
	_ = r.rows.Write([]string{"line", "npi", "reason"}) // kept by the writer, said by Close
	return r
}

// Skip adds a row; it fits File.Skipped. Where the file has something else than
// digits for an NPI, which may be anything, a name too, the report has none.
func (r *Report) Skip(line int, npi string, reason registry.Reason) error {
	if npi = strings.TrimSpace(npi); len(npi) > 20 || strings.Trim(npi, "0123456789") != "" {
		npi = ""
	}
	return r.rows.Write([]string{strconv.Itoa(line), npi, string(reason)})
}

// Close writes out what is still held back, and says whether all was written.
func (r *Report) Close() error {
	r.rows.Flush()
	return r.rows.Error()
}
