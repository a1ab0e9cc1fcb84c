package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// What either side can say when it is not this: no time fits, nobody came, the
// two do not suit each other. Each says first what it leads to, and for whom.

// otherwiseRoutes are the pages of those ways on.
func (p *Pages) otherwiseRoutes() []reply.Route {
	client := p.open([]care.Role{care.RoleClient}, []way{
		{http.MethodPost, "/me/r/{id}/other-times", "other_times", p.askOtherTimes},
		{http.MethodGet, "/me/r/{id}/fit", "read request", p.fitForm},
		{http.MethodPost, "/me/r/{id}/fit", "not_a_fit", p.notAFit},
		{http.MethodGet, "/me/appt/{id}/nobody", "read appointment", p.nobodyForm},
		{http.MethodPost, "/me/appt/{id}/nobody", "outcome", p.nobodyCame},
	})
	provider := p.open([]care.Role{care.RoleProvider}, []way{
		{http.MethodGet, "/pro/r/{id}/fit", "read referral", p.fitForm},
		{http.MethodPost, "/pro/r/{id}/fit", "not_a_fit", p.notAFit},
	})
	return slices.Concat(client, provider, p.open([]care.Role{care.RoleAnonymous, care.RoleClient}, []way{{http.MethodPost, "/p/{id}/hold", "hold", p.holdTime}}))
}

// askOtherTimes says that none of the times fits; the button says whether later
// ones are wanted.
func (p *Pages) askOtherTimes(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "times")
	if err != nil {
		return err
	}
	ask := act.OtherTimes{Referral: care.ReferralID(mux.Vars(r)["id"]), Later: form.Get("later") != ""}
	for _, typed := range form["wish"] {
		if t, ok := typedTime(typed, location(chart.Client.Zone)); ok {
			ask.Preferred = append(ask.Preferred, t)
		}
	}
	if _, err := p.deed(r, ask); err != nil {
		return err
	}
	return done(w, r, "/me", "asked")
}

// wishes are the times that a client types where none of the offered ones fits.
func wishes(zone *time.Location) []assets.Field {
	label := "A time that would suit you, on your own clock (" + place(zone.String()) + ")"
	return []assets.Field{
		{Name: "wish", Label: label, Type: "datetime-local", Optional: true},
		{Name: "wish", Label: "Another one", Type: "datetime-local", Optional: true},
	}
}

// fitForm says what follows when the two do not suit each other.
func (p *Pages) fitForm(w http.ResponseWriter, r *http.Request) error {
	chart, ref, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	who := auth.Actor(r).Role
	confirm := assets.Confirm{Text: "That is what a first call is for, and nothing counts against anybody.", Danger: true, Yes: "We do not fit"}
	zone := zoneOf(chart)
	if who == care.RoleProvider {
		me, _, err := p.practice(r, "referral")
		if err != nil {
			return err
		}
		zone = me.Hours.Zone
		confirm.Title = "You and " + nameIn(chart) + " do not fit?"
		confirm.Items = []string{nameIn(chart) + " is told kindly, and is offered up to three others who can still keep the promise. The promise does not move.", "You no longer see this client."}
		confirm.Post, confirm.No = "/pro/r/"+string(ref.ID)+"/fit", assets.Link{Href: "/pro/r/" + string(ref.ID), Text: "Go back"}
	} else {
		names, err := p.named(r.Context(), []care.ChartID{ref.Provider})
		if err != nil {
			return err
		}
		name := or(names[ref.Provider].Name, "your therapist")
		confirm.Title = "You and " + name + " do not fit?"
		confirm.Items = []string{sentence(name) + " is told that you go on elsewhere, without a reason.", "You are offered others who can still see you in time. The promise does not move."}
		confirm.Post, confirm.No = "/me/r/"+string(ref.ID)+"/fit", assets.Link{Href: "/me", Text: "Go back"}
	}
	for _, ap := range byStart(chart.Appointments) {
		if ap.Referral == ref.ID && ap.Status == care.Booked && ap.Start.After(p.Now()) {
			confirm.Items = append(confirm.Items, "The "+visitNoun[ap.Type]+" on "+moment(ap.Start, location(zone)).Text+" falls away.")
		}
	}
	return p.show(w, r, http.StatusOK, "confirm", zone, assets.Page{Title: "Not a fit", Data: confirm})
}

