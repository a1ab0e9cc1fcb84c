package api

import (
	"context"
	"time"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// participation is where a provider stands with the programme.
type participation struct {
	Provider    care.ChartID        `json:"provider_id"`
	Standing    care.Participation  `json:"participation" enum:"not_joined,pending_review,active,paused,opted_out,suspended"`
	Attested    []attestation       `json:"attested"`
	Virtual     *bool               `json:"virtual,omitempty" doc:"Left out: not yet said"`
	Degree      string              `json:"degree,omitempty"`
	Degrees     []string            `json:"degrees,omitempty" doc:"Those held besides it; any one that qualifies is enough"`
	Caseload    int                 `json:"caseload,omitempty" doc:"Most clients at a time; left out: as many as come"`
	Waitlist    bool                `json:"waitlist_only,omitempty" doc:"Takes nobody new until this is taken back, and is not in the directory: names on a waiting list only"`
	Asked       bool                `json:"confirm,omitempty" doc:"The care team opted in on my behalf, and my own yes is waited for"`
	Licences    []string            `json:"licences" doc:"States, two letters each"`
	Credentials []credential        `json:"credentials"`
	JoinedAt    *time.Time          `json:"joined_at,omitempty"`
	LeftAt      *time.Time          `json:"left_at,omitempty"`
	History     []participationStep `json:"history" doc:"The last changes, oldest first, each with its date and who made it"`
	Again       []outdated          `json:"attest_again,omitempty" doc:"Duties that have changed since my yes"`
	Missing     []rules.Finding     `json:"missing" doc:"What stands in the way of taking part, if anything does"`
}

type participationStep struct {
	To   care.Participation `json:"to"`
	At   time.Time          `json:"at" doc:"From when it holds"`
	Role care.Role          `json:"role" doc:"As what somebody changed it"`
	Why  string             `json:"why,omitempty" doc:"Of a suspension"`
}

type outdated struct {
	Duty  string        `json:"duty"`
	Says  string        `json:"says" doc:"As it is today"`
	Until calendar.Date `json:"until" doc:"The last day on which the earlier yes counts"`
}

type attestation struct {
	Duty    string    `json:"duty"`
	Version string    `json:"version" doc:"Of the words agreed to"`
	At      time.Time `json:"at"`
}

type credential struct {
	State string        `json:"state" minLength:"2" maxLength:"2"`
	From  calendar.Date `json:"from"`
	Until calendar.Date `json:"until,omitzero" doc:"The last good day; left out: without end"`
}

func (a *API) participation(ctx context.Context, _ *struct{}) (participation, error) {
	return a.participationOf(ctx, actor(ctx).Chart)
}

func (a *API) participationOf(ctx context.Context, id care.ChartID) (participation, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), id, "participation")
	if err != nil {
		return participation{}, err
	}
	if chart.Provider == nil {
		return participation{}, care.Missing()
	}
	p, zone, now := *chart.Provider, a.zone(ctx, chart), a.now()
	programme, _ := a.store.Programme()
	facts := rules.ProviderFacts{Provider: p, Today: calendar.On(now, zone), Terms: rules.TermsAt(programme.Terms, now), Versions: programme.Terms}
	shown := participation{
		Degrees: p.Degrees, Caseload: p.Caseload, Waitlist: p.WaitlistOnly, Asked: p.AskedBy != "",
		History: each(p.History, func(s care.Step) participationStep {
			return participationStep{To: s.To, At: s.At.In(zone), Role: s.Role, Why: s.Why}
		}),
		Provider: p.ID, Standing: p.Standing, Virtual: p.Virtual, Degree: p.Degree,
		Attested: each(p.Attested, func(t care.Attestation) attestation {
			return attestation{Duty: t.Duty, Version: t.Version, At: t.At.In(zone)}
		}),
		Licences:    each(p.Licences, func(l care.Licence) string { return l.State }),
		Credentials: each(p.Credentials, func(c care.Credential) credential { return credential(c) }),
		JoinedAt:    in(zone, p.JoinedAt), LeftAt: in(zone, p.LeftAt),
		Missing: rules.MayJoin.Decide(facts, a.store.Words()).Reasons(),
	}
	for _, given := range p.Attested {
		if until, asked := rules.Outdated(facts, given); asked {
			shown.Again = append(shown.Again, outdated{given.Duty, rules.DutySays(given.Duty, a.store.Words()), until})
		}
	}
	return shown, nil
}

