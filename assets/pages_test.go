package assets

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// prefix is where the tests pretend to serve the bundle.
const prefix = "/static/"

// TestGallery renders every page of the gallery. With CARECONNECT_GALLERY=DIR it also leaves the
// pages and the files they need in DIR, to be looked at.
func TestGallery(t *testing.T) {
	b := New()
	pages, err := b.pages(os.DirFS("testdata"), prefix, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if to := os.Getenv("CARECONNECT_GALLERY"); to != "" {
		dir = to
	}
	all := gallery()
	for name, page := range pages {
		data, ok := all[name]
		if !ok {
			t.Errorf("page %s has no sample data", name)
			continue
		}
		var out bytes.Buffer
		if err := page.ExecuteTemplate(&out, "layout", data); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		html := out.String()
		for _, bad := range forbidden.FindAllString(html, -1) {
			t.Errorf("%s: %q breaks the content security policy or is a sign of a template gone wrong", name, bad)
		}
		for _, m := range ids.FindAllStringSubmatch(html, -1) {
			if n := strings.Count(html, ` id="`+m[1]+`"`); n > 1 {
				t.Errorf("%s: the id %q occurs %d times", name, m[1], n)
			}
		}
		if data.Crisis != nil && !strings.Contains(html, `href="tel:988"`) {
			t.Errorf("%s: crisis help is missing", name)
		}
		write(t, filepath.Join(dir, name+".html"), out.Bytes())
	}
	if len(pages) != len(all) {
		t.Errorf("%d pages, sample data for %d", len(pages), len(all))
	}
	for _, hashed := range b.Hashed() {
		body, _, _, _ := b.File(hashed)
		write(t, filepath.Join(dir, prefix, hashed), body)
	}
}

// forbidden is what the policy of the pages does not allow, and what html/template writes where it
// refused a value.
var forbidden = regexp.MustCompile(`\sstyle=|<style|\son[a-z]+=|<script>|javascript:|https?://|ZgotmplZ|&lt;no value&gt;|&lt;nil&gt;|<nil>`)

var ids = regexp.MustCompile(` id="([^"]+)"`)

func write(t *testing.T, name string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryPartIsUsedAndDocumented holds the parts to the gallery and to the list in layout.html.
func TestEveryPartIsUsedAndDocumented(t *testing.T) {
	own := map[string]bool{} // parts that only other parts call
	for _, name := range []string{"content", "layout", "bar", "masthead", "nav", "crisis", "colophon", "look", "look link", "described"} {
		own[name] = true
	}
	var used, documented strings.Builder
	for dir, into := range map[string]*strings.Builder{"testdata/pages": &used, "pages/parts": &used} {
		for _, file := range glob(t, dir+"/*.html") {
			into.WriteString(file)
		}
	}
	documented.WriteString(string(read("pages/parts/layout.html")))
	for _, text := range glob(t, "pages/parts/*.html") {
		for _, m := range regexp.MustCompile(`{{define "([^"]+)"}}`).FindAllStringSubmatch(text, -1) {
			name := m[1]
			if name != "layout" && name != "content" && !strings.Contains(used.String(), `{{template "`+name+`"`) {
				t.Errorf("part %q is used nowhere in the gallery", name)
			}
			if !own[name] && !regexp.MustCompile(`(?m)^\t`+name+`\s`).MatchString(documented.String()) {
				t.Errorf("part %q is not in the list at the top of layout.html", name)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("glob %s: %v, %d files", pattern, err, len(names))
	}
	texts := make([]string, len(names))
	for i, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(body)
	}
	return texts
}

// TestPagesParse parses the product's own pages. Each call inside them must have an icon, an asset
// and a part to go with: the parts are checked here, the rest when a page is executed.
func TestPagesParse(t *testing.T) {
	funcs := map[string]any{}
	pages, err := New().Pages(prefix, funcs)
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range pages {
		for _, tmpl := range page.Templates() {
			if tmpl.Tree == nil {
				continue
			}
			for _, m := range regexp.MustCompile(`{{template "([^"]+)"`).FindAllStringSubmatch(tmpl.Tree.Root.String(), -1) {
				if page.Lookup(m[1]) == nil {
					t.Errorf("%s calls the part %q, which does not exist", name, m[1])
				}
			}
		}
	}
}

// TestPagesKeepThePolicy reads the product's own pages for what the content security policy refuses.
func TestPagesKeepThePolicy(t *testing.T) {
	inline := regexp.MustCompile(`\sstyle=|<style|\son[a-z]+=|<script>|javascript:|(?:src|href|action)="https?://|hx-on`)
	err := fs.WalkDir(files, "pages", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, bad := range inline.FindAllString(string(read(name)), -1) {
			t.Errorf("%s: %q is refused by the content security policy; use a class, a part or script/app.js", name, bad)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
