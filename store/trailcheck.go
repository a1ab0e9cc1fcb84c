package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
)

// TrailReport is what a pass over the trail found.
type TrailReport struct {
	Sequence   uint64   `json:"seq"`        // the commit as of which all of it holds
	Size       int64    `json:"size"`       // entries
	Root       string   `json:"root"`       // of the tree over them, in hexadecimal
	Key        string   `json:"key"`        // the public key of its checkpoints
	Checkpoint string   `json:"checkpoint"` // of now, signed
	Requests   uint64   `json:"requests"`   // acts and reads, counted apart
	Notes      uint64   `json:"notes"`      // of the store itself, counted apart
	Before     int64    `json:"before"`     // entries from before anybody counted
	Difference int64    `json:"difference"` // entries that are more than those, or fewer
	Against    []Agreed `json:"against"`    // the saved checkpoints, in their order
	Damages    []Harm   `json:"damages"`    // empty if the trail is whole; the first is the first bad entry
}

// Agreed is how one saved checkpoint agrees with the trail.
type Agreed struct {
	Sequence uint64    `json:"seq"`
	Size     int64     `json:"size"`
	At       time.Time `json:"at"`
	Says     string    `json:"says"` // fits, given up, or why it does not fit
	Fits     bool      `json:"fits"`
	Signed   string    `json:"signed,omitempty"`
	// Proof shows that the trail of now begins with the one of this checkpoint
	// (RFC 6962), to whoever has the two checkpoints and the public key.
	Proof []string `json:"proof,omitempty"`

	root tlog.Hash
	open bool // nothing speaks against it yet
}

// Err is nil if the trail is whole and every checkpoint fits; otherwise it wraps
// ErrDamaged and names the first entry that is not as it was, or the first
// checkpoint that does not fit.
func (r TrailReport) Err() error {
	if len(r.Damages) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, r.Damages[0])
	}
	for i, a := range r.Against {
		if !a.Fits && a.Says != givenUp {
			return fmt.Errorf("%w: checkpoint %d of %d (commit %d, %d entries): %s", ErrDamaged, i+1, len(r.Against), a.Sequence, a.Size, a.Says)
		}
	}
	if r.Difference != 0 {
		return fmt.Errorf("%w: %d entries of the trail, where %d acts and reads, %d notes and %d from before make %d more or fewer", ErrDamaged, r.Size, r.Requests, r.Notes, r.Before, r.Difference)
	}
	return nil
}

const (
	fits    = "fits"
	givenUp = "given up, as somebody accepted"
)

// InspectTrail makes a pass over the trail of a closed store; what it is held
// against is the text of an anchor, or any text with signed checkpoints in it.
func InspectTrail(ctx context.Context, config Config, against string, progress Progress) (TrailReport, error) {
	file, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{ReadOnly: true})
	if err != nil {
		return TrailReport{}, err
	}
	defer file.Close()
	s, err := unlocked(config, file)
	if err != nil {
		return TrailReport{}, err
	}
	return s.VerifyTrail(ctx, against, progress)
}

// VerifyTrail opens every entry of the trail as of now, computes the tree over
// them again, and holds it against the one in the file, the committed root, and
// the checkpoints in a text. It reads in short views: the trail only grows.
func (s *Store) VerifyTrail(ctx context.Context, against string, progress Progress) (TrailReport, error) {
	return s.verifyTrail(ctx, s.view, against, progress)
}

func (s *Store) verifyTrail(ctx context.Context, view func(func(engine.Reader) error) error, against string, progress Progress) (TrailReport, error) {
	w := &trailWalk{Store: s, by: newSigner(s.vault)}
	if err := view(func(r engine.Reader) error { return w.state.read(r, s.vault) }); err != nil {
		return TrailReport{}, err
	}
	w.report = TrailReport{Sequence: w.state.Sequence, Size: w.state.Leaves, Root: hex.EncodeToString(w.state.Root[:]), Key: w.by.public}
	if a := w.state.Apart; a != nil {
		w.report.Requests, w.report.Notes, w.report.Before = a.Requests, a.Notes, a.Before
		w.report.Difference = w.state.Leaves - a.Before - int64(a.Requests) - int64(a.Notes)
	}
	w.take(saidIn(against, w.by))
	for more := true; more; {
		err := view(func(r engine.Reader) (err error) {
			more, err = w.step(r)
			return err
		})
		if err != nil {
			return w.report, err
		}
		progress.tell(w.leaves, w.state.Leaves)
		if err := ctx.Err(); err != nil {
			return w.report, err
		}
	}
	w.judge()
	err := view(w.prove)
	if err == nil {
		w.report.Checkpoint, err = s.sign(w.state, 0)
	}
	return w.report, err
}

