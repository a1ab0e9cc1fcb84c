package act

import (
	"slices"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Arrival is how somebody came this time: from where, and what they brought along
// that says where they are employed. It is looked at when a new episode begins.
type Arrival struct {
	Source   string
	Code     string        // the employer's code
	Evidence care.Evidence // ByPortal, if a signed link brought the code
}

// ClaimBenefit says which employer offers the programme to the client. The
// employer is never asked about a person.
type ClaimBenefit struct {
	Client   care.ChartID
	Code     string
	Evidence care.Evidence
	Key      string // what the employer's roster would know the client by
}

// AskEmployment is the word of somebody new whom the roster of their employer does
// not know: it opens their chart and has the care team look. Nobody is asked for
// them, and nothing is promised, before somebody has looked.
type AskEmployment struct{ New *Enter }

// CheckEmployment is what the care team found of a client's word. A no ends the
// benefit: what is open goes on as ordinary insurance care.
type CheckEmployment struct {
	Client   care.ChartID
	Employed bool
}

// EndEmployment is a client's word that they do not work there any more.
type EndEmployment struct{ Client care.ChartID }

// NameEmployer lets the client's providers read the employer's name, or not any
// more. Without it they read the programme's name alone.
type NameEmployer struct {
	Client care.ChartID
	Yes    bool
}

// employmentTask asks the care team whether a client's word holds.
const employmentTask = "employment"

func (AskEmployment) Name() string               { return "ask_employment" }
func (AskEmployment) About(Known) care.About     { return care.About{} }
func (a AskEmployment) Needs(k Known) Needs      { return seeker(k, "", a.New) }
func (ClaimBenefit) Name() string                { return "claim_benefit" }
func (a ClaimBenefit) About(Known) care.About    { return care.About{Client: a.Client} }
func (CheckEmployment) Name() string             { return "check_employment" }
func (a CheckEmployment) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a CheckEmployment) About(Known) care.About { return care.About{Client: a.Client} }
func (EndEmployment) Name() string               { return "end_employment" }
func (a EndEmployment) Needs(Known) Needs        { return Needs{Charts: []care.ChartID{a.Client}} }
func (a EndEmployment) About(Known) care.About   { return care.About{Client: a.Client} }
func (NameEmployer) Name() string                { return "name_employer" }
func (a NameEmployer) Needs(Known) Needs         { return Needs{Charts: []care.ChartID{a.Client}} }
func (a NameEmployer) About(Known) care.About    { return care.About{Client: a.Client} }
func (a ClaimBenefit) Needs(k Known) Needs {
	n := lookUp(k, a.Code, a.Key)
	n.Charts = append(n.Charts, a.Client)
	return n
}

// Decide keeps the code as given; whether it entitles is decided at each
// request, by the employers who take part that day.
func (a ClaimBenefit) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	code := strings.TrimSpace(a.Code)
	if code == "" || len(code) > 40 {
		return fault(care.Invalid, "invalid_input", "Give the code that your employer or the wellness portal showed you.")
	}
	if len(a.Key) > 40 {
		return fault(care.Invalid, "invalid_input", "Give the key as it was made from the work e-mail or the number at work.")
	}
	was, now := client.Benefit, benefit(code, a.Evidence, a.Key, k, env)
	now.Episode = was.Episode
	if now.Employer == was.Employer && now.Employer != "" {
		now.Named = was.Named
		if now.Found() == nil && was.Found() != nil { // a word takes back nothing that was found
			now.Evidence, now.Employed, now.FoundAt, now.FoundBy, now.Ended = was.Evidence, was.Employed, was.FoundAt, was.FoundBy, was.Ended
			if now.Key == "" {
				now.Key = was.Key
			}
		}
	}
	client.Benefit = now
	facts := clientFacts(client, env)
	if facts.Found == rules.No || facts.Found == rules.Unknown && facts.Rostered {
		client = d.lookAtWord(client) // nothing begins before somebody has looked
	}
	d.keepBenefit(client)
	d.Made = string(client.ID)
	d.Decision = rules.ClientMayTakePart.Decide(clientFacts(client, env), env.Words)
	d.Decision.Outcome = rules.Yes // what was said is kept; the findings tell what it is worth
	return d.plan()
}

// Decide asks of the client what a request asks, all but what the care team is to
// find out.
func (a AskEmployment) Decide(k Known, env Env) Plan {
	if a.New == nil {
		return missing()
	}
	chart, opened, f := a.New.open(k, env)
	if f != nil {
		return Plan{Fault: f}
	}
	facts := clientFacts(*chart.Client, env)
	decision := rules.MayAskMatch.Decide(rules.RequestFacts{Client: facts, Enabled: env.Programme.Takes(programmeFor(chart, env))}, env.Words)
	switch {
	case decision.Outcome == rules.Yes:
		return fault(care.Conflict, "nothing_to_look_at", "Nothing has to be looked at: you can ask a provider straight away.")
	case !facts.Rostered || !rules.WaitsForALook(decision):
		return refused(decision)
	}
	d := begin(env, chart)
	d.Changes = opened
	d.keepBenefit(d.lookAtWord(*d.chart.Client))
	d.Made = string(d.chart.Tasks[0].ID)
	return d.plan()
}

