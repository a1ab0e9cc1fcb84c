package store

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// An answer in the last good second counts; one second later the request has
// expired, although nobody has swept.
func TestActSeesWhatFellDueBeforeIt(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	for n, row := range []struct {
		after time.Duration
		want  care.ReferralStatus
		late  bool
	}{
		{24 * time.Hour, care.Accepted, false},
		{24*time.Hour + time.Second, care.Accepted, true},
		{48*time.Hour + time.Second, care.Expired, true},
	} {
		asked := w.now()
		client := w.client(n)
		id := w.ask(client, provider)
		w.clock.set(asked.Add(row.after))
		_, err := w.Do(t.Context(), ofProvider(provider), act.Accept{Referral: id})
		if row.want == care.Expired && err == nil {
			t.Errorf("%v after the request it was accepted", row.after)
		}
		r := w.referral(client, id)
		if r.Status != row.want || r.ExpiredAt.IsZero() == row.late {
			t.Errorf("%v after the request it is %s, expired at %s", row.after, r.Status, r.ExpiredAt)
		}
		if row.late && !r.ExpiredAt.Equal(asked.Add(24*time.Hour)) {
			t.Errorf("expired at %s, not at its true instant", r.ExpiredAt)
		}
	}
	w.mustBeWhole()
}

// A provider leaves, and before anybody sweeps the client does something, when a
// reminder to the provider would have fallen due: the leaving came first.
func TestActSeesThatItsProviderLeft(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	asked := w.now()
	id := w.ask(client, provider)
	w.do(ofProvider(provider), act.Leave{Provider: provider})
	w.clock.set(asked.Add(30 * time.Hour))
	w.do(ofClient(client), covering(client))
	if r := w.referral(client, id); r.Status != care.Rerouted || !r.ExpiredAt.IsZero() {
		t.Errorf("it is %s, ran out at %s", r.Status, r.ExpiredAt)
	}
	w.sweep()
	w.mustHaveHappenedOnce()
	w.mustBeWhole()
}

// A provider who left owes a choice about a client, misses it, and joins again
// before anybody sweeps: it was missed all the same, for they were gone when it fell.
func TestComingBackUndoesNothingThatFellDueBefore(t *testing.T) {
	yes, no := true, false
	for _, row := range []struct {
		name        string
		stops, back func(care.ChartID) act.Act
	}{
		{"left", func(p care.ChartID) act.Act { return act.Leave{Provider: p} },
			func(p care.ChartID) act.Act { return act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes} }},
		{"not virtual", func(p care.ChartID) act.Act { return act.SetVirtual{Provider: p, Virtual: no} },
			func(p care.ChartID) act.Act { return act.SetVirtual{Provider: p, Virtual: yes} }},
	} {
		for _, swept := range []bool{true, false} {
			w := newWorld(t, Production, nil)
			provider, client := w.provider(1), w.client(1)
			id := w.ask(client, provider)
			w.do(ofProvider(provider), act.Accept{Referral: id})
			w.do(ofProvider(provider), row.stops(provider))
			if swept {
				w.sweep()
			}
			w.clock.set(w.now().Add(30 * time.Hour))
			w.do(ofProvider(provider), row.back(provider))
			w.sweep()
			chart := w.chart(client)
			i := slices.IndexFunc(chart.Deadlines, func(d care.Deadline) bool { return d.Code == "choice" })
			if i < 0 || chart.Deadlines[i].State != care.Missed {
				t.Errorf("%s, swept %v: the choice about the client is not missed: %+v", row.name, swept, chart.Deadlines)
			}
			if !slices.ContainsFunc(chart.Tasks, func(t care.Task) bool { return t.Code == "choice_missing" }) {
				t.Errorf("%s, swept %v: nobody asks what becomes of the client", row.name, swept)
			}
			w.mustHaveHappenedOnce()
			w.mustBeWhole()
		}
	}
}

// A provider sets a way to join when the warning that there is none was due, and before
// anybody swept: it went out all the same.
func TestAWayToJoinThatComesLateIsLate(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider, client := w.provider(1), w.client(1)
	start := begin.Add(50 * time.Hour)
	w.do(ofClient(client), act.Request{Client: client, Provider: provider, Start: start})
	w.clock.set(start.Add(-20 * time.Hour))
	room := "https://meet.example.test/room"
	w.do(ofProvider(provider), act.SetHours{Provider: provider, Hours: week(), Link: &room})
	w.sweep()
	warned := 0
	for _, m := range w.chart(client).Messages {
		if m.Template == "link_missing" {
			warned++
		}
	}
	if warned != 2 { // when it was booked, and a day before
		t.Errorf("warned %d times", warned)
	}
	w.mustHaveHappenedOnce()
}

