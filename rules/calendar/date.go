package calendar

import (
	"fmt"
	"time"
)

// Date is a civil date: a square on the calendar, in no particular zone. The zero Date stands for "no date".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// On returns the civil date that an instant falls on for people in the zone.
func On(t time.Time, z *time.Location) Date {
	year, month, day := t.In(z).Date()
	return Date{year, month, day}
}

// ParseDate reads a date written as 2026-11-26. It refuses any other form and dates that do not exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("read date %q: write an existing day as YYYY-MM-DD", s)
	}
	return On(t, time.UTC), nil
}

// String writes the date as 2026-11-26, and the zero Date as nothing.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Words writes the date for a reader: "Thu 26 Nov 2026".
func (d Date) Words() string { return d.midnight().Format("Mon 2 Jan 2006") }

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// MarshalText writes the date as String does, so that it reads well in JSON and as a key of a map.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote: empty text is the zero Date, all else must satisfy ParseDate.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(text))
	return err
}

// AddDays returns the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date {
	if day := d.Day + n; day >= 1 && day <= 28 && d.Day >= 1 { // every month has these, no need to carry
		return Date{d.Year, d.Month, day}
	}
	return On(d.midnight().AddDate(0, 0, n), time.UTC)
}

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Before says whether the date comes earlier than the other.
func (d Date) Before(other Date) bool {
	if d.Year != other.Year {
		return d.Year < other.Year
	}
	if d.Month != other.Month {
		return d.Month < other.Month
	}
	return d.Day < other.Day
}

// Until returns how many days lie from this date to the other; it is negative when the other is earlier.
func (d Date) Until(other Date) int {
	return int((other.midnight().Unix() - d.midnight().Unix()) / secondsPerDay)
}

// midnight is the date's 00:00 as if its people lived in UTC, where every day has 24 hours.
func (d Date) midnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}
