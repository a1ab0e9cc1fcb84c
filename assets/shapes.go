package assets

import "strconv"

// Page is what the layout is executed with. What belongs to one page alone stands in Data.
type Page struct {
	Lang      string // "en"
	Title     string // of this page; the product's name is added
	Product   string // "Care Connect"
	Programme string // one short line under the product's name
	Home      string // where the brand leads; "/" when empty
	Wide      bool   // for boards and wide tables
	Nav       []Link
	Actor     *Actor // nil: nobody is signed in
	SignIn    string // link shown to those who are not signed in
	Help      string // link
	Clock     Clock
	Bar       *Bar    // in a throwaway instance only
	Crisis    *Crisis // on each page that a client can see
	Notice    *Notice // what the last action led to
	Foot      []Link
	Data      any
}

// Link is a way to another page; Count, where not zero, says how much waits there.
type Link struct {
	Href, Text, Icon string
	Current          bool
	Count            int
}

// Actor is who is signed in, as the header shows them; Account and SignOut are addresses.
type Actor struct{ Name, Role, Account, SignOut string }

// Clock says in which zone the page speaks. Ticks is false where a virtual clock stands still.
type Clock struct {
	Place  string // "Chicago"
	Abbrev string // "CST"
	Now    Moment
	Ticks  bool
}

// Bar is the yellow bar of a throwaway instance. Its form posts move (1h, 24h or next) and back, the
// page to return to, to Action. People and Mail are links and may be empty.
type Bar struct {
	Name         string
	Now          Moment
	Next         string // what is due next, in few words; may be empty
	Action, Back string
	People, Mail string
}

// Crisis is where to turn in a crisis: the instance's own words, and links such as tel:988.
type Crisis struct {
	Title string // used by lifeline only; may be empty
	Text  string
	Lines []Link
}

// Moment is an instant: in words, with the abbreviation of its zone, and as RFC 3339.
type Moment struct{ Text, At string }

// Deadline is a time to keep. State is ok, soon, late or done; Left is how long there is, or by how
// much it is late ("3 h 10 m").
type Deadline struct {
	Due   Moment
	Left  string
	State string
	Says  string // before Left: "Answer by 5:00 pm EST today"; once done, all there is: "Answered"
}

// Explain is why a date is that date. Title is "Why this date?" when empty.
type Explain struct {
	Title, Says string
	Steps       []Because
	Foot        string // policy version, zone and time zone data
}

// Because is one step of an explanation; Date and Why may be empty.
type Because struct{ Date, What, Why string }

// Action is one thing a person can do: a link with Href, a form of one button with Post, else a
// button of the form around it. Style is empty, outline, ghost, danger, small or large.
type Action struct {
	Text, Href, Post, Icon, Style string
	Fields                        []Hidden
}

// Hidden is a value that a form carries unseen.
type Hidden struct{ Name, Value string }

// Notice is a box of information. Kind is info, ok, warn or danger; all else may be empty.
type Notice struct {
	Kind, Title, Text string
	Items             []string
	Actions           []Action
}

// Problem is one reason why a form was refused. Field is the name of the field, or empty.
type Problem struct{ Field, Text string }

// Empty is what a list says when nothing is in it.
type Empty struct {
	Icon, Title, Text string
	Actions           []Action
}

// Badge is a small word. Kind is info, success, warning, danger or quiet; empty is the plain teal.
type Badge struct{ Text, Kind, Icon string }

// Stepper says how far one is: step Now of Of, named Name.
type Stepper struct {
	Now, Of int
	Name    string
}

// Steps are the states of the steps, in order: done, now or todo.
func (s Stepper) Steps() []string { return steps(s.Now, s.Of) }

func steps(now, of int) []string {
	states := make([]string, of)
	for i := range states {
		switch {
		case i+1 < now:
			states[i] = "done"
		case i+1 == now:
			states[i] = "now"
		default:
			states[i] = "todo"
		}
	}
	return states
}

// Event is one step on the way of a request. State is done, now, todo, late or stopped; Icon is
// chosen by State when empty.
type Event struct {
	State, Icon, Title, Text string
	When                     Moment
	Deadline                 *Deadline
	Explain                  *Explain
	Actions                  []Action
}

// Choice is one of several values.
type Choice struct {
	Value, Text, Note string
	Checked           bool
}

// Field is a labelled input; it must be filled unless Optional. Type is text, email, tel, date,
// number, time, password, textarea, select or file, which is a photo; Autocomplete is the HTML token ("email").
type Field struct {
	Name, Label, Type, Value, Hint, Problem string
	Optional                                bool
	Autocomplete, Inputmode                 string
	Max, Rows                               int
	Choices                                 []Choice
}

// Options is a question with its choices in sight: one of them, or several with Many.
type Options struct {
	Name, Legend, Hint, Problem string
	Many, Chips, Optional       bool
	Choices                     []Choice
}

