package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// inhabited is a store with some clients and their requests.
func inhabited(t testing.TB, clients int) (*world, []care.ChartID) {
	t.Helper()
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	orders := make([]Order, clients)
	for n := range orders {
		orders[n] = Order{Actor: care.Anonymous, Act: entering(n)}
	}
	ids := make([]care.ChartID, clients)
	for n, a := range w.OrderAll(t.Context(), orders) {
		if ids[n] = care.ChartID(a.Made); a.Err != nil {
			t.Fatal(a.Err)
		}
		if n%50 == 0 {
			w.ask(ids[n], provider)
		}
	}
	return w, ids
}

// epochs are those under which the file's keys are wrapped, and those of the
// keyring, in the header's records and in the copy beside the file.
func (w *world) epochs() (wrapped map[uint32]int, ring, copied []uint32) {
	w.Helper()
	wrapped = map[uint32]int{}
	err := w.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(_, v []byte) error {
			id, _ := seal.EpochOf(v)
			wrapped[id]++
			return nil
		})
	})
	if err != nil {
		w.Fatal(err)
	}
	header, mirror, err := readHeaders(w.engine)
	if err != nil {
		w.Fatal(err)
	}
	beside, err := os.ReadFile(filepath.Join(w.config.Dir, HeaderFile))
	if err != nil {
		w.Fatal(err)
	}
	inFile, err := w.vault.Former(header, mirror)
	if err != nil {
		w.Fatal(err)
	}
	inCopy, err := w.vault.Former(beside, beside)
	if err != nil {
		w.Fatal(err)
	}
	return wrapped, inFile.Epochs(), inCopy.Epochs()
}

// mustHaveOneEpoch: all keys are under it, and no header has another.
func (w *world) mustHaveOneEpoch(id uint32) {
	w.Helper()
	wrapped, ring, copied := w.epochs()
	if len(wrapped) != 1 || wrapped[id] == 0 {
		w.Errorf("keys are wrapped under %v, want all under %d", wrapped, id)
	}
	if want := []uint32{id}; !slices.Equal(ring, want) || !slices.Equal(copied, want) || !slices.Equal(w.vault.Epochs(), want) {
		w.Errorf("the keyring has %v, its copy %v, that in memory %v, want %v", ring, copied, w.vault.Epochs(), want)
	}
}

