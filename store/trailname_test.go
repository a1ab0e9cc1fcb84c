package store

import (
	"encoding/json"
	"testing"

	"careconnect/rules/care"
)

// An address can name what is no text. Its entry is kept, and opens again as it
// was written to the file.
func TestAnEntryAboutWhatIsNoTextOpensAgain(t *testing.T) {
	for _, name := range []care.ChartID{"\xff", "\x00\xff\"<", "cl_plain", "\u2028", "a\xc3\x28\xffb"} {
		line, err := keep(Entry{Who: "ac_desk", About: []care.ChartID{name}, Did: "read client", Outcome: "no"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		var read kept
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatal(err)
		}
		if e, err := read.open(); err != nil || len(e.About) != 1 || e.Who != "ac_desk" {
			t.Errorf("%q: %v, about %q", name, err, e.About)
		}
	}
}
