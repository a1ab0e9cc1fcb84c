package bolt

import (
	"errors"
	"os"
	"syscall"
)

// allocate has the disk give a part of a file its blocks. What is written there
// already stays; what is new reads as zeros.
func allocate(f *os.File, from, size int64) error {
	var err error
	for {
		if err = syscall.Fallocate(int(f.Fd()), 0, from, size); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return zeros(f, from, size)
	}
	return err
}
