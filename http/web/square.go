package web

import (
	"fmt"
	"strings"
)

// A square is a link as a telephone reads it from paper: a QR code (ISO/IEC 18004)
// of bytes, with a quarter of it spare against dirt (level M), in the six smallest
// sizes, and always under the first of the eight masks.

// squares are the sizes: how many blocks, and how many bytes of the text and of what
// is spare stand in each.
var squares = []struct{ blocks, data, spare int }{{1, 16, 10}, {1, 28, 16}, {1, 44, 26}, {2, 32, 18}, {2, 43, 24}, {4, 27, 16}}

// square draws a text, dark or light by row and column; nil where it is too long.
func square(text string) [][]bool {
	for i, s := range squares {
		if room := s.blocks * s.data; len(text)+2 <= room {
			d := drawing{size: 21 + 4*i}
			d.frame()
			d.fill(interleaved(framed(text, room), s.blocks, s.spare))
			return d.dark
		}
	}
	return nil
}

// framed are the bytes of a text with what says what they are, and the padding.
func framed(text string, room int) []byte {
	body := []byte{0x40 | byte(len(text)>>4)} // four bits: bytes follow; eight: how many
	last := byte(len(text)) << 4
	for _, b := range []byte(text) {
		body, last = append(body, last|b>>4), b<<4
	}
	body = append(body, last)
	for pad := byte(0xec); len(body) < room; pad ^= 0xec ^ 0x11 {
		body = append(body, pad)
	}
	return body
}

// interleaved cuts the bytes into blocks, gives each what is spare, and takes one
// byte of each in turn.
func interleaved(body []byte, blocks, spare int) []byte {
	each := len(body) / blocks
	all := make([]byte, 0, len(body)+blocks*spare)
	for i := range each {
		for b := range blocks {
			all = append(all, body[b*each+i])
		}
	}
	rests := make([][]byte, blocks)
	for b := range rests {
		rests[b] = remainder(body[b*each:(b+1)*each], spare)
	}
	for i := range spare {
		for _, rest := range rests {
			all = append(all, rest[i])
		}
	}
	return all
}

// remainder is what is left of a block, as a polynomial over GF(256), divided by the
// one of Reed and Solomon: by it a reader mends what it cannot see.
func remainder(block []byte, n int) []byte {
	divisor, root := make([]byte, n), byte(1)
	divisor[n-1] = 1
	for range n {
		for i := range divisor {
			divisor[i] = product(divisor[i], root)
			if i+1 < n {
				divisor[i] ^= divisor[i+1]
			}
		}
		root = product(root, 2)
	}
	rest := make([]byte, n)
	for _, b := range block {
		factor := b ^ rest[0]
		rest = append(rest[1:], 0)
		for i := range rest {
			rest[i] ^= product(divisor[i], factor)
		}
	}
	return rest
}

// product multiplies in GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
func product(a, b byte) byte {
	sum := byte(0)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			sum ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1d
	}
	return sum
}

// drawing is a square in the making; set are the places that hold no text.
type drawing struct {
	size      int
	dark, set [][]bool
}

func (d *drawing) put(row, column int, dark bool) {
	if row >= 0 && column >= 0 && row < d.size && column < d.size {
		d.dark[row][column], d.set[row][column] = dark, true
	}
}

// eye draws rings around a dark middle, to be found by: one of the three with its
// light edge, or the small one.
func (d *drawing) eye(row, column int, rings ...bool) {
	reach := len(rings) - 1
	for r := -reach; r <= reach; r++ {
		for c := -reach; c <= reach; c++ {
			ring := max(r, -r, c, -c)
			d.put(row+r, column+c, rings[ring])
		}
	}
}

// frame draws what is the same in each square of a size: three eyes, the small one
// in the fourth corner, the dotted lines between them, and which mask and how much
// spare there is.
func (d *drawing) frame() {
	d.dark, d.set = make([][]bool, d.size), make([][]bool, d.size)
	for i := range d.dark {
		d.dark[i], d.set[i] = make([]bool, d.size), make([]bool, d.size)
	}
	last := d.size - 1
	for i := range d.size {
		d.put(6, i, i%2 == 0)
		d.put(i, 6, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {3, last - 3}, {last - 3, 3}} {
		d.eye(corner[0], corner[1], true, true, false, true, false)
	}
	if d.size > 21 {
		d.eye(last-6, last-6, true, false, true)
	}
	const format = 0b101010000010010 // level M, mask 0
	for i := range 15 {
		bit := format>>i&1 == 1
		row := i
		if i > 5 {
			row++
		}
		if i > 7 {
			row = last - 14 + i
		}
		d.put(row, 8, bit) // beside the left eyes, from the top down
		column := last - i
		if i > 7 {
			column = 15 - i
		}
		if i > 8 {
			column = 14 - i
		}
		d.put(8, column, bit)
	}
	d.put(last-7, 8, true)
}

// fill writes the bits in pairs of columns, up and down, from the right.
func (d *drawing) fill(bytes []byte) {
	n := 0
	for right := d.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range d.size {
			row := i
			if (right+1)&2 == 0 {
				row = d.size - 1 - i
			}
			for _, column := range []int{right, right - 1} {
				if d.set[row][column] {
					continue
				}
				bit := n < 8*len(bytes) && bytes[n/8]>>(7-n%8)&1 == 1
				d.dark[row][column] = bit != ((row+column)%2 == 0)
				n++
			}
		}
	}
}

// drawn is a square for a page: its side, with the light edge that a reader needs,
// and the path of what is dark.
type drawn struct {
	Side int
	Path string
}

func squareOf(text string) *drawn {
	dark := square(text)
	if dark == nil {
		return nil
	}
	var path strings.Builder
	for r, row := range dark {
		for c, is := range row {
			if is {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", c+4, r+4)
			}
		}
	}
	return &drawn{len(dark) + 8, path.String()}
}
