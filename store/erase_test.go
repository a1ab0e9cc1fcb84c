package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
	"careconnect/store/planted"
)

// known is a client of whom there is something of everything, with all that a
// thief would have to know to look for them: ids, and words that stand nowhere
// else.
type known struct {
	client, provider care.ChartID
	records          []care.Record
	words            []string
}

// wellKnown takes a client along the road: asked, accepted, two sessions of which
// one took place, a plan, an answer about sharing, a request under a key.
func (w *world) wellKnown(n int, provider care.ChartID) known {
	w.Helper()
	k := planted.New(uint64(n))
	enter := entering(n)
	enter.FullName, enter.Email, enter.Phone = k.Next(), k.Next()+"@example.test", k.Next()
	enter.Concerns, enter.Pass = []string{k.Next()}, &care.Pass{Hash: k.Next(), Type: care.PassToken}
	who := known{client: care.ChartID(w.do(care.Anonymous, enter)), provider: provider}
	actor := ofClient(who.client)
	_, err := w.Order(w.Context(), Order{Actor: actor, Once: &Once{Key: k.Next(), Route: "coverages"}, Act: act.AddCoverage{
		Client: who.client, Type: care.HealthPlan, Payer: k.Next(), Plan: k.Next(), MemberID: k.Next(), Group: k.Next(),
	}})
	must(w.TB, err)
	referral := care.ReferralID(w.do(actor, act.Request{Client: who.client, Provider: provider, Note: k.Next()}))
	w.do(ofProvider(provider), act.Accept{Referral: referral})
	w.do(actor, act.SetSharing{Client: who.client, Sharing: true, Scopes: []string{"attendance"}, TextVersion: act.ConsentTextVersion})
	start := w.now().Add(48 * time.Hour).Truncate(time.Hour)
	first := care.AppointmentID(w.do(ofProvider(provider), act.BookSession{Referral: referral, Start: start.Add(time.Duration(n) * time.Hour), Minutes: 50}))
	w.clock.set(start.Add(time.Duration(n+1) * time.Hour))
	w.sweep()
	w.do(ofProvider(provider), act.Outcome{Appointment: first, Result: care.Attended})
	free, _ := w.Directory().Openings(provider, care.Session, w.now(), w.now().AddDate(0, 0, 10), w.now().AddDate(0, 0, 14), 1)
	w.do(ofProvider(provider), act.BookSession{Referral: referral, Start: free[0].Start, Minutes: 50})
	_, err = w.Chart(w.Context(), ofProvider(provider), who.client, "client")
	must(w.TB, err)
	who.records, who.words = w.chart(who.client).Records(), k.All
	return who
}

