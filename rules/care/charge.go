package care

import (
	"time"

	"careconnect/rules/calendar"
)

// Charge is what one attended session costs, and how far the claim for it has
// come. It keeps what held on the day of the session; the money is in cents.
type Charge struct {
	ID          ChargeID      `json:"id"`
	Client      ChartID       `json:"client"`
	Provider    ChartID       `json:"provider"`
	Referral    ReferralID    `json:"referral"`
	Appointment AppointmentID `json:"appointment"`
	Programme   ChartID       `json:"programme"`
	On          calendar.Date `json:"on"` // the day where the client is
	Start       time.Time     `json:"start"`
	Minutes     int           `json:"minutes"`
	Service     string        `json:"service"`        // a row of the table of services
	Code        string        `json:"code,omitempty"` // for the claim; empty: billing enters it
	Coverage    CoverageID    `json:"coverage,omitempty"`
	Covered     string        `json:"covered"`              // as on the appointment
	FeeCents    int64         `json:"fee_cents,omitempty"`  // the provider's; 0: not told
	PartCents   *int64        `json:"part_cents,omitempty"` // the client's, as estimated; nil: not known
	State       ChargeState   `json:"state"`
	At          time.Time     `json:"at"` // since when it is in that state
	Batch       ChartID       `json:"batch,omitempty"`
	Rebill      bool          `json:"rebill,omitempty"` // the coverage was found otherwise after the claim went out
	Why         string        `json:"why,omitempty"`    // rejected, corrected or written off
	Made        time.Time     `json:"made"`
}

// ChargeState is how far a charge has come.
type ChargeState string

// The states of a charge, in the order of their road.
const (
	ChargeHeld       ChargeState = "held" // something is missing: no claim goes out
	ChargeReady      ChargeState = "ready"
	ChargeExported   ChargeState = "exported"
	ChargeAccepted   ChargeState = "accepted"
	ChargeRejected   ChargeState = "rejected"
	ChargeCorrected  ChargeState = "corrected" // goes out again with the next file
	ChargeWrittenOff ChargeState = "written_off"
	ChargeSelfPay    ChargeState = "self_pay" // the client pays; no claim ever goes out
	ChargeVoid       ChargeState = "void"     // the session did not take place after all
)

// ToExport says whether the charge goes out with the next claim file.
func (s ChargeState) ToExport() bool { return s == ChargeReady || s == ChargeCorrected }

// Out says whether a claim for the charge has gone out.
func (s ChargeState) Out() bool {
	return s == ChargeExported || s == ChargeAccepted || s == ChargeRejected
}

// Kind, Key and Stands make a Charge a Record.
func (Charge) Kind() Kind    { return KindCharge }
func (c Charge) Key() string { return string(c.ID) }
func (c Charge) Stands() []Place {
	m := Member{Chart: c.Client, Ref: string(c.ID), Code: string(c.State), At: c.Start}
	in := func(s Set) Place { return Place{Set: s, Entry: string(c.ID), Member: m} }
	places := []Place{in(ChargesIn(c.Provider, Month(c.Start)))}
	if c.Batch != "" {
		places = append(places, in(InBatch(c.Batch)))
	}
	switch {
	case c.State.ToExport():
		places = append(places, in(ChargesThat("ready")))
	case c.State == ChargeHeld || c.State == ChargeRejected || c.State == ChargeExported:
		places = append(places, in(ChargesThat(string(c.State))))
	}
	if c.Rebill {
		places = append(places, in(ChargesThat("rebill")))
	}
	return places
}

// Batch is one claim file: which charges went out together, and when. It is a
// chart of its own; the charges stand in its list.
type Batch struct {
	Chart ChartID   `json:"chart"`
	At    time.Time `json:"at"`
	By    ChartID   `json:"by"`
	Rows  int       `json:"rows"`
	Cents int64     `json:"cents"` // the sum of the fees that are known
}

// Kind, Key and Stands make a Batch a Record.
func (Batch) Kind() Kind    { return KindBatch }
func (b Batch) Key() string { return string(b.Chart) }
func (b Batch) Stands() []Place {
	return []Place{{Set: BatchesIn(Month(b.At)), Entry: string(b.Chart), Member: Member{Chart: b.Chart, Ref: string(b.Chart), At: b.At}}}
}
