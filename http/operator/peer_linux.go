package operator

import (
	"net"
	"syscall"
)

// peer is the user at the other end of a socket.
func peer(conn *net.UnixConn) (uid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var problem error
	if err := raw.Control(func(fd uintptr) {
		cred, problem = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if problem != nil {
		return 0, problem
	}
	return int(cred.Uid), nil
}
