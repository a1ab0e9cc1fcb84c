package assets

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Pages parses each page together with the parts and answers them by name: assets/pages/find.html
// is "find", assets/pages/pro/inbox.html is "pro/inbox". Execute a page as "layout", with a Page.
// The prefix is where the bundle is served ("/static/"); funcs are added to asset, icon, dial,
// dict and list. An error names the file and line that cannot be parsed.
func (b *Bundle) Pages(prefix string, funcs template.FuncMap) (map[string]*template.Template, error) {
	return b.pages(files, prefix, funcs)
}

func (b *Bundle) pages(from fs.FS, prefix string, funcs template.FuncMap) (map[string]*template.Template, error) {
	frame, err := template.New("parts").Funcs(b.funcs(prefix)).Funcs(funcs).ParseFS(files, "pages/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse parts: %w", err)
	}
	pages := map[string]*template.Template{}
	err = fs.WalkDir(from, "pages", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".html" || path.Dir(file) == "pages/parts" {
			return err
		}
		text, err := fs.ReadFile(from, file)
		if err != nil {
			return err
		}
		page, err := frame.Clone()
		if err != nil {
			return err
		}
		if _, err := page.New(file).Parse(string(text)); err != nil {
			return err
		}
		pages[strings.TrimSuffix(strings.TrimPrefix(file, "pages/"), ".html")] = page
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	return pages, nil
}

// funcs are what parts and pages may call.
func (b *Bundle) funcs(prefix string) template.FuncMap {
	icons := iconNames()
	asset := func(name string) (string, error) {
		hashed, ok := b.names[name]
		if !ok {
			return "", fmt.Errorf("no asset %q; bundle.go lists what is served", name)
		}
		return prefix + hashed, nil
	}
	return template.FuncMap{
		"asset": asset,
		"icon": func(name string) (template.HTML, error) {
			if !icons[name] {
				return "", fmt.Errorf("no icon %q; add it to the list in vendor/update.sh and run that", name)
			}
			return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` +
				prefix + b.names["vendor/lucide.svg"] + "#" + name + `"></use></svg>`), nil
		},
		"dial": dial,
		"dict": dict,
		"list": func(items ...any) []any { return items },
	}
}

// dial lets the address of a telephone, a text message or a page through, and nothing else: the
// words of a crisis line come from the instance's settings.
func dial(address string) (template.URL, error) {
	for _, scheme := range []string{"tel:", "sms:", "/", "https://"} {
		if strings.HasPrefix(address, scheme) {
			return template.URL(address), nil
		}
	}
	return "", fmt.Errorf("a crisis line leads to tel:, sms:, https:// or a page of ours, not to %q", address)
}

// dict makes a map of keys and values in turn, so that a template can hand a part its data.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants keys and values in turn, got %d arguments", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict wants a string as key, got %T", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

var symbol = regexp.MustCompile(`<symbol id="([^"]+)"`)

// iconNames are the icons that the sprite holds.
func iconNames() map[string]bool {
	names := map[string]bool{}
	for _, m := range symbol.FindAllSubmatch(read("vendor/lucide.svg"), -1) {
		names[string(m[1])] = true
	}
	return names
}
