package web

import (
	"context"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Help: a page for each thing that people ask, which the care team edits, a vote
// on each, and a way to ask what is not answered.

// helpRoutes are for everybody; helpDeskRoutes for the care team.
func (p *Pages) helpRoutes() []reply.Route {
	return p.open(nil, []way{
		{http.MethodGet, "/help/ask", "read help", p.askForm},
		{http.MethodPost, "/help/ask", "write_to_us", p.ask},
		{http.MethodGet, "/help/{page}", "read help", p.helpPage},
		{http.MethodPost, "/help/{page}", "vote_help", p.vote},
	})
}

func (p *Pages) helpDeskRoutes() []way {
	return []way{
		{http.MethodGet, "/ops/help", "read questions", p.helpDesk},
		{http.MethodGet, "/ops/help/{page}", "read help", p.helpEditor},
		{http.MethodPost, "/ops/help/{page}", "edit_help", p.editHelp},
		{http.MethodGet, "/ops/questions/{id}", "read question", p.ticket},
		{http.MethodPost, "/ops/questions/{id}", "answer_ticket", p.answerTicket},
	}
}

// helpChart is what the care team and the votes have made of the pages.
func (p *Pages) helpChart(ctx context.Context) *care.Chart {
	chart, err := p.Store.Chart(ctx, care.System, care.HelpChart, "help")
	if err != nil {
		return &care.Chart{} // nobody has written to it yet
	}
	return chart
}

// article is a page of help in its last version, as Markdown; false where there
// is no such page.
func article(chart *care.Chart, page string) (care.Article, bool) {
	if !slices.Contains(rules.HelpPages, page) {
		return care.Article{}, false
	}
	last := care.Article{Page: page, Version: 1}
	for _, a := range chart.Articles {
		if a.Page == page && a.Version > last.Version {
			last = a
		}
	}
	if last.Text == "" {
		text, err := fs.ReadFile(assets.FS(), "help/"+page+".md")
		if err != nil {
			return last, false
		}
		last.Text = string(text)
	}
	return last, true
}

// helpLinks lead to every page of help.
func (p *Pages) helpLinks(chart *care.Chart) []assets.Link {
	words := p.Store.Words()
	var links []assets.Link
	for _, page := range rules.HelpPages {
		if a, ok := article(chart, page); ok {
			title, _ := markdown(words.Render(a.Text))
			links = append(links, assets.Link{Href: "/help/" + page, Text: title})
		}
	}
	return links
}

func (p *Pages) helpPage(w http.ResponseWriter, r *http.Request) error {
	page := mux.Vars(r)["page"]
	chart := p.helpChart(r.Context())
	a, ok := article(chart, page)
	if !ok {
		return care.Missing()
	}
	title, body := markdown(p.Store.Words().Render(a.Text))
	helpful := assets.Helpful{Post: "/help/" + page, Voted: slices.Contains(votedIn(r), page)}
	for _, v := range chart.Votes {
		if v.Page == page {
			helpful.Yes, helpful.All = v.Yes, v.All
		}
	}
	return p.show(w, r, http.StatusOK, "help_page", "", assets.Page{Title: title, Data: map[string]any{
		"Title": title, "Body": template.HTML(body), "Helpful": helpful, "Others": p.helpLinks(chart), "At": "/help/" + page,
	}})
}

// voted is the cookie that says which pages this browser has voted on. It holds
// no identity, and nothing else knows of it.
const voted = "helped"

func votedIn(r *http.Request) []string {
	c, err := r.Cookie(voted)
	if err != nil {
		return nil
	}
	return strings.Split(c.Value, ".")
}

func (p *Pages) vote(w http.ResponseWriter, r *http.Request) error {
	page, before := mux.Vars(r)["page"], votedIn(r)
	if _, ok := article(&care.Chart{}, page); !ok {
		return care.Missing()
	}
	if !slices.Contains(before, page) {
		if _, err := p.deed(r, act.VoteHelp{Page: page, Yes: r.PostFormValue("helpful") == "yes"}); err != nil {
			return err
		}
		var kept []string
		for _, had := range append(before, page) {
			if slices.Contains(rules.HelpPages, had) {
				kept = append(kept, had)
			}
		}
		http.SetCookie(w, &http.Cookie{Name: voted, Value: strings.Join(kept, "."), Path: "/help", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	}
	return done(w, r, "/help/"+page, "")
}

// ticketWords name what a question can be about.
var ticketWords = map[string]string{
	"finding": "Finding somebody", "plan": "A plan or a cost", "dates": "A date or a promise", "privacy": "My data", "page": "A page that does not work", "other": "Something else",
}

func (p *Pages) askForm(w http.ResponseWriter, r *http.Request) error {
	return p.showAskForm(w, r, http.StatusOK, nil)
}

func (p *Pages) showAskForm(w http.ResponseWriter, r *http.Request, status int, problems []assets.Problem) error {
	about := assets.Field{Name: "category", Label: "What is it about?", Type: "select", Problem: problemAt(problems, "category")}
	for _, c := range rules.TicketCategories {
		about.Choices = append(about.Choices, assets.Choice{Value: c, Text: ticketWords[c], Checked: r.PostFormValue("category") == c})
	}
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Ask the care team", Data: assets.Confirm{
		Title: "Ask the care team", Text: p.Store.Words().Render("You need no account. A first answer comes by mail within {support_days} business days."),
		Items: []string{"Please write nothing about your health here; for that, you have your provider.", "In danger, do not wait for us: the numbers at the end of each page answer at any hour."},
		Post:  "/help/ask", Yes: "Send the question", No: assets.Link{Href: "/help", Text: "Back to help"},
		Ask: []assets.Field{
			about,
			{Name: "email", Label: "Where we answer", Type: "email", Autocomplete: "email", Max: 254, Value: r.PostFormValue("email"), Problem: problemAt(problems, "email")},
			{Name: "text", Label: "Your question", Type: "textarea", Rows: 6, Max: 2000, Value: r.PostFormValue("text"), Problem: problemAt(problems, "text")},
		},
	}})
}

