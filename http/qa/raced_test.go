//go:build race

package qa

// slower is how much the race detector slows a campaign down.
const slower = 20
