package qa

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/reply"
	"careconnect/rules/care"
	"careconnect/store"
)

// Config is what the QA calls move.
type Config struct {
	Store  *store.Store
	Auth   *auth.Auth
	Clock  *Clock
	Post   *notify.Post
	Caught *notify.Caught
	Users  []User
	// Capsule is what this life began with, and Recorder what was done since.
	Capsule  Capsule
	Recorder *Recorder
	// Reset makes the instance anew and gives the fresh line of its demo.
	Reset func(ctx context.Context, seed uint64, scenario string) (any, error)
}

// QA are the calls of a throwaway instance.
type QA struct {
	Config
	one sync.Mutex // one move of the clock at a time
}

// New makes the calls.
func New(c Config) *QA { return &QA{Config: c} }

// Routes are the lines of the route table that only a throwaway instance has.
func (q *QA) Routes() []reply.Route {
	line := func(method, path string, h func(http.ResponseWriter, *http.Request) error) reply.Route {
		return reply.Route{Method: method, Path: path, Does: "qa", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				reply.Write(w, reply.ProblemOf(r.Context(), err))
			}
		})}
	}
	return []reply.Route{
		line(http.MethodGet, "/qa/clock", q.clock),
		line(http.MethodPost, "/qa/clock", q.move),
		line(http.MethodPost, "/qa/move", q.moveForm),
		line(http.MethodGet, "/qa/mail", q.mail),
		line(http.MethodPost, "/qa/fault", q.fault),
		line(http.MethodPost, "/qa/reset", q.reset),
		line(http.MethodGet, "/qa/as/{id}", q.signInAs),
		line(http.MethodGet, "/qa/capsule", q.capsule),
		line(http.MethodGet, "/qa/export", q.export),
	}
}

func (q *QA) clock(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, map[string]any{"now": q.Clock.Now().Format(time.RFC3339)})
}

// mostFired bounds how many effects one answer lists.
const mostFired = 5000

// Moved is what a move of the clock answers.
type Moved struct {
	Now   string        `json:"now"`
	Fired []store.Fired `json:"fired"`
	More  int           `json:"more,omitempty"` // effects not listed
}

func (q *QA) move(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Advance string `json:"advance"`
		To      string `json:"to"`
		Next    bool   `json:"next"`
	}
	if err := decode(r, &ask); err != nil {
		return err
	}
	moved, err := q.advance(r.Context(), ask.Advance, ask.To, ask.Next)
	if err != nil {
		return err
	}
	return answer(w, moved)
}

func (q *QA) advance(ctx context.Context, by, to string, next bool) (Moved, error) {
	q.one.Lock()
	defer q.one.Unlock()
	target, err := q.target(by, to, next)
	if err != nil {
		return Moved{}, err
	}
	fired, err := Advance(ctx, q.Store, q.Post, q.Clock, target)
	if err != nil {
		return Moved{}, err
	}
	zone := q.Clock.Now().Location()
	moved := Moved{Now: q.Clock.Now().Format(time.RFC3339), Fired: []store.Fired{}}
	for i, f := range fired {
		if i == mostFired {
			moved.More = len(fired) - mostFired
			break
		}
		f.At = f.At.In(zone)
		moved.Fired = append(moved.Fired, f)
	}
	return moved, nil
}

// target is where a move leads: exactly one of the three ways must be given.
func (q *QA) target(by, to string, next bool) (time.Time, error) {
	now := q.Clock.Now()
	given := 0
	for _, is := range []bool{by != "", to != "", next} {
		if is {
			given++
		}
	}
	if given != 1 {
		return now, invalid(`give exactly one of {"advance":"24h"}, {"to":"2026-12-01T09:00:00-06:00"} or {"next":true}`)
	}
	switch {
	case next:
		at, ok, err := Next(q.Store, q.Clock)
		if err != nil || !ok {
			return now, err
		}
		return at, nil
	case to != "":
		at, err := time.Parse(time.RFC3339, to)
		if err != nil {
			return now, invalid("to: give an instant as 2026-12-01T09:00:00-06:00")
		}
		return forward(now, at)
	}
	d, err := span(by)
	if err != nil {
		return now, invalid("advance: give a length of time such as 90m, 24h or 28d")
	}
	return forward(now, now.Add(d))
}

// farthest is how far one move may go.
const farthest = 10 * 366 * 24 * time.Hour

