// Package calendar turns the programme's promises into instants and says, step by step, how it got there.
//
// The programme has four clocks that must never be mixed. K1 counts hours as they pass. K2 counts calendar days
// on the wall clock of the client. K3 counts business days: Monday to Friday without the federal holidays, as
// they are observed, and without the instance's own. K4 is a window of calendar days. Each clock returns its due
// instant together with the steps that explain it, so that what a person is shown and what the software holds
// them to can never drift apart. The package also knows a provider's weekly hours and the openings in them.
//
// Everything here is arithmetic on values. Nothing reads the present time; all instants that come back are
// whole seconds in UTC, and a zone given as *time.Location must not be nil.
package calendar

import "time"

// Calendar knows which civil dates are business days. Its zero value knows the US federal holidays; it is
// immutable, cheap to copy, and safe to use from several places at once.
type Calendar struct {
	own map[Date]string
}

// Holiday is a date on which the instance does no business, with the name that explanations show.
type Holiday struct {
	Date Date   `json:"date"`
	Name string `json:"name"`
}

// New returns a calendar with the US federal holidays, each on its observed day too, and the instance's own.
// An own holiday falls on exactly the date given: it is not moved off a weekend.
func New(own ...Holiday) Calendar {
	if len(own) == 0 {
		return Calendar{}
	}
	named := make(map[Date]string, len(own))
	for _, h := range own {
		named[h.Date] = h.Name
	}
	return Calendar{own: named}
}

// Own are the holidays besides the federal ones, in no order.
func (c Calendar) Own() []Holiday {
	var own []Holiday
	for d, name := range c.own {
		own = append(own, Holiday{Date: d, Name: name})
	}
	return own
}

// Holiday says whether the date is a holiday, and its name. A holiday observed on another day than its own is
// named as such, for example "Independence Day (observed)".
func (c Calendar) Holiday(d Date) (name string, is bool) {
	if name, is = c.own[d]; is {
		return name, true
	}
	return federal(d)
}

// BusinessDay says whether the date is neither a Saturday, nor a Sunday, nor a holiday.
func (c Calendar) BusinessDay(d Date) bool {
	return c.closed(d) == ""
}

// closed names why no business is done on the date; it is empty for a business day.
func (c Calendar) closed(d Date) string {
	if day := d.Weekday(); day == time.Saturday || day == time.Sunday {
		return day.String()
	}
	name, _ := c.Holiday(d)
	return name
}
