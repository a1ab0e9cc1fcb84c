package directory_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// read is an index that was filled from a snapshot.
func read(t rapid.TB, snapshot []byte) *directory.Index {
	t.Helper()
	x := index(5)
	f := x.Fill()
	defer f.Done()
	if err := f.Read(snapshot); err != nil {
		t.Fatal(err)
	}
	return x
}

// alike asks two indexes the same, and wants the same answers.
func alike(t rapid.TB, what string, x, y *directory.Index, providers []care.Provider, at time.Time) {
	t.Helper()
	for _, q := range []directory.Query{
		{}, {State: "NY", Facets: true}, {Facets: true, Limit: 100}, {State: "IL", Language: "es"}, {Text: "wor gently"}, {Text: providers[0].Name},
		{Specialties: []string{"grief"}, Gender: "woman", Facets: true}, {Modality: "cbt", Degree: "phd"}, {Times: []string{"evening"}}, {Promise: true, State: "CA"},
	} {
		a, b := search(t, x, q, at), search(t, y, q, at)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%s: %+v finds %d and %d: %v and %v", what, q, a.Total, b.Total, ids(a), ids(b))
		}
	}
	for _, p := range providers {
		if a, b := x.Capped(p.ID), y.Capped(p.ID); a != b {
			t.Fatalf("%s: capped %t and %t", what, a, b)
		}
		a, _ := x.Facts(p.ID, "NY", at)
		if b, _ := y.Facts(p.ID, "NY", at); !reflect.DeepEqual(a, b) {
			t.Fatalf("%s: the facts of %s are\n%+v and\n%+v", what, p.ID, a, b)
		}
		s, listed := x.Openings(p.ID, care.Session, at, at, at.AddDate(0, 0, 20), 50)
		if z, is := y.Openings(p.ID, care.Session, at, at, at.AddDate(0, 0, 20), 50); is != listed || !reflect.DeepEqual(s, z) {
			t.Fatalf("%s: openings of %s are %v (%t) and %v (%t)", what, p.ID, s, listed, z, is)
		}
	}
	m := act.Match{State: "NY", Language: "es", Concerns: []string{"grief"}, By: at.AddDate(0, 0, 7), Most: 5}
	if a, b := x.Match(m, at), y.Match(m, at); !slices.Equal(a, b) {
		t.Fatalf("%s: matches %v and %v", what, a, b)
	}
}

// An index that was fed by what happened, one that is read from its snapshot and
// one that is built from the records as they are then answer alike, and go on
// alike: with providers who change, pause, leave and set a caseload, with times
// that are booked, moved and let go.
func TestASnapshotIsWhatTheRecordsMake(t *testing.T) {
	all := many(200)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		type held struct {
			provider care.ChartID
			slot     calendar.Slot
		}
		present, panels, busy := map[care.ChartID]care.Provider{}, map[care.ChartID]int{}, map[string]held{}
		happens := func(indexes ...*directory.Index) {
			p := all[r.IntN(len(all))]
			entry := fmt.Sprintf("ap_%d", r.IntN(40))
			switch r.IntN(6) {
			case 0, 1:
				if was, is := present[p.ID]; is {
					p = was
				}
				p.Standing = []care.Participation{care.Active, care.Active, care.Paused, care.OptedOut}[r.IntN(4)]
				p.Caseload, p.Languages = r.IntN(3), slices.Clone(all[r.IntN(len(all))].Languages)
				p.About, p.Name = all[r.IntN(len(all))].About, all[r.IntN(len(all))].Name
				if r.IntN(3) == 0 {
					p.Hours.Extra = map[calendar.Date][]calendar.Span{{Year: 2026, Month: 11, Day: 22}: {{From: 600, To: 660}}}
				}
				present[p.ID] = p
				for _, x := range indexes {
					x.Put(p)
					x.Panel(p.ID, panels[p.ID])
				}
			case 2:
				if _, is := present[p.ID]; is {
					panels[p.ID] = r.IntN(4)
					for _, x := range indexes {
						x.Panel(p.ID, panels[p.ID])
					}
				}
			case 3, 4:
				start := now.Truncate(time.Hour).Add(time.Duration(r.IntN(300)) * time.Hour)
				h := held{p.ID, calendar.Slot{Start: start, End: start.Add(50 * time.Minute)}}
				was, moves := busy[entry]
				busy[entry] = h
				for _, x := range indexes {
					if moves {
						x.Free(was.provider, entry)
					}
					x.Busy(p.ID, entry, h.slot)
				}
			case 5:
				if h, is := busy[entry]; is {
					delete(busy, entry)
					for _, x := range indexes {
						x.Free(h.provider, entry)
					}
				}
			}
		}
		fed := index(5)
		for range 250 {
			happens(fed)
		}
		if r.IntN(2) == 0 {
			search(t, fed, directory.Query{}, now.AddDate(0, 0, -1)) // its listings are of another day
		}
		rebuilt := index(5)
		f := rebuilt.Fill()
		for id, p := range present {
			f.Put(p)
			f.Panel(id, panels[id])
		}
		for entry, h := range busy {
			f.Busy(h.provider, entry, h.slot)
		}
		f.Done()
		snapshot := fed.Snapshot()
		fromSnapshot := read(t, snapshot)
		if again := fromSnapshot.Snapshot(); !slices.Equal(again, snapshot) {
			t.Fatalf("the snapshot of what was read from one has %d bytes, it had %d", len(again), len(snapshot))
		}
		alike(t, "fed and read", fed, fromSnapshot, all, now)
		alike(t, "read and rebuilt", fromSnapshot, rebuilt, all, now)
		for range 60 {
			happens(fed, fromSnapshot, rebuilt)
		}
		alike(t, "fed and read, later", fed, fromSnapshot, all, now.AddDate(0, 0, 2))
		alike(t, "read and rebuilt, later", fromSnapshot, rebuilt, all, now.AddDate(0, 0, 2))
	})
}

