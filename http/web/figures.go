package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/figures"
	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// The measures of the programme: how fast it goes and how well, quarter by quarter,
// and what of that leaves the house.

// measured is what the page shows of one programme.
type measured struct {
	Title                   string
	Facts                   []assets.Fact
	Speeds, Shares, Changes assets.Table
	Leaves                  assets.Table
}

func (p *Pages) figures(w http.ResponseWriter, r *http.Request) error {
	quarters, err := figures.Quarters(r.Context(), p.Store)
	if err != nil {
		return err
	}
	data := map[string]any{"Payer": p.Store.Words()["payer"], "Least": p.Store.Words()["report_min_cell"]}
	if len(quarters) == 0 {
		return p.show(w, r, http.StatusOK, "ops/figures", "", assets.Page{Title: "Figures", Data: data})
	}
	f, err := figures.Of(r.Context(), p.Store, auth.Actor(r), or(r.FormValue("quarter"), quarters[0]))
	if err != nil {
		return err
	}
	links := make([]assets.Link, len(quarters))
	for i, q := range quarters {
		links[i] = assets.Link{Href: "/ops/figures?quarter=" + q, Text: q, Current: q == f.Quarter}
	}
	says := "Up to the end of " + f.AsOf.AddDays(-1).Words() + ", taken " + moment(f.TakenAt, location("")).Text + ". The next night takes them anew."
	if f.Final {
		says = "The quarter is over. Taken for the last time " + moment(f.TakenAt, location("")).Text + "; they stand."
	}
	var shown []measured
	for i, m := range f.Programmes {
		shown = append(shown, p.measured(m, f.Partner[i], f.Final))
	}
	data["Quarter"], data["Quarters"], data["Says"], data["Programmes"], data["File"] = f.Quarter, links, says, shown, "/ops/figures.csv?quarter="+f.Quarter
	return p.show(w, r, http.StatusOK, "ops/figures", "", assets.Page{Title: "Figures", Data: data})
}

func (p *Pages) measured(m care.Measures, leaves care.Released, final bool) measured {
	n := strconv.Itoa
	shown := measured{
		Title:   p.programmeName(m.Programme),
		Facts:   []assets.Fact{{Term: "Sought care", Text: tally(m.People, "person", "people"), Note: tally(m.Sought, "time", "times") + " altogether"}},
		Speeds:  assets.Table{Caption: "How fast", Head: []string{"From, to", "How many", "Half within", "Nine in ten within"}},
		Shares:  assets.Table{Caption: "How well", Head: []string{"What", "Came true", "Of", "Share"}},
		Changes: assets.Table{Caption: "How totals changed", Head: []string{"Form", "Compared", "Median difference", "Response", "Remission"}},
		Leaves:  assets.Table{Caption: "What leaves for " + p.Store.Words()["payer"], Head: []string{"What", "As it leaves"}},
	}
	for _, s := range m.Speeds {
		row := []string{rules.MeasureSays(s.Code), n(s.N), "–", "–"}
		if s.N > 0 {
			row[2], row[3] = lasting(s.Median), lasting(s.P90)
		}
		shown.Speeds.Rows = append(shown.Speeds.Rows, row)
	}
	for _, s := range m.Shares {
		shown.Shares.Rows = append(shown.Shares.Rows, []string{rules.MeasureSays(s.Code), n(s.Is), n(s.Of), shareOf(s)})
	}
	for _, c := range m.Changes {
		in, _ := instrument.Get(c.Instrument)
		difference := "–"
		if c.N > 0 {
			difference = strconv.FormatFloat(c.Median, 'f', -1, 64)
		}
		shown.Changes.Rows = append(shown.Changes.Rows, []string{in.Title, n(c.N), difference, shareOf(c.Response), shareOf(c.Remission)})
	}
	row := func(says, unit string, told *int) {
		as := "held back"
		switch {
		case told != nil:
			as = n(*told) + unit
		case !final:
			as = "not before the quarter is over"
		}
		shown.Leaves.Rows = append(shown.Leaves.Rows, []string{says, as})
	}
	row("People who sought care", "", leaves.People)
	for _, t := range leaves.Hours {
		row(rules.MeasureSays(t.Code)+", median", " hours", t.N)
	}
	for _, t := range leaves.Percent {
		row(rules.MeasureSays(t.Code), " %", t.N)
	}
	return shown
}

// programmeName is the name of the programme of a code; the first has none.
func (p *Pages) programmeName(code string) string {
	programme, _ := p.Store.Programme()
	for _, b := range programme.Programme.Others {
		if b.Code == code {
			return b.Name
		}
	}
	return programme.Programme.Name
}

func shareOf(s care.Share) string {
	if s.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d, %.0f %%", s.Is, s.Of, 100*float64(s.Is)/float64(s.Of))
}

// lasting is a stretch of time in its two largest units.
func lasting(seconds int64) string {
	minutes := (seconds + 30) / 60
	days, hours, rest := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, rest)
	}
	return fmt.Sprintf("%d min", rest)
}

// figuresFile is the same as a file: a line for each measure, exact.
func (p *Pages) figuresFile(w http.ResponseWriter, r *http.Request) error {
	f, err := figures.Of(r.Context(), p.Store, auth.Actor(r), r.FormValue("quarter"))
	if err != nil {
		return err
	}
	var rows [][]string
	for _, m := range f.Programmes {
		line := func(measure string, cells ...string) {
			rows = append(rows, slices.Concat([]string{f.Quarter, f.AsOf.String(), strconv.FormatBool(f.Final), p.programmeName(m.Programme), measure}, cells))
		}
		n := func(i int64) string { return strconv.FormatInt(i, 10) }
		share := func(s care.Share) { line(s.Code, n(int64(s.Of)), "", "", n(int64(s.Is)), "") }
		line("sought", n(int64(m.Sought)), "", "", "", "")
		for _, s := range m.Speeds {
			line(s.Code, n(int64(s.N)), n(s.Median), n(s.P90), "", "")
		}
		for _, s := range m.Shares {
			share(s)
		}
		for _, c := range m.Changes {
			line("change_"+c.Instrument, n(int64(c.N)), "", "", "", strconv.FormatFloat(c.Median, 'f', -1, 64))
			share(c.Response)
			share(c.Remission)
		}
	}
	return sheet(w, "figures-"+f.Quarter+".csv", []string{"quarter", "as_of", "final", "programme", "measure", "n", "median_seconds", "p90_seconds", "of_them", "median_difference"}, rows)
}
