package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
	"careconnect/rules/order"
)

// referralPage is a referral, and with it the client, as their provider sees them.
type referralPage struct {
	ID, Name   string
	Status     assets.Badge
	Note       string
	Asked      []assets.Fact
	Due        *assets.Deadline
	Explain    *assets.Explain
	Actions    []assets.Action
	Lead       string        // what there is to do, in one sentence
	Listed     *assets.Slots // the client's own times, to book one of
	Session    *sessionForm
	Visits     []visitCard
	Alerts     []alertCard
	Timeline   []assets.Event
	Screenings []screened
}

// sessionForm books a session: an opening, or any other time.
type sessionForm struct {
	Lead    string
	Length  assets.Field
	Minutes int
	Slots   assets.Slots
	Other   []assets.Field
	Late    []assets.Field // of one that took place elsewhere
}

// visitCard is one consultation or session.
type visitCard struct {
	Title   string
	When    assets.Moment
	Badge   assets.Badge
	Facts   []assets.Fact
	Join    string
	Change  []assets.Action
	Actions []assets.Action
	Wrong   *assets.Action
}

// screened is a screening with its score and its answers, item by item.
type screened struct {
	Title string
	Badge assets.Badge
	Line  string
	Score *assets.Score
	Items *assets.Table
	After *assets.Compared
}

// addressed finds the referral of the address, in the chart that it is in.
func (p *Pages) addressed(r *http.Request, why string) (*care.Chart, care.Referral, error) {
	id := mux.Vars(r)["id"]
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, why)
	if err != nil {
		return nil, care.Referral{}, err
	}
	ref, ok := chart.Referral(care.ReferralID(id))
	if !ok {
		return nil, ref, care.Missing()
	}
	return chart, ref, nil
}

func (p *Pages) referral(w http.ResponseWriter, r *http.Request) error {
	return p.showReferral(w, r, http.StatusOK, nil)
}

func (p *Pages) showReferral(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	me, zone, err := p.practice(r, "referral")
	if err != nil {
		return err
	}
	chart, ref, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	now := p.Now()
	page := referralPage{
		ID: string(ref.ID), Name: nameIn(chart), Status: statusBadge(ref.Status), Note: ref.Note,
		Asked: p.requestFacts(chart, ref, zone), Alerts: p.alertCards(chart, zone, now, "/pro/alerts/"),
		Timeline: p.road(chart, ref, zone, now), Screenings: screenings(chart, zone),
	}
	page.Asked = append(page.Asked, contactFacts(chart)...)
	if ref.Status.Clinical() {
		page.Asked = append(page.Asked, sharingFact(chart))
	}
	p.answers(&page, chart, ref, zone, now)
	if _, open := openChoice(chart, ref); open {
		page.Actions = append(chooseActions(ref), page.Actions...)
	}
	if ref.Status == care.InCare && !booked(chart, ref, care.Session) {
		page.Actions = append(page.Actions, assets.Action{Text: "End care", Href: "/pro/r/" + string(ref.ID) + "/discharge", Style: "ghost", Icon: "check"})
	}
	if state := chart.Client.State; ref.Status.Open() && !slices.Contains(me.States(calendar.On(now, zone)), state) {
		page.Asked = append(page.Asked, assets.Fact{Term: "Careful", Text: "You hold no credential in " + stateName(state) + " today", Note: "A session with somebody who is there may not be covered, and may not be allowed.", Badge: &assets.Badge{Text: "At risk", Kind: "danger", Icon: "triangle-alert"}})
	}
	for _, ap := range byStart(chart.Appointments) {
		if ap.Referral == ref.ID {
			page.Visits = append(page.Visits, visitShown(ap, ref, zone, now))
		}
	}
	if ref.Status.Clinical() && !ref.Status.Undecided() {
		if page.Session, err = p.sessions(r, me, chart, ref, zone, now); err != nil {
			return err
		}
	}
	return p.show(w, r, status, "pro/referral", me.Hours.Zone, assets.Page{Title: page.Name, Notice: n, Data: page})
}