// Decide keeps what the care team found, and ends the question.
func (a CheckEmployment) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	switch {
	case !ok:
		return missing()
	case client.Benefit.Employer == "":
		return fault(care.Conflict, "no_benefit", "This client has named no employer that is known here. Ask them for the code; they enter it under their details.")
	}
	client.Benefit.Evidence = care.ByWord // a person has looked, which counts for more than an old roster
	d.employed(client, a.Employed)
	d.Made = string(client.ID)
	return d.plan()
}

// Decide tells nobody: the employer is never told anything.
func (a EndEmployment) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	switch {
	case !ok:
		return missing()
	case client.Benefit.Employer == "":
		return fault(care.Conflict, "no_benefit", "You have named no employer yet. Give its code first.")
	}
	client.Benefit.Evidence = care.ByWord
	d.employed(client, false)
	d.Made = string(client.ID)
	return d.plan()
}

// Decide writes the name where providers read it, and takes it away again.
func (a NameEmployer) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	client.Benefit.Named = a.Yes
	d.put(client)
	for _, e := range d.chart.Episodes {
		name := ""
		if a.Yes && e.ClosedAt.IsZero() {
			name = nameOf(e.Employer, env.Employers)
		}
		if e.EmployerName != name {
			e.EmployerName = name
			d.put(e)
		}
	}
	d.Made = string(client.ID)
	return d.plan()
}

func nameOf(id care.EmployerID, employers []care.Employer) string {
	if i := slices.IndexFunc(employers, func(e care.Employer) bool { return e.ID == id }); i >= 0 {
		return employers[i].Name
	}
	return ""
}

// source is where an episode comes from.
func (a Arrival) source(chart *care.Chart) string {
	known := a.Source == care.FromPortal || a.Source == care.FromEmployer || a.Source == care.FromCareTeam
	switch {
	case known:
		return a.Source
	case len(chart.Episodes) == 0 && chart.Client.Source != "":
		return chart.Client.Source
	}
	return care.FromNowhere
}

// add joins needs.
func (n *Needs) add(m Needs) {
	n.Charts, n.Sets = append(n.Charts, m.Charts...), append(n.Sets, m.Sets...)
}

// seeker is what there is to read about whoever seeks care: somebody new, or a
// client whose key is looked up again if a new episode is to begin.
func seeker(k Known, client care.ChartID, entering *Enter) Needs {
	if entering != nil {
		return entering.Needs(k)
	}
	if chart := k.Chart(client); chart != nil && chart.Client != nil {
		if e, open := chart.OpenEpisode(); !open || idle(chart, e) {
			return lookUp(k, chart.Client.Benefit.Code, chart.Client.Benefit.Key)
		}
	}
	return Needs{}
}

// RosterKey is what the roster of the employer with a code would know somebody
// by, made where they typed it in, so that what they typed goes no further. It is
// empty where nothing was typed or the employer is not known.
func RosterKey(code, employee string, programme *care.Chart) string {
	e := employerOf(code, programme.Employers)
	if care.Alike(employee) == "" || e == nil || e.Salt == "" {
		return ""
	}
	return care.RosterKey(e.Salt, employee)
}

// EmployerOf is the employer with a code; nil: nobody has it.
func EmployerOf(code string, programme *care.Chart) *care.Employer {
	return employerOf(code, programme.Employers)
}

// lookUp is what there is to read to look a key up in the roster in force.
func lookUp(k Known, code, key string) Needs {
	if key == "" {
		return Needs{}
	}
	n := Needs{Charts: []care.ChartID{care.ProgrammeChart}}
	if programme := k.Chart(care.ProgrammeChart); programme != nil {
		if e := employerOf(code, programme.Employers); e != nil && e.Roster != "" {
			n.Sets = []care.Set{care.Rostered(e.Roster, key)}
		}
	}
	return n
}

// benefit is what somebody says of their employer, with what is known at once.
func benefit(code string, by care.Evidence, key string, k Known, env Env) care.Benefit {
	b := care.Benefit{Code: strings.TrimSpace(code), Evidence: by, At: env.Now}
	if by != care.ByPortal {
		b.Evidence = care.ByWord
	}
	if e := employerOf(b.Code, env.Employers); e != nil {
		b.Employer, b.Key = e.ID, key
	}
	return lookedUp(b, k, env)
}

