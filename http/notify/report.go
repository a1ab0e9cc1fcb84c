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
	w.failed = w.failed || ofOld(m.Header, m.Body)
	if !w.read && !w.failed && (w.report || !automatic(m.Header)) {
		return Report{}, ErrNoReport
	}
	return Report{tag, w.failed}, nil
}

// older are the reports of servers that know no RFC 3464, or are set so: how their text
// begins, what it says of a message that was given up, and a field of the head that goes
// with it, if there is one. What says that a message is delayed begins alike, and goes on otherwise.
var older = []struct{ begins, says, field string }{
	{"Hi. This is the qmail-send program at ", "This is a permanent error; I've given up. ", ""},
	{"This message was created automatically by mail delivery software. ", "could not be delivered to one or more of its recipients. This is a permanent error. ", "X-Failed-Recipients"},
}

// mostText is how far such a text is read: what says it stands at its beginning.
const mostText = 1 << 10

// ofOld says whether a mail is such a report: written by a program, since nobody is to
// be answered, and with the words of one at its very beginning. What quotes them, as an
// answer that somebody is away may, begins otherwise.
func ofOld(head mail.Header, body io.Reader) bool {
	kind, _, err := mime.ParseMediaType(head.Get("Content-Type"))
	if head.Get("Content-Type") != "" && (err != nil || kind != "text/plain") || !byProgram(head) {
		return false
	}
	begin, err := io.ReadAll(io.LimitReader(body, mostText))
	text := strings.Join(strings.Fields(string(begin)), " ")
	for _, o := range older {
		if err == nil && (o.field == "" || head.Get(o.field) != "") && strings.HasPrefix(text, o.begins) && strings.Contains(text, o.says) {
			return true
		}
	}
	return false
}

// byProgram says whether a mail has nobody who sent it: its return path is empty, or,
// where nobody says what that was, it says of itself that no person wrote it.
func byProgram(head mail.Header) bool {
	paths := head["Return-Path"]
	for _, path := range paths {
		if path = strings.Trim(path, " \t<>"); path != "" && !strings.EqualFold(path, "MAILER-DAEMON") {
			return false
		}
	}
	return len(paths) > 0 || slices.Contains([]string{"auto-replied", "auto-generated"}, firstWord(head.Get("Auto-Submitted")))
}

// firstWord is that of a field, without what is said behind it.
func firstWord(field string) string {
	words := strings.FieldsFunc(strings.ToLower(field), func(r rune) bool { return strings.ContainsRune(" \t;(", r) })
	if len(words) == 0 {
		return ""
	}
	return words[0]
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
		said := firstWord(head.Get(a.field))
		if said != "" && (a.values == nil || slices.Contains(a.values, said)) {
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
