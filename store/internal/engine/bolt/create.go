package bolt

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"careconnect/store/internal/engine"
)

// Create makes a new store at path, lets first write into it, and opens it. It
// is made under another name and linked to its own when it is whole and
// synced, so that a crash leaves either nothing at path or a store that has
// what first wrote. A file that is there already is left alone: the error
// wraps engine.ErrExists. The directory must exist and be 0700.
func Create(path string, o Options, first func(engine.Writer) error) (*Store, error) {
	dir := filepath.Dir(path)
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, classify(path, os.ErrExist)
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !os.IsNotExist(err) { // left by an init that was cut short
		return nil, classify(draft, err)
	}
	defer func() { _ = os.Remove(draft) }()
	if err := write(draft, o, first); err != nil {
		return nil, err
	}
	if err := os.Link(draft, path); err != nil { // unlike a rename, a link never replaces
		return nil, classify(path, err)
	}
	if err := os.Remove(draft); err != nil {
		return nil, classify(draft, err)
	}
	if err := syncDir(dir); err != nil {
		return nil, classify(dir, err)
	}
	return Open(path, o)
}

// write makes the file draft with all its buckets and what first writes.
func write(draft string, o Options, first func(engine.Writer) error) error {
	file, err := os.OpenFile(draft, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return classify(draft, err)
	}
	if err := lock(file, draft, o); err != nil {
		_ = file.Close()
		return err
	}
	store, err := mapped(file, draft, Options{NoSync: o.NoSync})
	if err != nil {
		_ = file.Close()
		return err
	}
	b := store.body.Load()
	err = b.db.Update(func(tx *bbolt.Tx) error {
		if err := makeBuckets(tx); err != nil || first == nil {
			return err
		}
		return first(store.transaction(tx, b, nil))
	})
	if closed := store.Close(); err == nil && closed != nil {
		err = classify(draft, closed)
	}
	return err
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, b := range engine.Buckets {
		if _, err := tx.CreateBucket([]byte(b)); err != nil {
			return fmt.Errorf("make bucket %s: %w", b, err)
		}
	}
	return nil
}

// privateDir refuses a directory that others may enter.
func privateDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%s: %w; make it with: mkdir -m 700 %s", dir, err, dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: %w: mode %04o lets others in; run: chmod 700 %s",
			dir, engine.ErrPermission, info.Mode().Perm(), dir)
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