// After days of downtime everything falls in order, each at its own instant.
func TestDowntimeIsCaughtUpInOrder(t *testing.T) {
	w := newWorld(t, Production, nil)
	provider := w.provider(1)
	for n := range 12 {
		w.clock.set(begin.Add(time.Duration(n) * 37 * time.Minute))
		client := w.client(n)
		w.ask(client, provider)
		w.do(ofClient(client), covering(client))
	}
	w.clock.set(begin.AddDate(0, 0, 20))
	w.reopen()
	fired := w.sweep()
	if len(fired) < 12*8 {
		t.Errorf("only %d effects came about", len(fired))
	}
	// an end bears the date of the end, and falls a second later
	fell := func(f Fired) time.Time {
		if f.Effect == rules.Closed {
			return f.At.Add(time.Second)
		}
		return f.At
	}
	for i := 1; i < len(fired); i++ {
		if fell(fired[i]).Before(fell(fired[i-1])) {
			t.Errorf("%s of %s at %s came after %s at %s", fired[i].Effect, fired[i].Kind, fired[i].At, fired[i-1].Effect, fired[i-1].At)
		}
	}
	if again := w.sweep(); len(again) > 0 {
		t.Errorf("%d effects came about twice", len(again))
	}
	w.mustHaveHappenedOnce()
	w.mustBeWhole()
}

