package order_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"careconnect/rules/order"
)

// Whatever is sorted stands as slices would have put it.
func TestByIsAStableSort(t *testing.T) {
	type card struct{ rank, place int }
	rapid.Check(t, func(t *rapid.T) {
		var cards []card
		for i, rank := range rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "ranks") {
			cards = append(cards, card{rank, i})
		}
		byRank := func(a, b card) int { return cmp.Compare(a.rank, b.rank) }
		want := slices.SortedStableFunc(slices.Values(cards), byRank)
		order.By(cards, byRank)
		if !slices.Equal(cards, want) {
			t.Errorf("%v, want %v", cards, want)
		}
	})
}
