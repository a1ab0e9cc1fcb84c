package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// careTeamRoutes are the pages of the care team and of the clinical desk.
func (p *Pages) careTeamRoutes() []reply.Route {
	return slices.Concat(
		p.open([]care.Role{care.RoleCareTeam, care.RoleClinical}, []way{
			{http.MethodGet, "/ops", "read board", p.board},
			{http.MethodGet, "/ops/client/{id}", "read client", p.client},
		}),
		p.open([]care.Role{care.RoleClinical}, []way{
			{http.MethodGet, "/ops/alerts", "read alerts", p.alerts},
			{http.MethodPost, "/ops/alerts/{id}", "acknowledge", p.acknowledge("/ops/alerts")},
		}),
		p.open([]care.Role{care.RoleCareTeam}, p.policyRoutes()),
		p.open([]care.Role{care.RoleCareTeam}, p.planListRoutes()),
		p.open([]care.Role{care.RoleCareTeam}, p.helpDeskRoutes()),
		p.open([]care.Role{care.RoleCareTeam}, []way{
			{http.MethodGet, "/ops/tasks/{id}", "read task", p.incident},
			{http.MethodPost, "/ops/tasks/{id}", "finish_task", p.finishTask},
			{http.MethodGet, "/ops/appointments/{id}/correct", "read appointment", p.correction("/ops")},
			{http.MethodPost, "/ops/appointments/{id}/correct", "correct", p.correct("/ops")},
			{http.MethodGet, "/ops/client/{id}/erase", "read client", p.askErasureForm},
			{http.MethodPost, "/ops/client/{id}/erase", "ask_erasure", p.askErasure},
			{http.MethodGet, "/ops/erasures", "read erasures", p.erasures},
			{http.MethodPost, "/ops/erasures/{id}/confirm", "confirm_erasure", p.confirmErasure},
			{http.MethodPost, "/ops/erasures/{id}/refuse", "refuse_erasure", p.refuseErasure},
			{http.MethodGet, "/ops/gaps", "read gaps", p.gaps},
			{http.MethodGet, "/ops/figures", "read figures", p.figures},
			{http.MethodGet, "/ops/figures.csv", "read figures", p.figuresFile},
			{http.MethodGet, "/ops/coverage", "read plans to verify", p.plansToVerify},
			{http.MethodGet, "/ops/coverage/{id}", "read coverage", p.verification},
			{http.MethodPost, "/ops/coverage/{id}", "verify_coverage", p.verify},
			{http.MethodGet, "/ops/coverage/{id}/card", "read coverage", p.cardPage},
			{http.MethodGet, "/ops/coverage/{id}/card/photo", "read card photo", p.cardPhoto},
			{http.MethodPost, "/ops/client/{id}/details", "ask_details", p.askDetails},
			{http.MethodGet, "/ops/match/{id}", "read match", p.matchDesk},
			{http.MethodPost, "/ops/match/{id}", "propose_match", p.proposeMatch},
			{http.MethodGet, "/ops/providers", "read providers", p.providers},
			{http.MethodGet, "/ops/providers/{id}", "read provider", p.provider},
			{http.MethodPost, "/ops/providers/{id}/credentials", "credential", p.credential},
			{http.MethodPost, "/ops/providers/{id}/opt-in", "opt_in", p.optIn},
			{http.MethodPost, "/ops/providers/{id}/admit", "admit", p.admit},
			{http.MethodPost, "/ops/providers/{id}/suspend", "suspend", p.suspend},
			{http.MethodGet, "/ops/providers/{id}/photo/{photo}/{size}", "read provider", p.anyPhoto},
			{http.MethodPost, "/ops/providers/{id}/photo/remove", "take_photo_down", p.takePhotoDown},
			{http.MethodPost, "/ops/providers/{id}/reinstate", "reinstate", p.reinstate},
			{http.MethodPost, "/ops/providers/{id}/degrees", "set_degrees", p.setDegrees},
			{http.MethodPost, "/ops/psyd", "decide_psyd", p.decidePsyD},
			{http.MethodPost, "/ops/providers/{id}/invite", "invite_provider", p.inviteProvider},
		}),
	)
}

// boardColumn is a column of the board.
type boardColumn struct {
	Title, State, Note string
	Tiles              []boardTile
}

// boardTile is one matter; Done ends it, where it is a task.
type boardTile struct {
	assets.Tile
	Done *assets.Action
	due  time.Time
}

