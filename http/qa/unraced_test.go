//go:build !race

package qa

const slower = 1
