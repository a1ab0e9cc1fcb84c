package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine/bolt"
)

// Commit says which commit a store is at.
type Commit struct {
	Sequence uint64    `json:"seq"`
	High     time.Time `json:"high"` // the highest instant that it had seen
}

// Mended says what mending a torn file means.
type Mended struct {
	What    string    `json:"what"`             // what is wrong with it
	Kept    Commit    `json:"kept"`             // what the store is at afterwards
	Lost    *Commit   `json:"lost,omitempty"`   // what it was at, if that can still be read and is not kept
	Whole   bool      `json:"whole"`            // nothing is lost: the newest commit is whole, and only its meta page was not
	Written time.Time `json:"written"`          // when the file was last written
	Records uint64    `json:"records"`          // that were opened
	Before  string    `json:"before,omitempty"` // where the torn file lies now
}

// mendingFile is the store that is to take the torn one's place.
const mendingFile = DataFile + ".mending"

// Mend makes a store whole whose meta pages are broken, so that opening refuses
// it: in a copy that is at the newest commit that all of it can be proven for,
// read through, and given a line in its trail. The one that was there stays under
// another name. Unless nothing is lost, accept is asked before anything takes its
// place; its error ends the mending and leaves everything as it was. False if
// there is nothing to mend.
func Mend(ctx context.Context, config Config, accept func(Mended) error, progress Progress) (Mended, bool, error) {
	config.Fatal, config.Header, config.Anchor = nil, "", "" // whoever serves it next answers to the anchor
	path := filepath.Join(config.Dir, DataFile)
	torn, err := bolt.OpenTorn(path)
	if err != nil || torn == nil {
		return Mended{}, false, err
	}
	defer torn.Close()
	m := &mending{ctx: ctx, config: config, torn: torn, side: filepath.Join(config.Dir, mendingFile), progress: progress}
	m.done.What, m.done.Written = torn.What, torn.Written.UTC()
	if m.keys, err = config.Keys.again(); err != nil {
		return m.done, true, err
	}
	defer m.discard()
	if err := m.newest(); err != nil {
		return m.done, true, err
	}
	if !m.done.Whole {
		if err := accept(m.done); err != nil {
			return m.done, true, err
		}
	}
	if err := m.note(); err != nil {
		return m.done, true, err
	}
	m.done.Before, err = aside(path, path+".before-repair-"+config.Now().UTC().Format(stampLayout))
	if err == nil {
		err = os.Rename(m.side, path)
	}
	if err == nil {
		err = syncDir(config.Dir)
	}
	return m.done, true, err
}

// mending is one mending on its way.
type mending struct {
	ctx      context.Context
	config   Config
	torn     *bolt.Torn
	side     string
	keys     func() Keys
	progress Progress
	store    *Store // the copy, closed
	done     Mended
}

func (m *mending) discard() {
	for _, name := range []string{m.side, m.side + ".holder"} {
		_ = os.Remove(name)
	}
}

// newest finds the newest commit that is whole.
func (m *mending) newest() error {
	var why []error
	for of := range m.torn.Commits() {
		m.discard()
		if err := m.torn.Copy(m.side, of); err != nil {
			return err
		}
		err := m.proven()
		if err == nil {
			m.done.Whole = of == 0 && m.torn.Newer
			return nil
		}
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		why = append(why, err)
	}
	return fmt.Errorf("%s; and what is below is damaged too, so nothing can be kept whole: go back to a backup, or salvage: %w", m.torn.What, errors.Join(why...))
}

// proven opens the copy and reads all of it.
func (m *mending) proven() error {
	file, err := bolt.OpenStill(m.side, bolt.Options{Progress: func(done, total int64) error {
		m.progress.tell(done, total)
		return m.ctx.Err()
	}})
	if err != nil {
		return err
	}
	defer file.Close()
	m.config.Keys = m.keys()
	s, err := unlocked(m.config, file)
	if err != nil {
		return err
	}
	if err := m.config.current(s.state); err != nil {
		return err
	}
	at := Commit{s.state.Sequence, s.state.High}
	report, err := s.Verify(m.ctx, m.progress)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		m.done.Lost = &at
		return err
	}
	m.done.Kept, m.done.Records, m.store = at, report.Found, s
	return nil
}

// note writes into the copy's trail what was done. Ids that the lost commit gave
// out are not given to others.
func (m *mending) note() error {
	file, err := bolt.Open(m.side, bolt.Options{})
	if err != nil {
		return err
	}
	s := newStore(m.config, m.store.vault)
	s.engine, s.state = file, m.store.state
	s.state.Ordinal = max(s.state.Ordinal, uint64(m.config.Now().Unix())<<20)
	if err := s.start(); err != nil {
		return errors.Join(err, file.Close())
	}
	effect := fmt.Sprintf("seq %d", m.done.Kept.Sequence)
	if !m.done.Whole {
		effect += " kept, what followed is lost"
	}
	err = s.work([]Entry{{At: s.now(), Role: care.RoleSystem, Did: "repair commit", Effect: effect, Outcome: "yes"}}, nil)
	return errors.Join(err, s.Close())
}

// again gives the same secret several times: reading one may use it up.
func (k Keys) again() (func() Keys, error) {
	words := ""
	if k.Recovery != nil {
		text, err := io.ReadAll(io.LimitReader(k.Recovery, 8<<10))
		if err != nil {
			return nil, fmt.Errorf("%w: recovery words: %w", ErrSecret, err)
		}
		words = string(text)
	}
	secret := string(k.Secret)
	return func() Keys {
		again := k
		again.Secret = []byte(secret)
		if k.Recovery != nil {
			again.Recovery = strings.NewReader(words)
		}
		return again
	}, nil
}

// aside gives a file one more name, or that with a number, that nothing has yet.
func aside(path, name string) (string, error) {
	for n := 1; ; n++ {
		kept := name
		if n > 1 {
			kept = fmt.Sprintf("%s-%d", kept, n)
		}
		if err := os.Link(path, kept); !errors.Is(err, os.ErrExist) {
			return kept, err
		}
	}
}
