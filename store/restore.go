package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// ErrRollback: the store that is there has commits that the backup has not.
var ErrRollback = errors.New("commits would be lost")

// Restored says what a restore did.
type Restored struct {
	BackupInfo
	Rollback bool   `json:"rollback"`       // commits were given up
	Kept     string `json:"kept,omitempty"` // where the store that was there lies now
}

// restoringFile is the store that is to take the place of the other.
const restoringFile = DataFile + ".restoring"

// Restore puts the store of a backup into the configuration's folder. It is
// written beside the one that is there, opened, read through, and given a line
// in its trail; only then it takes the other's place, which stays under another
// name. Killed at any instant it leaves the one or the other, whole. A backup
// that lacks commits of the store that is there is refused with ErrRollback
// unless the loss is accepted; so is one in whose place there is a store that
// cannot be read. Slots are those of the backup: its secret must open them.
func Restore(ctx context.Context, config Config, backup string, accept bool, progress Progress) (Restored, error) {
	config.Fatal, config.Header, config.Anchor = nil, "", "" // whoever serves it next answers to the anchor
	x := &restoring{ctx: ctx, config: config, accept: accept, progress: progress}
	defer x.end()
	f, info, err := openBackup(backup)
	if err != nil {
		return Restored{}, err
	}
	x.from = info
	if err := f.Close(); err != nil {
		return Restored{}, err
	}
	if x.held, err = holdFolder(config.Dir); err != nil {
		return Restored{}, err
	}
	if err := x.look(); err != nil {
		return Restored{}, err
	}
	if err := x.prepare(); err != nil {
		return Restored{}, errors.Join(err, x.discard())
	}
	return x.swap()
}

// restoring is one restore on its way.
type restoring struct {
	ctx      context.Context
	config   Config
	accept   bool
	progress Progress

	held   *os.File // the folder
	lock   *os.File // the store that is there, if it cannot be opened
	old    *bolt.Store
	there  bool  // there is a file in the place
	before state // of the store that is there
	unread error // why that is not known

	secret *seal.Secret
	vault  *seal.Vault
	from   BackupInfo
	header []byte
	lost   bool
}

func (x *restoring) place(name string) string { return filepath.Join(x.config.Dir, name) }

// end lets everything go.
func (x *restoring) end() {
	if x.secret != nil {
		x.secret.Wipe()
	}
	if x.old != nil {
		_ = x.old.Close()
	}
	for _, f := range []*os.File{x.lock, x.held} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// look reads the store that is there and keeps everyone else from it.
func (x *restoring) look() error {
	path := x.place(DataFile)
	_, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	x.there = true
	if err == nil {
		x.old, err = bolt.Open(path, bolt.Options{ReadOnly: true})
	}
	if errors.Is(err, ErrDamaged) {
		x.unread = err
		return x.lockDamaged(path)
	}
	if err != nil {
		return err
	}
	header, mirror, err := readHeaders(x.old)
	if err != nil {
		return err
	}
	id, err := seal.Identify(header, mirror)
	if err == nil && id != x.from.file {
		return fmt.Errorf("%s: %w here: %s holds another store; choose another --data", x.from.Path, ErrBackup, x.config.Dir)
	}
	var vault *seal.Vault
	if err == nil {
		vault, err = x.open(header, mirror)
	}
	if err == nil {
		err = x.old.View(func(r engine.Reader) error { return x.before.read(r, vault) })
	}
	if err == nil {
		err = x.config.known(x.before)
	}
	if errors.Is(err, ErrHeader) || errors.Is(err, ErrDamaged) {
		x.unread = err
		return nil
	}
	if err == nil && x.before.Sequence > x.from.Sequence && !x.accept {
		return x.refused(fmt.Sprintf("the store in %s is at commit %d", x.config.Dir, x.before.Sequence))
	}
	return err
}

// lockDamaged keeps a service from starting on a file that cannot be opened.
func (x *restoring) lockDamaged(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	x.lock = f
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%s: %w", path, ErrLocked)
	}
	if !x.accept {
		return x.refused(fmt.Sprintf("the store in %s is damaged, and which commits it has cannot be read", x.config.Dir))
	}
	return nil
}

func (x *restoring) refused(why string) error {
	return fmt.Errorf("%w: %s, the backup is of commit %d, made at %s; if that is what you want, say --accept-rollback (the store that is there is kept beside)",
		ErrRollback, why, x.from.Sequence, x.from.At.Format("2006-01-02T15:04:05Z"))
}

// open opens keys with the one secret, which is asked for once.
func (x *restoring) open(header, mirror []byte) (*seal.Vault, error) {
	if x.secret == nil {
		slots, err := seal.Inspect(header, mirror)
		if err != nil {
			return nil, err
		}
		secret, err := x.config.secret(slots)
		if err != nil {
			return nil, err
		}
		x.secret = &secret
	}
	vault, err := seal.Open(header, mirror, *x.secret)
	if errors.Is(err, ErrWrongKey) {
		err = x.config.deny(err, x.secret.Type())
	}
	return vault, err
}

