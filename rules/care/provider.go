package care

import (
	"time"

	"careconnect/rules/calendar"
)

// Participation is where a provider stands with the programme.
type Participation string

// The states of participation. A candidate from a registry starts as NotJoined.
const (
	NotJoined Participation = "not_joined"
	Active    Participation = "active"
	Paused    Participation = "paused"
	OptedOut  Participation = "opted_out"
)

// Provider is a clinician of the network, whether they have opted in or not.
type Provider struct {
	ID           ChartID        `json:"id"`
	NPI          string         `json:"npi"`
	Name         string         `json:"name"`
	Pronouns     string         `json:"pronouns,omitempty"`
	Gender       string         `json:"gender,omitempty"`
	Email        string         `json:"email,omitempty"`
	Degree       string         `json:"degree"` // masters, phd, np, psyd, other
	Licences     []Licence      `json:"licences,omitempty"`
	Credentials  []Credential   `json:"credentials,omitempty"`
	Specialties  []string       `json:"specialties,omitempty"`
	Languages    []string       `json:"languages,omitempty"`
	Modalities   []string       `json:"modalities,omitempty"`
	About        string         `json:"about,omitempty"`
	Virtual      *bool          `json:"virtual,omitempty"` // nil: not yet said
	SelfSchedule bool           `json:"self_schedule"`     // clients may book an opening themselves
	Hours        calendar.Hours `json:"hours"`
	Link         string         `json:"link,omitempty"` // where virtual visits are joined
	Standing     Participation  `json:"participation"`
	Attested     []Attestation  `json:"attested,omitempty"`
	JoinedAt     time.Time      `json:"joined_at,omitzero"`
	LeftAt       time.Time      `json:"left_at,omitzero"`
	Registry     string         `json:"registry,omitempty"` // digest of the registry row last taken in
}

// Licence is a state's permission to practise.
type Licence struct {
	State  string `json:"state"`
	Number string `json:"number,omitempty"`
}

// Credential is the payer partner's credentialing of a provider in one state,
// from From to Until inclusive; Until zero has no end.
type Credential struct {
	State string        `json:"state"`
	From  calendar.Date `json:"from"`
	Until calendar.Date `json:"until,omitzero"`
}

// Attestation is a provider's yes to one duty, in the words of one version of
// the handbook.
type Attestation struct {
	Duty    string    `json:"duty"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// States are the states in which the provider is both licensed and credentialed
// on a day.
func (p Provider) States(on calendar.Date) []string {
	var states []string
	for _, c := range p.Credentials {
		if p.Licensed(c.State) && c.Holds(on) {
			states = append(states, c.State)
		}
	}
	return states
}

// Licensed says whether a licence of that state is known.
func (p Provider) Licensed(state string) bool {
	for _, l := range p.Licences {
		if l.State == state {
			return true
		}
	}
	return false
}

// Holds says whether the credential is in force on a day.
func (c Credential) Holds(on calendar.Date) bool {
	return !on.Before(c.From) && (c.Until == calendar.Date{} || !c.Until.Before(on))
}

// Kind, Key and Stands make a Provider a Record.
func (Provider) Kind() Kind    { return KindProvider }
func (p Provider) Key() string { return string(p.ID) }
func (p Provider) Stands() []Place {
	places := []Place{
		{Set: Set{Name: SetProviders}, Entry: string(p.ID), Member: Member{Chart: p.ID}},
	}
	if p.NPI != "" {
		places = append(places, Place{Set: Set{Name: SetNPI, Of: p.NPI}, Entry: string(p.ID), Member: Member{Chart: p.ID}})
	}
	return places
}
