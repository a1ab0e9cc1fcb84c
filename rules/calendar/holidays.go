package calendar

import "time"

// The federal holidays of 5 U.S.C. 6103(a), each with the first year in which all of the country's government
// kept it as it stands. A holiday has either a day of the month or the nth weekday of it; nth -1 is the last.
var federalHolidays = [...]struct {
	name  string
	month time.Month
	day   int
	on    time.Weekday
	nth   int
	since int
}{
	{name: "New Year's Day", month: time.January, day: 1},
	{name: "Martin Luther King Jr. Day", month: time.January, on: time.Monday, nth: 3, since: 1986},
	{name: "Presidents' Day", month: time.February, on: time.Monday, nth: 3, since: 1971},
	{name: "Memorial Day", month: time.May, on: time.Monday, nth: -1, since: 1971},
	{name: "Juneteenth", month: time.June, day: 19, since: 2021},
	{name: "Independence Day", month: time.July, day: 4},
	{name: "Labor Day", month: time.September, on: time.Monday, nth: 1},
	{name: "Columbus Day", month: time.October, on: time.Monday, nth: 2, since: 1971},
	{name: "Veterans Day", month: time.November, day: 11, since: 1978},
	{name: "Thanksgiving Day", month: time.November, on: time.Thursday, nth: 4, since: 1942},
	{name: "Christmas Day", month: time.December, day: 25},
}

// federal names the federal holiday that falls on, or is observed on, the date. The neighbours are looked at as
// dates, not in a table for one year: 31 December 2027 is the observed New Year's Day of 2028.
func federal(d Date) (name string, is bool) {
	weekday := d.Weekday()
	if name, is = federalProper(d, weekday); is {
		return name, true
	}
	switch weekday {
	case time.Friday:
		name, is = federalProper(d.AddDays(1), time.Saturday)
	case time.Monday:
		name, is = federalProper(d.AddDays(-1), time.Sunday)
	}
	if is {
		name += " (observed)"
	}
	return name, is
}

// federalProper names the federal holiday whose own day the date is.
func federalProper(d Date, weekday time.Weekday) (name string, is bool) {
	for i := range federalHolidays {
		h := &federalHolidays[i]
		if h.month != d.Month || d.Year < h.since {
			continue
		}
		if h.day == d.Day || h.nth != 0 && h.on == weekday && isNth(d, h.nth) {
			return h.name, true
		}
	}
	return "", false
}

// isNth says whether the date is the nth of its weekday in its month.
func isNth(d Date, nth int) bool {
	if nth < 0 {
		return d.AddDays(7).Month != d.Month
	}
	return (d.Day-1)/7+1 == nth
}
