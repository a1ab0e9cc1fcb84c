package store

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/directory"
	"careconnect/store/internal/engine"
)

// started opens the store of a world again, which was closed or left behind, and
// says whether the directory was read from what was kept.
func (w *world) started() (kept bool) {
	w.Helper()
	s, err := Open(w.config)
	must(w.TB, err)
	w.Store = s
	s.shown.filling.Wait()
	return s.shown.kept != ""
}

// sameAsTheRecords holds the directory against one that is made from the records.
func (w *world) sameAsTheRecords() {
	w.Helper()
	made := directory.New(w.programme.Load().calendar, w.rotation())
	made.Rules(w.programme.Load().calendar, w.programme.Load().chart.Terms)
	f := made.Fill()
	must(w.TB, w.engine.View(func(r engine.Reader) error { return w.loadDirectory(r, f, w.now()) }))
	f.Done()
	now := w.now()
	for _, q := range []directory.Query{{Facets: true, Limit: 100}, {State: "IL", Specialties: []string{"anxiety"}}, {Text: "velm", Promise: true}} {
		a, err := w.directory.Search(q, now)
		must(w.TB, err)
		b, err := made.Search(q, now)
		must(w.TB, err)
		if !reflect.DeepEqual(a, b) {
			w.Fatalf("%+v finds %+v in the directory and %+v in the records", q, a, b)
		}
	}
	providers, err := w.Find(w.Context(), care.System, care.Set{Name: care.SetProviders})
	must(w.TB, err)
	for _, p := range providers {
		a, _ := w.directory.Facts(p.Chart, "IL", now)
		if b, _ := made.Facts(p.Chart, "IL", now); !reflect.DeepEqual(a, b) {
			w.Fatalf("the facts of %s are\n%+v %d in the directory and\n%+v %d in the records", p.Chart, a.Provider, a.Panel, b.Provider, b.Panel)
		}
		a1, _ := w.directory.Openings(p.Chart, care.Session, now, now, now.AddDate(0, 0, 50), 0)
		if b1, _ := made.Openings(p.Chart, care.Session, now, now, now.AddDate(0, 0, 50), 0); !slices.Equal(a1, b1) {
			w.Fatalf("%s has %d openings in the directory, %d in the records", p.Chart, len(a1), len(b1))
		}
	}
}

// shownWorld is a store with providers of whom one has booked times and one a
// caseload.
func shownWorld(t testing.TB) (*world, care.ChartID) {
	t.Helper()
	w := newWorld(t, Production, nil)
	one, other := w.provider(1), w.provider(2)
	w.wellKnown(1, one)
	w.wellKnown(2, other)
	most := 2
	w.do(ofProvider(other), act.SetCaseload{Provider: other, Caseload: &most})
	return w, one
}

func (w *world) pause(p care.ChartID, yes bool) {
	w.Helper()
	w.do(ofProvider(p), act.SetCaseload{Provider: p, WaitlistOnly: &yes})
}

// After a clean stop the directory is read from what was kept, and is what the
// records say.
func TestTheDirectoryIsKeptForTheNextStart(t *testing.T) {
	w, one := shownWorld(t)
	must(t, w.Close())
	if !w.started() {
		t.Fatal("nothing was kept")
	}
	w.sameAsTheRecords()
	info, err := os.Stat(w.file(DirectoryFile))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	w.client(9) // changes nothing that the directory shows
	w.reopen()
	if w.shown.filling.Wait(); w.shown.kept == "" {
		t.Error("what was kept is of no use any more")
	}
	w.pause(one, true)
	w.reopen()
	if w.shown.filling.Wait(); w.shown.kept == "" {
		t.Error("it was not kept anew")
	}
	w.sameAsTheRecords()
	w.mustBeWhole()
}

