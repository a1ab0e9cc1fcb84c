package directory

import (
	"math"
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// hold locks the index with every listing right for the instant, and returns how to let it go. Mostly that is
// a lock for reading; only when a day has turned, terms have changed or records have come is more to do.
func (x *Index) hold(now time.Time) (release func()) {
	x.mu.RLock()
	if x.fresh(now.Unix()) {
		return x.mu.RUnlock
	}
	x.mu.RUnlock()
	x.mu.Lock()
	if !x.fresh(now.Unix()) {
		x.refresh(now)
	}
	return x.mu.Unlock
}

func (x *Index) fresh(now int64) bool {
	return len(x.stale) == 0 && x.from <= now && now < x.until
}

// refresh asks the rules again for each row whose answer no longer holds.
func (x *Index) refresh(now time.Time) {
	now = time.Unix(now.Unix(), 0)
	days := days{now: now, terms: rules.TermsAt(x.terms, now), from: math.MinInt64, until: math.MaxInt64, zones: map[*time.Location]day{}}
	for _, t := range x.terms {
		days.bound(ceil(t.Effective))
	}
	if unix := now.Unix(); x.from <= unix && unix < x.until {
		for _, i := range x.stale {
			x.list(i, &days)
		}
	} else {
		x.from, x.until = math.MinInt64, math.MaxInt64
		for i := range x.rows {
			x.list(int32(i), &days)
		}
		x.letPastGo(now)
	}
	x.stale = x.stale[:0]
}

// list brings the listing of one row up to date.
func (x *Index) list(i int32, days *days) {
	r := x.rows[i]
	if unix := days.now.Unix(); unix < r.from || r.until <= unix {
		today := days.of(r.zone)
		r.from, r.until = today.from, today.until
		facts := rules.ProviderFacts{Provider: r.public, Today: today.date, Terms: days.terms, Versions: x.terms, Panel: r.panel}
		x.stand(i, &r.states, statesBy(rules.ProviderIsListed, facts), stateKey, &x.listed)
		var waits []string
		if r.public.WaitlistOnly {
			waits = statesBy(rules.ProviderKeepsList, facts)
		}
		x.stand(i, &r.waits, waits, waitKey, &x.lists)
	}
	x.from, x.until = max(x.from, r.from), min(x.until, r.until)
}

// stand brings up to date in which states a row stands, and in the set of those that do.
func (x *Index) stand(i int32, had *[]string, states []string, key func(string) string, in *set) {
	if slices.Equal(states, *had) {
		return
	}
	for _, s := range *had {
		x.value(stateFacet, key(s)).remove(i)
	}
	for _, s := range states {
		x.value(stateFacet, key(s)).add(i)
	}
	in.remove(i)
	if len(states) > 0 {
		in.add(i)
	}
	*had = states
}

// statesBy are the states, of those the record has a credential for, in which a policy says yes to the provider on a
// day.
func statesBy(policy rules.Policy[rules.ProviderFacts], f rules.ProviderFacts) []string {
	var states []string
	for _, c := range f.Provider.Credentials {
		f.State = c.State
		if !slices.Contains(states, c.State) && allHold(policy, f) {
			states = append(states, c.State)
		}
	}
	return states
}

// allHold is the outcome of a policy being yes, without its reasons: they are not asked for here, and putting them
// into words costs more than all the rest.
func allHold(policy rules.Policy[rules.ProviderFacts], f rules.ProviderFacts) bool {
	for _, r := range policy.Rules {
		if r.Holds(f) != rules.Yes {
			return false
		}
	}
	return true
}

func stateKey(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// waitKey is that of a state in which a provider is not listed and keeps a waiting list. Nobody asks for it by
// itself.
func waitKey(code string) string { return waitMark + stateKey(code) }

const waitMark = "~"

// days knows the civil day of an instant in each zone, and from when to when it holds under the same terms.
type days struct {
	now         time.Time
	terms       care.Terms
	from, until int64
	zones       map[*time.Location]day
}

type day struct {
	date        calendar.Date
	from, until int64
}

// bound notes an instant at which the terms change.
func (d *days) bound(change int64) {
	if change <= d.now.Unix() {
		d.from = max(d.from, change)
	} else {
		d.until = min(d.until, change)
	}
}

func (d *days) of(zone *time.Location) day {
	if today, known := d.zones[zone]; known {
		return today
	}
	date := calendar.On(d.now, zone)
	today := day{
		date:  date,
		from:  max(d.from, calendar.At(date, 0, 0, zone).Unix()),
		until: min(d.until, calendar.At(date.AddDays(1), 0, 0, zone).Unix()),
	}
	d.zones[zone] = today
	return today
}