// From the commit on, nobody finds the client by any way there was to them; the
// provider is told that a time is free, and of whom not.
func TestEraseIsGoneFromEveryReadAtOnce(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	who, other := w.wellKnown(1, provider), w.wellKnown(2, provider)
	var next time.Time
	for _, r := range who.records {
		if ap, ok := r.(care.Appointment); ok && ap.Status == care.Booked {
			next = ap.Start
		}
	}
	free := func() bool {
		t.Helper()
		open, _ := w.Directory().Openings(provider, care.Session, w.now(), next, next.Add(time.Hour), 10)
		return len(open) > 0
	}
	if free() {
		t.Fatal("the booked time is open: this test shows nothing")
	}
	w.do(ofClient(who.client), act.Erase{Client: who.client})

	for _, actor := range []care.Actor{care.System, ofClient(who.client), ofProvider(provider)} {
		if _, err := w.Chart(t.Context(), actor, who.client, "test"); !errors.As(err, new(*care.Fault)) {
			t.Errorf("%s reads the chart: %v", actor.Role, err)
		}
		for _, r := range who.records {
			if _, err := w.Locate(t.Context(), actor, r.Key(), "test"); !errors.As(err, new(*care.Fault)) {
				t.Errorf("%s finds %s %s: %v", actor.Role, r.Kind(), r.Key(), err)
			}
		}
	}
	for _, r := range who.records {
		for _, place := range stands(who.client, r) {
			members, err := w.Find(t.Context(), care.System, place.Set)
			must(t, err)
			for _, m := range members {
				if m.Chart == who.client || m.Ref == r.Key() {
					t.Errorf("%s %s still stands in the %s list", r.Kind(), r.Key(), place.Set.Name)
				}
			}
		}
		switch r := r.(type) {
		case care.Pass:
			if _, _, in, err := w.Bearer(r.Hash); in || err != nil {
				t.Errorf("a pass still lets them in: %v", err)
			}
		case care.Account:
			if found, err := w.Accounts(r.Email); len(found) > 0 || err != nil {
				t.Errorf("their address is still known: %v", err)
			}
		}
	}
	for _, index := range []*hourly{w.due, w.outbox} {
		for _, m := range index.entries {
			if m.Chart == who.client {
				t.Errorf("%s %s is still to come", index.name, m.Ref)
			}
		}
	}
	if !free() {
		t.Error("the booked time is not free again")
	}
	told := w.chart(provider).Messages
	if len(told) != 1 || told[0].Template != "freed" || told[0].Subject != string(provider) {
		t.Errorf("the provider is told %+v", told)
	}
	if body, err := json.Marshal(w.chart(provider)); err != nil || bytes.Contains(body, []byte(who.client)) {
		t.Errorf("the provider's chart tells of whom, %v", err)
	}
	if len(w.chart(other.client).Records()) != len(other.records) {
		t.Error("somebody else's chart is not as it was")
	}
	w.mustBeWhole()
	w.mustVerify()
	w.reopen()
	w.mustBeWhole()
	w.mustVerify()
}

func (w *world) mustVerify() {
	w.Helper()
	report, err := w.Verify(w.Context(), nil)
	must(w.TB, err)
	must(w.TB, report.Err())
}

// thief tries every key that the present secrets give on every place of some
// files, wherever something sealed may begin: the chart's own key, if it opens
// anywhere; the records under each chart's key; the lists; and the trail. It
// gives what opens and tells of the person.
func (w *world) thief(vault *seal.Vault, who known, files ...[]byte) map[string]int {
	w.Helper()
	found := map[string]int{}
	name := chartName(vault, who.client)
	var keys []*seal.ChartKey
	err := w.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(k, v []byte) error {
			key, err := vault.UnwrapChartKey(v, k)
			if err == nil {
				keys = append(keys, key)
			}
			return nil // under an epoch that this vault has not
		})
	})
	must(w.TB, err)
	sequence, err := w.Sequence()
	must(w.TB, err)
	var records, entries []seal.AD
	records = append(records, chartAD(w.headName(who.client), name))
	for _, r := range who.records {
		records = append(records, chartAD(w.recordName(who.client, r.Kind(), r.Key()), name))
		for _, p := range stands(who.client, r) {
			entries = append(entries, setAD(w.entryName(p.Set, p.Entry)))
		}
	}
	for _, file := range files {
		at := func(i, n int) []byte { return file[i:min(i+n, len(file))] }
		begins := envelopes(file)
		const wrapped = 6 + 24 + 4 + 45 + 16
		for _, i := range begins {
			if key, err := vault.UnwrapChartKey(at(i, wrapped), name); err == nil {
				found["the chart's key"]++
				keys = append(keys, key)
			}
		}
		for _, i := range begins {
			for size := range 6 {
				nonce := 12 + 12*int(file[i+1]-1)
				sealed := at(i, 6+nonce+256*(size+1)+16)
				for _, key := range keys {
					for _, ad := range records {
						if _, err := key.Open(ad, sealed); err == nil {
							found["a record"]++
						}
					}
					for _, ad := range entries {
						if _, err := key.OpenSet(ad, sealed); err == nil {
							found["a list's entry"]++
						}
					}
				}
				for n := range sequence {
					key := binary.BigEndian.AppendUint64(nil, n+1)
					if body, err := vault.OpenTrail(trailAD(key), sealed); err == nil && bytes.Contains(body, []byte(who.client)) {
						found["the trail"]++
					}
				}
			}
		}
	}
	return found
}

