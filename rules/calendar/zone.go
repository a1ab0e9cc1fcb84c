package calendar

import (
	"fmt"
	"sync"
	"time"
)

// Zone returns the IANA time zone of the name, such as "America/Chicago". The zones of the United States are
// read once and kept, since nearly every answer needs one; "UTC" is taken, "" and "Local" are refused, because
// what they mean depends on the machine.
func Zone(name string) (*time.Location, error) {
	if zone, ok := americanZones()[name]; ok {
		return zone, nil
	}
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q: give an IANA name such as America/Chicago", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is unknown: give an IANA name such as America/Chicago", name)
	}
	return zone, nil
}

var americanZones = sync.OnceValue(func() map[string]*time.Location {
	zones := map[string]*time.Location{"UTC": time.UTC}
	for _, name := range []string{
		"America/New_York", "America/Detroit", "America/Kentucky/Louisville", "America/Indiana/Indianapolis",
		"America/Chicago", "America/Menominee", "America/Indiana/Knox", "America/North_Dakota/Center",
		"America/Denver", "America/Boise", "America/Phoenix", "America/Los_Angeles",
		"America/Anchorage", "America/Juneau", "America/Adak", "Pacific/Honolulu",
		"America/Puerto_Rico", "America/St_Thomas", "Pacific/Guam", "Pacific/Saipan", "Pacific/Pago_Pago",
	} {
		if zone, err := time.LoadLocation(name); err == nil {
			zones[name] = zone
		}
	}
	return zones
})
