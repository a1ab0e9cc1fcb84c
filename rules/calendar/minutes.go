package calendar

import "time"

// MinutesAfter is the instant so many minutes after the start, as time passes.
func MinutesAfter(start time.Time, minutes int, zone *time.Location) (time.Time, []Step) {
	start = whole(start)
	due := start.Add(time.Duration(minutes) * time.Minute)
	a := account{zone: zone}
	a.add(start, "The clock starts on "+Words(start, zone),
		"the count is "+count(minutes, "minute")+" as they pass; nothing stops it")
	return due, a.steps(result("Due on ", due, zone, count(minutes, "minute")+" after the start"))
}

// Until explains what is owed by an instant that something else has set.
func Until(due time.Time, zone *time.Location) Step {
	return result("Due on ", whole(due), zone, "this is when what it prepares for begins")
}
