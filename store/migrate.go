package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// migration brings a store from one format to the next. It is done in steps, each
// in a commit of its own that also keeps how far it came, so it may be killed at
// any instant and goes on at the next start. A step is told where the one before
// ended, nil at the beginning, and gives where it ended, nil when all is done. It
// works on what is sealed in the file, and may be run again within its commit.
type migration struct {
	says string // what changes, for the trail: a few words and no name
	step func(c *commit, from []byte) (at []byte, err error)
}

// migrations are all of them, in their order. A store's format is how many it has
// been through; a new one has nothing to go through. A record's new shape is one
// row more at the end and an old file more in testdata. A row is never changed.
var migrations = []migration{
	{"coverages stand in the list of their plan, appointments in that of visits", standing(care.KindCoverage, care.KindAppointment)},
	{"deadlines that wait for somebody stand in a list of their own", standing(care.KindDeadline)},
	{"episodes stand in the list of the month in which care was sought", standing(care.KindEpisode)},
}

// ErrOlder: the store has an older format than the program works with, and it was
// opened in a way that does not change it.
var ErrOlder = errors.New("the store has an older format")

// Upgrade says how far a store is brought from one format to another.
type Upgrade struct {
	From, To int
	Snapshot string // the store as it was; empty of a throwaway one
	Ended    bool
}

// upgrading is the place of a migration that is under way.
type upgrading struct {
	From int    `json:"from"` // the format at its beginning
	At   []byte `json:"at,omitempty"`
}

// formats are the migrations that this program knows.
func (c Config) formats() []migration {
	if c.migrations != nil {
		return c.migrations
	}
	return migrations
}

// known refuses a store of a newer format, and names both.
func (c Config) known(s state) error {
	if program := len(c.formats()); s.Format > program {
		return seal.NewerFormat{File: s.Format, Program: program}
	}
	return nil
}

// current refuses one of an older format, for those who only look.
func (c Config) current(s state) error {
	if program := len(c.formats()); s.Format < program {
		return fmt.Errorf("%w: it has format %d, this program works with %d; careconnect serve brings it up to date and keeps a copy of it as it was", ErrOlder, s.Format, program)
	}
	return nil
}

// migrate brings the store to the program's format, before anything else is done
// with it. A copy of it as it was is made first, unless it is one itself.
func (s *Store) migrate(keep bool) error {
	program := len(s.config.formats())
	if s.state.Format == program {
		return nil
	}
	if s.config.ReadOnly {
		return s.config.current(s.state)
	}
	u := Upgrade{From: s.state.Format, To: program}
	if s.state.Upgrade != nil {
		u.From = s.state.Upgrade.From
	} else if keep && s.Kind() == Production {
		var err error
		if u.Snapshot, err = s.snapshot(fmt.Sprintf(".before-v%d", program)); err != nil {
			return fmt.Errorf("keep the store as it was before it is brought from format %d to %d: %w", u.From, program, err)
		}
	}
	s.config.upgraded(u)
	for s.state.Format < program {
		if err := s.upgradeStep(u.From); err != nil {
			return fmt.Errorf("bring the store from format %d to %d: %w", s.state.Format, s.state.Format+1, err)
		}
	}
	u.Ended = true
	s.config.upgraded(u)
	return nil
}

func (c Config) upgraded(u Upgrade) {
	if c.Upgraded != nil {
		c.Upgraded(u)
	}
}

// upgradeStep does one step of the next migration, with how far it came and, when
// that is its end, its line in the trail: one commit.
func (s *Store) upgradeStep(from int) error {
	m := s.config.formats()[s.state.Format]
	var at []byte
	if s.state.Upgrade != nil {
		at = s.state.Upgrade.At
	}
	var made *commit
	err := s.engine.Update(func(w engine.Writer) error {
		s.charts = newChartCache()
		s.sums.forget()
		c := s.newCommit(w)
		next, err := m.step(c, at)
		if err != nil {
			return err
		}
		c.state.Sequence++
		c.state.Upgrade = &upgrading{From: from, At: next}
		c.state.Shows = nil // what was kept of the directory may have another shape
		if next == nil {
			c.state.Format++
			if c.state.Format == len(s.config.formats()) {
				c.state.Upgrade = nil
			}
			c.entries = []Entry{{At: c.now, Role: care.RoleSystem, Did: "migrate", Effect: fmt.Sprintf("format %d: %s", c.state.Format, m.says), Outcome: "yes", note: true}}
			if err := c.writeTrail(); err != nil {
				return err
			}
		}
		made = c
		return c.state.write(c.w.Writer, s.vault)
	})
	if err != nil {
		return err
	}
	s.state = made.state
	return nil
}

