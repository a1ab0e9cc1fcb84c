package act

import (
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// OpenAccount makes a chart for somebody of the staff, the payer partner, an
// employer or the operator. The account opens with a set-up link.
type OpenAccount struct {
	Role     care.Role
	FullName string
	Email    string
	Employer care.EmployerID
	Pass     *care.Pass // the set-up link's, or a token's
}

// staffRoles are those whose accounts have a chart of their own.
var staffRoles = map[care.Role]bool{
	care.RoleCareTeam: true, care.RoleClinical: true, care.RoleBilling: true,
	care.RolePayer: true, care.RoleEmployer: true, care.RoleOperator: true,
}

func (OpenAccount) Name() string           { return "open_account" }
func (OpenAccount) Needs(Known) Needs      { return Needs{} }
func (OpenAccount) About(Known) care.About { return care.About{} }

// Decide opens the chart; nobody can sign in before the link is used.
func (a OpenAccount) Decide(_ Known, env Env) Plan {
	var wrong problems
	wrong.need(staffRoles[a.Role], "role: one of care_team, clinical, billing, payer, employer, operator")
	wrong.need(mailAddress(a.Email), "email: give an address such as you@example.org")
	wrong.need(strings.TrimSpace(a.FullName) != "" && len(a.FullName) <= 200, "name: give the name to show")
	wrong.need(a.Role != care.RoleEmployer || a.Employer != "", "employer: say which employer the account is for")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	id := care.ChartID(env.ID("ac"))
	plan := Plan{Decision: rules.Allowed(), Made: string(id), Changes: []care.Change{
		care.New{Chart: id, Of: care.OfAccount},
		care.Put{Chart: id, Record: care.Account{Chart: id, Role: a.Role, Name: strings.TrimSpace(a.FullName), Email: strings.TrimSpace(a.Email), Employer: a.Employer}},
	}}
	if a.Pass != nil {
		plan.Changes = append(plan.Changes, givePass(id, *a.Pass, env))
	}
	return plan
}

// InviteProvider gives a candidate an account, and the link that opens it.
type InviteProvider struct {
	Provider care.ChartID
	Email    string
	Pass     *care.Pass
}

func (InviteProvider) Name() string             { return "invite_provider" }
func (a InviteProvider) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a InviteProvider) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide keeps a password that was already set.
func (a InviteProvider) Decide(k Known, env Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if !mailAddress(a.Email) {
		return fault(care.Invalid, "invalid_input", "email: give an address such as you@example.org.")
	}
	account := care.Account{Chart: p.ID, Role: care.RoleProvider}
	if had := k.Chart(a.Provider).Account; had != nil {
		account = *had
	}
	account.Email = strings.TrimSpace(a.Email)
	p.Email = account.Email
	plan := changeProvider(p)
	plan.Changes = append(plan.Changes, care.Put{Chart: p.ID, Record: account})
	if a.Pass != nil {
		plan.Changes = append(plan.Changes, givePass(p.ID, *a.Pass, env))
	}
	return plan
}

// GivePass makes a session, a set-up link or a token for a chart's person.
type GivePass struct {
	Chart care.ChartID
	Pass  care.Pass
}

func (a GivePass) Name() string           { return "give_" + string(a.Pass.Type) }
func (a GivePass) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a GivePass) About(Known) care.About { return care.About{Account: a.Chart} }

// Decide removes passes that have run out on the way, so that they never pile up.
func (a GivePass) Decide(k Known, env Env) Plan {
	chart := k.Chart(a.Chart)
	if chart == nil || chart.Account == nil || chart.Account.Closed {
		return missing()
	}
	plan := Plan{Decision: rules.Allowed(), Made: a.Pass.Hash, Changes: []care.Change{givePass(a.Chart, a.Pass, env)}}
	plan.Changes = append(plan.Changes, dropRunOut(chart, env.Now)...)
	return plan
}

func dropRunOut(chart *care.Chart, now time.Time) (drops []care.Change) {
	for _, p := range chart.Passes {
		if !p.Expires.IsZero() && p.Expires.Before(now) {
			drops = append(drops, care.Drop{Chart: chart.ID, Record: p})
		}
	}
	return drops
}

func givePass(id care.ChartID, p care.Pass, env Env) care.Change {
	p.Chart, p.Made, p.Seen = id, env.Now, env.Now
	return care.Put{Chart: id, Record: p}
}

// TouchPass notes that a session is in use, and moves its end.
type TouchPass struct {
	Chart   care.ChartID
	Hash    string
	Expires time.Time
}

// DropPass signs out: the pass opens nothing any more.
type DropPass struct {
	Chart care.ChartID
	Hash  string
}

// Redeem uses a set-up link up: it sets the password and ends the link and
// every other session.
type Redeem struct {
	Chart    care.ChartID
	Hash     string
	Password string // encoded Argon2id
}

func (TouchPass) Name() string             { return "touch_pass" }
func (a TouchPass) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a TouchPass) About(Known) care.About { return care.About{Account: a.Chart} }
func (DropPass) Name() string              { return "drop_pass" }
func (a DropPass) Needs(Known) Needs       { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a DropPass) About(Known) care.About  { return care.About{Account: a.Chart} }
func (Redeem) Name() string                { return "redeem" }
func (a Redeem) Needs(Known) Needs         { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Redeem) About(Known) care.About    { return care.About{Account: a.Chart} }

// Decide moves the end of a session that is still good.
func (a TouchPass) Decide(k Known, env Env) Plan {
	p, ok := goodPass(k, a.Chart, a.Hash, env)
	if !ok {
		return missing()
	}
	p.Seen, p.Expires = env.Now, a.Expires
	return Plan{Decision: rules.Allowed(), Changes: []care.Change{care.Put{Chart: a.Chart, Record: p}}}
}

// Decide finds nothing wrong with a pass that is gone already.
func (a DropPass) Decide(k Known, _ Env) Plan {
	plan := Plan{Decision: rules.Allowed()}
	if chart := k.Chart(a.Chart); chart != nil {
		if p, ok := chart.Pass(a.Hash); ok {
			plan.Changes = []care.Change{care.Drop{Chart: a.Chart, Record: p}}
		}
	}
	return plan
}

// Decide takes the link once and never again.
func (a Redeem) Decide(k Known, env Env) Plan {
	p, ok := goodPass(k, a.Chart, a.Hash, env)
	if !ok || p.Type != care.PassInvite {
		return fault(care.Conflict, "link_used", "This link has been used or has run out. Ask for a new one.")
	}
	chart := k.Chart(a.Chart)
	account := *chart.Account
	account.Password = a.Password
	plan := Plan{Decision: rules.Allowed(), Made: string(a.Chart), Changes: []care.Change{care.Put{Chart: a.Chart, Record: account}}}
	for _, old := range chart.Passes {
		if old.Type == care.PassSession || old.Type == care.PassInvite {
			plan.Changes = append(plan.Changes, care.Drop{Chart: a.Chart, Record: old})
		}
	}
	return plan
}

func goodPass(k Known, id care.ChartID, hash string, env Env) (care.Pass, bool) {
	chart := k.Chart(id)
	if chart == nil || chart.Account == nil || chart.Account.Closed {
		return care.Pass{}, false
	}
	p, ok := chart.Pass(hash)
	return p, ok && (p.Expires.IsZero() || env.Now.Before(p.Expires))
}
