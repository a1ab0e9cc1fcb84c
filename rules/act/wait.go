package act

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// JoinWaitlist puts a client's name on the list of a provider who takes nobody
// new. It seeks no care: no episode is opened and no promise begins. Where nobody has
// looked yet whether they are employed where they say, the care team does meanwhile.
// When New is given the person has no chart yet, and gets one only with the place.
type JoinWaitlist struct {
	Client   care.ChartID
	New      *Enter
	Provider care.ChartID
}

// LeaveWaitlist takes the name off again, StayOnWaitlist lets the days of the entry
// begin anew; the place in the row stays.
type (
	LeaveWaitlist  struct{ Wait care.WaitID }
	StayOnWaitlist struct{ Wait care.WaitID }
)

// InviteWaiting lets one client of the provider's list ask although the provider
// takes nobody else. Without an entry it is who has waited longest, of those whom
// the provider could see where they are.
type InviteWaiting struct {
	Provider care.ChartID
	Wait     care.WaitID
}

func (a JoinWaitlist) About(Known) care.About     { return care.About{Client: a.Client} }
func (LeaveWaitlist) Name() string                { return "leave_waitlist" }
func (a LeaveWaitlist) Needs(Known) Needs         { return Needs{Locate: []string{string(a.Wait)}} }
func (a LeaveWaitlist) About(k Known) care.About  { return aboutWait(k, a.Wait) }
func (StayOnWaitlist) Name() string               { return "stay_on_waitlist" }
func (a StayOnWaitlist) Needs(Known) Needs        { return Needs{Locate: []string{string(a.Wait)}} }
func (a StayOnWaitlist) About(k Known) care.About { return aboutWait(k, a.Wait) }
func (InviteWaiting) Name() string                { return "invite_waiting" }

func (a JoinWaitlist) Name() string {
	if a.Client == "" {
		return "join_waitlist_new"
	}
	return "join_waitlist"
}

func (a JoinWaitlist) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Provider}, Sets: []care.Set{care.Waitlist(a.Provider)}}
	if a.Client != "" {
		n.Charts = append(n.Charts, a.Client)
	} else if a.New != nil {
		n.add(a.New.Needs(k))
	}
	return n
}

func (a InviteWaiting) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Provider}, Sets: []care.Set{care.Waitlist(a.Provider), panel(a.Provider)}}
	if id := a.chosen(k); id != "" {
		n.Locate = []string{string(id)}
	}
	return n
}

// About is the provider's own list, or the entry of it.
func (a InviteWaiting) About(k Known) care.About {
	about := care.About{Provider: a.Provider}
	if a.Wait != "" {
		about = aboutWait(k, a.Wait)
	}
	return about
}

func aboutWait(k Known, id care.WaitID) care.About {
	if _, w, ok := waitOf(k, id); ok {
		return care.About{Client: w.Client, Provider: w.Provider}
	}
	return care.About{}
}

// waitOf is an entry, with the chart that it is in.
func waitOf(k Known, id care.WaitID) (*care.Chart, care.Wait, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Wait{}, false
	}
	w, ok := chart.Wait(id)
	return chart, w, ok
}

// Decide makes an entry and starts its days.
func (a JoinWaitlist) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	chart, opened, f := Request{Client: a.Client, New: a.New}.chart(k, env)
	if f != nil {
		return Plan{Fault: f}
	}
	d := begin(env, chart)
	d.Changes = opened
	client := *chart.Client
	decision := mayWait(d.chart, providerFacts(k, p, client.State, env), env)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	w := care.Wait{ID: care.WaitID(env.ID("wt")), Client: client.ID, Provider: p.ID, State: client.State, JoinedAt: env.Now, Number: 1, Status: care.WaitStands}
	for _, m := range k.Sets[care.Waitlist(p.ID)] {
		w.Number = max(w.Number, m.Seq+1)
	}
	w.Clock = d.start(care.Deadline{Code: "waitlist", Subject: string(w.ID), Zone: client.Zone})
	d.put(w)
	if f := clientFacts(client, env); f.Found == rules.Unknown && f.Rostered { // by the time there is room it is known
		d.keepBenefit(d.lookAtWord(client))
	}
	d.comeBack()
	d.Decision, d.Made = decision, string(w.ID)
	return d.plan()
}