// What is kept is used only if it is of this store and of what it shows now, and
// whole. Whatever else lies there, the directory is that of the records.
func TestWhatWasKeptOfTheDirectoryIsNeverBelievedWrongly(t *testing.T) {
	w, one := shownWorld(t)
	must(t, w.Close())
	read := func(name string) []byte {
		t.Helper()
		body, err := os.ReadFile(w.file(name))
		must(t, err)
		return body
	}
	older, olderStore := read(DirectoryFile), read(DataFile)
	w.started()
	w.pause(one, true)
	must(t, w.Close())
	newer, newerStore := read(DirectoryFile), read(DataFile)

	other, _ := shownWorld(t)
	must(t, other.Close())
	foreign, err := os.ReadFile(other.file(DirectoryFile))
	must(t, err)

	// Another way from the older store on, whose commits have the same numbers.
	must(t, os.WriteFile(w.file(DataFile), olderStore, 0o600))
	w.started()
	w.pause(one, true)
	w.pause(one, false)
	must(t, w.Close())
	fork, forkStore := read(DirectoryFile), read(DataFile)

	flip := func(at int) []byte {
		b := bytes.Clone(newer)
		b[at] ^= 4
		return b
	}
	for _, row := range []struct {
		name        string
		store, kept []byte
		used        bool
	}{
		{"as it was left", newerStore, newer, true},
		{"missing", newerStore, nil, false},
		{"empty", newerStore, []byte{}, false},
		{"of before the last change", newerStore, older, false},
		{"of after the store was rolled back", olderStore, newer, false},
		{"of the same store when that was as it is now", olderStore, older, true},
		{"of another way from an older store on", newerStore, fork, false},
		{"the other way round", forkStore, newer, false},
		{"that other way's own", forkStore, fork, true},
		{"another store's", newerStore, foreign, false},
		{"altered in its key", newerStore, flip(30), false},
		{"altered in its head", newerStore, flip(200), false},
		{"altered within", newerStore, flip(len(newer) / 2), false},
		{"altered at its end", newerStore, flip(len(newer) - 1), false},
		{"cut in the middle", newerStore, newer[:len(newer)/2], false},
		{"cut by a byte", newerStore, newer[:len(newer)-1], false},
		{"a length that is none", newerStore, append(bytes.Clone(newer[:100]), bytes.Repeat([]byte{255}, 3000)...), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w.TB = t
			must(t, os.WriteFile(w.file(DataFile), row.store, 0o600))
			_ = os.Remove(w.file(DirectoryFile))
			if row.kept != nil {
				must(t, os.WriteFile(w.file(DirectoryFile), row.kept, 0o600))
			}
			if used := w.started(); used != row.used {
				t.Errorf("used: %t, wanted %t", used, row.used)
			}
			w.sameAsTheRecords()
			w.pause(one, true)
			w.pause(one, false)
			w.sameAsTheRecords()
			must(t, w.Close())
		})
	}
}

