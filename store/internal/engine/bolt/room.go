package bolt

import (
	"math"
	"strconv"
	"syscall"
)

// bbolt maps its file into memory, and when the file outgrows the map it waits
// for every reader to finish, holding up new readers meanwhile: one slow export
// would stop the house. So we ask at once for more addresses than a file is
// likely to need. They cost nothing until there is something behind them.
const addresses = 64 << 30

// mapSize is how many addresses to ask for, for a file of this size. Where
// addresses are scarce it is 0: bbolt then maps what it needs.
func mapSize(file int64) int {
	var limit syscall.Rlimit
	if strconv.IntSize < 64 || syscall.Getrlimit(syscall.RLIMIT_AS, &limit) != nil || limit.Cur < math.MaxInt64 {
		return 0
	}
	return int(max(addresses, 2*file))
}

// What a file grows by: a quarter of itself, within these bounds. Each growth
// costs a sync, so a busy store should grow seldom and a small one stay small.
const (
	leastGrowth = 64 << 10
	mostGrowth  = 16 << 20
)

func growth(size int64) int {
	return int(min(max(size/4, leastGrowth), mostGrowth))
}
