package intake

import (
	"bytes"
)

// sniffed is how many bytes from its beginning tell what a file is.
const sniffed = 512

// kind is what a file looks like from its first bytes.
type kind struct {
	looks  string // as in "this looks like ..."
	at     int    // where the mark stands
	mark   string
	packed packed // how to unpack it; none for what is foreign
}

// packed says how text is packed inside a file.
type packed string

const (
	plain   packed = ""
	gzipped packed = "gzip"
	zipped  packed = "zip"
)

// kinds are told by exact bytes, and words, which come after, by how a text
// begins once space is left out and case is levelled.
var kinds = []kind{
	{"a gzip file", 0, "\x1f\x8b", gzipped},
	{"a zip file", 0, "PK\x03\x04", zipped},
	{"an empty zip file", 0, "PK\x05\x06", zipped},
	{"a PNG image", 0, "\x89PNG", plain},
	{"a JPEG image", 0, "\xff\xd8\xff", plain},
	{"a GIF image", 0, "GIF8", plain},
	{"a PDF document", 0, "%PDF", plain},
	{"an old Excel or Word file", 0, "\xd0\xcf\x11\xe0", plain},
	{"a SQLite database", 0, "SQLite format 3\x00", plain},
	{"a bzip2 file", 0, "BZh", plain},
	{"an xz file", 0, "\xfd7zXZ\x00", plain},
	{"a Zstandard file", 0, "\x28\xb5\x2f\xfd", plain},
	{"a 7-Zip file", 0, "7z\xbc\xaf\x27\x1c", plain},
	{"a program", 0, "\x7fELF", plain},
	{"a program", 0, "MZ\x90", plain},
	{"a tar archive", 257, "ustar", plain},
	{"text in UTF-16", 0, "\xff\xfe", plain},
	{"text in UTF-16", 0, "\xfe\xff", plain},
}

var words = []kind{
	{"JSON", 0, "{", plain},
	{"JSON", 0, "[", plain},
	{"a web page", 0, "<!doctype html", plain},
	{"a web page", 0, "<html", plain},
	{"XML", 0, "<", plain},
}

// kindOf answers with what the first bytes look like, and false where they
// may well be a table in plain text.
func kindOf(head []byte) (kind, bool) {
	for _, k := range kinds {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.mark)) {
			return k, true
		}
	}
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark))))
	for _, k := range words {
		if bytes.HasPrefix(text, []byte(k.mark)) {
			return k, true
		}
	}
	return kind{}, false
}

// foreign is the fault of a file that is something else altogether.
func foreign(looks string) *Fault {
	return &Fault{Line: 1, Column: 1, Says: "this looks like " + looks, Do: expected}
}
