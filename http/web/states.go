package web

import (
	"cmp"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/order"
)

// states are where a client can be, with the zone in which most of a state's
// people live. The zone is a guess that anyone can change.
var states = map[string]struct{ name, zone string }{
	"AL": {"Alabama", "America/Chicago"}, "AK": {"Alaska", "America/Anchorage"}, "AZ": {"Arizona", "America/Phoenix"},
	"AR": {"Arkansas", "America/Chicago"}, "CA": {"California", "America/Los_Angeles"}, "CO": {"Colorado", "America/Denver"},
	"CT": {"Connecticut", "America/New_York"}, "DE": {"Delaware", "America/New_York"}, "DC": {"District of Columbia", "America/New_York"},
	"FL": {"Florida", "America/New_York"}, "GA": {"Georgia", "America/New_York"}, "HI": {"Hawaii", "Pacific/Honolulu"},
	"ID": {"Idaho", "America/Boise"}, "IL": {"Illinois", "America/Chicago"}, "IN": {"Indiana", "America/Indiana/Indianapolis"},
	"IA": {"Iowa", "America/Chicago"}, "KS": {"Kansas", "America/Chicago"}, "KY": {"Kentucky", "America/New_York"},
	"LA": {"Louisiana", "America/Chicago"}, "ME": {"Maine", "America/New_York"}, "MD": {"Maryland", "America/New_York"},
	"MA": {"Massachusetts", "America/New_York"}, "MI": {"Michigan", "America/Detroit"}, "MN": {"Minnesota", "America/Chicago"},
	"MS": {"Mississippi", "America/Chicago"}, "MO": {"Missouri", "America/Chicago"}, "MT": {"Montana", "America/Denver"},
	"NE": {"Nebraska", "America/Chicago"}, "NV": {"Nevada", "America/Los_Angeles"}, "NH": {"New Hampshire", "America/New_York"},
	"NJ": {"New Jersey", "America/New_York"}, "NM": {"New Mexico", "America/Denver"}, "NY": {"New York", "America/New_York"},
	"NC": {"North Carolina", "America/New_York"}, "ND": {"North Dakota", "America/Chicago"}, "OH": {"Ohio", "America/New_York"},
	"OK": {"Oklahoma", "America/Chicago"}, "OR": {"Oregon", "America/Los_Angeles"}, "PA": {"Pennsylvania", "America/New_York"},
	"RI": {"Rhode Island", "America/New_York"}, "SC": {"South Carolina", "America/New_York"}, "SD": {"South Dakota", "America/Chicago"},
	"TN": {"Tennessee", "America/Chicago"}, "TX": {"Texas", "America/Chicago"}, "UT": {"Utah", "America/Denver"},
	"VT": {"Vermont", "America/New_York"}, "VA": {"Virginia", "America/New_York"}, "WA": {"Washington", "America/Los_Angeles"},
	"WV": {"West Virginia", "America/New_York"}, "WI": {"Wisconsin", "America/Chicago"}, "WY": {"Wyoming", "America/Denver"},
	"PR": {"Puerto Rico", "America/Puerto_Rico"}, "VI": {"U.S. Virgin Islands", "America/St_Thomas"}, "GU": {"Guam", "Pacific/Guam"},
	"AS": {"American Samoa", "Pacific/Pago_Pago"}, "MP": {"Northern Mariana Islands", "Pacific/Saipan"},
}

// zones are what a person chooses a zone from, from east to west.
var zones = []struct{ id, words string }{
	{"America/Puerto_Rico", "Atlantic (Puerto Rico)"}, {"America/St_Thomas", "Atlantic (Virgin Islands)"},
	{"America/New_York", "Eastern (New York)"}, {"America/Detroit", "Eastern (Detroit)"}, {"America/Indiana/Indianapolis", "Eastern (Indianapolis)"},
	{"America/Chicago", "Central (Chicago)"}, {"America/Denver", "Mountain (Denver)"}, {"America/Boise", "Mountain (Boise)"},
	{"America/Phoenix", "Mountain without summer time (Phoenix)"}, {"America/Los_Angeles", "Pacific (Los Angeles)"},
	{"America/Anchorage", "Alaska (Anchorage)"}, {"America/Adak", "Aleutian Islands (Adak)"}, {"Pacific/Honolulu", "Hawaii (Honolulu)"},
	{"Pacific/Guam", "Chamorro (Guam)"}, {"Pacific/Saipan", "Chamorro (Saipan)"}, {"Pacific/Pago_Pago", "Samoa (Pago Pago)"},
}

// stateName is a state's name, or its letters when it has none here.
func stateName(code string) string { return or(states[code].name, code) }

// stateChoices are all states by their names, one of them chosen, behind one that is
// none; empty: there is no such choice.
func stateChoices(chosen, none string) []assets.Choice {
	choices := []assets.Choice{}
	for code := range act.States {
		choices = append(choices, assets.Choice{Value: code, Text: stateName(code), Checked: code == chosen})
	}
	order.By(choices, func(a, b assets.Choice) int { return cmp.Compare(a.Text, b.Text) })
	if none == "" {
		return choices
	}
	return append([]assets.Choice{{Text: none, Checked: chosen == ""}}, choices...)
}

// zoneChoices are the zones; one that is none of them, but known, is kept.
func zoneChoices(chosen string) []assets.Choice {
	choices, found := []assets.Choice{}, false
	for _, z := range zones {
		choices = append(choices, assets.Choice{Value: z.id, Text: z.words, Checked: z.id == chosen})
		found = found || z.id == chosen
	}
	if !found && knownZone(chosen) {
		choices = append(choices, assets.Choice{Value: chosen, Text: chosen, Checked: true})
	}
	return choices
}

func knownZone(name string) bool {
	_, err := calendar.Zone(name)
	return err == nil
}

// likelyZone is the zone that was chosen or, failing that, the state's.
func likelyZone(chosen, state string) string {
	if knownZone(chosen) {
		return chosen
	}
	return or(states[state].zone, defaultZone)
}

// allTimes says in which zone a page tells its times.
func (p *Pages) allTimes(zone string) string {
	abbrev, _ := p.Now().In(rules.Zone(zone)).Zone()
	return "All times in " + place(zone) + ", " + abbrev
}
