package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// tokens draws words that stand nowhere else.
type tokens struct {
	*rand.Rand
	all []string
}

func (k *tokens) next() string {
	word := make([]byte, 14)
	for i := range word {
		word[i] = "bcdfghjklmnpqrstvwxz0123456789"[k.IntN(30)]
	}
	k.all = append(k.all, string(word))
	return string(word)
}

// Whoever has the file and no key finds none of what was put in: not a name, an
// address, a phone number, a note, a concern, a plan, a member id, an employer's
// code, a reason, nor an id.
func TestFileShowsNothingThatWasPutIn(t *testing.T) {
	w := newWorld(t, Production, nil)
	k := &tokens{Rand: rand.New(rand.NewPCG(1, 2))}
	ids := plant(w, k)
	if len(k.all) < 1000 {
		t.Fatalf("only %d words were planted", len(k.all))
	}
	needles := forms(append(k.all, ids...))
	var open bytes.Buffer
	for _, id := range ids {
		if strings.HasPrefix(id, "cl_") {
			if err := json.NewEncoder(&open).Encode(w.chart(care.ChartID(id))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(find(open.Bytes(), needles)); n < 500 {
		t.Fatalf("the search found %d words in opened charts: it would find nothing anywhere", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(w.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		body, err := os.ReadFile(filepath.Join(w.config.Dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found := find(body, needles)
		t.Logf("%s: %d bytes, %d of %d forms of %d words found", f.Name(), len(body), len(found), len(needles.whole), len(k.all)+len(ids))
		if len(found) > 0 {
			t.Errorf("%s shows what was put in, first as %s", f.Name(), found[0])
		}
	}
}

// plant fills every field that holds words, and gives the ids that were made.
func plant(w *world, k *tokens) []string {
	var ids []string
	made := func(id string) string {
		ids = append(ids, id)
		return id
	}
	yes := true
	codes := make([]string, 20)
	for i := range codes {
		codes[i] = k.next()
		made(w.do(care.System, act.AddEmployer{Employer: care.Employer{Name: k.next(), Code: codes[i], Industry: "energy", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1}}}))
		w.do(care.System, act.ListPlan{Plan: care.UnprocessablePlan{Payer: k.next(), Plan: k.next()}})
	}
	var providers []care.ChartID
	for n := range 20 {
		id := care.ChartID(made(w.do(care.System, act.Import{File: k.next(), Rows: []act.Row{{Digest: k.next(), Provider: care.Provider{
			NPI: fmt.Sprintf("29%08d", n), Name: k.next(), Degree: "phd", Licences: []care.Licence{{State: "IL", Number: k.next()}},
		}}}})))
		link := "https://" + k.next() + ".example.test"
		w.do(care.System, act.Credential{Provider: id, Credentials: []care.Credential{{State: "IL", From: calendar.Date{Year: 2026, Month: 1, Day: 1}}}})
		w.do(care.System, act.SetHours{Provider: id, Hours: week(), SelfSchedule: &yes, Link: &link})
		w.do(care.System, act.SetProfile{Provider: id, Pronouns: k.next(), About_: k.next(), Specialties: []string{k.next()}, Languages: []string{k.next()}, Modalities: []string{k.next()}})
		w.do(care.System, act.InviteProvider{Provider: id, Email: k.next() + "@example.test", Pass: &care.Pass{Hash: k.next(), Type: care.PassToken}})
		w.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &yes})
		providers = append(providers, id)
	}
	for n := range 60 {
		enter := entering(n)
		enter.FullName, enter.Email, enter.Phone, enter.Code = k.next(), k.next()+"@example.test", k.next(), codes[n%len(codes)]
		enter.Concerns, enter.Language, enter.Source = []string{k.next(), k.next()}, k.next(), k.next()
		enter.Pass = &care.Pass{Hash: k.next(), Type: care.PassToken}
		client := care.ChartID(made(w.do(care.Anonymous, enter)))
		provider := providers[n%len(providers)]
		referral := care.ReferralID(made(w.do(ofClient(client), act.Request{Client: client, Provider: provider, Note: k.next()})))
		cover := care.CoverageID(made(w.do(ofClient(client), act.AddCoverage{
			Client: client, Type: care.HealthPlan, Payer: k.next(), Plan: k.next(), MemberID: k.next(), Group: k.next(),
		})))
		w.do(care.System, act.VerifyCoverage{Coverage: cover, Result: care.Eligible, Note: k.next()})
		if n%2 == 0 {
			w.do(ofProvider(provider), act.Decline{Referral: referral, Reason: k.next()})
		} else {
			w.do(ofProvider(provider), act.Accept{Referral: referral})
			start := w.now().Add(time.Duration(24+n) * time.Hour)
			w.do(ofProvider(provider), act.BookSession{Referral: referral, Start: start, Minutes: 10})
			for _, s := range w.chart(client).Screenings {
				w.do(ofClient(client), act.SaveAnswers{Screening: care.ScreeningID(made(string(s.ID))), Answers: nil})
			}
		}
		for _, d := range w.chart(client).Deadlines {
			made(string(d.ID))
		}
	}
	w.do(care.System, act.OpenAccount{Role: care.RoleCareTeam, FullName: k.next(), Email: k.next() + "@example.test"})
	return ids
}

// needles are byte strings to look for, by their first eight bytes.
type needles struct {
	whole map[string]string // and in which form
	first map[[8]byte][]string
}

// forms are words as they stand, reversed, in hex and in base64 at each of the
// three places that a byte can have in it.
func forms(words []string) needles {
	n := needles{map[string]string{}, map[[8]byte][]string{}}
	add := func(form, s string) {
		n.whole[s] = form
		n.first[[8]byte([]byte(s))] = append(n.first[[8]byte([]byte(s))], s)
	}
	for _, word := range words {
		add("itself", word)
		back := []byte(word)
		slices.Reverse(back)
		add("itself reversed", string(back))
		add("hex", hex.EncodeToString([]byte(word)))
		add("hex in capitals", fmt.Sprintf("%X", word))
		for lead := range 3 {
			padded := append(make([]byte, lead), word...)
			from, to := (lead*8+5)/6, len(padded)*8/6
			add("base64", base64.StdEncoding.EncodeToString(padded)[from:to])
			add("base64 for addresses", base64.URLEncoding.EncodeToString(padded)[from:to])
		}
	}
	return n
}

// find gives the forms of the words that a file shows, never the words.
func find(file []byte, n needles) []string {
	var found []string
	for i := 0; i+8 <= len(file); i++ {
		for _, s := range n.first[[8]byte(file[i:])] {
			if bytes.HasPrefix(file[i:], []byte(s)) {
				found = append(found, n.whole[s])
			}
		}
	}
	return found
}
