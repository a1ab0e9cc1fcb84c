package planted_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"

	"careconnect/store/planted"
)

// Each form is found, and what was not planted is not. A word whose base64 is the
// same in both alphabets is found under the name of either.
func TestFind(t *testing.T) {
	words := planted.New(1)
	a, b := words.Next(), words.Next()
	forms := planted.FormsOf(words.All[:1])
	for _, row := range []struct{ in, want string }{
		{"before " + a + " after", "itself"},
		{"hex " + hex.EncodeToString([]byte("xx"+a)), "hex"},
		{base64.StdEncoding.EncodeToString([]byte("a" + a + "zz")), "base64"},
		{base64.RawURLEncoding.EncodeToString([]byte("ab" + a)), "base64"},
		{"?q=" + url.QueryEscape(a), "itself"},
		{"only " + b, ""},
	} {
		if found := forms.Find([]byte(row.in)); (row.want == "") != (len(found) == 0) || row.want != "" && !slices.ContainsFunc(found, func(form string) bool { return strings.HasPrefix(form, row.want) }) {
			t.Errorf("in %q: found %v, want %q", row.in, found, row.want)
		}
	}
}
