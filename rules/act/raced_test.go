//go:build race

package act_test

// slower is how much the race detector slows a campaign down.
const slower = 10
