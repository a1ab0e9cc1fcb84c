package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// lines is the whole trail, opened: its blocks in their order.
type lines struct {
	keys   [][]byte
	blocks [][]kept
}

func (w *world) lines(r engine.Reader) (l lines) {
	w.Helper()
	must(w.TB, r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
		body, err := w.vault.OpenTrail(trailAD(k), v)
		must(w.TB, err)
		var block []kept
		must(w.TB, json.Unmarshal(body, &block))
		l.keys, l.blocks = append(l.keys, bytes.Clone(k)), append(l.blocks, block)
		return nil
	}))
	return l
}

// leaves are the entries in their order, as the tree commits to them.
func (l lines) leaves() (all []tlog.Hash) {
	for _, block := range l.blocks {
		for _, line := range block {
			all = append(all, line.leaf())
		}
	}
	return all
}

// whole are the entries with the names that they stand for.
func (l lines) whole() (all [][]byte) {
	for _, block := range l.blocks {
		for _, line := range block {
			all = append(all, fmt.Appendf(nil, "%s %s %v %d", line.leaf(), line.Key, line.Names, line.N))
		}
	}
	return all
}

func (l lines) clone() lines {
	c := lines{slices.Clone(l.keys), make([][]kept, len(l.blocks))}
	for i, block := range l.blocks {
		c.blocks[i] = slices.Clone(block)
	}
	return c
}

// write seals the lines again, as somebody would who has the keys.
func (w *world) write(to engine.Writer, was, is lines) {
	w.Helper()
	for _, k := range was.keys {
		must(w.TB, to.Delete(engine.Trail, k))
	}
	for i, k := range is.keys {
		body, err := json.Marshal(is.blocks[i])
		must(w.TB, err)
		sealed, err := w.vault.SealTrail(nil, trailAD(k), body)
		must(w.TB, err)
		must(w.TB, to.Put(engine.Trail, k, sealed))
	}
}

// forge makes tree and state record fit what the trail says now.
func (w *world) forge(to engine.Writer, is lines) {
	w.Helper()
	var st state
	must(w.TB, st.read(to, w.vault))
	st.Leaves = 0
	for _, leaf := range is.leaves() {
		add, err := tlog.StoredHashesForRecordHash(st.Leaves, leaf, hashes{to})
		must(w.TB, err)
		for i, h := range add {
			must(w.TB, to.Put(engine.Tree, treeKey(tlog.StoredHashIndex(0, st.Leaves)+int64(i)), bytes.Clone(h[:])))
		}
		st.Leaves++
	}
	var err error
	st.Root, err = tlog.TreeHash(st.Leaves, hashes{to})
	must(w.TB, err)
	must(w.TB, st.write(to, w.vault))
}

// lastEntry is the newest line of the trail.
func (w *world) lastEntry() (e Entry) {
	w.Helper()
	must(w.TB, w.engine.View(func(r engine.Reader) error {
		l := w.lines(r)
		block := l.blocks[len(l.blocks)-1]
		var err error
		e, err = block[len(block)-1].open()
		return err
	}))
	return e
}