// Whatever happens to providers and their times, with clean stops and without,
// with what was kept hourly or at the end: the directory is that of the records.
func TestTheDirectoryAfterAnyStart(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 5))
	w := newWorld(t, Production, nil)
	providers := w.many(4)
	var clients []care.ChartID
	used, made := 0, 0
	do := func(actor care.Actor, a act.Act) (Outcome, bool) {
		t.Helper()
		out, err := w.Do(context.Background(), actor, a)
		if err != nil {
			var fault *care.Fault
			if !errors.As(err, &fault) {
				t.Fatal(err)
			}
		}
		return out, err == nil && out.Decision.Outcome == rules.Yes
	}
	var sessions []care.AppointmentID
	for n := range 250 {
		p := providers[r.IntN(len(providers))]
		switch r.IntN(9) {
		case 0:
			most := r.IntN(3)
			do(ofProvider(p), act.SetCaseload{Provider: p, Caseload: &most})
		case 1:
			virtual := r.IntN(4) > 0
			do(ofProvider(p), act.SetVirtual{Provider: p, Virtual: virtual})
		case 2:
			hours := week()
			hours.SessionMinutes, hours.BufferMinutes = 40+10*r.IntN(3), 5*r.IntN(3)
			do(ofProvider(p), act.SetHours{Provider: p, Hours: hours})
		case 3, 4, 5:
			client := w.client(n)
			clients = append(clients, client)
			ref, ok := do(ofClient(client), act.Request{Client: client, Provider: p})
			if !ok {
				break
			}
			do(ofProvider(p), act.Accept{Referral: care.ReferralID(ref.Made)})
			if out, ok := do(ofProvider(p), act.BookSession{Referral: care.ReferralID(ref.Made), Start: w.now().Truncate(time.Hour).Add(time.Duration(24+r.IntN(400)) * time.Hour), Minutes: 50}); ok {
				sessions = append(sessions, care.AppointmentID(out.Made))
			}
		case 6:
			if len(sessions) > 0 {
				do(ofProvider(p), act.Cancel{Appointment: sessions[r.IntN(len(sessions))]})
			}
		case 7:
			w.clock.set(w.clock.now().Add(time.Duration(r.IntN(30)) * time.Hour))
			w.sweep()
			must(t, w.KeepDirectory())
		case 8:
			if len(clients) > 0 && r.IntN(3) == 0 {
				id := clients[r.IntN(len(clients))]
				do(ofClient(id), act.Erase{Client: id})
			}
		}
		if r.IntN(6) > 0 {
			continue
		}
		if r.IntN(2) == 0 {
			must(t, w.Close())
		} else { // it is killed: what lies there is taken along
			dir := private(t)
			for _, name := range []string{DataFile, KeyFile, HeaderFile, ErasedFile, DirectoryFile} {
				if body, err := os.ReadFile(w.file(name)); err == nil {
					must(t, os.WriteFile(filepath.Join(dir, name), body, 0o600))
				}
			}
			must(t, w.Close())
			w.config.Dir = dir
		}
		if w.started() {
			used++
		} else {
			made++
		}
		w.sameAsTheRecords()
	}
	t.Logf("read from what was kept %d times, made from the records %d times", used, made)
	if used < 5 || made < 5 {
		t.Error("too few of either to prove anything")
	}
	w.mustBeWhole()
}

// An hour's file serves a start after a kill as well, if the directory has not
// changed since.
func TestWhatWasKeptHourlyServesAfterAKill(t *testing.T) {
	w, one := shownWorld(t)
	must(t, w.KeepDirectory())
	before, err := os.Stat(w.file(DirectoryFile))
	must(t, err)
	w.client(7)
	must(t, w.KeepDirectory())
	if after, err := os.Stat(w.file(DirectoryFile)); err != nil || !os.SameFile(before, after) {
		t.Error("it was written again, and nothing had changed")
	}
	killed := func() *world {
		t.Helper()
		n := *w
		n.config.Dir = private(t)
		for _, name := range []string{DataFile, KeyFile, HeaderFile, DirectoryFile} {
			body, err := os.ReadFile(w.file(name))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(n.config.Dir, name), body, 0o600))
		}
		return &n
	}
	n := killed()
	if !n.started() {
		t.Error("it was not used, and still shows what the directory does")
	}
	n.sameAsTheRecords()
	must(t, n.Close())
	w.pause(one, true)
	n = killed()
	if n.started() {
		t.Error("it was used, and the directory has changed since")
	}
	n.sameAsTheRecords()
	must(t, n.Close())
}

