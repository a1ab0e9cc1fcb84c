package care

import "time"

// Consent is one answer of the client to the question whether the payer partner
// may have individual data. Each grant is a record of its own; withdrawing ends
// it for good, and a later yes is a new record. No record means no.
type Consent struct {
	ID          ConsentID `json:"id"`
	Client      ChartID   `json:"client"`
	Number      int       `json:"number"` // counts the client's answers; the highest is the one in force
	Sharing     bool      `json:"sharing"`
	Scopes      []string  `json:"scopes,omitempty"`
	TextVersion string    `json:"text_version"`
	Method      string    `json:"method"` // portal
	At          time.Time `json:"at"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	Purpose     string    `json:"purpose"`
}

// Scopes are what a client may choose to share.
var Scopes = [...]string{"identity", "referral", "attendance", "screening", "coverage"}

// Active says whether sharing is allowed at an instant.
func (c Consent) Active(at time.Time) bool {
	return c.Sharing && !at.Before(c.At) && (c.WithdrawnAt.IsZero() || at.Before(c.WithdrawnAt))
}

// Kind, Key and Stands make a Consent a Record.
func (Consent) Kind() Kind      { return KindConsent }
func (c Consent) Key() string   { return string(c.ID) }
func (Consent) Stands() []Place { return nil }
