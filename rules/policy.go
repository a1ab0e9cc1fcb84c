package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// TermField is one number of the terms, as the policy page and the API name it.
type TermField struct {
	Code        string // as in the terms' own record
	Says        string
	Least, Most int
	place       int
}

// Of is the number in some terms, Set writes it.
func (f TermField) Of(t care.Terms) int { return int(reflect.ValueOf(t).Field(f.place).Int()) }
func (f TermField) Set(t *care.Terms, n int) {
	reflect.ValueOf(t).Elem().Field(f.place).SetInt(int64(n))
}

// bounds are the numbers that may not be set freely, and what they are in words.
// One that is not named runs from 1 to 1000 and is called by its code.
var bounds = map[string]TermField{
	"respond_hours":         {Says: "Hours to answer a request", Least: 1, Most: 168},
	"consult_days":          {Says: "Calendar days to the first call", Least: 1, Most: 30},
	"promise_business_days": {Says: "Business days to the first session", Least: 1, Most: 30},
	"follow_up_opens_day":   {Says: "Day on which a follow-up opens", Least: 7, Most: 90},
	"follow_up_closes_day":  {Says: "Day on which a follow-up closes", Least: 8, Most: 120},
	"elevated_phq9":         {Says: "PHQ-9 from which it is elevated", Least: 1, Most: 27},
	"elevated_gad7":         {Says: "GAD-7 from which it is elevated", Least: 1, Most: 21},
	"eligibility_target":    {Says: "Business days to verify a plan", Least: 1, Most: 10},
	"open_requests_max":     {Says: "Open requests of one client", Least: 1, Most: 20},
	"safety_ack_minutes":    {Says: "Minutes to acknowledge a safety alert", Least: 5, Most: 240},
	"safety_repeat_minutes": {Says: "Minutes between calls to the clinicians on call", Least: 5, Most: 240},
	"minimum_age":           {Says: "Age from which somebody can be a client", Least: 18, Most: 120},
	"late_answer_hours":     {Says: "Hours for a late answer", Least: 1, Most: 168},
	"report_min_cell":       {Says: "Smallest count that a report shows", Least: 11, Most: 100},
	"details_days":          {Says: "Days for which a link for plan details works", Least: 1, Most: 30},
	"card_days":             {Says: "Days for which the photo of a card is kept once the plan is verified", Least: 1, Most: 90},
	"waitlist_max":          {Says: "Waiting lists on which a client stands at most", Least: 1, Most: 20},
	"waitlist_days":         {Says: "Days after which an entry on a waiting list ends by itself", Least: 14, Most: 365},
	"invitation_days":       {Says: "Days for which an invitation from a waiting list counts", Least: 1, Most: 14},
	"support_days":          {Says: "Business days to the first answer to a question", Least: 1, Most: 30},
	"baseline_days":         {Says: "Days for which answers are good before the first session", Least: 1, Most: 60},
}

// TermFields are all numbers of the terms, in their order.
func TermFields() []TermField {
	var fields []TermField
	of := reflect.TypeFor[care.Terms]()
	for i := range of.NumField() {
		if of.Field(i).Type.Kind() != reflect.Int {
			continue
		}
		code, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		f, named := bounds[code]
		if !named {
			f = TermField{Says: strings.ReplaceAll(code, "_", " "), Least: 1, Most: 1000}
		}
		f.Code, f.place = code, i
		fields = append(fields, f)
	}
	return fields
}

// TermsProblems are what keeps terms from being adopted.
func TermsProblems(t care.Terms) []string {
	var wrong []string
	for _, f := range TermFields() {
		if n := f.Of(t); n < f.Least || n > f.Most {
			wrong = append(wrong, fmt.Sprintf("%s: from %d to %d", f.Code, f.Least, f.Most))
		}
	}
	if t.FollowUpClosesDay <= t.FollowUpOpensDay {
		wrong = append(wrong, "follow_up_closes_day: later than the day on which it opens")
	}
	for i, h := range t.Holidays {
		if h.Date.IsZero() || strings.TrimSpace(h.Name) == "" || len(h.Name) > 60 {
			wrong = append(wrong, "holidays: give each a day and a name of at most 60 letters")
			break
		}
		if slices.ContainsFunc(t.Holidays[:i], func(o calendar.Holiday) bool { return o.Date == h.Date }) {
			wrong = append(wrong, "holidays: "+h.Date.String()+" is named twice")
		}
	}
	if len(t.Holidays) > 200 {
		wrong = append(wrong, "holidays: at most 200")
	}
	return wrong
}

