package terminal

import "golang.org/x/sys/unix"

// quiet has a terminal show nothing of what is typed. It is done before the
// prompt, so that whoever types at once is not shown either.
func quiet(terminal int) error {
	mode, err := unix.IoctlGetTermios(terminal, unix.TCGETS)
	if err != nil {
		return err
	}
	mode.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(terminal, unix.TCSETS, mode)
}
