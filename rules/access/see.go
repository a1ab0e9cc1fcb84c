package access

import "careconnect/rules/care"

// See gives the chart cut down to what somebody may see of it; false means that
// for them it does not exist. What it gives shares nothing with the original.
// Version is zero for whoever may not see how often the chart changed, so a tag
// for caches is to be made from the bytes of an answer, never from it.
func See(actor care.Actor, chart *care.Chart) (*care.Chart, bool) {
	if chart == nil {
		return nil, false
	}
	v := newViewer(actor, chart)
	view, ok := cut(v, KindChart, *chart, v.whole())
	if !ok {
		return nil, false
	}
	view.Client = cutOne(v, chart.Client)
	view.Provider = cutOne(v, chart.Provider)
	view.Account = cutOne(v, chart.Account)
	view.Programme = cutOne(v, chart.Programme)
	view.Episodes = cutAll(v, chart.Episodes)
	view.Referrals = cutAll(v, chart.Referrals)
	view.Appointments = cutAll(v, chart.Appointments)
	view.Holds = cutAll(v, chart.Holds)
	view.Waits = cutAll(v, chart.Waits)
	view.Coverages = cutAll(v, chart.Coverages)
	view.Screenings = cutAll(v, chart.Screenings)
	view.Alerts = cutAll(v, chart.Alerts)
	view.Consents = cutAll(v, chart.Consents)
	view.Tasks = cutAll(v, chart.Tasks)
	view.Messages = cutAll(v, chart.Messages)
	view.Passes = cutAll(v, chart.Passes)
	view.Terms = cutAll(v, chart.Terms)
	view.Employers = cutAll(v, chart.Employers)
	view.Plans = cutAll(v, chart.Plans)
	view.HandoffKeys = cutAll(v, chart.HandoffKeys)
	view.Articles = cutAll(v, chart.Articles)
	view.Votes = cutAll(v, chart.Votes)
	view.Tickets = cutAll(v, chart.Tickets)
	view.Erasure = cutOne(v, chart.Erasure)
	view.Charges = cutAll(v, chart.Charges)
	view.Batches = cutAll(v, chart.Batches)
	view.Card = cutOne(v, chart.Card)
	view.Photo = cutOne(v, chart.Photo)
	view.Pieces = cutAll(v, chart.Pieces)
	view.RosterPages = cutAll(v, chart.RosterPages)
	view.Figures = cutAll(v, chart.Figures)
	v.seen = &view // a deadline is judged by whether its subject is seen
	view.Deadlines = cutAll(v, chart.Deadlines)
	return &view, true
}

// Others says whether reading a chart is reading somebody else's data, so that
// the reading must be in the trail before a byte of it leaves.
func Others(actor care.Actor, chart care.ChartID) bool {
	return chart != care.ProgrammeChart && chart != care.FiguresChart && (actor.Chart == "" || chart != actor.Chart)
}

func cutOne[T care.Record](v *viewer, record *T) *T {
	if record == nil {
		return nil
	}
	if r, ok := cut(v, (*record).Kind(), *record, v.stance(*record)); ok {
		return &r
	}
	return nil
}

func cutAll[T care.Record](v *viewer, records []T) []T {
	var kept []T
	for _, r := range records {
		if r, ok := cut(v, r.Kind(), r, v.stance(r)); ok {
			kept = append(kept, r)
		}
	}
	return kept
}
