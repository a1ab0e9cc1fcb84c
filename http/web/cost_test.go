package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"careconnect/http/auth"
	"careconnect/http/qa"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// payers are the ways in which a client of this test is insured, what each
// confirmation of a booking must say then, and what it must not.
var payers = map[string]struct {
	plan   *act.AddCoverage
	looked bool     // the care team has found it eligible
	page   []string // on every page
	mail   []string // in every mail
	unsaid []string // in neither
}{
	"health plan": {
		looked: true, plan: &act.AddCoverage{Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST-1"},
		page: []string{"our plan’s copay or coinsurance applies", "estimate", "our insurer decides", "$25.00"}, mail: []string{"your plan’s copay or coinsurance applies", "estimate", "your insurer decides"},
		unsaid: []string{"for free", "free of charge", "is free.", "$0.00"},
	},
	"no plan": {
		page: []string{"our plan’s copay or coinsurance applies", "estimate", "our insurer decides"}, mail: []string{"your plan’s copay or coinsurance applies", "estimate", "your insurer decides"},
		unsaid: []string{"for free", "free of charge", "is free.", "$0.00"},
	},
	"plan that nobody has looked at": {
		plan: &act.AddCoverage{Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST-1"},
		page: []string{"our plan’s copay or coinsurance applies", "estimate", "our insurer decides"}, mail: []string{"your plan’s copay or coinsurance applies", "estimate", "your insurer decides"},
		unsaid: []string{"for free", "free of charge", "is free.", "$0.00"},
	},
	"EAP": {
		looked: true, plan: &act.AddCoverage{Type: care.EAP, Payer: "Optum", Plan: "Lakefront EAP", Authorization: "AUTH-1", Authorised: 6},
		page: []string{"$0.00"}, mail: []string{"$0.00"}, unsaid: []string{"copay or coinsurance applies"},
	},
}

// insured is a new client of the demo with a plan, signed in.
func (d *demo) insured(email string, plan *act.AddCoverage, looked bool) qa.User {
	token := auth.Secret()
	id := care.ChartID(d.do(care.Anonymous, act.Enter{
		FullName: "Ostrava Quellburn", Email: email, BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10}, State: "IL", Zone: "America/Chicago",
		Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Code: "LANTERN", Evidence: "portal", Pass: &care.Pass{Hash: auth.Hash(token), Type: care.PassToken},
	}))
	if plan != nil {
		add, copay := *plan, 2500
		add.Client = id
		v := act.VerifyCoverage{Coverage: care.CoverageID(d.do(care.Actor{Role: care.RoleClient, Chart: id}, add)), Result: care.Eligible}
		if plan.Type == care.HealthPlan {
			v.CopayCents = &copay
		}
		if !looked {
			return qa.User{Role: care.RoleClient, ID: id, Token: token}
		}
		d.do(care.Actor{Role: care.RoleCareTeam, Chart: d.one(care.RoleCareTeam, 0).ID}, v)
	}
	return qa.User{Role: care.RoleClient, ID: id, Token: token}
}

// TestR74EveryConfirmationSaysWhoDecidesTheCost goes every way to a booking, as
// somebody on a health plan, on an EAP, and with no plan known: each page and each
// mail that confirms something says that the plan's copay or coinsurance applies,
// that what is named is an estimate, and who decides. An EAP asks for nothing.
func TestR74EveryConfirmationSaysWhoDecidesTheCost(t *testing.T) {
	for name, c := range payers {
		t.Run(name, func(t *testing.T) {
			d := newDemo(t)
			email := "cost@example.test"
			me := d.insured(email, c.plan, c.looked)
			open, asked := d.listed(true), d.listed(false)
			as := func(p care.ChartID) care.Actor { return care.Actor{Role: care.RoleProvider, Chart: p} }
			own := care.Actor{Role: care.RoleClient, Chart: me.ID}
			since := d.clock.Now()

			says := func(where, text string, must []string) {
				t.Helper()
				for _, phrase := range must {
					if !strings.Contains(text, phrase) {
						t.Errorf("%s does not say %q", where, phrase)
					}
				}
				for _, phrase := range c.unsaid {
					if strings.Contains(text, phrase) {
						t.Errorf("%s says %q", where, phrase)
					}
				}
			}
			mailed := func(way, subject string) {
				t.Helper()
				d.wait(0)
				found := 0
				for _, m := range d.caught.Mails(email, since) {
					if m.Subject == subject {
						found++
						says(way+": the mail", m.Text, c.mail)
						says(way+": the mail as HTML", m.HTML, c.mail)
					}
				}
				if found == 0 {
					t.Errorf("%s: there is no mail %q", way, subject)
				}
				d.wait(time.Second)
				since = d.clock.Now()
			}
			page := func(way, body string) {
				t.Helper()
				says(way+": the page", body, c.page)
			}

			// A request is sent, accepted, and a time chosen.
			ask := func(p care.ChartID) care.ReferralID {
				page("asking", d.page(me, "/p/"+string(p)+"/book"))
				page("asked", d.done(me, "/p/"+string(p)+"/book", url.Values{"once": {auth.Secret()}}))
				mailed("asked", "We have your request")
				for _, r := range d.chart(me.ID).Referrals {
					if r.Provider == p && r.Status == care.Submitted {
						return r.ID
					}
				}
				t.Fatal("nothing was asked")
				return ""
			}
			r := ask(asked)
			d.do(as(asked), act.Accept{Referral: r})
			page("accepted", d.page(me, "/me"))
			page("accepted, choosing", d.page(me, "/me/r/"+string(r)+"/time"))
			mailed("accepted", "You have a yes")
			start := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
			d.do(as(asked), act.Propose{Referral: r, Times: []time.Time{start}})
			page("proposed", d.page(me, "/me"))
			mailed("proposed", "There are times for you to choose from")
			page("proposal taken", d.done(me, "/me/r/"+string(r)+"/time", url.Values{"start": {start.Format(time.RFC3339)}}))
			mailed("proposal taken", "A first call is booked")
			call := d.chart(me.ID).Appointments[0].ID
			page("the call's own page", d.page(me, "/me/appt/"+string(call)))
			page("moving the call", d.page(me, "/me/appt/"+string(call)+"/move"))
			d.do(own, act.Reschedule{Appointment: call, Start: start.Add(time.Hour)})
			page("call moved", d.page(me, "/me/appt/"+string(call)))
			mailed("call moved", "An appointment has another time")

			// A session is booked, moved by the provider, and reminded of.
			d.wait(start.Add(2 * time.Hour).Sub(d.clock.Now()))
			d.do(as(asked), act.Outcome{Appointment: call, Result: care.Attended})
			since = d.clock.Now()
			page("before the session", d.page(me, "/me/r/"+string(r)+"/session"))
			page("session booked", d.done(me, "/me/r/"+string(r)+"/session", url.Values{"start": {"2026-11-30T16:00:00Z"}}))
			mailed("session booked", "A time is booked")
			var session care.Appointment
			for _, ap := range d.chart(me.ID).Appointments {
				if ap.Type == care.Session {
					session = ap
				}
			}
			page("the session's own page", d.page(me, "/me/appt/"+string(session.ID)))
			d.do(as(asked), act.Reschedule{Appointment: session.ID, Start: session.Start.Add(time.Hour)})
			page("session moved", d.page(me, "/me/appt/"+string(session.ID)))
			mailed("session moved", "An appointment has another time")

			// Somebody else takes over.
			d.do(as(asked), act.HandOver{Referral: r, To: open})
			page("handing over", d.page(me, "/me/r/"+string(r)+"/hand-over"))
			mailed("handing over", "A question about who you see")
			page("handed over", d.done(me, "/me/r/"+string(r)+"/hand-over", url.Values{"answer": {"yes"}}))
			mailed("handed over", "We have your request")

			// A time of the calendar is booked at once, and reminded of.
			d.do(own, act.LeaveProgramme{Client: me.ID})
			if c.looked && d.chart(me.ID).Coverages[0].Status != care.Eligible {
				t.Fatal("the plan is gone")
			}
			d.wait(time.Second)
			since = d.clock.Now()
			slots, _ := d.store.Directory().Openings(open, care.Consultation, d.clock.Now(), d.clock.Now().Add(48*time.Hour), d.clock.Now().AddDate(0, 0, 9), 1)
			page("booked at once", d.done(me, "/p/"+string(open)+"/book", url.Values{"start": {slots[0].Start.Format(time.RFC3339)}, "once": {auth.Secret()}}))
			mailed("booked at once", "A first call is booked")
			d.wait(slots[0].Start.Add(-30 * time.Minute).Sub(d.clock.Now()))
			mailed("reminded", "Your appointment is coming up")
		})
	}
}

// listed is a provider of the directory, who lets clients book or does not.
func (d *demo) listed(self bool) care.ChartID {
	d.t.Helper()
	for _, u := range d.users {
		if u.Role != care.RoleProvider {
			continue
		}
		if c, ok := d.store.Directory().Provider(u.ID, d.clock.Now()); ok && c.SelfSchedule == self {
			for _, s := range c.States {
				if s == "IL" {
					return u.ID
				}
			}
		}
	}
	d.t.Fatal("nobody of that sort is listed")
	return ""
}

// TestR74AnotherEstimateIsTold once, and only where it is another.
func TestR74AnotherEstimateIsTold(t *testing.T) {
	d := newDemo(t)
	me := d.insured("estimate@example.test", payers["health plan"].plan, true)
	team := care.Actor{Role: care.RoleCareTeam, Chart: d.one(care.RoleCareTeam, 0).ID}
	c, _ := d.chart(me.ID).CurrentCoverage()
	d.wait(time.Minute)
	since, copay := d.clock.Now(), 4000
	d.do(team, act.VerifyCoverage{Coverage: c.ID, Result: care.Eligible, CopayCents: &copay})
	d.wait(0)
	mails := d.caught.Mails("estimate@example.test", since)
	if len(mails) != 1 || mails[0].Subject != "News about your share" || strings.Contains(mails[0].Text, "40") {
		t.Errorf("%d mails", len(mails))
	}
	wants(t, d.page(me, "/coverage"), "$40.00", "our plan’s copay or coinsurance applies", "our insurer decides")
	if _, err := d.store.Do(t.Context(), team, act.VerifyCoverage{Coverage: c.ID, Result: care.Eligible, CopayCents: &copay}); err == nil {
		t.Error("the same finding is taken twice")
	}
}
