package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// providerRoutes are the pages of a provider.
func (p *Pages) providerRoutes() []reply.Route {
	return append(p.open([]care.Role{care.RoleProvider}, []way{
		{http.MethodGet, "/pro", "read inbox", p.inbox},
		{http.MethodGet, "/pro/clients", "read clients", p.panel},
		{http.MethodGet, "/pro/r/{id}", "read referral", p.referral},
		{http.MethodPost, "/pro/r/{id}/accept", "accept", p.accept},
		{http.MethodGet, "/pro/r/{id}/propose", "read openings", p.proposing},
		{http.MethodPost, "/pro/r/{id}/propose", "propose", p.propose},
		{http.MethodPost, "/pro/r/{id}/book", "book", p.bookListed},
		{http.MethodGet, "/pro/r/{id}/decline", "read referral", p.declining},
		{http.MethodPost, "/pro/r/{id}/decline", "decline", p.decline},
		{http.MethodPost, "/pro/r/{id}/session", "book_session", p.bookVisit},
		{http.MethodPost, "/pro/r/{id}/outcome", "outcome", p.outcome},
		{http.MethodGet, "/pro/appointments/{id}/correct", "read appointment", p.correction("/pro")},
		{http.MethodPost, "/pro/appointments/{id}/correct", "correct", p.correct("/pro")},
		{http.MethodPost, "/pro/alerts/{id}", "acknowledge", p.acknowledge("/pro")},
		{http.MethodGet, "/pro/hours", "read hours", p.hours},
		{http.MethodPost, "/pro/hours", "set_hours", p.setHours},
		{http.MethodGet, "/pro/profile", "read profile", p.profile},
		{http.MethodPost, "/pro/profile", "draft_profile", p.draftProfile},
		{http.MethodPost, "/pro/profile/publish", "publish_profile", p.publishProfile},
		{http.MethodGet, "/pro/profile/photo/{photo}/{size}", "read profile", p.ownPhoto},
		{http.MethodPost, "/pro/profile/photo/remove", "remove_photo", p.removePhoto},
		{http.MethodGet, "/pro/participation", "read participation", p.participation},
		{http.MethodPost, "/pro/join", "join", p.join},
		{http.MethodGet, "/pro/pause", "read participation", p.pausing},
		{http.MethodPost, "/pro/pause", "pause", p.pause},
		{http.MethodPost, "/pro/resume", "resume", p.resume},
		{http.MethodGet, "/pro/leave", "read participation", p.leaving},
		{http.MethodPost, "/pro/leave", "leave", p.leave},
		{http.MethodPost, "/pro/caseload", "set_caseload", p.setCaseload},
		{http.MethodGet, "/pro/virtual", "read participation", p.stoppingVirtual},
		{http.MethodPost, "/pro/virtual", "set_virtual", p.setVirtual},
		{http.MethodPost, "/pro/r/{id}/choose", "choose", p.chooseFor},
		{http.MethodGet, "/pro/r/{id}/discharge", "read referral", p.discharging},
		{http.MethodPost, "/pro/r/{id}/discharge", "discharge", p.discharge},
	}), photographed(p.open([]care.Role{care.RoleProvider}, []way{{http.MethodPost, "/pro/profile/photo", "put_photo", p.putPhoto}})[0]))
}

// way is a line of the route table before it is said who may come.
type way struct {
	method, path, does string
	handler            handler
}

// open makes routes of ways, for some roles.
func (p *Pages) open(roles []care.Role, ways []way) []reply.Route {
	routes := make([]reply.Route, len(ways))
	for i, w := range ways {
		routes[i] = reply.Route{Method: w.method, Path: w.path, Does: w.does, Roles: roles, Handler: p.page(w.handler)}
	}
	return routes
}

