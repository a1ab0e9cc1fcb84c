// Package assets holds what the program shows but does not compute: pages and their parts, style,
// script, the front-end files of others, the handbook, the manual and the mails. All of it is
// embedded, so the binary is enough. A Bundle is what a server serves of it: each file under a
// name that carries the hash of its content, so that it may be kept for ever, and compressed once.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed pages style script policy/*.md help/*.md manual/*.md manual/decisions/*.md mail/*.txt vendor/*.css vendor/*.js vendor/*.woff2 vendor/*.svg vendor.json
var files embed.FS

// FS is everything embedded, under the names that it has in this folder.
func FS() fs.FS { return files }
