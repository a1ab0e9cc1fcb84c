package care

import "time"

// Screening is one instrument (PHQ-9 or GAD-7) given to a client once, as a
// baseline before the first session or as a follow-up weeks after it.
type Screening struct {
	ID          ScreeningID     `json:"id"`
	Client      ChartID         `json:"client"`
	Episode     EpisodeID       `json:"episode"`
	Referral    ReferralID      `json:"referral"`
	Instrument  string          `json:"instrument"` // phq-9, gad-7
	Purpose     Purpose         `json:"purpose"`
	Status      ScreeningStatus `json:"status"`
	AssignedAt  time.Time       `json:"assigned_at"`
	Due         time.Time       `json:"due"`
	Opens       time.Time       `json:"opens,omitzero"`
	Closes      time.Time       `json:"closes,omitzero"`
	Answers     map[string]int  `json:"answers,omitempty"` // by LOINC code of the item
	SubmittedAt time.Time       `json:"submitted_at,omitzero"`
	Total       *int            `json:"total,omitempty"`
	Band        string          `json:"band,omitempty"`
	Elevated    *bool           `json:"elevated,omitempty"`
	Terms       string          `json:"terms,omitempty"` // the version of the cut-off used
	Late        bool            `json:"late,omitempty"`  // submitted after what it was due for
	// Version counts the client's goes at one instrument for one purpose; zero is
	// the first. Replaces is the one that this corrects, once it is handed in.
	Version     int         `json:"version,omitempty"`
	Replaces    ScreeningID `json:"replaces,omitempty"`
	DeclinedAt  time.Time   `json:"refused_at,omitzero"`
	OutOfWindow bool        `json:"out_of_window,omitempty"` // a follow-up answered outside the window that turned out to be the right one
}

// Purpose tells a baseline from a follow-up.
type Purpose string

// The purposes of a screening.
const (
	Baseline Purpose = "baseline"
	FollowUp Purpose = "follow_up"
)

// ScreeningStatus is where a screening stands.
type ScreeningStatus string

// The statuses of a screening.
const (
	ScreeningAssigned   ScreeningStatus = "assigned"
	ScreeningStarted    ScreeningStatus = "started"
	ScreeningCompleted  ScreeningStatus = "completed"
	ScreeningExpired    ScreeningStatus = "expired"
	ScreeningSuspended  ScreeningStatus = "suspended"  // what it was due for fell away
	ScreeningDeclined   ScreeningStatus = "declined"   // the client would rather not
	ScreeningCancelled  ScreeningStatus = "cancelled"  // it should not have been sent
	ScreeningSuperseded ScreeningStatus = "superseded" // a later version took its place; it is kept
)

// Open says whether the client can still answer.
func (s ScreeningStatus) Open() bool { return s == ScreeningAssigned || s == ScreeningStarted }

// Kind, Key and Stands make a Screening a Record.
func (Screening) Kind() Kind      { return KindScreening }
func (s Screening) Key() string   { return string(s.ID) }
func (Screening) Stands() []Place { return nil }

// Alert says that a client answered PHQ-9 item 9 above zero. It is raised in
// the commit that first saves the answer, whatever the total, and stays until
// a clinician has said that they have read it.
type Alert struct {
	ID        AlertID     `json:"id"`
	Client    ChartID     `json:"client"`
	Provider  ChartID     `json:"provider,omitempty"`
	Screening ScreeningID `json:"screening"`
	RaisedAt  time.Time   `json:"raised_at"`
	Ack       DeadlineID  `json:"ack"`
	AckedAt   time.Time   `json:"acked_at,omitzero"`
	AckedBy   ChartID     `json:"acked_by,omitempty"`
	Action    string      `json:"action,omitempty"` // contacted, safety_plan, unable_to_reach
}

// Kind, Key and Stands make an Alert a Record.
func (Alert) Kind() Kind    { return KindAlert }
func (a Alert) Key() string { return string(a.ID) }
func (a Alert) Stands() []Place {
	if !a.AckedAt.IsZero() {
		return nil
	}
	m := Member{Chart: a.Client, Ref: string(a.ID), Code: "alert", At: a.RaisedAt}
	places := []Place{{Set: Set{Name: SetQueue, Of: "alert"}, Entry: string(a.ID), Member: m}}
	if a.Provider != "" {
		places = append(places, Place{Set: Set{Name: SetAlerts, Of: string(a.Provider), Serves: a.Provider}, Entry: string(a.ID), Member: m})
	}
	return places
}
