package store

import (
	"bytes"
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
func TestFileShowsNothingThatWasPutIn(t *testing.T) {
	temporary := inMemory(t)
	t.Setenv("TMPDIR", temporary)
	w := newWorldIn(t, inMemory(t), Production, nil)
	k := planted.New(1)
	ids := plant(w, k, 250)
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

// plant fills every field that holds words, and gives the ids that were made.
func plant(w *world, k *planted.Words, clients int) []string {
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
		w.do(care.System, act.ListPlan{Plan: care.UnprocessablePlan{Payer: k.Next(), Plan: k.Next()}})
	}
	var providers []care.ChartID
	for n := range 20 {
		id := care.ChartID(made(w.do(care.System, act.Import{File: k.Next(), Rows: []act.Row{{Digest: k.Next(), Provider: care.Provider{
			NPI: fmt.Sprintf("29%08d", n), Name: k.Next(), Degree: "phd", Licences: []care.Licence{{State: "IL", Number: k.Next()}},
		}}}})))
		link := "https://" + k.Next() + ".example.test"
		w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
		w.do(care.System, act.SetHours{Provider: id, Hours: week(), SelfSchedule: &yes, Link: &link})
		w.do(care.System, act.SetProfile{Provider: id, Pronouns: k.Next(), About_: k.Text(20), Specialties: []string{k.Next()}, Languages: []string{k.Next()}, Modalities: []string{k.Next()}})
		w.do(care.System, act.InviteProvider{Provider: id, Email: k.Next() + "@example.test", Pass: &care.Pass{Hash: k.Next(), Type: care.PassToken}})
		w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &yes})
		providers = append(providers, id)
	}
	for n := range clients {
		enter := entering(n)
		enter.FullName, enter.Email, enter.Phone, enter.Code = k.Next(), k.Next()+"@example.test", k.Next(), codes[n%len(codes)]
		enter.Concerns, enter.Language, enter.Source = []string{k.Next(), k.Next()}, k.Next(), k.Next()
		enter.Pass = &care.Pass{Hash: k.Next(), Type: care.PassToken}
		client := care.ChartID(made(w.do(care.Anonymous, enter)))
		provider := providers[n%len(providers)]
		referral := care.ReferralID(made(w.do(ofClient(client), act.Request{Client: client, Provider: provider, Note: k.Text(20)})))
		cover := care.CoverageID(made(w.do(ofClient(client), act.AddCoverage{
			Client: client, Type: care.HealthPlan, Payer: k.Next(), Plan: k.Next(), MemberID: k.Next(), Group: k.Next(),
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
	w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: k.Next(), Email: k.Next() + "@example.test"})
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

// Of two stores in which the same was done about other people, in other words of
// the same lengths, nothing that can be seen tells which is which: as many keys and
// the same sizes in each bucket. How full the pages are follows from the order of
// the blind names, which is chance and tells nothing of what they stand for.
func TestStoresThatDifferInContentLookAlike(t *testing.T) {
	first := newWorldIn(t, inMemory(t), Production, nil)
	must(t, first.Close())
	var shapes [2]map[engine.Bucket]string
	var pages [2]int
	for seed := range uint64(2) {
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
		w := &world{t, s, config, first.clock}
		k := planted.New(seed)
		plant(w, k, 60)
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
