package store

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// check is one piece of a stage: records in a row, what is looked at in them, and
// what was found. Pieces are checked beside each other; each reads only what
// belongs to the whole pass, and writes down what is its own.
type check struct {
	*pass
	r       engine.Reader
	stage   stage
	records []sealed
	*checkRoom

	digest     seal.Sum
	chartsSeen uint64
	unread     bool
	expected   []uint64 // fingerprints of the entries that should stand in lists
	leaves     []leaf
	harms      []Harm
	err        error
	done       chan struct{} // closed when it is checked
}

// leaf is what one entry of the trail adds to its tree. The tree grows in one order,
// so it is left to the pass.
type leaf struct {
	hash  tlog.Hash
	torn  bool // instead of it: a block does not open
	harms int  // so many damages of the piece come before
}

// checkRoom is what one who checks uses again and again.
type checkRoom struct {
	plain  []byte // room for opened records, never written to again
	text   text
	entry  []byte          // an opened entry of a list
	member []byte          // what it should say
	opened [][]byte        // the records of a chart, in their order; nil: does not open
	into   []reflect.Value // by the number of their kind, what records are read into
	names  map[setPlace][16]byte
}

// setPlace is what the name of a set is made of.
type setPlace struct {
	name care.SetName
	of   string
}

func newCheckRoom() *checkRoom {
	return &checkRoom{into: make([]reflect.Value, 256), names: map[setPlace][16]byte{}}
}

func (c *check) run() {
	defer close(c.done)
	c.checkRoom = c.rooms.Get().(*checkRoom)
	defer c.rooms.Put(c.checkRoom)
	c.err = engine.Guarded(c.r, func() error {
		for _, r := range c.records {
			c.digest = c.digest.Add(c.vault.Digest(string(c.stage.bucket), r.name, r.value))
		}
		return c.stage.check(c, c.records)
	})
}

// harm notes damage of one record, with its page.
func (c *check) harm(b engine.Bucket, key []byte, chart care.ChartID, record, format string, args ...any) {
	if len(c.harms) < mostHarms {
		c.harms = append(c.harms, harmAt(c.r, b, key, chart, record, format, args...))
	}
}

func harmAt(r engine.Reader, b engine.Bucket, key []byte, chart care.ChartID, record, format string, args ...any) Harm {
	h := Harm{Bucket: string(b), Chart: chart, Record: cmp.Or(record, hex.EncodeToString(key)), What: fmt.Sprintf(format, args...)}
	if pager, ok := r.(engine.Pager); ok {
		h.Page = pager.Page(b, key)
	}
	return h
}

// keys checks that the keys of charts open and that there is a chart for each.
func (c *check) keys(records []sealed) error {
	for _, key := range records {
		if err := c.vault.CheckChartKey(key.value, key.name); err != nil {
			c.unread = true
			c.harm(engine.Keys, key.name, "", "", "the key of a chart does not open: %v", err)
			continue
		}
		there := false
		err := c.r.Scan(engine.Charts, key.name, nil, func(_, _ []byte) error { there = true; return engine.ErrStop })
		if err != nil {
			return err
		}
		if !there {
			c.harm(engine.Keys, key.name, "", "", "this key's chart is missing")
		}
	}
	return nil
}

// prefixOf is the part of a name that a chart's records share. A name that is
// too short to have one is its own.
func prefixOf(name []byte) []byte { return name[:min(16, len(name))] }

