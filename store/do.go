package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/access"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// Outcome is the answer to an act.
type Outcome struct {
	Decision rules.Decision
	Made     string // the id of what the act is about
	Effect   string // what a fallen deadline brought about
	Counts   map[string]int
	At       time.Time // the instant the act's effects bear
	Replayed bool      // the same request had been answered before
}

// Once makes an act answer the same when it is sent again: the same key from
// the same actor on the same route with the same body is done once.
type Once struct {
	Key   string
	Route string
	Body  [32]byte // hash of the request's body
}

// Order is an act with who wants it. Once and Request are optional.
type Order struct {
	Actor   care.Actor
	Act     act.Act
	Once    *Once
	Request string // the id of the request, for the trail
}

// Do is the one way to write. It returns once the commit that holds the act is
// durable; a decision that is not a yes has changed nothing. The error is a
// *care.Fault if the caller can act upon it; one that wraps ErrUnknown says that
// the outcome is unknown and the process is stopping.
func (s *Store) Do(ctx context.Context, actor care.Actor, a act.Act) (Outcome, error) {
	return s.Order(ctx, Order{Actor: actor, Act: a})
}

// Order is Do with a request's id and key.
func (s *Store) Order(ctx context.Context, o Order) (Outcome, error) {
	answers := s.OrderAll(ctx, []Order{o})
	return answers[0].Outcome, answers[0].Err
}

// Answer is the outcome of one of several orders, or its error.
type Answer struct {
	Outcome
	Err error
}

// OrderAll does several acts in their order, in one commit if they are not too
// many for one.
func (s *Store) OrderAll(ctx context.Context, orders []Order) []Answer {
	jobs := make([]*job, len(orders))
	for i, o := range orders {
		jobs[i] = &job{order: o, request: requestOf(ctx), answered: make(chan struct{})}
	}
	for together := range slices.Chunk(jobs, maxBatch) {
		s.submit(together...)
	}
	answers := make([]Answer, len(orders))
	for i, j := range jobs {
		answers[i] = s.wait(j)
	}
	return answers
}

// job is one thing on its way to a commit: an act, or entries for the trail.
type job struct {
	order    Order
	entries  []Entry               // instead of an act: reads to be recorded
	asked    uint64                // acts and reads that its entries are of
	request  string                // its id
	step     func(c *commit) error // instead of an act, or with entries: the store's own work on itself
	answer   Answer
	answered chan struct{}
	told     bool // it was closed before the commit
}

// submit hands over jobs that are to share a commit.
func (s *Store) submit(jobs ...*job) {
	select {
	case <-s.closed:
	case s.queue <- jobs:
	}
}

// wait gives a job's answer. What the committer left behind when it ended, or
// never got, is refused.
func (s *Store) wait(j *job) Answer {
	select {
	case <-j.answered:
	case <-s.done:
		select {
		case <-j.answered:
		default:
			return Answer{Err: cmp.Or(s.Failed(), ErrClosed)}
		}
	}
	return j.answer
}

// maxBatch bounds how many acts share a commit: with so many it waits for no more.
const maxBatch = 512

// commitAll is the one committer: it takes every waiting act, lets each decide
// in turn, and applies all plans in one transaction.
func (s *Store) commitAll() {
	err := s.commitUntilClosed()
	close(s.done)
	if err != nil && s.config.Fatal != nil {
		s.config.Fatal(err)
	}
}

func (s *Store) commitUntilClosed() error {
	var pace pace
	if s.decidesAhead() {
		s.ahead.begin(s.state)
		go s.writeBehind()
		defer s.ahead.end()
	}
	for {
		batch := s.gather(&pace)
		if batch == nil {
			return s.ahead.landed()
		}
		if err := s.lookForRoom(); err != nil {
			return s.fail(err, batch)
		}
		began := s.config.Elapsed()
		s.ended = -1
		err := s.commit(batch)
		if s.ended < 0 {
			s.ended = s.config.Elapsed()
		}
		pace.took(s.ended - began)
		if err != nil {
			return s.fail(err, batch)
		}
		tell(batch)
	}
}

// tell gives each job of a batch its answer, once.
func tell(batch []*job) {
	for _, j := range batch {
		if !j.told {
			j.told = true
			close(j.answered)
		}
	}
}

