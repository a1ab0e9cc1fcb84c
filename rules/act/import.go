package act

import (
	"maps"
	"slices"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Import takes providers in from a public registry as candidates: known to the
// care team, listed nowhere. Taking the same row in again changes nothing. One
// act takes a chunk of a file and notes how far it came, so that a run that was
// cut short goes on where it stopped.
type Import struct {
	Rows []Row
	File string // digest of the whole file; empty outside of files
	Done int    // candidates of the file applied, once this act is
}

// Row is one candidate with a digest of the registry's row, which tells whether
// it has changed since.
type Row struct {
	Digest   string
	Provider care.Provider
}

// The effects of an import, as its counts tell them apart.
const (
	ImportedNew = "imported"
	ImportedNow = "updated"
	ImportedOld = "unchanged"
)

func (Import) Name() string           { return "import" }
func (Import) About(Known) care.About { return care.About{} }
func (a Import) Needs(k Known) Needs {
	n := Needs{Charts: []care.ChartID{care.ProgrammeChart}}
	for _, row := range a.Rows {
		set := byNPI(row)
		n.Sets = append(n.Sets, set)
		for _, m := range k.Sets[set] {
			n.Charts = append(n.Charts, m.Chart)
		}
		if p, known := candidate(k, row); known && !sameStates(p.Licences, row.Provider.Licences) {
			n.Sets = append(n.Sets, ClientsOf(p.ID)...)
		}
	}
	return n
}

// sameStates says whether two lists of licences are of the same states.
func sameStates(a, b []care.Licence) bool {
	in := func(list []care.Licence) map[string]bool {
		states := map[string]bool{}
		for _, l := range list {
			states[l.State] = true
		}
		return states
	}
	return maps.Equal(in(a), in(b))
}

func byNPI(row Row) care.Set { return care.Set{Name: care.SetNPI, Of: row.Provider.NPI} }

// Decide overwrites what the registry knows and nothing that the provider said.
func (a Import) Decide(k Known, env Env) Plan {
	plan := Plan{Decision: rules.Allowed(), Counts: map[string]int{}}
	made := map[string]bool{} // numbers that this act makes a chart for
	for _, row := range a.Rows {
		had, known := candidate(k, row)
		switch {
		case made[row.Provider.NPI]:
			plan.Counts[ImportedOld]++
			continue // the first row of a number wins
		case known && had.Registry == row.Digest:
			plan.Counts[ImportedOld]++
		case known:
			plan.Counts[ImportedNow]++
			plan.Changes = append(plan.Changes, overwrite(had, row, k, env)...)
		default:
			plan.Counts[ImportedNew]++
			made[row.Provider.NPI] = true
			p := row.Provider
			p.ID, p.Standing, p.Registry = care.ChartID(env.ID("pr")), care.NotJoined, row.Digest
			plan.Changes = append(plan.Changes, care.New{Chart: p.ID, Of: care.OfProvider}, care.Put{Chart: p.ID, Record: p})
			had = p
		}
		plan.Made = string(had.ID)
	}
	if a.File != "" {
		note := a.note(k, plan.Counts)
		plan.Changes = append(plan.Changes, care.Put{Chart: care.ProgrammeChart, Record: note})
	}
	return plan
}

// overwrite takes over what the registry says now. Where that is of other states than
// before, what is open is looked at as when a credential changes, and the list ends
// for who waits in a state that was dropped.
func overwrite(p care.Provider, row Row, k Known, env Env) []care.Change {
	before := p
	p.Name, p.Degree, p.Gender, p.Licences, p.Registry = row.Provider.Name, row.Provider.Degree, row.Provider.Gender, row.Provider.Licences, row.Digest
	d := begin(env, chartOf(k, p))
	d.put(p)
	if !sameStates(before.Licences, p.Licences) {
		today, list := env.Today(p.Hours.Zone), k.Sets[care.Waitlist(p.ID)]
		elsewhere := outside(list, before, today)
		d.errands("credential_gap", seen(k, p.ID))
		d.endWaiting("waitlist_closed", slices.DeleteFunc(outside(list, p, today), func(m care.Member) bool { return slices.Contains(elsewhere, m) }))
	}
	return d.Changes
}

// note adds this chunk to what is kept of the file's import.
func (a Import) note(k Known, counts map[string]int) care.Intake {
	note := care.Intake{File: a.File, Done: a.Done, Counts: map[string]int{}}
	if chart := k.Chart(care.ProgrammeChart); chart != nil {
		if before, ok := chart.Intake(a.File); ok {
			for what, n := range before.Counts {
				note.Counts[what] = n
			}
		}
	}
	for what, n := range counts {
		note.Counts[what] += n
	}
	return note
}

// FinishImport forgets how far a file's import came, now that it is whole.
type FinishImport struct{ File string }

func (FinishImport) Name() string           { return "finish_import" }
func (FinishImport) About(Known) care.About { return care.About{} }
func (FinishImport) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }

// Decide finds nothing to do for a file that is not being taken in.
func (a FinishImport) Decide(k Known, _ Env) Plan {
	plan := Plan{Decision: rules.Allowed()}
	if note, ok := k.Chart(care.ProgrammeChart).Intake(a.File); ok {
		plan.Changes = []care.Change{care.Drop{Chart: care.ProgrammeChart, Record: note}}
	}
	return plan
}

func candidate(k Known, row Row) (care.Provider, bool) {
	for _, m := range k.Sets[byNPI(row)] {
		if chart := k.Chart(m.Chart); chart != nil && chart.Provider != nil {
			return *chart.Provider, true
		}
	}
	return care.Provider{}, false
}

// DemoJoin is the demo's own act: it credentials a candidate in every state of
// their licences and joins them, as a label in the trail says, so that a search
// in a throwaway instance finds people of an imported file.
type DemoJoin struct {
	Provider care.ChartID
	With     care.Provider // hours, words and what else a registry does not know
}

func (DemoJoin) Name() string             { return "demo_join" }
func (a DemoJoin) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a DemoJoin) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide asks the same rules as joining does: who may not take part stays a
// candidate.
func (a DemoJoin) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if p.Standing == care.Active {
		return Plan{Decision: rules.Allowed(), Made: string(p.ID)}
	}
	virtual := true
	p.Hours, p.Specialties, p.Languages, p.Modalities, p.About = a.With.Hours, a.With.Specialties, a.With.Languages, a.With.Modalities, a.With.About
	p.SelfSchedule, p.Link, p.Virtual, p.Credentials = a.With.SelfSchedule, a.With.Link, &virtual, nil
	for _, l := range p.Licences {
		p.Credentials = append(p.Credentials, care.Credential{State: l.State, From: env.Today(p.Hours.Zone)})
	}
	joined := Join{Provider: p.ID, Attest: rules.DutyCodes()}
	return joined.decide(k, p, env)
}
