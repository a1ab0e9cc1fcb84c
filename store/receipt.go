package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// Receipt proves one entry of the trail to somebody outside, for ever and without
// the store: who has the public key from elsewhere needs nothing more. It tells
// of nobody but the one it is for.
type Receipt struct {
	Format     string   `json:"format"`
	Entry      string   `json:"entry"` // byte for byte what the tree commits to, behind the salt
	Salt       string   `json:"salt"`
	Names      []Name   `json:"names,omitempty"`     // whom it is for: which marks of the entry stand for them
	Statement  string   `json:"statement,omitempty"` // what the entry's effect is the hash of
	Number     int64    `json:"number"`              // of the entry, from 1
	Proof      []string `json:"proof"`               // that the tree of the checkpoint holds it (RFC 6962)
	Checkpoint string   `json:"checkpoint"`          // signed
	Key        string   `json:"key"`                 // that it is signed with
}

// Name opens one mark of an entry.
type Name struct {
	ID   care.ChartID `json:"id"`
	Salt string       `json:"salt"`
}

// receiptFormat is the format of receipts. Another one gets another number.
const receiptFormat = "careconnect receipt 1"

// Receipt gives somebody the receipt of an entry of their own list, by its
// place. Giving it is recorded.
func (s *Store) Receipt(ctx context.Context, actor care.Actor, id care.ChartID, place string) (Receipt, error) {
	seq, i, err := placeInTrail(place)
	if err != nil || !own(actor, id) {
		return Receipt{}, care.Missing()
	}
	var given Receipt
	err = s.view(func(r engine.Reader) error {
		ids, err := s.accountsOf(r, id)
		if err != nil {
			return err
		}
		listed := func(one care.ChartID) bool {
			return r.Get(engine.Sets, s.entryName(care.Set{Name: care.SetSeen, Of: string(one)}, place)) != nil
		}
		if !slices.ContainsFunc(ids, listed) {
			return care.Missing()
		}
		block, err := s.trailBlock(r, seq)
		if err != nil {
			return err
		}
		if i >= len(block) {
			return fmt.Errorf("trail block %d is short: %w", seq, ErrDamaged)
		}
		given, err = s.receipt(r, block[i], ids)
		return err
	})
	if err == nil {
		err = s.recordOwn(ctx, actor, id, "receipt")
	}
	if err != nil {
		return Receipt{}, err
	}
	return given, nil
}

// ConsentReceipt gives a client the receipt of one of their answers about sharing,
// with what was said.
func (s *Store) ConsentReceipt(ctx context.Context, actor care.Actor, chart *care.Chart, id care.ConsentID) (Receipt, error) {
	i := slices.IndexFunc(chart.Consents, func(c care.Consent) bool { return c.ID == id })
	if i < 0 {
		return Receipt{}, care.Missing()
	}
	seen, err := s.Seen(ctx, actor, chart.ID, mostLooked, "receipt")
	if err != nil {
		return Receipt{}, err
	}
	for _, e := range seen {
		if e.Made != string(id) || e.Outcome != "yes" {
			continue
		}
		given, err := s.Receipt(ctx, actor, chart.ID, e.Place)
		if c := chart.Consents[i]; err == nil && e.Effect == c.Stated() {
			given.Statement = c.Statement()
		}
		return given, err
	}
	return Receipt{}, care.Missing()
}

// mostLooked bounds how far back a list is read for one entry.
const mostLooked = 10_000

func (s *Store) receipt(r engine.Reader, line kept, ids []care.ChartID) (Receipt, error) {
	if line.N == 0 || line.Leaf != nil {
		return Receipt{}, &care.Fault{Kind: care.Conflict, Code: "no_receipt", Says: "There is no receipt of this line: it is from before there were any, or somebody else in it was erased. It stands in the log all the same."}
	}
	var now state
	if err := now.read(r, s.vault); err != nil {
		return Receipt{}, err
	}
	proof, err := tlog.ProveRecord(now.Leaves, line.N-1, hashes{r})
	if err != nil {
		return Receipt{}, fmt.Errorf("prove an entry: %w", err)
	}
	given := Receipt{
		Format: receiptFormat, Entry: string(line.Entry), Salt: hex.EncodeToString(line.Salt[:]), Number: line.N,
		Proof: written(proof), Key: newSigner(s.vault).public,
	}
	for i, named := range line.Names {
		if slices.Contains(ids, named) {
			given.Names = append(given.Names, Name{named, line.salt(i)})
		}
	}
	if given.Checkpoint, err = s.sign(now, 0); err != nil {
		return given, err
	}
	_, _, err = given.Check("")
	return given, err
}

// put puts a name in the place of its mark; false if there is none.
func (e *Entry) put(name Name) (there bool) {
	opened := mark(name.Salt, name.ID)
	if e.Who == opened {
		e.Who, there = name.ID, true
	}
	for i := range e.About {
		if e.About[i] == opened {
			e.About[i], there = name.ID, true
		}
	}
	return there
}

// ErrReceipt: a receipt does not prove what it says.
var ErrReceipt = errors.New("this receipt proves nothing")

// ReadReceipt reads a receipt that was kept.
func ReadReceipt(body []byte) (Receipt, error) {
	var r Receipt
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil || r.Format != receiptFormat {
		return r, fmt.Errorf("%w: it is not written as %q is", ErrReceipt, receiptFormat)
	}
	return r, nil
}

// Check proves the receipt: the checkpoint is signed, the tree of that checkpoint
// holds the entry, and the entry is about the one it is for. A key that is given
// must be the one; without, whoever asks compares it with what they know. What
// the entry says it gives with the checkpoint.
func (r Receipt) Check(key string) (Entry, Checkpoint, error) {
	bad := func(format string, args ...any) (Entry, Checkpoint, error) {
		return Entry{}, Checkpoint{}, fmt.Errorf("%w: %s", ErrReceipt, fmt.Sprintf(format, args...))
	}
	if key != "" && key != r.Key {
		return bad("it is signed with another key than the one given")
	}
	c, err := ReadCheckpoint(r.Checkpoint, r.Key)
	if err != nil {
		return bad("its checkpoint: %v", err)
	}
	salt, err := hex.DecodeString(r.Salt)
	if err != nil || len(salt) != 16 {
		return bad("its salt cannot be read")
	}
	proof, err := hashesOf(r.Proof)
	if err != nil {
		return bad("%v", err)
	}
	if r.Number < 1 || r.Number > c.Size || tlog.CheckRecord(proof, c.Size, c.Root, r.Number-1, tlog.RecordHash(append(salt, r.Entry...))) != nil {
		return bad("the trail of its checkpoint does not hold this entry as number %d", r.Number)
	}
	var e Entry
	if err := json.Unmarshal([]byte(r.Entry), &e); err != nil {
		return bad("its entry cannot be read")
	}
	for _, name := range r.Names {
		if !e.put(name) {
			return bad("its entry is not about %s", name.ID)
		}
	}
	if r.Statement != "" {
		if sum := sha256.Sum256([]byte(r.Statement)); e.Effect != care.StatementMark+hex.EncodeToString(sum[:]) {
			return bad("its statement is not the one that was made")
		}
	}
	return e, c, nil
}
