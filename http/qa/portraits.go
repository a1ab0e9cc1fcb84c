package qa

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"careconnect/rules/picture"
)

// The portraits of the demo are drawn here, of nobody: a head and shoulders in flat
// colours before a soft ground. So the program carries no picture of them.

// palette is the ground from its upper to its lower corner, the clothes, the head and
// the hair, as a page writes colours.
type palette struct{ from, to, cloth, head, hair uint32 }

var palettes = []palette{
	{0xd8ebe6, 0x8fc4b8, 0x0b6e69, 0xe8bd9c, 0x3b2a25},
	{0xfbe6cf, 0xf0b48a, 0x7a3b52, 0x8d5a3f, 0x1f1a1c},
	{0xe3e1f6, 0xa9a4de, 0x3b3f7a, 0xf1d3bd, 0x8a4b2a},
	{0xfdf0c9, 0xe6c866, 0x2f5d50, 0xc68f66, 0x2a2320},
	{0xdcecf9, 0x8fb9dc, 0x1f4e79, 0x6b4431, 0x14110f},
	{0xf7dfe4, 0xdb9aaa, 0x5b3a66, 0xf3dcc8, 0xb9b3ad},
	{0xe2efd4, 0xa3c47e, 0x6a4a2b, 0xb07a54, 0x59321f},
}

// portrait draws the nth, always the same.
func portrait(n int) (picture.Face, error) {
	large, err := drawn(n, picture.LargeSide)
	if err != nil {
		return picture.Face{}, err
	}
	small, err := drawn(n, picture.SmallSide)
	return picture.Face{Large: large, Small: small}, err
}

// drawn is one of the two squares. Where parts meet, a point is the middle of four
// looks at it.
func drawn(n, side int) ([]byte, error) {
	square, at := image.NewRGBA(image.Rect(0, 0, side, side)), func(i int, off float64) float64 { return (float64(i) + off) / float64(side) }
	row := make([]part, side+1) // those above, and the last one to the left
	for y := range side {
		left := ground
		for x := range side {
			is := partAt(n, at(x, 0.5), at(y, 0.5))
			c := colour(n, is, at(x, 0.5), at(y, 0.5))
			r, g, b := c>>16, c>>8&0xff, c&0xff
			if is != left || is != row[x] || is != row[x+1] {
				r, g, b = 0, 0, 0
				for look := range 4 {
					u, v := at(x, 0.25+0.5*float64(look%2)), at(y, 0.25+0.5*float64(look/2))
					c := colour(n, partAt(n, u, v), u, v)
					r, g, b = r+c>>16, g+c>>8&0xff, b+c&0xff
				}
				r, g, b = r/4, g/4, b/4
			}
			square.SetRGBA(x, y, color.RGBA{uint8(r), uint8(g), uint8(b), 0xff})
			left, row[x] = is, is
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, square, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fmt.Errorf("draw portrait %d: %w", n, err)
	}
	return out.Bytes(), nil
}

// part is what is to be seen at a place.
type part int

const (
	ground part = iota
	sun
	hair
	head
	neck
	cloth
)

// partAt is what is in front at a place of the unit square.
func partAt(n int, x, y float64) part {
	round := func(cx, cy, rx, ry float64) bool {
		dx, dy := (x-cx)/rx, (y-cy)/ry
		return dx*dx+dy*dy < 1
	}
	long, bun := n%3 == 1, n%3 == 2
	switch {
	case round(0.5, 0.43, 0.15, 0.19):
		if y < 0.335+0.25*(x-0.42)*(x-0.42)*float64(1+n%2*6) {
			return hair
		}
		return head
	case x > 0.44 && x < 0.56 && y > 0.5 && y < 0.73 || round(0.5, 0.73, 0.06, 0.045):
		return neck
	case round(0.5, 1.04, 0.4, 0.34):
		return cloth
	case round(0.5, 0.4, 0.185, 0.2), bun && round(0.5, 0.19, 0.075, 0.07), long && x > 0.315 && x < 0.685 && y > 0.42 && y < 0.74:
		return hair
	case round(0.72-0.44*float64(n%2), 0.3, 0.34, 0.34):
		return sun
	}
	return ground
}

// colour is that of a part; the ground goes from one colour to another.
func colour(n int, is part, x, y float64) uint32 {
	p := palettes[n%len(palettes)]
	switch is {
	case hair:
		return p.hair
	case head:
		return p.head
	case neck:
		return mixed(p.head, p.hair, 0.18)
	case cloth:
		return p.cloth
	case sun:
		return mixed(p.from, p.to, 0.55)
	}
	return mixed(p.from, p.to, (x+y)/2)
}

// mixed goes a part of the way from one colour to another.
func mixed(from, to uint32, part float64) uint32 {
	var c uint32
	for shift := 0; shift < 24; shift += 8 {
		a, b := float64(from>>shift&0xff), float64(to>>shift&0xff)
		c |= uint32(a+(b-a)*part) << shift
	}
	return c
}
