package directory_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// now is a Friday, ten in the morning in Chicago.
var now = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

func terms() []care.Terms {
	return []care.Terms{rules.DefaultTerms(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
}

// index has the providers, the federal holidays and the terms of a new instance.
func index(seed uint64, providers ...care.Provider) *directory.Index {
	x := directory.New(calendar.New(), seed)
	x.Rules(calendar.New(), terms())
	for _, p := range providers {
		x.Put(p)
	}
	return x
}

// search is a search that must not fail.
func search(t rapid.TB, x *directory.Index, q directory.Query, now time.Time) directory.Page {
	t.Helper()
	page, err := x.Search(q, now)
	if err != nil {
		t.Fatalf("search %+v: %v", q, err)
	}
	return page
}

func ids(page directory.Page) []care.ChartID {
	list := []care.ChartID{}
	for _, c := range page.Items {
		list = append(list, c.ID)
	}
	return list
}

// provider is one whom every rule lists in New York.
func provider(id string) care.Provider {
	virtual := true
	p := care.Provider{
		ID: care.ChartID(id), Name: "Fictional Person", Email: "a@example.test", Link: "https://example.test/room", NPI: "2000000000",
		Degree: "phd", Virtual: &virtual, Standing: care.Active, Hours: nineToFive("America/New_York"),
		Licences:    []care.Licence{{State: "NY"}},
		Credentials: []care.Credential{{State: "NY", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}},
	}
	for _, duty := range rules.DutyCodes() {
		p.Attested = append(p.Attested, care.Attestation{Duty: duty, Version: "2026-11", At: now})
	}
	return p
}

func nineToFive(zone string) calendar.Hours {
	h := calendar.Hours{Zone: zone, ConsultMinutes: 15, SessionMinutes: 50}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	return h
}

var (
	someStates      = []string{"NY", "CA", "TX", "IL", "WA", "FL", "OH", "MA"}
	someZones       = []string{"America/New_York", "America/Los_Angeles", "America/Chicago", "America/Denver"}
	someSpecialties = []string{"anxiety", "depression", "trauma_ptsd", "adhd", "grief", "couples", "eating_disorders", "ocd", "sleep", "addiction"}
	someLanguages   = []string{"en", "es", "fr", "zh", "ar", "pt"}
	someModalities  = []string{"cbt", "dbt", "emdr", "act", "psychodynamic"}
	someGenders     = []string{"woman", "man", "nonbinary", ""}
	someDegrees     = []string{"masters", "phd", "np"}
	someSyllables   = []string{"bra", "vel", "oku", "tan", "zi", "mor", "fen", "lua", "qui", "sar", "dro", "nim", "pey", "wex", "hul", "gri"}
	someWords       = []string{"I", "help", "adults", "with", "worry", "low", "mood", "and", "change", "at", "work", "gently", "practical", "warm", "evening", "young", "parents", "veterans", "tools", "listen"}
)

// many makes up providers, the same each time; most of them are listed.
func many(n int) []care.Provider {
	r := rand.New(rand.NewPCG(7, 11))
	some := func(of []string, most int) (list []string) {
		for _, i := range r.Perm(len(of))[:1+r.IntN(most)] {
			list = append(list, of[i])
		}
		return list
	}
	name := func() string {
		return someSyllables[r.IntN(16)] + someSyllables[r.IntN(16)] + someSyllables[r.IntN(16)]
	}
	providers := make([]care.Provider, n)
	for i := range providers {
		p := provider(fmt.Sprintf("pr_%016x%06d", r.Uint64(), i))
		p.Name, p.About = name()+" "+name(), ""
		for range 30 {
			p.About += someWords[r.IntN(len(someWords))] + " "
		}
		p.Gender, p.Degree = someGenders[r.IntN(4)], someDegrees[r.IntN(3)]
		p.Specialties, p.Languages, p.Modalities = some(someSpecialties, 4), some(someLanguages, 2), some(someModalities, 3)
		p.Licences, p.Credentials = nil, nil
		for _, s := range some(someStates, 2) {
			p.Licences = append(p.Licences, care.Licence{State: s})
			p.Credentials = append(p.Credentials, care.Credential{State: s, From: calendar.Date{Year: 2026, Month: 1, Day: 1}})
		}
		p.Hours.Zone = someZones[r.IntN(4)]
		p.Hours.NoticeMinutes = 60 * r.IntN(72)
		if r.IntN(10) == 0 {
			p.Standing = care.Paused
		}
		if r.IntN(5) == 0 {
			p.Hours.Away = []calendar.DateSpan{{From: calendar.Date{Year: 2026, Month: 11, Day: 18}, To: calendar.Date{Year: 2026, Month: 12, Day: 1 + r.IntN(20)}}}
		}
		providers[i] = p
	}
	return providers
}
