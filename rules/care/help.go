package care

import (
	"fmt"
	"time"
)

// HelpChart is the chart of the pages of help and of the votes on them. A question
// to the care team has a chart of its own.
const HelpChart ChartID = "help"

// Article is one version of a page of help, as somebody of the care team wrote it.
type Article struct {
	Page    string    `json:"page"`
	Version int       `json:"version"`
	Text    string    `json:"text"` // Markdown, its first heading the title
	Author  ChartID   `json:"author"`
	At      time.Time `json:"at"`
}

// Kind, Key and Stands make an Article a Record.
func (Article) Kind() Kind      { return KindArticle }
func (a Article) Key() string   { return fmt.Sprintf("%s|%04d", a.Page, a.Version) }
func (Article) Stands() []Place { return nil }

// Votes count who found a page of help of use. Whose they were is not kept.
type Votes struct {
	Page string `json:"page"`
	Yes  int    `json:"yes"`
	All  int    `json:"all"`
}

// Kind, Key and Stands make Votes a Record.
func (Votes) Kind() Kind      { return KindVotes }
func (v Votes) Key() string   { return v.Page }
func (Votes) Stands() []Place { return nil }

// Ticket is a question to the care team, by somebody who may have no account.
type Ticket struct {
	Chart      ChartID    `json:"chart"`
	Number     string     `json:"number"` // to speak of it by
	Category   string     `json:"category"`
	Email      string     `json:"email"`
	Text       string     `json:"text"`
	From       ChartID    `json:"from,omitempty"` // whose account it came from, if any
	OpenedAt   time.Time  `json:"opened_at"`
	Due        DeadlineID `json:"due"`
	AnsweredAt time.Time  `json:"answered_at,omitzero"`
	AnsweredBy ChartID    `json:"answered_by,omitempty"`
	Answer     string     `json:"answer,omitempty"`
}

// Kind, Key and Stands make a Ticket a Record.
func (Ticket) Kind() Kind    { return KindTicket }
func (t Ticket) Key() string { return string(t.Chart) }
func (t Ticket) Stands() []Place {
	if !t.AnsweredAt.IsZero() {
		return nil
	}
	return []Place{{
		Set: Set{Name: SetQueue, Of: "ticket"}, Entry: string(t.Chart),
		Member: Member{Chart: t.Chart, Ref: string(t.Chart), Code: t.Category, At: t.OpenedAt},
	}}
}
