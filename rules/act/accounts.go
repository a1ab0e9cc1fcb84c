package act

import (
	"cmp"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// JoinAccounts makes one account of the two that a person has: who came back in
// another browser before they had a password has two. Everything that stands in the
// one goes over into the other, as if it had all been done there, and the account
// that is empty then is gone. Whoever wants it is signed in to the one and has shown
// that the other opens to them: Proof is the password that it opened with, as it is
// kept, so that nobody can name an account that they did not open.
type JoinAccounts struct {
	Mine  care.ChartID
	Other care.ChartID
	Proof string
	Pass  *care.Pass // the session or token that opens the one account from then on
}

func (JoinAccounts) Name() string             { return "join_accounts" }
func (a JoinAccounts) About(Known) care.About { return care.About{Client: a.Mine} }
func (a JoinAccounts) Needs(k Known) Needs {
	asked := care.Erasures(care.ErasureAsked)
	n := Needs{Charts: []care.ChartID{a.Mine, a.Other}, Sets: []care.Set{asked}}
	for _, m := range k.Sets[asked] {
		n.Charts = append(n.Charts, m.Chart)
	}
	return n
}

// NotProven is the answer to whoever gives an address and a password that open
// nothing. It is the same whether the address is known or not.
func NotProven() *care.Fault {
	return &care.Fault{Kind: care.Invalid, Code: "wrong_password", Says: "The e-mail address or the password is not right. Try again, or ask for a new set-up link."}
}

// Decide says nothing of the other account to whoever has not opened it. Clocks run
// on as they are: joining makes nothing due sooner or later.
func (a JoinAccounts) Decide(k Known, env Env) Plan {
	mine, other := k.Chart(a.Mine), k.Chart(a.Other)
	if !inUse(mine) {
		return missing()
	}
	if a.Mine == a.Other {
		return fault(care.Conflict, "same_account", "This is the account that you are signed in to. Give the address and the password of the other one.")
	}
	if !inUse(other) || a.Proof == "" || a.Proof != other.Account.Password {
		return Plan{Fault: NotProven()}
	}
	stays, goes := oneThatStays(mine, other, env.Now)
	decision := rules.MayJoinAccounts.Decide(joinedFacts(k, stays, goes, env), env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	d := begin(env, stays)
	d.Changes = append(d.Changes, care.Erase{Chart: goes.ID})
	d.takeIn(goes, a.Pass)
	d.Decision, d.Made, d.Effect = decision, string(stays.ID), string(goes.ID)
	return d.plan()
}

// inUse says whether a chart is that of a client who can sign in.
func inUse(chart *care.Chart) bool {
	return chart != nil && chart.Client != nil && chart.Account != nil && !chart.Account.Closed
}

// oneThatStays is the account in which care has begun, and where it has in neither,
// the older one.
func oneThatStays(a, b *care.Chart, now time.Time) (stays, goes *care.Chart) {
	older := func(x, y *care.Chart) int {
		return cmp.Or(x.Client.EnteredAt.Compare(y.Client.EnteredAt), cmp.Compare(x.ID, y.ID))
	}
	switch inA, inB := careBegun(a, now), careBegun(b, now); {
	case inA != inB && inB, inA == inB && older(b, a) < 0:
		return b, a
	}
	return a, b
}

// careBegun says whether anything has taken place in an account: somebody was met, or
// that can still be said of a time that is over, or a form was answered. What is only
// asked for or booked is no care yet.
func careBegun(chart *care.Chart, now time.Time) bool {
	met := func(ap care.Appointment) bool {
		return ap.Status == care.Attended || ap.Status == care.Booked && !ap.Start.After(now)
	}
	treated := func(r care.Referral) bool {
		return r.Status == care.ConsultHeld || r.Status == care.InCare || r.Status == care.Ended || r.Status == care.HandedOver || r.From != ""
	}
	answered := func(s care.Screening) bool { return len(s.Answers) > 0 || s.Status == care.ScreeningCompleted }
	return len(chart.Alerts)+len(chart.Charges) > 0 || slices.ContainsFunc(chart.Appointments, met) ||
		slices.ContainsFunc(chart.Referrals, treated) || slices.ContainsFunc(chart.Screenings, answered)
}

func joinedFacts(k Known, stays, goes *care.Chart, env Env) rules.JoinedFacts {
	f := rules.JoinedFacts{
		Proven:    true,
		SameBirth: stays.Client.BirthDate == goes.Client.BirthDate,
		SameState: stays.Client.State == goes.Client.State,
		Terms:     env.Terms,
	}
	lists := map[care.ChartID]bool{}
	for _, chart := range []*care.Chart{stays, goes} {
		if careBegun(chart, env.Now) {
			f.InCare++
		}
		for _, r := range chart.Referrals {
			if r.Status.Undecided() {
				f.Open++
			}
		}
		for _, w := range chart.Waits {
			if w.Status.Stands() {
				lists[w.Provider] = true
			}
		}
	}
	for _, pair := range askedTwice(stays, goes) {
		agreed := 0
		for _, r := range pair {
			if r.Status.Open() && !r.Status.Undecided() {
				agreed++
			}
		}
		f.Twice = f.Twice || agreed == 2
		if _, less := further(pair); less.Status.Undecided() {
			f.Open-- // it falls together with the other
		}
	}
	for _, chart := range []*care.Chart{stays, goes} {
		for _, r := range chart.Referrals {
			if r.Status.Open() {
				delete(lists, r.Provider)
			}
		}
	}
	f.Lists = len(lists)
	for _, m := range k.Sets[care.Erasures(care.ErasureAsked)] {
		if chart := k.Chart(m.Chart); chart != nil && chart.Erasure != nil {
			f.Erasing = f.Erasing || chart.Erasure.Person == stays.ID || chart.Erasure.Person == goes.ID
		}
	}
	return f
}

// askedTwice are the requests to one provider, each time one of each account, of
// which something can still come.
func askedTwice(stays, goes *care.Chart) (pairs [][2]care.Referral) {
	for _, a := range stays.Referrals {
		for _, b := range goes.Referrals {
			if a.Provider == b.Provider && a.Waits() && b.Waits() {
				pairs = append(pairs, [2]care.Referral{a, b})
			}
		}
	}
	return pairs
}

// stages are how far a request has come, where that counts: a time is agreed on, the
// provider has said yes, they have been asked, a late answer can still come.
func stage(s care.ReferralStatus) int {
	switch {
	case s.Open() && !s.Undecided():
		return 3
	case s == care.Accepted || s == care.Proposed:
		return 2
	case s == care.Submitted:
		return 1
	}
	return 0
}

// further is the one of two requests that has come further, and of two that have come
// equally far the earlier one.
func further(pair [2]care.Referral) (more, less care.Referral) {
	a, b := pair[0], pair[1]
	if cmp.Or(cmp.Compare(stage(b.Status), stage(a.Status)), a.SubmittedAt.Compare(b.SubmittedAt)) > 0 {
		return b, a
	}
	return a, b
}

// takeIn makes one of this chart and another of the same person, which goes.
func (d *draft) takeIn(goes *care.Chart, pass *care.Pass) {
	stays := d.chart.Draft(nil) // as it was
	d.signInAs(goes, pass)
	d.takeOver(goes)
	d.sharesAsBothDid(goes)
	twice := askedTwice(stays, goes)
	for _, pair := range twice {
		d.oneRequest(pair)
	}
	d.oneRow()
	seeks, sought := stays.OpenEpisode()
	also, both := goes.OpenEpisode()
	if both && sought {
		also, _ = d.chart.Episode(also.ID)
		seeks, _ = d.chart.Episode(seeks.ID)
		d.oneWay(seeks, also)
		d.formsOnce(stays, goes, seeks.ID, also.ID)
	} else if both && len(twice) > 0 {
		d.closeIfIdle(also.ID, rules.Joined) // nothing was asked in it but what was asked here too
	}
	d.onePlanOfAKind(stays, goes)
	d.recheckSessions()
	if e, open := d.chart.OpenEpisode(); open {
		d.baseline(e.ID)
		d.judge(e.ID)
	}
	d.tellClient("accounts_joined", string(d.chart.ID), "/me", time.Time{})
}

// signInAs keeps the address and the password of the account that stays, unless it
// never had a password: then those of the other, which was opened with them. Every
// other way into the account ends, for somebody else may have it.
func (d *draft) signInAs(goes *care.Chart, pass *care.Pass) {
	account, client := *d.chart.Account, *d.chart.Client
	if account.Password == "" {
		account.Email, account.Password = goes.Account.Email, goes.Account.Password
		client.Email = goes.Client.Email
		d.put(account)
	}
	for _, p := range slices.Clone(d.chart.Passes) {
		if p.Type == care.PassSession || p.Type == care.PassInvite || p.Type == care.PassToken {
			d.drop(p)
		}
	}
	if pass != nil {
		p := *pass
		p.Chart, p.Made, p.Seen = d.chart.ID, d.env.Now, d.env.Now
		d.put(p)
	}
	client.Former = slices.Concat(client.Former, goes.Client.Former, []care.ChartID{goes.ID})
	client.Phone = cmp.Or(client.Phone, goes.Client.Phone)
	client.Language = cmp.Or(client.Language, goes.Client.Language)
	if len(client.Concerns) == 0 {
		client.Concerns = goes.Client.Concerns
	}
	if goes.Client.EnteredAt.Before(client.EnteredAt) {
		client.EnteredAt = goes.Client.EnteredAt
	}
	if seeksCare(goes) {
		client.LeftAt = time.Time{}
	}
	client.Benefit = laterBenefit(client.Benefit, goes.Client.Benefit)
	d.put(client)
}

// seeksCare says whether anything is open in an account.
func seeksCare(chart *care.Chart) bool {
	_, open := chart.OpenEpisode()
	return open || slices.ContainsFunc(chart.Referrals, care.Referral.Waits) ||
		slices.ContainsFunc(chart.Waits, func(w care.Wait) bool { return w.Status.Stands() })
}

// laterBenefit is what a client said of their employer last. Of one employer what was
// found counts for more than a word. Providers read its name only if they could in
// both accounts.
func laterBenefit(a, b care.Benefit) care.Benefit {
	switch {
	case b.Code == "":
		b = a
	case a.Code == "" || a.Employer != b.Employer && b.At.After(a.At):
	case a.Employer != b.Employer:
		b, a = a, b
	case b.Found() != nil && (a.Found() == nil || foundAt(b).After(foundAt(a))):
	case a.Found() == nil && b.At.After(a.At):
	default:
		b, a = a, b
	}
	b.Named = a.Named && b.Named
	if b.Employer == a.Employer {
		b.Key = cmp.Or(b.Key, a.Key)
	}
	return b
}

// foundAt is since when it is known whether a client is employed where they say.
func foundAt(b care.Benefit) time.Time {
	if b.FoundAt.IsZero() {
		return b.At
	}
	return b.FoundAt
}

// takeOver moves the records of a chart that goes into this one, under their own ids,
// with their clocks as they run.
func (d *draft) takeOver(goes *care.Chart) {
	me, links := d.chart.ID, slices.ContainsFunc(d.chart.Passes, opensDetails)
	subject := func(s string) string {
		if s == string(goes.ID) {
			return string(me)
		}
		return s
	}
	for _, r := range goes.Records() {
		switch r := r.(type) {
		case care.Episode:
			r.Client = me
			d.put(r)
		case care.Referral:
			r.Client = me
			d.put(r)
		case care.Appointment:
			r.Client = me
			d.put(r)
		case care.Coverage:
			r.Client = me
			if r.Card != nil {
				card := *r.Card
				card.Client, r.Card = me, &card
				d.Changes = append(d.Changes, care.Put{Chart: card.Chart, Record: card})
			}
			d.put(r)
		case care.Screening:
			r.Client = me
			d.put(r)
		case care.Wait:
			r.Client = me
			d.put(r)
		case care.Consent: // whose it was stays: the trail holds what was said
			if r.Active(d.env.Now) {
				r.WithdrawnAt, r.Ended = d.env.Now, care.EndedByJoin
			}
			d.put(r)
		case care.Deadline:
			r.Chart, r.Subject = me, subject(r.Subject)
			if r.Code != "hold" && (r.Code != "details" || !links) {
				d.put(r)
			}
		case care.Task:
			r.Client, r.Subject = me, subject(r.Subject)
			d.oneTask(r)
		case care.Message:
			r.Chart, r.To, r.Subject = me, care.ChartID(subject(string(r.To))), subject(r.Subject)
			if r.Template != "invite" && (r.Template != "details" || !links) {
				d.put(r)
			}
		case care.Pass:
			r.Chart = me
			if opensDetails(r) && !links {
				d.put(r)
			}
		}
	}
	for _, e := range d.chart.Episodes {
		if e.EmployerName != "" && e.ClosedAt.IsZero() && !d.chart.Client.Benefit.Named {
			e.EmployerName = ""
			d.put(e)
		}
	}
	d.keepBenefit(*d.chart.Client)
}

// opensDetails says whether a pass is a link to give plan details by. A client has one
// at a time.
func opensDetails(p care.Pass) bool { return p.Type == care.PassDetails || p.Type == care.PassGiven }

// oneTask takes a task over, done if the same is to be done here already.
func (d *draft) oneTask(t care.Task) {
	stands := func(had care.Task) bool {
		return had.Code == t.Code && had.Subject == t.Subject && had.DoneAt.IsZero()
	}
	if t.DoneAt.IsZero() && slices.ContainsFunc(d.chart.Tasks, stands) {
		t.DoneAt = d.env.Now
	}
	d.put(t)
}

// sharesAsBothDid lets a yes to sharing stand only where as much was allowed in the
// other account: what goes out may become less by joining, and never more.
func (d *draft) sharesAsBothDid(goes *care.Chart) {
	had, _ := d.chart.Sharing()
	other, _ := goes.Sharing()
	more := func(scope string) bool { return !slices.Contains(other.Scopes, scope) }
	if had.Active(d.env.Now) && (!other.Active(d.env.Now) || slices.ContainsFunc(had.Scopes, more)) {
		d.endConsents(care.EndedByJoin)
	}
}

// oneRequest lets the one of two requests to a provider stand that has come further,
// with its clocks. What only the other said is kept with it; the provider is told that
// the two are one.
func (d *draft) oneRequest(pair [2]care.Referral) {
	more, less := further(pair)
	more, _ = d.chart.Referral(more.ID)
	less, _ = d.chart.Referral(less.ID)
	if !less.Waits() {
		return
	}
	if more.Note == "" {
		more.Note = less.Note
	}
	if more.Status == care.Submitted && len(more.Preferred) == 0 {
		more.Preferred = less.Preferred
	}
	d.put(more)
	if less.Status == care.Expired {
		d.end(&less, care.Expired)
	} else {
		d.end(&less, care.Superseded)
	}
	d.untask(string(less.ID))
	d.put(less)
	d.tellProvider(less.Provider, "taken_together", string(less.ID), "/pro", time.Time{}, "")
}

// oneRow lets one place stand on each waiting list, the invited or the earlier one,
// and none on that of a provider who is asked by now.
func (d *draft) oneRow() {
	for _, w := range d.chart.Waits {
		if !w.Status.Stands() {
			continue
		}
		for _, r := range d.chart.Referrals {
			if r.Provider == w.Provider && r.Status.Open() {
				d.asks(r)
			}
		}
		first, _ := d.chart.WaitsFor(w.Provider)
		for _, other := range d.chart.Waits {
			if other.Provider == w.Provider && other.Status.Stands() && ahead(other, first) {
				first = other
			}
		}
		if now, _ := d.chart.Wait(w.ID); now.Status.Stands() && first.ID != w.ID {
			d.unwait(now, care.WaitLeft)
		}
	}
}

// ahead says whether one place of a client on a list is worth more than another.
func ahead(a, b care.Wait) bool {
	if invited := a.Status == care.WaitInvited; invited != (b.Status == care.WaitInvited) {
		return invited
	}
	return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.Number, b.Number)) < 0
}

