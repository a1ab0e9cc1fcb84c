package directory

import (
	"slices"
	"sync/atomic"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// soonest is when a provider can hold a next consultation and, after it, a first session, in Unix seconds; 0:
// not within the horizon. It is the answer for every second from from to until, both included.
type soonest struct {
	from, until      int64
	consult, session int64
}

// soonestCache holds an answer until something changes. Readers may fill it at the same time: they find the same.
type soonestCache struct{ atomic.Pointer[soonest] }

const (
	secondsPerDay = 24 * 60 * 60
	// horizonDays is how many days ahead a next opening is looked for; notice can be as long as 60 days.
	horizonDays = 90
	// mostAhead is how many days ahead openings are listed, mostOpenings how many of them at a time.
	mostAhead    = 366
	mostOpenings = 1000
)

func (s *soonest) sessionBefore(due time.Time) bool {
	return s.session != 0 && s.session < due.Unix()
}

// soonest gives the next openings of a row as of an instant. As time goes by the first opening stays the first
// until it is too late to take it, so the answer holds up to then; that there is none holds for a UTC day.
func (x *Index) soonest(r *row, now time.Time) *soonest {
	at := ceil(now)
	if s := r.soonest.Load(); s != nil && s.from <= at && at <= s.until {
		return s
	}
	h, busy := r.public.Hours, x.times(r.public.ID)
	tomorrow := at - at%secondsPerDay + secondsPerDay
	s := &soonest{from: at, until: tomorrow - 1}
	begin, horizon := instant(at), instant(tomorrow+horizonDays*secondsPerDay)
	if c := x.cal.Openings(h, h.ConsultMinutes, busy, begin, begin, horizon, 1); len(c) > 0 {
		s.consult = c[0].Start.Unix()
		// The session keeps the buffer to the consultation, as it will have to once that is booked.
		after := c[0].End.Add(time.Duration(h.BufferMinutes) * time.Minute)
		if h.MostPerDay > 0 { // the consultation is one of the day's
			busy = append(slices.Clone(busy), c[0])
		}
		takeable := s.consult - int64(h.NoticeMinutes)*60
		if next := x.cal.Openings(h, h.SessionMinutes, busy, begin, after, horizon, 1); len(next) > 0 {
			s.session = next[0].Start.Unix()
			s.until = takeable
		} else {
			s.until = min(s.until, takeable)
		}
	}
	r.soonest.Store(s)
	return s
}

// ceil is the first whole second that is not before the instant: the calendar knows no smaller ones.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

func instant(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// promiseDue is when a first session is due under the terms that were in force when care was sought.
func (x *Index) promiseDue(sought time.Time, zone *time.Location) time.Time {
	return x.clock.Start(care.Deadline{Code: "promise", Starts: sought, Zone: zone.String()}).Due
}

// Openings gives a provider's openings of a kind, care.Consultation or care.Session, that begin at from or later
// and before to, in order: at most limit of them, and never more than 1,000 or further ahead than 366 days. It
// is false for a provider who is listed nowhere today and keeps no waiting list, and for any other kind.
func (x *Index) Openings(id care.ChartID, kind care.AppointmentType, now, from, to time.Time, limit int) ([]calendar.Slot, bool) {
	defer x.hold(now)()
	i, known := x.at[id]
	if !known || len(x.rows[i].states)+len(x.rows[i].waits) == 0 {
		return nil, false
	}
	r := x.rows[i]
	h := r.public.Hours
	minutes, known := map[care.AppointmentType]int{care.Consultation: h.ConsultMinutes, care.Session: h.SessionMinutes}[kind]
	if !known {
		return nil, false
	}
	if limit <= 0 || limit > mostOpenings {
		limit = mostOpenings
	}
	if last := now.AddDate(0, 0, mostAhead); to.After(last) {
		to = last
	}
	return x.cal.Openings(h, minutes, x.times(id), now, from, to, limit), true
}
