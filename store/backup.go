package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"careconnect/rules/order"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// ErrBackup is the class of what makes a backup unfit to be restored: it is no
// backup, is cut short, was altered, or is of another store.
var ErrBackup = errors.New("this backup cannot be restored")

// BackupInfo says what a backup is of.
type BackupInfo struct {
	Path     string    `json:"path"`
	At       time.Time `json:"at"`                // when it was made
	Sequence uint64    `json:"seq"`               // the commit that it is of
	High     time.Time `json:"high"`              // the highest instant that the store had seen by then
	Size     int64     `json:"bytes"`             // of the store in it
	Records  uint64    `json:"records,omitempty"` // those that were opened; 0 before it is proven

	file [16]byte
}

// Backup makes a backup of the last commit in a folder of its own, beside
// readers and writers: it streams the store, wrapped, to a draft, makes that
// durable, opens it again as a restore would, reads every record in it, and only
// then, when both are done, gives it its name. Progress is told bytes, then pages,
// then records.
func (s *Store) Backup(ctx context.Context, dir string, progress Progress) (BackupInfo, error) {
	if err := s.Failed(); err != nil {
		return BackupInfo{}, err
	}
	s.saving.RLock()
	defer s.saving.RUnlock()
	held, err := holdFolder(dir)
	if err != nil {
		return BackupInfo{}, err
	}
	defer held.Close()
	if err := s.rememberErased(dir); err != nil {
		return BackupInfo{}, err
	}
	file, err := draftIn(dir)
	if err != nil {
		return BackupInfo{}, err
	}
	defer os.Remove(file.Name())
	info, err := s.wrap(ctx, file, progress)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("make a backup in %s: %w", dir, errors.Join(err, file.Close()))
	}
	durable := make(chan error, 1)
	go func() { durable <- errors.Join(file.Sync(), file.Close()) }()
	proven, err := s.prove(ctx, file.Name(), progress)
	if err := <-durable; err != nil {
		return BackupInfo{}, fmt.Errorf("make a backup in %s: %w", dir, err)
	}
	if err != nil {
		return BackupInfo{}, fmt.Errorf("the backup that was just made is no good; the one before stays: %w", err)
	}
	proven.Path = filepath.Join(dir, info.name())
	if there, err := frontOf(proven.Path); err == nil && there.file != info.file {
		return BackupInfo{}, fmt.Errorf("%s: %w: it is another store's backup; give each store a folder of its own", proven.Path, ErrExists)
	}
	if err := os.Rename(file.Name(), proven.Path); err != nil {
		return BackupInfo{}, err
	}
	return proven, syncDir(dir)
}

// Prove opens a backup as a restore would, beside it and with the store's own
// keys, and reads every record. The error wraps ErrBackup if it is no good.
func (s *Store) Prove(ctx context.Context, path string, progress Progress) (BackupInfo, error) {
	held, err := holdFolder(filepath.Dir(path))
	if err != nil {
		return BackupInfo{}, err
	}
	defer held.Close()
	return s.prove(ctx, path, progress)
}

// Backups lists the backups of this store in a folder, the newest first, by what
// they say of themselves. Files that are none, and those of other stores, are
// left out.
func (s *Store) Backups(dir string) ([]BackupInfo, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "care-*"+backupExt))
	if err != nil {
		return nil, err
	}
	var all []BackupInfo
	for _, path := range paths {
		if info, err := frontOf(path); err == nil && info.file == s.vault.FileID() {
			all = append(all, info)
		}
	}
	order.By(all, func(a, b BackupInfo) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Sequence, a.Sequence))
	})
	return all, nil
}

// Now is the instant that a commit would bear: never before the highest that the
// store has seen.
func (s *Store) Now() time.Time { return s.now() }

// Sequence is the number of the last commit.
func (s *Store) Sequence() (uint64, error) {
	s.finished()
	var kept state
	err := s.engine.View(func(r engine.Reader) error { return kept.read(r, s.vault) })
	return kept.Sequence, err
}

