package web

import (
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// An appointment's page is where the mails about it lead: to join, to move or to
// cancel it, and for the calendar. Both sides have one, each on its own clock.
// Opening it changes nothing, however often a mail scanner does.

// visitPage is an appointment as one of its sides sees it.
type visitPage struct {
	Title   string
	When    assets.Moment
	Badge   assets.Badge
	Text    string
	Notice  *assets.Notice
	Join    string
	Actions []assets.Action
	Facts   []assets.Fact
	Back    assets.Link
	Others  []assets.ProviderCard // who can still see the client in time
}

// side is one side of an appointment in front of its pages.
type side struct {
	role  care.Role
	chart *care.Chart
	ap    care.Appointment
	ref   care.Referral
	other string // the name of who is at the other end
	path  string // of the appointment's page
	home  string // where the way goes on
	zone  *time.Location
}

// appointmentRoutes are the pages of an appointment for one of its sides.
func (p *Pages) appointmentRoutes(role care.Role, at string) []reply.Route {
	return p.open([]care.Role{role}, []way{
		{http.MethodGet, at + "/appt/{id}", "read appointment", p.visit},
		{http.MethodGet, at + "/appt/{id}/calendar", "read appointment", p.calendarFile},
		{http.MethodGet, at + "/appt/{id}/move", "read openings", p.movingForm},
		{http.MethodPost, at + "/appt/{id}/move", "reschedule", p.moveVisit},
		{http.MethodGet, at + "/appt/{id}/cancel", "read appointment", p.cancelForm},
		{http.MethodPost, at + "/appt/{id}/cancel", "cancel", p.cancelVisit},
	})
}

// sideOf finds the appointment of the address, as whoever asks sees it.
func (p *Pages) sideOf(r *http.Request, why string) (side, error) {
	id, who := mux.Vars(r)["id"], auth.Actor(r)
	chart, err := p.Store.Locate(r.Context(), who, id, why)
	if err != nil {
		return side{}, err
	}
	ap, ok := chart.Appointment(care.AppointmentID(id))
	if !ok {
		return side{}, care.Missing()
	}
	s := side{role: who.Role, chart: chart, ap: ap}
	s.ref, _ = chart.Referral(ap.Referral)
	if who.Role == care.RoleProvider {
		_, zone, err := p.practice(r, why)
		s.other, s.path, s.home, s.zone = nameIn(chart), "/pro/appt/"+id, "/pro/r/"+string(ap.Referral), zone
		return s, err
	}
	names, err := p.named(r.Context(), []care.ChartID{ap.Provider})
	s.other, s.path, s.home, s.zone = or(names[ap.Provider].Name, "your therapist"), "/me/appt/"+id, "/me", location(zoneOf(chart))
	return s, err
}

// ahead says whether the appointment can still be moved or cancelled.
func (s side) ahead(now time.Time) bool { return s.ap.Status == care.Booked && now.Before(s.ap.Start) }

func (p *Pages) visit(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "appointment")
	if err != nil {
		return err
	}
	page := visitPage{
		Title: visitName(s.ap) + " with " + s.other, When: moment(s.ap.Start, s.zone), Badge: outcomeBadges[s.ap.Status],
		Back:  assets.Link{Href: s.home, Text: map[care.Role]string{care.RoleClient: "Back to my care", care.RoleProvider: "Back to the request"}[s.role]},
		Facts: []assets.Fact{{Term: "How long", Text: length(s.ap)}, {Term: "Where", Text: "By video"}},
	}
	if s.role == care.RoleClient && s.ap.Status == care.Booked {
		if s.ap.AtRisk {
			page.Notice = &assets.Notice{Kind: "warn", Title: "This may not be covered, and may not be allowed", Text: sentence(s.other) + " holds no licence and credential where you said that you are, as far as we know for that day. If you will be elsewhere by then, say so.", Actions: []assets.Action{{Text: "Say where you are", Href: "/me/details", Style: "outline"}}}
		}
		page.Facts = append(page.Facts, assets.Fact{Term: "What it costs", Text: rules.CostOfVisit(s.chart, s.ap, p.Store.Words()).Says})
	}
	if s.ap.Recorded != "" {
		page.Facts = append(page.Facts, assets.Fact{Term: "Recorded afterwards", Text: s.ap.Recorded, Note: moment(s.ap.BookedAt, s.zone).Text})
	}
	if s.ap.LateCancel {
		page.Facts = append(page.Facts, assets.Fact{Term: "Cancelled", Text: moment(s.ap.OutcomeAt, s.zone).Text, Note: "That was late: " + p.Store.Words().Render("less than {late_cancel_hours} hours before.")})
	}
	for _, m := range s.ap.Moves {
		page.Facts = append(page.Facts, assets.Fact{Term: "Moved by the " + map[care.Role]string{care.RoleClient: "client", care.RoleProvider: "provider"}[m.By], Text: "from " + moment(m.From, s.zone).Text, Note: moment(m.At, s.zone).Text})
	}
	if s.ahead(p.Now()) {
		page.Join = s.ap.Link
		page.Text = "You can move or cancel it until it begins. No reason is asked."
		page.Actions = []assets.Action{
			{Text: "Move it", Href: s.path + "/move", Icon: "calendar", Style: "outline"},
			{Text: "Cancel it", Href: s.path + "/cancel", Style: "ghost", Icon: "x"},
		}
		if s.ap.Virtual && s.ap.Link == "" {
			page.Notice = noLink[s.role]
		}
	} else if s.ap.Status == care.Booked {
		page.Join = s.ap.Link
		if _, clock := p.Store.Programme(); s.role == care.RoleClient && !p.Now().Before(clock.Start(care.Deadline{Code: "no_word", Starts: s.ap.Start}).Due) {
			page.Text = "Nobody has said yet what became of it. If nobody came, you can go on at once."
			page.Actions = append(page.Actions, assets.Action{Text: "Nobody came", Href: s.path + "/nobody", Style: "outline"})
			page.Others = p.instead(s)
		}
	}
	page.Actions = append(page.Actions, assets.Action{Text: "For my calendar", Href: s.path + "/calendar", Icon: "download", Style: "outline"})
	return p.show(w, r, http.StatusOK, "appointment", s.zone.String(), assets.Page{Title: page.Title, Data: page})
}

