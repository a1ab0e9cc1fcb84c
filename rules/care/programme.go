package care

import (
	"time"

	"careconnect/rules/calendar"
)

// Programme is the instance's own words: who runs what, whom to write to. They
// are data, and the handbook's sentences are rendered from them.
type Programme struct {
	Name         string             `json:"name"`    // Care Connect
	Network      string             `json:"network"` // Alma
	Payer        string             `json:"payer"`   // Optum
	PrivacyEmail string             `json:"privacy_email"`
	CareEmail    string             `json:"care_email"`
	OnCallEmail  string             `json:"on_call_email"`
	Crisis       string             `json:"crisis"`
	Holidays     []calendar.Holiday `json:"holidays,omitempty"`
	Enabled      bool               `json:"enabled"`
	Others       []Branch           `json:"others,omitempty"` // programmes beside the first
	// CrisisAt is when an operator confirmed the crisis text, and CrisisBy who. A
	// lasting instance takes no requests before.
	CrisisAt time.Time `json:"crisis_at,omitzero"`
	CrisisBy ChartID   `json:"crisis_by,omitempty"`
}

// Branch is a programme beside the first: its own name, its own terms (by its
// code), and whether it takes new requests.
type Branch struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

// Takes says whether the programme of a code takes new requests; the first has
// none.
func (p Programme) Takes(code string) bool {
	for _, b := range p.Others {
		if b.Code == code {
			return b.Enabled
		}
	}
	return code == "" && p.Enabled
}

// Kind, Key and Stands make a Programme a Record.
func (Programme) Kind() Kind      { return KindProgramme }
func (Programme) Key() string     { return string(ProgrammeChart) }
func (Programme) Stands() []Place { return nil }

// Terms are the numbers that the programme's text leaves open or states, as one
// dated version. A version once used is never changed.
type Terms struct {
	Version             string    `json:"version"`
	Programme           string    `json:"programme,omitempty"` // code of the one that they are for; empty: the first
	Effective           time.Time `json:"effective"`
	RespondHours        int       `json:"respond_hours"`
	ConsultDays         int       `json:"consult_days"`
	PromiseBusinessDays int       `json:"promise_business_days"`
	FollowUpOpensDay    int       `json:"follow_up_opens_day"`
	FollowUpClosesDay   int       `json:"follow_up_closes_day"`
	ElevatedPHQ9        int       `json:"elevated_phq9"`
	ElevatedGAD7        int       `json:"elevated_gad7"`
	EligibilityDays     int       `json:"eligibility_target"` // business days
	OpenRequestsMax     int       `json:"open_requests_max"`
	SafetyAckMinutes    int       `json:"safety_ack_minutes"`
	MinimumAge          int       `json:"minimum_age"`
	LateAnswerHours     int       `json:"late_answer_hours"`
	ReportMinCell       int       `json:"report_min_cell"`
	SafetyRepeatMinutes int       `json:"safety_repeat_minutes,omitempty"`
	SafetyRepeats       int       `json:"safety_repeats,omitempty"`
	// Holidays are the instance's own under this version; nil: those of the programme.
	Holidays        []calendar.Holiday `json:"holidays,omitempty"`
	Author          ChartID            `json:"author,omitempty"` // who adopted it, when, and why
	Adopted         time.Time          `json:"adopted,omitzero"`
	Why             string             `json:"why,omitempty"`
	SupportDays     int                `json:"support_days,omitempty"`  // business days to the first answer to a question
	BaselineDays    int                `json:"baseline_days,omitempty"` // how old answers may be when the first session begins
	LateCancelHours int                `json:"late_cancel_hours,omitempty"`
	SilenceHours    int                `json:"silence_hours,omitempty"`
	NoResponseDays  int                `json:"no_response_days,omitempty"`
	HoldMinutes     int                `json:"hold_minutes,omitempty"`
	NoWordMinutes   int                `json:"no_word_minutes,omitempty"`
	Degrees         []string           `json:"degrees"`
	PsyD            *bool              `json:"psyd,omitempty"` // nil: the care team has not decided
	// Wording is the version of the six duties' words. A new one asks every
	// provider for a new yes, as other numbers in a duty do.
	Wording              string `json:"wording,omitempty"`
	ReattestDays         int    `json:"reattest_days,omitempty"`
	ChoiceHours          int    `json:"choice_hours,omitempty"`
	CredentialNoticeDays int    `json:"credential_notice_days,omitempty"`
	CredentialLastDays   int    `json:"credential_last_days,omitempty"`
	ReviewMisses         int    `json:"review_misses,omitempty"`
	ReviewDays           int    `json:"review_days,omitempty"`
	HandoffMinutes       int    `json:"handoff_minutes,omitempty"`      // how long a link from the portal may live
	HandoffSkewMinutes   int    `json:"handoff_skew_minutes,omitempty"` // how far two clocks may be apart
	// RetainYears is how long a law wants visits and answers about sharing kept of
	// somebody who was forgotten.
	RetainYears int `json:"retain_years,omitempty"`
	// What follows came later; in a version that does not tell it, the first terms
	// that did are meant.
	CoverageCheckDays  int `json:"coverage_check_days,omitempty"`
	CoverageChoiceDays int `json:"coverage_choice_days,omitempty"` // business days
	DetailsDays        int `json:"details_days,omitempty"`         // how long a link to give plan details by works
	CardDays           int `json:"card_days,omitempty"`            // how long the photo of a card is kept once the plan is verified
	WaitlistMax        int `json:"waitlist_max,omitempty"`         // on how many waiting lists a client stands at most
	WaitlistDays       int `json:"waitlist_days,omitempty"`        // after which an entry ends by itself
	InvitationDays     int `json:"invitation_days,omitempty"`      // for which a provider's invitation from their list counts
}

