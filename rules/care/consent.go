package care

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

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
	// Ended is why a yes ended otherwise than by the client's next answer; empty:
	// it did not.
	Ended string `json:"ended,omitempty"`
}

// Why a yes ended.
const (
	EndedByPayer = "payer_changed" // another insurer has taken the place of the one it was given to
	EndedByLeave = "left"          // the client left the programme
	EndedByJoin  = "joined"        // it became one with another account, in which as much had not been said
)

// AskAgain says whether the question stands open once more, through no answer of
// the client's.
func (c Consent) AskAgain() bool { return c.Ended == EndedByPayer || c.Ended == EndedByJoin }

// Scopes are what a client may choose to share.
var Scopes = [...]string{"identity", "referral", "attendance", "screening", "coverage"}

// Active says whether sharing is allowed at an instant.
func (c Consent) Active(at time.Time) bool {
	return c.Sharing && !at.Before(c.At) && (c.WithdrawnAt.IsZero() || at.Before(c.WithdrawnAt))
}

// Statement is what the client said, in the words that a receipt of it keeps. They
// stay as they are for ever: the trail holds their hash.
func (c Consent) Statement() string {
	says, scopes := "no", "nothing"
	if c.Sharing {
		says, scopes = "yes", strings.Join(c.Scopes, ", ")
	}
	return fmt.Sprintf("answer %d of %s: %s\nscopes: %s\npurpose: %s\nby %s on the text of %s\nat %s\nnumber %s\n",
		c.Number, c.Client, says, scopes, c.Purpose, c.Method, c.TextVersion, c.At.UTC().Format(time.RFC3339), c.ID)
}

// StatementMark is before the hash of a statement.
const StatementMark = "sha256:"

// Stated is the hash of the statement, as the trail holds it.
func (c Consent) Stated() string {
	sum := sha256.Sum256([]byte(c.Statement()))
	return StatementMark + hex.EncodeToString(sum[:])
}

// Kind, Key and Stands make a Consent a Record.
func (Consent) Kind() Kind      { return KindConsent }
func (c Consent) Key() string   { return string(c.ID) }
func (Consent) Stands() []Place { return nil }
