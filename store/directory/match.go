package directory

import (
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Match gives up to m.Most providers who are listed in m.State, are none of m.Not, and can hold a consultation
// and after it a session, both before m.By. First come those who speak the language and know one of the
// concerns, then those who speak the language, then those who know a concern, then any; among equals it is the
// order of the day.
func (x *Index) Match(m act.Match, now time.Time) []care.ChartID {
	defer x.hold(now)()
	left := x.blank()
	defer x.scratch.Put(left)
	x.find(*left, Query{State: m.State}, nil)
	for _, id := range m.Not {
		if i, known := x.at[id]; known {
			left.remove(i)
		}
	}
	speak, know := x.blank(), x.blank()
	defer x.scratch.Put(speak)
	defer x.scratch.Put(know)
	x.join(*speak, languageFacet, m.Language)
	x.join(*know, specialtyFacet, m.Concerns...)

	var matched []care.ChartID
	best := x.blank()
	defer x.scratch.Put(best)
	for _, tier := range [][]bitmap{{*speak, *know}, {*speak}, {*know}, {}} {
		copy(*best, *left)
		for _, b := range tier {
			best.keep(b)
		}
		left.without(*best)
		matched = x.inTime(matched, *best, m, now)
	}
	return matched
}

// join adds to a bitmap the rows that have one of the values.
func (x *Index) join(b bitmap, facet int, values ...string) {
	for _, k := range wanted(key, values...) {
		if s := x.values[facet][k]; s != nil {
			s.joinTo(b)
		}
	}
}

// inTime adds those of the rows who have both openings in time, until there are enough. Rows are taken a few at
// a time, since mostly the first ones will do.
func (x *Index) inTime(matched []care.ChartID, rows bitmap, m act.Match, now time.Time) []care.ChartID {
	order := x.turnOf(dayOf(now))
	for few, more := 16, true; more && len(matched) < m.Most; few *= 4 {
		var first []int32
		first, more = x.first(rows, order, few)
		for _, i := range first {
			rows.remove(i)
			if len(matched) < m.Most && x.soonest(x.rows[i], now).sessionBefore(m.By) {
				matched = append(matched, x.rows[i].public.ID)
			}
		}
	}
	return matched
}
