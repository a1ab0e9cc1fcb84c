//go:build !race

package act_test

const slower = 1
