package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// Entry is one line of the trail: who did or read what, about whom, and what
// came of it. It holds ids and no free text.
type Entry struct {
	At      time.Time      `json:"at"`
	Role    care.Role      `json:"role"`
	Who     care.ChartID   `json:"who,omitempty"`
	Did     string         `json:"did"`
	About   []care.ChartID `json:"about,omitempty"`
	Made    string         `json:"made,omitempty"`
	Effect  string         `json:"effect,omitempty"`
	Outcome string         `json:"outcome"`
	Request string         `json:"request,omitempty"`

	note bool // of the store's own, and of no act or read
}

// kept is an entry as it stands in a block: the tree commits to the hash of
// salt and entry, so that forgetting the salt leaves the proofs whole. In the
// entry the people it names are marks, which only their own salts open: so
// somebody can be given proof of an entry about themselves that tells of nobody
// else. Of an entry that told of somebody who was erased the hash is left, and
// what it says of others, by their names.
type kept struct {
	Salt  [16]byte        `json:"salt,omitzero"`
	Entry json.RawMessage `json:"entry,omitempty"`
	Leaf  *tlog.Hash      `json:"leaf,omitempty"` // instead of the salt
	// Key opens the marks; Names are those they stand for: who, then about whom.
	// Entries from before there were marks have neither, and their names in them.
	Key   string         `json:"key,omitempty"`
	Names []care.ChartID `json:"names,omitempty"`
	N     int64          `json:"n,omitempty"` // it is the trail's n-th entry, from 1; 0: from before this was kept
}

// leaf is the hash that the tree commits to.
func (k kept) leaf() tlog.Hash {
	if k.Leaf != nil {
		return *k.Leaf
	}
	return tlog.RecordHash(slices.Concat(k.Salt[:], k.Entry))
}

// keep makes the line of an entry that is to be the n-th.
func keep(e Entry, n int64) (k kept, err error) {
	var key [16]byte
	if _, err := rand.Read(key[:]); err != nil {
		return k, fmt.Errorf("draw salt: %w", err)
	}
	if k.Salt, err = drawSalt(); err != nil {
		return k, fmt.Errorf("draw salt: %w", err)
	}
	k.N = n
	if e.Who != "" || len(e.About) > 0 {
		k.Key, k.Names = hex.EncodeToString(key[:]), append([]care.ChartID{e.Who}, e.About...)
		for i, name := range k.Names { // an address can name what is no text, and is kept as it will be read
			k.Names[i] = care.ChartID(strings.ToValidUTF8(string(name), "\uFFFD"))
		}
		e = k.marked(e)
	}
	if k.Entry, err = e.encode(); err != nil {
		return k, fmt.Errorf("encode trail entry: %w", err)
	}
	return k, nil
}

// encode writes an entry as encoding/json does, which is asked where it is not
// plain.
func (e Entry) encode() ([]byte, error) {
	body, err := e.At.AppendText(append(make([]byte, 0, 512), `{"at":"`...))
	plain := err == nil
	text := func(name, is string, always bool) {
		if is != "" || always {
			body = append(append(append(append(append(body, ',', '"'), name...), '"', ':', '"'), is...), '"')
			plain = plain && plainText(is)
		}
	}
	body = append(body, '"')
	text("role", string(e.Role), true)
	text("who", string(e.Who), false)
	text("did", e.Did, true)
	for i, id := range e.About {
		body = append(append(append(body, [2]string{`,"about":["`, `,"`}[min(i, 1)]...), id...), '"')
		plain = plain && plainText(string(id))
	}
	if len(e.About) > 0 {
		body = append(body, ']')
	}
	text("made", e.Made, false)
	text("effect", e.Effect, false)
	text("outcome", e.Outcome, true)
	text("request", e.Request, false)
	if !plain {
		return json.Marshal(e)
	}
	return append(body, '}'), nil
}

