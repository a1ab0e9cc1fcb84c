package instrument_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"careconnect/rules/instrument"

	"pgregory.net/rapid"
)

func TestR48ScoresAtEveryBandEdge(t *testing.T) {
	for at, line := range cases(t, "scores.txt") {
		given, want := halves(t, at, line)
		i := get(t, given[0])
		answers := read(t, i, given[1])
		total, band := "none", "none"
		if s, ok := i.Score(answers); ok {
			total, band = strconv.Itoa(s.Total), s.Band.Code
		}
		safety := "unknown"
		if value, answered := i.Safety(answers); answered {
			safety = strconv.Itoa(value)
		}
		expect(t, at, want, []string{total, band, safety})
	}
}

func TestProratedImports(t *testing.T) {
	for at, line := range cases(t, "prorated.txt") {
		given, want := halves(t, at, line)
		i := get(t, given[0])
		total, band, flagged := "none", "none", "no"
		if p, ok := i.Prorate(read(t, i, given[1])); ok {
			total, band = strconv.Itoa(p.Total), p.Band.Code
			if len(p.Missing) > 0 {
				flagged = "yes"
			}
		}
		expect(t, at, want, []string{total, band, flagged})
	}
}

func TestChange(t *testing.T) {
	for at, line := range cases(t, "change.txt") {
		given, want := halves(t, at, line)
		baseline, _ := strconv.Atoi(given[1])
		later, _ := strconv.Atoi(given[2])
		c := get(t, given[0]).Change(baseline, later)
		got := []string{strconv.Itoa(c.Difference)}
		for _, w := range []struct {
			is   bool
			word string
		}{{c.Response, "response"}, {c.Remission, "remission"}, {c.Better, "better"}, {c.Worse, "worse"}, {c.Reliable, "reliable"}} {
			if w.is {
				got = append(got, w.word)
			}
		}
		if len(got) == 1 {
			got = append(got, "nothing")
		}
		expect(t, at, want, got)
	}
}

