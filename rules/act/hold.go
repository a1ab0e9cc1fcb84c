package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Hold keeps an opening for a client who is about to book it. Each client has
// one; a second lets the first go. It ends by itself, and nobody has to undo it.
// Somebody new, who has no chart, holds it by their browser: Holder is the hash of a
// secret that only it sends, and State where they say that they are; empty: not said.
type Hold struct {
	Client   care.ChartID
	Holder   string
	State    string
	Provider care.ChartID
	Start    time.Time
}

// HeldOfOne is how many times of one provider, and HeldAtOnce how many in all, are
// held at a time for people whom nobody knows: whoever has many browsers holds no
// calendar with them.
const (
	HeldOfOne  = 3
	HeldAtOnce = 50
)

func (a Hold) Name() string {
	if a.Client == "" {
		return "hold_new"
	}
	return "hold"
}

func (a Hold) About(k Known) care.About { return care.About{Client: a.Client, Provider: a.Provider} }
func (a Hold) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Provider}, Sets: busyDays(a.Provider, a.Start, bookAhead)}
	if a.Client != "" {
		n.Charts = append(n.Charts, a.Client)
	} else {
		n.Sets = append(n.Sets, care.Held)
		n.add(holdsOf(k, a.Holder))
	}
	if p, ok := ofProvider(k, a.Provider); ok && p.Caseload > 0 {
		n.Sets = append(n.Sets, panel(p.ID))
	}
	return n
}

// Decide holds only what the client could book.
func (a Hold) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	start := a.Start.UTC().Truncate(time.Second)
	if !toCome(start, env.Now) {
		return fault(care.Invalid, "invalid_input", "start: choose a time that is still to come, within a year.")
	}
	if a.Client == "" {
		return a.forNobody(p, start, k, env)
	}
	chart := k.Chart(a.Client)
	if chart == nil || chart.Client == nil {
		return missing()
	}
	if answered(chart, a.Provider) {
		p.SelfSchedule = true // whoever said yes to a client lets them choose
	} else if d := mayRequest(k, chart, p, env); d.Outcome != rules.Yes {
		return refused(d)
	}
	if plan, ok := bookable(p, chart, start, k, env); !ok {
		return plan
	}
	d := begin(env, chart)
	d.letGo()
	return d.hold(care.Hold{Client: chart.ID}, p, start)
}

// forNobody holds what anybody in that state could book, and little of it at a time.
// The hold stands with the provider, since there is nobody whose chart it could be in.
func (a Hold) forNobody(p care.Provider, start time.Time, k Known, env Env) Plan {
	if len(a.Holder) != 64 || len(a.State) > 2 {
		return fault(care.Invalid, "invalid_input", "A time is held by a browser that takes cookies, or by a program that sends a secret of its own.")
	}
	if plan, ok := open(p, providerFacts(k, p, a.State, env), start, k, env); !ok {
		return plan
	}
	all, here := 0, 0
	for _, m := range k.Sets[care.Held] {
		if env.Now.Before(m.Expires) && !slices.ContainsFunc(k.Sets[care.HeldBy(a.Holder)], func(own care.Member) bool { return own.Ref == m.Ref }) {
			all++
			here += map[bool]int{true: 1}[m.Chart == p.ID]
		}
	}
	if all >= HeldAtOnce || here >= HeldOfOne {
		return fault(care.Conflict, "held_enough", "Other people hold times just now, so this one cannot be held for you. It is still free: fill in the form and book it, and it is yours.")
	}
	d := begin(env, chartOf(k, p))
	d.letGoOf(a.Holder, k)
	return d.hold(care.Hold{Holder: a.Holder}, p, start)
}

// hold starts the minutes of a hold.
func (d *draft) hold(h care.Hold, p care.Provider, start time.Time) Plan {
	h.ID, h.Provider = care.HoldID(d.env.ID("hd")), p.ID
	h.Start, h.End = start, start.Add(time.Duration(p.Hours.ConsultMinutes)*time.Minute)
	clock := d.env.Clock.Start(care.Deadline{ID: d.holdClock(), Chart: d.chart.ID, Code: "hold", Subject: string(h.ID), Starts: d.env.Now, Zone: d.zone()})
	h.Clock, h.Until = clock.ID, clock.Due
	d.put(clock)
	d.put(h)
	d.Made = string(h.ID)
	return d.plan()
}

// holdsOf asks for what a browser holds, and for the charts that it stands in.
func holdsOf(k Known, holder string) Needs {
	if holder == "" {
		return Needs{}
	}
	n := Needs{Sets: []care.Set{care.HeldBy(holder)}}
	for _, m := range k.Sets[care.HeldBy(holder)] {
		n.Charts = append(n.Charts, m.Chart)
	}
	return n
}

// answered says whether a provider has said yes to a client, or named times.
func answered(chart *care.Chart, provider care.ChartID) bool {
	return slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool {
		return r.Provider == provider && (r.Status == care.Accepted || r.Status == care.Proposed)
	})
}

// holdClock is the clock of a hold: one of a client's, or of the few at a time that
// stand with a provider, used again, so that a chart does not grow with them.
func (d *draft) holdClock() care.DeadlineID {
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "hold" && dl.State != care.Running {
			return dl.ID
		}
	}
	return care.DeadlineID(d.env.ID("dl"))
}

// letGo ends the client's hold, if there is one: it was used, or given up.
func (d *draft) letGo() {
	for _, h := range slices.Clone(d.chart.Holds) {
		d.settle(h.Clock, care.Met)
		d.drop(h)
	}
}

// letGoOf ends what a browser holds, with whomever.
func (d *draft) letGoOf(holder string, k Known) {
	for _, m := range k.Sets[care.HeldBy(holder)] {
		on := d
		if m.Chart != d.chart.ID {
			chart := k.Chart(m.Chart)
			if chart == nil {
				continue
			}
			on = begin(d.env, chart)
		}
		for _, h := range slices.Clone(on.chart.Holds) {
			if h.Holder == holder {
				on.settle(h.Clock, care.Met)
				on.drop(h)
			}
		}
		if on != d {
			d.also(on)
		}
	}
}

// holdEnds frees the time again.
func holdEnds(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	for _, h := range slices.Clone(d.chart.Holds) {
		if string(h.ID) == dl.Subject {
			d.drop(h)
		}
	}
}

// takes are the times of a provider that are not free: those booked, and those held
// for others. What is held for the client whom an act is about, or by the browser that
// asks, stands in nobody's way, and neither does a hold that has run out, or the one
// entry that is to be moved.
func takes(members []care.Member, but string, k Known, now time.Time) []calendar.Slot {
	var busy []calendar.Slot
	for _, m := range members {
		if m.Ref == but && but != "" || m.Code == "hold" && own(m, k) || !m.Expires.IsZero() && !now.Before(m.Expires) {
			continue
		}
		busy = append(busy, calendar.Slot{Start: m.At, End: m.Until})
	}
	return busy
}

// own says whether a time is held for those whom an act is about.
func own(hold care.Member, k Known) bool {
	if chart := k.Charts[hold.Chart]; chart != nil && chart.Client != nil {
		return true
	}
	for set, members := range k.Sets {
		if set.Name == care.SetHeld && set.Of != "" && slices.ContainsFunc(members, func(m care.Member) bool { return m.Ref == hold.Ref }) {
			return true
		}
	}
	return false
}
