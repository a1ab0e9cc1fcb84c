package directory

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"careconnect/rules/care"
)

// The order of the directory is a lot that is drawn for each provider on each UTC day, out of the seed, the day
// and the provider's id, and nothing else: no provider can earn or lose a place by anything they do or decline.

// turn is a day's order, and the place in it after which a page begins.
type turn struct {
	day   int64
	salt  uint64
	after place // only what comes later
	begun bool  // there is an after
}

// place is where a provider stands; the id tells apart two who drew the same lot.
type place struct {
	lot uint64
	id  care.ChartID
}

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.lot, b.lot), cmp.Compare(a.id, b.id))
}

func dayOf(now time.Time) int64 { return now.Unix() / (24 * 60 * 60) }

func (x *Index) turnOf(day int64) turn {
	return turn{day: day, salt: mix(x.seed ^ mix(uint64(day)))}
}

func (t turn) lot(hash uint64) uint64 { return mix(hash ^ t.salt) }

// mix spreads each bit over all (splitmix64); no two inputs give the same.
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// hash is FNV-1a: the same on every machine and in every version.
func hash[S ~string](s S) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// first gives, in the order of the turn, the first of the found rows, and whether there are more.
func (x *Index) first(found bitmap, t turn, most int) (rows []int32, more bool) {
	f := front{index: x, places: make([]lotted, 0, most+1)}
	for i := range found.rows {
		l := lotted{t.lot(x.hashes[i]), i}
		if t.begun && l.lot <= t.after.lot && x.placeOf(l).compare(t.after) <= 0 {
			continue
		}
		if len(f.places) <= most {
			heap.Push(&f, l)
		} else if l.lot <= f.places[0].lot && x.compare(l, f.places[0]) < 0 {
			f.places[0] = l
			heap.Fix(&f, 0)
		}
	}
	slices.SortFunc(f.places, x.compare)
	for _, l := range f.places[:min(most, len(f.places))] {
		rows = append(rows, l.row)
	}
	return rows, len(f.places) > most
}

// lotted is a row with its lot.
type lotted struct {
	lot uint64
	row int32
}

func (x *Index) placeOf(l lotted) place { return place{l.lot, x.rows[l.row].public.ID} }

func (x *Index) compare(a, b lotted) int {
	if a.lot != b.lot {
		return cmp.Compare(a.lot, b.lot)
	}
	return x.placeOf(a).compare(x.placeOf(b))
}

// front is a heap of the best places so far, with the last of them on top.
type front struct {
	index  *Index
	places []lotted
}

func (f *front) Len() int           { return len(f.places) }
func (f *front) Less(i, j int) bool { return f.index.compare(f.places[i], f.places[j]) > 0 }
func (f *front) Swap(i, j int)      { f.places[i], f.places[j] = f.places[j], f.places[i] }
func (f *front) Push(l any)         { f.places = append(f.places, l.(lotted)) }
func (f *front) Pop() any {
	last := f.places[len(f.places)-1]
	f.places = f.places[:len(f.places)-1]
	return last
}
