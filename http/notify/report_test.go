package notify_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careconnect/http/notify"
)

// tag is that of the reports in testdata.
const tag = "0123456789abcdefghjkmnpqrs-1-abcd-0123456789ab"

// reports are the mails in testdata, as mail servers give them: what each says.
var reports = []struct {
	name string
	says string // failed, nothing, no report, or nobody
}{
	{"postfix-failed", "failed"},
	{"postfix-with-a-from-line", "failed"},
	{"postfix-given-up-after-days", "failed"},
	{"postfix-delayed", "nothing"},
	{"postfix-delivered", "nothing"},
	{"relayed", "nothing"},
	{"expanded", "nothing"},
	{"failed-and-a-good-status", "nothing"},
	{"exim-failed", "failed"},
	{"base64-and-great-letters", "failed"},
	{"wrapped-on-its-way", "failed"},
	{"one-of-two-failed", "failed"},
	{"qmail-failed", "failed"},
	{"qmail-given-up-after-days", "failed"},
	{"qmail-from-nobody-knows-whom", "no report"},
	{"qmail-that-somebody-sends", "no report"},
	{"qmail-as-a-page", "no report"},
	{"exim-of-old-failed", "failed"},
	{"exim-of-old-delayed", "nothing"},
	{"vacation", "nothing"},
	{"vacation-that-quotes-a-report", "nothing"},
	{"vacation-of-old", "nothing"},
	{"it-was-read", "nothing"},
	{"an-action-nobody-knows", "no report"},
	{"somebody-writes", "no report"},
	{"a-report-that-somebody-passes-on", "no report"},
	{"a-report-without-its-part", "no report"},
	{"too-deep", "no report"},
	{"too-many-parts", "no report"},
	{"no-mail", "no report"},
	{"to-the-plain-address", "nobody"},
}

func said(r notify.Report, err error) string {
	switch {
	case errors.Is(err, notify.ErrNoReport):
		return "no report"
	case errors.Is(err, notify.ErrNoAddressee):
		return "nobody"
	case err != nil:
		return err.Error()
	case r.Failed:
		return "failed"
	}
	return "nothing"
}

// TestR95WhatAMailThatComesBackSays reads each, with the ends of lines of either
// kind, and shows nothing of what it holds.
func TestR95WhatAMailThatComesBackSays(t *testing.T) {
	files, err := filepath.Glob("testdata/reports/*.eml")
	if err != nil || len(files) != len(reports) {
		t.Errorf("%d files, %d are looked at, %v", len(files), len(reports), err)
	}
	for _, c := range reports {
		body, err := os.ReadFile(filepath.Join("testdata/reports", c.name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		for ends, text := range map[string][]byte{"LF": body, "CRLF": bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))} {
			r, err := notify.ReadReport(bytes.NewReader(text), "")
			if got := said(r, err); got != c.says {
				t.Errorf("%s, %s: it says %s, want %s", c.name, ends, got, c.says)
			}
			if err == nil && !strings.EqualFold(r.Tag, tag) {
				t.Errorf("%s, %s: the tag is %q", c.name, ends, r.Tag)
			}
			if err != nil && strings.Contains(err.Error(), "@") {
				t.Errorf("%s, %s: an address in what is said of it", c.name, ends)
			}
		}
	}
}

// TestR95WhatTheServerSaysOfTheAddressee counts before what the head does.
func TestR95WhatTheServerSaysOfTheAddressee(t *testing.T) {
	body, err := os.ReadFile("testdata/reports/postfix-failed.eml")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Repeat("7", 26) + "-2-7777-" + strings.Repeat("7", 12)
	for to, want := range map[string]string{
		"": tag, "bounce+" + other + "@care.example.org": other, "bounce@care.example.org": "nobody", "nonsense": "nobody",
	} {
		r, err := notify.ReadReport(bytes.NewReader(body), to)
		if got := r.Tag; got != want && said(r, err) != want {
			t.Errorf("it came for %q: %q, %v", to, got, err)
		}
	}
}

// TestR95ALongMailIsNoReport: no more than a megabyte is read of it.
func TestR95ALongMailIsNoReport(t *testing.T) {
	body, err := os.ReadFile("testdata/reports/postfix-failed.eml")
	if err != nil {
		t.Fatal(err)
	}
	endless := &counted{text: append(body, bytes.Repeat([]byte("more\n"), 1<<20)...)}
	r, err := notify.ReadReport(endless, "")
	if got := said(r, err); got != "no report" || endless.read > 1<<20+1 {
		t.Errorf("it says %s after %d bytes", got, endless.read)
	}
}

// counted counts what is read of it.
type counted struct {
	text []byte
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n := copy(p, c.text[c.read:])
	c.read += n
	return n, nil
}

// FuzzReport holds that no mail makes the reader panic or say anything of what is in
// it, that one counts only with a tag, and that whoever hands it over may put a line
// before it.
func FuzzReport(f *testing.F) {
	for _, c := range reports {
		body, err := os.ReadFile(filepath.Join("testdata/reports", c.name+".eml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := notify.ReadReport(bytes.NewReader(body), "")
		if err != nil && !errors.Is(err, notify.ErrNoReport) && !errors.Is(err, notify.ErrNoAddressee) {
			t.Fatalf("another error: %v", err)
		}
		if err != nil && (r != notify.Report{} || strings.Contains(err.Error(), "@")) {
			t.Fatalf("refused, and yet it says something: %v", err)
		}
		if err == nil && !bytes.Contains(body, []byte("+"+r.Tag+"@")) {
			t.Fatal("the tag stands in no address")
		}
		if bytes.HasPrefix(body, []byte("From ")) {
			return
		}
		before, errBefore := notify.ReadReport(bytes.NewReader(append([]byte("From MAILER-DAEMON Fri Nov 20 16:02:11 2026\n"), body...)), "")
		if before != r || said(before, errBefore) != said(r, err) {
			t.Fatalf("with a line before it, it says %s, not %s", said(before, errBefore), said(r, err))
		}
	})
}
