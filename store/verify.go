package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
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
	file, err := bolt.OpenStill(filepath.Join(config.Dir, DataFile), bolt.Options{Progress: told})
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
		p := s.newPass(told)
		s.checking.pass.Store(p)
		err := p.run()
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
	check  func(c *check, records []sealed) error
	ended  func(p *pass, r engine.Reader) error
}

var stages = []stage{
	{engine.Keys, (*check).keys, nil},
	{engine.Charts, (*check).charts, nil},
	{engine.Trail, (*check).blocks, (*pass).trailEnded},
	{engine.Tree, (*check).hashes, nil},
	{engine.Replies, (*check).replies, (*pass).placesKnown},
	{engine.Sets, (*check).entries, nil},
}

// The limits of a pass.
const (
	atOnce    = 2048 // records in one view, while others write
	inPiece   = 512  // records that are checked in a go; views are whole pieces
	mostHarms = 1000 // damages that are listed
)

// pass is one full pass in the making. What it has counted is at each time the
// sum of all records up to its place, as of one commit: when it goes on it first
// takes over what later commits did to the part it has passed. What stands here is
// changed by the one goroutine that goes through the store; those that check
// pieces of it only look.
type pass struct {
	*Store
	report  Report
	told    func(done, total int64) error
	workers int // that check pieces beside each other

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
	fresh    map[uint64]bool // entries of lists that were made since the pass began

	spare  [][]sealed
	ahead  []*check // pieces that are handed out and not yet taken over, in their order
	rooms  sync.Pool
	leaves int64
	torn   bool // the trail cannot be counted any more
	hashes int64
}

// sealed is a record as it stands in a view.
type sealed struct{ name, value []byte }

// newPass begins one.
func (s *Store) newPass(told func(done, total int64) error) *pass {
	p := &pass{Store: s, told: told, log: map[uint64][]change{}}
	p.rooms.New = func() any { return newCheckRoom() }
	return p
}

// follow is told by the committer what a commit changes, before it is durable.
func (p *pass) follow(sequence uint64, changes []change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log[sequence] = changes
}

func (p *pass) run() error {
	for p.stage < len(stages) {
		if err := p.view(p.step); err != nil {
			return err
		}
		if err := p.told(int64(p.found), int64(p.state.Records)); err != nil {
			return err
		}
		if len(p.queue) > 0 {
			time.Sleep(time.Millisecond) // writers first
		}
	}
	return nil
}

// step reads on within one view: beside writers, who come first, for a while and
// alone; in a store that nobody writes to its end and on all processors.
func (p *pass) step(r engine.Reader) error {
	if err := p.catchUp(r); err != nil {
		return err
	}
	if p.workers = 1; engine.Still(r) {
		p.workers = runtime.GOMAXPROCS(0)
	}
	defer p.abandon() // what is handed out reads in this view
	for n := 0; p.stage < len(stages); {
		full, err := p.readOn(r, &n)
		if err != nil || full {
			return err
		}
		if ended := stages[p.stage].ended; ended != nil {
			if err := ended(p, r); err != nil {
				return err
			}
		}
		p.stage, p.last = p.stage+1, nil
	}
	p.finish()
	return nil
}

// readOn hands out the records of a stage, in pieces of whole charts, and takes
// over what was found in them. It says whether the view has been long enough.
func (p *pass) readOn(r engine.Reader, n *int) (full bool, err error) {
	st := stages[p.stage]
	var from []byte
	if p.last != nil {
		from = append(bytes.Clone(p.last), 0)
	}
	next := p.room()
	err = r.Scan(st.bucket, nil, from, func(k, v []byte) error {
		if len(next) >= inPiece && (st.bucket != engine.Charts || !bytes.HasPrefix(k, prefixOf(next[len(next)-1].name))) {
			if err := p.hand(r, next); err != nil {
				return err
			}
			next = p.room()
			if full = p.workers == 1 && *n >= atOnce; full {
				return engine.ErrStop
			}
		}
		*n++
		next = append(next, sealed{k, v})
		return nil
	})
	if err == nil {
		err = p.hand(r, next)
	}
	for err == nil && len(p.ahead) > 0 {
		err = p.take()
	}
	return full, err
}

// room is for the records of one piece.
func (p *pass) room() []sealed {
	n := len(p.spare)
	if n == 0 {
		return make([]sealed, 0, inPiece)
	}
	last := p.spare[n-1]
	p.spare = p.spare[:n-1]
	return last
}

// hand gives a piece to somebody to check, when not too many are handed out.
func (p *pass) hand(r engine.Reader, records []sealed) error {
	if len(records) == 0 {
		return nil
	}
	c := &check{pass: p, r: r, stage: stages[p.stage], records: records, done: make(chan struct{})}
	p.ahead = append(p.ahead, c)
	if p.workers == 1 {
		c.run()
		return p.take()
	}
	go c.run()
	if len(p.ahead) > 2*p.workers {
		return p.take()
	}
	return nil
}

// take waits for the first piece that is handed out, and takes over what was found
// in it: so the report is the same however many worked on it.
func (p *pass) take() error {
	c := p.ahead[0]
	<-c.done
	p.ahead = p.ahead[1:]
	if c.err != nil {
		return c.err
	}
	p.last = bytes.Clone(c.records[len(c.records)-1].name)
	p.found += uint64(len(c.records))
	p.spare = append(p.spare, c.records[:0])
	p.digest = p.digest.Add(c.digest)
	p.report.Charts += c.chartsSeen
	if c.unread { // what others look at in a later stage is not touched in that stage
		p.unread = true
	}
	if len(c.expected) > 0 {
		p.expected = append(p.expected, c.expected...)
	}
	from := 0
	for _, l := range c.leaves {
		p.harm(c.harms[from:l.harms]...)
		p.leaf(c.r, l)
		from = l.harms
	}
	p.harm(c.harms[from:]...)
	if p.workers > 1 {
		return p.told(int64(p.found), int64(p.state.Records))
	}
	return nil
}

// abandon waits for what is still handed out.
func (p *pass) abandon() {
	for _, c := range p.ahead {
		<-c.done
	}
	p.ahead = nil
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

func (p *pass) harm(found ...Harm) {
	p.report.Damages = append(p.report.Damages, found[:min(len(found), mostHarms-len(p.report.Damages))]...)
}

// placesKnown: every place is known now in which something should stand.
func (p *pass) placesKnown(engine.Reader) error {
	slices.Sort(p.expected)
	return nil
}

// leaf computes the hashes that one more entry adds to the tree, and compares
// them with those in the file. Those further left were compared before.
func (p *pass) leaf(r engine.Reader, leaf leaf) {
	p.torn = p.torn || leaf.torn
	if p.torn {
		return
	}
	add, err := tlog.StoredHashesForRecordHash(p.leaves, leaf.hash, hashes{r})
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
			p.harm(harmAt(r, engine.Tree, k, "", fmt.Sprint(at+int64(i)), "the trail's tree has another hash for entry %d", p.leaves))
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
