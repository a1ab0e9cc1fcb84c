package intake

import (
	"fmt"
	"strings"

	"careconnect/rules/registry"
)

// Counts is what an import did with a file's rows: each is imported, updated,
// unchanged, or skipped for one reason. Its JSON is the command's last line.
type Counts struct {
	Rows      int            `json:"rows"`
	Imported  int            `json:"imported"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	Removed   int            `json:"removed,omitempty"` // of a roster: who was on the one before and is not on this one
	Skipped   map[string]int `json:"skipped"`           // by the reason's code; each reason is there, also with 0
}

func newCounts() Counts {
	c := Counts{Skipped: map[string]int{}}
	for _, r := range registry.Reasons() {
		c.Skipped[string(r)] = 0
	}
	return c
}

// Known moves candidates that turned out to be there before from Imported to
// Updated (the file told something new) and Unchanged (it told nothing new).
func (c Counts) Known(updated, unchanged int) Counts {
	c.Imported -= updated + unchanged
	c.Updated += updated
	c.Unchanged += unchanged
	return c
}

// String is the same as one line for people, reasons in the order in which
// they are asked.
func (c Counts) String() string {
	var skipped []string
	for _, r := range registry.Reasons() {
		if n, asked := c.Skipped[string(r)]; asked {
			skipped = append(skipped, fmt.Sprintf("%s %d", r, n))
		}
	}
	said := fmt.Sprintf("%d rows: %d imported, %d updated, %d unchanged", c.Rows, c.Imported, c.Updated, c.Unchanged)
	if c.Removed > 0 {
		said += fmt.Sprintf(", %d removed", c.Removed)
	}
	if len(skipped) > 0 {
		said += "; skipped: " + strings.Join(skipped, ", ")
	}
	return said
}
