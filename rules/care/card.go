package care

import (
	"fmt"
	"slices"
	"time"
)

// Card is the photo of the card of a plan: what is known of it, without the
// picture. The picture has a chart of its own, in pieces, so that nobody who reads
// the client's chart unseals it, and so that its key goes with it. This stands in
// both.
type Card struct {
	Chart    ChartID    `json:"chart"`
	Client   ChartID    `json:"client"`
	Coverage CoverageID `json:"coverage"`
	Type     string     `json:"type"` // image/jpeg or image/png, as its own bytes say
	Size     int        `json:"size"`
	Pieces   int        `json:"pieces"`
	At       time.Time  `json:"at"`
	// Open says that the plan is being verified: only then it is looked at.
	Open    bool       `json:"open,omitempty"`
	Removal DeadlineID `json:"removal,omitempty"` // when it is removed; empty: not before it is verified
}

// Piece is a part of a picture, in the picture's own chart.
type Piece struct {
	Chart ChartID `json:"chart"`
	N     int     `json:"n"`
	Data  []byte  `json:"data"`
}

// pieceSize is how much of a picture one record holds.
const pieceSize = 64 << 10

// Pieces cuts a picture up.
func Pieces(chart ChartID, picture []byte) (pieces []Piece) {
	for part := range slices.Chunk(picture, pieceSize) {
		pieces = append(pieces, Piece{Chart: chart, N: len(pieces), Data: part})
	}
	return pieces
}

// Picture puts the pieces of a chart together; nil unless all of them are seen.
func (c *Chart) Picture() []byte {
	if c.Card == nil || len(c.Pieces) != c.Card.Pieces {
		return nil
	}
	var whole []byte
	for _, p := range c.Pieces {
		whole = append(whole, p.Data...)
	}
	return whole
}

// Kind, Key and Stands make a Card and a Piece Records.
func (Card) Kind() Kind       { return KindCard }
func (c Card) Key() string    { return string(c.Chart) }
func (Card) Stands() []Place  { return nil }
func (Piece) Kind() Kind      { return KindPiece }
func (p Piece) Key() string   { return fmt.Sprintf("%03d", p.N) }
func (Piece) Stands() []Place { return nil }
