package directory

import (
	"cmp"
	"math"
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

// first gives, in the order of the turn, the first of the found rows, and whether there are more. It keeps a few
// more places than are needed; whenever those are full, it sorts them and lets the worse ones go.
func (x *Index) first(found bitmap, t turn, most int) (rows []int32, more bool) {
	keep := most + 1
	places, worst := make([]lotted, 0, 4*keep), uint64(math.MaxUint64)
	for i := range found.rows {
		l := lotted{t.lot(x.hashes[i]), i}
		if l.lot > worst || t.begun && l.lot <= t.after.lot && x.placeOf(l).compare(t.after) <= 0 {
			continue
		}
		if places = append(places, l); len(places) == cap(places) {
			slices.SortFunc(places, x.compare)
			places = places[:keep]
			worst = places[keep-1].lot
		}
	}
	slices.SortFunc(places, x.compare)
	for _, l := range places[:min(most, len(places))] {
		rows = append(rows, l.row)
	}
	return rows, len(places) > most
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
	return cmp.Compare(x.rows[a.row].public.ID, x.rows[b.row].public.ID)
}
