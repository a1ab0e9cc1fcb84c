package api

import (
	"context"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// alert says that a client answered the safety item above zero.
type alert struct {
	ID        care.AlertID     `json:"id"`
	Client    care.ChartID     `json:"client_id"`
	Provider  care.ChartID     `json:"provider_id,omitempty"`
	Screening care.ScreeningID `json:"screening_id"`
	RaisedAt  time.Time        `json:"raised_at"`
	AckedAt   *time.Time       `json:"acknowledged_at,omitempty"`
	Action    string           `json:"action,omitempty"`
	Deadline  *deadline        `json:"deadline,omitempty" doc:"Until when somebody acknowledges it"`
}

func showAlert(chart *care.Chart, al care.Alert, zone *time.Location) alert {
	shown := alert{
		ID: al.ID, Client: al.Client, Provider: al.Provider, Screening: al.Screening, RaisedAt: al.RaisedAt.In(zone),
		AckedAt: in(zone, al.AckedAt), Action: al.Action,
	}
	if d, ok := chart.Deadline(al.Ack); ok {
		owed := showDeadline(d, zone)
		shown.Deadline = &owed
	}
	return shown
}

// alerts are those that nobody has acknowledged yet.
func (a *API) alerts(ctx context.Context, _ *struct{}) (listed[alert], error) {
	who, set := actor(ctx), care.Set{Name: care.SetQueue, Of: "alert"}
	if who.Role == care.RoleProvider {
		set = ofProvider(care.SetAlerts, who.Chart)
	}
	members, err := a.store.Find(ctx, who, set)
	if err != nil {
		return listed[alert]{}, err
	}
	charts, err := a.store.Charts(ctx, who, chartsOf(members), "alerts")
	if err != nil {
		return listed[alert]{}, err
	}
	found, zone := listed[alert]{Items: []alert{}}, a.zones(ctx)
	for _, chart := range charts {
		for _, al := range chart.Alerts {
			if al.AckedAt.IsZero() {
				found.Items = append(found.Items, showAlert(chart, al, zone(chart)))
			}
		}
	}
	order.By(found.Items, func(x, y alert) int { return x.RaisedAt.Compare(y.RaisedAt) })
	return found, nil
}

type postAcknowledge struct {
	ByID
	Keyed
	Body struct {
		Action string `json:"action" enum:"contacted,safety_plan,unable_to_reach,other" doc:"What was done"`
	}
}

func (a *API) acknowledge(ctx context.Context, in *postAcknowledge) (alert, error) {
	out, err := a.do(ctx, in.Keyed, act.Acknowledge{Alert: care.AlertID(in.ID), Action: in.Body.Action})
	if err != nil {
		return alert{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "alert")
	if err != nil {
		return alert{}, err
	}
	al, ok := chart.Alert(care.AlertID(out.Made))
	if !ok {
		return alert{}, care.Missing()
	}
	return showAlert(chart, al, a.zone(ctx, chart)), nil
}

// task is something for a person of the care team to look at.
type task struct {
	ID       care.TaskID  `json:"id"`
	Client   care.ChartID `json:"client_id,omitempty"`
	Provider care.ChartID `json:"provider_id,omitempty" doc:"Of a task about a provider"`
	Code     string       `json:"code"`
	Subject  string       `json:"subject" doc:"The id of what it is about"`
	OpenedAt time.Time    `json:"opened_at"`
	DoneAt   *time.Time   `json:"done_at,omitempty"`
	Cause    string       `json:"cause,omitempty" doc:"Why a promise was broken"`
}

func showTask(t care.Task, zone *time.Location) task {
	return task{ID: t.ID, Client: t.Client, Provider: t.Provider, Code: t.Code, Subject: t.Subject, OpenedAt: t.OpenedAt.In(zone), DoneAt: in(zone, t.DoneAt), Cause: t.Cause}
}

// tasks are those that are not done yet.
func (a *API) tasks(ctx context.Context, _ *struct{}) (listed[task], error) {
	ids, err := a.queued(ctx, "task")
	if err != nil {
		return listed[task]{}, err
	}
	charts, err := a.store.Charts(ctx, actor(ctx), ids, "tasks")
	if err != nil {
		return listed[task]{}, err
	}
	found, zone := listed[task]{Items: []task{}}, a.zones(ctx)
	for _, chart := range charts {
		for _, t := range chart.Tasks {
			if t.DoneAt.IsZero() {
				found.Items = append(found.Items, showTask(t, zone(chart)))
			}
		}
	}
	order.By(found.Items, func(x, y task) int { return x.OpenedAt.Compare(y.OpenedAt) })
	return found, nil
}

type postDone struct {
	ByID
	Keyed
	Body *struct {
		Cause string `json:"cause,omitempty" maxLength:"40" doc:"Of promise_broken, which does not end without one: no_provider, slow_answer, provider_moved, provider_no_show, client_unreached, plan_delay, platform or other"`
	}
}

func (a *API) finishTask(ctx context.Context, in *postDone) (task, error) {
	finish := act.FinishTask{Task: care.TaskID(in.ID)}
	if in.Body != nil {
		finish.Cause = in.Body.Cause
	}
	out, err := a.do(ctx, in.Keyed, finish)
	if err != nil {
		return task{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "task")
	if err != nil {
		return task{}, err
	}
	t, ok := chart.Task(care.TaskID(out.Made))
	if !ok {
		return task{}, care.Missing()
	}
	return showTask(t, a.zone(ctx, chart)), nil
}

// board is what has to be looked at in the next days.
type board struct {
	At    time.Time      `json:"at"`
	Tiles []tile         `json:"tiles" doc:"By state, in the order of the road; the most urgent of a state first"`
	Count map[string]int `json:"count" doc:"How many tiles of each state"`
	More  bool           `json:"more" doc:"There are more than are shown; the most urgent are"`
}

// tile is one matter on the board.
type tile struct {
	State    string       `json:"state" doc:"A referral's status, or safety_alert, coverage_pending, task"`
	ID       string       `json:"id" doc:"Of the referral, alert, coverage or task"`
	Code     string       `json:"code,omitempty" doc:"Of a task"`
	Client   care.ChartID `json:"client_id,omitempty"`
	Provider care.ChartID `json:"provider_id,omitempty"`
	Turn     string       `json:"whose_turn" enum:"client,provider,care_team,nobody"`
	Deadline *deadline    `json:"deadline,omitempty" doc:"The most urgent that runs"`
	Says     string       `json:"says,omitempty" doc:"What is owed, in the handbook's words"`
	Explain  string       `json:"explain,omitempty" doc:"Where the deadline is explained"`
}

// The bounds of a board: how far around now it looks, and how much it shows.
const (
	boardBack  = 2 * time.Hour
	boardAhead = 8 * 24 * time.Hour
	mostTiles  = 200
)

// boardStates are the states of tiles in their order.
var boardStates = []string{
	"safety_alert", "task", "coverage_pending", string(care.Expired), string(care.Submitted), string(care.Accepted), string(care.Proposed),
	string(care.ConsultBooked), string(care.ConsultHeld), string(care.SessionBooked), string(care.InCare),
}

func (a *API) board(ctx context.Context, _ *struct{}) (board, error) {
	charts, err := a.boardCharts(ctx)
	if err != nil {
		return board{}, err
	}
	tiles, zone := []tile{}, a.zones(ctx)
	for _, chart := range charts {
		tiles = append(tiles, a.tiles(chart, zone(chart))...)
	}
	order.By(tiles, urgentFirst)
	b := board{At: a.now().UTC(), Count: map[string]int{}, More: len(tiles) > mostTiles || len(charts) >= mostQueued}
	b.Tiles = tiles[:min(mostTiles, len(tiles))]
	order.By(b.Tiles, func(x, y tile) int { return slices.Index(boardStates, x.State) - slices.Index(boardStates, y.State) })
	for _, t := range b.Tiles {
		b.Count[t.State]++
	}
	return b, nil
}

// boardCharts are the clients with something due soon or in a queue.
func (a *API) boardCharts(ctx context.Context) ([]*care.Chart, error) {
	who, now := actor(ctx), a.now()
	sets := []care.Set{{Name: care.SetQueue, Of: "alert"}}
	if who.Role == care.RoleCareTeam {
		sets = append(sets, care.Set{Name: care.SetQueue, Of: "coverage"}, care.Set{Name: care.SetQueue, Of: "task"})
	}
	for t := now.Add(-boardBack); t.Before(now.Add(boardAhead)); t = t.Add(time.Hour) {
		sets = append(sets, care.DueIn(t))
	}
	members, err := a.store.Find(ctx, who, sets...)
	if err != nil {
		return nil, err
	}
	charts, err := a.store.Charts(ctx, who, chartsOf(members), "board")
	return slices.DeleteFunc(charts, func(c *care.Chart) bool { return c.Client == nil && len(c.Tasks) == 0 }), err
}

// tiles are what a client's chart has for the board.
func (a *API) tiles(chart *care.Chart, zone *time.Location) []tile {
	var tiles []tile
	for _, al := range chart.Alerts {
		if al.AckedAt.IsZero() {
			t := tile{State: "safety_alert", ID: string(al.ID), Provider: al.Provider, Turn: rules.TurnProvider}
			tiles = append(tiles, a.due(t, chart, zone, al.Ack))
		}
	}
	for _, c := range chart.Coverages {
		if c.Status == care.CoveragePending {
			tiles = append(tiles, a.due(tile{State: "coverage_pending", ID: string(c.ID), Turn: rules.TurnCareTeam}, chart, zone, c.Verify))
		}
	}
	for _, k := range chart.Tasks {
		if k.DoneAt.IsZero() {
			// A task is as urgent as what was promised to the client.
			e, _ := chart.OpenEpisode()
			t := tile{State: "task", ID: string(k.ID), Code: k.Code, Turn: rules.TurnCareTeam}
			tiles = append(tiles, a.due(t, chart, zone, e.Promise))
		}
	}
	for _, r := range chart.Referrals {
		if !r.Status.Open() && (r.Status != care.Expired || !r.ClosedAt.IsZero()) {
			continue
		}
		var ids []care.DeadlineID
		for _, d := range owed(chart, r) {
			ids = append(ids, d.ID)
		}
		t := a.due(tile{State: string(r.Status), ID: string(r.ID), Provider: r.Provider, Turn: rules.WhoseTurn(r, chart)}, chart, zone, ids...)
		if t.Deadline != nil || t.Turn != rules.TurnNobody {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// due puts the first running deadline on a tile; they come earliest first.
func (a *API) due(t tile, chart *care.Chart, zone *time.Location, ids ...care.DeadlineID) tile {
	if chart.Client != nil {
		t.Client = chart.ID
	} else {
		t.Provider = chart.ID
	}
	for _, id := range ids {
		d, ok := chart.Deadline(id)
		if !ok || d.State != care.Running {
			continue
		}
		owed := showDeadline(d, zone)
		t.Deadline, t.Explain = &owed, "/api/v1/deadlines/"+string(d.ID)+"/explain"
		t.Says = a.store.Words().Render(rules.DutyOf(d.Code).Says)
		return t
	}
	return t
}

// urgentFirst orders tiles by what is due; those without anything due come last.
func urgentFirst(x, y tile) int {
	switch {
	case x.Deadline == nil && y.Deadline == nil:
		return 0
	case x.Deadline == nil:
		return 1
	case y.Deadline == nil:
		return -1
	}
	return x.Deadline.Due.Compare(y.Deadline.Due)
}
