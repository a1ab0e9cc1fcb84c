package qa

import "careconnect/rules/instrument"

// filled answers every scored item of an instrument with a value, the safety
// item with none.
func filled(id string, value int) map[string]int {
	in, _ := instrument.Get(id)
	answers := map[string]int{}
	for _, item := range in.Items {
		switch {
		case item.Code == in.SafetyItem:
			answers[item.Code] = 0
		case item.Scored:
			answers[item.Code] = value
		}
	}
	return answers
}

// safetyItem is the code of the item that alerts; empty if the instrument has none.
func safetyItem(id string) string {
	in, _ := instrument.Get(id)
	return in.SafetyItem
}
