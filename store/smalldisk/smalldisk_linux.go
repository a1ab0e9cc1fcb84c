// Package smalldisk gives tests a disk of their own that is soon full, so that
// what happens then is tried and not imagined.
package smalldisk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The file systems that a small disk can have.
const (
	Tmpfs = "tmpfs"
	Ext4  = "ext4" // an image behind a loop device, which only root may mount
)

// within is set for a test that runs again in a namespace of its own.
const within = "CARECONNECT_TEST_NAMESPACE"

// New gives a folder, for its owner only, on a disk of so many bytes that
// the test has for itself. Where mounting is not allowed the test is run once
// more in a user namespace of its own, where it is; where that is refused too it
// is skipped and says why.
func New(t *testing.T, system string, size int64) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	err := mount(t, system, at, size)
	if errors.Is(err, syscall.EPERM) && system == Tmpfs && os.Getenv(within) == "" {
		again(t)
	}
	if err != nil {
		t.Skipf("a small disk (%s) cannot be mounted here, so a full one is not tried: %v", system, err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
	dir := filepath.Join(at, "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mount(t *testing.T, system, at string, size int64) error {
	if system == Tmpfs {
		return syscall.Mount("careconnect-test", at, "tmpfs", 0, fmt.Sprintf("size=%d", size))
	}
	image := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, size); err != nil {
		return err
	}
	for _, line := range [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, at}} {
		if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line[0], err, out)
		}
	}
	return nil
}

// again runs the test in a namespace where this user is root, and ends it with
// what came of that.
func again(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), within+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		t.Skipf("neither a small disk nor a namespace for one is allowed here, so a full disk is not tried: %v", err)
	}
	if err != nil {
		t.Fatalf("in a namespace of its own: %v\n%s", err, out)
	}
	t.Skipf("this was run in a namespace of its own, and is well:\n%s", out)
}
