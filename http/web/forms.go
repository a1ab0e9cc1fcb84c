package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// A screening, one question to a screen. Each answer is saved when it is given.
// Once the question on self-harm was answered above zero, crisis help stands
// first on every further page of the form.

// questionPage is one question.
type questionPage struct {
	Lifeline *assets.Crisis
	Question assets.Question
	Notice   string
	Decline  string
}

// reviewPage is the end of a form, before it is sent.
type reviewPage struct {
	Lifeline *assets.Crisis
	Title    string
	Answers  []answerGiven
	Send     string
	Source   []string
}

type answerGiven struct{ Question, Answer, Change string }

// resultPage is what came of a form.
type resultPage struct {
	Lifeline *assets.Crisis
	Title    string
	Score    assets.Score
	Change   string
	Compared *assets.Compared
	Next     *assets.Action
	Again    *assets.Action
	Answers  []answerGiven
	File     string // of them, to keep
	Source   []string
}

// screening is a form in front of the client.
type screening struct {
	care.Screening
	in    instrument.Instrument
	chart *care.Chart
	items []instrument.Item // those that are asked
}

func (p *Pages) screening(r *http.Request) (screening, error) {
	chart, err := p.myChart(r, "form")
	if err != nil {
		return screening{}, err
	}
	given, ok := chart.Screening(care.ScreeningID(mux.Vars(r)["id"]))
	if !ok {
		return screening{}, care.Missing()
	}
	s := screening{Screening: given, chart: chart}
	s.in, _ = instrument.Get(given.Instrument)
	for _, item := range s.in.Items {
		if s.in.Asks(item, s.Answers) {
			s.items = append(s.items, item)
		}
	}
	return s, nil
}

// inOrder are screenings in the order in which their instruments are given.
func inOrder(given []care.Screening) []care.Screening {
	var sorted []care.Screening
	for _, in := range instrument.All() {
		for _, s := range given {
			if s.Instrument == in.ID {
				sorted = append(sorted, s)
			}
		}
	}
	return sorted
}

// titleOf names a form.
func titleOf(s care.Screening) string {
	in, _ := instrument.Get(s.Instrument)
	return in.Title
}

func (s screening) path() string { return "/me/forms/" + string(s.ID) }

func (s screening) at(question int) string { return s.path() + "?q=" + strconv.Itoa(question) }

// first is the first question without an answer, from 1; one more than there are
// when each has one.
func (s screening) first() int {
	for i, item := range s.items {
		if _, answered := s.Answers[item.Code]; !answered {
			return i + 1
		}
	}
	return len(s.items) + 1
}

func (s screening) lifeline(p *Pages) *assets.Crisis {
	if value, answered := s.in.Safety(s.Answers); !answered || value == 0 {
		return nil
	}
	help := p.crisis()
	return &help
}

func (s screening) source() []string { return []string{s.in.Credit, s.in.Notice} }

func (p *Pages) form(w http.ResponseWriter, r *http.Request) error {
	s, err := p.screening(r)
	if err != nil {
		return err
	}
	switch {
	case s.Status == care.ScreeningCompleted || s.Status == care.ScreeningSuperseded:
		return p.result(w, r, s)
	case s.Status == care.ScreeningDeclined:
		return &care.Fault{Kind: care.Conflict, Code: "screening_closed", Says: "You said that you would rather not answer this form. That is fine; nobody asks again, and nothing depends on it."}
	case !s.Status.Open():
		return &care.Fault{Kind: care.Conflict, Code: "screening_closed", Says: "This form is not open just now. It comes back if it is needed; nothing depends on it."}
	}
	question := s.first()
	if n, err := strconv.Atoi(r.URL.Query().Get("q")); err == nil && n >= 1 && n <= question {
		question = n
	}
	if question > len(s.items) {
		return p.review(w, r, s)
	}
	return p.question(w, r, http.StatusOK, s, question, "")
}

func (p *Pages) question(w http.ResponseWriter, r *http.Request, status int, s screening, number int, problem string) error {
	item := s.items[number-1]
	q := assets.Question{
		Action: s.path(), Number: number, Of: len(s.items), Text: item.Text, Name: "answer", Back: "/me", Problem: problem,
		Fields: []assets.Hidden{{Name: "item", Value: item.Code}}, Source: s.in.Title + ". " + s.in.Credit,
	}
	if item.Scored {
		q.Intro = s.in.Stem
	}
	if number > 1 {
		q.Back = s.at(number - 1)
	}
	for _, a := range item.Answers {
		given, answered := s.Answers[item.Code]
		q.Choices = append(q.Choices, assets.Choice{Value: strconv.Itoa(a.Value), Text: a.Display, Checked: answered && given == a.Value})
	}
	return p.show(w, r, status, "question", s.chart.Client.Zone, assets.Page{Title: s.in.Title, Data: questionPage{s.lifeline(p), q, s.in.Notice, s.path() + "/decline"}})
}

// review shows what was answered, to change it or to send it for good.
func (p *Pages) review(w http.ResponseWriter, r *http.Request, s screening) error {
	return p.show(w, r, http.StatusOK, "review", s.chart.Client.Zone, assets.Page{Title: s.in.Title, Data: reviewPage{
		Lifeline: s.lifeline(p), Title: "Your answers, before you send them", Answers: s.given(true), Send: s.path() + "/send", Source: s.source(),
	}})
}

// given are the answers in words.
func (s screening) given(change bool) []answerGiven {
	var list []answerGiven
	for i, item := range s.items {
		value, answered := s.Answers[item.Code]
		if !answered {
			continue
		}
		choice, _ := item.Answer(value)
		g := answerGiven{Question: item.Text, Answer: choice.Display}
		if change {
			g.Change = s.at(i + 1)
		}
		list = append(list, g)
	}
	return list
}

