package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/planted"
)

// inMemory is a folder that costs no disk, where there is one.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "careconnect-test-")
	if err != nil {
		return private(t)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Whoever has the file, the copy of its header, a backup or what lies in temporary
// folders, and no key, finds none of what was put in: not a name, an address, a
// phone number, a note, a concern, a plan, a member id, an employer's code, a
// reason, nor an id.
func TestR81FileShowsNothingThatWasPutIn(t *testing.T) {
	temporary := inMemory(t)
	t.Setenv("TMPDIR", temporary)
	w := newWorldIn(t, inMemory(t), Production, nil)
	k := planted.New(1)
	ids := plant(w, k, k, 250)
	if len(k.All) < 10_000 {
		t.Fatalf("only %d words were planted", len(k.All))
	}
	needles := planted.FormsOf(append(k.All, ids...))
	var open bytes.Buffer
	for _, id := range ids {
		if strings.HasPrefix(id, "cl_") {
			if err := json.NewEncoder(&open).Encode(w.chart(care.ChartID(id))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(needles.Find(open.Bytes())); n < 5000 {
		t.Fatalf("the search found %d words in opened charts: it would find nothing anywhere", n)
	}
	backups := inMemory(t)
	made, err := w.Backup(t.Context(), backups, nil)
	must(t, err)
	must(t, w.Close())
	restored := w.emptyWithKey()
	_, err = Restore(t.Context(), restored, made.Path, false, nil)
	must(t, err)
	seen := 0
	for _, dir := range []string{w.config.Dir, backups, restored.Dir, temporary} {
		must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".test") {
				return err
			}
			body, err := os.ReadFile(path)
			must(t, err)
			found := needles.Find(body)
			t.Logf("%s: %d bytes, %d of %d forms of %d words found", d.Name(), len(body), len(found), needles.Len(), len(k.All)+len(ids))
			if len(found) > 0 {
				t.Errorf("%s shows what was put in, first as %s", d.Name(), found[0])
			}
			seen++
			return nil
		}))
	}
	if seen < 7 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// plant fills every field that holds words, and gives the ids that were made. What
// somebody or something is found by (an address, a secret, a plan) is drawn from
// words of its own.
func plant(w *world, k, by *planted.Words, clients int) []string {
	var ids []string
	made := func(id string) string {
		ids = append(ids, id)
		return id
	}
	yes := true
	codes := make([]string, 20)
	for i := range codes {
		codes[i] = k.Next()
		made(w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: k.Next(), Code: codes[i], Industry: "energy", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1}}}))
		w.do(care.System, act.ListPlan{Plan: care.UnprocessablePlan{Payer: by.Next(), Plan: by.Next()}})
	}
	var providers []care.ChartID
	for n := range 20 {
		id := care.ChartID(made(w.do(care.System, act.Import{File: by.Next(), Rows: []act.Row{{Digest: k.Next(), Provider: care.Provider{
			NPI: fmt.Sprintf("29%08d", n), Name: k.Next(), Degree: "phd", Licences: []care.Licence{{State: "IL", Number: k.Next()}},
		}}}})))
		link := "https://" + k.Next() + ".example.test"
		w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
		w.do(care.System, act.SetHours{Provider: id, Hours: week(), SelfSchedule: &yes, Link: &link})
		w.do(care.System, act.SetProfile{Provider: id, Pronouns: k.Next(), About_: k.Text(20), Specialties: []string{k.Next()}, Languages: []string{k.Next()}, Modalities: []string{k.Next()}})
		w.do(care.System, act.InviteProvider{Provider: id, Email: by.Next() + "@example.test", Pass: &care.Pass{Hash: by.Next(), Type: care.PassToken}})
		w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &yes})
		providers = append(providers, id)
	}
	for n := range clients {
		enter := entering(n)
		enter.FullName, enter.Email, enter.Phone, enter.Code = k.Next(), by.Next()+"@example.test", k.Next(), codes[n%len(codes)]
		enter.Concerns, enter.Language, enter.Source = []string{k.Next(), k.Next()}, k.Next(), k.Next()
		enter.Pass = &care.Pass{Hash: by.Next(), Type: care.PassToken}
		client := care.ChartID(made(w.do(care.Anonymous, enter)))
		provider := providers[n%len(providers)]
		referral := care.ReferralID(made(w.do(ofClient(client), act.Request{Client: client, Provider: provider, Note: k.Text(20)})))
		cover := care.CoverageID(made(w.do(ofClient(client), act.AddCoverage{
			Client: client, Type: care.HealthPlan, Payer: by.Next(), Plan: by.Next(), MemberID: k.Next(), Group: k.Next(),
		})))
		w.do(care.System, act.VerifyCoverage{Coverage: cover, Result: care.Eligible, Note: k.Text(12)})
		if n%2 == 0 {
			w.do(ofProvider(provider), act.Decline{Referral: referral, Reason: k.Next()})
		} else {
			w.do(ofProvider(provider), act.Accept{Referral: referral})
			start := w.now().Add(time.Duration(24+n) * time.Hour)
			w.do(ofProvider(provider), act.BookSession{Referral: referral, Start: start, Minutes: 10})
			for _, s := range w.chart(client).Screenings {
				w.do(ofClient(client), act.SaveAnswers{Screening: care.ScreeningID(made(string(s.ID))), Answers: nil})
			}
		}
		for _, d := range w.chart(client).Deadlines {
			made(string(d.ID))
		}
	}
	w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: k.Next(), Email: by.Next() + "@example.test"})
	return ids
}

