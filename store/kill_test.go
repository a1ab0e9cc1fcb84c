package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// The test binary runs itself again as a child that is to be killed.
const (
	childDoes = "CARECONNECT_TEST_CHILD"
	childDir  = "CARECONNECT_TEST_DIR"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childDoes) {
	case "write":
		writeUntilKilled(os.Getenv(childDir))
	case "init":
		initOnce(os.Getenv(childDir))
	case "restore":
		restoreOnce(os.Getenv(childDir))
	case "erase":
		eraseUntilKilled(os.Getenv(childDir))
	case "rekey":
		rekeyUntilKilled(os.Getenv(childDir))
	case "hold":
		holdUntilKilled(os.Getenv(childDir))
	default:
		os.Exit(m.Run())
	}
}

func child(t testing.TB, does, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDoes+"="+does, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// acknowledged is one line that the child printed after its act was answered.
type acknowledged struct {
	Did   string // the act
	Chart care.ChartID
	Made  string
	Fired *Fired
}

// ending is how many kills there are, and after how many the store is a new one.
func ending() (kills, each int) {
	if os.Getenv("CARECONNECT_TORTURE") != "" {
		return 10_000, 50
	}
	if testing.Short() {
		return 20, 10
	}
	if raced {
		return 50, 25
	}
	return 500, 25
}

// A process that writes from eight sides is killed at any instant: what it had
// acknowledged is there and whole, what fell due happened once.
func TestKillWhileWriting(t *testing.T) {
	kills, each := ending()
	chance := rand.New(rand.NewPCG(20261123, uint64(os.Getpid())))
	t.Logf("process %d is the seed", os.Getpid())
	var acks, effects int
	for done := 0; done < kills; done += each {
		w := newWorld(t, Production, nil)
		for n := range 4 {
			w.provider(n)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var all []acknowledged
		for range each {
			all = append(all, killed(t, w.config.Dir, time.Duration(chance.IntN(60_000))*time.Microsecond)...)
			s, err := Open(w.config)
			if err != nil {
				t.Fatalf("after %d acknowledged writes: %v", len(all), err)
			}
			w.Store = s
			w.clock.set(s.now())
			w.mustBeWhole()
			w.mustHave(all)
			if t.Failed() {
				t.Fatalf("after %d acknowledged writes in this store", len(all))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(w.config)
		if err != nil {
			t.Fatal(err)
		}
		w.Store = s
		w.sweep()
		effects += w.mustHaveHappenedOnce()
		acks += len(all)
		_ = s.Close()
	}
	t.Logf("%d kills, %d acknowledged writes, %d due effects", kills, acks, effects)
	if acks < 5*kills {
		t.Errorf("%d acknowledged writes over %d kills: the children are killed too early to prove anything", acks, kills)
	}
}

// killed runs a child that writes, and kills it some time after its first
// acknowledged write.
func killed(t testing.TB, dir string, after time.Duration) []acknowledged {
	t.Helper()
	cmd, lines := child(t, "write", dir)
	var acks []acknowledged
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var a acknowledged
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			break // the line that the kill cut short
		}
		acks = append(acks, a)
	}
	err := cmd.Wait()
	if status, ok := errors.AsType[*exec.ExitError](err); !ok || status.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return acks
}

// writeUntilKilled is the child: eight writers, each with clients of its own,
// who share the clock and sweep.
func writeUntilKilled(dir string) {
	clock := &hands{at: begin}
	config := setting(dir, clock)
	s, err := Open(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	clock.set(s.now())
	time.AfterFunc(30*time.Second, func() { os.Exit(3) }) // nobody killed us
	providers, err := s.Find(context.Background(), care.System, care.Set{Name: care.SetProviders})
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	var out sync.Mutex
	say := func(a acknowledged) {
		line, err := json.Marshal(a)
		if err != nil {
			panic(err) // a struct of strings always encodes
		}
		out.Lock()
		defer out.Unlock()
		_, _ = os.Stdout.Write(append(line, '\n'))
	}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			w := &writer{s, clock, providers, rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(n))), say}
			for {
				w.round()
			}
		})
	}
	wait.Wait()
}

type writer struct {
	*Store
	clock     *hands
	providers []care.Member
	*rand.Rand
	say func(acknowledged)
}

// do does an act and acknowledges it; empty if the rules said no.
func (w *writer) do(actor care.Actor, chart care.ChartID, a act.Act) string {
	out, err := w.Do(context.Background(), actor, a)
	if err != nil || out.Decision.Outcome != rules.Yes {
		return ""
	}
	if chart == "" {
		chart = care.ChartID(out.Made)
	}
	w.say(acknowledged{Did: a.Name(), Chart: chart, Made: out.Made})
	return out.Made
}