func (p *Pages) ask(w http.ResponseWriter, r *http.Request) error {
	out, err := p.deed(r, act.WriteToUs{Category: r.PostFormValue("category"), Email: r.PostFormValue("email"), Text: r.PostFormValue("text")})
	if problems, mendable := mend(err); err != nil && mendable {
		return p.showAskForm(w, r, problemOf(r, err).Status, problems)
	}
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "problem", "", assets.Page{Title: "We have your question", Data: map[string]any{"Title": "We have your question", "Notice": assets.Notice{
		Kind: "ok", Text: "Its number is " + out.Made + ". A mail with it is on its way, and the answer follows.",
		Actions: []assets.Action{{Text: "Back to help", Href: "/help", Icon: "arrow-left", Style: "outline"}},
	}}})
}

// helpDesk is what the care team does about help: questions first, then the pages
// with what readers said of them.
func (p *Pages) helpDesk(w http.ResponseWriter, r *http.Request) error {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Set{Name: care.SetQueue, Of: "ticket"})
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "questions")
	if err != nil {
		return err
	}
	now, zone := p.Now(), location("")
	var questions []assets.Waiting
	for _, chart := range charts {
		for _, t := range chart.Tickets {
			href := "/ops/questions/" + string(t.Chart)
			card := assets.Waiting{Href: href, Title: ticketWords[t.Category], Line: t.Number + " · " + moment(t.OpenedAt, zone).Text, Actions: []assets.Action{{Text: "Answer", Href: href}}}
			if d, ok := chart.Deadline(t.Due); ok {
				shown := deadline(d, by("Answer by ", d, zone), zone, now)
				card.Deadline, card.Explain = &shown, p.explain(d)
			}
			questions = append(questions, card)
		}
	}
	help := p.helpChart(r.Context())
	pages := assets.Table{Caption: "Pages of help", Head: []string{"Page", "Version", "Found helpful"}}
	var edit []assets.Action
	for _, link := range p.helpLinks(help) {
		page := strings.TrimPrefix(link.Href, "/help/")
		a, _ := article(help, page)
		said := "nobody has said yet"
		for _, v := range help.Votes {
			if v.Page == page {
				said = number(v.Yes) + " out of " + number(v.All)
			}
		}
		pages.Rows = append(pages.Rows, []string{link.Text, counted(a.Version, "version"), said})
		edit = append(edit, assets.Action{Text: link.Text, Href: "/ops/help/" + page, Style: "ghost small"})
	}
	return p.show(w, r, http.StatusOK, "ops/help", "", assets.Page{Title: "Help", Data: map[string]any{"Questions": questions, "Pages": pages, "Edit": edit}})
}