// The columns of the board, in their order.
const (
	needsUs = iota
	dueToday
	atRisk
	onClient
	broken
)

// rungs are the columns that the ladder of a promise leads through: it is watched,
// then somebody calls, and then somebody says why it was broken.
var rungs = map[string]int{rules.WatchTask: atRisk, rules.CallTask: needsUs, rules.BrokenTask: broken}

// The board looks at what falls due from a little while ago to somewhat further
// ahead than any promise.
const (
	boardBehind = 2 * time.Hour
	boardAhead  = 8 * 24 * time.Hour
	riskDays    = 2
)

// taskWords say what a task is about.
var taskWords = map[string]string{
	"manual_match":     "Find a provider: nobody else could keep the promise by itself",
	"answer_missed":    "A provider did not answer in time; others were offered",
	"match_wanted":     "Asks us to find somebody",
	"join_review":      "A provider has said yes and waits for a review",
	"choice_missing":   "A provider who left has not said what becomes of this client",
	"credential_ended": "The provider's credential has ended while this is open",
	"client_elsewhere": "The client is in a state now where their provider has no credential",
	"on_time_review":   "Several requests ran out unanswered: look at it with the provider",
	"consult_missed":   "No first call was arranged in time",
	rules.WatchTask:    "The promise ends in two business days: watch",
	rules.CallTask:     "The promise ends in one business day: call",
	rules.BrokenTask:   "The promise was broken: find out why",
	"eligibility_late": "A plan was not verified in time",
	"safety_overdue":   "A safety alert was not acknowledged in time",
	"provider_no_show": "The provider did not come to an appointment",
	"mail_undelivered": "A message could not be delivered: reach the person another way",
	"follow_up_missed": "A follow-up was owed and became known too late: we missed it",
	"no_word":          "Nobody has said that a first call took place: ask both sides",
	"link_missing":     "An appointment begins within two hours and has no way to join",
	"outcome_missing":  "Nobody has said what became of a session; the promise hangs on it",

	"employment":             "A client’s word on where they work: see whether it holds",
	"coverage_choice_missed": "A client has not said how to go on without a plan that cannot be processed: ask them",
	"other_provider":         "A client wants another provider because of their plan: help to find one",
	"self_pay_quote":         "A client pays for sessions themselves: tell them what one costs",
}

var turnWords = map[string]string{
	rules.TurnClient: "Client’s turn", rules.TurnProvider: "Provider’s turn", rules.TurnCareTeam: "Our turn", rules.TurnNobody: "Nobody’s turn",
}

// dueWords begin the sentence until when something is owed.
var dueWords = map[string]string{
	"respond": "Answer by ", "consult": "First call by ", "promise": "First session by ", "baseline": "Check-in by ", "follow_up": "Follow-up by ",
	"eligibility": "Verify by ", "safety_ack": "Acknowledge by ", "late_answer": "Late answer by ",
}

func (p *Pages) board(w http.ResponseWriter, r *http.Request) error {
	now, zone := p.Now(), location("")
	members, err := p.boardMembers(r, now)
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "board")
	if err != nil {
		return err
	}
	columns := []boardColumn{
		{Title: "Needs us now", State: "now"}, {Title: "Due today", State: "soon"}, {Title: "At risk", State: "soon", Note: "The promise ends in two business days or fewer."},
		{Title: "Waiting on client", State: "wait"}, {Title: "Broken", State: "late"},
	}
	under, plans, way := 0, 0, []boardTile{}
	for _, chart := range charts {
		if chart.Client == nil { // a provider's, with tasks at most
			columns[needsUs].Tiles = append(columns[needsUs].Tiles, p.urgentTiles(chart, zone, now)...)
			continue
		}
		urgent := p.urgentTiles(chart, zone, now)
		columns[needsUs].Tiles = append(columns[needsUs].Tiles, urgent...)
		plan, pending, dueNow := p.planTile(chart, zone, now)
		if pending {
			plans++
		}
		if dueNow {
			columns[dueToday].Tiles = append(columns[dueToday].Tiles, plan)
		}
		tile, column, placed := p.roadTile(chart, zone, now)
		if _, open := chart.OpenEpisode(); open {
			under++
		}
		switch {
		case placed:
			columns[column].Tiles = append(columns[column].Tiles, tile)
		case tile.Text != "" && len(urgent) == 0:
			way = append(way, tile)
		}
	}
	for i := range columns {
		order.By(columns[i].Tiles, func(a, b boardTile) int { return a.due.Compare(b.due) })
	}
	order.By(way, func(a, b boardTile) int { return a.due.Compare(b.due) })
	lead := tally(under, "person seeks", "people seek") + " care now. " + tally(len(columns[needsUs].Tiles), "matter needs", "matters need") + " us."
	waiting := ""
	if plans > 0 && auth.Actor(r).Role == care.RoleCareTeam {
		waiting = tally(plans, "plan waits", "plans wait") + " to be verified"
	}
	more := len(members) > 0 && len(charts) == mostOnAPage
	return p.show(w, r, http.StatusOK, "ops/board", "", assets.Page{Title: "Board", Wide: true, Data: map[string]any{"Columns": columns, "Way": way, "Plans": waiting, "Lead": lead, "More": more}})
}

