package care

import "time"

// Episode is one client seeking care once, from SoughtAt to the first attended
// session, withdrawal or closure. It owns the promise and survives re-routing.
type Episode struct {
	ID        EpisodeID  `json:"id"`
	Client    ChartID    `json:"client"`
	SoughtAt  time.Time  `json:"sought_at"`
	EnteredAt time.Time  `json:"entered_at"`
	Zone      string     `json:"zone"` // the client's, fixed at SoughtAt
	State     string     `json:"state"`
	Source    string     `json:"source"`
	Programme string     `json:"programme,omitempty"` // code of the one it came through; empty: the first
	Employer  EmployerID `json:"employer,omitempty"`
	// EmployerName is there while the client lets the provider read it.
	EmployerName string `json:"employer_name,omitempty"`
	// Left is since when the client is not employed there any more: the episode goes
	// on as ordinary insurance care. Zero: they are, as far as is known.
	Left    time.Time     `json:"left,omitzero"`
	Promise DeadlineID    `json:"promise"`
	Result  PromiseResult `json:"result,omitempty"`
	// First is the first attended session, the anchor of the follow-up.
	First     AppointmentID `json:"first,omitempty"`
	FirstAt   time.Time     `json:"first_at,omitzero"`
	FollowUp  DeadlineID    `json:"follow_up,omitempty"`
	ClosedAt  time.Time     `json:"closed_at,omitzero"`
	ClosedFor string        `json:"closed_for,omitempty"`
	// Ordinary says that care was sought under another insurer's plan: it goes
	// without the programme's name, on the plan's ordinary terms.
	Ordinary bool `json:"ordinary,omitempty"`
	// Match is the client's asking the care team to find somebody; nil: never asked.
	Match *Matching `json:"match,omitempty"`
	// Gap is what is missing in the screenings of a client in care; empty: nothing.
	Gap string `json:"gap,omitempty"`
}

// The gaps.
const (
	GapNoBaseline       = "no_baseline"        // the first session took place, and nobody had asked in time, or nobody answered
	GapMissedByPlatform = "missed_by_platform" // the follow-up was owed, and became known too late to be sent
)

// Matching is what a client told the care team of whom they look for, and whom
// the care team proposed. It is over when the client asks anybody.
type Matching struct {
	AskedAt    time.Time `json:"asked_at"`
	Note       string    `json:"note,omitempty"`
	Concerns   []string  `json:"concerns,omitempty"`
	Language   string    `json:"language,omitempty"`
	Gender     string    `json:"gender,omitempty"`
	Times      []string  `json:"times,omitempty"` // evening, weekend
	Proposed   []ChartID `json:"proposed,omitempty"`
	ProposedAt time.Time `json:"proposed_at,omitzero"`
	ProposedBy ChartID   `json:"proposed_by,omitempty"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
}

// Open says whether somebody is still looked for.
func (m *Matching) Open() bool { return m != nil && m.ClosedAt.IsZero() }

// PromiseResult says what became of the promise; empty while it is open.
type PromiseResult string

// The results of a promise.
const (
	Kept           PromiseResult = "kept"
	KeptOffered    PromiseResult = "kept_offered" // offered in time, the client chose later
	Broken         PromiseResult = "broken"
	PromiseDropped PromiseResult = "withdrawn"
	NotApplicable  PromiseResult = "not_applicable" // seeking care ended, or care began, in a way the promise says nothing of
)

// Kind, Key and Stands make an Episode a Record.
func (Episode) Kind() Kind    { return KindEpisode }
func (e Episode) Key() string { return string(e.ID) }
func (e Episode) Stands() []Place {
	places := []Place{{
		Set: EpisodesIn(Month(e.SoughtAt)), Entry: string(e.ID),
		Member: Member{Chart: e.Client, Ref: string(e.ID), At: e.SoughtAt},
	}}
	if e.Gap != "" {
		places = append(places, Place{
			Set: Set{Name: SetQueue, Of: "gap"}, Entry: string(e.ID),
			Member: Member{Chart: e.Client, Ref: string(e.ID), Code: e.Gap, At: e.FirstAt},
		})
	}
	return places
}
