package web

import (
	"net/http"
	"strings"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// sharingPage asks whether the payer partner may have data. Both answers are
// buttons of one form, of the same size and colour, and nothing is ticked.
type sharingPage struct {
	Payer, PrivacyEmail string
	Problems            []assets.Problem
	Scopes              assets.Options
	Version             string
	Now                 *assets.Notice
}

// scopeWords are what a client can choose to share, and what would be seen.
var scopeWords = map[string]struct{ text, note string }{
	"identity":   {"Who I am", "Your name, e-mail address and state."},
	"referral":   {"That I asked for care", "When you asked, and how your request stands. Not what you wrote."},
	"attendance": {"That I had sessions", "The days of your visits and whether they took place. Not what was said."},
	"screening":  {"Results of my forms", "The totals of PHQ-9 and GAD-7. Not each answer."},
	"coverage":   {"My plan", "Which plan you gave and what was found."},
}

// scopeList tells scopes in words.
func scopeList(scopes []string) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = strings.ToLower(scopeWords[s].text[:1]) + scopeWords[s].text[1:]
	}
	return strings.ReplaceAll(strings.Join(words, ", "), "that i ", "that I ")
}

func (p *Pages) sharing(w http.ResponseWriter, r *http.Request) error {
	return p.sharingPage(w, r, http.StatusOK, nil)
}

func (p *Pages) sharingPage(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	chart, err := p.myChart(r, "sharing")
	if err != nil {
		return err
	}
	words := p.Store.Words()
	page := sharingPage{
		Payer: words["payer"], PrivacyEmail: words["privacy_email"], Problems: problems, Version: act.ConsentTextVersion,
		Scopes: assets.Options{
			Name: "scope", Legend: "If you share, what?", Hint: "Choose what you like; nothing else goes out.", Many: true, Optional: false,
			Problem: problemAt(problems, "scope"),
		},
	}
	for _, s := range care.Scopes {
		page.Scopes.Choices = append(page.Scopes.Choices, assets.Choice{Value: s, Text: scopeWords[s].text, Note: scopeWords[s].note})
	}
	if c, ok := chart.Sharing(); ok {
		zone := location(chart.Client.Zone)
		page.Now = &assets.Notice{Kind: "info", Title: "At present nothing is shared", Text: "Since " + moment(c.At, zone).Text + "."}
		if c.AskAgain() {
			page.Now = &assets.Notice{Kind: "info", Title: "Your earlier yes has ended, and nothing is shared", Text: "Your insurer changed on " + moment(c.WithdrawnAt, zone).Text + ", so " + page.Payer + " is somebody else to you now. We ask once more."}
		}
		if c.Ended == care.EndedByJoin {
			page.Now.Text = "On " + moment(c.WithdrawnAt, zone).Text + " your two accounts became one, and you had not allowed as much in both. We ask once more."
		}
		if c.Active(p.Now()) {
			page.Now = &assets.Notice{Kind: "info", Title: "At present you share: " + scopeList(c.Scopes), Text: "Since " + moment(c.At, zone).Text + ". A new answer takes the place of this one."}
		}
	}
	return p.show(w, r, status, "sharing", chart.Client.Zone, assets.Page{Title: "Sharing", Data: page})
}

func (p *Pages) setSharing(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	chart, err := p.myChart(r, "sharing")
	if err != nil {
		return err
	}
	answer := form.Get("sharing")
	if answer != "yes" && answer != "no" {
		return p.sharingPage(w, r, http.StatusUnprocessableEntity, []assets.Problem{{Text: "Choose one of the two buttons."}})
	}
	set := act.SetSharing{Client: chart.ID, Sharing: answer == "yes", TextVersion: form.Get("text_version")}
	if set.Sharing {
		set.Scopes = form["scope"]
	}
	if _, err := p.deed(r, set); err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error { return p.sharingPage(w, r, status, problems) })
	}
	return done(w, r, or(backTo[form.Get("back")], "/me"), "sharing")
}

// backTo are the pages that one can come to the question from.
var backTo = map[string]string{"privacy": "/me/privacy"}