// A backup is
//
//	mark(8) format(2) file id(16) sequence(8) high(8) made(8) length(8) sum(32) | store | sum(32) mac(32)
//
// Instants are Unix seconds. The first sum is the SHA-256 of what is before it,
// so that a list needs no more than the front; the last is that of front and
// store. The mac is keyed with the root key and covers the front and the last
// sum.
const (
	backupMark   = "CAREBACK"
	backupFormat = 1
	backupFields = len(backupMark) + 2 + 16 + 4*8
	backupFront  = backupFields + sha256.Size
	backupTail   = 2 * sha256.Size
	backupExt    = ".ccb"
)

func (b BackupInfo) name() string {
	return fmt.Sprintf("care-%s-%d%s", b.At.UTC().Format(stampLayout), b.Sequence, backupExt)
}

// stampLayout is an instant in the name of a file.
const stampLayout = "20060102T150405Z"

func (b BackupInfo) front() []byte {
	f := append(make([]byte, 0, backupFront), backupMark...)
	f = binary.BigEndian.AppendUint16(f, backupFormat)
	f = append(f, b.file[:]...)
	for _, n := range []uint64{b.Sequence, uint64(b.High.Unix()), uint64(b.At.Unix()), uint64(b.Size)} {
		f = binary.BigEndian.AppendUint64(f, n)
	}
	sum := sha256.Sum256(f)
	return append(f, sum[:]...)
}

// readFront reads what a backup of so many bytes says of itself.
func readFront(f io.Reader, size int64) (BackupInfo, error) {
	front := make([]byte, backupFront)
	if n, err := io.ReadFull(f, front); err != nil {
		if n >= len(backupMark) && !bytes.HasPrefix(front, []byte(backupMark)) {
			return BackupInfo{}, fmt.Errorf("%w: it is no backup of Care Connect", ErrBackup)
		}
		return BackupInfo{}, fmt.Errorf("%w: it is truncated: it has %d bytes, a backup needs more than %d", ErrBackup, size, backupFront+backupTail)
	}
	if !bytes.HasPrefix(front, []byte(backupMark)) {
		return BackupInfo{}, fmt.Errorf("%w: it is no backup of Care Connect", ErrBackup)
	}
	if sum := sha256.Sum256(front[:backupFields]); !bytes.Equal(sum[:], front[backupFields:]) {
		return BackupInfo{}, fmt.Errorf("%w: its front was altered: its SHA-256 does not match", ErrBackup)
	}
	rest := front[len(backupMark):]
	if format := int(binary.BigEndian.Uint16(rest)); format != backupFormat {
		return BackupInfo{}, seal.NewerFormat{File: format, Program: backupFormat}
	}
	number := func(n int) uint64 { return binary.BigEndian.Uint64(rest[2+16+8*n:]) }
	info := BackupInfo{
		Sequence: number(0), High: time.Unix(int64(number(1)), 0).UTC(), At: time.Unix(int64(number(2)), 0).UTC(),
		Size: int64(number(3)), file: [16]byte(rest[2:18]),
	}
	switch need := int64(backupFront) + info.Size + int64(backupTail); {
	case size < need:
		return info, fmt.Errorf("%w: it is truncated: it has %d bytes and needs %d", ErrBackup, size, need)
	case size > need:
		return info, fmt.Errorf("%w: it was altered: it has %d bytes and needs %d", ErrBackup, size, need)
	}
	return info, nil
}

func openBackup(path string) (*os.File, BackupInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, BackupInfo{}, err
	}
	stat, err := f.Stat()
	var info BackupInfo
	if err == nil {
		info, err = readFront(f, stat.Size())
	}
	if err != nil {
		return nil, BackupInfo{}, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	info.Path = path
	return f, info, nil
}

func frontOf(path string) (BackupInfo, error) {
	f, info, err := openBackup(path)
	if err != nil {
		return info, err
	}
	return info, f.Close()
}

// wrap streams the last commit into a file.
func (s *Store) wrap(ctx context.Context, file io.Writer, progress Progress) (BackupInfo, error) {
	var info BackupInfo
	s.finished()
	err := engine.ViewWhole(s.engine, func(r engine.Reader) error {
		c, ok := r.(engine.Copier)
		if !ok {
			return errors.New("this engine keeps no file that could be copied")
		}
		var kept state
		if err := kept.read(r, s.vault); err != nil {
			return err
		}
		info = BackupInfo{At: s.now(), Sequence: kept.Sequence, High: kept.High, Size: c.Length(), file: s.vault.FileID()}
		front, sum := info.front(), sumTo(file)
		out := &told{ctx: ctx, w: sum, total: int64(backupFront) + info.Size, progress: progress}
		_, err := out.Write(front)
		if err == nil {
			err = c.Copy(out)
		}
		digest, failed := sum.end()
		if err := cmp.Or(failed, err); err != nil {
			return errors.Join(err, ctx.Err())
		}
		mac := s.vault.WrapMAC(front, digest)
		_, err = file.Write(append(digest, mac[:]...))
		return err
	})
	return info, err
}

