// Package picture takes a photo as somebody's phone made it and gives back the
// picture alone: a JPEG or a PNG in which nothing stands but what is needed to
// draw it. Where and when it was taken, by which device, small copies, words, and
// whatever follows the picture in the file stay behind. It is pure, and it never
// unpacks the picture: a file that would grow beyond measure does so nowhere.
package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Most is how large a photo may be, in bytes.
const Most = 6 << 20

// The bounds of a picture once it is unpacked by whoever looks at it.
const (
	mostSide   = 16_000
	mostPixels = 64_000_000
)

// The two types of picture that are kept. A browser draws them, and runs nothing
// in them.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

var (
	errLarge  = errors.New("choose a photo of at most 6 MB")
	errType   = errors.New("choose a photo as JPEG or PNG")
	errHEIC   = errors.New("this photo is in the HEIC format, so share it as JPEG, or send a picture of the screen")
	errBroken = errors.New("this photo is damaged or not complete, so take it once more")
	errWide   = errors.New("this photo has too many points, so take it with a smaller setting")
)

// Clean gives the picture in a photo and its type, told by the bytes themselves
// and by nothing that came along with them. The error says what to do instead.
func Clean(photo []byte) (clean []byte, kind string, err error) {
	switch {
	case len(photo) > Most:
		return nil, "", errLarge
	case bytes.HasPrefix(photo, []byte{0xFF, soi, 0xFF}):
		clean, err = cleanJPEG(photo)
		return clean, JPEG, err
	case bytes.HasPrefix(photo, signature):
		clean, err = cleanPNG(photo)
		return clean, PNG, err
	case len(photo) >= 12 && string(photo[4:8]) == "ftyp":
		return nil, "", errHEIC
	}
	return nil, "", errType
}

func fits(width, height uint64) error {
	switch {
	case width == 0 || height == 0:
		return errBroken
	case width > mostSide || height > mostSide || width*height > mostPixels:
		return errWide
	}
	return nil
}

// The marks of a JPEG that mean something here.
const (
	soi   = 0xD8 // the picture begins
	eoi   = 0xD9 // it ends
	sos   = 0xDA // a run of packed points follows
	app1  = 0xE1 // what the camera tells
	app14 = 0xEE // how the colours are meant
)

// drawn are the parts of a JPEG without which it cannot be drawn: the frame in its
// three common forms, and the tables of how it is packed.
var drawn = map[byte]bool{0xC0: true, 0xC1: true, 0xC2: true, 0xC4: true, 0xDB: true, 0xDD: true, sos: true}

// cleanJPEG copies the parts that draw the picture. Of what the camera tells only
// which way is up is kept.
func cleanJPEG(in []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(in)+64), 0xFF, soi)
	up, framed := byte(0), false
	for at := 2; ; {
		for at+1 < len(in) && in[at] == 0xFF && in[at+1] == 0xFF {
			at++
		}
		if at+2 > len(in) || in[at] != 0xFF {
			return nil, errBroken
		}
		mark := in[at+1]
		if mark == eoi {
			if !framed {
				return nil, errBroken
			}
			return append(out, 0xFF, eoi), nil
		}
		if at+4 > len(in) {
			return nil, errBroken
		}
		size := int(binary.BigEndian.Uint16(in[at+2:]))
		if size < 2 || at+2+size > len(in) {
			return nil, errBroken
		}
		part, body := in[at:at+2+size], in[at+4:at+2+size]
		at += 2 + size
		switch {
		case mark == app1 && up == 0:
			up = orientation(body)
		case mark == app14 && len(body) == 12 && string(body[:5]) == "Adobe":
			out = append(out, part...)
		case mark >= 0xC0 && mark <= 0xCF && mark != 0xC4 && !drawn[mark]:
			return nil, errType // a rare form that browsers do not draw
		case mark <= 0xC2 && drawn[mark]:
			if framed || len(body) < 6 {
				return nil, errBroken
			}
			framed = true
			if err := fits(uint64(binary.BigEndian.Uint16(body[3:])), uint64(binary.BigEndian.Uint16(body[1:]))); err != nil {
				return nil, err
			}
			if up > 1 {
				out = append(out, upright(up)...)
			}
			out = append(out, part...)
		case drawn[mark]:
			out = append(out, part...)
		}
		if mark == sos {
			end := packed(in, at)
			out = append(out, in[at:end]...)
			at = end
		}
	}
}

// packed is where a run of packed points ends: at the next mark that is not part
// of it.
func packed(in []byte, at int) int {
	for ; at+1 < len(in); at++ {
		if next := in[at+1]; in[at] == 0xFF && next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7) {
			return at
		}
	}
	return len(in)
}

// orientation reads which way is up, 2 to 8, from what a camera tells; 0 where it
// says nothing that can be used.
func orientation(body []byte) byte {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 10 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	first := uint64(order.Uint32(tiff[4:]))
	if first+2 > uint64(len(tiff)) {
		return 0
	}
	rows := tiff[first+2:]
	for n := order.Uint16(tiff[first:]); n > 0 && len(rows) >= 12; n, rows = n-1, rows[12:] {
		if order.Uint16(rows) == 0x0112 && order.Uint16(rows[2:]) == 3 {
			if up := order.Uint16(rows[8:]); up >= 1 && up <= 8 {
				return byte(up)
			}
		}
	}
	return 0
}

// upright is the part of a JPEG that says which way is up, and nothing else.
func upright(up byte) []byte {
	return []byte{
		0xFF, app1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
		0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, up, 0, 0, 0, 0, 0, 0,
	}
}

var signature = []byte("\x89PNG\r\n\x1a\n")

// cleanPNG copies the header, the colours and the points, each as its own checksum
// says that it was written.
func cleanPNG(in []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(in)), signature...)
	points := false
	for at, nth := len(signature), 0; ; nth++ {
		if at+12 > len(in) {
			return nil, errBroken
		}
		size := uint64(binary.BigEndian.Uint32(in[at:]))
		if uint64(at)+12+size > uint64(len(in)) {
			return nil, errBroken
		}
		end := at + 12 + int(size)
		kind, body := string(in[at+4:at+8]), in[at+8:end-4]
		if crc32.ChecksumIEEE(in[at+4:end-4]) != binary.BigEndian.Uint32(in[end-4:]) || (nth == 0) != (kind == "IHDR") {
			return nil, errBroken
		}
		switch kind {
		case "IHDR":
			if len(body) != 13 {
				return nil, errBroken
			}
			if err := fits(uint64(binary.BigEndian.Uint32(body)), uint64(binary.BigEndian.Uint32(body[4:]))); err != nil {
				return nil, err
			}
		case "IDAT":
			points = true
		case "PLTE", "tRNS":
		case "IEND":
			if !points || size != 0 {
				return nil, errBroken
			}
			return append(out, in[at:end]...), nil
		default:
			if kind[0] < 'a' {
				return nil, errType // a part that one must know to draw the picture
			}
			at = end
			continue
		}
		out = append(out, in[at:end]...)
		at = end
	}
}