type postParticipation struct {
	Keyed
	Body struct {
		Join    bool     `json:"join" doc:"true; leaving has a call of its own"`
		Attest  []string `json:"attest" maxItems:"6" enum:"duty.virtual,duty.portal,duty.respond,duty.consult,duty.baseline,duty.follow_up" doc:"All six duties, each a yes to its sentence in the handbook"`
		Virtual *bool    `json:"virtual,omitempty" doc:"Whether you offer virtual care; left out: as it is"`
	}
}

func (a *API) join(ctx context.Context, in *postParticipation) (participation, error) {
	if !in.Body.Join {
		return participation{}, reply.Bad(ctx, 422, "invalid_input", "join: send true to take part. To stop, use the calls pause or leave.")
	}
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.Join{Provider: own, Attest: in.Body.Attest, Virtual: in.Body.Virtual})
}

// own is a write about oneself without anything to say.
type own struct {
	Keyed
	Body *nothing
}

func (a *API) pause(ctx context.Context, in *own) (participation, error) {
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.Pause{Provider: own})
}

func (a *API) resume(ctx context.Context, in *own) (participation, error) {
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.Resume{Provider: own})
}

func (a *API) leave(ctx context.Context, in *own) (participation, error) {
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.Leave{Provider: own})
}

type putCaseload struct {
	Keyed
	Body struct {
		Caseload     *int  `json:"caseload,omitempty" minimum:"0" maximum:"1000" doc:"0: as many as come; left out: as it is"`
		WaitlistOnly *bool `json:"waitlist_only,omitempty" doc:"Names on a waiting list only; taken back, each who waits is told and the list ends. Left out: as it is"`
	}
}

func (a *API) setCaseload(ctx context.Context, in *putCaseload) (participation, error) {
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.SetCaseload{Provider: own, Caseload: in.Body.Caseload, WaitlistOnly: in.Body.WaitlistOnly})
}

type putVirtual struct {
	Keyed
	Body struct {
		Virtual bool `json:"virtual" doc:"false takes you off the list at once; who waits for an answer is offered others"`
	}
}

func (a *API) setVirtual(ctx context.Context, in *putVirtual) (participation, error) {
	own := actor(ctx).Chart
	return a.onParticipation(ctx, in.Keyed, own, act.SetVirtual{Provider: own, Virtual: in.Body.Virtual})
}

type postPsyD struct {
	Keyed
	Body struct {
		Take bool `json:"take"`
	}
}

// decided is the version of the terms that a decision made.
type decided struct {
	Version string `json:"version"`
}

func (a *API) decidePsyD(ctx context.Context, in *postPsyD) (decided, error) {
	out, err := a.do(ctx, in.Keyed, act.DecidePsyD{Take: in.Body.Take})
	return decided{Version: out.Made}, err
}

type putDegrees struct {
	ByID
	Keyed
	Body struct {
		Degrees []string `json:"degrees" minItems:"1" maxItems:"6" enum:"masters,phd,np,psyd,md,other" doc:"All that the provider holds, the main one first"`
	}
}

func (a *API) setDegrees(ctx context.Context, in *putDegrees) (participation, error) {
	id := care.ChartID(in.ID)
	return a.onParticipation(ctx, in.Keyed, id, act.SetDegrees{Provider: id, Degrees: in.Body.Degrees})
}

func (a *API) optIn(ctx context.Context, in *one) (participation, error) {
	id := care.ChartID(in.ID)
	return a.onParticipation(ctx, in.Keyed, id, act.OptIn{Provider: id})
}

