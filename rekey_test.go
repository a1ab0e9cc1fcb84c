package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"careconnect/store"
)

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
	i.does("rekey", "slot", "list").wants(t, exitLocked, "in use by process")
	i.does("rekey", "slot", "replace", "secret", "--new", mounted).wants(t, exitLocked, "in use by process")
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
	mark := []byte("CARECONN\x00\x01")
	if n := bytes.Count(whole, mark); n < 2 {
		t.Fatalf("%d headers in the file", n)
	}
	for at := 0; ; {
		next := bytes.Index(whole[at:], mark)
		if next < 0 {
			break
		}
		at += next + len(mark)
		whole[at+50] ^= 4
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
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
