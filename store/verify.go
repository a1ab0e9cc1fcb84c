package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// Report is what one full pass over a store found.
type Report struct {
	At        time.Time `json:"at"`        // when the pass ended
	Sequence  uint64    `json:"seq"`       // the commit as of which all of it holds
	Found     uint64    `json:"found"`     // records that are there
	Committed uint64    `json:"committed"` // records that there should be
	Charts    uint64    `json:"charts"`
	Leaves    int64     `json:"trail_size"` // entries of the trail
	Root      string    `json:"trail_root"` // of the tree over them, in hexadecimal
	Damages   []Harm    `json:"damages"`    // empty if the store is whole
}

// Harm is one thing that is not as it was committed. It names ids and places,
// never content.
type Harm struct {
	Bucket string       `json:"bucket,omitempty"` // the kind of bucket
	Chart  care.ChartID `json:"chart,omitempty"`
	Record string       `json:"record,omitempty"` // kind and id; the sealed name if those cannot be read
	Page   uint64       `json:"page,omitempty"`   // of the file; 0 if it is not about one
	What   string       `json:"what"`
}

// String is the harm on one line.
func (h Harm) String() string {
	var b bytes.Buffer
	for _, part := range []struct{ name, is string }{
		{"bucket", h.Bucket}, {"chart", string(h.Chart)}, {"record", h.Record},
	} {
		if part.is != "" {
			fmt.Fprintf(&b, "%s %s, ", part.name, part.is)
		}
	}
	if h.Page != 0 {
		fmt.Fprintf(&b, "page %d, ", h.Page)
	}
	if b.Len() == 0 {
		return h.What
	}
	return string(b.Bytes()[:b.Len()-2]) + ": " + h.What
}

// Err is nil if the store is whole; otherwise it wraps ErrDamaged and says the
// first of the damages and how many there are.
func (r Report) Err() error {
	switch len(r.Damages) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s", ErrDamaged, r.Damages[0])
	}
	return fmt.Errorf("%w in %d places, the first: %s", ErrDamaged, len(r.Damages), r.Damages[0])
}

// Progress is told how many of how many records a pass has seen; before that, how
// many pages.
type Progress func(done, total int64)

// Inspect makes a full pass over a closed store, without beginning to serve or to
// write. The error is that it cannot be opened at all: by ErrNoStore, ErrLocked,
// ErrWrongKey and the like. Damage is in the report.
func Inspect(ctx context.Context, config Config, progress Progress) (Report, error) {
	told := func(done, total int64) error {
		progress.tell(done, total)
		return ctx.Err()
	}
	file, err := bolt.Open(filepath.Join(config.Dir, DataFile), bolt.Options{ReadOnly: true, Progress: told})
	if err == nil {
		defer file.Close()
		var s *Store
		if s, err = unlocked(config, file); err == nil {
			err = config.current(s.state)
		}
		if err == nil {
			return s.Verify(ctx, progress)
		}
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrHeader) {
		return Report{At: config.Now(), Damages: harms(err)}, nil
	}
	return Report{}, err
}

