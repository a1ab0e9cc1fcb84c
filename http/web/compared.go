package web

import (
	"fmt"

	"careconnect/assets"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// baselineOf is the screening that a follow-up is compared with: the one of the
// same instrument from before the first session, in its last version.
func baselineOf(followUp care.Screening, all []care.Screening) (care.Screening, bool) {
	var before care.Screening
	for _, s := range all {
		if s.Purpose == care.Baseline && s.Episode == followUp.Episode && s.Instrument == followUp.Instrument && s.Status == care.ScreeningCompleted && s.Total != nil &&
			(before.ID == "" || s.SubmittedAt.After(before.SubmittedAt)) {
			before = s
		}
	}
	return before, before.ID != ""
}

// compared shows a follow-up beside its baseline: a picture of two numbers, the
// same as a table, and what they amount to. It says nothing about why they differ.
func compared(in instrument.Instrument, followUp care.Screening, all []care.Screening) *assets.Compared {
	before, ok := baselineOf(followUp, all)
	if !ok || followUp.Purpose != care.FollowUp || followUp.Total == nil {
		return nil
	}
	c := in.Change(*before.Total, *followUp.Total)
	point := func(text string, total int) assets.Point {
		return assets.Point{Text: text, Value: total, Note: in.Band(total).Label}
	}
	return &assets.Compared{
		Title: in.Title + ", before and after", Max: in.Max,
		Points: []assets.Point{point("Before the first session", *before.Total), point("Follow-up", *followUp.Total)},
		Facts: []assets.Fact{
			{Term: "Difference", Text: signed(c.Difference)},
			{Term: fmt.Sprintf("At least %d%% lower (response)", in.Figures.ResponsePercent), Text: yesNo[c.Response]},
			{Term: fmt.Sprintf("Below %d now (remission)", in.Figures.RemissionBelow), Text: yesNo[c.Remission]},
		},
		Says: "Two numbers are no diagnosis, and they do not say why they differ.",
	}
}

var yesNo = map[bool]string{true: "Yes", false: "No"}

// signed writes a difference with a true minus.
func signed(n int) string {
	if n < 0 {
		return fmt.Sprintf("−%d", -n)
	}
	return fmt.Sprintf("+%d", n)
}