// mutations are what may be done to one entry, or one block, of a trail.
var mutations = []struct {
	name string
	do   func(l *lines, chance *rand.Rand)
}{
	{"delete an entry", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		if l.blocks[b] = slices.Delete(l.blocks[b], i, i+1); len(l.blocks[b]) == 0 {
			l.keys, l.blocks = slices.Delete(l.keys, b, b+1), slices.Delete(l.blocks, b, b+1)
		}
	}},
	{"edit an entry", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		edited := bytes.Replace(l.blocks[b][i].Entry, []byte(`"outcome":"`), []byte(`"outcome":"not `), 1)
		l.blocks[b][i].Entry = edited
	}},
	{"edit one bit of an entry's salt", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		l.blocks[b][i].Salt[chance.IntN(16)] ^= 1 << chance.IntN(8)
	}},
	{"put another's name into an entry", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		for len(l.blocks[b][i].Names) == 0 {
			b, i = l.any(chance)
		}
		l.blocks[b][i].Names = append([]care.ChartID{"ac_somebody else"}, l.blocks[b][i].Names[1:]...)
	}},
	{"swap two entries", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		c, j := l.any(chance)
		for b == c && i == j {
			c, j = l.any(chance)
		}
		l.blocks[b][i], l.blocks[c][j] = l.blocks[c][j], l.blocks[b][i]
	}},
	{"tell an entry twice", func(l *lines, chance *rand.Rand) {
		b, i := l.any(chance)
		l.blocks[b] = slices.Insert(l.blocks[b], i, l.blocks[b][i])
	}},
	{"delete a commit's entries", func(l *lines, chance *rand.Rand) {
		b, _ := l.any(chance)
		l.keys, l.blocks = slices.Delete(l.keys, b, b+1), slices.Delete(l.blocks, b, b+1)
	}},
	{"swap two commits' entries", func(l *lines, chance *rand.Rand) {
		b := chance.IntN(len(l.blocks) - 1)
		l.blocks[b], l.blocks[b+1] = l.blocks[b+1], l.blocks[b]
	}},
	{"turn the order of the last commits", func(l *lines, chance *rand.Rand) {
		slices.Reverse(l.blocks[chance.IntN(len(l.blocks)-1):])
	}},
	{"cut the end off", func(l *lines, chance *rand.Rand) {
		n := len(l.blocks) - 1 - chance.IntN(5)
		l.keys, l.blocks = l.keys[:n], l.blocks[:n]
	}},
}

func (l *lines) any(chance *rand.Rand) (block, entry int) {
	block = chance.IntN(len(l.blocks))
	return block, chance.IntN(len(l.blocks[block]))
}

// firstOther is the number, from 1, of the first entry that is not as it was.
func firstOther(was, is [][]byte) int {
	for i := range was {
		if i >= len(is) || !bytes.Equal(was[i], is[i]) {
			return i + 1
		}
	}
	return len(was) + 1
}

// A thousand times something is done to one entry in a real store's trail, by
// somebody who has the keys and seals it again: each time the first entry that is
// not as it was is named. Every fourth time they make tree and state record fit
// as well: then the first checkpoint that was saved behind it does not fit.
func TestR86AThousandMutationsOfTheTrailAreNamed(t *testing.T) {
	w := anchored(t, 12)
	for n := range 6 { // checkpoints on the way
		w.client(100 + n)
		_, err := w.Anchor()
		must(t, err)
	}
	heads := w.anchorText()
	said := saidIn(heads, newSigner(w.vault))
	chance := rand.New(rand.NewPCG(20261126, 86))
	missed := errors.New("roll back")
	done := map[string]int{}
	for n := range 1000 {
		m := mutations[n%len(mutations)]
		forged := n%4 == 3
		err := w.engine.Update(func(to engine.Writer) error {
			was := w.lines(to)
			is := was.clone()
			m.do(&is, chance)
			first := firstOther(was.whole(), is.whole())
			w.write(to, was, is)
			if forged {
				w.forge(to, is)
			}
			report, err := w.verifyTrail(t.Context(), func(fn func(engine.Reader) error) error { return fn(to) }, heads, nil)
			must(t, err)
			switch want := fmt.Sprintf("entry %d", first); {
			case report.Err() == nil:
				t.Errorf("%d: %s from %s on is not noticed", n, m.name, want)
			case !forged && (len(report.Damages) == 0 || report.Damages[0].Record != want && !strings.HasPrefix(report.Damages[0].Record, want+" of ")):
				t.Errorf("%d: %s: want %s named, got %v", n, m.name, want, report.Damages)
			case forged:
				if slices.Equal(was.leaves(), is.leaves()) {
					break // the tree holds marks: names are found out by those
				}
				for i, a := range report.Against {
					if a.Fits != (said[i].Size < int64(first)) {
						t.Errorf("%d: %s from %s on: the checkpoint of %d entries: %s", n, m.name, want, a.Size, a.Says)
					}
				}
			}
			done[m.name]++
			return missed
		})
		if !errors.Is(err, missed) {
			t.Fatal(err)
		}
	}
	t.Log(done)
	report, err := w.VerifyTrail(t.Context(), heads, nil)
	must(t, err)
	must(t, report.Err()) // nothing of it stayed
}