func (a *API) admit(ctx context.Context, in *one) (participation, error) {
	id := care.ChartID(in.ID)
	return a.onParticipation(ctx, in.Keyed, id, act.Admit{Provider: id})
}

func (a *API) reinstate(ctx context.Context, in *one) (participation, error) {
	id := care.ChartID(in.ID)
	return a.onParticipation(ctx, in.Keyed, id, act.Reinstate{Provider: id})
}

type postSuspend struct {
	ByID
	Keyed
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"The provider reads it"`
	}
}

func (a *API) suspend(ctx context.Context, in *postSuspend) (participation, error) {
	id := care.ChartID(in.ID)
	return a.onParticipation(ctx, in.Keyed, id, act.Suspend{Provider: id, Reason: in.Body.Reason})
}

type postCredentials struct {
	ByID
	Keyed
	Body struct {
		Credentials []credential `json:"credentials" maxItems:"60" doc:"All that are known; they take the place of those before"`
	}
}

func (a *API) credential(ctx context.Context, in *postCredentials) (participation, error) {
	id := care.ChartID(in.ID)
	given := each(in.Body.Credentials, func(c credential) care.Credential { return care.Credential(c) })
	return a.onParticipation(ctx, in.Keyed, id, act.Credential{Provider: id, Credentials: given})
}

func (a *API) onParticipation(ctx context.Context, key Keyed, id care.ChartID, do act.Act) (participation, error) {
	if _, err := a.do(ctx, key, do); err != nil {
		return participation{}, err
	}
	return a.participationOf(ctx, id)
}

type postInvite struct {
	ByID
	Keyed
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254"`
	}
}

// invited is an account that waits for its person.
type invited struct {
	ID   care.ChartID `json:"id"`
	Link string       `json:"link,omitempty" doc:"The path of the set-up link, shown this once; it works once, for 7 days"`
}

func (a *API) invite(ctx context.Context, in *postInvite) (invited, error) {
	secret, pass := a.link()
	out, err := a.do(ctx, in.Keyed, act.InviteProvider{Provider: care.ChartID(in.ID), Email: in.Body.Email, Pass: pass})
	if err != nil {
		return invited{}, err
	}
	return a.shownOnce(out.Made, secret, out.Replayed), nil
}

// inviteLife is how long a set-up link works.
const inviteLife = 7 * 24 * time.Hour

// link draws a set-up link's secret, of which only a hash is kept.
func (a *API) link() (string, *care.Pass) {
	secret := a.secret()
	return secret, &care.Pass{Hash: auth.Hash(secret), Type: care.PassInvite, Expires: a.now().UTC().Truncate(time.Second).Add(inviteLife)}
}

// shownOnce leaves the link out of a replay: its secret is known to nobody any
// more.
func (a *API) shownOnce(id, secret string, replayed bool) invited {
	if replayed {
		return invited{ID: care.ChartID(id)}
	}
	return invited{ID: care.ChartID(id), Link: a.setUp + secret}
}

type postAccount struct {
	Keyed
	Body struct {
		Role     care.Role       `json:"role" enum:"care_team,clinical,billing,payer,employer,operator"`
		Name     string          `json:"name" minLength:"1" maxLength:"200"`
		Email    string          `json:"email" minLength:"3" maxLength:"254"`
		Employer care.EmployerID `json:"employer_id,omitempty" maxLength:"64" doc:"Of an employer's viewer"`
	}
}

func (a *API) openAccount(ctx context.Context, in *postAccount) (invited, error) {
	secret, pass := a.link()
	b := in.Body
	out, err := a.do(ctx, in.Keyed, act.OpenAccount{Role: b.Role, FullName: b.Name, Email: b.Email, Employer: b.Employer, Pass: pass})
	if err != nil {
		return invited{}, err
	}
	return a.shownOnce(out.Made, secret, out.Replayed), nil
}