// Kind, Key and Stands make Terms a Record.
func (Terms) Kind() Kind      { return KindTerms }
func (t Terms) Key() string   { return t.Version }
func (Terms) Stands() []Place { return nil }

// Employer offers the programme as a benefit from Starts to Ends inclusive; an
// Ends of zero has no end. It never sees a person.
type Employer struct {
	ID       EmployerID    `json:"id"`
	Name     string        `json:"name"`
	Code     string        `json:"code"`
	Industry string        `json:"industry"`
	Starts   calendar.Date `json:"starts"`
	Ends     calendar.Date `json:"ends,omitzero"`
	// Holidays are days on which the employer itself is closed. They are told in
	// its texts; the promise counts the programme's business days.
	Holidays []calendar.Holiday `json:"holidays,omitempty"`
	// Audience says who at the employer reads its report, in a few words.
	Audience  string `json:"audience,omitempty"`
	Programme string `json:"programme,omitempty"` // code of the programme that its people come through; empty: the first
	// Salt is what the employer hashes its roster with, at home.
	Salt string `json:"salt,omitempty"`
	// Roster is the digest of the roster in force, with when it came and how many
	// are on it; empty: there is none.
	Roster     string    `json:"roster,omitempty"`
	RosterAt   time.Time `json:"roster_at,omitzero"`
	RosterSize int       `json:"roster_size,omitempty"`
}

// Offers says whether the employer takes part on a day.
func (e Employer) Offers(on calendar.Date) bool {
	return !on.Before(e.Starts) && (e.Ends == calendar.Date{} || !e.Ends.Before(on))
}

// Kind, Key and Stands make an Employer a Record.
func (Employer) Kind() Kind      { return KindEmployer }
func (e Employer) Key() string   { return string(e.ID) }
func (Employer) Stands() []Place { return nil }

// UnprocessablePlan is a plan that the systems cannot process, in one state or
// (State empty) everywhere, from a day to a day. The list of them is published,
// and what was on it stays on it with its dates, so that it can be read as of
// any day.
type UnprocessablePlan struct {
	Payer string        `json:"payer"`
	Plan  string        `json:"plan"`
	State string        `json:"state,omitempty"`
	From  calendar.Date `json:"from,omitzero"` // zero: from the beginning
	Ends  calendar.Date `json:"ends,omitzero"` // the last day; zero: no end is set
}

// Holds says whether the entry is in force on a day.
func (p UnprocessablePlan) Holds(on calendar.Date) bool {
	return !on.Before(p.From) && (p.Ends.IsZero() || !p.Ends.Before(on))
}

// Kind, Key and Stands make an UnprocessablePlan a Record.
func (UnprocessablePlan) Kind() Kind      { return KindPlan }
func (UnprocessablePlan) Stands() []Place { return nil }
func (p UnprocessablePlan) Key() string {
	key := p.Payer + "|" + p.Plan + "|" + p.State
	if !p.From.IsZero() {
		key += "|" + p.From.String()
	}
	return key
}

// Intake is how far something of many acts has come, so that it can go on where it
// was cut short: the import of one file, or what follows from new terms. It leaves
// when all is done.
type Intake struct {
	File   string         `json:"file"` // digest of the file, or the version of the terms
	Done   int            `json:"done"` // candidates applied
	Counts map[string]int `json:"counts"`
}

// Kind, Key and Stands make an Intake a Record.
func (Intake) Kind() Kind      { return KindIntake }
func (i Intake) Key() string   { return i.File }
func (Intake) Stands() []Place { return nil }