// harms are the damages that an error is made of.
func harms(err error) []Harm {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Harm
		for _, e := range many.Unwrap() {
			if errors.As(e, new(engine.Damaged)) {
				all = append(all, harms(e)...)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	var d engine.Damaged
	if errors.As(err, &d) {
		return []Harm{{What: d.What}}
	}
	return []Harm{{What: err.Error()}}
}

func (p Progress) tell(done, total int64) {
	if p != nil {
		p(done, total)
	}
}

// Verify makes a full pass over the store: it opens every record of every bucket
// and counts it into a digest of its own, looks for each record in every list it
// stands in and for each list's entry among what should stand there, builds the
// trail's tree again, and at last compares count and digest with what the last
// commit says of itself. It reads in many short views and follows the commits
// that are made meanwhile, so neither they nor the size of the file suffer.
// Damage is in the report; the error is that the pass could not be made.
func (s *Store) Verify(ctx context.Context, progress Progress) (Report, error) {
	s.checking.turn.Lock()
	defer s.checking.turn.Unlock()
	defer s.checking.percent.Store(0)
	told := func(done, total int64) error {
		s.checking.percent.Store(1 + 99*min(done, total)/max(total, 1))
		progress.tell(done, total)
		return ctx.Err()
	}
	report, err := s.verify(told)
	if err != nil {
		return report, err
	}
	report.At = s.now()
	s.checking.last.Store(&report)
	return report, nil
}

func (s *Store) verify(told func(done, total int64) error) (Report, error) {
	if walker, ok := s.engine.(engine.Walker); ok {
		err := walker.Walk(told)
		switch {
		case errors.Is(err, ErrDamaged):
			return Report{Damages: harms(err)}, nil // reading on could end the process
		case err != nil:
			return Report{}, err
		}
	}
	for {
		p := &pass{Store: s, log: map[uint64][]change{}}
		s.checking.pass.Store(p)
		err := p.run(told)
		s.checking.pass.Store(nil)
		if !errors.Is(err, errMissed) {
			return p.report, err
		}
	}
}

// change is what one commit did to one key, for a pass that may have been there
// before it.
type change struct {
	bucket  engine.Bucket
	key     []byte
	digest  seal.Sum // to be added
	records uint64   // to be added, modulo 2^64
	put     bool
}

// errMissed: a commit had begun before the pass did and told it nothing. The pass
// begins again.
var errMissed = errors.New("the pass missed a commit")

// stage is one bucket of a pass. Records come before the lists that they stand
// in, so that what should stand there is known by then.
type stage struct {
	bucket engine.Bucket
	check  func(p *pass, r engine.Reader, k, v []byte) error
	ended  func(p *pass, r engine.Reader) error
}

var stages = []stage{
	{engine.Keys, (*pass).key, nil},
	{engine.Charts, (*pass).record, (*pass).chartEnded},
	{engine.Trail, (*pass).block, (*pass).trailEnded},
	{engine.Tree, (*pass).hash, nil},
	{engine.Replies, (*pass).reply, nil},
	{engine.Sets, (*pass).entry, nil},
}

// The limits of a pass.
const (
	atOnce    = 2048 // records in one view
	mostHarms = 1000 // damages that are listed
)

// pass is one full pass in the making. What it has counted is at each time the
// sum of all records up to its place, as of one commit: when it goes on it first
// takes over what later commits did to the part it has passed.
type pass struct {
	*Store
	report Report

	mu  sync.Mutex
	log map[uint64][]change // by the commit's sequence; written by the committer

	began    bool
	state    state // as of the view it reads
	stage    int
	last     []byte // the key up to which this stage has come; nil at its beginning
	found    uint64
	digest   seal.Sum
	unread   bool // some records do not open, so lists cannot be judged
	expected []uint64
	sorted   bool
	fresh    map[uint64]bool // entries of lists that were made since the pass began

	chart   []sealed // the records of the chart that is being read
	leaves  int64
	torn    bool // the trail cannot be counted any more
	hashes  int64
	opening []byte // room for opened records
}

// sealed is a record as it stands in a view.
type sealed struct{ name, value []byte }

// follow is told by the committer what a commit changes, before it is durable.
func (p *pass) follow(sequence uint64, changes []change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log[sequence] = changes
}

func (p *pass) run(told func(done, total int64) error) error {
	for p.stage < len(stages) {
		if err := p.view(p.step); err != nil {
			return err
		}
		if err := told(int64(p.found), int64(p.state.Records)); err != nil {
			return err
		}
		if len(p.queue) > 0 {
			time.Sleep(time.Millisecond) // writers first
		}
	}
	return nil
}

// step reads on for a while within one view.
func (p *pass) step(r engine.Reader) error {
	if err := p.catchUp(r); err != nil {
		return err
	}
	for n := 0; p.stage < len(stages); {
		st := stages[p.stage]
		var from []byte
		if p.last != nil {
			from = append(bytes.Clone(p.last), 0)
		}
		full := false
		err := r.Scan(st.bucket, nil, from, func(k, v []byte) error {
			if n >= atOnce && (st.bucket != engine.Charts || len(p.chart) == 0 || !bytes.HasPrefix(k, prefixOf(p.chart[0].name))) {
				full = true
				return engine.ErrStop
			}
			n++
			p.found++
			p.digest = p.digest.Add(p.vault.Digest(string(st.bucket), k, v))
			p.last = k
			return st.check(p, r, k, v)
		})
		if err != nil {
			return err
		}
		if st.bucket == engine.Charts {
			if err := p.chartEnded(r); err != nil {
				return err
			}
		}
		p.last = bytes.Clone(p.last)
		if full {
			return nil
		}
		if st.ended != nil {
			if err := st.ended(p, r); err != nil {
				return err
			}
		}
		p.stage, p.last = p.stage+1, nil
	}
	p.finish()
	return nil
}

// catchUp takes over what the commits since the last view did to the part of the
// store that the pass has been through.
func (p *pass) catchUp(r engine.Reader) error {
	before := p.state.Sequence
	p.state = state{}
	if err := p.state.read(r, p.vault); err != nil {
		return err
	}
	if !p.began {
		p.began, p.fresh = true, map[uint64]bool{}
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := before + 1; n <= p.state.Sequence; n++ {
		changes, ok := p.log[n]
		if !ok {
			return errMissed
		}
		delete(p.log, n)
		for _, c := range changes {
			if c.bucket == engine.Sets && c.put {
				p.fresh[fingerprint(c.key)] = true
			}
			if p.passed(c) {
				p.digest = p.digest.Add(c.digest)
				p.found += c.records
			}
		}
	}
	return nil
}

// passed says whether the pass has been at a key.
func (p *pass) passed(c change) bool {
	at := slices.IndexFunc(stages, func(s stage) bool { return s.bucket == c.bucket })
	return at < p.stage || at == p.stage && p.last != nil && bytes.Compare(c.key, p.last) <= 0
}

// finish compares what was counted with what the commit says of itself. The
// digest alone shows a record that is older than it should be.
func (p *pass) finish() {
	p.report.Sequence, p.report.Found, p.report.Committed = p.state.Sequence, p.found, p.state.Records
	switch {
	case p.found != p.state.Records:
		p.harm(Harm{What: fmt.Sprintf("%d found, %d committed", p.found, p.state.Records)})
	case p.digest != p.state.Digest:
		p.harm(Harm{What: fmt.Sprintf("the digest of all %d records is not the committed one: something is older or other than it was", p.found)})
	}
}

func (p *pass) harm(h Harm) {
	if len(p.report.Damages) < mostHarms {
		p.report.Damages = append(p.report.Damages, h)
	}
}

// harmAt notes damage of one record, with its page.
func (p *pass) harmAt(r engine.Reader, b engine.Bucket, key []byte, chart care.ChartID, record, format string, args ...any) {
	h := Harm{Bucket: string(b), Chart: chart, Record: cmp.Or(record, hex.EncodeToString(key)), What: fmt.Sprintf(format, args...)}
	if pager, ok := r.(engine.Pager); ok {
		h.Page = pager.Page(b, key)
	}
	p.harm(h)
}

// key checks that a chart's key opens and that there is a chart for it.
func (p *pass) key(r engine.Reader, k, v []byte) error {
	if _, err := p.vault.UnwrapChartKey(v, k); err != nil {
		p.unread = true
		p.harmAt(r, engine.Keys, k, "", "", "the key of a chart does not open: %v", err)
		return nil
	}
	there := false
	err := r.Scan(engine.Charts, k, nil, func(_, _ []byte) error { there = true; return engine.ErrStop })
	if err == nil && !there {
		p.harmAt(r, engine.Keys, k, "", "", "this key's chart is missing")
	}
	return err
}

// prefixOf is the part of a name that a chart's records share. A name that is
// too short to have one is its own.
func prefixOf(name []byte) []byte { return name[:min(16, len(name))] }

// record collects a chart's records, and checks the chart before.
func (p *pass) record(r engine.Reader, k, v []byte) error {
	if len(p.chart) > 0 && !bytes.Equal(prefixOf(p.chart[0].name), prefixOf(k)) {
		if err := p.chartEnded(r); err != nil {
			return err
		}
	}
	p.chart = append(p.chart, sealed{k, v})
	return nil
}

// chartEnded checks a whole chart: its key and each record open, its head is
// there, each record is under its own name and stands where it should.
func (p *pass) chartEnded(r engine.Reader) error {
	if len(p.chart) == 0 {
		return nil
	}
	records := p.chart
	p.chart = p.chart[:0]
	prefix := prefixOf(records[0].name)
	p.report.Charts++
	wrapped := r.Get(engine.Keys, prefix)
	if wrapped == nil {
		p.unread = true
		p.harmAt(r, engine.Charts, records[0].name, "", "", "the key of this chart is missing, %d records cannot be read", len(records))
		return nil
	}
	key, err := p.vault.UnwrapChartKey(wrapped, prefix)
	if err != nil {
		p.unread = true // its key is named already
		return nil
	}
	type opened struct {
		name   []byte
		record care.Record
	}
	var id care.ChartID
	var open []opened
	var broken [][]byte
	for _, s := range records {
		plain, err := key.OpenTo(p.opening, chartAD(s.name, prefix), s.value)
		if err != nil {
			broken = append(broken, s.name)
			continue
		}
		p.opening = plain
		var h head
		if len(plain) > 0 && plain[0] == '{' && json.Unmarshal(plain, &h) == nil {
			id = h.ID
			continue
		}
		record, err := decodeRecord(plain)
		if err != nil {
			broken = append(broken, s.name)
			continue
		}
		open = append(open, opened{s.name, record})
	}
	for _, name := range broken {
		p.unread = true
		p.harmAt(r, engine.Charts, name, id, "", "this record does not open: it was altered, or belongs elsewhere")
	}
	if id == "" || !bytes.Equal(p.chartName(id), prefix) {
		p.unread = true
		p.harmAt(r, engine.Charts, records[0].name, "", "", "the head of this chart is missing or does not open")
		return nil
	}
	for _, o := range open {
		label := string(o.record.Kind()) + " " + o.record.Key()
		if !bytes.Equal(o.name, p.recordName(id, o.record.Kind(), o.record.Key())) {
			p.harmAt(r, engine.Charts, o.name, id, label, "this record is under another's name")
		}
		for _, place := range stands(id, o.record) {
			if err := p.stands(r, id, o.name, label, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// stands checks that a record is in a list that it should be in, as it should.
func (p *pass) stands(r engine.Reader, id care.ChartID, record []byte, label string, place care.Place) error {
	name := p.entryName(place.Set, place.Entry)
	p.expected = append(p.expected, fingerprint(name))
	value := r.Get(engine.Sets, name)
	if value == nil {
		p.harmAt(r, engine.Charts, record, id, label, "its entry in the %s list is missing", place.Set.Name)
		return nil
	}
	key, err := p.setKey(r, place.Set)
	if err != nil || key == nil {
		p.harmAt(r, engine.Sets, name, id, label, "the key of the %s list is missing or does not open", place.Set.Name)
		return nil
	}
	plain, err := key.OpenSet(setAD(name), value)
	switch {
	case err != nil:
		p.harmAt(r, engine.Sets, name, id, label, "its entry in the %s list does not open: it was altered, or belongs elsewhere", place.Set.Name)
	case !bytes.Equal(plain, encodeMember(place.Member)):
		p.harmAt(r, engine.Sets, name, id, label, "its entry in the %s list says something else", place.Set.Name)
	}
	return nil
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

// entry checks that something stands behind a list's entry.
func (p *pass) entry(r engine.Reader, k, v []byte) error {
	if !p.sorted {
		slices.Sort(p.expected)
		p.sorted = true
	}
	n := fingerprint(k)
	if _, ok := slices.BinarySearch(p.expected, n); ok || p.fresh[n] || p.unread || p.torn {
		return nil
	}
	var m care.Member
	key, err := p.setKey(r, care.Set{})
	if err == nil && key != nil {
		if plain, err := key.OpenSet(setAD(k), v); err == nil && json.Unmarshal(plain, &m) == nil {
			p.harmAt(r, engine.Sets, k, m.Chart, m.Code+" "+m.Ref, "the record behind this entry of a list is missing or says something else")
			return nil
		}
	}
	p.harmAt(r, engine.Sets, k, "", "", "nothing stands behind this entry of a list")
	return nil
}

// block opens a block of the trail, counts its entries into the tree and finds
// each entry about a person in that person's list.
func (p *pass) block(r engine.Reader, k, v []byte) error {
	body, err := p.vault.OpenTrail(trailAD(k), v)
	var block []kept
	if err == nil {
		err = json.Unmarshal(body, &block)
	}
	if err != nil {
		p.torn = true
		p.harmAt(r, engine.Trail, k, "", "", "this block of the trail does not open: it was altered, or belongs elsewhere")
		return nil
	}
	seq := binaryKey(k)
	for i, line := range block {
		p.leaf(r, line.leaf())
		if line.Entry == nil {
			continue // it told of somebody who was erased, and of nobody else
		}
		e, err := line.open()
		if err != nil {
			p.harmAt(r, engine.Trail, k, "", "", "entry %d of this block cannot be read: %v", i, err)
			continue
		}
		for _, id := range e.About {
			if !person(id) {
				continue
			}
			ref := fmt.Sprintf("%d.%d", seq, i)
			place := care.Place{Set: care.Set{Name: care.SetSeen, Of: string(id)}, Entry: ref, Member: care.Member{Seq: seq, Ref: ref, At: e.At}}
			if err := p.stands(r, id, k, "trail "+ref, place); err != nil {
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

// leaf computes the hashes that one more entry adds to the tree, and compares
// them with those in the file. Those further left were compared before.
func (p *pass) leaf(r engine.Reader, leaf tlog.Hash) {
	if p.torn {
		return
	}
	add, err := tlog.StoredHashesForRecordHash(p.leaves, leaf, hashes{r})
	if err != nil {
		p.torn = true
		p.harm(Harm{Bucket: string(engine.Tree), What: err.Error()})
		return
	}
	at := tlog.StoredHashIndex(0, p.leaves)
	for i, h := range add {
		k := treeKey(at + int64(i))
		if !bytes.Equal(r.Get(engine.Tree, k), h[:]) {
			p.torn = true
			p.harmAt(r, engine.Tree, k, "", fmt.Sprint(at+int64(i)), "the trail's tree has another hash for entry %d", p.leaves)
			return
		}
	}
	p.leaves, p.hashes = p.leaves+1, at+int64(len(add))
}

// trailEnded compares size and root of the trail with the committed ones.
func (p *pass) trailEnded(r engine.Reader) error {
	if p.torn {
		return nil
	}
	if p.leaves != p.state.Leaves {
		p.torn = true
		p.harm(Harm{Bucket: string(engine.Trail), What: fmt.Sprintf("%d entries found, %d committed", p.leaves, p.state.Leaves)})
		return nil
	}
	root, err := tlog.TreeHash(p.leaves, hashes{r})
	if err != nil || root != tlog.Hash(p.state.Root) {
		p.torn = true
		p.harm(Harm{Bucket: string(engine.Trail), What: fmt.Sprintf("the root over %d entries is not the committed one", p.leaves)})
		return nil
	}
	p.report.Leaves, p.report.Root = p.leaves, hex.EncodeToString(root[:])
	return nil
}

// hash checks that a hash of the tree belongs to it; what it says was compared
// with the trail.
func (p *pass) hash(r engine.Reader, k, v []byte) error {
	if p.torn {
		return nil
	}
	if len(k) != 8 || len(v) != tlog.HashSize || binaryKey(k) >= uint64(max(p.hashes, tlog.StoredHashIndex(0, p.state.Leaves))) {
		p.harmAt(r, engine.Tree, k, "", "", "this hash is of no entry of the trail")
	}
	return nil
}

// reply opens what is kept of an answered request.
func (p *pass) reply(r engine.Reader, k, v []byte) error {
	key, err := p.setKey(r, care.Set{})
	if err != nil || key == nil {
		return nil // the key is named already
	}
	if _, err := key.OpenSet(replyAD(k), v); err != nil {
		p.harmAt(r, engine.Replies, k, "", "", "this kept answer does not open: it was altered, or belongs elsewhere")
	}
	return nil
}