// Shift is what new terms would do to one open deadline.
type Shift struct {
	Was, Then time.Time
	Late      bool // in time now, and past its end under the new terms
	Sooner    bool // it would end sooner, so it stays where it is
}

// Shift computes an open deadline under other terms; false where nothing changes.
func (k Clock) Shift(d care.Deadline, to care.Terms, now time.Time) (Shift, bool) {
	other := d
	other.Terms, other.NotBefore = to.Version, time.Time{}
	then := k.with(to).window(other)
	s := Shift{Was: d.Due, Then: then.Due, Late: !now.After(d.Due) && now.After(then.Due), Sooner: then.Due.Before(d.Due)}
	return s, open(d) && !s.Then.Equal(s.Was)
}

// Reckon computes an open deadline anew: under a version of the terms, where one
// is given, and then never to end sooner than was said; and with the zone data in
// use, which may move it either way, since what was promised is the time on the
// wall.
func (k Clock) Reckon(d care.Deadline, version string) care.Deadline {
	if !open(d) {
		return d
	}
	was := d
	if version != "" {
		d.Terms, d.NotBefore = version, d.Due
	}
	d.TZData = k.TZData
	d = k.compute(d)
	if last := len(DutyOf(d.Code).On) - 1; d.Next.IsZero() && d.Due.After(was.Due) && last >= 0 {
		d.Step = last // it was over and waited for word; now it ends once more
		d = k.next(d)
	}
	if d.State == care.Waiting {
		d.Step, d.Next = was.Step, time.Time{}
	}
	if version != "" && d.Due.Equal(was.Due) {
		return was // nothing moves, so it keeps the version that it was made under
	}
	return d
}

func open(d care.Deadline) bool { return d.State == care.Running || d.State == care.Waiting }

// with is the clock as if the instance had one more version of the terms.
func (k Clock) with(t care.Terms) Clock {
	k.Terms = append(k.Terms[:len(k.Terms):len(k.Terms)], t)
	return k
}

// calendarOf is the calendar of a version of the terms: its own holidays where it
// names any, else the instance's.
func (k Clock) calendarOf(t care.Terms) calendar.Calendar {
	if t.Holidays == nil {
		return k.Calendar
	}
	return calendar.New(t.Holidays...)
}

// DaysOf is the calendar that a deadline was computed by.
func (k Clock) DaysOf(d care.Deadline) calendar.Calendar {
	terms, _ := TermsOf(k.Terms, d.Terms)
	return k.calendarOf(terms)
}

// OpenDays is the calendar by which appointments are made: each day goes by the
// version of the terms that is in force on it, so that a holiday of a version to
// come is kept free from its adoption on.
func OpenDays(instance calendar.Calendar, versions []care.Terms) calendar.Calendar {
	k, named := Clock{Terms: versions, Calendar: instance}, instance.Own()
	for _, t := range versions {
		named = append(named, t.Holidays...)
	}
	var own []calendar.Holiday
	for _, h := range named {
		in := k.calendarOf(TermsAt(versions, calendar.At(h.Date, 12, 0, Zone(HomeZone))))
		if name, is := in.Holiday(h.Date); is {
			own = append(own, calendar.Holiday{Date: h.Date, Name: name})
		}
	}
	return calendar.New(own...)
}

// window computes a deadline with the terms it was made under, never to end
// sooner than was once said.
func (k Clock) window(d care.Deadline) Window {
	terms, _ := TermsOf(k.Terms, d.Terms)
	w := DutyOf(d.Code).Window(d, terms, k.calendarOf(terms))
	if w.Due.Before(d.NotBefore) {
		zone := Zone(d.Zone)
		w.Due = d.NotBefore
		w.Steps = append(w.Steps, calendar.Step{
			Date: calendar.On(w.Due, zone).String(), What: "Stays due on " + calendar.Words(w.Due, zone), Why: "new terms never bring an open date forward",
		})
	}
	return w
}