// oneWay has a client who seeks care in two episodes go on in one: that whose promise
// ends first of those that still run. What is in the other goes over to it, and by the
// other's promise nothing more is owed.
func (d *draft) oneWay(into, from care.Episode) {
	if d.promisedBefore(from, into) {
		into, from = from, into
	}
	for _, r := range d.chart.Referrals {
		if r.Episode == from.ID {
			r.Episode = into.ID
			d.put(r)
		}
	}
	for _, ap := range d.chart.Appointments {
		if ap.Episode == from.ID {
			ap.Episode = into.ID
			d.put(ap)
		}
	}
	for _, s := range d.chart.Screenings {
		if s.Episode == from.ID {
			s.Episode = into.ID
			d.put(s)
		}
	}
	if from.Match.Open() {
		wanted := *from.Match
		from = d.matched(from)
		if !into.Match.Open() {
			into.Match = &wanted
			d.put(into)
			d.task("match_wanted", string(into.ID))
		}
	}
	if client := *d.chart.Client; client.Benefit.Episode == from.ID {
		client.Benefit.Episode = into.ID
		d.put(client)
	}
	from.ClosedAt, from.ClosedFor = d.env.Now, rules.Joined
	d.put(from)
	d.judge(from.ID)
}

// promisedBefore says whether the promise of one episode binds before that of another:
// one that runs before one that waits, that before one that is over, and of two alike
// the one that ends first.
func (d *draft) promisedBefore(a, b care.Episode) bool {
	order := map[care.DeadlineState]int{care.Running: -2, care.Waiting: -1}
	x, _ := d.chart.Deadline(a.Promise)
	y, _ := d.chart.Deadline(b.Promise)
	return cmp.Or(cmp.Compare(order[x.State], order[y.State]), x.Due.Compare(y.Due), a.SoughtAt.Compare(b.SoughtAt), cmp.Compare(a.ID, b.ID)) < 0
}

