package qa

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/store"
)

// played is a scenario that has come to its beginning.
type played struct {
	*testing.T
	store *store.Store
	clock *Clock
	users []User
	begin time.Time
}

func play(t *testing.T, of Scenario) *played {
	t.Helper()
	begin := of.Begin
	if begin.IsZero() {
		begin = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	}
	s, clock, post, _ := open(t, begin.Add(-of.Past))
	began := time.Now()
	users, err := Seed(context.Background(), s, post, clock, 7, begin, of)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s was made in %v", of.Name, time.Since(began))
	return &played{t, s, clock, users, begin}
}

// who is the client to sign in as whose words begin so.
func (p *played) who(about string) *care.Chart {
	p.Helper()
	for _, u := range p.users {
		if u.Role == care.RoleClient && len(u.About) >= len(about) && u.About[:len(about)] == about {
			return p.chart(u.ID)
		}
	}
	p.Fatalf("nobody %q", about)
	return nil
}

func (p *played) chart(id care.ChartID) *care.Chart {
	p.Helper()
	c, err := p.store.Chart(context.Background(), care.System, id, "test")
	if err != nil {
		p.Fatal(err)
	}
	return c
}

// runs is the deadline with a code that runs in a chart.
func (p *played) runs(c *care.Chart, code string) care.Deadline {
	p.Helper()
	for _, d := range c.Deadlines {
		if d.Code == code && d.State == care.Running {
			return d
		}
	}
	p.Errorf("no %s runs", code)
	return care.Deadline{}
}

func (p *played) stands(c *care.Chart, want care.ReferralStatus) {
	p.Helper()
	if len(c.Referrals) != 1 || c.Referrals[0].Status != want {
		p.Errorf("%d referrals, the last %v, want one %s", len(c.Referrals), c.Referrals[max(0, len(c.Referrals)-1):], want)
	}
}