// told is a writer that says how far it is and ends when it is told to.
type told struct {
	ctx         context.Context
	w           io.Writer
	done, total int64
	progress    Progress
}

func (t *told) Write(b []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := t.w.Write(b)
	t.done += int64(n)
	t.progress.tell(t.done, t.total)
	return n, err
}

// unwrapped is a backup's store, out of its wrap, and what must be authentic.
type unwrapped struct {
	BackupInfo
	digest, mac []byte
}

// unwrap writes the store in a backup to a file, which is not yet durable. By now
// the sum is right; whether the mac is shows with the keys.
func unwrap(ctx context.Context, path string, to *os.File, progress Progress) (unwrapped, error) {
	f, info, err := openBackup(path)
	if err != nil {
		return unwrapped{}, err
	}
	defer f.Close()
	u, err := tailOf(f, info)
	if err != nil {
		return u, err
	}
	sum := sumTo(to)
	sum.sum.Write(info.front())
	out := &told{ctx: ctx, w: sum, total: info.Size, progress: progress}
	_, err = io.CopyN(out, f, info.Size)
	digest, failed := sum.end()
	if err := cmp.Or(failed, err); err != nil {
		return u, fmt.Errorf("%s: %w", path, err)
	}
	return u, u.sums(digest)
}

// tailOf reads what stands at the end of a backup.
func tailOf(f *os.File, info BackupInfo) (unwrapped, error) {
	tail := make([]byte, backupTail)
	if _, err := f.ReadAt(tail, int64(backupFront)+info.Size); err != nil {
		return unwrapped{}, fmt.Errorf("%s: %w", info.Path, err)
	}
	return unwrapped{info, tail[:sha256.Size], tail[sha256.Size:]}, nil
}

// sums says whether a digest is the backup's own.
func (u unwrapped) sums(digest []byte) error {
	if !bytes.Equal(digest, u.digest) {
		return fmt.Errorf("%s: %w: it was altered: its SHA-256 does not match", u.Path, ErrBackup)
	}
	return nil
}

// added reads a backup from its beginning and says whether its sum is right.
func (u unwrapped) added(ctx context.Context, f io.ReaderAt) error {
	sum, chunk := sha256.New(), make([]byte, chunkSize)
	for at, end := int64(0), int64(backupFront)+u.Size; at < end; {
		n, err := f.ReadAt(chunk[:min(int64(len(chunk)), end-at)], at)
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", u.Path, err)
		}
		sum.Write(chunk[:n])
		at += int64(n)
	}
	return u.sums(sum.Sum(nil))
}