// trailWalk is one pass over the trail in the making.
type trailWalk struct {
	*Store
	by     signer
	state  state
	report TrailReport

	last   []byte // the block up to which it has come
	leaves int64
	edge   []subtree // whole subtrees of the entries so far, the largest first
	sizes  []int64   // at which a checkpoint wants the root
	gaveUp int       // the checkpoints before this one need not fit: a rollback was accepted
}

// subtree is the root over so many entries, a power of two.
type subtree struct {
	root tlog.Hash
	size int64
}

// take sets the checkpoints down that the trail is held against.
func (w *trailWalk) take(found []said) {
	w.report.Against = []Agreed{}
	for _, f := range found {
		a := Agreed{Sequence: f.Sequence, Size: f.Size, At: f.At, Signed: f.signed, root: f.Root}
		switch {
		case f.err != nil:
			a.Says = f.err.Error()
		case f.Sequence > w.state.Sequence || f.Size > w.state.Leaves:
			a.Says = fmt.Sprintf("the trail is at commit %d with %d entries: what came after is missing", w.state.Sequence, w.state.Leaves)
		default:
			a.open = true
			w.sizes = append(w.sizes, f.Size)
		}
		w.report.Against = append(w.report.Against, a)
	}
	for i, f := range found {
		if f.err == nil && f.GaveUp > 0 {
			w.gaveUp = i
		}
	}
	for i := range w.gaveUp {
		if found[i].err == nil && !w.report.Against[i].open {
			w.report.Against[i].Says = givenUp
		}
	}
	slices.Sort(w.sizes)
}

// step reads on for a while, and says whether there is more.
func (w *trailWalk) step(r engine.Reader) (more bool, err error) {
	if w.leaves >= w.state.Leaves || w.torn() {
		return false, nil
	}
	var from []byte
	if w.last != nil {
		from = append(bytes.Clone(w.last), 0)
	}
	n := 0
	err = r.Scan(engine.Trail, nil, from, func(k, v []byte) error {
		if n++; n > atOnce {
			more = true
			return engine.ErrStop
		}
		w.last = bytes.Clone(k)
		if w.block(r, k, v); w.torn() || w.leaves >= w.state.Leaves {
			return engine.ErrStop
		}
		return nil
	})
	return more, err
}

func (w *trailWalk) torn() bool { return len(w.report.Damages) > 0 }

// harm names the first bad entry, counted from 1. Nothing behind it is judged.
func (w *trailWalk) harm(block []byte, format string, args ...any) {
	h := Harm{Bucket: string(engine.Trail), Record: fmt.Sprintf("entry %d", w.leaves+1), What: fmt.Sprintf(format, args...)}
	if block != nil {
		h.Record += fmt.Sprintf(" of commit %d", binaryKey(block))
	}
	w.report.Damages = append(w.report.Damages, h)
}

func (w *trailWalk) block(r engine.Reader, k, v []byte) {
	body, err := w.vault.OpenTrail(trailAD(k), v)
	var block []kept
	if err == nil {
		err = json.Unmarshal(body, &block)
	}
	switch {
	case err != nil:
		w.harm(k, "its block does not open: it was altered, or belongs elsewhere")
		return
	case binaryKey(k) > w.state.Sequence:
		w.harm(k, "its block is of no commit")
		return
	case len(block) == 0:
		w.harm(k, "its block is empty")
		return
	}
	for _, line := range block {
		if w.leaves >= w.state.Leaves {
			w.harm(k, "it is more than was committed")
			return
		}
		if _, err := line.open(); errors.Is(err, errNames) {
			w.harm(k, "%v", err)
			return
		}
		if line.N != 0 && line.N != w.leaves+1 {
			w.harm(k, "it says that it is entry %d", line.N)
			return
		}
		if w.leaf(r, k, line.leaf()); w.torn() {
			return
		}
	}
}

