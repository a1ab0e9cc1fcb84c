package web

import (
	"net/http"
	"slices"
	"time"

	"careconnect/assets"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// clientRoutes are the pages of a client.
func (p *Pages) clientRoutes() []reply.Route {
	line := func(method, path, does string, h handler) reply.Route {
		return reply.Route{Method: method, Path: path, Does: does, Roles: []care.Role{care.RoleClient}, Handler: p.page(h)}
	}
	return []reply.Route{
		line(http.MethodGet, "/me", "read my care", p.myCare),
		line(http.MethodGet, "/me/r/{id}/time", "read times", p.chooseForm),
		line(http.MethodPost, "/me/r/{id}/time", "book", p.choose),
		line(http.MethodGet, "/me/r/{id}/session", "read times", p.sessionForm),
		line(http.MethodPost, "/me/r/{id}/session", "book_session", p.bookSession),
		line(http.MethodGet, "/me/r/{id}/withdraw", "read request", p.withdrawForm),
		line(http.MethodPost, "/me/r/{id}/withdraw", "withdraw", p.withdraw),
		line(http.MethodPost, "/me/match/{id}/withdraw", "withdraw_match", p.withdrawMatch),
		line(http.MethodGet, "/me/forms/{id}", "read screening", p.form),
		line(http.MethodPost, "/me/forms/{id}", "save_answers", p.saveAnswer),
		line(http.MethodGet, "/me/forms/{id}/answers.csv", "read screening", p.answersFile),
		line(http.MethodPost, "/me/forms/{id}/send", "submit_screening", p.sendForm),
		line(http.MethodGet, "/me/forms/{id}/decline", "read screening", p.decliningForm),
		line(http.MethodPost, "/me/forms/{id}/decline", "decline_screening", p.declineForm),
		line(http.MethodPost, "/me/forms/{id}/again", "retake_screening", p.againForm),
		line(http.MethodGet, "/me/privacy", "read privacy", p.privacy),
		line(http.MethodGet, "/me/leave", "read leaving", p.goodbyeForm),
		line(http.MethodPost, "/me/leave", "leave_programme", p.goodbye),
		line(http.MethodGet, "/me/join", "read joining", p.joinForm),
		line(http.MethodPost, "/me/join", "join_accounts", p.joinAccounts),
		line(http.MethodGet, "/me/erase", "read erasure", p.eraseForm),
		line(http.MethodPost, "/me/erase", "erase", p.erase),
		line(http.MethodGet, "/me/privacy/lines/{id}", "read receipt", p.lineReceipt),
		line(http.MethodGet, "/me/privacy/answers/{id}", "read receipt", p.answerReceipt),
		line(http.MethodGet, "/me/details", "read details", p.details),
		line(http.MethodPost, "/me/details", "update_me", p.saveDetails),
		line(http.MethodPost, "/me/employer", "claim_benefit", p.saveEmployer),
		line(http.MethodPost, "/me/employer/end", "end_employment", p.endEmployment),
		line(http.MethodPost, "/me/employer/name", "name_employer", p.nameEmployer),
		line(http.MethodPost, "/me/password", "give_invite", p.choosePassword),
		line(http.MethodGet, "/coverage", "read coverage", p.myPlan),
		photographed(line(http.MethodPost, "/coverage", "add_coverage", p.addCoverage)),
		line(http.MethodPost, "/coverage/{id}/first", "choose_coverage", p.payFirst),
		line(http.MethodPost, "/coverage/{id}/way", "choose_way", p.chooseWay),
		line(http.MethodGet, "/sharing", "read sharing", p.sharing),
		line(http.MethodPost, "/sharing", "set_sharing", p.setSharing),
	}
}

// mine is one client's care in front of its page.
type mine struct {
	p     *Pages
	chart *care.Chart
	now   time.Time
	zone  *time.Location
	who   map[care.ChartID]care.Provider
	open  *care.Episode // in which the client seeks care now
}

// myCarePage is what stands on it.
type myCarePage struct {
	Lead    string
	Next    *nextStep
	Rescue  *rescued
	Roads   []road
	Room    bool             // a provider has invited them from a waiting list
	Lists   []assets.Waiting // places on waiting lists
	Promise *promised
	Facts   []assets.Fact
	Side    []assets.Action
	Results []assets.Link
	Earlier []assets.Fact
}

// road is one request on its way.
type road struct {
	Name     string
	Turn     assets.Badge
	Timeline []assets.Event
	Actions  []assets.Action
}

// promised is the promise of an episode.
type promised struct {
	Says     string
	Deadline assets.Deadline
	Explain  *assets.Explain
}

// rescued is what is offered when a request fell through.
type rescued struct {
	Notice assets.Notice
	Cards  []assets.ProviderCard
}

func (p *Pages) myCare(w http.ResponseWriter, r *http.Request) error {
	m, err := p.mineOf(r, "my care")
	if err != nil {
		return err
	}
	page := myCarePage{Lead: "Nothing is asked of you right now.", Next: m.next(), Rescue: m.rescue(), Promise: m.promise(), Results: m.results(), Lists: m.lists()}
	if page.Rescue != nil {
		page.Lead = "One request did not work out; here is how to go on."
		if m.open.Match.Open() {
			page.Lead = "The care team looks for somebody with you."
		}
	} else if page.Next != nil {
		page.Lead = page.Next.Lead
	}
	if page.Room = m.invited(); page.Room {
		page.Lead = "Somebody has room for you, for some days."
	}
	for _, ref := range m.newest() {
		if ref.Status.Open() {
			page.Roads = append(page.Roads, m.road(ref))
		} else {
			page.Earlier = append(page.Earlier, assets.Fact{Term: m.name(ref), Text: sentence(act.Status(ref.Status)), Note: "asked " + calendar.Words(ref.SubmittedAt, m.zone)})
		}
	}
	page.Facts, page.Side = m.side()
	return p.show(w, r, http.StatusOK, "me", m.chart.Client.Zone, assets.Page{Title: "My care", Data: page})
}

// mineOf reads the client's chart and the names in it.
func (p *Pages) mineOf(r *http.Request, why string) (*mine, error) {
	chart, err := p.myChart(r, why)
	if err != nil {
		return nil, err
	}
	m := &mine{p: p, chart: chart, now: p.Now(), zone: location(chart.Client.Zone)}
	if e, ok := chart.OpenEpisode(); ok {
		m.open = &e
	}
	m.who, err = p.named(r.Context(), providersOf(chart))
	return m, err
}

func providersOf(chart *care.Chart) []care.ChartID {
	var ids []care.ChartID
	for _, r := range chart.Referrals {
		ids = append(ids, r.Provider)
	}
	for _, w := range chart.Waits {
		ids = append(ids, w.Provider)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// newest are the client's requests, the last one first.
func (m *mine) newest() []care.Referral {
	all := slices.Clone(m.chart.Referrals)
	order.By(all, func(a, b care.Referral) int { return b.SubmittedAt.Compare(a.SubmittedAt) })
	return all
}

func (m *mine) name(r care.Referral) string { return or(m.who[r.Provider].Name, "Your therapist") }

func (m *mine) words(t time.Time) string { return calendar.Words(t, m.zone) }

func (m *mine) badge(d care.Deadline, says string) *assets.Deadline {
	shown := deadline(d, says, m.zone, m.now)
	return &shown
}

// road is a request's timeline, with what can be done about it.
func (m *mine) road(r care.Referral) road {
	w := road{Name: m.name(r), Turn: m.turn(r)}
	if r.HandTo != "" {
		w.Turn = assets.Badge{Text: "Your turn", Kind: "info", Icon: "user"}
		w.Actions = []assets.Action{
			{Text: "Somebody else could take over", Href: "/me/r/" + string(r.ID) + "/hand-over", Style: "outline"},
			{Text: "Stay with " + m.name(r), Post: "/me/r/" + string(r.ID) + "/hand-over", Style: "ghost"},
		}
	}
	w.Timeline = []assets.Event{m.asked(r), m.answered(r), m.call(r)}
	if !r.Status.Undecided() {
		w.Timeline = append(w.Timeline, m.formsEvent(r))
	}
	w.Timeline = append(w.Timeline, m.session(r))
	if f, ok := m.followUp(r); ok {
		w.Timeline = append(w.Timeline, f)
	}
	if r.Status != care.InCare {
		w.Actions = append(w.Actions, m.otherwise(r)...)
		w.Actions = append(w.Actions, assets.Action{Text: "Withdraw this request", Href: "/me/r/" + string(r.ID) + "/withdraw", Style: "ghost", Icon: "x"})
	}
	return w
}

// otherwise are the ways on once the two have met, or should have.
func (m *mine) otherwise(r care.Referral) []assets.Action {
	if ap, ok := m.chart.Appointment(r.Meeting); r.Status == care.ConsultHeld || r.Status == care.SessionBooked || r.Status == care.ConsultBooked && ok && !m.now.Before(ap.Start) {
		return []assets.Action{{Text: "We do not fit", Href: "/me/r/" + string(r.ID) + "/fit", Style: "ghost"}}
	}
	return nil
}

func (m *mine) turn(r care.Referral) assets.Badge {
	if _, booked := m.coming(r); !booked && m.callIsOver(r) {
		return assets.Badge{Text: "You or " + m.name(r), Kind: "info", Icon: "users"}
	}
	switch rules.WhoseTurn(r, m.chart) {
	case rules.TurnClient:
		return assets.Badge{Text: "Your turn", Kind: "info", Icon: "user"}
	case rules.TurnProvider:
		return assets.Badge{Text: m.name(r) + "’s turn", Kind: "quiet", Icon: "hourglass"}
	case rules.TurnCareTeam:
		return assets.Badge{Text: "The care team’s turn", Kind: "quiet", Icon: "hourglass"}
	}
	return assets.Badge{Text: "All set", Kind: "success", Icon: "check"}
}

func (m *mine) asked(r care.Referral) assets.Event {
	e := assets.Event{State: "done", Title: "You asked " + m.name(r), When: moment(r.SubmittedAt, m.zone)}
	if r.SelfBooked {
		e.Title = "You booked a first call with " + m.name(r)
	}
	return e
}

func (m *mine) answered(r care.Referral) assets.Event {
	e := assets.Event{State: "done", Title: m.name(r) + " said yes", When: moment(r.AnsweredAt, m.zone)}
	switch {
	case r.SelfBooked:
		e.Title, e.Text = "Confirmed by the calendar", "The time is yours; nobody has to answer."
	case r.Status == care.Submitted:
		e = assets.Event{State: "now", Title: m.name(r) + " answers", Text: "They say yes, propose times, or say no. If they cannot see you, others are offered to you at once."}
		if d, ok := m.chart.Deadline(r.Respond); ok {
			e.Deadline, e.Explain = m.badge(d, ""), m.p.explain(d)
			e.Text = "Answer by " + m.words(d.Due) + ". " + e.Text
		}
	case len(r.Offered) > 0:
		e.Title = m.name(r) + " proposed times"
	}
	return e
}

func (m *mine) call(r care.Referral) assets.Event {
	cost := m.cost(care.Appointment{Type: care.Consultation})
	e := assets.Event{State: "todo", Title: "First call", Text: "A short call to see whether you fit. " + cost}
	ap, booked := m.chart.Appointment(r.Meeting)
	d, due := m.chart.Deadline(r.Consult)
	switch {
	case !r.AskedAt.IsZero():
		e.State, e.Text = "now", "You asked for other times on "+m.words(r.AskedAt)+". It is "+m.name(r)+"’s turn."
	case r.Status == care.Accepted || r.Status == care.Proposed:
		e.State, e.Text = "now", "You choose the time. "+cost
		if due {
			e.Deadline, e.Explain = m.badge(d, ""), m.p.explain(d)
			e.Text += " The call is to take place by " + m.words(d.Due) + "."
		}
		e.Actions = []assets.Action{{Text: "Choose a time", Href: "/me/r/" + string(r.ID) + "/time", Style: "outline"}}
	case r.Status == care.ConsultBooked && booked:
		e.State, e.When, e.Text, e.Actions = "now", moment(ap.Start, m.zone), "", joinAction(ap, "outline")
		e.Text = "By video. " + cost
		if m.now.After(ap.End) {
			e.State, e.Text, e.Actions = "done", "", nil
		}
	case !r.Status.Undecided():
		e.State, e.Text = "done", ""
		if booked {
			e.When = moment(ap.Start, m.zone)
		} else {
			e.Text = "You began with a session at once."
		}
	case due && d.State == care.Running:
		e.Text, e.Explain = e.Text+" By "+m.words(d.Due)+".", m.p.explain(d)
	}
	return e
}

// joinAction leads into an appointment, and to where it is moved or cancelled.
func joinAction(ap care.Appointment, style string) []assets.Action {
	change := assets.Action{Text: "Move or cancel", Href: "/me/appt/" + string(ap.ID), Icon: "calendar", Style: "ghost"}
	if ap.Link == "" {
		return []assets.Action{change}
	}
	return []assets.Action{{Text: "Join by video", Href: ap.Link, Icon: "video", Style: style}, change}
}

func (m *mine) formsEvent(r care.Referral) assets.Event {
	e := assets.Event{State: "todo", Title: "Two short forms", Text: "About five minutes, once your first session is booked."}
	given, done := 0, 0
	for _, s := range m.forms() {
		if s.Episode != r.Episode || s.Purpose != care.Baseline {
			continue
		}
		if s.Status == care.ScreeningSuperseded || s.Replaces != "" && s.Status.Open() {
			continue
		}
		given++
		switch {
		case s.Status == care.ScreeningCompleted || s.Status == care.ScreeningDeclined:
			done++
		case s.Status.Open():
			e.Actions = append(e.Actions, assets.Action{Text: "Fill in " + titleOf(s), Href: "/me/forms/" + string(s.ID), Style: "outline"})
		}
	}
	switch {
	case given > 0 && done == given:
		e.State, e.Text = "done", ""
	case len(e.Actions) > 0:
		e.State, e.Text = "now", "Before your first session, about five minutes. If you do not get round to them, your session takes place all the same."
		for _, d := range m.chart.Deadlines {
			if ap, ok := m.chart.Appointment(care.AppointmentID(d.Subject)); ok && d.Code == "baseline" && ap.Episode == r.Episode && d.State == care.Running {
				e.Deadline, e.Explain = m.badge(d, ""), m.p.explain(d)
				e.Text = "By " + m.words(d.Due) + ", about five minutes. If you do not get round to them, your session takes place all the same."
			}
		}
	}
	return e
}

// forms are the client's screenings, in the order in which they are given.
func (m *mine) forms() []care.Screening { return inOrder(m.chart.Screenings) }

// visits are the sessions of a request, in their order.
func (m *mine) visits(r care.Referral) []care.Appointment {
	var all []care.Appointment
	for _, ap := range m.chart.Appointments {
		if ap.Referral == r.ID && ap.Type == care.Session {
			all = append(all, ap)
		}
	}
	order.By(all, func(a, b care.Appointment) int { return a.Start.Compare(b.Start) })
	return all
}

// coming is the next booked session of a request that has not ended.
func (m *mine) coming(r care.Referral) (care.Appointment, bool) {
	for _, ap := range m.visits(r) {
		if ap.Status == care.Booked && ap.End.After(m.now) {
			return ap, true
		}
	}
	return care.Appointment{}, false
}

func (m *mine) session(r care.Referral) assets.Event {
	e := assets.Event{State: "todo", Title: "First session"}
	episode, _ := m.chart.Episode(r.Episode)
	promise, owed := m.chart.Deadline(episode.Promise)
	if ap, ok := m.coming(r); ok {
		e.State, e.When, e.Text, e.Actions = "now", moment(ap.Start, m.zone), m.cost(ap), joinAction(ap, "outline")
		if r.Status == care.InCare {
			e.Title = "Next session"
		}
		return e
	}
	if first, ok := m.chart.Appointment(episode.First); ok {
		e.State, e.When = "done", moment(first.Start, m.zone)
		if r.Status == care.InCare {
			e.Actions = []assets.Action{{Text: "Book another session", Href: "/me/r/" + string(r.ID) + "/session", Style: "outline"}}
		}
		return e
	}
	if m.callIsOver(r) {
		e.State, e.Text = "now", "If you fit, you or "+m.name(r)+" book the first session."
	}
	if owed && (promise.State == care.Running || promise.State == care.Waiting) {
		e.Text = or(e.Text, "The promise: by the end of "+dayOf(promise.Due, episode.Zone)+".")
	}
	return e
}

// callIsOver says whether nothing stands before the first session any more.
func (m *mine) callIsOver(r care.Referral) bool {
	ap, ok := m.chart.Appointment(r.Meeting)
	return r.Status == care.ConsultHeld || r.Status == care.ConsultBooked && ok && m.now.After(ap.End)
}

// cost is what an appointment costs, as far as anyone but the insurer can say:
// that one, or one that is booked now.
func (m *mine) cost(ap care.Appointment) string {
	if ap.ID == "" {
		ap.Start = m.now
	}
	return rules.CostOfVisit(m.chart, ap, m.p.Store.Words()).Says
}

func (m *mine) followUp(r care.Referral) (assets.Event, bool) {
	episode, _ := m.chart.Episode(r.Episode)
	d, ok := m.chart.Deadline(episode.FollowUp)
	if !ok || r.Status != care.InCare {
		return assets.Event{}, false
	}
	e := assets.Event{State: "todo", Title: "The two forms once more", Text: "From " + dayOf(d.Opens, d.Zone) + " to the end of " + dayOf(d.Due, d.Zone) + ".", Explain: m.p.explain(d)}
	switch {
	case d.State == care.Met:
		e.State, e.Text = "done", ""
	case d.State == care.Missed || d.State == care.Stopped:
		e.State, e.Text = "stopped", "The time for them is over. Nothing depends on it."
	case !m.now.Before(d.Opens):
		e.State, e.Deadline = "now", m.badge(d, "")
		for _, s := range m.forms() {
			if s.Episode == r.Episode && s.Purpose == care.FollowUp && s.Status.Open() {
				e.Actions = append(e.Actions, assets.Action{Text: "Fill in " + titleOf(s), Href: "/me/forms/" + string(s.ID), Style: "outline"})
			}
		}
	}
	return e, true
}

// promise is that of the open episode.
func (m *mine) promise() *promised {
	if m.open == nil {
		return nil
	}
	d, ok := m.chart.Deadline(m.open.Promise)
	if !ok {
		return nil
	}
	return &promised{
		Says:     "You seek care since " + m.words(m.open.SoughtAt) + ". The first session is promised by the end of " + dayOf(d.Due, m.open.Zone) + ".",
		Deadline: *m.badge(d, ""), Explain: m.p.explain(d),
	}
}

// results lead to the forms that were sent.
func (m *mine) results() []assets.Link {
	var links []assets.Link
	done := slices.DeleteFunc(slices.Clone(m.chart.Screenings), func(s care.Screening) bool { return s.Status != care.ScreeningCompleted })
	order.By(done, func(a, b care.Screening) int { return a.SubmittedAt.Compare(b.SubmittedAt) })
	for _, s := range done {
		links = append(links, assets.Link{Href: "/me/forms/" + string(s.ID), Text: titleOf(s) + ", " + m.words(s.SubmittedAt)})
	}
	return links
}

// side says how plan and sharing stand.
func (m *mine) side() ([]assets.Fact, []assets.Action) {
	facts := []assets.Fact{{Term: "Your plan", Text: "Not given yet", Note: "You can go on without; sessions are covered only with a plan."}}
	plan := "Give your plan"
	if c, ok := m.plan(); ok {
		facts[0] = assets.Fact{Term: "Your plan", Text: c.Payer + " " + c.Plan, Badge: coverageBadge(c.Status)}
		plan = "See your plan"
		if d, ok := m.chart.Deadline(c.Verify); ok && d.State == care.Running {
			facts[0].Note = "Checked by " + limit(d.Due, m.zone)
		}
	}
	sharing, share := "Nothing is shared", "Decide about sharing"
	if c, ok := m.chart.Sharing(); ok && !c.AskAgain() {
		share = "Change sharing"
		if c.Active(m.now) {
			sharing = "Shared: " + scopeList(c.Scopes)
		}
	}
	facts = append(facts, assets.Fact{Term: "With " + m.p.Store.Words()["payer"], Text: sharing})
	return facts, []assets.Action{
		{Text: plan, Href: "/coverage", Style: "outline small", Icon: "shield"}, {Text: share, Href: "/sharing", Style: "outline small", Icon: "lock"},
		{Text: "Statement", Href: "/me/statement", Style: "outline small", Icon: "list-checks"},
		{Text: "Your details", Href: "/me/details", Style: "outline small", Icon: "user"},
	}
}

// plan is the one that pays for a session now; where none does, the last given.
func (m *mine) plan() (care.Coverage, bool) {
	if c, ok := rules.Paying(m.chart, care.Appointment{Start: m.now}); ok {
		return c, true
	}
	return m.chart.CurrentCoverage()
}

// rescue is what is offered for the last request of the open episode that fell
// through, while nobody else has been chosen.
func (m *mine) rescue() *rescued {
	if m.open == nil {
		return nil
	}
	if m.open.Match.Open() {
		return m.looking()
	}
	var fell *care.Referral
	for _, r := range m.newest() {
		if r.Episode != m.open.ID {
			continue
		}
		if r.Status.Open() {
			return nil
		}
		if says[r.Status] != "" && fell == nil {
			fell = &r
		}
	}
	if fell == nil {
		return nil
	}
	promise, _ := m.chart.Deadline(m.open.Promise)
	v := arrival{State: m.open.State, Zone: m.chart.Client.Zone}
	out := &rescued{Notice: assets.Notice{Kind: "info", Title: m.name(*fell) + says[fell.Status], Text: "That is nobody’s fault, and it does not move the promise. These can still see you in time; what you wrote is kept."}}
	for _, id := range fell.Alternatives {
		c, listed := m.p.Store.Directory().Provider(id, m.now)
		if !listed || c.FirstSession.IsZero() || c.FirstSession.After(promise.Due) {
			continue
		}
		card := m.p.card(c, v, promise.Due)
		text := "Ask " + c.Name
		if c.SelfSchedule {
			text = "Book a call"
		}
		card.Actions = []assets.Action{{Text: text, Href: "/p/" + string(id) + "/book?again=" + string(fell.ID), Icon: "arrow-right"}}
		out.Cards = append(out.Cards, card)
	}
	if fell.Status == care.Expired && fell.ClosedAt.IsZero() {
		out.Notice.Text += m.p.Store.Words().Render(" An answer that comes up to {late_answer_hours} hours late still counts, unless you ask somebody else.")
	}
	if len(out.Cards) == 0 {
		out.Notice.Text = "That is nobody’s fault. The care team is looking for somebody who can see you in time and writes to you. You can also look yourself."
		out.Notice.Actions = []assets.Action{{Text: "Find a therapist", Href: "/find?promise=1", Icon: "search"}}
	}
	return out
}

// says is what became of a request that fell through.
var says = map[care.ReferralStatus]string{
	care.Declined: " cannot see you", care.Expired: " has not answered in time", care.Rerouted: " takes no more part in the programme", care.NotAFit: " was not the right one",
}

// own finds a request of the client's by the id in the address.
func (m *mine) own(id string) (care.Referral, error) {
	r, ok := m.chart.Referral(care.ReferralID(id))
	if !ok {
		return r, care.Missing()
	}
	return r, nil
}