// NextDue steps over empty hours and stops at its limit.
func TestNextDueFindsWhatIsNext(t *testing.T) {
	w := seeded(t)
	provider, client := w.provider(1), w.client(1)
	w.ask(client, provider)
	for w.deliverAll(); ; w.deliverAll() {
		next, ok, err := w.NextDue(begin.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		want := w.earliest(client)
		if !ok {
			if !want.IsZero() {
				t.Errorf("nothing more is due, but for %s", want)
			}
			break
		}
		if !next.Equal(want) {
			t.Fatalf("next is %s, should be %s", next, want)
		}
		if _, ok, err := w.NextDue(next.Add(-time.Second)); ok || err != nil {
			t.Errorf("something is due before %s (%v)", next, err)
		}
		w.clock.set(next)
		if len(w.sweep()) == 0 {
			t.Fatalf("nothing came about at %s", next)
		}
	}
}

// earliest is the next instant of a chart's deadlines; zero if there is none.
func (w *world) earliest(client care.ChartID) time.Time {
	var first time.Time
	for _, d := range w.chart(client).Deadlines {
		if d.State == care.Running && !d.Next.IsZero() && (first.IsZero() || d.Next.Before(first)) {
			first = d.Next
		}
	}
	return first
}

// deliverAll sends what is to be sent.
func (w *world) deliverAll() {
	w.Helper()
	ready, err := w.ToSend()
	must(w.TB, err)
	for _, m := range ready {
		w.do(care.System, act.Lease{Chart: m.Chart, Message: care.MessageID(m.Ref), For: time.Minute})
		w.do(care.System, act.Delivered{Chart: m.Chart, Message: care.MessageID(m.Ref)})
	}
}

// exported are the records of all charts, as they would leave.
func (w *world) exported(clients []care.ChartID) string {
	w.Helper()
	ids := slices.Clone(clients)
	members, err := w.Find(w.Context(), care.System, care.Set{Name: care.SetProviders})
	must(w.TB, err)
	for _, m := range members {
		ids = append(ids, m.Chart)
	}
	slices.Sort(ids)
	charts, err := w.Charts(w.Context(), care.System, ids, "test")
	must(w.TB, err)
	body, err := json.Marshal(charts)
	must(w.TB, err)
	return string(body)
}

// step is one thing that happens in a made-up history.
type step struct {
	What      int
	Who, Whom int
	Wait      time.Duration
}

// live lives a history, and gives the clients. Between runs, again tells before
// each step whether the store is closed and opened.
func live(w *world, steps []step, again func(int) bool) []care.ChartID {
	var providers, clients []care.ChartID
	for n := range 3 {
		providers = append(providers, w.provider(n))
	}
	try := func(actor care.Actor, a act.Act) { // the rules may say no
		if _, err := w.Do(w.Context(), actor, a); err != nil {
			var f *care.Fault
			if !asFault(err, &f) {
				w.Fatal(err)
			}
		}
	}
	for i, s := range steps {
		if again(i) {
			w.reopen()
		}
		w.clock.set(w.clock.now().Add(s.Wait))
		if s.What == 0 || len(clients) == 0 {
			clients = append(clients, w.client(i))
			continue
		}
		client, provider := clients[s.Who%len(clients)], providers[s.Whom%len(providers)]
		var last care.Referral
		for _, r := range w.chart(client).Referrals {
			// the latest; of two in one second the one that was not over within it
			gone := last.ClosedAt.Equal(last.SubmittedAt)
			if r.Provider == provider && (last.ID == "" || r.SubmittedAt.After(last.SubmittedAt) || r.SubmittedAt.Equal(last.SubmittedAt) && gone) {
				last = r
			}
		}
		switch s.What {
		case 1:
			try(ofClient(client), act.Request{Client: client, Provider: provider})
		case 2:
			now := w.now()
			if free, _ := w.Directory().Openings(provider, care.Consultation, now, now, now.AddDate(0, 0, 10), 1); len(free) > 0 {
				try(ofClient(client), act.Request{Client: client, Provider: provider, Start: free[0].Start})
			}
		case 3:
			try(ofProvider(provider), act.Accept{Referral: last.ID})
		case 4:
			try(ofProvider(provider), act.Decline{Referral: last.ID})
		case 5:
			try(ofClient(client), covering(client))
		case 6:
			try(ofProvider(provider), act.BookSession{Referral: last.ID, Start: w.now().Add(72 * time.Hour), Minutes: 50})
		case 7:
			try(ofClient(client), act.Withdraw{Referral: last.ID})
		case 8:
			w.sweep()
		case 9:
			w.deliverAll()
		case 10:
			does := partings(provider, w.now())
			try(care.System, does[s.Who%len(does)])
		case 11:
			if on, waits := w.chart(client).WaitsFor(provider); waits {
				try(ofClient(client), act.StayOnWaitlist{Wait: on.ID})
			} else {
				try(ofClient(client), act.JoinWaitlist{Client: client, Provider: provider})
			}
		case 12:
			try(ofProvider(provider), act.InviteWaiting{Provider: provider})
		case 13:
			try(ofProvider(provider), act.Choose{Referral: last.ID, HandOn: s.Who%2 == 0})
		}
	}
	w.clock.set(w.clock.now().AddDate(0, 1, 0))
	w.sweep()
	return clients
}

// partings are what changes how a provider takes part, and so what falls on the
// charts of their clients.
func partings(p care.ChartID, now time.Time) []act.Act {
	yes, no, one := true, false, 1
	from := calendar.Date{Year: 2026, Month: 1, Day: 1}
	credential := func(c care.Credential) act.Act {
		return act.Credential{Provider: p, Credentials: []care.Credential{c}}
	}
	return []act.Act{
		act.Leave{Provider: p},
		act.Join{Provider: p, Attest: rules.DutyCodes(), Virtual: &yes},
		act.Pause{Provider: p},
		act.Resume{Provider: p},
		act.SetVirtual{Provider: p, Virtual: no},
		act.SetVirtual{Provider: p, Virtual: yes},
		act.Suspend{Provider: p, Reason: "a word with them"},
		act.Reinstate{Provider: p},
		act.SetCaseload{Provider: p, WaitlistOnly: &yes},
		act.SetCaseload{Provider: p, WaitlistOnly: &no},
		act.SetCaseload{Provider: p, Caseload: &one},
		credential(care.Credential{State: "IL", From: from}),
		credential(care.Credential{State: "IL", From: from, Until: calendar.On(now, time.UTC).AddDays(2)}),
		credential(care.Credential{State: "NY", From: from}),
	}
}

func asFault(err error, f **care.Fault) bool {
	fault, ok := err.(*care.Fault)
	*f = fault
	return ok
}

func drawSteps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			What: rapid.IntRange(0, 13).Draw(t, "what"), Who: rapid.IntRange(0, 14).Draw(t, "who"), Whom: rapid.IntRange(0, 2).Draw(t, "whom"),
			Wait: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 40, 600, 3599, 3600, 7200, 14400, 43200, 86400, 200000}).Draw(t, "wait")) * time.Second,
		}
	}), 5, 40).Draw(t, "steps")
}

