package store

import (
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/planted"
)

// aCard is a small PNG whose points are a word. Nobody could draw it, and nobody
// unpacks it.
func aCard(word string) []byte {
	photo := []byte("\x89PNG\r\n\x1a\n")
	for _, part := range []struct{ kind, body string }{{"IHDR", "\x00\x00\x00\x08\x00\x00\x00\x08\x08\x00\x00\x00\x00"}, {"IDAT", word}, {"IEND", ""}} {
		from := len(photo) + 4
		photo = append(append(binary.BigEndian.AppendUint32(photo, uint32(len(part.body))), part.kind...), part.body...)
		photo = binary.BigEndian.AppendUint32(photo, crc32.ChecksumIEEE(photo[from:]))
	}
	return photo
}

// R28: once the plan is verified and the days are over, the photo of the card is
// out of the store; after the night no key there is opens anything of it at any
// place of any file.
func TestR28AfterVerificationAndItsDaysThePhotoIsGoneFromTheStore(t *testing.T) {
	w := newWorld(t, Production, nil)
	client, stays := w.client(1), w.client(2)
	word := planted.New(28)
	var card [2]care.Card
	for i, who := range []care.ChartID{client, stays} {
		id := w.do(ofClient(who), act.AddCoverage{Client: who, Type: care.HealthPlan, Payer: "Optum", Plan: "Choice", MemberID: "W123456", Photo: aCard(word.Next())})
		c, _ := w.chart(who).Coverage(care.CoverageID(id))
		card[i] = *c.Card
	}
	w.Flush()
	gone := known{client: card[0].Chart, records: w.chart(card[0].Chart).Records()}
	kept := known{client: card[1].Chart, records: w.chart(card[1].Chart).Records()}
	before, err := w.vault.Former(headersOf(t, w))
	must(t, err)
	if found := w.thief(w.vault, gone, w.everyFile()...); found["the chart's key"] == 0 || found["a record"] < 2 {
		t.Fatalf("while it is there the search finds %v: it would find nothing anywhere", found)
	}

	w.do(team, act.VerifyCoverage{Coverage: card[0].Coverage, Result: care.Eligible})
	chart := w.chart(client)
	closed, _ := chart.Coverage(card[0].Coverage)
	removal, _ := chart.Deadline(closed.Card.Removal)
	if days := removal.Due.Sub(w.now()).Hours() / 24; days < 6.9 || days > 7.1 {
		t.Fatalf("it is removed %v days after the finding", days)
	}
	w.passes(6)
	if there, err := w.here(card[0].Chart); err != nil || !there {
		t.Fatalf("the photo went before its time: %v", err)
	}
	w.passes(2)
	if there, err := w.here(card[0].Chart); err != nil || there {
		t.Fatalf("the photo is still in the store: %v", err)
	}
	if found := w.thief(before, gone, w.everyFile()...); found["a record"] == 0 {
		t.Error("before the night the search finds nothing of it: this test shows nothing")
	}
	if _, err := w.Forget(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it is, and opened again
		if found := w.thief(w.vault, gone, w.everyFile()...); len(found) > 0 {
			t.Errorf("after the night these open: %v", found)
		}
		for i, file := range w.everyFile() {
			if shown := planted.FormsOf(word.All).Find(file); len(shown) > 0 {
				t.Errorf("file %d shows a photo, as %s", i, shown[0])
			}
		}
		if found := w.thief(w.vault, kept, w.everyFile()...); found["a record"] < 2 {
			t.Errorf("of the photo that stays the search finds %v", found)
		}
		w.mustBeWhole()
		w.mustVerify()
		w.reopen()
	}
	if sequence := stateOf(t, w.Store).Sequence; sequence == 0 {
		t.Fatal("nothing is committed")
	} else if _, err := w.Forget(t.Context(), nil, nil); err != nil || stateOf(t, w.Store).Sequence != sequence {
		t.Errorf("a night on which nothing went changes something: %v", err)
	}
}

// R28: a backup holds the photo, and a store that is restored from it removes it
// in its turn, though nobody watched when its time came.
func TestR28APhotoThatARestoreBringsBackGoesAgain(t *testing.T) {
	w := newWorld(t, Production, nil)
	client := w.client(1)
	id := care.CoverageID(w.do(ofClient(client), act.AddCoverage{Client: client, Type: care.HealthPlan, Payer: "Optum", Plan: "Choice", MemberID: "W123456", Photo: aCard("anything")}))
	w.do(team, act.VerifyCoverage{Coverage: id, Result: care.Eligible})
	c, _ := w.chart(client).Coverage(id)
	chart := c.Card.Chart
	before := w.chart(chart).Picture()
	made, err := w.Backup(t.Context(), filepath.Join(private(t), "backups"), nil)
	must(t, err)
	w.passes(8)
	there := func() bool {
		t.Helper()
		is, err := w.here(chart)
		must(t, err)
		return is
	}
	if there() {
		t.Fatal("the photo is in the store, and its time is over")
	}
	must(t, w.Close())
	_, err = Restore(t.Context(), w.config, made.Path, true, nil)
	must(t, err)
	w.Store, err = Open(w.config)
	must(t, err)
	if !there() || string(w.chart(chart).Picture()) != string(before) {
		t.Fatal("the backup does not hold the photo as it was")
	}
	w.sweep()
	if there() {
		t.Error("the photo that the restore brought back is still there")
	}
	w.mustBeWhole()
	w.mustVerify()
}

var team = care.Actor{Role: care.RoleCareTeam, Chart: "ac_desk"}

// passes lets days pass, in steps that no clock is doubted for.
func (w *world) passes(days int) {
	w.Helper()
	for range 2 * days {
		w.clock.set(w.clock.now().Add(12 * time.Hour))
		w.sweep()
	}
}