// drawSalt draws 116 bits by chance, in bytes that are all written with three digits:
// an entry is as long whatever its salt is.
func drawSalt() (salt [16]byte, err error) {
	var drawn [64]byte
	for n := 0; n < len(salt); {
		if _, err := rand.Read(drawn[:]); err != nil {
			return salt, err
		}
		for _, b := range drawn {
			if b >= 100 && n < len(salt) {
				salt[n] = b
				n++
			}
		}
	}
	return salt, nil
}

// marked is an entry with marks in the place of the line's names.
func (k kept) marked(e Entry) Entry {
	e.Who, e.About = k.mark(0), make([]care.ChartID, len(k.Names)-1)
	for i := range e.About {
		e.About[i] = k.mark(i + 1)
	}
	return e
}

func (k kept) mark(i int) care.ChartID { return mark(k.salt(i), k.Names[i]) }

// salt is that of one name: it opens no other.
func (k kept) salt(i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "name %d of %s", i, k.Key))
	return hex.EncodeToString(sum[:16])
}

// mark stands for a name in an entry. Nobody is nobody.
func mark(salt string, id care.ChartID) care.ChartID {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(salt + string(id)))
	return care.ChartID("~" + hex.EncodeToString(sum[:16]))
}

// errNames: a line's names are not those that its entry commits to.
var errNames = errors.New("its names are not those that were committed")

// open gives the entry with its names. One that told of nobody but somebody who
// was erased says nothing.
func (k kept) open() (e Entry, err error) {
	if k.Entry == nil {
		return e, nil
	}
	if err := decodeJSON(k.Entry, &e); err != nil || len(k.Names) == 0 {
		return e, err
	}
	marked := k.marked(e)
	if marked.Who != e.Who || !slices.Equal(marked.About, e.About) && len(marked.About)+len(e.About) > 0 {
		return e, errNames
	}
	e.Who, e.About = k.Names[0], slices.Clone(k.Names[1:])
	return e, nil
}

// writeTrail appends the commit's entries: one sealed block under its sequence,
// the leaves of the tree, and for each client concerned a place in their own
// list of who did what.
func (c *commit) writeTrail() error {
	if len(c.entries) == 0 {
		return nil
	}
	block := make([]kept, len(c.entries))
	for i, e := range c.entries {
		if e.note {
			c.state.Apart.Notes++
		}
		e = c.ofThoseHere(e)
		var err error
		if block[i], err = keep(e, c.state.Leaves+1); err != nil {
			return err
		}
		if err := c.grow(block[i].leaf()); err != nil {
			return err
		}
		for _, id := range e.About {
			if !person(id) {
				continue
			}
			set := care.Set{Name: care.SetSeen, Of: string(id)}
			entry := fmt.Sprintf("%d.%d", c.state.Sequence, i)
			m := care.Member{Seq: c.state.Sequence, Ref: entry, At: e.At}
			if err := c.enter(care.Place{Set: set, Entry: entry, Member: m}, true); err != nil {
				return err
			}
		}
	}
	if err := c.putBlock(binary.BigEndian.AppendUint64(nil, c.state.Sequence), block, true); err != nil {
		return err
	}
	var err error
	c.state.Root, err = tlog.TreeHash(c.state.Leaves, edge{c})
	return err
}

// putBlock seals a block of the trail and writes it.
func (c *commit) putBlock(key []byte, block []kept, fresh bool) error {
	body, err := encodeBlock(block)
	if err != nil {
		return fmt.Errorf("encode trail block: %w", err)
	}
	sealed, err := c.vault.SealTrail(nil, trailAD(key), body)
	if err != nil {
		return fmt.Errorf("seal trail block: %w", err)
	}
	return c.set(engine.Trail, key, sealed, fresh)
}

