// Package care holds the nouns of the programme: who seeks care, who gives it,
// what they agreed on, what is owed to whom and until when. They are plain
// values. A noun knows the lists it stands in (Stands), and nothing of how it
// is kept, who may see it, or what the programme says of it.
package care

import "time"

// The identifiers are 128 random bits behind a short prefix that names the
// noun. They are distinct types so that two of them cannot be swapped.
type (
	ChartID       string
	EmployerID    string
	EpisodeID     string
	ReferralID    string
	AppointmentID string
	CoverageID    string
	ScreeningID   string
	ConsentID     string
	DeadlineID    string
	MessageID     string
	AlertID       string
	HoldID        string
	TaskID        string
	ChargeID      string
	WaitID        string
)

// ProgrammeChart is the one chart that every instance has: the programme's own
// terms, employers and plans.
const ProgrammeChart ChartID = "programme"

// Subject says what a chart is about.
type Subject string

// The subjects of charts.
const (
	OfProgramme Subject = "programme"
	OfClient    Subject = "client"
	OfProvider  Subject = "provider"
	OfAccount   Subject = "account" // staff, payer, employer, operator
	OfHelp      Subject = "help"    // the pages of help, or one question to the care team
	OfErasure   Subject = "erasure" // somebody who was forgotten
	OfBatch     Subject = "batch"   // one claim file
	OfCard      Subject = "card"    // the photo of one insurance card
	OfPhoto     Subject = "photo"   // the photo that one provider shows of themselves
	OfRoster    Subject = "roster"  // one page of an employer's roster
	OfFigures   Subject = "figures" // the programme's measures
)

// Pictures says whether what a chart is about is a picture: such charts are large,
// and are not held in memory from one reading to the next.
func (s Subject) Pictures() bool { return s == OfCard || s == OfPhoto }

// Role says as what somebody acts.
type Role string

// The roles of the outside contract, and the two that nobody signs in as.
const (
	RoleAnonymous Role = "anonymous"
	RoleClient    Role = "client"
	RoleProvider  Role = "provider"
	RoleCareTeam  Role = "care_team"
	RoleClinical  Role = "clinical"
	RoleBilling   Role = "billing"
	RolePayer     Role = "payer"
	RoleEmployer  Role = "employer"
	RoleOperator  Role = "operator"
	RoleSystem    Role = "system" // a due time, and the appliance's own commands
)

// Roles lists the roles that a person can sign in as, in the contract's order.
var Roles = [...]Role{RoleClient, RoleProvider, RoleCareTeam, RoleClinical, RoleBilling, RolePayer, RoleEmployer, RoleOperator}

// Actor is who wants something: a role, and the chart that is their own (empty
// for the system and for someone who has not signed in).
type Actor struct {
	Role  Role    `json:"role"`
	Chart ChartID `json:"chart,omitempty"`
}

// Anonymous is somebody who has not signed in, System the appliance itself.
var (
	Anonymous = Actor{Role: RoleAnonymous}
	System    = Actor{Role: RoleSystem}
)

// About says whom a thing concerns: the client whose chart it is in, and the
// provider it is addressed to. Access is decided from it.
type About struct {
	Client   ChartID
	Provider ChartID
	Account  ChartID
}

// Span is a stretch of time, From included, To excluded.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}
