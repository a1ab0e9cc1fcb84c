package care

import "time"

// Coverage is a health plan or an EAP of the client. The programme itself is
// never a coverage.
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
	Replaced         CoverageStatus = "replaced" // a later coverage took its place
)

// Kind, Key and Stands make a Coverage a Record.
func (Coverage) Kind() Kind    { return KindCoverage }
func (c Coverage) Key() string { return string(c.ID) }
func (c Coverage) Stands() []Place {
	if c.Status != CoveragePending {
		return nil
	}
	return []Place{{
		Set: Set{Name: SetQueue, Of: "coverage"}, Entry: string(c.ID),
		Member: Member{Chart: c.Client, Ref: string(c.ID), Code: "coverage", At: c.SubmittedAt},
	}}
}