// round takes one client some way along the road, lets time pass and sweeps.
func (w *writer) round() {
	client := care.ChartID(w.do(care.Anonymous, "", entering(w.IntN(1e6))))
	provider := w.providers[w.IntN(len(w.providers))].Chart
	ask := act.Request{Client: client, Provider: provider}
	if w.IntN(3) == 0 {
		now := w.now()
		if free, _ := w.Directory().Openings(provider, care.Consultation, now, now, now.AddDate(0, 0, 14), 10); len(free) > 0 {
			ask.Start = free[w.IntN(len(free))].Start
		}
	}
	referral := care.ReferralID(w.do(ofClient(client), client, ask))
	if w.IntN(4) == 0 {
		w.do(ofClient(client), client, covering(client))
	}
	if referral != "" && ask.Start.IsZero() {
		switch w.IntN(4) {
		case 0:
			w.do(ofProvider(provider), client, act.Accept{Referral: referral})
		case 1:
			w.do(ofProvider(provider), client, act.Decline{Referral: referral, Reason: "full"})
		}
	}
	w.clock.mu.Lock()
	w.clock.at = w.clock.at.Add(time.Duration(w.IntN(90)) * time.Minute)
	w.clock.mu.Unlock()
	fired, err := w.Sweep(context.Background())
	if err != nil {
		return
	}
	for _, f := range fired {
		w.say(acknowledged{Did: "sweep", Made: f.Subject, Fired: &f})
	}
}

// mustHave finds everything that was acknowledged, whole.
func (w *world) mustHave(acks []acknowledged) {
	w.Helper()
	charts := map[care.ChartID]*care.Chart{}
	for _, a := range acks {
		if a.Fired != nil {
			continue // these are held against the trail
		}
		chart := charts[a.Chart]
		if chart == nil {
			var err error
			if chart, err = w.Chart(context.Background(), care.System, a.Chart, "test"); err != nil {
				w.Errorf("acknowledged %s of %s: %v", a.Did, a.Chart, err)
				continue
			}
			charts[a.Chart] = chart
		}
		ok := false
		switch a.Did {
		case "enter":
			ok = chart.Client != nil && chart.Account != nil
		case "request":
			_, ok = chart.Referral(care.ReferralID(a.Made))
		case "add_coverage":
			_, ok = chart.Coverage(care.CoverageID(a.Made))
		case "accept":
			r, _ := chart.Referral(care.ReferralID(a.Made))
			ok = r.Status != care.Submitted && !r.AnsweredAt.IsZero()
		case "decline":
			r, _ := chart.Referral(care.ReferralID(a.Made))
			ok = r.Status == care.Declined
		}
		if !ok {
			w.Errorf("acknowledged %s %s is not there", a.Did, a.Made)
		}
	}
	for _, chart := range charts {
		w.noHalfAct(chart)
	}
}

// noHalfAct checks what must come together with a request or a plan.
func (w *world) noHalfAct(chart *care.Chart) {
	w.Helper()
	for _, r := range chart.Referrals {
		e, _ := chart.Episode(r.Episode)
		for _, id := range []care.DeadlineID{r.Respond, r.Consult, e.Promise} {
			if _, ok := chart.Deadline(id); !ok {
				w.Errorf("referral %s lacks deadline %q", r.ID, id)
			}
		}
		if _, ok := chart.Appointment(r.Meeting); r.Status == care.ConsultBooked && !ok {
			w.Errorf("referral %s is booked and has no appointment", r.ID)
		}
		if !slices.ContainsFunc(chart.Messages, func(m care.Message) bool {
			return m.Subject == string(r.ID) || r.Meeting != "" && m.Subject == string(r.Meeting)
		}) {
			w.Errorf("nobody was told of referral %s", r.ID)
		}
	}
	for _, c := range chart.Coverages {
		if _, ok := chart.Deadline(c.Verify); !ok {
			w.Errorf("coverage %s lacks its deadline", c.ID)
		}
	}
}

// effect is one line of the trail about something that fell due.
type effect struct {
	Name string
	At   time.Time
}

// mustHaveHappenedOnce fails where something did not happen once.
func (w *world) mustHaveHappenedOnce() int {
	w.Helper()
	n, wrong := w.happenedOnce()
	for _, says := range wrong {
		w.Error(says)
	}
	return n
}

