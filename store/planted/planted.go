// Package planted gives tests words that stand nowhere else, and finds them again
// in whatever form: what was put in must not come to light where it should not.
package planted

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Words draws words, the same for the same seed.
type Words struct {
	chance *rand.Rand
	All    []string // those drawn so far
}

// New begins to draw.
func New(seed uint64) *Words { return &Words{chance: rand.New(rand.NewPCG(seed, 77))} }

// Next is a new word.
func (w *Words) Next() string {
	word := make([]byte, 14)
	for i := range word {
		word[i] = "bcdfghjklmnpqrstvwxz0123456789"[w.chance.IntN(30)]
	}
	w.All = append(w.All, string(word))
	return string(word)
}

// Text is several new words.
func (w *Words) Text(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = w.Next()
	}
	return strings.Join(all, " ")
}

// Forms are words in each form to look for, by their first eight bytes.
type Forms struct {
	whole map[string]string // and what the form is
	first map[[8]byte][]string
}

// FormsOf are words of eight bytes or more as they stand, reversed, in hex, as
// written for an address, and in base64 at each of the three places that a byte
// can have in it.
func FormsOf(words []string) Forms {
	f := Forms{map[string]string{}, map[[8]byte][]string{}}
	add := func(form, s string) {
		f.whole[s] = form
		f.first[[8]byte([]byte(s))] = append(f.first[[8]byte([]byte(s))], s)
	}
	for _, word := range words {
		add("itself", word)
		back := []byte(word)
		slices.Reverse(back)
		add("itself reversed", string(back))
		percent := ""
		for _, b := range []byte(word) {
			percent += fmt.Sprintf("%%%02x", b)
		}
		add("written for an address", percent)
		add("the same in capitals", strings.ToUpper(percent))
		add("hex", hex.EncodeToString([]byte(word)))
		add("hex in capitals", fmt.Sprintf("%X", word))
		for lead := range 3 {
			padded := append(make([]byte, lead), word...)
			from, to := (lead*8+5)/6, len(padded)*8/6
			add("base64", base64.StdEncoding.EncodeToString(padded)[from:to])
			add("base64 for addresses", base64.URLEncoding.EncodeToString(padded)[from:to])
		}
	}
	return f
}

// Len is how many forms there are.
func (f Forms) Len() int { return len(f.whole) }

// Find gives the forms of the words that stand somewhere, never the words.
func (f Forms) Find(in []byte) []string {
	var found []string
	for i := 0; i+8 <= len(in); i++ {
		for _, s := range f.first[[8]byte(in[i:])] {
			if bytes.HasPrefix(in[i:], []byte(s)) {
				found = append(found, f.whole[s])
			}
		}
	}
	return found
}
