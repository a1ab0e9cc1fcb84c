package store

import (
	"bytes"
	"cmp"
	"errors"
	"runtime"
	"slices"
	"sync"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// A throwaway store decides ahead: while one commit is named, sealed and written on
// another core, the acts of the next are decided already, on the charts and lists as
// they are in memory. What must be read waits until it is written.

// ahead is the line of commits that are decided and not yet written.
type ahead struct {
	mu      sync.Mutex
	moved   sync.Cond
	line    chan *commit
	taken   uint64           // commits that came into the line
	written uint64           // and left it
	lists   map[care.Set]int // those that the commits in it change
	waiting int              // records and places that the commits in it change
	failed  error

	last decided // the committer's own
}

// decided is what the acts of one commit leave to those of the next.
type decided struct{ sequence, ordinal, requests uint64 }

// mostAhead is how many commits may be decided and not yet written. After one that
// takes long to write there are many that take long to decide.
const mostAhead = 64

// mostWaiting is how many records and places they may change, but for those of one
// commit: a line of large ones would take hundreds of megabytes, and whoever reads
// would wait for it for ten seconds.
const mostWaiting = 1 << 14

// errAlone says that a batch must see written what was decided before, by others or by
// itself.
var errAlone = errors.New("what was decided must be written first")

// decidesAhead says whether a store that begins to commit now does so. Where there is
// one core only, there is nothing to be won.
func (s *Store) decidesAhead() bool {
	return s.Kind() == Throwaway && runtime.GOMAXPROCS(0) > 1 && !s.config.together
}

func (a *ahead) begin(at state) {
	a.line, a.moved.L = make(chan *commit, mostAhead), &a.mu
	a.lists = map[care.Set]int{}
	a.goOnFrom(at)
}

// goes says whether the store decides ahead. That holds while it is open, however many
// cores come or go meanwhile.
func (a *ahead) goes() bool { return a.line != nil }

// end lets no more into the line, and waits until it is empty.
func (a *ahead) end() {
	close(a.line)
	_ = a.landed() // the committer has said so, or ends with another failure
}

// goOnFrom goes on from what is written, when nothing else is on its way.
func (a *ahead) goOnFrom(at state) {
	a.last = decided{sequence: at.Sequence, ordinal: at.Ordinal}
	if at.Apart != nil {
		a.last.requests = at.Apart.Requests
	}
}

// writeBehind writes what was decided until the line is closed.
func (s *Store) writeBehind() {
	a := &s.ahead
	for c := range a.line {
		err := a.failed
		if err == nil {
			if err = s.land(c); err != nil {
				err = s.fail(err, nil)
			}
		}
		a.wrote(c, err)
	}
}

// wrote lets a commit out of the line.
func (a *ahead) wrote(c *commit, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written++
	a.waiting -= c.changes()
	a.failed = err
	for _, m := range c.moves {
		if a.lists[m.place.Set]--; a.lists[m.place.Set] == 0 {
			delete(a.lists, m.place.Set)
		}
	}
	a.moved.Broadcast()
}

// land writes a commit that was decided ahead.
func (s *Store) land(c *commit) error {
	err := s.engine.Update(func(w engine.Writer) error {
		ordinal, requests := c.state.Ordinal, c.state.Apart.Requests
		c.begin(w)
		c.state.Ordinal, c.state.Apart.Requests = ordinal, requests
		if err := c.perform(); err != nil {
			return err
		}
		return c.finish()
	})
	if err == nil {
		c.keep()
	}
	return err
}

// landed waits until what came into the line by now is written.
func (a *ahead) landed() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for all := a.taken; a.written < all; {
		a.moved.Wait()
	}
	return a.failed
}

// put brings a commit into the line, once there is room for it.
func (a *ahead) put(c *commit) {
	a.mu.Lock()
	for a.waiting > 0 && a.waiting+c.changes() > mostWaiting {
		a.moved.Wait()
	}
	a.taken++
	a.waiting += c.changes()
	for _, m := range c.moves {
		a.lists[m.place.Set]++
	}
	a.mu.Unlock()
	a.line <- c
}

// changes is how many records and places a commit has to write.
func (c *commit) changes() int { return len(c.script.records) + len(c.moves) }

// changes says whether a commit in the line changes a list.
func (a *ahead) changes(set care.Set) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lists[set] > 0
}

// commitAhead decides a batch and answers it. One that cannot be decided so is done
// once all before it is written.
func (s *Store) commitAhead(batch []*job) error {
	if err := s.Failed(); err != nil {
		return err // what was answered before is not there: nobody is told more
	}
	c, err := s.decide(batch)
	if errors.Is(err, errAlone) {
		err = s.ahead.landed()
		if c != nil {
			c.undone()
		}
		if err == nil {
			err = s.commitTogether(batch)
		}
		return err
	}
	if err != nil {
		return err
	}
	if !c.dirty() {
		c.countDenials()
		return nil
	}
	return s.answerAhead(c, batch)
}

// decide runs a batch, if it can be decided ahead.
func (s *Store) decide(batch []*job) (*commit, error) {
	if slices.ContainsFunc(batch, func(j *job) bool { return j.step != nil || j.order.Once != nil }) {
		return nil, errAlone
	}
	if s.charts.full() {
		if err := s.ahead.landed(); err != nil {
			return nil, err
		}
		s.charts.trim()
	}
	c := s.unwritten()
	c.ahead, c.lists = true, map[care.Set]bool{}
	latest := &latest{Store: s}
	c.r = latest
	c.state = state{Ordinal: s.ahead.last.ordinal, Apart: &apart{Requests: s.ahead.last.requests}}
	for _, j := range batch {
		j.answer = Answer{}
		if err := c.run(j); err != nil || latest.failed != nil {
			return c, cmp.Or(latest.failed, err)
		}
	}
	waiting := s.later.take()
	c.entries = append(c.entries, waiting.entries...)
	c.state.Apart.Requests += waiting.asked
	return c, nil
}

// answerAhead brings a commit into the line and lets those who asked go on. Where
// listing hangs on how many somebody has taken on, they are counted first.
func (s *Store) answerAhead(c *commit, batch []*job) error {
	s.ahead.last = decided{s.ahead.last.sequence + 1, c.state.Ordinal, c.state.Apart.Requests}
	s.many = len(c.moves)
	counts := c.mayCount()
	c.close()
	s.ahead.put(c)
	if counts {
		if err := s.ahead.landed(); err != nil {
			return err
		}
		if err := c.countPanels(); err != nil {
			return err
		}
	}
	c.publish()
	s.record(c, batch, s.ahead.last.sequence)
	s.ended = s.config.Elapsed() // who is told may move the clock
	return nil
}

// latest reads what is written by now.
type latest struct {
	*Store
	failed error
}

func (l *latest) Get(b engine.Bucket, key []byte) (value []byte) {
	l.at(func(r engine.Reader) error {
		value = bytes.Clone(r.Get(b, key))
		return nil
	})
	return value
}

func (l *latest) Scan(b engine.Bucket, prefix, from []byte, fn func(k, v []byte) error) error {
	return l.at(func(r engine.Reader) error { return r.Scan(b, prefix, from, fn) })
}

func (l *latest) at(fn func(engine.Reader) error) error {
	err := l.engine.View(fn)
	l.failed = errors.Join(l.failed, err)
	return err
}
