package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"careconnect/rules/picture"
)

var (
	red, green = color.RGBA{0xE0, 0x20, 0x20, 0xFF}, color.RGBA{0x20, 0xC0, 0x20, 0xFF}
	blue, grey = color.RGBA{0x20, 0x20, 0xE0, 0xFF}, color.RGBA{0x80, 0x80, 0x80, 0xFF}
)

// quarters are four colours: red and green above, blue and grey below.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, [...]color.RGBA{red, green, blue, grey}[2*(2*y/h)+2*x/w])
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// corners are the colours of a square, from the upper left on, in rows.
func corners(t *testing.T, square []byte) (seen [4]color.Color) {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(square))
	if err != nil {
		t.Fatal(err)
	}
	side := m.Bounds().Dx()
	for i := range seen {
		at := m.At(side/4+side/2*(i%2), side/4+side/2*(i/2))
		near := color.Color(nil)
		for _, c := range []color.RGBA{red, green, blue, grey, {0xFF, 0xFF, 0xFF, 0xFF}} {
			r, g, b, _ := at.RGBA()
			far := func(a uint32, b uint8) int { return max(int(a>>8)-int(b), int(b)-int(a>>8)) }
			if far(r, c.R) < 16 && far(g, c.G) < 16 && far(b, c.B) < 16 {
				near = c
			}
		}
		seen[i] = near
	}
	return seen
}

// R13: of a photo of a person two small squares are kept, drawn anew, the way up
// that the camera told, and nothing else of what stood in the file.
func TestR13AFaceIsTwoSmallSquaresAndNothingElse(t *testing.T) {
	upright := [4]color.Color{red, green, blue, grey}
	j := jpegOf(t, quarters(640, 480))
	turned := func(up uint16) []byte {
		return join(j[:2], segment(0xE1, exif(binary.LittleEndian, "II", up)), segment(0xE2, "ICC_PROFILE"+secret), segment(0xFE, secret), j[2:], []byte(secret))
	}
	p := pngOf(t, quarters(400, 900))
	clear := image.NewNRGBA(image.Rect(0, 0, 500, 500)) // nothing but glass
	for _, c := range []struct {
		name  string
		photo []byte
		seen  [4]color.Color
	}{
		{"a JPEG", j, upright},
		{"turned once", turned(6), [4]color.Color{blue, red, grey, green}},
		{"turned the other way", turned(8), [4]color.Color{green, grey, red, blue}},
		{"upside down", turned(3), [4]color.Color{grey, blue, green, red}},
		{"in a mirror", turned(2), [4]color.Color{green, red, grey, blue}},
		{"in a mirror, upside down", turned(4), [4]color.Color{blue, grey, red, green}},
		{"in a mirror, turned", turned(5), [4]color.Color{red, blue, green, grey}},
		{"in a mirror, turned the other way", turned(7), [4]color.Color{grey, green, blue, red}},
		{"a PNG with words", join(p[:33], chunk("tEXt", secret), chunk("eXIf", secret), p[33:]), upright},
		{"a clear PNG", pngOf(t, clear), [4]color.Color{color.RGBA{255, 255, 255, 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{255, 255, 255, 255}}},
		{"a grey one", jpegOf(t, image.NewGray(image.Rect(0, 0, 320, 320))), [4]color.Color{}},
	} {
		face, err := picture.FaceOf(c.photo)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !face.Sound() {
			t.Errorf("%s: what was made is not sound", c.name)
		}
		for side, square := range map[int][]byte{picture.LargeSide: face.Large, picture.SmallSide: face.Small} {
			if seen := corners(t, square); seen != c.seen {
				t.Errorf("%s, %d: shows %v, not %v", c.name, side, seen, c.seen)
			}
			if told, err := jpeg.DecodeConfig(bytes.NewReader(square)); err != nil || told.Width != side || told.Height != side {
				t.Errorf("%s: %d by %d points, not %d: %v", c.name, told.Width, told.Height, side, err)
			}
			for _, word := range []string{secret, "Exif", "ICC", "JFIF"} {
				if bytes.Contains(square, []byte(word)) {
					t.Errorf("%s, %d: %s is still in it", c.name, side, word)
				}
			}
		}
	}
}

// R13: a photo of noise, which packs worst, still fits the bounds.
func TestR13AFaceIsBounded(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 320, 320))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = byte(state >> 24)
	}
	face, err := picture.FaceOf(pngOf(t, noise))
	if err != nil || !face.Sound() || len(face.Large)+len(face.Small) > 52<<10 {
		t.Errorf("%d and %d bytes: %v", len(face.Large), len(face.Small), err)
	}
}

