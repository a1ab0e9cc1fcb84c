package api

import (
	"context"
	"time"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// photo is what is told of the photo of a plan's card.
type photo struct {
	Open    bool       `json:"open" doc:"The care team sees it, since the plan is being verified"`
	Removed *time.Time `json:"removed,omitempty" doc:"When it is removed"`
}

// link is what is told of a link that was sent: never the link.
type link struct {
	Works *time.Time `json:"works_until,omitempty"`
}

func (a *API) askDetails(ctx context.Context, in *one) (link, error) {
	out, err := a.do(ctx, in.Keyed, act.AskDetails{Client: care.ChartID(in.ID)})
	if err != nil {
		return link{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), care.ChartID(out.Made), "client")
	if err != nil {
		return link{}, err
	}
	for _, d := range chart.Deadlines {
		if d.Code == "details" && d.State == care.Running {
			return link{Works: &d.Due}, nil
		}
	}
	return link{}, nil
}

type postDetails struct {
	Body struct {
		Secret   string            `json:"secret" minLength:"1" maxLength:"200" doc:"The last part of the link's address"`
		Kind     care.CoverageType `json:"kind" enum:"health_plan,eap"`
		Payer    string            `json:"payer" minLength:"1" maxLength:"80"`
		Plan     string            `json:"plan" minLength:"1" maxLength:"80"`
		MemberID string            `json:"member_id,omitempty" maxLength:"40" doc:"An EAP may have an authorization instead"`
		Group    string            `json:"group,omitempty" maxLength:"40"`
		State    string            `json:"state,omitempty" maxLength:"2" doc:"Two letters; left out: the one that the client lives in"`

		Authorization string `json:"authorization,omitempty" maxLength:"40" doc:"Of an EAP"`
		Authorised    int    `json:"sessions_authorised,omitempty" minimum:"0" maximum:"100" doc:"Of an EAP"`
		Photo         []byte `json:"photo,omitempty" doc:"Of the card, JPEG or PNG; larger ones go by the page of the link"`
	}
}

// given says no more than that it was taken: whoever holds a link learns nothing
// of whose it was.
type given struct {
	Taken bool `json:"taken"`
}

// giveDetails is done by the link and not by whoever may be signed in.
func (a *API) giveDetails(ctx context.Context, in *postDetails) (given, error) {
	b := in.Body
	out, err := a.store.Do(ctx, care.Anonymous, act.GiveDetails{Hash: auth.Hash(b.Secret), Details: act.AddCoverage{
		Type: b.Kind, Payer: b.Payer, Plan: b.Plan, MemberID: b.MemberID, Group: b.Group, State: b.State,
		Authorization: b.Authorization, Authorised: b.Authorised, Photo: b.Photo,
	}})
	err = reply.Decided(ctx, out, err)
	return given{Taken: err == nil}, err
}

// cardShown is a photo with its type, as its own bytes tell it.
type cardShown struct {
	Type  string `json:"type" enum:"image/jpeg,image/png"`
	Photo []byte `json:"photo"`
}

func (a *API) card(ctx context.Context, in *ByID) (cardShown, error) {
	chart, err := a.store.Locate(ctx, actor(ctx), in.ID, "coverage")
	if err != nil {
		return cardShown{}, err
	}
	c, ok := chart.Coverage(care.CoverageID(in.ID))
	if !ok || c.Card == nil || !c.Card.Open {
		return cardShown{}, care.Missing()
	}
	if chart, err = a.store.Chart(ctx, actor(ctx), c.Card.Chart, "card photo"); err != nil {
		return cardShown{}, err
	}
	return cardShown{Type: chart.Card.Type, Photo: chart.Picture()}, nil
}
