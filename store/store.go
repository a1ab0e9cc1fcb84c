// Package store keeps charts, sealed. It holds no policy and no method for a
// use case: there is one way to write, Do, and one to read, Chart and its
// sisters. Do hands an act the charts it needs, lets it decide, and applies its
// plan together with the trail entry, due times and outgoing messages in one
// commit; nothing answers before that commit is durable. What the engine below
// it holds is sealed, under names that tell nothing.
package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/behind"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// Config says where a store is and what surrounds it.
type Config struct {
	Dir string // holds care.db and care.key

	Keys     Keys                 // what opens it; empty: the key file
	Header   string               // path of a copy of the header, for a file whose own is damaged
	Recovery func(words []string) // told those of a new store; nil: it has none

	// Now is the clock of the instance; a throwaway one's may be virtual.
	Now func() time.Time
	// Elapsed is real time since some instant, for lingering and intervals.
	Elapsed func() time.Duration
	TZData  string // version of the zone data in use, for explanations

	// ReadOnly opens a store to look at it, on a disk that takes no writes for
	// one. What would have to be written, the reading of somebody's data included,
	// is refused with ErrReadOnly.
	ReadOnly bool

	// Seed makes the ids of a throwaway instance repeatable. A production store
	// refuses it.
	Seed *uint64
	// Record is told of each commit after the first, in their order, when it is
	// answered; nil: nobody is. A production store refuses it.
	Record func(Committed)
	// Anchor is the path of a file outside the store, best on another volume, to
	// which checkpoints of the trail are added and against which the store is held
	// when it is opened; empty: none.
	Anchor string
	// AcceptRollback goes on with a store that lacks what its anchor has seen.
	AcceptRollback bool
	// Fatal is told when a commit failed: its outcome is unknown and the
	// process must end.
	Fatal func(error)

	// Upgraded is told when a store of an older format is brought to this
	// program's, and again when that is done; nil: nobody is.
	Upgraded func(Upgrade)

	// Thorough looks for what should be new all the same, and overwrites the room that
	// was lent to acts once they are done: for tests.
	Thorough bool

	header     []byte      // stands in for that of the file
	migrations []migration // stand in for those of the program

	together bool // nothing is decided ahead: for tests
}

// The files of a store within its directory.
const (
	DataFile   = "care.db"
	KeyFile    = "care.key"
	HeaderFile = "care.hdr"    // a copy of the header
	DeniedFile = "care.denied" // notes secrets that opened nothing, until the next good start

	ReserveFile = bolt.ReserveFile // holds room back for a disk that is full
)

// Kind tells a lasting instance from a throwaway one. It is sealed into the
// store when it is made and cannot be changed.
type Kind = seal.Kind

// The kinds of instance.
const (
	Production = seal.Production
	Throwaway  = seal.Throwaway
)

// What can go wrong with a store as a whole.
var (
	ErrNoStore     = engine.ErrNoStore
	ErrExists      = engine.ErrExists
	ErrLocked      = engine.ErrLocked
	ErrDamaged     = engine.ErrDamaged
	ErrPermission  = engine.ErrPermission
	ErrReadOnly    = engine.ErrReadOnly
	ErrReplaced    = engine.ErrReplaced
	ErrFull        = engine.ErrNoRoom
	ErrUnknown     = engine.ErrOutcomeUnknown
	ErrWrongKey    = seal.ErrWrongKey
	ErrHeader      = seal.ErrHeaderDamaged
	ErrNewerFormat = seal.ErrNewerFormat
	ErrClosed      = errors.New("the store is closed")
	ErrBusy        = errors.New("the store is being worked on already")
)

// Store is one open store. Its methods may be called from several goroutines.
type Store struct {
	config Config
	engine engine.Engine
	vault  *seal.Vault
	keys   keyCache
	queue  chan []*job
	closed chan struct{}
	done   chan struct{}
	shut   sync.Once
	failed atomic.Pointer[error]

	finishing atomic.Pointer[chan struct{}] // closed once a commit that was answered before is written; nil: none is
	state     state                         // written by the committer only
	many      int                           // moves of the last commit, about as many as the next one makes
	ahead     ahead
	ended     time.Duration                   // when the last commit was over for those who asked
	high      atomic.Int64                    // its highest instant, in Unix seconds
	charts    *chartCache                     // the committer's own
	sets      map[care.Set][]care.Member      // the committer's own: booked times that it has read, and where records are
	names     map[care.ChartID][nameSize]byte // the committer's own: of charts
	tree      map[int64]tlog.Hash             // the committer's own: hashes of the trail that it wrote or read lately
	spare     care.Spare                      // the committer's own: room for the drafts of one act
	sums      *sums                           // the committer's own: digests of what it wrote lately
	read      readCache
	programme atomic.Pointer[programme]
	directory *directory.Index
	shown     shown
	due       *hourly
	outbox    *hourly
	later     later
	mail      mail
	room      room
	checking  checking
	reading   reading
	heading   sync.Mutex   // held by who changes what stands in the header, until it is stored
	listing   sync.Mutex   // held by who writes the list of those who were erased
	saving    sync.RWMutex // shared by who makes a backup
	moving    sync.Mutex   // held by who changes all keys, or the whole file
	anchor    anchor
	clock     steady
	denials   denials
	down      time.Duration // before it was opened
	wake      chan struct{}
}

