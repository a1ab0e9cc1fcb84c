package qa

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Scenario is what has happened in a throwaway instance before its demo begins.
// The everyday people are in each of them, so that every role can be entered.
type Scenario struct {
	Name string
	Says string
	// Begin is the instant that it begins at where none is asked for; zero: now.
	Begin time.Time
	// Past is how long before that its history starts.
	Past time.Duration

	plan func(p *people, begin time.Time) // what is to happen on the way; nil: nothing more
	bare bool                             // staff only
}

// Before is how long before its beginning the everyday history starts.
const Before = 10 * 24 * time.Hour

const day = 24 * time.Hour

// Everyday is the scenario where none is named.
const Everyday = "everyday"

// Scenarios is the catalogue.
var Scenarios = []Scenario{
	{Name: Everyday, Says: "people to start from, and some on their way", Past: Before},
	{Name: "all-clocks", Says: "each of the four clocks runs for somebody, and the promise of one spans Thanksgiving", Begin: instant("2026-11-20T16:00:00-06:00"), Past: 40 * day, plan: allClocks},
	{Name: "clock-change", Says: "a request and a session on the evening before clocks go back; the client of the session does not come", Begin: instant("2026-10-31T18:30:00-04:00"), Past: 12 * day, plan: clockChange},
	{Name: "unprocessable-plan", Says: "a session is booked on a plan that turns out to be one that cannot be processed", Past: 12 * day, plan: unprocessable},
	{Name: "provider-leaves", Says: "a provider with two who wait for an answer, one accepted and one in care is about to leave", Past: 20 * day, plan: providerLeaves},
	{Name: "employer-leaves", Says: "an employer's last day is today; of its people one is in care, one waits, one has not asked yet", Past: 20 * day, plan: employerLeaves},
	{Name: "follow-up-season", Says: "people in each part of the weeks in which the follow-up is asked", Past: 60 * day, plan: followUpSeason},
	{Name: "waiting-list", Says: "a provider takes nobody new and keeps a waiting list: somebody is invited, somebody's place ends this week, somebody sees another provider meanwhile", Past: 90 * day, plan: waitingList},
	{Name: "safety-alert", Says: "somebody has answered item 9 above zero, and nobody has acknowledged it yet", Past: 12 * day, plan: safetyAlert},
	{Name: "january", Says: "a new year: many bring a new plan, and all of them wait to be verified", Begin: instant("2027-01-04T09:00:00-06:00"), Past: 40 * day, plan: january},
	{Name: "large-network", Says: "a thousand providers and two hundred clients on their way", Past: Before, plan: largeNetwork},
}

// Empty is an instance with its staff, and nobody to care for.
var Empty = Scenario{Name: "empty", Says: "staff only: no providers and no clients", Past: Before, bare: true}

// ScenarioNamed finds one of the catalogue; an empty name is Everyday. The error
// lists what there is.
func ScenarioNamed(name string) (Scenario, error) {
	if name == "" {
		name = Everyday
	}
	names := make([]string, len(Scenarios))
	for i, s := range Scenarios {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Scenario{}, &care.Fault{Kind: care.Invalid, Code: "no_scenario", Says: "There is no such scenario; there are: " + strings.Join(names, ", ") + "."}
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err) // it is written on this page
	}
	return t
}

// appointed is something that somebody does at an instant on the way.
type appointed struct {
	at time.Time
	do func()
}

// at has something done at an instant to come, in the order of the instants.
func (p *people) at(t time.Time, do func()) {
	i := len(p.todo)
	for i > 0 && p.todo[i-1].at.After(t) {
		i--
	}
	p.todo = slices.Insert(p.todo, i, appointed{t, do})
}

// journey is one person's way through the programme, with one provider.
type journey struct {
	*people
	id     care.ChartID
	doctor doctor
	asked  care.ReferralID
}

func (j *journey) me() care.Actor   { return care.Actor{Role: care.RoleClient, Chart: j.id} }
func (j *journey) them() care.Actor { return care.Actor{Role: care.RoleProvider, Chart: j.doctor.id} }

