package web

import (
	"net/http"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Telling anew what became of an appointment: by its provider, or by the care team.

// correctable says whether something was said of an appointment that can be wrong.
func correctable(ap care.Appointment) bool {
	return ap.Status == care.Attended || ap.Status == care.NoShowClient || ap.Status == care.NoShowProvider
}

// correctLink leads to the form, from under a visit.
func correctLink(area string, ap care.Appointment) assets.Action {
	return assets.Action{Text: "This is wrong", Href: area + "/appointments/" + string(ap.ID) + "/correct", Icon: "history", Style: "ghost small"}
}

// correction asks what is right, and why it was told wrongly.
func (p *Pages) correction(area string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return p.showCorrection(w, r, area, http.StatusOK, nil)
	}
}

func (p *Pages) showCorrection(w http.ResponseWriter, r *http.Request, area string, status int, n *assets.Notice) error {
	id := mux.Vars(r)["id"]
	chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, "appointment")
	if err != nil {
		return err
	}
	ap, ok := chart.Appointment(care.AppointmentID(id))
	if !ok || !correctable(ap) {
		return care.Missing()
	}
	zone := location("")
	rather := assets.Field{Name: "result", Label: "What is right", Type: "select"}
	for _, s := range []care.AppointmentStatus{care.Attended, care.NoShowClient, care.NoShowProvider} {
		if s != ap.Status {
			rather.Choices = append(rather.Choices, assets.Choice{Value: string(s), Text: outcomeBadges[s].Text, Checked: r.PostFormValue("result") == string(s)})
		}
	}
	items := []string{"What was said before is kept, with your reason beside it."}
	if ap.Type == care.Session {
		items = append(items, "The follow-up counts from the first session that took place, so it may move, be sent now, or be taken back.", "What became of the promise is found anew.")
	}
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Correct", Notice: n, Data: assets.Confirm{
		Title: "Correct what was said",
		Text:  visitWords[ap.Type] + " of " + nameIn(chart) + " on " + moment(ap.Start, zone).Text + ". It says: " + outcomeBadges[ap.Status].Text + ".",
		Items: items, Post: area + "/appointments/" + id + "/correct", Yes: "Correct it", No: assets.Link{Href: backFrom(area, chart, ap), Text: "Leave it"},
		Ask: []assets.Field{rather, {Name: "reason", Label: "Why", Type: "textarea", Rows: 3, Max: 300, Value: r.PostFormValue("reason"), Hint: "The client can read it."}},
	}})
}

// backFrom is the page that a correction was asked for on.
func backFrom(area string, chart *care.Chart, ap care.Appointment) string {
	if area == "/pro" {
		return "/pro/r/" + string(ap.Referral)
	}
	return "/ops/client/" + string(chart.ID)
}

func (p *Pages) correct(area string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := mux.Vars(r)["id"]
		_, err := p.deed(r, act.Correct{Appointment: care.AppointmentID(id), Result: care.AppointmentStatus(r.PostFormValue("result")), Reason: r.PostFormValue("reason")})
		if err != nil {
			if n, status, mendable := refused(r, err, location("")); mendable {
				return p.showCorrection(w, r, area, status, n)
			}
			return err
		}
		chart, err := p.Store.Locate(r.Context(), auth.Actor(r), id, "appointment")
		if err != nil {
			return err
		}
		ap, _ := chart.Appointment(care.AppointmentID(id))
		return done(w, r, backFrom(area, chart, ap), "corrected")
	}
}

// correctionFacts are what was said of an appointment before.
func correctionFacts(ap care.Appointment) (facts []assets.Fact) {
	for _, c := range ap.Corrections {
		facts = append(facts, assets.Fact{Term: "Said before", Text: outcomeBadges[c.Was].Text, Note: "Corrected " + moment(c.At, location("")).Text + " by the " + roleNouns[c.As] + ": " + c.Reason})
	}
	return facts
}

var roleNouns = map[care.Role]string{care.RoleProvider: "provider", care.RoleCareTeam: "care team", care.RoleSystem: "system"}

// gaps lists the clients in care with something missing in their screenings.
func (p *Pages) gaps(w http.ResponseWriter, r *http.Request) error {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Set{Name: care.SetQueue, Of: "gap"})
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "gaps")
	if err != nil {
		return err
	}
	table := assets.Table{Caption: "What is missing", Head: []string{"First session", "What is missing", "Of whom"}, Empty: "Nothing is missing"}
	for _, chart := range charts {
		for _, e := range chart.Episodes {
			if e.Gap != "" {
				table.Rows = append(table.Rows, []string{moment(e.FirstAt, location(e.Zone)).Text, gapWords[e.Gap], nameIn(chart)})
			}
		}
	}
	return p.show(w, r, http.StatusOK, "ops/gaps", "", assets.Page{Title: "Gaps in screenings", Data: table})
}

var gapWords = map[string]string{
	care.GapNoBaseline:       "No form was handed in before the first session, nor after it. No follow-up is owed.",
	care.GapMissedByPlatform: "The follow-up was owed, and became known too late to be sent.",
}
