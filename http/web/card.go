package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// The link by which a client gives the details of their plan without signing in,
// and the photo of a card, which only those who verify the plan see.

// withPhoto bounds a form that carries a photo: somewhat more than a photo may
// have, so that one that is too large is told on the form.
const withPhoto = 8 << 20

// photographed is a route whose form may carry a photo.
func photographed(r reply.Route) reply.Route {
	r.Most = withPhoto
	return r
}

// planGiven reads the details of a plan from a form, with the photo if there is
// one.
func planGiven(r *http.Request) (act.AddCoverage, url.Values, []assets.Problem, error) {
	photo, err := sentPhoto(r)
	if err != nil {
		return act.AddCoverage{}, nil, nil, err
	}
	form := r.PostForm
	add := act.AddCoverage{
		Type: care.CoverageType(form.Get("kind")), Payer: form.Get("payer"), Plan: form.Get("plan"),
		MemberID: form.Get("member_id"), Group: form.Get("group"), State: form.Get("state"),
		Authorization: form.Get("authorization"),
	}
	add.Photo = photo
	if add.Authorised, err = wholeNumber(form.Get("authorised")); err != nil {
		return add, form, []assets.Problem{{Field: "authorised", Text: "Give a whole number, or leave it empty."}}, nil
	}
	return add, form, nil, nil
}

// linkedForm shows the form of a link that still takes details, and nothing of
// whom it was sent to. Opening it uses nothing up: mail programs open links. One
// that has taken them says what comes next.
func (p *Pages) linkedForm(w http.ResponseWriter, r *http.Request) error {
	takes, taken := p.Auth.Asked(mux.Vars(r)["secret"])
	switch {
	case taken:
		return p.receivedPage(w, r, http.StatusOK)
	case !takes:
		return act.Lapsed()
	}
	return p.linkedPage(w, r, http.StatusOK, nil, nil)
}

// receivedPage is for whoever comes back to a link that has done its work.
func (p *Pages) receivedPage(w http.ResponseWriter, r *http.Request, status int) error {
	return p.show(w, r, status, "plan_received", "", assets.Page{Title: "Your plan", Data: map[string]any{
		"Next": []string{
			p.Store.Words().Render("The care team looks up what your plan covers, within {eligibility_target} business day of when they came."),
			"You hear from us when that is done, and if something is missing.",
			"You need not wait for it: the first call costs nothing, and no plan is needed for it.",
		},
		"Change": act.Received().Says,
	}})
}

// linkedPage posts back to where it is, so that the secret stands in the address
// that the person already has and nowhere else.
func (p *Pages) linkedPage(w http.ResponseWriter, r *http.Request, status int, form url.Values, problems []assets.Problem) error {
	page := coveragePage{Problems: problems}
	page.ask(form, problems, p.Store.Words(), "")
	page.Card[2].Optional, page.Card[2].Choices[0].Text = true, "The one I live in"
	return p.show(w, r, status, "plan_link", "", assets.Page{Title: "Your plan", Data: page})
}

// takesDetails says whether the link that a request came by still takes something.
func (p *Pages) takesDetails(r *http.Request) bool {
	takes, _ := p.Auth.Asked(mux.Vars(r)["secret"])
	return takes
}

// linkedDetails looks whether the link still takes anything before it reads what
// was sent. Whoever holds the link acts by it, signed in or not.
func (p *Pages) linkedDetails(w http.ResponseWriter, r *http.Request) error {
	secret := mux.Vars(r)["secret"]
	takes, taken := p.Auth.Asked(secret)
	switch {
	case taken: // sent twice, or by two
		return p.receivedPage(w, r, http.StatusGone)
	case !takes:
		return act.Lapsed()
	}
	add, form, problems, err := planGiven(r)
	if err != nil {
		return err
	}
	if problems != nil {
		return p.linkedPage(w, r, http.StatusUnprocessableEntity, form, problems)
	}
	out, err := p.Store.Do(r.Context(), care.Anonymous, act.GiveDetails{Hash: auth.Hash(secret), Details: add})
	if err := reply.Decided(r.Context(), out, err); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			return p.linkedPage(w, r, status, form, problems)
		})
	}
	return done(w, r, "/help", "details")
}

// askDetails sends a client such a link.
func (p *Pages) askDetails(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	if _, err := p.deed(r, act.AskDetails{Client: care.ChartID(id)}); err != nil {
		return err
	}
	return done(w, r, "/ops/client/"+id, "details_asked")
}

// askLink is the way to send one; it says until when the one before it works.
func askLink(chart *care.Chart) assets.AskLink {
	ask := assets.AskLink{Post: "/ops/client/" + string(chart.ID) + "/details"}
	for _, d := range chart.Deadlines {
		if d.Code == "details" && d.State == care.Running {
			ask.Says = "A link is out, and works until " + moment(d.Due, rules.Zone(defaultZone)).Text + ". A new one ends it."
		}
	}
	return ask
}

// cardPage shows the photo of a card beside what it should say.
func (p *Pages) cardPage(w http.ResponseWriter, r *http.Request) error {
	_, c, err := p.coverage(r)
	if err != nil {
		return err
	}
	if c.Card == nil || !c.Card.Open {
		return care.Missing()
	}
	back := "/ops/coverage/" + string(c.ID)
	return p.show(w, r, http.StatusOK, "ops/card", "", assets.Page{Title: "Photo of the card", Data: map[string]any{
		"Back": back, "Photo": back + "/card/photo", "Plan": c.Payer + " " + c.Plan, "Facts": []assets.Fact{
			{Term: "Plan", Text: c.Payer + " " + c.Plan}, {Term: "Member number", Text: or(c.MemberID, "Not given")}, {Term: "Group", Text: or(c.Group, "Not given")},
		},
		"Says": p.Store.Words().Render("Each look is kept in the client’s own list of who looked. The photo is closed with your finding, and removed {card_days} days later."),
	}})
}

// cardPhoto is the picture, as what its own bytes say that it is and as nothing
// that a browser would run. That it was looked at is kept before it is sent.
func (p *Pages) cardPhoto(w http.ResponseWriter, r *http.Request) error {
	_, c, err := p.coverage(r)
	if err != nil {
		return err
	}
	if c.Card == nil || !c.Card.Open {
		return care.Missing()
	}
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), c.Card.Chart, "card photo")
	if err != nil {
		return err
	}
	photo := chart.Picture()
	if photo == nil {
		return care.Missing()
	}
	h := w.Header()
	h.Set("Content-Type", chart.Card.Type)
	h.Set("Content-Length", strconv.Itoa(len(photo)))
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(photo) // the reader has gone; there is nobody to tell
	return nil
}
