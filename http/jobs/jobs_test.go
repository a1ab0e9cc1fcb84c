package jobs_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/assets"
	"careconnect/http/jobs"
	"careconnect/http/notify"
	"careconnect/http/reckon"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// house is a store whose clock a test sets, with one client who has asked one
// provider.
type house struct {
	*testing.T
	store            *store.Store
	now, elapsed     atomic.Int64
	client, provider care.ChartID
	referral         care.ReferralID
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t}
	begin := time.Date(2026, 10, 5, 17, 0, 0, 0, time.UTC)
	h.now.Store(begin.Unix())
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	h.store, err = store.Create(store.Config{
		Dir: dir, Now: func() time.Time { return time.Unix(h.now.Load(), 0) }, Elapsed: func() time.Duration { return time.Duration(h.elapsed.Load()) }, TZData: "test",
	}, store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(begin.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
	})
	started, yes, no := calendar.Date{Year: 2026, Month: 1, Day: 1}, true, false
	h.do(act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: started}})
	h.provider = care.ChartID(h.do(act.Import{Rows: []act.Row{{Digest: "1", Provider: care.Provider{NPI: "2000000010", Name: "Velmorin Tashquil", Degree: "phd", Licences: []care.Licence{{State: "IL"}}}}}}))
	h.do(act.Credential{Provider: h.provider, Credentials: []care.Credential{{State: "IL", From: started}}})
	week := calendar.Hours{Zone: "America/Chicago", ConsultMinutes: 15, SessionMinutes: 50}
	week.Week[time.Monday] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	h.do(act.SetHours{Provider: h.provider, Hours: week, SelfSchedule: &no})
	h.do(act.SetProfile{Provider: h.provider, Specialties: []string{"anxiety"}, Languages: []string{"en"}})
	h.do(act.Join{Provider: h.provider, Attest: rules.DutyCodes(), Virtual: &yes})
	h.client = care.ChartID(h.do(act.Enter{
		FullName: "Ostrava Quellburn", Email: "person@example.test", BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10},
		State: "IL", Zone: "America/Chicago", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}))
	h.referral = care.ReferralID(h.do(act.Request{Client: h.client, Provider: h.provider}))
	return h
}

func (h *house) do(a act.Act) string {
	h.Helper()
	out, err := h.store.Do(context.Background(), care.System, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		h.Fatalf("%s: %v %v", a.Name(), err, out.Decision.Reasons())
	}
	return out.Made
}

func (h *house) start(sender notify.Sender) *jobs.Jobs {
	h.Helper()
	post, err := notify.New(h.store, sender, assets.FS(), "http://localhost:1")
	if err != nil {
		h.Fatal(err)
	}
	j, err := jobs.Start(h.store, post, func() time.Duration { return time.Duration(h.elapsed.Load()) })
	if err != nil {
		h.Fatal(err)
	}
	return j
}

// eventually waits, in real time, for what the wake-ups bring about.
func (h *house) eventually(what string, done func() bool) {
	h.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.Fatalf("%s: not within 20 s", what)
}

func (h *house) expired() bool {
	chart, err := h.store.Chart(context.Background(), care.System, h.client, "test")
	if err != nil {
		h.Fatal(err)
	}
	r, _ := chart.Referral(h.referral)
	return r.Status == care.Expired
}

// hung is a mail server that takes a call and never answers it.
type hung struct {
	once   sync.Once
	called chan struct{}
}

func (s *hung) Send(ctx context.Context, _ notify.Mail) error {
	s.once.Do(func() { close(s.called) })
	<-ctx.Done()
	return ctx.Err()
}

// What falls due does not wait for the mail: a server that hangs holds up its
// own letters, and neither the sweep, nor readiness, nor the end.
func TestMailServerThatHangsHoldsNothingUp(t *testing.T) {
	h := newHouse(t)
	server := &hung{called: make(chan struct{})}
	j := h.start(server)
	<-server.called
	for range 3 { // whoever could be held up is, by then
		h.elapsed.Add(int64(70 * time.Second))
		h.eventually("a sweep", j.Fresh)
	}
	h.now.Add(int64((24*time.Hour + time.Second) / time.Second))
	h.eventually("a request that was not answered expires", h.expired)
	ended := make(chan error, 1)
	go func() { ended <- j.Stop() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the wake-ups do not stop")
	}
}

