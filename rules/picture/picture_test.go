package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"careconnect/rules/picture"
)

// secret is what must not come out again, wherever in a photo it stood.
const secret = "QUELLBURN-40.7128N-74.0060W"

func drawing(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 31)
	}
	m.Set(1, 1, color.White)
	return m
}

func aJPEG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawing(40, 24), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func aPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, drawing(40, 24)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func segment(mark byte, body string) []byte {
	return append([]byte{0xFF, mark, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

func chunk(kind, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// exif tells, in a camera's words, which way is up, and a secret.
func exif(order binary.AppendByteOrder, name string, up uint16) string {
	b := order.AppendUint32(order.AppendUint16([]byte(name), 42), 8)
	b = order.AppendUint16(b, 2)
	for _, row := range [][2]uint16{{0x0110, 2}, {0x0112, 3}} {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, row[0]), row[1]), 1)
		b = append(order.AppendUint16(b, up), 0, 0)
	}
	return "Exif\x00\x00" + string(b) + secret
}

// R28: of a photo nothing is kept but the picture, and it is the same picture.
func TestR28OfAPhotoOnlyThePictureIsKept(t *testing.T) {
	j, p := aJPEG(t), aPNG(t)
	le, be := exif(binary.LittleEndian, "II", 6), exif(binary.BigEndian, "MM", 6)
	for _, c := range []struct {
		name  string
		photo []byte
		kind  string
		up    bool
	}{
		{"a plain JPEG", j, picture.JPEG, false},
		{"a camera's, little end first", join(j[:2], segment(0xE1, le), j[2:]), picture.JPEG, true},
		{"a camera's, big end first", join(j[:2], segment(0xE1, be), j[2:]), picture.JPEG, true},
		{"with words", join(j[:2], segment(0xFE, secret), segment(0xE2, secret), segment(0xED, secret), j[2:]), picture.JPEG, false},
		{"with a film behind it", join(j, []byte(secret)), picture.JPEG, false},
		{"that is a page as well", join(j[:2], segment(0xFE, "<script>"+secret+"</script>"), j[2:]), picture.JPEG, false},
		{"a plain PNG", p, picture.PNG, false},
		{"with text", join(p[:33], chunk("tEXt", secret), chunk("eXIf", secret), chunk("zzZz", secret), p[33:]), picture.PNG, false},
		{"with something behind it", join(p, []byte("<script>"+secret)), picture.PNG, false},
	} {
		clean, kind, err := picture.Clean(c.photo)
		if err != nil || kind != c.kind {
			t.Errorf("%s: %q, %v", c.name, kind, err)
			continue
		}
		if bytes.Contains(clean, []byte(secret)) || bytes.Contains(clean, []byte("script")) {
			t.Errorf("%s: something beside the picture is kept", c.name)
		}
		if bytes.Contains(clean, []byte("Exif")) != c.up {
			t.Errorf("%s: which way is up is kept: %v", c.name, !c.up)
		}
		was, _, err := image.Decode(bytes.NewReader(c.photo))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		is, _, err := image.Decode(bytes.NewReader(clean))
		if err != nil {
			t.Fatalf("%s: what is kept is no picture: %v", c.name, err)
		}
		if !same(was, is) {
			t.Errorf("%s: it is another picture", c.name)
		}
		again, _, err := picture.Clean(clean)
		if err != nil || !bytes.Equal(again, clean) {
			t.Errorf("%s: cleaned twice it is another: %v", c.name, err)
		}
	}
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r, g, bl, al := a.At(x, y).RGBA()
			r2, g2, bl2, al2 := b.At(x, y).RGBA()
			if r != r2 || g != g2 || bl != bl2 || al != al2 {
				return false
			}
		}
	}
	return true
}

// R28: what is no JPEG or PNG, whatever it is called, is refused with what to do.
func TestR28WhatIsNoPictureIsRefused(t *testing.T) {
	j, p := aJPEG(t), aPNG(t)
	wide := bytes.Clone(p)
	binary.BigEndian.PutUint32(wide[16:], 60_000)
	binary.BigEndian.PutUint32(wide[29:], crc32.ChecksumIEEE(wide[12:29]))
	broken := bytes.Clone(p)
	broken[45] ^= 1
	for name, c := range map[string]struct {
		photo []byte
		says  string
	}{
		"nothing":              {nil, "JPEG or PNG"},
		"a page":               {[]byte("<!doctype html><script>alert(1)</script>"), "JPEG or PNG"},
		"a drawing in words":   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "JPEG or PNG"},
		"a GIF":                {[]byte("GIF89a........................"), "JPEG or PNG"},
		"a PDF":                {[]byte("%PDF-1.7........................"), "JPEG or PNG"},
		"a HEIC":               {[]byte("\x00\x00\x00\x18ftypheic........"), "HEIC"},
		"half a JPEG":          {j[:len(j)/2], "damaged"},
		"half a PNG":           {p[:len(p)/2], "damaged"},
		"a JPEG without frame": {[]byte{0xFF, 0xD8, 0xFF, 0xD9}, "damaged"},
		"a PNG that was hit":   {broken, "damaged"},
		"a PNG that bursts":    {wide, "too many points"},
		"too much":             {append(bytes.Clone(j), make([]byte, picture.Most)...), "at most 6 MB"},
	} {
		clean, _, err := picture.Clean(c.photo)
		if err == nil || clean != nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), ";") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever comes in, nothing breaks, and what comes out is no larger by more than
// the line on which way is up, and clean.
func FuzzClean(f *testing.F) {
	j := aJPEG(f)
	f.Add(j)
	f.Add(aPNG(f))
	f.Add(join(j[:2], segment(0xE1, exif(binary.LittleEndian, "II", 3)), j[2:]))
	f.Fuzz(func(t *testing.T, photo []byte) {
		clean, kind, err := picture.Clean(photo)
		if err != nil {
			return
		}
		if kind != picture.JPEG && kind != picture.PNG || len(clean) > len(photo)+40 {
			t.Fatalf("%q, %d bytes of %d", kind, len(clean), len(photo))
		}
		if again, _, err := picture.Clean(clean); err != nil || !bytes.Equal(again, clean) {
			t.Fatalf("cleaned twice it is another: %v", err)
		}
	})
}
