//go:build race

package bolt

// raced says that the race detector is watching, which makes all of it ten times
// slower.
const raced = true
