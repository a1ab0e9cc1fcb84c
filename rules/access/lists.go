package access

import (
	"slices"
	"strings"

	"careconnect/rules/care"
)

// ListRow is one sort of list and who may page over it. Of narrows the row to
// the list of that name; empty, it is for all of the sort.
type ListRow struct {
	Set care.SetName
	Of  string
	By  map[care.Role]Relation
}

// lists is the table. A list of a chart is its own; the others are of the
// programme, or the appliance's and never shown.
var lists = []ListRow{
	{care.SetInbox, "", by{provider: Own, system: Any}},
	{care.SetPanel, "", by{provider: Own, system: Any}},
	{care.SetUnsaid, "", by{provider: Own, system: Any}},
	{care.SetWaitlist, "", by{provider: Own, system: Any}},
	{care.SetAsked, "", by{provider: Own, system: Any}},
	{care.SetAlerts, "", by{provider: Own, system: Any}},
	{care.SetBusy, "", by{provider: Own, system: Any}},
	{care.SetSeen, "", by{client: Own, system: Any}},
	{care.SetQueue, "coverage", by{careTeam: Any, system: Any}},
	{care.SetQueue, "task", by{careTeam: Any, system: Any}},
	{care.SetQueue, "ticket", by{careTeam: Any, system: Any}},
	{care.SetQueue, "gap", by{careTeam: Any, system: Any}},
	{care.SetQueue, "alert", by{careTeam: Any, clinical: Any, system: Any}},
	{care.SetDue, "", by{careTeam: Any, clinical: Any, system: Any}},
	{care.SetPlan, "", by{careTeam: Any, system: Any}},
	{care.SetCharges, "", by{provider: Own, billing: Any, system: Any}},
	{care.SetVisits, "", by{careTeam: Any, billing: Any, system: Any}},
	{care.SetHeld, "", by{system: Any}},
	{care.SetRoster, "", by{system: Any}},
	{care.SetRostered, "", by{system: Any}},
	{care.SetEmployed, "", by{system: Any}},
	{care.SetBatches, "", by{billing: Any, system: Any}},
	{care.SetEpisodes, "", by{system: Any}},
	{care.SetProviders, "", by{careTeam: Any, system: Any}},
	{care.SetErasures, "", by{careTeam: Any, system: Any}},
	{care.SetStaff, "operator", by{operator: Any, system: Any}},
	{care.SetResting, "", by{system: Any}},
	{care.SetOutbox, "", by{system: Any}},
	{care.SetReturn, "", by{system: Any}},
	{care.SetLocate, "", by{system: Any}},
	{care.SetEmail, "", by{system: Any}},
	{care.SetNPI, "", by{system: Any}},
	{care.SetPass, "", by{system: Any}},
}

// Lists says whether somebody may page over a list. A list without a row is
// barred to everyone.
func Lists(actor care.Actor, set care.Set) Verdict {
	i := slices.IndexFunc(lists, func(r ListRow) bool { return r.Set == set.Name && (r.Of == "" || r.Of == set.Of) })
	if i < 0 {
		return Barred
	}
	owner, _, _ := strings.Cut(set.Of, "|") // busy times: the provider, and the day; charges: and the month
	mine := actor.Chart != "" && owner == string(actor.Chart) && (set.Serves == "" || set.Serves == actor.Chart)
	return verdict(lists[i].By[actor.Role], stance{own: mine})
}
