//go:build linux

package store

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// evict has the system forget what it keeps of a file in memory.
func evict(b *testing.B, path string) {
	b.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(b, err)
	must(b, errors.Join(file.Sync(), unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED), file.Close()))
}
