package api

import (
	"context"
	"strings"
	"time"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// me is who the caller is. What only a client or a provider has is left out for
// the others.
type me struct {
	ID        care.ChartID       `json:"id"`
	Role      care.Role          `json:"role"`
	Name      string             `json:"name"`
	State     string             `json:"state,omitempty" doc:"Where a client physically is, two letters"`
	Zone      string             `json:"zone,omitempty" doc:"IANA time zone"`
	BirthDate *calendar.Date     `json:"birth_date,omitempty"`
	Contact   contact            `json:"contact"`
	Concerns  []string           `json:"concerns,omitempty"`
	Language  string             `json:"language,omitempty"`
	Benefit   *benefit           `json:"benefit,omitempty"`
	LeftAt    *time.Time         `json:"left_at,omitempty" doc:"Since when a client has left the programme; they come back by seeking care"`
	Standing  care.Participation `json:"participation,omitempty" enum:"not_joined,active,paused,opted_out"`
}

type contact struct {
	Email string `json:"email,omitempty" maxLength:"254" doc:"The address to sign in with; the care team changes it"`
	Phone string `json:"phone,omitempty" maxLength:"40"`
}

// benefit is what the employer's code of a client is worth today.
type benefit struct {
	Code     string          `json:"employer_code,omitempty"`
	Evidence care.Evidence   `json:"evidence,omitempty" enum:"portal,roster,attestation" doc:"What it rests on: a signed link of the portal, the employer's roster, or your word, which the care team looks at"`
	Checked  *bool           `json:"checked,omitempty" doc:"What was found beyond your word; left out: nobody has looked yet, and no session counts as covered before"`
	Named    bool            `json:"name_shown,omitempty" doc:"Your providers can read the employer's name"`
	State    rules.Truth     `json:"state"`
	Reasons  []rules.Finding `json:"reasons" doc:"What stands in the way, if anything does"`
}

func (a *API) me(ctx context.Context, _ *struct{}) (me, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), actor(ctx).Chart, "me")
	if err != nil {
		return me{}, err
	}
	m := a.showMe(chart)
	m.Role = actor(ctx).Role
	if m.Name == "" {
		m.Name = auth.Of(ctx).Name
	}
	return m, nil
}

func (a *API) showMe(chart *care.Chart) me {
	m := me{ID: chart.ID}
	if chart.Account != nil {
		m.Name, m.Contact.Email = chart.Account.Name, chart.Account.Email
	}
	if p := chart.Provider; p != nil {
		m.Name, m.Zone, m.Standing = p.Name, p.Hours.Zone, p.Standing
	}
	if c := chart.Client; c != nil {
		m.Name, m.State, m.Zone, m.Concerns, m.Language = c.Name, c.State, c.Zone, c.Concerns, c.Language
		m.Contact = contact{Email: c.Email, Phone: c.Phone}
		m.Benefit, m.LeftAt = a.showBenefit(*c), in(rules.Zone(c.Zone), c.LeftAt)
		if !c.BirthDate.IsZero() {
			m.BirthDate = &c.BirthDate
		}
	}
	return m
}

func (a *API) showBenefit(c care.Client) *benefit {
	programme, _ := a.store.Programme()
	d := act.Benefit(c, programme, a.now())
	return &benefit{Code: c.Benefit.Code, Evidence: c.Benefit.Evidence, Checked: c.Benefit.Found(), Named: c.Benefit.Named, State: d.Outcome, Reasons: d.Reasons()}
}

type putMe struct {
	Keyed
	Matched
	Body struct {
		Name      *string        `json:"name,omitempty" minLength:"1" maxLength:"200"`
		State     *string        `json:"state,omitempty" minLength:"2" maxLength:"2" doc:"Where you physically are, two letters"`
		Zone      *string        `json:"zone,omitempty" maxLength:"64" doc:"IANA time zone, such as America/Chicago"`
		BirthDate *calendar.Date `json:"birth_date,omitempty"`
		Contact   *struct {
			Email *string `json:"email,omitempty" maxLength:"254" doc:"As it is, or left out: the care team changes it"`
			Phone *string `json:"phone,omitempty" maxLength:"40"`
		} `json:"contact,omitempty"`
		Concerns []string `json:"concerns,omitempty" maxItems:"10"`
		Language *string  `json:"language,omitempty" maxLength:"40"`
	}
}

func (a *API) putMe(ctx context.Context, in *putMe) (me, error) {
	own, b := actor(ctx).Chart, in.Body
	update := act.UpdateMe{
		Client: own, FullName: b.Name, State: b.State, Zone: b.Zone, BirthDate: b.BirthDate, Concerns: b.Concerns, Language: b.Language,
	}
	if b.Contact != nil {
		if email := b.Contact.Email; email != nil && !a.signsInAs(ctx, *email) {
			return me{}, reply.Bad(ctx, 422, "email_fixed", "contact.email: you sign in with this address, so it is not changed here. Leave it out, and ask the care team.")
		}
		update.Phone = b.Contact.Phone
	}
	now := func(k act.Known) string {
		chart := k.Chart(own)
		if chart == nil {
			return ""
		}
		m := a.showMe(chart)
		m.Role = care.RoleClient
		return tag(m)
	}
	if _, err := a.do(ctx, in.Keyed, ifMatch(in.Matched, update, now)); err != nil {
		return me{}, err
	}
	return a.me(ctx, nil)
}

