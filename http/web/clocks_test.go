package web_test

import (
	"strings"
	"testing"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// TestR35R38EachClockIsShownForItself: hours to answer, calendar days to the first
// call and business days to the first session end at three different instants, and
// both sides read each of theirs.
func TestR35R38EachClockIsShownForItself(t *testing.T) {
	d := newDemo(t)
	me := d.one(care.RoleProvider, 1)
	chart, ref := d.asked(me.ID)
	e, _ := chart.OpenEpisode()
	due := func(id care.DeadlineID) care.Deadline { dl, _ := chart.Deadline(id); return dl }
	respond, consult, promise := due(ref.Respond), due(ref.Consult), due(e.Promise)
	if respond.Due.Equal(consult.Due) || consult.Due.Equal(promise.Due) {
		t.Fatal("two clocks end together")
	}
	day := func(dl care.Deadline, zone string) string {
		return calendar.On(dl.Due, rules.Zone(zone)).String() + " " + dl.Due.In(rules.Zone(zone)).Format("Mon 2 Jan")
	}
	page := d.page(me, "/pro/r/"+string(ref.ID))
	theirs := d.chart(me.ID).Provider.Hours.Zone
	for name, dl := range map[string]care.Deadline{"answer": respond, "first call": consult, "first session": promise} {
		if !strings.Contains(page, dl.Due.In(rules.Zone(theirs)).Format("Mon 2 Jan")) {
			t.Errorf("the provider's page does not say when the %s ends: %s", name, day(dl, theirs))
		}
	}
	mine := d.page(d.as(chart.ID), "/me")
	for name, dl := range map[string]care.Deadline{"answer": respond, "first session": promise} {
		if !strings.Contains(mine, dl.Due.In(rules.Zone(chart.Client.Zone)).Format("Mon 2 Jan")) {
			t.Errorf("the client's page does not say when the %s ends: %s", name, day(dl, chart.Client.Zone))
		}
	}
}
