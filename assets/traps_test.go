package assets

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// traps is how many there are.
const traps = 17

// TestEveryTrapHasItsTest: each stands in its list with tests that exist.
func TestEveryTrapHasItsTest(t *testing.T) {
	exist := map[string]bool{}
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range test.FindAllStringSubmatch(string(text), -1) {
			exist[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/traps.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[int]int{}
	for _, line := range strings.Split(string(list), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		n, err := strconv.Atoi(words[0])
		if err != nil {
			t.Fatalf("%q does not begin with a number", line)
		}
		for _, w := range words[1:] {
			if strings.HasPrefix(w, "Test") {
				listed[n]++
				if !exist[w] {
					t.Errorf("trap %d: there is no test %s", n, w)
				}
			}
		}
	}
	for n := 1; n <= traps; n++ {
		if listed[n] == 0 {
			t.Errorf("trap %d has no test", n)
		}
	}
	if len(listed) > traps {
		t.Errorf("%d traps are listed", len(listed))
	}
}
