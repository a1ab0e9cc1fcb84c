package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// What a provider does about a referral, each a plain form.

func referralPath(r *http.Request) string { return "/pro/r/" + mux.Vars(r)["id"] }

// answer does an act on a referral; refused, the page comes again and says why.
func (p *Pages) answer(w http.ResponseWriter, r *http.Request, a act.Act, to, said string) error {
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, to, said)
	}
	_, zone, noPractice := p.practice(r, "referral")
	if noPractice != nil {
		return err
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showReferral(w, r, status, n)
	}
	return err
}

func (p *Pages) accept(w http.ResponseWriter, r *http.Request) error {
	return p.answer(w, r, act.Accept{Referral: care.ReferralID(mux.Vars(r)["id"])}, referralPath(r), "answered")
}

func (p *Pages) bookListed(w http.ResponseWriter, r *http.Request) error {
	start, err := time.Parse(time.RFC3339, r.PostFormValue("start"))
	if err != nil {
		return unread("start: choose one of the times.")
	}
	return p.answer(w, r, act.Book{Referral: care.ReferralID(mux.Vars(r)["id"]), Start: start}, referralPath(r), "answered")
}

func (p *Pages) outcome(w http.ResponseWriter, r *http.Request) error {
	chart, ref, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	ap, ok := chart.Appointment(care.AppointmentID(r.PostFormValue("appointment")))
	if !ok || ap.Referral != ref.ID {
		return care.Missing()
	}
	return p.answer(w, r, act.Outcome{Appointment: ap.ID, Result: care.AppointmentStatus(r.PostFormValue("result"))}, referralPath(r), "saved")
}

func (p *Pages) bookVisit(w http.ResponseWriter, r *http.Request) error {
	_, zone, err := p.practice(r, "referral")
	if err != nil {
		return err
	}
	minutes, err := strconv.Atoi(r.PostFormValue("minutes"))
	if err != nil {
		return unread("minutes: give a number from 5 to 480.")
	}
	start, ok := wanted(r.PostFormValue("start"), r.PostFormValue("other"), zone)
	if !ok {
		return unread("start: choose a time, or give a date and a time of your own.")
	}
	return p.answer(w, r, act.BookSession{Referral: care.ReferralID(mux.Vars(r)["id"]), Start: start, Minutes: minutes, Late: strings.TrimSpace(r.PostFormValue("reason"))}, referralPath(r), "done")
}

// wanted reads a time that was picked, or typed on the reader's own clock.
func wanted(picked, typed string, zone *time.Location) (time.Time, bool) {
	if t, ok := typedTime(typed, zone); ok {
		return t, true
	}
	t, err := time.Parse(time.RFC3339, picked)
	return t, err == nil
}

// typedTime reads what a browser sends of a date and time field, on the clock of
// a zone: a time that a clock change leaves out is the first one after it.
func typedTime(typed string, zone *time.Location) (time.Time, bool) {
	t, err := time.Parse("2006-01-02T15:04", typed)
	if err != nil {
		return time.Time{}, false
	}
	return calendar.At(calendar.On(t, time.UTC), t.Hour(), t.Minute(), zone), true
}

func unread(says string) error {
	return &care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: says}
}

// mostProposed is how many times of their own a provider can type.
const mostProposed = 3

func (p *Pages) proposing(w http.ResponseWriter, r *http.Request) error {
	return p.showProposing(w, r, http.StatusOK, nil)
}

