package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
	"careconnect/store/planted"
)

// backedUp makes a backup of the world in a new folder.
func (w *world) backedUp() BackupInfo {
	w.Helper()
	b, err := w.Backup(w.Context(), private(w.TB), nil)
	must(w.TB, err)
	return b
}

// onlyFiles fails unless a folder holds files that begin so, and no others.
func onlyFiles(t testing.TB, dir string, begin ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if slices.Contains(names, DataFile) { // what is kept beside a store for its next start
		names = slices.DeleteFunc(names, func(name string) bool { return name == DirectoryFile })
	}
	if !slices.EqualFunc(names, begin, strings.HasPrefix) {
		t.Errorf("%s holds %v, want %v", dir, names, begin)
	}
}

// emptyWithKey is a new folder with the key of the world's store.
func (w *world) emptyWithKey() Config {
	w.Helper()
	dir := private(w.TB)
	key, err := os.ReadFile(w.file(KeyFile))
	must(w.TB, err)
	must(w.TB, os.WriteFile(filepath.Join(dir, KeyFile), key, 0o600))
	return setting(dir, w.clock)
}

func stateOf(t testing.TB, s *Store) state {
	t.Helper()
	var st state
	must(t, s.engine.View(func(r engine.Reader) error { return st.read(r, s.vault) }))
	return st
}

// recording notes what each commit says of itself.
type recording struct {
	engine.Engine
	vault *seal.Vault
	mu    sync.Mutex
	seen  map[uint64]seal.Sum
}

func (e *recording) Update(fn func(engine.Writer) error) error {
	return e.Engine.Update(func(w engine.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		var st state
		err := st.read(w, e.vault)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.seen[st.Sequence] = st.Digest
		return err
	})
}

// A backup made while eight write is the store as of one commit, whole.
func TestR83BackupBesideWritersIsOneCommit(t *testing.T) {
	w, _ := peopled(t, 40)
	must(t, w.Close())
	file, err := bolt.Open(w.file(DataFile), bolt.Options{NoSync: true})
	must(t, err)
	e := &recording{Engine: file, vault: w.vault, seen: map[uint64]seal.Sum{}}
	w.Store, err = open(w.config, e)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if _, err := w.Do(context.Background(), care.Anonymous, entering(10_000*(n+1)+i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	dir := private(t)
	moved := false
	for range 3 {
		before, err := w.Sequence()
		must(t, err)
		for now := before; now < before+5; {
			now, err = w.Sequence()
			must(t, err)
		}
		b, err := w.Backup(t.Context(), dir, nil)
		must(t, err)
		after, err := w.Sequence()
		must(t, err)
		moved = moved || after > b.Sequence
		config := w.emptyWithKey()
		restored, err := Restore(t.Context(), config, b.Path, false, nil)
		must(t, err)
		s, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{})
		must(t, err)
		opened, err := unlocked(config, s)
		must(t, err)
		e.mu.Lock()
		want, is := e.seen[b.Sequence]
		e.mu.Unlock()
		if !is || restored.Sequence != b.Sequence {
			t.Errorf("the backup is of commit %d, which nobody saw", b.Sequence)
		}
		if got := opened.digestBefore(t, b.Sequence); got != want {
			t.Error("what was restored is not what that commit said")
		}
		must(t, opened.whole())
		must(t, s.Close())
	}
	cancel()
	wait.Wait()
	if !moved {
		t.Error("no commit came during a backup: this proves nothing")
	}
	w.mustBeWhole()
}

// digestBefore is the digest of what was there before the one commit that a
// restore adds: that adds a block of the trail and hashes of its tree.
func (s *Store) digestBefore(t testing.TB, sequence uint64) seal.Sum {
	t.Helper()
	st := stateOf(t, s)
	if st.Sequence != sequence+1 {
		t.Errorf("the restored store is at commit %d, want one more than %d", st.Sequence, sequence)
	}
	sum := st.Digest
	var blocks, hashes int
	must(t, s.engine.View(func(r engine.Reader) error {
		var had int64
		err := r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
			if binaryKey(k) == st.Sequence {
				sum = sum.Sub(s.vault.Digest(string(engine.Trail), k, v))
				blocks++
			}
			return nil
		})
		if err != nil {
			return err
		}
		had = storedHashes(st.Leaves - 1)
		return r.Scan(engine.Tree, nil, nil, func(k, v []byte) error {
			if int64(binaryKey(k)) >= had {
				sum = sum.Sub(s.vault.Digest(string(engine.Tree), k, v))
				hashes++
			}
			return nil
		})
	}))
	if blocks != 1 || hashes == 0 {
		t.Errorf("the restore added %d blocks and %d hashes to the trail", blocks, hashes)
	}
	return sum
}

