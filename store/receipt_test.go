package store

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// seenBy is the newest line of somebody's list that did something.
func (w *world) seenBy(id care.ChartID, did string) Seen {
	w.Helper()
	w.Flush()
	seen, err := w.Seen(w.Context(), care.System, id, 1000, "test")
	must(w.TB, err)
	i := slices.IndexFunc(seen, func(s Seen) bool { return s.Did == did })
	if i < 0 {
		w.Fatalf("%s has no line of %q", id, did)
	}
	return seen[i]
}

// A receipt proves its entry without the store, tells of nobody else, and no
// change of it goes unnoticed.
func TestAReceiptProvesItsEntryToAnybody(t *testing.T) {
	w, ids := peopled(t, 3)
	desk := w.desk()
	if _, err := w.Charts(t.Context(), desk, ids, "board"); err != nil { // one entry about three
		t.Fatal(err)
	}
	me := ids[1]
	line := w.seenBy(me, "read board")
	if len(line.About) != 3 || line.Who != desk.Chart {
		t.Fatalf("the line is %+v", line)
	}
	receipt, err := w.Receipt(t.Context(), ofClient(me), me, line.Place)
	must(t, err)
	body, err := json.Marshal(receipt)
	must(t, err)
	for _, other := range []care.ChartID{ids[0], ids[2], desk.Chart} {
		if strings.Contains(string(body), string(other)) {
			t.Errorf("the receipt of %s tells of %s", me, other)
		}
	}
	w.client(50) // whatever comes after
	key := w.TrailKey()
	must(t, w.Close())
	read, err := ReadReceipt(body)
	must(t, err)
	entry, of, err := read.Check(key)
	must(t, err)
	if entry.Did != "read board" || !slices.Contains(entry.About, me) || len(entry.About) != 3 || entry.Role != care.RoleCareTeam || of.Size < read.Number {
		t.Errorf("it says %+v of %+v", entry, of)
	}
	other, _ := peopled(t, 1)
	if _, _, err := read.Check(other.TrailKey()); !errors.Is(err, ErrReceipt) {
		t.Errorf("with another store's key: %v", err)
	}
	for name, change := range map[string]func(*Receipt){
		"another entry":      func(r *Receipt) { r.Entry = strings.Replace(r.Entry, "board", "alert", 1) },
		"another salt":       func(r *Receipt) { r.Salt = strings.Repeat("0", 32) },
		"another number":     func(r *Receipt) { r.Number-- },
		"a shorter proof":    func(r *Receipt) { r.Proof = r.Proof[1:] },
		"another proof":      func(r *Receipt) { r.Proof[0] = r.Proof[len(r.Proof)-1] },
		"another person":     func(r *Receipt) { r.Names[0].ID = ids[0] },
		"another checkpoint": func(r *Receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "commit ", "commit 1", 1) },
		"a statement":        func(r *Receipt) { r.Statement = "something that nobody said" },
		"another key":        func(r *Receipt) { r.Key = other.TrailKey() },
	} {
		altered, err := ReadReceipt(body)
		must(t, err)
		change(&altered)
		if _, _, err := altered.Check(""); !errors.Is(err, ErrReceipt) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	for _, no := range []string{"", "{}", `{"format":"careconnect receipt 2"}`, `{"format":"careconnect receipt 1","more":1}`} {
		if _, err := ReadReceipt([]byte(no)); !errors.Is(err, ErrReceipt) {
			t.Errorf("%q is read as a receipt: %v", no, err)
		}
	}
}

// The receipt of an answer about sharing says what was said.
func TestAConsentReceiptSaysWhatWasSaid(t *testing.T) {
	w, ids := peopled(t, 1)
	me := ofClient(ids[0])
	w.do(care.System, act.SetAddresses{Privacy: "privacy@example.test"})
	yes := w.do(me, act.SetSharing{Client: me.Chart, Sharing: true, Scopes: []string{"referral", "identity"}, TextVersion: act.ConsentTextVersion})
	w.do(me, act.SetSharing{Client: me.Chart, Sharing: false, TextVersion: act.ConsentTextVersion})
	receipt, err := w.ConsentReceipt(t.Context(), me, w.chart(me.Chart), care.ConsentID(yes))
	must(t, err)
	entry, _, err := receipt.Check(w.TrailKey())
	must(t, err)
	for _, says := range []string{"answer 1 of " + string(me.Chart) + ": yes", "scopes: identity, referral", "text of " + act.ConsentTextVersion, "number " + yes} {
		if !strings.Contains(receipt.Statement, says) {
			t.Errorf("it does not say %q: %s", says, receipt.Statement)
		}
	}
	if entry.Did != "set_sharing" || entry.Made != yes || entry.Who != me.Chart {
		t.Errorf("%+v", entry)
	}
	receipt.Statement = strings.Replace(receipt.Statement, "identity, ", "", 1)
	if _, _, err := receipt.Check(""); !errors.Is(err, ErrReceipt) {
		t.Errorf("with another statement: %v", err)
	}
}