func forward(now, at time.Time) (time.Time, error) {
	if at.Before(now) {
		return now, invalid("the clock only moves forward; it is " + now.Format(time.RFC3339))
	}
	if at.Sub(now) > farthest {
		return now, invalid("the clock moves at most ten years at once")
	}
	return at, nil
}

// span reads a length of time, with d for days.
func span(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * float64(24*time.Hour)), err
	}
	return time.ParseDuration(s)
}

// moveForm is the bar's form: it moves and goes back to the page.
func (q *QA) moveForm(w http.ResponseWriter, r *http.Request) error {
	by := map[string]string{"1h": "1h", "24h": "24h"}[r.FormValue("move")]
	if _, err := q.advance(r.Context(), by, "", by == ""); err != nil {
		return err
	}
	http.Redirect(w, r, local(r.FormValue("back")), http.StatusSeeOther)
	return nil
}

// local keeps a way back within the site.
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return u.RequestURI()
}

func (q *QA) mail(w http.ResponseWriter, r *http.Request) error {
	var since time.Time
	if s := r.URL.Query().Get("since"); s != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, s); err != nil {
			return invalid("since: give an instant as 2026-12-01T09:00:00-06:00, with + written as %2B")
		}
	}
	if _, err := q.Post.Deliver(r.Context()); err != nil {
		return err
	}
	mails := q.Caught.Mails(r.URL.Query().Get("to"), since)
	for i := range mails {
		mails[i].At = mails[i].At.In(q.Clock.Now().Location())
	}
	return answer(w, mails)
}

func (q *QA) fault(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Mail string `json:"mail"`
	}
	if err := decode(r, &ask); err != nil {
		return err
	}
	switch ask.Mail {
	case "down", "up":
		q.Caught.Down(ask.Mail == "down")
	default:
		return invalid(`mail: say "down" or "up"`)
	}
	return answer(w, map[string]string{"mail": ask.Mail})
}

func (q *QA) reset(w http.ResponseWriter, r *http.Request) error {
	ask := struct {
		Seed     uint64 `json:"seed"`
		Scenario string `json:"scenario"`
	}{Seed: 7}
	if err := decode(r, &ask); err != nil {
		return err
	}
	line, err := q.Reset(r.Context(), ask.Seed, ask.Scenario)
	if err != nil {
		return err
	}
	return answer(w, line)
}

// export gives all that this life holds in plain text, one record a line, as the
// command does.
func (q *QA) export(w http.ResponseWriter, r *http.Request) error {
	q.one.Lock()
	defer q.one.Unlock()
	var body bytes.Buffer
	if _, err := q.Store.Export(r.Context(), &body, nil); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, err := w.Write(body.Bytes())
	return err
}

// capsule gives this life as a file that the demo can live again.
func (q *QA) capsule(w http.ResponseWriter, r *http.Request) error {
	q.one.Lock()
	defer q.one.Unlock()
	c := q.Capsule
	c.Now = q.Clock.Now()
	var body bytes.Buffer
	if err := c.Save(r.Context(), q.Store, q.Recorder, &body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="careconnect-%d-%s.capsule"`, c.Seed, c.Now.UTC().Format("20060102T150405Z")))
	_, err := w.Write(body.Bytes())
	return err
}

// signInAs lets a browser in as one of the fictional people, with one click.
func (q *QA) signInAs(w http.ResponseWriter, r *http.Request) error {
	id := care.ChartID(mux.Vars(r)["id"])
	for _, u := range q.Users {
		if u.ID == id {
			if err := q.Auth.Session(w, r, care.Account{Chart: u.ID, Role: u.Role}); err != nil {
				return err
			}
			http.Redirect(w, r, "/home", http.StatusSeeOther)
			return nil
		}
	}
	return care.Missing()
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return invalid(fmt.Sprintf("the body is not JSON at byte %d", syntax.Offset))
		}
		return invalid("the body: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

func invalid(says string) error {
	return &care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: "Please mend: " + says + "."}
}

func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// Mails is the caught mail, everything due sent first.
func (q *QA) Mails(ctx context.Context) []notify.Mail {
	_, _ = q.Post.Deliver(ctx) // what cannot be sent now is seen when it can
	return q.Caught.Mails("", time.Time{})
}

// Upcoming is when something happens next by itself; zero when nothing will.
func (q *QA) Upcoming() time.Time {
	at, ok, err := Next(q.Store, q.Clock)
	if err != nil || !ok {
		return time.Time{}
	}
	return at
}
