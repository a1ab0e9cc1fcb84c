// Package intake reads files that others made, at the boundary of the house.
// Nothing in such a file is believed: it may be cut short, packed in another
// way than its name says, be a picture, hold one line of a gigabyte, or come
// from another release of the registry. So a file is read twice. Check reads
// all of it and refuses it whole, with line and column, where anything cannot
// be read; only then Each reads it again and hands the candidates over in
// chunks. Both passes stream: what is kept is one row, one chunk, and one bit
// for each identifier met, whatever the size of the file.
//
// A fault says where it stands and what to do, and never repeats what the file
// says there, since that may be a person's name. Lines and columns count from
// 1; a column counts bytes within its line, as most tools do.
package intake

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"careconnect/rules/registry"
)

// File is a providers' file, opened and not yet believed. It is read from one
// goroutine at a time.
type File struct {
	// Progress, if set, is told now and then how many of the file's bytes, as
	// they are packed, the pass has read.
	Progress func(pass Pass, read, total int64)
	// Skipped, if set, is told each row that Each leaves out; a Report's Skip
	// fits. Its error ends the pass.
	Skipped func(line int, npi string, reason registry.Reason) error

	name    string
	want    string // what is expected, where it is not a providers' file
	content io.ReaderAt
	size    int64
	close   func() error
	sum     string // of the text inside, once Check has read it
	resume  int
}

// Pass says which of the two readings is under way.
type Pass string

// The two readings of a file.
const (
	Checking Pass = "check"
	Applying Pass = "apply"
)

// Open opens the providers' file at path: .csv, .csv.gz or .zip, told apart by
// what is inside. Something that cannot be read twice, such as a pipe, is
// spooled first.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the providers' file: %w", err)
	}
	return From(f, filepath.Base(path))
}

// From is Open of what somebody has opened already. It closes the file, at once
// where that is spooled and with Close otherwise. The name is for messages only.
func From(f *os.File, name string) (*File, error) {
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &Fault{File: name, Line: 1, Column: 1, Says: "this is a folder", Do: expected}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		spooled, err := Spool(f, name)
		return spooled, errors.Join(err, f.Close())
	}
	file := Providers(f, info.Size(), name)
	file.close = f.Close
	return file, nil
}

// Spool copies what can be read only once, such as standard input, into a
// temporary file that only this user can read and that is gone with Close.
// The name is for messages only.
func Spool(r io.Reader, name string) (*File, error) {
	t, err := os.CreateTemp("", "careconnect-intake-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	// Where the system allows it the name goes at once, so that the copy
	// vanishes even if the process is killed; else Close removes it.
	removed := os.Remove(t.Name()) == nil
	done := func() error {
		err := t.Close()
		if !removed {
			err = errors.Join(err, os.Remove(t.Name()))
		}
		return err
	}
	size, err := io.Copy(t, r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy %s into a temporary file: %w", name, err), done())
	}
	file := Providers(t, size, name)
	file.close = done
	return file, nil
}

// Providers takes a providers' file of the given size from anywhere that can
// be read twice, such as an upload held in memory.
func Providers(content io.ReaderAt, size int64, name string) *File {
	return &File{name: name, content: content, size: size, close: func() error { return nil }}
}

// Close lets go of the file, and of its spooled copy.
func (f *File) Close() error { return f.close() }

// Check reads the whole file and keeps nothing of it. It answers with a *Fault
// where the file cannot be read to its end, and with nil where Each may hand
// its candidates over.
func (f *File) Check() error {
	sum, err := f.providers(Checking, func(int, *registry.Row) error { return nil })
	if err != nil {
		return err
	}
	f.sum = hex.EncodeToString(sum)
	return nil
}

// Sum is the SHA-256 of the text inside, the same however it is packed, in
// hexadecimal: what a resume record remembers a file by. It is empty before
// Check.
func (f *File) Sum() string { return f.sum }

// Resume makes Each leave out the first candidates, as many as an earlier run
// over the same Sum applied. They are still read, judged and counted.
func (f *File) Resume(candidates int) { f.resume = candidates }

// Each judges every row in order and hands the candidates over, chunk by chunk
// (at least one in each; the slice is reused, the candidates are not). It
// checks the file first unless Check has, so that a file which cannot be read
// hands over nothing. An error of fn ends the pass and comes back as it is.
//
// In the counts every candidate is Imported; whoever applies them knows which
// were there before, and says so by Counts.Known.
func (f *File) Each(chunk int, fn func([]registry.Candidate) error) (Counts, error) {
	if chunk < 1 {
		return Counts{}, fmt.Errorf("a chunk holds at least one candidate, not %d", chunk)
	}
	if f.sum == "" {
		if err := f.Check(); err != nil {
			return Counts{}, err
		}
	}
	counts, batch, npis := newCounts(), make([]registry.Candidate, 0, chunk), newSeen()
	hand := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := fn(batch)
		clear(batch)
		batch = batch[:0]
		return err
	}
	sum, err := f.providers(Applying, func(line int, row *registry.Row) error {
		counts.Rows++
		c, reason := registry.Judge(*row, npis.has)
		npis.add(row.Number())
		if reason != "" {
			counts.Skipped[string(reason)]++
			if f.Skipped != nil {
				return f.Skipped(line, row.Number(), reason)
			}
			return nil
		}
		counts.Imported++
		if counts.Imported <= f.resume {
			return nil
		}
		if batch = append(batch, c); len(batch) == chunk {
			return hand()
		}
		return nil
	})
	if err == nil {
		err = hand()
	}
	if err == nil && hex.EncodeToString(sum) != f.sum {
		err = fmt.Errorf("%s changed while it was read; leave it alone and run the import again, which repeats nothing", f.name)
	}
	return counts, err
}

// head reads what a file begins with, enough to tell what it is.
func (f *File) head() ([]byte, error) {
	head := make([]byte, min(sniffed, f.size))
	n, err := f.content.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unread{err}
	}
	return head[:n], nil
}
