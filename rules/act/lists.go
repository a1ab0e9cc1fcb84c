package act

import (
	"fmt"
	"slices"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// ImportEmployers takes a file of employers in, whole or not at all, each by its
// code. What a row leaves open of its holidays and readers stays as it was.
type ImportEmployers struct{ Rows []care.Employer }

// ImportPlans takes a file of plans that cannot be processed in, whole or not at
// all. A row without a first day means the entry there is, else from today on.
type ImportPlans struct{ Rows []care.UnprocessablePlan }

func (ImportEmployers) Name() string           { return "import_employers" }
func (ImportEmployers) Needs(Known) Needs      { return Needs{} }
func (ImportEmployers) About(Known) care.About { return care.About{} }
func (ImportPlans) Name() string               { return "import_plans" }
func (ImportPlans) Needs(Known) Needs          { return Needs{} }
func (ImportPlans) About(Known) care.About     { return care.About{} }

// Decide does for each row what the care team would do by hand.
func (a ImportEmployers) Decide(k Known, env Env) Plan {
	env.Employers = slices.Clone(env.Employers)
	return whole(len(a.Rows), func(i int) (string, Plan) {
		row := a.Rows[i]
		had := employerOf(row.Code, env.Employers)
		if had == nil {
			plan := AddEmployer{Employer: row}.Decide(k, env)
			if plan.Fault == nil {
				env.Employers = append(env.Employers, madeBy[care.Employer](plan))
			}
			return ImportedNew, plan
		}
		now := UpdateEmployer{Employer: had.ID, Name_: row.Name, Industry: row.Industry, Starts: row.Starts, Ends: row.Ends, Holidays: row.Holidays, Audience: row.Audience}
		if len(now.Holidays) == 0 {
			now.Holidays = had.Holidays
		}
		if now.Audience == "" {
			now.Audience = had.Audience
		}
		same := now.Name_ == had.Name && now.Industry == had.Industry && now.Starts == had.Starts && now.Ends == had.Ends &&
			now.Audience == had.Audience && slices.Equal(now.Holidays, had.Holidays)
		if same {
			return ImportedOld, Plan{}
		}
		return ImportedNow, now.Decide(k, env)
	})
}

// Decide lists and ends entries as the care team would by hand.
func (a ImportPlans) Decide(k Known, env Env) Plan {
	env.Plans = slices.Clone(env.Plans)
	today := calendar.On(env.Now, rules.Zone(rules.HomeZone))
	return whole(len(a.Rows), func(i int) (string, Plan) {
		row := a.Rows[i]
		at := slices.IndexFunc(env.Plans, func(p care.UnprocessablePlan) bool {
			alike := care.Alike(p.Payer) == care.Alike(row.Payer) && care.Alike(p.Plan) == care.Alike(row.Plan) && p.State == row.State
			return alike && (p.From == row.From || row.From.IsZero() && (p.Ends.IsZero() || !p.Ends.Before(today)))
		})
		switch {
		case at < 0:
			if row.From.IsZero() {
				row.From = today
			}
			plan := ListPlan{Plan: row}.Decide(k, env)
			if plan.Fault == nil {
				env.Plans = append(env.Plans, madeBy[care.UnprocessablePlan](plan))
			}
			return ImportedNew, plan
		case row.Ends.IsZero() || row.Ends == env.Plans[at].Ends:
			return ImportedOld, Plan{}
		}
		return ImportedNow, DelistPlan{Key: env.Plans[at].Key(), Ends: row.Ends}.Decide(k, env)
	})
}

// whole makes one plan of those of rows; the first fault is that of all.
func whole(rows int, each func(i int) (string, Plan)) Plan {
	all := Plan{Decision: rules.Allowed(), Counts: map[string]int{}}
	for i := range rows {
		what, plan := each(i)
		if plan.Fault != nil {
			plan.Fault.Says = fmt.Sprintf("row %d: %s", i+1, plan.Fault.Says)
			return plan
		}
		all.Counts[what]++
		all.Changes = append(all.Changes, plan.Changes...)
	}
	return all
}

// madeBy is the record that a plan of one change puts.
func madeBy[T care.Record](plan Plan) T {
	r, _ := plan.Changes[0].(care.Put).Record.(T)
	return r
}
