package instrument

import "slices"

// Prorated is a total of answers that came from elsewhere. If Missing is not empty, the total is an estimate and
// must be shown as one.
type Prorated struct {
	Score
	Missing []string `json:"missing,omitempty"`
}

// prorateMost is how many missing items the mean of the others may stand in for (Arrieta 2017).
const prorateMost = 2

// Prorate scores imported answers, of which up to two may be missing: the mean of the others takes their place,
// and the total is rounded, halves up. It is false, and there is no total, when more are missing, when an answer
// is none of the choices, or when the item about self-harm is missing: that answer is never guessed, its safety
// is unknown, and it is to be asked again. Our own forms never need this; they ask for every answer.
func (i Instrument) Prorate(answers map[string]int) (Prorated, bool) {
	missing := i.Missing(answers)
	if len(missing) > prorateMost || slices.Contains(missing, i.SafetyItem) {
		return Prorated{}, false
	}
	sum, items := 0, 0
	for _, item := range i.Items {
		if !item.Scored {
			continue
		}
		items++
		value, answered := answers[item.Code]
		if _, is := item.Answer(value); answered && !is {
			return Prorated{}, false
		}
		sum += value
	}
	answered := items - len(missing)
	total := (2*sum*items + answered) / (2 * answered)
	return Prorated{Score{total, i.Band(total)}, missing}, true
}
