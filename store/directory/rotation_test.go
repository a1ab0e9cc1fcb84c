package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// TestR16OrderIsFair: over 1,000 seeds, and over 1,000 days, each of ten equal providers comes first about as often.
func TestR16OrderIsFair(t *testing.T) {
	var ten []care.Provider
	for i := range 10 {
		ten = append(ten, provider(fmt.Sprintf("p%d", i)))
	}
	days := index(1, ten...)
	for name, first := range map[string]func(int) care.ChartID{
		"seeds": func(i int) care.ChartID { return ids(search(t, index(uint64(i), ten...), directory.Query{}, now))[0] },
		"days":  func(i int) care.ChartID { return ids(search(t, days, directory.Query{}, now.AddDate(0, 0, i)))[0] },
	} {
		times := map[care.ChartID]int{}
		for i := range 1000 {
			times[first(i)]++
		}
		for _, p := range ten {
			if n := times[p.ID]; n < 70 || n > 130 {
				t.Errorf("over 1,000 %s %s comes first %d times", name, p.ID, n)
			}
		}
	}
}

// TestOrderIsTheSame: neither the order of the records, nor what a provider books, declines or writes moves
// anybody.
func TestOrderIsTheSame(t *testing.T) {
	providers := many(300)
	x := index(5, providers...)
	before := ids(search(t, x, directory.Query{Limit: 100}, now))
	slices.Reverse(providers)
	y := index(5, providers...)
	for i, p := range providers {
		y.Busy(p.ID, "ap1", calendar.Slot{Start: now.Add(time.Duration(i) * time.Hour), End: now.Add(time.Duration(i+1) * time.Hour)})
		p.About = "Other words."
		y.Put(p)
	}
	if after := ids(search(t, y, directory.Query{Limit: 100}, now.Add(7*time.Hour))); !slices.Equal(before, after) {
		t.Errorf("the order changed within a day:\n%v\n%v", before, after)
	}
	if tomorrow := ids(search(t, x, directory.Query{Limit: 100}, now.Add(8*time.Hour))); slices.Equal(before, tomorrow) {
		t.Error("the order is that of yesterday")
	}
}

// TestPagesHoldAll: going from page to page, also over midnight and with pages of changing size, shows everyone
// once, in one order.
func TestPagesHoldAll(t *testing.T) {
	providers := many(400)
	rapid.Check(t, func(t *rapid.T) {
		x := index(rapid.Uint64().Draw(t, "seed"), providers[:rapid.IntRange(0, 400).Draw(t, "providers")]...)
		at := now
		q := directory.Query{State: rapid.SampledFrom([]string{"", "NY"}).Draw(t, "state")}
		var seen []care.ChartID
		for {
			q.Limit = rapid.IntRange(1, 100).Draw(t, "limit")
			page := search(t, x, q, at)
			seen = append(seen, ids(page)...)
			if page.Total < len(seen) {
				t.Fatalf("total %d, seen %d", page.Total, len(seen))
			}
			if q.Cursor = page.Next; page.Next == "" {
				if page.Total != len(seen) {
					t.Fatalf("the last page is shown, with %d of %d", len(seen), page.Total)
				}
				break
			}
			at = at.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "hours")) * time.Hour)
		}
		q.Cursor, q.Limit = "", 100
		if first := ids(search(t, x, q, now)); !slices.Equal(first, seen[:len(first)]) {
			t.Fatal("the pages do not keep the order of the first day")
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != len(seen) {
			t.Fatal("somebody is shown twice")
		}
	})
}