// storedHashes is how many hashes a tree over so many entries has: one for each
// whole subtree.
func storedHashes(leaves int64) int64 {
	n := int64(0)
	for ; leaves > 0; leaves >>= 1 {
		n += leaves
	}
	return n
}

// Whatever is done to a backup, it is refused with a sentence, and the folder
// stays as it was.
func TestADamagedBackupIsRefused(t *testing.T) {
	w, _ := peopled(t, 3)
	b := w.backedUp()
	whole, err := os.ReadFile(b.Path)
	must(t, err)
	chance := rand.New(rand.NewPCG(20261123, 1))
	config := w.emptyWithKey()
	said := map[string]int{}
	for n := range 100 {
		harmed := bytes.Clone(whole)
		switch at := chance.IntN(len(whole)); n % 5 {
		case 0:
			harmed = harmed[:at]
		case 1:
			harmed[at] ^= 1 << chance.IntN(8)
		case 2:
			harmed[chance.IntN(backupFront)] ^= 1 << chance.IntN(8)
		case 3:
			harmed[len(harmed)-1-chance.IntN(backupTail)] ^= 1 << chance.IntN(8)
		case 4:
			harmed = append(harmed, whole[at:]...)
		}
		path := filepath.Join(filepath.Dir(b.Path), "harmed.ccb")
		must(t, os.WriteFile(path, harmed, 0o600))
		_, err := Restore(t.Context(), config, path, true, nil)
		if !errors.Is(err, ErrBackup) || !strings.Contains(err.Error(), path) {
			t.Fatalf("damage %d: got %v", n, err)
		}
		if _, err := w.Prove(t.Context(), path, nil); !errors.Is(err, ErrBackup) {
			t.Fatalf("damage %d: proven: %v", n, err)
		}
		for _, why := range []string{"truncated", "front was altered", "SHA-256", "root key", "no backup", "needs"} {
			if strings.Contains(err.Error(), why) {
				said[why]++
				break
			}
		}
	}
	t.Log(said)
	for _, why := range []string{"truncated", "front was altered", "SHA-256", "root key"} {
		if said[why] == 0 {
			t.Errorf("no damage was said to be %q", why)
		}
	}
	onlyFiles(t, config.Dir, KeyFile)
	onlyFiles(t, filepath.Dir(b.Path), "care-", "harmed.ccb")
	if _, err := Restore(t.Context(), config, w.file(DataFile), false, nil); !errors.Is(err, ErrBackup) || !strings.Contains(err.Error(), "no backup") {
		t.Errorf("a store is no backup: %v", err)
	}
}

func TestRestoreRefusesAnothersBackupAndAWrongKey(t *testing.T) {
	w, _ := peopled(t, 1)
	other, _ := peopled(t, 1)
	b := w.backedUp()
	must(t, other.Close())
	before := must1(os.ReadFile(other.file(DataFile)))
	_, err := Restore(t.Context(), other.config, b.Path, true, nil)
	if !errors.Is(err, ErrBackup) || !strings.Contains(err.Error(), "holds another store") {
		t.Errorf("another's backup: %v", err)
	}
	if !bytes.Equal(before, must1(os.ReadFile(other.file(DataFile)))) {
		t.Error("the store that was there was changed")
	}
	config := other.emptyWithKey()
	if _, err := Restore(t.Context(), config, b.Path, false, nil); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a wrong key: %v", err)
	}
	onlyFiles(t, config.Dir, DeniedFile, KeyFile)
	if _, err := Restore(t.Context(), w.config, b.Path, true, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("under a running service: %v", err)
	}
}

func TestARollbackIsRefusedOrToldInTheTrail(t *testing.T) {
	w, _ := peopled(t, 2)
	b := w.backedUp()
	lost := w.client(77)
	next := w.backedUp()
	must(t, w.Close())
	if _, err := Restore(t.Context(), w.config, b.Path, false, nil); !errors.Is(err, ErrRollback) || !strings.Contains(err.Error(), "--accept-rollback") {
		t.Fatalf("got %v", err)
	}
	w.reopenAs(lost, true)
	must(t, w.Close())
	r, err := Restore(t.Context(), w.config, b.Path, true, nil)
	must(t, err)
	if !r.Rollback || r.Kept == "" {
		t.Errorf("the restore says %+v", r)
	}
	if _, err := os.Stat(r.Kept); err != nil {
		t.Error("the store that was there is not kept")
	}
	w.reopenAs(lost, false)
	w.mustBeWhole()
	if id := w.client(78); id == lost {
		t.Error("an id that was lost is given to another")
	}
	if e := w.lastOf("restore with rollback"); e.Effect == "" || !strings.HasSuffix(e.Effect, fmt.Sprintf(" to %d", b.Sequence)) {
		t.Errorf("the trail says %+v", e)
	}
	must(t, w.Close())
	// The later backup has more commits, but not those of the store that is there.
	w.clock.set(w.clock.now().Add(time.Minute))
	if next.Sequence <= b.Sequence {
		t.Fatal("no commit came between the backups")
	}
	if _, err := Restore(t.Context(), w.config, next.Path, false, nil); !errors.Is(err, ErrRollback) {
		t.Errorf("a store that went another way: %v", err)
	}
	onlyFiles(t, w.config.Dir, DataFile, DataFile+".before-restore-", HeaderFile, KeyFile, ReserveFile)
}

