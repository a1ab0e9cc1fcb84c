package rules_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

var (
	today = calendar.Date{Year: 2026, Month: time.November, Day: 20}
	terms = rules.DefaultTerms(time.Time{})
	words = rules.WordsFor(rules.DefaultProgramme(), terms)
)

func TestClientCases(t *testing.T) {
	run(t, "client.txt", "client", func(c row) string {
		return told(rules.ClientMayTakePart.Decide(client(t, c), words))
	})
}

func TestFoundCases(t *testing.T) {
	facts := func(c row) rules.ClientFacts {
		f := client(t, c.with(row{"code": "given", "born": "1990-05-05"}))
		f.Found, f.Rostered = truth(t, c["found"]), c["roster"] == "yes"
		return f
	}
	run(t, "client.txt", "found", func(c row) string { return told(rules.ClientMayTakePart.Decide(facts(c), words)) })
	run(t, "client.txt", "session", func(c row) string { return rules.BenefitOn(facts(c)).String() })
}

func TestR14JoinedCases(t *testing.T) {
	run(t, "client.txt", "joined", func(c row) string {
		f := rules.JoinedFacts{
			Proven: c["proven"] == "yes", SameBirth: c["birth"] == "same", SameState: c["state"] == "same",
			Twice: c["twice"] == "yes", Erasing: c["erasing"] == "yes", Terms: terms,
		}
		f.InCare, _ = strconv.Atoi(c["in_care"])
		f.Open, _ = strconv.Atoi(c["open"])
		f.Lists, _ = strconv.Atoi(c["lists"])
		return told(rules.MayJoinAccounts.Decide(f, words))
	})
}

func TestAgeCases(t *testing.T) {
	run(t, "client.txt", "age", func(c row) string {
		f := rules.ClientFacts{Client: care.Client{BirthDate: date(t, c["born"])}, Today: date(t, c["today"])}
		for years := range 200 {
			f.Terms.MinimumAge = years + 1
			d := rules.ClientMayTakePart.Decide(f, words)
			if of(d, "client.adult") == rules.No {
				return strconv.Itoa(years)
			}
		}
		return "too old"
	})
}

func TestProviderCases(t *testing.T) {
	run(t, "provider.txt", "may take part", func(c row) string {
		return told(rules.ProviderMayTakePart.Decide(provider(t, c), words))
	})
	run(t, "provider.txt", "may join", func(c row) string {
		return told(rules.MayJoin.Decide(provider(t, c), words))
	})
	run(t, "provider.txt", "is listed", func(c row) string {
		return told(rules.ProviderIsListed.Decide(provider(t, listed.with(c)), words))
	})
	run(t, "provider.txt", "may leave", func(c row) string {
		return told(rules.MayLeave.Decide(provider(t, listed.with(c)), words))
	})
}

// TestListedExactlyWhenAllIsTrue tries every combination: a provider is listed
// if and only if each thing that the handbook asks of them is true.
func TestListedExactlyWhenAllIsTrue(t *testing.T) {
	tried, found := 0, 0
	for _, credential := range []string{"NY", "NY/until/2026-11-19", "CA", "-"} {
		for _, degree := range []string{"masters", "phd", "np", "psyd", "other", "-"} {
			for _, virtual := range []string{"yes", "no", "unknown"} {
				for _, yesTo := range []string{"all", "none", "all_but_portal"} {
					for _, standing := range []string{"active", "paused", "opted_out", "not_joined"} {
						c := listed.with(row{"credential": credential, "degree": degree, "virtual": virtual, "yes_to": yesTo, "standing": standing})
						want := credential == "NY" && slices.Contains(terms.Degrees, degree) && virtual == "yes" && yesTo == "all" && standing == "active"
						got := rules.ProviderIsListed.Decide(provider(t, c), words).Outcome == rules.Yes
						if got != want {
							t.Errorf("listed %v, want %v: %v", got, want, c)
						}
						tried++
						if got {
							found++
						}
					}
				}
			}
		}
	}
	if tried != 864 || found != 3 {
		t.Errorf("%d of %d listed, want 3 of 864", found, tried)
	}
}

