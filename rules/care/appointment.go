package care

import "time"

// Appointment is a time that a client and a provider agreed on: a consultation
// (a short call, free of insurance) or a session (a billable visit of any
// length).
type Appointment struct {
	ID        AppointmentID     `json:"id"`
	Referral  ReferralID        `json:"referral"`
	Episode   EpisodeID         `json:"episode"`
	Client    ChartID           `json:"client"`
	Provider  ChartID           `json:"provider"`
	Type      AppointmentType   `json:"type"`
	Start     time.Time         `json:"start"`
	End       time.Time         `json:"end"`
	Virtual   bool              `json:"virtual"`
	Link      string            `json:"link,omitempty"`
	Status    AppointmentStatus `json:"status"`
	BookedBy  Role              `json:"booked_by"`
	BookedAt  time.Time         `json:"booked_at"`
	OutcomeAt time.Time         `json:"outcome_at,omitzero"`
	Programme ChartID           `json:"programme"`
	// Covered is what the coverage said when the session was booked or held:
	// covered, ordinary, unverified, hold, self_pay. Empty for a consultation.
	Covered string `json:"covered,omitempty"`
	// Moves are the times that it was to begin at before, oldest first. Who moved
	// it decides what the promise makes of it.
	Moves []Move `json:"moves,omitempty"`
	// PassedOver says that the client chose this time while one inside the
	// promise's window was open to them.
	PassedOver bool `json:"passed_over,omitempty"`
	// Recorded is why a visit was entered only after it had been; BookedAt is when
	// that was. Such a visit keeps no promise.
	Recorded string `json:"recorded,omitempty"`
	// AtRisk says that the provider has no credential where the client is on the
	// day of the appointment, as far as is known.
	AtRisk bool `json:"at_risk,omitempty"`
	// Corrections are what was said before to have become of it, oldest first.
	Corrections []Correction `json:"corrections,omitempty"`
	// Sequence counts its changes, so that a calendar knows the newer of two
	// notices of one appointment.
	Sequence int `json:"sequence,omitempty"`
	// LateCancel says that the client cancelled it so late that the provider is
	// told.
	LateCancel bool `json:"late_cancel,omitempty"`
	// Coverage is the one that pays for the session, as far as is known.
	Coverage CoverageID `json:"coverage,omitempty"`
	// Service is the sort of session; empty: individual. No sort is left out.
	Service string `json:"service,omitempty"`
	// Zone is the provider's, and Ahead the seconds by which it is ahead of UTC at
	// Start by the zone data that it was booked with: together the time on the wall
	// that was agreed on. Zone is empty where it was booked before this was kept.
	Zone  string `json:"zone,omitempty"`
	Ahead int    `json:"ahead,omitempty"`
	// FeeCents is the provider's fee as it stood when the session was booked.
	FeeCents int64 `json:"fee_cents,omitempty"`
}

// Move is one change of an appointment's time: from which, when, and by whom.
type Move struct {
	From time.Time `json:"from"`
	At   time.Time `json:"at"`
	By   Role      `json:"by"`
}

// Correction is an outcome that was wrong: what had been said, who took it back,
// and why.
type Correction struct {
	Was    AppointmentStatus `json:"was"`
	At     time.Time         `json:"at"`
	By     ChartID           `json:"by,omitempty"`
	As     Role              `json:"as"`
	Reason string            `json:"reason"`
}

// AppointmentType tells a consultation from a session.
type AppointmentType string

// The two types of appointment.
const (
	Consultation AppointmentType = "consultation"
	Session      AppointmentType = "session"
)

// AppointmentStatus is where an appointment stands.
type AppointmentStatus string

// The statuses of an appointment.
const (
	Booked            AppointmentStatus = "booked"
	Attended          AppointmentStatus = "attended"
	NoShowClient      AppointmentStatus = "no_show_client"
	NoShowProvider    AppointmentStatus = "no_show_provider"
	CancelledClient   AppointmentStatus = "cancelled_client"
	CancelledProvider AppointmentStatus = "cancelled_provider"
	Void              AppointmentStatus = "void" // fell away without either side's cancelling it
)

// Kind, Key and Stands make an Appointment a Record.
func (Appointment) Kind() Kind    { return KindAppointment }
func (a Appointment) Key() string { return string(a.ID) }
func (a Appointment) Stands() []Place {
	var places []Place
	if a.Type == Session {
		places = append(places, Place{
			Set: VisitsIn(a.Programme, Month(a.Start)), Entry: string(a.ID),
			Member: Member{Chart: a.Client, Ref: string(a.ID), Code: string(a.Status), At: a.Start, Until: a.End},
		})
	}
	if a.Status != Booked && a.Status != Attended {
		return places
	}
	for _, day := range Days(a.Start, a.End) {
		places = append(places, Place{
			Set: Busy(a.Provider, day), Entry: string(a.ID),
			Member: Member{Chart: a.Client, Ref: string(a.ID), Code: string(a.Type), At: a.Start, Until: a.End},
		}, Place{
			Set: BookedOn(day), Entry: string(a.ID),
			Member: Member{Chart: a.Client, Ref: string(a.ID), Code: string(a.Provider), At: a.Start, Until: a.End},
		})
	}
	return places
}

// Days are the UTC days that a stretch of time touches, as "2026-11-20".
func Days(from, to time.Time) []string {
	var days []string
	for d := from.UTC().Truncate(24 * time.Hour); d.Before(to) || len(days) == 0; d = d.AddDate(0, 0, 1) {
		days = append(days, d.Format(time.DateOnly))
	}
	return days
}