// boardMembers are what the board is made of: the queues first, then what falls
// due, earliest first.
func (p *Pages) boardMembers(r *http.Request, now time.Time) ([]care.Member, error) {
	queues := []care.Set{{Name: care.SetQueue, Of: "alert"}}
	if auth.Actor(r).Role == care.RoleCareTeam {
		queues = append(queues, care.Set{Name: care.SetQueue, Of: "task"}, care.Set{Name: care.SetQueue, Of: "coverage"})
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), queues...)
	if err != nil {
		return nil, err
	}
	var hours []care.Set
	for at := now.Add(-boardBehind); at.Before(now.Add(boardAhead)); at = at.Add(time.Hour) {
		hours = append(hours, care.DueIn(at))
	}
	due, err := p.Store.Find(r.Context(), auth.Actor(r), hours...)
	return append(members, due...), err
}

// urgentTiles are a chart's open tasks and unread alerts.
func (p *Pages) urgentTiles(chart *care.Chart, zone *time.Location, now time.Time) []boardTile {
	var tiles []boardTile
	for _, a := range chart.Alerts {
		if !a.AckedAt.IsZero() {
			continue
		}
		tile := boardTile{due: a.RaisedAt, Tile: assets.Tile{Href: "/ops/client/" + string(chart.ID), Title: nameIn(chart), Text: "A safety alert is unread. The provider and the clinical desk have been told.", Turn: turnWords[rules.TurnProvider]}}
		if d, ok := chart.Deadline(a.Ack); ok {
			p.clock(&tile, d, zone, now)
		}
		tiles = append(tiles, tile)
	}
	for _, t := range chart.Tasks {
		if _, ladder := rungs[t.Code]; ladder || !t.DoneAt.IsZero() {
			continue
		}
		href := "/ops/client/" + string(chart.ID)
		if chart.Provider != nil {
			href = "/ops/providers/" + string(chart.ID)
		}
		if t.Code == "match_wanted" {
			href = "/ops/match/" + t.Subject
		}
		if _, isPlan := chart.Coverage(care.CoverageID(t.Subject)); isPlan {
			href = "/ops/coverage/" + t.Subject
		}
		tile := boardTile{
			due:  t.OpenedAt,
			Tile: assets.Tile{Href: href, Title: nameIn(chart), Text: or(taskWords[t.Code], t.Code) + ". Since " + moment(t.OpenedAt, zone).Text + ".", Turn: turnWords[rules.TurnCareTeam]},
			Done: &assets.Action{Text: "Done", Post: "/ops/tasks/" + string(t.ID), Icon: "check", Style: "outline small"},
		}
		if t.Code == "employment" { // it ends with what was found
			tile.Done = &assets.Action{Text: "Say what was found", Href: href + "#employment", Icon: "check", Style: "outline small"}
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// rungTile is the one tile of a promise that is being looked after, and the
// column of its rung; false where none is.
func (p *Pages) rungTile(chart *care.Chart, zone *time.Location, now time.Time) (boardTile, int, bool) {
	for _, t := range chart.Tasks {
		column, ladder := rungs[t.Code]
		if !ladder || !t.DoneAt.IsZero() {
			continue
		}
		tile := boardTile{due: t.OpenedAt, Tile: assets.Tile{Href: "/ops/client/" + string(chart.ID), Title: nameIn(chart), Text: taskWords[t.Code] + ".", Turn: turnWords[rules.TurnCareTeam]}}
		tile.Done = &assets.Action{Text: "Done", Post: "/ops/tasks/" + string(t.ID), Icon: "check", Style: "outline small"}
		if t.Code == rules.BrokenTask {
			tile.Done = &assets.Action{Text: "Say why", Href: "/ops/tasks/" + string(t.ID), Icon: "check", Style: "outline small"}
		}
		e, _ := chart.Episode(care.EpisodeID(t.Subject))
		if promise, ok := chart.Deadline(e.Promise); ok {
			if column != broken {
				tile.Text += p.openingWords(chart, e, promise)
			}
			p.clock(&tile, promise, zone, now)
		}
		return tile, column, true
	}
	return boardTile{}, 0, false
}

// openingWords say whether those who could hold the first session have an opening
// before the promise ends. They are looked up each time, so that an opening that
// is added ends the alarm at once.
func (p *Pages) openingWords(chart *care.Chart, e care.Episode, promise care.Deadline) string {
	asked, free := 0, 0
	for _, r := range chart.Referrals {
		if r.Episode != e.ID || !r.Status.Open() {
			continue
		}
		asked++
		if card, listed := p.Store.Directory().Provider(r.Provider, p.Now()); listed && !card.FirstSession.IsZero() && !card.FirstSession.After(promise.Due) {
			free++
		}
	}
	switch {
	case asked == 0:
		return " No request is open."
	case free == 0:
		return " Alarm: no opening is left before it ends."
	}
	return " An opening is left before it ends."
}

// incident asks why a promise was broken.
func (p *Pages) incident(w http.ResponseWriter, r *http.Request) error {
	return p.showIncident(w, r, http.StatusOK, "")
}

func (p *Pages) showIncident(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	id := mux.Vars(r)["id"]
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, "task")
	if err != nil {
		return err
	}
	t, ok := chart.Task(care.TaskID(id))
	if !ok || t.Code != rules.BrokenTask {
		return care.Missing()
	}
	why := assets.Field{Name: "cause", Label: "Cause", Type: "select", Problem: problem, Choices: []assets.Choice{{Text: "Choose one"}}}
	for _, c := range rules.Causes {
		why.Choices = append(why.Choices, assets.Choice{Value: c.Code, Text: c.Says})
	}
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Why was it broken?", Data: assets.Confirm{
		Title: "Why was the promise broken?",
		Text:  nameIn(chart) + " was to have a first session and did not. " + rules.PromiseSays(care.Broken, p.Store.Words()),
		Post:  "/ops/tasks/" + id, Yes: "Close the incident", No: assets.Link{Href: "/ops", Text: "Back to the board"}, Ask: []assets.Field{why},
	}})
}

