package directory_test

import (
	"runtime"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

const benchmarked = 100_000

func BenchmarkSearch(b *testing.B) {
	x := index(1, many(benchmarked)...)
	search(b, x, directory.Query{Promise: true}, now)
	for _, c := range []struct {
		name string
		q    directory.Query
	}{
		{"state", directory.Query{State: "NY"}},
		{"filters", directory.Query{State: "NY", Specialties: []string{"anxiety"}, Language: "es", Modality: "cbt"}},
		{"everywhere", directory.Query{}},
		{"facets", directory.Query{State: "NY", Facets: true}},
		{"facets-everywhere", directory.Query{Facets: true}},
		{"text", directory.Query{State: "NY", Text: "oku gent"}},
		{"text-letter", directory.Query{State: "NY", Text: "a"}},
		{"promise", directory.Query{State: "NY", Promise: true}},
		{"promise-everywhere", directory.Query{Promise: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				search(b, x, c.q, now)
			}
		})
	}
	b.Run("promise-unasked", func(b *testing.B) { // each time nothing is known yet of anybody's openings
		for b.Loop() {
			b.StopTimer()
			x.Rules(calendar.New(), terms())
			search(b, x, directory.Query{}, now)
			b.StartTimer()
			search(b, x, directory.Query{State: "NY", Promise: true}, now)
		}
	})
	b.Run("promise-hour-later", func(b *testing.B) {
		at := now
		for b.Loop() {
			at = at.Add(time.Hour)
			search(b, x, directory.Query{State: "NY", Promise: true}, at)
		}
	})
	b.Run("new-day", func(b *testing.B) {
		at := now
		for b.Loop() {
			at = at.AddDate(0, 0, 1)
			search(b, x, directory.Query{State: "NY"}, at)
		}
	})
	b.Run("match", func(b *testing.B) {
		for b.Loop() {
			x.Match(act.Match{State: "NY", Concerns: []string{"sleep"}, Language: "fr", By: now.AddDate(0, 0, 7), Most: 3}, now)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	providers := many(benchmarked)
	x := index(1, providers...)
	search(b, x, directory.Query{}, now)
	b.Run("same", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			x.Put(providers[i%benchmarked])
		}
	})
	b.Run("changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p := providers[i%benchmarked]
			p.About, p.Specialties = "something else to read entirely", []string{someSpecialties[i%10]}
			x.Put(p)
		}
	})
	b.Run("then-search", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			x.Put(providers[i%benchmarked])
			search(b, x, directory.Query{State: "NY"}, now)
		}
	})
}

// BenchmarkStart takes in everybody and searches once, and says how much room it needs.
func BenchmarkStart(b *testing.B) {
	providers := many(benchmarked)
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := index(1, providers...)
		search(b, x, directory.Query{State: "NY"}, now)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/benchmarked, "B/provider")
		runtime.KeepAlive(x)
	}
	runtime.KeepAlive([]care.Provider(providers))
}