// shape is all that can be seen of a store without a key: of each bucket how many
// keys of which lengths stand in it with sealed values of which sizes, and the
// number of pages of all.
func (w *world) shape() (buckets map[engine.Bucket]string, pages int) {
	w.Helper()
	must(w.TB, w.Close())
	db, err := bbolt.Open(w.file(DataFile), 0o600, &bbolt.Options{ReadOnly: true})
	must(w.TB, err)
	defer db.Close()
	buckets = map[engine.Bucket]string{}
	must(w.TB, db.View(func(tx *bbolt.Tx) error {
		for _, name := range engine.Buckets {
			b := tx.Bucket([]byte(name))
			stats := b.Stats()
			sizes := map[string]int{}
			if err := b.ForEach(func(k, v []byte) error { sizes[fmt.Sprint(len(k), " ", len(v))]++; return nil }); err != nil {
				return err
			}
			buckets[name] = fmt.Sprint(stats.KeyN, " keys, by their length and that of what is sealed: ", sizes)
			pages += stats.LeafPageN + stats.BranchPageN + stats.LeafOverflowN + stats.BranchOverflowN
		}
		return nil
	}))
	return buckets, pages
}

// twins are two stores of one origin: the same keys, the same ids to come, the same
// clock.
func twins(t *testing.T) (both [2]*world) {
	first := newWorldIn(t, inMemory(t), Production, nil)
	must(t, first.Close())
	for n := range both {
		dir := inMemory(t)
		for _, name := range []string{DataFile, KeyFile, HeaderFile} {
			body, err := os.ReadFile(first.file(name))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, name), body, 0o600))
		}
		config := first.config
		config.Dir = dir
		s, err := Open(config)
		must(t, err)
		both[n] = &world{TB: t, Store: s, config: config, clock: first.clock}
		t.Cleanup(func() { _ = both[n].Close() })
	}
	return both
}

// Of two stores in which the same was done about other people, in other words of
// the same lengths, nothing that can be seen tells which is which: as many keys and
// the same sizes in each bucket. How full the pages are follows from the order of
// the blind names, which is chance and tells nothing of what they stand for.
func TestStoresThatDifferInContentLookAlike(t *testing.T) {
	var shapes [2]map[engine.Bucket]string
	var pages [2]int
	for seed, w := range twins(t) {
		k := planted.New(uint64(seed))
		plant(w, k, k, 60)
		shapes[seed], pages[seed] = w.shape()
	}
	for bucket, seen := range shapes[0] {
		if other := shapes[1][bucket]; seen != other {
			t.Errorf("%s: %s in one store, %s in the other", bucket, seen, other)
		}
	}
	if apart := pages[0] - pages[1]; max(apart, -apart) > pages[0]/20 {
		t.Errorf("%d pages and %d: further apart than chance has it", pages[0], pages[1])
	}
	t.Logf("%d and %d pages; charts: %s", pages[0], pages[1], shapes[0][engine.Charts])
}