// R13: what is no photo, is too small, or would take more memory or time than a
// photo needs, is refused before it is unpacked, with what to do instead.
func TestR13WhatBurstsOrIsNoPhotoIsRefused(t *testing.T) {
	p := pngOf(t, quarters(400, 400))
	sized := func(w, h uint32) []byte {
		b := bytes.Clone(p)
		binary.BigEndian.PutUint32(b[16:], w)
		binary.BigEndian.PutUint32(b[20:], h)
		binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		return b
	}
	var moving bytes.Buffer
	if err := gif.Encode(&moving, quarters(400, 400), nil); err != nil {
		t.Fatal(err)
	}
	j := jpegOf(t, quarters(400, 400))
	frame := bytes.Index(j, []byte{0xFF, 0xC0})
	sizedJPEG := func(mark byte, w, h uint16) []byte {
		b := bytes.Clone(j)
		b[frame+1] = mark
		binary.BigEndian.PutUint16(b[frame+5:], h)
		binary.BigEndian.PutUint16(b[frame+7:], w)
		return b
	}
	scan := bytes.Index(j, []byte{0xFF, 0xDA})
	end := bytes.LastIndex(j, []byte{0xFF, 0xD9})
	again := sizedJPEG(0xC2, 400, 400)
	again = join(again[:end], bytes.Repeat(segment(0xDA, "\x01\x01\x00\x00\x00\x10"), 5000), j[end:])
	cut := join(j[:scan+40], j[end:])
	for name, c := range map[string]struct {
		photo []byte
		says  string
	}{
		"nothing":                        {nil, "JPEG or PNG"},
		"a page":                         {[]byte("<!doctype html><script>alert(1)</script>"), "JPEG or PNG"},
		"a drawing in words":             {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "JPEG or PNG"},
		"a moving picture":               {moving.Bytes(), "JPEG or PNG"},
		"a HEIC":                         {[]byte("\x00\x00\x00\x18ftypheic........"), "HEIC"},
		"a PNG of 15,999 by 3,999":       {sized(15_999, 3_999), "at most 25 megapixels"},
		"a PNG of 60,000 by 60,000":      {sized(60_000, 60_000), "too many points"},
		"a JPEG of 65,000 by 65,000":     {sizedJPEG(0xC0, 65_000, 65_000), "too many points"},
		"a JPEG in steps, 9,000 wide":    {sizedJPEG(0xC2, 9_000, 7_000), "at most 25 megapixels"},
		"a JPEG that is drawn too often": {again, "at most 25 megapixels"},
		"a small one":                    {pngOf(t, quarters(319, 900)), "at least 320"},
		"half a JPEG":                    {j[:len(j)/2], "damaged"},
		"a JPEG without its points":      {cut, "damaged"},
		"a PNG without its points":       {sized(400, 4_000), "damaged"},
		"too much":                       {append(bytes.Clone(j), make([]byte, picture.Most)...), "at most 6 MB"},
	} {
		face, err := picture.FaceOf(c.photo)
		if err == nil || face.Large != nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), ";") {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := []picture.Face{{}, {Large: p, Small: p}, {Large: j, Small: j}}
	if face, err := picture.FaceOf(j); err != nil {
		t.Error(err)
	} else {
		with := join(face.Small[:2], segment(0xFE, secret), face.Small[2:])
		wrong = append(wrong, picture.Face{Large: face.Small, Small: face.Large}, picture.Face{Large: face.Large}, picture.Face{Large: face.Large, Small: with})
	}
	for i, face := range wrong {
		if face.Sound() {
			t.Errorf("%d: a face that was not made here is sound", i)
		}
	}
}

// Whatever comes in, a face is made that is sound, or none.
func FuzzFace(f *testing.F) {
	j := jpegOf(f, quarters(330, 340))
	f.Add(j)
	f.Add(pngOf(f, quarters(340, 330)))
	f.Add(join(j[:2], segment(0xE1, exif(binary.LittleEndian, "II", 3)), j[2:]))
	f.Fuzz(func(t *testing.T, photo []byte) {
		if face, err := picture.FaceOf(photo); err == nil && !face.Sound() {
			t.Fatal("what was made is not sound")
		}
	})
}