// reopenAs opens the store and says whether a chart should be there.
func (w *world) reopenAs(id care.ChartID, there bool) {
	w.Helper()
	s, err := Open(w.config)
	must(w.TB, err)
	w.Store = s
	if _, err := s.Chart(context.Background(), care.System, id, "test"); (err == nil) != there {
		w.Errorf("chart %s: %v, want it there: %v", id, err, there)
	}
}

// lastOf is the last entry of the trail that did something.
func (w *world) lastOf(did string) Entry {
	w.Helper()
	var last Entry
	must(w.TB, w.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
			block, err := w.trailBlock(r, binaryKey(k))
			for _, line := range block {
				e, err := line.open()
				if err != nil {
					return err
				}
				if e.Did == did {
					last = e
				}
			}
			return err
		})
	}))
	return last
}

// A store whose pages are damaged is replaced only by who accepts that nobody
// knows what it had.
func TestRestoreOverADamagedStore(t *testing.T) {
	w, _ := peopled(t, 1)
	b := w.backedUp()
	must(t, w.Close())
	must(t, os.Truncate(w.file(DataFile), 5000))
	if _, err := Restore(t.Context(), w.config, b.Path, false, nil); !errors.Is(err, ErrRollback) {
		t.Errorf("got %v", err)
	}
	_, err := Restore(t.Context(), w.config, b.Path, true, nil)
	must(t, err)
	if report := w.inspected(); report.Err() != nil {
		t.Error(report.Err())
	}
}

