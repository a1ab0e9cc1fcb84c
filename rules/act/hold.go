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
type Hold struct {
	Client   care.ChartID
	Provider care.ChartID
	Start    time.Time
}

func (Hold) Name() string               { return "hold" }
func (a Hold) About(k Known) care.About { return care.About{Client: a.Client, Provider: a.Provider} }
func (a Hold) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Client, a.Provider}, Sets: busyDays(a.Provider, a.Start, bookAhead)}
	if p, ok := ofProvider(k, a.Provider); ok && p.Caseload > 0 {
		n.Sets = append(n.Sets, panel(p.ID))
	}
	return n
}

// Decide holds only what the client could book.
func (a Hold) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	chart := k.Chart(a.Client)
	if !ok || chart == nil || chart.Client == nil {
		return missing()
	}
	start := a.Start.UTC().Truncate(time.Second)
	if !toCome(start, env.Now) {
		return fault(care.Invalid, "invalid_input", "start: choose a time that is still to come, within a year.")
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
	h := care.Hold{
		ID: care.HoldID(env.ID("hd")), Client: chart.ID, Provider: p.ID,
		Start: start, End: start.Add(time.Duration(p.Hours.ConsultMinutes) * time.Minute),
	}
	clock := env.Clock.Start(care.Deadline{ID: d.holdClock(), Chart: chart.ID, Code: "hold", Subject: string(h.ID), Starts: env.Now, Zone: chart.Client.Zone})
	h.Clock, h.Until = clock.ID, clock.Due
	d.put(clock)
	d.put(h)
	d.Made = string(h.ID)
	return d.plan()
}

// answered says whether a provider has said yes to a client, or named times.
func answered(chart *care.Chart, provider care.ChartID) bool {
	return slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool {
		return r.Provider == provider && (r.Status == care.Accepted || r.Status == care.Proposed)
	})
}

// holdClock is the one clock of a client's holds, used again for each, so that a
// chart does not grow with them.
func (d *draft) holdClock() care.DeadlineID {
	for _, dl := range d.chart.Deadlines {
		if dl.Code == "hold" {
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

// holdEnds frees the time again.
func holdEnds(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	for _, h := range slices.Clone(d.chart.Holds) {
		if string(h.ID) == dl.Subject {
			d.drop(h)
		}
	}
}

// takes are the times of a provider that are not free: those booked, and those held for others: what is
// held for the client whom an act is about stands in nobody's way, and neither
// does a hold that has run out, or the one entry that is to be moved.
func takes(members []care.Member, but string, k Known, now time.Time) []calendar.Slot {
	var busy []calendar.Slot
	for _, m := range members {
		_, own := k.Charts[m.Chart]
		if m.Ref == but && but != "" || m.Code == "hold" && own || !m.Expires.IsZero() && !now.Before(m.Expires) {
			continue
		}
		busy = append(busy, calendar.Slot{Start: m.At, End: m.Until})
	}
	return busy
}
