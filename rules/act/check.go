package act

import (
	"net/mail"
	"slices"
	"strings"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// problems collects everything that is wrong with what was sent, so that the
// person mends it in one go.
type problems []string

func (p *problems) need(ok bool, says string) {
	if !ok {
		*p = append(*p, says)
	}
}

func (p problems) fault() *care.Fault {
	if len(p) == 0 {
		return nil
	}
	return &care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: "Please mend: " + strings.Join(p, "; ") + "."}
}

// States are the two-letter codes of the states and territories in which a
// client can be.
var States = codes("AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR VI GU AS MP")

func codes(list string) map[string]bool {
	set := map[string]bool{}
	for _, code := range strings.Fields(list) {
		set[code] = true
	}
	return set
}

func mailAddress(s string) bool {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

func zoneKnown(name string) bool {
	_, err := calendar.Zone(name)
	return err == nil
}

func listOK(list []string, most int) bool {
	return len(list) <= most && !slices.ContainsFunc(list, func(s string) bool { return s == "" || len(s) > 60 })
}

// toCome says whether an instant is still to come and within a year: nobody
// plans a first call for later, and an instant far enough could not be written.
func toCome(t, now time.Time) bool { return t.After(now) && !t.After(now.AddDate(1, 0, 0)) }

// future starts, sorted and without repeats; false if there are none, too many,
// or one has begun.
func futureStarts(times []time.Time, now time.Time, most int) ([]time.Time, bool) {
	starts := make([]time.Time, 0, len(times))
	for _, t := range times {
		t = t.UTC().Truncate(time.Second)
		if !toCome(t, now) {
			return nil, false
		}
		if !slices.ContainsFunc(starts, t.Equal) {
			starts = append(starts, t)
		}
	}
	order.By(starts, time.Time.Compare)
	return starts, len(starts) > 0 && len(starts) <= most
}