// somebody arrives at an instant, and goes on from there. Whom the demo shows has
// words about them.
func (p *people) somebody(at time.Time, n int, about, code, plan string, on func(*journey)) {
	p.at(at, func() {
		doc := p.doctors[n%3] // of those who can be signed in as
		id := p.arrive(person{about: about, state: doc.state, zone: doc.zone, code: code, concerns: []string{"anxiety", "sleep"}, plan: plan, show: about != ""}, 20+n)
		if on != nil {
			on(&journey{people: p, id: id, doctor: doc})
		}
	})
}

// asks sends the request.
func (j *journey) asks() *journey {
	j.asked = care.ReferralID(j.do(j.me(), act.Request{Client: j.id, Provider: j.doctor.id, Note: "Evenings are best for me."}))
	return j
}

// accepted answers it.
func (j *journey) accepted() *journey {
	j.do(j.them(), act.Accept{Referral: j.asked})
	return j
}

// calls books a consultation at the next opening, which is held; then goes on.
func (j *journey) calls(on func()) {
	start := j.next(care.Consultation, j.clock.Now())
	j.do(j.me(), act.Book{Referral: j.asked, Start: start})
	j.at(start.Add(20*time.Minute), func() {
		j.outcome(j.id, j.them(), care.Consultation)
		on()
	})
}

// sees books a session at the first opening from an instant on, with the forms
// answered (a value below zero leaves them), which ends in some way; then goes on.
func (j *journey) sees(from time.Time, value int, result care.AppointmentStatus, on func()) {
	start := j.next(care.Session, from)
	j.do(j.them(), act.BookSession{Referral: j.asked, Start: start, Minutes: 50})
	if value >= 0 {
		j.fills(value)
	}
	if result == care.Booked {
		return
	}
	j.at(start.Add(time.Hour), func() {
		for _, ap := range j.chart(j.id).Appointments {
			if ap.Type == care.Session && ap.Status == care.Booked && !ap.Start.After(j.clock.Now()) {
				j.do(j.them(), act.Outcome{Appointment: ap.ID, Result: result})
			}
		}
		if on != nil {
			on()
		}
	})
}

// fills answers every open form with one value an item, and submits it.
func (j *journey) fills(value int) {
	chart := j.chart(j.id)
	if chart == nil {
		return
	}
	for _, s := range chart.Screenings {
		if s.Status.Open() {
			j.do(j.me(), act.SaveAnswers{Screening: s.ID, Answers: filled(s.Instrument, value)})
			j.do(j.me(), act.Submit{Screening: s.ID})
		}
	}
}

// inCare goes all the way to a first attended session about so long before the
// beginning, answered with one value an item.
func (j *journey) inCare(first time.Time, value int, on func()) {
	j.asks().accepted().calls(func() { j.sees(first, value, care.Attended, on) })
}

// next is a provider's first opening from an instant on.
func (p *people) next(provider care.ChartID, of care.AppointmentType, from time.Time) time.Time {
	slots, _ := p.store.Directory().Openings(provider, of, p.clock.Now(), from, from.AddDate(0, 0, 14), 1)
	if len(slots) == 0 {
		if p.err == nil {
			p.err = fmt.Errorf("seed people: provider %s has no opening from %s on", provider, from.Format(time.RFC3339))
		}
		return from.Add(time.Hour)
	}
	return slots[0].Start
}

func (j *journey) next(of care.AppointmentType, from time.Time) time.Time {
	return j.people.next(j.doctor.id, of, from)
}

const goodPlan, badPlan = "Lakefront HMO", "Harbor Legacy PPO"

// The scenarios.

func allClocks(p *people, begin time.Time) {
	p.somebody(begin.Add(-2*time.Hour), 1, "has just asked: the answer is due in a day, across nothing but the night", "LANTERN", goodPlan, func(j *journey) { j.asks() })
	p.somebody(begin.Add(-20*time.Hour), 1, "has been offered times and has not chosen: the days of the first call run", "LANTERN", goodPlan, func(j *journey) {
		j.asks()
		j.do(j.them(), act.Propose{Referral: j.asked, Times: []time.Time{j.next(care.Consultation, begin.Add(3*day))}})
	})
	p.somebody(begin.Add(-30*time.Hour), 2, "had the first call: the promise runs across Thanksgiving, and the first session is booked", "LANTERN", goodPlan, func(j *journey) {
		j.asks().accepted().calls(func() { j.sees(begin.Add(4*day), -1, care.Booked, nil) })
	})
	p.somebody(begin.Add(-30*day), 0, "in care since last month: the follow-up opens next week", "LANTERN", goodPlan, func(j *journey) { j.inCare(begin.Add(-25*day), 2, nil) })
}