// Nobody who was forgotten is left in what is kept, and no copy of it from before
// opens any more. A provider who left is found by nobody after any start.
func TestWhatIsKeptOfTheDirectoryForgets(t *testing.T) {
	w := newWorld(t, Production, nil)
	one, other := w.provider(1), w.provider(2)
	who := w.wellKnown(1, one)
	w.reopen()
	older, err := os.ReadFile(w.file(DirectoryFile))
	must(t, err)
	w.do(ofClient(who.client), act.Erase{Client: who.client})
	w.do(ofProvider(other), act.Leave{Provider: other})
	if _, err := w.Forget(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.file(DirectoryFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	must(t, w.KeepDirectory())
	must(t, os.WriteFile(w.file("older"), older, 0o600))
	file, err := os.Open(w.file("older"))
	must(t, err)
	defer file.Close()
	if _, _, err := w.shownHead(file, new(shownHead)); err == nil {
		t.Error("what was kept before somebody was forgotten still opens")
	}
	body := w.directory.Snapshot()
	for _, r := range who.records {
		if ap, is := r.(care.Appointment); is && bytes.Contains(body, []byte(ap.ID)) {
			t.Errorf("it holds %s of somebody who was erased", ap.ID)
		}
	}
	must(t, w.Close())
	if !w.started() {
		t.Error("nothing was kept")
	}
	if _, listed := w.Directory().Provider(other, w.now()); listed {
		t.Error("a provider who left is listed")
	}
	w.sameAsTheRecords()
}

// New keys make what was kept useless, and it is written again under them.
func TestTheDirectoryIsKeptUnderNewKeys(t *testing.T) {
	w, _ := shownWorld(t)
	must(t, w.KeepDirectory())
	if _, err := w.RekeyData(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	must(t, w.Close())
	if !w.started() {
		t.Error("what was kept is under keys that are gone")
	}
	w.sameAsTheRecords()
}

// Days that come within sight are looked up while the store runs and after a
// start: what was booked for them before is not offered.
func TestTimesBookedFarAheadAreKnownWhenTheirDaysComeInSight(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	client := w.client(1)
	referral := w.ask(client, provider)
	w.do(ofProvider(provider), act.Accept{Referral: referral})
	far := begin.Truncate(time.Hour).AddDate(0, 0, bookedAhead+10)
	w.do(ofProvider(provider), act.BookSession{Referral: referral, Start: far, Minutes: 50})
	_ = os.Remove(w.file(DirectoryFile))
	must(t, w.Close())
	must(t, os.Remove(w.file(DirectoryFile)))
	if w.started() {
		t.Fatal("there was nothing to read")
	}
	open := func() bool {
		t.Helper()
		free, listed := w.Directory().Openings(provider, care.Session, w.now(), far, far.Add(time.Minute), 5)
		if !listed {
			t.Fatal("the provider is not listed")
		}
		return len(free) > 0
	}
	if !open() {
		t.Fatal("known without having been read: this proves nothing")
	}
	w.clock.set(w.clock.now().AddDate(0, 0, 15))
	must(t, w.KeepDirectory())
	if open() {
		t.Error("a booked time is offered, though its day was in sight for days")
	}
	must(t, w.Close())
	w.clock.set(w.clock.now().AddDate(0, 0, 2))
	if !w.started() || open() {
		t.Error("after a start it is offered again")
	}
}

// A record that the directory is made from and that does not open stops the store,
// at the start or, if what was kept turned out to be useless, a moment later.
func TestADamagedProviderStopsTheStore(t *testing.T) {
	w, one := shownWorld(t)
	must(t, w.Close())
	kept, err := os.ReadFile(w.file(DirectoryFile))
	must(t, err)
	w.rewrite(func(e engine.Writer) error {
		name := w.recordName(one, care.KindProvider, string(one))
		return e.Put(engine.Charts, name, flipped(e.Get(engine.Charts, name), 80))
	})
	must(t, os.Remove(w.file(DirectoryFile)))
	if _, err := Open(w.config); !errors.Is(err, ErrDamaged) {
		t.Errorf("without what was kept: %v", err)
	}
	kept[len(kept)-1] ^= 1
	must(t, os.WriteFile(w.file(DirectoryFile), kept, 0o600))
	told := make(chan error, 1)
	w.config.Fatal = func(err error) { told <- err }
	s, err := Open(w.config)
	must(t, err)
	if err := <-told; !errors.Is(err, ErrDamaged) || !errors.Is(s.Failed(), ErrDamaged) {
		t.Errorf("told %v, failed %v", err, s.Failed())
	}
	must(t, s.Close())
}

// While the directory is filled, who wants nothing of it is answered, what is
// committed waits to be told, and nothing is lost of it.
func TestAnswersWhileTheDirectoryIsFilled(t *testing.T) {
	w, one := shownWorld(t)
	f := w.directory.Fill() // as at a start
	client := w.client(5)
	w.chart(client)
	waits := make(chan error, 1)
	go func() {
		yes := true
		_, err := w.Do(context.Background(), ofProvider(one), act.SetCaseload{Provider: one, WaitlistOnly: &yes})
		waits <- err
	}()
	select {
	case err := <-waits:
		t.Errorf("answered before the directory could be told: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	f.Done()
	must(t, <-waits)
	w.sameAsTheRecords()
	must(t, w.Store.Failed())
}
