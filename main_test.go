package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"net"
	nethttp "net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"careconnect/http"
	"careconnect/http/auth"
	"careconnect/http/intake"
	"careconnect/http/settings"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
	"careconnect/store/planted"
	"careconnect/store/smalldisk"
)

// The house: which way dependencies run, and what is said only in one place.

// The owner fixed what stands at the top: of Go, the program and its test.
func TestNothingElseOfGoStandsAtTheTop(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"main.go", "main_test.go"}; !slices.Equal(files, want) {
		t.Errorf("%v stand at the top, want %v: a file belongs into one of the folders", files, want)
	}
}

// layers are the folders of the top level with those whose packages each may
// use. Dependencies run one way: assets and rules, then store, then http, then
// main.
var layers = map[string][]string{
	"assets": {"assets"},
	"rules":  {"rules"},
	"store":  {"store", "rules"},
	"http":   {"http", "store", "rules", "assets"},
	"":       {"", "http", "store", "rules", "assets"},
}

// inside is the same within rules: leaves, then the nouns, then the policies,
// then acts and access, which know nothing of each other.
var inside = map[string][]string{
	"rules/calendar":   {"rules/order"},
	"rules/instrument": {},
	"rules/picture":    {},
	"rules/registry":   {},
	"rules/order":      {},
	"rules/care":       {"rules/calendar", "rules/instrument", "rules/registry", "rules/order"},
	"rules":            {"rules/calendar", "rules/instrument", "rules/registry", "rules/order", "rules/care"},
	"rules/act":        {"rules/calendar", "rules/instrument", "rules/registry", "rules/picture", "rules/order", "rules/care", "rules"},
	"rules/access":     {"rules/calendar", "rules/instrument", "rules/registry", "rules/order", "rules/care", "rules"},
}

// mainsOwn are the modules of others that main may use itself.
var mainsOwn = []string{"github.com/schollz/progressbar/v3", "github.com/spf13/cobra", "golang.org/x/term"}

// dice are the packages that may draw from math/rand: a demo's people come from
// a seed, and so do the words that tests plant. Everything else draws from the
// system.
var dice = []string{"http/qa", "store/planted"}

const module = "careconnect"

// listed is a package as go list tells it.
type listed struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	Module       *struct{ Path string }
}

// golist lists packages by a pattern, with what they depend on.
func golist(t *testing.T, args ...string) []listed {
	t.Helper()
	fields := "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Module"
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-deps", fields}, args...)...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, problems.String())
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// ours gives a package's folder within the module; false if it is not ours.
func ours(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// TestDependenciesRunOneWay holds every import of the program to the tables
// above. Tests may reach further: they look from outside.
func TestDependenciesRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range golist(t, "./...") {
		folder, is := ours(p.ImportPath)
		if !is {
			continue
		}
		layer, _, _ := strings.Cut(folder, "/")
		seen[layer] = true
		for _, i := range p.Imports {
			for _, wrong := range strays(folder, i) {
				t.Errorf("%s imports %s: %s", p.ImportPath, i, wrong)
			}
		}
	}
	for layer := range layers {
		if !seen[layer] {
			t.Errorf("no package of layer %q was seen", layer)
		}
	}
}

// strays says why a package in a folder may not import a path.
func strays(folder, path string) []string {
	var wrong []string
	say := func(is bool, says string) {
		if is {
			wrong = append(wrong, says)
		}
	}
	layer, _, _ := strings.Cut(folder, "/")
	allowed, known := layers[layer]
	say(!known, "the folder has no row in the table of layers")
	to, own := ours(path)
	if own {
		toLayer, _, _ := strings.Cut(to, "/")
		say(!slices.Contains(allowed, toLayer), "dependencies run the other way")
		say(layer == "http" && to == "http", "what the children of http share is in http/reply")
		if layer == "rules" {
			below, known := inside[folder]
			say(!known, "the package has no row in the table of what is inside rules")
			say(!slices.Contains(below, to), "inside rules, dependencies run the other way")
		}
		return wrong
	}
	first, _, _ := strings.Cut(path, "/")
	foreign := strings.Contains(first, ".")
	say(layer == "store" && (path == "net/http" || strings.HasPrefix(path, "net/http/")), "a store knows nothing of http")
	say(layer == "" && path == "net/http", "main speaks to package http only")
	say(layer == "" && foreign && !slices.Contains(mainsOwn, path), "main imports only ours, cobra and the progress bar")
	say(strings.HasPrefix(path, "math/rand") && !slices.Contains(dice, folder), "only the demo's people are drawn from a seed; use crypto/rand")
	return wrong
}

// TestTheDirectionTestCanFail shows it one of each thing that it must find.
func TestTheDirectionTestCanFail(t *testing.T) {
	for _, c := range []struct{ folder, imports string }{
		{"rules", "careconnect/store"},
		{"assets", "careconnect/rules"},
		{"store", "careconnect/http/reply"},
		{"store/internal/engine", "net/http"},
		{"http/web", "careconnect/http"},
		{"http/web", "careconnect"},
		{"rules/care", "careconnect/rules"},
		{"rules/act", "careconnect/rules/access"},
		{"rules/new", "careconnect/rules/care"},
		{"tools", "fmt"},
		{"", "net/http"},
		{"", "github.com/gorilla/mux"},
		{"http/auth", "math/rand/v2"},
	} {
		if len(strays(c.folder, c.imports)) == 0 {
			t.Errorf("%q may import %s", c.folder, c.imports)
		}
	}
}

// TestSaidInOnePlace reads every Go file of ours: nothing runs by being
// imported, and only main reads the time of day.
func TestSaidInOnePlace(t *testing.T) {
	files, clocks := 0, 0
	for name, file := range goFiles(t) {
		files++
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has a func init: say in main what happens", name)
			}
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "time" && readsTheClock[s.Sel.Name] {
				if clocks++; name != "main.go" {
					t.Errorf("%s says time.%s: time is a value that main hands on", name, s.Sel.Name)
				}
			}
			return true
		})
	}
	if files < 100 || clocks == 0 {
		t.Errorf("%d files and %d clocks seen: the test looks in the wrong place", files, clocks)
	}
}

var readsTheClock = map[string]bool{"Now": true, "Since": true, "Until": true}

// goFiles parses all Go files of the repository, by their names in it.
func goFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files[filepath.ToSlash(path)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDependenciesAreExplained holds the manual's page to the modules: what we
// import has a row that says why, what those bring into the program has one with
// its licence, and no row outlives its module.
func TestDependenciesAreExplained(t *testing.T) {
	page, err := os.ReadFile("assets/manual/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct, brought := map[string]bool{}, map[string]bool{}
	modules := map[string]string{} // of packages
	for _, p := range golist(t, "-test", "./...") {
		if p.Module != nil {
			modules[p.ImportPath] = p.Module.Path
		}
	}
	for _, p := range golist(t, "./...") {
		if _, is := ours(p.ImportPath); is {
			for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				direct[modules[i]] = true
			}
		}
	}
	tools, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Module.Path}}", "tool").Output()
	if err != nil {
		t.Fatalf("go list tool: %v", err)
	}
	for _, m := range strings.Fields(string(tools)) {
		direct[m] = true
	}
	for _, p := range golist(t, ".") {
		if p.Module != nil && !direct[p.Module.Path] {
			brought[p.Module.Path] = true
		}
	}
	delete(direct, "")
	delete(direct, module)
	delete(brought, module)
	for heading, want := range map[string]map[string]bool{"## Go modules that we import": direct, "## Go modules that those bring along": brought} {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), firstCells(string(page), heading)); diff != "" {
			t.Errorf("dependencies.md, %q: rows (+) are not the modules in use (-):\n%s", heading, diff)
		}
	}
	var vendored []struct{ Package, Licence string }
	list, err := os.ReadFile("assets/vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(list, &vendored); err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	for _, v := range vendored {
		packages[v.Package] = true
		row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(v.Package) + "` \\|.*\\| " + regexp.QuoteMeta(v.Licence) + " \\|$")
		if !row.Match(page) {
			t.Errorf("dependencies.md has no row for %s that ends with its licence, %s", v.Package, v.Licence)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(packages)), firstCells(string(page), "## Front end")); diff != "" {
		t.Errorf("dependencies.md, front end: rows (+) are not the packages in use (-):\n%s", diff)
	}
}

// firstCells are the code words that the rows below a heading begin with, in
// their order.
func firstCells(page, heading string) []string {
	_, below, _ := strings.Cut(page, heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	cells := []string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(below, -1) {
		cells = append(cells, row[1])
	}
	slices.Sort(cells)
	return cells
}

// pages are the texts of the README and the manual, by their names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"README.md", "assets/manual/*.md", "assets/manual/decisions/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no page, %v", pattern, err)
		}
		for _, name := range names {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(body)
		}
	}
	return texts
}

// TestTheManualsLinksLead follows the links between pages.
func TestTheManualsLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`)
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", page, m[1])
			}
		}
	}
}

// tests are the names of all functions in test files.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	for name, file := range goFiles(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				there[f.Name.Name] = true
			}
		}
	}
	return there
}

// TestWhatIsSaidToBeTestedIs holds the promises to the tests that they name.
func TestWhatIsSaidToBeTestedIs(t *testing.T) {
	there := tests(t)
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]*)`")
	for page, text := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if !there[m[1]] {
				t.Errorf("%s names %s, and there is no such test", page, m[1])
			}
		}
	}
}

// TestTheReadmeListsEveryCommandAndExit compares its tables with the program.
func TestTheReadmeListsEveryCommandAndExit(t *testing.T) {
	readme := pages(t)["README.md"]
	p := program{wall: time.Now, out: io.Discard, err: io.Discard}
	for _, c := range p.commands().Commands() {
		if c.HasSubCommands() {
			for _, sub := range c.Commands() {
				if !strings.Contains(readme, "| `"+strings.TrimPrefix(sub.CommandPath(), "careconnect ")) {
					t.Errorf("the table of commands lacks %s", sub.CommandPath())
				}
			}
		} else if !strings.Contains(readme, "| `"+c.Name()) {
			t.Errorf("the table of commands lacks %s", c.Name())
		}
	}
	for _, e := range exits {
		if !strings.Contains(readme, fmt.Sprintf("| %d |", e.code)) {
			t.Errorf("the table of exit codes lacks %d", e.code)
		}
	}
}

// The command line: the built program, run as a person runs it.

// build makes the program once, in a folder that TestMain removes.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "careconnect")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// built is the folder of what build makes; set once, before any test runs.
var built string

func TestMain(m *testing.M) {
	if os.Getenv(syncsFail) != "" {
		withoutSyncs(os.Args)
	}
	dir, err := os.MkdirTemp("", "careconnect-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// patience is how long a command may take before a test gives up: generous, so
// that a busy machine fails nothing.
const patience = 90 * time.Second

// command prepares the program with arguments, in an environment without
// settings of ours.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, path, args...)
	c.Dir = t.TempDir() // so that no settings file is found by chance
	c.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CARECONNECT_") })
	return c
}

// ended is what a command left behind.
type ended struct {
	out, err string
	code     int
	took     time.Duration
}

// run runs the program to its end.
func run(t *testing.T, args ...string) ended {
	t.Helper()
	c := command(t, args...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	began := time.Now()
	err := c.Run()
	e := ended{out.String(), problems.String(), c.ProcessState.ExitCode(), time.Since(began)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("careconnect %s: %v", args[0], err)
	}
	return e
}

// wants fails unless the command ended with a code and said some words.
func (e ended) wants(t *testing.T, code int, words ...string) ended {
	t.Helper()
	if e.code != code {
		t.Errorf("exit code %d, want %d; it said: %s", e.code, code, e.err)
	}
	for _, w := range words {
		if !strings.Contains(e.err+e.out, w) {
			t.Errorf("it does not say %q, but: %s%s", w, e.out, e.err)
		}
	}
	return e
}

// running is the program while it serves.
type running struct {
	*exec.Cmd
	out, err lines
	ended    chan error
	once     sync.Once
	result   error
}

// lines keeps what a process wrote, and hands out lines as they come.
type lines struct {
	mu   sync.Mutex
	all  strings.Builder
	come chan string
}

func (l *lines) follow(r io.Reader) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		l.mu.Lock()
		l.all.WriteString(s.Text() + "\n")
		l.mu.Unlock()
		l.come <- s.Text()
	}
	close(l.come)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// start starts the program; it is ended with the test at the latest.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{Cmd: command(t, args...), ended: make(chan error, 1)}
	out, err1 := r.StdoutPipe()
	problems, err2 := r.StderrPipe()
	if err := errors.Join(err1, err2, r.Start()); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, stream := range []struct {
		*lines
		io.Reader
	}{{&r.out, out}, {&r.err, problems}} {
		stream.come = make(chan string, 4096)
		both.Go(func() { stream.follow(stream.Reader) })
	}
	go func() {
		both.Wait()
		r.ended <- r.Wait()
	}()
	t.Cleanup(func() {
		_ = r.Process.Kill() // gone already, as a rule
		r.end(t)
	})
	return r
}

// end waits for the process and gives its error.
func (r *running) end(t *testing.T) error {
	t.Helper()
	r.once.Do(func() {
		select {
		case r.result = <-r.ended:
		case <-time.After(patience):
			t.Errorf("process %d does not end", r.Process.Pid)
		}
	})
	return r.result
}

// line waits for a line that a function takes.
func (r *running) line(t *testing.T, from *lines, take func(string) bool) string {
	t.Helper()
	enough := time.After(patience)
	for {
		select {
		case l, ok := <-from.come:
			if !ok {
				t.Fatalf("it ended without the line that was waited for (%v); it said: %s", r.end(t), r.err.text())
			}
			if take(l) {
				return l
			}
		case <-enough:
			t.Fatalf("no such line; it said: %s", r.err.text())
		}
	}
}