// answers fills in what the provider can answer now, and until when.
func (p *Pages) answers(page *referralPage, chart *care.Chart, ref care.Referral, zone *time.Location, now time.Time) {
	path := "/pro/r/" + string(ref.ID)
	accept := assets.Action{Text: "Accept", Post: path + "/accept", Icon: "check"}
	propose := assets.Action{Text: "Propose times", Href: path + "/propose", Icon: "calendar-plus", Style: "outline"}
	decline := assets.Action{Text: "Decline", Href: path + "/decline", Style: "ghost"}
	var due care.Deadline
	says := ""
	over := assets.Action{Text: "Propose another provider", Href: path + "/hand-over", Style: "ghost"}
	switch {
	case ref.Status == care.Submitted:
		page.Lead = "Yes, no, or other times: each of them is an answer."
		page.Actions = []assets.Action{accept, propose, decline}
		due, says = answerDeadline(chart, ref)
	case stillAnswerable(ref):
		page.Lead = "The time to answer ran out, and the client has been offered others. Until they choose, you can still answer."
		page.Actions = []assets.Action{accept, propose, decline}
		due, says = answerDeadline(chart, ref)
	case !ref.AskedAt.IsZero():
		page.Lead = "None of the times fits them; they asked for others on " + moment(ref.AskedAt, zone).Text + ". It is your turn."
		propose.Text, propose.Style = "Propose other times", ""
		page.Actions = []assets.Action{propose, decline}
	case ref.Status == care.Accepted:
		page.Lead = "You accepted. The client chooses one of your open times; you can also book one of theirs, or propose others."
		page.Actions = []assets.Action{propose, decline}
	case ref.Status == care.Proposed:
		page.Lead = "You proposed " + clockTimes(ref.Offered, zone) + ". The client chooses; you can also propose others."
		propose.Text = "Propose other times"
		page.Actions = []assets.Action{propose, decline}
	case ref.Status == care.ConsultBooked:
		page.Lead = "The consultation is booked. It is free of charge and needs no plan."
	case ref.Status == care.ConsultHeld:
		page.Actions = []assets.Action{{Text: "We do not fit", Href: path + "/fit", Style: "ghost"}, over}
		page.Lead = "The consultation was held. Book the first session below; the promise counts on it."
		due, says = promiseOf(chart, ref), "First session by "
	case ref.Status == care.SessionBooked:
		page.Actions = []assets.Action{{Text: "We do not fit", Href: path + "/fit", Style: "ghost"}, over}
		page.Lead = "A session is booked. Check-in forms go out by themselves."
	case ref.Status == care.InCare:
		page.Actions = append(page.Actions, over)
		page.Lead = "In your care, for as long as you both see fit."
	default:
		page.Lead = "This request is " + act.Status(ref.Status) + ". There is nothing left to do."
	}
	if ref.Status == care.Accepted || ref.Status == care.Proposed {
		if d, ok := chart.Deadline(ref.Consult); ok && d.State == care.Running {
			due, says = d, "First call by "
		}
	}
	if due.ID != "" {
		in := zone
		if due.Code == "promise" {
			in = location(due.Zone)
		}
		shown := deadline(due, by(says, due, in), in, now)
		page.Due, page.Explain = &shown, p.explain(due)
	}
	if ref.Status.Undecided() || stillAnswerable(ref) {
		page.Listed = listedTimes(ref, zone, now)
	}
}

// listedTimes are the client's own times that are still to come.
func listedTimes(ref care.Referral, zone *time.Location, now time.Time) *assets.Slots {
	slots := assets.Slots{Name: "start", Legend: "Or book one of their times at once", Zone: zoneWords(zone, now)}
	for _, t := range ref.Preferred {
		if t.After(now) {
			slots.Days = addSlot(slots.Days, t, zone, "")
		}
	}
	if len(slots.Days) == 0 {
		return nil
	}
	return &slots
}

// addSlot puts a time under its day, which is the last one or a new one.
func addSlot(days []assets.SlotDay, t time.Time, zone *time.Location, note string) []assets.SlotDay {
	day := t.In(zone).Format("Mon 2 Jan")
	if len(days) == 0 || days[len(days)-1].Text != day {
		days = append(days, assets.SlotDay{Text: day})
	}
	last := &days[len(days)-1]
	last.Slots = append(last.Slots, assets.Slot{Value: t.UTC().Format(time.RFC3339), Text: t.In(zone).Format("15:04 MST"), Note: note})
	return days
}

func zoneWords(zone *time.Location, now time.Time) string {
	abbrev, _ := now.In(zone).Zone()
	return "Your own time, " + place(zone.String()) + ", " + abbrev + " today"
}

func statusBadge(s care.ReferralStatus) assets.Badge {
	kinds := map[care.ReferralStatus]string{
		care.Submitted: "warning", care.Expired: "danger", care.ConsultHeld: "warning", care.Accepted: "info", care.Proposed: "info",
		care.ConsultBooked: "success", care.SessionBooked: "success", care.InCare: "success",
	}
	return assets.Badge{Text: sentence(act.Status(s)), Kind: or(kinds[s], "quiet")}
}

