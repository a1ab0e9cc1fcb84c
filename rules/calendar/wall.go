package calendar

import "time"

const secondsPerDay = 24 * 60 * 60

// At returns the instant at which the clock on the wall in the zone shows the time on the date, in UTC. A time
// that a clock change leaves out becomes the first instant after the gap; one that comes twice is the first.
func At(d Date, hour, min int, zone *time.Location) time.Time {
	return atWall(d.midnight().Unix()+int64(hour)*3600+int64(min)*60, zone)
}

// atWall is At for a wall reading in seconds: what the Unix time would be if the wall stood in UTC. time.Date
// does not promise which of two instants it picks, so the reading is tried against both offsets around it: no
// zone is further than 14 hours from UTC, and no zone changes its clocks twice within 30 hours.
func atWall(wall int64, zone *time.Location) time.Time {
	const reach = 15 * 3600
	before := offset(wall-reach, zone)
	first := wall - before
	if offset(first, zone) == before {
		return time.Unix(first, 0).UTC()
	}
	after := offset(wall+reach, zone)
	if second := wall - after; offset(second, zone) == after {
		return time.Unix(second, 0).UTC()
	}
	change, _ := time.Unix(first, 0).In(zone).ZoneBounds()
	return change.UTC()
}

// onWall is the reverse of atWall: what the wall shows at the instant.
func onWall(t time.Time, zone *time.Location) int64 {
	return t.Unix() + offset(t.Unix(), zone)
}

// Ahead is how many seconds the zone is ahead of UTC at the instant.
func Ahead(t time.Time, zone *time.Location) int { return int(offset(t.Unix(), zone)) }

// Rewall gives the instant at which the wall in the zone shows what it showed at t while the zone was so many
// seconds ahead: t itself, unless the rules of the zone have changed since.
func Rewall(t time.Time, ahead int, zone *time.Location) time.Time {
	if Ahead(t, zone) == ahead {
		return t
	}
	return atWall(t.Unix()+int64(ahead), zone)
}

// offset is how many seconds the zone is ahead of UTC at the Unix time.
func offset(unix int64, zone *time.Location) int64 {
	_, seconds := time.Unix(unix, 0).In(zone).Zone()
	return int64(seconds)
}

// dayStart is the first instant of the date in the zone.
func dayStart(d Date, zone *time.Location) time.Time { return At(d, 0, 0, zone) }

// dayEnd is the last whole second of the date in the zone.
func dayEnd(d Date, zone *time.Location) time.Time {
	return dayStart(d.AddDays(1), zone).Add(-time.Second)
}

// whole cuts an instant to the second and puts it in UTC.
func whole(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }
