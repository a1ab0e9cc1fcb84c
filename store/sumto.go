package store

import (
	"crypto/sha256"
	"hash"
	"io"
	"sync/atomic"
)

// chunkSize is how much of a file goes through one's hands at a time.
const chunkSize = 1 << 20

// summing writes what it is given and adds it up, in large chunks that go from hand to
// hand: while the next is read, the last is added up and the one before it written.
type summing struct {
	sum    hash.Hash
	chunk  []byte // what is being filled
	free   chan []byte
	full   chan []byte
	done   chan struct{}
	failed atomic.Pointer[error] // why nothing more is written
}

// sumTo begins to write. Its end must be called, whatever happens.
func sumTo(w io.Writer) *summing {
	s := &summing{sum: sha256.New(), free: make(chan []byte, 4), full: make(chan []byte, 4), done: make(chan struct{})}
	for range cap(s.free) - 1 {
		s.free <- make([]byte, 0, chunkSize)
	}
	s.chunk = make([]byte, 0, chunkSize)
	added := make(chan []byte, cap(s.free))
	go func() {
		defer close(added)
		for chunk := range s.full {
			s.sum.Write(chunk)
			added <- chunk
		}
	}()
	go func() {
		defer close(s.done)
		for chunk := range added {
			if s.failed.Load() == nil {
				if _, err := w.Write(chunk); err != nil {
					s.failed.Store(&err)
				}
			}
			s.free <- chunk[:0]
		}
	}()
	return s
}

// Write takes what is given. An error is that of an earlier chunk.
func (s *summing) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		if failed := s.failed.Load(); failed != nil {
			return n, *failed
		}
		some := min(len(b), cap(s.chunk)-len(s.chunk))
		s.chunk = append(s.chunk, b[:some]...)
		n, b = n+some, b[some:]
		if len(s.chunk) == cap(s.chunk) {
			s.full <- s.chunk
			s.chunk = <-s.free
		}
	}
	return n, nil
}

// end writes what is left and gives the sum.
func (s *summing) end() ([]byte, error) {
	s.full <- s.chunk
	close(s.full)
	<-s.done
	if failed := s.failed.Load(); failed != nil {
		return nil, *failed
	}
	return s.sum.Sum(nil), nil
}