// answersFile gives clients their own answers to keep. Its name says nothing of what
// they were asked.
func (p *Pages) answersFile(w http.ResponseWriter, r *http.Request) error {
	s, err := p.screening(r)
	if err != nil {
		return err
	}
	if s.SubmittedAt.IsZero() || s.Total == nil {
		return care.Missing()
	}
	zone := location(s.chart.Client.Zone)
	var rows [][]string
	for _, g := range s.given(false) {
		rows = append(rows, []string{g.Question, g.Answer})
	}
	rows = append(rows, []string{s.in.Title + ", in all", fmt.Sprintf("%d of %d", *s.Total, s.in.Max)}, []string{"Handed in", moment(s.SubmittedAt, zone).Text})
	return sheet(w, "answers-"+calendar.On(s.SubmittedAt, zone).String()+".csv", []string{"question", "answer"}, rows)
}

func (p *Pages) saveAnswer(w http.ResponseWriter, r *http.Request) error {
	form, err := posted(r)
	if err != nil {
		return err
	}
	s, err := p.screening(r)
	if err != nil {
		return err
	}
	number := 0
	for i, item := range s.items {
		if item.Code == form.Get("item") {
			number = i + 1
		}
	}
	if number == 0 {
		return care.Missing()
	}
	value, err := strconv.Atoi(form.Get("answer"))
	if _, is := s.items[number-1].Answer(value); err != nil || !is {
		return p.question(w, r, http.StatusUnprocessableEntity, s, number, "Choose one of the answers, whichever comes nearest.")
	}
	if _, err := p.deed(r, act.SaveAnswers{Screening: s.ID, Answers: map[string]int{s.items[number-1].Code: value}}); err != nil {
		return err
	}
	return done(w, r, s.at(number+1), "")
}

func (p *Pages) sendForm(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	if _, err := p.deed(r, act.Submit{Screening: care.ScreeningID(id)}); err != nil {
		return err
	}
	return done(w, r, "/me/forms/"+id, "submitted")
}

// decliningForm asks whether the client would rather not answer.
func (p *Pages) decliningForm(w http.ResponseWriter, r *http.Request) error {
	s, err := p.screening(r)
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "confirm", s.chart.Client.Zone, assets.Page{Title: "Rather not", Data: assets.Confirm{
		Title: "Leave this form out?", Text: "That is fine. Your session takes place all the same.",
		Items: []string{"Your provider sees that you left it out, and not why.", "Nobody reminds you of it again.", "What you answered so far is kept for you and your provider."},
		Post:  s.path() + "/decline", Yes: "Leave it out", No: assets.Link{Href: s.path(), Text: "Go on answering"},
	}})
}

func (p *Pages) declineForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.DeclineScreening{Screening: care.ScreeningID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/me", "left_out")
}

// againForm opens the form anew; the earlier answers are kept.
func (p *Pages) againForm(w http.ResponseWriter, r *http.Request) error {
	out, err := p.deed(r, act.Retake{Screening: care.ScreeningID(mux.Vars(r)["id"])})
	if err != nil {
		return err
	}
	return done(w, r, "/me/forms/"+out.Made, "")
}

// result tells the total in words. It is never called a diagnosis.
func (p *Pages) result(w http.ResponseWriter, r *http.Request, s screening) error {
	page := resultPage{Lifeline: s.lifeline(p), Title: s.in.Title, Answers: s.given(false), Source: s.source()}
	if s.Total != nil {
		page.File = s.path() + "/answers.csv"
		band := s.in.Band(*s.Total)
		page.Score = assets.Score{
			Name: s.in.Title, Total: *s.Total, Max: s.in.Max, Band: band.Label,
			Says: "This is not a diagnosis. It is how the last two weeks were for you, as a number that you and your therapist can talk about.",
		}
		page.Score.EarlierText, page.Change = s.before()
		page.Compared = compared(s.in, s.Screening, s.chart.Screenings)
	}
	if s.Status == care.ScreeningCompleted && !s.OutOfWindow && (s.Closes.IsZero() || !p.Now().After(s.Closes)) {
		page.Again = &assets.Action{Text: "Answer again", Post: s.path() + "/again", Style: "ghost"}
	}
	for _, other := range inOrder(s.chart.Screenings) {
		if other.Status.Open() && other.ID != s.ID {
			page.Next = &assets.Action{Text: "Go on to " + titleOf(other), Href: "/me/forms/" + string(other.ID), Icon: "arrow-right", Style: "large"}
			break
		}
	}
	return p.show(w, r, http.StatusOK, "result", s.chart.Client.Zone, assets.Page{Title: s.in.Title, Data: page})
}

// before compares a follow-up with what was answered before the first session.
func (s screening) before() (earlier, change string) {
	if s.Purpose != care.FollowUp {
		return "", ""
	}
	b, ok := rules.BaselineOf(s.Screening, s.chart.Screenings)
	if !ok {
		return "", ""
	}
	c := s.in.Change(*b.Total, *s.Total)
	switch {
	case c.Better && c.Reliable:
		change = "The number is clearly lower than it was. You know best whether that is how it feels."
	case c.Worse && c.Reliable:
		change = "The number is clearly higher than it was. That happens, and it is worth telling your therapist."
	default:
		change = "The number is about where it was. That is worth talking about, too."
	}
	return "Before your first session: " + strconv.Itoa(*b.Total) + " of " + strconv.Itoa(s.in.Max) + ", " + s.in.Band(*b.Total).Label + ".", change
}
