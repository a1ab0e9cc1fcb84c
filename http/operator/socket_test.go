package operator

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/store"
)

// service is a store that takes commands.
type service struct {
	*testing.T
	*store.Store
	*Socket
	dir string
}

func serving(t *testing.T) *service {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	d := Desk{Context: t.Context(), Out: io.Discard, Err: io.Discard, Now: time.Now, Elapsed: func() time.Duration { return time.Since(began) }, Exit: func(err error) int {
		if errors.Is(err, store.ErrPermission) {
			return 73
		}
		return 1
	}}
	s, err := store.Create(d.Config(dir), store.Production, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(time.Now().UTC().Truncate(time.Second))})
	if err != nil {
		t.Fatal(err)
	}
	k, err := d.Listen(dir, s, "http://care.example.test", nil)
	if err != nil {
		t.Fatal(errors.Join(err, s.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(k.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return &service{t, s, k, dir}
}

// calls sends lines, with files, over a line of its own.
func (s *service) calls(lines string, files ...*os.File) *net.UnixConn {
	s.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(s.dir, SocketFile), Net: "unix"})
	if err != nil {
		s.Fatal(err)
	}
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	if _, _, err := conn.WriteMsgUnix([]byte(lines), syscall.UnixRights(fds...), nil); err != nil && !errors.Is(err, syscall.EPIPE) { // turned away already
		s.Fatal(err)
	}
	return conn
}

// ended reads what is said until the end of a call.
func (s *service) ended(conn *net.UnixConn) event {
	s.Helper()
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			s.Fatal(err)
		}
		if e.Ended {
			return e
		}
	}
	s.Fatal("the call was cut")
	return event{}
}