// What each scenario promises is so when it begins.
var promised = map[string]func(p *played){
	Everyday: func(p *played) { p.stands(p.who("has asked a provider"), care.Submitted) },
	"all-clocks": func(p *played) {
		p.runs(p.who("has just asked"), "respond")
		p.runs(p.who("has been offered"), "consult")
		promise := p.runs(p.who("had the first call"), "promise")
		if want := time.Date(2026, 11, 30, 23, 59, 59, 0, rules.Zone("America/New_York")); promise.Due.Before(time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)) || promise.Due.After(want) {
			p.Errorf("the promise is due %v", promise.Due)
		}
		follow := p.runs(p.who("in care since last month"), "follow_up")
		if left := follow.Opens.Sub(p.begin); left < 0 || left > 7*day {
			p.Errorf("the follow-up opens in %v", left)
		}
	},
	"clock-change": func(p *played) {
		respond := p.runs(p.who("asked at 18:00"), "respond")
		if want := time.Date(2026, 11, 1, 22, 0, 0, 0, time.UTC); !respond.Due.Equal(want) {
			p.Errorf("the answer is due %v, want %v", respond.Due, want)
		}
		c := p.who("did not come")
		missed := slices.ContainsFunc(c.Appointments, func(a care.Appointment) bool { return a.Status == care.NoShowClient })
		if !missed || c.Episodes[0].First != "" || c.Episodes[0].FollowUp != "" {
			p.Error("the session that nobody came to counts, or there was none")
		}
	},
	"unprocessable-plan": func(p *played) {
		c := p.who("has a session booked on a plan")
		p.stands(c, care.SessionBooked)
		if v, ok := c.CurrentCoverage(); !ok || v.Status != care.CoveragePending || v.Plan != badPlan {
			p.Errorf("the plan is %s", v.Status)
		}
	},
	"provider-leaves": func(p *played) {
		for about, want := range map[string]care.ReferralStatus{
			"waits for an answer of the provider who leaves, too": care.Submitted, "was accepted": care.Accepted, "is in care with": care.InCare,
		} {
			p.stands(p.who(about), want)
		}
	},
	"employer-leaves": func(p *played) {
		p.stands(p.who("is in care; the employer"), care.InCare)
		p.stands(p.who("waits for an answer; the employer"), care.Submitted)
	},
	"follow-up-season": func(p *played) {
		for about, want := range map[string]int{"the follow-up is open since": 2, "the follow-up closes": 2, "answered the follow-up: much": 2, "was not elevated": 0, "the follow-up opens in": 0} {
			n := 0
			for _, s := range p.who(about).Screenings {
				if s.Purpose == care.FollowUp {
					n++
				}
			}
			if n != want {
				p.Errorf("%s: %d follow-up forms, want %d", about, n, want)
			}
		}
	},
	"waiting-list": func(p *played) {
		first, invited, elsewhere := p.who("waits for the longest"), p.who("is invited"), p.who("waits for one provider")
		if left := p.runs(first, "waitlist").Due.Sub(p.begin); left < 0 || left > 7*day {
			p.Errorf("the first place ends in %v", left)
		}
		if len(invited.Waits) != 1 || !invited.Waits[0].Invites(p.begin) {
			p.Error("nobody is invited")
		}
		p.stands(elsewhere, care.InCare)
		keeper := first.Waits[0].Provider
		if _, keeps := p.store.Directory().Keeper(keeper, p.begin); !keeps || !slices.ContainsFunc(p.users, func(u User) bool { return u.ID == keeper }) {
			p.Error("nobody to sign in as keeps a list")
		}
		row, err := p.store.Find(context.Background(), care.System, care.Waitlist(keeper))
		if err != nil || len(row) != 3 {
			p.Errorf("%d wait, %v", len(row), err)
		}
	},
	"safety-alert": func(p *played) {
		c := p.who("answered item 9")
		if len(c.Alerts) != 1 || !c.Alerts[0].AckedAt.IsZero() {
			p.Errorf("%d alerts", len(c.Alerts))
		}
		p.runs(c, "safety_ack")
	},
	"january": func(p *played) {
		c := p.who("in care; brought a new plan")
		if v, _ := c.CurrentCoverage(); v.Status != care.CoveragePending || len(c.Coverages) != 2 {
			p.Errorf("%d plans, the one in force is %s", len(c.Coverages), v.Status)
		}
	},
	"large-network": func(p *played) {
		members, err := p.store.Find(context.Background(), care.System, care.Set{Name: care.SetProviders})
		if err != nil || len(members) < 1000 {
			p.Errorf("%d providers, %v", len(members), err)
		}
	},
}

// The manual tells every scenario in the words of the catalogue.
func TestTheManualTellsEveryScenario(t *testing.T) {
	manual, err := fs.ReadFile(assets.FS(), "manual/qa.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Scenarios {
		if row := fmt.Sprintf("| `%s` | %s |", s.Name, s.Says); !strings.Contains(string(manual), row) {
			t.Errorf("manual/qa.md lacks: %s", row)
		}
	}
}

func TestScenarios(t *testing.T) {
	for _, s := range Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			p := play(t, s)
			check := promised[s.Name]
			if check == nil {
				t.Fatal("nothing is said of what it promises")
			}
			check(p)
			count := map[care.Role]int{}
			for _, u := range p.users {
				count[u.Role]++
			}
			for role, least := range map[care.Role]int{care.RoleClient: 3, care.RoleProvider: 3, care.RoleCareTeam: 1, care.RoleClinical: 1, care.RoleBilling: 1, care.RolePayer: 1, care.RoleEmployer: 1, care.RoleOperator: 1} {
				if count[role] < least {
					t.Errorf("%d of role %s", count[role], role)
				}
			}
			for _, u := range p.users {
				if u.Role != care.RoleClient {
					continue
				}
				for _, e := range p.chart(u.ID).Episodes {
					if e.Result == care.Broken {
						t.Errorf("the promise to %s was broken on the way", u.ID)
					}
				}
			}
			if !p.clock.Now().Equal(p.begin) {
				t.Errorf("it begins at %v, want %v", p.clock.Now(), p.begin)
			}
		})
	}
}
