package act_test

import (
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// A time that somebody sends ends up in a record. None may be such that the
// record cannot be written, for a commit that fails ends the service.
func TestNoInstantThatIsSentCanStopTheStore(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	w.do(provider(p), act.SetHours{Provider: p, Hours: week("America/Los_Angeles")}) // the last opening of 9999 ends in 10000, UTC
	atOnce := act.Request{Provider: p}
	atOnce.New = &act.Enter{}
	*atOnce.New = entering(2)
	for _, start := range []time.Time{
		time.Date(9999, 12, 31, 23, 45, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(2090, 12, 1, 16, 0, 0, 0, time.UTC),
		w.now.AddDate(1, 0, 1),
		w.now.Add(2 * time.Hour).In(time.FixedZone("", 24*60*60)), // a zone that cannot be written
	} {
		atOnce.Start = start
		w.refused(care.Anonymous, atOnce)
		w.refused(client(c), act.Request{Client: c, Provider: p, Start: start})
		w.refused(client(c), act.Request{Client: c, Provider: p, Preferred: []time.Time{start}})
		if err := w.store.Failed(); err != nil {
			t.Fatalf("start %v: %v", start, err)
		}
	}
	entered := entering(3)
	entered.EnteredAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 23*60*60))
	w.do(care.Anonymous, entered)
	if err := w.store.Failed(); err != nil {
		t.Fatal(err)
	}
}

func TestConsultationIsBookedAtMostAYearAhead(t *testing.T) {
	w := open(t)
	p, q, c := w.joins(1, true), w.joins(2, false), w.enters(1)
	far := time.Date(2028, 10, 2, 15, 0, 0, 0, time.UTC)
	if got := w.refused(client(c), act.Request{Client: c, Provider: p, Start: far}); got != "invalid_input" {
		t.Errorf("a request two years ahead: %s", got)
	}
	r := w.asks(c, q)
	w.do(provider(q), act.Accept{Referral: r})
	if got := w.refused(client(c), act.Book{Referral: r, Start: far}); got != "invalid_input" {
		t.Errorf("a booking two years ahead: %s", got)
	}
}

// A client books without an answer only where the provider opens the calendar,
// and then only what is open in it: neither a time that they listed themselves,
// nor the end of the time to answer, opens it.
func TestClientBooksUnaskedOnlyWhatIsOpen(t *testing.T) {
	night := time.Date(2026, 10, 8, 8, 0, 0, 0, time.UTC)    // 03:00 in Chicago
	opening := time.Date(2026, 10, 8, 15, 0, 0, 0, time.UTC) // 10:00
	for _, c := range []struct {
		name          string
		self, expired bool
		start         time.Time
		want          string
	}{
		{"asked, calendar closed", false, false, opening, "not_answered"},
		{"asked, calendar closed, own listed time", false, false, night, "not_answered"},
		{"expired, calendar closed", false, true, opening, "not_answered"},
		{"expired, calendar closed, own listed time", false, true, night, "not_answered"},
		{"asked, calendar open, own listed time", true, false, night, "opening_taken"},
		{"expired, calendar open, own listed time", true, true, night, "opening_taken"},
		{"asked, calendar open", true, false, opening, "done"},
		{"expired, calendar open", true, true, opening, "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			p, me := w.joins(1, c.self), w.enters(1)
			r := w.asks(me, p, night)
			if c.expired {
				w.until(begin.Add(24*time.Hour + time.Second))
			}
			if got := w.refused(client(me), act.Book{Referral: r, Start: c.start}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// From the second in which a provider leaves, the requests that waited are nobody's
// to book or answer, whether or not a sweep has come by.
func TestNobodyBooksWithOneWhoJustLeft(t *testing.T) {
	w := open(t)
	listed := time.Date(2026, 10, 8, 15, 0, 0, 0, time.UTC)
	p, me := w.joins(1, true), w.enters(1)
	r := w.asks(me, p, listed)
	w.do(provider(p), act.Leave{Provider: p})
	for _, actor := range []care.Actor{provider(p), client(me)} {
		if got := w.refused(actor, act.Book{Referral: r, Start: listed}); got != "referral_moved_on" {
			t.Errorf("%s: %s", actor.Role, got)
		}
	}
	for _, a := range []act.Act{act.Accept{Referral: r}, act.Decline{Referral: r}, act.Propose{Referral: r, Times: []time.Time{listed}}} {
		if got := w.refused(provider(p), a); got != "referral_moved_on" {
			t.Errorf("%s: %s", a.Name(), got)
		}
	}
	w.sweep()
	if got := w.referral(me, r).Status; got != care.Rerouted {
		t.Errorf("the request is %s", got)
	}
}

// What carries a way in is an address and nothing else.
func TestAddressIsAnAddressAlone(t *testing.T) {
	w := open(t)
	for _, email := range []string{"<person@example.test>", "person@example.test (note)", "Name <person@example.test>", "person", "a@b@c", "a@example.test\r\nBcc: b@example.test", "a@example.test,b@example.test", ""} {
		e := entering(1)
		e.Email = email
		if got := w.refused(care.Anonymous, e); got != "invalid_input" {
			t.Errorf("%q: %s", email, got)
		}
	}
	e := entering(1)
	e.Email = "  person@example.test "
	id := care.ChartID(w.do(care.Anonymous, e))
	if got := w.chart(id).Account.Email; got != "person@example.test" {
		t.Errorf("kept as %q", got)
	}
}

// One file, or one act, with a provider twice makes them once.
func TestImportTakesTheFirstRowOfANumber(t *testing.T) {
	w := open(t)
	out, err := w.store.Do(t.Context(), care.System, act.Import{Rows: []act.Row{row(1, "a"), row(1, "b"), row(2, "c")}})
	if err != nil || out.Counts[act.ImportedNew] != 2 {
		t.Fatalf("%v, %v", out.Counts, err)
	}
	members, err := w.store.Find(t.Context(), care.System, care.Set{Name: care.SetProviders})
	if err != nil || len(members) != 2 {
		t.Errorf("%d providers, %v", len(members), err)
	}
}
