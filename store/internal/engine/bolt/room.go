package bolt

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"careconnect/store/internal/engine"
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

func growth(size int64) int64 { return min(max(size/4, leastGrowth), mostGrowth) }

// room is the part of the file that certainly has blocks on the disk. A file
// that is only made longer has none behind its new end: a write there may find
// the disk full in the middle of a commit, whose outcome is then unknown.
type room struct {
	end int64 // no page at or behind it is written; its user holds Store.writing
}

// backed gives the size up to which a commit may write. It sees ahead that there
// is some room behind what is in use; where there is not, the commit finds out
// whether it can do without.
func (s *Store) backed(b *body, used int64) (int, error) {
	b.room.end = max(b.room.end, used)
	if b.room.end-used < growth(used)/2 {
		if err := s.extend(b, used+growth(used)); err != nil && !errors.Is(err, engine.ErrNoRoom) {
			return 0, err
		}
	}
	return int(b.room.end), nil
}

// grow makes room for more bytes, or for as many as there still are, and gives
// their number. The error wraps engine.ErrNoRoom if there are none.
func (s *Store) grow(more int64) (int64, error) {
	b := s.body.Load()
	page, had := int64(b.db.Info().PageSize), b.room.end
	for {
		err := s.extend(b, had+more)
		if more /= 2; !errors.Is(err, engine.ErrNoRoom) || more < page {
			return b.room.end - had, err
		}
	}
}

// giveBack cuts the file to the size up to which it had blocks before a commit
// that was too large took all there were: others need the disk too.
func (s *Store) giveBack(had int64) error {
	b := s.body.Load()
	if b.room.end == had {
		return nil
	}
	b.room.end = had
	if err := b.disk.Truncate(had); err != nil { // nothing in use stands behind it
		return classify(s.path, err)
	}
	return nil
}

// extend has the disk give blocks up to a size, and makes that durable. What is
// there already stays as it is.
func (s *Store) extend(b *body, to int64) error {
	page := int64(b.db.Info().PageSize)
	to = (to + page - 1) / page * page
	if to <= b.room.end {
		return nil
	}
	err := allocate(b.disk, b.room.end, to-b.room.end)
	if err == nil && !b.db.NoSync {
		err = b.disk.Sync()
	}
	if err != nil {
		return classify(s.path, err)
	}
	b.room.end = to
	return nil
}

// ReserveFile is the name of the file beside the store that holds room back.
const ReserveFile = "careconnect.reserve"

// HoldBack makes the reserve: a file of nothing that has its blocks. To be made
// anew it wants more than its own size, so that what is held back is not the
// last that there was.
func (s *Store) HoldBack() error {
	path := s.reservePath()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return classify(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() >= engine.Reserve {
		return err
	}
	had := info.Size()
	err = allocate(f, 0, engine.Reserve+4*leastGrowth)
	if err == nil {
		had = engine.Reserve
	}
	if err := errors.Join(err, f.Truncate(had), f.Sync()); err != nil {
		return classify(path, err)
	}
	return nil
}

// Spend cuts the reserve down and takes what it held for the store's own file,
// before anybody else has it.
func (s *Store) Spend(down int64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	path := s.reservePath()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= down {
		return nil
	}
	if err == nil && down > 0 {
		err = os.Truncate(path, down)
	} else if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return classify(path, err)
	}
	for left := info.Size() - down; left > 0; {
		took, err := s.grow(left)
		if errors.Is(err, engine.ErrNoRoom) {
			return nil // that was all; or somebody else was faster
		}
		if err != nil {
			return err
		}
		left -= took
	}
	return nil
}

func (s *Store) reservePath() string { return filepath.Join(filepath.Dir(s.path), ReserveFile) }

// zeros gives a file blocks by writing zeros behind its end, where the disk
// cannot be asked for them.
func zeros(f *os.File, from, size int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	some := make([]byte, leastGrowth)
	for at := max(from, info.Size()); at < from+size; at += int64(len(some)) {
		if _, err := f.WriteAt(some[:min(int64(len(some)), from+size-at)], at); err != nil {
			return err
		}
	}
	return f.Sync() // some disks say only now that they are full
}