// formsOnce takes the forms of an episode back that nobody has answered, where the one
// that it has become one with has its own: those are owed before whichever session is
// the first now, by the clock that runs to it.
func (d *draft) formsOnce(stays, goes *care.Chart, had, also care.EpisodeID) {
	twice, open := false, false
	for _, s := range goes.Screenings {
		for _, own := range stays.Screenings {
			given := own.Episode == had && own.Instrument == s.Instrument && own.Purpose == s.Purpose && own.Status != care.ScreeningCancelled
			if !given || s.Episode != also || !s.Status.Open() && s.Status != care.ScreeningSuspended {
				continue
			}
			twice, open = true, open || own.Status.Open() || own.Status == care.ScreeningSuspended
			s, _ = d.chart.Screening(s.ID)
			s.Status = care.ScreeningCancelled
			d.put(s)
		}
	}
	if !twice {
		return
	}
	if e, _ := d.chart.OpenEpisode(); open {
		first, booked := d.nextSession(func(ap care.Appointment) bool { return ap.Episode == e.ID })
		d.moveForms(e.ID, first, booked)
		return
	}
	for _, dl := range goes.Deadlines {
		if dl.Code == "baseline" {
			d.settle(dl.ID, care.Stopped)
		}
	}
}

// onePlanOfAKind lets one health plan and one EAP stand, as where both had been given
// in one account: the later one, and of two with the same details the one on which a
// session took place, or about which something has been found.
func (d *draft) onePlanOfAKind(stays, goes *care.Chart) {
	for _, kind := range []care.CoverageType{care.HealthPlan, care.EAP} {
		a, had := inForce(stays, kind)
		b, also := inForce(goes, kind)
		if !had || !also {
			continue
		}
		a, _ = d.chart.Coverage(a.ID)
		b, _ = d.chart.Coverage(b.ID)
		keep, gives := a, b
		if !d.laterPlan(a, b) {
			keep, gives = b, a
		}
		d.wayChosen(gives, care.WayOther)
		d.replace(gives)
		if alikeDetails(a, b) {
			continue
		}
		if _, waits := d.coveragePause(); waits {
			keep.Replaces = gives.ID
			d.put(keep)
		}
		if care.Alike(a.Payer) != care.Alike(b.Payer) {
			d.askSharingAgain()
		}
		d.tellOfChange(keep, "coverage_changed", "coverage_changed_provider")
	}
	if _, waits := d.coveragePause(); waits {
		d.promiseWaits() // nothing begins to wait by joining
	}
}

// laterPlan says whether the first of two coverages stands: the one of the account
// that stays.
func (d *draft) laterPlan(a, b care.Coverage) bool {
	used := func(ap care.Appointment) bool { return ap.Coverage == a.ID && ap.Status == care.Attended }
	switch {
	case !alikeDetails(a, b):
		return a.SubmittedAt.After(b.SubmittedAt)
	case slices.ContainsFunc(d.chart.Appointments, used) || a.VerifiedAt.IsZero() == b.VerifiedAt.IsZero():
		return true
	}
	return b.VerifiedAt.IsZero()
}

// inForce is the coverage of a kind that no other has taken the place of.
func inForce(chart *care.Chart, kind care.CoverageType) (care.Coverage, bool) {
	i := slices.IndexFunc(chart.Coverages, func(c care.Coverage) bool { return c.Type == kind && c.Status != care.Replaced })
	if i < 0 {
		return care.Coverage{}, false
	}
	return chart.Coverages[i], true
}