// Decide ends the entry, and tells a provider who had invited the client that the
// invitation is free again.
func (a LeaveWaitlist) Decide(k Known, env Env) Plan {
	chart, w, ok := waitOf(k, a.Wait)
	switch {
	case !ok:
		return missing()
	case !w.Status.Stands():
		return ended()
	}
	d := begin(env, chart)
	d.unwait(w, care.WaitLeft)
	d.Made = string(w.ID)
	return d.plan()
}

// Decide starts the days anew, in the clock that the entry has.
func (a StayOnWaitlist) Decide(k Known, env Env) Plan {
	chart, w, ok := waitOf(k, a.Wait)
	switch {
	case !ok:
		return missing()
	case w.Status == care.WaitInvited:
		return fault(care.Conflict, "invited", "You are invited: ask or book while the invitation counts. The list ends with it.")
	case w.Status != care.WaitStands:
		return ended()
	}
	d := begin(env, chart)
	d.put(env.Clock.Start(care.Deadline{ID: w.Clock, Chart: chart.ID, Code: "waitlist", Subject: string(w.ID), Starts: env.Now, Zone: chart.Client.Zone, Programme: d.programmeOf(string(w.ID))}))
	d.Made = string(w.ID)
	return d.plan()
}

func ended() Plan {
	return fault(care.Conflict, "not_waiting", "You are not on this list any more. If the provider still keeps one, you can join it again.")
}

// chosen is whom an invitation goes to: the one who is named, or who has waited
// longest of those in a state of the provider's.
func (a InviteWaiting) chosen(k Known) care.WaitID {
	p, ok := ofProvider(k, a.Provider)
	if a.Wait != "" || !ok {
		return a.Wait
	}
	for _, m := range InRow(k.Sets[care.Waitlist(a.Provider)]) {
		if m.Until.IsZero() && p.Licensed(m.Code) && slices.ContainsFunc(p.Credentials, func(c care.Credential) bool { return c.State == m.Code }) {
			return care.WaitID(m.Ref)
		}
	}
	return ""
}

// InRow sorts a waiting list: who joined first is first.
func InRow(members []care.Member) []care.Member {
	members = slices.Clone(members)
	order.By(members, func(a, b care.Member) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq), strings.Compare(a.Ref, b.Ref))
	})
	return members
}

// Decide invites one more only where there is room for them besides those who are
// invited already. What it asks of the client is nothing: whether they may still
// take part is between them and the programme.
func (a InviteWaiting) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	id := a.chosen(k)
	if id == "" {
		return fault(care.Conflict, "nobody_waits", "Nobody waits for you whom you could invite.")
	}
	chart, w, ok := waitOf(k, id)
	switch {
	case !ok || w.Provider != p.ID:
		return missing()
	case w.Status == care.WaitInvited:
		return fault(care.Conflict, "invited", "This client is invited already, and can ask you while the invitation counts.")
	case w.Status != care.WaitStands:
		return fault(care.Conflict, "not_waiting", "This client does not wait for you any more. Invite the next.")
	}
	facts := providerFacts(k, p, w.State, env)
	decision := rules.ProviderKeepsList.Decide(facts, env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	for _, m := range k.Sets[care.Waitlist(p.ID)] {
		if !m.Until.IsZero() {
			facts.Panel++
		}
	}
	if !facts.Roomy() {
		return fault(care.Conflict, "caseload_reached", "With those whom you see, and have invited, you are at the number of clients that you set yourself. Raise it, or wait until an invitation has ended.")
	}
	d := begin(env, chart)
	d.settle(w.Clock, care.Stopped)
	w.Status = care.WaitInvited
	w.Clock = d.start(care.Deadline{Code: "invitation", Subject: string(w.ID), Zone: chart.Client.Zone})
	clock, _ := d.chart.Deadline(w.Clock)
	w.Until = clock.Due
	d.put(w)
	d.tellClient("place_offered", string(w.ID), "/me", w.Until)
	d.Decision, d.Made = decision, string(w.ID)
	return d.plan()
}

// mayWait says whether a client may join a provider's list.
func mayWait(chart *care.Chart, p rules.ProviderFacts, env Env) rules.Decision {
	f := rules.WaitFacts{RequestFacts: requestFacts(chart, p, env)}
	for _, w := range chart.Waits {
		if w.Status.Stands() {
			f.Lists++
			f.On = f.On || w.Provider == p.Provider.ID
		}
	}
	return rules.MayWait.Decide(f, env.Words)
}

