package qa

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"careconnect/http/notify"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// A capsule is the life of a throwaway instance in a small file: its seed, its
// clock and everything that was done, so that it can be lived again to the same
// state, byte for byte. It is gzip over lines of JSON: the capsule, then its
// calls. Only throwaway instances have one; their people are fictional.
type Capsule struct {
	Format  int       `json:"capsule"`
	Version string    `json:"version"` // of the program that saved it
	TZData  string    `json:"tzdata"`
	Seed    uint64    `json:"seed"`
	Began   time.Time `json:"began"` // when the clock began
	Begin   time.Time `json:"begin"` // when the demo did
	Now     time.Time `json:"now"`   // where the clock stood when it was saved
	Found   act.Found `json:"found"`
	Users   []User    `json:"users"`
	Calls   int       `json:"calls"`
	Export  string    `json:"export"` // SHA-256 of the export as of the last call

	calls []call
}

// capsuleFormat is the one that this version writes and reads.
const capsuleFormat = 2

// call is one act that somebody ordered, and the commit that it was in.
type call struct {
	Commit uint64          `json:"c"`
	At     time.Time       `json:"at"`
	Actor  care.Actor      `json:"by"`
	Act    string          `json:"act"`
	With   json.RawMessage `json:"with"`
	Once   *store.Once     `json:"once,omitempty"`
	Kept   bool            `json:"kept,omitempty"` // mail was only kept
}

// Recorder writes down what is done in a store, from its first commit on.
type Recorder struct {
	mu    sync.Mutex
	more  *sync.Cond
	last  uint64 // the commit heard of last
	calls []call
	err   error
}

// NewRecorder begins to listen; Record is for the store's configuration.
func NewRecorder() *Recorder {
	r := &Recorder{}
	r.more = sync.NewCond(&r.mu)
	return r
}

// Record keeps what one commit did.
func (r *Recorder) Record(c store.Committed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range c.Orders {
		with, err := json.Marshal(o.Act)
		r.err = errors.Join(r.err, err)
		r.calls = append(r.calls, call{Commit: c.Sequence, At: c.At, Actor: o.Actor, Act: act.Kind(o.Act), With: with, Once: o.Once, Kept: c.Kept})
	}
	r.last = c.Sequence
	r.more.Broadcast()
}

// upTo are the calls up to a commit, once that has been heard of.
func (r *Recorder) upTo(commit uint64) ([]call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.last < commit && r.err == nil {
		r.more.Wait()
	}
	n := len(r.calls)
	for n > 0 && r.calls[n-1].Commit > commit {
		n--
	}
	return r.calls[:n:n], r.err
}

// Save writes the capsule of a store as it stands.
func (c Capsule) Save(ctx context.Context, s *store.Store, r *Recorder, w io.Writer) error {
	sum := sha256.New()
	commit, err := s.Export(ctx, sum, nil)
	if err != nil {
		return err
	}
	if c.calls, err = r.upTo(commit); err != nil {
		return err
	}
	c.Format, c.Calls, c.Export = capsuleFormat, len(c.calls), hex.EncodeToString(sum.Sum(nil))
	zip := gzip.NewWriter(w)
	lines := json.NewEncoder(zip)
	err = lines.Encode(c)
	for _, call := range c.calls {
		err = errors.Join(err, lines.Encode(call))
	}
	return errors.Join(err, zip.Close())
}

// ErrCapsule is the class of what makes a file no capsule that can be replayed.
var ErrCapsule = errors.New("this capsule cannot be replayed")

// mostCapsule bounds what a capsule may unpack to.
const mostCapsule = 1 << 30

// ReadCapsule reads a capsule whole. The error wraps ErrCapsule.
func ReadCapsule(from io.Reader) (*Capsule, error) {
	zip, err := gzip.NewReader(bufio.NewReader(from))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not a capsule: %w", ErrCapsule, err)
	}
	lines := json.NewDecoder(io.LimitReader(zip, mostCapsule))
	c := &Capsule{}
	if err := lines.Decode(c); err != nil || c.Format == 0 {
		return nil, fmt.Errorf("%w: its first line is not a capsule's", ErrCapsule)
	}
	if c.Format != capsuleFormat {
		return nil, fmt.Errorf("%w: it is of format %d, saved by version %s; this version reads format %d", ErrCapsule, c.Format, c.Version, capsuleFormat)
	}
	for lines.More() {
		var next call
		if err := lines.Decode(&next); err != nil {
			return nil, fmt.Errorf("%w: call %d of %d: %w", ErrCapsule, len(c.calls)+1, c.Calls, err)
		}
		c.calls = append(c.calls, next)
	}
	if len(c.calls) != c.Calls {
		return nil, fmt.Errorf("%w: it is cut short: it has %d calls of %d", ErrCapsule, len(c.calls), c.Calls)
	}
	return c, nil
}

// Replay does in a new store what was done in the one that the capsule is of,
// each act at its own instant, and sends the same mail. It says whether that led
// to the same state; a version that decides otherwise leads to another.
func (c *Capsule) Replay(ctx context.Context, s *store.Store, post *notify.Post, clock *Clock) (same bool, err error) {
	defer post.Keep()
	for rest := c.calls; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Commit == rest[0].Commit {
			n++
		}
		if err := replay(ctx, s, post, clock, rest[:n]); err != nil {
			return false, fmt.Errorf("%w: call %d, %s: %w", ErrCapsule, len(c.calls)-len(rest)+1, rest[0].Act, err)
		}
		rest = rest[n:]
	}
	clock.Set(c.Now)
	sum := sha256.New()
	if _, err := s.Export(ctx, sum, nil); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == c.Export, nil
}

// replay does what one commit did.
func replay(ctx context.Context, s *store.Store, post *notify.Post, clock *Clock, calls []call) error {
	clock.Set(calls[0].At)
	s.KeepMail(func() bool { return calls[0].Kept })
	orders := make([]store.Order, len(calls))
	for i, c := range calls {
		a, err := act.Read(c.Act, c.With)
		if err != nil {
			return err
		}
		if chart, message, ok := sent(a); ok {
			if err := post.Again(ctx, care.Member{Chart: chart, Ref: string(message)}); err != nil {
				return err
			}
		}
		orders[i] = store.Order{Actor: c.Actor, Act: a, Once: c.Once}
	}
	for _, a := range s.OrderAll(ctx, orders) {
		var fault *care.Fault
		if a.Err != nil && !errors.As(a.Err, &fault) { // what was refused then is refused now
			return a.Err
		}
	}
	return post.Replayed(ctx)
}

// sent is the message that an act says was handed over.
func sent(a act.Act) (care.ChartID, care.MessageID, bool) {
	switch a := a.(type) {
	case act.Delivered:
		return a.Chart, a.Message, true
	case act.Hand:
		return a.Chart, a.Message, true
	}
	return "", "", false
}