// TestR3NewTermsCutShortAreFollowedThrough: the process ends between the adopting
// and the asking. The next start asks everybody, gives what is open the longer
// time, and has nothing left to do after that.
func TestR3NewTermsCutShortAreFollowedThrough(t *testing.T) {
	h := newHouse(t)
	asked := func() (n int) {
		chart, err := h.store.Chart(context.Background(), care.System, h.provider, "test")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range chart.Deadlines {
			if d.Code == "attest" && d.State == care.Running {
				n++
			}
		}
		return n
	}
	due := func() time.Time {
		chart, err := h.store.Chart(context.Background(), care.System, h.client, "test")
		if err != nil {
			t.Fatal(err)
		}
		r, _ := chart.Referral(h.referral)
		d, _ := chart.Deadline(r.Respond)
		return d.Due
	}
	was, terms := due(), rules.TermsAt(first(h.store), h.store.Now())
	terms.RespondHours, terms.Effective = 48, time.Time{}
	h.do(act.AdoptTerms{Terms: terms, Why: "slow weeks", Lengthen: true})
	if asked() != 0 || !due().Equal(was) {
		t.Fatal("there is nothing to follow through")
	}
	left := func() (n int) {
		programme, err := h.store.Chart(context.Background(), care.System, care.ProgrammeChart, "test")
		if err != nil {
			t.Fatal(err)
		}
		return len(programme.Intakes)
	}
	j := h.start(&notify.Caught{})
	h.eventually("all of it is done", func() bool { return left() == 0 })
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	if asked() != 1 || !due().Equal(was.Add(24*time.Hour)) {
		t.Errorf("%d asked, due %v, was %v", asked(), due(), was)
	}
	if n, moved, err := reckon.Follow(context.Background(), h.store, care.System); n != 0 || moved != 0 || err != nil {
		t.Errorf("once more: %d asked, %d moved, %v", n, moved, err)
	}
}

// TestOnlyTheWakerKnowsTheScheduler: it is the second version, which takes its time
// from outside, and nothing but this package knows of it: no effect hangs on it.
func TestOnlyTheWakerKnowsTheScheduler(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	const path = "github.com/go-co-op/gocron"
	if text := string(mod); !strings.Contains(text, path+"/v2 v2.") || strings.Count(text, path) != 1 {
		t.Error("go.mod does not ask for the second version of the scheduler alone")
	}
	err = filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".go" || filepath.Dir(file) == "." || strings.HasPrefix(file, "../../http/jobs/") {
			return err
		}
		text, err := os.ReadFile(file)
		if strings.Contains(string(text), strconv.Quote(path+"/v2")) {
			t.Errorf("%s knows the scheduler", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func first(s *store.Store) []care.Terms {
	programme, _ := s.Programme()
	return programme.Terms
}

// Without a sweep for a minute the service is not ready.
func TestFresh(t *testing.T) {
	h := newHouse(t)
	j := h.start(&notify.Caught{})
	if !j.Fresh() {
		t.Error("not fresh at the start")
	}
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	h.elapsed.Add(int64(59 * time.Second))
	if !j.Fresh() {
		t.Error("not fresh after 59 s")
	}
	h.elapsed.Add(int64(time.Second))
	if j.Fresh() {
		t.Error("fresh after 60 s without a sweep")
	}
}

// faulty panics with what it was to send.
type faulty struct{ called atomic.Int32 }

func (s *faulty) Send(_ context.Context, m notify.Mail) error {
	s.called.Add(1)
	panic("could not send to " + m.To)
}

// A panic ends a turn and not the process, and what it says is told nobody: it
// may hold what somebody wrote.
func TestPanicEndsATurnAndTellsNothing(t *testing.T) {
	var log syncBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	h := newHouse(t)
	sender := &faulty{}
	j := h.start(sender)
	h.eventually("the sender is called", func() bool { return sender.called.Load() > 0 })
	h.now.Add(int64((24*time.Hour + time.Second) / time.Second))
	h.eventually("the sweep goes on", h.expired)
	if err := j.Stop(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "jobs.go") || strings.Contains(text, "person@example.test") {
		t.Error("the log does not say where it happened, or says what was sent")
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
