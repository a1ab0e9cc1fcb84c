package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"strings"
	"sync"
)

// parts says which embedded files, in this order, make each served file of more than one. Oat comes
// first, since it names the layers that our own style fills.
var parts = map[string][]string{
	"style/app.css": {
		"vendor/oat.min.css", "style/tokens.css", "style/base.css", "style/layout.css", "style/controls.css",
		"style/cards.css", "style/progress.css", "style/notices.css", "style/print.css",
	},
	"script/app.js": {"vendor/htmx.min.js", "script/app.js"},
}

// single lists what is served as it is.
var single = []string{"style/mark.svg", "vendor/figtree-latin.woff2", "vendor/figtree-latin-ext.woff2", "vendor/lucide.svg"}

// types maps the ends of names to content types.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// A Bundle is the set of files that a server offers to browsers. It never changes once made, and
// may be used by many goroutines.
type Bundle struct {
	names map[string]string // logical -> hashed
	files map[string]*file  // by hashed name
}

type file struct {
	body        []byte
	contentType string
	gzip        func() []byte
}

// New puts the bundle together. Compression waits until a file is first asked for.
func New() *Bundle {
	b := &Bundle{names: map[string]string{}, files: map[string]*file{}}
	for _, name := range single {
		b.add(name, read(name))
	}
	for name, from := range parts {
		var body bytes.Buffer
		for _, part := range from {
			body.Write(read(part))
			body.WriteByte('\n')
		}
		b.add(name, b.linked(body.Bytes()))
	}
	return b
}

// Hashed maps each logical name ("style/app.css") to the one it is served under
// ("style/app.4f3a9c01d2.css").
func (b *Bundle) Hashed() map[string]string { return maps.Clone(b.names) }

// File is the file served under a hashed name: its bytes, the same compressed (nil where that gains
// nothing), and its content type. Its answer may be cached for ever.
func (b *Bundle) File(hashed string) (body, gzip []byte, contentType string, ok bool) {
	f, ok := b.files[hashed]
	if !ok {
		return nil, nil, "", false
	}
	return f.body, f.gzip(), f.contentType, true
}

func (b *Bundle) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	end := path.Ext(name)
	hashed := strings.TrimSuffix(name, end) + "." + hex.EncodeToString(sum[:5]) + end
	b.names[name] = hashed
	b.files[hashed] = &file{body: body, contentType: types[end], gzip: sync.OnceValue(func() []byte { return compress(body) })}
}

// linked turns what a style sheet refers to ("../vendor/x.woff2") into the names it is served under.
func (b *Bundle) linked(body []byte) []byte {
	for _, name := range single {
		body = bytes.ReplaceAll(body, []byte(`"../`+name+`"`), []byte(`"../`+b.names[name]+`"`))
	}
	return body
}

// compress is the body in gzip, or nil where that would not save a tenth.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	if out.Len() > len(body)*9/10 {
		return nil
	}
	return out.Bytes()
}

// read is an embedded file. That each exists is settled when the program is built and tested.
func read(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic("assets: " + err.Error() + "; the lists in bundle.go name a file that is not embedded")
	}
	return body
}