// refused tells why an act was refused, where the reader can mend it on the page
// they came from; false leaves it to a page of its own.
func refused(r *http.Request, err error, zone *time.Location) (*assets.Notice, int, bool) {
	problem := reply.ProblemOf(r.Context(), err)
	if problem.Status != http.StatusConflict && problem.Status != http.StatusUnprocessableEntity {
		return nil, problem.Status, false
	}
	n := &assets.Notice{Kind: "danger", Title: "Nothing was changed", Text: problem.Detail}
	for _, reason := range problem.Reasons {
		n.Items = append(n.Items, reason.Says)
	}
	for _, next := range problem.Next {
		n.Items = append(n.Items, "Free: "+moment(next, zone).Text)
	}
	return n, problem.Status, true
}

// practice is what each page of a provider begins with: their own record, and
// the zone they read times in.
func (p *Pages) practice(r *http.Request, why string) (care.Provider, *time.Location, error) {
	who := auth.Actor(r)
	chart, err := p.Store.Chart(r.Context(), who, who.Chart, why)
	if err != nil {
		return care.Provider{}, nil, err
	}
	if chart.Provider == nil {
		return care.Provider{}, nil, care.Missing()
	}
	return *chart.Provider, location(chart.Provider.Hours.Zone), nil
}

// serving are a provider's own list of a sort.
func serving(name care.SetName, provider care.ChartID) care.Set {
	return care.Set{Name: name, Of: string(provider), Serves: provider}
}

// mostOnAPage bounds how many charts a page reads.
const mostOnAPage = 200

// chartsOf reads the charts of members, each once, at most mostOnAPage.
func (p *Pages) chartsOf(r *http.Request, members []care.Member, why string) ([]*care.Chart, error) {
	var ids []care.ChartID
	known := map[care.ChartID]bool{}
	for _, m := range members {
		if m.Chart != "" && !known[m.Chart] && len(ids) < mostOnAPage {
			known[m.Chart] = true
			ids = append(ids, m.Chart)
		}
	}
	return p.Store.Charts(r.Context(), auth.Actor(r), ids, why)
}

// inboxPage is what the inbox shows.
type inboxPage struct {
	Standing *assets.Notice // why nobody finds them, if nobody does
	Alerts   []alertCard
	Waiting  []assets.Waiting // for an answer
	Next     []assets.Waiting // for another word of theirs
	Coming   assets.Table
	Client   []assets.Waiting // the client's turn
}

func (p *Pages) inbox(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "inbox")
	if err != nil {
		return err
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), serving(care.SetAlerts, me.ID), serving(care.SetInbox, me.ID), serving(care.SetPanel, me.ID), care.Unsaid(me.ID))
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "inbox")
	if err != nil {
		return err
	}
	now := p.Now()
	page := inboxPage{Standing: standingNotice(me), Coming: assets.Table{Caption: "Your next seven days", Head: []string{"When", "Client", "What", "Length"}}}
	var asked, next, client []matter
	for _, chart := range charts {
		page.Alerts = append(page.Alerts, p.alertCards(chart, zone, now, "/pro/alerts/")...)
		for _, ref := range chart.Referrals {
			switch m := (matter{chart: chart, referral: ref}); {
			case ref.Status == care.Submitted, stillAnswerable(ref):
				m.due, _ = answerDeadline(chart, ref)
				asked = append(asked, m)
			case ref.Unsaid: // closed, and so without a clock
				next = append(next, m)
			case begun(chart, ref, now), ref.Status == care.ConsultHeld && !booked(chart, ref, care.Session):
				m.due = promiseOf(chart, ref)
				next = append(next, m)
			case ref.Status.Undecided() && !ref.AskedAt.IsZero():
				m.due, _ = chart.Deadline(ref.Consult)
				next = append(next, m)
			case ref.Status.Undecided():
				m.due, _ = chart.Deadline(ref.Consult)
				client = append(client, m)
			}
		}
	}
	for _, m := range bySoonest(asked) {
		page.Waiting = append(page.Waiting, p.requestCard(m, zone, now))
	}
	for _, m := range bySoonest(next) {
		page.Next = append(page.Next, p.nextCard(m, zone, now))
	}
	for _, m := range bySoonest(client) {
		page.Client = append(page.Client, p.clientTurnCard(m, zone, now))
	}
	page.Coming.Rows = sortedVisits(charts, zone, now)
	return p.show(w, r, http.StatusOK, "pro/inbox", me.Hours.Zone, assets.Page{Title: "Inbox", Data: page})
}