// happenedOnce computes what should have fallen due on each deadline by now, and
// holds it against the trail and the messages. It gives their number, and what is
// not as it should be.
func (w *world) happenedOnce() (n int, wrong []string) {
	w.Helper()
	fallen, clients := w.fallen()
	_, clock := w.Programme()
	for _, id := range clients {
		chart := w.chart(id)
		once := map[string]int{}
		for _, m := range chart.Messages {
			key := fmt.Sprint(m.To, m.ToRole, m.Template, m.Subject, m.At)
			if once[key]++; once[key] > 1 {
				wrong = append(wrong, fmt.Sprintf("%s about %s at %s was said %d times", m.Template, m.Subject, m.At, once[key]))
			}
		}
		for _, dl := range chart.Deadlines {
			got := fallen[dl.ID]
			if want := expected(clock, dl, got, w.now()); !slices.Equal(got, want) {
				wrong = append(wrong, fmt.Sprintf("%s %s (%s, from %s, settled %s, step %d): in the trail %v, should be %v", dl.Code, dl.ID, dl.State, dl.Starts, dl.SettleAt, dl.Step, got, want))
			}
			n += len(got)
		}
	}
	return n, wrong
}

// fallen is what the trail says fell due, deadline by deadline, and the clients
// that it speaks of.
func (w *world) fallen() (map[care.DeadlineID][]effect, []care.ChartID) {
	w.Helper()
	fallen := map[care.DeadlineID][]effect{}
	var clients []care.ChartID
	err := w.engine.View(func(r engine.Reader) error {
		people, err := w.people(r)
		for _, id := range people {
			if strings.HasPrefix(string(id), "cl_") {
				clients = append(clients, id)
			}
		}
		if err != nil {
			return err
		}
		return r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
			body, err := w.vault.OpenTrail(trailAD(k), v)
			if err != nil {
				return err
			}
			block, err := decodeBlock(body)
			if err != nil {
				return err
			}
			for _, line := range block {
				if line.Entry == nil {
					continue
				}
				e, err := line.open()
				if err != nil {
					return err
				}
				if e.Did == "fall" && e.Effect != "" {
					fallen[care.DeadlineID(e.Made)] = append(fallen[care.DeadlineID(e.Made)], effect{e.Effect, e.At})
				}
			}
			return nil
		})
	})
	if err != nil {
		w.Fatal(err)
	}
	return fallen, clients
}

// expected is what falls due on a deadline from its start on, until it was
// settled by somebody or closed by itself, by now.
func expected(clock rules.Clock, dl care.Deadline, got []effect, now time.Time) []effect {
	until := now
	closed := len(got) > 0 && got[len(got)-1].Name == rules.Closed
	if !dl.SettleAt.IsZero() && !closed {
		until = dl.SettleAt
		if dl.SettleAt.Equal(dl.Starts) && len(got) == 0 {
			return nil // settled by the act that began it: nothing could fall in between
		}
	}
	again := clock.Start(care.Deadline{
		ID: dl.ID, Chart: dl.Chart, Code: dl.Code, Subject: dl.Subject, Starts: dl.Starts, Due: dl.Due, Zone: dl.Zone, Reader: dl.Reader,
	})
	var want []effect
	fall := func(due func() bool) {
		for !again.Next.IsZero() && due() {
			var name string
			var at time.Time
			if name, at, again = clock.Fall(again); name == rules.Closed {
				again.Next = time.Time{}
			}
			want = append(want, effect{name, at})
		}
	}
	for _, p := range dl.Pauses { // nothing falls while it waits
		fall(func() bool { return again.Next.Before(p.From) })
		again = clock.Pause(again, p.From, p.Reason, p.Actor)
		if p.To.IsZero() {
			return want
		}
		again = clock.Resume(again, p.To)
	}
	fall(func() bool { return !again.Next.After(until) })
	return want
}

// initOnce is the child that makes a store.
func initOnce(dir string) {
	fmt.Println("begun")
	s, err := Create(setting(dir, &hands{at: begin}), Production, founding(begin))
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

// Init killed at any instant leaves no store, or one with its programme.
func TestKillWhileInitialising(t *testing.T) {
	kills, _ := ending()
	made := 0
	for n := range kills / 5 {
		dir := private(t)
		cmd, lines := child(t, "init", dir)
		lines.Scan()
		time.Sleep(time.Duration(n%20) * 1500 * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s, err := Open(setting(dir, &hands{at: begin}))
		if errors.Is(err, ErrNoStore) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		made++
		if chart, _ := s.Programme(); chart.Programme == nil {
			t.Error("a store without its programme")
		}
		if err := errors.Join(s.whole(), s.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of %d were made", made, kills/5)
}

// holdUntilKilled is the child that has a store open.
func holdUntilKilled(dir string) {
	s, err := Open(setting(dir, &hands{at: begin}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	fmt.Println("open")
	time.Sleep(30 * time.Second)
	_ = s.Close()
}
