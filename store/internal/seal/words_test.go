package seal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTheWordListIsPlainAndDistinct: short words of small letters, in their
// order, each known by its first four letters.
func TestTheWordListIsPlainAndDistinct(t *testing.T) {
	list := wordList()
	if len(list) != wordCount || !slices.IsSorted(list) {
		t.Fatalf("%d words, in order: %v", len(list), slices.IsSorted(list))
	}
	seen := map[string]bool{}
	for _, w := range list {
		if len(w) < 4 || len(w) > 8 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is not a word of four to eight small letters", w)
			continue
		}
		if seen[w[:4]] {
			t.Errorf("%q begins as another does", w)
		}
		seen[w[:4]] = true
	}
}

func TestRecoveryWordsComeBack(t *testing.T) {
	for range 200 {
		secret, words, err := NewRecovery(rand.Reader)
		must(t, err)
		short := make([]string, len(words))
		printed := make([]string, len(words))
		for i, w := range words {
			short[i] = strings.ToUpper(w[:4])
			printed[i] = fmt.Sprintf("%2d. %s\n", i+1, w)
		}
		for name, text := range map[string]string{
			"in a row": strings.Join(words, " "), "as printed": strings.Join(printed, ""), "cut to four letters": strings.Join(short, "\t\r\n"),
		} {
			again, err := ReadRecovery(strings.NewReader(text))
			if err != nil || Key(again.material) != Key(secret.material) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	for _, key := range []Key{{}, {31: 1}, {0: 0x80}} {
		if again, err := parseWords([]byte(strings.Join(toWords(key), " "))); err != nil || again != key {
			t.Errorf("a key of few bits: %v", err)
		}
	}
}

// TestTyposInRecoveryWordsAreNoticed tries every other word in every place, and
// every swap of two words, of some secrets. The checksum has 8 bits, so 255 of
// 256 are refused; none of the others gives the same key.
func TestTyposInRecoveryWordsAreNoticed(t *testing.T) {
	list := wordList()
	values := map[string]uint32{}
	for i, w := range list {
		values[w] = uint32(i)
	}
	var typos, typosMissed, swaps, swapsMissed int
	for range 4 {
		secret, words, err := NewRecovery(rand.Reader)
		must(t, err)
		passes := func(bits [recoverySize + 1]byte) bool {
			key := Key(bits[:recoverySize])
			if wordsCheck(key) != bits[recoverySize] {
				return false
			}
			if key == Key(secret.material) {
				t.Error("other words give the same key")
			}
			return true
		}
		for at := range words {
			bad := slices.Clone(words)
			for _, w := range list {
				if bad[at] = w; w == words[at] {
					continue
				}
				if typos++; passes(packed(bad, values)) {
					typosMissed++
				}
			}
		}
		for range 8 { // more swaps than one set of words has
			_, words, err = NewRecovery(rand.Reader)
			must(t, err)
			for i := range words {
				for j := range i {
					bad := slices.Clone(words)
					if bad[i], bad[j] = bad[j], bad[i]; bad[i] == bad[j] {
						continue
					}
					if swaps++; passes(packed(bad, values)) {
						swapsMissed++
					}
				}
			}
		}
		// The reader says the same as the arithmetic above.
		bad := slices.Clone(words)
		bad[0], bad[1] = bad[1], bad[0]
		if _, err := parseWords([]byte(strings.Join(bad, " "))); (err == nil) != passes(packed(bad, values)) {
			t.Errorf("the reader says %v of two words in each other's place", err)
		}
	}
	rate := func(missed, of int) float64 { return 100 * (1 - float64(missed)/float64(of)) }
	t.Logf("refused: %.2f %% of %d single words, %.2f %% of %d swaps; 255 of 256 are 99.61 %%",
		rate(typosMissed, typos), typos, rate(swapsMissed, swaps), swaps)
	if rate(typosMissed, typos) < 99 || rate(swapsMissed, swaps) < 99 {
		t.Error("fewer than 99 % were refused")
	}
}

// packed is the plain way to put words into bits: slower and easier to believe
// than the one in use.
func packed(words []string, values map[string]uint32) (bits [recoverySize + 1]byte) {
	for i, w := range words {
		for b := range wordBits {
			if values[w]&(1<<(wordBits-1-b)) != 0 {
				at := i*wordBits + b
				bits[at/8] |= 1 << (7 - at%8)
			}
		}
	}
	return bits
}

func TestRecoveryWordsThatAreRefused(t *testing.T) {
	_, words, err := NewRecovery(rand.Reader)
	must(t, err)
	with := func(at int, w string) string {
		bad := slices.Clone(words)
		bad[at] = w
		return strings.Join(bad, " ")
	}
	for text, say := range map[string]string{
		"":                           "0 words",
		strings.Join(words[1:], " "): "23 words",
		strings.Join(words, " ") + " " + words[0]: "25 words",
		with(6, "qqqqzz"):                         "word 7",
		with(23, words[23]+"s"):                   "word 24",
		with(0, words[0][:3]):                     "word 1",
		strings.Repeat("acorn ", 1000):            "letters",
	} {
		_, err := ReadRecovery(strings.NewReader(text))
		if !errors.Is(err, ErrSecretFile) || !strings.Contains(err.Error(), say) {
			t.Errorf("want a refusal that says %q, got %v", say, err)
			continue
		}
		for _, w := range append(words, "qqqqzz") {
			if slices.Contains(strings.Fields(err.Error()), w) && !slices.Contains(spoken, w) {
				t.Errorf("the refusal quotes a word: %v", err)
			}
		}
	}
}

// spoken are the words of the list that refusals use of themselves.
var spoken = strings.Fields("secret cannot used recovery words word list look paper again there place each other stand")

func FuzzRecoveryWords(f *testing.F) {
	f.Add(strings.Join(toWords(Key{1, 2, 3}), " "))
	f.Add(strings.Repeat("acorn ", 24))
	f.Add("1. acorn")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseWords([]byte(text))
		if err != nil {
			return
		}
		if again, err := parseWords([]byte(strings.Join(toWords(key), " "))); err != nil || again != key {
			t.Errorf("words that were read do not come back: %v", err)
		}
	})
}
