package directory

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"careconnect/rules/care"
)

// A cursor holds the day of its order and the last provider that was shown, which give the place, behind a
// checksum of both with the seed and the question. The checksum is no secret: a cursor opens nothing, and one
// that somebody makes up leads at most to another place in the same public list.

const cursorHead = 16 // bytes: checksum, day

func (x *Index) cursor(q Query, day int64, last care.ChartID) string {
	b := binary.BigEndian.AppendUint64(nil, x.check(q, day, last))
	b = binary.BigEndian.AppendUint64(b, uint64(day))
	return base64.RawURLEncoding.EncodeToString(append(b, last...))
}

// place reads the query's cursor; without one it is the beginning of today.
func (x *Index) place(q Query, now time.Time) (turn, error) {
	today := dayOf(now)
	if q.Cursor == "" {
		return x.turnOf(today), nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(b) <= cursorHead {
		return turn{}, foreign()
	}
	day, last := int64(binary.BigEndian.Uint64(b[8:])), care.ChartID(b[cursorHead:])
	if binary.BigEndian.Uint64(b) != x.check(q, day, last) || day > today {
		return turn{}, foreign()
	}
	t := x.turnOf(day)
	t.begun, t.after = true, place{t.lot(hash(last)), last}
	return t, nil
}

func foreign() *care.Fault {
	return &care.Fault{Kind: care.Invalid, Code: "cursor", Says: "The cursor does not belong to this search. Leave it out to start at the first page, and then send each page's next with the same filters."}
}

// check sums up what a cursor belongs to. How many are on a page, and since when care is sought, may change on
// the way.
func (x *Index) check(q Query, day int64, last care.ChartID) uint64 {
	var s strings.Builder
	fmt.Fprintf(&s, "%d %d %q %v %q", x.seed, day, last, q.Promise, split(q.Text))
	if q.Waitlist {
		s.WriteString(" waitlist")
	}
	for f := range facets {
		fmt.Fprintf(&s, " %q", sorted(facets[f].want(q)))
	}
	return mix(hash(s.String()))
}
