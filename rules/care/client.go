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
}

// Benefit is what the client says, and what is known, of the employer's
// entitlement. It is never a coverage.
type Benefit struct {
	Code     string     `json:"code,omitempty"` // the employer's code as the client gave it
	Employer EmployerID `json:"employer,omitempty"`
	Evidence string     `json:"evidence,omitempty"` // portal, attestation
	At       time.Time  `json:"at,omitzero"`
}

// Kind, Key and Stands make a Client a Record.
func (Client) Kind() Kind      { return KindClient }
func (c Client) Key() string   { return string(c.ID) }
func (Client) Stands() []Place { return nil }
