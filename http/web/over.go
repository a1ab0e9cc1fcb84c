package web

import (
	"net/http"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// handOverRoutes are the pages by which somebody else takes a client over.
func (p *Pages) handOverRoutes() []reply.Route {
	provider := p.open([]care.Role{care.RoleProvider}, []way{
		{http.MethodGet, "/pro/r/{id}/hand-over", "read referral", p.handOverForm},
		{http.MethodPost, "/pro/r/{id}/hand-over", "hand_over", p.handOver},
	})
	provider = append(provider, p.open([]care.Role{care.RoleCareTeam}, []way{
		{http.MethodGet, "/ops/r/{id}/hand-over", "read client", p.handOverDesk},
		{http.MethodPost, "/ops/r/{id}/hand-over", "hand_over", p.handOverByDesk},
	})...)
	return append(provider, p.open([]care.Role{care.RoleClient}, []way{
		{http.MethodGet, "/me/r/{id}/hand-over", "read request", p.answerOverForm},
		{http.MethodPost, "/me/r/{id}/hand-over", "answer_hand_over", p.answerOver},
	})...)
}

// mostOthers is how many providers can be chosen from.
const mostOthers = 50

func (p *Pages) handOverForm(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "referral")
	if err != nil {
		return err
	}
	chart, ref, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	return p.handOverPage(w, r, http.StatusOK, nil, chart, ref, me.Hours.Zone, assets.Confirm{
		Items: []string{
			nameIn(chart) + " is asked. The other provider is not told before that.",
			"After a yes the other provider sees the request and the forms, never your own notes; what is booked with you falls away.",
			"The promise stays what it is. You see nothing of what comes after.",
		},
		Post: referralPath(r) + "/hand-over", No: assets.Link{Href: referralPath(r), Text: "Go back"},
	})
}

// handOverDesk is the care team's way to propose somebody else, where a provider
// cannot or does not.
func (p *Pages) handOverDesk(w http.ResponseWriter, r *http.Request) error {
	return p.handOverDeskPage(w, r, http.StatusOK, nil)
}

func (p *Pages) handOverDeskPage(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, ref, err := p.addressed(r, "client")
	if err != nil {
		return err
	}
	client := "/ops/client/" + string(chart.ID)
	if !ref.Status.Open() {
		return &care.Fault{Kind: care.Conflict, Code: "referral_moved_on", Says: "This request is over, so nobody takes it over. Look at the client’s page again."}
	}
	names, err := p.named(r.Context(), []care.ChartID{ref.Provider})
	if err != nil {
		return err
	}
	now := or(names[ref.Provider].Name, "their provider")
	return p.handOverPage(w, r, status, n, chart, ref, "", assets.Confirm{
		Items: []string{
			nameIn(chart) + " is asked, and decides. Neither " + now + " nor the other provider is told before that.",
			"After a yes the other provider sees the request and the forms; what is booked with " + now + " falls away, and they see nothing of what comes after.",
			"The promise stays what it is.",
		},
		Post: "/ops/r/" + string(ref.ID) + "/hand-over", No: assets.Link{Href: client, Text: "Go back"},
	})
}

// handOverPage asks who takes over: somebody listed where the client is, and not
// who has them now.
func (p *Pages) handOverPage(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice, chart *care.Chart, ref care.Referral, zone string, ask assets.Confirm) error {
	page, err := p.Store.Directory().Search(directory.Query{State: stateIn(chart), Zone: or(zone, defaultZone), Limit: mostOthers}, p.Now())
	if err != nil {
		return err
	}
	others := assets.Field{Name: "to", Label: "Who takes over", Type: "select"}
	for _, c := range page.Items {
		if c.ID != ref.Provider {
			others.Choices = append(others.Choices, assets.Choice{Value: string(c.ID), Text: c.Name, Checked: r.PostFormValue("to") == string(c.ID)})
		}
	}
	ask.Title, ask.Text, ask.Ask, ask.Yes = "Propose another provider to "+nameIn(chart)+"?", "Nothing moves before they say yes.", []assets.Field{others}, "Propose it"
	return p.show(w, r, status, "confirm", zone, assets.Page{Title: "Hand over", Notice: n, Data: ask})
}

func (p *Pages) handOverByDesk(w http.ResponseWriter, r *http.Request) error {
	chart, ref, err := p.addressed(r, "client")
	if err != nil {
		return err
	}
	_, err = p.deed(r, act.HandOver{Referral: ref.ID, To: care.ChartID(r.PostFormValue("to"))})
	if n, status, mendable := refused(r, err, location("")); err != nil && mendable {
		return p.handOverDeskPage(w, r, status, n)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/ops/client/"+string(chart.ID), "proposed_over")
}

func stateIn(chart *care.Chart) string {
	if chart.Client == nil {
		return ""
	}
	return chart.Client.State
}

func (p *Pages) handOver(w http.ResponseWriter, r *http.Request) error {
	return p.answer(w, r, act.HandOver{Referral: care.ReferralID(mux.Vars(r)["id"]), To: care.ChartID(r.PostFormValue("to"))}, referralPath(r), "proposed_over")
}

func (p *Pages) answerOverForm(w http.ResponseWriter, r *http.Request) error {
	m, err := p.mineOf(r, "request")
	if err != nil {
		return err
	}
	ref, err := m.own(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	names, err := p.named(r.Context(), []care.ChartID{ref.HandTo})
	if err != nil || ref.HandTo == "" {
		return care.Missing()
	}
	other := or(names[ref.HandTo].Name, "another provider")
	return p.show(w, r, http.StatusOK, "confirm", m.chart.Client.Zone, assets.Page{Title: "Another provider", Data: assets.Confirm{
		Title: "Shall " + other + " take over from " + m.name(ref) + "?", Text: "You decide, and you may leave it open. Nothing moves before you say yes.",
		Items: []string{
			other + " then sees your request and your forms, and answers within " + p.Store.Words()["respond_hours"] + " hours. Private notes of " + m.name(ref) + " are not passed on.",
			"What is booked with " + m.name(ref) + " falls away, and they see nothing of what comes after.",
			"Your place in time, and the promise, stay as they are.",
			m.cost(care.Appointment{}),
		},
		Fields: []assets.Hidden{{Name: "answer", Value: "yes"}},
		Post:   "/me/r/" + string(ref.ID) + "/hand-over", Yes: "Yes, " + other, No: assets.Link{Href: "/me", Text: "Not now"},
	}})
}

func (p *Pages) answerOver(w http.ResponseWriter, r *http.Request) error {
	answer := act.AnswerHandOver{Referral: care.ReferralID(mux.Vars(r)["id"]), Yes: r.PostFormValue("answer") == "yes"}
	if _, err := p.deed(r, answer); err != nil {
		return err
	}
	return done(w, r, "/me", "answered_over")
}
