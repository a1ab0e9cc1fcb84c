package directory_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// TestSearchFinds asks the questions of testdata/search.txt.
func TestSearchFinds(t *testing.T) {
	text, err := os.ReadFile("testdata/search.txt")
	if err != nil {
		t.Fatal(err)
	}
	x, asked := index(1), 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if about, is := strings.CutPrefix(line, "provider "); is {
			x.Put(written(about))
		} else if question, answer, is := strings.Cut(line, "->"); is && line[0] != '#' {
			asked++
			found := ids(search(t, x, asks(t, question), now))
			slices.Sort(found)
			if got := strings.Join(texts(found), " "); got != strings.TrimSpace(answer) {
				t.Errorf("%s finds %q", line, got)
			}
		}
	}
	if asked < 30 {
		t.Errorf("only %d questions were read", asked)
	}
}

func written(line string) care.Provider {
	f := strings.Split(line, "|")
	list := func(i int) []string {
		return strings.FieldsFunc(strings.TrimSpace(f[i]), func(r rune) bool { return r == ',' })
	}
	p := provider(strings.TrimSpace(f[0]))
	p.Name, p.Gender, p.Degree, p.About = strings.TrimSpace(f[1]), strings.TrimSpace(f[6]), strings.TrimSpace(f[7]), f[8]
	p.Specialties, p.Languages, p.Modalities = list(3), list(4), list(5)
	p.Licences, p.Credentials = nil, nil
	for _, s := range strings.Fields(f[2]) {
		p.Licences = append(p.Licences, care.Licence{State: s})
		p.Credentials = append(p.Credentials, care.Credential{State: s, From: calendar.Date{Year: 2026, Month: 1, Day: 1}})
	}
	return p
}

func asks(t *testing.T, question string) (q directory.Query) {
	for part := range strings.SplitSeq(question, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "state":
			q.State = value
		case "specialty":
			q.Specialties = append(q.Specialties, value)
		case "language":
			q.Language = value
		case "modality":
			q.Modality = value
		case "gender":
			q.Gender = value
		case "degree":
			q.Degree = value
		case "q":
			q.Text = value
		case "":
		default:
			t.Fatalf("testdata/search.txt: there is no %q", name)
		}
	}
	return q
}

func texts(ids []care.ChartID) (list []string) {
	for _, id := range ids {
		list = append(list, string(id))
	}
	return list
}

// spellings are ways to write one and the same value.
var spellings = [][]string{
	{"anxiety", "Anxiety", "ANXIETY"}, {"trauma_ptsd", "Trauma PTSD", "trauma-ptsd", "träuma  ptsd"}, {"grief"}, {"cafe", "Café", "CAFÉ"},
}

// TestSearchAgreesWithLooking holds search, with its counts, against looking at every record in turn.
func TestSearchAgreesWithLooking(t *testing.T) {
	value := rapid.IntRange(0, len(spellings)-1)
	spelled := func(t *rapid.T, v int) string { return rapid.SampledFrom(spellings[v]).Draw(t, "spelled") }
	rapid.Check(t, func(t *rapid.T) {
		x := index(rapid.Uint64().Draw(t, "seed"))
		records, meant := map[care.ChartID]care.Provider{}, map[care.ChartID][3][]int{}
		for range rapid.IntRange(0, 60).Draw(t, "puts") {
			p := provider(fmt.Sprintf("p%d", rapid.IntRange(0, 20).Draw(t, "id")))
			var m [3][]int
			for kind := range m {
				m[kind] = rapid.SliceOfNDistinct(value, 0, 3, rapid.ID).Draw(t, "values")
			}
			for _, v := range m[0] {
				p.Specialties = append(p.Specialties, spelled(t, v))
			}
			for _, v := range m[1] {
				p.Languages = append(p.Languages, spelled(t, v))
			}
			for _, v := range m[2] {
				p.About += spelled(t, v) + ". "
			}
			p.Standing = rapid.SampledFrom([]care.Participation{care.Active, care.Active, care.Paused}).Draw(t, "standing")
			x.Put(p)
			records[p.ID], meant[p.ID] = p, m
		}
		specialty, language, word := value.Draw(t, "specialty"), value.Draw(t, "language"), value.Draw(t, "word")
		asked := rapid.SliceOfN(rapid.Bool(), 3, 3).Draw(t, "asked")
		q := directory.Query{State: "NY", Limit: 100, Facets: true}
		if asked[0] {
			q.Specialties = []string{spelled(t, specialty)}
		}
		if asked[1] {
			q.Language = spelled(t, language)
		}
		if asked[2] {
			q.Text = spelled(t, word)
		}
		var want []care.ChartID
		count := map[string]int{}
		for id, p := range records {
			m := meant[id]
			anywhere := slices.Concat(m[0], m[1], m[2])
			if p.Standing == care.Active && (!asked[0] || slices.Contains(m[0], specialty)) && (!asked[1] || slices.Contains(m[1], language)) &&
				(!asked[2] || slices.Contains(anywhere, word)) {
				want = append(want, id)
				for _, v := range m[0] {
					count[spellings[v][0]]++
				}
			}
		}
		page := search(t, x, q, now)
		got := ids(page)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || page.Total != len(want) {
			t.Fatalf("%+v finds %v, total %d; looking finds %v", q, got, page.Total, want)
		}
		for v := range spellings {
			if name := spellings[v][0]; page.Facets["specialty"][name] != count[name] {
				t.Fatalf("%d of %s, counted %d", count[name], name, page.Facets["specialty"][name])
			}
		}
		if len(want) > 0 && page.Facets["state"]["NY"] != len(want) {
			t.Fatalf("facet of the state: %v", page.Facets["state"])
		}
	})
}

