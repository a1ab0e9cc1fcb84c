package web

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// TestSquaresAreThoseOfAnother drawer: the sums are those of what rsc.io/qr v0.2.0
// draws of the same text, in level M under the first mask.
func TestSquaresAreThoseOfAnother(t *testing.T) {
	all := strings.Repeat("https://care.example.test/e/LANTERN?x=", 4)
	for _, c := range []struct {
		letters, side int
		sum           string
	}{
		{1, 21, "2e253d90238537b11fc0a7020d1ef47a978ed7057b118477079943cfa716f69c"},
		{14, 21, "c917d9f7d0b7ba25216e4375075d3bdc5b3162a2f664ff597435a2d53f97e5ab"},
		{15, 25, "8a769e001996d6a1fc18fb217e1572e4d8637f1d8b313b4d85255492497d129c"},
		{35, 29, "54d984921b36ef8f155741ed3aefb5224813964a6a6495278d7b44bf3634e60b"},
		{50, 33, "69cd2603109046681beedc60a472bd5ed517a32224e47d1705d236231311e8fb"},
		{80, 37, "4adddefca863e9255e2b15e4c2f139615a65ab7a2dd55c940bbe96caf34e5a5f"},
		{104, 41, "afff93151fb640ed65ae26a2e6fb14753c01d4abcd427f0c210c197599f8e6b2"},
	} {
		dark := square(all[:c.letters])
		var text strings.Builder
		for _, row := range dark {
			for _, is := range row {
				text.WriteByte(map[bool]byte{true: '#', false: '.'}[is])
			}
			text.WriteByte('\n')
		}
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(text.String()))); got != c.sum || len(dark) != c.side {
			t.Errorf("%d letters: %d rows\n%s", c.letters, len(dark), text.String())
		}
	}
	if square(all[:107]) != nil || squareOf(all[:107]) != nil {
		t.Error("a text that does not fit is drawn")
	}
	if d := squareOf("x"); d.Side != 29 || !strings.HasPrefix(d.Path, "M4 4h1v1h-1z") {
		t.Errorf("%d, %.20s", d.Side, d.Path)
	}
}