func (p *Pages) helpEditor(w http.ResponseWriter, r *http.Request) error {
	return p.showHelpEditor(w, r, http.StatusOK, nil)
}

func (p *Pages) showHelpEditor(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	page := mux.Vars(r)["page"]
	chart := p.helpChart(r.Context())
	a, ok := article(chart, page)
	if !ok {
		return care.Missing()
	}
	items := []string{"Names and numbers in braces, such as {respond_hours}, are filled in from the terms in force."}
	for _, v := range chart.Articles {
		if v.Page == page {
			items = append(items, "Version "+number(v.Version)+" by "+string(v.Author)+", "+moment(v.At, location("")).Text)
		}
	}
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "Edit a page of help", Notice: n, Data: assets.Confirm{
		Title: "Edit a page of help", Text: "What you write is a new version; earlier ones are kept.", Items: items,
		Post: "/ops/help/" + page, Yes: "Publish", No: assets.Link{Href: "/ops/help", Text: "Leave it"},
		Ask: []assets.Field{{Name: "text", Label: "Text, in Markdown", Type: "textarea", Rows: 20, Max: 10000, Value: or(r.PostFormValue("text"), a.Text)}},
	}})
}

func (p *Pages) editHelp(w http.ResponseWriter, r *http.Request) error {
	page := mux.Vars(r)["page"]
	_, err := p.deed(r, act.EditHelp{Page: page, Text: r.PostFormValue("text")})
	if n, status, mendable := refused(r, err, location("")); err != nil && mendable && slices.Contains(rules.HelpPages, page) {
		return p.showHelpEditor(w, r, status, n)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/help/"+url.PathEscape(page), "saved")
}

func (p *Pages) ticket(w http.ResponseWriter, r *http.Request) error {
	return p.showTicket(w, r, http.StatusOK, nil)
}

func (p *Pages) showTicket(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(mux.Vars(r)["id"]), "question")
	if err != nil {
		return err
	}
	if len(chart.Tickets) == 0 {
		return care.Missing()
	}
	t := chart.Tickets[0]
	ask := assets.Confirm{Title: ticketWords[t.Category] + ", " + t.Number, Text: t.Text, Items: []string{"Asked " + moment(t.OpenedAt, location("")).Text + ". The answer goes to " + t.Email + "."}, Post: "/ops/questions/" + string(t.Chart), Yes: "Send the answer", No: assets.Link{Href: "/ops/help", Text: "Back"}}
	if t.AnsweredAt.IsZero() {
		ask.Ask = []assets.Field{{Name: "answer", Label: "Your answer", Type: "textarea", Rows: 6, Max: 2000, Value: r.PostFormValue("answer"), Hint: "It leaves as plain mail: write nothing about anybody’s health."}}
	} else {
		ask.Items = append(ask.Items, "Answered "+moment(t.AnsweredAt, location("")).Text+": "+t.Answer)
	}
	return p.show(w, r, status, "confirm", "", assets.Page{Title: "A question", Notice: n, Data: ask})
}

func (p *Pages) answerTicket(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.AnswerTicket{Ticket: care.ChartID(mux.Vars(r)["id"]), Answer: r.PostFormValue("answer")})
	if n, status, mendable := refused(r, err, location("")); err != nil && mendable {
		return p.showTicket(w, r, status, n)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/ops/help", "done")
}
