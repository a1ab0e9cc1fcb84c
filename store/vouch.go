package store

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Vouch gives a token by which this store knows until an instant that it has
// found something to be so. Whoever carries it learns nothing from it.
func (s *Store) Vouch(what string, until time.Time) string {
	at := strconv.FormatInt(until.Unix(), 36)
	return at + "." + s.voucher(what, at)
}

// Vouched says whether a token is the store's own for that, and its time is not
// over.
func (s *Store) Vouched(what, token string) bool {
	at, sum, _ := strings.Cut(token, ".")
	until, err := strconv.ParseInt(at, 36, 64)
	return err == nil && subtle.ConstantTimeCompare([]byte(sum), []byte(s.voucher(what, at))) == 1 && !s.now().After(time.Unix(until, 0))
}

func (s *Store) voucher(what, at string) string {
	sum := s.vault.Name("voucher", what, at)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