func TestRekeyDataWrapsAllKeysAnewAndDropsTheOldEpoch(t *testing.T) {
	w, ids := inhabited(t, 150)
	old, err := w.vault.Former(headersOf(t, w))
	if err != nil {
		t.Fatal(err)
	}
	var wrapped [][2][]byte
	err = w.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(k, v []byte) error {
			wrapped = append(wrapped, [2][]byte{slices.Clone(k), slices.Clone(v)})
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	done, err := w.RekeyData(t.Context(), func(at, total int64) {
		if at < last || at > total {
			t.Errorf("progress went from %d to %d of %d", last, at, total)
		}
		last = at
	})
	if err != nil {
		t.Fatal(err)
	}
	if done.Epoch != 2 || !slices.Equal(done.Dropped, []uint32{1}) || done.Keys != uint64(len(wrapped)) || last != int64(len(wrapped)) {
		t.Errorf("done: %+v, progress %d; there are %d keys", done, last, len(wrapped))
	}
	w.mustHaveOneEpoch(2)
	w.mustBeWhole()
	for range 2 { // as it is, and opened again
		for _, id := range ids {
			if c := w.chart(id); c.Client == nil {
				t.Errorf("client %s is not there", id)
			}
		}
		for _, kv := range wrapped {
			if _, err := w.vault.UnwrapChartKey(kv[1], kv[0]); err == nil {
				t.Fatal("a key that was wrapped under the old epoch opens with the present keyring")
			}
			if _, err := old.UnwrapChartKey(kv[1], kv[0]); err != nil {
				t.Fatalf("this test shows nothing: %v", err)
			}
		}
		w.client(len(ids) + 1000)
		w.reopen()
	}
	w.mustHaveOneEpoch(2)
}

func headersOf(t testing.TB, w *world) (header, mirror []byte) {
	t.Helper()
	header, mirror, err := readHeaders(w.engine)
	if err != nil {
		t.Fatal(err)
	}
	return header, mirror
}

// Writers, readers, a full pass, a compaction and a backup go on beside it, and
// all of them are right. The backup was made under epochs that are gone when it
// is proven.
func TestRekeyBesideEverything(t *testing.T) {
	w, ids := inhabited(t, 200)
	backups := filepath.Join(private(t), "backups")
	made, err := w.Backup(t.Context(), backups, nil)
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if n%2 == 0 {
					w.client(1000*(n+1) + i)
				} else {
					w.chart(ids[rand.IntN(len(ids))])
				}
			}
		})
	}
	passes := 0
	wait.Go(func() {
		for ; !stop.Load(); passes++ {
			if report, err := w.Verify(context.Background(), nil); err != nil || report.Err() != nil {
				t.Errorf("the full pass: %v, %v", err, report.Err())
			}
		}
	})
	for range 4 {
		if _, err := w.RekeyData(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if _, err := w.Compact(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	wait.Wait()
	t.Logf("%d full passes beside it", passes)
	w.mustHaveOneEpoch(5)
	w.mustBeWhole()
	if _, err := w.Prove(t.Context(), made.Path, nil); err != nil {
		t.Errorf("a backup from before: %v", err)
	}
	w.reopen()
	w.mustBeWhole()
}

// A change of slots and a change of epochs do not undo each other.
func TestSlotsAndEpochsChangeTogether(t *testing.T) {
	w, _ := inhabited(t, 20)
	var wait sync.WaitGroup
	wait.Go(func() {
		for range 5 {
			made, err := w.AddSlot(Fresh{Type: RecoverySlot})
			if err == nil {
				err = w.DropSlot(made.ID)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range 5 {
		if _, err := w.RekeyData(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
	w.reopen()
	w.mustHaveOneEpoch(6)
	if slots := w.Slots(); len(slots) != 1 {
		t.Errorf("slots %+v", slots)
	}
	w.mustBeWhole()
}

// Two at once: the second is told so, and the store lives.
func TestOneRekeyAtATime(t *testing.T) {
	w, _ := inhabited(t, 5)
	w.moving.Lock()
	for name, do := range map[string]func() error{
		"rekey":   func() error { _, err := w.RekeyData(t.Context(), nil); return err },
		"compact": func() error { _, err := w.Compact(t.Context(), nil); return err },
	} {
		if err := do(); !errors.Is(err, ErrBusy) {
			t.Errorf("%s: %v, want ErrBusy", name, err)
		}
	}
	w.moving.Unlock()
	if _, err := w.RekeyData(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A key that does not open stops the walk, not the store, and no epoch is lost.
func TestRekeyStopsAtAKeyThatDoesNotOpen(t *testing.T) {
	w, ids := inhabited(t, 30)
	name := w.chartName(ids[3])
	var whole []byte
	change := func(to func([]byte) []byte) {
		t.Helper()
		err := w.engine.Update(func(tx engine.Writer) error {
			whole = slices.Clone(tx.Get(engine.Keys, name))
			return tx.Put(engine.Keys, name, to(whole))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(func(b []byte) []byte { b = slices.Clone(b); b[len(b)-1] ^= 1; return b })
	good := whole
	if _, err := w.RekeyData(t.Context(), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if _, ring, _ := w.epochs(); !slices.Equal(ring, []uint32{1, 2}) {
		t.Errorf("the keyring has %v, want both", ring)
	}
	w.client(999)
	change(func([]byte) []byte { return good })
	done, err := w.RekeyData(t.Context(), nil)
	if err != nil || !done.Resumed {
		t.Errorf("once it was put back: %+v, %v", done, err)
	}
	w.mustHaveOneEpoch(2)
	w.mustBeWhole()
}

// How many times a process is killed on its way through a long work.
func onTheWay() int {
	if os.Getenv("CARECONNECT_TORTURE") != "" {
		return 200
	}
	return 20
}

// rekeyUntilKilled is the child: it changes the keys again and again, slowly so
// that it can be killed within, while clients enter.
func rekeyUntilKilled(dir string) {
	s, err := Open(setting(dir, &hands{at: begin}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	time.AfterFunc(60*time.Second, func() { os.Exit(3) }) // nobody killed us
	go func() {
		for n := 0; ; n++ {
			_, _ = s.Do(context.Background(), care.Anonymous, entering(os.Getpid()*1000+n))
		}
	}()
	for {
		done, err := s.RekeyData(context.Background(), func(at, total int64) {
			fmt.Println("at", at, total)
			time.Sleep(time.Millisecond)
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		fmt.Println("done", done.Epoch, 0)
	}
}

// Killed at any instant on its way: every record opens, the place never goes
// back, and when it ends the old epochs are gone.
func TestKillWhileRekeying(t *testing.T) {
	w, ids := inhabited(t, 1500)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(20261126, uint64(os.Getpid())))
	t.Logf("process %d is the seed", os.Getpid())
	within, resumed := 0, 0
	var before rekeying
	for range onTheWay() {
		cmd, lines := child(t, "rekey", w.config.Dir)
		told, toldEpoch := int64(0), uint32(0)
		kill := time.Duration(chance.IntN(40_000)) * time.Microsecond
		var timer *time.Timer
		for lines.Scan() {
			if timer == nil {
				timer = time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
			}
			var what string
			var at, total int64
			if n, _ := fmt.Sscan(lines.Text(), &what, &at, &total); n != 3 {
				break
			}
			if what == "at" {
				told = at
			} else {
				told, toldEpoch = 0, uint32(at)
			}
		}
		err := cmd.Wait()
		if status, ok := errors.AsType[*exec.ExitError](err); !ok || status.Exited() {
			t.Fatalf("the child ended by itself: %v", err)
		}
		if w.Store, err = Open(w.config); err != nil {
			t.Fatal(err)
		}
		kept, err := w.kept()
		if err != nil {
			t.Fatal(err)
		}
		_, ring, copied := w.epochs()
		if !slices.Equal(ring, copied) {
			t.Errorf("the keyring has %v, its copy %v", ring, copied)
		}
		if now := kept.Rekey; now != nil {
			within++
			if now.Epoch == before.Epoch && now.Done < before.Done || now.Epoch > toldEpoch && now.Epoch == before.Epoch && now.Done < uint64(told) {
				t.Errorf("the place went back: it was %d of epoch %d, and told %d; it is %d of epoch %d", before.Done, before.Epoch, told, now.Done, now.Epoch)
			}
			before = *now
			if chance.IntN(3) == 0 { // sometimes it is brought to its end here
				resumed++
				done, err := w.RekeyData(t.Context(), func(at, _ int64) {
					if uint64(at) < before.Done {
						t.Errorf("it began again at %d, it was at %d", at, before.Done)
					}
				})
				if err != nil || !done.Resumed {
					t.Errorf("resumed: %+v, %v", done, err)
				}
				w.mustHaveOneEpoch(done.Epoch)
				before = rekeying{}
			}
		}
		w.mustBeWhole()
		for range 20 {
			w.chart(ids[chance.IntN(len(ids))])
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d kills were within a walk, %d of which were brought to their end", within, onTheWay(), resumed)
	if within < onTheWay()/3 {
		t.Errorf("only %d of %d kills were within a walk: this shows little", within, onTheWay())
	}
}

// Ten thousand clients, the process killed at half of them, started again: it goes
// on, all of them can be read, and the old key opens nothing. A wrong secret
// changes no byte.
func TestR82TenThousandKeysAreChangedAcrossAKill(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand clients")
	}
	w, ids := inhabited(t, 10_000)
	before, err := w.vault.Former(headersOf(t, w))
	must(t, err)
	must(t, w.Close())
	was := mustRead(t, w.file(DataFile))
	wrong := w.config
	wrong.Keys = Keys{Secret: bytes.Repeat([]byte("no secret of ours "), 3)}
	if _, err := Open(wrong); !errors.Is(err, ErrWrongKey) {
		t.Errorf("with a wrong secret: %v", err)
	}
	if !bytes.Equal(was, mustRead(t, w.file(DataFile))) {
		t.Error("a wrong secret changed the file")
	}
	cmd, lines := child(t, "rekey", w.config.Dir)
	for lines.Scan() {
		var what string
		var at, total int64
		if n, _ := fmt.Sscan(lines.Text(), &what, &at, &total); n == 3 && what == "at" && at >= total/2 {
			must(t, cmd.Process.Kill())
			break
		}
	}
	_ = cmd.Wait()
	w.Store, err = Open(w.config)
	must(t, err)
	kept, err := w.kept()
	must(t, err)
	if kept.Rekey == nil || kept.Rekey.Done < 5000 {
		t.Fatalf("killed at half of it, it stands at %+v", kept.Rekey)
	}
	done, err := w.RekeyData(t.Context(), func(at, _ int64) {
		if uint64(at) < kept.Rekey.Done {
			t.Errorf("it went back to %d from %d", at, kept.Rekey.Done)
		}
	})
	must(t, err)
	if !done.Resumed || !slices.Equal(done.Dropped, []uint32{1}) {
		t.Errorf("done: %+v", done)
	}
	w.mustHaveOneEpoch(2)
	for _, id := range ids {
		if w.chart(id).Client == nil {
			t.Errorf("client %s is not there", id)
		}
	}
	opened := 0
	must(t, w.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(k, v []byte) error {
			if _, err := before.UnwrapChartKey(v, k); err == nil {
				opened++
			}
			return nil
		})
	}))
	if opened > 0 {
		t.Errorf("the old keyring opens %d keys", opened)
	}
	w.mustVerify()
}
