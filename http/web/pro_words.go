package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/rules/care"
)

// The words for what is in a chart, as providers and the care team read them.

var visitWords = map[care.AppointmentType]string{care.Consultation: "Consultation", care.Session: "Session"}

var outcomeBadges = map[care.AppointmentStatus]assets.Badge{
	care.Booked:            {Text: "Booked", Kind: "info", Icon: "calendar"},
	care.Attended:          {Text: "Held", Kind: "success", Icon: "check"},
	care.NoShowClient:      {Text: "Client did not come", Kind: "warning", Icon: "user"},
	care.NoShowProvider:    {Text: "Provider did not come", Kind: "danger", Icon: "user"},
	care.CancelledClient:   {Text: "Cancelled by the client", Kind: "quiet", Icon: "x"},
	care.Void:              {Text: "Fell away", Kind: "quiet", Icon: "x"},
	care.CancelledProvider: {Text: "Cancelled by the provider", Kind: "quiet", Icon: "x"},
}

var planBadges = map[care.CoverageStatus]assets.Badge{
	care.CoveragePending:  {Text: "Being verified", Kind: "info", Icon: "clock"},
	care.Eligible:         {Text: "Eligible", Kind: "success", Icon: "check"},
	care.Ineligible:       {Text: "Not eligible", Kind: "danger", Icon: "x"},
	care.NonParticipating: {Text: "Cannot be processed", Kind: "danger", Icon: "ban"},
	care.NeedsInfo:        {Text: "Waiting for a detail", Kind: "warning", Icon: "info"},
	care.CoverageExpired:  {Text: "Has run out", Kind: "warning", Icon: "clock"},
	care.Replaced:         {Text: "Replaced", Kind: "quiet", Icon: "history"},
}

var planTypes = map[care.CoverageType]string{care.HealthPlan: "Health plan", care.EAP: "EAP"}

var coveredWords = map[string]string{
	"covered": "Covered", "unverified": "Not verified yet", "hold": "On hold: do not bill yet",
	"ordinary": "Ordinary care: the plan pays, the benefit is over", "self_pay": "The client pays",
}

var screeningBadges = map[care.ScreeningStatus]assets.Badge{
	care.ScreeningAssigned:   {Text: "Not started", Kind: "quiet", Icon: "circle"},
	care.ScreeningStarted:    {Text: "Started", Kind: "info", Icon: "clock"},
	care.ScreeningCompleted:  {Text: "Done", Kind: "success", Icon: "check"},
	care.ScreeningExpired:    {Text: "Not done", Kind: "warning", Icon: "clock-alert"},
	care.ScreeningSuspended:  {Text: "On hold", Kind: "quiet", Icon: "pause"},
	care.ScreeningDeclined:   {Text: "Left out", Kind: "quiet", Icon: "x"},
	care.ScreeningCancelled:  {Text: "Taken back", Kind: "quiet", Icon: "x"},
	care.ScreeningSuperseded: {Text: "Earlier version", Kind: "quiet", Icon: "history"},
}

var purposeWords = map[care.Purpose]string{care.Baseline: "before the first session", care.FollowUp: "follow-up"}

var standingBadges = map[care.Participation]assets.Badge{
	care.NotJoined: {Text: "Candidate", Kind: "quiet", Icon: "user"},
	care.Active:    {Text: "Takes part", Kind: "success", Icon: "check"},
	care.Paused:    {Text: "Paused", Kind: "warning", Icon: "pause"},
	care.OptedOut:  {Text: "Has left", Kind: "quiet", Icon: "log-out"},

	care.PendingReview: {Text: "Waits for a yes", Kind: "info", Icon: "clock"},
	care.Suspended:     {Text: "Suspended", Kind: "danger", Icon: "ban"},
}

var degreeWords = map[string]string{
	"masters": "Master's level", "phd": "PhD", "np": "Nurse practitioner", "psyd": "PsyD", "md": "MD", "other": "Another degree", "": "Degree not known",
}

// planFact tells the plan in force, as far as the reader may know of it.
func planFact(chart *care.Chart) assets.Fact {
	c, ok := chart.CurrentCoverage()
	if !ok {
		if !anyClinical(chart) && len(chart.Referrals) > 0 {
			return assets.Fact{Term: "Coverage", Text: "Shown once you accept"}
		}
		return assets.Fact{Term: "Coverage", Text: "No plan given yet", Note: "Care can go on; a session is not covered before a plan is verified."}
	}
	badge := planBadges[c.Status]
	return assets.Fact{Term: "Coverage", Text: planTypes[c.Type] + ", " + c.Payer + " " + c.Plan, Note: "Member " + c.MemberID + owed(c), Badge: &badge}
}

func anyClinical(chart *care.Chart) bool {
	return slices.ContainsFunc(chart.Referrals, func(r care.Referral) bool { return r.Status.Clinical() })
}

// owed is the client's own part of a session, if it is known.
func owed(c care.Coverage) string {
	says := ""
	if c.CopayCents != nil {
		says += fmt.Sprintf(" · copay $%d.%02d", *c.CopayCents/100, *c.CopayCents%100)
	}
	if c.CoinsurancePct != nil {
		says += fmt.Sprintf(" · coinsurance %d %%", *c.CoinsurancePct)
	}
	return says
}

// sharingFact tells whether the client shares with the payer partner: yes or no,
// and never why.
func sharingFact(chart *care.Chart) assets.Fact {
	if c, ok := chart.Sharing(); ok && c.Sharing && c.WithdrawnAt.IsZero() {
		return assets.Fact{Term: "Shares with the payer", Text: "Yes", Note: "The client's own choice; care is the same either way."}
	}
	return assets.Fact{Term: "Shares with the payer", Text: "No", Note: "The client's own choice; care is the same either way."}
}

func nameIn(chart *care.Chart) string {
	if chart.Provider != nil {
		return chart.Provider.Name
	}
	if chart.Client == nil || chart.Client.Name == "" {
		return "A client"
	}
	return chart.Client.Name
}

func stateOf(chart *care.Chart) string {
	if chart.Client == nil {
		return ""
	}
	return stateName(chart.Client.State) + ", " + place(or(chart.Client.Zone, defaultZone)) + " time"
}

func clockTimes(list []time.Time, zone *time.Location) string {
	said := make([]string, len(list))
	for i, t := range list {
		said[i] = moment(t, zone).Text
	}
	return strings.Join(said, "; ")
}

func length(ap care.Appointment) string {
	return fmt.Sprintf("%d minutes", int(ap.End.Sub(ap.Start).Minutes()))
}

// listed names things as a person would.
func listed(words []string) string { return strings.Join(labelsOf(words), ", ") }

// tally is a number with its noun: "Two people seek".
func tally(n int, one, more string) string {
	if n == 1 {
		return "One " + one
	}
	return sentence(number(n)) + " " + more
}

// number writes small numbers out.
func number(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}
