package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Kind is what an instance is for. It is chosen when the store is made and is
// authenticated with it, so it cannot be changed afterwards.
type Kind string

// The kinds of instance.
const (
	Production Kind = "production"
	Throwaway  Kind = "throwaway" // fictional people, every role can be entered, the clock can be moved
)

// A header is
//
//	mark(8) format(2) length of body(4) body mac(32) sum(32)
//
// The body is JSON, so that anyone can see which slots there are. The mac is
// keyed with the root key and covers all before it: nobody without a secret
// can change kind, slots or keyring unseen. The sum is a plain SHA-256 over
// all before it, so that damage is told from a wrong key without a secret. The
// header stands twice in the store.
const (
	headerMark   = "CARECONN"
	headerFormat = 1
	headerFront  = len(headerMark) + 2 + 4
	headerTail   = 2 * sha256.Size
	headerMax    = 64 << 10
)

// header is the body of a header.
type header struct {
	FileID  fileID `json:"file"`
	Kind    Kind   `json:"kind"`
	Created string `json:"created"`
	Slots   []slot `json:"slots"`
	Keyring []byte `json:"keyring"` // envelope
}

// fileID is written as hexadecimal digits.
type fileID [16]byte

func (id fileID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

func (id *fileID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(id)) {
		return errors.New("file id has not 32 hexadecimal digits")
	}
	_, err := hex.Decode(id[:], text)
	return err
}

// encode writes the header with its mac under the root key.
func (h *header) encode(mac *prf) ([]byte, error) {
	body, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	b := make([]byte, 0, headerFront+len(body)+headerTail)
	b = append(b, headerMark...)
	b = binary.BigEndian.AppendUint16(b, headerFormat)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	tag := mac.record("", nil, b)
	b = append(b, tag[:]...)
	sum := sha256.Sum256(b)
	if b = append(b, sum[:]...); len(b) > headerMax {
		return nil, fmt.Errorf("header of %d bytes is longer than %d", len(b), headerMax)
	}
	return b, nil
}

// decode reads a header as far as that goes without a key. Its error is a
// HeaderDamaged or a NewerFormat.
func decode(b []byte) (*header, error) {
	damaged := func(at int, format string, args ...any) (*header, error) {
		return nil, HeaderDamaged{At: at, What: fmt.Sprintf(format, args...)}
	}
	if len(b) < headerFront+headerTail || len(b) > headerMax {
		return damaged(min(len(b), headerMax), "it has %d bytes", len(b))
	}
	if i := firstDifference(b[:len(headerMark)], []byte(headerMark)); i >= 0 {
		return damaged(i, "its mark is not that of a store")
	}
	end := len(b) - sha256.Size
	if sum := sha256.Sum256(b[:end]); !bytes.Equal(sum[:], b[end:]) {
		return damaged(-1, "its SHA-256 does not match")
	}
	if format := int(binary.BigEndian.Uint16(b[len(headerMark):])); format != headerFormat {
		return nil, NewerFormat{File: format, Program: headerFormat}
	}
	if n := int64(binary.BigEndian.Uint32(b[headerFront-4:])); n != int64(len(b)-headerFront-headerTail) {
		return damaged(headerFront-4, "its length is wrong")
	}
	h := &header{}
	d := json.NewDecoder(bytes.NewReader(b[headerFront : len(b)-headerTail]))
	d.DisallowUnknownFields()
	if err := d.Decode(h); err != nil {
		return damaged(headerFront, "its body cannot be read: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return damaged(headerFront+int(d.InputOffset()), "something follows its body")
	}
	if err := h.valid(); err != nil {
		return damaged(headerFront, "%v", err)
	}
	return h, nil
}

// valid refuses what no program of this format wrote.
func (h *header) valid() error {
	if h.Kind != Production && h.Kind != Throwaway {
		return errors.New("its kind of instance is not known")
	}
	if _, err := time.Parse(time.RFC3339, h.Created); err != nil {
		return errors.New("its time of creation cannot be read")
	}
	if len(h.Slots) < 1 || len(h.Slots) > maxSlots {
		return fmt.Errorf("it has %d slots", len(h.Slots))
	}
	seen := map[int]bool{}
	for _, s := range h.Slots {
		if err := s.valid(); err != nil {
			return err
		}
		if seen[s.ID] {
			return fmt.Errorf("it has slot %d twice", s.ID)
		}
		seen[s.ID] = true
	}
	return nil
}

// decodeBoth reads header and mirror, which must be the same and whole.
func decodeBoth(b, mirror []byte) (*header, error) {
	h, err := decode(b)
	_, errMirror := decode(mirror)
	at := firstDifference(b, mirror)
	var newer NewerFormat
	switch {
	case errors.As(err, &newer) && at < 0:
		return nil, err
	case err != nil && errMirror == nil:
		return nil, HeaderDamaged{At: at, What: reason(err), Good: "mirror"}
	case err == nil && errMirror != nil:
		return nil, HeaderDamaged{At: at, What: "its mirror: " + reason(errMirror), Good: "header"}
	case err != nil:
		return nil, err
	case at >= 0:
		return nil, HeaderDamaged{At: at, What: "header and mirror are both whole, but not the same"}
	}
	return h, nil
}

// reason is the bare reason of a damage, to be told in other words.
func reason(err error) string {
	var d HeaderDamaged
	if errors.As(err, &d) {
		return d.What
	}
	return err.Error()
}

// firstDifference is the first place where a and b are not the same, or -1.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// authentic checks the header's mac.
func authentic(b []byte, mac *prf) error {
	end := len(b) - headerTail
	want := mac.record("", nil, b[:end])
	if !hmac.Equal(want[:], b[end:end+sha256.Size]) {
		return HeaderDamaged{At: -1, What: "it was changed by someone without a secret: it fails authentication under the root key"}
	}
	return nil
}
