package act

import (
	"slices"

	"careconnect/rules"
	"careconnect/rules/care"
)

// A roster goes one way: an employer hashes it at home, the hashes come in page
// by page, and count from the moment on when all of them are there. Nothing goes
// back to the employer.

// ImportRoster takes in one page of a roster. The page is not in force yet.
type ImportRoster struct {
	Employer care.EmployerID
	File     string // digest of the whole file
	Page     int
	Keys     []string
}

// FinishRoster puts a roster into force whose pages have all come in.
type FinishRoster struct {
	Employer    care.EmployerID
	File        string
	Pages, Size int
}

// DropRoster frees some pages of rosters that are not in force. Its count says
// how many; none means that there are none left.
type DropRoster struct{ Employer care.EmployerID }

// LookUpRoster looks a client up in the roster in force, and keeps what that says.
type LookUpRoster struct{ Client care.ChartID }

// RosterPage is how many keys stand on a page, and dropAtOnce how many pages one
// act frees.
const (
	RosterPage = 500
	dropAtOnce = 10
)

// What became of the pages that an act freed.
const Dropped = "dropped"

func (ImportRoster) Name() string             { return "import_roster" }
func (ImportRoster) About(Known) care.About   { return care.About{} }
func (FinishRoster) Name() string             { return "finish_roster" }
func (FinishRoster) About(Known) care.About   { return care.About{} }
func (a FinishRoster) Needs(Known) Needs      { return Needs{Sets: []care.Set{care.RosterOf(a.Employer)}} }
func (DropRoster) Name() string               { return "drop_roster" }
func (DropRoster) About(Known) care.About     { return care.About{} }
func (a DropRoster) Needs(Known) Needs        { return Needs{Sets: []care.Set{care.RosterOf(a.Employer)}} }
func (LookUpRoster) Name() string             { return "look_up_roster" }
func (a LookUpRoster) About(Known) care.About { return care.About{Client: a.Client} }

// Needs are the pages there are, and which of the keys stood in the roster in
// force until now.
func (a ImportRoster) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{care.ProgrammeChart}, Sets: []care.Set{care.RosterOf(a.Employer)}}
	if programme := k.Chart(care.ProgrammeChart); programme != nil {
		if e, ok := employerWith(a.Employer, programme.Employers); ok && e.Roster != "" {
			for _, key := range a.Keys {
				n.Sets = append(n.Sets, care.Rostered(e.Roster, key))
			}
		}
	}
	return n
}

func (a LookUpRoster) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{a.Client}}
	if chart := k.Chart(a.Client); chart != nil && chart.Client != nil {
		n.add(lookUp(k, chart.Client.Benefit.Code, chart.Client.Benefit.Key))
	}
	return n
}

// Decide writes the page into the chart that had this page before, so that their
// number does not grow with each roster.
func (a ImportRoster) Decide(k Known, env Env) Plan {
	e, ok := employerWith(a.Employer, env.Employers)
	if !ok {
		return missing()
	}
	if a.File == "" || len(a.Keys) == 0 || len(a.Keys) > RosterPage {
		return fault(care.Invalid, "invalid_input", "keys: from 1 to 500 on a page, with the digest of their file.")
	}
	plan := Plan{Decision: rules.Allowed(), Counts: map[string]int{}}
	for _, key := range a.Keys {
		if e.Roster != "" && len(k.Sets[care.Rostered(e.Roster, key)]) > 0 {
			plan.Counts[ImportedOld]++
		} else {
			plan.Counts[ImportedNew]++
		}
	}
	page := care.RosterPage{Employer: e.ID, File: a.File, Page: a.Page, Keys: a.Keys}
	for _, m := range k.Sets[care.RosterOf(e.ID)] {
		if m.Seq == uint64(a.Page) {
			page.Chart = m.Chart
			if m.Ref == "" {
				plan.Changes = append(plan.Changes, care.Drop{Chart: m.Chart, Record: freePage(m, e.ID)})
			}
		}
	}
	if page.Chart == "" {
		page.Chart = care.ChartID(env.ID("ro"))
		plan.Changes = append(plan.Changes, care.New{Chart: page.Chart, Of: care.OfRoster})
	}
	plan.Changes = append(plan.Changes, care.Put{Chart: page.Chart, Record: page})
	plan.Made = string(page.Chart)
	return plan
}

func freePage(m care.Member, employer care.EmployerID) care.RosterPage {
	return care.RosterPage{Chart: m.Chart, Employer: employer, Page: int(m.Seq)}
}

// Decide takes the roster only whole.
func (a FinishRoster) Decide(k Known, env Env) Plan {
	e, ok := employerWith(a.Employer, env.Employers)
	if !ok {
		return missing()
	}
	pages := 0
	for _, m := range k.Sets[care.RosterOf(e.ID)] {
		if m.Ref == a.File {
			pages++
		}
	}
	if a.File == "" || pages != a.Pages {
		return fault(care.Conflict, "roster_incomplete", "Some pages of this roster are not here, because another one came in at the same time. Import it again.")
	}
	e.Roster, e.RosterAt, e.RosterSize = a.File, env.Now, a.Size
	return Plan{Decision: rules.Allowed(), Made: string(e.ID), Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: e}}}
}

// Decide keeps the charts of the pages, empty, for the next roster.
func (a DropRoster) Decide(k Known, env Env) Plan {
	e, ok := employerWith(a.Employer, env.Employers)
	if !ok {
		return missing()
	}
	plan := Plan{Decision: rules.Allowed(), Made: string(e.ID), Counts: map[string]int{}}
	pages := k.Sets[care.RosterOf(e.ID)]
	kept := map[care.ChartID]bool{}
	for _, m := range pages {
		kept[m.Chart] = kept[m.Chart] || m.Ref == e.Roster || m.Ref == ""
	}
	for _, m := range pages {
		if m.Ref == e.Roster || m.Ref == "" || plan.Counts[Dropped] == dropAtOnce {
			continue
		}
		plan.Counts[Dropped]++
		plan.Changes = append(plan.Changes, care.Drop{Chart: m.Chart, Record: care.RosterPage{Chart: m.Chart, Employer: e.ID, File: m.Ref}})
		if !kept[m.Chart] {
			kept[m.Chart] = true
			plan.Changes = append(plan.Changes, care.Put{Chart: m.Chart, Record: freePage(m, e.ID)})
		}
	}
	return plan
}

// Decide changes nothing where the roster says what was known.
func (a LookUpRoster) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	was, now := client.Benefit, lookedUp(client.Benefit, k, env)
	if now != was {
		client.Benefit.Evidence = now.Evidence
		d.employed(client, is(now.Found()))
	}
	d.Made = string(client.ID)
	return d.plan()
}

func employerWith(id care.EmployerID, employers []care.Employer) (care.Employer, bool) {
	i := slices.IndexFunc(employers, func(e care.Employer) bool { return e.ID == id })
	if i < 0 {
		return care.Employer{}, false
	}
	return employers[i], true
}
