package bolt

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"careconnect/store/internal/engine"
)

// Waiting for a lock: how long unless told otherwise, and how often to look.
const (
	patience = time.Second
	between  = 20 * time.Millisecond
)

// lock takes the file for this process, alone to write or with others to read,
// and waits for it no longer than the options say. It is the lock that bbolt
// takes too; we need it earlier, so that nobody writes while we look.
func lock(file *os.File, path string, o Options) error {
	how := syscall.LOCK_EX
	if o.ReadOnly {
		how = syscall.LOCK_SH
	}
	wait := o.Timeout
	if wait <= 0 {
		wait = patience
	}
	for ; ; wait -= between {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("%s: lock: %w", path, err)
		case wait <= 0:
			return heldBy(file, path)
		}
		time.Sleep(between)
	}
}

// holder is the note beside the file that says which process writes to it. It
// is for people only: the lock is what keeps others out.
type holder struct{ path string }

// hold writes the note. A store that cannot have one, on a full disk for
// instance, is opened nevertheless.
func hold(path string) *holder {
	h := &holder{path + ".holder"}
	_ = os.Remove(h.path)
	if err := os.WriteFile(h.path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil
	}
	return h
}

func (h *holder) remove() {
	if h != nil {
		_ = os.Remove(h.path)
	}
}

// heldBy says who holds the file: by the note and its time, or else by the
// kernel's list of locks. A note may be left over from a process that was
// killed, so the kernel is asked first.
func heldBy(file *os.File, path string) error {
	e := engine.Locked{Path: path, PID: kernelHolder(file)}
	note, err := os.ReadFile(path + ".holder")
	if err != nil {
		return e
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(note)))
	if err != nil || pid <= 0 || (e.PID != 0 && e.PID != pid) {
		return e
	}
	e.PID = pid
	if info, err := os.Stat(path + ".holder"); err == nil {
		e.Since = info.ModTime()
	}
	return e
}

// kernelHolder looks for the file among the locks of /proc/locks, and returns
// 0 where there is no such list or the holder is hidden from us.
func kernelHolder(file *os.File) int {
	var st syscall.Stat_t
	if err := syscall.Fstat(int(file.Fd()), &st); err != nil {
		return 0
	}
	list, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer list.Close()
	inode := ":" + strconv.FormatUint(st.Ino, 10)
	for lines := bufio.NewScanner(list); lines.Scan(); {
		// "1: FLOCK  ADVISORY  WRITE 1234 08:02:5678 0 EOF"
		f := strings.Fields(lines.Text())
		if len(f) == 8 && f[1] == "FLOCK" && strings.HasSuffix(f[5], inode) {
			if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 {
				return pid
			}
		}
	}
	return 0
}
