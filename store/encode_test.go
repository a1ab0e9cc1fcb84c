package store

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// So is an entry.
func TestEntryIsWrittenAsJSON(t *testing.T) {
	words := rapid.SampledFrom([]string{"", "cl_1", "a\"b", "é", "<&>", "\u2028", "\xff"})
	rapid.Check(t, func(r *rapid.T) {
		e := Entry{
			At:   begin.Add(time.Duration(rapid.Int64().Draw(r, "at"))).In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", -3600)}).Draw(r, "zone")),
			Role: care.Role(words.Draw(r, "role")), Who: care.ChartID(words.Draw(r, "who")), Did: words.Draw(r, "did"), Made: words.Draw(r, "made"),
			Effect: words.Draw(r, "effect"), Outcome: words.Draw(r, "outcome"), Request: words.Draw(r, "request"),
		}
		for _, id := range rapid.SliceOfN(words, 0, 3).Draw(r, "about") {
			e.About = append(e.About, care.ChartID(id))
		}
		want, err := json.Marshal(e)
		must(t, err)
		got, err := e.encode()
		if err != nil || !bytes.Equal(got, want) {
			r.Fatalf("got %s, %v; want %s", got, err, want)
		}
	})
	if _, err := (Entry{At: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}).encode(); err == nil {
		t.Error("a year of five digits was written")
	}
}

// A block of the trail is written as the library would write it, whatever it
// holds: blocks from before are rewritten and compared.
func TestBlockIsWrittenAsJSON(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		block := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) kept {
			k := kept{Key: rapid.SampledFrom([]string{"", "00ff"}).Draw(r, "key"), N: rapid.Int64Range(0, 3).Draw(r, "n")}
			copy(k.Salt[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(r, "salt"))
			for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "cl_1", "a\"b", "é", "<&>", "\u2028"}), 0, 3).Draw(r, "names") {
				k.Names = append(k.Names, care.ChartID(name))
			}
			if rapid.Bool().Draw(r, "entry") {
				entry, err := json.Marshal(Entry{At: begin, Did: rapid.String().Draw(r, "did")})
				must(t, err)
				k.Entry = entry
			} else {
				k.Leaf = &tlog.Hash{1}
			}
			return k
		}), 0, 4).Draw(r, "block")
		if block == nil {
			block = []kept{}
		}
		want, err := json.Marshal(block)
		must(t, err)
		got, err := encodeBlock(block)
		if err != nil || !bytes.Equal(got, want) {
			r.Fatalf("got %s, %v; want %s", got, err, want)
		}
	})
}

// unkept plans a record that no codec takes: a year of five digits.
type unkept struct{ client care.ChartID }

func (unkept) Name() string               { return "fall" }
func (unkept) Needs(act.Known) act.Needs  { return act.Needs{} }
func (unkept) About(act.Known) care.About { return care.About{} }
func (u unkept) Decide(_ act.Known, _ act.Env) act.Plan {
	return act.Plan{Decision: rules.Allowed(), Changes: []care.Change{
		care.Put{Chart: u.client, Record: care.Task{ID: "tk_0", OpenedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
		care.Put{Chart: u.client, Record: care.Task{ID: "tk_1", OpenedAt: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}}
}

// A record that cannot be encoded fails its own act, leaves no mark, and stops
// nobody else.
func TestRecordThatCannotBeEncodedFailsItsActAlone(t *testing.T) {
	w := newWorld(t, Throwaway, nil)
	client := w.client(1)
	if _, err := w.Do(t.Context(), care.System, unkept{client}); err == nil {
		t.Fatal("the act was answered as done")
	}
	if err := w.Store.Failed(); err != nil {
		t.Fatalf("the store stopped: %v", err)
	}
	if n := len(w.chart(client).Tasks); n != 0 {
		t.Errorf("%d tasks were written", n)
	}
	w.client(2)
}