// prove adds up a backup and, beside that, reads every record in it where it lies. A
// sum that is wrong is what is told then, whatever else was found.
func (s *Store) prove(ctx context.Context, path string, progress Progress) (BackupInfo, error) {
	f, info, err := openBackup(path)
	if err != nil {
		return BackupInfo{}, err
	}
	defer f.Close()
	u, err := tailOf(f, info)
	if err != nil {
		return BackupInfo{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	added := make(chan error, 1)
	go func() {
		err := u.added(ctx, f)
		if err != nil {
			cancel()
		}
		added <- err
	}()
	proven, err := s.within(ctx, u, progress)
	if wrong := <-added; wrong != nil {
		return BackupInfo{}, wrong
	}
	return proven, err
}

// within opens the store in a backup where it lies. One of an older format is taken out
// of it and brought up to the program's first.
func (s *Store) within(ctx context.Context, u unwrapped, progress Progress) (BackupInfo, error) {
	var body *os.File
	defer func() {
		if body != nil {
			_ = os.Remove(body.Name())
		}
	}()
	file, err := bolt.OpenWithin(u.Path, int64(backupFront), u.Size, proving(ctx, progress))
	if err != nil {
		return u.BackupInfo, u.unfit(err)
	}
	return u.holds(ctx, file, progress, s.config, s.vault.Former, func() (string, error) {
		var err error
		if body, err = draftIn(filepath.Dir(u.Path)); err != nil {
			return "", err
		}
		_, err = unwrap(ctx, u.Path, body, progress)
		return body.Name(), errors.Join(err, body.Close())
	})
}

// proving are the options by which what came out of a backup is opened.
func proving(ctx context.Context, progress Progress) bolt.Options {
	return bolt.Options{Progress: func(done, total int64) error {
		progress.tell(done, total)
		return ctx.Err()
	}}
}

// bad says why a backup is unfit to be restored.
func (u unwrapped) bad(what any) error { return fmt.Errorf("%s: %w: %v", u.Path, ErrBackup, what) }

// unfit is the error of opening a backup's store.
func (u unwrapped) unfit(err error) error {
	if errors.Is(err, ErrDamaged) {
		return u.bad(err)
	}
	return err
}

// holds reads all of the store that came out of a backup, and closes it. Where it has
// to be written to first, body says in which file it is.
func (u unwrapped) holds(ctx context.Context, file engine.Engine, progress Progress, config Config, keys func(header, mirror []byte) (*seal.Vault, error), body func() (string, error)) (BackupInfo, error) {
	open := file
	defer func() { _ = open.Close() }()
	header, mirror, err := readHeaders(file)
	if err != nil {
		return u.BackupInfo, err
	}
	vault, err := keys(header, mirror)
	switch {
	case errors.Is(err, ErrHeader):
		return u.BackupInfo, u.bad(err)
	case err != nil:
		return u.BackupInfo, fmt.Errorf("%s: %w", u.Path, err)
	case vault.FileID() != u.file || !vault.WrapAuthentic(u.front(), u.digest, u.mac):
		return u.BackupInfo, u.bad("it was altered by someone without a secret: its wrap fails authentication under the root key")
	}
	copied := newStore(config, vault)
	copied.engine = file
	if err := file.View(func(r engine.Reader) error { return copied.state.read(r, vault) }); err != nil {
		return u.BackupInfo, u.bad(err)
	}
	if copied.state.Sequence != u.Sequence {
		return u.BackupInfo, u.bad(fmt.Sprintf("it says that it is of commit %d and holds commit %d", u.Sequence, copied.state.Sequence))
	}
	err = copied.broughtUp(body)
	if open = copied.engine; err != nil {
		return u.BackupInfo, fmt.Errorf("%s: %w", u.Path, err)
	}
	report, err := copied.Verify(ctx, progress)
	if err == nil && report.Err() != nil {
		err = u.bad(report.Err())
	}
	u.Records = report.Found
	return u.BackupInfo, err
}

// broughtUp brings a store that came out of a backup, and that nobody else has, to
// the program's format.
func (s *Store) broughtUp(body func() (string, error)) error {
	if err := s.config.known(s.state); err != nil || s.config.current(s.state) == nil {
		return err
	}
	path, err := body()
	if err := errors.Join(err, s.engine.Close()); err != nil {
		return err
	}
	file, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	s.engine, s.config.Upgraded, s.config.ReadOnly = file, nil, false
	return s.migrate(false)
}

// draftEnd ends the names of what is not whole yet.
const draftEnd = ".draft"

func draftIn(dir string) (*os.File, error) { return os.CreateTemp(dir, "care-*"+draftEnd) } // mode 0600

// holdFolder makes a folder for backups if there is none, sees that others stay
// out, takes it for this process, and removes the drafts of those that were cut
// short. Closing the file lets the folder go.
func holdFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	info, err := held.Stat()
	switch {
	case err != nil:
	case info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("%s: %w: mode %04o lets others in; run: chmod 700 %s", dir, ErrPermission, info.Mode().Perm(), dir)
	case syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil:
		err = fmt.Errorf("%s: %w: another backup or restore is at work in this folder; wait for it", dir, ErrLocked)
	}
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	drafts, err := filepath.Glob(filepath.Join(dir, "care-*"+draftEnd))
	for _, draft := range drafts {
		err = errors.Join(err, os.Remove(draft))
	}
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return held, nil
}
