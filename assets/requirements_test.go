package assets

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var anew = flag.Bool("write", false, "write the files that are made from others anew")

// The list of requirements and the table that is made from it.
const (
	claimsFile = "testdata/requirements.txt"
	tableFile  = "manual/requirements.md"
)

// claim is a requirement and whether it is said to be built.
type claim struct {
	number int
	built  bool
	title  string
}

var claimLine = regexp.MustCompile(`^R(\d+)\s+(built|open)\s+(\S.*)$`)

func readClaims(t *testing.T, text string) []claim {
	t.Helper()
	var claims []claim
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := claimLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("%s: %q is not a number, a state and a title", claimsFile, line)
		}
		n, _ := strconv.Atoi(m[1])
		claims = append(claims, claim{n, m[2] == "built", m[3]})
	}
	return claims
}

// Where a requirement is tested: a Go test that carries its number, or a line of
// a case or journey that names it.
var (
	testName  = regexp.MustCompile(`^func (Test\w*R\d\w*)\(`)
	inName    = regexp.MustCompile(`R(\d+)`)
	caseNames = regexp.MustCompile(`\bR(\d+)\b`)
)

// tested finds the tests of every requirement in the whole tree.
func tested(t *testing.T) map[int][]string {
	t.Helper()
	found := map[int]map[string]bool{}
	note := func(number, where string) {
		n, _ := strconv.Atoi(number)
		if found[n] == nil {
			found[n] = map[string]bool{}
		}
		found[n][where] = true
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
				return fs.SkipDir
			}
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		goTest := strings.HasSuffix(name, "_test.go")
		cases := strings.Contains(name, "testdata/") && strings.HasSuffix(name, ".txt") && !strings.HasSuffix(name, "requirements.txt")
		if !goTest && !cases {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if m := testName.FindStringSubmatch(lines.Text()); goTest && m != nil {
				for _, n := range inName.FindAllStringSubmatch(m[1], -1) {
					note(n[1], fmt.Sprintf("`%s` in %s", m[1], filepath.ToSlash(filepath.Dir(name))))
				}
			}
			if cases {
				for _, m := range caseNames.FindAllStringSubmatch(lines.Text(), -1) {
					note(m[1], name)
				}
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[int][]string{}
	for n, where := range found {
		tests[n] = slices.Sorted(maps.Keys(where))
	}
	return tests
}

// Each requirement stands in the list once, and each that is said to be built has
// a test that carries its number.
func TestWhatIsClaimedIsTested(t *testing.T) {
	claims, tests := committed(t), tested(t)
	for i, c := range claims {
		if c.number != i+1 {
			t.Fatalf("%s: R%d stands where R%d should", claimsFile, c.number, i+1)
		}
		if c.built && len(tests[c.number]) == 0 {
			t.Errorf("R%d is said to be built, and no test carries its number", c.number)
		}
	}
	for n := range tests {
		if n < 1 || n > len(claims) {
			t.Errorf("%s: there is no requirement R%d", tests[n][0], n)
		}
	}
}

func committed(t *testing.T) []claim {
	t.Helper()
	text, err := os.ReadFile(claimsFile)
	if err != nil {
		t.Fatal(err)
	}
	return readClaims(t, string(text))
}

// What was once said to be built is never taken back: the list of every earlier
// commit is part of today's.
func TestClaimsOnlyGrow(t *testing.T) {
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", args...).Output()
		return string(out), err
	}
	if shallow, err := git("rev-parse", "--is-shallow-repository"); err != nil || strings.TrimSpace(shallow) != "false" {
		t.Skip("the history is not here: earlier lists cannot be compared")
	}
	commits, err := git("log", "--format=%H", "-n", "500", "--", claimsFile)
	if err != nil {
		t.Fatal(err)
	}
	built := map[int]bool{}
	for _, c := range committed(t) {
		built[c.number] = c.built
	}
	for _, commit := range strings.Fields(commits) {
		earlier, err := git("show", commit+":./"+claimsFile)
		if err != nil {
			t.Fatalf("%s of %s: %v", claimsFile, commit, err)
		}
		for _, c := range readClaims(t, earlier) {
			if c.built && !built[c.number] {
				t.Errorf("R%d was built in %.8s, and is not said to be any more", c.number, commit)
			}
		}
	}
}

// The manual's table is the one that list and tests make.
func TestTableOfRequirements(t *testing.T) {
	made := requirementsTable(committed(t), tested(t))
	if *anew {
		if err := os.WriteFile(tableFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != made {
		t.Errorf("%s is stale. Mend it: make gen, then commit it", tableFile)
	}
}

// mostTests is how many tests of one requirement the table names.
const mostTests = 4

func requirementsTable(claims []claim, tests map[int][]string) string {
	var b strings.Builder
	built := len(slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return !c.built }))
	fmt.Fprintf(&b, "# Requirements and their tests\n\nMade by `make gen` from the list of requirements and from the tests that carry their numbers. A requirement is\n*built* when its acceptance example passes as a test, which the check holds; the number of built ones only grows.\n\n%d of %d are built.\n\n| requirement | what | state | tests |\n|---|---|---|---|\n", built, len(claims))
	for _, c := range claims {
		state := map[bool]string{true: "built", false: "open"}[c.built]
		where := tests[c.number]
		more := ""
		if len(where) > mostTests {
			where, more = where[:mostTests], fmt.Sprintf(", and %d more", len(where)-mostTests)
		}
		fmt.Fprintf(&b, "| R%d | %s | %s | %s |\n", c.number, c.title, state, cmp.Or(strings.Join(where, ", ")+more, ""))
	}
	return b.String()
}
