package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"careconnect/rules"
	"careconnect/rules/access"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
	"careconnect/store/internal/engine"
)

// Chart is the one way to read a chart: cut down to what the actor may see, and
// recorded. A read of somebody else's data has its trail entry durable before it
// returns. What may not be seen answers exactly as what does not exist. Why is
// the code of the page or call, for the trail.
func (s *Store) Chart(ctx context.Context, actor care.Actor, id care.ChartID, why string) (*care.Chart, error) {
	charts, err := s.Charts(ctx, actor, []care.ChartID{id}, why)
	if err != nil {
		return nil, err
	}
	if len(charts) == 0 {
		return nil, care.Missing()
	}
	return charts[0], nil
}

// Charts reads several charts under one entry of the trail, leaving out those
// that the actor may not see.
func (s *Store) Charts(ctx context.Context, actor care.Actor, ids []care.ChartID, why string) ([]*care.Chart, error) {
	charts, err := s.look(ids)
	if err != nil {
		return nil, err
	}
	var seen []*care.Chart
	var denied []care.ChartID
	for _, chart := range charts {
		if actor.Role == care.RoleSystem {
			seen = append(seen, chart)
		} else if cut, ok := access.See(actor, chart); ok {
			seen = append(seen, cut)
		} else {
			denied = append(denied, chart.ID)
		}
	}
	if err := errors.Join(s.recordDenial(ctx, actor, denied, why), s.recordRead(ctx, actor, seen, why)); err != nil {
		return nil, err
	}
	return seen, nil
}

// Locate reads the chart that a record is in, by the record's id.
func (s *Store) Locate(ctx context.Context, actor care.Actor, ref, why string) (*care.Chart, error) {
	var id care.ChartID
	err := s.view(func(r engine.Reader) (err error) {
		id, err = s.locate(r, ref)
		return err
	})
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, care.Missing()
	}
	return s.Chart(ctx, actor, id, why)
}

// recordDenial keeps that somebody asked for what they may not see; it joins the
// next commit. Strangers' denials are counted by the minute.
func (s *Store) recordDenial(ctx context.Context, actor care.Actor, denied []care.ChartID, why string) error {
	switch {
	case len(denied) == 0:
		return nil
	case actor.Role == care.RoleAnonymous:
		s.denials.add(s, s.now())
		return nil
	}
	return s.recordLater(Entry{At: s.now(), Role: actor.Role, Who: actor.Chart, Did: "read " + why, About: denied, Outcome: string(care.NotFound), Request: requestOf(ctx)})
}

// recordLater keeps an entry for the next commit, unless no commit could take it
// along.
func (s *Store) recordLater(e Entry) error {
	if err := s.room.refuses(act.ToHalf); err != nil {
		return err
	}
	s.later.add(e)
	return nil
}

// recordRead writes a read into the trail: at once for somebody else's data,
// with the next commit for one's own.
func (s *Store) recordRead(ctx context.Context, actor care.Actor, charts []*care.Chart, why string) error {
	if actor.Role == care.RoleSystem || actor.Role == care.RoleAnonymous || len(charts) == 0 {
		return nil
	}
	e := Entry{At: s.now(), Role: actor.Role, Who: actor.Chart, Did: "read " + why, Outcome: "yes", Request: requestOf(ctx)}
	others := false
	for _, c := range charts {
		if c.ID != care.ProgrammeChart {
			about := c.ID
			if c.Card != nil {
				about = c.Card.Client // who looked at the photo looked at their data
			} else if c.Photo != nil {
				about = c.Photo.Provider
			}
			e.About = append(e.About, about)
			others = others || access.Others(actor, about)
		}
	}
	if len(e.About) == 0 {
		return nil
	}
	if !others {
		return s.recordLater(e)
	}
	j := &job{entries: []Entry{e}, asked: 1, answered: make(chan struct{})}
	s.submit(j)
	return s.wait(j).Err
}