// The same, done to the file itself and looked at from outside.
func TestVerifyTrailReadsTheFile(t *testing.T) {
	for _, m := range mutations {
		w := anchored(t, 2)
		must(t, w.Close())
		chance := rand.New(rand.NewPCG(1, 86))
		first := 0
		w.below(func(to engine.Writer) {
			was := w.lines(to)
			is := was.clone()
			m.do(&is, chance)
			first = firstOther(was.whole(), is.whole())
			w.write(to, was, is)
		})
		report, err := InspectTrail(t.Context(), w.config, w.anchorText(), nil)
		must(t, err)
		if err := report.Err(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("entry %d", first)) {
			t.Errorf("%s: want entry %d named, got %v", m.name, first, err)
		}
	}
}

// below writes to the closed store's file, under its seals.
func (w *world) below(fn func(engine.Writer)) {
	w.Helper()
	file, err := bolt.Open(w.file(DataFile), bolt.Options{NoSync: true})
	must(w.TB, err)
	must(w.TB, file.Update(func(to engine.Writer) error { fn(to); return nil }))
	must(w.TB, file.Close())
}

func TestVerifyTrailProvesThatItGoesOn(t *testing.T) {
	w := anchored(t, 3)
	for n := range 5 {
		w.client(100 + n)
		_, err := w.Anchor()
		must(t, err)
	}
	report, err := w.VerifyTrail(t.Context(), w.anchorText(), nil)
	must(t, err)
	must(t, report.Err())
	now, err := ReadCheckpoint(report.Checkpoint, report.Key)
	must(t, err)
	if len(report.Against) < 6 || now.Size != report.Size {
		t.Fatalf("%+v", report)
	}
	for _, a := range report.Against {
		then, err := ReadCheckpoint(a.Signed, report.Key)
		must(t, err)
		proof, err := hashesOf(a.Proof)
		must(t, err)
		must(t, tlog.CheckTree(proof, now.Size, now.Root, then.Size, then.Root))
	}
	strangers, _ := peopled(t, 1)
	theirs, err := strangers.Checkpoint()
	must(t, err)
	for name, text := range map[string]string{
		"another store's":   theirs,
		"one of the future": w.signedAt(w.state.Leaves+1, w.state.Sequence+1),
		"altered":           strings.Replace(report.Checkpoint, "commit ", "commit 1", 1),
	} {
		bad, err := w.VerifyTrail(t.Context(), w.anchorText()+"\n"+text, nil)
		must(t, err)
		want := fmt.Sprintf("checkpoint %d of %d", len(bad.Against), len(bad.Against))
		if err := bad.Err(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %s named, got %v", name, want, err)
		}
	}
}

// signedAt is a checkpoint of more than there is.
func (w *world) signedAt(size int64, seq uint64) string {
	w.Helper()
	of := w.state
	of.Leaves, of.Sequence = size, seq
	signed, err := w.sign(of, 0)
	must(w.TB, err)
	return signed
}

// A trail that grows meanwhile is whole.
func TestVerifyTrailBesideWriters(t *testing.T) {
	w := anchored(t, 3)
	stop := make(chan struct{})
	ended := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				ended <- n
				return
			default:
			}
			if _, err := w.Do(t.Context(), care.Anonymous, entering(1000+n)); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 20 {
		_, err := w.Anchor()
		must(t, err)
		report, err := w.VerifyTrail(t.Context(), w.anchorText(), nil)
		must(t, err)
		must(t, report.Err())
	}
	close(stop)
	if n := <-ended; n == 0 {
		t.Error("nothing was written meanwhile: this proves nothing")
	}
}

// entries are those of the trail that did something; of anything, if it is not
// said what.
func (w *world) entries(did string) (found []Entry) {
	w.Helper()
	must(w.TB, w.engine.View(func(r engine.Reader) error {
		for _, block := range w.lines(r).blocks {
			for _, line := range block {
				e, err := line.open()
				if err != nil {
					return err
				}
				if did == "" || e.Did == did {
					found = append(found, e)
				}
			}
		}
		return nil
	}))
	return found
}