// startDemo starts a throwaway instance and reads its line.
func startDemo(t *testing.T, args ...string) (*running, http.DemoLine) {
	t.Helper()
	r := start(t, append([]string{"demo", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	text := r.line(t, &r.out, func(string) bool { return true })
	var line http.DemoLine
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("the line of the demo is not JSON: %v", err)
	}
	return r, line
}

// startServe starts a lasting instance and gives its address.
func startServe(t *testing.T, dir string) (*running, string) {
	t.Helper()
	r := start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	var said struct{ Msg, Address string }
	r.line(t, &r.err, func(l string) bool { return json.Unmarshal([]byte(l), &said) == nil && said.Msg == "serving" })
	return r, "http://" + said.Address
}

// stop tells a service to stop, and wants it to do so in order.
func stop(t *testing.T, r *running) {
	t.Helper()
	if err := errors.Join(r.Process.Signal(syscall.SIGTERM), r.end(t)); err != nil {
		t.Error(err)
	}
}

// folders are what a throwaway instance keeps on disk or in memory.
func folders(pid int) []string {
	var all []string
	for _, base := range []string{"/dev/shm", os.TempDir()} {
		found, _ := filepath.Glob(filepath.Join(base, fmt.Sprintf("careconnect-demo-%d-*", pid)))
		all = append(all, found...)
	}
	return all
}

// get reads an address, as somebody with a token or without.
func get(t *testing.T, url, token string) (int, []byte) {
	t.Helper()
	r, err := nethttp.NewRequestWithContext(t.Context(), nethttp.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := &nethttp.Client{Timeout: patience, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// private is an empty folder that only its owner may look into.
func private(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// initialised is a new lasting instance.
func initialised(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	run(t, "init", "--data", dir).wants(t, 0, "care.db", "care.key", "keep a copy")
	return dir
}

func TestVersion(t *testing.T) {
	var about map[string]string
	e := run(t, "version", "--json").wants(t, 0)
	if err := json.Unmarshal([]byte(e.out), &about); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "go", "os", "arch", "tzdata"} {
		if about[key] == "" {
			t.Errorf("version --json does not say %q", key)
		}
	}
}

// TestWrongUse ends with 2 and says where to look.
func TestWrongUse(t *testing.T) {
	run(t, "serve", "--nonsense").wants(t, exitUsage, "--nonsense", "careconnect serve --help")
	run(t, "demo", "--clock", "yesterday").wants(t, exitUsage, "--clock", "2026-11-20T16:00:00-06:00")
	run(t, "demo", "--scenario", "none-such").wants(t, exitUsage, "everyday")
	file := filepath.Join(t.TempDir(), "careconnect.yaml")
	if err := os.WriteFile(file, []byte("mial:\n  host: mail.example.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--config", file).wants(t, exitUsage, "mial", "mail.host")
}

// TestWhatIsSetAndWhatThereIs shows settings, and has pages for every command.
func TestWhatIsSetAndWhatThereIs(t *testing.T) {
	dir := private(t)
	if err := os.WriteFile(filepath.Join(dir, "careconnect.yaml"), []byte("mail:\n  host: mail.example.test\n  password: nobodys\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := run(t, "config", "show", "--redacted", "--sources", "--data", dir).wants(t, 0, "mail.example.test", "file "+dir, "(set)", "default", "flag --data")
	if strings.Contains(e.out+e.err, "nobodys") {
		t.Error("a secret is shown")
	}
	run(t, "config", "show", "--redacted=false", "--data", dir).wants(t, exitUsage, "never shown")
	var shown []settings.Shown
	if err := json.Unmarshal([]byte(run(t, "config", "show", "--json", "--data", dir).wants(t, 0).out), &shown); err != nil || len(shown) < 20 {
		t.Errorf("%d settings, %v", len(shown), err)
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("looking made %d files", len(left)-1)
	}
	run(t, "gen", "man", dir).wants(t, 0)
	pages := files(t, dir)
	var each func(c *cobra.Command)
	p := program{wall: time.Now, out: io.Discard, err: io.Discard}
	each = func(c *cobra.Command) {
		page := pages[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"]
		if !strings.Contains(page, ".SH SYNOPSIS") {
			t.Errorf("there is no page for %s", c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !strings.Contains(page, `\-\-`+strings.ReplaceAll(f.Name, "-", `\-`)) {
				t.Errorf("the page for %s lacks --%s", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			each(sub)
		}
	}
	each(p.commands())
	run(t, "completion", "bash").wants(t, 0, "careconnect")
}

func TestServeWantsAStore(t *testing.T) {
	dir := private(t)
	run(t, "serve", "--data", dir).wants(t, exitNoStore, "careconnect init --data "+dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it made %v; only init makes a store", left)
	}
}

func TestInitNeverReplaces(t *testing.T) {
	dir := initialised(t)
	before := files(t, dir)
	if e := run(t, "init", "--data", dir); e.code == 0 || !strings.Contains(e.err, "already there") {
		t.Errorf("init of what is there ended with %d and said: %s", e.code, e.err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Error("the first store did not stay as it was")
	}
	for name := range before {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; others could read it", name, info.Mode(), err)
		}
	}
}

// files are the contents of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(body)
	}
	return all
}

func TestAWrongKeyOpensNothing(t *testing.T) {
	dir, other := initialised(t), initialised(t)
	key, err := os.ReadFile(filepath.Join(other, store.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, store.KeyFile), key, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0").wants(t, exitWrongKey, "no key slot opens", "keyfile 1")
}

// TestR84OneProcessHoldsAStore starts a second one beside the first, and asks both
// for their health.
func TestR84OneProcessHoldsAStore(t *testing.T) {
	dir := initialised(t)
	first, base := startServe(t, dir)
	first.line(t, &first.out, func(l string) bool { return strings.Contains(l, "/set-up/") }) // for the operator
	var took time.Duration
	for range 3 { // a busy machine may be slow once
		second := run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0").
			wants(t, exitLocked, fmt.Sprintf("process %d", first.Process.Pid))
		if took = second.took; took <= 2*time.Second {
			break
		}
	}
	t.Logf("the second one gave up after %v", took)
	if took > 2*time.Second {
		t.Errorf("the second one took %v to give up, three times over; want at most 2 s", took)
	}
	run(t, "healthcheck", "--url", base).wants(t, 0)
	for _, path := range []string{"/livez", "/readyz"} {
		if code, _ := get(t, base+path, ""); code != nethttp.StatusOK {
			t.Errorf("%s answers %d", path, code)
		}
	}
	for _, path := range []string{"/qa/clock", "/qa/mail", "/qa", "/healthz"} {
		if code, _ := get(t, base+path, ""); code != nethttp.StatusNotFound {
			t.Errorf("%s answers %d in a lasting instance, want 404", path, code)
		}
	}
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.end(t); err != nil {
		t.Errorf("told to stop, it ended with %v", err)
	}
	run(t, "healthcheck", "--url", base).wants(t, 1, "no answer")
	_, _ = startServe(t, dir) // and it opens again
}

// TestExplain asks for the day by which a plan is to be verified, once the
// service has stopped.
func TestExplain(t *testing.T) {
	dir := private(t)
	id := aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
	e := run(t, "explain", string(id), "--data", dir).wants(t, 0)
	var x struct {
		Code, Due, Zone string
		Steps           []calendar.Step
	}
	if err := json.Unmarshal([]byte(e.out), &x); err != nil {
		t.Fatal(err)
	}
	if x.Code != "eligibility" || x.Due != "2026-11-23T23:59:59-06:00" || x.Zone != "America/Chicago" {
		t.Errorf("explained as %s, due %s in %s", x.Code, x.Due, x.Zone)
	}
	for _, day := range []string{"21", "22"} {
		if !slices.ContainsFunc(x.Steps, func(s calendar.Step) bool {
			return strings.Contains(fmt.Sprint(s), "2026-11-"+day) && strings.Contains(fmt.Sprint(s), "skipped")
		}) {
			t.Errorf("no step says that November %s is skipped: %v", day, x.Steps)
		}
	}
	run(t, "explain", "dl_"+strings.Repeat("0", 26), "--data", dir).wants(t, 1)
}

// TestR79ExplainAProvidersListing asks why a candidate of a registry stands in no
// list: each rule answers, and nothing but the rules.
func TestR79ExplainAProvidersListing(t *testing.T) {
	dir := private(t)
	aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return time.Since(started) }, TZData: zoneData()})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Do(t.Context(), care.System, act.Import{Rows: []act.Row{{Digest: "1", Provider: care.Provider{
		NPI: "1000000004", Name: "Velmorin Tashquil", Degree: "phd", Licences: []care.Licence{{State: "IL"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	e := run(t, "explain", made.Made, "--state", "il", "--data", dir).wants(t, 0)
	var x struct {
		Outcome  string
		Findings []struct{ Code, Says, Truth string }
	}
	if err := json.Unmarshal([]byte(e.out), &x); err != nil {
		t.Fatal(err)
	}
	truths := map[string]string{}
	for _, f := range x.Findings {
		truths[f.Code] = f.Truth
	}
	if x.Outcome != "no" || truths["provider.degree"] != "yes" || truths["provider.credentialed"] != "unknown" || truths["provider.opt_in"] != "no" || truths["duty.respond"] != "no" {
		t.Errorf("%s, because %v", x.Outcome, truths)
	}
	run(t, "explain", "pr_none", "--data", dir).wants(t, 1)
}

// TestR79ExplainWhetherAClientMayAsk: the operator is told what is public of the
// provider, and the same of a client who is there and of one who is not; somebody
// of the care team, by their token, is told all of it, by codes; nobody else is.
func TestR79ExplainWhetherAClientMayAsk(t *testing.T) {
	dir := private(t)
	aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return time.Since(started) }, TZData: zoneData()})
	if err != nil {
		t.Fatal(err)
	}
	do := func(a act.Act) string {
		t.Helper()
		out, err := s.Do(t.Context(), care.System, a)
		if err != nil {
			t.Fatal(err)
		}
		return out.Made
	}
	tokens := map[care.Role]string{}
	for _, role := range []care.Role{care.RoleCareTeam, care.RolePayer} {
		secret := auth.Secret()
		do(act.OpenAccount{Role: role, FullName: "Umbrage Vell", Email: string(role) + "@example.test", Pass: &care.Pass{Hash: auth.Hash(secret), Type: care.PassToken}})
		tokens[role] = filepath.Join(dir, string(role)+".token")
		if err := os.WriteFile(tokens[role], []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	provider := do(act.Import{Rows: []act.Row{{Digest: "1", Provider: care.Provider{
		NPI: "1000000004", Name: "Velmorin Tashquil", Degree: "phd", Licences: []care.Licence{{State: "IL"}},
	}}}})
	client := do(act.Enter{FullName: "Ostrava Quellburn", Email: "ostrava@example.test", State: "IL", Zone: "America/Chicago", Source: "direct"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	explain := func(code int, args ...string) map[string]string {
		t.Helper()
		e := run(t, append([]string{"explain", provider, "--data", dir}, args...)...).wants(t, code)
		if said := e.out + e.err; strings.Contains(said, "Ostrava") || strings.Contains(said, "Velmorin") || strings.Contains(said, "Umbrage") {
			t.Error("a name is told")
		}
		if code != 0 {
			return nil
		}
		var x struct {
			Outcome  string
			Findings []struct{ Code, Truth, Says string }
		}
		if err := json.Unmarshal([]byte(e.out), &x); err != nil {
			t.Fatal(err)
		}
		truths := map[string]string{"": x.Outcome}
		for _, f := range x.Findings {
			truths[f.Code] = f.Truth
		}
		return truths
	}
	operator := explain(0, "--client", client)
	if operator[""] != "care_team_only" || operator["client.adult"] != "care_team_only" || operator["access.once"] != "care_team_only" || operator["client.state"] != "care_team_only" ||
		operator["provider.degree"] != "yes" || operator["provider.opt_in"] != "no" {
		t.Errorf("the operator is told %v", operator)
	}
	if nobody := explain(0, "--client", "cl_00000000000000000000000000"); !maps.Equal(nobody, operator) {
		t.Errorf("of a client who is not there: %v, of one who is: %v", nobody, operator)
	}
	asked := explain(0, "--client", client, "--token-file", tokens[care.RoleCareTeam])
	if asked[""] != "no" || asked["client.adult"] != "unknown" || asked["client.state"] != "yes" || asked["provider.opt_in"] != "no" || asked["access.once"] != "yes" {
		t.Errorf("the care team is told %v", asked)
	}
	explain(1, "--client", client, "--token-file", tokens[care.RolePayer])
	explain(1, "--client", "cl_00000000000000000000000000", "--token-file", tokens[care.RoleCareTeam])
	explain(1, "--client", client, "--token-file", filepath.Join(dir, store.KeyFile))

	// The look stands in the client's list; the operator's left none, for there was none.
	if s, err = store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return time.Since(started) }, TZData: zoneData()}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen, err := s.Seen(t.Context(), care.Actor{Role: care.RoleClient, Chart: care.ChartID(client)}, care.ChartID(client), 50, "test")
	if err != nil {
		t.Fatal(err)
	}
	looks := map[care.Role]int{}
	for _, e := range seen {
		if e.Did == "read listing" {
			looks[e.Role]++
		}
	}
	if !maps.Equal(looks, map[care.Role]int{care.RoleCareTeam: 1}) {
		t.Errorf("looks: %v", looks)
	}
}

var started = time.Now()

// aDeadline makes a lasting store in which a client has just given plan details,
// and gives the deadline of verifying them.
func aDeadline(t *testing.T, dir, at string) care.DeadlineID {
	t.Helper()
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s, err := store.Create(store.Config{
		Dir: dir, Now: func() time.Time { return now }, Elapsed: func() time.Duration { return time.Since(began) }, TZData: zoneData(),
	}, store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(now.AddDate(0, -1, 0).UTC())})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return somebody(t, s)
}

// somebody comes to a store and gives plan details. It gives the deadline of
// verifying them.
func somebody(t *testing.T, s *store.Store) care.DeadlineID {
	t.Helper()
	entered, err := s.Do(t.Context(), care.Anonymous, act.Enter{
		FullName: "Ottoline Brackwater", Email: "ottoline@example.test", State: "IL", Zone: "America/Chicago", Source: "direct",
	})
	if err != nil {
		t.Fatal(err)
	}
	id := care.ChartID(entered.Made)
	if _, err := s.Do(t.Context(), care.Actor{Role: care.RoleClient, Chart: id}, act.AddCoverage{
		Client: id, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST000001", Group: "G-1",
	}); err != nil {
		t.Fatal(err)
	}
	chart, err := s.Chart(t.Context(), care.System, id, "test")
	if err != nil {
		t.Fatal(err)
	}
	if len(chart.Deadlines) != 1 {
		t.Fatalf("%d deadlines, want 1", len(chart.Deadlines))
	}
	return chart.Deadlines[0].ID
}

// least is how many people of each role a demo has.
var least = map[care.Role]int{
	care.RoleClient: 3, care.RoleProvider: 3, care.RoleCareTeam: 1, care.RoleClinical: 1,
	care.RoleBilling: 1, care.RolePayer: 1, care.RoleEmployer: 1, care.RoleOperator: 1,
}

// TestDemo starts a demo as another program does, walks in as each of its people
// and stops it.
func TestDemo(t *testing.T) {
	if _, err := build(); err != nil {
		t.Fatal(err) // what follows is timed
	}
	began := time.Now()
	ready := filepath.Join(t.TempDir(), "ready.json")
	demo, line := startDemo(t, "--seed", "7", "--clock", "2026-11-20T16:00:00-06:00", "--ready-file", ready)
	took := time.Since(began)
	t.Logf("the demo answered %v after its start", took)
	if took > 10*time.Second {
		t.Errorf("the demo took %v to its line; 2 s are promised", took)
	}
	if line.PID != demo.Process.Pid || line.Seed != 7 || line.Now != "2026-11-20T16:00:00-06:00" || line.API != line.URL+"/api/v1" {
		t.Errorf("the line says pid %d of %d, seed %d, now %s, API %s", line.PID, demo.Process.Pid, line.Seed, line.Now, line.API)
	}
	if code, _ := get(t, line.URL, ""); code != nethttp.StatusOK {
		t.Errorf("the start page answers %d", code)
	}
	count := map[care.Role]int{}
	for _, u := range line.Users {
		count[u.Role]++
		if code, body := get(t, line.API+"/me", u.Token); code != nethttp.StatusOK || !bytes.Contains(body, []byte(u.ID)) {
			t.Errorf("%s %s: the token gives %d", u.Role, u.ID, code)
		}
		if code, _ := get(t, u.LoginURL, ""); code != nethttp.StatusSeeOther {
			t.Errorf("%s %s: the link to sign in gives %d", u.Role, u.ID, code)
		}
	}
	for role, n := range least {
		if count[role] < n {
			t.Errorf("%d people are %s, want %d", count[role], role, n)
		}
	}
	if code, body := get(t, line.URL+"/qa/clock", ""); code != nethttp.StatusOK || !bytes.Contains(body, []byte("2026-11-20T16:00:00-06:00")) {
		t.Errorf("the clock does not stand still: %d %s", code, body)
	}
	if len(folders(line.PID)) == 0 {
		t.Error("its folder is not where it is looked for")
	}
	if err := demo.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := demo.end(t); err != nil {
		t.Errorf("told to stop, it ended with %v", err)
	}
	if left := folders(line.PID); len(left) > 0 {
		t.Errorf("it left %v behind", left)
	}
	printed := demo.out.text()
	if strings.Count(printed, "\n") != 1 {
		t.Errorf("%d lines on standard output, want exactly one", strings.Count(printed, "\n"))
	}
	if body, err := os.ReadFile(ready); err != nil || string(body) != printed {
		t.Errorf("the ready file does not hold the same line: %v", err)
	}
	for _, u := range line.Users {
		if strings.Contains(demo.err.text(), u.Name) || strings.Contains(demo.err.text(), u.Token) {
			t.Errorf("the log holds the name or the token of %s", u.ID)
		}
	}
}

// TestAKilledDemoIsCleanedUp kills one without warning; the next start removes
// what it left.
func TestAKilledDemoIsCleanedUp(t *testing.T) {
	killed, line := startDemo(t, "--empty")
	if len(folders(line.PID)) == 0 {
		t.Fatal("its folder is not where it is looked for")
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.end(t) // killed, as it should be
	_, next := startDemo(t, "--empty")
	if left := folders(line.PID); len(left) > 0 {
		t.Errorf("%v is still there", left)
	}
	if len(folders(next.PID)) == 0 {
		t.Error("the next one cleaned up its own folder too")
	}
}

const registryFile = "http/intake/testdata/npidata_pfile_fictional.csv.gz"

// wanted are the counts that the registry file is known to give.
func wanted(t *testing.T) intake.Counts {
	t.Helper()
	body, err := os.ReadFile("http/intake/testdata/npidata_pfile_fictional.counts.json")
	if err != nil {
		t.Fatal(err)
	}
	var c intake.Counts
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func registryPath(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(registryFile)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDemoImports takes the registry file into an empty demo, where those who
// may take part join, and finds them.
func TestDemoImports(t *testing.T) {
	demo, line := startDemo(t, "--empty", "--import", registryPath(t))
	if !strings.Contains(demo.err.text(), wanted(t).String()) {
		t.Errorf("the counts are not those wanted: %s", demo.err.text())
	}
	for _, u := range line.Users {
		if u.Role == care.RoleClient || u.Role == care.RoleProvider {
			t.Errorf("an empty demo has a %s", u.Role)
		}
	}
	code, body := get(t, line.API+"/providers?state=NY&limit=5", "")
	var found struct {
		Total int
		Items []struct{ ID string }
	}
	if err := json.Unmarshal(body, &found); err != nil || code != nethttp.StatusOK {
		t.Fatalf("search answers %d, %v", code, err)
	}
	if found.Total < 5 || len(found.Items) != 5 {
		t.Errorf("search finds %d in New York and shows %d", found.Total, len(found.Items))
	}
}

// TestR71ARosterOfAThousandLeavesNoName: an employer hashes a list of a thousand
// people at home, and only the hashes come. None of their addresses, numbers and
// names stands in the store, in a log, in what is printed, or in a file on the way:
// alone and through a running service, with a file that is no roster too.
func TestR71ARosterOfAThousandLeavesNoName(t *testing.T) {
	dir, home, way := initialised(t), t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", way)
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	said := ""
	take := func(want int, says string, args ...string) intake.Counts {
		t.Helper()
		e := run(t, append(append([]string{"import"}, args...), "--data", dir, "--json")...).wants(t, want, says)
		said += e.out + e.err
		var c intake.Counts
		if want == 0 {
			if err := json.Unmarshal([]byte(e.out), &c); err != nil {
				t.Fatal(err)
			}
		}
		return c
	}
	employers := "code,name,industry,starts,ends,holidays\nLANTERN,Lanternworks Power,energy,2026-01-01,,2026-12-24; 2026-12-31\nQUARRY,Quarrymere Robotics,Technology,2026-01-01,2030-12-31,\n"
	take(1, "line 3, column 28", "employers", write("bad.csv", strings.Replace(employers, "Technology", "farming", 1)))
	for n, want := range []intake.Counts{{Rows: 2, Imported: 2}, {Rows: 2, Unchanged: 2}, {Rows: 2, Unchanged: 1, Updated: 1}} {
		want.Skipped = map[string]int{}
		text := employers
		if n == 2 {
			text = strings.Replace(text, "2030-12-31", "2031-12-31", 1)
		}
		if diff := cmp.Diff(want, take(0, "", "employers", write("employers.csv", text))); diff != "" {
			t.Errorf("employers, import %d (+): %s", n, diff)
		}
	}
	salt, _ := rosterIn(t, dir, "LANTERN")

	words := planted.New(29)
	rows := []string{"Name,Work E-Mail,Employee ID"}
	for range 1000 {
		rows = append(rows, fmt.Sprintf("%s %s,%s@lanternworks.test,E-%s", words.Next(), words.Next(), words.Next(), words.Next()))
	}
	list := write("list.csv", strings.Join(rows, "\n")+"\n")
	less := write("less.csv", strings.Join(rows[:1000], "\n")+"\n")
	hash := func(list, out, salt string) string {
		e := run(t, "hash-roster", list, "--employer", "lantern", "--salt", salt, "--out", filepath.Join(home, out)).wants(t, 0, "hashes, 0 rows")
		said += e.out + e.err
		return filepath.Join(home, out)
	}
	roster, second, foreign := hash(list, "roster.csv", salt), hash(less, "second.csv", salt), hash(list, "foreign.csv", "another")
	hashes, err := os.ReadFile(roster)
	if err != nil {
		t.Fatal(err)
	}
	said += string(hashes)

	take(1, "hash-roster", "roster", list)
	take(1, "line 2, column 9", "roster", foreign)
	take(1, "line 2, column 1", "roster", write("none.csv", "employer,salt_check,key\n"))
	counts := func(imported, unchanged, removed int) intake.Counts {
		return intake.Counts{Rows: imported + unchanged, Imported: imported, Unchanged: unchanged, Removed: removed, Skipped: map[string]int{"duplicate": 0}}
	}
	hold := func(what string, want, got intake.Counts) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (+): %s", what, diff)
		}
	}
	hold("the first time", counts(2000, 0, 0), take(0, "", "roster", roster))
	hold("again", counts(0, 2000, 0), take(0, "", "roster", roster))
	serving, _ := startServe(t, dir)
	hold("through a service", counts(0, 2000, 0), take(0, "", "roster", roster))
	hold("without two of them", counts(0, 1998, 2), take(0, "", "roster", second))
	take(1, "hash-roster", "roster", list)
	take(1, "--shrunk", "roster", write("tiny.csv", strings.Join(strings.SplitAfter(string(hashes), "\n")[:3], "")))
	stop(t, serving)

	forms := planted.FormsOf(words.All)
	look := func(where string, in []byte) {
		t.Helper()
		if found := forms.Find(in); len(found) > 0 {
			t.Errorf("%s shows %d of the words, the first as %s", where, len(found), found[0])
		}
	}
	look("what was printed", []byte(said))
	look("the log", []byte(serving.err.text()+serving.out.text()))
	_, plain := rosterIn(t, dir, "LANTERN")
	look("the store without its seals", []byte(plain))
	for _, folder := range []string{dir, way} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			body, err := os.ReadFile(path)
			look(d.Name(), body)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if body, err := os.ReadFile(list); err != nil || len(forms.Find(body)) < 4000 || strings.Count(plain, `"keys":[`) != 4 {
		t.Error("the search finds nothing where everything is, or looks where nothing is")
	}
}

// rosterIn is what an employer hashes its roster with, and all that a store holds
// of the roster, without its seals.
func rosterIn(t *testing.T, dir, code string) (salt, plain string) {
	t.Helper()
	began := time.Now()
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	programme, _ := s.Programme()
	e := act.EmployerOf(code, programme)
	if e == nil {
		t.Fatal("the employer is not there")
	}
	pages, err := s.Find(t.Context(), care.System, care.RosterOf(e.ID))
	held := []*care.Chart{programme}
	for _, m := range pages {
		chart, err := s.Chart(t.Context(), care.System, m.Chart, "test")
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, chart)
	}
	body, alsoErr := json.Marshal(held)
	if err := errors.Join(err, alsoErr); err != nil {
		t.Fatal(err)
	}
	return e.Salt, string(body)
}

// TestImportTwice takes a broken file into a lasting store, then a good one, and
// that one again.
func TestImportTwice(t *testing.T) {
	dir := initialised(t)
	run(t, "import", "providers", broken(t), "--data", dir, "--json").wants(t, 1, "line 3, column 3")
	counts := func() intake.Counts {
		e := run(t, "import", "providers", registryPath(t), "--data", dir, "--json").wants(t, 0)
		if strings.Count(e.out, "\n") != 1 {
			t.Errorf("more than one line on standard output: %s", e.out)
		}
		var c intake.Counts
		if err := json.Unmarshal([]byte(e.out), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	want := wanted(t)
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("after a file that was refused, the first import gives other counts (+) than wanted (-):\n%s", diff)
	}
	want.Imported, want.Unchanged = 0, want.Imported
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("the second import changes something (+):\n%s", diff)
	}
}

// broken is the registry file with a quote in the wrong place on its third line.
func broken(t *testing.T) string {
	t.Helper()
	packed, err := os.Open(registryFile)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	rows := bytes.SplitAfter(body, []byte("\n"))
	rows[2] = append([]byte(`"2"x`), rows[2]...)
	path := filepath.Join(t.TempDir(), "broken.csv")
	if err := os.WriteFile(path, bytes.Join(rows, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVerify makes the full pass over a closed store: whole, damaged, held and
// not there.
func TestVerify(t *testing.T) {
	dir := initialised(t)
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit 1", "the trail has")
	var report store.Report
	e := run(t, "verify", "--data", dir, "--json").wants(t, 0)
	if err := json.Unmarshal([]byte(e.out), &report); err != nil || report.Found == 0 || report.Found != report.Committed || len(report.Damages) > 0 {
		t.Errorf("the report is %s, %v", e.out, err)
	}
	run(t, "verify", "trail", "--data", dir).wants(t, 0, fmt.Sprintf("size %d\nroot %s\n", report.Leaves, report.Root))
	run(t, "verify", "trail", "--data", dir, "--json").wants(t, 0, report.Root)
	run(t, "verify", "records").wants(t, exitUsage, "careconnect verify --help")
	run(t, "verify", "--data", private(t)).wants(t, exitNoStore)

	path := filepath.Join(dir, store.DataFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) {
		t.Helper()
		harmed := bytes.Clone(whole)
		harmed[at] ^= 16
		if err := os.WriteFile(path, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	named := 0
	for at := 2*os.Getpagesize() + 300; at < len(whole) && named < 3; at += 701 {
		flip(at)
		e := run(t, "verify", "--data", dir, "--json")
		if e.code == 0 {
			continue // a page that nothing reads
		}
		report = store.Report{}
		if err := json.Unmarshal([]byte(e.out), &report); err != nil || e.code != exitDamaged || len(report.Damages) == 0 {
			t.Errorf("byte %d: ended with %d, %v, and said %s %s", at, e.code, err, e.out, e.err)
		}
		run(t, "verify", "--data", dir).wants(t, exitDamaged, "damaged")
		named++
	}
	if named == 0 {
		t.Error("no flipped bit did any harm")
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	run(t, "verify", "--data", dir).wants(t, exitDamaged, "4096 bytes")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	serving, _ := startServe(t, dir)
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
	stop(t, serving)
}

// TestAnOlderStoreIsRefusedByItsAnchor puts an older file back, as somebody would
// who wants something forgotten, and goes on with it only when told to.
func TestAnOlderStoreIsRefusedByItsAnchor(t *testing.T) {
	i := founded(t)
	head := filepath.Join(t.TempDir(), "head")
	if err := os.WriteFile(i.file("careconnect.yaml"), []byte("anchor.file: "+head+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := func(args ...string) {
		t.Helper()
		r := start(t, append([]string{"serve", "--data", i.dir, "--listen", "127.0.0.1:0"}, args...)...)
		r.line(t, &r.err, func(l string) bool { return strings.Contains(l, `"msg":"serving"`) })
		if err := errors.Join(r.Process.Signal(syscall.SIGTERM), r.end(t)); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(r.err.text(), `"msg":"checkpoint"`); n < 1 {
			t.Errorf("%d checkpoints in the log", n)
		}
	}
	serve()
	old, err := os.ReadFile(i.file(store.DataFile))
	if err != nil {
		t.Fatal(err)
	}
	i.does("admin", "invite").wants(t, 0)
	i.does("verify", "trail").wants(t, 0, "fits", "root ", "key careconnect/")
	if err := os.WriteFile(i.file(store.DataFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("verify").wants(t, 0) // from inside it is whole
	i.does("verify", "trail").wants(t, exitDamaged, "what came after is missing")
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"admin", "invite"}} {
		i.does(args...).wants(t, exitDamaged, "older than its anchor", "--accept-rollback")
	}
	serve("--accept-rollback")
	serve()
	i.does("verify", "trail").wants(t, 0, "given up", "fits")
	if err := os.WriteFile(head, []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("admin", "invite").wants(t, exitDamaged, "no anchor of this store")
}

// TestAReceiptIsCheckedWithoutTheStore gives a client the receipt of an answer, and
// checks it as an auditor would: with the file and the public key, and nothing else.
func TestAReceiptIsCheckedWithoutTheStore(t *testing.T) {
	dir := private(t)
	id := aDeadline(t, dir, "2026-11-20T16:00:00-06:00") // a client's
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }, TZData: "test"})
	if err != nil {
		t.Fatal(err)
	}
	chart, err := s.Locate(t.Context(), care.System, string(id), "test")
	if err != nil {
		t.Fatal(err)
	}
	me := care.Actor{Role: care.RoleClient, Chart: chart.ID}
	seen, err := s.Seen(t.Context(), me, chart.ID, 10, "access log")
	if err != nil || len(seen) == 0 {
		t.Fatal(seen, err)
	}
	receipt, err := s.Receipt(t.Context(), me, chart.ID, seen[0].Place)
	key := s.TrailKey()
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(receipt)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "receipt.json")
	if err := errors.Join(os.WriteFile(kept, body, 0o600), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}
	run(t, "verify", "receipt", kept).wants(t, 0, "The trail holds this as entry", "add_coverage", string(chart.ID), "compare it")
	run(t, "verify", "receipt", kept, "--key", key, "--json").wants(t, 0, `"did":"add_coverage"`)
	run(t, "verify", "receipt", kept, "--key", "careconnect/00+11111111+AAAA").wants(t, exitDamaged, "another key")
	if err := os.WriteFile(kept, bytes.Replace(body, []byte("add_coverage"), []byte("add_kindness"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "verify", "receipt", kept, "--key", key).wants(t, exitDamaged, "does not hold this entry")
	run(t, "verify", "receipt", kept+".gone").wants(t, exitUsage)
}

// TestReadyzSaysWhatIsKnown waits for the pass that follows a start.
func TestReadyzSaysWhatIsKnown(t *testing.T) {
	serving, url := startServe(t, initialised(t))
	for deadline := time.Now().Add(20 * time.Second); ; {
		code, body := get(t, url+"/readyz", "")
		if code == 200 && strings.Contains(string(body), "verified at ") && strings.Contains(string(body), "seq ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s /readyz says %d %s", code, body)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := errors.Join(serving.Process.Signal(syscall.SIGTERM), serving.end(t)); err != nil {
		t.Error(err)
	}
}

// instance is a lasting instance of a test, with what init printed.
type instance struct {
	*testing.T
	dir   string
	words []string
}

// founded makes one with arguments of init.
func founded(t *testing.T, args ...string) *instance {
	t.Helper()
	i := &instance{T: t, dir: filepath.Join(t.TempDir(), "data")}
	e := run(t, append([]string{"init", "--data", i.dir}, args...)...).wants(t, 0, "care.db", "care.hdr", "keep a copy", "on paper")
	i.words = printed(e.out)
	if len(i.words) != 24 {
		t.Fatalf("init printed %d words", len(i.words))
	}
	return i
}

// printed are the words of numbered lines, in their order.
func printed(out string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`(?m)^ +(\d+)  ([a-z]+)$`).FindAllStringSubmatch(out, -1) {
		if m[1] == fmt.Sprint(len(words)+1) {
			words = append(words, m[2])
		}
	}
	return words
}

func (i *instance) file(name string) string { return filepath.Join(i.dir, name) }

// holding makes a private file outside the instance.
func (i *instance) holding(text string) string {
	i.Helper()
	path := filepath.Join(i.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		i.Fatal(err)
	}
	return path
}

// does runs a command on the instance.
func (i *instance) does(args ...string) ended {
	i.Helper()
	return run(i.T, append(args, "--data", i.dir)...)
}

// reads runs a command that is given something to read and some settings.
func (i *instance) reads(in string, env []string, args ...string) ended {
	i.Helper()
	c := command(i.T, append(args, "--data", i.dir)...)
	c.Stdin = strings.NewReader(in)
	c.Env = append(c.Env, env...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	err := c.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		i.Fatal(err)
	}
	return ended{out: out.String(), err: problems.String(), code: c.ProcessState.ExitCode()}
}

// slots are those that the instance has, as "type id state".
func (i *instance) slots() string {
	i.Helper()
	var slots []store.Slot
	if err := json.Unmarshal([]byte(i.does("rekey", "slot", "list", "--json").wants(i.T, 0).out), &slots); err != nil {
		i.Fatal(err)
	}
	all := []string{}
	for _, s := range slots {
		all = append(all, fmt.Sprint(s.Type, " ", s.ID, " ", s.State))
	}
	return strings.Join(all, ", ")
}

// wantsSlots compares them.
func (i *instance) wantsSlots(want string) {
	i.Helper()
	if got := i.slots(); got != want {
		i.Errorf("slots %s, want %s", got, want)
	}
}

const longSecret = "c2VjcmV0IHRoYXQgaXMgbm9ib2R5J3MsIG9mIDQ4IGJ5dGVz"

// TestRekeySlotByHand goes an operator's way through a swap of the key file, and
// holds what each step says.
func TestRekeySlotByHand(t *testing.T) {
	i := founded(t)
	i.wantsSlots("keyfile 1 current, recovery 2 current")
	i.does("rekey", "slot", "list").wants(t, 0, "ID", "keyfile", "current")
	i.does("rekey", "slot", "replace", "keyfile").wants(t, 0, "Slot 3 (keyfile)", "careconnect rekey slot drop 1 --data "+i.dir)
	i.wantsSlots("keyfile 1 previous, recovery 2 current, keyfile 3 current")
	i.does("verify", "--key-file", i.file("care.key.previous")).wants(t, 0)
	i.does("rekey", "slot", "drop", "3").wants(t, 1, "just been used")
	i.does("rekey", "slot", "drop", "1").wants(t, 0)
	i.does("verify", "--key-file", i.file("care.key.previous")).wants(t, exitWrongKey, "no key slot opens with this secret (slots: recovery 2, keyfile 3)")
	i.does("verify").wants(t, 0)
	i.does("rekey", "slot", "drop", "9").wants(t, 1, "no slot 9")
	i.does("rekey", "slot", "drop", "two").wants(t, exitUsage, "ID is a number")
	i.does("rekey", "slot", "add", "card").wants(t, exitUsage, "keyfile, secret, passphrase, recovery")
	i.does("rekey", "slot", "add", "keyfile", "--new", i.file("b.key")).wants(t, 1, "replace")
	i.does("rekey", "slot", "--check", "keyfile").wants(t, exitUsage, "recovery")
	i.does("verify", "--key-file", "a", "--secret-file", "b").wants(t, exitUsage, "keep one")
	for name := range files(t, i.dir) {
		if info, err := os.Stat(i.file(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// TestTheRecoveryWordsOpenAStoreWithoutItsKey: checked, used, exchanged.
func TestTheRecoveryWordsOpenAStoreWithoutItsKey(t *testing.T) {
	i := founded(t)
	text := strings.Join(i.words, " ")
	i.reads(text, nil, "rekey", "slot", "--check", "recovery").wants(t, 0, "These words open the store: slot 2")
	typo := slices.Clone(i.words)
	typo[4] = "qqqq"
	i.reads(strings.Join(typo, " "), nil, "rekey", "slot", "--check", "recovery").wants(t, exitWrongKey, "word 5")
	i.reads("", nil, "rekey", "slot", "--check", "recovery").wants(t, exitWrongKey, "0 words, not 24")
	other := founded(t)
	i.reads(strings.Join(other.words, " "), nil, "rekey", "slot", "--check", "recovery").wants(t, exitWrongKey, "no key slot opens")

	if err := os.Remove(i.file(store.KeyFile)); err != nil {
		t.Fatal(err)
	}
	i.does("verify").wants(t, exitWrongKey, store.KeyFile, "keyfile 1, recovery 2")
	i.does("rekey", "slot", "replace", "keyfile", "--recovery-file", i.holding(text)).wants(t, 0, "Slot 3")
	i.does("verify").wants(t, 0)
	e := i.reads(text, nil, "rekey", "slot", "replace", "recovery", "--recovery-file", "-").wants(t, 0, "Slot 4 (recovery)", "drop 2")
	fresh := printed(e.out)
	if len(fresh) != 24 || slices.Equal(fresh, i.words) {
		t.Fatalf("%d new words", len(fresh))
	}
	i.reads(strings.Join(fresh, "\n"), nil, "rekey", "slot", "--check", "recovery").wants(t, 0, "slot 4")
	for name, body := range files(t, i.dir) {
		if strings.Contains(body, strings.Join(fresh[:3], " ")) {
			t.Errorf("%s holds the words", name)
		}
	}
}

// TestASecretFromAContainerOpensTheStore: by flag, by setting, by the
// environment; too short a one is refused before anything is made.
func TestASecretFromAContainerOpensTheStore(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("too short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "data")
	run(t, "init", "--data", nowhere, "--secret-file", short).wants(t, exitWrongKey, "9 bytes", "32", "/dev/urandom")
	if left := files(t, nowhere); len(left) > 0 {
		t.Errorf("a refused init left %d files", len(left))
	}

	mounted := filepath.Join(t.TempDir(), "mounted")
	if err := os.WriteFile(mounted, []byte(longSecret+"\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	i := founded(t, "--secret-file", mounted)
	i.wantsSlots("secret 1 current, recovery 2 current")
	if _, err := os.Stat(i.file(store.KeyFile)); err == nil {
		t.Error("a key file was made beside the secret")
	}
	i.does("verify").wants(t, exitWrongKey, "secret 1, recovery 2")
	i.does("verify", "--secret-file", mounted).wants(t, 0)
	i.reads("", []string{"CARECONNECT_KEY__SECRET_FILE=" + mounted}, "verify").wants(t, 0)
	e := i.reads("", []string{"CARECONNECT_KEY__SECRET=" + longSecret}, "verify").wants(t, 0, "CARECONNECT_KEY__SECRET_FILE")
	if strings.Contains(e.out+e.err, longSecret) {
		t.Error("the secret was printed")
	}
	i.reads("", []string{"CARECONNECT_KEY__SECRET=" + longSecret, "CARECONNECT_KEY__SECRET_FILE=" + mounted}, "verify").wants(t, exitUsage, "keep one")
	if err := os.WriteFile(i.file("careconnect.yaml"), fmt.Appendf(nil, "key:\n  secret_file: %s\n", mounted), 0o600); err != nil {
		t.Fatal(err)
	}
	_, base := startServe(t, i.dir)
	run(t, "healthcheck", "--url", base).wants(t, 0)
	i.wantsSlots("secret 1 current, recovery 2 current")
	i.does("rekey", "slot", "drop", "1").wants(t, 1, "just been used") // it still opens the store
	i.does("rekey", "slot", "drop", "1", "--recovery-file", i.holding(strings.Join(i.words, " "))).wants(t, 0, "Slot 1 is gone")
	i.does("verify", "--secret-file", mounted).wants(t, exitWrongKey, "no key slot opens")
}

// TestWrongSecretsLeaveOneLineInTheTrail looks at the note, and that the next
// good start took it away with one commit.
func TestWrongSecretsLeaveOneLineInTheTrail(t *testing.T) {
	i := founded(t)
	wrong := i.holding(longSecret)
	commits := func() (n int) {
		t.Helper()
		var report store.Report
		if err := json.Unmarshal([]byte(i.does("verify", "--json").wants(t, 0).out), &report); err != nil {
			t.Fatal(err)
		}
		return int(report.Leaves)
	}
	before := commits()
	for range 3 {
		e := i.does("explain", "dl_none", "--secret-file", wrong).wants(t, exitWrongKey, "no key slot opens with this secret (slots: keyfile 1, recovery 2)")
		if strings.Contains(e.err+e.out, longSecret) || e.out != "" {
			t.Errorf("it said %s%s", e.out, e.err)
		}
	}
	note, err := os.ReadFile(i.file(store.DeniedFile))
	if err != nil || !regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ secret\n){3}$`).Match(note) {
		t.Errorf("the note is %q, %v", note, err)
	}
	i.does("explain", "dl_none").wants(t, 1) // a good start, of a deadline that is not there
	if _, err := os.Stat(i.file(store.DeniedFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the note is still there: %v", err)
	}
	if after := commits(); after != before+1 {
		t.Errorf("%d entries more in the trail, want one", after-before)
	}
}

// TestRepairWantsACopy covers what the command says of itself; that headers are
// put back is held where they are harmed.
func TestRepairWantsACopy(t *testing.T) {
	i := founded(t)
	i.does("repair").wants(t, exitUsage, "--header", store.HeaderFile)
	i.does("repair", "--header", i.file(store.HeaderFile)).wants(t, 0, "nothing was changed")
	i.does("verify", "--header", i.file(store.HeaderFile)).wants(t, 1, "leave out --header")
}

// TestADamagedHeaderIsRepairedByHand harms both records of the header on the
// disk, wherever the engine put them.
func TestADamagedHeaderIsRepairedByHand(t *testing.T) {
	i := founded(t)
	path := i.file(store.DataFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, harmedHeader(t, whole), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := i.file(store.HeaderFile)
	i.does("explain", "dl_none").wants(t, exitDamaged, "header damaged", "restore header from", "*.hdr", "careconnect repair --header")
	i.does("rekey", "slot", "list").wants(t, exitDamaged, "header damaged")
	i.does("rekey", "slot", "list", "--header", copied).wants(t, 0, "keyfile")
	i.does("explain", "dl_none", "--header", copied).wants(t, 1)
	i.does("repair", "--header", copied).wants(t, 0, "put back from the copy")
	i.does("verify").wants(t, 0)
}

// TestGoingBackToTheLastWholeCommit kills a service, clears the meta page of its
// last commit, and goes back to the one before: not without having seen what that
// loses, and not without a word.
func TestGoingBackToTheLastWholeCommit(t *testing.T) {
	i := founded(t)
	serving, _ := startServe(t, i.dir)
	i.does("repair", "--accept-previous-commit").wants(t, exitLocked, "nothing to repair")
	i.does("admin", "invite").wants(t, 0)
	if err := serving.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = serving.end(t)
	path := i.file(store.DataFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	newest := 0
	if binary.NativeEndian.Uint64(whole[page+64:]) > binary.NativeEndian.Uint64(whole[64:]) {
		newest = page
	}
	i.does("repair", "--accept-previous-commit").wants(t, 0, "nothing was changed")
	torn := bytes.Clone(whole)
	torn[newest+75] ^= 1
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("verify").wants(t, exitDamaged, "not falling back", "careconnect repair --accept-previous-commit")
	i.does("repair", "--accept-previous-commit").wants(t, 0, "nothing is lost", ".before-repair-")
	clear(torn[newest : newest+page])
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("repair", "--accept-previous-commit").wants(t, exitUsage, "Kept:  commit", "Lost:  what was committed after that", "--yes")
	i.does("verify").wants(t, exitDamaged, "not falling back")
	for _, typed := range []string{"no", "yes"} {
		c := command(t, "repair", "--accept-previous-commit", "--data", i.dir)
		o := at(t, c)
		o.prompt("Type yes: ", 1)
		o.types(typed)
		_ = c.Wait()
		if code := c.ProcessState.ExitCode(); (code == 0) != (typed == "yes") {
			t.Errorf("at %q it ended with %d: %s", typed, code, o.text())
		}
	}
	i.does("verify").wants(t, 0, "verified as of commit")
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("repair", "--accept-previous-commit", "--yes").wants(t, 0, "The store is at commit", "The file that was there is")
	i.does("verify").wants(t, 0, "verified as of commit")
	i.does("repair", "--accept-previous-commit", "--header", i.file(store.HeaderFile)).wants(t, exitUsage, "give one")
}

// harmedHeader is a file with a bit flipped in each header.
func harmedHeader(t *testing.T, whole []byte) []byte {
	t.Helper()
	whole = bytes.Clone(whole)
	mark := []byte("CARECONN\x00\x01")
	if n := bytes.Count(whole, mark); n < 2 {
		t.Fatalf("%d headers in the file", n)
	}
	for at := 0; ; {
		next := bytes.Index(whole[at:], mark)
		if next < 0 {
			return whole
		}
		at += next + len(mark)
		whole[at+50] ^= 4
	}
}

// TestAnOldStoreByHand serves a store that the first format was written in: who
// only looks is refused, the service keeps a copy and says where, and then all goes
// on.
func TestAnOldStoreByHand(t *testing.T) {
	dir := private(t)
	packed, err := os.Open("store/testdata/format-0.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("store/testdata/format-0.key")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{store.DataFile: body, store.KeyFile: key} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "verify", "--data", dir).wants(t, exitNewer, "format 0", "this program works with", "careconnect serve")
	run(t, "salvage", "--data", dir, "--to", filepath.Join(t.TempDir(), "new")).wants(t, exitNewer, "format 0")
	e := run(t, "explain", "dl_none", "--data", dir).wants(t, 1, ".before-v")
	kept := regexp.MustCompile(regexp.QuoteMeta(filepath.Join(dir, store.DataFile)) + `\.before-v\d+`).FindString(e.err)
	if copied, err := os.ReadFile(kept); err != nil || len(copied) == 0 {
		t.Errorf("no copy is at %q, %v", kept, err)
	}
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
}

// leaves are the first n pages of the closed file from the given one on that hold
// records. A quarter of the pages is free, nobody can say which, and nothing is
// lost with them.
func (i *instance) leaves(from, n int) []int {
	i.Helper()
	db, err := bbolt.Open(i.file(store.DataFile), 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		i.Fatal(err)
	}
	defer db.Close()
	var found []int
	if err := db.View(func(tx *bbolt.Tx) error {
		for at := 0; len(found) < n; {
			page, err := tx.Page(at)
			if err != nil || page == nil {
				return fmt.Errorf("page %d: %v, after %d leaves", at, err, len(found))
			}
			if at >= from && page.Type == "leaf" {
				found = append(found, at)
			}
			at += 1 + page.OverflowCount
		}
		return nil
	}); err != nil {
		i.Fatal(err)
	}
	return found
}

// TestSalvageByHand loses pages of a store in the middle of the file, and goes on
// with what is left.
func TestSalvageByHand(t *testing.T) {
	i := founded(t)
	i.does("import", "providers", registryPath(t)).wants(t, 0)
	i.does("salvage").wants(t, exitUsage, "--to")
	to := filepath.Join(t.TempDir(), "whole")
	i.does("salvage", "--to", to).wants(t, 0, "it is whole in itself")
	i.does("salvage", "--to", to).wants(t, 1, "already there")
	whole, err := os.ReadFile(i.file(store.DataFile))
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for _, at := range i.leaves(len(whole)/page/4, 3) {
		clear(whole[at*page:][:page])
	}
	if err := os.WriteFile(i.file(store.DataFile), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	i.does("verify").wants(t, exitDamaged)
	to = filepath.Join(t.TempDir(), "left")
	var done store.Salvaged
	e := i.does("salvage", "--to", to, "--json").wants(t, exitDamaged, "what is missing")
	if err := json.Unmarshal([]byte(e.out), &done); err != nil || len(done.Missing) == 0 || done.Records == 0 {
		t.Errorf("it says %v of %.300s", err, e.out)
	}
	run(t, "verify", "--data", to, "--key-file", i.file(store.KeyFile)).wants(t, 0, "verified as of commit")
	key, err := os.ReadFile(i.file(store.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, store.KeyFile), key, 0o600); err != nil {
		t.Fatal(err)
	}
	serving, base := startServe(t, to)
	if code, _ := get(t, base+"/readyz", ""); code != nethttp.StatusOK {
		t.Errorf("/readyz answers %d", code)
	}
	run(t, "salvage", "--data", to, "--to", t.TempDir()).wants(t, exitLocked, fmt.Sprintf("process %d", serving.Process.Pid))
	stop(t, serving)
}

// terminalOf is the other end of a terminal that a command runs at.
type terminalOf struct {
	*testing.T
	*os.File
	mu   sync.Mutex
	seen strings.Builder
}

// at starts a command at a terminal of its own.
func at(t *testing.T, c *exec.Cmd) *terminalOf {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatalf("no terminal: %v", err)
	}
	t.Cleanup(func() { outer.Close() })
	conn, err := outer.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failed error
	if err := conn.Control(func(fd uintptr) {
		failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		if failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	inner, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	c.Stdin, c.Stdout, c.Stderr = inner, inner, inner
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	term := &terminalOf{T: t, File: outer}
	go func() {
		piece := make([]byte, 1<<10)
		for {
			n, err := outer.Read(piece)
			term.mu.Lock()
			term.seen.Write(piece[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

// text is what was written to the terminal so far.
func (o *terminalOf) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.ReplaceAll(o.seen.String(), "\r\n", "\n")
}

// prompt waits for the nth match of a pattern and gives its last group.
func (o *terminalOf) prompt(pattern string, nth int) string {
	o.Helper()
	re := regexp.MustCompile(pattern)
	for enough := time.Now().Add(patience); time.Now().Before(enough); time.Sleep(5 * time.Millisecond) {
		if found := re.FindAllStringSubmatch(o.text(), -1); len(found) >= nth {
			m := found[nth-1]
			return m[len(m)-1]
		}
	}
	o.Fatalf("no %q; it said %s", pattern, o.text())
	return ""
}

// types types a line.
func (o *terminalOf) types(line string) {
	o.Helper()
	if _, err := io.WriteString(o.File, line+"\n"); err != nil {
		o.Fatal(err)
	}
}

// TestAPassphraseIsAskedForAtATerminal sets one, takes the key file away and
// opens the store with it; nothing that is typed is shown.
func TestAPassphraseIsAskedForAtATerminal(t *testing.T) {
	const typed, wrong = "seven plain words at least", "seven other words at least"
	i := founded(t)
	i.does("rekey", "slot", "add", "passphrase").wants(t, exitWrongKey, "no terminal")
	i.does("rekey", "slot", "add", "passphrase", "--new", i.holding("short")).wants(t, exitWrongKey, "5 characters", "15")
	wants := func(o *terminalOf, c *exec.Cmd, code int, words ...string) {
		t.Helper()
		_ = c.Wait() // its code is looked at
		if got := c.ProcessState.ExitCode(); got != code {
			t.Errorf("ended with %d, want %d: %s", got, code, o.text())
		}
		for _, w := range words {
			o.prompt(regexp.QuoteMeta(w), 1)
		}
		if strings.Contains(o.text(), typed) || strings.Contains(o.text(), wrong) {
			t.Error("what was typed is shown")
		}
	}
	c := command(t, "rekey", "slot", "add", "passphrase", "--data", i.dir)
	o := at(t, c)
	o.prompt("New passphrase: ", 1)
	o.types(typed)
	o.prompt("once more: ", 1)
	o.types(typed)
	wants(o, c, 0, "Slot 3 (passphrase)")
	if err := os.Remove(i.file(store.KeyFile)); err != nil {
		t.Fatal(err)
	}
	for given, code := range map[string]int{typed: 0, wrong: exitWrongKey} {
		c = command(t, "verify", "--data", i.dir)
		o = at(t, c)
		o.prompt("Passphrase: ", 1)
		o.types(given)
		wants(o, c, code, map[int]string{0: "verified", exitWrongKey: "passphrase 3"}[code])
	}
	i.does("verify", "--passphrase-file", i.holding(typed+"\n")).wants(t, 0)
}

// TestInitAsksForTwoOfTheWords answers wrongly once, then rightly.
func TestInitAsksForTwoOfTheWords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	run(t, "init", "--data", dir, "--confirm-recovery").wants(t, exitUsage, "terminal")
	if _, err := os.Stat(dir); err == nil {
		t.Error("it made something")
	}
	c := command(t, "init", "--data", dir, "--confirm-recovery")
	o := at(t, c)
	for nth := 1; nth <= 4; nth++ {
		number := o.prompt(`Type word (\d+): `, nth)
		words := printed(o.text())
		if len(words) != 24 {
			t.Fatalf("%d words are shown", len(words))
		}
		if nth <= 2 {
			o.types("nonsense")
			continue
		}
		var at int
		fmt.Sscan(number, &at)
		o.types(strings.ToUpper(words[at-1]))
	}
	if err := c.Wait(); err != nil {
		t.Errorf("ended with %v: %s", err, o.text())
	}
	o.prompt("The words are confirmed", 1)
	o.prompt("look at your paper", 1)
}

// TestBackupAndRestore loses a store and has it back, and is refused what would
// lose commits.
func TestBackupAndRestore(t *testing.T) {
	dir, to := initialised(t), filepath.Join(t.TempDir(), "backups")
	run(t, "backup", "--data", dir).wants(t, exitUsage, "--to")
	var made store.BackupInfo
	if err := json.Unmarshal([]byte(run(t, "backup", "--data", dir, "--to", to, "--json").wants(t, 0).out), &made); err != nil || made.Records == 0 {
		t.Fatalf("backup --json says %+v, %v", made, err)
	}
	if name := filepath.Base(made.Path); !regexp.MustCompile(`^care-\d{8}T\d{6}Z-\d+\.ccb$`).MatchString(name) {
		t.Errorf("the backup is named %s", name)
	}
	if err := os.Remove(filepath.Join(dir, store.DataFile)); err != nil {
		t.Fatal(err)
	}
	run(t, "restore", made.Path, "--data", dir).wants(t, 0, "Restored commit", "records are whole")
	run(t, "verify", "--data", dir).wants(t, 0, "verified")
	run(t, "restore", made.Path, "--data", dir).wants(t, 1, "--accept-rollback") // the restore itself is a commit
	run(t, "restore", made.Path, "--data", dir, "--accept-rollback").wants(t, 0, ".before-restore-")
	run(t, "verify", "--data", dir).wants(t, 0, "verified")

	whole, err := os.ReadFile(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.ccb")
	for _, row := range []struct {
		body []byte
		says string
	}{
		{whole[:len(whole)-1], "truncated"},
		{append(bytes.Clone(whole[:len(whole)/2]), append([]byte{whole[len(whole)/2] ^ 1}, whole[len(whole)/2+1:]...)...), "altered"},
		{bytes.Repeat([]byte("no backup "), 50), "no backup"},
	} {
		if err := os.WriteFile(bad, row.body, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "restore", bad, "--data", dir, "--accept-rollback").wants(t, exitDamaged, row.says)
	}
	other := initialised(t)
	run(t, "restore", made.Path, "--data", other).wants(t, exitDamaged, "another store")
	if err := os.Remove(filepath.Join(other, store.DataFile)); err != nil {
		t.Fatal(err)
	}
	run(t, "restore", made.Path, "--data", other).wants(t, exitWrongKey, "no key slot opens")

	if err := os.WriteFile(filepath.Join(dir, "careconnect.yaml"), []byte("backup:\n  dir: "+to+"-hourly\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serving, base := startServe(t, dir)
	run(t, "backup", "--data", dir, "--to", to).wants(t, 0, "records are whole")
	run(t, "restore", made.Path, "--data", dir).wants(t, exitLocked, fmt.Sprintf("process %d", serving.Process.Pid), "only while nobody uses it")
	for range 400 {
		if _, body := get(t, base+"/readyz", ""); strings.Contains(string(body), "last proven restore at ") {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("the service says nothing of its backup")
}

// Commands beside a running service.

// TestCommandsSayTheSameBesideAService gives each command to a store that nobody
// has open and to one that is served: what it prints, its errors and its exit
// code are the same but for numbers, secrets and times.
func TestCommandsSayTheSameBesideAService(t *testing.T) {
	dir := private(t)
	deadline := aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
	first, _ := startServe(t, dir) // makes the operator's account
	stop(t, first)
	elsewhere := private(t)
	wrong := filepath.Join(elsewhere, "secret")
	if err := os.WriteFile(wrong, []byte(longSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := []struct {
		args []string
		code int
	}{
		{[]string{"verify"}, 0},
		{[]string{"verify", "--json"}, 0},
		{[]string{"verify", "trail"}, 0},
		{[]string{"verify", "--key-file", filepath.Join(dir, store.KeyFile)}, 0},
		{[]string{"verify", "--secret-file", wrong}, exitWrongKey},
		{[]string{"verify", "--secret-file", filepath.Join(elsewhere, "none")}, exitWrongKey},
		{[]string{"backup", "--to", filepath.Join(elsewhere, "backups")}, 0},
		{[]string{"backup", "--to", filepath.Join(elsewhere, "backups"), "--json"}, 0},
		{[]string{"backup", "--to", wrong}, 1},
		{[]string{"explain", string(deadline)}, 0},
		{[]string{"explain", "dl_none"}, 1},
		{[]string{"explain", "pr_none", "--client", "cl_none"}, 1},
		{[]string{"admin", "invite", "--url", "https://care.example.test"}, 0},
		{[]string{"import", "providers", registryPath(t), "--report", filepath.Join(elsewhere, "report")}, 0},
		{[]string{"import", "providers", broken(t), "--json"}, 1},
		{[]string{"rekey", "data"}, 0},
		{[]string{"rekey", "data", "--json"}, 0},
		{[]string{"compact"}, 0},
		{[]string{"compact", "--json"}, 0},
		{[]string{"export"}, 1},
		{[]string{"erase"}, 0},
		{[]string{"erase", "--json"}, 0},
		{[]string{"rekey", "slot", "list"}, 0},
		{[]string{"rekey", "slot", "add", "keyfile"}, exitWrongKey},    // there is one
		{[]string{"rekey", "slot", "add", "passphrase"}, exitWrongKey}, // nobody is there to be asked
		{[]string{"rekey", "slot", "drop", "9"}, 1},
		{[]string{"rekey", "slot", "--check", "recovery"}, exitWrongKey}, // with nothing to read
	}
	progress := regexp.MustCompile(`(?m)^{"stage":.*\n`) // of a slow machine
	number := regexp.MustCompile(`/set-up/\S+|[A-Za-z0-9+/]{40,}=*|[0-9a-f]{64}|\d+`)
	say := func(args []string, code int) [2]string {
		e := run(t, append(args, "--data", dir)...).wants(t, code)
		return [2]string{number.ReplaceAllString(e.out, "#"), number.ReplaceAllString(progress.ReplaceAllString(e.err, ""), "#")}
	}
	var alone [][2]string
	for _, c := range commands {
		alone = append(alone, say(c.args, c.code))
	}
	if report, err := os.ReadFile(filepath.Join(elsewhere, "report")); err != nil || !bytes.Contains(report, []byte("organisation")) {
		t.Errorf("the report says %q, %v", report, err)
	}
	serving, _ := startServe(t, dir)
	for i, c := range commands {
		beside := say(c.args, c.code)
		if c.args[0] == "import" && c.code == 0 { // the second time, all are known
			continue
		}
		if diff := cmp.Diff(alone[i], beside); diff != "" {
			t.Errorf("%s says something else (+) beside a service than alone (-):\n%s", strings.Join(c.args, " "), diff)
		}
	}
	stop(t, serving)
	if _, err := os.Lstat(filepath.Join(dir, "admin.sock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket outlives the service: %v", err)
	}
}

// TestCommandsAtOnceBesideAService gives many commands at the same time to one
// service, some of which write. Each does what it would alone, and the store is
// whole after it.
func TestCommandsAtOnceBesideAService(t *testing.T) {
	dir, to := initialised(t), private(t)
	serving, base := startServe(t, dir)
	base = strings.Replace(base, "127.0.0.1", "localhost", 1)
	counts := make(chan ended, 1)
	var all sync.WaitGroup
	all.Go(func() { counts <- run(t, "import", "providers", registryPath(t), "--data", dir, "--json") })
	for n := range 3 {
		all.Go(func() { run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit") })
		all.Go(func() {
			run(t, "backup", "--data", dir, "--to", filepath.Join(to, fmt.Sprint(n))).wants(t, 0, "records are whole")
		})
		all.Go(func() {
			if e := run(t, "rekey", "data", "--data", dir); e.code != exitLocked { // another is at it
				e.wants(t, 0, "are wrapped under epoch")
			}
		})
		all.Go(func() {
			for range 3 {
				run(t, "admin", "invite", "--data", dir).wants(t, 0, base+"/set-up/")
			}
		})
	}
	all.Wait()
	var c intake.Counts
	if err := json.Unmarshal([]byte((<-counts).wants(t, 0).out), &c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted(t), c); diff != "" {
		t.Errorf("the import gives other counts (+) than wanted (-):\n%s", diff)
	}
	if code, _ := get(t, base+"/readyz", ""); code != nethttp.StatusOK {
		t.Errorf("/readyz answers %d", code)
	}
	stop(t, serving)
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
}

// TestExportOfALifeIsTheSameEachTime exports two demos of one seed that lived
// through the same, and a third of another seed, through their sockets.
func TestExportOfALifeIsTheSameEachTime(t *testing.T) {
	export := func(seed string) string {
		demo, line := startDemo(t, "--seed", seed, "--clock", "2026-11-20T16:00:00-06:00")
		e := run(t, "export", "--data", line.Data).wants(t, 0)
		if code, body := get(t, line.URL+"/qa/export", ""); code != nethttp.StatusOK || string(body) != e.out {
			t.Errorf("/qa/export answers %d and %d bytes, the command %d bytes", code, len(body), len(e.out))
		}
		if n := strings.Count(e.out, "\n"); n < 100 || !strings.Contains(e.out, `"kind":"client"`) {
			t.Errorf("%d lines were exported", n)
		}
		stop(t, demo)
		return e.out
	}
	first := export("7")
	if first != export("7") {
		t.Error("the same life was exported in two ways")
	}
	if first == export("8") {
		t.Error("another life was exported as the same")
	}
}

// TestALastingStoreExportsNobody, and its trail tells that it was asked.
func TestALastingStoreExportsNobody(t *testing.T) {
	dir := private(t)
	aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
	size := func() string { return run(t, "verify", "trail", "--data", dir).wants(t, 0).out }
	before := size()
	if e := run(t, "export", "--data", dir).wants(t, 1, "lasting store"); e.out != "" {
		t.Errorf("it wrote %d bytes", len(e.out))
	}
	if size() == before {
		t.Error("the trail tells nothing")
	}
}

// TestEraseIsDoneNowWhenAsked forgets a person alone and beside a service: the
// certificate names the backup that holds them.
func TestEraseIsDoneNowWhenAsked(t *testing.T) {
	for _, beside := range []bool{false, true} {
		dir, to := private(t), private(t)
		id := aDeadline(t, dir, "2026-11-20T16:00:00-06:00")
		if err := os.WriteFile(filepath.Join(dir, "careconnect.yaml"), []byte("backup:\n  dir: "+to+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "backup", "--data", dir, "--to", to).wants(t, 0)
		began := time.Now()
		s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return time.Since(began) }, TZData: zoneData()})
		if err != nil {
			t.Fatal(err)
		}
		chart, err := s.Locate(t.Context(), care.System, string(id), "test")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Do(t.Context(), care.Actor{Role: care.RoleClient, Chart: chart.ID}, act.Erase{Client: chart.ID})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		if beside {
			startServe(t, dir)
		}
		e := run(t, "erase", "--data", dir).wants(t, 0, "certificate er_", "records cannot be read any more")
		if strings.Contains(e.out, " 0 copies") {
			t.Errorf("the backup is not named: %s", e.out)
		}
		run(t, "erase", "--data", dir).wants(t, 0, "Nobody was erased")
		run(t, "explain", string(id), "--data", dir).wants(t, 1)
		run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
	}
}

// TestASocketThatWasLeft: a service that is killed leaves its socket. Commands
// then open the store themselves, and the next service takes the socket's place.
func TestASocketThatWasLeft(t *testing.T) {
	dir := initialised(t)
	socket := filepath.Join(dir, "admin.sock")
	killed, _ := startServe(t, dir)
	if info, err := os.Lstat(socket); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Fatalf("the socket is %v, %v", info, err)
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.end(t)
	if _, err := os.Lstat(socket); err != nil {
		t.Fatalf("nothing was left: %v", err)
	}
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
	serving, _ := startServe(t, dir)
	run(t, "verify", "--data", dir).wants(t, 0, "verified as of commit")
	serving.line(t, &serving.err, func(l string) bool { return strings.Contains(l, "came through the socket") })
	stop(t, serving)
	if err := os.WriteFile(socket, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0").wants(t, 1, "admin.sock", "move it away")
}

// TestAFolderWithTooLongANameForASocket is served, says so, and takes no commands.
func TestAFolderWithTooLongANameForASocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 25))
	run(t, "init", "--data", dir).wants(t, 0)
	serving := start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	serving.line(t, &serving.err, func(l string) bool {
		return strings.Contains(l, "the name of the admin socket is too long") && strings.Contains(l, "103")
	})
	serving.line(t, &serving.err, func(l string) bool { return strings.Contains(l, `"serving"`) })
	run(t, "verify", "--data", dir).wants(t, exitLocked, fmt.Sprintf("process %d", serving.Process.Pid), "too long a name")
	stop(t, serving)
}

// TestAnInterruptedCommandStopsItsWork interrupts an import through a service,
// and then lets the same file go on.
func TestAnInterruptedCommandStopsItsWork(t *testing.T) {
	dir := initialised(t)
	serving, _ := startServe(t, dir)
	c := command(t, "import", "providers", registryPath(t), "--data", dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond) // anywhere on its way
	_ = c.Process.Signal(os.Interrupt)
	_ = c.Wait()
	e := run(t, "import", "providers", registryPath(t), "--data", dir, "--json").wants(t, 0)
	var counts intake.Counts
	if err := json.Unmarshal([]byte(e.out), &counts); err != nil || counts.Imported+counts.Unchanged != wanted(t).Imported {
		t.Errorf("then it gives %s, %v", e.out, err)
	}
	stop(t, serving)
	run(t, "verify", "--data", dir).wants(t, 0)
}

// What can befall a store, what the program says of it and ends with, and that
// nothing is lost by it.

// password is that of the operator of these tests.
const password = "seven plain words for nobody"

// befallen is a lasting instance with something in it, and what was there before
// it was harmed.
type befallen struct {
	*instance
	whole []byte       // the file
	known store.Report // what a full pass found in it
}

func newBefallen(t *testing.T) *befallen {
	t.Helper()
	b := &befallen{instance: founded(t)}
	aClient(t, b.dir)
	b.remember()
	return b
}

// aClient leaves somebody with an open request in a store.
func aClient(t *testing.T, dir string) {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	somebody(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func (b *befallen) remember() {
	b.Helper()
	b.whole = b.read(store.DataFile)
	b.known = b.pass()
	if b.known.Found == 0 || len(b.known.Damages) > 0 {
		b.Fatalf("before the harm a pass found %+v", b.known)
	}
}

func (b *befallen) read(name string) []byte {
	b.Helper()
	body, err := os.ReadFile(b.file(name))
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func (b *befallen) write(name string, body []byte) {
	b.Helper()
	if err := os.WriteFile(b.file(name), body, 0o600); err != nil {
		b.Fatal(err)
	}
}

// pass is what verify says, as a program reads it.
func (b *befallen) pass() (report store.Report) {
	b.Helper()
	e := b.does("verify", "--json")
	if err := json.Unmarshal([]byte(e.out), &report); err != nil {
		b.Fatalf("verify ended with %d and said %s%s", e.code, e.out, e.err)
	}
	return report
}

// within changes the closed file by bbolt alone, below every seal.
func (b *befallen) within(fn func(tx *bbolt.Tx) error) {
	b.Helper()
	db, err := bbolt.Open(b.file(store.DataFile), 0o600, nil)
	if err == nil {
		err = errors.Join(db.Update(fn), db.Close())
	}
	if err != nil {
		b.Fatal(err)
	}
}

// serves tries to serve and waits for the end.
func (b *befallen) serves(more ...string) ended {
	b.Helper()
	return b.does(append([]string{"serve", "--listen", "127.0.0.1:0"}, more...)...)
}

// mended puts the file back and sees that all of it is there.
func (b *befallen) mended() {
	b.Helper()
	b.write(store.DataFile, b.whole)
	b.wantsAll()
}

// wantsAll sees that everything that was there is, or more.
func (b *befallen) wantsAll() {
	b.Helper()
	now := b.pass()
	if len(now.Damages) > 0 || now.Sequence < b.known.Sequence || now.Found < b.known.Found || now.Leaves < b.known.Leaves {
		b.Errorf("there were %d records as of commit %d, there are %d as of %d: %v", b.known.Found, b.known.Sequence, now.Found, now.Sequence, now.Damages)
	}
}

// signedIn serves the instance, with an operator who is signed in.
func (b *befallen) signedIn(more ...string) (*running, string, *nethttp.Client) {
	b.Helper()
	b.write("careconnect.yaml", fmt.Appendf(nil, "admin:\n  email: operator@example.test\n  password: %s\n", password))
	r := start(b.T, append([]string{"serve", "--data", b.dir, "--listen", "127.0.0.1:0"}, more...)...)
	var said struct{ Msg, Address string }
	r.line(b.T, &r.err, func(l string) bool { return json.Unmarshal([]byte(l), &said) == nil && said.Msg == "serving" })
	base := "http://" + said.Address
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	client := &nethttp.Client{Jar: jar, Timeout: patience, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }}
	return r, base, client
}

// signIn gives the status of the answer to somebody who signs in, which is a
// commit, and whether to try again.
func signIn(client *nethttp.Client, base string) (status int, again string, err error) {
	answer, err := client.PostForm(base+"/sign-in", url.Values{"email": {"operator@example.test"}, "password": {password}})
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("Retry-After"), err
}

// opensAccount gives the status of the answer to the operator who opens one more
// account, and when to try again.
func opensAccount(client *nethttp.Client, base string, n int) (status int, again string, err error) {
	answer, err := client.PostForm(base+"/desk/accounts", url.Values{"role": {"care_team"}, "name": {fmt.Sprint("Desk ", n)}, "email": {fmt.Sprintf("desk%d@example.test", n)}})
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("Retry-After"), err
}

// failures is the table. A row without befalls is held elsewhere, by a test of
// that name.
var failures = []struct {
	event     string
	befalls   func(b *befallen)
	elsewhere string
}{
	{"wrong key", func(b *befallen) {
		key := b.read(store.KeyFile)
		b.write(store.KeyFile, (&befallen{instance: founded(b.T)}).read(store.KeyFile))
		b.serves().wants(b.T, exitWrongKey, "no key slot opens with this secret (slots: keyfile 1, recovery 2)")
		b.write(store.KeyFile, key)
		b.serveBriefly()
		if after := b.pass(); after.Leaves <= b.known.Leaves {
			b.Error("the next good start tells the trail nothing of it")
		}
		b.wantsAll()
	}, ""},
	{"header damaged", func(b *befallen) {
		b.write(store.DataFile, harmedHeader(b.T, b.whole))
		b.serves().wants(b.T, exitDamaged, "header damaged", "restore header from", "*.hdr")
		b.does("repair", "--header", b.file(store.HeaderFile)).wants(b.T, 0, "put back")
		b.wantsAll()
	}, ""},
	{"a newer format", func(b *befallen) {
		b.within(func(tx *bbolt.Tx) error {
			bucket := tx.Bucket([]byte("header"))
			newer := bytes.Clone(bucket.Get([]byte("header")))
			binary.BigEndian.PutUint16(newer[bytes.Index(newer, []byte{0, 1}):], 2)
			sum := sha256.Sum256(newer[:len(newer)-sha256.Size])
			newer = append(newer[:len(newer)-sha256.Size], sum[:]...)
			return errors.Join(bucket.Put([]byte("header"), newer), bucket.Put([]byte("mirror"), newer))
		})
		b.serves().wants(b.T, exitNewer, "format 2", "up to 1")
		b.mended()
	}, ""},
	{"a record fails authentication", func(b *befallen) {
		b.within(func(tx *bbolt.Tx) error {
			k, v := tx.Bucket([]byte("charts")).Cursor().Last()
			v = bytes.Clone(v)
			v[len(v)/2] ^= 1
			return tx.Bucket([]byte("charts")).Put(bytes.Clone(k), v)
		})
		e := b.does("verify").wants(b.T, exitDamaged, "charts", "page ")
		if !regexp.MustCompile(`[0-9a-f]{16}|chart `).MatchString(e.out) {
			b.Errorf("no record is named: %s", e.out)
		}
		if report := b.pass(); len(report.Damages) == 0 {
			b.Error("verify --json lists nothing")
		}
		to := filepath.Join(b.TempDir(), "salvaged")
		b.does("salvage", "--to", to).wants(b.T, exitDamaged)
		salvaged := &befallen{instance: &instance{T: b.T, dir: to}}
		salvaged.write(store.KeyFile, b.read(store.KeyFile))
		if now := salvaged.pass(); len(now.Damages) > 0 || now.Charts == 0 {
			b.Errorf("what was salvaged has %d charts of %d: %v", now.Charts, b.known.Charts, now.Damages)
		}
		b.mended()
	}, ""},
	{"a record is missing", func(b *befallen) {
		b.within(func(tx *bbolt.Tx) error {
			k, _ := tx.Bucket([]byte("charts")).Cursor().Last()
			return tx.Bucket([]byte("charts")).Delete(bytes.Clone(k))
		})
		b.does("verify").wants(b.T, exitDamaged, fmt.Sprintf("%d found, %d committed", b.known.Found-1, b.known.Found))
		b.mended()
	}, ""},
	{"a meta page is invalid", func(b *befallen) {
		harmed := bytes.Clone(b.whole)
		page := os.Getpagesize()
		newest := 0
		if binary.NativeEndian.Uint64(harmed[page+64:]) > binary.NativeEndian.Uint64(harmed[64:]) {
			newest = page
		}
		harmed[newest+30] ^= 4
		b.write(store.DataFile, harmed)
		b.serves().wants(b.T, exitDamaged, "meta page", "last commit may be missing; not falling back", "repair --accept-previous-commit")
		b.does("repair", "--accept-previous-commit", "--yes").wants(b.T, 0, ".before-repair-")
		b.does("verify").wants(b.T, 0, "verified")
		b.mended()
	}, ""},
	{"cut short", func(b *befallen) {
		for _, size := range []int{0, 4096, len(b.whole) / 3} {
			b.write(store.DataFile, b.whole[:size])
			b.serves().wants(b.T, exitDamaged, fmt.Sprintf("%d bytes", size), "need")
		}
		b.mended()
	}, ""},
	{"locked", func(b *befallen) {
		serving, _, _ := b.signedIn()
		e := b.serves().wants(b.T, exitLocked, fmt.Sprintf("process %d since 20", serving.Process.Pid))
		if e.took > 10*time.Second {
			b.Errorf("it waited %v", e.took)
		}
		stop(b.T, serving)
		b.wantsAll()
	}, ""},
	{"missing", func(b *befallen) {
		if err := os.Remove(b.file(store.DataFile)); err != nil {
			b.Fatal(err)
		}
		b.serves().wants(b.T, exitNoStore, "careconnect init --data "+b.dir)
		if _, err := os.Stat(b.file(store.DataFile)); err == nil {
			b.Error("it made a store")
		}
		b.mended()
	}, ""},
	{"permissions too wide", func(b *befallen) {
		for _, wide := range []struct {
			path      string
			mode, was os.FileMode
		}{{b.file(store.DataFile), 0o644, 0o600}, {b.dir, 0o755, 0o700}} {
			if err := os.Chmod(wide.path, wide.mode); err != nil {
				b.Fatal(err)
			}
			b.serves().wants(b.T, exitNoWrite, fmt.Sprintf("chmod %o", wide.was))
			if err := os.Chmod(wide.path, wide.was); err != nil {
				b.Fatal(err)
			}
		}
		b.wantsAll()
	}, ""},
	{"read-only disk", func(b *befallen) {
		b.moveTo(smalldisk.New(b.T, smalldisk.Tmpfs, 16<<20))
		disk := filepath.Dir(b.dir)
		if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			b.Fatal(err)
		}
		b.serves().wants(b.T, exitNoWrite, "takes no writes", "serve --read-only")
		r := start(b.T, "serve", "--read-only", "--data", b.dir, "--listen", "127.0.0.1:0")
		var said struct{ Msg, Address string }
		r.line(b.T, &r.err, func(l string) bool { return json.Unmarshal([]byte(l), &said) == nil && said.Msg == "serving" })
		base := "http://" + said.Address
		if code, body := get(b.T, base+"/readyz", ""); code != 200 || !strings.HasPrefix(string(body), "degraded\n") {
			b.Errorf("/readyz says %d %s", code, body)
		}
		for _, path := range []string{"/", "/find", "/sign-in"} {
			if code, _ := get(b.T, base+path, ""); code != 200 {
				b.Errorf("%s answers %d", path, code)
			}
		}
		stop(b.T, r)
		b.wantsAll()
	}, ""},
	{"disk full", func(b *befallen) {
		b.moveTo(smalldisk.New(b.T, smalldisk.Tmpfs, 16<<20))
		serving, base, client := b.signedIn()
		status, _, err := signIn(client, base)
		if err != nil || status != nethttp.StatusSeeOther {
			b.Fatalf("signing in before: %d, %v", status, err)
		}
		filling := filepath.Join(filepath.Dir(b.dir), "filling")
		fillDisk(b.T, filling)
		opened := 0
		for ; ; opened++ {
			status, again, err := opensAccount(client, base, opened)
			if err != nil || opened > 5000 {
				b.Fatalf("after %d accounts: %d, %v", opened, status, err)
			}
			if status >= 400 {
				if status != nethttp.StatusInsufficientStorage || again == "" {
					b.Errorf("account %d answers %d, to be tried again after %q", opened, status, again)
				}
				break
			}
		}
		if status, _, err := signIn(client, base); err != nil || status != nethttp.StatusSeeOther {
			b.Errorf("signing in on a full disk: %d, %v", status, err)
		}
		if code, body := get(b.T, base+"/readyz", ""); code != 200 || !strings.HasPrefix(string(body), "degraded\n") {
			b.Errorf("/readyz says %d %s", code, body)
		}
		for _, path := range []string{"/", "/find", "/sign-in"} {
			if code, body := get(b.T, base+path, ""); code != 200 || !bytes.Contains(body, []byte("988")) {
				b.Errorf("%s answers %d, or without crisis help", path, code)
			}
		}
		if err := os.Remove(filling); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		for {
			if status, _, err = opensAccount(client, base, opened); err != nil || status < 400 {
				break
			}
			if time.Since(began) > 5*time.Second {
				b.Fatalf("5 s after there is room: %d", status)
			}
			time.Sleep(100 * time.Millisecond)
		}
		b.Logf("%d accounts until it was full; it goes on after %v", opened, time.Since(began).Round(time.Millisecond))
		stop(b.T, serving)
		b.wantsAll()
	}, ""},
	{"a sync fails", func(b *befallen) {
		c := command(b.T, "serve", "--data", b.dir, "--listen", "127.0.0.1:0") // the first start makes the operator's account
		c.Path, c.Env = os.Args[0], append(c.Env, syncsFail+"=1")
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		err := c.Run()
		if strings.Contains(out.String(), syncsFail) {
			b.Skip(out.String())
		}
		if code := c.ProcessState.ExitCode(); code != exitIO || !strings.Contains(out.String(), "unknown") {
			b.Errorf("ended with %d, %v: %s", code, err, out.String())
		}
		b.wantsAll()
		b.serveBriefly()
	}, ""},
	{"replaced or removed while in use", func(b *befallen) {
		serving, base, client := b.signedIn()
		if err := os.Rename(b.file(store.DataFile), b.file("elsewhere")); err != nil {
			b.Fatal(err)
		}
		status, again, err := signIn(client, base)
		if err == nil && (status != nethttp.StatusServiceUnavailable || again == "") {
			b.Errorf("a commit into a file that is gone answers %d, to be tried again after %q", status, again)
		}
		_ = serving.end(b.T)
		if code := serving.ProcessState.ExitCode(); code != exitIO || !strings.Contains(serving.err.text(), "replaced or removed") {
			b.Errorf("ended with %d: %s", code, serving.err.text())
		}
		if err := os.Rename(b.file("elsewhere"), b.file(store.DataFile)); err != nil {
			b.Fatal(err)
		}
		b.wantsAll()
	}, ""},
	{"killed", func(b *befallen) {
		serving, base, client := b.signedIn()
		status, _, err := signIn(client, base)
		if err != nil || status != nethttp.StatusSeeOther {
			b.Fatalf("signing in: %d, %v", status, err)
		}
		_ = serving.Process.Kill()
		_ = serving.end(b.T)
		b.wantsAll()
		b.serveBriefly()
	}, ""},
	{"killed, many times and anywhere", nil, "TestKillWhileWriting"},
	{"torn and reordered writes", nil, "TestCrashStates"},
	{"each write and each sync fails", nil, "TestFaultAtEachWriteAndSync"},
	{"each commit fails, on another engine", nil, "TestFaultAtEachUpdateOfAnotherEngine"},
	{"disk full, with everything that goes on", nil, "TestDiskFull"},
	{"the clock goes back by more than five minutes", nil, "TestClockBackIsToldAndDeadlinesGoByTheHighest"},
	{"the clock leaps forward by more than 25 hours", nil, "TestClockForwardWaitsForASecondReading"},
	{"an old file is put in the place of the store", nil, "TestAnOlderFileIsRefusedByItsAnchor"},
}

func TestFailures(t *testing.T) {
	there := tests(t)
	for _, row := range failures {
		t.Run(row.event, func(t *testing.T) {
			if row.befalls != nil {
				row.befalls(newBefallen(t))
			} else if !there[row.elsewhere] {
				t.Errorf("there is no test %s", row.elsewhere)
			}
		})
	}
}

// moveTo puts the instance on another disk.
func (b *befallen) moveTo(dir string) {
	b.Helper()
	for name, body := range files(b.T, b.dir) {
		if name != store.ReserveFile {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.dir = dir
}

// serveBriefly serves until it is ready and stops.
func (b *befallen) serveBriefly() {
	b.Helper()
	serving, base, _ := b.signedIn()
	if code, body := get(b.T, base+"/readyz", ""); code != 200 {
		b.Errorf("/readyz says %d %s", code, body)
	}
	stop(b.T, serving)
}

// fillDisk leaves no room on the disk of a file.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := 1 << 20; chunk > 0; {
		if _, err := f.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
}

// syncsFail has this binary run the program with a kernel that fails each sync of
// data: it lays a filter over itself and becomes the program.
const syncsFail = "CARECONNECT_TEST_SYNCS_FAIL"

func withoutSyncs(args []string) {
	runtime.LockOSThread()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if err == nil {
		err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
	}
	os.Unsetenv(syncsFail)
	if err == nil {
		err = syscall.Exec(args[0], args, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "%s: syncs cannot be made to fail here: %v\n", syncsFail, err)
	os.Exit(1)
}

// postbox is a mail server that keeps what it is sent.
type postbox struct {
	mu    sync.Mutex
	mails []string
	from  string        // by the envelope of the last
	come  chan struct{} // told of each; nil: nobody is
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (*postbox) Rcpt(string, *smtp.RcptOptions) error          { return nil }
func (*postbox) Reset()                                        {}
func (*postbox) Logout() error                                 { return nil }

func (p *postbox) Mail(from string, _ *smtp.MailOptions) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from = from
	return nil
}

func (p *postbox) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, string(body))
	if p.come != nil {
		p.come <- struct{}{}
	}
	return err
}

// opened has a mail server listen, until the test ends, and gives the settings of
// who sends through it.
func (p *postbox) opened(t *testing.T) string {
	t.Helper()
	mta := smtp.NewServer(p)
	mta.AllowInsecureAuth, mta.Domain = true, "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = mta.Serve(l) }()
	t.Cleanup(func() { _ = mta.Close() })
	return fmt.Sprintf("log:\n  level: debug\nmail:\n  host: 127.0.0.1\n  port: %d\n  plain: true\n  from: care@careconnect.example\n", l.Addr().(*net.TCPAddr).Port)
}

func (p *postbox) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mails
}

// A service that is told ten thousand words, by people who are known and by
// strangers, in fields, addresses, headers, tokens and bodies that cannot be read,
// says none of them: not in its log, at its most talkative, not on its standard
// output, not in a mail's subject or text, and not to who asks for its health.
func TestNothingThatIsToldIsLoggedOrMailed(t *testing.T) {
	i := founded(t)
	words := planted.New(11)
	secret := words.Next() + words.Next()
	client := tells(t, i.dir, words, secret)

	box := &postbox{}
	if err := os.WriteFile(i.file("careconnect.yaml"), []byte(box.opened(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	serving, base := startServe(t, i.dir)
	statuses := map[int]int{}
	for len(words.All) < 10_000 {
		for _, r := range requests(t, base, words, secret, client) {
			answer, err := nethttp.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			statuses[answer.StatusCode]++
		}
	}
	health := ""
	for _, path := range []string{"/readyz", "/livez", "/metrics"} {
		_, body := get(t, base+path, "")
		health += string(body)
	}
	for enough := time.Now().Add(20 * time.Second); len(box.all()) == 0 && time.Now().Before(enough); time.Sleep(50 * time.Millisecond) {
	}
	stop(t, serving)

	forms := planted.FormsOf(words.All)
	for _, said := range []struct{ where, text string }{
		{"the log", serving.err.text()}, {"standard output", serving.out.text()}, {"what is said of its health", health},
	} {
		if found := forms.Find([]byte(said.text)); len(found) > 0 {
			t.Errorf("%s shows %d of the words, the first as %s", said.where, len(found), found[0])
		}
	}
	for _, mail := range box.all() {
		var rest []string // an address is in To and nowhere else
		for line := range strings.Lines(mail) {
			if !strings.HasPrefix(line, "To: ") {
				rest = append(rest, line)
			}
		}
		if found := forms.Find([]byte(strings.Join(rest, ""))); len(found) > 0 {
			t.Errorf("a mail shows %d of the words, the first as %s", len(found), found[0])
		}
	}
	t.Logf("%d words; answers by status: %v; %d mails; %d bytes of log", len(words.All), statuses, len(box.all()), len(serving.err.text()))
	if len(box.all()) == 0 || statuses[200] == 0 || statuses[422] == 0 || statuses[401] == 0 || statuses[404] == 0 {
		t.Error("too little was tried to prove anything")
	}
	if found := forms.Find([]byte("a line with " + words.All[5000] + " in it")); len(found) == 0 {
		t.Error("the search finds nothing")
	}
}

// report is what a mail server says of a message: its action and status, to a
// return path.
func report(action, status, to string) string {
	return "From MAILER-DAEMON Fri Nov 20 16:02:11 2026\nFrom: MAILER-DAEMON@mx.example.org\nTo: <" + to + ">\nAuto-Submitted: auto-replied\n" +
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nOttoline Brackwater's mailbox.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n" +
		"Final-Recipient: rfc822; ottoline@example.test\nAction: " + action + "\nStatus: " + status + "\n\n--b--\n"
}

// TestR95ABounceThatAMailServerBrings: a server takes a mail, and finds out later
// that it goes nowhere. The report, given to the program as a mail server gives it,
// is one task, beside the service and without it; nothing else counts for anything,
// and nothing that it says of anybody is repeated.
func TestR95ABounceThatAMailServerBrings(t *testing.T) {
	i := founded(t, "--care-email", "desk@example.test")
	s, err := store.Open(store.Config{Dir: i.dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	somebody(t, s) // two mails: the link, and that plan details wait to be verified
	ottoline, err := s.Find(t.Context(), care.System, care.ByEmail("ottoline@example.test"))
	if err := errors.Join(err, s.Close()); err != nil || len(ottoline) != 1 {
		t.Fatal(err)
	}
	box := &postbox{come: make(chan struct{}, 64)}
	if err := os.WriteFile(i.file("careconnect.yaml"), []byte(box.opened(t)+"  bounces: bounce@care.example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serving, _ := startServe(t, i.dir)
	var to string // of the mail to the client
	for to == "" {
		select {
		case <-box.come:
			box.mu.Lock()
			if strings.Contains(box.mails[len(box.mails)-1], "To: <ottoline@example.test>") {
				to = box.from
			}
			box.mu.Unlock()
		case <-time.After(patience):
			t.Fatal("no mail came")
		}
	}
	at := strings.LastIndexByte(to, '@')
	forged := to[:at-1] + map[bool]string{true: "1", false: "0"}[to[at-1] == '0'] + to[at:]
	var all []ended
	gives := func(in string, args ...string) ended {
		e := i.reads(in, nil, append([]string{"mail", "bounced"}, args...)...)
		all = append(all, e)
		return e
	}
	gives(report("delayed", "4.4.1", to)).wants(t, 0, "nothing was done")
	gives(report("failed", "5.1.1", forged)).wants(t, exitNobody)
	gives(report("failed", "5.1.1", "bounce@care.example.org")).wants(t, exitNobody)
	gives(report("failed", "5.1.1", forged), "--to", "bounce@care.example.org").wants(t, exitNobody)
	gives("From: ottoline@example.test\nTo: "+to+"\n\nWho are you?\n").wants(t, exitDamaged)
	gives("From: ottoline@example.test\nTo: "+to+"\nAuto-Submitted: auto-replied\n\nI am away.\n").wants(t, 0, "nothing was done")
	gives("ottoline@example.test").wants(t, exitDamaged)
	gives("", "ottoline@example.test").wants(t, exitUsage)
	gives(report("failed", "5.1.1", forged), "--to", to).wants(t, 0, "counts as not told")
	gives(report("failed", "5.1.1", to)).wants(t, 0, "known already")
	stop(t, serving)
	gives(report("failed", "5.1.1", to)).wants(t, 0, "known already")
	gives(report("failed", "5.1.1", forged)).wants(t, exitNobody)
	if err := os.Chmod(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	gives(report("failed", "5.1.1", to)).wants(t, exitLocked, "give it again") // nothing that is wrong here loses a bounce
	if err := os.Chmod(i.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	said := serving.err.text() + serving.out.text()
	for _, e := range all {
		said += e.out + e.err
	}
	for _, word := range []string{"@example", "@care", "bounce+", "Ottoline", "Brackwater"} {
		if strings.Contains(said, word) {
			t.Errorf("%q is said:\n%s", word, said)
		}
	}

	if s, err = store.Open(store.Config{Dir: i.dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	chart, err := s.Chart(t.Context(), care.System, ottoline[0].Chart, "test")
	if err != nil {
		t.Fatal(err)
	}
	tasks := 0
	for _, task := range chart.Tasks {
		if task.Code == "mail_undelivered" {
			tasks++
		}
	}
	dead := 0
	for _, m := range chart.Messages {
		if m.State == care.Dead {
			dead++
		}
	}
	if tasks != 1 || dead != 1 {
		t.Errorf("%d tasks and %d messages that did not arrive, want one of each", tasks, dead)
	}
	seen, err := s.Seen(t.Context(), care.System, chart.ID, 100, "test")
	if err != nil || !slices.ContainsFunc(seen, func(line store.Seen) bool { return line.Did == "bounced" }) {
		t.Errorf("the trail does not tell it: %v", err)
	}
}

// tells makes a client whose every field is a word, and lets them in by a token.
func tells(t *testing.T, dir string, words *planted.Words, secret string) care.ChartID {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Now: time.Now, Elapsed: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	do := func(actor care.Actor, a act.Act) string {
		t.Helper()
		out, err := s.Do(t.Context(), actor, a)
		if err != nil {
			t.Fatal(err)
		}
		return out.Made
	}
	id := care.ChartID(do(care.Anonymous, act.Enter{
		FullName: words.Next(), Email: words.Next() + "@example.test", Phone: words.Next(), State: "IL", Zone: "America/Chicago", Source: "direct",
		Concerns: []string{words.Next()}, Language: words.Next(),
	}))
	hash := sha256.Sum256([]byte(secret))
	do(care.System, act.GivePass{Chart: id, Pass: care.Pass{Hash: hex.EncodeToString(hash[:]), Type: care.PassToken}})
	return id
}

// requests are what people send, right and wrong, all of it in words.
func requests(t *testing.T, base string, w *planted.Words, secret string, client care.ChartID) []*nethttp.Request {
	t.Helper()
	var all []*nethttp.Request
	send := func(method, path, token string, body any) {
		t.Helper()
		var text []byte
		kind := "application/json"
		switch body := body.(type) {
		case nil:
		case string:
			text = []byte(body)
		case url.Values:
			text, kind = []byte(body.Encode()), "application/x-www-form-urlencoded"
		default:
			var err error
			if text, err = json.Marshal(body); err != nil {
				t.Fatal(err)
			}
		}
		r, err := nethttp.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		r.Header.Set("User-Agent", w.Next())
		r.Header.Set("Referer", "https://"+w.Next()+".example.test/"+w.Next())
		r.Header.Set("X-Forwarded-For", w.Next())
		if method != nethttp.MethodGet {
			r.Header.Set("Idempotency-Key", w.Next())
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		all = append(all, r)
	}
	type m = map[string]any
	send("GET", "/api/v1/me", secret, nil)
	send("PUT", "/api/v1/me", secret, m{"state": "IL", "zone": "America/Chicago", "contact": m{"email": w.Next() + "@example.test", "phone": w.Next()}})
	send("PUT", "/api/v1/me", secret, m{"state": w.Next(), "zone": w.Next(), w.Next(): w.Next()})
	send("POST", "/api/v1/coverages", secret, m{"kind": "health_plan", "payer": w.Next(), "plan": w.Next(), "member_id": w.Next(), "group": w.Next(), "state": "IL"})
	send("POST", "/api/v1/coverages", secret, m{"kind": w.Next(), "payer": w.Text(3), "plan": 7})
	send("POST", "/api/v1/referrals", secret, m{"provider_id": w.Next(), "note": w.Text(20)})
	send("POST", "/api/v1/matches", secret, m{"note": w.Text(10)})
	send("POST", "/api/v1/benefit", secret, m{"employer_code": w.Next(), "evidence": w.Next()})
	send("PUT", "/api/v1/consent", secret, m{"sharing": true, "scopes": []string{w.Next()}, "text_version": w.Next()})
	send("PUT", "/api/v1/consent", secret, m{"sharing": false, "text_version": act.ConsentTextVersion})
	send("PUT", "/api/v1/screenings/"+w.Next()+"/answers", secret, m{"answers": m{w.Next(): 2}})
	send("POST", "/api/v1/coverages", secret, `{"payer": "`+w.Text(3))
	send("GET", "/api/v1/me", w.Next(), nil)
	send("GET", "/api/v1/referrals/"+w.Next(), secret, nil)
	send("GET", "/api/v1/referrals?status="+w.Next()+"&cursor="+w.Next(), secret, nil)
	send("GET", "/api/v1/providers?q="+w.Next()+"+"+w.Next()+"&specialty="+w.Next()+"&cursor="+w.Next(), "", nil)
	send("GET", "/find?q="+w.Next()+"&employer="+w.Next()+"&specialty="+w.Next(), "", nil)
	send("GET", "/"+w.Next()+"/"+w.Next()+"?"+w.Next()+"="+w.Next(), "", nil)
	send("GET", "/set-up/"+w.Next(), "", nil)
	send("POST", "/sign-in/link", "", url.Values{"email": {w.Next() + "@example.test"}})
	send("DELETE", "/api/v1/me?"+w.Next(), secret, w.Next())
	if len(w.All) < 400 { // each costs a tenth of a second, and says the same
		send("POST", "/sign-in", "", url.Values{"email": {w.Next() + "@example.test"}, "password": {w.Next()}, "next": {"/" + w.Next()}})
		send("POST", "/sign-in", "", url.Values{w.Next(): {w.Next()}})
	}
	return all
}
