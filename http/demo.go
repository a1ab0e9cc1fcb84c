package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/qa"
	"careconnect/http/reply"
	"careconnect/http/web"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/store"
)

// Demo is a throwaway instance with people in it, that can be made anew while it
// serves. It leaves nothing behind.
type Demo struct {
	config  DemoConfig
	bundle  *assets.Bundle
	current atomic.Pointer[instance]
}

// DemoConfig says what a demo is like.
type DemoConfig struct {
	Begin   time.Time // the instant its clock begins at; zero: that of the scenario, or else Today
	Today   time.Time
	Base    string // the site's address
	Still   bool   // the clock moves only when it is moved
	Empty   bool   // staff only
	Elapsed func() time.Duration
	TZData  string
	Version string
	Fatal   func(error)
	// Replay is a life to live again, instead of a scenario; nil: none.
	Replay *qa.Capsule
	// Import takes files in once the people are there; nil: none.
	Import func(context.Context, *store.Store) error
	// Admin takes the operator's commands for an instance until it is closed; nil:
	// none come.
	Admin func(dir string, s *store.Store) (io.Closer, error)
}

// DemoLine is the line that other programs start from.
type DemoLine struct {
	URL   string    `json:"url"`
	API   string    `json:"api"`
	PID   int       `json:"pid"`
	Data  string    `json:"data"` // its folder, for commands beside it
	Seed  uint64    `json:"seed"`
	Now   string    `json:"now"`
	Users []qa.User `json:"users"`
	// Replayed says, of a demo that is a capsule's life again, whether it led to the
	// same state.
	Replayed *bool `json:"replayed,omitempty"`
}

// instance is one life of a demo.
type instance struct {
	*Service
	dir   string
	admin io.Closer
}

// NewDemo makes a demo and its first instance.
func NewDemo(ctx context.Context, c DemoConfig, seed uint64, scenario string) (*Demo, DemoLine, error) {
	d := &Demo{config: c, bundle: assets.New()}
	line, err := d.start(ctx, life{seed: seed, scenario: scenario, replay: c.Replay})
	return d, line, err
}

// life is what an instance is made from: a seed and a scenario, or a capsule.
type life struct {
	seed     uint64
	scenario string
	of       qa.Scenario
	replay   *qa.Capsule
}

func (d *Demo) scenario(name string) (qa.Scenario, error) {
	if d.config.Empty {
		return qa.Empty, nil
	}
	return qa.ScenarioNamed(name)
}

// begins is the instant at which a demo of a scenario begins.
func (c DemoConfig) begins(of qa.Scenario) time.Time {
	for _, at := range []time.Time{c.Begin, of.Begin} {
		if !at.IsZero() {
			return at
		}
	}
	return c.Today
}

// ServeHTTP serves the present instance.
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.current.Load().ServeHTTP(w, r) }

// Close ends the demo and removes what it kept.
func (d *Demo) Close() {
	if i := d.current.Load(); i != nil {
		i.remove()
	}
}

func (i *instance) remove() {
	if err := errors.Join(i.admin.Close(), i.Close(), os.RemoveAll(i.dir)); err != nil {
		slog.Error("the end of a throwaway instance", "error", err)
	}
}

// start makes an instance and puts it in the place of the present one.
func (d *Demo) start(ctx context.Context, l life) (DemoLine, error) {
	var err error
	if l.of, err = d.scenario(l.scenario); err != nil {
		return DemoLine{}, err
	}
	dir, err := throwawayDir()
	if err != nil {
		return DemoLine{}, err
	}
	i, line, err := d.build(ctx, dir, l)
	if err != nil {
		return line, errors.Join(err, os.RemoveAll(dir))
	}
	if old := d.current.Swap(i); old != nil {
		old.remove()
	}
	return line, nil
}