// clock puts a deadline on a tile.
func (p *Pages) clock(tile *boardTile, d care.Deadline, zone *time.Location, now time.Time) {
	shown := deadline(d, by(dueWords[d.Code], d, zone), zone, now)
	tile.Deadline, tile.Explain, tile.due = &shown, p.explain(d), d.Due
}

// roadTile is where a client's seeking care stands, and the column it belongs to;
// false if nothing there needs anybody's eye.
func (p *Pages) roadTile(chart *care.Chart, zone *time.Location, now time.Time) (boardTile, int, bool) {
	tile := boardTile{Tile: assets.Tile{Href: "/ops/client/" + string(chart.ID), Title: nameIn(chart)}}
	ref, turn := leading(chart)
	if ref.ID != "" {
		tile.Text, tile.Turn = sentence(act.Status(ref.Status))+p.withProvider(ref.Provider), turnWords[turn]
	}
	next, due := nextDeadline(chart)
	if due {
		p.clock(&tile, next, zone, now)
	}
	if rung, column, up := p.rungTile(chart, zone, now); up {
		return rung, column, true
	}
	e, open := chart.OpenEpisode()
	promise, _ := chart.Deadline(e.Promise)
	switch {
	case open && e.Result == care.Broken:
		p.clock(&tile, promise, zone, now)
		return tile, broken, true
	case due && next.Due.Before(endOfDay(now, zone)):
		return tile, dueToday, true
	case open && promise.State == care.Running && p.risky(promise, now):
		p.clock(&tile, promise, zone, now)
		return tile, atRisk, true
	case turn == rules.TurnClient:
		return tile, onClient, true
	}
	return tile, 0, false
}