func TestTheSixDuties(t *testing.T) {
	want := []string{"duty.virtual", "duty.portal", "duty.respond", "duty.consult", "duty.baseline", "duty.follow_up"}
	if got := rules.DutyCodes(); !slices.Equal(got, want) {
		t.Errorf("the duties are %v, want %v", got, want)
	}
}

func TestDegreesAreWordsOfTheTerms(t *testing.T) {
	yes := true
	decided := terms
	decided.PsyD = &yes
	for _, c := range []struct {
		terms care.Terms
		want  string
	}{
		{terms, "master's level, psychology doctorate (PhD), nurse practitioner (NP)"},
		{decided, "master's level, psychology doctorate (PhD), nurse practitioner (NP), doctor of psychology (PsyD)"},
		{care.Terms{Degrees: []string{"dsw"}}, "dsw"},
	} {
		if got := rules.WordsFor(rules.DefaultProgramme(), c.terms)["degrees"]; got != c.want {
			t.Errorf("degrees %q, want %q", got, c.want)
		}
	}
}

func TestCoverageCases(t *testing.T) {
	run(t, "coverage.txt", "session", func(c row) string {
		f := rules.CoverageFacts{Benefit: truth(t, c["benefit"])}
		if c["plan"] != "" {
			f.Coverage = &care.Coverage{Type: care.CoverageType(c["plan"]), Status: care.CoverageStatus(c["found"]), Payer: "Optum", Plan: "Harbor Select", State: "NY"}
		}
		if c["listed"] == "yes" {
			f.Plans = published
		}
		return told(rules.SessionIsCovered.Decide(f, words))
	})
	run(t, "coverage.txt", "list", func(c row) string {
		blank := func(s string) string { return strings.ReplaceAll(s, "_", " ") }
		return rules.Is(rules.Unprocessable(published, blank(c["payer"]), blank(c["plan"]), c["state"])).String()
	})
}

func TestTakingClientsCases(t *testing.T) {
	run(t, "provider.txt", "takes clients", func(c row) string {
		f := provider(t, listed)
		f.Provider.Caseload, _ = strconv.Atoi(c["caseload"])
		f.Panel, _ = strconv.Atoi(c["has"])
		f.Provider.WaitlistOnly, f.Invited = c["only_waitlist"] == "yes", c["invited"] == "yes"
		return told(rules.ProviderIsListed.Decide(f, words))
	})
	run(t, "provider.txt", "second degree", func(c row) string {
		f := provider(t, listed.with(row{"degree": c["degree"], "psyd": c["psyd"]}))
		f.Provider.Degrees = split(c["also"])
		return told(rules.ProviderDegree.Decide(f, words))
	})
	run(t, "provider.txt", "yes of before", func(c row) string {
		f := provider(t, listed)
		f.Today = date(t, c["today"])
		before, after := rules.DefaultTerms(instant(t, "2026-08-01T12:00", time.UTC)), rules.DefaultTerms(instant(t, "2026-10-20T12:00", time.UTC))
		before.Version, after.Version, after.Wording = "before", "after", c["wording"]
		after.RespondHours, _ = strconv.Atoi(c["hours"])
		f.Terms, f.Versions = after, []care.Terms{before, after}
		for i := range f.Provider.Attested {
			f.Provider.Attested[i].Version, f.Provider.Attested[i].At = "before", instant(t, "2026-09-01T12:00", time.UTC)
		}
		return told(rules.ProviderIsListed.Decide(f, words))
	})
}

