package notify

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// Report is what a mail to a return path says: whose it is, and whether it reports
// that a message will not arrive.
type Report struct {
	Tag    string // of the message, not yet looked at
	Failed bool   // it was given up: for good, or after trying for days
}

// The two sorts of mail that cannot be taken. What they hold is told to nobody.
var (
	ErrNoReport    = errors.New("this mail is neither a report of a delivery nor an automatic answer")
	ErrNoAddressee = errors.New("this mail goes to no return path of ours")
)

// What is read of a mail at most. Our own are some tens of kilobytes, and a report
// holds one at the most.
const (
	mostReport = 1 << 20
	mostParts  = 32 // of a mail, all in all
	mostDepth  = 3  // of parts in parts: some who pass mail on wrap it
	mostFields = 64 // groups of fields: of the report, and of each addressee
)

// ReadReport reads a mail as a mail server gives it to a program, from its first
// byte to its last. To is the address that it came for, if the server says so; else
// it is looked for in the head.
func ReadReport(from io.Reader, to string) (Report, error) {
	body, err := io.ReadAll(io.LimitReader(from, mostReport+1))
	switch {
	case err != nil:
		return Report{}, fmt.Errorf("read the mail: %w", err)
	case len(body) > mostReport:
		return Report{}, fmt.Errorf("%w: it is longer than %d bytes", ErrNoReport, mostReport)
	}
	m, err := mail.ReadMessage(bytes.NewReader(withoutFrom(body)))
	if err != nil {
		return Report{}, fmt.Errorf("%w: its head cannot be read", ErrNoReport) // the error would quote it
	}
	tag := tagIn(m.Header, to)
	if tag == "" {
		return Report{}, ErrNoAddressee
	}
	w := walk{parts: mostParts}
	w.part(textproto.MIMEHeader(m.Header), m.Body, 0)
	if !w.read && (w.report || !automatic(m.Header)) {
		return Report{}, ErrNoReport
	}
	return Report{tag, w.failed}, nil
}

// withoutFrom leaves out the line that some servers put before a mail they hand to a
// program.
func withoutFrom(body []byte) []byte {
	if !bytes.HasPrefix(body, []byte("From ")) {
		return body
	}
	_, rest, _ := bytes.Cut(body, []byte("\n"))
	return rest
}

// behindPlus is what may be a tag in an address.
var behindPlus = regexp.MustCompile(`\+([0-9A-Za-z-]{40,64})@`)

// addressees are the fields that may name the return path, the surest first.
var addressees = []string{"X-Original-To", "Delivered-To", "Envelope-To", "To"}

// tagIn finds the tag in the address that the mail came for; empty where there is
// none.
func tagIn(head mail.Header, to string) string {
	said := []string{to}
	if to == "" {
		for _, name := range addressees {
			said = append(said, head[textproto.CanonicalMIMEHeaderKey(name)]...)
		}
	}
	for _, address := range said {
		if found := behindPlus.FindStringSubmatch(address); found != nil {
			return found[1]
		}
	}
	return ""
}

// answers are the fields by which an automatic answer is known, RFC 3834 first and
// then what is in use, with the values that say so; none: any.
var answers = []struct {
	field  string
	values []string
}{
	{"Auto-Submitted", []string{"auto-replied", "auto-generated", "auto-notified"}},
	{"X-Autoreply", nil},
	{"X-Autorespond", nil},
	{"X-Autoresponse", nil},
	{"Precedence", []string{"auto_reply", "vacation"}},
}

// automatic says whether a mail is what somebody's mailbox answers by itself, such
// as that they are away. Reports of deliveries are marked so too.
func automatic(head mail.Header) bool {
	for _, a := range answers {
		said := strings.FieldsFunc(strings.ToLower(head.Get(a.field)), func(r rune) bool { return strings.ContainsRune(" \t;(", r) })
		if len(said) > 0 && (a.values == nil || slices.Contains(a.values, said[0])) {
			return true
		}
	}
	return false
}

// walk goes through the parts of a mail for the one that a program reads, RFC 3464.
type walk struct {
	parts  int  // left to be looked at
	report bool // it means to be one
	read   bool // and says what became of a message
	failed bool
}

// part looks at one part: for the report, or for parts in it. What is wrong with one
// is as if it were not there.
func (w *walk) part(head textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	w.report = w.report || kind == "multipart/report"
	switch {
	case err != nil || depth > mostDepth:
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		w.status(plain(head, body))
	case kind == "message/disposition-notification" || kind == "message/feedback-report":
		w.read = true // it was read, or thought a nuisance: so it had arrived
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		parts := multipart.NewReader(body, params["boundary"])
		for ; w.parts > 0; w.parts-- {
			p, err := parts.NextPart()
			if err != nil {
				return
			}
			w.part(p.Header, p, depth+1)
		}
	}
}

// plain undoes what a part was wrapped in for its way.
func plain(head textproto.MIMEHeader, body io.Reader) io.Reader {
	if strings.EqualFold(strings.TrimSpace(head.Get("Content-Transfer-Encoding")), "base64") {
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body // what is quoted-printable is undone by the reader of parts
}

// fates are what a report says of an addressee, RFC 3464 2.3.3, and whether the
// message was given up.
var fates = map[string]bool{"failed": true, "delayed": false, "delivered": false, "relayed": false, "expanded": false}

// status reads the groups of fields: one about the report, one for each addressee.
// One that was given up is enough: a mail of ours has one reader. Its status is of
// class 5, or 4 where a server gave up after trying for days.
func (w *walk) status(body io.Reader) {
	lines := bufio.NewReader(body)
	for range mostFields {
		for next, err := lines.Peek(1); err == nil && (next[0] == '\n' || next[0] == '\r'); next, err = lines.Peek(1) {
			_, _ = lines.Discard(1)
		}
		group, err := textproto.NewReader(lines).ReadMIMEHeader()
		action, _, _ := strings.Cut(strings.ToLower(group.Get("Action")), "(")
		failed, is := fates[strings.TrimSpace(action)]
		w.read = w.read || is
		w.failed = w.failed || failed && !strings.HasPrefix(strings.TrimSpace(group.Get("Status")), "2")
		if err != nil {
			return
		}
	}
}
