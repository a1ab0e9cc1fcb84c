package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Coming in: by a link from the payer partner's portal, and as somebody new.

type postEnter struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"1100" doc:"The t of the link"`
	}
}

// entered is what a link brought. It is of an employer and of nobody.
type entered struct {
	Source  string    `json:"source" doc:"portal"`
	Code    string    `json:"employer_code"`
	Proof   string    `json:"proof" doc:"Our own word that the portal said so: send all three along, as came, with what you ask for"`
	Until   time.Time `json:"proof_until"`
	Offered bool      `json:"offered" doc:"The employer offers the programme today"`
	Says    string    `json:"says,omitempty" doc:"Where it does not: since when, or from when on"`
}

// enter uses a link up as the page does, for whoever may be signed in. Looking
// around writes nothing down.
func (a *API) enter(ctx context.Context, in *postEnter) (entered, error) {
	h, err := auth.UseHandoff(ctx, a.store, in.Body.Token, a.now())
	var f *care.Fault
	switch {
	case errors.As(err, &f) && f.Code == auth.ErrForged.Error():
		return entered{}, reply.Bad(ctx, http.StatusBadRequest, f.Code, f.Says)
	case err != nil:
		return entered{}, err
	}
	shown := entered{Source: care.FromPortal, Code: h.Employer}
	shown.Proof, shown.Until = auth.Prove(a.store, h.Employer, a.now())
	programme, _ := a.store.Programme()
	today := calendar.On(a.now(), rules.Zone(rules.HomeZone))
	switch e := act.EmployerOf(h.Employer, programme); {
	case e == nil:
		shown.Says = "We do not know this employer’s code."
	case today.Before(e.Starts):
		shown.Says = "The employer offers this from " + e.Starts.String() + " on."
	case !e.Offers(today):
		shown.Says = "The employer offered this until " + e.Ends.String() + ". Care that has begun goes on."
	default:
		shown.Offered = true
	}
	return shown, nil
}

// came is how somebody came this time.
type came struct {
	Source string `json:"source,omitempty" enum:"portal,employer_link,care_team" doc:"Left out: directly"`
	Code   string `json:"employer_code,omitempty" maxLength:"40"`
	Proof  string `json:"proof,omitempty" maxLength:"60" doc:"Of /enter; without it the code is a word that somebody looks at"`
}

func (a *API) came(c *came) act.Arrival {
	if c == nil {
		return act.Arrival{}
	}
	return auth.Came(a.store, c.Source, c.Code, c.Proof)
}

// newcomer is somebody who comes for the first time.
type newcomer struct {
	Name      string   `json:"name" minLength:"1" maxLength:"200" doc:"The name you go by"`
	Email     string   `json:"email" maxLength:"254" doc:"We only ever write that there is something to see"`
	BirthDate string   `json:"birth_date" format:"date"`
	State     string   `json:"state" minLength:"2" maxLength:"2" doc:"Where you are, two letters"`
	Zone      string   `json:"zone" maxLength:"60" doc:"Such as America/Chicago"`
	Concerns  []string `json:"concerns,omitempty" maxItems:"10"`
	Language  string   `json:"language,omitempty" maxLength:"40"`
	Employee  string   `json:"employee,omitempty" maxLength:"254" doc:"Your e-mail or number at work, to be looked up in the employer's roster. It is hashed at once and not kept. Left out: your e-mail"`
}

// letIn is somebody new whose first question opened their record.
type letIn struct {
	ID     string       `json:"id" doc:"Of what was asked: a referral, a match, or for the care team to look"`
	Client care.ChartID `json:"client_id"`
	Token  string       `json:"token" doc:"Opens your record from now on: Authorization: Bearer TOKEN"`
	Until  time.Time    `json:"token_until" doc:"After that you come in by the link that was mailed"`
}

// newPeople is how long the token of somebody new opens their record: as long as
// a browser's session that nobody uses.
const newPeople = 14 * 24 * time.Hour

// leastKey is how long a key has to be that lets somebody in again: nobody who knows
// what a person sent may guess it.
const leastKey = 20

type postNewReferral struct {
	Keyed
	Body struct {
		New       newcomer     `json:"new"`
		Came      *came        `json:"came,omitempty"`
		Provider  care.ChartID `json:"provider_id" maxLength:"64"`
		Note      string       `json:"note,omitempty" maxLength:"2000"`
		Preferred []time.Time  `json:"preferred_times,omitempty" maxItems:"10" doc:"Starts that would suit; the provider may book one of them"`
		Start     time.Time    `json:"start,omitzero" doc:"An opening of the provider's: then the consultation is booked at once"`
		Holder    string       `json:"holder,omitempty" maxLength:"200" doc:"The secret by which a time is held: that one is no longer, and may be the one that is booked"`
	}
}

func (a *API) requestNew(ctx context.Context, in *postNewReferral) (letIn, error) {
	b := in.Body
	return a.letIn(ctx, in.Keyed, b.New, b.Came, func(enter *act.Enter, came act.Arrival) act.Act {
		ask := act.Request{New: enter, Provider: b.Provider, Start: b.Start, Note: b.Note, Preferred: b.Preferred, Came: came}
		if b.Holder != "" {
			ask.Holder = auth.Hash(b.Holder)
		}
		return ask
	})
}

type postNewMatch struct {
	Keyed
	Body struct {
		New    newcomer `json:"new"`
		Came   *came    `json:"came,omitempty"`
		Note   string   `json:"note,omitempty" maxLength:"2000" doc:"The care team reads it"`
		Gender string   `json:"gender,omitempty" maxLength:"40" doc:"Of the provider"`
		Times  []string `json:"times,omitempty" maxItems:"2" enum:"evening,weekend"`
	}
}

func (a *API) askMatchNew(ctx context.Context, in *postNewMatch) (letIn, error) {
	b := in.Body
	return a.letIn(ctx, in.Keyed, b.New, b.Came, func(enter *act.Enter, came act.Arrival) act.Act {
		return act.AskMatch{New: enter, Note: b.Note, Concerns: b.New.Concerns, Language: b.New.Language, Gender: b.Gender, Times: b.Times, Came: came}
	})
}

type postNewBenefit struct {
	Keyed
	Body struct {
		New  newcomer `json:"new"`
		Came came     `json:"came" doc:"With the employer's code"`
	}
}

func (a *API) askEmployment(ctx context.Context, in *postNewBenefit) (letIn, error) {
	return a.letIn(ctx, in.Keyed, in.Body.New, &in.Body.Came, func(enter *act.Enter, _ act.Arrival) act.Act { return act.AskEmployment{New: enter} })
}

// letIn opens the record of somebody new together with what they ask, in one act,
// and lets them in with a token. Whoever sends the same once more, with the same
// key, is let in all the same.
func (a *API) letIn(ctx context.Context, key Keyed, n newcomer, c *came, asks func(*act.Enter, act.Arrival) act.Act) (letIn, error) {
	if actor(ctx).Role != care.RoleAnonymous {
		return letIn{}, &care.Fault{Kind: care.Conflict, Code: "signed_in", Says: "You are signed in. This is for somebody who has no record yet; ask as yourself."}
	}
	if n := len(key.Key); n > 0 && n < leastKey {
		return letIn{}, reply.Bad(ctx, http.StatusUnprocessableEntity, "key_short", fmt.Sprintf("Draw an Idempotency-Key of at least %d characters at random: whoever sends the same with the same key is let in.", leastKey))
	}
	came := a.came(c)
	shown := letIn{Token: a.secret(), Until: a.now().UTC().Truncate(time.Second).Add(newPeople)}
	pass := care.Pass{Hash: auth.Hash(shown.Token), Type: care.PassToken, Expires: shown.Until}
	enter, err := a.newcomer(n, came, &pass)
	if err != nil {
		return letIn{}, err
	}
	out, err := a.do(ctx, key, asks(enter, came))
	if err != nil {
		return letIn{}, err
	}
	chart, err := a.store.Locate(ctx, care.System, out.Made, "entering")
	if err == nil && out.Replayed {
		_, err = a.store.Do(ctx, care.System, act.GivePass{Chart: chart.ID, Pass: pass})
	}
	if err != nil {
		return letIn{}, err
	}
	shown.ID, shown.Client = out.Made, chart.ID
	return shown, nil
}

func (a *API) newcomer(n newcomer, came act.Arrival, pass *care.Pass) (*act.Enter, error) {
	born, err := calendar.ParseDate(n.BirthDate)
	if err != nil {
		return nil, &care.Fault{Kind: care.Invalid, Code: "invalid_input", Says: "birth_date: give a day such as 1990-05-31."}
	}
	return &act.Enter{
		FullName: n.Name, Email: n.Email, BirthDate: born, State: n.State, Zone: n.Zone, Concerns: n.Concerns, Language: cmp.Or(n.Language, "en"),
		Source: cmp.Or(came.Source, care.FromNowhere), Code: came.Code, Evidence: came.Evidence, Key: a.rosterKey(came.Code, cmp.Or(n.Employee, n.Email)), Pass: pass,
	}, nil
}
