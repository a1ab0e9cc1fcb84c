package bolt

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"careconnect/store/internal/engine"
)

// Open opens the store at path and never makes one. The directory must be 0700
// and the file 0600 or narrower. The errors wrap engine.ErrNoStore, ErrLocked
// (an engine.Locked), ErrDamaged (an engine.Damaged), ErrPermission or
// ErrReadOnly.
func Open(path string, o Options) (*Store, error) {
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		return nil, classify(path, err) // before a word on the folder's mode: there is nothing in it yet
	}
	if err := private(path); err != nil {
		return nil, err
	}
	file, err := locked(path, o)
	if err != nil {
		return nil, err
	}
	store, err := open(file, path, o)
	if err != nil {
		_ = file.Close() // releases the lock; bbolt may have closed it already
		return nil, err
	}
	return store, nil
}

// locked opens the file at path and locks it. Who held it may have put another
// in its place while we waited: then that one is taken.
func locked(path string, o Options) (*os.File, error) {
	mode := os.O_RDWR
	if o.ReadOnly {
		mode = os.O_RDONLY
	}
	for {
		file, err := os.OpenFile(path, mode, 0)
		if err != nil {
			return nil, classify(path, err)
		}
		if err := lock(file, path, o); err != nil {
			_ = file.Close()
			return nil, err
		}
		ours, err := file.Stat()
		named, errNamed := os.Stat(path)
		if err == nil && errNamed == nil && os.SameFile(ours, named) {
			return file, nil
		}
		_ = file.Close()
		if err := errors.Join(err, errNamed); err != nil {
			return nil, classify(path, err)
		}
	}
}

// open looks at a locked file, and hands this very file to bbolt, so that what
// was checked is what is mapped.
func open(file *os.File, path string, o Options) (*Store, error) {
	if err := removeDraft(path, o); err != nil {
		return nil, err
	}
	newest, err := checkMeta(file, path)
	if err != nil {
		return nil, err
	}
	proof, clean := stoppedClean(file, newest)
	if clean && !o.ReadOnly {
		err = begun(file, newest)
	}
	later := clean && err == nil && (o.soon || int64(newest.high)*int64(newest.pageSize) >= walkFirst)
	if !later {
		found, err := walk(file, newest, o.Progress)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(found) > 0 {
			return nil, damages(path, found)
		}
	}
	store, err := mapped(file, path, o)
	if err == nil && later {
		store.guard.Store(newGuard(proof))
	}
	return store, err
}

// walkFirst is the size from which a store that was stopped cleanly is served
// before its pages are walked. Below it the walk takes no time that anybody
// would notice.
const walkFirst = 1 << 20

// damages are all that a walk found, each by itself.
func damages(path string, found []string) error {
	all := make([]error, len(found))
	for i, what := range found {
		all[i] = engine.Damaged{Path: path, What: what}
	}
	return errors.Join(all...)
}

// Walk walks the pages of the last commit if that was put off when the store was
// opened; readers and writers go on meanwhile. The error wraps engine.ErrDamaged
// for each damage, or is the one that progress returned.
func (s *Store) Walk(progress func(done, total int64) error) error {
	if !s.Unread() {
		return nil
	}
	err := s.view(func(t transaction) error {
		m, err := t.meta()
		if err != nil {
			return err
		}
		found, err := walk(t.body.disk, m, progress)
		if err == nil && len(found) > 0 {
			s.harmed.Store(true)
			err = damages(s.path, found)
		}
		return err
	})
	if err == nil {
		s.guard.Store(nil)
	}
	return err
}

// Unread says whether the pages are still to be walked.
func (s *Store) Unread() bool { return s.guard.Load() != nil }

// meta is the meta page that the transaction reads by.
func (t transaction) meta() (meta, error) {
	info, err := t.body.disk.Stat()
	if err != nil {
		return meta{}, err
	}
	pages, errs := findMetas(t.body.disk, info.Size())
	for i, m := range pages {
		if errs[i] == nil && m.txid == uint64(t.tx.ID()) {
			return m, nil
		}
	}
	return meta{}, fmt.Errorf("%s: the meta page of commit %d: %w", t.store.path, t.tx.ID(), cmp.Or(errs[0], errs[1], errPassed))
}

var errPassed = errors.New("later commits have replaced it")

// mapped lets bbolt map a file that is already locked.
func mapped(file *os.File, path string, o Options) (store *Store, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, classify(path, err)
	}
	defer func() {
		if broken := recover(); broken != nil { // bbolt panics at a freelist it cannot read
			store, err = nil, engine.Damaged{Path: path, What: fmt.Sprint("free list: ", broken)}
		}
	}()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      time.Millisecond, // the lock is ours already
		ReadOnly:     o.ReadOnly,
		NoSync:       o.NoSync,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		// Readers must not make the writer wait, see room.go.
		InitialMmapSize: mapSize(info.Size()),
		OpenFile:        func(string, int, os.FileMode) (*os.File, error) { return file, nil },
	})
	if err != nil {
		return nil, classify(path, err)
	}
	db.AllocSize = 0 // we make the file longer ourselves, see room.go
	store = &Store{path: path}
	store.body.Store(&body{db: db, disk: file, file: info})
	if !o.ReadOnly {
		store.held = hold(path)
	}
	return store, nil
}

// private refuses a store that others than its owner may enter, read or write,
// and says the line that mends it. Changing a mode is the owner's to do.
func private(path string) error {
	dir := filepath.Dir(path)
	for _, p := range []struct {
		path string
		mode string
	}{{dir, "700"}, {path, "600"}} {
		info, err := os.Stat(p.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: %w: nothing is made by opening; make a store with init", path, engine.ErrNoStore)
		case err != nil:
			return classify(path, err)
		case info.Mode().Perm()&0o077 != 0:
			return fmt.Errorf("%s: %w: mode %04o lets others in; run: chmod %s %s",
				p.path, engine.ErrPermission, info.Mode().Perm(), p.mode, p.path)
		}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: this is not a file", path, engine.ErrNoStore)
	}
	return nil
}

// classes are the errors below us, and the class that each belongs to.
var classes = []struct {
	from, to error
	say      string
}{
	{fs.ErrNotExist, engine.ErrNoStore, "nothing is made by opening; make a store with init"},
	{fs.ErrExist, engine.ErrExists, "nothing was changed; choose another path"},
	{fs.ErrPermission, engine.ErrPermission, "give it to the user that runs this program"},
	{syscall.ENOSPC, engine.ErrNoRoom, "nothing was written; make room and it goes on"},
	{syscall.EDQUOT, engine.ErrNoRoom, "the quota is used up and nothing was written; make room and it goes on"},
	{syscall.EROFS, engine.ErrReadOnly, "the disk takes no writes; serve --read-only can show what is there"},
	{bolterrors.ErrDatabaseReadOnly, engine.ErrReadOnly, "the store was opened for reading"},
	{bolterrors.ErrInvalid, engine.ErrDamaged, "this is not a store"},
	{bolterrors.ErrChecksum, engine.ErrDamaged, "a meta page fails its checksum"},
	{bolterrors.ErrVersionMismatch, engine.ErrDamaged, "a meta page has another version"},
}

// classify gives an error of the system or of bbolt its class and the words
// that help.
func classify(path string, err error) error {
	for _, c := range classes {
		if !errors.Is(err, c.from) {
			continue
		}
		if c.to == engine.ErrDamaged {
			return engine.Damaged{Path: path, What: c.say}
		}
		return fmt.Errorf("%s: %w: %s", path, c.to, c.say)
	}
	return fmt.Errorf("%s: %w", path, err)
}
