package act

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every type of this package that decides is in the list, and no other.
func TestEveryActIsAKind(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var decide []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Decide" && f.Recv != nil {
				decide = append(decide, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	var listed []string
	for _, a := range kinds {
		listed = append(listed, Kind(a))
	}
	slices.Sort(decide)
	slices.Sort(listed)
	if !slices.Equal(decide, listed) {
		t.Errorf("these decide: %v\nthese are listed: %v", decide, listed)
	}
}

func TestAnActIsReadAsItWasWritten(t *testing.T) {
	got, err := Read("Pause", []byte(`{"Provider":"pr_x"}`))
	if err != nil || got != (Pause{Provider: "pr_x"}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Read("Dance", nil); err == nil {
		t.Error("a kind that there is not was read")
	}
	if _, err := Read("Pause", []byte(`{"Provider":5}`)); err == nil {
		t.Error("nonsense was read")
	}
}
