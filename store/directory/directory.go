// Package directory is the search index over provider profiles. It lives in memory, is built from the
// records or a snapshot of itself when the program starts, and is fed by every commit after that; nothing is ever
// read from it that the records do not say. It keeps what anyone may see of a provider and nothing else: no address, no link to a
// visit, nobody's name but the provider's own. Of booked times it knows when, not with whom.
//
// Whether somebody is listed is asked of the handbook (rules.ProviderIsListed), once for each state and local
// day; the answer is kept until the provider's midnight, new terms or a changed record. What can be filtered by
// is kept as sets of rows, so that a search is an intersection, and the order is drawn anew for each day, the
// same for everyone. The next openings are worked out when they are first asked for.
package directory

import (
	"maps"
	"slices"
	"sync"
	"time"
	"unique"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Index finds providers. It is safe for use by several goroutines at once.
type Index struct {
	seed uint64

	mu     sync.RWMutex
	cal    calendar.Calendar // by which appointments are made
	clock  rules.Clock
	terms  []care.Terms
	at     map[care.ChartID]int32
	rows   []*row
	hashes []uint64 // of the rows' ids: all that the order needs, side by side
	booked map[care.ChartID]*bookings
	values [len(facets)]map[string]*set
	words  vocabulary
	listed set     // rows that are listed in some state
	lists  set     // rows that keep a waiting list in some state
	stale  []int32 // rows whose listing is to be asked for again
	from   int64   // the listings of all other rows hold from here, in Unix seconds,
	until  int64   // up to here

	scratch sync.Pool // of *bitmap
}

// row is one provider. All but the next openings change only under the index's lock.
type row struct {
	public      care.Provider
	zone        *time.Location
	from, until int64    // when the states below hold, in Unix seconds
	states      []string // where the provider is listed, in the order of the record
	waits       []string // where the provider is not, and keeps a waiting list
	panel       int      // clients whom the provider has taken on; counted only for who set a caseload
	soonest     soonestCache
}

// New returns an empty index that knows no terms, so that nobody is listed until Rules has been called. The seed
// sets which order each day has: the same seed gives the same order.
func New(cal calendar.Calendar, seed uint64) *Index {
	x := &Index{seed: seed, cal: cal}
	x.empty()
	x.scratch.New = func() any { return new(bitmap) }
	return x
}

// empty lets go of all that was put in; the rules stay.
func (x *Index) empty() {
	x.at, x.rows, x.hashes, x.booked = map[care.ChartID]int32{}, nil, nil, map[care.ChartID]*bookings{}
	x.words, x.listed, x.lists = vocabulary{known: map[string]int32{}}, set{}, set{}
	for i := range x.values {
		x.values[i] = map[string]*set{}
	}
	x.stale, x.from, x.until = nil, 0, 0
}

// Rules replaces the calendar and the versions of the terms; every listing and every opening is worked out anew.
func (x *Index) Rules(cal calendar.Calendar, terms []care.Terms) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cal, x.terms = rules.OpenDays(cal, terms), slices.Clone(terms)
	x.clock = rules.Clock{Terms: x.terms, Calendar: cal}
	x.from, x.until = 0, 0
	for _, r := range x.rows {
		r.from, r.until = 0, 0
		r.soonest.Store(nil)
	}
}

// Put takes a provider's record in, or in place of the one before. A provider who is not listed is kept, and
// found by nobody, until the rules say otherwise. The record is copied.
func (x *Index) Put(p care.Provider) {
	public, zone := publicPart(p), zoneOf(p.Hours)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.put(public, zone)
}

