package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Face is a photo of a person made small: a square for their own page, and a
// smaller one for a list. Both are drawn anew, point by point, as JPEG, so nothing
// of the photo is in them but what can be seen.
type Face struct{ Large, Small []byte }

// The sides of the two squares, in points.
const (
	LargeSide = 320
	SmallSide = 112
)

// The bounds in bytes of the two squares as they are kept.
const (
	mostLarge = 40 << 10
	mostSmall = 12 << 10
)

// The bounds of what is unpacked here: how much memory a photo takes, and how often
// a progressive JPEG may go over all of it again.
const (
	mostUnpacked = 96 << 20
	mostScans    = 32
)

var (
	errSmall = errors.New("this photo is too small, so choose one with at least 320 points on each side")
	errHeavy = errors.New("this photo has too many points, so choose one of at most 25 megapixels, or a smaller copy")
)

// FaceOf cleans a photo and makes a face of it: the largest square in the middle,
// and in a photo that stands upright somewhat above it, where a face is. How much
// it will unpack is known before anything is. The error says what to do instead.
func FaceOf(photo []byte) (Face, error) {
	clean, kind, err := Clean(photo)
	if err != nil {
		return Face{}, err
	}
	told := shapeOf(clean, kind)
	switch {
	case told.unpacked > mostUnpacked || told.scans > mostScans:
		return Face{}, errHeavy
	case min(told.width, told.height) < LargeSide:
		return Face{}, errSmall
	}
	decode := png.Decode
	if kind == JPEG {
		decode = jpeg.Decode
	}
	drawn, err := decode(bytes.NewReader(clean))
	if err != nil {
		return Face{}, errBroken
	}
	points, ok := drawn.(image.RGBA64Image)
	if !ok {
		return Face{}, errType
	}
	v := view{points, told.up}
	large, err := packedIn(v.square(LargeSide), mostLarge)
	if err != nil {
		return Face{}, err
	}
	small, err := packedIn(v.square(SmallSide), mostSmall)
	return Face{Large: large, Small: small}, err
}

// Sound says whether a face is one that FaceOf can have made: two clean JPEGs of
// the right sides, no larger than it makes them.
func (f Face) Sound() bool {
	is := func(square []byte, side, most int) bool {
		clean, kind, err := Clean(square)
		if err != nil || kind != JPEG || len(square) > most || !bytes.Equal(clean, square) {
			return false
		}
		told := shapeOf(clean, kind)
		return told.width == side && told.height == side
	}
	return is(f.Large, LargeSide, mostLarge) && is(f.Small, SmallSide, mostSmall)
}

// shape is what a clean photo says of itself before it is unpacked.
type shape struct {
	width, height int
	up            byte // which way is up, 2 to 8; 0 or 1: as it is
	unpacked      int  // bytes that it takes in memory
	scans         int
}

func shapeOf(clean []byte, kind string) (s shape) {
	if kind == PNG {
		header := clean[len(signature)+8:]
		s.width, s.height = int(binary.BigEndian.Uint32(header)), int(binary.BigEndian.Uint32(header[4:]))
		bytesEach, again := 4, 1
		if header[8] == 16 {
			bytesEach = 8
		}
		if header[12] != 0 {
			again = 2 // in steps, each drawn for itself and then into the whole
		}
		s.unpacked = s.width * s.height * bytesEach * again
		return s
	}
	for at := 2; at+4 <= len(clean) && clean[at+1] != eoi; {
		if clean[at+1] == 0xFF {
			at++
			continue
		}
		mark, size := clean[at+1], int(binary.BigEndian.Uint16(clean[at+2:]))
		body := clean[at+4 : at+2+size]
		at += 2 + size
		switch {
		case mark == app1:
			s.up = orientation(body)
		case mark >= 0xC0 && mark <= 0xC2:
			s.height, s.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			s.unpacked = s.width * s.height * samples(body[6:])
			if mark == 0xC2 {
				s.unpacked *= 5 // what each scan adds to stands beside it, four bytes a point
			}
			s.unpacked /= 2
		case mark == sos:
			s.scans++
			at = packed(clean, at)
		}
	}
	return s
}

// samples are the halves of a byte that a point of a JPEG takes: its colours are
// often kept for every second or fourth point only.
func samples(colours []byte) (halves int) {
	most, all := 0, 0
	for ; len(colours) >= 3; colours = colours[3:] {
		n := int(colours[1]>>4) * int(colours[1]&15)
		most, all = max(most, n), all+n
	}
	return (2*all + most - 1) / max(most, 1)
}

// view is a picture the way up that it is to be seen.
type view struct {
	image.RGBA64Image
	up byte
}

// size is the width and height as they are seen.
func (v view) size() (w, h int) {
	b := v.Bounds()
	if v.up >= 5 {
		return b.Dy(), b.Dx()
	}
	return b.Dx(), b.Dy()
}

// at is a point as it is seen.
func (v view) at(x, y int) color.RGBA64 {
	b := v.Bounds()
	if v.up >= 5 {
		x, y = y, x
	}
	switch v.up {
	case 2, 3, 7, 8:
		x = b.Dx() - 1 - x
	}
	switch v.up {
	case 3, 4, 6, 7:
		y = b.Dy() - 1 - y
	}
	return v.RGBA64At(b.Min.X+x, b.Min.Y+y)
}

// square is the middle of the picture, each point the mean of those that it takes
// the place of, on white where the picture can be seen through.
func (v view) square(side int) *image.RGBA {
	w, h := v.size()
	of := min(w, h)
	left, top := (w-of)/2, (h-of)/3
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			var r, g, b, n uint64
			for sy := y * of / side; sy < ((y+1)*of+side-1)/side; sy++ {
				for sx := x * of / side; sx < ((x+1)*of+side-1)/side; sx++ {
					c := v.at(left+sx, top+sy)
					clear := 0xFFFF - uint64(c.A)
					r, g, b, n = r+uint64(c.R)+clear, g+uint64(c.G)+clear, b+uint64(c.B)+clear, n+1
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(r / n >> 8), uint8(g / n >> 8), uint8(b / n >> 8), 0xFF})
		}
	}
	return out
}

// packedIn packs a square as well as its bound lets it.
func packedIn(square *image.RGBA, most int) ([]byte, error) {
	for _, quality := range [...]int{85, 75, 60, 45, 30, 15} {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, square, &jpeg.Options{Quality: quality}); err != nil {
			return nil, errBroken
		}
		if out.Len() <= most {
			return out.Bytes(), nil
		}
	}
	return nil, errBroken
}
