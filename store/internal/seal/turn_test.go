package seal

import (
	"bytes"
	"errors"
	"testing"
)

// A worn key gives way to the next: that seals from nothing again, under another
// key, and its turn outlives being wrapped. Lists stay open, and neighbours read
// each other's records.
func TestAWornKeyGivesWayToTheNext(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k, err := v.newChartKey(AES256GCM)
	must(t, err)
	old, err := k.Seal(nil, somewhere, []byte("before"))
	must(t, err)
	entry, err := k.SealSet(nil, somewhere, []byte("an entry"))
	must(t, err)
	if k.Worn() {
		t.Error("a new key is worn")
	}
	k.Count(MaxSeals - 10)
	if !k.Worn() {
		t.Error("a key near its end is not worn")
	}
	for turn := range 3 {
		next, err := k.Next()
		must(t, err)
		if next.Worn() || next.Sealed() != 0 {
			t.Errorf("turn %d has sealed %d", turn, next.Sealed())
		}
		now, err := next.Seal(nil, somewhere, []byte("after"))
		must(t, err)
		wrapped, err := v.WrapChartKey(next, somewhere.Chart)
		must(t, err)
		made := v.Epoch()
		newEpochIn(t, v)
		wrapped, err = v.Rewrap(wrapped, somewhere.Chart)
		must(t, err)
		again, err := v.UnwrapChartKey(wrapped, somewhere.Chart)
		must(t, err)
		for name, opener := range map[string]*ChartKey{"the next": next, "it, unwrapped": again, "the one before": k} {
			if plain, err := opener.Open(somewhere, now); err != nil || string(plain) != "after" {
				t.Errorf("turn %d, epoch %d: %s opens %q, %v", turn, made, name, plain, err)
			}
			if plain, err := opener.OpenSet(somewhere, entry); err != nil || !bytes.Equal(plain, []byte("an entry")) {
				t.Errorf("turn %d: %s opens an entry of a list: %v", turn, name, err)
			}
		}
		if _, err := again.records.open(somewhere, old); err == nil {
			t.Error("it seals under the same key as before")
		}
		if _, err := again.Open(somewhere, old); (err == nil) != (turn == 0) || err != nil && !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("turn %d: a record of the first turn: %v", turn, err)
		}
		k = next
	}
}
