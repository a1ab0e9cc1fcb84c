package api

import (
	"context"
	"time"

	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// screening is one instrument given to a client once. What it came to is told
// once it is completed.
type screening struct {
	ID          care.ScreeningID     `json:"id"`
	Client      care.ChartID         `json:"client_id"`
	Instrument  string               `json:"instrument" enum:"phq-9,gad-7"`
	Purpose     care.Purpose         `json:"purpose" enum:"baseline,follow_up"`
	Status      care.ScreeningStatus `json:"status" enum:"assigned,started,completed,expired,suspended,declined,cancelled,superseded"`
	Due         time.Time            `json:"due"`
	Opens       *time.Time           `json:"opens,omitempty"`
	Closes      *time.Time           `json:"closes,omitempty"`
	Answers     map[string]int       `json:"answers,omitempty" doc:"By LOINC code of the item"`
	SubmittedAt *time.Time           `json:"submitted_at,omitempty"`
	Total       *int                 `json:"total,omitempty"`
	Band        string               `json:"band,omitempty"`
	Elevated    *bool                `json:"elevated,omitempty"`
	Late        bool                 `json:"late,omitempty" doc:"Handed in after what it was due for"`
	Version     int                  `json:"version" doc:"Counts the client's goes at it; earlier ones are kept"`
	OutOfWindow bool                 `json:"out_of_window,omitempty" doc:"A follow-up answered outside the window that turned out to be the right one"`
}

func showScreening(s care.Screening, zone *time.Location) screening {
	shown := screening{
		ID: s.ID, Client: s.Client, Instrument: s.Instrument, Purpose: s.Purpose, Status: s.Status, Due: s.Due.In(zone),
		Opens: in(zone, s.Opens), Closes: in(zone, s.Closes), Answers: s.Answers, SubmittedAt: in(zone, s.SubmittedAt),
		Late: s.Late, Version: max(s.Version, 1), OutOfWindow: s.OutOfWindow,
	}
	if !s.SubmittedAt.IsZero() {
		shown.Total, shown.Band, shown.Elevated = s.Total, s.Band, s.Elevated
	}
	return shown
}

type findScreenings struct {
	Client care.ChartID `query:"client" maxLength:"64" doc:"For those who treat or look after a client; a client reads their own"`
}

func (a *API) screenings(ctx context.Context, in *findScreenings) (listed[screening], error) {
	who := actor(ctx)
	if who.Role == care.RoleClient {
		in.Client = who.Chart
	}
	if in.Client == "" {
		return listed[screening]{}, reply.Bad(ctx, 422, "invalid_input", "client: say whose screenings.")
	}
	chart, err := a.store.Chart(ctx, who, in.Client, "screenings")
	if err != nil {
		return listed[screening]{}, err
	}
	zone := a.zone(ctx, chart)
	found := each(chart.Screenings, func(s care.Screening) screening { return showScreening(s, zone) })
	order.By(found, func(x, y screening) int { return x.Due.Compare(y.Due) })
	return listed[screening]{Items: found}, nil
}

type putAnswers struct {
	ByID
	Keyed
	Body struct {
		Answers map[string]int `json:"answers" maxProperties:"20" doc:"By LOINC code of the item; what is left out stays as it was"`
	}
}

func (a *API) saveAnswers(ctx context.Context, in *putAnswers) (screening, error) {
	return a.onScreening(ctx, in.Keyed, act.SaveAnswers{Screening: care.ScreeningID(in.ID), Answers: in.Body.Answers})
}

func (a *API) submit(ctx context.Context, in *one) (screening, error) {
	return a.onScreening(ctx, in.Keyed, act.Submit{Screening: care.ScreeningID(in.ID)})
}

func (a *API) declineScreening(ctx context.Context, in *one) (screening, error) {
	return a.onScreening(ctx, in.Keyed, act.DeclineScreening{Screening: care.ScreeningID(in.ID)})
}

func (a *API) retake(ctx context.Context, in *one) (screening, error) {
	return a.onScreening(ctx, in.Keyed, act.Retake{Screening: care.ScreeningID(in.ID)})
}

func (a *API) screening(ctx context.Context, in *ByID) (screening, error) {
	chart, err := a.store.Locate(ctx, actor(ctx), in.ID, "screening")
	if err != nil {
		return screening{}, err
	}
	s, ok := chart.Screening(care.ScreeningID(in.ID))
	if !ok {
		return screening{}, care.Missing()
	}
	return showScreening(s, a.zone(ctx, chart)), nil
}

func (a *API) onScreening(ctx context.Context, key Keyed, do act.Act) (screening, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return screening{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "screening")
	if err != nil {
		return screening{}, err
	}
	s, ok := chart.Screening(care.ScreeningID(out.Made))
	if !ok {
		return screening{}, care.Missing()
	}
	return showScreening(s, a.zone(ctx, chart)), nil
}