// charts checks whole charts, one after the other.
func (c *check) charts(records []sealed) error {
	for len(records) > 0 {
		prefix := prefixOf(records[0].name)
		n := slices.IndexFunc(records, func(r sealed) bool { return !bytes.Equal(prefixOf(r.name), prefix) })
		if n < 0 {
			n = len(records)
		}
		if err := c.chart(prefix, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// chart checks a whole chart: its key and each record open, its head is there,
// each record is under its own name and stands where it should.
func (c *check) chart(prefix []byte, records []sealed) error {
	c.chartsSeen++
	wrapped := c.r.Get(engine.Keys, prefix)
	if wrapped == nil {
		c.unread = true
		c.harm(engine.Charts, records[0].name, "", "", "the key of this chart is missing, %d records cannot be read", len(records))
		return nil
	}
	key, err := c.vault.UnwrapChartKey(wrapped, prefix)
	if err != nil {
		c.unread = true // its key is named already
		return nil
	}
	id := c.open(key, prefix, records)
	headed := id != "" && bytes.Equal(c.chartName(id), prefix)
	before := len(c.harms)
	var broken [][]byte
	for i, plain := range c.opened {
		record, err := c.read(plain)
		switch {
		case err != nil:
			broken = append(broken, records[i].name)
		case record != nil && headed:
			if err := c.record(id, records[i].name, record); err != nil {
				return err
			}
		}
	}
	if len(broken) == 0 && headed {
		return nil
	}
	others := slices.Clone(c.harms[before:]) // they are told after these
	c.harms = c.harms[:before]
	for _, name := range broken {
		c.unread = true
		c.harm(engine.Charts, name, id, "", "this record does not open: it was altered, or belongs elsewhere")
	}
	if !headed {
		c.unread = true
		c.harm(engine.Charts, records[0].name, "", "", "the head of this chart is missing or does not open")
	}
	c.harms = append(c.harms, others...)
	return nil
}

// open opens the records of a chart, and gives the id that its head says. What is
// left of the head is empty.
func (c *check) open(key *seal.ChartKey, prefix []byte, records []sealed) (id care.ChartID) {
	c.opened = c.opened[:0]
	for _, s := range records {
		need := len(s.value)
		if need > len(c.plain) {
			c.plain = make([]byte, max(64<<10, need))
		}
		room := c.plain[:0:need]
		c.plain = c.plain[need:]
		plain, err := key.OpenTo(room, chartAD(s.name, prefix), s.value)
		var h head
		switch {
		case err != nil:
			plain = nil
		case len(plain) > 0 && plain[0] == '{' && decodeJSON(plain, &h) == nil:
			id, plain = h.ID, plain[:0]
		case len(plain) == 0:
			plain = nil // a record says at least of what kind it is
		}
		c.opened = append(c.opened, plain)
	}
	return id
}

// read reads an opened record, into the room of the one before of its kind; nil if
// it is the head.
func (c *check) read(plain []byte) (care.Record, error) {
	if plain != nil && len(plain) == 0 {
		return nil, nil
	}
	k, err := kindOf(plain)
	if err != nil {
		return nil, err
	}
	into := c.into[k.number]
	if into.IsValid() {
		into.Elem().SetZero()
	} else {
		into = reflect.New(reflect.TypeOf(k.zero))
		c.into[k.number] = into
	}
	return into.Interface().(care.Record), c.text.decodeShared(plain[2:], into.Interface())
}

// record checks that a record is under its own name and stands where it should.
func (c *check) record(id care.ChartID, name []byte, record care.Record) error {
	kind, key := record.Kind(), record.Key()
	if own := c.vault.Name("record", string(id), string(kind), key); !bytes.Equal(name[min(16, len(name)):], own[:]) {
		c.harm(engine.Charts, name, id, string(kind)+" "+key, "this record is under another's name")
	}
	for _, place := range record.Stands() {
		if err := c.stands(id, name, string(kind), key, place); err != nil {
			return err
		}
	}
	if place, ok := located(id, record); ok {
		return c.stands(id, name, string(kind), key, place)
	}
	return nil
}

// stands checks that a record is in a list that it should be in, as it should.
func (c *check) stands(id care.ChartID, record []byte, kind, key string, place care.Place) error {
	name := c.entryIn(place.Set, place.Entry)
	c.expected = append(c.expected, fingerprint(name[:]))
	value := c.r.Get(engine.Sets, name[:])
	if value == nil {
		c.harm(engine.Charts, record, id, kind+" "+key, "its entry in the %s list is missing", place.Set.Name)
		return nil
	}
	seals, err := c.setKey(c.r, place.Set)
	if err != nil || seals == nil {
		c.harm(engine.Sets, name[:], id, kind+" "+key, "the key of the %s list is missing or does not open", place.Set.Name)
		return nil
	}
	plain, err := c.openEntry(seals, setAD(name[:]), value)
	c.member = appendMember(c.member[:0], place.Member)
	switch {
	case err != nil:
		c.harm(engine.Sets, name[:], id, kind+" "+key, "its entry in the %s list does not open: it was altered, or belongs elsewhere", place.Set.Name)
	case !bytes.Equal(plain, c.member):
		c.harm(engine.Sets, name[:], id, kind+" "+key, "its entry in the %s list says something else", place.Set.Name)
	}
	return nil
}

// entryIn is entryName, with the names of the sets that many stand in kept.
func (c *check) entryIn(set care.Set, entry string) (name [32]byte) {
	at := setPlace{set.Name, set.Of}
	first, known := c.names[at]
	if !known {
		if len(c.names) >= 1024 {
			clear(c.names)
		}
		first = [16]byte(c.setName(set))
		at.of = strings.Clone(at.of)
		c.names[at] = first
	}
	last := c.vault.Name("entry "+string(set.Name), set.Of, entry)
	copy(name[copy(name[:], first[:]):], last[:])
	return name
}

// openEntry opens what stands in a list or is kept as an answer, into the room of
// the one before.
func (c *check) openEntry(key *seal.ChartKey, ad seal.AD, value []byte) ([]byte, error) {
	c.entry = slices.Grow(c.entry[:0], len(value))
	return key.OpenSetTo(c.entry, ad, value)
}

// fingerprint is enough of the name of a list's entry to know it again. Names are
// pseudo-random: two of ten million are the same in it once in 400,000 stores,
// and then one stray entry goes unseen by this check, though not by the digest.
func fingerprint(name []byte) uint64 {
	var n uint64
	for _, b := range name[max(0, len(name)-8):] {
		n = n<<8 | uint64(b)
	}
	return n
}

// entries checks that something stands behind each entry of a list.
func (c *check) entries(records []sealed) error {
	for _, e := range records {
		n := fingerprint(e.name)
		if _, ok := slices.BinarySearch(c.pass.expected, n); ok || c.fresh[n] || c.pass.unread || c.torn {
			continue
		}
		var m care.Member
		key, err := c.setKey(c.r, care.Set{})
		if err == nil && key != nil {
			if plain, err := c.openEntry(key, setAD(e.name), e.value); err == nil && decodeJSON(plain, &m) == nil {
				c.harm(engine.Sets, e.name, m.Chart, m.Code+" "+m.Ref, "the record behind this entry of a list is missing or says something else")
				continue
			}
		}
		c.harm(engine.Sets, e.name, "", "", "nothing stands behind this entry of a list")
	}
	return nil
}

// blocks opens blocks of the trail, takes their entries for the tree and finds each
// entry about a person in that person's list.
func (c *check) blocks(records []sealed) error {
	for _, b := range records {
		if err := c.block(b.name, b.value); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) block(k, v []byte) error {
	body, err := c.vault.OpenTrail(trailAD(k), v)
	var block []kept
	if err == nil {
		err = c.text.decodeShared(body, &block)
	}
	if err != nil {
		c.leaves = append(c.leaves, leaf{torn: true, harms: len(c.harms)})
		c.harm(engine.Trail, k, "", "", "this block of the trail does not open: it was altered, or belongs elsewhere")
		return nil
	}
	seq := binaryKey(k)
	for i, line := range block {
		c.leaves = append(c.leaves, leaf{hash: line.leaf(), harms: len(c.harms)})
		if line.Entry == nil {
			continue // it told of somebody who was erased, and of nobody else
		}
		e, err := line.open()
		if err != nil {
			c.harm(engine.Trail, k, "", "", "entry %d of this block cannot be read: %v", i, err)
			continue
		}
		for _, id := range e.About {
			if !person(id) {
				continue
			}
			ref := fmt.Sprintf("%d.%d", seq, i)
			place := care.Place{Set: care.Set{Name: care.SetSeen, Of: string(id)}, Entry: ref, Member: care.Member{Seq: seq, Ref: ref, At: e.At}}
			if err := c.stands(id, k, "trail", ref, place); err != nil {
				return err
			}
		}
	}
	return nil
}

func binaryKey(k []byte) uint64 {
	var n uint64
	for _, b := range k {
		n = n<<8 | uint64(b)
	}
	return n
}

// hashes checks that the hashes of the tree belong to it; what they say was compared
// with the trail.
func (c *check) hashes(records []sealed) error {
	if c.torn {
		return nil
	}
	most := uint64(max(c.pass.hashes, tlog.StoredHashIndex(0, c.state.Leaves)))
	for _, h := range records {
		if len(h.name) != 8 || len(h.value) != tlog.HashSize || binaryKey(h.name) >= most {
			c.harm(engine.Tree, h.name, "", "", "this hash is of no entry of the trail")
		}
	}
	return nil
}

// replies opens what is kept of answered requests.
func (c *check) replies(records []sealed) error {
	key, err := c.setKey(c.r, care.Set{})
	if err != nil || key == nil {
		return nil // the key is named already
	}
	for _, kept := range records {
		if _, err := c.openEntry(key, replyAD(kept.name), kept.value); err != nil {
			c.harm(engine.Replies, kept.name, "", "", "this kept answer does not open: it was altered, or belongs elsewhere")
		}
	}
	return nil
}