func TestMatchingCases(t *testing.T) {
	run(t, "matching.txt", "request", func(c row) string {
		f := rules.RequestFacts{
			Client:   client(t, row{"code": c["code"], "employer": "2026-01-01..", "born": "1990-05-05"}),
			Provider: provider(t, listed.with(row{"standing": c["provider"], "seen_from": "NY"})),
			Already:  c["asked"] == "yes", Enabled: c["programme"] == "open",
		}
		f.Client.Client.State = c["client_in"]
		f.Open, _ = strconv.Atoi(c["open"])
		return told(rules.MayRequest.Decide(f, words))
	})
	// R23: who may wait for a provider who takes nobody new.
	run(t, "matching.txt", "wait", func(c row) string {
		f := rules.WaitFacts{RequestFacts: rules.RequestFacts{
			Client:   client(t, row{"code": c["code"], "employer": "2026-01-01..", "born": "1990-05-05"}),
			Provider: provider(t, listed.with(row{"standing": c["provider"], "virtual": c["virtual"], "seen_from": "NY"})),
			Already:  c["asked"] == "yes", Enabled: c["programme"] == "open", Open: terms.OpenRequestsMax,
		}, On: c["on_it"] == "yes"}
		if found, looked := map[string]rules.Truth{"unmet": rules.Unknown, "gone": rules.No}[c["code"]]; looked {
			f.Client = client(t, row{"code": "given", "employer": "2026-01-01..", "born": "1990-05-05"})
			f.Client.Rostered, f.Client.Found = true, found
		}
		f.Provider.Provider.WaitlistOnly = c["list"] == "kept"
		f.Client.Client.State = c["client_in"]
		f.Lists, _ = strconv.Atoi(c["on"])
		return told(rules.MayWait.Decide(f, words))
	})
	run(t, "matching.txt", "book", func(c row) string {
		return told(rules.MayBookOpening.Decide(rules.BookFacts{
			Provider: provider(t, listed.with(row{"standing": c["provider"]})),
			Opening:  c["opening"] == "yes", SelfSchedule: c["self_schedule"] == "yes", Future: c["future"] == "yes",
		}, words))
	})
}

func TestSharingCases(t *testing.T) {
	purposes := map[string]string{"right": rules.SharingPurpose, "wrong": "marketing"}
	run(t, "sharing.txt", "share", func(c row) string {
		f := rules.SharingFacts{Scope: c["asked_for"], At: instant(t, c["at"], time.UTC)}
		if c["answer"] != "" {
			f.Consent = &care.Consent{
				Sharing: c["answer"] == "yes", Scopes: split(c["kinds"]), Purpose: purposes[c["purpose"]],
				At: instant(t, "2026-12-01T12:00", time.UTC), WithdrawnAt: instant(t, c["withdrawn"], time.UTC),
			}
		}
		return told(rules.MayShare.Decide(f, words))
	})
}

// listed is a provider who stands in the directory, in the columns of the cases.
var listed = row{
	"licence": "NY", "credential": "NY", "degree": "phd", "psyd": "open", "virtual": "yes", "yes_to": "all",
	"standing": "active", "seen_from": "NY",
}

var published = []care.UnprocessablePlan{{Payer: "Optum", Plan: "Harbor Select", State: "NY"}, {Payer: "Optum", Plan: "Old Mill"}}

func client(t *testing.T, c row) rules.ClientFacts {
	t.Helper()
	f := rules.ClientFacts{Client: care.Client{BirthDate: date(t, c["born"])}, CodeGiven: c["code"] == "given", Today: today, Terms: terms}
	if c["employer"] != "" && f.CodeGiven {
		from, to, _ := strings.Cut(c["employer"], "..")
		f.Employer = &care.Employer{Starts: date(t, from), Ends: date(t, to)}
	}
	return f
}

func provider(t *testing.T, c row) rules.ProviderFacts {
	t.Helper()
	p := care.Provider{Degree: c["degree"], Virtual: checked(t, c["virtual"]), Standing: care.Participation(c["standing"])}
	for _, state := range split(c["licence"]) {
		p.Licences = append(p.Licences, care.Licence{State: state})
	}
	for _, credential := range split(c["credential"]) {
		p.Credentials = append(p.Credentials, credentialOf(t, credential))
	}
	without, but := strings.CutPrefix(c["yes_to"], "all_but_")
	for _, duty := range rules.DutyCodes() {
		if c["yes_to"] == "all" || but && duty != "duty."+without {
			p.Attested = append(p.Attested, care.Attestation{Duty: duty})
		}
	}
	f := rules.ProviderFacts{Provider: p, State: strings.Replace(c["seen_from"], "any", "", 1), Today: today, Terms: terms}
	f.Terms.PsyD = checked(t, strings.Replace(c["psyd"], "open", "unknown", 1))
	return f
}

