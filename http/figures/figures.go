// Package figures takes the measures of the programme by night. It goes over the
// episodes page by page, outside of any commit, and keeps what they come to in one:
// numbers, and nothing that stands in a chart. It holds no business time: what
// counts, where, and what may leave, the rules say. What it finds depends on the
// charts and on the night alone, so that it may be done twice.
package figures

import (
	"context"
	"errors"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// Hour is when the night's figures are taken, on the clocks of the programme's
// own zone: those of the day before.
const Hour = 2

// atOnce is how many charts are held in memory at a time.
const atOnce = 64

// Night is the last day, at an instant, whose figures can be taken: they end where
// it begins.
func Night(now time.Time) calendar.Date {
	zone := rules.Zone(rules.HomeZone)
	day := calendar.On(now, zone)
	if now.Before(at(day, Hour)) {
		return day.AddDays(-1)
	}
	return day
}

func at(day calendar.Date, hour int) time.Time {
	return calendar.At(day, hour, 0, rules.Zone(rules.HomeZone))
}

// Turns are the instants, after one and up to another, of the nights that take a
// quarter's figures for the last time.
func Turns(after, to time.Time) (turns []time.Time) {
	for q := rules.QuarterOf(after.AddDate(0, 0, -1)); ; q = q.Next() {
		turn := at(calendar.On(q.To(), rules.Zone(rules.HomeZone)), Hour)
		if turn.After(to) {
			return turns
		}
		if turn.After(after) {
			turns = append(turns, turn)
		}
	}
}

// Take takes the figures of the last night, unless that was done. Nights that went
// by without it are not taken one by one: each would overwrite the one before. A
// quarter that went by is ended.
func Take(ctx context.Context, s *store.Store) error {
	night := Night(s.Now())
	kept, err := all(ctx, s)
	if err != nil {
		return err
	}
	end := at(night, 0)
	last := rules.QuarterOf(end.Add(-time.Second))
	from := last
	if n := len(kept); n > 0 {
		if !kept[n-1].AsOf.Before(night) {
			return nil
		}
		from, _ = rules.ParseQuarter(kept[n-1].Quarter)
		if kept[n-1].Final {
			from = from.Next()
		}
	}
	for q := from; !q.From().After(last.From()); q = q.Next() {
		f, any, err := take(ctx, s, q, night)
		if err != nil || len(kept) == 0 && !any {
			return err // before anybody has sought care there is nothing to tell
		}
		if _, err := s.Do(ctx, care.System, act.KeepFigures{Figures: f}); err != nil {
			return err
		}
	}
	return nil
}

// all are the figures that are kept, the earliest first.
func all(ctx context.Context, s *store.Store) ([]care.Figures, error) {
	chart, err := s.Chart(ctx, care.System, care.FiguresChart, "figures")
	var none *care.Fault
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return chart.Figures, nil
}

// groups are the measurings of the programmes and of the employers.
type groups struct {
	clock      rules.Clock
	span       care.Span
	programmes map[string]*rules.Measuring
	employers  map[care.EmployerID]*rules.Measuring
}

// take measures a quarter up to the beginning of a day, and says whether anybody
// has sought care at all.
func take(ctx context.Context, s *store.Store, q rules.Quarter, night calendar.Date) (f care.Figures, any bool, err error) {
	programme, clock := s.Programme()
	g := groups{clock: clock, span: care.Span{From: q.From(), To: q.To()}, programmes: map[string]*rules.Measuring{}, employers: map[care.EmployerID]*rules.Measuring{}}
	f = care.Figures{Quarter: q.String(), AsOf: night, TakenAt: s.Now(), Final: true}
	if end := at(night, 0).UTC(); end.Before(g.span.To) {
		g.span.To, f.Final = end, false
	}
	for _, month := range rules.MeasuredMonths(q) {
		some, err := g.month(ctx, s, month)
		if err != nil {
			return f, any, err
		}
		any = any || some
	}
	codes := []string{""}
	for _, b := range programme.Programme.Others {
		codes = append(codes, b.Code)
	}
	terms := rules.TermsAt(clock.Terms, g.span.To)
	for _, code := range codes {
		m := g.of(code).Measures(code)
		f.Programmes = append(f.Programmes, m)
		f.Partner = append(f.Partner, rules.Release(m, "", f.Final, terms))
	}
	for _, e := range programme.Employers {
		if r := rules.Release(g.at(e.ID).Measures(e.Programme), e.ID, f.Final, terms); r.Tells() {
			f.Employers = append(f.Employers, r)
		}
	}
	return f, any, nil
}

// month goes over the episodes in which care was sought in a month; false if there
// are none.
func (g groups) month(ctx context.Context, s *store.Store, month string) (bool, error) {
	members, err := s.Find(ctx, care.System, care.EpisodesIn(month))
	if err != nil || len(members) == 0 {
		return false, err
	}
	for len(members) > 0 {
		some := members[:min(atOnce, len(members))]
		members = members[len(some):]
		if err := ctx.Err(); err != nil {
			return true, err
		}
		ids := map[care.ChartID][]care.EpisodeID{}
		var charts []care.ChartID
		for _, m := range some {
			if ids[m.Chart] == nil {
				charts = append(charts, m.Chart)
			}
			ids[m.Chart] = append(ids[m.Chart], care.EpisodeID(m.Ref))
		}
		read, err := s.Charts(ctx, care.System, charts, "figures")
		if err != nil {
			return true, err
		}
		for _, chart := range read {
			for _, id := range ids[chart.ID] {
				if e, ok := chart.Episode(id); ok && chart.Client != nil {
					rules.MeasureInto(chart, e, g.of(e.Programme), g.at(chart.Client.Benefit.Employer))
				}
			}
		}
	}
	return true, nil
}

func (g groups) of(programme string) *rules.Measuring {
	if g.programmes[programme] == nil {
		g.programmes[programme] = rules.Measure(g.clock, g.span)
	}
	return g.programmes[programme]
}

func (g groups) at(employer care.EmployerID) *rules.Measuring {
	if g.employers[employer] == nil {
		g.employers[employer] = rules.Measure(g.clock, g.span)
	}
	return g.employers[employer]
}

// Of are the figures of a quarter as the care team has them.
func Of(ctx context.Context, s *store.Store, actor care.Actor, quarter string) (care.Figures, error) {
	chart, err := s.Chart(ctx, actor, care.FiguresChart, "figures")
	if err != nil {
		return care.Figures{}, err
	}
	f, ok := chart.FiguresOf(quarter)
	if !ok {
		return f, care.Missing()
	}
	return f, nil
}

// Quarters are those of which there are figures, the latest first.
func Quarters(ctx context.Context, s *store.Store) ([]string, error) {
	kept, err := all(ctx, s)
	var names []string
	for _, f := range slices.Backward(kept) {
		names = append(names, f.Quarter)
	}
	return names, err
}

// Released is what has left, of a quarter that is over, for a reader who sees
// nothing else: the payer partner's is of the programmes, an employer's of its own
// people. An employer of whose people nothing is released gets the same answer as
// one that has none.
func Released(ctx context.Context, s *store.Store, actor care.Actor, quarter string) ([]care.Released, error) {
	own, err := s.Chart(ctx, actor, actor.Chart, "account")
	if err != nil {
		return nil, err
	}
	kept, err := all(ctx, s)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(kept, func(f care.Figures) bool { return f.Quarter == quarter && f.Final })
	switch {
	case i < 0:
		return nil, &care.Fault{Kind: care.NotFound, Code: "not_released", Says: "There are no figures of this quarter. They are released once, after it is over; write it as 2026-Q4."}
	case actor.Role == care.RolePayer:
		return kept[i].Partner, nil
	case actor.Role == care.RoleEmployer && own.Account != nil:
		for _, r := range kept[i].Employers {
			if r.Employer == own.Account.Employer {
				return []care.Released{r}, nil
			}
		}
		programme, clock := s.Programme()
		code := ""
		for _, e := range programme.Employers {
			if e.ID == own.Account.Employer {
				code = e.Programme
			}
		}
		none := rules.Measure(clock, care.Span{}).Measures(code)
		return []care.Released{rules.Release(none, own.Account.Employer, true, rules.TermsAt(clock.Terms, s.Now()))}, nil
	}
	return nil, care.Missing()
}
