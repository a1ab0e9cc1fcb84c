package web

import (
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/care"
)

// The handbook: the same sentences that the rules are held to, filled with the
// names and numbers of this instance.

// chapter is a page of the handbook.
type chapter struct {
	Slug, Title string
	Body        template.HTML
	Others      []assets.Link
	Next        *assets.Link
}

var numbered = regexp.MustCompile(`^\d+[a-z]?-`)

// chapters are all pages in their order.
func chapters(words rules.Words) []chapter {
	files, _ := fs.Glob(assets.FS(), "policy/*.md") // the pattern is a good one
	var all []chapter
	for _, file := range files {
		text, err := fs.ReadFile(assets.FS(), file)
		if err != nil {
			continue // a file that was just listed is there
		}
		title, body := markdown(words.Render(string(text)))
		all = append(all, chapter{Slug: numbered.ReplaceAllString(strings.TrimSuffix(path.Base(file), ".md"), ""), Title: title, Body: body})
	}
	return all
}

// handbookLinks lead to every page.
func handbookLinks(words rules.Words) []assets.Link {
	var links []assets.Link
	for _, c := range chapters(words) {
		links = append(links, assets.Link{Href: "/handbook/" + c.Slug, Text: c.Title})
	}
	return links
}

func (p *Pages) handbook(w http.ResponseWriter, r *http.Request) error {
	words := p.Store.Words()
	return p.show(w, r, http.StatusOK, "handbook", "", assets.Page{Title: "Handbook", Data: chapter{
		Title: "The handbook", Others: handbookLinks(words),
		Body: template.HTML("<p class=\"lead\">" + template.HTMLEscapeString(words.Render("What {programme} does, what it owes to whom, and when. The program that you are using is held to these sentences.")) + "</p>"),
	}})
}

func (p *Pages) handbookPage(w http.ResponseWriter, r *http.Request) error {
	words := p.Store.Words()
	slug, links := mux.Vars(r)["page"], handbookLinks(words)
	for i, c := range chapters(words) {
		if c.Slug != slug {
			continue
		}
		c.Others = links
		c.Others[i].Current = true
		if i+1 < len(links) {
			c.Next = &links[i+1]
		}
		return p.show(w, r, http.StatusOK, "handbook", "", assets.Page{Title: c.Title, Data: c})
	}
	return care.Missing()
}