func (x *Index) put(public care.Provider, zone *time.Location) {
	i, known := x.at[public.ID]
	var before care.Provider
	if known {
		before = x.rows[i].public
		x.rows[i].public, x.rows[i].zone = public, zone
		x.rows[i].soonest.Store(nil)
	} else {
		i = int32(len(x.rows))
		x.at[public.ID] = i
		x.rows = append(x.rows, &row{public: public, zone: zone})
		x.hashes = append(x.hashes, hash(public.ID))
	}
	x.rows[i].from, x.rows[i].until = 0, 0
	if public.Caseload == 0 {
		x.rows[i].panel = 0
	}
	x.stale = append(x.stale, i)
	for f := range facets {
		change(facets[f].of(before), facets[f].of(public),
			func(value string) { x.values[f][value].remove(i) },
			func(value string) { x.value(f, value).add(i) })
	}
	change(wordsOf(before), wordsOf(public),
		func(word string) { x.words.set(word).remove(i) },
		func(word string) { x.words.set(word).add(i) })
}

// Panel says how many clients a provider has taken on and not let go. It is asked
// for only where the provider has set how many there may be.
func (x *Index) Panel(provider care.ChartID, clients int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.panel(provider, clients)
}

func (x *Index) panel(provider care.ChartID, clients int) {
	if i, known := x.at[provider]; known && x.rows[i].panel != clients && x.rows[i].public.Caseload > 0 {
		x.rows[i].panel = clients
		x.rows[i].from, x.rows[i].until = 0, 0
		x.stale = append(x.stale, i)
	}
}

// Capped says whether a provider has set how many clients they see at a time.
func (x *Index) Capped(provider care.ChartID) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, known := x.at[provider]
	return known && x.rows[i].public.Caseload > 0
}

// change calls gone for what only the first list holds, and came for what only the second does. Both are sorted.
func change(before, after []string, gone, came func(string)) {
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0] < after[0]:
			gone(before[0])
			before = before[1:]
		case len(before) == 0 || after[0] < before[0]:
			came(after[0])
			after = after[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
}

func (x *Index) value(facet int, value string) *set {
	s := x.values[facet][value]
	if s == nil {
		s = new(set)
		x.values[facet][value] = s
	}
	return s
}

// publicPart copies what anyone may see, and what the rules ask for, out of a record. Words that many records
// share are kept once.
func publicPart(p care.Provider) care.Provider {
	p.NPI, p.Email, p.Link, p.Registry = "", "", "", ""
	p.Draft, p.History, p.AskedBy, p.Review, p.TakenDown = nil, nil, "", false, nil
	p.Degrees, p.Identities = ones(p.Degrees), ones(p.Identities)
	p.Gender, p.Degree, p.Pronouns, p.Standing = one(p.Gender), one(p.Degree), one(p.Pronouns), one(p.Standing)
	p.Specialties, p.Languages, p.Modalities = ones(p.Specialties), ones(p.Languages), ones(p.Modalities)
	p.Licences, p.Credentials, p.Attested = slices.Clone(p.Licences), slices.Clone(p.Credentials), slices.Clone(p.Attested)
	for i := range p.Licences {
		p.Licences[i] = care.Licence{State: one(p.Licences[i].State)}
	}
	for i := range p.Credentials {
		p.Credentials[i].State = one(p.Credentials[i].State)
	}
	for i := range p.Attested {
		p.Attested[i].Duty, p.Attested[i].Version = one(p.Attested[i].Duty), one(p.Attested[i].Version)
	}
	if p.Virtual != nil {
		p.Virtual = new(*p.Virtual)
	}
	p.Hours.Zone = one(p.Hours.Zone)
	for i := range p.Hours.Week {
		p.Hours.Week[i] = slices.Clone(p.Hours.Week[i])
	}
	p.Hours.Away, p.Hours.Extra = slices.Clone(p.Hours.Away), maps.Clone(p.Hours.Extra)
	for day, spans := range p.Hours.Extra {
		p.Hours.Extra[day] = slices.Clone(spans)
	}
	return p
}

func one[S comparable](s S) S { return unique.Make(s).Value() }

func ones(list []string) []string {
	list = slices.Clone(list)
	for i := range list {
		list[i] = one(list[i])
	}
	return list
}

// zoneOf is the zone that a provider's days are counted in; one that is not known reads as UTC, as in the rules.
func zoneOf(h calendar.Hours) *time.Location {
	zone, err := calendar.Zone(h.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}