// planTile is a plan that waits to be verified; dueNow says that today is its day.
func (p *Pages) planTile(chart *care.Chart, zone *time.Location, now time.Time) (tile boardTile, pending, dueNow bool) {
	c, ok := chart.CurrentCoverage()
	if !ok || c.Status != care.CoveragePending {
		return tile, false, false
	}
	tile.Tile = assets.Tile{Href: "/ops/coverage/" + string(c.ID), Title: nameIn(chart), Text: "A plan waits to be verified.", Turn: turnWords[rules.TurnCareTeam]}
	d, ok := chart.Deadline(c.Verify)
	if ok {
		p.clock(&tile, d, zone, now)
	}
	return tile, true, ok && d.State == care.Running && d.Due.Before(endOfDay(now, zone))
}

func endOfDay(now time.Time, zone *time.Location) time.Time {
	return calendar.At(calendar.On(now, zone).AddDays(1), 0, 0, zone)
}

// risky says whether a promise is near its end.
func (p *Pages) risky(promise care.Deadline, now time.Time) bool {
	_, clock := p.Store.Programme()
	return !now.Before(clock.DaysOf(promise).BusinessDaysBefore(promise.Due, riskDays, location(promise.Zone)))
}

// leading is the referral that says most of where a client stands: one that
// somebody has to act on, else the last that is open.
func leading(chart *care.Chart) (care.Referral, string) {
	var lead care.Referral
	turn := rules.TurnNobody
	for _, r := range chart.Referrals {
		t := rules.WhoseTurn(r, chart)
		switch {
		case lead.ID == "" && (r.Status.Open() || t != rules.TurnNobody),
			t != rules.TurnNobody && (turn == rules.TurnNobody || r.SubmittedAt.After(lead.SubmittedAt)),
			turn == rules.TurnNobody && r.Status.Open() && r.SubmittedAt.After(lead.SubmittedAt):
			lead, turn = r, t
		}
	}
	return lead, turn
}

// nextDeadline is what falls due first in a chart; plans and safety alerts
// stand by themselves.
func nextDeadline(chart *care.Chart) (care.Deadline, bool) {
	var next care.Deadline
	for _, d := range chart.Deadlines {
		if d.State == care.Running && d.Code != "eligibility" && d.Code != "safety_ack" && dueWords[d.Code] != "" && (next.ID == "" || d.Due.Before(next.Due)) {
			next = d
		}
	}
	return next, next.ID != ""
}

// withProvider names a provider who stands in the directory.
func (p *Pages) withProvider(id care.ChartID) string {
	if card, listed := p.Store.Directory().Provider(id, p.Now()); listed {
		return " · " + card.Name
	}
	return ""
}

func (p *Pages) finishTask(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.FinishTask{Task: care.TaskID(mux.Vars(r)["id"]), Cause: r.PostFormValue("cause")})
	if err == nil {
		return done(w, r, "/ops", "done")
	}
	if problem := problemOf(r, err); problem.Code == "cause_missing" {
		return p.showIncident(w, r, problem.Status, "Choose one; without a cause the incident stays open.")
	}
	return err
}

// clientPage is what the care team sees of a client.
type clientPage struct {
	Name       string
	Facts      []assets.Fact
	Tasks      []boardTile
	Clocks     []assets.Event
	Roads      []roadOf
	Plans      []assets.Waiting
	Lists      []assets.Fact // places on waiting lists
	Screenings []screened
	Visits     assets.Table
	Corrects   []assets.Action
	Employment string // where to say what was found of their employment, for those who may
	Erase      string // where to ask that they be forgotten, for those who may
	Ask        *assets.AskLink
}

// roadOf is the way of one referral.
type roadOf struct {
	Title   string
	Badge   assets.Badge
	Turn    string
	Events  []assets.Event
	Note    string
	Actions []assets.Action
}