// prepare makes the new store beside the other.
func (x *restoring) prepare() error {
	if err := x.discard(); err != nil {
		return err
	}
	side := x.place(restoringFile)
	file, err := os.OpenFile(side, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	u, err := unwrap(x.ctx, x.from.Path, file, x.progress)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	durable := make(chan error, 1)
	go func() { durable <- errors.Join(file.Sync(), file.Close()) }()
	x.from, err = x.proven(u, side)
	if err := cmp.Or(<-durable, err); err != nil {
		return err
	}
	return x.note(side)
}

// proven reads all of the new store.
func (x *restoring) proven(u unwrapped, side string) (BackupInfo, error) {
	open, err := bolt.OpenStill(side, proving(x.ctx, x.progress))
	if err != nil {
		return u.BackupInfo, u.unfit(err)
	}
	return u.holds(x.ctx, open, x.progress, x.config, func(header, mirror []byte) (*seal.Vault, error) {
		var err error
		x.header = bytes.Clone(header)
		x.vault, err = x.open(header, mirror)
		return x.vault, err
	}, func() (string, error) { return side, nil })
}

// note judges what is lost, and writes the restore into the new store's trail.
func (x *restoring) note(side string) error {
	file, err := bolt.Open(side, bolt.Options{})
	if err != nil {
		return err
	}
	s := newStore(x.config, x.vault)
	s.engine = file
	err = file.View(func(r engine.Reader) error {
		if err := s.state.read(r, x.vault); err != nil {
			return err
		}
		return x.judge(r, s.state)
	})
	if err != nil {
		return errors.Join(err, file.Close())
	}
	// Ids are drawn by the ordinal. Those given out after the backup was made
	// must not be given to others, whatever was lost: no store does a million
	// acts a second.
	s.state.Ordinal = max(s.state.Ordinal, uint64(x.config.Now().Unix())<<20)
	if err := s.start(); err != nil {
		return errors.Join(err, file.Close())
	}
	if _, err := s.eraseAgain(x.config.Dir, filepath.Dir(x.from.Path)); err != nil {
		return errors.Join(fmt.Errorf("erase again who was erased: %w", err), s.Close())
	}
	did, effect := "restore", fmt.Sprintf("seq %d", x.from.Sequence)
	if x.lost {
		before := "unknown"
		if x.unread == nil {
			before = fmt.Sprint(x.before.Sequence)
		}
		did, effect = "restore with rollback", fmt.Sprintf("seq %s to %d", before, x.from.Sequence)
	}
	j := &job{answered: make(chan struct{})}
	j.entries = []Entry{{At: s.now(), Role: care.RoleSystem, Did: did, Effect: effect, Outcome: "yes", note: true}}
	s.submit(j)
	return errors.Join(s.wait(j).Err, s.Close())
}

// judge says whether the store that is there has what the backup has not: a
// backup that is no loss continues its trail.
func (x *restoring) judge(r engine.Reader, now state) error {
	if !x.there {
		return nil
	}
	why := ""
	switch {
	case x.unread != nil:
		why = fmt.Sprintf("the store in %s cannot be read (%v)", x.config.Dir, x.unread)
	case x.before.Sequence > now.Sequence || x.before.Leaves > now.Leaves:
		why = fmt.Sprintf("the store in %s is at commit %d", x.config.Dir, x.before.Sequence)
	case x.before.Leaves > 0:
		root, err := tlog.TreeHash(x.before.Leaves, hashes{r})
		if err != nil {
			return err
		}
		if root != tlog.Hash(x.before.Root) {
			why = fmt.Sprintf("the store in %s, at commit %d, went another way than the backup", x.config.Dir, x.before.Sequence)
		}
	}
	if x.lost = why != ""; x.lost && !x.accept {
		return x.refused(why)
	}
	return nil
}

// discard removes what an earlier or a failed restore left.
func (x *restoring) discard() error {
	for _, name := range []string{restoringFile, restoringFile + ".holder"} {
		if err := os.Remove(x.place(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// swap puts the new store in its place. At each step there is a whole store.
func (x *restoring) swap() (Restored, error) {
	done := Restored{BackupInfo: x.from, Rollback: x.lost}
	path, side := x.place(DataFile), x.place(restoringFile)
	var err error
	if x.there {
		if done.Kept, err = aside(path, path+".before-restore-"+x.config.Now().UTC().Format(stampLayout)); err == nil {
			err = os.Rename(side, path)
		}
	} else if err = os.Link(side, path); err == nil { // unlike a rename, a link never replaces
		err = os.Remove(side)
	}
	if err == nil {
		err = syncDir(x.config.Dir)
	}
	if err != nil {
		return done, fmt.Errorf("put the restored store in its place: %w", err)
	}
	if x.vault.Kind() == Production {
		if err := x.config.copyHeader(x.header); err != nil {
			return done, fmt.Errorf("the store is restored, but the copy of its header is not written: %w", err)
		}
	}
	return done, nil
}
