package store

import (
	"fmt"
	"sync"
	"time"

	"careconnect/rules/care"
)

// What makes a clock doubtful.
const (
	setBack = 5 * time.Minute  // so far behind the highest instant seen it is told
	leap    = 25 * time.Hour   // so far at once it goes only if it is confirmed
	second  = 60 * time.Second // so long after a leap a second reading counts
)

// Clock is what is known of the clock of a lasting store. A throwaway one's is
// moved at will, and never doubtful.
type Clock struct {
	Behind time.Duration // the highest instant seen, by which deadlines go meanwhile; 0 if not told
	Leapt  bool          // it went forward by more than a day at once: nothing expires or is sent
	From   time.Time     // where it would be
	To     time.Time     // where it says that it is
}

// steady holds the clock against real time. Real time goes on evenly and says
// nothing of the date; the clock says the date and may be set. What it says is
// taken but for a leap forward, since what expires does not come back: then time
// goes on as if the clock had not been touched, until a second reading agrees
// with the first or a person confirms it. A clock that was wrong before the
// start cannot be told from downtime.
type steady struct {
	mu    sync.Mutex
	begun bool
	start tick // of the store, not before the highest instant that it had seen
	last  tick // that was taken
	leapt *tick
}

// tick is what the clock said, and when in real time.
type tick struct {
	wall    time.Time
	elapsed time.Duration
}

// at is where the clock is later, if nobody sets it.
func (t tick) at(elapsed time.Duration) time.Time { return t.wall.Add(elapsed - t.elapsed) }

// What may become of a reading, beside nothing special.
const (
	leapHeld  = "held"
	leapTaken = "taken"
	leapGone  = "gone back"
)

// read takes a reading, and says what instant it is and what became of it.
func (c *steady) read(now tick) (at time.Time, became string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.begun {
		c.begun, c.last = true, now
		return now.wall, ""
	}
	even := c.last.at(now.elapsed)
	switch {
	case now.wall.Sub(even) <= leap:
		if c.leapt != nil {
			became = leapGone
		}
		c.last, c.leapt = now, nil
		return now.wall, became
	case c.leapt == nil:
		c.leapt = &now
		return even, leapHeld
	case now.wall.Sub(c.leapt.at(now.elapsed)).Abs() > setBack:
		c.leapt = &now // it says something else again: that is no agreement
		return even, ""
	case now.elapsed-c.leapt.elapsed >= second:
		c.last, c.leapt = now, nil
		return now.wall, leapTaken
	}
	return even, ""
}

// confirm takes the leap.
func (c *steady) confirm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leapt != nil {
		c.last, c.leapt = *c.leapt, nil
	}
}

func (c *steady) held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leapt != nil
}

func (s *Store) tick() tick {
	return tick{s.config.Now().UTC().Truncate(time.Second), s.config.Elapsed()}
}

// now is the instant of a transaction: whole seconds, never before the highest
// instant that the store has seen, and never by a leap that nobody confirmed.
func (s *Store) now() time.Time {
	if s.Kind() == Throwaway {
		return s.notBefore(s.tick().wall)
	}
	r := s.tick()
	at, became := s.clock.read(r)
	at = s.notBefore(at.Truncate(time.Second))
	s.seen(at)
	if became != "" {
		s.later.add(Entry{At: at, Role: care.RoleSystem, Did: "clock leap", Outcome: "yes", note: true,
			Effect: fmt.Sprintf("%s: %s", became, r.wall.Format(time.RFC3339))})
	}
	return at
}

func (s *Store) notBefore(at time.Time) time.Time {
	if high := s.high.Load(); at.Unix() < high {
		return time.Unix(high, 0).UTC()
	}
	return at
}

// seen keeps the highest instant that was seen.
func (s *Store) seen(at time.Time) {
	for {
		high := s.high.Load()
		if at.Unix() <= high || s.high.CompareAndSwap(high, at.Unix()) {
			return
		}
	}
}

// held says that the clock has leapt and nobody has confirmed it: nothing
// expires, and nothing is sent.
func (s *Store) held() bool { return s.Kind() == Production && s.clock.held() }

// Clock says whether the clock can be trusted.
func (s *Store) Clock() Clock {
	if s.Kind() == Throwaway {
		return Clock{}
	}
	s.now()
	var c Clock
	r := s.tick()
	s.clock.mu.Lock()
	if s.clock.leapt != nil {
		c.Leapt, c.From, c.To = true, s.clock.last.at(r.elapsed).Truncate(time.Second), r.wall
	}
	s.clock.mu.Unlock()
	if behind := time.Unix(s.high.Load(), 0).Sub(r.wall); behind > setBack {
		c.Behind = behind
	}
	return c
}

// Passing is the instant by which what lets somebody in runs out. It goes on
// with real time since the start, so a clock that is set back prolongs nothing.
func (s *Store) Passing() time.Time {
	now := s.now()
	if s.Kind() == Throwaway {
		return now
	}
	s.clock.mu.Lock()
	even := s.clock.start.at(s.config.Elapsed()).Truncate(time.Second)
	s.clock.mu.Unlock()
	if even.After(now) {
		return even
	}
	return now
}

// Down is how long the store had seen nothing when it was opened.
func (s *Store) Down() time.Duration { return s.down }