func TestWordsAreThoseOfThePublishedForm(t *testing.T) {
	for _, i := range instrument.All() {
		var got []string
		say := func(parts ...string) { got = append(got, strings.Join(parts, " | ")) }
		say("stem", i.Stem)
		for _, item := range i.Items {
			say(item.Code, item.Text)
		}
		for _, item := range []instrument.Item{i.Items[0], i.Items[len(i.Items)-1]} {
			for _, a := range item.Answers {
				say(strconv.Itoa(a.Value), a.Code, a.Display)
			}
		}
		var want []string
		for _, line := range cases(t, i.ID+".wording.txt") {
			want = append(want, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s differs from the published form:\n%s", i.ID, strings.Join(got, "\n"))
		}
		for _, item := range i.Items[:len(i.Items)-1] {
			if !slices.Equal(item.Answers, i.Items[0].Answers) || !item.Scored || !item.Required {
				t.Errorf("%s %s: a scored item is required and answered by how often", i.ID, item.Code)
			}
		}
	}
}

func TestEveryCodeHasItsCheckDigit(t *testing.T) {
	seen := map[string]bool{}
	check := func(code string) {
		seen[code] = true
		if !loincDigitRight(code) {
			t.Errorf("%s fails the LOINC check digit", code)
		}
	}
	for _, i := range instrument.All() {
		for _, code := range []string{i.Panel, i.TotalCode, i.AnswerList} {
			check(code)
		}
		for _, item := range i.Items {
			check(item.Code)
			for _, a := range item.Answers {
				check(a.Code)
			}
		}
	}
	if len(seen) != 2+2+1+9+7+1+8 {
		t.Errorf("%d different codes: one is used for two things, or one is missing", len(seen))
	}
	for _, wrong := range []string{"69689-6", "44250-8", "LA6575-3"} {
		if loincDigitRight(wrong) {
			t.Errorf("the test takes %s, which is wrong", wrong)
		}
	}
}

// loincDigitRight checks the mod 10 digit (Luhn's) of a LOINC code. In the codes of answers and of answer lists a
// letter counts as its place in the alphabet, digit by digit added: A is 1, L is 1+2.
func loincDigitRight(code string) bool {
	body, digit, found := strings.Cut(code, "-")
	sum := 0
	for k := range len(body) {
		c := body[len(body)-1-k]
		value := int(c - '0')
		if c >= 'A' {
			place := int(c-'A') + 1
			value = place/10 + place%10
		}
		if k%2 == 0 {
			value = value*2/10 + value*2%10
		}
		sum += value
	}
	return found && digit == strconv.Itoa((10-sum%10)%10)
}

func TestShape(t *testing.T) {
	for _, i := range instrument.All() {
		top, scored := 0, 0
		for _, item := range i.Items {
			if item.Scored {
				scored++
				top += item.Answers[len(item.Answers)-1].Value
			}
			for v, a := range item.Answers {
				if a.Value != v {
					t.Errorf("%s %s: answers rise by one from 0", i.ID, item.Code)
				}
			}
		}
		if top != i.Max || scored != len(i.Items)-1 || i.Items[scored].Code != "69722-7" {
			t.Errorf("%s: %d scored items up to %d", i.ID, scored, top)
		}
		if i.Bands[0].Min != 0 || !slices.IsSortedFunc(i.Bands, func(a, b instrument.Band) int { return a.Min - b.Min }) {
			t.Errorf("%s: bands cover every total, in order", i.ID)
		}
		if i.Version == "" || !strings.Contains(i.Credit, "No permission required") || !strings.Contains(i.Notice, "loinc.org/license") {
			t.Errorf("%s: version, credit and notice are shown with the form", i.ID)
		}
	}
	if _, known := instrument.Get("phq-2"); known {
		t.Error("an unknown instrument was found")
	}
}

func TestCheckNamesEveryAnswerThatCannotBeTaken(t *testing.T) {
	phq, _ := instrument.Get("phq-9")
	got := phq.Check(map[string]int{"44250-9": 4, "44255-8": -1, "69725-0": 1, "69722-7": 3, "44260-8": 3})
	var codes []string
	for _, p := range got {
		codes = append(codes, p.Item)
		if strings.ContainsAny(strings.TrimPrefix(p.Error(), p.Item), "41") {
			t.Errorf("the problem with %s repeats the answer", p.Item)
		}
	}
	if !slices.Equal(codes, []string{"44250-9", "44255-8", "69725-0"}) {
		t.Errorf("problems with %v", codes)
	}
	if got := phq.Check(map[string]int{"44250-9": 0}); got != nil {
		t.Errorf("a part of the answers may be saved: %v", got)
	}
	if _, ok := phq.Score(fill(phq, map[string]int{"44250-9": 4})); ok {
		t.Error("an answer that is no choice must not be added up")
	}
	if _, ok := phq.Prorate(fill(phq, map[string]int{"44250-9": -1})); ok {
		t.Error("an answer that is no choice must not be added up on import")
	}
}

func TestMissingAreTheRequiredItemsInOrder(t *testing.T) {
	gad, _ := instrument.Get("gad-7")
	answers := fill(gad, nil)
	delete(answers, "69722-7")
	if missing := gad.Missing(answers); missing != nil {
		t.Errorf("the difficulty item is not required: %v", missing)
	}
	delete(answers, "69736-7")
	delete(answers, "69725-0")
	if missing := gad.Missing(answers); !slices.Equal(missing, []string{"69725-0", "69736-7"}) {
		t.Errorf("missing %v", missing)
	}
}

func TestDifficultyIsAskedOnlyOfThoseWithAProblem(t *testing.T) {
	for _, i := range instrument.All() {
		last := i.Items[len(i.Items)-1]
		if i.Asks(last, map[string]int{last.Code: 3, i.Items[0].Code: 0}) {
			t.Errorf("%s asks how difficult nothing is", i.ID)
		}
		if !i.Asks(last, map[string]int{i.Items[2].Code: 1}) || !i.Asks(i.Items[0], nil) {
			t.Errorf("%s leaves out a question", i.ID)
		}
	}
}

func TestTotalIsTheSumAndTheTenthItemNeverChangesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.SampledFrom(instrument.All()).Draw(t, "instrument")
		answers, sum := map[string]int{}, 0
		for _, item := range i.Items[:len(i.Items)-1] {
			answers[item.Code] = rapid.IntRange(0, 3).Draw(t, item.Code)
			sum += answers[item.Code]
		}
		plain, ok := i.Score(answers)
		if !ok || plain.Total != sum || plain.Total > i.Max {
			t.Fatalf("%s: the total is not the sum", i.ID)
		}
		prorated, ok := i.Prorate(answers)
		if !ok || prorated.Score != plain || prorated.Missing != nil {
			t.Fatalf("%s: with nothing missing an import scores as our own form does", i.ID)
		}
		for difficulty := range 4 {
			with := maps.Clone(answers)
			with["69722-7"] = difficulty
			if s, ok := i.Score(with); !ok || s != plain {
				t.Fatalf("%s: the difficulty item changed the total", i.ID)
			}
		}
	})
}

// cases reads the lines of a file that are neither empty nor a comment, each with where it stands.
func cases(t *testing.T, name string) func(yield func(at, line string) bool) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return func(yield func(at, line string) bool) {
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(fmt.Sprintf("%s:%d", name, n), line) {
				return
			}
		}
	}
}

func halves(t *testing.T, at, line string) (given, want []string) {
	t.Helper()
	left, right, found := strings.Cut(line, "->")
	if !found {
		t.Fatalf("%s: no ->", at)
	}
	return strings.Fields(left), strings.Fields(right)
}

func expect(t *testing.T, at string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s: want %v, got %v", at, want, got)
	}
}

func get(t *testing.T, id string) instrument.Instrument {
	t.Helper()
	i, ok := instrument.Get(id)
	if !ok {
		t.Fatalf("no instrument %s", id)
	}
	return i
}

// read turns "11100000-/3" into answers by code.
func read(t *testing.T, i instrument.Instrument, marks string) map[string]int {
	t.Helper()
	marks = strings.Replace(marks, "/", "", 1)
	if len(marks) != len(i.Items) {
		t.Fatalf("%s has %d items, not %d", i.ID, len(i.Items), len(marks))
	}
	answers := map[string]int{}
	for k, item := range i.Items {
		if marks[k] != '-' {
			answers[item.Code] = int(marks[k] - '0')
		}
	}
	return answers
}

// fill answers every item with 1, except as told.
func fill(i instrument.Instrument, except map[string]int) map[string]int {
	answers := map[string]int{}
	for _, item := range i.Items {
		answers[item.Code] = 1
	}
	maps.Copy(answers, except)
	return answers
}