// encodeBlock writes a block as encoding/json does, which is asked for lines that
// are not plain.
func encodeBlock(block []kept) ([]byte, error) {
	body := append(make([]byte, 0, 512*len(block)+2), '[')
	for i, k := range block {
		if i > 0 {
			body = append(body, ',')
		}
		if k.Leaf != nil || k.Entry == nil || k.N == 0 || k.Salt == [16]byte{} || !plainText(k.Key) ||
			slices.ContainsFunc(k.Names, func(id care.ChartID) bool { return !plainText(string(id)) }) {
			line, err := json.Marshal(k)
			if err != nil {
				return nil, err
			}
			body = append(body, line...)
			continue
		}
		body = append(body, `{"salt":[`...)
		for j, b := range k.Salt {
			if j > 0 {
				body = append(body, ',')
			}
			body = strconv.AppendUint(body, uint64(b), 10)
		}
		body = append(append(body, `],"entry":`...), k.Entry...)
		if k.Key != "" {
			body = append(append(append(body, `,"key":"`...), k.Key...), '"')
		}
		for j, id := range k.Names {
			body = append(append(append(body, [2]string{`,"names":["`, `,"`}[min(j, 1)]...), id...), '"')
		}
		if len(k.Names) > 0 {
			body = append(body, ']')
		}
		body = append(strconv.AppendInt(append(body, `,"n":`...), k.N, 10), '}')
	}
	return append(body, ']'), nil
}

// grow adds a leaf to the tree of RFC 6962.
func (c *commit) grow(leaf tlog.Hash) error {
	add, err := tlog.StoredHashesForRecordHash(c.state.Leaves, leaf, edge{c})
	if err != nil {
		return fmt.Errorf("grow trail: %w", err)
	}
	at := tlog.StoredHashIndex(0, c.state.Leaves)
	for i, h := range add {
		if err := c.w.Add(engine.Tree, treeKey(at+int64(i)), h[:]); err != nil {
			return err
		}
		edge{c}.keep(at+int64(i), h)
	}
	c.state.Leaves++
	return nil
}

// edge reads the hashes that the tree grows at. They are few, and were written or read
// lately.
type edge struct{ *commit }

// maxEdge bounds what is kept: a tree of 2^60 leaves grows at 60 places.
const maxEdge = 1 << 10

func (e edge) keep(at int64, h tlog.Hash) {
	if len(e.tree) >= maxEdge {
		clear(e.tree)
	}
	e.tree[at] = h
}

// ReadHashes gives the hashes at some places of the tree.
func (e edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		h, had := e.tree[at]
		if !had {
			read, err := hashes{e.w}.ReadHashes([]int64{at})
			if err != nil {
				return nil, err
			}
			h = read[0]
			e.keep(at, h)
		}
		found[i] = h
	}
	return found, nil
}

func trailAD(key []byte) seal.AD {
	return seal.AD{Bucket: string(engine.Trail), Key: key, Version: codecJSON}
}

func treeKey(index int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(index)) }

// treeHash is the root over the first so many entries.
func treeHash(leaves int64, r engine.Reader) (tlog.Hash, error) {
	return tlog.TreeHash(leaves, hashes{r})
}

// hashes reads the tree's stored hashes from a transaction.
type hashes struct{ r engine.Reader }

// ReadHashes gives the hashes at some places of the tree.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		b := h.r.Get(engine.Tree, treeKey(at))
		if len(b) != tlog.HashSize {
			return nil, fmt.Errorf("hash %d of the trail is missing: %w", at, ErrDamaged)
		}
		copy(found[i][:], b)
	}
	return found, nil
}

// Seen is one entry of the list of who did and read what about somebody, and the
// place by which its receipt is asked for.
type Seen struct {
	Entry
	Place string
}

