package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"careconnect/store"
	"careconnect/store/smalldisk"
)

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
