package web

import (
	"net/http"

	"careconnect/assets"
	"careconnect/rules/care"
)

// peopleOf are the groups of a throwaway instance's people, in the order in
// which a visitor meets them.
var peopleOf = []struct {
	title, note string
	roles       []care.Role
}{
	{"Clients", "They look for care, or are in it.", []care.Role{care.RoleClient}},
	{"Providers", "They answer, hold calls and sessions, and keep the six duties.", []care.Role{care.RoleProvider}},
	{"Care team and clinical desk", "They verify plans, watch the promises, and read safety alerts.", []care.Role{care.RoleCareTeam, care.RoleClinical}},
	{"Everybody else", "Each sees a start page, the handbook and help, and nothing of a client.", []care.Role{care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator}},
}

// try is what a visitor may want to see first, step by step.
var try = []struct {
	Title string
	Steps []string
}{
	{"From looking to a first call", []string{"Sign in as a client who has asked nothing yet.", "Find a therapist and book an open time, or ask for one.", "Sign in as that provider and answer from the inbox."}},
	{"An answer that does not come", []string{"Ask a provider, then move the clock by a day in the bar above.", "The client is offered others who still keep the promise; the board shows what happened."}},
	{"A plan that cannot be processed", []string{"Sign in as the care team and open Plans to verify.", "Choose that it cannot be processed, look at both messages, send them.", "Both are in the caught mail."}},
	{"A provider who leaves", []string{"Sign in as a provider with an open request, and go to Participation.", "Before you leave you see what happens to whom."}},
	{"Why is it due then?", []string{"Wherever a date stands, open “Why this date?”."}},
}

// people is where a throwaway instance is entered: everybody, one click each.
func (p *Pages) people(w http.ResponseWriter, r *http.Request) error {
	all := p.Throwaway.People()
	var groups []assets.Group
	for _, g := range peopleOf {
		group := assets.Group{Title: g.title, Note: g.note}
		for _, role := range g.roles {
			for _, person := range all {
				if person.Role == role {
					note := person.About
					if len(g.roles) > 1 {
						note = roleWords[role] + ": " + note
					}
					group.People = append(group.People, assets.Person{
						Name: person.Name, Note: sentence(note), Initials: initials(person.Name), Tint: tint(person.Login),
						Action: &assets.Action{Text: "Sign in", Href: person.Login, Style: "outline", Icon: "user-check"},
					})
				}
			}
		}
		if len(group.People) > 0 {
			groups = append(groups, group)
		}
	}
	return p.show(w, r, http.StatusOK, "qa/people", "", assets.Page{Title: "People", Data: map[string]any{"Groups": groups, "Try": try}})
}
