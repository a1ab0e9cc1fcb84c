package act

import (
	"careconnect/rules"
	"careconnect/rules/care"
)

// KeepFigures keeps what a quarter comes to, as it was found by night.
type KeepFigures struct{ Figures care.Figures }

func (KeepFigures) Name() string           { return "keep_figures" }
func (KeepFigures) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.FiguresChart}} }
func (KeepFigures) About(Known) care.About { return care.About{} }

// Decide keeps them once for each night, and never again once a quarter is over:
// two figures of one quarter would tell what lies between them.
func (a KeepFigures) Decide(k Known, _ Env) Plan {
	plan := Plan{Decision: rules.Allowed(), Made: a.Figures.Quarter}
	if _, ok := rules.ParseQuarter(a.Figures.Quarter); !ok {
		return fault(care.Invalid, "invalid_input", "quarter: write it as 2026-Q4.")
	}
	chart := k.Chart(care.FiguresChart)
	if chart == nil {
		plan.Changes = append(plan.Changes, care.New{Chart: care.FiguresChart, Of: care.OfFigures})
	} else if had, ok := chart.FiguresOf(a.Figures.Quarter); ok && (had.Final || !had.AsOf.Before(a.Figures.AsOf) && !a.Figures.Final) {
		return plan
	}
	plan.Changes = append(plan.Changes, care.Put{Chart: care.FiguresChart, Record: a.Figures})
	return plan
}
