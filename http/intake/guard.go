package intake

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"unicode/utf8"
)

// The longest field and the longest row that are read. The registry's own
// longest field has some hundred bytes and its rows a few thousand; a limit
// keeps a missing quote from swallowing the rest of the file into memory.
const (
	fieldMax = 1 << 20
	rowMax   = 4 << 20
)

const byteOrderMark = "\ufeff"

var errSwells = errors.New("the packed file swells beyond reason")

// guard stands before the csv reader and lets only text pass whose every field
// is bounded: UTF-8 without NUL. It knows the place of each byte, so that its
// faults bear line and column, and sums what passes.
type guard struct {
	from io.Reader
	sum  hash.Hash

	buf             [64 << 10]byte
	at, passed, end int   // buf[at:passed] is examined and may go, buf[passed:end] is not yet a whole character
	err             error // what ends the text, once what is examined has gone

	started                bool
	line, column           int // of the next byte to examine
	quoted                 bool
	last                   byte // the byte before
	bare                   bool // whether some field so far ended without a quote
	field, row             int  // bytes since each began
	fieldLine, fieldColumn int
}

func newGuard(from io.Reader) *guard {
	return &guard{from: from, sum: sha256.New(), line: 1, column: 1, fieldLine: 1, fieldColumn: 1}
}

// Read passes on what is examined. What stood before a fault goes first, so
// that of two faults the earlier one is met first.
func (g *guard) Read(p []byte) (int, error) {
	for g.at == g.passed {
		if g.err != nil {
			return 0, g.err
		}
		g.fill()
	}
	n := copy(p, g.buf[g.at:g.passed])
	g.sum.Write(p[:n])
	g.at += n
	return n, nil
}

func (g *guard) fill() {
	g.end = copy(g.buf[:], g.buf[g.passed:g.end])
	g.at, g.passed = 0, 0
	n, err := g.from.Read(g.buf[g.end:])
	g.end += n
	g.err = g.examine(errors.Is(err, io.EOF))
	switch {
	case g.err != nil || err == nil:
	case errors.Is(err, io.EOF) && g.last == ',' && !g.bare:
		// Not even the csv reader can tell that a field is missing here.
		g.err = g.fault("the file ends here, in the middle of a row", again)
	case errors.Is(err, io.EOF):
		g.err = io.EOF
	case errors.Is(err, errSwells):
		g.err = g.fault("the packed file unpacks to more than a table can hold", expected)
	default:
		g.err = unpackFault(err, g.line, g.column)
	}
}

// examine walks over what was read and stops at the first byte that may not
// pass, or before a character whose rest is still to come. At the end of the
// text no rest will come.
func (g *guard) examine(last bool) error {
	for g.passed < g.end {
		width := 1
		switch c := g.buf[g.passed]; {
		case c == 0:
			return g.fault("a NUL byte: this is no text", expected)
		case c >= utf8.RuneSelf:
			rest := g.buf[g.passed:g.end]
			if !last && !utf8.FullRune(rest) {
				return nil
			}
			var r rune
			if r, width = utf8.DecodeRune(rest); r == utf8.RuneError && width == 1 {
				return g.fault("this is not UTF-8", save)
			}
			if !g.started && string(rest[:width]) == byteOrderMark {
				g.started, g.passed, g.at = true, g.passed+width, g.passed+width
				continue
			}
		}
		g.started = true
		if err := g.step(g.buf[g.passed], width); err != nil {
			return err
		}
		g.passed += width
	}
	return nil
}

// step keeps the place, and the lengths of the field and the row so far.
func (g *guard) step(c byte, width int) error {
	g.column += width
	g.field += width
	g.row += width
	switch {
	case c == '"':
		g.quoted = !g.quoted
	case c == ',' && !g.quoted:
		g.bare = g.bare || g.last != '"'
		g.startField()
	case c == '\n':
		g.line, g.column = g.line+1, 1
		if !g.quoted {
			g.row = 0
			g.startField()
		}
	}
	g.last = c
	if g.field > fieldMax || g.row > rowMax {
		return &Fault{Line: g.fieldLine, Column: g.fieldColumn,
			Says: fmt.Sprintf("the field that begins here is longer than %d bytes, or its row than %d", fieldMax, rowMax),
			Do:   `see whether a quote (") that opens here is never closed`}
	}
	return nil
}

func (g *guard) startField() {
	g.field, g.fieldLine, g.fieldColumn = 0, g.line, g.column
}

func (g *guard) fault(says, do string) error {
	return &Fault{Line: g.line, Column: g.column, Says: says, Do: do}
}