// noLink says to each side that there is no way to join yet.
var noLink = map[care.Role]*assets.Notice{
	care.RoleClient:   {Kind: "info", Text: "The way to join is not set yet. You get it with the reminder, and here."},
	care.RoleProvider: {Kind: "warn", Title: "There is no way to join yet", Text: "Set the link under Hours; the appointment takes it over. We remind you a day before, and the care team two hours before.", Actions: []assets.Action{{Text: "Set the link", Href: "/pro/hours", Style: "outline"}}},
}

// calendarFile is the appointment as it stands, for the reader's own calendar.
func (p *Pages) calendarFile(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "appointment")
	if err != nil {
		return err
	}
	programme, _ := p.Store.Programme()
	own, err := p.Store.Chart(r.Context(), auth.Actor(r), auth.Actor(r).Chart, "appointment")
	if err != nil {
		return err
	}
	to := ""
	if own.Account != nil {
		to = own.Account.Email
	}
	file, err := notify.Calendar(act.EventOf(s.ap), p.Now(), site(r)+s.path, programme.Programme.CareEmail, to)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="appointment.ics"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(file)) // the reader has gone; there is nobody to tell
	return nil
}

// site is the address that the reader came to.
func site(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func (p *Pages) cancelForm(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "appointment")
	if err != nil {
		return err
	}
	items := []string{sentence(s.other) + " is told at once, without a reason, and the time is free again.", "Both calendars get a notice, and no reminder goes out any more."}
	return p.show(w, r, http.StatusOK, "confirm", s.zone.String(), assets.Page{Title: "Cancel", Data: assets.Confirm{
		Title: "Cancel the " + visitNoun[s.ap.Type] + " of " + moment(s.ap.Start, s.zone).Text + "?", Items: append(items, p.afterwards(s)...),
		Post: s.path + "/cancel", Yes: "Cancel it", Danger: true, No: assets.Link{Href: s.path, Text: "Keep it"},
	}})
}

var visitNoun = map[care.AppointmentType]string{care.Consultation: "first call", care.Session: "session"}

// afterwards says what a cancellation leads to, for this side.
func (p *Pages) afterwards(s side) []string {
	var items []string
	words := p.Store.Words()
	switch {
	case s.ap.Type == care.Consultation && s.role == care.RoleClient:
		items = append(items, "Your request stays open: you choose another time when it suits you. Until then the days that the provider has for it wait.")
	case s.ap.Type == care.Consultation:
		items = append(items, "The client chooses another of your open times. The "+words["consult_days"]+" days for the first call go on from where they began.")
	default:
		items = append(items, "Any forms before it wait for the next session. The promise does not move.")
	}
	if s.role == care.RoleClient {
		items = append(items, words.Render("Nothing is charged here. Later than {late_cancel_hours} hours before, the provider sees that it was late."))
	}
	return items
}

