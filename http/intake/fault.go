package intake

import (
	"archive/zip"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// Fault says that a file cannot be read, where, and what to do about it. It
// holds no word of the file's content.
type Fault struct {
	File   string // its name, for the message
	Line   int    // from 1, in the text inside
	Column int    // from 1, in bytes of that line
	Says   string // what is wrong
	Do     string // what to do
}

// Error is the sentence that a person reads.
func (f *Fault) Error() string {
	s := fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Says)
	if f.File != "" {
		s = f.File + ": " + s
	}
	if f.Do != "" {
		s += "; " + f.Do
	}
	return s
}

const (
	expected = "give the registry's providers' file (npidata_pfile....csv, alone or packed as .csv.gz or .zip)"
	again    = "get the file again and compare its size with the source's"
	save     = "save the file as UTF-8"
	mend     = "mend that row, or get the file again"
)

// packing lists what the unpackers can say, in words.
var packing = []struct {
	is       func(error) bool
	says, do string
}{
	{func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }, "the packed file ends here, in the middle", again},
	{func(err error) bool { return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zip.ErrChecksum) }, "the packed file is damaged: its checksum does not fit", again},
	{func(err error) bool { return errors.Is(err, gzip.ErrHeader) }, "the packed file goes on here with something else", again},
	{func(err error) bool { return errors.Is(err, zip.ErrFormat) }, "the zip is damaged or cut short", again},
	{func(err error) bool { return errors.Is(err, zip.ErrAlgorithm) }, "the zip is packed in a way that is not read here", "unpack it and give the .csv inside"},
}

// unread is an error of what holds the file, such as a failing disk. It is no
// fault of the file, and is told apart from what the unpackers complain of.
type unread struct{ err error }

func (u unread) Error() string { return "read the file: " + u.err.Error() }
func (u unread) Unwrap() error { return u.err }

// unpackFault puts an unpacker's error into words at a place in the text; that
// the file could not be read at all, or a fault already found, stays what it is.
func unpackFault(err error, line, column int) error {
	var disk unread
	var fault *Fault
	if errors.As(err, &disk) || errors.As(err, &fault) {
		return err
	}
	for _, p := range packing {
		if p.is(err) {
			return &Fault{Line: line, Column: column, Says: p.says, Do: p.do}
		}
	}
	return &Fault{Line: line, Column: column, Says: "the packed file is damaged", Do: again}
}

// rowFault puts what the csv reader says into words.
func rowFault(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	fault := &Fault{Line: p.Line, Column: p.Column, Do: mend}
	switch {
	case errors.Is(p.Err, csv.ErrBareQuote):
		fault.Says = `a quote (") stands inside a field that is not quoted`
	case p.StartLine != p.Line:
		fault.Says = fmt.Sprintf(`a quote (") is missing, or one too many, in the row that begins on line %d`, p.StartLine)
	default:
		fault.Says = `a quote (") is missing, or one too many, in this row`
	}
	return fault
}

// named gives a fault, where it is one, the name of the file, and says what kind of
// file is wanted.
func (f *File) named(err error) error {
	var fault *Fault
	if errors.As(err, &fault) {
		fault.File = f.name
		if fault.Do == expected && f.want != "" {
			fault.Do = f.want
		}
	}
	return err
}
