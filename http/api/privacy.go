package api

import (
	"context"
	"slices"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// consent is the client's answer to the question whether the payer partner may
// have their data. No answer is a no.
type consent struct {
	Sharing     bool            `json:"sharing"`
	Scopes      []string        `json:"scopes" enum:"identity,referral,attendance,screening,coverage"`
	Since       *time.Time      `json:"since" doc:"null: never asked or never answered"`
	Receipt     *care.ConsentID `json:"receipt"`
	AskedAgain  bool            `json:"asked_again" doc:"The insurer has changed since, which ended the answer: the question stands open once more"`
	TextVersion string          `json:"text_version" doc:"Of the words to show before asking; send it back with the answer"`
}

func (a *API) consent(ctx context.Context, _ *struct{}) (consent, error) {
	chart, err := a.store.Chart(ctx, actor(ctx), actor(ctx).Chart, "consent")
	if err != nil {
		return consent{}, err
	}
	shown := consent{Scopes: []string{}, TextVersion: act.ConsentTextVersion}
	if c, given := chart.Sharing(); given {
		zone := a.zone(ctx, chart)
		shown.Sharing, shown.Scopes, shown.Since, shown.Receipt = c.Active(a.now()), plain(c.Scopes), in(zone, c.At), &c.ID
		shown.AskedAgain = c.AskAgain()
	}
	return shown, nil
}

type putConsent struct {
	Keyed
	Body struct {
		Sharing     bool     `json:"sharing"`
		Scopes      []string `json:"scopes,omitempty" enum:"identity,referral,attendance,screening,coverage" maxItems:"5" doc:"What to share; needed for a yes"`
		TextVersion string   `json:"text_version" maxLength:"20" doc:"Of the words that the client has read"`
	}
}

func (a *API) setSharing(ctx context.Context, in *putConsent) (consent, error) {
	b := in.Body
	share := act.SetSharing{Client: actor(ctx).Chart, Sharing: b.Sharing, Scopes: b.Scopes, TextVersion: b.TextVersion}
	if _, err := a.do(ctx, in.Keyed, share); err != nil {
		return consent{}, err
	}
	return a.consent(ctx, nil)
}

// look is one line of who saw or did what about a client: as what, never by name.
type look struct {
	At   time.Time `json:"at"`
	Role care.Role `json:"role"`
	You  bool      `json:"you"`
	What string    `json:"what" doc:"An act by its name, or read and the view"`
	Line string    `json:"line" doc:"By which its receipt is asked for"`
}

// mostLooks bounds how far back an access log is read.
const mostLooks = 500

func (a *API) accessLog(ctx context.Context, _ *struct{}) (listed[look], error) {
	who := actor(ctx)
	entries, err := a.store.Seen(ctx, who, who.Chart, mostLooks, "access log")
	if err != nil {
		return listed[look]{}, err
	}
	// People are who looks and acts; what the service sends by itself would hide them.
	entries = slices.DeleteFunc(entries, func(e store.Seen) bool { return e.Role == care.RoleSystem })
	zone := a.zone(ctx, nil)
	return listed[look]{Items: each(entries, func(e store.Seen) look {
		return look{At: e.At.In(zone), Role: e.Role, You: e.Who == who.Chart, What: e.Did, Line: e.Place}
	})}, nil
}

// receipt is proof of one line of the log, to be kept and checked without us.
func (a *API) receipt(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40" doc:"Of the line, as the log has it"`
}) (store.Receipt, error) {
	who := actor(ctx)
	return a.store.Receipt(ctx, who, who.Chart, in.ID)
}

// consentReceipt is proof of one answer about sharing, with what was said.
func (a *API) consentReceipt(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40" doc:"Of the answer"`
}) (store.Receipt, error) {
	who := actor(ctx)
	chart, err := a.store.Chart(ctx, who, who.Chart, "consent")
	if err != nil {
		return store.Receipt{}, err
	}
	return a.store.ConsentReceipt(ctx, who, chart, care.ConsentID(in.ID))
}
