package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// SendHead mails the day's checkpoint of the trail to every operator, so that it
// stands in a place that whoever holds the machine cannot change. It says how
// many entries there are, and tells of nobody.
type SendHead struct {
	Checkpoint string // signed
}

// betweenHeads is less than a day, so that a day's mail does not slip.
const betweenHeads = 20 * time.Hour

// Name, Needs and About make SendHead an Act.
func (SendHead) Name() string { return "send_head" }

// Needs are the operators' charts.
func (SendHead) Needs(k Known) Needs {
	operators := care.Staff(care.RoleOperator)
	needs := Needs{Sets: []care.Set{operators}}
	for _, m := range k.Sets[operators] {
		needs.Charts = append(needs.Charts, m.Chart)
	}
	return needs
}

// About is nobody.
func (SendHead) About(Known) care.About { return care.About{} }

// Decide keeps one such message in a chart: the one before makes way for it.
func (a SendHead) Decide(k Known, env Env) Plan {
	plan := Plan{Decision: rules.Allowed()}
	operators := slices.Clone(k.Sets[care.Staff(care.RoleOperator)])
	slices.SortFunc(operators, func(a, b care.Member) int { return strings.Compare(string(a.Chart), string(b.Chart)) })
	for _, m := range operators {
		chart := k.Chart(m.Chart)
		if chart == nil || chart.Account == nil || chart.Account.Closed {
			continue
		}
		var before []care.Change
		lately := false
		for _, had := range chart.Messages {
			if had.Template == "head" {
				before = append(before, care.Drop{Chart: chart.ID, Record: had})
				lately = lately || env.Now.Sub(had.At) < betweenHeads
			}
		}
		if lately {
			continue
		}
		plan.Changes = append(plan.Changes, before...)
		plan.Changes = append(plan.Changes, care.Put{Chart: chart.ID, Record: care.Message{
			ID: care.MessageID(env.ID("ms")), Chart: chart.ID, To: chart.ID, Template: "head", Subject: string(chart.ID),
			Note: a.Checkpoint, Link: "/desk", At: env.Now, Next: env.Now, State: care.Ready,
		}})
	}
	return plan
}
