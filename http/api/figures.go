package api

import (
	"context"
	"time"

	"careconnect/http/figures"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// report is what a quarter comes to: for the care team the measures themselves, for
// the payer partner and for an employer what was released to them and nothing else.
type report struct {
	Period     string          `json:"period"`
	Final      bool            `json:"final" doc:"The quarter is over, and this stands"`
	AsOf       calendar.Date   `json:"as_of,omitzero" doc:"Counted up to the beginning of this day"`
	TakenAt    *time.Time      `json:"taken_at,omitempty"`
	Programmes []care.Measures `json:"programmes,omitempty" doc:"For the care team: times in seconds"`
	Released   []care.Released `json:"released" doc:"What leaves, of a quarter that is over: rounded, and held back where few people stand behind it; a number that is left out says no more than that"`
}

type findReport struct {
	Period string `query:"period" pattern:"^[0-9]{4}-Q[1-4]$" required:"true" doc:"A quarter, such as 2026-Q4"`
}

func (a *API) report(ctx context.Context, which *findReport) (report, error) {
	who := actor(ctx)
	if who.Role != care.RoleCareTeam {
		released, err := figures.Released(ctx, a.store, who, which.Period)
		return report{Period: which.Period, Final: true, Released: released}, err
	}
	f, err := figures.Of(ctx, a.store, who, which.Period)
	if err != nil {
		return report{}, err
	}
	return report{
		Period: f.Quarter, Final: f.Final, AsOf: f.AsOf, TakenAt: in(a.zone(ctx, nil), f.TakenAt), Programmes: f.Programmes, Released: f.Partner,
	}, nil
}
