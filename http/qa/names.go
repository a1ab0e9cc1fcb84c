package qa

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The people of a throwaway instance. No name here is anybody's: the surnames
// are made of words that are not surnames.
var (
	given = strings.Fields(`Ada Bex Calla Dov Elowen Fenn Greer Hollis Ines Juno Kit Lark Maeve Noor Orin Pia Quill Remy Sol Tamsin Umi Vesper Wren Xan Yael Zora
		Alder Briar Cove Delphi Ember Flint Gale Haven Indigo Jory Kestrel Linden Marlo Nova Ocean Perrin Rook Sage Teal`)
	first  = strings.Fields("Amber Bramble Cinder Dapple Elder Fern Glimmer Hazel Iron Juniper Kindle Lantern Meadow Nettle Opal Pebble Quarry Russet Silver Thistle Umber Velvet Willow")
	second = strings.Fields("brook combe dale fall field ford gate glen harrow hollow ledge mere moor quill reach shade spire stead thorn vale wick wood")
)

// namer makes names from a seed, each once.
type namer struct {
	random *rand.Rand
	used   map[string]bool
}

func newNamer(seed uint64) *namer {
	return &namer{random: rand.New(rand.NewPCG(seed, 0xCA12E)), used: map[string]bool{}}
}

func (n *namer) name() string {
	for {
		name := pick(n, given) + " " + pick(n, first) + pick(n, second)
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}

func pick[T any](n *namer, list []T) T { return list[n.random.IntN(len(list))] }

// some draws k different ones of a list.
func some[T any](n *namer, list []T, k int) []T {
	chosen := make([]T, 0, k)
	for _, i := range n.random.Perm(len(list))[:min(k, len(list))] {
		chosen = append(chosen, list[i])
	}
	return chosen
}

// address is under a domain that never receives mail.
func address(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@people.example.test"
}

// npi makes a number that passes the check and begins with a digit that has not
// been given out.
func npi(n int) string {
	digits := fmt.Sprintf("2%08d", n)
	sum := 24
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if (len(digits)-1-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}
