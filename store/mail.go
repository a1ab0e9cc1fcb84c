package store

import (
	"sync"

	"careconnect/rules/care"
)

// mail are the messages of a throwaway store that counted as handed over in the
// commit that made them, and that nobody has taken yet.
type mail struct {
	mu    sync.Mutex
	takes func() bool
	kept  []care.Message
}

// KeepMail says that messages go to somebody who only keeps them, while takes
// says so: they then count as handed over in the commit that makes them, and
// wait in Kept. A lasting store hands over mail that may fail, and is not
// changed by it.
func (s *Store) KeepMail(takes func() bool) {
	if s.Kind() != Throwaway {
		return
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.takes = takes
}

// Kept gives the messages to be kept that nobody has taken yet, in their order,
// and takes them out.
func (s *Store) Kept() []care.Message {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	kept := s.mail.kept
	s.mail.kept = nil
	return kept
}

// KeepAgain puts back what could not be kept, before what came meanwhile.
func (s *Store) KeepAgain(kept []care.Message) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.kept = append(kept, s.mail.kept...)
}

func (m *mail) keeps() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.takes != nil && m.takes()
}

func (m *mail) add(kept []care.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, kept...)
}
