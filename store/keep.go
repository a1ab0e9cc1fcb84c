package store

import (
	"errors"
	"os"
	"time"
)

// Keep says how many backups are kept: the last one of each of so many hours in
// which there is one, and of so many days, in UTC.
type Keep struct{ Hourly, Daily int }

// keeps says of instants, the newest first, which are kept. Hours and days
// without a backup do not count, so an idle store loses none by waiting.
func (k Keep) keeps(newest []time.Time) []bool {
	kept := make([]bool, len(newest))
	for _, rule := range []struct {
		most int
		each string // one is kept of those that are the same in it
	}{{k.Hourly, "2006010215"}, {k.Daily, "20060102"}} {
		last, n := "", 0
		for i, at := range newest {
			if of := at.UTC().Format(rule.each); of != last && n < rule.most {
				last, kept[i] = of, true
				n++
			}
		}
	}
	return kept
}

// Until is when a backup that was made at an instant is gone at the latest, if one
// is made each day.
func (k Keep) Until(made time.Time) time.Time { return made.AddDate(0, 0, max(k.Daily, 0)+1) }

// Prune removes the backups of this store that need not be kept. The one that
// was proven last, and what is newer than it, always stay: a restore may need
// them. If it is not among them nothing is removed. It gives what was removed.
func (s *Store) Prune(dir string, keep Keep, proven BackupInfo) ([]string, error) {
	all, err := s.Backups(dir)
	if err != nil {
		return nil, err
	}
	times := make([]time.Time, len(all))
	for i, b := range all {
		times[i] = b.At
	}
	var removed []string
	behind := false
	for i, kept := range keep.keeps(times) {
		if behind && !kept {
			if err := os.Remove(all[i].Path); err != nil {
				return removed, err
			}
			removed = append(removed, all[i].Path)
		}
		behind = behind || all[i].Path == proven.Path
	}
	if len(removed) == 0 {
		return nil, nil
	}
	return removed, errors.Join(syncDir(dir))
}
