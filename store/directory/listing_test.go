package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// condition is one thing that must be true of a listed provider, in each of its ways.
type condition struct {
	name string
	ways []way
}

type way struct {
	name  string
	holds bool
	set   func(*care.Provider)
}

// counted is how many clients each provider of the combinations has.
const counted = 3

func conditions() []condition {
	date := func(month time.Month, day int) calendar.Date {
		return calendar.Date{Year: 2026, Month: month, Day: day}
	}
	credential := func(state string, from, until calendar.Date) func(*care.Provider) {
		return func(p *care.Provider) { p.Credentials = []care.Credential{{State: state, From: from, Until: until}} }
	}
	standing := func(s care.Participation) func(*care.Provider) { return func(p *care.Provider) { p.Standing = s } }
	degree := func(d string) func(*care.Provider) { return func(p *care.Provider) { p.Degree = d } }
	virtual := func(v *bool) func(*care.Provider) { return func(p *care.Provider) { p.Virtual = v } }
	duties := condition{"duties", []way{{"all", true, func(*care.Provider) {}}}}
	for i := range rules.DutyCodes() {
		duties.ways = append(duties.ways, way{fmt.Sprint("without ", i), false, func(p *care.Provider) {
			p.Attested = slices.Delete(slices.Clone(p.Attested), i, i+1)
		}})
	}
	return []condition{
		{"participation", []way{
			{"active", true, standing(care.Active)}, {"paused", false, standing(care.Paused)},
			{"out", false, standing(care.OptedOut)}, {"never in", false, standing(care.NotJoined)},
			{"under review", false, standing(care.PendingReview)}, {"suspended", false, standing(care.Suspended)},
		}},
		{"accepting", []way{
			{"all", true, func(*care.Provider) {}}, {"room", true, func(p *care.Provider) { p.Caseload = counted + 1 }},
			{"full", false, func(p *care.Provider) { p.Caseload = counted }}, {"waiting list", false, func(p *care.Provider) { p.WaitlistOnly = true }},
		}},
		{"credential", []way{
			{"open end", true, credential("NY", date(1, 1), calendar.Date{})}, {"last day", true, credential("NY", date(1, 1), date(11, 20))},
			{"first day", true, credential("NY", date(11, 20), date(12, 1))}, {"ended", false, credential("NY", date(1, 1), date(11, 19))},
			{"to come", false, credential("NY", date(11, 21), calendar.Date{})}, {"elsewhere", false, credential("CA", date(1, 1), calendar.Date{})},
			{"none", false, func(p *care.Provider) { p.Credentials = nil }},
		}},
		{"licence", []way{
			{"here", true, func(*care.Provider) {}},
			{"elsewhere", false, func(p *care.Provider) { p.Licences = []care.Licence{{State: "CA"}} }},
		}},
		{"degree", []way{
			{"phd", true, degree("phd")}, {"np", true, degree("np")}, {"psyd", false, degree("psyd")}, {"unknown", false, degree("")},
		}},
		{"virtual", []way{{"yes", true, virtual(new(true))}, {"no", false, virtual(new(false))}, {"unknown", false, virtual(nil)}}},
		duties,
	}
}

// TestR12ListedIffAllHold puts in a provider for each combination of the conditions and finds exactly those of whom
// all are true; the rules, asked one by one, say the same. R23: a search for waiting lists finds those who would be
// listed, did they not take names only, and a snapshot too.
func TestR12ListedIffAllHold(t *testing.T) {
	x, wanted, lists, combinations := index(1), map[care.ChartID]bool{}, map[care.ChartID]bool{}, 0
	var combine func(p care.Provider, all bool, rest []condition)
	combine = func(p care.Provider, all bool, rest []condition) {
		if len(rest) > 0 {
			for _, w := range rest[0].ways {
				next := p
				next.ID += care.ChartID(", " + rest[0].name + " " + w.name)
				w.set(&next)
				combine(next, all && w.holds, rest[1:])
			}
			return
		}
		combinations++
		x.Put(p)
		x.Panel(p.ID, counted)
		facts := rules.ProviderFacts{Provider: p, State: "NY", Today: calendar.Date{Year: 2026, Month: 11, Day: 20}, Terms: terms()[0], Panel: counted}
		if says := rules.ProviderIsListed.Decide(facts, nil).Outcome == rules.Yes; says != all {
			t.Errorf("%s: the rules say %t", p.ID, says)
		}
		if all {
			wanted[p.ID] = true
		}
		if rules.ProviderKeepsList.Decide(facts, nil).Outcome == rules.Yes {
			lists[p.ID] = true
		}
	}
	combine(provider("p"), true, conditions())

	finds := func(x *directory.Index, q directory.Query, wanted map[care.ChartID]bool) {
		t.Helper()
		found := 0
		for more := true; more; {
			page := search(t, x, q, now)
			for _, c := range page.Items {
				if found++; !wanted[c.ID] || c.Waitlist != q.Waitlist {
					t.Errorf("%s is found", c.ID)
				}
				if _, keeps := x.Keeper(c.ID, now); keeps != q.Waitlist {
					t.Errorf("%s keeps a list: %t", c.ID, keeps)
				}
			}
			q.Cursor, more = page.Next, page.Next != ""
		}
		if found != len(wanted) || combinations < 20000 {
			t.Errorf("found %d of %d among %d", found, len(wanted), combinations)
		}
	}
	if len(wanted) != 12 || len(lists) != 6 {
		t.Errorf("%d are listed, and %d keep a list", len(wanted), len(lists))
	}
	finds(x, directory.Query{State: "NY", Limit: 2}, wanted)
	for _, x := range []*directory.Index{x, read(t, x.Snapshot())} {
		x.Rules(calendar.New(), terms())
		finds(x, directory.Query{State: "NY", Waitlist: true, Limit: 2}, lists)
	}
	finds(x, directory.Query{State: "TX", Waitlist: true}, nil)
}

