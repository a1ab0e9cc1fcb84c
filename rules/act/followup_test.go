package act_test

import (
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// TestR53FollowUpByItself takes the worked date of the programme, and two with a
// change of clocks inside the window: both forms at nine in the morning of day 28,
// the client's own nine; reminders on days 31, 35, 39 and 41; the end of day 42.
func TestR53FollowUpByItself(t *testing.T) {
	for name, c := range map[string]struct {
		first  string
		mails  []string
		opens  string
		closes string
	}{
		"the worked date": {"2026-12-08", []string{"2027-01-05 09:00 CST", "2027-01-08 09:00 CST", "2027-01-12 09:00 CST", "2027-01-16 09:00 CST", "2027-01-18 09:00 CST"}, "2027-01-05 00:00 CST", "2027-01-19 23:59 CST"},
		"spring inside":   {"2027-02-10", []string{"2027-03-10 09:00 CST", "2027-03-13 09:00 CST", "2027-03-17 09:00 CDT", "2027-03-21 09:00 CDT", "2027-03-23 09:00 CDT"}, "2027-03-10 00:00 CST", "2027-03-24 23:59 CDT"},
		"autumn inside":   {"2026-10-07", []string{"2026-11-04 09:00 CST", "2026-11-07 09:00 CST", "2026-11-11 09:00 CST", "2026-11-15 09:00 CST", "2026-11-17 09:00 CST"}, "2026-11-04 00:00 CST", "2026-11-18 23:59 CST"},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			zone := rules.Zone("America/Chicago")
			p, me := w.joins(1, true), w.enters(1)
			start, err := time.ParseInLocation("2006-01-02 15:04", c.first+" 10:00", zone)
			if err != nil {
				t.Fatal(err)
			}
			if before := start.AddDate(0, 0, -1); before.After(w.now) {
				w.until(before)
			}
			first := w.session(p, w.held(me, p), start)
			w.fills(me, 2) // 18 and 14: elevated
			w.until(start)
			w.do(provider(p), act.Outcome{Appointment: first, Result: care.Attended})
			e := w.episode(me)
			window, _ := w.chart(me).Deadline(e.FollowUp)
			said := func(at time.Time) string { return at.In(zone).Format("2006-01-02 15:04 MST") }
			is(t, "opens", said(window.Opens), c.opens)
			is(t, "closes", said(window.Due), c.closes)
			is(t, "its last second", window.Due.In(zone).Second(), 59)

			w.until(window.Opens.Add(-time.Second))
			is(t, "forms before day 28", w.forms(me)[care.ScreeningAssigned], 0)
			w.until(window.Opens)
			is(t, "forms on day 28", w.forms(me)[care.ScreeningAssigned], 2)
			w.until(window.Due.Add(time.Hour))
			var mails []string
			for _, m := range w.chart(me).Messages {
				if m.Template == "follow_up" {
					mails = append(mails, said(m.At))
				}
			}
			is(t, "mails", len(mails), len(c.mails))
			for _, want := range c.mails {
				found := false
				for _, got := range mails {
					found = found || got == want
				}
				if !found {
					t.Errorf("no mail at %s; there are %v", want, mails)
				}
			}
			closed, _ := w.chart(me).Deadline(e.FollowUp)
			is(t, "after day 42", closed.State, care.Missed)
			is(t, "forms after day 42", w.forms(me)[care.ScreeningExpired], 2)
		})
	}
}

// TestR53AnsweredIsNotRemindedOf: handing both in ends the reminders.
func TestR53AnsweredIsNotRemindedOf(t *testing.T) {
	w := open(t)
	me, _, _ := w.seen(care.Attended)
	w.until(dayAfter(29))
	is(t, "told", w.told(me, "follow_up", "")[string(me)], 1)
	w.fills(me, 1)
	w.until(dayAfter(50))
	is(t, "told again", w.told(me, "follow_up", "")[string(me)], 1)
	window, _ := w.chart(me).Deadline(w.episode(me).FollowUp)
	is(t, "met", window.State, care.Met)
}
