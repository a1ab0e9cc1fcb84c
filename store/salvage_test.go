package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// recordsIn are all records of the store in a folder, by chart, kind and id.
func recordsIn(t testing.TB, config Config) map[string]string {
	t.Helper()
	s, err := Open(config)
	must(t, err)
	defer s.Close()
	all := map[string]string{}
	must(t, s.view(func(r engine.Reader) error {
		ids, err := s.chartIDs(context.Background(), r)
		if err != nil {
			return err
		}
		for _, id := range ids {
			chart, err := s.loadChart(r, id)
			if err != nil {
				return err
			}
			for _, record := range chart.Records() {
				body, err := json.Marshal(record)
				if err != nil {
					return err
				}
				all[fmt.Sprint(id, " ", record.Kind(), " ", record.Key())] = string(body)
			}
		}
		return nil
	}))
	return all
}

// salvaged salvages a harmed store into a new folder, and wants the source as it
// was and the new store whole.
func (h *harmed) salvaged(t testing.TB) (Salvaged, Config, error) {
	t.Helper()
	before := folder(t, h.config.Dir)
	to := private(t)
	done, err := Salvage(context.Background(), h.config, to, nil)
	if !maps.Equal(before, folder(t, h.config.Dir)) {
		t.Error("the damaged store's folder did not stay as it was")
	}
	if err != nil {
		onlyFiles(t, to)
		return done, Config{}, err
	}
	if _, erased := before[ErasedFile]; erased {
		onlyFiles(t, to, DataFile, ErasedFile, HeaderFile)
	} else {
		onlyFiles(t, to, DataFile, HeaderFile)
	}
	key, err := os.ReadFile(filepath.Join(h.config.Dir, KeyFile))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(to, KeyFile), key, 0o600))
	config := h.config
	config.Dir = to
	report, err := Inspect(context.Background(), config, nil)
	if err := errors.Join(err, report.Err()); err != nil {
		t.Errorf("the new store is not whole: %v", err)
	}
	return done, config, nil
}

// folder is what a folder holds.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	all := map[string]string{}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		all[e.Name()] = string(body)
	}
	return all
}

// TestAWholeStoreIsSalvagedWhole: every record, the trail with its root, and the
// lists; one line more in the trail.
func TestAWholeStoreIsSalvagedWhole(t *testing.T) {
	h := closedStore(t, 6).copied(t)
	before := recordsIn(t, h.copied(t).config)
	done, config, err := h.salvaged(t)
	must(t, err)
	if err := done.Err(); err != nil || done.Records != h.report.Found || done.Committed != h.report.Committed || done.Charts != h.report.Charts || done.Leaves != h.report.Leaves {
		t.Errorf("%+v of %+v: %v", done, h.report, done.Missing)
	}
	if !maps.Equal(before, recordsIn(t, config)) {
		t.Error("the records are other ones")
	}
	s, err := Open(config)
	must(t, err)
	defer s.Close()
	if last := (&world{TB: t, Store: s}).lastOf("salvage"); last.Effect != fmt.Sprintf("%d records, 0 places missing", done.Records) {
		t.Errorf("the trail says %+v", last)
	}
	if _, err := Salvage(context.Background(), h.config, config.Dir, nil); !errors.Is(err, ErrExists) {
		t.Errorf("into a folder with a store: %v", err)
	}
}

// TestSalvageTakesWhatIsAuthentic harms leaves, branches, meta pages and the free
// list, cuts the file, and wants of each: nothing is there that was not there,
// nothing is other than it was, and where something is missing it is said.
func TestSalvageTakesWhatIsAuthentic(t *testing.T) {
	whole := closedStore(t, 40)
	before := recordsIn(t, whole.copied(t).config)
	page := os.Getpagesize()
	pages := len(whole.whole) / page
	flagged := func(flag uint16) (ids []int) {
		newest, _ := metaAt(whole.whole)
		high := int(binary.NativeEndian.Uint64(whole.whole[newest+56:]))
		free := map[int]bool{}
		list := int(binary.NativeEndian.Uint64(whole.whole[newest+48:])) * page
		for i := range int(binary.NativeEndian.Uint16(whole.whole[list+10:])) {
			free[int(binary.NativeEndian.Uint64(whole.whole[list+16+8*i:]))] = true
		}
		for id := 2; id < high; id++ {
			p := whole.whole[id*page:]
			if !free[id] && binary.NativeEndian.Uint64(p) == uint64(id) && binary.NativeEndian.Uint16(p[8:]) == flag {
				ids = append(ids, id)
			}
		}
		return ids
	}
	leaves, branches := flagged(2), flagged(1)
	if len(leaves) < 20 || len(branches) < 1 {
		t.Fatalf("%d leaves and %d branches: too small a store", len(leaves), len(branches))
	}
	newest, _ := metaAt(whole.whole)
	chance := rand.New(rand.NewPCG(7, 11))
	harms := map[string]func(b []byte){
		"every branch": func(b []byte) {
			for _, id := range branches {
				clear(b[id*page : (id+1)*page])
			}
		},
		"the free list":   func(b []byte) { at := int(binary.NativeEndian.Uint64(b[newest+48:])) * page; b[at+8] ^= 0xff },
		"the newest meta": func(b []byte) { clear(b[newest : newest+page]) },
		"a bit of it":     func(b []byte) { b[newest+75] ^= 1 },
	}
	for n := range 12 {
		harms[fmt.Sprint("leaf ", n)] = func(b []byte) { clear(b[leaves[n*len(leaves)/12]*page:][:page]) }
		harms[fmt.Sprint("bits ", n)] = func(b []byte) {
			for range 1 + n {
				b[leaves[chance.IntN(len(leaves))]*page+chance.IntN(page)] ^= 1 << chance.IntN(8)
			}
		}
	}
	saved := 0
	for _, name := range slices.Sorted(maps.Keys(harms)) {
		t.Run(name, func(t *testing.T) {
			h := whole.copied(t)
			body := bytes.Clone(whole.whole)
			harms[name](body)
			must(t, os.WriteFile(h.path, body, 0o600))
			done, config, err := h.salvaged(t)
			if err != nil {
				if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrHeader) || !strings.Contains(err.Error(), "everything stands on it") && !errors.Is(err, ErrHeader) {
					t.Errorf("it ends with %v", err)
				}
				return
			}
			saved++
			after := recordsIn(t, config)
			for place, record := range after {
				if before[place] != record {
					t.Errorf("%s is other than it was", place)
				}
			}
			if len(after) < len(before) && done.Err() == nil {
				t.Errorf("%d of %d records are there, and nothing is said to be missing", len(after), len(before))
			}
			for _, harm := range done.Missing {
				if strings.Contains(fmt.Sprint(harm), "Client") {
					t.Errorf("a name is told: %s", harm)
				}
			}
			t.Logf("%d of %d records of charts, %d places missing", len(after), len(before), len(done.Missing))
		})
	}
	for _, name := range []string{"every branch", "the free list", "a bit of it"} {
		h := whole.copied(t)
		body := bytes.Clone(whole.whole)
		harms[name](body)
		must(t, os.WriteFile(h.path, body, 0o600))
		if _, config, err := h.salvaged(t); err != nil || len(recordsIn(t, config)) != len(before) {
			t.Errorf("%s: no record stands there, yet not all are saved: %v", name, err)
		}
	}
	if saved < 20 {
		t.Errorf("only %d of %d could be salvaged", saved, len(harms))
	}
	cut := whole.copied(t)
	must(t, os.Truncate(cut.path, int64(pages/2*page)))
	if done, _, err := cut.salvaged(t); err == nil && done.Err() == nil {
		t.Error("half of the file is gone, and nothing is said to be missing")
	}
}

