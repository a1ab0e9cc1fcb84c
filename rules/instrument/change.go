package instrument

// Change compares a later total with the baseline, for reports and for careful words to a person: it describes
// two numbers and says nothing about why they differ.
type Change struct {
	Difference int  `json:"difference"` // later minus baseline: below 0 is better
	Response   bool `json:"response"`   // fell by at least half of the baseline
	Remission  bool `json:"remission"`  // is below 5 now
	Better     bool `json:"better"`     // fell by an amount that matters to people
	Worse      bool `json:"worse"`      // rose by an amount that matters to people
	Reliable   bool `json:"reliable"`   // moved, either way, by more than chance would
}

// Change compares two totals of the instrument. A baseline of 0 leaves nothing to respond.
func (i Instrument) Change(baseline, later int) Change {
	fall, f := baseline-later, i.Figures
	return Change{
		Difference: -fall,
		Response:   baseline > 0 && 100*fall >= f.ResponsePercent*baseline,
		Remission:  later < f.RemissionBelow,
		Better:     fall >= f.Important,
		Worse:      -fall >= f.Important,
		Reliable:   max(fall, -fall) >= f.Reliable,
	}
}
