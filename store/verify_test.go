package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// inspected makes a full pass over the closed store of a world.
func (w *world) inspected() Report {
	w.Helper()
	report, err := Inspect(w.Context(), w.config, nil)
	must(w.TB, err)
	return report
}

// peopled is a world with a provider, some clients and their requests.
func peopled(t testing.TB, clients int) (*world, []care.ChartID) {
	t.Helper()
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	ids := make([]care.ChartID, clients)
	for n := range ids {
		ids[n] = w.client(n + 1)
		w.ask(ids[n], provider)
	}
	return w, ids
}

func TestVerifyFindsAWholeStoreWhole(t *testing.T) {
	w, _ := peopled(t, 5)
	var done, total int64
	report, err := w.Verify(t.Context(), func(d, n int64) { done, total = d, n })
	must(t, err)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	if err := w.whole(); err != nil {
		t.Fatal(err)
	}
	if report.Found == 0 || report.Found != report.Committed || report.Charts != 7 || report.Leaves == 0 || len(report.Root) != 64 {
		t.Errorf("the report is %+v", report)
	}
	if done != total || done != int64(report.Found) {
		t.Errorf("progress ended at %d of %d, there are %d records", done, total, report.Found)
	}
	if c := w.Checked(); c.Last == nil || c.Last.Sequence != report.Sequence || c.Percent != 0 {
		t.Errorf("the store knows of its pass: %+v", c)
	}
	must(t, w.Close())
	again := w.inspected()
	if err := again.Err(); err != nil || again.Root != report.Root || again.Found != report.Found {
		t.Errorf("closed, the store reads otherwise: %+v, %v", again, err)
	}
}

