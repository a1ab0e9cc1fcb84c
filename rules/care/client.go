package care

import (
	"time"

	"careconnect/rules/calendar"
)

// Client is a person employed where the programme is a benefit, seeking care.
type Client struct {
	ID        ChartID       `json:"id"`
	Name      string        `json:"name"`
	Email     string        `json:"email"`
	Phone     string        `json:"phone,omitempty"`
	BirthDate calendar.Date `json:"birth_date"`
	State     string        `json:"state"` // where the client physically is, two letters
	Zone      string        `json:"zone"`  // IANA name; a new episode fixes it as its own
	Concerns  []string      `json:"concerns,omitempty"`
	Language  string        `json:"language,omitempty"`
	Source    string        `json:"source"` // portal, employer_link, care_team, direct
	EnteredAt time.Time     `json:"entered_at"`
	Benefit   Benefit       `json:"benefit"`
	LeftAt    time.Time     `json:"left_at,omitzero"` // the programme, on their own word; zero: they have not, or came back
	// Former are the accounts of the same person that have become one with this. Their
	// charts are gone; what the trail tells of them is the person's to read all the same.
	Former []ChartID `json:"former,omitempty"`
}

// Benefit is what the client says, and what is known, of the employer's
// entitlement. It is never a coverage.
type Benefit struct {
	Code     string     `json:"code,omitempty"` // the employer's code as the client gave it
	Employer EmployerID `json:"employer,omitempty"`
	Evidence Evidence   `json:"evidence,omitempty"`
	At       time.Time  `json:"at,omitzero"`
	// Key is what the employer's roster would know the client by. What it was made
	// from is not kept.
	Key string `json:"key,omitempty"`
	// Employed is what the roster, the care team or the client said since: employed
	// there, or not any more. nil: nobody has.
	Employed *bool     `json:"employed,omitempty"`
	FoundAt  time.Time `json:"found_at,omitzero"`
	FoundBy  ChartID   `json:"found_by,omitempty"` // empty: the roster
	// Ended is since when the employment is over; zero: it is not, or never was.
	Ended time.Time `json:"ended,omitzero"`
	// Episode is the last one that it was looked at for.
	Episode EpisodeID `json:"episode,omitempty"`
	// Asked is when the care team was last asked to look whether the client's word
	// holds, before anything can begin.
	Asked time.Time `json:"asked,omitzero"`
	// Named says that the client lets providers read the employer's name.
	Named bool `json:"named,omitempty"`
}

// Evidence says what a benefit rests on.
type Evidence string

// The evidence there is.
const (
	ByPortal Evidence = "portal"      // a signed link of the payer partner's portal brought the code
	ByRoster Evidence = "roster"      // the employer's roster has the client's key
	ByWord   Evidence = "attestation" // the client says so; the care team looks
)

// Found is what is known of the employment beyond the client's word; nil: nothing.
func (b Benefit) Found() *bool {
	if b.Employed == nil && b.Evidence == ByPortal {
		yes := true
		return &yes
	}
	return b.Employed
}

// The ways by which somebody came.
const (
	FromPortal   = "portal"
	FromEmployer = "employer_link"
	FromCareTeam = "care_team"
	FromNowhere  = "direct"
)

// Kind, Key and Stands make a Client a Record.
func (Client) Kind() Kind    { return KindClient }
func (c Client) Key() string { return string(c.ID) }
func (c Client) Stands() []Place {
	if c.Benefit.Key == "" || c.Benefit.Employer == "" {
		return nil
	}
	return []Place{{Set: EmployedAt(c.Benefit.Employer), Entry: string(c.ID), Member: Member{Chart: c.ID, Ref: c.Benefit.Key}}}
}