// leaf adds an entry to the tree and compares what it makes with the tree in the
// file.
func (w *trailWalk) leaf(r engine.Reader, block []byte, leaf tlog.Hash) {
	n := w.leaves
	top := subtree{leaf, 1}
	for level := 0; ; level++ {
		at := tlog.StoredHashIndex(level, n>>level)
		if stored := r.Get(engine.Tree, treeKey(at)); !bytes.Equal(stored, top.root[:]) {
			w.harm(block, "it is not the one that was committed: the trail's tree has another hash")
			return
		}
		if len(w.edge) == 0 || w.edge[len(w.edge)-1].size != top.size {
			break
		}
		left := w.edge[len(w.edge)-1]
		w.edge = w.edge[:len(w.edge)-1]
		top = subtree{tlog.NodeHash(left.root, top.root), 2 * left.size}
	}
	w.edge = append(w.edge, top)
	w.leaves++
	if _, wanted := slices.BinarySearch(w.sizes, w.leaves); wanted {
		w.reached()
	}
}

// root is that over the entries so far.
func (w *trailWalk) root() tlog.Hash {
	if len(w.edge) == 0 {
		return tlog.Hash{}
	}
	root := w.edge[len(w.edge)-1].root
	for i := len(w.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(w.edge[i].root, root)
	}
	return root
}

// reached compares the checkpoints of this many entries.
func (w *trailWalk) reached() {
	root := w.root()
	for i := range w.report.Against {
		a := &w.report.Against[i]
		if a.open && a.Size == w.leaves {
			if a.Fits = a.root == root; a.Fits {
				a.Says = fits
			}
		}
	}
}

// judge compares what was counted with what was committed, and says of each
// checkpoint that does not fit between which entries the trail is another.
func (w *trailWalk) judge() {
	if !w.torn() {
		switch root := w.root(); {
		case w.leaves != w.state.Leaves:
			w.harm(nil, "it is missing: %d entries are there, %d were committed", w.leaves, w.state.Leaves)
		case root != tlog.Hash(w.state.Root):
			w.harm(nil, "the root over all entries is not the committed one")
		}
	}
	good := int64(0)
	for _, a := range w.report.Against {
		if a.Fits {
			good = max(good, a.Size)
		}
	}
	for i := range w.report.Against {
		a := &w.report.Against[i]
		switch {
		case !a.open || a.Fits:
		case a.Size > w.leaves:
			a.Says = "the trail does not reach it"
		case i < w.gaveUp:
			a.Says = givenUp
		case a.Size > good:
			a.Says = fmt.Sprintf("the trail has another root at %d entries: something from entry %d on was changed, removed or put in since", a.Size, good+1)
		default:
			a.Says = fmt.Sprintf("the trail has another root at %d entries", a.Size)
		}
	}
}

// prove makes the proofs of the checkpoints that fit, and checks them as an
// auditor would.
func (w *trailWalk) prove(r engine.Reader) error {
	if w.torn() {
		return nil
	}
	for i := range w.report.Against {
		a := &w.report.Against[i]
		if !a.Fits || a.Size == 0 {
			continue
		}
		proof, err := tlog.ProveTree(w.state.Leaves, a.Size, hashes{r})
		if err == nil {
			err = tlog.CheckTree(proof, w.state.Leaves, tlog.Hash(w.state.Root), a.Size, a.root)
		}
		if err != nil {
			return fmt.Errorf("prove that the trail goes on from commit %d: %w", a.Sequence, err)
		}
		a.Proof = written(proof)
	}
	return nil
}

func written(proof []tlog.Hash) []string {
	lines := make([]string, len(proof))
	for i, h := range proof {
		lines[i] = base64.StdEncoding.EncodeToString(h[:])
	}
	return lines
}

func hashesOf(lines []string) ([]tlog.Hash, error) {
	proof := make([]tlog.Hash, len(lines))
	for i, line := range lines {
		var err error
		if proof[i], err = tlog.ParseHash(line); err != nil {
			return nil, errors.New("a hash of the proof cannot be read")
		}
	}
	return proof, nil
}

var _ note.Signer = signer{}
