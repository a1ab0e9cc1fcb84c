package care

import (
	"time"

	"careconnect/rules/calendar"
)

// Participation is where a provider stands with the programme.
type Participation string

// The states of participation. A candidate from a registry starts as NotJoined.
const (
	NotJoined     Participation = "not_joined"
	PendingReview Participation = "pending_review" // somebody still has to say yes: the care team, or the provider themself
	Active        Participation = "active"
	Paused        Participation = "paused"
	OptedOut      Participation = "opted_out"
	Suspended     Participation = "suspended" // taken off the list by the care team
)

// Gone says whether a provider in this state answers nobody any more: what they
// had not answered goes to others.
func (p Participation) Gone() bool { return p == OptedOut || p == Suspended }

// Provider is a clinician of the network, whether they have opted in or not.
type Provider struct {
	ID           ChartID        `json:"id"`
	NPI          string         `json:"npi"`
	Name         string         `json:"name"`
	Pronouns     string         `json:"pronouns,omitempty"`
	Gender       string         `json:"gender,omitempty"`
	Email        string         `json:"email,omitempty"`
	Degree       string         `json:"degree"`            // masters, phd, np, psyd, other
	Degrees      []string       `json:"degrees,omitempty"` // those held besides it
	Licences     []Licence      `json:"licences,omitempty"`
	Credentials  []Credential   `json:"credentials,omitempty"`
	Specialties  []string       `json:"specialties,omitempty"`
	Languages    []string       `json:"languages,omitempty"`
	Modalities   []string       `json:"modalities,omitempty"`
	Identities   []string       `json:"identities,omitempty"` // communities that the provider knows well
	About        string         `json:"about,omitempty"`
	Draft        *Profile       `json:"draft,omitempty"`         // public words that are not published yet
	AccurateAt   time.Time      `json:"accurate_at,omitzero"`    // when the provider last said that their public words are true
	Caseload     int            `json:"caseload,omitempty"`      // most clients at a time; 0: no such number
	WaitlistOnly bool           `json:"waitlist_only,omitempty"` // takes nobody new, only names onto their waiting list
	Virtual      *bool          `json:"virtual,omitempty"`       // nil: not yet said
	SelfSchedule bool           `json:"self_schedule"`           // clients may book an opening themselves
	Hours        calendar.Hours `json:"hours"`
	Link         string         `json:"link,omitempty"` // where virtual visits are joined
	Standing     Participation  `json:"participation"`
	Attested     []Attestation  `json:"attested,omitempty"`
	JoinedAt     time.Time      `json:"joined_at,omitzero"`
	LeftAt       time.Time      `json:"left_at,omitzero"`
	AskedBy      ChartID        `json:"asked_by,omitempty"`   // who of the care team opted them in, while their own yes is waited for
	Review       bool           `json:"review,omitempty"`     // they left while suspended: only the care team's word lets them in again
	History      []Step         `json:"history,omitempty"`    // the last changes of participation, oldest first
	Registry     string         `json:"registry,omitempty"`   // digest of the registry row last taken in
	FeeCents     int64          `json:"fee_cents,omitempty"`  // for a session, as they tell it; 0: not told
	Photo        ChartID        `json:"photo,omitempty"`      // of the photo that is published
	TakenDown    *TakenDown     `json:"taken_down,omitempty"` // of the photo before, until another is published
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

// Profile are the words that everybody may read of a provider, as the provider
// writes them, and the photo beside them.
type Profile struct {
	Pronouns    string   `json:"pronouns,omitempty"`
	About       string   `json:"about,omitempty"`
	Specialties []string `json:"specialties,omitempty"`
	Languages   []string `json:"languages,omitempty"`
	Modalities  []string `json:"modalities,omitempty"`
	Identities  []string `json:"identities,omitempty"`
	Photo       ChartID  `json:"photo,omitempty"`
}

// Profile is what is published.
func (p Provider) Profile() Profile {
	return Profile{p.Pronouns, p.About, p.Specialties, p.Languages, p.Modalities, p.Identities, p.Photo}
}

// Drafted is what the provider is writing; what is published, where that is nothing.
func (p Provider) Drafted() Profile {
	if p.Draft != nil {
		return *p.Draft
	}
	return p.Profile()
}

// Say publishes words, and the photo beside them, in place of those before.
func (p *Provider) Say(w Profile) {
	p.Pronouns, p.About, p.Specialties, p.Languages, p.Modalities, p.Identities, p.Photo = w.Pronouns, w.About, w.Specialties, w.Languages, w.Modalities, w.Identities, w.Photo
}

// Step is one change of participation: to what, from when, and by whom.
type Step struct {
	To   Participation `json:"to"`
	At   time.Time     `json:"at"`
	Role Role          `json:"role"`
	By   ChartID       `json:"by,omitempty"`
	Why  string        `json:"why,omitempty"` // of a suspension, for the provider and the care team
}

// mostSteps is how many changes a record keeps; the trail keeps all of them.
const mostSteps = 40

// Become changes the participation, effective at an instant.
func (p *Provider) Become(to Participation, at time.Time, by Actor, why string) {
	p.Standing = to
	p.History = append(p.History[:len(p.History):len(p.History)], Step{to, at, by.Role, by.Chart, why})
	p.History = p.History[max(0, len(p.History)-mostSteps):]
}

// AllDegrees are the provider's degrees, the one of the registry first.
func (p Provider) AllDegrees() []string {
	if p.Degree == "" {
		return p.Degrees
	}
	return append([]string{p.Degree}, p.Degrees...)
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