// Nobody gets another's list, or a receipt out of it; what does not exist
// answers alike.
func TestAListAndItsReceiptsAreOnesOwn(t *testing.T) {
	w, ids := peopled(t, 2)
	line := w.seenBy(ids[0], "request")
	for name, who := range map[string]care.Actor{
		"another client": ofClient(ids[1]), "the care team": w.desk(), "a stranger": care.Anonymous,
		"an operator": {Role: care.RoleOperator, Chart: "ac_0"},
	} {
		t.Log(name)
		_, err := w.Receipt(t.Context(), who, ids[0], line.Place)
		wantFault(t, err, care.NotFound, "not_found")
		_, err = w.Seen(t.Context(), who, ids[0], 10, "access log")
		wantFault(t, err, care.NotFound, "not_found")
	}
	others := w.seenBy(ids[1], "request")
	for _, place := range []string{others.Place, "0.0", "999.0", line.Place + "1", "", "x", "-1.0", "1.-1", strings.Replace(line.Place, ".", ".0", 1)} {
		_, err := w.Receipt(t.Context(), ofClient(ids[0]), ids[0], place)
		wantFault(t, err, care.NotFound, "not_found")
	}
}

// Reading the list, and asking for a receipt, stand in the list themselves.
func TestR86ReadingTheTrailIsRecorded(t *testing.T) {
	w, ids := peopled(t, 1)
	me := ofClient(ids[0])
	seen, err := w.Seen(t.Context(), me, me.Chart, 10, "access log")
	must(t, err)
	if e := w.seenBy(me.Chart, "read access log"); e.Who != me.Chart || e.Role != care.RoleClient {
		t.Errorf("reading the list is noted as %+v", e)
	}
	if _, err := w.Receipt(t.Context(), me, me.Chart, seen[0].Place); err != nil {
		t.Fatal(err)
	}
	w.seenBy(me.Chart, "read receipt")
	w.mustBeWhole()
}

// Entries from before names were marks are read, proven and verified as they are;
// there is no receipt of them.
func TestEntriesFromBeforeTheMarks(t *testing.T) {
	w, ids := peopled(t, 1)
	me := ids[0]
	line := w.seenBy(me, "request")
	before := Entry{At: w.now(), Role: care.RoleClient, Who: me, Did: "request", About: []care.ChartID{me}, Outcome: "yes"}
	seq, i, err := placeInTrail(line.Place)
	must(t, err)
	must(t, w.engine.Update(func(to engine.Writer) error {
		l := w.lines(to)
		at := slices.IndexFunc(l.keys, func(k []byte) bool { return binaryKey(k) == seq })
		body, err := json.Marshal(before)
		must(t, err)
		l.blocks[at][i] = kept{Salt: l.blocks[at][i].Salt, Entry: body}
		w.write(to, l, l)
		w.forge(to, l)
		return w.state.read(to, w.vault)
	}))
	if got := w.seenBy(me, "request"); !reflect.DeepEqual(got.Entry, before) {
		t.Errorf("it is read as %+v", got)
	}
	report, err := w.VerifyTrail(t.Context(), "", nil)
	must(t, err)
	must(t, report.Err())
	_, err = w.Receipt(t.Context(), ofClient(me), me, line.Place)
	wantFault(t, err, care.Conflict, "no_receipt")
}

// Of an entry with somebody who was erased the hash stays, and what it says of
// others; there is no receipt of it any more.
func TestAReceiptOfAnEntryWithSomebodyErased(t *testing.T) {
	e := Entry{Role: care.RoleCareTeam, Who: "ac_a", Did: "read x", About: []care.ChartID{"cl_b", "cl_c"}, Outcome: "yes"}
	whole, err := keep(e, 1)
	must(t, err)
	for id, want := range map[care.ChartID]Entry{
		"cl_b": {Role: e.Role, Who: "ac_a", Did: "read x", About: []care.ChartID{"cl_c"}, Outcome: "yes"},
		"cl_c": {Role: e.Role, Who: "ac_a", Did: "read x", About: []care.ChartID{"cl_b"}, Outcome: "yes"},
	} {
		blank, err := whole.without(id)
		must(t, err)
		if got, err := blank.open(); err != nil || !reflect.DeepEqual(got, want) || blank.leaf() != whole.leaf() {
			t.Errorf("without %s: %+v, %v", id, got, err)
		}
		none, err := blank.without(want.About[0])
		must(t, err)
		if none.Entry != nil || none.leaf() != whole.leaf() {
			t.Errorf("without anybody: %+v", none)
		}
	}
	w, ids := peopled(t, 2)
	_, err = w.Charts(t.Context(), w.desk(), ids, "board")
	must(t, err)
	line := w.seenBy(ids[0], "read board")
	w.do(ofClient(ids[1]), act.Erase{Client: ids[1]})
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	_, err = w.Receipt(t.Context(), ofClient(ids[0]), ids[0], line.Place)
	wantFault(t, err, care.Conflict, "no_receipt")
	report, err := w.VerifyTrail(t.Context(), "", nil)
	must(t, err)
	must(t, report.Err())
}
