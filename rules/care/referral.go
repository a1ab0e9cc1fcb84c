package care

import "time"

// Referral is one client to one provider inside an episode. It owns the answer
// (K1) and the first consultation (K2).
type Referral struct {
	ID          ReferralID     `json:"id"`
	Episode     EpisodeID      `json:"episode"`
	Client      ChartID        `json:"client"`
	Provider    ChartID        `json:"provider"`
	Status      ReferralStatus `json:"status"`
	SubmittedAt time.Time      `json:"submitted_at"`
	SelfBooked  bool           `json:"self_booked"`
	Note        string         `json:"note,omitempty"`
	Concerns    []string       `json:"concerns,omitempty"`
	Preferred   []time.Time    `json:"preferred,omitempty"` // starts that the client listed
	Offered     []time.Time    `json:"offered,omitempty"`   // starts that the provider proposed
	OfferedAt   time.Time      `json:"offered_at,omitzero"`
	AnsweredAt  time.Time      `json:"answered_at,omitzero"`
	Reason      string         `json:"reason,omitempty"` // why declined: the provider's own, private
	Respond     DeadlineID     `json:"respond,omitempty"`
	Consult     DeadlineID     `json:"consult,omitempty"`
	Meeting     AppointmentID  `json:"meeting,omitempty"` // the consultation
	// Alternatives are providers who could still keep the promise when this one
	// fell through; they are offered, never written to.
	Alternatives []ChartID `json:"alternatives,omitempty"`
	ExpiredAt    time.Time `json:"expired_at,omitzero"`
	// AskedAt is when the client asked for other times than those that are open to
	// them; zero while it is theirs to choose. Then it is the provider's turn.
	AskedAt  time.Time `json:"asked_at,omitzero"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	// Begun says of a referral that is closed that a session of it had begun by then.
	// What became of that session is still to be said, or to be corrected, and the
	// visit stays the provider's to bill.
	Begun bool `json:"begun,omitempty"`
	// Unsaid says that what became of it is still to be said.
	Unsaid bool `json:"unsaid,omitempty"`
	// HandTo is who is proposed to take over; empty once the client has answered.
	HandTo ChartID `json:"hand_to,omitempty"`
	// From is the referral that was handed over to this one by the client's yes.
	From ReferralID `json:"from,omitempty"`
}

// Clinical says whether the clinical part of the chart is the provider's to read:
// they treat the client, or the client has said yes to them.
func (r Referral) Clinical() bool {
	return r.Status.Clinical() || r.Status == Submitted && r.From != ""
}

// Treated says whether the provider has ever taken the client on. What they did
// themselves, the visits and their charges, stays theirs to read.
func (r Referral) Treated() bool {
	return r.Clinical() || r.Begun || r.Status == Ended || r.Status == HandedOver
}

// ReferralStatus is where a referral stands.
type ReferralStatus string

// The statuses of a referral, in the order of the road.
const (
	Submitted     ReferralStatus = "submitted"
	Accepted      ReferralStatus = "accepted"
	Proposed      ReferralStatus = "proposed"
	ConsultBooked ReferralStatus = "consult_booked"
	ConsultHeld   ReferralStatus = "consult_held"
	SessionBooked ReferralStatus = "first_session_booked"
	InCare        ReferralStatus = "in_care"
	Declined      ReferralStatus = "declined"
	Expired       ReferralStatus = "expired"
	Withdrawn     ReferralStatus = "withdrawn_by_client"
	Superseded    ReferralStatus = "withdrawn_superseded"
	Rerouted      ReferralStatus = "rerouted" // the provider left the programme
	NotAFit       ReferralStatus = "not_a_fit"
	Ended         ReferralStatus = "care_ended"
	NoResponse    ReferralStatus = "no_response" // the client said nothing to what was offered
	HandedOver    ReferralStatus = "handed_over" // the client said yes to another provider
)

// Open says whether somebody still owes something on the referral.
func (s ReferralStatus) Open() bool {
	switch s {
	case Submitted, Accepted, Proposed, ConsultBooked, ConsultHeld, SessionBooked, InCare:
		return true
	}
	return false
}

// Undecided says whether the client can still choose another provider without
// cancelling anything: no consultation stands yet.
func (s ReferralStatus) Undecided() bool {
	return s == Submitted || s == Accepted || s == Proposed
}

// Clinical says whether the provider has taken the client on and not let go, so
// that the clinical part of the chart is theirs to read.
func (s ReferralStatus) Clinical() bool {
	switch s {
	case Accepted, Proposed, ConsultBooked, ConsultHeld, SessionBooked, InCare:
		return true
	}
	return false
}

// Waits says whether anything can still come of the referral: a late answer, too.
func (r Referral) Waits() bool {
	return r.Status.Open() || r.Status == Expired && r.ClosedAt.IsZero()
}

// Kind, Key and Stands make a Referral a Record.
func (Referral) Kind() Kind    { return KindReferral }
func (r Referral) Key() string { return string(r.ID) }
func (r Referral) Stands() []Place {
	m := Member{Chart: r.Client, Ref: string(r.ID), Code: string(r.Status), At: r.SubmittedAt}
	asked := Member{Chart: r.Client, Ref: string(r.ID), At: r.SubmittedAt, Until: r.AnsweredAt}
	if !r.ExpiredAt.IsZero() {
		asked.Code, asked.Until = RanOut, r.ExpiredAt
	}
	places := []Place{{Set: Asked(r.Provider, r.SubmittedAt), Entry: string(r.ID), Member: asked}}
	switch {
	case r.Status == Submitted || r.Status == Expired && r.ClosedAt.IsZero():
		places = append(places, Place{Set: Set{Name: SetInbox, Of: string(r.Provider), Serves: r.Provider}, Entry: string(r.ID), Member: m})
	case r.Status.Open():
		places = append(places, Place{Set: Panel(r.Provider), Entry: string(r.ID), Member: m})
	case r.Unsaid:
		places = append(places, Place{Set: Unsaid(r.Provider), Entry: string(r.ID), Member: m})
	}
	return places
}