// programme is the programme's chart with what follows from it.
type programme struct {
	chart    *care.Chart
	clock    rules.Clock
	words    map[string]rules.Words // by the version of the terms
	calendar calendar.Calendar
}

// Create makes a new store with the programme in it, opened by the secret that
// is named or else by a new key file. Files that are there already are left
// alone.
func Create(config Config, kind Kind, found act.Found) (*Store, error) {
	for _, name := range []string{DataFile, HeaderFile} {
		path := filepath.Join(config.Dir, name)
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("%s: %w; choose another --data, or serve this one", path, ErrExists)
		}
	}
	if err := seedable(config, kind); err != nil {
		return nil, err
	}
	secret, is, err := config.Keys.named()
	if err != nil {
		return nil, err
	}
	if is {
		return create(config, kind, secret, found)
	}
	keyPath := filepath.Join(config.Dir, KeyFile)
	if err := seal.NewKeyFile(keyPath); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	secret, err = seal.ReadKeyFile(keyPath)
	var s *Store
	if err == nil {
		s, err = create(config, kind, secret, found)
	}
	if err != nil {
		_ = os.Remove(keyPath) // made a moment ago, and it opens nothing
		return nil, err
	}
	return s, nil
}

// create makes the file with the programme in it: one commit, all or nothing.
func create(config Config, kind Kind, secret seal.Secret, found act.Found) (*Store, error) {
	defer secret.Wipe()
	vault, header, words, err := newVault(config, kind, secret)
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	dbPath := filepath.Join(config.Dir, DataFile)
	s := newStore(config, vault)
	file, err := bolt.Create(dbPath, options(kind), func(w engine.Writer) error {
		if err := putHeader(w, header); err != nil {
			return err
		}
		return s.found(w, found)
	})
	if err != nil {
		return nil, err
	}
	s.engine = file
	if kind == Production {
		err = config.copyHeader(header)
	}
	if err == nil {
		err = s.holdBack()
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(dbPath))
	}
	if words != nil {
		config.Recovery(words)
	}
	return s, nil
}

// found makes the programme in the transaction that makes the file.
func (s *Store) found(w engine.Writer, found act.Found) error {
	s.sums.forget() // of a run before that had no room
	c := s.newCommit(w)
	c.state.Format = len(s.config.formats())
	j := &job{order: Order{Actor: care.System, Act: found}}
	err := c.run(j)
	if err == nil {
		err = j.answer.Err
	}
	if err != nil {
		return fmt.Errorf("found the programme: %w", err)
	}
	c.close()
	if err := c.finish(); err != nil {
		return err
	}
	s.state = c.state
	return nil
}