func (p *Pages) client(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(mux.Vars(r)["id"]), "client")
	if err != nil {
		return err
	}
	if chart.Client == nil {
		return care.Missing()
	}
	now, zone := p.Now(), location("")
	page := clientPage{Name: nameIn(chart), Facts: p.aboutClient(chart, zone), Screenings: screenings(chart, zone), Tasks: p.urgentTiles(chart, zone, now)}
	if rung, _, up := p.rungTile(chart, zone, now); up {
		page.Tasks = append(page.Tasks, rung)
	}
	deadlines := slices.Clone(chart.Deadlines)
	order.By(deadlines, func(a, b care.Deadline) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	for _, d := range deadlines {
		if d.State != care.Running && d.State != care.Waiting || dueWords[d.Code] == "" {
			continue
		}
		in := location(d.Zone)
		shown := deadline(d, by(dueWords[d.Code], d, in), in, now)
		page.Clocks = append(page.Clocks, assets.Event{Deadline: &shown, Explain: p.explain(d)})
	}
	refs := slices.Clone(chart.Referrals)
	order.By(refs, func(a, b care.Referral) int { return b.SubmittedAt.Compare(a.SubmittedAt) })
	for _, ref := range refs {
		card, found := p.Store.Directory().Provider(ref.Provider, now)
		title := "A provider who is not listed now"
		if found {
			title = card.Name
		}
		way := roadOf{Title: title, Badge: statusBadge(ref.Status), Turn: turnWords[rules.WhoseTurn(ref, chart)], Events: p.road(chart, ref, zone, now)}
		if ref.Status.Open() && auth.Actor(r).Role == care.RoleCareTeam {
			way.Actions = []assets.Action{{Text: "Propose another provider", Href: "/ops/r/" + string(ref.ID) + "/hand-over", Style: "outline small"}}
		}
		if ref.HandTo != "" {
			way.Note = "Somebody else is proposed to take over; the client decides."
		}
		page.Roads = append(page.Roads, way)
	}
	if page.Lists, err = p.placesOf(r, chart); err != nil {
		return err
	}
	for _, c := range chart.Coverages {
		card := p.planCard(chart, c, zone, now, auth.Actor(r).Role == care.RoleCareTeam)
		card.Title = c.Plan // whose it is, the page says
		page.Plans = append(page.Plans, card)
	}
	page.Visits = assets.Table{Caption: "Consultations and sessions", Head: []string{"When", "What", "Where it stands"}, Empty: "None booked yet"}
	for _, ap := range byStart(chart.Appointments) {
		page.Visits.Rows = append(page.Visits.Rows, []string{moment(ap.Start, zone).Text, visitWords[ap.Type] + ", " + length(ap), outcomeBadges[ap.Status].Text})
		if auth.Actor(r).Role == care.RoleCareTeam && correctable(ap) {
			link := correctLink("/ops", ap)
			link.Text = visitWords[ap.Type] + " of " + moment(ap.Start, zone).Text + ": this is wrong"
			page.Corrects = append(page.Corrects, link)
		}
	}
	if auth.Actor(r).Role == care.RoleCareTeam {
		page.Erase = "/ops/client/" + string(chart.ID) + "/erase"
		if chart.Client.Benefit.Employer != "" {
			page.Employment = "/ops/client/" + string(chart.ID) + "/employment"
		}
		ask := askLink(chart)
		page.Ask = &ask
	}
	return p.show(w, r, http.StatusOK, "ops/client", "", assets.Page{Title: page.Name, Data: page})
}

func (p *Pages) aboutClient(chart *care.Chart, zone *time.Location) []assets.Fact {
	c := chart.Client
	facts := append([]assets.Fact{{Term: "Is in", Text: stateOf(chart)}}, contactFacts(chart)...)
	facts = append(facts, assets.Fact{Term: "Came", Text: moment(c.EnteredAt, zone).Text, Note: "From: " + label(c.Source)})
	if len(c.Concerns) > 0 {
		facts = append(facts, assets.Fact{Term: "Concerns", Text: listed(c.Concerns)})
	}
	programme, _ := p.Store.Programme()
	employer := "Not given yet"
	for _, e := range programme.Employers {
		if e.ID == c.Benefit.Employer {
			employer = e.Name
			if !e.Offers(calendar.On(p.Now(), zone)) {
				employer += ", which does not take part today"
			}
		}
	}
	facts = append(facts, assets.Fact{Term: "Benefit of", Text: employer, Note: "The employer is never asked about a person."})
	if c.Benefit.Employer != "" {
		facts = append(facts, employmentFact(c.Benefit))
	}
	facts = append(facts, sharingFact(chart))
	for _, e := range chart.Episodes {
		name := rules.Badge(e, *programme.Programme)
		facts = append(facts, assets.Fact{Term: "Sought care", Text: moment(e.SoughtAt, zone).Text, Note: "From: " + label(or(e.Source, care.FromNowhere)) + ". Goes under: " + or(name, "ordinary insurance care")})
		if e.First == "" && e.ClosedAt.IsZero() {
			if d, ok := chart.Deadline(e.Promise); ok {
				facts = append(facts, promiseFact(d))
			}
		}
	}
	return facts
}