// leaveProgramme ends everything of a client's that is open.
func (a *API) leaveProgramme(ctx context.Context, in *bare) (me, error) {
	if _, err := a.do(ctx, in.Keyed, act.LeaveProgramme{Client: actor(ctx).Chart}); err != nil {
		return me{}, err
	}
	return a.me(ctx, nil)
}

type postJoin struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" doc:"Of the other account"`
		Password string `json:"password" minLength:"1" maxLength:"256" doc:"Of the other account. One that has none yet gets it by its set-up link"`
	}
}

// joined is the one account that two have become.
type joined struct {
	Client care.ChartID `json:"client_id" doc:"The one that stays: in which care has begun, or the older one"`
	Email  string       `json:"email" doc:"To sign in with from now on"`
	Token  string       `json:"token" doc:"Opens it from now on; every other token and session has ended. Authorization: Bearer TOKEN"`
	Until  time.Time    `json:"token_until" doc:"After that you sign in with the address and its password"`
}

// joinAccounts takes no key: what is sent again comes with a token that has ended.
func (a *API) joinAccounts(ctx context.Context, in *postJoin) (joined, error) {
	other, err := a.other(ctx, in.Body.Email, in.Body.Password)
	if err != nil {
		return joined{}, err
	}
	shown := joined{Token: a.secret(), Until: a.now().UTC().Truncate(time.Second).Add(newPeople)}
	pass := care.Pass{Hash: auth.Hash(shown.Token), Type: care.PassToken, Expires: shown.Until}
	out, err := a.do(ctx, Keyed{}, act.JoinAccounts{Mine: actor(ctx).Chart, Other: other.Chart, Proof: other.Password, Pass: &pass})
	if err != nil {
		return joined{}, err
	}
	shown.Client = care.ChartID(out.Made)
	chart, err := a.store.Chart(ctx, care.Actor{Role: care.RoleClient, Chart: shown.Client}, shown.Client, "me")
	if err != nil {
		return joined{}, err
	}
	shown.Email = chart.Account.Email
	return shown, nil
}

func (a *API) signsInAs(ctx context.Context, email string) bool {
	own := a.own(ctx)
	return own != nil && own.Account != nil && strings.EqualFold(email, own.Account.Email)
}

type postBenefit struct {
	Keyed
	Body struct {
		Code     string `json:"employer_code" minLength:"1" maxLength:"40" doc:"The code that your employer or the wellness portal showed you"`
		Evidence string `json:"evidence,omitempty" enum:"portal,roster,attestation" doc:"How you know. Said here it is your word; what was proven before stays so"`
		Proof    string `json:"proof,omitempty" maxLength:"60" doc:"Of /enter, where a link of the portal brought the code"`
		Employee string `json:"employee,omitempty" maxLength:"254" doc:"Your e-mail or number at work, to be looked up in the employer's roster. It is hashed at once and not kept"`
	}
}

func (a *API) claimBenefit(ctx context.Context, in *postBenefit) (benefit, error) {
	b := in.Body
	return a.onBenefit(ctx, in.Keyed, act.ClaimBenefit{Client: actor(ctx).Chart, Code: b.Code, Evidence: auth.Came(a.store, "", b.Code, b.Proof).Evidence, Key: a.rosterKey(b.Code, b.Employee)})
}

func (a *API) rosterKey(code, employee string) string {
	programme, _ := a.store.Programme()
	return act.RosterKey(code, employee, programme)
}

// endEmployment is a client's word that they do not work there any more.
func (a *API) endEmployment(ctx context.Context, in *struct {
	Keyed
	Body *nothing
}) (benefit, error) {
	return a.onBenefit(ctx, in.Keyed, act.EndEmployment{Client: actor(ctx).Chart})
}

type putName struct {
	Keyed
	Body struct {
		Shown bool `json:"shown" doc:"Whether the providers you ask can read your employer's name"`
	}
}

func (a *API) nameEmployer(ctx context.Context, in *putName) (benefit, error) {
	return a.onBenefit(ctx, in.Keyed, act.NameEmployer{Client: actor(ctx).Chart, Yes: in.Body.Shown})
}

type postEmployment struct {
	ByID
	Keyed
	Body struct {
		Employed bool `json:"employed" doc:"What was found. false: no new care begins through the programme, and what is open goes on as ordinary insurance care"`
	}
}

func (a *API) checkEmployment(ctx context.Context, in *postEmployment) (benefit, error) {
	return a.onBenefit(ctx, in.Keyed, act.CheckEmployment{Client: care.ChartID(in.ID), Employed: in.Body.Employed})
}

// onBenefit does an act about a client's benefit and shows it as it is now.
func (a *API) onBenefit(ctx context.Context, key Keyed, do act.Act) (benefit, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return benefit{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ChartID(out.Made), "benefit")
	if err != nil {
		return benefit{}, err
	}
	return *a.showBenefit(*chart.Client), nil
}