func contactFacts(chart *care.Chart) []assets.Fact {
	if chart.Client == nil {
		return nil
	}
	facts := []assets.Fact{{Term: "E-mail", Text: chart.Client.Email}}
	if chart.Client.Phone != "" {
		facts = append(facts, assets.Fact{Term: "Phone", Text: chart.Client.Phone})
	}
	return facts
}

func byStart(list []care.Appointment) []care.Appointment {
	list = slices.Clone(list)
	order.By(list, func(a, b care.Appointment) int { return a.Start.Compare(b.Start) })
	return list
}

// visitShown is a card with buttons for what became of it, once its time has come.
func visitShown(ap care.Appointment, ref care.Referral, zone *time.Location, now time.Time) visitCard {
	card := visitCard{Title: visitWords[ap.Type] + ", " + length(ap), When: moment(ap.Start, zone), Badge: outcomeBadges[ap.Status]}
	if word := coveredWords[ap.Covered]; word != "" && ap.Type == care.Session {
		card.Facts = append(card.Facts, assets.Fact{Term: "Coverage of this session", Text: word})
	}
	if ap.Recorded != "" {
		card.Facts = append(card.Facts, assets.Fact{Term: "Recorded afterwards", Text: ap.Recorded, Note: moment(ap.BookedAt, zone).Text})
	}
	if ap.LateCancel {
		card.Facts = append(card.Facts, assets.Fact{Term: "Cancelled late", Text: moment(ap.OutcomeAt, zone).Text})
	}
	if ap.Status != care.Booked {
		card.Facts = append(card.Facts, correctionFacts(ap)...)
		if correctable(ap) {
			link := correctLink("/pro", ap)
			card.Wrong = &link
		}
		return card
	}
	card.Join = ap.Link
	if ap.Start.After(now) {
		card.Change = []assets.Action{{Text: "Move or cancel", Href: "/pro/appt/" + string(ap.ID), Icon: "calendar", Style: "outline"}}
		return card
	}
	held := map[care.AppointmentType]string{care.Consultation: "It was held", care.Session: "They attended"}[ap.Type]
	for i, o := range []struct {
		text   string
		result care.AppointmentStatus
	}{{held, care.Attended}, {"Client did not come", care.NoShowClient}, {"I did not come", care.NoShowProvider}} {
		style := "outline"
		if i == 0 {
			style = ""
		}
		card.Actions = append(card.Actions, assets.Action{Text: o.text, Post: "/pro/r/" + string(ref.ID) + "/outcome", Style: style, Fields: []assets.Hidden{
			{Name: "appointment", Value: string(ap.ID)}, {Name: "result", Value: string(o.result)},
		}})
	}
	return card
}

// mostDays is how many days with open times a page offers.
const mostDays = 7

// sessions offers the provider's own openings, those inside the promise first.
func (p *Pages) sessions(r *http.Request, me care.Provider, chart *care.Chart, ref care.Referral, zone *time.Location, now time.Time) (*sessionForm, error) {
	minutes, err := strconv.Atoi(r.FormValue("minutes"))
	if err != nil || minutes < 5 || minutes > 480 {
		minutes = max(me.Hours.SessionMinutes, 5)
	}
	open, err := p.ownOpenings(r, me, minutes, now)
	if err != nil {
		return nil, err
	}
	promise := promiseOf(chart, ref)
	first := promise.State == care.Running || promise.State == care.Waiting
	form := &sessionForm{
		Lead: "Any length from 5 to 480 minutes; the choice is yours.", Minutes: minutes,
		Length: assets.Field{Name: "minutes", Label: "Length in minutes", Type: "number", Value: strconv.Itoa(minutes), Inputmode: "numeric"},
		Slots:  assets.Slots{Name: "start", Legend: "Open times", Zone: zoneWords(zone, now), Empty: "No open time of this length in the next weeks"},
		Other:  []assets.Field{{Name: "other", Label: "Starts, on your own clock (" + place(zone.String()) + ")", Type: "datetime-local"}},
		Late: []assets.Field{
			{Name: "other", Label: "Began, on your own clock (" + place(zone.String()) + ")", Type: "datetime-local"},
			{Name: "reason", Label: "Why it was not booked here", Max: 300, Hint: "Your client can read it. A session that is recorded afterwards keeps no promise."},
		},
	}
	theirs := location(zoneOf(chart))
	for _, s := range open {
		note := ""
		if s.Start.In(theirs).Format("15:04") != s.Start.In(zone).Format("15:04") {
			note = "client " + s.Start.In(theirs).Format("15:04 MST")
		}
		days := addSlot(form.Slots.Days, s.Start, zone, note)
		if len(days) > mostDays {
			break
		}
		form.Slots.Days = days
		day := &form.Slots.Days[len(form.Slots.Days)-1]
		switch {
		case !first:
		case !s.Start.After(promise.Due):
			day.Note = "inside the promise"
		case day.Note == "":
			day.Note = "after the promise"
		}
	}
	if first {
		form.Lead = "The first session keeps the promise if it begins by " + limit(promise.Due, location(promise.Zone)) + ". " + form.Lead
	}
	return form, nil
}

