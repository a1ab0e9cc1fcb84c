package care

import (
	"time"
)

// Erasure is that somebody was forgotten, or is to be. It stands in a chart of
// its own, since theirs is gone, and its id is the number of their certificate:
// the one way from a person to it, and theirs alone. What a law wants kept
// stands in it without what says whom it was about.
type Erasure struct {
	ID      ChartID      `json:"id"`
	State   ErasureState `json:"state"`
	Person  ChartID      `json:"person,omitempty"` // whose chart; empty once the certificate is issued
	AskedBy ChartID      `json:"asked_by,omitempty"`
	AskedAt time.Time    `json:"asked_at,omitzero"`
	By      Role         `json:"by,omitempty"` // who erased: the client, or the care team as its second person
	At      time.Time    `json:"at,omitzero"`
	Records int          `json:"records,omitempty"` // that became unreadable
	Visits  []KeptVisit  `json:"visits,omitempty"`
	Answers []KeptAnswer `json:"answers,omitempty"`
	Until   time.Time    `json:"until,omitzero"` // until when the two are kept
	// Certificate is what was signed, as it was given out.
	Certificate string `json:"certificate,omitempty"`
}

// ErasureState is where an erasure stands.
type ErasureState string

// The states of an erasure.
const (
	ErasureAsked     ErasureState = "asked"     // by one person of the care team; a second must agree
	ErasureRefused   ErasureState = "refused"   // the second did not
	ErasureWaiting   ErasureState = "waiting"   // gone from every read; the file and its keys follow by night
	ErasureCertified ErasureState = "certified" // nothing in the file opens any more
)

// KeptVisit is what billing and its audit want of a visit that took place. It
// names no client.
type KeptVisit struct {
	Provider ChartID         `json:"provider"`
	Type     AppointmentType `json:"type"`
	Start    time.Time       `json:"start"`
	Minutes  int             `json:"minutes"`
	Covered  string          `json:"covered,omitempty"`
}

// KeptAnswer is one answer about sharing, kept as the proof of what was allowed
// when. It names no client; whoever holds the certificate's number can point to
// it.
type KeptAnswer struct {
	Sharing     bool      `json:"sharing"`
	Scopes      []string  `json:"scopes,omitempty"`
	Purpose     string    `json:"purpose"`
	TextVersion string    `json:"text_version"`
	At          time.Time `json:"at"`
	Ended       time.Time `json:"ended,omitzero"`
}

// Erasures is the list of the erasures in a state.
func Erasures(state ErasureState) Set { return Set{Name: SetErasures, Of: string(state)} }

// Kind, Key and Stands make an Erasure a Record.
func (Erasure) Kind() Kind    { return KindErasure }
func (e Erasure) Key() string { return string(e.ID) }
func (e Erasure) Stands() []Place {
	m := Member{Chart: e.ID, Ref: string(e.ID), Code: string(e.State), At: e.At}
	if e.State == ErasureAsked {
		m.At = e.AskedAt
	}
	return []Place{{Set: Erasures(e.State), Entry: string(e.ID), Member: m}}
}
