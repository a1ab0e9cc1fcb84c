package care

import (
	"cmp"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/order"
)

// Coverage is a health plan or an EAP of the client. The programme itself is
// never a coverage. It is never overwritten: other details are another coverage,
// and what was found of this one stays, with its dates.
type Coverage struct {
	ID             CoverageID     `json:"id"`
	Client         ChartID        `json:"client"`
	Type           CoverageType   `json:"type"`
	Payer          string         `json:"payer"`
	Plan           string         `json:"plan"`
	MemberID       string         `json:"member_id"`
	Group          string         `json:"group,omitempty"`
	State          string         `json:"state"`
	SubmittedAt    time.Time      `json:"submitted_at"`
	Status         CoverageStatus `json:"status"`
	Verify         DeadlineID     `json:"verify,omitempty"`
	VerifiedAt     time.Time      `json:"verified_at,omitzero"`
	VerifiedBy     ChartID        `json:"verified_by,omitempty"`
	Note           string         `json:"note,omitempty"`
	CopayCents     *int           `json:"copay_cents,omitempty"`
	CoinsurancePct *int           `json:"coinsurance_pct,omitempty"`

	DeductibleCents *int64 `json:"deductible_cents,omitempty"` // what is left of it, as found
	Authorization   string `json:"authorization,omitempty"`    // of an EAP: its code
	Authorised      int    `json:"authorised,omitempty"`       // of an EAP: how many sessions; 0: not told

	From  calendar.Date `json:"from,omitzero"` // the first day it holds, as found; zero: not told
	Ends  calendar.Date `json:"ends,omitzero"` // the last
	Ended DeadlineID    `json:"ended,omitempty"`

	Replaces   CoverageID     `json:"replaces,omitempty"`
	ReplacedAt time.Time      `json:"replaced_at,omitzero"`
	Found      CoverageStatus `json:"found,omitempty"` // what had been found when it was replaced

	ChosenAt time.Time  `json:"chosen_at,omitzero"` // when the client last said that this one pays first
	Check    DeadlineID `json:"check,omitempty"`    // when it is looked at again
	CheckAt  time.Time  `json:"check_at,omitzero"`  // since when it waits to be looked at again
	Choice   DeadlineID `json:"choice,omitempty"`   // until when the client chooses how to go on without it
	Way      Way        `json:"way,omitempty"`      // what they chose
	Card     *Card      `json:"card,omitempty"`     // the photo of the card, while there is one
}

// Way is how a client goes on when a plan turns out not to be processable.
type Way string

// The ways.
const (
	WaySelfPay  Way = "self_pay"
	WayOther    Way = "other_coverage"
	WayProvider Way = "other_provider"
	WayCancel   Way = "cancel"
)

// Finding is what was found of the coverage, also where another has taken its place.
func (c Coverage) Finding() CoverageStatus {
	if c.Status == Replaced {
		return c.Found
	}
	return c.Status
}

// Waits says whether the care team has to look at the coverage.
func (c Coverage) Waits() bool {
	return c.Status == CoveragePending || !c.CheckAt.IsZero() && c.Status != Replaced
}

// Verifying says whether the care team is not done with the details: it has to
// look at them, or waits for one that is missing.
func (c Coverage) Verifying() bool { return c.Waits() || c.Status == NeedsInfo }

// On is what is found of a coverage for a day: outside of its dates it has run
// out, whatever was found within them.
func (c Coverage) On(day calendar.Date) CoverageStatus {
	found := c.Status
	if found == Replaced || found == CoverageExpired {
		found = c.Found
	}
	if !c.From.IsZero() && day.Before(c.From) || !c.Ends.IsZero() && c.Ends.Before(day) {
		return CoverageExpired
	}
	return found
}

// reaches says whether a coverage can be the one of a visit at an instant: it
// had been given, or was found to hold on that day already, and no other had
// taken its place.
func (c Coverage) reaches(at time.Time, day calendar.Date) bool {
	given := !c.SubmittedAt.After(at) || !c.From.IsZero() && !day.Before(c.From)
	replaced := c.Status == Replaced && (c.ReplacedAt.IsZero() || !c.ReplacedAt.After(at))
	return given && !replaced
}

// since is when a coverage came to stand where it stands in the order.
func (c Coverage) since(at time.Time) time.Time {
	if c.ChosenAt.After(c.SubmittedAt) && !c.ChosenAt.After(at) {
		return c.ChosenAt
	}
	return c.SubmittedAt
}

// ranks put what was found in the order in which one would pay: an eligible
// coverage before one that is being looked at, and that before any other.
var ranks = map[CoverageStatus]int{Eligible: 2, CoveragePending: 1, NeedsInfo: 1}

// pays says whether it is settled who pays for a visit on a day: the coverage, or the
// client, who chose so.
func (c Coverage) pays(day calendar.Date) bool { return c.On(day) == Eligible || c.Way == WaySelfPay }

// CoveragesAt are the coverages that reach a visit at an instant, on a day where
// the client is, the one that pays first being the first: one that pays before one
// that does not, what had been given by then before what was given since, and of
// those alike the one that the client named last.
func (c *Chart) CoveragesAt(at time.Time, day calendar.Date) []Coverage {
	var all []Coverage
	for _, v := range c.Coverages {
		if v.reaches(at, day) {
			all = append(all, v)
		}
	}
	one := map[bool]int{true: 1}
	order.By(all, func(a, b Coverage) int {
		return cmp.Or(
			one[b.pays(day)]-one[a.pays(day)],
			one[a.SubmittedAt.After(at)]-one[b.SubmittedAt.After(at)],
			ranks[b.On(day)]-ranks[a.On(day)],
			b.since(at).Compare(a.since(at)),
		)
	})
	return all
}

// CoverageType tells a health plan from an EAP.
type CoverageType string

// The types of coverage.
const (
	HealthPlan CoverageType = "health_plan"
	EAP        CoverageType = "eap"
)

// CoverageStatus is what the care team found.
type CoverageStatus string

// The statuses of a coverage.
const (
	CoveragePending  CoverageStatus = "pending"
	Eligible         CoverageStatus = "eligible"
	Ineligible       CoverageStatus = "ineligible"
	NonParticipating CoverageStatus = "non_participating"
	NeedsInfo        CoverageStatus = "needs_info"
	CoverageExpired  CoverageStatus = "expired"  // its last day is over
	Replaced         CoverageStatus = "replaced" // a later coverage took its place
)

// Kind, Key and Stands make a Coverage a Record.
func (Coverage) Kind() Kind    { return KindCoverage }
func (c Coverage) Key() string { return string(c.ID) }
func (c Coverage) Stands() []Place {
	m := Member{Chart: c.Client, Ref: string(c.ID), Code: "coverage", At: c.SubmittedAt}
	var places []Place
	if c.Status != Replaced {
		of := m
		of.Code = c.State
		places = append(places, Place{Set: OnPlan(c.Payer, c.Plan), Entry: string(c.ID), Member: of})
	}
	if c.Waits() {
		if !c.CheckAt.IsZero() {
			m.At = c.CheckAt
		}
		places = append(places, Place{Set: Set{Name: SetQueue, Of: "coverage"}, Entry: string(c.ID), Member: m})
	}
	return places
}
