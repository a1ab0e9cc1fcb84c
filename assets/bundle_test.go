package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVendor holds each file of others to the checksum it was fetched with, and the list to the folder.
func TestVendor(t *testing.T) {
	var list []struct{ File, Package, Version, Licence, SHA256 string }
	if err := json.Unmarshal(read("vendor.json"), &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"update.sh": true}
	for _, v := range list {
		known[v.File] = true
		if v.Package == "" || v.Version == "" || v.Licence == "" {
			t.Errorf("vendor.json: %s lacks its package, version or licence", v.File)
		}
		body, err := os.ReadFile(filepath.Join("vendor", v.File))
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha256.Sum256(body)
		if got := hex.EncodeToString(sum[:]); got != v.SHA256 {
			t.Errorf("vendor/%s has the checksum %s, vendor.json says %s; run sh assets/vendor/update.sh, never edit the file", v.File, got, v.SHA256)
		}
	}
	entries, err := os.ReadDir("vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("vendor/%s is not in vendor.json", e.Name())
		}
	}
}

// TestBundleHoldsEveryStyle finds a style sheet or script that nobody serves.
func TestBundleHoldsEveryStyle(t *testing.T) {
	served := map[string]bool{}
	for _, from := range parts {
		for _, name := range from {
			served[name] = true
		}
	}
	for _, name := range single {
		served[name] = true
	}
	for _, pattern := range []string{"style/*", "script/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !served[filepath.ToSlash(name)] {
				t.Errorf("%s is in no list of bundle.go, so no page gets it", name)
			}
		}
	}
}

func TestFile(t *testing.T) {
	b := New()
	for name, hashed := range b.Hashed() {
		body, packed, contentType, ok := b.File(hashed)
		if !ok || len(body) == 0 || contentType == "" {
			t.Errorf("%s: served %v, %d bytes, type %q", name, ok, len(body), contentType)
		}
		if packed == nil {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(plain, body) {
			t.Errorf("%s: what is compressed is not what is served (%v)", name, err)
		}
	}
	if _, _, _, ok := b.File("style/app.css"); ok {
		t.Error("a name without its hash is served; a browser would keep it for ever")
	}
	css, _, _, _ := b.File(b.Hashed()["style/app.css"])
	if strings.Contains(string(css), `figtree-latin.woff2`) {
		t.Error("app.css refers to the font by a name that is not served")
	}
}

// TestFirstPageIsSmall adds up what a browser fetches for the largest first page: at most 100 KB.
func TestFirstPageIsSmall(t *testing.T) {
	b := New()
	total := 0
	for _, name := range []string{"style/app.css", "script/app.js", "style/mark.svg", "vendor/figtree-latin.woff2", "vendor/lucide.svg"} {
		body, packed, _, _ := b.File(b.Hashed()[name])
		size := len(body)
		if packed != nil {
			size = len(packed)
		}
		t.Logf("%6d %s", size, name)
		total += size
	}
	const page, limit = 12_000, 100_000
	if total+page > limit {
		t.Errorf("the first page takes %d bytes on the wire besides itself, with %d for itself that is over %d", total, page, limit)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}
