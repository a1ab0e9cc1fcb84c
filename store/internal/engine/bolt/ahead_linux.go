package bolt

import "syscall"

// readAhead asks the system to read a mapped file from its beginning to its end:
// whoever follows a tree through it asks in no order that the system could foresee.
func readAhead(data []byte) {
	const step = 16 << 20
	for len(data) > 0 {
		n := min(step, len(data))
		if syscall.Madvise(data[:n], syscall.MADV_WILLNEED) != nil {
			return
		}
		data = data[n:]
	}
}
