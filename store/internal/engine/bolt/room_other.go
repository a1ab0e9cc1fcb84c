//go:build !linux

package bolt

import "os"

// allocate has the disk give a part of a file its blocks.
func allocate(f *os.File, from, size int64) error { return zeros(f, from, size) }