func (p *Pages) notAFit(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.NotAFit{Referral: care.ReferralID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, homeOf(auth.Actor(r).Role), "no_fit")
}

// nobodyForm says what follows when the provider did not come.
func (p *Pages) nobodyForm(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sideOf(r, "appointment")
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "confirm", s.zone.String(), assets.Page{Title: "Nobody came", Data: assets.Confirm{
		Title: sentence(s.other) + " did not come?", Text: "We are sorry. Go on at once; you have done nothing wrong.",
		Items: []string{"The care team is told at once and asks " + s.other + " what happened.", "You choose another time with them, or somebody else. The promise does not move.", "If there is a mistake, " + s.other + " can say so, with a reason that you can read."},
		Post:  s.path + "/nobody", Yes: "Nobody came", No: assets.Link{Href: s.path, Text: "Go back"},
	}})
}

func (p *Pages) nobodyCame(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.Outcome{Appointment: care.AppointmentID(mux.Vars(r)["id"]), Result: care.NoShowProvider}); err != nil {
		return err
	}
	return done(w, r, "/me", "nobody")
}

// holdTime keeps the chosen time while the rest of the form is filled in: for a client,
// or for the browser of somebody new.
func (p *Pages) holdTime(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	starts := times(form["start"])
	v, chart, err := p.visitor(r, "book")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: form, chart: chart}
	if len(starts) == 0 {
		a.problems = noTime
		return p.bookPage(w, r, http.StatusUnprocessableEntity, a)
	}
	hold := act.Hold{Provider: care.ChartID(mux.Vars(r)["id"]), Start: starts[0]}
	again := func(status int, problems []assets.Problem) error {
		a.problems = problems
		return p.bookPage(w, r, status, a)
	}
	back := func() {}
	if chart != nil {
		hold.Client = chart.ID
	} else {
		if back, err = p.Auth.MayHold(r.Context()); err != nil {
			return p.again(w, r, err, again)
		}
		hold.Holder, hold.State = p.Auth.Hold(w, r), v.State
		a.holder = hold.Holder
	}
	if _, err := p.deed(r, hold); err != nil {
		back()
		return p.again(w, r, err, again)
	}
	if chart != nil {
		if a.chart, err = p.myChart(r, "book"); err != nil {
			return err
		}
	}
	return p.bookPage(w, r, http.StatusOK, a)
}

// holds are the times that are held for whoever asks: for a client, or for the browser
// of somebody new.
func (p *Pages) holds(r *http.Request, a asked) ([]care.Hold, error) {
	if a.chart != nil {
		return a.chart.Holds, nil
	}
	holder := or(a.holder, p.Auth.Holds(r))
	if holder == "" {
		return nil, nil
	}
	members, err := p.Store.Find(r.Context(), care.System, care.HeldBy(holder))
	var holds []care.Hold
	for _, m := range members {
		holds = append(holds, care.Hold{Provider: m.Chart, Start: m.At, End: m.Until, Until: m.Expires})
	}
	return holds, err
}

// held shows a time that is held for whoever asks, in its day and chosen, with how long
// it still is; first of all, where its day is not on the page.
func (b *booking) held(holds []care.Hold, provider care.ChartID, zone *time.Location, now time.Time) {
	if b.Slots == nil {
		return
	}
	b.Hold = b.Path[:len(b.Path)-len("/book")] + "/hold"
	for _, h := range holds {
		if h.Provider != provider || !now.Before(h.Until) {
			continue
		}
		until := moment(h.Until, zone)
		b.Slots.Hold = &assets.Deadline{Due: until, Left: span(h.Until.Sub(now))}
		day := assets.SlotDay{Text: h.Start.In(zone).Format("Mon 2 Jan")}
		i := slices.IndexFunc(b.Slots.Days, func(d assets.SlotDay) bool { return d.Text == day.Text })
		if i < 0 {
			b.Slots.Days, i = append([]assets.SlotDay{day}, b.Slots.Days...), 0
		}
		slot := assets.Slot{Value: h.Start.UTC().Format(time.RFC3339), Text: h.Start.In(zone).Format("15:04 MST"), Note: "held for you", Checked: true}
		at, _ := slices.BinarySearchFunc(b.Slots.Days[i].Slots, slot, func(x, y assets.Slot) int { return cmp.Compare(x.Value, y.Value) })
		b.Slots.Days[i].Slots = slices.Insert(b.Slots.Days[i].Slots, at, slot)
	}
}
