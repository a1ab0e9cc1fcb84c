package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// formOf is the policy form as it stands, with what is changed in it.
func formOf(t care.Terms, more url.Values) url.Values {
	form := url.Values{"why": {"a quieter week"}}
	for _, f := range rules.TermFields() {
		form.Set(f.Code, strconv.Itoa(f.Of(t)))
	}
	for name, values := range more {
		form[name] = values
	}
	return form
}

// New terms are tried on what is open, by ids only; adopting them leaves what is
// open alone, or gives it the longer time, and never brings a date forward.
func TestR38TermsAreTriedBeforeTheyAreAdopted(t *testing.T) {
	d := newDemo(t)
	team := d.one(care.RoleCareTeam, 0)
	chart, _ := d.asked(d.one(care.RoleProvider, 1).ID)
	e, _ := chart.OpenEpisode()
	promise := func() care.Deadline {
		p, _ := d.chart(chart.ID).Deadline(e.Promise)
		return p
	}
	was := promise()
	now := rules.DefaultTerms(time.Time{})
	wants(t, d.page(team, "/ops/policy"), "Hours to answer a request", `value="24"`, "See what would move", "(in force)")

	// A holiday lengthens.
	longer := formOf(now, url.Values{"holidays": {"2026-11-24 The office moves"}})
	got, page, _ := d.submit(team, "/ops/policy/try", longer)
	if got != http.StatusOK {
		t.Fatalf("try: %d", got)
	}
	wants(t, page, string(was.ID), "Nothing has been changed", "Tue 1 Dec 2026", "Give it the longer time")
	if strings.Contains(page, chart.Client.Name) || strings.Contains(page, string(chart.ID)) {
		t.Error("a trial names somebody")
	}
	if !promise().Due.Equal(was.Due) {
		t.Error("a trial has moved a deadline")
	}
	longer.Set("open", "lengthen")
	wants(t, d.done(team, "/ops/policy", longer), "Adopted", "a quieter week")
	moved := promise()
	if !moved.Due.Equal(was.Due.AddDate(0, 0, 1)) || moved.Terms == was.Terms {
		t.Errorf("due %v under %s, was %v", moved.Due, moved.Terms, was.Due)
	}
	_, clock := d.store.Programme()
	says := ""
	for _, s := range clock.Explain(moved, d.store.Words()).Steps {
		says += s.What + ": " + s.Why + "\n"
	}
	if !strings.Contains(says, "The office moves") || !clock.Explain(moved, d.store.Words()).Due.Equal(moved.Due) {
		t.Errorf("it explains itself as\n%s", says)
	}

	// Fewer days shorten, so what is open stays, and says so; what comes later is shorter.
	current := rules.TermsAt(clock.Terms, d.clock.Now())
	shorter := formOf(current, url.Values{"promise_business_days": {"1"}, "holidays": {"2026-11-24 The office moves"}, "open": {"lengthen"}})
	d.wait(5 * 24 * time.Hour)
	_, page, _ = d.submit(team, "/ops/policy/try", shorter)
	wants(t, page, "newly late, so it stays")
	d.done(team, "/ops/policy", shorter)
	if stays := promise(); !stays.Due.Equal(moved.Due) {
		t.Errorf("an open promise was shortened from %v to %v", moved.Due, stays.Due)
	}

	for name, bad := range map[string]url.Values{
		"too few": {"report_min_cell": {"5"}}, "no number": {"respond_hours": {"soon"}}, "no day": {"holidays": {"Christmas"}}, "no reason": {"why": {""}}, "past": {"effective": {"2020-01-01"}},
	} {
		if got, _, _ := d.submit(team, "/ops/policy", formOf(now, bad)); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got, _ := d.get(d.one(care.RoleClinical, 0), "/ops/policy"); got != http.StatusForbidden {
		t.Errorf("the clinical desk opens it: %d", got)
	}
}