// Find gives the members of lists that the actor may page over, earliest first.
func (s *Store) Find(_ context.Context, actor care.Actor, sets ...care.Set) ([]care.Member, error) {
	var found []care.Member
	err := s.view(func(r engine.Reader) error {
		for _, set := range sets {
			if actor.Role != care.RoleSystem {
				switch access.Lists(actor, set) {
				case access.Granted:
				case access.Hidden:
					return care.Missing()
				default:
					return &care.Fault{Kind: care.Forbidden, Code: "forbidden", Says: "This list is not for your role."}
				}
			}
			members, err := s.loadSet(r, set)
			if err != nil {
				return err
			}
			found = append(found, members...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sortMembers(found, func(m care.Member) int64 { return m.At.UnixNano() })
	return found, nil
}

// view reads what is committed. A store that has failed gives nothing any more:
// what it holds may not be so, and no reading of it could be recorded.
func (s *Store) view(fn func(engine.Reader) error) error {
	s.finished()
	return s.viewWritten(fn)
}

// viewWritten is view for who knows that what they look for is written.
func (s *Store) viewWritten(fn func(engine.Reader) error) error {
	if err := s.Failed(); err != nil {
		return err
	}
	defer s.reading.begin().Done()
	return s.engine.View(fn)
}

// finished waits until what was answered is written as well.
func (s *Store) finished() {
	_ = s.ahead.landed() // who asks next is told that it failed
	if finished := s.finishing.Load(); finished != nil {
		select {
		case <-*finished:
		case <-s.done:
		}
	}
}

// reading knows who reads, so that what only they still need can be let go.
type reading struct {
	mu          sync.Mutex
	oldest, now *sitting
}

// sitting are those who began between two moments at which somebody asked for their
// end.
type sitting struct {
	of    *reading
	read  int
	next  *sitting // who began after them
	after func()   // to be done once they and all before them are done
}

// begin counts one more reader, who is Done at the end.
func (r *reading) begin() *sitting {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil {
		r.now = &sitting{of: r}
		r.oldest = r.now
	}
	r.now.read++
	return r.now
}

// Done says that one of them has ended.
func (s *sitting) Done() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.read--
	s.of.settle()
}

// settle does what waited for readers who are all done.
func (r *reading) settle() {
	for r.oldest != r.now && r.oldest.read == 0 {
		r.oldest.after()
		r.oldest = r.oldest.next
	}
}

// after does something short once all who read when it is called are done: at once,
// where nobody does. Others may begin meanwhile.
func (r *reading) after(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil {
		do()
		return
	}
	r.now.after, r.now.next = do, &sitting{of: r}
	r.now = r.now.next
	r.settle()
}

// ended waits until all who read when it is called are done.
func (r *reading) ended() {
	over := make(chan struct{})
	r.after(func() { close(over) })
	<-over
}

func sortMembers(list []care.Member, by func(care.Member) int64) {
	slices.SortFunc(list, func(a, b care.Member) int {
		return cmp.Or(cmp.Compare(by(a), by(b)), strings.Compare(a.Ref, b.Ref), strings.Compare(string(a.Chart), string(b.Chart)))
	})
}

// Directory is the search over providers: public data, kept in memory.
func (s *Store) Directory() *directory.Index { return s.directory }

// Programme is the programme's own chart, and the clock that its terms make. It
// is public but for the employers.
func (s *Store) Programme() (*care.Chart, rules.Clock) {
	p := s.programme.Load()
	return p.chart, p.clock
}

// Words are the names and numbers in force now.
func (s *Store) Words() rules.Words {
	p := s.programme.Load()
	return p.words[rules.TermsAt(p.chart.Terms, s.now()).Version]
}

func (s *Store) reloadProgramme(r engine.Reader) error {
	chart, err := s.loadChart(r, care.ProgrammeChart)
	if err != nil || chart == nil {
		return err
	}
	s.setProgramme(chart)
	return nil
}

// setProgramme keeps no notes of how far something has come: they change with every
// chunk of a file, and who goes on with one reads the chart.
func (s *Store) setProgramme(chart *care.Chart) {
	chart = chart.Clone()
	chart.Intakes = nil
	p := s.programmeOf(chart)
	s.programme.Store(p)
	s.directory.Rules(p.calendar, p.chart.Terms)
}

func (s *Store) programmeOf(chart *care.Chart) *programme {
	var own []calendar.Holiday
	if chart.Programme != nil {
		own = chart.Programme.Holidays
	}
	cal := calendar.New(own...)
	words := map[string]rules.Words{}
	for _, t := range chart.Terms {
		if chart.Programme != nil {
			words[t.Version] = rules.WordsFor(*chart.Programme, t)
		}
	}
	return &programme{chart: chart, calendar: cal, words: words, clock: rules.Clock{Terms: chart.Terms, Calendar: cal, Open: rules.OpenDays(cal, chart.Terms), TZData: s.config.TZData}}
}