// credentialOf reads NY, NY/until/2026-11-20 and NY/from/2026-11-20.
func credentialOf(t *testing.T, s string) care.Credential {
	t.Helper()
	parts := strings.Split(s, "/")
	c := care.Credential{State: parts[0], From: calendar.Date{Year: 2020, Month: time.January, Day: 1}}
	if len(parts) == 3 && parts[1] == "until" {
		c.Until = date(t, parts[2])
	}
	if len(parts) == 3 && parts[1] == "from" {
		c.From = date(t, parts[2])
	}
	return c
}

// told writes a decision as the cases do: the outcome, then each reason.
func told(d rules.Decision) string {
	said := []string{d.Outcome.String()}
	for _, f := range d.Reasons() {
		said = append(said, f.Code+map[rules.Truth]string{rules.Unknown: "?"}[f.Truth])
	}
	return strings.Join(said, " ")
}

func of(d rules.Decision, code string) rules.Truth {
	for _, f := range d.Findings {
		if f.Code == code {
			return f.Truth
		}
	}
	return rules.Unknown
}

func truth(t *testing.T, s string) rules.Truth {
	t.Helper()
	return rules.Verified(checked(t, s))
}

func checked(t *testing.T, s string) *bool {
	t.Helper()
	yes, no := true, false
	truths := map[string]*bool{"yes": &yes, "no": &no, "unknown": nil}
	b, ok := truths[s]
	if !ok && s != "" {
		t.Fatalf("%q is neither yes, no nor unknown", s)
	}
	return b
}

func date(t *testing.T, s string) calendar.Date {
	t.Helper()
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// instant reads a time on the wall of a zone.
func instant(t *testing.T, s string, zone *time.Location) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	layout := "2006-01-02T15:04:05"
	at, err := time.ParseInLocation(layout[:len(s)], s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// row is a case: what stands under each column, empty for a dash.
type row map[string]string

func (r row) with(other row) row {
	both := row{}
	for _, from := range []row{r, other} {
		for column, cell := range from {
			both[column] = cell
		}
	}
	return both
}

// run reads the table of a name out of a case file and holds what each row gives
// against what stands right of its arrow. A table begins with a comment that
// names it and its columns: "# name:  column  column -> outcome".
func run(t *testing.T, file, table string, give func(row) string) {
	t.Helper()
	var columns []string
	in, cases := false, 0
	for n, line := range strings.Split(read(t, "testdata/"+file), "\n") {
		left, right, arrow := strings.Cut(line, "->")
		if !arrow {
			continue
		}
		if comment, is := strings.CutPrefix(left, "#"); is {
			name, heads, _ := strings.Cut(comment, ":")
			in, columns = strings.TrimSpace(name) == table, strings.Fields(heads)
			continue
		}
		if !in {
			continue
		}
		cases++
		cells := strings.Fields(left)
		if len(cells) != len(columns) {
			t.Fatalf("%s:%d has %d cells under %d columns", file, n+1, len(cells), len(columns))
		}
		c := row{}
		for i, column := range columns {
			if cells[i] != "-" {
				c[column] = cells[i]
			}
		}
		t.Run(fmt.Sprintf("%s/%s/%d", file, table, n+1), func(t *testing.T) {
			if got, want := give(c), strings.Join(strings.Fields(right), " "); got != want {
				t.Errorf("%s:%d\n%s\ngives %s\nwant  %s", file, n+1, strings.TrimSpace(line), got, want)
			}
		})
	}
	if cases == 0 {
		t.Fatalf("%s has no table %q", file, table)
	}
}

// Without its reasons a decision is the same.
func TestOutcomeIsThatOfTheDecision(t *testing.T) {
	truths := []rules.Truth{rules.Yes, rules.No, rules.Unknown}
	is := func(at int) rules.Rule[[3]int] {
		return rules.Rule[[3]int]{Code: "a.b", Says: "It is so.", Holds: func(facts [3]int) rules.Truth { return truths[facts[at]] }}
	}
	policy := rules.Policy[[3]int]{Rules: []rules.Rule[[3]int]{is(0), is(1), is(2)}}
	for n := range 27 {
		facts := [3]int{n % 3, n / 3 % 3, n / 9}
		if got, want := policy.Outcome(facts), policy.Decide(facts, nil).Outcome; got != want {
			t.Errorf("%v: %v, and the decision is %v", facts, got, want)
		}
	}
}