// restoreOnce is the child that restores: the folder holds a backup.
func restoreOnce(dir string) {
	fmt.Println("begun")
	_, err := Restore(context.Background(), setting(dir, &hands{at: begin}), filepath.Join(dir, "backup.ccb"), true, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	fmt.Println("done")
}

// A restore killed at any instant leaves the store that was there or the
// restored one, whole; what it left does not hinder the next.
func TestKillWhileRestoring(t *testing.T) {
	w, ids := peopled(t, 5)
	b := w.backedUp()
	lost := w.client(77)
	must(t, w.Close())
	old := must1(os.ReadFile(w.file(DataFile)))
	must(t, os.Rename(b.Path, w.file("backup.ccb")))
	chance := rand.New(rand.NewPCG(20261123, 2))
	kills, _ := ending()
	var took time.Duration
	outcomes := map[bool]int{}
	rounds := kills/10 + 2
	for n := range rounds + 2 {
		must(t, os.WriteFile(w.file(DataFile), old, 0o600))
		cmd, lines := child(t, "restore", w.config.Dir)
		lines.Scan()
		began := time.Now()
		if n < 2 { // these show how long it takes, without the end of the process: the race detector's takes a second
			lines.Scan()
			if now := time.Since(began); n == 0 || now < took {
				took = now
			}
		} else { // a kill in each part of that, and some after
			part := took * 12 / 10 / time.Duration(rounds)
			time.Sleep(part*time.Duration(n-2) + time.Duration(chance.Int64N(int64(part)+1)))
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
		if report := w.inspected(); report.Err() != nil {
			t.Fatalf("after kill %d: %v", n, report.Err())
		}
		s, err := Open(w.config)
		must(t, err)
		_, newer := s.Chart(t.Context(), care.System, lost, "test")
		_, both := s.Chart(t.Context(), care.System, ids[0], "test")
		must(t, errors.Join(both, s.Close()))
		outcomes[newer != nil]++
		for _, kept := range must2(filepath.Glob(w.file(DataFile + ".before-restore-*"))) {
			must(t, os.Remove(kept))
		}
	}
	t.Logf("%d were the old store, %d the restored one; a restore takes %v", outcomes[false], outcomes[true], took)
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Error("the kills come too early or too late to prove anything")
	}
}

func must2(paths []string, err error) []string {
	if err != nil {
		panic(err) // a pattern of ours
	}
	return paths
}

// Hour by hour for forty days: what is kept are the last hours and days, and
// what was proven last stays whatever comes.
func TestWhatIsKept(t *testing.T) {
	var times []time.Time
	at := time.Date(2026, 10, 5, 0, 20, 0, 0, time.UTC)
	prune := func(k Keep) {
		var left []time.Time
		for i, is := range k.keeps(times) {
			if is {
				left = append(left, times[i])
			}
		}
		times = left
	}
	for range 40 * 24 {
		times = append([]time.Time{at}, times...)
		prune(Keep{24, 14})
		at = at.Add(time.Hour)
	}
	if len(times) != 24+13 { // today's last is one of the hourly ones
		t.Errorf("%d are kept", len(times))
	}
	for i, kept := range times {
		want := at.Add(-time.Duration(i+1) * time.Hour)
		if i >= 24 {
			want = time.Date(2026, 11, 13-(i-24)-1, 23, 20, 0, 0, time.UTC)
		}
		if !kept.Equal(want) {
			t.Errorf("kept %s, want %s", kept, want)
		}
	}
	for _, row := range []struct {
		keep Keep
		ago  []time.Duration
		want []bool
	}{
		{Keep{2, 0}, []time.Duration{0, time.Minute, 90 * time.Minute, 5 * time.Hour}, []bool{true, false, true, false}},
		{Keep{0, 2}, []time.Duration{0, time.Hour, 24 * time.Hour, 9 * 24 * time.Hour}, []bool{true, false, true, false}},
		{Keep{1, 3}, []time.Duration{0, 300 * 24 * time.Hour, 900 * 24 * time.Hour}, []bool{true, true, true}}, // idle for years
		{Keep{0, 0}, []time.Duration{0}, []bool{false}},
	} {
		var all []time.Time
		for _, ago := range row.ago {
			all = append(all, time.Date(2026, 11, 14, 23, 59, 0, 0, time.UTC).Add(-ago))
		}
		if got := row.keep.keeps(all); !slices.Equal(got, row.want) {
			t.Errorf("%+v of %v keeps %v", row.keep, row.ago, got)
		}
	}
}

func TestPruneKeepsWhatARestoreMayNeed(t *testing.T) {
	w, _ := peopled(t, 1)
	dir := private(t)
	var all []BackupInfo
	for n := range 4 {
		w.clock.set(begin.Add(time.Duration(n+1) * 24 * time.Hour))
		b, err := w.Backup(t.Context(), dir, nil)
		must(t, err)
		all = append(all, b)
	}
	must(t, os.WriteFile(filepath.Join(dir, "care-notes.ccb"), []byte("not ours"), 0o600))
	for _, row := range []struct {
		proven BackupInfo
		left   int
	}{{BackupInfo{}, 4}, {all[1], 3}, {all[3], 1}} {
		_, err := w.Prune(dir, Keep{Hourly: 1}, row.proven)
		must(t, err)
		left, err := w.Backups(dir)
		must(t, err)
		if len(left) != row.left || left[0].Path != all[3].Path {
			t.Errorf("proven %q: %d are left, want %d", filepath.Base(row.proven.Path), len(left), row.left)
		}
	}
	onlyFiles(t, dir, "care-2026", "care-notes.ccb")
}

// Neither a backup nor what is written on the way to it shows what was put in,
// and what fails leaves nothing behind.
func TestABackupShowsNothingAndLeavesNoDrafts(t *testing.T) {
	w := newWorld(t, Production, nil)
	k := planted.New(3)
	needles := planted.FormsOf(append(plant(w, k, k, 60), k.All...))
	dir := private(t)
	drafts := map[string]bool{}
	look := func() {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		must(t, err)
		for _, path := range files {
			drafts[filepath.Ext(path)] = true
			body, err := os.ReadFile(path)
			must(t, err)
			if found := needles.Find(body); len(found) > 0 {
				t.Errorf("%s shows what was put in, first as %s", filepath.Base(path), found[0])
			}
		}
	}
	last := int64(-1)
	_, err := w.Backup(t.Context(), dir, func(done, total int64) {
		if done == total && total != last { // at the end of each part
			last = total
			look()
		}
	})
	must(t, err)
	look()
	if !drafts[draftEnd] || !drafts[backupExt] {
		t.Errorf("only files of kinds %v were looked at", drafts)
	}
	onlyFiles(t, dir, "care-2026")
	for stop := int64(1); stop <= 1<<24; stop *= 8 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.Backup(ctx, dir, func(done, _ int64) {
			if done >= stop {
				cancel()
			}
		})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("told to stop: %v", err)
		}
		onlyFiles(t, dir, "care-2026")
	}
	must(t, os.WriteFile(filepath.Join(dir, "care-1"+draftEnd), []byte("left by a kill"), 0o600))
	_, err = w.Backup(t.Context(), dir, nil)
	must(t, err)
	onlyFiles(t, dir, "care-2026")
	must(t, os.Chmod(dir, 0o755))
	if _, err := w.Backup(t.Context(), dir, nil); !errors.Is(err, ErrPermission) {
		t.Errorf("into an open folder: %v", err)
	}
}
