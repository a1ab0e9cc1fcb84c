package directory

import (
	"slices"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// bookings are a provider's booked times in order of their start; entries names them, one for one.
type bookings struct {
	entries []string
	slots   []calendar.Slot
}

// Busy takes in a booked time of a provider, whose record may come later. The entry names the booking: the same
// entry again moves it, or changes nothing. Whoever moves a booking that touches several days says Free first.
func (x *Index) Busy(provider care.ChartID, entry string, s calendar.Slot) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy(provider, entry, s)
}

func (x *Index) busy(provider care.ChartID, entry string, s calendar.Slot) {
	b := x.booked[provider]
	if b == nil {
		b = new(bookings)
		x.booked[provider] = b
	}
	b.drop(entry)
	i, _ := slices.BinarySearchFunc(b.slots, s, func(a, b calendar.Slot) int { return a.Start.Compare(b.Start) })
	b.entries, b.slots = slices.Insert(b.entries, i, entry), slices.Insert(b.slots, i, s)
	x.forget(provider)
}

// Free lets go of a booked time; an entry that is not known is none.
func (x *Index) Free(provider care.ChartID, entry string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b := x.booked[provider]; b != nil {
		b.drop(entry)
		x.forget(provider)
	}
}

func (x *Index) forget(provider care.ChartID) {
	if i, known := x.at[provider]; known {
		x.rows[i].soonest.Store(nil)
	}
}

func (b *bookings) drop(entry string) {
	if i := slices.Index(b.entries, entry); i >= 0 {
		b.entries, b.slots = slices.Delete(b.entries, i, i+1), slices.Delete(b.slots, i, i+1)
	}
}

// times are the booked times of a provider, in order.
func (x *Index) times(provider care.ChartID) []calendar.Slot {
	if b := x.booked[provider]; b != nil {
		return b.slots
	}
	return nil
}

// letPastGo drops the bookings that ended two days ago or earlier: no opening is ever offered there again.
func (x *Index) letPastGo(now time.Time) {
	past := now.AddDate(0, 0, -2)
	for provider, b := range x.booked {
		for i := len(b.slots) - 1; i >= 0; i-- {
			if b.slots[i].End.Before(past) {
				b.entries, b.slots = slices.Delete(b.entries, i, i+1), slices.Delete(b.slots, i, i+1)
			}
		}
		if len(b.slots) == 0 {
			delete(x.booked, provider)
		}
	}
}