func TestVerifyEndsWhenTold(t *testing.T) {
	w, _ := peopled(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A pass that reads while eight write is as exact as one that is alone.
func TestVerifyBesideWriters(t *testing.T) {
	w, _ := peopled(t, 300)
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
	first := uint64(0)
	passes, moved := 0, 0
	for range 6 {
		var seen []int64
		report, err := w.Verify(t.Context(), func(done, _ int64) { seen = append(seen, done) })
		if err == nil {
			err = report.Err()
		}
		if err != nil {
			t.Error(err)
			break
		}
		passes++
		if len(seen) > 2 && report.Sequence > first {
			moved++
		}
		first = report.Sequence
	}
	cancel()
	wait.Wait()
	t.Logf("%d passes, %d of them over several views while commits came", passes, moved)
	if moved == 0 {
		t.Error("no commit came during a pass: this proves nothing")
	}
	w.mustBeWhole()
}

// Each of these is done to a closed store below its seals; the pass must name it.
func TestVerifyNamesWhatWasDone(t *testing.T) {
	type hand struct {
		*world
		engine.Writer
		ids []care.ChartID
	}
	get := func(h hand, b engine.Bucket, k []byte) []byte { return bytes.Clone(h.Get(b, k)) }
	episode := func(h hand, n int) []byte {
		var name []byte
		must(h.TB, h.Scan(engine.Charts, h.chartName(h.ids[n]), nil, func(k, v []byte) error {
			if !bytes.Equal(k, h.headName(h.ids[n])) && !bytes.Equal(k, h.recordName(h.ids[n], care.KindClient, string(h.ids[n]))) {
				name = bytes.Clone(k)
				return engine.ErrStop
			}
			return nil
		}))
		return name
	}
	client := func(h hand, n int) []byte { return h.recordName(h.ids[n], care.KindClient, string(h.ids[n])) }
	first := func(h hand, b engine.Bucket) []byte {
		var name []byte
		must(h.TB, h.Scan(b, nil, nil, func(k, _ []byte) error { name = bytes.Clone(k); return engine.ErrStop }))
		return name
	}
	for _, row := range []struct {
		name string
		harm func(h hand) error
		want func(h hand) []string
	}{
		{"a record altered", func(h hand) error {
			return h.Put(engine.Charts, client(h, 1), flipped(h.Get(engine.Charts, client(h, 1)), 80))
		}, func(h hand) []string {
			return []string{"bucket charts, chart " + string(h.ids[1]), fmt.Sprintf("%x", client(h, 1)), "page ", "does not open"}
		}},
		{"two records exchanged", func(h hand) error {
			a, b := get(h, engine.Charts, client(h, 0)), get(h, engine.Charts, client(h, 1))
			return errors.Join(h.Put(engine.Charts, client(h, 0), b), h.Put(engine.Charts, client(h, 1), a))
		}, func(h hand) []string { return []string{string(h.ids[0]), string(h.ids[1]), "belongs elsewhere"} }},
		{"a record removed", func(h hand) error { return h.Delete(engine.Charts, episode(h, 0)) },
			func(h hand) []string {
				return []string{" found, ", " committed", "chart " + string(h.ids[0]), "behind this entry of a list is missing"}
			}},
		{"a head removed", func(h hand) error { return h.Delete(engine.Charts, h.headName(h.ids[2])) },
			func(h hand) []string { return []string{"the head of this chart is missing", " committed"} }},
		{"a chart removed", func(h hand) error {
			var all [][]byte
			must(h.TB, h.Scan(engine.Charts, h.chartName(h.ids[2]), nil, func(k, _ []byte) error { all = append(all, bytes.Clone(k)); return nil }))
			for _, k := range all {
				must(h.TB, h.Delete(engine.Charts, k))
			}
			return nil
		}, func(h hand) []string { return []string{"this key's chart is missing", string(h.ids[2])} }},
		{"a chart's key removed", func(h hand) error { return h.Delete(engine.Keys, h.chartName(h.ids[1])) },
			func(h hand) []string { return []string{"the key of this chart is missing", " committed"} }},
		{"a chart's key altered", func(h hand) error {
			return h.Put(engine.Keys, h.chartName(h.ids[1]), flipped(h.Get(engine.Keys, h.chartName(h.ids[1])), 40))
		}, func(h hand) []string { return []string{"bucket keys", "does not open"} }},
		{"an entry of a list removed", func(h hand) error { return h.Delete(engine.Sets, first(h, engine.Sets)) },
			func(h hand) []string { return []string{"list is missing", " committed"} }},
		{"an entry of a list altered", func(h hand) error {
			k := first(h, engine.Sets)
			return h.Put(engine.Sets, k, flipped(h.Get(engine.Sets, k), 60))
		}, func(h hand) []string { return []string{"bucket sets", "does not open"} }},
		{"an entry that nobody made", func(h hand) error { return h.Put(engine.Sets, make([]byte, 32), make([]byte, 300)) },
			func(h hand) []string { return []string{"nothing stands behind this entry", " committed"} }},
		{"a block of the trail removed", func(h hand) error { return h.Delete(engine.Trail, first(h, engine.Trail)) },
			func(h hand) []string { return []string{"bucket tr", " committed"} }},
		{"a block of the trail altered", func(h hand) error {
			k := first(h, engine.Trail)
			return h.Put(engine.Trail, k, flipped(h.Get(engine.Trail, k), 60))
		}, func(h hand) []string { return []string{"bucket trail", "does not open"} }},
		{"a hash of the tree altered", func(h hand) error {
			k := treeKey(3)
			return h.Put(engine.Tree, k, flipped(h.Get(engine.Tree, k), 5))
		}, func(h hand) []string { return []string{"bucket tree", "another hash"} }},
		{"a hash of the tree too many", func(h hand) error { return h.Put(engine.Tree, treeKey(1<<40), make([]byte, 32)) },
			func(h hand) []string { return []string{"bucket tree", "of no entry"} }},
		{"a reply that nobody gave", func(h hand) error { return h.Put(engine.Replies, make([]byte, 64), make([]byte, 300)) },
			func(h hand) []string { return []string{"bucket replies", "does not open"} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, ids := peopled(t, 3)
			must(t, w.Close())
			h := hand{world: w, ids: ids}
			w.rewrite(func(e engine.Writer) error {
				h.Writer = e
				return row.harm(h)
			})
			report := w.inspected()
			var says strings.Builder
			for _, d := range report.Damages {
				fmt.Fprintln(&says, d)
			}
			if !errors.Is(report.Err(), ErrDamaged) {
				t.Errorf("error is %v", report.Err())
			}
			for _, want := range row.want(h) {
				if !strings.Contains(says.String(), want) {
					t.Errorf("%q is not in\n%s", want, says.String())
				}
			}
			if len(report.Damages) > 20 {
				t.Errorf("one harm makes %d lines", len(report.Damages))
			}
		})
	}
}

// However many check pieces of a store beside each other, and whether bbolt reads it or
// we do: the report has the same lines in the same order.
func TestVerifyReportsTheSameHoweverManyWork(t *testing.T) {
	w, _ := peopled(t, 250)
	must(t, w.Close())
	chance := rand.New(rand.NewPCG(4, 2))
	w.rewrite(func(e engine.Writer) error {
		for _, b := range []engine.Bucket{engine.Keys, engine.Charts, engine.Sets, engine.Trail, engine.Tree} {
			type harmed struct{ key, value []byte }
			var all []harmed
			must(t, e.Scan(b, nil, nil, func(k, v []byte) error {
				if chance.IntN(40) == 0 {
					all = append(all, harmed{bytes.Clone(k), flipped(v, len(v)/2)})
				}
				return nil
			}))
			for n, h := range all {
				if b == engine.Tree && n > 0 || b == engine.Keys && n > 2 {
					break
				}
				if n%5 == 4 {
					must(t, e.Delete(b, h.key))
				} else {
					must(t, e.Put(b, h.key, h.value))
				}
			}
		}
		return nil
	})
	file, err := bolt.Open(w.file(DataFile), bolt.Options{ReadOnly: true})
	must(t, err)
	s, err := unlocked(w.config, file)
	must(t, err)
	want, err := s.Verify(t.Context(), nil)
	must(t, errors.Join(err, file.Close()))
	if len(want.Damages) < 60 {
		t.Fatalf("only %d damages to compare", len(want.Damages))
	}
	for _, workers := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(workers)
		last, calls := int64(0), 0
		got, err := Inspect(t.Context(), w.config, func(done, _ int64) { last, calls = done, calls+1 })
		runtime.GOMAXPROCS(before)
		must(t, err)
		if got.At = want.At; !reflect.DeepEqual(got, want) {
			t.Errorf("with %d processors the report is another:\n%v\n%v", workers, got, want)
		}
		if last != int64(want.Found) || calls < 3 {
			t.Errorf("with %d processors progress was told %d times, at last of %d records", workers, calls, last)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Inspect(ctx, w.config, func(done, total int64) {
		if total == int64(want.Committed) && done > 600 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended on the way, it says %v", err)
	}
}

// A record put back to what it once was opens, for it is genuine; only the digest
// shows that it is old.
func TestVerifyFindsAnOlderVersion(t *testing.T) {
	w, ids := peopled(t, 2)
	must(t, w.Close())
	old := map[string][]byte{}
	w.rewrite(func(e engine.Writer) error {
		return e.Scan(engine.Charts, w.chartName(ids[0]), nil, func(k, v []byte) error {
			old[string(k)] = bytes.Clone(v)
			return nil
		})
	})
	s, err := Open(w.config)
	must(t, err)
	w.Store = s
	w.ask(ids[0], w.provider(2))
	must(t, w.Close())
	w.rewrite(func(e engine.Writer) error {
		return e.Put(engine.Charts, w.headName(ids[0]), old[string(w.headName(ids[0]))])
	})
	report := w.inspected()
	if len(report.Damages) != 1 || !strings.Contains(report.Damages[0].What, "older or other") {
		t.Errorf("the pass says %v", report.Damages)
	}
}
