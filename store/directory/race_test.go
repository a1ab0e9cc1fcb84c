package directory_test

import (
	"sync"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// TestAllAtOnce lets everything be done at the same time, around a midnight; half of the providers never change
// and must be found in every search.
func TestAllAtOnce(t *testing.T) {
	steady, restless := many(400)[:200], many(400)[200:]
	x := index(1, many(400)...)
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	least := 0
	for _, p := range steady {
		if p.Standing == care.Active {
			least++
		}
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 100 {
				p := restless[(i*7+g)%len(restless)]
				p.Standing = []care.Participation{care.Active, care.Paused}[i%2]
				x.Put(p)
				x.Busy(p.ID, "ap", calendar.Slot{Start: now.Add(time.Duration(i) * time.Hour), End: now.Add(time.Duration(i+1) * time.Hour)})
				x.Free(p.ID, "ap")
				if i == 50 && g == 0 {
					x.Rules(calendar.New(), terms())
				}
			}
		})
		all.Go(func() {
			for i := range 100 {
				at := midnight.Add(time.Duration(i-50) * time.Minute)
				page, err := x.Search(directory.Query{Promise: i%2 == 0, Facets: true, Text: []string{"", "help"}[i/2%2]}, at)
				if err != nil || i%4 == 1 && page.Total < least {
					t.Errorf("found %d of at least %d: %v", page.Total, least, err)
				}
				x.Match(act.Match{State: "NY", By: at.AddDate(0, 0, 7), Most: 3}, at)
				if id := steady[i].ID; steady[i].Standing == care.Active {
					if _, listed := x.Provider(id, at); !listed {
						t.Errorf("%s is not listed", id)
					}
					x.Openings(id, care.Session, at, at, at.AddDate(0, 0, 7), 5)
				}
			}
		})
	}
	all.Wait()
}