// Whatever a provider's record comes to hold, a snapshot holds what the index
// keeps of it.
func TestASnapshotHoldsEveryField(t *testing.T) {
	var p care.Provider
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		n++
		switch v.Kind() {
		case reflect.String:
			v.SetString(fmt.Sprint("text ", n))
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fallthrough
		case reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Map:
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key)
			fill(value)
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(key, value)
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				v.Set(reflect.ValueOf(now.Add(time.Duration(n) * time.Second)))
				return
			}
			for f := range v.NumField() {
				fill(v.Field(f))
			}
		default:
			v.SetInt(int64(n))
		}
	}
	fill(reflect.ValueOf(&p).Elem())
	x := index(5, p)
	y := read(t, x.Snapshot())
	a, _ := x.Facts(p.ID, "NY", now)
	if b, is := y.Facts(p.ID, "NY", now); !is || !reflect.DeepEqual(a, b) {
		t.Errorf("it was\n%+v and is\n%+v", a.Provider, b.Provider)
	}
}

// The same records give the same snapshot from one version of the program to the
// next, or layout is another number: who changes a facet, how words are cut, or how
// they are written raises layout and then writes the new hash here. The shape of a
// record is in the layout by itself.
func TestALayoutIsOneWayToWrite(t *testing.T) {
	x := index(5, many(50)...)
	for n, p := range many(10) {
		p.Caseload = 20
		x.Put(p)
		x.Panel(p.ID, n)
		x.Busy(p.ID, fmt.Sprint("ap_", n), calendar.Slot{Start: now, End: now.Add(time.Hour)})
	}
	odd := provider("pr_odd")
	odd.Name, odd.About, odd.Degrees = "Zoë d'Œuvre-O’Fictional", "Straße, naïve & 2-day", []string{"psyd"}
	odd.Hours.Week[6] = []calendar.Span{{From: 16 * 60, To: 20 * 60}}
	x.Put(odd)
	sum := sha256.Sum256(x.Snapshot())
	const layout, is = "1-165f07420f574b0e", "fc839f5124e8093f"
	switch got := hex.EncodeToString(sum[:8]); {
	case directory.Layout() != layout:
		t.Errorf("a record has another shape: write here that the layout is %s and the hash %s", directory.Layout(), got)
	case got != is:
		t.Errorf("the same layout has another hash, %s: raise layout in snapshot.go, or programs will read what others wrote otherwise", got)
	}
}

// What is no snapshot is refused and leaves nothing; nothing panics or goes on for
// ever.
func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	whole := index(5, many(20)...).Snapshot()
	r := rand.New(rand.NewPCG(3, 9))
	refused := 0
	for range 3000 {
		harmed := slices.Clone(whole)
		for range 1 + r.IntN(5) {
			harmed[r.IntN(len(harmed))] = byte(r.Uint32())
		}
		if r.IntN(3) == 0 {
			harmed = harmed[:r.IntN(len(harmed))]
		}
		x := index(5)
		f := x.Fill()
		err := f.Read(harmed)
		f.Done()
		if err == nil {
			continue // a letter of a name is another: that its seal would have told
		}
		refused++
		if page := search(t, x, directory.Query{}, now); page.Total != 0 {
			t.Fatalf("refused, and yet %d are found", page.Total)
		}
	}
	if refused < 500 {
		t.Errorf("only %d were refused", refused)
	}
}

// BenchmarkFill fills an index with providers, one by one or from a snapshot.
func BenchmarkFill(b *testing.B) {
	for _, n := range []int{5_000, 100_000} {
		providers := many(n)
		x := index(5, providers...)
		snapshot := x.Snapshot()
		b.Run(fmt.Sprintf("put/providers=%d", n), func(b *testing.B) {
			for b.Loop() {
				index(5, providers...)
			}
		})
		b.Run(fmt.Sprintf("read/providers=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(snapshot)))
			for b.Loop() {
				read(b, snapshot)
			}
		})
		b.Run(fmt.Sprintf("write/providers=%d", n), func(b *testing.B) {
			for b.Loop() {
				x.Snapshot()
			}
		})
	}
}
