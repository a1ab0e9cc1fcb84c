package seal

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the word list travels with the program
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A recovery secret is 256 random bits, written as 24 words of 11 bits each.
// The last 8 bits are a checksum, so that a mistyped word or two words in each
// other's place are noticed before any slot is tried: 255 times of 256, since
// a checksum of 8 bits agrees by chance once in 256. What slips through opens
// nothing either; only the message is then a less helpful one.
const (
	recoveryWords = 24
	wordBits      = 11
	wordCount     = 1 << wordBits
	recoverySize  = 32
	recoveryMax   = 4 << 10 // bytes of text that 24 numbered words never need
)

// wordText is the list: 2048 words in the order of the alphabet, one on a line.
// It was chosen for this: short and plain, none that hurts to read, and no two
// with the same first four letters, so that those say which word it is. The
// order gives the words their value and must never change.
//
// Most were picked from SCOWL, Copyright 2000-2011 by Kevin Atkinson, which may
// be used and copied for any purpose with this notice.
//
//go:embed words.txt
var wordText string

func wordList() []string { return strings.Fields(wordText) }

// NewRecovery draws a recovery secret and gives it with its words, which are to
// be shown once and kept on paper.
func NewRecovery(random io.Reader) (Secret, []string, error) {
	key, err := newKey(random)
	if err != nil {
		return Secret{}, nil, err
	}
	return Secret{kind: RecoverySlot, material: key[:]}, toWords(key), nil
}

// ReadRecovery reads recovery words as they were printed, with or without their
// numbers; the first four letters of a word are enough. Its errors wrap
// ErrSecretFile, say which word is wrong by its number, and never quote one.
func ReadRecovery(from io.Reader) (Secret, error) {
	text, err := io.ReadAll(io.LimitReader(from, recoveryMax+1))
	defer clear(text)
	if err != nil {
		return Secret{}, fmt.Errorf("recovery words: %w: %w", ErrSecretFile, err)
	}
	if len(text) > recoveryMax {
		return Secret{}, fmt.Errorf("recovery words: %w: %d words have fewer than %d letters", ErrSecretFile, recoveryWords, recoveryMax)
	}
	key, err := parseWords(text)
	if err != nil {
		return Secret{}, fmt.Errorf("recovery words: %w: %w", ErrSecretFile, err)
	}
	return Secret{kind: RecoverySlot, material: key[:]}, nil
}

// toWords writes a key as words.
func toWords(key Key) []string {
	list := wordList()
	bits := append(key[:], wordsCheck(key))
	defer clear(bits)
	defer key.wipe()
	words := make([]string, recoveryWords)
	for i := range words {
		at := i * wordBits
		var window [4]byte // the 11 bits lie within three bytes
		copy(window[:], bits[at/8:min(at/8+3, len(bits))])
		words[i] = list[binary.BigEndian.Uint32(window[:])<<(at%8)>>(32-wordBits)]
	}
	return words
}

// parseWords reads a key from its words.
func parseWords(text []byte) (Key, error) {
	values := make(map[string]uint32, 2*wordCount)
	for i, w := range wordList() {
		values[w] = uint32(i)
		values[w[:4]] = uint32(i)
	}
	var bits [recoverySize + 1]byte
	defer clear(bits[:])
	n := 0
	for _, field := range bytes.Fields(text) {
		if field = bytes.TrimSpace(bytes.ToLower(field)); isNumber(field) {
			continue
		}
		value, known := values[string(field)]
		if n++; n > recoveryWords {
			continue
		}
		if !known {
			return Key{}, fmt.Errorf("word %d is not a word of the list; look at the paper again", n)
		}
		for b := range wordBits {
			if value>>(wordBits-1-b)&1 == 1 {
				at := (n-1)*wordBits + b
				bits[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	if n != recoveryWords {
		return Key{}, fmt.Errorf("there are %d words, not %d", n, recoveryWords)
	}
	key := Key(bits[:recoverySize])
	if wordsCheck(key) != bits[recoverySize] {
		key.wipe()
		return Key{}, errors.New("the words do not fit each other: one is wrong, or two stand in each other's place")
	}
	return key, nil
}

// isNumber tells the numbers printed before the words.
func isNumber(field []byte) bool {
	return len(bytes.Trim(field, "0123456789.):")) == 0
}

func wordsCheck(key Key) byte {
	text := append([]byte("careconnect recovery words 1"), key[:]...)
	defer clear(text)
	return sha256.Sum256(text)[0]
}
