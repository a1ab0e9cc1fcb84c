package web

import (
	"slices"
	"strings"

	"careconnect/assets"
	"careconnect/rules/order"
)

// labels are the words for what providers choose from lists, by their keys.
// What is not in the table is told as it is written.
var labels = map[string]string{
	"en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "zh": "Chinese", "vi": "Vietnamese", "ar": "Arabic", "pl": "Polish",
	"de": "German", "it": "Italian", "pt": "Portuguese", "ru": "Russian", "ko": "Korean", "ja": "Japanese", "tl": "Tagalog", "fa": "Persian",
	"he": "Hebrew", "ur": "Urdu", "bn": "Bengali", "uk": "Ukrainian", "ro": "Romanian", "el": "Greek", "tr": "Turkish", "ht": "Haitian Creole", "ase": "American Sign Language",
	"masters": "Master’s level therapist", "phd": "Psychologist (PhD)", "np": "Nurse practitioner", "psyd": "Psychologist (PsyD)",
	"cbt": "CBT", "act": "ACT", "dbt": "DBT", "emdr": "EMDR", "ifs": "IFS", "ptsd": "PTSD", "ocd": "OCD", "adhd": "ADHD", "lgbtq": "LGBTQ+",
	"woman": "Woman", "man": "Man", "nonbinary": "Nonbinary",
}

// label is a key or a value in words.
func label(value string) string {
	if words, ok := labels[strings.ToLower(value)]; ok {
		return words
	}
	return sentence(strings.ReplaceAll(value, "_", " "))
}

func labelsOf(values []string) []string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = label(v)
	}
	return words
}

// sentence begins a text with a capital.
func sentence(s string) string {
	if s == "" {
		return s
	}
	first := []rune(s)
	return strings.ToUpper(string(first[0])) + string(first[1:])
}

// initials stand for a face.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first := string([]rune(words[0])[0])
	if len(words) == 1 {
		return strings.ToUpper(first)
	}
	return strings.ToUpper(first + string([]rune(words[len(words)-1])[0]))
}

// tint is the colour of a person's initials, always the same one.
func tint(id string) int {
	sum := 0
	for _, b := range []byte(id) {
		sum += int(b)
	}
	return sum % 5
}

// checked are choices for values, those chosen marked, by their words.
func checked(values, chosen []string) []assets.Choice {
	choices := make([]assets.Choice, 0, len(values))
	for _, v := range values {
		choices = append(choices, assets.Choice{Value: v, Text: label(v), Checked: slices.Contains(chosen, v)})
	}
	order.By(choices, func(a, b assets.Choice) int { return strings.Compare(a.Text, b.Text) })
	return choices
}
