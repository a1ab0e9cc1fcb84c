package directory

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"careconnect/rules/care"
)

// fold takes from a text what people do not mind when they search: letter case, accents, ligatures, apostrophes.
func fold(s string) string {
	if plain(s) {
		return strings.ReplaceAll(strings.ToLower(s), "'", "")
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		if other, has := undecomposed[r]; has {
			b.WriteString(other)
		} else if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// undecomposed are the letters that Unicode does not take apart, and people do; and what they leave out.
var undecomposed = map[rune]string{
	'\'': "", '’': "", 'ʼ': "",
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ı': "i",
}

// key is the one spelling of a value: folded, with an underscore wherever letters or digits do not go on.
func key(value string) string { return strings.Join(split(value), "_") }

func keys(values []string) []string {
	ks := make([]string, 0, len(values))
	for _, v := range values {
		if k := key(v); k != "" {
			ks = append(ks, k)
		}
	}
	return sorted(ks)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// split cuts a text into folded words. An apostrophe is no letter and ends no word: O'Neil is oneil.
func split(text string) []string {
	return strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wordsOf are the words that a provider is found by, sorted; a name with an apostrophe also by its parts.
func wordsOf(p care.Provider) []string {
	words := split(p.Name)
	if parts := strings.FieldsFunc(p.Name, apostrophe); len(parts) > 1 {
		words = append(words, split(strings.Join(parts, " "))...)
	}
	words = append(words, split(p.About)...)
	for _, values := range [][]string{p.AllDegrees(), p.Identities, p.Specialties, p.Languages, p.Modalities} {
		for _, v := range values {
			words = append(words, split(v)...)
		}
	}
	return sorted(words)
}

func apostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }

// vocabulary has, for each word, the rows that are found by it. Its words are in order, so that those with a
// common beginning stand together; the newest few are not in order yet.
type vocabulary struct {
	known   map[string]int32
	entries []entry
	ordered []int32
	newest  []int32
}

type entry struct {
	word string
	rows set
}

// mostNewest is how many words may wait to be put in order.
const mostNewest = 2048

func (v *vocabulary) set(word string) *set {
	i, known := v.known[word]
	if !known {
		i = int32(len(v.entries))
		word = strings.Clone(word) // not the whole text that it is cut from
		v.known[word] = i
		v.entries = append(v.entries, entry{word: word})
		if v.newest = append(v.newest, i); len(v.newest) >= mostNewest {
			v.order()
		}
	}
	return &v.entries[i].rows
}

// order puts the newest words to their places among the others, from the last on.
func (v *vocabulary) order() {
	word := func(i int32) string { return v.entries[i].word }
	slices.SortFunc(v.newest, func(a, b int32) int { return strings.Compare(word(a), word(b)) })
	old, fresh := len(v.ordered)-1, len(v.newest)-1
	v.ordered = append(v.ordered, v.newest...)
	for at := len(v.ordered) - 1; fresh >= 0; at-- {
		if old >= 0 && word(v.ordered[old]) > word(v.newest[fresh]) {
			v.ordered[at] = v.ordered[old]
			old--
		} else {
			v.ordered[at] = v.newest[fresh]
			fresh--
		}
	}
	v.newest = v.newest[:0]
}

// beginning goes through the sets of all words that begin so.
func (v *vocabulary) beginning(prefix string) func(yield func(*set) bool) {
	return func(yield func(*set) bool) {
		from, _ := slices.BinarySearchFunc(v.ordered, prefix, func(i int32, p string) int { return strings.Compare(v.entries[i].word, p) })
		for _, i := range v.ordered[from:] {
			if !strings.HasPrefix(v.entries[i].word, prefix) {
				break
			}
			if !yield(&v.entries[i].rows) {
				return
			}
		}
		for _, i := range v.newest {
			if strings.HasPrefix(v.entries[i].word, prefix) && !yield(&v.entries[i].rows) {
				return
			}
		}
	}
}