func (p *Pages) showProposing(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	me, zone, err := p.practice(r, "openings")
	if err != nil {
		return err
	}
	chart, ref, err := p.addressed(r, "openings")
	if err != nil {
		return err
	}
	now := p.Now()
	open, err := p.ownOpenings(r, me, max(me.Hours.ConsultMinutes, 5), now)
	if err != nil {
		return err
	}
	picks := assets.Options{Name: "time", Legend: "Your open times", Hint: "Tick up to three.", Many: true, Chips: true}
	for _, s := range spread(open, zone) {
		value := s.Start.UTC().Format(time.RFC3339)
		picks.Choices = append(picks.Choices, assets.Choice{
			Value: value, Text: s.Start.In(zone).Format("Mon 2 Jan, 15:04 MST"), Checked: slices.Contains(r.PostForm["time"], value),
		})
	}
	fields := make([]assets.Field, mostProposed)
	for i := range fields {
		name := "time-" + strconv.Itoa(i+1)
		fields[i] = assets.Field{Name: name, Label: "Another time", Type: "datetime-local", Optional: true, Value: r.PostFormValue(name)}
	}
	data := map[string]any{
		"Name": nameIn(chart), "Post": referralPath(r) + "/propose", "Back": referralPath(r), "Picks": picks, "Fields": fields,
		"Zone": zoneWords(zone, now), "Theirs": listedWords(ref, zone), "Length": me.Hours.ConsultMinutes,
	}
	return p.show(w, r, status, "pro/propose", me.Hours.Zone, assets.Page{Title: "Propose times", Notice: n, Data: data})
}

// spread takes of each day its first, its middle and its last opening, so that a
// few choices reach over several days.
func spread(open []calendar.Slot, zone *time.Location) []calendar.Slot {
	const mostPicks = 12
	var picks []calendar.Slot
	for len(open) > 0 && len(picks) < mostPicks {
		day := calendar.On(open[0].Start, zone)
		n := slices.IndexFunc(open, func(s calendar.Slot) bool { return calendar.On(s.Start, zone) != day })
		if n < 0 {
			n = len(open)
		}
		for _, i := range slices.Compact([]int{0, (n - 1) / 2, n - 1}) {
			picks = append(picks, open[i])
		}
		open = open[n:]
	}
	return picks
}

func listedWords(ref care.Referral, zone *time.Location) string {
	if len(ref.Preferred) == 0 {
		return ""
	}
	return "They listed " + clockTimes(ref.Preferred, zone) + "."
}

func (p *Pages) propose(w http.ResponseWriter, r *http.Request) error {
	_, zone, err := p.practice(r, "openings")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return unread("The form could not be read. Go back and send it again.")
	}
	var starts []time.Time
	for _, picked := range r.PostForm["time"] {
		if t, err := time.Parse(time.RFC3339, picked); err == nil {
			starts = append(starts, t)
		}
	}
	for i := range mostProposed {
		if t, ok := typedTime(r.PostFormValue("time-"+strconv.Itoa(i+1)), zone); ok {
			starts = append(starts, t)
		}
	}
	_, err = p.deed(r, act.Propose{Referral: care.ReferralID(mux.Vars(r)["id"]), Times: starts})
	if err == nil {
		return done(w, r, referralPath(r), "answered")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showProposing(w, r, status, n)
	}
	return err
}

func (p *Pages) declining(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "referral")
	if err != nil {
		return err
	}
	chart, _, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "pro/confirm", me.Hours.Zone, assets.Page{Title: "Decline", Data: assets.Confirm{
		Title: "Decline the request of " + nameIn(chart) + "?",
		Text:  "You choose whom you see. Declining has no effect on where you stand in the directory.",
		Items: []string{
			nameIn(chart) + " is told kindly that you cannot take them on, and is offered up to three others who can still keep the promise.",
			"You no longer see this request.",
			"Your reason, if you give one, is read by the care team alone. The client, their employer and the payer never see it.",
		},
		Post: referralPath(r) + "/decline", Yes: "Decline", No: assets.Link{Href: referralPath(r), Text: "Go back"}, Danger: true,
		Ask: []assets.Field{{Name: "reason", Label: "Your reason, for the care team", Type: "textarea", Optional: true, Max: 500, Rows: 3}},
	}})
}

func (p *Pages) decline(w http.ResponseWriter, r *http.Request) error {
	return p.answer(w, r, act.Decline{Referral: care.ReferralID(mux.Vars(r)["id"]), Reason: r.PostFormValue("reason")}, "/pro", "answered")
}
