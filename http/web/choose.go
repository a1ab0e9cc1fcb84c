package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// choosing is the page on which a client takes one of several times.
type choosing struct {
	Title, Lead string
	Path        string
	Problems    []assets.Problem
	Slots       assets.Slots
	TheirZone   string
	Further     []assets.Link
	Yes         string
	Cost        string
	Explain     *assets.Explain
	CareEmail   string
	Back        assets.Link    // empty: to my care
	Note        string         // what limits the choice
	Other       []assets.Field // a time that is typed
	Otherwise   string         // where one says that none of them fits
	Wishes      []assets.Field // and which would
}

func (p *Pages) chooseForm(w http.ResponseWriter, r *http.Request) error {
	return p.choosePage(w, r, http.StatusOK, nil)
}

// choosePage offers what the provider proposed, what the client had listed, and
// every open time.
func (p *Pages) choosePage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	m, err := p.mineOf(r, "times")
	if err != nil {
		return err
	}
	ref, err := m.own(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	page := choosing{
		Title: "Choose a time with " + m.name(ref), Lead: "Your first call, " + counted(m.who[ref.Provider].Hours.ConsultMinutes, "minute") + " by video.",
		Path: "/me/r/" + string(ref.ID) + "/time", Yes: "Book this time",
		Cost: m.cost(care.Appointment{Type: care.Consultation}),
	}
	if (ref.Status == care.Accepted || ref.Status == care.Proposed) && ref.AskedAt.IsZero() {
		page.Otherwise, page.Wishes = "/me/r/"+string(ref.ID)+"/other-times", wishes(m.zone)
	}
	due := time.Time{}
	if d, ok := m.chart.Deadline(ref.Consult); ok {
		due, page.Explain = d.Due, p.explain(d)
	}
	return m.offer(w, r, status, page, problems, ref, care.Consultation, due)
}

func (p *Pages) choose(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	starts := times(form["start"])
	if len(starts) == 0 {
		return p.choosePage(w, r, http.StatusUnprocessableEntity, noTime)
	}
	if _, err := p.deed(r, act.Book{Referral: care.ReferralID(mux.Vars(r)["id"]), Start: starts[0]}); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.choosePage(w, r, status, problems) })
	}
	return done(w, r, "/me", "booked")
}

var noTime = []assets.Problem{{Field: "start", Text: "Choose a time."}}

func (p *Pages) sessionForm(w http.ResponseWriter, r *http.Request) error {
	return p.sessionPage(w, r, http.StatusOK, nil)
}

func (p *Pages) sessionPage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	m, err := p.mineOf(r, "times")
	if err != nil {
		return err
	}
	ref, err := m.own(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	page := choosing{
		Title: "Book a session with " + m.name(ref), Lead: counted(m.who[ref.Provider].Hours.SessionMinutes, "minute") + " by video.",
		Path: "/me/r/" + string(ref.ID) + "/session", Yes: "Book this session", Cost: m.cost(care.Appointment{}),
	}
	due := time.Time{}
	if e, ok := m.chart.Episode(ref.Episode); ok && e.First == "" {
		if d, ok := m.chart.Deadline(e.Promise); ok {
			due, page.Explain = d.Due, p.explain(d)
			page.Lead += " The promise: your first session by the end of " + dayOf(d.Due, e.Zone) + "."
		}
	}
	return m.offer(w, r, status, page, problems, ref, care.Session, due)
}

func (p *Pages) bookSession(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	starts := times(form["start"])
	if len(starts) == 0 {
		return p.sessionPage(w, r, http.StatusUnprocessableEntity, noTime)
	}
	m, err := p.mineOf(r, "times")
	if err != nil {
		return err
	}
	ref, err := m.own(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	book := act.BookSession{Referral: ref.ID, Start: starts[0], Minutes: m.who[ref.Provider].Hours.SessionMinutes}
	if _, err := p.deed(r, book); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.sessionPage(w, r, status, problems) })
	}
	return done(w, r, "/me", "session")
}