// sortedVisits are the booked visits of the next seven days, soonest first.
func sortedVisits(charts []*care.Chart, zone *time.Location, now time.Time) [][]string {
	type visit struct {
		at   time.Time
		cell []string
	}
	var visits []visit
	for _, chart := range charts {
		for _, ap := range chart.Appointments {
			if ap.Status == care.Booked && ap.Start.After(now) && ap.Start.Before(now.AddDate(0, 0, 7)) {
				visits = append(visits, visit{ap.Start, []string{moment(ap.Start, zone).Text, nameIn(chart), visitWords[ap.Type], length(ap)}})
			}
		}
	}
	order.By(visits, func(a, b visit) int { return a.at.Compare(b.at) })
	rows := make([][]string, len(visits))
	for i, v := range visits {
		rows[i] = v.cell
	}
	return rows
}

// matter is a referral with the deadline that makes it urgent.
type matter struct {
	chart    *care.Chart
	referral care.Referral
	due      care.Deadline
}

func bySoonest(matters []matter) []matter {
	order.By(matters, func(a, b matter) int {
		return cmp.Or(a.due.Due.Compare(b.due.Due), strings.Compare(string(a.referral.ID), string(b.referral.ID)))
	})
	return matters
}

// stillAnswerable says whether the time to answer ran out, and a late answer
// still counts.
func stillAnswerable(r care.Referral) bool { return r.Status == care.Expired && r.ClosedAt.IsZero() }

// answerDeadline is until when an answer counts: in time, or late.
func answerDeadline(chart *care.Chart, r care.Referral) (care.Deadline, string) {
	if r.Status == care.Expired {
		for _, d := range chart.Deadlines {
			if d.Code == "late_answer" && d.Subject == string(r.ID) {
				return d, "A late answer counts until "
			}
		}
	}
	d, _ := chart.Deadline(r.Respond)
	return d, "Answer by "
}

func promiseOf(chart *care.Chart, r care.Referral) care.Deadline {
	e, _ := chart.Episode(r.Episode)
	d, _ := chart.Deadline(e.Promise)
	return d
}

// begun says whether a booked visit of the referral has had its time and still
// waits for what became of it.
func begun(chart *care.Chart, r care.Referral, now time.Time) bool {
	return slices.ContainsFunc(chart.Appointments, func(ap care.Appointment) bool {
		return ap.Referral == r.ID && ap.Status == care.Booked && !ap.Start.After(now)
	})
}

func booked(chart *care.Chart, r care.Referral, kind care.AppointmentType) bool {
	return slices.ContainsFunc(chart.Appointments, func(ap care.Appointment) bool {
		return ap.Referral == r.ID && ap.Status == care.Booked && ap.Type == kind
	})
}

// by says until when, in words: "Answer by Sat 21 Nov 2026, 17:00 EST".
func by(says string, d care.Deadline, zone *time.Location) string {
	return says + limit(d.Due, zone)
}

func (p *Pages) requestCard(m matter, zone *time.Location, now time.Time) assets.Waiting {
	_, says := answerDeadline(m.chart, m.referral)
	shown := deadline(m.due, by(says, m.due, zone), zone, now)
	card := assets.Waiting{
		Href: "/pro/r/" + string(m.referral.ID), Title: nameIn(m.chart),
		Line: "Asked " + moment(m.referral.SubmittedAt, zone).Text, Deadline: &shown, Explain: p.explain(m.due),
		Facts: p.requestFacts(m.chart, m.referral, zone),
		Actions: []assets.Action{
			{Text: "Accept", Post: "/pro/r/" + string(m.referral.ID) + "/accept", Icon: "check"},
			{Text: "Propose times", Href: "/pro/r/" + string(m.referral.ID) + "/propose", Icon: "calendar-plus", Style: "outline"},
			{Text: "Decline", Href: "/pro/r/" + string(m.referral.ID) + "/decline", Style: "ghost"},
		},
	}
	if m.referral.Note != "" {
		card.Note = "“" + m.referral.Note + "”"
	}
	return card
}