func clockChange(p *people, begin time.Time) {
	p.somebody(begin.Add(-30*time.Minute), 2, "asked at 18:00 daylight time: the answer is due at 17:00 standard time tomorrow", "LANTERN", goodPlan, func(j *journey) { j.asks() })
	p.somebody(begin.Add(-8*day), 2, "did not come to the first session: nothing counts from it", "LANTERN", goodPlan, func(j *journey) {
		j.asks().accepted().calls(func() {
			j.sees(begin.Add(-2*day), 2, care.NoShowClient, func() { j.sees(begin.Add(2*day), -1, care.Booked, nil) })
		})
	})
}

func unprocessable(p *people, begin time.Time) {
	p.somebody(begin.Add(-6*day), 0, "has a session booked on a plan that cannot be processed; the care team is about to find out", "LANTERN", badPlan, func(j *journey) {
		j.asks().accepted().calls(func() { j.sees(begin.Add(26*time.Hour), -1, care.Booked, nil) })
	})
}

func providerLeaves(p *people, begin time.Time) {
	const leaving = 1 // of the three to sign in as
	for i, about := range []string{"waits for an answer of the provider who leaves", "waits for an answer of the provider who leaves, too"} {
		p.somebody(begin.Add(-time.Duration(5-i)*time.Hour), leaving, about, "LANTERN", goodPlan, func(j *journey) { j.asks() })
	}
	p.somebody(begin.Add(-50*time.Hour), leaving, "was accepted by the provider who leaves", "LANTERN", goodPlan, func(j *journey) { j.asks().accepted() })
	p.somebody(begin.Add(-13*day), leaving, "is in care with the provider who leaves, and stays", "LANTERN", goodPlan, func(j *journey) { j.inCare(begin.Add(-8*day), 1, nil) })
}

func employerLeaves(p *people, begin time.Time) {
	today := calendar.On(begin, rules.Zone("America/Chicago"))
	p.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Fernreach Biologics", Code: "FERN", Industry: "pharmaceutical", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1}, Ends: today}})
	p.somebody(begin.Add(-13*day), 0, "is in care; the employer's last day is today", "FERN", goodPlan, func(j *journey) { j.inCare(begin.Add(-8*day), 1, nil) })
	p.somebody(begin.Add(-3*time.Hour), 1, "waits for an answer; the employer's last day is today", "FERN", goodPlan, func(j *journey) { j.asks() })
	p.somebody(begin.Add(-2*time.Hour), 0, "has not asked yet; the employer's last day is today", "FERN", "", nil)
}

func followUpSeason(p *people, begin time.Time) {
	for n, c := range []struct {
		about string
		ago   int // days since the first session
		value int // an item of the baseline
		then  int // an item of the follow-up; below zero: not answered
		on    int // the day on which it is
	}{
		{"the follow-up opens in a day or two", 26, 2, -1, 0},
		{"the follow-up is open since a few days", 31, 2, -1, 0},
		{"the follow-up closes within days", 40, 3, -1, 0},
		{"answered the follow-up: much better", 36, 2, 0, 30},
		{"answered the follow-up: about the same", 38, 2, 2, 33},
		{"did not answer the follow-up", 46, 2, -1, 0},
		{"was not elevated: nothing is asked again", 35, 1, -1, 0},
	} {
		first := begin.Add(-time.Duration(c.ago) * day)
		p.somebody(first.Add(-5*day), n, c.about, "LANTERN", goodPlan, func(j *journey) {
			j.inCare(first, c.value, nil)
			if c.then >= 0 {
				j.at(first.Add(time.Duration(c.on)*day), func() { j.fills(c.then) })
			}
		})
	}
}

