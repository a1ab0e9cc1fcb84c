package intake

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A table of mostly empty columns packs well, some fifty to one; what unpacks
// far beyond that was made to exhaust whoever reads it.
const (
	ratioMax  = 400
	ratioFree = 16 << 20 // bytes of text for which nobody asks
)

// member is what the registry calls the providers' file inside its zip.
const member = "npidata_pfile*.csv"

// text answers with the table inside the file, unpacked as it is read.
func (f *File) text(pass Pass) (io.Reader, error) {
	head, err := f.head()
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, &Fault{Line: 1, Column: 1, Says: "the file is empty", Do: expected}
	}
	// The section answers a place outside the file, which a broken zip may name,
	// with its end.
	whole := &meter{from: io.NewSectionReader(f.content, 0, f.size), tell: func(read int64) {
		if f.Progress != nil {
			f.Progress(pass, min(read, f.size), f.size)
		}
	}}
	k, known := kindOf(head)
	switch {
	case !known:
		return whole.section(f.size), nil
	case k.packed == plain:
		return nil, foreign(k.looks)
	}
	unpack := map[packed]func(*meter, int64) (io.Reader, error){gzipped: openGzip, zipped: openZip}[k.packed]
	inner, err := unpack(whole, f.size)
	if err != nil {
		return nil, unpackFault(err, 1, 1)
	}
	// Whatever goes wrong with the first bytes is met again, and put into
	// words, when they are read.
	r := bufio.NewReaderSize(&unpacked{from: inner, packed: whole}, 64<<10)
	start, _ := r.Peek(sniffed)
	if k, known := kindOf(start); known {
		return nil, foreign(k.looks + ", packed")
	}
	return r, nil
}

func openGzip(m *meter, size int64) (io.Reader, error) {
	return gzip.NewReader(bufio.NewReaderSize(m.section(size), 64<<10))
}

func openZip(m *meter, size int64) (io.Reader, error) {
	archive, err := zip.NewReader(m, size)
	if err != nil {
		return nil, err
	}
	entry, err := choose(archive.File)
	if err != nil {
		return nil, err
	}
	if entry.Flags&1 != 0 {
		return nil, &Fault{Line: 1, Column: 1, Says: "the zip is locked with a password", Do: "unpack it and give the .csv inside"}
	}
	return entry.Open()
}

// choose finds the providers' file among what a zip holds: the one of the
// registry's name, or the only table there is. The registry adds a second
// file of that name which holds nothing but the header.
func choose(entries []*zip.File) (*zip.File, error) {
	var tables, providers []*zip.File
	for _, e := range entries {
		base := strings.ToLower(path.Base(e.Name))
		switch {
		case strings.HasSuffix(e.Name, "/"), strings.HasPrefix(e.Name, "__MACOSX/"), strings.HasSuffix(base, "fileheader.csv"):
			continue
		case base == "[content_types].xml":
			return nil, foreign("an Excel or Word file")
		}
		if ok, _ := path.Match(member, base); ok {
			providers = append(providers, e)
		}
		if strings.HasSuffix(base, ".csv") {
			tables = append(tables, e)
		}
	}
	switch {
	case len(providers) == 1:
		return providers[0], nil
	case len(providers) > 1:
		return nil, &Fault{Line: 1, Column: 1, Says: fmt.Sprintf("the zip holds %d files named like %s", len(providers), member), Do: "unpack it and give one of them"}
	case len(tables) == 1:
		return tables[0], nil
	}
	return nil, &Fault{Line: 1, Column: 1, Says: "the zip holds no file named like " + member, Do: expected}
}

// meter counts what is read of the packed file and tells it on.
type meter struct {
	from io.ReaderAt
	read int64
	tell func(read int64)
}

func (m *meter) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.from.ReadAt(p, off)
	m.read += int64(n)
	m.tell(m.read)
	if err != nil && !errors.Is(err, io.EOF) {
		err = unread{err}
	}
	return n, err
}

func (m *meter) section(size int64) io.Reader { return io.NewSectionReader(m, 0, size) }

// unpacked refuses text that swells beyond reason.
type unpacked struct {
	from   io.Reader
	packed *meter
	text   int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	u.text += int64(n)
	if u.text > ratioFree && u.text/ratioMax > u.packed.read {
		return 0, errSwells
	}
	return n, err
}