// lookedUp asks the roster in force, if there is one and the client gave a key.
// Who was on it and is not any more has left; a key that never was on it may have
// been mistyped, so the client's word stands and the care team looks.
func lookedUp(b care.Benefit, k Known, env Env) care.Benefit {
	e := employerOf(b.Code, env.Employers)
	if b.Key == "" || e == nil || e.Roster == "" {
		return b
	}
	on := len(k.Sets[care.Rostered(e.Roster, b.Key)]) > 0
	if !on && b.Evidence != care.ByRoster {
		return b
	}
	if on != is(b.Found()) && b.Found() != nil || b.Evidence != care.ByRoster {
		b.Ended = endedAt(b, on, env)
		b.Evidence, b.Employed, b.FoundAt, b.FoundBy = care.ByRoster, &on, env.Now, ""
	}
	return b
}

func is(b *bool) bool { return b != nil && *b }

// endedAt is since when an employment is over by what is found now. What was
// never found good has no end.
func endedAt(b care.Benefit, employed bool, env Env) (at time.Time) {
	switch {
	case employed:
	case is(b.Found()):
		at = env.Now
	default:
		at = b.Ended
	}
	return at
}

// lookAgain looks at the benefit for an episode that is to begin: at what the
// client brought along, else at the roster in force.
func (d *draft) lookAgain(came Arrival, k Known) {
	client := *d.chart.Client
	had := client.Benefit
	if e := employerOf(came.Code, d.env.Employers); e != nil && (came.Evidence == care.ByPortal || had.Code == "") {
		client.Benefit = benefit(came.Code, came.Evidence, "", k, d.env)
		if client.Benefit.Employer == had.Employer {
			client.Benefit.Key, client.Benefit.Named = had.Key, had.Named
		}
	} else {
		client.Benefit = lookedUp(client.Benefit, k, d.env)
	}
	d.chart.Client = &client
}

// benefitServes keeps for which episode a benefit was looked at last. What only an
// earlier episode had proven is looked at again by the care team.
func (d *draft) benefitServes(e care.Episode) {
	client := *d.chart.Client
	b := &client.Benefit
	proven := is(b.Found()) && (b.Episode == "" || b.Evidence == care.ByRoster || b.At.Equal(d.env.Now))
	b.Episode = e.ID
	d.keepBenefit(client)
	if !proven {
		d.lookAtEmployment()
	}
}

// lookAtWord has the care team look whether a client's word holds; the client is told
// once they have.
func (d *draft) lookAtWord(client care.Client) care.Client {
	client.Benefit.Asked = d.env.Now
	d.lookAtEmployment()
	return client
}

// lookAtEmployment asks the care team whether a client's word holds, once at a
// time.
func (d *draft) lookAtEmployment() {
	if !slices.ContainsFunc(d.chart.Tasks, func(t care.Task) bool { return t.Code == employmentTask && t.DoneAt.IsZero() }) {
		d.task(employmentTask, string(d.chart.ID))
	}
}

// employed keeps what was found of a client's employment. The client alone is
// told: that it ended, or, who waited for it, that they can go on.
func (d *draft) employed(client care.Client, found bool) {
	was := d.chart.Client.Benefit.Found()
	client.Benefit.Ended = endedAt(d.chart.Client.Benefit, found, d.env)
	client.Benefit.Employed, client.Benefit.FoundAt, client.Benefit.FoundBy = &found, d.env.Now, d.env.Actor.Chart
	d.keepBenefit(client)
	for _, t := range d.chart.Tasks {
		if t.Code == employmentTask && t.DoneAt.IsZero() {
			t.DoneAt, t.DoneBy = d.env.Now, d.env.Actor.Chart
			d.put(t)
		}
	}
	_, seeking := d.chart.OpenEpisode()
	switch {
	case !found && (was == nil || *was) && d.env.Actor.Chart != client.ID:
		d.tellClient("benefit_ended", string(client.ID), "/me/details", time.Time{})
	case found && !is(was) && !client.Benefit.Asked.IsZero() && !seeking: // they could not begin before
		d.tellClient("benefit_found", string(client.ID), "/find", time.Time{})
	}
}

// keepBenefit keeps a client's benefit, with what follows from it: episodes that
// go on without it bear the programme's badge no more, and sessions are covered
// otherwise.
func (d *draft) keepBenefit(client care.Client) {
	d.put(client)
	found := client.Benefit.Found()
	over := found != nil && !*found
	for _, e := range d.chart.Episodes {
		if e.Employer == client.Benefit.Employer && e.ClosedAt.IsZero() && over == e.Left.IsZero() {
			e.Left = time.Time{}
			if over {
				e.Left = d.env.Now
			}
			d.put(e)
		}
	}
	d.recheckSessions()
}
