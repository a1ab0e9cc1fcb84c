package care

import "time"

// Account is how the person of a chart signs in. Clients and providers have one
// in their own chart; staff, payer, employer and operator have a chart for it.
type Account struct {
	Chart    ChartID    `json:"chart"`
	Role     Role       `json:"role"`
	Name     string     `json:"name,omitempty"` // staff only; others are named in their noun
	Email    string     `json:"email,omitempty"`
	Password string     `json:"password,omitempty"` // encoded Argon2id, never the password
	Employer EmployerID `json:"employer,omitempty"` // for the employer's viewer
	Closed   bool       `json:"closed,omitempty"`
}

// Kind, Key and Stands make an Account a Record.
func (Account) Kind() Kind    { return KindAccount }
func (a Account) Key() string { return string(a.Chart) }
func (a Account) Stands() []Place {
	if a.Email == "" || a.Closed {
		return nil
	}
	m := Member{Chart: a.Chart, Code: string(a.Role)}
	places := []Place{{Set: ByEmail(a.Email), Entry: string(a.Chart), Member: m}}
	if a.Role != RoleClient && a.Role != RoleProvider {
		places = append(places, Place{Set: Staff(a.Role), Entry: string(a.Chart), Member: m})
	}
	return places
}

// Pass is a secret that lets somebody in as a chart's person: a browser session,
// a one-time set-up link, or a token for programs; or that takes plan details from
// them once. Only a hash of it is kept.
type Pass struct {
	Hash    string    `json:"hash"` // hex SHA-256 of the secret
	Chart   ChartID   `json:"chart"`
	Type    PassType  `json:"type"`
	Made    time.Time `json:"made"`
	Seen    time.Time `json:"seen,omitzero"`
	Expires time.Time `json:"expires,omitzero"` // zero: never (a demo's tokens)
}

// PassType tells sessions, set-up links and tokens apart.
type PassType string

// The types of pass.
const (
	PassSession PassType = "session"
	PassInvite  PassType = "invite"
	PassToken   PassType = "token"
	PassDetails PassType = "details" // a link to give plan details by; it signs nobody in
	PassGiven   PassType = "given"   // such a link that has been used: until its end it says so, and nothing else
)

// Kind, Key and Stands make a Pass a Record.
func (Pass) Kind() Kind    { return KindPass }
func (p Pass) Key() string { return p.Hash }
func (p Pass) Stands() []Place {
	return []Place{{Set: ByPass(p.Hash), Entry: p.Hash, Member: Member{Chart: p.Chart, Ref: p.Hash, Code: string(p.Type), Until: p.Expires}}}
}
