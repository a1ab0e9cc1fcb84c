package registry

import (
	"fmt"
	"slices"
)

// Row is one row of the registry's file, each field as text under the name of
// its column. A field whose column the file lacks is empty.
type Row struct {
	NPI              string
	EntityType       string // 1 a person, 2 an organisation, empty once deactivated
	Last             string
	First            string
	Middle           string
	Suffix           string
	CredentialText   string
	City             string
	State            string
	LastUpdate       string // MM/DD/YYYY, as the other dates
	DeactivationDate string
	ReactivationDate string
	Gender           string
	Slots            [Slots]Slot
}

// Number is the row's NPI as Judge reads it, without space around it. Whoever
// keeps what rows came before keeps this.
func (r Row) Number() string { return clean(r.NPI) }

// Slots is how many taxonomy codes, each with its licence, one row can carry.
const Slots = 15

// Slot is one taxonomy code with the licence printed beside it.
type Slot struct {
	Taxonomy string
	Number   string
	State    string
	Primary  string // Y, N, or X for not answered
}

// Column ties a field of Row to the header under which the file prints it.
type Column struct {
	Headers  []string           // the names it has borne, the newest first
	Required bool               // whether a file without it cannot be judged
	Field    func(*Row) *string // where its text goes
}

// Columns lists every column that Judge reads. Files carry hundreds more,
// which are nobody's business here. A column is required where rows would be
// misjudged without it; of the fifteen slots only the first must be there.
func Columns() []Column {
	all := slices.Clone(columns)
	for i := range Slots {
		n := i + 1
		for _, s := range slotColumns {
			all = append(all, Column{
				Headers:  []string{fmt.Sprintf("%s_%d", s.header, n)},
				Required: s.required && n == 1,
				Field:    func(r *Row) *string { return s.field(&r.Slots[i]) },
			})
		}
	}
	return all
}

var columns = []Column{
	{[]string{"NPI"}, true, func(r *Row) *string { return &r.NPI }},
	{[]string{"Entity Type Code"}, true, func(r *Row) *string { return &r.EntityType }},
	{[]string{"Provider Last Name (Legal Name)"}, true, func(r *Row) *string { return &r.Last }},
	{[]string{"Provider First Name"}, true, func(r *Row) *string { return &r.First }},
	{[]string{"Provider Middle Name"}, false, func(r *Row) *string { return &r.Middle }},
	{[]string{"Provider Name Suffix Text"}, false, func(r *Row) *string { return &r.Suffix }},
	{[]string{"Provider Credential Text"}, true, func(r *Row) *string { return &r.CredentialText }},
	{[]string{"Provider Business Practice Location Address City Name"}, false, func(r *Row) *string { return &r.City }},
	{[]string{"Provider Business Practice Location Address State Name"}, false, func(r *Row) *string { return &r.State }},
	{[]string{"Last Update Date"}, false, func(r *Row) *string { return &r.LastUpdate }},
	{[]string{"NPI Deactivation Date"}, true, func(r *Row) *string { return &r.DeactivationDate }},
	{[]string{"NPI Reactivation Date"}, true, func(r *Row) *string { return &r.ReactivationDate }},
	{[]string{"Provider Sex Code", "Provider Gender Code"}, false, func(r *Row) *string { return &r.Gender }},
}

var slotColumns = []struct {
	header   string
	required bool
	field    func(*Slot) *string
}{
	{"Healthcare Provider Taxonomy Code", true, func(s *Slot) *string { return &s.Taxonomy }},
	{"Provider License Number", true, func(s *Slot) *string { return &s.Number }},
	{"Provider License Number State Code", true, func(s *Slot) *string { return &s.State }},
	{"Healthcare Provider Primary Taxonomy Switch", false, func(s *Slot) *string { return &s.Primary }},
}
