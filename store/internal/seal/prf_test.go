package seal

import (
	"fmt"
	"sync"
	"testing"
)

func TestNamesDependOnEachPartAndOnTheStore(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	other, _, _ := newStoreKeys(t)
	seen := map[[16]byte]string{}
	for what, name := range map[string][16]byte{
		"a,b":          v.Name("l", "a", "b"),
		"ab":           v.Name("l", "ab"),
		"ab,":          v.Name("l", "ab", ""),
		",ab":          v.Name("l", "", "ab"),
		"b,a":          v.Name("l", "b", "a"),
		"nothing":      v.Name("l"),
		"label":        v.Name("m", "a", "b"),
		"store":        other.Name("l", "a", "b"),
		"blind":        v.Blind("l", "a"),
		"blind field":  v.Blind("m", "a"),
		"blind value":  v.Blind("l", "b"),
		"blind store":  other.Blind("l", "a"),
		"single":       v.Name("l", "a"),
		"single label": v.Name("m", "a"),
	} {
		if was, ok := seen[name]; ok {
			t.Errorf("%s has the name of %s", what, was)
		}
		seen[name] = what
	}
	if first := v.Name("l", "a", "b"); seen[first] != "a,b" {
		t.Error("a name changes")
	}
}

func TestNamesAreTheSameFromManyGoroutines(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	fresh, _, _ := newStoreKeys(t)
	fresh.root, fresh.file = v.root, v.file // the same keys, none of them derived yet
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				label, part := fmt.Sprint("label ", (i+g)%5), fmt.Sprint("part ", i)
				if v.Name(label, part) != fresh.Name(label, part) {
					t.Errorf("%s %s has two names", label, part)
				}
				v.Digest("b", []byte(label), []byte(part))
			}
		})
	}
	all.Wait()
}

func TestTheSumDoesNotDependOnOrderAndForgetsWhatIsTakenOut(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	a := v.Digest("charts", []byte("k1"), []byte("v1"))
	b := v.Digest("charts", []byte("k2"), []byte("v2"))
	c := v.Digest("sets", []byte("k1"), []byte("v1"))
	full := Sum{}.Add(a).Add(b).Add(c)
	if full != (Sum{}).Add(c).Add(a).Add(b) {
		t.Error("the order counts")
	}
	if full.Sub(b).Sub(a).Sub(c) != (Sum{}) {
		t.Error("taking all out leaves something")
	}
	if full.Sub(b) != a.Add(c) {
		t.Error("taking one out is not as if it had never been in")
	}
	for what, d := range map[string]Sum{
		"bucket": c, "key": v.Digest("charts", []byte("k2"), []byte("v1")), "value": v.Digest("charts", []byte("k1"), []byte("v2")),
		"a byte moved over": v.Digest("charts", []byte("k1v"), []byte("1")), "empty": v.Digest("", nil, nil),
	} {
		if d == a {
			t.Errorf("another %s has the same digest", what)
		}
	}
	ones := Sum{}.Sub(Sum{1})
	for i, x := range ones {
		if x != 0xff {
			t.Fatalf("0 - 1 has %#x at byte %d: the borrow is lost", x, i)
		}
	}
	if ones.Add(Sum{1}) != (Sum{}) {
		t.Error("the carry is lost, or does not fall off at the end")
	}
}