// ownOpenings are a provider's own free times of a length, of any length and also
// while they are not listed.
func (p *Pages) ownOpenings(r *http.Request, me care.Provider, minutes int, now time.Time) ([]calendar.Slot, error) {
	until := now.AddDate(0, 0, 21)
	var days []care.Set
	for _, day := range care.Days(now.AddDate(0, 0, -1), until.AddDate(0, 0, 1)) {
		days = append(days, care.Busy(me.ID, day))
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), days...)
	if err != nil {
		return nil, err
	}
	busy := make([]calendar.Slot, len(members))
	for i, m := range members {
		busy[i] = calendar.Slot{Start: m.At, End: m.Until}
	}
	_, clock := p.Store.Programme()
	return clock.Open.Openings(me.Hours, minutes, busy, now, now, until, 200), nil
}

// screenings are the forms of a chart with what they came to.
func screenings(chart *care.Chart, zone *time.Location) []screened {
	var list []screened
	for _, s := range byAssigned(chart.Screenings) {
		in, known := instrument.Get(s.Instrument)
		if !known {
			continue
		}
		shown := screened{Title: in.Title + ", " + purposeWords[s.Purpose], Badge: screeningBadges[s.Status]}
		switch {
		case !s.SubmittedAt.IsZero():
			shown.Line = "Submitted " + moment(s.SubmittedAt, zone).Text
			if s.Late {
				shown.Line += ", after the session had begun"
			}
			if s.OutOfWindow {
				shown.Line += ", outside the follow-up’s window"
			}
			if s.Version > 1 || s.Status == care.ScreeningSuperseded {
				shown.Line += fmt.Sprintf(" (version %d)", max(s.Version, 1))
			}
		case s.Status == care.ScreeningDeclined:
			shown.Line = "Left out by the client " + moment(s.DeclinedAt, zone).Text
		case s.Status == care.ScreeningCancelled:
			shown.Line = "Taken back: it hung on a session that did not take place"
		default:
			shown.Line = "Due by " + limit(s.Due, zone)
		}
		if s.Total != nil {
			shown.Score = score(in, s, chart.Screenings)
			shown.After = compared(in, s, chart.Screenings)
		}
		if !s.SubmittedAt.IsZero() && len(s.Answers) > 0 {
			shown.Items = items(in, s.Answers)
		}
		list = append(list, shown)
	}
	return list
}

func byAssigned(list []care.Screening) []care.Screening {
	list = slices.Clone(list)
	order.By(list, func(a, b care.Screening) int { return a.AssignedAt.Compare(b.AssignedAt) })
	return list
}

func score(in instrument.Instrument, s care.Screening, all []care.Screening) *assets.Score {
	shown := &assets.Score{Name: in.Title, Total: *s.Total, Max: in.Max, Band: in.Band(*s.Total).Label}
	if s.Elevated != nil && *s.Elevated {
		shown.Says = "At or above the programme's cut-off, so a follow-up comes by itself after the first session."
		if s.Purpose == care.FollowUp {
			shown.Says = "At or above the programme's cut-off."
		}
	}
	if before, ok := rules.BaselineOf(s, all); ok && s.Purpose == care.FollowUp {
		shown.EarlierText = fmt.Sprintf("Before the first session: %d, %s.", *before.Total, in.Band(*before.Total).Label)
	}
	return shown
}

// items are the answers in the words of the form.
func items(in instrument.Instrument, answers map[string]int) *assets.Table {
	table := &assets.Table{Caption: in.Title + ", answer by answer", Head: []string{"Question", "Answer", "Points"}}
	for _, item := range in.Items {
		value, answered := answers[item.Code]
		answer, is := item.Answer(value)
		points := "not scored"
		if item.Scored {
			points = strconv.Itoa(value)
		}
		if !answered || !is {
			answer.Display, points = "No answer", ""
		}
		table.Rows = append(table.Rows, []string{item.Text, answer.Display, points})
	}
	return table
}