// requestFacts are what a request says.
func (p *Pages) requestFacts(chart *care.Chart, r care.Referral, zone *time.Location) []assets.Fact {
	facts := []assets.Fact{{Term: "Is in", Text: stateOf(chart)}, p.badgeFact(chart, r)}
	if len(r.Preferred) > 0 {
		facts = append(facts, assets.Fact{Term: "Times that suit them", Text: clockTimes(r.Preferred, zone)})
	}
	if len(r.Concerns) > 0 {
		facts = append(facts, assets.Fact{Term: "What it is about", Text: listed(r.Concerns)})
	}
	facts = append(facts, planFact(chart))
	if promise := promiseOf(chart, r); promise.ID != "" {
		facts = append(facts, promiseFact(promise))
	}
	return facts
}

// badgeFact says under whose name the client came.
func (p *Pages) badgeFact(chart *care.Chart, r care.Referral) assets.Fact {
	e, _ := chart.Episode(r.Episode)
	programme, _ := p.Store.Programme()
	if name := rules.Badge(e, *programme.Programme); name != "" {
		fact := assets.Fact{Term: "Comes through", Text: name, Badge: &assets.Badge{Text: name, Kind: "info"}}
		if e.EmployerName != "" {
			fact.Note = "Employed at " + e.EmployerName + "; the client lets you know."
		}
		return fact
	}
	return assets.Fact{Term: "Comes through", Text: "Your own practice", Note: "The client’s plan pays on its ordinary terms; the programme has no part in it any more."}
}

// promiseFact says when the promise ends, on the client's own clock, which it is
// counted by.
func promiseFact(d care.Deadline) assets.Fact {
	f := assets.Fact{Term: "Promise ends", Text: sentence(limit(d.Due, location(d.Zone))), Note: "First session by then; the client's own days count."}
	switch d.State {
	case care.Waiting:
		f.Badge = &assets.Badge{Text: "Paused", Kind: "warning", Icon: "pause"}
	case care.Met:
		f.Badge = &assets.Badge{Text: "Kept", Kind: "success", Icon: "check"}
	case care.Missed:
		f.Badge = &assets.Badge{Text: "Broken", Kind: "danger", Icon: "clock-alert"}
	}
	return f
}

func (p *Pages) nextCard(m matter, zone *time.Location, now time.Time) assets.Waiting {
	href := "/pro/r/" + string(m.referral.ID)
	card := assets.Waiting{Href: href, Title: nameIn(m.chart)}
	switch {
	case begun(m.chart, m.referral, now):
		card.Line = "Say how it went, so that everybody's clocks are right."
		card.Actions = []assets.Action{{Text: "Say how it went", Href: href + "#visits", Icon: "list-checks"}}
	case !m.referral.AskedAt.IsZero():
		card.Line = "None of the times fits them; they ask for others."
		card.Actions = []assets.Action{{Text: "Propose other times", Href: href + "/propose", Icon: "calendar-plus"}}
		if m.due.State == care.Running {
			shown := deadline(m.due, by("First call by ", m.due, zone), zone, now)
			card.Deadline, card.Explain = &shown, p.explain(m.due)
		}
		return card
	default:
		card.Line = "The consultation was held; the first session is yours to arrange."
		card.Actions = []assets.Action{{Text: "Book the first session", Href: href + "#session", Icon: "calendar-plus"}}
	}
	if m.due.ID != "" && (m.due.State == care.Running || m.due.State == care.Waiting) {
		shown := deadline(m.due, by("First session by ", m.due, location(m.due.Zone)), zone, now)
		card.Deadline, card.Explain = &shown, p.explain(m.due)
	}
	return card
}