// Open opens a store that is there. It never makes one.
func Open(config Config) (*Store, error) {
	dbPath := filepath.Join(config.Dir, DataFile)
	file, err := bolt.Open(dbPath, bolt.Options{ReadOnly: config.ReadOnly})
	if err != nil {
		return nil, err
	}
	s, err := open(config, file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

func open(config Config, file engine.Engine) (*Store, error) {
	s, err := unlocked(config, file)
	if err != nil {
		return nil, err
	}
	gaveUp, err := s.compare()
	if err != nil {
		return nil, err
	}
	if err := s.holdBack(); err != nil {
		return nil, err
	}
	if err := s.migrate(true); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	err = s.reportDenied()
	if errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly) {
		err = nil // the note stays until it can be told
	}
	if err == nil && gaveUp > 0 && !config.ReadOnly {
		err = s.acceptRollback(gaveUp)
	}
	if err != nil {
		s.stop() // the file is the caller's to close
		return nil, err
	}
	// On a full disk too the store is served; who must be sure of these asks again.
	_ = s.renewCopy()
	_, _ = s.eraseAgain(config.Dir) // of an older file that was put in the place of a newer
	_ = s.rememberErased()
	_, _ = s.Anchor() // what goes wrong is told by Anchored, and tried again
	return s, nil
}

// unlocked finds the keys and the state record, and begins nothing.
func unlocked(config Config, file engine.Engine) (*Store, error) {
	vault, err := unlock(config, file)
	if err != nil {
		return nil, err
	}
	if err := seedable(config, vault.Kind()); err != nil {
		return nil, err
	}
	s := newStore(config, vault)
	s.engine = file
	if err := file.View(func(r engine.Reader) error { return s.state.read(r, vault) }); err != nil {
		return nil, err
	}
	if err := config.known(s.state); err != nil {
		return nil, err
	}
	return s, nil
}

// seedable refuses a seed for a lasting store, whose ids must not be guessed, and
// whoever would write down what is done in it.
func seedable(config Config, kind Kind) error {
	if (config.Seed != nil || config.Record != nil) && kind != Throwaway {
		return errors.New("this is a lasting store: it takes no seed and no virtual clock, and nobody records what is done in it")
	}
	return nil
}

var headerKey, mirrorKey = []byte("header"), []byte("mirror")

// options of the engine: a throwaway store lives in memory where it can and
// has nothing to survive. While it is served its file is written behind it.
func options(kind Kind) bolt.Options { return bolt.Options{NoSync: kind == Throwaway} }

func newStore(config Config, vault *seal.Vault) *Store {
	s := &Store{
		config: config, vault: vault,
		queue: make(chan []*job, 4*maxBatch), closed: make(chan struct{}), done: make(chan struct{}),
		charts: newChartCache(), sets: map[care.Set][]care.Member{}, names: map[care.ChartID][nameSize]byte{}, tree: map[int64]tlog.Hash{}, sums: newSums(), wake: make(chan struct{}, 1),
		due: newHourly(care.SetDue), outbox: newHourly(care.SetOutbox),
		spare: care.Spare{Waste: config.Thorough},
	}
	s.keys.vault, s.keys.reading = vault, &s.reading
	s.directory = directory.New(calendar.New(), s.rotation())
	return s
}

// rotation is the seed of the directory's daily order.
func (s *Store) rotation() uint64 {
	if s.config.Seed != nil {
		return *s.config.Seed
	}
	name := s.vault.Name("rotation")
	return binary.BigEndian.Uint64(name[:])
}

// start reads what is kept in memory, and begins to commit.
func (s *Store) start() error {
	if s.state.Sequence > 0 {
		s.high.Store(s.state.High.Unix())
		s.down = s.tick().wall.Sub(s.state.High)
	}
	s.clock.start = tick{s.now(), s.config.Elapsed()}
	if s.Kind() == Throwaway && !s.config.ReadOnly {
		s.engine = behind.Over(s.engine)
	}
	err := s.engine.View(func(r engine.Reader) error {
		if err := s.reloadProgramme(r); err != nil {
			return err
		}
		return s.show(r)
	})
	if err != nil {
		s.writeNoMore()
		return err
	}
	for _, h := range []*hourly{s.due, s.outbox} {
		h.start(s.state.From[h.name], s.now(), s.Kind() == Throwaway)
	}
	go s.commitAll()
	return nil
}

// Kind says whether the store lasts.
func (s *Store) Kind() Kind { return s.vault.Kind() }

// Wake is told, after a commit, that there may be something due or to send.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// Size is the file's size in bytes, with all that was answered.
func (s *Store) Size() (int64, error) {
	s.finished()
	return s.engine.Size()
}

// Close commits what waits, tells the anchor, and lets the file go.
func (s *Store) Close() error {
	s.stop()
	s.keepLast()
	var err error
	if s.config.Anchor != "" && s.Failed() == nil {
		_, err = s.Anchor()
	}
	return errors.Join(err, s.engine.Close())
}

// stop commits what waits and ends the committer, and whoever writes behind it.
func (s *Store) stop() {
	s.shut.Do(func() { close(s.closed) })
	<-s.done
	s.writeNoMore()
}

// writeNoMore ends whoever writes behind the store. What goes wrong Close says
// again.
func (s *Store) writeNoMore() {
	if b, is := s.engine.(*behind.Store); is {
		_ = b.End()
	}
}

// Failed gives the error after which nothing more is written, if there was one.
func (s *Store) Failed() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// ids hands out identifiers for the act with an ordinal: 128 bits from the
// store's own keys, or from the seed of a throwaway store.
func (s *Store) ids(ordinal uint64) func(prefix string) string {
	n := uint64(0)
	return func(prefix string) string {
		n++
		var place [16]byte
		binary.BigEndian.PutUint64(place[:8], ordinal)
		binary.BigEndian.PutUint64(place[8:], n)
		var drawn [16]byte
		if s.config.Seed != nil {
			var seed [8]byte
			binary.BigEndian.PutUint64(seed[:], *s.config.Seed)
			mac := hmac.New(sha256.New, seed[:])
			mac.Write(place[:])
			copy(drawn[:], mac.Sum(nil))
		} else {
			drawn = s.vault.Name("ids", string(place[:]))
		}
		return prefix + "_" + idText.EncodeToString(drawn[:])
	}
}
