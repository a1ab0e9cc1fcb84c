// Package behind puts memory in front of an engine: what is committed is there
// for every reader at once, and is written to the engine below soon after, many
// commits in one. It is for stores that have nothing to survive. A process that
// ends without Close loses the last moments; what the engine below has is always
// a state that was committed here, whole.
package behind

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"careconnect/store/internal/engine"
)

const (
	// soon is how long a commit waits at most for others before it is written.
	soon = 100 * time.Millisecond

	// enough keys are written without waiting for more.
	enough = 1 << 15

	// many layers are written without waiting for more: readers look into each.
	many = 16

	// most keys may wait: who commits more waits for them to be written.
	most = 1 << 17
)

// Store is an engine with memory in front of it. It implements engine.Engine.
type Store struct {
	below   engine.Engine
	writing sync.Mutex // held by who updates

	mu      sync.Mutex
	layers  []*layer  // committed, and not known to be below: the oldest first
	taken   int       // so many of these are being written
	written uint64    // how often some have left
	failed  error     // the engine below took no more
	hurry   bool      // somebody waits for all to be written
	ended   bool      // changed while writing is held, too
	moved   sync.Cond // a layer came, or some have left, or hurry

	done chan struct{} // closed once nothing is written any more
}

var (
	_ engine.Engine    = (*Store)(nil)
	_ engine.Walker    = (*Store)(nil)
	_ engine.Compacter = (*Store)(nil)
	_ engine.Wholer    = (*Store)(nil)
)

// Over puts memory in front of an engine, which is from then on its own.
func Over(below engine.Engine) *Store {
	s := &Store{below: below, done: make(chan struct{})}
	s.moved.L = &s.mu
	go s.write()
	return s
}

// View runs fn against the last committed state, in memory or below.
func (s *Store) View(fn func(engine.Reader) error) error {
	return s.see(func(r engine.Reader, layers []*layer) error {
		defer s.unpin(layers)
		if len(layers) == 0 {
			return fn(r)
		}
		return fn(reader{r, layers})
	}, true)
}

// Whole runs fn against a state that stands below as it is, so that it can be
// copied. Updates wait while that is brought about.
func (s *Store) Whole(fn func(engine.Reader) error) error {
	s.writing.Lock()
	release := sync.OnceFunc(s.writing.Unlock)
	defer release()
	if err := s.settle(); err != nil {
		return err
	}
	return s.below.View(func(r engine.Reader) error {
		release()
		return fn(r)
	})
}

// see gives what is below, and the layers that may not be in it. What leaves
// memory between the one look and the other would be in neither: then it looks
// again.
func (s *Store) see(fn func(r engine.Reader, layers []*layer) error, pin bool) error {
	for {
		s.mu.Lock()
		written := s.written
		s.mu.Unlock()
		missed := false
		err := s.below.View(func(r engine.Reader) error {
			s.mu.Lock()
			if missed = s.written != written; missed {
				s.mu.Unlock()
				return nil
			}
			layers := slices.Clone(s.layers)
			if pin && len(layers) > 0 {
				layers[len(layers)-1].pins++
			}
			s.mu.Unlock()
			return fn(r, layers)
		})
		if !missed {
			return err
		}
	}
}

func (s *Store) unpin(layers []*layer) {
	if len(layers) > 0 {
		s.mu.Lock()
		layers[len(layers)-1].pins--
		s.mu.Unlock()
	}
}

// Update runs fn and commits to memory. Once the engine below has refused a write
// nothing more is taken: the error wraps engine.ErrOutcomeUnknown.
func (s *Store) Update(fn func(engine.Writer) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.room(); err != nil {
		return err
	}
	if s.ended {
		return s.below.Update(fn)
	}
	own := newLayer()
	err := s.see(func(r engine.Reader, layers []*layer) error {
		return fn(writer{reader{r, append(layers, own)}, own})
	}, false)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.layers)
	switch {
	case own.keys == 0:
		return nil
	case n > s.taken && s.layers[n-1].pins == 0:
		s.layers[n-1].take(own)
	default:
		s.layers = append(s.layers, own)
	}
	if n == 0 || s.due() {
		s.moved.Broadcast()
	}
	return nil
}

// due says whether there is enough to be written at once.
func (s *Store) due() bool { return len(s.layers) >= many || s.waiting() >= enough }

// room waits until not too much waits to be written.
func (s *Store) room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.failed == nil && s.waiting() > most {
		s.moved.Wait()
	}
	return s.failed
}

func (s *Store) waiting() (keys int) {
	for _, l := range s.layers {
		keys += l.keys
	}
	return keys
}

// settle waits until all that was committed is below.
func (s *Store) settle() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled()
}

func (s *Store) settled() error {
	for s.failed == nil && len(s.layers) > 0 {
		s.hurry = true
		s.moved.Broadcast()
		s.moved.Wait()
	}
	return s.failed
}

// write brings the layers below until the store is closed.
func (s *Store) write() {
	defer close(s.done)
	for s.gather() {
		s.mu.Lock()
		layers := s.layers[:len(s.layers):len(s.layers)]
		s.taken, s.hurry = len(layers), false
		s.mu.Unlock()
		err := s.below.Update(func(w engine.Writer) error { return writeTo(w, layers) })
		s.mu.Lock()
		s.taken = 0
		if err != nil {
			s.failed = fmt.Errorf("write what was committed: %w: %w", engine.ErrOutcomeUnknown, err)
		} else {
			s.layers = slices.Clone(s.layers[len(layers):])
			s.written++
		}
		s.moved.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// gather waits until there is something to write, and a moment for more; false if
// nothing comes any more.
func (s *Store) gather() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.layers) == 0 {
		if s.ended {
			return false
		}
		s.moved.Wait()
	}
	late := false
	timer := time.AfterFunc(soon, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.moved.Broadcast()
	})
	defer timer.Stop()
	for !late && !s.hurry && !s.ended && !s.due() {
		s.moved.Wait()
	}
	return true
}

// Walk, Unread and Compact are of the file below.
func (s *Store) Walk(progress func(done, total int64) error) error {
	if walker, ok := s.below.(engine.Walker); ok {
		return walker.Walk(progress)
	}
	return nil
}

func (s *Store) Unread() bool {
	walker, ok := s.below.(engine.Walker)
	return ok && walker.Unread()
}

func (s *Store) Compact(progress func(done, total int64) error) error {
	c, ok := s.below.(engine.Compacter)
	if !ok {
		return errors.New("this engine keeps no file that could be compacted")
	}
	if err := s.settle(); err != nil {
		return err
	}
	return c.Compact(progress)
}

// Size is that of the engine below, with all that was committed.
func (s *Store) Size() (int64, error) {
	if err := s.settle(); err != nil {
		return 0, err
	}
	return s.below.Size()
}

// End writes what waits. From then on the engine below is written to at once.
func (s *Store) End() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	s.ended = true
	s.moved.Broadcast()
	s.mu.Unlock()
	<-s.done
	return s.settle()
}

// Close writes what waits and closes the engine below.
func (s *Store) Close() error {
	err := s.End()
	return errors.Join(err, s.below.Close())
}