func (p *Pages) cancelVisit(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "appointment")
	if err != nil {
		return err
	}
	if _, err := p.deed(r, act.Cancel{Appointment: s.ap.ID}); err != nil {
		return err
	}
	return done(w, r, s.home, "cancelled")
}

func (p *Pages) movingForm(w http.ResponseWriter, r *http.Request) error {
	return p.movingPage(w, r, http.StatusOK, nil)
}

// movingPage offers the times that an appointment can be moved to.
func (p *Pages) movingPage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	s, err := p.sideOf(r, "openings")
	if err != nil {
		return err
	}
	page := choosing{
		Title: "Move the " + visitNoun[s.ap.Type] + " with " + s.other, Lead: "It is booked for " + moment(s.ap.Start, s.zone).Text + ". Both sides are told, and the time that it had is free again.",
		Path: s.path + "/move", Yes: "Move it to this time", Cost: "Moving costs nothing.",
		Back: assets.Link{Href: s.path, Text: "Back to the appointment"},
	}
	if s.role == care.RoleClient {
		m, err := p.mineOf(r, "times")
		if err != nil {
			return err
		}
		due := time.Time{}
		if d, ok := m.chart.Deadline(s.ref.Consult); ok && s.ap.Type == care.Consultation {
			due = d.Due
		}
		page.Cost += " " + m.cost(s.ap)
		return m.offer(w, r, status, page, problems, s.ref, s.ap.Type, due)
	}
	me, zone, err := p.practice(r, "openings")
	if err != nil {
		return err
	}
	page.Problems = problems
	page.CareEmail = p.Store.Words()["care_email"]
	page.Slots = assets.Slots{Name: "start", Legend: "Your open times", Zone: zoneWords(zone, p.Now())}
	if s.ap.Type == care.Consultation {
		page.Slots.Legend = "Times that the client listed"
		page.Note = "You can move a first call only to a time that the client listed. Where none fits, cancel it and propose others."
		for _, t := range s.ref.Preferred {
			if t.After(p.Now()) && !t.Equal(s.ap.Start) {
				page.Slots.Days = addSlot(page.Slots.Days, t, zone, "")
			}
		}
	} else {
		open, err := p.ownOpenings(r, me, int(s.ap.End.Sub(s.ap.Start)/time.Minute), p.Now())
		if err != nil {
			return err
		}
		for _, o := range spread(open, zone) {
			page.Slots.Days = addSlot(page.Slots.Days, o.Start, zone, "")
		}
		page.Other = []assets.Field{{Name: "other", Label: "Or another time, on your own clock (" + place(zone.String()) + ")", Type: "datetime-local", Optional: true}}
	}
	return p.show(w, r, status, "choose", zone.String(), assets.Page{Title: page.Title, Data: page})
}

func (p *Pages) moveVisit(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "openings")
	if err != nil {
		return err
	}
	form, err := posted(r)
	if err != nil {
		return err
	}
	start, ok := wanted(first(form["start"]), form.Get("other"), s.zone)
	if !ok {
		return p.movingPage(w, r, http.StatusUnprocessableEntity, noTime)
	}
	if _, err := p.deed(r, act.Reschedule{Appointment: s.ap.ID, Start: start}); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.movingPage(w, r, status, problems) })
	}
	return done(w, r, s.path, "moved")
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// instead are providers who can still keep the promise, where a first call did not
// take place.
func (p *Pages) instead(s side) []assets.ProviderCard {
	e, _ := s.chart.Episode(s.ref.Episode)
	promise, _ := s.chart.Deadline(e.Promise)
	var cards []assets.ProviderCard
	for _, id := range s.ref.Alternatives {
		if c, listed := p.Store.Directory().Provider(id, p.Now()); listed {
			card := p.card(c, arrival{State: e.State, Zone: s.zone.String()}, promise.Due)
			card.Actions = []assets.Action{{Text: "Ask " + c.Name, Href: "/p/" + string(id) + "/book?again=" + string(s.ref.ID), Icon: "arrow-right"}}
			cards = append(cards, card)
		}
	}
	return cards
}
