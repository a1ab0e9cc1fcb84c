package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
)

// sentence is a marked block of the handbook: {#code}, {#code binding} or
// {#code binding waits=thing} at its end.
type sentence struct {
	code, says, waits string
	binding           bool
}

// quote is a sentence as the code says it.
type quote struct{ code, says string }

// policies are all policies of the package by the name of their variable.
var policies = map[string]struct {
	heading string
	quotes  []quote
}{
	"ClientMayTakePart":   quoted(rules.ClientMayTakePart),
	"ProviderMayTakePart": quoted(rules.ProviderMayTakePart),
	"ProviderDegree":      quoted(rules.ProviderDegree),
	"ProviderIsListed":    quoted(rules.ProviderIsListed),
	"MayJoin":             quoted(rules.MayJoin),
	"MayLeave":            quoted(rules.MayLeave),
	"SessionIsCovered":    quoted(rules.SessionIsCovered),
	"MayClaim":            quoted(rules.MayClaim),
	"MayShowPart":         quoted(rules.MayShowPart),
	"MayRequest":          quoted(rules.MayRequest),
	"LinkOpens":           quoted(rules.LinkOpens),
	"MayAskMatch":         quoted(rules.MayAskMatch),
	"MayBookOpening":      quoted(rules.MayBookOpening),
	"MayRelease":          quoted(rules.MayRelease),
	"MayWait":             quoted(rules.MayWait),
	"ProviderKeepsList":   quoted(rules.ProviderKeepsList),
	"MayJoinAccounts":     quoted(rules.MayJoinAccounts),
	"MayShare":            quoted(rules.MayShare),
	"MayWriteToUs":        quoted(rules.MayWriteToUs),
	"MayVote":             quoted(rules.MayVote),
}

func TestTheListOfPoliciesIsWhole(t *testing.T) {
	var declared []string
	for _, name := range goFiles(t, ".") {
		for _, decl := range parse(t, name).Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				v := spec.(*ast.ValueSpec)
				if len(v.Values) == 1 && isPolicy(v.Values[0]) {
					declared = append(declared, v.Names[0].Name)
				}
			}
		}
	}
	slices.Sort(declared)
	if listed := slices.Sorted(maps.Keys(policies)); !slices.Equal(declared, listed) {
		t.Errorf("policies declared %v, policies tested %v", declared, listed)
	}
}

func TestEachHeadingIsTheHandbooks(t *testing.T) {
	headings, _ := handbook(t)
	for name, p := range policies {
		if !slices.Contains(headings, p.heading) {
			t.Errorf("%s: %q is no heading of the handbook", name, p.heading)
		}
	}
}

func TestEachRuleAndDutyQuotesTheHandbook(t *testing.T) {
	_, sentences := handbook(t)
	for _, q := range quotes() {
		if !slices.ContainsFunc(sentences, func(s sentence) bool { return s.code == q.code && s.says == q.says && s.binding }) {
			t.Errorf("%s: the handbook has no binding sentence %q", q.code, q.says)
		}
	}
}

func TestEachBindingSentenceIsQuoted(t *testing.T) {
	_, sentences := handbook(t)
	for _, s := range sentences {
		if !s.binding {
			continue
		}
		isQuoted := slices.Contains(quotes(), quote{s.code, s.says})
		if s.waits == "" && !isQuoted {
			t.Errorf("%s: no rule and no duty says %q", s.code, s.says)
		}
		if s.waits != "" && isQuoted {
			t.Errorf("%s: it is quoted, so it no longer waits for %s", s.code, s.waits)
		}
	}
}

func TestWhatWaitsIsListed(t *testing.T) {
	_, sentences := handbook(t)
	var waiting []string
	for _, s := range sentences {
		if s.waits != "" {
			waiting = append(waiting, s.code+" "+s.waits)
		}
	}
	var listed []string
	for _, line := range lines(t, "testdata/waiting.txt") {
		listed = append(listed, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(waiting)
	slices.Sort(listed)
	if !slices.Equal(waiting, listed) {
		t.Errorf("the handbook waits for %q, the list for %q", waiting, listed)
	}
}

func TestEachClauseIsInTheHandbook(t *testing.T) {
	_, sentences := handbook(t)
	for _, code := range lines(t, "testdata/clauses.txt") {
		if !slices.ContainsFunc(sentences, func(s sentence) bool { return s.code == code }) {
			t.Errorf("%s: no sentence of the handbook has this clause", code)
		}
	}
}

func TestEachWordOfTheHandbookIsKnown(t *testing.T) {
	words := rules.WordsFor(rules.DefaultProgramme(), rules.DefaultTerms(time.Time{}))
	for word, value := range words {
		if value == "" {
			t.Errorf("{%s} is empty", word)
		}
	}
	for name, text := range handbookFiles(t) {
		if left := regexp.MustCompile(`\{[a-z][^}]*\}`).FindAllString(words.Render(text), -1); left != nil {
			t.Errorf("%s: no words for %v", name, left)
		}
	}
}

// mark is what ends a marked block.
var mark = regexp.MustCompile(`^(.+) \{#([a-z_.]+)( binding)?(?: waits=([a-z]+))?\}$`)

// item is what begins a list item.
var item = regexp.MustCompile(`^(- |\d+\. )`)

func handbook(t *testing.T) (headings []string, sentences []sentence) {
	t.Helper()
	for name, text := range handbookFiles(t) {
		for _, block := range blocks(text) {
			if heading, is := strings.CutPrefix(block, "# "); is {
				headings = append(headings, heading)
				continue
			}
			m := mark.FindStringSubmatch(block)
			if m == nil && strings.Contains(block, "{#") {
				t.Errorf("%s: a mark cannot be read in %q", name, block)
			}
			if m != nil {
				sentences = append(sentences, sentence{code: m[2], says: m[1], binding: m[3] != "", waits: m[4]})
			}
		}
	}
	return headings, sentences
}

// blocks are the paragraphs and list items of a page, each as one line.
func blocks(text string) []string {
	var all []string
	begin := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			begin = true
			continue
		}
		bullet := item.FindString(line)
		if begin || bullet != "" {
			all = append(all, strings.TrimPrefix(line, bullet))
		} else {
			all[len(all)-1] += " " + line
		}
		begin = false
	}
	return all
}

func handbookFiles(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../assets/policy/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no handbook in ../assets/policy: %v", err)
	}
	files := map[string]string{}
	for _, name := range names {
		files[name] = read(t, name)
	}
	return files
}

func quotes() []quote {
	var all []quote
	for _, p := range policies {
		all = append(all, p.quotes...)
	}
	for _, d := range rules.Duties {
		all = append(all, quote{d.Clause, d.Says})
	}
	for _, r := range rules.PromiseResults {
		all = append(all, quote{r.Code, r.Says})
	}
	return all
}

func quoted[Facts any](p rules.Policy[Facts]) struct {
	heading string
	quotes  []quote
} {
	var all []quote
	for _, r := range p.Rules {
		all = append(all, quote{r.Code, r.Says})
	}
	return struct {
		heading string
		quotes  []quote
	}{p.Heading, all}
}

func isPolicy(e ast.Expr) bool {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	index, ok := lit.Type.(*ast.IndexExpr)
	if !ok {
		return false
	}
	name, ok := index.X.(*ast.Ident)
	return ok && name.Name == "Policy"
}

// goFiles are the sources of one folder that are not tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lines are the lines of a file that are neither empty nor a comment.
func lines(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(read(t, name)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
