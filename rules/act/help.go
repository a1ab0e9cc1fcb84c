package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// EditHelp writes a new version of a page of help. Earlier ones are kept.
type EditHelp struct{ Page, Text string }

// VoteHelp says whether a page of help was of use; Voted says that this session
// has done so before.
type VoteHelp struct {
	Page       string
	Yes, Voted bool
}

// WriteToUs sends the care team a question.
type WriteToUs struct{ Category, Email, Text string }

// AnswerTicket is the care team's answer, which leaves by mail.
type AnswerTicket struct {
	Ticket care.ChartID
	Answer string
}

// The bounds of what is kept: versions of one page, and open questions.
const (
	mostArticles = 50
	mostTickets  = 500
	ticketsAHour = 60
)

// supportZone is where the care team's days are counted.
const supportZone = "America/Chicago"

var openTickets = care.Set{Name: care.SetQueue, Of: "ticket"}

func (EditHelp) Name() string               { return "edit_help" }
func (EditHelp) Needs(Known) Needs          { return Needs{Charts: []care.ChartID{care.HelpChart}} }
func (EditHelp) About(Known) care.About     { return care.About{} }
func (VoteHelp) Name() string               { return "vote_help" }
func (VoteHelp) Needs(Known) Needs          { return Needs{Charts: []care.ChartID{care.HelpChart}} }
func (VoteHelp) About(Known) care.About     { return care.About{} }
func (WriteToUs) Name() string              { return "write_to_us" }
func (WriteToUs) Needs(Known) Needs         { return Needs{Sets: []care.Set{openTickets}} }
func (WriteToUs) About(Known) care.About    { return care.About{} }
func (AnswerTicket) Name() string           { return "answer_ticket" }
func (a AnswerTicket) Needs(Known) Needs    { return Needs{Charts: []care.ChartID{a.Ticket}} }
func (AnswerTicket) About(Known) care.About { return care.About{} }

// help begins a draft of the chart of help, which is made when it is first written to.
func help(k Known, env Env) *draft {
	if chart := k.Chart(care.HelpChart); chart != nil {
		return begin(env, chart)
	}
	return fresh(env, care.HelpChart)
}

// fresh begins a draft of a chart of help that does not exist yet.
func fresh(env Env, id care.ChartID) *draft {
	d := begin(env, &care.Chart{ID: id, Of: care.OfHelp})
	d.Changes = append(d.Changes, care.New{Chart: id, Of: care.OfHelp})
	return d
}

// Decide keeps who wrote it.
func (a EditHelp) Decide(k Known, env Env) Plan {
	text := strings.TrimSpace(strings.ReplaceAll(a.Text, "\r\n", "\n"))
	var wrong problems
	wrong.need(slices.Contains(rules.HelpPages, a.Page), "page: there is no such page of help")
	wrong.need(strings.HasPrefix(text, "# ") && len(text) >= 20, "text: begin with its title, such as: # How does it work?")
	wrong.need(len(text) <= 10_000, "text: at most 10,000 letters")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	d, version := help(k, env), 1 // version 1 is the one that comes along
	for _, had := range d.chart.Articles {
		if had.Page == a.Page {
			version = max(version, had.Version)
		}
	}
	if version >= mostArticles {
		return fault(care.Conflict, "too_many_versions", "This page has been edited too often for its versions to be kept.")
	}
	d.put(care.Article{Page: a.Page, Version: version + 1, Text: text, Author: env.Actor.Chart, At: env.Now})
	d.Made = a.Page
	return d.plan()
}

// Decide counts.
func (a VoteHelp) Decide(k Known, env Env) Plan {
	decision := rules.MayVote.Decide(rules.VoteFacts{Page: a.Page, Voted: a.Voted}, env.Words)
	if decision.Outcome != rules.Yes {
		return refused(decision)
	}
	d := help(k, env)
	votes := care.Votes{Page: a.Page}
	for _, v := range d.chart.Votes {
		if v.Page == a.Page {
			votes = v
		}
	}
	votes.All++
	if a.Yes {
		votes.Yes++
	}
	d.put(votes)
	d.Made = a.Page
	return d.plan()
}

// Decide opens a chart for the question, and says so to both sides.
func (a WriteToUs) Decide(k Known, env Env) Plan {
	email, text := strings.TrimSpace(a.Email), strings.TrimSpace(a.Text)
	var wrong problems
	wrong.need(slices.Contains(rules.TicketCategories, a.Category), "category: one of finding, plan, dates, privacy, page, other")
	wrong.need(mailAddress(email), "email: give an address such as you@example.org")
	wrong.need(len(text) >= 5 && len(text) <= 2000, "text: say in 5 to 2,000 letters what you would like to know")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	lately := 0
	for _, m := range k.Sets[openTickets] {
		if env.Now.Sub(m.At) < time.Hour {
			lately++
		}
	}
	if lately >= ticketsAHour || len(k.Sets[openTickets]) >= mostTickets {
		return fault(care.Conflict, "too_many_questions", "Very many questions have just come in. Please write to "+env.Words["care_email"]+" instead.")
	}
	id := care.ChartID(env.ID("qu"))
	d := fresh(env, id)
	t := care.Ticket{Chart: id, Number: "Q-" + strings.ToUpper(string(id[len(id)-8:])), Category: a.Category, Email: email, Text: text, From: env.Actor.Chart, OpenedAt: env.Now}
	t.Due = d.start(care.Deadline{Code: "support", Subject: string(id), Zone: supportZone})
	d.put(t)
	due, _ := d.chart.Deadline(t.Due)
	d.tell(care.Message{To: id, Template: "question", Subject: string(id), Link: "/help", When: due.Due, Zone: supportZone, Note: t.Number})
	d.tell(care.Message{ToRole: care.RoleCareTeam, Template: "task", Subject: string(id), Link: "/ops/help", Zone: supportZone})
	d.Made = t.Number
	return d.plan()
}

// Decide answers once; whoever wants to know more asks anew.
func (a AnswerTicket) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Ticket)
	if chart == nil || len(chart.Tickets) == 0 {
		return missing()
	}
	t, answer := chart.Tickets[0], strings.TrimSpace(a.Answer)
	switch {
	case answer == "" || len(answer) > 2000:
		return fault(care.Invalid, "invalid_input", "answer: say it in at most 2,000 letters, without anything about health: it leaves as plain mail.")
	case !t.AnsweredAt.IsZero():
		return fault(care.Conflict, "already_done", "Somebody has answered this already.")
	}
	d := begin(env, chart)
	t.AnsweredAt, t.AnsweredBy, t.Answer = env.Now, env.Actor.Chart, answer
	d.put(t)
	d.settle(t.Due, care.Met)
	d.tell(care.Message{To: t.Chart, Template: "answer", Subject: string(t.Chart), Link: "/help", Zone: supportZone, Note: answer})
	d.Made = string(t.Chart)
	return d.plan()
}

// supportLate marks a question as late; it stays in the inbox.
func supportLate(d *draft, dl care.Deadline, _ Known) { d.settle(dl.ID, care.Missed) }
