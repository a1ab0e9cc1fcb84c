package instrument

import (
	"maps"
	"slices"
)

// Score is a total with the band it lies in.
type Score struct {
	Total int  `json:"total"`
	Band  Band `json:"band"`
}

// Problem is an answer that cannot be taken: the code it was given for, and what is wrong with it.
type Problem struct {
	Item string `json:"item"`
	What string `json:"what"`
}

// Error says the problem in a sentence. It repeats the code, never the answer.
func (p Problem) Error() string { return p.Item + ": " + p.What }

// Check returns every answer that cannot be taken, by code: those to questions the instrument does not ask, and
// those that are none of the question's choices. Missing answers are no problem, since a part may be saved.
func (i Instrument) Check(answers map[string]int) []Problem {
	var problems []Problem
	for _, code := range slices.Sorted(maps.Keys(answers)) {
		item, asked := i.Item(code)
		if !asked {
			problems = append(problems, Problem{code, i.Title + " does not ask this question"})
			continue
		}
		if _, is := item.Answer(answers[code]); !is {
			problems = append(problems, Problem{code, "choose one of the answers of this question"})
		}
	}
	return problems
}

// Missing returns the codes of the items without which there is no total and which have no answer, in order.
func (i Instrument) Missing(answers map[string]int) []string {
	var missing []string
	for _, item := range i.Items {
		if _, answered := answers[item.Code]; item.Required && !answered {
			missing = append(missing, item.Code)
		}
	}
	return missing
}

// Asks says whether the item is put to someone who answered so far: the difficulty item only to those who
// answered above 0 on some scored item, every other item always.
func (i Instrument) Asks(item Item, answers map[string]int) bool {
	if !item.IfAny {
		return true
	}
	return slices.ContainsFunc(i.Items, func(other Item) bool { return other.Scored && answers[other.Code] > 0 })
}

// Score adds up the scored items. It is false while one of them is missing, or has an answer that Check refuses:
// there is no total then, not a low one.
func (i Instrument) Score(answers map[string]int) (Score, bool) {
	total := 0
	for _, item := range i.Items {
		if !item.Scored {
			continue
		}
		value, answered := answers[item.Code]
		if _, is := item.Answer(value); !answered || !is {
			return Score{}, false
		}
		total += value
	}
	return Score{total, i.Band(total)}, true
}

// Safety returns the answer to the item about self-harm, and whether there is one. An answer above 0 raises an
// alert whatever the total, from the moment it is first saved. No answer means unknown, not 0.
func (i Instrument) Safety(answers map[string]int) (value int, answered bool) {
	if i.SafetyItem == "" {
		return 0, false
	}
	value, answered = answers[i.SafetyItem]
	return value, answered
}
