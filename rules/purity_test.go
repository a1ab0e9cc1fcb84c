package rules_test

import (
	"go/ast"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// outside are the packages, with what is below them, that let a rule see or
// change something that was not handed to it.
var outside = []string{
	"bufio", "context", "crypto/rand", "database", "embed", "io/fs", "io/ioutil", "log", "math/rand", "net", "os",
	"path/filepath", "plugin", "runtime", "sync/atomic", "syscall", "testing", "unsafe",
}

// parsers are the exceptions: they live below a package of the outside, and only
// read the form of what is handed to them.
var parsers = map[string]bool{"net/mail": true, "net/netip": true, "net/url": true}

// clockWords are the functions of package time that read the clock or wait for it.
var clockWords = map[string]bool{
	"Now": true, "Since": true, "Until": true, "After": true, "AfterFunc": true, "Sleep": true, "Tick": true,
	"NewTimer": true, "NewTicker": true, "Local": true,
}

// TestRulesArePure holds everything under rules to what it promises: no file, no
// network, no clock, no store, nothing that runs beside it, no module of others.
func TestRulesArePure(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" {
			return filepath.SkipDir
		}
		for _, name := range goFiles(t, dir) {
			for _, wrong := range impurities(parse(t, name)) {
				t.Errorf("%s: %s", name, wrong)
			}
			seen++
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files seen: %v", seen, err)
	}
}

// TestThePurityTestCanFail shows it one of each thing that it must find.
func TestThePurityTestCanFail(t *testing.T) {
	wrong := impurities(parse(t, "testdata/impure.go.txt"))
	if len(wrong) != 9 {
		t.Errorf("found %d impurities of 9: %q", len(wrong), wrong)
	}
}

func impurities(f *ast.File) []string {
	var wrong []string
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if !mayImport(path) {
			wrong = append(wrong, "it imports "+path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			wrong = append(wrong, "it starts a goroutine")
		case *ast.ChanType:
			wrong = append(wrong, "it has a channel")
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				wrong = append(wrong, "it has an init")
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && says(pkg.Name, n.Sel.Name) {
				wrong = append(wrong, "it says "+pkg.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return wrong
}

// says tells whether a name reads the clock or shares memory. What is computed
// once and then only read (sync.OnceValue) is neither.
func says(pkg, name string) bool {
	return pkg == "time" && clockWords[name] || pkg == "sync" && !strings.HasPrefix(name, "Once")
}

// mayImport says whether a rule may use a package: one of the rules', or one of
// the standard library's that keeps to itself.
func mayImport(path string) bool {
	if strings.HasPrefix(path, "careconnect/") {
		return strings.HasPrefix(path, "careconnect/rules")
	}
	if parsers[path] {
		return true
	}
	first, _, _ := strings.Cut(path, "/")
	if strings.Contains(first, ".") {
		return false
	}
	for _, out := range outside {
		if path == out || strings.HasPrefix(path, out+"/") {
			return false
		}
	}
	return true
}
