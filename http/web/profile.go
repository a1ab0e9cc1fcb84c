package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// openProfile is a provider as anyone may see them.
type openProfile struct {
	Name, Pronouns, Initials, Line, About string
	Tint                                  int
	Photo                                 string
	Facts                                 []assets.Fact
	Tags                                  []string
	Days                                  []assets.SlotDay
	TheirZone                             string
	Zones                                 assets.Field
	Path                                  string
	Fields                                []assets.Hidden
	AllTimes                              string
	Actions                               []assets.Action
	Back                                  string
	Elsewhere                             string
	Keeps                                 *assets.Notice // a waiting list, and takes nobody new
	Kept                                  bool
	First                                 string
	Promise                               string
}

func (p *Pages) seeProfile(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "profile")
	if err != nil {
		return err
	}
	c, ok := p.shown(mux.Vars(r)["id"])
	if !ok {
		return care.Missing()
	}
	zone, path := v.zone(), "/p/"+string(c.ID)
	slots, _ := p.Store.Directory().Openings(c.ID, care.Consultation, p.Now(), p.Now(), p.Now().AddDate(0, 0, searched), 0)
	days, _ := grid{zone: zone, now: p.Now()}.days(slots)
	data := openProfile{
		Name: c.Name, Pronouns: c.Pronouns, Initials: initials(c.Name), Tint: tint(string(c.ID)), Photo: faceOf(path, c.Photo, "large"), Line: label(c.Degree), About: c.About,
		Facts: cardFacts(c), Tags: labelsOf(c.Specialties), Days: days, AllTimes: p.allTimes(zone), TheirZone: otherZone(p, c.Name, c.Zone, zone),
		Zones: assets.Field{Name: "zone", Label: "Show times in", Type: "select", Choices: zoneChoices(zone)},
		Path:  path, Fields: v.hidden("state", "employer", "src", "proof", "language", "specialty"), Back: v.to("/find"),
	}
	due := p.promiseFor(chart, zone)
	data.Promise = dayOf(due, zone)
	if !c.FirstSession.IsZero() {
		data.First = calendar.Words(c.FirstSession, rules.Zone(zone))
		data.Kept = !c.FirstSession.After(due)
	}
	invited, asks := p.invitation(chart, c.ID)
	if c.Waitlist && asks {
		data.Keeps = &assets.Notice{Kind: "info", Title: c.Name + " has room for you", Text: "They invite you from their waiting list: you can ask or book until " + moment(invited.Until, location(zone)).Text + "."}
	}
	switch role := auth.Actor(r).Role; {
	case c.Waitlist && !asks:
		n, actions := p.keeping(r, c, v, chart)
		data.Keeps, data.Actions, data.Days = &n, actions, nil
	case role != care.RoleAnonymous && role != care.RoleClient: // staff and providers look only
	case c.SelfSchedule && len(slots) > 0:
		data.Actions = []assets.Action{{Text: "Book a first call", Href: v.to(path + "/book"), Icon: "calendar-plus", Style: "large"}}
	default:
		data.Actions = []assets.Action{{Text: "Request a first call", Href: v.to(path + "/book"), Icon: "send", Style: "large"}}
	}
	if v.State != "" && !slices.Contains(c.States, v.State) {
		data.Elsewhere = "You are looking from " + stateName(v.State) + ", where " + c.Name + " cannot see clients. A licence counts in its own state only."
	}
	return p.show(w, r, http.StatusOK, "profile", zone, assets.Page{Title: c.Name, Data: data})
}

func cardFacts(c directory.Card) []assets.Fact {
	names := make([]string, len(c.States))
	for i, s := range c.States {
		names[i] = stateName(s)
	}
	facts := []assets.Fact{{Term: "Sees clients in", Text: strings.Join(names, ", "), Note: "by video"}}
	for _, f := range []assets.Fact{
		{Term: "Languages", Text: strings.Join(labelsOf(c.Languages), ", ")},
		{Term: "Approaches", Text: strings.Join(labelsOf(c.Modalities), ", ")},
		{Term: "Knows well", Text: strings.Join(labelsOf(c.Identities), ", ")},
		{Term: "Gender", Text: label(c.Gender)},
		{Term: "First call", Text: counted(c.ConsultMinutes, "minute"), Note: "costs nothing, and no plan is needed"},
		{Term: "Session", Text: counted(c.SessionMinutes, "minute") + " as a rule", Note: "your plan’s copay or coinsurance applies"},
	} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// otherZone says in which zone a provider lives, where it is another one.
func otherZone(p *Pages, name, theirs, zone string) string {
	a, _ := p.Now().In(rules.Zone(theirs)).Zone()
	b, _ := p.Now().In(rules.Zone(zone)).Zone()
	if a == b {
		return ""
	}
	return name + " works in " + place(theirs) + " (" + a + ")."
}