// envelopes are the places of a file at which something sealed may begin.
func envelopes(file []byte) []int {
	var places []int
	for i := 0; i+6 < len(file); i++ {
		if file[i] == 1 && (file[i+1] == 1 || file[i+1] == 2) && binary.BigEndian.Uint32(file[i+2:]) < 16 {
			places = append(places, i)
		}
	}
	return places
}

// everyFile are the contents of all files of the store.
func (w *world) everyFile() [][]byte {
	w.Helper()
	names, err := os.ReadDir(w.config.Dir)
	must(w.TB, err)
	var files [][]byte
	for _, f := range names {
		body, err := os.ReadFile(filepath.Join(w.config.Dir, f.Name()))
		must(w.TB, err)
		files = append(files, body)
	}
	return files
}

// After the night, no key there is opens anything of the person at any place of
// any file, and the trail is proven as before. Between the act and the night the
// same search finds plenty.
func TestNothingInAnyFileOpensToWhoWasErased(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	who, stays := w.wellKnown(1, provider), w.wellKnown(2, provider)
	before, err := w.vault.Former(headersOf(t, w))
	must(t, err)
	w.do(ofClient(who.client), act.Erase{Client: who.client})
	w.Flush()

	for what, n := range map[string]int{"the chart's key": 1, "a record": 5, "a list's entry": 3, "the trail": 3} {
		if got := w.thief(before, who, w.everyFile()...)[what]; got < n {
			t.Errorf("before the night the search finds %s %d times: it would find nothing anywhere", what, got)
		}
	}
	leaves, root := stateOf(t, w.Store).Leaves, stateOf(t, w.Store).Root
	issued, err := w.Forget(t.Context(), nil, nil)
	must(t, err)
	if len(issued) != 1 {
		t.Fatalf("%d certificates", len(issued))
	}
	for range 2 { // as it is, and opened again
		if found := w.thief(w.vault, who, w.everyFile()...); len(found) > 0 {
			t.Errorf("after the night these open: %v", found)
		}
		for i, file := range w.everyFile() {
			if shown := planted.FormsOf(append(who.words, string(who.client))).Find(file); len(shown) > 0 {
				t.Errorf("file %d shows words of theirs, as %s", i, shown[0])
			}
		}
		if len(w.chart(stays.client).Records()) != len(stays.records) {
			t.Error("somebody else's chart is not as it was")
		}
		w.mustBeWhole()
		w.mustVerify()
		w.reopen()
	}
	err = w.engine.View(func(r engine.Reader) error {
		hash, err := treeHash(leaves, r)
		if [32]byte(hash) != root {
			t.Error("the trail is not the one that it was: the root over its entries of before has changed")
		}
		return err
	})
	must(t, err)
	if wrapped, ring, copied := w.epochs(); wrapped[1] > 0 || slices.Contains(ring, 1) || slices.Contains(copied, 1) {
		t.Errorf("the old epoch is still there: keys %v, keyring %v, copy %v", wrapped, ring, copied)
	}
	if found := w.thief(before, stays, w.everyFile()...); found["the trail"] == 0 {
		t.Error("the trail tells nothing of somebody who stays")
	}
}

