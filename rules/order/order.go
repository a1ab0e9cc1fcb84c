// Package order puts lists in order. The sorts of package slices are made anew
// for every type, with 20 to 30 KB for each; here all types share one, which is a
// little slower. What is sorted by the hundred thousand keeps to slices.
package order

import "sort"

// By puts a list in order by a comparison, which says less than 0, 0 or more than 0,
// as for slices.SortStableFunc. What is equal stays as it stood.
func By[T any](list []T, compare func(a, b T) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}