func waitingList(p *people, begin time.Time) {
	p.provider(len(p.doctors), places[0], "takes nobody new and keeps a waiting list: has room for one more than is invited", true)
	keeper, only := p.doctors[len(p.doctors)-1].id, true
	p.do(care.Actor{Role: care.RoleProvider, Chart: keeper}, act.SetCaseload{Provider: keeper, WaitlistOnly: &only})
	waits := func(j *journey) care.WaitID {
		return care.WaitID(j.do(j.me(), act.JoinWaitlist{Client: j.id, Provider: keeper}))
	}
	p.somebody(begin.Add(-86*day), 0, "waits for the longest: the place ends this week, unless they say that they still wait", "LANTERN", goodPlan, func(j *journey) { waits(j) })
	p.somebody(begin.Add(-30*day), 1, "is invited from a waiting list since yesterday: can ask for two days more", "LANTERN", goodPlan, func(j *journey) {
		place := waits(j)
		j.at(begin.Add(-day), func() {
			j.do(care.Actor{Role: care.RoleProvider, Chart: keeper}, act.InviteWaiting{Provider: keeper, Wait: place})
		})
	})
	p.somebody(begin.Add(-13*day), 0, "waits for one provider, and is in care with another meanwhile", "LANTERN", goodPlan, func(j *journey) {
		waits(j)
		j.inCare(begin.Add(-8*day), 1, nil)
	})
}

func safetyAlert(p *people, begin time.Time) {
	p.somebody(begin.Add(-7*day), 0, "answered item 9 above zero a quarter of an hour ago, at a low total", "LANTERN", goodPlan, func(j *journey) {
		j.asks().accepted().calls(func() { j.sees(begin.Add(26*time.Hour), -1, care.Booked, nil) })
		j.at(begin.Add(-15*time.Minute), func() {
			for _, s := range j.chart(j.id).Screenings {
				if answers, safety := filled(s.Instrument, 0), safetyItem(s.Instrument); safety != "" && s.Status.Open() {
					answers[safety] = 1
					j.do(j.me(), act.SaveAnswers{Screening: s.ID, Answers: answers})
				}
			}
		})
	})
}

func january(p *people, begin time.Time) {
	for n := range 12 {
		about := ""
		if n == 0 {
			about = "in care; brought a new plan with the new year, which waits to be verified"
		}
		p.somebody(begin.Add(-time.Duration(23-n)*day), n, about, "LANTERN", goodPlan, func(j *journey) {
			j.at(begin.Add(-20*day), func() { j.verifies(care.Eligible) })
			j.inCare(begin.Add(-time.Duration(18-n)*day), n%3, nil)
			j.at(begin.Add(-time.Duration(40+3*n)*time.Minute), func() {
				plan := goodPlan
				if n%4 == 3 {
					plan = badPlan
				}
				j.do(j.me(), act.AddCoverage{Client: j.id, Type: care.HealthPlan, Payer: "Optum", Plan: plan, MemberID: fmt.Sprintf("DEMO27%04d", n), Group: "G-2027"})
			})
		})
	}
}

// verifies has the care team find something of every plan that waits.
func (j *journey) verifies(result care.CoverageStatus) {
	for _, c := range j.chart(j.id).Coverages {
		if c.Status == care.CoveragePending {
			j.do(care.Actor{Role: care.RoleCareTeam, Chart: j.desk(care.RoleCareTeam)}, act.VerifyCoverage{Coverage: c.ID, Result: result})
		}
	}
}

func (p *people) desk(role care.Role) care.ChartID {
	for _, u := range p.staffUsers {
		if u.Role == role {
			return u.ID
		}
	}
	return ""
}

func largeNetwork(p *people, begin time.Time) {
	for from := 0; from < 1000; from += 250 {
		rows := make([]act.Row, 250)
		for i := range rows {
			n := 1000 + from + i
			where := places[n%len(places)]
			rows[i] = act.Row{Digest: "demo", Provider: care.Provider{
				NPI: npi(10_000 + n), Name: p.name(), Degree: titles[n%len(titles)].degree, Licences: []care.Licence{{State: where.state, Number: fmt.Sprintf("%s-%05d", where.state, 20000+n)}},
			}}
		}
		p.do(care.System, act.Import{Rows: rows})
	}
	if p.err == nil {
		p.err = JoinCandidates(p.ctx, p.store, p.seed)
	}
	for n := range 200 {
		p.at(begin.Add(-time.Duration(200-n)*30*time.Minute), func() {
			doc := p.doctors[p.random.IntN(len(p.doctors))]
			id := p.arrive(person{state: doc.state, zone: doc.zone, code: "LANTERN", concerns: some(p.namer, specialties, 2), plan: goodPlan}, 40+n)
			(&journey{people: p, id: id, doctor: doc}).asks()
		})
	}
}