// The certificate names what was, what is kept and for how long, and which
// copies still hold the person; it can be checked, and not changed.
func TestTheCertificateSaysWhatIsGoneAndWhatIsNot(t *testing.T) {
	w := newWorld(t, Production, nil)
	who := w.wellKnown(1, w.provider(1))
	folder := filepath.Join(private(t), "backups")
	made, err := w.Backup(t.Context(), folder, nil)
	must(t, err)
	number := care.ChartID(w.do(ofClient(who.client), act.Erase{Client: who.client}))
	erasedAt := w.now()
	if body, is, err := w.Certificate(number); body != "" || !is || err != nil {
		t.Errorf("before the night: %q, %t, %v", body, is, err)
	}
	w.clock.set(w.now().Add(9 * time.Hour))
	until := Keep{Hourly: 24, Daily: 30}.Until(made.At)
	_, err = w.Forget(t.Context(), func() ([]Copy, error) {
		return []Copy{{Name: filepath.Base(made.Path), Made: made.At, Expires: until}}, nil
	}, nil)
	must(t, err)
	body, is, err := w.Certificate(number)
	must(t, err)
	if !is {
		t.Fatal("there is no certificate")
	}
	c, err := CheckCertificate([]byte(body), w.CertificateKey())
	must(t, err)
	if c.ID != number || !c.ErasedAt.Equal(erasedAt) || !c.CertifiedAt.Equal(w.now()) || c.Unreadable.Records != len(who.records) || c.Unreadable.Epochs != 1 {
		t.Errorf("it says %+v", c)
	}
	if len(c.Backups) != 1 || c.Backups[0].Name != filepath.Base(made.Path) || !c.Backups[0].Expires.Equal(until) || until.Before(made.At.AddDate(0, 0, 30)) {
		t.Errorf("copies: %+v", c.Backups)
	}
	for what, n := range map[int]int{0: 1, 1: 1} { // a visit that took place, an answer about sharing
		if r := c.Retained[what]; r.Count != n || !r.Until.Equal(erasedAt.AddDate(6, 0, 0)) {
			t.Errorf("retained: %+v", r)
		}
	}
	other := newWorld(t, Production, nil)
	for name, bad := range map[string]string{
		"another number": string(bytes.Replace([]byte(body), []byte(`"records":`), []byte(`"records":1`), 1)),
		"no signature":   `{"certificate":{}}`,
		"nonsense":       `{`,
	} {
		if _, err := CheckCertificate([]byte(bad), w.CertificateKey()); err == nil {
			t.Errorf("%s: it is taken for one", name)
		}
	}
	if _, err := CheckCertificate([]byte(body), other.CertificateKey()); err == nil {
		t.Error("it is taken for another store's")
	}
	kept := w.chart(number)
	if e := kept.Erasure; e == nil || e.Person != "" || e.State != care.ErasureCertified || len(e.Visits) != 1 || len(e.Answers) != 1 || e.Answers[0].Ended.IsZero() {
		t.Errorf("kept: %+v", kept.Erasure)
	}
	text, err := json.Marshal(kept)
	must(t, err)
	if shown := planted.FormsOf(append(who.words, string(who.client))).Find(text); len(shown) > 0 {
		t.Errorf("what is kept shows who it was, as %s", shown[0])
	}
	// Six years later nothing is kept but the certificate.
	w.clock.set(erasedAt.AddDate(6, 0, 1))
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	if e := w.chart(number).Erasure; len(e.Visits)+len(e.Answers) > 0 || e.Certificate == "" {
		t.Errorf("after six years: %+v", e)
	}
}

