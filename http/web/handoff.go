package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Links from the payer partner's portal: using one, and the keys they are signed
// with.

// useHandoff lets somebody in through a link, once. What it carries goes on in
// the address, without the link itself; nothing of the person is kept, nor who is signed in. This GET
// changes something, which pages otherwise never do: links from a portal are not
// mailed, so nobody opens them ahead of their person.
func (p *Pages) useHandoff(w http.ResponseWriter, r *http.Request, token string) error {
	h, err := auth.UseHandoff(r.Context(), p.Store, token, p.Now())
	var f *care.Fault
	switch {
	case errors.As(err, &f):
		return p.refuseHandoff(w, r, f.Code)
	case err != nil:
		return err
	}
	v := arrival{Employer: h.Employer, Source: care.FromPortal}
	v.Proof, _ = auth.Prove(p.Store, h.Employer, p.Now())
	return done(w, r, v.to("/enter"), "")
}

// refuseHandoff shows how to go on without a link.
func (p *Pages) refuseHandoff(w http.ResponseWriter, r *http.Request, code string) error {
	r = r.Clone(r.Context())
	r.URL.RawQuery = "" // no page repeats the link
	status := http.StatusGone
	if code == auth.ErrForged.Error() {
		status = http.StatusBadRequest
	}
	return p.show(w, r, status, "welcome", "", assets.Page{Title: "Welcome", Data: welcome{
		Title: "This link has done its work",
		Lines: welcomeLines(p.Store.Words()),
		Note:  &assets.Notice{Kind: "warn", Title: "You can go on without it", Text: "A link from the portal opens once, and for some minutes only. Open the portal again for a new one, or go on here: have your employer’s code and the name of your plan at hand, and enter them when you are asked."},
		Actions: []assets.Action{
			{Text: "Go on without the link", Href: "/enter?src=portal", Icon: "arrow-right", Style: "large"}, {Text: "Find a therapist", Href: "/find?src=portal", Icon: "search", Style: "outline"},
		},
	}})
}

// handoffKeys are the payer partner's own keys.
func (p *Pages) handoffKeys(w http.ResponseWriter, r *http.Request) error {
	return p.showHandoffKeys(w, r, http.StatusOK, nil)
}

func (p *Pages) showHandoffKeys(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ProgrammeChart, "handoff keys")
	if err != nil {
		return err
	}
	var keys []assets.Waiting
	for _, k := range chart.HandoffKeys {
		card := assets.Waiting{Title: k.ID, Line: "Since " + moment(k.Made, location("")).Text, Facts: []assets.Fact{{Term: "Public key", Text: k.Public}}}
		if k.Retired.IsZero() {
			card.Actions = []assets.Action{{Text: "Retire", Post: "/payer/links/" + k.ID + "/retire", Style: "outline small"}}
		} else {
			card.Note = "Retired " + moment(k.Retired, location("")).Text
		}
		keys = append(keys, card)
	}
	programme, _ := p.Store.Programme()
	return p.show(w, r, status, "desk/links", "", assets.Page{Title: "Links from your portal", Notice: n, Data: map[string]any{
		"Keys": keys, "Programme": rules.ProgrammeCode(*programme.Programme),
		"Public": assets.Field{Name: "public", Label: "Ed25519 public key", Hint: "32 bytes in base64. The private half stays with you.", Max: 100},
		"Token":  assets.Field{Name: "token", Label: "A link’s token, to try", Hint: "It is looked at only, and not used up.", Type: "textarea", Rows: 3, Max: 1100},
	}})
}

func (p *Pages) addHandoffKey(w http.ResponseWriter, r *http.Request) error {
	return p.onHandoffKey(w, r, act.AddHandoffKey{Public: strings.TrimSpace(r.PostFormValue("public"))})
}

func (p *Pages) retireHandoffKey(w http.ResponseWriter, r *http.Request) error {
	return p.onHandoffKey(w, r, act.RetireHandoffKey{ID: mux.Vars(r)["id"]})
}

func (p *Pages) onHandoffKey(w http.ResponseWriter, r *http.Request, a act.Act) error {
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/payer/links", "saved")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showHandoffKeys(w, r, status, n)
	}
	return err
}

// verdicts say what would become of a link.
var verdicts = map[string]assets.Notice{
	"":                {Kind: "ok", Title: "This link would open", Text: "It is not used up by trying it here."},
	"handoff_forged":  {Kind: "danger", Title: "This link would be refused", Text: "It cannot be read, is for another programme, or is not signed with a key in force."},
	"handoff_expired": {Kind: "danger", Title: "This link would be refused", Text: "Its time is over. Compare the clocks; five minutes of difference are allowed for."},
	"handoff_long":    {Kind: "danger", Title: "This link would be refused", Text: "It would live too long. Let it expire within fifteen minutes."},
}

func (p *Pages) tryHandoff(w http.ResponseWriter, r *http.Request) error {
	code := ""
	if _, err := auth.TryHandoff(p.Store, strings.TrimSpace(r.PostFormValue("token")), p.Now()); err != nil {
		code = err.Error()
	}
	n := verdicts[code]
	return p.showHandoffKeys(w, r, http.StatusOK, &n)
}
