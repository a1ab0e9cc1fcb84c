// Package instrument holds the two screenings of the programme, PHQ-9 and GAD-7, as data, and one scorer for both.
//
// The wording is that of the published forms and must not be altered; the codes are LOINC's, which is what makes
// an answer mean the same in another system. A page, a FHIR Questionnaire and a score all follow from the same
// rows. The scorer adds up and names a band. It never diagnoses, and it keeps the question about self-harm apart
// from the total: that answer matters whatever the sum is, and is never guessed.
//
// Answers travel as a map from an item's code to the value chosen. What the package returns never repeats an
// answer in words, so that its problems may be shown and logged.
package instrument

// Instrument is a questionnaire: its words, its codes, and how its total is read. Instruments are shared data;
// whoever gets one must not change what its slices hold.
type Instrument struct {
	ID           string // the name used in addresses and records, such as "phq-9"
	Title        string // the name that people read, such as "PHQ-9"
	Version      string // of the wording; a changed word is a new version
	Panel        string // LOINC code of the questionnaire as a whole
	PanelDisplay string // LOINC's own name for it
	TotalCode    string // LOINC code of the total score
	TotalDisplay string
	AnswerList   string // LOINC code of the answers of the scored items
	Stem         string // the sentence that every scored item completes
	Items        []Item // the scored ones in order, then the unscored difficulty item
	Bands        []Band // by rising Min; the first begins at 0
	Max          int    // the highest total
	SafetyItem   string // code of the item whose answer above 0 raises an alert; empty if there is none
	Figures      Figures
	Credit       string // whom the form is by; shown with it
	Notice       string // the notice that LOINC asks for
}

// Item is one question.
type Item struct {
	Code     string // LOINC, such as "44250-9"
	Display  string // LOINC's own name for it
	Text     string // as the form has it
	Scored   bool   // its value is part of the total
	Required bool   // there is no total without it
	IfAny    bool   // asked only of those who answered above 0 on some scored item
	Answers  []Answer
}

// Answer is one choice of an item. Code is LOINC's, which does not rise with the value everywhere.
type Answer struct {
	Value   int
	Display string
	Code    string
}

// Band is a range of totals with one name, from Min up to the Min of the next band.
type Band struct {
	Min   int    `json:"min"`
	Code  string `json:"code"`
	Label string `json:"label"`
}

// Figures are the published points at which a change of the total is called something.
type Figures struct {
	ResponsePercent int // a fall by at least this share of the baseline is a response
	RemissionBelow  int // a later total below this is remission
	Important       int // points; the smallest change that matters to people (MCID)
	Reliable        int // points; a change larger than chance (RCI), as NHS Talking Therapies counts it
}

// All returns every instrument, in the order in which they are given.
func All() []Instrument { return []Instrument{phq9, gad7} }

// Get returns the instrument of the id, "phq-9" or "gad-7".
func Get(id string) (Instrument, bool) {
	for _, i := range All() {
		if i.ID == id {
			return i, true
		}
	}
	return Instrument{}, false
}

// Item returns the item of the code.
func (i Instrument) Item(code string) (Item, bool) {
	for _, item := range i.Items {
		if item.Code == code {
			return item, true
		}
	}
	return Item{}, false
}

// Answer returns the item's answer of the value.
func (i Item) Answer(value int) (Answer, bool) {
	for _, a := range i.Answers {
		if a.Value == value {
			return a, true
		}
	}
	return Answer{}, false
}

// Band returns the band that a total lies in. A total below 0 is read as 0.
func (i Instrument) Band(total int) Band {
	in := i.Bands[0]
	for _, b := range i.Bands {
		if total >= b.Min {
			in = b
		}
	}
	return in
}

// frequency is how often, over the last two weeks: LOINC list LL358-3.
var frequency = []Answer{
	{0, "Not at all", "LA6568-5"},
	{1, "Several days", "LA6569-3"},
	{2, "More than half the days", "LA6570-1"},
	{3, "Nearly every day", "LA6571-9"},
}

// difficulty follows both forms and is never scored. LOINC numbered its last two answers out of order.
var difficulty = Item{
	Code:    "69722-7",
	Display: "How difficult have these made it for you to do your work, take care of things at home, or get along with other people [Reported.PHQ]",
	Text:    "If you checked off any problems, how difficult have these problems made it for you to do your work, take care of things at home, or get along with other people?",
	IfAny:   true,
	Answers: []Answer{
		{0, "Not difficult at all", "LA6572-7"},
		{1, "Somewhat difficult", "LA6573-5"},
		{2, "Very difficult", "LA6575-0"},
		{3, "Extremely difficult", "LA6574-3"},
	},
}

const (
	credit = "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant from Pfizer Inc. No permission required to reproduce, translate, display or distribute."
	notice = "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the LOINC Committee and is available at no cost under the license at http://loinc.org/license."
)

// scored is an item of either form that counts: required, answered by how often.
func scored(code, text, display string) Item {
	return Item{Code: code, Display: display, Text: text, Scored: true, Required: true, Answers: frequency}
}