// Of two stores that differ in nothing but what people said and are called, in words
// of the same lengths, nothing differs that can be seen without a key, after any act:
// each page of each tree has as many elements, of the same names and sizes, and as
// many pages are in use. Which of the free ones a page is written to bbolt draws by
// lot, so how many are free, and how long the file is by that, differs also between
// two stores that have the same words.
func TestStoresThatDifferInWordsAreTheSamePageForPage(t *testing.T) {
	var steps [2][]layout
	for n, w := range twins(t) {
		w.did = func(act string) { steps[n] = append(steps[n], w.layout(act)) }
		plant(w, planted.New(uint64(n)), planted.New(77), 60)
	}
	if len(steps[0]) != len(steps[1]) || len(steps[0]) < 400 {
		t.Fatalf("%d acts in one store and %d in the other", len(steps[0]), len(steps[1]))
	}
	for i, one := range steps[0] {
		other := steps[1][i]
		if one.act != other.act || one.used() != other.used() {
			t.Fatalf("after act %d, %s: %d pages in use and %d free; in the other, after %s, %d and %d", i, one.act, one.used(), one.free, other.act, other.used(), other.free)
		}
		for at := range max(len(one.pages), len(other.pages)) {
			if at >= len(one.pages) || at >= len(other.pages) || one.pages[at] != other.pages[at] {
				t.Fatalf("after act %d, %s: page %d of %d and %d in the order of the trees differs:\n%v\n%v", i, one.act, at, len(one.pages), len(other.pages), one.pages[min(at, len(one.pages)-1)], other.pages[min(at, len(other.pages)-1)])
			}
		}
	}
	last := steps[0][len(steps[0])-1]
	t.Logf("%d acts, at last %d pages in trees, %d free", len(steps[0]), len(last.pages), last.free)
}

// layout is what can be seen of a file, without a key, by who knows bbolt.
type layout struct {
	act   string
	high  uint64   // pages that were ever used
	free  int      // pages on the free list
	pages []string // of all trees, in their order: kind, names of its elements, and the sizes of what they hold
}

// used are the pages that mean something.
func (l layout) used() int { return int(l.high) - l.free }

func (w *world) layout(act string) layout {
	w.Helper()
	file, err := os.ReadFile(w.file(DataFile))
	must(w.TB, err)
	order, page := binary.NativeEndian, os.Getpagesize()
	meta := file[16:]
	if second := file[page+16:]; order.Uint64(second[48:]) > order.Uint64(meta[48:]) {
		meta = second
	}
	at := func(id uint64) []byte { return file[int(id)*page:] }
	l := layout{act: act, high: order.Uint64(meta[40:])}
	if l.free = int(order.Uint16(at(order.Uint64(meta[32:]))[10:])); l.free == 0xFFFF {
		l.free = int(order.Uint64(at(order.Uint64(meta[32:]))[16:]))
	}
	var tree func(p []byte, buckets bool)
	tree = func(p []byte, buckets bool) {
		leaf, count := order.Uint16(p[8:]) == 2, int(order.Uint16(p[10:]))
		line := fmt.Appendf(nil, "leaf %v, goes on %d pages:", leaf, order.Uint32(p[12:]))
		for i := range count {
			e := p[16+16*i:]
			pos, key, value := order.Uint32(e), order.Uint32(e[4:]), uint32(0)
			if leaf {
				pos, key, value = key, order.Uint32(e[8:]), order.Uint32(e[12:])
			}
			line = fmt.Appendf(line, " %x %d", e[pos:pos+key], value)
		}
		l.pages = append(l.pages, string(line))
		for i := range count {
			e := p[16+16*i:]
			switch {
			case !leaf:
				tree(at(order.Uint64(e[8:])), buckets)
			case buckets:
				v := e[order.Uint32(e[4:])+order.Uint32(e[8:]):]
				if root := order.Uint64(v); root != 0 {
					tree(at(root), false)
				} else {
					tree(v[16:], false)
				}
			}
		}
	}
	tree(at(order.Uint64(meta[16:])), true)
	return l
}