// registry is a file of some chunks of rows.
func registry(t *testing.T) *os.File {
	t.Helper()
	packed, err := os.Open("../intake/testdata/npidata_pfile_fictional.csv.gz")
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
	path := filepath.Join(t.TempDir(), "registry.csv")
	if err := os.WriteFile(path, bytes.Join(bytes.SplitAfterN(body, []byte("\n"), 701)[:700], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

const orderImport = `{"work":"import providers","is":{"Name":"registry","Report":false,"JSON":true}}` + "\n"

// TestWhatIsNoOrderIsRefused: by a service of another version, above all.
func TestWhatIsNoOrderIsRefused(t *testing.T) {
	s := serving(t)
	for _, row := range []struct{ order, says string }{
		{`{"work":"tidy up"}`, "another version"},
		{`{"work":"verify","is":{"Deeply":true}}`, "another version"},
		{`{"work":"verify","is":[]}`, "does not understand"},
		{`hello`, "invalid character"},
		{`{"work":"import providers","is":{}}`, "0 files came with the order"},
		{strings.Repeat("x", mostOrder+10), "longer than"},
	} {
		if e := s.ended(s.calls(row.order + "\n")); e.Exit == 0 || !strings.Contains(e.Error, row.says) {
			t.Errorf("%.40s ends with %d and %q", row.order, e.Exit, e.Error)
		}
	}
	if e := s.ended(s.calls(`{"work":"verify","is":{}}` + "\n")); e.Exit != 0 {
		t.Errorf("after those it verifies no more: %s", e.Error)
	}
}

// TestWhoHasGoneStopsOnlyWhatIsForThem: an import goes on to its end though
// nobody listens; what only answers is stopped.
func TestWhoHasGoneStopsOnlyWhatIsForThem(t *testing.T) {
	s := serving(t)
	if err := s.calls(orderImport, registry(t)).Close(); err != nil {
		t.Fatal(err)
	}
	again := func() string {
		conn := s.calls(orderImport, registry(t))
		defer conn.Close()
		body := new(bytes.Buffer)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if body.Write(e.Out); e.Ended {
				break
			}
		}
		return body.String()
	}
	s.waits(func() bool { return strings.Contains(again(), `"imported":0`) })

	for _, row := range works {
		ctx, stop := context.WithCancel(t.Context())
		(&call{answers: make(chan answer, 1)}).hear(strings.NewReader(""), stop, row.on)
		if gone := ctx.Err() != nil; gone == row.on {
			t.Errorf("%s: stopped %v, goes on %v", row.name, gone, row.on)
		}
		stop()
	}
}

// waits for something that comes by itself.
func (s *service) waits(until func() bool) {
	s.Helper()
	for range 400 {
		if until() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.Error("it did not come")
}

// TestWhoSaysStopStopsTheWork, and what it had not done is not done.
func TestWhoSaysStopStopsTheWork(t *testing.T) {
	s := serving(t)
	before, err := s.Sequence()
	if err != nil {
		t.Fatal(err)
	}
	e := s.ended(s.calls(orderImport+`{"stop":true}`+"\n", registry(t)))
	if e.Exit == 0 || !strings.Contains(e.Error, "canceled") {
		t.Errorf("ended with %d, %q", e.Exit, e.Error)
	}
	if after, err := s.Sequence(); err != nil || after > before+2 {
		t.Errorf("%d commits were made, %v", after-before, err)
	}
	to := filepath.Join(t.TempDir(), "backups")
	e = s.ended(s.calls(`{"work":"backup","is":{"To":"` + to + `","JSON":false}}` + "\n" + `{"stop":true}` + "\n"))
	if left, err := filepath.Glob(filepath.Join(to, "*.draft")); err != nil || len(left) > 0 {
		t.Errorf("a backup that ended with %q left %v, %v", e.Error, left, err)
	}
}

// TestAServiceThatStopsEndsItsCalls: those that are silent, that are asked, and
// that are at work.
func TestAServiceThatStopsEndsItsCalls(t *testing.T) {
	s := serving(t)
	silent := s.calls("{")
	defer silent.Close()
	asked := s.calls(`{"work":"rekey slot new","is":{"Type":"passphrase"},"asks":true}` + "\n")
	defer asked.Close()
	lines := bufio.NewScanner(asked)
	if !lines.Scan() || !strings.Contains(lines.Text(), "New passphrase") {
		t.Fatalf("it asks %q", lines.Text())
	}
	working := s.calls(orderImport, registry(t))
	defer working.Close()
	began := time.Now()
	if err := s.Socket.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to stop", took)
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), "the service stops") {
		t.Errorf("who was asked is told %q", lines.Text())
	}
	if slots := s.Slots(); len(slots) != 1 {
		t.Errorf("there are %d slots", len(slots))
	}
}

// TestAPassphraseIsAskedForOverTheLine, twice, and the answers open the store.
func TestAPassphraseIsAskedForOverTheLine(t *testing.T) {
	s := serving(t)
	conn := s.calls(`{"work":"rekey slot new","is":{"Type":"passphrase"},"asks":true}` + "\n")
	defer conn.Close()
	out := json.NewEncoder(conn)
	said := ""
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Ask != "" {
			if err := out.Encode(answer{Text: []byte("a phrase of nobody's")}); err != nil {
				t.Fatal(err)
			}
		}
		if said += string(e.Out); e.Ended {
			if e.Exit != 0 || !strings.Contains(said, "Slot 2 (passphrase)") {
				t.Errorf("ended with %d, %q; it said %q", e.Exit, e.Error, said)
			}
			break
		}
	}
	file := filepath.Join(t.TempDir(), "phrase")
	if err := os.WriteFile(file, []byte("a phrase of nobody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if slot, err := s.CheckSecret(store.Keys{Passphrase: file}); err != nil || slot.ID != 2 {
		t.Errorf("the phrase opens slot %d, %v", slot.ID, err)
	}
}

func TestCommandsPassBetweenOneUserOnly(t *testing.T) {
	for _, row := range []struct {
		other, own int
		pass       bool
	}{{1000, 1000, true}, {0, 0, true}, {0, 1000, false}, {1000, 0, false}, {1000, 1001, false}} {
		if err := admits(row.other, row.own); (err == nil) != row.pass || err != nil && !errors.Is(err, store.ErrPermission) {
			t.Errorf("between %d and %d: %v", row.other, row.own, err)
		}
	}
}

// TestAnotherUserIsRefused opens folder and socket to everybody, as nobody should,
// and calls as another user, which only root can.
func TestAnotherUserIsRefused(t *testing.T) {
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("only root can call as another user; TestCommandsPassBetweenOneUserOnly holds the rule")
	}
	s := serving(t)
	for path := s.dir; path != os.TempDir(); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(s.dir, 0o700)
	if err := os.Chmod(filepath.Join(s.dir, SocketFile), 0o666); err != nil {
		t.Fatal(err)
	}
	ended := make(chan event, 1)
	go func() {
		defer close(ended)     // also when a call that fails ends this
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		const keep = ^uintptr(0)
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, 65534, keep); errno != 0 {
			t.Error(errno)
		}
		ended <- s.ended(s.calls(`{"work":"verify","is":{}}` + "\n"))
	}()
	if e := <-ended; e.Exit != 73 || !strings.Contains(e.Error, "user 65534") {
		t.Errorf("another user is told %d, %q", e.Exit, e.Error)
	}
}