// A backup from before brings nobody back, beside the store or on an empty disk,
// and they get their certificate under the same number again.
func TestARestoreErasesAgain(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	who, stays := w.wellKnown(1, provider), w.wellKnown(2, provider)
	folder := filepath.Join(private(t), "backups")
	made, err := w.Backup(t.Context(), folder, nil)
	must(t, err)
	number := care.ChartID(w.do(ofClient(who.client), act.Erase{Client: who.client}))
	elsewhere := w.emptyWithKey()
	_, err = w.Backup(t.Context(), folder, nil) // the list goes where the backups are
	must(t, err)
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	must(t, w.Close())
	for _, config := range []Config{w.config, elsewhere} {
		_, err := Restore(t.Context(), config, made.Path, true, nil)
		must(t, err)
		s, err := Open(config)
		must(t, err)
		w.Store = s
		if _, err := w.Chart(t.Context(), care.System, who.client, "test"); !errors.As(err, new(*care.Fault)) {
			t.Errorf("they are back: %v", err)
		}
		if len(w.chart(stays.client).Records()) != len(stays.records) {
			t.Error("somebody else's chart is not as it was")
		}
		if told := w.chart(provider).Messages; len(told) != 0 {
			t.Errorf("the provider is told again: %+v", told)
		}
		issued, err := w.Forget(t.Context(), nil, nil)
		must(t, err)
		if len(issued) != 1 || issued[0].ID != number {
			t.Errorf("issued again: %+v", issued)
		}
		if left := issued[0].Backups; config.Dir == w.config.Dir && len(left) != 1 {
			t.Errorf("the store that the restore put aside is not named: %+v", left)
		}
		w.config = config
		if found := w.thief(w.vault, who, mustRead(t, filepath.Join(config.Dir, DataFile))); len(found) > 0 {
			t.Errorf("these open: %v", found)
		}
		w.mustVerify()
		must(t, w.Close())
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// For staff it takes two, and an answer on safety that nobody has read yet comes
// first.
func TestStaffEraseOnlyByTwo(t *testing.T) {
	w := newWorld(t, Production, nil)
	who := w.wellKnown(1, w.provider(1))
	desk := func(n string) care.Actor {
		return care.Actor{Role: care.RoleCareTeam, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Desk " + n, Email: n + "@example.test"}))}
	}
	one, two := desk("one"), desk("two")
	for _, actor := range []care.Actor{one, two, ofProvider(who.provider), {Role: care.RoleOperator, Chart: "ac_x"}, ofClient("cl_x")} {
		if _, err := w.Do(t.Context(), actor, act.Erase{Client: who.client}); !errors.As(err, new(*care.Fault)) {
			t.Errorf("%s erases alone: %v", actor.Role, err)
		}
	}
	asked := care.ChartID(w.do(one, act.AskErasure{Client: who.client}))
	_, err := w.Do(t.Context(), one, act.ConfirmErasure{Erasure: asked})
	wantFault(t, err, care.Conflict, "second_person")
	w.do(two, act.RefuseErasure{Erasure: asked})
	_, err = w.Do(t.Context(), two, act.ConfirmErasure{Erasure: asked})
	wantFault(t, err, care.Conflict, "erasure_moved_on")
	if c := w.chart(who.client); !slices.ContainsFunc(c.Messages, func(m care.Message) bool { return m.Template == "erasure_asked" && m.To == who.client }) {
		t.Error("the client is not told")
	}
	asked = care.ChartID(w.do(one, act.AskErasure{Client: who.client}))
	if waiting, err := w.Find(t.Context(), two, care.Erasures(care.ErasureAsked)); err != nil || len(waiting) != 1 || waiting[0].Chart != asked {
		t.Errorf("the second person finds %+v, %v", waiting, err)
	}
	if number := w.do(two, act.ConfirmErasure{Erasure: asked}); number != string(asked) {
		t.Errorf("the certificate has the number %s, was asked for as %s", number, asked)
	}
	if _, err := w.Chart(t.Context(), care.System, who.client, "test"); !errors.As(err, new(*care.Fault)) {
		t.Errorf("the client is still there: %v", err)
	}
	w.mustVerify()
}

// A line of the trail about several keeps what it says of those who stay.
func TestTheTrailKeepsWhatItSaysOfOthers(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	who, stays := w.wellKnown(1, provider), w.wellKnown(2, provider)
	desk := care.Actor{Role: care.RoleCareTeam, Chart: care.ChartID(w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: "Desk", Email: "desk@example.test"}))}
	_, err := w.Charts(t.Context(), desk, []care.ChartID{who.client, stays.client}, "board")
	must(t, err)
	before, err := w.Seen(w.Context(), care.System, stays.client, 1000, "test")
	must(t, err)
	w.do(ofClient(who.client), act.Erase{Client: who.client})
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	after, err := w.Seen(w.Context(), care.System, stays.client, 1000, "test")
	must(t, err)
	if len(after) != len(before) {
		t.Errorf("%d lines about somebody who stays, there were %d", len(after), len(before))
	}
	for _, e := range after {
		if slices.Contains(e.About, who.client) || e.Who == who.client {
			t.Errorf("a line still names who was erased: %s %s", e.Did, e.Outcome)
		}
	}
	if !slices.ContainsFunc(after, func(e Seen) bool { return e.Did == "read board" && slices.Contains(e.About, stays.client) }) {
		t.Error("that the desk looked is not told any more")
	}
	if gone, err := w.Seen(w.Context(), care.System, who.client, 10, "test"); len(gone) > 0 || err != nil {
		t.Errorf("%d lines about who was erased, %v", len(gone), err)
	}
	w.mustVerify()
}