func (d *Demo) build(ctx context.Context, dir string, l life) (*instance, DemoLine, error) {
	begin := d.config.begins(l.of)
	began := begin.Add(-l.of.Past)
	capsule := qa.Capsule{
		Version: d.config.Version, TZData: d.config.TZData, Seed: l.seed, Began: began, Begin: begin,
		Found: act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(began)},
	}
	if l.replay != nil {
		capsule = *l.replay
	}
	clock, recorder := qa.NewClock(capsule.Began, d.config.Elapsed, false), qa.NewRecorder()
	s, err := store.Create(store.Config{
		Dir: dir, Now: clock.Now, Elapsed: d.config.Elapsed, TZData: d.config.TZData, Seed: &capsule.Seed, Record: recorder.Record, Fatal: d.config.Fatal,
	}, store.Throwaway, capsule.Found)
	if err != nil {
		return nil, DemoLine{}, err
	}
	service, line, err := d.people(ctx, s, clock, l, capsule, recorder)
	if err != nil {
		return nil, DemoLine{}, errors.Join(err, s.Close())
	}
	var admin io.Closer = io.NopCloser(nil)
	if d.config.Admin != nil {
		if admin, err = d.config.Admin(dir, s); err != nil {
			return nil, DemoLine{}, errors.Join(err, service.Close())
		}
	}
	line.Data = dir
	return &instance{service, dir, admin}, line, nil
}

// people fills the instance, lets its clock stand or tick, and serves it.
func (d *Demo) people(ctx context.Context, s *store.Store, clock *qa.Clock, l life, capsule qa.Capsule, recorder *qa.Recorder) (*Service, DemoLine, error) {
	line := DemoLine{URL: d.config.Base, API: d.config.Base + "/api/v1", PID: os.Getpid(), Seed: capsule.Seed}
	caught := &notify.Caught{}
	post, err := notify.New(s, caught, assets.FS(), d.config.Base)
	if err != nil {
		return nil, line, err
	}
	if l.replay == nil {
		capsule.Users, err = d.seed(ctx, s, post, clock, l, capsule.Begin)
	} else {
		var same bool
		same, err = l.replay.Replay(ctx, s, post, clock)
		line.Replayed = &same
	}
	if err != nil {
		return nil, line, err
	}
	for i := range capsule.Users {
		capsule.Users[i].LoginURL = d.config.Base + capsule.Users[i].Login()
	}
	line.Users, line.Now = capsule.Users, clock.Now().Format(time.RFC3339)
	if !d.config.Still {
		clock.Tick()
	}
	service, err := NewService(ServiceConfig{
		Store: s, Seed: &capsule.Seed, Bundle: d.bundle, Now: clock.Now, Elapsed: d.config.Elapsed, Base: d.config.Base, Sender: caught, Still: d.config.Still,
		Besides: func(a *auth.Auth, post *notify.Post) ([]reply.Route, *web.Throwaway) {
			calls := qa.New(qa.Config{
				Store: s, Auth: a, Clock: clock, Post: post, Caught: caught, Users: capsule.Users, Capsule: capsule, Recorder: recorder,
				Reset: func(ctx context.Context, seed uint64, scenario string) (any, error) {
					return d.start(context.WithoutCancel(ctx), life{seed: seed, scenario: scenario})
				},
			})
			return calls.Routes(), &web.Throwaway{Ticks: clock.Ticks(), People: func() []web.Person { return persons(capsule.Users) }, Mails: calls.Mails, Next: calls.Upcoming}
		},
	})
	return service, line, err
}

// seed fills an instance with a scenario's people, and with those of files.
func (d *Demo) seed(ctx context.Context, s *store.Store, post *notify.Post, clock *qa.Clock, l life, begin time.Time) ([]qa.User, error) {
	users, err := qa.Seed(ctx, s, post, clock, l.seed, begin, l.of)
	if err == nil && d.config.Import != nil {
		err = errors.Join(d.config.Import(ctx, s), qa.JoinCandidates(ctx, s, l.seed))
	}
	return users, err
}

// persons are the users as the pages show them.
func persons(users []qa.User) []web.Person {
	shown := make([]web.Person, len(users))
	for i, u := range users {
		shown[i] = web.Person{Role: u.Role, Name: u.Name, Login: u.Login(), About: u.About}
	}
	return shown
}

// throwawayDir makes a folder for a throwaway store, in memory where there is
// room, and removes those whose process is gone.
func throwawayDir() (string, error) {
	base := os.TempDir()
	if probe, err := os.MkdirTemp("/dev/shm", "careconnect-probe-"); err == nil && os.Remove(probe) == nil {
		base = "/dev/shm"
	}
	left, err := filepath.Glob(filepath.Join(base, "careconnect-demo-*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(dir), "-")[2])
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			if err := os.RemoveAll(dir); err != nil {
				slog.Warn("a throwaway folder of a process that is gone could not be removed", "folder", dir)
			}
		}
	}
	return os.MkdirTemp(base, fmt.Sprintf("careconnect-demo-%d-", os.Getpid()))
}
