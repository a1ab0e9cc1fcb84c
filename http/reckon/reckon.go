// Package reckon goes over what is open, page by page: to say what other terms
// would do to it before they are adopted, and to compute it anew once they are,
// or once the zone data of the appliance has changed. It holds no business time:
// what moves, and that nothing moves silently, the rules say.
package reckon

import (
	"context"
	"errors"
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// Ahead is how far the next instants of open deadlines are looked for. Follow-ups
// lie furthest ahead, and none of them so far.
const Ahead = 130 * 24 * time.Hour

// atOnce is how many hours are read in one go.
const atOnce = 48

// Row is one open deadline that would move.
type Row struct {
	Deadline care.DeadlineID
	Chart    care.ChartID
	Code     string
	rules.Shift
}

// Page is a part of what would move. Next is where the next one begins; zero
// after the last.
type Page struct {
	Rows []Row
	Seen int
	Next time.Time
}

// Try says which open deadlines terms would move, and changes nothing. It begins
// at an hour and ends once it has looked at so many.
func Try(ctx context.Context, s *store.Store, who care.Actor, to care.Terms, from, now time.Time, most int) (Page, error) {
	_, clock := s.Programme()
	var page Page
	next, err := over(ctx, s, who, from, now, most, func(chart *care.Chart, d care.Deadline) error {
		page.Seen++
		if shift, moves := clock.Shift(d, to, now); moves {
			page.Rows = append(page.Rows, Row{d.ID, chart.ID, d.Code, shift})
		}
		return nil
	})
	page.Next = next
	return page, err
}

// Again computes open deadlines anew, each by an act of its own: under a version
// of the terms, or, where none is given, those that were computed with other zone
// data. It says how many moved.
func Again(ctx context.Context, s *store.Store, who care.Actor, version string, from, now time.Time, most int) (moved int, next time.Time, err error) {
	_, clock := s.Programme()
	var orders []store.Order
	next, err = over(ctx, s, who, from, now, most, func(chart *care.Chart, d care.Deadline) error {
		other := d.TZData != clock.TZData
		if version == "" && other && d.Code == "visit_provider" {
			orders = append(orders, store.Order{Actor: who, Act: act.KeepWall{Appointment: care.AppointmentID(d.Subject)}})
		}
		if version != "" || other {
			orders = append(orders, store.Order{Actor: who, Act: act.Recompute{Chart: chart.ID, Deadline: d.ID, Version: version}})
		}
		return nil
	})
	if err != nil {
		return 0, next, err
	}
	for _, a := range s.OrderAll(ctx, orders) {
		var fault *care.Fault
		switch {
		case errors.As(a.Err, &fault): // it has gone on in between
		case a.Err != nil:
			return moved, next, a.Err
		case a.Effect != "":
			moved++
		}
	}
	return moved, next, nil
}

// All goes on until nothing is left.
func All(ctx context.Context, s *store.Store, who care.Actor, version string, now time.Time) (moved int, err error) {
	for from := Begin(now); !from.IsZero(); {
		var n int
		if n, from, err = Again(ctx, s, who, version, from, now, 500); err != nil {
			return moved, err
		}
		moved += n
	}
	return moved, nil
}

// Follow does what still follows from terms that were adopted, and says how many
// are asked for a new yes and how many deadlines moved. What is noted stays noted
// until all of it is done, so a call that was cut short is made good by the next.
func Follow(ctx context.Context, s *store.Store, who care.Actor) (asked, moved int, err error) {
	programme, err := s.Chart(ctx, care.System, care.ProgrammeChart, "terms")
	if err != nil {
		return 0, 0, err
	}
	for _, note := range programme.Intakes {
		version, lengthen, is := act.Rollout(note)
		if !is {
			continue
		}
		n, err := attest(ctx, s, who, version)
		asked += n
		if err != nil {
			return asked, moved, err
		}
		if lengthen {
			n, err = All(ctx, s, who, version, s.Now())
			if moved += n; err != nil {
				return asked, moved, err
			}
		}
		if _, err := s.Do(ctx, who, act.FinishImport{File: note.File}); err != nil {
			return asked, moved, err
		}
	}
	return asked, moved, nil
}

// attest asks everybody for a new yes whose duties a version of the terms changes,
// and says how many.
func attest(ctx context.Context, s *store.Store, who care.Actor, version string) (int, error) {
	_, clock := s.Programme()
	terms, _ := rules.TermsOf(clock.Terms, version)
	asked := s.Directory().Those(func(p care.Provider) bool { return rules.MustAttest(p, clock.Terms, terms) })
	orders := make([]store.Order, len(asked))
	for i, id := range asked {
		orders[i] = store.Order{Actor: who, Act: act.AskAttest{Provider: id, Version: version}}
	}
	for _, a := range s.OrderAll(ctx, orders) {
		var fault *care.Fault
		if a.Err != nil && !errors.As(a.Err, &fault) { // a fault: they have gone on in between
			return 0, a.Err
		}
	}
	return len(asked), nil
}

// Begin is the hour from which open deadlines are looked for.
func Begin(now time.Time) time.Time { return now.UTC().Truncate(time.Hour).Add(-time.Hour) }

// over calls for each open deadline: first, at the beginning, for those that wait
// for somebody and have no next instant, then for those whose next instant lies in
// the hours from one on, until it has looked at so many, and says at which hour to
// go on.
func over(ctx context.Context, s *store.Store, who care.Actor, from, now time.Time, most int, each func(*care.Chart, care.Deadline) error) (time.Time, error) {
	from = from.UTC().Truncate(time.Hour)
	end, seen := now.Add(Ahead), 0
	for from.Before(end) && seen < most {
		var hours []care.Set
		if !from.After(Begin(now)) {
			hours = []care.Set{care.Resting}
		}
		for range atOnce {
			hours = append(hours, care.DueIn(from))
			from = from.Add(time.Hour)
		}
		members, err := s.Find(ctx, care.System, hours...)
		if err != nil {
			return from, err
		}
		slices.SortFunc(members, func(a, b care.Member) int { return a.At.Compare(b.At) })
		for _, m := range members {
			chart, err := s.Chart(ctx, care.System, m.Chart, "terms")
			if err != nil {
				return from, err
			}
			d, ok := chart.Deadline(care.DeadlineID(m.Ref))
			if !ok {
				continue
			}
			seen++
			if err := each(chart, d); err != nil {
				return from, err
			}
		}
	}
	if !from.Before(end) {
		return time.Time{}, nil
	}
	return from, nil
}
