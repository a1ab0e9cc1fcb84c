package directory

import (
	"fmt"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Query says whom somebody looks for. Values are compared without regard to letter case, accents, and how words
// are joined; what is empty is not asked for.
type Query struct {
	State       string // where the client is, two letters; empty: any state
	Specialties []string
	Language    string
	Modality    string
	Gender      string
	Degree      string
	Identity    string   // a community that the provider knows well
	Times       []string // evening, weekend: all that are named
	Text        string   // each of its words begins a word of the name, the text about, or another value

	Waitlist bool      // instead of those who are listed: who is not, and keeps a waiting list
	Promise  bool      // only who can hold the first session before the promise is due
	SoughtAt time.Time // when care was sought, which the promise counts from; zero: now
	Zone     string    // where the client's days are counted; empty: UTC, whose days end before those of the mainland

	Facets bool
	Limit  int    // 1 to 100; 0: 20
	Cursor string // a page's Next, with the same question
}

// Page is a part of what was found. Facets counts, under each facet's name, the values of all that was found, as
// their keys: lower case, no accents, words joined by an underscore; states as two capitals.
type Page struct {
	Total      int
	Items      []Card
	Facets     map[string]map[string]int
	Next       string // the cursor of the next page; empty: this is the last
	PromiseDue time.Time
}

// Card is what anyone may see of a provider. Its lists are the index's own and must not be changed.
type Card struct {
	ID                             care.ChartID
	Name, Pronouns, Gender, Degree string
	States                         []string // where the provider is listed today
	Specialties, Languages         []string
	Modalities, Identities         []string
	Degrees                        []string // all that the provider holds
	About                          string
	Photo                          care.ChartID // of the photo; empty: none is shown
	SelfSchedule                   bool
	Zone                           string
	ConsultMinutes, SessionMinutes int
	NextConsultation, FirstSession time.Time // zero: none within the next 90 days
	MeetsPromise                   bool      // FirstSession begins before the promise is due
	Waitlist                       bool      // takes nobody new, and keeps a waiting list in these states
}

// The sizes of a page.
const (
	usualLimit = 20
	mostLimit  = 100
	mostWords  = 16
)

// Search gives a page of the listed providers that the query fits. The order is drawn anew for each UTC day, and
// is the same for everyone; a cursor keeps the order of its day. The error is a *care.Fault of the kind Invalid,
// for a limit or cursor that cannot be read or a text of too many words.
func (x *Index) Search(q Query, now time.Time) (Page, error) {
	words := split(q.Text)
	switch {
	case q.Limit == 0:
		q.Limit = usualLimit
	case q.Limit < 0 || q.Limit > mostLimit:
		return Page{}, &care.Fault{Kind: care.Invalid, Code: "limit", Says: fmt.Sprintf("limit: give a number from 1 to %d.", mostLimit)}
	}
	if len(words) > mostWords {
		return Page{}, &care.Fault{Kind: care.Invalid, Code: "text_too_long", Says: fmt.Sprintf("Search for at most %d words at a time.", mostWords)}
	}
	start, err := x.place(q, now)
	if err != nil {
		return Page{}, err
	}
	defer x.hold(now)()
	page := Page{PromiseDue: x.promise(q, now)}
	found := x.blank()
	defer x.scratch.Put(found)
	x.find(*found, q, words)
	if q.Promise {
		for i := range found.rows {
			if !x.soonest(x.rows[i], now).sessionBefore(page.PromiseDue) {
				found.remove(i)
			}
		}
	}
	page.Total = found.count()
	if q.Facets {
		page.Facets = x.count(*found)
	}
	first, more := x.first(*found, start, q.Limit)
	page.Items = make([]Card, len(first))
	for n, i := range first {
		page.Items[n] = x.card(x.rows[i], now, page.PromiseDue)
	}
	if more {
		page.Next = x.cursor(q, start.day, page.Items[len(first)-1].ID)
	}
	return page, nil
}

// Provider gives the card of one provider, if the rules list them somewhere today. Whether the promise is met is
// said for somebody who seeks care now.
func (x *Index) Provider(id care.ChartID, now time.Time) (Card, bool) {
	defer x.hold(now)()
	r, listed := x.shown(id)
	if !listed {
		return Card{}, false
	}
	return x.card(r, now, x.promise(Query{}, now)), true
}

// Keeper gives the card of one provider who is not listed and keeps a waiting list.
func (x *Index) Keeper(id care.ChartID, now time.Time) (Card, bool) {
	defer x.hold(now)()
	i, known := x.at[id]
	if !known || len(x.rows[i].waits) == 0 {
		return Card{}, false
	}
	return x.card(x.rows[i], now, x.promise(Query{}, now)), true
}

// Facts are what a listing is decided from: the provider in a state on their
// present day. False for one that the index does not know.
func (x *Index) Facts(id care.ChartID, state string, now time.Time) (rules.ProviderFacts, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, known := x.at[id]
	if !known {
		return rules.ProviderFacts{}, false
	}
	r := x.rows[i]
	return rules.ProviderFacts{
		Provider: r.public, State: state, Today: calendar.On(now, r.zone), Terms: rules.TermsAt(x.terms, now), Versions: x.terms, Panel: r.panel,
	}, true
}

// Those are the providers, listed or not, of whom something is so.
func (x *Index) Those(is func(care.Provider) bool) []care.ChartID {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var ids []care.ChartID
	for _, r := range x.rows {
		if is(r.public) {
			ids = append(ids, r.public.ID)
		}
	}
	return ids
}

// shown is the row of a provider who is listed somewhere.
func (x *Index) shown(id care.ChartID) (*row, bool) {
	i, known := x.at[id]
	if !known || len(x.rows[i].states) == 0 {
		return nil, false
	}
	return x.rows[i], true
}

// find puts the rows that a query fits into an empty bitmap; openings are not looked at.
func (x *Index) find(found bitmap, q Query, words []string) {
	if q.Waitlist {
		x.lists.joinTo(found)
	} else {
		x.listed.joinTo(found)
	}
	for f := range facets {
		for _, value := range facets[f].want(q) {
			x.values[f][value].keepIn(found)
		}
	}
	for _, word := range words {
		begins := x.blank()
		for s := range x.words.beginning(word) {
			s.joinTo(*begins)
		}
		found.keep(*begins)
		x.scratch.Put(begins)
	}
}

// promise is when the first session is due for somebody who sought care as the query says.
func (x *Index) promise(q Query, now time.Time) time.Time {
	sought := q.SoughtAt
	if sought.IsZero() {
		sought = now
	}
	return x.promiseDue(sought, zoneOf(calendar.Hours{Zone: q.Zone}))
}

func (x *Index) card(r *row, now, due time.Time) Card {
	p, soonest := &r.public, x.soonest(r, now)
	states := r.states
	if len(r.waits) > 0 {
		states = r.waits
	}
	return Card{
		Waitlist: len(r.waits) > 0,
		ID:       p.ID, Name: p.Name, Pronouns: p.Pronouns, Gender: p.Gender, Degree: p.Degree,
		States: states, Specialties: p.Specialties, Languages: p.Languages, Modalities: p.Modalities, Identities: p.Identities, Degrees: p.AllDegrees(),
		About: p.About, Photo: p.Photo, SelfSchedule: p.SelfSchedule, Zone: p.Hours.Zone,
		ConsultMinutes: p.Hours.ConsultMinutes, SessionMinutes: p.Hours.SessionMinutes,
		NextConsultation: instant(soonest.consult), FirstSession: instant(soonest.session),
		MeetsPromise: soonest.sessionBefore(due),
	}
}