// TestManyAreFoundAlike does the same where sets are large, and after many have changed.
func TestManyAreFoundAlike(t *testing.T) {
	providers := many(6000)
	x := index(3, providers...)
	for i := range providers {
		if i%3 == 0 {
			providers[i].Specialties, providers[i].About = []string{"sleep"}, fmt.Sprintf("rest well number%d", i)
			x.Put(providers[i])
		}
	}
	for _, text := range []string{"", "rest", "number3", "gent", "oku"} {
		for _, specialty := range someSpecialties {
			want := 0
			for _, p := range providers {
				begins := slices.ContainsFunc(strings.Fields(strings.ToLower(p.Name+" "+p.About)), func(w string) bool { return strings.HasPrefix(w, text) })
				if p.Standing == care.Active && p.Licensed("TX") && slices.Contains(p.Specialties, specialty) && (begins || text == "") {
					want++
				}
			}
			q := directory.Query{State: "TX", Specialties: []string{specialty}, Text: text, Facets: true}
			if page := search(t, x, q, now); page.Total != want || page.Facets["specialty"][specialty] != want {
				t.Errorf("%s %q: total %d, facet %d, looking finds %d", specialty, text, page.Total, page.Facets["specialty"][specialty], want)
			}
		}
	}
}

// TestCardIsPublic holds that what is private in a record is nowhere on its card, and what is public is.
func TestCardIsPublic(t *testing.T) {
	p := provider("p1")
	p.Pronouns, p.About, p.Specialties, p.SelfSchedule = "they/them", "Words about work.", []string{"Anxiety"}, true
	x := index(1, p)
	p.Specialties[0] = "changed by the caller"
	card, ok := x.Provider("p1", now)
	if !ok || card.Name != p.Name || card.About != p.About || !card.SelfSchedule || card.Specialties[0] != "Anxiety" || card.States[0] != "NY" {
		t.Errorf("card %+v, listed %t", card, ok)
	}
	for _, private := range []string{p.Email, p.Link, p.NPI} {
		if strings.Contains(fmt.Sprintf("%+v", card), private) {
			t.Errorf("the card shows %s", private)
		}
	}
	if _, ok := x.Provider("p2", now); ok {
		t.Error("a provider who is not there has a card")
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	x := index(1, many(50)...)
	next := search(t, x, directory.Query{Limit: 5}, now).Next
	flipped := "A" + next[1:]
	if next[0] == 'A' {
		flipped = "B" + next[1:]
	}
	elsewhere := search(t, index(2, many(50)...), directory.Query{Limit: 5}, now).Next
	tomorrow := search(t, x, directory.Query{Limit: 5}, now.AddDate(0, 0, 1)).Next
	for name, q := range map[string]directory.Query{
		"limit":                           {Limit: 101},
		"limit below":                     {Limit: -1},
		"cursor":                          {Cursor: "what is this?"},
		"cursor cut":                      {Cursor: next[:8]},
		"cursor changed":                  {Cursor: flipped},
		"cursor of another question":      {Cursor: next, State: "NY"},
		"cursor of another text":          {Cursor: next, Text: "a"},
		"cursor of another instance":      {Cursor: elsewhere},
		"cursor of a day that is to come": {Cursor: tomorrow},
		"text":                            {Text: strings.Repeat("word ", 17)},
	} {
		_, err := x.Search(q, now)
		var fault *care.Fault
		if !errors.As(err, &fault) || fault.Kind != care.Invalid || fault.Says == "" {
			t.Errorf("%s: %v, want a fault of the kind invalid", name, err)
		}
	}
	if _, err := x.Search(directory.Query{Cursor: next, Limit: 100}, now.Add(time.Minute)); err != nil {
		t.Errorf("another limit on the next page: %v", err)
	}
}

// TestR16EveningsWeekendsAndIdentities: what the week is open for, and whom a provider knows well, are filters
// with counts like the others; a provider with two degrees is found by either.
func TestR16EveningsWeekendsAndIdentities(t *testing.T) {
	hours := func(id string, day time.Weekday, from, to int) care.Provider {
		p := provider(id)
		p.Hours.Week = [7][]calendar.Span{}
		p.Hours.Week[day] = []calendar.Span{{From: from * 60, To: to * 60}}
		return p
	}
	both := hours("both", time.Sunday, 18, 20)
	both.Identities, both.Degrees = []string{"LGBTQ+", "veterans"}, []string{"np"}
	x := index(1, hours("day", time.Monday, 9, 17), hours("almost", time.Monday, 9, 17), hours("evening", time.Tuesday, 16, 19), hours("weekend", time.Saturday, 9, 12), both)
	for _, c := range []struct {
		q    directory.Query
		want []care.ChartID
	}{
		{directory.Query{Times: []string{"evening"}}, []care.ChartID{"both", "evening"}},
		{directory.Query{Times: []string{"weekend"}}, []care.ChartID{"both", "weekend"}},
		{directory.Query{Times: []string{"evening", "weekend"}}, []care.ChartID{"both"}},
		{directory.Query{Identity: "lgbtq"}, []care.ChartID{"both"}},
		{directory.Query{Identity: "Veterans", Degree: "np"}, []care.ChartID{"both"}},
	} {
		c.q.State, c.q.Facets = "NY", true
		page := search(t, x, c.q, now)
		got := ids(page)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.q, got, c.want)
		}
		if page.Facets["identity"]["veterans"] != 1 || page.Facets["time"]["evening"] == 0 && page.Facets["time"]["weekend"] == 0 {
			t.Errorf("counted %v and %v", page.Facets["identity"], page.Facets["time"])
		}
	}
}
