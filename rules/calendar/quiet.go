package calendar

import "time"

// Quiet hours, on the reader's wall. Nine in the evening sharp is the last moment that is not quiet, seven in
// the morning the first one.
const (
	quietFrom = 21
	quietTo   = 7
)

// Quiet returns when a reminder meant for the instant is sent, so that it does not disturb the reader's night.
// In quiet hours it moves to 21:00 of the evening before, unless what it reminds of had not begun then; else to
// 07:00, if that comes before the due time; else it goes when it was meant to.
func Quiet(at, began, due time.Time, zone *time.Location) time.Time {
	at = whole(at)
	evening, morning := night(at, zone)
	switch {
	case !evening.Before(at):
		return at
	case !evening.Before(began):
		return evening
	case morning.Before(due):
		return morning
	}
	return at
}

// night returns the quiet hours that the instant lies in, or else the next ones.
func night(at time.Time, zone *time.Location) (evening, morning time.Time) {
	day := On(at, zone)
	if at.Before(At(day, quietTo, 0, zone)) {
		day = day.AddDays(-1)
	}
	return At(day, quietFrom, 0, zone), At(day.AddDays(1), quietTo, 0, zone)
}
