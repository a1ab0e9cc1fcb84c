// Package mail_test holds the mail texts to what a mail may say: that something
// is waiting and where, never what it is about.
package mail_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// fields are all that a text may ask for.
type fields struct {
	When, Link, Programme, Crisis, Note, Cost string
}

var sample = fields{
	When: "Mon 30 Nov 2026, 23:59 CST", Link: "https://care.example.test/r/r_1", Programme: "Care Connect",
	Note:   "careconnect/0a\n17\nqqqq\n\n— careconnect/0a zzzz",
	Cost:   "For sessions your plan’s copay or coinsurance applies. What we name is an estimate; your insurer decides.",
	Crisis: "If you might hurt yourself or someone else, call or text 988 now.",
}

// names are the texts that the programme sends.
var names = []string{
	"accepted", "accounts_joined", "admitted", "answer", "attest_again", "attest_over", "benefit_ended", "benefit_found", "cancelled", "care_ended", "choose", "client_left", "closed", "consent_receipt", "consult_booked",
	"consult_missed", "consult_nudge", "coverage_changed", "coverage_changed_provider", "coverage_choice",
	"coverage_eligible", "coverage_eligible_provider", "coverage_ineligible", "coverage_ineligible_provider",
	"coverage_needs_info", "coverage_non_participating_client", "coverage_non_participating_provider", "coverage_over",
	"credential_notice", "declined", "details", "eap_used", "erasure_asked", "estimate_changed", "expired", "follow_up", "forms",
	"forms_not_done", "freed", "goodbye", "hand_over", "hand_over_no", "hand_over_yes", "head", "invite", "left_summary", "link_missing", "list_closed", "list_ends", "list_open", "list_over",
	"match_proposed", "moved", "no_response", "no_show", "no_show_said", "no_word", "not_a_fit", "nudge", "opt_in", "other_times", "photo_taken_down",
	"place_free", "place_offered", "place_over",
	"proposed", "provider_left", "question", "recorded", "request_new", "request_received", "safety",
	"safety_overdue", "session_booked", "sharing_again", "superseded", "suspended", "taken_together", "task", "virtual_off", "visit", "withdrawn",
}

// named are the texts that make no sense without an instant.
var named = []string{
	"attest_again",
	"coverage_choice", "question", "request_received", "request_new", "nudge", "consult_booked", "consult_nudge", "session_booked", "forms",
	"follow_up", "safety", "safety_overdue", "invite", "credential_notice", "erasure_asked",
	"moved", "cancelled", "no_show_said", "visit", "choose", "link_missing", "details", "place_offered", "list_ends",
}

// costly are the texts that confirm something on the way to a session: each says
// what that costs, as far as anyone can.
var costly = []string{"accepted", "consult_booked", "hand_over", "moved", "proposed", "request_received", "session_booked", "visit"}

// unsaid are words that would tell somebody who looks over a shoulder more than
// that something is waiting.
var unsaid = regexp.MustCompile(`(?i)therap|mental|counsel|psych|depress|anxi|suicid|diagnos|symptom|screening|questionnaire|phq|gad|score|employ|benefit|clinic|patient|member id|health`)

func TestEveryTextIsThere(t *testing.T) {
	files, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(f, ".txt"))
	}
	if !slices.Equal(have, names) {
		t.Errorf("texts on disk %v, texts listed %v: add or remove one, here and there", have, names)
	}
}

func TestATextSaysThatSomethingWaitsAndNotWhat(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			subject, body := render(t, name)
			if subject == "" || len(subject) > 60 {
				t.Errorf("subject %q: it needs 1 to 60 characters", subject)
			}
			if found := unsaid.FindString(subject + "\n" + strings.ReplaceAll(body, sample.Crisis, "")); found != "" {
				t.Errorf("it says %q", found)
			}
			if strings.Contains(subject, sample.Programme) {
				t.Error("the subject names the programme")
			}
			if strings.Contains(body, sample.Cost) != slices.Contains(costly, name) {
				t.Error("it says what a session costs and should not, or the other way round")
			}
			if strings.Count(body, sample.Link) != 1 {
				t.Error("it needs the link, once")
			}
			if strings.Contains(body, sample.When) != slices.Contains(named, name) {
				t.Error("it names an instant and should not, or the other way round")
			}
			if !strings.HasSuffix(body, "\n"+sample.Programme+"\n") {
				t.Error("it does not end with who wrote it")
			}
			if strings.Contains(body, "\n\n\n") || strings.Contains(body, "<no value>") {
				t.Error("it leaves a hole")
			}
		})
	}
}

// render fills a text in the way the outbox does: what it asks for and does not
// get is an error.
func render(t *testing.T, name string) (subject, body string) {
	t.Helper()
	text, err := os.ReadFile(name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := tpl.Execute(&out, sample); err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(out.String(), "\n")
	subject, isSubject := strings.CutPrefix(first, "Subject: ")
	if !isSubject {
		t.Fatalf("the first line is %q, not a subject", first)
	}
	body, blank := strings.CutPrefix(rest, "\n")
	if !blank {
		t.Error("no blank line after the subject")
	}
	return subject, body
}