// Seen is the list of who did and read what about somebody, newest first, at most
// so many. It is theirs, and reading it is recorded too.
func (s *Store) Seen(ctx context.Context, actor care.Actor, id care.ChartID, most int, why string) ([]Seen, error) {
	if !own(actor, id) {
		return nil, care.Missing()
	}
	var entries []Seen
	err := s.view(func(r engine.Reader) error {
		ids, err := s.accountsOf(r, id)
		if err != nil {
			return err
		}
		var members []care.Member
		for _, one := range ids {
			some, err := s.loadSet(r, care.Set{Name: care.SetSeen, Of: string(one)})
			if err != nil {
				return err
			}
			members = append(members, some...)
		}
		sortMembers(members, func(m care.Member) int64 { return -int64(m.Seq) })
		blocks := map[uint64][]kept{}
		for _, m := range members[:min(most, len(members))] {
			seq, i, err := placeInTrail(m.Ref)
			if err != nil {
				return err
			}
			block, had := blocks[seq]
			if !had {
				if block, err = s.trailBlock(r, seq); err != nil {
					return err
				}
				blocks[seq] = block
			}
			if i >= len(block) || block[i].Entry == nil {
				return fmt.Errorf("trail block %d is short: %w", seq, ErrDamaged)
			}
			e, err := block[i].open()
			if err != nil {
				return fmt.Errorf("trail entry: %w: %w", ErrDamaged, err)
			}
			entries = append(entries, Seen{e, m.Ref})
		}
		return nil
	})
	if err == nil {
		err = s.recordOwn(ctx, actor, id, why)
	}
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// accountsOf are the chart of somebody, and those of their other accounts that became
// one with it: the charts are gone, and the trail tells of them all the same.
func (s *Store) accountsOf(r engine.Reader, id care.ChartID) ([]care.ChartID, error) {
	ids := []care.ChartID{id}
	chart, err := s.readChart(r, id)
	if err == nil && chart != nil && chart.Client != nil {
		ids = append(ids, chart.Client.Former...)
	}
	return ids, err
}

// own says whether somebody asks for the list about themselves.
func own(actor care.Actor, id care.ChartID) bool {
	return actor.Role == care.RoleSystem || actor.Chart == id && id != ""
}

// recordOwn writes a read of one's own list into the trail, with the next commit.
func (s *Store) recordOwn(ctx context.Context, actor care.Actor, id care.ChartID, why string) error {
	if actor.Role == care.RoleSystem {
		return nil
	}
	return s.recordLater(Entry{At: s.now(), Role: actor.Role, Who: actor.Chart, Did: "read " + why, About: []care.ChartID{id}, Outcome: "yes", Request: requestOf(ctx)})
}

// placeInTrail reads the place of an entry: its block, and where it is in it.
func placeInTrail(ref string) (seq uint64, i int, err error) {
	if _, err := fmt.Sscanf(ref, "%d.%d", &seq, &i); err != nil || i < 0 {
		return 0, 0, fmt.Errorf("place in the trail: %w", cmp.Or(err, ErrDamaged))
	}
	return seq, i, nil
}

func (s *Store) trailBlock(r engine.Reader, seq uint64) ([]kept, error) {
	key := binary.BigEndian.AppendUint64(nil, seq)
	sealed := r.Get(engine.Trail, key)
	if sealed == nil {
		return nil, fmt.Errorf("trail block %d is missing: %w", seq, ErrDamaged)
	}
	body, err := s.vault.OpenTrail(trailAD(key), sealed)
	if err != nil {
		return nil, fmt.Errorf("trail block %d: %w: %w", seq, ErrDamaged, err)
	}
	var block []kept
	return block, decodeJSON(body, &block)
}

// later holds the entries of people's reads of their own data, of denials and of
// the store's own notes: they need not be durable before the bytes leave, and join
// the next commit.
type later struct {
	mu sync.Mutex
	waits
}

// waits are entries, and how many acts and reads they have to be of.
type waits struct {
	entries []Entry
	asked   uint64
}

func (l *later) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	if !e.note {
		l.asked++
	}
}

func (l *later) take() waits {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.waits
	l.waits = waits{}
	return taken
}

// putBack returns entries that no commit took along, before those that came
// meanwhile.
func (l *later) putBack(w waits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.asked = append(w.entries, l.entries...), l.asked+w.asked
}

// Flush commits the entries of reads that no other commit has taken along, and
// the count of a minute's denials once it is over.
func (s *Store) Flush() {
	s.denials.over(s, s.now())
	if waiting := s.later.take(); len(waiting.entries) > 0 {
		j := &job{entries: waiting.entries, asked: waiting.asked, answered: make(chan struct{})}
		s.submit(j)
		if errors.Is(s.wait(j).Err, ErrFull) {
			s.later.putBack(waiting)
		}
	}
}