// migrateAtOnce is how many records one step looks at.
const migrateAtOnce = 2048

// rewriting is the step of a migration that gives records another shape. change is
// told the kind of a record and its content, and gives the new content, or nil
// where it stays. What a record stands in must not change by it.
func rewriting(change func(kind care.Kind, body []byte) ([]byte, error)) func(c *commit, from []byte) ([]byte, error) {
	return func(c *commit, from []byte) (at []byte, err error) {
		var found []sealed
		err = c.w.Scan(engine.Charts, nil, from, func(k, v []byte) error {
			if len(found) == migrateAtOnce {
				at = bytes.Clone(k)
				return engine.ErrStop
			}
			found = append(found, sealed{bytes.Clone(k), bytes.Clone(v)})
			return nil
		})
		for _, record := range found {
			if err == nil {
				err = c.reshape(record, change)
			}
		}
		return at, err
	}
}

// standing is the step of a migration that lets the records of some kinds stand in
// the lists that they did not stand in before.
func standing(of ...care.Kind) func(c *commit, from []byte) ([]byte, error) {
	return func(c *commit, from []byte) (at []byte, err error) {
		type found struct {
			chart  care.ChartID
			record care.Record
		}
		var all []found
		n := 0
		err = c.w.Scan(engine.Charts, nil, from, func(k, v []byte) error {
			if n++; n > migrateAtOnce {
				at = bytes.Clone(k)
				return engine.ErrStop
			}
			prefix := prefixOf(k)
			key, err := c.vault.UnwrapChartKey(c.w.Get(engine.Keys, prefix), prefix)
			if err != nil {
				return fmt.Errorf("key of record %x: %w: %w", k, ErrDamaged, err)
			}
			plain, err := key.Open(chartAD(k, prefix), v)
			if err != nil {
				return fmt.Errorf("record %x: %w: %w", k, ErrDamaged, err)
			}
			if len(plain) < 2 || plain[0] != codecJSON {
				return nil // a head
			}
			record, err := decodeRecord(plain)
			if err != nil || !slices.Contains(of, record.Kind()) {
				return err
			}
			h, err := headIn(c.w, key, prefix)
			all = append(all, found{h.ID, record})
			return err
		})
		for _, f := range all {
			for _, place := range stands(f.chart, f.record) {
				if err == nil && c.w.Get(engine.Sets, c.entryName(place.Set, place.Entry)) == nil {
					err = c.enter(place, false)
				}
			}
		}
		return at, err
	}
}

// reshape seals a record anew if its content changes.
func (c *commit) reshape(record sealed, change func(kind care.Kind, body []byte) ([]byte, error)) error {
	prefix := prefixOf(record.name)
	key, err := c.vault.UnwrapChartKey(c.w.Get(engine.Keys, prefix), prefix)
	if err != nil {
		return fmt.Errorf("key of record %x: %w: %w", record.name, ErrDamaged, err)
	}
	plain, err := key.Open(chartAD(record.name, prefix), record.value)
	if err != nil {
		return fmt.Errorf("record %x: %w: %w", record.name, ErrDamaged, err)
	}
	if len(plain) < 2 || plain[0] != codecJSON {
		return nil // a head
	}
	for _, k := range kinds {
		if k.number != plain[1] {
			continue
		}
		body, err := change(k.name, plain[2:])
		if err != nil || body == nil {
			return err
		}
		value, err := key.Seal(nil, chartAD(record.name, prefix), append([]byte{codecJSON, k.number}, body...))
		if err != nil {
			return err
		}
		return c.w.Put(engine.Charts, record.name, value)
	}
	return nil
}

// snapshot copies the file as it is now beside it, whole or not at all.
func (s *Store) snapshot(end string) (string, error) {
	path := filepath.Join(s.config.Dir, DataFile)
	draft, err := os.CreateTemp(s.config.Dir, DataFile+".copy-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(draft.Name())
	err = engine.ViewWhole(s.engine, func(r engine.Reader) error {
		c, ok := r.(engine.Copier)
		if !ok {
			return errors.New("this engine keeps no file that could be copied")
		}
		return c.Copy(draft)
	})
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return "", err
	}
	name, err := aside(draft.Name(), path+end)
	return name, errors.Join(err, syncDir(s.config.Dir))
}
