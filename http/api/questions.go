package api

import (
	"context"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

type postQuestion struct {
	Keyed
	Body struct {
		Category string `json:"category" enum:"finding,plan,dates,privacy,page,other"`
		Email    string `json:"email" maxLength:"254" doc:"Where the answer goes"`
		Text     string `json:"text" minLength:"5" maxLength:"2000" doc:"Nothing about health: the answer leaves as plain mail"`
	}
}

// asked is the number by which a question is spoken of.
type asked struct {
	Number string `json:"number"`
}

func (a *API) askUs(ctx context.Context, in *postQuestion) (asked, error) {
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.WriteToUs{Category: b.Category, Email: b.Email, Text: b.Text})
	return asked{out.Made}, err
}

// question is one to the care team.
type question struct {
	ID       care.ChartID `json:"id"`
	Number   string       `json:"number"`
	Category string       `json:"category"`
	Email    string       `json:"email"`
	Text     string       `json:"text"`
	AskedAt  time.Time    `json:"asked_at"`
	Answered *time.Time   `json:"answered_at,omitempty"`
	Deadline *deadline    `json:"deadline,omitempty" doc:"Until when the first answer is due"`
}

func showQuestion(chart *care.Chart, t care.Ticket, zone *time.Location) question {
	q := question{ID: t.Chart, Number: t.Number, Category: t.Category, Email: t.Email, Text: t.Text, AskedAt: t.OpenedAt.In(zone), Answered: in(zone, t.AnsweredAt)}
	if d, ok := chart.Deadline(t.Due); ok {
		owed := showDeadline(d, zone)
		q.Deadline = &owed
	}
	return q
}

func (a *API) questions(ctx context.Context, _ *struct{}) (listed[question], error) {
	ids, err := a.queued(ctx, "ticket")
	if err != nil {
		return listed[question]{}, err
	}
	charts, err := a.store.Charts(ctx, actor(ctx), ids, "questions")
	if err != nil {
		return listed[question]{}, err
	}
	found, zone := listed[question]{Items: []question{}}, a.zone(ctx, nil)
	for _, chart := range charts {
		for _, t := range chart.Tickets {
			found.Items = append(found.Items, showQuestion(chart, t, zone))
		}
	}
	return found, nil
}

type postAnswer struct {
	ByID
	Keyed
	Body struct {
		Answer string `json:"answer" minLength:"1" maxLength:"2000" doc:"It leaves as plain mail"`
	}
}

func (a *API) answerQuestion(ctx context.Context, in *postAnswer) (question, error) {
	out, err := a.do(ctx, in.Keyed, act.AnswerTicket{Ticket: care.ChartID(in.ID), Answer: in.Body.Answer})
	if err != nil {
		return question{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ChartID(out.Made), "question")
	if err != nil || len(chart.Tickets) == 0 {
		return question{}, err
	}
	return showQuestion(chart, chart.Tickets[0], a.zone(ctx, nil)), nil
}
