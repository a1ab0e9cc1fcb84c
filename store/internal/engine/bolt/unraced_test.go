//go:build !race

package bolt

const raced = false
