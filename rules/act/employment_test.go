package act_test

import (
	"strings"
	"testing"
	"time"

	"careconnect/rules/access"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// The requirements on employers, R10 and R70 to R72, each as its example says.

// lantern is the employer of the world's clients.
func (w *world) lantern() care.Employer { return w.chart(care.ProgrammeChart).Employers[0] }

// rosters brings a roster of some people in, under a name of its own, and looks
// everybody up who gave a key.
func (w *world) rosters(file string, people ...string) {
	w.Helper()
	e := w.lantern()
	var keys []string
	for _, who := range people {
		keys = append(keys, care.RosterKey(e.Salt, who))
	}
	w.do(care.System, act.ImportRoster{Employer: e.ID, File: file, Keys: keys})
	w.do(care.System, act.FinishRoster{Employer: e.ID, File: file, Pages: 1, Size: len(keys)})
	w.do(care.System, act.DropRoster{Employer: e.ID})
	for _, m := range w.find(care.EmployedAt(e.ID)) {
		w.do(care.System, act.LookUpRoster{Client: m.Chart})
	}
}

// says has a client say where they work; as is what the roster would have.
func (w *world) says(c care.ChartID, as string) {
	w.Helper()
	w.do(client(c), act.ClaimBenefit{Client: c, Code: "LANTERN", Key: act.RosterKey("LANTERN", as, w.chart(care.ProgrammeChart))})
}

func (w *world) benefit(c care.ChartID) care.Benefit { return w.chart(c).Client.Benefit }

// seeking is the episode in which a client seeks care.
func (w *world) seeking(c care.ChartID) care.Episode {
	w.Helper()
	e, ok := w.chart(c).OpenEpisode()
	if !ok {
		w.Fatalf("no open episode")
	}
	return e
}

// word is a client who came with a code and nothing that proves it.
func (w *world) word(n int) care.ChartID {
	w.Helper()
	e := entering(n)
	e.Source, e.Evidence = "", care.ByWord
	return care.ChartID(w.do(care.Anonymous, e))
}

// TestR70TheRosterRemovesAHash: the next new request is refused with an
// explanation, and the visit that is booked stays, as ordinary care.
func TestR70TheRosterRemovesAHash(t *testing.T) {
	w := open(t)
	p, other, c := w.joins(1, true), w.joins(2, true), w.word(1)
	w.rosters("first", "Ana.Vireo@lanternworks.test", "E-2002")
	w.says(c, " ana.vireo@LANTERNWORKS.test ")
	is(t, "evidence", w.benefit(c).Evidence, care.ByRoster)
	r := w.held(c, p)
	w.insured(c, plan(c, "Lakefront HMO"))
	past := w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	ahead := w.session(p, r, w.now.Add(48*time.Hour))
	is(t, "covered", w.appointment(c, ahead).Covered, "covered")

	w.rosters("second", "E-2002")
	is(t, "employed", *w.benefit(c).Found(), false)
	is(t, "the visit ahead", w.appointment(c, ahead).Status, care.Booked)
	is(t, "is paid by", w.appointment(c, ahead).Covered, "ordinary")
	is(t, "the visit before", w.appointment(c, past.ID).Covered, "covered")
	is(t, "its referral", w.referral(c, r).Status, care.InCare)
	is(t, "the badge is gone", w.chart(c).Episodes[0].Left.IsZero(), false)
	is(t, "a new request", w.refused(client(c), act.Request{Client: c, Provider: other}), "client.employed")
	is(t, "a new match", w.refused(client(c), act.AskMatch{Client: c}), "client.employed")
	is(t, "the client is told", w.told(c, "benefit_ended", string(c))[string(c)], 1)
	w.says(c, "") // a word alone does not open it again
	is(t, "after a word", w.refused(client(c), act.Request{Client: c, Provider: other}), "client.employed")
	is(t, "the care team looks", w.tasks(c, "employment"), 1)
	for _, m := range w.chart(c).Messages {
		if m.ToRole == care.RoleEmployer {
			t.Errorf("the employer is told %s", m.Template)
		}
	}

	w.rosters("third", "E-2002", "ana.vireo@lanternworks.test") // hired again
	is(t, "hired again", *w.benefit(c).Found(), true)
	is(t, "the badge is back", w.chart(c).Episodes[0].Left.IsZero(), true)
	w.asks(c, other)
}

// TestR70ARequestLooksTheRosterUpItself: also before anybody was looked up.
func TestR70ARequestLooksTheRosterUpItself(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.word(1)
	w.rosters("first", "ana@lanternworks.test")
	w.says(c, "ana@lanternworks.test")
	e := w.lantern()
	w.do(care.System, act.ImportRoster{Employer: e.ID, File: "second", Keys: []string{care.RosterKey(e.Salt, "somebody else")}})
	w.do(care.System, act.FinishRoster{Employer: e.ID, File: "second", Pages: 1, Size: 1})
	is(t, "a new request", w.refused(client(c), act.Request{Client: c, Provider: p}), "client.employed")
}

// TestR70AWordIsLookedAt: it opens the door, and the care team looks before
// anything counts as covered.
func TestR70AWordIsLookedAt(t *testing.T) {
	for _, c := range []struct {
		employed bool
		covered  string
		again    string
	}{{true, "covered", "done"}, {false, "ordinary", "client.employed"}} {
		w := open(t)
		p, other, me := w.joins(1, true), w.joins(2, true), w.word(1)
		r := w.held(me, p)
		is(t, "tasks", w.tasks(me, "employment"), 1)
		w.insured(me, plan(me, "Lakefront HMO"))
		ap := w.attends(p, r, me, w.now.Add(20*time.Hour), 50, "").ID
		is(t, "before anybody looked", w.appointment(me, ap).Covered, "unverified")
		for _, task := range w.chart(me).Tasks {
			if task.Code == "employment" {
				is(t, "without a finding", w.refused(careTeam, act.FinishTask{Task: task.ID}), "finding_missing")
			}
		}
		is(t, "by the client", w.refused(client(me), act.CheckEmployment{Client: me, Employed: true}), "forbidden")
		w.do(careTeam, act.CheckEmployment{Client: me, Employed: c.employed})
		is(t, "after", w.appointment(me, ap).Covered, c.covered)
		for _, task := range w.chart(me).Tasks {
			is(t, "the task is done", task.Code != "employment" || !task.DoneAt.IsZero(), true)
		}
		is(t, "a new request", w.refused(client(me), act.Request{Client: me, Provider: other}), c.again)
	}
}

// TestR70WhereThereIsARosterAWordWaits for the care team.
func TestR70WhereThereIsARosterAWordWaits(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.word(1)
	w.rosters("first", "E-2002")
	out, err := w.store.Do(w.ctx(), client(c), act.Request{Client: c, Provider: p})
	if err != nil || len(out.Decision.Reasons()) != 1 || out.Decision.Reasons()[0].Truth.String() != "unknown" {
		t.Fatalf("%v, %v", out.Decision.Reasons(), err)
	}
	w.says(c, "E-2003") // mistyped, or not there
	is(t, "the care team looks", w.tasks(c, "employment"), 1)
	is(t, "another key", w.refused(client(c), act.Request{Client: c, Provider: p}), "client.employed")
	w.do(careTeam, act.CheckEmployment{Client: c, Employed: true})
	w.asks(c, p)
}

// TestR70SomebodyNewWhomTheRosterDoesNotKnow gives their word, and the care team
// looks: nobody is turned away for good by a slip, or by a list that is late.
func TestR70SomebodyNewWhomTheRosterDoesNotKnow(t *testing.T) {
	w := open(t)
	p := w.joins(1, true)
	newcomer := func(n int) *act.Enter {
		e := entering(n)
		e.Source, e.Evidence, e.Key = "", care.ByWord, act.RosterKey("LANTERN", "mistyped", w.chart(care.ProgrammeChart))
		return &e
	}
	is(t, "without a roster there is nothing to look at", w.refused(care.Anonymous, act.AskEmployment{New: newcomer(1)}), "nothing_to_look_at")
	w.rosters("first", "E-2002")
	is(t, "a request", w.refused(care.Anonymous, act.Request{New: newcomer(1), Provider: p}), "client.employed")
	child := newcomer(1)
	child.BirthDate = day(2015, 1, 1)
	is(t, "a child", w.refused(care.Anonymous, act.AskEmployment{New: child}), "client.employed")
	nowhere := newcomer(1)
	nowhere.Code = "NOBODY"
	is(t, "no such employer", w.refused(care.Anonymous, act.AskEmployment{New: nowhere}), "client.employed")

	looks := func(n int) care.ChartID {
		chart, err := w.store.Locate(w.ctx(), care.System, w.do(care.Anonymous, act.AskEmployment{New: newcomer(n)}), "test")
		if err != nil {
			t.Fatal(err)
		}
		return chart.ID
	}
	me, other := looks(1), looks(2)
	is(t, "the care team looks", w.tasks(me, "employment"), 1)
	is(t, "no promise runs", len(w.chart(me).Episodes), 0)
	is(t, "before anybody looked", w.refused(client(me), act.Request{Client: me, Provider: p}), "client.employed")
	w.do(careTeam, act.CheckEmployment{Client: me, Employed: true})
	is(t, "they are told", w.told(me, "benefit_found", string(me))[string(me)], 1)
	w.asks(me, p)
	is(t, "it was looked at already", w.tasks(me, "employment"), 1)
	w.do(careTeam, act.CheckEmployment{Client: other, Employed: false})
	is(t, "not there: they are told", w.told(other, "benefit_ended", string(other))[string(other)], 1)
	is(t, "and nothing begins", w.refused(client(other), act.Request{Client: other, Provider: p}), "client.employed")
}

// TestR70EachNewEpisodeIsLookedAt: what an earlier one had proven is not enough.
func TestR70EachNewEpisodeIsLookedAt(t *testing.T) {
	w := open(t)
	p, other, c := w.joins(1, true), w.joins(2, true), w.enters(1)
	r := w.held(c, p)
	w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	is(t, "after a link of the portal", w.tasks(c, "employment"), 0)
	second := w.asks(c, other)
	is(t, "the second time", w.tasks(c, "employment"), 1)
	w.do(careTeam, act.CheckEmployment{Client: c, Employed: true})
	w.do(client(c), act.Withdraw{Referral: second})
	w.do(client(c), act.Request{Client: c, Provider: other, Came: act.Arrival{Source: care.FromPortal, Code: "LANTERN", Evidence: care.ByPortal}})
	is(t, "through the portal again", w.tasks(c, "employment"), 1) // the one that is done
}

// TestR70ItEndsByTheClientsOwnWord, and another employer takes its place.
func TestR70ItEndsByTheClientsOwnWord(t *testing.T) {
	w := open(t)
	p, other, c := w.joins(1, true), w.joins(2, true), w.enters(1)
	w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Quarrymere Robotics", Code: "QUARRY", Industry: "technology", Starts: day(2026, 1, 1)}})
	r := w.held(c, p)
	w.attends(p, r, c, w.now.Add(20*time.Hour), 50, "")
	w.do(client(c), act.EndEmployment{Client: c})
	is(t, "a new request", w.refused(client(c), act.Request{Client: c, Provider: other}), "client.employed")
	is(t, "what they said themselves", w.told(c, "benefit_ended", string(c))[string(c)], 0)
	w.do(client(c), act.ClaimBenefit{Client: c, Code: "QUARRY"})
	w.asks(c, other)
	second := w.seeking(c)
	is(t, "its employer", second.Employer, w.benefit(c).Employer)
	is(t, "the badge of the first", w.chart(c).Episodes[0].Left.IsZero() && w.chart(c).Episodes[1].Left.IsZero(), false)
	is(t, "of the second", second.Left.IsZero(), true)
}

// TestR70AnEmployerLeaves: no new episodes from its last day on, and what has begun
// is untouched.
func TestR70AnEmployerLeaves(t *testing.T) {
	w := open(t)
	p, other, c, late := w.joins(1, true), w.joins(2, true), w.enters(1), w.enters(2)
	r := w.held(c, p)
	e := w.lantern()
	w.do(careTeam, act.UpdateEmployer{Employer: e.ID, Name_: e.Name, Industry: e.Industry, Starts: e.Starts, Ends: day(2026, 10, 5)})
	w.until(w.now.Add(24 * time.Hour))
	is(t, "somebody new", w.refused(client(late), act.Request{Client: late, Provider: p}), "client.employed")
	is(t, "also with an episode open", w.refused(client(c), act.Request{Client: c, Provider: other}), "client.employed")
	w.session(p, r, w.now.Add(24*time.Hour)) // goes on
	is(t, "episode", w.episode(c).Left.IsZero(), true)
}

// TestR10TheSameClientThroughTwoLinks: two episodes with two sources, only if the
// first is over.
func TestR10TheSameClientThroughTwoLinks(t *testing.T) {
	w := open(t)
	p, other, c := w.joins(1, true), w.joins(2, true), w.enters(1)
	first := w.asks(c, p)
	link := act.Arrival{Source: care.FromEmployer, Code: "LANTERN"}
	second := care.ReferralID(w.do(client(c), act.Request{Client: c, Provider: other, Came: link}))
	is(t, "episodes while the first is open", len(w.chart(c).Episodes), 1)
	is(t, "its source", w.episode(c).Source, care.FromPortal)
	w.do(client(c), act.Withdraw{Referral: first})
	w.do(client(c), act.Withdraw{Referral: second})
	w.do(client(c), act.Request{Client: c, Provider: other, Came: link})
	is(t, "episodes", len(w.chart(c).Episodes), 2)
	is(t, "source of the second", w.seeking(c).Source, care.FromEmployer)
	is(t, "when they came", w.seeking(c).EnteredAt, w.now)
	for _, e := range w.chart(c).Episodes {
		is(t, "closed", e.ClosedAt.IsZero(), e.Source == care.FromEmployer)
	}
}

// TestR70ALinkBringsTheCodeOfWhoHasNone: a client who never gave one need not type it.
func TestR70ALinkBringsTheCodeOfWhoHasNone(t *testing.T) {
	w := open(t)
	p, e := w.joins(1, true), entering(1)
	e.Code, e.Evidence = "", ""
	me := care.ChartID(w.do(care.Anonymous, e))
	is(t, "without", w.refused(client(me), act.Request{Client: me, Provider: p}), "client.employed")
	w.do(client(me), act.Request{Client: me, Provider: p, Came: act.Arrival{Source: care.FromEmployer, Code: "lantern"}})
	is(t, "evidence", w.benefit(me).Evidence, care.ByWord)
	is(t, "the care team looks", w.tasks(me, "employment"), 1)
}

// TestR10EverySourceIsKept: portal, employer link, care team, and nowhere else.
func TestR10EverySourceIsKept(t *testing.T) {
	for n, c := range []struct{ entered, came, want string }{
		{"portal", "", "portal"}, {"employer_link", "", "employer_link"}, {"direct", "", "direct"},
		{"direct", "care_team", "care_team"}, {"portal", "a lie", "portal"}, {"", "", "direct"},
	} {
		w := open(t)
		e := entering(n + 1)
		e.Source = c.entered
		me := care.ChartID(w.do(care.Anonymous, e))
		w.do(client(me), act.Request{Client: me, Provider: w.joins(1, true), Came: act.Arrival{Source: c.came}})
		is(t, c.entered+" "+c.came, w.episode(me).Source, c.want)
	}
}

// TestR10AProviderNeverReadsTheEmployer unless the client lets them.
func TestR10AProviderNeverReadsTheEmployer(t *testing.T) {
	w := open(t)
	p, c := w.joins(1, true), w.enters(1)
	w.asks(c, p)
	sees := func(who care.Actor) (named, source bool) {
		view, ok := access.See(who, w.chart(c))
		if !ok {
			t.Fatal("the chart is not seen")
		}
		text := strings.Join([]string{view.Episodes[0].EmployerName, string(view.Episodes[0].Employer), view.Client.Benefit.Code, string(view.Client.Benefit.Employer)}, "")
		return text != "", view.Episodes[0].Source != ""
	}
	named, source := sees(provider(p))
	is(t, "the employer", named, false)
	is(t, "the source", source, false)
	_, source = sees(careTeam)
	is(t, "the care team sees the source", source, true)
	w.do(client(c), act.NameEmployer{Client: c, Yes: true})
	is(t, "by the client's leave", w.episode(c).EmployerName, "Lanternworks Power")
	named, _ = sees(provider(p))
	is(t, "then the provider", named, true)
	is(t, "not by the care team", w.refused(careTeam, act.NameEmployer{Client: c, Yes: true}), "forbidden")
	w.do(client(c), act.NameEmployer{Client: c})
	named, _ = sees(provider(p))
	is(t, "and not any more", named, false)
}

// TestR72TheRegistryOfEmployers: an unknown industry is rejected, and an employer
// outside its dates begins nothing.
func TestR72TheRegistryOfEmployers(t *testing.T) {
	w := open(t)
	bad := care.Employer{Name: "Fernreach Biologics", Code: "FERN", Industry: "agriculture", Starts: day(2026, 1, 1)}
	is(t, "industry", w.refused(careTeam, act.AddEmployer{Employer: bad}), "invalid_input")
	for industry := range act.Industries {
		bad.Code, bad.Industry = industry, industry
		w.do(careTeam, act.AddEmployer{Employer: bad})
	}
	is(t, "a code twice", w.refused(careTeam, act.AddEmployer{Employer: care.Employer{Name: "X", Code: "lantern", Industry: "other"}}), "invalid_input")
	p := w.joins(1, true)
	for code, dates := range map[string][2]int{"SOON": {12, 0}, "OVER": {1, 9}} {
		e := care.Employer{Name: code + " Works", Code: code, Industry: "other", Starts: day(2026, time.Month(dates[0]), 1)}
		if dates[1] > 0 {
			e.Ends = day(2026, time.Month(dates[1]), 30)
		}
		w.do(careTeam, act.AddEmployer{Employer: e})
		who := entering(len(code) + dates[0])
		who.Code = code
		is(t, code, w.refused(care.Anonymous, act.Request{New: &who, Provider: p}), "client.employed")
	}
	seen := map[string]bool{}
	for _, e := range w.chart(care.ProgrammeChart).Employers {
		if e.Salt == "" || seen[e.Salt] {
			t.Errorf("%s has no salt of its own", e.Code)
		}
		seen[e.Salt] = true
	}
}

// TestR71ARosterCountsWhole: not before all pages are there, and what is not in
// force goes.
func TestR71ARosterCountsWhole(t *testing.T) {
	w := open(t)
	e := w.lantern()
	on := func(file, who string) bool {
		return len(w.find(care.Rostered(file, care.RosterKey(e.Salt, who)))) > 0
	}
	page := func(file string, n int, who string) {
		w.do(care.System, act.ImportRoster{Employer: e.ID, File: file, Page: n, Keys: []string{care.RosterKey(e.Salt, who)}})
	}
	page("a", 0, "E-1")
	is(t, "half of it", w.refused(care.System, act.FinishRoster{Employer: e.ID, File: "a", Pages: 2, Size: 2}), "roster_incomplete")
	page("a", 1, "E-2")
	page("a", 1, "E-2") // again, after it was cut short
	w.do(care.System, act.FinishRoster{Employer: e.ID, File: "a", Pages: 2, Size: 2})
	charts := map[care.ChartID]bool{}
	pages := func() (n int) {
		for _, m := range w.find(care.RosterOf(e.ID)) {
			charts[m.Chart] = true
			if m.Ref != "" {
				n++
			}
		}
		return n
	}
	for _, file := range []string{"b", "c"} { // a smaller one, and one as large again
		page(file, 0, "E-1")
		if file == "c" {
			page(file, 1, "E-3")
		}
		w.do(care.System, act.FinishRoster{Employer: e.ID, File: file, Pages: map[string]int{"b": 1, "c": 2}[file], Size: 1})
		w.do(care.System, act.DropRoster{Employer: e.ID})
		is(t, "pages of "+file, pages(), map[string]int{"b": 1, "c": 2}[file])
	}
	is(t, "charts of pages", len(charts), 2)
	is(t, "who left", on("a", "E-2") || on("b", "E-2") || on("c", "E-2"), false)
	is(t, "who is there", on("c", "E-1") && on("c", "E-3") && !on("b", "E-1"), true)
	is(t, "by the employer", w.refused(care.Actor{Role: care.RoleEmployer, Chart: "ac_boss"}, act.ImportRoster{Employer: e.ID, File: "d", Keys: []string{"x"}}), "forbidden")
}

// TestR71AKeyIsNotItsName: letter case and blanks do not count, the salt does.
func TestR71AKeyIsNotItsName(t *testing.T) {
	key := care.RosterKey("salt", "Ana.Vireo@lanternworks.test")
	is(t, "the same", care.RosterKey("salt", "  ana.vireo@Lanternworks.TEST"), key)
	is(t, "another salt", care.RosterKey("pepper", "Ana.Vireo@lanternworks.test") == key, false)
	is(t, "length", len(key), 32)
	is(t, "a check is no salt", care.RosterCheck("salt") == care.RosterCheck("pepper"), false)
}
