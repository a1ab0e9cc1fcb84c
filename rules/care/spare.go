package care

// Spare lends drafts the room that their copy of a chart's deadlines takes: the list
// is long, nearly each act changes one of them, and of the copy nothing is left once
// the act is decided. One goroutine at a time has it. A nil Spare lends nothing.
type Spare struct {
	// Waste has what comes back overwritten, so that who still looks at it is found:
	// for tests.
	Waste bool

	free, lent []Deadline
}

// TakeBack ends the drafts that had room lent: nobody may look at them any more.
func (s *Spare) TakeBack() {
	if s == nil || s.lent == nil {
		return
	}
	if s.Waste {
		clear(s.lent[:cap(s.lent)])
	}
	s.free, s.lent = s.lent, nil
}

// Forget lets go of what the last drafts left in it.
func (s *Spare) Forget() {
	if s != nil {
		s.free, s.lent = nil, nil
	}
}

// copied is a list of a draft's own, with room for more.
func (s *Spare) copied(list []Deadline) []Deadline {
	if s == nil {
		return copied(list)
	}
	var own []Deadline
	if cap(s.free) > len(list) {
		own = append(s.free[:0], list...)
	} else {
		own = copied(list)
	}
	s.free, s.lent = nil, own
	return own
}
