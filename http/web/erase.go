package web

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// eraseForm asks once more, since it cannot be undone.
func (p *Pages) eraseForm(w http.ResponseWriter, r *http.Request) error {
	return p.eraseAsk(w, r, http.StatusOK, nil)
}

func (p *Pages) eraseAsk(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, err := p.myChart(r, "erasure")
	if err != nil {
		return err
	}
	words := p.Store.Words()
	return p.show(w, r, status, "confirm", chart.Client.Zone, assets.Page{Title: "Erase", Notice: n, Data: assets.Confirm{
		Title: "Erase everything about you?",
		Text:  "It is gone from every page at once, and cannot be brought back, by us neither.",
		Items: []string{
			"Open requests end and booked times are free again. The other side is told no more than that.",
			words.Render("Kept for {retain_years} years, without your name: when a session took place and with whom you had it, and what you answered about sharing. The law asks for it."),
			"By night the keys are destroyed too. Backups are gone after some weeks; a certificate names them.",
			"You get a number instead of an account. With it you can fetch the certificate from tomorrow on.",
		},
		Post: "/me/erase", Yes: "Erase everything", Danger: true, No: assets.Link{Href: "/me/privacy", Text: "Keep it"},
		Ask: []assets.Field{{Name: "word", Label: "Write “erase”", Hint: "So that it does not happen by a slip.", Autocomplete: "off"}},
	}})
}

func (p *Pages) erase(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	if form.Get("word") != "erase" {
		return p.eraseAsk(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "warn", Title: "Nothing was erased", Text: "Write the word “erase” into the field, and send it again."})
	}
	out, err := p.deed(r, act.Erase{Client: auth.Actor(r).Chart})
	if err != nil {
		if n, status, mendable := refused(r, err, location("")); mendable {
			return p.eraseAsk(w, r, status, n)
		}
		return err
	}
	p.Auth.Forgotten(w)
	return done(w, r, "/erased/"+out.Made, "")
}

// erasedPage says where an erasure stands, to whoever has its number.
type erasedPage struct {
	Number string
	Facts  []assets.Fact
	Copies assets.Table
}

func (p *Pages) erased(w http.ResponseWriter, r *http.Request) error {
	number := mux.Vars(r)["id"]
	body, is, err := p.Store.Certificate(care.ChartID(number))
	if err != nil {
		return err
	}
	if !is {
		return care.Missing()
	}
	page := erasedPage{Number: number}
	if body != "" {
		c, err := store.CheckCertificate([]byte(body), p.Store.CertificateKey())
		if err != nil {
			return fmt.Errorf("certificate %s: %w", number, err)
		}
		page.Facts, page.Copies = certified(c)
	}
	return p.show(w, r, http.StatusOK, "erased", "", assets.Page{Title: "Erased", Data: page})
}

// certified tells a certificate in words.
func certified(c store.Certificate) ([]assets.Fact, assets.Table) {
	facts := []assets.Fact{
		{Term: "Erased", Text: civil(c.ErasedAt)},
		{Term: "Certified", Text: civil(c.CertifiedAt), Note: c.Unreadable.Says},
	}
	for _, r := range c.Retained {
		kept := assets.Fact{Term: "Kept", Text: r.What, Note: "Because " + r.Why + "."}
		if !r.Until.IsZero() {
			kept.Note = "Until " + civil(r.Until) + ", because " + r.Why + "."
		}
		if r.Count > 0 {
			facts = append(facts, kept)
		}
	}
	copies := assets.Table{Caption: "Copies that still hold it", Head: []string{"Copy", "Made", "Gone by"}, Empty: "None"}
	for _, b := range c.Backups {
		gone := "when somebody removes it"
		if !b.Expires.IsZero() {
			gone = civil(b.Expires)
		}
		copies.Rows = append(copies.Rows, []string{b.Name, civil(b.Made), gone})
	}
	return facts, copies
}

func civil(t time.Time) string { return t.UTC().Format("2 January 2006") }

// certificate is the signed certificate as a file.
func (p *Pages) certificate(w http.ResponseWriter, r *http.Request) error {
	body, is, err := p.Store.Certificate(care.ChartID(mux.Vars(r)["id"]))
	if err != nil {
		return err
	}
	if !is || body == "" {
		return care.Missing()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="certificate.json"`)
	_, err = io.WriteString(w, body)
	return err
}

// askErasureForm is where one person of the care team asks that a client be
// forgotten.
func (p *Pages) askErasureForm(w http.ResponseWriter, r *http.Request) error {
	return p.askErasurePage(w, r, http.StatusOK, nil)
}

func (p *Pages) askErasurePage(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(mux.Vars(r)["id"]), "client")
	if err != nil {
		return err
	}
	if chart.Client == nil {
		return care.Missing()
	}
	back := "/ops/client/" + string(chart.ID)
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Erase", Notice: n, Data: assets.Confirm{
		Title: "Ask to erase everything about " + nameIn(chart) + "?",
		Text:  "Only when they asked for it in words of their own. They can do it themselves too, on their privacy page.",
		Items: []string{"They are told that you asked.", "Nothing happens before somebody else of the care team agrees."},
		Post:  back + "/erase", Yes: "Ask for it", Danger: true, No: assets.Link{Href: back, Text: "Leave it"},
	}})
}

func (p *Pages) askErasure(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.AskErasure{Client: care.ChartID(mux.Vars(r)["id"])})
	if err != nil {
		if n, status, mendable := refused(r, err, location("")); mendable {
			return p.askErasurePage(w, r, status, n)
		}
		return err
	}
	return done(w, r, "/ops/erasures", "erasure_asked")
}

// erasuresPage are those that wait for a second person.
type erasuresPage struct{ Asked []askedErasure }

type askedErasure struct {
	ID, Name, Client, When string
	Mine                   bool // somebody else has to agree
}

func (p *Pages) erasures(w http.ResponseWriter, r *http.Request) error {
	who := auth.Actor(r)
	members, err := p.Store.Find(r.Context(), who, care.Erasures(care.ErasureAsked))
	if err != nil {
		return err
	}
	var page erasuresPage
	for _, m := range members {
		chart, err := p.Store.Chart(r.Context(), who, m.Chart, "erasure")
		if err != nil {
			return err
		}
		e := chart.Erasure
		asked := askedErasure{ID: string(e.ID), Client: string(e.Person), Name: "Somebody who is gone already", When: moment(e.AskedAt, location("")).Text, Mine: e.AskedBy == who.Chart}
		if client, err := p.Store.Chart(r.Context(), who, e.Person, "names"); err == nil {
			asked.Name = nameIn(client)
		}
		page.Asked = append(page.Asked, asked)
	}
	return p.show(w, r, http.StatusOK, "ops/erasures", "", assets.Page{Title: "To be erased", Data: page})
}

func (p *Pages) confirmErasure(w http.ResponseWriter, r *http.Request) error {
	out, err := p.deed(r, act.ConfirmErasure{Erasure: care.ChartID(mux.Vars(r)["id"])})
	if err != nil {
		return err
	}
	return done(w, r, "/erased/"+out.Made, "")
}

func (p *Pages) refuseErasure(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.RefuseErasure{Erasure: care.ChartID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/ops/erasures", "done")
}