// Question is one question of a screening, on a screen of its own. Problem says why the last answer
// was refused; Next is "Next" when empty; Source is the line on where the question comes from.
type Question struct {
	Action             string
	Number, Of         int
	Intro, Text, Name  string
	Choices            []Choice
	Back, Next, Source string
	Problem            string
	Fields             []Hidden
}

// Steps are the states of the questions, in order: done, now or todo.
func (q Question) Steps() []string { return steps(q.Number, q.Of) }

// Equal is a choice between two answers of the same weight, posted under Name.
type Equal struct {
	Post, Name  string
	Left, Right Choice
	Fields      []Hidden
}

// Confirm asks before what cannot be undone: Items say what will happen, and to whom; Ask are fields
// to fill in first; No is the way back.
type Confirm struct {
	Title, Text string
	Items       []string
	Post, Yes   string
	No          Link
	Danger      bool
	Fields      []Hidden
	Ask         []Field
}

// Slots are times to choose from, posted under Name; Hold is for how long the choice is held.
type Slots struct {
	Name, Legend, Zone, Empty string
	Days                      []SlotDay
	Hold                      *Deadline
}

// SlotDay is a day with its times: Text "Tue 24 Nov", Note "inside the promise".
type SlotDay struct {
	Text, Note string
	Slots      []Slot
}

// Slot is one time: Value is RFC 3339, Text "4:30 pm".
type Slot struct {
	Value, Text, Note string
	Checked, Taken    bool
}

// Filters narrow a list. Target, where given, is the id of the element that a change renews.
type Filters struct {
	Action, Target, Clear string
	Query                 *Field
	Fields                []Hidden
	Groups                []FilterGroup
}

// Whereabouts asks for the state that somebody is in, as a plain GET form.
type Whereabouts struct {
	Action, Yes string
	State       Field
	Fields      []Hidden
}

// FilterGroup is one way to narrow; with One it takes a single choice. A choice's Note is its count.
type FilterGroup struct {
	Title, Name string
	One         bool
	Choices     []Choice
}

// ProviderCard is a provider in the directory. Consult and First are whole phrases; Kept is true
// where First is inside the promise; Tint, 0 to 4, colours the initials, which stand where there is
// no Photo.
type ProviderCard struct {
	Href, Name, Initials, Line string
	Tint                       int
	Tags                       []string
	Consult, First             string
	Kept                       bool
	Actions                    []Action
	Photo                      string
}

// Waiting is what waits for someone's answer, in an inbox.
type Waiting struct {
	Href, Title, Line, Note string
	Deadline                *Deadline
	Facts                   []Fact
	Explain                 *Explain
	Actions                 []Action
}

// AskLink asks a client for the details of their plan; Says, where a link is out, until when.
type AskLink struct{ Post, Says string }

// Column is a column of the board. State is now, soon, ok, wait or late.
type Column struct {
	Title, State, Note string
	Tiles              []Tile
}

// Tile is one matter on the board; Turn says whose turn it is.
type Tile struct {
	Href, Title, Text, Turn string
	Deadline                *Deadline
	Explain                 *Explain
}

// Fact is a term and what holds of it; Note and Badge may be empty.
type Fact struct {
	Term, Text, Note string
	Badge            *Badge
}

// Table is rows of words; the first cell of each row is its heading. Where there are Links there is one for
// each row, behind its words.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
	Empty   string
	Links   []Link
}

// Score is the total of a screening in words. EarlierText may tell an earlier one.
type Score struct {
	Name        string
	Total, Max  int
	Band, Says  string
	EarlierText string
}

// Compared is a total beside an earlier one: a picture, and the same as a table.
type Compared struct {
	Title  string
	Max    int
	Points []Point
	Facts  []Fact
	Says   string
}

// Point is one total in a comparison; Note is it in words.
type Point struct {
	Text  string
	Value int
	Note  string
}

// ComparedBar is the place of a point in the picture, in its own units.
type ComparedBar struct{ Y, Width int }

// Bars are the places of the points: each is as long as its value.
func (c Compared) Bars() []ComparedBar {
	bars := make([]ComparedBar, len(c.Points))
	for i, p := range c.Points {
		bars[i] = ComparedBar{Y: 2 + 5*i, Width: p.Value}
	}
	return bars
}

// Height is that of the picture.
func (c Compared) Height() int { return 5*len(c.Points) + 1 }

// Table says the same in words and numbers.
func (c Compared) Table() Table {
	t := Table{Caption: c.Title, Head: []string{"When", "Total", "In words"}}
	for _, p := range c.Points {
		t.Rows = append(t.Rows, []string{p.Text, strconv.Itoa(p.Value) + " of " + strconv.Itoa(c.Max), p.Note})
	}
	return t
}

// Group is people of one kind, whom one can sign in as in a throwaway instance.
type Group struct {
	Title, Note string
	People      []Person
}

// Person is one of them.
type Person struct {
	Name, Note, Initials string
	Tint                 int
	Action               *Action
}

// Helpful is the vote under a help page; it posts helpful=yes or no.
type Helpful struct {
	Post     string
	Yes, All int
	Voted    bool
}

// Pager leads through a long list.
type Pager struct{ Back, Next, Says string }