// Whatever happens in whatever order, a store that is closed and opened on the
// way ends like one that is not: same ids, same records, nothing missed.
func TestReopeningChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := drawSteps(r)
		when := rapid.SliceOfN(rapid.Bool(), len(steps), len(steps)).Draw(r, "reopen")
		straight, broken := seeded(t), seeded(t)
		one := live(straight, steps, func(int) bool { return false })
		two := live(broken, steps, func(i int) bool { return when[i] })
		if !slices.Equal(one, two) {
			r.Fatalf("clients %v, then %v", one, two)
		}
		if a, b := straight.exported(one), broken.exported(two); a != b {
			r.Fatalf("the records differ: %s", difference(a, b))
		}
		for _, w := range []*world{straight, broken} {
			if err := w.whole(); err != nil {
				r.Fatal(err)
			}
			if _, wrong := w.happenedOnce(); len(wrong) > 0 {
				r.Fatal(wrong)
			}
			if err := w.Close(); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// When a sweep comes by makes no difference: one that looks before each act, and
// one that sleeps until the end, come to the same states, each as of the same
// instant, and say the same to the same people. Only who is offered instead is found
// when the offer is made: nobody is offered who has had no time since.
func TestSweepingLateChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := slices.DeleteFunc(drawSteps(r), func(s step) bool { return s.What == 8 || s.What == 9 })
		eager, late := seeded(t), seeded(t)
		one := live(eager, steps, func(i int) bool {
			eager.clock.set(eager.clock.now().Add(steps[i].Wait))
			eager.sweep()
			eager.clock.turn(-steps[i].Wait)
			return false
		})
		looks := rapid.SliceOfN(rapid.Bool(), len(steps), len(steps)).Draw(r, "looks")
		two := live(late, steps, func(i int) bool {
			if looks[i] { // what is due is known, as where a sweep has begun
				_, err := late.first(late.due, late.now().Add(steps[i].Wait))
				must(late.TB, err)
			}
			return false
		})
		if a, b := eager.told(one), late.told(two); !slices.Equal(a, b) {
			r.Fatalf("only with sweeps:\n%s\nonly without:\n%s", only(a, b), only(b, a))
		}
		for _, w := range []*world{eager, late} {
			if _, wrong := w.happenedOnce(); len(wrong) > 0 {
				r.Fatal(wrong)
			}
			if err := w.Close(); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// told is what the charts say of care, a line for each record, in an order and
// with names that do not hang on the ids that were drawn: a chart is called by its
// place, another record by its kind.
func (w *world) told(clients []care.ChartID) []string {
	w.Helper()
	members, err := w.Find(w.Context(), care.System, care.Set{Name: care.SetProviders})
	must(w.TB, err)
	charts := make([]*care.Chart, 0, len(members)+len(clients))
	for _, m := range members {
		charts = append(charts, w.chart(m.Chart))
	}
	slices.SortFunc(charts, func(a, b *care.Chart) int { return strings.Compare(a.Provider.NPI, b.Provider.NPI) })
	for _, id := range clients {
		charts = append(charts, w.chart(id))
	}
	named := func(id []byte) []byte {
		i := slices.IndexFunc(charts, func(c *care.Chart) bool { return c.ID == care.ChartID(id) })
		return fmt.Appendf(nil, "%s %d", id[:2], i)
	}
	var lines []string
	for _, c := range charts {
		var says []string
		say := func(r care.Record) {
			body, err := json.Marshal(r)
			must(w.TB, err)
			body = regexp.MustCompile(`[a-z]{2}_[0-9a-z]{26}`).ReplaceAllFunc(body, named)
			says = append(says, fmt.Sprintf("%s %s %s", named([]byte(c.ID)), r.Kind(), body))
		}
		if c.Provider != nil {
			say(care.Provider{Standing: c.Provider.Standing, History: c.Provider.History})
		}
		for _, r := range c.Referrals {
			r.Alternatives = nil
			say(r)
		}
		for _, d := range c.Deadlines {
			if !act.Errand(d) { // one to somebody who waits no more does nothing
				say(d)
			}
		}
		each(c.Episodes, say)
		each(c.Appointments, say)
		each(c.Screenings, say)
		each(c.Coverages, say)
		each(c.Waits, say)
		for _, t := range c.Tasks {
			if t.Code != "manual_match" { // there was nobody to offer
				say(t)
			}
		}
		for _, m := range c.Messages {
			if m.Template != "task" {
				say(m)
			}
		}
		slices.Sort(says)
		lines = append(lines, says...)
	}
	return lines
}

func each[R care.Record](list []R, do func(care.Record)) {
	for _, r := range list {
		do(r)
	}
}

// only are the lines that the other lacks.
func only(lines, other []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(other, line) }), "\n")
}

// difference is where two exports part.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-200)
	return fmt.Sprintf("…%s… and …%s…", a[from:min(len(a), i+80)], b[from:min(len(b), i+80)])
}
