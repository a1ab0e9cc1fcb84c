//go:build !linux

package bolt

func readAhead([]byte) {}
