package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// counting is a transaction that keeps the state record's count and digest of
// all records true as they are written and removed.
type counting struct {
	engine.Writer
	vault *seal.Vault
	state *state
	wrote bool

	sums *sums // of what was written lately
	sure bool  // Add looks whether there is nothing yet

	followed bool     // a full pass wants to know what changes
	changes  []change // if so
}

// Put replaces a record, in the file and in the digest.
func (c *counting) Put(b engine.Bucket, key, value []byte) error {
	c.forget(b, key)
	return c.add(b, key, value)
}

// Add writes a record where there is none, and does not look first.
func (c *counting) Add(b engine.Bucket, key, value []byte) error {
	if c.sure && c.Get(b, key) != nil {
		return fmt.Errorf("a record of %s that should be new is there already", b)
	}
	return c.add(b, key, value)
}

func (c *counting) add(b engine.Bucket, key, value []byte) error {
	digest := c.vault.Digest(string(b), key, value)
	c.state.Digest = c.state.Digest.Add(digest)
	c.state.Records++
	c.sums.keep(b, key, digest)
	c.tell(change{bucket: b, key: key, digest: digest, records: 1, put: true})
	c.wrote = true
	return c.Writer.Put(b, key, value)
}

// Delete removes a record, from the file and from the digest.
func (c *counting) Delete(b engine.Bucket, key []byte) error {
	c.forget(b, key)
	c.wrote = true
	return c.Writer.Delete(b, key)
}

func (c *counting) forget(b engine.Bucket, key []byte) {
	digest, known := c.sums.take(b, key)
	if !known {
		old := c.Get(b, key)
		if known = old != nil; known {
			digest = c.vault.Digest(string(b), key, old)
		}
	}
	if known {
		c.state.Digest = c.state.Digest.Sub(digest)
		c.state.Records--
		c.tell(change{bucket: b, key: key, digest: seal.Sum{}.Sub(digest), records: ^uint64(0)})
	}
}

// sums are the digests of records that were written lately, by their names, so
// that what is written again need not be read for its own. The committer alone has
// them; they hold for the commit that is being made.
type sums struct{ charts, sets map[[32]byte]seal.Sum }

// maxSums bounds each of the two.
const maxSums = 1 << 16

func newSums() *sums { return &sums{map[[32]byte]seal.Sum{}, map[[32]byte]seal.Sum{}} }

func (s *sums) of(b engine.Bucket, key []byte) map[[32]byte]seal.Sum {
	switch {
	case s == nil || len(key) != 32:
	case b == engine.Charts:
		return s.charts
	case b == engine.Sets:
		return s.sets
	}
	return nil
}

func (s *sums) keep(b engine.Bucket, key []byte, digest seal.Sum) {
	if kept := s.of(b, key); kept != nil {
		if len(kept) >= maxSums {
			clear(kept)
		}
		kept[[32]byte(key)] = digest
	}
}

// take gives a digest and forgets it: its record is about to change.
func (s *sums) take(b engine.Bucket, key []byte) (seal.Sum, bool) {
	kept := s.of(b, key)
	if kept == nil {
		return seal.Sum{}, false
	}
	digest, known := kept[[32]byte(key)]
	if known {
		delete(kept, [32]byte(key))
	}
	return digest, known
}

func (s *sums) forget() {
	clear(s.charts)
	clear(s.sets)
}

// tell keeps a change for a full pass that may have been at its key before.
func (c *counting) tell(what change) {
	if c.followed {
		what.key = bytes.Clone(what.key)
		c.changes = append(c.changes, what)
	}
}

func (s state) clone() state {
	s.From = maps.Clone(s.From)
	if s.Apart != nil {
		counted := *s.Apart
		s.Apart = &counted
	}
	if s.From == nil {
		s.From = map[care.SetName]time.Time{}
	}
	return s
}

func encodeMember(m care.Member) []byte { return appendMember(make([]byte, 0, 256), m) }

// appendMember writes what stands in a list's entry as encoding/json does, which is
// asked where a text needs more than its quotes.
func appendMember(dst []byte, m care.Member) []byte {
	body := append(dst, '{')
	for _, part := range []struct{ name, is string }{
		{`"c":"`, string(m.Chart)}, {`"r":"`, m.Ref}, {`"k":"`, m.Code},
	} {
		if !plainText(part.is) {
			return append(dst, encodeOther(m)...)
		}
		if part.is != "" {
			body = append(append(append(append(body, part.name...), part.is...), '"'), ',')
		}
	}
	for i, at := range []time.Time{m.At, m.Until, {}, m.Expires} {
		switch {
		case i == 2 && m.Seq != 0:
			body = append(strconv.AppendUint(append(body, `"s":`...), m.Seq, 10), ',')
		case !at.IsZero():
			var err error
			if body, err = at.AppendText(append(body, '"', "au_e"[i], '"', ':', '"')); err != nil {
				return append(dst, encodeOther(m)...)
			}
			body = append(body, '"', ',')
		}
	}
	if len(body) == len(dst)+1 {
		return append(body, '}')
	}
	body[len(body)-1] = '}'
	return body
}

func encodeOther(m care.Member) []byte {
	body, err := json.Marshal(m)
	if err != nil {
		panic(err) // a struct of strings, numbers and times always encodes
	}
	return body
}

// plainText says whether a text stands in JSON as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func slotOf(m care.Member) calendar.Slot { return calendar.Slot{Start: m.At, End: m.Until} }