// TestR5ListingFollowsTheProvidersDay: a credential counts through its last day and from its first, where the
// provider is, without a restart.
func TestR5ListingFollowsTheProvidersDay(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Pacific/Honolulu", "Pacific/Guam"} {
		where, err := calendar.Zone(zone)
		if err != nil {
			t.Fatal(err)
		}
		p := provider("p1")
		p.Hours = nineToFive(zone)
		p.Credentials[0].From, p.Credentials[0].Until = calendar.Date{Year: 2026, Month: 11, Day: 22}, calendar.Date{Year: 2026, Month: 12, Day: 31}
		x := index(1, p, func() care.Provider { o := provider("p2"); o.Hours.Zone = "America/Chicago"; return o }())
		begins := calendar.At(p.Credentials[0].From, 0, 0, where)
		ends := calendar.At(calendar.Date{Year: 2027, Month: 1, Day: 1}, 0, 0, where)
		for _, c := range []struct {
			at   time.Time
			want int
		}{
			{now, 1}, {begins.Add(-time.Second), 1}, {begins, 2}, {begins.AddDate(0, 0, 7), 2}, {ends.Add(-time.Nanosecond), 2}, {ends, 1},
			{begins, 2}, {now, 1}, // a clock that was set back
		} {
			if page := search(t, x, directory.Query{State: "NY"}, c.at); page.Total != c.want {
				t.Errorf("%s: %d found at %v, want %d", zone, page.Total, c.at, c.want)
			}
			if _, listed := x.Provider("p1", c.at); listed != (c.want == 2) {
				t.Errorf("%s: card %t at %v", zone, listed, c.at)
			}
		}
	}
}

// TestListingFollowsTheTerms: new terms count from their instant on, and at once when they are taken in.
func TestListingFollowsTheTerms(t *testing.T) {
	p := provider("p1")
	p.Degree = "psyd"
	x := index(1, p)
	found := func(at time.Time) int { return search(t, x, directory.Query{State: "NY"}, at).Total }
	if n := found(now); n != 0 {
		t.Errorf("%d found while nobody has decided on PsyDs", n)
	}
	later := rules.DefaultTerms(now.Add(90 * time.Minute))
	later.Version, later.PsyD = "later", new(true)
	x.Rules(calendar.New(), append(terms(), later))
	for at, want := range map[time.Time]int{now: 0, later.Effective.Add(-time.Second): 0, later.Effective: 1, now.AddDate(0, 1, 0): 1} {
		if n := found(at); n != want {
			t.Errorf("%d found at %v, want %d", n, at, want)
		}
	}
	if n := search(t, directory.New(calendar.New(), 1), directory.Query{}, now).Total; n != 0 {
		t.Errorf("%d found without terms", n)
	}
}

// TestListingFollowsTheRecord: whoever pauses is gone with the next search, and comes back with resuming.
func TestListingFollowsTheRecord(t *testing.T) {
	p := provider("p1")
	x := index(1, p)
	for _, c := range []struct {
		standing care.Participation
		want     int
	}{{care.Active, 1}, {care.Paused, 0}, {care.Active, 1}, {care.OptedOut, 0}} {
		p.Standing = c.standing
		x.Put(p)
		if page := search(t, x, directory.Query{State: "NY", Facets: true}, now); page.Total != c.want || page.Facets["state"]["NY"] != c.want {
			t.Errorf("%s: found %d, counted %v", c.standing, page.Total, page.Facets["state"])
		}
	}
}