// TestSalvageNamesWhatIsMissing removes one record, and it is named by its id.
func TestSalvageNamesWhatIsMissing(t *testing.T) {
	w, ids := peopled(t, 3)
	chart := w.chart(ids[1])
	must(t, w.Close())
	w.rewrite(func(wr engine.Writer) error {
		return wr.Delete(engine.Charts, w.recordName(ids[1], care.KindReferral, string(chart.Referrals[0].ID)))
	})
	h := &harmed{config: w.config, path: w.file(DataFile)}
	body, err := os.ReadFile(h.path)
	must(t, err)
	h.whole = body
	done, _, err := h.copied(t).salvaged(t)
	must(t, err)
	named := slices.ContainsFunc(done.Missing, func(h Harm) bool { return h.Chart == ids[1] && strings.Contains(h.Record, string(care.KindReferral)) })
	if !named || !errors.Is(done.Err(), ErrDamaged) {
		t.Errorf("missing are %v", done.Missing)
	}
	if done.Records >= done.Committed {
		t.Errorf("%d records of %d", done.Records, done.Committed)
	}
}

// TestSalvageBringsNobodyBack who was erased: with the act, and after the night,
// also where the damaged file is from before.
func TestSalvageBringsNobodyBack(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	who, other := w.wellKnown(1, provider), w.wellKnown(2, provider)
	older, err := os.ReadFile(w.file(DataFile))
	must(t, err)
	files := map[string][]byte{"an older file": older}
	keep := func(name string) {
		t.Helper()
		body, err := os.ReadFile(w.file(DataFile))
		must(t, err)
		files[name] = body
	}
	w.do(ofClient(who.client), act.Erase{Client: who.client})
	keep("on the day")
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	keep("after the night")
	list, err := os.ReadFile(w.file(ErasedFile))
	must(t, err)
	must(t, w.Close())
	for name, body := range files {
		h := &harmed{config: w.config, path: w.file(DataFile), whole: body}
		h = h.copied(t)
		must(t, os.WriteFile(filepath.Join(h.config.Dir, ErasedFile), list, 0o600))
		done, config, err := h.salvaged(t)
		must(t, err)
		if err := done.Err(); err != nil {
			t.Errorf("%s: missing are %v", name, done.Missing)
		}
		after := recordsIn(t, config)
		for place := range after {
			if strings.HasPrefix(place, string(who.client)+" ") {
				t.Errorf("%s: %s is back", name, place)
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(after)), func(place string) bool { return strings.HasPrefix(place, string(other.client)+" ") }) {
			t.Errorf("%s: somebody else is gone", name)
		}
	}
}

// Without the head and the record of the programme's own chart there is nothing to
// salvage onto, and that is said.
func TestSalvageWithoutTheProgrammeSaysSo(t *testing.T) {
	w := newWorld(t, Production, nil)
	w.client(1)
	must(t, w.Close())
	file, err := bolt.Open(w.file(DataFile), bolt.Options{})
	must(t, err)
	must(t, file.Update(func(out engine.Writer) error {
		var names [][]byte
		err := out.Scan(engine.Charts, w.chartName(care.ProgrammeChart), nil, func(k, _ []byte) error {
			names = append(names, bytes.Clone(k))
			return nil
		})
		for _, name := range names {
			err = errors.Join(err, out.Delete(engine.Charts, name))
		}
		return err
	}))
	must(t, file.Close())
	_, err = Salvage(t.Context(), w.config, private(t), nil)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "everything stands on it") {
		t.Errorf("salvage says %v", err)
	}
}
