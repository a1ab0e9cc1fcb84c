package intake

import (
	"strconv"

	"careconnect/rules/registry"
)

// seen is the set of valid NPIs met so far, one bit for each: a valid NPI is
// told by its first nine digits, of which there are 200 million. Bits come in
// small pages, made when first needed, so that a short file costs little and
// all the registry's eight million at most 27 MB.
type seen struct {
	pages []*[pageWords]uint64
}

const (
	pageWords = 16
	pageBits  = pageWords * 64
	firstNine = 100_000_000
	lastNine  = 299_999_999
)

func newSeen() *seen {
	return &seen{pages: make([]*[pageWords]uint64, (lastNine-firstNine)/pageBits+1)}
}

// has says whether a valid NPI was added before.
func (s *seen) has(npi string) bool {
	page, word, bit, ok := bitOf(npi)
	return ok && s.pages[page] != nil && s.pages[page][word]&bit != 0
}

// add takes in a valid NPI. Any other text is judged without this set.
func (s *seen) add(npi string) {
	page, word, bit, ok := bitOf(npi)
	if !ok {
		return
	}
	if s.pages[page] == nil {
		s.pages[page] = new([pageWords]uint64)
	}
	s.pages[page][word] |= bit
}

func bitOf(npi string) (page, word int, bit uint64, ok bool) {
	if !registry.ValidNPI(npi) {
		return 0, 0, 0, false
	}
	nine, err := strconv.Atoi(npi[:9])
	if err != nil {
		return 0, 0, 0, false
	}
	n := nine - firstNine
	return n / pageBits, n % pageBits / 64, 1 << (n % 64), true
}