// MayWait says whether a client may join a provider's list now. It explains; the
// act itself decides again.
func MayWait(chart *care.Chart, provider rules.ProviderFacts, programme *care.Chart, at time.Time) rules.Decision {
	return mayWait(chart, provider, envAt(programme, at))
}

// unwait ends an entry. Who had invited the client is told that they can invite
// somebody else, unless the client asks them now.
func (d *draft) unwait(w care.Wait, status care.WaitStatus) {
	invited := w.Status == care.WaitInvited
	w.Status, w.EndedAt = status, d.env.Now
	state := care.Stopped
	switch status {
	case care.WaitTaken:
		state = care.Met
	case care.WaitLapsed, care.WaitUnused:
		state = care.Missed
	}
	d.settle(w.Clock, state)
	d.put(w)
	if invited && (status == care.WaitLeft || status == care.WaitUnused) {
		d.tellProvider(w.Provider, "place_free", string(w.ID), "/pro/participation", time.Time{}, "")
	}
}

// unwaitAll takes a client off all lists.
func (d *draft) unwaitAll(status care.WaitStatus) {
	for _, w := range d.chart.Waits {
		if w.Status.Stands() {
			d.unwait(w, status)
		}
	}
}

// asks ends the client's waiting for a provider whom they ask now.
func (d *draft) asks(r care.Referral) {
	if w, waits := d.chart.WaitsFor(r.Provider); waits {
		w.Asked = r.ID
		d.unwait(w, care.WaitTaken)
	}
}

// movesTo says on each list where the client is now, and marks what they have with
// providers who cannot see them there.
func (d *draft) movesTo(state string, k Known) {
	for _, r := range d.chart.Referrals {
		if p, ok := ofProvider(k, r.Provider); ok {
			d.mark(r, p, "client_elsewhere")
		}
	}
	for _, w := range d.chart.Waits {
		if w.Status.Stands() && w.State != state {
			w.State = state
			d.put(w)
		}
	}
}

// endWaiting sends word to each who waits, one second after the other in the order
// in which they joined.
func (d *draft) endWaiting(code string, list []care.Member) {
	for i, m := range InRow(list) {
		at := d.env.Now.Add(time.Duration(i) * time.Second)
		d.start(care.Deadline{Code: code, Subject: m.Ref, Starts: at, Due: at, Zone: d.zone()})
	}
}

// outside are those of a list who are where the provider cannot see anybody.
func outside(list []care.Member, p care.Provider, on calendar.Date) []care.Member {
	states := p.States(on)
	return slices.DeleteFunc(slices.Clone(list), func(m care.Member) bool { return slices.Contains(states, m.Code) })
}

// listEnds is the end of a list for one client, unless the provider keeps it again
// by then.
func listEnds(status care.WaitStatus, template string, again func(care.Provider, care.Wait, Env) bool) func(*draft, care.Deadline, Known) {
	return func(d *draft, dl care.Deadline, k Known) {
		d.settle(dl.ID, care.Met)
		chart, w, ok := waitOf(k, care.WaitID(dl.Subject))
		if !ok || d.chart.Provider == nil || !w.Status.Stands() || again(*d.chart.Provider, w, d.env) {
			return
		}
		other := begin(d.env, chart)
		other.unwait(w, status)
		other.tellClient(template, string(w.ID), "/me", time.Time{})
		d.also(other)
	}
}

func keepsAgain(p care.Provider, _ care.Wait, _ Env) bool { return p.WaitlistOnly }

func seesAgain(p care.Provider, w care.Wait, env Env) bool {
	return p.WaitlistOnly && !p.Standing.Gone() && p.Virtual != nil && *p.Virtual && !atRisk(p, w.State, env.Now)
}

// listReminder asks whether the client still waits.
func listReminder(d *draft, dl care.Deadline, _ Known) {
	d.tellClient("list_ends", dl.Subject, "/me", dl.Due)
}

func placeReminder(d *draft, dl care.Deadline, _ Known) {
	d.tellClient("place_offered", dl.Subject, "/me", dl.Due)
}

// waitOver ends an entry whose days are over, or those of its invitation.
func waitOver(status care.WaitStatus, template string) func(*draft, care.Deadline, Known) {
	return func(d *draft, dl care.Deadline, _ Known) {
		if w, ok := d.chart.Wait(care.WaitID(dl.Subject)); ok && w.Status.Stands() {
			d.unwait(w, status)
			d.tellClient(template, dl.Subject, "/me", time.Time{})
		}
		d.settle(dl.ID, care.Missed)
	}
}
