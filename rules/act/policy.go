package act

import (
	"fmt"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AdoptTerms is the care team's way to a new version of the terms: within bounds,
// with a reason, under a name that follows from its date. Lengthen has what is open
// already computed anew under it. What follows for others is noted with it, so that
// it is done in the end also where it was cut short.
type AdoptTerms struct {
	Terms    care.Terms
	Why      string
	Lengthen bool
}

// Rollout says of a note which version of the terms is to be followed through, and
// whether what is open is to be computed anew; false if it is a note of something
// else.
func Rollout(note care.Intake) (version string, lengthen, is bool) {
	version, is = strings.CutPrefix(note.File, rollout)
	version, lengthen = strings.CutSuffix(version, lengthened)
	return version, lengthen, is
}

const rollout, lengthened = "terms ", " lengthen"

// Recompute reckons one open deadline anew: under a version of the terms, by the
// consent of the care team, or, without one, with the zone data in use.
type Recompute struct {
	Chart    care.ChartID
	Deadline care.DeadlineID
	Version  string
}

// mostVersionsOfTerms bounds how often terms are changed in the life of an instance.
const mostVersionsOfTerms = 500

func (AdoptTerms) Name() string            { return "adopt_terms" }
func (AdoptTerms) Needs(Known) Needs       { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (AdoptTerms) About(Known) care.About  { return care.About{} }
func (Recompute) Name() string             { return "recompute" }
func (a Recompute) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Recompute) About(Known) care.About { return care.About{Client: a.Chart} }

// Decide never changes a version that is there.
func (a AdoptTerms) Decide(k Known, env Env) Plan {
	t := a.Terms
	if t.Effective.IsZero() {
		t.Effective = env.Now
	}
	t.Effective = t.Effective.UTC().Truncate(time.Second)
	var wrong problems
	for _, says := range rules.TermsProblems(t) {
		wrong.need(false, says)
	}
	wrong.need(!t.Effective.Before(env.Now) && t.Effective.Before(env.Now.AddDate(2, 0, 0)), "effective: from now on, and within two years")
	why := strings.TrimSpace(a.Why)
	wrong.need(why != "" && len(why) <= 300, "why: say in at most 300 letters why the terms change; everybody can read it")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	versions := k.Chart(care.ProgrammeChart).Terms
	if len(versions) >= mostVersionsOfTerms {
		return fault(care.Conflict, "too_many_versions", "There are too many versions of the terms already.")
	}
	t.Version = t.Effective.Format(time.DateOnly)
	for n := 2; hasVersion(versions, t.Version); n++ {
		t.Version = fmt.Sprintf("%s.%d", t.Effective.Format(time.DateOnly), n)
	}
	t.Author, t.Adopted, t.Why = env.Actor.Chart, env.Now, why
	plan := SetTerms{Terms: t}.Decide(k, env)
	if plan.Fault == nil {
		note := care.Intake{File: rollout + t.Version}
		if a.Lengthen {
			note.File += lengthened
		}
		plan.Changes = append(plan.Changes, care.Put{Chart: care.ProgrammeChart, Record: note})
	}
	return plan
}

func hasVersion(versions []care.Terms, version string) bool {
	_, is := rules.TermsOf(versions, version)
	return is
}

// Decide moves along what says the deadline's end besides it.
func (a Recompute) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Chart)
	if chart == nil {
		return missing()
	}
	dl, ok := chart.Deadline(a.Deadline)
	if !ok {
		return missing()
	}
	if _, known := rules.TermsOf(env.Clock.Terms, a.Version); a.Version != "" && !known {
		return fault(care.Invalid, "invalid_input", "version: there are no terms of this version.")
	}
	d := begin(env, chart)
	d.Made = string(dl.ID)
	now := env.Clock.Reckon(dl, a.Version)
	if now.Due.Equal(dl.Due) && now.Terms == dl.Terms && now.TZData == dl.TZData {
		return d.plan()
	}
	d.put(now)
	if !now.Due.Equal(dl.Due) {
		d.Effect = "moved"
	}
	if follows, ok := followers[dl.Code]; ok {
		follows(d, now)
	}
	return d.plan()
}

// followers are what says the end of a deadline besides it, and moves along: a time
// that is held, an invitation, a link, the forms of a follow-up.
var followers = map[string]func(*draft, care.Deadline){
	"follow_up": func(d *draft, dl care.Deadline) {
		for _, s := range d.chart.Screenings {
			if s.Episode == care.EpisodeID(dl.Subject) && s.Purpose == care.FollowUp && s.Status.Open() {
				s.Due, s.Closes = dl.Due, dl.Due
				d.put(s)
			}
		}
	},
	"invitation": func(d *draft, dl care.Deadline) {
		if w, ok := d.chart.Wait(care.WaitID(dl.Subject)); ok && w.Clock == dl.ID && w.Status == care.WaitInvited {
			w.Until = dl.Due
			d.put(w)
		}
	},
	"hold": func(d *draft, dl care.Deadline) {
		for _, h := range d.chart.Holds {
			if h.Clock == dl.ID {
				h.Until = dl.Due
				d.put(h)
			}
		}
	},
	"details": func(d *draft, dl care.Deadline) {
		for _, p := range d.chart.Passes {
			if p.Type == care.PassDetails {
				p.Expires = dl.Due
				d.put(p)
			}
		}
	},
}
