package care

// Kind names a sort of record.
type Kind string

// The kinds of record.
const (
	KindClient      Kind = "client"
	KindProvider    Kind = "provider"
	KindEpisode     Kind = "episode"
	KindReferral    Kind = "referral"
	KindAppointment Kind = "appointment"
	KindCoverage    Kind = "coverage"
	KindScreening   Kind = "screening"
	KindAlert       Kind = "alert"
	KindConsent     Kind = "consent"
	KindDeadline    Kind = "deadline"
	KindTask        Kind = "task"
	KindMessage     Kind = "message"
	KindAccount     Kind = "account"
	KindPass        Kind = "pass"
	KindProgramme   Kind = "programme"
	KindTerms       Kind = "terms"
	KindEmployer    Kind = "employer"
	KindPlan        Kind = "plan"
	KindIntake      Kind = "intake"
	KindErasure     Kind = "erasure"
	KindHandoffKey  Kind = "handoff_key"
	KindArticle     Kind = "article"
	KindVotes       Kind = "votes"
	KindTicket      Kind = "ticket"
	KindHold        Kind = "hold"
	KindWait        Kind = "wait"
	KindCharge      Kind = "charge"
	KindBatch       Kind = "batch"
	KindCard        Kind = "card"
	KindPiece       Kind = "piece"
	KindPhoto       Kind = "photo"
	KindRosterPage  Kind = "roster_page"
	KindFigures     Kind = "figures"
)

// Record is one noun in a chart. Key is its id within the chart and kind;
// Stands are the sets it stands in as it is now, so that no list is ever kept
// by hand.
type Record interface {
	Kind() Kind
	Key() string
	Stands() []Place
}

// Change is one thing a plan does. Put writes a record, Drop removes one, New
// opens a chart, Erase forgets one, TrustClock touches none. What a record stands
// in follows from the record itself.
type Change interface{ change() }

// Put writes a record into a chart.
type Put struct {
	Chart  ChartID
	Record Record
}

// Drop removes a record from a chart, and from the sets it stood in.
type Drop struct {
	Chart  ChartID
	Record Record
}

// New opens a chart. The chart must not exist.
type New struct {
	Chart ChartID
	Of    Subject
}

// TrustClock takes what the clock says, where a leap of it was held back. It
// changes no record.
type TrustClock struct{}

// Erase forgets a chart: its records, what they stand in, and its key. From the
// commit on nobody reads it; by night what is left of it in the file goes too.
type Erase struct{ Chart ChartID }

func (Put) change()        {}
func (Drop) change()       {}
func (New) change()        {}
func (TrustClock) change() {}
func (Erase) change()      {}
