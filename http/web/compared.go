package web

import (
	"fmt"

	"careconnect/assets"
	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/instrument"
)

// compared shows a follow-up beside its baseline: a picture of two numbers, the
// same as a table, and what they amount to. It says nothing about why they differ.
func compared(in instrument.Instrument, followUp care.Screening, all []care.Screening) *assets.Compared {
	before, ok := rules.BaselineOf(followUp, all)
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