// fail stops the store: whether the commit is there is not known, so nothing
// kept in memory may outlive it.
func (s *Store) fail(err error, batch []*job) error {
	if !errors.Is(err, ErrUnknown) {
		err = fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	s.failed.Store(&err)
	for _, j := range batch {
		if !j.told {
			j.answer = Answer{Err: err}
		}
	}
	tell(batch)
	s.shut.Do(func() { close(s.closed) })
	return err
}

// pace remembers how many handed something over for the last commit, so that the
// next one waits a moment for as many.
type pace struct {
	came, last int
	commit     time.Duration
}

func (p *pace) took(commit time.Duration) { p.last, p.commit = p.came, commit }

// gather takes the acts that wait. Where more came together last time it lingers
// for them, at most a quarter of what a commit takes. It returns nil when the
// store closes and nothing waits.
func (s *Store) gather(p *pace) []*job {
	var batch []*job
	p.came = 0
	take := func(jobs []*job) { batch, p.came = append(batch, jobs...), p.came+1 }
	select {
	case jobs := <-s.queue:
		take(jobs)
	case <-s.roomTimer():
		return []*job{}
	case <-s.closed:
		select {
		case jobs := <-s.queue:
			take(jobs)
		default:
			return s.lastWords()
		}
	}
	var linger <-chan time.Time
	for len(batch) < maxBatch {
		select {
		case jobs := <-s.queue:
			take(jobs)
			continue
		default:
		}
		if p.came >= p.last || p.last < 2 {
			break
		}
		if linger == nil {
			timer := time.NewTimer(p.commit / 4)
			defer timer.Stop()
			linger = timer.C
		}
		select {
		case jobs := <-s.queue:
			take(jobs)
		case <-linger:
			p.last = 0
		}
	}
	return batch
}

// lastWords are the entries of reads that no commit has taken along yet.
func (s *Store) lastWords() []*job {
	s.denials.over(s, time.Time{})
	if w := s.later.take(); len(w.entries) > 0 {
		return []*job{{entries: w.entries, asked: w.asked, answered: make(chan struct{})}}
	}
	return nil
}

// errNothing rolls a transaction back that has nothing to write.
var errNothing = errors.New("nothing to write")

// commitTogether runs a batch in one transaction and publishes what came of it.
// The transaction may be run again, and may come to nothing for want of room: it
// leaves no trace then.
func (s *Store) commitTogether(batch []*job) error {
	var c *commit
	waiting := s.later.take()
	err := s.engine.Update(func(w engine.Writer) error {
		if c != nil {
			c.undone()
		}
		c = s.newCommit(w)
		for _, j := range batch {
			j.answer = Answer{}
			if err := c.run(j); err != nil {
				return err
			}
		}
		c.entries = append(c.entries, waiting.entries...)
		c.state.Apart.Requests += waiting.asked
		if !c.dirty() {
			return errNothing
		}
		if err := c.countPanels(); err != nil {
			return err
		}
		c.close()
		if c.answersFirst(batch) {
			c.answerFirst(batch)
		}
		return c.finish()
	})
	if errors.Is(err, errNothing) {
		c.countDenials()
		return nil
	}
	if errors.Is(err, ErrFull) && !errors.Is(err, ErrUnknown) {
		s.later.putBack(waiting)
		c.undone()
	}
	if err != nil {
		return err
	}
	c.keep()
	s.many = len(c.moves)
	s.ahead.goOnFrom(s.state)
	if finished := s.finishing.Swap(nil); finished != nil {
		close(*finished)
		return nil
	}
	c.publish()
	s.record(c, batch, c.state.Sequence)
	return nil
}

// answersFirst says whether a batch is answered before its commit is finished: in a
// throwaway store, which has nothing to survive. Who has somebody erased, or works
// on the store itself, waits for the end.
func (c *commit) answersFirst(batch []*job) bool {
	return c.Kind() == Throwaway && len(c.erased) == 0 && !slices.ContainsFunc(batch, func(j *job) bool { return j.step != nil })
}

// answerFirst lets those who asked go on while trail and state record are written.
// Whoever reads meanwhile waits for that.
func (c *commit) answerFirst(batch []*job) {
	finished := make(chan struct{})
	c.finishing.Store(&finished)
	c.publish()
	c.Store.record(c, batch, c.state.Sequence+1)
	c.ended = c.config.Elapsed() // who is told may move the clock
	tell(batch)
}

// Committed is what one commit did, and as of which instant.
type Committed struct {
	Sequence uint64
	At       time.Time
	Kept     bool // mail was only kept
	Orders   []Order
}

func (s *Store) record(c *commit, batch []*job, sequence uint64) {
	if s.config.Record == nil {
		return
	}
	done := Committed{Sequence: sequence, At: c.now, Kept: c.keeps}
	for _, j := range batch {
		if j.order.Act != nil {
			done.Orders = append(done.Orders, j.order)
		}
	}
	s.config.Record(done)
}

// commit is one transaction in the making.
type commit struct {
	*Store
	r        engine.Reader // what is there while acts decide
	w        *counting
	now      time.Time
	state    state
	entries  []Entry
	moves    []move    // in and out of sets, in their order
	soonest  time.Time // the first instant at which something new falls due
	keeps    bool      // mail is only kept
	kept     []care.Message
	touched  map[care.ChartID]bool
	opened   map[care.ChartID]bool // they have no head yet
	provider map[care.ChartID]care.Provider
	panels   map[care.ChartID]int // clients taken on, of providers who set a caseload and whose number may have changed
	pass     *pass                // the full pass that follows, if there is one
	reload   bool                 // the programme's chart changed
	trusts   bool                 // the clock is right, somebody says
	erased   []care.ChartID
	renewed  map[care.ChartID]*seal.ChartKey // keys that took the place of worn ones
	denied   int                             // strangers

	// What is to be written once the acts are decided, unless it is written at once.
	ahead  bool
	script laterWrites
	lists  map[care.Set]bool // that its moves change
	heads  []head            // of the charts that it touched
	from   map[care.SetName]time.Time
	turns  bool // what the directory shows
}

func (s *Store) newCommit(w engine.Writer) *commit {
	c := s.unwritten()
	c.begin(w)
	return c
}

// unwritten is a commit without a transaction so far.
func (s *Store) unwritten() *commit {
	c := &commit{Store: s, now: s.now(), touched: map[care.ChartID]bool{}, provider: map[care.ChartID]care.Provider{}, panels: map[care.ChartID]int{}}
	c.moves = make([]move, 0, s.many)
	c.keeps = s.mail.keeps()
	return c
}

// begin goes on from the last commit, in a transaction.
func (c *commit) begin(w engine.Writer) {
	c.state = c.Store.state.clone()
	if c.state.Apart == nil {
		c.state.Apart = &apart{Before: c.state.Leaves}
	}
	c.pass = c.checking.pass.Load()
	c.w = &counting{Writer: w, vault: c.vault, state: &c.state, sums: c.sums, sure: c.config.Thorough, followed: c.pass != nil}
	if !c.ahead {
		c.r = c.w
		c.charts.trim()
	}
}

func (c *commit) dirty() bool {
	return c.w != nil && c.w.wrote || c.script.says() || len(c.moves) > 0 || len(c.entries) > 0
}

// run decides one job and writes what it plans.
func (c *commit) run(j *job) error {
	if j.entries != nil || j.step != nil {
		c.entries = append(c.entries, j.entries...)
		c.state.Apart.Requests += j.asked
		if j.step == nil {
			return nil
		}
		return j.step(c)
	}
	o := j.order
	if o.Once != nil {
		done, err := c.replay(j)
		if err != nil || done {
			return err
		}
	}
	known, err := c.gatherNeeds(o.Act)
	if err != nil {
		return err
	}
	changed, err := c.fallDue(o.Act, known)
	if err != nil {
		return err
	}
	if changed { // decide on the charts as they are now
		if known, err = c.gatherNeeds(o.Act); err != nil {
			return err
		}
	}
	about := o.Act.About(known)
	switch access.May(o.Actor, o.Act.Name(), about) {
	case access.Granted:
	case access.Hidden:
		return c.answer(j, about, act.Plan{Fault: care.Missing()})
	default:
		return c.answer(j, about, act.Plan{Fault: &care.Fault{Kind: care.Forbidden, Code: "forbidden", Says: "This is not something that your role can do."}})
	}
	env, err := c.env(o.Actor)
	if err != nil {
		return err
	}
	ordinal := c.state.Ordinal
	defer c.spare.TakeBack()
	plan := o.Act.Decide(known, env)
	if plan.Fault != nil || plan.Decision.Outcome != rules.Yes {
		c.state.Ordinal = ordinal // a no leaves no mark, nor do the ids that it drew
	}
	if c.ahead && slices.ContainsFunc(plan.Changes, func(ch care.Change) bool { _, erases := ch.(care.Erase); return erases }) {
		c.state.Ordinal = ordinal
		return errAlone
	}
	return c.answer(j, about, plan)
}

// fallDue applies what fell due earlier and bears on the charts that an act is
// about to see, each effect at its own instant, so that the state never depends
// on when a sweep came by. What falls by itself sees its own chart as it is, and
// others as they should be at its instant.
func (c *commit) fallDue(a act.Act, known act.Known) (changed bool, err error) {
	if c.held() {
		return false, nil
	}
	w := waiting{commit: c, known: known}
	if fall, falls := a.(act.Fall); falls {
		own := known.Charts[fall.Chart]
		if own == nil {
			return false, nil
		}
		w.falling, _ = own.Deadline(fall.Deadline)
		if rules.FallsAt(w.falling).IsZero() || w.falling.Next.After(c.now) {
			return false, nil // it will find nothing to do
		}
	}
	for {
		if err := w.findClients(); err != nil {
			return changed, err
		}
		dl, ok, err := w.first()
		if err != nil || !ok {
			return changed, err
		}
		changed = true
		j := &job{order: Order{Actor: care.System, Act: act.Fall{Chart: dl.Chart, Deadline: dl.ID}}}
		if err := c.run(j); err != nil {
			return changed, err
		}
		if j.answer.Err != nil {
			return changed, fmt.Errorf("deadline %s: %w", dl.ID, j.answer.Err)
		}
		if after, _ := c.charts.get(dl.Chart).Deadline(dl.ID); after.State == care.Running && after.Step == dl.Step {
			return changed, fmt.Errorf("deadline %s is due and nothing follows from it", dl.ID)
		}
	}
}

// waiting is what has fallen due and bears on the charts that an act sees: what
// waits in them, in those of the clients of a provider among them, who is seen by
// what falls there as they are, and in those of the providers whom these clients
// wait for. An errand bears on its client alone.
type waiting struct {
	*commit
	known   act.Known
	falling care.Deadline // the one whose fall the act is, if it is one
	clients []care.ChartID
	all     bool // they are everybody of the providers
}

// findClients finds those in whose charts something can wait: those of whom the act
// knows, and, of what is due anywhere, whoever waits for a provider that it knows or is
// seen by them. Mostly nothing is due, or little; only where it is much, or not yet
// read, everybody of the provider is looked at.
func (w *waiting) findClients() error {
	if w.all {
		return nil
	}
	w.clients = w.clients[:0]
	var providers []care.ChartID
	for id, chart := range w.known.Charts {
		switch {
		case chart == nil:
		case chart.Of == care.OfClient:
			w.clients = append(w.clients, id)
		case chart.Of == care.OfProvider:
			providers = append(providers, id)
		}
	}
	until := w.now.Add(time.Second)
	if w.falling.ID != "" {
		until = w.falling.Next
	}
	if len(providers) > 0 {
		due, read := w.dueCharts(until)
		for _, id := range due {
			chart, err := w.chart(id)
			if err != nil {
				return err
			}
			if chart != nil && chart.Of == care.OfClient && slices.ContainsFunc(providers, chart.Knows) {
				w.clients = append(w.clients, id)
			}
		}
		if w.all = !read; w.all {
			if err := w.everybodyOf(providers); err != nil {
				return err
			}
		}
	}
	slices.Sort(w.clients)
	w.clients = slices.Compact(w.clients)
	return nil
}

func (w *waiting) everybodyOf(providers []care.ChartID) error {
	for _, id := range providers {
		for _, set := range act.ClientsOf(id) {
			members, err := w.members(set)
			if err != nil {
				return err
			}
			for _, m := range members {
				w.clients = append(w.clients, m.Chart)
			}
		}
	}
	return nil
}

// mostDue is how many charts in which something is due are looked at one by one.
const mostDue = 64

// dueCharts are those in which something falls due before an instant; false if they
// are many, or the hours until then have not all been read.
func (c *commit) dueCharts(before time.Time) ([]care.ChartID, bool) {
	due, read := c.due.charts(before, mostDue)
	if read && !c.soonest.IsZero() && c.soonest.Before(before) {
		for _, m := range c.moves {
			if m.joined && m.place.Set.Name == care.SetDue && m.place.Member.At.Before(before) {
				due = append(due, m.place.Member.Chart)
			}
		}
	}
	slices.Sort(due)
	due = slices.Compact(due)
	if !read || len(due) > mostDue {
		return nil, false
	}
	return due, true
}

// first is the one that falls first. Of several at one instant those of clients
// are first.
func (w *waiting) first() (first care.Deadline, ok bool, err error) {
	consider := func(d *care.Deadline, ties bool) {
		switch {
		case d.State != care.Running || d.Next.IsZero() || d.Next.After(w.now) || rules.FallsAt(*d).IsZero():
		case w.falling.ID != "" && !fallsBefore(*d, w.falling) && (!ties || fallsBefore(w.falling, *d)):
		case !ok || fallsBefore(*d, first):
			first, ok = *d, true
		}
	}
	var about []string // what an errand may be about
	var providers []care.ChartID
	for id, chart := range w.known.Charts {
		if chart != nil && chart.Of == care.OfProvider {
			providers = append(providers, id)
		}
	}
	for _, id := range w.clients {
		chart, err := w.chart(id)
		if err != nil {
			return first, false, err
		}
		if chart == nil {
			continue
		}
		_, seen := w.known.Charts[id]
		for i := range chart.Deadlines {
			consider(&chart.Deadlines[i], seen && id != w.falling.Chart)
		}
		for _, r := range chart.Referrals {
			if r.Waits() {
				about, providers = append(about, string(r.ID)), append(providers, r.Provider)
			}
		}
		for _, p := range chart.Waits {
			if p.Status.Stands() {
				about, providers = append(about, string(p.ID)), append(providers, p.Provider)
			}
		}
	}
	slices.Sort(providers)
	for _, id := range slices.Compact(providers) {
		chart, err := w.chart(id)
		if err != nil {
			return first, false, err
		}
		if chart == nil {
			continue
		}
		for i := range chart.Deadlines {
			if d := &chart.Deadlines[i]; !act.Errand(*d) || slices.Contains(about, d.Subject) {
				consider(d, false)
			}
		}
	}
	return first, ok, nil
}

// fallsBefore says which of two deadlines falls first. An end falls a second after
// the instant that it bears, and before what bears that second: what ran out in
// the second in which a provider left ran out before.
func fallsBefore(a, b care.Deadline) bool {
	return cmp.Or(a.Next.Compare(b.Next), rules.FallsAt(a).Compare(rules.FallsAt(b))) < 0
}

// answer writes a plan and its trail entry, and keeps the job's answer.
func (c *commit) answer(j *job, about care.About, plan act.Plan) error {
	at := plan.At
	if at.IsZero() {
		at = c.now
	}
	defer func() { c.count(j, len(plan.Changes)) }()
	j.answer = Answer{Outcome: Outcome{Decision: plan.Decision, Made: plan.Made, Effect: plan.Effect, Counts: plan.Counts, At: at}}
	entry := Entry{At: at, Role: j.order.Actor.Role, Who: j.order.Actor.Chart, Did: j.order.Act.Name(), Effect: plan.Effect, Made: plan.Made, Request: cmp.Or(j.order.Request, j.request), Outcome: "yes"}
	switch {
	case plan.Fault != nil:
		j.answer.Outcome, j.answer.Err = Outcome{}, plan.Fault
		entry.Outcome, entry.Made = string(plan.Fault.Kind), ""
	case plan.Decision.Outcome != rules.Yes:
		entry.Outcome, entry.Made = plan.Decision.Outcome.String(), ""
	default:
		plains, err := encodeAll(plan.Changes)
		if err != nil { // nothing of it is written: the others in this commit go on
			j.answer = Answer{Err: err}
			return nil
		}
		if err := c.apply(plan, plains); err != nil {
			return err
		}
		c.kept = append(c.kept, plan.Kept...)
		if err := c.remember(j); err != nil {
			return err
		}
	}
	if j.order.Actor.Role == care.RoleAnonymous && entry.Outcome != "yes" {
		c.denied++
	}
	if len(plan.Changes) == 0 && entry.Outcome == "yes" || j.order.Actor.Role == care.RoleAnonymous && entry.Outcome != "yes" {
		return nil // nothing happened; strangers' denials are counted, not kept
	}
	entry.About = subjects(about, plan.Changes)
	c.entries = append(c.entries, entry)
	return nil
}

// count counts an act that must leave an entry: one that changed something, or a
// no to somebody known. It looks at what is answered, and not at the entry.
func (c *commit) count(j *job, changes int) {
	var fault *care.Fault
	yes := j.answer.Err == nil && j.answer.Decision.Outcome == rules.Yes
	no := errors.As(j.answer.Err, &fault) || j.answer.Err == nil && !yes
	if yes && changes > 0 || no && j.order.Actor.Role != care.RoleAnonymous {
		c.state.Apart.Requests++
	}
}

// subjects are the charts that an act concerned.
func subjects(about care.About, changes []care.Change) []care.ChartID {
	var ids []care.ChartID
	add := func(id care.ChartID) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(about.Client)
	add(about.Provider)
	add(about.Account)
	for _, change := range changes {
		switch change := change.(type) {
		case care.New:
			// A registry's file is not about its thousands of candidates, nor is a plan or a
			// provider about the chart of their photo.
			if change.Of != care.OfProvider && !change.Of.Pictures() {
				add(change.Chart)
			}
		case care.Put:
			if person(change.Chart) {
				add(change.Chart)
			}
		}
	}
	return ids
}

// person says whether a chart is a client's or an account's: those have a list
// of who did and read what.
func person(id care.ChartID) bool {
	return strings.HasPrefix(string(id), "cl_") || strings.HasPrefix(string(id), "ac_")
}

// gatherNeeds reads what an act asks for, until it asks for nothing new.
func (c *commit) gatherNeeds(a act.Act) (act.Known, error) {
	known := act.Known{Charts: map[care.ChartID]*care.Chart{}, Located: map[string]care.ChartID{}, Sets: map[care.Set][]care.Member{}}
	for range 4 {
		needs, grew := a.Needs(known), false
		for _, ref := range needs.Locate {
			if _, had := known.Located[ref]; !had {
				id, err := c.located(ref)
				if err != nil {
					return known, err
				}
				known.Located[ref], grew = id, true
				if id != "" {
					needs.Charts = append(needs.Charts, id)
				}
			}
		}
		for _, id := range needs.Charts {
			if _, had := known.Charts[id]; !had {
				chart, err := c.chart(id)
				if err != nil {
					return known, err
				}
				known.Charts[id], grew = chart, true
			}
		}
		for _, set := range needs.Sets {
			if _, had := known.Sets[set]; !had {
				members, err := c.members(set)
				if err != nil {
					return known, err
				}
				known.Sets[set], grew = members, true
			}
		}
		if needs.Match != nil && !known.Asked {
			known.Matched, known.Asked, grew = c.directory.Match(*needs.Match, c.now), true, true
		}
		if !grew {
			break
		}
	}
	return known, nil
}

func (c *commit) chart(id care.ChartID) (*care.Chart, error) {
	if chart := c.charts.get(id); chart != nil {
		return chart, nil
	}
	chart, err := c.loadChart(c.r, id)
	if err != nil || chart == nil {
		return nil, err
	}
	c.charts.put(chart)
	return chart, nil
}

// members reads a set. Who books looks at two weeks of a provider's booked times,
// and who answers names what they answer to by its id, so the committer keeps those
// that it has read, and has them follow what changes. In both an entry is called as
// what it is the place of.
func (c *commit) members(set care.Set) ([]care.Member, error) {
	if kept, had := c.sets[set]; had {
		return kept, nil
	}
	if c.lists[set] {
		return nil, errAlone
	}
	if c.ahead && c.Store.ahead.changes(set) {
		if err := c.Store.ahead.landed(); err != nil {
			return nil, err
		}
	}
	members, err := c.loadSet(c.r, set)
	if err == nil && keptSet(set) {
		c.keepSet(set, slices.Clip(members))
	}
	return members, err
}

func (c *commit) keepSet(set care.Set, members []care.Member) {
	if len(c.sets) >= maxSets {
		for some := range c.sets { // whichever they are, a quarter
			if delete(c.sets, some); len(c.sets) <= maxSets*3/4 {
				break
			}
		}
	}
	c.sets[set] = members
}

// maxSets bounds the sets that are kept: the days of providers, and what is located.
const maxSets = 1 << 14

func keptSet(set care.Set) bool { return set.Name == care.SetBusy || set.Name == care.SetLocate }

// located finds the chart that a record is in; empty if it is nowhere.
func (c *commit) located(id string) (care.ChartID, error) {
	if !looksLikeID(id) {
		return "", nil
	}
	members, err := c.members(locating(id))
	if err != nil || len(members) == 0 {
		return "", err
	}
	return members[0].Chart, nil
}

// chartName, recordName and headName are those of the store. The committer writes
// many records of one chart, so it keeps what their names begin with.
func (c *commit) chartName(id care.ChartID) []byte {
	name, had := c.names[id]
	if !had {
		if len(c.names) >= maxNames {
			clear(c.names)
		}
		name = [nameSize]byte(c.Store.chartName(id))
		c.names[care.ChartID(strings.Clone(string(id)))] = name
	}
	return append(make([]byte, 0, 2*nameSize), name[:]...)
}

func (c *commit) recordName(id care.ChartID, k care.Kind, key string) []byte {
	n := c.vault.Name("record", string(id), string(k), key)
	return append(c.chartName(id), n[:]...)
}

func (c *commit) headName(id care.ChartID) []byte { return c.recordName(id, "head", "") }

// nameSize is how long the name of a chart is, and what follows it in that of a record.
const nameSize = 16

// maxNames bounds the names that are kept.
const maxNames = 1 << 14

// moved notes a step into or out of a set.
func (c *commit) moved(m move) {
	c.moves = append(c.moves, m)
	p, joined := m.place, m.joined
	switch kept, had := c.sets[p.Set]; {
	case joined && p.Set.Name == care.SetLocate:
		c.keepSet(p.Set, []care.Member{p.Member}) // it has no other
	case had:
		without := slices.DeleteFunc(slices.Clone(kept), func(m care.Member) bool { return m.Ref == p.Entry })
		if joined {
			without = append(without, p.Member)
		}
		c.sets[p.Set] = without
	}
	if c.ahead {
		c.lists[p.Set] = true
	}
	if due := p.Member.At; joined && p.Set.Name == care.SetDue && (c.soonest.IsZero() || due.Before(c.soonest)) {
		c.soonest = due
	}
}

// env is what surrounds a decision in this commit.
func (c *commit) env(actor care.Actor) (act.Env, error) {
	env := act.Env{Now: c.now, Actor: actor, ID: c.stream(), Spare: &c.spare}
	chart, err := c.chart(care.ProgrammeChart)
	if err != nil || chart == nil || chart.Programme == nil {
		return env, err // without an error: before the programme is founded
	}
	p := c.Store.programme.Load()
	if c.reload || p == nil {
		p = c.programmeOf(chart)
	}
	env.Programme, env.Clock, env.Employers, env.Plans = *chart.Programme, p.clock, chart.Employers, chart.Plans
	env.Kept = c.keeps
	env.Terms = rules.TermsAt(chart.Terms, c.now)
	env.Words = p.words[env.Terms.Version]
	return env, nil
}

// stream is an act's own stream of ids. An act that draws none leaves no gap, so
// that what only looks or sends does not change the ids of what comes after.
func (c *commit) stream() func(prefix string) string {
	var draw func(string) string
	return func(prefix string) string {
		if draw == nil {
			c.state.Ordinal++
			draw = c.ids(c.state.Ordinal)
		}
		return draw(prefix)
	}
}

// apply writes the changes of a plan. What a record stood in and stands in
// follows from the record as it was and as it is.
func (c *commit) apply(plan act.Plan, plains [][]byte) error {
	changed := map[care.ChartID]bool{}
	for i, change := range plan.Changes {
		var err error
		switch change := change.(type) {
		case care.New:
			changed[change.Chart], c.touched[change.Chart] = true, true
			err = c.open(change)
		case care.Put:
			changed[change.Chart], c.touched[change.Chart] = true, true
			err = c.put(change.Chart, change.Record, plains[i])
		case care.Drop:
			changed[change.Chart], c.touched[change.Chart] = true, true
			err = c.drop(change.Chart, change.Record)
		case care.TrustClock:
			c.trusts = true
		case care.Erase:
			delete(changed, change.Chart)
			err = c.erase(change.Chart)
		}
		if err != nil {
			return err
		}
	}
	for id := range changed {
		c.touch(id)
	}
	return nil
}

// touch counts one more change of a chart. Its head follows at the end of the
// commit, once for all of them.
func (c *commit) touch(id care.ChartID) {
	c.touched[id] = true
	c.charts.get(id).Version++
}

func (c *commit) open(change care.New) error {
	if had, err := c.chart(change.Chart); err != nil || had != nil {
		return errors.Join(err, fmt.Errorf("chart %s is there already", change.Chart))
	}
	if c.opened == nil {
		c.opened = map[care.ChartID]bool{}
	}
	c.opened[change.Chart] = true
	c.charts.put(&care.Chart{ID: change.Chart, Of: change.Of})
	if c.ahead {
		c.script.opened = append(c.script.opened, change)
		return nil
	}
	return c.makeKey(change)
}

// makeKey makes the key of a chart that is opened.
func (c *commit) makeKey(change care.New) error {
	newKey := c.vault.NewChartKey
	if change.Of == care.OfProgramme {
		newKey = c.vault.NewWideChartKey
	}
	key, err := newKey()
	if err != nil {
		return fmt.Errorf("make key of chart %s: %w", change.Chart, err)
	}
	wrapped, err := c.vault.WrapChartKey(key, c.chartName(change.Chart))
	if err != nil {
		return fmt.Errorf("wrap key of chart %s: %w", change.Chart, err)
	}
	c.keys.put(change.Chart, key)
	return c.w.Put(engine.Keys, c.chartName(change.Chart), wrapped)
}

func (c *commit) put(id care.ChartID, r care.Record, plain []byte) error {
	chart, err := c.chart(id)
	if err != nil || chart == nil {
		return errors.Join(err, fmt.Errorf("no chart %s to put a %s into", id, r.Kind()))
	}
	was := chart.Get(r.Kind(), r.Key())
	if err := c.writeRecord(toWrite{recordID{id, r.Kind(), r.Key()}, plain, was == nil}); err != nil {
		return err
	}
	before := stands(id, was)
	chart.Add(r)
	switch r := r.(type) {
	case care.Provider:
		c.provider[id] = r
	case care.Programme, care.Terms, care.Employer, care.HandoffKey, care.UnprocessablePlan:
		c.reload = true
	}
	return c.restand(before, stands(id, r))
}

func (c *commit) drop(id care.ChartID, r care.Record) error {
	chart, err := c.chart(id)
	if err != nil || chart == nil {
		return errors.Join(err, fmt.Errorf("no chart %s to drop a %s from", id, r.Kind()))
	}
	before := stands(id, chart.Get(r.Kind(), r.Key()))
	chart.Remove(r)
	if err := c.writeRecord(toWrite{recordID: recordID{id, r.Kind(), r.Key()}}); err != nil {
		return err
	}
	return c.restand(before, nil)
}

func (c *commit) headOf(id care.ChartID) head {
	chart := c.charts.get(id)
	return head{ID: id, Of: chart.Of, Version: chart.Version}
}

func (c *commit) writeHead(h head) error {
	key, err := c.key(h.ID)
	if err != nil {
		return err
	}
	h.Sealed = key.Sealed() + 1
	plain, err := appendJSON(make([]byte, 0, 128), h)
	if err != nil {
		return err
	}
	return c.sealRecord(h.ID, c.headName(h.ID), plain, false)
}

func (c *commit) sealRecord(id care.ChartID, name, plain []byte, fresh bool) error {
	key, err := c.key(id)
	if err != nil {
		return err
	}
	sealed, err := key.Seal(nil, chartAD(name, name[:16]), plain)
	if err != nil {
		return fmt.Errorf("seal record of chart %s: %w", id, err)
	}
	return c.set(engine.Charts, name, sealed, fresh)
}

// key is the key of a chart to write to. One that was let go and unwrapped again
// goes on counting its seals where the chart's head stopped.
func (c *commit) key(id care.ChartID) (*seal.ChartKey, error) {
	key, err := c.keys.get(c.w, id)
	if err != nil || key == nil {
		return nil, errors.Join(err, fmt.Errorf("chart %s has no key", id))
	}
	if next := c.renewed[id]; next != nil {
		return next, nil
	}
	if key.Sealed() == 0 && !c.opened[id] {
		_, _, err = c.loadHead(c.w, key, id)
	}
	if err == nil && key.Worn() {
		return c.renew(id, key)
	}
	return key, err
}

// renew seals a chart's records anew under the key that follows its worn one.
func (c *commit) renew(id care.ChartID, key *seal.ChartKey) (*seal.ChartKey, error) {
	next, err := key.Next()
	if err != nil {
		return nil, err
	}
	prefix := c.chartName(id)
	var records []sealed
	err = c.w.Scan(engine.Charts, prefix, nil, func(k, v []byte) error {
		plain, err := key.Open(chartAD(k, prefix), v)
		if err != nil {
			return fmt.Errorf("record %x of chart %s: %w: %w", k[16:], id, ErrDamaged, err)
		}
		again, err := next.Seal(nil, chartAD(k, prefix), plain)
		records = append(records, sealed{bytes.Clone(k), again})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("seal chart %s anew: %w", id, err)
	}
	for _, r := range records {
		if err := c.w.Put(engine.Charts, r.name, r.value); err != nil {
			return nil, err
		}
	}
	wrapped, err := c.vault.WrapChartKey(next, prefix)
	if err != nil {
		return nil, fmt.Errorf("wrap key of chart %s: %w", id, err)
	}
	if c.renewed == nil {
		c.renewed = map[care.ChartID]*seal.ChartKey{}
	}
	c.renewed[id] = next
	return next, c.w.Put(engine.Keys, prefix, wrapped)
}

// restand moves a record from the places it stood in to those it stands in.
func (c *commit) restand(before, after []care.Place) error {
	for _, p := range before {
		if !slices.ContainsFunc(after, func(q care.Place) bool { return q.Set == p.Set && q.Entry == p.Entry }) {
			if err := c.step(move{place: p}); err != nil {
				return err
			}
		}
	}
	for _, p := range after {
		if slices.Contains(before, p) {
			continue
		}
		fresh := !slices.ContainsFunc(before, func(q care.Place) bool { return q.Set == p.Set && q.Entry == p.Entry })
		if err := c.step(move{p, true, fresh}); err != nil {
			return err
		}
	}
	return nil
}

// step takes a step into or out of a set.
func (c *commit) step(m move) error {
	if !c.ahead {
		if err := c.writeMove(m); err != nil {
			return err
		}
	}
	c.moved(m)
	return nil
}

func (c *commit) writeMove(m move) error {
	if m.joined {
		return c.enter(m.place, m.fresh)
	}
	return c.w.Delete(engine.Sets, c.entryName(m.place.Set, m.place.Entry))
}

// set puts what is sealed, in the place of what was there unless it is fresh.
func (c *commit) set(b engine.Bucket, name, sealed []byte, fresh bool) error {
	if fresh {
		return c.w.Add(b, name, sealed)
	}
	return c.w.Put(b, name, sealed)
}

func (c *commit) enter(p care.Place, fresh bool) error {
	key, err := c.setKey(c.w, p.Set)
	if err != nil || key == nil {
		return errors.Join(err, fmt.Errorf("no key for a %s list", p.Set.Name))
	}
	name := c.entryName(p.Set, p.Entry)
	sealed, err := key.SealSet(nil, setAD(name), encodeMember(p.Member))
	if err != nil {
		return fmt.Errorf("seal entry of a %s list: %w", p.Set.Name, err)
	}
	return c.set(engine.Sets, name, sealed, fresh)
}

// close notes what is to be written beside the records, once all acts are decided.
func (c *commit) close() {
	c.turns = c.shows()
	for id := range c.touched {
		c.heads = append(c.heads, c.headOf(id))
	}
	c.from = map[care.SetName]time.Time{}
	for _, h := range []*hourly{c.due, c.outbox} {
		c.from[h.name] = h.from(c.moves)
	}
}

// finish writes the heads of what changed, the trail and the state record: the
// last of a transaction.
func (c *commit) finish() error {
	c.state.Sequence++
	c.state.Anchored = max(c.state.Anchored, c.anchor.seen.Load())
	if c.now.After(c.state.High) {
		c.state.High = c.now
	}
	maps.Copy(c.state.From, c.from)
	for _, h := range c.heads {
		if err := c.writeHead(h); err != nil {
			return err
		}
	}
	if err := c.writeTrail(); err != nil {
		return err
	}
	if c.turns {
		c.state.Shows = slices.Clone(c.state.Digest[:16])
	}
	if c.pass != nil {
		c.pass.follow(c.state.Sequence, c.w.changes)
	}
	return c.state.write(c.w.Writer, c.vault)
}

// mayCount notes the providers whose listing may hang on how many they have taken on;
// false if there are none.
func (c *commit) mayCount() bool {
	for _, p := range c.provider {
		if p.Caseload > 0 {
			c.panels[p.ID] = 0
		}
	}
	for _, m := range c.moves {
		if set := m.place.Set; set.Name == care.SetPanel && c.directory.Capped(set.Serves) {
			c.panels[set.Serves] = 0
		}
	}
	return len(c.panels) > 0
}

// countPanels counts whom a provider has taken on, where that decides whether
// they are listed.
func (c *commit) countPanels() error {
	c.mayCount()
	for id := range c.panels {
		members, err := c.loadSet(c.r, care.Panel(id))
		if err != nil {
			return err
		}
		c.panels[id] = len(members)
	}
	return nil
}

// keep takes the commit over for the next one.
func (c *commit) keep() {
	c.Store.state = c.state
	c.seen(c.state.High)
	for id, key := range c.renewed {
		c.Store.keys.put(id, key)
	}
	if len(c.erased) > 0 {
		c.Store.keys.erased(c.erased)
	}
}

// countDenials counts the strangers who were denied, once.
func (c *commit) countDenials() {
	for range c.denied {
		c.denials.add(c.Store, c.now)
	}
}

// publish lets the read models know, once the commit is as sure as this store's
// commits are.
func (c *commit) publish() {
	c.countDenials()
	c.seen(c.now) // who is told of an instant is told of none before it
	if c.trusts {
		c.clock.confirm()
	}
	if c.reload {
		c.Store.setProgramme(c.charts.get(care.ProgrammeChart))
	}
	for _, p := range c.provider {
		c.directory.Put(p)
	}
	for id, clients := range c.panels {
		c.directory.Panel(id, clients)
	}
	c.read.follow(c)
	for _, m := range c.moves {
		c.tellReaders(m)
	}
	c.mail.add(c.kept)
	if len(c.erased) > 0 {
		c.spare.Forget()
		_ = c.rememberErased() // again at each backup, each night and each start
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *commit) tellReaders(m move) {
	switch m.place.Set.Name {
	case care.SetBusy:
		c.directoryBusy(m.place, m.joined)
	case care.SetDue:
		c.due.change(m)
	case care.SetOutbox:
		c.outbox.change(m)
	}
}

// move is one step into or out of a set.
type move struct {
	place  care.Place
	joined bool
	fresh  bool // it stood at no such place before, so there is nothing to replace
}

func (s *Store) directoryBusy(p care.Place, joined bool) {
	provider, day, _ := strings.Cut(p.Set.Of, "|")
	entry := p.Entry + "|" + day
	if joined {
		s.directory.Busy(care.ChartID(provider), entry, slotOf(p.Member))
	} else {
		s.directory.Free(care.ChartID(provider), entry)
	}
}
