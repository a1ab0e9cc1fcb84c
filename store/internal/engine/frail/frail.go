// Package frail is an engine for tests, in memory, that fails when it is told
// to. It keeps apart what was written and what was synced, as a disk does, so
// that a test can have the power cut at any moment and see what is left. It has
// nothing in common with bbolt: what holds over both holds by the interface.
package frail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"careconnect/store/internal/engine"
)

// Fault is what befalls one update.
type Fault int

// The faults. Sound is the zero value.
const (
	Sound    Fault = iota
	Refused        // it cannot begin
	NoRoom         // there is no room for its commit, and none begins
	Lost           // the commit fails and nothing of it is there
	Kept           // the commit fails and all of it is there
	Unsynced       // the commit fails at its sync: it may be there or not after a crash
	Again          // the engine undoes it and runs it once more, without telling
	Late           // it takes its time
)

// ErrDisk is the error behind a commit that fails.
var ErrDisk = errors.New("the disk says no")

// Disk is where engines keep their state: it outlives them.
type Disk struct {
	mu      sync.Mutex
	synced  state
	written *state // committed and not synced; nil if there is none
}

// Engine is one opening of a disk.
type Engine struct {
	// Fault says what befalls the nth update, from 1; nil: nothing does.
	Fault func(n int) Fault
	// Write says what befalls the nth put or delete, from 1; nil: nothing does.
	Write func(n int) error
	// Wait is called by an update that is late.
	Wait func()

	disk    *Disk
	writing sync.Mutex
	mu      sync.Mutex // for what follows
	now     state
	updates int
	writes  int
	flaw    flaw
}

var (
	_ engine.Engine = (*Engine)(nil)
	_ engine.Copier = reader{}
)

// Open opens what a disk holds.
func Open(d *Disk) *Engine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Engine{disk: d, now: d.synced}
}

// Crash cuts the power: what was synced is there, and what was written without
// being synced as chance has it.
func (d *Disk) Crash(kept bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.written != nil && kept {
		d.synced = *d.written
	}
	d.written = nil
}

// Updates is how many updates there were.
func (e *Engine) Updates() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.updates
}

// Writes is how many puts and deletes there were.
func (e *Engine) Writes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.writes
}

// View reads the last state that was committed.
func (e *Engine) View(fn func(engine.Reader) error) error {
	e.mu.Lock()
	now := e.now
	e.mu.Unlock()
	return fn(reader{now, e})
}

// Update runs fn, and commits what it wrote if nothing befalls it.
func (e *Engine) Update(fn func(engine.Writer) error) error {
	if !e.flaw.unlocked {
		e.writing.Lock()
		if !e.flaw.keepsLock {
			defer e.writing.Unlock()
		}
	}
	e.mu.Lock()
	e.updates++
	n := e.updates
	e.mu.Unlock()
	fault := Sound
	if e.Fault != nil {
		fault = e.Fault(n)
	}
	if fault == Refused {
		return fmt.Errorf("begin: %w", ErrDisk)
	}
	w, err := e.run(fn)
	if err == nil && fault == Again {
		w, err = e.run(fn)
	}
	if e.flaw.keepsLock {
		e.writing.Unlock()
	}
	if err != nil {
		if e.flaw.keepsFailed {
			e.set(w.now)
		}
		return err
	}
	if fault == Late && e.Wait != nil {
		e.Wait()
	}
	return e.commit(w.now, fault)
}

func (e *Engine) run(fn func(engine.Writer) error) (*writer, error) {
	e.mu.Lock()
	w := &writer{reader: reader{e.now, e}, before: e.now}
	e.mu.Unlock()
	err := fn(w)
	if e.flaw.unlocked {
		e.yield() // the other's turn
	}
	return w, err
}

func (e *Engine) commit(next state, fault Fault) error {
	switch fault {
	case NoRoom:
		return fmt.Errorf("commit: %w", engine.ErrNoRoom)
	case Lost:
		return fmt.Errorf("commit: %w: %w", engine.ErrOutcomeUnknown, ErrDisk)
	}
	e.disk.mu.Lock()
	if fault == Unsynced || e.flaw.noSync {
		e.disk.written = &next
	} else {
		e.disk.synced, e.disk.written = next, nil
	}
	e.disk.mu.Unlock()
	e.set(next)
	if fault == Kept || fault == Unsynced {
		return fmt.Errorf("commit: %w: %w", engine.ErrOutcomeUnknown, ErrDisk)
	}
	return nil
}

func (e *Engine) set(now state) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = now
}

