package store

import (
	"crypto/subtle"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"careconnect/rules/care"
)

// Tag is what the envelope of one try of a message says of it, so that its bounce
// can be told from others: which message, the how manieth try, and a mark by which
// the store knows again the address that it went to.
type Tag struct {
	Message care.MessageID
	Try     int
	mark    string
}

// MostTag is how many bytes a tag has at most as text.
const MostTag = 26 + 1 + 3 + 1 + 4 + 1 + 12

// tagged is a tag as text: message, try, mark of the address, and the store's word
// that it is its own. All of it may stand in an address, in letters of either case.
var tagged = regexp.MustCompile(`^([0-9a-z]{26})-([1-9][0-9]{0,2})-([0-9a-z]{4})-([0-9a-z]{12})$`)

// Tag makes the tag of a try that goes to an address. It tells whoever sees it
// nothing of either, and nobody can make one for another message or another try.
func (s *Store) Tag(m care.MessageID, try int, address string) string {
	_, id, _ := strings.Cut(string(m), "_")
	try = min(try, 999)
	mark := s.markOf(m, try, address)
	return fmt.Sprintf("%s-%d-%s-%s", id, try, mark, s.tagger(m, try, mark))
}

// ReadTag reads a tag; false where it is none, or not this store's own.
func (s *Store) ReadTag(text string) (Tag, bool) {
	parts := tagged.FindStringSubmatch(strings.ToLower(text))
	if parts == nil {
		return Tag{}, false
	}
	try, _ := strconv.Atoi(parts[2])
	t := Tag{care.MessageID("ms_" + parts[1]), try, parts[3]}
	return t, subtle.ConstantTimeCompare([]byte(parts[4]), []byte(s.tagger(t.Message, t.Try, t.mark))) == 1
}

// WentTo says whether an address, in letters of either case, is the one that the
// try went to.
func (s *Store) WentTo(t Tag, address string) bool {
	return t.mark == s.markOf(t.Message, t.Try, address)
}

func (s *Store) markOf(m care.MessageID, try int, address string) string {
	sum := s.vault.Name("mail address", string(m), strconv.Itoa(try), strings.ToLower(strings.TrimSpace(address)))
	return idText.EncodeToString(sum[:])[:4]
}

func (s *Store) tagger(m care.MessageID, try int, mark string) string {
	sum := s.vault.Name("mail tag", string(m), strconv.Itoa(try), mark)
	return idText.EncodeToString(sum[:])[:12]
}
