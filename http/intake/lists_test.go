package intake_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"careconnect/http/intake"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

var noon = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// place is a new store with one employer.
func place(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	config := store.Config{Dir: dir, Now: func() time.Time { return noon }, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test"}
	s, err := store.Create(config, store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(noon.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	does(t, s, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: calendar.Date{Year: 2026, Month: 1, Day: 1}}})
	return s
}

func does(t *testing.T, s *store.Store, a act.Act) string {
	t.Helper()
	out, err := s.Do(context.Background(), care.System, a)
	if err != nil {
		t.Fatal(err)
	}
	return out.Made
}

// TestR31PlansComeInWholeAndOnce: what is on the list is not listed again, and a
// row that cannot be keeps all others out.
func TestR31PlansComeInWholeAndOnce(t *testing.T) {
	s := place(t)
	take := func(text string) (string, error) {
		c, err := providers([]byte(text)).Plans(t.Context(), s)
		return c.String(), err
	}
	listed := func() int {
		programme, _ := s.Programme()
		return len(programme.Plans)
	}
	for _, c := range []struct{ text, says string }{
		{"payer,state\nOptum,NY\n", "line 1, column 7: the header, which ends with this column, has none named \"plan\""},
		{"payer,plan,state\nOptum,Harbor,NY\nOptum,Gray,Nowhere\n", "line 3, column 12: state:"},
		{"payer,plan,from\nOptum,Harbor,2026-12-01\nOptum,Gray,soon\n", "line 3, column 12: from:"},
		{"payer,plan,from\nOptum,Harbor,2026-12-01\nOptum,Gray,2020-01-01\n", "row 2:"},
		{"payer,plan\n\"Optum,Harbor\n", "line 2, column 15"},
		{"{}", "payer, plan and"},
	} {
		if _, err := take(c.text); err == nil || !strings.Contains(err.Error(), c.says) || listed() != 0 {
			t.Errorf("%q: %v, with %d on the list", c.text, err, listed())
		}
	}
	list := "payer,plan,state,from,ends\nOptum,Harbor Select,NY,,\nOptum,Graystone,,2026-12-01,\n"
	for n, want := range []string{"2 rows: 2 imported, 0 updated, 0 unchanged", "2 rows: 0 imported, 0 updated, 2 unchanged", "2 rows: 0 imported, 1 updated, 1 unchanged"} {
		if n == 2 {
			list = strings.Replace(list, "2026-12-01,", "2026-12-01,2027-01-31", 1)
		}
		if got, err := take(list); err != nil || got != want || listed() != 2 {
			t.Errorf("import %d: %s, %v, with %d on the list", n, got, err, listed())
		}
	}
}

// TestR70ARosterLooksItsClientsUp: who gave a key is looked up in each roster that
// comes in.
func TestR70ARosterLooksItsClientsUp(t *testing.T) {
	s := place(t)
	programme, _ := s.Programme()
	e := programme.Employers[0]
	me := care.ChartID(does(t, s, act.Enter{
		FullName: "Ostrava Quellburn", Email: "ostrava@example.test", BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10}, State: "IL", Zone: "America/Chicago",
		Code: "LANTERN", Key: act.RosterKey("LANTERN", "E-2002", programme),
	}))
	for n, list := range []string{"employee_id\nE-2002\nE-2003\n", "email\nsomebody@lanternworks.test\n", "id,email\n e-2002 ,\n,\n"} {
		var hashes bytes.Buffer
		if _, err := providers([]byte(list)).Hash(&hashes, e.Code, e.Salt); err != nil {
			t.Fatal(err)
		}
		if _, err := providers(hashes.Bytes()).Roster(t.Context(), s, intake.Taking{As: care.System}); err != nil {
			t.Fatal(err)
		}
		chart, err := s.Chart(t.Context(), care.System, me, "test")
		if err != nil {
			t.Fatal(err)
		}
		if found := chart.Client.Benefit.Found(); found == nil || *found != (n != 1) {
			t.Errorf("roster %d: %+v", n, chart.Client.Benefit)
		}
	}
}

// TestR71WhatIsNoRosterIsRefused, and a list that cannot be hashed too.
func TestR71WhatIsNoRosterIsRefused(t *testing.T) {
	s := place(t)
	programme, _ := s.Programme()
	check, key := care.RosterCheck(programme.Employers[0].Salt), care.RosterKey("x", "y")
	for _, c := range []struct{ text, says string }{
		{"email\nana@lanternworks.test\n", "hash-roster"},
		{"employer,salt_check,key\nLANTERN," + check + ",ana@lanternworks.test\n", "line 2, column 18: key: this is no hash"},
		{"employer,salt_check,key,name\nLANTERN," + check + "," + key + ",Ana\n", "other columns"},
		{"employer,salt_check,key\nNOBODY," + check + "," + key + "\n", "no employer has this code"},
		{"employer,salt_check,key\nLANTERN,none," + key + "\n", "another salt"},
		{"employer,salt_check,key\n", "the roster is empty"},
	} {
		_, err := providers([]byte(c.text)).Roster(t.Context(), s, intake.Taking{As: care.System})
		var f *intake.Fault
		if !errors.As(err, &f) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "ana") || strings.Contains(err.Error(), "Ana") {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, text := range []string{"name\nAna\n", "", "email\n\"ana\n"} {
		if _, err := providers([]byte(text)).Hash(&bytes.Buffer{}, "LANTERN", "x"); err == nil {
			t.Errorf("%q is hashed", text)
		}
	}
}
