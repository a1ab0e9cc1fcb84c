package directory

import (
	"strings"
	"time"

	"careconnect/rules/care"
)

// facets are what a search can be narrowed by. Of gives a provider's values as sorted keys; the states are those
// of the listing, and come and go with it.
var facets = [...]struct {
	name string
	of   func(care.Provider) []string
	want func(Query) []string
}{
	stateFacet: {"state", func(care.Provider) []string { return nil }, func(q Query) []string {
		if q.Waitlist {
			return wanted(waitKey, q.State)
		}
		return wanted(stateKey, q.State)
	}},
	specialtyFacet: {"specialty", func(p care.Provider) []string { return keys(p.Specialties) },
		func(q Query) []string { return wanted(key, q.Specialties...) }},
	languageFacet: {"language", func(p care.Provider) []string { return keys(p.Languages) },
		func(q Query) []string { return wanted(key, q.Language) }},
	3: {"modality", func(p care.Provider) []string { return keys(p.Modalities) }, func(q Query) []string { return wanted(key, q.Modality) }},
	4: {"gender", func(p care.Provider) []string { return keys([]string{p.Gender}) }, func(q Query) []string { return wanted(key, q.Gender) }},
	5: {"degree", func(p care.Provider) []string { return keys(p.AllDegrees()) }, func(q Query) []string { return wanted(key, q.Degree) }},
	6: {"identity", func(p care.Provider) []string { return keys(p.Identities) }, func(q Query) []string { return wanted(key, q.Identity) }},
	7: {"time", timesOf, func(q Query) []string { return wanted(key, q.Times...) }},
}

// The places in the table that are asked for by name.
const (
	stateFacet     = 0
	specialtyFacet = 1
	languageFacet  = 2
)

// eveningFrom is the minute of the day at which an evening begins.
const eveningFrom = 17 * 60

// timesOf says whether a provider's week has evenings, by a session that can
// begin at five or later, or a weekend.
func timesOf(p care.Provider) []string {
	evening, weekend := false, false
	for day, spans := range p.Hours.Week {
		for _, s := range spans {
			evening = evening || s.To-max(s.From, eveningFrom) >= p.Hours.SessionMinutes
			weekend = weekend || day == int(time.Saturday) || day == int(time.Sunday)
		}
	}
	var times []string
	if evening {
		times = append(times, "evening")
	}
	if weekend {
		times = append(times, "weekend")
	}
	return times
}

// wanted are the keys of what is asked for; what is empty is not asked for.
func wanted(key func(string) string, values ...string) []string {
	var ks []string
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			ks = append(ks, key(v))
		}
	}
	return ks
}

// count says how many of the found rows have each value.
func (x *Index) count(found bitmap) map[string]map[string]int {
	counts := make(map[string]map[string]int, len(facets))
	for f := range facets {
		counts[facets[f].name] = map[string]int{}
		for value, s := range x.values[f] {
			if n := s.countIn(found); n > 0 {
				counts[facets[f].name][strings.TrimPrefix(value, waitMark)] = n
			}
		}
	}
	return counts
}