// Size is the number of bytes of all keys and values.
func (e *Engine) Size() (int64, error) {
	if e.flaw.noSize {
		return 0, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now.size(), nil
}

// Close lets the disk go.
func (e *Engine) Close() error {
	e.disk.mu.Lock()
	defer e.disk.mu.Unlock()
	if e.flaw.forgets {
		e.disk.synced = state{}
	}
	return nil
}

// state is everything at one moment. A bucket is never changed, only exchanged.
type state [8][]pair

type pair struct {
	key   string
	value []byte
}

func place(b engine.Bucket) int { return slices.Index(engine.Buckets, b) }

func find(bucket []pair, key string) (int, bool) {
	return slices.BinarySearchFunc(bucket, key, func(p pair, key string) int { return strings.Compare(p.key, key) })
}

func (s *state) size() (n int64) {
	for _, bucket := range s {
		for _, p := range bucket {
			n += int64(len(p.key) + len(p.value))
		}
	}
	return n
}

// reader reads one state.
type reader struct {
	now    state
	engine *Engine
}

// seen is the state that is read: unless the engine has a flaw, always the same.
func (r *reader) seen() state {
	if !r.engine.flaw.live {
		return r.now
	}
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	return r.engine.now
}

func (r reader) Get(b engine.Bucket, key []byte) []byte {
	at := place(b)
	if r.engine.flaw.oneBucket {
		at = 0
	}
	if at < 0 {
		return nil
	}
	bucket := r.seen()[at]
	i, found := find(bucket, string(key))
	if !found || r.engine.flaw.emptyIsNone && len(bucket[i].value) == 0 {
		return nil
	}
	return bucket[i].value
}

func (r reader) Scan(b engine.Bucket, prefix, from []byte, fn func(k, v []byte) error) error {
	if place(b) < 0 {
		return nil
	}
	flaw := r.engine.flaw
	start := string(prefix) + string(from)
	if flaw.ignoresFrom {
		start = string(prefix)
	}
	bucket := r.seen()[place(b)]
	first, _ := find(bucket, start)
	if flaw.startsAfter && first < len(bucket) && bucket[first].key == start {
		first++
	}
	if flaw.backwards {
		bucket = slices.Clone(bucket)
		slices.Reverse(bucket)
		first = 0
	}
	for i := first; i < len(bucket); i++ {
		p := bucket[i]
		switch has := strings.HasPrefix(p.key, string(prefix)); {
		case !has && flaw.backwards:
			continue
		case !has && !flaw.ignoresPrefix:
			return nil
		}
		if err := fn([]byte(p.key), p.value); err != nil {
			if errors.Is(err, engine.ErrStop) && !flaw.passesStop || flaw.swallows {
				return nil
			}
			return err
		}
		if flaw.torn { // another state is there by now
			r.engine.yield()
			r.engine.mu.Lock()
			bucket = r.engine.now[place(b)]
			r.engine.mu.Unlock()
			i, _ = find(bucket, p.key+"\x00")
			i--
		}
	}
	return nil
}

// Length is how many bytes Copy will write.
func (r reader) Length() int64 { return r.now.size() }

// Copy writes all keys and values one after the other.
func (r reader) Copy(w io.Writer) error {
	now := r.seen()
	for _, bucket := range now {
		for _, p := range bucket {
			if _, err := io.WriteString(w, p.key); err != nil {
				return err
			}
			if _, err := w.Write(p.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// writer is a transaction that writes.
type writer struct {
	reader
	before state
	own    [8]bool // buckets that are this transaction's own copies
}

// change gives a bucket that may be changed.
func (w *writer) change(at int) []pair {
	if !w.own[at] {
		w.now[at], w.own[at] = slices.Clone(w.now[at]), true
	}
	return w.now[at]
}

func (w *writer) Get(b engine.Bucket, key []byte) []byte {
	if w.engine.flaw.blind {
		return reader{w.before, w.engine}.Get(b, key)
	}
	return w.reader.Get(b, key)
}

func (w *writer) Put(b engine.Bucket, key, value []byte) error {
	flaw := w.engine.flaw
	at := place(b)
	if flaw.takesAll {
		at = max(at, 0)
	}
	if flaw.oneBucket {
		at = 0
	}
	switch {
	case at < 0:
		return fmt.Errorf("no bucket %q in the store", b)
	case len(key) == 0 && !flaw.takesAll:
		return errors.New("put: the key is empty")
	}
	if err := w.engine.meet(); err != nil {
		return err
	}
	value = append([]byte{}, value...) // never nil
	if flaw.cuts {
		value = value[:min(len(value), 4096)]
	}
	bucket := w.change(at)
	i, found := find(bucket, string(key))
	switch {
	case found && flaw.keepsFirst:
	case found:
		bucket[i].value = value
	default:
		w.now[at] = slices.Insert(bucket, i, pair{string(key), value})
	}
	w.leak()
	return nil
}

func (w *writer) Delete(b engine.Bucket, key []byte) error {
	at := place(b)
	if at < 0 && !w.engine.flaw.takesAll {
		return fmt.Errorf("no bucket %q in the store", b)
	}
	if err := w.engine.meet(); err != nil {
		return err
	}
	at = max(at, 0)
	if i, found := find(w.now[at], string(key)); found && !w.engine.flaw.keepsDeleted {
		w.now[at] = slices.Delete(w.change(at), i, i+1)
	}
	w.leak()
	return nil
}

// leak shows what is not committed yet, in an engine with that flaw.
func (w *writer) leak() {
	if w.engine.flaw.leaks {
		w.engine.set(w.now)
		w.own = [8]bool{}
	}
}

// meet counts a write and gives what befalls it.
func (e *Engine) meet() error {
	e.mu.Lock()
	e.writes++
	n := e.writes
	e.mu.Unlock()
	if e.Write == nil {
		return nil
	}
	return e.Write(n)
}

// Put fills a disk with what another engine reads, for a test that begins with
// a store made elsewhere.
func (d *Disk) Put(r engine.Reader) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, b := range engine.Buckets {
		err := r.Scan(b, nil, nil, func(k, v []byte) error {
			d.synced[i] = append(d.synced[i], pair{string(k), bytes.Clone(v)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
