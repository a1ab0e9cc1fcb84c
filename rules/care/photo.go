package care

import "time"

// Photo is the photo that a provider shows of themselves. It has a chart of its
// own, so that nobody who reads the provider's chart unseals it, and its id stands
// in its address: another photo has another one. The picture follows in two
// pieces, the large square and the small one.
type Photo struct {
	Chart     ChartID   `json:"chart"`
	Provider  ChartID   `json:"provider"`
	At        time.Time `json:"at"`
	Published bool      `json:"published,omitempty"` // before, only the provider sees it
}

// TakenDown says why the care team has removed a provider's photo, and when.
type TakenDown struct {
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// Face is the large square of a photo's chart, or the small one; nil if there is
// none.
func (c *Chart) Face(small bool) []byte {
	n := 0
	if small {
		n = 1
	}
	if c.Photo == nil || len(c.Pieces) <= n {
		return nil
	}
	return c.Pieces[n].Data
}

// Kind, Key and Stands make a Photo a Record.
func (Photo) Kind() Kind      { return KindPhoto }
func (p Photo) Key() string   { return string(p.Chart) }
func (Photo) Stands() []Place { return nil }