func (p *Pages) clientTurnCard(m matter, zone *time.Location, now time.Time) assets.Waiting {
	card := assets.Waiting{Href: "/pro/r/" + string(m.referral.ID), Title: nameIn(m.chart), Line: sentence(act.Status(m.referral.Status)) + ". It is the client's turn to choose a time."}
	if m.due.State == care.Running {
		shown := deadline(m.due, by("First call by ", m.due, zone), zone, now)
		card.Deadline, card.Explain = &shown, p.explain(m.due)
	}
	return card
}

// standingNotice says why nobody finds a provider, if nobody does.
func standingNotice(me care.Provider) *assets.Notice {
	to := []assets.Action{{Text: "See participation", Href: "/pro/participation", Style: "outline", Icon: "arrow-right"}}
	switch me.Standing {
	case care.Active:
		return nil
	case care.Paused:
		return &assets.Notice{Kind: "warn", Title: "You have paused", Text: "Nobody new finds you. What was asked before still waits for you.", Actions: to}
	case care.PendingReview:
		if me.AskedBy != "" {
			return &assets.Notice{Kind: "info", Title: "The care team has put you forward", Text: "Nothing happens before your own yes.", Actions: to}
		}
		return &assets.Notice{Kind: "info", Title: "Your yes is with the care team", Text: "They find out what is still missing; then you take part.", Actions: to}
	case care.Suspended:
		return &assets.Notice{Kind: "warn", Title: "The care team has suspended your participation", Text: "Clients in care stay with you.", Actions: to}
	case care.OptedOut:
		return &assets.Notice{Kind: "info", Title: "You have left the programme", Text: "Clients in care stay with you. You can come back any time.", Actions: to}
	}
	return &assets.Notice{Kind: "info", Title: "You do not take part yet", Text: "Say yes to six duties, and clients can find you.", Actions: to}
}

// panel are the clients that a provider has taken on.
func (p *Pages) panel(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "clients")
	if err != nil {
		return err
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), serving(care.SetPanel, me.ID))
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "clients")
	if err != nil {
		return err
	}
	now := p.Now()
	var cards []assets.Waiting
	for _, chart := range charts {
		for _, ref := range chart.Referrals {
			if !ref.Status.Clinical() {
				continue
			}
			facts := []assets.Fact{{Term: "Where it stands", Text: sentence(act.Status(ref.Status))}}
			if next, ok := nextVisit(chart, ref, now); ok {
				facts = append(facts, assets.Fact{Term: "Next", Text: visitWords[next.Type] + ", " + moment(next.Start, zone).Text})
			}
			cards = append(cards, assets.Waiting{
				Href: "/pro/r/" + string(ref.ID), Title: nameIn(chart), Line: "With you since " + moment(ref.AnsweredAt, zone).Text,
				Facts: append(facts, planFact(chart), sharingFact(chart)),
			})
		}
	}
	order.By(cards, func(a, b assets.Waiting) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Href, b.Href))
	})
	more := ""
	if len(members) > mostOnAPage {
		more = "Only the first 200 are shown here."
	}
	return p.show(w, r, http.StatusOK, "pro/clients", me.Hours.Zone, assets.Page{Title: "Clients", Data: map[string]any{"Cards": cards, "More": more}})
}

func nextVisit(chart *care.Chart, r care.Referral, now time.Time) (care.Appointment, bool) {
	var next care.Appointment
	for _, ap := range chart.Appointments {
		if ap.Referral == r.ID && ap.Status == care.Booked && ap.End.After(now) && (next.ID == "" || ap.Start.Before(next.Start)) {
			next = ap
		}
	}
	return next, next.ID != ""
}