// offer shows the times of one kind.
func (m *mine) offer(w http.ResponseWriter, r *http.Request, status int, page choosing, problems []assets.Problem, ref care.Referral, kind care.AppointmentType, due time.Time) error {
	zone := m.chart.Client.Zone
	if err := r.ParseForm(); err != nil {
		return problemOf(r, &care.Fault{Kind: care.Invalid, Code: "unreadable", Says: "This address could not be read. Go back to your start page."})
	}
	from := m.now
	if t, err := time.Parse(time.RFC3339, r.Form.Get("after")); err == nil && t.After(from) {
		from = t
	}
	g := grid{zone: zone, now: m.now, due: due, marked: true, all: r.Form.Has("all"), chosen: r.PostForm["start"]}
	days, more, err := m.times(r.Context(), ref, kind, from, g)
	if err != nil {
		return err
	}
	page.Problems = problems
	page.Slots = assets.Slots{Name: "start", Legend: "Open times", Zone: m.p.allTimes(zone), Days: days}
	page.TheirZone = otherZone(m.p, m.name(ref), m.who[ref.Provider].Hours.Zone, zone)
	page.CareEmail = m.p.Store.Words()["care_email"]
	page.Further = g.further(page.Path, url.Values{}, from, more)
	who := m.who[ref.Provider]
	warn := elsewhere(m.chart.Client, m.name(ref), who.States(calendar.On(m.now, location(who.Hours.Zone))))
	return m.p.show(w, r, status, "choose", zone, assets.Page{Title: page.Title, Notice: warn, Data: page})
}

// times are the days to choose from: first what was proposed or listed, then the
// open times.
func (m *mine) times(ctx context.Context, ref care.Referral, kind care.AppointmentType, from time.Time, g grid) ([]assets.SlotDay, time.Time, error) {
	slots, err := m.p.openings(ctx, m.who[ref.Provider], kind, from)
	if err != nil {
		return nil, time.Time{}, err
	}
	days, more := g.days(slots)
	if kind == care.Consultation && from.Equal(m.now) {
		days = slices.Concat(
			g.agreed("Proposed by "+m.name(ref), ref.Offered),
			g.agreed("Times you listed", slices.DeleteFunc(slices.Clone(ref.Preferred), func(t time.Time) bool { return slices.ContainsFunc(ref.Offered, t.Equal) })),
			days)
	}
	return days, more, nil
}

// agreed is a column of times that one side named.
func (g grid) agreed(title string, starts []time.Time) []assets.SlotDay {
	day := assets.SlotDay{Text: title}
	for _, t := range starts {
		if t.After(g.now) {
			slot := g.slot(t)
			slot.Note = t.In(location(g.zone)).Format("Mon 2 Jan")
			day.Slots = append(day.Slots, slot)
		}
	}
	if len(day.Slots) == 0 {
		return nil
	}
	return []assets.SlotDay{day}
}

func (p *Pages) withdrawForm(w http.ResponseWriter, r *http.Request) error {
	m, err := p.mineOf(r, "withdraw")
	if err != nil {
		return err
	}
	ref, err := m.own(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	items := []string{m.name(ref) + " is told that you withdrew, without a reason."}
	for _, ap := range m.chart.Appointments {
		if ap.Referral == ref.ID && ap.Status == care.Booked && ap.End.After(m.now) {
			items = append(items, visitName(ap)+" on "+m.words(ap.Start)+" is cancelled.")
		}
	}
	others := slices.ContainsFunc(m.chart.Referrals, func(o care.Referral) bool { return o.ID != ref.ID && o.Episode == ref.Episode && o.Status.Open() })
	if others {
		items = append(items, "Your other requests stay as they are.")
	} else {
		items = append(items, "It is your last open request, so the promise ends with it. You can begin again at any time.")
	}
	return p.show(w, r, http.StatusOK, "confirm", m.chart.Client.Zone, assets.Page{Title: "Withdraw", Data: assets.Confirm{
		Title: "Withdraw from " + m.name(ref) + "?", Text: "That is fine at any time, and nothing counts against you.", Items: items,
		Post: "/me/r/" + string(ref.ID) + "/withdraw", Yes: "Withdraw", Danger: true, No: assets.Link{Href: "/me", Text: "Keep it"},
	}})
}

func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.Withdraw{Referral: care.ReferralID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/me", "withdrawn")
}
